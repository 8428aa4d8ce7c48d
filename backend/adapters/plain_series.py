"""
The short way to the energies of many stations: their registers as texts, hundreds at once.

`backend.core.plain_days` says for which stations that will do; the others go the long way of
`backend.adapters.energies`. A day that is over is kept as whole numbers
(`backend.adapters.plain_days`), so that its texts are read once. The database puts the texts of
a station together, as a row that comes to Python costs more than all that is done with its value.

Each function takes a connection of the store and runs inside the transaction of its caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import Connection

from backend.adapters import meter_values, plain_days, records
from backend.adapters.meter_values import EDGE_READINGS, MARGIN
from backend.adapters.records import METERING
from backend.adapters.store import driver, remembered
from backend.adapters.tables import from_microseconds
from backend.core.device_profile import DeviceProfile
from backend.core.intervals import Presence, make_intervals
from backend.core.plain_days import (
    Course,
    Habit,
    Period,
    Wording,
    edge,
    habit_of,
    tells_register,
    wording,
)
from backend.core.registers import Register
from backend.core.timestamps import BY_RECEPTION

#: Stations that one query asks for: enough that its own cost is none, few enough for memory.
_AT_ONCE = 500
_END_OF_TIME_US = 2**63 - 1

# A row on the grid, worded as the station words those, is its values; any other says what it
# is. One subquery a station is twice as fast as a GROUP BY over all of them; its rows come in
# the order of the table's key, by which it is searched. All that is filled in is numbers, but
# for the names at the end, which are ours.
_ROWS = """
    (SELECT CAST(group_concat(
        CASE WHEN (instant % {step} | part) = 0 AND value_kinds_id = aligned THEN exact_values
        ELSE '!' || instant || ' ' || part || ' ' || value_kinds_id || ' ' || exact_values END,
        '\n') AS BLOB)
    FROM meter_value
    WHERE meter_value.station_id = wanted.station_id AND instant BETWEEN {first} AND {last})
"""
_QUERY = """
WITH wanted(station_id, aligned) AS (VALUES {wanted})
SELECT station_id, {course}, {after},
    EXISTS(
        SELECT 1 FROM deviation
        WHERE deviation.station_id = wanted.station_id
            AND received_at BETWEEN {first} AND {last}
            AND rule IN ({rules}) AND action IN ({actions}))
FROM wanted
"""


class Wanted(NamedTuple):
    """A station whose energies are wanted."""

    station_id: int
    profile: DeviceProfile


#: How each of some stations tells its register, and its profile.
Asked = dict[int, tuple[Habit, DeviceProfile]]


class Found(NamedTuple):
    """Energies in whole steps of 10^-decimals kWh, and their rules, as a `Series` has them."""

    energies: Sequence[int | None]
    rules: str | Sequence[str]


def plain_energies(
    connection: Connection,
    wanted: Sequence[Wanted],
    grid: Sequence[datetime],
    decimals: int,
    until: datetime,
) -> Iterator[Found | None]:
    """
    Give the energies of each station, in their order; None where one has to go the long way.

    Parameters:
        wanted: the stations.
        grid: the boundaries of the intervals.
        decimals: of kWh.
        until: up to when things are known.
    """
    beside = edge(grid[1] - grid[0], EDGE_READINGS, MARGIN)
    period = Period(grid, beside, beside)
    # What is received is never ahead by more than minutes, so behind now there is little.
    is_all = until < from_microseconds(period.last_us)
    known = _known(connection)
    for start in range(0, len(wanted), _AT_ONCE):
        block = wanted[start : start + _AT_ONCE]
        here = [one for one in block if period.is_for(one.profile, until)]
        asked = known.asked(here)
        courses = _kept(connection, known, asked, period, is_all)
        rest = {one: asked[one] for one in asked if one not in courses} if courses else asked
        told, silent = _courses(connection, known, rest, period, is_all)
        found = {
            station_id: Found(course.energies(decimals), "measured")
            for station_id, course in (courses | told).items()
        }
        silent += [one.station_id for one in here if one.station_id not in known.wordings]
        found |= _silent(connection, silent, period, until)
        yield from (found.get(one.station_id) for one in block)


def keep_days(
    connection: Connection, wanted: Iterable[Wanted], grid: Sequence[datetime], until: datetime
) -> None:
    """
    Keep what a day of each station is, plain or not, where it is not kept yet.

    Parameters:
        wanted: some hundreds of stations.
        grid: the boundaries of a local day.
        until: up to when things are known; not before the day's end.
    """
    period, known = Period(grid), _known(connection)
    profiles = {one.station_id: one.profile for one in wanted}
    lacking = plain_days.lacking(connection, profiles, grid)
    here = [Wanted(one, profiles[one]) for one in lacking if period.is_for(profiles[one], until)]
    found, _ = _courses(connection, known, known.asked(here), period, False)
    days = ((one, str(profiles[one].max_power_w), found.get(one)) for one in lacking)
    plain_days.keep(connection, grid, days)


def _kept(
    connection: Connection, known: _Known, asked: Asked, period: Period, is_all: bool
) -> dict[int, Course]:
    """Give the registers of stations whose day was kept, and is as plain with what is beside it."""
    if not plain_days.is_day(period.grid):
        return {}
    found = [
        one
        for one in plain_days.find(connection, asked, period.grid)
        if one.max_power_w == str(asked[one.station_id][1].max_power_w)
    ]
    courses = {one.station_id: one.course for one in found}
    ends = {one.station_id: asked[one.station_id] for one in found if not one.is_followed}
    if ends:
        # The next day is not over, or not plain; what the long way sees of it may be.
        goes_on, _ = _courses(connection, known, ends, period.its_end(), is_all)
        for station_id in ends.keys() - goes_on.keys():
            del courses[station_id]
    return courses


def _courses(
    connection: Connection, known: _Known, asked: Asked, period: Period, is_all: bool
) -> tuple[dict[int, Course], list[int]]:
    """
    Give the registers of plain stations, as their rows tell them, by station.

    Parameters:
        is_all: whether all that was told since the period began is looked at.

    Returns:
        The registers, and those of whom nothing was told since, if it is looked at.
    """
    found: dict[int, Course] = {}
    silent: list[int] = []
    otherwise: Asked = {}
    for station_id, course, after, is_odd in _rows(connection, asked, period, is_all):
        habit, profile = asked[station_id]
        if is_all and after is None and period.is_before_it(course):
            silent.append(station_id)
        elif course is not None and not is_odd:
            plain = period.course(habit, profile, course, after or b"", is_all)
            if plain is not None:
                found[station_id] = plain
            elif (other := habit.otherwise(course)) is not None:
                otherwise[station_id] = other, profile
    if otherwise:
        known.habits |= {number: habit for number, (habit, _) in otherwise.items()}
        again, _ = _courses(connection, known, otherwise, period, is_all)
        found |= again
    return found, silent


def _rows(
    connection: Connection, asked: Asked, period: Period, is_all: bool
) -> Iterable[tuple[int, bytes | None, bytes | None, int]]:
    if not asked:
        return ()
    first, step = period.first_us, period.step_us
    last = _END_OF_TIME_US if is_all else period.last_us
    query = _QUERY.format(
        wanted=",".join(f"({number}, {habit.aligned})" for number, (habit, _) in asked.items()),
        course=_ROWS.format(step=step, first=first, last=period.end_us),
        after=_ROWS.format(step=step, first=period.end_us + 1, last=last),
        first=first,
        last=last,
        rules=",".join(map(repr, BY_RECEPTION)),
        actions=",".join(map(repr, METERING)),
    )
    # Not by SQLAlchemy: this is for SQLite alone, and its rows are a hundred values each.
    return driver(connection).execute(query)


def _silent(
    connection: Connection, station_ids: Sequence[int], period: Period, until: datetime
) -> dict[int, Found]:
    """Judge stations of which nothing was measured since the period began."""
    if not station_ids:
        return {}
    start, end = period.grid[0], period.grid[-1]
    online = records.online_spans_of(connection, station_ids, start, end, until)
    sessions = records.session_spans_of(connection, station_ids, start, end, until)
    idle = Found([0] * (len(period.grid) - 1), "idle-online")
    found = {}
    for station_id in station_ids:
        presence = Presence(online.get(station_id, ()), sessions.get(station_id, ()))
        is_there = any(began <= start and end <= ended for began, ended in presence.online)
        is_idle = is_there and not presence.sessions
        found[station_id] = idle if is_idle else _judged(period, presence, until)
    return found


def _judged(period: Period, presence: Presence, until: datetime) -> Found:
    # Whatever the register was before the period, it is level in it.
    none = Register(())
    intervals = make_intervals(none, period.grid, presence, 0, until)
    return Found(
        [None if one.energy_kwh is None else 0 for one in intervals],
        [one.rule for one in intervals],
    )


# ---------------------------------------------------------------- how stations word values


class _Known:
    """How stations word what they measure: rows that are only added, so each is read once."""

    def __init__(self) -> None:
        self.last_id = 0
        self.wordings: dict[int, dict[int, Wording]] = {}
        self.connectors: dict[int, set[int]] = {}
        self.habits: dict[int, Habit] = {}

    def asked(self, wanted: Iterable[Wanted]) -> Asked:
        """Give the stations that have a habit."""
        return {
            one.station_id: (habit, one.profile)
            for one in wanted
            if (habit := self.habits.get(one.station_id)) is not None
        }


def _known(connection: Connection) -> _Known:
    """Give how each station tells its register; those without a habit go the long way."""
    known: _Known = remembered(connection).setdefault("wordings", _Known())
    rows = (
        driver(connection)
        .execute(
            "SELECT id, station_id, connector, kinds FROM value_kinds WHERE id > ? ORDER BY id",
            (known.last_id,),
        )
        .fetchall()
    )
    changed = set()
    for number, station_id, connector, kinds in rows:
        told, is_register = _wording(connector, kinds)
        known.wordings.setdefault(station_id, {})[number] = told
        if is_register:
            known.connectors.setdefault(station_id, set()).add(connector)
        known.last_id = number
        changed.add(station_id)
    for station_id in changed:
        connectors = known.connectors.get(station_id, set())
        habit = habit_of(known.wordings[station_id], connectors)
        known.habits.pop(station_id, None)
        if habit is not None:
            known.habits[station_id] = habit
    return known


@lru_cache(10_000)
def _wording(connector: int, kinds: str) -> tuple[Wording, bool]:
    found = meter_values.kinds_in(kinds)
    return wording(connector, found), connector > 0 and tells_register(found)
