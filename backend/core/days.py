"""
Local days; the only file that knows a time zone.

Rule 1: everywhere else an instant is an aware datetime in UTC.
Rule 2: a grid is made in UTC between two local midnights, so that no hour is lost in March
and none counted once in October: a day of Europe/Zurich has 92, 96 or 100 quarter hours.
Rule 3: what a person or a file says in local time is turned into an instant here. A time
that does not exist becomes the first instant after it, one that exists twice the first of
the two; a *series* of labels can say the second as well (`from_label`).

The zone and the end-of-interval stamp are those of the VSE Metering Code §3.7.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Zurich")
LOCAL = "local"
IN_UTC = "utc"
MINUTES_OF_DAY = 1440
_HOUR_MINUTES = 60
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_MICROSECOND = timedelta(microseconds=1)
_FIRST_YEAR, _LAST_YEAR = 1900, 2999


def is_zone(name: str) -> bool:
    """Tell whether ``name`` is a zone of the time zone database."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """Give the first instant of a local day and that of the next one, in UTC."""
    return local_instant(day, time()), local_instant(day + _DAY, time())


def day_that_begins(instant: datetime) -> tuple[datetime, datetime] | None:
    """Give the bounds of the local day that begins at an instant; None where none does."""
    try:
        bounds = day_bounds(local_day_of(instant))
    except OverflowError:  # in the first year of the calendar, or in its last
        return None
    return bounds if bounds[0] == instant else None


def day_that_ends(instant: datetime) -> tuple[datetime, datetime] | None:
    """Give the bounds of the local day that ends at an instant; None where none does."""
    try:
        bounds = day_bounds(local_day_of(instant - _MICROSECOND))
    except OverflowError:
        return None
    return bounds if bounds[1] == instant else None


def day_grid(day: date, minutes: int) -> tuple[datetime, ...]:
    """
    Give the boundaries of a local day's intervals: n intervals have n + 1, in order, in UTC.

    Raises:
        ValueError: ``minutes`` does not divide the hour.
    """
    return grid(*day_bounds(day), minutes)


def grid(start: datetime, end: datetime, minutes: int) -> tuple[datetime, ...]:
    """
    Give the boundaries of the intervals of a period, in order, in UTC; its ends are among them.

    Raises:
        ValueError: ``minutes`` does not divide the hour, or the period is no multiple of it.
    """
    if minutes < 1 or 60 % minutes:
        raise ValueError(f"{minutes} minutes do not divide the hour; use 1, 5, 10, 15, 30 or 60")
    step = timedelta(minutes=minutes)
    if (end - start) % step:
        raise ValueError(f"{start.isoformat()} to {end.isoformat()} is no multiple of {step}")
    return tuple(start + step * index for index in range((end - start) // step + 1))


def part_of_day(instant: datetime, minutes: int) -> tuple[datetime, datetime]:
    """
    Give the part of the local day that an instant lies in, in UTC.

    They begin where the local clock shows a multiple of their length, so one of them is an hour
    shorter in March and longer in October. The hour that October has twice is not parted: in
    local time, its labels are told apart only by their order.

    Parameters:
        minutes: 1440 for the whole day, or less: a divisor of it, and of 60 where it is below.
    """
    day = local_day_of(instant)
    hours = range(0, MINUTES_OF_DAY // _HOUR_MINUTES, max(1, minutes // _HOUR_MINUTES))
    bounds = [*(local_instant(day, time(hour)) for hour in hours), day_bounds(day)[1]]
    start, end = next(pair for pair in itertools.pairwise(bounds) if instant < pair[1])
    if minutes < _HOUR_MINUTES and end - start == _HOUR:
        step = timedelta(minutes=minutes)
        start = instant - (instant - start) % step
        end = start + step
    return start, end


def to_local(instant: datetime) -> datetime:
    """Give the same instant as an aware datetime of Europe/Zurich."""
    return instant.astimezone(ZONE)


def local_day_of(instant: datetime) -> date:
    """Tell on which local day an instant lies; midnight belongs to the day it begins."""
    return to_local(instant).date()


def local_instant(day: date, at: time) -> datetime:
    """Turn a local day and time of day into an instant in UTC, by rule 3."""
    return _instant(datetime.combine(day, at.replace(tzinfo=None, fold=0)), ZONE)


def instant_of_naive(naive: datetime, zone: str, fold: int = 0) -> datetime:
    """
    Turn a datetime without zone into an instant in UTC, reading it as one of ``zone``.

    Parameters:
        fold: 0 for the first, 1 for the second of two instants at which clocks show it.
    """
    return _instant(naive.replace(fold=fold), ZoneInfo(zone))


def _instant(naive: datetime, zone: ZoneInfo) -> datetime:
    instant = naive.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == naive:
        return instant
    return _end_of_gap(naive, zone)


def _end_of_gap(naive: datetime, zone: ZoneInfo) -> datetime:
    """
    Give the instant at which the clock was put forward over ``naive``.

    In the gap the offset before it (fold 0) reads as an instant after the change and the
    offset after it (fold 1) as one before; the change itself lies between the two.
    """
    low = naive.replace(tzinfo=zone, fold=1).astimezone(UTC)
    high = naive.replace(tzinfo=zone, fold=0).astimezone(UTC)
    offset = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


# -- labels in files -------------------------------------------------------------------

_DIRECTIVES: Mapping[str, tuple[str, str]] = {
    # directive: (pattern, attribute)
    "%Y": ("[0-9]{4}", "year"),
    "%m": ("[0-9]{2}", "month"),
    "%d": ("[0-9]{2}", "day"),
    "%H": ("[0-9]{2}", "hour"),
    "%M": ("[0-9]{2}", "minute"),
    "%S": ("[0-9]{2}", "second"),
}
_NEEDED = ("%Y", "%m", "%d", "%H", "%M")
_WRITTEN = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})([+-])([0-9]{2}):([0-9]{2})"
)


def check_form(form: str) -> str | None:
    """Say what is wrong with a form of labels ("%d.%m.%Y %H:%M:%S"); None where nothing is."""
    found = re.findall("%.?", form)
    for directive in found:
        if directive not in _DIRECTIVES:
            return f"{directive!r} is none of " + " ".join(_DIRECTIVES)
        if found.count(directive) > 1:
            return f"{directive} stands there twice"
    missing = [each for each in _NEEDED if each not in found]
    return f"{missing[0]} is missing" if missing else None


def to_label(instant: datetime, form: str, zone: str) -> str:
    """
    Write an instant as files do.

    Parameters:
        instant: aware.
        form: as `check_form` accepts it.
        zone: ``local`` or ``utc``.
    """
    there = to_local(instant) if zone == LOCAL else instant.astimezone(UTC)
    label = form
    for directive, (_, attribute) in _DIRECTIVES.items():
        width = 4 if attribute == "year" else 2
        label = label.replace(directive, f"{getattr(there, attribute):0{width}d}")
    return label


def to_clock(instant: datetime, day: date) -> str:
    """
    Write an instant for people who know the local day: 14:15, or 04.06.2025 00:30.

    Seconds stand there where there are some, and the offset where that time exists twice.

    Parameters:
        instant: aware.
        day: on which it is not written; its last midnight is 24:00.
    """
    if instant == day_bounds(day)[1]:
        return "24:00"
    there = to_local(instant)
    text = f"{there:%H:%M}"
    if there.second or there.microsecond:
        text += f":{there:%S}" + (f".{there:%f}".rstrip("0") if there.microsecond else "")
    if there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset():
        text += there.isoformat()[-6:]
    return text if there.date() == day else f"{there:%d.%m.%Y} {text}"


def to_day_label(day: date) -> str:
    """Write a local day for people: 03.06.2025."""
    return f"{day:%d.%m.%Y}"


def instants_of(text: str) -> tuple[datetime, ...]:
    """
    Read a time as people write it: 2025-06-03 14:15, with ``T`` and seconds if they like.

    Returns:
        The instants at which clocks of Europe/Zurich show it, in UTC: none where the clock is
        put forward over it, two where it exists twice. With an offset or ``Z`` it is one.

    Raises:
        ValueError: It is no time.
    """
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no time")
    day, hour, minute, second, offset = match.groups()
    try:
        naive = datetime.fromisoformat(f"{day}T00:00:00")
        if not _FIRST_YEAR <= naive.year <= _LAST_YEAR:
            raise ValueError(text)
        if (hour, minute, second or "00") == ("24", "00", "00"):
            naive += _DAY
        else:
            naive = datetime.fromisoformat(f"{day}T{hour}:{minute}:{second or '00'}")
        if offset:
            return (datetime.fromisoformat(f"{naive.isoformat()}{offset}").astimezone(UTC),)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no time") from None
    both = (naive.replace(tzinfo=ZONE, fold=fold).astimezone(UTC) for fold in (0, 1))
    return tuple(dict.fromkeys(one for one in both if to_local(one).replace(tzinfo=None) == naive))


def to_iso_label(instant: datetime) -> str:
    """Write an instant as local time with its offset: 2025-06-03T14:15:00+02:00."""
    return to_local(instant).isoformat(timespec="seconds")


@functools.lru_cache(maxsize=64)
def _form_pattern(form: str) -> re.Pattern[str]:
    pattern = re.escape(form)
    for directive, (digits, attribute) in _DIRECTIVES.items():
        pattern = pattern.replace(re.escape(directive), f"(?P<{attribute}>{digits})")
    return re.compile(pattern)


def _naive_of_label(text: str, form: str) -> datetime:
    match = _form_pattern(form).fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} does not have the form {form!r}")
    said = {name: int(digits) for name, digits in match.groupdict().items()}
    try:
        day = date(said["year"], said["month"], said["day"])
        return datetime.combine(day, time(said["hour"], said["minute"], said.get("second", 0)))
    except ValueError:
        raise ValueError(f"{text!r} is no time") from None


def from_utc_label(text: str, form: str) -> datetime:
    """
    Read a label in UTC.

    Raises:
        ValueError: It does not have the form, or is no time.
    """
    return _naive_of_label(text, form).replace(tzinfo=UTC)


def from_label(text: str, form: str, previous: datetime | None) -> datetime:
    """
    Read a label in local time without offset.

    Parameters:
        text: the label.
        form: as `check_form` accepts it.
        previous: the instant of the label before it in the same series; in October it tells
            the second 02:15 from the first. Without it the first is meant.

    Raises:
        ValueError: It does not have the form, or is no time of Europe/Zurich.
    """
    naive = _naive_of_label(text, form)
    if not _FIRST_YEAR <= naive.year <= _LAST_YEAR:
        raise ValueError(f"{text!r} is out of all reason")
    candidates = [naive.replace(tzinfo=ZONE, fold=fold).astimezone(UTC) for fold in (0, 1)]
    real = [each for each in candidates if to_local(each).replace(tzinfo=None) == naive]
    if not real:
        raise ValueError(f"{text!r} does not exist in {ZONE.key}: the clock is put forward")
    later = [each for each in real if previous is None or each > previous]
    return later[0] if later else real[0]


def from_iso_label(text: str) -> datetime:
    """
    Read a label with offset, as `to_iso_label` writes it.

    Raises:
        ValueError: It does not have that form, or is no time.
    """
    if _ISO.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not of the form 2025-06-03T14:15:00+02:00")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no time") from None
