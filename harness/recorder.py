"""
`isebench record`: between chargers and their backend, writing down what crosses.

Rule 1: nothing is altered. The bytes of a line go on as they came, in both directions: masks,
fragments, compression, pings, closing codes. What is written down is read from them beside the
way (`harness.overheard`); who reads wrongly has changed nothing.
Rule 2: two things are told otherwise, in the charger's request only, for it was made to us: the
host, and the path that ``--to`` has in front. Everything else of the request stands as it was,
`Authorization` and its password too, which are in no recording.
Rule 3: one end that goes away goes away for the other as well, in the same way: closed, half
closed, or broken.

A backend that cannot be reached is told to the charger as a backend's own front would, with 502
of HTTP, and on the console with the reason.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import ssl
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from harness.errors import UsageError
from harness.overheard import (
    HEAD_LIMIT_BYTES,
    Closed,
    Control,
    Event,
    Message,
    Opened,
    Overheard,
    Refused,
    Unreadable,
    identity_in,
    read_head,
)
from harness.recording import BACKEND, BINARY, OCPP_WIRE, recorded
from simulators.clock import Clock, RealClock
from simulators.wiretap import LINE_WIRE, Wiretap

CONTROL_WIRE = "websocket"
"""The wire of pings and pongs, of what could not be read, and of a charger that was not let in."""
HEAD_LIMIT_S = 30.0
"""How long the head of a request may take."""
CLOSE_LIMIT_S = 5.0
"""How long the last bytes to an end may take, when both have said their last."""
OPEN_LIMIT_S = 15.0
"""How long the backend may take to let a line come up."""
CHUNK_BYTES = 64 * 1024
PORTS = {"ws": 80, "wss": 443}

Tell = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Wishes:
    """
    What the command line asks for.

    Attributes:
        listen: where chargers connect, ``ws://0.0.0.0:9000``; port 0 takes a free one.
        to: the backend, ``wss://backend.example/ocpp``.
        out: the file for the recording; it is not there yet.
        trust: who signed the backend's certificate, as PEM; None for those the machine trusts.
        certificate, key: what chargers are shown, as PEM, where they connect over ``wss``.
    """

    listen: str
    to: str
    out: Path
    trust: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


def record(wishes: Wishes, tell: Tell) -> int:
    """
    Stand between chargers and their backend until SIGINT or SIGTERM.

    Returns:
        0 when it was stopped.

    Raises:
        UsageError: If an address or a certificate cannot be used, or the file is there already.
        OSError: If the recording can no longer be written; the lines are hung up then.
    """
    recorder = Recorder(wishes, tell)
    asyncio.run(_run(recorder, wishes, tell))
    return 0


async def _run(recorder: Recorder, wishes: Wishes, tell: Tell) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, recorder.stopped.set)
    async with recorder.running():
        tell(f"chargers   {recorder.address}/IDENTITY instead of {wishes.to}/IDENTITY")
        tell(f"recording  {wishes.out}")
        tell("Ctrl-C stops it, and hangs up.")
        await recorder.stopped.wait()
    tell(recorder.summary())


@dataclass(slots=True)
class _Line:
    """One charger's line: its two ends, and who is on it."""

    charger: asyncio.StreamWriter
    backend: asyncio.StreamWriter
    identity: str
    overheard: Overheard = field(default_factory=Overheard)
    wire: str = OCPP_WIRE
    is_up: bool = False
    is_refused: bool = False
    closed: Closed | None = None
    ended_by: str = ""
    is_broken: bool = False


class Recorder:
    """
    A listener for chargers that passes on what they and their backend say.

    Parameters:
        tell: told lines for a person.
        clock: whose time is written down; the machine's, unless told otherwise.

    Attributes:
        stopped: set when it is to end.
        address: where chargers connect, once it runs.
    """

    def __init__(self, wishes: Wishes, tell: Tell, clock: Clock | None = None) -> None:
        self.stopped = asyncio.Event()
        self.address = ""
        self._wishes, self._tell = wishes, tell
        self._listen = _address(wishes.listen, "--listen", is_ours=True)
        self._to = _address(wishes.to, "--to")
        self._tls_to = _trusting(wishes.trust, self._to)
        self._tls_from = _shown(wishes, self._listen)
        self._clock = clock or RealClock()
        self._tap = Wiretap(self._clock, keeps=False)
        self._lines: set[asyncio.Task[None]] = set()
        self._messages: Counter[str] = Counter()
        self._up: Counter[str] = Counter()
        self._trouble: OSError | None = None
        self._is_counting = sys.stdout.isatty()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """
        Let chargers connect for a while.

        Raises:
            UsageError: If it cannot listen there, or the file is there already.
            OSError: If the recording could not be written.
        """
        host, port = self._listen.hostname or "", _port_of(self._listen)
        with recorded(self._wishes.out, self._tap, self._clock.now(), self._origin()):
            try:
                server = await asyncio.start_server(
                    self._connected, host, port, limit=HEAD_LIMIT_BYTES, ssl=self._tls_from
                )
            except (OSError, OverflowError) as error:
                raise UsageError(
                    f"--listen {self._wishes.listen}: it cannot be listened on ({error}); name an "
                    "address of this machine, or another port"
                ) from error
            port = server.sockets[0].getsockname()[1]
            shown = f"[{host}]" if ":" in host else host
            self.address = f"{self._listen.scheme}://{shown}:{port}"
            try:
                yield
            finally:
                server.close()
                await self._hang_up()
                await server.wait_closed()
        if self._trouble is not None:
            raise self._trouble

    def _origin(self) -> dict[str, str]:
        return {"by": "isebench record", "to": self._wishes.to}

    async def _hang_up(self) -> None:
        for line in tuple(self._lines):
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    def summary(self) -> str:
        """Say what was written down."""
        count, chargers = sum(self._messages.values()), len(self._messages)
        if not self._messages:
            return "no charger has been let in, so nothing is recorded"
        plural = "" if chargers == 1 else "s"
        return f"{count} messages of {chargers} charger{plural} are in {self._wishes.out}"

    # ------------------------------------------------------------------ lines

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.ensure_future(self._serve(reader, writer))
        self._lines.add(line)
        line.add_done_callback(self._lines.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        try:
            async with asyncio.timeout(HEAD_LIMIT_S):
                content = await reader.readuntil(b"\r\n\r\n")
            head = read_head(content.removesuffix(b"\r\n\r\n"))
            identity = identity_in(urlsplit(head.line.split(" ")[1]).path)
        except (TimeoutError, ValueError, OSError, asyncio.IncompleteReadError) as error:
            self._say(f"{peer[0]} sent no request that can be passed on ({_why(error)})")
            writer.transport.abort()
            return
        except asyncio.LimitOverrunError:
            self._say(f"{peer[0]} sent a request whose head is above {HEAD_LIMIT_BYTES} bytes")
            writer.transport.abort()
            return
        ends = await self._reach(identity, writer)
        if ends is not None:
            line = _Line(writer, ends[1], identity)
            await self._pass_on(line, reader, ends[0], self._readdressed(content))

    async def _reach(
        self, identity: str, charger: asyncio.StreamWriter
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """Open the line to the backend; where there is none the charger is told so."""
        host, port = self._to.hostname or "", _port_of(self._to)
        try:
            async with asyncio.timeout(OPEN_LIMIT_S):
                return await asyncio.open_connection(host, port, ssl=self._tls_to)
        except (OSError, TimeoutError) as error:
            why = f"the backend at {self._wishes.to} cannot be reached: {_why(error)}"
        self._say(f"{identity}: {why}; it was told 502")
        body = f"{why}\n".encode()
        charger.write(
            b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8\r\n"
            b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        with contextlib.suppress(OSError):
            await charger.drain()
            charger.close()
            await charger.wait_closed()
        return None

    async def _pass_on(
        self,
        line: _Line,
        charger: asyncio.StreamReader,
        backend: asyncio.StreamReader,
        asked: bytes,
    ) -> None:
        try:
            line.backend.write(asked)
            self._hear(line, asked, from_charger=True)
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._pump(line, charger, line.backend, from_charger=True))
                ways.create_task(self._pump(line, backend, line.charger, from_charger=False))
            # What waits to be sent is sent first.
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(CLOSE_LIMIT_S):
                    for end in (line.charger, line.backend):
                        end.close()
                    for end in (line.charger, line.backend):
                        await end.wait_closed()
        finally:
            for end in (line.charger, line.backend):
                end.transport.abort()
            self._note_end(line)

    def _readdressed(self, content: bytes) -> bytes:
        """Give a charger's request as it goes to the backend: other host, other path."""
        line, *rows = content.split(b"\r\n")
        method, _, rest = line.partition(b" ")
        line = b"%s %s%s" % (method, self._to.path.rstrip("/").encode(), rest)
        host = f"Host: {self._to.netloc}".encode()
        rows = [host if row[:5].lower() == b"host:" else row for row in rows]
        return b"\r\n".join((line, *rows))

    async def _pump(
        self,
        line: _Line,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        from_charger: bool,
    ) -> None:
        """Pass on one direction, until its end is passed on, too."""
        try:
            while data := await reader.read(CHUNK_BYTES):
                if from_charger and line.is_refused:
                    # It asks again on the same line, for a path that is ours: it has to dial anew.
                    raise ConnectionAbortedError
                writer.write(data)
                self._hear(line, data, from_charger=from_charger)
                await writer.drain()
            line.ended_by = line.ended_by or (line.identity if from_charger else BACKEND)
            # TLS knows no half of a line; what is left of the other direction has no reader then.
            if writer.can_write_eof():
                writer.write_eof()
            else:
                writer.close()
        except OSError:
            line.ended_by = line.ended_by or (line.identity if from_charger else BACKEND)
            line.is_broken = True
            for end in (line.charger, line.backend):
                end.transport.abort()

    # ------------------------------------------------------------------ what is written down

    def _hear(self, line: _Line, data: bytes, *, from_charger: bool) -> None:
        try:
            events = line.overheard.heard(data, from_charger=from_charger)
        except Exception as error:
            # A fault of ours must not end a line of theirs.
            line.overheard.give_up()
            events = [Unreadable(from_charger, f"a fault of the bench: {error!r}")]
        for event in events:
            try:
                self._note(line, event)
            except OSError as error:
                # What crosses unrecorded would be missing from a file that seems whole.
                self._trouble = error
                self.stopped.set()

    def _note(self, line: _Line, event: Event) -> None:
        name = line.identity
        if isinstance(event, Opened):
            line.is_up, line.wire = True, event.subprotocol or OCPP_WIRE
            self._messages.setdefault(name, 0)
            self._up[name] += 1
            # Not the path: some backends have a token in it.
            how = {"subprotocol": event.subprotocol}
            self._tap.note(LINE_WIRE, name, BACKEND, f"up {json.dumps(how)}")
            self._say(f"{name} is connected")
        elif isinstance(event, Message):
            is_text = isinstance(event.content, str)
            wire = line.wire if is_text else line.wire + BINARY
            content = event.content if isinstance(event.content, str) else event.content.hex()
            self._tap.note(wire, *_parties(name, event.from_charger), content)
            self._messages[name] += 1
            self._count()
        elif isinstance(event, Control):
            told = {"did": event.kind, "hex": event.content.hex()}
            self._tap.note(CONTROL_WIRE, *_parties(name, event.from_charger), json.dumps(told))
        elif isinstance(event, Closed):
            line.closed = line.closed or event
        elif isinstance(event, Refused):
            line.is_refused = True
            refusal = {"did": "refuse", "status": event.status, "reason": event.reason}
            self._tap.note(CONTROL_WIRE, BACKEND, name, json.dumps(refusal))
            self._say(f"{name}: the backend does not let it in ({event.status} {event.reason})")
        else:
            told = {"did": "not read", "why": event.why}
            self._tap.note(CONTROL_WIRE, *_parties(name, event.from_charger), json.dumps(told))
            self._say(f"{name}: {_unread(event)}; it goes on, and is no longer recorded")

    def _note_end(self, line: _Line) -> None:
        if not line.is_up:
            return
        line.is_up = False
        self._up[line.identity] -= 1
        closed = line.closed
        how: dict[str, object] = {"by": line.ended_by or "isebench"}
        if closed is not None:
            by = line.identity if closed.from_charger else BACKEND
            how = {"by": by, "code": closed.code, "reason": closed.reason}
        told = f"closed by {how['by']}, {closed.code} {closed.reason}" if closed else "it broke"
        self._say(f"{line.identity} is no longer connected ({told.rstrip()})")
        try:
            self._tap.note(LINE_WIRE, line.identity, BACKEND, f"down {json.dumps(how)}")
        except OSError as error:
            self._trouble = error
            self.stopped.set()

    def _say(self, what: str) -> None:
        erased = "\r\x1b[K" if self._is_counting else ""
        self._tell(f"{erased}{self._clock.now().astimezone():%H:%M:%S}  {what}")

    def _count(self) -> None:
        """Show how far it is, where somebody looks."""
        if self._is_counting:
            up = sum(count > 0 for count in self._up.values())
            messages = sum(self._messages.values())
            sys.stdout.write(f"\r\x1b[K{up} connected, {messages} messages")
            sys.stdout.flush()


def _parties(identity: str, from_charger: bool) -> tuple[str, str]:
    return (identity, BACKEND) if from_charger else (BACKEND, identity)


def _unread(event: Unreadable) -> str:
    who = "the charger" if event.from_charger else "the backend"
    return f"what {who} sends cannot be read ({event.why})"


def _why(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted ({error.verify_message}); name who signed it with "
            "--trust"
        )
    if isinstance(error, TimeoutError):
        return "it takes too long"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


# ---------------------------------------------------------------------- what was asked for


def _address(text: str, option: str, *, is_ours: bool = False) -> SplitResult:
    """Read an address of the command line."""
    example = "ws://0.0.0.0:9000" if is_ours else "wss://backend.example/ocpp"
    try:
        address = urlsplit(text)
        usable = address.scheme in PORTS and address.hostname and address.port != -1
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"{option} {text!r} is no address of a WebSocket; write {example}")
    if address.username is not None or address.password is not None:
        raise UsageError(
            f"{option}: leave user and password out of the address; the charger's own are passed on"
        )
    if address.query or address.fragment or (is_ours and address.path.strip("/")):
        raise UsageError(f"{option} {text!r} has more than a host can have; write {example}")
    return address


def _port_of(address: SplitResult) -> int:
    return PORTS[address.scheme] if address.port is None else address.port


def _trusting(trust: Path | None, to: SplitResult) -> ssl.SSLContext | None:
    """Give what holds the backend to its certificate; None where it speaks in the clear."""
    if to.scheme == "ws":
        if trust is not None:
            raise UsageError("--trust is about wss; write --to wss://…, or leave --trust out")
        return None
    try:
        return ssl.create_default_context(cafile=trust)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"--trust {trust}: no certificates can be read there ({_why(error)}); name a PEM file"
        ) from error


def _shown(wishes: Wishes, listen: SplitResult) -> ssl.SSLContext | None:
    """Give what chargers are shown; None where they connect in the clear."""
    if listen.scheme == "ws":
        if wishes.certificate is not None or wishes.key is not None:
            raise UsageError("--certificate and --key are for --listen wss://…")
        return None
    if wishes.certificate is None:
        raise UsageError("--listen wss://… needs --certificate FILE, and --key FILE if apart")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(wishes.certificate, wishes.key)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"--certificate {wishes.certificate}: no certificate with its key can be read "
            f"({_why(error)}); name PEM files"
        ) from error
    return context
