"""Replicates against the models themselves, fitted on persons repeated by their weights."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.crowd import made
from benchmarks.intervals import with_constant
from models.bagged_logistic import logit
from models.bootstrap import groups, person_keys, weights
from models.markov import Markov
from models.resampled import Replicates, of_markov, of_rules, one_step
from models.rules import LastTouch, Linear, PositionBased
from models.shapley import Shapley
from models.touches import Touches, outcomes

PATHS, NAMES = made(3).drawn(400, 9)
KEYS = person_keys(NAMES)
TIMES = weights(12)[groups(KEYS)]  # paths x replicates


@pytest.mark.parametrize("model", [LastTouch(), Linear(), PositionBased(), Shapley()])
def test_replicates_of_a_rule_are_its_sums_over_paths_repeated_by_weight(model):
    found = of_rules({"it": model}, PATHS, KEYS, 12)["it"]
    won = outcomes(PATHS)
    for replicate, drawn in enumerate(found.draws):
        repeated = PATHS.take(np.repeat(np.arange(PATHS.num_rows), TIMES[:, replicate] * won))
        touches = Touches.read(repeated)
        sums = np.bincount(touches.codes, model.attribute(repeated)["credit"].to_numpy())
        whole = dict(zip(touches.channels, sums, strict=True))
        for channel, credit in zip(found.channels, drawn, strict=True):
            assert credit == pytest.approx(whole.get(channel, 0.0), abs=1e-3)
    assert found.credit.sum() == pytest.approx(won.sum())


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("losses", ["use", "drop"])
def test_replicates_of_markov_are_its_fits_with_the_weights(order, losses):
    model = Markov(order, losses=losses)
    found = of_markov(model, PATHS, KEYS, 12)
    for replicate, drawn in enumerate(found.draws):
        fitted = Markov(order, losses=losses).fit(PATHS, sample_weight=TIMES[:, replicate])
        expected = [fitted.totals_.get(channel, 0.0) for channel in found.channels]
        assert drawn == pytest.approx(np.array(expected), abs=1e-9)
    fitted = Markov(order, losses=losses).fit(PATHS)
    assert found.credit.tolist() == list(fitted.totals_.values())
    assert not hasattr(model, "totals_")


def test_order_and_batches_of_paths_change_no_replicate():
    order = np.random.default_rng(1).permutation(PATHS.num_rows)
    shuffled, keys = PATHS.take(order), KEYS[order]
    for resample in (of_markov, lambda _, *given: of_rules({"it": Linear()}, *given)["it"]):
        one, other = resample(Markov(), PATHS, KEYS, 20), resample(Markov(), shuffled, keys, 20)
        assert np.array_equal(one.draws, other.draws)


def test_paths_of_one_person_are_resampled_together():
    paths = pa.table({"channels": [["a"]] * 1_000})
    alone = of_rules({"it": Linear()}, paths, person_keys(pa.array(map(str, range(1_000)))))
    pairs = [str(at // 10) for at in range(1_000)]
    together = of_rules({"it": Linear()}, paths, person_keys(pa.array(pairs)))
    ratio = together["it"].draws.std() / alone["it"].draws.std()
    assert ratio == pytest.approx(np.sqrt(10), rel=0.2)


def test_what_two_models_share_cancels_in_their_difference():
    found = of_rules({"last": LastTouch(), "linear": Linear()}, PATHS, KEYS)
    gap = found["last"].minus(found["linear"])
    assert gap.credit == pytest.approx(found["last"].credit - found["linear"].credit)
    apart = np.hypot(found["last"].draws.std(axis=0), found["linear"].draws.std(axis=0))
    assert (gap.draws.std(axis=0) < 0.9 * apart).all()
    assert not found["last"].minus(found["last"]).draws.any()


def test_models_of_other_channels_are_not_compared():
    one = Replicates(["a"], np.ones(1), np.ones((3, 1)))
    with pytest.raises(ValueError, match=r"3 replicates of \['a'\] cannot be compared with 3 of"):
        one.minus(Replicates(["b"], np.ones(1), np.ones((3, 1))))


def test_a_fitted_model_is_not_taken_for_a_rule():
    with pytest.raises(ValueError, match=r"model 'markov' is fitted.*Use of_markov"):
        of_rules({"markov": Markov()}, PATHS, KEYS)


def test_markov_of_values_is_refused():
    with pytest.raises(ValueError, match="only 'conversions' can be resampled"):
        of_markov(Markov(outcome="value"), PATHS, KEYS)


def test_paths_without_touches_leave_nothing_to_resample():
    empty = pa.table({"channels": pa.array([[], []], pa.list_(pa.string()))})
    keys = person_keys(pa.array(["ann", "bob"]))
    assert of_markov(Markov(), empty, keys, 5).draws.shape == (5, 0)
    assert of_rules({"it": Linear()}, empty, keys, 5)["it"].draws.shape == (5, 0)


def test_one_step_of_a_logit_lands_near_its_refits():
    paths, names = made(3).drawn(4_000, 2)
    keys = person_keys(names)
    design, won = with_constant(paths), outcomes(paths).astype(float)
    fitted = logit(design, won, 1 - won)
    chance = 1 / (1 + np.exp(-design @ fitted))
    bend = design.T @ (design * (chance * (1 - chance))[:, None])
    draws = one_step(fitted, bend, design * (won - chance)[:, None], keys, 30)
    times = weights(30)[groups(keys)]
    refits = np.array([logit(design, won * w, (1 - won) * w) for w in times.T])
    assert (np.abs(draws - refits).max(axis=0) < 0.35 * refits.std(axis=0)).all()
    assert draws.std(axis=0) == pytest.approx(refits.std(axis=0), rel=0.1)
