"""Build the report: queries, tables and charts in one HTML file that loads nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from expectations.tables.credit import UNATTRIBUTED
from pipelines.report import blocks, figures, flows, queries, sections, shape
from pipelines.report.language import Language, catalogue

_HERE = Path(__file__).parent
_SCRIPTS = ("d3.min.js", "plot.umd.min.js", "charts.js", "tables.js", "state.js")
_NEVER = date(1, 1, 1)  # nothing is published: no day is shown
_FILTERS = (
    "money", "count", "decimal", "percent", "share", "difference", "money_difference", "signed",
    "plural", "pairs", "words", "channel", "day", "month",
)  # fmt: skip
SECTIONS = (
    "summary", "credit", "campaigns", "paths", "lifecycle", "models", "money", "time",
    "restatements", "reconciliation", "health", "definitions",
)  # fmt: skip


def write_report(
    con: duckdb.DuckDBPyConnection,
    out: Path,
    title: str | None = None,
    publication_id: int | None = None,
    language: str = "en",
) -> Path:
    """Write the page of a publication (the newest if None) to `out` and return `out`.

    `con` has one view per table, as that publication has it. The same tables give the same bytes.
    """
    say = Language(language)
    page = _page(con, title or say.t("page.title"), publication_id, say)
    html = _environment(say).get_template("report.html").render(page)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(html, encoding="utf-8", newline="\n")
    return out


def _environment(say: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in _FILTERS:
        environment.filters[name] = getattr(say, name)
    environment.globals.update(
        t=say.t, language=say.code, UNATTRIBUTED=UNATTRIBUTED, NO_CURRENCY=figures.NO_CURRENCY,
        MEASURES=shape.MEASURES, OTHER=flows.OTHER, NODE=flows.NODE, FLOW=flows,
    )  # fmt: skip
    return environment


def _page(
    con: duckdb.DuckDBPyConnection, title: str, publication_id: int | None, say: Language
) -> dict[str, Any]:
    run = queries.publication(con, publication_id)
    through = run["through_date"] if run else _NEVER
    first = queries.first_day(con, through)
    period = _period(first, through, say)
    data = blocks.data_of(con, first or through, through)
    models = shape.models_of(data["channels"], data["books"])
    made = blocks.blocks_of(data, models, period, say)
    scripts = [_asset(name) for name in _SCRIPTS]
    return {
        "title": title,
        "run": run,
        "sections": SECTIONS,
        "period": period,
        "models": models,
        "blocks": made,
        **blocks.LIMITS,
        **sections.all_of(con, run, through, models, say),
        "chart_data": _chart_data(made, models, say),
        "style": _asset("report.css"),
        "licences": _asset("LICENSES.txt"),
        "scripts": scripts,
        "script_hashes": [_csp_hash(script) for script in scripts],
        "terms": [say.t(key).split(" | ") for key in catalogue() if key.startswith("terms.")],
        "explained": {f"about.{model}" for model in models} & set(catalogue()),
    }


def _period(first: date | None, through: date, say: Language) -> str:
    if through == _NEVER:
        return say.t("page.no_period")
    if first is None:
        return say.t("page.up_to", last=say.day(through))
    return say.t("page.from_to", first=say.day(first), last=say.day(through))


def _chart_data(
    made: Sequence[dict[str, Any]], models: Sequence[str], say: Language
) -> dict[str, Any]:
    return {
        "models": [say.words(model) for model in models],
        "texts": {
            key.removeprefix("script."): say.t(key)
            for key in catalogue()
            if key.startswith("script.")
        },
        "currencies": {block["currency"]: blocks.charts_of(block) for block in made},
    }


def _asset(name: str) -> str:
    text = (_HERE / "assets" / name).read_text(encoding="utf-8")
    if "</script" in text.lower() or "<!--" in text or "\r" in text:
        raise ValueError(f"{name} cannot be put inline: it has </script, <!-- or a carriage return")
    return text


def _csp_hash(script: str) -> str:
    """Name a script to the browser, which then runs no other."""
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
