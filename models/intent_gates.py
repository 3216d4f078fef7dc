"""How far to believe a fitted intent model, and what several of them agree on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from models.incremental import BASELINE
from models.intent import IntentModel, shares_lost
from models.intent_days import Histories
from models.intent_off import Forward

PLACEBO = "(placebo)"
_OFF = 0.1  # how far what the model makes may be from what was seen
_AIMED = 0.5  # how much more likely to buy they may be who are touched e times as often
_THIN, _THICK = 0.005, 0.98


@dataclass(frozen=True)
class IntentGates:
    """How far to believe a fit; `alarms` says it in words."""

    rises: bool  # the log likelihood never fell
    purchases: float  # that the fitted model makes when it runs, over those seen
    touches: dict[str, float]  # by channel: person-days with a touch, likewise
    targeting: dict[str, float]  # by channel: log of how much likelier buyers are touched
    overlap: dict[str, float]  # by channel: share of days with a touch not yet forgotten

    @property
    def is_like_the_data(self) -> bool:
        """Whether purchases and touches of the running model are within a tenth of those seen."""
        return not self._unlike()

    def _unlike(self) -> list[str]:
        made = {"purchases": self.purchases, **self.touches}
        return [f"{name} {ratio:.2f}" for name, ratio in made.items() if abs(ratio - 1) > _OFF]

    def alarms(self) -> list[str]:
        """What is wrong, a sentence each; empty if nothing is known to be."""
        aimed = [name for name, slope in self.targeting.items() if slope > _AIMED]
        thin = [name for name, share in self.overlap.items() if not _THIN <= share <= _THICK]
        told = {
            "the log likelihood fell while fitting": not self.rises,
            "run on its own, the model makes other numbers than were seen, as a ratio: "
            + ", ".join(self._unlike()): bool(self._unlike()),
            f"aimed at people who buy anyway: {', '.join(aimed)}": bool(aimed),
            f"too few days with or without a touch: {', '.join(thin)}": bool(thin),
        }
        return [sentence for sentence, is_so in told.items() if is_so]


def intent_gates(model: IntentModel, data: Histories, run: Forward | None = None) -> IntentGates:
    """The gates of a fitted model on the data it was fitted on."""
    made, names = run or model.run(data), data.layout.channels
    sold = sum(block.bought.sum() for block in data.blocks)
    seen = [sum(len(block.touched[c].day) for block in data.blocks) for c in range(len(names))]
    ratios = made.touches[0] / np.maximum(seen, 1)
    return IntentGates(
        bool((np.diff(model.log_likelihoods_) >= 0).all()), float(made.purchases[0] / sold),
        dict(zip(names, ratios.tolist(), strict=True)), _targeting(model, data), _overlap(data),
    )  # fmt: skip


def _targeting(model: IntentModel, data: Histories) -> dict[str, float]:
    """By cause, over classes: the slope of the log of purchases on that of touches."""
    at = model.parameters_
    kind = np.concatenate([block.kind for block in data.blocks])
    people = np.bincount(kind, minlength=len(at.mix))
    share = people @ at.mix / people.sum()
    prone = at.buys_class + at.rises_class
    found = {}
    for code in data.layout.causes:
        touched = np.log(at.by_class[code])
        touched = touched - share @ touched
        spread = share @ touched**2
        found[data.layout.channels[code]] = float(share @ (touched * prone) / max(spread, 0.01))
    return found


def _overlap(data: Histories) -> dict[str, float]:
    days = sum(block.bought.size for block in data.blocks)
    names = [data.layout.channels[code] for code in data.layout.causes]
    touched = np.zeros(len(names))
    for block in data.blocks:
        speeds = block.effects[:, :, : 2 * len(names)].reshape(*block.bought.shape, len(names), 2)
        touched += (speeds > np.log1p(0.1)).any(axis=3).sum(axis=(0, 1))
    return dict(zip(names, (touched / days).tolist(), strict=True))


def shuffled(people: pa.Table, touches: pa.Table, source: str, seed: int = 0) -> pa.Table:
    """`touches` and those of `source` once more, of other people, as a channel of no effect.

    Fit a model on it with PLACEBO among the causes: what that is given is taken from others.
    """
    known = people["identifier"].to_numpy()
    other = np.random.default_rng(seed).permutation(known)
    copied = touches.filter(pa.array(touches["channel"].to_numpy() == source))
    order = np.argsort(known)
    who = other[order[np.searchsorted(known, copied["identifier"].to_numpy(), sorter=order)]]
    moved = {"identifier": pa.array(who), "channel": pa.array([PLACEBO] * len(who))}
    columns = [moved.get(name, copied[name]) for name in touches.column_names]
    rows = pa.table(dict(zip(touches.column_names, columns, strict=True)))
    order_by = [("identifier", "ascending"), ("touched_at", "ascending"), ("channel", "ascending")]
    return pa.concat_tables([touches, rows.cast(touches.schema)]).sort_by(order_by)


@dataclass(frozen=True)
class Agreed:
    """What several models say: the least of it, as confounding gives too much, and its band."""

    caused: dict[str, float]  # by channel, and the baseline
    band: dict[str, tuple[float, float]]  # by channel: least and most over models; no interval
    alarms: tuple[str, ...]  # why models were left out, and those of the models kept


def settled(models: Sequence[IntentModel], data: Histories) -> list[Agreed]:
    """What each of the models says alone, and last what they agree on."""
    runs = [model.run(data) for model in models]
    gates = [intent_gates(one, data, run) for one, run in zip(models, runs, strict=True)]
    said = [shares_lost(run, data) for run in runs]
    alone = [agreed([one], [gate]) for one, gate in zip(said, gates, strict=True)]
    return [*alone, agreed(said, gates)]


def agreed(said: Sequence[dict[str, float]], gates: Sequence[IntentGates]) -> Agreed:
    """Of each channel the least over models that make numbers like those seen.

    If none does, all count and the alarm says so.
    """
    like = [one for one, gate in zip(said, gates, strict=True) if gate.is_like_the_data]
    kept = like or said
    names = [name for name in kept[0] if name != BASELINE]
    band = {name: (min(s[name] for s in kept), max(s[name] for s in kept)) for name in names}
    least = {name: low for name, (low, _) in band.items()}
    none = [] if like else ["no model makes numbers like those seen; believe none"]
    alarms = dict.fromkeys([*none, *(alarm for gate in gates for alarm in gate.alarms())])
    baseline = max(one[BASELINE] for one in kept)
    return Agreed({**least, BASELINE: baseline}, band, tuple(alarms))
