"""
The time of the machine; the only file of the backend that reads a clock.

On a bench its place is taken by a virtual clock of the same shape (`backend.ports.Clock`).
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from backend.ports import Alarm, Hold, Wake


class _RealHold:
    """Holding real time does nothing: it waits for nobody."""

    def release(self) -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Do nothing."""


class _RealAlarm:
    def __init__(self, delay_s: float, wake: Wake) -> None:
        self._wake = wake
        self._task: asyncio.Task[None] | None = None
        self._handle = asyncio.get_running_loop().call_later(delay_s, self._ring)

    def _ring(self) -> None:
        # Kept here, as the loop holds its tasks only weakly.
        self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        try:
            await self._wake()
        except Exception as error:
            # Nobody awaits an alarm, so what it raised is told to the loop.
            asyncio.get_running_loop().call_exception_handler(
                {"message": "an alarm of the backend failed", "exception": error}
            )

    def cancel(self) -> None:
        """Take the alarm back; one that has rung is left alone."""
        self._handle.cancel()


class RealClock:
    """The time of the machine, in UTC."""

    def now(self) -> datetime:
        """Tell the present instant."""
        return datetime.now(UTC)

    def call_at(self, instant: datetime, wake: Wake) -> Alarm:
        """Run ``wake()`` once ``instant`` has come, at once where it has passed."""
        return _RealAlarm(max(0.0, (instant - self.now()).total_seconds()), wake)

    def hold(self, reason: str) -> Hold:
        """Give a hold that keeps nothing."""
        return _RealHold()
