"""A shop's export as strangers write it: German, semicolons, decimal commas, local time, Latin-1.

`python -m tests.pipelines.sources.german_shop` writes it anew. Everybody in it is invented.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

FILE = Path(__file__).parents[2] / "invented" / "vorgaenge-2026-03.csv"
HEADER = (
    "Vorgangsnummer;Vorgang;Zeitpunkt;Kundennummer;E-Mail;Seite;Quelle;Medium;Kampagne;Gerät;"
    "Bundesland;Bestellnummer;Artikelanzahl;Nettobetrag;Bruttobetrag;Währung;Zahlungsart;"
    "Gutscheincode;Kundengruppe;Bemerkung"
)
WAYS = (
    ("google", "cpc", "frühling"), ("newsletter", "email", "märz"), ("facebook", "social", ""),
    ("google", "organic", ""), ("", "", ""),
)  # fmt: skip
PEOPLE = ("jürgen", "zoë", "anna", "björn", "cem", "dörte", "erika", "frau.weiß", "gül", "heinz")
BEGIN = datetime(2026, 3, 20, 8)  # clocks go forward on the 29th


def text() -> str:
    """Visits, newsletter clicks, orders, returns, catalogues asked for; a row told twice, one with
    a mistyped year, and a line with a sum, as the last three."""
    draw = random.Random(7)
    rows, number = [HEADER], 50_000
    for at, person in enumerate(PEOPLE * 6):
        moment = BEGIN + timedelta(hours=5 * at, minutes=draw.randrange(60))
        customer, cents = 1000 + at % len(PEOPLE), draw.randrange(900, 250_000)
        for kind in _kinds(draw):
            number += 1
            moment += timedelta(minutes=draw.randrange(1, 50))
            rows.append(_row(draw, number, kind, moment, customer, person, cents))
    typo = rows[1].replace("V50001", "V49999").replace(".2026 ", ".0026 ")
    return "\r\n".join([*rows, rows[1], typo, "Summe;113"]) + "\r\n"


def _kinds(draw: random.Random) -> list[str]:
    visit = draw.choice(("Seitenaufruf", "Seitenaufruf", "Newsletter-Klick"))
    more = draw.choice(([], [], ["Bestellung"], ["Bestellung", "Retoure"], ["Katalog angefordert"]))
    return [visit, *more]


def _row(
    draw: random.Random, number: int, kind: str, at: datetime, customer: int, person: str,
    cents: int,
) -> str:  # fmt: skip
    source, medium, campaign = draw.choice(WAYS) if kind != "Newsletter-Klick" else WAYS[1]
    is_money = kind in ("Bestellung", "Retoure")
    money = [_german(round(cents / 1.19)), _german(cents), "EUR"] if is_money else ["", "", ""]
    order = f"B-{customer}-{at:%m%d}" if is_money else ""
    note = draw.choice(("", "", "", '"Bitte klingeln; Hof"', "Größe tauschen"))
    return ";".join([
        f"V{number}", kind, f"{at:%d.%m.%Y %H:%M}", str(customer),
        f"{person.translate(str.maketrans('üöäëß', 'uoaes'))}@example.com",
        f"https://laden.example/p/{draw.randrange(90)}", source, medium, campaign,
        draw.choice(("Handy", "Rechner")), draw.choice(("Bayern", "Thüringen", "Hessen")),
        order, str(draw.randrange(1, 4)) if is_money else "", *money,
        draw.choice(("Rechnung", "Überweisung")) if is_money else "", "",
        draw.choice(("privat", "geschäftlich")), note,
    ])  # fmt: skip


def _german(cents: int) -> str:
    """An amount with its marks.

    >>> _german(123456)
    '1.234,56'
    """
    return f"{cents / 100:,.2f}".translate(str.maketrans(",.", ".,"))


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_bytes(text().encode("latin-1"))
