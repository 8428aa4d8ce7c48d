"""SFTP 3 over a channel: what is sent, and what is made of each answer."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from typing import Any, cast

import asyncssh
import pytest

from backend.adapters import sftp_requests
from backend.adapters.sftp_requests import (
    BLOCK_BYTES,
    LARGE_FILE_BYTES,
    PACKET_LIMIT_BYTES,
    WRITING,
    Attributes,
    Reading,
    SftpRequests,
)

LIMITS = b"limits@openssh.com"


def string(text: bytes) -> bytes:
    """Write a string as the protocol does."""
    return struct.pack(">I", len(text)) + text


class Channel:
    """
    A channel whose other end answers as it is told.

    Attributes:
        writes: how often something was written.
        asked: type and rest of each request.
        answers: type and rest of what is answered, one after the other; then OK to all.
        silent: answer nothing by itself.
    """

    def __init__(self, *extensions: bytes) -> None:
        self.writes = 0
        self.asked: list[tuple[int, bytes]] = []
        self.numbers: list[bytes] = []
        self.answers: list[tuple[int, bytes]] = []
        self.silent = False
        self.aborted = False
        self.version = 3
        self._extensions = extensions
        self.session: SftpRequests | None = None

    def is_closing(self) -> bool:
        """Tell whether it is."""
        return self.aborted

    def abort(self) -> None:
        """End it."""
        self.aborted = True

    def write(self, data: bytes) -> None:
        """Take requests, and answer each."""
        self.writes += 1
        while data:
            size = int.from_bytes(data[:4], "big")
            packet, data = data[4 : 4 + size], data[4 + size :]
            if packet[0] == 1:
                told = b"".join(string(name) + string(b"1") for name in self._extensions)
                self.say(bytes([2]) + struct.pack(">I", self.version) + told)
                continue
            self.asked.append((packet[0], packet[5:]))
            self.numbers.append(packet[1:5])
            if not self.silent:
                kind, rest = self.answers.pop(0) if self.answers else (101, bytes(4))
                self.say(bytes([kind]) + packet[1:5] + rest)

    def say(self, packet: bytes) -> None:
        """Send a packet to the client."""
        assert self.session is not None
        self.session.data_received(struct.pack(">I", len(packet)) + packet, None)


class Connection:
    """A connection that opens this channel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def create_session(
        self, factory: Callable[[], SftpRequests], **_: object
    ) -> tuple[Channel, SftpRequests]:
        """Open it."""
        session = factory()
        self._channel.session = session
        session.connection_made(cast("Any", self._channel))
        return self._channel, session


Talk = Callable[[SftpRequests, Channel], Awaitable[object]]


def talk(say: Talk, *extensions: bytes) -> Any:
    """Talk over a fresh session."""

    async def run() -> object:
        channel = Channel(*extensions)
        requests = await SftpRequests.begin(cast("Any", Connection(channel)))
        return await say(requests, channel)

    return asyncio.run(run())


def status(code: int, words: bytes | None = b"no") -> tuple[int, bytes]:
    """Give an answer that is a status; old servers leave the words out."""
    rest = b"" if words is None else string(words) + string(b"")
    return 101, struct.pack(">I", code) + rest


def test_what_is_asked_together_goes_out_together() -> None:
    """Requests of one step of the loop are one piece."""

    async def say(requests: SftpRequests, channel: Channel) -> int:
        before = channel.writes
        await asyncio.gather(*(requests.remove(f"{number}") for number in range(16)))
        assert 16 == len(channel.asked)
        return channel.writes - before

    assert 1 == talk(say)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (2, asyncssh.SFTPNoSuchFile),
        (3, asyncssh.SFTPPermissionDenied),
        (4, asyncssh.SFTPFailure),
        (8, asyncssh.SFTPOpUnsupported),
        (11, asyncssh.SFTPFileAlreadyExists),
        (15, asyncssh.SFTPQuotaExceeded),
        (99, asyncssh.SFTPError),
    ],
)
@pytest.mark.parametrize("words", [b"no", b"n\xf6", None])
def test_refusals(code: int, kind: type[asyncssh.SFTPError], words: bytes | None) -> None:
    """Each code is an error of its kind, with the server's words, if it has any."""

    async def say(requests: SftpRequests, channel: Channel) -> asyncssh.SFTPError:
        channel.answers = [status(code, words)]
        with pytest.raises(asyncssh.SFTPError) as caught:
            await requests.rename("a", "b")
        assert kind is type(caught.value)
        return caught.value

    told = {b"no": "no", b"n\xf6": "n\\xf6", None: ""}[words]
    assert told == talk(say).reason


def test_attributes() -> None:
    """Size and permissions are found among all that may be told."""
    all_told = struct.pack(">IQIIIIII", 0x8000000F, 7, 1, 2, 0o40755, 3, 4, 1)
    packet = all_told + string(b"a") + string(b"b")
    assert Attributes(7, 0o40755) == Reading(packet).attributes()
    assert Attributes(None, None) == Reading(bytes(4)).attributes()


@pytest.mark.parametrize(
    ("size", "extensions", "blocks"),
    [
        (0, (), 0),
        (BLOCK_BYTES, (), 1),
        (BLOCK_BYTES + 1, (), 2),
        (LARGE_FILE_BYTES, (), 31),
        (LARGE_FILE_BYTES, (LIMITS,), 4),
    ],
)
def test_blocks(size: int, extensions: tuple[bytes, ...], blocks: int) -> None:
    """Blocks are such as every server takes, and larger where the server says so."""

    async def say(requests: SftpRequests, channel: Channel) -> int:
        for _ in range(2):  # how large they may be is asked once
            channel.asked.clear()
            if size >= LARGE_FILE_BYTES and not channel.answers and channel.writes == 1:
                channel.answers = (
                    [(201, struct.pack(">QQQ", 262_144, 255_000, 261_120))] if extensions else []
                )
            await requests.write(b"h", bytes(size))
        assert {6} >= {kind for kind, _ in channel.asked}
        return len(channel.asked)

    assert blocks == talk(say, *extensions)


@pytest.mark.parametrize("limit", [0, 100, 10**9])
def test_strange_limits(limit: int) -> None:
    """Whatever limit is told, blocks are no smaller than all must take, and not huge."""

    async def say(requests: SftpRequests, channel: Channel) -> int:
        channel.answers = [(201, struct.pack(">QQQ", 0, 0, limit))]
        await requests.write(b"h", bytes(LARGE_FILE_BYTES))
        return len(channel.asked) - 1

    assert (4 if limit == 10**9 else 31) == talk(say, LIMITS)


def test_a_refused_block() -> None:
    """It is told, and what was under way behind it is answered to nobody."""

    async def say(requests: SftpRequests, channel: Channel) -> int:
        channel.answers = [status(0), status(4)]
        with pytest.raises(asyncssh.SFTPFailure):
            await requests.write(b"h", bytes(5 * BLOCK_BYTES))
        await requests.close(b"h")
        return len(channel.asked)

    assert 6 == talk(say)


def test_one_by_one() -> None:
    """A file that must be a beginning of itself wherever it ends has no block behind a bad one."""

    async def say(requests: SftpRequests, channel: Channel) -> int:
        channel.answers = [status(0), status(4)]
        with pytest.raises(asyncssh.SFTPFailure):
            await requests.write(b"h", bytes(5 * BLOCK_BYTES), one_by_one=True)
        return len(channel.asked)

    assert 2 == talk(say)


def test_no_more_under_way_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """So much of a file and no more waits for answers."""
    monkeypatch.setattr(sftp_requests, "UNDER_WAY_BYTES", 2 * BLOCK_BYTES)

    async def say(requests: SftpRequests, channel: Channel) -> int:
        channel.silent = True
        writing = asyncio.ensure_future(requests.write(b"h", bytes(5 * BLOCK_BYTES)))
        await asyncio.sleep(0.01)
        writing.cancel()
        return len(channel.asked)

    assert 2 == talk(say)


def test_short_reads() -> None:
    """What comes in parts is put together; the end of the file ends it."""

    async def say(requests: SftpRequests, channel: Channel) -> list[bytes]:
        channel.answers = [(103, string(b"ab")), (103, string(b"c")), status(1)]
        read = await requests.read(b"h", 0, 4)
        channel.answers = [(103, string(b""))]
        return [read, await requests.read(b"h", 4, 4)]

    assert [b"abc", b""] == talk(say)


def test_names() -> None:
    """A folder is listed until its end."""
    one = string(b"a.csv") + string(b"-rw") + bytes(4)
    other = string(b"\xff") + string(b"-rw") + bytes(4)

    async def say(requests: SftpRequests, channel: Channel) -> list[str]:
        two = (104, struct.pack(">I", 2) + one + other)
        channel.answers = [(102, string(b"h")), two, status(1)]
        return await requests.names("in")

    assert ["a.csv", "\\xff"] == talk(say)


def test_what_is_not_offered_is_not_asked() -> None:
    """Neither sync nor free space is asked of a server that does not offer it."""

    async def say(requests: SftpRequests, channel: Channel) -> object:
        await requests.sync(b"h")
        assert [] == channel.asked
        return await requests.free_bytes("in")

    assert None is talk(say)


@pytest.mark.parametrize("fragment", [512, 0])
def test_free_space(fragment: int) -> None:
    """It is told in fragments, or in blocks."""

    async def say(requests: SftpRequests, channel: Channel) -> object:
        channel.answers = [(201, struct.pack(">11Q", 4096, fragment, 9, 9, 3, *[0] * 6))]
        return await requests.free_bytes("in")

    assert 3 * (fragment or 4096) == talk(say, b"statvfs@openssh.com")


@pytest.mark.parametrize(
    "answer",
    [(105, bytes(4)), (102, b"\0\0\0\x09a"), (77, b"")],
    ids=["another type", "too short", "unknown"],
)
def test_answers_that_make_no_sense(answer: tuple[int, bytes]) -> None:
    """They are told as such, by whoever asked."""

    async def say(requests: SftpRequests, channel: Channel) -> object:
        channel.answers = [answer]
        with pytest.raises(asyncssh.SFTPBadMessage):
            await requests.open("a", WRITING)
        channel.answers = [answer]
        with pytest.raises(asyncssh.SFTPBadMessage):
            await requests.close(b"h")
        return None

    talk(say)


@pytest.mark.parametrize(
    "packet",
    [
        struct.pack(">I", PACKET_LIMIT_BYTES + 1),
        struct.pack(">I", 4) + bytes(4),
        struct.pack(">IBI", 5, 101, 77),
        struct.pack(">IBI", 5, 2, 3),
    ],
    ids=["too long", "too short", "to nothing", "a second greeting"],
)
def test_packets_that_end_the_session(packet: bytes) -> None:
    """What cannot be understood ends the session, for all who wait and all who come."""

    async def say(requests: SftpRequests, channel: Channel) -> object:
        channel.silent = True
        waiting = asyncio.ensure_future(requests.stat("a"))
        await asyncio.sleep(0.01)
        requests.data_received(packet, None)
        requests.data_received(packet, None)
        for asked in (waiting, requests.stat("b")):
            with pytest.raises(asyncssh.SFTPBadMessage):
                await asked
        assert channel.aborted
        return None

    talk(say)


def test_an_answer_in_pieces() -> None:
    """An answer may come byte by byte, and what comes on stderr is not one."""

    async def say(requests: SftpRequests, channel: Channel) -> object:
        channel.silent = True
        asked = asyncio.ensure_future(requests.stat("a"))
        await asyncio.sleep(0.01)
        answer = bytes([105]) + channel.numbers[0] + struct.pack(">IQ", 1, 7)
        requests.data_received(b"Warning!", 1)
        for sign in struct.pack(">I", len(answer)) + answer:
            requests.data_received(bytes([sign]), None)
        return await asked

    assert Attributes(7, None) == talk(say)


def test_an_answer_to_who_has_gone() -> None:
    """Who was given up is not told, and the others are."""

    async def say(requests: SftpRequests, channel: Channel) -> object:
        channel.silent = True
        gone = asyncio.ensure_future(requests.stat("a"))
        await asyncio.sleep(0.01)
        gone.cancel()
        await asyncio.sleep(0)
        channel.say(bytes([101]) + channel.numbers[0] + bytes(4))
        channel.silent = False
        await requests.remove("b")
        return None

    talk(say)


def test_a_lost_line() -> None:
    """All who wait, and all who come, are told that it is lost."""

    async def say(requests: SftpRequests, channel: Channel) -> object:
        channel.silent = True
        waiting = asyncio.ensure_future(requests.stat("a"))
        await asyncio.sleep(0.01)
        requests.connection_lost(None)
        for asked in (waiting, requests.stat("b")):
            with pytest.raises(asyncssh.SFTPConnectionLost):
                await asked
        return None

    talk(say)


def test_a_server_of_another_version() -> None:
    """A server that speaks no version 3 is refused, and the channel closed."""

    async def run() -> Channel:
        channel = Channel()
        channel.version = 2
        with pytest.raises(asyncssh.SFTPBadMessage, match="speaks version 2"):
            await SftpRequests.begin(cast("Any", Connection(channel)))
        return channel

    assert asyncio.run(run()).aborted
