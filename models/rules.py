"""Rules: credit by where a touch stands in its path. They learn nothing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from models.base import AttributionModel
from models.touches import Touches, instants

_MICROSECONDS_OF_A_DAY = 86_400_000_000
_ROUNDING = 1e-12


class FirstTouch(AttributionModel):
    """The touch that began the path earns everything.

    >>> FirstTouch().attribute(pa.table({"channels": [["Email", "Direct"]]}))["credit"].to_pylist()
    [1.0, 0.0]
    """

    def _weights(self, touches: Touches, paths: pa.Table) -> np.ndarray:
        return (touches.position == 0).astype(np.float64)


class LastTouch(AttributionModel):
    """The touch that ended the path earns everything.

    >>> LastTouch().attribute(pa.table({"channels": [["Email", "Direct"]]}))["credit"].to_pylist()
    [0.0, 1.0]
    """

    def _weights(self, touches: Touches, paths: pa.Table) -> np.ndarray:
        return (touches.position == touches.length - 1).astype(np.float64)


class LastNonDirect(AttributionModel):
    """The last touch that is not `direct` earns everything; if all are, the last one does.

    Parameters
    ----------
    direct : the channel that only says that someone came by themselves.

    >>> model = LastNonDirect()
    >>> model.attribute(pa.table({"channels": [["Email", "Direct"]]}))["credit"].to_pylist()
    [1.0, 0.0]
    """

    def __init__(self, direct: str = "Direct") -> None:
        self.direct = direct

    def _weights(self, touches: Touches, paths: pa.Table) -> np.ndarray:
        is_direct = np.array([name == self.direct for name in touches.channels], dtype=bool)
        # whoever is direct stands before all who are not
        rank = touches.position - touches.length * is_direct[touches.codes]
        return (rank == touches.largest(rank)).astype(np.float64)


class Linear(AttributionModel):
    """Every touch earns alike.

    >>> Linear().attribute(pa.table({"channels": [["Email", "Direct"]]}))["credit"].to_pylist()
    [0.5, 0.5]
    """

    def _weights(self, touches: Touches, paths: pa.Table) -> np.ndarray:
        return np.ones(len(touches.codes))


class PositionBased(AttributionModel):
    """The first and the last touch earn fixed shares; those between share the rest alike.

    With two touches there is nobody between, so they share as `first` to `last`; if both are 0,
    alike. One touch earns everything. Known shapes: U (.4, .4), J (.2, .6), inverse J (.6, .2).

    Parameters
    ----------
    first, last : share of the first and the last touch, 0..1, together at most 1.

    >>> model = PositionBased(first=0.5, last=0.25)
    >>> model.attribute(pa.table({"channels": [["a", "b", "b", "a"]]}))["credit"].to_pylist()
    [0.5, 0.125, 0.125, 0.25]
    """

    def __init__(self, first: float = 0.4, last: float = 0.4) -> None:
        self.first = first
        self.last = last

    def _check_parameters(self) -> None:
        first, last = self.first, self.last
        if not (first >= 0 and last >= 0 and first + last <= 1 + _ROUNDING):
            raise ValueError(
                f"first={first!r} and last={last!r}; expected shares of 0 or more "
                "that together are at most 1"
            )

    def _weights(self, touches: Touches, paths: pa.Table) -> np.ndarray:
        between = max(0.0, 1.0 - self.first - self.last)
        weights = between / np.maximum(touches.length - 2, 1)
        is_last = touches.position == touches.length - 1
        return np.select([touches.position == 0, is_last], [self.first, self.last], weights)


class TimeDecay(AttributionModel):
    """A touch earns half as much as one that is `half_life_days` younger.

    ``weight = 2 ** -(age / half_life_days)``, the age counted from the path's youngest touch.
    Counting from the conversion would scale all weights of a path alike and change no credit; so
    ``converted_at`` is not needed, and a touch long before its conversion cannot vanish.
    Needs ``touched_at``. A day has 24 hours.

    Parameters
    ----------
    half_life_days : above 0; infinite makes it Linear.

    Notes
    -----
    Adobe's worked example: touches 9, 6, 0 and 0 days before a conversion of $50 earn $6.92,
    $9.32, $16.88 and $16.88.
    """

    def __init__(self, half_life_days: float = 7.0) -> None:
        self.half_life_days = half_life_days

    def _check_parameters(self) -> None:
        if not self.half_life_days > 0:
            raise ValueError(f"half_life_days={self.half_life_days!r}; expected more than 0 days")

    def _weights(self, touches: Touches, paths: pa.Table) -> np.ndarray:
        touched_at = instants(paths, touches)
        age = touches.largest(touched_at) - touched_at
        with np.errstate(over="ignore", under="ignore"):  # a touch too old to count weighs 0
            return np.exp2(-(age / (self.half_life_days * _MICROSECONDS_OF_A_DAY)))
