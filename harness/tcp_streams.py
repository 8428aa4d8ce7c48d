"""
TCP segments to the bytes that each end was given, in order.

Segments may come out of order, twice, overlapping; those of both directions are put in order by
their sequence numbers (RFC 9293 §3.4). A byte is told when all before it are there, at the time of
the segment that closed the row. What never comes leaves a gap, behind which nothing is told: who
guesses where a message begins again may guess wrongly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from harness.capture import ACK, FIN, RST, SYN, Address, Segment

TURN = 2**32
WAITING_LIMIT = 4096
"""So many segments may wait for an earlier one; then it is taken for lost."""


@dataclass(eq=False, slots=True)
class Stream:
    """
    One connection.

    Attributes:
        ends: of whom it is, who opened it first where that was seen.
        is_whole: whether its opening was seen.
        missing_bytes: by direction how many bytes were missing in the first gap; it is known at
            the end.
    """

    ends: tuple[Address, Address]
    is_whole: bool
    ways: dict[Address, _Way] = field(default_factory=dict)
    is_over: bool = False

    @property
    def missing_bytes(self) -> dict[Address, int]:
        """By the end that sent them how many bytes were missing in the first gap."""
        return {end: gap for end, way in self.ways.items() if (gap := way.gap())}


@dataclass(frozen=True, slots=True)
class Heard:
    """
    What came next on a connection: bytes of one end; or none, when it is over.

    Attributes:
        number, at: of the segment that brought it.
        source: which end it came from.
    """

    stream: Stream
    number: int
    at: datetime
    source: Address
    data: bytes
    is_end: bool = False


@dataclass(slots=True)
class _Way:
    """One direction: what is due next, and what waits for it, by sequence number."""

    due: int
    waiting: dict[int, bytes] = field(default_factory=dict)
    is_finished: bool = False

    def take(self, sequence: int, data: bytes) -> bytes:
        """Take a segment, and give what is in order now."""
        if data and len(self.waiting) < WAITING_LIMIT:
            known = self.waiting.get(sequence, b"")
            self.waiting[sequence] = max(known, data, key=len)
        told = b""
        while (place := self._next()) is not None:
            data = self.waiting.pop(place)
            fresh = data[self._ahead(self.due, place) :]
            told += fresh
            self.due = (self.due + len(fresh)) % TURN
        return told

    def _next(self) -> int | None:
        return next((at for at in self.waiting if self._ahead(at, self.due) <= 0), None)

    def gap(self) -> int:
        """Give how many bytes are missing before what waits; 0 where nothing does."""
        return min((self._ahead(at, self.due) for at in self.waiting), default=0)

    @staticmethod
    def _ahead(one: int, other: int) -> int:
        """Give how far a sequence number is ahead of another, round the end of numbers."""
        return (one - other + TURN // 2) % TURN - TURN // 2


def streams(segments: Iterable[Segment]) -> Iterator[Heard]:
    """Give what each connection's ends were given, in the order of the segments."""
    open_ones: dict[frozenset[Address], Stream] = {}
    for segment in segments:
        key = frozenset((segment.source, segment.target))
        stream = open_ones.get(key)
        is_opening = segment.flags & (SYN | ACK) == SYN
        if stream is None or (is_opening and _is_new(stream, segment)):
            stream = open_ones[key] = Stream((segment.source, segment.target), is_opening)
        yield from _heard(stream, segment)


def _is_new(stream: Stream, segment: Segment) -> bool:
    """Tell a new connection between the same ends from an opening that was sent twice."""
    way = stream.ways.get(segment.source)
    return way is None or stream.is_over or way.due != (segment.sequence + 1) % TURN


def _heard(stream: Stream, segment: Segment) -> Iterator[Heard]:
    first = segment.sequence
    if segment.flags & SYN:
        first = (first + 1) % TURN
    way = stream.ways.setdefault(segment.source, _Way(first))
    told = way.take(first, segment.data)
    if told:
        yield Heard(stream, segment.number, segment.at, segment.source, told)
    way.is_finished = way.is_finished or bool(segment.flags & FIN)
    both = len(stream.ways) == 2 and all(one.is_finished for one in stream.ways.values())
    if (both or segment.flags & RST) and not stream.is_over:
        stream.is_over = True
        yield Heard(stream, segment.number, segment.at, segment.source, b"", is_end=True)
