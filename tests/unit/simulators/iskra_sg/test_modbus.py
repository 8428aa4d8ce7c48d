"""Requests and answers of Modbus."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.iskra_sg.device import Gateway
from simulators.iskra_sg.faults import AbsentDevice
from simulators.iskra_sg.line import LineSettings
from simulators.iskra_sg.modbus import PDU_LIMIT, answer, answer_on_bus, asked
from tests.unit.simulators.iskra_sg.sg_site import alone, device, gateway_with

GATEWAY, METER = alone("WM3M4C", description="Boiler")


def answered(request: str, gateway: Gateway = GATEWAY) -> str:
    """Ask the meter, in hexadecimal."""
    found = gateway.addressed(40)
    assert found is not None
    return answer(gateway, found, bytes.fromhex(request)).pdu.hex()


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("04 006B 0002", "0404 fd038270"),
        ("03 0065 0003", "0306 426f696c6572"),
        ("06 0065 4265", "06 0065 4265"),
        ("10 0065 0002 04 426f696c", "10 0065 0002"),
    ],
    ids=["input", "holding", "one", "many"],
)
def test_functions(request_: str, expected: str) -> None:
    """Functions 3, 4, 6 and 16 do what the standard says."""
    gateway, _ = alone("WM3M4C", description="Boiler")

    assert expected.replace(" ", "") == answered(request_, gateway)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("", "80 01"),
        ("01 0000 0001", "81 01"),
        ("2b 0e 01 00", "ab 01"),
        ("84 006B 0002", "84 01"),
        ("04 006B", "84 03"),
        ("04 006B 0002 00", "84 03"),
        ("04 006B 0000", "84 03"),
        ("04 006B 007E", "84 03"),
        ("04 1770 0001", "84 02"),
        ("04 FFFF 0002", "84 02"),
        ("06 0097 0002", "86 02"),
        ("06 0065 0007", "86 03"),
        ("10 0065 0002 03 426f69", "90 03"),
        ("10 0065 0001 04 426f696c", "90 03"),
        ("10 0065 0002 04 426f", "90 03"),
        ("10 0065", "90 03"),
        ("10 0065 0000 00", "90 03"),
        ("10 03E8 0001 02 0001", "90 02"),
    ],
)
def test_exceptions(request_: str, expected: str) -> None:
    """1 for a function that is none, 2 for registers that are not there, 3 for a wrong form."""
    assert expected.replace(" ", "") == answered(request_)


@given(st.binary(max_size=PDU_LIMIT))
def test_any_bytes_are_answered(request: bytes) -> None:
    """Whatever the bytes, there is an answer of the same function, or an exception to it."""
    gateway, found = alone("WM3M4C")

    pdu = answer(gateway, found, request).pdu

    assert 1 <= len(pdu) <= PDU_LIMIT
    assert (request[0] if request else 0) & 0x7F == pdu[0] & 0x7F


@given(
    st.sampled_from([3, 4, 6, 16]),
    st.integers(0, 0xFFFF),
    st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=123),
)
def test_any_registers_are_answered(function: int, first: int, values: list[int]) -> None:
    """A request of the right form is answered, wherever it points and whatever it writes."""
    gateway, found = alone("WM3M4C")
    body = struct.pack(">H", values[0] if function == 6 else len(values))
    if function == 16:
        body += struct.pack(f">B{len(values)}H", 2 * len(values), *values)

    pdu = answer(gateway, found, struct.pack(">BH", function, first) + body).pdu

    assert (pdu[0] == function) or (pdu[0] == function | 0x80 and pdu[1] in (2, 3))


def test_who_is_asked() -> None:
    """The gateway's own address goes first, then left IR, then RS485; who is away says nothing."""
    gateway = gateway_with(
        device("WM3M4C", "left-ir", address=35, serial="W1"),
        device("IE38MD", address=34, serial="I1"),
        device("IE35MD", address=36, serial="I2"),
        device("MC784", address=35, serial="M1"),
    )

    assert asked(gateway, 34) is gateway
    assert asked(gateway, 35) is gateway.bench.left
    assert asked(gateway, 36) is gateway.bench.bus[1]
    assert asked(gateway, 99) is None
    gateway.faults._on.append(AbsentDevice(address=35))
    assert asked(gateway, 35) is None


def test_what_a_write_tells() -> None:
    """A write that was done is told, one that was refused and a read are not."""
    gateway, found = alone("BI432")

    assert answer(gateway, found, bytes((6, 0, 201, 0, 1))).has_changed
    assert not answer(gateway, found, bytes((6, 0, 201, 0, 9))).has_changed
    assert not answer(gateway, found, bytes((3, 0, 201, 0, 1))).has_changed


def test_over_rs485() -> None:
    """While no place is in use the gateway answers over RS485; then it is master, and silent."""
    line, request = LineSettings(), bytes((4, 0, 1, 0, 1))
    slave, master = gateway_with(), gateway_with(device("IE38MD", address=40))

    heard = answer_on_bus(slave, line, 34, request)
    assert heard is not None
    assert b"\x04\x02SG" == heard.pdu
    assert answer_on_bus(slave, line, 33, request) is None
    assert answer_on_bus(slave, LineSettings(9_600), 34, request) is None
    assert answer_on_bus(master, line, 34, request) is None
