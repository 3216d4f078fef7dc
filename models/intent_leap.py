"""Parameters of the intent model as places in space: ways between them, and beyond."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from models.intent_days import Layout
from models.intent_parameters import Parameters

LEAST = 1e-6  # of chances and rates
_FARTHEST = 30.0  # steps that a leap may be long
_LANDINGS = ("rise_to", "fall_to")
_CHANCES = (*_LANDINGS, "start", "mix", "by_kind", "by_flight", "by_state", "by_class", "pages")


def leapt(start: Parameters, one: Parameters, two: Parameters, layout: Layout) -> Parameters:
    """Where two steps from the start are heading; effects stay at 0 or above."""
    places = [_loose(at) for at in (start, one, two)]
    flat = [np.concatenate([value.ravel() for value in place.values()]) for place in places]
    speed = flat[1] - flat[0]
    bend = flat[2] - flat[1] - speed
    length = np.sqrt((speed @ speed) / max(bend @ bend, np.finfo(float).tiny))
    length = min(max(length, 1.0), _FARTHEST)
    ahead = flat[0] + 2 * length * speed + length**2 * bend
    sizes = np.cumsum([value.size for value in places[0].values()])[:-1]
    parts = zip(places[0].items(), np.split(ahead, sizes), strict=True)
    return _tied({name: part.reshape(value.shape) for (name, value), part in parts}, one, layout)


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
