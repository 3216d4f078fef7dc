"""What is left out of a path for how its touches follow each other: echoes, transforms, the cap.

`met` is a list of touches by time and id; those whose `rule` is null are kept so far. Whatever is
left out stays in the list and bears the rule's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.tables.journeys import LAST_N

# From the channels of the kept touches: for each, whether it goes. A null, or a list too short for
# a touch, lets it stay.
Goes = Callable[[Column], Column]


def transformed(lists: DataFrame, names: Sequence[str], direct: str) -> DataFrame:
    """`lists` after each transform in turn; one sees only what those before it kept.

    `direct` is the channel that the transforms about direct touches look for.
    """
    for name in names:
        lists = lists.withColumn("met", _marked(F.col("met"), name, _goes(name, direct)))
    return lists


def echoes(met: Column, seconds: int) -> Column:
    """Touches with rule `echo` where a visit only repeats a click that another source told.

    A click on an e-mail is told by the e-mail platform, and seconds later by web analytics.
    """
    if not seconds:
        return met
    gap = seconds * 1_000_000

    def repeats(touch: Column) -> Column:
        return F.exists(met, lambda c: (
            (c["weight_class"] == "click") & c["rule"].isNull() & (c["source"] != touch["source"])
            & (c["channel"] == touch["channel"]) & (c["touched_at"] <= touch["touched_at"])
            & (F.unix_micros(touch["touched_at"]) - F.unix_micros(c["touched_at"]) <= gap)
        ))  # fmt: skip

    def ruled(touch: Column) -> Column:
        is_visit = touch["rule"].isNull() & (touch["weight_class"] == "visit")
        return touch.withField("rule", F.when(is_visit & repeats(touch), "echo").otherwise(
            touch["rule"]))  # fmt: skip

    has_click = F.exists(met, lambda c: c["weight_class"] == "click")
    return F.when(has_click, F.transform(met, ruled)).otherwise(met)


def capped(met: Column, most: int) -> Column:
    """Touches with rule `too_many` on all but the newest `most` kept ones."""
    is_long = F.size(kept(met)) > most
    cut = _marked(met, "too_many", partial(_all_but_last, count=most))
    return F.when(is_long, cut).otherwise(met)


def kept(met: Column) -> Column:
    """Touches that no rule left out."""
    return F.filter(met, lambda touch: touch["rule"].isNull())


def left_out(met: Column) -> Column:
    """Touches that a rule left out."""
    return F.filter(met, lambda touch: touch["rule"].isNotNull())


def _marked(met: Column, rule: str, goes: Goes) -> Column:
    """`met`, with `rule` on the kept touches that go."""
    stay = kept(met)
    flags = _once(F.transform(stay, lambda touch: touch["channel"]), goes)
    ruled = F.zip_with(
        stay,
        F.coalesce(flags, F.array().cast("array<boolean>")),
        lambda touch, is_gone: touch.withField("rule", F.when(is_gone, rule)),
    )
    return F.sort_array(F.concat(ruled, left_out(met)))


def _once(value: Column, use: Callable[[Column], Column]) -> Column:
    """`use` of a value computed once: as plain text it is computed again for every element."""
    return F.transform(F.array(value), lambda held: use(held))[0]


def _goes(name: str, direct: str) -> Goes:
    """What a transform of this name leaves out."""
    last = LAST_N.fullmatch(name)
    if last:
        return partial(_all_but_last, count=int(last[1]))
    return _PLAIN[name] if name in _PLAIN else partial(_ABOUT_DIRECT[name], direct=direct)


def _collapse(channels: Column) -> Column:
    """All but the first touch of each run of a channel.

    The first is the one that moved the person there, and it stays the same while the run grows.
    """
    return F.transform(channels, lambda channel, i: F.get(channels, i - 1) == channel)


def _first_occurrences(channels: Column) -> Column:
    """All but the first touch of each channel."""
    return F.transform(channels, lambda channel, i: F.array_position(channels, channel) <= i)


def _direct_unless_all(channels: Column, direct: str) -> Column:
    """Direct touches, if there are others."""
    has_others = F.exists(channels, lambda channel: channel != direct)
    return F.when(has_others, F.transform(channels, lambda channel: channel == direct))


def _trailing_direct_unless_all(channels: Column, direct: str) -> Column:
    """Direct touches after the last other one; null if there is no other."""
    places = F.transform(channels, lambda channel, i: F.when(channel != direct, i))
    before = F.array_max(places) + 1
    return F.concat(
        F.array_repeat(F.lit(False), before),
        F.array_repeat(F.lit(True), F.size(channels) - before),
    )


def _all_but_last(channels: Column, count: int) -> Column:
    """All but the newest `count` touches."""
    return F.array_repeat(F.lit(True), F.size(channels) - count)


_PLAIN: Mapping[str, Goes] = {
    "collapse": _collapse,
    "first_occurrences": _first_occurrences,
}
_ABOUT_DIRECT: Mapping[str, Callable[..., Column]] = {
    "remove_direct_unless_all": _direct_unless_all,
    "remove_trailing_direct_unless_all": _trailing_direct_unless_all,
}
