"""
Energies: from what is stored to the interval energies of each metering point of a task.

As in `backend.adapters.records`, each function takes a connection of the store and runs inside
the transaction of its caller; what is decided is decided in the core.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from backend.adapters import records
from backend.adapters.card_energies import CardEnergies
from backend.adapters.known import known_of
from backend.adapters.plain_series import Found, Wanted, plain_energies
from backend.core.days import grid
from backend.core.energy import energies_by_connector, summed
from backend.core.exports import Activation, Period
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

_NOBODY = Activation("", "", "")


class Chosen(NamedTuple):
    """
    A source of a task.

    Attributes:
        source, activation: by the settings.
        made_of: the keys of the stations and meters whose readings make its energies.
        short: what measures it, by key, if the short way may do for it.
    """

    source: SourceSettings
    activation: Activation
    made_of: frozenset[int]
    short: Wanted | None


def chosen_of(connection: Connection, settings: Settings, task: TaskSettings) -> list[Chosen]:
    """Give the sources of a task; where a part of them is asked for again and again, once."""
    ids = records.source_ids(connection)
    activations = settings.activations_of(task)
    stations: frozenset[int] = frozenset()
    if any(isinstance(source, CardSettings) for source, _ in activations):
        stations = frozenset(
            ids[one.identity] for one in settings.stations if one.account == task.account
        )
    chosen = []
    for source, activation in activations:
        if isinstance(source, CardSettings):
            chosen.append(Chosen(source, activation, stations, None))
            continue
        measured_by = what_counts(settings, source)
        number = ids[records.identity_of(measured_by)]
        short = None if measured_by.exchanges else Wanted(number, measured_by.profile)
        chosen.append(Chosen(source, activation, frozenset((number,)), short))
    return chosen


def series_of(
    connection: Connection,
    settings: Settings,
    task: TaskSettings,
    period: Period,
    decimals: int,
    until: datetime,
    chosen: Sequence[Chosen] | None = None,
) -> Iterator[Series]:
    """
    Give the series of a task for a period, one after the other, as far as it is over.

    Parameters:
        decimals: of kWh.
        until: up to when things are known; an interval that ends later is in no series.
        chosen: of which of its sources; all where left out.
    """
    if chosen is None:
        chosen = chosen_of(connection, settings, task)
    cards = CardEnergies(connection, settings, task.account, decimals, until)
    grids: dict[int, tuple[datetime, ...]] = {}
    short: dict[int, Iterator[Found | None]] = {}
    for length in sorted({one.activation.interval_minutes for one in chosen}):
        grids[length] = grid(period.start, period.end, length)
        wanted = [
            one.short
            for one in chosen
            if one.activation.interval_minutes == length and one.short is not None
        ]
        short[length] = plain_energies(connection, wanted, grids[length], decimals, until)
    for source, activation, _, wanted_by in chosen:
        boundaries = grids[activation.interval_minutes]
        found = None
        if wanted_by is not None:
            # Those of one length were asked for in their order, so each comes in its turn.
            found = next(short[activation.interval_minutes])
        if found is not None:
            series = Series(activation, boundaries, decimals, found.energies, found.rules)
        else:
            if isinstance(source, CardSettings):
                intervals = cards.intervals_of(source, boundaries)
            else:
                measured_by = what_counts(settings, source)
                intervals = _the_long_way(connection, measured_by, boundaries, decimals, until)
            series = Series.of(activation, boundaries, intervals, decimals)
        # What has not ended has no energy, nor a status that a utility could use.
        if (ended := series.ended_by(until)).energies:
            yield ended


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
    if not source.exchanges:
        wanted = Wanted(records.id_of(connection, source), source.profile)
        (found,) = plain_energies(connection, [wanted], grid, decimals, until)
        if found is not None:
            return Series(_NOBODY, grid, decimals, found.energies, found.rules).intervals
    return _the_long_way(connection, source, grid, decimals, until)


def _the_long_way(
    connection: Connection,
    source: StationSettings | MeterSettings,
    grid: Sequence[datetime],
    decimals: int,
    until: datetime,
) -> list[Interval]:
    known = known_of(connection, source, grid, until)
    return summed(energies_by_connector(known, source.profile, grid, decimals, until))
