"""
What can go wrong at a gateway, its devices and its links.

``address`` is a device's Modbus address; 0 means each device.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

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
class NoNetwork(Fault):
    """The gateway reaches no server: no broker, no receiver of a push, no NTP."""

    name: ClassVar[str] = "no-network"
