"""
Energy counters and the load profile of a meter (document 004 §4.1.4, §4.1.5, figure 30).

Rule 1: a counter holds femtojoules and never rounds; what it shows is rounded down, to whole units
of its resolution, and in a family whose registers are floats it is the nearest to that which such
a float can hold. So every way by which it is read shows the same.
Rule 2: a total is what the phases have together at each instant: a phase that feeds back is set
off against the others (ASSUMED; usual with meters in Switzerland).
Rule 3: a value of the load profile is the difference of two rounded readings, never a rounded
difference: values add up to what the counter shows.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from math import isqrt

from simulators.iskra_sg.loads import FJ_PER_WH, Flow

QUARTER = timedelta(minutes=15)
PROFILE_ROWS = 96
"""Document 004 §4.1.5: "energy measurements over time (last 24 hours) at 15-minute intervals"."""
ROLL_OVER_STEPS = 1 << 31
"""What fits into 32 bits with a sign, as counters are read; then one begins again at 0."""
TARIFFS = 6
"""Figure 30 has six tariffs with each counter, although five can be set up (§4.6)."""


class Unit(Enum):
    """What is counted."""

    WH = "Wh"
    VARH = "varh"
    VAH = "VAh"


class Direction(Enum):
    """Which way."""

    IMPORT = "import"
    EXPORT = "export"


@dataclass(slots=True)
class Counter:
    """
    One counter.

    Attributes:
        unit: what it counts.
        direction: which way.
        phase: 0 for the total, or 1 to 3.
        tariffs: while which tariffs are active it counts; all where it is empty.
        exponent: it shows whole multiples of ten to this power, in its unit.
        is_float: whether its registers are 32-bit floats.
        is_enabled: whether it counts at all.
        counted_fj: what it has counted, in femtojoules.
    """

    unit: Unit
    direction: Direction
    phase: int = 0
    tariffs: frozenset[int] = frozenset()
    exponent: int = 0
    is_float: bool = False
    is_enabled: bool = True
    counted_fj: int = 0

    def count(self, flow: Flow, lasting: timedelta, tariff: int) -> None:
        """Count what has flowed."""
        if not self.is_enabled or (self.tariffs and tariff not in self.tariffs):
            return
        power = _power(self.unit, self.phase, flow)
        if self.direction is Direction.EXPORT:
            power = -power
        if power > 0:
            self.counted_fj += power * (lasting // timedelta(microseconds=1))

    @property
    def shown(self) -> int:
        """What it shows, in whole units."""
        step: int = 10**self.exponent
        steps = self.counted_fj // FJ_PER_WH // step
        if self.is_float:
            held: float = struct.unpack(">f", struct.pack(">f", steps * step))[0]
            return int(held)
        return steps % ROLL_OVER_STEPS * step

    def reset(self) -> None:
        """Begin again at zero."""
        self.counted_fj = 0


def _power(unit: Unit, phase: int, flow: Flow) -> int:
    """Give a power in nW, nvar or nVA; below zero for export."""
    active, reactive = flow.active_nw, flow.reactive_nvar
    active_nw = active[phase - 1] if phase else sum(active)
    reactive_nvar = reactive[phase - 1] if phase else sum(reactive)
    if unit is Unit.WH:
        return active_nw
    if unit is Unit.VARH:
        return reactive_nvar
    apparent = isqrt(active_nw**2 + reactive_nvar**2)
    return apparent if active_nw >= 0 else -apparent


def four(*, tariff: int | None = None, is_float: bool = False, exponent: int = 0) -> list[Counter]:
    """Make the four of figure 30: active import and export, reactive import and export."""
    tariffs = frozenset(() if tariff is None else (tariff,))
    return [
        Counter(unit, direction, 0, tariffs, exponent, is_float)
        for unit in (Unit.WH, Unit.VARH)
        for direction in Direction
    ]


@dataclass(frozen=True, slots=True)
class Quarter:
    """
    A quarter hour of a load profile.

    Attributes:
        end: when it ended, as the meter's clock showed it, in UTC.
        import_wh: of the total and of L1, L2, L3.
        export_wh: the same, fed back.
    """

    end: datetime
    import_wh: tuple[int, int, int, int]
    export_wh: tuple[int, int, int, int]


class LoadProfile:
    """
    What a meter knows of the last 24 hours, in quarter hours.

    Iterating gives what it holds, oldest first.
    """

    def __init__(self) -> None:
        self._counters = [
            [Counter(Unit.WH, direction, phase) for phase in range(4)] for direction in Direction
        ]
        self._before = self._shown()
        self._rows: deque[Quarter] = deque(maxlen=PROFILE_ROWS)

    def __iter__(self) -> Iterator[Quarter]:
        return iter(tuple(self._rows))

    def begin_at(self, import_fj: int, export_fj: int) -> None:
        """Round where the meter's own counters round: let the totals begin where they do."""
        for counters, fj in zip(self._counters, (import_fj, export_fj), strict=True):
            counters[0].counted_fj = fj
        self._before = self._shown()

    def count(self, flow: Flow, lasting: timedelta) -> None:
        """Count what has flowed."""
        for counters in self._counters:
            for counter in counters:
                counter.count(flow, lasting, 0)

    def close(self, end: datetime) -> None:
        """Write the quarter hour down that ends now."""
        now = self._shown()
        both = [
            tuple(last - first for first, last in zip(before, after, strict=True))
            for before, after in zip(self._before, now, strict=True)
        ]
        self._before = now
        self._rows.append(Quarter(end, _four(both[0]), _four(both[1])))

    def forget(self) -> None:
        """Lose everything, as a meter does without power: also what the quarter hour had so far."""
        self._rows.clear()
        self._before = self._shown()

    def _shown(self) -> list[list[int]]:
        return [
            [counter.counted_fj // FJ_PER_WH for counter in counters] for counters in self._counters
        ]


def _four(values: tuple[int, ...]) -> tuple[int, int, int, int]:
    total, first, second, third = values
    return (total, first, second, third)
