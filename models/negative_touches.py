"""What follows a negative touch: how often people buy after it, and people like them without."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from models.bags import intervals, without_each
from models.uncertainty import LEVEL

NEGATIVE_TOUCHES = pa.schema(
    [
        ("kind", pa.string()),
        ("touches", pa.int64()),
        ("matched_touches", pa.int64()),
        ("controls", pa.int64()),
        ("rate_after", pa.float64()),
        ("rate_matched", pa.float64()),
        ("effect", pa.float64()),
        ("effect_low", pa.float64()),
        ("effect_high", pa.float64()),
    ]
)
_NOTHING = np.nan


def negative_touches(sums: pa.Table, bags: int, level: float = LEVEL) -> pa.Table:
    """One row per kind of negative touch, by name: the change in the chance to buy, and how sure.

    `sums` has one row per stratum, kind and bag of persons: ``stratum`` (text: who is like whom
    before the touch), ``kind`` (null for touches that were not negative), ``bag`` (0 up to
    `bags`), ``moments`` (touches) and ``bought`` (those followed by a purchase in time); several
    rows add up.

    In each stratum the share of negative touches followed by a purchase is set against that of
    the others; ``effect`` is the difference, weighed by negative touches: the average change for
    those who had one (risk difference after exact matching). Strata without others are left out.
    It is the effect of the touch if people in a stratum differ in nothing else that matters.
    Intervals leave out each bag in turn (`models.bags`); null if nothing was matched.
    """
    names = sorted({kind for kind in sums["kind"].to_pylist() if kind is not None})
    moments, bought = (_cube(sums, names, bags, name) for name in ("moments", "bought"))
    rows = [_row(name, moments[:, :, [0, at]], bought[:, :, [0, at]], level)
            for at, name in enumerate(names, 1)]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=NEGATIVE_TOUCHES)


def _cube(sums: pa.Table, names: list[str], bags: int, figure: str) -> np.ndarray:
    """Bags + 1 x strata x kinds (0 is not negative): sums of all bags, then without each."""
    place: dict[str | None, int] = {None: 0, **{name: at for at, name in enumerate(names, 1)}}
    # in order of their names, so that no order of rows changes a last digit
    strata, stratum = np.unique(
        np.array(sums["stratum"].to_pylist(), dtype=str), return_inverse=True
    )
    kinds = np.array([place[kind] for kind in sums["kind"].to_pylist()], dtype=np.int64)
    shape = (bags, len(strata), len(place))
    cells = np.zeros(shape)
    at = (sums["bag"].to_numpy(), stratum, kinds)
    np.add.at(cells, at, sums[figure].to_numpy().astype(np.float64))
    return without_each(cells)


def _row(name: str, moments: np.ndarray, bought: np.ndarray, level: float) -> dict[str, object]:
    """The figures of one kind; `moments` and `bought` have columns for the others and for it."""
    usual, negative = moments[..., 0], moments[..., 1]
    weight = np.where(usual > 0, negative, 0.0)
    rates = np.divide(bought, moments, out=np.zeros_like(bought), where=moments > 0)
    whole = weight.sum(axis=1)
    matched, after = (
        np.divide((weight * rates[..., arm]).sum(axis=1), whole,
                  out=np.full(len(whole), _NOTHING), where=whole > 0)
        for arm in (0, 1)
    )  # fmt: skip
    low, high = intervals((after - matched)[:, None], level)
    told = {"rate_after": after[0], "rate_matched": matched[0], "effect": after[0] - matched[0],
            "effect_low": low[0], "effect_high": high[0]}  # fmt: skip
    counts = {
        "touches": negative[0].sum(), "matched_touches": whole[0],
        "controls": np.where(negative[0] > 0, usual[0], 0.0).sum(),
    }  # fmt: skip
    known = {key: None if np.isnan(value) else float(value) for key, value in told.items()}
    return {"kind": name, **{key: int(value) for key, value in counts.items()}, **known}
