"""Write demo data: `python -m pipelines.demo LANDING`."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from pipelines.demo import DemoSummary, write_demo
from pipelines.errors import TouchstoneError


def main(arguments: list[str] | None = None) -> int:
    """Parse the arguments, write, say what was written."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.demo", description=__doc__)
    parser.add_argument("landing", type=Path, help="empty folder to fill")
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--start", type=date.fromisoformat, default=date(2026, 1, 1))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--clean", action="store_true", help="leave out the spoilt records")
    given = parser.parse_args(arguments)
    try:
        summary = write_demo(
            given.landing, given.people, given.days, given.start, given.seed, not given.clean
        )
    except TouchstoneError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print("\n".join(lines(summary)))
    return 0


def lines(summary: DemoSummary) -> list[str]:
    """The summary as sentences."""
    found = [f"{summary.files} files"]
    for source, count in summary.events.items():
        again, late = summary.duplicates[source], summary.late[source]
        found.append(f"{source}: {count} records, {again} told again, {late} late")
    for name in ("order", "refund", "won"):
        value = getattr(summary, f"{name}_value")
        count = summary.won_opportunities if name == "won" else getattr(summary, f"{name}s")
        money = ", ".join(f"{amount} {currency}" for currency, amount in value.items())
        found.append(f"{count} {'won deals' if name == 'won' else f'{name}s'}: {money or 0}")
    found.append(f"{summary.opportunities} opportunities; ad spend {summary.spend} EUR")
    return [*found, f"{len(summary.dirty)} spoilt records or files"]


if __name__ == "__main__":
    sys.exit(main())
