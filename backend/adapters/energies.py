"""
Energies: from what is stored to the interval energies of each metering point of a task.

As in `backend.adapters.records`, each function takes a connection of the store and runs inside
the transaction of its caller; what is decided is decided in the core.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from backend.adapters import records
from backend.adapters.card_energies import CardEnergies
from backend.adapters.known import known_of
from backend.adapters.plain_series import Found, Wanted, plain_energies
from backend.core.days import grid
from backend.core.energy import energies_by_connector, summed
from backend.core.exports import Period
from backend.core.intervals import Interval
from backend.core.series import Series
from backend.settings import (
    METER_IN_FRONT,
    CardSettings,
    MeterSettings,
    Settings,
    SourceSettings,
    StationSettings,
    TaskSettings,
)


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
    ids = records.source_ids(connection)
    chosen = [
        (source, activation)
        for source, activation in settings.activations_of(task)
        if of_stations is None or not made_of(ids, settings, source).isdisjoint(of_stations)
    ]
    cards = CardEnergies(connection, settings, task.account, decimals, until)
    grids: dict[int, tuple[datetime, ...]] = {}
    short: dict[int, Iterator[Found | None]] = {}
    for length in sorted({activation.interval_minutes for _, activation in chosen}):
        grids[length] = grid(period.start, period.end, length)
        wanted = [
            Wanted(ids[records.identity_of(measured_by)], measured_by.profile)
            for source, activation in chosen
            if activation.interval_minutes == length
            and (measured_by := _by_the_short_way(settings, source)) is not None
        ]
        short[length] = plain_energies(connection, wanted, grids[length], decimals, until)
    for source, activation in chosen:
        boundaries = grids[activation.interval_minutes]
        found = None
        if _by_the_short_way(settings, source) is not None:
            # Those of one length were asked for in their order, so each comes in its turn.
            found = next(short[activation.interval_minutes])
        if found is not None:
            series = Series(activation, boundaries, decimals, found.energies, found.rules)
        else:
            if isinstance(source, CardSettings):
                intervals = cards.intervals_of(source, boundaries)
            else:
                measured_by = what_counts(settings, source)
                intervals = measured(connection, measured_by, boundaries, decimals, until)
            series = Series.of(activation, boundaries, intervals, decimals)
        # What has not ended has no energy, nor a status that a utility could use.
        if (ended := series.ended_by(until)).energies:
            yield ended


def _by_the_short_way(
    settings: Settings, source: SourceSettings
) -> StationSettings | MeterSettings | None:
    """Give what measures a source, if the short way may do for it."""
    if isinstance(source, CardSettings):
        return None
    measured_by = what_counts(settings, source)
    return None if measured_by.exchanges else measured_by


def what_counts(
    settings: Settings, source: StationSettings | MeterSettings
) -> StationSettings | MeterSettings:
    """Give what measures a source: itself, or the meter in front of it that counts (COL-07)."""
    if isinstance(source, MeterSettings) or source.upstream is None:
        return source
    in_front = source.upstream
    return settings.meter(in_front.meter) if in_front.counts == METER_IN_FRONT else source


def made_of(ids: Mapping[str, int], settings: Settings, source: SourceSettings) -> set[int]:
    """
    Give the keys of the stations and meters whose readings make the energies of a source.

    Parameters:
        ids: `records.source_ids`.
    """
    if isinstance(source, CardSettings):
        return {ids[one.identity] for one in settings.stations if one.account == source.account}
    return {ids[records.identity_of(what_counts(settings, source))]}


def all_made_of(connection: Connection, settings: Settings, task: TaskSettings) -> set[int]:
    """Give the keys of the stations and meters whose readings make the energies of a task."""
    ids = records.source_ids(connection)
    sources = [source for source, _ in settings.activations_of(task)]
    return set().union(*(made_of(ids, settings, source) for source in sources))


def codes_of(
    connection: Connection, settings: Settings, task: TaskSettings, station_id: int
) -> list[tuple[str, str]]:
    """Give metering code and OBIS code of each series that a station's readings are part of."""
    ids = records.source_ids(connection)
    return [
        (activation.metering_code, activation.obis)
        for source, activation in settings.activations_of(task)
        if station_id in made_of(ids, settings, source)
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
