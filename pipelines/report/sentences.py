"""What the figures say, in sentences with units; the page names the period."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pipelines.report.figures import NO_CURRENCY
from pipelines.report.language import Language
from pipelines.report.queries import Row, Rows
from pipelines.report.shape import ZERO, Line


def order_book(book: Rows, currency: str, say: Language) -> str:
    """Say what was booked."""
    if not book:
        return say.t("summary.book_empty")
    said = {
        "conversions": say.plural(sum(row["conversions"] for row in book), "conversion"),
        "kinds": ", ".join(
            f"{say.count(row['conversions'])} {row['conversion_type']}" for row in book
        ),
    }
    if currency == NO_CURRENCY:
        return say.t("summary.book_counted", **said)
    value, refunds = (sum((row[k] for row in book), ZERO) for k in ("value", "refunded"))
    said |= {"value": say.money(value, currency), "currency": currency}
    if refunds:
        return say.t("summary.book_refunds", refunds=say.money(-refunds, currency), **said)
    return say.t("summary.book", **said)


def attributed(books: Rows, unit: str, say: Language) -> str:
    """Say which share of the order book touches earned."""
    whole = [row for row in books if row[f"booked_{unit}"]]
    if not whole:
        return ""
    if not any(row[f"unattributed_{unit}"] for row in whole):
        return say.t(f"summary.all_attributed_{unit}")
    return say.t(f"summary.unattributed_{unit}", share=unattributed(whole, unit, say))


def unattributed(books: Rows, unit: str, say: Language) -> str:
    """Write the share without touches: one figure, or a range if models differ."""
    whole = [row for row in books if row[f"booked_{unit}"]]
    whole.sort(key=lambda row: row[f"unattributed_{unit}"] / row[f"booked_{unit}"])
    ends = [
        say.share(row[f"unattributed_{unit}"], row[f"booked_{unit}"])
        for row in (whole[:1] + whole[-1:])
    ]
    if len(set(ends)) > 1:
        return say.t("page.range", low=ends[0], high=ends[1])
    return ends[0] if ends else say.decimal(None)


def _amount(line: Line, at: int, unit: str, currency: str, say: Language) -> str:
    figure = line.cells[unit][at]
    if unit == "value":
        return f"{say.money(figure, currency)} {currency}"
    return f"{say.count(figure, 1)} {say.t('measure.unit_conversions')}"


def leader(
    lines: Sequence[Line], models: Sequence[str], unit: str, currency: str, say: Language
) -> str:
    """Say which channel earned most, and whether the models agree on it."""
    ranked = [line for line in lines if not line.is_rest]
    if not ranked or not any(any(line.cells[unit]) for line in ranked):
        return ""
    winners: dict[str, list[int]] = {}
    for at in range(len(models)):
        best = min(ranked, key=lambda line: (-(line.cells[unit][at] or ZERO), line.label))
        winners.setdefault(best.label, []).append(at)
    if len(winners) > 1:
        who = "; ".join(_winner(label, ats, models, say) for label, ats in winners.items())
        return say.t("summary.disagree", who=who)
    best = next(line for line in ranked if line.label in winners)
    ends = [
        say.t("summary.amount_under", amount=_amount(best, at, unit, currency, say),
              model=say.in_sentence(models[at]))
        for at in dict.fromkeys(_extremes(best, unit))
    ]  # fmt: skip
    far = say.t("summary.from_to", low=ends[0], high=ends[-1]) if len(ends) > 1 else ends[0]
    return say.t("summary.leader", channel=best.label, range=far)


def _winner(label: str, ats: Sequence[int], models: Sequence[str], say: Language) -> str:
    under = ", ".join(say.in_sentence(models[at]) for at in ats)
    return say.t("summary.under", channel=label, models=under)


def _extremes(line: Line, unit: str) -> tuple[int, int]:
    figures = [(figure or ZERO, at) for at, figure in enumerate(line.cells[unit])]
    return min(figures)[1], max(figures, key=lambda pair: (pair[0], -pair[1]))[1]


def widest(
    lines: Sequence[Line], models: Sequence[str], unit: str, currency: str, say: Language
) -> str:
    """Say which channel's credit depends most on the choice of model."""
    if len(models) < 2:
        return ""

    def spread(line: Line) -> Decimal:
        figures = [figure or ZERO for figure in line.cells[unit]]
        return max(figures) - min(figures)

    ranked = [line for line in lines if not line.is_rest and spread(line)]
    if not ranked:
        return say.t("summary.same")
    line = min(ranked, key=lambda line: (-spread(line), line.label))
    low, high = _extremes(line, unit)
    return say.t(
        "summary.widest", channel=line.label, low=_amount(line, low, unit, currency, say),
        low_model=say.in_sentence(models[low]), high=_amount(line, high, unit, currency, say),
        high_model=say.in_sentence(models[high]),
    )  # fmt: skip


def spent(cost: Decimal, value: Decimal, currency: str, say: Language) -> str:
    """Say what was spent and what the order book holds for it."""
    if not cost:
        return say.t("summary.no_spend") if currency != NO_CURRENCY else ""
    per = say.money(value / cost, currency)
    return say.t("summary.spent", cost=say.money(cost, currency), currency=currency, per=per)


def reconciled(books: Rows, say: Language) -> str:
    """Say whether every model adds up to the order book."""
    broken, days = (sum(row[key] for row in books) for key in ("broken", "days"))
    if not books:
        return ""
    if broken:
        rows = say.plural(days, "reconciled_row")
        return say.t("summary.broken", broken=say.count(broken), rows=rows)
    return say.t("summary.agree", models=say.plural(len(books), "model"))


def health(sources: Rows, audits: Rows, run: Row, say: Language) -> str:
    """Say how the data is."""
    records, bad = (sum(row[key] for row in sources) for key in ("records", "quarantined"))
    return say.t(
        "summary.quarantine",
        bad=say.count(bad),
        records=say.plural(records, "record"),
        share=f" ({say.share(bad, records, 2)})" if records else "",
        audits=_audited(audits, run, say),
    )


def _audited(audits: Rows, run: Row, say: Language) -> str:
    kept, broken = (sum(row[key] for row in audits) for key in ("kept", "broken"))
    if not audits:
        return say.t("summary.audited_nothing", run=run["run_id"])
    promises = say.plural(kept + broken, "promise")
    if not broken:
        return say.t("summary.audited_well", run=run["run_id"], promises=promises)
    said = {"run": run["run_id"], "promises": promises, "broken": say.count(broken)}
    return say.t("summary.audited", **said)
