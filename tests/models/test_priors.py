"""What media-mix tools are given, in the columns and units that each documents."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from scipy import stats

from models.calibrate import learn_bias, reconcile
from models.lift_tests import LiftTest
from models.priors import for_meridian, for_pymc_marketing, for_robyn

DAYS = (np.datetime64("2026-03-02"), np.datetime64("2026-03-29"))  # four weeks
DISPLAY = LiftTest("Display", "all", *DAYS, 120.0, 40.0, 8_000.0)
SOCIAL = LiftTest("Social", "all", *DAYS, 30.0, 60.0, 2_000.0)


def test_meridian_gets_the_log_normal_of_roi_in_the_order_of_its_channels():
    bias = learn_bias([DISPLAY], np.array([300.0]))
    calibrated = reconcile({"Display": 600.0, "Social": 100.0, "Organic": 0.0}, bias)
    table = for_meridian(calibrated, {"Social": 4e3, "Display": 16e3, "Radio": 1e3}, value=50.0)
    social, display, radio = table.to_pylist()
    assert [social["channel"], display["channel"], radio["channel"]] == [
        "Social",
        "Display",
        "Radio",
    ]
    assert {row["distribution"] for row in table.to_pylist()} == {"LogNormal"}
    prior = stats.lognorm(s=display["scale"], scale=np.exp(display["loc"]))
    row = next(r for r in calibrated.to_pylist() if r["channel"] == "Display")
    assert prior.median() == pytest.approx(row["calibrated"] * 50 / 16e3, rel=0.05)
    assert social["scale"] > display["scale"]
    assert radio["loc"] is None
    assert radio["scale"] is None


def test_meridian_has_no_roi_of_channels_that_cost_nothing():
    calibrated = reconcile({"Organic": 5.0}, learn_bias([], np.zeros(0)))
    with pytest.raises(ValueError, match=r"spend of 'Organic' is 0.*Leave out channels"):
        for_meridian(calibrated, {"Organic": 0})


def test_robyn_gets_the_tests_as_measured():
    first, second = for_robyn([DISPLAY, SOCIAL], "revenue", value=50.0).to_pylist()
    assert first == {
        "channel": "Display", "liftStartDate": date(2026, 3, 2), "liftEndDate": date(2026, 3, 29),
        "liftAbs": 6_000.0, "spend": 8_000.0, "metric": "revenue",
        "confidence": pytest.approx(0.9973, abs=1e-4), "calibration_scope": "immediate",
    }  # fmt: skip
    assert second["confidence"] == pytest.approx(0.3829, abs=1e-4)


def test_pymc_marketing_gets_spend_and_effect_of_one_date_of_its_model():
    (weekly,) = for_pymc_marketing([DISPLAY]).to_pylist()
    assert weekly == {
        "channel": "Display", "x": 0.0, "delta_x": 2_000.0, "delta_y": 30.0, "sigma": 10.0
    }  # fmt: skip
    (daily,) = for_pymc_marketing([DISPLAY], days_of_a_step=1, value=2.0).to_pylist()
    assert daily["delta_x"] == pytest.approx(8_000 / 28)
    assert daily["delta_y"] == pytest.approx(240 / 28)
    assert daily["sigma"] == pytest.approx(80 / 28)
    with pytest.raises(ValueError, match="days_of_a_step=0; expected 1"):
        for_pymc_marketing([DISPLAY], days_of_a_step=0)


@pytest.mark.parametrize("estimate", [-1.0, 0.0])
def test_what_pymc_marketing_would_refuse_is_refused_with_a_reason(estimate):
    test = LiftTest("Display", "all", *DAYS, estimate, 40.0, 8_000.0)
    with pytest.raises(ValueError, match=rf"an estimate of {estimate:g}; PyMC-Marketing takes"):
        for_pymc_marketing([test])


@pytest.mark.parametrize("export", [lambda tests: for_robyn(tests, "revenue"), for_pymc_marketing])
def test_tools_need_spend_and_tests_of_one_scope(export):
    unknown = LiftTest("Display", "all", *DAYS, 1.0, 40.0)
    with pytest.raises(ValueError, match=r"Display in all.*has spend None.*Add it in column"):
        export([unknown])
    german = LiftTest("Display", "DE", *DAYS, 1.0, 40.0, 1.0)
    with pytest.raises(ValueError, match=r"tests are of DE, all; a model of .* is of one scope"):
        export([DISPLAY, german])
