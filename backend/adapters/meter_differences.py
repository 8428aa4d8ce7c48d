"""
Where a charger and the meter in front of it differ: compared, kept and shown (COL-07).

As in `backend.adapters.records`, each function takes a connection of the store and runs inside
the transaction of its caller; what is a difference is decided in `backend.core.meter_difference`.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial

from sqlalchemy import Connection, select

from backend.adapters import records, tables
from backend.adapters.energies import measured
from backend.adapters.store import Store
from backend.core.days import day_grid
from backend.core.exports import Period
from backend.core.meter_difference import Comparison, compare
from backend.settings import Settings, StationSettings, TaskSettings, UpstreamMeter

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """
    A day on which a charger and the meter in front of it differed beyond the limits.

    Attributes:
        day: local, ISO.
        meter: its name.
        counts: which of the two is in the files: ``charger`` or ``meter``.
        charger_kwh, meter_kwh, compared, left_out: as in `Comparison`.
        limit_percent, limit_kwh: what it was beyond of.
        found_at: when it was first found.
        settled_at: when a later export of the day found them to agree; None while they do not.
    """

    day: str
    meter: str
    counts: str
    charger_kwh: Decimal
    meter_kwh: Decimal
    compared: int
    left_out: int
    limit_percent: Decimal
    limit_kwh: Decimal
    found_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Compared:
    """What was found of a station and a day."""

    station: StationSettings
    upstream: UpstreamMeter
    day: date
    comparison: Comparison


async def watch(
    store: Store,
    settings: Settings,
    task: TaskSettings,
    period: Period,
    codes: Collection[str],
    now: datetime,
) -> None:
    """
    Compare chargers of a task with the meters in front of them; warn where they differ.

    A fault in here does not stop the task's files, nor does it pass unseen.

    Parameters:
        codes: the metering codes that are told of.
    """
    try:
        for station, minutes in _pairs(settings, task, codes):
            pair = settings, task, station, minutes
            found = await store.read(lambda c: list(comparisons(c, *pair, period, now)))  # noqa: B023 - run at once
            for one in found:
                await store.write(partial(_keep, found=one, now=now))
    except Exception:
        _log.exception("task %r: its chargers could not be held against their meters", task.name)


def _pairs(
    settings: Settings, task: TaskSettings, codes: Collection[str]
) -> Iterator[tuple[StationSettings, int]]:
    """Give the chargers that have a meter in front of them, and how long their intervals are."""
    for source, activation in settings.activations_of(task):
        if not isinstance(source, StationSettings) or source.upstream is None:
            continue
        if activation.metering_code in codes:
            yield source, activation.interval_minutes


def comparisons(
    connection: Connection,
    settings: Settings,
    task: TaskSettings,
    station: StationSettings,
    minutes: int,
    period: Period,
    now: datetime,
) -> Iterator[Compared]:
    """Compare a charger that has a meter in front of it with that, day by day."""
    decimals = settings.format_of(task).form.decimals
    upstream, day = station.upstream, period.first_day
    if upstream is None:
        return
    meter = settings.meter(upstream.meter)
    while day <= period.last_day:
        whole = [boundary for boundary in day_grid(day, minutes) if boundary <= now]
        if len(whole) > 1:
            charger = measured(connection, station, whole, decimals, now)
            in_front = measured(connection, meter, whole, decimals, now)
            yield Compared(station, upstream, day, compare(charger, in_front))
        day += timedelta(days=1)


def _keep(connection: Connection, found: Compared, now: datetime) -> None:
    """Keep a difference once for a station and a day; say so in the log when it is new."""
    table, limit, told = tables.meter_difference, found.upstream.limit, found.comparison
    number = records.id_of(connection, found.station)
    key = {"station_id": number, "day": found.day.isoformat()}
    before = connection.execute(select(table).filter_by(**key)).one_or_none()
    is_beyond = told.is_beyond(limit)
    if before is None and not is_beyond:
        return
    is_new = is_beyond and (before is None or before.settled_at is not None)
    values = {
        "meter": found.upstream.meter,
        "counts": found.upstream.counts,
        "charger_kwh": told.charger_kwh,
        "meter_kwh": told.meter_kwh,
        "compared": told.compared,
        "left_out": told.left_out,
        "limit_percent": limit.percent,
        "limit_kwh": limit.kwh,
        "found_at": now if before is None or is_new else before.found_at,
        "settled_at": None if is_beyond else now,
    }
    records.keep(connection, table, key, values)
    if is_new:
        _log.warning(
            "station %r on %s: the charger counted %s kWh and the meter %r in front of it %s kWh "
            "in the same %d intervals (%d left out), more than %s %% and %s kWh apart; look "
            "after both",
            *(found.station.identity, found.day, told.charger_kwh, found.upstream.meter),
            *(told.meter_kwh, told.compared, told.left_out, limit.percent, limit.kwh),
        )


def last(connection: Connection, station_id: int, most: int) -> list[DifferenceView]:
    """Give the newest differences of a station, newest day first."""
    table = tables.meter_difference
    rows = connection.execute(
        select(table)
        .where(table.c.station_id == station_id)
        .order_by(table.c.day.desc())
        .limit(most)
    )
    names = DifferenceView.__dataclass_fields__
    return [DifferenceView(**{name: getattr(row, name) for name in names}) for row in rows]
