"""Models in use, judged in simulated worlds whose truth is known."""

from __future__ import annotations

from models.evaluate import INCREMENTAL, Judged, judge
from models.holding import held, held_rows
from models.scorecard import Row, simulated_rows
from models.worlds import WORLDS
from pipelines.settings import Settings

FEW = ("tracked", "upstream", "lower", "placebo")  # worlds that differ in who works, and on what
DAYS = 70


def judged(settings: Settings, people: int) -> list[Judged]:
    """One row per world and model: those in use, and an incremental one beside them."""
    models = [*settings.models.use, next(iter(INCREMENTAL))]
    return list(judge([WORLDS[name] for name in FEW], models, people, DAYS))


def judged_rows(settings: Settings, people: int) -> list[Row]:
    """The rows of the scorecard that worlds of so many people give."""
    worlds = [WORLDS[name] for name in FEW]
    inside = held(worlds, settings.models.use, people, DAYS)
    return [*simulated_rows(judged(settings, people), people), *held_rows(inside)]
