"""Corrections: what was delivered and is known otherwise now."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

from backend.core.corrections import Told, changed
from backend.core.days import day_grid
from backend.core.intervals import Interval, Status

GRID = day_grid(date(2025, 6, 3), 60)


def interval(hour: int, energy: str | None, status: Status, rule: str) -> Interval:
    """Make an interval of the day."""
    kwh = None if energy is None else Decimal(energy)
    start, end = list(pairwise(GRID))[hour]
    return Interval(start, end, kwh, status, rule)


def test_another_energy_and_another_status_are_changes() -> None:
    """What the utility bills from is energy and status."""
    told = {
        GRID[0]: Told(Decimal("1.000"), Status.ESTIMATED, "interpolated"),
        GRID[1]: Told(Decimal("1.000"), Status.ESTIMATED, "interpolated"),
        GRID[2]: Told(None, Status.MISSING, "offline"),
    }
    now = [
        interval(0, "1.500", Status.ESTIMATED, "interpolated"),
        interval(1, "1.000", Status.TRUE, "measured"),
        interval(2, "0.000", Status.ESTIMATED, "idle-proven"),
    ]
    assert now == changed(told, now)


def test_another_reason_alone_is_no_change() -> None:
    """Nor is a zero more behind the point."""
    told = {GRID[0]: Told(Decimal("0.0"), Status.TRUE, "idle-online")}
    assert [] == changed(told, [interval(0, "0.000", Status.TRUE, "measured")])


def test_what_was_never_told_is_no_change() -> None:
    """It comes with the file of its period."""
    assert [] == changed({}, [interval(0, "1.000", Status.TRUE, "measured")])
