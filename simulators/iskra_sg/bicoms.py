"""
A Bicom: a bistable switch that switches loads (document 004 §1.3, §4.1.8).

Bistable: it keeps its position without power.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from simulators.iskra_sg.line import LineSettings
from simulators.iskra_sg.loads import Switched
from simulators.iskra_sg.models import Family, Model


@dataclass
class Bicom:
    """
    A switch.

    Attributes:
        model, serial: what it is.
        address: its Modbus address; the one at the right IR port has none of its own.
        loads: what it switches; the meters before them must have counted before it moves.
        line: how its RS485 port is set.
        is_on: its position.
        switched: how often it has moved.
    """

    model: Model
    serial: str
    address: int
    loads: Sequence[Switched] = ()
    line: LineSettings = field(default_factory=LineSettings)
    description: str = ""
    location: str = ""
    software_e2: int = 100
    is_on: bool = False
    switched: int = 0

    def __post_init__(self) -> None:
        if self.model.family is not Family.BICOM:
            raise ValueError(f"{self.model.name} is no Bicom")
        self._move_loads()

    def switch(self, is_on: bool) -> None:
        """Move it; where it stands so already, nothing happens."""
        if is_on != self.is_on:
            self.is_on = is_on
            self.switched += 1
            self._move_loads()

    def _move_loads(self) -> None:
        for load in self.loads:
            load.is_on = self.is_on
