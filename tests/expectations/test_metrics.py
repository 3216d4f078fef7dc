"""Counts agree with counting by hand; digests see what rows say and nothing else."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

import pytest

from expectations.contract import Column, Table, Type
from expectations.metrics import digest, metrics
from expectations.promises import promises
from expectations.tables import TABLES
from tests.expectations.worlds import MONDAY, TUESDAY, VISITS, Row, frame, visit

pytestmark = pytest.mark.spark

COUNTED_BY_HAND = {
    "part is at least 0": lambda row: row["part"] is not None and row["part"] < 0,
    "mood is one of good, bad, don't": lambda row: (
        row["mood"] not in ("good", "bad", "don't", None)
    ),
    "share is at least 0": lambda row: row["share"] is not None and row["share"] < 0,
    "share is at most 1": lambda row: row["share"] is not None and row["share"] > 1,
    "pages holds no null": lambda row: None in (row["pages"] or []),
    "clicks holds no null": lambda row: None in (row["clicks"] or []),
    "labels holds no null": lambda row: None in (row["labels"] or {}).values(),
    "page_count counts pages": lambda row: (
        row["pages"] is not None
        and row["page_count"] is not None
        and row["page_count"] != len(row["pages"])
    ),
} | {
    f"{name} is not null": lambda row, name=name: row[name] is None
    for name, column in VISITS.columns.items()
    if not column.nullable
}


def dirty_rows(random: Random, count: int) -> list[Row]:
    choices = {
        "part": [0, 0, 1, -1, None],
        "mood": ["good", "don't", "odd", None],
        "share": [Decimal(1), Decimal("0.5"), Decimal("-0.1"), Decimal("1.5"), None],
        "pages": [["/", "/buy"], [], ["/", None], None],
        "clicks": [[], [None], None, [{"x": 1, "at": None}]],
        "labels": [{}, {"a": None}, None, {"a": "b"}],
        "page_count": [2, 0, 3, None],
        "arrived_at": [None, datetime(2026, 1, 1, tzinfo=UTC)],
    }
    return [
        visit(f"v{random.randrange(count // 2)}", random.choice([MONDAY, TUESDAY]))
        | {name: random.choice(values) for name, values in choices.items()}
        for _ in range(count)
    ]


def by_hand(rows: list[Row]) -> dict[str, Counter[str]]:
    counts = {
        sentence: Counter(str(row["visit_date"]) for row in rows if breaks(row))
        for sentence, breaks in COUNTED_BY_HAND.items()
    }
    keys = Counter((row["visit_id"], row["part"]) for row in rows)
    last = {key: max(str(r["visit_date"]) for r in rows if (r["visit_id"], r["part"]) == key)
            for key in keys}  # fmt: skip
    unique = counts["(visit_id, part) is unique"] = Counter()
    for key, times in keys.items():
        unique[last[key]] += times - 1
    sums = counts["the shares of a visit sum to 1"] = Counter()
    for day, visit_id in {(str(row["visit_date"]), row["visit_id"]) for row in rows}:
        own = [r for r in rows if (str(r["visit_date"]), r["visit_id"]) == (day, visit_id)]
        shares = [row["share"] for row in own if row["share"] is not None]
        sums[day] += bool(shares) and sum(shares) != 1
    return counts


def test_metrics_agree_with_counting_by_hand(spark):
    rows = dirty_rows(Random(7), 120)
    expected = by_hand(rows)
    found = {row["day"]: row for row in metrics(frame(spark, rows), VISITS)}
    assert set(expected) == {promise.sentence for promise in promises(VISITS)}
    for day in (str(MONDAY), str(TUESDAY)):
        assert found[day]["rows"] == sum(str(row["visit_date"]) == day for row in rows)
        counted = {sentence: expected[sentence][day] for sentence in expected}
        assert counted == {sentence: found[day][sentence] for sentence in expected}
    assert all(sum(counts.values()) for name, counts in expected.items()
               if not name.endswith("visit_id is not null") and "date" not in name)  # fmt: skip


def test_digest_does_not_depend_on_order_layout_or_arrival(spark):
    rows = dirty_rows(Random(1), 60)
    shuffled = Random(2).sample(rows, len(rows))
    late = [row | {"arrived_at": datetime(2027, 1, 1, tzinfo=UTC)} for row in shuffled]
    relabelled = [
        row | {"labels": row["labels"] and dict(reversed(row["labels"].items()))} for row in late
    ]
    first = digest(frame(spark, rows), VISITS)
    assert digest(frame(spark, relabelled).repartition(7), VISITS) == first
    by_day = metrics(frame(spark, rows), VISITS)
    assert sum(int(row["digest"]) for row in by_day) == first[1]


@pytest.mark.parametrize(
    "changed",
    [
        {"mood": None, "note": "good"},  # the same words in another column
        {"note": ""},
        {"share": Decimal("0.999999999999")},
        {"pages": ["/buy", "/"]},
        {"pages": ["/", "/buy", None]},
        {"labels": {"a": "2", "b": "1"}},
        {"clicks": []},
        {"visit_date": TUESDAY},
    ],
    ids=str,
)
def test_digest_sees_every_change_of_what_a_row_says(spark, changed):
    same = digest(frame(spark, [visit()]), VISITS)
    assert digest(frame(spark, [visit()]), VISITS) == same
    assert digest(frame(spark, [visit(**changed)]), VISITS) != same


def test_a_partition_may_be_called_anything_even_day(spark):
    columns = {"id": Column(Type.LONG, ""), "day": Column(Type.DATE, "")}
    table = Table("t", "One row per id.", ("id",), columns, partitioned_by="day")
    rows = [{"id": 1, "day": MONDAY}, {"id": 1, "day": TUESDAY}, {"id": 2, "day": TUESDAY}]
    found = [(row["day"], row["rows"], row["id is unique"])
             for row in metrics(frame(spark, rows, table), table)]  # fmt: skip
    assert found == [(str(MONDAY), 1, 0), (str(TUESDAY), 2, 1)]


def test_digest_counts_a_row_twice_if_it_is_there_twice(spark):
    once, twice = (digest(frame(spark, [visit()] * times), VISITS) for times in (1, 2))
    assert twice == (2, 2 * once[1])


def test_an_empty_unpartitioned_table_has_one_row_of_metrics_and_a_partitioned_one_none(spark):
    whole = Table("whole", "One row per id.", ("id",), {"id": Column(Type.STRING, "Id")})
    [row] = metrics(frame(spark, [], whole), whole)
    assert row == {"day": "", "rows": 0, "digest": 0, "id is not null": 0, "id is unique": 0}
    assert metrics(frame(spark, []), VISITS) == []


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda t: t.name)
def test_metrics_can_be_taken_of_every_table(spark, table):
    promised = [promise.sentence for promise in promises(table)]
    assert len(promised) == len(set(promised))
    rows = metrics(frame(spark, [], table), table)
    whole = [] if table.partitioned_by else [{"day", "rows", "digest", *promised}]
    assert [set(row) for row in rows] == whole
