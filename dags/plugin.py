"""Airflow's plugin: the report and the Data Docs in the UI, for those who may see the DAG `share`.

Found by the entry point `airflow.plugins`. Every component of Airflow loads this, only the API
server uses it: nothing heavy at the top.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk.plugins_manager import AirflowPlugin

from dags.links import PREFIX, DataDocsLink, ReportLink, address

if TYPE_CHECKING:
    from fastapi import FastAPI

DAG = "share"
Message = MutableMapping[str, Any]


def served(home: Path, docs: Path | None, name: str) -> Path | None:
    """The file of a page, None if it is none of ours: reports in HOME, and all below the Data Docs.

    >>> served(Path("/srv"), None, "report.html"), served(Path("/srv"), None, "touchstone.toml")
    (PosixPath('/srv/report.html'), None)
    >>> served(Path("/srv"), Path("/srv/lake/_docs"), "docs/../../touchstone.toml") is None
    True
    """
    head, _, rest = name.partition("/")
    if not rest:
        is_report = head.startswith("report") and head.endswith(".html")
        return home / head if is_report else None
    if head != "docs" or docs is None:
        return None
    path = (docs / rest).resolve()
    return path if path.is_relative_to(docs.resolve()) else None


def docs_of(home: Path) -> Path | None:
    """Where the Data Docs of a home are; None if its lake is on an object store."""
    from pipelines.settings import load

    lake = load(home).lake_uri
    return None if "://" in lake else Path(lake) / "_docs"


def application() -> FastAPI:
    """Serve the files to those who may read the DAG that makes them."""
    from airflow.api_fastapi.core_api.security import requires_access_dag
    from fastapi import Depends, FastAPI, HTTPException
    from fastapi.responses import FileResponse

    made = FastAPI(title="Touchstone", docs_url=None, redoc_url=None, openapi_url=None)
    may_read = Depends(requires_access_dag("GET", param_dag_id=DAG))

    @made.get("/{name:path}", dependencies=[may_read])
    def file(name: str) -> FileResponse:
        home = Path(os.environ.get("TOUCHSTONE_HOME", "."))
        path = served(home, docs_of(home), name)
        if path is None or not path.is_file():
            raise HTTPException(404, f"{name} is not there: has the DAG {DAG} run?")
        return FileResponse(path, headers={"Cache-Control": "no-cache"})

    return made


class Lazily:
    """The application, built by the first request."""

    def __init__(self) -> None:
        self._built: FastAPI | None = None

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answer one request."""
        self._built = self._built or application()
        await self._built(scope, receive, send)


class TouchstonePlugin(AirflowPlugin):
    """Report and Data Docs: under PREFIX, in the menu, and on the pages of tasks."""

    name = "touchstone"
    fastapi_apps = [{"app": Lazily(), "url_prefix": PREFIX, "name": "Touchstone"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {"name": "Attribution report", "href": address("report.html"), "destination": "nav"},
        {"name": "Data Docs", "href": address("docs/index.html"), "destination": "nav"},
    ]
    operator_extra_links = [ReportLink(), DataDocsLink()]  # noqa: RUF012
