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

from backend.adapters import records
from backend.adapters.card_energies import CardEnergies
from backend.adapters.courses import courses_of
from backend.core.days import day_grid
from backend.core.device_profile import DeviceProfile
from backend.core.exports import Activation
from backend.core.intervals import Interval, add_up, make_intervals
from backend.settings import (
    METER_IN_FRONT,
    CardSettings,
    MeterSettings,
    Settings,
    StationSettings,
    TaskSettings,
)


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
    cards = CardEnergies(connection, settings, task.account, decimals, until)
    for source, activation in settings.activations_of(task):
        grid = grid_of(first_day, last_day, activation.interval_minutes)
        if isinstance(source, CardSettings):
            intervals = cards.intervals_of(source, grid)
        else:
            measured_by = what_counts(settings, source)
            intervals = measured(connection, measured_by, grid, decimals, until)
        yield Series(activation, intervals)


def what_counts(
    settings: Settings, source: StationSettings | MeterSettings
) -> StationSettings | MeterSettings:
    """Give what measures a source: itself, or the meter in front of it that counts (COL-07)."""
    if isinstance(source, MeterSettings) or source.upstream is None:
        return source
    in_front = source.upstream
    return settings.meter(in_front.meter) if in_front.counts == METER_IN_FRONT else source


def measured(
    connection: Connection,
    source: StationSettings | MeterSettings,
    grid: Sequence[datetime],
    decimals: int,
    until: datetime,
) -> list[Interval]:
    """Give what a station or a meter has measured."""
    number = records.id_of(connection, source)
    return intervals_of(connection, number, source.profile, grid, decimals, until)


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
    series = [
        make_intervals(one.register, grid, one.presence, decimals, until)
        for one in courses_of(connection, station_id, profile, grid, until)
    ]
    return [add_up(parts) for parts in zip(*series, strict=True)]
