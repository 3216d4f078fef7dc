"""The dirt of real exports on every shipped mapping's sample, as far as no Spark is needed."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipelines.errors import MissingInputError
from pipelines.ingest.decode import decode
from pipelines.ingest.landing import Claims
from pipelines.ingest.mapping import load_mappings
from pipelines.ingest.routes import routes
from tests.pipelines.ingest import dirt
from tests.pipelines.ingest.test_decode import batch

GOLDEN = Path(__file__).parents[2] / "golden"
MAPPINGS = load_mappings()
CLAIMS = Claims(routes(MAPPINGS))
SAMPLES = dirt.samples(GOLDEN)
REASONS = {"bad_json", "bad_encoding", "bad_value", "column_count", "bad_parquet"}
NAMED = [f"{name}/{path.name}" for name, path in SAMPLES]


def read(path: Path, name: str, file: str) -> list[tuple[int, str, str | None]]:
    """Line, payload and error of each record, as the mapping's own options read it."""
    route = CLAIMS.route(f"{MAPPINGS[name].source}/{file}")
    assert route is not None
    rows = [row for part in decode(path, batch(file), route.read) for row in part.to_pylist()]
    return [(row["line"], row["payload"], row["error"]) for row in rows]


def options(name: str, file: str):
    return CLAIMS.route(f"{MAPPINGS[name].source}/{file}").read


def values(payload: str) -> object:
    """What a record says; padding and a column told twice say nothing more."""
    said = json.loads(payload)
    if not isinstance(said, dict):
        return said
    once = {k: v for k, v in said.items() if v != "  told twice  " and v != "told twice"}
    return {k: v.strip() if isinstance(v, str) else v for k, v in once.items()}


@pytest.mark.parametrize(("name", "path"), SAMPLES, ids=NAMED)
def test_a_dressed_file_has_the_same_records_and_a_soiled_one_its_dirt_besides(
    name: str, path: Path, tmp_path: Path
):
    how, is_csv = options(name, path.name), path.suffix == ".csv"
    content = path.read_bytes()
    clean = read(path, name, path.name)
    wanted = [values(text) for _, text, error in clean if error is None]
    other = tmp_path / path.name
    other.write_bytes(dirt.dressed(content, how, is_csv))
    found = read(other, name, path.name)
    assert [values(text) for _, text, error in found if error is None] == wanted
    told, bad = dirt.soiled(content, how, is_csv, path.suffix == ".form")
    other.write_bytes(told)
    found = read(other, name, path.name)
    assert [values(text) for _, text, error in found if error is None] == wanted
    errors = [error for _, _, error in found if error is not None]
    assert len(errors) == bad + sum(error is not None for _, _, error in clean)
    assert set(errors) <= REASONS


LINES = [(name, path) for name, path in SAMPLES if path.suffix in (".jsonl", ".csv")]
cheap = settings(
    max_examples=100, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip


@cheap
@given(st.sampled_from(LINES), st.binary(max_size=40), st.integers(0, 99))
def test_a_spoilt_line_costs_no_other(tmp_path, sample, junk: bytes, at: int):
    name, path = sample
    lines = path.read_bytes().splitlines()
    header = 1 + options(name, path.name).skip_rows_after_header if path.suffix == ".csv" else 0
    at = header + at % (len(lines) + 1 - header)
    line = b"".join(junk.replace(b'"', b"").splitlines())
    (tmp_path / "x").write_bytes(b"\n".join([*lines[:at], line, *lines[at:]]))
    found = [text for _, text, _ in read(tmp_path / "x", name, path.name)]
    whole = [text for _, text, _ in read(path, name, path.name)]
    kept = at - header
    assert found[:kept] + found[len(found) - len(whole) + kept :] == whole
    assert len(found) - len(whole) <= 1


@cheap
@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 9999), st.binary(max_size=9))))
@example(SAMPLES[0], [])
def test_no_bytes_crash_the_reader_and_every_bad_record_has_a_reason(tmp_path, sample, blows):
    name, path = sample
    content = bytearray(path.read_bytes())
    for at, junk in blows:
        at %= len(content)
        content[at : at + len(junk)] = junk[: len(junk) // 2 * 2]
    (tmp_path / "x").write_bytes(content)
    try:
        found = read(tmp_path / "x", name, path.name)
    except MissingInputError:  # it became a broken archive
        return
    assert all(error in REASONS for _, _, error in found if error is not None)
    for _, text, error in found:
        if error is None:
            json.loads(text)  # what is told to be a record is JSON


@cheap
@given(st.lists(st.tuples(st.integers(0, 9999), st.binary(min_size=1, max_size=4)), max_size=4))
def test_a_damaged_parquet_file_crashes_nothing(tmp_path, blows):
    rows = pa.table({"event_name": ["a", None] * 50, "n": [[{"k": "x", "v": 1}], None] * 50})
    pq.write_table(rows, tmp_path / "x", row_group_size=20)
    content = bytearray((tmp_path / "x").read_bytes())
    for at, junk in blows:
        at = 4 + at % (len(content) - 4)
        content[at : at + len(junk)] = junk
    (tmp_path / "x").write_bytes(content)
    found = read(tmp_path / "x", "ga4", "a.parquet")
    assert all(error in REASONS for _, _, error in found if error is not None)
