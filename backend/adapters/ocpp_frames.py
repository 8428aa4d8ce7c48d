"""
OCPP-J 1.6 frames: text in, frames out, and back. No socket, no state.

Read leniently: what is odd about a frame is named (`Leniency`), and what can be used of it is
used. Only what cannot be told apart at all is refused (`FrameError`); such a frame gets no
answer, as OCPP-J §4.1 has none for it, and stays as evidence. Nearly all frames are MeterValues
about which nothing is odd: they go a shorter way (`backend.core.plain`), which gives the same.

The schemas are those of the `ocpp` package. Its codes for errors are not used: it swaps
``NotImplemented`` and ``NotSupported`` (OCPP-J §4.2.3) and writes ``FormatViolation`` for
``FormationViolation``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from itertools import islice
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import DecodeError, Meta, Struct
from msgspec.json import Decoder
from ocpp.messages import MessageType, get_validator  # type: ignore[import-untyped]

from backend.core.plain import PlainMeterValues
from backend.core.readings import Leniency
from backend.errors import FrameError

#: OCPP-J §4.1.4: a message id has 36 characters at most.
_ID_LIMIT = 36
_SHOWN = 80
#: So far a frame is looked through for its action: behind an id, with blanks between.
_HEAD_SIGNS = 64
#: No message of OCPP 1.6 nests more than eight levels.
_DEPTH_LIMIT = 32
#: Python takes no more digits than it is set to for an `int`, and can be set to this at least.
_DIGITS_LIMIT = 640
#: So many deviations of one sort are listed for a frame.
_ODD_LIMIT = 20


class CallErrorCode(StrEnum):
    """The error codes of OCPP-J 1.6 §4.2.3, spelled as there, mistakes included."""

    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    INTERNAL_ERROR = "InternalError"
    PROTOCOL_ERROR = "ProtocolError"
    SECURITY_ERROR = "SecurityError"
    FORMATION_VIOLATION = "FormationViolation"
    PROPERTY_CONSTRAINT_VIOLATION = "PropertyConstraintViolation"
    OCCURENCE_CONSTRAINT_VIOLATION = "OccurenceConstraintViolation"
    TYPE_CONSTRAINT_VIOLATION = "TypeConstraintViolation"
    GENERIC_ERROR = "GenericError"


class Call(NamedTuple):
    """
    A request, ``[2, id, action, payload]``.

    Attributes:
        message_id: as it stood there, also where it is no text; echoed in the answer.
        action: the name of the message; None where it is no text.
        payload: any JSON value; numbers with a point are `Decimal`. MeterValues about which
            nothing seems odd are `PlainMeterValues`.
        odd: what is not as OCPP-J asks.
    """

    message_id: Any
    action: str | None
    payload: Any
    odd: tuple[Leniency, ...] = ()


@dataclass(frozen=True, slots=True)
class CallResult:
    """An answer, ``[3, id, payload]``."""

    message_id: Any
    payload: Any
    odd: tuple[Leniency, ...] = ()


@dataclass(frozen=True, slots=True)
class CallError:
    """A refusal, ``[4, id, code, description, details]``."""

    message_id: Any
    code: str
    description: str
    details: Any = field(default_factory=dict)
    odd: tuple[Leniency, ...] = ()


Frame = Call | CallResult | CallError


def shown(value: object) -> str:
    """Shorten a value for a person to 80 characters."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def parse(text: str) -> Frame:
    """
    Read one frame.

    Raises:
        FrameError: If it is no OCPP-J message: no JSON, no array, or of no known kind. Its
            ``where`` is the rule that says so.
    """
    return _plain_call(text) or _with_care(text)


class _MeterValuesCall(Struct, array_like=True, forbid_unknown_fields=True, gc=False):
    """A frame with MeterValues about which nothing is odd, as far as its form tells."""

    kind: Literal[2]
    message_id: Annotated[str, Meta(max_length=_ID_LIMIT)]
    action: Literal["MeterValues"]
    payload: PlainMeterValues


_METER_VALUES = Decoder(_MeterValuesCall)


def _plain_call(text: str) -> Call | None:
    """Read a frame the short way; None where it has to be read with care."""
    if '"MeterValues"' not in text[:_HEAD_SIGNS]:
        return None
    try:
        found = _METER_VALUES.decode(text)
    except (DecodeError, ValueError):  # the latter for halves of surrogate pairs, and huge numbers
        return None
    return Call(found.message_id, found.action, found.payload)


def _with_care(text: str) -> Frame:
    odd: list[Leniency] = []
    if text.startswith("\ufeff"):
        text = text[1:]
        odd.append(Leniency("byte-order-mark", "frame", "U+FEFF", "passed over"))
    message = _load(text, odd)
    if not isinstance(message, list) or not message:
        raise FrameError(
            f"is {shown(text)!r}", "frame-is-no-array", "send [2, id, action, payload]"
        )
    kind = message[0]
    # True and 2.0 equal numbers in Python, but are no message types.
    read = _READERS.get(kind) if isinstance(kind, int) and not isinstance(kind, bool) else None
    if read is None:
        raise FrameError(
            f"has the message type {shown(kind)}", "message-type-unknown", "send 2, 3 or 4"
        )
    if len(message) < 2:
        raise FrameError(f"is {shown(text)!r}", "frame-too-short", "send an id as well")
    _look_at_id(message[1], odd)
    return read(message, odd)


def _load(text: str, odd: list[Leniency]) -> Any:
    """Read JSON, also what is nearly JSON, and numbers that are none to a computer."""
    more = 0

    def note(rule: str, said: str, meaning: str) -> None:
        nonlocal more
        if len(odd) < _ODD_LIMIT:
            odd.append(Leniency(rule, "frame", shown(said), meaning))
        else:
            more += 1

    def constant(name: str) -> str:
        # NaN and Infinity are no JSON, but much firmware writes them; the rest is still good.
        note("json-constant", name, "read as the text")
        return name

    def integer(digits: str) -> int | Decimal:
        if len(digits) <= _DIGITS_LIMIT:
            return int(digits)
        note("number-of-many-digits", digits, f"read exactly, all {len(digits)} digits")
        return Decimal(digits)

    def number(digits: str) -> Decimal | str:
        try:
            return Decimal(digits)
        except InvalidOperation:
            note("number-beyond-all", digits, "read as the text")
            return digits

    try:
        message = json.loads(text, parse_float=number, parse_int=integer, parse_constant=constant)
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        problem = f"is no JSON: {error.msg} at character {error.pos + 1}"
        raise FrameError(problem, "frame-is-no-json", "send a JSON array") from None
    if more:
        odd.append(Leniency("more-deviations", "frame", str(more), "not listed one by one"))
    if _deeper_than(message, _DEPTH_LIMIT):
        raise _too_deep()
    return message


def _too_deep() -> FrameError:
    return FrameError("is nested too deeply", "frame-is-no-json", "send a JSON array")


def _deeper_than(value: object, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [child for node in level for child in _children(node)]
        if not level:
            return False
    return True


def _children(node: object) -> list[object]:
    if isinstance(node, dict):
        return [child for child in node.values() if isinstance(child, dict | list)]
    if isinstance(node, list):
        return [child for child in node if isinstance(child, dict | list)]
    return []


def _look_at_id(message_id: object, odd: list[Leniency]) -> None:
    if not isinstance(message_id, str):
        odd.append(Leniency("message-id-is-no-text", "[1]", shown(message_id), "echoed as it is"))
    elif len(message_id) > _ID_LIMIT:
        odd.append(Leniency("message-id-too-long", "[1]", shown(message_id), "echoed whole"))


def _look_at_length(message: list[Any], wanted: int, odd: list[Leniency]) -> None:
    if len(message) > wanted:
        meaning = "what is beyond the message was passed over"
        odd.append(Leniency("frame-too-long", f"[{wanted}]", shown(message[wanted]), meaning))
    elif len(message) < wanted:
        meaning = "what is missing was taken as empty"
        odd.append(Leniency("frame-too-short", f"[{len(message)}]", "", meaning))


def _call(message: list[Any], odd: list[Leniency]) -> Call:
    _look_at_length(message, 4, odd)
    action = message[2] if len(message) > 2 else None
    if not isinstance(action, str):
        odd.append(Leniency("action-is-no-text", "[2]", shown(action), "not understood"))
        action = None
    return Call(message[1], action, _payload(message, 3), tuple(odd))


def _call_result(message: list[Any], odd: list[Leniency]) -> CallResult:
    _look_at_length(message, 3, odd)
    return CallResult(message[1], _payload(message, 2), tuple(odd))


def _call_error(message: list[Any], odd: list[Leniency]) -> CallError:
    _look_at_length(message, 5, odd)
    code, description, details = (*message[2:5], None, None, None)[:3]
    return CallError(message[1], str(code), str(description or ""), details or {}, tuple(odd))


def _payload(message: list[Any], place: int) -> Any:
    payload = message[place] if len(message) > place else None
    # OCPP-J §4.2.1: a payload of no fields may be written as {} or as null.
    return {} if payload is None else payload


_READERS: dict[int, Callable[[list[Any], list[Leniency]], Frame]] = {
    MessageType.Call: _call,
    MessageType.CallResult: _call_result,
    MessageType.CallError: _call_error,
}


def call(message_id: str, action: str, payload: dict[str, Any]) -> str:
    """Write a request."""
    return _dump([MessageType.Call, message_id, action, payload])


def call_result(message_id: Any, payload: Mapping[str, Any]) -> str:
    """Write an answer; the id goes back with the JSON type in which it came."""
    return f"[3,{_id(message_id)},{_dump(payload) if payload else '{}'}]"


def call_error(message_id: Any, code: CallErrorCode, description: str) -> str:
    """Write a refusal; OCPP-J §4.2.3 wants the details as an object, here an empty one."""
    return f"[4,{_id(message_id)},{_dump(code)},{_dump(description)},{{}}]"


def _id(message_id: Any) -> str:
    # Digit for digit, also where no other number of ours has so many.
    return str(message_id) if isinstance(message_id, Decimal) else _dump(message_id)


def _number(value: object) -> float | str:
    # Only a list or object that came in the place of an id gets here.
    if not isinstance(value, Decimal):
        raise TypeError(f"{value!r} is nothing that a frame holds")
    number = float(value)
    return number if math.isfinite(number) else str(value)


_dump = json.JSONEncoder(separators=(",", ":"), default=_number).encode


def violations(action: str, payload: object) -> tuple[Leniency, ...]:
    """
    Compare the payload of a request with its schema of OCPP 1.6.

    Parameters:
        action: the name of a message of OCPP 1.6. A name from the wire is checked before, as
            the library makes a path of it.
        payload: any JSON value.

    Returns:
        One `Leniency` for each difference, in the order of the schema's keywords.
    """
    errors = islice(_schema(action).iter_errors(payload), _ODD_LIMIT)
    return tuple(
        Leniency(
            f"schema-{error.validator}",
            "".join(f".{part}" if isinstance(part, str) else f"[{part}]" for part in error.path)
            or "payload",
            shown(error.instance),
            "kept and used as far as it can be: " + shown(error.message),
        )
        for error in errors
    )


@cache
def _schema(action: str) -> Any:
    return get_validator(MessageType.Call, action, "1.6", parse_float=Decimal)
