"""Spark's components against the driver's, on many small graphs side by side in one frame."""

import random
from itertools import combinations, count, pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import components_spark
from pipelines.components import SCHEMA, components
from pipelines.components_spark import components_in_spark, solve

pytestmark = pytest.mark.spark
CAPS = {"max_links": 4, "max_component": 9}
NAMES = [*range(9)]
GRAPH = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda p: p[0] != p[1]),
    max_size=14,
)


def drawn():
    """Graphs of Hypothesis' making, at least two hundred; the same every time."""
    found = []

    @given(GRAPH)
    @settings(max_examples=250, derandomize=True, database=None, deadline=None)
    def draw(pairs):
        found.append(pairs)

    draw()
    return found


def shapes():
    """Long chains in order and shuffled, stars, cliques, and all of them at a cap and beyond."""
    mixed = random.Random(1).sample(range(60), 60)
    chains = [[(n, n + 1) for n in range(size)] for size in (1, 7, 8, 9, 80)]
    stars = [[(at, n) for n in range(size) if n != at] for size in (5, 6, 30) for at in (0, size)]
    cliques = [list(combinations(range(size), 2)) for size in (3, 4, 5, 6)]
    ladder = [pair for n in range(40) for pair in ((n, n + 1), (100 + n, 101 + n), (n, 100 + n))]
    return [*chains, [*pairwise(mixed)], *stars, *cliques, ladder]


def links(graphs, types=("email", "phone", "user")):
    """Graphs side by side; names of one graph begin alike, and a name's type is its own."""
    rows = []
    for place, pairs in enumerate(graphs):
        for pair in sorted({tuple(sorted(pair)) for pair in pairs}):
            keys = [f"{place:05d}{n:05d}{'0' * 10}" for n in pair]
            rows.append([*keys, *(types[n % len(types)] for n in pair)])
    columns = list(zip(*rows, strict=True))
    return pa.table(columns, ["left", "right", "left_type", "right_type"])


def by_key(table):
    return sorted(table.cast(SCHEMA).to_pylist(), key=lambda row: row["key"])


@pytest.fixture
def keep(spark, tmp_path):
    numbers = count()

    def kept(frame):
        path = f"{tmp_path}/{next(numbers)}"
        frame.write.parquet(path)
        return spark.read.schema(frame.schema).parquet(path)

    return kept


def test_spark_and_the_driver_agree_on_every_graph(spark, keep):
    told = links([*drawn(), *shapes()])
    expected = by_key(components(told, **CAPS))
    assert {row["refused"] for row in expected} == {None, "fan_out", "component"}
    mixed = told.take(pa.array(random.Random(2).sample(range(len(told)), len(told))))
    made = components_in_spark(spark.createDataFrame(mixed), **CAPS, keep=keep, few=0)
    assert by_key(made.toArrow()) == expected


def test_what_is_left_after_a_round_may_be_ended_on_the_driver(spark, keep):
    told = links(shapes())
    made = components_in_spark(spark.createDataFrame(told), **CAPS, keep=keep, few=len(told) // 2)
    assert by_key(made.toArrow()) == by_key(components(told, **CAPS))


def test_more_links_than_the_driver_takes_are_solved_in_spark_and_alike(spark, keep, monkeypatch):
    told = links([[(0, 1), (1, 2)], [(0, 1)]])
    frame = spark.createDataFrame(told)
    expected = by_key(components(told, **CAPS))
    monkeypatch.setattr(components_spark, "components_in_spark", None)
    assert by_key(solve(frame, **CAPS, keep=keep, driver_links=3).toArrow()) == expected
    monkeypatch.undo()
    monkeypatch.setattr(components_spark, "components", None)
    assert by_key(solve(frame, **CAPS, keep=keep, driver_links=2).toArrow()) == expected


def test_keys_whose_numbers_collide_are_numbered_anew(spark, monkeypatch):
    real = components_spark.number
    clumsy = lambda key, seed: components_spark.F.length(key) if seed < 2 else real(key, seed)  # noqa: E731
    monkeypatch.setattr(components_spark, "number", clumsy)
    nodes = spark.createDataFrame(pa.table({"key": ["a", "b", "ccc"]}))
    assert components_spark._seed(nodes) == 2
