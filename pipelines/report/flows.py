"""The last steps before a conversion as a flow: which bands there are, and where they are drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import duckdb

from expectations.tables.credit import UNATTRIBUTED
from pipelines.report.queries import Rows, rows_of

STEPS = 4  # before the conversion; longer paths show their last ones
MOST = 7  # channels with a node of their own, by conversions they were a step of
OTHER = ""  # the channels beyond
WIDTH, HEIGHT, NODE, GAP, TOP = 960, 380, 12, 10, 26

# step 0 is from the last channel to the conversion, 1 from the last but one to the last, …
_LINKS = """
    WITH told AS (
        SELECT currency, conversion_type, string_split(path, ' > ') AS steps,
            sum(conversions) AS n
        FROM path_summary WHERE conversions > 0 AND month <= $through AND path <> $unattributed
        GROUP BY ALL
    ), weights AS (
        SELECT currency, channel, row_number() OVER (
            PARTITION BY currency ORDER BY sum(n) DESC, channel) AS place
        FROM (SELECT currency, n, unnest(list_distinct(steps[-$steps:])) AS channel FROM told)
        GROUP BY currency, channel
    ), links AS (
        SELECT currency, step, steps[-step - 1] AS source,
            CASE WHEN step = 0 THEN conversion_type ELSE steps[-step] END AS target, n
        FROM told, range($steps) t(step) WHERE len(steps) > step
    )
    SELECT l.currency, step::INTEGER AS step,
        CASE WHEN s.place <= $most THEN source ELSE $other END AS source,
        CASE WHEN step = 0 OR t.place <= $most THEN target ELSE $other END AS target,
        sum(n)::BIGINT AS conversions
    FROM links l JOIN weights s ON s.currency = l.currency AND s.channel = source
    LEFT JOIN weights t ON t.currency = l.currency AND t.channel = target
    GROUP BY ALL ORDER BY l.currency, step, conversions DESC, source, target"""


@dataclass(frozen=True)
class Node:
    """One channel in one column (0 the conversion, 1 the last step, …), where it is drawn."""

    column: int
    name: str
    conversions: int
    x: float
    y: float
    height: float

    @property
    def place(self) -> tuple[float, int]:
        """Where its column is, and which."""
        return self.x, self.column


@dataclass(frozen=True)
class Band:
    """One link as an SVG path."""

    source: str
    target: str
    step: int
    conversions: int
    path: str


def links(con: duckdb.DuckDBPyConnection, through: date) -> Rows:
    """Count conversions by step before the conversion, source and target; OTHER is folded."""
    named = {"through": through, "unattributed": UNATTRIBUTED, "steps": STEPS, "most": MOST}
    return rows_of(con, _LINKS, other=OTHER, **named)


def drawing(rows: Rows) -> tuple[list[Node], list[Band]]:
    """Place the nodes and bands of one currency; nothing if there is no link."""
    if not rows:
        return [], []
    nodes = _nodes(rows)
    return list(nodes.values()), list(_bands(rows, nodes))


def _nodes(rows: Rows) -> dict[tuple[int, str], Node]:
    sizes: dict[tuple[int, str], int] = {}
    for row in rows:  # what enters a node leaves it; paths may begin there, so outflow is the size
        key = (row["step"] + 1, row["source"])
        sizes[key] = sizes.get(key, 0) + row["conversions"]
        if row["step"] == 0:
            sizes[0, row["target"]] = sizes.get((0, row["target"]), 0) + row["conversions"]
    columns = sorted({column for column, _ in sizes})
    order = _order(sizes)
    most_nodes = max(sum(c == column for c, _ in sizes) for column in columns)
    whole = max(sum(n for (c, _), n in sizes.items() if c == column) for column in columns)
    scale = (HEIGHT - TOP - GAP * (most_nodes - 1)) / whole
    placed: dict[tuple[int, str], Node] = {}
    for column in columns:
        y = float(TOP)
        for key in sorted((k for k in sizes if k[0] == column), key=order.__getitem__):
            height = sizes[key] * scale
            placed[key] = Node(column, key[1], sizes[key], _x(column, len(columns)), y, height)
            y += height + GAP
    return placed


def _x(column: int, columns: int) -> float:
    return (WIDTH - 150) * (columns - 1 - column) / (columns - 1)


def _order(sizes: dict[tuple[int, str], int]) -> dict[tuple[int, str], tuple[bool, int, str]]:
    """The same channel at the same height in every column, as far as there is room; OTHER last."""
    whole: dict[tuple[bool, str], int] = {}
    for (column, name), n in sizes.items():
        key = (column == 0, name)
        whole[key] = whole.get(key, 0) + n
    return {key: (key[1] == OTHER, -whole[key[0] == 0, key[1]], key[1]) for key in sizes}


def _bands(rows: Rows, nodes: dict[tuple[int, str], Node]) -> Iterable[Band]:
    left: dict[tuple[int, str], float] = {key: node.y for key, node in nodes.items()}
    right = dict(left)

    def place(row: dict[str, object]) -> tuple[float, float]:
        return (nodes[_source(row)].y, nodes[_target(row)].y)

    for row in sorted(rows, key=lambda row: (-row["step"], *place(row))):
        source, target = nodes[_source(row)], nodes[_target(row)]
        height = row["conversions"] * source.height / source.conversions
        a, b = right[_source(row)], left[_target(row)]
        right[_source(row)] += height
        left[_target(row)] += height
        named = (row["source"], row["target"], row["step"], row["conversions"])
        yield Band(*named, _curve(source.x + NODE, a, target.x, b, height))


def _source(row: dict[str, object]) -> tuple[int, str]:
    return int(str(row["step"])) + 1, str(row["source"])


def _target(row: dict[str, object]) -> tuple[int, str]:
    return int(str(row["step"])), str(row["target"])


def _curve(x1: float, y1: float, x2: float, y2: float, height: float) -> str:
    """A band of even height between two points on its upper edge."""
    middle = (x1 + x2) / 2
    return (
        f"M{x1:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        f"v{height:.1f}C{middle:.1f} {y2 + height:.1f} {middle:.1f} {y1 + height:.1f} "
        f"{x1:.1f} {y1 + height:.1f}z"
    )
