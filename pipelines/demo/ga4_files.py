"""Files of the GA4 export: a day's table, some as Parquet, some exported again when updated."""

from __future__ import annotations

from pipelines.demo.dirt import CUT, GA4_SPOILERS, Mess
from pipelines.demo.ga4 import Event, Ga4, json_lines, parquet
from pipelines.demo.landing import Landing, add_money
from pipelines.demo.records import Day, Life, Visit

DAYS_UNTIL_UPDATE = 2


class Ga4Files:
    """Writes each day's events; every tenth day as Parquet, every sixth again with late ones."""

    def __init__(self, landing: Landing, world: Life) -> None:
        self.landing, self.summary, self.people = landing, landing.summary, world.crowd.people
        self.as_json = Ga4(self.people, world.traffic, str)
        self.as_parquet = Ga4(self.people, world.traffic, int)
        self.mess = Mess(GA4_SPOILERS, world.length if landing.is_dirty else 0, [world.seed, 90])

    def write(self, number: int, day: Day) -> None:
        """The files of one day."""
        visits = [Visit(*row) for row in day.visits.tolist()]
        self._count_money(day, visits)
        if number % 10 == 6:
            self._parquet(day, visits)
        elif number % 6 == 2:
            self._updated(number, day, visits)
        else:
            self._json(number, day, self._events(self.as_json, day, visits))

    def _count_money(self, day: Day, visits: list[Visit]) -> None:
        for visit in (v for v in visits if v.order >= 0):
            self.summary.orders += 1
            currency = self.people.currency[visit.person]
            add_money(self.summary.order_value, currency, visit.cents)
        for refund in day.refunds:
            self.summary.refunds += 1
            currency = self.people.currency[refund.visit.person]
            add_money(self.summary.refund_value, currency, refund.cents)

    def _events(self, writer: Ga4, day: Day, visits: list[Visit]) -> list[Event]:
        events = [event for visit in visits for event in writer.visit(day.day, visit)]
        return events + [writer.refund(day.day, refund) for refund in day.refunds]

    def _parquet(self, day: Day, visits: list[Visit]) -> None:
        events = self._events(self.as_parquet, day, visits)
        self.summary.events["ga4"] += len(events)
        self.landing.put(_file(day, ".parquet"), parquet(events), day.day)

    def _updated(self, number: int, day: Day, visits: list[Visit]) -> None:
        in_time = self._events(self.as_json, day, [v for v in visits if not v.is_late])
        late = [e for v in visits if v.is_late for e in self.as_json.visit(day.day, v)]
        self._json(number, day, in_time)
        again = b"".join(line + b"\n" for line in json_lines(in_time + late))
        self.landing.put(_file(day, "_update.json"), again, day.day, DAYS_UNTIL_UPDATE)
        self.summary.events["ga4"] += len(late)
        self.summary.late["ga4"] += len(late)
        self.summary.duplicates["ga4"] += len(in_time)

    def _json(self, number: int, day: Day, events: list[Event]) -> None:
        self.summary.events["ga4"] += len(events)
        file, lines = _file(day, ".json"), json_lines(events)
        spoilt = self.mess.spoil(events)
        for spoiler, line in spoilt:
            lines.append(line)
            self.landing.note(file, len(lines), spoiler.kind, spoiler.fate)
        data = b"".join(line + b"\n" for line in lines)
        if spoilt and spoilt[-1][0].kind == CUT:
            data = data[:-1]
        if self.landing.is_dirty and number == 0:
            self.landing.put_half(file + ".part", data, day.day)
            data = self.landing.with_bom(file, data)
        self.landing.put(file, data, day.day)


def _file(day: Day, ending: str) -> str:
    return f"ga4/events_{day.day:%Y%m%d}{ending}"
