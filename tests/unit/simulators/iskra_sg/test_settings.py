"""The gateway's settings: their defaults, as data, and changed in part."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.errors import NotAccepted
from simulators.iskra_sg.device import Identity
from simulators.iskra_sg.settings import Settings, as_json, changed


def test_the_defaults_are_the_manuals() -> None:
    """Figures 13 to 27 and 39: what a gateway has that nobody has set up."""
    settings = Identity().defaults()

    assert ("Description", "Location", 34) == (
        settings.description,
        settings.location,
        settings.modbus_address,
    )
    lock, features, time = settings.authentication, settings.features, settings.time
    assert (False, "admin", "iskra") == (lock.enabled, lock.username, lock.password)
    assert (True, 10_001, True) == (
        features.modbus_tcp,
        features.modbus_port,
        features.udp_discovery,
    )
    assert (False, False, False) == (
        features.pulse_counter,
        features.temperature_input,
        features.automation,
    )
    assert (True, 24, "Europe/Brussels") == (time.ntp, time.synchronization_h, time.zone)
    assert ("disabled", 1_883, "cmd", "publish", 10) == (
        settings.link_1.kind,
        settings.link_1.port,
        settings.link_1.subscribe_topic,
        settings.link_1.publish_topic,
        settings.link_1.response_time_s,
    )
    assert ("disabled", 33) == (settings.left_ir.kind, settings.left_ir.address)
    assert (115_200, "none", 1) == (
        settings.rs485_line.baud_rate,
        settings.rs485_line.parity,
        settings.rs485_line.stop_bits,
    )
    assert [35, 36, *range(3, 17)] == [slot.address for slot in settings.rs485]
    assert {"disabled"} == {slot.kind for slot in settings.slots}
    assert 18 == len(settings.slots)


@pytest.mark.parametrize(
    ("model", "hardware", "mode", "recorders"),
    [("SG-E1", "D", "ethernet", 8), ("SG-W1", "C", "wifi", 3), ("SG-W1A", "A", "wifi", 2)],
)
def test_defaults_differ_by_model_and_hardware(
    model: str, hardware: str, mode: str, recorders: int
) -> None:
    """An SG-E1 goes by Ethernet; the hardware decides how many recorders there are."""
    settings = Identity(model=model, hardware=hardware).defaults()

    assert (mode, recorders) == (settings.connectivity.mode, len(settings.recorders))


def test_what_is_given_as_data_can_be_taken_back() -> None:
    """All of it, unchanged."""
    settings = Identity().defaults()

    assert settings == changed(settings, as_json(settings))


def test_a_part_is_changed_and_the_rest_stays() -> None:
    """A list replaces as many as it has; each of them is changed in part as well."""
    settings = Identity().defaults()
    news = changed(
        settings,
        {
            "location": "Kranj",
            "time": {"servers": ["a.example"]},
            "rs485": [{"kind": "meter"}, {"link_2": {"enabled": True, "interval_s": 900}}],
        },
    )

    assert ("Description", "Kranj") == (news.description, news.location)
    assert ("a.example", "ntp2.arnes.si", "ntp3.arnes.si") == news.time.servers
    assert [("meter", 35), ("disabled", 36)] == [(one.kind, one.address) for one in news.rs485[:2]]
    assert (True, 900, False) == (
        news.rs485[1].link_2.enabled,
        news.rs485[1].link_2.interval_s,
        news.rs485[1].link_1.enabled,
    )
    assert settings.rs485[2:] == news.rs485[2:]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ([], "settings []: give an object of names and values"),
        ({"colour": 1}, "colour 1: known here are description, location"),
        ({"time": 5}, "time 5: give an object of names and values"),
        ({"time": {"ntp": 1}}, "time.ntp 1: give true or false"),
        ({"modbus_address": True}, "modbus_address True: give a whole number"),
        ({"modbus_address": 34.0}, "modbus_address 34.0: give a whole number"),
        ({"location": 5}, "location 5: give a text"),
        ({"rs485": {}}, "rs485 {}: give a list of at most 16"),
        ({"rs485": [{}] * 17}, "give a list of at most 16"),
        ({"rs485": [{}, {"kind": "car"}]}, "rs485[1] {'kind': 'car'}: a device's kind is one of"),
        ({"time": {"servers": [5]}}, "time.servers[0] 5: give a text"),
        ({"time": {"zone": "Mars/Olympus"}}, "there is no time zone 'Mars/Olympus'"),
        ({"time": {"zone": "../zone"}}, "there is no time zone"),
        ({"time": {"zone": "Europe"}}, "there is no time zone 'Europe'"),
        ({"time": {"synchronization_h": 0}}, "hours is 1 to 255, not 0"),
        ({"time": {"servers": ["x" * 254]}}, "a server has at most 253"),
        ({"description": "x" * 41}, "a description has at most 40"),
        ({"location": "a\nb"}, "a location has at most 40 printable signs"),
        ({"authentication": {"username": "x" * 41}}, "a user name has at most 40"),
        ({"authentication": {"password": "\0"}}, "a password has at most 40"),
        ({"connectivity": {"mode": "lte"}}, "the connection is one of ethernet, wifi, not lte"),
        ({"connectivity": {"wifi_ssid": "x" * 33}}, "an SSID has at most 32"),
        ({"connectivity": {"wifi_password": "x" * 64}}, "a Wi-Fi password has at most 63"),
        ({"connectivity": {"ip": "300.1.1.1"}}, "written as 192.168.1.20, not '300.1.1.1'"),
        ({"features": {"modbus_port": 65_536}}, "a port is 0 to 65535, not 65536"),
        ({"features": {"pulses_per_kwh": 0}}, "pulses for a kWh is 1 to 100000, not 0"),
        ({"link_1": {"kind": "smtp"}}, "a link is one of disabled, mqtt, tcp"),
        ({"link_1": {"protocol": "tls"}}, "the protocol of MQTT is one of"),
        ({"link_1": {"port": 0}}, "a port is 1 to 65535"),
        ({"link_1": {"response_time_s": 61}}, "response time in seconds is 1 to 60"),
        ({"link_1": {"username": "x" * 101}}, "a user name has at most 100"),
        ({"link_1": {"password": "x" * 101}}, "a password has at most 100"),
        ({"link_1": {"root_topic": "a/#"}}, "a topic to publish to has no + and no #"),
        ({"link_1": {"publish_topic": "x" * 41}}, "a topic has at most 40"),
        ({"left_ir": {"link_1": {"interval_s": 0}}}, "a push interval in seconds is 1 to 86400"),
        ({"left_ir": {"address": 248}}, "a Modbus address is 0 to 247"),
        ({"left_ir": {"kind": "bicom"}}, "the left IR port reads a meter"),
        ({"right_ir": {"kind": "meter"}}, "the right one a Bicom"),
        ({"rs485_line": {"baud_rate": 300}}, "the speed is one of"),
        ({"rs485_line": {"parity": "mark"}}, "the parity is one of"),
        ({"rs485_line": {"stop_bits": 3}}, "there are 1 or 2 stop bits"),
        ({"recorders": [{"source": "weather"}]}, "a recorder's source is one of device, pulse"),
        ({"recorders": [{"counter": 17}]}, "the number of a counter is 1 to 16"),
        ({"modbus_address": 0}, "the gateway's Modbus address is 1 to 247"),
    ],
)
def test_what_cannot_be_is_refused_with_its_path(data: Any, sentence: str) -> None:
    """It says where, and what would be taken."""
    settings = Identity().defaults()
    with pytest.raises(NotAccepted) as caught:
        changed(settings, data)

    assert sentence in str(caught.value)


def test_there_are_sixteen_places() -> None:
    """Neither more nor fewer."""
    with pytest.raises(ValueError, match="the number of RS485 devices is one of 16, not 0"):
        Settings(rs485=())
