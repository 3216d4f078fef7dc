"""The `touchstone` command: the same functions that the DAGs call, for people and scripts."""

from pipelines.cli.app import main

__all__ = ["main"]
