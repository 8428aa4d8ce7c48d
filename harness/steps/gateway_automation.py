"""Sentences about what a smart gateway does by itself: automations and tariffs."""

from __future__ import annotations

import json

from pytest_bdd import given, parsers, then

from harness.bench import Bench
from simulators.iskra_sg.counters import Direction, Unit
from simulators.iskra_sg.register_map import Space
from simulators.iskra_sg.registers import read


@given(parsers.parse('the gateway "{gateway}" has this automation'))
def has_automation(bench: Bench, gateway: str, docstring: str) -> None:
    """Enable the feature, and put an automation on a gateway, as automation.json has one."""
    planned = bench.gateways.declare(gateway)
    planned.site["settings"].setdefault("features", {})["automation"] = True
    content = planned.files.get("automation.json", b'{"automations": []}')
    data = json.loads(content)
    data["automations"].append(json.loads(docstring))
    planned.files["automation.json"] = json.dumps(data).encode()


@given(parsers.parse('the gateway "{gateway}" has these tariffs'))
def has_tariffs(bench: Bench, gateway: str, docstring: str) -> None:
    """Put a calendar of tariffs on a gateway, as tariffs.json has it."""
    bench.gateways.declare(gateway).files["tariffs.json"] = docstring.encode()


@then(parsers.parse('the switch at the right IR port of "{gateway}" is {state}'))
def switch_is(bench: Bench, gateway: str, state: str) -> None:
    """Look at the switch itself."""
    right = bench.gateways.running[gateway].gateway.now.bench.right
    assert right is not None
    assert state == ("on" if right.is_on else "off")


@then(parsers.parse('register {register:d} of "{meter}" holds {value:d}'))
def register_holds(bench: Bench, register: int, meter: str, value: int) -> None:
    """Look into a holding register of a device."""
    device = bench.gateways.running[bench.gateways.of_meter(meter).name].gateway.now
    assert [value] == read(device, bench.gateways.meter(meter), Space.HOLDING, register, 1)


@then(parsers.parse('"{meter}" has counted {energy:d} Wh in tariff {tariff:d}'))
def has_counted_in_tariff(bench: Bench, meter: str, energy: int, tariff: int) -> None:
    """Look at the meter's counter of a tariff."""
    (counter,) = (
        one
        for one in bench.gateways.meter(meter).resettable
        if one.tariffs == {tariff} and (one.unit, one.direction) == (Unit.WH, Direction.IMPORT)
    )
    assert energy == counter.shown


@then(parsers.parse('"{gateway}" is in tariff {tariff:d}'))
def is_in_tariff(bench: Bench, gateway: str, tariff: int) -> None:
    """Look which tariff is active."""
    assert tariff == bench.gateways.running[gateway].gateway.now.active_tariff
