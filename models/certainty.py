"""A month's credit with three numbers on how sure it is: from sums by group of persons to rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.bootstrap import GROUPS, UNIT, group_sums, resampled_sums
from models.multipliers import Multipliers, calibrated
from models.resampled import REPLICATES, Replicates
from models.uncertainty import intervals

WIDE = 1.5  # from here on the high end over the low one is much
_EXACT = 2.0**50 * UNIT  # sums of figures up to here are exact, however they are weighed
ALL = "(all)"
FIGURES = ("conversions", "value", "share", "roas", "cpa", "rank")
SIDES = ("amount", "low", "high")
Figures = dict[str, dict[str, np.ndarray]]  # by figure, by side, of each label
_TEXT, _NUMBER = pa.string(), pa.float64()
ROWS = pa.schema(
    [
        ("level", _TEXT), ("model", _TEXT), ("channel", _TEXT), ("campaign", _TEXT),
        ("figure", _TEXT), ("amount", _NUMBER), ("sampling_low", _NUMBER),
        ("sampling_high", _NUMBER), ("band_low", _NUMBER), ("band_low_model", _TEXT),
        ("band_high", _NUMBER), ("band_high_model", _TEXT), ("calibrated", _NUMBER),
        ("calibrated_low", _NUMBER), ("calibrated_high", _NUMBER), ("lift_tests", pa.int64()),
        ("own_lift_tests", pa.int64()), ("is_fit_given", pa.bool_()), ("doubt", _TEXT),
    ]
)  # fmt: skip


UNTESTED = Multipliers()


@dataclass(frozen=True)
class Month:
    """Sums of a month in one currency, by label: a campaign of a channel, in order of both."""

    labels: list[tuple[str, str]]
    cost: np.ndarray
    figures: Mapping[str, tuple[Replicates, Replicates]]  # by model: conversions and value

    @classmethod
    def read(cls, cells: pa.Table, models: Sequence[str], replicates: int) -> Month:
        """From one row per channel, campaign and group of persons.

        `cells` has ``channel``, ``campaign``, ``group`` (-1 in the row of cost), ``cost`` and of
        each model ``conversions_<model>`` and ``value_<model>``; null is 0. In whatever order they
        come, they are added up in one.
        """
        cells = cells.sort_by([(name, "ascending") for name in ("channel", "campaign", "group")])
        found = list(
            zip(*(cells[name].to_pylist() for name in ("channel", "campaign")), strict=True)
        )
        labels = sorted(set(found))
        place = {label: at for at, label in enumerate(labels)}
        code = np.array([place[label] for label in found], dtype=np.int64)
        cost = np.bincount(code, _column(cells, "cost"), minlength=len(labels))
        group = cells["group"].to_numpy()
        earns = group >= 0
        group, code = group[earns].astype(np.int64), code[earns]

        def of(name: str) -> Replicates:
            return _replicates(group, code, _column(cells, name)[earns], labels, replicates)

        return cls(labels, cost, {m: (of(f"conversions_{m}"), of(f"value_{m}")) for m in models})

    def by_channel(self) -> Month:
        """The same, campaigns of a channel added up."""
        channels = sorted({channel for channel, _ in self.labels})
        starts = np.searchsorted([channel for channel, _ in self.labels], channels)
        labels = [(channel, ALL) for channel in channels]

        def summed(one: Replicates) -> Replicates:
            return Replicates(
                channels, np.add.reduceat(one.credit, starts),
                np.add.reduceat(one.draws, starts, axis=1),
            )  # fmt: skip

        both = {m: (summed(one), summed(other)) for m, (one, other) in self.figures.items()}
        return Month(labels, np.add.reduceat(self.cost, starts), both)


def month_rows(
    cells: pa.Table,
    models: Sequence[str],
    fitted: Sequence[str] = (),
    tests: Mapping[str, Multipliers] | None = None,
    replicates: int = REPLICATES,
) -> pa.Table:
    """Rows of `ROWS` of a month and currency; `cells` as `Month.read` takes them.

    `fitted` are the models whose fit is taken as given, `tests` what lift tests say of each model.
    """
    if not cells.num_rows:
        return ROWS.empty_table()
    campaigns = Month.read(cells, sorted(models), replicates)
    rows = [
        row
        for level, month in (("channel", campaigns.by_channel()), ("campaign", campaigns))
        for row in _level(level, month, fitted, tests or {})
    ]
    return pa.Table.from_pylist(rows, schema=ROWS)


def _level(
    level: str, month: Month, fitted: Sequence[str], tests: Mapping[str, Multipliers]
) -> Iterator[dict[str, object]]:
    of_models = {model: _figures(month, model) for model in month.figures}
    for figure in FIGURES:
        band = _band({model: made[figure]["amount"] for model, made in of_models.items()})
        for model, made in of_models.items():
            learned = tests.get(model, UNTESTED)
            said = _calibrated(level, figure, made, month, learned)
            for at, (channel, campaign) in enumerate(month.labels):
                amount, low, high = (float(made[figure][side][at]) for side in SIDES)
                if np.isfinite(amount):
                    yield {
                        "level": level, "model": model, "channel": channel, "campaign": campaign,
                        "figure": figure, "amount": amount, "sampling_low": low,
                        "sampling_high": _ended(high), **band[at], **said[at],
                        "lift_tests": learned.tests, "own_lift_tests": learned.own.get(channel, 0),
                        "is_fit_given": model in fitted,
                        "doubt": _doubt(figure, (low, high), band[at]),
                    }  # fmt: skip


def _figures(month: Month, model: str) -> Figures:
    """Each figure of a model with its sampling interval; nan where it cannot be computed."""
    counted, worth = (intervals(one) for one in month.figures[model])
    conversions, value = (_sides(one, "credit") for one in (counted, worth))
    cost = np.where(month.cost > 0, month.cost, np.nan)
    upside_down = {"amount": "amount", "low": "high", "high": "low"}
    return {
        "conversions": conversions,
        "value": value,
        "share": _sides(counted, "share"),
        "roas": {side: one / cost for side, one in value.items()},
        "cpa": {side: _over(cost, conversions[upside_down[side]]) for side in SIDES},
        "rank": _sides(counted, "rank"),
    }


def _sides(made: pa.Table, name: str) -> dict[str, np.ndarray]:
    names = (name, f"{name}_low", f"{name}_high")
    return {
        side: made[column].cast(pa.float64()).to_numpy()
        for side, column in zip(SIDES, names, strict=True)
    }


def _band(amounts: Mapping[str, np.ndarray]) -> list[dict[str, object]]:
    """Of each label: the least and the most of all models, and which has it."""
    models = list(amounts)
    given = np.array(list(amounts.values()))
    lowest, highest = given.argmin(axis=0), given.argmax(axis=0)
    return [
        {
            "band_low": float(given[low, at]), "band_low_model": models[low],
            "band_high": _ended(float(given[high, at])), "band_high_model": models[high],
        }
        for at, (low, high) in enumerate(zip(lowest, highest, strict=True))
    ]  # fmt: skip


def _calibrated(
    level: str, figure: str, made: Figures, month: Month, learned: Multipliers
) -> list[dict[str, float | None]]:
    """Of each label: what the lift tests make of a figure; nothing without any."""
    factors = learned.of(level, [channel for channel, _ in month.labels])
    if factors is None:
        return [{} for _ in month.labels]
    amounts, counted = made[figure]["amount"], made["conversions"]["amount"]
    found = calibrated(figure, amounts, counted, factors).T.tolist()
    names = ("calibrated_low", "calibrated", "calibrated_high")
    return [dict(zip(names, map(_ended, one), strict=True)) for one in found]


def _doubt(figure: str, sampling: tuple[float, float], band: Mapping[str, object]) -> str:
    """Which of both is wide.

    >>> _doubt("rank", (1, 2), {"band_low": 1.0, "band_high": 4.0})
    'models'
    """
    ends = (band["band_low"], band["band_high"])
    is_drawn, is_chosen = _is_wide(figure, *sampling), _is_wide(figure, *ends)
    if is_drawn and is_chosen:
        return "both"
    return "sampling" if is_drawn else "models" if is_chosen else "little"


def _is_wide(figure: str, low: object, high: object) -> bool:
    if high is None:
        return True
    least, most = float(low), float(high)  # type: ignore[arg-type]
    return most - least > 1 if figure == "rank" else most > max(least, WIDE * least)


def _ended(number: float) -> float | None:
    return number if np.isfinite(number) else None


def _over(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """`part` over `whole`, without end where that is not above 0; nan stays."""
    endless = np.where(np.isnan(part), np.nan, np.inf)
    return np.divide(part, whole, out=endless, where=whole > 0)


def _column(cells: pa.Table, name: str) -> np.ndarray:
    filled: np.ndarray = pc.fill_null(cells[name], 0.0).to_numpy()
    return filled


def _replicates(
    group: np.ndarray,
    code: np.ndarray,
    figure: np.ndarray,
    labels: list[tuple[str, str]],
    many: int,
) -> Replicates:
    """Sums by label in each replicate; large ones in coarser units, since whole ones stay exact."""
    total = float(np.abs(figure).sum())
    unit = 2.0 ** max(0, int(np.ceil(np.log2(max(total, 1.0) / _EXACT))))
    sums = group_sums(group % GROUPS, code, figure / unit, len(labels))
    names = [" ".join(label) for label in labels]
    whole = np.bincount(code, figure, minlength=len(labels))
    return Replicates(names, whole, unit * resampled_sums(sums, many))
