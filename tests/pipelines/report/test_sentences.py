"""The overview says what the figures say, in the language that was asked for."""

from __future__ import annotations

from decimal import Decimal

from pipelines.report import sentences
from pipelines.report.language import Language
from pipelines.report.shape import Line, channel_lines

MODELS = ("first_touch", "markov")
EN, DE = Language("en"), Language("de")


def lines(**channels: tuple[int, int]) -> list[Line]:
    rows = [
        {"channel": name, "model": model, "conversions": Decimal(1), "value": Decimal(value),
         "cost": Decimal(0)}
        for name, values in channels.items()
        for model, value in zip(MODELS, values, strict=True)
    ]  # fmt: skip
    return channel_lines(rows, MODELS)


def test_a_channel_that_leads_under_every_model_is_named_once_with_its_range():
    told = lines(Email=(5, 9), Search=(4, 2))
    assert sentences.leader(told, MODELS, "value", "EUR", EN) == (
        "Email earned most under every model: from 5.00 EUR (first touch) to 9.00 EUR (Markov)."
    )
    assert sentences.leader(told, MODELS, "value", "EUR", DE) == (
        "Email brachte in jedem Modell am meisten: von 5,00 EUR (Erster Kontakt) bis "
        "9,00 EUR (Markow)."
    )


def test_models_that_disagree_are_named_with_their_winners():
    said = sentences.leader(lines(Email=(5, 1), Search=(4, 2)), MODELS, "value", "EUR", EN)
    assert said == (
        "The models disagree on the channel that earned most: "
        "Email under first touch; Search under Markov."
    )


def test_unattributed_never_leads_nor_depends_on_the_model():
    rows = lines(**{"(unattributed)": (90, 10), "Email": (5, 6)})
    assert sentences.leader(rows, MODELS, "value", "EUR", EN).startswith("Email")
    assert "Email" in sentences.widest(rows, MODELS, "value", "EUR", EN)


def test_models_that_agree_are_said_to_agree():
    said = sentences.widest(lines(Email=(5, 5), Search=(2, 2)), MODELS, "value", "EUR", EN)
    assert said == "All models give every channel the same credit."


def test_shares_that_differ_between_models_are_a_range_and_a_tie_is_one_figure():
    books = [
        {"booked_value": Decimal(100), "unattributed_value": Decimal(part)} for part in (20, 5, 10)
    ]
    said = sentences.attributed(books, "value", EN)
    assert said.startswith("5.0\xa0% to 20.0\xa0% of the net value")
    assert sentences.unattributed(books[:1] * 2, "value", DE) == "20,0\xa0%"
    assert sentences.unattributed([], "value", EN) == "\N{EN DASH}"


def test_conversions_without_value_are_counted_and_not_priced():
    book = [{"conversion_type": "lead", "conversions": 1, "value": Decimal(0)}]
    assert sentences.order_book(book, "XXX", EN) == (
        "The order book holds 1 conversion (1 lead), counted without a value."
    )


def test_refunds_are_told_apart_from_the_net_value():
    book = [{"conversion_type": "order", "conversions": 1200, "value": Decimal(90),
             "refunded": Decimal(-10)}]  # fmt: skip
    assert sentences.order_book(book, "EUR", DE) == (
        "Das Auftragsbuch enthält 1.200 Conversions (1.200 order), nach Erstattungen von "
        "10,00 EUR netto 90,00 EUR wert."
    )


def test_a_broken_reconciliation_is_said_first_of_all_to_be_broken():
    said = sentences.reconciled([{"broken": 2, "days": 14}, {"broken": 0, "days": 14}], EN)
    assert said.startswith("2 of 28 reconciled rows (day, model, type) differ from the order book")
