"""Exports: what a task delivers, and when it is due."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from backend.core.days import day_grid, local_instant
from backend.core.exports import (
    ALL,
    MAX_DUE,
    Activation,
    Task,
    due_at,
    due_periods,
    next_due,
    parts_of,
    rows_of,
    takes,
)
from backend.core.formats.ise_timeseries_csv import Layout, Row
from backend.core.intervals import Interval, Status

DAY = date(2025, 6, 3)
ONE_DAY = timedelta(days=1)


def task(daily_at: time | None = time(0, 30), stations: tuple[str, ...] | str = ALL) -> Task:
    """Make a task."""
    return Task("Tagesexport", "Seedorf", Layout(), "drop", stations, daily_at)


class TestWhatIsDue:
    """Day D is due on D + 1 at the task's time."""

    def test_a_day_is_due_half_an_hour_after_it(self) -> None:
        """Not a second earlier."""
        due = local_instant(date(2025, 6, 4), time(0, 30))
        assert due == due_at(DAY, time(0, 30))
        assert [] == due_periods(task(), DAY - ONE_DAY, DAY, due - timedelta(seconds=1))
        assert [DAY] == due_periods(task(), DAY - ONE_DAY, DAY, due)

    def test_no_day_is_skipped(self) -> None:
        """After an outage all days since the last export are due, oldest first."""
        now = local_instant(date(2025, 6, 8), time(12))
        assert [date(2025, 6, each) for each in (4, 5, 6, 7)] == due_periods(task(), DAY, DAY, now)

    def test_nothing_before_the_first_day(self) -> None:
        """A task begins where it is told to, whether it has exported or not."""
        now = local_instant(date(2025, 6, 5), time(12))
        assert [DAY, date(2025, 6, 4)] == due_periods(task(), None, DAY, now)
        assert [date(2025, 6, 4)] == due_periods(task(), date(2025, 5, 1), date(2025, 6, 4), now)

    def test_an_exported_day_is_not_due_again(self) -> None:
        """Nothing changed, nothing is delivered."""
        now = local_instant(date(2025, 6, 4), time(12))
        assert [] == due_periods(task(), DAY, DAY, now)

    def test_a_task_on_demand_is_never_due(self) -> None:
        """It is delivered when asked."""
        now = local_instant(date(2025, 6, 8), time(12))
        assert [] == due_periods(task(daily_at=None), None, DAY, now)

    def test_years_of_days_come_in_portions(self) -> None:
        """A wrong first day does not make a list without end."""
        now = local_instant(DAY, time(12))
        assert MAX_DUE == len(due_periods(task(), None, date(2000, 1, 1), now))

    def test_the_change_of_the_clock(self) -> None:
        """A time that does not exist is due when the clock has been put forward."""
        assert datetime(2025, 3, 30, 1, tzinfo=UTC) == due_at(date(2025, 3, 29), time(2, 30))


class TestTheNextTime:
    """When to look again."""

    def test_after_the_last_export(self) -> None:
        """The day after it, when that is due."""
        now = local_instant(date(2025, 6, 4), time(12))
        assert local_instant(date(2025, 6, 5), time(0, 30)) == next_due(task(), DAY, now)

    def test_overdue(self) -> None:
        """It is now."""
        now = local_instant(date(2025, 6, 8), time(12))
        assert now == next_due(task(), DAY, now)

    def test_before_the_first(self) -> None:
        """Today is the first day, hence due tomorrow."""
        now = local_instant(DAY, time(12))
        assert local_instant(date(2025, 6, 4), time(0, 30)) == next_due(task(), None, now)

    def test_a_task_on_demand_has_none(self) -> None:
        """To ask is a mistake."""
        with pytest.raises(ValueError, match="only when asked"):
            next_due(task(daily_at=None), None, local_instant(DAY, time(12)))


class TestWhoIsInIt:
    """Which stations a task takes."""

    def test_all_or_some(self) -> None:
        """Everyone of the account, or those that are named."""
        assert takes(task(), "WB-1")
        assert takes(task(stations=("WB-1",)), "WB-1")
        assert not takes(task(stations=("WB-1",)), "WB-2")


class TestRows:
    """Intervals become rows, rows become files."""

    def test_rows(self) -> None:
        """Each interval has its row, under the code and the OBIS code of the activation."""
        start, end = day_grid(DAY, 15)[:2]
        intervals = [
            Interval(start, end, Decimal("2.000"), Status.TRUE, "measured"),
            Interval(end, end + (end - start), None, Status.MISSING, "offline"),
        ]
        activation = Activation("WB-1", "CH", "1-1:1.9.0")
        assert [
            Row("CH", "1-1:1.9.0", start, end, Decimal("2.000"), Status.TRUE),
            Row("CH", "1-1:1.9.0", end, end + (end - start), None, Status.MISSING),
        ] == rows_of(activation, intervals)

    def test_files(self) -> None:
        """One for the task, or one for each meter in the order of their codes."""
        start, end = day_grid(DAY, 15)[:2]
        b, a = (Row(code, "1.9", start, end, Decimal(0), Status.TRUE) for code in "BA")
        assert [("", [b, a])] == parts_of([b, a], Layout())
        assert [("A", [a]), ("B", [b, b])] == parts_of([b, a, b], Layout(files="meter"))
        assert [("", [])] == parts_of([], Layout())
        assert [] == parts_of([], Layout(files="meter"))
