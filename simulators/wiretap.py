"""
What crossed the wires, as it was sent, with the time and the direction.

Every verdict is read from here and from the delivered files. A device's I/O notes each frame
at its socket, after sending and before reading it: what is in the tap was on the wire.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from simulators.clock import Clock

LINE_WIRE = "line"
"""The wire of a crossing that is no frame: a charger's line went ``up`` or ``down``."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """
    One thing that went from one party to another.

    Attributes:
        at: the instant on the scenario's clock, aware, in UTC.
        wire: what carried it: ``ocpp1.6``, ``sftp``, ``modbus`` and others, or ``hand`` for what a
            person did; docs/reference/recording-format.md has all of them.
        sender: the party it came from, by its name on the bench.
        receiver: the party it went to.
        text: the frame, verbatim; bytes that are no text in hex; of files and hands one line of
            JSON.
    """

    at: datetime
    wire: str
    sender: str
    receiver: str
    text: str


class Wiretap:
    """
    The list of crossings of a scenario, in the order in which they happened.

    Parameters:
        clock: tells when they happened.
        keeps: whether they are kept; else only the listeners learn of them, as is right for what
            runs without an end.
    """

    def __init__(self, clock: Clock, *, keeps: bool = True) -> None:
        self._clock = clock
        self._keeps = keeps
        self._listeners: list[Callable[[Crossing], None]] = []
        self.crossings: list[Crossing] = []

    def listen(self, listener: Callable[[Crossing], None]) -> None:
        """Tell ``listener`` of every crossing from now on, at its very moment."""
        self._listeners.append(listener)

    def unlisten(self, listener: Callable[[Crossing], None]) -> None:
        """Tell ``listener`` no more."""
        self._listeners.remove(listener)

    def note(self, wire: str, sender: str, receiver: str, text: str) -> None:
        """Keep what has just gone over ``wire``."""
        crossing = Crossing(self._clock.now(), wire, sender, receiver, text)
        if self._keeps:
            self.crossings.append(crossing)
        for listener in tuple(self._listeners):
            listener(crossing)
