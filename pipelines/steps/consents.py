"""Who allowed what and when: the consents of events, and the persons whom a change concerns."""

from __future__ import annotations

from pyspark.sql import DataFrame

from expectations.tables import CONSENTS, EVENTS, IDENTITIES
from pipelines.changed_rows import owners
from pipelines.consent import consents, is_told_of
from pipelines.lake_files import WHOLE
from pipelines.work import Work


def if_never_made(work: Work) -> set[str]:
    """The whole table, if there is none or it was made by other code."""
    return {WHOLE} if work.is_all_new else set()


def events_changed(work: Work) -> bool:
    """Whether any event may be other than it was, and not all is dirty anyway."""
    return not work.is_all_new and bool(work.changed(EVENTS))


def if_consent_was_told(work: Work) -> set[str]:
    """The whole table, if events of days that changed tell of consent, or told of it.

    Where there are consents, a new version of an event may undo one that lies on any day.
    """
    days = work.changed(EVENTS)
    may_undo = work.run.changing if work.base.rows else []
    sides = work.frame(EVENTS, days), work.before(EVENTS, days)
    return {WHOLE} if any(is_told_of(side, may_undo) for side in sides) else set()


def make_consents(work: Work, days: set[str]) -> DataFrame:
    """All consents: few beside the events, and found by the type of the event."""
    return consents(work.frame(EVENTS), work.run.changing)


def known_consents(work: Work) -> DataFrame | None:
    """Consents, None if nobody ever changed what he allows."""
    return work.frame(CONSENTS) if work.new[CONSENTS.name].rows else None


def people_with_other_consent(work: Work) -> DataFrame:
    """One row per person whom a new, changed or undone consent names."""
    named = work.differing(CONSENTS, "identifier")
    return owners(named, work.before(IDENTITIES), work.frame(IDENTITIES))
