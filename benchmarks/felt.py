"""Crowds that meet a brand, with planted over-use and planted effects of negative touches.

Who meets the brand more often is readier to buy and has more to complain about: to compare those
with and without a negative touch outright is to be wrong by a known amount.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

CELLS = ("Display", "Email", "Search", "Social", "Support")
SHARES = np.array([0.45, 0.2, 0.15, 0.15, 0.05])  # of touches
EARNS = np.array([0.01, 0.03, 0.06, 0.02, 0.04])  # credit of a touch
KINDS = ("email_bounce", "email_complaint", "low nps")
CHANCES = np.array([0.03, 0.02, 0.02])  # of each kind, times how eager a person is
EFFECTS = {"email_bounce": -0.02, "email_complaint": -0.08, "low nps": 0.0}  # on the chance to buy
STRATA = 6  # how eager: what is seen of a person before the touch
BASE = 0.25  # chance to buy of the least eager, more by so much with each stratum
STEP = 0.06


def used(people: int, bags: int, seed: int) -> pa.Table:
    """What each bag of persons used and earned by cell: columns cell, bag, used, credit."""
    chance = np.random.default_rng(seed)
    eager = chance.gamma(1.5, 1 / 1.5, size=(people, 1))
    touches = chance.poisson(6 * eager * SHARES)
    earned = chance.binomial(touches, EARNS)
    bag = chance.integers(bags, size=people)
    sums = np.zeros((2, bags, len(CELLS)), dtype=np.int64)
    for at, figure in enumerate((touches, earned)):
        np.add.at(sums[at], bag, figure)
    return pa.table({
        "cell": list(CELLS) * bags, "bag": np.repeat(np.arange(bags), len(CELLS)),
        "used": sums[0].ravel(), "credit": sums[1].ravel(),
    })  # fmt: skip


def true_index() -> dict[str, float]:
    """The planted index of use: share of credit over share of touches."""
    earned = SHARES * EARNS
    return dict(zip(CELLS, earned / earned.sum() / SHARES, strict=True))


def felt(people: int, bags: int, seed: int) -> tuple[pa.Table, dict[str, float]]:
    """Sums as `models.negative_touches` asks for, and the planted effect of each kind.

    A person meets the brand more often the more eager it is; with each touch comes a chance that
    the touch is a negative one, after which it counts no more.
    """
    chance = np.random.default_rng(seed)
    stratum = chance.integers(STRATA, size=people)
    luck = chance.normal(0, 0.05, size=people)  # of a person: its touches go together
    person = np.repeat(np.arange(people), 1 + chance.poisson(1 + stratum))
    kind = _kinds(chance, stratum[person])
    clean = _nothing_before(person, kind)
    person, kind = person[clean], kind[clean]
    planted = np.array([0.0, *EFFECTS.values()])
    buys = np.clip(BASE + STEP * stratum + luck, 0, 1)[person] + planted[kind]
    bought = chance.random(len(person)) < np.clip(buys, 0, 1)
    names = np.array([None, *KINDS], dtype=object)
    rows = pa.table({
        "stratum": pa.array(stratum[person]).cast(pa.string()),
        "kind": pa.array(names[kind], pa.string()),
        "bag": chance.integers(bags, size=people)[person],
        "moments": np.ones(len(person), dtype=np.int64), "bought": bought.astype(np.int64),
    })  # fmt: skip
    keys = ["stratum", "kind", "bag"]
    sums = rows.group_by(keys).aggregate([("moments", "sum"), ("bought", "sum")])
    return sums.rename_columns([*keys, "moments", "bought"]), EFFECTS


def _kinds(chance: np.random.Generator, stratum: np.ndarray) -> np.ndarray:
    """Of each touch: 0, or the number of the kind of negative touch it is."""
    edges = np.cumsum(CHANCES) * (1 + stratum[:, None]) / STRATA
    return np.where(
        (drawn := chance.random(len(stratum))) < edges[:, -1],
        1 + (drawn[:, None] >= edges).sum(axis=1), 0,
    )  # fmt: skip


def _nothing_before(person: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Whether no touch of the person before this one was negative; touches are in order."""
    bad = np.cumsum(kind > 0)
    starts = np.flatnonzero(np.diff(person, prepend=-1))
    counts = np.diff(np.append(starts, len(person)))
    earlier: np.ndarray = np.repeat(bad[starts] - (kind[starts] > 0), counts)
    return bad - (kind > 0) == earlier
