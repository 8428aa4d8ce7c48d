"""
A register and a grid to the energy of each interval.

Rule 1: the register is interpolated at each boundary as an exact fraction and rounded once,
half up. The energy of an interval is the difference of two rounded registers, so the
energies of a period always sum to its rounded register difference, and none is negative.
Rule 2: the status says how the energy is known: W from the device, E interpolated from
readings further apart than the interval, F not known (VSE Metering Code §5.4; document 000
"IS-E interface (ePonet)"). The worst that holds anywhere within the interval counts.
Rule 3: a charger that is online and reports nothing has charged nothing: 0, and W. One that
reports something of energy which cannot be read has not been silent: nothing is known, and F.
Rule 4: no energy is counted across a break of the register.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from enum import StrEnum
from fractions import Fraction

from backend.core.registers import Point, Register, Rule

SHORT_GAP = timedelta(seconds=60)
"""A connection away for less than this was not away (ASSUMED)."""

Span = tuple[datetime, datetime]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EXACT = Context(prec=60)


class Status(StrEnum):
    """How an energy is known, in the letters of the file."""

    TRUE = "W"
    ESTIMATED = "E"
    MISSING = "F"


RULES: dict[str, tuple[Status, str]] = {
    "no-session": (Status.TRUE, "0: the card was in no session"),
    "idle-online": (Status.TRUE, "0: the charger was online and reported nothing"),
    "measured": (Status.TRUE, "from readings not further apart than the interval"),
    "idle-proven": (Status.ESTIMATED, "0: the register was the same before and after an outage"),
    "interpolated": (Status.ESTIMATED, "from readings further apart than the interval"),
    "divided": (Status.ESTIMATED, "a session began or ended between two readings"),
    "reception-time": (Status.ESTIMATED, "the charger's clock was wrong: placed when received"),
    "contested": (Status.ESTIMATED, "the register told two courses; the higher one counts"),
    "late-update": (Status.ESTIMATED, "the register stood still and then rose at once"),
    "meter-exchange": (Status.ESTIMATED, "the meter was exchanged; the settings say what it read"),
    "across-exchange": (Status.ESTIMATED, "the meter was exchanged; nothing is counted across"),
    "across-reset": (Status.ESTIMATED, "the register began anew; nothing is counted across"),
    "session-open": (Status.MISSING, "a session is open and its next reading has not come"),
    "unread": (Status.MISSING, "the charger told of energy in a way that cannot be used"),
    "impossible-rise": (Status.MISSING, "the register rose faster than the model can charge"),
    "contradicted": (Status.MISSING, "the power says a hundred times more than the register"),
    "offline": (Status.MISSING, "the charger was offline and no reading bridges the gap"),
    "not-read": (Status.MISSING, "the register has not been read yet"),
    "future": (Status.MISSING, "the interval has not ended yet"),
}
"""Why an interval is what it is: status, and one clause for a person. Later ones win."""

_BREAKS = {Rule.JUMP.value: "impossible-rise", Rule.EXCHANGE.value: "across-exchange"}
_SEVERITY = {rule: place for place, rule in enumerate(RULES)}


@dataclass(frozen=True, slots=True)
class Interval:
    """
    The energy of one interval.

    Attributes:
        start, end: in UTC.
        energy_kwh: rounded; None where it is missing, even if a part of it is known.
        status: how it is known.
        rule: why, a key of `RULES`.
    """

    start: datetime
    end: datetime
    energy_kwh: Decimal | None
    status: Status
    rule: str


@dataclass(frozen=True, slots=True)
class Presence:
    """
    When the charger was connected, and when a session was open.

    Attributes:
        online: spans of connection, in any order; one that lasts ends at ``until``.
        sessions: spans with a session open; likewise.
        unread: instants at which it told of energy without a register that can be used, in
            any order: a register that is no number, power that flows, an interval's energy.
        contradicted: spans in which its power contradicts its register, in any order.
    """

    online: tuple[Span, ...]
    sessions: tuple[Span, ...]
    unread: tuple[datetime, ...] = ()
    contradicted: tuple[Span, ...] = ()


def make_intervals(
    register: Register,
    grid: Sequence[datetime],
    presence: Presence,
    decimals: int,
    until: datetime,
    step: timedelta | None = None,
) -> list[Interval]:
    """
    Make the intervals of a grid.

    Parameters:
        register: of one connector; with a point before and one after the grid, if there are.
        grid: boundaries in order, in UTC; n + 1 of them make n intervals.
        presence: when the charger was there.
        decimals: of kWh, in the energies.
        until: up to when things are known; an interval that ends later is missing.
        step: the length that readings may be apart; each interval's own where left out. Parts
            of intervals are as well known as the whole.
    """
    rounded = _rounded_at(register, grid, decimals)
    lost = _lost_in_breaks(register, grid, decimals)
    rules = _rules_of(register, grid, presence, step)
    intervals = []
    for index, rule in enumerate(rules):
        start, end = grid[index], grid[index + 1]
        if end > until:
            rule = "future"
        status = RULES[rule][0]
        steps = rounded[index + 1] - rounded[index] - lost.get(index, 0)
        energy = None if status is Status.MISSING else _kwh(steps, decimals)
        intervals.append(Interval(start, end, energy, status, rule))
    return intervals


def add_up(parts: Sequence[Interval]) -> Interval:
    """Add up what belongs together in one interval: the worst status wins, with its rule."""
    worst = max(parts, key=lambda part: _SEVERITY[part.rule])
    if len(parts) == 1 or worst.energy_kwh is None:
        return worst
    energy = sum((part.energy_kwh or Decimal(0) for part in parts), Decimal(0))
    return Interval(worst.start, worst.end, energy, worst.status, worst.rule)


def worst_of(rules: Iterable[str]) -> str:
    """Give the rule that wins over the others."""
    return max(rules, key=_SEVERITY.__getitem__)


def rounded_kwh(wh: Decimal, decimals: int) -> Decimal:
    """Give a register in kWh, rounded half up, as the boundaries of intervals are."""
    return _kwh(_rounded(Fraction(wh), decimals), decimals)


def rounded_fraction_kwh(wh: Fraction, decimals: int) -> Decimal:
    """Give an exact register in kWh, rounded likewise."""
    return _kwh(_rounded(wh, decimals), decimals)


def _kwh(steps: int, decimals: int) -> Decimal:
    return Decimal(steps).scaleb(-decimals, context=_EXACT)


def _rounded(wh: Fraction, decimals: int) -> int:
    """Round Wh half up to whole steps of 10^-decimals kWh."""
    scale: int = 10**decimals
    return (2 * wh * scale + 1000) // 2000


# -- energies --------------------------------------------------------------------------


def _rounded_at(register: Register, grid: Sequence[datetime], decimals: int) -> list[int]:
    """Give the rounded register at each boundary; level before the first and behind the last."""
    points = register.points
    if not points:
        return [0] * len(grid)
    rounded = []
    after = 0  # index of the first point later than the boundary
    for boundary in grid:
        while after < len(points) and points[after].instant <= boundary:
            after += 1
        rounded.append(_rounded(_before(register, after, boundary), decimals))
    return rounded


def register_before(register: Register, after: int, instant: datetime) -> Fraction | None:
    """
    Give the register at an instant, in Wh, exactly; None where nothing was read at all.

    Parameters:
        register: of one connector.
        after: index of the point behind the instant; 0 before the first, their number behind
            the last.
        instant: the boundary of an interval.
    """
    return _before(register, after, instant) if register.points else None


def _before(register: Register, after: int, instant: datetime) -> Fraction:
    points = register.points
    if after == 0:
        return Fraction(points[0].wh)
    if after == len(points) or after in register.breaks:
        return Fraction(points[after - 1].wh)
    return _between(points[after - 1], points[after], instant)


def _between(before: Point, after: Point, instant: datetime) -> Fraction:
    """Interpolate exactly."""
    share = Fraction(
        (instant - before.instant) // _MICROSECOND, (after.instant - before.instant) // _MICROSECOND
    )
    return Fraction(before.wh) + share * (Fraction(after.wh) - Fraction(before.wh))


def _lost_in_breaks(register: Register, grid: Sequence[datetime], decimals: int) -> dict[int, int]:
    """Give by index of interval how far the register was lifted by breaks within it."""
    lost: dict[int, int] = {}
    for index in register.breaks:
        before, after = register.points[index - 1], register.points[index]
        # The lift shows at the first boundary that is not before the new epoch's first point.
        interval = bisect.bisect_left(grid, after.instant) - 1
        if 0 <= interval < len(grid) - 1:
            lift = _rounded(Fraction(after.wh), decimals) - _rounded(Fraction(before.wh), decimals)
            lost[interval] = lost.get(interval, 0) + lift
    return lost


# -- status ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """
    A part of an interval, between two readings or at an edge of what was read.

    Attributes:
        start, end: of the part.
        after: index of the point behind it, where there is one before it, too; else None.
        rule: why it is what it is.
    """

    start: datetime
    end: datetime
    after: int | None
    rule: str


def parts_of(register: Register, interval: Span, presence: Presence) -> list[Part]:
    """
    Give the parts of an interval, in order of time: the worst of their rules is the interval's.

    A contradiction by the power holds for the whole of it and is no part.
    """
    online = _Spans(presence.online, SHORT_GAP)
    instants = [point.instant for point in register.points]
    first = bisect.bisect_right(instants, interval[0])
    parts = _parts(register, first, interval, online, _Edges(presence, online))
    return [Part(*span, after, rule) for span, after, rule in parts]


def rules_at(
    register: Register, instants: Iterable[datetime], presence: Presence, step: timedelta
) -> list[str]:
    """
    Say how the register is known at some instants, by the rules that hold for intervals.

    Parameters:
        step: the length that readings may be apart, to be true between them.
    """
    online = _Spans(presence.online, SHORT_GAP)
    edges = _Edges(presence, online)
    contradicted = _Spans(presence.contradicted, timedelta(0))
    rules = []
    for instant in instants:
        rule = _rule_at(register, instant, step, online, edges)
        is_contradicted = contradicted.touch((instant - _MICROSECOND, instant + _MICROSECOND))
        rules.append("contradicted" if is_contradicted else rule)
    return rules


def _rule_at(
    register: Register, instant: datetime, step: timedelta, online: _Spans, edges: _Edges
) -> str:
    points = register.points
    after = bisect.bisect_right(points, instant, key=_instant_of)
    here = after - 1
    if here >= 0 and points[here].instant == instant:
        if here in register.by_reception:
            return "reception-time"
        return "meter-exchange" if here in register.by_settings else "measured"
    moment = (instant, instant)
    if 0 < after < len(points):
        return _rule_of_pair(register, after, step, moment, online)
    return edges.rule(moment, points[after].instant if after < len(points) else None)


def _instant_of(point: Point) -> datetime:
    return point.instant


def _rules_of(
    register: Register, grid: Sequence[datetime], presence: Presence, step: timedelta | None
) -> Iterator[str]:
    """Give the worst rule of each interval, in one walk along points and grid."""
    points = register.points
    online = _Spans(presence.online, SHORT_GAP)
    edges = _Edges(presence, online)
    contradicted = _Spans(presence.contradicted, timedelta(0))
    first = 0  # the pair (first - 1, first) is the earliest that may reach into the interval
    for interval in itertools.pairwise(grid):
        while first < len(points) and points[first].instant <= interval[0]:
            first += 1
        worst = "idle-online"
        for _, _, rule in _parts(register, first, interval, online, edges, step):
            if rule != worst:
                worst = max(worst, rule, key=_SEVERITY.__getitem__)
        if contradicted.touch(interval):
            worst = max(worst, "contradicted", key=_SEVERITY.__getitem__)
        yield worst


def _parts(
    register: Register,
    first: int,
    interval: Span,
    online: _Spans,
    edges: _Edges,
    step: timedelta | None = None,
) -> Iterator[tuple[Span, int | None, str]]:
    """Give the parts of an interval as they are in `Part`; done for each, so without one."""
    points = register.points
    start, end = interval
    index = first
    while True:
        begin = points[index - 1].instant if index > 0 else start
        finish = points[index].instant if index < len(points) else end
        overlap = max(begin, start), min(finish, end)
        if overlap[0] < overlap[1]:
            if 0 < index < len(points):
                rule = _rule_of_pair(register, index, step or end - start, overlap, online)
                yield overlap, index, rule
            else:
                bridge = points[index].instant if index < len(points) else None
                yield overlap, None, edges.rule(overlap, bridge)
        if finish >= end:
            return
        index += 1


def _rule_of_pair(
    register: Register, index: int, step: timedelta, overlap: Span, online: _Spans
) -> str:
    before, after = register.points[index - 1], register.points[index]
    if index in register.breaks:
        return _BREAKS.get(register.break_rules.get(index, ""), "across-reset")
    if after.wh != before.wh and {index - 1, index} & register.by_settings:
        return "meter-exchange"
    if index in register.doubtful:
        return "late-update"
    if after.wh != before.wh and {index - 1, index} & register.by_reception:
        return "reception-time"
    if after.wh != before.wh and index in register.contested:
        return "contested"
    if after.instant - before.instant <= step:
        return "measured"
    if after.wh != before.wh:
        return "interpolated"
    return "idle-online" if online.cover(overlap) else "idle-proven"


class _Edges:
    """Judges the time before the first point or behind the last."""

    def __init__(self, presence: Presence, online: _Spans) -> None:
        self._online = online
        self._sessions = _Spans(presence.sessions, timedelta(0))
        self._unread = sorted(presence.unread)

    def rule(self, overlap: Span, bridge: datetime | None) -> str:
        """
        Say why nothing, or nothing but 0, is known of a part of an interval.

        Parameters:
            overlap: the part.
            bridge: the first point after it, if there is one.
        """
        if not self._online.cover(overlap):
            return "offline"
        # What cannot be read tells of the time since the last register that could.
        later = bisect.bisect_right(self._unread, overlap[0])
        if later < len(self._unread) and (bridge is None or self._unread[later] <= bridge):
            return "unread"
        return "session-open" if self._sessions.touch(overlap) else "idle-online"


class _Spans:
    """Spans of time, joined where they overlap or are less than a gap apart."""

    def __init__(self, spans: Sequence[Span], gap: timedelta) -> None:
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []
        for start, end in sorted(spans):
            if end <= start:
                continue
            if self._ends and (start <= self._ends[-1] or start - self._ends[-1] < gap):
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def cover(self, span: Span) -> bool:
        """Tell whether one span holds all of this one."""
        index = bisect.bisect_right(self._starts, span[0]) - 1
        return index >= 0 and self._ends[index] >= span[1]

    def touch(self, span: Span) -> bool:
        """Tell whether any span shares time with this one."""
        index = bisect.bisect_left(self._starts, span[1]) - 1
        return index >= 0 and self._ends[index] > span[0]
