"""What the bench asks of whatever backend is under test, to act on it; never for a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from backend.ports import Step


class Commands(Protocol):
    """The operator's hand."""

    async def run(
        self, station: str, action: str, payload: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """
        Send a command, and wait for the charger's answer.

        Returns:
            The answer, and what was sent.

        Raises:
            Refused: If the charger answers with a CALLERROR.
            CommandError: If the command must not be sent.
            BackendError: If it cannot be.
        """


class Delivery(Protocol):
    """A file on its way, as its backend tells."""

    @property
    def name(self) -> str:
        """The file's name."""

    @property
    def state(self) -> str:
        """One of ``waiting``, ``stopped``, ``held``, ``delivered``."""

    @property
    def tries(self) -> int:
        """How often it was tried."""

    @property
    def cause(self) -> str | None:
        """One word for what went wrong last."""

    @property
    def error(self) -> str | None:
        """That in a sentence."""

    @property
    def next_try_at(self) -> datetime | None:
        """When it is tried again."""


class BackendFace(Protocol):
    """A backend under test: the bundled one, or one that is elsewhere."""

    @property
    def address(self) -> str:
        """Where chargers connect, without their identity."""

    @property
    def web_address(self) -> str:
        """Where its web page and its API are."""

    @property
    def commands(self) -> Commands:
        """The operator's hand."""

    async def start(self) -> None:
        """Let it listen."""

    async def stop(self) -> None:
        """Let it end what is under way."""

    async def remote_start(self, station: str, id_tag: str) -> str:
        """Ask a charger to start a session."""

    async def get_configuration(
        self, station: str, keys: Iterable[str] | None = None
    ) -> dict[str, str]:
        """Read configuration keys of a charger."""

    async def change_configuration(self, station: str, key: str, value: str) -> str:
        """Set a configuration key of a charger."""

    async def trigger(self, station: str, message: str) -> str:
        """Ask a charger to send a message now."""

    async def export_now(self, task: str, first_day: date, last_day: date) -> None:
        """Make the files of local days now, and deliver them."""

    async def test_connection(self, account: str, destination: str) -> Sequence[Step]:
        """Try all that a delivery needs."""

    async def deliveries(self) -> Sequence[Delivery]:
        """Give all deliveries, in the order in which their files were made."""

    async def hold_delivery(self, task: str) -> Delivery | None:
        """Stop the delivery of a task's oldest file that has not arrived."""

    async def release_delivery(self, task: str) -> Delivery | None:
        """Let it go on."""

    def push_address(self, gateway: str) -> tuple[str, int]:
        """Give host and port where the pushes of a gateway are listened for."""
