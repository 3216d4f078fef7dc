"""The touches of many paths, flattened into arrays: how models read Arrow tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_CHANNELS = "list<string>"
_TOUCHED_AT = "list<timestamp[us, UTC]>"
_LISTS = (
    pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list,
    pa.types.is_list_view, pa.types.is_large_list_view,
)  # fmt: skip


@dataclass(frozen=True)
class Touches:
    """Path `i` owns the touches `offsets[i]:offsets[i + 1]`.

    >>> touches = Touches.read(pa.table({"channels": [["b", "a"], None, ["a"]]}))
    >>> touches.channels, touches.codes.tolist(), touches.offsets.tolist()
    (['a', 'b'], [1, 0, 0], [0, 2, 2, 3])
    """

    offsets: np.ndarray
    codes: np.ndarray  # of each touch: where its channel stands in `channels`
    channels: list[str]  # sorted, so codes do not depend on the order of the paths

    @classmethod
    def read(cls, paths: pa.Table) -> Self:
        """The column `channels`, whatever its chunks and slices."""
        offsets, values = _flat(paths, "channels", _CHANNELS)
        if not _is_text(values.type):
            raise ValueError(_wrong_type("channels", paths, _CHANNELS))
        encoded = values.cast(pa.large_string()).dictionary_encode().unify_dictionaries()
        encoded = encoded.combine_chunks()
        if isinstance(encoded, pa.ChunkedArray):  # no chunk at all
            encoded = pa.array([], pa.large_string()).dictionary_encode()
        names = encoded.dictionary.to_pylist()
        channels = sorted(names)
        place = {name: code for code, name in enumerate(channels)}
        ranks = np.array([place[name] for name in names], dtype=np.int64)
        return cls(offsets, ranks[encoded.indices.to_numpy(zero_copy_only=False)], channels)

    @cached_property
    def lengths(self) -> np.ndarray:
        """Touches of each path."""
        return np.diff(self.offsets)

    @cached_property
    def path(self) -> np.ndarray:
        """Of each touch: the row of its path."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    @cached_property
    def position(self) -> np.ndarray:
        """Of each touch: 0 for the first of its path."""
        return np.arange(len(self.codes)) - self.offsets[self.path]

    @cached_property
    def length(self) -> np.ndarray:
        """Of each touch: how many touches its path has."""
        return self.lengths[self.path]

    @cached_property
    def repeats(self) -> np.ndarray:
        """Of each touch: how many touches of its path are of its channel."""
        _, place = rank(self.path * len(self.channels) + self.codes)
        return np.bincount(place)[place]

    def largest(self, values: np.ndarray) -> np.ndarray:
        """Of each touch: the largest of `values` in its path."""
        if not len(values):
            return values
        has_touch = self.lengths > 0
        # an empty path owns no value, so the others' starts still cut the values into paths
        tops = np.maximum.reduceat(values, self.offsets[:-1][has_touch])
        return np.repeat(tops, self.lengths[has_touch])

    def only(self, kept: np.ndarray) -> Touches:
        """The paths where `kept` is true, and the channels that occur in them."""
        present, codes = rank(self.codes[kept[self.path]])
        names = [self.channels[code] for code in present]
        return Touches(_offsets(self.lengths[kept]), codes, names)

    def shares(self, weights: np.ndarray) -> np.ndarray:
        """Each weight over the sum of its path; alike where that sum is 0."""
        sums = np.bincount(self.path, weights, minlength=len(self.lengths))[self.path]
        return np.divide(weights, sums, out=1.0 / self.length, where=sums > 0)


def rank(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct keys (0 or more) in order, and of each key its place among them.

    >>> rank(np.array([7, 3, 7]))
    (array([3, 7]), array([1, 0, 1]))
    """
    top = int(keys.max(initial=0))
    if top > 8 * len(keys):
        return np.unique(keys, return_inverse=True)
    is_there = np.zeros(top + 1, dtype=bool)  # few values: marking them is quicker than sorting
    is_there[keys] = True
    distinct = np.flatnonzero(is_there) if len(keys) else keys
    return distinct, (np.cumsum(is_there) - 1)[keys]


def instants(paths: pa.Table, touches: Touches) -> np.ndarray:
    """Of each touch: `touched_at` in microseconds since 1970."""
    offsets, values = _flat(paths, "touched_at", _TOUCHED_AT)
    if not pa.types.is_timestamp(values.type):
        raise ValueError(_wrong_type("touched_at", paths, _TOUCHED_AT))
    if values.null_count:
        raise ValueError("touched_at holds a null instant; every touch needs one")
    if not np.array_equal(offsets, touches.offsets):
        row = int(np.flatnonzero(np.diff(offsets) != touches.lengths)[0])
        raise ValueError(
            f"row {row} has {touches.lengths[row]} channels but {np.diff(offsets)[row]} instants "
            "in touched_at; every touch needs exactly one"
        )
    micros = values.cast(pa.timestamp("us", values.type.tz), safe=False).cast(pa.int64())
    return micros.to_numpy()


def outcomes(paths: pa.Table) -> np.ndarray:
    """Of each path: did it convert? All did if there is no column `is_converted`."""
    if "is_converted" not in paths.column_names:
        return np.ones(paths.num_rows, dtype=bool)
    column = paths.column("is_converted")
    if not pa.types.is_boolean(column.type) or column.null_count:
        raise ValueError(
            f"is_converted is {column.type} with {column.null_count} nulls; expected bool "
            "without nulls: true for a converted path, false for a lost one"
        )
    return column.to_numpy()


def ends(paths: pa.Table) -> np.ndarray:
    """Of each path: `ended_at`, else `converted_at`, in microseconds since 1970."""
    name = "ended_at" if "ended_at" in paths.column_names else "converted_at"
    if name not in paths.column_names:
        raise ValueError(
            "paths have neither 'ended_at' nor 'converted_at' (timestamp[us, UTC]); they have "
            f"{paths.column_names}"
        )
    column = paths.column(name)
    if not pa.types.is_timestamp(column.type) or column.null_count:
        raise ValueError(
            f"{name} is {column.type} with {column.null_count} nulls; expected timestamp[us, UTC] "
            "without nulls"
        )
    return column.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.int64()).to_numpy()


def micro_values(paths: pa.Table, needed: np.ndarray) -> np.ndarray:
    """Of each path: `value` in whole millionths; 0 where it is not `needed`."""
    if "value" not in paths.column_names:
        raise ValueError(f"paths have no column 'value'; they have {paths.column_names}")
    column = paths.column("value")
    values = np.where(needed, pc.fill_null(column.cast(pa.float64()), np.nan).to_numpy(), 0.0)
    bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if len(bad):
        raise ValueError(f"value[{bad[0]}] is {column[int(bad[0])]}; expected 0 or more")
    return np.rint(values * 1e6)


def path_counts(sample_weight: Any, rows: int) -> np.ndarray:
    """How often each path happened: 1 if nobody says."""
    if sample_weight is None:
        return np.ones(rows)
    counts = np.asarray(sample_weight, dtype=np.float64)
    if counts.shape != (rows,):
        raise ValueError(
            f"sample_weight has shape {counts.shape}; expected one count per path, so ({rows},)"
        )
    bad = np.flatnonzero(~(np.isfinite(counts) & (counts >= 0)))
    if len(bad):
        raise ValueError(f"sample_weight[{bad[0]}] is {counts[bad[0]]}; expected 0 or more")
    return counts


def _flat(paths: pa.Table, name: str, wanted: str) -> tuple[np.ndarray, pa.ChunkedArray]:
    """Offsets and values of a column of lists; a null list is an empty one."""
    if name not in paths.column_names:
        raise ValueError(
            f"paths have no column {name!r} ({wanted}); they have {paths.column_names}"
        )
    column = paths.column(name)
    if not any(is_kind(column.type) for is_kind in _LISTS):
        raise ValueError(_wrong_type(name, paths, wanted))
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy()
    values = pc.list_flatten(column)
    if values.null_count and name == "channels":
        raise ValueError("channels holds a null channel; name the channel of every touch")
    return _offsets(lengths), values


def _offsets(lengths: np.ndarray) -> np.ndarray:
    return np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _wrong_type(name: str, paths: pa.Table, wanted: str) -> str:
    return f"column {name!r} is {paths.column(name).type}; expected {wanted}"
