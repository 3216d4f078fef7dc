"""The one operator: a call of the `touchstone` command, in a process of its own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterable
from typing import Any

from airflow.sdk import BaseOperator, BaseOperatorLink, Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from dags.links import DataDocsLink

MEND_FIRST = {2: "usage", 10: "settings", 11: "broken contract", 12: "missing input"}
CONFLICT = 13
PATIENCE_SECONDS = 3.0  # Airflow itself kills five seconds after it asked
TAIL = 20  # lines of stderr worth repeating where a task failed


def command_line(arguments: list[str], environ: dict[str, str]) -> list[str]:
    """The whole command line of a call, for the home that the environment names.

    >>> command_line(["ingest"], {"TOUCHSTONE_HOME": "/srv", "TOUCHSTONE_COMMAND": "touchstone"})
    ['touchstone', '--home', '/srv', 'ingest', '--json']
    """
    program = shlex.split(environ.get("TOUCHSTONE_COMMAND", ""))
    start = program or [sys.executable, "-m", "pipelines.cli"]
    return [*start, "--home", environ.get("TOUCHSTONE_HOME", "."), *arguments, "--json"]


def failure(code: int, said: str) -> AirflowException:
    """What to raise for an exit code: only what another try can mend is tried again.

    >>> failure(10, "touchstone.toml:3: unknown key")
    AirflowFailException('touchstone.toml:3: unknown key (exit 10: settings; mend it, then clear...
    """
    if code in MEND_FIRST:
        hint = f"exit {code}: {MEND_FIRST[code]}; mend it, then clear the task"
        return AirflowFailException(f"{said} ({hint})")
    if code == CONFLICT:
        return AirflowException(f"{said} (exit {code}: another run was first; tried again later)")
    return AirflowException(f"{said} (exit {code})")


class Touchstone(BaseOperator):
    """Runs `touchstone ARGUMENTS --json`; its answer is the task's XCom.

    The child stays in the process group that Airflow made for the task, so Airflow's last resort,
    killing that group, reaches Java too; `on_kill` asks politely first.
    """

    template_fields = ("arguments",)
    operator_extra_links: tuple[BaseOperatorLink, ...] = (DataDocsLink(),)

    def __init__(self, *, arguments: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.arguments = arguments
        self._process: subprocess.Popen[str] | None = None
        self._is_killed = False

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the command; its stderr is the task's log, its stdout the answer."""
        return self.call(self.arguments)

    def call(self, arguments: list[str]) -> dict[str, Any]:
        """One call, to its end; raises what Airflow should make of a failure."""
        line = command_line(arguments, dict(os.environ))
        self.log.info("%s", shlex.join(line))
        with tempfile.TemporaryFile("w+") as answer:  # a pipe that nobody reads fills up
            self._process = subprocess.Popen(
                line, stdin=subprocess.DEVNULL, stdout=answer, stderr=subprocess.PIPE, text=True
            )
            assert self._process.stderr is not None
            said = self._relay(self._process.stderr)
            code = self._process.wait()
            if self._is_killed:  # who was waited for elsewhere seems to have ended well
                raise AirflowException("Killed before it was done; nothing half-made is visible.")
            if code:
                raise failure(code, said)
            answer.seek(0)
            return json.loads(answer.read() or "{}")

    def _relay(self, lines: Iterable[str]) -> str:
        """Log lines while they come; returns the last of them."""
        tail = deque[str](maxlen=TAIL)
        for line in lines:
            self.log.info("%s", line.rstrip())
            tail.append(line.rstrip())
        return "\n".join(tail).strip()

    def on_kill(self) -> None:
        """End the command and whatever it started (Java). Airflow may ask twice at once."""
        process = self._process
        if self._is_killed or process is None or process.returncode is not None:
            return
        self._is_killed = True
        from pipelines.processes import family, stop

        stop(family(process.pid), PATIENCE_SECONDS)
