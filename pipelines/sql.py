"""Pieces of Spark SQL text: parsing a thousand literals is faster than sending them singly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# SQL that spells a value in some way, and the part of a list that is spelled so
Spellings = list[tuple[str, dict[str, str]]]


def quoted(word: str) -> str:
    r"""A word as a literal of Spark SQL.

    >>> quoted("it's \\d")
    "'it\\'s \\\\d'"
    """
    escaped = word.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def among(sql: str, words: Iterable[str]) -> str:
    """SQL: the value is one of these words.

    >>> among("medium", ["cpc", "ppc"])
    "medium IN ('cpc', 'ppc')"
    >>> among("medium", [])
    'false'
    """
    listed = ", ".join(quoted(word) for word in dict.fromkeys(words))
    return f"{sql} IN ({listed})" if listed else "false"


def bare_host(sql: str) -> str:
    """SQL: a host in lower case without its leading "www."."""
    host = f"lower({sql})"
    return f"CASE WHEN {host} LIKE 'www.%' THEN substring({host}, 5) ELSE {host} END"


def domains(host: str, words: Mapping[str, str]) -> Spellings:
    """How to find a host or any of its parents on a list: each entry is compared once.

    >>> [(sql, list(part)) for sql, part in domains("h", {"a.b": "", "a.b.c": "", "e.f": ""})]
    [("substring_index(h, '.', -3)", ['a.b.c']), ("substring_index(h, '.', -2)", ['a.b', 'e.f'])]
    """
    spelled = {4: host, **{n: f"substring_index({host}, '.', -{n})" for n in (3, 2)}}
    labels = {entry: min(max(entry.count(".") + 1, 2), 4) for entry in words}
    return _split({sql: [e for e in words if labels[e] == n] for n, sql in spelled.items()}, words)


def countries(host: str, words: Mapping[str, str]) -> Spellings:
    """How to find a host on a list whose entries may write a country's ending or prefix as {}.

    >>> [part for _, part in countries("h", {"a.{}": "x", "{}.b.c": "y", "d.e": "z"})]
    [{'d.e': 'z'}, {'a.{}': 'x'}, {'{}.b.c': 'y'}]
    """
    ending = f"regexp_replace({host}, '[.](com?[.])?[a-z]{{2}}$', '.{{}}')"
    prefix = f"regexp_replace({host}, '^[a-z]{{2}}[.]', '{{}}.')"
    plain = [entry for entry in words if "{}" not in entry]
    ended = [entry for entry in words if entry.endswith(".{}")]
    prefixed = [entry for entry in words if entry.startswith("{}.")]
    return _split({host: plain, ending: ended, prefix: prefixed}, words)


def _split(parts: Mapping[str, list[str]], words: Mapping[str, str]) -> Spellings:
    return [(sql, {entry: words[entry] for entry in part}) for sql, part in parts.items() if part]
