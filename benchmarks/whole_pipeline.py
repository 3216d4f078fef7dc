"""A simulated world through the whole pipeline: what is left of the truth after our stitching.

python -m benchmarks.whole_pipeline [--people 10000] [--world fragmented] [--dry]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from time import process_time

import numpy as np
import pyarrow as pa

from benchmarks import results
from models.evaluate import REPORTED, Scores, score
from models.incremental import HazardLogit
from models.intent_days import histories
from models.observed import observe
from models.person_days import Sample, person_days
from models.reported import ReportedModel
from models.simulate import FIRST_DAY, Simulation
from models.unasked import unasked
from pipelines.demo.simulated import IDENTIFIERS, WAYS, write_simulated
from pipelines.lake import Lake
from pipelines.nightly import ingest, run
from pipelines.query import heads, views
from pipelines.settings import load

TOML = """
settle_seconds = 0.0
[conversions.order]
source = "ga4"
"""
PERSON = """
    LEFT JOIN identities i ON i.identifier = {0}.identifier AND {1} >= valid_from AND {1} < valid_to
"""
TOUCHES = f"""
    WITH met AS (
        SELECT coalesce(i.person_id, t.identifier) AS person, campaign, touched_at, touchpoint_id,
            weight_class
        FROM touchpoints t {PERSON.format("t", "touched_at")}
        WHERE weight_class IN ('click', 'visit') AND t.identifier IS NOT NULL
    ), beside AS (
        SELECT *, lag(touched_at) OVER (
            PARTITION BY person, campaign ORDER BY touched_at, weight_class, touchpoint_id
        ) AS before
        FROM met
    )
    SELECT person, campaign, touched_at FROM beside
    WHERE before IS NULL OR campaign <> 'email' OR touched_at - before > INTERVAL 300 SECOND
    ORDER BY person, touched_at, touchpoint_id"""
CONVERSIONS = f"""
    SELECT coalesce(i.person_id, c.identifier) AS person, converted_at
    FROM conversions c {PERSON.format("c", "converted_at")}
    ORDER BY person, converted_at, conversion_id"""
EXPLAINED = """
A simulated world is written as GA4, SendGrid and Google Ads files (`touchstone simulate`), taken
in, mapped and stitched, and two incremental models read the touches and purchases of the lake.
Beside it the same models on the same touches with identities that are perfect (the simulated
person) and with none (each device is a person). No traits of people are given to any. Half of the
people use two devices; 70 % have an account, and log in on 30 % of their visits and when they buy.
""".strip()
Estimate = Callable[[pa.Table, pa.Table, list[str], int], Mapping[str, float]]


def hazard(
    touches: pa.Table, bought: pa.Table, causes: list[str], days: int
) -> Mapping[str, float]:
    """Conversions that each channel caused, by the hazard logit."""
    panel = person_days(_people(touches, bought), touches, bought, causes, Sample(FIRST_DAY, days))
    return HazardLogit().fit(panel).caused(panel)


def intent(
    touches: pa.Table, bought: pa.Table, causes: list[str], days: int
) -> Mapping[str, float]:
    """The same by the intent models, as far as they agree."""
    people = _people(touches, bought)
    lifts = unasked(people, touches, causes, days)
    lived = histories(people, touches, bought, causes, lifts, FIRST_DAY, days)
    return ReportedModel().fit(lived).agreed_.caused


ESTIMATES: dict[str, Estimate] = {"hazard_logit": hazard, REPORTED: intent}


def _people(*rows: pa.Table) -> pa.Table:
    return pa.table({"identifier": np.unique(np.concatenate([r["identifier"] for r in rows]))})


def numbered(*rows: pa.Table) -> tuple[pa.Table, ...]:
    """Rows whose column `person` has become `identifier`, a number."""
    names = np.concatenate([np.asarray(one["person"].to_pylist()) for one in rows])
    number = np.unique(names, return_inverse=True)[1]
    cuts = np.cumsum([one.num_rows for one in rows])[:-1]
    return tuple(
        one.append_column("identifier", pa.array(part))
        for one, part in zip(rows, np.split(number, cuts), strict=True)
    )


def seen_rows(simulation: Simulation, is_perfect: bool) -> tuple[pa.Table, pa.Table]:
    """Touches and purchases under the person, or under the device it was seen on."""
    seen = observe(simulation)
    share = IDENTIFIERS if is_perfect else 1
    made = []
    for rows in (seen.touches, seen.conversions):
        place = rows.schema.get_field_index("identifier")
        whose = pa.array(rows["identifier"].to_numpy() // share)
        made.append(rows.set_column(place, "identifier", whose))
    return made[0].drop_columns("pages").append_column("pages", _pages(seen.touches)), made[1]


def _pages(touches: pa.Table) -> pa.Array:
    return pa.array(np.ones(touches.num_rows, dtype=np.int64))


def stitched_rows(lake: Lake) -> tuple[pa.Table, pa.Table]:
    """Touches and purchases of the lake under the person that the pipeline found."""
    con = views(lake, heads(lake))
    touches, bought = numbered(
        con.sql(TOUCHES).to_arrow_table(), con.sql(CONVERSIONS).to_arrow_table()
    )
    campaigns = {way.campaign: name for name, way in WAYS.items() if way.campaign}
    names = [campaigns.get(campaign, "direct") for campaign in touches["campaign"].to_pylist()]
    channel = pa.array(names, pa.string())
    return touches.append_column("channel", channel).append_column("pages", _pages(touches)), bought


def fed(home: Path, world: str, people: int, days: int, seed: int) -> tuple[Lake, Simulation]:
    """A lake of the world's files, made in one night."""
    (home / "touchstone.toml").write_text(TOML)
    _, simulation = write_simulated(home / "landing", world, people, days, seed)
    settings = load(home)
    ingest(settings)
    through = date(1970, 1, 1) + timedelta(FIRST_DAY + days - 1)
    run(settings, through, ("events", "journeys"), use_gx=False)
    return Lake(settings.lake_uri), simulation


def compared(
    lake: Lake, simulation: Simulation
) -> dict[str, tuple[int, int, int, dict[str, Scores]]]:
    """By kind of identities: persons, touches, conversions, and scores of each model."""
    sides = {
        "perfect": seen_rows(simulation, is_perfect=True),
        "ours": stitched_rows(lake),
        "none": seen_rows(simulation, is_perfect=False),
    }
    causes = list(simulation.world.switchable)
    return {
        kind: (
            _people(touches, bought).num_rows, touches.num_rows, bought.num_rows,
            {
                name: score(estimate(touches, bought, causes, simulation.days), simulation.truth)
                for name, estimate in ESTIMATES.items()
            },
        )
        for kind, (touches, bought) in sides.items()
    }  # fmt: skip


def section(
    found: Mapping[str, tuple[int, int, int, dict[str, Scores]]], simulation: Simulation,
    command: str, seconds: float,
) -> str:  # fmt: skip
    """The comparison in Markdown."""
    people = simulation.people.num_rows
    lines = [
        f"## Through the whole pipeline, {people:,} people", "",
        f"`{command}` on {results.machine()}; {seconds:.0f} s of CPU in this process.",
        "", EXPLAINED, "", "| identities | persons | touches | conversions | "
        + " | ".join(f"`{name}` wMAPE | share error" for name in ESTIMATES) + " |",
        "|---|---:|---:|---:|" + "---:|" * (2 * len(ESTIMATES)),
    ]  # fmt: skip
    for kind, (persons, touches, bought, scores) in found.items():
        cells = [f"{scores[name].wmape:.2f} | {scores[name].share_error:.3f}" for name in ESTIMATES]
        lines.append(f"| {kind} | {persons:,} | {touches:,} | {bought:,} | {' | '.join(cells)} |")
    ratios = [
        f"`{name}` {_ratio(found, 'ours', name):.2f} (none: {_ratio(found, 'none', name):.2f})"
        for name in ESTIMATES
    ]
    lines += ["", "Error through our stitching over error with perfect identities (the bar is at "
              f"most 1.5): {', '.join(ratios)}."]  # fmt: skip
    return "\n".join(lines) + "\n"


def _ratio(
    found: Mapping[str, tuple[int, int, int, dict[str, Scores]]], kind: str, name: str
) -> float:
    return found[kind][3][name].wmape / found["perfect"][3][name].wmape


def main() -> None:
    """Make the lake, compare, write the section."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=70)
    parser.add_argument("--world", default="fragmented")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dry", action="store_true")
    asked = parser.parse_args()
    begun = process_time()
    with tempfile.TemporaryDirectory() as home:
        lake, simulation = fed(Path(home), asked.world, asked.people, asked.days, asked.seed)
        found = compared(lake, simulation)
    command = f"python -m benchmarks.whole_pipeline --people {asked.people} --world {asked.world}"
    text = section(found, simulation, command, process_time() - begun)
    print(text)
    if not asked.dry:
        results.write(text)


if __name__ == "__main__":
    main()
