"""A charger with its page, and a backend of a few lines: for tests of the page."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import aiohttp
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request
from websockets.typing import Subprotocol

from simulators.charger_inch import Card, ChargerInch, Setup
from simulators.charger_inch.web_io import WebPage
from simulators.clock import Clock, RealClock, VirtualClock
from simulators.wiretap import Wiretap

START = datetime(2025, 6, 3, 6, 0, tzinfo=UTC)
ANNA = Card(bytes.fromhex("77FD2AFA"), "Anna")

Json = dict[str, Any]


@dataclass
class LittleBackend:
    """
    Accepts what it is sent, from whoever calls.

    Attributes:
        calls: identity, action and payload of all that it was sent.
        news: set when something is sent.
        is_called: set when somebody opens a line.
        may_open: lines are opened only while it is set.
    """

    calls: list[tuple[str, str, Json]] = field(default_factory=list)
    is_called: asyncio.Event = field(default_factory=asyncio.Event)
    may_open: asyncio.Event = field(default_factory=asyncio.Event)
    transactions: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)
    _server: Server | None = None

    async def start(self) -> None:
        """Listen on a free port."""
        self.may_open.set()
        self._server = await serve(
            self._talk,
            "127.0.0.1",
            0,
            subprotocols=[Subprotocol("ocpp1.6")],
            process_request=self._open,
        )

    async def stop(self) -> None:
        """Close every line."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    @property
    def address(self) -> str:
        """The endpoint, without an identity."""
        assert self._server is not None
        return f"ws://127.0.0.1:{next(iter(self._server.sockets)).getsockname()[1]}/ocpp"

    async def _open(self, line: ServerConnection, request: Request) -> None:
        self.is_called.set()
        await self.may_open.wait()

    async def _talk(self, line: ServerConnection) -> None:
        assert line.request is not None
        identity = unquote(line.request.path.rpartition("/")[2])
        # A line that is cut ends without a word.
        with contextlib.suppress(ConnectionClosed):
            async for text in line:
                frame = json.loads(text)
                if frame[0] == 2:
                    self.calls.append((identity, frame[2], frame[3]))
                    self.news.set()
                    await line.send(json.dumps([3, frame[1], self._answer(frame[2])]))

    def _answer(self, action: str) -> Json:
        accepted = {"idTagInfo": {"status": "Accepted"}}
        if action == "BootNotification":
            return {"status": "Accepted", "currentTime": "2025-06-03T06:00:00Z", "interval": 300}
        if action == "StartTransaction":
            self.transactions += 1
            return {"transactionId": self.transactions, **accepted}
        if action == "Authorize":
            return accepted
        return {"currentTime": "2025-06-03T06:00:00Z"} if action == "Heartbeat" else {}

    async def heard(self, action: str) -> None:
        """Wait until somebody has sent it."""
        while action not in [one for _, one, _ in self.calls]:
            self.news.clear()
            await self.news.wait()

    def actions_of(self, identity: str) -> list[str]:
        """What a charger has sent."""
        return [action for name, action, _ in self.calls if name == identity]


@dataclass
class Site:
    """A charger, its page, its backend, and a browser without eyes."""

    clock: Clock
    backend: LittleBackend
    charger: ChargerInch
    page: WebPage
    session: aiohttp.ClientSession

    async def get(self, path: str = "state", **headers: str) -> tuple[int, Json]:
        """Ask for something and give status and JSON."""
        async with self.session.get(self.page.address + path, headers=headers) as answer:
            return answer.status, await answer.json()

    async def state(self) -> Json:
        """Give what the page shows."""
        status, told = await self.get()
        assert 200 == status
        return told

    async def post(self, path: str, fields: object = None, **headers: str) -> tuple[int, Json]:
        """Send JSON and give status and JSON."""
        body = json.dumps({} if fields is None else fields)
        headers = {"Content-Type": "application/json", **headers}
        url = self.page.address + path
        async with self.session.post(url, data=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def settle(self) -> None:
        """Let this instant come to its end, in virtual time."""
        assert isinstance(self.clock, VirtualClock)
        await self.clock.settle()

    async def refused(self, path: str, fields: object = None) -> tuple[int, str]:
        """Send what is refused and give status and sentence."""
        status, told = await self.post(path, fields)
        return status, told["error"]


@contextlib.asynccontextmanager
async def a_site(
    *,
    real: bool = False,
    setup: Setup | None = None,
    memory: Path | None = None,
    cards: tuple[Card, ...] = (ANNA,),
    push_every_s: float = 0.1,
) -> AsyncIterator[Site]:
    """Put up a site whose charger has booted, and take it down."""
    clock: Clock = RealClock() if real else VirtualClock(START)
    backend = LittleBackend()
    async with contextlib.AsyncExitStack() as stack:
        await backend.start()
        stack.push_async_callback(backend.stop)
        charger = ChargerInch(
            "WB-1", clock, Wiretap(clock), random.Random(1), setup=setup, memory=memory
        )
        stack.push_async_callback(charger.close)
        page = WebPage(charger, clock, cards=cards, push_every_s=push_every_s)
        await page.start()
        stack.push_async_callback(page.stop)
        await charger.connect(backend.address)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield Site(clock, backend, charger, page, session)
