"""What a trial says about a mapping and a file. Pure: lists in, figures out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pipelines.sources.trial import WORD, Trial

OTHER = "other"
Row = dict[str, Any]


@dataclass(frozen=True)
class Limits:
    """Where a file or a mapping is not fit to be loaded."""

    max_quarantine: float = 0.05  # share of parts
    late_days: float = 3.0
    as_of: datetime | None = None


def findings(trial: Trial, limits: Limits) -> dict[str, Any]:
    """Figures by section; `failed` lists the requirements that are not met, as sentences."""
    accepted = [row for row in trial.rows if row["reason"] is None]
    is_spend = trial.mapping.kind == "spend"
    found = {
        "mapping": trial.mapping.stamp,
        "file": trial.file,
        "is_named_for_it": trial.is_named,
        "records": trial.records,
        "is_whole_file": trial.is_whole,
        "accepted": len(accepted),
        "quarantine": quarantine(trial),
        "money": money(accepted, "cost" if is_spend else "value"),
        **(_of_spend(accepted) if is_spend else _of_events(trial.rows, accepted, limits)),
    }
    return {**found, "failed": failed(found, limits)}


def _of_events(rows: list[Row], accepted: list[Row], limits: Limits) -> dict[str, Any]:
    return {
        "repeats": repeats(accepted),
        "identity": identity(accepted),
        "time": times([row["occurred_at"] for row in accepted], limits),
        "event_types": _counted(row["event_type"] for row in accepted),
        "unmapped": unmapped(rows),
    }


def _of_spend(accepted: list[Row]) -> dict[str, Any]:
    days: list[date] = [row["spend_date"] for row in accepted]
    accounts = {(row["platform"], row["account_id"]) for row in accepted}
    return {
        "days": {"first": min(days, default=None), "last": max(days, default=None)},
        "accounts": sorted(" ".join(one) for one in accounts),
        "campaigns": len({row["campaign_id"] for row in accepted}),
    }


def quarantine(trial: Trial) -> list[dict[str, Any]]:
    """One entry per reason and field: how many records or parts, and the first of them."""
    rejected = [*trial.undecoded]
    for row in trial.rows:
        if row["reason"] is not None:
            told = {"field": row["bad_field"], "value": row["bad_value"]}
            rejected.append({"line": row["line"], "reason": row["reason"], **told})
    groups: dict[tuple[str, str], list[Row]] = {}
    for one in sorted(rejected, key=lambda one: one["line"]):
        groups.setdefault((one["reason"], one["field"] or ""), []).append(one)
    return [
        {"reason": reason, "field": field or None, "count": len(ones),
         "first_line": ones[0]["line"], "first_value": ones[0]["value"]}
        for (reason, field), ones in sorted(groups.items(), key=lambda one: (-len(one[1]), one[0]))
    ]  # fmt: skip


def repeats(accepted: list[Row]) -> dict[str, int]:
    """Events told again: by the declared key, and word for word.

    `contradicting` are repeats by the key with other words: versions told at one time, or a key
    that different events share.

    >>> rows = [("a", "1", "x"), ("a", "1", "x"), ("a", "1", "y"), ("b", "1", "z")]
    >>> names = "event_id", "record_version", "payload_hash"
    >>> repeats([dict(zip(names, row)) for row in rows])
    {'by_key': 2, 'word_for_word': 1, 'contradicting': 1}
    """
    keys = {(row["event_id"], row["record_version"]) for row in accepted}
    told = {(row["event_id"], row["record_version"], row["payload_hash"]) for row in accepted}
    return {
        "by_key": len(accepted) - len(keys),
        "word_for_word": len(accepted) - len({row["payload_hash"] for row in accepted}),
        "contradicting": len(told) - len(keys),
    }


def identity(accepted: list[Row]) -> dict[str, Any]:
    """How many events say whose they are, and by which kinds of identifiers."""
    kinds = [{one["type"] for one in row["ids"]} for row in accepted]
    known = sum(map(bool, kinds))
    types = _counted(kind for found in kinds for kind in found)
    return {"events": known, "share": _share(known, len(accepted)), "types": types}


def times(at: list[datetime], limits: Limits) -> dict[str, Any]:
    """First and last event; shares that are late or in the future, seen from `as_of`.

    Without an `as_of` the newest event stands in for it, and no event can be in its future.
    """
    newest = max(at, default=None)
    seen = limits.as_of or newest
    found: dict[str, Any] = {"first": min(at, default=None), "last": newest, "as_of": seen}
    if seen is None:
        return {**found, "late_share": None, "future_share": None}
    edge = seen - timedelta(days=limits.late_days)
    future = sum(one > seen for one in at) if limits.as_of else None
    return {
        **found,
        "late_share": _share(sum(one < edge for one in at), len(at)),
        "future_share": None if future is None else _share(future, len(at)),
    }


def unmapped(rows: Iterable[Row]) -> dict[str, int]:
    """The source's words for kinds of events that the mapping calls other, or has no word for."""
    return _counted(
        dict(row["attributes"] or {}).get(WORD) or row["event_name"] or row["bad_value"] or "?"
        for row in rows
        if (row["reason"] is None and row["event_type"] == OTHER)
        or row["bad_field"] == "event_type"
    )


def money(accepted: list[Row], amount: str) -> list[dict[str, Any]]:
    """One entry per currency: how many amounts, and their sum."""
    paid = [row for row in accepted if row[amount] is not None]
    currencies = sorted({row["currency"] for row in paid})
    of = {name: [row[amount] for row in paid if row["currency"] == name] for name in currencies}
    return [{"currency": n, "amounts": len(all_), "sum": sum(all_)} for n, all_ in of.items()]


def failed(found: dict[str, Any], limits: Limits) -> list[str]:
    """Requirements that are not met, as sentences; none if the file is fit to be loaded."""
    if not found["records"]:
        return ["the file has no records"]
    rejected = sum(one["count"] for one in found["quarantine"])
    said = []
    if not found["accepted"]:
        said.append("nothing of it is mapped")
    elif (share := rejected / (rejected + found["accepted"])) > limits.max_quarantine:
        most = f"more than {limits.max_quarantine:.1%}"
        said.append(f"{share:.1%} would go to quarantine, {most} (--max-quarantine)")
    if found["accepted"] and "identity" in found and not found["identity"]["events"]:
        said.append("no event has an identifier, so no touch can meet a conversion")
    if "event_types" in found and set(found["event_types"]) == {OTHER}:
        said.append(f"every event is of type {OTHER!r}, which is neither touch nor conversion")
    return said


def _counted(words: Iterable[str]) -> dict[str, int]:
    found = Counter(words)
    return {word: found[word] for word in sorted(found, key=lambda word: (-found[word], word))}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
