"""How often a model's sampling interval holds what a channel caused, where the truth is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from models.bootstrap import person_keys
from models.observed import observe, paths
from models.registry import learns, make
from models.resampled import of_rules
from models.scorecard import Row
from models.simulate import simulate
from models.uncertainty import intervals
from models.worlds import World


@dataclass(frozen=True)
class Held:
    """Of one model in one world: channels, and those whose interval holds what they caused."""

    world: str
    model: str
    channels: int
    held: int


def held(
    worlds: Iterable[World], models: Iterable[str], people: int, days: int = 70, seed: int = 0
) -> list[Held]:
    """One row per world and rule; fitted models are left out, as their fits would be redrawn too.

    Judged are the channels that can be switched off. A descriptive model's interval says how other
    persons would be credited, so it need not hold the truth, and seldom does.
    """
    rules = {name: make(name) for name in models if not learns(name)}
    rows = []
    for world in worlds:
        simulation = simulate(world, people, days, seed)
        seen = observe(simulation)
        cut = paths(seen)
        buyers = seen.conversions["identifier"].to_numpy()
        nobody = np.zeros(cut.num_rows - len(buyers), dtype=buyers.dtype)
        whose = pa.array([str(one) for one in np.concatenate((buyers, nobody)).tolist()])
        for name, found in of_rules(rules, cut, person_keys(whose)).items():
            told = {row["channel"]: row for row in intervals(found).to_pylist()}
            inside = [
                told[channel]["credit_low"] <= caused <= told[channel]["credit_high"]
                for channel, caused in simulation.truth.caused.items() if channel in told
            ]  # fmt: skip
            rows.append(Held(world.name, name, len(inside), sum(inside)))
    return rows


def held_rows(found: Sequence[Held]) -> Iterator[Row]:
    """One row of the scorecard per model: the share of channels whose interval holds the truth."""
    for model in dict.fromkeys(one.model for one in found):
        mine = [one for one in found if one.model == model]
        channels, inside = sum(one.channels for one in mine), sum(one.held for one in mine)
        share = inside / channels if channels else None
        text = (
            f"{model}: its sampling interval holds what the channel caused for {inside} of "
            f"{channels} channels; it is about other persons, not about the truth."
        )
        yield Row("simulated", model, "interval_holds_truth", "", share, "share", text)
