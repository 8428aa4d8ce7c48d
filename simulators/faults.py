"""
Faults: small named things that go wrong on purpose.

A fault is a frozen dataclass whose fields are its settings, each with its unit in the name. It
holds no state and does nothing by itself: the device asks `Faults.active` at the place where
the fault bites. Each device's own faults stand in its room; this file knows none of them.

Faults are switched on and off while the device runs, or scheduled for a span of the scenario's
time. Every change is told to the listeners (a server that must close its door) and, where a
wiretap is given, noted there under the wire ``hand``.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, TypeVar

if TYPE_CHECKING:
    # Types only: the cores of devices know faults, and must not come to know a clock by that.
    from simulators.clock import Alarm, Clock
    from simulators.wiretap import Wiretap

Listener = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """
    The base of every fault.

    Attributes:
        name: what people call it, in kebab case; unique within a device.
    """

    name: ClassVar[str] = "fault"


AnyFault = TypeVar("AnyFault", bound=Fault)


class Schedule:
    """A fault that comes and goes by the clock; cancel what has not happened yet."""

    def __init__(self, alarms: tuple[Alarm, ...]) -> None:
        self._alarms = alarms

    def cancel(self) -> None:
        """Take back what has not rung; a fault that is on stays on."""
        for alarm in self._alarms:
            alarm.cancel()


class Faults:
    """
    The faults that are on at one device.

    Parameters:
        clock: the scenario's clock, for schedules.
        tap: where changes are noted; None where nobody records.
        device: the device's name on the bench, as the receiver of the note; or what gives it,
            where it can change.
        on: what is on from the start.
    """

    def __init__(
        self,
        clock: Clock,
        tap: Wiretap | None = None,
        device: str | Callable[[], str] = "",
        on: Iterable[Fault] = (),
    ) -> None:
        self._clock = clock
        self._tap = tap
        self._device = device
        self._on: list[Fault] = list(on)
        self._listeners: list[Listener] = []

    @property
    def on(self) -> tuple[Fault, ...]:
        """What is on, oldest first."""
        return tuple(self._on)

    def active(self, kind: type[AnyFault]) -> AnyFault | None:
        """Give the fault of this kind that is on, the newest where there are several."""
        for fault in reversed(self._on):
            if isinstance(fault, kind):
                return fault
        return None

    def listen(self, listener: Listener) -> None:
        """Have ``listener()`` awaited after every change."""
        self._listeners.append(listener)

    async def switch_on(self, fault: Fault) -> None:
        """Let ``fault`` bite from now on."""
        self._on.append(fault)
        await self._changed(fault, on=True)

    async def switch_off(self, fault: Fault | type[Fault]) -> None:
        """End this fault, or all of this kind; one that is not on is left alone."""
        ended = [one for one in self._on if one == fault or type(one) is fault]
        for one in ended:
            self._on.remove(one)
            await self._changed(one, on=False)

    def schedule(self, fault: Fault, start: datetime, until: datetime) -> Schedule:
        """
        Let ``fault`` bite from ``start`` until just before ``until`` (aware instants).

        Raises:
            ValueError: If the span is empty.
        """
        if until <= start:
            raise ValueError(
                f"{fault.name} from {start.isoformat()} until {until.isoformat()} never is: "
                "give an end after the start"
            )

        async def begin() -> None:
            await self.switch_on(fault)

        async def end() -> None:
            await self.switch_off(fault)

        return Schedule((self._clock.call_at(start, begin), self._clock.call_at(until, end)))

    def note(self, fault: Fault, *, on: bool) -> None:
        """Note in the wiretap that a fault is on or off from now on; nothing else happens."""
        if self._tap is not None:
            note = {"fault": fault.name, "on": on, **dataclasses.asdict(fault)}
            device = self._device if isinstance(self._device, str) else self._device()
            self._tap.note("hand", "bench", device, json.dumps(note, separators=(",", ":")))

    async def _changed(self, fault: Fault, *, on: bool) -> None:
        self.note(fault, on=on)
        for listener in self._listeners:
            await listener()
