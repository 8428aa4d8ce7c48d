"""Sites: read from a file, strictly, and built."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simulators.clock import VirtualClock
from simulators.errors import NotAccepted
from simulators.faults import Faults
from simulators.iskra_sg.alone_io import example_site
from simulators.iskra_sg.device import Gateway
from simulators.iskra_sg.loads import Daily, Fed
from simulators.iskra_sg.meters import Meter
from simulators.iskra_sg.site import NETWORKS, Site

START = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)


def built(data: dict[str, Any]) -> Gateway:
    """Build a site at the start."""
    return Site.from_mapping(data).build(START, Faults(VirtualClock(START)))


def device(**fields: Any) -> dict[str, Any]:
    """Give a device of a site, a meter on RS485 if nothing else is said."""
    plain = {"port": "rs485", "model": "IE38MD", "serial": "I0000001", "address": 35}
    return {**plain, **fields}


def test_an_empty_site_is_a_gateway_alone() -> None:
    """It is an SG-E1 that nobody has set up, and hears two networks."""
    gateway = built({})

    assert ("SG-E1", "IS000001") == (gateway.identity.model, gateway.identity.serial)
    assert gateway.identity.defaults() == gateway.settings
    assert NETWORKS == gateway.network.neighbours
    assert [] == list(gateway.bench.devices)


def test_the_example_is_built() -> None:
    """Its devices are where they are declared, and enabled, but for one that is not."""
    gateway = Site.from_file(example_site()).build(START, Faults(VirtualClock(START)))

    assert [
        ("Left IR", "WM3M4C"),
        ("Right IR", "IR Bicom"),
        ("RS485 1", "IE38MD"),
        ("RS485 2", "BI432"),
    ] == [(one.interface, one.device.model.name) for one in gateway.places() if one.device]
    assert {"House": Daily, "Solar": Daily, "Boiler": Daily, "Charger": Fed} == {
        name: type(behind.load) for name, behind in gateway.bench.loads.items()
    }
    meter = gateway.bench.left
    assert meter is not None
    assert [20_249_500, 8_120_000] == [one.shown for one in meter.non_resettable]
    assert (5_450, 2) == (gateway.inputs.temperature_cdeg, len(gateway.network.neighbours))
    assert gateway.inputs.source is not None


def test_everything_of_a_device_can_be_said() -> None:
    """Texts, line, pushes, counters and their resolution, and how its clock is wrong."""
    fields = {
        "description": "Halle",
        "location": "Nord",
        "line": {"baud_rate": 9_600, "parity": "even", "stop_bits": 2},
        "energy_wh": 12_345,
        "export_wh": 678,
        "exponent": 1,
        "clock_offset_s": -90,
        "link_1": {"enabled": True, "interval_s": 900},
        "link_2": {"enabled": True},
    }
    gateway = built({"device": [device(model="WM3-6", serial="W3", **fields)]})
    meter, slot = gateway.bench.bus[0], gateway.settings.rs485[0]

    assert isinstance(meter, Meter)
    assert ("Halle", "Nord", 9_600) == (meter.description, meter.location, meter.line.baud_rate)
    assert (12_340, 670) == (meter.non_resettable[0].shown, meter.non_resettable[1].shown)
    assert timedelta(seconds=-90) == meter.clock.shows(START) - START
    assert ((True, 900), (True, 600)) == (
        (slot.link_1.enabled, slot.link_1.interval_s),
        (slot.link_2.enabled, slot.link_2.interval_s),
    )
    # With another line than the gateway's it is not heard.
    assert [] == gateway.heard_on_bus()


def test_a_switch_begins_where_it_is_said_to() -> None:
    """On, and with its texts."""
    data = {
        "load": [{"name": "boiler", "power_w": 2_000}],
        "device": [
            device(model="BI432", is_on=True, loads=["boiler"], description="Boiler", address=31)
        ],
    }
    gateway = built(data)

    assert gateway.bench.loads["boiler"].is_on
    assert ("Boiler", "bicom") == (
        gateway.bench.bus[0].description,
        gateway.settings.rs485[0].kind,
    )


def test_a_clock_that_is_wrong_is_not_synchronised() -> None:
    """Neither the gateway's nor a meter's, unless the file says so."""
    gateway = built({"gateway": {"clock_offset_s": 90, "clock_drift_ppm": 50}})
    assert timedelta(seconds=90) == gateway.clock.shows(START) - START
    assert (50, False) == (gateway.clock.drift_ppm, gateway.settings.time.ntp)
    wanted = {"gateway": {"clock_offset_s": 90}, "settings": {"time": {"ntp": True}}}
    assert START == built(wanted).clock.shows(START)

    wrong = device(clock_offset_s=90)
    for told, offset_s in ((wrong, 90), ({**wrong, "time_synchronization": True}, 0)):
        meter = built({"device": [told]}).bench.bus[0]
        assert isinstance(meter, Meter)
        assert timedelta(seconds=offset_s) == meter.clock.shows(START) - START


def test_a_place_of_the_settings_is_used() -> None:
    """A device takes the place that has its address already, else the first that is free."""
    settings = {"rs485": [{}, {"kind": "meter", "address": 40}]}
    devices = [device(address=40), device(serial="I2", address=41)]
    slots = built({"settings": settings, "device": devices}).settings.rs485

    assert [(41, "meter"), (40, "meter"), (3, "disabled")] == [
        (one.address, one.kind) for one in slots[:3]
    ]


def test_sixteen_fit_on_rs485() -> None:
    """A seventeenth is refused, unless it is not enabled."""
    devices = [device(serial=f"I{n}", address=100 + n) for n in range(17)]
    with pytest.raises(NotAccepted, match="RS485 has 16 places only"):
        built({"device": devices})
    devices[-1]["enabled"] = False
    assert 17 == len(built({"device": devices}).bench.bus)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """One that is not there, one that is no text, one that is no TOML."""
    path = tmp_path / "site.toml"
    with pytest.raises(NotAccepted, match="cannot be read"):
        Site.from_file(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(NotAccepted, match="cannot be read"):
        Site.from_file(path)
    path.write_text("[gateway")
    with pytest.raises(NotAccepted, match="is no TOML"):
        Site.from_file(path)
    path.write_text('[gateway]\nserial = "IS000123"\n')
    assert "IS000123" == Site.from_file(path).identity.serial


STEP = {"from": "00:00", "power_w": 100}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"house": {}}, "site file.house {}: known here: gateway, settings"),
    ({"gateway": []}, "gateway []: give a table"),
    ({"gateway": {"color": 1}}, "gateway.color 1: known here: model, serial"),
    ({"gateway": {"serial": ""}}, "gateway.serial '': give a text of 1 to 40"),
    ({"gateway": {"serial": "IS-1"}}, "a serial number has up to 8 letters and digits"),
    ({"gateway": {"serial": "IS0000001"}}, "a serial number has up to 8"),
    ({"gateway": {"model": "SG-X"}}, "a gateway is one of SG-E1, SG-W1, SG-W1A"),
    ({"gateway": {"hardware": "F"}}, "the hardware is one of A, B, C, D, E"),
    ({"gateway": {"software": "new"}}, 'a version is digits and points, as "2.09"'),
    ({"gateway": {"mac": "f0:08"}}, "a MAC address is written as F0:08"),
    ({"gateway": {"clock_offset_s": 1.5}}, "gateway.clock_offset_s 1.5: give a whole number"),
    ({"gateway": {"clock_offset_s": 10**9}}, "give a whole number of at most"),
    ({"gateway": {"clock_drift_ppm": 200_000}}, "a clock drifts by ±100000 ppm at most"),
    ({"settings": {"time": {"zone": "Mars"}}}, "settings.time {'zone': 'Mars'}"),
    ({"settings": {"time": 5}, "gateway": {"clock_offset_s": 1}}, "settings.time 5"),
    ({"load": [5]}, "load [5]: give tables, each as [[load]]"),
    ({"load": [{"name": "x"}] * 201}, "load 201: give 200 at most"),
    ({"load": [{"name": "x"}] * 2}, "load.name 'x': give each load a name of its own"),
    ({"load": [{}]}, "load[0].name None: give a text"),
    ({"load": [{"name": "x", "power_w": "much"}]}, "load[0].power_w 'much': give whole watts"),
    ({"load": [{"name": "x", "power_w": [1, 2]}]}, "give whole watts"),
    ({"load": [{"name": "x", "power_w": True}]}, "give whole watts"),
    ({"load": [{"name": "x", "power_w": 1_000_001}]}, "give whole watts, up to ±1000000"),
    ({"load": [{"name": "x", "reactive_var": 5}]}, "load[0].reactive_var 5: give power_w, too"),
    ({"load": [{"name": "x", "power_w": 5, "step": [STEP]}]}, "either power_w and reactive_var"),
    ({"load": [{"name": "x", "step": [{**STEP, "to": 1}]}]}, "load[0].step[0].to 1: known here"),
    ({"load": [{"name": "x", "step": [{**STEP, "from": "7"}]}]}, "give a local time of the day"),
    ({"load": [{"name": "x", "step": [{**STEP, "from": 7}]}]}, "give a local time of the day"),
    (
        {"load": [{"name": "x", "step": [STEP, {**STEP, "from": "07:00+02:00"}]}]},
        "load[0].step[1].from '07:00+02:00': give a local time",
    ),
    ({"load": [{"name": "x", "step": [{**STEP, "from": "07:00"}]}]}, "begin at 00:00 and ascend"),
    ({"load": [{"name": "x", "step": [STEP, STEP]}]}, "begin at 00:00 and ascend"),
    ({"device": [device(port="usb")]}, "device[0].port 'usb': take left-ir, right-ir, rs485"),
    ({"device": [device(model="X1")]}, "device[0].model 'X1': take WM1-6"),
    ({"device": [{"port": "rs485", "model": "MC784"}]}, "device[0].serial '': give 1 to 8 signs"),
    ({"device": [device(serial="123456789")]}, "give 1 to 8 signs, as registers hold 8"),
    ({"device": [device(port="left-ir", model="IR Bicom")]}, "the left IR port reads a meter"),
    ({"device": [device(port="right-ir")]}, "the right one a Bicom"),
    ({"device": [device(address=248)]}, "give a Modbus address, 0 to 247"),
    ({"device": [device(exponent=5)]}, "give 0 to 4"),
    ({"device": [device(energy_wh=-1)]}, "a meter begins at 0 or above"),
    ({"device": [device(export_wh=-1)]}, "a meter begins at 0 or above"),
    ({"device": [device(enabled="no")]}, "device[0].enabled 'no': give true or false"),
    ({"device": [device(loads="house")]}, "device[0].loads 'house': give a list of names"),
    ({"device": [device(loads=["house"])]}, "loads of I0000001 'house': declared are: none"),
    ({"device": [device(line={"parity": 1})]}, "device[0].line.parity 1: give a text"),
    ({"device": [device(link_1={"interval_s": 0})]}, "device[0].link_1"),
    ({"device": [device(), device(serial="I2")]}, "device.address 35: give each device its own"),
    ({"device": [device(), device(address=36)]}, "device.serial 'I0000001': give each device"),
    (
        {"device": [device(port="left-ir"), device(port="left-ir", serial="I2")]},
        "device.port 'left-ir': one device fits there",
    ),
    ({"network": [{"ssid": "x", "signal_dbm": 5}]}, "a signal has -120 to 0 dBm"),
    ({"network": [{"ssid": "x" * 33}]}, "an SSID has 1 to 32"),
    ({"network": [{"ssid": "x", "channel": 6}]}, "network[0].channel 6: known here"),
    ({"inputs": {"pulse_load": "x"}}, "inputs.pulse_load 'x': declared are: none"),
    ({"inputs": {"pulses_per_kwh": 0}}, "inputs.pulses_per_kwh 0: give 1 or more"),
    ({"inputs": {"temperature_cdeg": 90_000}}, "a Pt1000 is at -20000 to 85000"),
]


@pytest.mark.parametrize(("data", "sentence"), WRONG)
def test_what_cannot_be_is_refused_with_its_place(data: dict[str, Any], sentence: str) -> None:
    """It says where in the file, and what would be taken."""
    with pytest.raises(NotAccepted) as caught:
        Site.from_mapping(data)

    assert sentence in str(caught.value)


def test_networks_and_inputs_of_a_site() -> None:
    """Open and secured networks; a load that sends pulses at a rate of its own."""
    data = {
        "load": [{"name": "pump", "power_w": 500}],
        "network": [{"ssid": "Hof"}, {"ssid": "Werk", "signal_dbm": -70, "password": "geheim"}],
        "inputs": {"pulse_load": "pump", "pulses_per_kwh": 100, "temperature_cdeg": -500},
    }
    gateway = built(data)

    assert [("Hof", -60, ""), ("Werk", -70, "geheim")] == [
        (one.ssid, one.signal_dbm, one.password) for one in gateway.network.neighbours
    ]
    assert gateway.inputs.source is not None
    assert (100, -500) == (gateway.inputs.source.per_kwh, gateway.inputs.temperature_cdeg)
