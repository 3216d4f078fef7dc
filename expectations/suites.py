"""Contract to Great Expectations: the suite, the verdict on a metrics frame, the Data Docs.

Importing this costs seconds, so whoever needs it imports it where it is needed.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
from great_expectations.core import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
    expectationSuiteValidationResultSchema,
)
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context import AbstractDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)

from expectations.contract import Table
from expectations.promises import promises
from expectations.tables import TABLES

# The frame holds counts, never values of rows, so naming every failing day leaks nothing.
FORMAT = {"result_format": "COMPLETE", "unexpected_index_column_names": ["day"]}
SITE = "touchstone"
KEPT = ".results"  # below the docs folder: the latest result of each table as JSON


def suite(table: Table) -> gx.ExpectationSuite:
    """One expectation per promise: no day of the metrics frame has a row that breaks it."""
    expectations = [
        gxe.ExpectColumnValuesToBeBetween(
            column=promise.sentence,
            min_value=0,
            max_value=0,
            description=promise.sentence,
            meta={
                "promise": promise.sentence,
                "column": promise.column,
                "expectation": promise.expectation,
            },
        )
        for promise in promises(table)
    ]
    return gx.ExpectationSuite(table.name, expectations=expectations, notes=table.about)


def verdict(
    rows: Sequence[Mapping[str, Any]], table: Table, run_id: str, docs_dir: Path | None = None
) -> set[tuple[str, str]]:
    """Broken promises as (sentence, day). With `docs_dir` the result is kept for `build_docs`."""
    context = _context()
    source = context.data_sources.add_or_update_pandas(table.name)
    batches = source.add_dataframe_asset(table.name).add_batch_definition_whole_dataframe("metrics")
    definition = context.validation_definitions.add_or_update(
        gx.ValidationDefinition(
            name=table.name, data=batches, suite=context.suites.add_or_update(suite(table))
        )
    )
    result = definition.run(
        batch_parameters={"dataframe": pd.DataFrame(rows).drop(columns="digest")},
        result_format=FORMAT,
        run_id=RunIdentifier(run_name=run_id),
    )
    if docs_dir:
        _keep(result, docs_dir / KEPT / f"{table.name}.json")
    return {failure for one in result.results for failure in _failures(one)}


def build_docs(docs_dir: Path) -> Path:
    """Write Data Docs of the latest audit of each table; returns the page to open."""
    context = _context({SITE: _site(docs_dir.absolute())})
    with _alone(docs_dir):
        for file in sorted((docs_dir / KEPT).glob("[!.]*.json")):
            _show(context, json.loads(file.read_text()))
        shutil.rmtree(docs_dir / "validations", ignore_errors=True)
        with _failing_aloud():
            context.build_data_docs()
    return docs_dir / "index.html"


def _context(sites: dict[str, Any] | None = None) -> AbstractDataContext:
    """A context in memory: a process killed half-way leaves nothing for the next to stumble on."""
    stores = InMemoryStoreBackendDefaults()
    stores.data_docs_sites = sites or {}
    config = DataContextConfig(
        store_backend_defaults=stores,
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _site(folder: Path) -> dict[str, Any]:
    return {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(folder),
        },
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }


def _keep(result: ExpectationSuiteValidationResult, file: Path) -> None:
    """Replace the kept result of a table at once, whoever else reads or writes it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    unfinished.write_text(json.dumps(result.to_json_dict()))
    unfinished.replace(file)


def _show(context: AbstractDataContext, kept: dict[str, Any]) -> None:
    """Put a kept result, and the suite it links to, where the docs builder finds it."""
    if table := TABLES.get(kept["suite_name"]):
        context.suites.add(suite(table))
    suite_id = ExpectationSuiteIdentifier(kept["suite_name"])
    run_id = RunIdentifier(**kept["meta"]["run_id"])
    context.validation_results_store.store_validation_results(
        expectationSuiteValidationResultSchema.load(kept),
        ValidationResultIdentifier(suite_id, run_id, batch_identifier="metrics"),
        suite_id,
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process builds these docs."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _failing_aloud() -> Iterator[None]:
    """Raise what the docs builder only logs: a page that could not be written, with a traceback."""
    told: list[str] = []

    def keep(record: logging.LogRecord) -> bool:
        told.append(record.getMessage())
        return False

    logger = logging.getLogger("great_expectations.render.renderer.site_builder")
    logger.addFilter(keep)
    try:
        yield
    finally:
        logger.removeFilter(keep)
    if told:
        lines = [line for line in told[0].splitlines() if "Error" in line]
        raise OSError(f"Data Docs were not built: {(lines or told)[-1].strip()}")


def _failures(result: ExpectationValidationResult) -> list[tuple[str, str]]:
    if result.success:
        return []
    if result.exception_info["raised_exception"]:
        raise RuntimeError(result.exception_info["exception_message"])
    assert result.expectation_config is not None
    sentence = result.expectation_config.meta["promise"]
    return [(sentence, found["day"]) for found in result.result["unexpected_index_list"]]
