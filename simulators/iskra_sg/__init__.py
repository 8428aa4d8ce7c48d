"""
The Iskra smart gateway SG-E1, SG-W1, SG-W1A, with the devices around it.

What is simulated and what is not stands on the device sheet, README.md beside this file.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Protocol

from simulators.clock import Alarm, Clock, real_pause
from simulators.errors import NotPossible
from simulators.faults import Faults
from simulators.iskra_sg import modbus
from simulators.iskra_sg.bicoms import Bicom
from simulators.iskra_sg.button import Function
from simulators.iskra_sg.device import Device, Gateway
from simulators.iskra_sg.faults import SlowDevice
from simulators.iskra_sg.settings import Settings
from simulators.iskra_sg.site import Site
from simulators.iskra_sg.upgrade import Step
from simulators.wiretap import Wiretap

Changed = Callable[[], Awaitable[None]]
Fetch = Callable[[str, Sequence[bytes]], Awaitable[None]]

BOOT_LASTS = timedelta(seconds=5)
"""How long it is away when it restarts (ASSUMED)."""


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
        wires: what it speaks over; each is started, settled and stopped with it, and stopped and
            started when it restarts.
        fetch: what fetches the firmware of an upgrade, under its URL, with the certificates that
            are on the file system; it raises NotPossible.
    """

    def __init__(self, site: Site, clock: Clock, tap: Wiretap, host: str = "127.0.0.1") -> None:
        self.host = host
        self.clock = clock
        self.tap = tap
        self.name = site.identity.serial
        self.faults = Faults(clock, tap, self.name)
        self.faults.listen(self._power)
        self.wires: list[Wire] = []
        self.fetch: Fetch | None = None
        self._device = site.build(clock.now(), self.faults)
        self._listeners: list[Changed] = []
        self._alarm: Alarm | None = None
        self._boot_alarm: Alarm | None = None
        self._reboots = False
        self._lines = {"itself": asyncio.Lock(), "left IR": asyncio.Lock(), "RS485": asyncio.Lock()}

    @property
    def device(self) -> Gateway:
        """The device as it was counted last, for who looks whether something is another now."""
        return self._device

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
        self._arm()

    async def stop(self) -> None:
        """Switch it off."""
        for alarm in (self._alarm, self._boot_alarm):
            if alarm is not None:
                alarm.cancel()
        for wire in reversed(self.wires):
            await wire.stop()

    async def set(self, settings: Settings) -> None:
        """Have other settings, and do as they say."""
        device = self.now
        device.set_up(settings)
        for wire in self.wires:
            await wire.settle()
        await self._tell()
        if device.upgrade.settings_touched():
            self.reboot()
        self._arm()

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
            if await self.take_time(asked) or has_to_wait:
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

    async def take_time(self, asked: Device | Gateway) -> bool:
        """Take as long as a fault says, in real time; tell whether one did."""
        if isinstance(asked, Gateway):
            return False
        slow = [one for one in self.faults.on if isinstance(one, SlowDevice)]
        delays_ms = [one.delay_ms for one in slow if one.address in (0, asked.address)]
        if delays_ms:
            await real_pause(max(delays_ms) / 1000, asyncio.Event())
        return bool(delays_ms)

    async def _power(self) -> None:
        self.now.power()

    async def _tell(self) -> None:
        for listener in self._listeners:
            await listener()

    # ------------------------------------------------------------------ what a person does at it

    def touch(self) -> None:
        """Put a finger on the function button."""
        self._note({"do": "touch the button"})
        self.now.button.touch(self.clock.now())
        self._arm()

    def release(self) -> None:
        """Take the finger off the function button."""
        self._note({"do": "release the button"})
        self.now.button.release(self.clock.now())
        self._arm()

    def press(self, lasting: timedelta) -> None:
        """Touch the function button for so long."""

        async def release() -> None:
            self.release()

        self.touch()
        self.clock.call_at(self.clock.now() + lasting, release)

    def _note(self, deed: dict[str, object]) -> None:
        self.tap.note("hand", "bench", self.name, json.dumps(deed, separators=(",", ":")))

    # ------------------------------------------------------------------ what it does by itself

    def reboot(self) -> None:
        """Restart as soon as what is under way at this instant is done; wires may ask for it."""
        self._reboots = True
        self._arm()

    async def upgrade(self, url: str) -> None:
        """
        Begin an upgrade of the firmware, and fetch it.

        Raises:
            NotAccepted: If the URL cannot be one.
            NotPossible: If it cannot begin.
        """
        device = self.now
        has_certificate = bool(device.files.certificates)
        device.upgrade.begin(url, device.identity.software, has_certificate=has_certificate)
        self.clock.call_at(self.clock.now(), self._fetch)

    async def _fetch(self) -> None:
        upgrade = self.now.upgrade
        if self.fetch is not None:
            try:
                await self.fetch(upgrade.url, self.now.files.certificates)
            except NotPossible as error:
                upgrade.fail(error.why)
                return
        upgrade.fetched(self.clock.now())
        self._arm()

    def _arm(self) -> None:
        """Be woken when the device does something that is more than counting."""
        due = self.clock.now() if self._reboots else self.now.due
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = None if due is None else self.clock.call_at(due, self._wake)

    async def _wake(self) -> None:
        self._alarm = None
        device = self.now
        executed = device.button.take_executed()
        if executed is Function.PROVISIONING:
            device.network.provide()
        elif executed is Function.FACTORY_RESET:
            device.reset()
        installed = device.upgrade.step is Step.RESTARTING
        reboots = (
            self._reboots
            or installed
            or executed
            in (
                Function.REBOOT,
                Function.FACTORY_RESET,
            )
        )
        self._reboots = False
        if reboots and device.is_running:
            await self._restart()
        await self._tell()
        self._arm()

    async def _restart(self) -> None:
        self.now.restart()
        for wire in reversed(self.wires):
            await wire.stop()
        self._boot_alarm = self.clock.call_at(self.clock.now() + BOOT_LASTS, self._boot)

    async def _boot(self) -> None:
        self.now.run()
        for wire in self.wires:
            await wire.start()
        self._arm()
