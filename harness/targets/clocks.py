"""
The clock of a bench whose backend has a clock of its own.

`LinkedClock` moves both: an instant is left when neither the bench nor the backend has anything
under way, and the next is the sooner of the two. So a scenario gives the same frames and files as
with the bundled backend, whose clock is the bench's own.

`ScaledClock` is that of the machine, only faster: for a backend that can be told when to begin and
how fast its time shall run.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, cast

from harness.targets.control import ControlRefused
from harness.targets.errors import TargetTrouble
from harness.targets.target_file import SCALED, STEPPED, Target
from simulators.clock import VirtualClock, real_pause, stopwatch
from simulators.errors import TimeStandsStill

if TYPE_CHECKING:
    from harness.targets.foreign import ForeignBackend

LOOK_AGAIN_S = 0.005
"""How often the backend is looked at while the bench waits for it, in real seconds."""
LEAD_S = 3
"""So long before its day a scenario in scaled time begins, in real seconds: chargers connect."""
STANDS_MAX = 100
"""How often a backend may say that something is still due at an instant that it was moved to."""
QUIET_S = 0.02
"""How long nothing must be under way in scaled time, in real seconds."""


class Ask(Protocol):
    """How a target is asked for something, see `control.Control.ask`."""

    async def __call__(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Ask for something."""


class LinkedClock(VirtualClock):
    """
    The scenario's time, and the backend's with it.

    Parameters:
        start: the first instant, aware, in UTC.
        activity: counts what has crossed the wires; while it rises, something is under way.
        on_connected: told which chargers the backend takes for connected, where it says so.
    """

    def __init__(
        self,
        start: datetime,
        activity: Callable[[], int],
        on_connected: Callable[[Sequence[str]], None],
    ) -> None:
        super().__init__(start)
        self._activity = activity
        self._on_connected = on_connected
        self._ask: Ask | None = None
        self._their_next: datetime | None = None
        self._stood = 0

    async def link(self, ask: Ask) -> None:
        """Move the clock of a backend from now on."""
        self._ask = ask
        await self._lead({})

    def unlink(self) -> None:
        """Move nobody else's clock any more."""
        self._ask = self._their_next = None

    async def settle(self) -> None:
        """Wait until neither side has anything under way at this instant."""
        if self._ask is None:
            await super().settle()
            return
        try:
            async with asyncio.timeout(self._patience_s):
                while True:
                    before = self._activity()
                    await self._lead({})
                    if not self._holds and self._activity() == before:
                        return
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._quiet.wait(), LOOK_AGAIN_S)
        except TimeoutError:
            raise TimeStandsStill(self._now, self._patience_s, self.held_by) from None

    def soonest(self) -> datetime | None:
        """Give the instant at which the next happens, on either side."""
        found = [one for one in (super().soonest(), self._their_next) if one is not None]
        return min(found, default=None)

    async def _come_to(self, instant: datetime) -> None:
        before = self._now
        await super()._come_to(instant)
        if self._ask is not None:
            await self._lead({"to": self._now.isoformat()})
            await self.settle()
            self._must_move_on(before)

    def _must_move_on(self, before: datetime) -> None:
        """See that the backend does not say for ever that something is due at this instant."""
        is_due = self._their_next is not None and self._their_next <= self._now
        self._stood = self._stood + 1 if is_due and self._now == before else 0
        if self._stood > STANDS_MAX:
            raise TargetTrouble(
                f"/clock: the target was moved to {self._now} {self._stood} times, and says each "
                f"time that the next is due at {self._their_next}; let it happen before it answers"
            )

    async def _lead(self, body: dict[str, Any]) -> None:
        assert self._ask is not None  # noqa: S101 - asked before
        try:
            told = await self._ask("clock", body)
        except ControlRefused as refused:
            raise TargetTrouble(f"/clock: the target will not be moved: {refused}") from refused
        try:
            now, after = _instant(told["now"]), told.get("next")
            self._their_next = None if after is None else _instant(after)
        except (KeyError, TypeError, ValueError) as error:
            raise TargetTrouble(f"/clock: {told} is answered; see the protocol") from error
        if "to" in body and now != self._now:
            raise TargetTrouble(f"/clock: the target is at {now}, and was moved to {self._now}")
        if "connected" in told:
            connected = told["connected"]
            if not isinstance(connected, list) or not all(isinstance(o, str) for o in connected):
                raise TargetTrouble(
                    f"/clock: connected is {connected!r}, which is no list of texts"
                )
            self._on_connected(connected)


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.utcoffset() is None:
        raise ValueError(f"{text} bears no zone")
    return instant


class ScaledClock(VirtualClock):
    """
    The machine's time, beginning at another instant and running faster; it stands until `begin`.

    Parameters:
        start: the first instant, aware, in UTC.
        factor: how many seconds pass in one of the machine's.
    """

    def __init__(self, start: datetime, factor: int) -> None:
        super().__init__(start, patience_s=60.0)
        self._start = self._now
        self._factor = factor
        self._elapsed_s: Callable[[], float] = _nothing_yet

    def begin(self) -> None:
        """Let time run from the instant at which it stands."""
        self._start = self.now()
        self._elapsed_s = stopwatch()

    def now(self) -> datetime:
        """Tell the instant."""
        return self._start + timedelta(seconds=self._elapsed_s() * self._factor)

    async def settle(self) -> None:
        """Wait until nothing has been under way for a moment."""
        await super().settle()
        await real_pause(QUIET_S, asyncio.Event())
        await super().settle()

    async def _come_to(self, instant: datetime) -> None:
        ahead = (instant - self.now()).total_seconds()
        await real_pause(max(0.0, ahead / self._factor), asyncio.Event())
        await super()._come_to(instant)


def _nothing_yet() -> float:
    return 0.0


def clock_for(
    target: Target,
    start: datetime,
    activity: Callable[[], int],
    on_connected: Callable[[Sequence[str]], None],
) -> VirtualClock:
    """Give the clock of a scenario with a target; see `LinkedClock` for the parameters."""
    if target.time == STEPPED:
        return LinkedClock(start, activity, on_connected)
    if target.time == SCALED:
        return ScaledClock(start - LEAD_S * target.factor * timedelta(seconds=1), target.factor)
    return VirtualClock(start)


async def bind(clock: VirtualClock, backend: object) -> None:
    """Bind a scenario's clock to a target that has just come up."""
    if isinstance(clock, LinkedClock):
        await clock.link(cast("ForeignBackend", backend).control.ask)
    elif isinstance(clock, ScaledClock):
        clock.begin()


def unbind(clock: VirtualClock) -> None:
    """Let a target end, whose clock is no longer moved."""
    if isinstance(clock, LinkedClock):
        clock.unlink()
