"""The demo's parts: the room it makes, and when it is content."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from harness import demo
from harness.demo import MARKER, Balance
from harness.errors import UsageError
from harness.utility import Held

START = datetime(2025, 6, 2, 22, tzinfo=UTC)


class TestRoom:
    """The folder that it writes into."""

    @pytest.mark.parametrize("name", ["new", "deep/new"])
    def test_is_made(self, tmp_path: Path, name: str) -> None:
        """A folder that is not there is made, with those above it."""
        demo._make_room(tmp_path / name)

        assert (tmp_path / name).is_dir()

    def test_is_cleared_where_it_was_a_demos(self, tmp_path: Path) -> None:
        """What an earlier demo left goes; the folder stays, and what links lead to."""
        out, kept = tmp_path / "out", tmp_path / "kept"
        kept.mkdir()
        (kept / "a").touch()
        (out / "delivered").mkdir(parents=True)
        for name in (MARKER, "report.html", "delivered/a.csv"):
            (out / name).touch()
        (out / "link").symlink_to(kept)
        before = out.stat().st_ino

        demo._make_room(out)

        assert [] == list(out.iterdir())
        assert before == out.stat().st_ino
        assert (kept / "a").exists()

    def test_is_refused_where_it_is_somebody_elses(self, tmp_path: Path) -> None:
        """Files that are not a demo's stay, and another folder is asked for."""
        (tmp_path / "thesis.txt").write_text("years of work")

        with pytest.raises(UsageError, match="holds files that are not a demo's"):
            demo._make_room(tmp_path)

        assert "years of work" == (tmp_path / "thesis.txt").read_text()

    def test_is_refused_where_it_is_a_file(self, tmp_path: Path) -> None:
        """A file is no folder, and stays."""
        (tmp_path / "out").write_text("mine")

        with pytest.raises(UsageError, match=r"cannot become one .*choose another with --out"):
            demo._make_room(tmp_path / "out")

        assert "mine" == (tmp_path / "out").read_text()


class TestBalance:
    """When meter and utility agree."""

    @pytest.mark.parametrize(
        ("counted", "delivered", "values", "expected"),
        [
            ("1.000", "1.000", 1, True),
            ("1.000", "0.999", 1, False),
            ("0.000", "0.000", 0, False),
        ],
    )
    def test_agrees_to_the_last_digit(
        self, counted: str, delivered: str, values: int, expected: bool
    ) -> None:
        """Equal energies and a row for every interval; nothing at all is no agreement."""
        held = Held(START, START + timedelta(minutes=15), Decimal("1.000"), "W", "a.csv")

        balance = Balance("WB-1", 1, Decimal(counted), Decimal(delivered), (held,) * values)

        assert expected == balance.agrees


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


class TestProgress:
    """The bar while the day passes."""

    def test_is_drawn_on_a_terminal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is one line that is drawn over, and ends when all is done."""
        stream = Terminal()
        monkeypatch.setattr(sys, "stderr", stream)

        demo._progress("09:00", 9, 27)
        demo._progress("", 27, 27)

        assert (
            f"\r{'#' * 10}{' ' * 20} 03.06.2025 09:00    \r{'#' * 30} 03.06.2025          \n"
            == stream.getvalue()
        )

    def test_is_left_out_elsewhere(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file gets no bar."""
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)

        demo._progress("09:00", 9, 27)

        assert "" == stream.getvalue()
