"""What people answered when asked: NPS, CSAT and CES on one scale from 0 to 1."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from expectations.tables.journeys import FEEDBACK_METRICS
from pipelines.sql import among

# answers of 9 and 10 promote, those up to 6 detract (Reichheld 2003)
PROMOTER, DETRACTOR = 0.9, 0.6
# of five points the upper two are satisfied and the lower two are not
SATISFIED, UNSATISFIED = 0.75, 0.25
_TOLD = "lower(trim(try_element_at(attributes, '{}')))"
_GROUPED = "try_element_at(attributes, 'nps_group') <> ''"
_RATED = f"{_TOLD.format('satisfaction')} IN ('good', 'bad')"


def answered() -> list[Column]:
    """Columns `feedback_metric` and `feedback_score` of an event, null if it holds no answer.

    The score is the place of the answer on its scale, 0 the worst and 1 the best. NPS has a scale
    of 0 to 10 unless the mapping says otherwise; of other metrics without `scale_min` and
    `scale_max` it is null. A ticket's rating (attribute `satisfaction`, good or bad) is CSAT.
    """
    return [F.expr(_metric()).alias("feedback_metric"), F.expr(_score()).alias("feedback_score")]


def _metric() -> str:
    known = among(_TOLD.format("metric"), FEEDBACK_METRICS)
    survey = (
        f"WHEN event_type = 'feedback' AND {known} THEN {_TOLD.format('metric')} "
        f"WHEN event_type = 'feedback' AND {_GROUPED} THEN 'nps'"
    )
    return f"CASE {survey} WHEN {_RATED} THEN 'csat' END"


def _score() -> str:
    score, low, high = (
        f"try_cast({_TOLD.format(name)} AS DOUBLE)" for name in ("score", "scale_min", "scale_max")
    )
    is_nps = f"({_metric()}) = 'nps'"
    low = f"coalesce({low}, CASE WHEN {is_nps} THEN 0 END)"
    high = f"coalesce({high}, CASE WHEN {is_nps} THEN 10 END)"
    share = f"try_divide({score} - {low}, {high} - {low})"
    rated = f"WHEN {_RATED} THEN CASE {_TOLD.format('satisfaction')} WHEN 'good' THEN 1 ELSE 0 END"
    asked = f"WHEN ({_metric()}) IS NOT NULL AND {share} BETWEEN 0 AND 1 THEN {share}"
    return f"CAST(CASE {rated} {asked} END AS DECIMAL(18, 12))"


def felt(usual: Column) -> Column:
    """How a touch was felt: as its answer says, else as its kind usually is."""
    is_nps = F.col("feedback_metric") == "nps"
    low = F.when(is_nps, DETRACTOR).otherwise(UNSATISFIED)
    high = F.when(is_nps, PROMOTER).otherwise(SATISFIED)
    score = F.col("feedback_score")
    return F.when(score <= low, "negative").when(score >= high, "positive").when(
        score.isNotNull(), "neutral"
    ).otherwise(usual)  # fmt: skip
