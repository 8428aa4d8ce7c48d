"""
Time for the devices and the utility's servers; the only file of this room that reads a clock.

Rule 1: nothing here or above sleeps. Who has to do something later leaves an *alarm*: an
instant and what to do then (`Clock.call_at`).
Rule 2: who has started something that must end before time moves *holds* the clock: a frame
that waits for its answer, a file on its way, a line being set up (`Clock.hold`).
Rule 3: in virtual time an instant is left only when nobody holds the clock. Alarms ring one
after the other, in the order of their instants and, within an instant, in the order in which
they were set; the next rings only when all that the last one started has ended.

So one order of events exists, whatever the sockets do, and a day costs what its frames cost.
Rule 3 also is the danger: a hold that nobody releases stops time. That is not waited out in
silence: `TimeStandsStill` names every hold.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
import traceback
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from simulators.errors import TimeStandsStill

Wake = Callable[[], Awaitable[None]]


class Alarm(Protocol):
    """Something to be done at an instant, as long as nobody cancels it."""

    def cancel(self) -> None:
        """Take the alarm back; one that has rung or was cancelled is left alone."""


class Hold:
    """A reason why time must not move. Release it, or use it in a ``with``."""

    def __init__(self, reason: str, on_release: Callable[[Hold], None]) -> None:
        self.reason = reason
        self._on_release: Callable[[Hold], None] | None = on_release

    def release(self) -> None:
        """Let time move again, as far as this hold goes; a second release does nothing."""
        on_release, self._on_release = self._on_release, None
        if on_release is not None:
            on_release(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


class Clock(Protocol):
    """What a device needs of time. Instants are aware datetimes in UTC."""

    def now(self) -> datetime:
        """Tell the present instant."""

    def call_at(self, instant: datetime, wake: Wake) -> Alarm:
        """Run ``wake()`` once ``instant`` has come; time stands still until it has ended."""

    def hold(self, reason: str) -> Hold:
        """Keep time from moving until the hold is released."""


class BenchClock(Clock, Protocol):
    """What a bench needs besides, which lets time pass."""

    async def settle(self) -> None:
        """Wait until all that was begun at this instant has ended."""

    async def advance_to(self, target: datetime) -> None:
        """Let time pass up to ``target``."""


async def real_pause(seconds: float, until: asyncio.Event) -> None:
    """
    Wait in the machine's time, but no longer than until the event.

    For what is about the speed of a line, which no virtual clock can show, and before what is real.
    """
    waiting = asyncio.ensure_future(until.wait())
    try:
        await asyncio.wait([waiting], timeout=seconds)
    finally:
        waiting.cancel()


def stopwatch() -> Callable[[], float]:
    """Start a watch, and give what tells the real seconds since then."""
    start = time.perf_counter()
    return lambda: time.perf_counter() - start


class _RealAlarm:
    def __init__(self, delay_s: float, wake: Wake) -> None:
        self._wake = wake
        self._task: asyncio.Task[None] | None = None
        self._handle = asyncio.get_running_loop().call_later(delay_s, self._ring)

    def _ring(self) -> None:
        # Kept, or the loop's weak reference would let the task be collected half-way.
        self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        try:
            await self._wake()
        except Exception as error:
            # Nobody awaits an alarm, so its failure goes where the loop's failures go.
            asyncio.get_running_loop().call_exception_handler(
                {"message": "an alarm failed", "exception": error}
            )

    def cancel(self) -> None:
        self._handle.cancel()


class RealClock:
    """
    The time of the machine. Holding it does nothing: real time waits for nobody.

    Parameters:
        start: where it begins now; None for where the machine's stands.
        factor: how many of its seconds pass in one of the machine's.
    """

    def __init__(self, start: datetime | None = None, factor: int = 1) -> None:
        self._start = start
        self._factor = factor
        self._elapsed_s = stopwatch()

    def now(self) -> datetime:
        """Tell the time in UTC."""
        if self._start is None:
            return datetime.now(UTC)
        return self._start.astimezone(UTC) + timedelta(seconds=self._elapsed_s() * self._factor)

    def call_at(self, instant: datetime, wake: Wake) -> Alarm:
        """Run ``wake()`` once ``instant`` has come, at once where it has passed."""
        ahead_s = (instant - self.now()).total_seconds() / self._factor
        return _RealAlarm(max(0.0, ahead_s), wake)

    def hold(self, reason: str) -> Hold:
        """Give a hold that keeps nothing."""
        return Hold(reason, lambda _: None)

    async def settle(self) -> None:
        """Wait for nothing: nobody can tell when all that was begun in real time has ended."""

    async def advance_to(self, target: datetime) -> None:
        """Wait until ``target`` has come."""
        ahead_s = (target - self.now()).total_seconds() / self._factor
        await real_pause(max(0.0, ahead_s), asyncio.Event())


class _VirtualAlarm:
    def __init__(self, wake: Wake) -> None:
        self.wake: Wake | None = wake

    def cancel(self) -> None:
        self.wake = None


class VirtualClock:
    """
    The time of a scenario: it stands until the bench moves it, and moves as rule 3 says.

    Parameters:
        start: the first instant, aware, in UTC.
        patience_s: how many real seconds an instant may last before `TimeStandsStill`.
    """

    def __init__(self, start: datetime, patience_s: float = 20.0) -> None:
        if start.utcoffset() is None:
            raise ValueError(f"the clock starts at an aware instant, not at {start!r}")
        self._now = start.astimezone(UTC)
        self._patience_s = patience_s
        self._alarms: list[tuple[datetime, int, _VirtualAlarm]] = []
        self._order = itertools.count()
        self._holds: dict[Hold, None] = {}
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._moving = False

    def now(self) -> datetime:
        """Tell the scenario's instant."""
        return self._now

    def call_at(self, instant: datetime, wake: Wake) -> Alarm:
        """Run ``wake()`` when the bench moves time to ``instant``, at once where it has passed."""
        alarm = _VirtualAlarm(wake)
        heapq.heappush(self._alarms, (max(instant, self._now), next(self._order), alarm))
        return alarm

    def hold(self, reason: str) -> Hold:
        """Keep this instant from being left."""
        hold = Hold(reason, self._release)
        self._holds[hold] = None
        self._quiet.clear()
        return hold

    def _release(self, hold: Hold) -> None:
        del self._holds[hold]
        if not self._holds:
            self._quiet.set()

    @property
    def held_by(self) -> tuple[str, ...]:
        """Why time stands still, oldest reason first."""
        return tuple(hold.reason for hold in self._holds)

    async def settle(self) -> None:
        """
        Wait, in real time, until nobody holds the present instant.

        Raises:
            TimeStandsStill: If somebody still does when the patience is used up.
        """
        if not self._holds:
            return
        try:
            async with asyncio.timeout(self._patience_s):
                # Who releases the last hold may take a new one before this task runs again.
                while self._holds:
                    await self._quiet.wait()
        except TimeoutError:
            raise TimeStandsStill(self._now, self._patience_s, self.held_by) from None

    async def advance_to(self, target: datetime) -> None:
        """
        Let time pass up to ``target``, ringing every alarm on the way.

        Raises:
            TimeStandsStill: If an instant cannot be left.
            Exception: Whatever an alarm raised.
        """
        if self._moving:
            raise RuntimeError("time is moved by one hand only: the bench's")
        self._moving = True
        try:
            await self.settle()
            while (instant := self.soonest()) is not None and instant <= target:
                await self._come_to(instant)
                if (wake := self._due()) is not None:
                    await self._ring(wake)
                    await self.settle()
            await self._come_to(target)
        finally:
            self._moving = False

    def soonest(self) -> datetime | None:
        """Give the instant of the next alarm; None where nobody has left one."""
        while self._alarms and self._alarms[0][2].wake is None:
            heapq.heappop(self._alarms)
        return self._alarms[0][0] if self._alarms else None

    async def _come_to(self, instant: datetime) -> None:
        """Let it be an instant, or later; clocks that are bound to others have to wait for it."""
        self._now = max(self._now, instant)

    def _due(self) -> Wake | None:
        """Take the alarm that rings next, if its time has come."""
        instant = VirtualClock.soonest(self)
        if instant is None or instant > self.now():
            return None
        return heapq.heappop(self._alarms)[2].wake

    async def _ring(self, wake: Wake) -> None:
        try:
            async with asyncio.timeout(self._patience_s) as patience:
                await wake()
        except TimeoutError as error:
            if not patience.expired():
                raise
            name = getattr(wake, "__qualname__", repr(wake))
            reason = f"an alarm: {name}{_waiting_at(error)}"
            raise TimeStandsStill(self._now, self._patience_s, (reason, *self.held_by)) from None


def _waiting_at(error: TimeoutError) -> str:
    """Tell where in the code it was that the time ran out: the three innermost places."""
    cancelled = error.__cause__
    if cancelled is None:
        return ""
    frames = traceback.extract_tb(cancelled.__traceback__)[-3:]
    places = (f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames)
    return f", which waits at {' > '.join(places)}"
