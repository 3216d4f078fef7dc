"""The plan of a run, as a page for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table as Grid

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.plan import Plan
    from pipelines.plan_rows import Row


def page(plan: Plan, out: Console) -> None:
    """Print what a run would do for a person to read."""
    out.print(f"Through {plan.through}. {_landed(plan)}")
    if all(row.does == "nothing" for row in plan.rows):
        out.print("Nothing to do: every table is true of its inputs.")
        return
    grid = Grid("table", "is made again", "because", "perhaps also", box=None, pad_edge=False)
    for row in plan.rows:
        grid.add_row(row.table, extent(row), "; ".join(row.why), _more(row))
    out.print(grid)
    out.print(f"\n{_again(plan)}")
    for row in plan.rows:
        if row.waiting:
            out.print(f"Left for a later run: {row.table}, {span(row.waiting, row.unit)}.")


def _landed(plan: Plan) -> str:
    counts = Counter(one.route.source for one in plan.landing.ready)
    if not counts:
        return "No new files."
    return f"New files: {', '.join(f'{name} {count}' for name, count in sorted(counts.items()))}."


def _again(plan: Plan) -> str:
    again, more = plan.radius[""], any(map(_more, plan.rows))
    if not again.days:
        return f"Credited again: {'what `perhaps also` says' if more else 'nothing'}."
    return (
        f"Credited again: at most {again.conversions} known conversions of {again.people} people, "
        f"on {span(again.days)}{'; and what `perhaps also` says' if more else ''}."
    )


def extent(row: Row) -> str:
    """How much of a table is made again, in words."""
    if row.is_whole:
        return "the whole table" if row.is_certain else "the whole table, if its inputs change"
    if row.days:
        return f"{'' if row.is_certain else 'at most '}{span(row.days, row.unit)}"
    return "" if row.perhaps else "nothing"


def span(days: Sequence[str], unit: str = "day") -> str:
    """Some days in order: how many, first and last.

    >>> span(["2026-01-31"]), span(["2026-01-01", "2026-02-01"], "month")
    ('1 day, 2026-01-31', '2 months, 2026-01-01 to 2026-02-01')
    """
    if len(days) == 1:
        return f"1 {unit}, {days[0]}"
    return f"{len(days)} {unit}s, {days[0]} to {days[-1]}"


def _more(row: Row) -> str:
    return "" if row.is_whole else "; ".join(row.perhaps)
