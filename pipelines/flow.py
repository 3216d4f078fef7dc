"""The whole pipeline on one page: each step, what it reads, what it makes, in order."""

from __future__ import annotations

from collections.abc import Mapping

from expectations import tables as t
from pipelines import steps
from pipelines.dirty import months
from pipelines.work import Hidden, Step

STAGES = ("ingest", "events", "journeys", "credit")
JOURNEYS = (t.TOUCHPOINTS, t.CONVERSIONS, t.IDENTITIES, t.CONSENTS)

NEW_EVENTS = Hidden(steps.events_came, steps.event_days, "days that newly read records tell of")
REJECTED = Hidden(steps.records_came, steps.rejected_days,
                  "days on which rejected records arrived")  # fmt: skip
OTHER_VERSIONS = Hidden(steps.versions_changed, steps.days_of_other_versions,
                        "days with another version of a changed event")  # fmt: skip
CONSENT = Hidden(steps.events_changed, steps.if_consent_was_told,
                 "consents, if changed events tell of any")  # fmt: skip
PEOPLE = Hidden(steps.people_changed, steps.days_of_changed_people,
                "days of people whose identity or consent changed")  # fmt: skip
PEOPLES_MONTHS = Hidden(steps.people_changed, steps.months_of_changed_people,
                        "months of people whose identity or consent changed")  # fmt: skip
RESTAGED = Hidden(steps.history_changed, steps.restaged_days,
                  "days of people whose past changed")  # fmt: skip
REBOUGHT = Hidden(steps.history_changed, steps.rebought_days,
                  "days of people whose past changed who bought")  # fmt: skip
REFITTED = Hidden(steps.fits_changed, steps.refitted_days, "days that a new fit speaks for")

FLOW: Mapping[str, tuple[Step, ...]] = {
    "events": (
        Step(t.EVENTS, reads=(t.RECORDS,),
             make=steps.make_events, more=steps.more_events, hidden=NEW_EVENTS,
             extra=steps.mapping_parts),
        Step(t.QUARANTINE, reads=(t.RECORDS,),
             make=steps.make_quarantine, hidden=REJECTED, extra=steps.mapping_parts),
        Step(t.SPEND, reads=(t.RECORDS,), whole=True,
             make=steps.make_spend, dirty=steps.if_spend_came, extra=steps.mapping_parts),
        Step(t.RATES, reads=(), whole=True, sections=("money",), extra=steps.rate_parts,
             make=steps.make_rates, dirty=steps.if_rates_changed),
    ),
    "journeys": (
        Step(t.IDENTITIES, reads=(t.EVENTS,), whole=True, sections=("identity",),
             make=steps.make_identities, keys=steps.identity_keys,
             dirty=steps.if_anything_changed),
        Step(t.TOUCHPOINTS, reads=(t.EVENTS,), sections=("touches",), extra=steps.rule_parts,
             revision=2, make=steps.make_touchpoints, keys=steps.touch_keys,
             dirty=steps.touch_days, hidden=OTHER_VERSIONS),
        Step(t.CONSENTS, reads=(t.EVENTS,), whole=True,
             make=steps.make_consents, dirty=steps.if_never_made, hidden=CONSENT),
        Step(t.CONVERSIONS, reads=(t.EVENTS,), whole=True, sections=("conversions",),
             make=steps.make_conversions, keys=steps.conversion_keys,
             dirty=steps.if_anything_changed),
        Step(t.PATHS, reads=JOURNEYS, sections=("paths", "consent"),
             make=steps.make_paths, keys=steps.path_keys, up_to_day=True,
             dirty=steps.path_days, hidden=PEOPLE),
        Step(t.LOST_PATHS, reads=JOURNEYS,
             sections=("paths", "consent"), up_to_day=True, partitions=months,
             make=steps.make_lost_paths, keys=steps.lost_keys,
             dirty=steps.lost_months, hidden=PEOPLES_MONTHS),
    ),
    "credit": (
        Step(t.MODEL_VERSIONS, reads=(t.PATHS, *JOURNEYS),
             sections=("models", "paths", "consent"), whole=True,
             make=steps.make_model_versions, dirty=steps.if_a_fit_is_due,
             cause="a fit is due"),
        Step(t.CREDITS, reads=(t.PATHS, t.MODEL_VERSIONS), sections=("models",),
             make=steps.paths_to_credit, keys=steps.credit_keys, finish=steps.scorer,
             dirty=steps.credit_days, hidden=REFITTED),
        Step(t.CHANNELS, reads=(t.CREDITS, t.SPEND), sections=("models",),
             make=steps.make_channels, dirty=steps.money_days),
        Step(t.CAMPAIGNS, reads=(t.CREDITS, t.SPEND), sections=("models",),
             make=steps.make_campaigns, dirty=steps.money_days),
        Step(t.MONEY, reads=(t.CREDITS, t.SPEND, t.TOUCHPOINTS, t.CONVERSIONS, t.IDENTITIES),
             sections=("models", "paths", "consent", "lifecycle", "margins"),
             make=steps.make_money, dirty=steps.cohort_days, hidden=REBOUGHT),
        Step(t.PATH_SUMMARY, reads=(t.PATHS, t.LOST_PATHS),
             make=steps.make_path_summary, dirty=steps.summary_months),
        Step(t.TOUCHPOINT_MAP,
             reads=(t.TOUCHPOINTS, t.CONVERSIONS, t.IDENTITIES, t.CREDITS, t.SPEND, t.EVENTS),
             sections=("lifecycle", "segments", "paths", "consent", "models"),
             extra=steps.stage_parts, revision=2,
             make=steps.make_touchpoint_map, dirty=steps.map_days, hidden=RESTAGED),
        Step(t.NEGATIVE_TOUCHES, reads=(t.PATHS, *JOURNEYS, t.EVENTS),
             sections=("models", "lifecycle", "segments", "paths", "consent"), whole=True,
             extra=steps.stage_parts, make=steps.make_negative_touches,
             dirty=steps.if_a_fit_is_due, cause="a look is due"),
        Step(t.RECONCILIATION, reads=(t.CONVERSIONS, t.CREDITS, t.MONEY), sections=("models",),
             revision=2, make=steps.make_reconciliation, dirty=steps.reconciled_days),
        Step(t.INTERVALS, reads=(t.CREDITS, t.SPEND, t.CHANNELS), sections=("models",),
             extra=steps.lift_test_parts,
             make=steps.make_intervals, dirty=steps.interval_months),
    ),
}  # fmt: skip

# not of a stage: it compares what is about to be published with what is
RESTATE = Step(
    t.RESTATEMENTS, is_history=True, check=steps.unexplained,
    reads=(t.CREDITS, t.CHANNELS),  # and what those were made of
    make=steps.make_restatements, dirty=steps.next_publication,
)  # fmt: skip
