"""Files of the SendGrid webhook: one per post, some posted late, some posted again."""

from __future__ import annotations

from datetime import timedelta

from pipelines.demo.dirt import SENDGRID_SPOILERS, Mess
from pipelines.demo.landing import Landing
from pipelines.demo.records import Day, Life, Mail
from pipelines.demo.sendgrid import Event, SendGrid, bodies, body


class SendGridFiles:
    """Writes each post of a day; a few come a day late, a few twice."""

    def __init__(self, landing: Landing, world: Life) -> None:
        self.landing, self.summary = landing, landing.summary
        self.webhook = SendGrid(world.crowd.people, world.sends, world.traffic)
        days = world.length if landing.is_dirty else 0
        self.mess = Mess(SENDGRID_SPOILERS, days, [world.seed, 91])

    def write(self, number: int, day: Day) -> None:
        """The posts of one day."""
        posts = bodies([Mail(*row) for row in day.mails.tolist()])
        for place, (name, mails) in enumerate(posts):
            events = [self.webhook.event(mail, day.crm_contact) for mail in mails]
            self.summary.events["sendgrid"] += len(events)
            if number % 9 == 5 and place == 0:
                # our endpoint was down, so this post only got through on the next day
                self.summary.late["sendgrid"] += len(events)
                self._put_next_day(f"0005-late-{name}", day, events)
                continue
            self._post(f"{_folder(day)}/{name}.json", day, events)
            if (number + place) % 7 == 3:
                # a retry is the same body, or the same events in another one
                again = events if number % 2 else events[::2]
                self.summary.duplicates["sendgrid"] += len(again)
                self._put_next_day(f"0010-again-{name}", day, again)
        if self.landing.is_dirty and number == 0:
            self._broken(day)

    def _put_next_day(self, name: str, day: Day, events: list[Event]) -> None:
        self.landing.put(f"{_folder(day, 1)}/{name}.json", body(events), day.day, 1)

    def _post(self, file: str, day: Day, events: list[Event]) -> None:
        good = len(events)
        for place, (spoiler, event) in enumerate(self.mess.spoil(events)):
            events = [*events, event]
            self.landing.note(file, good + place + 1, spoiler.kind, spoiler.fate)
        self.landing.put(file, body(events), day.day)

    def _broken(self, day: Day) -> None:
        file = f"{_folder(day)}/2359-broken.json"
        self.landing.note(file, 1, "undecodable body", "bad_json")
        self.landing.put(file, b'[{"email":"person1@example.org","event":"op', day.day)
        half = b'[{"email":"person2@example.org","event":"open"}]'
        self.landing.put_half(f"{_folder(day)}/2359-001.json.tmp", half, day.day)


def _folder(day: Day, days_later: int = 0) -> str:
    return f"sendgrid/{day.day + timedelta(days_later)}"
