"""
Exports: what a task delivers, and when it is due.

Rule 1: a daily task delivers whole local days. Day D is due on local day D + 1 at the task's
time of day; document 002 "smart-me auto export" has that between 00:00 and 01:00.
Rule 2: no day is skipped. After an outage every day since the last export is due, in order.
Rule 3: a station that is not activated (metering code, OBIS code, interval; document 000
"IS-E interface (ePonet)") is in no file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol, TypeVar

from backend.core import days
from backend.core.file_names import file_name
from backend.core.formats.ise_timeseries_csv import Layout, Row
from backend.core.intervals import Interval

__all__ = [
    "ALL",
    "Activation",
    "Task",
    "due_at",
    "due_periods",
    "file_name",
    "next_due",
    "parts_of",
    "rows_of",
    "takes",
]

ALL = "all"
"""In place of station names: every station of the account."""
MAX_DUE = 400
"""So many days are due at once; the next call gives the next ones."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Activation:
    """
    What makes a charger part of the exports (document 000 "Activate IS-E interface").

    Attributes:
        station: its identity.
        metering_code: whose energy it is.
        obis: what the value is, as it is to stand in the file.
        interval_minutes: 1, 5, 10, 15, 30 or 60.
    """

    station: str
    metering_code: str
    obis: str
    interval_minutes: int = 15


@dataclass(frozen=True, slots=True)
class Task:
    """
    Who gets what and when.

    Attributes:
        name: stands in the names of its files.
        account: whose stations.
        format: the layout of its files.
        destination: the name of the server.
        stations: identities, or `ALL`.
        daily_at: local time of day; None where it is delivered only when asked.
    """

    name: str
    account: str
    format: Layout
    destination: str
    stations: tuple[str, ...] | str
    daily_at: time | None


def takes(task: Task, station: str) -> bool:
    """Tell whether a station of the task's account is one of the task's."""
    return task.stations == ALL if isinstance(task.stations, str) else station in task.stations


def due_periods(
    task: Task, last_exported: date | None, first_day: date, now: datetime
) -> list[date]:
    """
    Give the local days to be exported now, oldest first.

    Parameters:
        task: none is due where it is delivered only when asked.
        last_exported: the last local day that was; None before the first.
        first_day: the first that is to be; days before it are not exported.
        now: aware.
    """
    if task.daily_at is None:
        return []
    day = first_day if last_exported is None else max(first_day, last_exported + _DAY)
    due: list[date] = []
    while len(due) < MAX_DUE and due_at(day, task.daily_at) <= now:
        due.append(day)
        day += _DAY
    return due


def due_at(day: date, daily_at: time) -> datetime:
    """Give the instant at which a local day is due, in UTC."""
    return days.local_instant(day + _DAY, daily_at)


def next_due(task: Task, last: date | None, now: datetime) -> datetime:
    """
    Give the next instant at which a day becomes due, in UTC; ``now`` where one is due already.

    Parameters:
        task: a daily one.
        last: the last local day that was exported; None where today is the first to be.
        now: aware.

    Raises:
        ValueError: The task is delivered only when asked.
    """
    if task.daily_at is None:
        raise ValueError(f"task {task.name!r} is delivered only when asked")
    day = days.local_day_of(now) if last is None else last + _DAY
    return max(due_at(day, task.daily_at), now)


def rows_of(activation: Activation, intervals: Iterable[Interval]) -> list[Row]:
    """Turn a station's intervals into rows of a file."""
    return [
        Row(
            code=activation.metering_code,
            obis=activation.obis,
            start=each.start,
            end=each.end,
            energy_kwh=each.energy_kwh,
            status=each.status,
        )
        for each in intervals
    ]


class Coded(Protocol):
    """What belongs to a metering code: a row, or a whole series."""

    @property
    def code(self) -> str:
        """The metering code, or the name that stands for it."""
        ...


T = TypeVar("T", bound=Coded)


def parts_of(items: Iterable[T], layout: Layout) -> list[tuple[str, list[T]]]:
    """
    Divide rows, or series, into files.

    Returns:
        For each file the meter whose it is, empty where it is the whole task's, and its rows.
        A task without rows has one file without rows, a task by meter has none.
    """
    if layout.files == "task":
        return [("", list(items))]
    parts: dict[str, list[T]] = {}
    for one in items:
        parts.setdefault(one.code, []).append(one)
    return sorted(parts.items())
