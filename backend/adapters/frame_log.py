"""The last frames of each charger, for people to look at: in memory, and without their secrets."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import datetime

from backend.ports import Clock

FRAMES_KEPT = 200
"""So many of a charger are kept."""
SIGNS_KEPT = 4_000
"""So much of each is kept."""


@dataclass(frozen=True, slots=True)
class SeenFrame:
    """A frame that crossed the wire; ``incoming``: from the charger."""

    at: datetime
    incoming: bool
    text: str


class FrameLog:
    """Keeps what it is shown; the oldest goes first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._frames: defaultdict[str, deque[SeenFrame]] = defaultdict(
            lambda: deque(maxlen=FRAMES_KEPT)
        )

    def add(self, identity: str, incoming: bool, text: str) -> None:
        """Keep a frame, whose secrets are masked already."""
        if len(text) > SIGNS_KEPT:
            text = f"{text[:SIGNS_KEPT]}… ({len(text)} signs)"
        self._frames[identity].append(SeenFrame(self._clock.now(), incoming, text))

    def of(self, identity: str, most: int = FRAMES_KEPT) -> list[SeenFrame]:
        """Give the newest frames of a charger, newest first."""
        frames = self._frames.get(identity, ())
        return list(reversed(frames))[:most]
