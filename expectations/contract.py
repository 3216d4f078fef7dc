"""The words a contract is written in: Type, Column, Table. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Type(Enum):
    """What one value is. Instants are UTC with microseconds; money is exact to a millionth."""

    STRING = "string"
    INTEGER = "integer"
    LONG = "long"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    MONEY = "money"  # decimal(18, 6), in the unit of the `currency` beside it
    SHARE = "share"  # decimal(18, 12): credit, exact so that sums do not depend on their order
    TIMESTAMP = "timestamp"
    DATE = "date"


@dataclass(frozen=True)
class ListOf:
    """An ordered list of one kind of element, none of them null."""

    element: AnyType


@dataclass(frozen=True)
class StructOf:
    """A record inside a row; its fields may be null."""

    fields: Mapping[str, AnyType]


@dataclass(frozen=True)
class MapOf:
    """Text keys to text values, none of them null."""


AnyType = Type | ListOf | StructOf | MapOf


@dataclass(frozen=True)
class Column:
    """One column: its type, what it means, and what every value of it must satisfy."""

    type: AnyType
    about: str
    nullable: bool = False
    one_of: tuple[str, ...] = ()
    at_least: float | None = None
    at_most: float | None = None
    is_arrival: bool = False  # says how the row arrived, not what it says: digests leave it out


@dataclass(frozen=True)
class Table:
    """One table: what one row is, its key, its columns, and rules across rows.

    `rules` maps a sentence to SQL that returns the offending rows of `{table}`; each offending
    row carries the partition column when the table has one. `partitioned_by` names the day (or
    the publication) a run owns. A table without one is rewritten whole.
    """

    name: str
    about: str
    grain: tuple[str, ...]
    columns: Mapping[str, Column]
    rules: Mapping[str, str] = field(default_factory=dict)
    partitioned_by: str | None = None
    is_appended: bool = False  # rows are only ever added; nothing is overwritten

    def __post_init__(self) -> None:
        wanted = {*self.grain, *((self.partitioned_by,) if self.partitioned_by else ())}
        missing = sorted(wanted - set(self.columns))
        if missing:
            raise ValueError(f"{self.name}: {missing} in grain or partition but not a column")
        for name in self.grain:
            if self.columns[name].nullable:
                raise ValueError(f"{self.name}: {name} is part of the grain, so it cannot be null")
        if self.partitioned_by and list(self.columns)[-1] != self.partitioned_by:
            raise ValueError(f"{self.name}: {self.partitioned_by} must be the last column")
