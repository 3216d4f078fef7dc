"""The summary says what the figures say."""

from __future__ import annotations

from decimal import Decimal

from pipelines.report import sentences
from pipelines.report.shape import Line, channel_lines

MODELS = ("first_touch", "markov")


def lines(**channels: tuple[int, int]) -> list[Line]:
    rows = [
        {"channel": name, "model": model, "conversions": Decimal(1), "value": Decimal(value),
         "cost": Decimal(0)}
        for name, values in channels.items()
        for model, value in zip(MODELS, values, strict=True)
    ]  # fmt: skip
    return channel_lines(rows, MODELS)


def test_a_channel_that_leads_under_every_model_is_named_once_with_its_range():
    said = sentences.leader(lines(Email=(5, 9), Search=(4, 2)), MODELS, "value", "EUR")
    assert said == (
        "Email earned most under every model: from 5.00 EUR (first touch) to 9.00 EUR (Markov)."
    )


def test_models_that_disagree_are_named_with_their_winners():
    said = sentences.leader(lines(Email=(5, 1), Search=(4, 2)), MODELS, "value", "EUR")
    assert said == (
        "The models disagree on the channel that earned most: "
        "Email under first touch; Search under Markov."
    )


def test_unattributed_never_leads_nor_depends_on_the_model():
    rows = lines(**{"(unattributed)": (90, 10), "Email": (5, 6)})
    assert sentences.leader(rows, MODELS, "value", "EUR").startswith("Email")
    assert "Email" in sentences.widest(rows, MODELS, "value", "EUR")


def test_models_that_agree_are_said_to_agree():
    said = sentences.widest(lines(Email=(5, 5), Search=(2, 2)), MODELS, "value", "EUR")
    assert said == "All models give every channel the same credit."


def test_shares_that_differ_between_models_are_a_range():
    books = [
        {"booked_value": Decimal(100), "unattributed_value": Decimal(part)} for part in (20, 5, 10)
    ]
    assert sentences.attributed(books, "value").startswith("5.0\xa0% to 20.0\xa0% of the net value")


def test_conversions_without_value_are_counted_and_not_priced():
    book = [{"conversion_type": "lead", "conversions": 1, "value": Decimal(0)}]
    assert sentences.order_book(book, "XXX") == (
        "The order book holds 1 conversion (1 lead), counted without a value."
    )


def test_a_broken_reconciliation_is_said_first_of_all_to_be_broken():
    said = sentences.reconciled([{"broken": 2, "days": 14}, {"broken": 0, "days": 14}])
    assert said.startswith("2 of 28 reconciled rows (day, model, type) differ from the order book")
