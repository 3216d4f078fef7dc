"""The data dictionary as one HTML page: every table, the star and its measures, from contracts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from expectations.contract import Table
from expectations.dictionary import promised, type_name
from expectations.measures import MEASURES
from expectations.star import STAR
from expectations.tables import TABLES
from pipelines.report.files import write_whole

_HERE = Path(__file__).parent


def write_dictionary(out: Path) -> Path:
    """Write the page to `out` and return `out`. It loads nothing; contracts are in English."""
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    html = environment.get_template("dictionary.html").render(
        groups=(
            ("Tables", [_told(table) for table in TABLES.values()]),
            ("Star", [_told(view.table) for view in STAR]),
        ),
        measures=MEASURES.values(),
        style=(_HERE / "assets" / "report.css").read_text(encoding="utf-8"),
    )
    return write_whole(out, html)


def _told(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "about": table.about,
        "grain": table.grain,
        "partitioned_by": table.partitioned_by,
        "rules": list(table.rules),
        "columns": [
            (name, type_name(column.type), column.about, promised(column).replace("`", ""))
            for name, column in table.columns.items()
        ],
    }
