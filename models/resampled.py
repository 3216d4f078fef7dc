"""Credit by channel in every replicate of the bootstrap: of rules, of Markov, of a logit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy import sparse

from models.base import AttributionModel
from models.bootstrap import group_sums, groups, resampled_sums
from models.chain import Chain, factored_effects, states_of
from models.markov import Markov
from models.touches import Touches, outcomes, rank

REPLICATES = 200


@dataclass(frozen=True)
class Replicates:
    """Credit by channel: as it is, and as it would be with other persons from the same crowd."""

    channels: list[str]  # sorted
    credit: np.ndarray  # of each channel
    draws: np.ndarray  # replicates x channels

    def minus(self, other: Replicates) -> Replicates:
        """How much more credit this model gives than the `other` does, in each replicate.

        Both must have been resampled with the same replicates of the same persons: the weights
        are then the same, so what both models share cancels.
        """
        if self.channels != other.channels or len(self.draws) != len(other.draws):
            raise ValueError(
                f"{len(self.draws)} replicates of {self.channels} cannot be compared with "
                f"{len(other.draws)} of {other.channels}; resample both models on the same paths"
            )
        return Replicates(self.channels, self.credit - other.credit, self.draws - other.draws)


def rules_only(models: Mapping[str, AttributionModel]) -> None:
    """Raise ValueError if one is fitted."""
    for name, model in models.items():
        if model._learned:
            raise ValueError(
                f"model {name!r} is fitted, and its fit would differ between replicates; only "
                "rules have sums to resample. Use of_markov, or refit on resampled persons."
            )


def of_rules(
    models: Mapping[str, AttributionModel],
    paths: pa.Table,
    keys: np.ndarray,
    replicates: int = REPLICATES,
) -> dict[str, Replicates]:
    """Replicates of each model; a rule's channel sums add up over persons, so none is refitted.

    `keys` are those of the paths' persons (`bootstrap.person_keys`); lost paths count for nothing.
    """
    rules_only(models)
    won = outcomes(paths)
    paths, keys = paths.filter(pa.array(won)), keys[won]
    touches = Touches.read(paths)
    group = groups(keys)[touches.path]
    found = {}
    for name, model in models.items():
        credit = model.attribute(paths).column("credit").to_numpy()
        sums = group_sums(group, touches.codes, credit, len(touches.channels))
        whole = np.bincount(touches.codes, credit, minlength=len(touches.channels))
        found[name] = Replicates(touches.channels, whole, resampled_sums(sums, replicates))
    return found


def of_markov(
    model: Markov, paths: pa.Table, keys: np.ndarray, replicates: int = REPLICATES
) -> Replicates:
    """Replicates of the channel totals of Markov(order), outcome "conversions", each one refitted.

    The moves of each path are counted once; a replicate weighs them and solves its chain.
    """
    if model.outcome != "conversions":
        raise ValueError(f"outcome={model.outcome!r}; only 'conversions' can be resampled")
    fitted = Markov(**model.get_params()).fit(paths)
    converts, every = outcomes(paths), Touches.read(paths)
    kept = (every.lengths > 0) & (converts | (model.losses != "drop"))
    touches = every.only(kept)
    if not touches.channels:
        return Replicates([], np.zeros(0), np.zeros((replicates, 0)))
    cells = _Cells.of(touches, converts[kept], groups(keys[kept]), int(model.order))
    sums = resampled_sums(cells.held, replicates)
    draws = np.array([cells.totals(counts) for counts in sums]).reshape(replicates, -1)
    return Replicates(touches.channels, np.array(list(fitted.totals_.values())), draws)


@dataclass(frozen=True)
class _Cells:
    """What persons add to the chain: columns are moves, then conversions, then losses of states."""

    held: sparse.csr_array  # groups x columns, as `group_sums` gives them
    came_from: np.ndarray  # of each move
    went_to: np.ndarray  # of each move
    channel: np.ndarray  # of each state: that of its last touch; -1 for the start
    channels: int

    @classmethod
    def of(cls, touches: Touches, converts: np.ndarray, group: np.ndarray, order: int) -> _Cells:
        """Count every path's moves; as in `chain.count_chain`, staying in a state is none."""
        state = states_of(touches, order)
        size = int(state.max(initial=0)) + 1
        came_from = np.concatenate(([0], state[:-1]))
        came_from[touches.offsets[:-1]] = 0
        goes = came_from != state
        moves, place = rank(came_from[goes] * size + state[goes])
        ends = state[touches.offsets[1:] - 1] + len(moves) + np.where(converts, 0, size)
        whose = np.concatenate((group[touches.path[goes]], group))
        column = np.concatenate((place, ends))
        held = group_sums(whose, column, np.ones(len(column)), len(moves) + 2 * size)
        channel = np.full(size, -1)
        channel[state] = touches.codes
        return cls(held, moves // size, moves % size, channel, len(touches.channels))

    def totals(self, counts: np.ndarray) -> np.ndarray:
        """Credit of each channel if the columns sum to `counts`."""
        moved, won, lost = np.split(counts, np.cumsum([len(self.went_to), len(self.channel)]))
        size = len(self.channel)
        moves = sparse.coo_array((moved, (self.came_from, self.went_to)), shape=(size, size))
        left = moves.tocsr().sum(axis=1) + won + lost
        left[left == 0] = 1.0  # a state that no person of the replicate was in
        chances = sparse.diags_array(1.0 / left) @ moves.tocsr()
        effects, _ = factored_effects(Chain(chances, won / left, self.channel), self.channels)
        return effects / effects.sum() * won.sum() if effects.any() else effects


def one_step(
    coefficients: np.ndarray,
    bend: np.ndarray,
    scores: np.ndarray,
    keys: np.ndarray,
    replicates: int = REPLICATES,
) -> np.ndarray:
    """Replicates x coefficients of a maximum likelihood fit: one Newton step from the fit, each.

    ``coefficients + (weight - 1) scores / bend`` summed over rows; `scores` is each row's gradient
    of the log likelihood at the fit (rows x coefficients) and `bend` minus its second derivative
    over all rows. Costs one sum, where a refit would cost a fit for every replicate.
    """
    rows, many = scores.shape
    group, column = np.repeat(groups(keys), many), np.tile(np.arange(many), rows)
    sums = resampled_sums(group_sums(group, column, scores.ravel(), many), replicates)
    moved = sums - scores.sum(axis=0)
    return coefficients + np.linalg.solve(bend, moved.T).T
