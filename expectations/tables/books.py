"""What we did about it: audits, publications."""

from expectations.contract import Column, MapOf, Table, Type

AUDITS = Table(
    name="audits",
    about="One row per audited table-day and promise; passing or not. Table-wide checks of an "
    "unpartitioned table have an empty day.",
    grain=("run_id", "table_name", "day", "promise"),
    columns={
        "run_id": Column(Type.STRING, "Run that staged the rows"),
        "table_name": Column(Type.STRING, "Table audited"),
        "day": Column(Type.STRING, "Partition audited, ISO date; '' if unpartitioned"),
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
