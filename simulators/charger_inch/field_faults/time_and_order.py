"""Rows F53 to F63: times that are wrong, and what comes late or out of order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from simulators.charger_inch.field_faults.payloads import (
    MWH_PER_WH,
    instant_in,
    meter_values,
    register_sample,
    stamp_in,
    start_wh,
    with_stamps,
)
from simulators.charger_inch.measurements import stamp
from simulators.charger_inch.quirks import Quirk, Request, Scene, number

Json = dict[str, Any]

_HALF_DAY_MINUTES = 840
"""No zone of the earth is further from UTC than 14 hours."""


def _minutes(default: int) -> Any:
    return number(default, least=-_HALF_DAY_MINUTES, most=_HALF_DAY_MINUTES)


@dataclass(frozen=True, slots=True)
class LocalTimeWithoutZone(Quirk):
    """
    Times are local and do not say so: neither ``Z`` nor an offset.

    Attributes:
        offset_minutes: how far local time is ahead of UTC, in min.
    """

    name: ClassVar[str] = "local-time-without-zone"
    row: ClassVar[str] = "F53"

    offset_minutes: int = _minutes(120)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write every time as the wall clock shows it, in whole seconds."""
        offset = timedelta(minutes=self.offset_minutes)
        return (with_stamps(request, lambda instant: _wall(instant, offset)),)


@dataclass(frozen=True, slots=True)
class LocalTimeAsUtc(Quirk):
    """
    Times are local and claim to be UTC.

    Attributes:
        offset_minutes: how far local time is ahead of UTC, in min.
    """

    name: ClassVar[str] = "local-time-as-utc"
    row: ClassVar[str] = "F54"

    offset_minutes: int = _minutes(120)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write every time as the wall clock shows it, with ``Z`` behind it."""
        offset = timedelta(minutes=self.offset_minutes)
        return (with_stamps(request, lambda instant: stamp_in(instant, offset, "Z")),)


@dataclass(frozen=True, slots=True)
class OffsetTimes(Quirk):
    """
    Times are right, and have an offset instead of ``Z``.

    Attributes:
        offset_minutes: the offset, in min; it need not be the region's.
    """

    name: ClassVar[str] = "offset-times"
    row: ClassVar[str] = "F55"

    offset_minutes: int = _minutes(600)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write every time in that zone."""
        hours, minutes = divmod(abs(self.offset_minutes), 60)
        sign = "-" if self.offset_minutes < 0 else "+"
        end, offset = f"{sign}{hours:02d}:{minutes:02d}", timedelta(minutes=self.offset_minutes)
        return (with_stamps(request, lambda instant: stamp_in(instant, offset, end)),)


@dataclass(frozen=True, slots=True)
class ClockNotSet(Quirk):
    """
    Until the backend has told it the time, the charger's clock runs from the beginning of a year.

    Attributes:
        year: the year.
    """

    name: ClassVar[str] = "clock-not-set"
    row: ClassVar[str] = "F56"

    year: int = number(1970, least=1970, most=2100)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Count the times between power and the accepted boot from there."""
        epoch, powered = datetime(self.year, 1, 1, tzinfo=UTC), scene.powered_at
        known = scene.clock_set_at

        def changed(instant: datetime) -> str:
            unknown = powered <= instant and (known is None or instant < known)
            return stamp(epoch + (instant - powered) if unknown else instant)

        return (with_stamps(request, changed),)


@dataclass(frozen=True, slots=True)
class SlowReplay(Quirk):
    """
    What waited for the line is sent one message after the other with pauses, under random ids.

    Attributes:
        pause_ms: between two messages, in ms.
    """

    name: ClassVar[str] = "slow-replay"
    row: ClassVar[str] = "F58"

    pause_ms: int = number(1_000, least=1, most=3_600_000)


@dataclass(frozen=True, slots=True)
class OldValuesReplayed(Quirk):
    """
    With the status of connector 0 go very old values, of a transaction that nobody knows.

    Attributes:
        age_days: how old they are.
        sent_id: their transactionId.
        register_wh: what the register showed then, in Wh.
    """

    name: ClassVar[str] = "old-values-replayed"
    row: ClassVar[str] = "F59"

    age_days: int = number(365, least=1, most=10_000)
    sent_id: int = number(23, least=-(2**63), most=2**63 - 1)
    register_wh: int = number(0, least=0, most=10**12)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Send them behind the status of connector 0."""
        if request.action != "StatusNotification" or request.payload.get("connectorId") != 0:
            return (request,)
        entry = _entry(
            scene.now - timedelta(days=self.age_days), self.register_wh, "Sample.Periodic"
        )
        return (request, meter_values(entry, transaction=self.sent_id))


@dataclass(frozen=True, slots=True)
class EntriesOfOneTime(Quirk):
    """
    One message has each value twice, in two entries of the same time or nearly so.

    Attributes:
        apart_ms: how much later the second entry is, in ms.
    """

    name: ClassVar[str] = "entries-of-one-time"
    row: ClassVar[str] = "F60"

    apart_ms: int = number(0, least=0, most=60_000)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Double the entries of MeterValues."""
        entries = request.payload.get("meterValue")
        if not isinstance(entries, list):
            return (request,)
        apart = timedelta(milliseconds=self.apart_ms)
        doubled = [twin for entry in entries for twin in (entry, _moved(entry, apart))]
        return (request.having(meterValue=doubled),)


@dataclass(frozen=True, slots=True)
class ValuesOutsideTransaction(Quirk):
    """
    Values of a transaction bear times before its start and after its stop, and run backwards.

    Attributes:
        outside_s: how far before and after, in s.
        back_wh: how much too high the one before is and too low the one after, in Wh.
    """

    name: ClassVar[str] = "values-outside-transaction"
    row: ClassVar[str] = "F61"

    outside_s: int = number(60, least=1, most=86_400)
    back_wh: int = number(100, least=1, most=10**9)

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Send the two values behind StopTransaction."""
        end = instant_in(request.payload.get("timestamp"))
        if request.action != "StopTransaction" or request.transaction is None or end is None:
            return (request,)
        outside = timedelta(seconds=self.outside_s)
        before_wh = start_wh(request.transaction) + self.back_wh
        after_wh = request.payload["meterStop"] - self.back_wh
        entries = (
            _entry(request.transaction.started - outside, before_wh, "Sample.Periodic"),
            _entry(end + outside, after_wh, "Sample.Periodic"),
        )
        return (request, meter_values(*entries, transaction=request.payload.get("transactionId")))


@dataclass(frozen=True, slots=True)
class StatusOfThePast(Quirk):
    """After a reconnection the status is told again, with the time at which it began long ago."""

    name: ClassVar[str] = "status-of-the-past"
    row: ClassVar[str] = "F62"


@dataclass(frozen=True, slots=True)
class LocalTimeOverClockChange(Quirk):
    """Times are Central European local time without a zone: once a year an hour comes twice."""

    name: ClassVar[str] = "local-time-over-clock-change"
    row: ClassVar[str] = "F63"

    def requests(self, request: Request, scene: Scene) -> Sequence[Request]:
        """Write every time as a clock in Zurich shows it."""
        return (with_stamps(request, lambda instant: _wall(instant, _zurich_ahead(instant))),)


def _zurich_ahead(instant: datetime) -> timedelta:
    """Tell how far Zurich is ahead of UTC, by directive 2000/84/EC, articles 2 and 3."""
    begin, end = (_last_sunday(instant.year, month) for month in (3, 10))
    return timedelta(hours=2 if begin <= instant < end else 1)


def _last_sunday(year: int, month: int) -> datetime:
    """Give 01:00 UTC of the last Sunday of March or October."""
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def _wall(instant: datetime, offset: timedelta) -> str:
    return stamp_in(instant, offset, "").partition(".")[0]


def _entry(instant: datetime, wh: int, context: str) -> Json:
    sample = register_sample(wh * MWH_PER_WH, context)
    return {"timestamp": stamp(instant), "sampledValue": [sample]}


def _moved(entry: Json, apart: timedelta) -> Json:
    instant = instant_in(entry.get("timestamp"))
    return entry if instant is None else entry | {"timestamp": stamp(instant + apart)}
