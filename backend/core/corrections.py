"""
Corrections: what was delivered and is known otherwise now (ISE-20).

Rule 1: what counts is energy and status, as they were delivered. What is known otherwise now is
delivered again under a later name; the receiver's newest file wins (facts of the field: IS-E
itself delivers its series so).
Rule 2: what did not change is not delivered again. But rows that could not be read back alone
take their whole series along: in October the second 02:15 is told from the first only by the
rows before it.
Rule 3: an interval that was never delivered is no correction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backend.core.intervals import Interval, Status

CHANGED = "changed"
SERIES = "series"
OFF = "off"
EXTENTS = (CHANGED, SERIES, OFF)
"""What a correction tells of: what changed, the whole period of what changed; or none is made."""


@dataclass(frozen=True, slots=True)
class Told:
    """
    What was delivered of one interval.

    Attributes:
        energy_kwh: None where it was missing.
        status: as delivered.
        rule: why, a key of `intervals.RULES`.
    """

    energy_kwh: Decimal | None
    status: Status
    rule: str


def changed(told: Mapping[datetime, Told], intervals: Sequence[Interval]) -> list[Interval]:
    """
    Give the intervals that were delivered otherwise than they are known now.

    Parameters:
        told: what was delivered last of each, by the start of its interval.
        intervals: what is known now.
    """
    return [
        each
        for each in intervals
        if (before := told.get(each.start)) is not None
        and (before.energy_kwh, before.status) != (each.energy_kwh, each.status)
    ]
