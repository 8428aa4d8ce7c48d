"""
Exports: what a task delivers, and when it is due.

Rule 1: a task delivers periods: whole local days, or parts of them. They follow each other
without a gap, whatever the clocks do (`days.part_of_day`).
Rule 2: no period is left out. What is not made yet is due, oldest first, also after an outage
and where the start was set into the past (document 002 "Start date next export").
Rule 3: a trigger says when a period is due (document 002 "Export trigger"): at a time of day or
some minutes after its end; as soon as all meters have all values; or 12 hours after its end. A
daily export without a time of its own begins between 00:00 and 01:00, each task at another
moment of it, so that they do not come all at once (document 002, Note).
Rule 4: a station that is not activated (metering code, OBIS code, interval; document 000
"IS-E interface (ePonet)") is in no file.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import Protocol, TypeVar

from backend.core import days
from backend.core.file_names import file_name
from backend.core.formats.row import NO_NUMBERS, Numbers, Row
from backend.core.intervals import Interval

__all__ = [
    "DAILY",
    "MAX_DUE",
    "SCHEDULES",
    "Activation",
    "Period",
    "Plan",
    "Trigger",
    "due_at",
    "due_periods",
    "file_name",
    "made_until",
    "next_due",
    "parts_of",
    "period_of",
    "periods_within",
    "rows_of",
    "spread",
    "whole_days",
]

DAILY = "daily"
SCHEDULES = {
    DAILY: days.MINUTES_OF_DAY,
    "12 h": 720,
    "8 h": 480,
    "6 h": 360,
    "4 h": 240,
    "3 h": 180,
    "2 h": 120,
    "1 h": 60,
    "30 min": 30,
    "15 min": 15,
}
"""How often a task delivers: the length of its periods, in minutes of the local day."""
MAX_DUE = 400
"""So many periods are due at once, by time; the next call gives the next ones."""
LATER = timedelta(hours=12)
"""How long the trigger ``12 h after`` waits (document 002 "12h after the enddate")."""
START_WINDOW = (timedelta(minutes=5), timedelta(minutes=60))
"""
When exports without a time of their own begin, after the end of their period, if that is a day.

Document 002 has "between 0:00 to 1:00"; the first minutes are left to readings that are on their
way (ASSUMED).
"""


class Trigger(StrEnum):
    """What makes a period due."""

    TIME = "time"
    COMPLETE = "complete"
    LATER = "12 h after"


@dataclass(frozen=True, slots=True)
class Activation:
    """
    What makes a charger part of the exports (document 000 "Activate IS-E interface").

    Attributes:
        station: its identity.
        metering_code: whose energy it is.
        obis: what the value is, as it is to stand in the file.
        interval_minutes: 1, 5, 10, 15, 30 or 60.
        numbers: what else it is called by (document 001).
    """

    station: str
    metering_code: str
    obis: str
    interval_minutes: int = 15
    numbers: Numbers = NO_NUMBERS


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """What one file tells of: from ``start`` up to ``end``, in UTC."""

    start: datetime
    end: datetime

    @property
    def first_day(self) -> date:
        """The local day that it begins on."""
        return days.local_day_of(self.start)

    @property
    def last_day(self) -> date:
        """The local day that it ends on, or ends with."""
        return days.local_day_of(self.end - timedelta(microseconds=1))

    @property
    def is_whole_days(self) -> bool:
        """Whether it begins and ends at local midnight."""
        return self == whole_days(self.first_day, self.last_day)

    def __str__(self) -> str:
        if not self.is_whole_days:
            start, end = days.to_local(self.start), days.to_local(self.end)
            return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"
        if self.first_day == self.last_day:
            return self.first_day.isoformat()
        return f"{self.first_day} to {self.last_day}"


@dataclass(frozen=True, slots=True)
class Plan:
    """
    When a task delivers what.

    Attributes:
        minutes: the length of its periods, one of `SCHEDULES`.
        trigger: what makes a period due.
        at: local time of day; None for a moment of its own in the start window.
        delay: that moment, after the end of the period: `spread`.
    """

    minutes: int = days.MINUTES_OF_DAY
    trigger: Trigger = Trigger.TIME
    at: time | None = None
    delay: timedelta = START_WINDOW[0]


def spread(name: str, minutes: int) -> timedelta:
    """
    Give a task its own moment within the start window, the same one for ever.

    Parameters:
        name: of the task.
        minutes: the length of its periods; those of short ones begin within their half.
    """
    earliest, latest = START_WINDOW
    if minutes < days.MINUTES_OF_DAY:
        latest = min(latest, timedelta(minutes=minutes) / 2)
        earliest = min(earliest, latest / 2)
    seconds = int((latest - earliest).total_seconds())
    return earliest + timedelta(seconds=zlib.crc32(name.encode()) % seconds)


def whole_days(first: date, last: date) -> Period:
    """Give the period of local days, both included."""
    return Period(days.day_bounds(first)[0], days.day_bounds(last)[1])


def period_of(instant: datetime, minutes: int) -> Period:
    """Give the period that an instant lies in; the instant between two begins the later one."""
    return Period(*days.part_of_day(instant, minutes))


def periods_within(start: datetime, end: datetime, minutes: int) -> Iterator[Period]:
    """Give the periods that share time with the one from ``start`` to ``end``, in order."""
    period = period_of(start, minutes)
    while period.start < end:
        yield period
        period = period_of(period.end, minutes)


def due_at(plan: Plan, period: Period) -> datetime:
    """Give when a period is due, in UTC; with `Trigger.COMPLETE` the earliest possible."""
    if plan.trigger is Trigger.LATER:
        return period.end + LATER
    if plan.trigger is Trigger.COMPLETE:
        return period.end
    if plan.at is None:
        return period.end + plan.delay
    return days.local_instant(days.local_day_of(period.end), plan.at)


def due_periods(plan: Plan, start: datetime, made: Sequence[Period], now: datetime) -> list[Period]:
    """
    Give the periods to be exported now, oldest first.

    Parameters:
        plan: of the task.
        start: from when on it exports.
        made: what it has exported; a period that they cover is not due again.
        now: aware.
    """
    due = (period for period in _unmade(plan, start, made, now) if due_at(plan, period) <= now)
    # One that never gets all its values must not keep those after it from being looked at.
    return list(due if plan.trigger is Trigger.COMPLETE else islice(due, MAX_DUE))


def next_due(plan: Plan, start: datetime, made: Sequence[Period], now: datetime) -> datetime:
    """Give the next instant at which a period becomes due; ``now`` where one is due already."""
    # An earlier period is never due after a later one.
    return max(due_at(plan, next(_unmade(plan, start, made, None))), now)


def made_until(plan: Plan, start: datetime, made: Sequence[Period]) -> datetime:
    """Give up to when all periods from ``start`` on are made; what lies before is done with."""
    return next(_unmade(plan, start, made, None)).start


def _unmade(
    plan: Plan, start: datetime, made: Sequence[Period], until: datetime | None
) -> Iterator[Period]:
    """Give the periods that are not made, in order, as far as they end by ``until``."""
    covered = _joined(made)
    period = period_of(start, plan.minutes)
    while until is None or period.end <= until:
        by = next((each for each in covered if each.start <= period.start < each.end), None)
        if by is None or by.end < period.end:
            yield period
            period = period_of(period.end, plan.minutes)
        else:
            # A period of another length, from before the schedule was changed, may end within.
            period = period_of(by.end, plan.minutes)


def _joined(periods: Iterable[Period]) -> list[Period]:
    """Join periods that overlap or touch."""
    joined: list[Period] = []
    for period in sorted(periods):
        if joined and period.start <= joined[-1].end:
            joined[-1] = Period(joined[-1].start, max(joined[-1].end, period.end))
        else:
            joined.append(period)
    return joined


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
            numbers=activation.numbers,
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


def parts_of(items: Iterable[T], files: str) -> list[tuple[str, list[T]]]:
    """
    Divide rows, or series, into files.

    Parameters:
        files: one for the ``task``, or one for each ``meter``.

    Returns:
        For each file the meter whose it is, empty where it is the whole task's, and its rows.
        A task without rows has one file without rows, a task by meter has none.
    """
    if files == "task":
        return [("", list(items))]
    parts: dict[str, list[T]] = {}
    for one in items:
        parts.setdefault(one.code, []).append(one)
    return sorted(parts.items())
