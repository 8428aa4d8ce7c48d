"""The LED: its colours and its rhythms (document 004 §5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Colour(Enum):
    """What it shines in."""

    GREEN = "green"
    ORANGE = "orange"
    RED = "red"


class Rhythm(Enum):
    """How: steadily only while colours follow one another; off while the gateway restarts."""

    OFF = "off"
    STEADY = "steady"
    SLOW = "slow"
    FAST = "fast"


@dataclass(frozen=True, slots=True)
class Led:
    """What is seen of it."""

    colour: Colour
    rhythm: Rhythm

    def __str__(self) -> str:
        return "off" if self.rhythm is Rhythm.OFF else f"{self.colour.value}, {self.rhythm.value}"


OFF = Led(Colour.GREEN, Rhythm.OFF)
OPERATIONAL = Led(Colour.GREEN, Rhythm.SLOW)
CONNECTING = Led(Colour.GREEN, Rhythm.FAST)
UPGRADING = Led(Colour.RED, Rhythm.FAST)
PROVISIONING = Led(Colour.ORANGE, Rhythm.SLOW)
PROVISIONING_WITH_CLIENT = Led(Colour.ORANGE, Rhythm.FAST)
