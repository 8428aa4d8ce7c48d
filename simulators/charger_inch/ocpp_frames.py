"""
OCPP-J 1.6 frames as the charger reads and writes them: text in, frames out, and back.

Strict, as a device should be: what breaks its schema is refused with the code of OCPP-J §4.2.3
(errata 5.1, 5.2), what is no frame at all is left unanswered (§4.1 has no answer for it).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs

CALL, CALL_RESULT, CALL_ERROR = 2, 3, 4

ID_LIMIT = 36
"""OCPP-J 1.6 §4.1.4: a message id has at most so many characters; longer ones are echoed, too."""

DEPTH_LIMIT = 32
"""No message of OCPP 1.6 nests more than eight levels."""

WHY_LIMIT = 255
"""OCPP-J 1.6 §4.2.3: an errorDescription has 255 characters at most."""

# What a breach of the schema is called.
_CODES = {
    "type": "TypeConstraintViolation",
    "maxLength": "TypeConstraintViolation",
    "required": "ProtocolError",
    "minItems": "OccurenceConstraintViolation",
    "additionalProperties": "FormationViolation",
    "enum": "PropertyConstraintViolation",
    "multipleOf": "PropertyConstraintViolation",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """
    A frame of the backend.

    Attributes:
        kind: CALL, CALL_RESULT or CALL_ERROR.
        number: its message id; of an answer perhaps a number, which a charger may have sent.
        action: of a CALL; None where it is no text.
        payload: of a CALL or CALL_RESULT; numbers with a point are `Decimal`.
        why: of a CALLERROR, its code and description; empty where they are no texts.
    """

    kind: int
    number: str | int
    action: str | None = None
    payload: Any = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Breach:
    """How a payload breaks its schema: a code of OCPP-J §4.2.3 and why."""

    code: str
    why: str


def read(text: str) -> Frame | None:
    """Read a frame; None for what is none, which is left unanswered."""
    try:
        message = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, list) or len(message) < 3 or _is_deep(message):
        return None
    kind, number = message[:2]
    if type(kind) is not int or type(number) not in (str, int) or number == "":
        return None
    if kind == CALL and isinstance(number, str) and len(message) == 4:
        action = message[2] if isinstance(message[2], str) else None
        # OCPP-J §4.2.1: a payload of no fields may be written as {} or as null.
        return Frame(CALL, number, action, {} if message[3] is None else message[3])
    if kind == CALL_RESULT and len(message) == 3:
        return Frame(CALL_RESULT, number, None, {} if message[2] is None else message[2])
    if kind == CALL_ERROR:
        said = [part for part in message[2:4] if isinstance(part, str)]
        return Frame(CALL_ERROR, number, why=" ".join(said)[:WHY_LIMIT].strip())
    return None


def _is_deep(message: Any) -> bool:
    level = [message]
    for _ in range(DEPTH_LIMIT):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def call(number: str | int, action: str, payload: Mapping[str, Any]) -> str:
    """Write a CALL."""
    return _write([CALL, number, action, payload])


def result(number: str | int, payload: Mapping[str, Any]) -> str:
    """Write a CALLRESULT."""
    return _write([CALL_RESULT, number, payload])


def error(number: str | int, code: str, why: str) -> str:
    """Write a CALLERROR; its details are an empty object."""
    return _write([CALL_ERROR, number, code, why[:WHY_LIMIT], {}])


def _write(message: list[Any]) -> str:
    return json.dumps(message, separators=(",", ":"))


def breach_of_request(action: str, payload: object) -> Breach | None:
    """Compare a request with its schema; None where it fits."""
    return _breach(f"{action}.json", payload)


def breach_of_answer(action: str, payload: object) -> Breach | None:
    """Compare an answer with its schema; None where it fits."""
    return _breach(f"{action}Response.json", payload)


def _breach(name: str, payload: object) -> Breach | None:
    try:
        found = next(_schema(name).iter_errors(payload), None)
    except ValueError as problem:  # a number beyond all bounds
        return Breach("TypeConstraintViolation", str(problem)[:WHY_LIMIT])
    if found is None:
        return None
    place = "/".join(str(part) for part in found.instance_path) or "payload"
    keyword = str(found.schema_path[-1]) if found.schema_path else ""
    code = _CODES.get(keyword, "FormationViolation")
    return Breach(code, f"{place}: {found.message}"[:WHY_LIMIT])


@cache
def _schema(name: str) -> jsonschema_rs.Draft4Validator:
    """Give a schema of OCPP 1.6, with its errata, as the `ocpp` package brings it."""
    text = files("ocpp").joinpath("v16", "schemas", name).read_text(encoding="utf-8-sig")
    return jsonschema_rs.Draft4Validator(json.loads(text), validate_formats=False)
