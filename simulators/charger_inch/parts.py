"""What the charger is made of, and its connector and its requests work with."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.charger_inch.authority import Authority
from simulators.charger_inch.configuration import Configuration
from simulators.charger_inch.electric import Outlet
from simulators.charger_inch.journal import Journal
from simulators.charger_inch.memory import Memory
from simulators.charger_inch.outbox import Outbox
from simulators.charger_inch.quirks import Quirks
from simulators.charger_inch.smart_charging import Profiles
from simulators.charger_inch.timers import Timers


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one charger."""

    memory: Memory
    configuration: Configuration
    timers: Timers
    outlet: Outlet
    outbox: Outbox
    authority: Authority
    profiles: Profiles
    quirks: Quirks
    journal: Journal
