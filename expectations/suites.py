"""Contract to Great Expectations: the suite, the verdict on a metrics frame, the Data Docs.

Importing this costs seconds, so whoever needs it imports it where it is needed.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
from great_expectations.core import ExpectationValidationResult
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context import AbstractDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    FilesystemStoreBackendDefaults,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)

from expectations.contract import Table
from expectations.promises import promises

# The frame holds counts, never values of rows, so naming every failing day leaks nothing.
FORMAT = {"result_format": "COMPLETE", "unexpected_index_column_names": ["day"]}
SITE = "touchstone"


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
    context = _context(docs_dir)
    if docs_dir:
        _forget_older_results(docs_dir, table)
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
    return {failure for one in result.results for failure in _failures(one)}


def build_docs(docs_dir: Path) -> Path:
    """Write Data Docs of the latest audit of each table; returns the page to open."""
    _context(docs_dir).build_data_docs()
    return docs_dir / "index.html"


def _context(docs_dir: Path | None) -> AbstractDataContext:
    """A context without a project folder; with `docs_dir`, suites and results outlive it there."""
    config = DataContextConfig(
        store_backend_defaults=_stores(docs_dir) if docs_dir else InMemoryStoreBackendDefaults(),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _stores(docs_dir: Path) -> FilesystemStoreBackendDefaults:
    stores = FilesystemStoreBackendDefaults(root_directory=docs_dir.absolute() / ".gx")
    stores.data_docs_sites = {SITE: _site(docs_dir.absolute())}
    return stores


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


def _forget_older_results(docs_dir: Path, table: Table) -> None:
    """Building the docs costs time for every result kept; the audits table has them all."""
    for results in (".gx/uncommitted/validations", "validations"):
        shutil.rmtree(docs_dir / results / table.name, ignore_errors=True)


def _failures(result: ExpectationValidationResult) -> list[tuple[str, str]]:
    if result.success:
        return []
    if result.exception_info["raised_exception"]:
        raise RuntimeError(result.exception_info["exception_message"])
    assert result.expectation_config is not None
    sentence = result.expectation_config.meta["promise"]
    return [(sentence, found["day"]) for found in result.result["unexpected_index_list"]]
