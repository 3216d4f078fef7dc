"""How figures are written: exact decimals, never a float on the way, and one place per unit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

NO_CURRENCY = "XXX"  # ISO 4217: no currency is involved
NOTHING = "\N{EN DASH}"
_PLACES = dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV",
     "XAF", "XOF", "XPF"), 0,
) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)  # fmt: skip

Number = Decimal | int


def _fixed(number: Number, places: int) -> str:
    text = f"{Decimal(number).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,}"
    rounded_away = not any(digit in text for digit in "123456789")
    return (text.lstrip("-") if rounded_away else text).replace("-", "\N{MINUS SIGN}")


def money(amount: Number | None, currency: str) -> str:
    """Write an amount with the decimals its currency has; the unit stands beside it.

    >>> money(Decimal("1234567.895"), "EUR"), money(Decimal("12.5"), "JPY")
    ('1,234,567.90', '13')
    >>> money(None, "EUR") == NOTHING
    True
    """
    return NOTHING if amount is None else _fixed(amount, _PLACES.get(currency, 2))


def count(number: Number | None, places: int = 0) -> str:
    r"""Write a count; credited conversions are fractions and take one place.

    >>> count(12345), count(Decimal("0.04"), 1), count(Decimal("-0.04"), 1)
    ('12,345', '0.0', '0.0')
    >>> count(-7) == "\N{MINUS SIGN}7"
    True
    """
    return NOTHING if number is None else _fixed(number, places)


def difference(number: Number, places: int) -> str:
    """Write a difference that must be zero: a rest too small for `places` shows all its digits.

    >>> difference(Decimal("0.000000"), 2), difference(Decimal("0.000100"), 2)
    ('0.00', '0.0001')
    """
    if not number or abs(Decimal(number)) >= Decimal(1).scaleb(-places):
        return _fixed(number, places)
    return f"{Decimal(number).normalize():f}".replace("-", "\N{MINUS SIGN}")


def money_difference(number: Number, currency: str) -> str:
    """Write a difference of money that must be zero.

    >>> money_difference(Decimal(0), "EUR")
    '0.00'
    """
    return difference(number, _PLACES.get(currency, 2))


def share(part: Number, whole: Number, places: int = 1) -> str:
    r"""Write a part of a whole in per cent; a trace is not shown as nothing.

    >>> share(1, 3), share(Decimal(1), 100000), share(0, 5)
    ('33.3\xa0%', '<\xa00.1\xa0%', '0.0\xa0%')
    """
    if not whole:
        return NOTHING
    percent = Decimal(100) * part / whole
    least = Decimal(1).scaleb(-places)
    text = f"<\N{NO-BREAK SPACE}{least}" if 0 < percent < least / 2 else _fixed(percent, places)
    return f"{text}\N{NO-BREAK SPACE}%"


def ratio(part: Number, whole: Number) -> Decimal | None:
    """Divide exactly enough; nothing by nothing is nothing.

    >>> ratio(Decimal(7), Decimal(2)), ratio(Decimal(7), Decimal(0))
    (Decimal('3.5'), None)
    """
    return Decimal(part) / whole if whole else None


def words(name: str) -> str:
    """Write a name of ours as a person would.

    >>> words("last_non_direct"), words("")
    ('Last non direct', '')
    """
    return name.replace("_", " ").capitalize()


def pairs(figures: Mapping[str, str] | None) -> str:
    """Write a map as text, in the order of its keys.

    >>> pairs({"states": "12", "order": "1"})
    'order 1, states 12'
    """
    return ", ".join(f"{words(k).lower()} {v}" for k, v in sorted((figures or {}).items()))
