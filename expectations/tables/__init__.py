"""Every table declared once, in flow order."""

from expectations.contract import Table
from expectations.tables.books import AUDITS, PUBLICATIONS, RESTATEMENTS
from expectations.tables.certainty import INTERVALS, SCORECARD
from expectations.tables.credit import (
    CAMPAIGNS,
    CHANNELS,
    CREDITS,
    MODEL_VERSIONS,
    PATH_SUMMARY,
    RECONCILIATION,
)
from expectations.tables.journeys import (
    CONSENTS,
    CONVERSIONS,
    IDENTITIES,
    LOST_PATHS,
    PATHS,
    TOUCHPOINTS,
)
from expectations.tables.lifecycle import NEGATIVE_TOUCHES, TOUCHPOINT_MAP
from expectations.tables.money import MONEY
from expectations.tables.rates import RATES
from expectations.tables.sources import BATCHES, EVENTS, QUARANTINE, RECORDS, SPEND

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        BATCHES, RECORDS, QUARANTINE, EVENTS, SPEND, RATES,
        IDENTITIES, TOUCHPOINTS, CONSENTS, CONVERSIONS, PATHS, LOST_PATHS,
        MODEL_VERSIONS, CREDITS, CHANNELS, CAMPAIGNS, MONEY, PATH_SUMMARY, TOUCHPOINT_MAP,
        NEGATIVE_TOUCHES, RECONCILIATION, INTERVALS,
        RESTATEMENTS, AUDITS, SCORECARD, PUBLICATIONS,
    )
}  # fmt: skip
