"""
Reading what somebody wrote as JSON: strictly, and an error names the path and what would be taken.

For the files that people carry from one gateway to another (`tariffs`, `automation_file`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from simulators.errors import NotAccepted

FILE_LIMIT_BYTES = 65_536
NAME_LIMIT = 40

Table = Mapping[str, Any]


def parsed(text: str, name: str) -> object:
    """
    Read a file's text.

    Raises:
        NotAccepted: If it is too long, or no JSON.
    """
    if len(text.encode(errors="replace")) > FILE_LIMIT_BYTES:
        raise NotAccepted(name, f"{len(text)} signs", f"give at most {FILE_LIMIT_BYTES} bytes")
    try:
        data: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotAccepted(name, text[:40], f"is no JSON: {error}") from None
    return data


def table(data: object, where: str, names: Sequence[str]) -> Table:
    """Take an object with some of these names and no others."""
    if not isinstance(data, dict):
        raise NotAccepted(where, data, f"give an object with {', '.join(names)}")
    for name in data:
        if name not in names:
            raise NotAccepted(f"{where}.{name}", data[name], f"known here: {', '.join(names)}")
    return data


def rows(data: Table, name: str, where: str, limit: int) -> list[tuple[str, object]]:
    """Take a list, each of it with its path; an absent one is empty."""
    path = f"{where}.{name}" if where else name
    given = data.get(name, [])
    if not isinstance(given, list) or len(given) > limit:
        raise NotAccepted(path, given, f"give a list of at most {limit}")
    return [(f"{path}[{number}]", one) for number, one in enumerate(given)]


def text(data: Table, name: str, where: str, limit: int = NAME_LIMIT) -> str:
    """Take a text; an absent one is empty."""
    value = data.get(name, "")
    if not (isinstance(value, str) and len(value) <= limit and value.isprintable()):
        remedy = f"give a text of at most {limit} printable signs"
        raise NotAccepted(f"{where}.{name}", value, remedy)
    return value


def flag(data: Table, name: str, where: str) -> bool:
    """Take true or false; an absent one is false."""
    value = data.get(name, False)
    if not isinstance(value, bool):
        raise NotAccepted(f"{where}.{name}", value, "give true or false")
    return value


def whole(
    data: Table, name: str, where: str, least: int, most: int, absent: int | None = None
) -> int:
    """Take a whole number."""
    value = data.get(name, absent)
    if type(value) is not int or not least <= value <= most:
        raise NotAccepted(f"{where}.{name}", value, f"give a whole number, {least} to {most}")
    return value


def decimal(data: Table, name: str, where: str, least: int, most: int, decimals: int) -> Decimal:
    """Take a number with so many decimals at most, exactly; an absent one is 0."""
    given = data.get(name, 0)
    try:
        value = Decimal("NaN") if isinstance(given, bool) else Decimal(str(given))
    except InvalidOperation:
        value = Decimal("NaN")
    if not (value.is_finite() and least <= value <= most and value == round(value, decimals)):
        remedy = f"give a number, {least} to {most}, with at most {decimals} decimals"
        raise NotAccepted(f"{where}.{name}", given, remedy)
    return value


def choice(data: Table, name: str, where: str, choices: Sequence[str]) -> str:
    """Take one of some words."""
    value = data.get(name)
    if value not in choices:
        raise NotAccepted(f"{where}.{name}", value, f"give one of {', '.join(choices)}")
    return str(value)
