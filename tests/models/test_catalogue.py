"""The page of models says what the registry has."""

from __future__ import annotations

from pathlib import Path

from models.catalogue import ENTRIES, PAGE, main, page
from models.registry import MODELS

HOUSE = Path(__file__).parents[2]


def test_the_page_is_fresh():
    assert (HOUSE / PAGE).read_text() == page(), "run `python -m models.catalogue --write`"


def test_every_model_has_a_row_and_no_other_has():
    assert list(ENTRIES) == list(MODELS)
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == list(MODELS)
    assert all(row.replace("\\|", "").count("|") == 6 for row in rows)


def test_a_stale_page_is_told_and_renewed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["--check"]) == 1
    assert main(["--write"]) == 0
    assert main(["--check"]) == 0
    assert capsys.readouterr().out == "docs/models.md is stale\ndocs/models.md renewed\n"
