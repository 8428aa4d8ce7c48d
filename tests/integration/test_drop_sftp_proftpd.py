"""
The backend's SFTP delivery against ProFTPD's mod_sftp, which answers otherwise than OpenSSH.

Its quota says OK to every step and then removes the file; it answers FILE_ALREADY_EXISTS, a code
of version 6, in a session of version 3 (draft-ietf-secsh-filexfer-13 §9.1). Needs Debian's
proftpd-core and proftpd-mod-crypto, and root (for a throw-away user with a password).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest
from support.ftp_daemons import (
    SECRET,
    Daemon,
    Place,
    place_for_ftp,
    program,
    quota_settings,
    run,
    small_disk_at,
)

from backend.adapters.drop_sftp import SftpDrop
from backend.adapters.sftp_requests import SftpRequests
from backend.errors import (
    DeliveryError,
    Denied,
    FolderMissing,
    HostKeyChanged,
    Incomplete,
    LoginRefused,
    NameTaken,
    NoSpace,
    RenameRefused,
)
from backend.ports import Arrival
from simulators.clock import RealClock

NAME = "ISE_Tagesexport_20250603_20250603_20250604003000_1.csv"
CONTENT = bytes(range(256)) * 800
SMALL_DISK_BYTES = 65_536
ARRIVED = Arrival(NAME, len(CONTENT), already_there=False)

pytestmark = [
    pytest.mark.skipif(
        program("proftpd") is None or not Path("/usr/lib/proftpd/mod_sftp.so").exists(),
        reason="no ProFTPD with mod_sftp here: .ci/run installs it",
    ),
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("useradd") is None,
        reason="a throw-away user with a password needs root and useradd",
    ),
]


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A home for the server's user."""
    with place_for_ftp() as made:
        yield made


@pytest.fixture(autouse=True)
def empty(place: Place) -> None:
    """Begin each test with an empty folder, and with no key that is known."""
    for path in (place.folder / "in").iterdir():
        path.unlink()
    (place.folder / "secrets" / "known_keys").write_text("")


def deliver(place: Place, *settings: str, **changes: object) -> Arrival:
    """Deliver the file to a server of which we know otherwise than is true."""

    async def drive() -> Arrival:
        async with Daemon("proftpd", "sftp", settings).running(place) as destination:
            to = replace(destination, **changes)
            return await SftpDrop(RealClock()).deliver(to, NAME, CONTENT)

    return asyncio.run(drive())


def refused(
    place: Place, cause: type[DeliveryError], *settings: str, **changes: object
) -> DeliveryError:
    """Try to deliver, and give what it was refused with."""
    with pytest.raises(cause) as caught:
        deliver(place, *settings, **changes)
    assert type(caught.value) is cause
    assert SECRET not in str(caught.value)
    return caught.value


def stand(place: Place, name: str, content: bytes) -> None:
    """Let a file of the user's stand in the folder."""
    (place.folder / "in" / name).write_bytes(content)
    shutil.chown(place.folder / "in" / name, place.user)


def test_a_file_arrives_and_is_recognised(place: Place) -> None:
    """A file arrives whole under its name alone, and a second try finds it there."""

    async def drive() -> list[Arrival]:
        async with Daemon("proftpd", "sftp").running(place) as destination:
            drop = SftpDrop(RealClock())
            return [await drop.deliver(destination, NAME, CONTENT) for _ in range(2)]

    assert [ARRIVED, replace(ARRIVED, already_there=True)] == asyncio.run(drive())
    assert {NAME: len(CONTENT)} == place.standing()
    assert CONTENT == (place.folder / "in" / NAME).read_bytes()


def test_the_test_of_the_connection(place: Place) -> None:
    """Every step of the connection test is done, and nothing is left of it."""

    async def drive() -> list[tuple[str, bool | None]]:
        async with Daemon("proftpd", "sftp").running(place) as destination:
            steps = await SftpDrop(RealClock()).test(destination)
            return [(step.name, step.is_done) for step in steps]

    wanted = ("connect", "log in", "folder", "write", "list", "rename", "remove")
    assert [(step, True) for step in wanted] == asyncio.run(drive())
    assert {} == place.standing()


def test_refusals_are_told_apart(place: Place) -> None:
    """Wrong password, host key, folder and right are causes of their own."""
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    error = refused(place, LoginRefused, secret="wrong")
    assert f"refused user '{place.user}' or the password" in str(error)
    error = refused(place, HostKeyChanged, host_key=other)
    assert "another host key than the pinned one: it shows ssh-rsa SHA256:" in str(error)
    error = refused(place, FolderMissing, folder="nowhere")
    assert "there is no folder 'nowhere'" in str(error)
    error = refused(place, Denied, folder="closed")
    assert "ask the utility for the right to write into 'closed'" in str(error)
    assert {} == place.standing()


def test_a_login_by_key(place: Place) -> None:
    """A key that the server knows opens the door; another is told as such, with its line."""
    key, other = (asyncssh.generate_private_key("ssh-rsa", key_size=2048) for _ in range(2))
    (place.folder / "secrets" / "known_keys").write_bytes(key.export_public_key("rfc4716"))

    assert ARRIVED == deliver(place, secret="", key=key)
    error = refused(place, LoginRefused, secret="", key=other)

    fingerprint = other.get_fingerprint()
    assert f"refused the key of user '{place.user}' (ssh-rsa {fingerprint})" in str(error)
    assert "give the utility this public key: ssh-rsa AAAA" in str(error)


def test_another_file_is_not_overwritten(place: Place) -> None:
    """A file of somebody else under the name is left as it is."""
    stand(place, NAME, b"somebody else's")
    error = refused(place, NameTaken)
    assert "another file of 15 bytes stands under" in str(error)
    assert {NAME: 15} == place.standing()


def test_a_file_that_comes_up_before_the_rename(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FILE_ALREADY_EXISTS, a code that version 3 does not have, is told as what it is."""
    rename = SftpRequests.rename
    said: list[Exception] = []

    async def late(self: SftpRequests, old: str, new: str) -> None:
        stand(place, NAME, b"somebody else's")
        try:
            await rename(self, old, new)
        except asyncssh.SFTPError as error:
            said.append(error)
            raise

    monkeypatch.setattr(SftpRequests, "rename", late)

    error = refused(place, NameTaken)

    assert "another file of 15 bytes stands under" in str(error)
    assert [asyncssh.FX_FILE_ALREADY_EXISTS] == [one.code for one in said]
    assert {NAME: 15} == place.standing()


def test_a_server_that_forbids_renaming(place: Place) -> None:
    """It is told as such, with the way out, and nothing is left."""
    limits = ("<Limit RENAME RNFR RNTO>", "DenyAll", "</Limit>")
    error = refused(place, RenameRefused, *limits)
    assert 'or say upload = "direct"' in str(error)
    assert {} == place.standing()


def test_a_leftover_is_removed(place: Place) -> None:
    """What an earlier try left behind is gone after the next one."""
    stand(place, f".{NAME}.part", CONTENT * 2)
    assert ARRIVED == deliver(place)
    assert {NAME: len(CONTENT)} == place.standing()


def test_a_full_disk(place: Place) -> None:
    """A full disk is told as one, in the server's words, and nothing is left."""
    with ExitStack() as mounted:
        try:
            disk = mounted.enter_context(small_disk_at(place, SMALL_DISK_BYTES))
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no small disk: mount is not permitted here ({error.stderr!r})")
        told = str(refused(place, NoSpace, folder=disk))
        assert {} == place.standing(disk)
    assert "the server has no room left at uploading" in told


def test_a_quota(place: Place) -> None:
    """A file that is taken with OK at every step, and is gone then, is no delivery."""
    error = refused(place, Incomplete, *quota_settings(place, 20_000))
    assert "and then had no file: its quota may be used up" in str(error)
    assert {} == place.standing()


def test_old_kinds_of_host_key(place: Place) -> None:
    """A host key of an elliptic curve is shown and compared as well."""
    key = place.folder / "secrets" / "curve"
    key.unlink(missing_ok=True)
    run("ssh-keygen", "-q", "-t", "ecdsa", "-m", "PEM", "-N", "", "-f", str(key))
    pinned = run("ssh-keygen", "-y", "-f", str(key))
    assert ARRIVED == deliver(place, f"SFTPHostKey {key}", host_key=pinned)
