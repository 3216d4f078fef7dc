"""Replicates that redraw persons and weeks: for campaigns that pulse and move everybody at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from scipy import stats

from models.base import AttributionModel
from models.bootstrap import UNIT, group_sums, groups, mixed, weights
from models.resampled import REPLICATES, Replicates, rules_only
from models.touches import Touches, outcomes

LEAST_WEEKS = 8  # redrawing fewer says more of the draw than of the weeks
_ODD = np.uint64(0x9E3779B97F4A7C15)


def week_weights(weeks: np.ndarray, replicates: int) -> np.ndarray:
    """Distinct weeks x replicates: how often a week is in a replicate, Poisson of mean 1.

    A function of the week's number and the replicate alone.

    >>> week_weights(np.array([2900, 2901]), 4).tolist()
    [[1.0, 0.0, 2.0, 2.0], [2.0, 0.0, 0.0, 0.0]]
    """
    rows = mixed((weeks.astype(np.uint64) + np.uint64(1)) * _ODD)
    drawn = mixed(rows[:, None] + np.arange(1, replicates + 1, dtype=np.uint64))
    times: np.ndarray = stats.poisson.ppf((drawn >> np.uint64(11)).astype(float) * 2.0**-53, 1.0)
    return np.maximum(times, 0.0)


def of_weeks(
    models: Mapping[str, AttributionModel],
    paths: pa.Table,
    keys: np.ndarray,
    weeks: np.ndarray,
    replicates: int = REPLICATES,
) -> dict[str, Replicates]:
    """Replicates of each rule where a path counts as often as its person times its week.

    `weeks` numbers the week of each path, as its conversion's days since 1970 over 7. Persons alone
    tell how credit would differ with other persons under the same campaigns; with the weeks, also
    how it would had the pulses fallen otherwise. Intervals are wider for it, rather too wide than
    too narrow where weeks are much alike (Owen 2007, the pigeonhole bootstrap). Needs 8 weeks.
    """
    rules_only(models)
    won = outcomes(paths)
    paths, keys, weeks = paths.filter(pa.array(won)), keys[won], weeks[won]
    known, place = np.unique(weeks, return_inverse=True)
    if len(known) < LEAST_WEEKS:
        raise ValueError(
            f"paths are of {len(known)} weeks; expected {LEAST_WEEKS} or more. Resample persons "
            "alone (of_rules), or take a longer period"
        )
    touches = Touches.read(paths)
    many, size = len(touches.channels), len(known)
    group, column = groups(keys)[touches.path], touches.codes * size + place[touches.path]
    often, times = weights(replicates).astype(np.float64), week_weights(known, replicates)
    found = {}
    for name, model in models.items():
        credit = model.attribute(paths)["credit"].to_numpy()
        sums = group_sums(group, column, credit, many * size).T @ often * UNIT
        draws = (sums.reshape(many, size, replicates) * times).sum(axis=1).T
        whole = np.bincount(touches.codes, credit, minlength=many)
        found[name] = Replicates(touches.channels, whole, draws)
    return found
