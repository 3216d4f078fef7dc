"""Money divided by credit so that the parts add up to the last unit."""

from __future__ import annotations

import numpy as np

_UNITS_OF_CREDIT = 2.0**52  # credit as whole numbers: sums of them do not depend on their order
_LARGEST = 10**18  # decimal(18, 6) in micro-units


def split_exactly(amounts: np.ndarray, credit: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """One whole number of units per touch; those of path `i` add up to exactly `amounts[i]`.

    A touch gets ``rint(V * C_j) - rint(V * C_(j-1))``, with V the amount and C_j the credit up to
    and with touch j; at the last touch that earns anything V * C_j is V itself. Hence each part
    is within one unit of its due, a touch without credit gets nothing, and a refund of -V takes
    back from each touch what V gave it. Works on whole numbers of any unit: money in millionths,
    or credit itself in 1e-12 with ``amounts`` of 10**12. Amounts beyond 2**53 still add up, but
    each part is only right to 16 digits. The amount of a path without touches goes nowhere; the
    caller books it.

    Parameters
    ----------
    amounts : int64 per path, any sign, at most 10**18 in size.
    credit : float64 per touch, not negative, sum about 1 per path.
    offsets : path `i` owns the touches ``offsets[i]:offsets[i + 1]``.

    >>> split_exactly([100, -100], np.array([1 / 3, 1 / 3, 1 / 3, 1.0]), [0, 3, 4]).tolist()
    [33, 34, 33, -100]
    """
    amounts, offsets = np.asarray(amounts, np.int64), np.asarray(offsets, np.int64)
    credit = np.asarray(credit, np.float64)
    _check(amounts, credit, offsets)
    path = np.repeat(np.arange(len(amounts)), np.diff(offsets))
    # int64 sums wrap around and so differ exactly, however many paths came before
    total = np.concatenate(([0], np.cumsum(np.rint(credit * _UNITS_OF_CREDIT).astype(np.int64))))
    sofar = total[1:] - total[offsets[:-1]][path]
    whole = (total[offsets[1:]] - total[offsets[:-1]])[path]
    amount = amounts[path]
    part = np.rint(amount * np.minimum(sofar / _UNITS_OF_CREDIT, 1.0)).astype(np.int64)
    part = np.where(sofar >= whole, amount, np.clip(part, -abs(amount), abs(amount)))
    is_first = np.arange(len(path)) == offsets[:-1][path]
    return part - np.where(is_first, 0, np.roll(part, 1))


def _check(amounts: np.ndarray, credit: np.ndarray, offsets: np.ndarray) -> None:
    """Raise ValueError if the arrays do not belong together or hold what cannot be split."""
    if len(offsets) != len(amounts) + 1 or offsets[0] != 0 or offsets[-1] != len(credit):
        raise ValueError(
            f"offsets of {len(offsets)} entries from {offsets[:1]} to {offsets[-1:]} do not cut "
            f"{len(credit)} credits into {len(amounts)} paths"
        )
    if (np.abs(amounts) > _LARGEST).any():
        raise ValueError(f"an amount is beyond 10**18: {amounts[np.abs(amounts) > _LARGEST][0]}")
    is_bad = ~((credit >= 0) & (credit <= 1 + 1e-9))
    if is_bad.any():
        raise ValueError(f"a credit is {credit[is_bad][0]}; expected 0..1")
