"""How far to believe a fitted intent model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from models.intent import IntentModel
from models.intent_days import EFFECT_FADES, Histories
from models.intent_off import Forward
from models.intent_steps import purchases_due

PLACEBO = "(placebo)"
_OFF = 0.1  # how far what the model makes may be from what was seen
_AIMED = 0.5  # how much more likely to buy they may be who are touched e times as often
_CLOSE = 3.0  # 20 times as often
_RAREST = 1e-6
_LUCK = 2.0  # standard errors
_NOTHING = 0.05  # of what is caused, to touches that cause nothing
_LEFT = 0.1  # of a touch: less is forgotten
_THIN, _THICK = 0.005, 0.98


@dataclass(frozen=True)
class IntentGates:
    """How far to believe a fit; `alarms` says it in words."""

    rises: bool  # the log likelihood never fell
    purchases: float  # person-days with one that the running model makes, over those seen
    touches: dict[str, float]  # by channel: person-days with a touch, likewise
    targeting: dict[str, float]  # by channel: log of how much likelier buyers are touched
    overlap: dict[str, float]  # by channel: share of days with a touch not yet forgotten
    follows: dict[str, float]  # by channel: log of how much more often the highest intent meets it
    placebo: float = 0.0  # share of what is caused that a channel's touches get on other people

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
        close = [name for name, slope in self.follows.items() if slope > _CLOSE]
        told = {
            "the log likelihood fell while fitting": not self.rises,
            "run on its own, the model makes other numbers than were seen, as a ratio: "
            + ", ".join(self._unlike()): bool(self._unlike()),
            f"aimed at people who buy anyway: {', '.join(aimed)}": bool(aimed),
            f"too few days with or without a touch: {', '.join(thin)}": bool(thin),
            "met with intent, so that only a lift test can tell for sure: "
            + ", ".join(close): bool(close),
            f"touches of other people are given {self.placebo:.1%}": self.placebo > _NOTHING,
        }
        return [sentence for sentence, is_so in told.items() if is_so]


def intent_gates(model: IntentModel, data: Histories, run: Forward | None = None) -> IntentGates:
    """The gates of a fitted model on the data it was fitted on."""
    made, names = run or model.run(data), data.layout.channels
    sold = sum((block.bought > 0).sum() for block in data.blocks)
    seen = [
        sum(len(block.touched[code].day) * block.weight for block in data.blocks)
        for code in range(len(names))
    ]
    ratios = made.touches[0] / np.maximum(seen, 1)
    return IntentGates(
        bool((np.diff(model.log_likelihoods_) >= 0).all()), float(made.purchases[0] / sold),
        dict(zip(names, ratios.tolist(), strict=True)), _targeting(model, data), _overlap(data),
        _follows(model, data),
        _placebo(model, data, 1 - float(made.purchases[-1] / made.purchases[0])),
    )  # fmt: skip


def _placebo(model: IntentModel, data: Histories, caused: float) -> float:
    """Share given to the touches that most people meet, moved to other people of their block.

    One step of Newton's from no effect, with intent as the model found it; nothing is given if
    that could be luck.
    """
    layout, column = data.layout, _most_met(data)
    score, bend, exposed = np.zeros(3)
    for number, block in enumerate(data.blocks):
        due = purchases_due(block, layout, model.parameters_)
        other = np.random.default_rng([model.seed, number, 2]).permutation(block.size)
        met = block.effects[:, other, column]
        score += block.weight * float((met * ((block.bought > 0) - due)).sum())
        bend += block.weight * float((met**2 * due).sum())
        exposed += block.weight * float((met * due).sum())
    sold = sum((block.bought > 0).sum() for block in data.blocks)
    if score <= _LUCK * np.sqrt(bend):
        return 0.0
    given = score / bend * exposed / sold
    return float(given / (given + caused))


def _most_met(data: Histories) -> int:
    """The column of slowly fading exposure that is largest."""
    speeds = len(EFFECT_FADES)
    slow = range(speeds - 1, data.layout.exposures, speeds)
    return max(slow, key=lambda one: float(data.blocks[0].effects[:, :, one].sum()))


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


def _follows(model: IntentModel, data: Histories) -> dict[str, float]:
    slopes = np.log(np.maximum(model.parameters_.by_state, _RAREST).max(axis=1))
    names = [data.layout.channels[code] for code in data.layout.causes]
    return dict(zip(names, slopes[list(data.layout.causes)].tolist(), strict=True))


def _overlap(data: Histories) -> dict[str, float]:
    days = sum(block.bought.size * block.weight for block in data.blocks)
    names = [data.layout.channels[code] for code in data.layout.causes]
    touched = np.zeros(len(names))
    for block in data.blocks:
        speeds = block.effects[:, :, : 2 * len(names)].reshape(*block.bought.shape, len(names), 2)
        touched += (speeds > _LEFT).any(axis=3).sum(axis=(0, 1)) * block.weight
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
