"""What money did, by the day it was spent and the day it came back: money."""

from expectations.contract import Column, Table, Type
from expectations.tables.credit import MODEL_NAMES

NONE = "(none)"
CUSTOMERS = ("new", "returning", "unknown")
POSITIONS = ("only", "first", "middle", "last")

MONEY = Table(
    name="money",
    about="One row per day of conversion, day of the touch, model, channel, campaign, conversion "
    "type, kind of customer, position of the touch and currency. Sum by `day` for the accounting "
    "view, by `touch_day` for the cohort view. Population: credit, and of each day its touches "
    "and its spend, which have no conversion and no position.",
    grain=("day", "touch_day", "model", "channel", "campaign", "conversion_type", "customer",
           "position", "currency"),
    columns={
        "model": Column(Type.STRING, "Attribution model; what is not credit is the same in each",
                        one_of=MODEL_NAMES),
        "channel": Column(Type.STRING, "Marketing channel, or (unattributed)"),
        "campaign": Column(Type.STRING, "Campaign; the platform's name where its id had spend on "
                           "the day of the touch; '(not set)' if none"),
        "conversion_type": Column(Type.STRING, "Conversion type; (none) for touches and spend"),
        "customer": Column(Type.STRING, "new if the person had not bought before, returning if "
                           "so, unknown if nobody is known; (none) for touches and spend",
                           one_of=(*CUSTOMERS, NONE)),
        "position": Column(Type.STRING, "Place of the touch in its path; (none) for touches, spend "
                           "and conversions without a touch", one_of=(*POSITIONS, NONE)),
        "touches": Column(Type.LONG, "Touches met that day of a kind that may earn credit, whether "
                          "or not they did; in rows of currency XXX", at_least=0),
        "path_touches": Column(Type.LONG, "Touches in paths of conversions; in positions only, "
                               "first and last that is the number of paths", at_least=0),
        "credited_touches": Column(Type.LONG, "Those among them that earned any credit",
                                   at_least=0),
        "assists": Column(Type.LONG, "Conversions that the channel had a part in before their last "
                          "touch, in the row of its first such touch", at_least=0),
        "conversions": Column(Type.SHARE, "Conversions credited", at_least=0),
        "attributed_value": Column(Type.MONEY, "Value credited, net of refunds"),
        "margin": Column(Type.MONEY, "attributed_value x the type's margin in settings; null if "
                         "none is set", nullable=True),
        "cost": Column(Type.MONEY, "Spend of the day in this currency"),
        "unmatched_cost": Column(Type.MONEY, "The part of it whose campaign nobody met that day, "
                                 "by campaign id or by channel and name"),
        "currency": Column(Type.STRING, "ISO 4217; XXX in rows of touches"),
        "touch_day": Column(Type.DATE, "UTC day of the touch; `day` if there is none"),
        "day": Column(Type.DATE, "UTC day of conversions and of touches; the account's of spend"),
    },
    partitioned_by="day",
    rules={
        "no touch comes after its conversion": "SELECT * FROM {table} WHERE touch_day > day",
        "only credit has a conversion type":
            "SELECT * FROM {table} WHERE (conversion_type = '(none)') <> (customer = '(none)') OR "
            "conversion_type = '(none)' AND (path_touches <> 0 OR conversions <> 0 OR "
            "attributed_value <> 0)",
        "touches and spend belong to their own day":
            "SELECT * FROM {table} WHERE touch_day <> day AND "
            "(touches <> 0 OR cost <> 0 OR unmatched_cost <> 0)",
        "parts of a path's touches are no more than those":
            "SELECT * FROM {table} WHERE greatest(credited_touches, assists) > path_touches",
    },
)  # fmt: skip
