"""Local days of Europe/Zurich."""

from __future__ import annotations

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
        with pytest.raises(ValueError, match="do not divide the hour"):
            day_grid(date(2025, 6, 3), minutes)

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
            ("%d.%m.%y %H:%M", "'%y' is none of"),
            ("%d.%m.%Y %H:%M%%", "'%%' is none of"),
            ("%d.%m.%Y %H:%M %", "'%' is none of"),
            ("%d.%m.%Y %H:%M\n%", "'%' is none of"),
            ("%d.%m.%Y %H:%M %d", "%d stands there twice"),
            ("%d.%m.%Y", "%H is missing"),
            ("", "%Y is missing"),
        ],
    )
    def test_bad_forms(self, form: str, complaint: str) -> None:
        """What could not be read back is told, with the reason."""
        assert complaint in (check_form(form) or "")


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
        assert later > from_label("26.10.2025 02:15:00", FORM, later)

    @pytest.mark.parametrize(
        ("label", "complaint"),
        [
            ("30.03.2025 02:15:00", "does not exist"),
            ("31.02.2025 02:15:00", "is no time"),
            ("01.01.2025 24:00:00", "is no time"),
            ("1.1.2025 00:00:00", "does not have the form"),
            ("01.01.2025 00:00:00 ", "does not have the form"),
            ("٠1.01.2025 00:00:00", "does not have the form"),
            ("01.01.0001 00:00:00", "out of all reason"),
            ("01.01.9999 00:00:00", "out of all reason"),
        ],
    )
    def test_no_labels(self, label: str, complaint: str) -> None:
        """They are refused with the reason."""
        with pytest.raises(ValueError, match=complaint):
            from_label(label, FORM, None)

    def test_labels_with_offset(self) -> None:
        """They need no order."""
        for instant in day_grid(OCTOBER, 15):
            assert instant == from_iso_label(to_iso_label(instant))
        assert "2025-06-03T14:15:00+02:00" == to_iso_label(datetime(2025, 6, 3, 12, 15, tzinfo=UTC))

    @pytest.mark.parametrize(
        "label",
        [
            "2025-06-03 14:15:00+02:00",
            "2025-06-03T14:15:00Z",
            "2025-06-03T14:15:00+24:00",
            "0001-01-01T00:00:00+10:00",
        ],
    )
    def test_no_labels_with_offset(self, label: str) -> None:
        """They are refused."""
        with pytest.raises(ValueError, match="is no"):
            from_iso_label(label)


class TestForPeople:
    """Times as people write and read them."""

    @pytest.mark.parametrize(
        ("instant", "expected"),
        [
            ("2025-06-03T12:15:00+00:00", "14:15"),
            ("2025-06-03T12:15:07+00:00", "14:15:07"),
            ("2025-06-03T12:15:07.250000+00:00", "14:15:07.25"),
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
            "2025-06-03 25:00",
            "0001-01-01 00:00",
        ],
    )
    def test_what_is_no_time(self, text: str) -> None:
        """It is refused."""
        with pytest.raises(ValueError, match="is no time"):
            days.instants_of(text)


@pytest.mark.parametrize("machine", ["America/New_York", "Asia/Tokyo"])
def test_the_zone_of_the_machine_changes_nothing(
    machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A local time, also one that does not exist, is of Europe/Zurich wherever the backend runs."""
    monkeypatch.setenv("TZ", machine)
    time_of_machine.tzset()
    try:
        gap = local_instant(date(2025, 3, 30), time(2, 30))
        assert datetime(2025, 3, 30, 1, tzinfo=UTC) == gap
        assert UTC is gap.tzinfo
        assert datetime(2025, 6, 3, 10, tzinfo=UTC) == local_instant(date(2025, 6, 3), time(12))
        assert "2025-06-03T12:00:00+02:00" == to_iso_label(datetime(2025, 6, 3, 10, tzinfo=UTC))
    finally:
        monkeypatch.undo()
        time_of_machine.tzset()
