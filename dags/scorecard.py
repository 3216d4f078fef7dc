"""
# scorecard: which model to believe for what

**Runs** at 06:00 UTC on the second of each month, when models have been fitted anew.

**Does** `touchstone scorecard`: judges every model in use on what has been published: what people
it did not learn from did later, how steady it is, lift tests left out in turn, gates. Adds rows to
`scorecard`; nothing else changes.

**Rerun** whenever you like: a later scorecard stands beside the earlier ones.

| it failed with | do |
|---|---|
| exit 10 (settings) | the log names file, line and key; mend it, clear the task |
| exit 12 (missing input) | nothing has been published yet: run `attribute` first |
| exit 13 (conflict) | nothing: another scorecard was written meanwhile, Airflow tries again |
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, dag

from dags.assets import assets
from dags.command import Touchstone
from dags.stages import PATIENT

SECONDS = CronTriggerTimetable("0 6 2 * *", timezone="UTC")


@dag(schedule=SECONDS, catchup=False, max_active_runs=1, doc_md=__doc__, tags=["touchstone"])
def scorecard() -> None:
    """One call."""
    Touchstone(
        task_id="scorecard",
        arguments=["scorecard"],
        execution_timeout=timedelta(hours=2),
        outlets=assets("scorecard"),
        **PATIENT,
    )


scorecard()
