"""
# maintain: keep the lake small and quick

**Runs** at 05:00 UTC every day.

**Does** `touchstone maintain`: deletes files that no kept publication names and no young version
needs, what dead runs left in `_staging`, and log entries that no such version is read from; merges
the small files of `batches`, `audits` and `publications`; writes Delta checkpoints. Kept are the
newest `keep_publications` and everything younger than `retention_days`, both under `[maintain]` in
`touchstone.toml`. A publication that is no longer kept says so when it is asked for. Rows that
failed their audit and were kept in `_staging` go too once they are that old.

**Rerun** whenever you like; beside runs and readers too: whatever they hold is young. That asks of
every run that it takes less than `retention_days`. `touchstone maintain --dry-run` only says what
would be deleted, per table.

| it failed with | do |
|---|---|
| exit 10 (settings) | the log names file, line and key; mend it, clear the task |
| exit 12 (missing input) | the log says what cannot be read or deleted; mend it, clear the task |
| exit 13 (conflict) | nothing: a run committed meanwhile, and Airflow tries again |
| killed or timed out | nothing needed was deleted; clear the task, it goes on |
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, dag

from dags.command import Touchstone
from dags.stages import PATIENT

MORNINGS = CronTriggerTimetable("0 5 * * *", timezone="UTC")


@dag(schedule=MORNINGS, catchup=False, max_active_runs=1, doc_md=__doc__, tags=["touchstone"])
def maintain() -> None:
    """One call."""
    Touchstone(
        task_id="maintain",
        arguments=["maintain"],
        execution_timeout=timedelta(hours=6),
        **PATIENT,
    )


maintain()
