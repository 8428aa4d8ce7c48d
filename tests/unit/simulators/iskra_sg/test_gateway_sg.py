"""The gateway on its bench: its wires, its button at work, restarts and upgrades."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulators.clock import VirtualClock
from simulators.errors import NotAccepted, NotPossible
from simulators.iskra_sg import BOOT_LASTS, GatewaySg, bench_page, led
from simulators.iskra_sg.bicoms import Bicom
from simulators.iskra_sg.faults import AbsentDevice, NoNetwork, SlowDevice
from simulators.iskra_sg.network import Connection
from simulators.iskra_sg.rest import Given
from simulators.iskra_sg.settings import changed
from simulators.iskra_sg.site import Site
from simulators.wiretap import Wiretap

START = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
URL = "https://ota.example/sg-2.10.bin"
SITE: dict[str, Any] = {
    "settings": {"description": "Halle", "features": {"pulse_counter": True}},
    "load": [{"name": "house", "power_w": [500, 0, 0]}, {"name": "hand"}],
    "device": [
        {"port": "left-ir", "model": "WM3M4C", "serial": "W4", "loads": ["house", "hand"]},
        {"port": "right-ir", "model": "IR Bicom", "serial": "B1"},
    ],
}


class Wire:
    """A wire that remembers what it was told."""

    def __init__(self, gateway: GatewaySg, name: str, told: list[str]) -> None:
        self._gateway, self._name, self._told = gateway, name, told

    def _note(self, what: str) -> None:
        passed = self._gateway.clock.now() - START
        self._told.append(f"{passed.total_seconds():g} {self._name} {what}")

    async def start(self) -> None:
        """Note it."""
        self._note("start")

    async def settle(self) -> None:
        """Note it."""
        self._note("settle")

    async def stop(self) -> None:
        """Note it."""
        self._note("stop")


class Desk:
    """A gateway with two wires, in virtual time."""

    def __init__(self, site: dict[str, Any]) -> None:
        self.clock = VirtualClock(START)
        self.gateway = GatewaySg(Site.from_mapping(site), self.clock, Wiretap(self.clock))
        self.told: list[str] = []
        self.gateway.wires += [Wire(self.gateway, name, self.told) for name in ("one", "two")]

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await self.clock.advance_to(self.clock.now() + timedelta(seconds=seconds))

    async def press(self, *seconds: float) -> None:
        """Press the button for so long, one press after the other."""
        for lasting in seconds:
            self.gateway.press(timedelta(seconds=lasting))
            await self.wait(lasting + 1)

    async def do(self, verb: str, **fields: Any) -> None:
        """Do something at the bench's corner of the page."""
        await bench_page.VERBS[verb](self.gateway, Given(fields))

    async def change(self, **part: Any) -> None:
        """Change a part of the settings."""
        await self.gateway.set(changed(self.gateway.now.settings, part))


def run(work: Callable[[Desk], Awaitable[None]], site: dict[str, Any] | None = None) -> None:
    """Do something with a gateway that is switched on."""

    async def main() -> None:
        desk = Desk(SITE if site is None else site)
        await desk.gateway.start()
        await work(desk)
        await desk.gateway.stop()

    asyncio.run(main())


# ---------------------------------------------------------------- wires


def test_wires_are_started_settled_and_stopped() -> None:
    """In their order, stopped in the reverse; listeners learn of settings and of switches."""
    desk = Desk(SITE)
    heard: list[str] = []

    async def work() -> None:
        async def listen() -> None:
            heard.append("changed")

        desk.gateway.listen(listen)
        await desk.gateway.start()
        await desk.change(location="Nord")
        bicom = desk.gateway.now.bench.right
        assert isinstance(bicom, Bicom)
        await desk.gateway.switch(bicom, True)
        assert bicom.is_on
        await desk.gateway.stop()

    asyncio.run(work())
    assert ["changed", "changed"] == heard
    told = ["one start", "two start", "one settle", "two settle", "two stop", "one stop"]
    assert [f"0 {one}" for one in told] == desk.told


# ---------------------------------------------------------------- the button at work


def test_reboot_from_the_menu() -> None:
    """The wires go, and come back five seconds later; the uptime begins anew."""

    async def work(desk: Desk) -> None:
        await desk.press(10, 10)
        # Pressed at 11, long at 21, the colours until 22.5.
        await desk.wait(1)
        assert ["22.5 two stop", "22.5 one stop"] == desk.told[2:]
        assert (False, led.OFF) == (desk.gateway.now.is_running, desk.gateway.now.led)
        await desk.wait(10)
        assert ["27.5 one start", "27.5 two start"] == desk.told[4:]
        assert timedelta(seconds=5.5) == desk.gateway.now.uptime
        assert "Halle" == desk.gateway.now.settings.description
        hands = [json.loads(one.text) for one in desk.gateway.tap.crossings]
        assert ["touch the button", "release the button"] * 2 == [one["do"] for one in hands]

    run(work)


def test_provisioning_from_the_menu() -> None:
    """It goes to provisioning mode at once, without a restart, and out of it by a network."""

    async def work(desk: Desk) -> None:
        await desk.press(10, 2, 10)
        await desk.wait(2)
        assert Connection.PROVISIONING is desk.gateway.now.connection
        assert led.PROVISIONING == desk.gateway.now.led
        assert ["0 one start", "0 two start"] == desk.told
        await desk.do("client", on=True)
        assert led.PROVISIONING_WITH_CLIENT == desk.gateway.now.led
        joined = {"mode": "wifi", "wifi_ssid": "Werkhof", "wifi_password": "werkhof-2026"}
        await desk.change(connectivity=joined)
        assert led.CONNECTING == desk.gateway.now.led
        await desk.wait(5)
        assert (led.OPERATIONAL, True) == (desk.gateway.now.led, desk.gateway.now.is_online)

    run(work)


def test_factory_reset_from_the_menu() -> None:
    """All settings are the factory's, after a restart."""

    async def work(desk: Desk) -> None:
        await desk.press(10, 2, 2, 10)
        await desk.wait(10)
        gateway = desk.gateway.now
        assert gateway.identity.defaults() == gateway.settings
        assert gateway.is_running
        assert 1 == len([one for one in desk.told if one.endswith("one stop")])

    run(work)


def test_a_wire_asks_for_a_reboot() -> None:
    """It happens once all that is under way at the instant is done, and once."""

    async def work(desk: Desk) -> None:
        desk.gateway.reboot()
        desk.gateway.reboot()
        assert desk.gateway.now.is_running
        await desk.wait(0)
        assert not desk.gateway.now.is_running
        desk.gateway.reboot()
        await desk.wait(BOOT_LASTS.total_seconds())
        assert desk.gateway.now.is_running
        assert 6 == len(desk.told)

    run(work)


def test_it_is_switched_off_while_it_restarts() -> None:
    """Then it does not come back."""
    desk = Desk(SITE)

    async def work() -> None:
        await desk.gateway.start()
        desk.gateway.reboot()
        await desk.wait(1)
        await desk.gateway.stop()
        await desk.wait(10)

    asyncio.run(work())
    assert 2 == len([one for one in desk.told if one.endswith("start")])


# ---------------------------------------------------------------- the upgrade


async def fetches(url: str, certificates: Sequence[bytes]) -> None:
    """Fetch it."""
    assert URL == url


async def does_not_fetch(url: str, certificates: Sequence[bytes]) -> None:
    """Fail."""
    raise NotPossible("fetch", url, "the server answers 404")


def test_an_upgrade_goes_all_its_way() -> None:
    """Fetched, installed, restarted with the new version, and OK after a minute."""

    async def work(desk: Desk) -> None:
        desk.gateway.fetch = fetches
        await desk.gateway.upgrade(URL)
        assert ("Downloading", led.UPGRADING) == (
            desk.gateway.now.upgrade.status,
            desk.gateway.now.led,
        )
        await desk.wait(1)
        assert "Installing" == desk.gateway.now.upgrade.status
        await desk.wait(20)
        assert ("Restarting", "2.10") == (
            desk.gateway.now.upgrade.status,
            desk.gateway.now.identity.software,
        )
        await desk.wait(10)
        assert "On trial" == desk.gateway.now.upgrade.status
        await desk.wait(60)
        assert ("OK", "2.10") == (
            desk.gateway.now.upgrade.status,
            desk.gateway.now.identity.software,
        )

    run(work)


def test_settings_that_are_touched_bring_the_old_version_back() -> None:
    """Within the minute it restarts with what it had, and has the settings."""

    async def work(desk: Desk) -> None:
        await desk.gateway.upgrade(URL)
        await desk.wait(30)
        assert "2.10" == desk.gateway.now.identity.software
        await desk.change(location="Nord")
        await desk.wait(10)
        gateway = desk.gateway.now
        assert ("Reverted", "2.09", "Nord") == (
            gateway.upgrade.status,
            gateway.identity.software,
            gateway.settings.location,
        )

    run(work)


def test_a_firmware_that_cannot_be_fetched() -> None:
    """The status says why, and the version stays."""

    async def work(desk: Desk) -> None:
        desk.gateway.fetch = does_not_fetch
        await desk.gateway.upgrade(URL)
        await desk.wait(60)
        assert "Failed: the server answers 404" == desk.gateway.now.upgrade.status
        assert "2.09" == desk.gateway.now.identity.software

    run(work)


def test_an_old_version_needs_a_certificate_among_its_files() -> None:
    """2.01 is refused without one."""

    async def work(desk: Desk) -> None:
        with pytest.raises(NotPossible, match=r"add its \.pem file first"):
            await desk.gateway.upgrade(URL)
        desk.gateway.now.files.add("ota.pem", b"-----BEGIN CERTIFICATE-----")
        await desk.gateway.upgrade(URL)
        assert desk.gateway.now.upgrade.is_under_way

    run(work, {"gateway": {"software": "2.01"}})


# ---------------------------------------------------------------- the bench's corner


def test_the_corner_shows_what_is_around_the_gateway() -> None:
    """LED, button, clock, inputs, loads, meters and every fault with its settings."""

    async def work(desk: Desk) -> None:
        desk.gateway.touch()
        await desk.gateway.faults.switch_on(SlowDevice(35, 800))
        told = bench_page.state(desk.gateway)
        assert {"colour": "green", "rhythm": "slow"} == told["led"]
        assert {"touched": True, "selected": ""} == told["button"]
        assert {"true": "2026-06-01T06:00:00Z", "offset_ms": 0, "drift_ppm": 0} == told["clock"]
        assert [("house", False, [500, 0, 0]), ("hand", True, [0, 0, 0])] == [
            (one["name"], one["fed_by_hand"], one["power_w"]) for one in told["loads"]
        ]
        assert [{"serial": "W4", "model": "WM3M4C", "has_power": True}] == told["meters"]
        on = {one["name"]: one["settings"] for one in told["faults"] if one["on"]}
        assert {"slow-device": {"address": 35, "delay_ms": 800}} == on
        assert {"absent-device", "slow-device", "word-order", "no-network"} <= {
            one["name"] for one in told["faults"]
        }
        json.dumps(told)
        await desk.wait(10)
        assert "reboot" == bench_page.state(desk.gateway)["button"]["selected"]

    run(work)


def test_hands_do_what_they_do() -> None:
    """Loads, pulses, the sensor, the clock, the button, a meter's power, and faults."""

    async def work(desk: Desk) -> None:
        await desk.do("feed", load="hand", power_w=[1, 2, 3], reactive_var=[4, 5, 6])
        meter = desk.gateway.now.bench.left
        assert meter is not None
        assert 506 == meter.measurements().total.active_mw // 1_000
        await desk.do("feed", load="hand", power_w=[0, 0, 0])
        await desk.do("pulses", count=5)
        await desk.do("temperature", cdeg=2_150)
        assert (5, 2_150) == (
            desk.gateway.now.inputs.pulses,
            desk.gateway.now.inputs.temperature_cdeg,
        )
        await desk.do("temperature", cdeg=None)
        assert desk.gateway.now.inputs.temperature_cdeg is None
        await desk.do("clock", offset_s=-90, drift_ppm=100)
        clock = desk.gateway.now.clock
        assert (timedelta(seconds=-90), 100) == (clock.shows(START) - START, clock.drift_ppm)
        await desk.do("button", press="touch")
        assert desk.gateway.now.button.is_touched
        await desk.do("button", press="release")
        await desk.do("button", press="long")
        await desk.wait(10)
        assert desk.gateway.now.button.selected is not None
        await desk.do("button", press="short")
        await desk.wait(3)
        await desk.do("meter", serial="W4", has_power=False)
        await desk.do("meter", serial="W4", has_power=False)
        assert not meter.is_powered
        await desk.do("meter", serial="W4", has_power=True)
        await desk.do("meter", serial="W4", has_power=True)
        assert meter.is_powered

    run(work)


def test_pulses_need_the_feature() -> None:
    """Where the counter is not enabled they are lost."""

    async def work(desk: Desk) -> None:
        await desk.do("pulses", count=5)
        assert 0 == desk.gateway.now.inputs.pulses

    run(work, {})


def test_faults_are_one_of_a_kind() -> None:
    """One that is switched on takes the place of what was; off is off."""

    async def work(desk: Desk) -> None:
        await desk.do("fault", name="absent-device", on=True, settings={"address": 35})
        await desk.do("fault", name="absent-device", on=True)
        await desk.do("fault", name="no-network", on=True)
        assert (AbsentDevice(), NoNetwork()) == desk.gateway.faults.on
        await desk.do("fault", name="absent-device", on=False)
        assert (NoNetwork(),) == desk.gateway.faults.on

    run(work)


@pytest.mark.parametrize(
    ("verb", "fields", "sentence"),
    [
        ("feed", {"load": "hand", "power_w": [1, 2]}, "give three whole numbers"),
        ("feed", {"load": "hand", "power_w": [1, 2, True]}, "give three whole numbers"),
        ("feed", {"load": "hand", "power_w": [1, 2, 10**7]}, "at most ±1000000"),
        ("pulses", {"count": -1}, "give a whole number from 0"),
        ("temperature", {"cdeg": 90_000}, "give -20000 to 85000, null for no sensor"),
        ("temperature", {"cdeg": True}, "null for no sensor"),
        ("clock", {"offset_s": 0, "drift_ppm": 10**6}, "give a whole number from -100000"),
        ("button", {"press": "twice"}, "give one of short, long, touch, release"),
        ("meter", {"serial": "X", "has_power": True}, "there are W4"),
        ("meter", {"serial": "W4", "has_power": "no"}, "give true or false"),
        ("client", {"on": True, "off": 1}, "there is no such field"),
        ("fault", {"name": "absent-device", "on": True, "settings": []}, "give an object"),
        ("fault", {"name": "absent-device", "on": True, "settings": {"x": 1}}, "it has address"),
        ("fault", {"name": "no-network", "on": True, "settings": {"x": 1}}, "it has nothing"),
        ("fault", {"name": "slow-device", "on": True, "settings": {"delay_ms": -1}}, "give 0 to"),
        ("fault", {"name": "ghost", "on": True}, "give one of absent-device"),
    ],
)
def test_hands_that_cannot_be(verb: str, fields: dict[str, Any], sentence: str) -> None:
    """They are refused with what would be taken."""

    async def work(desk: Desk) -> None:
        with pytest.raises(NotAccepted, match=sentence):
            await desk.do(verb, **fields)

    run(work)
