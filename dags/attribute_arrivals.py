"""
# attribute_arrivals: credit a day again when files arrived

**Woken by** `collect` and `reconcile`, which announce a day on the asset `records`; the partition
key is that day. So late files need not wait for the night, and correct what was published.

**Does** `events`, `journeys`, `credit` for that day: the same tasks as `attribute`, which see the
new records by themselves and redo exactly the days and persons they touch.

**Rerun** whenever you like. Runs of the same day follow one another, never side by side; the
second finds nothing to do. If this DAG was paused its wake-ups are lost: `reconcile` finds
unpublished records within 15 minutes of unpausing.

| it failed with | do |
|---|---|
| exit 10 (settings) | the log names file, line and key; mend it, clear the task |
| exit 11 (broken contract) | nothing was committed; `touchstone audits` shows why; mend, clear |
| exit 12 (missing input) | the log says what is missing and which stage makes it |
| exit 13 (conflict) | nothing: another run committed first, and Airflow tries again |
| killed or timed out | nothing half-made is visible; clear the task |
"""

from airflow.sdk import PartitionedAssetTimetable, chain, dag

from dags.assets import ASSETS
from dags.stages import stages

ARRIVALS = PartitionedAssetTimetable(assets=ASSETS["records"])


@dag(schedule=ARRIVALS, catchup=False, max_active_runs=1, doc_md=__doc__, tags=["touchstone"])
def attribute_arrivals() -> None:
    """The Spark stages of the announced day."""
    chain(*stages())


attribute_arrivals()
