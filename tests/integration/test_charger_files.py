"""The charger brings and fetches files: real FTP and HTTP servers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from support.file_servers import ftp_server, http_server

from simulators.charger_inch import transfer_io
from simulators.charger_inch.transfer_io import TransferFailed, bring, fetch

CONTENT = bytes(range(256)) * 1_000
PASSWORD = "s3cret/:@"


@pytest.fixture
def ftp(tmp_path: Path) -> Iterator[str]:
    """Give the location of a folder on an FTP server, with user and password."""
    with ftp_server(tmp_path, password=PASSWORD) as port:
        yield f"ftp://bench:{quote(PASSWORD, safe='')}@127.0.0.1:{port}"


def free_port() -> int:
    """Give a port on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class TestFtp:
    """Document 003: ftp, with user and password in the location."""

    def test_a_file_is_brought(self, ftp: str, tmp_path: Path) -> None:
        """Whole, under its name, into the folder of the location."""
        (tmp_path / "up").mkdir()
        asyncio.run(bring(f"{ftp}/up/", "d.zip", CONTENT))
        asyncio.run(bring(ftp, "e.zip", b""))
        assert (tmp_path / "up" / "d.zip").read_bytes() == CONTENT
        assert (tmp_path / "e.zip").read_bytes() == b""

    def test_a_file_is_fetched(self, ftp: str, tmp_path: Path) -> None:
        """Byte for byte; blanks in the path are decoded."""
        (tmp_path / "new firmware.zip").write_bytes(CONTENT)
        assert asyncio.run(fetch(f"{ftp}/new%20firmware.zip")) == CONTENT

    def test_a_file_that_is_too_large(
        self, ftp: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is refused before it is all in memory."""
        monkeypatch.setattr(transfer_io, "FIRMWARE_BYTES_LIMIT", 1_000)
        (tmp_path / "big.zip").write_bytes(CONTENT)
        with pytest.raises(TransferFailed, match="larger than 1000 bytes"):
            asyncio.run(fetch(f"{ftp}/big.zip"))

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            (("bench:", "nobody:"), "530"),
            (("s3cret", "other"), "530"),
            (("@127", "@127"), "550"),
        ],
    )
    def test_a_refusal_is_told_without_the_secret(
        self, ftp: str, change: tuple[str, str], why: str
    ) -> None:
        """A wrong user, a wrong password, a folder that is not there."""
        with pytest.raises(TransferFailed, match=why) as caught:
            asyncio.run(bring(f"{ftp.replace(*change)}/nowhere", "d.zip", CONTENT))
        assert "s3cret" not in str(caught.value)
        assert "bench" not in str(caught.value)

    def test_a_name_cannot_smuggle_a_command(self, ftp: str) -> None:
        """A line end in the path is no second command."""
        with pytest.raises(TransferFailed, match="newline"):
            asyncio.run(fetch(f"{ftp}/a%0d%0aDELE b"))


class TestHttp:
    """Document 003: http."""

    def test_a_file_is_brought(self) -> None:
        """By PUT, below the path of the location, with the login of it."""

        async def live() -> dict[str, bytes]:
            async with http_server() as depot:
                depot.login = f"bench:{PASSWORD}"
                location = f"http://bench:{quote(PASSWORD, safe='')}@127.0.0.1:{depot.port}/up/"
                await bring(location, "d.zip", CONTENT)
                return depot.files

        assert asyncio.run(live()) == {"/up/d.zip": CONTENT}

    def test_a_file_is_fetched(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Byte for byte, as long as it is not too large."""

        async def live() -> bytes:
            async with http_server() as depot:
                depot.files["/f.zip"] = CONTENT
                location = f"http://127.0.0.1:{depot.port}/f.zip"
                content = await fetch(location)
                monkeypatch.setattr(transfer_io, "FIRMWARE_BYTES_LIMIT", 1_000)
                with pytest.raises(TransferFailed, match="larger than 1000 bytes"):
                    await fetch(location)
                return content

        assert asyncio.run(live()) == CONTENT

    def test_a_refusal_is_told(self) -> None:
        """With the status, without the secret."""

        async def live() -> list[str]:
            told = []
            async with http_server() as depot:
                depot.login = "bench:other"
                location = f"http://bench:s3cret@127.0.0.1:{depot.port}"
                for work in (bring(location, "d.zip", b"x"), fetch(f"{location}/f.zip")):
                    with pytest.raises(TransferFailed) as caught:
                        await work
                    told.append(str(caught.value))
                depot.login = ""
                with pytest.raises(TransferFailed) as caught:
                    await fetch(f"{location}/f.zip")
                return [*told, str(caught.value)]

        told = asyncio.run(live())
        assert ["401" in told[0], "401" in told[1], "404" in told[2]] == [True] * 3
        assert "s3cret" not in "".join(told)


class TestNobody:
    """Nobody there, or nobody who answers."""

    @pytest.mark.parametrize("scheme", ["ftp", "http"])
    def test_a_port_without_a_server(self, scheme: str) -> None:
        """The host and the port are named."""
        port = free_port()
        for work in (
            bring(f"{scheme}://127.0.0.1:{port}/", "d.zip", b"x"),
            fetch(f"{scheme}://127.0.0.1:{port}/f.zip"),
        ):
            with pytest.raises(TransferFailed, match=f"{scheme}://127.0.0.1:{port}"):
                asyncio.run(work)

    @pytest.mark.parametrize("scheme", ["ftp", "http"])
    def test_a_server_that_says_nothing(self, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is not waited for longer than the limit of one answer."""
        monkeypatch.setattr(transfer_io, "STEP_LIMIT_S", 0.2)
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            location = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/f.zip"
            with pytest.raises(TransferFailed):
                asyncio.run(fetch(location))

    def test_a_server_that_takes_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A transfer has a limit of its own."""
        monkeypatch.setattr(transfer_io, "LIMIT_S", 0.2)
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            location = f"http://127.0.0.1:{silent.getsockname()[1]}/f.zip"
            with pytest.raises(TransferFailed, match=r"longer than 0\.2 s"):
                asyncio.run(fetch(location))

    @pytest.mark.parametrize(
        ("location", "why"),
        [
            ("sftp://host/x", "names sftp; this charger does ftp and http"),
            ("https://host/x", "names https"),
            ("x", "names nothing"),
            ("http://", "this charger does"),
            ("http://[::1", "the location is none"),
            ("http://host:99999/x", "the location is none"),
        ],
    )
    def test_a_location_that_it_does_not_do(self, location: str, why: str) -> None:
        """It is told what it does."""
        with pytest.raises(TransferFailed, match=why):
            asyncio.run(fetch(location))
