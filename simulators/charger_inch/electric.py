"""
The electric side of the charger: what the car draws and what the meter counts.

Rule 1: whole numbers only. Voltages are in mV, currents in mA, the power factor is in thousandths,
so their product is a power in nW, and a power over a time in µs is an energy in fJ (10⁻¹⁵ J).
Nothing is rounded on the way: the register is the exact integral of the power.
Rule 2: between two switchings the power is a staircase that is known when the current is switched
on (`staircase`). So the register of any instant is looked up, never stepped to. A new limit is such
a switching: what was counted is kept exactly, and the staircase begins anew from there.
Rule 3: who is at fault for a standstill can be told. The charger offers a current; what it offers
is the least of its own limit, the cable's and the profiles'. The car takes of it what it wants.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

FJ_PER_WH = 3_600 * 10**15
"""Femtojoules in a watt hour."""

CABLES_A = (13, 20, 32, 63)
"""What a Type 2 cable can carry, as the resistor in its plug says (IEC 61851-1, annex B)."""

PILOT_MIN_A = 6
"""The least that can be offered: a control pilot cannot say less (IEC 61851-1, annex A)."""

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
        min_current_a: it does not charge where less is offered. What it draws of an offer may be
            less: the taper knows no such minimum.
        cable_a: what its cable can carry, one of `CABLES_A`.

    Raises:
        ValueError: If no car is like that.
    """

    phases: int = 3
    max_current_a: int = 32
    battery_wh: int = 60_000
    charge_wh: int = 12_000
    taper: tuple[tuple[int, int], ...] = ((80, 100), (90, 60), (97, 30), (100, 15))
    min_current_a: int = PILOT_MIN_A
    cable_a: int = 32

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
        most_a = max(PILOT_MIN_A, self.max_current_a)
        if not PILOT_MIN_A <= self.min_current_a <= most_a:
            raise ValueError(
                f"a car begins to charge between {PILOT_MIN_A} and {most_a} A, "
                f"not at {self.min_current_a}"
            )
        if self.cable_a not in CABLES_A:
            raise ValueError(f"a cable carries {CABLES_A} A, not {self.cable_a}")


@dataclass(frozen=True, slots=True)
class Supply:
    """
    The grid at the charger, constant for as long as the charger lives (ASSUMED).

    Attributes:
        voltages_mv: of L1, L2 and L3 to neutral.
        frequency_mhz: in thousandths of a hertz.
        power_factor_permille: of whatever car charges here (ASSUMED).
        body_decicelsius: how warm it is inside the charger, in tenths of a degree (ASSUMED: as
            constant as the grid).
    """

    voltages_mv: Phases = (230_000, 230_000, 230_000)
    frequency_mhz: int = 50_000
    power_factor_permille: int = 1_000
    body_decicelsius: int = 250


@dataclass(frozen=True, slots=True)
class Limit:
    """What the charger lets through: document 003, max. connector power 22 kW, and its 32 A."""

    current_ma: int = 32_000
    power_nw: int = 22_000 * 10**9


@dataclass(frozen=True, slots=True)
class Allowance:
    """
    What charging profiles let through for the time being; all of it holds together.

    Attributes:
        current_ma: on each phase, or None where no profile limits the current.
        power_nw: of all phases in use together, or None where no profile limits the power.
        phases: how many phases may be used, from L1 on.
        least_current_ma: an offer below this is not worth making: nothing is offered.
        least_power_nw: the same, said as a power.

    Raises:
        ValueError: If nobody can charge on so many phases.
    """

    current_ma: int | None = None
    power_nw: int | None = None
    phases: int = 3
    least_current_ma: int = 0
    least_power_nw: int = 0

    def __post_init__(self) -> None:
        if self.phases not in (1, 2, 3):
            raise ValueError(f"1, 2 or 3 phases are allowed, not {self.phases}")

    def within(self, other: Allowance) -> Allowance:
        """Give what is let through where both hold."""
        return Allowance(
            _lower(self.current_ma, other.current_ma),
            _lower(self.power_nw, other.power_nw),
            min(self.phases, other.phases),
            max(self.least_current_ma, other.least_current_ma),
            max(self.least_power_nw, other.least_power_nw),
        )


UNLIMITED = Allowance()
"""As if there were no profile."""


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


def phases_in_use(car: Car, allowance: Allowance) -> int:
    """Tell how many phases a car charges on; with fewer than it has, it stays on L1 and after."""
    return min(car.phases, allowance.phases)


def offer_ma(car: Car, supply: Supply, limit: Limit, allowance: Allowance) -> int:
    """
    Tell what is offered to a plugged car on each phase: what charger, cable and profiles let.

    A power becomes a current by the voltages of the phases in use, rounded down to the mA, so that
    what flows stays within it. OCPP 1.6 §7.12 would have 230 V and the profile's numberPhases,
    errata 3.34 the phases in use; with the site's own voltages a limit in W is a limit in W
    (ASSUMED). What is too little for a control pilot is not offered at all.
    """
    phases = phases_in_use(car, allowance)
    per_ma_nw = flow_of(1, phases, supply).power_nw
    most_ma = min(offered_ma(phases, supply, limit), car.cable_a * 1_000)
    if allowance.current_ma is not None:
        most_ma = min(most_ma, allowance.current_ma)
    if allowance.power_nw is not None:
        most_ma = min(most_ma, allowance.power_nw // per_ma_nw)
    least_ma = max(
        PILOT_MIN_A * 1_000, allowance.least_current_ma, allowance.least_power_nw // per_ma_nw
    )
    return most_ma if most_ma >= least_ma else 0


def staircase(
    car: Car, stored_fj: int, supply: Supply, limit: Limit, allowance: Allowance = UNLIMITED
) -> tuple[Step, ...]:
    """
    Tell in advance what a car draws from the moment of switching on, until it is full.

    A step of the taper is left at the first whole µs at or after its limit of charge. The last
    step is the full battery: nothing flows. A car that is offered too little has this step only.
    """
    offer = offer_ma(car, supply, limit, allowance)
    if offer < car.min_current_a * 1_000:
        return (Step(0, 0, Flow()),)
    phases = phases_in_use(car, allowance)
    steps: list[Step] = []
    start_us = energy_fj = 0
    for limit_percent, share_percent in car.taper:
        missing_fj = car.battery_wh * limit_percent * FJ_PER_WH // 100 - stored_fj - energy_fj
        if missing_fj <= 0:
            continue
        current = min(offer, car.max_current_a * 1_000 * share_percent // 100)
        flow = flow_of(current, phases, supply)
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

    Attributes:
        on_change: called when what flows from now on is another than was known before.
    """

    supply: Supply
    limit: Limit
    register_fj: int = 0
    car: Car | None = None
    allowance: Allowance = UNLIMITED
    on_change: Callable[[], None] | None = None
    _stored_fj: int = 0
    _since: datetime | None = None
    _offered_ma: int = 0
    _steps: tuple[Step, ...] = field(default=())

    def plug(self, car: Car) -> None:
        """Put a car's cable in; nothing flows yet."""
        self.car, self._stored_fj = car, car.charge_wh * FJ_PER_WH

    def unplug(self) -> None:
        """
        Take the cable out of a connector that is switched off.

        Raises:
            ValueError: If it is not: what the car has drawn would be lost.
        """
        if self._since is not None:
            raise ValueError("the contactor is closed; switch it off before the cable comes out")
        self.car = None

    def switch_on(self, now: datetime) -> None:
        """Close the contactor: from ``now`` on the plugged car draws what it wants and is let."""
        if self.car is not None:
            self._settle(now)
            self._plan(self.car, now)

    def switch_off(self, now: datetime) -> None:
        """Open the contactor; a second opening does nothing."""
        self._settle(now)
        self._since, self._steps = None, ()
        self._tell_change()

    def limit_to(self, now: datetime, allowance: Allowance) -> None:
        """
        Let through no more than this from ``now`` on, until told otherwise.

        It also holds for a contactor that is closed later. The same limit again changes nothing.

        Raises:
            ValueError: If the contactor was closed after ``now``, or another limit set.
        """
        if allowance == self.allowance:
            return
        self._settle(now)
        self.allowance = allowance
        if self._since is not None and self.car is not None:
            self._plan(self.car, now)

    def register_at(self, now: datetime) -> int:
        """
        Tell what the register stands at, in fJ, exactly.

        Raises:
            ValueError: If the contactor was closed or a limit set after ``now``: the past is not
                kept.
        """
        return self.register_fj + self._counted_fj(now)

    def charge_at(self, now: datetime) -> int:
        """
        Tell what the plugged car's battery holds, in fJ; 0 where there is no car.

        What flows beyond its size until the whole µs at which the car stops is lost.
        """
        if self.car is None:
            return 0
        return min(self._stored_fj + self._counted_fj(now), _size_fj(self.car))

    def flow_at(self, now: datetime) -> Flow:
        """Tell what flows; at the instant of a change, what flows from then on."""
        step = self._step_at(now)
        return step.flow if step is not None else Flow()

    @property
    def course(self) -> tuple[tuple[datetime, Flow], ...]:
        """What flows from when on, if nothing changes; empty while the contactor is open."""
        since = self._since
        if since is None:
            return ()
        return tuple(
            (since + timedelta(microseconds=step.start_us), step.flow) for step in self._steps
        )

    def offered_at(self, now: datetime) -> int:
        """
        Tell what is offered to the car on each phase, in mA; 0 while the contactor is open.

        It is what the control pilot says, whether the car takes it or not.
        """
        return self._offered_ma if self._step_at(now) is not None else 0

    @property
    def is_held_back(self) -> bool:
        """
        Whether a car that is not full is offered nothing: the standstill is the charger's doing.

        A car that needs more than what it is offered stands still by its own choice (OCPP 1.6
        errata 3.55: SuspendedEV), and so does a full one.
        """
        if self._since is None or self.car is None or self._offered_ma > 0:
            return False
        return self._stored_fj < _size_fj(self.car)

    @property
    def full_at(self) -> datetime | None:
        """
        When the car will be full, if nothing changes.

        None while the contactor is open, and while the car draws nothing without being full.
        """
        if self._since is None or self.car is None:
            return None
        last = self._steps[-1]
        if self._stored_fj + last.energy_fj < _size_fj(self.car):
            return None
        return self._since + timedelta(microseconds=last.start_us)

    def when_counted(self, energy_wh: int, now: datetime) -> datetime | None:
        """
        Tell when the register will have counted so much more than at ``now``, if nothing changes.

        None where the car stops drawing before, and while the contactor is open.
        """
        if self._since is None:
            return None
        wanted_fj = self._counted_fj(now) + energy_wh * FJ_PER_WH
        ends_us = [step.start_us for step in self._steps[1:]]
        for step, end_us in zip(self._steps, [*ends_us, None], strict=True):
            power_nw = step.flow.power_nw
            if power_nw == 0:
                continue
            at_us = step.start_us + max(0, -(-(wanted_fj - step.energy_fj) // power_nw))
            if end_us is None or at_us <= end_us:
                return self._since + timedelta(microseconds=at_us)
        return None

    def _plan(self, car: Car, now: datetime) -> None:
        self._since = now
        self._offered_ma = offer_ma(car, self.supply, self.limit, self.allowance)
        self._steps = staircase(car, self._stored_fj, self.supply, self.limit, self.allowance)
        self._tell_change()

    def _tell_change(self) -> None:
        if self.on_change is not None:
            self.on_change()

    def _settle(self, now: datetime) -> None:
        """Put what was counted since the last switching into the register and the battery."""
        counted_fj, self._stored_fj = self._counted_fj(now), self.charge_at(now)
        self.register_fj += counted_fj

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


def _size_fj(car: Car) -> int:
    return car.battery_wh * FJ_PER_WH


def _lower(one: int | None, other: int | None) -> int | None:
    return min((value for value in (one, other) if value is not None), default=None)


def _start_us(step: Step) -> int:
    return step.start_us
