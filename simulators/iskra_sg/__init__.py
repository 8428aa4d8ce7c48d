"""
The Iskra smart gateway SG-E1, SG-W1, SG-W1A, with the devices around it.

What is simulated and what is not stands on the device sheet, README.md beside this file.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from simulators.clock import Clock
from simulators.faults import Faults
from simulators.iskra_sg.bicoms import Bicom
from simulators.iskra_sg.device import Gateway
from simulators.iskra_sg.settings import Settings
from simulators.iskra_sg.site import Site
from simulators.wiretap import Wiretap

Changed = Callable[[], Awaitable[None]]


class Wire(Protocol):
    """A wire of the gateway: it opens what its settings ask for."""

    async def start(self) -> None:
        """Open it."""

    async def settle(self) -> None:
        """Do as the settings say now, which may have changed."""

    async def stop(self) -> None:
        """Close it, and give everything back."""


class GatewaySg:
    """
    A gateway on its bench: the device, its time and its wires.

    Parameters:
        site: what it is, how it is set up and what stands around it.
        clock: the true time; its own clock is in the device.
        tap: where what crosses its wires is noted.
        host: the address that its servers listen on.

    Attributes:
        faults: what is not ideal, to be switched on and off while it runs.
        wires: what it speaks over; each is started, settled and stopped with it.
    """

    def __init__(self, site: Site, clock: Clock, tap: Wiretap, host: str = "127.0.0.1") -> None:
        self.host = host
        self.clock = clock
        self.tap = tap
        self.name = site.identity.serial
        self.faults = Faults(clock, tap, self.name)
        self.wires: list[Wire] = []
        self._device = site.build(clock.now(), self.faults)
        self._listeners: list[Changed] = []

    @property
    def now(self) -> Gateway:
        """The device, counted up to this instant; whoever reads or changes it takes this."""
        self._device.advance(self.clock.now())
        return self._device

    def listen(self, listener: Changed) -> None:
        """Have ``listener()`` awaited after every change of settings or of a switch."""
        self._listeners.append(listener)

    async def start(self) -> None:
        """Switch it on."""
        for wire in self.wires:
            await wire.start()

    async def stop(self) -> None:
        """Switch it off."""
        for wire in reversed(self.wires):
            await wire.stop()

    async def set(self, settings: Settings) -> None:
        """Have other settings, and do as they say."""
        self.now.settings = settings
        for wire in self.wires:
            await wire.settle()
        await self._tell()

    async def switch(self, bicom: Bicom, is_on: bool) -> None:
        """Move a switch."""
        self.now.switch(bicom, is_on)
        await self._tell()

    async def _tell(self) -> None:
        for listener in self._listeners:
            await listener()
