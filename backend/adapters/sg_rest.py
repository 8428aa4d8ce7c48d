"""
A meter's counters and load profile over a smart gateway's REST API (document 004 §4.2).

The login is a cookie, and who is not let in is told 403. A connection for each request, as the
gateway's own clients do. Meters are found by their serial number: their ``{id}`` is the place at
which they stand now.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import aiohttp

from backend.core.sg_counters import Counter, counters_of, index_of
from backend.core.sg_profile import Quarter, quarters_of
from backend.errors import GatewayAnswerError, GatewayRefused, GatewayUnreachable
from backend.ports import Gateway, GatewayMeter

BODY_LIMIT_BYTES = 1_000_000


async def read_counters(
    gateway: Gateway, meter: GatewayMeter, asking: Callable[[], None] = lambda: None
) -> tuple[list[Counter], str]:
    """
    Read a meter's counters.

    Parameters:
        asking: called when the counters themselves are asked for.

    Returns:
        The counters, and the answer as it came, for evidence.

    Raises:
        GatewayError: If they cannot be read.
    """
    text = await _of_meter(gateway, meter, "api/counter/", asking)
    return counters_of(_json(text, gateway, meter), gateway.where(meter)), text


async def read_profile(gateway: Gateway, meter: GatewayMeter) -> tuple[Sequence[Quarter], str]:
    """
    Read a meter's load profile, with what the gateway's own recorder has of it.

    Returns and raises as `read_counters` does.
    """
    text = await _of_meter(gateway, meter, "api/load_profile/", lambda: None)
    return quarters_of(_json(text, gateway, meter), gateway.where(meter)), text


async def _of_meter(
    gateway: Gateway, meter: GatewayMeter, resource: str, asking: Callable[[], None]
) -> str:
    host, port = gateway.host, gateway.port
    if gateway.way != "rest":
        host, port = gateway.web_host, gateway.web_port
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    timeout = aiohttp.ClientTimeout(total=gateway.time_limit_s)
    try:
        async with aiohttp.ClientSession(timeout=timeout, headers=_login(gateway)) as session:
            devices = await _get(session, f"{address}/api/devices", gateway)
            index = index_of(_json(devices, gateway, meter), meter.serial, gateway.where(meter))
            asking()
            return await _get(session, f"{address}/{resource}{index}", gateway)
    except TimeoutError:
        raise GatewayUnreachable(
            f"no answer of {address} within {gateway.time_limit_s:g} s",
            gateway.where(meter),
            "look whether it has power; it is tried again",
        ) from None
    except (aiohttp.ClientError, OSError) as error:
        raise GatewayUnreachable(
            f"{address} cannot be reached ({error})", gateway.where(meter), "it is tried again"
        ) from None


def _login(gateway: Gateway) -> dict[str, str]:
    if not gateway.user:
        return {}
    token = base64.b64encode(f"{gateway.user}:{gateway.secret}".encode()).decode()
    return {"Cookie": f"Authorization=Basic {token}"}


async def _get(session: aiohttp.ClientSession, url: str, gateway: Gateway) -> str:
    # What answers elsewhere is no gateway.
    async with session.get(url, allow_redirects=False) as answer:
        if answer.status == 403:
            raise GatewayRefused(
                f"it does not let user {gateway.user!r} in",
                gateway.where(),
                "correct user and password of the gateway",
            )
        if answer.status != 200:
            raise GatewayAnswerError(
                f"{url} is answered with {answer.status}", gateway.where(), "it is tried again"
            )
        body = bytearray()
        async for block in answer.content.iter_any():
            body += block
            if len(body) > BODY_LIMIT_BYTES:
                raise GatewayAnswerError(
                    f"{url} is answered with more than {BODY_LIMIT_BYTES} bytes",
                    gateway.where(),
                    "look what answers there",
                )
        return body.decode("utf-8", "replace")


def _json(text: str, gateway: Gateway, meter: GatewayMeter) -> Any:
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):  # the latter where it is nested without end
        raise GatewayAnswerError(
            f"the answer is no JSON: {text[:60]!r}", gateway.where(meter), "it is tried again"
        ) from None
