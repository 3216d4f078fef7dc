"""The scorecard: what a publication, lift tests and simulated worlds say of every model in use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from expectations.arrow import arrow_schema
from expectations.tables import SCORECARD
from models.lift_tests import LiftTest, said_of
from models.scorecard import (
    EVERYBODY,
    Outcomes,
    Row,
    future_rows,
    lift_rows,
    no_future,
    stability_rows,
    verdicts,
)
from pipelines.lake import OFTEN, Lake, retry
from pipelines.lift_tests import counted, named_file, told_tests
from pipelines.model_versions import FITTED, parameters
from pipelines.query import rows
from pipelines.settings import Settings

if TYPE_CHECKING:
    import duckdb

DAYS = 28  # after the end of a month in which people may convert
FUTURE = """
    WITH bought AS (
        SELECT person_id, converted_at FROM paths WHERE conversions > 0 AND person_id IS NOT NULL
    ), cut AS (
        SELECT month, person_id, channels, CAST(month + INTERVAL 1 MONTH AS TIMESTAMPTZ) AS cut_at,
            ascii(md5(person_id)) % 2 = 0 AS is_learned_from
        FROM lost_paths
    ), known AS (
        SELECT cut.month, cut.channels, cut.is_learned_from, EXISTS (
            SELECT 1 FROM bought WHERE bought.person_id = cut.person_id
            AND converted_at >= cut_at AND converted_at < cut_at + INTERVAL 28 DAY
        ) AS is_converted
        FROM cut
    )
    SELECT channels, is_converted, count(*) AS people FROM known
    WHERE month = $month AND is_learned_from = $is_learned_from GROUP BY ALL ORDER BY ALL"""
MONTHS = """
    SELECT DISTINCT month FROM lost_paths
    WHERE month + INTERVAL 1 MONTH + INTERVAL 28 DAY <= $through + INTERVAL 1 DAY ORDER BY month"""
STABILITY = """
    WITH whole AS (
        SELECT * FROM intervals WHERE level = 'channel' AND figure = 'share'
            AND month + INTERVAL 1 MONTH <= $through + INTERVAL 1 DAY
    ), last AS (
        SELECT DISTINCT month FROM whole ORDER BY month DESC LIMIT 2
    ), both_months AS (
        SELECT model, currency, channel, max(month) AS month, count(*) AS n,
            max_by(amount, month) - min_by(amount, month) AS moved,
            max_by(sampling_high - sampling_low, month) AS width
        FROM whole SEMI JOIN last USING (month) GROUP BY ALL
    )
    SELECT model, (SELECT strftime(min(month), '%Y-%m') || ' to ' || strftime(max(month), '%Y-%m')
            FROM last) AS months,
        avg(abs(moved)) FILTER (WHERE n = 2) AS moved, avg(width) AS width
    FROM both_months GROUP BY model ORDER BY model"""
CREDIT = """
    SELECT model, channel, day, sum(conversions)::DOUBLE AS credit
    FROM channels GROUP BY ALL ORDER BY ALL"""
ALWAYS_ON = """
    SELECT channel, count(DISTINCT day) FILTER (WHERE cost > 0) AS paid,
        (SELECT count(DISTINCT day) FROM channels) AS days
    FROM channels GROUP BY channel HAVING paid >= 28 AND paid = days ORDER BY channel"""


def scorecard(
    con: duckdb.DuckDBPyConnection, settings: Settings, simulated: Sequence[Row] = ()
) -> list[Row]:
    """All rows, verdicts last; `con` has the tables of a publication.

    `simulated` are the rows of simulated worlds, if anybody asked for them.
    """
    measured = [
        *_future(con, settings), *_stable(con), *_lifted(con, settings),
        *_gates(con, settings), *simulated,
    ]  # fmt: skip
    return [*measured, *verdicts(measured)]


def through(con: duckdb.DuckDBPyConnection) -> date:
    """The last day that is published."""
    [(day,)] = con.execute("SELECT max(through_date) FROM publications").fetchall()
    found: date = day
    return found


def _future(con: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[Row]:
    told = con.execute(MONTHS, {"through": through(con)}).fetchall()
    months = [month for (month,) in told]
    if len(months) < 2:
        yield no_future()
        return
    earlier, later = (
        _people(con, month, is_learned_from)
        for month, is_learned_from in zip(months[-2:], (True, False), strict=True)
    )
    models = {name: parameters(name, settings.models) for name in settings.models.use}
    learned_at, judged_at = (str(_next(month)) for month in months[-2:])
    yield from future_rows(models, Outcomes(earlier, later, learned_at, judged_at, DAYS))


def _people(con: duckdb.DuckDBPyConnection, month: date, is_learned_from: bool) -> pa.Table:
    """One row per path and outcome: how many people had it open at the end of a month."""
    asked = {"month": month, "is_learned_from": is_learned_from}
    return con.sql(FUTURE, params=asked).to_arrow_table()


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _stable(con: duckdb.DuckDBPyConnection) -> Iterator[Row]:
    return stability_rows(rows(con, STABILITY, {"through": through(con)}))


def _lifted(con: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[Row]:
    file = named_file(settings)
    if not file:
        yield Row("lift_tests", EVERYBODY, "tests", "", 0.0, "tests",
                  "No file of lift tests is named in [certainty], so no experiment judges "
                  "any model.")  # fmt: skip
        return
    credit = con.sql(CREDIT).to_arrow_table()
    tests = counted(told_tests(file), {str(day) for day in credit["day"].to_pylist()})
    yield Row("lift_tests", EVERYBODY, "tests", "", float(len(tests)), "tests",
              f"{len(tests)} lift tests can be compared with credit.")  # fmt: skip
    for model, said in said_by_model(tests, credit).items():
        yield from lift_rows(model, tests, said)


def said_by_model(tests: Sequence[LiftTest], credit: pa.Table) -> dict[str, np.ndarray]:
    """What each model of `credit` (model, channel, day, credit) gives to each test."""
    names = credit["model"].to_pylist()
    return {
        model: said_of(tests, credit.filter([name == model for name in names]))
        for model in sorted(set(names))
    }


def _gates(con: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[Row]:
    """What should hold before any figure is read."""
    [(gap,)] = con.execute(
        "SELECT coalesce(max(greatest(abs(difference_conversions), abs(difference_value))), 0) "
        "FROM reconciliation"
    ).fetchall()
    yield Row("gates", EVERYBODY, "reconciled", "", float(gap), "conversions or money",
              f"Credit and order book differ by {float(gap):g} at most.")  # fmt: skip
    fitted = [name for name in settings.models.use if name in FITTED]
    asked = "SELECT DISTINCT ON (model) * FROM model_versions ORDER BY model, as_of_date DESC"
    fits = {row["model"]: row for row in rows(con, asked)}
    yield from chain.from_iterable(_fit_rows(name, fits.get(name)) for name in fitted)
    for row in rows(con, ALWAYS_ON):
        yield Row("gates", EVERYBODY, "always_on", row["channel"], float(row["paid"]), "days",
                  f"{row['channel']} was paid for on every day: without a lift test nobody can "
                  "tell what would happen without it.")  # fmt: skip


def _fit_rows(name: str, fit: Mapping[str, Any] | None) -> Iterator[Row]:
    if fit is None:
        yield Row("gates", name, "fit", "", None, "",
                  f"{name} has not been fitted yet: its touches share alike.")  # fmt: skip
        return
    told, when = dict(fit["metrics"]), fit["as_of_date"]
    if not fit["learned"]:
        yield Row("gates", name, "fit", "", 0.0, "",
                  f"{name} was not fitted as of {when}: {told.get('refused', 'no reason told')}. "
                  "Its touches share alike.")  # fmt: skip
        return
    yield Row("gates", name, "fit", "", 1.0, "",
              f"{name} was fitted as of {when} on {fit['training_conversions']:,} "
              "conversions.")  # fmt: skip
    for figure, value in sorted(told.items()):
        yield Row("gates", name, figure, "", _number(value), "", f"{name}: {figure} is {value}.")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def keep(lake: Lake, found: Sequence[Row], publication_id: int, at: datetime) -> None:
    """Add the rows of a scorecard to its table."""
    more = {"scored_at": at, "publication_id": publication_id}
    told = pa.Table.from_pylist([asdict(row) | more for row in found], arrow_schema(SCORECARD))
    name = f"{publication_id:09d}-{at:%Y%m%dT%H%M%S%f}"
    retry(lambda: lake.append(lake.snapshot(SCORECARD), [(name, told)], {}), OFTEN)
