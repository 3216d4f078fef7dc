"""Which touchpoints are over- and under-used: share of credit against share of use, how surely."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from models import bags
from models.bootstrap import group_sums, groups, resampled_sums
from models.resampled import REPLICATES
from models.uncertainty import LEVEL

VERDICTS = ("over-used", "in line", "under-used")
USE_INDEX = pa.schema(
    [
        ("cell", pa.string()),
        ("use_share", pa.float64()),
        ("credit_share", pa.float64()),
        ("index", pa.float64()),
        ("index_low", pa.float64()),
        ("index_high", pa.float64()),
        ("verdict", pa.string()),
    ]
)


def use_index(
    parts: pa.Table,
    keys: np.ndarray,
    cost: Mapping[str, float] | None = None,
    replicates: int = REPLICATES,
    level: float = LEVEL,
) -> pa.Table:
    """One row per cell, by name: its share of credit over its share of use, with an interval.

    `parts` has `cell`, `used` (touches) and `credit` of each person and cell (several rows add
    up), `keys` the persons' keys (`bootstrap.person_keys`). If `cost` is given, use is money: it
    is known and not resampled, and cells without cost have no index. A Poisson bootstrap over
    persons: all touches and all credit of a person come and go together, which rows drawn singly
    would miss. Above 1 a cell earns more than its share: it is under-used if the whole interval
    says so; below 1 over-used. Null where nothing was used, or nothing earned by anybody.
    """
    if not 0 < level < 1:
        raise ValueError(f"level={level!r}; expected above 0 and below 1, as 0.95")
    names = sorted({*parts.column("cell").to_pylist(), *(cost or {})})
    place = {name: at for at, name in enumerate(names)}
    column = np.array([place[cell] for cell in parts.column("cell").to_pylist()], dtype=np.int64)
    used, credit = (_drawn(parts, name, column, keys, replicates, len(names)) for name in _BOTH)
    if cost is not None:
        used = np.tile([float(cost.get(name, 0.0)) for name in names], (replicates + 1, 1))
    shares = [_shares(figures) for figures in (used, credit)]
    index = np.divide(shares[1], shares[0], out=np.full(used.shape, np.nan), where=shares[0] > 0)
    return _told(names, shares, index, level)


def use_index_of_bags(entries: pa.Table, count: int, level: float = LEVEL) -> pa.Table:
    """The same from sums by bag of persons, as column `bags` of `touchpoint_map` has them.

    `entries` has `cell`, `bag` (0 up to `count`), `used` and `credit`; several rows add up.
    Intervals leave out each bag in turn (`models.bags`), on the scale of the index; no index is
    below 0. Null where nothing was used, or a single bag decides whether anything was.
    """
    cells = entries["cell"].combine_chunks().dictionary_encode()
    order = np.argsort(np.array(cells.dictionary.to_pylist(), dtype=object), kind="stable")
    names = [cells.dictionary[at].as_py() for at in order]
    column = np.argsort(order)[cells.indices.to_numpy()]
    sums = np.zeros((2, count, len(names)))
    for at, figure in enumerate(_BOTH):
        values = entries[figure].cast(pa.float64()).to_numpy()
        np.add.at(sums[at], (entries["bag"].to_numpy(), column), values)
    shares = [_shares(bags.without_each(one)) for one in sums]
    index = np.divide(shares[1], shares[0], out=np.full(shares[0].shape, np.nan),
                      where=shares[0] > 0)  # fmt: skip
    low, high = bags.intervals(index, level)
    return _table(names, shares, index[0], np.maximum(low, 0.0), high)


_BOTH = ("used", "credit")


def _drawn(
    parts: pa.Table, name: str, column: np.ndarray, keys: np.ndarray, replicates: int, columns: int
) -> np.ndarray:
    """Sums by cell: as they are in row 0, then in each replicate."""
    figure = np.asarray(parts.column(name).to_numpy(), dtype=np.float64)
    if (figure < 0).any():
        least = figure.min()
        raise ValueError(f"{name} has {least:g}; shares need figures of 0 or more, so use counts")
    sums = group_sums(groups(keys), column, figure, columns)
    whole = np.bincount(column, figure, minlength=columns)
    return np.vstack([whole, resampled_sums(sums, replicates)])


def _shares(figures: np.ndarray) -> np.ndarray:
    whole = figures.sum(axis=1, keepdims=True)
    return np.divide(figures, whole, out=np.full(figures.shape, np.nan), where=whole > 0)


def _told(names: list[str], shares: list[np.ndarray], index: np.ndarray, level: float) -> pa.Table:
    low, high = (_quantile(index[1:], tail) for tail in ((1 - level) / 2, (1 + level) / 2))
    return _table(names, shares, index[0], low, high)


def _table(
    names: list[str], shares: list[np.ndarray], index: np.ndarray, low: np.ndarray, high: np.ndarray
) -> pa.Table:
    sure = 1 + (low > 1).astype(int) - (high < 1).astype(int)
    verdicts = [
        VERDICTS[at] if known else None for at, known in zip(sure, ~np.isnan(index), strict=True)
    ]
    columns = [names, shares[0][0], shares[1][0], index, low, high, verdicts]
    return pa.table([pa.array(c, from_pandas=True) for c in columns], names=USE_INDEX.names).cast(
        USE_INDEX
    )


def _quantile(draws: np.ndarray, tail: float) -> np.ndarray:
    """Of each column; of replicates in which a cell is not used at all nothing can be said."""
    found = np.full(draws.shape[1], np.nan)
    for at, column in enumerate(draws.T):
        held = column[~np.isnan(column)]
        if len(held):
            found[at] = np.quantile(held, tail, method="weibull")
    return found
