"""What is known of a station, to the energies of its intervals."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from backend.core.cross_check import POWER
from backend.core.device_profile import load_profile
from backend.core.energy import Course, Known, courses_of, energies_by_connector, summed
from backend.core.intervals import Presence, Status
from backend.core.readings import ENERGY, Reading
from backend.core.registers import Exchange, Register

INCH = load_profile("etrel_inch")
NOON = datetime(2025, 6, 3, 10, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
GRID = tuple(NOON + QUARTER * index for index in range(5))
LATER = NOON + QUARTER * 400
ALWAYS = Presence(((NOON - QUARTER * 400, LATER),), ())


def at(minutes: float) -> datetime:
    """Give the instant some minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def reading(minutes: float, value: int, connector: int = 1, **fields: Any) -> Reading:
    """Make a reading of a connector's register, in Wh."""
    told = {
        "connector": connector,
        "instant": at(minutes),
        "measurand": ENERGY,
        "phase": None,
        "location": "Outlet",
        "context": "Sample.Periodic",
        "value": Decimal(value),
        "unit": "Wh",
        "raw_value": str(value),
        "raw_unit": "Wh",
        "transaction": None,
        "resolution_wh": Decimal(0),
        "position": 0,
        **fields,
    }
    return Reading(**told)


def courses(known: Known, until: datetime = LATER) -> list[Course]:
    """Give the courses of a station on a grid of quarter hours."""
    return list(courses_of(known, INCH, QUARTER, until))


def points(course: Course) -> list[tuple[datetime, int]]:
    """Give the points of a course, in Wh."""
    return [(each.instant, int(each.wh)) for each in course.register.points]


class TestCourses:
    """How the register of each connector went."""

    def test_each_connector_has_its_own(self) -> None:
        """In the order of their numbers, each with its readings."""
        known = Known([reading(0, 7, 2), reading(0, 1), reading(15, 9, 2)], ALWAYS)
        first, second = courses(known)
        assert (1, [(at(0), 1)]) == (first.connector, points(first))
        assert (2, [(at(0), 7), (at(15), 9)]) == (second.connector, points(second))
        assert [ALWAYS, ALWAYS] == [first.presence, second.presence]

    def test_a_station_that_told_nothing(self) -> None:
        """It has one connector, whose course is empty."""
        assert [Course(1, Register(()), ALWAYS)] == courses(Known([], ALWAYS))

    @pytest.mark.parametrize(
        ("until", "expected"),
        [(at(5), True), (at(5) - timedelta(microseconds=1), False), (LATER, True)],
    )
    def test_an_exchange_that_has_happened(self, until: datetime, expected: bool) -> None:
        """It counts from its instant on, at its own connector."""
        readings = [
            reading(minutes, 1000, connector) for minutes in (0, 15) for connector in (1, 2)
        ]
        known = Known(readings, ALWAYS, exchanges=[Exchange(at(5), connector=2)])
        found = courses(known, until)
        assert [False, expected] == [bool(each.register.breaks) for each in found]

    def test_what_stands_where_it_was_received(self) -> None:
        """The register knows of it."""
        known = Known([reading(0, 1), reading(5, 2)], ALWAYS, by_reception=[at(5)])
        assert [frozenset({1})] == [each.register.by_reception for each in courses(known)]

    def test_a_power_that_contradicts(self) -> None:
        """It is noted at its connector alone."""
        registers = [reading(minutes, 1000, number) for minutes in (0, 15) for number in (1, 2)]
        powers = [reading(minute, 11000, 2, measurand=POWER) for minute in range(15)]
        first, second = courses(Known([*registers, *powers], ALWAYS))
        assert ALWAYS == first.presence
        assert replace(ALWAYS, contradicted=((at(0), at(14)),)) == second.presence


class TestEnergies:
    """The intervals of each connector, and of the station."""

    def test_a_station_of_two_connectors(self) -> None:
        """Its energy is the sum of both; the worst status wins, with its rule."""
        readings = [reading(15 * step, 1000 * step, 1) for step in range(5)]
        readings += [reading(0, 0, 2), reading(30, 500, 2), reading(60, 500, 2)]
        found = energies_by_connector(Known(readings, ALWAYS), INCH, GRID, 3, LATER)
        assert [1, 2] == [each.connector for each in found]
        assert [5, 3] == [len(each.register.points) for each in found]
        assert [ALWAYS, ALWAYS] == [each.presence for each in found]
        assert ["1.000"] * 4 == [str(each.energy_kwh) for each in found[0].intervals]
        made = summed(found)
        assert ["1.250", "1.250", "1.000", "1.000"] == [str(each.energy_kwh) for each in made]
        assert ["interpolated"] * 2 + ["measured"] * 2 == [each.rule for each in made]
        assert [Status.ESTIMATED] * 2 + [Status.TRUE] * 2 == [each.status for each in made]

    def test_what_has_not_happened_yet(self) -> None:
        """An interval that ends later is missing; decimals are those that are asked for."""
        readings = [reading(15 * step, 1000 * step) for step in range(5)]
        (found,) = energies_by_connector(Known(readings, ALWAYS), INCH, GRID, 1, at(30))
        assert ["1.0", "1.0", "None", "None"] == [str(each.energy_kwh) for each in found.intervals]
        assert ["future", "future"] == [each.rule for each in found.intervals[2:]]

    def test_readings_are_put_on_the_grid_of_the_intervals(self) -> None:
        """One of a quarter past lies on the grid of quarter hours, not of half hours."""
        tolerant = replace(INCH, aligned_tolerance_s=Decimal(2))
        late = reading(15, 1000, instant=at(15) + timedelta(seconds=1), context="Sample.Clock")
        known = Known([reading(0, 0), late], ALWAYS)
        (quarters,) = energies_by_connector(known, tolerant, GRID, 3, LATER)
        (halves,) = energies_by_connector(known, tolerant, GRID[::2], 3, LATER)
        assert at(15) == quarters.register.points[1].instant
        assert late.instant == halves.register.points[1].instant

    def test_connectors_of_unequal_grids(self) -> None:
        """They cannot be added up."""
        known = Known([reading(0, 1), reading(0, 1, 2)], ALWAYS)
        first, second = energies_by_connector(known, INCH, GRID, 3, LATER)
        with pytest.raises(ValueError, match="shorter"):
            summed([first, replace(second, intervals=second.intervals[1:])])
