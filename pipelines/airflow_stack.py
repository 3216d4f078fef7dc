"""Airflow on one machine: starts its four components, watches them, stops them all.

`airflow standalone` leaves its children running when it is told to end, so this does it instead.
Everything Airflow keeps lies in HOME/.airflow; it listens on 127.0.0.1 only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

import psutil

from pipelines.airflow_api import AirflowApi
from pipelines.errors import MissingInputError, TouchstoneError, UsageError
from pipelines.processes import is_other, is_running, members, stop

HOST = "127.0.0.1"
API = "api-server"
WATCHER = "watcher"  # the process that `up` runs in
RECORD = "running.json"
COMPONENTS = {  # logs are read from disk, so nobody need serve them
    API: (API, "--workers", "1"),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
HEALTHY = {"metadatabase", "scheduler", "dag_processor", "triggerer"}
START_SECONDS = 180.0
TASKS_SECONDS = 4.0  # the API server outlives the others, to hear what became of tasks
API_SECONDS = 2.0
STOP_SECONDS = 15.0  # then the watcher itself hangs


def environment(home: Path, port: int, base: Mapping[str, str]) -> dict[str, str]:
    """The environment of every component. What `base` sets of Airflow wins, but not where it is."""
    folder = home / ".airflow"
    url = f"http://{HOST}:{port}"
    defaults = {
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder / 'airflow.db'}",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "logs"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        **secret_values(folder / "secrets.json"),
    }
    fixed = {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(Path(__file__).parents[1] / "dags"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",  # bearable on 127.0.0.1 only
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": url,
        "TOUCHSTONE_HOME": str(home),
    }
    return {**defaults, **base, **fixed}


def secret_values(path: Path) -> dict[str, str]:
    """Airflow's keys: made once, kept where only the owner can read them."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        fernet = urlsafe_b64encode(secrets.token_bytes(32)).decode()
        values = {
            "AIRFLOW__CORE__FERNET_KEY": fernet,
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
            "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(64),
        }
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            json.dump(values, file)
    return json.loads(path.read_text())


def up(home: Path, port: int = 8080) -> None:
    """Start Airflow and stay until someone says stop (Ctrl-C, SIGTERM) or a component ends."""
    if not home.is_dir():
        raise MissingInputError(f"{home} is not a folder: make it, or name another with --home.")
    home = home.resolve()
    _refuse_running(home, port)
    down(home)  # what a killed predecessor left
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    environ = environment(home, port, os.environ)
    folder = home / ".airflow"
    (folder / "logs").mkdir(exist_ok=True)
    with contextlib.suppress(KeyboardInterrupt):
        _run(folder, environ, AirflowApi(environ["AIRFLOW__API__BASE_URL"]))


def down(home: Path) -> None:
    """Stop Airflow of this home: whoever watches it, then what a killed watcher left."""
    running = _recorded(home)
    watcher = running.pop(WATCHER, None)
    if watcher and is_running(watcher):
        stop([psutil.Process(watcher)], STOP_SECONDS)
    _stop(running)
    (home / ".airflow" / RECORD).unlink(missing_ok=True)


def call(home: Path, port: int, arguments: list[str]) -> int:
    """Run an `airflow` command on the Airflow of a home, such as `backfill create`; its code."""
    command = [sys.executable, "-m", "airflow", *arguments]
    return subprocess.run(command, env=environment(home, port, os.environ)).returncode


def _run(folder: Path, environ: dict[str, str], api: AirflowApi) -> None:
    """Migrate, start, watch; whatever happens, stop everything that was started."""
    print("Preparing Airflow's database ...", flush=True)
    _migrate(folder, environ)
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, arguments in COMPONENTS.items():
            children[name] = _start(folder / "logs" / f"{name}.log", environ, *arguments)
            _record(folder / RECORD, children)
        print("Starting Airflow ...", flush=True)
        _wait_until_ready(api, children, folder)
        print(
            f"Airflow is at {api.url}, its logs in {folder / 'logs'}. Ctrl-C stops it.", flush=True
        )
        while True:
            _refuse_ended(children, folder)
            time.sleep(0.5)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):  # an impatient second Ctrl-C would orphan
            signal.signal(number, signal.SIG_IGN)
        print("Stopping Airflow ...", flush=True)
        _stop({name: child.pid for name, child in children.items()})
        (folder / RECORD).unlink(missing_ok=True)


def _migrate(folder: Path, environ: dict[str, str]) -> None:
    log = folder / "logs" / "migrate.log"
    if code := _start(log, environ, "db", "migrate").wait():
        raise TouchstoneError(_ended("db migrate", code, log))


def _start(log: Path, environ: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    """One component, in a session of its own so that Ctrl-C reaches us alone."""
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "airflow", *arguments],
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            env=environ, start_new_session=True,
        )  # fmt: skip


def _wait_until_ready(
    api: AirflowApi, children: Mapping[str, subprocess.Popen[bytes]], folder: Path
) -> None:
    """Until all components are healthy, DAGs are known and the Spark pool is there."""
    deadline = time.monotonic() + START_SECONDS
    while not {name for name, status in api.health().items() if status == "healthy"} >= HEALTHY:
        _refuse_ended(children, folder)
        _refuse_late(deadline, folder)
        time.sleep(0.5)
    api.make_pool("spark", 1, "Spark sessions at once")
    while not api.get("/dags?limit=1")["total_entries"]:
        _refuse_late(deadline, folder)
        time.sleep(0.5)


def _refuse_ended(children: Mapping[str, subprocess.Popen[bytes]], folder: Path) -> None:
    for name, child in children.items():
        if child.poll() is not None:
            raise TouchstoneError(_ended(name, child.returncode, folder / "logs" / f"{name}.log"))


def _ended(name: str, code: int, log: Path) -> str:
    last = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    return f"airflow {name} ended with code {code}. The end of {log}:\n{last}"


def _refuse_late(deadline: float, folder: Path) -> None:
    if time.monotonic() > deadline:
        raise TouchstoneError(
            f"Airflow was not ready after {START_SECONDS:.0f} seconds: see {folder / 'logs'}."
        )


def _refuse_running(home: Path, port: int) -> None:
    watcher = _recorded(home).get(WATCHER)
    if watcher and is_running(watcher):
        raise UsageError(
            f"Airflow of {home} runs already (process {watcher}): stop it with "
            f"`python -m pipelines.airflow_stack down --home {home}`."
        )
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            raise UsageError(f"Port {port} of {HOST} is taken: name a free one with --port.")


def _stop(sessions: Mapping[str, int]) -> None:
    """Stop all components and everything they started; the API server last."""
    stop(members({pid for name, pid in sessions.items() if name != API}), TASKS_SECONDS)
    stop(members({pid for name, pid in sessions.items() if name == API}), API_SECONDS)


def _record(path: Path, children: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Note who runs: a process is its number and when it started, since numbers come again."""
    pids = {WATCHER: os.getpid(), **{name: child.pid for name, child in children.items()}}
    born = {name: (pid, psutil.Process(pid).create_time()) for name, pid in pids.items()}
    path.write_text(json.dumps(born))


def _recorded(home: Path) -> dict[str, int]:
    """Those noted, but for numbers that someone else has by now."""
    record = home / ".airflow" / RECORD
    noted = json.loads(record.read_text()) if record.exists() else {}
    return {name: pid for name, (pid, born) in noted.items() if not is_other(pid, born)}


def main() -> None:
    """Command line: `up` or `down`, or `airflow` and a command of it, for a home."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.airflow_stack", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("action", choices=("up", "down", "airflow"))
    parser.add_argument("--home", type=Path, default=Path(), help="folder with touchstone.toml")
    parser.add_argument("--port", type=int, default=8080)
    asked, words = parser.parse_known_args()
    if asked.action == "airflow":
        sys.exit(call(asked.home.resolve(), asked.port, words))
    if words:
        parser.error(f"unrecognized: {' '.join(words)}")
    try:
        up(asked.home, asked.port) if asked.action == "up" else down(asked.home.resolve())
    except TouchstoneError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
