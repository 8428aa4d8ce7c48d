"""The gateway: who answers where, its clock, its recorders, and what is seen of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from simulators.clock import VirtualClock
from simulators.errors import NotPossible
from simulators.faults import Fault, Faults
from simulators.iskra_sg import led
from simulators.iskra_sg.bicoms import Bicom
from simulators.iskra_sg.device import Gateway, Identity
from simulators.iskra_sg.faults import AbsentDevice, NoNetwork, PowerFailure
from simulators.iskra_sg.loads import Flow
from simulators.iskra_sg.meters import Meter
from simulators.iskra_sg.network import Connection
from simulators.iskra_sg.settings import Settings, changed
from simulators.iskra_sg.site import Site
from simulators.iskra_sg.tariffs import read as read_tariffs

START = datetime(2026, 1, 10, 23, tzinfo=UTC)
"""Midnight in Brussels."""
HOUR = timedelta(hours=1)
METER = {"port": "rs485", "model": "WM3-6", "serial": "W3", "address": 35, "loads": ["house"]}
LEFT = {"port": "left-ir", "model": "WM3M4C", "serial": "W4", "loads": ["house", "boiler"]}
RIGHT = {"port": "right-ir", "model": "IR Bicom", "serial": "B1", "loads": ["boiler"]}
LOADS = [
    {"name": "house", "power_w": [1_000, 2_000, 3_000]},
    {"name": "boiler", "power_w": 2_000},
    {"name": "hand"},
]


def gateway_with(*devices: dict[str, Any], on: tuple[Fault, ...] = (), **site: Any) -> Gateway:
    """Build a gateway with some devices around it."""
    faults = Faults(VirtualClock(START), on=on)
    data = {"load": LOADS, "device": list(devices), **site}
    return Site.from_mapping(data).build(START, faults)


def set_up(gateway: Gateway, **part: Any) -> Settings:
    """Change a part of its settings."""
    gateway.set_up(changed(gateway.settings, part))
    return gateway.settings


# ---------------------------------------------------------------- who is there


def test_there_are_eighteen_places() -> None:
    """Left IR, right IR and RS485 1 to 16; what REST numbers leaves right IR out."""
    gateway = gateway_with(LEFT, RIGHT, METER)
    places = gateway.places()

    assert ["Left IR", "Right IR", "RS485 1"] == [one.interface for one in places[:3]]
    assert (18, "RS485 16") == (len(places), places[-1].interface)
    assert [True, True, True, False] == [one.is_enabled for one in places[:4]]
    numbered = [gateway.numbered(n) for n in (-1, 0, 1, 16, 17)]
    assert [None, "Left IR", "RS485 1", "RS485 16", None] == [
        one.interface if one is not None else None for one in numbered
    ]


def test_addresses_go_to_ir_first_and_then_to_rs485() -> None:
    """The same address on both is the one at the left IR port; who is not there is nobody."""
    gateway = gateway_with(LEFT, METER, {**METER, "serial": "W5", "address": 33})
    assert gateway.bench.left is gateway.addressed(33)
    assert gateway.bench.bus[0] is gateway.addressed(35)
    assert gateway.addressed(99) is None

    set_up(gateway, left_ir={"kind": "disabled"})
    assert gateway.bench.bus[1] is gateway.addressed(33)


def test_without_a_place_in_use_the_port_asks_nobody() -> None:
    """It is a slave then."""
    gateway = gateway_with({**METER, "enabled": False})
    assert not gateway.is_master
    assert gateway.addressed(35) is None
    assert gateway.bench.bus == gateway.heard_on_bus()


@pytest.mark.parametrize(
    "change",
    [
        {"rs485_line": {"baud_rate": 9_600}},
        {"rs485": [{"kind": "bicom"}]},
        {"rs485": [{"address": 36}]},
        {"rs485": [{"kind": "disabled"}]},
    ],
)
def test_who_is_set_up_otherwise_does_not_answer(change: dict[str, Any]) -> None:
    """Another line, kind or address, or none: nobody is at the place."""
    gateway = gateway_with(METER)
    assert gateway.places()[2].device is not None
    set_up(gateway, **change)

    assert gateway.places()[2].device is None


def test_ir_devices_answer_where_they_are_enabled() -> None:
    """A meter at another address than the one that is set is not heard; a Bicom has none."""
    gateway = gateway_with(LEFT, RIGHT)
    assert isinstance(gateway.places()[1].device, Bicom)
    set_up(gateway, left_ir={"address": 40})
    assert gateway.places()[0].device is None
    set_up(gateway, right_ir={"kind": "disabled"})
    assert gateway.places()[1].device is None
    empty = gateway_with(settings={"left_ir": {"kind": "meter"}, "right_ir": {"kind": "bicom"}})
    assert [None, None] == [one.device for one in empty.places()[:2]]
    assert 0b11 == empty.error_flags


@pytest.mark.parametrize("address", [0, 35])
def test_an_absent_device_answers_nobody(address: int) -> None:
    """The one with that address, or each; and one without power likewise."""
    gateway = gateway_with(METER, {**METER, "serial": "W5", "address": 36})
    meter = gateway.bench.bus[1]
    assert isinstance(meter, Meter)
    meter.fail()
    assert [gateway.bench.bus[0]] == gateway.heard_on_bus()
    meter.restore()
    absent = gateway_with(
        METER, {**METER, "serial": "W5", "address": 36}, on=(AbsentDevice(address),)
    )
    assert [36] * (address == 35) == [one.address for one in absent.heard_on_bus()]
    assert bool(address == 35) == (absent.error_flags == 0b100)


def test_a_load_is_fed_by_hand() -> None:
    """From now on; one that goes by itself, or is none, is refused."""
    gateway = gateway_with({**METER, "loads": ["hand"]})
    gateway.advance(START + HOUR)
    gateway.feed("hand", Flow.of_watts([4_000, 0, 0]))
    gateway.advance(START + 2 * HOUR)
    meter = gateway.bench.bus[0]
    assert isinstance(meter, Meter)
    assert 4_000 == meter.non_resettable[0].shown
    for name in ("house", "ghost"):
        with pytest.raises(NotPossible, match="no load of that name that is fed from outside"):
            gateway.feed(name, Flow())


# ---------------------------------------------------------------- load profile


def test_the_load_recorder_outlives_the_meter() -> None:
    """What the meter lost with its power is there, for 56 hours; the meter's own goes before it."""
    gateway = gateway_with(METER)
    meter = gateway.bench.bus[0]
    assert isinstance(meter, Meter)
    gateway.advance(START + 30 * HOUR)
    own, from_meter = gateway.load_profile_parts(2)
    assert (24, 96) == (len(own), len(from_meter))
    meter.fail()
    gateway.advance(START + 31 * HOUR)
    assert (120, 0) == tuple(len(part) for part in gateway.load_profile_parts(2))
    meter.restore()
    gateway.advance(START + 32 * HOUR)
    rows = gateway.load_profile(2)
    assert 124 == len(rows)
    assert len({row.end for row in rows}) == len(rows)
    gateway.advance(START + 100 * HOUR)
    assert 56 * 4 == len(gateway.load_profile(2))

    gateway.clear_load_recorder(2)
    assert 96 == len(gateway.load_profile(2))


def test_the_load_recorder_goes_on_after_a_meters_clock_was_set_back() -> None:
    """Quarter hours that a clock shows a second time are written down as well."""
    gateway = gateway_with(METER)
    meter = gateway.bench.bus[0]
    assert isinstance(meter, Meter)
    meter.clock.set_to(START + 72 * HOUR, START)
    gateway.advance(START + HOUR)
    meter.clock.set_to(START + HOUR, START + HOUR)
    gateway.advance(START + 2 * HOUR)
    meter.fail()

    assert 8 == len(gateway.load_profile(2))


def test_a_power_failure_is_of_one_meter_or_of_all() -> None:
    """It lasts while the fault is on; a meter that somebody took the power from is left alone."""
    gateway = gateway_with(METER, {**METER, "serial": "W0000009", "address": 99})
    first, second = gateway.bench.bus
    assert isinstance(first, Meter)
    assert isinstance(second, Meter)
    gateway.faults._on.append(PowerFailure(99))
    gateway.power()
    gateway.power()
    assert [True, False] == [first.is_powered, second.is_powered]
    gateway.faults._on[:] = [PowerFailure()]
    gateway.power()
    assert [False, False] == [first.is_powered, second.is_powered]
    gateway.faults._on.clear()
    gateway.power()
    assert [True, True] == [first.is_powered, second.is_powered]
    first.fail()
    gateway.power()
    assert not first.is_powered


def test_old_hardware_has_the_meters_profile_only() -> None:
    """Before hardware D there is no load recorder."""
    gateway = gateway_with(METER, gateway={"hardware": "C"})
    gateway.advance(START + 30 * HOUR)
    assert 96 == len(gateway.load_profile(2))
    with pytest.raises(NotPossible, match="no meter is enabled there"):
        gateway.load_profile(5)


# ---------------------------------------------------------------- recorders


def test_recorders_write_at_local_midnight() -> None:
    """Each its counter, None where nobody answers, and nothing while it is disabled."""
    recorders = [
        {"enabled": True, "address": 35},
        {"enabled": True, "source": "pulse"},
        {"enabled": True, "address": 99},
        {"enabled": True, "address": 35, "resettable": True, "counter": 5},
        {"enabled": False, "address": 35},
    ]
    gateway = gateway_with(METER, settings={"recorders": recorders})
    gateway.advance(START + 50 * HOUR)
    day = date(2026, 1, 12)

    assert [(day, 144_000), (day + timedelta(days=1), 288_000)] == [
        (one.day, one.value) for one in gateway.history(0)
    ]
    # The pulse counter is not enabled, address 99 is nobody's, and there is no fifth counter.
    assert [None, None] == [one.value for one in gateway.history(1)]
    assert [None, None] == [one.value for one in gateway.history(2)]
    assert [None, None] == [one.value for one in gateway.history(3)]
    assert [] == gateway.history(4)
    gateway.clear_recorder(0)
    assert [] == gateway.history(0)


def test_a_midnight_that_is_seen_twice_is_written_once() -> None:
    """The clock is set back over it."""
    data = {"recorders": [{"enabled": True, "address": 35}], "time": {"ntp": False}}
    gateway = gateway_with(METER, settings=data)
    gateway.advance(START + 24 * HOUR)
    gateway.clock.set_to(gateway.at - HOUR, gateway.at)
    gateway.advance(START + 26 * HOUR)

    assert [date(2026, 1, 12)] == [one.day for one in gateway.history(0)]


# ---------------------------------------------------------------- time


def test_ntp_sets_a_wrong_clock_at_once_and_each_period() -> None:
    """Between two times it drifts; meters that are to be synchronised are set with it."""
    told = {**METER, "clock_offset_s": 30, "time_synchronization": True}
    settings = {"time": {"ntp": True, "synchronization_h": 2}}
    gateway = gateway_with(told, gateway={"clock_drift_ppm": 1_000}, settings=settings)
    meter = gateway.bench.bus[0]
    assert isinstance(meter, Meter)
    assert START == gateway.clock.shows(START) == meter.clock.shows(START)
    gateway.advance(START + HOUR)
    assert timedelta(seconds=3.6) == gateway.clock.shows(gateway.at) - gateway.at
    gateway.advance(START + 2 * HOUR)
    assert gateway.at == gateway.clock.shows(gateway.at) == gateway.synchronized_at


def test_a_clock_stays_wrong_without_ntp_or_without_a_network() -> None:
    """Until NTP is switched on, or the network is back: then within an hour."""
    gateway = gateway_with(gateway={"clock_offset_s": 90})
    gateway.advance(START + 30 * HOUR)
    offset = timedelta(seconds=90)
    assert (offset, None) == (gateway.clock.shows(gateway.at) - gateway.at, gateway.synchronized_at)
    set_up(gateway, time={"ntp": True})
    assert gateway.at == gateway.clock.shows(gateway.at)

    away = gateway_with(
        gateway={"clock_offset_s": 90}, settings={"time": {"ntp": True}}, on=(NoNetwork(),)
    )
    away.advance(START + 30 * HOUR)
    assert offset == away.clock.shows(away.at) - away.at
    assert (Connection.ONLINE, False) == (away.connection, away.is_online)
    away.faults = Faults(VirtualClock(START))
    away.advance(START + 31 * HOUR)
    assert away.at == away.clock.shows(away.at)


def test_provisioning_knows_no_time_until_it_is_connected() -> None:
    """A Wi-Fi gateway without a network is wrong, and right as soon as it has joined one."""
    gateway = gateway_with(
        gateway={"model": "SG-W1", "clock_offset_s": 90}, settings={"time": {"ntp": True}}
    )
    gateway.advance(START + HOUR)
    assert Connection.PROVISIONING is gateway.connection
    assert led.PROVISIONING == gateway.led
    gateway.network.has_client = True
    assert led.PROVISIONING_WITH_CLIENT == gateway.led
    set_up(gateway, connectivity={"wifi_ssid": "Werkhof", "wifi_password": "werkhof-2026"})
    assert led.CONNECTING == gateway.led
    joined = gateway.due
    assert joined == gateway.at + timedelta(seconds=5)
    gateway.advance(joined)
    assert (led.OPERATIONAL, None) == (gateway.led, gateway.due)
    assert gateway.at == gateway.clock.shows(gateway.at)


# ---------------------------------------------------------------- what is seen of it


def test_the_led_blinks_for_half_a_minute() -> None:
    """Fast in the colour that it has."""
    gateway = gateway_with()
    gateway.blink()
    assert led.CONNECTING == gateway.led
    gateway.advance(START + timedelta(seconds=30))
    assert led.OPERATIONAL == gateway.led
    assert ("green, slow", "off") == (str(led.OPERATIONAL), str(led.OFF))


def test_menu_upgrade_and_restart_are_seen_on_the_led() -> None:
    """In this order of weight: off, the menu, the upgrade, and how it is connected."""
    gateway = gateway_with()
    gateway.upgrade.begin("https://ota.example/sg-2.10.bin", "2.09", has_certificate=False)
    assert led.UPGRADING == gateway.led
    gateway.button.touch(START)
    gateway.advance(START + timedelta(seconds=14))
    assert led.CONNECTING == gateway.led
    gateway.restart()
    assert led.OFF == gateway.led


def test_links_say_what_they_are_at() -> None:
    """Disabled where they are; else what who serves them has said last."""
    gateway = gateway_with(settings={"link_2": {"kind": "mqtt"}})
    assert ("Disabled", "Connecting") == (gateway.link_state(1), gateway.link_state(2))
    gateway.link_states[2] = "Connected"
    assert "Connected" == gateway.link_state(2)


# ---------------------------------------------------------------- restarting and resetting


def test_while_it_restarts_nothing_is_written_down() -> None:
    """A quarter hour, a midnight and pulses that come meanwhile are missed; meters go on."""
    settings = {
        "recorders": [{"enabled": True, "address": 35}],
        "features": {"pulse_counter": True},
    }
    gateway = gateway_with(METER, settings=settings, inputs={"pulse_load": "house"})
    gateway.advance(START + 24 * HOUR - timedelta(seconds=2))
    gateway.restart()
    gateway.advance(START + 24 * HOUR + timedelta(seconds=3))
    gateway.run()
    gateway.advance(START + 24 * HOUR + timedelta(seconds=63))

    assert (timedelta(seconds=60), []) == (gateway.uptime, gateway.history(0))
    assert [] == gateway.load_profile_parts(2)[0]
    # Of 144,105 pulses the 9 are missing that end within the five seconds.
    assert 144_096 == gateway.inputs.pulses
    assert Connection.ONLINE is gateway.connection


def test_an_upgrade_and_its_reverse_change_the_version() -> None:
    """As it restarts, and not before."""
    gateway = gateway_with()
    gateway.upgrade.begin("https://ota.example/sg-2.10.bin", "2.09", has_certificate=False)
    gateway.upgrade.fetched(START)
    gateway.advance(START + timedelta(seconds=20))
    assert "2.09" == gateway.identity.software
    gateway.restart()
    assert ("2.10", 210) == (gateway.identity.software, gateway.identity.software_e2)
    gateway.run()
    assert gateway.upgrade.settings_touched()
    gateway.restart()
    assert "2.09" == gateway.identity.software


def test_a_factory_reset_restores_every_default() -> None:
    """Settings, files, tariffs, recorders, load recorder and pulses; the devices stay."""
    settings = {
        "description": "Halle",
        "recorders": [{"enabled": True, "address": 35}],
        "features": {"pulse_counter": True},
    }
    gateway = gateway_with(METER, settings=settings, inputs={"pulse_load": "house"})
    gateway.advance(START + 30 * HOUR)
    gateway.files.add("a.txt", b"x")
    season = {"name": "s", "start": "2024-01-01", "schedule": [{"hour": 0, "tariff": 1}]}
    season |= {"workday": True, "weekend": True, "holiday": True}
    tariffs = {"tariffs": [{"name": "t", "price": 1}], "seasons": [season], "holidays": []}
    gateway.take_tariffs(read_tariffs(tariffs))
    gateway.reset()

    assert gateway.identity.defaults() == gateway.settings
    assert ([], 0, []) == (list(gateway.files), gateway.inputs.pulses, gateway.history(0))
    assert () == gateway.tariffs.seasons
    set_up(gateway, rs485=[{"kind": "meter"}])
    assert 96 == len(gateway.load_profile(2))


@pytest.mark.parametrize(
    ("software", "number"), [("2.09", 209), ("1.0.0", 100), ("2.1", 201), ("12.34", 1_234)]
)
def test_versions_have_a_number(software: str, number: int) -> None:
    """As registers and the discovery have it."""
    assert number == replace(Identity(), software=software).software_e2
