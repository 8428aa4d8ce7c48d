"""What `isebench up` refuses before anything runs, and a run that ends at once."""

from __future__ import annotations

import asyncio
import signal
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.up import Wishes, _Site, up
from simulators.clock import RealClock
from simulators.wiretap import Crossing


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


@pytest.mark.parametrize("identity", ["", " WB-1", "W" * 49, "WB\n1"])
def test_an_identity_that_is_none(tmp_path: Path, identity: str) -> None:
    """It is told with the option, as nobody has any settings here."""
    said = refused(tmp_path / "x", 0, identity)

    assert f'--station "{identity}" is no identity; write 1 to 48 signs' in said


@pytest.mark.parametrize("card", ["", " ", "A" * 21, "A\0B"])
def test_a_card_that_is_none(tmp_path: Path, card: str) -> None:
    """It is told with the option, too."""
    with pytest.raises(UsageError) as caught:
        up(Wishes(out=tmp_path / "x", cards=(card,)))

    assert f'--card "{card}" is no card; write its 1 to 20 signs' in str(caught.value)


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


class JustAfterMidnight(RealClock):
    """A clock that stands at a minute past midnight in Zurich."""

    def now(self) -> datetime:
        """Tell that minute."""
        return datetime(2025, 6, 2, 22, 1, tzinfo=UTC)


def test_a_day_that_has_just_begun(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Stopped before a quarter hour has ended, it says why nothing goes out, and ends well."""
    # One card is always accepted, and the other one is named twice.
    cards = ("fa2afd77", "04A1B2C3", "04:a1:b2:c3")
    site = _Site(Wishes(out=tmp_path, host="0.0.0.0", stations=("WB/7",), cards=cards))
    site._clock = JustAfterMidnight()

    def stop(crossing: Crossing) -> None:
        if '"StartTransaction"' in crossing.text:
            signal.raise_signal(signal.SIGINT)

    site._tap.listen(stop)
    asyncio.run(site.run())

    said = capsys.readouterr().out
    assert "ws://ADDRESS-OF-THIS-MACHINE:" in said
    assert "/ocpp/WB%2F7 waits for your charger" in said
    assert "FA2AFD77 and 04A1B2C3 are accepted" in said
    assert "nothing is delivered: " in said
    assert "no interval has ended yet" in said
    (recording,) = tmp_path.glob("recording-*.jsonl")
    assert "StartTransaction" in recording.read_text(encoding="ascii")
