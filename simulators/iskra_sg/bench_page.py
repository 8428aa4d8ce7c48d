"""
What the bench's corner of the page shows and does: all that is around the gateway, not in it.

A person feeds loads, sends pulses, warms the sensor, moves the gateway's clock, touches the
function button, takes power from a meter and switches faults on and off.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from simulators.errors import NotAccepted
from simulators.iskra_sg import GatewaySg, button
from simulators.iskra_sg.device import Gateway
from simulators.iskra_sg.faults import GATEWAY_FAULTS, fault_of
from simulators.iskra_sg.inputs import (
    PULSES_LIMIT,
    TEMPERATURE_LEAST_CDEG,
    TEMPERATURE_MOST_CDEG,
)
from simulators.iskra_sg.loads import NW_PER_W, Fed, Flow, Phases
from simulators.iskra_sg.local_clock import DRIFT_LIMIT_PPM
from simulators.iskra_sg.meters import Meter
from simulators.iskra_sg.rest import Given

Json = dict[str, Any]

POWER_LIMIT_W = 1_000_000
OFFSET_LIMIT_S = 366 * 86_400
PRESSES = {"short": button.SHORT, "long": button.LONG}


# ---------------------------------------------------------------- what it shows


def state(bench: GatewaySg) -> Json:
    """Give all that the corner shows."""
    gateway = bench.now
    led = gateway.led
    offset = gateway.clock.shows(gateway.at) - gateway.at
    selected = gateway.button.selected
    return {
        "led": {"colour": led.colour.value, "rhythm": led.rhythm.value},
        "button": {
            "touched": gateway.button.is_touched,
            "selected": selected.value if selected is not None else "",
        },
        "connection": gateway.connection.value,
        "access_point_client": gateway.network.has_client,
        "upgrade": gateway.upgrade.status,
        "clock": {
            "true": f"{gateway.at:%Y-%m-%dT%H:%M:%SZ}",
            "offset_ms": offset // timedelta(milliseconds=1),
            "drift_ppm": gateway.clock.drift_ppm,
        },
        "inputs": {
            "pulses": gateway.inputs.pulses,
            "temperature_cdeg": gateway.inputs.temperature_cdeg,
        },
        "loads": [_load(gateway, name) for name in gateway.bench.loads],
        "meters": [
            {"serial": one.serial, "model": one.model.name, "has_power": one.is_powered}
            for one in gateway.bench.devices
            if isinstance(one, Meter)
        ],
        "faults": _faults(bench),
    }


def _load(gateway: Gateway, name: str) -> Json:
    behind = gateway.bench.loads[name]
    flow = behind.load.flow(gateway.at)
    return {
        "name": name,
        "fed_by_hand": isinstance(behind.load, Fed),
        "is_on": behind.is_on,
        "power_w": [one // NW_PER_W for one in flow.active_nw],
        "reactive_var": [one // NW_PER_W for one in flow.reactive_nvar],
    }


def _faults(bench: GatewaySg) -> list[Json]:
    on = {one.name: one for one in bench.faults.on}
    return [
        {
            "name": name,
            "sentence": (kind.__doc__ or "").strip().splitlines()[0],
            "on": name in on,
            "settings": dataclasses.asdict(on.get(name, kind())),
        }
        for name, kind in GATEWAY_FAULTS.items()
    ]


# ---------------------------------------------------------------- what it does


async def _fault(bench: GatewaySg, given: Given) -> None:
    name, is_on = given.choice("name", tuple(GATEWAY_FAULTS)), given.flag("on")
    settings = given.any("settings") if given.has("settings") else {}
    given.no_more()
    fault = fault_of(name, settings)
    # One of a kind at a time: what is switched on takes the place of what was.
    await bench.faults.switch_off(type(fault))
    if is_on:
        await bench.faults.switch_on(fault)


async def _feed(bench: GatewaySg, given: Given) -> None:
    name = given.text("load", 40)
    active = _three(given, "power_w")
    reactive = _three(given, "reactive_var") if given.has("reactive_var") else (0, 0, 0)
    given.no_more()
    bench.now.feed(name, Flow.of_watts(active, reactive))


def _three(given: Given, name: str) -> Phases:
    value = given.any(name)
    if isinstance(value, list) and len(value) == 3:
        first, second, third = value
        if all(type(one) is int and abs(one) <= POWER_LIMIT_W for one in value):
            return (first, second, third)
    raise NotAccepted(name, value, f"give three whole numbers of at most ±{POWER_LIMIT_W}")


async def _clock(bench: GatewaySg, given: Given) -> None:
    offset_s = given.whole("offset_s", -OFFSET_LIMIT_S, OFFSET_LIMIT_S)
    drift_ppm = given.whole("drift_ppm", -DRIFT_LIMIT_PPM, DRIFT_LIMIT_PPM)
    given.no_more()
    gateway = bench.now
    gateway.clock.drift(drift_ppm, gateway.at)
    gateway.clock.set_to(gateway.at + timedelta(seconds=offset_s), gateway.at)


async def _button(bench: GatewaySg, given: Given) -> None:
    press = given.choice("press", (*PRESSES, "touch", "release"))
    given.no_more()
    if press == "touch":
        bench.touch()
    elif press == "release":
        bench.release()
    else:
        bench.press(PRESSES[press])


async def _pulses(bench: GatewaySg, given: Given) -> None:
    count = given.whole("count", 0, PULSES_LIMIT)
    given.no_more()
    gateway = bench.now
    if gateway.settings.features.pulse_counter:
        gateway.inputs.pulses = min(PULSES_LIMIT, gateway.inputs.pulses + count)


async def _temperature(bench: GatewaySg, given: Given) -> None:
    value = given.any("cdeg")
    given.no_more()
    if value is not None and not (
        type(value) is int and TEMPERATURE_LEAST_CDEG <= value <= TEMPERATURE_MOST_CDEG
    ):
        remedy = f"give {TEMPERATURE_LEAST_CDEG} to {TEMPERATURE_MOST_CDEG}, null for no sensor"
        raise NotAccepted("cdeg", value, remedy)
    bench.now.inputs.temperature_cdeg = value


async def _meter(bench: GatewaySg, given: Given) -> None:
    serial, has_power = given.text("serial", 8), given.flag("has_power")
    given.no_more()
    meters = [one for one in bench.now.bench.devices if isinstance(one, Meter)]
    found = next((one for one in meters if one.serial == serial), None)
    if found is None:
        known = ", ".join(one.serial for one in meters) or "none"
        raise NotAccepted("serial", serial, f"there are {known}")
    if has_power and not found.is_powered:
        found.restore()
    elif not has_power:
        found.fail()


async def _client(bench: GatewaySg, given: Given) -> None:
    bench.now.network.has_client = given.flag("on")
    given.no_more()


VERBS: dict[str, Callable[[GatewaySg, Given], Awaitable[None]]] = {
    "fault": _fault,
    "feed": _feed,
    "clock": _clock,
    "button": _button,
    "pulses": _pulses,
    "temperature": _temperature,
    "meter": _meter,
    "client": _client,
}
"""What a person can do here, by the last word of its address."""
