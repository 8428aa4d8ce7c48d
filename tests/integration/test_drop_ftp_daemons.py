"""
The backend's FTP and FTPS delivery against ProFTPD, vsftpd and Pure-FTPd.

The simulated server answers as we believe servers answer; these answer as they do. Needs Debian's
packages and root (for a throw-away user with a password); what is not there is skipped and says
so.
"""

from __future__ import annotations

import asyncio
import ftplib
import hashlib
import os
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace

import pytest
from support.ftp_daemons import (
    DAEMONS,
    SECRET,
    Daemon,
    Place,
    place_for_ftp,
    program,
    quota_settings,
    small_disk_at,
)

from backend.adapters.drop_ftp import FtpDrop, _Talk
from backend.errors import (
    CertificateChanged,
    DeliveryError,
    Denied,
    FolderMissing,
    LoginRefused,
    NameTaken,
    NoSpace,
    RenameRefused,
    TlsFailed,
    TooSlow,
    Unreachable,
)
from backend.ports import Arrival, Destination
from simulators.clock import RealClock

NAME = "ISE_Tagesexport_20250603_20250603_20250604003000_1.csv"
CONTENT = bytes(range(256)) * 800
SMALL_DISK_BYTES = 65_536
KINDS = [
    (daemon, security)
    for daemon in DAEMONS
    for security in ("none", "explicit", "implicit")
    if (daemon, security) != ("pure-ftpd", "implicit")  # it has none
]

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("useradd") is None,
    reason="a throw-away user with a password needs root and useradd",
)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A home for the servers' user."""
    with place_for_ftp() as made:
        yield made


@pytest.fixture(autouse=True)
def empty(place: Place) -> None:
    """Begin each test with an empty folder."""
    for path in (place.folder / "in").iterdir():
        path.unlink()


def daemon(name: str, security: str = "none", *extra: str) -> Daemon:
    """Give a server, or skip where it is not installed."""
    if program(name) is None:
        pytest.skip(f"no {name} here: .ci/run installs it")
    return Daemon(name, security, extra)


def deliver(place: Place, server: Daemon, **changes: object) -> Arrival:
    """Deliver the file to a server of which we know otherwise than is true."""

    async def drive() -> Arrival:
        async with server.running(place) as destination:
            return await courier().deliver(replace(destination, **changes), NAME, CONTENT)

    return asyncio.run(drive())


def refused(
    place: Place, server: Daemon, cause: type[DeliveryError], **changes: object
) -> DeliveryError:
    """Try to deliver, and give what it was refused with."""
    with pytest.raises(cause) as caught:
        deliver(place, server, **changes)
    assert type(caught.value) is cause
    assert SECRET not in str(caught.value)
    return caught.value


def courier() -> FtpDrop:
    """Give the way to FTP servers."""
    return FtpDrop(RealClock())


@pytest.mark.parametrize(("name", "security"), KINDS)
def test_a_file_arrives_and_is_recognised(place: Place, name: str, security: str) -> None:
    """A file arrives whole under its name alone, and a second try finds it there."""

    async def drive() -> list[Arrival]:
        async with daemon(name, security).running(place) as destination:
            return [await courier().deliver(destination, NAME, CONTENT) for _ in range(2)]

    first, second = asyncio.run(drive())
    assert Arrival(NAME, len(CONTENT), already_there=False) == first
    assert Arrival(NAME, len(CONTENT), already_there=True) == second
    assert {NAME: len(CONTENT)} == place.standing()
    assert CONTENT == (place.folder / "in" / NAME).read_bytes()


@pytest.mark.parametrize(("name", "security"), KINDS)
def test_the_test_of_the_connection(place: Place, name: str, security: str) -> None:
    """Every step of the connection test is done, and nothing is left of it."""

    async def drive() -> list[tuple[str, bool | None]]:
        async with daemon(name, security).running(place) as destination:
            steps = await courier().test(destination)
            return [(step.name, step.is_done) for step in steps]

    wanted = ("connect", "log in", "folder", "write", "list", "rename", "remove")
    assert [(step, True) for step in wanted] == asyncio.run(drive())
    assert {} == place.standing()


@pytest.mark.parametrize("name", DAEMONS)
def test_refusals_are_told_apart(place: Place, name: str) -> None:
    """Wrong password, wrong folder and a folder of others are causes of their own."""
    error = refused(place, daemon(name), LoginRefused, secret="wrong")
    assert f"refused user '{place.user}' or the password (530" in str(error)
    error = refused(place, daemon(name), FolderMissing, folder="nowhere")
    assert "there is no folder 'nowhere', or not for this user" in str(error)
    error = refused(place, daemon(name), Denied, folder="closed")
    assert "ask the utility for the right to write into 'closed'" in str(error)
    assert {} == place.standing()


@pytest.mark.parametrize("name", DAEMONS)
def test_another_file_is_not_overwritten(place: Place, name: str) -> None:
    """Other bytes under the final name stay, although RNTO would replace them."""
    (place.folder / "in" / NAME).write_bytes(b"somebody else's")
    shutil.chown(place.folder / "in" / NAME, place.user)
    error = refused(place, daemon(name), NameTaken)
    assert "another file of 15 bytes stands under" in str(error)
    assert b"somebody else's" == (place.folder / "in" / NAME).read_bytes()
    assert {NAME: 15} == place.standing()


@pytest.mark.parametrize("name", DAEMONS)
def test_direct_mode_goes_on_with_what_broke(place: Place, name: str) -> None:
    """Without renaming, a beginning of our file is ours, and becomes the whole."""
    (place.folder / "in" / NAME).write_bytes(CONTENT[:5000])
    shutil.chown(place.folder / "in" / NAME, place.user)
    arrival = deliver(place, daemon(name), is_direct=True)
    assert Arrival(NAME, len(CONTENT), already_there=False) == arrival
    assert CONTENT == (place.folder / "in" / NAME).read_bytes()
    assert deliver(place, daemon(name), is_direct=True).already_there
    (place.folder / "in" / NAME).write_bytes(b"other" * 9)
    refused(place, daemon(name), NameTaken, is_direct=True)


def test_a_server_that_forbids_renaming(place: Place) -> None:
    """It is told as such, with the way out, and nothing is left."""
    limits = ("<Limit RNFR RNTO>", "DenyAll", "</Limit>")
    error = refused(place, daemon("proftpd", "none", *limits), RenameRefused)
    assert 'or say upload = "direct"' in str(error)
    assert {} == place.standing()


@pytest.fixture
def small_disk(place: Place) -> Iterator[str]:
    """A disk of 64 KiB that the user may fill."""
    with ExitStack() as mounted:
        try:
            disk = mounted.enter_context(small_disk_at(place, SMALL_DISK_BYTES))
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no small disk: mount is not permitted here ({error.stderr!r})")
        yield disk


@pytest.mark.parametrize(("name", "security"), KINDS)
def test_a_full_disk(place: Place, small_disk: str, name: str, security: str) -> None:
    """Whatever code a server has for a full disk, it is told as one, and nothing is left."""
    error = refused(place, daemon(name, security), NoSpace, folder=small_disk)
    assert "the server has no room left at uploading" in str(error)
    assert {} == place.standing(small_disk)


def test_a_quota_of_proftpd(place: Place) -> None:
    """A quota is told as one (552)."""
    settings = quota_settings(place, 20_000)
    error = refused(place, daemon("proftpd", "none", *settings), NoSpace)
    assert "quota reached: used" in str(error)
    assert {} == place.standing()


def test_a_quota_of_pure_ftpd(place: Place) -> None:
    """A quota, of which it keeps count in the user's home, is told as one, and nothing is left."""
    count = place.folder / ".ftpquota"
    count.write_text("1 1000000\n")
    shutil.chown(count, place.user)
    try:
        error = refused(place, daemon("pure-ftpd", "none", "-n", "1000:1"), NoSpace)
    finally:
        count.unlink()
    assert "the server has no room left at uploading" in str(error)
    assert "(552" in str(error)
    assert {} == place.standing()


def test_too_many_users(place: Place) -> None:
    """ProFTPD answers 530 to one user too many; that is no wrong password."""

    async def drive() -> DeliveryError:
        limit = 'MaxClients 1 "Sorry, max %m users -- try again later"'
        async with daemon("proftpd", "none", limit).running(place) as destination:
            with ftplib.FTP() as other:
                await asyncio.to_thread(other.connect, "127.0.0.1", destination.port)
                await asyncio.to_thread(other.login, place.user, SECRET)
                with pytest.raises(Unreachable) as caught:
                    await courier().deliver(destination, NAME, CONTENT)
            return caught.value

    assert "the server takes nobody now, at logging in (530 Sorry, max 1 users" in str(
        asyncio.run(drive())
    )


class TestEncryption:
    """What TLS can fail at."""

    @pytest.mark.parametrize("name", DAEMONS)
    def test_a_server_that_demands_it(self, place: Place, name: str) -> None:
        """One that is spoken to in the clear says so, and nothing secret was sent."""
        error = refused(place, daemon(name, "explicit"), TlsFailed, kind="ftp")
        assert 'take kind = "ftps" where it wants TLS' in str(error)

    @pytest.mark.parametrize("name", DAEMONS)
    def test_a_server_that_has_none(self, place: Place, name: str) -> None:
        """Nothing is said in the clear where encryption was asked for."""
        error = refused(place, daemon(name), TlsFailed, kind="ftps")
        assert "no encrypted connection came about: it refuses AUTH TLS (5" in str(error)

    def test_a_certificate_of_nobody_known(self, place: Place) -> None:
        """A certificate that this machine does not trust is refused."""
        error = refused(place, daemon("vsftpd", "explicit"), TlsFailed, authority="")
        assert "its certificate is not to be trusted: self-signed certificate" in str(error)
        assert "pin it (certificate_sha256)" in str(error)

    @pytest.mark.parametrize("security", ["explicit", "implicit"])
    def test_a_pinned_certificate(self, place: Place, security: str) -> None:
        """A pinned certificate will do whoever signed it; another will not."""
        der = ssl.PEM_cert_to_DER_cert(place.certificate.read_text())
        pinned = hashlib.sha256(der).hexdigest()
        server = daemon("proftpd", security)
        assert NAME == deliver(place, server, authority="", certificate_sha256=pinned).name
        error = refused(
            place, server, CertificateChanged, authority="", certificate_sha256="0" * 64
        )
        assert f"its SHA-256 is {pinned}, pinned is {'0' * 64}; nothing was sent" in str(error)

    def test_another_name(self, place: Place) -> None:
        """A certificate for another host is refused."""
        error = refused(place, daemon("proftpd", "explicit"), TlsFailed, host="localhost")
        assert "its certificate is not to be trusted: Hostname mismatch" in str(error)

    @pytest.mark.parametrize("version", ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"])
    def test_versions(self, place: Place, version: str) -> None:
        """Old versions are spoken only by choice."""
        server = daemon(
            "proftpd", "explicit", f"TLSProtocol {version}", "TLSCipherSuite ALL:@SECLEVEL=0"
        )
        is_old = version in ("TLSv1", "TLSv1.1")
        least = "1.0" if is_old else version.removeprefix("TLSv")
        assert NAME == deliver(place, server, tls_min=least).name
        if is_old:
            refused(place, server, TlsFailed)

    @pytest.mark.parametrize("security", ["explicit", "implicit"])
    @pytest.mark.parametrize("name", ["proftpd", "vsftpd"])
    def test_a_session_that_is_not_resumed(
        self, place: Place, name: str, security: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Both demand it as they come, and their refusal is told as one of the encryption."""
        server = daemon(name, security)
        assert NAME == deliver(place, server).name
        (place.folder / "in" / NAME).unlink()
        wrapped = _Talk._wrapped
        monkeypatch.setattr(
            _Talk, "_wrapped", lambda talk, context, line, _: wrapped(talk, context, line, None)
        )
        error = refused(place, server, TlsFailed)
        assert "because of the encryption (" in str(error)
        # vsftpd hangs up as well, so that the next try has to remove what it left.
        assert NAME not in place.standing()


class TestPassive:
    """The data connection behind address translation and firewalls."""

    @pytest.mark.parametrize("extended", [True, False])
    def test_an_address_that_cannot_be_reached(self, place: Place, extended: bool) -> None:
        """The address that PASV names is not believed; EPSV names none."""
        settings = ["MasqueradeAddress 203.0.113.9"]
        if not extended:
            settings += ["<Limit EPSV>", "DenyAll", "</Limit>"]
        assert NAME == deliver(place, daemon("proftpd", "none", *settings)).name


@dataclass(frozen=True, slots=True)
class Cut:
    """
    Where a control connection is cut.

    Attributes:
        at: a command of the client, or the code of an answer.
        count: at the how-many-th of them.
        answered: the command is passed on, and its answer is lost.
    """

    at: str
    count: int = 1
    answered: bool = False

    @asynccontextmanager
    async def relay(self, port: int) -> AsyncIterator[tuple[int, asyncio.Event]]:
        """Give the port of a line that leads to a server, and what is set when it is cut there."""
        reached = asyncio.Event()
        async with await asyncio.start_server(
            lambda near, back: self._carry(port, near, back, reached), "127.0.0.1", 0
        ) as server:
            yield server.sockets[0].getsockname()[1], reached

    async def _carry(
        self,
        port: int,
        near: asyncio.StreamReader,
        back: asyncio.StreamWriter,
        reached: asyncio.Event,
    ) -> None:
        far, forth = await asyncio.open_connection("127.0.0.1", port)
        state = {"seen": 0, "cut": False}
        ways = [
            asyncio.ensure_future(self._pass(near, forth, state, self._is_command)),
            asyncio.ensure_future(self._pass(far, back, state, self._is_answer)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        if True in await asyncio.gather(*ways, return_exceptions=True):
            reached.set()
        for writer in (forth, back):
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _pass(
        self,
        one: asyncio.StreamReader,
        other: asyncio.StreamWriter,
        state: dict[str, int],
        ends: Callable[[bytes, dict[str, int]], bool],
    ) -> bool:
        while line := await one.readline():
            if ends(line, state):
                return True
            other.write(line)
            await other.drain()
        return False

    def _is_command(self, line: bytes, state: dict[str, int]) -> bool:
        if line.split()[0].decode() != self.at:
            return False
        state["seen"] += 1
        if state["seen"] == self.count:
            state["cut"] = self.answered
            return not self.answered
        return False

    def _is_answer(self, line: bytes, state: dict[str, int]) -> bool:
        if state["cut"]:
            return True
        return line[:3].decode() == self.at


CUTS = (
    Cut("220"),
    *(
        Cut(at, count, answered)
        for at, count in (
            *(("USER", 1), ("PASS", 1), ("FEAT", 1), ("TYPE", 1), ("CWD", 1), ("DELE", 1)),
            *(("SIZE", 1), ("EPSV", 1), ("STOR", 1), ("SIZE", 2), ("SIZE", 3)),
            *(("RNFR", 1), ("RNTO", 1), ("SIZE", 4), ("QUIT", 1)),
        )
        for answered in (False, True)
    ),
    Cut("226"),
)
"""Every step of a delivery, and every answer to one."""


@pytest.mark.parametrize("name", DAEMONS)
def test_a_line_that_is_cut_anywhere(place: Place, name: str) -> None:
    """Whatever step of a delivery the line is cut at, the next try ends with one right file."""

    async def drive() -> None:
        async with daemon(name).running(place) as destination:
            # Some beside each other, as ProFTPD rests after each line that ends; Pure-FTPd lets few
            # wait for it.
            room = asyncio.Semaphore(6)

            async def in_turn(cut: Cut, name: str) -> None:
                async with room:
                    await one_cell(place, destination, cut, name)

            await asyncio.gather(*map(in_turn, CUTS, names))

    names = [f"{number:02}_{NAME}" for number in range(len(CUTS))]
    asyncio.run(drive())
    assert dict.fromkeys(names, len(CONTENT)) == place.standing()


async def one_cell(place: Place, destination: Destination, cut: Cut, name: str) -> None:
    """Deliver over a line that is cut, then over one that is not."""
    async with cut.relay(destination.port) as (port, reached):
        with suppress(DeliveryError):
            arrival = await courier().deliver(replace(destination, port=port), name, CONTENT)
            assert cut.at in ("QUIT", "FEAT"), f"{cut}: nothing was cut, {arrival}"
        assert reached.is_set(), f"{cut}"
    file = place.folder / "in" / name
    assert not file.exists() or len(CONTENT) == file.stat().st_size, f"{cut}"
    arrival = await courier().deliver(destination, name, CONTENT)
    assert arrival.size_bytes == len(CONTENT), f"{cut}: {arrival}"
    assert CONTENT == file.read_bytes()
    assert [name] == [one.name for one in file.parent.iterdir() if name in one.name], f"{cut}"


def test_a_server_that_freezes(place: Place) -> None:
    """A delivery ends within its time although the server answers nothing any more."""

    async def drive() -> DeliveryError:
        gone = asyncio.Event()

        async def nothing(near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
            back.write(b"220 ready\r\n")
            while await near.read(1000):
                pass
            back.close()
            await back.wait_closed()
            gone.set()

        async with await asyncio.start_server(nothing, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            destination = Destination("Frozen", "ftp", "127.0.0.1", port, "u", "p", "in")
            with pytest.raises((Unreachable, TooSlow)) as caught:
                await courier().deliver(replace(destination, time_limit_s=1), NAME, CONTENT)
            await gone.wait()
            return caught.value

    assert "no answer to the login within 0.5 s" in str(asyncio.run(drive()))
