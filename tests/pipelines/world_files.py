"""Records of many worlds as the files of a landing folder."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from pipelines.demo.salesforce import COLUMNS, csv_bytes
from pipelines.demo.sendgrid import body
from tests.pipelines.worlds import Told

LANDED = datetime(2035, 1, 1, tzinfo=UTC)  # after all that 200 worlds tell


def write(landing: Path, number: int, told: Iterable[Told]) -> None:
    """Land records of any worlds together: the kinds of a CRM and each extraction apart, others cut
    into two files.
    """
    files = defaultdict(list)
    for place, one in enumerate(told):
        files[one.kind, place % 2 if one.kind in ("ga4", "sendgrid") else 0].append(one.values)
    for (kind, part), values in files.items():
        file, content = _content(kind, f"{number}-{part}", values)
        path = landing / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        at = LANDED.timestamp() + number
        os.utime(path, (at, at))


def _content(kind: str, name: str, values: list) -> tuple[str, bytes]:
    if kind in ("ga4", "privacy_requests"):
        return f"{kind}/{name}.jsonl", "".join(json.dumps(one) + "\n" for one in values).encode()
    if kind == "sendgrid":
        return f"sendgrid/{name}.json", body(values)
    if kind in COLUMNS:
        header = COLUMNS[kind]
        rows = [[one.get(column, "") for column in header] for one in values]
        return f"salesforce/{kind}-{name}.csv", csv_bytes([header, *rows])
    rows = [row for extraction in values for row in extraction]
    return f"google_ads/{kind}-{name}.csv", csv_bytes([[*rows[0]], *(row.values() for row in rows)])
