"""What a task makes of the command it runs: its answer, its errors, its end."""

from __future__ import annotations

import shlex
import sys
import threading
import time
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from dags.command import Touchstone, command_line
from dags.stages import Backfill, announce
from pipelines.processes import is_running


@pytest.fixture
def stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Puts a Python script in the place of the `touchstone` command."""

    def use(script: str) -> None:
        file = tmp_path / "stand_in.py"
        file.write_text(f"import json, sys, subprocess, time\n{script}\n")
        monkeypatch.setenv("TOUCHSTONE_COMMAND", shlex.join([sys.executable, str(file)]))
        monkeypatch.setenv("TOUCHSTONE_HOME", str(tmp_path))

    return use


def task(*arguments: str) -> Touchstone:
    return Touchstone(task_id="call", arguments=list(arguments))


def test_a_task_calls_the_installed_command_in_the_home_of_the_environment():
    line = command_line(["run", "--day", "2026-01-31"], {"TOUCHSTONE_HOME": "/srv/home"})
    assert line == [sys.executable, "-m", "pipelines.cli", "--home", "/srv/home",
                    "run", "--day", "2026-01-31", "--json"]  # fmt: skip


def test_the_answer_is_what_the_command_printed(stands_in):
    stands_in("print('reading', file=sys.stderr); print(json.dumps({'said': sys.argv[3:]}))")
    assert task("ingest").call(["ingest"]) == {"said": ["ingest", "--json"]}


def test_a_long_answer_does_not_block(stands_in):
    stands_in("print(json.dumps({'long': 'x' * 1_000_000}))")
    assert len(task().call([])["long"]) == 1_000_000


@pytest.mark.parametrize("code", [2, 10, 11, 12])
def test_what_another_try_cannot_mend_fails_at_once_with_the_sentence(stands_in, code):
    stands_in(
        f"sys.stderr.write('touchstone.toml:3: lokback = 3: unknown key\\n'); sys.exit({code})"
    )
    with pytest.raises(AirflowFailException, match="lokback = 3: unknown key"):
        task().call([])


@pytest.mark.parametrize("code", [1, 13])
def test_a_conflict_or_a_crash_is_tried_again(stands_in, code):
    stands_in(f"sys.stderr.write('Another run committed first.\\n'); sys.exit({code})")
    with pytest.raises(AirflowException, match="Another run committed first") as raised:
        task().call([])
    assert not isinstance(raised.value, AirflowFailException)


def test_killing_a_task_ends_the_command_and_what_it_started(stands_in, tmp_path):
    stands_in(
        "child = subprocess.Popen(['sleep', '300'])\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\n"
        "time.sleep(300)"
    )
    doomed = task()

    def kill() -> None:
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            time.sleep(0.05)
        both = [threading.Thread(target=doomed.on_kill) for _ in range(2)]  # as Airflow may
        for one in both:
            one.start()
        for one in both:
            one.join()

    killer = threading.Thread(target=kill)
    killer.start()
    began = time.monotonic()
    with pytest.raises(AirflowException, match="Killed"):
        doomed.call([])
    assert time.monotonic() - began < 10
    killer.join()
    assert not is_running(int((tmp_path / "pid").read_text()))


class Announced(dict):
    """Stands for Airflow's outlet events: what was announced on which asset."""

    def __missing__(self, asset):
        self[asset] = type(
            "Accessor", (), {"keys": [], "add_partitions": lambda s, k: s.keys.append(k)}
        )()
        return self[asset]


def test_an_ingest_announces_the_newest_day(stands_in):
    stands_in("print(json.dumps({'batches': 2, 'days': ['2026-01-31', '2026-01-29']}))")
    events = Announced()
    announce().execute({"outlet_events": events})
    assert {asset.name: events[asset].keys for asset in events} == {"records": ["2026-01-31"]}


def test_an_ingest_that_finds_nothing_announces_nothing(stands_in):
    stands_in("print(json.dumps({'batches': 0, 'days': []}))")
    events = Announced()
    with pytest.raises(AirflowSkipException):
        announce().execute({"outlet_events": events})
    assert not events


class Instance(dict):
    """Stands for Airflow's task instance: keeps what is pushed."""

    def xcom_push(self, key, value):
        self[key] = value


RANGE = ["backfill", "--from", "2026-01-01"]


@pytest.fixture
def backfill(stands_in):
    stands_in("print(json.dumps({'said': sys.argv[3:]}))")
    return Backfill(task_id="backfill", arguments=RANGE)


def test_a_backfill_makes_its_range(backfill):
    pushed = Instance()
    answer = backfill.execute({"params": {"dry_run": False}, "ti": pushed})
    assert answer == {"said": [*RANGE, "--json"]}
    assert pushed == {}


def test_a_dry_run_keeps_its_plan_and_announces_nothing(backfill):
    pushed = Instance()
    with pytest.raises(AirflowSkipException, match="nothing was made"):
        backfill.execute({"params": {"dry_run": True}, "ti": pushed})
    assert pushed == {"plan": {"said": [*RANGE, "--dry-run", "--json"]}}
