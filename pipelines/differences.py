"""Two publications compared: which credit moved, why, and which days are new."""

from __future__ import annotations

from typing import Any

from pipelines.errors import UsageError
from pipelines.lake import Lake
from pipelines.publish import all_publications, published
from pipelines.query import rows, views

FIGURES = """
WITH was AS (
    SELECT model, channel, currency, sum(conversions) AS conversions, sum(attributed_value) AS value
    FROM channels_then GROUP BY ALL
), now AS (
    SELECT model, channel, currency,
           sum(conversions) AS conversions, sum(attributed_value) AS value,
           sum(conversions) FILTER (day > $through) AS new_conversions,
           sum(attributed_value) FILTER (day > $through) AS new_value
    FROM channels GROUP BY ALL
), moved AS (
    SELECT model, channel, currency, sum(conversions_after - conversions_before) AS conversions,
           sum(value_after - value_before) AS value
    FROM restatements
    WHERE publication_id > $a AND publication_id <= $b AND conversion_date <= $through GROUP BY ALL
)
SELECT model, channel, currency,
       coalesce(was.conversions, 0) AS conversions_before,
       coalesce(moved.conversions, 0) AS conversions_restated,
       coalesce(new_conversions, 0) AS conversions_of_new_days,
       coalesce(now.conversions, 0) AS conversions_after,
       coalesce(was.value, 0) AS value_before, coalesce(moved.value, 0) AS value_restated,
       coalesce(new_value, 0) AS value_of_new_days, coalesce(now.value, 0) AS value_after
FROM now FULL JOIN was USING (model, channel, currency)
    FULL JOIN moved USING (model, channel, currency)
WHERE conversions_before <> conversions_after OR value_before <> value_after
    OR conversions_restated <> 0 OR value_restated <> 0
ORDER BY model, channel, currency"""
REASONS = """
SELECT reason, model, currency, count(DISTINCT conversion_id) AS conversions,
       sum(abs(conversions_after - conversions_before)) / 2 AS credit_moved,
       sum(value_after - value_before) AS value, min(cause) AS such_as
FROM restatements
WHERE publication_id > $a AND publication_id <= $b AND conversion_date <= $through
GROUP BY ALL ORDER BY model, currency, conversions DESC, reason"""


def difference(lake: Lake, a: int, b: int) -> dict[str, list[dict[str, Any]]]:
    """What publication `b` says otherwise than `a`, the older one.

    `figures`: per model, channel and currency, before + restated + of new days = after, exactly.
    `reasons`: what was restated, per reason, model and currency.
    """
    if a >= b:
        raise UsageError(f"Publication {a} is not older than {b}: write the older one first.")
    then, now = published(lake, a), published(lake, b)
    [through] = [r["through_date"] for r in all_publications(lake) if r["publication_id"] == a]
    chosen = {name: now[name] for name in ("channels", "restatements")}
    con = views(lake, {**chosen, "channels_then": then["channels"]})
    values = {"a": a, "b": b, "through": through}
    return {
        name: rows(con, query, {k: v for k, v in values.items() if f"${k}" in query})
        for name, query in (("figures", FIGURES), ("reasons", REASONS))
    }
