"""
What only hands can do at a charger.

An emulated charger has such hands; before one that is not ours stands a person, who is told.
"""

from __future__ import annotations

from typing import Protocol

from simulators.charger_inch import Card


class Hands(Protocol):
    """Everything that people do at a charger, on its cable, its supply and its line."""

    async def plug_in(self) -> None:
        """Plug a car in, at both ends of the cable."""

    async def show_card(self, card: Card) -> None:
        """Hold a card to the reader."""

    async def unplug(self) -> None:
        """Take the cable out at both ends, as far as it is not locked."""

    async def unplug_car(self) -> None:
        """Take the cable out of the car only."""

    async def pull_cable(self) -> None:
        """Take the cable out of the charger only."""

    async def cut_line(self) -> None:
        """Break the line to the central system."""

    async def restore_line(self) -> None:
        """Put the line right."""

    async def cut_power(self) -> None:
        """Take the power away."""

    async def restore_power(self) -> None:
        """Give the power back."""

    async def break_down(self, error_code: str) -> None:
        """Bring the charger into a fault of OCPP 1.6 §7.6."""
