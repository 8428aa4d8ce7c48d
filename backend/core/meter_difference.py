"""
A charger and the meter in front of it: whether both have counted the same (COL-07).

Rule 1: only intervals of which both have an energy are compared; what one of them has not told
is left out on both sides, and how many intervals that are is told.
Rule 2: a difference counts from when on it is beyond both limits, in either direction: a share
alone would warn of a few watt hours of standby, an energy alone of what a long day always loses.
Rule 3: the share is one of the greater sum, so that it is the same whoever counts more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

from backend.core.intervals import Interval

_EXACT = Context(prec=60)
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class DifferenceLimit:
    """
    From when on a difference is one to look after.

    The defaults are proposed: two meters of class B (EN 50470-3) and the line between them may
    differ by some 3 %.

    Attributes:
        percent: of the greater sum.
        kwh: of a local day.
    """

    percent: Decimal = Decimal(3)
    kwh: Decimal = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    What a charger and the meter in front of it have counted in the same intervals.

    Attributes:
        charger_kwh, meter_kwh: the sums.
        compared: of how many intervals.
        left_out: how many others there are, of which one of them has told nothing.
    """

    charger_kwh: Decimal
    meter_kwh: Decimal
    compared: int
    left_out: int

    @property
    def difference_kwh(self) -> Decimal:
        """What the meter counted more than the charger; less than 0 where it counted less."""
        return _EXACT.subtract(self.meter_kwh, self.charger_kwh)

    def is_beyond(self, limit: DifferenceLimit) -> bool:
        """Tell whether the sums differ by more than both limits."""
        difference = abs(self.difference_kwh)
        greater = max(self.charger_kwh, self.meter_kwh)
        share = _EXACT.multiply(greater, limit.percent)
        return difference > limit.kwh and _EXACT.multiply(difference, _HUNDRED) > share


def compare(charger: Sequence[Interval], meter: Sequence[Interval]) -> Comparison:
    """
    Compare two series.

    Parameters:
        charger, meter: of the same grid.

    Raises:
        ValueError: If they are of different grids.
    """
    charger_kwh = meter_kwh = Decimal(0)
    compared = 0
    for one, other in zip(charger, meter, strict=True):
        if (one.start, one.end) != (other.start, other.end):
            raise ValueError(f"intervals of different grids: {one.start} and {other.start}")
        if one.energy_kwh is not None and other.energy_kwh is not None:
            charger_kwh = _EXACT.add(charger_kwh, one.energy_kwh)
            meter_kwh = _EXACT.add(meter_kwh, other.energy_kwh)
            compared += 1
    return Comparison(charger_kwh, meter_kwh, compared, len(charger) - compared)
