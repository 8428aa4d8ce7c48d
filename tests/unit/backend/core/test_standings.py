"""What a register shows at an instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backend.core.cross_check import POWER
from backend.core.device_profile import DeviceProfile, load_profile
from backend.core.energy import Course, Known, courses_of
from backend.core.intervals import (
    RULES,
    Presence,
    Status,
    make_intervals,
    rounded_fraction_kwh,
)
from backend.core.readings import BEGIN, END, ENERGY, Reading
from backend.core.registers import Exchange
from backend.core.standings import Standing, standing_at

INCH = load_profile("etrel_inch")
NOON = datetime(2025, 6, 3, 10, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
FAR = timedelta(days=400)
ALWAYS = Presence(((NOON - FAR, NOON + FAR),), ())
NEVER = Presence((), ())


def at(minutes: float) -> datetime:
    """Give the instant some minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def reading(minutes: float, wh: object, **fields: Any) -> Reading:
    """Make a reading of the register of connector 1, in Wh."""
    told = {
        "connector": 1,
        "instant": at(minutes),
        "measurand": ENERGY,
        "phase": None,
        "location": "Outlet",
        "context": "Sample.Periodic",
        "value": Decimal(str(wh)),
        "unit": "Wh",
        "raw_value": str(wh),
        "raw_unit": "Wh",
        "transaction": None,
        "resolution_wh": Decimal(0),
        "position": 0,
        **fields,
    }
    return Reading(**told)


def coarse(minutes: float, wh: int, context: str = BEGIN) -> Reading:
    """Make a meterStart or a meterStop, in whole watt hours."""
    return reading(minutes, wh, context=context, resolution_wh=Decimal(1))


def courses(
    *readings: Reading,
    presence: Presence = ALWAYS,
    exchanges: Sequence[Exchange] = (),
    profile: DeviceProfile = INCH,
    by_reception: Sequence[datetime] = (),
) -> list[Course]:
    """Follow what was read."""
    known = Known(readings, presence, by_reception, exchanges)
    return list(courses_of(known, profile, QUARTER, NOON + FAR))


def shown(minutes: float, *readings: Reading, **more: Any) -> tuple[object, str]:
    """Give what is shown some minutes after noon, as a fraction's text, and the rule."""
    found = standing_at(courses(*readings, **more), at(minutes), QUARTER)
    return None if found.wh is None else str(found.wh), found.rule


class TestOneRegister:
    """One connector, one meter."""

    def test_of_that_very_instant(self) -> None:
        """A reading of the instant is what is shown then."""
        read = reading(0, 1000), reading(60, 2000), reading(120, 2500)
        assert ("2000", "measured") == shown(60, *read)

    def test_within_the_step(self) -> None:
        """Between two that are not further apart than the step it is true, and exact."""
        assert ("4003/3", "measured") == shown(5, reading(0, 1001), reading(15, 2001))

    def test_beyond_the_step(self) -> None:
        """Between two that are further apart it is an estimate."""
        assert ("1500", "interpolated") == shown(8, reading(0, 1000), reading(16, 2000))
        assert Status.ESTIMATED is RULES["interpolated"][0]

    def test_no_rise(self) -> None:
        """Where nothing rose there is no doubt, if the charger was there."""
        read = reading(0, 1000), reading(160, 1000)
        assert ("1000", "idle-online") == shown(80, *read)
        assert ("1000", "idle-proven") == shown(80, *read, presence=NEVER)

    def test_behind_the_last(self) -> None:
        """Who is online and reports nothing has charged nothing."""
        assert ("1000", "idle-online") == shown(80, reading(0, 1000))

    def test_behind_the_last_and_offline(self) -> None:
        """Nobody knows."""
        assert (None, "offline") == shown(80, reading(0, 1000), presence=NEVER)

    def test_behind_the_last_with_an_open_session(self) -> None:
        """It is not known before the session's next reading comes."""
        there = replace(ALWAYS, sessions=((at(0), at(100)),))
        for minutes in (80, 100, 120):  # its end told no register either
            assert (None, "session-open") == shown(minutes, reading(0, 1000), presence=there)

    @pytest.mark.parametrize(
        ("minutes", "presence_since"), [(80, 20), (80, 0), (-80, -80), (-80, -40)]
    )
    def test_away_for_a_while(self, minutes: float, presence_since: float) -> None:
        """Who was away since, or before, may have charged unseen."""
        whole = ((at(-100), at(100)),)
        away = ((at(-100), at(presence_since)), (at(presence_since + 10), at(100)))
        read, there = reading(0, 1000), replace(ALWAYS, online=away)

        assert (None, "offline") == shown(minutes, read, presence=there)
        assert ("1000", "idle-online") == shown(
            minutes, read, presence=replace(ALWAYS, online=whole)
        )

    def test_behind_what_cannot_be_read(self) -> None:
        """It is not known before one comes that can."""
        there = replace(ALWAYS, unread=(at(90),))
        assert (None, "unread") == shown(80, reading(0, 1000), presence=there)

    def test_before_the_first(self) -> None:
        """It stood there already, if the charger was online; else nobody knows."""
        assert ("1000", "idle-online") == shown(-80, reading(0, 1000))
        assert (None, "offline") == shown(-80, reading(0, 1000), presence=NEVER)

    @pytest.mark.parametrize("presence", [ALWAYS, NEVER])
    def test_no_reading(self, presence: Presence) -> None:
        """A register that was never read is not known, not even as 0."""
        assert (None, "not-read") == shown(0, presence=presence)
        assert Status.MISSING is RULES["not-read"][0]

    def test_by_reception(self) -> None:
        """Where the clock was wrong, the instant is an estimate."""
        read = reading(0, 1000), reading(20, 2000)
        assert ("2000", "reception-time") == shown(20, *read, by_reception=[at(20)])

    def test_contradicted(self) -> None:
        """Power that says a hundred times more makes it worthless."""
        read = [reading(minutes, minutes) for minutes in range(0, 91, 15)]
        powers = [
            reading(minutes, 20_000, measurand=POWER, unit="W", raw_unit="W")
            for minutes in range(0, 91, 5)
        ]
        assert (None, "contradicted") == shown(30, *read, *powers)
        assert ("30", "measured") == shown(30, *read)

    def test_a_coarse_reading(self) -> None:
        """A meterStart takes the value of the finer reading that it rounds."""
        read = reading(0, "1000.75"), coarse(20, 1000)
        assert ("4003/4", "measured") == shown(20, *read)

    def test_a_fall_within_the_step(self) -> None:
        """A register that seems to fall a little is held."""
        read = coarse(0, 1001, END), reading(20, "1000.2", context="Trigger"), reading(25, 1300)
        assert ("1001", "measured") == shown(20, coarse(0, 1001, END), coarse(20, 1000))
        assert ("1300", "measured") == shown(25, *read)


class TestSeveralRegisters:
    """A station of several connectors is the sum of them."""

    def test_a_sum(self) -> None:
        """The worst rule counts."""
        read = (
            reading(0, 1000),
            reading(15, 1015),
            reading(0, 5000, connector=2),
            reading(30, 5030, connector=2),
        )
        assert ("6020", "interpolated") == shown(10, *read)

    def test_one_that_is_not_known(self) -> None:
        """Then the sum is not known."""
        there = replace(NEVER, online=((at(-60), at(16)),))
        read = reading(0, 1000), reading(0, 5000, connector=2), reading(30, 5000, connector=2)
        assert (None, "offline") == shown(20, *read, presence=there)

    def test_no_course(self) -> None:
        """What nothing is asked of shows nothing; there is always a connector."""
        assert 1 == len(courses())


class TestNewEpochs:
    """What is shown is what the device shows, whatever the energies are counted on."""

    def test_a_reset(self) -> None:
        """Behind it, the register counts from where it began."""
        read = reading(0, 7_654_321), reading(60, 12), reading(75, 512), reading(90, 1012)
        assert ("12", "measured") == shown(60, *read)
        assert ("262", "measured") == shown(67.5, *read)
        assert ("7654321", "measured") == shown(0, *read)

    def test_between(self) -> None:
        """Nobody knows when it was; the last that was read stands, as an estimate."""
        read = reading(0, 7_654_321), reading(60, 12), reading(75, 512)
        assert ("7654321", "across-reset") == shown(59, *read)

    def test_an_impossible_rise(self) -> None:
        """Between its ends nothing is known; behind it, what is shown is."""
        read = reading(0, 1000), reading(15, 9_000_000), reading(30, 9_001_000)
        assert (None, "impossible-rise") == shown(5, *read)
        assert ("9000500", "measured") == shown(22.5, *read)

    def test_an_exchange(self) -> None:
        """From its instant on, the new meter shows; what the settings say is an estimate."""
        exchange = Exchange(at(30), Decimal(1200), Decimal(5))
        read = reading(0, 1000), reading(60, 25), reading(75, 125)
        of = {"exchanges": [exchange]}
        assert ("1100", "meter-exchange") == shown(15, *read, **of)
        assert ("5", "meter-exchange") == shown(30, *read, **of)
        assert ("15", "meter-exchange") == shown(45, *read, **of)
        assert ("75", "measured") == shown(67.5, *read, **of)

    def test_an_exchange_of_which_nothing_is_known(self) -> None:
        """The old meter's last reading stands until the new one's first."""
        read = reading(0, 1000), reading(60, 25), reading(75, 125)
        exchange = [Exchange(at(30))]
        assert ("1000", "across-exchange") == shown(45, *read, exchanges=exchange)
        assert ("25", "measured") == shown(60, *read, exchanges=exchange)

    def test_a_rollover(self) -> None:
        """The course goes on, what is shown begins anew; between, the last one stands."""
        profile = replace(INCH, rollovers_wh=(Decimal(1_000_000),))
        read = reading(0, 999_900), reading(15, 100), reading(30, 400)
        assert ("100", "measured") == shown(15, *read, profile=profile)
        assert ("250", "measured") == shown(22.5, *read, profile=profile)
        assert ("999900", "across-reset") == shown(5, *read, profile=profile)

    @pytest.mark.parametrize("precision", [5, 28])
    def test_one_after_the_other(self, precision: int) -> None:
        """A register that turned over at 2^32, then fell, rose beyond reason and was exchanged."""
        profile = replace(INCH, rollovers_wh=(Decimal(2**32),))
        read = (
            reading(0, 2**32 - 100),
            reading(15, 100),
            reading(30, 55_555_555),
            reading(45, 55_555_655),
            reading(60, "3.25"),
            reading(75, "4.25"),
            reading(120, "7.125"),
        )
        more = {"profile": profile, "exchanges": [Exchange(at(90))]}
        wanted = {0: 2**32 - 100, 15: 100, 30: 55_555_555, 45: 55_555_655, 60: "13/4", 75: "17/4"}
        with localcontext() as context:
            context.prec = precision
            for minutes, wh in {**wanted, 120: "57/8"}.items():
                assert (str(wh), "measured") == shown(minutes, *read, **more)


# ---------------------------------------------------------------- any readings


STEPS = st.lists(
    st.tuples(st.sampled_from([1, 7, 15, 15, 60]), st.integers(0, 8_000), st.booleans()),
    min_size=1,
    max_size=12,
)


@st.composite
def stories(draw: st.DrawFn) -> list[Reading]:
    """Think of a register that rises, falls to 0 here and there, and is told coarsely at times."""
    minutes, milliwatt_hours, read = 0, draw(st.integers(0, 10**9)), []
    for step, rise, begins_anew in draw(STEPS):
        minutes += step
        milliwatt_hours = 0 if begins_anew and draw(st.booleans()) else milliwatt_hours + rise * 7
        wh = Decimal(milliwatt_hours).scaleb(-3)
        if draw(st.integers(0, 4)):
            read.append(reading(minutes, wh))
        else:
            read.append(coarse(minutes, int(wh), draw(st.sampled_from([BEGIN, END]))))
    return read


@settings(deadline=None, max_examples=200)
@given(
    stories(),
    st.lists(st.integers(-30, 300), min_size=2, max_size=8, unique=True),
    st.integers(0, 6),
)
def test_the_difference_of_two(read: list[Reading], minutes: list[int], decimals: int) -> None:
    """Within an epoch it is the sum of the energies between them, rounded alike."""
    (course,) = courses(*read)
    grid = [at(each) for each in sorted(minutes)]
    made = make_intervals(course.register, grid, ALWAYS, decimals, NOON + FAR)
    standings = [standing_at([course], each, QUARTER) for each in grid]
    begins = [course.register.points[one].instant for one in course.register.breaks]
    for interval, (one, other) in zip(made, pairwise(standings), strict=True):
        before = [
            course.register.points[index - 1].instant for index in sorted(course.register.breaks)
        ]
        is_within = not any(
            interval.start < end and interval.end >= begin
            for begin, end in zip(before, sorted(begins), strict=True)
        )
        if is_within and None not in (one.wh, other.wh):
            assert isinstance(one.wh, Fraction)
            assert isinstance(other.wh, Fraction)
            rise = rounded_fraction_kwh(other.wh, decimals) - rounded_fraction_kwh(one.wh, decimals)
            assert rise == interval.energy_kwh


@settings(deadline=None, max_examples=200)
@given(stories())
def test_what_was_read_is_shown(read: list[Reading]) -> None:
    """At the instant of an exact reading that is believed, it shows just that, or holds."""
    (course,) = courses(*read)
    assume(course.register.points)
    for point, told in zip(course.register.points, course.register.shown, strict=True):
        found = standing_at([course], point.instant, QUARTER)
        alike = [one for one in course.register.points if one.instant == point.instant]
        if len(alike) == 1 and found.wh is not None:
            assert 0 <= found.wh - Fraction(told.wh) <= 2


def test_a_sum_of_nothing() -> None:
    """A station whose connectors are all known shows their sum."""
    found = standing_at(courses(reading(0, 1), reading(0, 2, connector=2)), at(0), QUARTER)
    assert Standing(Fraction(3), "measured") == found
