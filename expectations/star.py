"""The published tables as a star: facts and dimensions, each a view over tables of the contract.

Facts are plain SQL that DuckDB and PostgreSQL both take; dimensions are DuckDB's, small enough to
be copied. There is no dimension of people.
"""

from __future__ import annotations

from expectations.contract import Column, Type
from expectations.star_lifecycle import DIM_SEGMENT, FCT_MONEY, FCT_TOUCHPOINT, USE_INDEX
from expectations.star_view import CAMPAIGN, CAMPAIGN_KEY, HAS_SPEND, View, as_is, key, view
from expectations.tables import CONVERSIONS, CREDITS, PATHS, PUBLICATIONS, SPEND
from expectations.tables.credit import UNATTRIBUTED
from expectations.tables.journeys import OWNERSHIPS

LABEL = "COALESCE(campaign, NULLIF(campaign_id, ''), '(not set)')"
NAMED = f"""(
    SELECT c.*, COALESCE(n.platform_name, c.campaign) AS named
    FROM credits c LEFT JOIN (
        SELECT spend_date, campaign_id, MIN({LABEL}) AS platform_name
        FROM spend WHERE campaign_id <> '' GROUP BY spend_date, campaign_id
    ) n ON n.spend_date = c.conversion_date AND n.campaign_id = c.campaign_id
) c"""

THIS_PUBLICATION = view(
    "this_publication",
    "One row: the publication that all tables here belong to.",
    ("publication_id",),
    as_is(
        "p", PUBLICATIONS, "publication_id", "run_id", "through_date", "settings_fingerprint",
        "code_version", "published_at",
    ),
    "publications p WHERE p.publication_id = {publication_id}",
)  # fmt: skip

FCT_CREDIT = view(
    "fct_credit",
    "One row per touch of a conversion and model, as `credits`. Choose one model: models share out "
    "the same conversions, so sums over several count them several times.",
    CREDITS.grain,
    as_is(
        "c", CREDITS, "conversion_id", "model", "position", "conversion_type", "model_version",
        "touchpoint_id", "channel",
    )
    | {
        "campaign_key": ("md5(concat(c.channel, chr(31), c.named))", CAMPAIGN_KEY),
        "campaign": ("c.named", CAMPAIGN),
    }
    | as_is("c", CREDITS, "credit", "conversions", "attributed_value", "currency")
    | {
        "days_before": (
            "CAST(EXTRACT(EPOCH FROM c.converted_at - c.touched_at) AS DOUBLE PRECISION) / 86400",
            Column(Type.DOUBLE, "Days from the touch to the conversion; null if none", True, (), 0),
        ),
        "touch_day": (
            "CAST(c.touched_at AT TIME ZONE 'UTC' AS DATE)",
            Column(Type.DATE, "UTC day of the touch, for cohorts; null if none", nullable=True),
        ),
        "day": ("c.conversion_date", CREDITS.columns["conversion_date"]),
    },
    NAMED,
    is_fact=True,
)  # fmt: skip

FCT_SPEND = view(
    "fct_spend",
    "One row per platform, account, campaign id, currency and day, as `spend`; under no model.",
    ("platform", "account_id", "campaign_id", "currency", "day"),
    as_is("s", SPEND, "platform", "account_id", "campaign_id", "channel")
    | {"campaign_key": (key("s."), CAMPAIGN_KEY), "campaign": ("s.campaign", CAMPAIGN)}
    | as_is("s", SPEND, "cost", "currency", "impressions", "clicks")
    | {"day": ("s.spend_date", SPEND.columns["spend_date"])},
    "(SELECT platform, account_id, campaign_id, channel, cost, currency, impressions, clicks, "
    f"spend_date, {LABEL} AS campaign FROM spend) s",
    is_fact=True,
)

FCT_CONVERSION = view(
    "fct_conversion",
    "One row per conversion: the order book, with who converted and after how many touches.",
    CONVERSIONS.grain,
    as_is(
        "v", CONVERSIONS, "conversion_id", "conversion_type", "order_id", "source", "status",
        "conversions", "gross_value", "refunded_value", "net_value", "currency", "converted_at",
    )
    | as_is("p", PATHS, "person_id")
    | {
        "touch_count": (
            "COALESCE(p.touch_count, 0)",
            Column(Type.INTEGER, "Touches that earn its credit; 0 is unattributed", at_least=0),
        ),
        "day": ("v.conversion_date", CONVERSIONS.columns["conversion_date"]),
    },
    "conversions v LEFT JOIN paths p ON p.conversion_id = v.conversion_id",
    is_fact=True,
)  # fmt: skip

DIM_CHANNEL = view(
    "dim_channel",
    "One row per channel with credit, spend or a touch.",
    ("channel",),
    {
        "channel": ("a.channel", Column(Type.STRING, "Channel, or (unattributed)")),
        "is_attributed": (
            f"a.channel <> '{UNATTRIBUTED}'",
            Column(Type.BOOLEAN, "False for (unattributed) only"),
        ),
        "has_spend": ("COALESCE(bool_or(a.has_spend), false)", HAS_SPEND),
        "ownership": (
            "any_value(o.ownership)",
            Column(Type.STRING, "Whose medium most of its touches are; null without touches",
                   nullable=True, one_of=OWNERSHIPS),
        ),
    },
    """(
    SELECT channel, false AS has_spend FROM credits
    UNION ALL SELECT channel, cost > 0 FROM spend
    UNION ALL SELECT channel, false FROM touchpoints
) a LEFT JOIN (
    SELECT channel, ownership FROM touchpoints GROUP BY channel, ownership
    QUALIFY row_number() OVER (PARTITION BY channel ORDER BY count(*) DESC, ownership) = 1
) o ON o.channel = a.channel
GROUP BY a.channel""",
)  # fmt: skip

DIM_CAMPAIGN = view(
    "dim_campaign",
    "One row per channel and campaign with credit, spend or a touch.",
    ("campaign_key",),
    {
        "campaign_key": ("a.campaign_key", CAMPAIGN_KEY),
        "channel": ("any_value(a.channel)", Column(Type.STRING, "Its channel")),
        "campaign": ("any_value(a.campaign)", CAMPAIGN),
        "has_spend": ("bool_or(a.has_spend)", HAS_SPEND),
        "first_day": ("min(a.day)", Column(Type.DATE, "First day with any of these")),
        "last_day": ("max(a.day)", Column(Type.DATE, "Last day with any of these")),
    },
    """(
    SELECT campaign_key, channel, campaign, day, false AS has_spend FROM fct_credit
    UNION ALL SELECT campaign_key, channel, campaign, day, cost > 0 FROM fct_spend
    UNION ALL SELECT campaign_key, channel, campaign, day, false FROM fct_money
) a GROUP BY a.campaign_key""",
)

THROUGH = "(SELECT through_date FROM this_publication)"
DIM_DAY = view(
    "dim_day",
    "One row per day, none left out, from the first touch, conversion or spend to the last.",
    ("day",),
    {
        "day": ("d.day", Column(Type.DATE, "UTC day")),
        "weekday": ("isodow(d.day)::INTEGER", Column(Type.INTEGER, "1 Monday … 7 Sunday")),
        "week": ("date_trunc('week', d.day)::DATE", Column(Type.DATE, "Monday of its week")),
        "month": ("date_trunc('month', d.day)::DATE", Column(Type.DATE, "First of its month")),
        "quarter": (
            "date_trunc('quarter', d.day)::DATE", Column(Type.DATE, "First of its quarter")
        ),
        "year": ("year(d.day)::INTEGER", Column(Type.INTEGER, "Year")),
        "days_ago": (
            f"datediff('day', d.day, {THROUGH})",
            Column(Type.LONG, "Days to the publication's last day; below 0 is not credited yet"),
        ),
        "months_ago": (
            f"datediff('month', d.day, {THROUGH})",
            Column(Type.LONG, "0 is the month of the publication's last day, 1 the one before"),
        ),
    },
    """(
    SELECT unnest(generate_series(min(day), max(day), INTERVAL 1 DAY))::DATE AS day FROM (
        SELECT day FROM fct_credit UNION ALL SELECT touch_day FROM fct_credit
        UNION ALL SELECT day FROM fct_spend UNION ALL SELECT day FROM fct_touchpoint
        UNION ALL SELECT day FROM fct_conversion
        UNION ALL SELECT through_date FROM this_publication
    )
) d""",
)  # fmt: skip

STAR: tuple[View, ...] = (
    THIS_PUBLICATION, FCT_CREDIT, FCT_SPEND, FCT_CONVERSION, FCT_MONEY, FCT_TOUCHPOINT,
    DIM_CHANNEL, DIM_CAMPAIGN, DIM_SEGMENT, DIM_DAY, USE_INDEX,
)  # fmt: skip
