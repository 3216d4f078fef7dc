"""Where along the lifecycle which touchpoint is used, earns and is felt how: touchpoint_map."""

from expectations.contract import Column, ListOf, StructOf, Table, Type
from expectations.tables.credit import MODEL_NAMES
from expectations.tables.journeys import FORMS, OWNERSHIPS

NO_STAGE = "(no stage)"
NONE = "(none)"
ALL = "(all)"  # the one segment if settings name none
OTHER = "(other)"  # a touch that no segment of the settings holds
ANY = "(any)"  # negative touches of all kinds together
BAGS = 32  # persons fall into so many groups: enough for an interval, few enough to keep
BAG = StructOf({"bag": Type.INTEGER, "used": Type.LONG, "credit": Type.SHARE})
NO_CURRENCY = "XXX"  # ISO 4217: no currency is involved
CONTACTS = ("direct", "indirect")
SETTINGS = ("online", "offline")
CELL = ("channel", "ownership", "contact", "setting", "form")
COUNTS = {
    "touches": "Touches met that day, echoes of a click aside; in rows of currency XXX",
    "eligible_touches": "Those among them of a kind that may earn credit",
    "negative_touches": "Those among them that were felt as negative",
    "persons": "Reach: known persons met that day in this cell; over rows and days they are "
    "person-days, not persons",
    "nps_answers": "Answers of 0 to 10 to how likely one is to recommend",
    "nps_promoters": "Answers of 9 or 10",
    "nps_detractors": "Answers of 0 to 6",
    "csat_answers": "Answers to how satisfied one is",
}

TOUCHPOINT_MAP = Table(
    name="touchpoint_map",
    about="One row per day, model, stage of the lifecycle, segment, touchpoint (channel and "
    "taxonomy) and currency: use, credit, cost and satisfaction, as sums. Population: touches of "
    "the day, credit of its conversions by the stage and segment of the touch, and its spend, "
    "which has neither.",
    grain=("day", "model", "stage", "segment", *CELL, "currency"),
    columns={
        "model": Column(Type.STRING, "Attribution model; what is not credit is the same in each",
                        one_of=MODEL_NAMES),
        "stage": Column(Type.STRING, "Stage the person was in; (no stage) for spend and for "
                        "conversions without a touch"),
        "stage_number": Column(Type.INTEGER, "Its place in the stage map from 1; 0 if no stage",
                               at_least=0),
        "segment": Column(Type.STRING, "Segment the person was in, by settings; (all) if there are "
                          "none, (other) if none holds, (none) where there is no touch"),
        "channel": Column(Type.STRING, "Marketing channel, or (unattributed)"),
        "ownership": Column(Type.STRING, "Whose medium it is", one_of=(*OWNERSHIPS, NONE)),
        "contact": Column(Type.STRING, "With the brand itself or a go-between",
                          one_of=(*CONTACTS, NONE)),
        "setting": Column(Type.STRING, "Where it happens", one_of=(*SETTINGS, NONE)),
        "form": Column(Type.STRING, "Form of the meeting", one_of=(*FORMS, NONE)),
        **{name: Column(Type.LONG, about, at_least=0) for name, about in COUNTS.items()},
        "csat_sum": Column(Type.SHARE, "Sum of those answers, each 0 (worst) to 1 (best)",
                           at_least=0),
        "conversions": Column(Type.SHARE, "Conversions credited", at_least=0),
        "attributed_value": Column(Type.MONEY, "Value credited, net of refunds"),
        "cost": Column(Type.MONEY, "Spend of the day in this currency"),
        "bags": Column(ListOf(BAG), "eligible_touches and conversions by bag, a group of persons "
                       "(0 to 31); entries of a bag add up, over rows and days too"),
        "currency": Column(Type.STRING, "ISO 4217; XXX in rows of touches"),
        "day": Column(Type.DATE, "UTC day of touches and of conversions; the account's of spend"),
    },
    partitioned_by="day",
    rules={
        "parts of the touches are no more than the touches":
            "SELECT * FROM {table} WHERE greatest(eligible_touches, negative_touches, persons, "
            "nps_answers, csat_answers) > touches OR nps_promoters + nps_detractors > nps_answers "
            "OR csat_sum > csat_answers",
        "only stage 0 is no stage":
            "SELECT * FROM {table} WHERE (stage_number = 0) <> (stage = '(no stage)')",
        "bags of persons add up to all of them":
            "SELECT * FROM {table} WHERE stage_number > 0 AND "
            "(AGGREGATE(bags, 0L, (s, b) -> s + b.used) <> eligible_touches OR "
            "AGGREGATE(bags, CAST(0 AS DECIMAL(18,12)), "
            "(s, b) -> CAST(s + b.credit AS DECIMAL(18,12))) <> conversions)",
    },
)  # fmt: skip


def _rate(about: str) -> Column:
    return Column(Type.DOUBLE, about, nullable=True, at_least=0, at_most=1)


NEGATIVE_TOUCHES = Table(
    name="negative_touches",
    about="One row per day that it was looked at and kind of negative touch: how often people buy "
    "after it, and people like them who had none; frozen, as fits are. Population: touches of "
    "known persons with nothing negative in memory before them.",
    grain=("kind", "as_of_date"),
    columns={
        "kind": Column(Type.STRING, "What happened, 'low nps' and such for a bad answer, or (any)"),
        "touches": Column(Type.LONG, "Negative touches of the kind", at_least=0),
        "matched_touches": Column(Type.LONG, "Those for which there were people alike: of the same "
                                  "stage, segment, number of touches before and time since the "
                                  "last", at_least=0),
        "controls": Column(Type.LONG, "Touches of people alike that were not negative",
                           at_least=0),
        "rate_after": _rate("Share of matched_touches followed by a conversion"),
        "rate_matched": _rate("That share among people alike, weighed as they are"),
        "effect": Column(Type.DOUBLE, "rate_after - rate_matched; null if nothing was matched",
                         nullable=True, at_least=-1, at_most=1),
        "effect_low": Column(Type.DOUBLE, "Low end of its 95 % interval; null if unknown", True),
        "effect_high": Column(Type.DOUBLE, "High end of its 95 % interval; null if unknown", True),
        "horizon_days": Column(Type.DOUBLE, "Days in which a conversion follows"),
        "training_from": Column(Type.DATE, "First day of the touches looked at"),
        "as_of_date": Column(Type.DATE, "It saw only days before this one"),
    },
    rules={
        "those matched are some of the touches":
            "SELECT * FROM {table} WHERE matched_touches > touches",
        "an interval holds its effect":
            "SELECT * FROM {table} WHERE effect < effect_low OR effect > effect_high",
    },
)  # fmt: skip
