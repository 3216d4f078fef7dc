"""How each step of the flow finds its dirty days and reads its inputs."""

from pipelines.steps.credit import (
    credit_days,
    if_a_fit_is_due,
    make_campaigns,
    make_channels,
    make_credits,
    make_model_versions,
    make_path_summary,
    make_reconciliation,
    money_days,
    reconciled_days,
    summary_months,
)
from pipelines.steps.events import (
    event_days,
    if_spend_came,
    make_events,
    make_quarantine,
    make_spend,
    mapping_text,
    rejected_days,
)
from pipelines.steps.journeys import (
    if_anything_changed,
    make_conversions,
    make_identities,
    make_paths,
    make_touchpoints,
    path_days,
    rules_text,
    touch_days,
)

__all__ = [
    "credit_days", "event_days", "if_a_fit_is_due", "if_anything_changed", "if_spend_came",
    "make_campaigns", "make_channels", "make_conversions", "make_credits", "make_events",
    "make_identities", "make_model_versions", "make_path_summary", "make_paths",
    "make_quarantine", "make_reconciliation", "make_spend", "make_touchpoints", "mapping_text",
    "money_days", "path_days", "reconciled_days", "rejected_days", "rules_text",
    "summary_months", "touch_days",
]  # fmt: skip
