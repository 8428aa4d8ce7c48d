"""
A charger that says what it is told, frame for frame.

Where a scenario is about particular registers or about a frame that no healthy charger
sends, the emulated INCH would be in the way. A puppet only keeps to the wire's manners: one
outstanding call, and an answer to every call it gets.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import ssl
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.headers import build_authorization_basic
from websockets.typing import Subprotocol

from harness.central import Error
from simulators.clock import Clock
from simulators.errors import NotPossible
from simulators.wiretap import Wiretap

ANSWER_LIMIT_S = 10.0
"""How many real seconds an answer may take."""


Answer = Mapping[str, Any] | Error | Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""What a call is answered with, or what makes it of the call's payload."""


class Puppet:
    """
    A charger on a string. Its frames are noted in the wiretap under its identity.

    Attributes:
        on_line: told the identity and whether the line is up.
        greets: whether it says Heartbeat as soon as its line is up.
        password: what it gives with its identity when it dials (Basic, OCPP-J §6); None: nothing.
        answers: what it answers to a central system's calls, by action; what stands not here is
            answered with the least that the schema allows.
    """

    def __init__(self, identity: str, clock: Clock, tap: Wiretap) -> None:
        self.identity = identity
        self.on_line: Callable[[str, bool], None] | None = None
        self.greets = True
        self.password: str | None = None
        self.answers: dict[str, Answer] = {}
        self._clock = clock
        self._tap = tap
        self._url = ""
        self._line: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._waiting: dict[str, asyncio.Future[list[object]]] = {}
        self._ids = itertools.count(1)

    async def connect(self, url: str) -> None:
        """Open the line to the central system at ``url``."""
        self._url = f"{url.rstrip('/')}/{quote(self.identity, safe='')}"
        await self.restore_line()

    async def restore_line(self) -> None:
        """Open the line (again)."""
        with self._clock.hold(f"{self.identity} opens its line"):
            self._line = await self._dial(self._url, self.password)
            self._tell(up=True)
            self._reader = asyncio.create_task(self._read(self._line))
            if self.greets:
                await self.call("Heartbeat", {})

    async def is_let_in(self, password: str | None, *, in_the_clear: bool = False) -> bool:
        """
        Tell whether a line comes up that is dialled otherwise; it is closed again.

        It bears no certificate, and trusts whoever answers: it is for the other end to refuse it.
        """
        url = self._url.replace("wss://", "ws://", 1) if in_the_clear else self._url
        with self._clock.hold(f"{self.identity} dials otherwise"):
            try:
                line = await self._dial(url, password)
            except (InvalidHandshake, OSError):
                return False
            self._tell(up=True)
            await line.close()
            self._tell(up=False)
        return True

    @property
    def tls_version(self) -> str | None:
        """What its line is encrypted with, like ``TLSv1.3``; None: nothing."""
        spoken = self._open_line().transport.get_extra_info("ssl_object")
        return None if spoken is None else str(spoken.version())

    async def _dial(self, url: str, password: str | None) -> ClientConnection:
        credentials = {}
        if password is not None:
            credentials["Authorization"] = build_authorization_basic(self.identity, password)
        return await connect(
            url,
            subprotocols=[Subprotocol("ocpp1.6")],
            compression=None,
            proxy=None,
            additional_headers=credentials,
            ssl=_trusting() if url.startswith("wss:") else None,
        )

    async def cut_line(self) -> None:
        """Break the line as a pulled cable does for the far end: without a closing handshake."""
        line, reader = self._line, self._reader
        self._line = self._reader = None
        if line is None or reader is None:
            return
        line.transport.abort()
        await reader
        await line.wait_closed()
        self._tell(up=False)

    async def close(self) -> None:
        """Hang up politely."""
        line, reader = self._line, self._reader
        self._line = self._reader = None
        if line is None or reader is None:
            return
        await line.close()
        await reader
        self._tell(up=False)

    async def call(self, action: str, payload: object) -> list[object]:
        """Send a CALL with the next message id and give the whole answering frame."""
        unique_id = f"p{next(self._ids)}"
        return await self._call(unique_id, json.dumps([2, unique_id, action, payload]))

    async def say(self, text: str) -> None:
        """
        Send ``text`` as it is, and wait until it has been dealt with.

        A frame may be such that no answer is due. The central system reads in order, so the
        answer to a Heartbeat sent behind it says that it has been read.
        """
        line = self._open_line()
        self._tap.note("ocpp1.6", self.identity, "backend", text)
        await line.send(text)
        await self.call("Heartbeat", {})

    async def _call(self, unique_id: str, text: str) -> list[object]:
        line = self._open_line()
        answer: asyncio.Future[list[object]] = asyncio.get_running_loop().create_future()
        self._waiting[unique_id] = answer
        try:
            with self._clock.hold(f"{self.identity} waits for the answer to {text[:60]}"):
                self._tap.note("ocpp1.6", self.identity, "backend", text)
                await line.send(text)
                async with asyncio.timeout(ANSWER_LIMIT_S):
                    return await answer
        finally:
            self._waiting.pop(unique_id, None)

    def _open_line(self) -> ClientConnection:
        if self._line is None:
            raise NotPossible("say anything", self.identity, "its line is cut; restore it first")
        return self._line

    async def _read(self, line: ClientConnection) -> None:
        try:
            async for frame in line:
                text = frame if isinstance(frame, str) else frame.decode()
                with self._clock.hold(f"{self.identity} reads {text[:60]}"):
                    self._tap.note("ocpp1.6", "backend", self.identity, text)
                    await self._take(line, json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(
                        NotPossible("wait for an answer", self.identity, "the line broke")
                    )

    async def _take(self, line: ClientConnection, frame: list[object]) -> None:
        if frame[0] == 2:
            answer = json.dumps(self._answer(frame[1], str(frame[2]), frame[3]))
            self._tap.note("ocpp1.6", self.identity, "backend", answer)
            await line.send(answer)
            return
        waiting = self._waiting.get(str(frame[1]))
        if waiting is not None and not waiting.done():
            waiting.set_result(frame)

    def _answer(self, unique_id: object, action: str, payload: object) -> list[object]:
        told = self.answers.get(action)
        if isinstance(told, Error):
            return [4, unique_id, told.code, told.description, {}]
        if callable(told):
            told = told(payload if isinstance(payload, dict) else {})
        return [3, unique_id, dict(told) if told is not None else _answer(action, payload)]

    def _tell(self, *, up: bool) -> None:
        if self.on_line is not None:
            self.on_line(self.identity, up)


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _answer(action: str, payload: object) -> dict[str, object]:
    """Answer a central system's CALL with the least that its schema allows."""
    if action == "GetConfiguration":
        keys = payload.get("key", []) if isinstance(payload, dict) else []
        return {"configurationKey": [], "unknownKey": keys}
    if action == "ChangeConfiguration":
        return {"status": "NotSupported"}
    return {"status": "Rejected"}
