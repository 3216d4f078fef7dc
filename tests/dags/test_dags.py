"""Policies that every DAG keeps, read from DAGs parsed as Airflow parses them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from expectations.tables import TABLES

DAGS = Path(__file__).parents[2] / "dags"
HEAVY = ("pyspark", "pandas", "great_expectations", "deltalake", "pyarrow", "numpy", "duckdb")
PARSE = """
import json, sys, time
import airflow.sdk
from airflow.dag_processing.dagbag import DagBag
heavy = sys.argv[2].split(",")
before = {name for name in heavy if name in sys.modules}
start = time.perf_counter()
bag = DagBag(dag_folder=sys.argv[1])
seconds = time.perf_counter() - start
def about(task):
    return {
        "downstream": sorted(task.downstream_task_ids), "pool": task.pool,
        "retries": task.retries, "backoff": task.retry_exponential_backoff,
        "timeout": bool(task.execution_timeout), "arguments": task.arguments,
        "outlets": [outlet.name for outlet in task.outlets],
        "links": [link.name for link in task.operator_extra_links],
    }
print("ANSWER" + json.dumps({
    "seconds": seconds, "errors": bag.import_errors,
    "heavy": [name for name in heavy if name in sys.modules and name not in before],
    "dags": {dag.dag_id: {
        "doc": dag.doc_md, "tags": sorted(dag.tags), "catchup": dag.catchup,
        "runs": dag.max_active_runs, "schedule": type(dag.timetable).__name__,
        "file": dag.fileloc.rsplit("/", 1)[1], "params": list(dag.params),
        "tasks": {task.task_id: about(task) for task in dag.topological_sort()},
    } for dag in bag.dags.values()},
}))
"""


@pytest.fixture(scope="module")
def parsed() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", PARSE, str(DAGS), ",".join(HEAVY)],
        capture_output=True, text=True, env=dict(os.environ), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.split("ANSWER", 1)[1])


@pytest.fixture(scope="module")
def dags(parsed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return parsed["dags"]


def tasks(dags: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [task for dag in dags.values() for task in dag["tasks"].values()]


def test_every_dag_file_parses_and_holds_the_dag_of_its_name(parsed, dags):
    assert parsed["errors"] == {}
    assert {name: dag["file"] for name, dag in dags.items()} == {n: f"{n}.py" for n in dags}
    ours = "attribute attribute_arrivals backfill collect maintain reconcile scorecard share"
    assert set(dags) == set(ours.split())


def test_the_folder_parses_fast_and_loads_nothing_heavy(parsed):
    assert parsed["seconds"] < 2
    assert parsed["heavy"] == []


def test_every_dag_has_a_runbook_tags_and_no_catchup(dags):
    for name, dag in dags.items():
        assert dag["doc"].strip().startswith(f"# {name}:"), name
        assert "**Rerun**" in dag["doc"], name
        assert dag["tags"] == ["touchstone"], name
        assert dag["catchup"] is False, name


def test_every_exit_code_a_user_can_meet_is_in_the_runbook(dags):
    for name, dag in dags.items():
        for code in (10, 12, 13):
            assert f"exit {code} " in dag["doc"], (name, code)


def test_every_task_is_tried_again_with_growing_pauses_and_cannot_hang_for_ever(dags):
    for task in tasks(dags):
        assert (task["retries"], task["backoff"], task["timeout"]) == (2, 2.0, True)


def test_the_nightly_tasks_are_the_stages_of_the_flow_in_order(dags):
    from pipelines.flow import STAGES

    night = dags["attribute"]["tasks"]
    assert tuple(night) == STAGES
    assert [task["downstream"] for task in night.values()] == [[s] for s in STAGES[1:]] + [[]]
    assert tuple(dags["attribute_arrivals"]["tasks"]) == STAGES[1:]


def test_the_tables_of_a_stage_are_those_the_flow_makes_in_it(dags):
    from pipelines.flow import FLOW

    night = dags["attribute"]["tasks"]
    for stage, steps in FLOW.items():
        assert {step.into.name for step in steps} <= set(night[stage]["outlets"]), stage


def test_every_outlet_is_a_table_or_what_readers_get_and_every_table_is_an_outlet(dags):
    outlets = {name for task in tasks(dags) for name in task["outlets"]}
    assert outlets == {*TABLES, "report", "export"}


def test_every_publication_is_shared_once_as_a_report_and_an_export(dags):
    share = dags["share"]
    assert (share["schedule"], share["runs"]) == ("PartitionedAssetTimetable", 1)
    assert {name: task["outlets"] for name, task in share["tasks"].items()} == {
        "report": ["report"], "export": ["export"]
    }  # fmt: skip
    assert dags["backfill"]["tasks"]["backfill"]["downstream"] == ["export", "report"]


def test_tasks_link_to_what_they_wrote(dags):
    for task in tasks(dags):
        is_report = task["arguments"] == ["report"]
        assert task["links"] == (["Report", "Data Docs"] if is_report else ["Data Docs"])


def test_only_those_who_announce_have_records_as_outlet(dags):
    """A success with that outlet wakes attribute_arrivals, so the night would run twice."""
    announcers = {
        n for n, d in dags.items() for t in d["tasks"].values() if "records" in t["outlets"]
    }
    assert announcers == {"collect", "reconcile"}


def test_spark_runs_in_its_pool_and_nothing_else_does(dags):
    for task in tasks(dags):
        uses_spark = task["arguments"][0] in ("run", "backfill")
        assert (task["pool"] == "spark") is uses_spark, task


def test_runs_of_a_day_follow_one_another(dags):
    assert dags["attribute"]["runs"] == dags["attribute_arrivals"]["runs"] == 1
    assert dags["attribute"]["schedule"] == "CronPartitionTimetable"
    assert dags["attribute_arrivals"]["schedule"] == "PartitionedAssetTimetable"


def test_a_backfill_asks_for_its_range(dags):
    assert dags["backfill"]["params"] == ["start", "end", "dry_run"]
