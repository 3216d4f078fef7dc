"""A simulated world in vendors' files tells no more and no less than the world had."""

from __future__ import annotations

import json
from collections import Counter
from hashlib import sha256

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

from models.observed import observe
from models.simulate import simulate
from models.worlds import WORLDS
from pipelines.demo.simulated import TRUTH, WAYS, write_simulated
from pipelines.errors import UsageError

PEOPLE, DAYS = 400, 14


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The folder, the world, and every GA4 event once."""
    home = tmp_path_factory.mktemp("simulated")
    _, simulation = write_simulated(home / "landing", "fragmented", PEOPLE, DAYS, 3)
    events = {}
    for file in sorted((home / "landing" / "ga4").iterdir()):
        rows = (
            pq.read_table(file).to_pylist() if file.suffix == ".parquet"
            else [orjson.loads(line) for line in file.read_bytes().splitlines()]
        )  # fmt: skip
        for row in rows:
            key = [str(row[name]) for name in ("user_pseudo_id", "event_timestamp", "event_name")]
            events[tuple(key)] = row
    return home, simulation, list(events.values())


def test_every_touch_is_a_session_of_its_campaign(told):
    _, simulation, events = told
    came = Counter(
        (event.get("collected_traffic_source") or {}).get("manual_campaign_name", "(direct)")
        for event in events if event["event_name"] == "session_start"
    )  # fmt: skip
    came = {
        name: came.get(way.campaign or "(direct)", 0) for name, way in WAYS.items()
    } | {"untagged": came.get("(organic)", 0)}  # fmt: skip
    seen = Counter(observe(simulation).touches["channel"].to_pylist())
    assert sum(came.values()) == sum(seen.values())
    assert all(came[name] <= seen[name] for name in seen)
    assert {name: came[name] for name in ("display", "direct", "email")} == {
        name: seen[name] for name in ("display", "direct", "email")
    }


def test_every_purchase_is_an_order_of_its_worth_without_a_session_start(told):
    _, simulation, events = told
    bought = [event for event in events if event["event_name"] == "purchase"]
    worth = sorted(event["ecommerce"]["purchase_revenue"] for event in bought)
    assert worth == pytest.approx(np.sort(simulation.conversions["value"].to_numpy()))
    starts = {
        (event["user_pseudo_id"], event["event_timestamp"]) for event in events
        if event["event_name"] == "session_start"
    }  # fmt: skip
    assert not {(e["user_pseudo_id"], e["event_timestamp"]) for e in bought} & starts


def test_people_who_use_two_devices_are_seen_under_two_cookies(told):
    _, simulation, events = told
    cookies = {event["user_pseudo_id"] for event in events}
    assert len(cookies) == len(
        set(observe(simulation).touches["identifier"].to_pylist())
        | set(observe(simulation).conversions["identifier"].to_pylist())
    )
    known = {}
    for event in events:
        if event.get("user_id"):
            known.setdefault(event["user_id"], set()).add(event["user_pseudo_id"])
    assert max(map(len, known.values())) == 2


def test_the_truth_stands_beside_the_files(told):
    home, simulation, _ = told
    truth = json.loads((home / TRUTH).read_text())
    assert truth["caused"] == simulation.truth.caused
    assert truth["campaigns"]["brand_search"] == "brand_search"
    assert truth["baseline"] < truth["conversions"]


def test_the_same_seed_writes_the_same_bytes(told, tmp_path):
    home, *_ = told
    write_simulated(tmp_path / "landing", "fragmented", PEOPLE, DAYS, 3)

    def digests(place):
        files = sorted(path for path in (place / "landing").rglob("*") if path.is_file())
        return [sha256(path.read_bytes()).hexdigest() for path in files]

    assert digests(tmp_path) == digests(home)


def test_a_world_that_is_not_there_is_told_with_those_that_are(tmp_path):
    with pytest.raises(UsageError, match=r"no world 'tracks'; there are random, tracked"):
        write_simulated(tmp_path / "landing", "tracks", 10, 2, 0)


def test_all_worlds_can_be_told():
    names = {name for world in WORLDS.values() for name in world.names}
    assert names <= set(WAYS)
    assert simulate(WORLDS["random"], 10, 2).world.names
