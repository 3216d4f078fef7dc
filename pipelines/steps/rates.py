"""The user's file of rates to the table: made again whenever the file changes."""

from __future__ import annotations

import hashlib

from pyspark.sql import DataFrame

from pipelines.errors import MissingInputError
from pipelines.lake_files import WHOLE
from pipelines.rates import rates, read_quotes
from pipelines.work import Run, Work


def rate_parts(run: Run) -> dict[str, str]:
    """What is in the file of rates."""
    path = run.settings.rates_path
    if path is None:
        return {}
    if not path.is_file():
        raise MissingInputError(f"There is no {path}; money.rates names the file of rates.")
    return {"rates file": hashlib.sha256(path.read_bytes()).hexdigest()}


def if_rates_changed(work: Work) -> set[str]:
    """The whole table, if the file changed, came or went."""
    is_asked = work.run.settings.rates_path is not None
    return {WHOLE} if work.is_all_new and (is_asked or work.base.rows) else set()


def make_rates(work: Work, days: set[str]) -> DataFrame:
    """All rates; none without a file."""
    money, path = work.run.settings.money, work.run.settings.rates_path
    reporting = money.reporting_currency or ""
    quotes = read_quotes(path, reporting) if path else {}
    return work.run.spark.createDataFrame(rates(quotes, reporting))
