"""
# reconcile: notice what events missed

**Runs** every 15 minutes. Events get lost: a DAG was paused, a task was killed, the triggerer was
down. The ledger and the lake do not lose anything, so this looks there.

**Does** the same as `collect`: `touchstone ingest`, then announces the newest day that received
something. **Skipped** means nothing was missed, the usual end.

**Rerun** whenever you like.

| it failed with | do |
|---|---|
| exit 10 (settings) | the log names file and line; mend it, clear the task |
| exit 12 (missing input) | the log names the folder or permission; mend it, clear the task |
| exit 13 (conflict) | nothing: another ingest was first, and Airflow tries again |
"""

from airflow.sdk import CronTriggerTimetable, dag

from dags.stages import announce

QUARTERS = CronTriggerTimetable("*/15 * * * *", timezone="UTC")


@dag(schedule=QUARTERS, catchup=False, max_active_runs=1, doc_md=__doc__, tags=["touchstone"])
def reconcile() -> None:
    """Ingest, announce."""
    announce()


reconcile()
