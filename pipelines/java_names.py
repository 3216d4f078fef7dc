"""What Java's classes and functions are called, asked for once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def remember() -> None:
    """Let py4j keep what it found under a name, a class or one of its functions.

    PySpark names `functions.col` for every column it makes, and py4j asks Java each time, which
    looks through all its archives: a tenth of a small night. A Java that is started later has
    names of its own.
    """
    from py4j.java_gateway import JavaClass, JVMView

    for kind in (JVMView, JavaClass):
        if not hasattr(kind.__getattr__, "asked"):
            kind.__getattr__ = _remembering(kind.__getattr__)


def _remembering(ask: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    def found(self: Any, name: str) -> Any:
        self.__dict__[name] = answer = ask(self, name)
        return answer

    found.asked = ask  # type: ignore[attr-defined]
    return found
