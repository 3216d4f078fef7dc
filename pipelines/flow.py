"""The whole pipeline on one page: each step, what it reads, what it makes, in order."""

from __future__ import annotations

from collections.abc import Mapping

from expectations import tables as t
from pipelines import steps
from pipelines.dirty import months
from pipelines.run import Step

STAGES = ("ingest", "events", "journeys", "credit")

FLOW: Mapping[str, tuple[Step, ...]] = {
    "events": (
        Step(t.EVENTS, reads=(t.RECORDS,),
             make=steps.make_events, dirty=steps.event_days, extra=steps.mapping_text),
        Step(t.QUARANTINE, reads=(t.RECORDS,),
             make=steps.make_quarantine, dirty=steps.rejected_days, extra=steps.mapping_text),
        Step(t.SPEND, reads=(t.RECORDS,), whole=True,
             make=steps.make_spend, dirty=steps.if_spend_came, extra=steps.mapping_text),
    ),
    "journeys": (
        Step(t.IDENTITIES, reads=(t.EVENTS,), whole=True, sections=("identity",),
             make=steps.make_identities, dirty=steps.if_anything_changed),
        Step(t.TOUCHPOINTS, reads=(t.EVENTS,), sections=("touches",), extra=steps.rules_text,
             make=steps.make_touchpoints, dirty=steps.touch_days),
        Step(t.CONVERSIONS, reads=(t.EVENTS,), whole=True, sections=("conversions",),
             make=steps.make_conversions, dirty=steps.if_anything_changed),
        Step(t.PATHS, reads=(t.TOUCHPOINTS, t.CONVERSIONS, t.IDENTITIES), sections=("paths",),
             make=steps.make_paths, dirty=steps.path_days, up_to_day=True),
    ),
    "credit": (
        Step(t.MODEL_VERSIONS, reads=(t.PATHS, t.TOUCHPOINTS, t.CONVERSIONS, t.IDENTITIES),
             sections=("models", "paths"), whole=True,
             make=steps.make_model_versions, dirty=steps.if_a_fit_is_due),
        Step(t.CREDITS, reads=(t.PATHS, t.MODEL_VERSIONS), sections=("models",),
             make=steps.paths_to_credit, finish=steps.scorer, dirty=steps.credit_days),
        Step(t.CHANNELS, reads=(t.CREDITS, t.SPEND), sections=("models",),
             make=steps.make_channels, dirty=steps.money_days),
        Step(t.CAMPAIGNS, reads=(t.CREDITS, t.SPEND), sections=("models",),
             make=steps.make_campaigns, dirty=steps.money_days),
        Step(t.PATH_SUMMARY, reads=(t.PATHS, t.TOUCHPOINTS, t.CONVERSIONS, t.IDENTITIES),
             sections=("paths",), up_to_day=True, partitions=months,
             make=steps.make_path_summary, dirty=steps.summary_months),
        Step(t.RECONCILIATION, reads=(t.CONVERSIONS, t.CREDITS), sections=("models",),
             make=steps.make_reconciliation, dirty=steps.reconciled_days),
    ),
}  # fmt: skip

# not of a stage: it compares what is about to be published with what is
RESTATE = Step(
    t.RESTATEMENTS, is_history=True, check=steps.unexplained,
    reads=(t.EVENTS, t.IDENTITIES, t.TOUCHPOINTS, t.CONVERSIONS, t.PATHS, t.CREDITS, t.CHANNELS),
    make=steps.make_restatements, dirty=steps.next_publication,
)  # fmt: skip
