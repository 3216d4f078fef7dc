"""What transforms and lookbacks leave of a path, written as E>V>D: one letter a touch, D direct."""

from datetime import timedelta
from itertools import groupby, product

import pytest

from expectations.tables import CONVERSIONS, TOUCHPOINTS
from pipelines.path_transforms import transformed
from pipelines.paths import lost_paths, paths
from pipelines.settings import Settings
from tests.pipelines.tables import table
from tests.pipelines.test_paths import at, bought, people, touch

pytestmark = pytest.mark.spark
NAMES = ("collapse", "first_occurrences", "remove_direct_unless_all",
         "remove_trailing_direct_unless_all")  # fmt: skip
GOLDEN = {  # path: what each transform leaves of it, in the order of NAMES
    "E>V>D>D": ("E>V>D", "E>V>D", "E>V", "E>V"),
    "D>D": ("D", "D", "D>D", "D>D"),
    "a>a>a>D>a>D>D": ("a>D>a>D", "a>D", "a>a>a>a", "a>a>a>D>a"),
    "D": ("D", "D", "D", "D"),
    "": ("", "", "", ""),
    "E>V>D": ("E>V>D", "E>V>D", "E>V", "E>V"),
}


def touches(path, who="ann"):
    """Touches of a path, an hour apart, the last one an hour before noon: ann0, ann1 …"""
    channels = [channel for channel in path.split(">") if channel]
    return [
        touch(f"{who}{n}", at((n - len(channels)) / 24), channel, identifier=f"user_id:{who}")
        for n, channel in enumerate(channels)
    ]


def rules(conversions=None, **settings):
    """Path rules under which D is the direct channel."""
    more = {"conversions": conversions} if conversions else {}
    return Settings(models={"direct": "D"}, paths=settings, **more).path_rules


def walked(spark, met, orders, chosen):
    """order -> (channels kept, {dropped touch: rule}); everybody is someone else."""
    names = {row["identifier"].split(":")[1] for row in (*met, *orders)}
    rows = paths(
        table(spark, TOUCHPOINTS, met), table(spark, CONVERSIONS, orders), people(spark, names),
        chosen,
    ).toArrow().to_pylist()  # fmt: skip
    return {
        r["conversion_id"]: (">".join(t["channel"] for t in r["touches"]),
                             {d["touchpoint_id"]: d["rule"] for d in r["dropped"]})
        for r in rows
    }  # fmt: skip


def one(spark, path, *transforms, **settings):
    """Channels kept and touches dropped of one path."""
    return walked(spark, touches(path), [bought()], rules(transforms=transforms, **settings))[
        "order"
    ]


@pytest.mark.parametrize("name", NAMES)
def test_each_transform_leaves_of_known_paths_what_it_should(spark, name):
    met = [row for n, path in enumerate(GOLDEN) for row in touches(path, f"p{n}-")]
    orders = [bought(path, identifier=f"user_id:p{n}-") for n, path in enumerate(GOLDEN)]
    found = walked(spark, met, orders, rules(transforms=[name]))
    assert {path: kept for path, (kept, _) in found.items()} == {
        path: left[NAMES.index(name)] for path, left in GOLDEN.items()
    }
    for path, (kept, dropped) in found.items():
        assert len(dropped) == path.count(">") - kept.count(">")
        assert set(dropped.values()) <= {name}


def _trailing(path):
    while path and path[-1] == "D":
        path = path[:-1]
    return path


PLAINLY = {
    "collapse": lambda path: [channel for channel, _ in groupby(path)],
    "first_occurrences": lambda path: list(dict.fromkeys(path)),
    "remove_direct_unless_all": lambda path: [c for c in path if c != "D"] or path,
    "remove_trailing_direct_unless_all": lambda path: _trailing(path) or path,
    "last_2": lambda path: path[-2:],
}


@pytest.mark.parametrize("name", PLAINLY)
def test_every_short_path_is_left_as_a_plain_loop_leaves_it(spark, name):
    every = [list(path) for length in range(5) for path in product("abD", repeat=length)]
    fields = "touched_at int, touchpoint_id string, channel string, rule string"
    lists = spark.createDataFrame(
        [(path, [(n, "x", c, None) for n, c in enumerate(path)]) for path in every],
        f"path array<string>, met array<struct<{fields}>>",
    )
    for row in transformed(lists, [name], "D").toArrow().to_pylist():
        kept = [touch["channel"] for touch in row["met"] if touch["rule"] is None]
        assert kept == PLAINLY[name](row["path"]), row["path"]
        assert [touch["touched_at"] for touch in row["met"]] == list(range(len(row["path"])))


@pytest.mark.parametrize(
    ("path", "transforms", "kept"),
    [
        ("a>D>a", ("remove_direct_unless_all", "collapse"), "a"),
        ("a>D>a", ("collapse", "remove_direct_unless_all"), "a>a"),
        ("a>b>b", ("last_2", "collapse"), "b"),
        ("a>b>b", ("collapse", "last_2"), "a>b"),
        ("a>D>D", ("last_2", "remove_trailing_direct_unless_all"), "D>D"),
        ("a>D>D", ("remove_trailing_direct_unless_all", "last_2"), "a"),
    ],
)
def test_transforms_are_done_in_the_order_they_are_listed(spark, path, transforms, kept):
    assert one(spark, path, *transforms)[0] == kept


def test_what_goes_is_listed_with_the_transform_that_took_it(spark):
    kept, dropped = one(spark, "b>a>a>D>a>D", "collapse", "remove_direct_unless_all", "last_2")
    assert kept == "a>a"
    assert dropped == {
        "ann0": "last_2", "ann2": "collapse", "ann3": "remove_direct_unless_all",
        "ann5": "remove_direct_unless_all",
    }  # fmt: skip


def test_of_a_run_the_first_touch_stays(spark):
    assert one(spark, "a>a>a", "collapse") == ("a", {"ann1": "collapse", "ann2": "collapse"})


def test_touches_that_may_not_be_used_neither_part_a_run_nor_count_as_another_channel(spark):
    met = [*touches("D>D"), touch("robot", at(-1.5 / 24), "a", is_bot=True)]
    collapsed = walked(spark, met, [bought()], rules(transforms=["collapse"]))
    assert collapsed == {"order": ("D", {"robot": "bot", "ann1": "collapse"})}
    only = walked(spark, met, [bought()], rules(transforms=["remove_direct_unless_all"]))
    assert only == {"order": ("D>D", {"robot": "bot"})}


def test_an_echo_is_gone_before_the_transforms_and_the_cap_comes_after(spark):
    met = [
        touch("first", at(-2), "b"),
        touch("click", at(-1), source="sendgrid", weight_class="click"),
        touch("landing", at(-1, 20_000_000)), touch("late", at(-0.5)),
    ]  # fmt: skip
    found = walked(spark, met, [bought()], rules(transforms=["collapse"], max_touches=1))
    assert found["order"] == (
        "Email", {"first": "too_many", "landing": "echo", "late": "collapse"},
    )  # fmt: skip


def test_touches_at_one_instant_stand_by_id_in_a_run_too(spark):
    met = [touch("x2", at(-1), "a"), touch("x1", at(-1), "a"), touch("x3", at(-1), "b")]
    found = walked(spark, met, [bought()], rules(transforms=["collapse"]))
    assert found["order"] == ("a>b", {"x2": "collapse"})


def test_the_conversions_own_page_view_is_the_last_touch(spark):
    met = [*touches("a>b"), touch("own", at(), "E"), touch("after", at(microseconds=1), "V")]
    found = walked(spark, met, [bought()], rules(transforms=["last_1"]))
    assert found["order"] == ("E", {"ann0": "last_1", "ann1": "last_1"})


def test_each_of_several_orders_a_day_has_a_path_of_its_own(spark):
    orders = [bought("one", at(-1.5 / 24)), bought("two"), bought("three")]
    found = walked(
        spark, touches("a>D>D"), orders, rules(transforms=["remove_trailing_direct_unless_all"])
    )
    last = "remove_trailing_direct_unless_all"
    assert found["one"] == ("a", {"ann1": last})
    assert found["two"] == found["three"] == ("a", {"ann1": last, "ann2": last})


def test_losing_paths_obey_the_transforms_and_the_cap(spark):
    window = spark.createDataFrame([(at(-5), at(1))], "opens_at timestamp, closes_at timestamp")
    met = [*touches("a>a>D>b>D"), *touches("D>D", "bob")]
    chosen = rules(transforms=["collapse", "remove_direct_unless_all"], max_touches=1)
    lost = lost_paths(
        table(spark, TOUCHPOINTS, met), table(spark, CONVERSIONS, []), people(spark), window, chosen
    )
    found = {row["person_id"]: row["channels"] for row in lost.toArrow().to_pylist()}
    assert found == {"ann": ["b"], "bob": ["D"]}


def test_a_kind_of_touch_may_have_a_lookback_of_its_own_and_the_shorter_of_two_counts(spark):
    met = [
        touch("view", at(-2), weight_class="view"), touch("click", at(-9), weight_class="click"),
        touch("visit", at(-4)), touch("old visit", at(-6)),
        touch("ad click", at(-4), "Display", weight_class="click"),
        touch("ad view", at(-2), "Display", weight_class="view"),
        touch("edge", at(-1), weight_class="view"),
    ]  # fmt: skip
    chosen = rules(
        lookback_days=5, lookback_by_weight_class={"view": 1, "click": 10},
        lookback_by_channel={"Display": 3}, weight_classes=["visit", "click", "view"],
    )  # fmt: skip
    kept, dropped = walked(spark, met, [bought()], chosen)["order"]
    assert kept == "Email>Email>Email"
    assert dropped == {
        "view": "lookback", "old visit": "lookback", "ad click": "lookback", "ad view": "lookback",
    }  # fmt: skip


def test_a_type_of_conversion_may_have_a_lookback_of_its_own(spark):
    met = [touch("old", at(-40), "a"), touch("recent", at(-10), "b"), touch("ad", at(-2), "c")]
    orders = [bought(kind, conversion_type=kind) for kind in ("order", "deal", "trial")]
    kinds = {"order": {"lookback_days": 1}, "deal": {"lookback_days": 60}, "trial": {}}
    found = walked(spark, met, orders, rules(kinds, lookback_by_channel={"c": 1}))
    assert found == {
        "order": ("", {}),  # whose longest lookback none of them is inside
        "deal": ("a>b", {"ad": "lookback"}),
        "trial": ("b", {"ad": "lookback"}),
    }


def test_a_channel_keeps_its_lookback_whatever_the_type_of_conversion(spark):
    met = [touch("a", at(-3), "a"), touch("b", at(-3), "b")]
    kinds = {"order": {"lookback_days": 1}}
    found = walked(
        spark, met, [bought(conversion_type="order")], rules(kinds, lookback_by_channel={"a": 4})
    )
    assert found == {"order": ("a", {"b": "lookback"})}


def test_a_calendar_lookback_of_a_type_begins_with_the_day(spark):
    midnight = at(-2) - timedelta(hours=12)
    met = [touch("edge", midnight, "a"), touch("old", midnight - timedelta(microseconds=1), "b")]
    chosen = rules({"order": {"lookback_days": 2}}, calendar_days=True)
    assert walked(spark, met, [bought(conversion_type="order")], chosen)["order"][0] == "a"
