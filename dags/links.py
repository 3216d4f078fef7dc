"""What a task's page links to: the report and the Data Docs, where `dags.plugin` serves them."""

from __future__ import annotations

import os
from typing import Any

from airflow.sdk import BaseOperatorLink

PREFIX = "/touchstone"  # where the plugin serves them, below the address of Airflow


def address(page: str) -> str:
    """The address of a page; TOUCHSTONE_LINKS names another place that has HOME's files.

    >>> address("report.html")
    '/touchstone/report.html'
    """
    return f"{os.environ.get('TOUCHSTONE_LINKS', PREFIX).rstrip('/')}/{page}"


class ReportLink(BaseOperatorLink):
    """The report, as it was last written."""

    name = "Report"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Where it is."""
        return address("report.html")


class DataDocsLink(BaseOperatorLink):
    """What was audited last, table by table."""

    name = "Data Docs"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Where they begin."""
        return address("docs/index.html")
