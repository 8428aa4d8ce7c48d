"""
The electric side of the charger: what the car draws and what the meter counts.

Rule 1: whole numbers only. Voltages are in mV, currents in mA, the power factor is in thousandths,
so their product is a power in nW, and a power over a time in µs is an energy in fJ (10⁻¹⁵ J).
Nothing is rounded on the way: the register is the exact integral of the power.
Rule 2: between two switchings the power is a staircase that is known when the current is switched
on (`staircase`). So the register of any instant is looked up, never stepped to.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta

FJ_PER_WH = 3_600 * 10**15
"""Femtojoules in a watt hour."""

Phases = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Car:
    """
    A car and the state of its battery when it is plugged in.

    Attributes:
        phases: how many phases its on-board charger uses, 1 to 3, from L1 on.
        max_current_a: the most it draws on each phase.
        battery_wh: what the battery holds when full.
        charge_wh: what it holds when plugged in.
        taper: up to which charge (percent of the battery) it draws at most how much (percent of
            ``max_current_a``), ascending, the last one up to 100. A car charges without losses:
            what the meter counts is what the battery gets (ASSUMED).

    Raises:
        ValueError: If no car is like that.
    """

    phases: int = 3
    max_current_a: int = 32
    battery_wh: int = 60_000
    charge_wh: int = 12_000
    taper: tuple[tuple[int, int], ...] = ((80, 100), (90, 60), (97, 30), (100, 15))

    def __post_init__(self) -> None:
        if self.phases not in (1, 2, 3):
            raise ValueError(f"a car uses 1, 2 or 3 phases, not {self.phases}")
        if self.max_current_a < 1:
            raise ValueError(f"a car draws at least 1 A, not {self.max_current_a}")
        if not 0 <= self.charge_wh <= self.battery_wh:
            raise ValueError(
                f"the charge lies between 0 and {self.battery_wh} Wh, not at {self.charge_wh}"
            )
        limits = [limit for limit, _ in self.taper]
        if limits != sorted(set(limits)) or limits[-1:] != [100]:
            raise ValueError(f"the taper ascends to 100 percent of charge, not as {limits}")
        if not all(1 <= share <= 100 for _, share in self.taper):
            raise ValueError("a step of the taper draws 1 to 100 percent of the car's current")


@dataclass(frozen=True, slots=True)
class Supply:
    """
    The grid at the charger, constant for as long as the charger lives (ASSUMED).

    Attributes:
        voltages_mv: of L1, L2 and L3 to neutral.
        frequency_mhz: in thousandths of a hertz.
        power_factor_permille: of whatever car charges here (ASSUMED).
    """

    voltages_mv: Phases = (230_000, 230_000, 230_000)
    frequency_mhz: int = 50_000
    power_factor_permille: int = 1_000


@dataclass(frozen=True, slots=True)
class Limit:
    """What the charger lets through: document 003, max. connector power 22 kW, and its 32 A."""

    current_ma: int = 32_000
    power_nw: int = 22_000 * 10**9


@dataclass(frozen=True, slots=True)
class Flow:
    """What flows at an instant: currents of L1, L2 and L3, and the power of all three."""

    currents_ma: Phases = (0, 0, 0)
    power_nw: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """From ``start_us`` after switching on, when ``energy_fj`` had been counted, this flows."""

    start_us: int
    energy_fj: int
    flow: Flow


def flow_of(current_ma: int, phases: int, supply: Supply) -> Flow:
    """Tell what flows when ``current_ma`` is drawn on each of the first ``phases``."""
    l1, l2, l3 = (current_ma if number < phases else 0 for number in range(3))
    currents = (l1, l2, l3)
    volt_amperes_uva = sum(
        voltage * current for voltage, current in zip(supply.voltages_mv, currents, strict=True)
    )
    return Flow(currents, volt_amperes_uva * supply.power_factor_permille)


def offered_ma(phases: int, supply: Supply, limit: Limit) -> int:
    """Tell the most the charger offers a car on each phase, within its current and its power."""
    per_ma_nw = flow_of(1, phases, supply).power_nw
    return min(limit.current_ma, limit.power_nw // per_ma_nw)


def staircase(car: Car, stored_fj: int, supply: Supply, limit: Limit) -> tuple[Step, ...]:
    """
    Tell in advance what a car draws from the moment of switching on, until it is full.

    A step of the taper is left at the first whole µs at or after its limit of charge. The last
    step is the full battery: nothing flows.
    """
    offer = offered_ma(car.phases, supply, limit)
    steps: list[Step] = []
    start_us = energy_fj = 0
    for limit_percent, share_percent in car.taper:
        missing_fj = car.battery_wh * limit_percent * FJ_PER_WH // 100 - stored_fj - energy_fj
        if missing_fj <= 0:
            continue
        current = min(offer, car.max_current_a * 1_000 * share_percent // 100)
        flow = flow_of(current, car.phases, supply)
        steps.append(Step(start_us, energy_fj, flow))
        lasts_us = -(-missing_fj // flow.power_nw)
        start_us += lasts_us
        energy_fj += lasts_us * flow.power_nw
    return (*steps, Step(start_us, energy_fj, Flow()))


@dataclass(slots=True)
class Outlet:
    """
    The connector with its contactor and its meter.

    Parameters:
        supply: the grid here.
        limit: what the charger lets through.
        register_fj: what the meter stands at.
    """

    supply: Supply
    limit: Limit
    register_fj: int = 0
    car: Car | None = None
    _stored_fj: int = 0
    _since: datetime | None = None
    _steps: tuple[Step, ...] = field(default=())

    def plug(self, car: Car) -> None:
        """Put a car's cable in; nothing flows yet."""
        self.car, self._stored_fj = car, car.charge_wh * FJ_PER_WH

    def unplug(self) -> None:
        """Take the cable out of a connector that is switched off."""
        self.car = None

    def switch_on(self, now: datetime) -> None:
        """Close the contactor: from ``now`` on the plugged car draws what it wants."""
        if self.car is not None:
            self._since = now
            self._steps = staircase(self.car, self._stored_fj, self.supply, self.limit)

    def switch_off(self, now: datetime) -> None:
        """Open the contactor; a second opening does nothing."""
        counted_fj = self._counted_fj(now)
        self.register_fj += counted_fj
        self._stored_fj += counted_fj
        self._since, self._steps = None, ()

    def register_at(self, now: datetime) -> int:
        """
        Tell what the register stands at, in fJ, exactly.

        Raises:
            ValueError: If the contactor was closed after ``now``: the past is not kept.
        """
        return self.register_fj + self._counted_fj(now)

    def flow_at(self, now: datetime) -> Flow:
        """Tell what flows; at the instant of a change, what flows from then on."""
        step = self._step_at(now)
        return step.flow if step is not None else Flow()

    @property
    def full_at(self) -> datetime | None:
        """When the car stops drawing, or None while the contactor is open."""
        if self._since is None:
            return None
        return self._since + timedelta(microseconds=self._steps[-1].start_us)

    def _counted_fj(self, now: datetime) -> int:
        step = self._step_at(now)
        if step is None:
            return 0
        return step.energy_fj + (self._elapsed_us(now) - step.start_us) * step.flow.power_nw

    def _step_at(self, now: datetime) -> Step | None:
        if self._since is None:
            return None
        elapsed_us = self._elapsed_us(now)
        return self._steps[bisect_right(self._steps, elapsed_us, key=_start_us) - 1]

    def _elapsed_us(self, now: datetime) -> int:
        if self._since is None or now < self._since:
            raise ValueError(f"the meter keeps nothing from before {self._since}, asked for {now}")
        return (now - self._since) // timedelta(microseconds=1)


def _start_us(step: Step) -> int:
    return step.start_us
