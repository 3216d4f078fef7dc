"""Which channel a visit would be of, and why: asked of the plan that makes touchpoints."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from expectations.spark import spark_schema
from expectations.tables import RECORDS
from pipelines.channels import COLUMNS, OTHERWISE, TouchSettings, holds, rule_book, ruled_traffic
from pipelines.errors import UsageError
from pipelines.ingest.mapping import Mapping
from pipelines.ingest.mapping_compile import map_records
from pipelines.ingest.mapping_yaml import nearest, read
from pipelines.rule_conditions import Condition, In, Joined, Listed, Matches, Not
from pipelines.rulebook import BUILT_IN, RuleBook
from pipelines.touchpoints import evident
from pipelines.traffic import because

TAGS = ("utm_source", "utm_medium", "utm_campaign")
WORDS = ("url", "referrer", *TAGS, "event_type", "platform")
AT = datetime(2026, 1, 1, tzinfo=UTC)  # of the visit; nothing depends on it
ASKED = "web"  # the source that tells of it

Told = dict[str, Any]


def visit(words: Iterable[str], book: RuleBook) -> dict[str, str]:
    """What was typed, an address or name=value, by name; UsageError if a name is unknown.

    >>> from pipelines.rulebook import load_rules
    >>> visit(["https://a.example/?utm_source=x", "referrer=https://b.example"], load_rules())
    {'url': 'https://a.example/?utm_source=x', 'referrer': 'https://b.example'}
    >>> visit(["?utm_source=x&gclid=1"], load_rules())
    {'utm_source': 'x', 'gclid': '1'}
    """
    known = (*WORDS, *(one.name for one in book.click_ids))
    found: dict[str, str] = {}
    for word in words:
        if "://" in word.split("=")[0]:
            found["url"] = word
            continue
        pairs = parse_qsl(word[1:]) if word.startswith("?") else [tuple(word.split("=", 1))]
        for pair in pairs:
            if len(pair) < 2 or pair[0] not in known:
                hint = nearest(pair[0], known)
                raise UsageError(f"{word!r} is neither an address nor name=value; {hint}.")
            found[pair[0]] = pair[1]
    return found


def channel_of(spark: SparkSession, told: dict[str, str], settings: TouchSettings) -> Told:
    """Source, medium and channel of a visit, the rule, and every condition of every rule tried."""
    book = rule_book(settings)
    ruled = ruled_traffic(evident(_event(spark, told, book), book), book)
    parts = [part for rule in book.rules for part in _parts(rule.when)]
    met = F.expr(f"array({', '.join(holds(part) for part in parts)})").alias("met")
    fields = [F.col(column).alias(f"field_{name}") for name, column in COLUMNS.items()]
    names = ("traffic_source", "traffic_medium", "campaign", "click_id", "channel", "channel_rule",
             "has_evidence", "is_return")  # fmt: skip
    asked = ruled.select(*names, because(book).alias("because"), met, *fields)
    (row,) = asked.toArrow().to_pylist()
    seen = {name: row.pop(f"field_{name}") for name in COLUMNS}
    return {**row, "seen": seen, "rules": _rules(book, row.pop("met"), seen, settings.user_file)}


def _event(spark: SparkSession, told: dict[str, str], book: RuleBook) -> DataFrame:
    """One event, read from what was told by a mapping, as any event is."""
    path = {name: {"path": name} for name in (*TAGS, "platform")}
    first = {n: {"first": [path[n], {"path": "url", "url_param": n}]} for n in TAGS}
    clicked = {
        one.name: {"first": [{"path": one.name}, {"path": "url", "url_param": one.name}]}
        for one in book.click_ids
    }
    fields = {
        "event_type": {"first": [{"path": "event_type"}, {"const": "page_view"}]},
        "occurred_at": {"const": AT.isoformat(), "ts": "iso"},
        "page_url": {"path": "url"},
        "referrer_url": {"path": "referrer"},
        "platform": path["platform"],
        **first,
    }
    mapping = Mapping.model_validate(
        {"name": ASKED, "source": ASKED, "version": 1, "read": {"files": "none"},
         "fields": fields, "click_ids": clicked}
    )  # fmt: skip
    record = (ASKED, ASKED, "", "", 1, json.dumps(told), None, AT, AT.date())
    records = spark.createDataFrame([record], spark_schema(RECORDS))
    return map_records(records, mapping)


def _rules(
    book: RuleBook, met: list[bool], seen: dict[str, str], user_file: Path | None
) -> list[Told]:
    """Every rule in its order: whether it is met, where it is written, and each part of it."""
    places, found, answers = dict(_places(user_file)), [], iter(met)
    for rule in book.rules:
        told = [
            {"says": words(part), "is_met": next(answers), "depth": d, "value": _value(part, seen)}
            for part, d in _deep(rule.when)
        ]
        found.append(
            {"rule": rule.name, "channel": rule.channel, "is_met": told[0]["is_met"],
             "where": places.get(rule.name), "conditions": told}
        )  # fmt: skip
    return found


def _places(user_file: Path | None) -> Iterator[tuple[str, str]]:
    """File and line of each rule by its name."""
    for path in filter(None, (BUILT_IN, user_file)):
        document = read(path)
        for number, entry in enumerate(document.content.get("rules", [])):
            yield str(entry["rule"]), f"{path.name}:{document.line(('rules', number))}"


def _deep(when: Condition, depth: int = 0) -> Iterator[tuple[Condition, int]]:
    """A condition and all its parts, the whole before its parts."""
    yield when, depth
    inner = (
        when.parts if isinstance(when, Joined) else (when.part,) if isinstance(when, Not) else ()
    )
    for part in inner:
        yield from _deep(part, depth + 1)


def _parts(when: Condition) -> Iterator[Condition]:
    return (part for part, _ in _deep(when))


def words(when: Condition) -> str:
    """A condition as one says it.

    >>> words(In("medium", ("cpc", "ppc"))), words(Listed("source", "ga4_search"))
    ('medium is one of cpc, ppc', 'source is on list ga4_search')
    >>> words(Not(In("source", ("x",)))), words(Joined("AND", ()))
    ('this does not hold', 'all of these hold')
    """
    match when:
        case In(field, (word,)):
            return f"{field} is {word or 'empty'}"
        case In(field, listed):
            return f"{field} is one of {', '.join(listed)}"
        case Listed(field, name):
            return f"{field} is on list {name}"
        case Matches(field, pattern):
            return f"{field} matches {pattern}"
        case Joined(word, _):
            return f"{'all' if word == 'AND' else 'any'} of these hold"
    return "this does not hold"


def _value(when: Condition, seen: dict[str, str]) -> str | None:
    """What stands in the field that a condition asks about."""
    return seen[when.field] if isinstance(when, In | Listed | Matches) else None


def lines(found: Told, why_not: str | None = None) -> Iterator[str]:
    """The answer for a reader; `why_not` is a rule whose conditions are wanted too."""
    yield f"{found['channel']}, by rule {found['channel_rule']}"
    source, medium = found["traffic_source"], found["traffic_medium"]
    yield f"  source / medium  {source} / {medium}, by {found['because']}"
    yield f"  campaign         {found['campaign']}"
    if found["is_return"]:
        yield "  The referrer is the site itself, yours or a payment gateway: it tells nothing."
    if not found["has_evidence"]:
        yield "  Nothing tells where it came from: a session that begins so is one direct touch."
    names = [rule["rule"] for rule in found["rules"]]
    if found["channel_rule"] == OTHERWISE[1]:
        yield f"  None of {len(names)} rules matched."
    else:
        yield f"  {names.index(found['channel_rule'])} rules were tried before it, none matched."
    for rule in found["rules"]:
        if rule["rule"] in (found["channel_rule"], why_not):
            yield f"rule {rule['rule']}: {rule['channel']} ({rule['where']})"
            yield from _conditions(rule["conditions"])


def _conditions(conditions: list[Told]) -> Iterator[str]:
    for one in conditions:
        here = f" (it is {one['value'] or 'empty'})" if one["value"] is not None else ""
        yield f"  {'yes' if one['is_met'] else 'no '}{'  ' * one['depth']} {one['says']}{here}"
