"""Poisson bootstrap over persons: who is in a replicate how often, and what figures then sum to.

Persons fall into 2^14 groups by a hash of who they are, and a replicate weighs each group. So all
that a replicate needs of any number of persons is sums by group, which add up over partitions.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

GROUPS = 2**14  # intervals' widths then vary by half a percent; from 200 replicates by five
UNIT = 2.0**-20  # figures are summed in whole units, so no order and no partition changes a sum
_EXACT = 2.0**53  # whole numbers up to here are exact
_CELLS = 2**22  # up to here a full table is quicker than a sparse one
_TIMES = (
    6027,
    6028,
    3014,
    1004,
    250,
    51,
    9,
    1,
)  # groups that are in a replicate 0, 1, 2, ... times
_ROWS = 4096  # of a block of names: it stays in the processor's cache
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def person_keys(persons: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Of each row: 64 bits made from the text that names its person.

    Depends on that text only. Among 10 million persons two share their bits, and so their
    weights, with a chance of 3 in a million.

    >>> [hex(key) for key in person_keys(pa.array(["ann", "bob", "ann"])).tolist()]
    ['0x381d69e38085e6a3', '0xcf266479b1f0b41c', '0x381d69e38085e6a3']
    """
    if persons.null_count:
        row = int(pc.index(pc.is_null(persons), True).as_py())
        raise ValueError(
            f"row {row} has no person: weights are by person, so name one in every row. Where "
            "nobody is known, give what is never shared with another, as the conversion's id."
        )
    chunks = persons.chunks if isinstance(persons, pa.ChunkedArray) else [persons]
    keys = [_keys(chunk.slice(at, _ROWS)) for chunk in chunks for at in range(0, len(chunk), _ROWS)]
    return np.concatenate([*keys, np.zeros(0, np.uint64)])


def _keys(persons: pa.Array) -> np.ndarray:
    """The keys of a few rows: each 8 bytes of the text are mixed in, and its length before."""
    held = persons.cast(pa.large_binary())
    _, starts, text = held.buffers()
    offsets = np.frombuffer(starts, np.int64)[held.offset : held.offset + len(held) + 1]
    whole = np.frombuffer(text, np.uint8) if text else np.zeros(0, np.uint8)
    lengths = np.diff(offsets)
    words = _padded(whole, offsets, lengths).view("<u8").astype(np.uint64, copy=False)
    keys = mixed(lengths.astype(np.uint64) + _GOLDEN)
    for at, word in enumerate(words.T):
        is_left = lengths > 8 * at
        keys[is_left] = mixed((keys[is_left] ^ word[is_left]) + _GOLDEN)
    return keys


def _padded(text: np.ndarray, offsets: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Rows x bytes: each text, then zeros up to the same multiple of 8."""
    longest = int(lengths.max(initial=0))
    width = -(-longest // 8) * 8
    padded = np.zeros((len(lengths), width), np.uint8)
    if (lengths == longest).all():  # as hashes are
        padded[:, :longest] = text[offsets[0] : offsets[-1]].reshape(len(lengths), longest)
        return padded
    place = np.arange(width)
    is_text = place < lengths[:, None]
    padded[is_text] = text[(offsets[:-1, None] + place)[is_text]]
    return padded


def mixed(keys: np.ndarray) -> np.ndarray:
    """Every bit of the result depends on every bit of the key (Stafford's 13th, as in SplitMix64).

    >>> hex(mixed(np.array([0x9E3779B97F4A7C15], np.uint64))[0])
    '0xe220a8397b1dcdaf'
    """
    out = keys ^ (keys >> np.uint64(30))
    out *= np.uint64(0xBF58476D1CE4E5B9)
    out ^= out >> np.uint64(27)
    out *= np.uint64(0x94D049BB133111EB)
    out ^= out >> np.uint64(31)
    return out


def groups(keys: np.ndarray) -> np.ndarray:
    """Of each key: its group, 0 to GROUPS - 1."""
    return (keys % np.uint64(GROUPS)).astype(np.int64)


@lru_cache(maxsize=4)
def weights(replicates: int) -> np.ndarray:
    """Groups x replicates: how often the persons of a group are in a replicate.

    A function of group and replicate alone, the same for every model, day and partition, however
    many replicates there are. To each person a weight is Poisson of mean 1 (to the nearest of
    GROUPS; mean and variance are exactly 1). The weights of a replicate are one set of numbers,
    dealt out anew: their mean is exactly 1, so many persons in a group do not move all sums alike
    as weights drawn for groups would, and replicates spread as if each person had been drawn.
    Poisson bootstrap: Chamandy, Muralidharan, Najmi, Naidu 2012.

    >>> weights(2)[:8].T.tolist()
    [[2, 0, 1, 4, 0, 2, 1, 1], [1, 0, 0, 0, 1, 0, 2, 2]]
    """
    if replicates < 1:
        raise ValueError(f"replicates={replicates!r}; expected 1 or more; 200 do for intervals")
    rows = mixed(np.arange(1, GROUPS + 1, dtype=np.uint64) * _GOLDEN)
    dealt = np.repeat(np.arange(len(_TIMES), dtype=np.uint8), _TIMES)
    times = np.empty((GROUPS, replicates), np.uint8)
    for replicate in range(replicates):
        turn = mixed(rows + np.uint64(replicate + 1))
        times[np.argsort(turn, kind="stable"), replicate] = dealt
    times.flags.writeable = False  # it is kept for who asks next
    return times


def group_sums(
    group: np.ndarray, column: np.ndarray, figure: np.ndarray, columns: int
) -> sparse.csr_array:
    """Groups x columns: each figure added to its group and column, in whole units.

    All that replicates need. Sums of parts of the figures add up to those of all, bit for bit, as
    each is taken to the nearest millionth (2^-20).
    """
    whole = np.rint(np.asarray(figure, dtype=np.float64) / UNIT)
    if GROUPS * columns > _CELLS:
        return sparse.coo_array((whole, (group, column)), shape=(GROUPS, columns)).tocsr()
    cells = np.bincount(group * columns + column, whole, minlength=GROUPS * columns)
    return sparse.csr_array(cells.reshape(GROUPS, columns))


def resampled_sums(sums: sparse.csr_array, replicates: int) -> np.ndarray:
    """Replicates x columns: sums by group, weighed; in the unit of the figures again."""
    largest = abs(sums).sum(axis=0).max(initial=0.0) * (len(_TIMES) - 1)
    if largest > _EXACT:
        raise ValueError(
            f"figures may sum to {largest * UNIT:.3g}; above {_EXACT * UNIT:.3g} sums are no "
            "longer exact. Divide the figures, by 1,000 say, and multiply the intervals."
        )
    return (sums.T @ weights(replicates).astype(np.float64)).T * UNIT
