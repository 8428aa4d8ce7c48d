"""Local time as scenarios speak it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from harness.errors import UsageError
from harness.local_time import grid, instant, read_day, utc_instant

JUNE = date(2025, 6, 3)
MARCH = date(2025, 3, 30)
OCTOBER = date(2025, 10, 26)
NO_TIMES = ["", "14", "14:60", "24:01", "25:00", "-1:00", "1:5", "½:00", "¹:00", "1:00 ", "1:00:00"]


class TestDays:
    """Days as they are spoken."""

    def test_are_read(self) -> None:
        """Day, month's name and year give a date."""
        assert JUNE == read_day("3 June 2025")

    @pytest.mark.parametrize("text", ["", "3.6.2025", "31 June 2025", "3 Juin 2025"])
    def test_that_are_none(self, text: str) -> None:
        """What is no day is refused with an example."""
        with pytest.raises(UsageError, match='write one like "3 June 2025"'):
            read_day(text)


class TestInstants:
    """Times of a day."""

    @pytest.mark.parametrize(
        ("day", "time", "expected"),
        [
            (JUNE, "0:00", datetime(2025, 6, 2, 22, tzinfo=UTC)),
            (JUNE, "09:05", datetime(2025, 6, 3, 7, 5, tzinfo=UTC)),
            (JUNE, "24:00", datetime(2025, 6, 3, 22, tzinfo=UTC)),
            (MARCH, "24:00", datetime(2025, 3, 30, 22, tzinfo=UTC)),
            (OCTOBER, "2:30", datetime(2025, 10, 26, 0, 30, tzinfo=UTC)),
            (OCTOBER, "3:00", datetime(2025, 10, 26, 2, 0, tzinfo=UTC)),
        ],
    )
    def test_of_local_times(self, day: date, time: str, expected: datetime) -> None:
        """Summer time counts; in the hour that October has twice the first is meant."""
        assert expected == instant(day, time)

    def test_of_times_in_utc(self) -> None:
        """A time in UTC is taken as it is; 24:00 ends the day."""
        assert datetime(2025, 6, 3, 14, 15, tzinfo=UTC) == utc_instant(JUNE, "14:15")
        assert datetime(2025, 6, 4, tzinfo=UTC) == utc_instant(JUNE, "24:00")

    @pytest.mark.parametrize("text", NO_TIMES)
    def test_of_what_is_no_time(self, text: str) -> None:
        """What is no time of day is refused with an example, local or not."""
        for read in (instant, utc_instant):
            with pytest.raises(UsageError, match='write one like "14:15"'):
                read(JUNE, text)


class TestGrid:
    """The boundaries of a day's intervals."""

    @pytest.mark.parametrize(
        ("day", "minutes", "intervals"),
        [(JUNE, 15, 96), (MARCH, 15, 92), (OCTOBER, 15, 100), (OCTOBER, 60, 25), (JUNE, 1, 1440)],
    )
    def test_has_the_days_own_number_of_intervals(
        self, day: date, minutes: int, intervals: int
    ) -> None:
        """A day of 23 or 25 hours has as many intervals as it has time for, all of one length."""
        boundaries = grid(day, minutes)

        assert intervals == len(boundaries) - 1
        assert {timedelta(minutes=minutes)} == {b - a for a, b in pairwise(boundaries)}
        assert (instant(day, "0:00"), instant(day, "24:00")) == (boundaries[0], boundaries[-1])
