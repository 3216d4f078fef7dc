"""Path removal against a dictionary of paths."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.made import Row, credit, fit, some_rows

quick = settings(deadline=None, max_examples=60)


def share(rows: list[Row], belongs) -> float | None:
    paths = sum(count for names, _, count in rows if belongs(names))
    won = sum(count for names, converted, count in rows if converted and belongs(names))
    return won / paths if paths else None


def chance(rows: list[Row], path: list[str], unseen: str) -> float:
    exact = share(rows, lambda names: names == path)
    if exact is not None or unseen == "zero":
        return exact or 0.0
    for start in range(len(path) + 1):
        ending = path[start:]
        found = share(rows, lambda names, e=ending: names[len(names) - len(e) :] == e)
        if found is not None:
            return found
    raise AssertionError("the empty ending is that of every path")


def expected(rows: list[Row], path: list[str], unseen: str) -> list[float]:
    whole = chance(rows, path, unseen)
    effects = [whole - chance(rows, path[:i] + path[i + 1 :], unseen) for i in range(len(path))]
    effects = [effect if effect > 1e-12 else 0.0 for effect in effects]
    if not any(effects):
        return [0.0] * (len(path) - 1) + [1.0]
    return [effect / sum(effects) for effect in effects]


@quick
@given(some_rows, st.lists(st.sampled_from("abcdX"), min_size=1, max_size=6),
       st.sampled_from(["suffix", "zero"]))  # fmt: skip
def test_credit_is_what_leaving_out_each_touch_loses(rows, other, unseen):
    model = fit("path_removal", rows, unseen=unseen)
    for path in [*(names for names, _, _ in rows), other]:
        assert credit(model, *path) == pytest.approx(expected(rows, path, unseen))


def test_a_removal_that_nobody_took_is_no_proof_of_an_effect():
    """Nobody took b alone: by "zero" a earns everything for want of data."""
    rows = [(["a", "b"], True, 30), (["a", "b"], False, 70), (["a"], True, 20), (["a"], False, 80),
            (["c", "b"], True, 30), (["c", "b"], False, 70)]  # fmt: skip
    zero, suffix = (fit("path_removal", rows, unseen=unseen) for unseen in ("zero", "suffix"))
    assert credit(zero, "a", "b") == pytest.approx([0.75, 0.25])
    assert credit(suffix, "a", "b") == pytest.approx([0, 1])


def test_where_no_touch_adds_anything_the_last_one_earns():
    rows = [(["a", "b"], True, 1), (["a", "b"], False, 9), (["a"], True, 1), (["a"], False, 1),
            (["b"], True, 1), (["b"], False, 1)]  # fmt: skip
    assert credit(fit("path_removal", rows), "a", "b") == [0, 1]


def test_rare_endings_are_left_out_and_the_share_of_their_paths_is_told():
    common = [(["a", "b"], True, 50), (["b"], False, 50)]
    rows = [*common, *((["c", "d", "a", "b"][i:], True, 1) for i in range(2))]
    model = fit("path_removal", rows, max_endings=2)
    assert len(model.parents_) == 1 + 2  # any ending, b, and a before b
    assert model.dropped_share_ == pytest.approx(2 / 102)
    assert credit(model, "a", "b") == pytest.approx([1 / (1 + 50 / 102), 50 / 152])
    full = fit("path_removal", rows)
    assert full.dropped_share_ == 0
    assert len(full.parents_) == 1 + 4


def test_long_paths_are_walked_only_as_far_as_they_are_known():
    rows = [(["a", "b"], True, 5), (["b"], False, 5)]
    model = fit("path_removal", rows)
    endless = pa.table({"channels": [["b"] * 3_000] * 300})
    assert model.attribute(endless)["credit"].to_numpy().sum() == pytest.approx(300)
