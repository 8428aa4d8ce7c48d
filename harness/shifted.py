"""
A recording moved in time, or begun later: for a replay at given times.

What is altered is said: the time of each frame, and each member of a payload whose value is an
instant as ISO 8601 writes it, in both directions. Its zone and its digits behind the second stay as
they were written, so the shift is a whole number of seconds. Everything else stays sign for sign.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from harness.errors import UsageError
from harness.recording import FieldLog

_MEMBER = re.compile(
    r'"(?P<name>[^"\\]+)"(?P<between>\s*:\s*)"'
    r"(?P<stamp>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?P<rest>(?:[.,]\d+)?(?:[Zz]|[+-]\d\d:?\d\d)?)\""
)
QUARTER = timedelta(minutes=15)


def instant_from(text: str, option: str, zone: tzinfo) -> datetime:
    """
    Read an instant of the command line; one without a zone is local time of ``zone``.

    Raises:
        UsageError: If it is none.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f'{option} "{text}" is no instant; write "2026-03-25 14:15" in local time, or '
            "2026-03-25T14:15:00+01:00"
        ) from None
    return found.replace(tzinfo=found.tzinfo or zone).astimezone(UTC)


def since(log: FieldLog, begin: datetime) -> FieldLog:
    """
    Leave out what was before an instant.

    Raises:
        UsageError: If nothing is left.
    """
    frames = tuple(one for one in log.frames if one.at >= begin)
    if not frames:
        last = log.frames[-1].at
        raise UsageError(f"--from: no frame is left; the last is of {last:%Y-%m-%d %H:%M:%S} UTC")
    left_out = len(log.frames) - len(frames)
    notes = (*log.notes, f"{left_out} frames before {begin:%Y-%m-%d %H:%M:%S} UTC are left out")
    changes = tuple(one for one in log.changes if one.at >= begin)
    return replace(log, frames=frames, changes=changes, notes=notes if left_out else log.notes)


def begun_at(log: FieldLog, start: str, zone: tzinfo) -> FieldLog:
    """
    Move a log in time.

    Parameters:
        start: when its first frame is to be: an instant; or a day, ``2026-12-01``, which keeps
            the local time of day of the first frame.
        zone: whose days these are, and the zone of an instant that names none.

    Raises:
        UsageError: If it is no instant, or a time would be in a year that there is not.
    """
    first = log.frames[0].at
    if re.fullmatch(r"\d{4}-\d\d-\d\d", start):
        day = _day(start)
        there = first.astimezone(zone)
        target = datetime.combine(day, time(there.hour, there.minute, there.second), zone)
    else:
        target = instant_from(start, "--start", zone)
    return moved(log, timedelta(seconds=(target - first) // timedelta(seconds=1)))


def moved(log: FieldLog, by: timedelta) -> FieldLog:
    """Move a log by a whole number of seconds; its notes say what was altered."""
    altered: Counter[str] = Counter()

    def shift(found: re.Match[str]) -> str:
        try:
            stamp = datetime.fromisoformat(found["stamp"]) + by
        except ValueError:  # the 30th of February, say: no instant, so it stays
            return found[0]
        altered[found["name"]] += 1
        text = stamp.isoformat(found["stamp"][10], "seconds")
        return f'"{found["name"]}"{found["between"]}"{text}{found["rest"]}"'

    try:
        frames = tuple(
            replace(one, at=one.at + by, text=_MEMBER.sub(shift, one.text)) for one in log.frames
        )
        changes = tuple(replace(one, at=one.at + by) for one in log.changes)
    except OverflowError:
        raise UsageError(
            "--start: a time of the recording would be before the year 1 or after 9999; choose a "
            "start nearer to the recording"
        ) from None
    counts = ", ".join(f"{count} × {name}" for name, count in altered.items()) or "no timestamp"
    notes = [f"moved by {by}: the times of all frames, and in payloads {counts}"]
    if by % QUARTER:
        notes.append(
            "that is no whole number of quarter hours: registers told on the quarter hour are no "
            "longer"
        )
    return replace(log, frames=frames, changes=changes, notes=(*log.notes, *notes))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f'--start "{text}" is no day that there is') from None
