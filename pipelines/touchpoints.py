"""Where people met the brand: `touchpoints`, made from events.

A web session is one touch. Its id and time are those of its first event (by occurred_at, seq,
event_id); its traffic is that of the first event which has evidence of its own: tags, a click id,
or a referrer outside. Without evidence it is Direct, unless it opens on a page reached from an own
domain or a payment gateway: then an earlier visit goes on, and it is no touch at all. Web events
without a session are touches only if they have evidence. E-mails, ads, campaign responses, sales
activities, tickets and feedback are touches one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from expectations.spark import spark_schema
from expectations.tables import TOUCHPOINTS
from pipelines import consent
from pipelines.channels import TouchSettings, classify, rule_book
from pipelines.feedback import answered, felt
from pipelines.rulebook import RuleBook
from pipelines.sql import among, bare_host, domains, quoted
from pipelines.taxonomy import load_taxonomy, taxonomy
from pipelines.traffic import present
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
    "ticket_reopened": "signal",
}
VISIT = "visit"
SESSION = ("source", "instance", "session_id")
KEY = ("session_hash", *SESSION)
ORDER = ("occurred_at", "seq", "event_id")
TRAFFIC = ("platform", "utm_source", "utm_medium", "utm_campaign", "campaign_id", "click_id",
           "referrer_host")  # fmt: skip
COMPARED = TRAFFIC[1:]  # new evidence differs in one of these


def touchpoints(
    events: DataFrame, settings: TouchSettings, changing: Sequence[str] | None = None
) -> DataFrame:
    """One row per touch: an event where a person met the brand.

    A session is whole only if all its events are given, so give the days before too and keep the
    touches of the days wanted. `changing` sources are looked for if not given.
    """
    rules = rule_book(settings)
    changing = changing_sources(events) if changing is None else changing
    single = _single(events, rules, changing)
    visits = _visits(_web(events, changing), rules, settings.session_level)
    classified = classify(visits.unionByName(single, allowMissingColumns=True), rules)
    words = taxonomy(load_taxonomy(settings.user_file))
    words |= {"valence": felt(words["valence"]), **consent.unpacked()}
    made = classified.withColumns({**words, "touch_date": F.to_date("touched_at")})
    schema = spark_schema(TOUCHPOINTS)
    return made.select(*[F.col(f.name).cast(f.dataType).alias(f.name) for f in schema.fields])


def _web(events: DataFrame, changing: Sequence[str]) -> DataFrame:
    """Newest web events that belong to a session."""
    web = f"session_id IS NOT NULL AND {among('event_type', WEB)}"
    steady = events.where(f"{web} AND NOT {among('source', changing)}")
    if not changing:
        return steady
    changed = newest(events.where(among("source", changing))).where(web)
    return steady.unionByName(changed)


def _single(events: DataFrame, book: RuleBook, changing: Sequence[str]) -> DataFrame:
    """Touches that are one event: of kinds that always are, and web events without a session."""
    met = [kind for kind in WEB if kind != "other"]  # an e-mail sent or put off meets nobody
    lone = f"session_id IS NULL AND {among('event_type', met)} AND has_evidence"
    touching = f"({among('event_type', SINGLE)} OR ({lone}))"
    # of a source that changes its events, a version that is no touch may replace one that was
    candidates = evident(events, book).where(f"{touching} OR {among('source', changing)}")
    found = newest(candidates, may_tie=bool(changing)).where(touching)
    kinds = " ".join(f"WHEN {quoted(kind)} THEN {quoted(w)}" for kind, w in SINGLE.items())
    return found.select(
        F.col("event_id").alias("touchpoint_id"), identifier(best_id()).alias("identifier"),
        "source", "event_type", "page_host", *TRAFFIC,
        F.expr(f"CASE event_type {kinds} ELSE '{VISIT}' END").alias("weight_class"),
        consent.packed(), "is_bot", "is_test", F.col("occurred_at").alias("touched_at"),
        *answered(),
    )  # fmt: skip


def _visits(web: DataFrame, book: RuleBook, session_level: bool) -> DataFrame:
    """Touches that are sessions, or changes of traffic within them."""
    days = _session_days(web, book)
    sessions = days.where("begins AND (evidence IS NOT NULL OR NOT opening.is_return)")
    if session_level:
        return _touch(sessions, F.col("opening"), F.col("evidence"))
    # a session without evidence is a direct touch; others are touched by each new evidence
    direct = _touch(sessions.where("evidence IS NULL"), F.col("opening"), F.col("evidence"))
    told = days.drop("evidence")
    changes = _changes(web, book).join(told, on=[*KEY, "event_date"], how="inner")
    return direct.unionByName(_touch(changes, F.col("evidence"), F.col("evidence")))


def _session_days(web: DataFrame, book: RuleBook) -> DataFrame:
    """One row per session and day: its opening, its first evidence and the best identifier in it.

    Consent is denied if any event says so, since who withdraws it means the visit. What was told
    the day after counts too. `begins` is false on a day after a day with events: so a session is
    its first day and the next, and those decide it, whatever other days are given.
    """
    told = [F.min(name).alias(name) for name in ("opening", "evidence", "best")]
    flags = [F.max(name).alias(name) for name in ("is_bot", "is_test")]
    flags.append(F.bit_or(consent.PACKED).alias(consent.PACKED))
    daily = _facts(web, book).groupBy(*KEY, "event_date").agg(*told, *flags)
    days = Window.partitionBy(*KEY).orderBy("event_date")
    after = F.struct("event_date", "evidence", "best", consent.PACKED, "is_bot", "is_test")
    beside = daily.withColumns({
        "before": F.lag("event_date").over(days), "after": F.lead(after).over(days),
    })  # fmt: skip
    begins = F.expr("before IS NULL OR before < event_date - INTERVAL 1 DAY").alias("begins")
    return beside.select(*KEY, "event_date", "opening", begins, *_with_next_day())


def _with_next_day() -> list[Column]:
    """What a session told on a day, and on the next day if it went on."""
    goes_on = F.col("after.event_date") == F.date_add("event_date", 1)
    merges: dict[str, Callable[[Column, Column], Column]] = {
        "evidence": F.least, "best": F.least, consent.PACKED: consent.together,
        "is_bot": F.greatest, "is_test": F.greatest,
    }  # fmt: skip
    return [
        merge(F.col(name), F.when(goes_on, F.col(f"after.{name}"))).alias(name)
        for name, merge in merges.items()
    ]


def _facts(web: DataFrame, book: RuleBook) -> DataFrame:
    """What each event tells about its session, so narrow that sorting them is cheap."""
    return evident(web, book).select(
        *_session_key(),
        F.struct(*ORDER, "is_return", "page_host", "event_type").alias("opening"),
        _evidence().alias("evidence"), best_id().alias("best"), consent.packed(),
        "is_bot", "is_test", "event_date",
    )  # fmt: skip


def _session_key() -> list[Column]:
    """The columns KEY. A number leads since it sorts faster than what many sessions share."""
    return [F.xxhash64(*SESSION).alias("session_hash"), *[F.col(name) for name in SESSION]]


def _evidence() -> Column:
    """Struct that sorts by time, null if the event has no evidence of its own."""
    return F.when(F.col("has_evidence"), F.struct(*ORDER, *TRAFFIC))


def _changes(web: DataFrame, book: RuleBook) -> DataFrame:
    """One row per event whose evidence differs from what its session told before.

    Evidence from before the day before is forgotten, so that two days' events decide.
    """
    told = evident(web, book).select(*_session_key(), "event_date", _evidence().alias("evidence"))
    before = (
        Window.partitionBy(*KEY)
        .orderBy(*[f"evidence.{name}" for name in ORDER])
        .rowsBetween(-1, -1)
    )
    seen = F.struct(*[F.col(f"evidence.{name}") for name in COMPARED])
    compared = told.where("evidence IS NOT NULL").withColumn("seen", seen)
    last = F.first(F.struct("event_date", "seen")).over(before)
    changed = compared.withColumn("last", last).where(
        "NOT (seen <=> last.seen) OR last.event_date < event_date - INTERVAL 1 DAY"
    )
    return changed.drop("seen", "last")


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
        consent.PACKED, "is_bot", "is_test", met["occurred_at"].alias("touched_at"),
    )  # fmt: skip


def evident(events: DataFrame, book: RuleBook) -> DataFrame:
    """Events with what they say of where their person came from, in the columns TRAFFIC.

    A column is null where it says nothing, or not about this event. `is_return`: the referrer is
    the page's own host, an own domain or a payment gateway. `has_evidence`: anything is said.
    """
    tags = ("utm_source", "utm_medium", "utm_campaign")
    scoped = {name: F.expr(f"CASE WHEN traffic_scope <> 'user_first' THEN {name} END")
              for name in tags}  # fmt: skip
    told = events.withColumns(
        {**scoped, "click_id": F.expr(_click_id(book)), "is_return": F.expr(_is_return(book))}
    )
    outside = "CASE WHEN referrer_host <> '' AND NOT is_return THEN referrer_host END"
    told = told.withColumn("referrer_host", F.expr(outside))
    tagged = " OR ".join(present(name, book) for name in tags)
    said = f"{tagged} OR click_id IS NOT NULL OR referrer_host IS NOT NULL"
    return told.withColumn("has_evidence", F.expr(said))


def _click_id(book: RuleBook) -> str:
    """SQL: name of the first click id of the book that the event carries, null if none."""
    cases = " ".join(
        f"WHEN coalesce(try_element_at(click_ids, {quoted(one.name)}), '') <> '' "
        f"THEN {quoted(one.name)}"
        for one in book.click_ids
    )
    return f"CASE WHEN cardinality(click_ids) = 0 THEN NULL {cases} END"


def _is_return(book: RuleBook) -> str:
    """SQL: the referrer is the page's own host, an own domain or a payment gateway; never null."""
    host = bare_host("referrer_host")
    own = [
        f"({host}) = {quoted(domain)} OR endswith({host}, {quoted('.' + domain)})"
        for domain in book.lists["own_domains"]
    ]
    paid = [among(sql, part) for sql, part in domains(host, book.lists["payment_gateways"])]
    same = f"referrer_host <=> page_host OR ({host}) <=> ({bare_host('page_host')})"
    return f"(coalesce(referrer_host, '') <> '' AND ({' OR '.join([same, *own, *paid])}))"
