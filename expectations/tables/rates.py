"""What a unit of a currency was worth, day by day."""

from expectations.contract import Column, Table, Type

RATES = Table(
    name="rates",
    about="One row per currency and day: what one unit was worth in the reporting currency. "
    "Population: the rates file, each quote up to the next but for 7 days at most; empty without "
    "one. Money stays in its own currency everywhere; join this to add it up.",
    grain=("currency", "day"),
    columns={
        "currency": Column(Type.STRING, "ISO 4217"),
        "day": Column(Type.DATE, "UTC day of the money"),
        "reporting_currency": Column(Type.STRING, "ISO 4217: what `rate` is in"),
        "rate": Column(Type.SHARE, "Units of the reporting currency for one", at_least=0),
        "quoted_on": Column(Type.DATE, "Day of the quote: the newest at or before the day"),
    },
    rules={
        "no quote is later than its day or more than 7 days older":
            "SELECT * FROM {table} WHERE quoted_on > day OR datediff(day, quoted_on) > 7",
    },
)  # fmt: skip
