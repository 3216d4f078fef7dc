"""A contract as a list of promises, each a sentence and the SQL that finds what breaks it."""

from __future__ import annotations

from dataclasses import dataclass

from expectations.contract import Column, ListOf, MapOf, Table

SPELLED_OUT = 10  # a longer list of allowed values is counted, not spelled
EVERY_COLUMN = "SELECT * FROM {table} WHERE "


@dataclass(frozen=True)
class Promise:
    """One thing every row of a table keeps.

    A promise about a row has `offends`, a condition that is true for a row that breaks it. A
    promise across rows has `query`, which returns the offending rows of `{table}`. The promise of
    the grain has neither. `expectation` is the Great Expectations type that says the same.
    """

    sentence: str
    expectation: str
    column: str = ""
    offends: str | None = None
    query: str | None = None


def promises(table: Table) -> tuple[Promise, ...]:
    """Everything `table` promises: column by column, then its grain, then its rules.

    >>> from expectations.contract import Type
    >>> table = Table("t", "One row per id.", ("id",), {"id": Column(Type.LONG, "", at_least=1)})
    >>> [promise.sentence for promise in promises(table)]
    ['id is not null', 'id is at least 1', 'id is unique']
    """
    columns = [p for name, column in table.columns.items() for p in _of_column(name, column)]
    rules = [_of_rule(sentence, sql) for sentence, sql in table.rules.items()]
    return (*columns, grain_promise(table), *rules)


def grain_promise(table: Table) -> Promise:
    """The promise that no two rows share a key."""
    unique = "expect_column_values_to_be_unique"
    if len(table.grain) == 1:
        return Promise(f"{table.grain[0]} is unique", unique, table.grain[0])
    sentence = f"({', '.join(table.grain)}) is unique"
    return Promise(sentence, "expect_compound_columns_to_be_unique")


def _of_column(name: str, column: Column) -> list[Promise]:
    found = []
    if not column.nullable:
        found.append(
            _column(name, "is not null", "expect_column_values_to_not_be_null", f"`{name}` IS NULL")
        )
    if isinstance(column.type, ListOf):
        null = f"EXISTS(`{name}`, e -> e IS NULL)"
        found.append(_column(name, "holds no null", "unexpected_rows_expectation", null))
    if isinstance(column.type, MapOf):
        null = f"EXISTS(MAP_VALUES(`{name}`), v -> v IS NULL)"
        found.append(_column(name, "holds no null", "unexpected_rows_expectation", null))
    return found + _of_values(name, column)


def _of_values(name: str, column: Column) -> list[Promise]:
    found = []
    if column.one_of:
        outside = f"`{name}` NOT IN ({', '.join(map(quoted, column.one_of))})"
        says = f"is one of {_spelled(column.one_of)}"
        found.append(_column(name, says, "expect_column_values_to_be_in_set", outside))
    between = "expect_column_values_to_be_between"
    if column.at_least is not None:
        below = f"`{name}` < {column.at_least}"
        found.append(_column(name, f"is at least {column.at_least:g}", between, below))
    if column.at_most is not None:
        above = f"`{name}` > {column.at_most}"
        found.append(_column(name, f"is at most {column.at_most:g}", between, above))
    return found


def _of_rule(sentence: str, sql: str) -> Promise:
    """A rule that only filters rows becomes a condition: it then costs no query of its own."""
    condition = sql.removeprefix(EVERY_COLUMN)
    if condition != sql and "{table}" not in condition:
        return Promise(sentence, "unexpected_rows_expectation", offends=condition)
    return Promise(sentence, "unexpected_rows_expectation", query=sql)


def _column(name: str, says: str, expectation: str, offends: str) -> Promise:
    return Promise(f"{name} {says}", expectation, name, offends=offends)


def quoted(text: str) -> str:
    """SQL string literal.

    >>> print(quoted("it's"))
    'it''s'
    """
    return "'" + text.replace("'", "''") + "'"


def _spelled(values: tuple[str, ...]) -> str:
    """Allowed values as words.

    >>> _spelled(("granted", "denied"))
    'granted, denied'
    >>> _spelled(tuple("abcdefghijklmn"))
    'its 14 listed values'
    """
    return ", ".join(values) if len(values) <= SPELLED_OUT else f"its {len(values)} listed values"
