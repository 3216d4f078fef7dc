"""Where along the lifecycle which touchpoint is used, earns and is felt how: touchpoint_map."""

from expectations.contract import Column, Table, Type
from expectations.tables.credit import MODEL_NAMES
from expectations.tables.journeys import FORMS, OWNERSHIPS

NO_STAGE = "(no stage)"
NONE = "(none)"
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
    about="One row per day, model, stage of the lifecycle, touchpoint (channel and taxonomy) and "
    "currency: use, credit, cost and satisfaction, as sums. Population: touches of the day, credit "
    "of its conversions by the stage the touch was in, and its spend, which has no stage.",
    grain=("day", "model", "stage", *CELL, "currency"),
    columns={
        "model": Column(Type.STRING, "Attribution model; what is not credit is the same in each",
                        one_of=MODEL_NAMES),
        "stage": Column(Type.STRING, "Stage the person was in; (no stage) for spend and for "
                        "conversions without a touch"),
        "stage_number": Column(Type.INTEGER, "Its place in the stage map from 1; 0 if no stage",
                               at_least=0),
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
    },
)  # fmt: skip
