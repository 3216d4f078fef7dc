from hypothesis import given
from hypothesis import strategies as st

from pipelines.dirty import around, days_between, months, path_days


def test_a_late_touch_dirties_the_conversions_it_can_still_reach():
    found = path_days({"2026-01-01"}, set(), 2)
    assert found == {"2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"}


def test_a_late_conversion_dirties_its_own_day_only():
    assert path_days(set(), {"2026-01-05"}, 30) == {"2026-01-05"}


def test_part_of_a_day_of_lookback_reaches_as_far_as_a_whole_one():
    assert path_days({"2026-01-01"}, set(), 0.5) == path_days({"2026-01-01"}, set(), 1)


def test_a_range_has_both_its_ends():
    assert days_between("2026-02-28", "2026-03-01") == {"2026-02-28", "2026-03-01"}


@given(st.sets(st.sampled_from(sorted(days_between("2026-01-01", "2026-03-31"))), max_size=5))
def test_nothing_around_a_set_is_lost_and_months_cover_it(some):
    assert some <= around(some, 1, 2)
    assert {day[:8] + "01" for day in some} == months(some)
