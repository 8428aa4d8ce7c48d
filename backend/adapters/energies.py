"""
Energies: from what is stored to the interval energies of each metering point of a task.

As in `backend.adapters.records`, each function takes a connection of the store and runs inside
the transaction of its caller; what is decided is decided in the core.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from backend.adapters import meter_values, records
from backend.core.days import grid
from backend.core.energy import Known, energies_by_connector, summed
from backend.core.exports import Activation, Period
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
        intervals = intervals_of(connection, number, station, boundaries, decimals, until)
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
