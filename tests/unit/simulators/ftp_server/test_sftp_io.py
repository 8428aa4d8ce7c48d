"""Tests of the SFTP wire with a client that is not ours: what any program of the field may ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import asyncssh
import pytest

from simulators.clock import VirtualClock
from simulators.ftp_server import SftpServer, User
from simulators.ftp_server.faults import FullDisk, ServerAway
from simulators.wiretap import Wiretap
from tests.unit.simulators.ftp_server.conftest import START

Talk = Callable[[asyncssh.SFTPClient], Awaitable[object]]


def talk(
    root: Path, say: Talk, *, free_bytes: int | None = None, quota_bytes: int | None = None
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
                await say(client)
            await clock.settle()
        assert () == clock.held_by
        return server

    return asyncio.run(run())


def connect(server: SftpServer) -> AbstractAsyncContextManager[asyncssh.SSHClientConnection]:
    """Connect as the user with the key that the server hands out."""
    return asyncssh.connect(
        "127.0.0.1",
        server.port,
        config=None,
        known_hosts=([asyncssh.import_public_key(server.host_key_line)], [], []),
        username="ise",
        password="geheim",
        client_keys=None,
        agent_path=None,
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
