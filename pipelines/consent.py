"""What people allowed, by purpose: with an event, and as persons from some time on.

Who may be measured is not who may be written to: a person who opts out of e-mail (`email` in the
consent of an event) says nothing of either purpose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from expectations.tables import CONSENTS
from expectations.tables.journeys import PURPOSES
from pipelines.identities import BEGINNING, identifier_of
from pipelines.settings_consent import ConsentSection, PurposeSection
from pipelines.sql import among, quoted
from pipelines.versions import newest

PACKED = "consent_bits"
GRANTED, DENIED, BITS = 1, 2, 2  # a purpose has two bits: granted by any event, denied by any
COLUMNS = dict(zip(PURPOSES, ("consent", "ad_consent"), strict=True))  # of touchpoints
# names that events tell a purpose by: the first that is there decides; GA4 has the second
NAMES = {
    "analytics": ("analytics", "analytics_storage"),
    "advertising": ("advertising", "ad_storage"),
}
CONCERNS = {"analytics": "true", "advertising": "ownership = 'paid'"}  # touches
BY_CONSENT = "^(consent|withdrawn)"  # names of rules that are about consent


def packed() -> Column:
    """What an event says of all purposes as one number, so that sessions are cheaply summed up."""
    return F.expr(" + ".join(f"({_code(p)}) * {1 << BITS * n}" for n, p in enumerate(PURPOSES))
                  ).alias(PACKED)  # fmt: skip


def _code(purpose: str) -> str:
    said = _said(purpose)
    return f"CASE {said} WHEN 'granted' THEN {GRANTED} WHEN 'denied' THEN {DENIED} ELSE 0 END"


def _said(purpose: str) -> str:
    """SQL: the word an event has for a purpose, null if it has none."""
    told = (f"try_element_at(consent, {quoted(name)})" for name in NAMES[purpose])
    return f"coalesce({', '.join(told)})"


def together(one: Column, other: Column) -> Column:
    """What two numbers of `packed` say together, of which the second may be null."""
    return one.bitwiseOR(F.coalesce(other, F.lit(0)))


def unpacked() -> dict[str, Column]:
    """The columns of touchpoints: denied if any event said so, else granted if any did."""
    return {
        COLUMNS[purpose]: F.expr(
            f"CASE WHEN {PACKED} & {DENIED << BITS * n} > 0 THEN 'denied' "
            f"WHEN {PACKED} & {GRANTED << BITS * n} > 0 THEN 'granted' ELSE 'unset' END"
        )
        for n, purpose in enumerate(PURPOSES)
    }


def consents(events: DataFrame, changing: Collection[str]) -> DataFrame:
    """One row per consent change, identifier it names and purpose it grants or denies.

    Only events of `changing` sources have versions; of those the newest counts. An event that
    names nobody is about nobody.
    """
    purposes = ", ".join(f"struct('{p}' AS purpose, {_said(p)} AS state)" for p in PURPOSES)
    told = _changes(events, changing).select(
        "event_id", "source", F.col("occurred_at").alias("told_at"), "ids",
        F.explode(F.expr(f"array({purposes})")).alias("told"),
    )  # fmt: skip
    named = told.where("told.state IN ('granted', 'denied')").select(
        "*", "told.*", F.explode("ids").alias("id")
    )
    rows = named.withColumn("identifier", identifier_of(F.col("id")))
    return rows.select(*CONSENTS.columns).distinct()  # a record may name an identifier twice


def _changes(events: DataFrame, changing: Collection[str]) -> DataFrame:
    """Consent changes as they stand."""
    is_one, may_change = "event_type = 'consent_change'", among("source", sorted(changing))
    steady = events.where(f"{is_one} AND NOT {may_change} AND op <> 'delete'")
    if not changing:
        return steady
    ever = events.where(f"{is_one} AND {may_change}").select("event_id").distinct()
    versions = events.where(may_change).join(ever, on="event_id", how="left_semi")
    return steady.unionByName(newest(versions).where(is_one))


def is_told_of(events: DataFrame, changing: Collection[str]) -> bool:
    """Whether events tell of consent, or are of `changing` sources."""
    said = " OR ".join(f"{_said(p)} IN ('granted', 'denied')" for p in PURPOSES)
    told = f"event_type = 'consent_change' AND ({said})"
    may_be = f"({told}) OR {among('source', sorted(changing))}"
    return bool(events.where(may_be).limit(1).toArrow().num_rows)


def stretches(told: DataFrame, withdrawal: str) -> DataFrame:
    """One row per person: `stretches` of time in which a purpose is granted or denied.

    `told` are consents with their persons. A change holds from its instant to the next one's; of
    two at an instant a denial holds. A withdrawal that stands may act `back_in_time`.
    """
    known = told.where("person_id IS NOT NULL").groupBy("person_id", "purpose", "told_at")
    in_time = Window.partitionBy("person_id", "purpose").orderBy("told_at")
    before = F.lag("state").over(in_time)
    turns = known.agg(F.min("state").alias("state")).withColumn("before", before)
    turned = turns.where("before IS NULL OR before <> state")
    until = turned.withColumn("valid_to", F.lead("told_at").over(in_time))
    since = F.col("told_at")
    if withdrawal == "back_in_time":
        stands = F.expr("state = 'denied' AND valid_to IS NULL")
        since = F.when(stands, F.to_timestamp(F.lit(BEGINNING))).otherwise(since)
    stretch = F.struct("purpose", "state", since.alias("valid_from"), "valid_to")
    return until.groupBy("person_id").agg(F.collect_list(stretch).alias("stretches"))


def by_person(touches: DataFrame, held: DataFrame) -> DataFrame:
    """Touches with what their persons allowed: `is_withdrawn_…` and, if unset, what was granted."""
    told = {
        column: F.expr(
            f"CASE WHEN {column} = 'unset' AND {_in_force(purpose, 'granted')} THEN 'granted' "
            f"ELSE {column} END"
        )
        for purpose, column in COLUMNS.items()
    }
    gone = {f"is_withdrawn_{p}": F.expr(_in_force(p, "denied")) for p in PURPOSES}
    joined = touches.join(held, on="person_id", how="left")
    return joined.withColumns(told | gone).drop("stretches")


def _in_force(purpose: str, state: str) -> str:
    """SQL: a person had granted (or denied) a purpose when the touch happened; never null."""
    return (
        f"coalesce(exists(stretches, s -> s.purpose = '{purpose}' AND s.state = '{state}' AND "
        "s.valid_from <= touched_at AND (s.valid_to IS NULL OR touched_at < s.valid_to)), false)"
    )


def forbidding(policy: ConsentSection, of_persons: bool) -> Iterator[tuple[str, str]]:
    """Names of rules that forbid a touch, and when they do, in order; first what came with it.

    >>> dict(forbidding(ConsentSection(), False))["consent_analytics"]
    "true AND consent IN ('denied')"
    """
    sections: dict[str, PurposeSection] = {p: getattr(policy, p) for p in PURPOSES}
    for purpose, section in sections.items():
        words = [word for word in ("denied", "unset") if getattr(section, word) == "drop"]
        if words:
            yield f"consent_{purpose}", f"{CONCERNS[purpose]} AND {among(COLUMNS[purpose], words)}"
    for purpose, section in sections.items():
        if of_persons and section.denied == "drop":
            yield f"withdrawn_{purpose}", f"{CONCERNS[purpose]} AND is_withdrawn_{purpose}"


def may_forbid(policy: ConsentSection) -> bool:
    """Whether it matters at all what people allowed."""
    return any(True for _ in forbidding(policy, False))
