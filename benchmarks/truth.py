"""Every model in simulated worlds whose truth is known: how far its credit is from it.

python -m benchmarks.truth [--people 60000] [--seeds 3] [--dry]
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from importlib.metadata import version
from math import nan
from time import perf_counter, process_time

import numpy as np

from benchmarks import results
from benchmarks.memory import measured
from models.evaluate import INCREMENTAL, INTENT, Judged, Scores, alarms, judge
from models.registry import MODELS
from models.simulate import simulate
from models.worlds import WORLDS

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
controls. `intent` (`models.intent`) learns states of intent that nobody sees, `intent_persons` also
that people differ in how likely they are to buy; `intent_agreed` gives each channel the lesser of
both, if both make numbers like those seen. No model is told anything of the world it is in.
""".strip()
MEASURED = (*MODELS, *INCREMENTAL, *INTENT)
Cells = dict[tuple[str, str], list[Scores]]  # by model and world, over seeds


def by_cell(rows: Iterable[Judged]) -> Cells:
    """Scores by model and world; a refusal is not a score."""
    cells: Cells = defaultdict(list)
    for row in rows:
        if not row.refusal:
            cells[row.model, row.world].append(row.scores)
    return cells


def mean(scores: list[Scores], kind: str) -> float:
    """Mean over seeds; nan of none.

    >>> mean([Scores(1.0, 0, 1, 0), Scores(2.0, 0, 1, 0)], "wmape")
    1.5
    """
    return float(np.mean([getattr(one, kind) for one in scores])) if scores else nan


def world_table(cells: Cells) -> list[str]:
    """One row per model, one column per world: its wMAPE, mean over seeds."""
    lines = [
        f"| wMAPE | {' | '.join(WORLDS)} | mean | worst |",
        "|---|" + "---:|" * (len(WORLDS) + 2),
    ]
    for model in MEASURED:
        errors = [mean(cells[model, world], "wmape") for world in WORLDS]
        cell = [f"{error:.2f}" for error in [*errors, np.mean(errors), np.max(errors)]]
        lines.append(f"| `{model}` | {' | '.join(cell)} |")
    return lines


def other_table(cells: Cells) -> list[str]:
    """One row per model: the other scores over all worlds."""
    lines = ["| model | share error | total ratio | placebo credit, mean | worst |"]
    lines.append("|---|---:|---:|---:|---:|")
    for model in MEASURED:

        def over(kind: str, how: Callable[[list[float]], float], name: str = model) -> float:
            return float(how([mean(cells[name, world], kind) for world in WORLDS]))

        lines.append(
            f"| `{model}` | {over('share_error', np.mean):.3f} "
            f"| {over('total_ratio', np.mean):.2f} | {over('placebo_credit', np.mean):.1%} "
            f"| {over('placebo_credit', np.max):.1%} |"
        )
    return lines


def truth_table(people: int, seed: int) -> list[str]:
    """One row per world: what happened in it, of one seed."""
    lines = ["| world | what is hard | conversions | caused by channels | does nothing |"]
    lines.append("|---|---|---:|---:|---|")
    for world in WORLDS.values():
        truth = simulate(world, people, seed=seed).truth
        caused = 1 - truth.baseline / truth.conversions
        lines.append(
            f"| {world.name} | {world.breaks} | {truth.conversions:,.0f} | {caused:.0%} "
            f"| {', '.join(truth.placebos)} |"
        )
    return lines


def alarm_table(people: int, seed: int) -> list[str]:
    """One row per world: what the gates of the hazard logit say, of one seed."""
    lines = ["| world | what the gates of `hazard_logit` say |", "|---|---|"]
    for world in WORLDS.values():
        lines.append(
            f"| {world.name} | {'; '.join(alarms(world, people, seed=seed)) or 'nothing'} |"
        )
    return lines


def intent_table(rows: Iterable[Judged]) -> list[str]:
    """One row per world: what the gates of the intent model say, of the first seed of `rows`."""
    lines = ["| world | what the gates of `intent_persons` say |", "|---|---|"]
    ours = [row for row in rows if row.model == INTENT[0]]
    for row in ours:
        if row.seed == ours[0].seed:
            said = row.refusal or "; ".join(row.alarms) or "nothing"
            lines.append(f"| {row.world} | {said} |")
    return lines


def simulated(people: int) -> float:
    """Seconds that the world with most in it takes, with all its switched-off runs."""
    start = perf_counter()
    simulate(WORLDS["everything"], people)
    return perf_counter() - start


def bench(people: int, seeds: int) -> str:
    """The section in Markdown."""
    start, busy = perf_counter(), process_time()
    numbers = range(1, seeds + 1)
    rows = list(judge(WORLDS.values(), people=people, seeds=numbers))
    seconds, peak = measured(simulated, LARGE)
    cells, refused = by_cell(rows), sum(bool(row.refusal) for row in rows)
    spent = f"{perf_counter() - start:.0f} s ({process_time() - busy:.0f} s of CPU)"
    lines = [
        f"## Truth, {people:,} people", "",
        f"`python -m benchmarks.truth --people {people} --seeds {seeds}` on {results.machine()}; "
        f"{versions()}.", "", f"{EXPLAINED} Means over {seeds} seeds.", "",
        *truth_table(people, 1), "", *world_table(cells), "", *other_table(cells), "",
        *alarm_table(people, 1), "", *intent_table(rows), "",
        f"- {len(rows)} fits, {refused} refused; {spent} with the simulation",
        f"- a world of {LARGE:,} people and 70 days with its truth: {seconds:.0f} s, peak "
        f"{peak / 2**20:,.0f} MB",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def versions() -> str:
    """What it ran on."""
    python = ".".join(map(str, sys.version_info[:3]))
    return ", ".join([f"Python {python}", *(f"{name} {version(name)}" for name in PACKAGES)])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth")
    parser.add_argument("--people", type=int, default=60_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--dry", action="store_true", help="leave RESULTS.md as it is")
    given = parser.parse_args()
    section = bench(given.people, given.seeds)
    print(section)
    if not given.dry:
        results.write(section)


if __name__ == "__main__":
    main()
