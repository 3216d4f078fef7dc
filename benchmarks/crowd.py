"""A crowd whose credit is known: persons of two tastes walk paths of a fixed list, some convert."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

CHANNELS = ("Affiliates", "Direct", "Display", "Email", "Organic", "Search", "Social")
PATHS = 150
MORE = 0.6  # paths a person walks beside the first, on average


@dataclass(frozen=True)
class Crowd:
    """Everybody there could be: how likely each path is by taste, and how likely it converts."""

    paths: list[list[str]]
    by_taste: np.ndarray  # tastes x paths, rows sum to 1
    converts: np.ndarray  # of each path

    def drawn(self, persons: int, seed: int) -> tuple[pa.Table, pa.Array]:
        """One row per path of so many persons (`channels`, `is_converted`), and who walked it."""
        random = np.random.default_rng(seed)
        walks = 1 + random.poisson(MORE, persons)
        person = np.repeat(np.arange(persons), walks)
        taste = np.repeat(random.integers(0, len(self.by_taste), persons), walks)
        ends = np.cumsum(self.by_taste, axis=1)
        chance = random.random(len(person))
        chosen = np.array([np.searchsorted(ends[t], chance) for t in range(len(ends))])
        path = np.minimum(chosen[taste, np.arange(len(person))], len(self.paths) - 1)
        won = random.random(len(person)) < self.converts[path]
        channels = pa.array(self.paths).take(pa.array(path))
        names = pa.array([f"{seed:06}{at:014}" for at in range(persons)]).take(pa.array(person))
        return pa.table({"channels": channels, "is_converted": won}), names

    def expected(self, persons: int) -> tuple[pa.Table, np.ndarray]:
        """One row per path and outcome, and how often so many persons have it on average."""
        walked = persons * (1 + MORE) * self.by_taste.mean(axis=0)
        many = len(self.paths)
        paths = pa.table({
            "channels": pa.array(self.paths * 2),
            "is_converted": np.repeat([True, False], many),
        })  # fmt: skip
        return paths, np.concatenate((walked * self.converts, walked * (1 - self.converts)))


def made(seed: int, rate: float = 0.15) -> Crowd:
    """A crowd of its own for each seed; `rate` is the mean chance that a path converts."""
    random = np.random.default_rng(seed)
    lengths = np.minimum(random.geometric(0.4, PATHS), 8)
    liked = random.dirichlet(np.full(len(CHANNELS), 2.0))
    paths = [random.choice(CHANNELS, length, p=liked).tolist() for length in lengths]
    converts = np.clip(random.gamma(2.0, rate / 2, PATHS), 0.0, 0.9)
    return Crowd(paths, random.dirichlet(np.full(PATHS, 0.3), 2), converts)
