"""Who does what when: a seeded world, told day by day so that memory stays that of one day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np

from pipelines.demo.deals import CONTACT, Buyer, Meeting, attend, meetings, plan_deal
from pipelines.demo.mails import is_click, post
from pipelines.demo.people import Crowd, crowd
from pipelines.demo.records import MAIL, Array, CrmRow, Day, Refund, SpendRow, Visit, click_id
from pipelines.demo.salesforce import salesforce_id
from pipelines.demo.spend import RESTATED_DAYS, restate, spend_of
from pipelines.demo.traffic import WAYS, calendar, local_midnight, traffic_table
from pipelines.demo.visits import from_mail, live, plan_refunds, wander

WANDER, MAIL_CLICKS, LIVE, POST, REFUND, LEADS, DEAL, MEETING, SPEND = range(10, 19)


class World:
    """People who visit, read, buy and give back; the same seed lives the same life."""

    def __init__(self, people: int, days: int, start: date, seed: int) -> None:
        self.start, self.length, self.seed = start, days, seed
        self.sends = calendar(start, days)
        self.traffic = traffic_table(self.sends)
        self.crowd: Crowd = crowd(people, start, len(WAYS), seed)
        self.meetings: list[Meeting] = meetings(start, days)
        self.contact_since: dict[int, datetime] = {}
        self._orders = 100_000
        self._mails = np.zeros(0, MAIL)
        self._leads: set[int] = set()
        self._crm: dict[date, list[CrmRow]] = defaultdict(list)
        self._refunds: dict[date, list[Refund]] = defaultdict(list)
        self._spend: dict[date, list[SpendRow]] = {}

    def days(self) -> Iterator[Day]:
        """The days of the world, in order."""
        for number in range(self.length):
            yield self._live(number, self.start + timedelta(number))

    def _live(self, number: int, day: date) -> Day:
        mails = self._post(number, day)
        visits = self._visit(number, day, mails)
        self._plan_refunds(number, day, visits)
        self._find_leads(number, day, visits)
        for meeting in (m for m in self.meetings if m.day == day):
            self._meet(meeting)
        return Day(
            day=day,
            visits=visits,
            refunds=self._refunds.pop(day, []),
            mails=mails,
            crm=sorted(self._crm.pop(day, []), key=lambda row: (row.modified_at, row.id)),
            spend=self._account(number, day, visits),
            crm_contact=self._contacts(day),
        )

    def _rng(self, stream: int, number: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, stream, number])

    def _post(self, number: int, day: date) -> Array:
        opens, closes = (_seconds(day + timedelta(n)) for n in (0, 1))
        sent = [
            post(self.crowd, index, send, self._rng(POST, index))
            for index, send in enumerate(self.sends)
            if opens <= send.at < closes
        ]
        mails = np.concatenate([self._mails, *sent])
        is_today = mails["at"] < closes
        self._mails, mails = mails[~is_today], mails[is_today]
        return mails[np.lexsort((mails["kind"], mails["send"], mails["person"], mails["at"]))]

    def _visit(self, number: int, day: date, mails: Array) -> Array:
        wandered = wander(self.crowd, _seconds(day) * 1_000_000, self._rng(WANDER, number))
        ways = np.array([send.traffic for send in self.sends], "i4")
        clicks = mails[is_click(mails)]
        clicked = from_mail(self.crowd, clicks, ways, self._rng(MAIL_CLICKS, number))
        both = np.concatenate([wandered, clicked])
        visits = live(self.crowd, both, self.traffic, self._orders, [self.seed, LIVE, number])
        self._orders += int((visits["order"] >= 0).sum())
        return visits

    def _plan_refunds(self, number: int, day: date, visits: Array) -> None:
        midnight = _seconds(day) * 1_000_000
        for refund in plan_refunds(visits, midnight, self._rng(REFUND, number)):
            self._refunds[_utc(refund.at).date()].append(refund)

    def _find_leads(self, number: int, day: date, visits: Array) -> None:
        """A business visitor who is warm enough fills in a form, once."""
        chance = 0.08 * np.minimum(self.crowd.warmth[visits["person"]], 3)
        draws = self._rng(LEADS, number).random(len(visits))
        asks = self.crowd.is_business[visits["person"]] & (draws < chance)
        for row in visits[asks].tolist():
            visit = Visit(*row)
            way = self.traffic[visit.traffic]
            gclid = click_id(visit) if way.click_id == "gclid" else ""
            at = _utc(visit.started_at + 240_000_000)
            self._lead(day, visit.person, at, way.channel, gclid)

    def _lead(self, day: date, person: int, at: datetime, source: str, gclid: str = "") -> None:
        if person in self._leads:
            return
        self._leads.add(person)
        people = self.crowd.people
        buyer = Buyer(
            person,
            people.email[person],
            people.company[person],
            people.currency[person],
            people.user_id[person],
        )
        for row in plan_deal(buyer, at, source, gclid, self._rng(DEAL, person)):
            # just after midnight here is still yesterday in UTC, and yesterday is told
            self._crm[max(row.modified_at.date(), day)].append(row)
            if row.kind == "Contact":
                self.contact_since.setdefault(person, row.modified_at)

    def _meet(self, meeting: Meeting) -> None:
        rng = self._rng(MEETING, meeting.number)
        business = np.flatnonzero(self.crowd.is_business)
        for person in business[rng.random(len(business)) < 0.08].tolist():
            rows = attend(meeting, person, self._has_contact(person, meeting.day), rng)
            self._lead(meeting.day, person, rows[0].modified_at, meeting.type)
            for row in rows:
                self._crm[row.modified_at.date()].append(row)

    def _has_contact(self, person: int, day: date) -> bool:
        return person in self.contact_since and self.contact_since[person].date() < day

    def _contacts(self, day: date) -> dict[int, str]:
        known = (p for p, since in self.contact_since.items() if since.date() < day)
        return {person: salesforce_id(CONTACT, person) for person in known}

    def _account(self, number: int, day: date, visits: Array) -> list[SpendRow]:
        self._spend[day] = spend_of(day, visits, self.traffic, [self.seed, SPEND, number])
        self._spend.pop(day - timedelta(RESTATED_DAYS), None)
        return [restate(r, (day - past).days) for past, rs in self._spend.items() for r in rs]


def _seconds(day: date) -> int:
    return int(local_midnight(day).timestamp())


def _utc(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
