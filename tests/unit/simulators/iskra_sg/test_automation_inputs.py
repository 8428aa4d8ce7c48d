"""What inputs are at a gateway, when they change, and the manual's two examples."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from simulators.clock import VirtualClock
from simulators.faults import Faults
from simulators.iskra_sg.automation import (
    FOREVER,
    CounterInput,
    GatewayInput,
    Input,
    MeterInput,
    RegisterInput,
    Runner,
    TimeInput,
)
from simulators.iskra_sg.automation_file import read
from simulators.iskra_sg.automation_inputs import GatewayInputs, surroundings
from simulators.iskra_sg.device import Gateway
from simulators.iskra_sg.faults import AbsentDevice
from simulators.iskra_sg.loads import Flow
from simulators.iskra_sg.meters import Meter
from simulators.iskra_sg.settings import changed
from simulators.iskra_sg.site import Site
from simulators.iskra_sg.tariffs import read as read_tariffs

AT = datetime(2026, 6, 1, 7, 59, 30, tzinfo=UTC)
"""09:59:30 on a Monday in Brussels, day 152 of the year."""

SITE: dict[str, Any] = {
    "settings": {"features": {"temperature_input": True, "pulse_counter": True}},
    "load": [
        {"name": "house"},
        {"name": "pump", "step": [{"from": "00:00"}, {"from": "10:30", "power_w": [0, 500, 0]}]},
        {"name": "lamp", "power_w": 60},
    ],
    "device": [
        {
            "port": "left-ir",
            "model": "WM3M4C",
            "serial": "W1",
            "address": 33,
            "loads": ["house", "pump"],
        },
        {"port": "rs485", "model": "WM1-6", "serial": "W2", "address": 40, "loads": ["lamp"]},
        {"port": "rs485", "model": "BI432", "serial": "B1", "address": 41, "loads": ["lamp"]},
    ],
}


def gateway() -> Gateway:
    """Make a gateway with two meters and a switch."""
    return Site.from_mapping(SITE).build(AT, Faults(VirtualClock(AT)))


def value(one: Gateway, source: Input) -> Decimal | None:
    """Look at one input."""
    return GatewayInputs(one).value(source)


@pytest.mark.parametrize(
    ("quantity", "phase", "expected"),
    [
        ("active_power", 0, "9500"),
        ("active_power", 1, "10000"),
        ("active_power", 2, "-500"),
        ("reactive_power", 1, "-400"),
        ("apparent_power", 2, "500"),
        ("power_factor", 1, "0.9992"),
        ("voltage", 3, "230"),
        ("current", 2, "2.174"),
        ("frequency", 0, "50"),
    ],
)
def test_what_a_meter_measures(quantity: str, phase: int, expected: str) -> None:
    """Every quantity and phase can be looked at, in base units."""
    one = gateway()
    one.feed("house", Flow.of_watts([10_000, -500, 0], [-400, 0, 0]))

    assert Decimal(expected) == value(one, MeterInput("left_ir", 33, quantity, phase))


def test_what_a_meter_has_counted() -> None:
    """A counter of either kind, by its place."""
    one = gateway()
    one.feed("house", Flow.of_watts([3_600, 0, 0]))
    one.advance(AT + timedelta(minutes=10))

    assert 600 == value(one, CounterInput("left_ir", 33, False, 1))
    assert value(one, CounterInput("left_ir", 33, True, 1)) is None
    assert 0 == value(one, CounterInput("rs485", 40, True, 1))


@pytest.mark.parametrize(
    ("part", "expected"),
    [("hour", 9), ("minute", 59), ("day_of_month", 1), ("day_of_week", 1), ("day_of_year", 152)],
)
def test_local_time(part: str, expected: int) -> None:
    """Time is that of the gateway's clock in its zone."""
    assert expected == value(gateway(), TimeInput(part))


def test_the_gateways_own_inputs() -> None:
    """Temperature, pulses and tariff, where they are there."""
    one = gateway()
    one.inputs.temperature_cdeg, one.inputs.pulses = 2_150, 77
    without = Site.from_mapping({"gateway": {"hardware": "C"}}).build(AT, one.faults)

    inputs = [GatewayInput(what) for what in ("temperature", "pulses", "tariff")]

    assert [Decimal("21.5"), 77, 1] == [value(one, source) for source in inputs]
    assert [None, None, None] == [value(without, source) for source in inputs]
    one.inputs.temperature_cdeg = None
    assert value(one, inputs[0]) is None


def test_registers_of_who_answers() -> None:
    """A register is read from a device on RS485; what cannot be read is unknown."""
    one = gateway()

    assert 0x574D == value(one, RegisterInput(40, 4, 1, "uint16"))  # "WM"
    assert value(one, RegisterInput(40, 4, 60_000, "int32")) is None
    assert value(one, RegisterInput(99, 4, 1, "int32")) is None
    assert value(one, RegisterInput(33, 4, 1, "int32")) is None  # is on the left IR port


def test_an_absent_device_makes_its_inputs_unknown() -> None:
    """Neither a value nor the last one is made up."""
    one = gateway()
    source = MeterInput("left_ir", 33, "active_power")
    missing = [
        MeterInput("left_ir", 34, "active_power"),
        MeterInput("rs485", 33, "active_power"),
        MeterInput("rs485", 41, "active_power"),
        MeterInput("rs485", 40, "active_power", 2),
    ]

    assert [None] * 4 == [value(one, one_missing) for one_missing in missing]
    asyncio.run(one.faults.switch_on(AbsentDevice(33)))
    assert value(one, source) is None
    assert FOREVER == GatewayInputs(one).steady_until(source)


@pytest.mark.parametrize(
    ("source", "until"),
    [
        (TimeInput("minute"), AT + timedelta(seconds=30)),
        (TimeInput("hour"), AT + timedelta(seconds=30)),
        (GatewayInput("tariff"), AT + timedelta(seconds=30)),
        (GatewayInput("pulses"), FOREVER),
        (RegisterInput(41, 3, 1, "int16"), AT),
        (MeterInput("left_ir", 33, "active_power"), AT + timedelta(seconds=30)),
        (MeterInput("rs485", 40, "active_power"), FOREVER),
        (CounterInput("rs485", 40, True, 1), FOREVER),
    ],
)
def test_inputs_are_steady_until_they_can_change(source: Input, until: datetime) -> None:
    """Time and daily loads change at known instants, registers at any."""
    assert until == GatewayInputs(gateway()).steady_until(source)


def test_a_counter_is_not_steady_while_something_flows() -> None:
    """It counts all the time then."""
    one = gateway()
    one.feed("house", Flow.of_watts([1, 0, 0]))

    source = CounterInput("left_ir", 33, False, 1)
    assert AT == GatewayInputs(one).steady_until(source)


def test_surroundings_change_with_whatever_inputs_depend_on() -> None:
    """Each of these makes them another; time alone does not."""
    one = gateway()
    meter, lamp = one.bench.left, one.bench.bus[1]
    assert isinstance(meter, Meter)
    seen = [surroundings(one)]

    one.advance(AT + timedelta(seconds=20))
    assert seen == [surroundings(one)]
    asyncio.run(one.faults.switch_on(AbsentDevice(33)))
    seen.append(surroundings(one))
    one.feed("house", Flow.of_watts([1, 0, 0]))
    seen.append(surroundings(one))
    one.bench.loads["pump"].is_on = False
    seen.append(surroundings(one))
    one.inputs.pulses = 5
    seen.append(surroundings(one))
    one.inputs.temperature_cdeg = 5
    seen.append(surroundings(one))
    one.settings = changed(one.settings, {"time": {"zone": "Europe/London"}})
    seen.append(surroundings(one))
    one.take_tariffs(read_tariffs({"tariffs": [{}]}))
    seen.append(surroundings(one))
    one.clock.set_to(AT, AT + timedelta(seconds=1))
    seen.append(surroundings(one))
    meter.fail()
    seen.append(surroundings(one))
    lamp.address = 42
    seen.append(surroundings(one))

    assert 11 == len(seen)
    assert [1] * 11 == [seen.count(each) for each in seen]


def test_the_first_example_of_the_manual() -> None:
    """Above 10 kW ± 500 W true, false again at 9.5 kW (§4.5.6.1)."""
    power = {
        "property": "meter",
        "interface": "left_ir",
        "address": 33,
        "quantity": "active_power",
        "phase": "total",
    }
    condition = {
        "equation": [{"sign": "+", "input": power}],
        "operator": ">",
        "value": 10_000,
        "hysteresis": 500,
    }
    one, runner = gateway(), Runner()
    runner.take(
        read({"automations": [{"enabled": True, "mode": "on_change", "condition": condition}]})
    )

    states = []
    for watts in (9_900, 10_400, 10_501, 9_600, 9_500, 10_500):
        one.feed("house", Flow.of_watts([watts, 0, 0]))
        runner.run(one.at, GatewayInputs(one), None)
        seen, _ = runner.seen(0)
        assert seen is not None
        states.append(seen.state)

    assert [False, False, True, True, False, False] == states


@pytest.mark.parametrize(
    ("local", "watts", "state"),
    [
        ("06:59", 4_999, False),
        ("07:00", 4_999, True),
        ("15:59", 4_999, True),
        ("15:59", 5_000, False),
        ("16:00", 4_999, False),
    ],
)
def test_the_second_example_of_the_manual(local: str, watts: int, state: bool) -> None:
    """Hour greater than 6, less than 16, and less than 5 kW (§4.5.6.2, figure 75)."""
    hour = {"property": "time", "part": "hour"}
    power = {
        "property": "meter",
        "interface": "left_ir",
        "address": 33,
        "quantity": "active_power",
        "phase": "total",
    }
    rows = ((hour, ">", 6), (hour, "<", 16), (power, "<", 5_000))
    conditions = [
        {"equation": [{"sign": "+", "input": source}], "operator": operator, "value": limit}
        for source, operator, limit in rows
    ]
    gate = {"gate": "and", "of": conditions}
    one, runner = gateway(), Runner()
    runner.take(read({"automations": [{"enabled": True, "mode": "on_change", "condition": gate}]}))
    one.bench.loads["pump"].is_on = False
    one.feed("house", Flow.of_watts([watts, 0, 0]))

    one.clock.set_to(datetime.fromisoformat(f"2026-06-01T{local}:00+02:00"), one.at)
    runner.run(one.at, GatewayInputs(one), None)

    seen, _ = runner.seen(0)
    assert seen is not None
    assert state == seen.state
