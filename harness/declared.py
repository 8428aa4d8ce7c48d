"""
What a model's profile declares, held against what its chargers showed on the wire.

Read from frames only. A message counts as shown when the charger sent it; a request of the backend
when the charger answered it with a CALLRESULT; a measurand, its phases and units when they stood
in a sampled value; a key when the charger named it in GetConfiguration.conf.

That something was not shown does not say that the charger lacks it: nobody may have asked. That
something was shown though nobody declared it, or refused though it was declared, does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from backend.core.device_profile import DeviceProfile
from harness.frames import REGISTER
from harness.recording import BACKEND, OCPP_WIRE, Frame
from simulators.wiretap import Crossing

REFUSALS = ("NotSupported", "NotImplemented")
"""The error codes that say that a charger does not do something (OCPP-J 1.6 §4.2.3)."""


class Kind(StrEnum):
    """What is declared."""

    SENDS = "message of the charger"
    ANSWERS = "request of the backend"
    MEASURES = "measurand"
    UNIT = "unit"
    KEY = "configuration key"


class Finding(StrEnum):
    """What came of it."""

    SHOWN = "shown"
    NOT_SHOWN = "not shown"
    UNDECLARED = "shown though not declared"
    REFUSED = "refused, as declared"
    CONTRADICTED = "refused though declared"


@dataclass(frozen=True, slots=True)
class Row:
    """
    One thing that is declared, or that was shown.

    Attributes:
        kind: what it is.
        name: of the message, measurand ("Voltage L1"), unit ("kWh of …") or key.
        finding: what came of it.
        count: how often it was shown or refused.
    """

    kind: Kind
    name: str
    finding: Finding
    count: int = 0


@dataclass(slots=True)
class Shown:
    """What chargers showed, and how often, in the order in which it first came."""

    sent: dict[str, int] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    measured: dict[tuple[str, str], int] = field(default_factory=dict)
    units: dict[tuple[str, str], int] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)


def frames_in(crossings: Iterable[Crossing], identity: str) -> list[Frame]:
    """Give the frames between a charger and the backend among what crossed a bench."""
    found = []
    for one in crossings:
        if one.wire == OCPP_WIRE and {one.sender, one.receiver} == {identity, BACKEND}:
            incoming = one.sender == identity
            found.append(Frame(one.at, identity, "in" if incoming else "out", one.text))
    return found


def compare(profile: DeviceProfile, frames: Iterable[Frame]) -> list[Row]:
    """Give what is declared with what came of it, then what was shown besides, kind by kind."""
    shown = shown_in(frames)
    return [
        *_rows(Kind.SENDS, profile.sends, shown.sent),
        *_answers(profile, shown),
        *_rows(Kind.MEASURES, _phases_of(profile), _named(shown.measured)),
        *_rows(Kind.UNIT, _units_of(profile), _units_named(shown.units)),
        *_rows(Kind.KEY, profile.keys, shown.keys),
    ]


def _rows(kind: Kind, declared: Iterable[str], shown: dict[str, int]) -> Iterator[Row]:
    known = dict.fromkeys(declared)
    for name in known:
        count = shown.get(name, 0)
        yield Row(kind, name, Finding.SHOWN if count else Finding.NOT_SHOWN, count)
    for name, count in shown.items():
        if name not in known:
            yield Row(kind, name, Finding.UNDECLARED, count)


def _answers(profile: DeviceProfile, shown: Shown) -> Iterator[Row]:
    for row in _rows(Kind.ANSWERS, profile.answers, shown.answered):
        refused = shown.refused.get(row.name, 0)
        if row.finding is Finding.NOT_SHOWN and refused:
            yield Row(row.kind, row.name, Finding.CONTRADICTED, refused)
        else:
            yield row
    for name in profile.refuses:
        if name not in shown.answered:
            count = shown.refused.get(name, 0)
            finding = Finding.REFUSED if count else Finding.NOT_SHOWN
            yield Row(Kind.ANSWERS, f"{name} (refused)", finding, count)


def _phases_of(profile: DeviceProfile) -> Iterator[str]:
    for one in profile.declared.measurements:
        for phase in one.phases or ("",):
            yield f"{one.measurand} {phase}".strip()


def _units_of(profile: DeviceProfile) -> Iterator[str]:
    for one in profile.declared.measurements:
        yield from (_unit(one.measurand, unit) for unit in one.units_on_the_wire)


def _unit(measurand: str, unit: str) -> str:
    return f"{measurand} in {unit}" if unit else f"{measurand} without unit"


def _named(measured: dict[tuple[str, str], int]) -> dict[str, int]:
    return {f"{name} {phase}".strip(): count for (name, phase), count in measured.items()}


def _units_named(units: dict[tuple[str, str], int]) -> dict[str, int]:
    return {_unit(name, unit): count for (name, unit), count in units.items()}


# ---------------------------------------------------------------- reading frames


def shown_in(frames: Iterable[Frame]) -> Shown:
    """Give what chargers showed in frames; what is no OCPP-J message is passed over."""
    shown = Shown()
    asked: dict[tuple[str, str], str] = {}
    for frame in frames:
        message = _message(frame.text)
        if message is None:
            continue
        kind, number, rest = message
        if kind == 2 and frame.direction == "out":
            asked[frame.identity, number] = str(rest[0])
        elif kind == 2:
            _count(shown.sent, str(rest[0]))
            _look_into(shown, rest)
        elif frame.direction == "in":
            action = asked.pop((frame.identity, number), None)
            if action is not None:
                _take_answer(shown, action, kind, rest)
    return shown


def _message(text: str) -> tuple[int, str, list[Any]] | None:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, list) or len(said) < 3 or said[0] not in (2, 3, 4):
        return None
    return int(said[0]), str(said[1]), said[2:]


def _take_answer(shown: Shown, action: str, kind: int, rest: list[Any]) -> None:
    if kind == 4:
        if rest[0] in REFUSALS:
            _count(shown.refused, action)
        return
    _count(shown.answered, action)
    if action == "GetConfiguration":
        for one in _list_of(rest[0], "configurationKey"):
            if isinstance(one.get("key"), str):
                _count(shown.keys, one["key"])


def _look_into(shown: Shown, rest: list[Any]) -> None:
    payload = rest[1] if len(rest) > 1 else None
    for name in ("meterValue", "transactionData"):
        for entry in _list_of(payload, name):
            for sampled in _list_of(entry, "sampledValue"):
                measurand = str(sampled.get("measurand", REGISTER))
                _count(shown.measured, (measurand, str(sampled.get("phase", ""))))
                _count(shown.units, (measurand, str(sampled.get("unit", ""))))


def _list_of(value: object, name: str) -> list[dict[str, Any]]:
    """Give the objects of a list in an object; none of anything else."""
    listed = value.get(name) if isinstance(value, dict) else None
    if not isinstance(listed, list):
        return []
    return [one for one in listed if isinstance(one, dict)]


def _count(counts: dict[Any, int], what: Any) -> None:
    counts[what] = counts.get(what, 0) + 1
