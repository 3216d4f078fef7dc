"""Seconds and memory of the chain from events to reconciliation, beside a hand-written script.

An invented shop's events are written into a temporary lake. The real steps run on it as a night
runs them, audits included; then DuckDB runs `by_hand.sql`, what a user would write instead for the
rule models, on the same files and the same machine. Their credit must agree.

    python -m benchmarks.chain [--events 1000000] [--days 90] [--people N] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks import by_hand, results
from benchmarks.events_made import FIRST, make
from benchmarks.memory import cpu_seconds, measured
from benchmarks.results import Figures, StepCost

STAGES = ("journeys", "credit")


@dataclass
class Chain:
    """What the chain cost."""

    start_seconds: float = 0.0
    steps: list[StepCost] = field(default_factory=list)


def run_chain(home: str, days: int, use_gx: bool) -> Chain:
    """Bring every table after `events` up to date, as a night does."""
    from pipelines.flow import FLOW
    from pipelines.nightly import build_data_docs, started
    from pipelines.run import bring_up_to_date
    from pipelines.settings import load

    chain, begun = Chain(), time.perf_counter()
    through = FIRST + timedelta(days - 1)
    with started(load(Path(home)), through, None, lambda _: None, use_gx) as run, audits() as spent:
        chain.start_seconds = time.perf_counter() - begun
        for stage in STAGES:
            for step in FLOW[stage]:
                cost = timed(step.into.name, partial(bring_up_to_date, run, step), spent)
                cost.rows = run.lake.snapshot(step.into).rows
                chain.steps.append(cost)
            chain.steps.append(timed(f"docs of {stage}", partial(build_data_docs, run), spent))
        run.spark.stop()
    return chain


def timed(name: str, work: Callable[[], object], spent: list[float]) -> StepCost:
    """Do some work; say what it cost."""
    before, cpu, begun = sum(spent), cpu_seconds(), time.perf_counter()
    work()
    cost = StepCost(name, time.perf_counter() - begun, sum(spent) - before, cpu_seconds() - cpu)
    print(f"  {name:18}{cost.seconds:8.1f} s{cost.cpu_seconds:8.1f} s CPU", flush=True)
    return cost


@contextmanager
def audits() -> Iterator[list[float]]:
    """Seconds of each audit as it ends."""
    from pipelines import run

    spent: list[float] = []
    real: Callable[..., Any] = run.audit

    def clocked(*given: Any, **named: Any) -> Any:
        begun = time.perf_counter()
        try:
            return real(*given, **named)
        finally:
            spent.append(time.perf_counter() - begun)

    with mock.patch.object(run, "audit", clocked):
        yield spent


def bench(home: Path, events: int, days: int, people: int, use_gx: bool) -> Figures:
    """Make the events, run both, compare."""
    lake, out = str(home / "lake"), home / "by_hand"
    out.mkdir(parents=True, exist_ok=True)
    begun = time.perf_counter()
    made, _ = measured(make, lake, events, days, 1, people)
    print(f"{made:,} events made in {time.perf_counter() - begun:.0f} s", flush=True)
    chain, chain_peak = measured(run_chain, str(home), days, use_gx)
    hand, hand_peak = measured(run_by_hand, lake, str(out))
    gaps = by_hand.gaps(by_hand.by_chain(lake), by_hand.by_hand(str(out)))
    return Figures(
        events, made, chain.start_seconds, chain.steps, chain_peak, hand, hand_peak, gaps
    )


def run_by_hand(lake: str, out: str) -> StepCost:
    """Run the script; say what it cost."""
    return timed("by hand", partial(by_hand.run, lake, out), [])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--people", type=int, default=0, help="a twentieth of the events if 0")
    parser.add_argument("--keep", type=Path, help="folder to work in and leave as it is")
    parser.add_argument("--no-gx", action="store_true", help="judge audits without GX")
    parser.add_argument("--dry", action="store_true", help="leave RESULTS.md as it is")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="touchstone-bench-") as folder:
        figures = bench(given.keep or Path(folder), given.events, given.days, given.people,
                        not given.no_gx)  # fmt: skip
    flags = f"--events {given.events} --days {given.days}"
    section = results.section(figures, f'make bench BENCH_FLAGS="{flags}"')
    print(section)
    if not given.dry:
        results.write(section)


if __name__ == "__main__":
    main()
