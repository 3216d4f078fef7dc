"""Chances to convert of paths that a model was not fitted on, and how good they proved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy import sparse, special
from scipy.sparse import linalg

from models.bagged_logistic import BaggedLogistic
from models.base import AttributionModel
from models.chain import count_chain, states_of
from models.markov import Markov
from models.sets import presence
from models.touches import Touches, outcomes

BINS = 10  # of paths by their chance, to compare chances with what happened
_LEAST = 1e-6  # no chance is taken for 0 or 1


@dataclass(frozen=True)
class Forecast:
    """How chances compare with what happened, over `paths` people."""

    paths: float
    conversions: float
    log_loss: float  # nats per path; smaller is better
    base_loss: float  # of who knows only how many of the people learned from converted
    calibration_error: float  # mean distance of chance and share, over bins of equal size
    ratio: float  # conversions expected over conversions seen
    auc: float  # chance that a path that converts is ranked above one that does not

    @property
    def gain(self) -> float:
        """Share of the base loss that the model saves; below 0 it knows less than nothing."""
        return 1 - self.log_loss / self.base_loss


def chances(
    model: AttributionModel, earlier: pa.Table, weight: np.ndarray, later: pa.Table
) -> np.ndarray | None:
    """Of each later path: its chance to convert, learned from the earlier ones.

    None if the model states no chance, as rules do not. Tables as models read them; `weight`
    counts people of each earlier path.
    """
    for kind, chance in _STATING.items():
        if isinstance(model, kind):
            return chance(model, earlier, weight, later)
    return None


def base_rate(earlier: pa.Table, weight: np.ndarray) -> float:
    """The share of the people that converted, not quite 0 and not quite 1."""
    won = weight[outcomes(earlier)].sum()
    return float((won + 0.5) / (weight.sum() + 1))


def _of_markov(model: Markov, earlier: pa.Table, weight: np.ndarray, later: pa.Table) -> np.ndarray:
    """By the last channels. States seldom seen lean on those of a shorter memory, down to none."""
    touches = Touches.read(
        pa.concat_tables([earlier.select(["channels"]), later.select(["channels"])])
    )
    converts = outcomes(earlier)
    nothing = np.zeros(later.num_rows)
    won = np.concatenate((np.where(converts, weight, 0), nothing))
    lost = np.concatenate((np.where(converts, 0, weight), nothing))
    last = touches.offsets[1:][earlier.num_rows :] - 1
    chance = np.full(later.num_rows, base_rate(earlier, weight))
    for order in range(1, int(model.order) + 1):
        chain, state = count_chain(touches, won, lost, order), states_of(touches, order)
        size = len(chain.converts)
        found = linalg.spsolve(
            sparse.csc_array(sparse.eye_array(size) - chain.moves), chain.converts
        )
        often = np.bincount(state, (won + lost)[touches.path], minlength=size)
        here = state[last]
        chance = (often[here] * found[here] + chance) / (often[here] + 1)
    return chance


def _of_bagged_logistic(
    model: BaggedLogistic, earlier: pa.Table, weight: np.ndarray, later: pa.Table
) -> np.ndarray:
    """By the channels touched; the intercept is such that as many are expected as converted."""
    model.fit(earlier, sample_weight=weight)
    odds = _log_odds(model, earlier)
    rate = base_rate(earlier, weight)
    low, high = -50.0, 50.0
    for _ in range(60):
        middle = (low + high) / 2
        is_short = weight @ special.expit(odds + middle) < rate * weight.sum()
        low, high = (middle, high) if is_short else (low, middle)
    chance: np.ndarray = special.expit(_log_odds(model, later) + low)
    return chance


def _log_odds(model: BaggedLogistic, paths: pa.Table) -> np.ndarray:
    touches = Touches.read(paths)
    of_channel = [model.coefficients_.get(channel, 0.0) for channel in touches.channels]
    odds: np.ndarray = presence(touches) @ np.array(of_channel)
    return odds


_STATING: dict[type, Callable[..., np.ndarray]] = {
    Markov: _of_markov,
    BaggedLogistic: _of_bagged_logistic,
}


def forecast(chance: np.ndarray, converts: np.ndarray, weight: np.ndarray, base: float) -> Forecast:
    """How good chances of paths proved; `weight` counts the people of each path.

    >>> round(forecast(np.array([0.5, 0.5]), np.array([True, False]), np.ones(2), 0.5).gain, 6)
    0.0
    """
    won = np.where(converts, weight, 0.0)
    sure = np.clip(chance, _LEAST, 1 - _LEAST)

    def loss(said: np.ndarray | float) -> float:
        told = won @ np.log(said + np.zeros_like(won)) + (weight - won) @ np.log1p(-said + 0 * won)
        return float(-told / weight.sum())

    return Forecast(
        float(weight.sum()), float(won.sum()), loss(sure), loss(base),
        calibration_error(sure, won, weight), float(weight @ sure / won.sum()),
        auc(sure, won, weight - won),
    )  # fmt: skip


def calibration_error(chance: np.ndarray, won: np.ndarray, weight: np.ndarray) -> float:
    """Mean distance between chances and what share converted, over bins of about equal size."""
    order = np.argsort(chance, kind="stable")
    done = np.cumsum(weight[order]) - weight[order] / 2
    place = np.minimum((BINS * done / weight.sum()).astype(np.int64), BINS - 1)
    expected = np.bincount(place, (weight * chance)[order], minlength=BINS)
    seen = np.bincount(place, won[order], minlength=BINS)
    return float(np.abs(expected - seen).sum() / weight.sum())


def auc(chance: np.ndarray, won: np.ndarray, lost: np.ndarray) -> float:
    """Chance that one who converts is ranked above one who does not; ties count half.

    >>> auc(np.array([0.1, 0.2]), np.array([0.0, 1.0]), np.array([1.0, 0.0]))
    1.0
    """
    values, place = np.unique(chance, return_inverse=True)
    wins, losses = (np.bincount(place, one, minlength=len(values)) for one in (won, lost))
    below = np.cumsum(losses) - losses / 2
    return float(wins @ below / (wins.sum() * losses.sum()))
