"""
The push in XML to a server such as MiSmart ("standard TCP"; document 004 §4.1.2.2, §4.3).

The manual says that it is XML, that each device has an interval and that an acknowledgement is
awaited for the push response time. Everything else is ASSUMED and ours: the schema is written
down in the device sheet, README.md beside this file.

Rule 1: a message is one line of UTF-8; no line break is inside.
Rule 2: messages of a link are numbered from 1 on, without a gap; one that is not acknowledged is
sent again, the same bytes under the same number, before any later one.
Rule 3: at most `WAITING_LIMIT` wait; then the oldest is dropped for the newest, and counted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree as ET

from simulators.iskra_sg.bodies import Body, counters_body, measurements_body
from simulators.iskra_sg.meters import Meter

WAITING_LIMIT = 2_000
"""More than a day of quarter hours of 17 devices (1,632); ASSUMED."""
LINE_LIMIT_BYTES = 65_536
ANSWER_LIMIT_BYTES = 1_024


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What is pushed of a meter at an instant.

    Attributes:
        gateway: the gateway's serial number.
        interface: where the meter hangs, as "RS485 1".
        time: what the gateway's clock shows, in UTC.
        interval_s: how often it is pushed.
        meter: counted up to this instant.
    """

    gateway: str
    interface: str
    time: datetime
    interval_s: int
    meter: Meter


def message(number: int, reading: Reading) -> str:
    """Write a push, without the line break that ends it."""
    meter = reading.meter
    push = ET.Element(
        "push",
        number=str(number),
        gateway=reading.gateway,
        time=f"{reading.time.replace(tzinfo=None).isoformat(timespec='seconds')}Z",
        interval=str(reading.interval_s),
    )
    ET.SubElement(
        push,
        "device",
        interface=reading.interface,
        model=meter.model.name,
        serial=meter.serial,
        address=str(meter.address),
    )
    values = ET.SubElement(push, "values")
    for quantity, phase, unit, value in _values(measurements_body(meter)["measurements"]):
        one = ET.SubElement(values, "value", quantity=quantity, phase=phase, unit=unit)
        one.text = value
    counters = ET.SubElement(push, "counters")
    for kind, body in counters_body(meter)["counters"].items():
        for counter in body:
            if counter["enabled"]:
                _add_counter(counters, kind, counter)
    return ET.tostring(push, encoding="unicode")


def _values(measured: Body) -> Iterator[tuple[str, str, str, str]]:
    """Take the texts of the JSON apart: quantity, phase, unit and value."""
    rows = [(f"L{n}", phase) for n, phase in enumerate(measured["Phases"], 1)]
    for phase, texts in (*rows, ("Total", measured["Total"])):
        for quantity, text in texts.items():
            value, _, unit = text.partition(" ")
            yield quantity, phase, unit or _BARE[quantity], value
    yield "Frequency", "Total", "Hz", measured["Frequency"]
    yield "Temperature", "Total", "°C", measured["Temperature"]


_BARE = {"PA": "°", "THDUp": "%", "THDI": "%"}


def _add_counter(counters: ET.Element, kind: str, counter: Body) -> None:
    one = ET.SubElement(
        counters,
        "counter",
        kind=kind,
        name=counter["name"],
        phase=counter["phase"],
        direction=counter["direction"],
        unit=counter["unit"],
        tariffs=" ".join(map(str, counter["tariffs"])),
    )
    one.text = str(counter["value"])


def acknowledged(line: str) -> int | None:
    """Read the number of an acknowledgement; None where the line is none."""
    try:
        root = ET.fromstring(line)
    except ET.ParseError:
        return None
    number = root.get("number", "")
    fits = root.tag == "ack" and number.isascii() and number.isdigit() and len(number) <= 12
    return int(number) if fits else None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that is not acknowledged yet."""

    number: int
    line: str


class Outbox:
    """
    What a link has to push, oldest first.

    Attributes:
        dropped: how many messages were given up for newer ones.
    """

    def __init__(self, limit: int = WAITING_LIMIT) -> None:
        self._limit = limit
        self._last = 0
        self._waiting: deque[Waiting] = deque()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, reading: Reading) -> None:
        """Write a reading down as the next message."""
        self._last += 1
        self._waiting.append(Waiting(self._last, message(self._last, reading)))
        if len(self._waiting) > self._limit:
            self._waiting.popleft()
            self.dropped += 1

    @property
    def first(self) -> Waiting | None:
        """Give what goes next; None for nothing."""
        return self._waiting[0] if self._waiting else None

    def acknowledge(self, number: int) -> bool:
        """Take an acknowledgement; False where it is not of the message that goes next."""
        if not self._waiting or self._waiting[0].number != number:
            return False
        self._waiting.popleft()
        return True
