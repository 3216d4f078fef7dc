"""Which months of intervals are made again, decided on snapshots alone."""

from dataclasses import replace

from pipelines.settings import Settings
from tests.pipelines.test_plan_rows import EVERY, a_run, changed, planned, settled


def test_a_day_of_credit_changes_its_month_of_intervals_and_no_other():
    run = a_run()
    days = [*EVERY, "2026-02-03", "2026-02-04"]
    known = settled(run, days)
    later = changed(known["credits"], "2026-02-03")
    assert planned(run, known | {"credits": later}, days=days)["intervals"].days == ("2026-02-01",)


def test_a_day_of_a_lift_test_changes_all_months_since_the_bias_is_learned_of_it(tmp_path):
    head = "channel,scope,period_start,period_end,estimate,standard_error\n"
    (tmp_path / "lift.csv").write_text(head + "Display,all,2026-01-05,2026-01-07,9,3\n")
    run = a_run(Settings(home=tmp_path, certainty={"lift_tests": "lift.csv"}))
    days = [*EVERY, "2026-02-03"]
    known = settled(run, days)
    every = ("2026-01-01", "2026-02-01")

    def months(credits):
        return planned(run, known | {"credits": credits}, days=days)["intervals"].days

    assert months(changed(known["credits"], "2026-01-06")) == every
    assert months(changed(known["credits"], "2026-01-09")) == every[:1]
    assert months(replace(known["credits"], version=2, files=known["credits"].files[1:])) == every
    (tmp_path / "lift.csv").write_text(head + "Display,all,2026-01-05,2026-01-07,9,2\n")
    assert planned(run, known, days=days)["intervals"].why == ("lift tests changed",)
