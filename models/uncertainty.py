"""Three numbers on how sure a credit is, kept apart: sampling, models, experiments."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from models.resampled import Replicates

LEVEL = 0.95
_LOW_HIGH = ("low", "high")
INTERVALS = pa.schema(
    [
        ("channel", pa.string()),
        ("credit", pa.float64()),
        ("credit_low", pa.float64()),
        ("credit_high", pa.float64()),
        ("share", pa.float64()),
        ("share_low", pa.float64()),
        ("share_high", pa.float64()),
        ("rank", pa.int32()),
        ("rank_low", pa.int32()),
        ("rank_high", pa.int32()),
    ]
)
BAND = pa.schema(
    [
        ("channel", pa.string()),
        ("band_low", pa.float64()),
        ("band_low_model", pa.string()),
        ("band_high", pa.float64()),
        ("band_high_model", pa.string()),
    ]
)
THREE_NUMBERS = pa.schema(
    [
        ("channel", pa.string()),
        ("credit", pa.float64()),
        ("sampling_low", pa.float64()),
        ("sampling_high", pa.float64()),
        ("band_low", pa.float64()),
        ("band_high", pa.float64()),
        ("calibrated", pa.float64()),
        ("calibrated_low", pa.float64()),
        ("calibrated_high", pa.float64()),
    ]
)


def intervals(replicates: Replicates, level: float = LEVEL) -> pa.Table:
    """One row per channel: credit, share and rank, each with its sampling interval.

    Percentiles of the replicates that leave (1 - level) / 2 of them on either side. They tell how
    far the figure would move with other persons from the same crowd, and nothing of whether the
    model is right. Shares are of the replicate's own sum; null where that is not above 0. Rank 1
    earns most; of equals the first by name. Campaigns that pulse move everybody at once, which
    resampling persons does not show.
    """
    tails = _tails(level)
    figures = {
        "credit": (replicates.credit, replicates.draws),
        "share": (_shares(replicates.credit), _shares(replicates.draws)),
    }
    columns: dict[str, object] = {"channel": replicates.channels}
    for name, (figure, draws) in figures.items():
        columns[name] = pa.array(figure, from_pandas=True)
        for side, tail in zip(_LOW_HIGH, tails, strict=True):
            low_or_high = np.quantile(draws, tail, axis=0, method="weibull")
            columns[f"{name}_{side}"] = pa.array(low_or_high, from_pandas=True)
    columns["rank"] = _ranks(replicates.credit)
    for side, tail in zip(_LOW_HIGH, tails, strict=True):
        columns[f"rank_{side}"] = np.quantile(
            _ranks(replicates.draws), tail, axis=0, method="inverted_cdf"
        )
    return pa.table(columns, schema=INTERVALS)


def model_band(credits: Mapping[str, Mapping[str, float]]) -> pa.Table:
    """One row per channel: the least and the most credit any model gives it, and which does.

    `credits` holds, by model, the credit of each channel; one a model does not name has 0 there.
    How far the choice of model matters. The truth may lie outside: models can err alike. Of equal
    models the first by name is told.

    >>> model_band({"last": {"a": 3.0}, "first": {"a": 1.0, "b": 2.0}}).to_pylist()[1]
    ... # doctest: +NORMALIZE_WHITESPACE
    {'channel': 'b', 'band_low': 0.0, 'band_low_model': 'last',
     'band_high': 2.0, 'band_high_model': 'first'}
    """
    if not credits:
        raise ValueError("no models are given; a band needs one or more, and says more with many")
    models = sorted(credits)
    channels = sorted({channel for by_channel in credits.values() for channel in by_channel})
    given = np.array([[credits[model].get(c, 0.0) for c in channels] for model in models])
    columns: dict[str, object] = {"channel": channels}
    for side, place in zip(_LOW_HIGH, (given.argmin(axis=0), given.argmax(axis=0)), strict=True):
        columns[f"band_{side}"] = given[place, np.arange(len(channels))]
        columns[f"band_{side}_model"] = [models[at] for at in place]
    return pa.table(columns, schema=BAND)


def three_numbers(
    sampling: pa.Table, band: pa.Table | None = None, calibrated: pa.Table | None = None
) -> pa.Table:
    """One row per channel of `sampling`: its credit and three intervals that are never mixed.

    ``sampling_*`` from `intervals`: other persons, the same model. ``band_*`` from `model_band`:
    the same persons, other models. ``calibrated*`` from `calibrate.reconcile`: what experiments
    and the model say together; ``calibrated`` is its own estimate and may lie outside both. What
    is not given, or does not have the channel, is null.
    """
    names = sampling.column("channel").to_pylist()
    columns = {
        "channel": names,
        "credit": sampling.column("credit"),
        "sampling_low": sampling.column("credit_low"),
        "sampling_high": sampling.column("credit_high"),
    }
    for table, held in ((band, THREE_NUMBERS.names[4:6]), (calibrated, THREE_NUMBERS.names[6:])):
        rows = {} if table is None else {row["channel"]: row for row in table.to_pylist()}
        columns |= {name: [rows.get(n, {}).get(name) for n in names] for name in held}
    return pa.table(columns, schema=THREE_NUMBERS)


def _tails(level: float) -> tuple[float, float]:
    if not 0 < level < 1:
        raise ValueError(f"level={level!r}; expected above 0 and below 1, as 0.95")
    return (1 - level) / 2, (1 + level) / 2


def _shares(credit: np.ndarray) -> np.ndarray:
    whole = credit.sum(axis=-1, keepdims=True)
    return np.divide(credit, whole, out=np.full(credit.shape, np.nan), where=whole > 0)


def _ranks(credit: np.ndarray) -> np.ndarray:
    """Along the last axis: 1 for the most; of equals the first."""
    order = np.argsort(-credit, axis=-1, kind="stable")
    return (np.argsort(order, axis=-1, kind="stable") + 1).astype(np.int32)
