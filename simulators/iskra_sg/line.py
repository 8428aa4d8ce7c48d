"""How an RS485 port is set (document 004 §4.1.2.4, §5.7)."""

from __future__ import annotations

from dataclasses import dataclass

BAUD_RATES = (1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200)
PARITIES = ("none", "odd", "even")


@dataclass(frozen=True, slots=True)
class LineSettings:
    """
    Speed, parity and stop bits; two ports that differ in one of them do not hear each other.

    Raises:
        ValueError: If a port cannot be set so.
    """

    baud_rate: int = 115_200
    parity: str = "none"
    stop_bits: int = 1

    def __post_init__(self) -> None:
        if self.baud_rate not in BAUD_RATES:
            raise ValueError(f"the speed is one of {BAUD_RATES} bit/s, not {self.baud_rate}")
        if self.parity not in PARITIES:
            raise ValueError(f"the parity is one of {PARITIES}, not {self.parity!r}")
        if self.stop_bits not in (1, 2):
            raise ValueError(f"there are 1 or 2 stop bits, not {self.stop_bits}")
