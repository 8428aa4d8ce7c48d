"""
What the utility was told of each interval, and what of it may no longer hold.

Rule 1: for each file its series are kept beside it: energies, rules and status. The newest file
that told of an interval is what the receiver believes.
Rule 2: whatever is stored of a station that may change its energies leaves a mark in the same
transaction: since when (`touch`). So no late reading is missed, whatever happens next.
Rule 3: marks are handed on to every task that has ever told anything, and kept for each until it
has looked (`reopened`): one that does not look now may do so later.

As in `backend.adapters.records`, each function takes a connection of the store and runs inside
the transaction of its caller.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Table, delete, exists, func, insert, select
from sqlalchemy.dialects import sqlite

from backend.adapters import tables
from backend.adapters.store import driver, for_driver, remembered
from backend.core.corrections import Told
from backend.core.days import local_day_of
from backend.core.exports import Activation
from backend.core.intervals import RULES, Interval, Status
from backend.core.obis import Obis
from backend.core.series import Series

_TOUCHED = "touched"
#: A local day has 25 hours at most.
_LONGEST = timedelta(hours=25)
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _earliest(table: Table, *key: str) -> str:
    """Write the statement that keeps, for a key, the earliest instant that was ever given."""
    row = sqlite.insert(table)
    since = func.min(table.c.since, row.excluded.since)
    upsert = row.on_conflict_do_update(index_elements=list(key), set_={"since": since})
    return for_driver(upsert, *key, "since")


_TOUCH = _earliest(tables.touched, "station_id")
_REOPEN = _earliest(tables.reopened, "task_id", "station_id")
_UNMARK = "DELETE FROM touched WHERE station_id = ? AND since = ?"


class SeriesTold(NamedTuple):
    """
    What a file tells of one series.

    Attributes:
        code, obis: whose it is.
        start, end: of the first and of the last interval.
        step: how long an interval is.
        decimals: of kWh.
        energies: in whole steps of 10^-decimals kWh; None where missing or not told.
        rules: rule and status of each, in runs; both empty where the file does not tell of it.
    """

    code: str
    obis: str
    start: datetime
    end: datetime
    step: timedelta
    decimals: int
    energies: Sequence[int | None]
    rules: Sequence[tuple[str, str, int]]


def series_told(series: Series) -> SeriesTold:
    """Give what a file tells that holds all of a series."""
    rules = [series.rules] * len(series) if isinstance(series.rules, str) else series.rules
    return SeriesTold(
        series.code,
        series.activation.obis,
        series.grid[0],
        series.grid[-1],
        series.grid[1] - series.grid[0],
        series.decimals,
        series.energies,
        [(rule, RULES[rule][0].value, len(list(run))) for rule, run in groupby(rules)],
    )


def intervals_told(
    activation: Activation, intervals: Sequence[Interval], decimals: int
) -> SeriesTold:
    """
    Give what a file tells that holds some intervals of a series.

    Parameters:
        intervals: in order of time; some may be left out.
        decimals: of their energies.
    """
    step = intervals[0].end - intervals[0].start
    energies: list[int | None] = []
    said: list[tuple[str, str]] = []
    at = intervals[0].start
    for each in intervals:
        left_out = (each.start - at) // step
        energies += [None] * left_out
        said += [("", "")] * left_out
        energy = each.energy_kwh
        energies.append(None if energy is None else int(energy.scaleb(decimals)))
        said.append((each.rule, each.status.value))
        at = each.end
    runs = [(*one, len(list(run))) for one, run in groupby(said)]
    code, obis = activation.metering_code, activation.obis
    return SeriesTold(code, obis, intervals[0].start, at, step, decimals, energies, runs)


def keep_series(
    connection: Connection, task_id: int, file_id: int, told: Iterable[SeriesTold]
) -> None:
    """Keep what a file tells."""
    rows = [
        {
            "task_id": task_id,
            "code": one.code,
            # However it is spelled, it is the same series.
            "obis": Obis.parse(one.obis).normalised,
            "start_at": one.start,
            "file_id": file_id,
            "end_at": one.end,
            "step_s": int(one.step.total_seconds()),
            "decimals": one.decimals,
            "energies": _to_json(list(one.energies)),
            "rules": _to_json(list(one.rules)),
        }
        for whole in told
        for one in _by_day(whole)
    ]
    if rows:
        connection.execute(insert(tables.told), rows)


def _by_day(whole: SeriesTold) -> Iterator[SeriesTold]:
    """Divide what is told of several days, so that what was told of one day is found quickly."""
    if whole.end - whole.start <= _LONGEST:
        yield whole
        return
    said = [(rule, status) for rule, status, count in whole.rules for _ in range(count)]
    places = range(len(whole.energies))
    for _, found in groupby(places, lambda place: local_day_of(whole.start + place * whole.step)):
        day = list(found)
        first, end = day[0], day[-1] + 1
        yield whole._replace(
            start=whole.start + first * whole.step,
            end=whole.start + end * whole.step,
            energies=whole.energies[first:end],
            rules=[(*one, len(list(run))) for one, run in groupby(said[first:end])],
        )


def told_of(
    connection: Connection,
    task: str,
    code: str,
    obis: str,
    start: datetime,
    end: datetime,
    step: timedelta,
) -> dict[datetime, Told]:
    """
    Give what was told last of the intervals of a series between two instants, by their start.

    Parameters:
        step: how long they are; what was told of intervals of another length does not compare.
    """
    table = tables.told
    rows = connection.execute(
        select(table)
        .join(tables.task, tables.task.c.id == table.c.task_id)
        .where(
            tables.task.c.name == task,
            table.c.code == code,
            table.c.obis == Obis.parse(obis).normalised,
            table.c.start_at > start - _LONGEST,
            table.c.start_at < end,
            table.c.end_at > start,
            table.c.step_s == int(step.total_seconds()),
        )
        .order_by(table.c.file_id)
    )
    found: dict[datetime, Told] = {}
    for row in rows:
        found |= {at: one for at, one in intervals_in(row) if start <= at < end}
    return found


def intervals_in(row: Row[Any]) -> list[tuple[datetime, Told]]:
    """Give the intervals that a row of `tables.told` tells of, by their start."""
    step = timedelta(seconds=row.step_s)
    energies = json.loads(row.energies)
    told = []
    index = 0
    for rule, status, count in json.loads(row.rules):
        if status:
            for place in range(index, index + count):
                energy = energies[place]
                kwh = None if energy is None else Decimal(energy).scaleb(-row.decimals)
                told.append((row.start_at + place * step, Told(kwh, Status(status), rule)))
        index += count
    return told


def span_told(
    connection: Connection, task: str, codes: Iterable[tuple[str, str]], since: datetime
) -> tuple[datetime, datetime] | None:
    """
    Give from when to when a task has told anything of some series that may have changed.

    Parameters:
        codes: metering code and OBIS code of each.
        since: what lies before it has not changed.
    """
    table = tables.told
    spans = []
    for code, obis in codes:
        row = connection.execute(
            select(func.min(table.c.start_at), func.max(table.c.end_at))
            .join(tables.task, tables.task.c.id == table.c.task_id)
            .where(
                tables.task.c.name == task,
                table.c.code == code,
                table.c.obis == Obis.parse(obis).normalised,
                table.c.start_at > since - _LONGEST,
                table.c.end_at > since,
            )
        ).one()
        if row[0] is not None:
            spans.append((row[0], row[1]))
    if not spans:
        return None
    return max(since, min(start for start, _ in spans)), max(end for _, end in spans)


# ---------------------------------------------------------------- what may no longer hold


def touch(connection: Connection, station_id: int, since: datetime) -> None:
    """
    Mark that something new is known of a station.

    Parameters:
        since: the earliest instant that it tells of.
    """
    known, key = remembered(connection), (_TOUCHED, station_id)
    # Done with every message; what comes in the order of time leaves one mark.
    if key not in known or since < known[key]:
        driver(connection).execute(_TOUCH, (station_id, tables.to_microseconds(since)))
        known[key] = since


def marks(connection: Connection) -> dict[int, datetime]:
    """Give the stations of which something new is known, and since when."""
    return {row.station_id: row.since for row in connection.execute(select(tables.touched))}


def who_told(connection: Connection) -> list[str]:
    """Name the tasks that have told anything, also those that the settings no longer name."""
    task, table = tables.task, tables.told
    has_told = exists().where(table.c.task_id == task.c.id)
    return list(connection.execute(select(task.c.name).where(has_told)).scalars())


def reopen(connection: Connection, task: str, known: Mapping[int, datetime]) -> None:
    """Hand marks on to a task."""
    query = select(tables.task.c.id).where(tables.task.c.name == task)
    number = connection.execute(query).scalar_one()
    rows = [(number, one, tables.to_microseconds(since)) for one, since in known.items()]
    driver(connection).executemany(_REOPEN, rows)


def unmark(connection: Connection, known: Mapping[int, datetime]) -> None:
    """Take marks away that were handed on, but for those that have become earlier since."""
    remembers = remembered(connection)
    for station_id in known:
        remembers.pop((_TOUCHED, station_id), None)
    rows = [(one, tables.to_microseconds(since)) for one, since in known.items()]
    driver(connection).executemany(_UNMARK, rows)


def reopened(connection: Connection, task: str) -> dict[int, datetime]:
    """Give the stations of a task of which something new is known, and since when."""
    table = tables.reopened
    rows = connection.execute(
        select(table.c.station_id, table.c.since)
        .join(tables.task, tables.task.c.id == table.c.task_id)
        .where(tables.task.c.name == task)
        .order_by(table.c.station_id)
    )
    return {row.station_id: row.since for row in rows}


def settle(connection: Connection, task: str, stations: Iterable[int]) -> None:
    """Note that a task has looked at what was new of some stations."""
    table = tables.reopened
    number = select(tables.task.c.id).where(tables.task.c.name == task).scalar_subquery()
    connection.execute(
        delete(table).where(table.c.task_id == number, table.c.station_id.in_(list(stations)))
    )
