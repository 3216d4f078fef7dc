"""A step at work: how a table is made of others, and what has changed since it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from expectations.contract import Table
from expectations.metrics import row_hash
from expectations.tables import RECORDS
from pipelines.dirty import days_between
from pipelines.ingest.mapping import Mapping as SourceMapping
from pipelines.lake import Lake
from pipelines.lake_files import Snapshot, changed_days
from pipelines.part_files import Finish
from pipelines.settings import Settings


@dataclass
class Run:
    """One run: where, with what, for which days. Those from `first` to `last` are forced."""

    lake: Lake
    spark: SparkSession
    settings: Settings
    mappings: Mapping[str, SourceMapping]
    run_id: str
    through: str
    first: str | None = None
    last: str | None = None  # `through` if None
    use_gx: bool = True
    say: Callable[[str], None] = lambda _: None
    memory: dict[Any, Any] = field(default_factory=dict)  # what steps of this run share
    done: set[str] = field(default_factory=set)  # tables of which this run made what is forced

    @property
    def forced(self) -> set[str]:
        """Days to make again whether or not anything changed."""
        return days_between(self.first, self.last or self.through) if self.first else set()

    @property
    def changing(self) -> list[str]:
        """Sources that tell new versions of an event, perhaps on another day."""
        return sorted({m.source for m in self.mappings.values() if m.may_change})

    @property
    def may_tell_again(self) -> list[str]:
        """Sources that may tell an event again: changing ones, and those that delete."""
        again = {"record_version", "op"}
        return sorted({m.source for m in self.mappings.values() if again & set(m.fields)})

    @property
    def asked(self) -> list[Any]:
        """What a backfill is known by until it is published: begun and killed, it goes on."""
        last = self.memory.get("published") or {}
        return [self.first, self.last, last.get("publication_id", 0)]

    def input(self, table: Table, seen: int = -1) -> Snapshot:
        """The newest version of a table; of `records` always the same, whatever lands meanwhile.

        Unless `seen`, what the table to be made was made of, is newer: another run took in more.
        """
        if table is not RECORDS:
            return self.lake.snapshot(table)
        if "records" not in self.memory or self.memory["records"].version < seen:
            self.memory["records"] = self.lake.snapshot(table)
        found: Snapshot = self.memory["records"]
        return found

    def made_anew(self, old: Snapshot, new: Snapshot) -> DataFrame | None:
        """Keys of all rows by which two versions of a table may differ; None if this run did not
        make the one of the other, or made days as a whole.
        """
        is_mine = new.version == old.version + 1 and new.state.get("run") == self.run_id
        return self.memory.get(("keys", old.table.name, old.version)) if is_mine else None

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
    only their rows tell; `make` gives the rows of some days. If `keys` tells whose rows on those
    days can be other than they were, by a column of that name, `make` need only give theirs.
    `more` gives new rows if those there stay as they are. `sections` are the settings and
    `extra` whatever else governs the rows, by name: when they change, everything is made again.
    So it is when `revision` is raised, because the code's answer changed. `cause` says what makes
    work if not a change of an input.
    """

    into: Table
    reads: tuple[Table, ...]
    make: Callable[[Work, set[str]], DataFrame]
    dirty: Callable[[Work], set[str]] = lambda _: set()
    hidden: Hidden | None = None
    keys: Callable[[Work, set[str]], DataFrame | None] | None = None
    more: Callable[[Work], DataFrame | None] | None = None
    sections: tuple[str, ...] = ()
    extra: Callable[[Run], Mapping[str, str]] = lambda _: {}
    up_to_day: bool = False  # no days after the run's last; those wait in `pending`
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
    keys: DataFrame | None = None  # whose rows to make, on days that are not made as a whole

    @cached_property
    def is_all_new(self) -> bool:
        """Never made, or made under other settings, mappings, rules or code."""
        return self.base.state.get("fingerprint") != self.step.fingerprint(self.run)

    @property
    def waiting(self) -> set[str]:
        """Days that an earlier run left for later."""
        return set(self.base.state.get("pending", ()))

    @property
    def forced(self) -> set[str]:
        """Days of this table to make again whatever changed: once, however often it is tried."""
        run, name = self.run, self.step.into.name
        is_done = name in run.done or self.base.state.get("asked") == run.asked
        return set() if is_done else self.step.partitions(run.forced)

    @property
    def as_a_whole(self) -> set[str]:
        """Days to make for everybody, whoever changed."""
        return self.waiting | (self.forced if self.step.up_to_day else set())

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

    def gained(self, table: Table) -> DataFrame | None:
        """Rows an input has gained since; None if it may have lost some."""
        if self.is_all_new or set(self.old(table).files) - set(self.new[table.name].files):
            return None
        return self.run.lake.read_urls(self.run.spark, table, self.new_urls(table))

    def before(self, table: Table, days: set[str] | None = None) -> DataFrame:
        """Rows of an input as they were, of some days only if given."""
        return self.run.lake.read(self.run.spark, self.old(table), days)

    def differing(self, table: Table, *names: str, by: Column | None = None) -> DataFrame:
        """Some columns of the rows that an input has lost or gained since, compared by a hash."""
        days, hashed = self.changed(table), row_hash(table) if by is None else by
        sides = ((self.before(table, days), -1), (self.frame(table, days), 1))
        told = [
            frame.select(*names, hashed.alias("hash"), F.lit(sign).alias("sign"))
            for frame, sign in sides
        ]
        counted = told[0].unionByName(told[1]).groupBy("hash", *names).agg(F.sum("sign").alias("n"))
        return counted.where("n <> 0").select(*names).distinct()

    def once(
        self, name: str, inputs: tuple[Table, ...], made: Callable[[], DataFrame]
    ) -> DataFrame:
        """Something made of what changed of some inputs: written once, for all steps of the run."""
        seen = ((self.old(table).version, self.new[table.name].version) for table in inputs)
        key = (name, *seen)
        if key not in self.run.memory:
            kept = self.run.lake.keep(self.run.spark, made(), f"{self.run.run_id}-{name}")
            self.run.memory[key] = kept
        found: DataFrame = self.run.memory[key]
        return found

    def new_urls(self, table: Table) -> list[str]:
        """Files an input has gained since."""
        known = set(self.old(table).files)
        gained = tuple(f for f in self.new[table.name].files if f not in known)
        return self.run.lake.urls(Snapshot(table, 0, gained))

    @cached_property
    def inputs(self) -> dict[str, int]:
        """Version of each input."""
        return {name: snapshot.version for name, snapshot in self.new.items()}
