"""A charger on a real WebSocket, a central system of a few lines, and a clock."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from simulators.charger_inch import Card, ChargerInch, Setup
from simulators.clock import VirtualClock
from simulators.wiretap import Wiretap

START = datetime(2025, 6, 3, 6, 0, tzinfo=UTC)
ANNA = Card(bytes.fromhex("77FD2AFA"), "Anna")

Frame = list[Any]


class CentralSystem:
    """Accepts what it is sent; its answers can be changed, and it can ask."""

    def __init__(self, identities: tuple[str, ...] = ("WB-1",)) -> None:
        self.identities = identities
        self.answers: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {}
        self.subprotocol = "ocpp1.6"
        self.refusal = HTTPStatus.NOT_FOUND
        self.silent_on = ""
        self.received: list[Frame] = []
        self.transactions = 0
        self._server: Server | None = None
        self._lines: list[ServerConnection] = []
        self._asked: dict[str, asyncio.Future[Frame]] = {}
        self._port = 0
        self._news = asyncio.Event()

    async def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._server = await serve(
            self._talk,
            "127.0.0.1",
            self._port,
            max_size=None,
            subprotocols=[Subprotocol(self.subprotocol)],
            process_request=self._know,
        )
        self._port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and close every line."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    @property
    def address(self) -> str:
        """The endpoint, without an identity."""
        return f"ws://127.0.0.1:{self._port}/ocpp"

    def _know(self, line: ServerConnection, request: Request) -> Response | None:
        if request.path not in [f"/ocpp/{identity}" for identity in self.identities]:
            return line.respond(self.refusal, "no\n")
        return None

    async def _talk(self, line: ServerConnection) -> None:
        self._lines.append(line)
        async for text in line:
            frame = json.loads(text)
            self.received.append(frame)
            self._news.set()
            if frame[0] == 2 and frame[2] != self.silent_on:
                answer = self._answer(frame[2], frame[3])
                if answer is None:
                    error = [4, frame[1], "InternalError", "asked to fail", {}]
                    await line.send(json.dumps(error))
                else:
                    await line.send(json.dumps([3, frame[1], answer]))
            elif frame[0] != 2:
                self._asked[frame[1]].set_result(frame)

    def _answer(self, action: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        if action in self.answers:
            return self.answers[action](payload)
        if action == "BootNotification":
            return {"status": "Accepted", "currentTime": "2025-06-03T06:00:00Z", "interval": 3600}
        if action == "StartTransaction":
            self.transactions += 1
            return {"transactionId": self.transactions, "idTagInfo": {"status": "Accepted"}}
        if action == "Authorize":
            return {"idTagInfo": {"status": "Accepted"}}
        return {"currentTime": "2025-06-03T06:00:00Z"} if action == "Heartbeat" else {}

    async def ask(self, action: str, payload: Any, number: str = "s1") -> Frame:
        """Send a CALL and give the frame that answers it."""
        return await self.say(json.dumps([2, number, action, payload]), number)

    async def say(self, text: str, number: str) -> Frame:
        """Send any text and give the frame that answers it under a message id."""
        self._asked[number] = asyncio.get_running_loop().create_future()
        await self._lines[-1].send(text)
        return await self._asked[number]

    async def heard(self, action: str) -> None:
        """Wait until a CALL of an action has come in."""
        while action not in self.actions:
            self._news.clear()
            await self._news.wait()

    def calls(self, action: str) -> list[dict[str, Any]]:
        """The payloads of all CALLs of an action."""
        return [frame[3] for frame in self.received if frame[0] == 2 and frame[2] == action]

    @property
    def actions(self) -> list[str]:
        """The actions of all CALLs."""
        return [frame[2] for frame in self.received if frame[0] == 2]


class Site:
    """A charger, a central system and a clock."""

    def __init__(
        self,
        setup: Setup | None = None,
        seed: int = 1,
        memory: Path | None = None,
        start: datetime = START,
    ) -> None:
        self.clock = VirtualClock(start)
        self.tap = Wiretap(self.clock)
        self.backend = CentralSystem()
        self.charger = ChargerInch(
            "WB-1",
            self.clock,
            self.tap,
            random.Random(seed),
            setup=setup or Setup(),
            memory=memory,
        )

    async def until(self, hour: int, minute: int = 0, day: int = 3) -> None:
        """Let time pass up to a time in UTC."""
        await self.clock.advance_to(datetime(2025, 6, day, hour, minute, tzinfo=UTC))

    async def settle(self) -> None:
        """Let this instant come to its end."""
        await self.clock.settle()

    async def charge(self) -> None:
        """Plug in and show Anna's card."""
        await self.charger.plug_in()
        await self.charger.show_card(ANNA)
        await self.settle()


def on_site(
    live: Callable[[Site], Awaitable[None]],
    setup: Setup | None = None,
    *,
    connected: bool = True,
    memory: Path | None = None,
    start: datetime = START,
) -> Site:
    """Live through something at a site, then look for what was left behind."""

    async def run() -> Site:
        site = Site(setup, memory=memory, start=start)
        async with AsyncExitStack() as stack:
            await site.backend.start()
            stack.push_async_callback(site.backend.stop)
            stack.push_async_callback(site.charger.close)
            if connected:
                await site.charger.connect(site.backend.address)
            await live(site)
        assert site.clock.held_by == ()
        return site

    return asyncio.run(run())
