"""One value a local day: registers, their energies, and virtual tariffs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.day_values import (
    WEEKDAYS,
    VirtualTariff,
    energy_of,
    overlap,
    reading_of,
    tariff_of,
)
from backend.core.days import day_bounds, day_grid, to_local
from backend.core.device_profile import load_profile
from backend.core.energy import Course, Known, courses_of
from backend.core.intervals import Presence, Status, make_intervals
from backend.core.quantities import ENERGY
from backend.core.readings import Reading

INCH = load_profile("etrel_inch")
DAY, SPRING, AUTUMN = date(2025, 6, 3), date(2025, 3, 30), date(2025, 10, 26)
ONE_DAY, QUARTER = timedelta(days=1), timedelta(minutes=15)
LATER = datetime(2026, 1, 1, tzinfo=UTC)
EARLY = datetime(2025, 1, 1, tzinfo=UTC)
ALWAYS = Presence(((EARLY, LATER),), ())
NEVER = Presence((), ())
WHOLE = ((time(), time()),)


def reading(instant: datetime, wh: object, connector: int = 1) -> Reading:
    """Make a reading of a register, in Wh."""
    return Reading(
        connector=connector,
        instant=instant,
        measurand=ENERGY,
        phase=None,
        location="Outlet",
        context="Sample.Periodic",
        value=Decimal(str(wh)),
        unit="Wh",
        raw_value=str(wh),
        raw_unit="Wh",
        transaction=None,
        resolution_wh=Decimal(0),
        position=0,
    )


def courses(*readings: Reading, presence: Presence = ALWAYS) -> list[Course]:
    """Follow what was read."""
    return list(courses_of(Known(readings, presence), INCH, QUARTER, LATER))


def steadily(first: date, days: int = 1, wh: int = 125, start_wh: int = 1_000) -> list[Reading]:
    """Make a reading for each quarter hour of some days; each counts as much, from 1 kWh on."""
    start, end = day_bounds(first)[0], day_bounds(first + ONE_DAY * (days - 1))[1]
    count = (end - start) // QUARTER
    return [reading(start + QUARTER * place, start_wh + wh * place) for place in range(count + 1)]


def hours(*texts: str) -> tuple[tuple[time, time], ...]:
    """Give hours as a person writes them."""
    pairs = [text.split("-") for text in texts]
    return tuple((time.fromisoformat(begin), time.fromisoformat(until)) for begin, until in pairs)


def tariff(*texts: str, since: date = DAY, weekdays: str = " ".join(WEEKDAYS)) -> VirtualTariff:
    """Make a virtual tariff."""
    on = frozenset(WEEKDAYS.index(one) for one in weekdays.split())
    return VirtualTariff(1, "T1", since, hours(*texts) if texts else WHOLE, on)


def spans(one: VirtualTariff, first: date, last: date) -> list[str]:
    """Give when it counts, as local clocks show it."""
    return [
        f"{to_local(start):%d.%m. %H:%M}-{to_local(end):%d.%m. %H:%M}"
        for start, end in one.spans(first, last)
    ]


class TestHours:
    """When a tariff counts."""

    def test_the_whole_day(self) -> None:
        """From midnight to midnight is all of it."""
        assert ["03.06. 00:00-04.06. 00:00"] == spans(tariff(), DAY, DAY)

    def test_two_in_a_day(self) -> None:
        """Each is told."""
        assert ["03.06. 07:00-03.06. 12:00", "03.06. 13:00-03.06. 20:00"] == spans(
            tariff("07:00-12:00", "13:00-20:00"), DAY, DAY
        )

    def test_over_midnight(self) -> None:
        """What reaches over it is cut at the ends of what is asked for."""
        night = tariff("20:00-07:00")
        assert ["03.06. 00:00-03.06. 07:00", "03.06. 20:00-04.06. 00:00"] == spans(night, DAY, DAY)
        assert [
            "03.06. 00:00-03.06. 07:00",
            "03.06. 20:00-04.06. 07:00",
            "04.06. 20:00-05.06. 00:00",
        ] == spans(night, DAY, DAY + ONE_DAY)

    def test_weekdays(self) -> None:
        """They are those on which the hours begin; 3 June 2025 is a Tuesday."""
        night = tariff("20:00-07:00", since=EARLY.date(), weekdays="Mon")
        assert ["03.06. 00:00-03.06. 07:00"] == spans(night, DAY, DAY)
        assert [] == spans(night, DAY + ONE_DAY, DAY + ONE_DAY)
        assert ["02.06. 20:00-03.06. 00:00"] == spans(night, DAY - ONE_DAY, DAY - ONE_DAY)

    def test_since(self) -> None:
        """Before its first day it counts nothing; on it, from midnight on."""
        night = tariff("20:00-07:00")
        assert [] == spans(night, DAY - ONE_DAY, DAY - ONE_DAY)
        assert ["03.06. 00:00-03.06. 07:00", "03.06. 20:00-04.06. 00:00"] == spans(
            night, DAY - ONE_DAY * 5, DAY
        )

    @pytest.mark.parametrize(
        ("day", "length"), [(SPRING, 23), (AUTUMN, 25), (DAY, 24)], ids=["spring", "autumn", "day"]
    )
    def test_days_on_which_the_clock_is_changed(self, day: date, length: int) -> None:
        """Two tariffs that share the day count all of it once, wherever they meet."""
        for seam in ("02:00", "02:30", "03:00"):
            first = tariff(f"00:00-{seam}", since=day)
            second = tariff(f"{seam}-00:00", since=day)
            ((start, one),), ((other, end),) = first.spans(day, day), second.spans(day, day)
            assert one == other
            assert (day_bounds(day), timedelta(hours=length)) == ((start, end), end - start)

    def test_an_hour_that_is_not_there(self) -> None:
        """In March nothing is counted from two to three."""
        assert [] == spans(tariff("02:00-03:00", since=SPRING), SPRING, SPRING)
        assert [] == spans(tariff("02:15-02:45", since=SPRING), SPRING, SPRING)

    def test_an_hour_that_is_there_twice(self) -> None:
        """In October from two to three is two hours."""
        ((start, end),) = tariff("02:00-03:00", since=AUTUMN).spans(AUTUMN, AUTUMN)
        assert timedelta(hours=2) == end - start


class TestOverlap:
    """No minute of the week is counted twice."""

    @pytest.mark.parametrize(
        ("tariffs", "minute"),
        [
            ([], None),
            ([tariff()], None),
            ([tariff("07:00-20:00"), tariff("20:00-07:00")], None),
            ([tariff("07:00-20:00"), tariff("19:59-07:00")], "19:59"),
            ([tariff("07:00-20:00", "12:00-13:00")], "12:00"),
            ([tariff(weekdays="Mon Tue"), tariff(weekdays="Wed Thu Fri Sat Sun")], None),
            ([tariff(weekdays="Sun"), tariff(weekdays="Sat Sun")], "Sun 00:00"),
            ([tariff("22:00-06:00", weekdays="Sun"), tariff("05:00-06:00", weekdays="Mon")], "Mon"),
            ([tariff("22:00-05:00", weekdays="Sun"), tariff("05:00-06:00", weekdays="Mon")], None),
            ([tariff(), tariff("00:00-00:01", weekdays="Wed")], "Wed 00:00"),
        ],
    )
    def test_a_minute(self, tariffs: list[VirtualTariff], minute: str | None) -> None:
        """It is named with its weekday; there is none where all is well."""
        found = overlap(tariffs)
        assert (minute is None) == (found is None)
        assert (minute or "") in (found or "")


def reading_at_end(*readings: Reading, day: date = DAY, **more: Any) -> tuple[object, str, str]:
    """Give what is shown at the end of a day: the text of its value, status and rule."""
    found = reading_of(courses(*readings, **more), day, QUARTER, 3, LATER)
    assert day_bounds(day) == (found.start, found.end)
    value = None if found.energy_kwh is None else str(found.energy_kwh)
    return value, found.status.value, found.rule


class TestReadings:
    """What registers show when a day ends."""

    @pytest.mark.parametrize(
        ("day", "value"), [(DAY, "13.000"), (SPRING, "12.500"), (AUTUMN, "13.500")]
    )
    def test_of_a_day(self, day: date, value: str) -> None:
        """It is that of local midnight, after 96, 92 or 100 quarter hours."""
        assert (value, "W", "measured") == reading_at_end(*steadily(day), day=day)

    def test_an_estimate(self) -> None:
        """It is rounded half up, once."""
        end = day_bounds(DAY)[1]
        read = reading(end - QUARTER * 3, 1_000), reading(end + QUARTER * 3, 1_001)
        assert ("1.001", "E", "interpolated") == reading_at_end(*read)

    def test_of_several_connectors(self) -> None:
        """They are added up before they are rounded."""
        end = day_bounds(DAY)[1]
        read = reading(end, "1000.5"), reading(end, "2000.0", connector=2)
        assert ("3.001", "W", "measured") == reading_at_end(*read)

    def test_what_is_not_known(self) -> None:
        """There is no value."""
        assert (None, "F", "not-read") == reading_at_end()
        assert (None, "F", "offline") == reading_at_end(
            reading(day_bounds(DAY)[0], 1), presence=NEVER
        )

    def test_a_day_that_lasts(self) -> None:
        """It has no end yet."""
        until = day_bounds(DAY)[1] - timedelta(microseconds=1)
        found = reading_of(courses(*steadily(DAY)), DAY, QUARTER, 3, until)
        assert (None, Status.MISSING, "future") == (found.energy_kwh, found.status, found.rule)
        assert reading_of(courses(*steadily(DAY)), DAY, QUARTER, 3, day_bounds(DAY)[1]).energy_kwh


def energy(
    *readings: Reading,
    day: date = DAY,
    within: Sequence[tuple[datetime, datetime]] | None = None,
    decimals: int = 3,
    **more: Any,
) -> tuple[object, str, str]:
    """Give the energy of a day, or of spans of time: the text of its value, status and rule."""
    which = [day_bounds(day)] if within is None else within
    found = energy_of(courses(*readings, **more), day, which, QUARTER, decimals, LATER)
    assert day_bounds(day) == (found.start, found.end)
    value = None if found.energy_kwh is None else str(found.energy_kwh)
    return value, found.status.value, found.rule


class TestEnergies:
    """The energy of a day, or of some hours of it."""

    @pytest.mark.parametrize(
        ("day", "value"), [(DAY, "12.000"), (SPRING, "11.500"), (AUTUMN, "12.500")]
    )
    def test_of_a_day(self, day: date, value: str) -> None:
        """It has 96, 92 or 100 quarter hours."""
        assert (value, "W", "measured") == energy(*steadily(day), day=day)

    def test_no_hours(self) -> None:
        """Where nothing is counted, nothing is in doubt."""
        assert ("0", "W", "measured") == energy(within=[], presence=NEVER)

    def test_some_hours(self) -> None:
        """What lies between them is not counted, whether it is known or not."""
        start, end = day_bounds(DAY)
        ends = [(start, start + QUARTER), (end - QUARTER, end)]
        read = [
            reading(start, 0),
            reading(start + QUARTER, 100),
            reading(end - QUARTER, 90_000),
            reading(end, 90_010),
        ]
        assert ("0.110", "W", "measured") == energy(*read, within=ends)

    def test_an_end_that_is_an_estimate(self) -> None:
        """Then the energy is one, too."""
        start = day_bounds(DAY)[0]
        read = reading(start - QUARTER, 0), reading(start + QUARTER, 100), *steadily(DAY)[2:]
        assert ("12.950", "E", "interpolated") == energy(*read)

    def test_a_gap_within(self) -> None:
        """It is of no account; only the ends matter."""
        read = steadily(DAY)
        assert ("12.000", "W", "measured") == energy(read[0], read[-1])

    def test_a_reset_within(self) -> None:
        """Nothing is counted across, so it is an estimate."""
        read = steadily(DAY)
        begun_anew = [one._replace(value=Decimal(place)) for place, one in enumerate(read[48:])]
        assert ("5.923", "E", "across-reset") == energy(*read[:48], *begun_anew)

    def test_an_impossible_rise_within(self) -> None:
        """What it was is not known."""
        read = steadily(DAY)
        jumped = [one._replace(value=(one.value or 0) + Decimal(10**9)) for one in read[48:]]
        assert (None, "F", "impossible-rise") == energy(*read[:48], *jumped)

    def test_of_several_connectors(self) -> None:
        """They are added up; the worst counts."""
        start, end = day_bounds(DAY)
        other = [
            reading(start, 0, connector=2),
            reading(end - QUARTER * 2, 500, connector=2),
            reading(end + QUARTER, 800, connector=2),
        ]
        assert ("12.700", "E", "interpolated") == energy(*steadily(DAY), *other)

    def test_what_is_not_known(self) -> None:
        """There is no value, even if a part of it is known."""
        read = steadily(DAY)[:50]
        assert (None, "F", "offline") == energy(*read, presence=NEVER)
        assert ("6.125", "W", "measured") == energy(*read)

    def test_a_day_that_lasts(self) -> None:
        """It has no energy yet."""
        until = day_bounds(DAY)[1] - timedelta(microseconds=1)
        found = energy_of(courses(*steadily(DAY)), DAY, [day_bounds(DAY)], QUARTER, 3, until)
        assert (None, Status.MISSING, "future") == (found.energy_kwh, found.status, found.rule)


def of_tariff(
    one: VirtualTariff, read: Sequence[Reading], day: date, *, is_feed: bool, decimals: int = 3
) -> tuple[object, str, str]:
    """Give a virtual register at the end of a day, or its energy of the day, as texts."""
    found = tariff_of(
        courses(*read, presence=NEVER), day, one, QUARTER, decimals, LATER, is_feed=is_feed
    )
    value = None if found.energy_kwh is None else str(found.energy_kwh)
    return value, found.status.value, found.rule


class TestTariffs:
    """A virtual register, and the energies of its days."""

    def test_day_and_night(self) -> None:
        """Each has its hours; the register goes on, the feed begins anew."""
        read = steadily(DAY, days=2)
        day, night = tariff("07:00-20:00"), tariff("20:00-07:00")
        second = DAY + ONE_DAY
        for one, values in (
            (day, ("6.500", "6.500", "13.000", "6.500")),
            (night, ("5.500", "5.500", "11.000", "5.500")),
        ):
            assert [(value, "W", "measured") for value in values] == [
                of_tariff(one, read, when, is_feed=is_feed)
                for when in (DAY, second)
                for is_feed in (False, True)
            ]

    def test_before_it_counts(self) -> None:
        """Its register stands at 0, and it has counted nothing."""
        read = steadily(DAY - ONE_DAY)
        for is_feed in (True, False):
            assert ("0", "W", "measured") == of_tariff(
                tariff(), read, DAY - ONE_DAY, is_feed=is_feed
            )

    def test_a_meter_that_is_read_later(self) -> None:
        """The register begins with its first reading; the energy of that day is not known."""
        read = steadily(DAY)[40:]
        assert ("7.000", "W", "measured") == of_tariff(tariff(), read, DAY, is_feed=False)
        assert (None, "F", "offline") == of_tariff(tariff(), read, DAY, is_feed=True)
        assert ("0", "W", "measured") == of_tariff(
            tariff(since=DAY - ONE_DAY), read, DAY - ONE_DAY, is_feed=False
        )

    def test_a_meter_that_was_never_read(self) -> None:
        """Nothing is known of it."""
        for is_feed in (True, False):
            assert (None, "F", "offline") == of_tariff(tariff(), [], DAY, is_feed=is_feed)

    def test_a_jump(self) -> None:
        """From then on it is missing; a register that guesses would be on each bill after it."""
        read = steadily(DAY, days=3)
        jumped = [one._replace(value=(one.value or 0) + Decimal(10**9)) for one in read[48:]]
        for day in range(3):
            assert (None, "F", "impossible-rise") == of_tariff(
                tariff(), [*read[:48], *jumped], DAY + ONE_DAY * day, is_feed=False
            )
        assert ("12.000", "W", "measured") == of_tariff(
            tariff(), [*read[:48], *jumped], DAY + ONE_DAY, is_feed=True
        )

    def test_a_day_that_lasts(self) -> None:
        """It has no value yet."""
        until = day_bounds(DAY)[1] - QUARTER
        found = tariff_of(courses(*steadily(DAY)), DAY, tariff(), QUARTER, 3, until, is_feed=False)
        assert (None, "future") == (found.energy_kwh, found.rule)


# ---------------------------------------------------------------- any readings


FIRST_DAYS = st.sampled_from([DAY, SPRING, AUTUMN, SPRING - ONE_DAY, AUTUMN - ONE_DAY * 2])


@st.composite
def stories(draw: st.DrawFn) -> tuple[date, int, list[Reading]]:
    """Think of some days, and of a register that is read now and then, and rises."""
    first, count = draw(FIRST_DAYS), draw(st.integers(1, 4))
    start, end = day_bounds(first)[0], day_bounds(first + ONE_DAY * (count - 1))[1]
    minutes = int((end - start) / timedelta(minutes=1))
    places = draw(st.lists(st.integers(-120, minutes + 120), min_size=1, max_size=25, unique=True))
    wh, read = draw(st.integers(0, 10**6)), []
    for place in sorted(places):
        wh += draw(st.integers(0, 20))
        read.append(reading(start + timedelta(minutes=place), Decimal(wh) / 8))
    return first, count, read


@st.composite
def weeks(draw: st.DrawFn, since: date) -> list[VirtualTariff]:
    """Divide the week among tariffs, each hour in one of them."""
    seams = sorted(draw(st.sets(st.integers(0, 24 * 4 - 1), min_size=1, max_size=5)))
    edges = [time(seam // 4, seam % 4 * 15) for seam in seams]
    parts = list(zip(edges, [*edges[1:], edges[0]], strict=True))
    count = draw(st.integers(1, 3))
    cells = {(part, day): draw(st.integers(1, count)) for part in parts for day in range(7)}
    # Those of one tariff that begin on the same days stand together.
    return [
        VirtualTariff(number, "T", since, (part,), frozenset(on))
        for number in range(1, count + 1)
        for part in parts
        if (on := [day for day in range(7) if cells[part, day] == number])
    ]


@settings(deadline=None, max_examples=100)
@given(stories(), st.sampled_from([0, 2, 3, 6]))
def test_a_day_is_the_sum_of_its_intervals(
    story: tuple[date, int, list[Reading]], decimals: int
) -> None:
    """Whatever was read, and on whatever day, to the last digit."""
    first, count, read = story
    (course,) = courses(*read)
    for place in range(count):
        day = first + ONE_DAY * place
        made = make_intervals(course.register, day_grid(day, 15), ALWAYS, decimals, LATER)
        found = energy_of([course], day, [day_bounds(day)], QUARTER, decimals, LATER)
        assert sum(one.energy_kwh or 0 for one in made) == found.energy_kwh


@settings(deadline=None, max_examples=100)
@given(st.data(), stories(), st.sampled_from([0, 2, 3, 6]))
def test_tariffs_that_cover_the_week(
    data: st.DataObject, story: tuple[date, int, list[Reading]], decimals: int
) -> None:
    """They rise together as the meter does; their feeds sum to them, and none ever falls."""
    first, count, read = story
    tariffs = data.draw(weeks(first))
    assert overlap(tariffs) is None
    (course,) = courses(*read)
    days = [first + ONE_DAY * place for place in range(count)]
    way = QUARTER, decimals, LATER
    sums = []
    for one in tariffs:
        registers = [tariff_of([course], day, one, *way, is_feed=False) for day in days]
        feeds = [tariff_of([course], day, one, *way, is_feed=True) for day in days]
        values = [each.energy_kwh or Decimal(0) for each in registers]
        assert sorted(values) == values
        assert sum((each.energy_kwh or Decimal(0) for each in feeds), Decimal(0)) == values[-1]
        sums.append(values)
    start = day_bounds(first)[0]
    for place, day in enumerate(days):
        whole = energy_of([course], day, [(start, day_bounds(day)[1])], *way)
        assert whole.energy_kwh == sum((values[place] for values in sums), Decimal(0))
