"""Credit, touches and spend to money by the day of the touch and of the conversion."""

from __future__ import annotations

import math

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.tables import CONVERSIONS, CREDITS, IDENTITIES, SPEND, TOUCHPOINTS
from pipelines import dirty
from pipelines.marts.cohorts import firsts, money
from pipelines.marts.money import platform_names
from pipelines.paths import eligible
from pipelines.person_stages import customers
from pipelines.work import Work


def cohort_days(work: Work) -> set[str]:
    """Days whose credit or touches changed, or spend that names the campaigns of its touches."""
    made = set(work.new[CREDITS.name].digests)
    spent = work.changed(SPEND)
    named = dirty.path_days(spent, (), _reach(work)) & made
    return work.changed(CREDITS) | work.changed(TOUCHPOINTS) | spent | named


def _reach(work: Work) -> float:
    return work.run.settings.longest_lookback_days


def make_money(work: Work, days: set[str]) -> DataFrame:
    """Money of some days."""
    settings = work.run.settings
    credits = work.frame(CREDITS, days)
    back = dirty.around(days, math.ceil(_reach(work)) + 1, 0)
    met = eligible(work.frame(TOUCHPOINTS, days), settings.path_rules)
    return money(
        credits, _bought(work, credits), met, work.frame(SPEND, days),
        platform_names(work.frame(SPEND, back)), settings.models.use, settings.margins,
    )  # fmt: skip


def _bought(work: Work, credits: DataFrame) -> DataFrame:
    """When those who converted on some days became customers."""
    told = customers(
        work.frame(CONVERSIONS), work.frame(IDENTITIES), work.run.settings.lifecycle.customer_by
    )
    if not work.is_all_new:
        theirs = credits.where("person_id IS NOT NULL").select(F.col("person_id").alias("owner"))
        told = told.join(theirs.distinct(), on="owner", how="left_semi")
    return firsts(told)
