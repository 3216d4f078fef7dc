"""Identifiers of persons: how a raw value becomes one, and which values are nobody."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from pipelines.nobody import ZERO_CHARACTERS, stop_list


def is_somebody(value: Column) -> Column:
    """Whether a value is not on the stop-list, nor only zeros and what parts them; null of null."""
    text = F.lower(F.trim(value))
    zeros = F.translate(text, ZERO_CHARACTERS, "") == ""
    return ~(text.isin(sorted(stop_list())) | zeros)


def somebody(value: Column) -> Column:
    """The value, or null if it is nobody's."""
    return F.when(is_somebody(value), value)


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
