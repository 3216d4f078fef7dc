"""The flow before a conversion keeps every conversion it is given, and stays inside its drawing."""

from __future__ import annotations

import re
from datetime import date

import pytest

from pipelines.report import flows

THROUGH = date(2026, 3, 1)


@pytest.fixture
def paths(no_rows):
    def insert(**counted: int):
        for path, n in counted.items():
            no_rows.execute(
                "INSERT INTO path_summary BY NAME SELECT 'order' AS conversion_type, $path AS path,"
                " $n AS conversions, 0 AS losses, 1 AS net_value, 'EUR' AS currency, "
                "DATE '2026-01-01' AS month",
                {"path": path, "n": n},
            ).fetchall()
        return flows.links(no_rows, THROUGH)

    return insert


def test_a_path_is_its_last_steps_and_ends_in_the_conversion(paths):
    rows = paths(**{"A > B > C > D > E": 3, "B > E": 2, "(unattributed)": 9})
    told = [(row["step"], row["source"], row["target"], row["conversions"]) for row in rows]
    assert told == [
        (0, "E", "order", 5), (1, "D", "E", 3), (1, "B", "E", 2), (2, "C", "D", 3),
        (3, "B", "C", 3),
    ]  # fmt: skip


def test_channels_beyond_the_most_used_are_one_node(paths):
    rows = paths(**{f"C{i}": 10 + i for i in range(flows.MOST + 2)})
    assert {row["source"]: row["conversions"] for row in rows}[flows.OTHER] == 10 + 11
    assert len(rows) == flows.MOST + 1


def test_bands_leave_a_node_with_all_that_it_has_and_nothing_lies_outside(seeded):
    rows = [row for row in flows.links(seeded, THROUGH) if row["currency"] == "EUR"]
    nodes, bands = flows.drawing(rows)
    for node in nodes:
        here = (node.column, node.name)
        out = sum(b.conversions for b in bands if (b.step + 1, b.source) == here)
        into = sum(b.conversions for b in bands if (b.step, b.target) == here)
        assert node.conversions == (into if node.column == 0 else out)
        assert into <= node.conversions
        assert node.y >= flows.TOP
        assert node.y + node.height <= flows.HEIGHT + 0.01
    for band in bands:
        assert all(0 <= float(n) <= flows.WIDTH for n in re.findall(r"[\d.]+", band.path))


def test_no_path_is_no_drawing():
    assert flows.drawing([]) == ([], [])
