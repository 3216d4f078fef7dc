"""Every model in simulated worlds whose truth is known: how far its credit is from it.

python -m benchmarks.truth [--people 60000] [--seeds 3] [--unseen] [--only MODEL ...] [--dry]
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from math import nan
from time import perf_counter, process_time

import numpy as np

from benchmarks import results
from benchmarks.memory import measured
from benchmarks.unseen_worlds import UNSEEN
from models.evaluate import INCREMENTAL, INTENT, REPORTED, TESTS, Judged, Scores, alarms, judge
from models.registry import MODELS
from models.simulate import simulate
from models.worlds import WORLDS, World

PACKAGES = ("numpy", "scipy", "pyarrow", "scikit-learn")
LARGE = 200_000  # people, to time the simulation
EXPLAINED = """
Simulated worlds of 70 days. The truth of a channel is the conversions lost when it alone is
switched off and all luck stays the same. wMAPE is the sum of the channels' errors over the sum of
their truth: 0 is perfect, and who gives every channel 0 has 1. Share error is the mean error of a
channel's share, total ratio what all channels are given over what they caused, placebo credit the
share of channels that do nothing (`models.evaluate`). Direct is not judged. The models of the
registry hand out every conversion, also those that would have come anyway. `hazard_logit` and the
intent models have a baseline. `hazard_logit` (`models.incremental`) knows what visits betray, not
the intent behind them; `_totals` has people's own totals of display and social touches among its
controls. `intent_steps`, `_alike` and `_fades` (`models.intent`) learn intent that nobody sees, in
three forms; `reported` (`models.reported`) is what is told: of each channel the least over the
likely forms that make numbers like those seen. No model is told anything of the world it is in.
Lift tests have 200,000 people in each arm (`models.tested`) and are of display and brand search,
then of social and retargeting too; where there are no such channels, of the first there are.
""".strip()
MEASURED = (*MODELS, *INCREMENTAL, *INTENT)
Cells = dict[tuple[str, str], list[Scores]]  # by model and world, over seeds
How = Callable[[list[float]], float]


@dataclass(frozen=True)
class Asked:
    """What is to be measured."""

    people: int
    seeds: int
    is_unseen: bool
    models: tuple[str, ...]

    @property
    def worlds(self) -> dict[str, World]:
        """By name."""
        return UNSEEN if self.is_unseen else WORLDS

    @property
    def title(self) -> str:
        """Of the section."""
        return "Truth in unseen worlds" if self.is_unseen else "Truth"

    @property
    def command(self) -> str:
        """What asks for it again."""
        unseen = " --unseen" if self.is_unseen else ""
        only = "" if self.models == MEASURED else f" --only {' '.join(self.models)}"
        return f"--people {self.people} --seeds {self.seeds}{unseen}{only}"


def by_cell(rows: Iterable[Judged], tested: int | None = None) -> Cells:
    """Scores by model and world, or those after TESTS[tested] lift tests; none of a refusal."""
    cells: Cells = defaultdict(list)
    for row in rows:
        if not row.refusal:
            scores = row.scores if tested is None else row.tested[tested]
            cells[row.model, row.world].append(scores)
    return cells


def mean(scores: list[Scores], kind: str) -> float:
    """Mean over seeds; nan of none.

    >>> mean([Scores(1.0, 0, 1, 0), Scores(2.0, 0, 1, 0)], "wmape")
    1.5
    """
    return float(np.mean([getattr(one, kind) for one in scores])) if scores else nan


def world_table(cells: Cells, asked: Asked) -> list[str]:
    """One row per model, one column per world: its wMAPE, mean over seeds."""
    lines = [
        f"| wMAPE | {' | '.join(asked.worlds)} | mean | worst |",
        "|---|" + "---:|" * (len(asked.worlds) + 2),
    ]
    for model in asked.models:
        errors = [mean(cells[model, world], "wmape") for world in asked.worlds]
        cell = [f"{error:.2f}" for error in [*errors, np.mean(errors), np.max(errors)]]
        lines.append(f"| `{model}` | {' | '.join(cell)} |")
    return lines


def other_table(cells: Cells, tested: list[Cells], asked: Asked) -> list[str]:
    """One row per model: the other scores over all worlds."""
    tests = [f"mean wMAPE, {many} tests" for many in TESTS]
    heads = ["share error", "total ratio", "lowest", "highest", "placebo credit, mean", "worst"]
    lines = [f"| model | {' | '.join([*heads, *tests])} |", "|---|" + "---:|" * 8]
    for model in asked.models:

        def over(of: Cells, kind: str, how: How = np.mean, name: str = model) -> float:
            return float(how([mean(of[name, world], kind) for world in asked.worlds]))

        with_tests = " | ".join(f"{over(one, 'wmape'):.2f}" for one in tested)
        lines.append(
            f"| `{model}` | {over(cells, 'share_error'):.3f} | {over(cells, 'total_ratio'):.2f} "
            f"| {over(cells, 'total_ratio', min):.2f} | {over(cells, 'total_ratio', max):.2f} "
            f"| {over(cells, 'placebo_credit', np.nanmean):.1%} "
            f"| {over(cells, 'placebo_credit', np.nanmax):.1%} | {with_tests} |"
        )
    return lines


def truth_table(asked: Asked, seed: int) -> list[str]:
    """One row per world: what happened in it, of one seed."""
    lines = ["| world | what is hard | conversions | caused by channels | does nothing |"]
    lines.append("|---|---|---:|---:|---|")
    for world in asked.worlds.values():
        truth = simulate(world, asked.people, seed=seed).truth
        caused = 1 - truth.baseline / truth.conversions
        lines.append(
            f"| {world.name} | {world.breaks} | {truth.conversions:,.0f} | {caused:.0%} "
            f"| {', '.join(truth.placebos)} |"
        )
    return lines


def alarm_table(asked: Asked, seed: int) -> list[str]:
    """One row per world: what the gates of the hazard logit say, of one seed."""
    lines = ["| world | what the gates of `hazard_logit` say |", "|---|---|"]
    for world in asked.worlds.values():
        said = "; ".join(alarms(world, asked.people, seed=seed)) or "nothing"
        lines.append(f"| {world.name} | {said} |")
    return lines


def reported_table(rows: Iterable[Judged]) -> list[str]:
    """One row per world: what is said of what is reported, of the first seed of `rows`."""
    lines = ["| world | alarms of what is `reported` |", "|---|---|"]
    ours = [row for row in rows if row.model == REPORTED]
    for row in ours:
        if row.seed == ours[0].seed:
            said = row.refusal or "; ".join(row.alarms) or "none"
            lines.append(f"| {row.world} | {said} |")
    return lines


def simulated(people: int) -> float:
    """Seconds that the world with most in it takes, with all its switched-off runs."""
    start = perf_counter()
    simulate(WORLDS["everything"], people)
    return perf_counter() - start


def bench(asked: Asked) -> str:
    """The section in Markdown."""
    start, busy = perf_counter(), process_time()
    numbers = range(1, asked.seeds + 1)
    rows = list(
        judge(
            asked.worlds.values(),
            asked.models,
            people=asked.people,
            seeds=numbers,
            clock=perf_counter,
        )
    )
    cells, tested = by_cell(rows), [by_cell(rows, place) for place in range(len(TESTS))]
    spent = f"{perf_counter() - start:.0f} s ({process_time() - busy:.0f} s of CPU)"
    fits = [row.seconds for row in rows if row.model == REPORTED] or [nan]
    lines = [
        f"## {asked.title}, {asked.people:,} people", "",
        f"`python -m benchmarks.truth {asked.command}` on {results.machine()}; "
        f"{versions()}.", "", f"{EXPLAINED} Means over {asked.seeds} seeds.", "",
        *truth_table(asked, 1), "", *world_table(cells, asked), "",
        *other_table(cells, tested, asked), "", *alarm_table(asked, 1), "",
        *reported_table(rows), "",
        f"- {len(rows)} fits, {sum(bool(row.refusal) for row in rows)} refused; {spent} with the "
        f"simulation; all forms behind `reported`: {np.mean(fits):.0f} s a world, at most "
        f"{np.max(fits):.0f} s",
    ]  # fmt: skip
    if not asked.is_unseen:
        seconds, peak = measured(simulated, LARGE)
        lines.append(
            f"- a world of {LARGE:,} people and 70 days with its truth: {seconds:.0f} s, peak "
            f"{peak / 2**20:,.0f} MB"
        )
    return "\n".join(lines) + "\n"


def versions() -> str:
    """What it ran on."""
    python = ".".join(map(str, sys.version_info[:3]))
    return ", ".join([f"Python {python}", *(f"{name} {version(name)}" for name in PACKAGES)])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth")
    parser.add_argument("--people", type=int, default=60_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--unseen", action="store_true", help="worlds no model was made in")
    parser.add_argument("--only", nargs="+", choices=MEASURED, default=MEASURED, metavar="MODEL")
    parser.add_argument("--dry", action="store_true", help="leave RESULTS.md as it is")
    given = parser.parse_args()
    section = bench(Asked(given.people, given.seeds, given.unseen, tuple(given.only)))
    print(section)
    if not given.dry:
        results.write(section)


if __name__ == "__main__":
    main()
