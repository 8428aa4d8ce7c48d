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


def contradicted(
    register: Register, powers: Mapping[datetime, Decimal]
) -> tuple[tuple[datetime, datetime], ...]:
    """
    Give the spans in which the power contradicts the register, in order of time.

    Parameters:
        register: of one connector.
        powers: in W, by their instants.
    """
    told = sorted(powers)
    spans = []
    first = 0
    for index in range(1, len(told) + 1):
        if index == len(told) or told[index] - told[index - 1] > LONGEST:
            span = _contradicted(register.points, told[first:index], powers)
            if span is not None:
                spans.append(span)
            first = index
    return tuple(spans)


def _contradicted(
    points: Sequence[Point], told: Sequence[datetime], powers: Mapping[datetime, Decimal]
) -> tuple[datetime, datetime] | None:
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
    return told[0], told[-1]


def _when(point: Point) -> datetime:
    return point.instant
