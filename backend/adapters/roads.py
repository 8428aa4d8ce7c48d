"""The way to servers of every kind; each library is loaded only when there is something for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from backend.ports import Arrival, Clock, Destination, Step

if TYPE_CHECKING:
    from backend.adapters.upload import Courier


class Roads:
    """
    The way to a destination by its kind; fills the port `backend.ports.Drop`.

    Parameters:
        clock: held while a delivery is under way.
        idle: how long a line stays open after a delivery; nothing for not at all.
    """

    def __init__(self, clock: Clock, idle: timedelta = timedelta(0)) -> None:
        self._clock = clock
        self._idle = idle
        self._couriers: dict[str, Courier] = {}

    async def deliver(self, destination: Destination, name: str, content: bytes) -> Arrival:
        """Deliver as `backend.ports.Drop` says."""
        return await self._courier(destination).deliver(destination, name, content)

    async def rest(self) -> None:
        """Close the lines that nobody uses."""
        for courier in self._couriers.values():
            await courier.rest()

    async def test(self, destination: Destination) -> Sequence[Step]:
        """Try all that a delivery needs, as `backend.adapters.upload.Courier` says."""
        return await self._courier(destination).test(destination)

    def _courier(self, destination: Destination) -> Courier:
        kind = "sftp" if destination.kind == "sftp" else "ftp"
        if kind not in self._couriers:
            self._couriers[kind] = self._new(kind)
        return self._couriers[kind]

    def _new(self, kind: str) -> Courier:
        if kind == "sftp":
            from backend.adapters.drop_sftp import SftpDrop

            return SftpDrop(self._clock, idle=self._idle)
        from backend.adapters.drop_ftp import FtpDrop

        return FtpDrop(self._clock, idle=self._idle)
