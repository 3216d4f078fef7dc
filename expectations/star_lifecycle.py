"""Money and the lifecycle in the star: two facts, segments, and how sure the index of use is."""

from __future__ import annotations

from expectations.contract import Column, Type
from expectations.star_view import CAMPAIGN_KEY, as_is, key, view
from expectations.tables import MONEY, TOUCHPOINT_MAP
from expectations.tables.lifecycle import BAGS, NONE

EVERY = "(every)"  # a row over all segments, or all stages
USE_DAYS = 90
T_975 = 2.0395134463964077  # Student's t, 31 degrees of freedom: one less than bags

FCT_MONEY = view(
    "fct_money",
    "Credit, touches and spend as `money`: by `day` in the accounting view, by `touch_day` in the "
    "cohort view. Choose one model, and one currency for money.",
    MONEY.grain,
    as_is("m", MONEY, "model", "touch_day", "channel")
    | {"campaign_key": (key("m."), CAMPAIGN_KEY)}
    | as_is("m", MONEY, *(name for name in MONEY.columns
                          if name not in ("model", "touch_day", "channel", "day")))
    | as_is("m", MONEY, "day"),
    "money m",
    is_fact=True,
)  # fmt: skip

FCT_TOUCHPOINT = view(
    "fct_touchpoint",
    "Use, credit, cost and satisfaction as `touchpoint_map`, without its bags. Choose one model; "
    "counts of touches and persons are in rows of currency XXX, so sum them over all currencies.",
    TOUCHPOINT_MAP.grain,
    as_is("m", TOUCHPOINT_MAP, *(name for name in TOUCHPOINT_MAP.columns if name != "bags")),
    "touchpoint_map m",
    is_fact=True,
)

DIM_SEGMENT = view(
    "dim_segment",
    "One row per segment of fct_touchpoint.",
    ("segment",),
    {
        "segment": ("s.segment", TOUCHPOINT_MAP.columns["segment"]),
        "is_of_persons": (
            f"s.segment <> '{NONE}'",
            Column(Type.BOOLEAN, "False for (none): spend, and conversions without a touch"),
        ),
    },
    "(SELECT DISTINCT segment FROM fct_touchpoint) s",
)

# each bag left out in turn; a cell's share is of all cells of its segment
_INDEX = f"""(
WITH entries AS (
    SELECT m.model, COALESCE(m.segment, '{EVERY}') AS segment,
        COALESCE(m.stage, '{EVERY}') AS stage, m.channel, m.bag,
        SUM(m.used)::DOUBLE AS used, SUM(m.credit)::DOUBLE AS credit
    FROM (
        SELECT model, segment, stage, channel, e.bag, e.used, e.credit FROM (
            SELECT t.model, t.segment, t.stage, t.channel, unnest(CAST(t.bags AS
                STRUCT(bag INTEGER, used BIGINT, credit DECIMAL(18, 12))[])) AS e
            FROM touchpoint_map t, this_publication p
            WHERE t.stage_number > 0 AND t.day > p.through_date - {USE_DAYS}
                AND t.day <= p.through_date
        )
    ) m
    GROUP BY GROUPING SETS (
        (model, segment, stage, channel, bag), (model, segment, channel, bag),
        (model, stage, channel, bag), (model, channel, bag)
    )
), whole AS (
    SELECT model, segment, bag, SUM(used) AS used, SUM(credit) AS credit
    FROM entries WHERE stage = '{EVERY}' GROUP BY model, segment, bag
), sums AS (
    SELECT model, segment, SUM(used) AS used, SUM(credit) AS credit
    FROM whole GROUP BY model, segment
), cells AS (
    SELECT c.*, s.used AS all_used, s.credit AS all_credit
    FROM (
        SELECT model, segment, stage, channel, SUM(used) AS used, SUM(credit) AS credit
        FROM entries GROUP BY model, segment, stage, channel
    ) c JOIN sums s USING (model, segment)
), left_out AS (
    SELECT c.model, c.segment, c.stage, c.channel,
        (c.credit - COALESCE(e.credit, 0)) / NULLIF(c.all_credit - COALESCE(w.credit, 0), 0)
        / NULLIF((c.used - COALESCE(e.used, 0)) / NULLIF(c.all_used - COALESCE(w.used, 0), 0), 0)
            AS use_index
    FROM cells c CROSS JOIN range({BAGS}) b(bag)
    LEFT JOIN entries e USING (model, segment, stage, channel, bag)
    LEFT JOIN whole w USING (model, segment, bag)
), spread AS (
    SELECT model, segment, stage, channel,
        CASE WHEN COUNT(use_index) = {BAGS}
            THEN {T_975} * sqrt({BAGS - 1} * var_pop(use_index)) END AS reach
    FROM left_out GROUP BY model, segment, stage, channel
)
SELECT c.*, c.used / NULLIF(c.all_used, 0) AS use_share,
    c.credit / NULLIF(c.all_credit, 0) AS credit_share,
    credit_share / NULLIF(use_share, 0) AS use_index, s.reach
FROM cells c JOIN spread s USING (model, segment, stage, channel)
) u"""
_LOW, _HIGH = "greatest(u.use_index - u.reach, 0)", "u.use_index + u.reach"


def _share(about: str) -> Column:
    return Column(Type.DOUBLE, about, nullable=True)


USE_INDEX = view(
    "use_index",
    f"One row per model, segment, stage and channel that was used or earned in the last {USE_DAYS} "
    f"days: its index of use with an interval. {EVERY} stands for all segments, or all stages.",
    ("model", "segment", "stage", "channel"),
    as_is("u", TOUCHPOINT_MAP, "model")
    | {
        "segment": ("u.segment", Column(Type.STRING, f"Segment, or {EVERY}")),
        "stage": ("u.stage", Column(Type.STRING, f"Stage of the lifecycle, or {EVERY}")),
        "channel": ("u.channel", Column(Type.STRING, "Marketing channel")),
        "touches": ("u.used::BIGINT", Column(Type.LONG, "Touches that may earn credit")),
        "conversions": ("u.credit", Column(Type.DOUBLE, "Conversions credited")),
        "use_share": ("u.use_share", _share("touches / those of all channels and stages")),
        "credit_share": ("u.credit_share", _share("conversions / those of all of them")),
        "use_index": ("u.use_index", _share("credit_share / use_share; null without touches")),
        "index_low": (
            f"CASE WHEN u.reach IS NOT NULL THEN {_LOW} END",
            _share("Low end of its 95 % interval; null if a single bag of persons decides it"),
        ),
        "index_high": (_HIGH, _share("High end of its 95 % interval")),
        "verdict": (
            f"CASE WHEN {_LOW} > 1 THEN 'under-used' WHEN {_HIGH} < 1 THEN 'over-used' "
            "WHEN u.reach IS NOT NULL THEN 'in line' END",
            Column(Type.STRING, "What the whole interval says; null without one", nullable=True,
                   one_of=("over-used", "in line", "under-used")),
        ),
    },
    _INDEX,
)  # fmt: skip
