"""
Local time as scenarios speak it: "14:15" on "3 June 2025" in Europe/Zurich.

Verdicts must not lean on the code that they judge, so this is not the backend's calendar.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from harness.errors import UsageError

ZURICH = ZoneInfo("Europe/Zurich")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):[0-5][0-9]|24:00")


def zone_of(name: str) -> ZoneInfo:
    """
    Give a time zone by its name.

    Raises:
        UsageError: If there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            f'there is no time zone "{name}"; write one like "Europe/Zurich" or "UTC"'
        ) from None


def read_day(text: str) -> date:
    """Read a day as it is spoken ("3 June 2025")."""
    try:
        return datetime.strptime(text, "%d %B %Y").replace(tzinfo=UTC).date()
    except ValueError:
        raise UsageError(f'"{text}" is no day; write one like "3 June 2025"') from None


def instant(day: date, time: str) -> datetime:
    """
    Give the instant of a local time of ``day``; 24:00 is the end of the day.

    In the hour that October has twice, the first one is meant.
    """
    day, hour, minute = _read_time(day, time)
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZURICH)
    return local.astimezone(UTC)


def utc_instant(day: date, time: str) -> datetime:
    """Give the instant of a time of ``day`` in UTC; 24:00 is the end of the day."""
    day, hour, minute = _read_time(day, time)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def _read_time(day: date, time: str) -> tuple[date, int, int]:
    if _TIME.fullmatch(time) is None:
        raise UsageError(f'"{time}" is no time of day; write one like "14:15"')
    hour, minute = (int(part) for part in time.split(":"))
    return (day + timedelta(days=1), 0, 0) if hour == 24 else (day, hour, minute)


def grid(day: date, minutes: int) -> list[datetime]:
    """Give the boundaries of a local day's intervals, in order, in UTC."""
    boundary, end = instant(day, "0:00"), instant(day, "24:00")
    boundaries = [boundary]
    while boundary < end:
        boundary += timedelta(minutes=minutes)
        boundaries.append(boundary)
    return boundaries
