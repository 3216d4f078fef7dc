"""Rows of a scorecard: what was measured of each model, and the same in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, isnan

import numpy as np
import pyarrow as pa

from models.base import Unfit
from models.calibrate import left_out
from models.evaluate import Judged
from models.lift_tests import LiftTest
from models.predict import Forecast, base_rate, chances, forecast
from models.registry import make
from models.touches import outcomes

EVERYBODY = "(all)"
LEAST_CONVERSIONS = 20  # fewer tell nothing of a chance
ENOUGH_TESTS = 3  # of which one can be left out, and two still agree or not
GOOD_ERROR, FAIR_ERROR = 0.4, 0.8  # of conversions caused in simulated worlds


@dataclass(frozen=True)
class Row:
    """One figure of a model; `number` is None if it could not be measured."""

    part: str
    model: str
    metric: str
    subject: str
    number: float | None
    unit: str
    sentence: str


@dataclass(frozen=True)
class Outcomes:
    """Open paths of people at the end of a month, and whether they converted in the days after.

    `earlier` and `later` have ``channels``, ``is_converted`` and ``people``, of different people,
    the later ones a month later. Paths were cut before anybody knew how they would end.
    """

    earlier: pa.Table
    later: pa.Table
    learned_at: str  # the day the earlier paths were cut
    judged_at: str
    days: int


def future_rows(models: Mapping[str, Mapping[str, object]], seen: Outcomes) -> Iterator[Row]:
    """How well each model, by name with its parameters, foretold what other people did later."""
    weights = [table["people"].to_numpy().astype(float) for table in (seen.earlier, seen.later)]
    won = seen.later["is_converted"].to_numpy(zero_copy_only=False)
    counts = weights[0][outcomes(seen.earlier)].sum(), weights[1][won].sum()
    if min(counts) < LEAST_CONVERSIONS:
        yield _unknown_future(
            f"only {counts[0]:.0f} of those to learn from and {counts[1]:.0f} of those to judge on "
            "converted"
        )
        return
    for name, parameters in models.items():
        try:
            chance = chances(make(name, **parameters), seen.earlier, weights[0], seen.later)
        except Unfit as reason:
            yield Row("future", name, "log_loss", "", None, "nats", f"{name} refused: {reason}")
            continue
        if chance is None:
            text = f"{name} states no chance to convert, so the future cannot judge it."
            yield Row("future", name, "log_loss", "", None, "nats", text)
        else:
            found = forecast(chance, won, weights[1], base_rate(seen.earlier, weights[0]))
            yield from _forecast_rows(name, found, seen)


def _unknown_future(why: str) -> Row:
    return Row("future", EVERYBODY, "log_loss", "", None, "nats",
               f"What people did later judges no model yet: {why}.")  # fmt: skip


def no_future() -> Row:
    """When there are no two month ends with days enough after each."""
    return _unknown_future("it takes two ends of months, each with four weeks after it")


def _forecast_rows(name: str, found: Forecast, seen: Outcomes) -> Iterator[Row]:
    said = f"{name}, learned on {seen.learned_at}, judged on other people from {seen.judged_at}"
    better = "saves" if found.gain > 0 else "loses"
    yield Row("future", name, "log_loss", "", found.log_loss, "nats",
              f"{said}: {found.log_loss:.4f} nats each; {better} {abs(found.gain):.1%} of what "
              "knowing only the rate would cost.")  # fmt: skip
    text = f"{name} {better} {abs(found.gain):.1%} of the loss of knowing only the rate."
    yield Row("future", name, "log_loss_gain", "", found.gain, "share", text)
    yield Row("future", name, "calibration_error", "", found.calibration_error, "share",
              f"Its chances are {found.calibration_error:.2%} away from what happened, and it "
              f"expected {found.ratio:.2f} times the conversions that came.")  # fmt: skip
    yield Row("future", name, "auc", "", found.auc, "share",
              f"AUC {found.auc:.3f}. Last on purpose: it tells whether people about to buy are "
              "ranked above others, which a model does by following intent, and nothing of what "
              "a channel caused.")  # fmt: skip


def lift_rows(model: str, tests: Sequence[LiftTest], said: np.ndarray) -> Iterator[Row]:
    """How lift tests, each left out of the bias in turn, agree with a model's credit."""
    useful = [at for at, credit in enumerate(said) if credit > 0]
    kept, told = [tests[at] for at in useful], said[useful]
    if not kept:
        return
    found = sum(test.estimate for test in kept)
    ratio = float(told.sum() / found) if found > 0 else None
    yield Row("lift_tests", model, "credit_over_lift", "", ratio, "ratio",
              f"{model} gives the channels of {_tests(len(kept))} {told.sum():,.0f} conversions; "
              f"the tests found {found:,.0f}.")  # fmt: skip
    if len(kept) < 2:
        return
    rows = left_out(kept, told).to_pylist()
    inside = sum(row["is_inside"] for row in rows)
    text = f"Of {_tests(len(rows))}, {inside} lie where {model} and the others put them."
    yield Row("lift_tests", model, "left_out_inside", "", inside / len(rows), "share", text)
    for row in rows:
        yield Row("lift_tests", model, "left_out_z", row["test"], row["z"], "standard deviations",
                  f"{row['test']}: found {row['estimate']:,.0f}, {model} and the other tests say "
                  f"{row['others_say']:,.0f} ({row['others_low']:,.0f} to "
                  f"{row['others_high']:,.0f}).")  # fmt: skip


def _tests(count: int) -> str:
    return "1 lift test" if count == 1 else f"{count} lift tests"


def stability_rows(rows: Iterable[Mapping[str, object]]) -> Iterator[Row]:
    """From one row per model: `months`, `moved` (mean change of a channel's share between the last
    two whole months) and `width` (mean of the sampling interval of a share, from end to end).
    """
    for row in rows:
        model, moved, width = str(row["model"]), row["moved"], row["width"]
        if isinstance(moved, float):
            yield Row("stability", model, "share_change", "", moved, "share",
                      f"From {row['months']}, {model} moved a channel's share by {moved:.2%} "
                      "on average.")  # fmt: skip
        if isinstance(width, float):
            yield Row("stability", model, "share_interval", "", width, "share",
                      f"{model}: the sampling interval of a channel's share is {width:.2%} "
                      "wide on average. Narrow is not right.")  # fmt: skip


def simulated_rows(judged: Sequence[Judged], people: int) -> Iterator[Row]:
    """Errors over simulated worlds, one row per model and kind, mean and worst, and refusals."""
    for model in dict.fromkeys(row.model for row in judged):
        mine = [row for row in judged if row.model == model]
        for row in (one for one in mine if one.refusal):
            yield Row("simulated", model, "refused", f"{row.world} {row.seed}", None, "",
                      f"{model} refused {row.world}: {row.refusal}")  # fmt: skip
        worlds = len({row.world for row in mine if not row.refusal})
        yield Row("simulated", model, "worlds", "", float(worlds), "worlds",
                  f"{model} was judged in {worlds} worlds whose truth is known.")  # fmt: skip
        for kind, (unit, words) in _KINDS.items():
            told = [getattr(row.scores, kind) for row in mine if not row.refusal]
            numbers = [number for number in told if isfinite(number)]
            if numbers:
                middle, worst = float(np.mean(numbers)), float(np.max(numbers))
                yield Row("simulated", model, kind, "", middle, unit,
                          f"{model}: {words} {middle:.2f} on average over {len(numbers)} worlds "
                          f"of {people:,} people, {worst:.2f} at worst.")  # fmt: skip
                yield Row("simulated", model, f"{kind}_worst", "", worst, unit,
                          f"{model}: {words} {worst:.2f} in the worst of the worlds.")  # fmt: skip


_KINDS = {
    "wmape": ("share", "error of the conversions that channels caused"),
    "share_error": ("share", "error of a channel's share"),
    "total_ratio": ("ratio", "conversions given over conversions caused"),
    "placebo_credit": ("share", "share given to channels that do nothing"),
}


def verdicts(rows: Sequence[Row]) -> Iterator[Row]:
    """Which model to believe for which question, as far as the figures go."""
    yield _of_cause(rows)
    yield _of_future(rows)
    yield _of_calm(rows)


def _of_cause(rows: Sequence[Row]) -> Row:
    """How many conversions did channels cause? Experiments first, then worlds, else nobody."""
    question = "How many conversions did a channel cause?"
    inside = _best(rows, "lift_tests", "left_out_inside", highest=True)
    many = len({row.subject for row in rows if row.metric == "left_out_z"})
    error = _best(_widely_judged(rows), "simulated", "wmape", highest=False)
    if inside and many >= ENOUGH_TESTS and (inside.number or 0) > 0.5:
        text = (
            f"Believe the calibrated figures of {inside.model}: of {many} lift tests, each "
            f"left out in turn, {inside.number:.0%} lie where the others put them."
        )
        return _verdict(inside.model, question, text)
    if error and error.number is not None and error.number <= FAIR_ERROR:
        how = "Believe" if error.number <= GOOD_ERROR else "Believe with care"
        text = (f"{how} {error.model}: least wrong in simulated worlds ({error.number:.0%} error). "
                "No world is yours: test a channel before you move much money.")  # fmt: skip
        return _verdict(error.model, question, text)
    text = ("No model here. Descriptive models share out all conversions, also those that would "
            f"have come anyway. Run lift tests on {ENOUGH_TESTS} channels or more.")  # fmt: skip
    return _verdict(EVERYBODY, question, text)


def _widely_judged(rows: Sequence[Row]) -> list[Row]:
    """Without models that were judged in few worlds: in some world any model looks good."""
    enough = {row.model for row in rows if row.metric == "worlds" and (row.number or 0) >= 3}
    return [row for row in rows if row.model in enough]


def _of_future(rows: Sequence[Row]) -> Row:
    question = "Who is about to convert?"
    best = _best(rows, "future", "log_loss_gain", highest=True)
    if best is None or best.number is None or best.number <= 0:
        text = "No model foretold it better than the plain rate, or none could be judged yet."
        return _verdict(EVERYBODY, question, text)
    text = (f"{best.model} foretold it best and saved {best.number:.1%} of the loss. That is no "
            "reason to believe its credit.")  # fmt: skip
    return _verdict(best.model, question, text)


def _of_calm(rows: Sequence[Row]) -> Row:
    question = "Where do paths begin, pass and end?"
    text = (
        "Each rule answers its own question exactly, no figure makes one right: first_touch "
        "where paths begin, last_touch where they end, linear which channels are met most."
    )
    calm = _best(rows, "stability", "share_change", highest=False)
    if calm and calm.number is not None:
        text += f" {calm.model} moved least between months ({calm.number:.2%} a channel)."
    return _verdict(EVERYBODY, question, text)


def _best(rows: Sequence[Row], part: str, metric: str, highest: bool) -> Row | None:
    """The row of the best number; of equals the first model by name."""
    found = [
        row for row in rows
        if (row.part, row.metric) == (part, metric)
        and row.number is not None and not isnan(row.number)
    ]  # fmt: skip
    sign = -1 if highest else 1
    return min(found, key=lambda row: (sign * (row.number or 0.0), row.model), default=None)


def _verdict(model: str, question: str, text: str) -> Row:
    return Row("verdict", model, question, "", None, "", text)
