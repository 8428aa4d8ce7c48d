"""
Who operates the central system: he asks it to send a command to the charger.

A scenario says which command and what must stand in it; how the central system is brought to send
it is a matter of the system, one class each. What came of it is read from the wire.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from backend import Backend
from backend.errors import DeviceError
from harness.central import Central


class Operator(Protocol):
    """Somebody who can bring a central system to send a command."""

    async def send(self, action: str, payload: Mapping[str, Any]) -> None:
        """Let the central system send a command, and wait until the charger has answered."""


class OperatorOfTool:
    """Operates the bench's own central system, which sends what it is told, word for word."""

    def __init__(self, central: Central, charger: str) -> None:
        self._central = central
        self._charger = charger

    async def send(self, action: str, payload: Mapping[str, Any]) -> None:
        """Send a command."""
        await self._central.call(self._charger, action, payload)


class OperatorOfBackend:
    """Operates the bundled backend, which chooses by itself what it must: versions and numbers."""

    def __init__(self, backend: Backend, charger: str) -> None:
        self._backend = backend
        self._charger = charger

    async def send(self, action: str, payload: Mapping[str, Any]) -> None:
        """Let the backend send a command; that the charger refuses it is for the verdict."""
        try:
            await self._backend.commands.run(self._charger, action, payload)
        except DeviceError:
            return
