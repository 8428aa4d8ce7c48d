"""
A meter's day as an OCPP charger may tell it, at random, with the truth beside it.

A `Day` is a value: how the meter counts, who charged when, and what was said of it. What was said
follows from the true course of the register, so that a part of it can be left out and the rest
is still a day; false values (peaks, zeros, old ones) stand only where `settled` finds that nobody
could take them for true. What has to come of a day is told by `support.meter_truth`, which knows
the course and nothing of the code that is tested.

Times are milliseconds since 1970 in UTC, energies are ticks of 0.1 mWh: whole numbers, always.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import NamedTuple

from backend.core.device_profile import DeviceProfile, load_profile

WH = 10_000
KWH = 1_000 * WH
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
FAR = 400 * 24 * HOUR
"""Longer than any day and what is told around it."""
BEGIN, END = "Transaction.Begin", "Transaction.End"

INCH = load_profile("etrel_inch")
GENERIC = load_profile("generic")
DISPLAY = DeviceProfile(
    "display", max_power_w=Decimal(11_000), rollovers_wh=(Decimal(1_000_000),), connectors=1
)
PROFILES = (
    INCH,
    INCH,
    GENERIC,
    GENERIC,
    DISPLAY,
    DeviceProfile("home", max_power_w=Decimal(3_700), connectors=1),
    DeviceProfile("start", max_power_w=Decimal(22_000), aligned_stamp="start"),
    DeviceProfile("comma", max_power_w=Decimal(50_000), decimal_comma=True),
    DeviceProfile("tens", max_power_w=Decimal(22_000), register_step_wh=Decimal(10)),
    DeviceProfile("hundreds", max_power_w=Decimal(22_000), register_step_wh=Decimal(100)),
    DeviceProfile("thousands", max_power_w=Decimal(150_000), register_step_wh=Decimal(1_000)),
)
_RESOLUTIONS = {1: (1, 10, 100, 1_000, WH), 10: (10 * WH,), 100: (100 * WH,), 1_000: (KWH,)}
_PERIODS_S = (10, 30, 60, 120, 300, 300, 600, 900, 900, 1_800, 3_600)
_GRIDS = (15,) * 24 + (60,) * 18 + (30,) * 8 + (10,) * 2 + (5,)
_MOST = 120
"""So many periodic samples of one session; a longer one is sampled less often."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody charged: parts of a power each, by the milliseconds since the start."""

    start: int
    end: int
    parts: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Said:
    """
    A register that was told.

    Attributes:
        at: when it was measured.
        kind: ``sample``, ``clock``, ``start``, ``stop``, or ``unread`` where it is no number.
        context: of a sample.
        shows: when the register stood so; before ``at`` where it sticks.
        lower: how much lower it was told, within the register's step.
        false: what was told instead, in ticks.
        times: how often the message came.
        ahead: the charger's clock was wrong, so that it stands where it was received.
    """

    at: int
    kind: str = "sample"
    context: str = "Sample.Periodic"
    shows: int = 0
    lower: int = 0
    false: int | None = None
    times: int = 1
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """
    A meter's local day.

    Attributes:
        day: of Europe/Zurich.
        minutes: of the grid.
        decimals: of kWh in the file.
        profile: of the model.
        resolution: of its sampled values, in ticks.
        unit: of its sampled values.
        first: the register before the first session.
        sessions: who charged, in order.
        restarts: when the register began anew at zero.
        said: what was told, in any order.
        online: when the charger was connected.
        open: when the backend knew of a session.
        until: up to when things are known.
    """

    day: date
    minutes: int
    decimals: int
    profile: DeviceProfile
    resolution: int
    unit: str
    first: int
    sessions: tuple[Session, ...] = ()
    restarts: tuple[int, ...] = ()
    said: tuple[Said, ...] = ()
    online: tuple[tuple[int, int], ...] = ()
    open: tuple[tuple[int, int], ...] = ()
    until: int = 2**41

    @property
    def step(self) -> int:
        """The step of the register, in ticks."""
        return int(self.profile.register_step_wh * WH)

    @property
    def power_w(self) -> int:
        """The most that the model charges with."""
        return int(self.profile.max_power_w)

    @property
    def modulus(self) -> int:
        """Where the register turns over, in ticks; 0 where it does not."""
        return int(self.profile.rollovers_wh[0]) * WH if self.profile.rollovers_wh else 0

    def instant(self, said: Said) -> int:
        """Tell where a register stands that was told: clock-aligned ones stand on the grid."""
        if said.kind != "clock" or said.ahead:
            return said.at
        step = self.minutes * MINUTE
        off = (said.at + step // 2) % step - step // 2
        near = abs(off) <= int(self.profile.aligned_tolerance_s * 1_000) and abs(off) * 10 <= step
        return said.at - off if near else said.at


# -- the calendar, without the code that is tested -------------------------------------


def bounds(day: date) -> tuple[int, int]:
    """Give the first millisecond of a local day and of the next."""
    return _midnight(day), _midnight(day + timedelta(days=1))


def _midnight(day: date) -> int:
    return (day - date(1970, 1, 1)).days * 24 * HOUR - offset_hours(day) * HOUR


def offset_hours(day: date) -> int:
    """Say how far local time is ahead of UTC at the midnight that begins a day."""
    return 2 if last_sunday(day.year, 3) < day <= last_sunday(day.year, 10) else 1


def last_sunday(year: int, month: int) -> date:
    """Give the day on which the clock is changed, in March or October."""
    last = date(year, month, 31)
    return last - timedelta(days=last.isoweekday() % 7)


# -- the course of the register --------------------------------------------------------


class Course:
    """The true register."""

    def __init__(self, day: Day) -> None:
        self._at = [-(2**60)]
        self._knots = [(-(2**60), day.first, 0, 0)]  # from when, ticks, power, epoch
        changes = [
            (session.start + since, 1, power)
            for session in day.sessions
            for since, power in session.parts
        ]
        changes += [(session.end, 0, 0) for session in day.sessions]
        changes += [(restart, 2, 0) for restart in day.restarts]
        for at, kind, power in sorted(changes):
            ticks, epoch = self.after(at)
            if kind == 2:
                ticks, epoch, power = 0, epoch + 1, self._knots[-1][2]
            self._at.append(at)
            self._knots.append((at, ticks, power, epoch))

    def after(self, at: int) -> tuple[int, int]:
        """Give register and epoch; the new ones at the instant of a restart."""
        return self._of(bisect.bisect_right(self._at, at) - 1, at)

    def before(self, at: int) -> tuple[int, int]:
        """Give register and epoch; the old ones at the instant of a restart."""
        return self._of(max(bisect.bisect_left(self._at, at) - 1, 0), at)

    def _of(self, index: int, at: int) -> tuple[int, int]:
        since, ticks, power, epoch = self._knots[index]
        return ticks + power * (at - since) // 360 if power else ticks, epoch


def told(day: Day, course: Course, said: Said) -> tuple[int, int]:
    """Give the register as it was told, before it turns over, and its epoch."""
    ticks, epoch = (course.after if said.kind == "start" else course.before)(said.shows)
    if said.false is not None:
        return said.false, epoch
    grain = WH if said.kind in ("start", "stop") else day.resolution
    return max(ticks - ticks % grain - said.lower, 0), epoch


# -- what nobody could take for true ---------------------------------------------------


def settled(day: Day) -> Day:
    """Leave out what is false and might be true, and restarts that nobody could see."""
    while True:
        course = Course(day)
        lost = next((each for each in day.restarts if not _is_seen(day, course, each)), None)
        if lost is None:
            break
        day = replace(day, restarts=tuple(each for each in day.restarts if each != lost))
    taken: dict[int, int] = {}
    for each in day.said:
        taken[day.instant(each)] = taken.get(day.instant(each), 0) + 1
    true = sorted(
        (day.instant(each), *told(day, course, each), each.lower)
        for each in day.said
        if each.false is None and each.kind != "unread"
    )
    kept = [each for each in day.said if each.false is None]
    for run in _runs(day, [one[0] for one in true]):
        single = [each for each in run if taken[each.at] == 1]
        if single and _is_obvious(day, true, single):
            kept += single
    return replace(day, said=tuple(kept))


def _is_seen(day: Day, course: Course, restart: int) -> bool:
    """A restart is seen from a height well above it to a zero."""
    shown = [each for each in day.said if each.false is None and each.kind != "unread"]
    old = [each for each in shown if _is_old(day, each, restart)]
    new = [each for each in shown if not _is_old(day, each, restart)]
    if not old or not new:
        return False
    last = max(old, key=lambda each: each.shows)
    first = min(new, key=lambda each: (day.instant(each), each.kind != "start"))
    height, epoch = told(day, course, last)
    ticks, later = told(day, course, first)
    if any(_jumps(day, each, restart) for each in shown):
        return False  # whether it is moved depends on what lies between
    if day.modulus and day.modulus - height < day.power_w * 3 // 2 * 60 * HOUR // 360:
        return False  # it may have turned over
    if day.instant(last) >= restart and not _goes_on_low(day, course, new, restart, height):
        return False
    return (
        height > 2_000 * WH + 3 * day.step
        and ticks == 0
        and later == epoch + 1
        and first.shows == first.at == day.instant(first)
        and last.shows == last.at
        and not last.ahead
    )


def _jumps(day: Day, said: Said, restart: int) -> bool:
    """Tell whether a value is moved to the grid over a restart."""
    at, moved = said.at, day.instant(said)
    return min(at, moved) < restart <= max(at, moved) and at != moved


def _goes_on_low(day: Day, course: Course, new: list[Said], restart: int, height: int) -> bool:
    """Beside an old value of its instant a restart is seen by what stands next, alone and low."""
    others = [each for each in new if each.kind != "start" or each.at > restart]
    if not others or any(day.instant(each) <= restart for each in others):
        return False
    return told(day, course, min(others, key=day.instant))[0] < height - 2_000 * WH


def _is_old(day: Day, said: Said, restart: int) -> bool:
    del day
    return said.at < restart or (said.at == restart and said.kind != "start")


def _runs(day: Day, true: list[int]) -> Iterator[list[Said]]:
    """Give the false values between each two true ones."""
    runs: dict[int, list[Said]] = {}
    for each in sorted(day.said, key=lambda each: each.at):
        if each.false is not None:
            runs.setdefault(bisect.bisect_left(true, each.at), []).append(each)
    yield from runs.values()


class _True(NamedTuple):
    """A true value beside false ones."""

    at: int
    ticks: int
    epoch: int
    lowered: int


def _is_obvious(day: Day, said: list[tuple[int, int, int, int]], run: list[Said]) -> bool:
    """Tell whether a run of false values is a peak, a dip, or an old value for everybody."""
    place = bisect.bisect_left(said, (run[0].at,))
    if not 0 < place < len(said):
        return False
    if day.modulus and len({one[1] // day.modulus for one in said}) > 1:
        return False  # before and after it turns over, nothing is too high or too low
    turned = said[0][1] // day.modulus * day.modulus if day.modulus else 0
    true = [_True(at, ticks - turned, epoch, lower) for at, ticks, epoch, lower in said]
    before, after = true[place - 1], true[place]
    values = {each.false or 0 for each in run}
    if before.epoch != after.epoch or min(after.ticks, before.ticks) <= _noise(day) + day.step:
        return False
    if min(values) > max(one.ticks for one in true):
        return _is_peak(day, true[:place], after, run)
    if values == {0}:
        if after.ticks - before.ticks > _most(day, after.at - before.at):
            return False  # a register that stuck, and zeros beside it
        return after.ticks > _most(day, after.at - run[-1].at + 3 * SECOND)
    return len(run) == 1 and _is_old_value(day, true[:place], after, run[0])


def _noise(day: Day) -> int:
    """Give what moves to the grid and noise can do."""
    return day.power_w * 3 // 2 * 3 * SECOND // 360 + 3 * day.step


def _most(day: Day, took: int) -> int:
    """Give what a register can rise in a time, and a bit more."""
    return day.power_w * 3 // 2 * took // 360 + _noise(day)


def _is_peak(day: Day, true: list[_True], after: _True, run: list[Said]) -> bool:
    before = true[-1]
    lowest = min(each.false or 0 for each in run)
    for one in true:
        # The register may go on where it was before it restarted.
        if one.epoch != before.epoch and lowest - one.ticks <= _most(day, run[0].at - one.at):
            return False
    # Each by itself: where one is set aside, the next is judged from what stands before it.
    return all(
        (each.false or 0) - max(before.ticks, after.ticks)
        > _most(day, each.at - before.at + 3 * SECOND)
        for each in run
    )


def _is_old_value(day: Day, true: list[_True], after: _True, said: Said) -> bool:
    low, value = true[-1], said.false or 0
    course = [one for one in true if one.epoch == after.epoch]
    for one, other in pairwise(course):
        if other.ticks - one.ticks > _most(day, other.at - one.at):
            return False  # a register that stuck has come up at once, as a peak does
    rest = after.ticks - value - day.power_w * 3 // 2 * (after.at - said.at) // 360
    if abs(rest) <= _noise(day):
        return False  # from it the way back is about as fast as it can be
    passed = course[0].ticks + _noise(day) < value < low.ticks - _noise(day)
    held = low.lowered or low.ticks < max(one.ticks for one in course)
    return passed and not held and after.ticks >= low.ticks


# -- a day at random -------------------------------------------------------------------


def any_day(random: Random) -> Day:
    """Make a day."""
    profile = random.choice(PROFILES)
    resolution = random.choice(_RESOLUTIONS[int(profile.register_step_wh)])
    day = Day(
        day=_any_date(random),
        minutes=1 if random.random() < 0.005 else random.choice(_GRIDS),
        decimals=random.choice((3, 3, 3, 0, 1, 2, 4, 5, 6)),
        profile=profile,
        resolution=resolution,
        unit="kWh" if resolution >= WH and random.random() < 0.8 else random.choice(("Wh", "kWh")),
        first=_any_register(random, int(profile.rollovers_wh[0]) if profile.rollovers_wh else 0),
    )
    start, end = bounds(day.day)
    window = start - random.randrange(6 * HOUR), end + random.randrange(6 * HOUR)
    day = replace(day, sessions=tuple(_any_sessions(random, day.power_w, *window)))
    day = replace(day, online=((start - FAR, end + FAR),), until=end + FAR)
    said = list(_any_telling(random, day, window))
    day = replace(day, open=tuple((each.start, each.end) for each in day.sessions))
    day = _with_outages(random, replace(day, said=tuple(said)), window)
    for change in (_restarted, _faulty, _stuck, _ahead, _unread, _cut_short):
        if random.random() < 0.15:
            day = change(random, day)
    return settled(_twice(random, day) if random.random() < 0.3 else day)


def _any_date(random: Random) -> date:
    year = random.randint(2024, 2030)
    if random.random() < 0.1:
        return last_sunday(year, random.choice((3, 10)))
    return date(year, 1, 1) + timedelta(days=random.randrange(365))


def _any_register(random: Random, modulus_wh: int) -> int:
    if modulus_wh and random.random() < 0.2:
        return modulus_wh * WH - random.randrange(1, 30 * KWH)
    most = random.choice((1, 1_000, 900_000, 900_000, 900_000))
    if not modulus_wh or modulus_wh > 10**9:
        most = random.choice((most, 50_000_000, 999_000_000))
    return random.randrange(most * WH)


def _any_sessions(random: Random, power_w: int, start: int, end: int) -> Iterator[Session]:
    at = free = start
    for _ in range(random.choice((0, 1, 1, 1, 2, 2, 3, 5))):
        at += random.randrange(SECOND, 8 * HOUR)
        at -= at % random.choice((1, SECOND, MINUTE, 15 * MINUTE))
        at = max(at, free)
        lasts = random.choice((MINUTE, 20 * MINUTE, 2 * HOUR, 8 * HOUR))
        lasts = random.randrange(SECOND, lasts)
        if at + lasts >= end or at <= start:
            return
        cuts = sorted(random.randrange(lasts) for _ in range(random.choice((0, 0, 1, 3))))
        parts = tuple((since, _any_power(random, power_w)) for since in dict.fromkeys((0, *cuts)))
        yield Session(at, at + lasts, parts)
        at += lasts
        free = at + SECOND


def _any_power(random: Random, most_w: int) -> int:
    return random.choice((0, random.randint(0, 50), random.randint(0, most_w), most_w, most_w // 2))


def _any_telling(random: Random, day: Day, window: tuple[int, int]) -> Iterator[Said]:
    """Tell starts and stops, samples of sessions, and clock-aligned values."""
    period = random.choice(_PERIODS_S) * SECOND
    ends = random.random() < 0.85
    samples = random.random() < 0.85 or not ends
    for session in day.sessions:
        if ends:
            yield Said(session.start, "start", BEGIN, session.start)
            yield Said(session.end, "stop", END, session.end)
        lasts = session.end - session.start
        every = max(period, lasts // _MOST // SECOND * SECOND + SECOND)
        if samples:
            first = session.start + random.choice((0, every, random.randrange(every)))
            context = random.choice(("Sample.Periodic",) * 4 + ("Trigger", "Other", END))
            for at in range(first, session.end + 1, every):
                yield Said(at, context=context, shows=at)
    if random.random() < 0.65:
        yield from _any_aligned(random, day, window)


def _any_aligned(random: Random, day: Day, window: tuple[int, int]) -> Iterator[Said]:
    every = random.choice((day.minutes * MINUTE, 15 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR))
    if day.profile.aligned_stamp == "start":
        every = day.minutes * MINUTE
    off = random.choice((0, 0, 1, 500, 2_000, 2_500))
    only_sessions = random.random() < 0.3
    for at in range(window[0] - window[0] % every + every, window[1], every):
        stamped = at + random.randint(-off, off)
        if only_sessions and not any(s.start <= stamped <= s.end for s in day.sessions):
            continue
        yield Said(stamped, "clock", "Sample.Clock", stamped)


def _with_outages(random: Random, day: Day, window: tuple[int, int]) -> Day:
    """Let the charger be away: what it measured then comes later, or never."""
    online, said, opened = day.online, day.said, day.open
    for _ in range(random.choice((0, 0, 0, 1, 1, 2))):
        gone = random.randrange(*window)
        back = gone + random.randrange(random.choice((MINUTE, HOUR, 4 * HOUR, 30 * HOUR)))
        online = tuple(
            span
            for start, end in online
            for span in ((start, min(end, gone)), (max(start, back), end))
            if span[0] < span[1]
        )
        if random.random() < 0.4:
            said = tuple(each for each in said if not gone <= each.at < back)
            if random.random() < 0.5:
                opened = tuple((a, b + FAR if gone <= b < back else b) for a, b in opened)
    return replace(day, online=online, said=said, open=opened)


def _restarted(random: Random, day: Day) -> Day:
    """Let the register begin anew with sessions, or at any time."""
    restarts = {each.start for each in day.sessions if random.random() < 0.7}
    if day.said and random.random() < 0.3:
        restarts.add(random.choice(day.said).at + random.randint(1, HOUR))
    return replace(day, restarts=tuple(sorted(restarts)))


def _faulty(random: Random, day: Day) -> Day:
    """Tell peaks, zeros and old values, and values within the register's step."""
    course, said = Course(day), list(day.said)
    span = sorted(each.at for each in said)
    kind = random.choice(("peak", "zero", "old", "lower", "lower"))
    if not said:
        return day
    for _ in range(random.choice((1, 1, 2, 5))):
        index = random.randrange(len(said))
        if kind == "lower":
            if said[index].kind == "sample" and day.resolution * 10 <= day.step:
                noise = random.randrange(day.step - day.resolution)
                said[index] = replace(said[index], lower=noise - noise % day.resolution)
            continue
        at = said[index].at + random.choice((1, SECOND, MINUTE, random.randrange(1, HOUR)))
        old = course.after(random.choice(span))[0]
        peak = 10**9 * WH + random.randrange(10**9) * WH
        false = {"zero": 0, "old": old, "peak": peak}[kind] % (day.modulus or 2 * peak)
        for _ in range(random.choice((1, 1, 3))):
            said.append(Said(at, shows=at, false=false - false % day.resolution))
            at += random.randrange(1, MINUTE)
    return replace(day, said=tuple(said))


def _stuck(random: Random, day: Day) -> Day:
    """Let the register stick during a session, and be told by its stop."""
    turns = day.modulus and Course(day).after(2**41)[0] >= day.modulus
    if not day.sessions or turns or day.restarts:
        return day  # what was charged while a register stuck and turned over, nobody can know
    session = random.choice(day.sessions)
    return replace(
        day,
        said=tuple(
            replace(each, shows=session.start)
            # One that is moved to a quarter hour behind the stop is an old value there.
            if session.start < each.at < session.end >= day.instant(each) and each.false is None
            else each
            for each in day.said
        ),
    )


def _ahead(random: Random, day: Day) -> Day:
    """Let some samples have times that cannot be."""
    taken = [each.at for each in day.said]
    # A reading is known to stand where it was received by its instant, as it was stamped.
    taken += [each.at - day.minutes * MINUTE for each in day.said if each.kind == "clock"]
    return replace(
        day,
        said=tuple(
            replace(each, ahead=True)
            if each.kind == "sample" and random.random() < 0.3 and taken.count(each.at) == 1
            else each
            for each in day.said
        ),
    )


def _unread(random: Random, day: Day) -> Day:
    """Tell something of energy that is no number."""
    start, end = bounds(day.day)
    at = random.randrange(start - HOUR, end + HOUR)
    return replace(day, said=(*day.said, Said(at, "unread", shows=at)))


def _cut_short(random: Random, day: Day) -> Day:
    """Look at the day before it has ended, or before all has come."""
    start, end = bounds(day.day)
    until = random.randrange(start, end)
    if random.random() < 0.5:
        return replace(day, until=until)
    return replace(day, said=tuple(each for each in day.said if each.at <= until))


def _twice(random: Random, day: Day) -> Day:
    """Send some messages again."""
    share = random.choice((0.05, 1.0))
    said = (
        replace(each, times=random.choice((2, 3))) if random.random() < share else each
        for each in day.said
    )
    return replace(day, said=tuple(said))
