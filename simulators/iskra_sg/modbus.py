"""
A Modbus request to the gateway or to a device behind it: bytes in, bytes out.

Modbus Application Protocol V1.1b3. What goes in and comes out is a PDU, function code first; the
frame around it is the wire's.

Rule 1: the gateway answers under its own address, everybody else under theirs
(`Gateway.addressed`); who is not there does not answer, and neither does the gateway in its
place.
Rule 2: functions 3, 4, 6 and 16; exception 1 for any other, 2 for registers that are not there or
cannot be written, 3 for what has the wrong form or value.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from simulators.iskra_sg.device import Device, Gateway
from simulators.iskra_sg.line import LineSettings
from simulators.iskra_sg.register_map import ILLEGAL_FUNCTION, ILLEGAL_VALUE, Refused, Space
from simulators.iskra_sg.registers import read, write

READ_HOLDING, READ_INPUT, WRITE_ONE, WRITE_MANY = 3, 4, 6, 16
IS_EXCEPTION = 0x80
PDU_LIMIT = 253
"""§4.1: "the size of the Modbus PDU is … 253 bytes"."""


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What is answered.

    Attributes:
        pdu: the bytes.
        has_changed: whether something was written.
    """

    pdu: bytes
    has_changed: bool = False


def asked(gateway: Gateway, address: int) -> Device | Gateway | None:
    """Tell who answers under an address; None for nobody."""
    if address == gateway.settings.modbus_address:
        return gateway
    return gateway.addressed(address)


def answer(gateway: Gateway, device: Device | Gateway, request: bytes) -> Answer:
    """Do what a PDU asks, and answer it; an empty one asks for function 0, which is none."""
    function = request[0] if request else 0
    try:
        return _FUNCTIONS.get(function, _unknown)(gateway, device, request)
    except Refused as refused:
        return Answer(bytes((function & 0x7F | IS_EXCEPTION, refused.code)))


def answer_on_bus(
    gateway: Gateway, line: LineSettings, address: int, request: bytes
) -> Answer | None:
    """
    Answer whoever asks over RS485, as MiQen does with an adapter (document 004 §3.4.2).

    None: the gateway is master there as soon as a place is in use, the line is set otherwise, or
    somebody else is meant.
    """
    is_meant = address == gateway.settings.modbus_address
    if gateway.is_master or line != gateway.settings.rs485_line or not is_meant:
        return None
    return answer(gateway, gateway, request)


def _unknown(gateway: Gateway, device: Device | Gateway, request: bytes) -> Answer:
    raise Refused(ILLEGAL_FUNCTION, "functions 3, 4, 6 and 16 are there")


def _read(gateway: Gateway, device: Device | Gateway, request: bytes) -> Answer:
    function, first, count = _fields(request)
    words = read(gateway, device, Space(function), first, count)
    return Answer(struct.pack(f">BB{count}H", function, 2 * count, *words))


def _write_one(gateway: Gateway, device: Device | Gateway, request: bytes) -> Answer:
    _, first, value = _fields(request)
    write(gateway, device, first, (value,))
    return Answer(request, has_changed=True)


def _write_many(gateway: Gateway, device: Device | Gateway, request: bytes) -> Answer:
    if len(request) < 6 or len(request) != 6 + request[5] or request[5] % 2:
        raise _wrong_length(request)
    _, first, count = _fields(request[:5])
    values = struct.unpack(f">{request[5] // 2}H", request[6:])
    if count != len(values):
        raise Refused(ILLEGAL_VALUE, f"{count} registers are said, {len(values)} are there")
    write(gateway, device, first, values)
    return Answer(request[:5], has_changed=True)


def _fields(request: bytes) -> tuple[int, int, int]:
    if len(request) != 5:
        raise _wrong_length(request)
    function, first, second = struct.unpack(">BHH", request)
    return function, first, second


def _wrong_length(request: bytes) -> Refused:
    return Refused(ILLEGAL_VALUE, f"function {request[0]} has not {len(request)} bytes")


_FUNCTIONS = {
    READ_HOLDING: _read,
    READ_INPUT: _read,
    WRITE_ONE: _write_one,
    WRITE_MANY: _write_many,
}
