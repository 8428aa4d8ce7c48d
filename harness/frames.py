"""
Reading recorded frames for verdicts.

This is not the backend's reader: it knows just enough of OCPP 1.6 to judge what healthy
devices sent, and says so where a frame is not of that kind.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from harness.errors import NothingArrived
from simulators.wiretap import Crossing

REGISTER = "Energy.Active.Import.Register"
WH_PER_KWH = Decimal(1000)


@dataclass(frozen=True, slots=True)
class Call:
    """A CALL that crossed the wire, with its answer where one came."""

    crossing: Crossing
    unique_id: str
    action: str
    payload: Any
    answer: Crossing | None

    @property
    def confirmed(self) -> bool:
        """Whether it was answered by a CALLRESULT."""
        return self.answer is not None and json.loads(self.answer.text)[0] == 3

    @property
    def answered(self) -> Any:
        """The payload of its CALLRESULT; empty where none came."""
        if self.answer is None or not self.confirmed:
            return {}
        return json.loads(self.answer.text)[2]


def _frame(crossing: Crossing) -> list[Any] | None:
    if not crossing.wire.startswith("ocpp"):
        return None
    try:
        frame = json.loads(crossing.text)
    except ValueError:
        return None
    return frame if isinstance(frame, list) and len(frame) >= 3 else None


def calls(crossings: Iterable[Crossing], sender: str, receiver: str) -> list[Call]:
    """Give the CALLs from one party to another, in order, each with its answer."""
    found: list[Call] = []
    waiting: dict[str, int] = {}
    for crossing in crossings:
        frame = _frame(crossing)
        if frame is None:
            continue
        if (crossing.sender, crossing.receiver) == (sender, receiver) and frame[0] == 2:
            if len(frame) == 4 and isinstance(frame[2], str):
                waiting[str(frame[1])] = len(found)
                found.append(Call(crossing, str(frame[1]), frame[2], frame[3], None))
        elif (crossing.sender, crossing.receiver) == (receiver, sender) and frame[0] in (3, 4):
            index = waiting.pop(str(frame[1]), None)
            if index is not None:
                call = found[index]
                found[index] = Call(
                    call.crossing, call.unique_id, call.action, call.payload, crossing
                )
    return found


def calls_of(crossings: Iterable[Crossing], identity: str) -> list[Call]:
    """Give the CALLs of a charger to its central system."""
    return calls(crossings, identity, "backend")


@dataclass(frozen=True, slots=True)
class Sample:
    """One sampled value of a MeterValues frame."""

    at: datetime
    measurand: str
    phase: str
    unit: str
    context: str
    value: str
    transaction: int | None
    crossing: Crossing


def samples(crossings: Iterable[Crossing], identity: str) -> Iterator[Sample]:
    """Give every sampled value that a charger sent in MeterValues, in the order of sending."""
    for call in calls_of(crossings, identity):
        if call.action == "MeterValues":
            yield from _sampled(call, call.payload["meterValue"])


def _sampled(call: Call, entries: list[Any]) -> Iterator[Sample]:
    for entry in entries:
        for sampled in entry["sampledValue"]:
            yield Sample(
                at=instant_of(entry["timestamp"]),
                measurand=sampled.get("measurand", REGISTER),
                phase=sampled.get("phase", ""),
                unit=sampled.get("unit", ""),
                context=sampled.get("context", "Sample.Periodic"),
                value=sampled["value"],
                transaction=call.payload.get("transactionId"),
                crossing=call.crossing,
            )


def instant_of(text: str) -> datetime:
    """Read a timestamp with its zone."""
    return datetime.fromisoformat(text).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Count:
    """What a charger's meter showed at an instant, in Wh, as it said on the wire."""

    at: datetime
    wh: Decimal
    crossing: Crossing


def counts(crossings: list[Crossing], identity: str) -> list[Count]:
    """
    Give what a healthy charger's meter showed, in the order of time.

    Sampled registers only: meterStart and meterStop are rounded to whole watt hours. The
    registers at a session's start and end stand in StopTransaction's transactionData.
    """
    told = list(samples(crossings, identity))
    for call in calls_of(crossings, identity):
        if call.action == "StopTransaction":
            told += _sampled(call, call.payload.get("transactionData", []))
    found = {
        sample.at: Count(sample.at, _wh(sample.value, sample.unit), sample.crossing)
        for sample in told
        if sample.measurand == REGISTER and not sample.phase
    }
    return [found[at] for at in sorted(found)]


def _wh(value: str, unit: str) -> Decimal:
    return Decimal(value) * (WH_PER_KWH if unit == "kWh" else 1)


def count_at(counted: list[Count], boundary: datetime) -> Count | None:
    """Give the newest count up to a boundary; None before the first."""
    newest = None
    for count in counted:
        if count.at > boundary:
            break
        newest = count
    return newest


def rounded_kwh(wh: Decimal, decimals: int = 3) -> Decimal:
    """Round a register to the delivered digits, half up."""
    return (wh / WH_PER_KWH).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def counted_kwh(counted: list[Count], start: datetime, end: datetime, decimals: int = 3) -> Decimal:
    """
    Give what a meter counted between two instants, at the delivered digits.

    Raises:
        NothingArrived: If the charger said nothing of its meter.
    """
    if not counted:
        raise NothingArrived("the charger said nothing of its meter, so there is no truth to hold")
    first, last = count_at(counted, start), count_at(counted, end)
    opening = first.wh if first is not None else counted[0].wh
    closing = last.wh if last is not None else counted[0].wh
    return rounded_kwh(closing, decimals) - rounded_kwh(opening, decimals)
