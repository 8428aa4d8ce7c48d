"""
Energies: from what is stored to the interval energies of each metering point of a task.

As in `backend.adapters.records`, each function takes a connection of the store and runs inside
the transaction of its caller; what is decided is decided in the core.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from backend.adapters import meter_values, records
from backend.core.cross_check import contradicted, powers_of
from backend.core.days import grid
from backend.core.device_profile import DeviceProfile
from backend.core.exports import Activation, Period
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
    period: Period,
    decimals: int,
    until: datetime,
    of_stations: Collection[int] | None = None,
) -> Iterator[Series]:
    """
    Give the series of a task for a period, one after the other, as far as it is over.

    Parameters:
        decimals: of kWh.
        until: up to when things are known; an interval that ends later is in no series.
        of_stations: keys of stations; only what their readings are part of.
    """
    ids = records.station_ids(connection)
    for station, activation in settings.activations_of(task):
        number = ids[station.identity]
        if of_stations is not None and number not in of_stations:
            continue
        boundaries = grid(period.start, period.end, activation.interval_minutes)
        intervals = intervals_of(connection, number, station.profile, boundaries, decimals, until)
        # What has not ended has no energy, nor a status that a utility could use.
        over = [one for one in intervals if one.end <= until]
        if over:
            yield Series(activation, over)


def stations_of(connection: Connection, settings: Settings, task: TaskSettings) -> list[int]:
    """Give the keys of the stations whose readings make the energies of a task."""
    ids = records.station_ids(connection)
    return [ids[station.identity] for station, _ in settings.activations_of(task)]


def codes_of(
    connection: Connection, settings: Settings, task: TaskSettings, station_id: int
) -> list[tuple[str, str]]:
    """Give metering code and OBIS code of each series that a station's readings are part of."""
    ids = records.station_ids(connection)
    return [
        (activation.metering_code, activation.obis)
        for station, activation in settings.activations_of(task)
        if ids[station.identity] == station_id
    ]


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
