"""Three numbers on how sure a month's figures are."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pytest

from models.bootstrap import GROUPS, weights
from models.calibrate import learn_bias, reconcile
from models.certainty import ROWS, month_rows
from models.lift_tests import LiftTest
from models.multipliers import Multipliers, calibrated_ranks, learned
from models.resampled import Replicates
from models.uncertainty import intervals

MODELS = ("first_touch", "linear", "markov")
LABELS = [("Ads", "autumn"), ("Ads", "winter"), ("Mail", "news"), ("Talk", "(not set)")]
WEIGHT = {"first_touch": (8, 1, 2, 0), "linear": (5, 2, 3, 0), "markov": (1, 1, 1, 0)}
MARCH = ("all", np.datetime64("2026-03-01"), np.datetime64("2026-03-31"))
TEST = LiftTest("Ads", *MARCH, estimate=400.0, standard_error=60.0)


def made_cells(seed: int = 0) -> pa.Table:
    """One row per label and group of persons with credit, and what two campaigns cost."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, object]] = []
    for at, (channel, campaign) in enumerate(LABELS[:3]):
        for group in rng.choice(GROUPS, 200, replace=False).tolist():
            share = rng.random()
            row: dict[str, object] = {"channel": channel, "campaign": campaign, "group": group}
            for model in MODELS:
                credit = WEIGHT[model][at] * share
                row |= {f"conversions_{model}": credit, f"value_{model}": 40 * credit}
            rows.append(row)
    for label, cost in ((LABELS[0], 500.0), (LABELS[3], 70.0)):
        rows.append({"channel": label[0], "campaign": label[1], "group": -1, "cost": cost})
    names = ["channel", "campaign", "group", "cost"]
    numbers = [f"{what}_{model}" for model in MODELS for what in ("conversions", "value")]
    kinds = {"channel": pa.string(), "campaign": pa.string(), "group": pa.int32()}
    schema = pa.schema([(name, kinds.get(name, pa.float64())) for name in [*names, *numbers]])
    return pa.Table.from_pylist(rows, schema=schema)


@cache
def told(tested: bool = False) -> list[dict]:
    tests = {model: learned([TEST], np.array([900.0])) for model in MODELS} if tested else None
    return month_rows(made_cells(), MODELS, ["markov"], tests).to_pylist()


def one(model: str, channel: str, figure: str, campaign: str = "(all)", tested: bool = False):
    found = [
        row for row in told(tested)
        if (row["model"], row["channel"], row["figure"], row["campaign"])
        == (model, channel, figure, campaign)
    ]  # fmt: skip
    return found[0] if found else None


def test_campaigns_of_a_channel_add_up_to_it_in_every_replicate_not_end_by_end():
    whole = one("linear", "Ads", "conversions")
    parts = [one("linear", "Ads", "conversions", name) for name in ("autumn", "winter")]
    assert whole["amount"] == pytest.approx(sum(part["amount"] for part in parts))
    width = whole["sampling_high"] - whole["sampling_low"]
    assert width < sum(part["sampling_high"] - part["sampling_low"] for part in parts)


def test_the_sampling_interval_is_that_of_the_replicates_done_another_way():
    cells = made_cells().to_pylist()
    sums = np.zeros(GROUPS)
    for row in cells:
        if row["channel"] == "Mail":
            sums[row["group"]] += row["conversions_linear"]
    draws = sums @ weights(200)
    by_hand = intervals(Replicates(["Mail"], np.array([sums.sum()]), draws[:, None])).to_pylist()[0]
    row = one("linear", "Mail", "conversions")
    assert row["sampling_low"] == pytest.approx(by_hand["credit_low"], abs=1e-3)
    assert row["sampling_high"] == pytest.approx(by_hand["credit_high"], abs=1e-3)


def test_rows_depend_on_no_order_of_the_cells():
    cells = made_cells()
    mixed = cells.take(pa.array(np.random.default_rng(1).permutation(cells.num_rows)))
    assert month_rows(mixed, MODELS) == month_rows(cells, MODELS)


def test_the_band_reaches_over_all_models_and_names_them():
    row = one("linear", "Ads", "conversions")
    assert row["band_low"] == one("markov", "Ads", "conversions")["amount"]
    assert row["band_high"] == one("first_touch", "Ads", "conversions")["amount"]
    assert (row["band_low_model"], row["band_high_model"]) == ("markov", "first_touch")
    assert row["doubt"] == "models"


def test_cost_per_conversion_is_high_where_conversions_are_low():
    cpa, count = one("linear", "Ads", "cpa"), one("linear", "Ads", "conversions")
    assert cpa["amount"] == pytest.approx(500 / count["amount"])
    assert cpa["sampling_low"] == pytest.approx(500 / count["sampling_high"])
    assert cpa["band_high_model"] == "markov"


def test_what_cost_money_and_earned_nothing_has_a_return_of_nothing_and_no_cost_per_conversion():
    assert one("linear", "Talk", "roas")["amount"] == 0.0
    assert one("linear", "Talk", "cpa") is None
    assert one("linear", "Mail", "roas") is None
    assert one("linear", "Talk", "rank")["amount"] == 3


def test_without_lift_tests_nothing_is_calibrated():
    assert {row["calibrated"] for row in told()} == {None}
    assert {row["lift_tests"] for row in told()} == {0}


def test_a_channel_is_calibrated_as_reconcile_does_and_a_campaign_less_surely():
    bias = learn_bias([TEST], np.array([900.0]))
    row = one("linear", "Ads", "conversions", tested=True)
    (want,) = reconcile({"Ads": row["amount"]}, bias).to_pylist()
    for name in ("calibrated_low", "calibrated", "calibrated_high"):
        assert row[name] == pytest.approx(want[name])
    campaign = one("linear", "Ads", "conversions", "autumn", tested=True)
    spread = [one["calibrated_high"] / one["calibrated_low"] for one in (row, campaign)]
    assert spread[1] > 1.5 * spread[0]
    assert (row["lift_tests"], row["own_lift_tests"]) == (1, 1)
    assert one("linear", "Mail", "conversions", tested=True)["own_lift_tests"] == 0


def test_calibration_leaves_sampling_and_band_alone():
    kept = [name for name in ROWS.names if not name.startswith("calibrated") and "lift" not in name]
    assert [[row[k] for k in kept] for row in told()] == [
        [row[k] for k in kept] for row in told(tested=True)
    ]


def test_calibrated_cost_per_conversion_is_that_of_the_calibrated_conversions():
    cpa, count = (one("linear", "Ads", name, tested=True) for name in ("cpa", "conversions"))
    assert cpa["calibrated"] == pytest.approx(500 / count["calibrated"])
    assert cpa["calibrated_low"] == pytest.approx(500 / count["calibrated_high"])
    assert one("linear", "Ads", "share", tested=True)["calibrated"] is None


def test_a_test_of_a_channel_without_credit_teaches_nothing():
    lone = LiftTest("Radio", *MARCH, estimate=10.0, standard_error=5.0)
    assert learned([lone], np.array([0.0])) == Multipliers()
    both = learned([TEST, lone], np.array([900.0, 0.0]))
    assert (both.tests, dict(both.own)) == (1, {"Ads": 1})


def test_places_are_sure_where_intervals_are_apart():
    apart = np.array([[10.0, 1.0, 5.0], [11.0, 2.0, 6.0], [12.0, 3.0, 7.0]])
    assert calibrated_ranks(apart).tolist() == [[1, 3, 2]] * 3


def test_only_fitted_models_are_said_to_take_their_fit_as_given():
    assert {row["model"] for row in told() if row["is_fit_given"]} == {"markov"}


def test_large_sums_are_weighed_in_coarser_units():
    cells = made_cells()
    at = cells.schema.get_field_index("value_linear")
    much = cells.set_column(at, "value_linear", pa.array([
        None if v is None else v * 2.0**40 for v in cells["value_linear"].to_pylist()
    ], pa.float64()))  # fmt: skip
    row = next(
        row for row in month_rows(much, MODELS).to_pylist()
        if (row["model"], row["channel"], row["figure"]) == ("linear", "Mail", "value")
    )  # fmt: skip
    want = one("linear", "Mail", "value")
    assert row["sampling_low"] == pytest.approx(want["sampling_low"] * 2.0**40, rel=1e-6)


def test_a_month_without_credit_and_cost_has_no_rows():
    assert month_rows(made_cells().slice(0, 0), MODELS).num_rows == 0
