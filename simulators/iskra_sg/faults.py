"""
What can go wrong at a gateway, its devices and its links.

``address`` is a device's Modbus address; 0 means each device.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

from simulators.errors import NotAccepted
from simulators.faults import Fault


@dataclass(frozen=True, slots=True)
class AbsentDevice(Fault):
    """A device does not answer: its cable is out, or it is covered."""

    name: ClassVar[str] = "absent-device"
    address: int = 0


@dataclass(frozen=True, slots=True)
class SlowDevice(Fault):
    """A device takes long to answer, in milliseconds of real time."""

    name: ClassVar[str] = "slow-device"
    address: int = 0
    delay_ms: int = 1_500


@dataclass(frozen=True, slots=True)
class WordOrder(Fault):
    """A device gives 32-bit values with the low word first."""

    name: ClassVar[str] = "word-order"
    address: int = 0


@dataclass(frozen=True, slots=True)
class PowerFailure(Fault):
    """A meter is without power: nothing flows behind it, and it loses its load profile."""

    name: ClassVar[str] = "power-failure"
    address: int = 0


@dataclass(frozen=True, slots=True)
class NoNetwork(Fault):
    """The gateway reaches no server: no broker, no receiver of a push, no NTP."""

    name: ClassVar[str] = "no-network"


GATEWAY_FAULTS: dict[str, type[Fault]] = {
    kind.name: kind for kind in (AbsentDevice, SlowDevice, WordOrder, PowerFailure, NoNetwork)
}
"""Every fault of this room by its name."""

DELAY_LIMIT_MS = 60_000


def fault_of(name: str, settings: object) -> Fault:
    """
    Make a fault of its name, and of what differs from its defaults.

    Raises:
        NotAccepted: If there is no such fault, or it has no such attribute or value.
    """
    kind = GATEWAY_FAULTS.get(name)
    if kind is None:
        raise NotAccepted("fault", name, f"there are {', '.join(GATEWAY_FAULTS)}")
    if not isinstance(settings, dict):
        raise NotAccepted(name, settings, "give an object of names and values")
    known = [one.name for one in dataclasses.fields(kind)]
    for key, value in settings.items():
        if key not in known:
            raise NotAccepted(f"{name}, {key}", value, f"it has {', '.join(known) or 'nothing'}")
        if type(value) is not int or not 0 <= value <= DELAY_LIMIT_MS:
            raise NotAccepted(f"{name}, {key}", value, f"give 0 to {DELAY_LIMIT_MS}")
    return kind(**settings)


def fault_from_text(text: str) -> Fault:
    """
    Make a fault of a text, ``absent-device`` or ``slow-device:address=35,delay_ms=800``.

    Raises:
        NotAccepted: If there is no such fault, or it has no such attribute or value.
    """
    name, _, rest = text.partition(":")
    settings: dict[str, object] = {}
    for pair in rest.split(",") if rest else ():
        key, _, value = pair.partition("=")
        settings[key] = int(value) if value.isascii() and value.isdigit() else value
    return fault_of(name, settings)
