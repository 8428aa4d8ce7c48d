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

from backend.adapters import records
from backend.adapters.card_energies import CardEnergies
from backend.adapters.known import known_of
from backend.core.days import grid
from backend.core.energy import energies_by_connector, summed
from backend.core.exports import Activation, Period
from backend.core.intervals import Interval
from backend.settings import (
    METER_IN_FRONT,
    CardSettings,
    MeterSettings,
    Settings,
    SourceSettings,
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
        of_stations: keys of stations and meters; only what their readings are part of.
    """
    cards = CardEnergies(connection, settings, task.account, decimals, until)
    for source, activation in settings.activations_of(task):
        if of_stations is not None and made_of(connection, settings, source).isdisjoint(
            of_stations
        ):
            continue
        boundaries = grid(period.start, period.end, activation.interval_minutes)
        if isinstance(source, CardSettings):
            intervals = cards.intervals_of(source, boundaries)
        else:
            measured_by = what_counts(settings, source)
            intervals = measured(connection, measured_by, boundaries, decimals, until)
        # What has not ended has no energy, nor a status that a utility could use.
        over = [one for one in intervals if one.end <= until]
        if over:
            yield Series(activation, over)


def what_counts(
    settings: Settings, source: StationSettings | MeterSettings
) -> StationSettings | MeterSettings:
    """Give what measures a source: itself, or the meter in front of it that counts (COL-07)."""
    if isinstance(source, MeterSettings) or source.upstream is None:
        return source
    in_front = source.upstream
    return settings.meter(in_front.meter) if in_front.counts == METER_IN_FRONT else source


def made_of(connection: Connection, settings: Settings, source: SourceSettings) -> set[int]:
    """Give the keys of the stations and meters whose readings make the energies of a source."""
    if isinstance(source, CardSettings):
        ids = records.station_ids(connection)
        return {ids[one.identity] for one in settings.stations if one.account == source.account}
    return {records.id_of(connection, what_counts(settings, source))}


def _is_of(
    connection: Connection, settings: Settings, source: SourceSettings, stations: Collection[int]
) -> bool:
    return not made_of(connection, settings, source).isdisjoint(stations)


def all_made_of(connection: Connection, settings: Settings, task: TaskSettings) -> set[int]:
    """Give the keys of the stations and meters whose readings make the energies of a task."""
    sources = [source for source, _ in settings.activations_of(task)]
    return set().union(*(made_of(connection, settings, source) for source in sources))


def codes_of(
    connection: Connection, settings: Settings, task: TaskSettings, station_id: int
) -> list[tuple[str, str]]:
    """Give metering code and OBIS code of each series that a station's readings are part of."""
    return [
        (activation.metering_code, activation.obis)
        for source, activation in settings.activations_of(task)
        if station_id in made_of(connection, settings, source)
    ]


def measured(
    connection: Connection,
    source: StationSettings | MeterSettings,
    grid: Sequence[datetime],
    decimals: int,
    until: datetime,
) -> list[Interval]:
    """Give what a station or a meter has measured."""
    known = known_of(connection, source, grid, until)
    return summed(energies_by_connector(known, source.profile, grid, decimals, until))
