"""Intervals of a published month: they hold what is published, and lift tests move them alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from expectations.audit import audit
from expectations.tables import CREDITS, INTERVALS, SPEND
from pipelines.errors import MissingInputError, SettingsError
from pipelines.lake import Lake
from pipelines.marts.intervals import intervals
from pipelines.query import connect, rows
from tests.pipelines.nights import DAYS, START, contents, copied, night
from tests.pipelines.tables import table

pytestmark = pytest.mark.spark
LAST = START + timedelta(DAYS - 1)
HEAD = "channel,scope,period_start,period_end,estimate,standard_error\n"
TEST = "Paid Search,all,2026-01-28,2026-01-30,9,3\n"
NOT_YET = "Display,all,2026-01-28,2026-02-20,9,3\n"
GERMAN = "Display,DE,2026-01-28,2026-01-30,9,3\n"


def asked(settings, query):
    return rows(connect(Lake(settings.lake_uri)), query)


def test_the_tasks_give_what_the_sums_say_and_the_contract_holds(spark):
    rows = [
        {"conversion_id": f"{model}-{n}", "model": model, "person_id": f"p{n}" if n % 5 else None,
         "channel": "Ads", "campaign": f"c{n % 2}", "campaign_id": "7" if n % 2 else None,
         "touchpoint_id": f"t{n}" if n < 38 else None, "credit": 1, "conversions": 1,
         "attributed_value": 10, "currency": "EUR", "conversion_date": f"2026-0{1 + n % 2}-15"}
        for model in ("linear", "markov") for n in range(40)
    ]  # fmt: skip
    spent = {"channel": "Ads", "campaign": "Paid", "campaign_id": "7", "currency": "EUR",
             "cost": 30, "spend_date": "2026-02-15"}  # fmt: skip
    idle = {**spent, "campaign": None, "campaign_id": "8", "currency": "USD"}
    frames = table(spark, CREDITS, rows), table(spark, SPEND, [spent, idle])
    made = intervals(*frames, ("linear", "markov"), ("markov",), {}).cache()
    assert not audit(made, INTERVALS, "run", None, use_gx=False).broken
    told = {
        (row["month"].month, row["level"], row["campaign"], row["currency"], row["figure"]): row
        for row in made.toArrow().to_pylist() if row["model"] == "linear"
    }  # fmt: skip
    assert told[2, "campaign", "Paid", "EUR", "conversions"]["amount"] == 19.0
    assert told[2, "channel", "(all)", "EUR", "roas"]["amount"] == pytest.approx(190 / 30)
    assert told[1, "campaign", "c0", "EUR", "value"]["amount"] == 190.0
    assert told[2, "campaign", "8", "USD", "roas"]["amount"] == 0.0
    assert (1, "channel", "(all)", "EUR", "roas") not in told


@pytest.mark.parametrize("level", ["channel", "campaign"])
def test_amounts_are_the_sums_of_what_is_published_by_day(done, level):
    campaign = "campaign" if level == "campaign" else "'(all)'"
    (told,) = asked(
        done,
        f"""
        WITH sums AS (
            SELECT date_trunc('month', day)::DATE AS month, model, channel, currency,
                {campaign} AS campaign, sum(conversions)::DOUBLE AS conversions,
                sum(attributed_value)::DOUBLE AS value, sum(cost)::DOUBLE AS cost
            FROM {level}s WHERE channel <> '(unattributed)' GROUP BY ALL)
        SELECT count(*) AS n, count_if(abs(amount - CASE figure
            WHEN 'conversions' THEN conversions WHEN 'value' THEN value
            WHEN 'roas' THEN value / cost WHEN 'cpa' THEN cost / conversions END) > 1e-6) AS wrong,
            count_if(conversions IS NULL) AS alien, count(DISTINCT month) AS months,
            (SELECT count(*) FROM sums) AS labels, count_if(figure = 'value') AS told
        FROM (SELECT * FROM intervals WHERE level = '{level}' AND figure NOT IN ('share', 'rank'))
        LEFT JOIN sums USING (month, model, channel, currency, campaign)""",
    )
    assert told["n"] > 100
    assert (told["wrong"], told["alien"], told["months"]) == (0, 0, 2)
    assert told["told"] == told["labels"]


def test_lift_tests_calibrate_every_month_and_without_them_all_is_as_before(done, tmp_path):
    settings = copied(done, tmp_path / "home", '[certainty]\nlift_tests = "lift.csv"\n')
    file = settings.home / "lift.csv"
    with pytest.raises(MissingInputError, match=r"lift.csv is not there: \[certainty\]"):
        night(settings, LAST)
    file.write_text(HEAD + TEST + NOT_YET + GERMAN)
    night(settings, LAST)
    query = "SELECT month, lift_tests, own_lift_tests, calibrated FROM intervals WHERE {}"
    tested = "figure = 'value' AND model = 'linear' AND channel = 'Paid Search' AND amount > 0"
    told = asked(settings, query.format(tested))
    assert {(row["lift_tests"], row["own_lift_tests"]) for row in told} == {(1, 1)}
    assert {str(row["month"]) for row in told} == {"2026-01-01", "2026-02-01"}
    assert all(row["calibrated"] > 0 for row in told)
    differ = {name for name, digest in contents(settings).items() if contents(done)[name] != digest}
    assert differ == {"intervals"}
    file.write_text(HEAD + TEST.replace(",9,3", ",nine,3"))
    with pytest.raises(SettingsError, match=r"lift.csv, line 2: estimate is 'nine'"):
        night(settings, LAST)
    file.write_text(HEAD + NOT_YET)
    night(settings, LAST)
    assert contents(settings)["intervals"] == contents(done)["intervals"]
