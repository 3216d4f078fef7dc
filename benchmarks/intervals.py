"""What sampling intervals cost, and how often they hold the truth, on crowds whose truth is known.

python -m benchmarks.intervals [--conversions 1000000] [--datasets 200] [--dry]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from time import process_time

import numpy as np
import pyarrow as pa

from benchmarks import results
from benchmarks.crowd import Crowd, made
from benchmarks.memory import measured
from models.bagged_logistic import logit
from models.base import AttributionModel
from models.bootstrap import person_keys
from models.markov import Markov
from models.registry import MODELS, learns, make
from models.resampled import REPLICATES, Replicates, of_markov, of_rules, one_step
from models.sets import presence
from models.touches import Touches, outcomes
from models.uncertainty import intervals

PERSONS = 3_000  # of a dataset whose coverage is looked at
RULES = [name for name in MODELS if not learns(name) and name != "time_decay"]


def point(models: dict[str, AttributionModel], paths: pa.Table) -> dict[str, np.ndarray]:
    """Credit by channel, as without intervals."""
    found, touches = {}, Touches.read(paths)
    for name, model in models.items():
        found[name] = np.bincount(touches.codes, model.attribute(paths)["credit"].to_numpy())
    return found


def resampled(
    models: dict[str, AttributionModel], paths: pa.Table, names: pa.Array
) -> dict[str, Replicates]:
    """Credit by channel, with replicates."""
    return of_rules(models, paths, person_keys(names))


def best(work: Callable[[], object], times: int = 5) -> float:
    """CPU seconds of the quickest of a few runs."""
    seconds = []
    for _ in range(times):
        begun = process_time()
        work()
        seconds.append(process_time() - begun)
    return min(seconds)


def drawn_paths(conversions: int) -> tuple[pa.Table, pa.Array]:
    """Paths of a crowd, about so many of them converting, and who walked them."""
    return made(1, rate=0.5).drawn(int(conversions * 1.25), 1)


def drawn_conversions(conversions: int) -> tuple[pa.Table, pa.Array]:
    """The converting ones."""
    paths, names = drawn_paths(conversions)
    won = pa.array(outcomes(paths))
    return paths.filter(won), names.filter(won)


def cost(conversions: int) -> tuple[list[str], int]:
    """Rows of the table of seconds, one per choice of models; how many conversions it is of."""
    paths, names = drawn_conversions(conversions)
    rows = []
    for chosen in [*([name] for name in RULES), RULES]:
        models = {name: make(name) for name in chosen}
        label = chosen[0] if len(chosen) == 1 else f"all {len(chosen)} together"
        plain = best(partial(point, models, paths))
        rows.append(_row(label, plain, best(partial(resampled, models, paths, names))))
    every, walkers = drawn_paths(conversions)
    plain = best(partial(Markov().fit, every))
    whole = best(lambda: of_markov(Markov(), every, person_keys(walkers)))
    rows.append(_row(f"markov, order 1 ({every.num_rows:,} paths)", plain, whole))
    return rows, paths.num_rows


def _row(label: str, plain: float, whole: float) -> str:
    more = whole - plain
    return f"| {label} | {plain:.2f} | {whole:.2f} | {more:.2f} | {more / plain:.2f} |"


def resampled_all(conversions: int) -> None:
    """All rules resampled, in a process of its own."""
    paths, names = drawn_conversions(conversions)
    resampled({name: make(name) for name in RULES}, paths, names)


def covered(found: pa.Table, truth: np.ndarray) -> np.ndarray:
    """Two rows, credit and share: whether each channel's interval holds the truth."""
    held = []
    for name, true in (("credit", truth), ("share", truth / truth.sum())):
        low, high = (found[f"{name}_{side}"].to_numpy() for side in ("low", "high"))
        held.append((low <= true) & (true <= high))
    return np.array(held)


def coverage(
    crowd: Crowd, datasets: int, orders: tuple[int, ...] = (1, 2)
) -> dict[str, np.ndarray]:
    """By model: dataset x (credit, share) x channel, whether the interval held the truth."""
    paths, counts = crowd.expected(PERSONS)
    touches = Touches.read(paths)
    rules = {name: make(name) for name in RULES}
    fits = {f"markov, order {order}": Markov(order) for order in orders}
    truth = {name: weighted(rule, paths, touches, counts) for name, rule in rules.items()}
    for name, model in fits.items():
        model.fit(paths, sample_weight=counts)
        truth[name] = np.array(list(model.totals_.values()))
    held: dict[str, list[np.ndarray]] = {name: [] for name in truth}
    for seed in range(datasets):
        drawn, names = crowd.drawn(PERSONS, seed)
        keys = person_keys(names)
        replicates = of_rules(rules, drawn, keys)
        replicates |= {name: of_markov(model, drawn, keys) for name, model in fits.items()}
        for name, draws in replicates.items():
            held[name].append(covered(intervals(draws), truth[name]))
    return {name: np.array(rows) for name, rows in held.items()}


def weighted(
    rule: AttributionModel, paths: pa.Table, touches: Touches, counts: np.ndarray
) -> np.ndarray:
    """The credit of each channel if paths happen as often as expected."""
    times = np.where(outcomes(paths), counts, 0.0)[touches.path]
    return np.bincount(touches.codes, rule.attribute(paths)["credit"].to_numpy() * times)


def logit_coverage(crowd: Crowd, datasets: int) -> np.ndarray:
    """Dataset x coefficient: whether one-step intervals hold those of a fit to the whole crowd."""
    paths, counts = crowd.expected(PERSONS)
    converts, design = outcomes(paths), with_constant(paths)
    truth = logit(design, np.where(converts, counts, 0.0), np.where(converts, 0.0, counts))
    held = []
    for seed in range(datasets):
        drawn, names = crowd.drawn(PERSONS, seed)
        won, design = outcomes(drawn).astype(float), with_constant(drawn)
        fitted = logit(design, won, 1 - won)
        chance = 1 / (1 + np.exp(-design @ fitted))
        bend = design.T @ (design * (chance * (1 - chance))[:, None])
        draws = one_step(fitted, bend, design * (won - chance)[:, None], person_keys(names))
        low, high = np.quantile(draws, [0.025, 0.975], axis=0, method="weibull")
        held.append((low <= truth) & (truth <= high))
    return np.array(held)


def with_constant(paths: pa.Table) -> np.ndarray:
    """One row per path: 1, and 1 for each channel it touches."""
    return np.column_stack((np.ones(paths.num_rows), presence(Touches.read(paths)).toarray()))


def section(conversions: int, datasets: int) -> str:
    """Both measurements in Markdown."""
    rows, made_of = cost(conversions)
    _, peak = measured(resampled_all, conversions)
    _, input_peak = measured(drawn_conversions, conversions)
    crowd = made(2)
    held = {name: rows.mean(axis=0) for name, rows in coverage(crowd, datasets).items()}
    logits = logit_coverage(crowd, datasets).mean(axis=0)
    table = [
        f"| {name} | {c.mean():.1%} | {c.min():.1%} | {s.mean():.1%} | {s.min():.1%} |"
        for name, (c, s) in held.items()
    ]
    return "\n".join([
        "## Sampling intervals", "",
        f"`python -m benchmarks.intervals --conversions {conversions} --datasets {datasets}` on "
        f"{results.machine()}, one thread.", "",
        f"{REPLICATES} replicates over the persons of {made_of:,} conversions, names of persons to "
        f"credit by channel, CPU seconds, best of 5; weights are dealt once, in "
        f"0.2 s, not counted. Peak memory of all rules together {peak / 2**20:,.0f} MiB, "
        f"of making the input alone {input_peak / 2**20:,.0f} MiB. "
        "Differences of a tenth of a second are noise.", "",
        "| model | point estimate | with replicates | replicates alone | of point estimate |",
        "|---|---:|---:|---:|---:|", *rows, "",
        f"How often 95 % intervals hold the truth: {datasets} datasets of {PERSONS:,} persons, "
        "mean over channels and the worst channel. (If intervals are right, what 200 "
        "datasets say of one channel is within 3 points of 95 % nineteen times in twenty.)", "",
        "| model | credit | worst | share | worst |", "|---|---:|---:|---:|---:|", *table,
        f"| logit, one step (coefficients) | {logits.mean():.1%} | {logits.min():.1%} | | |", "",
    ])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--conversions", type=int, default=1_000_000)
    parser.add_argument("--datasets", type=int, default=200)
    parser.add_argument("--dry", action="store_true", help="leave RESULTS.md as it is")
    given = parser.parse_args()
    text = section(given.conversions, given.datasets)
    print(text)
    if not given.dry:
        results.write(text)


if __name__ == "__main__":
    main()
