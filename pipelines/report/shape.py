"""Rows of queries become the tables and charts of the page: plain values, no markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from expectations.tables.credit import MODEL_NAMES, UNATTRIBUTED
from pipelines.report.figures import NO_CURRENCY, ratio
from pipelines.report.language import Language
from pipelines.report.queries import Row, Rows

ZERO = Decimal(0)
MEASURES = ("value", "conversions", "roas", "cpa")


@dataclass(frozen=True)
class Line:
    """One row of a table with a column per model."""

    label: str
    group: str  # the channel of a campaign, else ''
    cost: Decimal
    cells: dict[str, list[Decimal | None]]  # measure to one figure per model, in model order
    is_rest: bool = False  # unattributed, or what was folded: stays last, is not ranked

    @property
    def rank(self) -> tuple[bool, Decimal, Decimal, str, str]:
        """Largest mean first, the rest last."""
        value, conversions = (sum((c or ZERO for c in self.cells[m]), ZERO) for m in MEASURES[:2])
        return (self.is_rest, -value, -conversions, self.label, self.group)


def models_of(*tables: Rows) -> tuple[str, ...]:
    """Order the models that occur as the contract does."""
    seen = {row["model"] for rows in tables for row in rows}
    return (*(m for m in MODEL_NAMES if m in seen), *sorted(seen - set(MODEL_NAMES)))


def currencies_of(*tables: Rows) -> tuple[str, ...]:
    """Order currencies by number of conversions; the conversions without value come last."""
    weight: dict[str, Decimal] = {}
    for row in (row for rows in tables for row in rows):
        weight[row["currency"]] = weight.get(row["currency"], ZERO) + row.get("conversions", 0)
    return tuple(sorted(weight, key=lambda c: (c == NO_CURRENCY, -weight[c], c)))


def of(currency: str, rows: Rows) -> Rows:
    """Keep the rows of one currency."""
    return [row for row in rows if row["currency"] == currency]


def by(rows: Iterable[Row], *keys: str) -> dict[tuple[Any, ...], Rows]:
    """Group rows by the values of `keys`, in the order they come."""
    groups: dict[tuple[Any, ...], Rows] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return groups


def _line(rows: Rows, models: Sequence[str], label: str, group: str, is_rest: bool) -> Line:
    """Lay one channel's or campaign's rows out by model; a model without a row gave it nothing."""
    at = {row["model"]: row for row in rows}
    cost = max(row["cost"] for row in rows)  # of the day, whichever model asks
    value = [at[m]["value"] if m in at else ZERO for m in models]
    conversions = [at[m]["conversions"] if m in at else ZERO for m in models]
    cells: dict[str, list[Decimal | None]] = {
        "value": [*value],
        "conversions": [*conversions],
        "roas": [ratio(v, cost) for v in value],
        "cpa": [ratio(cost, c) if cost else None for c in conversions],
    }
    return Line(label, group, cost, cells, is_rest)


def channel_lines(rows: Rows, models: Sequence[str]) -> list[Line]:
    """Make one line per channel, the largest first, unattributed last."""
    lines = [
        _line(group, models, channel, "", channel == UNATTRIBUTED)
        for (channel,), group in by(rows, "channel").items()
    ]
    return sorted(lines, key=lambda line: line.rank)


def campaign_lines(rows: Rows, models: Sequence[str], say: Language) -> list[Line]:
    """Make one line per campaign, the largest first, and one for the folded rest."""
    lines = []
    for (channel, campaign), group in by(rows, "channel", "campaign").items():
        folded = max(row["folded"] for row in group)
        label = say.t("campaigns.more", n=say.count(folded)) if campaign is None else campaign
        lines.append(_line(group, models, label, channel or "", campaign is None))
    return sorted(lines, key=lambda line: line.rank)


def totals(lines: Sequence[Line], models: Sequence[str]) -> Line:
    """Sum lines; ROAS and CPA of the sum, not the sum of them."""
    rows: Rows = [
        {
            "model": model,
            "cost": sum((line.cost for line in lines), ZERO),
            **{m: sum((line.cells[m][i] or ZERO for line in lines), ZERO) for m in MEASURES[:2]},
        }
        for i, model in enumerate(models)
    ]
    return _line(rows, models, "", "", True)


def chart_of(lines: Sequence[Line], measures: Sequence[str]) -> list[dict[str, Any]]:
    """Give a chart its figures; a pixel does not need decimals."""
    return [
        {
            "label": line.label,
            "group": line.group,
            "rest": line.is_rest,
            **{m: [None if c is None else float(round(c, 4)) for c in line.cells[m]]
               for m in measures},
        }
        for line in lines
    ]  # fmt: skip


def series_of(rows: Rows) -> dict[str, Any]:
    """Give the chart over time its days once and its figures by conversion type."""
    types = by(rows, "conversion_type")
    days = [row["day"].isoformat() for row in next(iter(types.values()), [])]
    series = [
        {
            "type": kind,
            "conversions": [int(row["conversions"]) for row in group],
            "value": [float(row["value"]) for row in group],
        }
        for (kind,), group in types.items()
    ]
    return {"days": days, "series": series}


def months_of(rows: Rows) -> Rows:
    """Sum days by month and type."""
    groups = by(
        ({**row, "month": row["day"].replace(day=1)} for row in rows), "month", "conversion_type"
    )
    return [
        {
            "month": month,
            "conversion_type": kind,
            "conversions": sum(row["conversions"] for row in group),
            "value": sum((Decimal(row["value"]) for row in group), ZERO),
        }
        for (month, kind), group in sorted(groups.items())
    ]


def unattributed_of(rows: Rows, models: Sequence[str], units: Sequence[str]) -> Rows:
    """Lay out by model, for each conversion type and unit, the part without touch and the whole."""
    laid = []
    for (kind,), group in by(rows, "conversion_type").items():
        at = {row["model"]: row for row in group}
        for unit in units:
            parts = [
                (at[m][f"unattributed_{unit}"], at[m][f"booked_{unit}"]) if m in at else (0, 0)
                for m in models
            ]
            laid.append({"conversion_type": kind, "unit": unit, "parts": parts})
    return laid


def books_of(rows: Rows) -> Rows:
    """Sum the reconciliation over conversion types: one row per model."""
    figures = [key for key in (rows[0] if rows else ()) if key.split("_")[-1] in MEASURES]
    return [
        {
            "model": model,
            "types": len(group),
            **{key: sum((Decimal(row[key]) for row in group), ZERO) for key in figures},
            **{key: sum(row[key] for row in group) for key in ("days", "broken")},
        }
        for (model,), group in by(rows, "model").items()
    ]
