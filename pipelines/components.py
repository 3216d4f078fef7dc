"""Connected components on the driver: which strong identifiers are one person. SciPy, no Spark.

Identifiers are keys: 20 hexadecimal digits of a SHA-256. The answer is a function of the set of
links, so the order in which they arrived cannot matter.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipelines import hex_keys

SCHEMA = pa.schema(
    [("key", pa.string()), ("person_key", pa.string()), ("refused", pa.string()),
     ("links", pa.int64())]
)  # fmt: skip
GUARDS = pa.array([None, "component", "fan_out"], pa.string())


def components(links: pa.Table, max_links: int, max_component: int) -> pa.Table:
    """One row per linked key: the smallest key of its component, its guard, its distinct links.

    `links` has `left`, `right` (keys) and `left_type`, `right_type`, one row per unordered pair.
    A key with more than `max_links` neighbours of one type links nothing (`fan_out`); the keys of
    a component larger than `max_component` stay apart (`component`). Refused keys are their own
    person.
    """
    if not links.num_rows:
        return SCHEMA.empty_table()
    keys, ends = _codes(links)
    count = len(keys)
    hubs = _hubs(ends, links, count, max_links)
    kept = ends[:, ~(hubs[ends[0]] | hubs[ends[1]])]
    graph = coo_array((np.ones(kept.shape[1], np.int8), (kept[0], kept[1])), shape=(count, count))
    _, label = connected_components(graph, directed=False)
    too_big = np.bincount(label)[label] > max_component
    person = np.where(too_big, np.arange(count), _smallest(label)[label])
    guard = pa.array(np.where(hubs, 2, too_big).astype(np.int8))
    degree = np.bincount(ends.ravel(), minlength=count)
    columns = [keys, keys.take(pa.array(person)), GUARDS.take(guard), degree]
    return pa.table(columns, schema=SCHEMA)


def _codes(links: pa.Table) -> tuple[pa.Array, np.ndarray]:
    """All keys in ascending order, and the links as a 2 x n array of positions in them."""
    both = pa.chunked_array([*links["left"].chunks, *links["right"].chunks])
    found = hex_keys.ranked(both) or _ranked(both)
    return found[0], found[1].reshape(2, links.num_rows)


def _ranked(texts: pa.ChunkedArray) -> tuple[pa.Array, np.ndarray]:
    """Distinct texts in ascending order, and the position of each text among them."""
    keys = texts.unique().sort()
    return keys, pc.index_in(texts, keys).to_numpy()


def _smallest(label: np.ndarray) -> np.ndarray:
    """Position of the smallest key of each component (keys are sorted, so the first)."""
    first = np.full(label.max() + 1, len(label), np.int64)
    np.minimum.at(first, label, np.arange(len(label)))
    return first


def _hubs(ends: np.ndarray, links: pa.Table, count: int, max_links: int) -> np.ndarray:
    """Which keys have more than `max_links` neighbours of one type."""
    types = pa.chunked_array([*links["right_type"].chunks, *links["left_type"].chunks])
    known = types.unique()
    type_code = pc.index_in(types, known).to_numpy()
    counted = np.bincount(
        ends.ravel().astype(np.int64) * len(known) + type_code, minlength=count * len(known)
    )
    return np.asarray(counted.reshape(count, len(known)).max(axis=1) > max_links)
