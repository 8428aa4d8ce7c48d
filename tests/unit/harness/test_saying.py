"""What sentences about what was said compare, where that is more than a look."""

from __future__ import annotations

from decimal import Decimal

import pytest

from harness.steps.saying import is_not_drawn


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("L1 6, L2 5.9, L3 5.001", None),
        ("L1-N 6, L2-N 6, L3-N 6, N 0", None),
        ("L1 6, L2 6, L3 5", "5 A were drawn on L3, not 6 A"),
        ("L1 6.001, L2 6, L3 6", "6.001 A were drawn on L1, not 6 A"),
        ("L1 6", "no current was told of L2, L3"),
        ("N 6", "no current was told of L1, L2, L3"),
    ],
)
def test_a_limit_holds_on_each_of_three_phases(told: str, why: str | None) -> None:
    """Each phase is told and within an ampere under the limit; the neutral is not judged."""
    currents = {
        phase: Decimal(current) for phase, current in (one.split() for one in told.split(", "))
    }

    assert why == is_not_drawn(currents, Decimal(6))
