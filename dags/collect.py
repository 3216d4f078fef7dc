"""
# collect: take in files as they land

**Woken by** the landing folder: the triggerer looks every few seconds and fires once files have
stopped changing. Events are wake-ups, never the record: what is new is decided by the ledger of
ingested batches, so one event may stand for many files and a lost one costs time, not data
(`reconcile` looks every 15 minutes).

**Does** `touchstone ingest`, then announces the newest day that received something, which wakes
`attribute_arrivals`. **Skipped** means nothing was new.

**Rerun** whenever you like: a file with the same bytes is never taken in twice.

| it failed with | do |
|---|---|
| exit 10 (settings) | the log names file and line; mend it, clear the task |
| exit 12 (missing input) | the log names the folder or permission; mend it, clear the task |
| exit 13 (conflict) | nothing: another ingest was first, and Airflow tries again |
| anything else | read the log; no batch is half in, so clearing the task is safe |

Two runs may exist but one task works at a time: a file that lands while it works is seen by the
run that waits. With one run at most, Airflow 3.3 forgets events that come meanwhile.
"""

from airflow.sdk import dag

from dags.assets import LANDING
from dags.stages import announce


@dag(schedule=[LANDING], catchup=False, max_active_runs=2, doc_md=__doc__, tags=["touchstone"])
def collect() -> None:
    """Ingest, announce."""
    announce()


collect()
