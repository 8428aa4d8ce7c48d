"""
Energies: from what is stored to the interval energies of each metering point of a task.

As in `backend.adapters.records`, each function takes a connection of the store and runs inside
the transaction of its caller; what is decided is decided in the core.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from backend.adapters import meter_values, records
from backend.core.cross_check import contradicted, powers_of
from backend.core.days import day_grid
from backend.core.device_profile import DeviceProfile
from backend.core.exports import Activation
from backend.core.intervals import RULES, Interval, Presence, make_intervals
from backend.core.registers import build_register, connectors_of, register_readings
from backend.settings import Settings, TaskSettings

_WORST = tuple(RULES)


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
        intervals = intervals_of(connection, number, station.profile, grid, decimals, until)
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
    profile: DeviceProfile,
    grid: Sequence[datetime],
    decimals: int,
    until: datetime,
) -> list[Interval]:
    """
    Make a station's intervals from what is stored.

    Readings beyond the edges of the grid are taken along, so that the register is known at its
    boundaries. A station of several connectors is the sum of them.
    """
    start, end = grid[0], grid[-1]
    readings = meter_values.energy_readings(connection, station_id, start, end)
    presence = Presence(
        online=records.online_spans(connection, station_id, start, end, until),
        sessions=records.session_spans(connection, station_id, start, end, until),
        unread=meter_values.unread_instants(connection, station_id, start, end),
    )
    by_reception = records.by_reception(connection, station_id, readings)
    interval_s = int((grid[1] - grid[0]).total_seconds())
    series = []
    for one in connectors_of(readings) or (1,):
        shown = register_readings(readings, profile, interval_s, one, by_reception)
        register = build_register(shown, profile)
        there = replace(presence, contradicted=contradicted(register, powers_of(readings, one)))
        series.append(make_intervals(register, grid, there, decimals, until))
    return [_sum(parts) for parts in zip(*series, strict=True)]


def _sum(parts: Sequence[Interval]) -> Interval:
    """Add up the connectors of a station: the worst status wins, with its rule."""
    worst = max(parts, key=lambda part: _WORST.index(part.rule))
    if len(parts) == 1 or worst.energy_kwh is None:
        return worst
    energy = sum((part.energy_kwh or Decimal(0) for part in parts), Decimal(0))
    return Interval(worst.start, worst.end, energy, worst.status, worst.rule)
