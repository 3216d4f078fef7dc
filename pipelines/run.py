"""Brings one table up to date: what changed, recompute those days, audit, commit. Any table."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from expectations.audit import AuditReport, audit
from expectations.contract import Table
from expectations.tables import AUDITS, RECORDS
from pipelines.dirty import days_between
from pipelines.errors import BrokenContractError
from pipelines.ingest.mapping import Mapping as SourceMapping
from pipelines.lake import OFTEN, Lake, retry
from pipelines.lake_files import Snapshot, changed_days
from pipelines.part_files import Finish
from pipelines.settings import Settings


@dataclass
class Run:
    """One run: where, with what, for which days. `first` forces days from it to `through`."""

    lake: Lake
    spark: SparkSession
    settings: Settings
    mappings: Mapping[str, SourceMapping]
    run_id: str
    through: str
    first: str | None = None
    use_gx: bool = True
    say: Callable[[str], None] = lambda _: None
    memory: dict[Any, Any] = field(default_factory=dict)  # what steps of this run share

    @property
    def forced(self) -> set[str]:
        """Days to make again whether or not anything changed."""
        return days_between(self.first, self.through) if self.first else set()

    def input(self, table: Table) -> Snapshot:
        """The newest version of a table; of `records` always the same, whatever lands meanwhile."""
        if table is not RECORDS:
            return self.lake.snapshot(table)
        found: Snapshot = self.memory.setdefault("records", self.lake.snapshot(table))
        return found

    @property
    def docs(self) -> Path | None:
        """Where Data Docs are kept; none on an object store."""
        return None if "://" in self.lake.root else Path(self.lake.root) / "_docs"


@dataclass(frozen=True)
class Hidden:
    """Dirty days that changed rows tell, not changed files: to find them takes reading, or Spark.

    Asked for only `when` something of the kind changed. `says` names them to a user.
    """

    when: Callable[[Work], bool]
    days: Callable[[Work], set[str]]
    says: str


@dataclass(frozen=True)
class Step:
    """How one table is made from others.

    `dirty` tells the days that changed inputs touch, from their files alone, `hidden` those that
    only their rows tell; `make` gives the rows of some days. `sections` are the settings and
    `extra` whatever else governs the rows, by name: when they change, everything is made again.
    So it is when `revision` is raised, because the code's answer changed. `cause` says what makes
    work if not a change of an input.
    """

    into: Table
    reads: tuple[Table, ...]
    make: Callable[[Work, set[str]], DataFrame]
    dirty: Callable[[Work], set[str]] = lambda _: set()
    hidden: Hidden | None = None
    sections: tuple[str, ...] = ()
    extra: Callable[[Run], Mapping[str, str]] = lambda _: {}
    up_to_day: bool = False  # only days the run owns; later ones wait in `pending`
    whole: bool = False  # made anew in full whenever anything changed
    partitions: Callable[[set[str]], set[str]] = set  # days of a run to days of this table
    finish: Callable[[Work], Finish] | None = None  # makes rows of what `make` gives, see `stage`
    is_history: bool = False  # what was made stays, whatever changes later
    check: Callable[[Work, DataFrame], list[str]] | None = None  # what staged rows get wrong
    revision: int = 1
    cause: str = ""

    def fingerprint(self, run: Run) -> dict[str, str]:
        """Everything but the inputs that governs the rows: what it is called, and its content."""
        return {"code": str(self.revision), **run.settings.parts(*self.sections), **self.extra(run)}


@dataclass(frozen=True)
class Work:
    """A step at work: the table as it is, its inputs as they are and as they were last seen."""

    run: Run
    step: Step
    base: Snapshot
    new: Mapping[str, Snapshot]

    @cached_property
    def is_all_new(self) -> bool:
        """Never made, or made under other settings, mappings, rules or code."""
        return self.base.state.get("fingerprint") != self.step.fingerprint(self.run)

    @property
    def waiting(self) -> set[str]:
        """Days that an earlier run left for later."""
        return set(self.base.state.get("pending", ()))

    def old(self, table: Table) -> Snapshot:
        """An input as it was when this table was last brought up to date."""
        seen = -1 if self.is_all_new else self.base.state["inputs"].get(table.name, -1)
        if seen == self.new[table.name].version:
            return self.new[table.name]
        return self.run.lake.snapshot(table, seen)

    def changed(self, table: Table) -> set[str]:
        """Days of an input that changed since; '' stands for a table without days."""
        return changed_days(self.old(table), self.new[table.name])

    def frame(self, table: Table, days: set[str] | None = None) -> DataFrame:
        """Rows of an input, of some days only if given."""
        return self.run.lake.read(self.run.spark, self.new[table.name], days)

    def new_urls(self, table: Table) -> list[str]:
        """Files an input has gained since."""
        known = set(self.old(table).files)
        gained = tuple(f for f in self.new[table.name].files if f not in known)
        return self.run.lake.urls(Snapshot(table, 0, gained))

    @cached_property
    def inputs(self) -> dict[str, int]:
        """Version of each input."""
        return {name: snapshot.version for name, snapshot in self.new.items()}


def bring_up_to_date(run: Run, step: Step) -> int:
    """Make one table true of its inputs; return its version. Commits nothing if it already is."""
    return retry(lambda: _attempt(run, step))


def _attempt(run: Run, step: Step) -> int:
    new = {table.name: run.input(table) for table in step.reads}
    work = Work(run, step, run.lake.snapshot(step.into), new)
    todo, pending = decide(work, step.dirty(work) | _hidden(work))
    state = {"run": run.run_id, "inputs": work.inputs, "pending": sorted(pending),
             "fingerprint": step.fingerprint(run)}  # fmt: skip
    if not todo:
        kept = ("inputs", "pending", "fingerprint")
        same = all(work.base.state.get(key) == state[key] for key in kept)
        return work.base.version if same else run.lake.note(work.base, state)
    return _make(work, todo, state)


def _hidden(work: Work) -> set[str]:
    """Dirty days that only rows tell."""
    hidden = work.step.hidden
    return hidden.days(work) if hidden and hidden.when(work) else set()


def decide(work: Work, dirty: set[str]) -> tuple[set[str], set[str]]:
    """Days to make now, and days that wait for a later run."""
    run, step = work.run, work.step
    if step.whole:
        return dirty, set()
    dirty = dirty | work.waiting
    if work.is_all_new and not step.is_history:
        dirty |= set(work.base.digests)
    if not step.up_to_day:
        return dirty, set()
    forced = step.partitions(run.forced)
    first = min(forced, default="")
    mine = {day for day in dirty if first <= day <= run.through} | forced
    return mine, dirty - mine


def _make(work: Work, todo: set[str], state: Mapping[str, Any]) -> int:
    run, table = work.run, work.step.into
    run.say(table.name if work.step.whole else f"{table.name}: {len(todo)} days")
    made = work.step.make(work, todo)
    finish = work.step.finish(work) if work.step.finish else None
    staged = run.lake.stage(made, table, run.run_id, finish)
    rows = run.lake.staged(run.spark, staged)
    report = audit(rows, table, run.run_id, run.docs, use_gx=run.use_gx)
    keep_audits(run, report.audits)
    wrong = [report.message()] if report.broken else []
    wrong += work.step.check(work, rows) if work.step.check and not wrong else []
    if wrong:
        raise BrokenContractError(
            "\n".join(wrong) + "\nNothing was published. The rows are kept in "
            f"{run.lake.uri(table)}/{staged.folder}; see `touchstone audits`."
        )
    digests = {day: digest(report, day) for day in report.digests}
    days = todo | set(digests) | set(work.base.digests) if work.step.whole else todo
    return run.lake.commit(work.base, staged, digests, days, state)


def digest(report: AuditReport, day: str) -> str:
    """Digest of one staged day as its file names carry it."""
    return f"{report.digests[day] % 2**64:016x}{report.rows[day]:x}"


def keep_audits(run: Run, rows: pa.Table) -> None:
    """Add audit results to their table, passed or not."""
    if rows.num_rows:
        name = f"{run.run_id}-{rows['table_name'][0]}-{uuid.uuid4().hex[:8]}"
        retry(lambda: run.lake.append(run.lake.snapshot(AUDITS), [(name, rows)], {}), OFTEN)
