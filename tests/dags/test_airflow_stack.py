"""Airflow on one machine: where it listens, what it keeps secret, what it refuses."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pipelines.airflow_stack import RECORD, WATCHER, down, environment, up
from pipelines.errors import MissingInputError, UsageError
from pipelines.processes import is_running


def test_airflow_listens_on_this_machine_only(tmp_path: Path):
    environ = environment(tmp_path, 8123, {"AIRFLOW__API__HOST": "0.0.0.0"})
    assert environ["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert environ["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8123/execution/"


def test_airflow_tells_nobody_and_keeps_everything_in_the_home(tmp_path: Path):
    environ = environment(tmp_path, 8123, {})
    assert environ["AIRFLOW__USAGE_DATA_COLLECTION__ENABLED"] == "False"
    assert environ["AIRFLOW_HOME"] == str(tmp_path / ".airflow")
    assert str(tmp_path / ".airflow") in environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]


def test_a_database_of_your_own_wins(tmp_path: Path):
    own = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://db/airflow"}
    assert environment(tmp_path, 8123, own).items() >= own.items()


def test_keys_are_made_once_and_only_the_owner_reads_them(tmp_path: Path):
    first, second = (environment(tmp_path, 8123, {}) for _ in range(2))
    assert first == second
    assert len(first["AIRFLOW__API_AUTH__JWT_SECRET"]) >= 64
    assert (tmp_path / ".airflow/secrets.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / ".airflow").stat().st_mode & 0o777 == 0o700


def test_a_missing_home_is_said(tmp_path: Path):
    with pytest.raises(MissingInputError, match="nowhere is not a folder"):
        up(tmp_path / "nowhere")


def test_a_taken_port_is_said_before_anything_starts(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} .* is taken"):
            up(tmp_path, port)
    assert not (tmp_path / ".airflow").exists()


@pytest.fixture
def sleeper():
    """A process in a session of its own, with a child; says how to find both."""
    script = "import subprocess; subprocess.run(['sleep', '300'])"
    with subprocess.Popen([sys.executable, "-c", script], start_new_session=True) as process:
        while not (children := psutil.Process(process.pid).children()):
            time.sleep(0.05)
        yield process, children[0].pid
        process.kill()


def note(home: Path, name: str, pid: int, born: float) -> None:
    (home / ".airflow").mkdir()
    (home / ".airflow" / RECORD).write_text(json.dumps({name: [pid, born]}))


def test_what_a_killed_watcher_left_is_stopped_with_its_children(tmp_path: Path, sleeper):
    process, child = sleeper
    note(tmp_path, "scheduler", process.pid, psutil.Process(process.pid).create_time())
    down(tmp_path)
    assert process.wait(5) is not None
    assert not is_running(child)


def test_a_process_number_that_came_again_is_left_alone(tmp_path: Path, sleeper):
    process, _ = sleeper
    note(tmp_path, "scheduler", process.pid, 1.0)
    down(tmp_path)
    assert process.poll() is None


def test_a_second_stack_of_a_home_is_refused(tmp_path: Path):
    note(tmp_path, WATCHER, os.getpid(), psutil.Process().create_time())
    with pytest.raises(UsageError, match="runs already"):
        up(tmp_path)
