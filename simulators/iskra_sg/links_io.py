"""
What both kinds of links share: they push at their instants, and are tried again after pauses.

Rule 1: everything is in the clock's time: the next push, the next attempt. While one of them goes
on the clock is held, or an alarm that has not ended holds it.
Rule 2: a link is opened where the settings have it and the gateway is online, and closed where not;
`settle` compares, after whatever may have changed that.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

from simulators.clock import Alarm
from simulators.iskra_sg import GatewaySg
from simulators.iskra_sg.device import Gateway, Place
from simulators.iskra_sg.push_times import PushTimes, pause
from simulators.iskra_sg.settings import Link


class LinkWire(ABC):
    """
    One of the two push/publish links, as long as it is of one kind.

    Parameters:
        gateway: whose it is.
        number: 1 or 2.
    """

    kind = ""
    """Which kind of the settings it serves."""

    def __init__(self, gateway: GatewaySg, number: int) -> None:
        self._gateway = gateway
        self.number = number
        self._times = PushTimes(number)
        self._is_started = False
        self._open_with: Link | None = None
        self._failures = 0
        self._push_alarm: Alarm | None = None
        self._retry_alarm: Alarm | None = None
        self._settling = asyncio.Lock()
        gateway.listen(self.settle)
        gateway.faults.listen(self.settle)

    @property
    def link(self) -> Link:
        """How it is set."""
        settings = self._gateway.now.settings
        return settings.link_1 if self.number == 1 else settings.link_2

    @property
    def name(self) -> str:
        """What holds and errors call it."""
        return f"link {self.number} of {self._gateway.name}"

    async def start(self) -> None:
        """Open it, where the settings have it."""
        self._is_started = True
        await self.settle()

    async def stop(self) -> None:
        """Close it."""
        self._is_started = False
        await self.settle()

    async def settle(self) -> None:
        """Open or close it as settings and network say now, and push when they say."""
        async with self._settling:
            link, now = self.link, self._gateway.now
            is_wanted = self._is_started and link.kind == self.kind
            if self._open_with is not None and not (
                is_wanted and now.is_online and link == self._open_with
            ):
                self._open_with = None
                await self._close()
            if not is_wanted or not now.is_online:
                self._cancel_retry()
                self._failures = 0
                if is_wanted:
                    self._say("No network")
            elif self._open_with is None and self._retry_alarm is None:
                await self._try(link)
            self._arm(is_wanted)

    async def _try(self, link: Link) -> None:
        with self._gateway.clock.hold(f"{self.name} connects to {link.server}:{link.port}"):
            why_not = await self._open(link)
        if why_not is None:
            self._open_with, self._failures = link, 0
            self._say("Connected")
        else:
            self._failed(why_not)

    def _failed(self, why: str) -> None:
        """Try again after a pause that grows with each failure."""
        self._say(why)
        self._failures += 1
        clock = self._gateway.clock
        self._retry_alarm = clock.call_at(clock.now() + pause(self._failures), self._retry)

    async def _retry(self) -> None:
        self._retry_alarm = None
        await self.settle()

    def _cancel_retry(self) -> None:
        if self._retry_alarm is not None:
            self._retry_alarm.cancel()
            self._retry_alarm = None

    def _say(self, state: str) -> None:
        self._gateway.now.link_states[self.number] = state

    # ------------------------------------------------------------------ pushing

    def _arm(self, is_wanted: bool) -> None:
        if self._push_alarm is not None:
            self._push_alarm.cancel()
            self._push_alarm = None
        instant = self._times.arm(self._gateway.now) if is_wanted else None
        if instant is not None:
            self._push_alarm = self._gateway.clock.call_at(instant, self._ring)

    async def _ring(self) -> None:
        self._push_alarm = None
        now = self._gateway.now
        due = self._times.due(now)
        self._arm(is_wanted=True)
        if due:
            await self._push(now, due)

    # ------------------------------------------------------------------ what each kind does

    @abstractmethod
    async def _open(self, link: Link) -> str | None:
        """Open it; give why it cannot be, or None."""

    @abstractmethod
    async def _close(self) -> None:
        """Close it."""

    @abstractmethod
    async def _push(self, gateway: Gateway, places: list[Place]) -> None:
        """Push what is due now."""
