"""
Lines that stay open: logged-in connections to servers, used by one delivery after the other.

Rule 1: a line belongs to a destination with all of its settings; other settings, other line.
Rule 2: a line that has carried a delivery may have died since. When it breaks, the delivery
begins again, once, over one that was opened later; a line that was new fails its delivery.
Rule 3: what goes on beside a delivery never fails it. Where a server takes no further line
while others are under way, these must do; to wait for one of them takes none of its time.
Rule 4: a delivery that is given up takes its line with it, so that nothing of it comes later;
the others on that line begin again over another.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from backend.errors import (
    CertificateChanged,
    DeliveryError,
    HostKeyChanged,
    LineBroken,
    Unreachable,
)
from backend.ports import Alarm, Clock

if TYPE_CHECKING:
    from backend.adapters.upload import Connection, Session

T = TypeVar("T")

#: How long a line stays open that nobody uses.
IDLE = timedelta(seconds=30)
#: How old a line becomes: host key and certificate are looked at again, and TLS sessions, which
#: data connections go on in, are still known to the server (OpenSSL forgets them after 5 minutes).
LIFETIME = timedelta(minutes=4)


class NoFurtherLine(Exception):
    """The server takes no further line now, and others are open; nothing was sent."""


@dataclass(eq=False, slots=True)
class Line:
    """
    A line and who uses it.

    Attributes:
        opened_at: when.
        users: how many deliveries go over it now.
        is_proven: whether one has ended over it.
        is_given_up: whether it was cut because of another delivery.
        alarm: when it is closed, unless somebody uses it before.
    """

    connection: Connection
    session: Session
    opened_at: datetime
    users: int = 0
    is_proven: bool = False
    is_given_up: bool = False
    alarm: Alarm | None = None


class Way:
    """
    The lines to one destination.

    Parameters:
        clock: tells when a line has been idle for long enough.
        connect: opens a line.
        most: how many deliveries may be under way.
        users_most: how many of them may share a line.
        idle: how long a line stays open that nobody uses; nothing for not at all.
    """

    def __init__(
        self,
        clock: Clock,
        connect: Callable[[], Awaitable[Connection]],
        most: int,
        users_most: int,
        idle: timedelta,
    ) -> None:
        self._clock = clock
        self._connect = connect
        self._most = most
        self._users_most = users_most
        self._idle = idle
        self._users = 0
        self._lines: list[Line] = []
        self._opening = asyncio.Lock()
        self._free = asyncio.Condition()

    @property
    def is_unused(self) -> bool:
        """Whether nothing is open, and nobody wants it to be."""
        return not self._lines and not self._users

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait until one more delivery may be under way."""
        async with self._free:
            await self._free.wait_for(lambda: self._users < self._most)
            self._users += 1
        try:
            yield
        finally:
            self._users -= 1
            async with self._free:
                self._free.notify()

    async def carry(self, work: Callable[[Session], Coroutine[Any, Any, T]]) -> T:
        """
        Have work done over a line, that of another or a new one.

        Raises:
            NoFurtherLine: If it has to wait for another's.
            DeliveryError: If there is no line, or the work cannot be done.
        """
        is_second = False
        while True:
            line = await self._taken()
            was_proven = line.is_proven
            try:
                return await self._carry_over(line, work)
            except (LineBroken, Unreachable):
                if not line.is_given_up:
                    if is_second or not was_proven:
                        raise
                    is_second = True

    async def _carry_over(self, line: Line, work: Callable[[Session], Coroutine[Any, Any, T]]) -> T:
        try:
            done = await line.connection.carry(work(line.session))
        except (LineBroken, Unreachable):
            await self._lose(line)
            raise
        except DeliveryError:
            await self._put_back(line)
            raise
        except BaseException:
            await self._give_up(line)
            raise
        await self._put_back(line)
        return done

    async def _taken(self) -> Line:
        async with self._opening:
            for worn in [one for one in self._lines if not self._is_good(one)]:
                await self._close(worn)
            line = next((one for one in self._lines if self._has_room(one)), None)
            if line is None:
                line = await self._opened()
                self._lines.append(line)
            line.users += 1
            _still(line)
            return line

    def _has_room(self, line: Line) -> bool:
        return line.users < self._users_most and self._is_good(line)

    def _is_good(self, line: Line) -> bool:
        """Tell whether a further delivery may go over a line."""
        is_young = self._clock.now() < line.opened_at + LIFETIME
        return is_young and line.connection.is_sound

    async def _opened(self) -> Line:
        try:
            connection = await self._connect()
            try:
                return Line(connection, await connection.session(), self._clock.now())
            except BaseException:
                await connection.abort()
                raise
        except (HostKeyChanged, CertificateChanged):
            raise
        except DeliveryError:
            if not self._lines:
                raise
            self._most = max(1, sum(one.users for one in self._lines))
            raise NoFurtherLine from None

    async def _put_back(self, line: Line) -> None:
        line.users -= 1
        line.is_proven = True
        if line.users:
            return
        if self._idle and line in self._lines and self._is_good(line):

            async def close() -> None:
                await self._close(line)

            line.alarm = self._clock.call_at(self._clock.now() + self._idle, close)
            return
        if line in self._lines:
            self._lines.remove(line)
        await line.connection.close()

    async def _close(self, line: Line) -> None:
        if line in self._lines and not line.users:
            _still(line)
            self._lines.remove(line)
            await line.connection.close()

    async def _lose(self, line: Line) -> None:
        """Let go of a line that broke, and of those beside it, which may have, too."""
        line.users -= 1
        if line in self._lines:
            lines, self._lines = self._lines, []
            for one in lines:
                _still(one)
                if one is not line and not one.users:
                    await one.connection.abort()
        await line.connection.abort()

    async def _give_up(self, line: Line) -> None:
        line.users -= 1
        line.is_given_up = True
        if line in self._lines:
            self._lines.remove(line)
        await line.connection.abort()

    async def rest(self) -> None:
        """Close the lines that nobody uses."""
        for line in list(self._lines):
            await self._close(line)


def _still(line: Line) -> None:
    if line.alarm is not None:
        line.alarm.cancel()
        line.alarm = None
