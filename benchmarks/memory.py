"""Memory and CPU time of a process and everything it started, taken together."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from types import TracebackType
from typing import TypeVar

import psutil

SAMPLE_SECONDS = 0.5
Result = TypeVar("Result")


def held(process: psutil.Process) -> int:
    """Bytes that a process holds; pages that many share count once in all (PSS)."""
    try:
        return int(process.memory_full_info().pss)
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return 0


class Peak:
    """Samples the tree under a process as long as the `with` block runs."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._root = psutil.Process(pid)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            self.bytes = max(self.bytes, self._now())

    def _now(self) -> int:
        try:
            tree = [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return 0
        return sum(map(held, tree))


def measured(work: Callable[..., Result], *arguments: object) -> tuple[Result, int]:
    """What `work` returns in a process of its own, and the peak of its tree in bytes."""
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(max_workers=1, mp_context=spawn)
    with pool, Peak(pool.submit(os.getpid).result()) as peak:
        result = pool.submit(work, *arguments).result()
    return result, peak.bytes


def cpu_seconds() -> float:
    """CPU time of this process and all it started so far; neighbours hardly move it."""
    root = psutil.Process()
    return sum(_cpu(process) for process in [root, *root.children(recursive=True)])


def _cpu(process: psutil.Process) -> float:
    """Of a process and of its children that have ended."""
    try:
        used = process.cpu_times()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return 0.0
    return float(used.user + used.system + used.children_user + used.children_system)
