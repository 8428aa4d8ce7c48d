"""
When a link pushes which devices, and when it tries again to be connected.

Rule 1: with an interval of N seconds a device is pushed whenever the gateway's own clock shows a
multiple of N seconds since 1970 (ASSUMED): 900 s are the quarter hours.
Rule 2: a clock that is set forward over a multiple makes it due at once; one that is set back makes
it wait until its clock shows it.
Rule 3: after each attempt that failed the pause doubles, up to `PAUSE_LIMIT` (ASSUMED).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from simulators.iskra_sg.device import Gateway, Place
from simulators.iskra_sg.local_clock import EPOCH
from simulators.iskra_sg.settings import Push, Slot

FIRST_PAUSE, PAUSE_LIMIT = timedelta(seconds=1), timedelta(minutes=5)


def pause(failures: int, first: timedelta = FIRST_PAUSE) -> timedelta:
    """Tell how long to wait after so many failures in a row."""
    return min(first * (1 << min(failures - 1, 20)), max(first, PAUSE_LIMIT))


def push_of(slot: Slot, link: int) -> Push:
    """Give what is set for a device and a link."""
    return slot.link_1 if link == 1 else slot.link_2


class PushTimes:
    """When one link pushes."""

    def __init__(self, link: int) -> None:
        self._link = link
        self._marks: dict[int, datetime] = {}

    def arm(self, gateway: Gateway) -> datetime | None:
        """Look ahead, and tell when to look at `due` again; None for never."""
        shown = gateway.clock.shows(gateway.at)
        self._marks = {}
        for index, slot in enumerate(gateway.settings.slots):
            push = push_of(slot, self._link)
            if push.enabled and slot.kind != "disabled":
                step = timedelta(seconds=push.interval_s)
                self._marks[index] = shown + step - (shown - EPOCH) % step
        if not self._marks:
            return None
        next_mark = gateway.clock.when(min(self._marks.values()))
        return min(next_mark, gateway.clock_steady_until)

    def due(self, gateway: Gateway) -> list[Place]:
        """Give the places whose instant has come since it was armed, in their order."""
        shown = gateway.clock.shows(gateway.at)
        return [
            place
            for place in gateway.places()
            if place.index in self._marks and self._marks[place.index] <= shown
        ]
