"""Markov on the 10,000 paths of PyPI's `mta` (extra `bench`): published figures and seconds.

python -m benchmarks.markov_golden [--peer PYTHON]

With the Python of an environment that has the package ChannelAttribution (see `markov_peer`) its
seconds and errors stand below, at its default and at more and more walks until less than 0.1 % of
the conversions go to another channel than they do exactly.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import subprocess
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


def ours(paths: pa.Table, counts: np.ndarray) -> dict[int, Markov]:
    """Models by order, each with its line; the best of three fits counts."""
    models = {}
    print("order states  P(convert)  fit s  attribute s  passes  fit error  totals")
    for order in range(1, 6):
        seconds = []
        for _ in range(3):
            start = perf_counter()
            models[order] = model = Markov(order).fit(paths, sample_weight=counts)
            seconds.append(perf_counter() - start)
        start = perf_counter()
        model.attribute(paths)
        top = sorted(model.totals_.items(), key=lambda item: -item[1])[:5]
        print(
            f"{order:5} {model.n_states_:6}  {model.conversion_probability_:.6f}"
            f"  {min(seconds):5.3f}  {perf_counter() - start:11.3f}  {model.fit_passes_:6}"
            f"  {model.fit_error_:9.2e}  " + ", ".join(f"{name} {due:.4f}" for name, due in top)
        )
    return models


def peers(python: str, file: Path, models: dict[int, Markov]) -> None:
    """ChannelAttribution's seconds, and the share of conversions it gives to others than exact."""
    script = Path(__file__).with_name("markov_peer.py")
    print("\norder  walks  fit s  misplaced (ChannelAttribution)")
    for order in (1, 4):
        exact = models[order].totals_
        for walks in ("1e5", "1e6", "3e6", "1e7"):
            command = [python, str(script), str(file), f"{order}:{walks}:0.05"]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found = json.loads(told.splitlines()[-1])
            apart = sum(abs(found["totals"].get(name, 0.0) - due) for name, due in exact.items())
            misplaced = apart / 2 / sum(exact.values())
            print(f"{order:5}  {walks:>5}  {found['seconds']:5.2f}  {misplaced:.3%}", flush=True)
            if misplaced <= 0.001:
                break


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.markov_golden")
    parser.add_argument("--peer", help="a Python that has ChannelAttribution")
    asked = parser.parse_args()
    file = sample_file()
    if file is None:
        raise SystemExit("mta is not installed: uv sync --extra bench")
    models = ours(*read(file))
    if asked.peer:
        peers(asked.peer, file, models)


if __name__ == "__main__":
    main()
