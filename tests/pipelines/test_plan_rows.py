"""What a run would do, decided on snapshots alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from expectations.arrow import arrow_schema
from expectations.tables import RECORDS, TABLES
from pipelines.flow import FLOW
from pipelines.ingest.mapping import load_mappings
from pipelines.lake_files import File, Snapshot
from pipelines.plan_rows import Coming, rows
from pipelines.settings import Settings
from pipelines.work import Run

EVERY = [f"2026-01-{day:02d}" for day in range(5, 11)]  # no first of a month: no fit is due


@dataclass
class Shelf:
    """A lake of snapshots only."""

    root: str = "shelf"
    kept: dict = field(default_factory=dict)

    def snapshot(self, table, version=None):
        return self.kept[table.name, version] if version != -1 else Snapshot(table, -1)

    def urls(self, snapshot):
        return [file.path for file in snapshot.files]

    def arrow(self, snapshot):
        return arrow_schema(snapshot.table).empty_table()


def a_run(settings=None, through=EVERY[-1], **more):
    mappings = more.pop("mappings", None) or load_mappings()
    return Run(Shelf(), None, settings or Settings(), mappings, "plan", through, **more)


def settled(run, days=EVERY):
    """Snapshots of a lake where every table is true of its inputs."""
    made = {name: Snapshot(table, 1, files(table, days)) for name, table in TABLES.items()}
    for steps in FLOW.values():
        for step in steps:
            inputs = {table.name: 1 for table in step.reads}
            state = {"fingerprint": step.fingerprint(run), "inputs": inputs, "pending": []}
            made[step.into.name] = replace(made[step.into.name], state=state)
    return made


def files(table, days):
    if table.partitioned_by == "month":
        days = ["2026-01-01"]
    if not table.partitioned_by:
        days = [""]
    return tuple(File(f"{day}/ga4-0", day, 10) for day in days)


def changed(before, *days):
    """The next version of a table, with other rows on some days."""
    kept = tuple(file for file in before.files if file.day not in days)
    fresh = tuple(File(f"{day}/new-1", day, 10) for day in days)
    return replace(before, version=2, files=kept + fresh)


def planned(run, known, coming=(), flow=FLOW, days=EVERY):
    run.lake.kept = {(name, 1): snapshot for name, snapshot in settled(run, days).items()}
    return {row.table: row for row in rows(run, flow, known, coming)}


def busy(found: Mapping):
    return {name: row.does for name, row in found.items() if row.does != "nothing"}


def test_a_settled_lake_needs_nothing():
    run = a_run()
    found = planned(run, settled(run))
    assert busy(found) == {}
    assert list(found) == [step.into.name for steps in FLOW.values() for step in steps]
    assert all(row.why == () for row in found.values())


def test_a_lake_never_made_is_made_of_what_landed():
    known = {name: Snapshot(table, -1) for name, table in TABLES.items()}
    found = planned(a_run(), known, [Coming("ga4", EVERY[0])])
    assert found["events"].does == "perhaps"
    assert found["events"].why == ("never made",)
    assert found["identities"].does == "whole"


def test_a_changed_setting_is_named_with_the_days_it_governs():
    run = a_run(Settings(paths={"lookback_days": 7}))
    found = planned(run, settled(a_run()))
    assert busy(found) == {
        "paths": "days", "lost_paths": "days", "model_versions": "whole", "credits": "days",
        "channels": "days", "campaigns": "days", "path_summary": "days", "reconciliation": "days",
        "money": "days", "touchpoint_map": "days", "negative_touches": "whole",
        "intervals": "days",
    }  # fmt: skip
    assert found["paths"].days == tuple(EVERY)
    assert found["paths"].is_certain
    assert found["paths"].why == ("[paths] lookback_days changed from 30.0 to 7.0",)
    assert found["credits"].days == tuple(EVERY)
    assert not found["credits"].is_certain
    assert "paths made again on 6 days" in found["credits"].why
    assert found["path_summary"].days == ("2026-01-01",)


def test_a_changed_rule_mapping_and_revision_are_named():
    known = settled(a_run())
    ruled = planned(a_run(Settings(touches={"ai_assistants": True})), known)
    assert set(ruled["touchpoints"].why) == {
        "[touches] ai_assistants changed from false to true", "channel rules changed"
    }  # fmt: skip
    mappings = load_mappings()
    mappings["ga4"] = mappings["ga4"].model_copy(update={"version": 99})
    del mappings["sendgrid"]
    mapped = planned(a_run(mappings=mappings), known)
    assert mapped["events"].why == ("mapping ga4 changed", "mapping sendgrid removed")
    assert mapped["events"].days == tuple(EVERY)
    coded = {"events": tuple(replace(step, revision=2) for step in FLOW["events"])}
    assert planned(a_run(), known, flow=coded)["spend"].why == ("code changed from 1 to 2",)


def test_a_state_with_one_hash_was_left_by_an_earlier_version():
    known = settled(a_run())
    state = {**known["spend"].state, "fingerprint": "5f2c"}
    found = planned(a_run(), known | {"spend": replace(known["spend"], state=state)})
    assert found["spend"].why == ("made by an earlier version of Touchstone",)


def test_a_new_file_of_events_may_change_all_but_the_spend():
    run = a_run()
    found = planned(run, settled(run), [Coming("ga4", EVERY[-1])])
    assert found["events"].why == ("1 new file: ga4 1",)
    assert found["spend"].does == "nothing"
    assert set(busy(found).values()) == {"perhaps"}
    assert found["paths"].perhaps == ("days that newly read records tell of",)


def test_a_new_file_of_spend_changes_nobody_s_path():
    run = a_run()
    found = planned(run, settled(run), [Coming("google_ads", EVERY[-1])])
    assert busy(found) == {
        "quarantine": "perhaps", "spend": "whole", "channels": "days", "campaigns": "days",
        "money": "days", "touchpoint_map": "days", "reconciliation": "days", "intervals": "days",
    }  # fmt: skip
    assert found["spend"].why == ("1 new file: google_ads 1",)


def test_records_taken_in_but_not_read_yet_are_counted():
    run = a_run()
    known = settled(run)
    records = known[RECORDS.name]
    more = replace(records, version=2, files=(*records.files, File("x/ga4-9", "x", 25)))
    found = planned(run, known | {RECORDS.name: more})
    assert found["events"].why == ("25 records taken in since",)


def test_changed_events_touch_the_days_beside_them_for_certain_and_paths_at_most():
    run = a_run(Settings(paths={"lookback_days": 1}))
    known = settled(run)
    found = planned(run, known | {"events": changed(known["events"], EVERY[1])})
    touched = found["touchpoints"]
    assert touched.days == tuple(EVERY[:3])
    assert touched.is_certain
    assert touched.why == ("events changed on 1 day",)
    assert found["conversions"].is_whole
    assert not found["paths"].is_certain
    assert "touchpoints made again on 3 days" in found["paths"].why
    assert "days of people whose identity or consent changed" in found["paths"].perhaps


def test_changed_identities_are_not_searched_but_said():
    run = a_run(Settings(identity={"max_links": 3}))
    found = planned(run, settled(a_run()))
    assert found["identities"].why == ("[identity] max_links changed from 10 to 3",)
    assert found["paths"].does == "perhaps"
    assert found["paths"].perhaps == ("days of people whose identity or consent changed",)
    assert found["paths"].why == ("identities made again",)
    assert found["lost_paths"].perhaps == ("months of people whose identity or consent changed",)


def test_days_wait_until_a_run_owns_them():
    run = a_run()
    known = settled(run)
    state = {**known["paths"].state, "pending": ["2026-01-11"]}
    known["paths"] = replace(known["paths"], state=state)
    before = planned(run, known)
    assert before["paths"].waiting == ("2026-01-11",)
    assert before["credits"].does == "nothing"
    after = planned(a_run(through="2026-01-11"), known)
    assert after["paths"].days == ("2026-01-11",)
    assert after["paths"].why == ("1 day waited",)
    assert after["paths"].waiting == ()
    assert after["credits"].days == ("2026-01-11",)


def test_what_is_made_of_days_that_wait_waits_too_and_is_not_forgotten():
    run = a_run()
    known = settled(run)
    late = changed(known["paths"], "2026-01-11")  # by a run that went on to a later day, and died
    known["paths"] = replace(late, state={**late.state, "pending": ["2026-01-11"]})
    before = planned(run, known)["credits"]
    assert (before.days, before.waiting) == ((), ("2026-01-11",))
    inputs = {**known["credits"].state["inputs"], "paths": 2}
    noted = {**known["credits"].state, "inputs": inputs, "pending": list(before.waiting)}
    known["credits"] = replace(known["credits"], state=noted)
    known["paths"] = late  # made, and found as it was
    assert planned(run, known)["credits"].days == ("2026-01-11",)


def test_a_range_leaves_no_day_out_of_date_but_those_after_what_is_published():
    run = a_run(first=EVERY[2], last=EVERY[3], through=EVERY[4])
    known = settled(run)
    known["conversions"] = changed(known["conversions"], EVERY[0], EVERY[5])
    paths = planned(run, known)["paths"]
    assert paths.days == (EVERY[0], EVERY[2], EVERY[3])
    assert paths.waiting == (EVERY[5],)


def test_a_range_is_made_because_it_was_asked_for():
    run = a_run(first=EVERY[2], through=EVERY[4])
    found = planned(run, settled(run))
    assert found["paths"].days == tuple(EVERY[2:5])
    assert found["paths"].why == (f"asked for, {EVERY[2]} to {EVERY[4]}",)
    assert found["paths"].perhaps == ()
    assert found["credits"].days == tuple(EVERY[2:5])
    assert found["events"].does == "nothing"


def test_a_fit_that_is_due_is_the_reason():
    run = a_run(through="2026-02-01")
    found = planned(run, settled(run))
    assert busy(found)["model_versions"] == "whole"
    assert found["model_versions"].why == ("a fit is due",)
    assert found["credits"].perhaps == ("days that a new fit speaks for",)
