"""
Reading and writing registers, as Modbus, MQTT and automations do it.

Rule 1: clients read long blocks with gaps in them. A gap reads as 0; a block in which there is no
register at all is refused (exception 2).
Rule 2: a write that meets a gap, or what can only be read, is refused as a whole and changes
nothing; of a value that takes several registers some may be written and the others stay.
Rule 3: a device with the other word order gives and takes each 32-bit value low word first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from simulators.iskra_sg.device import Device, Gateway
from simulators.iskra_sg.faults import WordOrder
from simulators.iskra_sg.models import Model
from simulators.iskra_sg.register_map import (
    ILLEGAL_ADDRESS,
    ILLEGAL_VALUE,
    Refused,
    Register,
    Seen,
    Space,
    table,
)
from simulators.iskra_sg.register_types import Words

READ_LIMIT, WRITE_LIMIT = 125, 123
"""Modbus Application Protocol V1.1b3 §6.3, §6.12."""
ADDRESSES = 0x1_0000


def read(
    gateway: Gateway, device: Device | Gateway, space: Space, first: int, count: int
) -> list[int]:
    """
    Give the words of some registers.

    Raises:
        Refused: If there are too many or none, or nothing is there.
    """
    _check(first, count, READ_LIMIT)
    found = _block(_model(device), space, first, count)
    if not found:
        raise _nothing(device, first, count)
    seen, swaps = Seen(gateway, device), _swaps_words(gateway, device)
    words = [0] * count
    for register in found:
        begin, shown = register.address - first, _ordered(register, register.read(seen), swaps)
        if begin >= 0 and begin + register.count <= count:
            words[begin : begin + register.count] = shown
        else:
            _lay(words, begin, shown)
    return words


def write(gateway: Gateway, device: Device | Gateway, first: int, values: Sequence[int]) -> None:
    """
    Write holding registers: all of them, or none.

    Raises:
        Refused: If they cannot be written, or not so.
    """
    count = len(values)
    _check(first, count, WRITE_LIMIT)
    found = _block(_model(device), Space.HOLDING, first, count)
    meant = {address for one in found for address in range(one.address, one.address + one.count)}
    if not meant.issuperset(range(first, first + count)):
        raise _nothing(device, first, count)
    seen, swaps = Seen(gateway, device), _swaps_words(gateway, device)
    for change in [_change(seen, one, first, values, swaps) for one in found]:
        change()


def _change(
    seen: Seen, register: Register, first: int, values: Sequence[int], swaps: bool
) -> Callable[[], None]:
    """Check what is written to a register, of which a part may stay as it is."""
    if register.prepare is None:
        raise Refused(ILLEGAL_ADDRESS, f"{register.name} can only be read")
    words = list(_ordered(register, register.read(seen), swaps))
    _lay(words, first - register.address, values)
    try:
        return register.prepare(seen, _ordered(register, tuple(words), swaps))
    except ValueError as error:
        raise Refused(ILLEGAL_VALUE, str(error)) from None


def _lay(words: list[int], offset: int, values: Sequence[int]) -> None:
    """Lay values over words from an offset on; what goes beyond either end falls off."""
    begin, end = max(0, offset), min(len(words), offset + len(values))
    words[begin:end] = values[begin - offset : end - offset]


def _ordered(register: Register, words: Words, swaps: bool) -> Words:
    return words[::-1] if swaps and register.has_word_order else words


def _swaps_words(gateway: Gateway, device: Device | Gateway) -> bool:
    if isinstance(device, Gateway):
        return False
    swapped = [one.address for one in gateway.faults.on if isinstance(one, WordOrder)]
    return any(address in (0, device.address) for address in swapped)


def _check(first: int, count: int, limit: int) -> None:
    if not 1 <= count <= limit:
        raise Refused(ILLEGAL_VALUE, f"1 to {limit} registers at once, not {count}")
    if not 0 <= first <= ADDRESSES - count:
        raise Refused(ILLEGAL_ADDRESS, f"registers end at {ADDRESSES - 1}")


def _nothing(device: Device | Gateway, first: int, count: int) -> Refused:
    name = "SG" if isinstance(device, Gateway) else device.model.name
    return Refused(ILLEGAL_ADDRESS, f"{name} has not these registers: {count} from {first} on")


def _model(device: Device | Gateway) -> Model | None:
    return None if isinstance(device, Gateway) else device.model


@lru_cache(maxsize=1_024)
def _block(model: Model | None, space: Space, first: int, count: int) -> tuple[Register, ...]:
    """Give the registers of which a part at least lies in a block."""
    return tuple(
        one
        for one in table(model)
        if one.space is space and one.address < first + count and first < one.address + one.count
    )
