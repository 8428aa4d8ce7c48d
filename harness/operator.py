"""
Who operates the central system: he asks it to send a command to the charger.

A scenario says which command and what must stand in it; how the central system is brought to send
it is a matter of the system, one class each. What came of it is read from the wire; what the
operator is told of it must agree with that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from backend.errors import DeviceError, Refused
from harness.central import Central
from harness.ocpp_rules import ERROR
from harness.targets.face import BackendFace

ANSWERED = "answered"
"""What is told of an answer that has no status."""
NO_ANSWER = "no answer"
"""What is told where none came, or one that bears the id of another request."""


class Operator(Protocol):
    """Somebody who can bring a central system to send a command."""

    async def send(self, action: str, payload: Mapping[str, Any]) -> str:
        """
        Let the central system send a command, and wait until the charger has answered.

        Returns:
            What the operator is told: a status, the code of an error, or that it was answered.
        """


class OperatorOfTool:
    """Operates the bench's own central system, which sends what it is told, word for word."""

    def __init__(self, central: Central, charger: str) -> None:
        self._central = central
        self._charger = charger

    async def send(self, action: str, payload: Mapping[str, Any]) -> str:
        """Send a command; that the charger does not answer it is for the verdict."""
        try:
            kind, _, told, *_ = await self._central.call(self._charger, action, payload)
        except TimeoutError:
            return NO_ANSWER
        if kind == ERROR:
            return str(told)
        return str(told.get("status", ANSWERED)) if isinstance(told, dict) else ANSWERED


class OperatorOfBackend:
    """Operates the backend under test, which chooses by itself what it must, as numbers."""

    def __init__(self, backend: BackendFace, charger: str) -> None:
        self._backend = backend
        self._charger = charger

    async def send(self, action: str, payload: Mapping[str, Any]) -> str:
        """Let the backend send a command; that the charger refuses it is for the verdict."""
        try:
            answer, _ = await self._backend.commands.run(self._charger, action, payload)
        except Refused as refused:
            return refused.code
        except DeviceError as error:
            return error.what
        return str(answer.get("status", ANSWERED))
