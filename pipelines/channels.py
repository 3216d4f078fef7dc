"""Compiles channel rules to Spark: which channel traffic is of.

Everything becomes one SQL expression per question, so a row costs no Python. The text speaks of
columns by name; lists become IN, which Spark turns into a hash lookup.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipelines.rule_conditions import Condition, In, Joined, Listed, Matches, Not
from pipelines.rulebook import RuleBook, load_rules
from pipelines.sql import among, quoted
from pipelines.taxonomy import load_taxonomy
from pipelines.traffic import NOT_SET, SCRATCH, prepared, resolve, struct

OTHERWISE = ("Unassigned", "unassigned")
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
    ruled = ruled_traffic(traffic, book)
    return ruled.drop(*[name for name in ruled.columns if name.startswith(SCRATCH)])


def ruled_traffic(traffic: DataFrame, book: RuleBook) -> DataFrame:
    """What `classify` gives, with the columns that rules look at."""
    ready = traffic.withColumns({SCRATCH + n: F.expr(t) for n, t in prepared(book).items()})
    ready = ready.withColumn(f"{SCRATCH}from", resolve(book)).withColumns(
        {
            "traffic_source": F.col(f"{SCRATCH}from.source"),
            "traffic_medium": F.col(f"{SCRATCH}from.medium"),
            "campaign": F.expr(f"coalesce({SCRATCH}campaign, '{NOT_SET}')"),
        }
    )
    listed = {_member(one): F.expr(_membership(one, book)) for one in _listed(book)}
    of_rule = {name: F.col(f"{SCRATCH}ruled.{field}") for name, field in
               (("channel", "channel"), ("channel_rule", "rule"))}  # fmt: skip
    ready = ready.withColumns(listed).withColumn(f"{SCRATCH}ruled", channel(book))
    return ready.withColumns(of_rule)


def channel(book: RuleBook) -> Column:
    """Struct of `channel` and `rule`: the first rule that matches what `classify` has prepared."""
    cases = [
        f"WHEN {holds(rule.when)} "
        f"THEN {struct(channel=quoted(rule.channel), rule=quoted(rule.name))}"
        for rule in book.rules
    ]
    otherwise = struct(channel=quoted(OTHERWISE[0]), rule=quoted(OTHERWISE[1]))
    return F.expr(f"CASE {' '.join(cases)} ELSE {otherwise} END")


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


def holds(when: Condition) -> str:
    """SQL: the condition of a rule, or a part of it, is met; never null."""
    match when:
        case In(field, words):
            return among(COLUMNS[field], words)
        case Listed():
            return f"`{_member(when)}`"
        case Matches(field, pattern):
            return f"{COLUMNS[field]} RLIKE {quoted(f'(?i){pattern}')}"
        case Joined(word, parts):
            return f"({f' {word} '.join(holds(part) for part in parts)})"
    return f"NOT ({holds(when.part)})"
