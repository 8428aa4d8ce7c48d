"""
What a register shows at an instant: the reading that a utility would take there.

Rule 1: it is what the device shows, in the epoch of that instant: after an exchange or a restart
the new register counts from where it began.
Rule 2: between two readings it is interpolated as an exact fraction and rounded once, half up, as
the boundaries of intervals are; so the energies of the intervals between two standings sum to
their difference, within one epoch.
Rule 3: how it is known follows `intervals.RULES`; a reading of that very instant is true.
Rule 4: behind the last reading, and before the first, it stands still only if the station was there
all the time between: what was charged unseen shows no earlier than at the next reading.
Rule 5: where a register turned over or began anew between two readings, the last one that was
read stands, as an estimate: nobody knows when it happened.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from backend.core.intervals import RULES, Status, parts_of, register_before, rules_at, worst_of
from backend.core.registers import Point, Register

if TYPE_CHECKING:
    from backend.core.energy import Course

_EXACT = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Standing:
    """
    What a register shows at an instant.

    Attributes:
        wh: exactly, in Wh (or varh, or litres); None where it is not known.
        rule: why it is known as it is, a key of `intervals.RULES`.
    """

    wh: Fraction | None
    rule: str


def standing_at(courses: Sequence[Course], instant: datetime, step: timedelta) -> Standing:
    """
    Tell what the registers of a station show together at an instant.

    Parameters:
        courses: of its connectors, with points before the instant and after it, if there are; their
            presence is known from the last of those before it on.
        instant: in UTC.
        step: readings that are not further apart than this are true between them.
    """
    parts = [_standing(one, instant, step) for one in courses]
    rule = worst_of([one.rule for one in parts])
    known = [one.wh for one in parts if one.wh is not None]
    return Standing(sum(known, Fraction(0)) if len(known) == len(parts) else None, rule)


def _standing(course: Course, instant: datetime, step: timedelta) -> Standing:
    register = course.register
    (rule,) = rules_at(register, [instant], course.presence, step)
    if not register.points:
        return Standing(None, worst_of([rule, "not-read"]))
    first, last = register.points[0].instant, register.points[-1].instant
    if not first <= instant <= last:
        span = (instant, first) if instant < first else (last, instant)
        rule = worst_of([rule, *(one.rule for one in parts_of(register, span, course.presence))])
    if RULES[rule][0] is Status.MISSING:
        return Standing(None, rule)
    after = bisect.bisect_right(register.points, instant, key=_instant_of)
    wh = register_before(register, after, instant)
    if after in register.rollovers and register.points[after - 1].instant < instant:
        # Its course goes on, but not what it shows.
        wh, rule = Fraction(register.points[after - 1].wh), "across-reset"
    lift_wh = Fraction(_lift_wh(register, after - 1))
    return Standing(None if wh is None else wh - lift_wh, rule)


def _instant_of(point: Point) -> datetime:
    return point.instant


def _lift_wh(register: Register, index: int) -> Decimal:
    """Tell how far a point stands above what was shown there, by the epochs before it."""
    begins = [begin for begin in register.breaks | register.rollovers if begin <= index]
    if not begins:
        return Decimal(0)
    begin = max(begins)
    return _EXACT.subtract(register.points[begin].wh, register.shown[begin].wh)
