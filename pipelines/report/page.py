"""Build the report: queries, tables and charts in one HTML file that loads nothing."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from expectations.tables.credit import UNATTRIBUTED
from pipelines.errors import UsageError
from pipelines.report import blocks, figures, flows, lifecycle, queries, sections, shape
from pipelines.report.files import write_whole
from pipelines.report.language import Language, catalogue

_HERE = Path(__file__).parent
_SCRIPTS = ("d3.min.js", "plot.umd.min.js", "charts.js", "tables.js", "state.js")
_NEVER = date(1, 1, 1)  # nothing is published: no day is shown
_FILTERS = (
    "money", "count", "decimal", "percent", "fine_percent", "points", "share", "difference",
    "money_difference", "signed", "plural", "pairs", "words", "channel", "day", "month",
)  # fmt: skip
SECTIONS = (
    "summary", "credit", "campaigns", "paths", "lifecycle", "models", "certainty", "money", "time",
    "restatements", "reconciliation", "health", "definitions",
)  # fmt: skip
OF_SEGMENT = ("lifecycle", "definitions")  # what is told of one segment, and its words


def write_report(
    con: duckdb.DuckDBPyConnection,
    out: Path,
    title: str | None = None,
    publication_id: int | None = None,
    language: str = "en",
    segment: str | None = None,
) -> Path:
    """Write the page of a publication (the newest if None) to `out` and return `out`.

    `con` has one view per table and of the star, as that publication has it. The page of one
    segment has the sections that know segments. The same tables give the same bytes.
    """
    say = Language(language)
    page = _page(con, title or say.t("page.title"), publication_id, segment, say)
    html = _environment(say).get_template("report.html").render(page)
    return write_whole(out, html)


def file_name(segment: str | None = None) -> str:
    """Name the file of a page, in the folder that Airflow serves.

    >>> file_name(), file_name("New in Köln")
    ('report.html', 'report-new-in-köln.html')
    """
    words = re.sub(r"[^\w]+", "-", segment or "").strip("-").lower()
    return f"report-{words}.html" if words else "report.html"


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
    con: duckdb.DuckDBPyConnection, title: str, publication_id: int | None, segment: str | None,
    say: Language,
) -> dict[str, Any]:  # fmt: skip
    run = queries.publication(con, publication_id)
    through = run["through_date"] if run else _NEVER
    if segment is not None:
        _known(segment, lifecycle.segments(con, through))
    first = queries.first_day(con, through)
    period = _period(first, through, say)
    data = blocks.data_of(con, first or through, through)
    models = shape.models_of(data["channels"], data["books"])
    made = blocks.blocks_of(data, models, period, say)
    scripts = [_asset(name) for name in _SCRIPTS]
    return {
        "title": title,
        "run": run,
        "segment": segment,
        "sections": OF_SEGMENT if segment else SECTIONS,
        "period": period,
        "models": models,
        "model_choices": [(model, say.words(model)) for model in models],
        "blocks": made,
        **blocks.LIMITS,
        **sections.all_of(con, run, through, models, segment, say),
        "chart_data": _chart_data([] if segment else made, models, say),
        "style": _asset("report.css"),
        "licences": _asset("LICENSES.txt"),
        "scripts": scripts,
        "script_hashes": [_csp_hash(script) for script in scripts],
        "terms": [say.t(key).split(" | ") for key in catalogue() if key.startswith("terms.")],
        "explained": {f"about.{model}" for model in models} & set(catalogue()),
    }


def _known(segment: str, known: Sequence[str]) -> None:
    if segment not in known:
        raise UsageError(
            f"There is no segment {segment!r}. Segments: {', '.join(known) or 'none'}."
        )


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
