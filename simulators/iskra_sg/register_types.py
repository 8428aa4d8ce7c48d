"""
How values stand in registers: types T1 to T17 of Iskra's devices, floats and texts.

Rule 1: big-endian, the high word first; a device with the other order swaps its pairs afterwards.
Rule 2: what is encoded is a whole number of some decade: 230.1 V are 230,100 of exponent -3. A
type that has an exponent of its own keeps it, or goes to the next decades where the number does
not fit, and rounds half away from zero there. Where a number cannot be said at all it is refused,
never cut off.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

Words = tuple[int, ...]
Scaled = tuple[int, int]
"""A whole number and the power of ten that it counts."""

T4_EXPONENT_MAX, T4_VALUE_MAX = 3, 0x3FFF
T5_VALUE_MAX, T6_VALUE_MAX = 0xFF_FFFF, 0x7F_FFFF
T3_VALUE_MAX = 0x7FFF_FFFF
EXPONENT_MAX = 127


def t1(value: int) -> Words:
    """Encode 16 bits without a sign; T16 is the same in hundredths."""
    return (_checked("T1", value, 0, 0xFFFF),)


def t2(value: int) -> Words:
    """Encode 16 bits with a sign; T17 is the same in hundredths."""
    return (_checked("T2", value, -0x8000, 0x7FFF) & 0xFFFF,)


def t3(value: int) -> Words:
    """Encode 32 bits, with a sign as counters are read."""
    return _pair(_checked("T3", value, -T3_VALUE_MAX - 1, T3_VALUE_MAX) & 0xFFFF_FFFF)


def t4(value: int, exponent: int) -> Words:
    """Encode a decade of 0 to 3 in two bits and a value in 14."""
    value, exponent = _fitting(value, exponent, T4_VALUE_MAX, T4_EXPONENT_MAX)
    if value < 0 or exponent < 0:
        raise ValueError(f"T4 holds no {value}e{exponent}")
    return (exponent << 14 | value,)


def t5(value: int, exponent: int) -> Words:
    """Encode a decade in 8 bits and a value without a sign in 24."""
    if value < 0:
        raise ValueError(f"T5 has no sign, so it holds no {value}e{exponent}")
    value, exponent = _fitting(value, exponent, T5_VALUE_MAX, EXPONENT_MAX)
    return _pair((exponent & 0xFF) << 24 | value)


def t6(value: int, exponent: int) -> Words:
    """Encode a decade in 8 bits and a value with a sign in 24."""
    value, exponent = _fitting(value, exponent, T6_VALUE_MAX, EXPONENT_MAX)
    return _pair((exponent & 0xFF) << 24 | value & 0xFF_FFFF)


def t7(factor_e4: int, *, is_export: bool, is_capacitive: bool) -> Words:
    """Encode a power factor: which way, ahead or behind, and ten-thousandths."""
    _checked("T7", factor_e4, 0, 0xFFFF)
    return ((0xFF00 if is_export else 0) | (0xFF if is_capacitive else 0), factor_e4)


def real(value: int, exponent: int) -> Words:
    """Encode a 32-bit float, the nearest that there is."""
    scaled = value * 10**exponent if exponent >= 0 else value / 10**-exponent
    return _pair(int.from_bytes(struct.pack(">f", scaled), "big"))


def text(value: str, registers: int) -> Words:
    """Encode a text, two signs a register, filled up with blanks; signs beyond Latin-1 as "?"."""
    data = value.encode("latin-1", "replace")[: 2 * registers].ljust(2 * registers)
    return struct.unpack(f">{registers}H", data)


# ---------------------------------------------------------------- and back


def of_t2(words: Sequence[int]) -> int:
    """Decode T2."""
    return _signed(words[0], 16)


def of_t3(words: Sequence[int]) -> int:
    """Decode T3."""
    return _signed(_joined(words), 32)


def of_t4(words: Sequence[int]) -> Scaled:
    """Decode T4."""
    return words[0] & T4_VALUE_MAX, words[0] >> 14


def of_t5(words: Sequence[int]) -> Scaled:
    """Decode T5."""
    return _joined(words) & T5_VALUE_MAX, _signed(_joined(words) >> 24, 8)


def of_t6(words: Sequence[int]) -> Scaled:
    """Decode T6."""
    return _signed(_joined(words) & 0xFF_FFFF, 24), _signed(_joined(words) >> 24, 8)


def of_t7(words: Sequence[int]) -> tuple[int, bool, bool]:
    """Decode T7: ten-thousandths, whether it is export, whether it is capacitive."""
    return words[1], words[0] >> 8 == 0xFF, words[0] & 0xFF == 0xFF


def of_real(words: Sequence[int]) -> float:
    """Decode a 32-bit float."""
    value: float = struct.unpack(">f", _joined(words).to_bytes(4, "big"))[0]
    return value


def of_text(words: Sequence[int]) -> str:
    """Decode a text without what fills it up; NUL fills as well as a blank."""
    data = struct.pack(f">{len(words)}H", *words).decode("latin-1")
    return data.replace("\0", " ").rstrip()


def _checked(kind: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise ValueError(f"{kind} holds {least} to {most}, not {value}")
    return value


def _fitting(value: int, exponent: int, most: int, exponent_max: int) -> Scaled:
    """Go to higher decades until the value fits."""
    first, decade = value, 1
    while not -most <= value <= most:
        exponent, decade = exponent + 1, decade * 10
        value = (abs(first) + decade // 2) // decade * (1 if first >= 0 else -1)
    if not -EXPONENT_MAX <= exponent <= exponent_max:
        raise ValueError(f"no decade holds {first}: 10^{exponent} is none")
    return value, exponent


def _pair(value: int) -> Words:
    return value >> 16, value & 0xFFFF


def _joined(words: Sequence[int]) -> int:
    return words[0] << 16 | words[1]


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value
