"""What sources told us: batches, records, quarantine, events, spend."""

from expectations.contract import Column, ListOf, MapOf, StructOf, Table, Type

EVENT_TYPES = (
    "page_view", "session_start", "ad_impression", "ad_click",
    "email_sent", "email_delivered", "email_open", "email_click",
    "email_bounce", "email_complaint", "email_unsubscribe",
    "form_submit", "lead_created", "stage_change", "activity", "campaign_response",
    "order", "refund", "subscription_start", "subscription_cancel",
    "feedback", "ticket_opened", "ticket_update", "ticket_solved", "ticket_reopened",
    "consent_change", "erasure_request", "identify", "merge", "record_deleted", "other",
)  # fmt: skip
REASONS = (
    "bad_encoding", "bad_json", "bad_parquet", "column_count", "duplicate_header",
    "bad_value", "bad_timestamp", "time_out_of_range", "missing_required", "bad_currency",
    "unknown_mapping",
)  # fmt: skip
PRECISIONS = ("us", "ms", "s", "day")
QUALITIES = ("source", "skew_corrected", "received_fallback", "clamped")
OPS = ("insert", "update", "delete")
SCOPES = ("event", "session_last", "user_first", "none")

IDS = ListOf(StructOf({"type": Type.STRING, "value": Type.STRING, "trust": Type.INTEGER}))

BATCHES = Table(
    name="batches",
    about="One row per ingested file. Population: every file that was read to its end.",
    grain=("batch_id",),
    columns={
        "batch_id": Column(Type.STRING, "SHA-256 of the source's name and the file's bytes"),
        "source": Column(Type.STRING, "Landing folder the file came from, e.g. ga4"),
        "mapping": Column(Type.STRING, "Mapping that reads it, without its version"),
        "file": Column(Type.STRING, "Path below the landing folder", is_arrival=True),
        "bytes": Column(Type.LONG, "Size of the file as landed", at_least=0),
        "records": Column(Type.LONG, "Records read, bad ones included", at_least=0),
        "bad_records": Column(Type.LONG, "Records that could not be decoded", at_least=0),
        "received_at": Column(Type.TIMESTAMP, "When the file landed", is_arrival=True),
    },
    is_appended=True,
)

RECORDS = Table(
    name="records",
    about="One row per raw record (line, message or row) of a source, lossless.",
    grain=("batch_id", "line"),
    columns={
        "source": Column(Type.STRING, "Source that told it"),
        "mapping": Column(Type.STRING, "Mapping that reads it, without its version"),
        "batch_id": Column(Type.STRING, "Batch it arrived in"),
        "file": Column(Type.STRING, "Path below the landing folder"),
        "line": Column(Type.LONG, "Line or element of the file, from 1", at_least=1),
        "payload": Column(Type.STRING, "The record as JSON text; as raw text if undecodable"),
        "error": Column(Type.STRING, "Why it could not be decoded", nullable=True, one_of=REASONS),
        "received_at": Column(Type.TIMESTAMP, "When its file landed"),
        "received_date": Column(Type.DATE, "UTC day of received_at"),
    },
    partitioned_by="received_date",
    is_appended=True,
)

QUARANTINE = Table(
    name="quarantine",
    about="One row per rejected record (or exploded part of one) and its first reason.",
    grain=("batch_id", "line", "part"),
    columns={
        "source": Column(Type.STRING, "Source that told it"),
        "batch_id": Column(Type.STRING, "Batch it arrived in", is_arrival=True),
        "file": Column(Type.STRING, "Path below the landing folder", is_arrival=True),
        "line": Column(Type.LONG, "Line of the file, from 1", at_least=1, is_arrival=True),
        "part": Column(Type.INTEGER, "Element of the record, from 0; 0 if it has one", at_least=0),
        "reason": Column(Type.STRING, "Reason code", one_of=REASONS),
        "field": Column(Type.STRING, "Field that broke the rule", nullable=True),
        "value": Column(Type.STRING, "The value found, cut to 200 characters", nullable=True),
        "mapping": Column(Type.STRING, "Mapping that rejected it", nullable=True),
        "payload": Column(Type.STRING, "The record as it arrived"),
        "received_date": Column(Type.DATE, "UTC day its file landed", is_arrival=True),
    },
    partitioned_by="received_date",
)

EVENTS = Table(
    name="events",
    about="One row per version of an event, as its source told it, in our words. "
    "Population: records that their mapping accepted.",
    # two versions saved in the same instant may happen on two days, of which a night may see one
    grain=("event_id", "record_version", "event_date"),
    columns={
        "event_id": Column(Type.STRING, "SHA-256 of source, instance and the dedupe parts"),
        "record_version": Column(Type.TIMESTAMP, "Newest wins; occurred_at if it never changes, "
                                 "1970 if the earliest telling counts"),
        "op": Column(Type.STRING, "What this version does to the thing", one_of=OPS),
        "source": Column(Type.STRING, "Source that told it"),
        "instance": Column(Type.STRING, "Property, org or account; '' if there is only one"),
        "source_event_id": Column(Type.STRING, "The vendor's own id", nullable=True),
        "event_type": Column(Type.STRING, "Our word for it", one_of=EVENT_TYPES),
        "event_name": Column(Type.STRING, "The source's word for it", nullable=True),
        "occurred_at": Column(Type.TIMESTAMP, "When it happened; the day's start if precision day"),
        "precision": Column(Type.STRING, "Of occurred_at", one_of=PRECISIONS),
        "quality": Column(Type.STRING, "Which clock occurred_at comes from", one_of=QUALITIES),
        "sent_at": Column(Type.TIMESTAMP, "When the sender's clock sent it", nullable=True),
        "received_at": Column(Type.TIMESTAMP, "When the source or we received it", is_arrival=True),
        "source_local_date": Column(Type.DATE, "Day in the source's own zone", nullable=True),
        "seq": Column(Type.LONG, "Order inside one instant, as the source has it", nullable=True),
        "ids": Column(IDS, "Identifiers of the person; higher trust resolves first"),
        "session_id": Column(Type.STRING, "The source's session, unique per source", nullable=True),
        "page_url": Column(Type.STRING, "Page address", nullable=True),
        "page_host": Column(Type.STRING, "Host of page_url, lower case", nullable=True),
        "referrer_url": Column(Type.STRING, "Referring address", nullable=True),
        "referrer_host": Column(Type.STRING, "Host of referrer_url, lower case", nullable=True),
        "utm_source": Column(Type.STRING, "Source of traffic as tagged", nullable=True),
        "utm_medium": Column(Type.STRING, "Medium as tagged", nullable=True),
        "utm_campaign": Column(Type.STRING, "Campaign name as tagged", nullable=True),
        "utm_term": Column(Type.STRING, "Keyword as tagged", nullable=True),
        "utm_content": Column(Type.STRING, "Creative as tagged", nullable=True),
        "click_ids": Column(MapOf(), "Click id name to value: gclid, fbclid, msclkid …"),
        "traffic_scope": Column(Type.STRING, "What the utm columns describe", one_of=SCOPES),
        "platform": Column(Type.STRING, "Ad or e-mail platform", nullable=True),
        "campaign_id": Column(Type.STRING, "The platform's campaign id", nullable=True),
        "order_id": Column(Type.STRING, "Order, deal or invoice it is about", nullable=True),
        "value": Column(Type.MONEY, "Signed amount; refunds are negative", nullable=True),
        "currency": Column(Type.STRING, "ISO 4217 code of value", nullable=True),
        "stage": Column(Type.STRING, "Status or stage as the source has it", nullable=True),
        "consent": Column(MapOf(), "Purpose to granted, denied or unset"),
        "is_bot": Column(Type.BOOLEAN, "A machine did it, as far as the source shows"),
        "is_test": Column(Type.BOOLEAN, "The source marks it as a test"),
        "attributes": Column(MapOf(), "Everything else the mapping keeps"),
        "payload_hash": Column(Type.STRING, "SHA-256 of the record part, after its time in "
                               "hexadecimal where the earliest telling counts; breaks every tie"),
        "mapping": Column(Type.STRING, "Mapping and its version, e.g. ga4@1"),
        "batch_id": Column(Type.STRING, "Batch it arrived in", is_arrival=True),
        "line": Column(Type.LONG, "Line of that batch's file", at_least=1, is_arrival=True),
        "event_date": Column(Type.DATE, "UTC day of occurred_at"),
    },
    partitioned_by="event_date",
    rules={
        "an event with a value has a currency":
            "SELECT * FROM {table} WHERE value IS NOT NULL AND currency IS NULL",
        "event_date is the UTC day of occurred_at":
            "SELECT * FROM {table} WHERE event_date <> CAST(occurred_at AS DATE)",
    },
)  # fmt: skip

SPEND = Table(
    name="spend",
    about="One row per platform, account, campaign and day, as the newest extraction has it.",
    grain=("platform", "account_id", "campaign_id", "currency", "spend_date"),
    columns={
        "platform": Column(Type.STRING, "Ad platform, e.g. google_ads"),
        "account_id": Column(Type.STRING, "Ad account"),
        "campaign_id": Column(Type.STRING, "The platform's campaign id; '' if it gives none"),
        "campaign": Column(Type.STRING, "Campaign name as last extracted", nullable=True),
        "channel": Column(Type.STRING, "Channel the money is booked to"),
        "cost": Column(Type.MONEY, "Cost in currency"),
        "currency": Column(Type.STRING, "ISO 4217 code of the account"),
        "impressions": Column(Type.LONG, "Impressions", nullable=True, at_least=0),
        "clicks": Column(Type.LONG, "Clicks", nullable=True, at_least=0),
        "extracted_at": Column(Type.TIMESTAMP, "When it was extracted", is_arrival=True),
        "spend_date": Column(Type.DATE, "Day in the account's own time zone"),
    },
    partitioned_by="spend_date",
)
