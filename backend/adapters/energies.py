"""
Energies: from what is stored to the interval energies of each metering point of a task.

As in `backend.adapters.records`, each function takes a connection of the store and runs inside
the transaction of its caller; what is decided is decided in the core.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from backend.adapters import meter_values, records
from backend.adapters.plain_series import Found, Wanted, plain_energies
from backend.core.cross_check import contradicted, powers_of
from backend.core.days import day_grid
from backend.core.device_profile import DeviceProfile
from backend.core.intervals import RULES, Interval, Presence, make_intervals
from backend.core.registers import build_register, connectors_of, register_readings
from backend.core.series import Series
from backend.settings import Settings, TaskSettings

_WORST = tuple(RULES)


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
    activated = [
        (Wanted(ids[station.identity], station.profile), activation, activation.interval_minutes)
        for station, activation in settings.activations_of(task)
    ]
    grids: dict[int, tuple[datetime, ...]] = {}
    short: dict[int, Iterator[Found | None]] = {}
    for length in sorted({minutes for _, _, minutes in activated}):
        wanted = [one for one, _, minutes in activated if minutes == length]
        grids[length] = grid_of(first_day, last_day, length)
        short[length] = plain_energies(connection, wanted, grids[length], decimals, until)
    for (number, profile), activation, minutes in activated:
        grid = grids[minutes]
        # Those of one length were asked for in their order, so each comes in its turn.
        found = next(short[minutes])
        if found is not None:
            yield Series(activation, grid, decimals, found.energies, found.rules)
        else:
            intervals = intervals_of(connection, number, profile, grid, decimals, until)
            yield Series.of(activation, grid, intervals, decimals)


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
