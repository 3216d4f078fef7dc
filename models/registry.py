"""Every model by the name it carries in tables and settings."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from models.bagged_logistic import BaggedLogistic
from models.base import AttributionModel
from models.hazard import AdditiveHazard
from models.markov import Markov
from models.path_removal import PathRemoval
from models.rules import FirstTouch, LastNonDirect, LastTouch, Linear, PositionBased, TimeDecay
from models.shao_li import ShaoLi
from models.shapley import Shapley
from models.shapley_rate import ShapleyRate

MODELS: dict[str, type[AttributionModel]] = {
    "first_touch": FirstTouch,
    "last_touch": LastTouch,
    "last_non_direct": LastNonDirect,
    "linear": Linear,
    "position_based": PositionBased,
    "time_decay": TimeDecay,
    "markov": Markov,
    "shapley": Shapley,
    "shapley_rate": ShapleyRate,
    "path_removal": PathRemoval,
    "shao_li": ShaoLi,
    "bagged_logistic": BaggedLogistic,
    "additive_hazard": AdditiveHazard,
}
OF_TIMES = ("additive_hazard",)  # learn from instants, which counted paths do not have


def learns(name: str) -> bool:
    """Whether the model of that name is fitted; rules are not.

    >>> learns("markov"), learns("linear")
    (True, False)
    """
    return bool(MODELS[name]._learned)


def make(name: str, **parameters: Any) -> AttributionModel:
    """The model of that name, its parameters checked.

    >>> make("time_decay", half_life_days=3.5)
    TimeDecay(half_life_days=3.5)
    >>> make("liner")
    Traceback (most recent call last):
    ...
    ValueError: no model is called 'liner'; did you mean 'linear'?
    """
    if name not in MODELS:
        raise ValueError(f"no model is called {name!r}; {_instead(name, MODELS)}")
    known = MODELS[name]._get_param_names()
    for parameter in parameters:
        if parameter not in known:
            hint = _instead(parameter, known) if known else "it has none"
            raise ValueError(f"model {name!r} has no parameter {parameter!r}; {hint}")
    model = MODELS[name](**parameters)
    try:
        model._check_parameters()
    except (TypeError, ValueError) as error:
        raise ValueError(f"model {name!r}: {error}") from error
    return model


def _instead(name: str, known: Iterable[str]) -> str:
    nearest = get_close_matches(name, known, n=1)
    return f"did you mean {nearest[0]!r}?" if nearest else f"there are {', '.join(known)}"
