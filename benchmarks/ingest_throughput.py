"""MB per CPU second and peak memory of ingesting one generated file, and DuckDB's, in one run.

Each contestant runs in a process of its own on one thread, warmed up on a small file, so that
imports do not count; CPU time, so that neighbours count little. `touchstone` is the whole ingest:
hash, decode, check, `records` as Parquet in a lake, the ledger. `decode` is of that only what makes
Arrow batches of bytes. DuckDB hands out Arrow batches of typed columns (JSON) or of one JSON text
per row (CSV), and `duckdb_kept` writes them as Parquet.

    python -m benchmarks.ingest_throughput [--megabytes 300] [--only json]
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
from datetime import UTC, datetime, timedelta
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
    from pipelines.collect import collect
    from pipelines.ingest.landing import Route
    from pipelines.lake import Lake

    landing = path.parent.parent
    route = Route("ga4", "ga4", (f"ga4/{path.name}",))
    with tempfile.TemporaryDirectory(dir=landing.parent) as lake:
        later = datetime.now(UTC) + timedelta(hours=1)
        return collect(Lake(lake), landing, {"ga4": route}, "run", later).records


def decoded(path: Path) -> int:
    from pipelines.ingest.batch import Batch
    from pipelines.ingest.decode import ReadOptions, decode

    batch = Batch("0" * 64, "ga4", "ga4", path.name, path.stat().st_size, datetime.now(UTC))
    return sum(records.num_rows for records in decode(path, batch, ReadOptions()))


def query(path: Path) -> str:
    if path.suffix == ".csv":
        return f"SELECT to_json(t) AS payload FROM read_csv('{path}', all_varchar = true) t"
    return f"FROM read_json('{path}')"


def duckdbs(path: Path) -> int:
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    return sum(batch.num_rows for batch in connection.sql(query(path)).fetch_record_batch())


def duckdb_kept(path: Path) -> int:
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    into = path.with_suffix(".parquet")
    options = f"TO '{into}' (FORMAT parquet, COMPRESSION zstd)"
    [(rows,)] = connection.execute(f"COPY ({query(path)}) {options}").fetchall()
    into.unlink()
    return int(rows)


CONTESTANTS = {
    "touchstone": ours, "decode": decoded, "duckdb": duckdbs, "duckdb_kept": duckdb_kept,
}  # fmt: skip
WRITERS = {"json": write_json, "csv": write_csv}


def measure(name: str, path: Path) -> dict[str, float]:
    small = path.with_name(f"small{path.suffix}")
    WRITERS[path.suffix[1:]](small, 1_000_000)
    CONTESTANTS[name](small)
    small.unlink()
    begun, clock = time.process_time(), time.perf_counter()
    rows = CONTESTANTS[name](path)
    seconds, clock = time.process_time() - begun, time.perf_counter() - clock
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    speed = path.stat().st_size / 1e6 / seconds
    told = {"rows": rows, "cpu_seconds": seconds, "seconds": clock}
    return {**told, "mb_per_cpu_second": speed, "peak_mib": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=300)
    parser.add_argument("--only", choices=list(WRITERS))
    parser.add_argument("--contestants", nargs="+", choices=CONTESTANTS, default=[*CONTESTANTS])
    parser.add_argument("--measure", nargs=2, metavar=("CONTESTANT", "FILE"))
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure[0], Path(arguments.measure[1]))))
        return
    kinds = [arguments.only] if arguments.only else list(WRITERS)
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds:
            path = Path(folder, "landing", "ga4", f"sample.{kind}")
            path.parent.mkdir(parents=True, exist_ok=True)
            WRITERS[kind](path, arguments.megabytes * 1_000_000)
            for name in arguments.contestants:
                command = [sys.executable, "-m", "benchmarks.ingest_throughput"]
                command += ["--measure", name, str(path)]
                told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
                figures = ", ".join(f"{key} {value:,.1f}" for key, value in told.items())
                print(f"{kind:5} {name:11} {figures}", flush=True)
            path.unlink()


if __name__ == "__main__":
    main()
