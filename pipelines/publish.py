"""Publications: which versions of all tables a reader should use together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from expectations.arrow import arrow_schema
from expectations.contract import Table
from expectations.tables import PUBLICATIONS, SCORECARD, TABLES
from pipelines.errors import ConflictError, MissingInputError
from pipelines.lake import OFTEN, Lake, retry
from pipelines.lake_files import Snapshot

OWN = "publications"
DELETED = "deleted_to"  # in the state of the table: publications up to this one may lack files
# say nothing that records and its offspring do not say
SILENT = ("audits", "batches", SCORECARD.name)
LOOK_BACK = 20  # versions of a table that others may have made since


def publish(
    lake: Lake, run_id: str, through: date, fingerprint: str, published_at: datetime,
    after: Mapping[str, Any] | None,
) -> int:  # fmt: skip
    """Make a version of every table visible together; return the publication's number.

    If nothing changed since the last publication, that one stays. ConflictError if another run is
    at work, so that tables do not fit together, or published after the publication that this one
    restates, `after`: bring tables up to date again.
    """
    base = lake.snapshot(PUBLICATIONS)
    last = latest(lake, base)
    made = fitting(lake)
    row: dict[str, Any] = {
        "publication_id": last["publication_id"] + 1 if last else 1,
        "run_id": run_id,
        "through_date": max(through, last["through_date"]) if last else through,
        "versions": {name: str(snapshot.version) for name, snapshot in made.items()},
        "settings_fingerprint": fingerprint,
        "code_version": version("touchstone"),
        "published_at": published_at,
    }
    if last and _says(last) == _says(row):
        return int(last["publication_id"])
    _refuse_gap(last, after)
    _refuse_waiting(made, row["through_date"].isoformat())
    rows = pa.Table.from_pylist([row], schema=arrow_schema(PUBLICATIONS))
    lake.append(base, [(f"{row['publication_id']:09d}-{run_id}", rows)], base.state)
    return int(row["publication_id"])


def _refuse_gap(last: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> None:
    """Restatements tell the difference to the publication before, so that must still be it."""
    if last and (not after or after["publication_id"] != last["publication_id"]):
        raise ConflictError(
            f"Run {last['run_id']} published {last['publication_id']} meanwhile. Nothing of this "
            "run was published; run it again."
        )


def _refuse_waiting(made: Mapping[str, Snapshot], through: str) -> None:
    """Every day up to the last one published is made: a run with an earlier end leaves some."""
    for name, snapshot in made.items():
        if late := [day for day in snapshot.state.get("pending", ()) if day <= through]:
            raise ConflictError(
                f"{name} has yet to be made for {min(late)}, and what is published would reach "
                f"{through}: another run with an earlier last day is at work. Run all stages again."
            )


def fitting(lake: Lake, without: tuple[str, ...] = ()) -> dict[str, Snapshot]:
    """Every table as it is to be published: what people read, and what that was made of.

    So work of another run that has not come as far as what people read is left for later.
    """
    versions: dict[str, int] = {}
    found: dict[str, Snapshot] = {}
    for table in [t for name, t in reversed(TABLES.items()) if name not in (OWN, *without)]:
        found[table.name] = snapshot = _agreeing(lake, table, versions)
        versions |= {table.name: snapshot.version, **snapshot.state.get("inputs", {})}
    return found


def _agreeing(lake: Lake, table: Table, versions: Mapping[str, int]) -> Snapshot:
    """The version others were made of; if there is none, the newest made of what they were."""
    newest = lake.snapshot(table, versions.get(table.name))
    back = 0 if table.name in versions else min(LOOK_BACK, max(newest.version, 0))
    for number in range(newest.version, newest.version - back - 1, -1):
        snapshot = newest if number == newest.version else lake.snapshot(table, number)
        inputs: dict[str, int] = snapshot.state.get("inputs", {})
        is_made = bool(inputs) or snapshot is newest
        if is_made and all(
            versions.get(name, made_of) == made_of for name, made_of in inputs.items()
        ):
            return snapshot
    raise ConflictError(
        f"{table.name} was made of other versions of {', '.join(newest.state['inputs'])} than the "
        "tables made later: another run is at work. Run it again when that has ended."
    )


def _says(row: dict[str, Any]) -> tuple[object, ...]:
    versions = {n: v for n, v in dict(row["versions"]).items() if n not in SILENT}
    return row["through_date"], sorted(versions.items()), row["settings_fingerprint"]


def all_publications(lake: Lake, base: Snapshot | None = None) -> list[dict[str, Any]]:
    """Every publication, oldest first."""
    rows = lake.arrow(base or lake.snapshot(PUBLICATIONS)).to_pylist()
    return sorted(rows, key=lambda row: row["publication_id"])


def latest(lake: Lake, base: Snapshot | None = None) -> dict[str, Any] | None:
    """The newest publication, None if there is none yet."""
    rows = all_publications(lake, base)
    return rows[-1] if rows else None


def published(lake: Lake, publication_id: int | None = None) -> dict[str, Snapshot]:
    """Every table as a publication has it (the newest if None).

    MissingInputError if there is none of that number, or `touchstone maintain` has deleted files.
    """
    base = lake.snapshot(PUBLICATIONS)
    rows = all_publications(lake, base)
    chosen = [r for r in rows if publication_id in (None, r["publication_id"])]
    if not chosen:
        what = "publication" if publication_id is None else f"publication {publication_id}"
        known = ", ".join(str(r["publication_id"]) for r in rows[-5:])
        raise MissingInputError(
            f"There is no {what} in {lake.root}"
            + (f"; the newest are {known}." if known else ". Run `touchstone run --day DAY` first.")
        )
    _refuse_deleted(lake, base, chosen[-1]["publication_id"], rows[-1]["publication_id"])
    versions = dict(chosen[-1]["versions"])
    found = {n: lake.snapshot(t, int(versions.get(n, -1))) for n, t in TABLES.items()}
    # what is written after a publication is about it; newer rows name others than is shown
    return found | {OWN: base, SCORECARD.name: lake.snapshot(SCORECARD)}


def deleted_to(base: Snapshot) -> int:
    """The newest publication whose files are no longer kept; 0 if all are."""
    return int(base.state.get(DELETED, 0))


def forget(lake: Lake, up_to: int) -> int:
    """Say that publications up to a number are no longer kept; return the table's version.

    To be called before their files are deleted, so that nobody starts to read half of them.
    """

    def attempt() -> int:
        base = lake.snapshot(PUBLICATIONS)
        if up_to <= deleted_to(base):
            return base.version
        return lake.note(base, {**base.state, DELETED: up_to})

    return retry(attempt, OFTEN)


def _refuse_deleted(lake: Lake, base: Snapshot, number: int, newest: int) -> None:
    last = deleted_to(base)
    if number <= last:
        raise MissingInputError(
            f"Publication {number} is no longer kept in {lake.root}: `touchstone maintain` deletes "
            f"files of it. Publications {last + 1} to {newest} can be read; to keep more from now "
            "on, raise keep_publications under [maintain] in touchstone.toml."
        )
