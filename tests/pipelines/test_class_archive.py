"""Where the archive of Java's classes is kept, and when it is used."""

import pytest

from pipelines.class_archive import archive_path, use_archive


@pytest.fixture
def java(tmp_path):
    home = tmp_path / "java"
    home.mkdir()
    (home / "release").write_text('JAVA_VERSION="17.0.15"')
    return home


def test_an_archive_is_used_once_it_is_there(tmp_path, java):
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    assert use_archive(environ, java) == ""
    found = archive_path(environ, java)
    found.parent.mkdir(parents=True)
    found.touch()
    assert f'"-XX:SharedArchiveFile={found}"' in use_archive(environ, java)


def test_another_java_has_another_archive(tmp_path, java):
    environ = {"HOME": str(tmp_path)}
    before = archive_path(environ, java)
    assert before.parent == tmp_path / ".cache" / "touchstone"
    (java / "release").write_text('JAVA_VERSION="21.0.1"')
    assert archive_path(environ, java) != before
