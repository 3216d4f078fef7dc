"""Why a conversion's credit is what it is: touches, rules, models, identity, lineage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table as Grid
from rich.text import Text

from pipelines.errors import UsageError
from pipelines.query import rows

if TYPE_CHECKING:
    import duckdb
    from rich.console import Console

TOUCHES = """
SELECT unnest(touch) FROM (SELECT unnest({column}) AS touch FROM paths WHERE conversion_id = $id)
ORDER BY touch.touched_at, touch.touchpoint_id"""
CREDIT = """
SELECT model, model_version, position, touchpoint_id, channel, credit, attributed_value, currency
FROM credits WHERE conversion_id = $id ORDER BY model, position"""
WHO = """
SELECT identifier, tier, valid_from, valid_to, refused, links FROM identities
WHERE person_id = $person ORDER BY tier DESC, identifier, valid_from LIMIT 50"""
RESTATED = """
SELECT publication_id, model, channel, conversions_before, conversions_after, value_before,
       value_after, reason, cause
FROM restatements WHERE conversion_id = $id ORDER BY publication_id, model, channel"""
LINEAGE = """
SELECT e.event_id, e.source, e.event_type, e.mapping, e.batch_id, b.file, e.line, e.occurred_at
FROM events e LEFT JOIN batches b USING (batch_id)
WHERE list_contains($events, e.event_id) ORDER BY e.occurred_at, e.event_id"""


def explained(con: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any]:
    """Everything about one conversion, named by its id, the id's beginning, or its order."""
    conversion = _find(con, name)
    key = {"id": conversion["conversion_id"]}
    [path] = rows(con, "SELECT person_id FROM paths WHERE conversion_id = $id", key) or [{}]
    kept, dropped = (
        rows(con, TOUCHES.format(column=column), key) for column in ("touches", "dropped")
    )
    touches = [row["touchpoint_id"] for row in (*kept, *dropped)]
    person = path.get("person_id")
    return {
        "conversion": conversion,
        "person_id": person,
        "kept": kept,
        "dropped": dropped,
        "credits": rows(con, CREDIT, key),
        "restated": rows(con, RESTATED, key),
        "identity": rows(con, WHO, {"person": person}) if person else [],
        "lineage": rows(con, LINEAGE, {"events": [conversion["event_id"], *touches]}),
    }


def _find(con: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any]:
    where = "starts_with(conversion_id, $name) OR order_id = $name"
    found = rows(con, f"SELECT * FROM conversions WHERE {where} LIMIT 6", {"name": name})
    if len(found) == 1:
        return found[0]
    if not found:
        some = rows(con, "SELECT conversion_id FROM conversions ORDER BY 1 LIMIT 1", {})
        hint = f" An id looks like {some[0]['conversion_id'][:12]}." if some else ""
        raise UsageError(f"No conversion or order is called {name!r}.{hint}")
    ids = ", ".join(row["conversion_id"][:12] for row in found[:5])
    raise UsageError(f"{name!r} fits several conversions: {ids}. Write more of the id.")


def page(found: dict[str, Any], out: Console) -> None:
    """Print what was found for a person to read."""
    c = found["conversion"]
    name = f"{c['conversion_type']} {c['order_id'] or c['conversion_id'][:12]}"
    said = (
        f", {c['status']}, converted {c['converted_at']:%Y-%m-%d %H:%M} UTC, "
        f"net {c['net_value']:.2f} {c['currency']} (refunded {c['refunded_value']:.2f})"
    )
    out.print(Text.assemble((name, "bold"), said))
    out.print(f"Person: {found['person_id'] or 'nobody known'}\n")
    _credit(found, out)
    if found["dropped"]:
        _grid(out, "Touches left out", found["dropped"], ("touched_at", "channel", "rule"))
    if found["restated"]:
        _grid(out, "What was published otherwise before", found["restated"],
              ("publication_id", "model", "channel", "value_before", "value_after", "reason",
               "cause"))  # fmt: skip
    _grid(out, "Identifiers of this person", found["identity"],
          ("identifier", "tier", "valid_from", "valid_to", "refused"))  # fmt: skip
    _grid(out, "Where it was read", found["lineage"],
          ("event_type", "occurred_at", "mapping", "file", "line"))  # fmt: skip


def _credit(found: dict[str, Any], out: Console) -> None:
    """Kept touches down, models across, each cell the touch's share."""
    models = sorted({row["model"] for row in found["credits"]})
    share = {(row["position"], row["model"]): row["credit"] for row in found["credits"]}
    grid = Grid("touched_at", "channel", *models, title="Credit", title_justify="left", box=None)
    for position, touch in enumerate(found["kept"]):
        cells = [f"{share.get((position, model), 0):.3f}" for model in models]
        grid.add_row(f"{touch['touched_at']:%Y-%m-%d %H:%M}", touch["channel"], *cells)
    if not found["kept"]:
        grid.add_row("", "(unattributed)", *("1.000" for _ in models))
    out.print(grid)


def _grid(out: Console, title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    grid = Grid(*columns, title=title, title_justify="left", box=None)
    for row in rows:
        grid.add_row(*("" if row[name] is None else str(row[name]) for name in columns))
    out.print()
    out.print(grid)
