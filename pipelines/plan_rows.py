"""What a run would do, and why, before anything is computed: from versions and file names alone.

Steps are asked what is dirty just as a run asks them, in the same order. What an earlier step would
make again counts as changed for later ones, so days are the most that can follow. What only rows
can tell, for which a run starts Spark, is named under `perhaps`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from expectations.contract import Table
from expectations.tables import RECORDS
from pipelines.lake_files import WHOLE, File, Snapshot
from pipelines.run import decide
from pipelines.work import Run, Step, Work

LANDED = "-landed-"  # in the name of a file of `records` that an ingest would write
SHORT = 40  # letters of a setting worth showing


@dataclass(frozen=True)
class Row:
    """What a run would do to one table."""

    stage: str
    table: str
    days: tuple[str, ...] = ()  # made again at most; '' stands for a table without days
    is_whole: bool = False  # made anew in full
    is_certain: bool = True  # whatever earlier steps find
    why: tuple[str, ...] = ()
    perhaps: tuple[str, ...] = ()  # what else may be made again: only rows tell
    waiting: tuple[str, ...] = ()  # days left for a later run
    unit: str = "day"  # what `days` are: days, or months by their first days

    @property
    def does(self) -> str:
        """One word for it."""
        if self.is_whole:
            return "whole"
        return "days" if self.days else "perhaps" if self.perhaps else "nothing"

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        dated = [day for day in self.days if day != WHOLE]
        return {"does": self.does, **vars(self), "days": dated, "count": len(dated),
                "first": min(dated, default=None), "last": max(dated, default=None)}  # fmt: skip


@dataclass(frozen=True)
class Coming:
    """A landed file that an ingest would take in: who reads it, and its UTC day of arrival."""

    mapping: str
    day: str


def rows(
    run: Run, flow: Mapping[str, Sequence[Step]], heads: Mapping[str, Snapshot],
    coming: Iterable[Coming] = (),
) -> Iterator[Row]:  # fmt: skip
    """One row per step of some stages, in order.

    `heads` are the newest snapshots. Nothing but the lake's log is read, apart from the fits kept
    in `model_versions`; `run` needs no Spark.
    """
    known = {**heads, RECORDS.name: _with_landed(heads[RECORDS.name], coming)}
    after, open_ = dict(known), dict[str, tuple[str, ...]]()
    for stage, steps in flow.items():
        for step in steps:
            sure, work = (_work(run, step, heads, inputs) for inputs in (known, after))
            todo, pending = decide(work, step.dirty(work))
            certain, _ = decide(sure, step.dirty(sure))
            open_[step.into.name] = _perhaps(work, open_)
            yield Row(
                stage, step.into.name, tuple(sorted(todo)), step.whole and bool(todo),
                todo == certain, tuple(_why(sure, work, todo)) if todo or _own(work) else (),
                open_[step.into.name], tuple(sorted(pending)),
                "month" if step.into.partitioned_by == "month" else "day",
            )  # fmt: skip
            after[step.into.name] = made_again(work.base, todo, pending, step.whole)


def _work(
    run: Run, step: Step, heads: Mapping[str, Snapshot], inputs: Mapping[str, Snapshot]
) -> Work:
    return Work(run, step, heads[step.into.name], {t.name: inputs[t.name] for t in step.reads})


def _with_landed(records: Snapshot, coming: Iterable[Coming]) -> Snapshot:
    """`records` as it would be after an ingest."""
    files = tuple(
        File(f"{one.day}/{one.mapping}{LANDED}{number}", one.day, 0)
        for number, one in enumerate(coming)
    )
    more = int(bool(files))
    return replace(records, version=records.version + more, files=records.files + files)


def made_again(
    base: Snapshot, days: Iterable[str], pending: Iterable[str], is_whole: bool
) -> Snapshot:
    """A table as it would be if all of these days came out other than they were."""
    every = set(days)
    if is_whole and every and base.table.partitioned_by:
        every = set(base.digests)
    kept = tuple(file for file in base.files if file.day not in every)
    fresh = tuple(File(f"{day}/planned", day, 0) for day in sorted(every))
    state = {**base.state, "pending": sorted(pending)}
    return replace(base, version=base.version + bool(fresh), files=kept + fresh, state=state)


def _own(work: Work) -> tuple[str, ...]:
    """What of this step only rows tell."""
    hidden = work.step.hidden
    return (hidden.says,) if hidden and hidden.when(work) else ()


def _perhaps(work: Work, open_: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """What else may be made: of this step, and following from steps before."""
    if work.step.cause:
        return _own(work)
    passed = (says for table in work.step.reads for says in open_.get(table.name, ()))
    return tuple(dict.fromkeys((*_own(work), *passed)))


def _why(sure: Work, work: Work, todo: set[str]) -> Iterator[str]:
    """Every reason there is to make something again."""
    run, step = work.run, work.step
    if work.base.version < 0:
        yield "never made"
    elif work.is_all_new:
        yield from differences(work.base.state.get("fingerprint"), step.fingerprint(run))
    elif step.cause:
        yield step.cause
    else:
        yield from (says for table in step.reads for says in _changes(sure, work, table))
    if waited := len(work.waiting & todo):
        yield f"{_number(waited, 'day')} waited"
    if step.up_to_day and run.forced:
        yield f"asked for, {min(run.forced)} to {max(run.forced)}"


def differences(before: Any, after: Mapping[str, str]) -> list[str]:
    """What of the things that govern a table is not as it was when the table was made.

    >>> differences({"[paths] a": "1", "mapping x": "f" * 64}, {"[paths] a": "2"})
    ['[paths] a changed from 1 to 2', 'mapping x removed']
    """
    if not isinstance(before, Mapping):
        return ["made by an earlier version of Touchstone"]
    changed = [n for n in sorted({*before, *after}) if before.get(n) != after.get(n)]
    return [f"{name} {_change(before.get(name), after.get(name))}" for name in changed]


def _change(before: str | None, after: str | None) -> str:
    if before is None or after is None:
        return "added" if before is None else "removed"
    is_short = max(len(before), len(after)) <= SHORT
    return f"changed from {before} to {after}" if is_short else "changed"


def _changes(sure: Work, work: Work, table: Table) -> Iterator[str]:
    """What changed of an input, and what an earlier step would change of it."""
    if table == RECORDS:
        yield from _arrivals(work)
        return
    already = sure.changed(table)
    planned = work.changed(table) - already
    if already:
        yield f"{table.name} changed{_on(already)}"
    if planned:
        yield f"{table.name} made again{_on(planned)}"


def _arrivals(work: Work) -> Iterator[str]:
    known = set(work.old(RECORDS).files)
    gained = [file for file in work.new[RECORDS.name].files if file not in known]
    landed = Counter(_mapping(file) for file in gained if LANDED in file.path)
    if taken := sum(file.rows for file in gained):
        yield f"{_number(taken, 'record')} taken in since"
    if landed:
        counts = ", ".join(f"{mapping} {count}" for mapping, count in sorted(landed.items()))
        yield f"{_number(landed.total(), 'new file')}: {counts}"


def _mapping(file: File) -> str:
    return file.path.split("/")[-1].split("-")[0]


def _on(days: set[str]) -> str:
    return "" if WHOLE in days else f" on {_number(len(days), 'day')}"


def _number(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"
