"""The languages of the page: words from texts/*.yaml, figures and days as each writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from expectations.tables.credit import UNATTRIBUTED
from pipelines.report import figures
from pipelines.report.figures import NO_CURRENCY, Number

LANGUAGES = ("en", "de")
TEXTS = Path(__file__).parent / "texts"
_SWAP = str.maketrans(",.", ".,")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Every text by its key (file name and name, with a dot between), in every language."""
    return {
        f"{path.stem}.{name}": text
        for path in sorted(TEXTS.glob("*.yaml"))
        for name, text in yaml.safe_load(path.read_text(encoding="utf-8")).items()
    }


@dataclass(frozen=True)
class Language:
    """One of LANGUAGES: looks texts up, and writes figures and days."""

    code: str

    def t(self, key: str, **named: object) -> str:
        """Look a text up and put figures and names into it; KeyError if there is none.

        >>> Language("de").t("summary.heading")
        'Überblick'
        """
        text = catalogue()[key][self.code]
        return text.format(**named) if named else text

    def _figure(self, text: str) -> str:
        return text.translate(_SWAP) if self.code == "de" else text

    def money(self, amount: Number | None, currency: str) -> str:
        """Write an amount; the currency stands beside it.

        >>> Language("de").money(1234567, "EUR")
        '1.234.567,00'
        """
        return self._figure(figures.money(amount, currency))

    def count(self, number: Number | None, places: int = 0) -> str:
        """Write a count, or a part of one."""
        return self._figure(figures.count(number, places))

    def decimal(self, number: float | None, places: int = 1) -> str:
        """Write a measured figure.

        >>> Language("de").decimal(1234.56), Language("en").decimal(None) == figures.NOTHING
        ('1.234,6', True)
        """
        if number is None:
            return figures.NOTHING
        return self._figure(f"{number:,.{places}f}".replace("-", "\N{MINUS SIGN}"))

    def percent(self, part: float | None) -> str:
        r"""Write a measured part of 1 in whole per cent.

        >>> Language("de").percent(0.755)
        '76\xa0%'
        """
        return figures.NOTHING if part is None else f"{100 * part:.0f}\N{NO-BREAK SPACE}%"

    def fine_percent(self, part: float | None) -> str:
        r"""Write a measured part of 1 in per cent, with a place.

        >>> Language("de").fine_percent(0.1234)
        '12,3\xa0%'
        """
        return figures.NOTHING if part is None else f"{self.decimal(100 * part)}\N{NO-BREAK SPACE}%"

    def points(self, part: float | None) -> str:
        """Write a difference of two parts of 1 in points of per cent, with its sign.

        >>> Language("en").points(0.051), Language("de").points(0.051)
        ('+5.1', '+5,1')
        """
        return figures.NOTHING if part is None else self.signed(self.decimal(100 * part))

    def share(self, part: Number, whole: Number = 1, places: int = 1) -> str:
        """Write a part of a whole in per cent."""
        return self._figure(figures.share(part, whole, places))

    def difference(self, number: Number, places: int) -> str:
        """Write a difference that must be zero."""
        return self._figure(figures.difference(number, places))

    def money_difference(self, number: Number, currency: str) -> str:
        """Write a difference of money that must be zero."""
        return self._figure(figures.money_difference(number, currency))

    def signed(self, text: str) -> str:
        """Put a plus before a figure that is above zero.

        >>> [Language("en").signed(text) for text in ("1.50", "0.00")]
        ['+1.50', '0.00']
        """
        rises = text[:1] not in ("\N{MINUS SIGN}", "<", figures.NOTHING)
        return f"+{text}" if rises and any(digit in text for digit in "123456789") else text

    def day(self, day: date | None) -> str:
        """Write a day.

        >>> Language("de").day(date(2026, 3, 1)), Language("en").day(date(2026, 3, 1))
        ('01.03.2026', '2026-03-01')
        """
        if day is None:
            return figures.NOTHING
        return f"{day:%d.%m.%Y}" if self.code == "de" else f"{day:%Y-%m-%d}"

    def month(self, day: date) -> str:
        """Write the month of a day.

        >>> Language("de").month(date(2026, 3, 1)), Language("en").month(date(2026, 3, 1))
        ('03.2026', '2026-03')
        """
        return f"{day:%m.%Y}" if self.code == "de" else f"{day:%Y-%m}"

    def plural(self, number: int, noun: str) -> str:
        """Write a count with its noun, one of texts/nouns.yaml ("one | many").

        >>> Language("de").plural(1, "day"), Language("de").plural(2000, "day")
        ('1 Tag', '2.000 Tage')
        """
        one, many = self.t(f"nouns.{noun}").split(" | ")
        return f"{self.count(number)} {one if number == 1 else many}"

    def words(self, name: str) -> str:
        """Write a name of ours as a person would; a name that texts do not have, as it is.

        >>> Language("de").words("first_touch"), Language("de").words("my_stage")
        ('Erster Kontakt', 'My stage')
        """
        known = catalogue().get(f"names.{name}")
        return known[self.code] if known else figures.words(name)

    def channel(self, name: str) -> str:
        """Name a channel: as the rules do, but for what has none."""
        return self.words(name) if name == UNATTRIBUTED else name

    def in_sentence(self, model: str) -> str:
        """Write the name of a model inside a sentence; German nouns keep their capital.

        >>> Language("en").in_sentence("last_touch"), Language("en").in_sentence("markov")
        ('last touch', 'Markov')
        """
        name = self.words(model)
        keeps = self.code == "de" or name in ("Markov", "Shapley")
        return name if keeps else name[:1].lower() + name[1:]

    def currency(self, currency: str) -> str:
        """Name a currency; conversions without value have none."""
        return self.t("page.no_currency") if currency == NO_CURRENCY else currency

    def pairs(self, found: Mapping[str, Any] | None) -> str:
        """Write a map as text, in the order of its keys; its figures are left as they are."""
        return figures.pairs(found)
