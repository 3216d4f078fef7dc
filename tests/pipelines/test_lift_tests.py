"""Files of lift tests: what is read, and what is said of what cannot be."""

from __future__ import annotations

import re
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.lift_tests import BadLiftTests, LiftTest, said_of
from pipelines.lift_tests import read_lift_tests

DAYS = (np.datetime64("2026-03-02"), np.datetime64("2026-03-29"))
HEAD = "channel,scope,period_start,period_end,estimate,standard_error,spend\n"
GOOD = "Display,all,2026-03-02,2026-03-29,120.5,40,8000\n"
DISPLAY = LiftTest("Display", "all", *DAYS, 120.5, 40.0, 8000.0)


def read(tmp_path, text: str) -> list[LiftTest]:
    file = tmp_path / "tests.csv"
    file.write_text(text)
    return read_lift_tests(file)


def test_a_csv_file_is_read_in_the_order_of_channels(tmp_path):
    text = HEAD + "Search,DE,2026-03-02,2026-03-29,-3,9.5,\n" + GOOD
    search = LiftTest("Search", "DE", *DAYS, -3.0, 9.5, None)
    assert read(tmp_path, text) == [DISPLAY, search]


def test_spend_may_be_left_out_and_a_mark_of_byte_order_is_no_part_of_a_name(tmp_path):
    text = "\ufeffchannel,scope,period_start,period_end,estimate,standard_error,note\n"
    (test,) = read(tmp_path, text + "Display,all,2026-03-02,2026-03-29,1,2,by agency\n")
    assert test.spend is None


def test_a_parquet_file_says_the_same_with_days_as_text_or_dates(tmp_path):
    row = {
        "channel": "Display",
        "scope": "all",
        "estimate": 120.5,
        "standard_error": 40,
        "spend": 8e3,
    }
    for days in ((date(2026, 3, 2), date(2026, 3, 29)), ("2026-03-02", "2026-03-29")):
        dated = row | dict(zip(("period_start", "period_end"), days, strict=True))
        file = tmp_path / "tests.parquet"
        pq.write_table(pa.Table.from_pylist([dated]), file)
        assert read_lift_tests(file) == [DISPLAY]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (",all,2026-03-02,2026-03-29,1,2,", "channel is ''; expected a name"),
        ("Display,,2026-03-02,2026-03-29,1,2,", "scope is ''; expected a name; write 'all' for"),
        ("Display,all,02/03/2026,2026-03-29,1,2,", "period_start is '02/03/2026'; expected a day"),
        ("Display,all,2026-02-31,2026-03-29,1,2,", "period_start is '2026-02-31'; expected a day"),
        ("Display,all,2026-03,2026-03-29,1,2,", "period_start is '2026-03'; expected a day"),
        ("Display,all,2026-03-29,2026-03-02,1,2,", "period_end 2026-03-02 is before period_start"),
        ("Display,all,2026-03-02,2026-03-29,1.200,2 %,", "standard_error is '2 %'; expected a num"),
        ('Display,all,2026-03-02,2026-03-29,"1,200",2,', "estimate is '1,200'; expected a number"),
        ("Display,all,2026-03-02,2026-03-29,nan,2,", "estimate is 'nan'; expected a number"),
        ("Display,all,2026-03-02,2026-03-29,1,0,", "standard_error 0; expected above 0"),
        ("Display,all,2026-03-02,2026-03-29,1,2,-5", "spend -5; expected 0 or more"),
        ("Display,all,2026-03-02", "estimate is None; expected a number"),
    ],
)
def test_a_bad_value_is_told_with_its_file_and_line(tmp_path, row, told):
    with pytest.raises(BadLiftTests, match="tests.csv, line 3: " + re.escape(told)):
        read(tmp_path, HEAD + GOOD + row + "\n")


def test_all_problems_are_told_at_once(tmp_path):
    bad = "Display,,2026-03-02,2026-03-29,x,0,\n"
    with pytest.raises(BadLiftTests) as told:
        read(tmp_path, HEAD + bad + GOOD + GOOD)
    lines = str(told.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["tests.csv, line 2"] * 3 + [
        "tests.csv, line 4"
    ]
    assert "already told on line 3" in lines[3]


def test_a_missing_column_is_told_with_what_may_be_meant(tmp_path):
    with pytest.raises(
        BadLiftTests, match=r"tests.csv, no column standard_error \(is it 'std_error'\?\)"
    ):
        read(tmp_path, HEAD.replace("standard_error", "std_error") + GOOD)


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "tests.xlsx").touch()
    with pytest.raises(
        BadLiftTests, match=r"tests.xlsx, the whole of it: expected a file that ends in .csv or"
    ):
        read_lift_tests(tmp_path / "tests.xlsx")


def test_a_parquet_instant_is_no_day(tmp_path):
    row = {"channel": "a", "scope": "all", "estimate": 1, "standard_error": 1}
    days = {"period_start": datetime(2026, 3, 2), "period_end": date(2026, 3, 29)}
    pq.write_table(pa.Table.from_pylist([row | days]), tmp_path / "tests.parquet")
    with pytest.raises(BadLiftTests, match=r"row 1: period_start is .*expected a day"):
        read_lift_tests(tmp_path / "tests.parquet")


def test_the_model_said_what_it_credits_in_scope_and_period():
    days = [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 29), date(2026, 3, 30)]
    rows = [
        {"channel": channel, "scope": scope, "day": day, "credit": credit}
        for at, day in enumerate(days)
        for channel, scope, credit in (
            ("Display", "DE", 10.0**at), ("Display", "FR", 2 * 10.0**at), ("Search", "DE", 0.5),
        )
    ]  # fmt: skip
    german = LiftTest("Display", "DE", *DAYS, 1.0, 1.0)
    unheard = LiftTest("Radio", "all", *DAYS, 1.0, 1.0)
    credit = pa.Table.from_pylist(rows)
    assert said_of([DISPLAY, german, unheard], credit).tolist() == [330.0, 110.0, 0.0]
    with pytest.raises(ValueError, match=r"Display in DE.* needs a column 'scope'"):
        said_of([german], credit.drop_columns("scope"))
