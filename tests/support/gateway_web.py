"""A gateway with its web server and its discovery, for tests of both."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp

from simulators.clock import Clock, RealClock, VirtualClock
from simulators.iskra_sg import GatewaySg
from simulators.iskra_sg.rest_io import RestPort
from simulators.iskra_sg.site import Site
from simulators.iskra_sg.udp_io import UdpPort
from simulators.wiretap import Wiretap

Json = dict[str, Any]

START = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
SITE: Json = {
    "gateway": {"serial": "IS000122"},
    "settings": {
        "description": "Werkhof Nord",
        "features": {"pulse_counter": True, "temperature_input": True},
        "recorders": [{"enabled": True, "address": 33}, {"enabled": True, "source": "pulse"}],
    },
    "load": [
        {"name": "house", "power_w": [1200, 900, 800], "reactive_var": [-400, 0, 100]},
        {"name": "boiler", "power_w": [2000, 0, 0]},
        {"name": "charger"},
    ],
    "device": [
        {
            "port": "left-ir",
            "model": "WM3M4C",
            "serial": "W4124940",
            "loads": ["house", "boiler"],
            "energy_wh": 5_000_000,
            "description": "IR meter",
        },
        {"port": "right-ir", "model": "IR Bicom", "serial": "IB000001", "loads": ["boiler"]},
        {
            "port": "rs485",
            "model": "IE38MD",
            "serial": "I0006494",
            "address": 35,
            "loads": ["house"],
            "energy_wh": 20_249_500,
        },
        {"port": "rs485", "model": "BI432", "serial": "BI010001", "address": 31},
        {
            "port": "rs485",
            "model": "WM1-6",
            "serial": "W1000001",
            "address": 36,
            "loads": ["charger"],
        },
        {
            "port": "rs485",
            "model": "MC784",
            "serial": "MC000001",
            "address": 37,
            "loads": ["house"],
        },
        {"port": "rs485", "model": "MC350", "serial": "MC000002", "address": 38, "enabled": False},
    ],
    "inputs": {"pulse_load": "house", "temperature_cdeg": 2150},
}
"""A meter of each family, a switch on each port, one meter that nobody has added."""


@dataclass
class GatewaySite:
    """A gateway, its wires, and somebody who asks."""

    clock: Clock
    gateway: GatewaySg
    rest: RestPort
    udp: UdpPort
    session: aiohttp.ClientSession

    async def get(self, path: str, **headers: str) -> tuple[int, Json]:
        """Ask for something and give status and JSON."""
        async with self.session.get(self.rest.address + path, headers=headers) as answer:
            return answer.status, await answer.json()

    async def post(self, path: str, fields: object = None, **headers: str) -> tuple[int, Json]:
        """Send JSON and give status and JSON."""
        headers = {"Content-Type": "application/json", **headers}
        body = json.dumps({} if fields is None else fields)
        url = self.rest.address + path
        async with self.session.post(url, data=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def pass_time(self, until: datetime) -> None:
        """Let virtual time pass."""
        assert isinstance(self.clock, VirtualClock)
        await self.clock.advance_to(until)


@contextlib.asynccontextmanager
async def a_gateway(
    data: Mapping[str, Any] | None = None, *, real: bool = False, host: str = "127.0.0.1"
) -> AsyncIterator[GatewaySite]:
    """Put up a gateway, and take it down."""
    clock: Clock = RealClock() if real else VirtualClock(START)
    gateway = GatewaySg(
        Site.from_mapping(SITE if data is None else data), clock, Wiretap(clock), host
    )
    rest, udp = RestPort(gateway, 0), UdpPort(gateway, 0)
    gateway.wires += [rest, udp]
    await gateway.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield GatewaySite(clock, gateway, rest, udp, session)
    finally:
        await gateway.stop()


class ServedGateway:
    """A gateway in a thread of its own, in real time if nothing else is said."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, real: bool = True) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._site = a_gateway(data, real=real)

    def __enter__(self) -> ServedGateway:
        self._thread.start()
        self.site: GatewaySite = self.run(self._site.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._site.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do something in the gateway's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)
