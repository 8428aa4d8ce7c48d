"""
One value a local day: what registers show at its end, the energy of it, and virtual tariffs.

Rule 1: the energy of a day is the difference of the register at its ends, rounded as everywhere,
so it is the sum of the day's intervals. It is as well known as its worst hour and its two ends.
Rule 2: a virtual tariff (document 002 "Export virtual tariffs") is a part of the energy of a
meter: what it counted in some hours of the local day. Its register stands at 0 when the day
begins on which it counts first, or when the meter is first read after that, and never falls; the
energies of its days sum to it.
Rule 3: a virtual register is as well known as the meter's was whenever an hour of it began or
ended. Where no energy is counted within an hour, as the register jumped, it is missing from then
on, until an operator says what happened: a register that guesses would be on each bill after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from backend.core import days
from backend.core.energy import Course
from backend.core.intervals import (
    RULES,
    Interval,
    Span,
    Status,
    make_intervals,
    rounded_fraction_kwh,
    rules_at,
    worst_of,
)
from backend.core.standings import standing_at

_DAY = timedelta(days=1)
#: Within an hour that is counted only its ends matter, so readings may be far apart.
_FAR = timedelta(days=40_000)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class VirtualTariff:
    """
    A part of the energy of a folder's meters.

    Attributes:
        number: the tariff in its OBIS code, from 1.
        name: what people call it.
        since: the first local day that it counts.
        hours: local times of day, from and until; where until is not later, it is the next day's.
        weekdays: on which the hours begin, 0 for Monday.
    """

    number: int
    name: str
    since: date
    hours: tuple[tuple[time, time], ...]
    weekdays: frozenset[int] = frozenset(range(7))

    def spans(self, first: date, last: date) -> Iterator[Span]:
        """Give when it counts on local days, both included, in order; in UTC."""
        start, end = days.day_bounds(max(first, self.since))[0], days.day_bounds(last)[1]
        day = max(first, self.since) - _DAY  # whose hours may reach into the next
        while day <= last:
            if day.weekday() in self.weekdays:
                for begin, until in self.hours:
                    following = day if until > begin else day + _DAY
                    span = days.local_instant(day, begin), days.local_instant(following, until)
                    span = max(span[0], start), min(span[1], end)
                    if span[0] < span[1]:
                        yield span
            day += _DAY


def overlap(tariffs: Iterable[VirtualTariff]) -> str | None:
    """Name a minute of the week that tariffs count more than once; None where there is none."""
    seen: set[int] = set()
    for one in tariffs:
        for weekday in one.weekdays:
            for begin, until in one.hours:
                first, last = _minute(weekday, begin), _minute(weekday, until)
                if until <= begin:
                    last += days.MINUTES_OF_DAY
                for minute in range(first, last):
                    within = minute % (len(WEEKDAYS) * days.MINUTES_OF_DAY)
                    if within in seen:
                        weekday, minute = divmod(within, days.MINUTES_OF_DAY)
                        return f"{WEEKDAYS[weekday]} {minute // 60:02}:{minute % 60:02}"
                    seen.add(within)
    return None


def _minute(weekday: int, at: time) -> int:
    return weekday * days.MINUTES_OF_DAY + at.hour * 60 + at.minute


def reading_of(
    courses: Sequence[Course], day: date, step: timedelta, decimals: int, until: datetime
) -> Interval:
    """
    Give what registers show together when a local day ends, in the place of an energy.

    Parameters:
        courses: of the connectors of a station, or of a meter.
        step: readings that are not further apart than this are true between them.
        decimals: of kWh.
        until: up to when things are known.
    """
    start, end = days.day_bounds(day)
    if end > until:
        return Interval(start, end, None, RULES["future"][0], "future")
    found = standing_at(courses, end, step)
    value = None if found.wh is None else rounded_fraction_kwh(found.wh, decimals)
    return Interval(start, end, value, RULES[found.rule][0], found.rule)


def energy_of(
    courses: Sequence[Course],
    day: date,
    spans: Sequence[Span],
    step: timedelta,
    decimals: int,
    until: datetime,
) -> Interval:
    """
    Give the energy within spans of time, as the value of a local day.

    Parameters:
        courses: of the connectors of a station, or of a meter.
        day: which the value belongs to.
        spans: in order, without overlap, none later than the day's end; those of a feed lie within
            the day, those of a virtual register begin with it.
        step: readings that are not further apart than this are true between them.
        decimals: of kWh.
        until: up to when things are known.
    """
    start, end = days.day_bounds(day)
    if end > until:
        return Interval(start, end, None, RULES["future"][0], "future")
    # Without any span nothing is counted, for certain.
    energy, rules = Decimal(0), ["measured"]
    if spans:
        edges = sorted({edge for span in spans for edge in span})
        wanted = {span[0] for span in spans}
        for one in courses:
            within = _energies(one, edges, spans, wanted, decimals, until)
            energy = sum((each.energy_kwh or Decimal(0) for each in within), energy)
            rules += (each.rule for each in within)
            rules += rules_at(one.register, edges, one.presence, step)
    rule = worst_of(rules)
    missing = RULES[rule][0] is Status.MISSING
    return Interval(start, end, None if missing else energy, RULES[rule][0], rule)


def tariff_of(
    courses: Sequence[Course],
    day: date,
    tariff: VirtualTariff,
    step: timedelta,
    decimals: int,
    until: datetime,
    *,
    is_feed: bool,
) -> Interval:
    """
    Give the virtual register of a tariff when a day ends, or the energy of the day.

    Parameters:
        courses: from the first day that the tariff counts, or from this day for a feed.
        is_feed: whether it is the energy of the day.
        step, decimals, until: as in `energy_of`.
    """
    spans = list(tariff.spans(day if is_feed else tariff.since, day))
    begun = [one.register.points[0].instant for one in courses if one.register.points]
    if begun and not is_feed:
        read_from = max(begun)
        spans = [(max(start, read_from), end) for start, end in spans if end > read_from]
    return energy_of(courses, day, spans, step, decimals, until)


def _energies(
    course: Course,
    edges: Sequence[datetime],
    spans: Sequence[Span],
    wanted: set[datetime],
    decimals: int,
    until: datetime,
) -> list[Interval]:
    """Give the energies between the edges that lie within spans."""
    register, presence = course.register, course.presence
    made = make_intervals(register, edges, presence, decimals, until, _FAR)
    return [one for one in made if one.start in wanted]
