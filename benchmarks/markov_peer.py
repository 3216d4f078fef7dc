"""Markov by the package ChannelAttribution, in a Python of its own: prints one JSON per run.

It shares no dependency with us, so it is not in the lock: make an environment with
``pip install channelattribution matplotlib`` and give its Python to `benchmarks.markov_golden`.
"""

from __future__ import annotations

import json
import sys
from time import perf_counter

import pandas as pd


def main(file: str, runs: list[str]) -> None:
    """A run is ``order:walks:convergence``; walks and convergence as the package takes them."""
    from ChannelAttribution import markov_model  # type: ignore[import-not-found]

    paths = pd.read_csv(file)
    for run in runs:
        order, walks, convergence = run.split(":")
        start = perf_counter()
        result = markov_model(
            paths, "path", "total_conversions", var_null="total_null", order=int(order),
            nsim_start=float(walks), conv_par=float(convergence), verbose=False, flg_pro=False,
        )  # fmt: skip
        seconds = perf_counter() - start
        names, totals = result["channel_name"], result["total_conversions"]
        found = {"run": run, "seconds": seconds, "totals": dict(zip(names, totals, strict=True))}
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
