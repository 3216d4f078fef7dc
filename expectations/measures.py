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
    Measure("assisted_conversions", "SUM(assists)", "conversions",
            "Conversions that a channel had a part in before their last touch. Ask by channel, and "
            "choose one model.", "fct_money"),
    Measure("margin", "SUM(margin)", "money",
            f"Value credited times the margin of its type; null if none is set. {BY_MODEL}",
            "fct_money"),
    Measure("unmatched_cost", "SUM(unmatched_cost)", "money",
            f"Spend whose campaign nobody met that day. {BY_MODEL}", "fct_money"),
    Measure("touches_met", "SUM(eligible_touches)", "touches",
            "Touches of kinds that may earn credit, whether or not they did. Choose one model.",
            "fct_touchpoint"),
    Measure("negative_touches", "SUM(negative_touches)", "touches",
            "Touches felt as negative. Choose one model.", "fct_touchpoint"),
    Measure("touches_of_all_kinds", "SUM(touches)", "touches",
            "All touches, echoes of a click aside. Choose one model.", "fct_touchpoint"),
    Measure("csat_sum", "SUM(csat_sum)", "answers",
            "Answers to how satisfied one is, each 0 to 1, added up. Choose one model.",
            "fct_touchpoint"),
    Measure("csat_answers", "SUM(csat_answers)", "answers",
            "How many such answers there are. Choose one model.", "fct_touchpoint"),
    Measure("nps_balance", "SUM(nps_promoters) - SUM(nps_detractors)", "answers",
            "Answers of 9 or 10 less answers of 0 to 6. Choose one model.", "fct_touchpoint"),
    Measure("nps_answers", "SUM(nps_answers)", "answers",
            "Answers of 0 to 10 to how likely one is to recommend. Choose one model.",
            "fct_touchpoint"),
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
    Measure("return_on_margin", "margin / cost", "ratio",
            f"Margin earned for each unit of spend; above 1 it pays. {BY_MODEL}"),
    Measure("unmatched_share", "unmatched_cost / cost", "share",
            f"Part of the spend that met nobody. {BY_MODEL}"),
    Measure("negative_share", "negative_touches / touches_of_all_kinds", "share",
            "Part of the touches that was felt as negative. Choose one model."),
    Measure("nps", "nps_balance / nps_answers", "share",
            "Net promoter score, -1 to 1; times 100 as it is usually told. Choose one model."),
    Measure("csat", "csat_sum / csat_answers", "share",
            "Satisfaction, 0 the worst and 1 the best. Choose one model."),
    Measure("cost_per_click", "cost / clicks", "money", "Choose one currency."),
    Measure("average_value", "net_value / booked_conversions", "money",
            "Net value per conversion. Choose one currency and conversion type."),
    Measure("unattributed_share", "unattributed_conversions / booked_conversions", "share",
            "Part of the order book that no touch explains."),
)  # fmt: skip
MEASURES: dict[str, Measure] = {measure.name: measure for measure in _ALL}


def measure_sql(measure: Measure, by: Sequence[str], where: str = "true") -> str:
    """A query for a measure by columns that its facts share; `where` filters facts by model.

    The two parts of a ratio are summed apart and then joined: joining facts first would count
    spend once per touch.

    >>> print(measure_sql(MEASURES["cost"], ["channel"]))
    SELECT channel, SUM(cost) AS cost FROM fct_spend GROUP BY channel
    """
    keys = ", ".join(by)
    if measure.fact:
        is_by_model = measure.fact in ("fct_credit", "fct_money", "fct_touchpoint")
        rows = f" WHERE {where}" if is_by_model and where != "true" else ""
        picked = f"SELECT {keys}, {measure.sql} AS {measure.name}"
        return f"{picked} FROM {measure.fact}{rows} GROUP BY {keys}"
    above, below = measure.parts
    asked = [measure_sql(MEASURES[name], by, where) for name in (above, below)]
    ratio = f"CAST({above} AS DOUBLE PRECISION) / NULLIF({below}, 0) AS {measure.name}"
    return f"SELECT {keys}, {ratio}\nFROM ({asked[0]}) a\nFULL JOIN ({asked[1]}) b USING ({keys})"
