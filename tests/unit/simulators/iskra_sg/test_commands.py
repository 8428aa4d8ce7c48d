"""Commands over MQTT: what is understood, and what is answered."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from simulators.clock import VirtualClock
from simulators.errors import NotAccepted, SimulatorError
from simulators.faults import Faults
from simulators.iskra_sg import commands
from simulators.iskra_sg.commands import Answer, Look, Plain, Registers, Switch
from simulators.iskra_sg.device import Gateway, Identity
from simulators.iskra_sg.faults import AbsentDevice
from simulators.iskra_sg.site import Site

AT = datetime(2026, 6, 1, tzinfo=UTC)


def told(**data: object) -> bytes:
    """Write a command."""
    return json.dumps({"data": data}).encode()


def gateway(*faults: AbsentDevice) -> Gateway:
    """Make a gateway with a device of each kind at each interface."""
    site = Site.from_mapping(
        {
            "gateway": {"serial": "IS001093"},
            "device": [
                {"port": "left-ir", "model": "WM3M4C", "serial": "W1"},
                {"port": "right-ir", "model": "IR Bicom", "serial": "B0"},
                {"port": "rs485", "model": "BI432", "serial": "B1", "address": 32},
                {"port": "rs485", "model": "MC784", "serial": "MC024305", "address": 35},
            ],
        }
    )
    return site.build(AT, Faults(VirtualClock(AT), on=faults))


@pytest.mark.parametrize(
    ("payload", "command"),
    [
        (told(cmd="hello"), Plain("hello")),
        (told(cmd="reboot", why="because"), Plain("reboot")),
        (b'{"data": {"cmd": "detect_485_devices",\n }\n}', Plain("detect_485_devices")),
        (told(cmd="measurements", addr=0), Look("measurements", 0, None)),
        (told(cmd="counters", addr=35), Look("counters", 35, None)),
        (told(cmd="counters", addr=35, index=2), Look("counters", 0, 2)),
        (told(cmd="bicom", addr=32, val="on"), Switch(32, "on")),
        (
            told(cmd="modbus_read", modbus_address=33, reg=40_156, no_regs=1),
            Registers("modbus_read", 33, 40_156, 1),
        ),
        (
            told(cmd="modbus_read", serial_number="MC024305", reg=30_107, no_regs=2),
            Registers("modbus_read", "MC024305", 30_107, 2),
        ),
        (
            told(cmd="modbus_write_single", modbus_address=33, reg=40_156, value=2),
            Registers("modbus_write_single", 33, 40_156, 1, b"\0\2"),
        ),
        (
            told(cmd="modbus_write_multi", modbus_address=33, reg=40_101, values=[65, 66]),
            Registers("modbus_write_multi", 33, 40_101, 1, b"AB"),
        ),
    ],
)
def test_commands_of_the_manual_are_understood(payload: bytes, command: commands.Command) -> None:
    """Each as the manual prints it, with its comma before a bracket."""
    assert command == commands.read(payload)


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (b"", "command"),
        (b"hello", "command"),
        (b"\xff", "command"),
        (b"[" * 10_000, "command"),
        (b" " * 16_385, "command"),
        (b"[]", "command"),
        (b'{"cmd": "hello"}', "command"),
        (told(), "cmd"),
        (told(cmd="dance"), "cmd"),
        (told(cmd=["hello"]), "cmd"),
        (told(cmd="measurements"), "addr"),
        (told(cmd="measurements", addr=True), "addr"),
        (told(cmd="counters", index=17), "index"),
        (told(cmd="bicom", addr=32, val="toggle"), "val"),
        (told(cmd="bicom", addr=248, val="on"), "addr"),
        (told(cmd="modbus_read", reg=40_001, no_regs=1), "modbus_address"),
        (told(cmd="modbus_read", serial_number=7, reg=40_001, no_regs=1), "serial_number"),
        (told(cmd="modbus_read", serial_number="", reg=40_001, no_regs=1), "serial_number"),
        (told(cmd="modbus_read", modbus_address=33, reg=156, no_regs=1), "reg"),
        (told(cmd="modbus_read", modbus_address=33, reg=40_156, no_regs=126), "no_regs"),
        (told(cmd="modbus_write_single", modbus_address=33, reg=30_107, value=1), "reg"),
        (told(cmd="modbus_write_single", modbus_address=33, reg=40_107, value=65_536), "value"),
        (told(cmd="modbus_write_multi", modbus_address=33, reg=40_101), "values"),
        (told(cmd="modbus_write_multi", modbus_address=33, reg=40_101, values=[]), "values"),
        (told(cmd="modbus_write_multi", modbus_address=33, reg=40_101, values=[65]), "values"),
        (told(cmd="modbus_write_multi", modbus_address=33, reg=40_101, values=[65, 256]), "values"),
        (
            told(cmd="modbus_write_multi", modbus_address=33, reg=40_101, values=[0] * 248),
            "values",
        ),
    ],
)
def test_what_is_no_command_is_refused(payload: bytes, field: str) -> None:
    """The error names what is wrong, and is said in plain text."""
    with pytest.raises(NotAccepted) as refused:
        commands.read(payload)

    assert field == refused.value.field
    assert commands.error(refused.value).text.startswith(f"Error: {field}")


@pytest.mark.parametrize(("hardware", "number"), [("A", 1), ("D", 4)])
def test_hello_tells_the_hardware_as_a_number(hardware: str, number: int) -> None:
    """The manual's example has 1."""
    answer = commands.hello(Identity(serial="IS001093", hardware=hardware))

    assert "status" == answer.subtopic
    assert {
        "hello": "hello world",
        "serial number": "IS001093",
        "model_type": "SG-E1",
        "sw_ver": "2.09",
        "hw_ver": number,
    } == json.loads(answer.text)


def body(answer: Answer | None) -> Any:
    """Read an answer."""
    assert answer is not None
    return json.loads(answer.text)


def test_plain_commands_are_answered() -> None:
    """All below status, but for a reboot, to which nothing is said."""
    one = gateway()

    assert "hello world" == body(commands.plain_answer(one, "hello"))["hello"]
    assert (
        "Description" == body(commands.plain_answer(one, "get_settings"))["settings"]["description"]
    )
    found = body(commands.plain_answer(one, "detect_485_devices"))["devices"]
    assert [("BI432", "B1", 32), ("MC784", "MC024305", 35)] == [
        (device["model"], device["serial"], device["address"]) for device in found
    ]
    assert commands.plain_answer(one, "reboot") is None


def look(one: Gateway, **data: object) -> Answer:
    """Have a command for measurements or counters answered."""
    command = commands.read(told(**data))
    assert isinstance(command, Look)
    return commands.look(one, command.name, commands.place_of(one, command))


@pytest.mark.parametrize(
    ("data", "subtopic"),
    [
        ({"cmd": "measurements", "addr": 0}, "measurements/ir"),
        ({"cmd": "measurements", "addr": 33}, "measurements/ir"),
        ({"cmd": "counters", "index": 0}, "counters/ir"),
        ({"cmd": "counters", "index": 2}, "counters/rs485/2"),
        ({"cmd": "counters", "addr": 35}, "counters/rs485/2"),
    ],
)
def test_a_device_is_found_by_address_or_index(data: dict[str, Any], subtopic: str) -> None:
    """Address 0 is the left IR port, an index is that of REST."""
    answer = look(gateway(), **data)

    assert subtopic == answer.subtopic
    assert [str(data["cmd"])] == list(json.loads(answer.text))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"addr": 32}, "RS485 1: cannot measure: a Bicom is there, and no meter"),
        ({"index": 1}, "RS485 1: cannot measure: a Bicom is there, and no meter"),
        ({"index": 3}, "RS485 3: cannot answer: no device is enabled there"),
        ({"addr": 99}, "address 99: cannot answer: no device is enabled there"),
    ],
)
def test_who_does_not_measure_is_told(data: dict[str, Any], error: str) -> None:
    """The error names the place."""
    with pytest.raises(SimulatorError) as refused:
        look(gateway(), cmd="measurements", **data)

    assert error == str(refused.value)


def test_an_absent_device_is_told_in_the_manuals_words() -> None:
    """The interface and the kind of device stand in the text (§4.7.2)."""
    one = gateway(AbsentDevice(0))

    with pytest.raises(SimulatorError) as meter:
        look(one, cmd="measurements", addr=0)
    with pytest.raises(SimulatorError) as bicom:
        commands.bicom_at(one, commands.place_of(one, Switch(0, "on")))
    with pytest.raises(SimulatorError) as serial:
        commands.address_of(one, "MC024305")

    assert "Error: Left IR Energy meter not responding" == commands.error(meter.value).text
    assert "Error: Right IR Bicom not responding" == commands.error(bicom.value).text
    assert "Error: Modbus device MC024305 not responding" == commands.error(serial.value).text


def test_a_switch_is_found_by_its_address() -> None:
    """Address 0 is the right IR port; a meter is no switch."""
    one = gateway()
    right, bus = (commands.place_of(one, Switch(address, "state")) for address in (0, 32))

    states = [commands.state(place, commands.bicom_at(one, place)) for place in (right, bus)]

    assert ["bicom/ir", "bicom/rs485/1"] == [state.subtopic for state in states]
    with pytest.raises(SimulatorError, match="a meter is there, and no Bicom"):
        commands.bicom_at(one, commands.place_of(one, Switch(35, "on")))


def test_what_is_published_of_a_device() -> None:
    """Measurements and counters of a meter, the state of a switch, nothing of who is absent."""
    places = gateway().places()
    absent = gateway(AbsentDevice(33)).places()[0]

    assert ["measurements/ir", "counters/ir"] == [
        one.subtopic for one in commands.pushed(places[0])
    ]
    assert ["bicom/ir"] == [one.subtopic for one in commands.pushed(places[1])]
    assert [] == commands.pushed(absent)


@pytest.mark.parametrize(
    ("target", "address"), [(33, 33), ("IS001093", 34), ("W1", 33), ("MC024305", 35)]
)
def test_registers_are_asked_by_address_or_serial_number(target: int | str, address: int) -> None:
    """The gateway itself has a serial number, too."""
    assert address == commands.address_of(gateway(), target)


@pytest.mark.parametrize(
    ("command", "request_hex"),
    [
        (Registers("modbus_read", 33, 40_156, 1), "03009c0001"),
        (Registers("modbus_read", 33, 30_107, 2), "04006b0002"),
        (Registers("modbus_write_single", 33, 40_156, 1, b"\0\2"), "06009c0002"),
        (Registers("modbus_write_multi", 33, 40_101, 1, b"AB"), "10006500010241" + "42"),
    ],
)
def test_register_numbers_are_those_of_the_manual(command: Registers, request_hex: str) -> None:
    """40156 is holding register 156, 30107 input register 107."""
    assert request_hex == commands.request(command).hex()


def test_what_was_read_is_told_as_in_the_manual() -> None:
    """The example of §4.7.9.1, key for key."""
    answer = commands.outcome(
        Registers("modbus_read", 33, 40_156, 1), 33, bytes.fromhex("03020002")
    )

    assert "modbus" == answer.subtopic
    assert {
        "cmd": "modbus_read",
        "modbus address": 33,
        "register": 40156,
        "number of registers": 1,
        "values": ["0x0002"],
    } == json.loads(answer.text)


def test_what_was_written_is_told_with_its_outcome() -> None:
    """Who was asked stands there with address and serial number."""
    command = Registers("modbus_write_multi", "MC024305", 40_101, 1, b"AB")

    assert {
        "cmd": "modbus_write_multi",
        "modbus address": 35,
        "serial number": "MC024305",
        "register": 40101,
        "number of registers": 1,
        "values": ["0x4142"],
        "result": "ok",
    } == body(commands.outcome(command, 35, bytes.fromhex("1000650001")))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (None, "Modbus device 33 not responding"),
        (b"\x83\x02", "Modbus device 33 answers exception 2, illegal data address"),
        (b"\x83\x0b", "Modbus device 33 answers exception 11, refused"),
    ],
)
def test_no_answer_is_an_error(answer: bytes | None, error: str) -> None:
    """Neither silence nor an exception is an outcome."""
    with pytest.raises(SimulatorError) as refused:
        commands.outcome(Registers("modbus_read", 33, 40_156, 1), 33, answer)

    assert error == str(refused.value)
