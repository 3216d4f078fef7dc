"""Do the models agree? Shares, ranks, Kendall's tau, and how sure each channel's credit is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import combinations, pairwise
from operator import mul
from statistics import fmean

import duckdb

from expectations.tables.credit import UNATTRIBUTED
from pipelines.report.language import Language
from pipelines.report.queries import Rows, rows_of
from pipelines.report.shape import ZERO, Line, by

FIRM, FAIR = Decimal("1.25"), Decimal(2)  # largest share over smallest, at most
NEAR_RANKS = 2  # places that a firm channel may lie apart
FEW = 30  # credited conversions under every model: below, it may be chance


@dataclass(frozen=True)
class Verdict:
    """How sure one channel's credit is: `shares` and `ranks` are in the order of the models."""

    channel: str
    shares: tuple[Decimal, ...]
    ranks: tuple[int, ...]
    month_ranks: tuple[int, int]  # lowest and highest of any model in any month; 0, 0 if none
    conversions: Decimal  # the most under any model

    @property
    def spread(self) -> Decimal:
        """Largest share less smallest."""
        return max(self.shares) - min(self.shares)

    @property
    def level(self) -> str:
        """firm, fair, open or few; the page says what each asks for."""
        if self.conversions < FEW:
            return "few"
        low, high = min(self.shares), max(self.shares)
        is_near = max(self.ranks) - min(self.ranks) <= NEAR_RANKS
        if low > 0 and high <= FIRM * low and is_near:
            return "firm"
        return "fair" if low > 0 and high <= FAIR * low else "open"


def ranks(figures: Sequence[Decimal]) -> list[int]:
    """Place each figure from 1, the largest; equal ones share the best place.

    >>> ranks([Decimal(5), Decimal(9), Decimal(5), Decimal(1)])
    [2, 1, 2, 4]
    """
    ordered = sorted(figures, reverse=True)
    return [ordered.index(figure) + 1 for figure in figures]


def signs(figures: Sequence[Decimal]) -> list[int]:
    """Tell of each pair which is larger: 1 the first, -1 the second, 0 neither."""
    return [(a > b) - (a < b) for a, b in combinations(figures, 2)]


def tau(a: Sequence[int], b: Sequence[int]) -> float | None:
    """Kendall's tau-b of the signs of two rankings; None if one of them is all ties.

    >>> tau(signs([1, 2, 3]), signs([3, 2, 1])), tau(signs([1, 1]), signs([1, 2]))
    (-1.0, None)
    """
    told = sum(map(abs, a)) * sum(map(abs, b))
    return sum(map(mul, a, b)) / told**0.5 if told else None


def verdicts(lines: Sequence[Line], unit: str, monthly: Rows) -> list[Verdict]:
    """Judge each channel with credit, those whose models disagree most first.

    `monthly` has rows of month, model, channel and `unit`; empty if months do not matter.
    """
    ranked = [line for line in lines if not line.is_rest and any(line.cells[unit])]
    columns = [[cell or ZERO for cell in column] for column in _columns(ranked, unit)]
    shares = [[figure / (sum(c) or 1) for figure in c] for c in columns]
    places = [ranks(column) for column in columns]
    in_months = month_ranks(monthly, unit)
    found = [
        Verdict(
            line.label,
            tuple(column[i] for column in shares),
            tuple(column[i] for column in places),
            in_months.get(line.label, (0, 0)),
            max((cell or ZERO for cell in line.cells["conversions"]), default=ZERO),
        )
        for i, line in enumerate(ranked)
    ]
    return sorted(found, key=lambda verdict: (-verdict.spread, verdict.channel))


def _columns(lines: Sequence[Line], unit: str) -> list[tuple[Decimal | None, ...]]:
    return list(zip(*(line.cells[unit] for line in lines), strict=True))


def month_ranks(monthly: Rows, unit: str) -> dict[str, tuple[int, int]]:
    """Lowest and highest rank of each channel in any month under any model."""
    seen: dict[str, list[int]] = {}
    for rows in by(monthly, "month", "model").values():
        for row, place in zip(rows, ranks([row[unit] for row in rows]), strict=True):
            seen.setdefault(row["channel"], []).append(place)
    return {channel: (min(places), max(places)) for channel, places in seen.items()}


def agreement(lines: Sequence[Line], unit: str) -> list[list[float | None]]:
    """Kendall's tau of each model's ranking of channels with each other's, both in model order."""
    columns = _columns([line for line in lines if not line.is_rest], unit)
    told = [signs([cell or ZERO for cell in column]) for column in columns]
    return [[tau(a, b) for b in told] for a in told]


def month_to_month(monthly: Rows, models: Sequence[str], unit: str) -> list[float | None]:
    """Mean tau of each model's ranking in a month with that in the month before, in model order."""
    return [_successive([r for r in monthly if r["model"] == model], unit) for model in models]


def _successive(rows: Rows, unit: str) -> float | None:
    months = [{r["channel"]: r[unit] for r in group} for group in by(rows, "month").values()]
    channels = sorted({row["channel"] for row in rows})
    told = [signs([month.get(channel, ZERO) for channel in channels]) for month in months]
    taus = [tau(a, b) for a, b in pairwise(told)]
    known = [one for one in taus if one is not None]
    return fmean(known) if known else None


def by_month(con: duckdb.DuckDBPyConnection, through: date) -> Rows:
    """Sum credit by currency, month, model and channel, without what touched nothing."""
    sql = """
        SELECT currency, date_trunc('month', day)::DATE AS month, model, channel,
            sum(conversions) AS conversions, sum(attributed_value) AS value
        FROM channels WHERE day <= $through AND channel <> $unattributed
        GROUP BY ALL ORDER BY currency, month, model, channel"""
    return rows_of(con, sql, through=through, unattributed=UNATTRIBUTED)


def sentence(verdict: Verdict, models: Sequence[str], unit: str, say: Language) -> str:
    """Say how sure we are of one channel."""
    low, high = (verdict.shares.index(end(verdict.shares)) for end in (min, max))
    best, worst = (say.count(end(verdict.ranks)) for end in (min, max))
    named = {
        "channel": verdict.channel,
        "conversions": say.count(verdict.conversions, 1),
        "low": say.share(verdict.shares[low]),
        "high": say.share(verdict.shares[high]),
        "low_model": say.in_sentence(models[low]),
        "high_model": say.in_sentence(models[high]),
        "unit": say.t(f"models.unit_{unit}"),
        "ranks": best if best == worst else say.t("page.range", low=best, high=worst),
    }
    return say.t(f"models.say_{verdict.level}", **named)
