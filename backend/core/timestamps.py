"""
Timestamps: any spelling that means an instant, and what to do where none does.

OCPP 1.6 §3.4 wants ISO 8601; receivers must take offsets and any number of decimals
(errata 3.10). Energy is never lost for a bad clock: where a timestamp cannot be, the instant
of reception stands in, and the deviation, one of `BY_RECEPTION`, says so. Nothing is measured
after it was received; a time ahead of that is one that cannot be.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from backend.core import days
from backend.core.leniency import Message

_TIMESTAMP = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})(?P<t>[Tt ])(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?"
    r"(?P<blank> ?)(?:(?P<utc>[Zz])|(?P<sign>[+-])(?P<oh>[0-9]{2}):?(?P<om>[0-9]{2})?)?"
)
#: Hours to 23: Python 3.14 reads 24:00:00 too, and the careful reader names it.
_PLAIN = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z"
)
_FIRST_CHARGER = datetime(2009, 1, 1, tzinfo=UTC)  # before OCPP, hence a clock that was never set
_DAY_S = 86_400
#: Clocks of chargers are this good, ASSUMED.
_AHEAD = timedelta(minutes=5)

BY_RECEPTION = (
    "timestamp-missing",
    "timestamp-unreadable",
    "timestamp-before-all-chargers",
    "timestamp-ahead",
)
"""The deviations with which the instant of reception stands in for the one that was said."""


def read_instant(message: Message, value: object, where: str) -> datetime:
    """
    Read a timestamp; where it cannot be one, the instant of reception stands in.

    Parameters:
        message: tells when it was received and in which zone its chargers live; takes the
            deviations ``timestamp-…``.
        value: any JSON value.
        where: its place.

    Returns:
        An aware datetime in UTC, to the microsecond.
    """
    if value is None:
        message.note("timestamp-missing", where, value)
        return message.received
    match = _TIMESTAMP.fullmatch(value.strip()) if isinstance(value, str) else None
    instant = _instant_of(message, match, where) if match else None
    if match is None or instant is None:
        message.note("timestamp-unreadable", where, value)
        return message.received
    blanks = " " in (match["t"], match["blank"]) or match[0] != value
    if blanks or match["hour"] == "24" or match["second"] == "60":
        message.note("timestamp-spelling", where, value)
    if instant < _FIRST_CHARGER:
        message.note("timestamp-before-all-chargers", where, value)
        return message.received
    if instant - message.received > _AHEAD:
        message.note("timestamp-ahead", where, value)
        return message.received
    return instant


def plain_instant(text: str, received: datetime) -> datetime | None:
    """Read a timestamp as `read_instant` does; None where that may find it odd."""
    if _PLAIN.fullmatch(text) is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:  # also leap seconds, which mean an instant
        return None
    return instant if instant >= _FIRST_CHARGER and instant - received <= _AHEAD else None


def _instant_of(message: Message, match: re.Match[str], where: str) -> datetime | None:
    """Calculate the instant; None where such a time does not exist."""
    seconds = int(match["hour"]) * 3600 + int(match["minute"]) * 60 + int(match["second"] or 0)
    # Receivers must take any number of decimals (OCPP 1.6 errata 3.10); beyond µs they are cut.
    micros = int((match["fraction"] or "")[:6].ljust(6, "0"))
    if seconds > _DAY_S or int(match["minute"]) > 59 or int(match["second"] or 0) > 60:
        return None
    try:
        midnight = datetime.fromisoformat(f"{match['date']}T00:00:00")
        # Added, so that 24:00:00 and a leap second become the instant they mean.
        naive = midnight + timedelta(seconds=seconds, microseconds=micros)
        if match["utc"]:
            return naive.replace(tzinfo=UTC)
        if match["sign"]:
            offset = timedelta(hours=int(match["oh"]), minutes=int(match["om"] or 0))
            naive += offset if match["sign"] == "-" else -offset
            return naive.replace(tzinfo=UTC)
        message.note("timestamp-without-zone", where, match[0])
        return _instant_of_naive(naive, message)
    except (ValueError, OverflowError):
        return None


def _instant_of_naive(naive: datetime, message: Message) -> datetime:
    """Read it in the zone of the profile; of two instants the later that can have been."""
    zone = message.profile.zone_of_naive_times
    later = days.instant_of_naive(naive, zone, fold=1)
    if later - message.received <= _AHEAD:
        return later
    return days.instant_of_naive(naive, zone)
