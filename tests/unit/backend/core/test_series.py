"""The energies of a metering point, compactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from backend.core.exports import Activation
from backend.core.intervals import Interval, Status
from backend.core.series import Series

START = datetime(2025, 6, 3, 22, tzinfo=UTC)
GRID = tuple(START + index * timedelta(minutes=15) for index in range(4))
WB_1 = Activation("WB-1", "CH1", "1-1:1.29.0*255")
MIXED = Series(WB_1, GRID, 3, [516, None, 0], ["measured", "offline", "idle-proven"])
INTERVALS = [
    Interval(GRID[0], GRID[1], Decimal("0.516"), Status.TRUE, "measured"),
    Interval(GRID[1], GRID[2], None, Status.MISSING, "offline"),
    Interval(GRID[2], GRID[3], Decimal("0.000"), Status.ESTIMATED, "idle-proven"),
]


def test_intervals_and_back() -> None:
    """A series is made of intervals, and gives them back digit for digit."""
    assert MIXED == Series.of(WB_1, GRID, INTERVALS, 3)
    assert list(map(repr, INTERVALS)) == list(map(repr, MIXED.intervals))
    assert 3 == len(MIXED)
    assert "CH1" == MIXED.code


def test_one_rule_for_all() -> None:
    """Where all have the same rule it is kept once."""
    series = Series.of(WB_1, GRID[:2], INTERVALS[:1], 3)
    assert Series(WB_1, GRID[:2], 3, [516], "measured") == series
    assert Status.TRUE == series.statuses()
    assert [Status.TRUE, Status.MISSING, Status.ESTIMATED] == MIXED.statuses()
    assert INTERVALS[:1] == series.intervals


def test_energies_of_any_size() -> None:
    """An energy with more digits than a `Decimal` calculates with by default stays exact."""
    huge = Decimal("12345678901234567890123456789012.345")
    told = [Interval(GRID[0], GRID[1], huge, Status.TRUE, "measured")]
    series = Series.of(WB_1, GRID[:2], told, 3)
    assert [12345678901234567890123456789012345] == series.energies
    assert told == series.intervals


def test_what_has_ended() -> None:
    """An interval counts from its end on, and what has not ended leaves nothing behind."""
    assert MIXED is MIXED.ended_by(GRID[3])
    two = Series(WB_1, GRID[:3], 3, [516, None], ["measured", "offline"])
    assert two == MIXED.ended_by(GRID[3] - timedelta(seconds=1))
    assert two == MIXED.ended_by(GRID[2])
    none = Series(WB_1, GRID[:1], 3, [], [])
    assert none == MIXED.ended_by(GRID[0])
    assert none == MIXED.ended_by(GRID[0] - timedelta(days=1))
    zeros = Series(WB_1, GRID, 3, [0, 0, 0], "measured")
    assert Series(WB_1, GRID[:2], 3, [0], "measured") == zeros.ended_by(GRID[1])


def test_what_is_missing() -> None:
    """A series that lacks an energy says so."""
    assert MIXED.lacks_any
    assert not Series(WB_1, GRID, 3, [0, 0, 0], "measured").lacks_any
