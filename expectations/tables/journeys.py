"""What people did: identities, touchpoints, conversions, paths."""

import re

from expectations.contract import Column, ListOf, StructOf, Table, Type

TIERS = ("strong", "device")
REFUSALS = ("stop_list", "fan_out", "component")
STAGES = ("awareness", "consideration", "decision", "retention", "advocacy")
OWNERSHIPS = ("paid", "owned", "earned", "shared", "managed")
FORMS = ("communication", "human", "physical", "sensory")
VALENCES = ("positive", "neutral", "negative")
WEIGHT_CLASSES = ("click", "visit", "view", "open", "response", "activity", "signal")
FEEDBACK_METRICS = ("nps", "csat", "ces")
PURPOSES = ("analytics", "advertising")  # what a person may allow or deny
CONSENTS_TOLD = ("granted", "denied")
STATUSES = ("complete", "partially_refunded", "refunded", "refund_only")
TRANSFORMS = (
    "collapse",
    "first_occurrences",
    "remove_direct_unless_all",
    "remove_trailing_direct_unless_all",
)
LAST_N = re.compile(r"last_([1-9]\d{0,3})")  # a transform too: only the newest N touches

IDENTITIES = Table(
    name="identities",
    about="One row per identifier and validity interval, with the person it points at. "
    "Population: every identifier seen in an event.",
    grain=("identifier", "valid_from"),
    columns={
        "identifier": Column(Type.STRING, "type:value, e.g. ga_client_id:118.17"),
        "identifier_type": Column(Type.STRING, "The part before the first colon"),
        "tier": Column(Type.STRING, "How it points at a person", one_of=TIERS),
        "person_id": Column(Type.STRING, "Smallest hash among the component's identifiers"),
        "valid_from": Column(Type.TIMESTAMP, "First instant of the interval (inclusive)"),
        "valid_to": Column(Type.TIMESTAMP, "End of the interval (exclusive)"),
        "refused": Column(Type.STRING, "Guard that kept it apart", nullable=True, one_of=REFUSALS),
        "links": Column(Type.LONG, "Distinct strong identifiers seen with it", at_least=0),
    },
    rules={
        "an interval ends after it begins":
            "SELECT * FROM {table} WHERE valid_to <= valid_from",
        "intervals of an identifier do not overlap":
            "SELECT * FROM (SELECT *, LEAD(valid_from) OVER "
            "(PARTITION BY identifier ORDER BY valid_from) AS next_from FROM {table}) "
            "WHERE next_from < valid_to",
    },
)  # fmt: skip

TOUCHPOINTS = Table(
    name="touchpoints",
    about="One row per touch: an event where a person met the brand.",
    grain=("touchpoint_id",),
    columns={
        "touchpoint_id": Column(Type.STRING, "event_id of the event that made it"),
        "identifier": Column(Type.STRING, "Best identifier, resolved when paths are made", True),
        "source": Column(Type.STRING, "Source that told it"),
        "channel": Column(Type.STRING, "Rule-made group of touches"),
        "campaign": Column(Type.STRING, "Campaign name; '(not set)' if none"),
        "campaign_id": Column(Type.STRING, "The platform's campaign id", nullable=True),
        "traffic_source": Column(Type.STRING, "Resolved source, e.g. google"),
        "traffic_medium": Column(Type.STRING, "Resolved medium, e.g. cpc"),
        "channel_rule": Column(Type.STRING, "Name of the rule that chose the channel"),
        "weight_class": Column(Type.STRING, "What kind of meeting", one_of=WEIGHT_CLASSES),
        "stage": Column(Type.STRING, "Lifecycle stage", one_of=STAGES),
        "ownership": Column(Type.STRING, "Whose medium it is", one_of=OWNERSHIPS),
        "is_direct_contact": Column(Type.BOOLEAN, "The brand itself was there, not a go-between"),
        "is_online": Column(Type.BOOLEAN, "It happened online"),
        "form": Column(Type.STRING, "Form of the meeting", one_of=FORMS),
        "valence": Column(Type.STRING, "How it was felt", one_of=VALENCES),
        "feedback_metric": Column(Type.STRING, "What the person was asked", True,
                                  one_of=FEEDBACK_METRICS),
        "feedback_score": Column(Type.SHARE, "The answer, 0 (worst) to 1 (best); null if none",
                                 True, at_least=0, at_most=1),
        "consent": Column(Type.STRING, "For analytics, as told with the events",
                          one_of=(*CONSENTS_TOLD, "unset")),
        "ad_consent": Column(Type.STRING, "For advertising, as told with the events",
                             one_of=(*CONSENTS_TOLD, "unset")),
        "is_bot": Column(Type.BOOLEAN, "A machine did it"),
        "is_test": Column(Type.BOOLEAN, "A test"),
        "touched_at": Column(Type.TIMESTAMP, "When; a day's start if only the day is known"),
        "touch_date": Column(Type.DATE, "UTC day of touched_at"),
    },
    partitioned_by="touch_date",
)  # fmt: skip

CONSENTS = Table(
    name="consents",
    about="One row per consent change, identifier it names and purpose it tells of. Population: "
    "events of type consent_change that grant or deny one of our purposes; an opt-out of e-mail "
    "alone is none of them.",
    grain=("event_id", "identifier", "purpose"),
    columns={
        "event_id": Column(Type.STRING, "Event that told it"),
        "identifier": Column(Type.STRING, "Whose it is, resolved when paths are made"),
        "purpose": Column(Type.STRING, "What was allowed or denied", one_of=PURPOSES),
        "state": Column(Type.STRING, "From told_at on, until told otherwise",
                        one_of=CONSENTS_TOLD),
        "source": Column(Type.STRING, "Source that told it"),
        "told_at": Column(Type.TIMESTAMP, "When; a day's start if only the day is known"),
    },
)  # fmt: skip

CONVERSIONS = Table(
    name="conversions",
    about="One row per conversion with its current value: the order book.",
    grain=("conversion_id",),
    columns={
        "conversion_id": Column(Type.STRING, "SHA-256 of type, source, instance and order"),
        "conversion_type": Column(Type.STRING, "Name given in settings, e.g. order"),
        "order_id": Column(Type.STRING, "Order or deal as its source names it", nullable=True),
        "identifier": Column(Type.STRING, "Best identifier, resolved when paths are made", True),
        "source": Column(Type.STRING, "Source that told it"),
        "event_id": Column(Type.STRING, "Event that made it"),
        "status": Column(Type.STRING, "After refunds", one_of=STATUSES),
        "conversions": Column(Type.INTEGER, "1; 0 for a refund of an unknown order",
                              at_least=0, at_most=1),
        "gross_value": Column(Type.MONEY, "Value when it converted"),
        "refunded_value": Column(Type.MONEY, "Sum of refunds, zero or negative", at_most=0),
        "net_value": Column(Type.MONEY, "gross_value + refunded_value"),
        "currency": Column(Type.STRING, "ISO 4217; 'XXX' if it has no value"),
        "converted_at": Column(Type.TIMESTAMP, "When; the day's end if only the day is known"),
        "conversion_date": Column(Type.DATE, "UTC day of converted_at"),
    },
    partitioned_by="conversion_date",
    rules={
        "net = gross + refunded":
            "SELECT * FROM {table} WHERE net_value <> gross_value + refunded_value",
    },
)  # fmt: skip

TOUCH = StructOf(
    {
        "touchpoint_id": Type.STRING,
        "channel": Type.STRING,
        "campaign": Type.STRING,
        "campaign_id": Type.STRING,
        "touched_at": Type.TIMESTAMP,
    }
)
DROPPED = StructOf(
    {
        "touchpoint_id": Type.STRING,
        "channel": Type.STRING,
        "touched_at": Type.TIMESTAMP,
        "rule": Type.STRING,
    }
)

PATHS = Table(
    name="paths",
    about="One row per conversion, with the touches that may have led to it in time order "
    "(ties by touchpoint_id). Population: all conversions; no touches means unattributed.",
    grain=("conversion_id",),
    columns={
        "conversion_id": Column(Type.STRING, "The conversion being explained"),
        "conversion_type": Column(Type.STRING, "Its type"),
        "person_id": Column(Type.STRING, "Who converted; null if nobody is known", nullable=True),
        "touches": Column(ListOf(TOUCH), "Kept touches, first to last"),
        "dropped": Column(ListOf(DROPPED), "Touches left out, each with the rule that did it"),
        "touch_count": Column(Type.INTEGER, "Length of touches", at_least=0),
        "conversions": Column(Type.INTEGER, "As in conversions", at_least=0, at_most=1),
        "net_value": Column(Type.MONEY, "As in conversions"),
        "currency": Column(Type.STRING, "ISO 4217"),
        "converted_at": Column(Type.TIMESTAMP, "As in conversions"),
        "conversion_date": Column(Type.DATE, "UTC day of converted_at"),
    },
    partitioned_by="conversion_date",
    rules={
        "no touch comes after its conversion":
            "SELECT * FROM {table} WHERE EXISTS(touches, t -> t.touched_at > converted_at)",
        "touch_count counts touches":
            "SELECT * FROM {table} WHERE touch_count <> SIZE(touches)",
    },
)  # fmt: skip

LOST_PATHS = Table(
    name="lost_paths",
    about="One row per month and person with touches that had led to no conversion by its end. "
    "Population: eligible touches of the month since the person's last conversion.",
    grain=("month", "person_id"),
    columns={
        "person_id": Column(Type.STRING, "Who"),
        "channels": Column(ListOf(Type.STRING), "Channels of the kept touches, first to last"),
        "month": Column(Type.DATE, "First day of the month (UTC)"),
    },
    partitioned_by="month",
)
