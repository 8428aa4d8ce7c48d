"""How a socket to the backend is opened: as RFC 6455 and OCPP-J say, and as some chargers do."""

from __future__ import annotations

import asyncio
import base64
import ssl
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.typing import Subprotocol

from simulators.charger_inch.quirks import UPGRADE, Dial

OPEN_LIMIT_S = 10
"""How long, in real time, the backend may take to open and to close a line."""

PONG_LIMIT_S = 60
"""How long, in real time, the answer to a ping may take."""

FRAME_LIMIT_BYTES = 32 * 2**20
"""The longest frame the charger reads: a local list of 200,000 cards fits."""

HEAD_LIMIT_BYTES = 65_536
"""The longest answer to a handshake of the charger's own that is read."""

_WINDOW_BITS = 15

_KEY = base64.b64encode(b"isebench's charger"[:16]).decode()


class NotOpened(Exception):
    """A line was not opened; it says by whom and why."""


async def open_line(dial: Dial, ping_s: int, trusted: Path | None = None) -> ClientConnection:
    """
    Open a socket.

    Parameters:
        ping_s: how often it is pinged; 0: never.
        trusted: a PEM file of the certification authorities it trusts over wss; None: the system's.

    Raises:
        NotOpened: If nobody answers, or not as a backend would.
    """
    if dial.connection != UPGRADE:
        raise NotOpened(await _knock(dial, trusted))
    try:
        socket = await connect(
            dial.url,
            subprotocols=[Subprotocol(one) for one in dial.subprotocols] or None,
            additional_headers=list(dial.headers),
            compression=None,
            proxy=None,
            open_timeout=OPEN_LIMIT_S,
            close_timeout=OPEN_LIMIT_S,
            ping_interval=ping_s or None,
            ping_timeout=PONG_LIMIT_S,
            max_size=FRAME_LIMIT_BYTES,
            ssl=_trust(dial.url, trusted),
        )
    except (OSError, WebSocketException) as error:
        raise NotOpened(_why_not(error, dial.url)) from error
    if dial.compresses:
        # As if the backend had agreed: RSV1 stands in every frame (RFC 7692 §6).
        both_forget = PerMessageDeflate(True, True, _WINDOW_BITS, _WINDOW_BITS)
        socket.protocol.extensions.append(both_forget)
    return socket


def _trust(url: str, trusted: Path | None) -> ssl.SSLContext | None:
    """Give what a wss line is checked against; None for ws, which has nothing to check."""
    return ssl.create_default_context(cafile=trusted) if url.startswith("wss:") else None


async def _knock(dial: Dial, trusted: Path | None) -> str:
    """Send a handshake that must be refused (RFC 6455 §4.2.1), and tell how it was."""
    parts = urlsplit(dial.url)
    head = [
        f"GET {parts.path or '/'} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Upgrade: websocket",
        f"Connection: {dial.connection}",
        f"Sec-WebSocket-Key: {_KEY}",
        "Sec-WebSocket-Version: 13",
        *([f"Sec-WebSocket-Protocol: {', '.join(dial.subprotocols)}"] if dial.subprotocols else []),
    ]
    try:
        async with asyncio.timeout(OPEN_LIMIT_S):
            reader, writer = await asyncio.open_connection(
                parts.hostname,
                parts.port or (443 if parts.scheme == "wss" else 80),
                limit=HEAD_LIMIT_BYTES,
                ssl=_trust(dial.url, trusted),
            )
            try:
                writer.write(("\r\n".join(head) + "\r\n\r\n").encode())
                line = await reader.readline()
            finally:
                writer.close()
    except (OSError, ValueError) as error:
        return _why_not(error, dial.url)
    status = line.decode("ascii", "replace").split(" ")[1:2]
    return f"the backend at {dial.url} answers HTTP {''.join(status) or 'nothing'} to {head[3]!r}"


def _why_not(error: Exception, url: str) -> str:
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        if status == HTTPStatus.NOT_FOUND:
            return (
                f"the backend at {url} does not know this charger (HTTP 404); "
                "register a station under this identity first"
            )
        if status < HTTPStatus.BAD_REQUEST:
            return (
                f"what answers at {url} is a web page (HTTP {status}) and no OCPP endpoint; "
                "check port and path of the address"
            )
        return f"the backend at {url} refuses the line with HTTP {status}; look into its log"
    if isinstance(error, ssl.SSLError):
        return (
            f"the certificate of the backend at {url} is not trusted ({error}); "
            "name the authority that signed it"
        )
    if isinstance(error, OSError):
        return f"nobody answers at {url} ({error}); start the backend first or check the address"
    return f"what answers at {url} is no WebSocket server ({error}); check the address"
