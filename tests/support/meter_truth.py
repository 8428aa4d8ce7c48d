"""
What has to come of a meter's day: the file, byte for byte, worked out from the truth.

This is written apart from the code that is tested, in whole numbers, and by other ways: each
epoch of the register is rounded by itself and the energies are added up, the status is marked
from pair to pair, local time is counted from the last Sundays of March and October.
The rules are those of decisions 7 and 22 and of the VSE Metering Code (docs/decisions).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from support.meter_days import HOUR, KWH, MINUTE, SECOND, WH, Course, Day, bounds, last_sunday, told

CODE = "CH1008801234500000000000000113813"
OBIS = "1-1:1.29.0*255"
HEADER = "Messpunkt;OBIS;Zeitstempel;Wert;Einheit;Status\r\n"
TRUE, ESTIMATED, MISSING = range(3)


@dataclass(slots=True)
class Point:
    """The register as it is to be believed."""

    at: int
    ticks: int
    epoch: int
    coarse: bool
    ends: bool = False  # a session
    by_reception: bool = False
    contested: bool = False  # the rise up to it
    held: bool = False  # it shows less than the height that was reached before


@dataclass(frozen=True, slots=True)
class Truth:
    """
    What has to come of a day.

    Attributes:
        energies: in the last decimal of kWh; also of what is missing.
        statuses: of each interval.
        total: the register's rounded difference over the day, epoch by epoch.
    """

    energies: list[int]
    statuses: list[int]
    total: int

    def file(self, day: Day) -> bytes:
        """Write the file."""
        lines = [HEADER]
        step = day.minutes * MINUTE
        end = bounds(day.day)[0]
        for energy, status in zip(self.energies, self.statuses, strict=True):
            end += step
            value = "" if status == MISSING else _shown(energy, day.decimals)
            lines.append(f"{CODE};{OBIS};{_label(end)};{value};kWh;{'WEF'[status]}\r\n")
        return "".join(lines).encode()


def truth_of(day: Day) -> Truth:
    """Work out what has to come of a day."""
    points = _believed(day)
    start, end = bounds(day.day)
    count = (end - start) // (day.minutes * MINUTE)
    energies = [0] * count
    total = 0
    for epoch in sorted({point.epoch for point in points}):
        course = [point for point in points if point.epoch == epoch]
        at_boundaries = _at_boundaries(course, start, day.minutes * MINUTE, count, day.decimals)
        for index in range(count):
            energies[index] += at_boundaries[index + 1] - at_boundaries[index]
        total += at_boundaries[-1] - at_boundaries[0]
    return Truth(energies, _statuses(day, points, start, count), total)


# -- the register that is to be believed -----------------------------------------------


def _believed(day: Day) -> list[Point]:
    """Give the true points in order: one an instant, whole watt hours refined, falls held."""
    course = Course(day)
    best: dict[tuple[int, int], tuple[tuple[bool, bool, int], Point]] = {}
    for said in day.said:
        if said.kind == "unread" or said.false is not None:
            continue
        at = day.instant(said)
        ticks, epoch = told(day, course, said)
        coarse = said.kind in ("start", "stop")
        moved = said.kind == "clock" and day.profile.aligned_stamp == "start" and not said.ahead
        worth = (coarse, moved or at != said.at, -ticks)
        point = Point(at, ticks, epoch, coarse, said.kind == "stop", said.ahead)
        if (at, epoch) not in best or worth < best[at, epoch][0]:
            best[at, epoch] = worth, point
    points = [best[key][1] for key in sorted(best)]
    _refine(points)
    highest: dict[int, int] = {}
    for point in points:
        point.held = point.ticks < highest.get(point.epoch, 0)
        point.ticks = highest[point.epoch] = max(point.ticks, highest.get(point.epoch, 0))
    _contest(day, points)
    turned = points[0].ticks // day.modulus * day.modulus if points and day.modulus else 0
    for point in points:
        point.ticks -= turned  # how often it turned before it was first told, nobody knows
    return points


def _refine(points: list[Point]) -> None:
    """Let starts and stops take the finer value beside them that lies within their watt hour."""
    said = [replace(point) for point in points]
    for index, point in enumerate(points):
        if not point.coarse:
            continue
        exact = [(i, one) for i, one in enumerate(said) if not one.coarse]
        beside = [(i, one) for i, one in exact if one.epoch == point.epoch]
        before = next((one for i, one in reversed(beside) if i < index), None)
        after = next((one for i, one in beside if i > index), None)
        for finer in (after, before) if point.ends else (before, after):
            if finer is not None and abs(finer.ticks - point.ticks) < WH:
                point.ticks = finer.ticks
                break


def _contest(day: Day, points: list[Point]) -> None:
    """Mark the rises beside an old value from which the way back was not too fast."""
    for said in day.said:
        if not said.false:
            continue
        later = next(index for index, point in enumerate(points) if point.at > said.at)
        if said.false > points[later].ticks:
            continue
        took = points[later].at - said.at
        if (points[later].ticks - said.false) * 360 <= day.power_w * 3 * took // 2:
            points[later].contested = points[later - 1].contested = True
            # The height that may be wrong is the one that was shown, and not what was held since.
            shown = later - 1
            while points[shown].held:
                shown -= 1
                points[shown].contested = True


# -- energies --------------------------------------------------------------------------


def _at_boundaries(
    course: list[Point], start: int, step: int, count: int, decimals: int
) -> list[int]:
    """Give the rounded register of one epoch at each boundary, level beyond its ends."""
    values = []
    index = 0
    for boundary in range(start, start + count * step + 1, step):
        while index < len(course) and course[index].at <= boundary:
            index += 1
        if index in (0, len(course)):
            numerator, denominator = course[min(index, len(course) - 1)].ticks, 1
            numerator = course[index - 1].ticks if index else course[0].ticks
        else:
            one, other = course[index - 1], course[index]
            denominator = other.at - one.at
            numerator = one.ticks * (other.at - boundary) + other.ticks * (boundary - one.at)
        values.append((2 * numerator * 10**decimals + denominator * KWH) // (2 * denominator * KWH))
    return values


# -- status ----------------------------------------------------------------------------


def _statuses(day: Day, points: list[Point], start: int, count: int) -> list[int]:
    step = day.minutes * MINUTE
    end = start + count * step
    statuses = [TRUE] * count

    def mark(since: int, until: int, status: int) -> None:
        for index in range(
            max(0, (since - start) // step), min(count, -(-(until - start) // step))
        ):
            statuses[index] = max(statuses[index], status)

    online = _joined(day.online)
    rose = points[0].at if points else 0
    for one, other in pairwise(points):
        if one.at < other.at:
            idle = _pair_status(day, one, other, rose)
            if idle is None:
                for since, until in _pieces(one.at, other.at, start, step, count):
                    if not _covered(online, since, until):
                        mark(since, until, ESTIMATED)
            else:
                mark(one.at, other.at, idle)
        if other.ticks != one.ticks or other.epoch != one.epoch:
            rose = other.at
    first, last = (points[0].at, points[-1].at) if points else (end, end)
    for since, until in _pieces(start, first, start, step, count):
        mark(since, until, _edge_status(day, online, since, until, first if points else None))
    for since, until in _pieces(last, end, start, step, count) if points else ():
        mark(since, until, _edge_status(day, online, since, until, None))
    for index in range(count):
        if start + (index + 1) * step > day.until:
            statuses[index] = MISSING
    return statuses


def _pair_status(day: Day, one: Point, other: Point, rose: int) -> int | None:
    """Give the status of the time between two points; None where the presence decides."""
    took, rise = other.at - one.at, other.ticks - one.ticks
    if one.epoch != other.epoch:
        return ESTIMATED
    if rise * 36 > day.power_w * (took + MINUTE):
        assert rise * 36 <= day.power_w * (other.at - rose + MINUTE), "the truth is no jump"
        return ESTIMATED
    if rise and (one.by_reception or other.by_reception or other.contested):
        return ESTIMATED
    if took <= day.minutes * MINUTE:
        return TRUE
    return ESTIMATED if rise else None


def _edge_status(
    day: Day, online: list[tuple[int, int]], since: int, until: int, bridge: int | None
) -> int:
    """Give the status of a part of an interval with nothing before it, or nothing behind it."""
    if not _covered(online, since, until):
        return MISSING
    unread = [each.at for each in day.said if each.kind == "unread" and each.at > since]
    if unread and (bridge is None or min(unread) <= bridge):
        return MISSING
    return MISSING if any(a < until and since < b for a, b in day.open) else TRUE


def _pieces(since: int, until: int, start: int, step: int, count: int) -> list[tuple[int, int]]:
    """Cut a span at the boundaries of the day's intervals."""
    since, until = max(since, start), min(until, start + step * count)
    cuts = range(start + -(-(since - start) // step) * step, until, step)
    edges = sorted({since, *cuts, until})
    return list(pairwise(edges)) if since < until else []


def _joined(spans: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """Join spans that are less than a minute apart."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start - joined[-1][1] < 60 * SECOND:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


def _covered(spans: list[tuple[int, int]], since: int, until: int) -> bool:
    return any(start <= since and until <= end for start, end in spans)


# -- texts -----------------------------------------------------------------------------


def _shown(energy: int, decimals: int) -> str:
    if not decimals:
        return str(energy)
    return f"{energy // 10**decimals}.{energy % 10**decimals:0{decimals}d}"


def _label(at: int) -> str:
    """Give local time as files have it; the clock is changed at one o'clock in UTC."""
    utc = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)
    changes = [
        datetime(utc.year, month, last_sunday(utc.year, month).day, 1, tzinfo=UTC)
        for month in (3, 10)
    ]
    local = utc + timedelta(milliseconds=2 * HOUR if changes[0] <= utc < changes[1] else HOUR)
    return f"{local:%d.%m.%Y %H:%M:%S}"
