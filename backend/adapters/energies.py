"""
Energies: from what is stored to the interval energies of each metering point of a task.

As in `backend.adapters.records`, each function takes a connection of the store and runs inside
the transaction of its caller; what is decided is decided in the core.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from backend.adapters import meter_values, records
from backend.core.days import day_grid
from backend.core.energy import Known, energies_by_connector, summed
from backend.core.exports import Activation
from backend.core.intervals import Interval, Presence
from backend.settings import Settings, StationSettings, TaskSettings


@dataclass(frozen=True, slots=True)
class Series:
    """
    The energies of one metering point.

    Attributes:
        activation: whose they are, and what they are called in files.
        intervals: in order of time, without a gap.
    """

    activation: Activation
    intervals: Sequence[Interval]


def series_of(
    connection: Connection,
    settings: Settings,
    task: TaskSettings,
    first_day: date,
    last_day: date,
    decimals: int,
    until: datetime,
) -> Iterator[Series]:
    """
    Give the series of a task for local days, both included, one after the other.

    Parameters:
        decimals: of kWh.
        until: up to when things are known.
    """
    ids = records.station_ids(connection)
    for station, activation in settings.activations_of(task):
        grid = grid_of(first_day, last_day, activation.interval_minutes)
        number = ids[station.identity]
        intervals = intervals_of(connection, number, station, grid, decimals, until)
        yield Series(activation, intervals)


def grid_of(first_day: date, last_day: date, minutes: int) -> tuple[datetime, ...]:
    """Give the boundaries of the intervals of local days, both included."""
    grid = list(day_grid(first_day, minutes))
    day = first_day
    while day < last_day:
        day += timedelta(days=1)
        grid += day_grid(day, minutes)[1:]
    return tuple(grid)


def intervals_of(
    connection: Connection,
    station_id: int,
    station: StationSettings,
    grid: Sequence[datetime],
    decimals: int,
    until: datetime,
) -> list[Interval]:
    """Make a station's intervals from what is stored."""
    known = known_of(connection, station_id, station, grid, until)
    return summed(energies_by_connector(known, station.profile, grid, decimals, until))


def known_of(
    connection: Connection,
    station_id: int,
    station: StationSettings,
    grid: Sequence[datetime],
    until: datetime,
) -> Known:
    """Give what is known of a station around a grid; what lasts still lasts ``until``."""
    start, end = grid[0], grid[-1]
    readings = meter_values.energy_readings(connection, station_id, start, end)
    presence = Presence(
        online=records.online_spans(connection, station_id, start, end, until),
        sessions=records.session_spans(connection, station_id, start, end, until),
        unread=meter_values.unread_instants(connection, station_id, start, end),
    )
    by_reception = records.by_reception(connection, station_id, readings)
    return Known(readings, presence, by_reception, station.exchanges, until)
