"""Whom a change of touches, conversions or identities touches, and when they are in the books."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.tables import CONSENTS, CONVERSIONS, IDENTITIES, TOUCHPOINTS
from pipelines import dirty
from pipelines.changed_rows import identified, iso_days, of_people, owners
from pipelines.model_versions import month_windows
from pipelines.paths import lost_paths
from pipelines.steps.consents import known_consents, people_with_other_consent
from pipelines.work import Work


def people_changed(work: Work) -> bool:
    """Whether anybody's identity or consent may have changed, and not all is dirty anyway."""
    return not work.is_all_new and any(map(work.changed, (IDENTITIES, CONSENTS)))


def regrouped(work: Work) -> DataFrame:
    """One row per person who gained or lost an identifier, or a stretch of time of a device."""
    owned = F.xxhash64("identifier", "person_id", "valid_from", "valid_to")
    return work.once(
        "regrouped", (IDENTITIES,), lambda: work.differing(IDENTITIES, "person_id", by=owned)
    )


def other_people(work: Work) -> DataFrame:
    """One row per person who was regrouped, or whose consent is other than it was."""
    if not work.changed(CONSENTS):
        return regrouped(work)
    told = work.once("consenting", (CONSENTS, IDENTITIES), lambda: people_with_other_consent(work))
    return regrouped(work).unionByName(told).distinct()


def changed_people(work: Work) -> DataFrame:
    """One row per person whose touches, conversions, identifiers or consent are other than they
    were.
    """

    def made() -> DataFrame:
        told = [work.differing(table, "identifier") for table in (TOUCHPOINTS, CONVERSIONS)]
        theirs = owners(
            told[0].unionByName(told[1]), work.before(IDENTITIES), work.frame(IDENTITIES)
        )
        return theirs.unionByName(other_people(work)).distinct() if people_changed(work) else theirs

    return work.once("people", (TOUCHPOINTS, CONVERSIONS, IDENTITIES, CONSENTS), made)


def days_of_changed_people(work: Work) -> set[str]:
    """Days on which people whose identity or consent changed converted, then or now."""
    people = other_people(work)
    before = work.run.lake.read(work.run.spark, work.base)
    told = before.join(people, on="person_id", how="left_semi").select("conversion_date")
    now = identified(work.frame(CONVERSIONS), of_people(people, work.frame(IDENTITIES)))
    return iso_days(told.unionByName(now.select("conversion_date")), "conversion_date")


def path_keys(work: Work, days: set[str]) -> DataFrame:
    """Conversions on some days whose paths may be other than they were."""
    people = changed_people(work)
    before = work.run.lake.read(work.run.spark, work.base, days)
    parts = [
        work.differing(CONVERSIONS, "conversion_id"),
        before.join(people, on="person_id", how="left_semi"),
        identified(work.frame(CONVERSIONS, days), of_people(people, work.frame(IDENTITIES))),
        work.frame(CONVERSIONS, days & work.as_a_whole),
    ]
    return reduce(DataFrame.unionByName, [p.select("conversion_id") for p in parts]).distinct()


def lost_months(work: Work) -> set[str]:
    """Months whose lost paths may be other than they were, as far as files tell."""
    return dirty.months(work.changed(TOUCHPOINTS) | work.changed(CONVERSIONS))


def months_of_changed_people(work: Work) -> set[str]:
    """Months in which identifiers that are or were of people who changed touched the brand."""
    people = other_people(work)
    whose = of_people(people, work.frame(IDENTITIES).unionByName(work.before(IDENTITIES)))
    touched = identified(work.frame(TOUCHPOINTS), whose)
    return iso_days(touched.select(F.trunc("touch_date", "month").alias("month")), "month")


def lost_keys(work: Work, months: set[str]) -> DataFrame | None:
    """People whose lost paths may be other than they were; None if anybody's may be."""
    return None if months & work.as_a_whole else changed_people(work).where("person_id IS NOT NULL")


def make_lost_paths(work: Work, months: set[str]) -> DataFrame:
    """Lost paths of some months (named by their first days)."""
    inside = {d for d in work.new[TOUCHPOINTS.name].digests if dirty.months({d}) <= months}
    touched, converted = work.frame(TOUCHPOINTS, inside), work.frame(CONVERSIONS)
    whose = work.frame(IDENTITIES)
    if work.keys:
        whose = of_people(work.keys, whose)
        touched, converted = identified(touched, whose), identified(converted, whose)
    windows = month_windows(work.run.spark, months)
    rules, told = work.run.settings.path_rules, known_consents(work)
    lost = lost_paths(touched, converted, whose, windows, rules, told)
    return lost.select(
        "person_id", "channels",
        F.to_date(F.add_months(F.to_date("closes_at"), -1)).alias("month"),
    )  # fmt: skip
