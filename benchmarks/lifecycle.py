"""How often intervals of the index of use and of negative touches hold what was planted.

python -m benchmarks.lifecycle [--worlds 200] [--people 8000] [--write]
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from time import process_time

import pyarrow as pa

from benchmarks import results
from benchmarks.felt import felt, true_index, used
from expectations.tables.lifecycle import BAGS
from models.negative_touches import negative_touches
from models.use_index import use_index_of_bags

INDEX, EFFECT = "index of use", "effect of a negative touch"


def held(worlds: int, people: int, first: int = 0) -> dict[str, tuple[float, int]]:
    """Share of intervals that hold the planted figure, and how many there are, of some seeds."""
    found: dict[str, list[bool]] = {INDEX: [], EFFECT: []}
    for seed in range(first, first + worlds):
        made = use_index_of_bags(used(people, BAGS, seed), BAGS)
        found[INDEX] += inside(made, "cell", "index", true_index())
        sums, planted = felt(people, BAGS, seed)
        found[EFFECT] += inside(negative_touches(sums, BAGS), "kind", "effect", planted)
    return {name: (sum(told) / len(told), len(told)) for name, told in found.items()}


def inside(told: pa.Table, key: str, figure: str, truth: Mapping[str, float]) -> list[bool]:
    """Of each row: whether its interval holds the truth; an unknown interval does not."""
    return [
        row[f"{figure}_low"] is not None
        and row[f"{figure}_low"] <= truth[row[key]] <= row[f"{figure}_high"]
        for row in told.to_pylist()
    ]


def section(worlds: int, people: int) -> str:
    """The figures in Markdown."""
    begun = process_time()
    few, many = held(20, people), held(worlds, people)
    lines = [
        "## Intervals of the lifecycle", "",
        f"`python -m benchmarks.lifecycle --worlds {worlds} --people {people} --write` on "
        f"{results.machine()}; {process_time() - begun:.0f} s of CPU.", "",
        f"How often 95 % intervals hold what was planted: crowds of {people:,} people in "
        f"{BAGS} bags, in which those who meet the brand more often buy more and complain more.",
        "", f"| figure | 20 worlds | {worlds} worlds | intervals |", "|---|---:|---:|---:|",
    ]  # fmt: skip
    lines += [
        f"| {name} | {few[name][0]:.1%} | {share:.1%} | {count:,} |"
        for name, (share, count) in many.items()
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--people", type=int, default=8_000)
    parser.add_argument("--write", action="store_true", help="keep the figures in RESULTS.md")
    given = parser.parse_args()
    text = section(given.worlds, given.people)
    print(text)
    if given.write:
        results.write(text)
