"""
Bringing and fetching files: diagnostics to an ftp or http location, firmware from one.

Document 003, get diagnostics: ftp, http. User and password stand in the location where they are
needed: ``ftp://user:password@host:21/folder/``. Real sockets and real time; nothing of a location
but its host is ever told to anybody.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ftplib
import io
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, unquote, urlsplit

from simulators.charger_inch.maintenance import FIRMWARE_BYTES_LIMIT
from simulators.errors import SimulatorError

if TYPE_CHECKING:
    import aiohttp

LIMIT_S = 60
"""How long one transfer may take, in real seconds."""

STEP_LIMIT_S = 10
"""How long the server may take for one answer, in real seconds."""


class TransferFailed(SimulatorError):
    """A file could not be brought or fetched; the text says why and holds no secret."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A location, taken apart."""

    scheme: str
    host: str
    port: int
    path: str
    user: str
    password: str


async def bring(location: str, name: str, content: bytes) -> None:
    """
    Put a file into the folder that a location names.

    Raises:
        TransferFailed: If it is not there, whole, afterwards.
    """
    place = _place(location)
    async with _limited(place):
        if place.scheme == "ftp":
            await asyncio.to_thread(_bring_by_ftp, place, name, content)
        else:
            await _bring_by_http(place, name, content)


async def fetch(location: str) -> bytes:
    """
    Fetch the file that a location names.

    Raises:
        TransferFailed: If it cannot be had, or is larger than FIRMWARE_BYTES_LIMIT.
    """
    place = _place(location)
    async with _limited(place):
        if place.scheme == "ftp":
            return await asyncio.to_thread(_fetch_by_ftp, place)
        return await _fetch_by_http(place)


def _place(location: str) -> _Place:
    try:
        parts: SplitResult = urlsplit(location)
        port = parts.port
    except ValueError as error:
        raise TransferFailed(f"the location is none: {error}") from error
    if parts.scheme not in ("ftp", "http") or not parts.hostname:
        scheme = parts.scheme or "nothing"
        raise TransferFailed(f"the location names {scheme}; this charger does ftp and http")
    return _Place(
        parts.scheme,
        parts.hostname,
        port or (21 if parts.scheme == "ftp" else 80),
        unquote(parts.path) if parts.scheme == "ftp" else parts.path,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


@contextlib.asynccontextmanager
async def _limited(place: _Place) -> AsyncIterator[None]:
    where = f"{place.scheme}://{place.host}:{place.port}"
    try:
        async with asyncio.timeout(LIMIT_S):
            yield
    except TimeoutError as error:
        raise TransferFailed(f"{where} takes longer than {LIMIT_S} s") from error
    except (OSError, ftplib.Error, EOFError, ValueError) as error:
        raise TransferFailed(f"{where}: {error or type(error).__name__}") from error


# ---------------------------------------------------------------- ftp


@contextlib.contextmanager
def _ftp(place: _Place) -> Iterator[ftplib.FTP]:
    # Not encrypted: document 003 names ftp and no ftps.
    # Not the library's own end: where a transfer was broken off, it tells of that instead of why.
    with contextlib.closing(ftplib.FTP(timeout=STEP_LIMIT_S)) as server:
        server.connect(place.host, place.port)
        server.login(place.user or "anonymous", place.password or "anonymous@")
        yield server
        with contextlib.suppress(OSError, EOFError, ftplib.Error):
            server.quit()


def _bring_by_ftp(place: _Place, name: str, content: bytes) -> None:
    with _ftp(place) as server:
        if folder := place.path.rstrip("/"):
            server.cwd(folder)
        server.storbinary(f"STOR {name}", io.BytesIO(content))


def _fetch_by_ftp(place: _Place) -> bytes:
    fetched = bytearray()

    def take(part: bytes) -> None:
        fetched.extend(part)
        if len(fetched) > FIRMWARE_BYTES_LIMIT:
            raise TransferFailed(f"the file is larger than {FIRMWARE_BYTES_LIMIT} bytes")

    with _ftp(place) as server:
        server.retrbinary(f"RETR {place.path}", take)
    return bytes(fetched)


# ---------------------------------------------------------------- http


async def _bring_by_http(place: _Place, name: str, content: bytes) -> None:
    # The library is loaded only by who needs it: it takes longer than all the rest.
    import aiohttp

    url = f"http://{_authority(place)}{place.path.rstrip('/')}/{quote(name)}"
    async with _session(place) as session:
        try:
            async with session.put(url, data=content) as answer:
                _check(answer.status)
        except aiohttp.ClientError as error:
            raise OSError(str(error)) from error


async def _fetch_by_http(place: _Place) -> bytes:
    import aiohttp

    async with _session(place) as session:
        try:
            async with session.get(f"http://{_authority(place)}{place.path}") as answer:
                _check(answer.status)
                content = await answer.content.read(FIRMWARE_BYTES_LIMIT + 1)
                while len(content) <= FIRMWARE_BYTES_LIMIT and not answer.content.at_eof():
                    content += await answer.content.read(FIRMWARE_BYTES_LIMIT)
        except aiohttp.ClientError as error:
            raise OSError(str(error)) from error
    if len(content) > FIRMWARE_BYTES_LIMIT:
        raise TransferFailed(f"the file is larger than {FIRMWARE_BYTES_LIMIT} bytes")
    return content


def _session(place: _Place) -> aiohttp.ClientSession:
    import aiohttp

    headers = {}
    if place.user:
        login = base64.b64encode(f"{place.user}:{place.password}".encode()).decode("ascii")
        headers["Authorization"] = f"Basic {login}"
    timeout = aiohttp.ClientTimeout(sock_read=STEP_LIMIT_S)
    return aiohttp.ClientSession(headers=headers, timeout=timeout)


def _authority(place: _Place) -> str:
    host = f"[{place.host}]" if ":" in place.host else place.host
    return f"{host}:{place.port}"


def _check(status: int) -> None:
    if not 200 <= status < 300:
        raise OSError(f"the server answers with HTTP {status}")
