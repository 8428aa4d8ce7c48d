"""A backend of our own: chargers connect with OCPP 1.6, and each session is billed."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

Bill = dict[str, Any]


class OwnBackend:
    """Listens for chargers, and tells each bill as soon as its session is over."""

    def __init__(self, on_bill: Callable[[Bill], None]) -> None:
        self._on_bill = on_bill
        self._open: dict[int, Bill] = {}
        self._server: Server | None = None
        self.lines: dict[str, ServerConnection] = {}
        self.address = ""

    async def start(self) -> None:
        """Listen on a free port."""
        protocol = Subprotocol("ocpp1.6")
        self._server = await serve(self._talk, "127.0.0.1", 0, subprotocols=[protocol])
        port = next(iter(self._server.sockets)).getsockname()[1]
        self.address = f"ws://127.0.0.1:{port}"

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def remote_start(self, identity: str, id_tag: str) -> None:
        """Ask a charger to begin a session."""
        asked = {"connectorId": 1, "idTag": id_tag}
        await self.lines[identity].send(json.dumps([2, "own-1", "RemoteStartTransaction", asked]))

    async def _talk(self, line: ServerConnection) -> None:
        assert line.request is not None
        self.lines[line.request.path.strip("/")] = line
        # A line that breaks is nothing to speak of: the charger calls again.
        with contextlib.suppress(ConnectionClosed):
            async for text in line:
                kind, number, *rest = json.loads(text)
                if kind == 2:
                    answer = self._answer(*rest)
                    await line.send(json.dumps([3, number, answer]))

    def _answer(self, action: str, said: dict[str, Any]) -> dict[str, Any]:
        accepted = {"idTagInfo": {"status": "Accepted"}}
        if action == "BootNotification":
            now = datetime.now(UTC).isoformat()
            return {"status": "Accepted", "currentTime": now, "interval": 300}
        if action == "StartTransaction":
            number = len(self._open) + 1
            self._open[number] = {"card": said["idTag"], "start_wh": said["meterStart"]}
            return {"transactionId": number, **accepted}
        if action == "StopTransaction":
            session = self._open[said["transactionId"]]
            energy_wh = said["meterStop"] - session["start_wh"]
            self._on_bill({"card": session["card"], "energy_wh": energy_wh})
        if action in ("Authorize", "StopTransaction"):
            return accepted
        return {"currentTime": datetime.now(UTC).isoformat()} if action == "Heartbeat" else {}


async def main() -> None:
    """Run until somebody stops it, and write what happens as lines of JSON."""

    def write(line: Bill) -> None:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    backend = OwnBackend(write)
    await backend.start()
    write({"address": backend.address})
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
