"""
The registers of Iskra meters over Modbus: what to read, and the counters in it.

Addresses and forms as public clients read them: counters of the WM and MC families are 32-bit
numbers with a decade exponent each, those of the IE family are 32-bit floats (big-endian, high
word first). Which counter counts what stands in holding registers: unit in bits 0-1 (1 Wh, 2 varh,
3 VAh), phase in bits 2-3 of the parameter; direction in bits 0-3 of the configuration.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from backend.core.sg_counters import Counter
from backend.errors import GatewayAnswerError

HOLDING, INPUT = 3, 4
"""Modbus functions."""
FLOAT_LIMIT = 1e15
"""No meter has counted a petawatt hour; words in the wrong order look like that."""
_UNITS = {1: "Wh", 2: "varh", 3: "VAh"}
_DIRECTIONS = {6: "import", 12: "import", 9: "export", 3: "export"}
_REVERSED = {"import": "export", "export": "import"}


@dataclass(frozen=True, slots=True)
class Block:
    """Registers to be read at once."""

    function: int
    address: int
    count: int


IDENTITY = Block(INPUT, 1, 13)
DIRECTION = Block(HOLDING, 151, 1)
Words = Mapping[Block, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Layout:
    """
    Where a family keeps its counters.

    Attributes:
        prefixes: how its models begin.
        non_resettable: how many nobody can set back, and where: setting, exponent, value.
        resettable: the others, likewise.
        stride: from one counter's setting to the next.
        is_float: whether values are floats, without an exponent.
        blocks: what is read.
    """

    prefixes: tuple[str, ...]
    non_resettable: tuple[int, int, int, int]
    resettable: tuple[int, int, int, int]
    stride: int
    is_float: bool
    blocks: tuple[Block, ...]

    def counters(self, words: Words, where: str) -> list[Counter]:
        """
        Read the counters out of the blocks.

        Raises:
            GatewayAnswerError: If a value cannot be.
        """
        table = {
            (block.function, block.address + place): word
            for block, read in words.items()
            for place, word in enumerate(read)
        }
        is_reversed = bool(table[HOLDING, DIRECTION.address] & 2)
        found = []
        for group, is_resettable in ((self.non_resettable, False), (self.resettable, True)):
            count, setting, exponent, value = group
            for number in range(count):
                one = self._counter(
                    table,
                    (setting + self.stride * number, exponent + number, value + 2 * number),
                    is_reversed,
                    is_resettable,
                    where,
                )
                if one is not None:
                    found.append(one)
        return found

    def _counter(
        self,
        table: Mapping[tuple[int, int], int],
        places: tuple[int, int, int],
        is_reversed: bool,
        is_resettable: bool,
        where: str,
    ) -> Counter | None:
        setting, exponent, value = places
        parameter, configuration = table[HOLDING, setting], table[HOLDING, setting + 1]
        unit, direction = _UNITS.get(parameter & 3), _DIRECTIONS.get(configuration & 0x0F)
        is_total = not parameter >> 2 & 3
        if unit is None or direction is None or not is_total:
            return None
        high, low = table[INPUT, value], table[INPUT, value + 1]
        scale = 0 if self.is_float else table[INPUT, exponent]
        amount = _float(high, low) if self.is_float else _scaled(high, low, scale)
        if amount is None or amount < 0:
            raise GatewayAnswerError(
                f"the counter at register {value} shows {high:#06x} {low:#06x}, which is no energy",
                where,
                "look at the order of the words that the device sends",
            )
        if is_reversed:
            direction = _REVERSED[direction]
        # Tariffs stand beside the settings of the IE family: 0 or all are no choice of tariff.
        tariff = table.get((HOLDING, setting + 3), 0) if self.is_float else 0
        raw = f"{high:04x}{low:04x}"
        has_tariff = is_resettable and tariff not in (0, 0x0F, 0x1F, 0x3F, 0xFF)
        return Counter(unit, direction, amount, raw, is_resettable, has_tariff)


def _float(high: int, low: int) -> Decimal | None:
    (value,) = struct.unpack(">f", struct.pack(">HH", high, low))
    return Decimal(value) if math.isfinite(value) and abs(value) < FLOAT_LIMIT else None


def _scaled(high: int, low: int, exponent: int) -> Decimal | None:
    value = int.from_bytes(struct.pack(">HH", high, low), "big", signed=True)
    power = exponent - 0x10000 if exponent & 0x8000 else exponent
    return Decimal(value).scaleb(power) if abs(power) <= 12 else None


_WM_BLOCKS = (Block(INPUT, 400, 64), DIRECTION, Block(HOLDING, 421, 80))
LAYOUTS = (
    # The WM3M4's own registers: non-resettable exponents from 414, values from 418.
    Layout(("WM3M4",), (2, 421, 414, 418), (0, 421, 401, 406), 10, False, _WM_BLOCKS),
    Layout(("WM3",), (4, 461, 414, 418), (4, 421, 401, 406), 10, False, _WM_BLOCKS),
    Layout(("WM1",), (0, 461, 414, 418), (4, 421, 401, 406), 10, False, _WM_BLOCKS),
    Layout(
        ("MC", "iMC", "MT", "iMT"), (0, 461, 414, 418), (4, 421, 401, 406), 10, False, _WM_BLOCKS
    ),
    Layout(
        ("IE",),
        (4, 421, 0, 2752),
        (8, 437, 0, 2760),
        4,
        True,
        (Block(INPUT, 2750, 96), DIRECTION, Block(HOLDING, 421, 80)),
    ),
)


def layout_of(model: str, where: str) -> Layout:
    """
    Tell where a model keeps its counters.

    Raises:
        GatewayAnswerError: If it is a model that is not known.
    """
    for layout in LAYOUTS:
        if model.startswith(layout.prefixes):
            return layout
    known = ", ".join(prefix for layout in LAYOUTS for prefix in layout.prefixes)
    raise GatewayAnswerError(
        f"the registers of the model {model!r} are not known",
        where,
        f'take way = "rest" for it; known are models that begin with {known}',
    )


def evidence_of(model: str, serial: str, words: Words) -> str:
    """Write down, as JSON, what was read of a meter."""
    registers = {
        f"{block.function}/{block.address}": "".join(f"{word:04x}" for word in read)
        for block, read in words.items()
    }
    told = {"model": model, "serial": serial, "registers": registers}
    return json.dumps(told, separators=(",", ":"))


def identity_of(words: Sequence[int]) -> tuple[str, str]:
    """Give model and serial number from the block `IDENTITY`."""
    text = b"".join(word.to_bytes(2, "big") for word in words[:12]).decode("ascii", "replace")
    return text[:16].strip(" \0"), text[16:24].strip(" \0")
