"""The backend's SFTP logins by key, against the simulated server and one that has its ways."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from backend.adapters.drop_sftp import SftpDrop
from backend.errors import DeliveryError, LineBroken, LoginRefused, Unreachable
from backend.ports import Arrival, Destination
from simulators.clock import RealClock, VirtualClock
from simulators.faults import Fault
from simulators.ftp_server import Event, SftpServer, User
from simulators.ftp_server.faults import CutAtCommand, CutBeforeAnswer, NoAnswer, RefusedLogin
from simulators.wiretap import Wiretap

START = datetime(2025, 6, 4, 0, 30, tzinfo=UTC)
NAME = "ISE_Tagesexport_20250603_20250603_20250604003000_1.csv"
CONTENT = b"Messpunkt;OBIS\r\n" * 100
SECRET = "sehr-geheim"
KEY = asyncssh.generate_private_key("ssh-ed25519", comment="anna@büro")
OTHER = asyncssh.generate_private_key("ssh-ed25519")


def line_of(key: asyncssh.SSHKey) -> str:
    """Give the public half of a key as one OpenSSH line."""
    return key.export_public_key("openssh").decode("utf-8")


def shown(key: asyncssh.SSHKey) -> str:
    """Give the public half without its comment, as a person is to hand it on."""
    return " ".join(line_of(key).split()[:2])


@dataclass
class Attempt:
    """What came of a delivery, and what the server has noted of logins."""

    arrival: Arrival | None = None
    error: DeliveryError | None = None
    logins: list[tuple[str, str]] = field(default_factory=list)


def logins(events: Sequence[Event]) -> list[tuple[str, str]]:
    """Give the user and the answer of each login."""
    return [(one.user, one.answer) for one in events if one.action == "login"]


def deliver(root: Path, known: User, faults: Sequence[Fault] = (), **login: object) -> Attempt:
    """Deliver a file to a fresh server with a user, logging in with what is given."""

    async def run() -> Attempt:
        attempt, clock = Attempt(), VirtualClock(START)
        server = SftpServer("EW Seedorf", clock, Wiretap(clock), users=[known], root=root)
        async with server:
            for fault in faults:
                await server.faults.switch_on(fault)
            there = ("EW Seedorf", "sftp", "127.0.0.1", server.port, "ise")
            to = Destination(*there, "", "", server.host_key_line, time_limit_s=2.0)
            to = replace(to, **login)  # type: ignore[arg-type]
            try:
                attempt.arrival = await SftpDrop(clock).deliver(to, NAME, CONTENT)
            except DeliveryError as error:
                attempt.error = error
            attempt.logins = logins(server.drop.events)
        await clock.settle()
        return attempt

    return asyncio.run(run())


def refusal(attempt: Attempt) -> str:
    """Give the sentence of a refused login; it holds no secret."""
    assert attempt.error is not None
    assert LoginRefused is type(attempt.error), attempt.error
    sentence = str(attempt.error)
    assert SECRET not in sentence
    assert "PRIVATE" not in sentence
    return sentence


ARRIVED = Arrival(NAME, len(CONTENT), already_there=False)


class TestLogins:
    """Who comes in."""

    @pytest.mark.parametrize("kind", ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp384"])
    def test_by_key(self, tmp_path: Path, kind: str) -> None:
        """A key of any kind opens the door, once, and no password is needed."""
        key = asyncssh.generate_private_key(kind)
        attempt = deliver(tmp_path, User("ise", "", public_keys=(line_of(key),)), key=key)

        assert ARRIVED == attempt.arrival
        assert [("ise", "ok")] == attempt.logins

    def test_the_key_comes_first(self, tmp_path: Path) -> None:
        """With both, the key is shown first, and the password not at all."""
        user = User("ise", SECRET, public_keys=(line_of(KEY),))
        attempt = deliver(tmp_path, user, key=KEY, secret="falsch")

        assert ARRIVED == attempt.arrival
        assert [("ise", "ok")] == attempt.logins

    def test_then_the_password(self, tmp_path: Path) -> None:
        """A key that the server does not know is no obstacle where the password is right."""
        user = User("ise", SECRET, public_keys=(line_of(OTHER),))
        attempt = deliver(tmp_path, user, key=KEY, secret=SECRET)

        assert ARRIVED == attempt.arrival
        assert [("ise", "login refused"), ("ise", "ok")] == attempt.logins

    @pytest.mark.parametrize("key", [None, KEY])
    def test_no_empty_password(self, tmp_path: Path, key: asyncssh.SSHKey | None) -> None:
        """An empty password opens no door of a user who has keys."""
        user = User("ise", "", public_keys=(line_of(OTHER),))
        attempt = deliver(tmp_path, user, key=key)

        assert attempt.arrival is None
        assert ("ise", "ok") not in attempt.logins

    def test_by_password_at_a_server_that_has_keys(self, tmp_path: Path) -> None:
        """A user who has both is let in by the password alone."""
        user = User("ise", SECRET, public_keys=(line_of(KEY),))

        assert ARRIVED == deliver(tmp_path, user, secret=SECRET).arrival


class TestRefusals:
    """Who does not come in, and why."""

    def test_the_key(self, tmp_path: Path) -> None:
        """A key that is not known is named, with the line that the utility needs."""
        user = User("ise", "", public_keys=(line_of(OTHER),))
        attempt = deliver(tmp_path, user, key=KEY)

        sentence = refusal(attempt)
        named = f"(ssh-ed25519 {KEY.get_fingerprint()})"
        assert f"the server refused the key of user 'ise' {named};" in sentence
        assert f"give the utility this public key: {shown(KEY)};" in sentence
        assert "anna" not in sentence
        assert [("ise", "login refused")] == attempt.logins

    def test_key_and_password(self, tmp_path: Path) -> None:
        """Where both are refused, both are named."""
        user = User("ise", SECRET, public_keys=(line_of(OTHER),))
        attempt = deliver(tmp_path, user, key=KEY, secret="falsch")

        assert f"{KEY.get_fingerprint()}), and the password; give" in refusal(attempt)
        assert [("ise", "login refused")] * 2 == attempt.logins

    def test_the_password(self, tmp_path: Path) -> None:
        """Without a key the password is what is refused."""
        user = User("ise", SECRET, public_keys=(line_of(OTHER),))
        sentence = refusal(deliver(tmp_path, user, secret="falsch"))

        assert "the server refused user 'ise' or the password; correct" in sentence

    def test_a_server_that_takes_no_keys(self, tmp_path: Path) -> None:
        """A server that wants no key has refused none."""
        sentence = refusal(deliver(tmp_path, User("ise", SECRET), key=KEY))

        assert "the server did not ask for the key of user 'ise'" in sentence
        assert "ask the utility which login it takes" in sentence

    def test_a_server_that_takes_no_passwords(self, tmp_path: Path) -> None:
        """A server that wants no password has refused none."""
        user = User("ise", "", public_keys=(line_of(KEY),))
        attempt = deliver(tmp_path, user, secret=SECRET)

        assert "the server did not ask user 'ise' for a password" in refusal(attempt)
        assert [] == attempt.logins

    def test_a_user_who_is_not_there(self, tmp_path: Path) -> None:
        """A stranger's key is refused like a wrong one, as servers do not tell who is there."""
        user = User("ise", "", public_keys=(line_of(KEY),))
        attempt = deliver(tmp_path, user, key=KEY, user="niemand")

        assert "refused the key of user 'niemand'" in refusal(attempt)
        assert [("niemand", "login refused")] == attempt.logins

    def test_refused_login(self, tmp_path: Path) -> None:
        """The fault of a refused login refuses keys, too."""
        user = User("ise", "", public_keys=(line_of(KEY),))
        attempt = deliver(tmp_path, user, [RefusedLogin()], key=KEY)

        assert "refused the key of user 'ise'" in refusal(attempt)
        assert [("ise", "login refused")] == attempt.logins

    @pytest.mark.parametrize(
        ("fault", "noted"),
        [
            (CutAtCommand("login"), []),
            (CutBeforeAnswer("login"), [("ise", "ok")]),
            (NoAnswer("login"), []),
        ],
    )
    def test_a_line_that_breaks(
        self, tmp_path: Path, fault: Fault, noted: list[tuple[str, str]]
    ) -> None:
        """The line's faults bite at the login by key as at the one by password."""
        user = User("ise", "", public_keys=(line_of(KEY),))
        attempt = deliver(tmp_path, user, [fault], key=KEY)

        assert isinstance(attempt.error, Unreachable | LineBroken), attempt.error
        assert noted == attempt.logins

    def test_the_steps_of_a_connection_test(self, tmp_path: Path) -> None:
        """A connection test says at its second step what a delivery would say."""

        async def run() -> list[tuple[str, bool | None, str]]:
            clock = VirtualClock(START)
            user = User("ise", "", public_keys=(line_of(OTHER),))
            server = SftpServer("S", clock, Wiretap(clock), users=[user], root=tmp_path)
            async with server:
                there = ("S", "sftp", "127.0.0.1", server.port, "ise", "", "")
                to = Destination(*there, server.host_key_line, key=KEY)
                steps = await SftpDrop(clock).test(to)
            await clock.settle()
            return [(step.name, step.is_done, step.words) for step in steps[:2]]

        connect, log_in = asyncio.run(run())
        assert ("connect", True) == connect[:2]
        assert ("log in", False) == log_in[:2]
        assert "the server refused the key of user 'ise'" in log_in[2]


class _Once(asyncssh.SSHServer):
    """A server that offers a way to log in no more once it has refused it, as some do."""

    def __init__(self) -> None:
        self.ways = {"key", "password"}

    def public_key_auth_supported(self) -> bool:
        return "key" in self.ways

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self.ways.discard("key")
        return False

    def password_auth_supported(self) -> bool:
        return "password" in self.ways

    def validate_password(self, username: str, password: str) -> bool:
        self.ways.discard("password")
        return False


class _Known(asyncssh.SSHServer):
    """A server that takes any key."""

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return True


@asynccontextmanager
async def served(factory: type[asyncssh.SSHServer], **options: Any) -> AsyncIterator[Destination]:
    """Give the way to a server of asyncssh's own."""
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    acceptor = await asyncssh.listen(
        "127.0.0.1",
        0,
        config=None,
        server_factory=factory,
        server_host_keys=[host_key],
        **options,
    )
    try:
        there = ("Served", "sftp", "127.0.0.1", acceptor.get_port(), "ise", "", "")
        yield Destination(*there, line_of(host_key), key=KEY)
    finally:
        acceptor.close()
        await acceptor.wait_closed()


@pytest.mark.parametrize(
    ("secret", "what", "remedy"),
    [
        ("", "wants more than the key of user 'ise'", "add the password as secret; if"),
        (SECRET, "wanted a password after the key of user 'ise'", "correct the password; if"),
    ],
)
def test_a_server_that_does_not_say_whether_it_took_the_key(
    secret: str, what: str, remedy: str
) -> None:
    """Whether it refused the key, or wants the password besides, is not claimed to be known."""

    async def run() -> DeliveryError:
        async with served(_Once) as destination:
            to = replace(destination, secret=secret)
            with pytest.raises(LoginRefused) as caught:
                await SftpDrop(RealClock()).deliver(to, NAME, CONTENT)
            return caught.value

    error = asyncio.run(run())
    assert what in error.what
    assert remedy in error.remedy
    give = f"give the utility this public key: {shown(KEY)}"
    assert f"if the utility does not know the key, {give}" in error.remedy
    assert SECRET not in str(error)


@pytest.mark.parametrize("algorithm", ["ssh-rsa", "rsa-sha2-256", "rsa-sha2-512"])
def test_servers_that_know_one_signature(tmp_path: Path, algorithm: str) -> None:
    """An RSA key signs as the server wants it, also with SHA-1 as servers of long ago do."""
    key = asyncssh.generate_private_key("ssh-rsa")

    async def run() -> Arrival:
        sftp = functools.partial(asyncssh.SFTPServer, chroot=str(tmp_path).encode())
        options = {"signature_algs": [algorithm, "ssh-ed25519"], "sftp_factory": sftp}
        async with served(_Known, **options) as destination:
            to = replace(destination, key=key)
            return await SftpDrop(RealClock()).deliver(to, NAME, CONTENT)

    assert ARRIVED == asyncio.run(run())
