"""Processes we started, and everything they started in turn."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection

import psutil


def family(pid: int) -> list[psutil.Process]:
    """A process and all its descendants; empty if it is gone."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def members(sessions: Collection[int]) -> list[psutil.Process]:
    """All processes of some sessions: also those whose parent is gone."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getsid(process.pid) in sessions:
                found.append(process)
    return found


def is_other(pid: int, born: float) -> bool:
    """Whether a process number has come to mean another process than the one born then.

    >>> is_other(os.getpid(), psutil.Process().create_time()), is_other(os.getpid(), 0.0)
    (False, True)
    """
    try:
        return psutil.Process(pid).create_time() != born
    except psutil.NoSuchProcess:
        return False


def is_running(pid: int) -> bool:
    """Whether a process is there and more than an exit code that nobody fetched.

    >>> is_running(os.getpid())
    True
    """
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def stop(processes: Collection[psutil.Process], patience_seconds: float) -> None:
    """Ask processes to end, wait, then end those that did not listen."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(processes, timeout=patience_seconds)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=1)
