"""
Values in registers as automations name them: 16 and 32 bits (document 004 §4.5.4.3).

"If 32-bit values are chosen, the system will also write to the next register": the high word
first, as everywhere in these devices. Figures 57 and 65 show Uint16 and Int16; the others are
ASSUMED.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from decimal import Decimal

KINDS = {"uint16": 1, "int16": 1, "uint32": 2, "int32": 2, "float32": 2}
"""How many registers a value of each type takes."""
_FORMATS = {"uint16": ">H", "int16": ">h", "uint32": ">I", "int32": ">i", "float32": ">f"}
_SIGNIFICANT = 9
"""How many digits of a 32-bit float mean something."""


def encode(kind: str, value: Decimal) -> list[int]:
    """
    Put a value into registers.

    Raises:
        ValueError: If the type cannot hold it.
    """
    try:
        data = struct.pack(_FORMATS[kind], float(value) if kind == "float32" else int(value))
    except (struct.error, OverflowError):
        raise ValueError(f"{kind} cannot hold {value}") from None
    return list(struct.unpack(f">{KINDS[kind]}H", data))


def fits(kind: str, value: Decimal) -> bool:
    """Tell whether a type can hold a value."""
    try:
        encode(kind, value)
    except ValueError:
        return False
    return True


def decode(kind: str, words: Sequence[int]) -> Decimal | None:
    """Take a value out of registers; None where it is no number."""
    number = struct.unpack(_FORMATS[kind], struct.pack(f">{KINDS[kind]}H", *words))[0]
    if isinstance(number, int):
        return Decimal(number)
    value = Decimal(f"{number:.{_SIGNIFICANT}g}")
    return value if value.is_finite() else None
