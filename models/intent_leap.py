"""Parameters of the intent model as places in space: ways between them, and beyond."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.special import expit, logit

from models.intent_days import Layout
from models.intent_parameters import Parameters

LEAST = 1e-6  # of chances and rates
_FARTHEST = 30.0  # steps that a leap may be long
_PURCHASES = ("buys", "buys_class", "buys_slopes")
_MOVES = ("start", "rises", "rises_class", "rises_slopes", "falls", "rise_to", "fall_to")
_LANDINGS = ("rise_to", "fall_to")
_CHANCES = (*_LANDINGS, "start", "mix", "by_kind", "by_flight", "by_state", "by_class", "pages")


def leapt(start: Parameters, one: Parameters, two: Parameters, layout: Layout) -> Parameters:
    """Where two steps from the start are heading; effects stay at 0 or above.

    Parameters of purchases, of moves and of touches are each as far from their end as they are,
    so each kind leaps a length of its own.
    """
    places = [_loose(at) for at in (start, one, two)]
    ahead: dict[str, np.ndarray] = {}
    for names in (_PURCHASES, _MOVES, [n for n in places[0] if n not in (*_PURCHASES, *_MOVES)]):
        speed = {name: places[1][name] - places[0][name] for name in names}
        bend = {name: places[2][name] - places[1][name] - speed[name] for name in names}
        length = _length(speed.values(), bend.values())
        ahead |= {n: places[0][n] + 2 * length * speed[n] + length**2 * bend[n] for n in names}
    return _tied({name: ahead[name] for name in places[0]}, one, layout)


def _length(speed: Iterable[np.ndarray], bend: Iterable[np.ndarray]) -> float:
    went, turned = (sum(float((one**2).sum()) for one in kind) for kind in (speed, bend))
    return min(max(np.sqrt(went / max(turned, np.finfo(float).tiny)), 1.0), _FARTHEST)


def _loose(at: Parameters) -> dict[str, np.ndarray]:
    """Parameters in a form in which every number makes sense."""
    found = {name: getattr(at, name) for name in at.__dataclass_fields__}
    found |= {name: np.log(np.maximum(found[name], LEAST)) for name in _CHANCES}
    return found | {"falls": logit(at.falls)}


def _tied(loose: dict[str, np.ndarray], like: Parameters, layout: Layout) -> Parameters:
    found = loose | {name: np.exp(np.clip(loose[name], -14, 14)) for name in _CHANCES}
    effects = {"buys_slopes": layout.exposures, "rises_slopes": len(layout.lifts)}
    for name, ads in effects.items():
        slopes = np.where(getattr(like, name) == 0, 0.0, loose[name])
        found[name] = np.concatenate((np.maximum(slopes[:ads], 0.0), slopes[ads:]))
    mix, pages = found["mix"], found["pages"]
    found |= {"mix": mix / mix.sum(axis=1, keepdims=True), "pages": pages / pages.sum(axis=0)}
    found |= {"start": found["start"] / found["start"].sum(), "falls": expit(loose["falls"])}
    for name in _LANDINGS:  # what never happens stays so
        to = np.where(getattr(like, name) == 0, 0.0, found[name])
        found[name] = to / to.sum(axis=1, keepdims=True)
    return Parameters(**found)


def between(share: float, one: Parameters, other: Parameters) -> Parameters:
    """That share of the way from one to the other."""
    names = one.__dataclass_fields__
    return Parameters(**{
        name: (1 - share) * getattr(one, name) + share * getattr(other, name) for name in names
    })  # fmt: skip
