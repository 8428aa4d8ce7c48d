"""A backend on a virtual clock, and chargers that answer its commands as they are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from backend import Backend, Settings
from simulators.clock import VirtualClock

START = datetime(2025, 6, 3, 6, 0, tzinfo=UTC)
LIMIT_S = 10
TOKEN = "0123456789abcdef0123456789abcdef"

Json = dict[str, Any]
Answer = Json | str | None
"""A payload, the whole text of a frame with ``{id}`` for the message id, or None for silence."""

SETTINGS = """
[backend]
port = 0
database = "backend.sqlite"
answer_limit_s = 1
[[account]]
name = "Stadtwerke"
[[station]]
account = "Stadtwerke"
identity = "WB-1"
name = "Dorfplatz"
profile = "etrel_inch"
[[station]]
account = "Stadtwerke"
identity = "WB-2"
[[card]]
account = "Stadtwerke"
id_tag = "77FD2AFA"
[[card]]
account = "Stadtwerke"
id_tag = "04AABBCC"
status = "Blocked"
"""

WEB = f"""
[web]
port = 0
token = "{TOKEN}"
"""

BOOT = {
    "chargePointVendor": "ETREL",
    "chargePointModel": "INCH",
    "chargePointSerialNumber": "4711",
}


class ScriptedCharger:
    """
    A charger that answers commands.

    Attributes:
        answers: by action; what is not there is answered with the status Accepted.
        asked: the actions and payloads that came, in order.
    """

    def __init__(self, line: ClientConnection) -> None:
        self.line = line
        self.answers: dict[str, Answer | Callable[[Json], Answer]] = {}
        self.asked: list[tuple[str, Json]] = []
        self.ids: list[str] = []
        self._heard = asyncio.Event()
        self._own = 0
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._reader = asyncio.ensure_future(self._read())

    async def call(self, action: str, payload: object) -> Any:
        """Send a request and give the frame that answers it."""
        self._own += 1
        number = f"c{self._own}"
        self._waiting[number] = asyncio.get_running_loop().create_future()
        await self.line.send(json.dumps([2, number, action, payload]))
        async with asyncio.timeout(LIMIT_S):
            return await self._waiting[number]

    async def heard(self, count: int) -> None:
        """Wait until so many commands have come."""
        async with asyncio.timeout(LIMIT_S):
            while len(self.asked) < count:
                self._heard.clear()
                await self._heard.wait()

    def payloads(self, action: str) -> list[Json]:
        """Give what came of one action."""
        return [payload for name, payload in self.asked if name == action]

    async def close(self) -> None:
        """Hang up."""
        await self.line.close()
        await self._reader

    async def _read(self) -> None:
        with suppress(ConnectionClosed):
            async for text in self.line:
                frame = json.loads(text)
                if frame[0] != 2:
                    self._waiting[frame[1]].set_result(frame)
                    continue
                self.asked.append((frame[2], frame[3]))
                self.ids.append(frame[1])
                self._heard.set()
                await self._answer(frame)

    async def _answer(self, frame: Any) -> None:
        answer = self.answers.get(frame[2], {"status": "Accepted"})
        if callable(answer):
            answer = answer(frame[3])
        if isinstance(answer, str):
            await self.line.send(answer.replace("{id}", frame[1]))
        elif answer is not None:
            await self.line.send(json.dumps([3, frame[1], answer]))


class CommandSite:
    """A backend on a virtual clock."""

    def __init__(self, folder: Path, text: str = SETTINGS) -> None:
        self.clock = VirtualClock(START, patience_s=LIMIT_S)
        self.settings = Settings.from_toml(text, {}, folder=folder)
        self._ended = asyncio.Event()
        self.backend = Backend(self.settings, self.clock, self._tell)

    def _tell(self, identity: str, up: bool) -> None:
        if not up:
            self._ended.set()

    async def line_ended(self) -> None:
        """Wait until the end of a line has been kept."""
        async with asyncio.timeout(LIMIT_S):
            await self._ended.wait()

    async def __aenter__(self) -> CommandSite:
        await self.backend.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.backend.stop()

    @asynccontextmanager
    async def charger(
        self, identity: str = "WB-1", boot: Json | None = BOOT
    ) -> AsyncIterator[ScriptedCharger]:
        """Connect a charger and let it boot."""
        address = f"{self.backend.address}/{quote(identity, safe='')}"
        names = [Subprotocol("ocpp1.6")]
        async with connect(address, subprotocols=names, compression=None, proxy=None) as line:
            charger = ScriptedCharger(line)
            try:
                if boot is None:
                    await charger.call("Heartbeat", {})
                else:
                    await charger.call("BootNotification", boot)
                yield charger
            finally:
                await charger.close()

    async def rules(self, identity: str = "WB-1") -> list[str]:
        """Give the names of the deviations so far."""
        return [one.leniency.rule for one in await self.backend.deviations(identity)]
