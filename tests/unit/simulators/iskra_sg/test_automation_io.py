"""Automations at work: each second, with actions at devices and links."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulators.clock import VirtualClock
from simulators.iskra_sg import GatewaySg
from simulators.iskra_sg.automation_file import read
from simulators.iskra_sg.automation_io import Automations
from simulators.iskra_sg.faults import AbsentDevice
from simulators.iskra_sg.loads import Flow
from simulators.iskra_sg.register_map import Space
from simulators.iskra_sg.registers import read as read_registers
from simulators.iskra_sg.settings import changed
from simulators.iskra_sg.site import Site
from simulators.wiretap import Wiretap

START = datetime(2026, 6, 1, 7, 59, 30, tzinfo=UTC)
POWER = {
    "property": "meter",
    "interface": "left_ir",
    "address": 33,
    "quantity": "active_power",
    "phase": "total",
}
ABOVE = {
    "equation": [{"sign": "+", "input": POWER}],
    "operator": ">",
    "value": 10_000,
    "hysteresis": 500,
}
OFF = {"device": "bicom", "interface": "right_ir", "function": "off"}
ON = {**OFF, "function": "on"}
TOGGLE = {"device": "bicom", "interface": "rs485", "address": 41, "function": "toggle"}


def message(text: str, link: int = 1) -> dict[str, Any]:
    """Make an action that publishes."""
    return {"device": "mqtt", "link": link, "subtopic": "status", "message": text}


class Spoken:
    """A link that keeps what is published, with the seconds since the start."""

    def __init__(self, clock: VirtualClock) -> None:
        self.said: list[tuple[float, str]] = []
        self._clock = clock

    async def publish(self, subtopic: str, text: str) -> bool:
        """Keep it."""
        self.said.append(((self._clock.now() - START).total_seconds(), f"{subtopic}: {text}"))
        return True


class Bench:
    """A gateway with a meter, two switches and an automation or more."""

    def __init__(self, *automations: dict[str, Any]) -> None:
        self.clock = VirtualClock(START)
        site = Site.from_mapping(
            {
                "settings": {"features": {"automation": True}},
                "load": [{"name": "house"}, {"name": "boiler", "power_w": 2_000}],
                "device": [
                    {"port": "left-ir", "model": "WM3M4C", "serial": "W1", "loads": ["house"]},
                    {"port": "right-ir", "model": "IR Bicom", "serial": "B0", "is_on": True},
                    {"port": "rs485", "model": "BI432", "serial": "B1", "address": 41},
                    {"port": "rs485", "model": "IE38MD", "serial": "I1", "address": 35},
                ],
            }
        )
        self.gateway = GatewaySg(site, self.clock, Wiretap(self.clock))
        self.links = {1: Spoken(self.clock), 2: Spoken(self.clock)}
        self.runner = Automations(self.gateway, self.links)
        self.gateway.wires.append(self.runner)
        self.save(*automations)

    def save(self, *automations: dict[str, Any]) -> None:
        """Have other automations."""
        rows = [{"enabled": True, "mode": "on_change", **one} for one in automations]
        self.gateway.now.take_automations(read({"automations": rows}))

    def feed(self, watts: int) -> None:
        """Let the house draw so much."""
        self.gateway.now.feed("house", Flow.of_watts([watts, 0, 0]))

    async def seconds(self, seconds: float) -> None:
        """Let time pass."""
        await self.clock.advance_to(self.clock.now() + timedelta(seconds=seconds))


def run(bench: Bench, work: Callable[[], Awaitable[None]]) -> None:
    """Do something with a gateway that runs."""

    async def main() -> None:
        await bench.gateway.start()
        await work()
        await bench.gateway.stop()
        await bench.seconds(5)

    asyncio.run(main())


def test_the_manuals_first_example_acts_once_for_each_change() -> None:
    """Above 10.5 kW all three actions are done, at 9.5 kW their opposites (§4.5.6.1)."""
    write = {"device": "modbus", "address": 35, "function": 6, "register": 101, "type": "int16"}
    bench = Bench(
        {
            "condition": ABOVE,
            "on_true": [{**write, "value": 0x4142}, OFF, message("ECO mode turned on")],
            "on_false": [{**write, "value": 0x4344}, ON, message("ECO mode turned off")],
        }
    )

    async def work() -> None:
        right = bench.gateway.now.bench.right
        assert right is not None
        states = []
        for watts in (9_000, 10_500, 10_501, 9_501, 9_500):
            bench.feed(watts)
            await bench.seconds(2)
            device = bench.gateway.now
            meter = device.addressed(35)
            assert meter is not None
            states.append((right.is_on, read_registers(device, meter, Space.HOLDING, 101, 1)[0]))
        normal, eco = (True, 0x4344), (False, 0x4142)
        assert [normal, normal, eco, eco, normal] == states

    run(bench, work)
    assert [
        (1.0, "status: ECO mode turned off"),
        (5.0, "status: ECO mode turned on"),
        (9.0, "status: ECO mode turned off"),
    ] == bench.links[1].said


def test_continuous_forces_a_switch_each_second() -> None:
    """A switch that somebody has moved is moved back, and messages go out each time."""
    condition = {**ABOVE, "value": 0, "hysteresis": 0}
    bench = Bench(
        {"mode": "continuous", "condition": condition, "on_false": [OFF, message("off", 2)]}
    )

    async def work() -> None:
        right = bench.gateway.now.bench.right
        assert right is not None
        await bench.seconds(1)
        assert not right.is_on
        await bench.gateway.switch(right, True)
        assert right.is_on
        await bench.seconds(2.5)
        assert not right.is_on

    run(bench, work)
    assert [(second, "status: off") for second in (1.0, 2.0, 3.0)] == bench.links[2].said


def test_actions_at_who_is_not_there_go_by() -> None:
    """The other actions are done; a switch is toggled once for a change."""
    nobody = [
        {"device": "bicom", "interface": "rs485", "address": 99, "function": "on"},
        {"device": "bicom", "interface": "rs485", "address": 35, "function": "on"},
        {
            "device": "modbus",
            "address": 98,
            "function": 16,
            "register": 1,
            "type": "uint32",
            "value": 1,
        },
    ]
    bench = Bench({"condition": ABOVE, "on_false": [*nobody, TOGGLE]})

    async def work() -> None:
        await bench.seconds(3)
        switch = bench.gateway.now.addressed(41)
        assert switch is bench.gateway.now.bench.bus[0]
        assert (True, 1) == (getattr(switch, "is_on", None), getattr(switch, "switched", None))

    run(bench, work)


@pytest.mark.parametrize(("function", "words"), [(6, [0x4142, 0x4344]), (16, [0x4142, 0x4344])])
def test_32_bits_go_into_two_registers(function: int, words: Sequence[int]) -> None:
    """With function 6 as well as with function 16."""
    write = {"device": "modbus", "address": 35, "function": function, "register": 101}
    bench = Bench(
        {"condition": ABOVE, "on_false": [{**write, "type": "uint32", "value": 0x41424344}]}
    )

    async def work() -> None:
        await bench.seconds(1)
        device = bench.gateway.now
        meter = device.addressed(35)
        assert meter is not None
        assert words == read_registers(device, meter, Space.HOLDING, 101, 2)

    run(bench, work)


def test_an_absent_meter_does_nothing_until_it_is_back() -> None:
    """Unknown acts neither way, and the state before goes on after it."""
    bench = Bench({"condition": ABOVE, "on_true": [message("on")], "on_false": [message("off")]})

    async def work() -> None:
        bench.feed(11_000)
        await bench.seconds(1.5)
        await bench.gateway.faults.switch_on(AbsentDevice(33))
        bench.feed(0)
        await bench.seconds(3)
        assert (None, True) == (_state(bench), bench.gateway.now.automations.seen(0)[1])
        bench.feed(9_800)
        await bench.gateway.faults.switch_off(AbsentDevice)
        await bench.seconds(2)
        assert _state(bench) is True

    run(bench, work)
    assert [(1.0, "status: on")] == bench.links[1].said


def _state(bench: Bench) -> bool | None:
    seen, _ = bench.gateway.now.automations.seen(0)
    assert seen is not None
    return seen.state


def test_the_feature_must_be_enabled() -> None:
    """Without it nothing runs; with it the first run is a second later."""
    bench = Bench({"condition": ABOVE, "on_false": [message("off")]})

    async def work() -> None:
        now = bench.gateway.now
        await bench.gateway.set(changed(now.settings, {"features": {"automation": False}}))
        await bench.seconds(10)
        assert [] == bench.links[1].said
        now = bench.gateway.now
        await bench.gateway.set(changed(now.settings, {"features": {"automation": True}}))
        await bench.gateway.set(bench.gateway.now.settings)
        await bench.seconds(2)

    run(bench, work)
    assert [(11.0, "status: off")] == bench.links[1].said


def test_a_boot_begins_anew() -> None:
    """After a restart the first result acts again."""
    bench = Bench({"condition": ABOVE, "on_false": [message("off")]})

    async def work() -> None:
        await bench.seconds(2)
        bench.gateway.reboot()
        await bench.seconds(60)

    run(bench, work)
    assert 2 == len(bench.links[1].said)


def test_a_quiet_second_evaluates_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot have changed is not looked at; time still turns conditions at its instant."""
    minute = {
        "equation": [{"sign": "+", "input": {"property": "time", "part": "minute"}}],
        "operator": "<",
        "value": 30,
    }
    bench = Bench({"condition": minute, "on_true": [message("on")], "on_false": [message("off")]})
    runner = bench.gateway.now.automations
    looked: list[float] = []

    def run_and_count(at: datetime, *others: Any) -> list[Any]:
        looked.append((at - START).total_seconds())
        return type(runner).run(runner, at, *others)

    monkeypatch.setattr(runner, "run", run_and_count)

    async def work() -> None:
        await bench.seconds(100)

    run(bench, work)
    assert [1.0, 30.0, 90.0] == looked
    assert [(1.0, "status: off"), (30.0, "status: on")] == bench.links[1].said


def test_files_carry_automations() -> None:
    """Saving writes automation.json, and deleting it deletes them."""
    bench = Bench({"condition": ABOVE})
    device = bench.gateway.now

    assert b'"on_change"' in (device.files.read("automation.json") or b"")
    device.files.delete("automation.json")
    assert () == device.automations.automations

    async def work() -> None:
        await bench.seconds(2)

    run(bench, work)
