"""A simulated world (`models.simulate`) as its vendors would tell it, with its truth beside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from models.observed import Observed, observe
from models.simulate import DAY, FIRST_DAY, Simulation, simulate
from models.worlds import WORLDS, World
from pipelines.demo.ga4_files import Ga4Files
from pipelines.demo.google_ads_files import GoogleAdsFiles
from pipelines.demo.landing import DemoSummary, Landing
from pipelines.demo.records import MAIL, MAIL_KINDS, VISIT, Array, Day, People, Send, Traffic
from pipelines.demo.sendgrid_files import SendGridFiles
from pipelines.demo.spend import spend_of
from pipelines.errors import UsageError

TRUTH = "truth.json"
IDENTIFIERS = 2  # devices of a person, of which most use only the first
ACCOUNT, LOGS_IN = 0.7, 0.3  # of people; of the visits of those who have an account
STREAM = 77
CLICKED = MAIL_KINDS.index("click")
_GOOGLE = "https://www.google.com/"
# campaigns carry the channels' names in the world; channels of the lake are made by its rules
WAYS = {
    "direct": Traffic("Direct", "(direct)", "(none)"),
    "display": Traffic("Display", "google", "display", "display", "9001", "https://news.example/",
                       micros_per_click=420_000, click_rate=0.006, ad_type="DISPLAY"),
    "social": Traffic("Paid Social", "facebook", "paid_social", "social", "9002",
                      "https://m.facebook.com/", "fbclid"),
    "generic_search": Traffic("Paid Search", "google", "cpc", "generic_search", "9003", _GOOGLE,
                              "gclid", micros_per_click=1_240_000, click_rate=0.045,
                              ad_type="SEARCH"),
    "brand_search": Traffic("Paid Search", "google", "cpc", "brand_search", "9004", _GOOGLE,
                            "gclid", micros_per_click=310_000, click_rate=0.21, ad_type="SEARCH"),
    "retargeting": Traffic("Display", "google", "display", "retargeting", "9005",
                           "https://news.example/", micros_per_click=380_000, click_rate=0.008,
                           ad_type="DISPLAY"),
    "email": Traffic("Email", "newsletter", "email", "email", "9006"),
    "affiliate": Traffic("Affiliates", "partnernet", "affiliate", "affiliate", "9007",
                         "https://coupons.example/"),
}  # fmt: skip
PLACES = {name: place for place, name in enumerate(WAYS)}


@dataclass(frozen=True)
class Cast:
    """The people of a world, as writers look them up."""

    people: People


class Told:
    """A simulated world as writers of vendor files want it: people, ways to the shop, days."""

    def __init__(self, simulation: Simulation) -> None:
        unknown = sorted(set(simulation.world.names) - set(WAYS))
        if unknown:
            raise UsageError(f"No vendor tells of channels {', '.join(unknown)}.")
        self.seed, self.length = simulation.seed, simulation.days
        self.start = date(1970, 1, 1) + timedelta(FIRST_DAY)
        self.traffic = tuple(WAYS.values())
        self.sends = [Send(0, "email", 9006, "newsletter", "everyone", PLACES["email"])]
        self._rng = np.random.default_rng([simulation.seed, STREAM])
        has_account = self._rng.random(simulation.people.num_rows) < ACCOUNT
        self.crowd = Cast(_people(has_account))
        self._visits = self._all_visits(observe(simulation), simulation.world, has_account)

    def days(self) -> Iterator[Day]:
        """The days of the world, in order."""
        whole = self._visits["started_at"] // DAY - FIRST_DAY
        cuts = np.searchsorted(whole, np.arange(self.length + 1))
        for number in range(self.length):
            day = self.start + timedelta(number)
            visits = self._visits[cuts[number] : cuts[number + 1]]
            spend = spend_of(day, visits, self.traffic, [self.seed, STREAM, number])
            yield Day(day, visits, [], _mails(visits), [], spend, {})

    def _all_visits(self, seen: Observed, world: World, has_account: Array) -> Array:
        """Touches as visits, and purchases as orders that the shop's server tells."""
        came = _visits(seen.touches, "touched_at")
        names = seen.touches["channel"].to_pylist()
        came["traffic"] = [PLACES[name] for name in names]
        came["last_click"] = np.where(came["traffic"] > 0, came["traffic"], -1)
        is_visit = np.isin(names, [c.name for c in world.channels if c.is_visit])
        knows = has_account[came["person"]] & is_visit
        came["logs_in"] = knows & (self._rng.random(len(came)) < LOGS_IN)
        came["is_signed_in"] = came["logs_in"]
        came["pages"] = np.maximum(seen.touches["pages"].to_numpy(), 1)
        bought = _visits(seen.conversions, "converted_at")
        bought["order"] = 100_000 + np.arange(len(bought))
        bought["cents"] = np.rint(100 * seen.conversions["value"].to_numpy())
        bought["is_signed_in"] = has_account[bought["person"]]
        both = np.concatenate([came, bought])
        order = np.lexsort((both["order"], both["traffic"], both["device"], both["started_at"]))
        return _numbered(both[order])


def _visits(rows: pa.Table, at: str) -> Array:
    """One visit per row, on the device that it was seen on; of no pages."""
    made = np.zeros(rows.num_rows, VISIT)
    made["started_at"] = rows[at].cast(pa.int64()).to_numpy()
    made["device"] = rows["identifier"].to_numpy()
    made["person"] = made["device"] // IDENTIFIERS
    made["last_click"] = made["order"] = -1
    made["first_seen_at"] = (FIRST_DAY - 1) * DAY  # cookies are older than the world
    return made


def _numbered(visits: Array) -> Array:
    """Visits with their number on their device, from 2: each was there before."""
    place = np.argsort(visits["device"], kind="stable")
    device = visits["device"][place]
    starts = np.searchsorted(device, device)
    visits["session_number"][place] = np.arange(len(place)) - starts + 2
    return visits


def _mails(visits: Array) -> Array:
    """The click that each visit from an e-mail began with, a few seconds before."""
    came = visits[(visits["traffic"] == PLACES["email"]) & (visits["order"] < 0)]
    mails = np.zeros(len(came), MAIL)
    mails["at"], mails["person"] = came["started_at"] // 1_000_000, came["person"]
    mails["kind"], mails["page"] = CLICKED, 1 + came["device"] % 400
    return mails[np.lexsort((mails["person"], mails["at"]))]


def _people(has_account: Array) -> People:
    count = len(has_account)
    devices = range(IDENTIFIERS * count)
    return People(
        email=[f"person{n}@example.org" for n in range(count)],
        user_id=[f"u_{n:07d}" if has else "" for n, has in enumerate(has_account.tolist())],
        currency=["EUR"] * count, city=[n % 6 for n in range(count)], company=[-1] * count,
        device_number=[100_000_000 + 7 * n for n in devices],
        device_kind=[n % 6 for n in devices], has_consent=[True] * len(devices),
    )  # fmt: skip


def write_simulated(
    landing: Path, world: str, people: int, days: int, seed: int, fragmented: float | None = None
) -> tuple[DemoSummary, Simulation]:
    """Fill an empty landing folder from a simulated world, its truth in a file beside the folder.

    `fragmented` overrides the share of people who use two devices.
    """
    if world not in WORLDS:
        raise UsageError(f"There is no world {world!r}; there are {', '.join(WORLDS)}.")
    chosen = WORLDS[world]
    if fragmented is not None:
        chosen = replace(chosen, fragmented=fragmented)
    simulation = simulate(chosen, people, days, seed)
    told, place = Told(simulation), Landing(landing, is_dirty=False)
    ads = GoogleAdsFiles(place, told)
    sources = (Ga4Files(place, told), SendGridFiles(place, told), ads)
    for number, day in enumerate(told.days()):
        for source in sources:
            source.write(number, day)
    ads.finish()
    _write_truth(landing.parent / TRUTH, simulation)
    return place.summary, simulation


def _write_truth(file: Path, simulation: Simulation) -> None:
    truth = asdict(simulation.truth)
    world = {"world": simulation.world.name, "people": simulation.people.num_rows,
             "days": simulation.days, "seed": simulation.seed}  # fmt: skip
    campaigns = {"campaigns": {way.campaign: name for name, way in WAYS.items() if way.campaign}}
    file.write_text(json.dumps(world | campaigns | truth, indent=2) + "\n")
