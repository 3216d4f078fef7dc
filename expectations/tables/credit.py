"""Who earned it: model_versions, credits, channels, campaigns, path_summary, reconciliation."""

from expectations.contract import Column, MapOf, Table, Type

USUAL_MODEL_NAMES = (
    "first_touch", "last_touch", "last_non_direct", "linear", "position_based", "time_decay",
    "markov",
)  # fmt: skip
MODEL_NAMES = (
    *USUAL_MODEL_NAMES,
    "shapley", "shapley_rate", "path_removal", "shao_li", "bagged_logistic",
)  # fmt: skip
UNATTRIBUTED = "(unattributed)"

MODEL_VERSIONS = Table(
    name="model_versions",
    about="One row per fitted model and the day it was fitted as of; frozen.",
    grain=("model", "as_of_date"),
    columns={
        "model": Column(Type.STRING, "Model", one_of=MODEL_NAMES),
        "model_version": Column(Type.STRING, "model@as_of_date/fingerprint, stamped on credits"),
        "parameters": Column(Type.STRING, "Constructor parameters as JSON"),
        "learned": Column(Type.STRING, "Learned state as JSON; empty if conversions were too few"),
        "training_from": Column(Type.DATE, "First day of the training window"),
        "training_paths": Column(Type.LONG, "Converting and lost paths learned from", at_least=0),
        "training_conversions": Column(Type.LONG, "Converting paths among them", at_least=0),
        "training_fingerprint": Column(Type.STRING, "SHA-256 of the counted paths"),
        "metrics": Column(MapOf(), "Figures of the fit, as text"),
        "as_of_date": Column(Type.DATE, "It saw only days before this one"),
    },
)

CREDITS = Table(
    name="credits",
    about="One row per touch of a conversion and model; one row at position 0 with channel "
    "(unattributed) if the conversion has no touch.",
    grain=("conversion_id", "model", "position"),
    columns={
        "conversion_id": Column(Type.STRING, "The conversion being explained"),
        "conversion_type": Column(Type.STRING, "Its type"),
        "person_id": Column(Type.STRING, "Who converted", nullable=True),
        "model": Column(Type.STRING, "Attribution model", one_of=MODEL_NAMES),
        "model_version": Column(Type.STRING, "Fitted version, or the rule's own name"),
        "position": Column(Type.INTEGER, "0 is the first touch", at_least=0),
        "touchpoint_id": Column(Type.STRING, "The touch; null if unattributed", nullable=True),
        "channel": Column(Type.STRING, "Channel of the touch"),
        "campaign": Column(Type.STRING, "Campaign of the touch"),
        "campaign_id": Column(Type.STRING, "The platform's campaign id", nullable=True),
        "credit": Column(Type.SHARE, "Share of the conversion", at_least=0, at_most=1),
        "conversions": Column(Type.SHARE, "credit x conversions counted", at_least=0, at_most=1),
        "attributed_value": Column(Type.MONEY, "Share of net_value; refunds included"),
        "currency": Column(Type.STRING, "ISO 4217"),
        "touched_at": Column(Type.TIMESTAMP, "When the touch was; null if none", nullable=True),
        "converted_at": Column(Type.TIMESTAMP, "When the conversion was"),
        "conversion_date": Column(Type.DATE, "UTC day of converted_at"),
    },
    partitioned_by="conversion_date",
    rules={
        "the credits of a conversion sum to 1":
            "SELECT conversion_date, conversion_id, model, SUM(credit) AS credit FROM {table} "
            "GROUP BY ALL HAVING SUM(credit) <> 1",
    },
)  # fmt: skip

_MONEY_COLUMNS = {
    "touches": Column(Type.LONG, "Touches that earned any credit", at_least=0),
    "conversions": Column(Type.SHARE, "Conversions credited", at_least=0),
    "attributed_value": Column(Type.MONEY, "Value credited, net of refunds"),
    "cost": Column(Type.MONEY, "Spend of the day in this currency"),
    "currency": Column(Type.STRING, "ISO 4217"),
    "cpa": Column(Type.DOUBLE, "cost / conversions; null without either", nullable=True),
    "roas": Column(Type.DOUBLE, "attributed_value / cost; null without cost", nullable=True),
}

CHANNELS = Table(
    name="channels",
    about="One row per day of conversion, model, channel and currency. "
    "Population: anything with credit or spend that day.",
    grain=("day", "model", "channel", "currency"),
    columns={
        "model": Column(Type.STRING, "Attribution model", one_of=MODEL_NAMES),
        "channel": Column(Type.STRING, "Marketing channel, or (unattributed)"),
        **_MONEY_COLUMNS,
        "day": Column(Type.DATE, "UTC day of the conversions; the account's day of the spend"),
    },
    partitioned_by="day",
)

CAMPAIGNS = Table(
    name="campaigns",
    about="One row per day of conversion, model, channel, campaign and currency. "
    "Spend meets credit by the platform's campaign id, else by campaign name.",
    grain=("day", "model", "channel", "campaign", "currency"),
    columns={
        "model": Column(Type.STRING, "Attribution model", one_of=MODEL_NAMES),
        "channel": Column(Type.STRING, "Marketing channel, or (unattributed)"),
        "campaign": Column(Type.STRING, "Campaign name, '(not set)' if none"),
        **_MONEY_COLUMNS,
        "day": Column(Type.DATE, "UTC day of the conversions; the account's day of the spend"),
    },
    partitioned_by="day",
)

PATH_SUMMARY = Table(
    name="path_summary",
    about="One row per month, conversion type, currency and path of channels "
    "(repeats collapsed). Lost paths have conversion type '(none)'.",
    grain=("month", "conversion_type", "currency", "path"),
    columns={
        "conversion_type": Column(Type.STRING, "Conversion type, or (none) for lost paths"),
        "path": Column(Type.STRING, "Channels joined by ' > ', or (unattributed)"),
        "conversions": Column(Type.LONG, "Conversions of the month by this path", at_least=0),
        "losses": Column(Type.LONG, "People whose open path at month's end is this", at_least=0),
        "net_value": Column(Type.MONEY, "Net value of the conversions"),
        "currency": Column(Type.STRING, "ISO 4217; 'XXX' for lost paths"),
        "median_days": Column(Type.DOUBLE, "Median days from first touch to conversion", True),
        "month": Column(Type.DATE, "First day of the month (UTC)"),
    },
    partitioned_by="month",
)

RECONCILIATION = Table(
    name="reconciliation",
    about="One row per day, model, conversion type and currency: order book against credit.",
    grain=("day", "model", "conversion_type", "currency"),
    columns={
        "model": Column(Type.STRING, "Attribution model", one_of=MODEL_NAMES),
        "conversion_type": Column(Type.STRING, "Conversion type"),
        "currency": Column(Type.STRING, "ISO 4217"),
        "booked_conversions": Column(Type.LONG, "Conversions in the order book", at_least=0),
        "credited_conversions": Column(Type.SHARE, "Credited to touches", at_least=0),
        "unattributed_conversions": Column(Type.SHARE, "Without an eligible touch", at_least=0),
        "difference_conversions": Column(Type.SHARE, "booked - credited - unattributed"),
        "booked_value": Column(Type.MONEY, "Net value in the order book"),
        "credited_value": Column(Type.MONEY, "Credited to touches"),
        "unattributed_value": Column(Type.MONEY, "Without an eligible touch"),
        "difference_value": Column(Type.MONEY, "booked - credited - unattributed"),
        "cohort_conversions": Column(Type.SHARE, "Conversions of the day in money, over all days "
                                     "of touches", at_least=0),
        "cohort_value": Column(Type.MONEY, "Value of the day in money, over all days of touches"),
        "day": Column(Type.DATE, "UTC day of the conversions"),
    },
    partitioned_by="day",
    rules={
        "credit and order book agree to the last digit":
            "SELECT * FROM {table} WHERE difference_conversions <> 0 OR difference_value <> 0",
        "money by the day of the touch is the same credit":
            "SELECT * FROM {table} WHERE cohort_value <> credited_value + unattributed_value OR "
            "cohort_conversions <> credited_conversions + unattributed_conversions",
    },
)  # fmt: skip
