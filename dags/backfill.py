"""
# backfill: make a range of days again, in one pass

**Runs** when triggered, with `start` and `end` (both included), e.g. after a mapping, a channel
rule or a setting changed. By REST: `POST /api/v2/dags/backfill/dagRuns` with
`{"logical_date": null, "conf": {"start": "2026-01-01", "end": "2026-01-31"}}`.

**Does** `touchstone backfill --from START --to END`: all stages, one pass over the range rather
than a loop of days, then one publication; then its report and export, as in `share`. With
`"dry_run": true` it only says which tables and days that would make again, and why: the plan is in
the log and the XCom `plan`, and all tasks end as **skipped**, since nothing was made.

**Rerun** whenever you like: a run that was killed goes on where it was. Ranges that overlap each
other or a nightly run are safe: the one that commits second works on what the first left. Airflow's
own backfill works too, a run per day: see `attribute`.

| it failed with | do |
|---|---|
| exit 2 (usage) | `start` or `end` is not a day, or they are the wrong way round: trigger again |
| exit 10 (settings) | the log names file, line and key; mend it, clear the task |
| exit 11 (broken contract) | nothing was committed; `touchstone audits` shows why; mend, clear |
| exit 12 (missing input) | the log says what is missing |
| exit 13 (conflict) | nothing: Airflow tries again |
| killed or timed out | nothing half-made is visible; clear the task |
"""

from datetime import timedelta

from airflow.sdk import Param, chain, dag

from dags.assets import assets
from dags.stages import MAKES, PATIENT, SPARK_POOL, Backfill, shares

RANGE = {
    "start": Param(type="string", format="date", title="First day"),
    "end": Param(type="string", format="date", title="Last day, included"),
    "dry_run": Param(False, type="boolean", title="Only say what would be made"),
}


@dag(schedule=None, params=RANGE, catchup=False, doc_md=__doc__, tags=["touchstone"])
def backfill() -> None:
    """One call for the whole range, then what readers get of it."""
    made = Backfill(
        task_id="backfill",
        arguments=["backfill", "--from", "{{ params.start }}", "--to", "{{ params.end }}"],
        pool=SPARK_POOL,
        execution_timeout=timedelta(hours=24),
        outlets=assets(*(table for made in MAKES.values() for table in made)),
        **PATIENT,
    )
    chain(made, shares())


backfill()
