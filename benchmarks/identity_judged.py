"""The cases of `identity_cases` through the real steps in one run, and how each ended."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from benchmarks.identity_cases import CASES, NINE, SHOP, Record, Truth
from expectations.arrow import arrow_schema
from expectations.tables import RECORDS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class Row:
    """How a case ended, in people."""

    case: str
    expected: int
    found: int
    wrongly_merged: int
    wrongly_split: int


def solved(spark: SparkSession, folder: str) -> tuple[pa.Table, list[Row]]:
    """The identities of all cases, made in one run with files in a folder, and how each ended."""
    from pipelines.events import deduplicate, events, mapped
    from pipelines.identities import identities
    from pipelines.ingest.mapping import load_mapping, load_mappings
    from pipelines.settings import IdentitySection
    from pipelines.versions import standing

    numbers = count()

    def keep(frame: DataFrame) -> DataFrame:
        path = f"{folder}/case-{next(numbers)}"
        frame.write.parquet(path)
        return spark.read.schema(frame.schema).parquet(path)

    told = {case: make() for case, make in CASES.items()}
    everything = [record for records, _ in told.values() for record in records]
    used = {name for name, _ in everything}
    mappings = load_mappings() | {SHOP.stem: load_mapping(SHOP)}
    raw = keep(_records(spark, everything))  # in files: rows in memory are mapped one by one
    known = keep(deduplicate(events(mapped(raw, {name: mappings[name] for name in used}))))
    made = identities(standing(known, ["salesforce"]), IdentitySection(), keep).toArrow()
    return made, list(judged(made, {case: truth for case, (_, truth) in told.items()}))


def _records(spark: SparkSession, told: list[Record]) -> DataFrame:
    """The table `records`, in an order that means nothing."""
    mixed = random.Random(1).sample(told, len(told))
    columns = {
        "source": [name.split("_")[0] if name != SHOP.stem else "shop" for name, _ in mixed],
        "mapping": [name for name, _ in mixed],
        "batch_id": ["made"] * len(mixed), "file": ["made"] * len(mixed),
        "line": list(range(1, len(mixed) + 1)),
        "payload": [json.dumps(payload) for _, payload in mixed],
        "error": [None] * len(mixed),
        "received_at": [NINE + timedelta(days=30)] * len(mixed),
        "received_date": [(NINE + timedelta(days=30)).date()] * len(mixed),
    }  # fmt: skip
    return spark.createDataFrame(pa.table(columns, schema=arrow_schema(RECORDS)))


def judged(identities: pa.Table, truths: dict[str, list[Truth]]) -> Iterator[Row]:
    """How each case ended: whose identifiers point at one person, and whose at several."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in identities.to_pylist():
        rows[row["identifier"]].append(row)
    for case, truth in truths.items():
        people: dict[str, set[str]] = defaultdict(set)
        owners: dict[str, set[str]] = defaultdict(set)
        for identifier, at, person in truth:
            instant = NINE + timedelta(hours=at)
            [found] = {r["person_id"] for r in rows[identifier]
                       if r["valid_from"] <= instant < r["valid_to"]}  # fmt: skip
            people[person].add(found)
            owners[found].add(person)
        merged = set().union(*(them for them in owners.values() if len(them) > 1))
        split = [person for person, found in people.items() if len(found) > 1]
        yield Row(case, len(people), len(owners), len(merged), len(split))


def section(rows: list[Row]) -> str:
    """The cases as a table in Markdown."""
    lines = [f"| {r.case} | {r.expected} | {r.found} | {r.wrongly_merged} | {r.wrongly_split} |"
             for r in rows]  # fmt: skip
    head = ["## Identity, the cases that merge strangers", "",
            "`python -m benchmarks.identity`; people in numbers.", "",
            "| case | people | people found | wrongly merged | wrongly split |",
            "|---|---:|---:|---:|---:|"]  # fmt: skip
    return "\n".join([*head, *lines]) + "\n"
