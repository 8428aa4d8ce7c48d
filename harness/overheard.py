"""
What two ends say to each other over a WebSocket, read from the bytes that pass between them.

No socket, no clock: bytes of either direction go in, what they mean comes out. So one reader
serves who stands between two ends (`harness.recorder`) and who has only a capture of what
crossed (`harness.captured_frames`).

Rule 1: who listens never disturbs. What cannot be read is told once for its direction
(`Unreadable`), which is not listened to any further; the bytes have gone their way.
Rule 2: a message is told when its last fragment is there, a control frame at once.

Frames are cut, unmasked and uncompressed by the core of `websockets` (RFC 6455 §5, RFC 7692).
"""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from websockets.exceptions import InvalidHeader, WebSocketException
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import CTRL_OPCODES, Close, CloseCode, Frame, Opcode
from websockets.headers import parse_extension
from websockets.streams import StreamReader
from websockets.typing import ExtensionParameter

HEAD_LIMIT_BYTES = 64 * 1024
MESSAGE_LIMIT_BYTES = 64 * 1024 * 1024
"""A longer message is not read; as long as a line of a recording may be."""
BITS_MAX = 15
"""Of a compressor's window, where the ends agreed on nothing else (RFC 7692 §7.1.2)."""


@dataclass(frozen=True, slots=True)
class Opened:
    """
    The central system has let a charger in.

    Attributes:
        path: what was asked for, without its query.
        subprotocol: what was agreed on; None for nothing.
        is_compressed: whether permessage-deflate was agreed on.
    """

    path: str
    subprotocol: str | None
    is_compressed: bool

    @property
    def identity(self) -> str:
        """The charger's name: the last part of the path (OCPP-J §3.1.1)."""
        return identity_in(self.path)


@dataclass(frozen=True, slots=True)
class Refused:
    """The central system has answered a charger's request otherwise: status and reason of HTTP."""

    path: str
    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message: text, or bytes where it was sent as such or is no UTF-8."""

    from_charger: bool
    content: str | bytes


@dataclass(frozen=True, slots=True)
class Control:
    """A ``ping`` or a ``pong``, with what it bore."""

    from_charger: bool
    kind: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """One end has closed; code 1005 for none (RFC 6455 §7.1.5)."""

    from_charger: bool
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """From here on what comes from one end is not listened to, and why."""

    from_charger: bool
    why: str


Event: TypeAlias = Opened | Refused | Message | Control | Closed | Unreadable


def identity_in(path: str) -> str:
    """Give the charger that a path names."""
    return unquote(path.rstrip("/").rpartition("/")[2], errors="replace")


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an HTTP message: its first line, and its fields with their names as sent."""

    line: str
    fields: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        """Give the values of a field, in order; each comma parts two."""
        found = (value for key, value in self.fields if key.lower() == name)
        return [part.strip() for value in found for part in value.split(",") if part.strip()]


def read_head(content: bytes) -> Head:
    """
    Read the head of an HTTP message, without the empty line behind it.

    Raises:
        ValueError: It is none.
    """
    line, *rows = content.decode("latin-1").split("\r\n")
    fields = []
    for row in rows:
        name, colon, value = row.partition(":")
        if not colon or not name or name != name.strip():
            raise ValueError(f"{row[:60]!r} is no field of a head")
        fields.append((name, value.strip()))
    if len(line.split(" ", 2)) < 2:
        raise ValueError(f"{line[:60]!r} begins no message of HTTP")
    return Head(line, tuple(fields))


class Overheard:
    """One line between a charger and a central system, from its first byte on."""

    def __init__(self) -> None:
        self._heads = {True: bytearray(), False: bytearray()}
        self._path: str | None = None
        self._sides: dict[bool, _Side] = {}
        self._deaf: set[bool] = set()

    def heard(self, data: bytes, *, from_charger: bool) -> list[Event]:
        """
        Take the next bytes of one direction, and give what is said by now.

        What the charger says right behind its request is kept until it has been let in.
        """
        if from_charger in self._deaf:
            return []
        if self._sides:
            return self._framed(from_charger, data)
        self._heads[from_charger] += data
        if len(self._heads[from_charger]) > HEAD_LIMIT_BYTES:
            return self._refuse_to_read(from_charger, "the head of HTTP has no end")
        return self._greeted()

    def give_up(self) -> None:
        """Listen no more."""
        self._deaf = {True, False}

    def _greeted(self) -> list[Event]:
        try:
            if self._path is None and (head := self._head_of(from_charger=True)) is not None:
                method, target, *_ = head.line.split(" ")
                if method != "GET" or "websocket" not in map(str.lower, head.values("upgrade")):
                    return self._refuse_to_read(True, f"{method} of HTTP, which is no WebSocket")
                self._path = urlsplit(target).path
            if self._path is None or (head := self._head_of(from_charger=False)) is None:
                return []
            return self._answered(head, self._path)
        except (ValueError, InvalidHeader) as error:
            return self._refuse_to_read(self._path is None, f"no handshake of a WebSocket: {error}")

    def _head_of(self, *, from_charger: bool) -> Head | None:
        head, mark, rest = bytes(self._heads[from_charger]).partition(b"\r\n\r\n")
        if not mark:
            return None
        self._heads[from_charger] = bytearray(rest)
        return read_head(head)

    def _answered(self, head: Head, path: str) -> list[Event]:
        _, status, *reason = head.line.split(" ", 2)
        if status != "101":
            self._deaf = {True, False}
            return [Refused(path, int(status), "".join(reason))]
        agreed = _agreed(head)
        self._sides = {side: _Side(_decoder(agreed, from_charger=side)) for side in (True, False)}
        spoken = head.values("sec-websocket-protocol")
        events: list[Event] = [Opened(path, spoken[0] if spoken else None, agreed is not None)]
        for side in (True, False):
            events += self._framed(side, bytes(self._heads[side]))
        return events

    def _framed(self, from_charger: bool, data: bytes) -> list[Event]:
        events: list[Event] = []
        try:
            for frame in self._sides[from_charger].frames(data):
                event = self._sides[from_charger].told(frame, from_charger=from_charger)
                events += [event] if event is not None else []
        except (WebSocketException, UnicodeDecodeError) as error:
            events += self._refuse_to_read(from_charger, f"no frame of a WebSocket: {error}")
        return events

    def _refuse_to_read(self, from_charger: bool, why: str) -> list[Event]:
        # Without a handshake nothing of either direction can be read.
        self._deaf |= {from_charger} if self._sides else {True, False}
        return [Unreadable(from_charger, why)]


@dataclass(slots=True)
class _Side:
    """The frames of one direction."""

    decoder: PerMessageDeflate | None
    stream: StreamReader = field(default_factory=StreamReader)
    parser: Generator[None, None, Frame] | None = None
    opcode: Opcode = Opcode.TEXT
    parts: list[bytes] = field(default_factory=list)

    def frames(self, data: bytes) -> Iterator[Frame]:
        """Take bytes and give each frame that is whole."""
        self.stream.feed_data(data)
        while True:
            if self.parser is None:
                # The core wants to be told what the second byte tells.
                if len(self.stream.buffer) < 2:
                    return
                self.parser = Frame.parse(
                    self.stream.read_exact,
                    mask=bool(self.stream.buffer[1] & 0x80),
                    max_size=MESSAGE_LIMIT_BYTES,
                    extensions=[self.decoder] if self.decoder is not None else [],
                )
            try:
                next(self.parser)
                return
            except StopIteration as whole:
                self.parser = None
                yield whole.value

    def told(self, frame: Frame, *, from_charger: bool) -> Event | None:
        """Give what a frame means; None for a fragment that others follow."""
        data = bytes(frame.data)
        if frame.opcode is Opcode.CLOSE:
            close = Close(CloseCode.NO_STATUS_RCVD, "") if not data else _close(data)
            return Closed(from_charger, close.code, close.reason)
        if frame.opcode in CTRL_OPCODES:
            return Control(from_charger, frame.opcode.name.lower(), data)
        if frame.opcode is not Opcode.CONT:
            self.opcode, self.parts = frame.opcode, []
        self.parts.append(data)
        if not frame.fin:
            return None
        content, self.parts = b"".join(self.parts), []
        if self.opcode is Opcode.TEXT:
            try:
                return Message(from_charger, content.decode())
            except UnicodeDecodeError:
                pass
        return Message(from_charger, content)


def _close(data: bytes) -> Close:
    """Read a close frame, also one with a code that nobody may send."""
    return Close(int.from_bytes(data[:2], "big"), data[2:].decode(errors="replace"))


def _agreed(head: Head) -> list[ExtensionParameter] | None:
    """Give the parameters of permessage-deflate; None where it was not agreed on."""
    offers = (value for key, value in head.fields if key.lower() == "sec-websocket-extensions")
    for name, parameters in itertools.chain.from_iterable(map(parse_extension, offers)):
        if name == PerMessageDeflate.name:
            return list(parameters)
        raise ValueError(f"the extension {name!r} was agreed on, which is not known here")
    return None


def _decoder(
    agreed: list[ExtensionParameter] | None, *, from_charger: bool
) -> PerMessageDeflate | None:
    """Give what uncompresses one direction (RFC 7692 §7.1)."""
    if agreed is None:
        return None
    side, told = ("client" if from_charger else "server"), dict(agreed)
    bits = int(told.get(f"{side}_max_window_bits") or BITS_MAX)
    if bits not in range(8, BITS_MAX + 1):
        raise ValueError(f"a window of {bits} bits was agreed on, which there is not")
    return PerMessageDeflate(
        remote_no_context_takeover=f"{side}_no_context_takeover" in told,
        local_no_context_takeover=True,
        remote_max_window_bits=bits,
        local_max_window_bits=BITS_MAX,
    )
