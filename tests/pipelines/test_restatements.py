"""What moved between publications, why, and that it adds up to the difference."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from expectations.tables import (
    CHANNELS,
    CONVERSIONS,
    CREDITS,
    EVENTS,
    IDENTITIES,
    PATHS,
    RESTATEMENTS,
    TABLES,
    TOUCHPOINTS,
)  # fmt: skip
from pipelines.differences import difference as compare
from pipelines.errors import BrokenContractError
from pipelines.lake import Lake
from pipelines.publish import all_publications
from pipelines.query import connect
from pipelines.restatements import Picture, disagreements, restatements
from pipelines.settings import load
from tests.pipelines.nights import DAYS, START, TOML, copied, home, land, night
from tests.pipelines.publications import difference, restated
from tests.pipelines.tables import table

AT, EARLIER = "2026-01-05 12:00", "2026-01-02 09:00"
LONG_AGO, FOR_EVER = "1970-01-01 00:00", "9999-12-31 00:00"
DAYS_PUBLISHED = START + timedelta(DAYS - 1)


# what an order's world says before and after, the reason why its credit moved, and the cause
CASES = [
    ({"event": None}, {}, "late_conversion", "o"),
    ({}, {"event": None}, "conversion_undone", "o"),
    ({}, {"refunded": -40, "refunds": ["r"]}, "refund", "r"),
    ({}, {"gross": 90}, "conversion_changed", "o"),
    ({}, {"touches": ["a", "b"], "known": ["a", "b"]}, "late_touch", "a"),
    ({"known": ["a", "b"]}, {"touches": ["a", "b"], "known": ["a", "b"]}, "identity", "a"),
    ({}, {"person": "q", "owner": "q", "touches": []}, "identity", "user"),
    ({"touches": ["a", "b"], "known": ["a", "b"]}, {}, "touch_undone", "a"),
    ({"touches": ["a", "b"]}, {"dropped": ["a"]}, "consent", "a"),
    ({"dropped": ["a"]}, {"touches": ["a", "b"]}, "consent", "a"),
    ({"touches": ["a", "b"]}, {"dropped": ["a"], "rule": "bot"}, "touch_changed", "o"),
    ({}, {"channel": "Direct"}, "touch_changed", "o"),
    ({"version": "markov@1"}, {"version": "markov@2", "channel_credit": 50}, "model_refit",
     "markov@2"),
    ({}, {"channel_credit": 50}, "code", None),
    ({"version": "markov@1"}, {"version": "markov@2"}, None, None),  # a refit that moves nothing
]  # fmt: skip


class World:
    """One order and its person per case, as rows; what is not said stays as it is."""

    def __init__(self, side):
        self.rows = {t.name: [] for t in (CREDITS, PATHS, CONVERSIONS, TOUCHPOINTS, IDENTITIES,
                                          EVENTS)}  # fmt: skip
        for number, case in enumerate(CASES):
            self.add(f"{number:02}", **case[side])

    def add(
        self, n, touches=("b",), dropped=(), person="p", refunded=0, event="o", gross=100,
        known=("b",), owner="p", version="linear", refunds=(), channel="Email", channel_credit=100,
        rule="withdrawn_analytics",
    ):  # fmt: skip
        order = {"conversion_id": n, "converted_at": AT, "conversions": 1, "currency": "EUR",
                 "net_value": gross + refunded}  # fmt: skip
        if event:
            self.rows["conversions"].append(order | {
                "source": "ga4", "order_id": n, "event_id": f"{event}{n}", "gross_value": gross,
                "refunded_value": refunded})  # fmt: skip
            self.rows["paths"].append(order | {
                "person_id": f"{person}{n}",
                "touches": [(f"{t}{n}", channel, "", None, EARLIER) for t in touches],
                "dropped": [(f"{t}{n}", "Email", EARLIER, rule) for t in dropped],
            })  # fmt: skip
        for place, name in enumerate(touches if event else ()):
            share = Decimal(channel_credit) / 100 / len(touches)
            self.rows["credits"].append({
                "conversion_id": n, "model": "linear", "position": place,
                "channel": f"{channel} {name}", "conversions": share,
                "attributed_value": share * (gross + refunded), "currency": "EUR",
                "model_version": version, "conversion_date": AT})  # fmt: skip
        self.rows["touchpoints"] += [{"touchpoint_id": f"{t}{n}"} for t in known]
        self.rows["identities"].append({
            "identifier": f"user{n}", "person_id": f"{owner}{n}", "valid_from": LONG_AGO,
            "valid_to": FOR_EVER})  # fmt: skip
        self.rows["events"] += [
            {"event_id": f"{r}{n}", "event_type": "refund", "source": "ga4", "order_id": n,
             "occurred_at": AT} for r in refunds
        ]  # fmt: skip

    def picture(self, spark):
        return Picture(**{name: table(spark, TABLES[name], rows)
                          for name, rows in self.rows.items()})  # fmt: skip


def reasons_of(spark, governed=None):
    """Case to its reason and cause."""
    before, after = (World(side).picture(spark) for side in (0, 1))
    made = restatements(before, after, 2, governed).toArrow().to_pylist()
    return {int(row["conversion_id"]): (row["reason"], row["cause"]) for row in made}


@pytest.mark.spark
def test_the_reason_is_what_happened_to_the_order_its_person_or_its_touches(spark):
    expected = {
        n: (reason, cause if cause is None or "@" in cause else f"{cause}{n:02}")
        for n, (*_, reason, cause) in enumerate(CASES) if reason
    }  # fmt: skip
    assert reasons_of(spark) == expected


@pytest.mark.spark
def test_other_settings_are_the_reason_unless_the_order_or_a_late_touch_explains_it(spark):
    told = {
        CASES[n][2]: reason
        for n, (reason, _) in reasons_of(spark, ("settings", "[paths] x")).items()
    }
    ours = {"late_conversion", "conversion_undone", "refund", "conversion_changed", "late_touch"}
    assert told == {name: name if name in ours else "settings" for name in told}


@pytest.mark.spark
def test_a_missing_restatement_is_found(spark):
    before = table(spark, CHANNELS, [{"day": AT, "channel": "Email", "attributed_value": 10}])
    after = table(spark, CHANNELS, [{"day": AT, "channel": "Email", "attributed_value": 12}])
    row = {"conversion_date": AT, "channel": "Email", "value_before": 10, "value_after": 12,
           "publication_id": 2}  # fmt: skip
    told = table(spark, RESTATEMENTS, [row])
    assert disagreements(told, before, after).count() == 0
    assert disagreements(told.where("false"), before, after).count() == 1


def reasons(lake, id):
    query = "SELECT DISTINCT reason FROM restatements WHERE publication_id = $id"
    return {reason for (reason,) in connect(lake).execute(query, {"id": id}).fetchall()}


@pytest.mark.spark
def test_restatements_add_up_to_the_difference_of_publications(files, tmp_path):
    settings = home(tmp_path / "home")
    lake = Lake(settings.lake_uri)
    paths = sorted(p for p in files.rglob("*") if p.is_file())
    late = [p for p in paths if "sendgrid" in p.parts or "20260129" in p.name]
    for share in (set(paths) - set(late), late):
        land(settings.home, files, share)
        night(settings, DAYS_PUBLISHED)
    published = all_publications(lake)
    assert [row["publication_id"] for row in published] == [1, 2]
    assert restated(lake, 1) == {}
    for before, now in pairwise(published):
        id = now["publication_id"]
        expected = difference(lake, id, before["through_date"])
        assert expected
        assert restated(lake, id) == expected
    figures = compare(lake, 1, 2)["figures"]
    assert figures
    assert all(adds_up(row, what) for row in figures for what in ("conversions", "value"))
    assert {"late_conversion", "late_touch"} <= reasons(lake, 2)


def adds_up(row, what):
    parts = (row[f"{what}_before"], row[f"{what}_restated"], row[f"{what}_of_new_days"])
    return sum(parts) == row[f"{what}_after"]


@pytest.mark.spark
def test_other_settings_restate_and_the_same_night_again_does_not(done, tmp_path):
    settings = copied(done, tmp_path / "home", "[models.position_based]\nfirst = 0.3\n")
    lake = Lake(settings.lake_uri)
    assert night(settings, DAYS_PUBLISHED).publication_id == 2
    assert reasons(lake, 2) == {"settings"}
    causes = connect(lake).execute("SELECT DISTINCT cause FROM restatements").fetchall()
    assert causes == [("[models] position_based",)]
    assert {key[1] for key in restated(lake, 2)} == {"position_based"}
    assert restated(lake, 2) == difference(lake, 2, DAYS_PUBLISHED)
    assert night(settings, DAYS_PUBLISHED).publication_id == 2


@pytest.mark.spark
def test_a_night_whose_restatements_do_not_add_up_is_not_published(done, tmp_path, monkeypatch):
    settings = copied(done, tmp_path / "home", "[models.position_based]\nfirst = 0.3\n")
    with monkeypatch.context() as broken:
        some = "pipelines.steps.restate.restatements"
        broken.setattr(some, lambda *given: restatements(*given).where("channel = 'Direct'"))
        with pytest.raises(BrokenContractError, match="restatements miss"):
            night(settings, DAYS_PUBLISHED)
    assert len(all_publications(Lake(settings.lake_uri))) == 1
    assert night(settings, date(2026, 1, 1)).publication_id == 2


@pytest.mark.spark
def test_restatements_of_a_night_that_died_before_it_published_are_made_again(
    done, tmp_path, monkeypatch
):
    settings = copied(done, tmp_path / "home", "[models.position_based]\nfirst = 0.3\n")
    lake = Lake(settings.lake_uri)
    with monkeypatch.context() as killed:
        killed.setattr("pipelines.nightly.publish", died)
        with pytest.raises(SystemExit):
            night(settings, DAYS_PUBLISHED)
    assert len(all_publications(lake)) == 1
    assert restated(lake, 2) == {}  # readers see the first publication, which restates nothing
    (settings.home / "touchstone.toml").write_text(TOML + "[models.position_based]\nfirst = 0.2\n")
    assert night(load(settings.home), DAYS_PUBLISHED).publication_id == 2
    assert restated(lake, 2) == difference(lake, 2, DAYS_PUBLISHED)


def died(*given):
    raise SystemExit
