"""Each shipped mapping against its sample. To write the expected files anew, after reading the
difference: TOUCHSTONE_GOLDEN=write make test."""

from __future__ import annotations

import json
import os
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from expectations.tables import EVENTS, SPEND
from pipelines import events, quarantine, spend
from pipelines.ingest.mapping import load_mappings
from tests.pipelines.landed import land, records

pytestmark = pytest.mark.spark

GOLDEN = Path(__file__).parents[2] / "golden"
MAPPINGS = sorted(path.name for path in GOLDEN.iterdir() if list(path.glob("*[0-9].*")))
DEFAULTS = {
    "quality": "source", "is_bot": False, "is_test": False, "op": "insert", "instance": "",
}  # fmt: skip
ARRIVAL = {"batch_id", "received_at", "extracted_at", "payload_hash", "payload", "file"}


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat().replace("+00:00", "Z")
    return str(value.normalize() + 0) if isinstance(value, Decimal) else value


def _row(row: dict[str, object], names: list[str]) -> dict[str, object]:
    found = {name: _plain(row[name]) for name in names if name not in ARRIVAL}
    found |= {n: dict(found[n]) for n in ("click_ids", "consent", "attributes") if n in found}
    if "ids" in found:
        found["ids"] = [f"{one['type']}:{one['value']}" for one in row["ids"]]
    return {n: v for n, v in found.items() if v not in (None, [], {}) and v != DEFAULTS.get(n)}


@pytest.fixture(scope="module")
def seen(_spark, tmp_path_factory) -> dict[str, dict[str, list[dict[str, object]]]]:
    landing, mappings = tmp_path_factory.mktemp("landing"), load_mappings()
    for name in MAPPINGS:
        (sample,) = [p for p in (GOLDEN / name).iterdir() if p.name != "expected.json"]
        land(landing, f"{mappings[name].source}/{sample.name}", sample)
    raw = records(_spark, landing, mappings).cache()
    told, paid = events.mapped(raw, mappings).cache(), spend.mapped(raw, mappings).cache()
    rejected = (
        quarantine.quarantine(raw, mappings, told, paid).orderBy("source", "line", "part").toArrow()
    )
    accepted = events.events(told).orderBy("line", "payload_hash").toArrow().to_pylist()
    booked = spend.spend(raw, mappings).orderBy("campaign_id").toArrow().to_pylist()
    found = {name: {"accepted": [], "rejected": []} for name in MAPPINGS}
    for row in accepted:
        found[row["mapping"].split("@")[0]]["accepted"].append(_row(row, list(EVENTS.columns)))
    for row in rejected.to_pylist():
        names = ["line", "part", "reason", "field", "value"]
        found[row["mapping"].split("@")[0]]["rejected"].append(_row(row, names))
    for row in booked:
        found["google_ads"]["accepted"].append(_row(row, list(SPEND.columns)))
    return found


@pytest.mark.parametrize("name", MAPPINGS)
def test_the_sample_of_a_mapping_becomes_what_we_expect(seen, name: str):
    path = GOLDEN / name / "expected.json"
    if os.environ.get("TOUCHSTONE_GOLDEN") == "write":
        path.write_text(json.dumps(seen[name], indent=1, ensure_ascii=False) + "\n")
    assert seen[name] == json.loads(path.read_text())


def test_every_shipped_mapping_has_a_sample():
    assert set(load_mappings()) == set(MAPPINGS)
