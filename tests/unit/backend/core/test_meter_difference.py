"""A charger and the meter in front of it: whether both have counted the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.intervals import Interval, Status
from backend.core.meter_difference import Comparison, DifferenceLimit, compare

START = datetime(2025, 6, 3, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def series(*energies: str | None) -> list[Interval]:
    """Make intervals; None is missing."""
    return [
        Interval(
            START + place * QUARTER,
            START + (place + 1) * QUARTER,
            None if energy is None else Decimal(energy),
            Status.MISSING if energy is None else Status.TRUE,
            "offline" if energy is None else "measured",
        )
        for place, energy in enumerate(energies)
    ]


def test_what_both_have_told_is_compared() -> None:
    """What one of them has not told is left out on both sides, and counted."""
    found = compare(series("1", None, "2", "4"), series("1.1", "9", None, "4.2"))

    assert Comparison(Decimal("5"), Decimal("5.3"), compared=2, left_out=2) == found
    assert Decimal("0.3") == found.difference_kwh


def test_the_direction_is_told() -> None:
    """A meter that counts less than the charger behind it gives a difference below 0."""
    assert Decimal("-1") == compare(series("3"), series("2")).difference_kwh


@pytest.mark.parametrize(
    ("charger", "meter", "is_beyond"),
    [
        ("10", "10", False),
        ("100", "102.9", False),  # 2.8 % are within 3 %
        ("100", "104", True),
        ("104", "100", True),
        ("1", "1.4", False),  # a great share, but of next to nothing
        ("1", "1.6", True),
        ("0", "0.5", False),  # beyond means more than the limit
        ("0", "0.501", True),
        ("97", "100", False),  # exactly 3 % of the greater
        ("0", "0", False),
    ],
)
def test_both_limits_must_be_passed(charger: str, meter: str, is_beyond: bool) -> None:
    """A share alone or an energy alone is no reason to warn."""
    assert is_beyond == compare(series(charger), series(meter)).is_beyond(DifferenceLimit())


@given(
    one=st.decimals(0, 1000, places=3),
    other=st.decimals(0, 1000, places=3),
    percent=st.decimals(0, 100, places=1),
    kwh=st.decimals(0, 10, places=3),
)
def test_it_is_the_same_in_both_directions(
    one: Decimal, other: Decimal, percent: Decimal, kwh: Decimal
) -> None:
    """Whoever counts more."""
    limit = DifferenceLimit(percent, kwh)

    assert Comparison(one, other, 1, 0).is_beyond(limit) == Comparison(other, one, 1, 0).is_beyond(
        limit
    )


def test_different_grids_are_no_comparison() -> None:
    """Neither other instants nor another number of them."""
    shifted = [
        Interval(each.start + QUARTER, each.end + QUARTER, each.energy_kwh, each.status, each.rule)
        for each in series("1")
    ]
    with pytest.raises(ValueError, match="different grids"):
        compare(series("1"), shifted)
    with pytest.raises(ValueError, match="longer"):
        compare(series("1"), series("1", "1"))
