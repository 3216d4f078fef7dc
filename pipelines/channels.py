"""Compiles channel rules to Spark: where traffic came from, and which channel that is.

Everything becomes one SQL expression per question, so a row costs no Python. The text speaks of
columns by name; lists become IN, which Spark turns into a hash lookup.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.rule_conditions import Condition, In, Joined, Listed, Matches, Not
from pipelines.rulebook import Referrer, RuleBook, load_rules
from pipelines.sql import Spellings, among, bare_host, countries, domains, quoted
from pipelines.taxonomy import load_taxonomy

OTHERWISE = ("Unassigned", "unassigned")
DIRECT = ("(direct)", "(none)")
NOT_SET = "(not set)"
SCRATCH = "touchstone_"  # of columns that exist only inside `classify`
# where a rule's field stands in the table that `classify` has prepared, null nowhere
COLUMNS = {
    "source": "traffic_source",
    "medium": "traffic_medium",
    "campaign": f"{SCRATCH}campaign_lower",
    "click_id": f"{SCRATCH}click_id",
    "referrer_host": f"{SCRATCH}referrer_host",
    "page_host": f"{SCRATCH}page_host",
    "event_type": "event_type",
    "told_by": f"{SCRATCH}told_by",
}
READS = ("source", "event_type", "platform", "utm_source", "utm_medium", "utm_campaign",
         "click_id", "referrer_host", "page_host")  # fmt: skip


@dataclass(frozen=True)
class TouchSettings:
    """What makes a touch: section `touches` of the settings, its file found."""

    own_domains: tuple[str, ...] = ()
    payment_gateways: tuple[str, ...] = ()
    session_level: bool = True
    ai_assistants: bool = False
    channel_rules: str | Path | None = None

    @property
    def user_file(self) -> Path | None:
        """The user's rules file."""
        return Path(self.channel_rules) if self.channel_rules else None


def rule_book(settings: TouchSettings) -> RuleBook:
    """The channel rules that the settings ask for."""
    return load_rules(
        settings.user_file,
        own_domains=settings.own_domains,
        payment_gateways=settings.payment_gateways,
        options=("ai_assistants",) if settings.ai_assistants else (),
    )


def rules_fingerprint(settings: TouchSettings) -> str:
    """SHA-256 of all channel and taxonomy rules: equal rules make equal touches of equal events."""
    taxonomy = repr(load_taxonomy(settings.user_file))
    return hashlib.sha256((rule_book(settings).fingerprint + taxonomy).encode()).hexdigest()


def classify(traffic: DataFrame, book: RuleBook) -> DataFrame:
    """`traffic` with traffic_source, traffic_medium, campaign, channel and channel_rule.

    It must have the columns READS: utm columns that do not describe this event, and referrers that
    are no touch source, are null. Sources and mediums come out in lower case, campaigns as tagged.
    """
    prepared = traffic.withColumns({SCRATCH + n: F.expr(t) for n, t in _prepared(book).items()})
    prepared = prepared.withColumn(f"{SCRATCH}from", resolve(book)).withColumns(
        {
            "traffic_source": F.col(f"{SCRATCH}from.source"),
            "traffic_medium": F.col(f"{SCRATCH}from.medium"),
            "campaign": F.expr(f"coalesce({SCRATCH}campaign, '{NOT_SET}')"),
        }
    )
    listed = {_member(one): F.expr(_membership(one, book)) for one in _listed(book)}
    ruled = (
        prepared.withColumns(listed)
        .withColumn(f"{SCRATCH}ruled", channel(book))
        .withColumns(
            {
                "channel": F.col(f"{SCRATCH}ruled.channel"),
                "channel_rule": F.col(f"{SCRATCH}ruled.rule"),
            }
        )
    )
    return ruled.drop(*[name for name in ruled.columns if name.startswith(SCRATCH)])


def channel(book: RuleBook) -> Column:
    """Struct of `channel` and `rule`: the first rule that matches what `classify` has prepared."""
    cases = [
        f"WHEN {_condition(rule.when)} "
        f"THEN {_struct(channel=quoted(rule.channel), rule=quoted(rule.name))}"
        for rule in book.rules
    ]
    otherwise = _struct(channel=quoted(OTHERWISE[0]), rule=quoted(OTHERWISE[1]))
    return F.expr(f"CASE {' '.join(cases)} ELSE {otherwise} END")


def resolve(book: RuleBook) -> Column:
    """Struct of `source` and `medium`, from the columns that `classify` has prepared.

    Tried in order: a click id if no medium but organic is tagged, tags, what a list knows of the
    referrer, the referrer, a weak click id, what the kind of event means, a lone campaign, direct.
    """
    c = {name: SCRATCH + name for name in _prepared(book)}
    sold, hung = f"{c['sold']}.source", f"{c['sold']}.medium"
    tagged = _struct(
        source=f"coalesce({c['source']}, {sold}, {c['teller']}, '{NOT_SET}')",
        medium=f"coalesce({c['medium']}, {c['kind']}, '{NOT_SET}')",
    )
    cases = [
        (f"{sold} IS NOT NULL AND coalesce({c['medium']}, 'organic') = 'organic'",
         _struct(source=sold, medium=hung)),
        (f"{c['source']} IS NOT NULL OR {c['medium']} IS NOT NULL", tagged),
        *[_referred(referrer, book) for referrer in book.referrers],
        (f"{c['host']} IS NOT NULL", _struct(source=c["host"], medium="'referral'")),
        (f"{c['weak']} IS NOT NULL", c["weak"]),
        (f"{c['kind']} IS NOT NULL", _struct(source=c["teller"], medium=c["kind"])),
        (f"{c['campaign']} IS NOT NULL", _struct(source=f"'{NOT_SET}'", medium=f"'{NOT_SET}'")),
    ]  # fmt: skip
    whens = " ".join(f"WHEN {test} THEN {value}" for test, value in cases)
    direct = _struct(source=quoted(DIRECT[0]), medium=quoted(DIRECT[1]))
    return F.expr(f"CASE {whens} ELSE {direct} END")


def present(sql: str, book: RuleBook) -> str:
    """SQL: something is written there that is not a word for nothing."""
    return f"({sql} IS NOT NULL AND NOT {among(f'lower(trim({sql}))', book.absent)})"


def _prepared(book: RuleBook) -> dict[str, str]:
    """Columns in SQL that `resolve` speaks of; null where there is nothing."""
    kind = _lookup("event_type", book.event_mediums)
    teller = "lower(coalesce(platform, source))"
    campaign = f"CASE WHEN {present('utm_campaign', book)} THEN trim(utm_campaign) END"
    return {
        "source": f"CASE WHEN {present('utm_source', book)} THEN lower(trim(utm_source)) END",
        "medium": f"CASE WHEN {present('utm_medium', book)} THEN lower(trim(utm_medium)) END",
        "campaign": campaign,
        "host": bare_host("referrer_host"),
        "sold": _clicked(book, is_weak=False),
        "weak": _clicked(book, is_weak=True),
        "kind": kind,
        "teller": f"CASE WHEN {kind} IS NOT NULL THEN "
                  f"coalesce({_lookup(teller, book.platforms)}, {teller}) END",
        "campaign_lower": f"coalesce(lower({campaign}), '{NOT_SET}')",
        "click_id": _plain("click_id"),
        "referrer_host": _plain("referrer_host"),
        "page_host": _plain("page_host"),
        "told_by": _plain("source"),
    }  # fmt: skip


def _clicked(book: RuleBook, is_weak: bool) -> str:
    """SQL: source and medium that the click id implies, null if none does."""
    chosen = [one for one in book.click_ids if one.is_weak is is_weak]
    implied = [_struct(source=quoted(one.source), medium=quoted(one.medium)) for one in chosen]
    cases = [f"WHEN {quoted(one.name)} THEN {s}" for one, s in zip(chosen, implied, strict=True)]
    return f"CASE click_id {' '.join(cases)} END"


def _referred(referrer: Referrer, book: RuleBook) -> tuple[str, str]:
    """SQL: the referring host is on the list; and the source and medium that makes it."""
    words, host = book.lists[referrer.list], f"{SCRATCH}host"
    spell = {"domain": domains, "country": countries}.get(referrer.match, _exactly)
    spellings = spell(host, words)
    test = " OR ".join(among(sql, part) for sql, part in spellings) or "false"
    names = ", ".join(_lookup(sql, part) for sql, part in spellings) or "''"
    named = _struct(source=f"coalesce({names})", medium=quoted(referrer.medium))
    return f"{host} IS NOT NULL AND ({test})", named


def _exactly(host: str, words: Mapping[str, str]) -> Spellings:
    return [(host, dict(words))] if words else []


def _plain(sql: str) -> str:
    """SQL: text as rules compare it; never null."""
    return f"lower(trim(coalesce({sql}, '')))"


def _lookup(sql: str, words: Mapping[str, str]) -> str:
    """SQL: the name of an entry, null if it is not listed.

    The map is written as one text: as a thousand literals it would slow down planning.
    """
    if not words:
        return "CAST(NULL AS string)"
    pairs = quoted("\u001e".join(f"{entry}\u001f{name}" for entry, name in words.items()))
    return f"try_element_at(str_to_map({pairs}, '\u001e', '\u001f'), {sql})"


def _listed(book: RuleBook) -> list[Listed]:
    """Every test of a list that the rules make, once: its list is long, so it is looked up once."""
    found: dict[Listed, None] = {}
    waiting: list[Condition] = [rule.when for rule in book.rules]
    while waiting:
        match waiting.pop(0):
            case Listed() as one:
                found[one] = None
            case Joined(_, parts):
                waiting.extend(parts)
            case Not(part):
                waiting.append(part)
    return list(found)


def _member(test: Listed) -> str:
    return f"{SCRATCH}{test.field}_in_{test.list}"


def _membership(test: Listed, book: RuleBook) -> str:
    words = book.lists[test.list]
    return among(COLUMNS[test.field], (*words, *words.values()))


def _condition(condition: Condition) -> str:
    """SQL of a rule's condition; never null."""
    match condition:
        case In(field, words):
            return among(COLUMNS[field], words)
        case Listed():
            return f"`{_member(condition)}`"
        case Matches(field, pattern):
            return f"{COLUMNS[field]} RLIKE {quoted(f'(?i){pattern}')}"
        case Joined(word, parts):
            return f"({f' {word} '.join(_condition(part) for part in parts)})"
    return f"NOT ({_condition(condition.part)})"


def _struct(**fields: str) -> str:
    return f"struct({', '.join(f'{sql} AS {name}' for name, sql in fields.items())})"
