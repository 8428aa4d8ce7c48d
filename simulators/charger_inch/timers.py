"""What a charger waits for, and in which order it does what is due at one instant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum

Handler = Callable[[datetime], None]


class Timer(Enum):
    """What a charger waits for; what is due at one instant is done in this order."""

    RESTART = 1
    BOOT = 2
    HEARTBEAT = 3
    LIMIT = 4
    FULL = 5
    ALLOWANCE = 6
    SAMPLE = 7
    ALIGNED = 8
    CONNECTION = 9
    RESERVATION = 10
    STATUS = 11
    DIAGNOSTICS = 12
    FIRMWARE = 13


class Timers:
    """The instants that are waited for, each with what is to be done then."""

    def __init__(self) -> None:
        self._due: dict[Timer, datetime] = {}
        self._handlers: dict[Timer, Handler] = {}

    def on(self, timer: Timer, handler: Handler) -> None:
        """Say once what is done when ``timer`` is due; it is given the instant that was due."""
        self._handlers[timer] = handler

    def set(self, timer: Timer, due: datetime | None) -> None:
        """Wait until ``due`` instead of whatever was waited for; None: wait no more."""
        if due is None:
            self._due.pop(timer, None)
        else:
            self._due[timer] = due

    def cancel(self, *timers: Timer) -> None:
        """Wait for these no more."""
        for timer in timers:
            self._due.pop(timer, None)

    def clear(self) -> None:
        """Wait for nothing any more."""
        self._due.clear()

    def is_set(self, timer: Timer) -> bool:
        """Tell whether it is waited for."""
        return timer in self._due

    @property
    def next_due(self) -> datetime | None:
        """The first instant at which something is due."""
        return min(self._due.values(), default=None)

    def run(self, now: datetime) -> None:
        """Do all that is due up to ``now``, each with its own instant."""
        while self._due:
            due, _, timer = min((due, timer.value, timer) for timer, due in self._due.items())
            if due > now:
                break
            del self._due[timer]
            self._handlers[timer](due)
