"""What lift tests and calibrated credit say, in the shapes that media-mix tools document."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
from scipy import special

from models.lift_tests import LiftTest

MERIDIAN = pa.schema(
    [
        ("channel", pa.string()),
        ("parameter", pa.string()),
        ("distribution", pa.string()),
        ("loc", pa.float64()),
        ("scale", pa.float64()),
    ]
)
ROBYN = pa.schema(
    [
        ("channel", pa.string()),
        ("liftStartDate", pa.date32()),
        ("liftEndDate", pa.date32()),
        ("liftAbs", pa.float64()),
        ("spend", pa.float64()),
        ("confidence", pa.float64()),
        ("metric", pa.string()),
        ("calibration_scope", pa.string()),
    ]
)
PYMC_MARKETING = pa.schema(
    [
        ("channel", pa.string()),
        ("x", pa.float64()),
        ("delta_x", pa.float64()),
        ("delta_y", pa.float64()),
        ("sigma", pa.float64()),
    ]
)


def for_meridian(calibrated: pa.Table, spend: Mapping[str, float], value: float = 1.0) -> pa.Table:
    """One row per channel of `spend`, in its order: ``LogNormal(loc, scale)`` of its ROI.

    Meridian's ``PriorDistribution(roi_m=LogNormal(loc, scale))`` takes one of each per media
    channel, in the order of the model's channels, so give `spend` in that order, over the days of
    `calibrated` (from `calibrate.reconcile`). `value` is the worth of a conversion; left at 1, ROI
    is conversions per unit of money, as Meridian reads it where the KPI is no revenue. A null is a
    channel whose credit could not be calibrated: keep Meridian's default there. Its mROI prior is
    left out: credit and tests that switch a channel off tell average, not marginal, return.

    Documented in `meridian.model.prior_distribution.PriorDistribution` (`roi_m`, its batch shape
    and default) and "Set custom priors when outcome is not revenue", Meridian's site.
    """
    known = {row["channel"]: row for row in calibrated.to_pylist()}
    rows = []
    for channel, spent in spend.items():
        if not (np.isfinite(spent) and spent > 0):
            raise ValueError(
                f"spend of {channel!r} is {spent!r}; expected above 0, as ROI is per unit of it. "
                "Leave out channels that cost nothing: Meridian has no ROI prior for them"
            )
        row = {"channel": channel, "parameter": "roi_m", "distribution": "LogNormal"}
        found = known.get(channel)
        if found is not None and found["log_factor"] is not None:
            roi = found["credit"] * value / spent
            row |= {"loc": np.log(roi) + found["log_factor"], "scale": found["log_factor_error"]}
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=MERIDIAN)


def for_robyn(tests: Sequence[LiftTest], metric: str, value: float = 1.0) -> pa.Table:
    """One row per lift test: Robyn's data frame ``calibration_input``.

    The tests as they were measured, not the calibrated credit: Robyn fits them itself, and a
    model's opinion is no experiment. ``liftAbs`` is the estimate times `value`, the worth of a
    conversion (1 if Robyn models conversions); ``confidence`` is 1 less the two-sided p-value;
    ``calibration_scope`` is "immediate", as its demo advises for experiments; ``metric`` must be
    the model's dependent variable and ``channel`` a media variable: rename yours to those.

    Documented in Robyn's `demo/demo.R`, step 2a-4, and checked by its `check_calibration`.
    """
    rows = []
    for test, spend in _with_spend(tests, "Robyn", lambda spend: spend >= 0, "0 or more"):
        z = abs(test.estimate) / test.standard_error
        rows.append({
            "channel": test.channel, "liftStartDate": test.period_start.item(),
            "liftEndDate": test.period_end.item(), "liftAbs": test.estimate * value, "spend": spend,
            "confidence": float(1 - 2 * special.ndtr(-z)), "metric": metric,
            "calibration_scope": "immediate",
        })  # fmt: skip
    return pa.Table.from_pylist(rows, schema=ROBYN)


def for_pymc_marketing(
    tests: Sequence[LiftTest], days_of_a_step: int = 7, value: float = 1.0
) -> pa.Table:
    """One row per lift test: the data frame of PyMC-Marketing's ``add_lift_test_measurements``.

    A test compares spend with none, so ``x`` is 0 and ``delta_x`` the spend. The tool holds them
    against a curve of spend per date of its model, so spend, estimate and standard error are
    divided by the test's length in steps of `days_of_a_step` (7 for weekly data). `value` as in
    `for_robyn`. The tool refuses an effect of another sign than its spend, and its Gamma likelihood
    gives none to 0; so this refuses both.
    Priors of its parameters are left out: they are of scaled data and depend on the curve chosen.

    Documented at `pymc_marketing.mmm.MMM.add_lift_test_measurements` (columns, likelihood) and
    `mmm.lift_test.assert_monotonic`. That curves are of one date's spend was read from the scaling
    in the source; its text does not say so.
    """
    if days_of_a_step < 1:
        raise ValueError(f"days_of_a_step={days_of_a_step!r}; expected 1 (daily), 7 (weekly), ...")
    rows = []
    for test, spend in _with_spend(tests, "PyMC-Marketing", lambda spend: spend > 0, "above 0"):
        _need_a_gain(test)
        steps = test.days / days_of_a_step
        rows.append({
            "channel": test.channel, "x": 0.0, "delta_x": spend / steps,
            "delta_y": test.estimate * value / steps,
            "sigma": test.standard_error * value / steps,
        })  # fmt: skip
    return pa.Table.from_pylist(rows, schema=PYMC_MARKETING)


def _need_a_gain(test: LiftTest) -> None:
    if test.estimate <= 0:
        raise ValueError(
            f"{test.name} has an estimate of {test.estimate:g}; PyMC-Marketing takes effects "
            "above 0 only. Leave the test out, and say so where you report: it makes the others "
            "look better than tests were"
        )


def _with_spend(
    tests: Sequence[LiftTest], tool: str, is_good: Callable[[float], bool], wanted: str
) -> list[tuple[LiftTest, float]]:
    """The tests and what was spent, if all have that and are of the one scope a model is of."""
    scopes = sorted({test.scope for test in tests})
    if len(scopes) > 1:
        raise ValueError(
            f"tests are of {', '.join(scopes)}; a model of {tool} is of one scope. Export the "
            "tests of the scope you model"
        )
    pairs = []
    for test in tests:
        if test.spend is None or not is_good(test.spend):
            raise ValueError(
                f"{test.name} has spend {test.spend!r}; {tool} needs what was spent on the channel "
                f"in the test, {wanted}. Add it in column 'spend', or leave the test out"
            )
        pairs.append((test, test.spend))
    return pairs
