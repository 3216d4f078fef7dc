"""Models that agree, disagree, or have too little to say are told apart."""

from __future__ import annotations

import doctest
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.report import agreement
from pipelines.report.language import Language
from pipelines.report.shape import Line, channel_lines

PAGE = Path(__file__).parents[3] / "docs" / "report.md"
MODELS = ("first_touch", "markov")


def lines(**channels: tuple[int, int]) -> list[Line]:
    rows = [
        {"channel": name, "model": model, "conversions": Decimal(n), "value": Decimal(10 * n),
         "cost": Decimal(0)}
        for name, figures in channels.items()
        for model, n in zip(MODELS, figures, strict=True)
    ]  # fmt: skip
    return channel_lines(rows, MODELS)


def test_how_sure_a_channel_is_follows_from_the_widest_gap_between_models():
    told = lines(Search=(500, 520), Email=(100, 180), Display=(350, 150), Rare=(20, 29))
    levels = {v.channel: v.level for v in agreement.verdicts(told, "value", [])}
    assert levels == {"Search": "firm", "Email": "fair", "Display": "open", "Rare": "few"}


def test_the_widest_disagreement_comes_first_and_unattributed_is_no_channel():
    told = lines(**{"A": (10, 90), "B": (90, 10), "(unattributed)": (500, 500), "C": (50, 50)})
    found = agreement.verdicts(told, "value", [])
    assert [verdict.channel for verdict in found] == ["A", "B", "C"]
    assert sum(verdict.shares[0] for verdict in found) == 1
    assert (found[0].ranks, found[1].ranks) == ((3, 1), (1, 3))


def test_a_channel_that_one_model_gives_nothing_is_open_and_no_model_divides_by_nothing():
    (only,) = agreement.verdicts(lines(A=(0, 900)), "value", [])
    assert (only.level, only.shares) == ("open", (0, 1))


def test_ranks_in_months_span_all_models_and_months():
    monthly = [
        {"month": date(2026, month, 1), "model": "linear", "channel": channel, "value": value}
        for month, values in ((1, (9, 5, 1)), (2, (1, 5, 9)))
        for channel, value in zip("ABC", values, strict=True)
    ]
    assert agreement.month_ranks(monthly, "value") == {"A": (1, 3), "B": (2, 2), "C": (1, 3)}
    assert agreement.month_to_month(monthly, ("linear", "markov"), "value") == [-1.0, None]


def test_tau_is_that_of_scipy_with_ties_and_without():
    stats = pytest.importorskip("scipy.stats")
    for a, b in (((1, 2, 3, 4), (1, 3, 2, 4)), ((1, 1, 2, 3), (3, 1, 2, 2))):
        assert agreement.tau(agreement.signs(a), agreement.signs(b)) == pytest.approx(
            stats.kendalltau(a, b).statistic
        )


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_level_has_a_sentence_that_names_the_channel_and_fills_all_places(language):
    told = lines(Search=(500, 520), Email=(100, 180), Display=(350, 150), Rare=(20, 29))
    for verdict in agreement.verdicts(told, "value", []):
        said = agreement.sentence(verdict, MODELS, "value", Language(language))
        assert said.startswith(f"{verdict.channel}: ")
        assert "{" not in said


def test_the_examples_of_the_docs_are_true():
    assert doctest.testfile(str(PAGE), module_relative=False).failed == 0
    assert "30 credited conversions" in PAGE.read_text()
    assert agreement.FEW == 30
    assert agreement.FAIR == 2
    assert Decimal("1.25") == agreement.FIRM
