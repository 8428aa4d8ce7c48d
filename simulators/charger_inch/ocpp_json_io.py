"""
The charger's line to its backend: OCPP 1.6 over WebSocket with JSON; no rule of the device.

What happens to the device, by hand, by frame or by clock, happens under one lock, and what the
device then wants to say is sent before the lock is given back: so one order of frames exists.
The clock is held while the line is set up, while a CALL is unanswered, while a request of the
backend is answered and while a file is brought or fetched. A frame is noted in the wiretap after
sending and before reading it. What the device must remember is written down before it says a word.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from simulators.charger_inch import ocpp_frames
from simulators.charger_inch.device import Call, Device
from simulators.charger_inch.field_faults.connection import LineFlaps, SecondSocket
from simulators.charger_inch.installation import BACKEND as BACKEND_SETTING
from simulators.charger_inch.journal import shown
from simulators.charger_inch.line_io import NotOpened, open_line
from simulators.charger_inch.maintenance import Errand
from simulators.charger_inch.memory_io import MemoryFile
from simulators.charger_inch.ocpp_frames import CALL, CALL_ERROR, Frame
from simulators.charger_inch.quirks import Dial
from simulators.charger_inch.requests import Refusal, Result
from simulators.charger_inch.transfer_io import TransferFailed, bring, fetch
from simulators.clock import Alarm, Clock, Hold
from simulators.errors import NotPossible
from simulators.wiretap import Wiretap

WIRE = "ocpp1.6"
FILE_WIRE = "file"
BACKEND = "backend"
BOOT = "BootNotification"

FRAME_SIGNS = 40
"""How much of what is no frame is shown: enough to know a page, too little to hold a secret."""

LEFT_OPEN_LIMIT = 8
"""How many old lines a charger with that fault leaves open; the oldest is broken off then."""

RECONNECT_FIRST_S = 10
RECONNECT_MOST_S = 300
RECONNECT_TRIES = 2_016
"""A lost line is tried again after 10, 20, 40 … 300 s, then every 300 s for a week (ASSUMED)."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A CALL that is not answered yet, what holds the clock for it and what limits the wait."""

    number: str | int
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
        file: where the device's memory is written down; None: nowhere.
        trusted: a PEM file of the certification authorities it trusts over wss; None: the system's.

    Attributes:
        problem: why it is down without a hand in it: why it could not be set up the last time, or
            how it ended; empty where it is up.
        ended: how it ended the last time; empty before.
        on_problem: told why it cannot be set up, each time another reason stands in the way.
        on_boot: told how a BootNotification was answered, each time it is otherwise than before.
    """

    def __init__(
        self,
        device: Device,
        clock: Clock,
        tap: Wiretap,
        on_line: Callable[[bool], None],
        file: MemoryFile | None = None,
        trusted: Path | None = None,
    ) -> None:
        self._device = device
        self._trusted = trusted
        self._clock = clock
        self._tap = tap
        self._on_line = on_line
        self._file = file
        self.problem = ""
        self.ended = ""
        self.on_problem: Callable[[str], None] = lambda why: None
        self.on_boot: Callable[[str], None] = lambda how: None
        self._boot_told = ""
        self._dropped_for = ""
        self._lock = asyncio.Lock()
        self._dialling = asyncio.Lock()
        self._is_whole = False
        self._idle = asyncio.Event()
        self._given: str | None = None
        self._endpoint: str | None = None
        self._socket: ClientConnection | None = None
        self._readers: list[asyncio.Task[None]] = []
        self._waiting: _Waiting | None = None
        self._wake: tuple[datetime, Alarm] | None = None
        self._redial: Alarm | None = None
        self._tries = 0
        self._trouble: Alarm | None = None
        self._left_open: list[ClientConnection] = []
        self._errands: set[asyncio.Task[None]] = set()
        self._mistake: BaseException | None = None

    @property
    def is_up(self) -> bool:
        """Whether the socket is open."""
        return self._socket is not None

    @property
    def is_whole(self) -> bool:
        """Whether the charger may set it up: it is connected somewhere and not cut."""
        return self._is_whole

    @property
    def endpoint(self) -> str:
        """Where the backend is, without the identity; empty before the first connection."""
        return self._endpoint or ""

    @property
    def url(self) -> str:
        """Where the backend is, with the identity; empty before the first connection."""
        if self._endpoint is None:
            return ""
        return f"{self._endpoint}/{quote(self._device.identity, safe='')}"

    # ------------------------------------------------------------------ by hand

    async def connect(self, url: str, *, patiently: bool = False) -> None:
        """
        Open the line for the first time and wait until nothing is left to be said now.

        Parameters:
            patiently: try again later where nobody answers, instead of raising.

        Raises:
            NotPossible: If the backend cannot be reached or will not have this charger.
        """
        if self._endpoint is not None:
            raise self._not_possible("connect", "it was connected before; use restore_line")
        self._given = url.rstrip("/")
        self._endpoint = self._device.installation.value(BACKEND_SETTING, self._given)
        self._is_whole = True
        if patiently:
            await self._try_to_dial()
            return
        try:
            await self._dial()
        except NotPossible:
            self._endpoint, self._is_whole = None, False
            raise
        await self._until_idle()

    async def move(self, url: str) -> None:
        """Hang up, and go to another backend from now on; there the charger boots."""
        self._give_up_dialling()
        async with self._lock:
            self._endpoint = url.rstrip("/")
            self._device.installation.set(BACKEND_SETTING, self._given, self._endpoint)
            self._hang_up("the charger moves to another backend")
            self._device.moved(self._clock.now())
            self._write_down()
        self._is_whole = True
        if self._device.redials:
            await self._try_to_dial()

    async def say_all(self, limit_s: float) -> bool:
        """Wait, in real time, until nothing is left to be said now; False if that takes longer."""
        try:
            async with asyncio.timeout(limit_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def _until_idle(self) -> None:
        if not await self.say_all(self._device.configuration.number("MessageTimeout")):
            raise self._not_possible(
                "connect", f"the backend at {self.url} does not answer; look into its log"
            )
        if not self.is_up:
            raise self._not_possible(
                "connect", f"the backend at {self.url} closed the line during the start"
            )

    @contextlib.asynccontextmanager
    async def happening(self) -> AsyncIterator[datetime]:
        """Let something happen to the device; then send what it wants to say."""
        async with self._lock:
            try:
                yield self._clock.now()
            finally:
                await self._say()
                # A verb that has returned is remembered, whether it had anything to say or not.
                self._write_down()

    async def cut(self) -> None:
        """Break the line as a digger would: no closing handshake, and no attempt to reconnect."""
        self._give_up_dialling()
        self._hang_up("cut")
        await self._end_of_reading()

    async def restore(self) -> None:
        """Put the line right; where the backend does not answer, go on trying."""
        self._give_up_dialling()
        self._is_whole = True
        if self._device.redials:
            await self._try_to_dial()

    async def close(self) -> None:
        """
        Close the line properly and leave nothing behind.

        Raises:
            Exception: What went wrong in the simulator while the line was read or a file was
                brought, if anything did.
        """
        self._give_up_dialling()
        for errand in self._errands:
            errand.cancel()
        if self._errands:
            await asyncio.wait(self._errands)
        if self._socket is not None:
            socket = self._socket
            with self._clock.hold(f"{self._device.identity} closes its line"):
                self._lost("stopped")
                await socket.close()
        if self._wake is not None:
            self._wake[1].cancel()
            self._wake = None
        self._write_down()
        for left in self._left_open:
            await left.close()
        await self._end_of_reading()
        for reader in self._readers:
            reader.result()
        if self._mistake is not None:
            raise self._mistake

    async def _end_of_reading(self) -> None:
        if self._readers:
            await asyncio.wait(self._readers)

    # ------------------------------------------------------------------ setting up

    async def _dial(self) -> None:
        async with self._dialling:
            if self._socket is not None or not self._device.wants_line:
                return
            with self._clock.hold(f"{self._device.identity} sets up its line"):
                url = self.url
                socket = await self._open()
                # It may have been cut, or be another backend's, since the dialling began.
                if self._is_whole and self._device.wants_line and url == self.url:
                    await self._take_up(socket)
                else:
                    await socket.close()

    async def _take_up(self, socket: ClientConnection) -> None:
        async with self._lock:
            self._socket = socket
            self._tries = 0
            self.problem = self._boot_told = ""
            self._on_line(True)
            self._device.line_up(self._clock.now())
            self._plan_trouble()
            await self._say()
            self._readers = [reader for reader in self._readers if not reader.done()]
            self._readers.append(asyncio.ensure_future(self._read(socket)))

    async def _open(self) -> ClientConnection:
        dial = self._device.dial(Dial(self.url, (WIRE,)), self._clock.now())
        ping_s = self._device.configuration.number("WebSocketPingInterval")
        try:
            socket = await open_line(dial, ping_s, self._trusted)
        except NotOpened as error:
            raise self._not_possible("connect", str(error)) from error
        if socket.subprotocol != WIRE and WIRE in dial.subprotocols:
            await socket.close()
            raise self._not_possible(
                "connect", f"what answers at {dial.url} does not speak {WIRE}; check the address"
            )
        return socket

    def _not_possible(self, what: str, why: str) -> NotPossible:
        return NotPossible(what, f"charger {self._device.identity}", why)

    async def _try_to_dial(self) -> None:
        self._redial = None
        try:
            await self._dial()
        except NotPossible as reason:
            self._note_problem(reason.why)
            self._dial_later()

    def _note_problem(self, why: str) -> None:
        if why != self.problem:
            self.problem = why
            self._device.journal.note(self._clock.now(), f"no line: {why}")
            self.on_problem(why)

    def _dial_later(self) -> None:
        if self._tries < RECONNECT_TRIES:
            # Beyond 2⁵ the limit is reached anyhow.
            wait_s = min(RECONNECT_FIRST_S * 2 ** min(self._tries, 5), RECONNECT_MOST_S)
            self._tries += 1
            self._dial_in(wait_s)

    def _dial_in(self, wait_s: float) -> None:
        wants = self._device.wants_line and self._device.redials
        if self._is_whole and wants and self._redial is None:
            at = self._clock.now() + timedelta(seconds=wait_s)
            self._redial = self._clock.call_at(at, self._try_to_dial)

    def _give_up_dialling(self) -> None:
        self._is_whole = False
        self.problem = ""
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
        except ConnectionClosed as closed:
            if self._socket is socket:
                self.problem = self._dropped_for or _how(closed)
                self._lost(self.problem)
                self._dial_later()
        except Exception:
            # A mistake of this simulator: time must not stand still for it; `close` tells of it.
            if self._socket is socket:
                self._lost("a mistake of this simulator")
                socket.transport.abort()
            raise

    def _lost(self, why: str) -> None:
        """Tell everybody that the line is gone, at once; the socket itself may take a moment."""
        self._socket = None
        self.ended, self._dropped_for = why, ""
        self._end_trouble()
        self._on_line(False)
        self._device.line_down(self._clock.now(), why)
        self._write_down()
        self._stop_waiting()
        self._set_alarm()
        self._idle.set()

    def _hang_up(self, why: str) -> None:
        """Break the line without a closing handshake."""
        if self._socket is not None:
            socket = self._socket
            self._lost(why)
            socket.transport.abort()
        for left in self._left_open:
            left.transport.abort()
        self._left_open.clear()

    async def _receive(self, text: str) -> None:
        now = self._clock.now()
        frame = ocpp_frames.read(text)
        if frame is not None and frame.kind != CALL and self._device.loses_answer(frame.number):
            self._hang_up("broken before an answer has arrived (a fault)")
            self._dial_later()
            return
        self._tap.note(WIRE, BACKEND, self._device.identity, text)
        if frame is not None and frame.kind == CALL:
            with self._clock.hold(f"{self._device.identity} answers {frame.action}"):
                await self._send(_answer(self._device, frame, now))
        elif frame is None:
            self._overlook(f"no frame of OCPP: {shown(text, FRAME_SIGNS)}", now)
        else:
            self._take_answer(frame, now)
        await self._say()

    def _take_answer(self, frame: Frame, now: datetime) -> None:
        waiting = self._waiting
        if waiting is None or waiting.number != frame.number:
            self._overlook(f"an answer to {shown(repr(frame.number))}, which was not asked", now)
            return
        why = _trouble_of(frame, waiting.action)
        if why:
            self._device.refused(frame.number, now, why)
        else:
            self._device.answered(frame.number, frame.payload, now)
        if waiting.action == BOOT:
            self._tell_boot(self._device.registration)

    def _overlook(self, what: str, now: datetime) -> None:
        """Note what the charger does nothing with; whoever waits for the boot is told at once."""
        self._device.journal.note(now, f"overlooked: {what}")
        if self._waiting is not None and self._waiting.action == BOOT:
            self._tell_boot(f"not answered; what came is {what}")

    def _tell_boot(self, how: str) -> None:
        if how != self._boot_told:
            self._boot_told = how
            self.on_boot(how)

    async def _say(self) -> None:
        """Send what the device wants to say next; only then let go of what has been answered."""
        now = self._clock.now()
        self._device.settle(now)
        if not self._device.wants_line:
            self._fall_silent()
            return
        if self._device.waits_for_answer:
            self._set_alarm()
            return
        answered, self._waiting = self._waiting, None
        call = self._device.next_call(now)
        while call is not None and not call.is_answered:
            await self._send(ocpp_frames.call(call.number, call.action, call.payload))
            call = self._device.next_call(now)
        if call is not None:
            self._waiting = self._wait_for(call)
            self._idle.clear()
        else:
            self._idle.set()
        for errand in self._device.errands():
            self._run(errand)
        self._set_alarm()
        if answered is not None:
            answered.end()
        if call is not None:
            await self._send(ocpp_frames.call(call.number, call.action, call.payload))
        if self._socket is None:
            self._dial_in(0)

    def _fall_silent(self) -> None:
        for errand in self._errands:
            errand.cancel()
        self._hang_up("the charger is off")
        self._set_alarm()
        self._write_down()

    def _wait_for(self, call: Call) -> _Waiting:
        name = self._device.identity
        hold = self._clock.hold(f"{name} waits for the answer to {call.action} ({call.number})")
        limit_s = self._device.configuration.number("MessageTimeout")
        limit = self._clock.now() + timedelta(seconds=limit_s)
        return _Waiting(call.number, call.action, hold, self._clock.call_at(limit, self._overdue))

    async def _send(self, text: str) -> None:
        self._write_down()
        socket = self._socket
        if socket is None:
            return
        for one in self._device.frames(text, self._clock.now()):
            # A line that breaks now is told of by the reader.
            with contextlib.suppress(ConnectionClosed):
                await socket.send(one)
                self._tap.note(WIRE, self._device.identity, BACKEND, one)

    def _write_down(self) -> None:
        changes = self._device.memory.changes()
        if self._file is not None:
            self._file.write(changes)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.end()
            self._waiting = None

    async def _overdue(self) -> None:
        """Drop a line on which an answer is overdue; it is set up anew like any lost line."""
        if self._socket is not None and self._waiting is not None:
            limit_s = self._device.configuration.number("MessageTimeout")
            self._dropped_for = f"no answer to {self._waiting.action} for {limit_s} s"
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

    # ------------------------------------------------------------------ a line that is not ideal

    def quirks_changed(self) -> None:
        """Take it that the line is otherwise from now on."""
        if self._socket is not None:
            self._plan_trouble()
        else:
            self._dial_in(0)

    def _plan_trouble(self) -> None:
        """Wait for what a fault does to a line that is up, counted from now."""
        self._end_trouble()
        flaps, second = (self._device.quirks.active(kind) for kind in (LineFlaps, SecondSocket))
        if isinstance(flaps, LineFlaps):
            at = self._clock.now() + timedelta(seconds=flaps.up_s)
            self._trouble = self._clock.call_at(at, self._flap)
        elif isinstance(second, SecondSocket):
            at = self._clock.now() + timedelta(seconds=second.every_s)
            self._trouble = self._clock.call_at(at, self._open_second)

    def _end_trouble(self) -> None:
        if self._trouble is not None:
            self._trouble.cancel()
            self._trouble = None

    async def _flap(self) -> None:
        fault = self._device.quirks.active(LineFlaps)
        async with self._lock:
            self._hang_up("broken for a moment (a fault)")
        self._dial_in(0 if fault is None else fault.down_s)

    async def _open_second(self) -> None:
        """Take up a new line, and leave the old one as it is."""
        async with self._lock:
            if self._socket is None:
                return
            self._left_open.append(self._socket)
            if len(self._left_open) > LEFT_OPEN_LIMIT:
                self._left_open.pop(0).transport.abort()
            self._lost("left open for another one (a fault)")
            # Who listens at the new line is known by its answer, before time moves on.
            self._device.say_heartbeat()
        await self._try_to_dial()

    # ------------------------------------------------------------------ files

    def _run(self, errand: Errand) -> None:
        # Held from here on: the task begins only later, and time must not move until then.
        hold = self._clock.hold(f"{self._device.identity} brings or fetches a file")
        task = asyncio.ensure_future(self._do(errand))
        self._errands.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            hold.release()
            self._errands.discard(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                self._mistake = error

        task.add_done_callback(ended)

    async def _do(self, errand: Errand) -> None:
        content, problem = None, ""
        try:
            if errand.content is None:
                content = await fetch(errand.location)
            else:
                await bring(errand.location, errand.name, errand.content)
        except TransferFailed as error:
            problem = str(error)
        self._note_errand(errand, content, problem)
        async with self.happening() as now:
            self._device.errand_done(errand.number, content, problem, now)

    def _note_errand(self, errand: Errand, content: bytes | None, problem: str) -> None:
        moved = errand.content if errand.content is not None else content
        told: dict[str, Any] = {"did": "fetch" if errand.content is None else "bring"}
        if errand.name:
            told["name"] = errand.name
        if moved is not None:
            told |= {"bytes": len(moved), "sha256": hashlib.sha256(moved).hexdigest()}
        if problem:
            told["problem"] = problem
        text = json.dumps(told, separators=(",", ":"))
        self._tap.note(FILE_WIRE, self._device.identity, _host_of(errand.location), text)


def _how(closed: ConnectionClosed) -> str:
    """Say who closed a line, with which code and reason; a line may also just break."""
    by_backend = closed.sent is None or bool(closed.rcvd_then_sent)
    frame = closed.rcvd if by_backend else closed.sent
    if frame is None:
        return "the line broke"
    who = "the backend" if by_backend else "the charger"
    return f"closed by {who}: {frame.code} {shown(frame.reason)}".rstrip()


def _trouble_of(frame: Frame, action: str) -> str:
    """Say why an answer cannot be used; empty where it can."""
    if frame.kind == CALL_ERROR:
        return shown(f"CALLERROR {frame.why}".rstrip())
    breach = ocpp_frames.breach_of_answer(action, frame.payload)
    return "" if breach is None else shown(breach.why)


def _outcome(answer: Result | Refusal) -> str:
    if isinstance(answer, Refusal):
        # Not why: what a request breaks its schema with may be a secret.
        return answer.code
    return str(answer.payload.get("status", "done"))


def _host_of(location: str) -> str:
    """Give the host of a location, without the secrets in it."""
    try:
        return urlsplit(location).hostname or "nowhere"
    except ValueError:
        return "nowhere"


def _answer(device: Device, call: Frame, now: datetime) -> str:
    """Give the frame that answers a request of the backend."""
    answer = _answer_to(device, call, now)
    device.journal.note(now, f"answered {shown(str(call.action))}: {_outcome(answer)}")
    if isinstance(answer, Result):
        return ocpp_frames.result(call.number, answer.payload)
    return ocpp_frames.error(call.number, answer.code, answer.why)


def _answer_to(device: Device, call: Frame, now: datetime) -> Result | Refusal:
    if call.action is None:
        return Refusal("FormationViolation", "the action is no text")
    refusal = device.refusal_of(call.action)
    if refusal is not None:
        return refusal
    breach = ocpp_frames.breach_of_request(call.action, call.payload)
    if breach is not None:
        return Refusal(breach.code, breach.why)
    return device.called(call.action, call.payload, now)
