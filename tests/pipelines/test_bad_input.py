"""What a user did wrong, or the machine refuses: one sentence, the exit code, nothing half-done."""

import os
import shutil
import signal
import subprocess
import sys
from datetime import date

import pytest

from pipelines.cli.app import main, sentence
from pipelines.ingest.mapping import load_mappings
from tests.conftest import ONE_NIGHT_JAVA
from tests.pipelines.nights import START, TOML, contents, home, night


def touchstone(where, *words, env=None, **options):
    command = [sys.executable, "-m", "pipelines.cli", "--home", str(where), *words]
    java = {"TOUCHSTONE_JAVA_OPTIONS": ONE_NIGHT_JAVA}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False,
                          env={**os.environ, **java, **(env or {})}, **options)  # fmt: skip


def refused(done, code):
    """The sentence a command ended with."""
    assert done.returncode == code, done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    return done.stderr


def test_an_empty_landing_is_said_so_and_nothing_is_made(tmp_path):
    place = home(tmp_path / "home")
    text = refused(touchstone(place.home, "run"), 12)
    assert "Nothing has been ingested" in text
    assert "landing" in text
    assert not (place.home / "lake" / "publications").exists()


def test_no_landing_folder_is_named(tmp_path):
    place = home(tmp_path / "home")
    (place.home / "landing").rmdir()
    assert "touchstone init" in refused(touchstone(place.home, "ingest"), 12)


def test_a_file_still_being_written_waits_and_an_unknown_folder_is_named(tmp_path):
    place = home(tmp_path / "home")
    for name in ("ga4/events_20260101.json.part", "myspace/export.csv"):
        path = place.home / "landing" / name
        path.parent.mkdir()
        path.write_text("{}")
    done = touchstone(place.home, "ingest")
    assert done.returncode == 0
    assert "events_20260101.json.part has the name of an unfinished file" in done.stderr
    assert "No mapping reads myspace/export.csv" in done.stderr
    assert "0 files" in done.stdout


def test_a_file_changed_a_moment_ago_waits(tmp_path):
    place = home(tmp_path / "home", toml="settle_seconds = 3600")
    path = place.home / "landing" / "ga4" / "events.json"
    path.parent.mkdir()
    path.write_text("{}")
    assert "was written to in the last" in touchstone(place.home, "ingest").stderr


def test_a_file_put_there_a_moment_ago_is_read_once_it_has_settled(tmp_path):
    place = home(tmp_path / "home", toml="settle_seconds = 2.0")
    path = place.home / "landing" / "sendgrid" / "events.json"
    path.parent.mkdir()
    path.write_text("[]")
    done = touchstone(place.home, "ingest")
    assert done.stderr == ""
    assert done.stdout.startswith("1 files")


def test_a_new_home_has_a_folder_for_every_source(tmp_path):
    done = touchstone(tmp_path / "home", "init")
    folders = sorted(path.name for path in (tmp_path / "home" / "landing").iterdir())
    assert folders == sorted({mapping.source for mapping in load_mappings(None).values()})
    assert {"ga4", "google_ads", "salesforce", "sendgrid"} < set(folders)
    assert done.stdout.strip().endswith(f"--home {tmp_path / 'home'} run")


def test_a_mapping_with_a_typo_is_named_with_its_line(tmp_path):
    place = home(tmp_path / "home", toml='mappings = "mine"\n' + TOML)
    (place.home / "mine").mkdir()
    (place.home / "mine" / "shop.yaml").write_text(
        "source: shop\nversion: 1\nread: {files: 'shop/*.csv', format: csv}\n"
        "fields: {event_type: {const: order}, occurred_at: when}\nrequre: [order_id]\n"
    )
    text = refused(touchstone(place.home, "ingest"), 10)
    assert "shop.yaml:5" in text
    assert "require" in text


def test_an_impossible_setting_is_named_with_its_line(tmp_path):
    place = home(tmp_path / "home")
    (place.home / "touchstone.toml").write_text("[paths]\nlookback_days = -3\n")
    assert ":2: paths.lookback_days = -3" in refused(touchstone(place.home, "run"), 10)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["run", "--day", "yesterday"], "'yesterday' is not a day"),
        (["run", "--stage", "credits"], "stages are ingest, events, journeys, credit"),
        (["show", "chanels"], "Did you mean channels?"),
        (["backfill", "--from", "2026-01-03", "--to", "2026-01-01"], "swap them"),
        (["runn"], "No such command"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_named(tmp_path, words, hint):
    place = home(tmp_path / "home")
    assert hint in refused(touchstone(place.home, *words), 2)


def test_no_java_says_what_to_install(tmp_path, files):
    place = home(tmp_path / "home", files)
    bare = tmp_path / "bin"
    bare.mkdir()
    script = (
        "import pipelines.session as s, pathlib; s.DEBIAN_JAVA = pathlib.Path('/nowhere');"
        "from pipelines.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--home", str(place.home), "run"],
        capture_output=True, text=True, check=False, env={"PATH": str(bare), "HOME": str(tmp_path)},
    )  # fmt: skip
    text = refused(done, 12)
    assert "Java 17" in text
    assert "make java" in text


def test_a_lake_of_a_newer_version_is_left_alone(tmp_path):
    import pyarrow as pa
    from deltalake import write_deltalake

    from expectations.arrow import arrow_schema
    from expectations.tables import BATCHES

    place = home(tmp_path / "home")
    newer = arrow_schema(BATCHES).empty_table().append_column("mood", pa.array([], pa.string()))
    write_deltalake(str(place.home / "lake" / "batches"), newer)
    assert "newer Touchstone" in refused(touchstone(place.home, "ingest"), 12)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (PermissionError(13, "Permission denied", "lake/records"), "Permission denied"),
        (OSError(28, "No space left on device"), "The disk is full"),
        (RuntimeError("java.io.IOException: No space left on device"), "The disk is full"),
        (
            RuntimeError("java.io.IOException: Mkdirs failed: Permission denied"),
            "Permission denied",
        ),
    ],
)
def test_what_the_system_refuses_is_one_sentence_with_what_to_do(error, says):
    found = sentence(error)
    assert says in str(found)
    assert "run the same command again" in str(found)
    assert found.exit_code == 12


def test_an_error_of_ours_is_no_excuse():
    assert sentence(ValueError("wrong")) is None


def test_no_right_to_write_is_one_sentence(small_disk, tmp_path, files):
    place = home(tmp_path / "home", files, toml=f'lake = "{small_disk}/lake"\n' + TOML)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert "read-only file system" in refused(touchstone(place.home, "ingest"), 12)


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)], check=False
    )
    if mounted.returncode:
        pytest.skip("cannot mount a small disk here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.usefixtures("_spark")
@pytest.mark.skipif(shutil.which("mount") is None, reason="needs mount")
def test_a_full_disk_is_one_sentence_and_the_next_run_completes(
    small_disk, tmp_path, files, monkeypatch, capfd
):
    place = home(tmp_path / "home", files, toml=f'lake = "{small_disk}/lake"\n' + TOML)
    day = date.isoformat(START)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(2_200_000))
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # this process is not the command's
    monkeypatch.setattr(sys, "argv", ["touchstone", "--home", str(place.home), "run", "--day", day])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 12
    said = capfd.readouterr().err
    assert "disk is full" in said
    assert "Traceback" not in said
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=300m", str(small_disk)], check=True)
    night(place, START)
    fresh = home(tmp_path / "fresh", files)
    night(fresh, START)
    assert contents(place) == contents(fresh)
