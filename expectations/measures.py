"""What to compute from the star: each figure defined once, as SQL over one fact or two figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """An aggregate over a fact or, if `fact` is empty, a ratio of measures: `sql` is "a / b"."""

    name: str
    sql: str
    unit: str
    about: str
    fact: str = ""

    @property
    def parts(self) -> tuple[str, str]:
        """The two measures of a ratio."""
        above, below = self.sql.split(" / ")
        return above, below


BY_MODEL = "Choose one model and one currency."
_ALL = (
    Measure("attributed_value", "SUM(attributed_value)", "money",
            f"Value credited, net of refunds. {BY_MODEL}", "fct_credit"),
    Measure("credited_conversions", "SUM(conversions)", "conversions",
            "Conversions credited: a sum of shares, not a whole number. Choose one model.",
            "fct_credit"),
    Measure("touches", "COUNT(touchpoint_id) FILTER (WHERE credit > 0)", "touches",
            "Touches that earned any credit. Choose one model.", "fct_credit"),
    Measure("cost", "SUM(cost)", "money",
            "Spend as platforms report it, on the account's own day. Choose one currency.",
            "fct_spend"),
    Measure("impressions", "SUM(impressions)", "impressions",
            "As platforms report them; null where none does.", "fct_spend"),
    Measure("clicks", "SUM(clicks)", "clicks",
            "As platforms report them; null where none does.", "fct_spend"),
    Measure("booked_conversions", "SUM(conversions)", "conversions",
            "Conversions in the order book; a refund of an unknown order counts 0.",
            "fct_conversion"),
    Measure("gross_value", "SUM(gross_value)", "money",
            "Value when it converted. Choose one currency.", "fct_conversion"),
    Measure("refunded_value", "SUM(refunded_value)", "money",
            "Refunds, zero or negative, on the day of the conversion. Choose one currency.",
            "fct_conversion"),
    Measure("net_value", "SUM(net_value)", "money",
            "Gross plus refunded: what credit adds up to. Choose one currency.", "fct_conversion"),
    Measure("unattributed_conversions", "SUM(conversions) FILTER (WHERE touch_count = 0)",
            "conversions", "Conversions without an eligible touch; null if none.",
            "fct_conversion"),
    Measure("roas", "attributed_value / cost", "ratio",
            f"Return on ad spend: value, not margin. {BY_MODEL}"),
    Measure("cpa", "cost / credited_conversions", "money",
            f"Cost per credited conversion. {BY_MODEL}"),
    Measure("cost_per_click", "cost / clicks", "money", "Choose one currency."),
    Measure("average_value", "net_value / booked_conversions", "money",
            "Net value per conversion. Choose one currency and conversion type."),
    Measure("unattributed_share", "unattributed_conversions / booked_conversions", "share",
            "Part of the order book that no touch explains."),
)  # fmt: skip
MEASURES: dict[str, Measure] = {measure.name: measure for measure in _ALL}


def measure_sql(measure: Measure, by: Sequence[str], where: str = "true") -> str:
    """A query for a measure by columns that its facts share; `where` filters rows of credit.

    The two parts of a ratio are summed apart and then joined: joining facts first would count
    spend once per touch.

    >>> print(measure_sql(MEASURES["cost"], ["channel"]))
    SELECT channel, SUM(cost) AS cost FROM fct_spend GROUP BY channel
    """
    keys = ", ".join(by)
    if measure.fact:
        rows = f" WHERE {where}" if measure.fact == "fct_credit" and where != "true" else ""
        picked = f"SELECT {keys}, {measure.sql} AS {measure.name}"
        return f"{picked} FROM {measure.fact}{rows} GROUP BY {keys}"
    above, below = measure.parts
    asked = [measure_sql(MEASURES[name], by, where) for name in (above, below)]
    ratio = f"CAST({above} AS DOUBLE PRECISION) / NULLIF({below}, 0) AS {measure.name}"
    return f"SELECT {keys}, {ratio}\nFROM ({asked[0]}) a\nFULL JOIN ({asked[1]}) b USING ({keys})"
