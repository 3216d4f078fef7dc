"""The mapping language: what a mapping file may say. docs/mappings.md shows it by example."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from pipelines.ingest.mapping_words import Decimal, Read, Strict, Text, Texts, Words, as_list
from pipelines.ingest.mapping_yaml import Document, Place, nearest, read

SHIPPED = Path(__file__).parent / "mappings"


Reads = Annotated[tuple[Read, ...], BeforeValidator(as_list), Field(min_length=1)]
SOURCES = ("path", "use", "const", "landed", "first", "concat", "digest", "when", "choose",
           "corrected")  # fmt: skip


class Expr(Strict):
    """One value: where it comes from (exactly one of `SOURCES`), then steps in this order."""

    path: str | None = None
    use: str | None = None
    const: Text | None = None
    landed: Literal[True] | None = None  # when the file came, where a record has no time
    first: tuple[Expr, ...] | None = None
    concat: tuple[Expr, ...] | None = None
    digest: tuple[str, ...] | None = None
    when: tuple[Case, ...] | None = None
    choose: Expr | None = None
    corrected: Corrected | None = None

    cases: dict[Text, Expr] | None = None  # of choose
    otherwise: Expr | None = None  # of when and choose
    separator: str = ""  # of concat

    url_param: str | None = None
    host: bool = False
    extract: str | None = None
    lower: bool = False
    upper: bool = False
    null_words: Texts = ()
    map: Words | None = None
    default: Text | None = None  # of map
    normalise: Literal["email", "sf_id"] | None = None
    hash: Literal["sha256", "md5"] | None = None
    ts: str | None = None
    tz: str | None = None  # of ts
    decimal: Decimal | None = None
    sign: Literal["positive", "negative"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _path_in_short(cls, given: object) -> object:
        """A bare word is a path."""
        return {"path": given} if isinstance(given, str) else given

    @property
    def source(self) -> str:
        """Which of `SOURCES` it has."""
        return next(name for name in SOURCES if getattr(self, name) is not None)


class Case(Strict):
    """One line of `when`: without a comparison, the value must read as true."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    if_: Expr = Field(alias="if")
    equals: Text | None = None
    in_: Texts | None = Field(default=None, alias="in")
    exists: bool | None = None
    then: Expr


class Corrected(Strict):
    """The time of an event on a clock that may be wrong: received - (sent - created)."""

    received: Expr
    sent: Expr
    created: Expr


class Id(Strict):
    """One identifier of the person; trust decides which resolves first."""

    type: str
    value: Expr
    trust: int | None = Field(default=None, ge=0, le=9)
    split: str | None = Field(default=None, min_length=1)  # where a value lists several


class Dedupe(Strict):
    """What makes an event itself: `parts`, or `otherwise` where one of the parts is missing.

    Told again, the newest telling counts, or the one whose time `earliest` is the first.
    """

    parts: tuple[Expr, ...] = Field(min_length=1)
    otherwise: tuple[Expr, ...] = ()
    earliest: Expr | None = None


class Bounds(Strict):
    """Times outside are quarantined; the future counts from when the file landed.

    The times that decide something are looked at, and those of `also`.
    """

    earliest_year: int = Field(default=1990, ge=1970, le=2100)
    future_days: int = Field(default=1, ge=0, le=36500)
    also: dict[str, Expr] = Field(default_factory=dict)


class Mapping(Strict):
    """How the records of one shape become events or spend."""

    name: str
    source: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: Literal["events", "spend"] = "events"
    version: int = Field(ge=1)
    read: Reads
    rows: Texts = Field(default=("$",), min_length=1)  # the first that a record has
    each: Texts = ()  # lists of a row: one part per element, seen as @
    null_words: Texts = ()  # what this source writes for nothing, in any field
    default_currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    instance: Expr | None = None
    let: dict[str, Expr] = Field(default_factory=dict)
    fields: dict[str, Expr]
    ids: tuple[Id, ...] = ()
    click_ids: dict[str, Expr] = Field(default_factory=dict)
    consent: dict[str, Expr] = Field(default_factory=dict)
    attributes: dict[str, Expr] = Field(default_factory=dict)
    dedupe: Dedupe | None = None
    require: tuple[str, ...] = ()
    bounds: Bounds = Bounds()

    @property
    def stamp(self) -> str:
        """What events carry: name and version, e.g. ga4@1."""
        return f"{self.name}@{self.version}"

    @property
    def may_change(self) -> bool:
        """Whether of several tellings of an event one must be chosen."""
        by_time = self.dedupe is not None and self.dedupe.earliest is not None
        return by_time or "record_version" in self.fields

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the meaning; comments and layout of the file do not matter."""
        content = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def load_mapping(path: Path) -> Mapping:
    """The mapping at `path`; a SettingsError names file, line, key and the nearest valid word."""
    from pipelines.ingest.mapping_check import problems

    document = read(path)
    if not isinstance(document.content, dict):
        raise document.error((), "a mapping is a block of `key: value` lines, see docs/mappings.md")
    if "name" in document.content:
        raise document.error(("name",), "the file's name is the mapping's name; leave this out")
    try:
        mapping = Mapping.model_validate({**document.content, "name": path.stem})
    except ValidationError as problem:
        raise _told(document, problem) from None
    for place, message in problems(mapping):
        raise document.error(place, message)
    return mapping


def load_mappings(user_dir: Path | None = None) -> dict[str, Mapping]:
    """Every mapping by name: the shipped ones, and the user's, which win."""
    return {name: load_mapping(path) for name, path in mapping_files(user_dir).items()}


def mapping_files(user_dir: Path | None = None) -> dict[str, Path]:
    """Where each mapping is written, by name."""
    paths = {path.stem: path for path in sorted(SHIPPED.glob("*.yaml"))}
    if user_dir is not None and user_dir.is_dir():
        found = sorted([*user_dir.glob("*.yaml"), *user_dir.glob("*.yml")])
        paths |= {path.stem: path for path in found}
    return dict(sorted(paths.items()))


def _told(document: Document, problem: ValidationError) -> Exception:
    """The first mistake pydantic found, in our words."""
    found = problem.errors()
    first = next((one for one in found if one["type"] == "extra_forbidden"), found[0])
    place = tuple(first["loc"])
    if first["type"] == "extra_forbidden":
        hint = nearest(str(place[-1]), _keys_at(place[:-1]))
        return document.error(place, f"not a key of a mapping here; {hint}")
    if first["type"] == "missing":
        return document.error(place[:-1], f"the key {place[-1]!r} is missing")
    given = "" if isinstance(first["input"], dict | list) else f", got {first['input']!r}"
    if first["input"] is None:  # as YAML reads null, NULL and ~
        given = ", and there is none; put a word such as NULL in quotes"
    return document.error(place, f"{first['msg'].lower()}{given}")


def _keys_at(place: Place) -> list[str]:
    """Keys allowed in the block at `place`."""
    named: dict[str | int, type[BaseModel]] = {
        "read": Read, "dedupe": Dedupe, "bounds": Bounds, "decimal": Decimal,
        "corrected": Corrected,
    }  # fmt: skip
    under: dict[str | int, type[BaseModel]] = {"when": Case, "ids": Id, "read": Read}
    model: type[BaseModel] = Mapping
    if place:
        model = named.get(place[-1], Expr)
        if len(place) > 1 and isinstance(place[-1], int):
            model = under.get(place[-2], Expr)
    return [field.alias or name for name, field in model.model_fields.items() if name != "name"]
