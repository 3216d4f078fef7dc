"""How paths end: a tree from the last touch backwards, with shares that converted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.touches import Touches, rank


@dataclass(frozen=True)
class Endings:
    """Node 0 is any ending; another node is the ending of its parent, longer by one channel.

    Nodes are in the order of (parent, code), parents before children.
    """

    channels: list[str]
    parents: np.ndarray  # of each node; 0 for node 0
    codes: np.ndarray  # of each node: the channel it adds in front; -1 for node 0
    exact: np.ndarray  # of each node: share that converted of the paths that are it; NaN if none
    ending: np.ndarray  # of each node: share that converted of the paths that end in it
    dropped_share: float = 0.0  # share of the paths without a node of their own

    @classmethod
    def count(cls, touches: Touches, won: np.ndarray, lost: np.ndarray, most: int) -> Endings:
        """The endings of the paths, at most `most` beside node 0: the most common ones.

        Endings as common as the first that does not fit are left out with it.
        """
        paths = won + lost
        node = np.zeros(len(touches.lengths), dtype=np.int64)  # of each path: how far it has got
        parents, codes = [np.zeros(1, dtype=np.int64)], [np.full(1, -1, dtype=np.int64)]
        ended, converted = [np.array([paths.sum()])], [np.array([won.sum()])]
        many, size = len(touches.channels), 1
        for depth in range(int(touches.lengths.max(initial=0))):
            longer = np.flatnonzero((touches.lengths > depth) & (paths > 0))
            code = touches.codes[touches.offsets[1:][longer] - 1 - depth]
            keys, place = rank(node[longer] * many + code)
            node[longer] = size + place
            parents.append(keys // many)
            codes.append(keys % many)
            ended.append(np.bincount(place, paths[longer], minlength=len(keys)))
            converted.append(np.bincount(place, won[longer], minlength=len(keys)))
            size += len(keys)
        here = np.bincount(node, paths, minlength=size), np.bincount(node, won, minlength=size)
        tree = np.concatenate(parents), np.concatenate(codes)
        counted = (*here, np.concatenate(ended), np.concatenate(converted))
        return cls._pruned(touches.channels, tree, counted, most)

    @classmethod
    def _pruned(
        cls,
        channels: list[str],
        tree: tuple[np.ndarray, np.ndarray],
        counted: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
        most: int,
    ) -> Endings:
        """The tree without rare nodes: a child is never more common than its parent."""
        (parents, codes), (here, here_won, ended, ended_won) = tree, counted
        kept = np.ones(len(parents), dtype=bool)
        if len(parents) - 1 > most:
            kept = ended > np.sort(ended[1:])[::-1][most]
            kept[0] = True
        new = np.cumsum(kept) - 1
        dropped = here[~kept].sum() / max(here.sum(), 1.0)
        return cls(
            channels, new[parents[kept]], codes[kept],
            _share(here_won[kept], here[kept], np.nan), _share(ended_won[kept], ended[kept], 0.0),
            float(dropped),
        )  # fmt: skip

    def rates(self, touches: Touches, removed: np.ndarray | None, unseen: str) -> np.ndarray:
        """Share that converts of each path; of each touch's path without it if `removed` is given.

        `removed` is the position left out. Of a path nobody took: 0, or the share of the longest
        ending known.
        """
        path = np.arange(len(touches.lengths)) if removed is None else touches.path
        left_out = np.full(len(path), -1) if removed is None else removed
        length = touches.lengths[path] - (removed is not None)
        node, is_whole = self._walk(touches, path, left_out, length)
        if unseen == "zero":
            return np.where(is_whole, np.nan_to_num(self.exact[node]), 0.0)
        exact = np.where(is_whole, self.exact[node], np.nan)
        return np.where(np.isnan(exact), self.ending[node], exact)

    def _walk(
        self, touches: Touches, path: np.ndarray, left_out: np.ndarray, length: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The node of the longest ending known, and whether that is all of the path."""
        place = {channel: code for code, channel in enumerate(self.channels)}
        code_of = np.array([place.get(name, -1) for name in touches.channels], dtype=np.int64)
        many = len(self.channels)
        keys = self.parents[1:] * many + self.codes[1:]
        node, depth = np.zeros(len(path), dtype=np.int64), 0
        going, known = np.flatnonzero(length > 0), np.zeros(len(path), dtype=np.int64)
        while len(going) and len(keys):
            at = touches.lengths[path[going]] - 1 - depth
            at -= at <= left_out[going]  # what is left out, and all before it, move up by one
            code = code_of[touches.codes[touches.offsets[path[going]] + at]]
            wanted = node[going] * many + code
            child = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
            is_there = (code >= 0) & (keys[child] == wanted)
            going, depth = going[is_there], depth + 1
            node[going], known[going] = child[is_there] + 1, depth
            going = going[length[going] > depth]
        return node, known == length


def _share(won: np.ndarray, paths: np.ndarray, otherwise: float) -> np.ndarray:
    return np.divide(won, paths, out=np.full(len(paths), otherwise), where=paths > 0)
