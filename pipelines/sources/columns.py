"""The columns of an unknown file, each found by its name and by what its values look like."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipelines.sources.names import plain
from pipelines.sources.shapes import NUMBERS, TIMES, Shape

NEEDS: dict[str, tuple[str, ...]] = {
    "occurred_at": TIMES, "value": NUMBERS, "currency": ("currency",),
    "page_url": ("url", "path"), "referrer_url": ("url",), "email_sha256": ("email", "hash"),
}  # fmt: skip


@dataclass
class Columns:
    """The columns of a file, and which of them have found their place."""

    shapes: dict[str, Shape]
    rows: int
    taken: dict[str, None] = field(default_factory=dict)

    def named(self, names: Iterable[str], needs: tuple[str, ...] = ()) -> list[str]:
        """Free columns of these names and shapes, the best name first."""
        free = [path for path, one in self.shapes.items() if path not in self.taken and one.filled]
        fitting = [p for p in free if not needs or self.shapes[p].kind in needs]
        return [path for name in names for path in fitting if plain(path) == name]

    def take(self, what: str, names: Iterable[str]) -> tuple[str, str] | None:
        """The best column for something, and how sure that is."""
        needs = NEEDS.get(what, ())
        found = self.named(names, needs)
        if not found:
            return None
        self.taken[found[0]] = None
        others = f", or {', '.join(found[1:])}" if found[1:] else ""
        return found[0], f"{'sure' if needs else 'likely'}: by its name{_and(needs)}{others}"


def _and(needs: tuple[str, ...]) -> str:
    return " and values" if needs else ""
