"""Credit by how much less a path converts without the touch."""

from __future__ import annotations

from numbers import Integral

import numpy as np
import pyarrow as pa

from models.base import AttributionModel
from models.endings import Endings
from models.touches import Touches, outcomes

_UNSEEN = ("suffix", "zero")


class PathRemoval(AttributionModel):
    """A touch earns by how much less its path would convert without it, as paths go.

    ``effect = p(path) - p(path without the touch)``, with p the share of equal paths that
    converted; negative effects count 0, and where all are 0 the last touch earns everything.
    A path nobody took has no share. Then p is that of the paths that *end* like it, as far back
    as any path did ("suffix"), or 0 ("zero", as Google's fractribution does: a touch whose
    removal leaves a path nobody took then earns as if nothing were left). Not a Shapley value.

    Parameters
    ----------
    unseen : "suffix" or "zero".
    max_endings : endings of paths that are kept, the most common; 1 or more. Rarer paths count
        as paths nobody took, however many distinct paths there are.

    Learned
    -------
    channels_, parents_, codes_, exact_, ending_ : see `models.endings.Endings`.
    dropped_share_ : share of the paths that count as paths nobody took because of `max_endings`.
    """

    _learned = ("channels", "codes", "dropped_share", "ending", "exact", "parents")
    _figures = ("dropped_share",)

    def __init__(self, unseen: str = "suffix", max_endings: int = 100_000) -> None:
        self.unseen = unseen
        self.max_endings = max_endings

    def _check_parameters(self) -> None:
        if self.unseen not in _UNSEEN:
            raise ValueError(f"unseen={self.unseen!r}; expected one of {', '.join(_UNSEEN)}")
        most = self.max_endings
        if not isinstance(most, Integral) or isinstance(most, bool) or most < 1:
            raise ValueError(f"max_endings={most!r}; expected a whole number of 1 or more")

    def _learn(self, paths: pa.Table, counts: np.ndarray) -> None:
        converts, every = outcomes(paths), Touches.read(paths)
        has_touch = every.lengths > 0
        won, lost = np.where(converts, counts, 0), np.where(converts, 0, counts)
        self._need_both(won[has_touch], lost[has_touch])
        endings = Endings.count(every, won, lost, int(self.max_endings))
        self.channels_ = endings.channels
        self.parents_ = endings.parents.tolist()
        self.codes_ = endings.codes.tolist()
        self.exact_ = [None if np.isnan(rate) else rate for rate in endings.exact.tolist()]
        self.ending_ = endings.ending.tolist()
        self.dropped_share_ = endings.dropped_share

    def _weights(self, touches: Touches, paths: pa.Table) -> np.ndarray:
        if not hasattr(self, "exact_"):
            return np.ones(len(touches.codes))
        endings = self._endings()
        has = endings.rates(touches, removed=None, unseen=self.unseen)[touches.path]
        without = endings.rates(touches, removed=touches.position, unseen=self.unseen)
        effect = np.where(has - without > 1e-12, has - without, 0.0)
        some = np.bincount(touches.path, effect, minlength=len(touches.lengths)) > 0
        is_last = touches.position == touches.length - 1
        return np.where(some[touches.path], effect, is_last)

    def _endings(self) -> Endings:
        exact = np.array([np.nan if rate is None else rate for rate in self.exact_])
        return Endings(
            self.channels_, np.array(self.parents_), np.array(self.codes_), exact,
            np.array(self.ending_), self.dropped_share_,
        )  # fmt: skip
