"""Every model keeps scikit-learn's manners, and the registry names them all."""

from __future__ import annotations

import json
import re

import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import (
    check_estimator_cloneable,
    check_estimator_repr,
    check_get_params_invariance,
    check_no_attributes_set_in_init,
    check_parameters_default_constructible,
)

from expectations.tables.credit import MODEL_NAMES
from models.base import AttributionModel
from models.registry import MODELS, OF_TIMES, learns, make

CHECKS = [
    check_no_attributes_set_in_init,
    check_parameters_default_constructible,
    check_get_params_invariance,
    check_estimator_cloneable,
    check_estimator_repr,
]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_model_passes_scikit_learns_check(name, check):
    check(name, MODELS[name]())


def test_the_tables_know_every_model_that_counted_paths_can_fit():
    assert tuple(name for name in MODELS if name not in OF_TIMES) == MODEL_NAMES


def test_parameters_reach_the_model_and_survive_a_clone():
    model = clone(make("position_based", first=0.2, last=0.6))
    assert model.get_params() == {"first": 0.2, "last": 0.6}


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("last_tuch", {}, "no model is called 'last_tuch'; did you mean 'last_touch'?"),
        ("xyz", {}, "no model is called 'xyz'; there are first_touch, last_touch"),
        ("time_decay", {"half_life": 7}, "did you mean 'half_life_days'?"),
        ("linear", {"order": 2}, "model 'linear' has no parameter 'order'; it has none"),
        ("markov", {"order": 0}, "model 'markov': order=0; expected a whole number"),
        ("markov", {"order": True}, "order=True"),
        ("time_decay", {"half_life_days": 0.0}, "half_life_days=0.0; expected more than 0 days"),
        ("time_decay", {"half_life_days": float("nan")}, "half_life_days=nan"),
        ("time_decay", {"half_life_days": "7"}, "model 'time_decay': '>' not supported"),
        ("position_based", {"first": 0.7, "last": 0.4}, "first=0.7 and last=0.4"),
        ("position_based", {"first": -0.1}, "first=-0.1"),
        ("markov", {"losses": "maybe"}, "losses='maybe'; expected one of use, need, drop"),
        ("markov", {"outcome": "money"}, "outcome='money'; expected one of conversions, value"),
        ("shapley_rate", {"draws": 0}, "draws=0; expected a whole number of 1 or more"),
        ("shapley_rate", {"seed": 1.5}, "seed=1.5"),
        ("path_removal", {"unseen": "none"}, "unseen='none'; expected one of suffix, zero"),
        ("path_removal", {"max_endings": 0}, "max_endings=0"),
        ("bagged_logistic", {"bags": 0}, "bags=0"),
        ("bagged_logistic", {"channel_share": 1.5}, "channel_share=1.5; expected above 0"),
        ("additive_hazard", {"baseline": 1}, "baseline=1; expected True or False"),
        ("additive_hazard", {"passes": 0}, "passes=0"),
    ],
)
def test_nonsense_is_refused_with_what_to_do(name, parameters, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make(name, **parameters)


@pytest.mark.parametrize("name", MODELS)
def test_parameters_are_checked_when_used_not_when_set(name):
    model = MODELS[name]()
    bad = {
        "markov": ("order", 0), "time_decay": ("half_life_days", -1.0),
        "shapley_rate": ("draws", 0), "path_removal": ("max_endings", 0),
        "bagged_logistic": ("bags", 0), "additive_hazard": ("passes", 0),
    }.get(name)  # fmt: skip
    if bad:
        model.set_params(**{bad[0]: bad[1]})
        with pytest.raises(ValueError, match=bad[0]):
            model.attribute(pa.table({"channels": [["a"]]}))


def test_a_learned_state_of_another_model_is_refused():
    with pytest.raises(ValueError, match=r"Linear cannot load \['weights'\]: it learns \[\]"):
        make("linear").load({"weights": {}})


@pytest.mark.parametrize("name", [name for name in MODELS if not learns(name)])
def test_rules_learn_nothing(name):
    assert json.loads(json.dumps(make(name).learned())) == {}
    assert make(name).load({}).learned() == {}


def test_a_model_that_forgot_its_weights_says_so():
    with pytest.raises(NotImplementedError, match="AttributionModel does not say"):
        AttributionModel().attribute(pa.table({"channels": [["a"]]}))
