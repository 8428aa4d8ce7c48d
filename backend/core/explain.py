"""
Why an interval is what it is: the rule that made it, and all that the rule looked at.

Rule 1: what is explained is made again, by the same functions from the same knowledge, so an
explanation cannot differ from what was made. `backend.core.energy` makes it.
Rule 2: nothing is said that is not kept: each reading leads to the frame in which it came.

`backend.core.sentences` tells an `Explanation` in plain words.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from backend.core.cross_check import Contradiction, contradictions, powers_of
from backend.core.device_profile import DeviceProfile
from backend.core.energy import ConnectorEnergy, Known, energies_by_connector, summed
from backend.core.intervals import (
    SHORT_GAP,
    Interval,
    Part,
    Span,
    parts_of,
    register_before,
    rounded_fraction_kwh,
)
from backend.core.leniency import Leniency
from backend.core.readings import ENERGY, Reading
from backend.core.registers import (
    REGISTER_PHASES,
    Exchange,
    Register,
    RegisterReading,
    Rule,
)

MOST = 20
"""So many readings of a kind are named one by one; of the rest the number."""


@dataclass(frozen=True, slots=True)
class Said:
    """
    The message in which something was said.

    Attributes:
        frame: the key of its frame in the store.
        received: when it came.
        action: the message; empty where none could be told.
        leniencies: what in it was not as the protocol asks, and how it was read.
    """

    frame: int
    received: datetime
    action: str
    leniencies: tuple[Leniency, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    A reading that was looked at.

    Attributes:
        readings: what the charger said; several where phases were added up, none where an
            operator states it.
        shown: what was made of it; None where it is no register.
        rule: why it was set aside; empty where it is used.
        said: the messages in which it came.
    """

    readings: tuple[Reading, ...]
    shown: RegisterReading | None
    rule: str = ""
    said: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Boundary:
    """
    The register at an end of the interval, as the meter would show it.

    Attributes:
        instant: the boundary.
        wh: exactly; None where nothing was read at all.
        kwh: rounded as in the interval.
    """

    instant: datetime
    wh: Fraction | None
    kwh: Decimal | None


@dataclass(frozen=True, slots=True)
class Break:
    """
    Where a register began anew, or started again by design.

    Attributes:
        rule: why.
        before, after: the readings that show it.
        exchange: what an operator states, where the meter was exchanged.
    """

    rule: Rule
    before: Evidence
    after: Evidence
    exchange: Exchange | None = None


@dataclass(frozen=True, slots=True)
class ConnectorPart:
    """
    What one connector adds to an interval.

    Attributes:
        connector: its number.
        interval: its energy, status and rule.
        start, end: its register at the boundaries.
        decided: the part of the interval that its rule is of.
        around: the readings on both sides of that part; None at an edge of what was read.
        used: the readings from the last before the interval to the first after it.
        set_aside: the readings between these that are not believed.
        breaks: where the register began anew within.
        contradictions: times within in which the power says otherwise.
        more_used, more_set_aside: how many are not listed.
    """

    connector: int
    interval: Interval
    start: Boundary
    end: Boundary
    decided: Span
    around: tuple[Evidence, Evidence] | None
    used: tuple[Evidence, ...]
    set_aside: tuple[Evidence, ...]
    breaks: tuple[Break, ...]
    contradictions: tuple[Contradiction, ...]
    more_used: int = 0
    more_set_aside: int = 0


@dataclass(frozen=True, slots=True)
class Delivered:
    """
    What a file says of an interval.

    Attributes:
        file_name, revision: which file.
        made_at: when it was made.
        energy_kwh: None where it was missing.
        status: its letter.
        rule: by which it was made.
        arrived_at: when the file was known to be there; None where it is not.
    """

    file_name: str
    revision: int
    made_at: datetime
    energy_kwh: Decimal | None
    status: str
    rule: str
    arrived_at: datetime | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    Why an interval is what it is.

    Attributes:
        station: what people call it.
        code: its metering code; empty where it has none.
        profile: of its model.
        interval: energy, status and rule, of all connectors together.
        decimals: of kWh.
        connectors: what each adds; the first is the one whose rule won.
        offline: spans without connection that touch the interval; None for what is not known.
        sessions: spans with a session open that touch it; None for an end that has not come.
        unread: what told of energy and could not be used, from the interval's start on.
        delivered: what files say of it, in the order of their making.
    """

    station: str
    code: str
    profile: DeviceProfile
    interval: Interval
    decimals: int
    connectors: tuple[ConnectorPart, ...]
    offline: tuple[tuple[datetime | None, datetime | None], ...]
    sessions: tuple[tuple[datetime, datetime | None], ...]
    unread: tuple[Evidence, ...] = ()
    delivered: tuple[Delivered, ...] = ()

    @property
    def evidence(self) -> Iterator[Evidence]:
        """All that was looked at."""
        for part in self.connectors:
            yield from part.used
            yield from part.set_aside
            for each in part.breaks:
                yield from (each.before, each.after)
        yield from self.unread

    @property
    def needs_correction(self) -> bool:
        """Whether what was delivered last is not what is known now."""
        if not self.delivered:
            return False
        last, now = self.delivered[-1], self.interval
        return (last.energy_kwh, last.status) != (now.energy_kwh, str(now.status))


# ---------------------------------------------------------------- making one


def explain(
    known: Known,
    profile: DeviceProfile,
    grid: Sequence[datetime],
    index: int,
    decimals: int,
    until: datetime,
    *,
    station: str,
    code: str,
    unread: Sequence[Reading] = (),
) -> Explanation:
    """
    Explain one interval of a grid.

    Parameters:
        known, profile, grid, decimals, until: as the energies are made of.
        index: of the interval.
        station, code: whose it is.
        unread: what was said at the instants of ``known.presence.unread``.
    """
    energies = energies_by_connector(known, profile, grid, decimals, until)
    interval = summed(energies)[index]
    parts = [_part_of(one, known, interval, index, decimals) for one in energies]
    parts.sort(key=lambda part: (part.interval.rule != interval.rule, part.connector))
    return Explanation(
        station=station,
        code=code,
        profile=profile,
        interval=interval,
        decimals=decimals,
        connectors=tuple(parts),
        offline=tuple(_offline(known.presence.online, interval, until)),
        sessions=tuple(
            (begun, None if ended == known.lasting else ended)
            for begun, ended in known.presence.sessions
            if begun < interval.end and ended > interval.start
        ),
        unread=tuple(_unread(known, unread, interval)),
    )


def _part_of(
    one: ConnectorEnergy, known: Known, whole: Interval, index: int, decimals: int
) -> ConnectorPart:
    register, start, end = one.register, whole.start, whole.end
    sources = _Sources(known.readings, one.connector)
    first, last = _reach(register, start, end)
    used = [sources.of(shown) for shown in register.shown[first : last + 1]]
    aside = [
        sources.of(each.reading, each.rule)
        for each in register.discarded
        if _between_readings(register, first, last, each.reading.instant, whole)
    ]
    decided = _decided(one, one.intervals[index])
    all_contradictions = contradictions(register, powers_of(known.readings, one.connector))
    return ConnectorPart(
        connector=one.connector,
        interval=one.intervals[index],
        start=_boundary(register, start, decimals, is_end=False),
        end=_boundary(register, end, decimals, is_end=True),
        decided=(decided.start, decided.end),
        around=None
        if decided.after is None
        else (
            sources.of(register.shown[decided.after - 1]),
            sources.of(register.shown[decided.after]),
        ),
        used=_outermost(used),
        set_aside=tuple(aside[:MOST]),
        breaks=tuple(_breaks(register, sources, known.exchanges, one.connector, whole)),
        contradictions=tuple(
            each for each in all_contradictions if each.start < end and each.end > start
        ),
        more_used=max(0, len(used) - MOST),
        more_set_aside=max(0, len(aside) - MOST),
    )


class _Sources:
    """Finds what a connector said, by what `register_readings` made of it."""

    def __init__(self, readings: Iterable[Reading], connector: int) -> None:
        self._samples: dict[tuple[datetime, str], list[tuple[Decimal, Reading]]] = {}
        for one in readings:
            if one.connector == connector and one.measurand == ENERGY and one.value is not None:
                told = self._samples.setdefault((one.instant, one.context), [])
                told.append((one.value, one))

    def of(self, shown: RegisterReading, rule: str = "") -> Evidence:
        """Give a reading with what the charger said."""
        told = self._samples.get((shown.stamped or shown.instant, shown.context), [])
        told = [each for each in told if each[1].location == "Outlet"] or told
        if shown.by_settings:
            return Evidence((), shown, rule)
        total = [each for each in told if each[1].phase is None and each[1].position == shown.order]
        if total:
            # Two messages may tell two values of one instant; a coarse one was refined a little.
            _, one = min(total, key=lambda each: abs(each[0] - shown.wh))
            return Evidence((one,), shown, rule)
        # A phase said twice: the larger value counts.
        rising = sorted(told, key=lambda each: each[0])
        largest = {one.phase: one for _, one in rising}
        phases = (largest[phase] for phase in REGISTER_PHASES if phase in largest)
        return Evidence(tuple(phases), shown, rule)


def _reach(register: Register, start: datetime, end: datetime) -> tuple[int, int]:
    """Give the indices of the last point not after the start and the first not before the end."""
    instants = [point.instant for point in register.points]
    first = max(0, bisect.bisect_right(instants, start) - 1)
    last = bisect.bisect_left(instants, end)
    if last < len(instants) and instants[last] == end:
        last = bisect.bisect_right(instants, end) - 1
    return first, min(last, len(instants) - 1)


def _between_readings(
    register: Register, first: int, last: int, instant: datetime, interval: Interval
) -> bool:
    points = register.points
    low = min(points[first].instant, interval.start) if points else interval.start
    high = max(points[last].instant, interval.end) if points else interval.end
    return low <= instant <= high


def _outermost(used: Sequence[Evidence]) -> tuple[Evidence, ...]:
    half = MOST // 2
    return tuple(used) if len(used) <= MOST else (*used[:half], *used[-half:])


def _boundary(register: Register, instant: datetime, decimals: int, *, is_end: bool) -> Boundary:
    """Read the register off; where it shows two values, the end takes the first of them."""
    instants = [point.instant for point in register.points]
    after = bisect.bisect_right(instants, instant)
    if is_end and after and instants[after - 1] == instant:
        after = bisect.bisect_left(instants, instant) + 1
    wh = register_before(register, after, instant)
    if wh is None:
        return Boundary(instant, None, None)
    wh -= _lift(register, max(after - 1, 0))
    return Boundary(instant, wh, rounded_fraction_kwh(wh, decimals))


def _lift(register: Register, index: int) -> Fraction:
    """Tell by how much the cumulative register is above what the meter shows."""
    begun = [each for each in register.breaks | register.rollovers if each <= index]
    first = max(begun, default=0)
    return Fraction(register.points[first].wh) - Fraction(register.shown[first].wh)


def _decided(one: ConnectorEnergy, interval: Interval) -> Part:
    """Find the part that the rule is of, the longest of several; else the whole."""
    parts = parts_of(one.register, (interval.start, interval.end), one.presence)
    mine = [part for part in parts if part.rule == interval.rule]
    whole = Part(interval.start, interval.end, None, interval.rule)
    return max(mine, key=lambda part: part.end - part.start, default=whole)


def _breaks(
    register: Register,
    sources: _Sources,
    exchanges: Sequence[Exchange],
    connector: int,
    whole: Interval,
) -> Iterator[Break]:
    for index in sorted(register.breaks | register.rollovers):
        before, after = register.points[index - 1].instant, register.points[index].instant
        is_within = before < whole.end and after > whole.start
        if before == after:
            is_within = whole.start < after <= whole.end
        if not is_within:
            continue
        rule = Rule(register.break_rules.get(index, Rule.ROLLOVER))
        mine = (each for each in exchanges if each.connector == connector)
        stated = (each for each in mine if rule is Rule.EXCHANGE and before <= each.at <= after)
        old, new = (sources.of(each) for each in register.shown[index - 1 : index + 1])
        yield Break(rule, old, new, next(stated, None))


def _offline(
    online: Sequence[Span], interval: Interval, until: datetime
) -> Iterator[tuple[datetime | None, datetime | None]]:
    """Give the gaps of the connection that touch an interval; short ones are none."""
    ended: datetime | None = None
    for start, end in sorted(span for span in online if span[1] > span[0]):
        is_gap = ended is None or start - ended >= SHORT_GAP
        if is_gap and start > interval.start and (ended is None or ended < interval.end):
            yield ended, start
        ended = end if ended is None else max(ended, end)
    if ended is None or (ended < until and ended < interval.end):
        yield ended, None


def _unread(known: Known, said: Sequence[Reading], interval: Interval) -> Iterator[Evidence]:
    """Give what told of energy and was no register, from an interval's start on."""
    instants = sorted(each for each in known.presence.unread if each > interval.start)[:MOST]
    for instant in instants:
        readings = tuple(one for one in said if one.instant == instant)
        if readings:
            yield Evidence(readings, None)


# ---------------------------------------------------------------- what it came in


def with_said(explanation: Explanation, said: Mapping[Reading, Said]) -> Explanation:
    """Add the messages in which the readings came."""

    def told(one: Evidence) -> Evidence:
        found = dict.fromkeys(said[each] for each in one.readings if each in said)
        return replace(one, said=tuple(found))

    parts = [
        replace(
            part,
            used=tuple(map(told, part.used)),
            set_aside=tuple(map(told, part.set_aside)),
            breaks=tuple(
                replace(each, before=told(each.before), after=told(each.after))
                for each in part.breaks
            ),
        )
        for part in explanation.connectors
    ]
    unread = tuple(map(told, explanation.unread))
    return replace(explanation, connectors=tuple(parts), unread=unread)


def index_of(grid: Sequence[datetime], instant: datetime) -> int:
    """Find the interval that an instant lies in or ends; named by its end, as in files."""
    return bisect.bisect_left(grid, instant) - 1
