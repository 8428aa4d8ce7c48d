"""Energies on pages: what a day comes to, and a picture of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal

from backend.core import days
from backend.core.intervals import Interval
from backend.web.html import Markup, tag
from backend.web.shapes import energy_of

_WIDTH, _HEIGHT, _FOOT = 960, 160, 18
_HOURS = (0, 6, 12, 18)
_LEAST_HEIGHT = Decimal(2)


def clock(each: Interval, day: date) -> str:
    """Name an interval by its end."""
    return days.to_clock(each.end, day)


def total(intervals: Sequence[Interval]) -> str:
    """Tell what a day comes to, and of how many intervals nothing is known."""
    missing = sum(one.energy_kwh is None for one in intervals)
    told = f"{energy_of(intervals):f} kWh"
    return f"{told}, {missing} of {len(intervals)} missing" if missing else told


def picture(intervals: Sequence[Interval], day: date) -> Markup:
    """
    Draw a day: a bar for each energy, by its status; what is missing is marked over all height.

    A bar is drawn in whole pixels of a picture of its own, so it holds no energy that is not exact.
    """
    most = max((one.energy_kwh or Decimal(0) for one in intervals), default=Decimal(0))
    bars = [_bar(one, index, len(intervals), most, day) for index, one in enumerate(intervals)]
    ticks = [_tick(hour, day, intervals) for hour in _HOURS]
    return tag(
        "svg",
        *bars,
        *ticks,
        viewBox=f"0 0 {_WIDTH} {_HEIGHT + _FOOT}",
        role="img",
        aria_label=f"Energies of {days.to_day_label(day)}, at most {most:f} kWh in an interval",
    )


def _bar(one: Interval, index: int, count: int, most: Decimal, day: date) -> Markup:
    left, right = index * _WIDTH // count, (index + 1) * _WIDTH // count
    if one.energy_kwh is None:
        height = Decimal(_HEIGHT)
    elif most:
        height = max(_LEAST_HEIGHT, one.energy_kwh / most * _HEIGHT).quantize(Decimal(1))
    else:
        height = _LEAST_HEIGHT
    energy = "missing" if one.energy_kwh is None else f"{one.energy_kwh:f} kWh"
    return tag(
        "rect",
        tag("title", f"{clock(one, day)}: {energy}, {one.status}"),
        x=left,
        y=_HEIGHT - height,
        width=max(1, right - left - 1),
        height=height,
        class_=f"bar-{one.status}",
    )


def _tick(hour: int, day: date, intervals: Sequence[Interval]) -> Markup:
    """Write an hour below its place; days that the clock is changed on are shorter or longer."""
    start, end = intervals[0].start, intervals[-1].end
    there = days.local_instant(day, time(hour))
    x = (there - start) * _WIDTH // (end - start)
    return tag("text", f"{hour:02d}:00", x=x, y=_HEIGHT + _FOOT - 4)
