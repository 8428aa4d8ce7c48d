"""Folders that commands write into: nothing of anybody else's is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.folders import clear_folder

MARKER = "marker.txt"
WRITTEN = ("delivered", "report.html")


def clear(path: Path) -> None:
    """Clear a folder of what is written above."""
    clear_folder(path, "--out", MARKER, WRITTEN)


@pytest.mark.parametrize("name", ["new", "deep/new"])
def test_it_is_made(tmp_path: Path, name: str) -> None:
    """A folder that is not there is made, with those above it, and marked."""
    clear(tmp_path / name)

    assert [MARKER] == [path.name for path in (tmp_path / name).iterdir()]


def test_what_an_earlier_run_left_goes(tmp_path: Path) -> None:
    """The names that are written go; notes beside them stay, and what links lead to."""
    out, kept = tmp_path / "out", tmp_path / "kept"
    kept.mkdir()
    (kept / "a").touch()
    clear(out)
    (out / "delivered").mkdir()
    (out / "delivered" / "a.csv").touch()
    (out / "report.html").symlink_to(kept)
    (out / "notes.txt").write_text("years of work")

    clear(out)

    assert {MARKER, "notes.txt"} == {path.name for path in out.iterdir()}
    assert "years of work" == (out / "notes.txt").read_text()
    assert (kept / "a").exists()


def test_somebody_elses_is_refused(tmp_path: Path) -> None:
    """A file of the same name that no run has left stays, and another folder is asked for."""
    (tmp_path / "report.html").write_text("a thesis")

    with pytest.raises(UsageError, match=r"report\.html: is not from an earlier run.* --out"):
        clear(tmp_path)

    assert "a thesis" == (tmp_path / "report.html").read_text()


def test_strangers_beside_are_no_trouble(tmp_path: Path) -> None:
    """Files of other names stay where they are."""
    (tmp_path / "thesis.txt").touch()

    clear(tmp_path)

    assert (tmp_path / "thesis.txt").exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """A file stays, and another folder is asked for."""
    (tmp_path / "out").write_text("mine")

    with pytest.raises(UsageError, match=r"cannot become one .*choose another with --out"):
        clear(tmp_path / "out")

    assert "mine" == (tmp_path / "out").read_text()
