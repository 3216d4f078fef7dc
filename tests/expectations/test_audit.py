"""Broken promises are found, named all at once, and shown; kept ones are on record too."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from random import Random

import pyarrow.compute as pc
import pytest

from expectations.arrow import arrow_schema
from expectations.audit import BrokenContract, audit, build_docs, judge, raise_if_broken
from expectations.examples import examples
from expectations.metrics import metrics
from expectations.promises import promises
from expectations.tables import TABLES
from expectations.tables.books import AUDITS
from tests.expectations.test_metrics import dirty_rows
from tests.expectations.worlds import MONDAY, TUESDAY, VISITS, frame, visit

BROKEN = [
    ("visit_id is not null", {"visit_id": None}, '{"part":"0"}'),
    ("part is at least 0", {"part": -3}, "-3"),
    ("mood is one of good, bad, don't", {"mood": "odd"}, "odd"),
    ("share is at least 0", {"share": Decimal("-0.5")}, "-0.500000000000"),
    ("share is at most 1", {"share": Decimal("1.5")}, "1.500000000000"),
    ("pages holds no null", {"pages": ["/", None]}, "[/, null]"),
    ("clicks holds no null", {"clicks": [None]}, "[null]"),
    ("labels holds no null", {"labels": {"a": None}}, "{a -> null}"),
    ("page_count counts pages", {"page_count": 9}, '{"visit_id":"v1","part":"0"}'),
]


def broken(report):
    return {(b.promise, b.day): (b.offenders, b.examples) for b in report.broken}


@pytest.mark.spark
@pytest.mark.parametrize(("promise", "changed", "example"), BROKEN, ids=[b[0] for b in BROKEN])
def test_a_row_that_breaks_a_promise_is_counted_and_shown(spark, promise, changed, example):
    rows = [visit(**changed), visit("v2"), visit("v3", TUESDAY)]
    report = audit(frame(spark, rows), VISITS, "run", use_gx=False)
    assert broken(report)[promise, "2026-01-05"] == (1, (example,))
    assert all(day == "2026-01-05" for _, day in broken(report))


@pytest.mark.spark
def test_a_rule_across_rows_shows_what_it_selects(spark):
    rows = [visit(share=Decimal("0.5")), visit(part=1, share=Decimal("0.4"))]
    report = audit(frame(spark, rows), VISITS, "run", use_gx=False)
    shown = '{"visit_id":"v1","share":"0.900000000000"}'
    assert broken(report) == {("the shares of a visit sum to 1", "2026-01-05"): (1, (shown,))}


@pytest.mark.spark
def test_a_key_that_occurs_on_two_days_is_broken_on_the_later(spark):
    report = audit(frame(spark, [visit(), visit(day=TUESDAY)]), VISITS, "run", use_gx=False)
    shown = '{"visit_id":"v1","part":"0"}'
    assert broken(report) == {("(visit_id, part) is unique", "2026-01-06"): (1, (shown,))}


@pytest.mark.spark
def test_a_row_without_a_day_breaks_the_promise_of_its_day(spark):
    report = audit(frame(spark, [visit(day=None)]), VISITS, "run", use_gx=False)
    assert ("visit_date is not null", "") in broken(report)


@pytest.mark.spark
def test_three_examples_are_shown_at_most_the_smallest_first(spark):
    rows = [visit(f"v{n}", mood=mood) for n, mood in enumerate("edcbaa")]
    report = audit(frame(spark, rows), VISITS, "run", use_gx=False)
    assert list(broken(report).values()) == [(6, ("a", "b", "c"))]


@pytest.mark.spark
def test_wrong_columns_are_named_before_anything_is_counted(spark):
    wrong = frame(spark, [visit()]).drop("mood").selectExpr(
        "* EXCEPT (part)", "CAST(part AS STRING) AS part", "1 AS extra"
    )  # fmt: skip
    report = audit(wrong, VISITS, "run")
    assert report.broken[0].examples == (
        "mood is missing", "extra is not declared", "part is string, not int"
    )  # fmt: skip
    assert report.audits.num_rows == 1


@pytest.mark.spark
def test_great_expectations_and_the_plain_judge_agree(spark):
    dirty = frame(spark, dirty_rows(Random(3), 80))
    clean = frame(spark, [visit("v1"), visit("v2", TUESDAY)])
    for rows in (dirty, clean):
        by_gx = audit(rows, VISITS, "run")
        plain = audit(rows, VISITS, "run", use_gx=False)
        assert by_gx == plain
    assert not by_gx.broken


@pytest.mark.spark
def test_an_audit_names_every_broken_promise_at_once_and_records_the_kept_ones(spark):
    rows = [visit(mood="odd", part=-1), visit("v2", TUESDAY, mood="no", page_count=0)]
    report = audit(frame(spark, rows), VISITS, "run 1")
    with pytest.raises(BrokenContract) as caught:
        raise_if_broken(report)
    assert str(caught.value) == (
        "visits breaks its contract:\n"
        "  part is at least 0: 1 row on 2026-01-05, e.g. -1 "
        "(expect_column_values_to_be_between part)\n"
        "  mood is one of good, bad, don't: 2 rows on 2026-01-05, 2026-01-06, e.g. odd, no "
        "(expect_column_values_to_be_in_set mood)\n"
        "  page_count counts pages: 1 row on 2026-01-06, "
        'e.g. {"visit_id":"v2","part":"0"} (unexpected_rows_expectation)'
    )
    assert report.audits.schema == arrow_schema(AUDITS)
    assert report.audits.num_rows == 2 * len(promises(VISITS))
    failed = report.audits.filter(pc.invert(report.audits["passed"])).to_pylist()
    assert [json.loads(row["examples"]) for row in failed if row["column"] == "mood"] == [
        ["odd"], ["no"]
    ]  # fmt: skip
    assert set(report.audits["audited_rows"].to_pylist()) == {1}


@pytest.mark.spark
def test_a_clean_frame_passes_and_tells_its_rows_and_digests(spark):
    report = audit(frame(spark, [visit("v1"), visit("v2")]), VISITS, "run", use_gx=False)
    raise_if_broken(report)
    assert report.rows == {"2026-01-05": 2}
    assert set(report.digests) == {str(MONDAY)}
    assert all(report.audits["passed"].to_pylist())


@pytest.mark.spark
def test_no_rows_are_a_clean_audit_without_days(spark):
    report = audit(frame(spark, []), VISITS, "run")
    assert (report.broken, report.rows, report.audits.num_rows) == ((), {}, 0)


@pytest.mark.spark
def test_data_docs_show_the_latest_audit_of_each_table(spark, tmp_path: Path):
    for run_id, mood in (("run-1", "odd"), ("run-2", "good")):
        audit(frame(spark, [visit(mood=mood)]), VISITS, run_id, tmp_path)
        index = build_docs(tmp_path)
    assert index.is_file()
    [page] = (tmp_path / "validations").rglob("*.html")
    assert "run-2" in str(page)
    assert "page_count counts pages" in page.read_text()
    assert "run-2" in index.read_text()
    assert "run-1" not in index.read_text()


@pytest.mark.spark
def test_a_result_cut_off_by_a_kill_does_not_stop_the_docs(spark, tmp_path: Path):
    audit(frame(spark, [visit()]), VISITS, "run", tmp_path)
    [kept] = (tmp_path / ".results").iterdir()
    kept.with_name(f".{kept.name}.99").write_text(kept.read_text()[:100])
    assert build_docs(tmp_path).is_file()


@pytest.mark.spark
def test_docs_that_cannot_be_written_say_so_in_one_line(spark, tmp_path: Path, capfd):
    audit(frame(spark, [visit()]), VISITS, "run", tmp_path)
    (tmp_path / "validations").write_text("in the way of a folder")
    with pytest.raises(OSError, match=r"^Data Docs were not built: .*validations") as error:
        build_docs(tmp_path)
    assert "\n" not in str(error.value)
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.spark
@pytest.mark.parametrize("table", TABLES.values(), ids=lambda t: t.name)
def test_examples_can_be_asked_for_every_promise_of_every_table(spark, table):
    nothing = frame(spark, [], table)
    assert [examples(nothing, table, promise) for promise in promises(table)] == [
        {} for _ in promises(table)
    ]


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda t: t.name)
def test_a_suite_has_one_expectation_for_each_promise(table):
    from expectations.suites import suite

    said = [expectation.meta["promise"] for expectation in suite(table).expectations]
    assert said == [promise.sentence for promise in promises(table)]


@pytest.mark.spark
def test_the_judge_reads_the_rows_of_metrics(spark):
    rows = metrics(frame(spark, [visit(part=-1)]), VISITS)
    [found] = judge(rows, VISITS)
    assert (found.promise, found.day, found.offenders) == ("part is at least 0", "2026-01-05", 1)


@pytest.mark.parametrize("module", ["tables", "promises", "arrow", "delta"])
def test_contracts_load_neither_great_expectations_nor_spark(module):
    heavy = "{'great_expectations', 'pyspark', 'pandas'}"
    code = f"import sys, expectations.{module}; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.spark
def test_an_audit_without_great_expectations_does_not_load_it():
    code = "import sys, expectations.audit; sys.exit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
