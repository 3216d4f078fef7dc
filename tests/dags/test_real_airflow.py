"""The real scheduler, triggerer and API server: drop files, see them published, make them again."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.airflow_api import AirflowApi
from pipelines.airflow_stack import RECORD
from pipelines.processes import members
from tests.conftest import ONE_NIGHT_JAVA

pytestmark = [pytest.mark.slow, pytest.mark.spark]

SETTINGS = 'driver_memory = "1g"\nsettle_seconds = 1.0\n'
COMMAND = """
import os, sys
from pathlib import Path
home = Path(__file__).parent
if not (home / "pretend").exists():
    os.execv(sys.executable, [sys.executable, "-m", "pipelines.cli", *sys.argv[1:]])
with (home / "calls").open("a") as calls:
    print(*sys.argv[3:], file=calls)
print("{}")
"""  # the command itself; while there is a file `pretend`, only a list of what is asked of it


def wait_for(what: str, look: Callable[[], Any], seconds: float, log: Path) -> Any:
    """Look until there is something to see; what and the stack's log if there never is."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(0.5)
    raise AssertionError(f"no {what} after {seconds} s; the stack said:\n{log.read_text()}")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    (home / "landing").mkdir()
    (home / "touchstone.toml").write_text(SETTINGS)
    (home / "command.py").write_text(COMMAND)
    return home


def bare() -> dict[str, str]:
    """This environment without what it says of another Airflow."""
    return {k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW")}


@pytest.fixture(scope="module")
def airflow(home: Path) -> Iterator[AirflowApi]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    said = home / "stack.log"
    asked = {
        "TOUCHSTONE_JAVA_OPTIONS": ONE_NIGHT_JAVA,
        "TOUCHSTONE_COMMAND": shlex.join([sys.executable, str(home / "command.py")]),
    }
    with said.open("wb") as out:
        stack = subprocess.Popen(
            [sys.executable, "-m", "pipelines.airflow_stack", "up", "--home", str(home),
             "--port", str(port)],
            stdout=out, stderr=subprocess.STDOUT,
            env=bare() | asked,
        )  # fmt: skip
    try:
        wait_for("address", lambda: "Airflow is at" in said.read_text() or stack.poll(), 200, said)
        assert stack.poll() is None, said.read_text()
        yield AirflowApi(f"http://127.0.0.1:{port}")
        refuses_to_outlive(stack, home)
    finally:
        stack.kill()


def refuses_to_outlive(stack: subprocess.Popen[bytes], home: Path) -> None:
    """SIGTERM ends the stack within ten seconds, and every process it ever started."""
    noted = json.loads((home / ".airflow" / RECORD).read_text())
    sessions = {pid for pid, _ in noted.values() if pid != stack.pid}
    assert len(sessions) == 4
    assert len(members(sessions)) >= 4
    began = time.monotonic()
    stack.send_signal(signal.SIGTERM)
    assert stack.wait(15) == 0
    assert time.monotonic() - began < 10
    assert members(sessions) == []


def finished(airflow: AirflowApi, dag: str, home: Path, seconds: float) -> dict[str, Any]:
    """The newest run of a DAG once it ended; the tasks' logs if it did not end well."""

    def look() -> dict[str, Any] | None:
        runs = airflow.get(f"/dags/{dag}/dagRuns?order_by=-run_after")["dag_runs"]
        return next((run for run in runs[:1] if run["state"] in ("success", "failed")), None)

    run = wait_for(f"end of {dag}", look, seconds, home / "stack.log")
    logs = (home / ".airflow" / "logs" / f"dag_id={dag}").rglob("*.log")
    assert run["state"] == "success", "\n".join(log.read_text()[-3000:] for log in logs)
    return run


def test_a_dropped_file_is_published_and_a_range_is_made_again(home: Path, airflow: AirflowApi):
    from pipelines.demo import write_demo
    from pipelines.lake import Lake
    from pipelines.publish import latest
    from pipelines.query import connect

    lake = Lake(str(home / "lake"))
    write_demo(home / "elsewhere", people=60, days=5)
    for source in sorted((home / "elsewhere").iterdir()):
        shutil.move(source, home / "landing" / source.name)

    arrival = finished(airflow, "attribute_arrivals", home, 900)
    first = latest(lake)
    assert first is not None
    assert str(first["through_date"]) >= arrival["partition_key"]
    channels = "select * from channels order by all"
    before = connect(lake).sql(channels).fetchall()
    assert before
    assert airflow.get("/dags/collect/dagRuns")["dag_runs"][0]["state"] == "success"

    asked = {"start": "2026-01-01", "end": "2026-01-05"}
    airflow.post("/dags/backfill/dagRuns", {"logical_date": None, "conf": asked})
    finished(airflow, "backfill", home, 900)
    assert connect(lake).sql(channels).fetchall() == before


def test_airflows_own_backfill_runs_every_day_in_order(home: Path, airflow: AirflowApi):
    (home / "pretend").touch()
    create = ["backfill", "create", "--dag-id", "attribute", "--max-active-runs", "1",
              "--from-date", "2026-01-03", "--to-date", "2026-01-04T23:59:59"]  # fmt: skip
    stack = [sys.executable, "-m", "pipelines.airflow_stack", "airflow", "--home", str(home)]
    subprocess.run([*stack, *create], env=bare(), check=True, timeout=120)

    def ended() -> bool:
        runs = airflow.get("/dags/attribute/dagRuns?run_type=backfill")["dag_runs"]
        return [run["state"] for run in runs] == ["success"] * 2

    wait_for("end of the backfill", ended, 300, home / "stack.log")
    called = [line for line in (home / "calls").read_text().splitlines() if "2026-01" in line]
    assert called == [
        f"run --day {day} --stage {stage} --json"
        for day in ("2026-01-03", "2026-01-04")
        for stage in ("events", "journeys", "credit")
    ]
