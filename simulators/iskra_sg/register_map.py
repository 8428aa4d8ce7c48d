"""
The registers of the gateway and of each family of devices, as tables.

Rule 1: a register shows what the device is at this instant: `Meter.measurements`,
`Counter.shown`, its texts, its switch. Nothing is kept here.
Rule 2: addresses are those on the wire: the manual's number less 30000 for input registers
(function 4), less 40000 for holding registers (functions 3, 6, 16), and nothing else subtracted.
Rule 3: measurements are read off by two tables, `OF_PHASES` and `OF_POWERS`, with a column for the
WM and IE meters, who have decades, and one for MC, iMC, MT and iMT, who have floats.

Where each register is written stands on the device sheet, and so does what is ASSUMED.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import cache, cached_property
from math import isqrt

from simulators.iskra_sg import register_types as types
from simulators.iskra_sg.bicoms import Bicom
from simulators.iskra_sg.counters import TARIFFS, Counter, Direction, Unit
from simulators.iskra_sg.device import Device, Gateway
from simulators.iskra_sg.local_clock import EPOCH
from simulators.iskra_sg.meters import Measurements, Meter, Phase, Powers
from simulators.iskra_sg.models import Family, Model
from simulators.iskra_sg.register_types import Words
from simulators.iskra_sg.settings import TEXT_LIMIT, changed

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
NO_ANSWER_BEHIND = 11
"""Modbus Application Protocol V1.1b3 §7: "gateway target device failed to respond"."""

TEXT_REGISTERS = TEXT_LIMIT // 2
BICOM_STATE = 201
"""Where a switch stands; in the gateway the one at its right IR port (ASSUMED)."""
USED_VOLTAGE_CV, USED_CURRENT_CA, FULL_RANGE_E2 = 23_000, 6_500, 10_000
"""230 V, 65 A and 100 %, of which clients compute a nominal power (ASSUMED)."""
UTC_OFFSET_MAX_MIN = 14 * 60
NOBODY = Phase(0, 0, Powers(0, 0, 0, 0, 0))
"""What stands in the registers of a phase that a model has not."""

UNIT_CODES = {Unit.WH: 1, Unit.VARH: 2, Unit.VAH: 3}
QUADRANTS = {
    (Unit.WH, Direction.IMPORT): 6,
    (Unit.WH, Direction.EXPORT): 9,
    (Unit.VARH, Direction.IMPORT): 12,
    (Unit.VARH, Direction.EXPORT): 3,
    (Unit.VAH, Direction.IMPORT): 6,
    (Unit.VAH, Direction.EXPORT): 9,
}
"""Which quadrants a counter adds up: clients take 6 and 12 for import, 9 and 3 for export."""


class Space(Enum):
    """Which registers: those of function 4, or those of functions 3, 6 and 16."""

    INPUT = 4
    HOLDING = 3


class Refused(Exception):
    """What was asked of registers cannot be; ``code`` is Modbus' exception code."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(code, why)
        self.code = code
        self.why = why

    def __str__(self) -> str:
        return f"exception {self.code}: {self.why}"


class Seen:
    """A device as its registers show it at an instant; what is dear is computed once."""

    def __init__(self, gateway: Gateway, device: Device | Gateway) -> None:
        self.gateway = gateway
        self.device = device

    @property
    def meter(self) -> Meter:
        """The device, whose table is a meter's."""
        if not isinstance(self.device, Meter):
            raise TypeError(f"{self.device} is no meter")
        return self.device

    @property
    def switch(self) -> Bicom:
        """
        The switch: itself, or the one at the right IR port of the gateway.

        Raises:
            Refused: If nobody answers there.
        """
        own = self.device
        found = own if isinstance(own, Bicom) else self.gateway.places()[1].device
        if not isinstance(found, Bicom):
            raise Refused(NO_ANSWER_BEHIND, "no Bicom answers at the right IR port")
        return found

    @cached_property
    def measured(self) -> Measurements:
        """What a meter measures."""
        return self.meter.measurements()

    @cached_property
    def phases(self) -> tuple[Phase, ...]:
        """Its phases, three in any case."""
        return (*self.measured.phases, NOBODY, NOBODY)[:3]

    @cached_property
    def powers(self) -> tuple[Powers, ...]:
        """Powers of the phases, then of all together."""
        return (*(phase.powers for phase in self.phases), self.measured.total)

    @cached_property
    def line_voltages_mv(self) -> tuple[int, ...]:
        """U12, U23 and U31, of phases that are 120° apart; 0 where there is one phase only."""
        if len(self.measured.phases) < 3:
            return (0, 0, 0)
        first, second, third = (phase.voltage_mv for phase in self.phases)
        pairs = ((first, second), (second, third), (third, first))
        return tuple(isqrt(one**2 + other**2 + one * other) for one, other in pairs)

    def mean(self, values: Iterable[int]) -> int:
        """Give the mean over the phases that the meter has."""
        return round(sum(values) / len(self.measured.phases))

    def counter(self, is_resettable: bool, number: int) -> Counter:
        """One of a meter's counters."""
        return (self.meter.resettable if is_resettable else self.meter.non_resettable)[number]


Read = Callable[[Seen], Words]
Number = Callable[[Seen], int]
Prepare = Callable[[Seen, Words], Callable[[], None]]
"""Checks what is written and gives what does it; raises `Refused`, or ValueError for a value."""


@dataclass(frozen=True, slots=True)
class Register:
    """
    A value in registers.

    Attributes:
        address: of its first register, on the wire.
        space: which registers.
        count: how many it takes.
        kind: its type.
        unit: what it counts.
        name: what it shows.
        read: gives its words.
        prepare: writes it; None where it can only be read.
    """

    address: int
    space: Space
    count: int
    kind: str
    unit: str
    name: str
    read: Read
    prepare: Prepare | None = None

    @property
    def has_word_order(self) -> bool:
        """Whether it is one 32-bit value, which some devices give low word first."""
        return self.count == 2 and self.kind != "text"


@cache
def table(model: Model | None) -> tuple[Register, ...]:
    """Give every register of a model, ascending within a space; None is the gateway itself."""
    rows = [*_identity(), *_texts()]
    if model is None:
        rows += _switch("the switch at the right IR port")
    elif model.family is Family.BICOM:
        rows += _switch("this switch")
    else:
        rows += _METERS[model.family](model)
        if model.has_signed_readings:
            rows += _signing()
    return tuple(sorted(rows, key=lambda one: (one.space.value, one.address)))


def _number(
    address: int,
    kind: str,
    exponent: int,
    unit: str,
    name: str,
    shows: Number,
    space: Space = Space.INPUT,
    prepare: Prepare | None = None,
) -> Register:
    count, encode = _KINDS[kind]
    return Register(
        address, space, count, kind, unit, name, lambda s: encode(shows(s), exponent), prepare
    )


_KINDS: dict[str, tuple[int, Callable[[int, int], Words]]] = {
    "T1": (1, lambda value, exponent: types.t1(value)),
    "T2": (1, lambda value, exponent: types.t2(value)),
    "T3": (2, lambda value, exponent: types.t3(value)),
    "T4": (1, types.t4),
    "T5": (2, types.t5),
    "T6": (2, types.t6),
    "T16": (1, lambda value, exponent: types.t1(value)),
    "T17": (1, lambda value, exponent: types.t2(value)),
    "float": (2, types.real),
}
"""How many registers each takes, and how it is encoded from a whole number and its decade."""


# ---------------------------------------------------------------- what all of them have


def _identity() -> Iterable[Register]:
    yield Register(1, Space.INPUT, 8, "text", "", "model", lambda s: types.text(_model(s), 8))
    yield Register(9, Space.INPUT, 4, "text", "", "serial", lambda s: types.text(_serial(s), 4))
    yield _number(13, "T1", -2, "0.01", "software version", _version_e2)


def _model(seen: Seen) -> str:
    device = seen.device
    return device.identity.model if isinstance(device, Gateway) else device.model.name


def _serial(seen: Seen) -> str:
    device = seen.device
    return device.identity.serial if isinstance(device, Gateway) else device.serial


def _version_e2(seen: Seen) -> int:
    device = seen.device
    return device.identity.software_e2 if isinstance(device, Gateway) else device.software_e2


def _texts() -> Iterable[Register]:
    for address, name in ((101, "description"), (121, "location")):
        length = TEXT_REGISTERS
        yield Register(address, Space.HOLDING, length, "text", "", name, _shows(name), _takes(name))


def _shows(name: str) -> Read:
    def shows(seen: Seen) -> Words:
        device = seen.device
        holder = device.settings if isinstance(device, Gateway) else device
        return types.text(getattr(holder, name), TEXT_REGISTERS)

    return shows


def _takes(name: str) -> Prepare:
    def takes(seen: Seen, words: Words) -> Callable[[], None]:
        device, value = seen.device, types.of_text(words)
        if not value.isprintable():
            raise ValueError(f"a {name} has printable signs, not {value!r}")

        def apply() -> None:
            if isinstance(device, Gateway):
                device.settings = changed(device.settings, {name: value})
            else:
                setattr(device, name, value)

        return apply

    return takes


def _switch(which: str) -> Iterable[Register]:
    state = f"{which}: 0 off, 1 on"

    def shows(seen: Seen) -> int:
        return int(seen.switch.is_on)

    yield _number(BICOM_STATE, "T1", 0, "", state, shows)
    yield _number(BICOM_STATE + 1, "T3", 0, "", f"{which}: moves", lambda s: s.switch.switched)
    toggled = f"{state}; 2 written toggles it"
    yield _number(BICOM_STATE, "T1", 0, "", toggled, shows, Space.HOLDING, _move)


def _move(seen: Seen, words: Words) -> Callable[[], None]:
    switch, wanted = seen.switch, words[0]
    if wanted not in (0, 1, 2):
        raise ValueError(f"a switch is put to 0, 1 or 2 (the other way), not to {wanted}")
    is_on = not switch.is_on if wanted == 2 else wanted == 1
    return lambda: seen.gateway.switch(switch, is_on)


# ---------------------------------------------------------------- what meters measure

OF_PHASES: tuple[tuple[int, str, int, int, int, str, str, Callable[[Phase], int]], ...] = (
    (107, "T5", 2, 2500, -3, "V", "voltage", lambda phase: phase.voltage_mv),
    (126, "T5", 2, 2516, -3, "A", "current", lambda phase: phase.current_ma),
    (182, "T16", 1, 2594, -2, "%", "THD of the voltage", lambda phase: phase.thd_voltage_e2),
    (188, "T16", 1, 2588, -2, "%", "THD of the current", lambda phase: phase.thd_current_e2),
)
"""Address, type and stride of WM and IE, address of MC, decade, unit, name; L1 to L3."""

OF_POWERS: tuple[tuple[int, str, int, int, int, str, str, Callable[[Powers], int]], ...] = (
    (140, "T6", 2, 2530, -3, "W", "active power", lambda powers: powers.active_mw),
    (148, "T6", 2, 2538, -3, "var", "reactive power", lambda powers: powers.reactive_mvar),
    (156, "T5", 2, 2546, -3, "VA", "apparent power", lambda powers: powers.apparent_mva),
    (164, "T7", 2, 2554, -4, "", "power factor", lambda powers: powers.factor_e4),
    (172, "T17", 1, 2570, -2, "°", "power angle", lambda powers: powers.angle_cdeg),
)
"""The same; WM and IE have the total first and then L1 to L3, MC has it last."""
PHASES = ("L1", "L2", "L3", "total")


def _in_decades() -> Iterable[Register]:
    """Give the measurements of WM and IE meters."""
    yield _number(105, "T5", -3, "Hz", "frequency", lambda s: s.measured.frequency_mhz)
    yield _number(181, "T17", -2, "°C", "temperature", lambda s: s.measured.temperature_cdeg)
    for first, kind, stride, _, exponent, unit, name, of in OF_PHASES:
        for n in range(3):
            what = f"{name} {PHASES[n]}"
            yield _number(first + stride * n, kind, exponent, unit, what, _of_phase(of, n))
    for first, kind, stride, _, exponent, unit, name, part in OF_POWERS:
        for position, n in enumerate((3, 0, 1, 2)):
            address, what = first + stride * position, f"{name} {PHASES[n]}"
            if kind == "T7":
                yield Register(address, Space.INPUT, 2, kind, unit, what, _factor(n))
            else:
                yield _number(address, kind, exponent, unit, what, _of_powers(part, n))
    yield from _means()


def _means() -> Iterable[Register]:
    for n, between in enumerate(("L1 and L2", "L2 and L3", "L3 and L1")):
        name = f"voltage between {between}"
        yield _number(118 + 2 * n, "T5", -3, "V", name, _line_voltage(n))
    for address, unit, name, shows in _MEANS:
        yield _number(address, "T5", -3, unit, name, shows)


_MEANS: tuple[tuple[int, str, str, Number], ...] = (
    (113, "V", "mean phase voltage", lambda s: s.mean(one.voltage_mv for one in s.phases)),
    (124, "V", "mean line voltage", lambda s: s.mean(s.line_voltages_mv)),
    (136, "A", "mean current", lambda s: s.mean(one.current_ma for one in s.phases)),
    (138, "A", "sum of currents", lambda s: sum(one.current_ma for one in s.phases)),
)


def _in_reals() -> Iterable[Register]:
    """Give the measurements of MC, iMC, MT and iMT."""
    yield _number(2584, "float", -3, "Hz", "frequency", lambda s: s.measured.frequency_mhz)
    yield _number(2658, "float", -2, "°C", "temperature", lambda s: s.measured.temperature_cdeg)
    for _, _, _, first, exponent, unit, name, of in OF_PHASES:
        for n in range(3):
            what = f"{name} {PHASES[n]}"
            yield _number(first + 2 * n, "float", exponent, unit, what, _of_phase(of, n))
    for _, _, _, first, exponent, unit, name, part in OF_POWERS:
        for n in range(4):
            what = f"{name} {PHASES[n]}"
            yield _number(first + 2 * n, "float", exponent, unit, what, _of_powers(part, n))


def _of_phase(of: Callable[[Phase], int], n: int) -> Number:
    return lambda seen: of(seen.phases[n])


def _of_powers(of: Callable[[Powers], int], n: int) -> Number:
    return lambda seen: of(seen.powers[n])


def _line_voltage(n: int) -> Number:
    return lambda seen: seen.line_voltages_mv[n]


def _factor(n: int) -> Read:
    def factor(seen: Seen) -> Words:
        powers = seen.powers[n]
        is_export = powers.active_mw < 0
        return types.t7(powers.factor_e4, is_export=is_export, is_capacitive=powers.is_capacitive)

    return factor


# ---------------------------------------------------------------- what meters count


def _wattmeter(model: Model) -> Iterable[Register]:
    """Give the registers of WM meters."""
    yield from _in_decades()
    yield from _counters_in_decades(model)


def _measuring_centre(model: Model) -> Iterable[Register]:
    """Give the registers of MC, iMC, MT and iMT."""
    yield from _in_reals()
    yield from _counters_in_decades(model)


def _impact(model: Model) -> Iterable[Register]:
    """Give the registers of IE meters."""
    yield _number(15, "T16", -2, "V", "used voltage", lambda s: USED_VOLTAGE_CV)
    yield _number(17, "T16", -2, "A", "used current", lambda s: USED_CURRENT_CA)
    for address, what in ((148, "current"), (149, "voltage")):
        name = f"used {what} range"
        yield _number(address, "T1", -2, "0.01 %", name, lambda s: FULL_RANGE_E2, Space.HOLDING)
    yield from _in_decades()
    yield _reversal()
    for is_resettable, settings, values, counters in (
        (False, 421, 2752, model.non_resettable),
        (True, 437, 2760, model.resettable),
    ):
        for n in range(counters):
            name = f"{_kind(is_resettable)} counter {n + 1}"
            yield from _settings(settings + 4 * n, name, is_resettable, n)
            shows = _count(is_resettable, n)
            yield _number(values + 2 * n, "float", 0, "Wh, varh, VAh", name, shows)
    # Releases of pyiskra ask for the number of time blocks, and some break without an answer.
    yield _number(6761, "T1", 0, "", "number of time blocks: none", lambda s: 0)


_METERS: dict[Family, Callable[[Model], Iterable[Register]]] = {
    Family.WM: _wattmeter,
    Family.IE: _impact,
    Family.MC: _measuring_centre,
}


def _counters_in_decades(model: Model) -> Iterable[Register]:
    """Give the counters of WM and MC: a decade and how often it has been counted."""
    yield _number(15, "T4", 0, "mV", "used voltage", lambda s: USED_VOLTAGE_CV * 10)
    yield _number(17, "T4", 0, "mA", "used current", lambda s: USED_CURRENT_CA * 10)
    yield _reversal()
    for n in range(model.resettable):
        yield from _settings(421 + 10 * n, f"resettable counter {n + 1}", True, n)
        yield from _in_decade(401 + n, 406 + 2 * n, True, n)
    for n in range(model.non_resettable):
        settings = 421 + 10 * (model.resettable + n)
        yield from _settings(settings, f"non-resettable counter {n + 1}", False, n)
        yield from _in_decade(414 + n, 418 + 2 * n, False, n)
        if not model.resettable:
            # Of the WM3M4 pyiskra reads them here, other drivers above.
            yield from _in_decade(401 + n, 406 + 2 * n, False, n)


def _in_decade(decade: int, value: int, is_resettable: bool, n: int) -> Iterable[Register]:
    name = f"{_kind(is_resettable)} counter {n + 1}"

    def exponent(seen: Seen) -> int:
        return seen.counter(is_resettable, n).exponent

    def steps(seen: Seen) -> int:
        counter = seen.counter(is_resettable, n)
        return int(counter.shown // 10**counter.exponent)

    yield _number(decade, "T2", 0, "", f"decade of {name}", exponent)
    yield _number(value, "T3", 0, "10^decade Wh, varh, VAh", name, steps)


def _kind(is_resettable: bool) -> str:
    return "resettable" if is_resettable else "non-resettable"


def _count(is_resettable: bool, n: int) -> Number:
    return lambda seen: seen.counter(is_resettable, n).shown


def _settings(first: int, name: str, is_resettable: bool, n: int) -> Iterable[Register]:
    """Give how a counter is set, all 0 for one that is disabled."""
    for offset, what, of in (
        (0, "parameter", _parameter),
        (1, "configuration", _configuration),
        (2, "decade", lambda counter: counter.exponent),
        (3, "tariffs", _tariffs),
    ):
        shows = _of_counter(of, is_resettable, n)
        yield _number(first + offset, "T1", 0, "", f"{what} of {name}", shows, Space.HOLDING)


def _of_counter(of: Callable[[Counter], int], is_resettable: bool, n: int) -> Number:
    def shows(seen: Seen) -> int:
        counter = seen.counter(is_resettable, n)
        return of(counter) if counter.is_enabled else 0

    return shows


def _parameter(counter: Counter) -> int:
    """Bits 0 and 1 the unit, bits 2 and 3 the phase, 0 for the total."""
    return UNIT_CODES[counter.unit] | counter.phase << 2


def _configuration(counter: Counter) -> int:
    return QUADRANTS[counter.unit, counter.direction]


def _tariffs(counter: Counter) -> int:
    """Give a bit for each tariff in which it counts, from bit 0 on (ASSUMED)."""
    tariffs: Sequence[int] = sorted(counter.tariffs) or range(1, TARIFFS + 1)
    return sum(1 << (tariff - 1) for tariff in tariffs)


def _reversal() -> Register:
    name = "bit 1: energy direction reversed; always 0, cannot be written"
    return _number(151, "T1", 0, "bits", name, lambda s: 0, Space.HOLDING)


# ---------------------------------------------------------------- signed readings


def _signing() -> Iterable[Register]:
    """Give what a WM3M4 tells of its signing while none is under way, and its clock."""
    yield _number(7000, "T1", 0, "", "signed measurement: 0 idle", lambda s: 0, Space.HOLDING)
    yield _number(7052, "T1", 0, "", "signature: 0 none yet", lambda s: 0, Space.HOLDING)
    offset = "minutes ahead of UTC, for signed data sets"
    shows_offset: Number = lambda s: s.meter.utc_offset_min  # noqa: E731
    yield _number(7053, "T2", 0, "min", offset, shows_offset, Space.HOLDING, _take_offset)
    yield _number(7054, "T3", 0, "s", "its clock, since 1970", _clock_s, Space.HOLDING, _set_clock)
    status = "clock: 0 never set, 2 set"
    yield _number(7071, "T1", 0, "", status, lambda s: 2 * s.meter.clock.was_set, Space.HOLDING)


def _clock_s(seen: Seen) -> int:
    seconds = (seen.meter.clock.shows(seen.gateway.at) - EPOCH) // timedelta(seconds=1)
    return types.of_t3((seconds >> 16 & 0xFFFF, seconds & 0xFFFF))


def _set_clock(seen: Seen, words: Words) -> Callable[[], None]:
    shown = EPOCH + timedelta(seconds=words[0] << 16 | words[1])
    return lambda: seen.meter.clock.set_to(shown, seen.gateway.at)


def _take_offset(seen: Seen, words: Words) -> Callable[[], None]:
    offset_min = types.of_t2(words)
    if abs(offset_min) > UTC_OFFSET_MAX_MIN:
        raise ValueError(f"a zone is at most {UTC_OFFSET_MAX_MIN} minutes off, not {offset_min}")
    return lambda: setattr(seen.meter, "utc_offset_min", offset_min)
