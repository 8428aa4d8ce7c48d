"""What the car draws and what the meter counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.charger_inch.electric import (
    CABLES_A,
    FJ_PER_WH,
    UNLIMITED,
    Allowance,
    Car,
    Flow,
    Limit,
    Outlet,
    Supply,
    flow_of,
    offered_ma,
    staircase,
)

NOON = datetime(2025, 6, 3, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

voltages = st.integers(190_000, 260_000)
supplies = st.builds(
    Supply,
    voltages_mv=st.tuples(voltages, voltages, voltages),
    power_factor_permille=st.integers(500, 1_000),
)
currents = st.one_of(
    st.fixed_dictionaries({"max_current_a": st.integers(6, 80)}),
    st.fixed_dictionaries(
        {"max_current_a": st.integers(13, 80), "min_current_a": st.integers(7, 13)}
    ),
)
cars = st.builds(
    lambda current, **other: Car(**current, **other),
    currents,
    phases=st.integers(1, 3),
    battery_wh=st.integers(10_000, 100_000),
    charge_wh=st.integers(0, 9_999),
    cable_a=st.sampled_from(CABLES_A),
)
allowances = st.builds(
    Allowance,
    current_ma=st.none() | st.sampled_from([0, 5_900, 6_000]) | st.integers(0, 40_000),
    power_nw=st.none() | st.integers(0, 250_000).map(lambda tenths_w: tenths_w * 10**8),
    phases=st.integers(1, 3),
    least_current_ma=st.sampled_from([0, 0, 6_000, 8_100]),
    least_power_nw=st.sampled_from([0, 0, 4_140 * 10**9]),
)
times = st.timedeltas(timedelta(0), timedelta(hours=30))


def charging(car: Car, supply: Supply, register_fj: int = 0) -> Outlet:
    """Give an outlet on which a car charges since noon."""
    outlet = Outlet(supply, Limit(), register_fj)
    outlet.plug(car)
    outlet.switch_on(NOON)
    return outlet


class TestPower:
    """Power, currents and voltages."""

    @given(cars, supplies, times)
    def test_power_is_the_sum_over_the_phases(
        self, car: Car, supply: Supply, after: timedelta
    ) -> None:
        """At every instant P = Σ U·I·power factor, exactly."""
        flow = charging(car, supply).flow_at(NOON + after)
        volt_amperes = sum(u * i for u, i in zip(supply.voltages_mv, flow.currents_ma, strict=True))
        assert flow.power_nw == volt_amperes * supply.power_factor_permille

    @given(cars, supplies, times)
    def test_it_stays_within_the_limits(self, car: Car, supply: Supply, after: timedelta) -> None:
        """Neither 32 A nor 22 kW nor the car's own current is exceeded."""
        flow = charging(car, supply).flow_at(NOON + after)
        assert max(flow.currents_ma) <= min(32, car.max_current_a) * 1_000
        assert flow.power_nw <= 22_000 * 10**9

    @given(cars, supplies, times)
    def test_unused_phases_carry_nothing(self, car: Car, supply: Supply, after: timedelta) -> None:
        """A single-phase car draws on L1 only."""
        flow = charging(car, supply).flow_at(NOON + after)
        assert all(current == 0 for current in flow.currents_ma[car.phases :])

    def test_one_phase_of_16_a_at_230_v_is_3680_w(self) -> None:
        """The figure everybody knows comes out exactly."""
        flow = flow_of(16_000, 1, Supply())
        assert flow == Flow((16_000, 0, 0), 3_680 * 10**9)

    def test_22_kw_cut_the_current_below_32_a(self) -> None:
        """At 236 V on three phases the power limits before the current does."""
        high = Supply((236_000, 236_000, 236_000))
        assert offered_ma(3, high, Limit()) == 31_073
        assert offered_ma(1, high, Limit()) == 32_000


class TestRegister:
    """The register is the exact integral of the power."""

    @given(cars, supplies, times, times)
    def test_energies_add_up(
        self, car: Car, supply: Supply, one: timedelta, other: timedelta
    ) -> None:
        """Switching off and on at any instant, at the same charge, changes no total."""
        early, late = sorted((NOON + one, NOON + other))
        whole, parted = charging(car, supply), charging(car, supply)
        parted.switch_off(early)
        parted.switch_on(early)
        # A step of the taper ends at a whole µs, whenever its planning began.
        assert whole.register_at(late) == parted.register_at(late)

    @given(cars, supplies, st.lists(times, min_size=2))
    def test_it_never_goes_back(self, car: Car, supply: Supply, after: list[timedelta]) -> None:
        """Later is never less."""
        outlet = charging(car, supply, register_fj=5 * FJ_PER_WH)
        read = [outlet.register_at(NOON + one) for one in sorted(after)]
        assert read == sorted(read)
        assert read[0] >= 5 * FJ_PER_WH

    @given(cars, supplies, times)
    def test_it_is_the_integral_of_the_power(
        self, car: Car, supply: Supply, after: timedelta
    ) -> None:
        """Summed by hand over the steps of the staircase, the same number comes out."""
        outlet = charging(car, supply)
        total_us = after // MICROSECOND
        steps = staircase(car, car.charge_wh * FJ_PER_WH, supply, Limit())
        ends = [step.start_us for step in steps[1:]] + [total_us]
        by_hand = sum(
            max(0, min(end, total_us) - step.start_us) * step.flow.power_nw
            for step, end in zip(steps, ends, strict=True)
        )
        assert outlet.register_at(NOON + after) == by_hand

    @given(cars, supplies)
    def test_a_full_car_has_got_what_it_missed(self, car: Car, supply: Supply) -> None:
        """The battery is filled to within what flows in one µs, and then nothing flows."""
        outlet = charging(car, supply)
        assert outlet.full_at is not None
        missing_fj = (car.battery_wh - car.charge_wh) * FJ_PER_WH
        counted = outlet.register_at(outlet.full_at)
        assert 0 <= counted - missing_fj <= 22_000 * 10**9
        assert outlet.flow_at(outlet.full_at) == Flow()
        assert outlet.flow_at(outlet.full_at - MICROSECOND) != Flow()
        assert outlet.register_at(outlet.full_at + timedelta(days=1)) == counted

    def test_11_kwh_at_11_kw_take_an_hour(self) -> None:
        """Three phases of 16 A at 230 V for an hour are 11.04 kWh."""
        outlet = charging(Car(max_current_a=16), Supply())
        assert outlet.register_at(NOON + timedelta(hours=1)) == 11_040 * FJ_PER_WH

    def test_a_second_charge_goes_on_where_the_first_ended(self) -> None:
        """The car remembers its charge while it stays plugged in."""
        outlet = charging(Car(battery_wh=20_000, charge_wh=0, max_current_a=16), Supply())
        outlet.switch_off(NOON + timedelta(hours=1))
        outlet.switch_on(NOON + timedelta(hours=5))
        at = outlet.full_at
        assert at is not None
        assert abs(outlet.register_at(at) - 20_000 * FJ_PER_WH) <= 2 * 22_000 * 10**9

    def test_the_past_is_not_kept(self) -> None:
        """Asking for an instant before the last switching is a mistake."""
        with pytest.raises(ValueError, match="keeps nothing"):
            charging(Car(), Supply()).register_at(NOON - MICROSECOND)


class TestSwitching:
    """The contactor."""

    def test_a_plugged_car_draws_nothing_until_switched_on(self) -> None:
        """Without a transaction no energy flows."""
        outlet = Outlet(Supply(), Limit(), 7)
        outlet.plug(Car())
        assert outlet.flow_at(NOON) == Flow()
        assert outlet.register_at(NOON + timedelta(days=1)) == 7
        assert outlet.full_at is None

    def test_switching_on_without_a_car_does_nothing(self) -> None:
        """No car, no current."""
        outlet = Outlet(Supply(), Limit())
        outlet.switch_on(NOON)
        assert outlet.flow_at(NOON) == Flow()

    def test_switching_on_twice_loses_nothing(self) -> None:
        """What was counted before a second closing stays counted."""
        outlet = charging(Car(max_current_a=16), Supply())
        outlet.switch_on(NOON + timedelta(minutes=30))
        assert outlet.register_at(NOON + timedelta(hours=1)) == 11_040 * FJ_PER_WH

    def test_a_cable_comes_out_of_an_open_contactor_only(self) -> None:
        """Otherwise what was drawn would be lost."""
        outlet = charging(Car(), Supply())
        with pytest.raises(ValueError, match="switch it off"):
            outlet.unplug()
        outlet.switch_off(NOON)
        outlet.unplug()
        assert outlet.car is None

    def test_a_full_car_is_full_at_once(self) -> None:
        """A car with a full battery never draws."""
        outlet = charging(Car(charge_wh=60_000), Supply())
        assert outlet.full_at == NOON

    def test_the_taper_lowers_the_current_in_steps(self) -> None:
        """From 80 percent on a car draws less, step by step."""
        steps = staircase(Car(max_current_a=20, charge_wh=0), 0, Supply(), Limit())
        assert [step.flow.currents_ma[0] for step in steps] == [20_000, 12_000, 6_000, 3_000, 0]


def amperes(current_a: int, phases: int = 3) -> Allowance:
    """Give a limit in A."""
    return Allowance(current_ma=current_a * 1_000, phases=phases)


def watts(power_w: int, phases: int = 3) -> Allowance:
    """Give a limit in W."""
    return Allowance(power_nw=power_w * 10**9, phases=phases)


def by_hand(
    car: Car, supply: Supply, changes: list[tuple[int, Allowance]], until_us: int
) -> Iterator[tuple[int, int, Flow]]:
    """
    Charge step by step, from one instant at which anything changes to the next.

    Gives at each of these instants, in µs since the contactor was closed, what the register shows
    and what flowed since the instant before.
    """
    now_us = register_fj = 0
    charge_fj, size_fj = car.charge_wh * FJ_PER_WH, car.battery_wh * FJ_PER_WH
    allowance = UNLIMITED
    grid = [*changes, (until_us, UNLIMITED)]
    while grid:
        while grid and grid[0][0] <= now_us:
            allowance = grid.pop(0)[1]
        if not grid:
            return
        steps = [(size_fj * percent // 100, share) for percent, share in car.taper]
        step = next(((goal, share) for goal, share in steps if charge_fj < goal), None)
        flow = Flow() if step is None else flow_by_hand(car, supply, allowance, step[1])
        end_us = grid[0][0]
        if step is not None and flow.power_nw:
            to_go = Fraction(step[0] - charge_fj, flow.power_nw)
            end_us = min(end_us, now_us + -(-to_go.numerator // to_go.denominator))
        register_fj += (end_us - now_us) * flow.power_nw
        charge_fj = min(size_fj, charge_fj + (end_us - now_us) * flow.power_nw)
        now_us = end_us
        yield now_us, register_fj, flow


def flow_by_hand(car: Car, supply: Supply, allowance: Allowance, share: int) -> Flow:
    """Find the current that all limits leave, one after the other."""
    phases = min(car.phases, allowance.phases)
    per_ma = sum(supply.voltages_mv[:phases]) * supply.power_factor_permille
    current = min(32_000, car.cable_a * 1_000, 22_000 * 10**9 // per_ma)
    if allowance.current_ma is not None:
        current = min(current, allowance.current_ma)
    if allowance.power_nw is not None:
        while current > 0 and current * per_ma > allowance.power_nw:
            current = min(current - 1, allowance.power_nw // per_ma)
    enough = (
        current >= 6_000
        and current >= car.min_current_a * 1_000
        and current >= allowance.least_current_ma
        and current >= allowance.least_power_nw // per_ma
    )
    drawn = min(current, car.max_current_a * 1_000 * share // 100) if enough else 0
    l1, l2, l3 = (drawn if number < phases else 0 for number in range(3))
    return Flow((l1, l2, l3), drawn * per_ma)


class TestLimits:
    """Limits that change in time."""

    @given(cars, supplies, st.lists(st.tuples(times, allowances), max_size=6), times)
    def test_the_register_is_the_integral_whatever_is_limited(
        self,
        car: Car,
        supply: Supply,
        limits: list[tuple[timedelta, Allowance]],
        until: timedelta,
    ) -> None:
        """Step by step, by hand, the same energy, currents and power come out, exactly."""
        limits = sorted(
            ((after, one) for after, one in limits if after <= until), key=lambda limit: limit[0]
        )
        expected = by_hand(
            car,
            supply,
            [(after // MICROSECOND, one) for after, one in limits],
            until // MICROSECOND,
        )
        outlet = charging(car, supply)
        before = NOON
        for now_us, register_fj, flow in expected:
            now = NOON + now_us * MICROSECOND
            while limits and NOON + limits[0][0] <= before:
                outlet.limit_to(NOON + limits[0][0], limits[0][1])
                limits.pop(0)
            assert register_fj == outlet.register_at(now)
            if now > before:
                assert flow == outlet.flow_at(before)
                assert flow == outlet.flow_at(now - MICROSECOND)
            before = now

    @given(cars, supplies, st.lists(st.tuples(times, allowances), max_size=6), times)
    def test_no_limit_in_force_is_exceeded(
        self,
        car: Car,
        supply: Supply,
        limits: list[tuple[timedelta, Allowance]],
        until: timedelta,
    ) -> None:
        """Current, power, phases, cable and battery stay within what they are let at each step."""
        outlet = charging(car, supply)
        for after, allowance in sorted(limits, key=lambda limit: limit[0]):
            now = NOON + after
            outlet.limit_to(now, allowance)
            for instant in (now, now + until):
                flow, offered = outlet.flow_at(instant), outlet.offered_at(instant)
                assert flow.power_nw == supply.power_factor_permille * sum(
                    u * i for u, i in zip(supply.voltages_mv, flow.currents_ma, strict=True)
                )
                assert max(flow.currents_ma) <= offered <= min(32, car.cable_a) * 1_000
                assert offered == 0 or offered >= 6_000
                assert flow.power_nw <= 22_000 * 10**9
                if allowance.current_ma is not None:
                    assert offered <= allowance.current_ma
                if allowance.power_nw is not None:
                    assert flow.power_nw <= allowance.power_nw
                used = sum(current > 0 for current in flow.currents_ma)
                assert used in (0, min(car.phases, allowance.phases))
                assert outlet.charge_at(instant) <= car.battery_wh * FJ_PER_WH

    @given(cars, supplies, allowances, times, st.lists(times, max_size=3))
    def test_the_same_limit_again_changes_nothing(
        self,
        car: Car,
        supply: Supply,
        allowance: Allowance,
        until: timedelta,
        again: list[timedelta],
    ) -> None:
        """Neither does parting the time at any instants: no energy is lost or won by planning."""
        whole, parted = charging(car, supply), charging(car, supply)
        whole.limit_to(NOON, allowance)
        parted.limit_to(NOON, allowance)
        for after in sorted(one for one in again if one <= until):
            parted.limit_to(NOON + after, allowance)
            parted.switch_off(NOON + after)
            parted.switch_on(NOON + after)
        assert whole.register_at(NOON + until) == parted.register_at(NOON + until)
        assert whole.charge_at(NOON + until) == parted.charge_at(NOON + until)
        assert whole.flow_at(NOON + until) == parted.flow_at(NOON + until)

    def test_a_lower_limit_slows_and_its_end_speeds_up(self) -> None:
        """An hour at 16 A, one at 8 A and one at 16 A again are what they are."""
        outlet = charging(Car(max_current_a=16), Supply())
        outlet.limit_to(NOON + timedelta(hours=1), amperes(8))
        assert outlet.flow_at(NOON + timedelta(hours=1)) == flow_of(8_000, 3, Supply())
        outlet.limit_to(NOON + timedelta(hours=2), UNLIMITED)
        assert outlet.register_at(NOON + timedelta(hours=3)) == (11_040 * 2 + 5_520) * FJ_PER_WH

    def test_a_limit_may_come_before_the_current(self) -> None:
        """What is limited while the contactor is open holds when it is closed."""
        outlet = Outlet(Supply(), Limit())
        outlet.limit_to(NOON, amperes(10))
        outlet.plug(Car())
        outlet.switch_on(NOON + timedelta(hours=1))
        assert outlet.offered_at(NOON + timedelta(hours=1)) == 10_000

    def test_a_power_becomes_a_current_by_the_voltages_in_use(self) -> None:
        """4.2 kW are 6.086 A on three phases and 18.260 A on one, rounded down to the mA."""
        three, one = charging(Car(), Supply()), charging(Car(phases=1), Supply())
        for outlet, current_ma in ((three, 6_086), (one, 18_260)):
            outlet.limit_to(NOON, watts(4_200))
            assert outlet.offered_at(NOON) == current_ma
            assert outlet.flow_at(NOON).power_nw <= 4_200 * 10**9

    def test_fewer_phases_leave_l1(self) -> None:
        """A car limited to one phase goes on with this one."""
        outlet = charging(Car(max_current_a=16), Supply())
        outlet.limit_to(NOON, amperes(10, phases=1))
        assert outlet.flow_at(NOON) == Flow((10_000, 0, 0), 2_300 * 10**9)
        outlet.limit_to(NOON, watts(3_680, phases=2))
        assert outlet.flow_at(NOON) == Flow((8_000, 8_000, 0), 3_680 * 10**9)

    def test_more_phases_than_the_car_has_change_nothing(self) -> None:
        """The limit is used as it is given (OCPP errata 3.34)."""
        outlet = charging(Car(phases=1), Supply())
        outlet.limit_to(NOON, amperes(10, phases=3))
        assert outlet.flow_at(NOON) == Flow((10_000, 0, 0), 2_300 * 10**9)

    @pytest.mark.parametrize(
        ("allowance", "offered_ma"),
        [
            (amperes(6), 6_000),
            (Allowance(current_ma=5_900), 0),
            (amperes(0), 0),
            (watts(4_140), 6_000),
            (watts(4_139), 0),
            (Allowance(current_ma=8_000, least_current_ma=8_000), 8_000),
            (Allowance(current_ma=8_000, least_current_ma=8_100), 0),
            (Allowance(power_nw=5_000 * 10**9, least_power_nw=5_000 * 10**9), 7_246),
            (Allowance(current_ma=7_000, least_power_nw=5_000 * 10**9), 0),
        ],
    )
    def test_too_little_is_not_offered(self, allowance: Allowance, offered_ma: int) -> None:
        """Below 6 A, and below what is worth it, nothing is, and the car is held back."""
        outlet = charging(Car(), Supply())
        outlet.limit_to(NOON, allowance)
        assert outlet.offered_at(NOON) == offered_ma
        assert outlet.is_held_back == (offered_ma == 0)
        assert (outlet.flow_at(NOON) == Flow()) == (offered_ma == 0)
        assert (outlet.full_at is None) == (offered_ma == 0)

    def test_a_car_may_need_more_than_6_a(self) -> None:
        """Below that it stands still by its own choice: something is offered."""
        outlet = charging(Car(min_current_a=8), Supply())
        outlet.limit_to(NOON, amperes(7))
        assert outlet.flow_at(NOON) == Flow()
        assert outlet.offered_at(NOON) == 7_000
        assert not outlet.is_held_back
        assert outlet.full_at is None
        outlet.limit_to(NOON, amperes(8))
        assert outlet.flow_at(NOON) == flow_of(8_000, 3, Supply())

    @pytest.mark.parametrize("cable_a", CABLES_A)
    def test_the_cable_limits(self, cable_a: int) -> None:
        """A car gets what its cable carries, at most what the charger lets through."""
        outlet = charging(Car(phases=1, max_current_a=80, cable_a=cable_a), Supply())
        assert outlet.flow_at(NOON).currents_ma[0] == min(32, cable_a) * 1_000

    def test_a_full_car_is_not_held_back(self) -> None:
        """Whether it is offered something or not, it wants nothing."""
        outlet = charging(Car(charge_wh=60_000), Supply())
        assert outlet.offered_at(NOON) == 31_884
        outlet.limit_to(NOON, amperes(0))
        assert not outlet.is_held_back
        assert outlet.full_at == NOON

    def test_a_car_held_back_goes_on_where_it_was(self) -> None:
        """A pause costs no energy and no charge, only time."""
        car = Car(battery_wh=20_000, charge_wh=0, max_current_a=16)
        whole, paused = charging(car, Supply()), charging(car, Supply())
        paused.limit_to(NOON + timedelta(minutes=30), amperes(0))
        paused.limit_to(NOON + timedelta(minutes=90), UNLIMITED)
        assert whole.full_at is not None
        assert paused.full_at == whole.full_at + timedelta(hours=1)
        assert paused.register_at(paused.full_at) == whole.register_at(whole.full_at)

    def test_the_past_of_a_limit_is_not_kept(self) -> None:
        """Neither can be asked before the last change, nor be changed before it."""
        outlet = charging(Car(), Supply())
        outlet.limit_to(NOON + timedelta(hours=1), amperes(8))
        for ask in (outlet.register_at, outlet.flow_at, outlet.offered_at, outlet.charge_at):
            with pytest.raises(ValueError, match="keeps nothing"):
                ask(NOON)
        with pytest.raises(ValueError, match="keeps nothing"):
            outlet.limit_to(NOON, amperes(9))
        assert outlet.offered_at(NOON + timedelta(hours=1)) == 8_000

    def test_the_same_limit_again_keeps_the_past(self) -> None:
        """What does not change does not begin anew."""
        outlet = charging(Car(), Supply())
        outlet.limit_to(NOON + timedelta(hours=1), UNLIMITED)
        assert outlet.register_at(NOON) == 0

    def test_nothing_is_offered_where_nothing_is_closed(self) -> None:
        """An open contactor, a car or none: the control pilot says nothing."""
        outlet = Outlet(Supply(), Limit())
        assert (0, 0) == (outlet.offered_at(NOON), outlet.charge_at(NOON))
        outlet.plug(Car())
        assert (0, 12_000 * FJ_PER_WH) == (outlet.offered_at(NOON), outlet.charge_at(NOON))
        outlet.limit_to(NOON, amperes(0))
        assert not outlet.is_held_back
        outlet.limit_to(NOON, amperes(8))
        outlet.switch_on(NOON)
        outlet.switch_off(NOON + timedelta(hours=1))
        assert outlet.offered_at(NOON + timedelta(hours=1)) == 0

    @given(allowances, allowances)
    def test_what_holds_together_is_the_least_of_both(
        self, one: Allowance, other: Allowance
    ) -> None:
        """In whatever order, and nothing more than each lets through."""
        both = one.within(other)
        assert both == other.within(one)
        assert both == both.within(one)
        for name in ("current_ma", "power_nw"):
            given_limits = [
                value for value in (getattr(one, name), getattr(other, name)) if value is not None
            ]
            assert getattr(both, name) == min(given_limits, default=None)
        assert one == one.within(UNLIMITED)

    def test_nobody_charges_on_four_phases(self) -> None:
        """The error says on how many."""
        with pytest.raises(ValueError, match="1, 2 or 3 phases"):
            Allowance(phases=4)


class TestCar:
    """Cars that there are not."""

    @pytest.mark.parametrize(
        ("wrong", "why"),
        [
            ({"phases": 4}, "1, 2 or 3 phases"),
            ({"max_current_a": 0}, "at least 1 A"),
            ({"charge_wh": 70_000}, "between 0 and 60000"),
            ({"taper": ((80, 100),)}, "ascends to 100"),
            ({"taper": ((90, 50), (80, 100), (100, 10))}, "ascends to 100"),
            ({"taper": ((100, 0),)}, "1 to 100 percent"),
            ({"min_current_a": 5}, "between 6 and 32 A, not at 5"),
            ({"min_current_a": 17, "max_current_a": 16}, "between 6 and 16 A, not at 17"),
            ({"cable_a": 16}, "carries"),
        ],
    )
    def test_an_impossible_car_is_refused(self, wrong: dict[str, int], why: str) -> None:
        """The error says what a car is like."""
        with pytest.raises(ValueError, match=why):
            Car(**wrong)
