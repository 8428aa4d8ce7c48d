"""
What the inputs of automations are at a gateway, and when they can be something else.

Rule 1: a meter or a switch is looked at where the settings have it in use; a register is read from
whoever answers under the address.
Rule 2: `surroundings` holds all by which an input changes other than by itself: settings, faults,
loads fed from outside, switches, power, inputs, the clock's line. What changes by itself says
until when it is steady; a register never is, and a counter only while nothing flows.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from simulators.iskra_sg.automation import (
    FOREVER,
    CounterInput,
    GatewayInput,
    Input,
    MeterInput,
    RegisterInput,
    TimeInput,
)
from simulators.iskra_sg.bicoms import Bicom
from simulators.iskra_sg.counters import QUARTER
from simulators.iskra_sg.device import Device, Gateway
from simulators.iskra_sg.loads import Fed, Flow, Load, Switched
from simulators.iskra_sg.meters import Measurements, Meter, Phase, Powers
from simulators.iskra_sg.register_map import Refused, Space
from simulators.iskra_sg.register_values import KINDS, decode
from simulators.iskra_sg.registers import read

MINUTE = timedelta(minutes=1)


def surroundings(gateway: Gateway) -> tuple[object, ...]:
    """Give what inputs depend on besides time; the same as long as nobody changes anything."""
    return (
        gateway.settings,
        gateway.tariffs,
        gateway.faults.on,
        gateway.clock.line,
        gateway.inputs.pulses,
        gateway.inputs.temperature_cdeg,
        *(_around(device) for device in gateway.bench.devices),
    )


def _around(device: Device) -> object:
    if isinstance(device, Bicom):
        return device.address, device.line, device.is_on
    loads = tuple(_load(load) for load in device.loads)
    return device.address, device.line, device.is_powered, device.supply, loads


def _load(load: Load) -> object:
    if isinstance(load, Switched):
        return load.is_on, _load(load.load)
    return load.now if isinstance(load, Fed) else None


class GatewayInputs:
    """The inputs of a gateway that has counted up to this instant."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._places = gateway.places()
        self._measured: dict[int, Measurements] = {}

    def value(self, source: Input) -> Decimal | None:
        """Give a value, in base units; None where it cannot be had."""
        if isinstance(source, TimeInput):
            return Decimal(PARTS[source.part](self._gateway.local_time))
        if isinstance(source, GatewayInput):
            return self._of_gateway(source.what)
        if isinstance(source, RegisterInput):
            return self._register(source)
        meter = self._meter(source)
        if meter is None:
            return None
        if isinstance(source, CounterInput):
            counters = meter.resettable if source.resettable else meter.non_resettable
            place = source.counter - 1
            return Decimal(counters[place].shown) if place < len(counters) else None
        return _measured(self._measurements(meter), source.quantity, source.phase)

    def steady_until(self, source: Input) -> datetime:
        """Tell until when it stays what it is, unless somebody changes something."""
        at = self._gateway.at
        if isinstance(source, TimeInput):
            # Offsets of time zones are whole quarter hours: hours and days begin at one in UTC.
            step = MINUTE if source.part == "minute" else QUARTER
            return self._next_mark(step)
        if isinstance(source, GatewayInput):
            return self._of_gateway_until(source.what)
        if isinstance(source, RegisterInput):
            return at
        meter = self._meter(source)
        if meter is None:
            return FOREVER
        if isinstance(source, CounterInput) and meter.flow() != Flow():
            return at
        changes = [load.next_change(at) for load in meter.loads]
        return min([change for change in changes if change is not None], default=FOREVER)

    def _next_mark(self, step: timedelta) -> datetime:
        """Tell when its clock next shows a multiple of a step, or is set before that."""
        gateway = self._gateway
        return min(gateway.clock.next_mark(gateway.at, step), gateway.clock_steady_until)

    def _of_gateway_until(self, what: str) -> datetime:
        if what == "tariff":
            return self._next_mark(QUARTER)
        pulses_come = what == "pulses" and self._gateway.inputs.source is not None
        return self._gateway.at if pulses_come else FOREVER

    def _meter(self, source: MeterInput | CounterInput) -> Meter | None:
        places = self._places[:1] if source.interface == "left_ir" else self._places[2:]
        for place in places:
            if place.address == source.address and isinstance(place.device, Meter):
                return place.device
        return None

    def _measurements(self, meter: Meter) -> Measurements:
        if id(meter) not in self._measured:
            self._measured[id(meter)] = meter.measurements()
        return self._measured[id(meter)]

    def _of_gateway(self, what: str) -> Decimal | None:
        gateway, features = self._gateway, self._gateway.settings.features
        if what == "tariff":
            return Decimal(gateway.active_tariff) if gateway.identity.has_tariffs else None
        if what == "pulses":
            return Decimal(gateway.inputs.pulses) if features.pulse_counter else None
        measured = gateway.inputs.temperature_cdeg if features.temperature_input else None
        return None if measured is None else Decimal(measured).scaleb(-2)

    def _register(self, source: RegisterInput) -> Decimal | None:
        device = self._gateway.on_bus(source.address)
        if device is None:
            return None
        count = KINDS[source.kind]
        try:
            words = read(self._gateway, device, Space(source.function), source.register, count)
        except Refused:
            return None
        return decode(source.kind, words)


PARTS: dict[str, Callable[[datetime], int]] = {
    "hour": lambda local: local.hour,
    "minute": lambda local: local.minute,
    "day_of_month": lambda local: local.day,
    "day_of_week": lambda local: local.isoweekday(),
    "day_of_year": lambda local: local.timetuple().tm_yday,
}

_POWERS: dict[str, Callable[[Powers], Decimal]] = {
    "active_power": lambda powers: Decimal(powers.active_mw).scaleb(-3),
    "reactive_power": lambda powers: Decimal(powers.reactive_mvar).scaleb(-3),
    "apparent_power": lambda powers: Decimal(powers.apparent_mva).scaleb(-3),
    "power_factor": lambda powers: Decimal(powers.factor_e4).scaleb(-4),
}
_PHASES: dict[str, Callable[[Phase], Decimal]] = {
    "voltage": lambda phase: Decimal(phase.voltage_mv).scaleb(-3),
    "current": lambda phase: Decimal(phase.current_ma).scaleb(-3),
}


def _measured(measured: Measurements, quantity: str, phase: int) -> Decimal | None:
    if quantity == "frequency":
        return Decimal(measured.frequency_mhz).scaleb(-3)
    if phase > len(measured.phases):
        return None
    if quantity in _PHASES:
        return _PHASES[quantity](measured.phases[phase - 1])
    return _POWERS[quantity](measured.phases[phase - 1].powers if phase else measured.total)
