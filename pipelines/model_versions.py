"""When fitted models learn, what from, and how what they learned is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from expectations.arrow import arrow_schema
from expectations.tables import MODEL_VERSIONS
from expectations.tables.credit import MODEL_NAMES
from models.base import Unfit
from models.registry import learns, make
from pipelines.paths import lost_paths
from pipelines.scoring import Version
from pipelines.settings import ModelSection, PathRules

FITTED = tuple(name for name in MODEL_NAMES if learns(name))
UNFITTED = "unfitted"
MOST_PATHS = 2_000_000  # distinct ones that a fit reads: about 1 GB on the driver at ten touches


def fit_days(first: date, last: date, every: str) -> list[date]:
    """Days on which models are fitted, inside [first, last]: Mondays, or firsts of a month.

    >>> fit_days(date(2026, 1, 30), date(2026, 2, 10), "week")
    [datetime.date(2026, 2, 2), datetime.date(2026, 2, 9)]
    >>> fit_days(date(2026, 1, 30), date(2026, 2, 10), "month")
    [datetime.date(2026, 2, 1)]
    """
    days = (first + timedelta(n) for n in range((last - first).days + 1))
    return [d for d in days if (d.weekday() == 0 if every == "week" else d.day == 1)]


def parameters(name: str, settings: ModelSection) -> dict[str, Any]:
    """Constructor parameters of a model: from the settings, or else its own defaults."""
    weights = settings.position_based
    known: dict[str, dict[str, Any]] = {
        "last_non_direct": {"direct": settings.direct},
        "position_based": {"first": weights.first, "last": weights.last},
        "time_decay": {"half_life_days": settings.half_life_days},
        "markov": {"order": settings.markov_order},
    }
    return known[name] if name in known else make(name).get_params()


def versions(table: pa.Table, settings: ModelSection) -> list[Version]:
    """Every model ready to score: rules from the beginning, fitted models from each fit on.

    Before its first fit a model knows no channel from another, so touches share equally.
    """
    ready = [
        Version(name, name if name not in FITTED else f"{name}@{UNFITTED}",
                make(name, **parameters(name, settings)))
        for name in settings.use
    ]  # fmt: skip
    for row in table.to_pylist():
        if row["model"] in settings.use and row["learned"]:
            model = make(row["model"], **json.loads(row["parameters"]))
            learned = model.load(json.loads(row["learned"]))
            ready.append(Version(row["model"], row["model_version"], learned, row["as_of_date"]))
    return ready


def windows(spark: SparkSession, days: Sequence[date], training_days: int) -> DataFrame:
    """One row per fit: `closes_at` (its day's start) and `opens_at`, `training_days` before."""
    rows = [(_midnight(d - timedelta(training_days)), _midnight(d)) for d in days]
    return spark.createDataFrame(rows, "opens_at timestamp, closes_at timestamp")


def month_windows(spark: SparkSession, months: Collection[str]) -> DataFrame:
    """One row per month (named by its first day): `opens_at`, and `closes_at`: the next one's."""
    firsts = [date.fromisoformat(month) for month in sorted(months)]
    nexts = [(first + timedelta(31)).replace(day=1) for first in firsts]
    rows = [(_midnight(a), _midnight(b)) for a, b in zip(firsts, nexts, strict=True)]
    return spark.createDataFrame(rows, "opens_at timestamp, closes_at timestamp")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def training_paths(
    paths: DataFrame,
    touchpoints: DataFrame,
    conversions: DataFrame,
    identities: DataFrame,
    fits: DataFrame,
    settings: PathRules,
    consents: DataFrame | None = None,
) -> DataFrame:
    """One row per fit and distinct path of channels: `is_converted` and how many people took it.

    Of each fit the most common ones, as `most_common` has it.
    """
    won = paths.where("touch_count > 0").join(
        F.broadcast(fits), how="inner",
        on=F.expr("converted_at >= opens_at AND converted_at < closes_at"),
    ).select(
        "closes_at", F.transform("touches", lambda t: t["channel"]).alias("channels"),
        F.lit(True).alias("is_converted"),
    )  # fmt: skip
    lost = lost_paths(touchpoints, conversions, identities, fits, settings, consents).select(
        "closes_at", "channels", F.lit(False).alias("is_converted")
    )
    keys = ("closes_at", "channels", "is_converted")
    counted = won.unionByName(lost).groupBy(*keys).agg(F.count("*").alias("paths"))
    return most_common(counted).orderBy(*keys)


def most_common(counted: DataFrame, most: int = MOST_PATHS) -> DataFrame:
    """So many distinct paths of each fit, the most common ones, of equals the first by channels.

    `left_out` counts the people of the fit whose path is not among them.
    """
    of_fit = Window.partitionBy("closes_at")
    order = of_fit.orderBy(F.desc("paths"), "channels", "is_converted")
    ranked = counted.withColumns({
        "place": F.row_number().over(order), "people": F.sum("paths").over(of_fit)
    })  # fmt: skip
    kept = ranked.where(F.col("place") <= most)
    left_out = F.col("people") - F.sum("paths").over(of_fit)
    return kept.withColumn("left_out", left_out).drop("place", "people")


def fit(counted: pa.Table, days: Collection[date], settings: ModelSection) -> pa.Table:
    """One row per fitted model and fit day; `learned` is empty if a fit was refused.

    It is refused if conversions are too few, or if the model cannot learn from such paths.
    """
    rows = [
        _fitted(name, day, counted, settings)
        for day in sorted(days) for name in FITTED if name in settings.use
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=arrow_schema(MODEL_VERSIONS))


def _fitted(name: str, day: date, counted: pa.Table, settings: ModelSection) -> dict[str, Any]:
    mine = counted.filter(pa.compute.equal(counted["closes_at"], pa.scalar(_midnight(day))))
    weight = mine["paths"].to_numpy()
    won = int(weight[mine["is_converted"].to_numpy(zero_copy_only=False)].sum())
    chosen = parameters(name, settings)
    learned, metrics = "", {"refused": f"{won} of {settings.min_conversions} conversions"}
    if won >= settings.min_conversions:
        learned, metrics = _learned(name, chosen, mine)
        metrics |= _left_out(mine)
    told = [column for column in mine.column_names if column not in ("closes_at", "left_out")]
    seen = json.dumps(mine.select(told).to_pylist(), sort_keys=True)
    print_of = hashlib.sha256(f"{chosen} {learned}".encode()).hexdigest()[:12]
    return {
        "model": name, "model_version": f"{name}@{day}/{print_of}",
        "parameters": json.dumps(chosen, sort_keys=True), "learned": learned,
        "training_from": day - timedelta(settings.training_days),
        "training_paths": int(weight.sum()), "training_conversions": won,
        "training_fingerprint": hashlib.sha256(seen.encode()).hexdigest(),
        "metrics": metrics, "as_of_date": day,
    }  # fmt: skip


def _left_out(mine: pa.Table) -> dict[str, str]:
    """The share of the people whose path was too rare to be read, if there is any."""
    count = mine["left_out"][0].as_py() if "left_out" in mine.column_names else 0
    share = count / (count + pa.compute.sum(mine["paths"]).as_py())
    return {"left_out_share": str(share)} if count else {}


def _learned(name: str, chosen: dict[str, Any], counted: pa.Table) -> tuple[str, dict[str, str]]:
    """What the model learned, as JSON, and its figures; nothing and why if it cannot learn."""
    try:
        model = make(name, **chosen).fit(counted, sample_weight=counted["paths"].to_numpy())
    except Unfit as reason:
        return "", {"refused": str(reason)}
    return json.dumps(model.learned(), sort_keys=True), model.figures()
