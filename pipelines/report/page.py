"""Build the report: queries, tables and charts in one HTML file that loads nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from expectations.tables.credit import UNATTRIBUTED
from pipelines.report import (
    currencies,
    definitions,
    figures,
    health,
    lifecycle,
    queries,
    sentences,
    shape,
)
from pipelines.report.queries import Row, Rows

TITLE = "Touchstone attribution report"
MOST_CAMPAIGNS = 50
MOST_PATHS = 20
MOST_BROKEN = 20
MOST_DAYS = 100  # of the table behind the chart over time

_HERE = Path(__file__).parent
_SCRIPTS = ("d3.min.js", "plot.umd.min.js", "report.js")
_NEVER = date(1, 1, 1)  # nothing is published: no day is shown


def write_report(
    con: duckdb.DuckDBPyConnection,
    out: Path,
    title: str = TITLE,
    publication_id: int | None = None,
) -> Path:
    """Write the page of a publication (the newest if None) to `out` and return `out`.

    `con` has one view per table, as that publication has it. The same tables give the same bytes.
    """
    html = _environment().get_template("report.html").render(_page(con, title, publication_id))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(html, encoding="utf-8", newline="\n")
    return out


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("money", "count", "share", "difference", "money_difference", "plural", "pairs"):
        environment.filters[name] = getattr(figures, name)
    environment.filters["words"] = figures.words
    environment.globals.update(UNATTRIBUTED=UNATTRIBUTED, NO_CURRENCY=figures.NO_CURRENCY)
    return environment


def _page(con: duckdb.DuckDBPyConnection, title: str, publication_id: int | None) -> dict[str, Any]:
    run = queries.publication(con, publication_id)
    through = run["through_date"] if run else _NEVER
    first = queries.first_day(con, through)
    data = _data(con, first or through, through)
    models = shape.models_of(data["channels"], data["books"])
    data["books"].sort(key=lambda row: (row["conversion_type"], models.index(row["model"])))
    blocks = _blocks(data, models)
    scripts = [_asset(name) for name in _SCRIPTS]
    return {
        "title": title,
        "run": run,
        "period": _period(first, through),
        "models": models,
        "blocks": blocks,
        "losses": queries.losses(con, through, MOST_PATHS),
        **_lifecycle(con, through, models),
        **_health(con, run, through),
        "chart_data": _chart_data(blocks, models),
        "style": _asset("report.css"),
        "most_campaigns": MOST_CAMPAIGNS,
        "most_days": MOST_DAYS,
        "licences": _asset("LICENSES.txt"),
        "scripts": scripts,
        "script_hashes": [_csp_hash(script) for script in scripts],
        "about_models": {model: definitions.MODELS.get(model) for model in models},
        "terms": definitions.TERMS,
    }


def _data(con: duckdb.DuckDBPyConnection, first: date, through: date) -> dict[str, Rows]:
    return {
        "book": queries.order_book(con, through),
        "channels": queries.channels(con, through),
        "campaigns": queries.campaigns(con, through, MOST_CAMPAIGNS),
        "daily": queries.daily(con, first, through),
        "paths": queries.paths(con, through, MOST_PATHS),
        "books": queries.reconciliation(con, through),
        "spend": queries.spend(con, first, through),
    }


def _blocks(data: dict[str, Rows], models: Sequence[str]) -> list[dict[str, Any]]:
    """Make what the page shows of each currency."""
    currencies = shape.currencies_of(*(data[name] for name in ("book", "channels", "spend")))
    return [
        _block(currency, {name: shape.of(currency, rows) for name, rows in data.items()}, models)
        for currency in currencies
    ]


def _block(currency: str, data: dict[str, Rows], models: Sequence[str]) -> dict[str, Any]:
    lines = shape.channel_lines(data["channels"], models)
    paid = [line for line in lines if line.cost]
    books = shape.books_of(data["books"])
    cost = sum((line.cost for line in lines), shape.ZERO)
    has_value = currency != figures.NO_CURRENCY
    measures = ("value", "conversions") if has_value else ("conversions",)
    return {
        "currency": currency,
        "label": figures.currency_label(currency),
        "measures": measures,
        "book": data["book"],
        "lines": lines,
        "total": shape.totals(lines, models),
        "paid": paid,
        "paid_total": shape.totals(paid, models),
        "campaigns": shape.campaign_lines(data["campaigns"], models),
        "daily": data["daily"],
        "recent": _recent(data["daily"]),
        "months": shape.months_of(data["daily"]),
        "paths": data["paths"],
        "books": books,
        "book_types": data["books"],
        "unattributed": shape.unattributed_of(data["books"], models, measures[::-1]),
        "cost": cost,
        "spend": sum((row["cost"] for row in data["spend"]), shape.ZERO),
        "tiles": _tiles(currency, data["book"], books, cost),
        "sentences": _sentences(currency, data["book"], books, lines, models, cost),
    }


def _recent(daily: Rows) -> Rows:
    days = sorted({row["day"] for row in daily})[-MOST_DAYS:]
    return sorted(
        (row for row in daily if row["day"] in set(days)),
        key=lambda row: (-row["day"].toordinal(), row["conversion_type"]),
    )


def _tiles(currency: str, book: Rows, books: Rows, cost: Decimal) -> list[tuple[str, str, str]]:
    """Give the headline figures: name, figure, unit."""
    conversions = sum(row["conversions"] for row in book)
    value = sum((row["value"] for row in book), shape.ZERO)
    unit = "conversions" if currency == figures.NO_CURRENCY else "value"
    left = [figures.share(row[f"unattributed_{unit}"], row[f"booked_{unit}"]) for row in books]
    of = "of conversions" if unit == "conversions" else "of net value"
    tiles = [("Conversions", figures.count(conversions), "in the order book")]
    if unit == "value":
        tiles.append(("Net value", figures.money(value, currency), currency))
    tiles.append(("Unattributed", " to ".join(sorted(set(left))) or figures.NOTHING, of))
    if unit == "value":
        per = figures.money(value / cost, currency) if cost else figures.NOTHING
        tiles.append(("Spend", figures.money(cost, currency), currency))
        tiles.append(("Net value per spend", per, f"{currency} per {currency}, all channels"))
    return tiles


def _sentences(
    currency: str,
    book: Rows,
    books: Rows,
    lines: Sequence[shape.Line],
    models: Sequence[str],
    cost: Decimal,
) -> list[str]:
    unit = "conversions" if currency == figures.NO_CURRENCY else "value"
    value = sum((row["value"] for row in book), shape.ZERO)
    said = (
        sentences.order_book(book, currency),
        sentences.attributed(books, unit),
        sentences.leader(lines, models, unit, currency),
        sentences.widest(lines, models, unit, currency),
        sentences.spent(cost, value, currency),
        sentences.reconciled(books),
    )
    return [sentence for sentence in said if sentence]


def _health(con: duckdb.DuckDBPyConnection, run: Row | None, through: date) -> dict[str, Any]:
    run_id = run["run_id"] if run else ""
    sources, audits = health.sources(con), health.audits(con, run_id)
    return {
        "sources": sources,
        "quarantine": health.quarantine(con),
        "consent": health.consent(con, through),
        **_currencies(con, through),
        "left_out": health.left_out(con, through),
        "audits": audits,
        "broken": health.broken(con, run_id, MOST_BROKEN),
        "model_versions": health.model_versions(con, through),
        "health_sentence": sentences.health(sources, audits, run) if run else "",
    }


def _currencies(con: duckdb.DuckDBPyConnection, through: date) -> dict[str, Any]:
    rows, reporting = currencies.by_currency(con, through), currencies.reporting_currency(con)
    return {
        "currencies": rows,
        "reporting": reporting,
        "currency_sentence": currencies.sentence(rows, reporting),
        "rated": currencies.by_channel(con, through) if reporting else [],
    }


def _lifecycle(
    con: duckdb.DuckDBPyConnection, through: date, models: Sequence[str]
) -> dict[str, Any]:
    found = lifecycle.maps(con, through, models)
    return {
        "lifecycle": found,
        "lifecycle_models": [(model, figures.words(model)) for model, _ in found["maps"]],
        "felt": lifecycle.felt(con, through),
    }


def _period(first: date | None, through: date) -> str:
    if through == _NEVER:
        return "no period yet"
    return f"{first} to {through} (UTC)" if first else f"up to {through} (UTC)"


def _chart_data(blocks: Sequence[dict[str, Any]], models: Sequence[str]) -> dict[str, Any]:
    return {
        "models": [figures.words(model) for model in models],
        "currencies": {
            block["currency"]: {
                "credit": shape.chart_of(block["lines"], ("value", "conversions")),
                "money": shape.chart_of(block["paid"], ("roas", "cpa")),
                "campaigns": shape.chart_of(block["campaigns"], shape.MEASURES),
                "time": shape.series_of(block["daily"]),
            }
            for block in blocks
        },
    }


def _asset(name: str) -> str:
    text = (_HERE / "assets" / name).read_text(encoding="utf-8")
    if "</script" in text.lower() or "<!--" in text or "\r" in text:
        raise ValueError(f"{name} cannot be put inline: it has </script, <!-- or a carriage return")
    return text


def _csp_hash(script: str) -> str:
    """Name a script to the browser, which then runs no other."""
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
