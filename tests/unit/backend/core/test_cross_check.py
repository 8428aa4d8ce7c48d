"""The register against the power."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from backend.core.cross_check import LONGEST, contradicted, powers_of
from backend.core.readings import ENERGY, Reading
from backend.core.registers import Point, Register

NOON = datetime(2025, 6, 3, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """Give the instant some minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def register(*points: tuple[float, object]) -> Register:
    """Make a register of minutes after noon and Wh."""
    return Register(tuple(Point(at(minutes), Decimal(str(wh))) for minutes, wh in points))


def powers(*told: tuple[float, object]) -> Mapping[datetime, Decimal]:
    """Give powers of minutes after noon and W."""
    return {at(minutes): Decimal(str(watt)) for minutes, watt in told}


def power(watt: object, **fields: Any) -> Reading:
    """Make a reading of the power of connector 1 at noon."""
    return Reading(
        **{
            "connector": 1,
            "instant": NOON,
            "measurand": "Power.Active.Import",
            "phase": None,
            "location": "Outlet",
            "context": "Sample.Periodic",
            "value": None if watt is None else Decimal(str(watt)),
            "unit": "W",
            "raw_value": str(watt),
            "raw_unit": "W",
            "transaction": None,
            "resolution_wh": Decimal(0),
            "position": 0,
            **fields,
        }
    )


class TestPowers:
    """Which powers count."""

    def test_the_total_of_the_connector(self) -> None:
        """Neither phases, nor registers, nor another connector, nor what is no number."""
        readings = [
            power(1, phase="L1"),
            power(2, measurand=ENERGY),
            power(3, connector=2),
            power(None),
            power(4, instant=at(1)),
        ]

        assert {at(1): Decimal(4)} == powers_of(readings, 1)

    @pytest.mark.parametrize("order", [1, -1])
    def test_the_highest_of_an_instant(self, order: int) -> None:
        """The order in which they came decides nothing."""
        assert {NOON: Decimal(9)} == powers_of([power(3), power(9)][::order], 1)

    def test_the_least_power_is_one(self) -> None:
        """Half a watt is told; what is below none is not."""
        assert {NOON: Decimal("0.5")} == powers_of([power("0.5"), power(-1, instant=at(1))], 1)


class TestContradiction:
    """When the power says a hundred times what the register does."""

    HOUR = powers(*((minute, 22_000) for minute in range(0, 61, 5)))

    def test_a_register_of_kwh_under_the_unit_wh(self) -> None:
        """22 kW for an hour are not 22 Wh; the span is the one of the power."""
        found = register((-15, 100), (0, 100), (30, 111), (60, 122), (75, 122))

        assert ((at(0), at(60)),) == contradicted(found, self.HOUR)

    def test_a_register_that_agrees(self) -> None:
        """Nothing is said of it."""
        assert () == contradicted(register((0, 0), (60, 22_000)), self.HOUR)

    def test_a_register_that_is_told_late(self) -> None:
        """It stood still while the car charged, and was right at the end."""
        assert () == contradicted(register((0, 0), (60, 0), (61, 22_000)), self.HOUR)

    @pytest.mark.parametrize(("wh", "says"), [(220, True), (219, False)])
    def test_a_hundredth_is_enough(self, wh: int, says: bool) -> None:
        """The limit is in the middle between a missing phase and a wrong unit."""
        assert says == (() == contradicted(register((0, 0), (60, wh)), self.HOUR))

    @pytest.mark.parametrize(
        ("points", "says"),
        [
            (((-15, 0), (0, 500), (61, 719)), True),  # what rose before the power began is not its
            (((0, 0), (5, 200), (61, 300)), False),  # what rose with it is
            (((1, 0), (30, 100), (61, 300)), False),  # the register was first told later
            (((0, 0), (10, 100), (50, 300)), False),  # the register was last told earlier
        ],
    )
    def test_which_rise_is_compared(self, points: tuple[tuple[float, int]], says: bool) -> None:
        """That from the last register before the power to the first behind it."""
        assert says == (() != contradicted(register(*points), self.HOUR))

    @pytest.mark.parametrize(("watt", "says"), [(1_000, False), (999, True)])
    def test_little_power_says_nothing(self, watt: int, says: bool) -> None:
        """A moment of power is no proof."""
        hour = powers(*((minute, watt) for minute in range(0, 61, 5)))

        assert says == (() == contradicted(register((0, 0), (61, 0)), hour))

    def test_powers_far_apart_say_nothing(self) -> None:
        """Between them nothing is known of the power."""
        apart = LONGEST + timedelta(seconds=1)
        told = {NOON: Decimal(22_000), NOON + apart: Decimal(22_000)}

        assert () == contradicted(register((0, 0), (60, 1)), told)
        assert () != contradicted(register((0, 0), (60, 1)), powers((0, 22_000), (5, 22_000)))

    def test_a_moment_of_power_before_none_says_nothing(self) -> None:
        """A session that ended as soon as its power was told has charged next to nothing."""
        told = powers((0, 0), (5, 22_000), (10, 0), (15, 22_000), (20, 0))

        assert () == contradicted(register((0, 0), (60, 1)), told)

    def test_each_run_by_itself(self) -> None:
        """A register that is right in the morning and wrong at noon is wrong at noon."""
        told = {
            **powers((0, 22_000), (5, 22_000)),
            **powers((60, 22_000), (65, 22_000)),
        }
        found = register((0, 0), (6, 2_200), (60, 2_200), (66, 2_202))

        assert ((at(60), at(65)),) == contradicted(found, told)

    def test_without_a_register(self) -> None:
        """There is nothing to contradict."""
        assert () == contradicted(register(), self.HOUR)
        assert () == contradicted(register((0, 1)), {})
