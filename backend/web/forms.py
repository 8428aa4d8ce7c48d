"""
Forms made of the JSON schemas of commands, and back: what a person fills in becomes a payload.

No HTML here: a form is a tree of fields, groups and rows; `backend.web.html` writes it. Names of
fields are their places in the payload: ``csChargingProfiles.chargingSchedule.duration``.

Rule 1: an empty field is left out of the payload; where it is needed, the schema says so.
Rule 2: what cannot be turned into its type stays as it was written, so that the schema names it.
Rule 3: a person writes local time, or an instant with its zone. A local time that the clock passes
over, or passes twice, is refused: nothing is guessed.
Rule 4: what is wrong is told in the words of the form, by `told`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from backend.core import days
from backend.errors import CommandError

Json = dict[str, Any]

ROWS_MOST = 50
_WHOLE = re.compile(r"[+-]?\d{1,10}")
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_INSTANTS = "local time, 2027-01-01T12:00, or with its zone, 2027-01-01T12:00:00+01:00"

LABELS: Mapping[str, str] = {
    "chargingProfile": "Charging profile",
    "chargingProfileId": "Number of the profile",
    "chargingProfileKind": "Kind",
    "chargingProfilePurpose": "Purpose",
    "chargingRateUnit": "Unit of the limits",
    "chargingSchedule": "Schedule",
    "chargingSchedulePeriod": "Periods",
    "connectorId": "Connector",
    "csChargingProfiles": "Charging profile",
    "data": "Data",
    "duration": "Duration, seconds",
    "expiryDate": "Until",
    "id": "Number of the profile",
    "idTag": "Card",
    "idTagInfo": "What is known of it",
    "key": "Key",
    "limit": "Limit",
    "listVersion": "Version",
    "localAuthorizationList": "Cards",
    "location": "Location",
    "messageId": "Message",
    "minChargingRate": "Least rate",
    "numberPhases": "Phases",
    "parentIdTag": "Group of cards",
    "recurrencyKind": "Recurs",
    "requestedMessage": "Message",
    "reservationId": "Number of the reservation",
    "retries": "Further tries",
    "retrieveDate": "Not before",
    "retryInterval": "Seconds between tries",
    "stackLevel": "Stack level",
    "startPeriod": "From second",
    "startSchedule": "Schedule begins",
    "startTime": "From",
    "status": "Status",
    "stopTime": "To",
    "transactionId": "Number of the session",
    "type": "Kind",
    "updateType": "Kind of update",
    "validFrom": "Valid from",
    "validTo": "Valid to",
    "value": "Value",
    "vendorId": "Vendor",
}
"""What the fields of OCPP are called on the page; others bear their own names."""

HINTS: Mapping[str, str] = {
    "GetConfiguration.key": "one a line; empty for all",
    "ReserveNow.reservationId": "empty for a new one",
    "SendLocalList.listVersion": "empty: the backend counts",
    "SendLocalList.updateType": "empty: the difference, where the charger's list is known",
    "SendLocalList.localAuthorizationList": "none: the cards of the account",
    "GetDiagnostics.location": "ftp://user:password@host/folder",
    "UpdateFirmware.location": "http://host/file.zip",
    "SetChargingProfile.chargingProfilePurpose": "ChargePointMaxProfile is for connector 0, "
    "TxProfile for a connector above 0 with a session",
    "SetChargingProfile.chargingProfileId": "of your own; the same number replaces",
}
"""What else is said about a field, by command and name."""


@dataclass(frozen=True, slots=True)
class Field:
    """
    One thing to fill in.

    Attributes:
        name: its place in the payload.
        label, hint: for people.
        kind: ``text``, ``whole``, ``number``, ``choice``, ``instant`` or ``lines``.
        required: whether it must be filled in.
        choices: of a choice.
        least, most: of a number.
        signs: how long a text may be.
        value: what stands in it.
    """

    name: str
    label: str
    hint: str
    kind: str
    required: bool
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    signs: int | None = None
    value: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """An object in the payload: its parts together."""

    name: str
    label: str
    required: bool
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of objects in the payload: so many rows of parts; more can be asked for."""

    name: str
    label: str
    hint: str
    rows: tuple[tuple[Part, ...], ...]


Part = Field | Group | Rows


# ---------------------------------------------------------------- schema to form


def form_of(
    action: str, schema: Json, values: Mapping[str, str], id_tag_order: str = "big"
) -> tuple[Part, ...]:
    """
    Make the form of a command.

    Parameters:
        values: what was filled in before, by name; it also says how many rows there are.
        id_tag_order: in which order the charger's model sends the bytes of a card, as its
            profile says; cards are sent to it as they are written.
    """
    hints = {"idTag": _CARD_HINTS.get(id_tag_order, _CARD_HINTS["big"])}
    for place, hint in HINTS.items():
        of, _, name = place.partition(".")
        if of == action:
            hints[name] = hint
    return _parts(hints, schema, "", values, needed=True)


_CARD_HINTS = {
    "big": "as this charger sends it, up to 20 signs",
    "little": "as this charger sends it, last byte first: a card printed 77FD2AFA is FA2AFD77",
}


def told(error: CommandError) -> tuple[str, str]:
    """Give what is wrong with what was filled in, and what to do, in the words of the form."""
    what, remedy = error.what, error.remedy
    if error.field and what.startswith(error.field):
        what = f"{label_of(error.field)}{what.removeprefix(error.field)}"
    if error.rule == "required":
        remedy = "fill it in"
    elif error.rule == "format" and "instant" in what:
        remedy = f"write {_INSTANTS}"
    elif error.rule == "type" and "number" in what:
        remedy = f"{remedy}, with nothing beside it"
    return what, f"{remedy[0].upper()}{remedy[1:]}."


def label_of(place: str) -> str:
    """Give the label of a field, and where it stands: ``Limit (Schedule, Periods 1)``."""
    within: list[str] = []
    for part in re.findall(r"[^.\[\]]+", place):
        if part.isdigit() and within:
            within[-1] += f" {int(part) + 1}"
        else:
            within.append(LABELS.get(part, part))
    name = within.pop() if within else place
    return f"{name} ({', '.join(within)})" if within else name


def _parts(
    hints: Mapping[str, str], schema: Json, within: str, values: Mapping[str, str], *, needed: bool
) -> tuple[Part, ...]:
    required = schema.get("required", ())
    return tuple(
        _part(hints, below, f"{within}{name}", name, values, needed=needed and name in required)
        for name, below in schema.get("properties", {}).items()
    )


def _part(
    hints: Mapping[str, str],
    schema: Json,
    place: str,
    name: str,
    values: Mapping[str, str],
    *,
    needed: bool,
) -> Part:
    label, hint = LABELS.get(name, name), hints.get(name, "")
    if schema["type"] == "object":
        parts = _parts(hints, schema, f"{place}.", values, needed=needed)
        return Group(place, label, needed, parts)
    if schema["type"] == "array" and schema["items"]["type"] == "object":
        least = schema.get("minItems", 0)
        rows = tuple(
            _parts(hints, schema["items"], f"{place}.{index}.", values, needed=needed)
            for index in _indices(place, values) or range(least)
        )
        return Rows(place, label, hint, rows)
    return Field(
        name=place,
        label=label,
        hint=hint,
        kind=_kind(schema),
        required=needed,
        choices=tuple(schema.get("enum", ())),
        least=schema.get("minimum"),
        most=schema.get("maximum"),
        signs=schema.get("maxLength"),
        value=values.get(place, ""),
    )


def _kind(schema: Json) -> str:
    if "enum" in schema:
        return "choice"
    if schema.get("format") == "date-time":
        return "instant"
    return {"integer": "whole", "number": "number", "array": "lines"}.get(schema["type"], "text")


def _indices(place: str, values: Mapping[str, str]) -> list[int]:
    """Give the rows that a form has, by the names of its fields."""
    found = set()
    for name in values:
        rest = name.removeprefix(f"{place}.")
        first = rest.partition(".")[0]
        if rest != name and first.isascii() and first.isdigit() and len(first) < 4:
            found.add(int(first))
    return sorted(found)[:ROWS_MOST]


def proposals(schema: Json, connectors: int) -> dict[str, str]:
    """
    Give what may stand in an empty form: the only connector, and where a schedule begins.

    Parameters:
        connectors: how many the model has; 0 where that is not known.
    """
    if "csChargingProfiles" in schema.get("properties", {}):
        # Which connector is right depends on the purpose, which is not chosen yet.
        return {"csChargingProfiles.chargingSchedule.chargingSchedulePeriod.0.startPeriod": "0"}
    if connectors == 1 and "connectorId" in schema.get("required", ()):
        return {"connectorId": "1"}
    return {}


def with_one_more(place: str, schema: Json, values: Mapping[str, str]) -> dict[str, str]:
    """Give what is filled in, with one row more of a list of objects."""
    at: Json = schema
    for part in place.split("."):
        at = at["items"] if part.isdigit() else at.get("properties", {}).get(part, {})
    taken = _indices(place, values)
    fresh = (taken[-1] + 1) if taken else at.get("minItems", 0)
    names = at.get("items", {}).get("properties", {})
    return {**values, **{f"{place}.{fresh}.{name}": "" for name in names}}


# ---------------------------------------------------------------- form to payload


def payload_of(schema: Json, values: Mapping[str, str]) -> Json:
    """
    Make the payload of what was filled in.

    Raises:
        CommandError: If it names a local time that does not exist, or one that exists twice.
    """
    found = _read(schema, "", values, needed=True)
    return found if isinstance(found, dict) else {}


def _read(schema: Json, place: str, values: Mapping[str, str], *, needed: bool) -> Any:
    kind = schema["type"]
    if kind == "object":
        return _read_object(schema, place, values, needed=needed)
    if kind == "array" and schema["items"]["type"] == "object":
        rows = [
            _read(schema["items"], f"{place}.{index}", values, needed=False)
            for index in _indices(place, values)
        ]
        rows = [row for row in rows if row is not None]
        return rows if rows or needed else None
    text = values.get(place, "").strip()
    if kind == "array":
        return [line.strip() for line in text.splitlines() if line.strip()] or None
    if not text:
        # An empty value may be meant: it empties a list of measurands.
        return "" if needed and _may_be_empty(schema) else None
    return _value(schema, place, text)


def _read_object(schema: Json, place: str, values: Mapping[str, str], *, needed: bool) -> Any:
    required = schema.get("required", ())
    found = {}
    for name, below in schema.get("properties", {}).items():
        where = f"{place}.{name}" if place else name
        value = _read(below, where, values, needed=needed and name in required)
        if value is not None:
            found[name] = value
    return found if found or needed else None


def _may_be_empty(schema: Json) -> bool:
    is_free = "enum" not in schema and "format" not in schema and "minLength" not in schema
    return bool(schema["type"] == "string" and is_free)


def _value(schema: Json, place: str, text: str) -> Any:
    if schema["type"] == "integer":
        return int(text) if _WHOLE.fullmatch(text) else text
    if schema["type"] == "number":
        try:
            number = Decimal(text.replace(",", "."))
        except InvalidOperation:
            return text
        return number if number.is_finite() else text
    if schema.get("format") == "date-time":
        return _instant(place, text)
    return text


def _instant(place: str, text: str) -> str:
    """Turn local time into an instant; what has a zone, or is no time, stays as it is."""
    if _LOCAL.fullmatch(text) is None:
        return text
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return text
    form = "%Y-%m-%dT%H:%M" if len(text) == 16 else "%Y-%m-%dT%H:%M:%S"
    try:
        first = days.from_label(text, form, None)
    except ValueError as error:
        raise _unclear(place, str(error), "write another time") from error
    second = days.from_label(text, form, first)
    if second != first:
        ways = " or ".join(days.to_iso_label(one) for one in (first, second))
        raise _unclear(place, f"{text!r} is there twice: the clock is put back", f"write {ways}")
    return first.isoformat(timespec="seconds").replace("+00:00", "Z")


def _unclear(place: str, what: str, remedy: str) -> CommandError:
    return CommandError(f"{place}: {what}", "a form", remedy, field=place, rule="local time")
