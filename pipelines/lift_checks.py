"""Lift tests beside published credit, and what both say in the shape of media-mix tools."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from models.calibrate import learn_bias, left_out, reconcile
from models.lift_tests import LiftTest
from models.priors import for_meridian, for_pymc_marketing, for_robyn
from pipelines.errors import MissingInputError, UsageError
from pipelines.lift_tests import counted, named_file, told_tests, why_not
from pipelines.scorecard import CREDIT, said_by_model
from pipelines.settings import Settings

if TYPE_CHECKING:
    import duckdb

TOOLS = ("meridian", "robyn", "pymc-marketing")


def compared(con: duckdb.DuckDBPyConnection, file: Path, model: str) -> list[dict[str, Any]]:
    """One row per test of a file: whether it counts, what the model says, what the others say."""
    tests = told_tests(file)
    credit = _credit(con, model)
    days = {str(day) for day in credit["day"].to_pylist()}
    useful = counted(tests, days)
    said = dict(zip(useful, said_by_model(useful, credit)[model].tolist(), strict=True))
    kept = [test for test in useful if said[test] > 0]
    found = left_out(kept, np.array([said[test] for test in kept])).to_pylist()
    others = {row["test"]: row for row in found}
    return [
        {
            "test": test.name,
            "counts": why_not(test, days) or ("yes" if test in kept else f"{model} gives it 0"),
            "estimate": test.estimate,
            "standard_error": test.standard_error,
            "model_says": said.get(test),
            **{
                name: others.get(test.name, {}).get(name)
                for name in ("others_low", "others_say", "others_high", "z", "is_inside")
            },
        }
        for test in tests
    ]


def exported(
    con: duckdb.DuckDBPyConnection, settings: Settings, tool: str, model: str, currency: str
) -> pa.Table:
    """Priors for a tool of TOOLS from the lift tests named in settings."""
    if tool not in TOOLS:
        raise UsageError(f"There is no tool {tool!r}; there are {', '.join(TOOLS)}.")
    file = named_file(settings)
    if not file:
        raise MissingInputError(
            "No file of lift tests is named: set lift_tests under [certainty] in touchstone.toml."
        )
    tests, worth = told_tests(file), _worth(con, currency)
    try:
        if tool == "robyn":
            return for_robyn(tests, "revenue", worth)
        if tool == "pymc-marketing":
            return for_pymc_marketing(tests, value=worth)
        return _for_meridian(con, tests, model, currency, worth)
    except ValueError as reason:
        raise UsageError(str(reason)) from None


def _for_meridian(
    con: duckdb.DuckDBPyConnection, tests: list[LiftTest], model: str, currency: str, worth: float
) -> pa.Table:
    credit = _credit(con, model)
    useful = counted(tests, {str(day) for day in credit["day"].to_pylist()})
    bias = learn_bias(useful, said_by_model(useful, credit)[model])
    asked = """
        SELECT channel, sum(conversions)::DOUBLE AS credit, sum(cost)::DOUBLE AS cost
        FROM channels WHERE model = $model AND currency = $currency AND channel <> '(unattributed)'
        GROUP BY channel ORDER BY channel"""
    told = con.execute(asked, {"model": model, "currency": currency}).fetchall()
    calibrated = reconcile({channel: given for channel, given, _ in told}, bias)
    return for_meridian(calibrated, {c: cost for c, _, cost in told if cost > 0}, worth)


def _worth(con: duckdb.DuckDBPyConnection, currency: str) -> float:
    """What a conversion is worth on average, in a currency."""
    [(worth,)] = con.execute(
        "SELECT sum(net_value) / nullif(sum(conversions), 0) FROM conversions WHERE currency = $1",
        [currency],
    ).fetchall()
    if worth is None:
        raise UsageError(f"Nothing was bought in {currency}; name another --currency.")
    return float(worth)


def _credit(con: duckdb.DuckDBPyConnection, model: str) -> pa.Table:
    credit = con.sql(CREDIT).to_arrow_table()
    names = credit["model"].to_pylist()
    if model not in names:
        raise UsageError(f"No credit is of {model!r}; there are {', '.join(sorted(set(names)))}.")
    return credit.filter([name == model for name in names])
