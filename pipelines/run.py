"""Brings one table up to date: what changed, recompute those days, audit, commit. Any table."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa

from expectations.audit import audit
from expectations.tables import AUDITS
from pipelines.errors import BrokenContractError
from pipelines.lake import OFTEN, retry
from pipelines.lake_files import Snapshot, Staged, digest_of
from pipelines.work import Run, Step, Work

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
    staged = _stage(work, todo) if more is None else run.lake.stage(more, table, run.run_id)
    rows = run.lake.staged(run.spark, staged)
    report = audit(rows, table, run.run_id, run.docs, use_gx=run.use_gx)
    keep_audits(run, report.audits)
    wrong = [report.message()] if report.broken else []
    wrong += step.check(work, rows) if step.check and not wrong else []
    if wrong:
        raise BrokenContractError(
            "\n".join(wrong) + "\nNothing was published. The rows are kept in "
            f"{run.lake.uri(table)}/{staged.folder}; see `touchstone audits`."
        )
    digests = {day: digest_of(report.digests[day], report.rows[day]) for day in report.digests}
    days = todo | set(digests) | set(work.base.digests) if step.whole else todo
    known = work.base.digests
    is_same = (
        all(known.get(day) == digests.get(day) for day in days) if more is None else not digests
    )
    if is_same and _is_noted(work.base, state):
        run.lake.discard(staged)  # made again and found as it was: nobody need look again
        return work.base.version
    return run.lake.commit(work.base, staged, digests, days if more is None else None, state)


def _stage(work: Work, todo: set[str]) -> Staged:
    """The rows of some days: made again, or made for whom something changed and else kept."""
    run, step = work.run, work.step
    is_worth_it = not work.is_all_new and work.base.rows >= FEW_ROWS
    keys = step.keys(work, todo) if step.keys and is_worth_it else None
    finish = step.finish(work) if step.finish else None
    if keys is None:
        return run.lake.stage(step.make(work, todo), step.into, run.run_id, finish)
    keys = run.lake.keep(run.spark, keys, f"{run.run_id}-keys")
    if not work.as_a_whole & todo:
        run.memory[("keys", step.into.name, work.base.version)] = keys
    made = step.make(replace(work, keys=keys), todo)
    partly = None if step.whole else todo - work.as_a_whole
    there = run.lake.read(run.spark, work.base, partly)
    kept = there.join(keys, on=keys.columns, how="left_anti")
    if not finish:
        return run.lake.stage(made.unionByName(kept), step.into, run.run_id)
    fresh = run.lake.stage(made, step.into, run.run_id, finish)
    return run.lake.stage(kept, step.into, run.run_id, beside=fresh)


def keep_audits(run: Run, rows: pa.Table) -> None:
    """Add audit results to their table, passed or not."""
    if rows.num_rows:
        name = f"{run.run_id}-{rows['table_name'][0]}-{uuid.uuid4().hex[:8]}"
        retry(lambda: run.lake.append(run.lake.snapshot(AUDITS), [(name, rows)], {}), OFTEN)
