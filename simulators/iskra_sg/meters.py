"""
An energy meter: what it measures now and what it has counted (document 004 §4.1.3 to §4.1.5).

Rule 1: everything shown follows from one thing, the flow of its loads at the grid's voltage:
currents, apparent power, power factor and angle are computed from it, and the counters are its
exact integral. So all of it agrees, whatever way it is read.
Rule 2: whoever changes a load lets the meters before it count up to that instant first (`advance`).
Rule 3: without power a meter measures and counts nothing, as nothing flows behind it, answers
nobody and loses its load profile; counters stay.
Rule 4: currents and voltages are pure sines: no harmonics (ASSUMED), so both THDs are 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import isqrt

from simulators.iskra_sg.counters import QUARTER, Counter, Direction, LoadProfile, Unit, four
from simulators.iskra_sg.line import LineSettings
from simulators.iskra_sg.loads import FJ_PER_WH, Flow, Load, Phases
from simulators.iskra_sg.local_clock import EPOCH, LocalClock
from simulators.iskra_sg.models import Family, Model

NW_PER_MW = 10**6


@dataclass(frozen=True, slots=True)
class Supply:
    """
    The grid at a meter, constant (ASSUMED).

    Attributes:
        voltages_mv: of L1, L2 and L3 to neutral.
        frequency_mhz: in thousandths of a hertz.
        temperature_cdeg: inside the meter, in hundredths of a degree Celsius.
    """

    voltages_mv: Phases = (230_000, 230_000, 230_000)
    frequency_mhz: int = 50_000
    temperature_cdeg: int = 3_000


@dataclass(frozen=True, slots=True)
class Powers:
    """
    Powers of a phase, or of all together, rounded to what registers hold.

    Attributes:
        active_mw, reactive_mvar, apparent_mva: in thousandths.
        factor_e4: |P|/S in ten-thousandths; 10,000 where nothing flows.
        angle_cdeg: between S and P, in hundredths of a degree, -180° to 180°.
    """

    active_mw: int
    reactive_mvar: int
    apparent_mva: int
    factor_e4: int
    angle_cdeg: int

    @classmethod
    def of(cls, active_nw: int, reactive_nvar: int) -> Powers:
        """Compute all from two."""
        apparent_nva = isqrt(active_nw**2 + reactive_nvar**2)
        return cls(
            _rounded(active_nw, NW_PER_MW),
            _rounded(reactive_nvar, NW_PER_MW),
            _rounded(apparent_nva, NW_PER_MW),
            _rounded(abs(active_nw) * 10_000, apparent_nva) if apparent_nva else 10_000,
            round(math.degrees(math.atan2(reactive_nvar, active_nw)) * 100),
        )

    @property
    def is_capacitive(self) -> bool:
        """Whether the current is ahead of the voltage."""
        return self.reactive_mvar < 0


@dataclass(frozen=True, slots=True)
class Phase:
    """What is measured on a phase; THDs in hundredths of a percent."""

    voltage_mv: int
    current_ma: int
    powers: Powers
    thd_voltage_e2: int = 0
    thd_current_e2: int = 0


@dataclass(frozen=True, slots=True)
class Measurements:
    """What a meter measures at an instant: as many phases as the model has."""

    phases: tuple[Phase, ...]
    total: Powers
    frequency_mhz: int
    temperature_cdeg: int


def _rounded(value: int, divisor: int) -> int:
    """Divide, half away from zero."""
    quotient = (2 * abs(value) + divisor) // (2 * divisor)
    return quotient if value >= 0 else -quotient


@dataclass
class Meter:
    """
    A meter.

    Attributes:
        model, serial: what it is.
        address: its Modbus address.
        clock: what it stamps its load profile with.
        at: up to which instant it has counted.
        loads: what hangs behind it.
        supply: the grid before it.
        line: how its RS485 port is set.
        description, location: what somebody wrote into it, at most 40 signs each.
        software_e2: its version in hundredths.
        utc_offset_min: what somebody told it of its time zone; it only stands in signed data.
        tariff: which one the gateway has told it is active.
        is_powered: whether it has power.
        non_resettable, resettable: its counters.
        profile: its load profile.
    """

    model: Model
    serial: str
    address: int
    clock: LocalClock
    at: datetime
    loads: Sequence[Load] = ()
    supply: Supply = field(default_factory=Supply)
    line: LineSettings = field(default_factory=LineSettings)
    description: str = ""
    location: str = ""
    software_e2: int = 104
    exponent: int = 0
    utc_offset_min: int = 0
    tariff: int = 1
    is_powered: bool = True
    non_resettable: list[Counter] = field(init=False)
    resettable: list[Counter] = field(init=False)
    profile: LoadProfile = field(init=False, default_factory=LoadProfile)

    def __post_init__(self) -> None:
        if not self.model.is_meter:
            raise ValueError(f"{self.model.name} is no meter")
        is_float = self.model.family is Family.IE
        plain = four(is_float=is_float, exponent=self.exponent)
        self.non_resettable = plain[: self.model.non_resettable]
        groups = [
            four(tariff=tariff, is_float=is_float, exponent=self.exponent)
            for tariff in (None, 1, 2, None)
        ]
        for counter in groups[3]:  # figure 30: the last four are disabled
            counter.is_enabled = False
        every = [counter for group in groups for counter in group]
        self.resettable = every[: self.model.resettable]

    @property
    def counters(self) -> list[Counter]:
        """All counters, those that nobody can set back first."""
        return [*self.non_resettable, *self.resettable]

    def begin_at(self, import_wh: int, export_wh: int = 0) -> None:
        """Have counted that much active energy before anything flows."""
        for counter in self.counters:
            if counter.unit is Unit.WH and not counter.tariffs and counter.is_enabled:
                is_import = counter.direction is Direction.IMPORT
                counter.counted_fj = (import_wh if is_import else export_wh) * FJ_PER_WH
        self.profile.begin_at(import_wh * FJ_PER_WH, export_wh * FJ_PER_WH)

    def advance(self, at: datetime) -> None:
        """Count what has flowed up to ``at``."""
        while self.at < at:
            mark = self.clock.next_mark(self.at, QUARTER)
            changes = [load.next_change(self.at) for load in self.loads]
            until = min([at, mark, *(change for change in changes if change is not None)])
            self._count(self.flow(), until)
            if until == mark and self.is_powered:
                # A fast clock may show a microsecond more.
                shown = self.clock.shows(mark)
                self.profile.close(shown - (shown - EPOCH) % QUARTER)

    def flow(self) -> Flow:
        """Tell what flows now: nothing without power, and nothing on phases that it has not."""
        if not self.is_powered:
            return Flow()
        total = Flow()
        for load in self.loads:
            total += load.flow(self.at)
        return total if self.model.phases == 3 else _first_only(total)

    def measurements(self) -> Measurements:
        """Tell what it measures now."""
        flow, supply = self.flow(), self.supply
        phases = [
            _phase(flow.active_nw[number], flow.reactive_nvar[number], supply.voltages_mv[number])
            for number in range(self.model.phases)
        ]
        total = Powers.of(sum(flow.active_nw), sum(flow.reactive_nvar))
        return Measurements(tuple(phases), total, supply.frequency_mhz, supply.temperature_cdeg)

    def fail(self) -> None:
        """Lose power."""
        self.is_powered = False
        self.profile.forget()

    def restore(self) -> None:
        """Have power again."""
        self.is_powered = True

    def _count(self, flow: Flow, until: datetime) -> None:
        lasting = until - self.at
        for counter in self.counters:
            counter.count(flow, lasting, self.tariff)
        self.profile.count(flow, lasting)
        self.at = until


def _first_only(flow: Flow) -> Flow:
    return Flow((flow.active_nw[0], 0, 0), (flow.reactive_nvar[0], 0, 0))


def _phase(active_nw: int, reactive_nvar: int, voltage_mv: int) -> Phase:
    apparent_nva = isqrt(active_nw**2 + reactive_nvar**2)
    # nVA / mV = µA; a phase without voltage carries none.
    current_ma = _rounded(apparent_nva, voltage_mv * 1_000) if voltage_mv else 0
    return Phase(voltage_mv, current_ma, Powers.of(active_nw, reactive_nvar))
