"""
What a central system holds to in every compliance case, whatever the case is about.

Rule 1: the time that it tells a charger is the time at which it tells it.
Rule 2: each start of a transaction gets an id of its own; only the same start again gets the same.
Rule 3: each reservation has an id of its own; only the same one again has the same.
Rule 4: a difference of a local list is newer than what it goes on top of (OCPP 1.6 §5.15).
Rule 5: what people at a charger would notice is sent where the operator wants it, and not besides.
What it reads, configures, limits or lists by itself is its own affair, and so is a RemoteStop of a
transaction whose card it has not accepted.

The frames are taken as sound: `harness.ocpp_rules` has read them before.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from harness.frames import Call, calls, instant_of
from harness.ocpp_rules import Breach
from simulators.wiretap import Crossing

STRAY_MAX = timedelta(seconds=1)
"""How far the time that is told may stray: a central system may leave fractions away."""


@dataclass(frozen=True, slots=True)
class Lives:
    """
    When a central system lives.

    Attributes:
        span: from when to when it has told the time, where it lives by the machine's.
        factor: how many times as fast as the machine's its time runs.
    """

    span: tuple[datetime, datetime] | None = None
    factor: int = 1


NOTICED = frozenset(
    {
        "CancelReservation",
        "ChangeAvailability",
        "ClearCache",
        "RemoteStartTransaction",
        "RemoteStopTransaction",
        "ReserveNow",
        "Reset",
        "UnlockConnector",
        "UpdateFirmware",
    }
)
"""Commands by which a session begins, ends or is kept from beginning."""


def broken_rules(
    crossings: Sequence[Crossing],
    central: str,
    charger: str,
    wanted: Iterable[str],
    lives: Lives | None = None,
) -> list[Breach]:
    """
    Give what a central system has said against the rules above.

    Parameters:
        crossings: what crossed the wire, all of it.
        central: its name on the wire.
        charger: the charger's.
        wanted: the commands that its operator had sent, by name, each time again.
        lives: where its time is not the scenario's.
    """
    asked, said = calls(crossings, central, charger), calls(crossings, charger, central)
    return [
        *_wrong_times(said, lives or Lives()),
        *_same_ids(said, "StartTransaction", "transactionId"),
        *_same_ids(asked, "ReserveNow", "reservationId"),
        *_old_differences(asked),
        *_unwanted(asked, _refused(said), Counter(wanted)),
    ]


def list_after(asked: Iterable[Call]) -> dict[str, str]:
    """Give the cards of a charger's local list, and their statuses, after what it has taken."""
    held: dict[str, str] = {}
    for call in filter(_is_taken_list, asked):
        if call.payload["updateType"] == "Full":
            held = {}
        for entry in call.payload.get("localAuthorizationList", []):
            held.pop(entry["idTag"], None)
            if "idTagInfo" in entry:
                held[entry["idTag"]] = entry["idTagInfo"]["status"]
    return held


def _is_taken_list(call: Call) -> bool:
    return call.action == "SendLocalList" and _answer(call).get("status") == "Accepted"


def _answer(call: Call) -> dict[str, object]:
    """Give the payload of an answer; nothing where there is none, or it refuses."""
    if call.answer is None or not call.confirmed:
        return {}
    found = json.loads(call.answer.text)[2]
    return found if isinstance(found, dict) else {}


def _wrong_times(said: Iterable[Call], lives: Lives) -> Iterator[Breach]:
    for call in said:
        told = _answer(call).get("currentTime")
        if call.answer is None or told is None:
            continue
        first, last = lives.span or (call.answer.at, call.answer.at)
        stray = STRAY_MAX * lives.factor
        if not first - stray < instant_of(str(told)) < last + stray:
            yield Breach(call.answer, f"currentTime is {told} at {call.answer.at:%H:%M:%S}")


def _same_ids(told: Iterable[Call], action: str, field: str) -> Iterator[Breach]:
    """Look for an id that stands for two different things."""
    owners: dict[object, object] = {}
    for call in told:
        if call.action != action:
            continue
        place = call.payload if field in call.payload else _answer(call)
        if (number := place.get(field)) is None:
            continue
        if owners.setdefault(number, call.payload) != call.payload:
            at_fault = call.crossing if place is call.payload else call.answer
            yield Breach(at_fault or call.crossing, f"the {field} {number} was used before")


def _refused(said: Iterable[Call]) -> set[object]:
    """Give the transactions whose card was not accepted."""
    answers = [_answer(call) for call in said if call.action == "StartTransaction"]
    return {
        one.get("transactionId")
        for one in answers
        if isinstance(info := one.get("idTagInfo"), dict) and info.get("status") != "Accepted"
    }


def _old_differences(asked: Iterable[Call]) -> Iterator[Breach]:
    version = 0
    for call in filter(_is_taken_list, asked):
        told = call.payload["listVersion"]
        if call.payload["updateType"] == "Differential" and told <= version:
            yield Breach(call.crossing, f"listVersion {told} is no newer than {version}")
        version = told


def _unwanted(
    asked: Iterable[Call], refused: set[object], wanted: Counter[str]
) -> Iterator[Breach]:
    for call in asked:
        if call.action not in NOTICED or _is_harmless(call, refused):
            continue
        wanted[call.action] -= 1
        if wanted[call.action] < 0:
            yield Breach(call.crossing, f"no operator wanted this {call.action}")


def _is_harmless(call: Call, refused: set[object]) -> bool:
    return call.payload.get("type") == "Operative" or call.payload.get("transactionId") in refused
