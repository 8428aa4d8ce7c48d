"""Sentences about smart gateways: what they read, what flows there, and how they are read."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from pytest_bdd import given, parsers, then

from harness.bench import UTILITY, Act, Bench
from harness.errors import Disagreement, NothingArrived
from harness.frames import counted_kwh, counts
from harness.gateways import LEFT_IR, RIGHT_IR, RS485, WAYS, steps_of
from harness.local_time import ZURICH
from harness.steps import records
from harness.utility import Arrived
from simulators.faults import Fault
from simulators.iskra_sg.faults import AbsentDevice, PowerFailure, fault_from_text

Table = list[list[str]]

WATT_HOUR_KWH = Decimal("0.001")
METER_ON_IR, BICOM_ON_IR = "WM3M4C", "IR Bicom"


# ---------------------------------------------------------------------- what stands there


@given(parsers.parse('the gateway "{gateway}" reads the meter "{meter}" over IR'))
def reads_over_ir(bench: Bench, gateway: str, meter: str) -> None:
    """Put a three-phase meter at the left IR port of a gateway."""
    _put_meter(bench, gateway, meter, LEFT_IR, METER_ON_IR)


@given(parsers.parse('the gateway "{gateway}" reads the meter "{meter}", a {model}, over RS485'))
def reads_over_rs485(bench: Bench, gateway: str, meter: str, model: str) -> None:
    """Put a meter of some model on the RS485 line of a gateway."""
    _put_meter(bench, gateway, meter, RS485, model)


def _put_meter(bench: Bench, gateway: str, meter: str, port: str, model: str) -> None:
    bench.gateways.add_device(gateway, meter, port, model)
    bench.sources.declare_meter(meter).is_read = True
    bench.sources.take("meter", meter)


@given(parsers.parse('{power} kW flow behind the meter "{meter}" from {start} to {end}'))
def flows_between(bench: Bench, power: str, meter: str, start: str, end: str) -> None:
    """Put a load behind a meter that draws so much on L1, between two local times of each day."""
    _put_load(bench, meter, [(start, power), (end, "0")])


@given(parsers.parse('behind the meter "{meter}" flow'))
def flow_behind(bench: Bench, meter: str, datatable: Table) -> None:
    """Put a load behind a meter: from which local time of each day on how many kW flow on L1."""
    rows = records(datatable, "from", "kW")
    _put_load(bench, meter, [(row["from"], row["kW"]) for row in rows])


def _put_load(bench: Bench, meter: str, rows: list[tuple[str, str]]) -> None:
    planned = bench.gateways.of_meter(meter)
    bench.gateways.add_load(planned.meters[meter], planned, step=steps_of(rows))


@given(parsers.parse('the charger "{charger}" is behind the meter "{meter}"'))
def charger_is_behind(bench: Bench, charger: str, meter: str) -> None:
    """Let what a charger draws flow through a meter, too."""
    planned = bench.gateways.of_meter(meter)
    planned.chargers[bench.station(charger).name] = bench.gateways.add_load(
        planned.meters[meter], planned
    )
    bench.sources.declare_meter(meter).in_front_of = charger


@given(parsers.parse('a switch at the right IR port of "{gateway}" is in front of "{meter}"'))
def switch_in_front(bench: Bench, gateway: str, meter: str) -> None:
    """Put a Bicom there that switches all loads of a meter, and is on."""
    planned = bench.gateways.of_meter(meter)
    switch = bench.gateways.add_device(gateway, f"{gateway} switch", RIGHT_IR, BICOM_ON_IR)
    switch["address"], switch["is_on"] = 0, True
    switch["loads"] = planned.meters[meter]["loads"]


@given(parsers.parse('the gateway "{gateway}" is of hardware {version}'))
def is_of_hardware(bench: Bench, gateway: str, version: str) -> None:
    """Say which hardware version a gateway is of; from D on it has a load recorder."""
    bench.gateways.declare(gateway).site["gateway"]["hardware"] = version


# ---------------------------------------------------------------------- how it is read


@given(parsers.parse('the backend reads "{gateway}" over {way}'))
def is_read_over(bench: Bench, gateway: str, way: str) -> None:
    """Let the backend collect by one of the four ways, at each quarter hour."""
    bench.gateways.declare(gateway).way = WAYS[way]


@given(parsers.parse('each of four accounts reads "{gateway}" by another way'))
def is_read_in_every_way(bench: Bench, gateway: str) -> None:
    """Let four accounts read one gateway, each by another way, and tell of it in files."""
    bench.gateways.declare(gateway).is_read_in_all_ways = True


@given(parsers.parse('the backend fills gaps from the load profile of "{gateway}"'))
def fills_gaps(bench: Bench, gateway: str) -> None:
    """Let the backend know the gateway's web page."""
    bench.gateways.declare(gateway).is_filled = True


# ---------------------------------------------------------------------- what goes wrong


@given(parsers.parse('"{meter}" does not answer from {start} to {end}'))
def does_not_answer(bench: Bench, meter: str, start: str, end: str) -> None:
    """Let a meter be absent for a while; it goes on counting."""
    planned = bench.gateways.of_meter(meter)
    _plan_fault(bench, planned.name, AbsentDevice(planned.meters[meter]["address"]), start, end)


@given(parsers.parse('the gateway "{gateway}" has the fault "{fault}" from {start} to {end}'))
def has_fault(bench: Bench, gateway: str, fault: str, start: str, end: str) -> None:
    """Switch a fault on for a while, by its text: its name, and what differs from its defaults."""
    _plan_fault(bench, bench.gateways.declare(gateway).name, fault_from_text(fault), start, end)


@given(parsers.parse('the clock of "{gateway}" is {minutes:d} minutes ahead'))
def clock_is_ahead(bench: Bench, gateway: str, minutes: int) -> None:
    """Let a gateway have a wrong clock, which nobody sets."""
    site = bench.gateways.declare(gateway).site
    site["gateway"]["clock_offset_s"] = minutes * 60
    site["settings"].setdefault("time", {})["ntp"] = False


@given(parsers.parse('the clock of the meter "{meter}" is {minutes:d} minutes ahead'))
def clock_of_meter_is_ahead(bench: Bench, meter: str, minutes: int) -> None:
    """Let a meter have a wrong clock, by which it keeps its load profile, and nobody sets it."""
    device = bench.gateways.of_meter(meter).meters[meter]
    device |= {"clock_offset_s": minutes * 60, "time_synchronization": False}


@given(parsers.parse("the broker is away from {start} to {end}"))
def broker_is_away(bench: Bench, start: str, end: str) -> None:
    """Let the broker between gateways and backend be down for a while."""

    async def begin(bench: Bench) -> None:
        await bench.gateways.broker.stop()

    async def finish(bench: Bench) -> None:
        await bench.gateways.broker.start()

    _plan_both(bench, bench.at(start), begin, bench.at(end), finish)


@given(parsers.parse('the gateway "{gateway}" cannot be reached from {start} to {end}'))
def cannot_be_reached(bench: Bench, gateway: str, start: str, end: str) -> None:
    """Let its web page be away for a while; the gateway itself goes on."""

    async def begin(bench: Bench) -> None:
        await bench.gateways.running[gateway].web.stop()

    async def finish(bench: Bench) -> None:
        await bench.gateways.running[gateway].web.start()

    _plan_both(bench, bench.at(start), begin, bench.at(end), finish)


@given(parsers.parse('the power of the meter "{meter}" fails from {start} to {end}'))
def power_fails(bench: Bench, meter: str, start: str, end: str) -> None:
    """Let the power fail at a meter for a while; it loses its load profile."""
    planned = bench.gateways.of_meter(meter)
    _plan_fault(bench, planned.name, PowerFailure(planned.meters[meter]["address"]), start, end)


def _plan_fault(bench: Bench, gateway: str, fault: Fault, start: str, end: str) -> None:
    async def begin(bench: Bench) -> None:
        await bench.gateways.running[gateway].gateway.faults.switch_on(fault)

    async def finish(bench: Bench) -> None:
        await bench.gateways.running[gateway].gateway.faults.switch_off(fault)

    _plan_both(bench, bench.at(start), begin, bench.at(end), finish)


# ---------------------------------------------------------------------- what is seen


@then("the files of the next day of all accounts are the same, byte by byte")
def files_are_the_same(bench: Bench) -> None:
    """Compare the newest file of each account; there is one of each day and account."""
    arrived = bench.utility.arrived()
    of_the_day = [one for one in arrived if _tells_of_next_day(bench, one)]
    bench.decide_drop()
    bench.decide_files([one.name for one in of_the_day])
    if len(of_the_day) != len(WAYS):
        raise Disagreement(f"{len(of_the_day)} files tell of the next day, not {len(WAYS)}")
    if len({one.content for one in of_the_day}) != 1:
        raise Disagreement(f"{', '.join(one.name for one in of_the_day)} hold different bytes")
    if not any(";1.150;" in line for line in of_the_day[0].lines()):
        raise Disagreement(f"{of_the_day[0].name} does not tell of what flowed")


def _tells_of_next_day(bench: Bench, file: Arrived) -> bool:
    day = bench.day + timedelta(days=1)
    return f"{day:%d.%m.%Y} 12:00" in file.content.decode()


@then(
    parsers.parse(
        'each interval of "{meter}" holds what "{charger}" counted in it, to the watt hour'
    )
)
def holds_what_the_charger_counted(bench: Bench, meter: str, charger: str) -> None:
    """Compare each energy of a meter with the charger's registers; the meter counts whole Wh."""
    held = bench.utility.held(bench.source(meter).metering_code or "")
    bench.decide_files([value.file for value in held])
    bench.decide_energy_of(charger)
    registers = counts(bench.tap.crossings, charger)
    if not any(value.energy_kwh for value in held):
        raise NothingArrived(f"{UTILITY} holds no energy of {meter}")
    for value in held:
        expected = counted_kwh(registers, value.start, value.end)
        if value.energy_kwh is None or abs(value.energy_kwh - expected) > WATT_HOUR_KWH:
            until = value.end.astimezone(ZURICH)
            raise Disagreement(
                f"{meter} until {until:%H:%M}: {value.energy_kwh} kWh arrived, {expected} kWh "
                f"were counted by {charger}"
            )


def _plan_both(bench: Bench, start: datetime, begin: Act, end: datetime, finish: Act) -> None:
    bench.plan(start, begin)
    bench.plan(end, finish)
