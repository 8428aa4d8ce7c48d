"""What the REST API says and takes, where a server does not matter."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulators.clock import VirtualClock
from simulators.errors import NotAccepted
from simulators.faults import Faults
from simulators.iskra_sg import openapi, rest
from simulators.iskra_sg.device import Gateway
from simulators.iskra_sg.settings import Authentication
from simulators.iskra_sg.site import Site

START = datetime(2024, 7, 4, 9, 0, tzinfo=UTC)


def gateway(**data: Any) -> Gateway:
    """Build a gateway."""
    return Site.from_mapping(data).build(START, Faults(VirtualClock(START)))


def test_the_status_page_has_all_of_the_manuals() -> None:
    """Figure 23, with the values of a gateway that has been on for some hours."""
    settings = {
        "description": "Halle",
        "connectivity": {"wifi_ssid": "Werkhof", "wifi_password": "werkhof-2026"},
    }
    device = gateway(gateway={"model": "SG-W1A", "serial": "IS000966"}, settings=settings)
    device.advance(START + timedelta(days=1, hours=4, minutes=26, seconds=9))
    told = rest.status(device, "10.34.94.12")

    assert {
        "model_type": "SG-W1A",
        "serial_number": "IS000966",
        "description": "Halle",
        "location": "Location",
        "sw_ver": "2.09",
        "hw_ver": "D",
        "fs_ver": "2.09",
        "flash_size": "8 MB",
        "eeprom": "64 KB",
    } == told["device"]
    crc = rest.settings_crc(device.settings)
    assert {
        "connection_mode": "WiFi",
        "connection": "online",
        "wifi_ssid": "Werkhof",
        "wifi_signal": "-58 dBm",
        "ip_address": "10.34.94.12",
        "mac_address": "F0:08:D1:00:00:01",
        "app_status": "Normal",
        "upgrade_status": "N/A",
        "link_1_status": "Disabled",
        "link_2_status": "Disabled",
        "settings_crc": f"0x{crc:04X} (0x{crc:04X})",
        "free_memory": "110804 (57700)",
        "error_flags": "0x00000000",
    } == told["status"]
    assert {
        "active_tariff": 1,
        "temperature": "N/A",
        "pulse_counter": "N/A",
        "uptime": "1d 04:26:09",
        "local_time": "05.07.2024 15:26:09",
    } == told["other"]


def test_a_static_address_and_inputs_are_shown() -> None:
    """The address that is set, what the sensor measures, and pulses by the gateway's setting."""
    settings = {
        "connectivity": {"dhcp": False, "ip": "192.168.1.20"},
        "features": {"pulse_counter": True, "pulses_per_kwh": 100, "temperature_input": True},
    }
    device = gateway(settings=settings, inputs={"temperature_cdeg": -1_234})
    device.inputs.pulses = 256
    told = rest.status(device, "10.0.0.1")

    assert "192.168.1.20" == told["status"]["ip_address"]
    assert ("-12.3 °C", "2.560 kWh") == (
        told["other"]["temperature"],
        told["other"]["pulse_counter"],
    )
    device.inputs.temperature_cdeg = None
    device.is_running = False
    told = rest.status(device, "10.0.0.1")
    assert ("N/A", "Restarting") == (told["other"]["temperature"], told["status"]["app_status"])


def test_the_sum_of_settings_follows_them() -> None:
    """Another setting gives another sum; the same ones the same."""
    device = gateway()
    before = rest.settings_crc(device.settings)

    assert before == rest.settings_crc(gateway().settings)
    assert before != rest.settings_crc(replace(device.settings, location="Nord"))


@pytest.mark.parametrize(
    ("cookies", "passes"),
    [
        ("Authorization=Basic YWRtaW46aXNrcmE=", True),
        ('theme=dark; Authorization="Basic YWRtaW46aXNrcmE="', True),
        ("Authorization=Basic b; Authorization=Basic YWRtaW46aXNrcmE=", True),
        ("", False),
        ("Authorization=Basic YWRtaW46aXNrcmF=", False),
        ("authorization=Basic YWRtaW46aXNrcmE=", False),
        ("Authorization", False),
        ("Authorization=\ud800", False),
    ],
)
def test_the_cookie_lets_one_in(cookies: str, passes: bool) -> None:
    """The right one, wherever it stands; where the lock is off everybody."""
    device = gateway()
    assert rest.may_pass(device.settings, cookies)
    locked = replace(device.settings, authentication=Authentication(enabled=True))

    assert passes == rest.may_pass(locked, cookies)


def test_recorders_say_what_they_record() -> None:
    """The counter in the manual's words, its unit where it is known, and what it shows now."""
    meter = {"port": "left-ir", "model": "WM3M4C", "serial": "W4", "energy_wh": 500}
    recorders = [
        {"enabled": True},
        {"address": 99, "resettable": True, "counter": 3},
        {"source": "pulse"},
        {"counter": 16},
    ]
    device = gateway(
        device=[meter], settings={"recorders": recorders, "features": {"pulse_counter": True}}
    )
    told = rest.recorders(device)["recorders"]

    assert [
        ("Non Resettable Counter 1", "Wh", 500, 33),
        ("Resettable Counter 3", "", None, 99),
        ("Pulse Counter", "pulses", 0, None),
        ("Non Resettable Counter 16", "", None, 33),
    ] == [(one["counter"], one["unit"], one["now"], one["address"]) for one in told[:4]]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T01:30:00+01:30", datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_clock_is_set_to_an_instant(text: str, instant: datetime) -> None:
    """In any time zone."""
    assert instant == rest.instant_asked({"utc": text})


@pytest.mark.parametrize("text", ["", "now", "2026-01-01", "1969-12-31T23:00:00Z", 5])
def test_a_clock_is_set_to_nothing_else(text: object) -> None:
    """What is no instant is refused."""
    with pytest.raises(NotAccepted):
        rest.instant_asked({"utc": text})


def test_the_document_describes_every_operation() -> None:
    """Each has its own id, a summary, and marks what the manual's table does not name."""
    document = openapi.document()
    told = [one for path in document["paths"].values() for one in path.values()]

    assert len(openapi.OPERATIONS) == len(told)
    assert len(told) == len({one["operationId"] for one in told})
    assert all(one["summary"] for one in told)
    named = {path for path, one in document["paths"].items() if "manual §4.2" in str(one)}
    assert {
        "/api",
        "/api/auth",
        "/api/bicom",
        "/api/bicoms",
        "/api/blink",
        "/api/counters/{id}",
        "/api/devices",
        "/api/load_profile/{id}",
        "/api/load_profile{id}",
        "/api/measurements/{id}",
        "/api/recorder/{id}",
        "/api/recorders",
        "/api/rs485/scan-devices",
        "/api/rs485/set-parameters",
        "/api/settings",
        "/api/wifi/scan-networks",
    } == named
    others = [one for one in openapi.OPERATIONS if not one.is_manuals and "{id}" not in one.path]
    assert [] == [one.path for one in others if "ASSUMED" not in one.told]
