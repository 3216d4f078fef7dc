"""Files of the Salesforce extracts: each object's records that changed since the last one."""

from __future__ import annotations

from decimal import Decimal

from pipelines.demo.dirt import SALESFORCE_SPOILERS, Mess
from pipelines.demo.landing import Landing, add_money
from pipelines.demo.records import CrmRow, Day
from pipelines.demo.salesforce import COLUMNS, extract
from pipelines.demo.world import World

# extracts reach back a little, since a record may be committed later than it is stamped
OVERLAP_FROM_HOUR = 15


class SalesforceFiles:
    """Writes a day's extracts; the newest version of a deal decides whether it is won."""

    def __init__(self, landing: Landing, world: World) -> None:
        self.landing, self.summary = landing, landing.summary
        days = world.length if landing.is_dirty else 0
        self.mess = Mess(SALESFORCE_SPOILERS, days, [world.seed, 92])
        self._again: list[CrmRow] = []
        self._deals: dict[str, CrmRow] = {}

    def write(self, number: int, day: Day) -> None:
        """The extracts of one day; no file for an object without changes."""
        newest = list({(row.kind, row.id): row for row in day.crm}.values())
        for kind in COLUMNS:
            again = [row for row in self._again if row.kind == kind]
            rows = again + [row for row in newest if row.kind == kind]
            if rows:
                self._put(kind, day, rows, number)
            self.summary.duplicates["salesforce"] += len(again)
        self.summary.events["salesforce"] += len(newest)
        self._again = [row for row in newest if row.modified_at.hour >= OVERLAP_FROM_HOUR]
        self._deals.update({row.id: row for row in newest if row.kind == "Opportunity"})

    def finish(self) -> None:
        """Count the deals as the last extract has them."""
        self.summary.opportunities = len(self._deals)
        for values in (row.values for row in self._deals.values()):
            if values["IsWon"] == "true" and values["IsDeleted"] == "false":
                self.summary.won_opportunities += 1
                cents = int(Decimal(values["Amount"]) * 100)
                add_money(self.summary.won_value, values["CurrencyIsoCode"], cents)

    def _put(self, kind: str, day: Day, rows: list[CrmRow], number: int) -> None:
        file, data = f"salesforce/{kind}-{day.day}.csv", extract(kind, rows)
        for spoiler, line in self.mess.spoil(rows, kind):
            data += line
            self.landing.note(file, data.count(b"\n"), spoiler.kind, spoiler.fate)
        if self.landing.is_dirty and number % 8 == 3:
            data = self.landing.with_bom(file, data)
        self.landing.put(file, data, day.day)
