"""What the figures say, in sentences with units; the page names the period."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pipelines.report.figures import NO_CURRENCY, count, in_sentence, money, plural, share
from pipelines.report.queries import Row, Rows
from pipelines.report.shape import ZERO, Line


def order_book(book: Rows, currency: str) -> str:
    """Say what was booked."""
    if not book:
        return "The order book is empty."
    number = sum(row["conversions"] for row in book)
    kinds = ", ".join(f"{count(row['conversions'])} {row['conversion_type']}" for row in book)
    said = f"The order book holds {plural(number, 'conversion')} ({kinds})"
    if currency == NO_CURRENCY:
        return f"{said}, counted without a value."
    value, refunds = (sum((row[k] for row in book), ZERO) for k in ("value", "refunded"))
    net = f"worth {money(value, currency)} {currency} net"
    if refunds:
        net += f" after {money(-refunds, currency)} {currency} of refunds"
    return f"{said}, {net}."


def attributed(books: Rows, unit: str) -> str:
    """Say which share of the order book touches earned."""
    whole = [row for row in books if row[f"booked_{unit}"]]
    if not whole:
        return ""
    whole.sort(key=lambda row: row[f"unattributed_{unit}"] / row[f"booked_{unit}"])
    of = "net value" if unit == "value" else "conversions"
    if not any(row[f"unattributed_{unit}"] for row in whole):
        return f"Touches earned all of the {of}; nothing is left unattributed."
    ends = (
        share(row[f"unattributed_{unit}"], row[f"booked_{unit}"]) for row in (whole[0], whole[-1])
    )
    said = " to ".join(dict.fromkeys(ends))
    return f"{said} of the {of} has no eligible touch and stays unattributed."


def _amount(line: Line, at: int, unit: str, currency: str) -> str:
    figure = line.cells[unit][at]
    if unit == "value":
        return f"{money(figure, currency)} {currency}"
    return f"{count(figure, 1)} conversions"


def leader(lines: Sequence[Line], models: Sequence[str], unit: str, currency: str) -> str:
    """Say which channel earned most, and whether the models agree on it."""
    ranked = [line for line in lines if not line.is_rest]
    if not ranked or not any(any(line.cells[unit]) for line in ranked):
        return ""
    winners: dict[str, list[int]] = {}
    for at in range(len(models)):
        best = min(ranked, key=lambda line: (-(line.cells[unit][at] or ZERO), line.label))
        winners.setdefault(best.label, []).append(at)
    if len(winners) > 1:
        who = "; ".join(
            f"{label} under {', '.join(in_sentence(models[at]) for at in ats)}"
            for label, ats in winners.items()
        )
        return f"The models disagree on the channel that earned most: {who}."
    best = next(line for line in ranked if line.label in winners)
    low, high = _extremes(best, unit)
    ends = [
        f"{_amount(best, at, unit, currency)} ({in_sentence(models[at])})"
        for at in dict.fromkeys((low, high))
    ]
    far = f"from {ends[0]} to {ends[-1]}" if len(ends) > 1 else ends[0]
    return f"{best.label} earned most under every model: {far}."


def _extremes(line: Line, unit: str) -> tuple[int, int]:
    figures = [(figure or ZERO, at) for at, figure in enumerate(line.cells[unit])]
    return min(figures)[1], max(figures, key=lambda pair: (pair[0], -pair[1]))[1]


def widest(lines: Sequence[Line], models: Sequence[str], unit: str, currency: str) -> str:
    """Say which channel's credit depends most on the choice of model."""
    if len(models) < 2:
        return ""

    def spread(line: Line) -> Decimal:
        figures = [figure or ZERO for figure in line.cells[unit]]
        return max(figures) - min(figures)

    ranked = [line for line in lines if not line.is_rest and spread(line)]
    if not ranked:
        return "All models give every channel the same credit."
    line = min(ranked, key=lambda line: (-spread(line), line.label))
    low, high = _extremes(line, unit)
    return (
        f"The choice of model matters most for {line.label}: "
        f"{_amount(line, low, unit, currency)} under {in_sentence(models[low])}, "
        f"{_amount(line, high, unit, currency)} under {in_sentence(models[high])}."
    )


def spent(cost: Decimal, value: Decimal, currency: str) -> str:
    """Say what was spent and what the order book holds for it."""
    if not cost:
        return "No spend is known." if currency != NO_CURRENCY else ""
    return (
        f"{money(cost, currency)} {currency} was spent; the order book holds "
        f"{money(value / cost, currency)} {currency} for each {currency} of it."
    )


def reconciled(books: Rows) -> str:
    """Say whether every model adds up to the order book."""
    broken, days = (sum(row[key] for row in books) for key in ("broken", "days"))
    if not books:
        return ""
    if broken:
        return (
            f"{count(broken)} of {plural(days, 'reconciled row')} (day, model, type) differ from "
            "the order book: see Reconciliation."
        )
    return f"{plural(len(books), 'model')}: credit and the order book agree to the last digit."


def health(sources: Rows, audits: Rows, run: Row) -> str:
    """Say how the data is."""
    records, bad = (sum(row[key] for row in sources) for key in ("records", "quarantined"))
    kept, broken = (sum(row[key] for row in audits) for key in ("kept", "broken"))
    said = f"Quarantine holds {count(bad)} of {plural(records, 'record')} read"
    said += f" ({share(bad, records, 2)})" if records else ""
    if not audits:
        return f"{said}. Run {run['run_id']} audited nothing."
    verdict = f"{count(broken)} broken" if broken else "none broken"
    return f"{said}. Run {run['run_id']} audited {plural(kept + broken, 'promise')}: {verdict}."
