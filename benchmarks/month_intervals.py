"""What it costs to say how sure a month's figures are, once Spark has added them up.

python -m benchmarks.month_intervals [--conversions 1000000] [--campaigns 200] [--dry]
"""

from __future__ import annotations

import argparse
import os
from time import process_time

import numpy as np
import pyarrow as pa

from benchmarks import results
from benchmarks.memory import Peak
from models.bootstrap import GROUPS
from models.certainty import month_rows

CHANNELS, TOUCHES = 30, 3
MODELS = (
    "first_touch", "last_touch", "last_non_direct", "linear", "position_based", "time_decay",
    "markov",
)  # fmt: skip


def made_cells(conversions: int, campaigns: int, seed: int = 0) -> pa.Table:
    """Sums of a month by campaign and group of persons, as Spark hands them over."""
    random = np.random.default_rng(seed)
    touches = conversions * TOUCHES
    label = random.zipf(1.3, touches) % campaigns
    cell, back = np.unique(
        label * GROUPS + random.integers(0, GROUPS, touches), return_inverse=True
    )
    label, group = cell // GROUPS, cell % GROUPS
    columns = {
        "channel": pa.array([f"channel {one % CHANNELS}" for one in label.tolist()]),
        "campaign": pa.array([f"campaign {one}" for one in label.tolist()]),
        "group": pa.array(group, pa.int32()),
        "cost": pa.nulls(len(cell), pa.float64()),
    }
    for model in MODELS:
        share = random.random(touches) / TOUCHES
        columns[f"conversions_{model}"] = pa.array(np.bincount(back, share))
        columns[f"value_{model}"] = pa.array(np.bincount(back, 80 * share))
    return pa.table(columns)


def section(asked: argparse.Namespace, sums: int, rows: int, seconds: float, peak: int) -> str:
    """What was measured, in Markdown."""
    return f"""## Intervals of a month, {asked.conversions:,} conversions

`python -m benchmarks.month_intervals --conversions {asked.conversions}` on {results.machine()}. A
month of {asked.conversions:,} conversions of {TOUCHES} touches, {CHANNELS} channels and
{asked.campaigns} campaigns under {len(MODELS)} models: {sums:,} sums by group of persons become
{rows:,} rows with 200 replicates in **{seconds:.1f} s** of CPU, peak {peak / 2**20:,.0f} MB of the
process. More conversions add no sums once every campaign has credit in every group.
"""


def main() -> None:
    """Time it, write the section."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--conversions", type=int, default=1_000_000)
    parser.add_argument("--campaigns", type=int, default=200)
    parser.add_argument("--dry", action="store_true")
    asked = parser.parse_args()
    cells = made_cells(asked.conversions, asked.campaigns)
    begun = process_time()
    with Peak(os.getpid()) as peak:
        rows = month_rows(cells, MODELS)
    seconds = process_time() - begun
    text = section(asked, cells.num_rows, rows.num_rows, seconds, peak.bytes)
    print(text)
    if not asked.dry:
        results.write(text)


if __name__ == "__main__":
    main()
