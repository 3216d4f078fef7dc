"""Identifiers of persons: how a raw value becomes one, and which values are nobody."""

from __future__ import annotations

import hashlib

from pyspark.sql import Column
from pyspark.sql import functions as F

NOBODY = (
    "", "0", "-", "--", "null", "nil", "none", "nan", "na", "n/a", "undefined", "unknown",
    "anonymous", "guest", "no response", "not set", "(not set)", "(none)", "(null)", "[null]",
    "(data deleted)", "(direct)", "true", "false",
    "00000000-0000-0000-0000-000000000000", "00000000000000000000000000000000",
)  # fmt: skip


def stop_list() -> frozenset[str]:
    """Values, in lower case, that many systems write for nobody; hashed as well as plain.

    >>> "d41d8cd98f00b204e9800998ecf8427e" in stop_list()  # MD5 of nothing
    True
    """
    hashes = (hashlib.md5, hashlib.sha1, hashlib.sha256)
    hashed = {make(word.encode()).hexdigest() for make in hashes for word in NOBODY}
    return frozenset(hashed | set(NOBODY))


def somebody(value: Column) -> Column:
    """The value, or null if it is on the stop-list."""
    return F.when(~F.lower(F.trim(value)).isin(sorted(stop_list())), value)


def normalised_email(value: Column) -> Column:
    """An address in lower case without its display name; null if it has no @.

    A value that is a hash already (64 hexadecimal digits) stays as it is, in lower case.
    """
    bare = F.when(F.contains(value, F.lit("<")), F.regexp_extract(value, "<([^<>]+)>", 1))
    text = F.lower(F.trim(F.coalesce(bare, value)))
    return F.when(F.contains(text, F.lit("@")) | is_hashed(text), text)


def is_hashed(value: Column) -> Column:
    """Whether a text in lower case is a SHA-256 in hexadecimal already."""
    return (F.length(value) == 64) & value.rlike("^[0-9a-f]{64}$")


def salesforce_id(value: Column) -> Column:
    """The 15 case-sensitive characters that the 15- and 18-character forms share."""
    return F.when(F.length(value) == 18, F.substring(value, 1, 15)).otherwise(value)


def hashed(value: Column, algorithm: str) -> Column:
    """Hash of a normalised value; a value that is a SHA-256 already is not hashed again."""
    if algorithm == "md5":
        return F.md5(value)
    return F.when(is_hashed(value), value).otherwise(F.sha2(value, 256))
