"""On how many rows each shipped mapping is tested: counted in the repository, shipped as data."""

from __future__ import annotations

import json
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import SettingsError
from pipelines.ingest.decode import decode
from pipelines.ingest.landing import Claims
from pipelines.ingest.mapping import Mapping
from pipelines.ingest.mapping_yaml import read
from pipelines.ingest.reading import read_batch
from pipelines.ingest.routes import routes

FILE = Path(__file__).with_name("samples.json")
ANSWER = "expected.json"


@dataclass(frozen=True)
class Sampled:
    """Rows that tests map: `real` ones come from real systems, `written` ones follow the format."""

    real: int = 0
    written: int = 0


def samples() -> dict[str, Sampled]:
    """By mapping, as counted when this version was made."""
    return {name: Sampled(**counts) for name, counts in json.loads(FILE.read_text()).items()}


def samples_text(counts: Dict[str, Sampled]) -> str:
    """The data file, one mapping per line."""
    lines = [f" {json.dumps(n)}: {json.dumps(vars(one))}" for n, one in sorted(counts.items())]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def counted(tests: Path, mappings: Dict[str, Mapping]) -> dict[str, Sampled]:
    """Rows below a folder of tests, by mapping, read as files that land are read.

    `samples/read_by.yaml` says which real files a test reads with which mapping; `golden` has a
    folder of rows for each mapping.
    """
    real = read(tests / "samples" / "read_by.yaml").content
    return {
        name: Sampled(
            sum(_records(tests / "samples" / file) for file in real.get(name, ())),
            sum(_landed(path, mappings[name]) for path in _written(tests / "golden" / name)),
        )
        for name in sorted(mappings)
    }


def _written(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name != ANSWER)


def _landed(path: Path, mapping: Mapping) -> int:
    """Records of a file, as the route reads it that claims it by its name."""
    route = Claims(routes({mapping.name: mapping})).route(f"{mapping.source}/{path.name}")
    if route is None:
        raise SettingsError(f"{path}: {mapping.name} does not read a file of this name; rename it.")
    reading = read_batch(path, route, path.parent)
    return sum(batch.num_rows for batch in reading.batches())


def _records(path: Path) -> int:
    from pipelines.ingest.batch import identify
    from pipelines.ingest.options import ReadOptions

    batch = identify(path, path.name, "sample", "sample")
    return sum(rows.num_rows for rows in decode(path, batch, ReadOptions()))
