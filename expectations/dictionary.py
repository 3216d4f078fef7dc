"""Contract to prose: the README's table list and the data dictionary, docs/tables.md."""

from __future__ import annotations

from collections.abc import Iterable

from expectations.contract import AnyType, Column, ListOf, MapOf, StructOf, Table, Type
from expectations.tables import TABLES

BEGIN, END = "<!-- tables:begin -->", "<!-- tables:end -->"
EXACT = {Type.MONEY: "decimal(18, 6)", Type.SHARE: "decimal(18, 12)"}
INTRODUCTION = """# Tables

Every table, in the order data flows. Made from `expectations/tables/` by
`make docs`; do not edit.

Columns ending in `_at` are UTC instants with microseconds, `_date` are UTC days, money has its
`currency` beside it. A column holds no null unless it says so. *Arrival* marks columns that tell
how a row arrived, not what it says: digests leave them out.
"""


def table_list_markdown(tables: Iterable[Table]) -> str:
    """One line per table: its name, what one row is, and the day it is split by."""
    rows = [
        f"| [`{table.name}`](docs/tables.md#{table.name}) | {_cell(table.about)} "
        f"| {f'`{table.partitioned_by}`' if table.partitioned_by else ''} |"
        for table in tables
    ]
    return "\n".join(["| table | what one row is | split by |", "|---|---|---|", *rows])


def dictionary_markdown(tables: Iterable[Table]) -> str:
    """Everything every contract says."""
    return "\n".join([INTRODUCTION, *(section(table) for table in tables)])


def listed(readme: str) -> str:
    """A README with the list of tables between its markers, if it has them."""
    if BEGIN not in readme or END not in readme:
        return readme
    head, tail = readme.split(BEGIN)[0], readme.split(END)[1]
    return f"{head}{BEGIN}\n{table_list_markdown(TABLES.values())}\n{END}{tail}"


def type_name(kind: AnyType) -> str:
    """A type in words.

    >>> type_name(ListOf(StructOf({"at": Type.TIMESTAMP, "value": Type.MONEY})))
    'list of {at: timestamp, value: decimal(18, 6)}'
    """
    match kind:
        case ListOf():
            return f"list of {type_name(kind.element)}"
        case StructOf():
            fields = ", ".join(f"{name}: {type_name(of)}" for name, of in kind.fields.items())
            return f"{{{fields}}}"
        case MapOf():
            return "map of text to text"
        case _:
            return EXACT.get(kind, kind.value)


def section(table: Table) -> str:
    """Everything one contract says."""
    split = f" Split by `{table.partitioned_by}`." if table.partitioned_by else ""
    kept = " Rows are only ever added." if table.is_appended else ""
    key = ", ".join(f"`{name}`" for name in table.grain)
    columns = [
        f"| `{name}` | {type_name(column.type)} | {_cell(column.about)} | {promised(column)} |"
        for name, column in table.columns.items()
    ]
    rules = ["", "Rules:", *(f"- {rule}" for rule in table.rules)] if table.rules else []
    heading = ["", f"## {table.name}", "", table.about, "", f"Key: {key}.{split}{kept}", ""]
    head = ["| column | type | meaning | values |", "|---|---|---|---|"]
    return "\n".join([*heading, *head, *columns, *rules, ""])


def promised(column: Column) -> str:
    """What values a column takes.

    >>> promised(Column(Type.SHARE, "", at_least=0, at_most=1, nullable=True))
    'at least 0; at most 1; may be null'
    """
    said = [", ".join(f"`{value}`" for value in column.one_of)] if column.one_of else []
    said += [f"at least {column.at_least:g}"] if column.at_least is not None else []
    said += [f"at most {column.at_most:g}"] if column.at_most is not None else []
    said += ["may be null"] if column.nullable else []
    said += ["*arrival*"] if column.is_arrival else []
    return "; ".join(said)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
