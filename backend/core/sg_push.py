"""
The push of a smart gateway in XML ("standard TCP", document 004 §4.1.2.2, §4.3).

The form of the messages is not public; this one is described in the device sheet of the simulator.
A message is one line: a meter's values and counters at an instant of the gateway's clock, with a
number that counts up. Unknown elements and attributes are passed over.

Rule 1: what holds is the message's own instant: one may come long after it, when the line was down.
Rule 2: an instant that lies ahead by more than `AHEAD` is none: the gateway's clock is wrong. What
it told holds for the moment at which it came, which is the latest that it can be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from xml.etree.ElementTree import Element, ParseError, XMLParser

from backend.core.sg_counters import COUNTERS_LIMIT, TARIFFS, VALUE_LIMIT_WH, Counter
from backend.errors import GatewayAnswerError

MESSAGE_LIMIT_BYTES = 65_536
AHEAD = timedelta(seconds=5)
_UNITS = ("Wh", "varh", "VAh")
_NUMBER = re.compile(r"[0-9]{1,18}(\.[0-9]{1,9})?")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")


@dataclass(frozen=True, slots=True)
class Push:
    """
    A message.

    Attributes:
        number: which the acknowledgement names.
        gateway: the serial number of who sends.
        serial: of the meter.
        instant: of all counters, by the gateway's clock.
        counters: of the meter.
    """

    number: int
    gateway: str
    serial: str
    instant: datetime
    counters: tuple[Counter, ...]

    def held_at(self, received: datetime) -> datetime:
        """Tell for which instant it holds (rules 1 and 2)."""
        return received if self.instant > received + AHEAD else self.instant

    @property
    def acknowledgement(self) -> bytes:
        """What is answered once it is kept."""
        return f'<ack number="{self.number}"/>\n'.encode()


def read_push(line: bytes, where: str) -> Push:
    """
    Read a message.

    Raises:
        GatewayAnswerError: If it is none.
    """
    if len(line) > MESSAGE_LIMIT_BYTES:
        raise _wrong(where, f"a message has more than {MESSAGE_LIMIT_BYTES} bytes")
    push = _parsed(line, where)
    device = push.find("device")
    if push.tag != "push" or device is None:
        raise _wrong(where, "a message is no push of a device")
    number, instant = push.get("number", ""), push.get("time", "")
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        raise _wrong(where, f"a push has the number {number!r}")
    if _INSTANT.fullmatch(instant) is None:
        raise _wrong(where, f"push {number} has the time {instant!r}")
    try:
        measured_at = datetime.fromisoformat(instant).astimezone(UTC)
    except ValueError:
        raise _wrong(where, f"push {number} has the time {instant!r}") from None
    told = push.findall("./counters/counter")
    if len(told) > COUNTERS_LIMIT:
        raise _wrong(where, f"push {number} has more than {COUNTERS_LIMIT} counters")
    counters = tuple(
        _counter(one, f"push {number}, counter {place}", where)
        for place, one in enumerate(told)
        if one.get("phase", "Total") == "Total"
    )
    return Push(
        int(number), push.get("gateway", ""), device.get("serial", ""), measured_at, counters
    )


def _parsed(line: bytes, where: str) -> Element:
    # A document type may name entities that grow without end; none is ever needed here.
    # Nor is another encoding, in which it would not be seen.
    if b"<!" in line or b"<?" in line or b"\0" in line:
        raise _wrong(where, "a message has a declaration, which no push has")
    parser = XMLParser()
    try:
        parser.feed(line)
        return parser.close()
    except ParseError as error:
        raise _wrong(where, f"a message is no XML ({error})") from None


def _counter(told: Element, place: str, where: str) -> Counter:
    attributes: Mapping[str, str] = told.attrib
    unit, direction = attributes.get("unit"), attributes.get("direction")
    text = (told.text or "").strip()
    if unit not in _UNITS or direction not in ("import", "export"):
        raise _wrong(where, f"{place} has the unit {unit!r} and the direction {direction!r}")
    if _NUMBER.fullmatch(text) is None or Decimal(text) >= VALUE_LIMIT_WH:
        raise _wrong(where, f"{place} has the value {text[:40]!r}")
    tariffs = attributes.get("tariffs", "").split()
    has_tariff = bool(tariffs) and len(tariffs) < TARIFFS
    is_resettable = attributes.get("kind") == "resettable"
    return Counter(unit, direction, Decimal(text), text, is_resettable, has_tariff)


def _wrong(where: str, what: str) -> GatewayAnswerError:
    return GatewayAnswerError(what, where, "look at what sends there; it was not acknowledged")
