"""What `isebench drop` reads of its command line and of what is typed."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.drop_alone import Servers, change, faults_from_texts, user_from_text
from harness.errors import UsageError
from simulators.clock import VirtualClock
from simulators.faults import Faults
from simulators.ftp_server import User
from simulators.ftp_server.faults import FullDisk, RefusedRename
from simulators.wiretap import Wiretap

START = datetime(2025, 6, 3, tzinfo=UTC)


def test_users() -> None:
    """A user has a name, a password, and a home where one is written."""
    assert User("ewa", "pw") == user_from_text("ewa:pw")
    assert User("ewa", "pw", home="north") == user_from_text("ewa:pw:north")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ewa", "--user 'ewa': write NAME:PASSWORD, or NAME:PASSWORD:HOME"),
        ("ewa:", "--user 'ewa': write NAME:PASSWORD"),
        (":pw", "--user '': write NAME:PASSWORD"),
        ("ewa:pw:/etc", "--user 'ewa': its home '/etc' is none below the drop; write a name"),
        ("ewa:pw:a/../..", "its home 'a/../..' is none below the drop"),
    ],
)
def test_users_that_are_none(text: str, told: str) -> None:
    """What is missing is told, and the password is not."""
    with pytest.raises(UsageError) as caught:
        user_from_text(text)
    assert told in str(caught.value)
    assert "pw" not in str(caught.value)


def test_faults() -> None:
    """Faults are named with what differs from their defaults."""
    texts = ["refused-rename", "full-disk:free_bytes=2000"]
    assert [RefusedRename(), FullDisk(2000)] == faults_from_texts(texts)
    with pytest.raises(UsageError, match="--fault: there is no fault 'full'; there are"):
        faults_from_texts(["full"])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("on full-disk:free_bytes=5", "on: refused-rename, full-disk"),
        ("off refused-rename", "on: none"),
        ("off refused-rename:with_reason=false", "on: none"),
        ("off full-disk", "on: refused-rename"),
        ("on nothing", "there is no fault 'nothing'; there are refused-login"),
        ("off nothing", "there is no fault 'nothing'; there are refused-login"),
        ("on no-answer", "no-answer needs action: write no-answer:action=…"),
        ("faults", "there are refused-login, full-disk"),
        ("help", "'help' is not understood; type on FAULT, off FAULT, faults"),
        ("", "'' is not understood"),
    ],
)
def test_what_is_typed(line: str, told: str) -> None:
    """Faults come and go by a line; what is not understood is told."""
    faults = Faults(VirtualClock(START), on=[RefusedRename()])
    assert asyncio.run(change(faults, line)).startswith(told)


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """It is told with the option that chooses another, and the others stop."""

    async def run(port: int) -> str:
        clock = VirtualClock(START)
        servers = Servers(clock, Wiretap(clock), users=[User("ewa", "pw")], root=tmp_path)
        with pytest.raises(UsageError) as caught:
            async with servers.listening({"ftps": port}):
                pass
        return str(caught.value)

    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = asyncio.run(run(taken.getsockname()[1]))
    assert "cannot be listened on" in told
    assert told.endswith("choose another --ftps")
