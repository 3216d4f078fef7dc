"""Connected components in Spark: the answer of `components`, for graphs of any size.

Rounds of contraction: each key takes the name of the first among itself and its neighbours, in an
order drawn for the round, so that names, and the edges between them, grow fewer by a third or more
a round on average, whatever the shape. What is left after a few rounds fits the driver, which ends
it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipelines.components import components

FEW_EDGES = 3_000_000  # the driver ends so many in a second or two, where a round takes many
Keep = Callable[[DataFrame], DataFrame]


def solve(
    links: DataFrame, max_links: int, max_component: int, keep: Keep, driver_links: int
) -> DataFrame:
    """One row per linked key, as `components` has them; on the driver if the links are few."""
    kept = keep(links)
    if kept.count() > driver_links:
        return components_in_spark(kept, max_links, max_component, keep)
    solved = components(kept.toArrow(), max_links, max_component)
    return links.sparkSession.createDataFrame(solved)


def components_in_spark(
    links: DataFrame, max_links: int, max_component: int, keep: Keep, few: int = FEW_EDGES
) -> DataFrame:
    """One row per linked key: the smallest key of its component, its guard, its distinct links.

    `links` and the guards are those of `components`. `keep` must store a frame and read it back,
    or every round would compute all rounds before it again. Not more than `few` edges, of two
    numbers each, are solved on the driver.
    """
    nodes = keep(_nodes(links, max_links))
    seed = _seed(nodes)
    hubs = keep(nodes.where("is_hub").select("key"))  # few: kept, Spark knows it
    edges = keep(_edges(links, hubs, seed))
    return _named(nodes, _roots(edges, keep, few), max_component, seed)


def number(key: Column, seed: int) -> Column:
    """A key as 64 bits: long texts are slow to sort and to send."""
    return F.xxhash64(key, F.lit(seed))


def _seed(nodes: DataFrame) -> int:
    """The first seed under which no two keys have one number."""
    keys = nodes.count()
    for seed in count():
        numbers = nodes.select(number(F.col("key"), seed).alias("number")).distinct()
        if numbers.count() == keys:
            break
    return seed


def _nodes(links: DataFrame, max_links: int) -> DataFrame:
    """One row per linked key: its links, and whether it has too many neighbours of a type."""
    ends = links.select(F.col("left").alias("key"), F.col("right_type").alias("type")).unionAll(
        links.select("right", "left_type")
    )
    types = sorted(ends.select("type").distinct().toArrow()["type"].to_pylist())
    of_type = [F.count_if(F.col("type") == name) for name in types]
    most = F.greatest(F.lit(0), *of_type) > max_links
    return ends.groupBy("key").agg(F.count(F.lit(1)).alias("links"), most.alias("is_hub"))


def _edges(links: DataFrame, hubs: DataFrame, seed: int) -> DataFrame:
    """One row per link between keys that may link, as two numbers."""
    kept = links.select("left", "right")
    for end in kept.columns:
        kept = kept.join(hubs.withColumnRenamed("key", end), on=end, how="left_anti")
    return kept.select(*[number(F.col(end), seed).alias(end) for end in ("left", "right")])


def _roots(edges: DataFrame, keep: Keep, few: int) -> DataFrame:
    """One row per number that has an edge, with its component's root, itself perhaps left out."""
    renamed: list[DataFrame] = []
    while edges.count() > few:
        renamed.append(keep(_renamed(edges, F.lit(len(renamed)))))
        edges = keep(_contracted(edges, renamed[-1]))
    roots = edges.sparkSession.createDataFrame(_rest(edges.toArrow()))
    for earlier in reversed(renamed):
        roots = keep(_through(earlier, roots))
    return roots


def _renamed(edges: DataFrame, turn: Column) -> DataFrame:
    """One row per number, with its name after this round."""
    both = edges.unionAll(edges.select("right", "left"))
    nearest = F.min_by("right", F.xxhash64("right", turn)).alias("root")
    found = both.groupBy(F.col("left").alias("number")).agg(nearest)
    is_first = F.xxhash64("number", turn) < F.xxhash64("root", turn)
    return found.withColumn("root", F.when(is_first, F.col("number")).otherwise(F.col("root")))


def _contracted(edges: DataFrame, renamed: DataFrame) -> DataFrame:
    """One row per edge that is left between the new names."""
    for end in ("left", "right"):
        names = renamed.withColumnRenamed("number", end)
        edges = edges.join(names, on=end).drop(end).withColumnRenamed("root", end)
    ends = F.least("left", "right").alias("left"), F.greatest("left", "right").alias("right")
    return edges.where("left <> right").select(*ends).distinct()


def _through(earlier: DataFrame, later: DataFrame) -> DataFrame:
    """The roots of numbers that were renamed as `earlier` says, whose names end as in `later`."""
    then = later.select(F.col("number").alias("root"), F.col("root").alias("end"))
    ended = earlier.join(then, on="root", how="left")
    return ended.select("number", F.coalesce("end", "root").alias("root"))


def _rest(edges: pa.Table) -> pa.Table:
    """One row per number with an edge that is not the smallest of its component, and that one."""
    ends = np.stack([edges["left"].to_numpy(), edges["right"].to_numpy()])
    numbers, place = np.unique(ends, return_inverse=True)
    size = len(numbers)
    row, column = place.reshape(ends.shape)
    graph = coo_array((np.ones(len(row), np.int8), (row, column)), shape=(size, size))
    label = connected_components(graph, directed=False)[1] if size else np.empty(0, np.int64)
    _, first = np.unique(label, return_index=True)
    root = numbers[first[label]]
    moves = root != numbers
    return pa.table({"number": numbers[moves], "root": root[moves]})


def _named(nodes: DataFrame, roots: DataFrame, max_component: int, seed: int) -> DataFrame:
    """One row per key, as `components` has it."""
    found = nodes.withColumn("number", number(F.col("key"), seed))
    rooted = found.join(roots, on="number", how="left")
    of_root = Window.partitionBy(F.coalesce("root", "number"))
    sized = rooted.select(
        "key", "is_hub", "links", F.min("key").over(of_root).alias("smallest"),
        (F.count(F.lit(1)).over(of_root) > max_component).alias("is_too_big"),
    )  # fmt: skip
    return sized.select(
        "key",
        F.when(F.col("is_too_big"), F.col("key")).otherwise(F.col("smallest")).alias("person_key"),
        F.when(F.col("is_hub"), "fan_out").when(F.col("is_too_big"), "component").alias("refused"),
        "links",
    )
