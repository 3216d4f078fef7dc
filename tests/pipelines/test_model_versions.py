"""Fitted on counted paths, frozen as text, read back and scoring: every model settings can name."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from expectations.arrow import arrow_schema
from expectations.tables import PATHS
from expectations.tables.credit import MODEL_NAMES, USUAL_MODEL_NAMES
from models.registry import learns, make
from pipelines.model_versions import FITTED, fit, most_common, versions
from pipelines.scoring import score
from pipelines.settings import ModelSection

DAY = date(2026, 3, 1)
CLOSES = datetime(2026, 3, 1, tzinfo=UTC)


def counted(lost: int = 40) -> pa.Table:
    """Distinct paths of one fit, as the pipeline counts them."""
    rows = [
        (["Email", "Direct"], True, 30), (["Email"], True, 20), (["Direct"], True, 10),
        (["Social", "Email", "Email"], True, 15), (["Social"], False, lost),
        (["Email", "Direct"], False, lost), (["Social", "Direct"], False, lost),
    ]  # fmt: skip
    return pa.table({
        "closes_at": pa.array([CLOSES] * len(rows), pa.timestamp("us", "UTC")),
        "channels": [names for names, _, _ in rows],
        "is_converted": [won for _, won, _ in rows], "paths": [count for *_, count in rows],
    })  # fmt: skip


def paths() -> pa.RecordBatch:
    """Three conversions, one without touches."""
    rows = []
    for number, names in enumerate((["Social", "Email", "Direct", "Email"], [], ["Direct"])):
        touches = [
            {"touchpoint_id": f"t{number}{i}", "channel": name, "campaign": "spring",
             "campaign_id": "7", "touched_at": CLOSES + timedelta(days=i), "weight_class": "click"}
            for i, name in enumerate(names)
        ]  # fmt: skip
        known = {
            "conversion_id": f"c{number}", "conversion_type": "order", "person_id": "p",
            "touches": touches, "dropped": [], "touch_count": len(names), "conversions": 1,
            "net_value": Decimal("10.000001"), "currency": "EUR",
            "converted_at": CLOSES + timedelta(days=9), "conversion_date": date(2026, 3, 10),
        }  # fmt: skip
        rows.append(known)
    return pa.Table.from_pylist(rows, arrow_schema(PATHS)).to_batches()[0]


def test_the_usual_models_are_what_they_were():
    assert ModelSection().use == USUAL_MODEL_NAMES
    assert len(USUAL_MODEL_NAMES) == 7


def test_every_model_that_learns_is_fitted():
    assert tuple(name for name in MODEL_NAMES if learns(name)) == FITTED
    assert set(FITTED) >= {"markov", "shapley_rate", "path_removal", "shao_li", "bagged_logistic"}


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_a_model_named_in_settings_is_fitted_frozen_and_scores(name):
    settings = ModelSection(use=(name,), min_conversions=10)
    ready = versions(fit(counted(), [DAY], settings), settings)
    found = pa.Table.from_batches(list(score([paths()], ready))).to_pylist()
    by_conversion: dict[str, list] = {}
    for row in found:
        by_conversion.setdefault(row["conversion_id"], []).append(row)
    assert {key: len(rows) for key, rows in by_conversion.items()} == {"c0": 4, "c1": 1, "c2": 1}
    for rows in by_conversion.values():
        assert sum(row["credit"] for row in rows) == 1
        assert sum(row["attributed_value"] for row in rows) == Decimal("10.000001")
    stamp = f"{name}@{DAY}/" if learns(name) else name
    assert all(row["model_version"].startswith(stamp) for row in found)


@pytest.mark.parametrize("name", FITTED)
def test_a_frozen_model_is_the_fitted_one(name):
    settings = ModelSection(use=(name,), min_conversions=10)
    row = fit(counted(), [DAY], settings).to_pylist()[0]
    table = counted()
    direct = make(name, **json.loads(row["parameters"]))
    direct.fit(table, sample_weight=np.asarray(table["paths"]))
    assert json.loads(row["learned"]) == json.loads(json.dumps(direct.learned()))
    assert dict(row["metrics"]) == direct.figures()
    assert direct.figures()


@pytest.mark.parametrize("name", sorted(set(FITTED) - {"markov"}))
def test_a_model_that_needs_lost_paths_is_refused_without_and_says_why(name):
    settings = ModelSection(use=(name,), min_conversions=10)
    row = fit(counted(lost=0), [DAY], settings).to_pylist()[0]
    assert row["learned"] == ""
    assert "75 converting and 0 lost ones" in dict(row["metrics"])["refused"]
    scored = pa.Table.from_batches(list(score([paths()], versions(
        fit(counted(lost=0), [DAY], settings), settings))))  # fmt: skip
    assert set(scored["model_version"].to_pylist()) == {f"{name}@unfitted"}


def test_markov_without_lost_paths_is_not_called_a_removal_effect():
    settings = ModelSection(use=("markov",), min_conversions=10)
    row = fit(counted(lost=0), [DAY], settings).to_pylist()[0]
    assert dict(row["metrics"])["meaning"].startswith("not removal effects")


def test_a_model_of_times_is_not_offered_in_settings():
    with pytest.raises(ValidationError, match="first_touch"):
        ModelSection(use=("additive_hazard",))


def test_people_whose_path_was_too_rare_to_be_read_are_told_as_a_share():
    table = counted()
    settings = ModelSection(use=("markov",), min_conversions=10)
    whole = fit(table, [DAY], settings).to_pylist()[0]
    all_read = fit(table.append_column("left_out", pa.array([0] * 7)), [DAY], settings)
    assert all_read.to_pylist() == [whole]
    rare = fit(table.append_column("left_out", pa.array([65] * 7)), [DAY], settings)
    assert dict(rare.to_pylist()[0]["metrics"])["left_out_share"] == str(65 / 260)


@pytest.mark.spark
def test_a_fit_reads_the_most_common_paths_and_counts_the_people_of_the_others(spark):
    rows = [(CLOSES, ["a"], True, 5), (CLOSES, ["b"], True, 2), (CLOSES, ["a", "b"], False, 2),
            (CLOSES, ["c"], False, 1), (CLOSES + timedelta(31), ["c"], False, 1)]  # fmt: skip
    kind = "closes_at timestamp, channels array<string>, is_converted boolean, paths bigint"
    found = most_common(spark.createDataFrame(rows, kind), most=2).toArrow().to_pylist()
    told = sorted((r["closes_at"], r["channels"], r["paths"], r["left_out"]) for r in found)
    later = CLOSES + timedelta(31)
    assert told == [(CLOSES, ["a"], 5, 3), (CLOSES, ["a", "b"], 2, 3), (later, ["c"], 1, 0)]
