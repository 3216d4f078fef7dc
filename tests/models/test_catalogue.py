"""The page of models says what the registry has."""

from models.catalogue import ENTRIES, page
from models.registry import MODELS


def test_every_model_has_a_row_and_no_other_has():
    assert list(ENTRIES) == list(MODELS)
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == list(MODELS)
    assert all(row.replace("\\|", "").count("|") == 6 for row in rows)
