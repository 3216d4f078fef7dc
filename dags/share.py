"""
# share: write the report and the export of what was published

**Woken by** every run that publishes: the asset `publications`, by day. `backfill` ends in the same
two tasks itself.

**Does** `touchstone report`, the page `report.html` in HOME, in the language that `touchstone.toml`
names under `[report]`; beside it `touchstone export`, the same publication for BI tools. Both take
the newest publication whole, and readers see the old file or the new one, never half of it. By
default the export is the DuckDB file `exports/touchstone.duckdb` in HOME. TOUCHSTONE_EXPORT_TO
(`duckdb`, `csv`, `postgres`) and TOUCHSTONE_EXPORT_TARGET name another; a password belongs in
PGPASSWORD or `~/.pgpass`, never in the target, which is logged.

**See** the buttons `Report` and `Data Docs` on a task's page, and the same in the menu. Airflow
serves both to whoever may read this DAG. If they are served elsewhere, TOUCHSTONE_LINKS says where.

**Rerun** whenever you like: the same publication makes the same files.

| it failed with | do |
|---|---|
| exit 10 (settings) | the log names file, line and key; mend it, clear the task |
| exit 12 (missing input) | nothing is published yet, or the target cannot be written |
| exit 13 (conflict) | nothing: Airflow tries again |
| killed or timed out | the files are the old ones; clear the task |
"""

from airflow.sdk import PartitionedAssetTimetable, dag

from dags.assets import ASSETS
from dags.stages import shares

PUBLISHED = PartitionedAssetTimetable(assets=ASSETS["publications"])


@dag(schedule=PUBLISHED, catchup=False, max_active_runs=1, doc_md=__doc__, tags=["touchstone"])
def share() -> None:
    """Report and export, side by side."""
    shares()


share()
