"""The star's `use_index` says what the model says of the same bags, and keeps to its window."""

import re
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from benchmarks.felt import CELLS, true_index, used
from expectations.arrow import arrow_schema
from expectations.tables import TABLES
from expectations.tables.lifecycle import BAGS
from models.use_index import use_index_of_bags
from pipelines.query import add_star, rows

PAGE = Path(__file__).parents[2] / "docs" / "touchpoint_map.md"
THROUGH = date(2026, 3, 31)
STAGES = ("awareness", "loyalty")


def cell(entries, channel, stage="loyalty", segment="(all)", day=THROUGH):
    """A row of the map with what bags of a channel have in it."""
    mine = [row for row in entries.to_pylist() if row["cell"] == channel]
    bags = [{name: row[name] for name in ("bag", "used", "credit")} for row in mine]
    return {"model": "linear", "stage": stage, "stage_number": 1, "segment": segment,
            "channel": channel, "bags": bags, "day": day}  # fmt: skip


def star(cells):
    con = duckdb.connect()
    for table in TABLES.values():
        con.register(f"no_{table.name}", arrow_schema(table).empty_table())
        con.execute(f"CREATE TABLE {table.name} AS FROM no_{table.name}").fetchall()
    con.execute("INSERT INTO publications BY NAME SELECT 1 AS publication_id, "
                f"DATE '{THROUGH}' AS through_date").fetchall()  # fmt: skip
    schema = arrow_schema(TABLES["touchpoint_map"])
    made = pa.table({f.name: pa.array([row.get(f.name) for row in cells], f.type) for f in schema})
    con.register("cells", made)
    con.execute("INSERT INTO touchpoint_map BY NAME FROM cells").fetchall()
    add_star(con, 1)
    return con


@pytest.fixture(scope="module")
def con():
    seeds = {(stage, segment): used(3000, BAGS, seed) for seed, (stage, segment) in enumerate(
        (stage, segment) for stage in STAGES for segment in ("new", "old"))}  # fmt: skip
    cells = [cell(drawn, channel, *place) for place, drawn in seeds.items() for channel in CELLS]
    cells.append(cell(used(9000, BAGS, 9), "Display", day=date(2025, 12, 31)))  # 90 days before
    return star(cells), seeds


def test_all_stages_and_segments_together_have_the_index_and_interval_of_the_model(con):
    con, seeds = con
    made = use_index_of_bags(pa.concat_tables(seeds.values()), BAGS).to_pylist()
    every = "stage = '(every)' AND segment = '(every)'"
    found = rows(con, f"SELECT * FROM use_index WHERE {every} ORDER BY channel")
    assert [row["channel"] for row in found] == [row["cell"] for row in made]
    for mine, theirs in zip(found, made, strict=True):
        for name, other in (("use_share",) * 2, ("credit_share",) * 2, ("use_index", "index"),
                            ("index_low",) * 2, ("index_high",) * 2):  # fmt: skip
            assert mine[name] == pytest.approx(theirs[other])
        assert mine["verdict"] == theirs["verdict"]


def test_cells_of_a_segment_share_out_all_its_use_and_credit(con):
    con, _ = con
    shares = "SELECT segment, sum(use_share), sum(credit_share) FROM use_index"
    by_stage = con.execute(f"{shares} WHERE stage <> '(every)' GROUP BY 1 ORDER BY 1").fetchall()
    assert by_stage == [(name, pytest.approx(1), pytest.approx(1))
                        for name in ("(every)", "new", "old")]  # fmt: skip


def test_the_query_on_the_page_lists_every_segment(con):
    con, _ = con
    query = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)[-1]
    assert [(row["segment"], row["verdict"]) for row in rows(con, query)][:2] == [
        ("(every)", "over-used"), ("(every)", "over-used")
    ]  # fmt: skip
    assert len(rows(con, query)) == 3 * len(CELLS)


def test_planted_over_and_under_use_is_told_apart_by_the_view(con):
    con, _ = con
    asked = "SELECT channel, verdict FROM use_index WHERE stage = '(every)' AND segment = '(every)'"
    told = dict(con.execute(asked).fetchall())
    truth = true_index()
    assert (told["Display"], told["Search"]) == ("over-used", "under-used")
    assert truth["Display"] < 1 < truth["Search"]


def test_where_a_single_bag_of_persons_decides_there_is_no_interval():
    assert rows(star([]), "FROM use_index") == []
    alone = pa.table({"cell": ["Email"], "bag": [7], "used": [3], "credit": [1]})
    found = rows(star([cell(alone, "Email")]), "FROM use_index WHERE segment = '(every)'")
    assert {(row["use_index"], row["index_low"], row["verdict"]) for row in found} == {
        (1.0, None, None)
    }
