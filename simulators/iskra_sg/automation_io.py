"""
Automations run: an alarm each second, and what they want done (document 004 §4.5).

Rule 1: the alarm rings a second after the last run, also where nothing can have changed; then
nothing is evaluated anew and nothing is counted, and a day of 86,400 alarms stays cheap.
Rule 2: an action whose device, line or broker does not answer goes by; the others are done.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Protocol

from simulators.clock import Alarm
from simulators.iskra_sg import GatewaySg
from simulators.iskra_sg.automation import (
    PERIOD,
    Action,
    MessageAction,
    RegisterAction,
    SwitchAction,
)
from simulators.iskra_sg.automation_inputs import GatewayInputs, surroundings
from simulators.iskra_sg.bicoms import Bicom
from simulators.iskra_sg.register_values import encode


class Publisher(Protocol):
    """A link over which a message can be published."""

    async def publish(self, subtopic: str, text: str) -> bool:
        """Publish below the publish topic; False where the broker did not get it."""


class Automations:
    """
    What runs the automations while the feature is enabled.

    Parameters:
        gateway: whose they are.
        links: over what messages are published, by number.
    """

    def __init__(self, gateway: GatewaySg, links: Mapping[int, Publisher]) -> None:
        self._gateway = gateway
        self._links = links
        self._alarm: Alarm | None = None
        self._is_started = False

    async def start(self) -> None:
        """Begin, with nothing remembered."""
        self._is_started = True
        self._gateway.now.automations.begin_anew()
        await self.settle()

    async def settle(self) -> None:
        """Run, or not, as the settings say."""
        is_wanted = self._is_started and self._gateway.now.settings.features.automation
        if not is_wanted:
            self._cancel()
        elif self._alarm is None:
            self._arm()

    async def stop(self) -> None:
        """End."""
        self._is_started = False
        self._cancel()

    def _cancel(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _arm(self) -> None:
        clock = self._gateway.clock
        self._alarm = clock.call_at(clock.now() + PERIOD, self._run)

    async def _run(self) -> None:
        self._arm()
        at, device = self._gateway.clock.now(), self._gateway.device
        if device.automations.is_idle:
            return
        around = surroundings(device)
        if device.automations.is_due(at, around):
            device = self._gateway.now
            # Once more, as its clock may have been set on the way to this instant.
            around = surroundings(device)
            actions = device.automations.run(at, GatewayInputs(device), around)
        else:
            actions = device.automations.repeat()
        for action in actions:
            await self._do(action)

    async def _do(self, action: Action) -> None:
        if isinstance(action, SwitchAction):
            bicom = self._bicom(action)
            if bicom is not None:
                wanted = {"on": True, "off": False, "toggle": not bicom.is_on}
                if wanted[action.function] != bicom.is_on:
                    await self._gateway.switch(bicom, wanted[action.function])
        elif isinstance(action, MessageAction):
            await self._links[action.link].publish(action.subtopic, action.message)
        else:
            await self._write(action)

    def _bicom(self, action: SwitchAction) -> Bicom | None:
        # Who is where does not depend on what has been counted.
        places = self._gateway.device.places()
        wanted = places[1:2] if action.interface == "right_ir" else places[2:]
        for place in wanted:
            fits = action.interface == "right_ir" or place.address == action.address
            if fits and isinstance(place.device, Bicom):
                return place.device
        return None

    async def _write(self, action: RegisterAction) -> None:
        words = encode(action.kind, action.value)
        first = action.register
        if action.function == 6:
            requests = [struct.pack(">BHH", 6, first + n, word) for n, word in enumerate(words)]
        else:
            head = struct.pack(">BHHB", 16, first, len(words), 2 * len(words))
            requests = [head + struct.pack(f">{len(words)}H", *words)]
        for request in requests:
            await self._gateway.ask(action.address, request)
