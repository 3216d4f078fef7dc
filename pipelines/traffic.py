"""Where traffic came from: source and medium, from tags, click ids, referrers and kinds of events.

Rules are compiled to SQL, so a row costs no Python.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.rulebook import Referrer, RuleBook
from pipelines.sql import Spellings, among, bare_host, countries, domains, quoted

DIRECT = ("(direct)", "(none)")
NOT_SET = "(not set)"
SCRATCH = "touchstone_"  # of columns that exist only inside `classify`


def resolve(book: RuleBook) -> Column:
    """Struct of `source` and `medium`, from the columns that `prepared` describes.

    Tried in order: a click id if no medium but organic is tagged, tags, what a list knows of the
    referrer, the referrer, a weak click id, what the kind of event means, a lone campaign, direct.
    """
    whens = " ".join(f"WHEN {test} THEN {value}" for _, test, value in _cases(book))
    direct = struct(source=quoted(DIRECT[0]), medium=quoted(DIRECT[1]))
    return F.expr(f"CASE {whens} ELSE {direct} END")


def because(book: RuleBook) -> Column:
    """What `resolve` went by, in words."""
    whens = " ".join(f"WHEN {test} THEN {quoted(why)}" for why, test, _ in _cases(book))
    return F.expr(f"CASE {whens} ELSE 'nothing says where it came from' END")


def _cases(book: RuleBook) -> list[tuple[str, str, str]]:
    """What is tried in turn: what it goes by, in words; SQL of whether it is there, and means."""
    c = {name: SCRATCH + name for name in prepared(book)}
    sold, hung = f"{c['sold']}.source", f"{c['sold']}.medium"
    tagged = struct(
        source=f"coalesce({c['source']}, {sold}, {c['teller']}, '{NOT_SET}')",
        medium=f"coalesce({c['medium']}, {c['kind']}, '{NOT_SET}')",
    )
    return [
        ("its click id, since no medium but organic is tagged",
         f"{sold} IS NOT NULL AND coalesce({c['medium']}, 'organic') = 'organic'",
         struct(source=sold, medium=hung)),
        ("its tags", f"{c['source']} IS NOT NULL OR {c['medium']} IS NOT NULL", tagged),
        *[_referred(referrer, book) for referrer in book.referrers],
        ("its referrer", f"{c['host']} IS NOT NULL",
         struct(source=c["host"], medium="'referral'")),
        ("its click id, which also hangs on unpaid links", f"{c['weak']} IS NOT NULL", c["weak"]),
        ("its kind of event", f"{c['kind']} IS NOT NULL",
         struct(source=c["teller"], medium=c["kind"])),
        ("a campaign without source and medium", f"{c['campaign']} IS NOT NULL",
         struct(source=f"'{NOT_SET}'", medium=f"'{NOT_SET}'")),
    ]  # fmt: skip


def present(sql: str, book: RuleBook) -> str:
    """SQL: something is written there that is not a word for nothing."""
    return f"({sql} IS NOT NULL AND NOT {among(f'lower(trim({sql}))', book.absent)})"


def prepared(book: RuleBook) -> dict[str, str]:
    """Columns, named without SCRATCH, that `resolve` speaks of; null where there is nothing."""
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
    implied = [struct(source=quoted(one.source), medium=quoted(one.medium)) for one in chosen]
    cases = [f"WHEN {quoted(one.name)} THEN {s}" for one, s in zip(chosen, implied, strict=True)]
    return f"CASE click_id {' '.join(cases)} END"


def _referred(referrer: Referrer, book: RuleBook) -> tuple[str, str, str]:
    """A case of `_cases`: the referring host is on a list."""
    words, host = book.lists[referrer.list], f"{SCRATCH}host"
    spell = {"domain": domains, "country": countries}.get(referrer.match, _exactly)
    spellings = spell(host, words)
    test = " OR ".join(among(sql, part) for sql, part in spellings) or "false"
    names = ", ".join(_lookup(sql, part) for sql, part in spellings) or "''"
    named = struct(source=f"coalesce({names})", medium=quoted(referrer.medium))
    why = f"its referrer, known from list {referrer.list}"
    return why, f"{host} IS NOT NULL AND ({test})", named


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


def struct(**fields: str) -> str:
    """SQL of a struct of these fields.

    >>> struct(source="'a'", medium="b")
    "struct('a' AS source, b AS medium)"
    """
    return f"struct({', '.join(f'{sql} AS {name}' for name, sql in fields.items())})"
