"""A page is written whole or not at all."""

import os

import pytest

from pipelines.report.files import write_whole


def test_a_page_that_cannot_be_put_in_its_place_leaves_the_one_before_and_nothing_else(
    tmp_path, monkeypatch
):
    out = write_whole(tmp_path / "made" / "report.html", "before")

    def refused(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refused)
    with pytest.raises(OSError, match="No space left"):
        write_whole(out, "after")
    assert [path.name for path in out.parent.iterdir()] == ["report.html"]
    assert out.read_text() == "before"
