"""The report and the Data Docs are served to those who may see them, and no other file is."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest
from airflow.api_fastapi.core_api.security import get_user
from fastapi import Depends
from fastapi.testclient import TestClient

from dags import plugin
from dags.links import DataDocsLink, ReportLink


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOUCHSTONE_HOME", str(tmp_path))
    (tmp_path / "report.html").write_text("<h1>report</h1>")
    (tmp_path / "touchstone.toml").write_text('[report]\nlanguage = "de"\n')
    docs = tmp_path / "lake" / "_docs"
    docs.mkdir(parents=True)
    (docs / "index.html").write_text("<h1>docs</h1>")
    return tmp_path


@pytest.fixture
def client(home: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """Somebody whom Airflow lets read the DAG."""
    security = "airflow.api_fastapi.core_api.security.requires_access_dag"
    monkeypatch.setattr(security, lambda method, param_dag_id: lambda: None)
    return TestClient(plugin.application())


def test_the_report_and_the_docs_are_served_where_the_links_point(client):
    for link, said in ((ReportLink(), "report"), (DataDocsLink(), "docs")):
        place = link.get_link(None, ti_key=None)
        assert place.startswith(plugin.PREFIX)
        answer = client.get(place.removeprefix(plugin.PREFIX))
        assert (answer.status_code, answer.text) == (200, f"<h1>{said}</h1>")


@pytest.mark.parametrize(
    "name",
    ["touchstone.toml", "docs/..%2F..%2Ftouchstone.toml", "docs/../../touchstone.toml", "",
     "lake/_docs/index.html", "report-of-nobody.html", "docs/missing.html"],
)  # fmt: skip
def test_no_other_file_is_served(client, name):
    assert client.get(f"/{name}").status_code == 404


def test_who_is_not_logged_in_sees_nothing(home):
    answer = TestClient(plugin.application()).get("/report.html")
    assert answer.status_code == 401


def test_airflow_is_asked_whether_the_dag_may_be_read(home, monkeypatch):
    asked = []

    def requires(method, param_dag_id):
        asked.append((method, param_dag_id))
        return lambda user=Depends(get_user): None  # noqa: B008

    monkeypatch.setattr("airflow.api_fastapi.core_api.security.requires_access_dag", requires)
    plugin.application()
    assert asked == [("GET", "share")]


def test_links_can_point_elsewhere(monkeypatch):
    monkeypatch.setenv("TOUCHSTONE_LINKS", "https://bi.example.org/shop/")
    assert ReportLink().get_link(None, ti_key=None) == "https://bi.example.org/shop/report.html"


def test_airflow_finds_the_plugin_by_its_entry_point():
    (found,) = entry_points(group="airflow.plugins", name="touchstone")
    assert found.load() is plugin.TouchstonePlugin
    assert plugin.TouchstonePlugin.fastapi_apps[0]["url_prefix"] == plugin.PREFIX
