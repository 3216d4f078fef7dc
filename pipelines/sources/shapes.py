"""What the values of a column look like. Pure; one shape fits most of them, or none does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

FITS = 0.8  # share of values that must have a shape
FEW = 40  # distinct values at most of a column that says what kind of thing a row is
CURRENCIES = (
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EUR GBP HKD HUF IDR ILS INR ISK JPY KRW KWD "
    "MAD MXN MYR NOK NZD PEN PHP PLN QAR RON RSD SAR SEK SGD THB TRY TWD UAH USD VND ZAR"
)
CLOCK = r"\d{2}:\d{2}(:\d{2}([.,]\d+)?)?"
KINDS = {
    "email": r"[^@\s<>]+@[^@\s]+\.[^@\s]+|.*<[^@\s<>]+@[^@\s<>]+>",
    "url": r"https?://\S+",
    "path": r"/\S*",
    "hash": r"[0-9a-fA-F]{64}",
    "uuid": r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "zoned": rf"\d{{4}}-\d{{2}}-\d{{2}}[ T]{CLOCK}\s?(Z|UTC|[+-]\d{{2}}:?\d{{2}})",
    "iso": rf"\d{{4}}-\d{{2}}-\d{{2}}[ T]{CLOCK}",
    "date": r"\d{4}-\d{2}-\d{2}",
    "epoch_s": r"1\d{9}(\.\d+)?",
    "epoch_ms": r"1\d{12}",
    "epoch_us": r"1\d{15}",
    "compact": r"20\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])",
    "number": r"[-+]?\d[\d.,']*",
    "amount": r"([€$£]\s?)?[-+]?\d[\d.,']*(\s?([€$£]|[A-Z]{3}))?",
}
WRITTEN = re.compile(
    r"(?P<a>\d{1,2})(?P<by>[./-])(?P<b>\d{1,2})(?P=by)(?P<year>\d{4}|\d{2})"
    r"(?:(?P<gap>T| |, )(?P<hour>\d{1,2}):\d{2}(?P<second>:\d{2})?)?"
)
NUMBER = re.compile(r"\d[\d.,']*")
TIMES = ("zoned", "iso", "date", "epoch_s", "epoch_ms", "epoch_us", "compact", "pattern")
NUMBERS = ("number", "amount", "compact", "epoch_s")


@dataclass(frozen=True)
class Shape:
    """What a column's values are: a key of KINDS, pattern, currency or text."""

    kind: str = "text"
    pattern: str = ""  # of a time
    is_sure: bool = True  # of the pattern: day and month cannot be mistaken
    point: str = "."
    thousands: str = ""
    filled: int = 0  # values that are there
    distinct: int = 0
    words: tuple[str, ...] = ()  # distinct values, the most frequent first, if they are few


def shape(values: Iterable[str]) -> Shape:
    """The shape that most values have; blank ones do not count.

    >>> shape(["31.12.2026 09:05", "1.1.2027 10:00", ""]).pattern
    'd.M.yyyy HH:mm'
    >>> found = shape(["1.234,50", "7,00"])
    >>> found.kind, found.point, found.thousands
    ('number', ',', '.')
    """
    counts = Counter(value.strip() for value in values if value.strip())
    words = tuple(word for word, _ in counts.most_common()) if len(counts) <= FEW else ()
    base = Shape(filled=counts.total(), distinct=len(counts), words=words)
    if not counts:
        return base
    if _fits(counts, lambda value: value.upper() in CURRENCIES.split()):
        return replace(base, kind="currency")
    kind = next((k for k, form in KINDS.items() if _fits(counts, _full(form))), "text")
    if kind in NUMBERS:
        point, thousands = marks(counts)
        return replace(base, kind=kind, point=point, thousands=thousands)
    written = [found for value in counts if (found := WRITTEN.fullmatch(value))]
    if kind == "text" and _fits(counts, WRITTEN.fullmatch):
        pattern, is_sure = pattern_of(written)
        return replace(
            base, kind="pattern" if pattern else "text", pattern=pattern, is_sure=is_sure
        )
    return replace(base, kind=kind)


def is_typed(value: str) -> bool:
    """Whether a value is so much of one kind that it is no name of a column.

    >>> [is_typed(value) for value in ("12,5", "2026-01-01", "E-Mail", "")]
    [True, True, False, False]
    """
    text = value.strip()
    forms = (re.fullmatch(form, text) for form in KINDS.values())
    return bool(text) and (any(forms) or WRITTEN.fullmatch(text) is not None)


def _full(form: str) -> Callable[[str], object]:
    return re.compile(form).fullmatch


def _fits(counts: Counter[str], is_so: Callable[[str], object]) -> bool:
    return sum(n for value, n in counts.items() if is_so(value)) >= FITS * counts.total()


def marks(values: Iterable[str]) -> tuple[str, str]:
    """The decimal point and what parts thousands, '' if nothing does.

    A lone mark before three digits parts thousands if there is never anything else.

    >>> marks(["1,234.5", "12"]), marks(["12,5"]), marks(["1.234", "987.654"]), marks(["5"])
    (('.', ','), (',', ''), (',', '.'), ('.', ''))
    """
    texts = [found[0] for value in values if (found := NUMBER.search(value))]
    last = Counter(m[0] for text in texts if (m := re.search(r"[.,](?=\d*$)", text)))
    if not last:
        return ".", "'" if any("'" in text for text in texts) else ""
    mark = max(sorted(last), key=lambda one: last[one])
    other = "." if mark == "," else ","
    cut = [text.rsplit(mark, 1)[1] for text in texts if mark in text]
    if all(len(part) == 3 for part in cut) and not any(other in text for text in texts):
        return other, mark
    parts = next((one for one in (other, "'") if any(one in text for text in texts)), "")
    return mark, parts


def pattern_of(written: list[re.Match[str]]) -> tuple[str, bool]:
    """Spark's pattern of dates such as 31.12.2026 09:05, and whether it can be no other.

    '' if they are not written alike. Where no day is above 12, the day is taken to come first,
    which only points between them make sure.

    >>> pattern_of([WRITTEN.fullmatch("12/31/26")]), pattern_of([WRITTEN.fullmatch("01/02/2026")])
    (('MM/dd/yy', True), ('dd/MM/yyyy', False))
    """
    alike = {(m["by"], len(m["year"]), m["gap"], m["second"] is None) for m in written}
    if len(alike) != 1:
        return "", True
    by, year, gap, no_second = next(iter(alike))
    day_first = max(int(m["a"]) for m in written) > 12
    month_first = max(int(m["b"]) for m in written) > 12
    names = "Md" if month_first and not day_first else "dM"
    two = [_width(m[part] for m in written) for part in ("a", "b")]
    date = by.join([names[0] * two[0], names[1] * two[1], "y" * year])
    is_sure = day_first or month_first or by == "."
    if gap is None:
        return date, is_sure
    hour = "H" * _width(m["hour"] for m in written)
    between = "'T'" if gap == "T" else gap
    return f"{date}{between}{hour}:mm{'' if no_second else ':ss'}", is_sure


def _width(numbers: Iterable[str]) -> int:
    return 2 if all(len(number) == 2 for number in numbers) else 1
