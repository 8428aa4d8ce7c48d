"""
Commands over MQTT (document 004 §4.7): JSON in, answers out.

Rule 1: a command is ``{"data": {"cmd": …}}``. What it may hold besides is passed over; what it must
hold has its type. A comma before a closing bracket is taken, as the manual prints one (§4.7.8).
Rule 2: an answer is published below the publish topic of the link: ``status``, ``error`` with a
plain text, else the subtopic of its subject (ASSUMED: `topic_of`, and ``modbus``).
Rule 3: ``index`` counts devices as REST does and goes before ``addr`` (ASSUMED); ``addr`` 0 is the
device on the IR port: the left one measures, the right one switches.
Rule 4: registers are numbered as in the manual: 40156 is holding register 156, 30107 is input
register 107. The bytes of modbus_write_multi are an even number: the manual says "odd", and its
example has two.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass
from typing import Any

from simulators.errors import NotAccepted, NotPossible
from simulators.iskra_sg import rest
from simulators.iskra_sg.bicoms import Bicom
from simulators.iskra_sg.bodies import Body, bicom_body, counters_body, measurements_body
from simulators.iskra_sg.device import Device, Gateway, Identity, Place
from simulators.iskra_sg.meters import Meter
from simulators.iskra_sg.registers import READ_LIMIT, WRITE_LIMIT

COMMAND_LIMIT_BYTES = 16_384
INPUTS, HOLDINGS = 30_000, 40_000
REGISTERS_END = 50_000
EXCEPTIONS = {1: "illegal function", 2: "illegal data address", 3: "illegal data value"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is published, below the publish topic."""

    subtopic: str
    text: str


def error(why: object) -> Answer:
    """Say what went wrong, in plain text (§4.7.2)."""
    return Answer("error", f"Error: {why}")


def _body(subtopic: str, body: Body) -> Answer:
    return Answer(subtopic, json.dumps(body, ensure_ascii=False, separators=(",", ":")))


def topic_of(subject: str, place: Place) -> str:
    """Give the subtopic of a subject at a place: ``measurements/rs485/3``, ``bicom/ir``."""
    return f"{subject}/ir" if place.index < 2 else f"{subject}/rs485/{place.index - 1}"


# ---------------------------------------------------------------- what is asked


@dataclass(frozen=True, slots=True)
class Plain:
    """``hello``, ``reboot``, ``get_settings`` or ``detect_485_devices``."""

    name: str


@dataclass(frozen=True, slots=True)
class Look:
    """``measurements`` or ``counters`` of a device."""

    name: str
    address: int
    index: int | None


@dataclass(frozen=True, slots=True)
class Switch:
    """``bicom``: ``on``, ``off`` or ``state``."""

    address: int
    value: str


@dataclass(frozen=True, slots=True)
class Registers:
    """
    ``modbus_read``, ``modbus_write_single`` or ``modbus_write_multi``.

    Attributes:
        target: a Modbus address, or a serial number.
        values: the bytes that are written.
    """

    name: str
    target: int | str
    register: int
    count: int
    values: bytes = b""


Command = Plain | Look | Switch | Registers


def read(payload: bytes) -> Command:
    """
    Understand a command.

    Raises:
        NotAccepted: If it is none; it says what would be.
    """
    if len(payload) > COMMAND_LIMIT_BYTES:
        raise NotAccepted("command", len(payload), f"give at most {COMMAND_LIMIT_BYTES} bytes")
    message = _json(payload)
    data = message.get("data") if isinstance(message, dict) else None
    if not isinstance(data, dict):
        raise NotAccepted("command", message, 'give {"data": {"cmd": …}}')
    name = data.get("cmd")
    if name in PLAIN:
        return Plain(name)
    if name in ("measurements", "counters"):
        index = None if data.get("index") is None else _whole(data, "index", 0, 16)
        address = 0 if index is not None else _whole(data, "addr", 0, 247)
        return Look(name, address, index)
    if name == "bicom":
        value = data.get("val")
        if value not in ("on", "off", "state"):
            raise NotAccepted("val", value, "give on, off or state")
        return Switch(_whole(data, "addr", 0, 247), value)
    if name in MODBUS:
        return _registers(name, data)
    raise NotAccepted("cmd", name, f"give one of {', '.join(NAMES)}")


PLAIN = ("hello", "reboot", "get_settings", "detect_485_devices")
MODBUS = ("modbus_read", "modbus_write_single", "modbus_write_multi")
NAMES = (*PLAIN, "measurements", "counters", "bicom", *MODBUS)


def _json(payload: bytes) -> Any:
    try:
        text = payload.decode("utf-8")
        try:
            return json.loads(text)
        except ValueError:
            return json.loads(re.sub(r",(\s*[}\]])", r"\1", text))
    except (ValueError, RecursionError) as why:
        raise NotAccepted("command", payload[:40], f"is no JSON: {why}") from None


def _whole(data: dict[str, Any], name: str, least: int, most: int) -> int:
    value = data.get(name)
    if type(value) is not int or not least <= value <= most:
        raise NotAccepted(name, value, f"give a whole number, {least} to {most}")
    return value


def _registers(name: str, data: dict[str, Any]) -> Registers:
    serial = data.get("serial_number")
    if "modbus_address" in data or serial is None:
        target: int | str = _whole(data, "modbus_address", 0, 247)
    elif isinstance(serial, str) and 1 <= len(serial) <= 8:
        target = serial
    else:
        raise NotAccepted("serial_number", serial, "give a text of 1 to 8 signs")
    register = _whole(data, "reg", INPUTS, REGISTERS_END - 1)
    if name == "modbus_read":
        return Registers(name, target, register, _whole(data, "no_regs", 1, READ_LIMIT))
    if register < HOLDINGS:
        remedy = f"input registers are read only; give {HOLDINGS} to {REGISTERS_END - 1}"
        raise NotAccepted("reg", register, remedy)
    if name == "modbus_write_single":
        value = _whole(data, "value", 0, 0xFFFF)
        return Registers(name, target, register, 1, struct.pack(">H", value))
    values = _bytes(data.get("values"))
    return Registers(name, target, register, len(values) // 2, values)


def _bytes(given: object) -> bytes:
    if isinstance(given, list) and all(type(one) is int and 0 <= one <= 0xFF for one in given):
        values = bytes(given)
        if 2 <= len(values) <= 2 * WRITE_LIMIT and len(values) % 2 == 0:
            return values
    remedy = f"give bytes, an even number of them, 2 to {2 * WRITE_LIMIT}"
    raise NotAccepted("values", given, remedy)


# ---------------------------------------------------------------- what is answered


def hello(identity: Identity) -> Answer:
    """Say hello (§4.7.1)."""
    body = {
        "hello": "hello world",
        "serial number": identity.serial,
        "model_type": identity.model,
        "sw_ver": identity.software,
        # A number in the manual's example, a letter on its status page (ASSUMED: A is 1).
        "hw_ver": ord(identity.hardware) - ord("A") + 1,
    }
    return _body("status", body)


def plain_answer(gateway: Gateway, name: str) -> Answer | None:
    """Answer a command that has no argument; nothing is said to a reboot."""
    if name == "hello":
        return hello(gateway.identity)
    if name == "get_settings":
        return _body("status", rest.settings_shown(gateway.settings))
    if name == "detect_485_devices":
        return _body("status", {"devices": [_heard(one) for one in gateway.heard_on_bus()]})
    return None


def _heard(device: Device) -> Body:
    line = device.line
    return {
        "model": device.model.name,
        "serial": device.serial,
        "address": device.address,
        "baud_rate": line.baud_rate,
        "parity": line.parity,
        "stop_bits": line.stop_bits,
    }


def place_of(gateway: Gateway, command: Look | Switch) -> Place:
    """
    Find the place that a command is about.

    Raises:
        NotPossible: If none is in use there.
    """
    places = gateway.places()
    if isinstance(command, Look) and command.index is not None:
        place = gateway.numbered(command.index)
        found = [place] if place is not None else []
    elif command.address == 0:
        found = [places[0 if isinstance(command, Look) else 1]]
    else:
        found = [place for place in places if place.address == command.address]
    for place in found:
        if place.is_enabled:
            return place
    who = found[0].interface if found else f"address {command.address}"
    raise NotPossible("answer", who, "no device is enabled there")


def _missing(gateway: Gateway, place: Place) -> NotResponding:
    kind = gateway.settings.slots[place.index].kind
    what = "Energy meter" if kind == "meter" else "Bicom"
    return NotResponding(f"{place.interface} {what} not responding")


class NotResponding(NotPossible):
    """A device does not answer; said in the manual's words (§4.7.2)."""

    def __init__(self, text: str) -> None:
        super().__init__("answer", text, "it does not respond")
        self.text = text

    def __str__(self) -> str:
        return self.text


def look(gateway: Gateway, name: str, place: Place) -> Answer:
    """
    Tell what a meter at a place measures, or has counted.

    Raises:
        NotPossible: If none answers there.
    """
    if not isinstance(place.device, Meter):
        if isinstance(place.device, Bicom):
            raise NotPossible("measure", place.interface, "a Bicom is there, and no meter")
        raise _missing(gateway, place)
    body = measurements_body if name == "measurements" else counters_body
    return _body(topic_of(name, place), body(place.device))


def bicom_at(gateway: Gateway, place: Place) -> Bicom:
    """
    Give the switch at a place.

    Raises:
        NotPossible: If none answers there.
    """
    if not isinstance(place.device, Bicom):
        if isinstance(place.device, Meter):
            raise NotPossible("switch", place.interface, "a meter is there, and no Bicom")
        raise _missing(gateway, place)
    return place.device


def state(place: Place, bicom: Bicom) -> Answer:
    """Tell where a switch stands."""
    return _body(topic_of("bicom", place), bicom_body(place.interface, bicom))


def pushed(place: Place) -> list[Answer]:
    """Give what is published of a device at its interval; nothing of one that does not answer."""
    if isinstance(place.device, Bicom):
        return [state(place, place.device)]
    if place.device is None:
        return []
    return [
        _body(topic_of("measurements", place), measurements_body(place.device)),
        _body(topic_of("counters", place), counters_body(place.device)),
    ]


# ---------------------------------------------------------------- registers


def address_of(gateway: Gateway, target: int | str) -> int:
    """
    Tell under which Modbus address somebody is asked.

    Raises:
        NotPossible: If no device with that serial number answers.
    """
    if isinstance(target, int):
        return target
    if target == gateway.identity.serial:
        return gateway.settings.modbus_address
    for place in gateway.places():
        if place.device is not None and place.device.serial == target and place.index != 1:
            return place.device.address
    raise NotResponding(f"Modbus device {target} not responding")


def request(command: Registers) -> bytes:
    """Write the Modbus request that a command is about, function code first."""
    if command.name == "modbus_read":
        if command.register >= HOLDINGS:
            return struct.pack(">BHH", 3, command.register - HOLDINGS, command.count)
        return struct.pack(">BHH", 4, command.register - INPUTS, command.count)
    register = command.register - HOLDINGS
    if command.name == "modbus_write_single":
        return struct.pack(">BH", 6, register) + command.values
    size = len(command.values)
    return struct.pack(">BHHB", 16, register, command.count, size) + command.values


def outcome(command: Registers, address: int, answer: bytes | None) -> Answer:
    """
    Tell what came of a Modbus request, in the form of §4.7.9.1.

    Raises:
        NotPossible: If nobody answered, or with an exception.
    """
    target = command.target
    if answer is None:
        raise NotResponding(f"Modbus device {target} not responding")
    if answer[0] & 0x80:
        why = EXCEPTIONS.get(answer[1], "refused")
        raise NotResponding(f"Modbus device {target} answers exception {answer[1]}, {why}")
    words = answer[2:] if command.name == "modbus_read" else command.values
    body: Body = {"cmd": command.name, "modbus address": address}
    if isinstance(target, str):
        body["serial number"] = target
    body |= {
        "register": command.register,
        "number of registers": command.count,
        "values": [f"0x{word:04X}" for (word,) in struct.iter_unpack(">H", words)],
    }
    if command.name != "modbus_read":
        body["result"] = "ok"
    return _body("modbus", body)
