"""Whole nights on small lakes: rerun, backfill, late files, wrong turns."""

from datetime import date, timedelta

import pyarrow.compute as pc
import pytest

from expectations.tables import AUDITS, CAMPAIGNS, CREDITS
from pipelines import steps
from pipelines.errors import BrokenContractError, ConflictError
from pipelines.lake import Lake
from pipelines.publish import LOOK_BACK, fitting
from pipelines.query import connect
from tests.pipelines.nights import DAYS, START, contents, copied, home, is_whole, land, night

pytestmark = pytest.mark.spark
LAST = START + timedelta(DAYS - 1)


def test_credit_is_the_order_book_to_the_last_digit_under_every_model(done):
    con = connect(Lake(done.lake_uri))
    booked = con.execute(
        "SELECT sum(net_value), sum(conversions) FROM conversions WHERE conversion_date <= $day",
        {"day": LAST},
    ).fetchone()
    credited = con.execute(
        "SELECT sum(attributed_value), sum(conversions) FROM credits GROUP BY model"
    ).fetchall()
    assert booked[1] > 0
    assert set(credited) == {booked}
    assert is_whole(done)


def test_the_same_night_again_changes_nothing_and_publishes_nothing(done, tmp_path):
    settings = copied(done, tmp_path / "home")
    versions = night(settings, LAST)
    assert contents(settings) == contents(done)
    assert versions.publication_id == 1


def test_a_forced_backfill_of_what_is_there_changes_nothing(done, tmp_path):
    settings = copied(done, tmp_path / "home")
    assert night(settings, LAST, first=START).publication_id >= 1
    assert contents(settings) == contents(done)


def test_one_run_over_everything_is_as_good_as_night_by_night(done, files, tmp_path):
    daily = home(tmp_path / "daily", files)
    for n in (3, DAYS - 2, DAYS - 1):
        night(daily, START + timedelta(n))
    assert contents(daily) == contents(done)


def test_files_that_come_late_and_in_another_order_end_in_the_same_tables(done, files, tmp_path):
    late = home(tmp_path / "late")
    paths = sorted((p for p in files.rglob("*") if p.is_file()), key=lambda p: p.name[::-1])
    for n, share in enumerate((paths[::3], paths[1::3], paths[2::3])):
        land(late.home, files, share)
        night(late, START + timedelta(3 * n))
        assert is_whole(late)
    assert {k: v for k, v in contents(late).items() if k not in _FITTED} == {
        k: v for k, v in contents(done).items() if k not in _FITTED
    }

    night(late, LAST, refit=[date(2026, 2, 1)])
    assert contents(late) == contents(done)


# a fit is frozen: it learned from what was there on its day, so what rests on it may differ
_FITTED = {
    "model_versions", "credits", "channels", "campaigns", "money", "touchpoint_map",
    "negative_touches", "intervals",
}  # fmt: skip


def first_touches_only(score):
    def scored(batches, versions):
        for batch in score(batches, versions):
            yield batch.filter(pc.equal(batch["position"], 0))

    return scored


def test_a_broken_table_stops_the_night_and_readers_keep_the_last_one(done, tmp_path, monkeypatch):
    settings = copied(done, tmp_path / "home", "[models.position_based]\nfirst = 0.3\n")
    before = connect(Lake(settings.lake_uri)).execute("SELECT count(*) FROM credits").fetchone()
    monkeypatch.setattr(steps.credit, "score", first_touches_only(steps.credit.score))
    with pytest.raises(BrokenContractError, match="credits of a conversion sum to 1"):
        night(settings, LAST)
    lake = Lake(settings.lake_uri)
    assert connect(lake).execute("SELECT count(*) FROM credits").fetchone() == before
    assert is_whole(settings)
    broken = lake.arrow(lake.snapshot(AUDITS)).to_pylist()
    assert any(not row["passed"] and row["table_name"] == CREDITS.name for row in broken)
    monkeypatch.undo()
    night(settings, LAST)
    assert is_whole(settings)
    assert contents(settings)["credits"] != contents(done)["credits"]


def test_a_day_without_events_is_an_ordinary_day(done, tmp_path):
    settings = copied(done, tmp_path / "home")
    night(settings, LAST + timedelta(3))
    assert is_whole(settings)
    assert night(settings, date(2030, 1, 1)).publication_id >= 1


def test_the_small_shop_has_enough_orders_for_a_fit(done):
    fits = connect(Lake(done.lake_uri)).execute("SELECT learned <> '' FROM model_versions")
    assert (True,) in fits.fetchall()


def test_only_tables_made_of_one_another_are_published_together(done, tmp_path):
    lake = Lake(copied(done, tmp_path / "home").lake_uri)
    credits, campaigns = lake.snapshot(CREDITS), lake.snapshot(CAMPAIGNS)
    before = fitting(lake)
    assert before["credits"] == credits
    lake.note(credits, dict(credits.state))  # another run made credits anew, and then campaigns
    inputs = {**campaigns.state["inputs"], "credits": lake.snapshot(CREDITS).version}
    lake.note(campaigns, {**campaigns.state, "inputs": inputs})
    assert fitting(lake) == before
    lake.note(lake.snapshot(CAMPAIGNS), {"inputs": {"credits": 99}})
    for _ in range(LOOK_BACK):
        lake.note(lake.snapshot(CAMPAIGNS), {"inputs": {"credits": 99}})
    with pytest.raises(ConflictError, match="another run is at work"):
        fitting(lake)
