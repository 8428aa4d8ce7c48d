"""
What stands in a message, as scenarios write it: ``connectorId=1, status=Finishing or Preparing``.

The same writing makes messages and judges them. A path leads into a message:
``configurationKey[0].key=HeartbeatInterval``. For judging there is more:

* ``status!=Faulted``: something else, or nothing, stands there;
* ``no reservationId``, ``any idTag``: it is omitted, or stands there whatever it is;
* ``reason=Local or omitted``: one of several values, where ``omitted`` is none;
* ``listVersion=-1 / error=NotSupported``: one of several sets of conditions; ``error`` is the code
  of a CALLERROR, and ``any error`` any of them.

A value is written as it stands in the message, or as a word that the scenario knows: whose card,
which transaction, at what time (`Word`). A time may be two with a slash between them (ISO 8601):
any from the one to the other.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from harness.errors import UsageError
from harness.ocpp_rules import is_instant, schema

Word = Callable[[str], str]
"""Gives the value that a word of a scenario stands for; any other text as it is."""

OMITTED = "omitted"
CODE = "error"
"""The name under which a CALLERROR's code is asked for."""

_NEXT = re.compile(r", (?=(?:no|any) [A-Za-z]|[A-Za-z][\w.\[\]]*!?=)")
_PART = re.compile(r"(\w+)|\[(\d+)\]")


class Relation(Enum):
    """What a condition asks of a field."""

    IS = "="
    IS_NOT = "!="
    IS_THERE = "any"
    IS_OMITTED = "no"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: a field, what is asked of it, and the values that are named."""

    path: str
    relation: Relation
    values: tuple[str, ...] = ()

    def holds(self, payload: object, word: Word) -> bool:
        """Tell whether a message meets it."""
        found = look_up(payload, self.path)
        if self.relation is Relation.IS_OMITTED:
            return found is None
        if self.relation is Relation.IS_THERE:
            return found is not None
        among = any(_is(found, value, word) for value in self.values)
        return among == (self.relation is Relation.IS)


Alternatives = tuple[tuple[Condition, ...], ...]
"""Sets of conditions of which one must hold."""


def read_conditions(text: str) -> Alternatives:
    """
    Read what is asked of a message; an empty text asks nothing.

    Raises:
        UsageError: If it is written otherwise than this module says.
    """
    return tuple(tuple(map(_condition, _split(each))) for each in text.split(" / "))


def meets(payload: object, alternatives: Alternatives, word: Word) -> bool:
    """Tell whether a message meets one of several sets of conditions."""
    return any(all(one.holds(payload, word) for one in each) for each in alternatives)


def names_error(alternatives: Alternatives) -> bool:
    """Tell whether a CALLERROR is among what is asked for."""
    return any(one.path == CODE for each in alternatives for one in each)


def _split(text: str) -> list[str]:
    return [part for part in _NEXT.split(text.strip()) if part]


def _condition(text: str) -> Condition:
    for relation in (Relation.IS_OMITTED, Relation.IS_THERE):
        if text.startswith(f"{relation.value} "):
            return Condition(text.removeprefix(f"{relation.value} "), relation)
    path, sign, values = text.partition("=")
    if not sign:
        raise UsageError(f'"{text}" asks nothing of a field; write it like connectorId=1')
    relation = Relation.IS_NOT if path.endswith("!") else Relation.IS
    return Condition(path.removesuffix("!"), relation, tuple(values.split(" or ")))


def shape_at(shape: Mapping[str, Any], path: str, where: str) -> Mapping[str, Any]:
    """
    Follow a path into the JSON schema of a message.

    Raises:
        UsageError: If the message, ``where``, has no such field.
    """
    for name, index in _PART.findall(path):
        there = shape.get("properties", {})
        if (name and name not in there) or (index and "items" not in shape):
            fields = ", ".join(sorted(there)) or "none"
            raise UsageError(f'{where} has no field "{path}"; it has {fields} there')
        shape = there[name] if name else shape["items"]
    return shape


def look_up(payload: object, path: str) -> object:
    """Follow a path into a message; None where nothing stands there."""
    found = payload
    for name, index in _PART.findall(path):
        if name:
            found = found.get(name) if isinstance(found, dict) else None
        else:
            inside = isinstance(found, list) and int(index) < len(found)
            found = found[int(index)] if inside and isinstance(found, list) else None
    return found


def _is(found: object, wanted: str, word: Word) -> bool:
    if wanted == OMITTED:
        return found is None
    wanted = word(wanted)
    if isinstance(found, bool):
        return wanted == str(found).lower()
    if isinstance(found, int | Decimal):
        return _number(wanted) == found
    first, slash, last = wanted.partition("/")
    if is_instant(found) and is_instant(first) and (not slash or is_instant(last)):
        at = datetime.fromisoformat(str(found))
        return datetime.fromisoformat(first) <= at <= datetime.fromisoformat(last or first)
    return isinstance(found, str) and found == wanted


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except ArithmeticError:
        return None


# ---------------------------------------------------------------------- making messages


def build(
    action: str, message_type: int, text: str, word: Word, usual: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """
    Make a payload of what a scenario says, with the types that the message's schema asks for.

    Parameters:
        action: the message.
        message_type: 2 for what is asked, 3 for what is answered.
        text: the fields.
        word: what words stand for.
        usual: fields that stand there unless the scenario says otherwise.

    Raises:
        UsageError: If the message has no such field.
    """
    wanted = schema(action, message_type)
    if wanted is None:
        raise UsageError(f"OCPP 1.6 knows no message {action}; look at how it is written")
    payload: dict[str, Any] = copy.deepcopy(dict(usual or {}))
    for part in _split(text):
        path, sign, value = part.partition("=")
        if not sign:
            raise UsageError(f'"{part}" says nothing of a field; write it like connectorId=1')
        if value == OMITTED:
            payload.pop(path, None)
            continue
        parts = [name or int(index) for name, index in _PART.findall(path)]
        _put(payload, parts, _typed(action, wanted, path, word(value)))
    return payload


def _put(place: Any, parts: list[str | int], value: object) -> None:
    """Set what a path leads to, and make what is missing on the way."""
    part, *rest = parts
    if isinstance(part, int):
        place.extend(None for _ in range(len(place), part + 1))
    if not rest:
        place[part] = value
        return
    there = place[part] if isinstance(part, int) else place.get(part)
    if there is None:
        there = place[part] = [] if isinstance(rest[0], int) else {}
    _put(there, rest, value)


def _typed(action: str, wanted: Mapping[str, Any], path: str, text: str) -> object:
    kind: Mapping[str, Any] = wanted
    for name, _ in _PART.findall(path):
        kind = (kind.get("properties", {}).get(name) if name else kind.get("items")) or {}
        if "$ref" in kind:
            kind = wanted["definitions"][kind["$ref"].rpartition("/")[2]]
    if not kind:
        raise UsageError(f"{action} has no field {path} in OCPP 1.6; look at how it is written")
    if kind.get("type") == "integer":
        return int(text)
    if kind.get("type") == "number":
        return int(text) if text.lstrip("-").isdigit() else float(text)
    return text == "true" if kind.get("type") == "boolean" else text
