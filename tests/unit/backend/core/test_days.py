"""Local days of Europe/Zurich."""

from __future__ import annotations

import re
import time as time_of_machine
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core import days
from backend.core.days import (
    check_form,
    day_bounds,
    day_grid,
    day_that_begins,
    day_that_ends,
    from_iso_label,
    from_label,
    from_utc_label,
    instant_of_naive,
    is_zone,
    local_day_of,
    local_instant,
    to_iso_label,
    to_label,
    to_local,
)

FORM = "%d.%m.%Y %H:%M:%S"
MARCH, OCTOBER = date(2025, 3, 30), date(2025, 10, 26)
QUARTER = timedelta(minutes=15)
FEW = settings(max_examples=100, deadline=None, derandomize=True)


class TestTheDayOfAnInstant:
    """Which local day begins, or ends, at an instant."""

    @pytest.mark.parametrize("day", [MARCH, OCTOBER, date(2025, 6, 3), MARCH - timedelta(days=1)])
    def test_a_midnight(self, day: date) -> None:
        """One day ends at it, and the next one begins."""
        start, end = day_bounds(day)
        assert (start, end) == day_that_begins(start) == day_that_ends(end)
        assert day_bounds(day + timedelta(days=1)) == day_that_begins(end)

    @pytest.mark.parametrize(
        "instant",
        [
            datetime(2025, 6, 3, tzinfo=UTC),
            datetime(2025, 6, 2, 22, 0, 0, 1, tzinfo=UTC),
            datetime(2025, 6, 2, 21, 59, 59, 999_999, tzinfo=UTC),
            datetime(1, 1, 1, tzinfo=UTC),
            datetime(9999, 12, 31, 12, tzinfo=UTC),
            datetime(9999, 12, 31, 23, tzinfo=UTC),
        ],
    )
    def test_none(self, instant: datetime) -> None:
        """No other instant is one, whatever year it is said to be in."""
        assert day_that_begins(instant) is None
        assert day_that_ends(instant) is None


class TestTheGridOfADay:
    """ISE-19: 96 quarter hours, 92 in March, 100 in October, in the order of time."""

    @pytest.mark.parametrize(
        ("day", "count"),
        [
            (date(2025, 6, 1), 96),
            (date(2025, 12, 31), 96),
            (MARCH, 92),
            (OCTOBER, 100),
            (date(2026, 3, 29), 92),
            (date(2026, 10, 25), 100),
        ],
    )
    def test_quarter_hours(self, day: date, count: int) -> None:
        """Boundaries are one more than intervals, a quarter of an hour apart."""
        grid = day_grid(day, 15)
        assert count + 1 == len(grid)
        assert [QUARTER] * count == [grid[i + 1] - grid[i] for i in range(count)]
        assert day_bounds(day) == (grid[0], grid[-1])

    @pytest.mark.parametrize(
        ("minutes", "count"), [(1, 1440), (5, 288), (10, 144), (30, 48), (60, 24)]
    )
    def test_other_intervals(self, minutes: int, count: int) -> None:
        """The six intervals of document 000 all divide the day."""
        assert count + 1 == len(day_grid(date(2025, 6, 3), minutes))

    @pytest.mark.parametrize("minutes", [0, -15, 7, 120])
    def test_an_interval_that_does_not_divide_the_hour(self, minutes: int) -> None:
        """It has no grid."""
        with pytest.raises(ValueError, match="minutes do not") as caught:
            day_grid(date(2025, 6, 3), minutes)
        sentence = f"{minutes} minutes do not divide the hour; use 1, 5, 10, 15, 30 or 60"
        assert sentence == str(caught.value)

    def test_a_period_that_is_no_multiple(self) -> None:
        """It has no grid, either."""
        start = datetime(2025, 6, 3, 12, tzinfo=UTC)
        with pytest.raises(ValueError, match="is no multiple") as caught:
            days.grid(start, start + timedelta(minutes=20), 15)
        sentence = (
            "2025-06-03T12:00:00+00:00 to 2025-06-03T12:20:00+00:00 is no multiple of 0:15:00"
        )
        assert sentence == str(caught.value)

    @pytest.mark.parametrize(
        ("minutes", "first", "last"),
        [
            (1440, "2025-06-02T22:00", "2025-06-03T22:00"),
            (720, "2025-06-03T10:00", "2025-06-03T22:00"),
            (180, "2025-06-03T10:00", "2025-06-03T13:00"),
            (60, "2025-06-03T12:00", "2025-06-03T13:00"),
            (15, "2025-06-03T12:15", "2025-06-03T12:30"),
        ],
    )
    def test_parts_of_a_day(self, minutes: int, first: str, last: str) -> None:
        """An instant lies in one of each length."""
        found = days.part_of_day(datetime(2025, 6, 3, 12, 20, tzinfo=UTC), minutes)
        assert [f"{first}:00+00:00", f"{last}:00+00:00"] == [each.isoformat() for each in found]

    @pytest.mark.parametrize(
        ("day", "minutes", "hours"),
        [(MARCH, 120, [2, 1, 2]), (OCTOBER, 120, [2, 3, 2]), (OCTOBER, 60, [1, 1, 2, 1])],
    )
    def test_parts_around_the_change(self, day: date, minutes: int, hours: list[int]) -> None:
        """One is an hour shorter in March, and longer in October."""
        start = day_bounds(day)[0]
        found = []
        for _ in hours:
            assert start == days.part_of_day(start, minutes)[0]
            found.append(days.part_of_day(start, minutes)[1] - start)
            start += found[-1]
        assert [timedelta(hours=each) for each in hours] == found

    def test_the_hour_that_exists_twice_is_not_parted(self) -> None:
        """Its quarters are told apart only by their order."""
        twice = datetime(2025, 10, 26, tzinfo=UTC)
        for minutes in (15, 75, 119):
            instant = twice + timedelta(minutes=minutes)
            assert (twice, twice + timedelta(hours=2)) == days.part_of_day(instant, 15)

    def test_labels_begin_at_a_quarter_past_and_end_at_midnight(self) -> None:
        """00:15 first and 00:00 of the next day last; 02:xx twice in October, never in March."""
        for day, twos in ((MARCH, 0), (date(2025, 6, 3), 4), (OCTOBER, 8)):
            labels = [to_label(each, FORM, "local") for each in day_grid(day, 15)[1:]]
            assert f"{day:%d.%m.%Y} 00:15:00" == labels[0]
            assert f"{day + timedelta(days=1):%d.%m.%Y} 00:00:00" == labels[-1]
            assert twos == sum(" 02:" in label for label in labels)

    @FEW
    @given(st.dates(date(1990, 1, 1), date(2090, 1, 1)))
    def test_days_join(self, day: date) -> None:
        """One day ends where the next begins, and its instants lie on it."""
        start, end = day_bounds(day)
        assert end == day_bounds(day + timedelta(days=1))[0]
        assert day == local_day_of(start) == local_day_of(end - timedelta(microseconds=1))
        assert len(day_grid(day, 15)) - 1 in (92, 96, 100)


class TestLocalTimes:
    """A local time becomes one instant, also where there is none or two."""

    def test_summer_and_winter(self) -> None:
        """Two hours before UTC in summer, one in winter."""
        assert datetime(2025, 6, 3, 22, 30, tzinfo=UTC) == local_instant(
            date(2025, 6, 4), time(0, 30)
        )
        assert datetime(2025, 1, 3, 23, 30, tzinfo=UTC) == local_instant(
            date(2025, 1, 4), time(0, 30)
        )

    @pytest.mark.parametrize("at", [time(2), time(2, 30), time(2, 59, 59, 999_999)])
    def test_a_time_that_does_not_exist(self, at: time) -> None:
        """It is the first instant after it: 03:00, when the clock is put forward."""
        assert datetime(2025, 3, 30, 1, tzinfo=UTC) == local_instant(MARCH, at)

    def test_a_time_that_exists_twice(self) -> None:
        """It is the first of the two."""
        assert datetime(2025, 10, 26, 0, 30, tzinfo=UTC) == local_instant(OCTOBER, time(2, 30))
        assert datetime(2025, 10, 26, 0, 30, tzinfo=UTC) == local_instant(
            OCTOBER, time(2, 30, fold=1)
        )

    def test_a_time_of_another_zone(self) -> None:
        """Profiles name zones."""
        naive = datetime.combine(date(2025, 6, 3), time(14))
        assert datetime(2025, 6, 3, 12, tzinfo=UTC) == instant_of_naive(naive, "Europe/Zurich")
        assert datetime(2025, 6, 3, 14, tzinfo=UTC) == instant_of_naive(naive, "UTC")

    def test_both_of_a_naive_time_that_exists_twice(self) -> None:
        """The first is in summer time, the second in winter time."""
        naive = datetime.combine(OCTOBER, time(2, 30))
        assert [0, 1] == [
            instant_of_naive(naive, "Europe/Zurich", fold=fold).hour for fold in (0, 1)
        ]

    @pytest.mark.parametrize("fold", [0, 1])
    def test_a_naive_time_that_does_not_exist(self, fold: int) -> None:
        """It is the instant at which the clock was put forward."""
        naive = datetime.combine(MARCH, time(2, 30))
        assert datetime(2025, 3, 30, 1, tzinfo=UTC) == instant_of_naive(
            naive, "Europe/Zurich", fold=fold
        )

    def test_a_time_of_day_with_a_zone(self) -> None:
        """It is read as local time all the same, to the microsecond."""
        at = time(12, 0, 0, 5, tzinfo=UTC)
        assert datetime(2025, 6, 3, 10, 0, 0, 5, tzinfo=UTC) == local_instant(date(2025, 6, 3), at)

    @pytest.mark.parametrize(
        ("zone", "naive", "expected"),
        [
            ("Australia/Lord_Howe", "2025-10-05T02:15:00", "2025-10-04T15:30:00+00:00"),
            ("America/New_York", "2025-03-09T02:59:59.9", "2025-03-09T07:00:00+00:00"),
        ],
    )
    def test_gaps_elsewhere(self, zone: str, naive: str, expected: str) -> None:
        """Also where the clock is put forward by half an hour."""
        found = instant_of_naive(datetime.fromisoformat(naive), zone)
        assert expected == found.isoformat()

    def test_zones(self) -> None:
        """A name that is none is told from one that is."""
        assert is_zone("Europe/Zurich")
        for name in ("Europe/Atlantis", "", "../etc/passwd", "\0"):
            assert not is_zone(name)

    def test_to_local(self) -> None:
        """The same instant, with its offset."""
        local = to_local(datetime(2025, 6, 3, 12, tzinfo=UTC))
        assert (14, timedelta(hours=2)) == (local.hour, local.utcoffset())


class TestForms:
    """What a label can look like."""

    @pytest.mark.parametrize("form", [FORM, "%Y-%m-%d %H:%M", "%Y%m%dT%H%M%S", "%H:%M on %d/%m/%Y"])
    def test_good_forms(self, form: str) -> None:
        """Year, month, day, hour and minute, each once, and seconds if wanted."""
        assert check_form(form) is None
        instant = datetime(2025, 6, 3, 12, 15, tzinfo=UTC)
        assert instant == from_label(to_label(instant, form, "local"), form, None)
        assert instant == from_utc_label(to_label(instant, form, "utc"), form)

    @pytest.mark.parametrize(
        ("form", "complaint"),
        [
            ("%d.%m.%y %H:%M", "'%y' is none of %Y %m %d %H %M %S"),
            ("%d.%m.%Y %H:%M%%", "'%%' is none of %Y %m %d %H %M %S"),
            ("%d.%m.%Y %H:%M %", "'%' is none of %Y %m %d %H %M %S"),
            ("%d.%m.%Y %H:%M\n%", "'%' is none of %Y %m %d %H %M %S"),
            ("%d.%m.%Y %H:%M %d", "%d stands there twice"),
            ("%d.%m.%Y", "%H is missing"),
            ("%d.%m.%Y %H", "%M is missing"),
            ("", "%Y is missing"),
        ],
    )
    def test_bad_forms(self, form: str, complaint: str) -> None:
        """What could not be read back is told, with the reason."""
        assert complaint == check_form(form)

    def test_a_year_of_three_digits(self) -> None:
        """Each part of a label has its width."""
        early = datetime(987, 6, 3, 2, 5, 9, tzinfo=UTC)
        assert "0987-06-03 02:05:09" == to_label(early, "%Y-%m-%d %H:%M:%S", "utc")


class TestLabels:
    """Labels read back to their instants."""

    def test_october_reads_back_by_order(self) -> None:
        """The second 02:15 is told from the first by what stood before it."""
        previous = None
        for instant in day_grid(OCTOBER, 15)[1:]:
            previous = from_label(to_label(instant, FORM, "local"), FORM, previous)
            assert instant == previous

    def test_the_second_hour_alone_reads_as_the_first(self) -> None:
        """Without an earlier label nothing tells it."""
        second = datetime(2025, 10, 26, 1, 15, tzinfo=UTC)
        assert second - timedelta(hours=1) == from_label("26.10.2025 02:15:00", FORM, None)
        assert second == from_label("26.10.2025 02:15:00", FORM, second - QUARTER)
        assert second == from_label("26.10.2025 02:15:00", FORM, second - 4 * QUARTER)

    def test_a_label_behind_both_reads_as_the_first(self) -> None:
        """It stands in no order of time, which is for the reader to say."""
        later = datetime(2025, 10, 26, 5, tzinfo=UTC)
        first = datetime(2025, 10, 26, 0, 15, tzinfo=UTC)
        assert first == from_label("26.10.2025 02:15:00", FORM, later)

    @pytest.mark.parametrize(
        ("label", "complaint"),
        [
            (
                "30.03.2025 02:15:00",
                "does not exist in Europe/Zurich: the clock is put forward",
            ),
            ("31.02.2025 02:15:00", "is no time"),
            ("01.01.2025 24:00:00", "is no time"),
            ("1.1.2025 00:00:00", f"does not have the form '{FORM}'"),
            ("01.01.2025 00:00:00 ", f"does not have the form '{FORM}'"),
            ("٠1.01.2025 00:00:00", f"does not have the form '{FORM}'"),
            ("01.01.0001 00:00:00", "is out of all reason"),
            ("31.12.1899 23:59:59", "is out of all reason"),
            ("01.01.3000 00:00:00", "is out of all reason"),
            ("01.01.9999 00:00:00", "is out of all reason"),
        ],
    )
    def test_no_labels(self, label: str, complaint: str) -> None:
        """They are refused with the reason."""
        with pytest.raises(ValueError, match=re.escape(complaint)) as caught:
            from_label(label, FORM, None)
        assert f"{label!r} {complaint}" == str(caught.value)

    def test_seconds(self) -> None:
        """They are read where the form has them."""
        assert datetime(2025, 6, 3, 12, 15, 9, tzinfo=UTC) == from_label(
            "03.06.2025 14:15:09", FORM, None
        )

    def test_the_years_that_are_read(self) -> None:
        """From 1900 to 2999, in files and of people."""
        assert 1899 == from_label("01.01.1900 00:00:00", FORM, None).year
        assert 2999 == from_label("31.12.2999 23:59:59", FORM, None).year
        assert 1900 == days.instants_of("1900-01-01 00:00Z")[0].year
        assert 3000 == days.instants_of("2999-12-31 24:00Z")[0].year

    def test_labels_with_offset(self) -> None:
        """They need no order."""
        for instant in day_grid(OCTOBER, 15):
            assert instant == from_iso_label(to_iso_label(instant))
        assert "2025-06-03T14:15:00+02:00" == to_iso_label(datetime(2025, 6, 3, 12, 15, tzinfo=UTC))
        broken = datetime(2025, 6, 3, 12, 15, 0, 500_000, tzinfo=UTC)
        assert "2025-06-03T14:15:00+02:00" == to_iso_label(broken)

    @pytest.mark.parametrize(
        ("label", "complaint"),
        [
            ("2025-06-03 14:15:00+02:00", "is not of the form 2025-06-03T14:15:00+02:00"),
            ("2025-06-03T14:15:00Z", "is not of the form 2025-06-03T14:15:00+02:00"),
            ("2025-06-03T14:15:00+24:00", "is no time"),
            ("0001-01-01T00:00:00+10:00", "is no time"),
        ],
    )
    def test_no_labels_with_offset(self, label: str, complaint: str) -> None:
        """They are refused."""
        with pytest.raises(ValueError, match="is no") as caught:
            from_iso_label(label)
        assert f"{label!r} {complaint}" == str(caught.value)


class TestForPeople:
    """Times as people write and read them."""

    @pytest.mark.parametrize(
        ("instant", "expected"),
        [
            ("2025-06-03T12:15:00+00:00", "14:15"),
            ("2025-06-03T12:15:07+00:00", "14:15:07"),
            ("2025-06-03T12:15:07.250000+00:00", "14:15:07.25"),
            ("2025-06-03T12:15:00.000100+00:00", "14:15:00.0001"),
            ("2025-06-03T22:00:00+00:00", "24:00"),
            ("2025-06-02T22:00:00+00:00", "00:00"),
            ("2025-06-03T22:30:00+00:00", "04.06.2025 00:30"),
            ("2025-10-26T00:15:00+00:00", "26.10.2025 02:15+02:00"),
            ("2025-10-26T01:15:00+00:00", "26.10.2025 02:15+01:00"),
        ],
    )
    def test_a_time_of_a_day(self, instant: str, expected: str) -> None:
        """The day stands there where it is another, the offset where a time exists twice."""
        assert expected == days.to_clock(datetime.fromisoformat(instant), date(2025, 6, 3))

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2025-06-03 14:15", ["2025-06-03T12:15:00"]),
            (" 2025-06-03T14:15:07 ", ["2025-06-03T12:15:07"]),
            ("2025-06-03 24:00", ["2025-06-03T22:00:00"]),
            ("2025-06-03 24:00:00", ["2025-06-03T22:00:00"]),
            ("2025-06-03 24:00Z", ["2025-06-04T00:00:00"]),
            ("2025-06-03T14:15:00Z", ["2025-06-03T14:15:00"]),
            ("2025-06-03T14:15:00-05:00", ["2025-06-03T19:15:00"]),
            ("2025-03-30 02:30", []),
            ("2025-10-26 02:15", ["2025-10-26T00:15:00", "2025-10-26T01:15:00"]),
            ("2025-10-26T02:15:00+01:00", ["2025-10-26T01:15:00"]),
        ],
    )
    def test_a_written_time(self, text: str, expected: list[str]) -> None:
        """It names one instant, none, or two."""
        assert [f"{each}+00:00" for each in expected] == [
            each.isoformat() for each in days.instants_of(text)
        ]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "14:15",
            "2025-02-29 14:15",
            "2025-06-03 24:01",
            "2025-06-03 24:00:01",
            "2025-06-03 25:00",
            "0001-01-01 00:00",
            "1899-12-31 23:59",
            "3000-01-01 00:00",
            "2025-06-03 14:15+24:00",
        ],
    )
    def test_what_is_no_time(self, text: str) -> None:
        """It is refused."""
        with pytest.raises(ValueError, match="is no time") as caught:
            days.instants_of(text)
        assert f"{text!r} is no time" == str(caught.value)

    def test_a_day(self) -> None:
        """As people write it."""
        assert "03.06.2025" == days.to_day_label(date(2025, 6, 3))


@pytest.mark.parametrize("machine", ["America/New_York", "Asia/Tokyo"])
def test_the_zone_of_the_machine_changes_nothing(
    machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A local time, also one that does not exist, is of Europe/Zurich wherever the backend runs."""
    label = ("03.06.2025 12:00:00", FORM)
    monkeypatch.setenv("TZ", machine)
    time_of_machine.tzset()
    try:
        gap = local_instant(date(2025, 3, 30), time(2, 30))
        assert datetime(2025, 3, 30, 1, tzinfo=UTC) == gap
        assert UTC is gap.tzinfo
        assert datetime(2025, 6, 3, 10, tzinfo=UTC) == local_instant(date(2025, 6, 3), time(12))
        assert "2025-06-03T12:00:00+02:00" == to_iso_label(datetime(2025, 6, 3, 10, tzinfo=UTC))
        read = [*days.instants_of("2025-06-03 12:00"), *days.instants_of("2025-06-03 12:00Z")]
        read += [from_iso_label("2025-06-03T12:00:00+02:00"), from_label(*label, None)]
        noon = datetime.combine(date(2025, 6, 3), time(12))
        read += [from_utc_label(*label), instant_of_naive(noon, "Europe/Zurich")]
        assert [UTC] * 6 == [each.tzinfo for each in read]
        assert "10:00" == to_label(read[0], "%H:%M", "utc")
    finally:
        monkeypatch.undo()
        time_of_machine.tzset()
