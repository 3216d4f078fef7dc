"""MB per CPU second and peak memory of decoding one generated file, ours and DuckDB's, in one run.

Each contestant runs in a process of its own on one thread, warmed up on a small file, so that
imports do not count; CPU time, so that neighbours count little. Both hand out Arrow batches, ours
of `records` and DuckDB's of typed columns (JSON) or of one JSON text per row (CSV).

    python -m benchmarks.ingest_throughput [--megabytes 300]
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson

PARAMETERS = ("ga_session_id", "page_location", "page_referrer", "session_engaged", "campaign")


def events() -> Iterator[dict[str, object]]:
    number = 0
    while True:
        number += 1
        url = f"https://shop.example/p/{number % 977}?utm_source=newsletter&utm_medium=email"
        yield {
            "event_date": "20260304",
            "event_timestamp": str(1772616123456789 + number),
            "event_name": ("page_view", "scroll", "purchase")[number % 3],
            "user_pseudo_id": f"{number % 88_001}.1772530011",
            "event_params": [{"key": k, "value": {"string_value": url}} for k in PARAMETERS],
            "device": {"category": "mobile", "language": "de-de"},
        }


def write_json(path: Path, size: int) -> None:
    with path.open("wb") as file:
        for event in events():
            if file.write(orjson.dumps(event) + b"\n") and file.tell() >= size:
                return


def write_csv(path: Path, size: int) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["day", "at", "name", "id", "note", *PARAMETERS])
        for number, event in enumerate(events()):
            texts = [str(value) for value in list(event.values())[:4]]
            writer.writerow([*texts, 'a "quoted", note', *(f"value {number}" for _ in PARAMETERS)])
            if number % 1000 == 0 and file.tell() >= size:
                return


def ours(path: Path) -> int:
    from pipelines.ingest.batch import Batch
    from pipelines.ingest.decode import ReadOptions, decode

    batch = Batch("0" * 64, "ga4", "ga4", path.name, path.stat().st_size, datetime.now(UTC))
    return sum(records.num_rows for records in decode(path, batch, ReadOptions()))


def duckdbs(path: Path) -> int:
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    query = f"FROM read_json('{path}')"
    if path.suffix == ".csv":
        query = f"SELECT to_json(t) AS payload FROM read_csv('{path}', all_varchar = true) t"
    return sum(batch.num_rows for batch in connection.sql(query).fetch_record_batch())


CONTESTANTS = {"touchstone": ours, "duckdb": duckdbs}
WRITERS = {"json": write_json, "csv": write_csv}


def measure(name: str, path: Path) -> dict[str, float]:
    small = path.with_name(f"small{path.suffix}")
    WRITERS[path.suffix[1:]](small, 1_000_000)
    CONTESTANTS[name](small)
    begun = time.process_time()
    rows = CONTESTANTS[name](path)
    seconds = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    speed = path.stat().st_size / 1e6 / seconds
    return {"rows": rows, "cpu_seconds": seconds, "mb_per_cpu_second": speed, "peak_mib": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=300)
    parser.add_argument("--measure", nargs=2, metavar=("CONTESTANT", "FILE"))
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure[0], Path(arguments.measure[1]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        for kind, write in WRITERS.items():
            path = Path(folder, f"sample.{kind}")
            write(path, arguments.megabytes * 1_000_000)
            for name in CONTESTANTS:
                command = [sys.executable, "-m", "benchmarks.ingest_throughput"]
                command += ["--measure", name, str(path)]
                told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
                figures = ", ".join(f"{key} {value:,.1f}" for key, value in told.items())
                print(f"{kind:5} {name:10} {figures}")


if __name__ == "__main__":
    main()
