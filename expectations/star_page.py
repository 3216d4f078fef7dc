"""The star in prose: docs/star.md."""

from __future__ import annotations

from expectations.dictionary import section
from expectations.measures import MEASURES, Measure, measure_sql
from expectations.star import STAR

INTRODUCTION = """# The star: facts, dimensions, measures

For BI tools: facts and dimensions over the [tables](tables.md) of one publication, and
what to compute from them. Made from `expectations/star.py` and `expectations/measures.py` by
`make docs`; do not edit.

`touchstone sql` has these views; `touchstone export` takes them along, with every sentence below as
a comment on its table or column. Facts meet dimensions by columns of the same name: `day`,
`channel`, `campaign_key`. Ready-made questions: [questions.md](questions.md).

`use_index` is ready-made: which touchpoints are over- and under-used, how surely, with no table to
join. What the index means: [touchpoint_map.md](touchpoint_map.md).
"""
MEASURES_HEAD = """
## Measures

Sum each part over its own fact, then divide: joining facts row by row counts spend once per touch.

| measure | unit | from | SQL | meaning |
|---|---|---|---|---|"""


def page() -> str:
    """Everything the star's declarations say."""
    views = [section(view.table) for view in STAR]
    rows = [_row(measure) for measure in MEASURES.values()]
    query = measure_sql(MEASURES["roas"], ["day", "channel", "currency"], "model = 'linear'")
    example = ["", "ROAS by day and channel, as the definitions make it:", "", "```sql", query]
    return "\n".join([INTRODUCTION, *views, MEASURES_HEAD, *rows, *example, "```", ""])


def _row(measure: Measure) -> str:
    whence = f"`{measure.fact}`" if measure.fact else "measures"
    return f"| `{measure.name}` | {measure.unit} | {whence} | `{measure.sql}` | {measure.about} |"
