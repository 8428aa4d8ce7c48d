"""
What each RFID card has taken at one connector, out of the connector's register (ISE-21).

Rule 1: a card's energy is the rise of the register within its sessions. The register is rounded
at the boundaries of the intervals and at the start and end of each session, by the rule of
`backend.core.intervals`; so a card's energies sum to the rounded difference of its sessions, and
those of all cards with what no session took are the connector's, to the last digit.
Rule 2: a connector serves one session at a time. One that began later ends an earlier one, whose
end is not known or cannot be, so that no energy is counted for two cards.
Rule 3: in no session a card has taken nothing: 0, and W, also while a charger is offline. Within a
session its energy is known as well as the charger's: the worst of the parts counts.
Rule 4: where the register rose between two readings and a session began or ended between them,
what falls to which side is a guess: E.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from backend.core.intervals import RULES, Interval, Presence, add_up, make_intervals
from backend.core.registers import Register

UNATTRIBUTED = ""
"""In place of a card: what was taken in no session, or by a card that is not asked for."""

_NOTHING = Decimal(0)
_SEVERITY = {rule: place for place, rule in enumerate(RULES)}


@dataclass(frozen=True, slots=True)
class CardSession:
    """
    A session, and whose it is.

    Attributes:
        card: its name; `UNATTRIBUTED` for a card that is not asked for.
        start, end: in UTC; one that is open ends at the present instant.
    """

    card: str
    start: datetime
    end: datetime


def shares(
    register: Register,
    grid: Sequence[datetime],
    sessions: Iterable[CardSession],
    presence: Presence,
    decimals: int,
    until: datetime,
) -> dict[str, list[Interval]]:
    """
    Divide a connector's intervals among cards.

    Parameters:
        register, grid, presence, decimals, until: as `make_intervals` takes them.
        sessions: of the connector, in any order.

    Returns:
        The intervals of each card that has a session within the grid, and of `UNATTRIBUTED`.
    """
    owned = _one_at_a_time(sessions)
    edges = {instant for one in owned for instant in (one.start, one.end)}
    cuts = sorted({*grid, *(edge for edge in edges if grid[0] < edge < grid[-1])})
    step = grid[1] - grid[0]
    pieces = make_intervals(register, cuts, presence, decimals, until, step)
    unsure = _between_readings(register, edges)
    parts: dict[str, dict[int, list[Interval]]] = {UNATTRIBUTED: {}}
    for piece in pieces:
        owner = _owner_of(piece, owned)
        if piece.start in unsure or piece.end in unsure:
            piece = _divided(piece)
        place = bisect.bisect_right(grid, piece.start) - 1
        parts.setdefault(owner, {}).setdefault(place, []).append(piece)
    return {card: _whole(found, grid, until) for card, found in parts.items()}


def unknown_within(
    grid: Sequence[datetime], sessions: Iterable[CardSession], until: datetime
) -> dict[str, list[Interval]]:
    """
    Give the intervals of cards in sessions of which no connector is known.

    Whose register has risen cannot be told, so what they touch is missing.
    """
    spans: dict[str, list[CardSession]] = {}
    for one in sessions:
        spans.setdefault(one.card, []).append(one)
    found: dict[str, list[Interval]] = {}
    for card, mine in spans.items():
        parts: dict[int, list[Interval]] = {}
        for place, (start, end) in enumerate(pairwise(grid)):
            if any(one.start < end and one.end > start for one in mine):
                parts[place] = [Interval(start, end, None, RULES["unread"][0], "unread")]
        found[card] = _whole(parts, grid, until)
    return found


def _one_at_a_time(sessions: Iterable[CardSession]) -> list[CardSession]:
    """Give sessions that follow each other, those that last in order of time."""
    # A Stop of which nothing else is known makes a session of no length; it ends no other.
    lasting = (one for one in sessions if one.start < one.end)
    ordered = sorted(lasting, key=lambda one: (one.start, one.end, one.card))
    ends = [min(one.end, after.start) for one, after in pairwise(ordered)]
    ends += [one.end for one in ordered[-1:]]
    # Of those that begin together the last one follows; `_owner_of` finds no other.
    return [replace(one, end=end) for one, end in zip(ordered, ends, strict=True)]


def _owner_of(piece: Interval, owned: Sequence[CardSession]) -> str:
    """Give the card in whose session a piece lies; no session's edge is within a piece."""
    index = bisect.bisect_right(owned, piece.start, key=lambda one: one.start) - 1
    if index >= 0 and piece.end <= owned[index].end:
        return owned[index].card
    return UNATTRIBUTED


def _between_readings(register: Register, edges: Iterable[datetime]) -> set[datetime]:
    """Give the edges that lie within a rise of the register."""
    points = register.points
    found = set()
    for edge in edges:
        after = bisect.bisect_left(points, edge, key=lambda point: point.instant)
        is_between = 0 < after < len(points) and points[after].instant != edge
        # At a break, too: that nothing is counted across weighs more there.
        if is_between and points[after].wh != points[after - 1].wh:
            found.add(edge)
    return found


def _divided(piece: Interval) -> Interval:
    if _SEVERITY[piece.rule] >= _SEVERITY["divided"]:
        return piece
    return replace(piece, status=RULES["divided"][0], rule="divided")


def _whole(
    parts: Mapping[int, Sequence[Interval]], grid: Sequence[datetime], until: datetime
) -> list[Interval]:
    """Give all intervals of a grid, each the sum of its parts."""
    whole = []
    for place, (start, end) in enumerate(pairwise(grid)):
        if place in parts:
            whole.append(replace(add_up(parts[place]), start=start, end=end))
        else:
            whole.append(nothing(start, end))
        if end > until:
            rule = "future"
            whole[-1] = Interval(start, end, None, RULES[rule][0], rule)
    return whole


def nothing(start: datetime, end: datetime) -> Interval:
    """Give an interval in which a card was in no session."""
    return Interval(start, end, _NOTHING, RULES["no-session"][0], "no-session")
