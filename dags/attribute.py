"""
# attribute: credit a day's conversions, every night

**Runs** at 02:00 UTC for the day before; the partition key is that day, e.g. `2026-01-31`.

**Does** `ingest` (what landed and was not taken in yet), `events`, `journeys`, `credit`: each one
call of `touchstone`. Every stage compares the versions of its inputs with what its last commit
consumed and works off the difference, whatever events told it. Readers see nothing before the
publication at the end of `credit`.

**Rerun** any task or the whole run whenever you like: the same input makes the same rows, and rows
that are there already are not written again. One day again: trigger it with that partition key.
Many days: trigger `backfill`, which makes one pass over them. Airflow's own backfill works as well,
with a run per day:

```sh
airflow backfill create --dag-id attribute --max-active-runs 1 \\
  --from-date 2026-01-01 --to-date 2026-01-31T23:59:59 --reprocess-behavior completed
```

Each run makes what changed, no more. `--to-date` needs its time: a day's partition is dated 02:00,
so midnight leaves the last day out without a word. `--max-active-runs 1` makes days follow one
another; without it they mix, which is safe but slower. `--reprocess-behavior completed` takes days
that have a run already, too. If `make airflow` started Airflow, type
`python -m pipelines.airflow_stack airflow --home DIR` instead of `airflow`.

| it failed with | do |
|---|---|
| exit 2 (usage) | the run has no partition key; trigger it again with a day such as `2026-01-31` |
| exit 10 (settings) | the log names file, line and key; mend it, clear the task |
| exit 11 (broken contract) | nothing was committed; `touchstone audits` shows why; mend, clear |
| exit 12 (missing input) | the log says what is missing and which stage makes it |
| exit 13 (conflict) | nothing: another run committed first, and Airflow tries again |
| killed or timed out | nothing half-made is visible; clear the task |

Spark stages share the pool `spark`. `make airflow` makes it with one slot; elsewhere run
`airflow pools set spark 1 "Spark sessions at once"`, or set TOUCHSTONE_SPARK_POOL to another pool.
"""

from airflow.sdk import CronPartitionTimetable, chain, dag

from dags.stages import ingest, stages

NIGHTLY = CronPartitionTimetable("0 2 * * *", timezone="UTC", run_offset=-1, key_format="%Y-%m-%d")


@dag(schedule=NIGHTLY, catchup=False, max_active_runs=1, doc_md=__doc__, tags=["touchstone"])
def attribute() -> None:
    """Ingest, then the Spark stages of the day before."""
    chain(ingest(), *stages())


attribute()
