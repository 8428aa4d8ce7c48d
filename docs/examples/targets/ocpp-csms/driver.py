"""
A driver: it brings ocpp-csms (PyPI) under test, and is all that `isebench` needs to know of it.

It reads what the scenario declares, starts the central system, prints where chargers connect and
where the operator's hand is, and sends on what is asked there. SIGTERM ends it.
"""

import asyncio
import itertools
import json
import signal
import sys
from pathlib import Path
from typing import Any

from aiohttp import web
from ocpp.charge_point import camel_to_snake_case, serialize_as_dict, snake_to_camel_case
from ocpp.v16 import call
from ocpp_csms import (
    AuthorizationStatus,
    CentralSystem,
    ChargePoint,
    CsmsCallError,
    CsmsError,
    RegistrationStatus,
)

NUMBERS = itertools.count(1)
CHOSEN = {
    "ReserveNow": lambda: {"reservationId": next(NUMBERS)},
    "SendLocalList": lambda: {"listVersion": next(NUMBERS)},
}
"""What a central system chooses by itself where it is not asked for: its numbers."""


async def serve(settings: dict[str, Any]) -> None:
    """Run the central system with what a scenario declares, until SIGTERM."""
    stations = {one["identity"] for one in settings["station"]}
    cards = {one["id_tag"]: one.get("status", "Accepted") for one in settings["card"]}

    async def authenticate(identity: str, password: str | None) -> bool:
        return identity in stations

    async def registration(charge_point: ChargePoint, info: object) -> RegistrationStatus:
        return RegistrationStatus.ACCEPTED

    async def authorize(charge_point: ChargePoint, id_tag: str) -> AuthorizationStatus:
        return AuthorizationStatus(cards.get(id_tag, "Invalid"))

    central = CentralSystem(
        host="127.0.0.1",
        port=0,
        authenticate=authenticate,
        registration=registration,
        authorize=authorize,
    )

    async def command(request: web.Request) -> web.Response:
        asked = await request.json()
        charge_point = central.charge_points.get(asked["station"])
        if charge_point is None:
            return web.json_response({"detail": "it has never connected"}, status=409)
        payload = {**CHOSEN.get(asked["action"], dict)(), **asked["payload"]}
        kind = getattr(call, asked["action"])
        try:
            answer = await charge_point.async_call(kind(**camel_to_snake_case(payload)))
        except CsmsCallError as error:
            return web.json_response({"refused": error.code, "description": error.description})
        except CsmsError as error:
            return web.json_response({"detail": str(error)}, status=409)
        return web.json_response({"answer": snake_to_camel_case(serialize_as_dict(answer))})

    app = web.Application()
    app.router.add_post("/command", command)
    control = web.AppRunner(app, access_log=None)
    await control.setup()
    await web.TCPSite(control, "127.0.0.1", 0).start()
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    async with central:
        addresses = {
            "ocpp": f"ws://127.0.0.1:{central.port}",
            "control": f"http://127.0.0.1:{control.addresses[0][1]}",
        }
        sys.stdout.write(json.dumps(addresses) + "\n")
        sys.stdout.flush()
        await told.wait()
    await control.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
