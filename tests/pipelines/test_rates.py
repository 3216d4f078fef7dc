"""Money keeps its currency; a file of rates adds it up beside that, and says what it cannot."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from expectations.tables import RATES
from pipelines.errors import SettingsError, TouchstoneError
from pipelines.flow import FLOW
from pipelines.lake import Lake
from pipelines.rates import rates, read_quotes
from pipelines.report import currencies
from pipelines.report.language import Language
from pipelines.run import bring_up_to_date
from pipelines.settings import load
from pipelines.work import Run

QUOTES = "day,currency,rate\n2026-01-02,USD,0.9\n2026-01-05,usd, 0.8\n2026-01-02,JPY,0.0061\n\n"
MONEY = (("02", "EUR", 100, 0), ("02", "USD", 100, 0), ("31", "USD", 7, 0), ("06", "USD", 0, 50))
INSERTS = (
    "INSERT INTO conversions BY NAME SELECT $currency AS currency, $value AS net_value, "
    "$day AS conversion_date",
    "INSERT INTO spend BY NAME SELECT $currency AS currency, $cost AS cost, $day AS spend_date",
    "INSERT INTO channels BY NAME SELECT 'linear' AS model, 'Email' AS channel, $day AS day, "
    "$currency AS currency, $value AS attributed_value, $cost AS cost",
)
STEP = next(step for step in FLOW["events"] if step.into is RATES)


@pytest.fixture
def file(tmp_path):
    def write(text: str):
        path = tmp_path / "rates.csv"
        path.write_text(text)
        return path

    return write


def test_a_day_has_the_newest_quote_at_or_before_it_and_none_older_than_a_week(file):
    found = rates(read_quotes(file(QUOTES), "EUR"), "EUR").to_pylist()
    dollars = {
        row["day"]: (row["rate"], row["quoted_on"]) for row in found if row["currency"] == "USD"
    }
    assert dollars[date(2026, 1, 4)] == (Decimal("0.9"), date(2026, 1, 2))
    assert dollars[date(2026, 1, 12)] == (Decimal("0.8"), date(2026, 1, 5))
    assert (min(dollars), max(dollars)) == (date(2026, 1, 2), date(2026, 1, 12))
    far = rates(read_quotes(file(QUOTES + "2026-03-01,USD,0.7\n"), "EUR"), "EUR").to_pylist()
    days = {row["day"] for row in far if row["currency"] == "USD"}
    assert date(2026, 1, 12) in days
    assert date(2026, 1, 13) not in days


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("date,currency,rate\n", "rates.csv:1: the first line must be day,currency,rate"),
        ("", "rates.csv:1: the first line"),
        ("day,currency,rate\n2026-01-02,USD\n", "rates.csv:2: must be day,currency,rate, got"),
        ("day,currency,rate\n2.1.2026,USD,1\n", "rates.csv:2: Invalid isoformat string"),
        ("day,currency,rate\n2026-01-02,dollar,1\n", "'dollar' is no currency"),
        ('day,currency,rate\n2026-01-02,USD,"0,9"\n', "'0,9' is no rate"),
        ("day,currency,rate\n2026-01-02,USD,NaN\n", "'NaN' is no rate"),
        ("day,currency,rate\n2026-01-02,USD,-1\n", "'-1' is no rate"),
        ("day,currency,rate\n2026-01-02,EUR,1.1\n", "EUR is the reporting currency"),
        (QUOTES + "2026-01-02,USD,0.91\n", "rates.csv:6: USD had another rate on 2026-01-02"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_line(file, text, says):
    with pytest.raises(SettingsError, match=says.replace(".", r"\.")):
        read_quotes(file(text), "EUR")


def test_a_reporting_currency_without_rates_is_refused(tmp_path):
    (tmp_path / "touchstone.toml").write_text('[money]\nreporting_currency = "EUR"\n')
    with pytest.raises(SettingsError, match=r"toml:1: money .*need each other"):
        load(tmp_path)


def test_money_without_a_rate_is_left_out_of_the_sum_and_said(lake_of_money):
    con = lake_of_money(QUOTES)
    found = {row["currency"]: row for row in currencies.by_currency(con, date(2026, 2, 1))}
    assert found["EUR"]["rated_value"] == 100
    assert (found["USD"]["rated_value"], found["USD"]["rated_cost"]) == (90, Decimal("40"))
    assert (found["USD"]["unrated"], found["USD"]["left_value"]) == (1, 7)
    assert currencies.sentence(list(found.values()), "EUR", Language("en")) == (
        "Without a rate to EUR, and so left out of sums in EUR: 7.00 USD of net value and 0.00 of "
        "spend on 1 day."
    )
    [row] = currencies.by_channel(con, date(2026, 2, 1))
    assert (row["value"], row["cost"]) == (190, 40)
    apart = lake_of_money(None)
    rows = currencies.by_currency(apart, date(2026, 2, 1))
    assert [row["rated_value"] for row in rows] == [None, None]
    assert currencies.sentence(rows, currencies.reporting_currency(apart), Language("en")) == (
        "Money in EUR and USD is kept apart: no rates file is given."
    )


@pytest.fixture
def lake_of_money(file):
    """100 EUR and 100 USD booked, 50 USD spent, and 7 USD on a day nobody quotes."""
    from tests.pipelines.report.conftest import empty_lake

    def make(text: str | None):
        con = empty_lake()
        for day, currency, value, cost in MONEY:
            said = {"day": f"2026-01-{day}", "currency": currency, "value": value, "cost": cost}
            for insert in INSERTS:
                names = [name for name in said if f"${name}" in insert]
                con.execute(insert, {name: said[name] for name in names})
        if text is not None:
            con.register("quoted", rates(read_quotes(file(text), "EUR"), "EUR"))
            con.execute("INSERT INTO rates BY NAME FROM quoted")
        return con

    return make


@pytest.mark.spark
def test_rates_are_made_again_when_their_file_changes_and_only_then(spark, tmp_path, file):
    toml = '[money]\nreporting_currency = "EUR"\nrates = "rates.csv"\n'
    (tmp_path / "touchstone.toml").write_text(toml)
    lake = Lake(str(tmp_path / "lake"))

    def made() -> tuple[int, int]:
        run = Run(lake, spark, load(tmp_path), {}, f"r{len(versions)}", "2026-02-01", use_gx=False)
        return bring_up_to_date(run, STEP), lake.snapshot(RATES).rows

    versions: list[tuple[int, int]] = []
    for text in (QUOTES, QUOTES, QUOTES + "2026-01-06,USD,0.81\n"):
        file(text)
        versions.append(made())
    assert versions[0] == versions[1]
    assert (versions[0][1], versions[2][1]) == (19, 20)
    (tmp_path / "rates.csv").unlink()
    with pytest.raises(TouchstoneError, match=r"no .*rates.csv"):
        made()
    (tmp_path / "touchstone.toml").write_text("")
    assert made()[1] == 0
