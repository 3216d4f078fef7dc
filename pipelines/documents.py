"""Pages that are made from contracts and models.

`python -m pipelines.documents --write` renews them; `--check` fails if one is stale.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from expectations import star_page
from expectations.dictionary import dictionary_markdown, listed
from expectations.tables import TABLES
from models.catalogue import page as models_markdown
from pipelines import worked
from pipelines.ingest.mapping import load_mappings
from pipelines.sources.listing import listed as mappings_listed
from pipelines.sources.listing import sources
from pipelines.sources.propose import proposed
from pipelines.sources.samples import FILE, counted, samples_text

HOUSE = Path(__file__).parents[1]
INIT = "<!-- init:begin -->", "<!-- init:end -->"


def renewed(root: Path) -> dict[Path, str]:
    """Files below `root` that hold generated text, and what they should say."""
    return {
        root / "docs" / "tables.md": dictionary_markdown(TABLES.values()),
        root / "docs" / "models.md": models_markdown(),
        root / "docs" / "star.md": star_page.page(),
        root / "docs" / "metrics.md": worked.page(),
        root / "README.md": listed((root / "README.md").read_text()),
        **_about_sources(root),
    }


def _about_sources(root: Path) -> dict[Path, str]:
    """What is counted in the tests' samples, where there are any."""
    page, tests = root / "docs" / "mappings.md", root / "tests"
    if not page.exists() or not tests.is_dir():
        return {}
    mappings = load_mappings()
    counts = counted(tests, mappings)
    example = root / "docs" / "your_csv.md"
    text, _ = proposed(tests / "invented" / "vorgaenge-2026-03.csv")
    return {
        example: shown(example.read_text(), text),
        root / FILE.relative_to(HOUSE): samples_text(counts),
        page: mappings_listed(page.read_text(), sources(mappings, counts)),
    }


def shown(page: str, text: str) -> str:
    """A page with a proposed mapping between its markers.

    >>> shown(f"a {INIT[0]}old{INIT[1]} b", "x: y\\n").splitlines()
    ['a <!-- init:begin -->', '```yaml', 'x: y', '```', '<!-- init:end --> b']
    """
    begin, end = INIT
    head, tail = page.split(begin)[0], page.split(end)[1]
    return f"{head}{begin}\n```yaml\n{text}```\n{end}{tail}"


def stale(root: Path) -> dict[Path, str]:
    """Generated files that do not say what they should, and what that is."""
    return {
        page: text
        for page, text in renewed(root).items()
        if not page.exists() or page.read_text() != text
    }


def main(arguments: list[str]) -> int:
    """Check or renew the generated files below the working directory."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.documents")
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--check", action="store_true", help="exit with 1 if a file is stale")
    choice.add_argument("--write", action="store_true", help="renew the files")
    asked = parser.parse_args(arguments)
    pages = stale(Path())
    for page, text in pages.items():
        if asked.write:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(text)
        print(f"{page} {'renewed' if asked.write else 'is stale'}")
    return int(bool(pages) and asked.check)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
