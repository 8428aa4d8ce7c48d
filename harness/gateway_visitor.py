"""
Who visits a smart gateway over the network: with a browser's requests, with pyiskra, with a scan.

Meters are read and gateways looked for by pyiskra, the public client, as it is published.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import socket
from dataclasses import dataclass
from typing import Any

import aiohttp

from harness.errors import UsageError
from harness.modbus_master import Reading
from simulators.iskra_sg.rest_io import RestPort

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Said:
    """What a gateway has answered: a status, and JSON or another text."""

    status: int
    body: Any
    text: str


async def ask(
    web: RestPort, path: str, *, body: object = None, method: str = "", login: str = ""
) -> Said:
    """
    Ask a gateway for something, or send it something.

    Parameters:
        body: what is sent, as JSON; nothing is sent where it is None.
        login: user name and password, with a colon between.
    """
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if login:
        headers["Cookie"] = f"Authorization=Basic {base64.b64encode(login.encode()).decode()}"
    data = None if body is None else json.dumps(body)
    verb = method or ("GET" if body is None else "POST")
    url = f"{web.address}{path}"
    async with (
        aiohttp.ClientSession() as session,
        session.request(verb, url, data=data, headers=headers) as answer,
    ):
        text = await answer.text()
        is_json = answer.content_type == "application/json"
        return Said(answer.status, json.loads(text) if is_json else None, text)


async def read(web: RestPort, serial: str) -> Reading:
    """
    Read a meter, as Home Assistant does.

    Raises:
        UsageError: If pyiskra finds no such meter.
    """
    # Loaded only by who reads so.
    from pyiskra.adapters import RestAPI  # type: ignore[import-untyped]
    from pyiskra.devices import Device  # type: ignore[import-untyped]

    gateway = await Device.create_device(RestAPI(f"{LOOPBACK}:{web.port}"))
    await gateway.init()
    found = {one.serial: one for one in gateway.get_child_devices()}
    if serial not in found:
        raise UsageError(f"pyiskra finds {', '.join(found) or 'no meter'}, and not {serial}")
    meter = found[serial]
    first = meter.measurements.phases[0]
    counters = meter.counters.non_resettable or meter.counters.resettable
    imported = next(one for one in counters if one.counter_type.value == "active_import")
    return Reading(
        meter.measurements.total.active_power.value / 1000,
        first.voltage.value,
        first.current.value,
        imported.value / 1000,
    )


async def looked_for(port: int, serial: str) -> dict[str, Any]:
    """Look for a gateway by a scan of the network; empty where it does not answer."""
    if not await _listens(port):
        return {}
    # pyiskra waits with a socket that blocks its loop, in which the gateway is to answer.
    return await asyncio.to_thread(lambda: asyncio.run(_scan(port, serial)))


async def _scan(port: int, serial: str) -> dict[str, Any]:
    from pyiskra import discovery  # type: ignore[import-untyped]

    usual, discovery.UDP_DST_PORT = discovery.UDP_DST_PORT, port
    try:
        scan = discovery.Discovery()
        with contextlib.closing(scan.sock):
            found = await scan.get_serial([LOOPBACK], serial)
    finally:
        discovery.UDP_DST_PORT = usual
    return {} if found is None else dict(found.values)


async def _listens(port: int) -> bool:
    """Tell whether somebody has a UDP port of this machine; else its kernel says so at once."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knocking:
        knocking.setblocking(False)
        knocking.connect((LOOPBACK, port))
        # Nobody answers this; a second one learns what became of the first.
        for _ in range(2):
            try:
                await loop.sock_sendall(knocking, b"\0")
            except ConnectionRefusedError:
                return False
    return True
