"""
A central system of `ocpp` and `websockets` as the documentation of `ocpp` shows it.

It validates, converts keys and answers; it stores nothing. Prints its address once it listens.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from ocpp.routing import on  # type: ignore[import-untyped]
from ocpp.v16 import ChargePoint, call_result  # type: ignore[import-untyped]
from ocpp.v16.enums import Action  # type: ignore[import-untyped]
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol


class Charger(ChargePoint):  # type: ignore[misc]
    """A charger that has connected."""

    @on(Action.meter_values)
    def on_meter_values(self, **fields: Any) -> call_result.MeterValues:
        """Answer MeterValues."""
        return call_result.MeterValues()


async def _handle(websocket: ServerConnection) -> None:
    request = websocket.request
    identity = request.path.rpartition("/")[2] if request is not None else ""
    with contextlib.suppress(ConnectionClosed):
        await Charger(identity, websocket).start()


async def main() -> None:
    """Serve until the process is ended."""
    protocols = [Subprotocol("ocpp1.6")]
    async with serve(_handle, "127.0.0.1", 0, subprotocols=protocols) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        print(f"ws://127.0.0.1:{port}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
