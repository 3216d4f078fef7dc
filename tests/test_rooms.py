"""The rooms of the house and the arrows between them: who may import and call what."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

HOUSE = Path(__file__).parent.parent
MAY_IMPORT = {
    "expectations": set(),
    "models": {"expectations"},
    "pipelines": {"expectations", "models"},
    "dags": {"expectations", "pipelines"},
}
STANDARD = set(sys.stdlib_module_names)
SPARK_IN_EXPECTATIONS = {"spark.py", "metrics.py", "examples.py", "audit.py"}


def trees(room: str, pattern: str = "**/*.py") -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((HOUSE / room).glob(pattern)):
        yield str(path.relative_to(HOUSE)), ast.parse(path.read_text())


def modules(nodes: Iterator[ast.AST] | list[ast.stmt]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def imports(room: str, pattern: str = "**/*.py") -> list[tuple[str, str]]:
    """Every (file, module) that a room imports, inside functions too."""
    return [(f, m) for f, tree in trees(room, pattern) for m in modules(ast.walk(tree))]


def top_imports(room: str, pattern: str = "**/*.py") -> list[tuple[str, str]]:
    """Every (file, module) that is imported as soon as the file is."""
    return [(f, m) for f, tree in trees(room, pattern) for m in modules(tree.body)]


def root(module: str) -> str:
    return module.split(".")[0]


def test_rooms_import_only_the_rooms_below_them():
    wrong = [
        (file, module)
        for room, below in MAY_IMPORT.items()
        for file, module in imports(room)
        if root(module) in MAY_IMPORT.keys() - below - {room} or module.startswith(".")
    ]
    assert wrong == []


def test_contracts_need_the_standard_library_only():
    found = imports("expectations", "contract.py") + imports("expectations", "tables/*.py")
    assert [i for i in found if root(i[1]) not in STANDARD | {"expectations"}] == []


def test_spark_is_at_home_in_pipelines_and_in_four_files_of_expectations():
    found = [i for room in ("models", "dags", "expectations") for i in imports(room)]
    at_home = {f"expectations/{name}" for name in SPARK_IN_EXPECTATIONS}
    assert [i for i in found if root(i[1]) == "pyspark" and i[0] not in at_home] == []


def test_only_the_session_reaches_below_the_spark_api():
    below = {"rdd", "_jvm", "_jsc", "sparkContext"}
    wrong = [
        (file, node.attr)
        for room in MAY_IMPORT
        for file, tree in trees(room)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in below
    ]
    assert {file for file, _ in wrong} <= {"pipelines/session.py"}


def test_one_module_each_opens_delta_tables_and_feeds_pandas():
    homes = {
        "deltalake": {"pipelines/lake.py", "expectations/delta.py"},
        "great_expectations": {"expectations/suites.py"},
        "pandas": {"expectations/suites.py"},
    }
    found = [i for room in MAY_IMPORT for i in imports(room)]
    assert [i for i in found if i[0] not in homes.get(root(i[1]), {i[0]})] == []


def test_dag_files_import_nothing_heavy_before_a_task_runs():
    light = ("airflow.sdk", "airflow.triggers", "dags", "expectations.tables")
    heavy = [
        (file, module)
        for file, module in top_imports("dags")
        if root(module) not in STANDARD and not module.startswith(light)
    ]
    assert heavy == []


def test_models_have_never_heard_of_files_clocks_or_airflow():
    unheard = {"os", "pathlib", "io", "time", "datetime", "airflow", "duckdb", "deltalake"}
    assert [i for i in imports("models") if root(i[1]) in unheard] == []
