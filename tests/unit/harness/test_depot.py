"""The depot, before clients of the standard library."""

from __future__ import annotations

import asyncio
import ftplib
import io
import urllib.error
import urllib.request
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import pytest

from harness.depot import SECRET, USER, Depot, bring, firmware, is_whole, pack
from simulators.errors import NotPossible

T = TypeVar("T")


@asynccontextmanager
async def open_depot(folder: Path) -> AsyncIterator[Depot]:
    """Give a depot that listens, and close it."""
    depot = Depot(folder / "depot")
    await depot.start()
    try:
        yield depot
    finally:
        await depot.stop()


def visit(folder: Path, call: Callable[[Depot], T]) -> tuple[T, dict[str, bytes]]:
    """Let a client come, in a thread of its own, and give what it saw and what lies there."""

    async def run() -> tuple[T, dict[str, bytes]]:
        async with open_depot(folder) as depot:
            seen = await asyncio.to_thread(call, depot)
            return seen, depot.files()

    return asyncio.run(run())


def bare(depot: Depot, wire: str, name: str = "") -> str:
    """Give a location without user and password."""
    parts = urlsplit(depot.url(wire, name))
    return f"{parts.scheme}://{parts.hostname}:{parts.port}{parts.path}"


def request(url: str, method: str, data: bytes | None = None, login: str = "") -> tuple[int, bytes]:
    """Ask an HTTP server; give the status and what came."""
    asked = urllib.request.Request(url, data=data, method=method)
    if login:
        asked.add_header("Authorization", login)
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, b""


class TestHttp:
    """The HTTP server."""

    @pytest.mark.parametrize("method", ["PUT", "POST"])
    def test_takes_files(self, tmp_path: Path, method: str) -> None:
        """What is brought lies there under its name; without a name it is an upload."""

        def come(depot: Depot) -> list[int]:
            return [
                request(bare(depot, "http", name), method, b"zip")[0]
                for name in ("in/diagnostics.zip", "")
            ]

        assert ([201, 201], {"diagnostics.zip": b"zip", "upload": b"zip"}) == visit(tmp_path, come)

    def test_gives_files(self, tmp_path: Path) -> None:
        """What was laid down can be fetched, and nothing else."""

        def come(depot: Depot) -> list[tuple[int, bytes]]:
            depot.lay_down("inch.zip", b"firmware")
            return [
                request(bare(depot, "http", name), method)
                for name, method in (
                    ("inch.zip", "GET"),
                    ("other.zip", "GET"),
                    ("", "GET"),
                    ("inch.zip", "DELETE"),
                )
            ]

        assert [(200, b"firmware"), (404, b""), (404, b""), (404, b"")] == visit(tmp_path, come)[0]

    def test_knows_one_user(self, tmp_path: Path) -> None:
        """Who says nothing may come in, who says the wrong thing may not."""

        def come(depot: Depot) -> list[int]:
            return [
                request(bare(depot, "http", "a"), "PUT", b"x", login)[0]
                for login in (
                    "Basic dGVjaG5pY2lhbjphIHBhc3N3b3JkIG9mIHRoZSBkZXBvdA==",
                    "Basic bm9ib2R5Og==",
                )
            ]

        assert [201, 401] == visit(tmp_path, come)[0]


class TestFtp:
    """The FTP server."""

    def test_takes_and_gives_files(self, tmp_path: Path) -> None:
        """Both servers show one folder."""

        def come(depot: Depot) -> bytes:
            depot.lay_down("inch.zip", b"firmware")
            found = bytearray()
            with _logged_in(depot, USER, SECRET) as server:
                server.storbinary("STOR diagnostics.zip", io.BytesIO(b"zip"))
                server.retrbinary("RETR inch.zip", found.extend)
            return bytes(found)

        assert (b"firmware", {"diagnostics.zip": b"zip", "inch.zip": b"firmware"}) == visit(
            tmp_path, come
        )

    @pytest.mark.parametrize("login", [("anonymous", ""), (USER, "another password")])
    def test_lets_nobody_else_in(self, tmp_path: Path, login: tuple[str, str]) -> None:
        """No user without a name, and no other password."""

        def come(depot: Depot) -> str:
            with pytest.raises(ftplib.error_perm) as caught:
                _logged_in(depot, *login)
            return str(caught.value)[:3]

        assert "530" == visit(tmp_path, come)[0]

    def test_makes_no_folders(self, tmp_path: Path) -> None:
        """What is to be brought into a folder that is not there cannot be."""

        def come(depot: Depot) -> list[str]:
            told = []
            with _logged_in(depot, USER, SECRET) as server:
                for command in ("CWD not-there", "MKD not-there", "STOR not-there/d.zip"):
                    with pytest.raises(ftplib.error_perm) as caught:
                        server.sendcmd(command)
                    told.append(str(caught.value)[:3])
            return told

        assert (["550", "550", "550"], {}) == visit(tmp_path, come)


class TestVisits:
    """How often somebody has come."""

    def test_are_those_who_were_let_in(self, tmp_path: Path) -> None:
        """A session counts, and a request, whatever came of it; who only looks does not."""

        def come(depot: Depot) -> list[int]:
            counted = [depot.visits]
            with _logged_in(depot, USER, SECRET) as server:
                server.sendcmd("NOOP")
            counted.append(depot.visits)
            for method, login in (("GET", ""), ("PUT", ""), ("HEAD", ""), ("PUT", "Basic no")):
                request(bare(depot, "http", "a"), method, b"x", login)
                counted.append(depot.visits)
            with pytest.raises(ftplib.error_perm):
                _logged_in(depot, USER, "another password")
            return [*counted, depot.visits]

        assert [0, 1, 2, 3, 3, 3, 3] == visit(tmp_path, come)[0]


def _logged_in(depot: Depot, user: str, password: str) -> ftplib.FTP:
    server = ftplib.FTP(timeout=10)
    server.connect("127.0.0.1", urlsplit(depot.url("ftp")).port or 0)
    try:
        server.login(user, password)
    except ftplib.Error:
        server.close()
        raise
    return server


class TestLocations:
    """What is told of where the depot is."""

    def test_hold_what_opens_the_door(self, tmp_path: Path) -> None:
        """A location can be handed to a charger as it stands."""

        def come(depot: Depot) -> list[str | None]:
            parts = urlsplit(depot.url("ftp", "a b.zip"))
            return [parts.scheme, parts.username, parts.password, parts.path]

        assert ["ftp", USER, "a%20password%20of%20the%20depot", "/a%20b.zip"] == (
            visit(tmp_path, come)[0]
        )


class TestBringing:
    """How the charger on strings brings a file."""

    def test_puts_it_where_it_was_told(self, tmp_path: Path) -> None:
        """The name is the charger's, the folder and the login are the location's."""

        async def run() -> dict[str, bytes]:
            async with open_depot(tmp_path) as depot:
                await bring(depot.url("http"), "d.zip", b"zip")
                return depot.files()

        assert {"d.zip": b"zip"} == asyncio.run(run())

    def test_that_is_not_taken_is_told(self, tmp_path: Path) -> None:
        """A server that refuses is named, with what it said."""

        async def run() -> None:
            async with open_depot(tmp_path) as depot:
                await bring(depot.url("http").replace(USER, "nobody"), "d.zip", b"zip")

        with pytest.raises(NotPossible, match="the server says 401"):
            asyncio.run(run())


@pytest.mark.parametrize(
    ("name", "content", "whole"),
    [
        ("d.log", b"x", True),
        ("d.log", b"", False),
        ("d.zip", pack({"d.txt": "x"}), True),
        ("d.ZIP", b"x", False),
        ("d.zip", pack({}), False),
        ("d.zip", pack({"d.txt": "some text"}).replace(b"some", b"lost"), False),
    ],
)
def test_a_file_is_whole(name: str, content: bytes, whole: bool) -> None:
    """A file holds something, and one that is called a zip is one, with files that are whole."""
    assert whole == is_whole(name, content)


def test_it_can_be_closed_before_it_was_opened(tmp_path: Path) -> None:
    """Closing a depot that never listened leaves nothing and waits for nothing."""
    asyncio.run(Depot(tmp_path / "depot").stop())


def test_a_firmware_is_a_zip_with_its_version() -> None:
    """The same version gives the same bytes."""
    packed = firmware("1.13")

    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert b"1.13\n" == archive.read("VERSION")
    assert packed == firmware("1.13")
