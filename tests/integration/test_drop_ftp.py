"""The backend's FTP delivery against the emulated server: what real ones do not on demand."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.drop_ftp import FtpDrop, _Talk
from backend.errors import DeliveryError, LineBroken, NoSpace, TlsFailed, TooSlow, Unreachable
from backend.ports import Arrival, Destination
from simulators.clock import VirtualClock
from simulators.ftp_server import FtpServer, User
from simulators.ftp_server.faults import CutAtCommand, NoAnswer, RefusedCommand
from simulators.wiretap import Wiretap

START = datetime(2025, 6, 4, 0, 30, tzinfo=UTC)
NAME = "ISE_Tagesexport_20250603_20250603_20250604003000_1.csv"
CONTENT = b"Messpunkt;OBIS\r\n" * 5000


@dataclass
class Way:
    """A server, the way to it, and the clock that both hold."""

    server: FtpServer
    drop: FtpDrop
    destination: Destination
    clock: VirtualClock

    async def deliver(self) -> Arrival:
        """Deliver, and wait until nobody holds the clock any more."""
        try:
            return await self.drop.deliver(self.destination, NAME, CONTENT)
        finally:
            await self.clock.settle()

    async def fails(self, kind: type[DeliveryError]) -> str:
        """Deliver, expect exactly this kind of error, and give its sentence."""
        with pytest.raises(kind) as caught:
            await self.deliver()
        assert type(caught.value) is kind
        return str(caught.value)

    def actions(self) -> list[str]:
        """Give what was asked of the server."""
        return [event.action for event in self.server.drop.events]

    def standing(self) -> dict[str, int]:
        """Give what stands in the folder now."""
        return self.server.drop.visible_at(self.clock.now(), self.destination.folder)


@asynccontextmanager
async def way_to(root: Path, folder: str = "in", **options: Any) -> AsyncIterator[Way]:
    """Lay a way to a fresh server."""
    clock = VirtualClock(START)
    users, folders = [User("ise", "geheim")], [folder]
    async with FtpServer(
        "EW Seedorf", clock, Wiretap(clock), users=users, root=root, folders=folders, **options
    ) as server:
        secured = server.security != "none"
        der = ssl.PEM_cert_to_DER_cert(server.certificate_pem) if secured else b""
        destination = Destination(
            "EW Seedorf",
            "ftps" if secured else "ftp",
            "127.0.0.1",
            server.port,
            "ise",
            "geheim",
            folder,
            time_limit_s=20.0,
            is_implicit=server.security == "implicit",
            certificate_sha256=hashlib.sha256(der).hexdigest() if secured else "",
        )
        yield Way(server, FtpDrop(clock), destination, clock)
        await clock.settle()


def test_a_server_with_hashes(tmp_path: Path) -> None:
    """Where a hash is offered, it is asked for and compared."""

    async def run() -> list[str]:
        async with way_to(tmp_path, hashes=True) as way:
            assert len(CONTENT) == (await way.deliver()).size_bytes
            return way.actions()

    assert "hash" in asyncio.run(run())


@pytest.mark.parametrize("security", ["none", "explicit", "implicit"])
def test_a_server_without_sizes(tmp_path: Path, security: str) -> None:
    """What tells neither SIZE nor MLST is read back, and counted."""

    async def run() -> dict[str, int]:
        async with way_to(tmp_path, security=security) as way:
            await way.server.faults.switch_on(RefusedCommand("stat", 502, "not implemented"))
            assert not (await way.deliver()).already_there
            assert (await way.deliver()).already_there
            return way.standing()

    assert {NAME: len(CONTENT)} == asyncio.run(run())


@pytest.mark.parametrize("folder", ["Zähler stände", "a'b\"c", "in.2025", "ÅÄÖ/neu"])
def test_awkward_folders(tmp_path: Path, folder: str) -> None:
    """Folders with blanks, quotes and letters of other alphabets are found."""

    async def run() -> dict[str, int]:
        async with way_to(tmp_path, folder) as way:
            await way.deliver()
            return way.standing()

    assert {NAME: len(CONTENT)} == asyncio.run(run())


def test_no_folder(tmp_path: Path) -> None:
    """Without a folder files lie where the login ends up."""

    async def run() -> bool:
        async with way_to(tmp_path) as way:
            way.destination = replace(way.destination, folder=".")
            await way.deliver()
            return (tmp_path / NAME).exists()

    assert asyncio.run(run())


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (452, "insufficient storage space", NoSpace),
        (552, "exceeded storage allocation", NoSpace),
        (451, "local error", NoSpace),
        (425, "no data connection", LineBroken),
        (421, "shutting down", Unreachable),
        (530, "too many users; try again later", Unreachable),
        (500, "what", DeliveryError),
    ],
)
def test_what_codes_mean(tmp_path: Path, code: int, text: str, kind: type[DeliveryError]) -> None:
    """A refused upload is told by code and words, the server's own among them."""

    async def run() -> str:
        async with way_to(tmp_path) as way:
            await way.server.faults.switch_on(RefusedCommand("open", code, text))
            told = await way.fails(kind)
            assert {} == way.standing()
            return told

    assert f"({code} {text})" in asyncio.run(run())


@pytest.mark.parametrize("security", ["none", "explicit", "implicit"])
def test_a_delivery_that_takes_too_long(tmp_path: Path, security: str) -> None:
    """It is given up within its time, its threads and sockets with it."""

    async def run() -> str:
        async with way_to(tmp_path, security=security) as way:
            way.destination = replace(way.destination, time_limit_s=1)
            await way.server.faults.switch_on(NoAnswer("close"))
            return await way.fails(TooSlow)

    assert "was not done after 1 s" in asyncio.run(run())


def test_a_lost_goodbye(tmp_path: Path) -> None:
    """What happens to QUIT does not change what has arrived."""

    async def run() -> Arrival:
        async with way_to(tmp_path) as way:
            await way.server.faults.switch_on(CutAtCommand("quit"))
            return await way.deliver()

    assert not asyncio.run(run()).already_there


@pytest.mark.parametrize("security", ["none", "explicit", "implicit"])
def test_a_goodbye_without_an_answer(tmp_path: Path, security: str) -> None:
    """A server that is silent to QUIT until the time is up does not undo an arrival."""

    async def run() -> Arrival:
        async with way_to(tmp_path, security=security) as way:
            way.destination = replace(way.destination, time_limit_s=1)
            await way.server.faults.switch_on(NoAnswer("quit"))
            return await way.deliver()

    assert Arrival(NAME, len(CONTENT), already_there=False) == asyncio.run(run())


@pytest.mark.parametrize("security", ["explicit", "implicit"])
def test_a_certificate_that_nobody_vouches_for_is_shown(tmp_path: Path, security: str) -> None:
    """Its SHA-256 stands in the error, so that it can be compared and pinned; nobody logs in."""

    async def run() -> tuple[str, str, list[str]]:
        async with way_to(tmp_path, security=security) as way:
            pinned = way.destination.certificate_sha256
            way.destination = replace(way.destination, certificate_sha256="")
            return pinned, await way.fails(TlsFailed), way.actions()

    pinned, told, actions = asyncio.run(run())
    assert f"self-signed certificate (its SHA-256 is {pinned}; compare it before" in told
    assert "user" not in actions


def test_a_certificate_that_cannot_be_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the second look at it fails, the first is told without it."""
    opened: list[object] = []
    open_once = _Talk._open

    def open_first(talk: _Talk) -> None:
        opened.append(talk)
        if len(opened) > 1:
            raise OSError("gone")
        open_once(talk)

    monkeypatch.setattr(_Talk, "_open", open_first)

    async def run() -> str:
        async with way_to(tmp_path, security="implicit") as way:
            way.destination = replace(way.destination, certificate_sha256="")
            return await way.fails(TlsFailed)

    told = asyncio.run(run())
    assert "self-signed certificate; give the certificate's issuer" in told


@pytest.mark.parametrize("fault", [CutAtCommand, partial(CutAtCommand, with_reset=True)])
@pytest.mark.parametrize("step", ["connect", "secure"])
def test_a_line_that_ends_before_tls(tmp_path: Path, step: str, fault: type[CutAtCommand]) -> None:
    """A server that hangs up before the handshake has not disagreed on encryption."""

    async def run() -> str:
        async with way_to(tmp_path, security="implicit") as way:
            await way.server.faults.switch_on(fault(step))
            return await way.fails(Unreachable)

    assert "it hung up at once, or does not speak FTP" in asyncio.run(run())


def test_a_pinned_certificate_needs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What this machine trusts is not read where the server's certificate is pinned."""
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda *_: 1 / 0)

    async def run() -> Arrival:
        async with way_to(tmp_path, security="explicit") as way:
            return await way.deliver()

    assert not asyncio.run(run()).already_there


@pytest.mark.parametrize(
    ("greeting", "told"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "it hung up at once, or does not speak FTP"),
        (b"HTTP/1.1 400 Bad\r\n", "the server refused at connecting (HTTP/1.1 400 Bad)"),
        (b"", "it hung up at once, or does not speak FTP"),
        (b"421 Zu viele Zugriffe, sp\xe4ter\r\n", "takes nobody now, at connecting (421 Zu viele"),
        (b"220 " + b"x" * 9000, "refused at connecting (got more than 8192 bytes)"),
    ],
)
def test_what_is_no_ftp_server(greeting: bytes, told: str) -> None:
    """Whatever answers is told, in its own words and in whatever code page."""

    async def run() -> str:
        async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(greeting)
            writer.close()
            await writer.wait_closed()
            done.set()

        done = asyncio.Event()
        async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            to = Destination("Odd", "ftp", "127.0.0.1", port, "ise", "geheim", "in")
            with pytest.raises(DeliveryError) as caught:
                await FtpDrop(VirtualClock(START)).deliver(to, NAME, CONTENT)
            await done.wait()
        return str(caught.value)

    assert told in asyncio.run(run())


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("nobody.invalid", "the name 'nobody.invalid' is not known; check host and port"),
        ("127.0.0.1", "nothing listens there; check host and port"),
    ],
)
def test_nobody_there(host: str, told: str) -> None:
    """A wrong name and a wrong port are told apart."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        to = Destination("Odd", "ftp", host, deaf.getsockname()[1], "ise", "geheim", "in")
        with pytest.raises(Unreachable) as caught:
            asyncio.run(FtpDrop(VirtualClock(START)).deliver(to, NAME, CONTENT))
    assert told in str(caught.value)


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "a\nb"])
def test_names_that_are_none(name: str) -> None:
    """What is no plain file name is refused before anything is done."""
    to = Destination("Odd", "ftp", "127.0.0.1", 1, "ise", "geheim", "in")
    with pytest.raises(ValueError, match="is no plain file name"):
        asyncio.run(FtpDrop(VirtualClock(START)).deliver(to, name, CONTENT))
