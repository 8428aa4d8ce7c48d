"""A websocket that only echoes: the peer that simulated time is compared with."""

from __future__ import annotations

from collections.abc import Iterable

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from simulators.clock import stopwatch


async def echo_s(texts: Iterable[str]) -> float:
    """Give the real seconds that frames take to an echoing server and back, one at a time."""

    async def echo(connection: ServerConnection) -> None:
        async for text in connection:
            await connection.send(text)

    async with serve(echo, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", compression=None, proxy=None) as line:
            seconds = stopwatch()
            for text in texts:
                await line.send(text)
                await line.recv()
            return seconds()
