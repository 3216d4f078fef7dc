"""Whatever is in a file, `sources init` proposes a mapping that loads, or says why it cannot."""

from __future__ import annotations

import string

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipelines.errors import TouchstoneError
from pipelines.ingest.mapping import load_mapping
from pipelines.sources.propose import proposed
from tests.pipelines.ingest import dirt
from tests.pipelines.ingest.test_fuzz_decode import SAMPLES, options

SOILED = [
    (path.name, dirt.soiled(path.read_bytes(), options(name, path.name), *kind)[0])
    for name, path in SAMPLES
    for kind in [(path.suffix == ".csv", path.suffix == ".form")]
]
cheap = settings(
    max_examples=100, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
blows = st.lists(st.tuples(st.integers(0, 9999), st.binary(max_size=12)), max_size=5)
names = st.text(string.printable + "äß\u2028€", min_size=1, max_size=8)


def tried(folder, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    try:
        text, called = proposed(folder / name, "mine")
    except TouchstoneError:  # a sentence, and not a crash
        return
    path = folder / f"{called}.yaml"
    path.write_text(text, encoding="utf-8")
    load_mapping(path)


@cheap
@given(st.sampled_from(SOILED), blows)
@example(("deep.json", b'{"a":' * 900 + b"1" + b"}" * 900), [])
@example(("deep.jsonl", b'{"data":' * 900 + b"1" + b"}" * 900 + b"\n{}\n"), [])
@example(("wide.csv", b"a,b\n" + b'"' + b"x" * 200_000 + b'",1\n'), [])
def test_a_spoilt_file_gets_a_mapping_that_loads_or_a_sentence(tmp_path, sample, blows):
    name, content = sample[0], bytearray(sample[1])
    for at, junk in blows:
        content[at % len(content) : at % len(content)] = junk
    tried(tmp_path, name, bytes(content))


@cheap
@given(st.lists(names, min_size=1, max_size=6), st.lists(names, min_size=6, max_size=6))
def test_any_names_and_values_of_columns_get_a_mapping_that_loads(tmp_path, header, row):
    cells = [",".join(f'"{cell}"' for cell in line) for line in (header, row, row[::-1])]
    tried(tmp_path, "any.csv", "\n".join(cells).encode())
