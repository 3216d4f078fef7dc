"""Which files are worth waking anyone for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dags.landing import Sighting, is_unfinished, look, settled

OLD = Sighting("ga4/old.json", 10, 1_000)


def names(files: frozenset[Sighting]) -> set[str]:
    return {file.name for file in files}


def test_a_file_seen_once_is_not_settled():
    assert settled(frozenset(), frozenset({OLD}), 100_000, 5) == frozenset()


def test_a_file_seen_twice_alike_is_settled():
    assert settled(frozenset({OLD}), frozenset({OLD}), 100_000, 5) == {OLD}


@pytest.mark.parametrize(
    "later", [Sighting("ga4/old.json", 11, 1_000), Sighting("ga4/old.json", 10, 1_001)]
)
def test_a_file_that_grew_or_was_touched_between_looks_is_not_settled(later):
    assert settled(frozenset({OLD}), frozenset({later}), 100_000, 5) == frozenset()


def test_a_file_touched_a_moment_ago_is_not_settled_however_often_it_was_seen():
    assert settled(frozenset({OLD}), frozenset({OLD}), 1_004, 5) == frozenset()
    assert settled(frozenset({OLD}), frozenset({OLD}), 1_005, 5) == {OLD}


def test_a_file_that_vanished_is_not_settled():
    assert settled(frozenset({OLD}), frozenset(), 100_000, 5) == frozenset()


def test_a_look_finds_files_in_folders_and_skips_unfinished_ones(tmp_path: Path):
    for name in ("a.csv", "ga4/dt=1/b.json", "ga4/c.json.part", "ga4/.hidden/d.json", "_x/e.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert names(look(tmp_path)) == {"a.csv", "ga4/dt=1/b.json"}


def test_a_missing_folder_holds_nothing(tmp_path: Path):
    assert look(tmp_path / "nowhere") == frozenset()


def test_a_dangling_link_is_passed_over(tmp_path: Path):
    os.symlink(tmp_path / "gone", tmp_path / "link.csv")
    assert look(tmp_path) == frozenset()


@pytest.mark.parametrize(
    "name",
    ["a.csv", "a.csv.tmp", "a.CSV.PART", "x/~a.csv", "x/a.csv~", "_t/a", "x/.a", "a.download",
     "b.crdownload", "c.filepart", "d.partial", "ga4/part-0001.json"],
)  # fmt: skip
def test_the_watcher_and_the_ingest_skip_the_same_names(name):
    from pipelines.ingest.landing import is_temporary

    assert is_unfinished(name) == is_temporary(name)
