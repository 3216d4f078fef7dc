"""The Shapley value of channels, where the worth of a coalition is conversions."""

from __future__ import annotations

from math import factorial

import numpy as np
import pyarrow as pa

from models.base import AttributionModel
from models.touches import Touches, outcomes, path_counts, rank


class Shapley(AttributionModel):
    """Every channel of the path earns alike, and its touches share alike.

    This is the Shapley value in closed form where a coalition of channels is worth the
    conversions of the paths that touch none but its channels: each path is then a game of its
    own, won only when all its channels are there, which they share alike. It reads converting
    paths only, learns nothing from lost ones, and so is Linear over distinct channels with a
    grander name. Kept by position (`ordered_shapley`) the same credit is the ordered value.

    Zhao, Mahboobi, Bagheri 2018, arXiv:1804.05327.

    >>> model = Shapley()
    >>> model.attribute(pa.table({"channels": [["a", "a", "b"]]}))["credit"].to_pylist()
    [0.25, 0.25, 0.5]
    """

    def _weights(self, touches: Touches, paths: pa.Table) -> np.ndarray:
        return 1.0 / touches.repeats


def ordered_shapley(paths: pa.Table, sample_weight: np.ndarray | None = None) -> pa.Table:
    """One row per channel and position (0 is the first touch): conversions it earns standing there.

    Over the converted paths. The positions of a channel add up to its Shapley value.
    """
    touches = Touches.read(paths)
    counts = np.where(outcomes(paths), path_counts(sample_weight, paths.num_rows), 0)
    credit = touches.shares(1.0 / touches.repeats) * counts[touches.path]
    width = int(touches.lengths.max(initial=1))
    keys, place = rank(touches.codes * width + touches.position)
    return pa.table({
        "channel": pa.array([touches.channels[code] for code in keys // width], pa.string()),
        "position": pa.array(keys % width, pa.int32()),
        "conversions": np.bincount(place, credit, minlength=len(keys)),
    })  # fmt: skip


def conversion_game(exact: np.ndarray) -> np.ndarray:
    """What each coalition is worth: the sum of `exact` over the sets inside it.

    Entry i of 2**n is the set whose members are the bits of i. One addition per set and player.

    >>> conversion_game(np.array([0.0, 7.0, 6.0, 15.0])).tolist()
    [0.0, 7.0, 6.0, 28.0]
    """
    worth = exact.copy()
    for player in range(len(exact).bit_length() - 1):
        halves = worth.reshape(-1, 2, 2**player)
        halves[:, 1] += halves[:, 0]
    return worth


def shapley_values(worth: np.ndarray) -> np.ndarray:
    """Of each player: mean of what he adds, over all orders of joining. Adds up to the whole.

    `worth` as in `conversion_game`; the empty coalition is worth ``worth[0]``.

    >>> shapley_values(np.array([0.0, 7.0, 6.0, 15.0])).tolist()
    [8.0, 7.0]
    """
    players = len(worth).bit_length() - 1
    if not players:
        return np.zeros(0)
    chances = [
        factorial(size) * factorial(players - 1 - size) / factorial(players)
        for size in range(players)
    ]
    chance = np.array(chances)[_sizes(players - 1)]
    values = np.empty(players)
    for player in range(players):
        halves = worth.reshape(-1, 2, 2**player)
        values[player] = chance @ (halves[:, 1] - halves[:, 0]).ravel()
    return values


def _sizes(players: int) -> np.ndarray:
    """Of each coalition: how many it has."""
    sizes = np.zeros(1, dtype=np.int64)
    for _ in range(players):
        sizes = np.concatenate((sizes, sizes + 1))
    return sizes
