"""Energies on pages."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from backend.core.intervals import Interval, Status
from backend.web import energy

DAY = date(2025, 6, 3)
START = datetime(2025, 6, 2, 22, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def day(*energies: str | None) -> list[Interval]:
    """Make the first intervals of a day."""
    return [
        Interval(
            START + QUARTER * index,
            START + QUARTER * (index + 1),
            None if each is None else Decimal(each),
            Status.MISSING if each is None else Status.TRUE,
            "offline" if each is None else "measured",
        )
        for index, each in enumerate(energies)
    ]


def heights(intervals: list[Interval]) -> list[int]:
    """Give the heights of the bars."""
    return [int(each) for each in re.findall(r'height="(\d+)"', energy.picture(intervals, DAY))]


def test_bars() -> None:
    """The largest has all height, what is missing too; a little one and a zero can be seen."""
    assert [160, 80, 2, 2, 160] == heights(day("2", "1", "0.001", "0", None))
    assert [2, 2] == heights(day("0", "0"))


def test_a_day_in_one_line() -> None:
    """What it comes to, and of how much nothing is known."""
    assert "3.001 kWh" == energy.total(day("2.000", "1.001"))
    assert "2.000 kWh, 1 of 2 missing" == energy.total(day("2.000", None))
