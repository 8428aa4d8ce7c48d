"""
What is known of a station, to the energies of its intervals.

Rule 1: a station of several connectors is the sum of them; the worst status wins, with its rule.
Rule 2: what is known reaches beyond the edges of the grid, so that the register is known at its
boundaries. The same knowledge and the same grid give the same energies, and the same reasons.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backend.core.cross_check import contradicted, powers_of
from backend.core.device_profile import DeviceProfile
from backend.core.intervals import Interval, Presence, add_up, make_intervals
from backend.core.readings import Reading
from backend.core.registers import (
    Exchange,
    Register,
    build_register,
    connectors_of,
    register_readings,
)


@dataclass(frozen=True, slots=True)
class Known:
    """
    What is known of a station around a time.

    Attributes:
        readings: of its registers, and the powers that they are compared with.
        presence: when it was connected, and what besides is known of its silence.
        by_reception: instants of reception that stand in for others.
        exchanges: of its meters, as an operator states them.
        lasting: where spans end that still last; None where none does.
    """

    readings: Sequence[Reading]
    presence: Presence
    by_reception: Collection[datetime] = ()
    exchanges: Sequence[Exchange] = ()
    lasting: datetime | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """
    How a connector's register went.

    Attributes:
        connector: its number.
        register: with points beyond the edges of the grid, so that it is known there.
        presence: when its station was there.
    """

    connector: int
    register: Register
    presence: Presence


@dataclass(frozen=True, slots=True)
class ConnectorEnergy:
    """The energies of a connector, and what they were made of."""

    connector: int
    register: Register
    presence: Presence
    intervals: Sequence[Interval]


def energies_by_connector(
    known: Known, profile: DeviceProfile, grid: Sequence[datetime], decimals: int, until: datetime
) -> list[ConnectorEnergy]:
    """
    Make the intervals of each connector of a station.

    Parameters:
        known: of the station, around the grid.
        profile: of its model.
        grid: the boundaries of the intervals, in order, in UTC.
        decimals: of kWh.
        until: up to when things are known; an exchange after it has not happened yet.
    """
    return [
        ConnectorEnergy(
            one.connector,
            one.register,
            one.presence,
            make_intervals(one.register, grid, one.presence, decimals, until),
        )
        for one in courses_of(known, profile, grid[1] - grid[0], until)
    ]


def courses_of(
    known: Known, profile: DeviceProfile, step: timedelta, until: datetime
) -> Iterator[Course]:
    """
    Give the course of each connector of a station; one that is empty where it told nothing.

    Parameters:
        step: the length of the intervals on whose grid clock-aligned readings are put.
        until: up to when things are known; an exchange after it has not happened yet.
    """
    interval_s = int(step.total_seconds())
    exchanges = [each for each in known.exchanges if each.at <= until]
    for one in connectors_of(known.readings) or (1,):
        shown = register_readings(known.readings, profile, interval_s, one, known.by_reception)
        mine = [each for each in exchanges if each.connector == one]
        register = build_register(shown, profile, mine)
        spans = contradicted(register, powers_of(known.readings, one))
        yield Course(one, register, replace(known.presence, contradicted=spans))


def summed(connectors: Sequence[ConnectorEnergy]) -> list[Interval]:
    """Add up the connectors of a station, interval by interval."""
    series = (each.intervals for each in connectors)
    return [add_up(parts) for parts in zip(*series, strict=True)]
