"""
A central system that answers what it is told to, and sends what it is told to.

With it a scenario plays the central system before a charger that is under test. By itself it
says yes to everything: chargers are registered, cards accepted, transactions counted. A scenario
sets the answers that are otherwise, for once or for good, and sends any command.

Rule 1: the frames of a line are noted by the charger's end of it, as everywhere on the bench; only
where the charger is elsewhere this end tells of them (`Central.on_frame`).
Rule 2: the clock is held while a frame is answered and while a command waits for its answer.
Rule 3: what it has been told is all it knows; it keeps nothing and judges nothing.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import itertools
import json
import ssl
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from simulators.clock import Clock
from simulators.errors import NotPossible

Json = dict[str, Any]

SUBPROTOCOL = Subprotocol("ocpp1.6")
ANSWER_LIMIT_S = 10.0
"""How many real seconds a charger's answer may take."""
PING_S = 60.0
"""How often, in real time, a line is tried."""
INTERVAL_S = 300
"""The heartbeat interval it gives unless it is told another, in seconds."""


@dataclass(frozen=True, slots=True)
class Error:
    """Answer with a CALLERROR."""

    code: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """
    Do not answer.

    A device on virtual time keeps the clock from moving while it waits for an answer. So, where
    time shall pass, the line has to break as well.

    Attributes:
        hang_up: whether the line breaks, as when an answer is lost on its way.
    """

    hang_up: bool = True


Answer = Mapping[str, Any] | Error | Silence
"""Fields that are answered instead of the usual ones, or what is done instead of answering."""


@dataclass(frozen=True, slots=True)
class CardVerdict:
    """What is said of a card: IdTagInfo of OCPP 1.6 §7.29."""

    status: str = "Accepted"
    parent_id_tag: str = ""

    def told(self) -> Json:
        """Give it as it stands in an answer."""
        return {"status": self.status} | (
            {"parentIdTag": self.parent_id_tag} if self.parent_id_tag else {}
        )


@dataclass(frozen=True, slots=True)
class Opening:
    """
    How a charger has opened its line.

    Attributes:
        authorization: the header of that name; empty without one.
        tls: the version that the line speaks, such as ``TLSv1.3``; empty in the clear.
        has_certificate: whether the charger has shown a certificate of its own.
    """

    authorization: str = ""
    tls: str = ""
    has_certificate: bool = False

    def password_of(self, identity: str) -> bytes | None:
        """Give what stands behind the charger's name in its Basic authentication (RFC 7617)."""
        scheme, _, told = self.authorization.partition(" ")
        try:
            name, colon, password = base64.b64decode(told, validate=True).partition(b":")
        except binascii.Error:
            return None
        mine = scheme.lower() == "basic" and colon and name == identity.encode()
        return password if mine else None


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where a central system listens, and for whom.

    Attributes:
        host, port: 0 takes a free port.
        path: what stands before the identity in the address.
        identity: the only charger that is let in; None: all are.
    """

    host: str = "127.0.0.1"
    port: int = 0
    path: str = "/ocpp"
    identity: str | None = None


def _opening(socket: ServerConnection) -> Opening:
    headers = {} if socket.request is None else socket.request.headers
    line = socket.transport.get_extra_info("ssl_object")
    if line is None:
        return Opening(headers.get("Authorization", ""))
    shown = line.getpeercert(binary_form=True) is not None
    return Opening(headers.get("Authorization", ""), line.version() or "", shown)


class Central:
    """
    A central system on strings, for chargers of any identity.

    Parameters:
        clock: its time.
        first_transaction: the id of the first transaction; the others count on from it.
        subprotocol: what it speaks; a charger that does not offer it is sent away.
        tls: what it speaks through; None: in the clear.
        place: where it listens.
        answer_limit_s: how many real seconds a charger's answer may take; None: `ANSWER_LIMIT_S`.

    Attributes:
        address: where chargers connect, without their identity; empty before the start.
        on_line: told an identity and whether its line is up, once this end has noticed.
        cards: what is said of cards, by idTag in capitals; of others that they are accepted.
        opened: how each charger has opened its line the last time.
        on_frame: told an identity, whether the charger said it, and the frame, as it crosses.
        on_stranger: told the path of who is not let in.
        on_other_protocol: told which sub-protocols offered who is sent away for them.
        is_cut: whether lines are cut and none is let up again, as if the network were away.
    """

    def __init__(
        self,
        clock: Clock,
        first_transaction: int = 1,
        subprotocol: str = SUBPROTOCOL,
        tls: ssl.SSLContext | None = None,
        place: Place | None = None,
        answer_limit_s: float | None = None,
    ) -> None:
        self.address = ""
        self.on_frame: Callable[[str, bool, str], None] | None = None
        self.on_stranger: Callable[[str], None] | None = None
        self.on_other_protocol: Callable[[Sequence[str]], None] | None = None
        self.is_cut = False
        self._place = place or Place()
        self._answer_limit_s = answer_limit_s
        self.on_line: Callable[[str, bool], None] | None = None
        self.cards: dict[str, CardVerdict] = {}
        self.opened: dict[str, Opening] = {}
        self._clock = clock
        self._subprotocol = Subprotocol(subprotocol)
        self._tls = tls
        self._transactions = itertools.count(first_transaction)
        self._always: dict[str, Answer] = {}
        self._next: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self._lines: dict[str, _Line] = {}
        self._server: Server | None = None

    async def start(self) -> None:
        """
        Listen.

        Raises:
            OSError: If nobody can listen there.
        """
        self._server = await serve(
            self._handle,
            self._place.host,
            self._place.port,
            process_request=self._admit,
            select_subprotocol=self._select,
            compression=None,
            ping_interval=PING_S,
            ping_timeout=PING_S,
            close_timeout=ANSWER_LIMIT_S,
            server_header=None,
            ssl=self._tls,
        )
        port = next(iter(self._server.sockets)).getsockname()[1]
        scheme = "ws" if self._tls is None else "wss"
        host = f"[{self._place.host}]" if ":" in self._place.host else self._place.host
        self.address = f"{scheme}://{host}:{port}{self._place.path}"

    def _admit(self, socket: ServerConnection, request: Request) -> Response | None:
        """Let in who is expected; while the network is away, nobody."""
        if self.is_cut:
            socket.transport.abort()
            return None
        if self._place.identity is None:
            return None
        wanted = f"{self._place.path}/{self._place.identity}"
        if unquote(urlsplit(request.path).path) == wanted:
            return None
        if self.on_stranger is not None:
            self.on_stranger(request.path)
        return socket.respond(HTTPStatus.NOT_FOUND, f"the charger that is expected is {wanted}\n")

    def _select(self, _: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        if self._subprotocol in offered:
            return self._subprotocol
        if self.on_other_protocol is not None:
            self.on_other_protocol(offered)
        return None

    async def stop(self) -> None:
        """Hang up on everybody, and listen no more."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            await server.wait_closed()

    # ------------------------------------------------------------------ what it is told

    def answer(self, action: str, answer: Answer) -> None:
        """Answer a message so from now on."""
        self._always[action] = answer

    def answer_next(self, action: str, answer: Answer) -> None:
        """Answer the next such message so; what is said more than once is kept in order."""
        self._next[action].append(answer)

    def forget(self) -> None:
        """Say yes to everything again, as in the beginning."""
        self._always.clear()
        self._next.clear()
        self.cards.clear()

    def is_up(self, identity: str) -> bool:
        """Tell whether a charger is connected."""
        return identity in self._lines

    def cut(self) -> None:
        """Break all lines, and let none up again until `mend`."""
        self.is_cut = True
        for line in self._lines.values():
            line.abort()

    def mend(self) -> None:
        """Let lines up again."""
        self.is_cut = False

    async def call(self, identity: str, action: str, payload: object) -> list[Any]:
        """
        Send a CALL to a charger and give the whole answering frame.

        Raises:
            NotPossible: If the charger is not connected, or the line breaks.
            TimeoutError: If it does not answer.
        """
        line = self._lines.get(identity)
        if line is None:
            raise NotPossible(f"send {action}", identity, "it is not connected")
        return await line.call(action, payload)

    # ------------------------------------------------------------------ what comes

    async def _handle(self, socket: ServerConnection) -> None:
        if socket.subprotocol is None or socket.request is None:
            await socket.close(
                CloseCode.PROTOCOL_ERROR, f"offer the sub-protocol {self._subprotocol}"
            )
            return
        identity = unquote(urlsplit(socket.request.path).path.rpartition("/")[2])
        line = _Line(identity, socket, self._clock, self._reaction, self._note)
        if self._answer_limit_s is not None:
            line.answer_limit_s = self._answer_limit_s
        older = self._lines.pop(identity, None)
        if older is not None:
            self._tell(identity, up=False)
            if self._place.identity is not None:
                # It would go on to be judged, be it a line of old or another charger of this name.
                older.abort()
        self._lines[identity] = line
        self.opened[identity] = _opening(socket)
        self._tell(identity, up=True)
        try:
            await line.run()
        finally:
            self._forget(identity, line)

    def _forget(self, identity: str, line: _Line) -> None:
        if self._lines.get(identity) is line:
            del self._lines[identity]
            self._tell(identity, up=False)

    def _note(self, identity: str, incoming: bool, text: str) -> None:
        if self.on_frame is not None:
            self.on_frame(identity, incoming, text)

    def _tell(self, identity: str, *, up: bool) -> None:
        if self.on_line is not None:
            self.on_line(identity, up)

    def _reaction(self, action: str, payload: Json) -> Answer:
        queued = self._next[action]
        told = queued.popleft() if queued else self._always.get(action, {})
        if not isinstance(told, Mapping):
            return told
        usual = self._usual(action, payload)
        return usual if isinstance(usual, Error) else {**usual, **told}

    def _usual(self, action: str, payload: Json) -> Json | Error:
        now = self._clock.now().astimezone(UTC).isoformat(timespec="milliseconds")
        time = {"currentTime": now.replace("+00:00", "Z")}
        if action == "BootNotification":
            return {"status": "Accepted", "interval": INTERVAL_S, **time}
        if action == "Heartbeat":
            return time
        if action == "StartTransaction":
            return {"transactionId": next(self._transactions), **self._of_card(payload)}
        if action == "Authorize" or (action == "StopTransaction" and "idTag" in payload):
            return self._of_card(payload)
        if action == "DataTransfer":
            return {"status": "UnknownVendorId"}
        if action in _PLAIN:
            return {}
        return Error("NotImplemented", f"a central system knows no {action}")

    def _of_card(self, payload: Json) -> Json:
        verdict = self.cards.get(str(payload.get("idTag", "")).upper(), CardVerdict())
        return {"idTagInfo": verdict.told()}


_PLAIN = (
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "LogStatusNotification",
    "MeterValues",
    "SecurityEventNotification",
    "SignedFirmwareStatusNotification",
    "StatusNotification",
    "StopTransaction",
)
"""What is answered with nothing but that it has arrived."""


class _Line:
    """One connection of one charger."""

    def __init__(
        self,
        identity: str,
        socket: ServerConnection,
        clock: Clock,
        reaction: Callable[[str, Json], Answer],
        note: Callable[[str, bool, str], None] = lambda *_: None,
    ) -> None:
        self.answer_limit_s = ANSWER_LIMIT_S
        self._note = note
        self._identity = identity
        self._socket = socket
        self._clock = clock
        self._reaction = reaction
        self._ids = itertools.count(1)
        self._calling = asyncio.Lock()
        self._waiting: dict[str, asyncio.Future[list[Any]]] = {}

    async def run(self) -> None:
        """Read until the line ends."""
        try:
            async for text in self._socket:
                self._note(self._identity, True, str(text))
                with self._clock.hold(f"the central system reads {self._identity}"):
                    await self._take(str(text))
        except ConnectionClosed:
            pass
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(
                        NotPossible("wait for an answer", self._identity, "the line broke")
                    )

    async def _take(self, text: str) -> None:
        try:
            frame = json.loads(text)
        except (ValueError, RecursionError):
            return  # no JSON, so there is nothing to answer; the verdict names it
        if not isinstance(frame, list) or len(frame) < 3:
            return
        if frame[0] == 2:
            payload = frame[3] if len(frame) > 3 and isinstance(frame[3], dict) else {}
            await self._react(frame[1], self._reaction(str(frame[2]), payload))
        elif (waiting := self._waiting.get(str(frame[1]))) is not None and not waiting.done():
            waiting.set_result(frame)

    async def _react(self, unique_id: object, answer: Answer) -> None:
        if isinstance(answer, Silence):
            if answer.hang_up:
                self.abort()
        elif isinstance(answer, Error):
            await self._send([4, unique_id, answer.code, answer.description, {}])
        else:
            await self._send([3, unique_id, dict(answer)])

    async def call(self, action: str, payload: object) -> list[Any]:
        unique_id = f"c{next(self._ids)}"
        reason = f"the central system waits for {self._identity} to answer {action}"
        with self._clock.hold(reason):
            async with self._calling, asyncio.timeout(self.answer_limit_s):
                answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
                self._waiting[unique_id] = answer
                try:
                    await self._send([2, unique_id, action, payload])
                    return await answer
                except ConnectionClosed as error:
                    raise NotPossible(f"send {action}", self._identity, "the line broke") from error
                finally:
                    del self._waiting[unique_id]

    def abort(self) -> None:
        """Break the line without a word."""
        self._socket.transport.abort()

    async def _send(self, frame: list[object]) -> None:
        text = json.dumps(frame, separators=(",", ":"), ensure_ascii=False)
        try:
            text.encode()
        except UnicodeEncodeError:
            # What a charger has said is given back to it, be it half of a surrogate pair.
            text = json.dumps(frame, separators=(",", ":"))
        # Noted first: while it is being sent, the answer to it may come.
        self._note(self._identity, False, text)
        await self._socket.send(text)
