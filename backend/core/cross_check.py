"""
Is the register as large as the power says?

A charger that tells its power and its register tells its energy twice. Where the power, added up
over a time, is a hundred times what the register rose in it, one of the two has the wrong unit
(kWh under the unit Wh). Which one a model gets wrong is for its profile to say
(`DeviceProfile.energy_unit_always`); until it does, the register of that time is not believed.

A power that is too small contradicts nothing: the register alone is enough.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal

from backend.core.readings import Reading
from backend.core.registers import Point, Register

POWER = "Power.Active.Import"

FACTOR = 100
"""Between 3, which a phase that is not told makes, and 1,000, which a wrong unit makes."""
LEAST_WH = 1_000
"""So much energy by its power at least; less may be a moment of power (ASSUMED)."""
LONGEST = timedelta(minutes=5)
"""
Between two powers that are further apart nothing is known of the power (ASSUMED): a session may
have ended at once, and another one begun.
"""

_EXACT = Context(prec=60)
_HOUR_US = 3_600_000_000
_MICROSECOND = timedelta(microseconds=1)


def powers_of(readings: Iterable[Reading], connector: int) -> dict[datetime, Decimal]:
    """Give the powers that a connector has told, in W, by their instants; the highest of each."""
    powers: dict[datetime, Decimal] = {}
    for one in readings:
        is_total = one.measurand == POWER and one.connector == connector and one.phase is None
        if is_total and one.value is not None and one.value >= powers.get(one.instant, 0):
            powers[one.instant] = one.value
    return powers


@dataclass(frozen=True, slots=True)
class Contradiction:
    """
    A time in which the power says far more than the register.

    Attributes:
        start, end: of the powers.
        by_power_wh: the least that they make.
        rise_wh: what the register rose from before it to after it.
    """

    start: datetime
    end: datetime
    by_power_wh: Decimal
    rise_wh: Decimal


def contradicted(
    register: Register, powers: Mapping[datetime, Decimal]
) -> tuple[tuple[datetime, datetime], ...]:
    """Give the spans in which the power contradicts the register, in order of time."""
    return tuple((one.start, one.end) for one in contradictions(register, powers))


def contradictions(
    register: Register, powers: Mapping[datetime, Decimal]
) -> tuple[Contradiction, ...]:
    """
    Give the contradictions of power and register, in order of time.

    Parameters:
        register: of one connector.
        powers: in W, by their instants.
    """
    told = sorted(powers)
    found = []
    first = 0
    for index in range(1, len(told) + 1):
        if index == len(told) or told[index] - told[index - 1] > LONGEST:
            one = _contradicted(register.points, told[first:index], powers)
            if one is not None:
                found.append(one)
            first = index
    return tuple(found)


def _contradicted(
    points: Sequence[Point], told: Sequence[datetime], powers: Mapping[datetime, Decimal]
) -> Contradiction | None:
    """Compare one run of powers with the register from before it to after it."""
    by_power = Decimal(0)  # in W µs; of two powers the lower one, as it may have begun or ended
    for before, after in itertools.pairwise(told):
        least_w = min(powers[before], powers[after])
        took_us = Decimal((after - before) // _MICROSECOND)
        by_power = _EXACT.add(by_power, _EXACT.multiply(least_w, took_us))
    if by_power < LEAST_WH * _HOUR_US or not points:
        return None
    # A register that is told late, at the end of a session, is beyond the last power.
    start = max((each for each in points if each.instant <= told[0]), key=_when, default=points[0])
    end = min((each for each in points if each.instant > told[-1]), key=_when, default=points[-1])
    rise_wh = _EXACT.subtract(end.wh, start.wh)
    if _EXACT.multiply(rise_wh, Decimal(FACTOR * _HOUR_US)) >= by_power:
        return None
    by_power_wh = _EXACT.divide(by_power, Decimal(_HOUR_US))
    return Contradiction(told[0], told[-1], by_power_wh, rise_wh)


def _when(point: Point) -> datetime:
    return point.instant
