"""Reads channel rules, ours and the user's, and finds every mistake before Spark starts."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import MissingInputError
from pipelines.ingest.mapping_yaml import Document, Place, nearest, read
from pipelines.rule_conditions import Condition, Words, lower, parse

BUILT_IN = Path(__file__).parent / "rules" / "channels.yaml"
OPTIONS = ("ai_assistants",)
MATCHES = ("host", "domain", "country")
SECTIONS = {
    "patterns": dict, "absent": list, "lists": dict, "click_ids": list, "referrers": list,
    "event_mediums": dict, "platforms": dict, "rules": list, "taxonomy": dict,
    "stage_maps": dict,
}  # fmt: skip
KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # what an entry must and may have
    "rules": (("rule", "channel", "when"), ("option",)),
    "click_ids": (("name", "source", "medium"), ("is_weak",)),
    "referrers": (("list", "medium"), ("match", "option")),
}


@dataclass(frozen=True)
class Rule:
    """Traffic that meets `when` is of `channel`."""

    name: str
    channel: str
    when: Condition
    option: str | None = None


@dataclass(frozen=True)
class ClickId:
    """Who sold the click; a weak one may hang on unpaid links."""

    name: str
    source: str
    medium: str
    is_weak: bool = False


@dataclass(frozen=True)
class Referrer:
    """What a host on a list means as a referrer."""

    list: str
    medium: str
    match: str = "host"
    option: str | None = None


@dataclass(frozen=True)
class RuleBook:
    """All that decides a touch's source, medium and channel, in the order in which it is tried."""

    rules: tuple[Rule, ...]
    click_ids: tuple[ClickId, ...]
    referrers: tuple[Referrer, ...]
    lists: Mapping[str, Words]
    absent: tuple[str, ...]
    event_mediums: Words
    platforms: Words

    @property
    def fingerprint(self) -> str:
        """SHA-256 of everything in it: equal books make equal touchpoints."""
        return hashlib.sha256(repr(self).encode()).hexdigest()


def load_rules(
    user_file: Path | None = None,
    own_domains: Iterable[str] = (),
    payment_gateways: Iterable[str] = (),
    options: Iterable[str] = (),
) -> RuleBook:
    """The built-in rules, the user's before them; SettingsError names file, line and mistake."""
    ours = read(BUILT_IN)
    files = [read(user_file), ours] if user_file else [ours]
    for file in files:
        _check_sections(file)
    lists = _lists(files, own_domains, payment_gateways)
    return RuleBook(
        rules=tuple(rule for rule in _rules(files, lists) if rule.option in {None, *options}),
        click_ids=tuple(ClickId(**entry) for _, _, entry in _entries(files, "click_ids")),
        referrers=tuple(r for r in _referrers(files, lists) if r.option in {None, *options}),
        lists=lists,
        absent=tuple(sorted({lower(w) for f in files for w in f.content.get("absent", [])})),
        event_mediums=_merged(files, "event_mediums"),
        platforms=_merged(files, "platforms"),
    )


def _merged(files: list[Document], section: str) -> dict[str, str]:
    """Words of a section of all files, the first file's winning."""
    found: dict[str, str] = {}
    for file in reversed(files):
        found |= {lower(k): lower(v) for k, v in file.content.get(section, {}).items()}
    return dict(sorted(found.items()))


def _check_sections(file: Document) -> None:
    if not isinstance(file.content, dict):
        raise file.error((), f"a rules file has sections; {nearest('rules', SECTIONS)}.")
    for name, content in file.content.items():
        if name not in SECTIONS:
            raise file.error((name,), f"unknown section; {nearest(str(name), SECTIONS)}.")
        if not isinstance(content, SECTIONS[name]):
            kind = "a list" if SECTIONS[name] is list else "keys with values"
            raise file.error((name,), f"must be {kind}, got {content!r}.")


def _entries(files: list[Document], section: str) -> Iterable[tuple[Document, Place, Any]]:
    """Every entry of a section, with where it stands, once its keys are right."""
    must, may = KEYS[section]
    for file in files:
        for number, entry in enumerate(file.content.get(section, [])):
            place = (section, number)
            if not isinstance(entry, dict):
                raise file.error(place, f"must have the keys {', '.join(must)}, got {entry!r}.")
            _check_keys(file, place, entry, must, may)
            yield file, place, entry


def _check_keys(
    file: Document, place: Place, entry: Mapping[str, Any], must: Iterable[str], may: Iterable[str]
) -> None:
    for key in entry:
        if key not in (*must, *may):
            raise file.error((*place, key), f"unknown key; {nearest(str(key), (*must, *may))}.")
    for key in must:
        if key not in entry:
            raise file.error(place, f"{key!r} is missing; add it.")
    option = entry.get("option")
    if option is not None and option not in OPTIONS:
        raise file.error((*place, "option"), f"{option!r}: {nearest(str(option), OPTIONS)}.")


def _lists(
    files: list[Document], own_domains: Iterable[str], gateways: Iterable[str]
) -> dict[str, Words]:
    found: dict[str, Words] = {}
    for file in reversed(files):
        for name, content in file.content.get("lists", {}).items():
            found[name] = _words(file, name, content)
    found["own_domains"] = {lower(host): lower(host) for host in sorted(own_domains)}
    more = {lower(host): lower(host) for host in sorted(gateways)}
    found["payment_gateways"] = {**found["payment_gateways"], **more}
    return found


def _words(file: Document, name: str, content: Any) -> Words:
    """A list written out in the rules file, or in a file beside it."""
    if isinstance(content, list):
        return {lower(word): lower(word) for word in content}
    path = file.path.parent / str(content)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as problem:
        message = f"{path} cannot be read ({problem.strerror}); the path starts at the rules file."
        raise MissingInputError(str(file.error(("lists", name), message))) from problem
    rows = [row for row in csv.reader(text.splitlines()[1:]) if row]
    return {lower(row[0]): lower(row[-1]) for row in rows}


def _referrers(files: list[Document], lists: Mapping[str, Words]) -> Iterable[Referrer]:
    for file, place, entry in _entries(files, "referrers"):
        referrer = Referrer(**entry)
        if referrer.list not in lists:
            where = (*place, "list")
            raise file.error(where, f"no list {referrer.list!r}; {nearest(referrer.list, lists)}.")
        if referrer.match not in MATCHES:
            where = (*place, "match")
            raise file.error(where, f"{referrer.match!r}: {nearest(referrer.match, MATCHES)}.")
        yield referrer


def _rules(files: list[Document], lists: Mapping[str, Words]) -> Iterable[Rule]:
    seen: dict[str, str] = {}
    for file, place, entry in _entries(files, "rules"):
        name = str(entry["rule"])
        where = f"{file.path}:{file.line(place)}"
        if name in seen:
            raise file.error(
                (*place, "rule"), f"{name!r} is a rule already ({seen[name]}); choose another name."
            )
        seen[name] = where
        when = parse(file, (*place, "when"), entry["when"], lists)
        yield Rule(name, str(entry["channel"]), when, entry.get("option"))
