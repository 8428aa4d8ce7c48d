"""Sentences about what a smart gateway says by itself: over MQTT and by the push in XML."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

from pytest_bdd import given, parsers, then, when

from harness.bench import Bench
from harness.control_room import Heard
from harness.errors import UsageError
from harness.gateways import LEFT_IR, PUSH, RIGHT_IR, RS485, steps_of
from harness.steps import records
from harness.steps.gateway import BICOM_ON_IR, METER_ON_IR
from simulators.iskra_sg.faults import NoNetwork

Table = list[list[str]]


# ---------------------------------------------------------------------- what stands there


@given(parsers.parse('the gateway "{gateway}" stands alone, with the meter "{meter}" on IR'))
def stands_alone(bench: Bench, gateway: str, meter: str) -> None:
    """Put a gateway on the bench that no backend reads: a meter and a switch on IR, both in use."""
    bench.declare_central()
    planned = bench.gateways.declare(gateway)
    planned.meters[meter] = bench.gateways.add_device(gateway, meter, LEFT_IR, METER_ON_IR)
    switch = bench.gateways.add_device(gateway, f"{gateway} switch", RIGHT_IR, BICOM_ON_IR)
    switch["address"] = 0


@given(parsers.parse('"{gateway}" has the meter "{meter}", a {model}, on RS485'))
def has_on_rs485(bench: Bench, gateway: str, meter: str, model: str) -> None:
    """Put a meter on the line of a gateway that stands alone."""
    bench.gateways.declare(gateway).meters[meter] = bench.gateways.add_device(
        gateway, meter, RS485, model
    )


@given(parsers.parse('behind the meter "{meter}" flow {kilowatts:g} kW from {time} on'))
def flows_from(bench: Bench, meter: str, kilowatts: float, time: str) -> None:
    """Put a load behind a meter that begins at a local time, on L1, and stays."""
    planned = bench.gateways.of_meter(meter)
    steps = steps_of([(time, f"{kilowatts:g}")])
    bench.gateways.add_load(planned.meters[meter], planned, step=steps)


# ---------------------------------------------------------------------- how it says it


@given(parsers.parse('link {number:d} of "{gateway}" goes to the control room, {how}'))
def goes_to_control_room(bench: Bench, number: int, gateway: str, how: str) -> None:
    """Set a link to MQTT: plainly, through TLS, or through TLS with a certificate of its own."""
    bench.gateways.declare(gateway).links[number] = how


@given(parsers.parse('link {number:d} of "{gateway}" goes to a receiver of pushes'))
def goes_to_receiver(bench: Bench, number: int, gateway: str) -> None:
    """Set a link to the push in XML."""
    bench.gateways.declare(gateway).links[number] = PUSH


@given(parsers.parse('"{meter}" goes over link {number:d} every {minutes:d} minutes'))
def goes_over(bench: Bench, meter: str, number: int, minutes: int) -> None:
    """Let what a meter measures and counts be published, or pushed."""
    bench.gateways.add_push(meter, number, 60 * minutes)


@given(parsers.parse("the receiver loses {count:d} acknowledgements at {time}"))
def loses_acknowledgements(bench: Bench, count: int, time: str) -> None:
    """Let the line break, from a time on, in the place of acknowledgements."""
    (name,) = bench.gateways.planned

    async def lose(bench: Bench) -> None:
        bench.gateways.receiver(name).loses = count

    bench.plan(bench.at(time), lose)


@given(parsers.parse('"{gateway}" has no network from {start} to {end}'))
def has_no_network(bench: Bench, gateway: str, start: str, end: str) -> None:
    """Let a gateway reach no server for a while."""

    async def begin(bench: Bench) -> None:
        await bench.gateways.running[gateway].gateway.faults.switch_on(NoNetwork())

    async def finish(bench: Bench) -> None:
        await bench.gateways.running[gateway].gateway.faults.switch_off(NoNetwork)

    bench.plan(bench.at(start), begin)
    bench.plan(bench.at(end), finish)


# ---------------------------------------------------------------------- what it is told


@when(parsers.parse('the control room says to "{gateway}" at {time}'))
def control_room_says(bench: Bench, gateway: str, time: str, docstring: str) -> None:
    """Publish a command under the gateway's subscribe topic."""
    bench.advance_to(bench.at(time))
    serial = bench.gateways.declare(gateway).serial
    bench.run(bench.gateways.control_room(gateway).say(f"{serial}/cmd", docstring))
    bench.run(bench.clock.settle())


# ---------------------------------------------------------------------- what is heard


@then(parsers.parse('the control room hears under "{subtopic}" of "{gateway}"'))
def control_room_hears(bench: Bench, subtopic: str, gateway: str, docstring: str) -> None:
    """Compare the last message there: JSON must hold what is written, a text must be it."""
    said = _heard(bench, gateway, subtopic)
    assert said, f"nothing was published under {subtopic}"
    text = said[-1].text
    if text[:1] != "{":
        assert docstring.strip() == text
    else:
        told, wanted = json.loads(text), json.loads(docstring)
        assert wanted == _part(told, wanted)


def _part(told: Any, wanted: Any) -> Any:
    """Give what was told, as far as it is wanted."""
    if isinstance(wanted, dict) and isinstance(told, dict):
        return {name: _part(told.get(name), value) for name, value in wanted.items()}
    if isinstance(wanted, list) and isinstance(told, list) and len(told) >= len(wanted):
        return [_part(one, value) for one, value in zip(told, wanted, strict=False)]
    return told


@then(parsers.parse('the control room hears nothing under "{subtopic}" of "{gateway}"'))
def control_room_hears_nothing(bench: Bench, subtopic: str, gateway: str) -> None:
    """Look that nothing was published there."""
    assert [] == _heard(bench, gateway, subtopic)


@then(parsers.parse('the control room hears of "{meter}"'))
def control_room_hears_of(bench: Bench, meter: str, datatable: Table) -> None:
    """Compare every publication of a meter: when, its total power and its first counter."""
    gateway, place = _place(bench, meter)
    powers = _heard(bench, gateway, f"measurements/{place}")
    counters = _heard(bench, gateway, f"counters/{place}")
    actual = []
    for power, counter in zip(powers, counters, strict=True):
        assert power.at == counter.at
        total = json.loads(power.text)["measurements"]["Total"]["P"]
        first = json.loads(counter.text)["counters"]["non_resettable"][0]
        actual.append((power.at, total, f"{first['value']} {first['unit']}"))
    rows = records(datatable, "at", "power", "counter")
    assert [(bench.at(row["at"]), row["power"], row["counter"]) for row in rows] == actual


def _place(bench: Bench, meter: str) -> tuple[str, str]:
    planned = bench.gateways.of_meter(meter)
    device = planned.meters[meter]
    on_bus = [one for one in planned.site["device"] if one["port"] == RS485]
    place = "ir" if device["port"] == LEFT_IR else f"rs485/{on_bus.index(device) + 1}"
    return planned.name, place


def _heard(bench: Bench, gateway: str, subtopic: str) -> list[Heard]:
    topic = f"{bench.gateways.declare(gateway).serial}/publish/{subtopic}"
    said = bench.gateways.control_room(gateway).heard
    return [one for one in said if one.topic == topic]


@then(parsers.parse('the receiver of "{gateway}" took'))
def receiver_took(bench: Bench, gateway: str, datatable: Table) -> None:
    """Compare every push that came, also those that came again."""
    rows = records(datatable, "at", "number", "meter", "time", "counter")
    planned = bench.gateways.declare(gateway)
    names = {device["serial"]: name for name, device in planned.meters.items()}
    actual = []
    for one in bench.gateways.receiver(gateway).heard:
        push = ET.fromstring(one.text)
        counter = push.find("counters/counter")
        if counter is None:
            raise UsageError(f"a push of {one.topic} has no counter: {one.text}")
        shown = f"{counter.text} {counter.get('unit')}"
        actual.append((one.at, push.get("number"), names[one.topic], push.get("time"), shown))
    expected = []
    for row in rows:
        at, time = _at(bench, row["at"]), f"{bench.at(row['time']):%Y-%m-%dT%H:%M:%SZ}"
        expected.append((at, row["number"], row["meter"], time, row["counter"]))
    assert expected == actual


def _at(bench: Bench, time: str) -> datetime:
    """Give the instant of a local time that may have seconds."""
    clock, _, seconds = time.partition(" and ")
    instant = bench.at(clock)
    return instant.replace(second=int(seconds.removesuffix(" s") or 0)) if seconds else instant
