"""
What hangs behind a meter: powers that change at known instants.

Rule 1: a load is constant between two changes, and knows its next one; so a meter adds up exact
products and never samples.
Rule 2: whole numbers only. Powers are in nW and nvar, a power over a time in µs is an energy in fJ
(10⁻¹⁵ J). What flows into the installation counts up, what it feeds back counts down.
Rule 3: a switch (`bicoms`) interrupts a load without changing what it would draw.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from typing import Protocol

FJ_PER_WH = 3_600 * 10**15
"""Femtojoules in a watt hour; the same number of "reactive femtojoules" in a var hour."""
NW_PER_W = 10**9
Phases = tuple[int, int, int]
NOTHING: Phases = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Flow:
    """
    What flows on the three phases at an instant.

    Attributes:
        active_nw: active power in nW; below zero where the installation feeds back.
        reactive_nvar: reactive power in nvar; below zero where it is capacitive.
    """

    active_nw: Phases = NOTHING
    reactive_nvar: Phases = NOTHING

    def __add__(self, other: Flow) -> Flow:
        return Flow(
            _sum(self.active_nw, other.active_nw), _sum(self.reactive_nvar, other.reactive_nvar)
        )

    @classmethod
    def of_watts(cls, active_w: Sequence[int], reactive_var: Sequence[int] = NOTHING) -> Flow:
        """Make one from whole watts and vars of L1, L2 and L3."""
        return cls(_scaled(active_w), _scaled(reactive_var))


def _sum(one: Phases, other: Phases) -> Phases:
    return (one[0] + other[0], one[1] + other[1], one[2] + other[2])


def _scaled(values: Sequence[int]) -> Phases:
    first, second, third = values
    return (first * NW_PER_W, second * NW_PER_W, third * NW_PER_W)


class Load(Protocol):
    """Something that draws power, or feeds it."""

    def flow(self, at: datetime) -> Flow:
        """Tell what flows from ``at`` until the next change."""

    def next_change(self, after: datetime) -> datetime | None:
        """Tell when, later than ``after``, the flow may be another; None for never again."""


@dataclass(slots=True)
class Fed:
    """
    A load whose flow is told from outside: a charger of the bench, a person's hand.

    The meters before it must have counted up to the instant of a change before it is made.
    """

    now: Flow = field(default_factory=Flow)

    def flow(self, at: datetime) -> Flow:
        """Tell what was told last."""
        return self.now

    def next_change(self, after: datetime) -> datetime | None:
        """Tell that none is known."""
        return None


@dataclass(slots=True)
class Course:
    """
    A load whose course is told from outside: what flows now, and at known instants later.

    A charger is one: it knows ahead how its car will draw. The meters before it must have counted
    up to the instant at which it is told otherwise.

    Attributes:
        steps: from when on what flows, ascending; nothing before the first.
    """

    steps: tuple[tuple[datetime, Flow], ...] = ()

    def flow(self, at: datetime) -> Flow:
        """Tell what flows."""
        place = bisect_right(self.steps, at, key=_instant) - 1
        return self.steps[place][1] if place >= 0 else Flow()

    def next_change(self, after: datetime) -> datetime | None:
        """Tell when the next step begins."""
        place = bisect_right(self.steps, after, key=_instant)
        return self.steps[place][0] if place < len(self.steps) else None


def _instant(step: tuple[datetime, Flow]) -> datetime:
    return step[0]


@dataclass(frozen=True, slots=True)
class Daily:
    """
    The same each day, by the clock on the wall.

    Parameters:
        steps: from which local time on what flows, ascending, the first at 00:00.
        zone: whose wall it is.

    Raises:
        ValueError: If the steps do not begin at midnight or do not ascend.
    """

    steps: tuple[tuple[time, Flow], ...]
    zone: tzinfo

    def __post_init__(self) -> None:
        times = [step for step, _ in self.steps]
        if not times or times[0] != time(0) or times != sorted(set(times)):
            raise ValueError("a daily load has ascending times, the first at 00:00")

    def flow(self, at: datetime) -> Flow:
        """Tell what flows."""
        wall = at.astimezone(self.zone).time()
        return self.steps[bisect_right([step for step, _ in self.steps], wall) - 1][1]

    def next_change(self, after: datetime) -> datetime | None:
        """Tell when the next step begins, or the next quarter: then the wall's clock may be set."""
        if len(self.steps) == 1:
            return None
        wall = after.astimezone(self.zone).replace(tzinfo=None)
        instants = [_next_quarter(after)]
        for step, _ in self.steps:
            if (until := datetime.combine(wall.date(), step) - wall) > timedelta(0):
                instants.append(after + until)
        return min(instants)


def _next_quarter(after: datetime) -> datetime:
    # No zone sets its clocks at another instant; Lord Howe does it at half past, in UTC.
    begun = after.replace(minute=after.minute // 15 * 15, second=0, microsecond=0)
    return begun + timedelta(minutes=15)


@dataclass(slots=True)
class Switched:
    """A load behind a switch; the meters before it must have counted before it is switched."""

    load: Load
    is_on: bool = True

    def flow(self, at: datetime) -> Flow:
        """Tell what flows: nothing while it is off."""
        return self.load.flow(at) if self.is_on else Flow()

    def next_change(self, after: datetime) -> datetime | None:
        """Tell when what is behind the switch changes."""
        return self.load.next_change(after) if self.is_on else None
