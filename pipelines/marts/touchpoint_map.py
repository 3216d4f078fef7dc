"""Where along the lifecycle which touchpoint is used, earns, costs and is felt how."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.spark import spark_schema
from expectations.tables import TOUCHPOINT_MAP
from expectations.tables.lifecycle import BAG, BAGS, CELL, COUNTS, NO_CURRENCY, NO_STAGE, NONE
from pipelines.feedback import DETRACTOR, PROMOTER
from pipelines.person_stages import OWNER
from pipelines.taxonomy import Taxonomy, taxonomy

PLACE = ("stage", "stage_number", "segment", *CELL)
KEYS = ("day", "model", *PLACE, "currency")
SUMS = tuple(name for name in TOUCHPOINT_MAP.columns if name not in (*KEYS, "bags"))


def touchpoint_map(
    touched: DataFrame, earned: DataFrame, spend: DataFrame, models: Sequence[str], kinds: Taxonomy
) -> DataFrame:
    """One row per day, model, stage, segment, touchpoint and currency of touches, credit or spend.

    `touched` are the staged touches of the days wanted, `earned` is made by `placed`. What no model
    decides stands beside each of `models`. Touches are counted in rows of currency XXX, once.
    """
    names = F.explode(F.array(*(F.lit(name) for name in models)))
    parts = [_touches(touched).withColumn("model", names), _credit(earned),
             _cost(spend, kinds).withColumn("model", names)]  # fmt: skip
    every = reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), parts)
    bags = F.array_sort(F.flatten(F.collect_list("bags"))).alias("bags")
    summed = every.groupBy(*KEYS).agg(*(F.sum(name).alias(name) for name in SUMS), bags)
    fields = spark_schema(TOUCHPOINT_MAP).fields
    return summed.select(*[
        F.coalesce(F.col(f.name), F.lit(0)).cast(f.dataType).alias(f.name)
        if f.name in SUMS else F.col(f.name).cast(f.dataType).alias(f.name)
        for f in fields
    ])  # fmt: skip


def placed(credits: DataFrame, staged: DataFrame) -> DataFrame:
    """`credits` with stage, segment and cell of the touch that earned them, whenever it was."""
    place = ("stage", "stage_number", "segment")
    told = staged.select("touchpoint_id", *place, *cell(staged)[1:], bag().alias("bag"))
    earning = credits.select(
        F.col("conversion_date").alias("day"), "model", "touchpoint_id", "channel", "currency",
        "conversions", "attributed_value",
    )  # fmt: skip
    return earning.join(told, on="touchpoint_id", how="left")


def bag() -> Column:
    """The bag of a person: all touches and all credit of a person fall into one."""
    return F.pmod(F.xxhash64(OWNER), F.lit(BAGS)).cast("int")


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
    day, whose = F.col("touch_date").alias("day"), bag().alias("bag")
    narrow = real.select("*", day, whose, *cell(real)[2:4])
    summed = F.sum(F.when(asked["csat"], score))
    listed = [column.alias(name) for name, column in counted.items()]
    found = narrow.groupBy("day", *PLACE, "bag").agg(*listed, summed.alias("csat_sum"))
    sums = [F.sum(name).alias(name) for name in (*counted, "csat_sum")]
    used = F.when(F.col("eligible_touches") > 0, _entry(F.col("eligible_touches"), F.lit(0)))
    whole = found.groupBy("day", *PLACE).agg(*sums, F.collect_list(used).alias("bags"))
    return whole.withColumn("currency", F.lit(NO_CURRENCY))


def _entry(used: Column, credit: Column) -> Column:
    """What a bag has: one entry of `bags`."""
    told = F.col("bag"), used.cast("bigint"), credit.cast("decimal(18,12)")
    return F.struct(*(one.alias(name) for one, name in zip(told, BAG.fields, strict=True)))


def _credit(earned: DataFrame) -> DataFrame:
    """Credit by where its touch was; what no touch earned has no stage and no taxonomy."""
    filled = (
        earned.fillna(NO_STAGE, "stage")
        .fillna(0, "stage_number")
        .fillna(NONE, ["segment", *CELL[1:]])
    )
    money = [F.sum(name).alias(name) for name in ("conversions", "attributed_value")]
    found = filled.groupBy(*KEYS, "bag").agg(*money)
    has = F.col("bag").isNotNull() & (F.col("conversions") > 0)
    held = F.collect_list(F.when(has, _entry(F.lit(0), F.col("conversions")))).alias("bags")
    return found.groupBy(*KEYS).agg(*money, held)


def _cost(spend: DataFrame, kinds: Taxonomy) -> DataFrame:
    """Spend, in the cell that its channel has by itself; money is not spent on a stage."""
    told = spend.where("cost <> 0").withColumns(
        {"event_type": F.lit(""), "weight_class": F.lit("")}
    )
    kind = told.withColumns({n: c for n, c in taxonomy(kinds).items() if n != "stage"})
    return kind.select(
        F.col("spend_date").alias("day"), F.lit(NO_STAGE).alias("stage"),
        F.lit(0).alias("stage_number"), F.lit(NONE).alias("segment"), *cell(kind),
        "currency", "cost",
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
