"""Judges staged rows by their contract: what was kept, what was broken, and by which values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame

from expectations.arrow import arrow_schema
from expectations.contract import Table
from expectations.examples import EXAMPLES, examples
from expectations.metrics import metrics
from expectations.promises import Promise, promises
from expectations.spark import spark_schema
from expectations.tables.books import AUDITS

COLUMNS = Promise("its columns are the declared ones", "expect_table_columns_to_match_ordered_list")


@dataclass(frozen=True)
class Broken:
    """A promise broken on one day, by how many rows, with some of what broke it."""

    promise: str
    expectation: str
    column: str
    day: str
    offenders: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class AuditReport:
    """What an audit found. `rows` and `digests` are per day ('' if unpartitioned)."""

    table: str
    audits: pa.Table  # rows for the audits table, kept promises too
    broken: tuple[Broken, ...]
    rows: Mapping[str, int] = field(default_factory=dict)
    digests: Mapping[str, int] = field(default_factory=dict)

    def message(self) -> str:
        """Every broken promise on its own line, with its days, rows and examples."""
        sentences = dict.fromkeys(broken.promise for broken in self.broken)
        lines = [_line([b for b in self.broken if b.promise == s]) for s in sentences]
        return "\n  ".join([f"{self.table} breaks its contract:", *lines])


class BrokenContract(Exception):
    """A table breaks its contract; `report` says how."""

    def __init__(self, report: AuditReport) -> None:
        super().__init__(report.message())
        self.report = report


def raise_if_broken(report: AuditReport) -> None:
    """Raise BrokenContract, naming every broken promise, unless all were kept."""
    if report.broken:
        raise BrokenContract(report)


def audit(
    staged: DataFrame,
    table: Table,
    run_id: str,
    docs_dir: Path | None = None,
    *,
    use_gx: bool = True,
) -> AuditReport:
    """Judge `staged` by the contract of `table`; see `metrics` for what it costs.

    With `docs_dir` the result is kept there for `build_docs`. Without `use_gx` the same counts
    are judged here, which spares the seconds that importing Great Expectations takes.
    """
    wrong = _wrong_columns(staged, table)
    if wrong:
        return _refused(table, run_id, wrong)
    rows = metrics(staged, table)
    found = _judge_by_gx(rows, table, run_id, docs_dir) if use_gx else judge(rows, table)
    broken_promises = {broken.promise for broken in found}
    shown = {
        promise.sentence: examples(staged, table, promise)
        for promise in promises(table)
        if promise.sentence in broken_promises
    }
    broken = [replace(b, examples=shown[b.promise].get(b.day, ())) for b in found]
    return AuditReport(
        table.name,
        _audits(rows, table, run_id, broken),
        tuple(broken),
        {row["day"]: int(row["rows"]) for row in rows},
        {row["day"]: int(row["digest"]) for row in rows},
    )


def judge(rows: Sequence[Mapping[str, Any]], table: Table) -> list[Broken]:
    """Promises that the rows of `metrics` show broken, in contract order, then by day."""
    return [
        Broken(p.sentence, p.expectation, p.column, row["day"], row[p.sentence])
        for p in promises(table)
        for row in rows
        if row[p.sentence]
    ]


def build_docs(docs_dir: Path) -> Path:
    """Write Data Docs of the latest audit of each table; returns the page to open."""
    from expectations import suites

    return suites.build_docs(docs_dir)


def _judge_by_gx(
    rows: Sequence[Mapping[str, Any]], table: Table, run_id: str, docs_dir: Path | None
) -> list[Broken]:
    """As `judge`, with the verdict of Great Expectations; no rows, no verdict."""
    from expectations import suites

    failed = suites.verdict(rows, table, run_id, docs_dir) if rows else set()
    by_day = {row["day"]: row for row in rows}
    return [
        Broken(p.sentence, p.expectation, p.column, day, by_day[day][p.sentence])
        for p in promises(table)
        for day in by_day
        if (p.sentence, day) in failed
    ]


def _refused(table: Table, run_id: str, wrong: Sequence[str]) -> AuditReport:
    """Report on rows whose columns are wrong, so that nothing else can be judged."""
    broken = Broken(COLUMNS.sentence, COLUMNS.expectation, "", "", len(wrong), tuple(wrong))
    return AuditReport(table.name, _audits([], table, run_id, [broken]), (broken,))


def _wrong_columns(frame: DataFrame, table: Table) -> list[str]:
    """Differences between the columns of `frame` and the declared ones, as words."""
    declared = {field.name: field.dataType.simpleString() for field in spark_schema(table)}
    found = {field.name: field.dataType.simpleString() for field in frame.schema}
    missing = [f"{name} is missing" for name in declared if name not in found]
    unknown = [f"{name} is not declared" for name in found if name not in declared]
    wrong = [
        f"{name} is {found[name]}, not {kind}"
        for name, kind in declared.items()
        if found.get(name, kind) != kind
    ]
    return missing + unknown + wrong


def _audits(
    rows: Sequence[Mapping[str, Any]], table: Table, run_id: str, broken: Sequence[Broken]
) -> pa.Table:
    """Rows of the audits table: every promise on every day, and what was broken besides."""
    offences = {(b.promise, b.day): b for b in broken}
    kept = {
        (p.sentence, row["day"]): Broken(p.sentence, p.expectation, p.column, row["day"], 0)
        for row in rows
        for p in promises(table)
    }
    counted = {row["day"]: int(row["rows"]) for row in rows}
    found = [
        {
            "run_id": run_id,
            "table_name": table.name,
            "day": result.day,
            "promise": result.promise,
            "expectation": result.expectation,
            "column": result.column,
            "passed": key not in offences,
            "offenders": result.offenders,
            "examples": json.dumps(result.examples) if key in offences else None,
            "audited_rows": counted.get(result.day, 0),
        }
        for key, result in (kept | offences).items()
    ]
    return pa.Table.from_pylist(found, schema=arrow_schema(AUDITS))


def _line(broken: Sequence[Broken]) -> str:
    """One promise in words, with all its days.

    >>> broken = [Broken("model is known", "in_set", "model", "2026-01-03", 2, ("shap",))]
    >>> _line(broken)
    'model is known: 2 rows on 2026-01-03, e.g. shap (in_set model)'
    """
    rows = sum(b.offenders for b in broken)
    days = [b.day for b in broken if b.day]
    more = f" and {len(days) - EXAMPLES} more days" if len(days) > EXAMPLES else ""
    on = f" on {', '.join(days[:EXAMPLES])}{more}" if days else ""
    shown = list(dict.fromkeys(example for b in broken for example in b.examples))[:EXAMPLES]
    such_as = f", e.g. {', '.join(shown)}" if shown else ""
    judged_by = f"{broken[0].expectation} {broken[0].column}".strip()
    return f"{broken[0].promise}: {rows} row{'s'[: rows != 1]}{on}{such_as} ({judged_by})"
