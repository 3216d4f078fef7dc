"""Lift tests: what experiments say a channel caused, checked."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import pyarrow as pa

EVERYWHERE = "all"
NEEDED = ("channel", "scope", "period_start", "period_end", "estimate", "standard_error")
OPTIONAL = ("spend",)


@dataclass(frozen=True)
class LiftTest:
    """One experiment on one channel: conversions that would not have come without it."""

    channel: str
    scope: str  # where it ran, as the column `scope` of credit says; "all" for everywhere
    period_start: np.datetime64  # a day, UTC; both days belong to the period
    period_end: np.datetime64
    estimate: float  # of incremental conversions; may be below 0
    standard_error: float
    spend: float | None = None  # on the channel, in scope and period

    @property
    def days(self) -> int:
        """How many its period has."""
        return int((self.period_end - self.period_start) / np.timedelta64(1, "D")) + 1

    @property
    def name(self) -> str:
        """What messages and reports call it."""
        return f"{self.channel} in {self.scope}, {self.period_start}..{self.period_end}"


class BadLiftTests(ValueError):
    """Lift tests that make no sense as told; the message lists every problem, a line each."""


def checked(rows: Iterable[tuple[str, Mapping[str, object]]]) -> list[LiftTest]:
    """The tests that rows tell, in the order of channel, scope and period; all problems at once.

    A row comes with the place it stands in, as "line 3". Columns ``channel``, ``scope`` ("all",
    or as in the credit), ``period_start`` and ``period_end`` (days, both counted), ``estimate``
    (incremental conversions of everybody in scope), ``standard_error``; if known, ``spend``.
    Values may be text.
    """
    tests: dict[tuple[object, ...], tuple[str, LiftTest]] = {}
    problems: list[str] = []
    for place, row in rows:
        try:
            test = _test(row)
        except BadLiftTests as bad:
            problems += [f"{place}: {problem}" for problem in str(bad).splitlines()]
            continue
        key = (test.channel, test.scope, test.period_start, test.period_end)
        if key in tests:
            problems.append(
                f"{place}: {test.name} is already told on {tests[key][0]}; expected one row per "
                "channel, scope and period. Keep the right one, or pool them by precision"
            )
        tests[key] = (place, test)
    if problems:
        raise BadLiftTests("\n".join(problems))
    return [tests[key][1] for key in sorted(tests)]


def check_columns(found: Sequence[str]) -> None:
    """Raise BadLiftTests unless all needed columns are found."""
    missing = [name for name in NEEDED if name not in found]
    unknown = [name for name in found if name not in NEEDED + OPTIONAL]
    hints = [get_close_matches(name, unknown, n=1) for name in missing]
    like = [f"{m} (is it {h[0]!r}?)" if h else m for m, h in zip(missing, hints, strict=True)]
    if missing:
        raise BadLiftTests(
            f"no column {', '.join(like)}; there are {', '.join(found) or 'none'}. "
            f"Expected {', '.join(NEEDED)} and, if known, {', '.join(OPTIONAL)}"
        )


def _test(row: Mapping[str, object]) -> LiftTest:
    """The test of a row, or everything that is wrong with it, a line each."""
    problems: list[str] = []
    spent = row.get("spend")
    channel, scope = (_text(row, name, problems) for name in ("channel", "scope"))
    start, end = (_day(row, name, problems) for name in ("period_start", "period_end"))
    estimate = _number(row, "estimate", problems)
    error = _number(row, "standard_error", problems)
    spend = None if spent in (None, "") else _number(row, "spend", problems)
    if end < start and not problems:
        problems.append(f"period_end {end} is before period_start {start}; swap or correct them")
    if error <= 0:
        problems.append(
            f"standard_error {error:g}; expected above 0: it is what the test is weighed by. "
            "A 95 % interval is 3.92 standard errors wide"
        )
    if spend is not None and spend < 0:
        problems.append(f"spend {spend:g}; expected 0 or more, or nothing if it is not known")
    if problems:
        raise BadLiftTests("\n".join(problems))
    return LiftTest(channel, scope, start, end, estimate, error, spend)


def _text(row: Mapping[str, object], name: str, problems: list[str]) -> str:
    value = row[name]
    if not isinstance(value, str) or not value.strip():
        hint = f"; write {EVERYWHERE!r} for everywhere" if name == "scope" else ""
        problems.append(f"{name} is {value!r}; expected a name{hint}")
        return ""
    return value.strip()


def _day(row: Mapping[str, object], name: str, problems: list[str]) -> np.datetime64:
    text = str(row[name]).strip()
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return np.datetime64(text, "D")
    except ValueError:  # as on 31 February
        pass
    problems.append(f"{name} is {text!r}; expected a day as 2026-03-31")
    return np.datetime64("NaT")


def _number(row: Mapping[str, object], name: str, problems: list[str]) -> float:
    value = row[name]
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        problems.append(
            f"{name} is {value!r}; expected a number with a point and without separators, as 1234.5"
        )
        return 1.0
    return number


def said_of(tests: Sequence[LiftTest], credit: pa.Table) -> np.ndarray:
    """Of each test: the credit the model gives its channel in its scope and period.

    `credit` has ``channel``, ``day`` (date32, UTC) and ``credit``, and ``scope`` if any test is
    not on all of it; one row per channel, scope and day, or several that are added up.
    """
    channels = np.asarray(credit.column("channel").to_pylist(), dtype=object)
    days = credit.column("day").cast(pa.date32()).to_numpy()
    given = credit.column("credit").cast(pa.float64()).to_numpy()
    has_scope = "scope" in credit.column_names
    scopes = np.asarray(credit.column("scope").to_pylist(), dtype=object) if has_scope else None
    said = []
    for test in tests:
        inside = (channels == test.channel) & (days >= test.period_start)
        inside &= days <= test.period_end
        if test.scope != EVERYWHERE:
            if scopes is None:
                raise ValueError(
                    f"the test of {test.name} needs a column 'scope' in the credit, which has "
                    f"{credit.column_names}; give credit by scope, or leave the test out"
                )
            inside &= scopes == test.scope
        said.append(float(given[inside].sum()))
    return np.array(said)
