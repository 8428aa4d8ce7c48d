"""
Courses: from what is stored to the register of each connector, and when its station was there.

As in `backend.adapters.records`, each function takes a connection of the store and runs inside
the transaction of its caller.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from backend.adapters import meter_values, records
from backend.core.cross_check import contradicted, powers_of
from backend.core.device_profile import DeviceProfile
from backend.core.intervals import Presence
from backend.core.registers import Register, build_register, connectors_of, register_readings


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


def courses_of(
    connection: Connection,
    station_id: int,
    profile: DeviceProfile,
    grid: Sequence[datetime],
    until: datetime,
) -> Iterator[Course]:
    """Give the course of each connector of a station; one that is empty where it told nothing."""
    start, end = grid[0], grid[-1]
    readings = meter_values.energy_readings(connection, station_id, start, end)
    presence = Presence(
        online=records.online_spans(connection, station_id, start, end, until),
        sessions=records.session_spans(connection, station_id, start, end, until),
        unread=meter_values.unread_instants(connection, station_id, start, end),
    )
    by_reception = records.by_reception(connection, station_id, readings)
    interval_s = int((grid[1] - grid[0]).total_seconds())
    for one in connectors_of(readings) or (1,):
        shown = register_readings(readings, profile, interval_s, one, by_reception)
        register = build_register(shown, profile)
        there = replace(presence, contradicted=contradicted(register, powers_of(readings, one)))
        yield Course(one, register, there)
