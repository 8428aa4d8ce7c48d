"""
What OCPP-J 1.6 lets a frame say: the strict reader, by which the side under test is judged.

The schemas are those of the `ocpp` package, which hold the errata's corrections; the rest is
this module's own. It shares nothing with the backend's reader, which is lenient on purpose.
Times must be instants that exist, with their zone (RFC 3339), and measured values numbers.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib.resources import files
from typing import Any

from jsonschema import FormatChecker  # type: ignore[import-untyped]
from jsonschema.validators import validator_for  # type: ignore[import-untyped]

from harness.recording import OCPP_WIRE
from simulators.wiretap import LINE_WIRE, Crossing

CALL, RESULT, ERROR = 2, 3, 4
LENGTHS = {CALL: 4, RESULT: 3, ERROR: 5}
"""The types of messages and how many elements each has (OCPP-J §4.2)."""

ID_CHARS_MAX = 36
DESCRIPTION_CHARS_MAX = 255

ERROR_CODES = frozenset(
    {
        "FormationViolation",
        "GenericError",
        "InternalError",
        "NotImplemented",
        "NotSupported",
        "OccurenceConstraintViolation",
        "PropertyConstraintViolation",
        "ProtocolError",
        "SecurityError",
        "TypeConstraintViolation",
    }
)
"""OCPP-J §4.2.3, in the spelling of errata 5.1 and 5.2."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Breach:
    """A frame that OCPP-J 1.6 does not allow, and why."""

    crossing: Crossing
    why: str


def breaches(crossings: Iterable[Crossing], sender: str) -> list[Breach]:
    """Give every frame of one party that the protocol does not allow, in the order of sending."""
    wire = _Wire(sender)
    return [
        Breach(crossing, why)
        for crossing in crossings
        if sender in (crossing.sender, crossing.receiver)
        for why in wire.pass_on(crossing)
    ]


def is_instant(text: object) -> bool:
    """Tell whether a text is an instant that exists, with its zone."""
    if not isinstance(text, str) or not _INSTANT.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


@functools.cache
def schema(action: str, message_type: int) -> dict[str, Any] | None:
    """Give the schema of a message's payload; None for an action that OCPP 1.6 has not."""
    name = f"{action}.json" if message_type == CALL else f"{action}Response.json"
    path = files("ocpp.v16") / "schemas" / name
    if not action.isalnum() or not path.is_file():
        return None
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    return read


_FORMATS = FormatChecker(formats=())
_FORMATS.checks("date-time")(lambda value: not isinstance(value, str) or is_instant(value))


@functools.cache
def _validator(action: str, message_type: int) -> Any:
    read = schema(action, message_type)
    return None if read is None else validator_for(read)(read, format_checker=_FORMATS)


def payload_breaches(action: str, message_type: int, payload: object) -> Iterator[str]:
    """Say where a payload breaks its schema; numbers with decimals must be ``Decimal``."""
    validator = _validator(action, message_type)
    if validator is None:
        yield f"OCPP 1.6 knows no message {action}"
        return
    for error in validator.iter_errors({} if payload is None else payload):
        place = "/".join(str(part) for part in error.absolute_path) or "payload"
        yield f"{place}: {error.message}"
    for value in _sampled_values(payload):
        if value.get("format", "Raw") == "Raw" and not _NUMBER.fullmatch(str(value.get("value"))):
            yield f"sampledValue: {value.get('value')!r} is no number"


def _sampled_values(payload: object) -> Iterator[dict[str, Any]]:
    if isinstance(payload, dict):
        for name in ("meterValue", "transactionData"):
            for entry in payload.get(name) or ():
                if isinstance(entry, dict):
                    yield from (v for v in entry.get("sampledValue") or () if isinstance(v, dict))


class _Wire:
    """One end of a line, as its frames pass by."""

    def __init__(self, sender: str) -> None:
        self._sender = sender
        self._used: set[str] = set()
        self._open: dict[tuple[bool, str], str] = {}

    def pass_on(self, crossing: Crossing) -> Iterator[str]:
        """Say what is wrong with a frame, if it is the sender's; keep what it asks."""
        if crossing.wire == LINE_WIRE:
            self._used.clear()
            self._open.clear()
        if crossing.wire != OCPP_WIRE:
            return
        mine = crossing.sender == self._sender
        frame = _read(crossing.text)
        why = _misshapen(frame)
        if why is None:
            yield from self._look_at(mine, list(frame))
        elif mine:
            yield why

    def _look_at(self, mine: bool, frame: list[Any]) -> Iterator[str]:
        kind, unique_id = frame[0], frame[1]
        if kind == CALL:
            if mine:
                yield from self._look_at_id(unique_id)
                yield from payload_breaches(frame[2], CALL, frame[3])
            self._open[mine, unique_id] = frame[2]
            return
        action = self._open.pop((not mine, unique_id), None)
        if not mine:
            return
        if action is None:
            yield f"answers the message {unique_id}, which is not open"
        elif kind == RESULT:
            yield from payload_breaches(action, RESULT, frame[2])
        elif frame[2] not in ERROR_CODES:
            yield f"OCPP-J 1.6 knows no error code {frame[2]}"

    def _look_at_id(self, unique_id: str) -> Iterator[str]:
        if unique_id in self._used:
            yield f"the message id {unique_id} was used before on this line"
        self._used.add(unique_id)
        waiting = [action for (mine, _), action in self._open.items() if mine]
        if waiting:
            yield f"asks while its message {waiting[0]} is not answered yet"


def _read(text: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None


def _misshapen(frame: object) -> str | None:
    """Say why a frame is none; None for one of the right shape."""
    if not isinstance(frame, list) or not frame:
        return "is no JSON array"
    if isinstance(frame[0], bool) or not isinstance(frame[0], int) or frame[0] not in LENGTHS:
        return f"{frame[0]!r} is no type of a message"
    if len(frame) != LENGTHS[frame[0]]:
        return f"has {len(frame)} elements, not {LENGTHS[frame[0]]}"
    unique_id = frame[1]
    if not isinstance(unique_id, str) or not 0 < len(unique_id) <= ID_CHARS_MAX:
        return f"the message id is no text of 1 to {ID_CHARS_MAX} characters"
    if frame[0] in (CALL, ERROR) and not isinstance(frame[2], str):
        return "the action, or the error code, is no text"
    if frame[0] == ERROR and not (isinstance(frame[3], str) and isinstance(frame[4], dict)):
        return "the description is no text, or the details are no object"
    if frame[0] == ERROR and len(frame[3]) > DESCRIPTION_CHARS_MAX:
        return f"the description has more than {DESCRIPTION_CHARS_MAX} characters"
    return None
