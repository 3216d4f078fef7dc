"""The words a star is written in: a view, its columns and how each is made."""

from __future__ import annotations

from dataclasses import dataclass

from expectations.contract import Column, Table, Type

Fields = dict[str, tuple[str, Column]]  # name to the SQL that makes it, and what it means


@dataclass(frozen=True)
class View:
    """A table made by a query over other tables of the same publication."""

    table: Table
    sql: str
    is_fact: bool

    @property
    def name(self) -> str:
        """Its name."""
        return self.table.name


def view(
    name: str, about: str, grain: tuple[str, ...], fields: Fields, source: str,
    is_fact: bool = False,
) -> View:  # fmt: skip
    """A view over `source`; `fields` say how each column is made and what it means."""
    columns = {field: column for field, (_, column) in fields.items()}
    picked = ",\n    ".join(f'{sql} AS "{field}"' for field, (sql, _) in fields.items())
    return View(Table(name, about, grain, columns), f"SELECT {picked}\nFROM {source}", is_fact)


def as_is(alias: str, table: Table, *names: str) -> Fields:
    """Columns taken as they are from a table under an alias."""
    return {name: (f'{alias}."{name}"', table.columns[name]) for name in names}


def key(alias: str) -> str:
    """SQL of the key of a campaign; `alias` ends in a dot."""
    return f"md5(concat({alias}channel, chr(31), {alias}campaign))"


CAMPAIGN_KEY = Column(Type.STRING, "Key of `dim_campaign`: MD5 of channel and campaign")
CAMPAIGN = Column(Type.STRING, "Campaign as in `campaigns`: the platform's name where known")
HAS_SPEND = Column(Type.BOOLEAN, "Some platform booked cost to it")
