"""
Readings to one register that never falls.

A charger's register of imported energy only rises; what it says of it may be coarse, late,
doubled, restarted or wrong. This file decides which readings are believed and where the
register began anew, and keeps the reason (`Register.discarded`, `Register.break_rules`).

Rule 1: the result depends on the readings alone, not on the order in which they came.
Rule 2: at one instant the finer reading wins; meterStart and meterStop are whole watt hours
(OCPP 1.6 §6.45, §6.49) and take the value of the finer believed reading beside them, in their
epoch, if that lies within their watt hour. Where the register begins anew at the very instant of
a start or a stop, it shows two values then, and both are kept.
Rule 3: a fall within the register's own step is no fall; the register is held. The step is that
of the model, or as many watt hours as the two readings are coarse, or what the model charges with
while one of them was moved to the grid; whatever is compared here is compared but for it.
Rule 4: a peak that is followed by the old course, or a dip that is followed by it, is
discarded, if the model cannot charge fast enough to have done that; a dip to a value that the
epoch had passed already is, however fast; the rise beside such a one is contested.
Rule 5: every other fall, and a rise beyond all reason, begins a new epoch. No energy is
counted from one epoch to the next.
Rule 6: where an operator states that the meter was exchanged, the register begins anew at that
instant, whatever the readings say; each meter is followed by itself. What the operator states of
the two meters counts as a reading of that instant, unless the readings beside it contradict it.

How fast is too fast is a choice of this project (ASSUMED), in `PLAUSIBLE` and `IMPOSSIBLE`.
"""

from __future__ import annotations

import bisect
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from enum import StrEnum
from itertools import accumulate
from types import MappingProxyType

from backend.core.device_profile import DeviceProfile
from backend.core.quantities import ENERGY
from backend.core.readings import BEGIN, END, Reading

PLAUSIBLE = Decimal("1.5")
"""A peak or a dip needs at least this many times the model's power."""
IMPOSSIBLE = Decimal(10)
"""A lone rise with this many times the model's power is not believed."""
SLACK = timedelta(minutes=1)
"""Clocks of chargers are this good: a lone rise may have taken so much longer."""
RUN = 32
"""Behind a dip so many readings are looked at for what is no peak (ASSUMED)."""

REGISTER_PHASES = ("L1", "L2", "L3")
"""The phases whose registers add up to the total."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_HOUR_US = Decimal(3_600_000_000)
_EXACT = Context(prec=60)
_WHOLE_KWH = Decimal(1000)
_CONTEXTS = (  # the better ones first; among two of one instant the better is believed
    "Sample.Clock",
    "Sample.Periodic",
    "Trigger",
    "Interruption.Begin",
    "Interruption.End",
    END,
    "Other",
    BEGIN,
)


class Rule(StrEnum):
    """Why a reading was set aside, or where the register began anew."""

    DUPLICATE = "duplicate"
    NEGATIVE = "negative"
    FINER = "finer-at-the-same-instant"
    OTHER_VALUE = "other-value-at-the-same-instant"
    SPIKE = "spike"
    DIP = "dip"
    NOT_STATED = "settings-contradicted"
    RESET = "reset"
    ROLLOVER = "rollover"
    JUMP = "jump"
    EXCHANGE = "meter-exchange"


@dataclass(frozen=True, slots=True)
class RegisterReading:
    """
    What a register showed.

    Attributes:
        instant: when, in UTC; on the grid where it was snapped to it.
        wh: what it showed.
        resolution_wh: 0 where the value is exact, 1 for whole watt hours.
        context: by its OCPP name.
        order: the place in its message, for readings of one instant.
        stamped: the instant that the charger said, where it was snapped; else None.
        by_reception: whether the instant is the one of reception, as the one said cannot be.
        by_settings: whether an operator states it, see `Exchange`.
    """

    instant: datetime
    wh: Decimal
    resolution_wh: Decimal
    context: str
    order: int
    stamped: datetime | None = None
    by_reception: bool = False
    by_settings: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """
    What an operator states of a meter that was exchanged.

    Attributes:
        at: when, in UTC; what is measured at this instant is measured by the new meter.
        old_end_wh: what the old one showed then; None where that is not known.
        new_start_wh: what the new one showed then; likewise.
        connector: whose meter.
    """

    at: datetime
    old_end_wh: Decimal | None = None
    new_start_wh: Decimal | None = None
    connector: int = 1


@dataclass(frozen=True, slots=True)
class Point:
    """
    The register at an instant.

    Attributes:
        instant: in UTC.
        wh: cumulative over the epochs; behind a break it is the value shown plus whole
            kilowatt hours, so that it rounds as the value shown does.
    """

    instant: datetime
    wh: Decimal


@dataclass(frozen=True, slots=True)
class Discarded:
    """A reading that is not part of the register, and why."""

    reading: RegisterReading
    rule: str


@dataclass(frozen=True, slots=True)
class Register:
    """
    A register that never falls.

    Attributes:
        points: in order of time, ``wh`` never falling; two of one instant stand only at a break.
        breaks: indices of the first points of new epochs; from the point before to such a
            point no energy is counted.
        discarded: readings set aside, in order of time.
        break_rules: why each break is one: ``reset``, ``jump`` or ``meter-exchange``.
        doubtful: indices of points that the register reached faster than it could, after
            it had stood still: the energy counts, but not where it was charged.
        by_reception: indices of points that stand where they were received.
        contested: indices of points that another course of the register contradicts: what it
            rose counts, but perhaps not where it was charged.
        shown: what was shown at each point, as it was read.
        rollovers: indices of points before which the register started again by design.
        by_settings: indices of points that an operator states.
    """

    points: tuple[Point, ...]
    breaks: frozenset[int] = frozenset()
    discarded: tuple[Discarded, ...] = ()
    break_rules: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    doubtful: frozenset[int] = frozenset()
    by_reception: frozenset[int] = frozenset()
    contested: frozenset[int] = frozenset()
    shown: tuple[RegisterReading, ...] = ()
    rollovers: frozenset[int] = frozenset()
    by_settings: frozenset[int] = frozenset()


def connectors_of(readings: Iterable[Reading]) -> tuple[int, ...]:
    """Tell which connectors have a register in these readings, in ascending order."""
    return tuple(sorted({each.connector for each in readings if _counts(each)}))


def register_readings(
    readings: Iterable[Reading],
    profile: DeviceProfile,
    interval_s: int,
    connector: int = 1,
    by_reception: Collection[datetime] = (),
) -> list[RegisterReading]:
    """
    Pick what one connector's energy register showed.

    The total counts where a sample has one, else the sum of its phases. A sample is what
    has one instant, context and location; of several locations the outlet counts.
    Clock-aligned readings close to the grid are put on it (`RegisterReading.stamped` keeps
    what was said), unless a start or a stop between would contradict them there.

    Parameters:
        readings: of one station, in any order.
        profile: of its model.
        interval_s: the grid; also the length that ``aligned_stamp = "start"`` is corrected by.
        connector: whose register; see `connectors_of`.
        by_reception: instants of reception that stand in for others, see `timestamps`.
    """
    samples: dict[tuple[datetime, str, str], list[Reading]] = {}
    for reading in readings:
        if reading.connector == connector and _counts(reading):
            key = (reading.instant, reading.context, reading.location)
            samples.setdefault(key, []).append(reading)
    outlets = {key[:2] for key in samples if key[2] == "Outlet"}
    shown = [
        each
        for key, sample in samples.items()
        if key[2] == "Outlet" or key[:2] not in outlets
        for each in _of_sample(sample)
    ]
    ends = sorted((each for each in shown if each.context in (BEGIN, END)), key=_instant_of)
    picked = [
        # What stands where it was received tells nothing of the grid.
        replace(each, by_reception=True)
        if each.instant in by_reception
        else _on_grid(each, profile, interval_s, ends)
        for each in shown
    ]
    return sorted(picked, key=_sort_key)


def _counts(reading: Reading) -> bool:
    return reading.connector > 0 and reading.measurand == ENERGY and reading.value is not None


def _of_sample(sample: list[Reading]) -> list[RegisterReading]:
    """Make one register reading of each total, or one of all phases."""
    totals = [
        RegisterReading(each.instant, each.value, each.resolution_wh, each.context, each.position)
        for each in sample
        if each.phase is None and each.value is not None
    ]
    if totals:
        return totals
    phases: dict[str, Decimal] = {}
    for each in sample:
        if each.phase in REGISTER_PHASES and each.value is not None:
            # A phase said twice: registers rise, so the larger value is the later one.
            phases[each.phase] = max(each.value, phases.get(each.phase, each.value))
    if not phases:
        return []
    wh = Decimal(0)
    for value in phases.values():
        wh = _EXACT.add(wh, value)
    first = min(sample, key=lambda each: each.position)
    return [RegisterReading(first.instant, wh, Decimal(0), first.context, first.position)]


def _on_grid(
    reading: RegisterReading,
    profile: DeviceProfile,
    interval_s: int,
    ends: Sequence[RegisterReading],
) -> RegisterReading:
    """
    Put a clock-aligned reading on the grid if it is within the profile's tolerance.

    It is left where it was said if a start or a stop that lies between the two would then
    contradict it: a register that begins anew with a session is no dip in the old one.

    Parameters:
        ends: what sessions of the connector began and ended with, by instant.
    """
    if reading.context != "Sample.Clock":
        return reading
    stamped, step = reading.instant, timedelta(seconds=interval_s)
    # OCPP 1.6 §9.1.5 lets the value of an interval bear the interval's start.
    instant = stamped + step if profile.aligned_stamp == "start" else stamped
    offset = (instant - _EPOCH) % step
    off = min(offset, step - offset)
    tolerance_us = profile.aligned_tolerance_s * 1_000_000
    if off // _MICROSECOND <= tolerance_us and off * 10 <= step:
        aligned = instant - offset if off == offset else instant - offset + step
        if not _contradicted(reading.wh, instant, aligned, ends, profile.register_step_wh):
            instant = aligned
    return reading if instant == stamped else replace(reading, instant=instant, stamped=stamped)


def _contradicted(
    wh: Decimal,
    was: datetime,
    becomes: datetime,
    ends: Sequence[RegisterReading],
    step_wh: Decimal,
) -> bool:
    """Tell whether a value would be moved behind a lower one, or before a higher, noise aside."""
    first = bisect.bisect_right(ends, min(was, becomes), key=_instant_of)
    last = bisect.bisect_left(ends, max(was, becomes), key=_instant_of)
    for one in ends[first:last]:
        over, under = (wh, one.wh) if was < becomes else (one.wh, wh)
        if _EXACT.subtract(over, under) > max(step_wh, one.resolution_wh):
            return True
    return False


def _instant_of(reading: RegisterReading) -> datetime:
    return reading.instant


def build_register(
    readings: Iterable[RegisterReading],
    profile: DeviceProfile,
    exchanges: Iterable[Exchange] = (),
) -> Register:
    """
    Make one register of what was read, by the rules at the top of this file.

    To have the energies of a period whole, give the readings from the last one before it to
    the first one after it.

    Parameters:
        readings: of one connector, in any order, duplicates included.
        profile: of its model.
        exchanges: of its meter, one an instant, in any order.
    """
    whole = _Course(profile)
    discarded: list[Discarded] = []
    for mine, begins, ends in _by_meter(readings, exchanges):
        chain, put_aside = _one_an_instant(mine, profile.register_step_wh)
        chain, put_aside = _with_restarts(chain, put_aside)
        course = _Course(profile)
        put_aside += course.follow(chain)
        put_aside += course.state(begins, ends)
        whole.go_on(course)
        discarded += put_aside
    discarded.sort(key=lambda each: (_sort_key(each.reading), each.rule))
    return whole.register(tuple(discarded))


def _by_meter(
    readings: Iterable[RegisterReading], exchanges: Iterable[Exchange]
) -> list[tuple[list[RegisterReading], Exchange | None, Exchange | None]]:
    """Give the readings of each meter, with the exchange it came by and the one it went by."""
    known = sorted(exchanges, key=lambda each: each.at)
    if not known:
        return [(list(readings), None, None)]
    meters: list[list[RegisterReading]] = [[] for _ in range(len(known) + 1)]
    instants = [each.at for each in known]
    for reading in readings:
        meters[bisect.bisect_right(instants, reading.instant)].append(reading)
    return list(zip(meters, (None, *known), (*known, None), strict=True))


def _rank(context: str) -> int:
    return _CONTEXTS.index(context) if context in _CONTEXTS else len(_CONTEXTS)


def _sort_key(reading: RegisterReading) -> tuple[object, ...]:
    return (
        reading.instant,
        reading.resolution_wh,
        reading.stamped is not None,  # one that was not moved stands exactly there
        _rank(reading.context),
        reading.context,
        -reading.wh,
        reading.order,
        reading.stamped or reading.instant,
    )


def _one_an_instant(
    readings: Iterable[RegisterReading], step_wh: Decimal
) -> tuple[list[RegisterReading], list[Discarded]]:
    """
    Sort, and keep of each instant one reading: the finer, of the better context.

    One that is higher by more than a step wins over a better context: what stands lower is a
    register that sticks, or an old value.
    """
    chain: list[RegisterReading] = []
    discarded: list[Discarded] = []
    for reading in sorted(readings, key=_sort_key):
        if reading.wh < 0:
            discarded.append(Discarded(reading, Rule.NEGATIVE))
        elif not chain or chain[-1].instant != reading.instant:
            chain.append(reading)
        elif chain[-1].wh == reading.wh:
            discarded.append(Discarded(reading, Rule.DUPLICATE))
        elif chain[-1].resolution_wh < reading.resolution_wh:
            discarded.append(Discarded(reading, Rule.FINER))
        elif _is_above(reading, chain[-1], step_wh):
            discarded.append(Discarded(chain[-1], Rule.OTHER_VALUE))
            chain[-1] = reading
        else:
            discarded.append(Discarded(reading, Rule.OTHER_VALUE))
    return chain, discarded


def _is_above(one: RegisterReading, other: RegisterReading, step_wh: Decimal) -> bool:
    alike = (one.stamped is None) == (other.stamped is None)
    return alike and _EXACT.subtract(one.wh, other.wh) > step_wh


def _with_restarts(
    chain: Sequence[RegisterReading], discarded: Sequence[Discarded]
) -> tuple[list[RegisterReading], list[Discarded]]:
    """Keep what a start or a stop shows beside the reading of its instant, at a restart."""
    beside: dict[datetime, list[Discarded]] = {}
    for one in discarded:
        beside.setdefault(one.reading.instant, []).append(one)
    kept: list[RegisterReading] = []
    for index, reading in enumerate(chain):
        before = chain[index - 1] if index else None
        after = chain[index + 1] if index + 1 < len(chain) else None
        found = beside.get(reading.instant, [])
        ends = [one for one in found if _ends_before(one.reading, reading, before)]
        begins = [one for one in found if _begins_after(one.reading, reading, after)]
        kept += (*(one.reading for one in ends[:1]), reading)
        kept += (one.reading for one in begins[:1])
        for one in (*ends[:1], *begins[:1]):
            found.remove(one)
    return kept, [one for found in beside.values() for one in found]


def _begins_after(
    start: RegisterReading, reading: RegisterReading, after: RegisterReading | None
) -> bool:
    """Tell whether the register fell to a meterStart at this instant and went on from there."""
    if start.context != BEGIN or after is None:
        return False
    return start.wh + start.resolution_wh < reading.wh and start.wh <= after.wh < reading.wh


def _ends_before(
    stop: RegisterReading, reading: RegisterReading, before: RegisterReading | None
) -> bool:
    """Tell whether the register rose to a meterStop at this instant and fell then."""
    if stop.context != END or before is None:
        return False
    return reading.wh + stop.resolution_wh < stop.wh and reading.wh < before.wh <= stop.wh


@dataclass(slots=True)
class _Step:
    """A reading that is believed, with the register it makes."""

    reading: RegisterReading
    wh: Decimal  # held where the reading fell a little; with the turns of a rollover
    told_wh: Decimal  # as it was read, with the turns of a rollover
    level: int  # index in the chain of the reading that reached this height
    rule: str | None = None  # why an epoch begins here
    contested: bool = False  # another course of the register says otherwise
    turned: bool = False  # it started again by design before it


class _Course:
    """The register of a meter while it is followed from reading to reading; then of them all."""

    def __init__(self, profile: DeviceProfile) -> None:
        self._profile = profile
        self._steps: list[_Step] = []
        self._begin = 0  # the first step of the epoch
        self._turns_wh = Decimal(0)
        self._discarded: list[Discarded] = []
        self._is_contested = False  # whether the next step is
        # Of two readings one may have been moved in time by the tolerance, and the other not.
        moved_us = profile.aligned_tolerance_s * 1_000_000
        limit_w = profile.max_power_w * PLAUSIBLE
        self._moved_wh = _EXACT.divide(_EXACT.multiply(limit_w, moved_us), _HOUR_US)
        self._most_noise_wh = max(profile.register_step_wh, Decimal(2), self._moved_wh)

    def follow(self, chain: Sequence[RegisterReading]) -> list[Discarded]:
        """Believe what can be believed, in order of time; give the rest."""
        returns = _returns(chain)
        index = 0
        while index < len(chain):
            index = self._follow_one(chain, index, returns)
        return self._discarded

    def state(self, begins: Exchange | None, ends: Exchange | None) -> list[Discarded]:
        """Add what an operator states of the meter; give what contradicts or is contradicted."""
        put_aside: list[Discarded] = []
        if begins is not None and begins.new_start_wh is not None:
            put_aside += self._state_start(_stated(begins.at, begins.new_start_wh))
        if ends is not None and ends.old_end_wh is not None:
            put_aside += self._state_end(_stated(ends.at, ends.old_end_wh))
        return put_aside

    def _state_start(self, stated: RegisterReading) -> Iterator[Discarded]:
        first = self._steps[0] if self._steps else None
        wh = stated.wh
        if first is not None:
            if wh > _EXACT.add(first.wh, self._noise_wh(stated, first.reading)):
                yield Discarded(stated, Rule.NOT_STATED)
                return
            wh = min(wh, first.wh)
            if first.reading.instant == stated.instant:
                yield Discarded(self._steps.pop(0).reading, Rule.OTHER_VALUE)
        self._steps.insert(0, _Step(stated, wh, wh, 0))

    def _state_end(self, stated: RegisterReading) -> Iterator[Discarded]:
        last = self._steps[-1] if self._steps else None
        wh = _EXACT.add(stated.wh, self._turns_wh)
        if last is not None:
            if _EXACT.subtract(last.wh, wh) > self._noise_wh(last.reading, stated):
                yield Discarded(stated, Rule.NOT_STATED)
                return
            wh = max(wh, last.wh)
        self._steps.append(_Step(stated, wh, wh, 0))

    def go_on(self, course: _Course) -> None:
        """Go on with the meter that came next."""
        if self._steps and course.steps:
            course.steps[0].rule = Rule.EXCHANGE
        self._steps += course.steps

    @property
    def steps(self) -> list[_Step]:
        """The readings that are believed."""
        return self._steps

    def _follow_one(
        self, chain: Sequence[RegisterReading], index: int, returns: Sequence[int]
    ) -> int:
        """Decide on one reading; give the index of the next to decide on."""
        reading = chain[index]
        wh = _EXACT.add(reading.wh, self._turns_wh)
        last = self._steps[-1] if self._steps else None
        if last is None or wh >= last.wh:
            self._steps.append(_Step(reading, wh, wh, index, contested=self._is_contested))
            self._is_contested = False
            return index + 1
        # Held is the height, so it says how far from it is noise, not what was held last.
        if _EXACT.subtract(last.wh, wh) <= self._noise_wh(chain[last.level], reading):
            self._steps.append(_Step(reading, last.wh, wh, last.level))
            return index + 1
        if self._drop_spike(chain, reading, wh):
            return index
        low, back = self._way_back(chain, index, last.level, returns)
        if back < len(chain):
            if self._too_fast(chain[low], chain[back]):
                self._discarded += (Discarded(each, Rule.DIP) for each in chain[index:back])
                return back
            if self._was_passed(reading, wh):
                self._contest(last.level)
                self._discarded += (Discarded(each, Rule.DIP) for each in chain[index:back])
                return back
        self._begin_anew(reading, wh, last, index)
        return index + 1

    def _way_back(
        self, chain: Sequence[RegisterReading], index: int, level: int, returns: Sequence[int]
    ) -> tuple[int, int]:
        """
        Say where the register is back on the course that it left.

        Parameters:
            chain: all readings, in order of time.
            index: of the reading that fell.
            level: of the reading that reached the height from which it fell.
            returns: see `_returns`.

        Returns:
            The indices of the last reading that is below the course and not lower than those
            before it (behind a peak the last that is below it), and of the first that is on the
            course, which is the end where none is.
        """
        low, back = index, returns[index]
        while back < len(chain) and self._is_below(chain[back], chain[level]):
            low, back = back, returns[back]
        if back == len(chain) or not self._too_fast(chain[level], chain[back]):
            return low, back

        # A peak is not that course, if the register falls from it; it may be one of a new epoch.
        peak = back
        for later in range(peak + 1, min(peak + RUN, len(chain))):
            if self._is_below(chain[later], chain[level]):
                low = later
            elif self._is_on(chain[later], chain[level], chain[peak]):
                return low, later
        return low, len(chain) if low > peak else peak

    def _contest(self, level: int) -> None:
        """Note that the steps of a height may be wrong, and not what fell back from it."""
        for step in reversed(self._steps):
            if step.level != level:
                break
            step.contested = True
        self._is_contested = True

    def _is_below(self, one: RegisterReading, other: RegisterReading) -> bool:
        """Tell whether one is lower than another by more than noise."""
        return _EXACT.subtract(other.wh, one.wh) > self._noise_wh(other, one)

    def _is_on(self, one: RegisterReading, level: RegisterReading, peak: RegisterReading) -> bool:
        """Tell whether a reading behind a peak is on the course that reached a level before it."""
        return self._is_below(one, peak) and not self._too_fast(level, one)

    def _noise_wh(self, one: RegisterReading, other: RegisterReading) -> Decimal:
        """Say how far the register may seem to fall without having fallen."""
        # Each of two coarse ones may be up to its watt hour away from what the register was.
        step = max(self._profile.register_step_wh, one.resolution_wh + other.resolution_wh)
        if one.stamped is None and other.stamped is None:
            return step
        return max(step, self._moved_wh)

    def _was_passed(self, reading: RegisterReading, wh: Decimal) -> bool:
        """
        Tell whether the register of this epoch had passed a value already.

        A register that begins anew begins low; one that shows what it has shown before, and
        then goes on from where it was, has shown an old value.
        """
        first = self._steps[self._begin]
        noise_wh = self._noise_wh(first.reading, reading)
        if not self._begin and wh > _EXACT.add(self._profile.register_step_wh, noise_wh):
            # What is known does not begin where the register did: its first value was shown.
            return wh >= _EXACT.subtract(first.wh, noise_wh)
        return wh > _EXACT.add(first.wh, noise_wh)

    def _too_fast(self, one: RegisterReading, other: RegisterReading) -> bool:
        limit_w = self._profile.max_power_w * PLAUSIBLE
        rise_wh = _EXACT.subtract(other.wh - one.wh, self._noise_wh(one, other))
        return _above(rise_wh, limit_w, other.instant - one.instant)

    def _drop_spike(
        self, chain: Sequence[RegisterReading], reading: RegisterReading, wh: Decimal
    ) -> bool:
        """Take back the last steps if they are a peak over the course that ``wh`` goes on."""
        if wh <= self._profile.register_step_wh:
            return False  # back to zero: a register that restarts, not one that goes on
        first = self._first_over(chain, reading, wh)
        if first == self._begin:
            return False
        if not self._too_fast(self._steps[first - 1].reading, self._steps[first].reading):
            return False
        self._discarded += (Discarded(each.reading, Rule.SPIKE) for each in self._steps[first:])
        del self._steps[first:]
        return True

    def _first_over(
        self, chain: Sequence[RegisterReading], reading: RegisterReading, wh: Decimal
    ) -> int:
        """Give the index of the first step of the epoch that is over a reading, noise aside."""
        high_wh = _EXACT.add(wh, self._most_noise_wh)
        first = bisect.bisect_right(self._steps, high_wh, self._begin, key=_wh_of)
        for _ in range(RUN):
            if first == self._begin:
                break
            step = self._steps[first - 1]
            noise_wh = self._noise_wh(chain[step.level], reading)
            if _EXACT.subtract(step.wh, wh) <= noise_wh:
                break
            first -= 1
        return first

    def _begin_anew(self, reading: RegisterReading, wh: Decimal, last: _Step, index: int) -> None:
        """Turn over where the model's register does so, else begin a new epoch."""
        for modulus in self._profile.rollovers_wh:
            turned = _EXACT.add(wh, modulus)
            limit_w = self._profile.max_power_w * PLAUSIBLE
            took = reading.instant - last.reading.instant
            if turned >= last.wh and not _above(turned - last.wh, limit_w, took + SLACK):
                self._turns_wh = _EXACT.add(self._turns_wh, modulus)
                self._steps.append(_Step(reading, turned, turned, index, turned=True))
                return
        self._turns_wh = Decimal(0)
        self._begin = len(self._steps)
        self._steps.append(_Step(reading, reading.wh, reading.wh, index, Rule.RESET))

    def register(self, discarded: tuple[Discarded, ...]) -> Register:
        """Add the epochs up."""
        self._refine()
        doubtful = self._mark_jumps()
        points: list[Point] = []
        rules: dict[int, str] = {}
        offset_wh = Decimal(0)
        for index, step in enumerate(self._steps):
            if step.rule:
                rules[index] = step.rule
                offset_wh = _whole_kwh_up(_EXACT.subtract(points[-1].wh, step.wh))
            points.append(Point(step.reading.instant, _EXACT.add(step.wh, offset_wh)))
        shown = tuple(step.reading for step in self._steps)
        return Register(
            points=tuple(points),
            breaks=frozenset(rules),
            discarded=discarded,
            break_rules=MappingProxyType(rules),
            doubtful=doubtful,
            by_reception=_where(each.by_reception for each in shown),
            contested=_where(step.contested for step in self._steps),
            shown=shown,
            rollovers=_where(step.turned for step in self._steps),
            by_settings=_where(each.by_settings for each in shown),
        )

    def _refine(self) -> None:
        """Give coarse readings the value of a finer one beside them that is within their step."""
        epochs = list(accumulate(1 if step.rule else 0 for step in self._steps))
        before = _finer_beside(self._steps, epochs)
        after = _finer_beside(self._steps[::-1], epochs[::-1])[::-1]
        highest_wh = Decimal(0)
        for index, step in enumerate(self._steps):
            if step.reading.resolution_wh:
                refined_wh = _refined_wh(step, before[index], after[index])
                finer_by = _EXACT.subtract(refined_wh, step.told_wh)
                if finer_by:
                    step.told_wh = _EXACT.add(step.told_wh, finer_by)
                    wh = _EXACT.add(step.reading.wh, finer_by)
                    step.reading = replace(step.reading, wh=wh)
            highest_wh = step.told_wh if step.rule else max(step.told_wh, highest_wh)
            step.wh = highest_wh

    def _mark_jumps(self) -> frozenset[int]:
        """Break the register at rises beyond reason; give those that only came late."""
        late: set[int] = set()
        if not self._steps:
            return frozenset()
        limit_w = self._profile.max_power_w * IMPOSSIBLE
        level_since = self._steps[0].reading.instant
        for index in range(1, len(self._steps)):
            before, step = self._steps[index - 1], self._steps[index]
            instant = step.reading.instant
            rise = step.wh - before.wh
            if not step.rule and _above(rise, limit_w, instant - before.reading.instant + SLACK):
                if _above(rise, limit_w, instant - level_since + SLACK):
                    step.rule = Rule.JUMP
                else:
                    late.add(index)
            if step.rule or rise:
                level_since = instant
        return frozenset(late)


def _where(holds: Iterable[bool]) -> frozenset[int]:
    return frozenset(index for index, one in enumerate(holds) if one)


def _stated(at: datetime, wh: Decimal) -> RegisterReading:
    """Give a reading that an operator states."""
    return RegisterReading(at, wh, Decimal(0), "", 0, by_settings=True)


def _wh_of(step: _Step) -> Decimal:
    return step.wh


def _finer_beside(steps: Sequence[_Step], epochs: Sequence[int]) -> list[Decimal | None]:
    """Give for each step the register of the nearest exact one before it in its epoch."""
    beside: list[Decimal | None] = []
    latest: tuple[int, Decimal] | None = None
    for step, epoch in zip(steps, epochs, strict=True):
        beside.append(latest[1] if latest is not None and latest[0] == epoch else None)
        if not step.reading.resolution_wh:
            latest = epoch, step.told_wh
    return beside


def _refined_wh(coarse: _Step, before: Decimal | None, after: Decimal | None) -> Decimal:
    # What a session ends with is shown on until the next begins, and the other way round:
    # so the idle time between two sessions stays without energy.
    beside = (after, before) if coarse.reading.context == END else (before, after)
    for finer_wh in beside:
        if finer_wh is not None and abs(finer_wh - coarse.told_wh) < coarse.reading.resolution_wh:
            return finer_wh
    return coarse.told_wh


def _above(energy_wh: Decimal, power_w: Decimal, took: timedelta) -> bool:
    """Tell whether the energy needs more than the power; a power of 0 is not known."""
    return bool(power_w) and energy_wh * _HOUR_US > power_w * (took // _MICROSECOND)


def _whole_kwh_up(wh: Decimal) -> Decimal:
    """Give the next whole kilowatt hours, in Wh, that are not less."""
    whole, rest = _EXACT.divmod(wh, _WHOLE_KWH)
    return _EXACT.multiply(whole + 1 if rest > 0 else whole, _WHOLE_KWH)


def _returns(chain: Sequence[RegisterReading]) -> list[int]:
    """Give for each reading the index of the first later one that is not lower, or the end."""
    returns = [len(chain)] * len(chain)
    waiting: list[int] = []
    for index, reading in enumerate(chain):
        while waiting and chain[waiting[-1]].wh <= reading.wh:
            returns[waiting.pop()] = index
        waiting.append(index)
    return returns
