"""Tests of the SFTP wire with a client that is not ours: what any program of the field may ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from simulators.clock import VirtualClock, stopwatch
from simulators.faults import Fault
from simulators.ftp_server import SftpServer, User
from simulators.ftp_server.faults import (
    CutAfterBytes,
    CutAtCommand,
    CutBeforeAnswer,
    FullDisk,
    NoAnswer,
    Quota,
    RefusedCommand,
    RefusedOverwrite,
    ServerAway,
    ShortWrite,
    SlowAnswer,
    SlowLine,
)
from simulators.wiretap import Wiretap
from tests.unit.simulators.ftp_server.conftest import START

Talk = Callable[[asyncssh.SFTPClient], Awaitable[object]]


def talk(
    root: Path,
    say: Talk,
    *faults: Fault,
    free_bytes: int | None = None,
    quota_bytes: int | None = None,
) -> SftpServer:
    """Let a client of asyncssh talk to a fresh server, and give the server."""

    async def run() -> SftpServer:
        clock = VirtualClock(START)
        users = [User("ise", "geheim", "home", quota_bytes=quota_bytes)]
        server = SftpServer("S", clock, Wiretap(clock), users=users, root=root)
        async with server:
            if free_bytes is not None:
                await server.faults.switch_on(FullDisk(free_bytes))
            async with (
                connect(server) as connection,
                connection.start_sftp_client() as client,
            ):
                for fault in faults:
                    await server.faults.switch_on(fault)
                await say(client)
            await clock.settle()
        assert () == clock.held_by
        return server

    return asyncio.run(run())


def connect(
    server: SftpServer, **login: Any
) -> AbstractAsyncContextManager[asyncssh.SSHClientConnection]:
    """Connect as the user with the key that the server hands out."""
    return asyncssh.connect(
        "127.0.0.1",
        server.port,
        config=None,
        known_hosts=([asyncssh.import_public_key(server.host_key_line)], [], []),
        username="ise",
        agent_path=None,
        **{"password": "geheim", "client_keys": None, **login},
    )


def test_put_list_get(tmp_path: Path) -> None:
    """A file of several blocks goes there and comes back, and is listed with its size."""
    content = bytes(range(256)) * 2000
    (tmp_path / "out").write_bytes(content)

    async def say(client: asyncssh.SFTPClient) -> None:
        await client.mkdir("in")
        await client.put(tmp_path / "out", "in/a.csv", preserve=True)
        await client.get("in/a.csv", tmp_path / "back")
        listed = {str(one.filename): one.attrs.size for one in await client.readdir("in")}
        assert {"a.csv": len(content)} == listed

    (tmp_path / "root").mkdir()
    talk(tmp_path / "root", say)
    assert content == (tmp_path / "back").read_bytes()


def test_a_long_name_tells_no_time_and_no_owner(tmp_path: Path) -> None:
    """What a listing shows in its long form is the same in every run."""

    async def say(client: asyncssh.SFTPClient) -> None:
        async with client.open("a.csv", "wb") as file:
            await file.write(b"12345")
        (one,) = await client.readdir(".")
        assert "           5 a.csv" == one.longname

    talk(tmp_path, say)


def test_folders_and_removal(tmp_path: Path) -> None:
    """Folders are made and removed, files removed, and the home is the root."""

    async def say(client: asyncssh.SFTPClient) -> None:
        await client.mkdir("in")
        assert "/in" == await client.realpath("./in/../../in")
        await client.rmdir("in")
        async with client.open("a", "wb"):
            pass
        await client.remove("a")
        assert [] == await client.listdir("/")

    talk(tmp_path, say)
    assert [] == list((tmp_path / "home").iterdir())


def test_renames(tmp_path: Path) -> None:
    """A plain rename does not overwrite; the one of POSIX does."""

    async def say(client: asyncssh.SFTPClient) -> None:
        for name in ("a", "b"):
            async with client.open(name, "wb") as file:
                await file.write(name.encode())
        with pytest.raises(asyncssh.SFTPFailure, match="File exists"):
            await client.rename("a", "b")
        await client.posix_rename("a", "b")
        assert ["b"] == await client.listdir(".")

    talk(tmp_path, say)


def test_appending_and_looking_at_an_open_file(tmp_path: Path) -> None:
    """An open file can be appended to and asked for its size."""

    async def say(client: asyncssh.SFTPClient) -> None:
        for part in (b"12", b"345"):
            async with client.open("a", "ab") as file:
                await file.write(part)
        async with client.open("a", "rb") as file:
            assert 5 == (await file.stat()).size
            content: bytes = await file.read()
            assert b"12345" == content

    talk(tmp_path, say)


@pytest.mark.parametrize("block_bytes", [1000, 32768, 300_000])
def test_a_full_disk_is_told_in_every_block_size(tmp_path: Path, block_bytes: int) -> None:
    """A write that does not fit is refused, however large its blocks; what fits stays."""

    async def say(client: asyncssh.SFTPClient) -> None:
        with pytest.raises(asyncssh.SFTPFailure, match="No space left on device"):
            async with client.open("a", "wb", block_size=block_bytes, max_requests=1) as file:
                await file.write(bytes(300_000))
        assert 0 == (await client.statvfs(".")).bavail

    talk(tmp_path, say, free_bytes=65_536)
    assert 65_536 == (tmp_path / "home/a").stat().st_size


def test_free_space(tmp_path: Path) -> None:
    """The space is told by path and by open file, and is large where nothing limits it."""

    async def roomy(client: asyncssh.SFTPClient) -> None:
        space = await client.statvfs(".")
        assert 1 << 40 == space.bavail * space.frsize

    async def narrow(client: asyncssh.SFTPClient) -> None:
        async with client.open("a", "wb") as file:
            await file.write(bytes(1024))
            space = await file.statvfs()
        assert 2048 == space.bavail * space.frsize

    for name in ("roomy", "narrow"):
        (tmp_path / name).mkdir()
    talk(tmp_path / "roomy", roomy)
    talk(tmp_path / "narrow", narrow, quota_bytes=3072)


def test_attributes_are_taken_and_sizes_refused(tmp_path: Path) -> None:
    """Permissions and times are answered OK, also of links; a new size is refused."""

    async def say(client: asyncssh.SFTPClient) -> None:
        async with client.open("a", "wb") as file:
            await file.write(b"12345")
            await file.chmod(0o600)
            with pytest.raises(asyncssh.SFTPOpUnsupported):
                await file.truncate(2)
        await client.chmod("a", 0o600)
        await client.utime("a", (0, 0))
        await client.setstat("a", asyncssh.SFTPAttrs(permissions=0o600), follow_symlinks=False)
        with pytest.raises(asyncssh.SFTPOpUnsupported):
            await client.truncate("a", 2)
        assert 5 == (await client.lstat("a")).size

    talk(tmp_path, say)


def test_links_are_refused(tmp_path: Path) -> None:
    """Nobody makes or reads links, of either kind."""

    async def say(client: asyncssh.SFTPClient) -> None:
        async with client.open("a", "wb"):
            pass
        for trick in (
            client.symlink("/etc/passwd", "b"),
            client.link("a", "b"),
            client.readlink("a"),
        ):
            with pytest.raises(asyncssh.SFTPOpUnsupported):
                await trick
        assert ["a"] == await client.listdir(".")

    talk(tmp_path, say)


def test_paths_that_are_no_text(tmp_path: Path) -> None:
    """A path that is not UTF-8 is refused."""

    async def say(client: asyncssh.SFTPClient) -> None:
        with pytest.raises(asyncssh.SFTPFailure, match="not UTF-8"):
            await client.stat(b"\xff")

    talk(tmp_path, say)


def test_no_shell(tmp_path: Path) -> None:
    """Nothing but SFTP is served: no command, no forwarding."""

    async def run() -> None:
        clock = VirtualClock(START)
        users = [User("ise", "geheim")]
        async with (
            SftpServer("S", clock, Wiretap(clock), users=users, root=tmp_path) as server,
            connect(server) as connection,
        ):
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.run("id")
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_connection("127.0.0.1", server.port)

    asyncio.run(run())


async def _sign_at_once(self: Any) -> None:
    """Do what libssh2 does: sign without having asked whether the key would do (RFC 4252 §7)."""
    self._keypair = await self._conn.public_key_auth_requested()
    await self._send_signed_request()


def log_in(root: Path, key: asyncssh.SSHKey) -> list[tuple[str, str]]:
    """Log in with a key, look whether the home is there, and give what the server has noted."""
    line = key.export_public_key("openssh").decode()

    async def run() -> SftpServer:
        clock = VirtualClock(START)
        users = [User("ise", "", "home", public_keys=(line,))]
        server = SftpServer("S", clock, Wiretap(clock), users=users, root=root)
        async with server:
            async with (
                connect(server, client_keys=[key], password=None) as connection,
                connection.start_sftp_client() as client,
            ):
                await client.stat("/")
            await clock.settle()
        return server

    return [(event.action, event.answer) for event in asyncio.run(run()).drop.events]


@pytest.mark.parametrize("asks", [True, False])
def test_a_login_by_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asks: bool) -> None:
    """A client that asks before it signs, and one that does not, leave one login each."""
    if not asks:
        monkeypatch.setattr("asyncssh.auth._ClientPublicKeyAuth._start", _sign_at_once)
    key = asyncssh.generate_private_key("ssh-ed25519")

    assert [("login", "ok"), ("stat", "ok")] == log_in(tmp_path, key)


def test_a_port_of_choice_that_is_taken(tmp_path: Path) -> None:
    """A port that somebody else has is an error at the start, and stopping is harmless."""

    async def run() -> None:
        clock = VirtualClock(START)
        async with SftpServer("A", clock, Wiretap(clock), users=[], root=tmp_path) as first:
            second = SftpServer("B", clock, Wiretap(clock), users=[], root=tmp_path)
            with pytest.raises(OSError, match="Address already in use"):
                await second.start(first.port)
            await second.stop()

    asyncio.run(run())


def test_away_from_the_start(tmp_path: Path) -> None:
    """A server that is away when it starts listens once it is back, on the port it has."""

    async def run() -> None:
        clock = VirtualClock(START)
        users = [User("ise", "geheim")]
        server = SftpServer("S", clock, Wiretap(clock), users=users, root=tmp_path)
        await server.faults.switch_on(ServerAway())
        async with server:
            with pytest.raises(ConnectionRefusedError):
                async with connect(server):
                    pass
            await server.faults.switch_off(ServerAway)
            async with connect(server):
                pass
            await clock.settle()

    asyncio.run(run())


def test_a_quota_that_is_switched_on(tmp_path: Path) -> None:
    """What does not fit is refused, and what fitted stays."""

    async def say(client: asyncssh.SFTPClient) -> None:
        with pytest.raises(asyncssh.SFTPFailure, match="quota exceeded"):
            async with client.open("a", "wb") as file:
                await file.write(bytes(2000))

    talk(tmp_path, say, Quota(500))

    assert 500 == (tmp_path / "home/a").stat().st_size


def test_what_is_there_is_not_replaced(tmp_path: Path) -> None:
    """With the fault neither an upload nor a rename of either kind replaces a file."""

    async def say(client: asyncssh.SFTPClient) -> None:
        for name in ("a", "b"):
            async with client.open(name, "wb") as file:
                await file.write(name.encode())
        for mode in ("wb", "ab"):
            with pytest.raises(asyncssh.SFTPPermissionDenied, match="Overwrite permission denied"):
                await client.open("a", mode)
        with pytest.raises(asyncssh.SFTPPermissionDenied, match="Overwrite permission denied"):
            await client.posix_rename("b", "a")
        with pytest.raises(asyncssh.SFTPFailure, match="File exists"):
            await client.rename("b", "a")
        with pytest.raises(asyncssh.SFTPFailure, match="File exists"):
            await client.open("a", "xb")

    talk(tmp_path, say, RefusedOverwrite())

    assert b"a" == (tmp_path / "home/a").read_bytes()


def test_a_command_that_is_refused(tmp_path: Path) -> None:
    """It fails in the words of the fault, is recorded, and is not done; a close is done."""

    async def say(client: asyncssh.SFTPClient) -> None:
        file = await client.open("a", "wb")
        with pytest.raises(asyncssh.SFTPFailure, match="Not today"):
            await file.close()

    server = talk(tmp_path, say, RefusedCommand("close", text="Not today"))
    assert ["ok"] == [one.answer for one in server.drop.events if one.action == "close"]

    async def say_more(client: asyncssh.SFTPClient) -> None:
        with pytest.raises(asyncssh.SFTPFailure, match="Not now"):
            await client.mkdir("b")

    server = talk(tmp_path, say_more, RefusedCommand("make-folder", text="Not now"))
    assert not (tmp_path / "home/b").exists()
    assert ("make-folder", "not now") in [(one.action, one.answer) for one in server.drop.events]


def test_a_login_that_is_refused_as_a_command(tmp_path: Path) -> None:
    """A refusal of the command login is a refused login."""

    async def run() -> None:
        clock = VirtualClock(START)
        users = [User("ise", "geheim")]
        server = SftpServer("S", clock, Wiretap(clock), users=users, root=tmp_path)
        await server.faults.switch_on(RefusedCommand("login"))
        async with server:
            with pytest.raises(asyncssh.PermissionDenied):
                await connect(server)
            await clock.settle()

    asyncio.run(run())


@pytest.mark.parametrize("with_reset", [False, True], ids=["end", "reset"])
@pytest.mark.parametrize("kind", [CutAfterBytes, CutAtCommand, CutBeforeAnswer])
def test_a_line_that_is_cut(tmp_path: Path, kind: type[Fault], with_reset: bool) -> None:
    """The client is told by an end or by a reset of the line."""
    what: object = 5 if kind is CutAfterBytes else "write"

    async def say(client: asyncssh.SFTPClient) -> None:
        file = await client.open("a", "wb")
        with pytest.raises((asyncssh.Error, OSError)) as told:
            await file.write(b"1234567890")
        assert with_reset is isinstance(told.value, ConnectionResetError)

    server = talk(tmp_path, say, kind(what, with_reset=with_reset))  # type: ignore[call-arg]

    assert 1 == len([one for one in server.drop.events if one.action == "cut"])
    left = {CutAfterBytes: b"12345", CutAtCommand: b"", CutBeforeAnswer: b"1234567890"}
    assert left[kind] == (tmp_path / "home/a").read_bytes()


def test_a_slow_line(tmp_path: Path) -> None:
    """Uploads are read no faster than the fault says, however many blocks are on their way."""
    elapsed_s = 0.0

    async def say(client: asyncssh.SFTPClient) -> None:
        nonlocal elapsed_s
        loop = asyncio.get_running_loop()
        begin = loop.time()
        async with client.open("a", "wb", block_size=20_000) as file:
            await file.write(bytes(100_000))
        elapsed_s = loop.time() - begin

    talk(tmp_path, say, SlowLine(250_000))

    assert 0.35 < elapsed_s < 8
    assert 100_000 == (tmp_path / "home/a").stat().st_size


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (CutAtCommand("connect"), (asyncssh.ConnectionLost, OSError)),
        (CutAtCommand("connect", with_reset=True), (asyncssh.ConnectionLost, OSError)),
        (RefusedCommand("connect", text="Too many"), (asyncssh.DisconnectError, OSError)),
        (CutAtCommand("user"), (asyncssh.ConnectionLost,)),
        (CutBeforeAnswer("user"), (asyncssh.ConnectionLost,)),
        (RefusedCommand("user", text="Not you"), (asyncssh.PermissionDenied,)),
    ],
)
def test_a_line_that_comes_to_nothing(
    tmp_path: Path, fault: Fault, told: tuple[type[Exception], ...]
) -> None:
    """What goes wrong before the login ends the line, and nobody is let in."""

    async def run() -> list[str]:
        clock = VirtualClock(START)
        users = [User("ise", "geheim")]
        server = SftpServer("S", clock, Wiretap(clock), users=users, root=tmp_path)
        await server.faults.switch_on(fault)
        async with server:
            with pytest.raises(told):
                await connect(server)
            await clock.settle()
        return [event.action for event in server.drop.events]

    assert "login" not in asyncio.run(run())


def test_a_server_that_does_not_greet(tmp_path: Path) -> None:
    """Who connects hears nothing as long as the fault is on, and is greeted when it is over."""

    async def run() -> bytes:
        clock = VirtualClock(START)
        users = [User("ise", "geheim")]
        server = SftpServer("S", clock, Wiretap(clock), users=users, root=tmp_path)
        async with server:
            async with connect(server):
                await server.faults.switch_on(NoAnswer("connect"))
                assert [NoAnswer("connect")] == server.drop.bitten
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.readline(), 0.1)
            await server.faults.switch_off(NoAnswer)
            greeting = await reader.readline()
            writer.close()
            await writer.wait_closed()
            async with connect(server):
                pass
            await clock.settle()
        return greeting

    assert asyncio.run(run()).startswith(b"SSH-2.0-")


def test_a_slow_answer(tmp_path: Path) -> None:
    """It comes late, and what was asked for is done."""

    async def say(client: asyncssh.SFTPClient) -> None:
        async with client.open("a", "wb") as file:
            await file.write(b"12345")

    elapsed_s = stopwatch()
    talk(tmp_path, say, SlowAnswer("write", delay_ms=60))

    assert 0.06 < elapsed_s()
    assert b"12345" == (tmp_path / "home/a").read_bytes()


def test_an_answer_that_is_too_late(tmp_path: Path) -> None:
    """Who does not wait for it finds that all was done."""

    async def say(client: asyncssh.SFTPClient) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.mkdir("a"), 0.1)

    # Not longer than a test may take: a client that ends in good order waits for the answer.
    talk(tmp_path, say, SlowAnswer("make-folder", delay_ms=400))

    assert (tmp_path / "home/a").is_dir()


def test_a_write_that_is_short(tmp_path: Path) -> None:
    """Of a file a beginning is kept, and each write is answered OK."""

    async def say(client: asyncssh.SFTPClient) -> None:
        async with client.open("a", "wb") as file:
            await file.write(b"12345", 0)
            await file.write(b"67890", 5)

    server = talk(tmp_path, say, ShortWrite(7))

    assert b"1234567" == (tmp_path / "home/a").read_bytes()
    assert {"ok"} == {one.answer for one in server.drop.events if one.action == "write"}


def test_a_fault_at_the_second_of_two(tmp_path: Path) -> None:
    """The first question of an action is answered, and the second meets the fault."""

    async def say(client: asyncssh.SFTPClient) -> None:
        await client.mkdir("a")
        with pytest.raises(asyncssh.SFTPFailure, match="Requested action not taken"):
            await client.mkdir("b")
        await client.mkdir("c")

    talk(tmp_path, say, RefusedCommand("make-folder", nth=2))

    assert {"a", "c"} == {path.name for path in (tmp_path / "home").iterdir()}
