"""
Fetching the firmware of an upgrade over https; what becomes of it stands in `upgrade`.

The server's certificate is verified: by the ``.pem`` files on the file system, and by the usual
authorities. What comes is counted and thrown away.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence

import aiohttp

from simulators.errors import NotPossible
from simulators.iskra_sg.upgrade import FIRMWARE_LIMIT_BYTES

TIMEOUT_S = 60
BLOCK_BYTES = 64 * 1024


async def fetch(url: str, certificates: Sequence[bytes]) -> None:
    """
    Fetch a firmware.

    Parameters:
        url: of https.
        certificates: PEM files that may vouch for the server.

    Raises:
        NotPossible: If it cannot be fetched, or is nothing that fits.
    """
    try:
        await _fetch(url, _trusting(certificates))
    except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as error:
        raise NotPossible("fetch", url, str(error) or "the server does not answer") from error


def _trusting(certificates: Sequence[bytes]) -> ssl.SSLContext:
    context = ssl.create_default_context()
    for one in certificates:
        context.load_verify_locations(cadata=one.decode("ascii", "ignore"))
    return context


async def _fetch(url: str, context: ssl.SSLContext) -> None:
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.get(url, ssl=context, allow_redirects=False) as answer,
    ):
        if answer.status != 200:
            raise ValueError(f"the server answers {answer.status}")
        size = 0
        async for block in answer.content.iter_chunked(BLOCK_BYTES):
            size += len(block)
            if size > FIRMWARE_LIMIT_BYTES:
                raise ValueError(f"the file has more than {FIRMWARE_LIMIT_BYTES} bytes")
        if not size:
            raise ValueError("the file is empty")
