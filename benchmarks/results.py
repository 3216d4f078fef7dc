"""Figures of a run as a section of RESULTS.md, one section per number of events."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil

RESULTS = Path(__file__).with_name("RESULTS.md")
PACKAGES = ("pyspark", "duckdb", "deltalake", "pyarrow", "great-expectations")
REFERENCE = 1_000_000


@dataclass
class StepCost:
    """What a step cost: seconds, of which its audit, and CPU seconds; rows of its table."""

    name: str
    seconds: float
    audit_seconds: float
    cpu_seconds: float
    rows: int = 0


@dataclass(frozen=True)
class Figures:
    """What a run measured; `gaps` are by model, in conversions and in value."""

    asked: int
    events: int
    start_seconds: float
    steps: list[StepCost]
    chain_bytes: int
    hand: StepCost
    hand_bytes: int
    gaps: Mapping[str, tuple[float, float]]

    @property
    def seconds(self) -> float:
        """All steps of the chain; starting Spark is not among them."""
        return sum(step.seconds for step in self.steps)

    @property
    def cpu_seconds(self) -> float:
        """CPU time of all steps."""
        return sum(step.cpu_seconds for step in self.steps)


def section(figures: Figures, command: str) -> str:
    """The run in Markdown."""
    lines = [title(figures.asked), "", f"`{command}` on {machine()}; {versions()}.", ""]
    lines += [*sentences(figures), "", "| step | seconds | of which audit | CPU seconds | rows |"]
    lines += ["|---|---:|---:|---:|---:|", *map(_row, figures.steps)]
    return "\n".join(lines) + "\n"


def sentences(figures: Figures) -> list[str]:
    """The figures that matter."""
    seconds, hand = figures.seconds, figures.hand
    micros = seconds / figures.events * 1e6
    credit, value = (max(gap[n] for gap in figures.gaps.values()) for n in (0, 1))
    return [
        f"- {figures.events:,} events: **{seconds:.1f} s** for the chain "
        f"({figures.events / seconds:,.0f} events/s; {figures.cpu_seconds:.0f} s of CPU), after "
        f"{figures.start_seconds:.1f} s to start Spark; peak {figures.chain_bytes / 2**20:,.0f} MB "
        "over all its processes",
        f"- by hand in DuckDB (rule models only, no audits): {hand.seconds:.1f} s "
        f"({hand.cpu_seconds:.0f} s of CPU), peak {figures.hand_bytes / 2**20:,.0f} MB. "
        f"**Ratio {seconds / hand.seconds:.1f}**",
        f"- µs per event: {micros:.1f}{_growth(figures, micros)}",
        "- largest difference between the two of any rule model's credit to a channel: "
        f"{credit:.2g} conversions, {value:.2g} EUR",
    ]  # fmt: skip


def _row(step: StepCost) -> str:
    return (
        f"| {step.name} | {step.seconds:.1f} | {step.audit_seconds:.1f} "
        f"| {step.cpu_seconds:.1f} | {step.rows:,} |"
    )


def title(asked: int) -> str:
    """Heading of a section.

    >>> title(1_000_000)
    '## The chain, 1,000,000 events'
    """
    return f"## The chain, {asked:,} events"


def write(text: str) -> None:
    """Replace the section of the same heading in RESULTS.md, or add it at the end."""
    RESULTS.write_text(replaced(RESULTS.read_text() if RESULTS.exists() else "", text))


def replaced(whole: str, text: str) -> str:
    r"""`whole` with `text` in place of the section that has its heading.

    >>> replaced("# A\n\n## b\nold\n\n## c\nkept\n", "## b\nnew\n")
    '# A\n\n## b\nnew\n\n## c\nkept\n'
    """
    heading = re.escape(text.splitlines()[0])
    found = re.compile(rf"^{heading}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if found.search(whole):
        return found.sub(lambda _: f"{text.rstrip()}\n\n", whole).rstrip() + "\n"
    return f"{whole.rstrip()}\n\n{text}" if whole else text


def machine() -> str:
    """Size of this machine."""
    return f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB"


def versions() -> str:
    """What it ran on."""
    python = ".".join(map(str, sys.version_info[:3]))
    return ", ".join([f"Python {python}", *(f"{name} {version(name)}" for name in PACKAGES)])


def _growth(figures: Figures, micros: float) -> str:
    """How time per event compares with the kept run of REFERENCE events."""
    whole = RESULTS.read_text() if RESULTS.exists() else ""
    kept = re.search(
        rf"{re.escape(title(REFERENCE))}\n.*?µs per event: ([0-9.]+)", whole, re.DOTALL
    )
    if figures.asked == REFERENCE or not kept:
        return ""
    return f", {micros / float(kept.group(1)):.2f} times that of {REFERENCE:,} events"
