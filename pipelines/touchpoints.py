"""Where people met the brand: `touchpoints`, made from events.

A web session is one touch. Its id and time are those of its first event (by occurred_at, seq,
event_id); its traffic is that of the first event which has evidence of its own: tags, a click id,
or a referrer outside. Without evidence it is Direct, unless it opens on a page reached from an own
domain or a payment gateway: then an earlier visit goes on, and it is no touch at all. Web events
without a session are touches only if they have evidence. E-mails, ads, campaign responses, sales
activities, tickets and feedback are touches one by one.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from expectations.spark import spark_schema
from expectations.tables import TOUCHPOINTS
from pipelines.channels import TouchSettings, classify, present, rule_book
from pipelines.rulebook import RuleBook
from pipelines.sql import among, bare_host, parents, quoted
from pipelines.taxonomy import load_taxonomy, taxonomy
from pipelines.versions import best_id, changing_sources, identifier, newest

WEB = ("page_view", "session_start", "form_submit", "lead_created", "order", "identify",
       "consent_change", "subscription_start", "subscription_cancel", "other")  # fmt: skip
SINGLE = {
    "ad_click": "click",
    "ad_impression": "view",
    "email_click": "click",
    "email_open": "open",
    "email_bounce": "signal",
    "email_complaint": "signal",
    "email_unsubscribe": "signal",
    "campaign_response": "response",
    "activity": "activity",
    "feedback": "signal",
    "ticket_opened": "signal",
    "ticket_update": "signal",
    "ticket_solved": "signal",
}
VISIT = "visit"
SESSION = ("source", "instance", "session_id")
KEY = ("session_hash", *SESSION)
ORDER = "occurred_at, seq, event_id"
TRAFFIC = ("platform", "utm_source", "utm_medium", "utm_campaign", "campaign_id", "click_id",
           "referrer_host")  # fmt: skip
COMPARED = TRAFFIC[1:]  # new evidence differs in one of these
PURPOSES = ("analytics", "analytics_storage")  # first the one that decides; GA4 has the second


def touchpoints(events: DataFrame, settings: TouchSettings) -> DataFrame:
    """One row per touch: an event where a person met the brand.

    A session is whole only if all its events are given, so give the days before too and keep the
    touches of the days wanted.
    """
    rules = rule_book(settings)
    changing = changing_sources(events)
    single = _single(events, rules, changing)
    visits = _visits(_web(events, changing), rules, settings.session_level)
    classified = classify(visits.unionByName(single), rules)
    kinds = load_taxonomy(settings.user_file)
    made = classified.withColumns({**taxonomy(kinds), "touch_date": F.to_date("touched_at")})
    schema = spark_schema(TOUCHPOINTS)
    return made.select(*[F.col(f.name).cast(f.dataType).alias(f.name) for f in schema.fields])


def _web(events: DataFrame, changing: list[str]) -> DataFrame:
    """Newest web events that belong to a session."""
    web = f"session_id IS NOT NULL AND {among('event_type', WEB)}"
    steady = events.where(f"{web} AND NOT {among('source', changing)}")
    if not changing:
        return steady
    changed = newest(events.where(among("source", changing))).where(web)
    return steady.unionByName(changed)


def _single(events: DataFrame, book: RuleBook, changing: list[str]) -> DataFrame:
    """Touches that are one event: of kinds that always are, and web events without a session."""
    lone = f"session_id IS NULL AND {among('event_type', WEB)} AND {has_evidence(book)}"
    touching = f"({among('event_type', SINGLE)} OR ({lone}))"
    # of a source that changes its events, a version that is no touch may replace one that was
    candidates = events.where(f"{touching} OR {among('source', changing)}")
    found = newest(candidates).where(touching)
    kinds = " ".join(f"WHEN {quoted(kind)} THEN {quoted(w)}" for kind, w in SINGLE.items())
    return found.select(
        F.col("event_id").alias("touchpoint_id"), identifier(best_id()).alias("identifier"),
        "source", "event_type", "page_host", *traffic(book),
        F.expr(f"CASE event_type {kinds} ELSE '{VISIT}' END").alias("weight_class"),
        consent().alias("consent"), "is_bot", "is_test", F.col("occurred_at").alias("touched_at"),
    )  # fmt: skip


def _visits(web: DataFrame, book: RuleBook, session_level: bool) -> DataFrame:
    """Touches that are sessions, or changes of traffic within them."""
    sessions = _sessions(web, book)
    met = sessions.where("evidence IS NOT NULL OR NOT opening.is_return")
    if session_level:
        return _touch(met, F.col("opening"), F.col("evidence"))
    # a session without evidence is a direct touch; others are touched by each new evidence
    direct = _touch(met.where("evidence IS NULL"), F.col("opening"), F.col("evidence"))
    changes = _changes(web, book).join(sessions.drop("evidence"), on=list(KEY), how="inner")
    return direct.unionByName(_touch(changes, F.col("evidence"), F.col("evidence")))


def _sessions(web: DataFrame, book: RuleBook) -> DataFrame:
    """One row per session: its opening, its first evidence and the best identifier in it.

    Consent is denied if any event says so, since who withdraws it means the visit. A session is
    its first day and the day after, so that those two days' events decide it, whatever else is
    given; it begins anew after a day without events.
    """
    told = (F.min("evidence").alias("evidence"), F.min("best").alias("best"),
            F.min("consent").alias("consent"), F.max("is_bot").alias("is_bot"),
            F.max("is_test").alias("is_test"))  # fmt: skip
    daily = _facts(web, book).groupBy(*KEY, "event_date").agg(F.min("opening").alias("opening"), *told)
    days = Window.partitionBy(*KEY).orderBy("event_date")
    after = F.struct("event_date", "evidence", "best", "consent", "is_bot", "is_test")
    beside = daily.withColumns({
        "before": F.lag("event_date").over(days), "after": F.lead(after).over(days),
    })  # fmt: skip
    begun = beside.where("before IS NULL OR before < event_date - INTERVAL 1 DAY")
    return begun.select(*KEY, "opening", *_with_next_day())


def _with_next_day() -> list[Column]:
    """What a session's first day told, and the next day if the session went on."""
    goes_on = F.col("after.event_date") == F.date_add("event_date", 1)
    merges = {"evidence": F.least, "best": F.least, "consent": F.least, "is_bot": F.greatest,
              "is_test": F.greatest}  # fmt: skip
    return [
        merge(F.col(name), F.when(goes_on, F.col(f"after.{name}"))).alias(name)
        for name, merge in merges.items()
    ]


def _facts(web: DataFrame, book: RuleBook) -> DataFrame:
    """What each event tells about its session, so narrow that sorting them is cheap."""
    opening = f"struct({ORDER}, {is_return(book)} AS is_return, page_host, event_type)"
    return web.select(
        *_session_key(),
        F.expr(opening).alias("opening"), _evidence(book).alias("evidence"),
        best_id().alias("best"), consent().alias("consent"), "is_bot", "is_test", "event_date",
    )  # fmt: skip


def _session_key() -> list[Column]:
    """The columns KEY. A number leads since it sorts faster than what many sessions share."""
    return [F.xxhash64(*SESSION).alias("session_hash"), *[F.col(name) for name in SESSION]]


def _evidence(book: RuleBook) -> Column:
    """Struct that sorts by time, null if the event has no evidence of its own."""
    traffic_struct = F.struct(*[F.expr(c.strip()) for c in ORDER.split(",")], *traffic(book))
    return F.when(F.expr(has_evidence(book)), traffic_struct)


def _changes(web: DataFrame, book: RuleBook) -> DataFrame:
    """One row per event whose evidence differs from the evidence before it in its session."""
    told = web.select(*_session_key(), _evidence(book).alias("evidence"))
    before = (
        Window.partitionBy(*KEY)
        .orderBy("evidence.occurred_at", "evidence.seq", "evidence.event_id")
        .rowsBetween(-1, -1)
    )
    seen = F.struct(*[F.col(f"evidence.{name}") for name in COMPARED])
    compared = told.where("evidence IS NOT NULL").withColumn("seen", seen)
    changed = compared.withColumn("before", F.first("seen").over(before))
    return changed.where("NOT (seen <=> before)").drop("seen", "before")


def _touch(sessions: DataFrame, met: Column, evidence: Column) -> DataFrame:
    """Touches at the event `met` with the traffic of `evidence`."""
    return sessions.select(
        met["event_id"].alias("touchpoint_id"),
        identifier(F.col("best")).alias("identifier"),
        "source",
        F.col("opening.event_type").alias("event_type"),
        F.col("opening.page_host").alias("page_host"),
        *[evidence[name].alias(name) for name in TRAFFIC],
        F.lit(VISIT).alias("weight_class"),
        "consent", "is_bot", "is_test", met["occurred_at"].alias("touched_at"),
    )  # fmt: skip


def traffic(book: RuleBook) -> list[Column]:
    """The columns TRAFFIC of an event: null where it says nothing, or not about this event."""
    columns = {name: name for name in TRAFFIC}
    for name in ("utm_source", "utm_medium", "utm_campaign"):
        columns[name] = f"CASE WHEN traffic_scope <> 'user_first' THEN {name} END"
    columns["click_id"] = click_id(book)
    columns["referrer_host"] = f"CASE WHEN {is_outside(book)} THEN referrer_host END"
    return [F.expr(sql).alias(name) for name, sql in columns.items()]


def consent() -> Column:
    """What was said about analytics: granted, denied or unset."""
    told = ", ".join(f"try_element_at(consent, '{purpose}')" for purpose in PURPOSES)
    known = "('granted', 'denied')"
    return F.expr(f"CASE WHEN coalesce({told}) IN {known} THEN coalesce({told}) ELSE 'unset' END")


def click_id(book: RuleBook) -> str:
    """SQL: name of the first click id of the book that the event carries, null if none."""
    cases = " ".join(
        f"WHEN coalesce(try_element_at(click_ids, {quoted(one.name)}), '') <> '' "
        f"THEN {quoted(one.name)}"
        for one in book.click_ids
    )
    return f"CASE WHEN cardinality(click_ids) = 0 THEN NULL {cases} END"


def has_evidence(book: RuleBook) -> str:
    """SQL: the event says itself where its person came from."""
    tags = " OR ".join(present(f"utm_{name}", book) for name in ("source", "medium", "campaign"))
    return (
        f"((traffic_scope <> 'user_first' AND ({tags})) OR ({click_id(book)}) IS NOT NULL "
        f"OR {is_outside(book)})"
    )


def is_outside(book: RuleBook) -> str:
    """SQL: the referrer is a page of others that may have sent the person."""
    return f"(coalesce(referrer_host, '') <> '' AND NOT {is_return(book)})"


def is_return(book: RuleBook) -> str:
    """SQL: the referrer is the page's own host, an own domain or a payment gateway; never null."""
    host = bare_host("referrer_host")
    own = " OR ".join(
        f"({host}) = {quoted(domain)} OR endswith({host}, {quoted('.' + domain)})"
        for domain in book.lists["own_domains"]
    )
    paid = " OR ".join(among(name, book.lists["payment_gateways"]) for name in parents(host))
    tests = " OR ".join(part for part in (own, paid) if part)
    same = f"referrer_host <=> page_host OR ({host}) <=> ({bare_host('page_host')})"
    return f"(coalesce(referrer_host, '') <> '' AND ({same} OR {tests}))"
