"""What `isebench up` refuses before anything runs."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.up import Wishes, up


def refused(out: Path, sftp_port: int = 0, *stations: str) -> str:
    """Give the sentence of the refusal."""
    with pytest.raises(UsageError) as caught:
        up(Wishes(out=out, sftp_port=sftp_port, stations=stations))
    return str(caught.value)


@pytest.mark.parametrize("stations", [["Dorfplatz"], ["WB-1", "WB-2", "WB-1"]])
def test_an_identity_that_is_taken(tmp_path: Path, stations: list[str]) -> None:
    """An emulated charger's identity, and one that is given twice, are named; nothing is made."""
    assert f'the identity "{stations[0]}" is taken' in refused(tmp_path / "x", 0, *stations)
    assert not (tmp_path / "x").exists()


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    """A file cannot hold what it leaves."""
    (tmp_path / "x").touch()

    assert "choose another with --out" in refused(tmp_path / "x")


def test_a_port_for_deliveries_that_is_taken(tmp_path: Path) -> None:
    """Who else listens there stays; another port is asked for."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        said = refused(tmp_path, port)

    assert said.startswith(f"127.0.0.1:{port} cannot be listened on (")
    assert said.endswith("; choose another --sftp-port")


def test_a_port_for_deliveries_that_is_none(tmp_path: Path) -> None:
    """A number beyond all ports is refused likewise."""
    assert "choose another --sftp-port" in refused(tmp_path, 99999)
