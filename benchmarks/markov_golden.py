"""Markov on the 10,000 paths of PyPI's `mta` (extra `bench`): published figures and seconds.

python -m benchmarks.markov_golden
"""

from __future__ import annotations

import csv
import gzip
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import numpy as np
import pyarrow as pa

from models.markov import Markov


def sample_file() -> Path | None:
    """The sample inside the installed package, if it is installed."""
    package = find_spec("mta")
    if package is None or package.origin is None:
        return None
    return Path(package.origin).parent / "data" / "data.csv.gz"


def read(file: Path) -> tuple[pa.Table, np.ndarray]:
    """One row per path of the sample and outcome, and how often it happened."""
    with gzip.open(file, "rt", newline="") as lines:
        rows = list(csv.DictReader(lines))
    channels = [row["path"].split(" > ") for row in rows]
    counts = [int(row[name]) for name in ("total_conversions", "total_null") for row in rows]
    converted = [True] * len(rows) + [False] * len(rows)
    paths = pa.table({"channels": channels * 2, "is_converted": converted})
    return paths, np.array(counts)


def main() -> None:
    file = sample_file()
    if file is None:
        raise SystemExit("mta is not installed: uv sync --extra bench")
    paths, counts = read(file)
    print("order states  P(convert)  fit s  attribute s  passes  fit error  totals")
    for order in range(1, 6):
        start = perf_counter()
        model = Markov(order).fit(paths, sample_weight=counts)
        fitted = perf_counter()
        model.attribute(paths)
        seconds = fitted - start, perf_counter() - fitted
        top = sorted(model.totals_.items(), key=lambda item: -item[1])[:5]
        print(
            f"{order:5} {model.n_states_:6}  {model.conversion_probability_:.6f}"
            f"  {seconds[0]:9.3f}  {seconds[1]:11.3f}  {model.fit_passes_:6}"
            f"  {model.fit_error_:9.2e}  " + ", ".join(f"{name} {due:.4f}" for name, due in top)
        )


if __name__ == "__main__":
    main()
