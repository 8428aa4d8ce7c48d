"""`isebench test-connection` against a simulated server, as a person runs it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.export_settings import KEY, SETTINGS

from harness.cli import main
from simulators.clock import VirtualClock
from simulators.ftp_server import SftpServer, User
from simulators.wiretap import Wiretap


def run(folder: Path, *names: str, secret: str = "geheim") -> int:
    """Run the command with settings that name a server of this test."""

    async def serve() -> int:
        clock = VirtualClock(datetime(2025, 6, 4, tzinfo=UTC))
        users = [User("ise", "geheim")]
        async with SftpServer(
            "EDM", clock, Wiretap(clock), users=users, root=folder / "drop", folders=("in",)
        ) as server:
            text = SETTINGS.replace(KEY, server.host_key_line).replace("geheim", secret)
            text = text.replace("sftp.example.ch", "127.0.0.1")
            text = text.replace(
                'user = "ise"', f'user = "ise"\nport = {server.port}\nfolder = "in"'
            )
            (folder / "settings.toml").write_text(text)
            options = ["test-connection", "--settings", str(folder / "settings.toml"), *names]
            return await asyncio.to_thread(main, options)

    (folder / "drop").mkdir(exist_ok=True)
    return asyncio.run(serve())


def test_a_server_that_works(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each step is done, and the exit code is 0."""
    assert 0 == run(tmp_path)
    text = " ".join(capsys.readouterr().out.split())
    assert text.startswith("Stadtwerke, EDM: sftp://ise@127.0.0.1:")
    assert 7 == text.count(" done ")
    assert "shows the pinned host key, ssh-ed25519 SHA256:" in text
    assert [] == [path for path in (tmp_path / "drop" / "in").iterdir() if path.is_file()]


def test_a_wrong_password(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The step and the reason are told, the others were not tried, and the exit code is 1."""
    assert 1 == run(tmp_path, "EDM", secret="falsch")
    text = " ".join(capsys.readouterr().out.split())
    assert "the server refused user 'ise' or the password" in text
    assert (1, 1, 5) == tuple(text.count(word) for word in (" done ", "failed", "not tried"))
    assert "falsch" not in text


def test_no_such_destination(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What there is instead is named."""
    assert 2 == run(tmp_path, "EVU")
    assert "the settings have no destination 'EVU'; there is 'EDM'" in capsys.readouterr().err


def test_no_destination(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Settings without one are told to get one."""
    (tmp_path / "settings.toml").write_text('[backend]\ndatabase = "b.sqlite"\n')
    assert 2 == main(["test-connection", "--settings", str(tmp_path / "settings.toml")])
    assert "the settings name no [[destination]]; add one" in capsys.readouterr().err
