"""The charger on a real WebSocket, against a central system of a few lines."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from simulators.charger_inch import Car, Card, ChargerInch, Setup, Status
from simulators.clock import VirtualClock
from simulators.errors import NotPossible
from simulators.wiretap import Wiretap

START = datetime(2025, 6, 3, 6, 0, tzinfo=UTC)
ANNA = Card(bytes.fromhex("77FD2AFA"), "Anna")

Frame = list[Any]


class CentralSystem:
    """Accepts what it is sent; its answers can be changed, and it can ask."""

    def __init__(self, identities: tuple[str, ...] = ("WB-1",)) -> None:
        self.identities = identities
        self.answers: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {}
        self.received: list[Frame] = []
        self.transactions = 0
        self._server: Server | None = None
        self._lines: list[ServerConnection] = []
        self._asked: dict[str, asyncio.Future[Frame]] = {}
        self._port = 0

    async def start(self) -> None:
        self._server = await serve(
            self._talk,
            "127.0.0.1",
            self._port,
            subprotocols=["ocpp1.6"],
            process_request=self._know,
        )
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    @property
    def address(self) -> str:
        return f"ws://127.0.0.1:{self._port}/ocpp"

    def _know(self, line: ServerConnection, request: Request) -> Response | None:
        if request.path not in [f"/ocpp/{identity}" for identity in self.identities]:
            return line.respond(HTTPStatus.NOT_FOUND, "unknown\n")
        return None

    async def _talk(self, line: ServerConnection) -> None:
        self._lines.append(line)
        async for text in line:
            frame = json.loads(text)
            self.received.append(frame)
            if frame[0] == 2:
                answer = self._answer(frame[2], frame[3])
                if answer is None:
                    error = [4, frame[1], "InternalError", "asked to fail", {}]
                    await line.send(json.dumps(error))
                else:
                    await line.send(json.dumps([3, frame[1], answer]))
            else:
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
        return await self.say(json.dumps([2, number, action, payload]), number)

    async def say(self, text: str, number: str) -> Frame:
        self._asked[number] = asyncio.get_running_loop().create_future()
        await self._lines[-1].send(text)
        return await self._asked[number]

    def calls(self, action: str) -> list[dict[str, Any]]:
        return [frame[3] for frame in self.received if frame[0] == 2 and frame[2] == action]

    @property
    def actions(self) -> list[str]:
        return [frame[2] for frame in self.received if frame[0] == 2]


class Site:
    """A charger, a central system and a clock."""

    def __init__(self, setup: Setup | None = None, seed: int = 1) -> None:
        self.clock = VirtualClock(START)
        self.tap = Wiretap(self.clock)
        self.backend = CentralSystem()
        self.charger = ChargerInch(
            "WB-1", self.clock, self.tap, random.Random(seed), setup=setup or Setup()
        )

    async def until(self, hour: int, minute: int = 0, day: int = 3) -> None:
        await self.clock.advance_to(datetime(2025, 6, day, hour, minute, tzinfo=UTC))

    async def settle(self) -> None:
        await self.clock.settle()

    async def charge(self) -> None:
        await self.charger.plug_in()
        await self.charger.show_card(ANNA)
        await self.settle()


def on_site(
    live: Callable[[Site], Awaitable[None]],
    setup: Setup | None = None,
    *,
    connected: bool = True,
) -> Site:
    """Live through something at a site, then look for what was left behind."""

    async def run() -> Site:
        site = Site(setup)
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


def aligned(seconds: int = 900, **more: str) -> Setup:
    return Setup(
        configuration={
            "ClockAlignedDataInterval": str(seconds),
            "MeterValueSampleInterval": "0",
            **more,
        }
    )


def test_it_boots_and_tells_the_status_of_both_connectors() -> None:
    """`connect` returns when the boot is accepted and both statuses are told."""

    async def live(site: Site) -> None:
        assert site.backend.actions == [
            "BootNotification",
            "StatusNotification",
            "StatusNotification",
        ]

    site = on_site(live)
    assert site.backend.calls("BootNotification") == [
        {
            "chargePointVendor": "ETREL",
            "chargePointModel": "INCH",
            "chargePointSerialNumber": "WB-1",
            "firmwareVersion": "1.12",
        }
    ]
    assert [told["connectorId"] for told in site.backend.calls("StatusNotification")] == [0, 1]
