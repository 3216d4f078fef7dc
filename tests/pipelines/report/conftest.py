"""Published tables as a night leaves them, seeded, at any size: what the report is tested on."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest

from expectations.arrow import arrow_schema
from expectations.tables import TABLES
from expectations.tables.credit import USUAL_MODEL_NAMES
from pipelines.query import add_star
from pipelines.report.page import write_report

CHANNELS = (
    "Paid Search", "Organic Search", "Email", "Direct", "Paid Social", "Display", "Affiliates",
    "Organic Social", "Referral", "Paid Video", "Sales", "Webinar",
)  # fmt: skip

Lake = Callable[..., duckdb.DuckDBPyConnection]


def empty_lake() -> duckdb.DuckDBPyConnection:
    """Every published table, with no row, and the star that is made of them."""
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'").fetchall()
    for table in TABLES.values():
        con.register("contract", arrow_schema(table).empty_table())
        con.execute(f"CREATE TABLE {table.name} AS FROM contract").fetchall()
        con.unregister("contract")
    add_star(con, 7)
    return con


def seeded_lake(
    days: int = 60,
    channels: int = 10,
    campaigns: int = 24,
    currencies: tuple[str, ...] = ("EUR",),
    names: tuple[str, ...] = (),
) -> duckdb.DuckDBPyConnection:
    """Rows that agree with one another; `names` take the place of the first channels' names."""
    con = empty_lake()
    labels = [*CHANNELS, *(f"Partner {i:02}" for i in range(len(CHANNELS), channels))][:channels]
    variables = {
        "days": days,
        "campaigns": campaigns,
        "channels": [*names, *labels[len(names) :]],
        "currencies": list(currencies),
        "models": list(USUAL_MODEL_NAMES),
    }
    for name, value in variables.items():
        con.execute(f"SET VARIABLE {name} = $value", {"value": value}).fetchall()
    for name in ("lake.sql", "certain.sql"):
        con.execute((Path(__file__).parent / name).read_text()).fetchall()
    return con


@pytest.fixture
def lake() -> Lake:
    """Make a lake of the size a test wants."""
    return seeded_lake


@pytest.fixture(scope="session")
def seeded() -> duckdb.DuckDBPyConnection:
    """One lake that tests share and do not change: 60 days, 10 channels, EUR and no currency."""
    return seeded_lake()


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a year of 30 channels and 200 campaigns; the lake is forgotten."""
    con = seeded_lake(days=365, channels=30, campaigns=200, currencies=("EUR", "USD"))
    return write_report(con, tmp_path_factory.mktemp("year") / "year.html")


@pytest.fixture
def no_rows() -> duckdb.DuckDBPyConnection:
    """A lake whose tables all exist and are empty."""
    return empty_lake()


class _Tables(HTMLParser):
    """Collects the tables of a page: caption, and rows of cell texts."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[tuple[str, list[list[str]]]] = []
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "table":
            self.tables.append(("", []))
        elif tag == "tr":
            self.tables[-1][1].append([])
        if tag in ("caption", "th", "td"):
            self._text = []

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        text = " ".join("".join(self._text).split())
        if tag == "caption":
            self.tables[-1] = (text, self.tables[-1][1])
        elif tag in ("th", "td"):
            self.tables[-1][1][-1].append(text)


@pytest.fixture
def tables_of() -> Callable[[Path], list[tuple[str, list[list[str]]]]]:
    """Read the tables of a written page."""

    def read(page: Path) -> list[tuple[str, list[list[str]]]]:
        parser = _Tables()
        parser.feed(page.read_text(encoding="utf-8"))
        return parser.tables

    return read
