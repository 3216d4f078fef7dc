"""What an observer sees of a simulated world, and the paths that models read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.simulate import DAY, Simulation

_SEEN = 3  # what the generator is for; `models.world_days` has the others
_IDENTIFIERS = 2  # of a person whose devices nobody linked


@dataclass(frozen=True)
class Observed:
    """Touches and conversions under the identifiers they were seen with.

    ``people`` has one row per identifier, with the traits of its person; ``touches`` one per
    recorded touch and ``conversions`` one per purchase, in order of identifier and time, with the
    columns of `Simulation` and ``identifier``.
    """

    people: pa.Table
    touches: pa.Table
    conversions: pa.Table
    ends_at: int  # microseconds since 1970


def observe(simulation: Simulation) -> Observed:
    """Some people are seen as two, and some direct visits are not seen, as the world has it.

    Each touch and each purchase of a person seen as two falls to either identifier by chance.
    """
    world, touches, bought = simulation.world, simulation.touches, simulation.conversions
    rng = np.random.default_rng([simulation.seed, _SEEN])
    is_split = rng.random(simulation.people.num_rows) < world.fragmented
    device = rng.random((2, touches.num_rows))
    fixed = [channel.name for channel in world.channels if not channel.is_switchable]
    is_direct = pc.is_in(touches["channel"], pa.array(fixed, pa.string())).to_numpy()
    is_seen = ~is_direct | (device[1] >= world.lost_direct)
    seen = _identified(touches, is_split, device[0]).filter(pa.array(is_seen))
    sold = _identified(bought, is_split, rng.random(bought.num_rows))
    order = [("identifier", "ascending"), ("touched_at", "ascending"), ("channel", "ascending")]
    numbers = np.arange(len(is_split)) * _IDENTIFIERS
    identifier = np.sort(np.concatenate((numbers, numbers[is_split] + 1)))
    known = simulation.people.take(pa.array(identifier // _IDENTIFIERS)).drop(["person"])
    return Observed(
        known.append_column("identifier", pa.array(identifier)),
        seen.sort_by(order),
        sold.sort_by([("identifier", "ascending"), ("converted_at", "ascending")]),
        simulation.ends_at,
    )


def paths(seen: Observed, lookback_days: float = 30.0) -> pa.Table:
    """One row per purchase, then one per identifier with touches that have led to none yet.

    In the form of `models.base.AttributionModel`: ``channels`` and ``touched_at``, first to last,
    of the touches since the purchase before and at most `lookback_days` (inclusive) before the
    end; ``is_converted``; ``ended_at``, which is the purchase or the end of the world; ``value``
    (EUR; 0 if lost). A purchase that no touch preceded keeps its row. Ties break by channel.
    """
    buyer, bought_at = _column(seen.conversions, "identifier"), _at(seen, "converted_at")
    who, at = _column(seen.touches, "identifier"), _at(seen, "touched_at")
    path, ended = _led_to(who, at, buyer, bought_at)
    is_open = path < 0
    losers, rank = np.unique(who[is_open], return_inverse=True)
    path[is_open], ended[is_open] = len(buyer) + rank, seen.ends_at
    kept = np.flatnonzero(ended - at <= lookback_days * DAY)
    kept = kept[np.argsort(path[kept], kind="stable")]
    lengths = np.bincount(path[kept], minlength=len(buyer) + len(losers))
    is_there = (lengths > 0) | (np.arange(len(lengths)) < len(buyer))
    offsets = pa.array(np.concatenate(([0], np.cumsum(lengths[is_there]))), pa.int32())
    lost, touches = int(is_there.sum()) - len(buyer), seen.touches.take(pa.array(kept))
    ends = pa.array(np.concatenate((bought_at, np.full(lost, seen.ends_at))))
    return pa.table(
        {
            "channels": _lists(offsets, touches["channel"]),
            "touched_at": _lists(offsets, touches["touched_at"]),
            "is_converted": np.arange(len(ends)) < len(buyer),
            "ended_at": ends.cast(seen.touches.schema.field("touched_at").type),
            "value": np.concatenate((_column(seen.conversions, "value"), np.zeros(lost))),
        }
    )


def _identified(rows: pa.Table, is_split: np.ndarray, device: np.ndarray) -> pa.Table:
    person = _column(rows, "person")
    other = (is_split[person] & (device < 1 / _IDENTIFIERS)).astype(np.int64)
    return rows.append_column("identifier", pa.array(person * _IDENTIFIERS + other))


def _led_to(
    who: np.ndarray, at: np.ndarray, buyer: np.ndarray, bought_at: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of each touch: the next purchase of its identifier, or -1, and when that was."""
    if not len(buyer):
        return np.full(len(who), -1), np.zeros(len(who), dtype=np.int64)
    is_sale = np.repeat([False, True], [len(who), len(buyer)])
    order = np.lexsort((is_sale, np.concatenate((at, bought_at)), np.concatenate((who, buyer))))
    sale = np.where(order >= len(who), order - len(who), len(buyer))
    following = np.empty(len(order), dtype=np.int64)  # purchases stand in that order, too
    following[order] = np.minimum.accumulate(sale[::-1])[::-1]
    following = following[: len(who)]
    place = np.minimum(following, len(buyer) - 1)
    leads = (following < len(buyer)) & (buyer[place] == who)
    return np.where(leads, place, -1), np.where(leads, bought_at[place], 0)


def _lists(offsets: pa.Array, values: pa.ChunkedArray) -> pa.Array:
    whole = values.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], values.type)
    return pa.ListArray.from_arrays(offsets, whole)


def _at(seen: Observed, name: str) -> np.ndarray:
    rows = seen.touches if name == "touched_at" else seen.conversions
    return rows[name].cast(pa.int64()).to_numpy()


def _column(rows: pa.Table, name: str) -> np.ndarray:
    return rows[name].to_numpy()
