"""What every attribution model is: paths in, one credit per touch out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
from sklearn.base import BaseEstimator

from models.touches import Touches, path_counts

CREDIT_SCHEMA = pa.schema(
    {"path": pa.int64(), "position": pa.int32(), "credit": pa.float64()}
)  # one row per touch


class Unfit(ValueError):
    """Paths from which a model cannot learn what it claims; the message says what is missing."""


class AttributionModel(BaseEstimator):
    """Decides how much of a conversion each touch earned.

    Paths are an Arrow table, one row per path; other columns are ignored.

    ================  ==========================  ==================================================
    column            type                        needed
    ================  ==========================  ==================================================
    ``channels``      list<string>                always; null and empty are a path without touches
    ``touched_at``    list<timestamp[us, UTC]>    by models of time; an instant for every channel
    ``ended_at``      timestamp[us, UTC]          by hazards; ``converted_at`` does as well
    ``value``         decimal or float            by Markov(outcome="value")
    ``is_converted``  bool                        no; read by ``fit``, all true if absent
    ================  ==========================  ==================================================

    Credits are an Arrow table, one row per touch in the order of the input: ``path`` (row of the
    input), ``position`` (0 is the first touch) and ``credit``. The credits of a path are not
    negative and sum to 1. A path without touches has no row. A path's credits do not depend on
    the paths beside it, so batches may be cut anywhere.

    A model is written as weights of touches: a touch earns its weight over the weights of its
    path. Where all weights of a path are 0 its touches earn alike.
    """

    _learned: ClassVar[tuple[str, ...]] = ()  # names of learned attributes, without the "_"
    _figures: ClassVar[tuple[str, ...]] = ()  # of them: how far to believe the fit

    def fit(self, paths: pa.Table, y: None = None, sample_weight: Any = None) -> Self:
        """Learn from converted and lost paths; `sample_weight` counts identical paths."""
        self._check_parameters()
        self._learn(paths, path_counts(sample_weight, paths.num_rows))
        return self

    def attribute(self, paths: pa.Table) -> pa.Table:
        """One row per touch: its path, its position and its credit."""
        self._check_parameters()
        touches = Touches.read(paths)
        credit = touches.shares(self._weights(touches, paths))
        columns = [touches.path, touches.position.astype(np.int32), credit]
        return pa.Table.from_arrays([pa.array(column) for column in columns], schema=CREDIT_SCHEMA)

    def learned(self) -> dict[str, Any]:
        """What `fit` learned, ready for JSON; empty for rules and before `fit`."""
        if not all(hasattr(self, f"{name}_") for name in self._learned):
            return {}
        return {name: getattr(self, f"{name}_") for name in sorted(self._learned)}

    def figures(self) -> dict[str, str]:
        """Figures of the fit that say how far to believe it, as text; empty for rules."""
        return {n: str(getattr(self, f"{n}_")) for n in self._figures if hasattr(self, f"{n}_")}

    def load(self, learned: Mapping[str, Any]) -> Self:
        """Become the model that `learned` was taken from; parameters stay as they are."""
        if learned and set(learned) != set(self._learned):
            raise ValueError(
                f"{type(self).__name__} cannot load {sorted(learned)}: "
                f"it learns {sorted(self._learned)}. Load what learned() of the same model gave."
            )
        for name in self._learned:
            self.__dict__.pop(f"{name}_", None)
        for name, value in learned.items():
            setattr(self, f"{name}_", value)
        return self

    def _need_both(self, converted: np.ndarray, lost: np.ndarray) -> None:
        """Raise Unfit unless some paths with touches converted and some were lost."""
        if not converted.any() or not lost.any():
            raise Unfit(
                f"{type(self).__name__} learns from the difference between converting and lost "
                f"paths; it got {converted.sum():.0f} converting and {lost.sum():.0f} lost ones "
                "with touches. Give it both, or use a model that reads conversions only."
            )

    def _check_parameters(self) -> None:
        """Raise ValueError if a constructor parameter makes no sense."""

    def _learn(self, paths: pa.Table, counts: np.ndarray) -> None:
        """Set the learned attributes. Rules learn nothing, but do not accept nonsense."""
        Touches.read(paths)

    def _weights(self, touches: Touches, paths: pa.Table) -> np.ndarray:
        """One weight per touch, not negative; only the ratios within a path matter."""
        raise NotImplementedError(f"{type(self).__name__} does not say what a touch weighs")
