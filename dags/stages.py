"""The tasks that several DAGs share, built in one place."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import Any

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowSkipException

from dags.assets import ASSETS, EXPORT, REPORT, assets
from dags.command import Touchstone
from dags.links import DataDocsLink, ReportLink

SPARK_POOL = os.environ.get("TOUCHSTONE_SPARK_POOL", "spark")
MAKES = {
    "events": ("quarantine", "events", "spend", "rates"),
    "journeys": (
        "identities", "touchpoints", "consents", "conversions", "paths", "lost_paths",
    ),
    "credit": (
        "model_versions", "credits", "channels", "campaigns", "money", "path_summary",
        "touchpoint_map", "negative_touches", "reconciliation", "intervals", "restatements",
        "audits", "publications",
    ),
}  # fmt: skip
PATIENT: dict[str, Any] = {
    "retries": 2,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=10),
}


class Ingest(Touchstone):
    """Ingests what landed and announces the newest day it changed; skipped if nothing is new.

    A run of a day takes in everything received up to it, so the newest day stands for the others.
    """

    def execute(self, context: Context) -> dict[str, Any]:
        """Ingest, then announce. Skipped is the calm end: a success would announce no day."""
        answer = self.call(self.arguments)
        if not answer.get("days"):
            raise AirflowSkipException("Nothing new has landed.")
        context["outlet_events"][ASSETS["records"]].add_partitions(max(answer["days"]))
        return answer


class Backfill(Touchstone):
    """Makes a range of days again or, in a dry run, says what that would make."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Backfill. A dry run is skipped in the end: a success would announce tables as new."""
        if not context["params"].get("dry_run"):
            return self.call(self.arguments)
        plan = self.call([*self.arguments, "--dry-run"])
        self.log.info("%s", json.dumps(plan, indent=2))
        context["ti"].xcom_push(key="plan", value=plan)
        raise AirflowSkipException("A dry run: nothing was made; its plan is above.")


class Report(Touchstone):
    """Writes the report; its page links to it."""

    operator_extra_links = (ReportLink(), DataDocsLink())


def ingest() -> Touchstone:
    """The stage `ingest` of a DAG that goes on itself, so nothing is announced."""
    return Touchstone(
        task_id="ingest",
        arguments=["ingest"],
        execution_timeout=timedelta(hours=2),
        outlets=assets("batches"),  # not records: that would wake a second run of the same day
        **PATIENT,
    )


def announce() -> Ingest:
    """The stage `ingest` of a DAG that only wakes others. One at a time."""
    return Ingest(
        task_id="ingest",
        arguments=["ingest"],
        execution_timeout=timedelta(hours=2),
        max_active_tis_per_dag=1,
        outlets=assets("batches", "records"),
        **PATIENT,
    )


def stages() -> list[Touchstone]:
    """The Spark stages of the run's day, in flow order, one task each."""
    return [
        Touchstone(
            task_id=stage,
            arguments=["run", "--day", "{{ partition_key }}", "--stage", stage],
            pool=SPARK_POOL,
            execution_timeout=timedelta(hours=6),
            outlets=assets(*made),
            **PATIENT,
        )
        for stage, made in MAKES.items()
    ]


def export_arguments(environ: dict[str, str]) -> list[str]:
    """Where the environment wants the export: by default a DuckDB file in HOME.

    >>> export_arguments({"TOUCHSTONE_HOME": "/srv"})
    ['export', '--to', 'duckdb', '/srv/exports/touchstone.duckdb']
    """
    kind = environ.get("TOUCHSTONE_EXPORT_TO", "duckdb")
    ours = os.path.join(environ.get("TOUCHSTONE_HOME", "."), "exports", "touchstone.duckdb")
    return ["export", "--to", kind, environ.get("TOUCHSTONE_EXPORT_TARGET", ours)]


def shares() -> list[Touchstone]:
    """What readers get of the newest publication: report and export, side by side."""
    return [
        Report(
            task_id="report",
            arguments=["report"],
            execution_timeout=timedelta(hours=1),
            outlets=[REPORT],
            **PATIENT,
        ),
        Touchstone(
            task_id="export",
            arguments=export_arguments(dict(os.environ)),
            execution_timeout=timedelta(hours=6),
            outlets=[EXPORT],
            **PATIENT,
        ),
    ]
