"""Sentences about masters that read a smart gateway over Modbus TCP, and about its RS485 line."""

from __future__ import annotations

from collections.abc import Coroutine
from decimal import Decimal
from typing import Any, TypeVar

from pytest_bdd import given, parsers, then, when

from harness.bench import Bench
from harness.errors import Disagreement, NothingArrived
from harness.frames import REGISTER, samples
from harness.gateways import RS485
from harness.modbus_master import Reading, asked, moved, read
from simulators.iskra_sg.bus_scan import scan, with_added

T = TypeVar("T")
POWER = "Power.Active.Import"
A_THOUSANDTH = Decimal("0.001")
"""Of a kW and of a kWh: what a charger's and a meter's last digit may differ by."""
LINES: dict[str, dict[str, Any]] = {
    "9600 bit/s": {"baud_rate": 9_600},
    "an even parity": {"parity": "even"},
    "2 stop bits": {"stop_bits": 2},
}
"""How a port is set otherwise than the gateway's."""


# ---------------------------------------------------------------------- what is on the line


@given(parsers.parse('a new {model} was put on the RS485 line of "{gateway}"'))
def new_on_the_line(bench: Bench, model: str, gateway: str) -> None:
    """Put a device there that nobody has added yet."""
    _put_new(bench, gateway, model)


@given(parsers.parse('a new {model} with {line} was put on the RS485 line of "{gateway}"'))
def new_on_the_line_otherwise(bench: Bench, model: str, line: str, gateway: str) -> None:
    """Put a device there whose port is set otherwise than the gateway's."""
    _put_new(bench, gateway, model)["line"] = LINES[line]


def _put_new(bench: Bench, gateway: str, model: str) -> dict[str, Any]:
    table = bench.gateways.add_device(gateway, f"new {model}", RS485, model)
    table["enabled"] = False
    return table


@given(parsers.parse('all that "{gateway}" found on RS485 at {time} were added'))
def all_found_were_added(bench: Bench, gateway: str, time: str) -> None:
    """Let somebody scan the line, and add whatever is found."""

    async def add(bench: Bench) -> None:
        running = bench.gateways.running[gateway].gateway
        device = running.now
        await running.set(with_added(device.settings, scan(device)))

    bench.plan(bench.at(time), add)


@given(parsers.parse("a master switched it off at {time}"))
def was_switched_off(bench: Bench, time: str) -> None:
    """Let a master write the register of the switch at the gateway."""
    (name,) = bench.gateways.planned

    async def switch(bench: Bench) -> None:
        await moved(bench.gateways.running[name].modbus.port, is_on=False)

    bench.plan(bench.at(time), switch)


# ---------------------------------------------------------------------- what a master does


@when(
    parsers.parse('a master asks "{gateway}" who is there at {time} under the address {address:d}'),
    target_fixture="answering",
)
def master_asks(bench: Bench, gateway: str, time: str, address: int) -> str | None:
    """Ask for the identity under an address, and keep what crossed the wire."""
    bench.advance_to(bench.at(time))
    return _noted(bench, asked(bench.gateways.running[gateway].modbus.port, address))


@when(parsers.parse('a master reads the meter "{meter}" at {time}'), target_fixture="reading")
def master_reads(bench: Bench, meter: str, time: str) -> Reading:
    """Read a meter with pyiskra, and keep what crossed the wire."""
    bench.advance_to(bench.at(time))
    planned = bench.gateways.of_meter(meter)
    port = bench.gateways.running[planned.name].modbus.port
    return _noted(bench, read(port, planned.meters[meter]["address"]))


def _noted(bench: Bench, work: Coroutine[Any, Any, T]) -> T:
    before = len(bench.tap.crossings)
    done = bench.run(work)
    bench.decide(one for one in bench.tap.crossings[before:] if one.wire == "modbus")
    return done


# ---------------------------------------------------------------------- what it sees


@then(parsers.parse("a {model} answers"))
def answers(answering: str | None, model: str) -> None:
    """Compare the model in the identity registers."""
    assert model == answering


@then("nobody answers")
def nobody_answers(answering: str | None) -> None:
    """Look that the master waited in vain."""
    assert answering is None


@then(parsers.parse("it reads a power of {kilowatts:g} kW at {volts:g} V and {amperes:g} A"))
def reads_a_power(reading: Reading, kilowatts: float, volts: float, amperes: float) -> None:
    """Compare the total power, and voltage and current of L1."""
    assert (kilowatts, volts, amperes) == (reading.power_kw, reading.voltage_v, reading.current_a)


@then(parsers.parse("it reads an energy of {kilowatt_hours:g} kWh"))
def reads_an_energy(reading: Reading, kilowatt_hours: float) -> None:
    """Compare the first counter of active import."""
    assert kilowatt_hours == reading.energy_kwh


@then(parsers.parse('it reads the power and the energy that "{name}" told the backend'))
def reads_what_was_told(bench: Bench, reading: Reading, name: str) -> None:
    """Compare with what a charger behind the meter told of this instant, to the watt and Wh."""
    told = {
        one.measurand: one
        for one in samples(bench.tap.crossings, name)
        if one.at == bench.clock.now()
    }
    if not {POWER, REGISTER} <= told.keys():
        raise NothingArrived(f"{name} has told the backend no power and register of this instant")
    bench.decide([told[POWER].crossing])
    for what, read_so in ((POWER, reading.power_kw), (REGISTER, reading.energy_kwh)):
        if abs(Decimal(str(read_so)) - Decimal(told[what].value)) > A_THOUSANDTH:
            told_so = f"{name} told {told[what].value} {told[what].unit}"
            raise Disagreement(f"{what}: {read_so} is read, and {told_so}")
