"""
Where a charger brings its diagnostics and fetches its firmware: an HTTP server and an FTP server.

Both show one folder. The HTTP server takes PUT and POST, the FTP server asks for its user and
password and knows nobody else. A charger holds the clock while it transfers a file, so a transfer
takes no simulated time. The FTP library has a loop of its own, so it runs in a thread.

Only scenarios that need a depot start one; it listens on free ports, of 127.0.0.1 unless told.
"""

from __future__ import annotations

import asyncio
import io
import threading
import warnings
import zipfile
import zlib
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from simulators.errors import NotPossible

if TYPE_CHECKING:
    from aiohttp import web

USER = "technician"
SECRET = "a password of the depot"
FILE_BYTES_MAX = 64 * 2**20
"""The largest file that is taken."""
POLL_S = 0.02
"""How often, in real time, the thread of the FTP server looks whether it shall end."""


class Depot:
    """
    The two servers of one scenario.

    Parameters:
        folder: where the files lie; made where it is missing.
        host: the address that both listen on.
        reached_as: what chargers call it; where left out, that address.
    """

    def __init__(self, folder: Path, host: str = "127.0.0.1", reached_as: str = "") -> None:
        self._folder = folder
        self._host = host
        self._reached_as = reached_as or host
        self._folder.mkdir(parents=True, exist_ok=True)
        self._runner: web.AppRunner | None = None
        self._http_port = 0
        self._http_visits = 0
        self._ftp = _FtpThread(folder, host)

    async def start(self) -> None:
        """Let both listen."""
        from aiohttp import web

        application = web.Application(client_max_size=FILE_BYTES_MAX)
        application.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, 0).start()
        self._http_port = self._runner.addresses[0][1]
        self._ftp.start()

    async def stop(self) -> None:
        """Stop both; what is under way is broken off."""
        if self._runner is not None:
            await self._runner.cleanup()
        await asyncio.get_running_loop().run_in_executor(None, self._ftp.stop)

    # ------------------------------------------------------------------ what people see

    def url(self, wire: str, name: str = "") -> str:
        """
        Give a location of the depot, with what opens its door.

        Parameters:
            wire: ``http`` or ``ftp``.
            name: a file's; without one it is the folder.
        """
        port = self._http_port if wire == "http" else self._ftp.port
        return f"{wire}://{USER}:{quote(SECRET)}@{self._reached_as}:{port}/{quote(name)}"

    def lay_down(self, name: str, content: bytes) -> None:
        """Put a file there, to be fetched."""
        (self._folder / name).write_bytes(content)

    def files(self) -> dict[str, bytes]:
        """Give what lies there."""
        return {path.name: path.read_bytes() for path in sorted(self._folder.iterdir())}

    @property
    def visits(self) -> int:
        """How often somebody was let in, for an FTP session, or by HTTP to bring or to fetch."""
        return self._http_visits + self._ftp.visits

    # ------------------------------------------------------------------ HTTP

    async def _serve(self, request: web.Request) -> web.Response:
        from aiohttp import web

        if not _may_enter(request.headers.get("Authorization")):
            return web.Response(status=401, text="this user or password is not known here\n")
        self._http_visits += request.method in ("PUT", "POST", "GET")
        name = request.path.rpartition("/")[2]
        place = self._folder / name
        if request.method in ("PUT", "POST"):
            place = self._folder / (name or "upload")
            place.write_bytes(await request.read())
            return web.Response(status=201)
        if request.method in ("GET", "HEAD") and name and place.is_file():
            return web.Response(body=place.read_bytes(), content_type="application/octet-stream")
        return web.Response(status=404, text="no such file lies here\n")


def _may_enter(told: str | None) -> bool:
    """Let in who says nothing, and who says the right thing."""
    return told in (None, "Basic " + b64encode(f"{USER}:{SECRET}".encode()).decode())


class _FtpThread:
    """The FTP server, with its loop in a thread."""

    def __init__(self, folder: Path, host: str) -> None:
        self._folder = folder
        self._host = host
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        self._server: Any = None
        self.port = 0
        self.visits = 0

    def start(self) -> None:
        with warnings.catch_warnings():
            # Up to Python 3.11 it stands on asynchat, which the standard library has given up.
            warnings.simplefilter("ignore", DeprecationWarning)
            from pyftpdlib.authorizers import DummyAuthorizer  # type: ignore[import-untyped]
            from pyftpdlib.handlers import FTPHandler  # type: ignore[import-untyped]
            from pyftpdlib.ioloop import IOLoop  # type: ignore[import-untyped]
            from pyftpdlib.servers import FTPServer  # type: ignore[import-untyped]

        authorizer = DummyAuthorizer()
        # Nobody may make a folder: what is to be brought into one that is not there must fail.
        authorizer.add_user(USER, SECRET, str(self._folder), perm="elradfw")
        particular = {
            "authorizer": authorizer,
            "auth_failed_timeout": 0,
            "on_login": lambda _session, _user: self._count(),
        }
        handler = type("Handler", (FTPHandler,), particular)
        self._server = FTPServer((self._host, 0), handler, ioloop=IOLoop())
        self.port = self._server.address[1]
        self._thread = threading.Thread(target=self._run, name="depot-ftp", daemon=True)
        self._thread.start()

    def _count(self) -> None:
        self.visits += 1

    def _run(self) -> None:
        while not self._end.is_set():
            self._server.ioloop.loop(POLL_S, blocking=False)
        self._server.close_all()

    def stop(self) -> None:
        self._end.set()
        if self._thread is not None:
            self._thread.join()


async def bring(location: str, name: str, content: bytes) -> None:
    """
    Bring a file to an HTTP location, as a charger does.

    Raises:
        NotPossible: If the server does not take it.
    """
    from aiohttp import ClientSession

    place = f"{location.rstrip('/')}/{name}"
    async with ClientSession() as session, session.put(place, data=content) as answer:
        if answer.status >= 400:
            raise NotPossible("bring a file", location, f"the server says {answer.status}")


def firmware(version: str) -> bytes:
    """Make a firmware as the emulated INCH takes it: a zip with an ASCII file VERSION."""
    return pack({"VERSION": f"{version}\n"})


def pack(files: Mapping[str, str]) -> bytes:
    """Make a zip; the same files give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text)
    return packed.getvalue()


def is_whole(name: str, content: bytes) -> bool:
    """Tell whether a file holds anything; a zip must be one, as its name says, with files."""
    if not name.lower().endswith(".zip"):
        return content != b""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.namelist() != [] and archive.testzip() is None
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError):
        return False  # RuntimeError: encrypted, or packed in a way that is not known
