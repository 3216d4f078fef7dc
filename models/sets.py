"""Which channels share a path: distinct sets of channels, and how often each converted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy import sparse

from models.balance import places
from models.touches import Touches, outcomes


@dataclass(frozen=True)
class ChannelSets:
    """One row per distinct set of channels; `channels` names the columns of `has`."""

    channels: list[str]
    has: np.ndarray  # sets x channels: true where the set holds the channel
    won: np.ndarray  # of each set: converting paths
    lost: np.ndarray  # of each set: lost paths

    @property
    def paths(self) -> np.ndarray:
        """Of each set: paths."""
        return self.won + self.lost


def presence(touches: Touches) -> sparse.csr_array:
    """One row per path: 1 at each channel it touches."""
    shape = (len(touches.lengths), len(touches.channels))
    ones = np.ones(len(touches.codes))
    held = sparse.coo_array((ones, (touches.path, touches.codes)), shape=shape).tocsr()
    held.data[:] = 1.0
    return held


def channel_sets(paths: pa.Table, counts: np.ndarray) -> ChannelSets:
    """The sets of the paths that have touches; in an order of their own, not that of the paths."""
    converts, every = outcomes(paths), Touches.read(paths)
    kept = (every.lengths > 0) & (counts > 0)
    touches, counts, converts = every.only(kept), counts[kept], converts[kept]
    held = presence(touches)
    place = places(held)
    sets = place.max(initial=-1) + 1
    example = np.zeros(sets, dtype=np.int64)
    example[place] = np.arange(len(place))
    won = np.bincount(place, np.where(converts, counts, 0), minlength=sets)
    lost = np.bincount(place, np.where(converts, 0, counts), minlength=sets)
    return ChannelSets(touches.channels, held[example].toarray() > 0, won, lost)
