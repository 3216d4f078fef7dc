"""Sampling intervals and the truth."""

from models.holding import held
from models.worlds import WORLDS


def test_sampling_intervals_of_descriptive_models_seldom_hold_what_channels_caused():
    found = held([WORLDS["tracked"]], ["linear", "last_touch", "markov"], people=6_000)
    assert [row.model for row in found] == ["linear", "last_touch"], "fits are not redrawn"
    assert all(row.channels == 7 for row in found)
    assert sum(row.held for row in found) <= 3
