"""Records to events, quarantine and spend: only files that were not read before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.tables import EVENTS, RECORDS
from pipelines.changed_rows import iso_days
from pipelines.events import deduplicate, events, mapped
from pipelines.ingest.mapping import Mapping
from pipelines.lake_files import WHOLE
from pipelines.quarantine import quarantine
from pipelines.spend import mapped as mapped_spend
from pipelines.spend import spend
from pipelines.work import Run, Work


def mapping_parts(run: Run) -> dict[str, str]:
    """The mappings' contents, which govern all that is made of records."""
    return {f"mapping {n}": m.fingerprint for n, m in run.mappings.items()}


def records_came(work: Work) -> bool:
    """Whether any record arrived."""
    return bool(work.new_urls(RECORDS))


def events_came(work: Work) -> bool:
    """Whether a record of a mapping of events arrived."""
    return _came(work, "events")


def event_days(work: Work) -> set[str]:
    """Days on which a newly arrived event happened."""
    return iso_days(events(_mapped(work)), "event_date")


def make_events(work: Work, days: set[str]) -> DataFrame:
    """Events of some days: those already there and those that came."""
    return deduplicate(_with_existing(work, days, events(_mapped(work)), "event_date"))


def more_events(work: Work) -> DataFrame | None:
    """Events that came and were not there; None if one replaces another that was.

    An event told again word for word stays as it was told first.
    """
    lake, spark = work.run.lake, work.run.spark
    came = deduplicate(events(_mapped(work)))
    there = lake.read(spark, work.base, iso_days(came, "event_date"))
    known = there.select(*EVENTS.grain, F.col("payload_hash").alias("known"))
    again = came.select(*EVENTS.grain, "payload_hash").join(known, on=[*EVENTS.grain])
    again = lake.keep(spark, again, f"{work.run.run_id}-again")
    if again.where("payload_hash < known").limit(1).toArrow().num_rows:
        return None
    return came.join(again, on=[*EVENTS.grain], how="left_anti")


def rejected_days(work: Work) -> set[str]:
    """Days on which a rejected record arrived."""
    return iso_days(_rejected(work), "received_date")


def make_quarantine(work: Work, days: set[str]) -> DataFrame:
    """Rejected records of some days of arrival: those already there and those that came."""
    return _with_existing(work, days, _rejected(work), "received_date")


def if_spend_came(work: Work) -> set[str]:
    """The whole table, if a record of a spend mapping arrived."""
    return {WHOLE} if work.is_all_new or _came(work, "spend") else set()


def _came(work: Work, kind: str) -> bool:
    mappings = work.run.mappings
    came = {mapping_of(url) for url in work.new_urls(RECORDS)}
    return any(mappings[name].kind == kind for name in came & set(mappings))


def make_spend(work: Work, days: set[str]) -> DataFrame:
    """All spend: a new extraction may replace any day of an older one."""
    urls = work.run.lake.urls(work.new[RECORDS.name])
    spending = _of_kind(work, "spend", urls)
    chosen = [url for url in urls if mapping_of(url) in spending]
    return spend(work.run.lake.read_urls(work.run.spark, RECORDS, chosen), spending)


def mapping_of(url: str) -> str:
    """Mapping that reads the records of a file; ingest writes it first in the file's name.

    >>> mapping_of("lake/records/received_date=2026-01-01/google_ads-3f2a-0.parquet")
    'google_ads'
    """
    return PurePosixPath(url).name.split("-")[0]


def _with_existing(work: Work, days: set[str], came: DataFrame, column: str) -> DataFrame:
    """What came on some days, and what the table has of them (nothing if it is made anew)."""
    mine = came.where(came[column].cast("string").isin(sorted(days)))
    if work.is_all_new:
        return mine
    return work.run.lake.read(work.run.spark, work.base, days).unionByName(mine)


def _rejected(work: Work) -> DataFrame:
    """New records, and parts of them, that no mapping accepts."""

    def made(new: DataFrame, urls: list[str]) -> DataFrame:
        paid = mapped_spend(new, _of_kind(work, "spend", urls))
        return quarantine(new, work.run.mappings, _mapped(work), paid)

    return _once(work, "rejected", made)


def _mapped(work: Work) -> DataFrame:
    """New records as their mappings read them; only what is rejected has its payload."""

    def made(new: DataFrame, urls: list[str]) -> DataFrame:
        payload = F.when(F.col("reason").isNotNull(), F.col("payload"))
        return mapped(new, _of_kind(work, "events", urls)).withColumn("payload", payload)

    return _once(work, "mapped", made)


def _once(work: Work, name: str, made: Callable[[DataFrame, list[str]], DataFrame]) -> DataFrame:
    """Something made of new records: written once, for every step of the run that asks."""
    urls = work.new_urls(RECORDS)
    key = (name, *urls)
    if key not in work.run.memory:
        lake, spark = work.run.lake, work.run.spark
        frame = made(lake.read_urls(spark, RECORDS, urls), urls)
        work.run.memory[key] = lake.keep(spark, frame, f"{work.run.run_id}-{name}")
    kept: DataFrame = work.run.memory[key]
    return kept


def _of_kind(work: Work, kind: str, urls: list[str]) -> dict[str, Mapping]:
    """Mappings of a kind that read some files; to compile a plan of all of them takes seconds."""
    every = {n: m for n, m in work.run.mappings.items() if m.kind == kind}
    came = {mapping_of(url) for url in urls}
    return {n: m for n, m in every.items() if n in came} or every
