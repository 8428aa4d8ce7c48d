"""Exports: what a task delivers, and when it is due."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.days import day_bounds, day_grid, local_instant, to_local
from backend.core.exports import (
    DAILY,
    MAX_DUE,
    SCHEDULES,
    START_WINDOW,
    Activation,
    Period,
    Plan,
    Trigger,
    due_at,
    due_periods,
    made_until,
    next_due,
    parts_of,
    period_of,
    periods_within,
    rows_of,
    spread,
    whole_days,
)
from backend.core.formats.ise_timeseries_csv import Row
from backend.core.intervals import Interval, Status

DAY = date(2025, 6, 3)
FEW = settings(max_examples=100, deadline=None, derandomize=True)
ONE_DAY = timedelta(days=1)
HALF_PAST = Plan(at=time(0, 30))
MIDNIGHT = day_bounds(DAY)[0]


def day(number: int) -> Period:
    """Give a day of June 2025."""
    return whole_days(date(2025, 6, number), date(2025, 6, number))


class TestPeriods:
    """Whole local days, or parts of them, one after the other."""

    def test_a_day(self) -> None:
        """From midnight to midnight, also where it has 23 or 25 hours."""
        assert Period(*day_bounds(DAY)) == period_of(local_instant(DAY, time(13)), 1440)
        long = period_of(datetime(2025, 10, 26, 12, tzinfo=UTC), 1440)
        assert timedelta(hours=25) == long.end - long.start

    def test_the_instant_between_two_belongs_to_the_later(self) -> None:
        """Midnight begins a day, noon the second half of it."""
        assert day(4) == period_of(day(3).end, 1440)
        noon = local_instant(DAY, time(12))
        assert Period(noon, day(3).end) == period_of(noon, 720)

    @pytest.mark.parametrize(
        ("minutes", "lengths_h"),
        [(720, [11, 12]), (360, [5, 6, 6, 6]), (120, [2, 1, *[2] * 10]), (60, [1] * 23)],
    )
    def test_in_march_one_is_shorter(self, minutes: int, lengths_h: list[int]) -> None:
        """They begin where the clock shows a multiple of their length."""
        start, end = day_bounds(date(2025, 3, 30))
        found = list(periods_within(start, end, minutes))
        assert [timedelta(hours=each) for each in lengths_h] == [p.end - p.start for p in found]

    def test_the_hour_that_october_has_twice_is_one(self) -> None:
        """So that its local labels stand in one file, where their order tells them apart."""
        start, end = day_bounds(date(2025, 10, 26))
        found = list(periods_within(start, end, 15))
        twice = [period for period in found if period.end - period.start > timedelta(minutes=15)]
        assert 93 == len(found)
        assert [(2, 3, timedelta(hours=2))] == [
            (to_local(p.start).hour, to_local(p.end).hour, p.end - p.start) for p in twice
        ]

    def test_they_say_what_they_are(self) -> None:
        """A day, several days, or local times."""
        assert "2025-06-03" == str(day(3))
        assert "2025-06-03 to 2025-06-05" == str(whole_days(DAY, DAY + 2 * ONE_DAY))
        assert "2025-06-03 06:00 to 2025-06-03 12:00" == str(
            period_of(local_instant(DAY, time(7)), 360)
        )

    @FEW
    @given(
        st.integers(0, 4 * 366 * 24 * 60),
        st.sampled_from(list(SCHEDULES)),
    )
    def test_they_follow_each_other(self, at_minutes: int, schedule: str) -> None:
        """Without a gap and without an overlap, whatever the clocks do."""
        minutes = SCHEDULES[schedule]
        instant = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=at_minutes)
        found = list(islice(periods_within(instant, instant + 400 * ONE_DAY, minutes), 200))
        assert found[0].start <= instant < found[0].end
        assert all(earlier.end == later.start for earlier, later in pairwise(found))
        assert found == [period_of(period.start, minutes) for period in found]


class TestWhatIsDue:
    """What has not been made."""

    def test_a_day_is_due_half_an_hour_after_it(self) -> None:
        """Not a second earlier."""
        due = local_instant(date(2025, 6, 4), time(0, 30))
        assert due == due_at(HALF_PAST, day(3))
        assert [] == due_periods(HALF_PAST, MIDNIGHT, [], due - timedelta(seconds=1))
        assert [day(3)] == due_periods(HALF_PAST, MIDNIGHT, [], due)

    def test_no_day_is_skipped(self) -> None:
        """After an outage all days since the last export are due, oldest first."""
        now = local_instant(date(2025, 6, 8), time(12))
        assert [day(each) for each in (4, 5, 6, 7)] == due_periods(
            HALF_PAST, MIDNIGHT, [day(3)], now
        )

    def test_a_day_between_two_is_not_forgotten(self) -> None:
        """Where the start was set into the past, what is older comes first."""
        now = local_instant(date(2025, 6, 8), time(12))
        made = [day(5), day(7)]
        assert [day(3), day(4), day(6)] == due_periods(HALF_PAST, MIDNIGHT, made, now)

    def test_an_exported_day_is_not_due_again(self) -> None:
        """Nothing changed, nothing is delivered."""
        now = local_instant(date(2025, 6, 4), time(12))
        assert [] == due_periods(HALF_PAST, MIDNIGHT, [day(3)], now)

    def test_years_of_days_come_in_portions(self) -> None:
        """A wrong first day does not make a list without end."""
        start = day_bounds(date(2000, 1, 1))[0]
        assert MAX_DUE == len(due_periods(HALF_PAST, start, [], MIDNIGHT))

    def test_a_period_that_is_never_complete_hides_none(self) -> None:
        """Where all values are waited for, everything is looked at, however much there is."""
        start = day_bounds(date(2000, 1, 1))[0]
        plan = Plan(trigger=Trigger.COMPLETE)
        days = (DAY - date(2000, 1, 1)).days
        assert days == len(due_periods(plan, start, [], MIDNIGHT))

    def test_another_schedule_begins_where_the_one_before_ended(self) -> None:
        """What was delivered day by day is not delivered again hour by hour."""
        now = local_instant(date(2025, 6, 5), time(2, 40))
        hourly = Plan(60, delay=timedelta(minutes=5))
        hours = list(periods_within(day(5).start, now - timedelta(hours=1), 60))
        assert hours == due_periods(hourly, MIDNIGHT, [day(3), day(4)], now)

    def test_a_day_of_which_only_hours_were_delivered_is_due_whole(self) -> None:
        """Where hours become days again, the day that was begun is delivered from its start."""
        now = local_instant(date(2025, 6, 5), time(12))
        made = [*periods_within(day(3).start, day(3).end, 60), period_of(day(4).start, 60)]
        assert [day(4)] == due_periods(HALF_PAST, MIDNIGHT, made, now)

    def test_the_change_of_the_clock(self) -> None:
        """A time that does not exist is due when the clock has been put forward."""
        march = whole_days(date(2025, 3, 29), date(2025, 3, 29))
        assert datetime(2025, 3, 30, 1, tzinfo=UTC) == due_at(Plan(at=time(2, 30)), march)

    @FEW
    @given(
        st.sampled_from(list(SCHEDULES)),
        st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), max_size=6),
        st.integers(1, 60),
    )
    def test_everything_is_delivered_once(
        self, schedule: str, made_h: list[tuple[int, int]], days: int
    ) -> None:
        """What is made and what is due cover all that has ended, and nothing due was made."""
        plan = Plan(SCHEDULES[schedule], delay=timedelta(0))
        start = day_bounds(date(2025, 10, 10))[0]
        hour = timedelta(hours=1)
        made = [Period(start + a * hour, start + (a + n) * hour) for a, n in made_h]
        now = start + days * ONE_DAY + timedelta(minutes=7)
        due = due_periods(plan, start, made, now)

        covered = start
        for period in sorted([*made, *due]):
            if period.start <= covered:
                covered = max(covered, period.end)
        last = period_of(now, plan.minutes).start
        assert covered >= last or MAX_DUE == len(due)
        assert sorted(due) == due
        assert not any(m.start <= p.start and p.end <= m.end for m in made for p in due)


class TestTriggers:
    """What makes a period due."""

    def test_twelve_hours_later(self) -> None:
        """Hours that pass, whatever the clock shows."""
        plan = Plan(trigger=Trigger.LATER)
        assert local_instant(date(2025, 6, 4), time(12)) == due_at(plan, day(3))
        before = whole_days(date(2025, 10, 25), date(2025, 10, 25))
        assert local_instant(date(2025, 10, 26), time(11)) == due_at(plan, before)

    def test_complete_from_the_end_on(self) -> None:
        """No sooner can all values be there."""
        assert day(3).end == due_at(Plan(trigger=Trigger.COMPLETE), day(3))

    def test_a_moment_of_its_own(self) -> None:
        """Between 00:00 and 01:00, the same one every day, others for others."""
        moments = [spread(f"task {number}", SCHEDULES[DAILY]) for number in range(200)]
        assert moments == [spread(f"task {number}", SCHEDULES[DAILY]) for number in range(200)]
        assert START_WINDOW[0] <= min(moments) < max(moments) < START_WINDOW[1]
        assert 150 < len(set(moments))
        assert day(3).end + moments[0] == due_at(Plan(delay=moments[0]), day(3))

    @pytest.mark.parametrize("schedule", [each for each in SCHEDULES if each != DAILY])
    def test_short_periods_are_sent_within_their_half(self, schedule: str) -> None:
        """So that they come before the next one is over."""
        minutes = SCHEDULES[schedule]
        moments = [spread(f"task {number}", minutes) for number in range(200)]
        assert timedelta(0) < min(moments)
        assert max(moments) < timedelta(minutes=minutes) / 2

    @pytest.mark.parametrize(
        ("minutes", "earliest_s", "latest_s"),
        [(15, 225, 450), (30, 300, 900), (60, 300, 1800), (120, 300, 3600), (1440, 300, 3600)],
    )
    def test_the_whole_window_is_used(self, minutes: int, earliest_s: int, latest_s: int) -> None:
        """Half of a short period, its first quarter, or five minutes, left to late readings."""
        moments_s = [spread(f"task {n}", minutes).total_seconds() for n in range(200)]
        tenth = (latest_s - earliest_s) / 10
        assert earliest_s <= min(moments_s) < earliest_s + tenth
        assert latest_s - tenth < max(moments_s) < latest_s


class TestTheNextTime:
    """When to look again."""

    def test_after_the_last_export(self) -> None:
        """The day after it, when that is due."""
        now = local_instant(date(2025, 6, 4), time(12))
        then = local_instant(date(2025, 6, 5), time(0, 30))
        assert then == next_due(HALF_PAST, MIDNIGHT, [day(3)], now)

    def test_overdue(self) -> None:
        """It is now."""
        now = local_instant(date(2025, 6, 8), time(12))
        assert now == next_due(HALF_PAST, MIDNIGHT, [day(3)], now)

    def test_before_the_first(self) -> None:
        """Today is the first day, hence due tomorrow."""
        now = local_instant(DAY, time(12))
        then = local_instant(date(2025, 6, 4), time(0, 30))
        assert then == next_due(HALF_PAST, MIDNIGHT, [], now)

    def test_what_is_done_with(self) -> None:
        """Up to the first period that is not made, whatever was made behind it."""
        assert MIDNIGHT == made_until(HALF_PAST, MIDNIGHT, [])
        assert day(5).start == made_until(HALF_PAST, MIDNIGHT, [day(3), day(4), day(6)])


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
        assert [("", [b, a])] == parts_of([b, a], "task")
        assert [("A", [a]), ("B", [b, b])] == parts_of([b, a, b], "meter")
        assert [("", [])] == parts_of([], "task")
        assert [] == parts_of([], "meter")
