"""
The backend's SFTP delivery against a real OpenSSH server.

The simulated server answers as we believe servers answer; this one answers as they do. Needs
Debian's openssh-server and root (for a throw-away user with a password); without them the tests
are skipped and say so.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from backend.adapters.drop_sftp import SftpDrop
from backend.adapters.private_keys import load_private_key
from backend.errors import (
    Denied,
    FolderMissing,
    HostKeyChanged,
    LineBroken,
    LoginRefused,
    NameTaken,
    NoSpace,
    Unreachable,
)
from backend.ports import Arrival, Destination
from simulators.clock import RealClock

SSHD = Path("/usr/sbin/sshd")
SECRET = "isebench-Einweg-7"
NAME = "ISE_Tagesexport_20250603_20250603_20250604003000_1.csv"
CONTENT = b"Messpunkt;OBIS\r\n" * 5000
SMALL_DISK_BYTES = 65536
SFTP = ("Subsystem sftp internal-sftp", "ForceCommand internal-sftp")

pytestmark = [
    pytest.mark.skipif(
        not SSHD.exists(),
        reason="no OpenSSH server here: apt-get update && apt-get install -y openssh-server",
    ),
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("useradd") is None,
        reason="a throw-away user with a password needs root and useradd",
    ),
]


def run(*command: str, text: str = "") -> None:
    """Run a command of the machine; it must succeed."""
    subprocess.run(command, input=text, text=True, check=True, capture_output=True)


@pytest.fixture(scope="module")
def user() -> Iterator[str]:
    """A throw-away user of this machine with a password."""
    name = f"isebench{os.getpid()}"
    run("useradd", "--no-create-home", "--home-dir", "/", "--shell", "/bin/false", name)
    try:
        run("chpasswd", text=f"{name}:{SECRET}")
        yield name
    finally:
        run("userdel", name)


@pytest.fixture(scope="module")
def place(user: str) -> Iterator[Path]:
    """A folder that the user reaches, with ``in`` as his own and ``closed`` not."""
    # Not pytest's own: nobody but root gets into that.
    place = Path(tempfile.mkdtemp(prefix="isebench-sshd-"))
    place.chmod(0o755)
    for name in ("in", "closed"):
        (place / name).mkdir(mode=0o755)
    shutil.chown(place / "in", user)
    try:
        yield place
    finally:
        shutil.rmtree(place)


@pytest.fixture(scope="module", autouse=True)
def privilege_separation() -> None:
    """The folder that sshd wants to find when no init system has made it."""
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)


def free_port() -> int:
    """Give a port of this machine that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@asynccontextmanager
async def sshd(place: Path, user: str, settings: Sequence[str] = ()) -> AsyncIterator[Destination]:
    """Run a server of our own, with its own key, on a free port."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    (place / "host_key").write_bytes(key.export_private_key())
    (place / "host_key").chmod(0o600)
    port = free_port()
    lines = (
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        "PidFile none",
        "UsePAM no",
        "PasswordAuthentication yes",
        f"AllowUsers {user}",
        *(settings or (f"HostKey {place}/host_key", *SFTP)),
    )
    (place / "sshd_config").write_text("\n".join(lines) + "\n")
    server = await asyncio.create_subprocess_exec(
        SSHD, "-D", "-e", "-f", place / "sshd_config", stderr=asyncio.subprocess.PIPE
    )
    try:
        await listening(server)
        public = key.export_public_key("openssh").decode()
        yield Destination("OpenSSH", "sftp", "127.0.0.1", port, user, SECRET, f"{place}/in", public)
    finally:
        server.terminate()
        # Also reads the log to its end, which comes when the last session has ended.
        async with asyncio.timeout(10):
            await server.communicate()


async def listening(server: asyncio.subprocess.Process) -> None:
    """Wait until the server says that it listens."""
    said = []
    async with asyncio.timeout(10):
        while server.stderr is not None and (line := await server.stderr.readline()):
            said.append(line.decode())
            if "Server listening on" in said[-1]:
                return
    pytest.fail("sshd did not start: " + "".join(said))


def standing(folder: Path) -> dict[str, int]:
    """Give name and size of everything in a folder."""
    return {path.name: path.stat().st_size for path in folder.iterdir()}


def plain_pem() -> bytes:
    """Give what ``openssl genrsa 2048`` writes."""
    return subprocess.run(["openssl", "genrsa", "2048"], check=True, capture_output=True).stdout


def des3_pem() -> bytes:
    """Give what ``openssl rsa -des-ede3-cbc -traditional`` makes of it."""
    ways = ("-des-ede3-cbc", "-traditional", "-passout", f"pass:{SECRET}")
    command = ["openssl", "rsa", *ways]
    return subprocess.run(command, input=plain_pem(), check=True, capture_output=True).stdout


def of_keygen(kind: str) -> bytes:
    """Give what ssh-keygen writes, with a passphrase."""
    with tempfile.TemporaryDirectory() as folder:
        run("ssh-keygen", "-q", "-t", kind, "-a", "4", "-N", SECRET, "-f", f"{folder}/key")
        return Path(folder, "key").read_bytes()


KEY_FILES: dict[str, Callable[[], bytes]] = {
    "openssl genrsa 2048": plain_pem,
    "openssl rsa -des-ede3-cbc -traditional": des3_pem,
    "ssh-keygen -t rsa": lambda: of_keygen("rsa"),
    "ssh-keygen -t ecdsa": lambda: of_keygen("ecdsa"),
    "ssh-keygen -t ed25519": lambda: of_keygen("ed25519"),
}
"""Key files of users, by the command that writes them; those that have one have this passphrase."""


def knows(place: Path, *keys: asyncssh.SSHKey) -> list[str]:
    """Let the server know some keys of its users, and give its settings."""
    lines = [key.export_public_key("openssh").decode() for key in keys]
    (place / "authorized_keys").write_text("".join(lines))
    # The folder belongs to root, and everybody's temporary files lie beside it.
    known = (f"AuthorizedKeysFile {place}/authorized_keys", "StrictModes no")
    return [f"HostKey {place}/host_key", *SFTP, *known]


@pytest.fixture(autouse=True)
def empty(place: Path) -> None:
    """Begin each test with an empty folder."""
    for path in (place / "in").iterdir():
        path.unlink()


class Relay:
    """A line to the server that is cut after some bytes of the client's."""

    def __init__(self, port: int, cut_after_bytes: int) -> None:
        self._port = port
        self._left_bytes = cut_after_bytes
        self.port = 0

    @asynccontextmanager
    async def laid(self) -> AsyncIterator[int]:
        """Give the port where the line begins."""
        async with await asyncio.start_server(self._carry, "127.0.0.1", 0) as server:
            yield server.sockets[0].getsockname()[1]

    async def _carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, forth = await asyncio.open_connection("127.0.0.1", self._port)
        ways = [
            asyncio.ensure_future(self._forth(near, forth)),
            asyncio.ensure_future(self._back(far, back)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for writer in (forth, back):
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _forth(self, near: asyncio.StreamReader, forth: asyncio.StreamWriter) -> None:
        while data := await near.read(min(65536, self._left_bytes)):
            self._left_bytes -= len(data)
            forth.write(data)
            await forth.drain()

    async def _back(self, far: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        while data := await far.read(65536):
            back.write(data)
            await back.drain()


def test_a_file_arrives_and_is_recognised(place: Path, user: str) -> None:
    """A file arrives whole under its name alone, and a second try finds it there."""

    async def drive() -> list[Arrival]:
        async with sshd(place, user) as destination:
            drop = SftpDrop(RealClock())
            return [await drop.deliver(destination, NAME, CONTENT) for _ in range(2)]

    size = len(CONTENT)
    assert [Arrival(NAME, size, False), Arrival(NAME, size, True)] == asyncio.run(drive())
    assert {NAME: size} == standing(place / "in")
    assert CONTENT == (place / "in" / NAME).read_bytes()


def test_another_file_is_not_overwritten(place: Path, user: str) -> None:
    """A file of somebody else under the name is left as it is."""

    async def drive() -> None:
        async with sshd(place, user) as destination:
            (place / "in" / NAME).write_bytes(b"not ours")
            with pytest.raises(NameTaken):
                await SftpDrop(RealClock()).deliver(destination, NAME, CONTENT)

    asyncio.run(drive())
    assert {NAME: 8} == standing(place / "in")


def test_a_leftover_is_removed(place: Path, user: str) -> None:
    """What an earlier try left behind is gone after the next one."""

    async def drive() -> None:
        async with sshd(place, user) as destination:
            leftover = place / "in" / f".{NAME}.part"
            leftover.write_bytes(CONTENT * 2)
            shutil.chown(leftover, user)
            await SftpDrop(RealClock()).deliver(destination, NAME, CONTENT)

    asyncio.run(drive())
    assert {NAME: len(CONTENT)} == standing(place / "in")


def test_refusals_are_told_apart(place: Path, user: str) -> None:
    """Login, host key, folder and permission are told apart by a real server, too."""

    async def drive() -> None:
        async with sshd(place, user) as right:
            other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
            wrong = {
                LoginRefused: replace(right, secret="falsch"),
                HostKeyChanged: replace(right, host_key=other),
                FolderMissing: replace(right, folder=f"{place}/none"),
                Denied: replace(right, folder=f"{place}/closed"),
                Unreachable: replace(right, port=free_port()),
            }
            for kind, destination in wrong.items():
                with pytest.raises(kind) as caught:
                    await SftpDrop(RealClock()).deliver(destination, NAME, CONTENT)
                assert kind is type(caught.value)
                assert SECRET not in str(caught.value)

    asyncio.run(drive())
    assert {} == standing(place / "in") | standing(place / "closed")


@pytest.mark.parametrize("subsystem", [(), ("Subsystem sftp /bin/false",)], ids=["none", "dead"])
def test_a_server_without_sftp(place: Path, user: str, subsystem: tuple[str, ...]) -> None:
    """A server that lets the user in and gives no SFTP is told as a missing right."""

    async def drive() -> None:
        async with sshd(place, user, [f"HostKey {place}/host_key", *subsystem]) as destination:
            with pytest.raises(Denied, match="opens no SFTP session"):
                await SftpDrop(RealClock()).deliver(destination, NAME, CONTENT)

    asyncio.run(drive())


@pytest.mark.parametrize("command", KEY_FILES)
def test_a_login_by_key_file(place: Path, user: str, command: str) -> None:
    """A key file of each kind that is documented opens the door, without a password."""
    key = load_private_key(KEY_FILES[command](), SECRET, command)

    async def drive() -> Arrival:
        async with sshd(place, user, knows(place, key)) as destination:
            by_key = replace(destination, secret="", key=key)
            return await SftpDrop(RealClock()).deliver(by_key, NAME, CONTENT)

    assert Arrival(NAME, len(CONTENT), False) == asyncio.run(drive())


BOTH = {
    "publickey,password": {
        "no password": "wants more than KEY",
        "another password": "wanted a password after KEY, and refused it",
        "another key": "refused OTHER",
        "no key": "did not ask USER for a password",
    },
    "password,publickey": {
        "no password": "did not ask for KEY",
        "another password": "refused USER or the password, and did not ask for KEY",
        "another key": "refused OTHER",
        "no key": "refused USER or the password",
    },
}
"""What is told of a server that demands both, by its setting, and by what is given."""


@pytest.mark.parametrize("methods", BOTH)
def test_a_server_that_demands_key_and_password(place: Path, user: str, methods: str) -> None:
    """A server that wants both gets both; of what is missing or wrong it is told which."""
    key, other = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))

    async def drive() -> dict[str, str]:
        settings = [*knows(place, key), f"AuthenticationMethods {methods}"]
        told = {}
        async with sshd(place, user, settings) as destination:
            both, drop = replace(destination, key=key), SftpDrop(RealClock())
            assert Arrival(NAME, len(CONTENT), False) == await drop.deliver(both, NAME, CONTENT)
            for what, wrong in {
                "no password": replace(both, secret=""),
                "another password": replace(both, secret="falsch"),
                "another key": replace(both, key=other),
                "no key": destination,
            }.items():
                with pytest.raises(LoginRefused) as caught:
                    await drop.deliver(wrong, NAME, CONTENT)
                told[what] = caught.value.what
        return told

    who = f"user {user!r}"
    names = {
        f"the key of {who} (ssh-ed25519 {key.get_fingerprint()})": "KEY",
        f"the key of {who} (ssh-ed25519 {other.get_fingerprint()})": "OTHER",
        who: "USER",
    }
    told = asyncio.run(drive())
    for long, short in names.items():
        told = {what: words.replace(long, short) for what, words in told.items()}
    assert {what: f"the server {words}" for what, words in BOTH[methods].items()} == told


def test_a_key_that_the_server_does_not_know(place: Path, user: str) -> None:
    """A real server's refusal of a key is told as one, with the line that it needs."""
    key, other = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))

    async def drive() -> str:
        settings = [*knows(place, other), "PasswordAuthentication no"]
        async with sshd(place, user, settings) as destination:
            by_key = replace(destination, secret="", key=key)
            with pytest.raises(LoginRefused) as caught:
                await SftpDrop(RealClock()).deliver(by_key, NAME, CONTENT)
            return str(caught.value)

    sentence = asyncio.run(drive())
    assert f"refused the key of user {user!r} (ssh-ed25519 {key.get_fingerprint()})" in sentence
    assert key.export_public_key("openssh").decode().strip() in sentence


@pytest.fixture
def small_disk(place: Path, user: str) -> Iterator[Path]:
    """A disk of 64 KiB that the user may fill."""
    disk = place / "small"
    disk.mkdir(exist_ok=True)
    size = f"size={SMALL_DISK_BYTES}"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small disk: mount is not permitted here ({mounted.stderr!r})")
    shutil.chown(disk, user)
    try:
        yield disk
    finally:
        run("umount", str(disk))


def test_a_full_disk(place: Path, user: str, small_disk: Path) -> None:
    """A full disk, for which OpenSSH has only FAILURE, is found out by asking for the space."""

    async def drive() -> str:
        async with sshd(place, user) as destination:
            full = replace(destination, folder=str(small_disk))
            with pytest.raises(NoSpace) as caught:
                await SftpDrop(RealClock()).deliver(full, NAME, CONTENT)
            return str(caught.value)

    assert "said only 'Failure'; most often that is a full disk" in asyncio.run(drive())
    assert {} == standing(small_disk)


@pytest.mark.parametrize("kind", ["ecdsa-sha2-nistp256", "ssh-rsa"])
def test_other_kinds_of_host_key(place: Path, user: str, kind: str) -> None:
    """A pinned key of another kind is the one that is asked for."""

    async def drive() -> Arrival:
        key = asyncssh.generate_private_key(kind)
        for path, one in (("own", key), ("more", asyncssh.generate_private_key("ssh-ed25519"))):
            (place / path).write_bytes(one.export_private_key())
            (place / path).chmod(0o600)
        settings = [f"HostKey {place}/more", f"HostKey {place}/own", *SFTP]
        async with sshd(place, user, settings) as destination:
            pinned = replace(destination, host_key=key.export_public_key().decode())
            return await SftpDrop(RealClock()).deliver(pinned, NAME, CONTENT)

    assert Arrival(NAME, len(CONTENT), False) == asyncio.run(drive())


@pytest.mark.filterwarnings("default:Diffie-Hellman over finite fields")
@pytest.mark.parametrize("exchange", ["diffie-hellman-group14-sha1", "ecdh-sha2-nistp256"])
def test_old_key_exchanges(place: Path, user: str, exchange: str) -> None:
    """Servers that know only old key exchanges are served; the oldest cost a warning."""

    async def drive() -> Arrival:
        settings = [f"HostKey {place}/host_key", f"KexAlgorithms {exchange}", *SFTP]
        async with sshd(place, user, settings) as destination:
            return await SftpDrop(RealClock()).deliver(destination, NAME, CONTENT)

    with warnings.catch_warnings(record=True) as caught:
        assert Arrival(NAME, len(CONTENT), False) == asyncio.run(drive())
    deprecated = any("Diffie-Hellman" in str(warning.message) for warning in caught)
    assert deprecated == exchange.startswith("diffie-hellman")


@pytest.mark.parametrize("cut_after_bytes", [1000, 2000, 2500, 3000, 3500, 20000, 60000, 82500])
def test_a_line_that_breaks_anywhere(place: Path, user: str, cut_after_bytes: int) -> None:
    """After a line that broke in login, asking, upload or later, the next try ends right."""

    async def drive() -> None:
        async with sshd(place, user) as destination:
            drop = SftpDrop(RealClock())
            async with Relay(destination.port, cut_after_bytes).laid() as port:
                with pytest.raises((Unreachable, LineBroken)):
                    await drop.deliver(replace(destination, port=port), NAME, CONTENT)
            assert NAME not in standing(place / "in")
            await drop.deliver(destination, NAME, CONTENT)

    asyncio.run(drive())
    assert {NAME: len(CONTENT)} == standing(place / "in")
    assert CONTENT == (place / "in" / NAME).read_bytes()
