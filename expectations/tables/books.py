"""What we did about it: restatements, audits, publications."""

from expectations.contract import Column, MapOf, Table, Type
from expectations.tables.credit import MODEL_NAMES

REASONS = (
    "late_conversion", "conversion_undone", "refund", "conversion_changed", "identity",
    "late_touch", "settings", "rules", "code", "touch_undone", "consent", "touch_changed",
    "model_refit",
)  # fmt: skip

RESTATEMENTS = Table(
    name="restatements",
    about="One row per publication, conversion, model and channel whose credit had been published "
    "otherwise, with the reason. Population: conversion days that the publication before covered.",
    grain=("publication_id", "conversion_id", "model", "channel", "currency", "conversion_date"),
    columns={
        "conversion_id": Column(Type.STRING, "The conversion whose credit moved"),
        "conversion_type": Column(Type.STRING, "Its type"),
        "model": Column(Type.STRING, "Attribution model", one_of=MODEL_NAMES),
        "channel": Column(Type.STRING, "Marketing channel, or (unattributed)"),
        "currency": Column(Type.STRING, "ISO 4217"),
        "conversion_date": Column(Type.DATE, "UTC day whose figures moved"),
        "conversions_before": Column(Type.SHARE, "Conversions credited before",
                                     at_least=0, at_most=1),
        "conversions_after": Column(Type.SHARE, "And now", at_least=0, at_most=1),
        "value_before": Column(Type.MONEY, "Value credited before"),
        "value_after": Column(Type.MONEY, "And now"),
        "reason": Column(Type.STRING, "Why it moved; the first that applies", one_of=REASONS),
        "cause": Column(Type.STRING, "The event, touch, identifier or fit behind it", True),
        "publication_id": Column(Type.LONG, "The publication that moved it", at_least=1),
    },
    partitioned_by="publication_id",
    rules={
        "every row moved":
            "SELECT * FROM {table} WHERE conversions_before = conversions_after "
            "AND value_before = value_after",
    },
)  # fmt: skip

AUDITS = Table(
    name="audits",
    about="One row per audited table-day and promise; passing or not. Table-wide checks of an "
    "unpartitioned table have an empty day.",
    grain=("run_id", "table_name", "day", "promise"),
    columns={
        "run_id": Column(Type.STRING, "Run that staged the rows"),
        "table_name": Column(Type.STRING, "Table audited"),
        "day": Column(Type.STRING, "Partition audited: day or publication; '' if unpartitioned"),
        "promise": Column(Type.STRING, "The promise, as a sentence"),
        "expectation": Column(Type.STRING, "The promise as a Great Expectations type"),
        "column": Column(Type.STRING, "Column it is about; '' if about rows"),
        "passed": Column(Type.BOOLEAN, "Kept or broken"),
        "offenders": Column(Type.LONG, "Rows that break it", at_least=0),
        "examples": Column(Type.STRING, "Up to three offending values as JSON", nullable=True),
        "audited_rows": Column(Type.LONG, "Rows of the table-day", at_least=0),
    },
    is_appended=True,
)

PUBLICATIONS = Table(
    name="publications",
    about="One row per publication: the table versions a reader should use together.",
    grain=("publication_id",),
    columns={
        "publication_id": Column(Type.LONG, "1, 2, 3 …", at_least=1),
        "run_id": Column(Type.STRING, "Run that published"),
        "through_date": Column(Type.DATE, "Conversions up to and with this day are in"),
        "versions": Column(MapOf(), "Table name to Delta version"),
        "settings_fingerprint": Column(Type.STRING, "SHA-256 of the settings that made it"),
        "code_version": Column(Type.STRING, "Version of the code that made it"),
        "published_at": Column(Type.TIMESTAMP, "When it became visible", is_arrival=True),
    },
    is_appended=True,
)
