"""
SFTP version 3 over one channel of SSH, with many requests under way at once.

draft-ietf-secsh-filexfer-02, as far as a delivery needs it, with ``fsync@openssh.com``,
``statvfs@openssh.com`` and ``limits@openssh.com``. asyncssh has a client of its own; this one is
here because of its speed (docs/decisions/0034-lines-that-stay-open.md): what is asked in one step
of the loop goes out in one piece, so that sixteen small files cost little more packets than one.

Requests about one file are done in the order in which they were sent (§6.1), so blocks need not
wait for each other. Errors are those of asyncssh.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import asyncssh

BLOCK_BYTES = 32768
"""Bytes per read or write; every server must take so many (§3)."""
LARGE_BLOCK_BYTES = 261_120
"""Bytes per write of a large file, where the server takes so many; what OpenSSH takes at most."""
LARGE_FILE_BYTES = 1_000_000
"""From which size on the server is asked how large its blocks may be."""
UNDER_WAY_BYTES = 4_000_000
"""How much of a file is under way before the first of it must be answered."""
PACKET_LIMIT_BYTES = 262_144 + 1024
"""How large an answer may be; OpenSSH's own limit is 256 KiB."""
NAMES_LIMIT = 1_000_000
"""How many names of a folder are read."""

_INIT, _VERSION, _OPEN, _CLOSE, _READ, _WRITE = 1, 2, 3, 4, 5, 6
_OPENDIR, _READDIR, _REMOVE, _STAT, _RENAME = 11, 12, 13, 17, 18
_STATUS, _HANDLE, _DATA, _NAME, _ATTRS = 101, 102, 103, 104, 105
_EXTENDED, _EXTENDED_REPLY = 200, 201

READING, WRITING = 0x01, 0x02 | 0x08 | 0x10
"""How a file is opened; for writing it is made, or emptied."""
_VERSION_3 = 3
_NO_FLAGS = bytes(4)
_OK, _EOF = 0, 1
_SIZE, _OWNER, _PERMISSIONS, _TIMES, _MORE = 0x01, 0x02, 0x04, 0x08, 0x8000_0000

_KINDS: dict[int, Callable[[str], asyncssh.SFTPError]] = {
    1: asyncssh.SFTPEOFError,
    2: asyncssh.SFTPNoSuchFile,
    3: asyncssh.SFTPPermissionDenied,
    4: asyncssh.SFTPFailure,
    5: asyncssh.SFTPBadMessage,
    6: asyncssh.SFTPNoConnection,
    7: asyncssh.SFTPConnectionLost,
    8: asyncssh.SFTPOpUnsupported,
    # Of later versions; servers say them in version 3, too.
    10: asyncssh.SFTPNoSuchPath,
    11: asyncssh.SFTPFileAlreadyExists,
    12: asyncssh.SFTPWriteProtect,
    14: asyncssh.SFTPNoSpaceOnFilesystem,
    15: asyncssh.SFTPQuotaExceeded,
}


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a server says of a file; None where it does not say it."""

    size: int | None
    permissions: int | None


class Reading:
    """A packet that is being read, field by field."""

    def __init__(self, packet: bytes, at: int = 0) -> None:
        self._packet = packet
        self._at = at

    @property
    def is_at_end(self) -> bool:
        """Whether all of it has been read."""
        return self._at >= len(self._packet)

    def number(self, size_bytes: int = 4) -> int:
        """Read a whole number."""
        return int.from_bytes(self._taken(size_bytes), "big")

    def string(self) -> bytes:
        """Read a string."""
        return self._taken(self.number())

    def attributes(self) -> Attributes:
        """Read what is said of a file."""
        flags = self.number()
        size = self.number(8) if flags & _SIZE else None
        self._taken(8 if flags & _OWNER else 0)
        permissions = self.number() if flags & _PERMISSIONS else None
        self._taken(8 if flags & _TIMES else 0)
        for _ in range(2 * self.number() if flags & _MORE else 0):
            self.string()
        return Attributes(size, permissions)

    def _taken(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._packet):
            raise asyncssh.SFTPBadMessage("a packet ends too early")
        taken = self._packet[self._at : end]
        self._at = end
        return taken


class SftpRequests(asyncssh.SSHClientSession[bytes]):
    """One SFTP session; as many may ask at once as want to."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._channel: asyncssh.SSHClientChannel[bytes] | None = None
        self._numbers = 0
        self._waiting: dict[int, asyncio.Future[bytes | Exception]] = {}
        self._ready: asyncio.Future[bytes | Exception] = self._loop.create_future()
        self._unsent: list[bytes | memoryview] = []
        self._received = bytearray()
        self._lost: Exception | None = None
        self._extensions: dict[bytes, bytes] = {}
        self._large_block_bytes: int | None = None

    @classmethod
    async def begin(cls, connection: asyncssh.SSHClientConnection) -> SftpRequests:
        """
        Open a session, and agree on version 3.

        Raises:
            asyncssh.ChannelOpenError: If the server opens none.
            asyncssh.SFTPConnectionLost: If it closes it at once.
        """
        requests = cls()
        channel, _ = await connection.create_session(
            lambda: requests, subsystem="sftp", encoding=None
        )
        try:
            await requests.greet()
        except BaseException:
            channel.abort()
            raise
        return requests

    async def greet(self) -> None:
        """Agree on version 3, and learn what the server offers beside it."""
        self._send(struct.pack(">IBI", 5, _INIT, _VERSION_3))
        told = Reading(_result(await self._ready))
        kind, version = told.number(1), told.number()
        if kind != _VERSION or version != _VERSION_3:
            raise asyncssh.SFTPBadMessage(f"the server speaks version {version} of SFTP")
        while not told.is_at_end:
            name = told.string()
            self._extensions[name] = told.string()

    # ------------------------------------------------------------ what can be asked

    async def stat(self, path: str) -> Attributes:
        """Tell of a file or folder."""
        return (await self._ask(_STAT, _string(path), of=_ATTRS)).attributes()

    async def open(self, path: str, how: int) -> bytes:
        """Open a file for `READING` or `WRITING`, and give its handle."""
        what = _string(path) + struct.pack(">I", how) + _NO_FLAGS
        return (await self._ask(_OPEN, what, of=_HANDLE)).string()

    async def write(self, handle: bytes, content: bytes, *, one_by_one: bool = False) -> None:
        """
        Write a file from its beginning on.

        Parameters:
            one_by_one: send a block when the one before is written; so what is written is a
                beginning of the content, even where a block is refused.
        """
        under_way: deque[asyncio.Future[bytes | Exception]] = deque()
        view, named = memoryview(content), _string(handle)
        size = await self._block_bytes(len(content))
        at_once = 1 if one_by_one else UNDER_WAY_BYTES // size
        for offset in range(0, len(content), size):
            if len(under_way) >= at_once:
                _accepted(await under_way.popleft())
            block = view[offset : offset + size]
            place = struct.pack(">QI", offset, len(block))
            under_way.append(self._request(_WRITE, named, place, block))
        while under_way:
            _accepted(await under_way.popleft())

    async def _block_bytes(self, count: int) -> int:
        if count < LARGE_FILE_BYTES or b"limits@openssh.com" not in self._extensions:
            return BLOCK_BYTES
        if self._large_block_bytes is None:
            told = await self._ask(_EXTENDED, _string(b"limits@openssh.com"), of=_EXTENDED_REPLY)
            # How large a packet, a read and a write may be; nothing for unknown.
            write_bytes = [told.number(8) for _ in range(3)][2] or BLOCK_BYTES
            self._large_block_bytes = max(BLOCK_BYTES, min(write_bytes, LARGE_BLOCK_BYTES))
        return self._large_block_bytes

    async def read(self, handle: bytes, offset: int, count: int) -> bytes:
        """Read a part of a file; less than asked for only at its end."""
        read = bytearray()
        while len(read) < count:
            part = struct.pack(">QI", offset + len(read), count - len(read))
            try:
                answer = await self._ask(_READ, _string(handle) + part, of=_DATA)
            except asyncssh.SFTPEOFError:
                break
            if not (more := answer.string()):
                break
            read += more
        return bytes(read)

    async def sync(self, handle: bytes) -> None:
        """Have what was written put on the disk, where the server offers it."""
        if b"fsync@openssh.com" in self._extensions:
            await self._do(_EXTENDED, _string(b"fsync@openssh.com") + _string(handle))

    async def close(self, handle: bytes) -> None:
        """Close a file."""
        await self._do(_CLOSE, _string(handle))

    async def remove(self, path: str) -> None:
        """Remove a file."""
        await self._do(_REMOVE, _string(path))

    async def rename(self, path: str, to: str) -> None:
        """Give a file another name, which no file has."""
        await self._do(_RENAME, _string(path) + _string(to))

    async def names(self, path: str) -> list[str]:
        """List a folder."""
        handle = (await self._ask(_OPENDIR, _string(path), of=_HANDLE)).string()
        found: list[str] = []
        try:
            while len(found) < NAMES_LIMIT:
                answer = await self._ask(_READDIR, _string(handle), of=_NAME)
                for _ in range(answer.number()):
                    found.append(answer.string().decode("utf-8", "backslashreplace"))
                    answer.string()  # the same for people
                    answer.attributes()
        except asyncssh.SFTPEOFError:
            pass
        await self.close(handle)
        return found

    async def free_bytes(self, path: str) -> int | None:
        """Tell how much may still be written; None where the server does not tell."""
        if b"statvfs@openssh.com" not in self._extensions:
            return None
        what = _string(b"statvfs@openssh.com") + _string(path)
        told = await self._ask(_EXTENDED, what, of=_EXTENDED_REPLY)
        block_bytes, fragment_bytes, _, _, available = (told.number(8) for _ in range(5))
        return available * (fragment_bytes or block_bytes)

    # ------------------------------------------------------------ requests and answers

    async def _ask(self, kind: int, what: bytes, of: int) -> Reading:
        answer = Reading(_result(await self._request(kind, what)))
        said = answer.number(1)
        answer.number()  # whose answer it is
        if said == of:
            return answer
        _fail(said, answer)
        raise asyncssh.SFTPBadMessage(f"an answer of type {said} to a request of type {kind}")

    async def _do(self, kind: int, what: bytes) -> None:
        _accepted(await self._request(kind, what))

    def _request(self, kind: int, *what: bytes | memoryview) -> asyncio.Future[bytes | Exception]:
        answer: asyncio.Future[bytes | Exception] = self._loop.create_future()
        if self._lost is not None:
            answer.set_result(self._lost)
            return answer
        self._numbers = number = (self._numbers + 1) & 0xFFFF_FFFF
        self._waiting[number] = answer
        count = 5 + sum(map(len, what))
        self._send(struct.pack(">IBI", count, kind, number), *what)
        return answer

    def _send(self, *pieces: bytes | memoryview) -> None:
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.extend(pieces)

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if self._channel is not None and not self._channel.is_closing():
            self._channel.write(b"".join(unsent))

    # ------------------------------------------------------------ what asyncssh calls

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        """Take the channel."""
        self._channel = chan

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        """Hand each whole answer to who waits for it; what is said on stderr is not read."""
        if datatype is not None or self._lost is not None:
            return
        self._received += data
        try:
            for packet in self._packets():
                self._answered(packet)
        except asyncssh.SFTPBadMessage as error:
            self.connection_lost(error)
            if self._channel is not None:
                self._channel.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell all who wait that no answer will come."""
        self._lost = self._lost or exc or asyncssh.SFTPConnectionLost("connection closed")
        waiting, self._waiting = self._waiting, {}
        for answer in (self._ready, *waiting.values()):
            if not answer.done():
                answer.set_result(self._lost)

    def _packets(self) -> Iterator[bytes]:
        at, received = 0, self._received
        while len(received) - at >= 4:
            size = int.from_bytes(received[at : at + 4], "big")
            if not 5 <= size <= PACKET_LIMIT_BYTES:
                raise asyncssh.SFTPBadMessage(f"an answer of {size} bytes")
            if len(received) - at - 4 < size:
                break
            yield bytes(received[at + 4 : at + 4 + size])
            at += 4 + size
        del received[:at]

    def _answered(self, packet: bytes) -> None:
        if packet[0] == _VERSION:
            answer: asyncio.Future[bytes | Exception] | None = self._ready
        else:
            answer = self._waiting.pop(int.from_bytes(packet[1:5], "big"), None)
        if answer is None or (answer.done() and not answer.cancelled()):
            raise asyncssh.SFTPBadMessage("an answer to nothing")
        if not answer.done():
            answer.set_result(packet)


def _string(text: str | bytes) -> bytes:
    content = text.encode("utf-8") if isinstance(text, str) else text
    return len(content).to_bytes(4, "big") + content


def _result(answer: bytes | Exception) -> bytes:
    if isinstance(answer, Exception):
        raise answer
    return answer


def _accepted(answer: bytes | Exception) -> None:
    """Make sure of a status that is OK."""
    packet = Reading(_result(answer))
    said = packet.number(1)
    packet.number()
    if not _fail(said, packet):
        raise asyncssh.SFTPBadMessage(f"an answer of type {said} instead of a status")


def _fail(said: int, answer: Reading) -> bool:
    """Raise what a status tells; give whether it was one, and OK."""
    if said != _STATUS:
        return False
    code = answer.number()
    if code == _OK:
        return True
    # Its words are left out by old servers.
    words = b"" if answer.is_at_end else answer.string()
    text = words.decode("utf-8", "backslashreplace")
    kind = _KINDS.get(code)
    raise asyncssh.SFTPError(code, text) if kind is None else kind(text)
