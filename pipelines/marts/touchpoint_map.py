"""Where along the lifecycle which touchpoint is used, earns, costs and is felt how."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.spark import spark_schema
from expectations.tables import TOUCHPOINT_MAP
from expectations.tables.lifecycle import CELL, COUNTS, NO_CURRENCY, NO_STAGE, NONE
from pipelines.feedback import DETRACTOR, PROMOTER
from pipelines.taxonomy import Taxonomy, taxonomy

KEYS = ("day", "model", "stage", "stage_number", *CELL, "currency")
PLACE = ("stage", "stage_number", *CELL)
SUMS = tuple(name for name in TOUCHPOINT_MAP.columns if name not in KEYS)


def touchpoint_map(
    touched: DataFrame, earned: DataFrame, spend: DataFrame, models: Sequence[str], kinds: Taxonomy
) -> DataFrame:
    """One row per day, model, stage, touchpoint and currency of a touch, of credit or of spend.

    `touched` are the staged touches of the days wanted, `earned` is made by `placed`. What no model
    decides stands beside each of `models`. Touches are counted in rows of currency XXX, once.
    """
    names = F.explode(F.array(*(F.lit(name) for name in models)))
    parts = [_touches(touched).withColumn("model", names), _credit(earned),
             _cost(spend, kinds).withColumn("model", names)]  # fmt: skip
    every = reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), parts)
    summed = every.groupBy(*KEYS).agg(*(F.sum(name).alias(name) for name in SUMS))
    fields = spark_schema(TOUCHPOINT_MAP).fields
    return summed.select(*[
        F.coalesce(F.col(f.name), F.lit(0)).cast(f.dataType).alias(f.name)
        if f.name in SUMS else F.col(f.name).cast(f.dataType).alias(f.name)
        for f in fields
    ])  # fmt: skip


def placed(credits: DataFrame, staged: DataFrame) -> DataFrame:
    """`credits` with the stage and cell of the touch that earned them, wherever it lies in time."""
    told = staged.select("touchpoint_id", "stage", "stage_number", *cell(staged)[1:])
    earning = credits.select(
        F.col("conversion_date").alias("day"), "model", "touchpoint_id", "channel", "currency",
        "conversions", "attributed_value",
    )  # fmt: skip
    return earning.join(told, on="touchpoint_id", how="left")


def cell(rows: DataFrame) -> list[Column]:
    """The columns CELL of rows that have a channel and the words of the taxonomy."""
    contact = F.when(rows["is_direct_contact"], "direct").otherwise("indirect")
    setting = F.when(rows["is_online"], "online").otherwise("offline")
    return [rows["channel"], rows["ownership"], contact.alias("contact"),
            setting.alias("setting"), rows["form"]]  # fmt: skip


def _touches(touched: DataFrame) -> DataFrame:
    asked = {metric: F.expr(f"feedback_metric = '{metric}' AND feedback_score IS NOT NULL")
             for metric in ("nps", "csat")}  # fmt: skip
    score = F.col("feedback_score")
    counted: dict[str, Column] = {
        "touches": F.count(F.lit(1)),
        "eligible_touches": F.count_if("is_eligible"),
        "negative_touches": F.count_if(F.col("valence") == "negative"),
        "persons": F.count_distinct("person_id"),
        "nps_answers": F.count_if(asked["nps"]),
        "nps_promoters": F.count_if(asked["nps"] & (score >= PROMOTER)),
        "nps_detractors": F.count_if(asked["nps"] & (score <= DETRACTOR)),
        "csat_answers": F.count_if(asked["csat"]),
    }
    assert set(counted) == set(COUNTS), "the contract counts something else"
    real = touched.where("NOT is_echo")
    narrow = real.select("*", F.col("touch_date").alias("day"), *cell(real)[2:4])
    summed = F.sum(F.when(asked["csat"], score)).alias("csat_sum")
    listed = [column.alias(name) for name, column in counted.items()]
    found = narrow.groupBy("day", *PLACE).agg(*listed, summed)
    return found.withColumn("currency", F.lit(NO_CURRENCY))


def _credit(earned: DataFrame) -> DataFrame:
    """Credit by where its touch was; what no touch earned has no stage and no taxonomy."""
    filled = earned.fillna(NO_STAGE, "stage").fillna(0, "stage_number").fillna(NONE, CELL[1:])
    return filled.groupBy(*KEYS).agg(
        F.sum("conversions").alias("conversions"),
        F.sum("attributed_value").alias("attributed_value"),
    )


def _cost(spend: DataFrame, kinds: Taxonomy) -> DataFrame:
    """Spend, in the cell that its channel has by itself; money is not spent on a stage."""
    told = spend.where("cost <> 0").withColumns(
        {"event_type": F.lit(""), "weight_class": F.lit("")}
    )
    kind = told.withColumns({n: c for n, c in taxonomy(kinds).items() if n != "stage"})
    return kind.select(
        F.col("spend_date").alias("day"), F.lit(NO_STAGE).alias("stage"),
        F.lit(0).alias("stage_number"), *cell(kind), "currency", "cost",
    )  # fmt: skip


def person_parts(touched: DataFrame, earned: DataFrame, model: str) -> DataFrame:
    """One row per person and channel: `used` and `credit`, of which `models.use_index` makes an
    interval. `used` counts touches that may earn; credit that no touch earned is left out.
    """
    used = touched.where("NOT is_echo AND is_eligible").select(
        "touchpoint_id", F.lit(1).alias("used"), F.lit(0).cast("decimal(18,12)").alias("credit")
    )
    credit = earned.where((F.col("model") == model) & F.col("touchpoint_id").isNotNull()).select(
        "touchpoint_id", F.lit(0).alias("used"), F.col("conversions").alias("credit")
    )
    whose = touched.select("touchpoint_id", "channel", F.col("owner").alias("person"))
    both = used.unionByName(credit).join(whose, on="touchpoint_id", how="inner")
    summed = both.groupBy("person", F.col("channel").alias("cell"))
    return summed.agg(F.sum("used").alias("used"), F.sum("credit").cast("double").alias("credit"))
