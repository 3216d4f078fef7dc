"""What the page shows of each currency: one block, of which every section takes its part."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from pipelines.report import agreement, cohorts, figures, flows, queries, sentences, shape
from pipelines.report.language import Language
from pipelines.report.queries import Rows

LIMITS = {
    "most_campaigns": 50,
    "most_paths": 20,
    "most_days": 100,  # of the table behind the chart over time
    "few": agreement.FEW,
}


def data_of(con: duckdb.DuckDBPyConnection, first: date, through: date) -> dict[str, Rows]:
    """Ask for everything that has a currency."""
    return {
        "book": queries.order_book(con, through),
        "channels": queries.channels(con, through),
        "campaigns": queries.campaigns(con, through, LIMITS["most_campaigns"]),
        "daily": queries.daily(con, first, through),
        "paths": queries.paths(con, through, LIMITS["most_paths"]),
        "flow": flows.links(con, through),
        "books": queries.reconciliation(con, through),
        "spend": queries.spend(con, first, through),
        "monthly": agreement.by_month(con, through),
        **cohorts.data_of(con, first, through),
    }


def blocks_of(
    data: dict[str, Rows], models: Sequence[str], period: str, say: Language
) -> list[dict[str, Any]]:
    """Make what the page shows of each currency."""
    data["books"].sort(key=lambda row: (row["conversion_type"], models.index(row["model"])))
    currencies = shape.currencies_of(*(data[name] for name in ("book", "channels", "spend")))
    return [
        _block(c, {name: shape.of(c, rows) for name, rows in data.items()}, models, period, say)
        for c in currencies
    ]


def _block(
    currency: str, data: dict[str, Rows], models: Sequence[str], period: str, say: Language
) -> dict[str, Any]:
    lines = shape.channel_lines(data["channels"], models)
    paid = [line for line in lines if line.cost]
    has_value = currency != figures.NO_CURRENCY
    measures = ("value", "conversions") if has_value else ("conversions",)
    block = {
        "currency": currency,
        "label": say.currency(currency),
        "measures": measures,
        "unit": measures[0],
        "book": data["book"],
        "lines": lines,
        "total": shape.totals(lines, models),
        "paid": paid,
        "paid_total": shape.totals(paid, models),
        "campaigns": shape.campaign_lines(data["campaigns"], models, say),
        "paths": data["paths"],
        "books": shape.books_of(data["books"]),
        "book_types": data["books"],
        "unattributed": shape.unattributed_of(data["books"], models, measures[::-1]),
        "cost": sum((line.cost for line in lines), shape.ZERO),
        "spend": sum((row["cost"] for row in data["spend"]), shape.ZERO),
    }
    return {
        **block,
        **{name: data[name] for name in ("cohort", "cohort_months", "roles")},
        "by_customer": cohorts.by_customer(data["customers"], models),
        "by_position": cohorts.by_position(data["positions"], models, measures[0]),
        **_over_time(data["daily"]),
        **_flow(data["flow"]),
        **_agreement(lines, data["monthly"], models, measures[0], say),
        "tiles": tiles(block, period, say),
        "sentences": _sentences(block, models, say),
    }


def _over_time(daily: Rows) -> dict[str, Any]:
    days = sorted({row["day"] for row in daily})[-LIMITS["most_days"] :]
    recent = sorted(
        (row for row in daily if row["day"] in set(days)),
        key=lambda row: (-row["day"].toordinal(), row["conversion_type"]),
    )
    return {"daily": daily, "recent": recent, "months": shape.months_of(daily)}


def _flow(links: Rows) -> dict[str, Any]:
    nodes, bands = flows.drawing(links)
    whole = sum(row["conversions"] for row in links if row["step"] == 0)
    return {"links": links, "nodes": nodes, "bands": bands, "flow_whole": whole}


def _agreement(
    lines: Sequence[shape.Line], monthly: Rows, models: Sequence[str], unit: str, say: Language
) -> dict[str, Any]:
    verdicts = agreement.verdicts(lines, unit, monthly)
    told = sorted(verdicts, key=lambda verdict: (-max(verdict.shares), verdict.channel))
    return {
        "verdicts": verdicts,
        "certainty": [(v.level, agreement.sentence(v, models, unit, say)) for v in told],
        "taus": agreement.agreement(lines, unit) if verdicts else [],
        "month_taus": agreement.month_to_month(monthly, models, unit),
    }


def tiles(block: dict[str, Any], period: str, say: Language) -> list[tuple[str, str, str, str]]:
    """Give the headline figures: id, name, figure, unit and period."""
    currency, unit = block["currency"], block["unit"]
    value = sum((row["value"] for row in block["book"]), shape.ZERO)
    conversions = say.count(sum(row["conversions"] for row in block["book"]))
    left = sentences.unattributed(block["books"], unit, say)
    found = [
        ("conversions", say.t("measure.conversions"), conversions, say.t("summary.in_the_book")),
        ("unattributed", say.t("summary.unattributed"), left, say.t(f"summary.of_{unit}")),
    ]
    if unit == "value":
        cost = block["cost"]
        ratio = value / cost if cost else None
        per = say.t("summary.per", currency=currency)
        found[1:1] = [("value", say.t("measure.value"), say.money(value, currency), currency)]
        found += [
            ("spend", say.t("summary.spend"), say.money(cost, currency), currency),
            ("per_spend", say.t("summary.value_per_spend"), say.money(ratio, currency), per),
        ]
    return [(name, title, figure, f"{of}, {period}") for name, title, figure, of in found]


def _sentences(block: dict[str, Any], models: Sequence[str], say: Language) -> list[str]:
    currency, unit = block["currency"], block["unit"]
    value: Decimal = sum((row["value"] for row in block["book"]), shape.ZERO)
    said = (
        sentences.order_book(block["book"], currency, say),
        sentences.attributed(block["books"], unit, say),
        sentences.leader(block["lines"], models, unit, currency, say),
        sentences.widest(block["lines"], models, unit, currency, say),
        sentences.spent(block["cost"], value, currency, say),
        sentences.reconciled(block["books"], say),
    )
    return [sentence for sentence in said if sentence]


def charts_of(block: dict[str, Any]) -> dict[str, Any]:
    """Give the charts of one currency their figures."""
    return {
        "credit": shape.chart_of(block["lines"], ("value", "conversions")),
        "money": shape.chart_of(block["paid"], ("roas", "cpa")),
        "campaigns": shape.chart_of(block["campaigns"], shape.MEASURES),
        "time": shape.series_of(block["daily"]),
    }
