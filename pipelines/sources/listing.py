"""The mappings at hand: what each reads, what it makes, and on how many rows it is tested."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from pathlib import Path

from expectations.tables.sources import EVENT_TYPES
from pipelines.ingest.mapping import SHIPPED, Expr, Mapping, mapping_files
from pipelines.ingest.mapping_check import results
from pipelines.sources.samples import Sampled

BEGIN, END = "<!-- sources:begin -->", "<!-- sources:end -->"
ANY = "any"  # the record itself says our word
SPEND = "spend"


@dataclass(frozen=True)
class Source:
    """One mapping. `tested` is None for a mapping of the user's own."""

    name: str
    source: str
    files: tuple[str, ...]
    formats: tuple[str, ...]
    makes: tuple[str, ...]
    tested: Sampled | None

    @property
    def is_shipped(self) -> bool:
        """Whether it came with the package."""
        return self.tested is not None

    def as_json(self) -> dict[str, object]:
        """For machines."""
        rows = vars(self.tested) if self.tested else {"real": None, "written": None}
        shown = {name: value for name, value in vars(self).items() if name != "tested"}
        return {**shown, "is_shipped": self.is_shipped, "tested_rows": rows}


def sources(
    mappings: Dict[str, Mapping], counts: Dict[str, Sampled], own: Path | None = None
) -> list[Source]:
    """Every mapping by name; one in the folder `own` has not been tested by us."""
    ours = {name for name, path in mapping_files(own).items() if path.parent == SHIPPED}
    return [
        Source(
            name, one.source,
            tuple(glob for read in one.read for glob in read.files),
            tuple(dict.fromkeys(read.format for read in one.read)),
            makes(one), counts.get(name, Sampled()) if name in ours else None,
        )
        for name, one in sorted(mappings.items())
    ]  # fmt: skip


def makes(mapping: Mapping) -> tuple[str, ...]:
    """Event types that a mapping can give, in the order in which our words are listed."""
    if mapping.kind == "spend":
        return (SPEND,)
    written = set(_words(mapping, mapping.fields["event_type"]))
    return tuple(word for word in EVENT_TYPES if word in written) or (ANY,)


def _words(mapping: Mapping, expr: Expr) -> Iterator[str]:
    """Words that an expression writes down, those of the `let` it uses among them."""
    for _, one in results((), expr):
        given = [one.const, *(one.map or {}).values(), one.default]
        yield from (word for word in given if word is not None)
        if one.use is not None and one.map is None:
            yield from _words(mapping, mapping.let[one.use])


def listed(page: str, found: Iterable[Source]) -> str:
    """A page with the table of sources between its markers."""
    head, tail = page.split(BEGIN)[0], page.split(END)[1]
    return f"{head}{BEGIN}\n{table(found)}\n{END}{tail}"


def table(found: Iterable[Source]) -> str:
    """The shipped mappings as Markdown."""
    rows = [
        f"| `{one.name}` | {_code(one.files)} | {', '.join(one.formats)} "
        f"| {', '.join(one.makes)} | {one.tested.real} | {one.tested.written} |"
        for one in found
        if one.tested is not None
    ]
    head = "| mapping | files in `landing/` | format | becomes | real rows | written rows |"
    return "\n".join([head, "|---|---|---|---|---:|---:|", *rows])


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)
