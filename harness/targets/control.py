"""
The way to ask a target for what chargers and files cannot: its control address.

JSON is posted to a path below it, and JSON comes back; 404 or 501 says that the target does not
offer this. docs/reference/target-protocol.md describes each path. All of them are optional.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import aiohttp

from harness.targets.errors import NotOffered, TargetTrouble

NOT_OFFERED = (404, 501)
REFUSED = 409
"""The target has been asked rightly and will not; its ``detail`` says why."""


class ControlRefused(Exception):
    """The target will not do what it is asked; the text is its reason."""


class Control:
    """
    A target's control address.

    Parameters:
        address: ``http://127.0.0.1:9100``; None where it has none.
        limit_s: how long an answer may take, in real seconds.
    """

    def __init__(self, address: str | None, limit_s: float) -> None:
        self._address = address
        self._limit_s = limit_s
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """
        Post something to a path, and give what comes back.

        Raises:
            NotOffered: If the target does not offer this.
            ControlRefused: If it will not.
            TargetTrouble: If it answers otherwise than with JSON, or not in time.
        """
        if self._address is None:
            raise NotOffered(f"the target has no control address, which /{path} is asked of")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._limit_s)
            )
        where = f"{self._address.rstrip('/')}/{path}"
        try:
            async with self._session.post(where, json=body) as answer:
                status, text = answer.status, await answer.text()
        except (TimeoutError, aiohttp.ClientError, ValueError) as error:
            why = str(error) or f"no answer within {self._limit_s:g} s"
            raise TargetTrouble(f"{where}: {why}") from error
        if status in NOT_OFFERED:
            raise NotOffered(f"the target does not offer /{path} at its control address")
        return _told(where, status, text)

    async def close(self) -> None:
        """Let the line go."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def _told(where: str, status: int, text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    if isinstance(told, dict) and status == REFUSED:
        raise ControlRefused(str(told.get("detail", "it gives no reason")))
    if not isinstance(told, dict) or status != 200:
        raise TargetTrouble(f"{where}: {status} is answered, with {text[:200]!r}; see the protocol")
    return told
