"""Every figure is what a plain reading of the tables gives."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pipelines.report import health, queries, shape

THROUGH = date(2026, 3, 1)


def one(con, sql):
    return con.execute(sql).fetchone()


def test_the_newest_publication_is_read_unless_another_is_asked_for(seeded):
    assert queries.publication(seeded)["publication_id"] == 7
    assert queries.publication(seeded, 3)["run_id"] == "run-3"
    assert queries.publication(seeded, 99) is None


def test_channel_sums_are_the_table_summed(seeded):
    con = seeded
    (row,) = (
        r
        for r in queries.channels(con, THROUGH)
        if (r["currency"], r["channel"], r["model"]) == ("EUR", "Paid Search", "markov")
    )
    assert (row["conversions"], row["value"], row["cost"]) == one(
        con,
        "SELECT sum(conversions), sum(attributed_value), sum(cost) FROM channels WHERE "
        "currency = 'EUR' AND channel = 'Paid Search' AND model = 'markov'",
    )


def test_days_after_the_publication_are_left_out(lake):
    con = lake()
    con.execute("UPDATE publications SET through_date = '2026-01-31'").fetchall()
    through = queries.publication(con)["through_date"]
    booked = sum(row["conversions"] for row in queries.order_book(con, through))
    assert (booked,) == one(
        con, "SELECT sum(conversions) FROM conversions WHERE conversion_date <= '2026-01-31'"
    )
    assert max(r["day"] for r in queries.daily(con, date(2026, 1, 1), through)) == through


def test_days_without_conversion_are_zero_and_not_missing(lake):
    con = lake(days=20)
    con.execute("DELETE FROM conversions WHERE conversion_date = '2026-01-05'").fetchall()
    rows = queries.daily(con, date(2026, 1, 1), date(2026, 1, 20))
    gap = [row for row in rows if row["day"] == date(2026, 1, 5)]
    assert {row["conversion_type"] for row in gap} == {"order", "opportunity", "lead"}
    assert all(row["conversions"] == 0 and row["value"] == 0 for row in gap)


def test_folded_campaigns_and_shown_ones_add_up_to_all_of_them(seeded):
    con = seeded
    rows = queries.campaigns(con, THROUGH, most=5)
    assert {row["campaign"] is None for row in rows} == {True, False}
    assert max(row["folded"] for row in rows) == 24 - 5
    assert (sum(r["value"] for r in rows), sum(r["cost"] for r in rows)) == one(
        con, "SELECT sum(attributed_value), sum(cost) FROM campaigns"
    )


def test_the_median_over_months_counts_each_month_by_its_conversions(no_rows):
    no_rows.execute(
        "INSERT INTO path_summary BY NAME SELECT 'order' AS conversion_type, path, conversions, "
        "0 AS losses, 5 AS net_value, 'EUR' AS currency, median_days, month FROM (VALUES "
        "('A', 3, 2.0, DATE '2026-01-01'), ('A', 1, 9.0, DATE '2026-02-01'), "
        "('(unattributed)', 2, NULL, DATE '2026-02-01')) t(path, conversions, median_days, month)"
    ).fetchall()
    touched, untouched = queries.paths(no_rows, THROUGH, most=10)
    assert (touched["path"], touched["conversions"], touched["median_days"]) == ("A", 4, 2.0)
    assert (untouched["median_days"], untouched["all_conversions"]) == (None, 6)


def test_lost_paths_are_those_of_the_newest_month_only(seeded):
    con = seeded
    rows = queries.losses(con, THROUGH, most=3)
    assert [row["month"] for row in rows] == [date(2026, 3, 1)] * 3
    assert (rows[0]["all_losses"],) == one(
        con, "SELECT sum(losses) FROM path_summary WHERE month = '2026-03-01'"
    )


def test_a_source_with_quarantine_but_no_batch_is_shown(no_rows):
    no_rows.execute(
        "INSERT INTO quarantine BY NAME SELECT 'ga4' AS source, 'b' AS batch_id, 'f' AS file, "
        "1 AS line, 0 AS part, 'bad_json' AS reason, '' AS payload, "
        "DATE '2026-01-01' AS received_date"
    ).fetchall()
    (row,) = health.sources(no_rows)
    assert (row["source"], row["records"], row["quarantined"]) == ("ga4", 0, 1)


def test_only_audits_of_the_publishing_run_are_counted(seeded):
    con = seeded
    assert sum(row["broken"] for row in health.audits(con, "run-7")) == 1
    assert health.audits(con, "run-6") == []


def test_roas_of_a_total_is_the_ratio_of_sums_and_not_the_sum_of_ratios():
    rows = [
        {"model": "linear", "conversions": Decimal(1), "value": Decimal(v), "cost": Decimal(c)}
        for v, c in ((10, 10), (90, 10))
    ]
    lines = [
        line
        for i, row in enumerate(rows)
        for line in shape.channel_lines([{**row, "channel": str(i)}], ("linear",))
    ]
    total = shape.totals(lines, ("linear",))
    assert (total.cells["roas"], total.cells["cpa"]) == ([Decimal(5)], [Decimal(10)])


def test_currencies_are_ordered_by_conversions_and_the_valueless_come_last():
    rows = [
        {"currency": "XXX", "conversions": Decimal(99)},
        {"currency": "EUR", "conversions": Decimal(1)},
        {"currency": "USD", "conversions": Decimal(2)},
    ]
    assert shape.currencies_of(rows) == ("USD", "EUR", "XXX")


def test_consent_is_counted_of_the_touches_that_a_purpose_is_about(seeded):
    analytics, ads = health.consent(seeded, date(2026, 1, 10))
    told = ("purpose", "touches", "granted", "unset", "denied", "withdrawals", "grants")
    assert [analytics[name] for name in told] == ["analytics", 1000, 920, None, 80, 6, 0]
    assert [ads[name] for name in told] == ["advertising", 500, 350, 150, None, 0, 0]


def test_a_touch_left_out_counts_once_for_its_rule(lake):
    con = lake(currencies=("EUR", "USD"))
    for row in (rows := health.left_out(con, date(2026, 1, 10))):
        assert (row["touches"], row["conversions"]) == (10, 20)
    assert [row["rule"] for row in rows] == ["consent_analytics", "lookback"]


def test_a_lake_without_touches_has_no_consent_to_count(no_rows):
    assert health.consent(no_rows, THROUGH) == health.left_out(no_rows, THROUGH) == []
