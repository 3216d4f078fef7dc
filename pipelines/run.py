"""Brings one table up to date: what changed, recompute those days, audit, commit. Any table."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa

from expectations.audit import AuditReport, audit
from expectations.tables import AUDITS
from pipelines.errors import BrokenContractError
from pipelines.lake import OFTEN, retry
from pipelines.lake_files import Snapshot, Staged, digest_of, told_by
from pipelines.work import Run, Step, Work

Sums = Mapping[str, tuple[int, int]]  # day to the sum of its rows' hashes and their number
NONE = (0, 0)
FEW_ROWS = 100_000  # fewer are sooner made anew than asked which of them may have changed


def bring_up_to_date(run: Run, step: Step) -> int:
    """Make one table true of its inputs; return its version. Commits nothing if it already is."""
    return retry(lambda: _attempt(run, step))


def _attempt(run: Run, step: Step) -> int:
    base = run.lake.snapshot(step.into)  # first: inputs may be newer than it, never older
    seen = base.state.get("inputs", {})
    new = {table.name: run.input(table, seen.get(table.name, -1)) for table in step.reads}
    work = Work(run, step, base, new)
    todo, pending = decide(work, step.dirty(work) | _hidden(work))
    state = {"run": run.run_id, "inputs": work.inputs, "pending": sorted(pending),
             "fingerprint": step.fingerprint(run), "asked": run.asked}  # fmt: skip
    if todo:
        version = _make(work, todo, state)
    else:
        version = base.version if _is_noted(base, state) else run.lake.note(base, state)
    run.done.add(step.into.name)
    return version


def _is_noted(base: Snapshot, state: Mapping[str, Any]) -> bool:
    return all(base.state.get(k) == state[k] for k in ("inputs", "pending", "fingerprint"))


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
        late = {day for one in work.new.values() for day in one.state.get("pending", ())}
        return dirty - late, dirty & late  # what an input says of late days is out of date
    mine = {day for day in dirty if day <= run.through} | work.forced
    return mine, dirty - mine


def _make(work: Work, todo: set[str], state: Mapping[str, Any]) -> int:
    run, step, table = work.run, work.step, work.step.into
    run.say(table.name if step.whole else f"{table.name}: {len(todo)} days")
    more = step.more(work) if step.more and not work.is_all_new else None
    if more is None:
        fresh, staged, left = _stage(work, todo)
    else:
        fresh = staged = run.lake.stage(more, table, run.run_id)
        left = {}
    report = _audit(work, fresh, staged)
    made = {day: (report.digests[day], report.rows[day]) for day in report.digests}
    digests = {
        day: digest_of(*sums) for day, sums in _with(left, made).items() if sums[1] or day in made
    }
    known = work.base.digests
    days = todo | set(digests) | set(known) if step.whole else todo
    is_same = (
        all(known.get(day) == digests.get(day) for day in days) if more is None else not digests
    )
    if is_same and _is_noted(work.base, state):
        run.lake.discard(staged)  # made again and found as it was: nobody need look again
        return work.base.version
    return run.lake.commit(work.base, staged, digests, days if more is None else None, state)


def _audit(work: Work, fresh: Staged, staged: Staged) -> AuditReport:
    """What is to be said of rows made anew; those that stay were audited when they were made."""
    run, table = work.run, work.step.into
    report = audit(
        run.lake.staged(run.spark, fresh), table, run.run_id, run.docs, use_gx=run.use_gx
    )
    keep_audits(run, report.audits)
    wrong = [report.message()] if report.broken else []
    if work.step.check and not wrong:
        wrong += work.step.check(work, run.lake.staged(run.spark, staged))
    if wrong:
        raise BrokenContractError(
            "\n".join(wrong) + "\nNothing was published. The rows are kept in "
            f"{run.lake.uri(table)}/{staged.folder}; see `touchstone audits`."
        )
    return report


def _stage(work: Work, todo: set[str]) -> tuple[Staged, Staged, Sums]:
    """Rows of some days: those made, those with what else the days have, and the sums of that.

    They are made for everybody, or for whom something changed and carried over of all others.
    """
    run, step, base = work.run, work.step, work.base
    is_worth_it = not work.is_all_new and base.rows >= FEW_ROWS
    whose = step.keys(work, todo) if step.keys and is_worth_it else None
    finish = step.finish(work) if step.finish else None
    if whose is None:
        made = run.lake.stage(step.make(work, todo), step.into, run.run_id, finish)
        return made, made, {}
    keys = run.lake.kept(run.spark, whose, f"{run.run_id}-keys")
    if not work.as_a_whole & todo:
        run.memory[("keys", step.into.name, base.version)] = keys.frame
    mine = step.make(replace(work, keys=keys.frame), todo)
    fresh = run.lake.stage(mine, step.into, run.run_id, finish)
    partly = set(base.digests) if step.whole else todo - work.as_a_whole
    staged, gone = run.lake.carry(base, partly, keys, fresh)
    was = {day: told_by(told) for day, told in base.digests.items() if day in partly}
    return fresh, staged, _with(was, {day: (-total, -rows) for day, (total, rows) in gone.items()})


def _with(some: Sums, more: Sums) -> Sums:
    """Sums of hashes and numbers of rows, added day by day."""
    both = {day: (some.get(day, NONE), more.get(day, NONE)) for day in {*some, *more}}
    return {day: (a[0] + b[0], a[1] + b[1]) for day, (a, b) in both.items()}


def keep_audits(run: Run, rows: pa.Table) -> None:
    """Add audit results to their table, passed or not."""
    if rows.num_rows:
        name = f"{run.run_id}-{rows['table_name'][0]}-{uuid.uuid4().hex[:8]}"
        retry(lambda: run.lake.append(run.lake.snapshot(AUDITS), [(name, rows)], {}), OFTEN)
