"""Small worlds by themselves: who they are, how they are told, how they shrink. No lake."""

from datetime import date

from tests.pipelines import law
from tests.pipelines.worlds import World

START = date(2026, 1, 27)


def test_a_world_is_made_of_its_seed_whatever_its_label_and_its_day():
    world = World("1-1")
    here, there = world.told("w001", START), world.told("w002", date(2026, 3, 1))
    assert here == World("1-1").told("w001", START) != World("1-2").told("w001", START)
    assert [(one.kind, one.arrives) for one in here] == [(o.kind, o.arrives) for o in there]


def test_worlds_share_no_identifier_so_that_none_can_touch_another():
    first, second = (str(World("1-1").told(label, START)) for label in ("w001", "w002"))
    assert "w001" in first
    assert "w002" not in first
    assert first.replace("w001", "w002") == second


def test_worlds_tell_of_every_kind_late_and_again():
    told = [one for n in range(60) for one in World(f"1-{n}").told("w001", START)]
    kinds = {one.kind for one in told}
    assert {"ga4", "sendgrid", "Lead", "Contact", "Opportunity", "CampaignMember"} < kinds
    assert {"spend0", "spend1", "privacy_requests"} < kinds
    assert any(len(one.arrives) > 1 for one in told)


def test_shrinking_finds_the_two_records_that_break_the_law_together(monkeypatch, tmp_path):
    world = World("1-7")
    every = world.told("w000", START)
    needed = {str(every[3]), str(every[-1])}

    def bad(lived, fresh, actors):
        told = {k: w.told("w000", START) for k, w in actors.worlds.items()}
        return {k: ["a row"] for k, some in told.items() if needed <= {str(one) for one in some}}

    monkeypatch.setattr(law, "play", lambda *given: None)
    monkeypatch.setattr(law, "refreshed", lambda *given: None)
    monkeypatch.setattr(law, "broken", bad)
    found = law.shrunk(tmp_path, law.Schedule(0, ()), world, START, rounds=40)
    assert found.kept == (3, len(every) - 1)
