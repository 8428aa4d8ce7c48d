"""
The Iskra smart gateway SG-E1, SG-W1, SG-W1A, with the devices around it.

What is simulated and what is not stands on the device sheet, README.md beside this file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from simulators.clock import Clock, real_pause
from simulators.faults import Faults
from simulators.iskra_sg import modbus
from simulators.iskra_sg.bicoms import Bicom
from simulators.iskra_sg.device import Device, Gateway
from simulators.iskra_sg.faults import SlowDevice
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
        self._lines = {"itself": asyncio.Lock(), "left IR": asyncio.Lock(), "RS485": asyncio.Lock()}

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

    async def ask(self, address: int, request: bytes) -> bytes | None:
        """
        Put a Modbus request, a PDU, to the gateway or a device; None where nobody answers.

        On a line there is one request at a time, and who comes meanwhile waits: the left IR port,
        RS485 and the gateway itself are three.
        """
        gateway = self.now
        asked = modbus.asked(gateway, address)
        if asked is None:
            return None
        line = self._lines[self._line_of(asked)]
        has_to_wait = line.locked()
        async with line:
            if await self._is_slow(asked) or has_to_wait:
                # Meanwhile it may have gone.
                gateway = self.now
                if modbus.asked(gateway, address) is not asked:
                    return None
            answer = modbus.answer(gateway, asked, request)
            if answer.has_changed:
                await self._tell()
        return answer.pdu

    def _line_of(self, asked: Device | Gateway) -> str:
        if isinstance(asked, Gateway):
            return "itself"
        return "left IR" if asked is self._device.bench.left else "RS485"

    async def _is_slow(self, asked: Device | Gateway) -> bool:
        """Take as long as a fault says, in real time; tell whether one did."""
        if isinstance(asked, Gateway):
            return False
        slow = [one for one in self.faults.on if isinstance(one, SlowDevice)]
        delays_ms = [one.delay_ms for one in slow if one.address in (0, asked.address)]
        if delays_ms:
            await real_pause(max(delays_ms) / 1000, asyncio.Event())
        return bool(delays_ms)

    async def _tell(self) -> None:
        for listener in self._listeners:
            await listener()
