"""
Days about whose register nothing is odd, kept as whole numbers beside the rows they come from.

Rule 1: a row is derived, and says nothing that the rows of `tables.meter_value` do not say. It
holds all that was measured from the day's first instant to the next day's, both included.
Rule 2: whatever is measured of that time later takes the row away, in the transaction that keeps
it (`outdate`); so a day that is found is as it would be made now.
Rule 3: a day that is not plain has a row without registers, so that it is not tried again.
Rule 4: a day alone proves nothing of its last interval, nor of its first: the long way looks at
readings around it (`backend.core.plain_days.edge`), all of them within the days beside it.

As in `backend.adapters.records`, each function takes a connection of the store and runs inside
the transaction of its caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select

from backend.adapters import tables
from backend.adapters.store import driver, for_driver, remembered
from backend.core.days import day_bounds, local_day_of
from backend.core.plain_days import Course

_LAST = "plain_days_until"
_DAY = timedelta(days=1)
_NEVER = tables.from_microseconds(0)

# Days lie one after the other, each with its stations: a file reads three pieces of the table.
_FIND = """
SELECT one.station_id, one.max_power_w, one.places, one.registers, after.station_id
FROM plain_day AS one
JOIN plain_day AS before ON before.start_at = ? AND before.station_id = one.station_id
    AND before.step_s = one.step_s AND before.max_power_w = one.max_power_w
    AND before.registers IS NOT NULL
LEFT JOIN plain_day AS after ON after.start_at = ? AND after.station_id = one.station_id
    AND after.step_s = one.step_s AND after.max_power_w = one.max_power_w
    AND after.registers IS NOT NULL
WHERE one.start_at = ? AND one.step_s = ? AND one.registers IS NOT NULL
    AND one.station_id IN ({wanted})
"""
_KEEP = for_driver(
    insert(tables.plain_day).prefix_with("OR REPLACE"),
    *("start_at", "station_id", "step_s", "max_power_w", "places", "registers"),
)
_OUTDATE = "DELETE FROM plain_day WHERE start_at = ? AND station_id = ?"


class Kept(NamedTuple):
    """
    A day of a station, and the day before it is plain too.

    Attributes:
        station_id: whose.
        max_power_w: of the profile by which it was found plain.
        course: its register.
        is_followed: whether the day after it is plain too.
    """

    station_id: int
    max_power_w: str
    course: Course
    is_followed: bool


def is_day(grid: Sequence[datetime]) -> bool:
    """Tell whether a period is one local day."""
    return day_bounds(local_day_of(grid[0])) == (grid[0], grid[-1])


def find(
    connection: Connection, station_ids: Iterable[int], grid: Sequence[datetime]
) -> Iterator[Kept]:
    """
    Give the stations whose day is plain, and was before.

    Parameters:
        station_ids: of whom; some hundreds.
        grid: the boundaries of one local day.
    """
    start, count = grid[0], len(grid) - 1
    before, _ = day_bounds(local_day_of(start) - _DAY)
    at = (tables.to_microseconds(one) for one in (before, grid[-1], start))
    rows = driver(connection).execute(
        _FIND.format(wanted=",".join(map(str, station_ids))), (*at, _step_s(grid))
    )
    for station_id, max_power_w, places, content, after in rows:
        course = Course.unpacked(places, count, content)
        yield Kept(station_id, max_power_w, course, after is not None)


def lacking(
    connection: Connection, station_ids: Iterable[int], grid: Sequence[datetime]
) -> list[int]:
    """Give the stations, some hundreds, of whose day it is not known whether it is plain."""
    wanted = list(station_ids)
    table = tables.plain_day
    known = connection.execute(
        select(table.c.station_id).where(
            table.c.start_at == grid[0],
            table.c.step_s == _step_s(grid),
            table.c.station_id.in_(wanted),
        )
    ).scalars()
    there = set(known)
    return [one for one in wanted if one not in there]


def keep(
    connection: Connection,
    grid: Sequence[datetime],
    found: Iterable[tuple[int, str, Course | None]],
) -> None:
    """
    Keep what came of a local day of some stations.

    Parameters:
        grid: the boundaries of the day.
        found: station, power of its profile, and the register; None where the day is not plain.
    """
    at, step_s = tables.to_microseconds(grid[0]), _step_s(grid)
    rows = []
    for station_id, max_power_w, course in found:
        content = None if course is None else course.packed()
        places = 0 if course is None else course.places
        rows.append((at, station_id, step_s, max_power_w, places, content))
    remembered(connection)[_LAST] = max(grid[-1], _last(connection))
    driver(connection).executemany(_KEEP, rows)


def outdate(connection: Connection, station_id: int, instant: datetime) -> None:
    """Take the days away that something new is known of; asked with every message."""
    if instant > _last(connection):
        return
    day = local_day_of(instant)
    start, _ = day_bounds(day)
    starts = [start]
    if instant == start:
        starts.append(day_bounds(day - _DAY)[0])
    rows = [(tables.to_microseconds(one), station_id) for one in starts]
    driver(connection).executemany(_OUTDATE, rows)


def thin(connection: Connection, before: datetime) -> None:
    """Forget days that began before an instant; they can be made again."""
    connection.execute(delete(tables.plain_day).where(tables.plain_day.c.start_at < before))


def _step_s(grid: Sequence[datetime]) -> int:
    return int((grid[1] - grid[0]).total_seconds())


def _last(connection: Connection) -> datetime:
    """Give the end of the newest day that may be kept."""
    known = remembered(connection)
    last: datetime | None = known.get(_LAST)
    if last is None:
        newest = connection.execute(select(func.max(tables.plain_day.c.start_at))).scalar_one()
        last = _NEVER if newest is None else day_bounds(local_day_of(newest))[1]
        known[_LAST] = last
    return last
