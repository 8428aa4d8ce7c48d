"""
The charger's line to its backend: OCPP 1.6 over WebSocket with JSON; no rule of the device.

What happens to the device, by hand, by frame or by clock, happens under one lock, and what the
device then wants to say is sent before the lock is given back: so one order of frames exists.
The clock is held while the line is set up, while a CALL is unanswered and while a request of the
backend is answered. A frame is noted in the wiretap after sending and before reading.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]
from ocpp import messages  # type: ignore[import-untyped]
from ocpp.exceptions import OCPPError  # type: ignore[import-untyped]
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from simulators.charger_inch.device import Call, Device, Refusal, Result
from simulators.clock import Alarm, Clock, Hold
from simulators.errors import NotPossible
from simulators.wiretap import Wiretap

WIRE = "ocpp1.6"
BACKEND = "backend"

OPEN_LIMIT_S = 10
"""How long, in real time, the backend may take to open and to close a line."""

ANSWER_LIMIT_S = 30
"""How long the backend may take for an answer before the charger drops the line (ASSUMED)."""

PING_S = 60
"""How often, in real time, the line is tried, and how long the answer may take."""

FRAME_LIMIT_BYTES = 2**20
"""The longest frame the charger reads."""

RECONNECT_FIRST_S = 10
RECONNECT_MOST_S = 300
RECONNECT_TRIES = 2_016
"""A lost line is tried again after 10, 20, 40 … 300 s, then every 300 s for a week (ASSUMED)."""

# The actions whose numbers have one decimal, which only Decimal can check (`multipleOf: 0.1`).
_WITH_DECIMALS = frozenset({"RemoteStartTransaction", "SetChargingProfile"})

# What a breach of the schema is called (OCPP-J 1.6 §4.2.3, errata 5.1, 5.2).
_CODES = {
    "type": "TypeConstraintViolation",
    "maxLength": "TypeConstraintViolation",
    "required": "ProtocolError",
    "minItems": "OccurenceConstraintViolation",
    "additionalProperties": "FormationViolation",
    "enum": "PropertyConstraintViolation",
    "multipleOf": "PropertyConstraintViolation",
}


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A CALL that is not answered yet, what holds the clock for it and what limits the wait."""

    number: str
    action: str
    hold: Hold
    limit: Alarm

    def end(self) -> None:
        self.limit.cancel()
        self.hold.release()


class OcppJsonLine:
    """
    The line of one charger.

    Parameters:
        device: the charger.
        clock: its time.
        tap: where its frames are noted.
        on_line: told whether the socket is up, at the moment at which that changes.
    """

    def __init__(
        self, device: Device, clock: Clock, tap: Wiretap, on_line: Callable[[bool], None]
    ) -> None:
        self._device = device
        self._clock = clock
        self._tap = tap
        self._on_line = on_line
        self._lock = asyncio.Lock()
        self._dialling = asyncio.Lock()
        self._wanted = False
        self._idle = asyncio.Event()
        self._url: str | None = None
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._waiting: _Waiting | None = None
        self._wake: tuple[datetime, Alarm] | None = None
        self._redial: Alarm | None = None
        self._tries = 0

    @property
    def is_up(self) -> bool:
        """Whether the socket is open."""
        return self._socket is not None

    async def connect(self, url: str) -> None:
        """
        Open the line for the first time and wait until nothing is left to be said now.

        Raises:
            NotPossible: If the backend cannot be reached or will not have this charger.
        """
        if self._url is not None:
            raise self._not_possible("connect", "it was connected before; use restore_line")
        self._url = f"{url.rstrip('/')}/{quote(self._device.identity, safe='')}"
        self._wanted = True
        try:
            await self._dial()
        except NotPossible:
            self._url = None
            raise
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                await self._idle.wait()
        except TimeoutError:
            raise self._not_possible(
                "connect", f"the backend at {self._url} does not answer; look into its log"
            ) from None
        if not self.is_up:
            raise self._not_possible(
                "connect", f"the backend at {self._url} closed the line during the start"
            )

    @contextlib.asynccontextmanager
    async def happening(self) -> AsyncIterator[datetime]:
        """Let something happen to the device; then send what it wants to say."""
        async with self._lock:
            try:
                yield self._clock.now()
            finally:
                await self._say()

    async def cut(self) -> None:
        """Break the line as a digger would: no closing handshake, and no attempt to reconnect."""
        self._give_up_dialling()
        if self._socket is not None:
            socket = self._socket
            self._lost()
            socket.transport.abort()
        await self._end_of_reading()

    async def restore(self) -> None:
        """Put the line right; where the backend does not answer, go on trying."""
        self._give_up_dialling()
        self._wanted = True
        await self._try_to_dial()

    async def close(self) -> None:
        """
        Close the line properly and leave nothing behind.

        Raises:
            Exception: What went wrong in the simulator while the line was read, if anything did.
        """
        self._give_up_dialling()
        if self._socket is not None:
            socket = self._socket
            with self._clock.hold(f"{self._device.identity} closes its line"):
                self._lost()
                await socket.close()
        if self._wake is not None:
            self._wake[1].cancel()
            self._wake = None
        await self._end_of_reading()
        if self._reader is not None:
            self._reader.result()

    async def _end_of_reading(self) -> None:
        if self._reader is not None:
            await asyncio.wait({self._reader})

    # ------------------------------------------------------------------ setting up

    async def _dial(self) -> None:
        async with self._dialling:
            if self._socket is not None:
                return
            with self._clock.hold(f"{self._device.identity} sets up its line"):
                socket = await self._open()
                if self._wanted:
                    await self._take_up(socket)
                else:
                    await socket.close()

    async def _take_up(self, socket: ClientConnection) -> None:
        async with self._lock:
            self._socket = socket
            self._tries = 0
            self._on_line(True)
            self._device.line_up(self._clock.now())
            await self._say()
            self._reader = asyncio.ensure_future(self._read(socket))

    async def _open(self) -> ClientConnection:
        url = self._url or ""
        try:
            socket = await connect(
                url,
                subprotocols=[Subprotocol(WIRE)],
                compression=None,
                proxy=None,
                open_timeout=OPEN_LIMIT_S,
                close_timeout=OPEN_LIMIT_S,
                ping_interval=PING_S,
                ping_timeout=PING_S,
                max_size=FRAME_LIMIT_BYTES,
            )
        except (OSError, WebSocketException) as error:
            raise self._not_possible("connect", _why_not(error, url)) from error
        if socket.subprotocol != WIRE:
            await socket.close()
            raise self._not_possible(
                "connect", f"what answers at {url} does not speak {WIRE}; check the address"
            )
        return socket

    def _not_possible(self, what: str, why: str) -> NotPossible:
        return NotPossible(what, f"charger {self._device.identity}", why)

    async def _try_to_dial(self) -> None:
        self._redial = None
        try:
            await self._dial()
        except NotPossible:
            self._dial_later()

    def _dial_later(self) -> None:
        if self._wanted and self._redial is None and self._tries < RECONNECT_TRIES:
            # Beyond 2⁵ the limit is reached anyhow.
            wait_s = min(RECONNECT_FIRST_S * 2 ** min(self._tries, 5), RECONNECT_MOST_S)
            self._tries += 1
            self._redial = self._clock.call_at(
                self._clock.now() + timedelta(seconds=wait_s), self._try_to_dial
            )

    def _give_up_dialling(self) -> None:
        self._wanted = False
        self._tries = 0
        if self._redial is not None:
            self._redial.cancel()
            self._redial = None

    # ------------------------------------------------------------------ the line as it goes

    async def _read(self, socket: ClientConnection) -> None:
        try:
            while True:
                frame = await socket.recv()
                async with self._lock:
                    # What was still on its way when the line was cut has not arrived.
                    if self._socket is socket and isinstance(frame, str):
                        await self._receive(frame)
        except ConnectionClosed:
            if self._socket is socket:
                self._lost()
                self._dial_later()
        except Exception:
            # A mistake of this simulator: time must not stand still for it; `close` tells of it.
            if self._socket is socket:
                self._lost()
                socket.transport.abort()
            raise

    def _lost(self) -> None:
        """Tell everybody that the line is gone, at once; the socket itself may take a moment."""
        self._socket = None
        self._on_line(False)
        self._device.line_down(self._clock.now())
        self._stop_waiting()
        self._set_alarm()
        self._idle.set()

    async def _receive(self, text: str) -> None:
        self._tap.note(WIRE, BACKEND, self._device.identity, text)
        now = self._clock.now()
        frame = _unpack(text)
        if isinstance(frame, messages.Call):
            with self._clock.hold(f"{self._device.identity} answers {frame.action}"):
                await self._send(_answer(self._device, frame, now))
        elif isinstance(frame, messages.CallError):
            self._device.refused(frame.unique_id, now)
        elif isinstance(frame, messages.CallResult):
            self._take_result(frame, now)
        await self._say()

    def _take_result(self, frame: Any, now: datetime) -> None:
        if self._waiting is None or self._waiting.number != frame.unique_id:
            return
        frame.action = self._waiting.action
        if _breach(frame) is None:
            self._device.answered(frame.unique_id, frame.payload, now)
        else:
            self._device.refused(frame.unique_id, now)

    async def _say(self) -> None:
        """Send what the device wants to say next; only then let go of what has been answered."""
        if self._device.waits_for_answer:
            self._set_alarm()
            return
        answered, self._waiting = self._waiting, None
        call = self._device.next_call(self._clock.now())
        if call is not None:
            self._waiting = self._wait_for(call)
            self._idle.clear()
        else:
            self._idle.set()
        self._set_alarm()
        if answered is not None:
            answered.end()
        if call is not None:
            await self._send(messages.Call(call.number, call.action, call.payload))

    def _wait_for(self, call: Call) -> _Waiting:
        name = self._device.identity
        hold = self._clock.hold(f"{name} waits for the answer to {call.action} ({call.number})")
        limit = self._clock.now() + timedelta(seconds=ANSWER_LIMIT_S)
        return _Waiting(call.number, call.action, hold, self._clock.call_at(limit, self._hang_up))

    async def _send(self, frame: Any) -> None:
        socket = self._socket
        if socket is not None:
            text = messages.pack(frame)
            # A line that breaks now is told of by the reader.
            with contextlib.suppress(ConnectionClosed):
                await socket.send(text)
                self._tap.note(WIRE, self._device.identity, BACKEND, text)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.end()
            self._waiting = None

    async def _hang_up(self) -> None:
        """Drop a line on which an answer is overdue; it is set up anew like any lost line."""
        if self._socket is not None:
            self._socket.transport.abort()

    def _set_alarm(self) -> None:
        wake_at = self._device.wake_at
        if self._wake is not None:
            if self._wake[0] == wake_at:
                return
            self._wake[1].cancel()
        self._wake = (wake_at, self._clock.call_at(wake_at, self._ring)) if wake_at else None

    async def _ring(self) -> None:
        self._wake = None
        async with self.happening() as now:
            self._device.tick(now)


def _why_not(error: Exception, url: str) -> str:
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        if status == 404:
            return (
                f"the backend at {url} does not know this charger (HTTP 404); "
                "register a station under this identity first"
            )
        return f"the backend at {url} refuses the line with HTTP {status}; look into its log"
    if isinstance(error, OSError):
        return f"nobody answers at {url} ({error}); start the backend first or check the address"
    return f"what answers at {url} is no WebSocket server ({error}); check the address"


def _unpack(text: str) -> Any:
    """Read a frame; None for what is none, which OCPP-J leaves unanswered."""
    try:
        frame = messages.unpack(text)
    except (OCPPError, ValueError, RecursionError):
        return None
    usable = isinstance(frame.unique_id, str) and frame.unique_id
    return frame if usable else None


def _answer(device: Device, call: Any, now: datetime) -> Any:
    """Give the frame that answers a request of the backend."""
    if not isinstance(call.action, str):
        answer: Result | Refusal = Refusal("FormationViolation", "the action is no text")
    else:
        answer = _answer_to(device, call, now)
    if isinstance(answer, Result):
        return messages.CallResult(call.unique_id, answer.payload)
    return messages.CallError(call.unique_id, answer.code, answer.why, {})


def _answer_to(device: Device, call: Any, now: datetime) -> Result | Refusal:
    call.payload = {} if call.payload is None else call.payload
    refusal = device.refusal_of(call.action) or _breach(call)
    return refusal if refusal is not None else device.called(call.action, call.payload, now)


def _breach(frame: Any) -> Refusal | None:
    """Compare a payload with its schema and tell the first breach."""
    parse_float = Decimal if frame.action in _WITH_DECIMALS else float
    payload = json.loads(json.dumps(frame.payload), parse_float=parse_float)
    validator = messages.get_validator(frame.message_type_id, frame.action, "1.6", parse_float)
    try:
        validator.validate(payload)
    except ValidationError as error:
        place = "/".join(str(part) for part in error.absolute_path) or "payload"
        code = _CODES.get(error.validator, "FormationViolation")
        return Refusal(code, f"{place}: {error.message}"[:255])
    return None
