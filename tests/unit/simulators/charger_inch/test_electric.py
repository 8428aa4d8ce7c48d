"""What the car draws and what the meter counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.charger_inch.electric import (
    FJ_PER_WH,
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
cars = st.builds(
    Car,
    phases=st.integers(1, 3),
    max_current_a=st.integers(6, 80),
    battery_wh=st.integers(10_000, 100_000),
    charge_wh=st.integers(0, 9_999),
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
        # A step of the taper ends at a whole µs of its own charging, so the parts may differ by
        # what flows in one µs for each step.
        tolerance = 22_000 * 10**9 * (len(car.taper) + 1)
        assert abs(parted.register_at(late) - whole.register_at(late)) <= tolerance

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

    def test_a_full_car_is_full_at_once(self) -> None:
        """A car with a full battery never draws."""
        outlet = charging(Car(charge_wh=60_000), Supply())
        assert outlet.full_at == NOON

    def test_the_taper_lowers_the_current_in_steps(self) -> None:
        """From 80 percent on a car draws less, step by step."""
        steps = staircase(Car(max_current_a=20, charge_wh=0), 0, Supply(), Limit())
        assert [step.flow.currents_ma[0] for step in steps] == [20_000, 12_000, 6_000, 3_000, 0]


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
        ],
    )
    def test_an_impossible_car_is_refused(self, wrong: dict[str, int], why: str) -> None:
        """The error says what a car is like."""
        with pytest.raises(ValueError, match=why):
            Car(**wrong)
