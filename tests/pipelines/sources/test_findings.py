"""The figures of `touchstone sources check`, without Spark."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import sources  # noqa: F401  (adds its commands)
from pipelines.cli.app import app
from pipelines.errors import UnfitFileError, UsageError
from pipelines.ingest.mapping import load_mappings
from pipelines.sources.findings import Limits, findings
from pipelines.sources.page import figures, side_by_side
from pipelines.sources.trial import WORD, Trial, route_for, source_word

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MAPPINGS = load_mappings()
EVENT = {
    "event_id": "e", "record_version": NOON, "payload_hash": "p", "event_type": "order",
    "event_name": None, "occurred_at": NOON, "ids": [{"type": "user_id", "value": "u"}],
    "value": Decimal(10), "currency": "EUR", "attributes": [], "line": 1, "part": 0,
    "reason": None, "bad_field": None, "bad_value": None,
}  # fmt: skip
SPENT = {
    "platform": "google_ads", "account_id": "1", "campaign_id": "c", "spend_date": NOON.date(),
    "cost": Decimal(5), "currency": "EUR", "reason": None, "line": 1,
}  # fmt: skip


def rejected(reason, field=None, value=None, **more):
    return EVENT | {"reason": reason, "bad_field": field, "bad_value": value} | more


def found(*rows, mapping="sendgrid", **limits):
    route, _ = route_for(MAPPINGS[mapping], Path("a.json"))
    trial = Trial(MAPPINGS[mapping], "a.json", route, records=len(rows), rows=list(rows))
    return findings(trial, Limits(**{"max_quarantine": 1.0} | limits))


def test_rejected_parts_are_counted_by_reason_and_field_with_the_first_of_each():
    told = found(
        EVENT,
        rejected("bad_timestamp", "occurred_at", "later", line=7),
        rejected("bad_timestamp", "occurred_at", "soon", line=3),
        rejected("bad_json", line=9),
    )["quarantine"]
    assert [(one["reason"], one["count"], one["first_line"]) for one in told] == [
        ("bad_timestamp", 2, 3), ("bad_json", 1, 9),
    ]  # fmt: skip
    assert told[0]["first_value"] == "soon"


def test_a_key_that_different_events_share_is_told_from_an_event_told_twice():
    twice = found(EVENT, EVENT)["repeats"]
    shared = found(EVENT, EVENT | {"payload_hash": "q"})["repeats"]
    assert twice == {"by_key": 1, "word_for_word": 1, "contradicting": 0}
    assert shared == {"by_key": 1, "word_for_word": 0, "contradicting": 1}


def test_late_and_future_are_seen_from_the_newest_event_or_the_day_given():
    rows = [EVENT | {"occurred_at": NOON + timedelta(days=n)} for n in (-9, 0, 1, 2)]
    alone = found(*rows)["time"]
    assert (alone["late_share"], alone["future_share"]) == (0.25, None)
    assert alone["as_of"] == NOON + timedelta(days=2)
    seen = found(*rows, as_of=NOON + timedelta(hours=12))["time"]
    assert (seen["late_share"], seen["future_share"]) == (0.25, 0.5)


def test_words_without_a_translation_are_told_accepted_or_not():
    rows = [
        EVENT | {"event_type": "other", "attributes": [(WORD, "wink")]},
        EVENT | {"event_type": "other", "event_name": "nod"},
        rejected("missing_required", "event_type", event_type=None, attributes=[(WORD, "wink")]),
        rejected("bad_value", "event_type", "wave"),
    ]
    assert found(*rows)["unmapped"] == {"wink": 2, "nod": 1, "wave": 1}


def test_amounts_are_summed_by_currency_and_only_where_there_are_any():
    rows = [EVENT, EVENT | {"value": None}, EVENT | {"currency": "USD", "value": Decimal("0.5")}]
    assert found(*rows)["money"] == [
        {"currency": "EUR", "amounts": 1, "sum": Decimal(10)},
        {"currency": "USD", "amounts": 1, "sum": Decimal("0.5")},
    ]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([], "no records"),
        ([rejected("bad_json")], "nothing of it is mapped"),
        ([EVENT, rejected("bad_json")], "50.0% would go to quarantine, more than 40.0%"),
        ([EVENT | {"ids": []}], "no event has an identifier"),
        ([EVENT | {"event_type": "other"}], "every event is of type 'other'"),
    ],
)
def test_a_file_that_is_of_no_use_fails_with_the_reason(rows, why):
    assert why in "; ".join(found(*rows, max_quarantine=0.4)["failed"])


def test_a_good_file_fails_nothing_and_spend_needs_no_identity():
    assert found(EVENT)["failed"] == []
    spent = found(SPENT, mapping="google_ads")
    assert spent["failed"] == []
    assert (spent["campaigns"], spent["accounts"]) == (1, ["google_ads 1"])
    assert any("2026-03-04 to 2026-03-04" in line for line in figures(spent))


def test_raw_stands_beside_mapped_and_a_rejection_beside_its_record():
    row = EVENT | {"payload": '{"kind": "buy", "empty": ""}', "attributes": [(WORD, "buy")]}
    assert next(iter(side_by_side(row))) == ("kind: buy", "event_type: order")
    assert not any(WORD in right or "empty" in left for left, right in side_by_side(row))
    bad = rejected("bad_json", value="{", payload="{")
    assert list(side_by_side(bad)) == [("{", "rejected: bad_json: '{'")]


def test_the_word_translated_is_read_where_the_translation_reads_it():
    word = source_word(MAPPINGS["sendgrid"])
    assert word is not None
    assert word.map is None
    assert source_word(MAPPINGS["touchstone"]) is None


def test_a_file_is_routed_by_its_name_and_an_unknown_name_is_told():
    route, is_named = route_for(MAPPINGS["ga4"], Path("x.parquet"))
    assert (route.read.format, is_named) == ("parquet", True)
    route, is_named = route_for(MAPPINGS["shopify_orders"], Path("mine.csv"))
    assert (route.read.format, is_named) == ("csv", False)


def test_an_unknown_mapping_is_told_with_the_nearest(tmp_path):
    words = ["--home", str(tmp_path), "sources", "check", "sendgird", "x"]
    with pytest.raises(UsageError, match="did you mean 'sendgrid'"):
        CliRunner().invoke(app, words, catch_exceptions=False)
    assert UnfitFileError.exit_code == 14
