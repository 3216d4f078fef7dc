"""What it cost: records of ad platforms to `spend`."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from functools import reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from expectations.spark import spark_type
from expectations.tables import SPEND
from pipelines.ingest.mapping import Mapping
from pipelines.ingest.mapping_compile import map_records

DAY = ("platform", "account_id", "spend_date")


def mapped(records: DataFrame, mappings: Dict[str, Mapping]) -> DataFrame:
    """One row per row of an extraction, as its mapping reads it, accepted or not.

    The columns of SPEND and of its record, then `reason` (null if accepted) and what broke it.
    """
    of_spend = [one for _, one in sorted(mappings.items()) if one.kind == "spend"]
    return reduce(DataFrame.unionByName, [map_records(records, one) for one in of_spend])


def spend(records: DataFrame, mappings: Dict[str, Mapping]) -> DataFrame:
    """One row per platform, account, campaign and day, as the newest extraction has it.

    A file is an extraction: of all files that tell about a day of an account the newest replaces
    the others whole. Its rows are summed, never deduplicated: platforms split a campaign's day by
    device, network and more, and equal rows are money spent twice.
    """
    accepted = mapped(records, mappings).filter(F.col("reason").isNull())
    return _summed(_newest(accepted))


def _newest(rows: DataFrame) -> DataFrame:
    """Rows of the newest file of each day of an account; of equally new ones the greatest id."""
    of_file = Window.partitionBy(*DAY, "batch_id").rowsBetween(
        Window.unboundedPreceding, Window.unboundedFollowing
    )
    of_day = Window.partitionBy(*DAY).rowsBetween(
        Window.unboundedPreceding, Window.unboundedFollowing
    )
    extraction = F.struct(F.max("extracted_at").over(of_file), "batch_id")
    told = rows.withColumn("extraction", extraction)
    newest = told.withColumn("newest", F.max("extraction").over(of_day))
    return newest.filter(F.col("extraction") == F.col("newest"))


def _summed(rows: DataFrame) -> DataFrame:
    made = {
        "campaign": F.max_by("campaign", "line"),
        "channel": F.max_by("channel", "line"),
        "cost": F.sum("cost"),
        "impressions": F.sum("impressions"),
        "clicks": F.sum("clicks"),
        "extracted_at": F.max("extracted_at"),
    }
    summed = rows.groupBy(*SPEND.grain).agg(*[c.alias(name) for name, c in made.items()])
    return summed.select(
        *[F.col(n).cast(spark_type(c.type)).alias(n) for n, c in SPEND.columns.items()]
    )
