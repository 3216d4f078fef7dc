"""Events to identities, touchpoints, conversions and paths."""

from __future__ import annotations

import math
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.tables import CONVERSIONS, EVENTS, IDENTITIES, TOUCHPOINTS
from pipelines import dirty
from pipelines.changed_rows import identified, iso_days, of_people, of_units, owners
from pipelines.channels import rules_fingerprint
from pipelines.conversions import ConversionRule, conversions, events_of_orders
from pipelines.identities import Keep, each, identities
from pipelines.identity_changes import renewed, turned
from pipelines.lake_files import WHOLE
from pipelines.paths import paths
from pipelines.settings import TouchSection
from pipelines.steps.consents import known_consents
from pipelines.touchpoints import TouchSettings, touchpoints
from pipelines.versions import changing_sources, standing
from pipelines.work import Run, Work


def if_anything_changed(work: Work) -> set[str]:
    """The whole table, if any input changed at all."""
    return {WHOLE} if work.is_all_new or any(map(work.changed, work.step.reads)) else set()


def _keep(work: Work) -> Keep:
    """Stores what identities are made of, for this run."""
    return lambda frame: work.run.lake.keep(work.run.spark, frame, f"{work.run.run_id}-identities")


def identity_keys(work: Work, days: set[str]) -> DataFrame | None:
    """Identifiers whose rows gained events may change; None if anybody's may."""
    gained, keep = work.gained(EVENTS), _keep(work)
    if gained is None:
        return None
    turn = turned(work.frame(EVENTS), gained, work.run.changing, keep)
    there = work.run.lake.read(work.run.spark, work.base)
    rows = renewed(turn, there, work.run.settings.identity, keep)
    if rows is None:
        return None
    work.run.memory["renewed"] = keep(rows)
    lost = each(turn.lost, F.col("ids"))  # some of them nothing names any more
    return work.run.memory["renewed"].unionByName(lost, True).select("identifier").distinct()


def make_identities(work: Work, days: set[str]) -> DataFrame:
    """Everybody, or those whom gained events may have changed."""
    if work.keys:
        found: DataFrame = work.run.memory["renewed"]
        return found
    told = standing(work.frame(EVENTS), work.run.changing)
    return identities(told, work.run.settings.identity, _keep(work))


def touch_settings(section: TouchSection, home: str) -> TouchSettings:
    """The settings of touches as their module has them."""
    rules = f"{home}/{section.channel_rules}" if section.channel_rules else None
    return TouchSettings(**{**section.model_dump(), "channel_rules": rules})


def rule_parts(run: Run) -> dict[str, str]:
    """The channel rules' contents, ours and the user's."""
    touches = touch_settings(run.settings.touches, str(run.settings.home))
    return {"channel rules": rules_fingerprint(touches)}


def touch_days(work: Work) -> set[str]:
    """Days whose touches may be other than they were, as far as files tell.

    Those of changed events, and those beside them since a session may cross midnight.
    """
    return dirty.around(work.changed(EVENTS), 1, 1)


def versions_changed(work: Work) -> bool:
    """Whether an event that changed may have other versions, on days not dirty anyway."""
    return bool(not work.is_all_new and work.changed(EVENTS) and work.run.changing)


def days_of_other_versions(work: Work) -> set[str]:
    """Days on which another version of a changed event lies."""
    changed, sources = work.changed(EVENTS), work.run.changing
    told = work.frame(EVENTS).where(F.col("source").isin(sources))
    touched = work.frame(EVENTS, changed).where(F.col("source").isin(sources)).select("event_id")
    return iso_days(told.join(touched, on="event_id", how="left_semi"), "event_date")


def _told(work: Work, days: set[str]) -> DataFrame:
    """Events that may decide the touches of some days."""
    near = dirty.around(days, 1, 1)
    far = set(work.new[EVENTS.name].digests) - near
    elsewhere = work.frame(EVENTS, far).where(F.col("source").isin(work.run.changing))
    return work.frame(EVENTS, near).unionByName(elsewhere)


def touch_keys(work: Work, days: set[str]) -> DataFrame | None:
    """Touches that events gained since may have made, changed or undone; None if any may be.

    A touch is named after one of the events that decide it.
    """
    gained, told, changing = work.gained(EVENTS), _told(work, days), work.run.changing
    sessions = told.where(F.col("source").isin(changing) & F.col("session_id").isNotNull())
    if gained is None or sessions.limit(1).toArrow().num_rows:
        return None
    deciding = of_units(told, gained, changing)
    return deciding.select(F.col("event_id").alias("touchpoint_id")).distinct()


def _changing(work: Work) -> list[str]:
    """Sources that told some event again; looked for once in a run."""
    run, key = work.run, ("changing", work.new[EVENTS.name].version)
    if key not in run.memory:
        run.memory[key] = changing_sources(work.frame(EVENTS), run.may_tell_again)
    found: list[str] = run.memory[key]
    return found


def make_touchpoints(work: Work, days: set[str]) -> DataFrame:
    """Touches of some days."""
    told = _told(work, days)
    if work.keys:
        ids = work.keys.withColumnRenamed("touchpoint_id", "event_id")
        told = told.join(ids, on="event_id", how="left_semi")
    settings = touch_settings(work.run.settings.touches, str(work.run.settings.home))
    made = touchpoints(told, settings, _changing(work))
    return made.where(F.col("touch_date").isin(_dates(days)))


def _dates(days: set[str]) -> list[date]:
    return [date.fromisoformat(day) for day in sorted(days)]


def _rules(work: Work) -> list[ConversionRule]:
    return [
        ConversionRule(name=name, event_type=section.event_type, source=section.source)
        for name, section in work.run.settings.conversions.items()
    ]


def conversion_keys(work: Work, days: set[str]) -> DataFrame | None:
    """Events of the orders that gained events tell of; None if it may be any order.

    Of sources that tell new versions of an event, perhaps of another order, those of every order.
    """
    gained = work.gained(EVENTS)
    if gained is None:
        return None
    return events_of_orders(work.frame(EVENTS), gained, _rules(work), work.run.changing)


def make_conversions(work: Work, days: set[str]) -> DataFrame:
    """The order book: a refund or a new version may change any day of it."""
    told = work.frame(EVENTS)
    if work.keys:
        told = told.join(work.keys, on="event_id", how="left_semi")
    return conversions(told, _rules(work), _changing(work))


def path_days(work: Work) -> set[str]:
    """Days of conversions whose paths may be other than they were, as far as files tell."""
    lookback = work.run.settings.longest_lookback_days
    near = dirty.path_days(work.changed(TOUCHPOINTS), work.changed(CONVERSIONS), lookback)
    booked = set(work.new[CONVERSIONS.name].digests)
    return (near & booked) | work.changed(CONVERSIONS)


def make_paths(work: Work, days: set[str]) -> DataFrame:
    """Paths of the conversions of some days."""
    settings = work.run.settings
    back = dirty.around(days, math.ceil(settings.longest_lookback_days) + 1, 0)
    touched, whose = work.frame(TOUCHPOINTS, back), work.frame(IDENTITIES)
    wanted = booked = work.frame(CONVERSIONS, days)
    if settings.paths.reset_on_conversion:
        booked = work.frame(CONVERSIONS, back)
    if work.keys:
        wanted = wanted.join(work.keys, on="conversion_id", how="left_semi")
        whose = of_people(owners(wanted.select("identifier"), whose), whose)
        touched, theirs = identified(touched, whose), identified(booked, whose)
        booked = theirs.unionByName(wanted).dropDuplicates(["conversion_id"])
    made = paths(touched, booked, whose, settings.path_rules, known_consents(work))
    return made.join(wanted.select("conversion_id"), on="conversion_id", how="left_semi")
