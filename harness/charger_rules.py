"""
What OCPP 1.6 asks of a charger whatever a case is about: when it may speak, times, registers.

Rule 1: before its BootNotification is accepted a charger asks nothing; while it is Pending, nothing
but what it was told to send (§4.2). A hard reset, and the line that comes up after it, begin anew.
Rule 2: what it tells has happened, and has happened since about the time that the case began.
Rule 3: a transaction bears the number that its start was answered with, or -1 where that answer
was lost (errata 3.18). Its register does not fall from its start to its end (errata 3.77), nor does
its time. Values need not name it, and two values may differ by what their last digits are worth.
Rule 4: a value bears a unit of its measurand, or none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from harness.frames import instant_of
from harness.ocpp_rules import Breach
from harness.said import Message, messages
from simulators.wiretap import LINE_WIRE, Crossing

REGISTER = "Energy.Active.Import.Register"

UNANSWERED = -1
"""The number of a transaction whose start was never answered (errata 3.18)."""
AHEAD = timedelta(seconds=1)
"""How far a charger's clock may be ahead, as it may have rounded the time that it was told."""
BEFORE = timedelta(days=1)
"""How long before a case what is told in it can be: an aligned value may bear its day's begin."""

_UNITS = {
    "Energy.Active": ("Wh", "kWh"),
    "Energy.Reactive": ("varh", "kvarh"),
    "Power.Active": ("W", "kW"),
    "Power.Reactive": ("var", "kvar"),
    "Power.Offered": ("W", "kW", "VA", "kVA"),
    "Current": ("A",),
    "Voltage": ("V",),
    "Temperature": ("Celsius", "Celcius", "Fahrenheit", "K"),
    "SoC": ("Percent",),
}
"""The units of measurands, by how these begin; of the others OCPP 1.6 knows none for certain."""


@dataclass(frozen=True, slots=True)
class Reading:
    """
    A register at an instant.

    Attributes:
        at: when it was read.
        wh: what it showed.
        digit_wh: how much its last digit is worth.
    """

    at: datetime
    wh: Decimal
    digit_wh: Decimal = Decimal(1)

    def contradicts(self, other: Reading) -> bool:
        """Tell whether the register falls between the two, by more than their digits explain."""
        first, last = sorted((self, other), key=lambda one: one.at)
        fell_wh = first.wh - last.wh
        return first.at < last.at and fell_wh > first.digit_wh + last.digit_wh


def registers(entry: Mapping[str, Any]) -> Iterator[Reading]:
    """Give the readings of the outlet's register, of all phases together, in a MeterValue."""
    for sampled in entry["sampledValue"]:
        if (
            sampled.get("measurand", REGISTER) == REGISTER
            and sampled.get("location", "Outlet") == "Outlet"
            and sampled.get("format", "Raw") == "Raw"
            and "phase" not in sampled
        ):
            scale = 1000 if sampled.get("unit", "Wh") == "kWh" else 1
            value = Decimal(sampled["value"])
            digit = Decimal((0, (1,), int(value.as_tuple().exponent)))
            yield Reading(instant_of(entry["timestamp"]), value * scale, digit * scale)


def breaches(
    crossings: Sequence[Crossing],
    charger: str,
    central: str,
    begin: datetime,
    *,
    is_registered: bool = False,
    ahead: timedelta = AHEAD,
    earlier: Collection[int] = (),
) -> list[Breach]:
    """
    Give every message of a charger that breaks a rule; the frames must be sound already.

    Parameters:
        crossings: all that crossed the wires.
        charger: its name there.
        central: the name of the central system.
        begin: when the case began.
        is_registered: whether its boot had been accepted before.
        ahead: how far its clock may be ahead.
        earlier: the numbers of transactions that it was given before.
    """
    said = [(one.place, one) for one in messages(crossings, charger)]
    heard = [(one.place, one) for one in messages(crossings, central)]
    ups = [
        (place, None)
        for place, one in enumerate(crossings)
        if one.wire == LINE_WIRE and one.text == "up"
    ]
    book = _Book(begin, "Accepted" if is_registered else "", ahead, earlier)
    found = []
    for _, message in sorted([*said, *heard, *ups], key=lambda one: one[0]):
        if message is None:
            book.line_comes_up()
        elif message.is_error:
            continue
        elif message.crossing.sender == charger:
            found += [Breach(message.crossing, why) for why in book.says(message)]
        else:
            book.hears(message)
    return found


class _Book:
    """What is known of a charger as its messages go by."""

    def __init__(
        self, begin: datetime, registration: str, ahead: timedelta, earlier: Collection[int]
    ) -> None:
        self._begin = begin
        self._earlier = earlier
        self._ahead = ahead
        self._registration = registration
        self._triggered: set[str] = set()
        self._resets = self._restarts = False
        self._start: Mapping[str, Any] = {}
        self._readings: dict[int, list[Reading]] = {}
        self._running: dict[int, int] = {}

    def line_comes_up(self) -> None:
        """Take it that the charger has restarted, where it was told to."""
        if self._restarts:
            self._registration, self._restarts = "", False

    def hears(self, message: Message) -> None:
        """Take what the central system says."""
        payload = message.payload
        if message.name == "BootNotification.conf":
            self._registration = str(payload["status"])
            self._triggered.clear()
        elif message.name == "TriggerMessage.req":
            self._triggered.add(f"{payload['requestedMessage']}.req")
        elif message.name == "Reset.req":
            self._resets = payload["type"] == "Hard"
        elif message.name == "StartTransaction.conf" and self._start:
            at, wh = instant_of(self._start["timestamp"]), Decimal(self._start["meterStart"])
            self._readings[payload["transactionId"]] = [Reading(at, wh)]
            self._running[self._start["connectorId"]] = payload["transactionId"]

    def says(self, message: Message) -> Iterator[str]:
        """Say what is wrong with a message of the charger, and keep what it tells."""
        payload = message.payload
        if message.name == "Reset.conf":
            self._restarts = self._resets and payload["status"] == "Accepted"
        if not message.name.endswith(".req"):
            return
        yield from self._look_at_turn(message.name)
        entries = [*payload.get("meterValue", ()), *payload.get("transactionData", ())]
        for told in (payload, *entries):
            yield from self._look_at_time(told, message.crossing.at)
        for entry in entries:
            yield from _look_at_units(entry)
        if message.name == "StartTransaction.req":
            self._start = payload
        elif message.name == "StopTransaction.req":
            yield from self._look_at_stop(payload, entries)
        elif message.name == "MeterValues.req":
            running = self._running.get(payload["connectorId"], UNANSWERED)
            yield from self._look_at_readings(payload.get("transactionId", running), entries)

    def _look_at_turn(self, name: str) -> Iterator[str]:
        if name == "BootNotification.req" or self._registration == "Accepted":
            return
        if self._registration == "Pending" and name in self._triggered:
            return
        state = f"{self._registration}, and" if self._registration else "not registered, and"
        yield f"the charger is {state} asks"

    def _look_at_time(self, told: Mapping[str, Any], now: datetime) -> Iterator[str]:
        if "timestamp" in told:
            at = instant_of(told["timestamp"])
            if at > now + self._ahead:
                yield f"{told['timestamp']} has not come yet"
            if at < self._begin - BEFORE:
                yield f"{told['timestamp']} is long gone"

    def _look_at_stop(
        self, payload: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]
    ) -> Iterator[str]:
        number, at = payload["transactionId"], instant_of(payload["timestamp"])
        yield from self._look_at_readings(number, entries)
        self._running = {where: one for where, one in self._running.items() if one != number}
        known = self._readings.get(number)
        if known is None:
            return
        stop_wh = Decimal(payload["meterStop"])
        if at < known[0].at:
            yield f"transaction {number} ends before it begins"
        elif stop_wh < known[0].wh:
            yield f"meterStop is less than the meterStart of transaction {number}, {known[0].wh}"
        else:
            yield from self._add(number, Reading(at, stop_wh))

    def _look_at_readings(self, number: int, entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        if number == UNANSWERED or number in self._earlier:
            return
        if number not in self._readings:
            yield f"transaction {number} is none that the central system has numbered"
            return
        for entry in entries:
            for reading in registers(entry):
                if reading.at >= self._readings[number][0].at:
                    yield from self._add(number, reading)

    def _add(self, number: int, reading: Reading) -> Iterator[str]:
        known = self._readings[number]
        for other in known:
            if reading.contradicts(other):
                yield (
                    f"the register is {reading.wh:f} Wh at {reading.at:%H:%M:%S}"
                    f" and {other.wh:f} Wh at {other.at:%H:%M:%S}"
                )
                break
        known.append(reading)


def _look_at_units(entry: Mapping[str, Any]) -> Iterator[str]:
    for sampled in entry["sampledValue"]:
        measurand, unit = sampled.get("measurand", REGISTER), sampled.get("unit")
        kind = next((one for one in _UNITS if measurand.startswith(one)), None)
        if kind is not None and unit is not None and unit not in _UNITS[kind]:
            yield f"{measurand} is told in {unit}"
