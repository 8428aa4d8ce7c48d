"""The demo's parts: the room it makes, and when it is content."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from harness import demo
from harness.demo import Balance
from harness.utility import Held

START = datetime(2025, 6, 2, 22, tzinfo=UTC)


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
