"""What a block of people tells about the parameters of the intent model: counts that add up."""

from __future__ import annotations

import numpy as np

from models.intent_chain import Counts, smoothed
from models.intent_days import Block, Layout
from models.intent_parameters import Parameters, purchase_log

_LEAST = 1e-30  # of the mean of what happened


def expected(block: Block, layout: Layout, at: Parameters) -> Counts:
    """Log likelihood of the block, and what is expected of what nobody sees, in sums.

    The sums are all that learning needs, so blocks may lie anywhere and be added in any order.
    ``score_`` and ``bend_`` are the first and the negative second derivatives of the expected
    log likelihood of purchases and of moves.
    """
    base, lift = _multipliers(block, at)
    likely, tops = _likely(_evidence(block, layout, at, base))
    chance, moves, likelihood = smoothed(block, at, likely, lift)
    first = chance[0].reshape(*at.shape, block.size)
    told = {
        "likelihood": np.array(likelihood + tops), "start": first.sum(axis=(1, 2)),
        "mix": _mix(block, at, first.sum(axis=0)), **_touches(block, layout, at, chance),
        **_purchases(block, at, chance, base), **moves,
    }  # fmt: skip
    return {name: np.multiply(value, block.weight, dtype=float) for name, value in told.items()}


def classes_of(block: Block, layout: Layout, at: Parameters) -> np.ndarray:
    """Class x person: the chance that a person is of it, given all that was seen."""
    base, lift = _multipliers(block, at)
    likely, _ = _likely(_evidence(block, layout, at, base))
    chance = smoothed(block, at, likely, lift)[0][0]
    return chance.reshape(*at.shape, block.size).sum(axis=0)


def purchases_due(block: Block, layout: Layout, at: Parameters) -> np.ndarray:
    """Day x person: purchases expected, given all that was seen of intent and class."""
    base, lift = _multipliers(block, at)
    likely, _ = _likely(_evidence(block, layout, at, base))
    chance = smoothed(block, at, likely, lift)[0]
    means = np.exp(purchase_log(at)).astype(chance.dtype)[:, None]
    by_day = zip(chance, base, strict=True)
    due = [(one * -np.expm1(-means * today)).sum(axis=0) for one, today in by_day]
    return np.array(due)


def _multipliers(block: Block, at: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """Day x person: what exposure and traits make of the mean of purchases, of odds to rise."""
    base = np.exp(block.effects @ at.buys_slopes.astype(block.effects.dtype))
    lift = np.exp(block.moves @ at.rises_slopes.astype(block.moves.dtype))
    return base, lift


def _mix(block: Block, at: Parameters, by_class: np.ndarray) -> np.ndarray:
    """Kind x class: people expected."""
    kinds = len(at.mix)
    return np.stack([np.bincount(block.kind, one, kinds) for one in by_class], axis=1)


def _evidence(block: Block, layout: Layout, at: Parameters, base: np.ndarray) -> np.ndarray:
    """Day x (state, class) x person: the log likelihood of what was seen on that day."""
    group, cells = (one.astype(base.dtype) for one in at.rate_factors(layout))
    means = np.exp(purchase_log(at)).astype(base.dtype)[:, None]
    logs = np.empty((len(base), group.shape[1], block.size), dtype=base.dtype)
    none = -np.hstack([group.T, means])  # log of the chance that nothing happens, of rates
    for today, cell in enumerate(block.cell):
        np.matmul(none, np.vstack([cells[:, cell], base[today]]), out=logs[today])
    day, who = np.nonzero(block.bought)
    own, cell = layout.own, block.cell[day, who]
    mean = np.maximum(base[day, who][:, None] * means[:, 0], _LEAST)
    logs[day, :, who] += mean + np.log(-np.expm1(-mean))
    logs[day, :, who] += (group[own].T @ cells[own][:, cell]).T  # coming to buy is no evidence
    rates = np.maximum(at.rates(layout), _LEAST)
    pages = np.repeat(np.log(at.pages), at.shape[1], axis=1)
    block.signs.add_to(logs, rates + np.log(-np.expm1(-rates)), pages)
    return logs


def _likely(logs: np.ndarray) -> tuple[np.ndarray, float]:
    """Chances in place of their logs, the largest of a person-day 1; and what that left out."""
    tops = 0.0
    for today in logs:
        top = today.max(axis=0)
        tops += float(top.sum())
        np.exp(np.subtract(today, top, out=today), out=today)
    return logs, tops


def _purchases(block: Block, at: Parameters, chance: np.ndarray, base: np.ndarray) -> Counts:
    """Derivatives by (state, class) and by slopes of the log likelihood of purchases."""
    means = np.exp(purchase_log(at)).astype(chance.dtype)[:, None]
    many, wide = chance.shape[1], block.effects.shape[2]
    score, bend = np.zeros(many + wide), np.zeros((many + wide,) * 2)
    for day, design in enumerate(block.effects):
        raised = design * base[day][:, None]
        whole = means[:, 0] @ chance[day]
        mean = means[:, 0] * (chance[day] @ base[day])
        sold = np.flatnonzero(block.bought[day])
        rate = np.maximum(means * base[day, sold], _LEAST)
        times = chance[day][:, sold] * rate / -np.expm1(-rate)  # if one, how many
        score[:many] += times.sum(axis=1) - mean
        score[many:] += times.sum(axis=0) @ design[sold] - whole @ raised
        bend[np.arange(many), np.arange(many)] += mean
        bend[:many, many:] += means * (chance[day] @ raised)
        bend[many:, many:] += (raised * whole[:, None]).T @ design
    bend[many:, :many] = bend[:many, many:].T
    return {"score_buys": score, "bend_buys": bend}


def _touches(block: Block, layout: Layout, at: Parameters, chance: np.ndarray) -> Counts:
    """Expected days by (state, class) and cell, touches likewise by channel, bins of pages."""
    cell, cells = block.cell.ravel(), layout.cells
    days = np.array([np.bincount(cell, one.ravel(), cells) for one in chance.swapaxes(0, 1)])
    day, who = np.nonzero(block.bought)
    sold = _binned(block.cell[day, who], chance[day, :, who], cells)
    touches, looked = block.signs.counted(chance, len(layout.channels), cells)
    rates = at.rates(layout)
    times = np.where(rates > 0, rates / -np.expm1(-rates), 1.0)  # if one, how many
    return {"days": days, "sold": sold, "touches": touches * times, "looked": looked.T}


def _binned(where: np.ndarray, weight: np.ndarray, many: int) -> np.ndarray:
    """(state, class) x bin: sums of weights."""
    return np.array([np.bincount(where, one, many) for one in weight.T])
