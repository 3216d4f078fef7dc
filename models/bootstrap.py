"""Poisson bootstrap over persons: who is in a replicate how often, and what figures then sum to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

UNIT = 2.0**-20  # figures are summed in whole units, so no order and no partition changes a sum
_EXACT = 2.0**53  # whole numbers up to here are exact
_ROWS = 1024  # of a block: its weights stay in the processor's cache
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_TIMES = (94, 95, 46, 16, 4, 1)  # of 256: persons who are in a replicate 0, 1, 2, ... times
_BOUNDS = np.cumsum(_TIMES)[:-1].astype(np.uint8)  # a byte from here on is one time more


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


def weights(keys: np.ndarray, replicates: int) -> np.ndarray:
    """Rows x replicates: how often the person of a row is in a replicate.

    A function of person and replicate alone, the same for every model, day and partition. Poisson
    of mean 1 to the nearest 256th, so chosen that mean and variance are exactly 1 (the third
    moment is 4.98, Poisson's is 5). Chamandy, Muralidharan, Najmi, Naidu 2012.

    >>> weights(np.array([7, 8, 7], np.uint64), 8).tolist()
    [[2, 0, 0, 0, 2, 2, 2, 1], [0, 0, 1, 3, 1, 0, 0, 1], [2, 0, 0, 0, 2, 2, 2, 1]]
    """
    if replicates < 1:
        raise ValueError(f"replicates={replicates!r}; expected 1 or more; 200 do for intervals")
    eights = np.arange(1, -(-replicates // 8) + 1, dtype=np.uint64) * _GOLDEN
    bits = mixed(keys.astype(np.uint64)[:, None] + eights)
    drawn = bits.astype("<u8", copy=False).view(np.uint8)
    times = (drawn >= _BOUNDS[0]).view(np.uint8)
    for bound in _BOUNDS[1:]:
        times += drawn >= bound
    return times[:, :replicates]


def replicate_sums(
    keys: np.ndarray, figures: np.ndarray | sparse.csr_array, replicates: int
) -> np.ndarray:
    """Replicates x columns: the columns of `figures` (one row per key), summed by weight.

    Sums of parts of the rows add up to the sum of all, bit for bit: figures are taken to the
    nearest millionth (2^-20). Memory is that of one block of rows, whatever their number.
    """
    if len(keys) != figures.shape[0]:
        raise ValueError(f"{len(keys)} keys for {figures.shape[0]} rows; every row needs one")
    sums = np.zeros((figures.shape[1], replicates))
    drawn = np.empty((min(_ROWS, len(keys)), replicates))  # anew for each block takes ten times
    largest = 0.0
    for at in range(0, len(keys), _ROWS):
        block, some = _whole(figures[at : at + _ROWS]), keys[at : at + _ROWS]
        largest += abs(block).sum(axis=0).max(initial=0.0) * (len(_TIMES) - 1)
        np.copyto(drawn[: len(some)], weights(some, replicates))
        sums += block.T @ drawn[: len(some)]
    if largest > _EXACT:
        raise ValueError(
            f"figures sum to {largest * UNIT:.3g}; above {_EXACT * UNIT:.3g} sums are no longer "
            "exact. Divide the figures, by 1,000 say, and multiply the intervals."
        )
    return sums.T * UNIT


def _whole(block: np.ndarray | sparse.csr_array) -> np.ndarray | sparse.csr_array:
    """Figures in units, rounded."""
    if not sparse.issparse(block):
        return np.rint(np.asarray(block, dtype=np.float64) / UNIT)
    kept: Any = block.astype(np.float64)
    kept.sum_duplicates()
    kept.data = np.rint(kept.data / UNIT)
    return kept
