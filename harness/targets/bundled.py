"""
The bundled backend as if it were foreign: a process of its own that speaks the target protocol.

    python -m harness.targets.bundled declared.json --clock stepped --start 2025-06-03T00:00+02:00

It shows what a driver of another backend has to do, and that the bundled backend gets the verdicts
that it gets on the bench. It takes the settings of the scenario, tells its addresses in one line of
JSON, and then serves its control address until SIGTERM. Settings that it does not accept end it
with 2 and the sentence that says why.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from backend import Backend, Settings
from backend.adapters.ledger import DeliveryView
from backend.errors import BackendError, CommandError, Refused
from harness.targets.control import REFUSED
from harness.targets.foreign import REFUSES
from harness.targets.target_file import SCALED, STEPPED
from simulators.clock import RealClock, VirtualClock

Json = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the backend until SIGTERM, and give the exit code."""
    chosen = _parser().parse_args(arguments)
    try:
        declared = json.loads(chosen.settings.read_text(encoding="utf-8"))
        settings = Settings.from_mapping(declared, folder=chosen.settings.parent)
        asyncio.run(_Served(settings, chosen).run())
    except BackendError as error:
        sys.stderr.write(f"{error}\n")
        return REFUSES
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m harness.targets.bundled",
        description="The bundled backend as if it were foreign.",
    )
    parser.add_argument("settings", type=Path, help="what the scenario declares, as JSON")
    parser.add_argument("--clock", choices=(STEPPED, SCALED), default=STEPPED)
    parser.add_argument("--start", type=datetime.fromisoformat, required=True)
    parser.add_argument("--factor", type=int, default=1)
    return parser


class _Served:
    """The backend, its clock and its control address."""

    def __init__(self, settings: Settings, chosen: argparse.Namespace) -> None:
        self._settings = settings
        self._stepped = VirtualClock(chosen.start) if chosen.clock == STEPPED else None
        clock = self._stepped or RealClock(chosen.start, chosen.factor)
        self._connected: dict[str, None] = {}
        self._moving = asyncio.Lock()
        self._backend = Backend(settings, clock, self._note_connection)

    async def run(self) -> None:
        """Serve until SIGTERM."""
        told = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
        await self._backend.start()
        runner = web.AppRunner(self._app(), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        try:
            await site.start()
            await self._tell(runner.addresses[0][1])
            await told.wait()
        finally:
            await self._backend.stop()
            await runner.cleanup()

    async def _tell(self, port: int) -> None:
        backend = self._backend
        addresses = {
            "ocpp": backend.address,
            "control": f"http://127.0.0.1:{port}",
            "web": backend.web_address,
            "database": str(self._settings.backend.database),
            "push": {
                one.name: backend.push_address(one.name)
                for one in self._settings.read_gateways()
                if one.way == "push"
            },
        }
        sys.stdout.write(json.dumps(addresses) + "\n")
        sys.stdout.flush()

    def _note_connection(self, identity: str, up: bool) -> None:
        if up:
            self._connected[identity] = None
        else:
            self._connected.pop(identity, None)

    # ------------------------------------------------------------------ the control address

    def _app(self) -> web.Application:
        app = web.Application()
        served: dict[str, Callable[[Json], Awaitable[Json]]] = {
            "command": self._command,
            "export": self._export,
            "connection-test": self._connection_test,
            "deliveries": self._deliveries,
            "hold": self._hold,
            "release": self._release,
        }
        if self._stepped is not None:
            served["clock"] = partial(self._move, self._stepped)
        for path, serve in served.items():
            app.router.add_post(f"/{path}", _answering(serve))
        return app

    async def _move(self, clock: VirtualClock, body: Json) -> Json:
        async with self._moving:
            if "to" in body:
                await clock.advance_to(datetime.fromisoformat(body["to"]))
            else:
                await clock.settle()
        after = clock.soonest()
        return {
            "now": clock.now().isoformat(),
            "next": None if after is None else after.isoformat(),
            "connected": list(self._connected),
        }

    async def _command(self, body: Json) -> Json:
        try:
            answer, _ = await self._backend.commands.run(
                body["station"], body["action"], body["payload"]
            )
        except Refused as refused:
            return {"refused": refused.code, "description": refused.description}
        except CommandError as error:
            return {"breaks": error.rule, "field": error.field, "detail": error.what}
        return {"answer": answer}

    async def _export(self, body: Json) -> Json:
        first, last = date.fromisoformat(body["first"]), date.fromisoformat(body["last"])
        await self._backend.export_now(body["task"], first, last)
        return {}

    async def _connection_test(self, body: Json) -> Json:
        steps = await self._backend.test_connection(body["account"], body["destination"])
        return {
            "steps": [{"name": one.name, "done": one.is_done, "words": one.words} for one in steps]
        }

    async def _deliveries(self, body: Json) -> Json:
        return {"deliveries": [_told(one) for one in await self._backend.deliveries()]}

    async def _hold(self, body: Json) -> Json:
        return _one(await self._backend.hold_delivery(body["task"]))

    async def _release(self, body: Json) -> Json:
        return _one(await self._backend.release_delivery(body["task"]))


def _told(view: DeliveryView) -> Json:
    again = view.next_try_at
    return {
        "name": view.name,
        "state": view.state,
        "tries": view.tries,
        "cause": view.cause,
        "error": view.error,
        "next_try_at": None if again is None else again.isoformat(),
    }


def _one(view: DeliveryView | None) -> Json:
    return {"delivery": None if view is None else _told(view)}


def _answering(
    serve: Callable[[Json], Awaitable[Json]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        try:
            return web.json_response(await serve(await request.json()))
        except BackendError as error:
            return web.json_response({"detail": error.what}, status=REFUSED)

    return answer


if __name__ == "__main__":
    sys.exit(main())
