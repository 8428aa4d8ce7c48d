"""
Forms made of the JSON schemas of commands, and back: what a person fills in becomes a payload.

No HTML here: a form is a tree of fields, groups and rows; `backend.web.html` writes it. Names of
fields are their places in the payload: ``csChargingProfiles.chargingSchedule.duration``.

Rule 1: an empty field is left out of the payload; where it is needed, the schema says so.
Rule 2: what cannot be turned into its type stays as it was written, so that the schema names it.
Rule 3: a person writes local time, or an instant with its zone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from backend.core.days import instant_of_naive

Json = dict[str, Any]

ROWS_MOST = 50
_WHOLE = re.compile(r"[+-]?\d{1,10}")
_LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")

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


def form_of(action: str, schema: Json, values: Mapping[str, str]) -> tuple[Part, ...]:
    """
    Make the form of a command.

    Parameters:
        values: what was filled in before, by name; it also says how many rows there are.
    """
    return _parts(action, schema, "", values, needed=True)


def _parts(
    action: str, schema: Json, within: str, values: Mapping[str, str], *, needed: bool
) -> tuple[Part, ...]:
    required = schema.get("required", ())
    return tuple(
        _part(action, below, f"{within}{name}", name, values, needed=needed and name in required)
        for name, below in schema.get("properties", {}).items()
    )


def _part(
    action: str,
    schema: Json,
    place: str,
    name: str,
    values: Mapping[str, str],
    *,
    needed: bool,
) -> Part:
    label, hint = LABELS.get(name, name), HINTS.get(f"{action}.{name}", "")
    if schema["type"] == "object":
        parts = _parts(action, schema, f"{place}.", values, needed=needed)
        return Group(place, label, needed, parts)
    if schema["type"] == "array" and schema["items"]["type"] == "object":
        least = schema.get("minItems", 0)
        rows = tuple(
            _parts(action, schema["items"], f"{place}.{index}.", values, needed=needed)
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
    found = {}
    if connectors == 1 and "connectorId" in schema.get("required", ()):
        found["connectorId"] = "1"
    if "csChargingProfiles" in schema.get("properties", {}):
        found["csChargingProfiles.chargingSchedule.chargingSchedulePeriod.0.startPeriod"] = "0"
    return found


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
    """Make the payload of what was filled in."""
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
    return _value(schema, text)


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


def _value(schema: Json, text: str) -> Any:
    if schema["type"] == "integer":
        return int(text) if _WHOLE.fullmatch(text) else text
    if schema["type"] == "number":
        try:
            number = Decimal(text.replace(",", "."))
        except InvalidOperation:
            return text
        return number if number.is_finite() else text
    if schema.get("format") == "date-time":
        return _instant(text)
    return text


def _instant(text: str) -> str:
    """Turn local time into an instant; what has a zone, or is no time, stays as it is."""
    if _LOCAL.fullmatch(text) is None:
        return text
    try:
        naive = datetime.fromisoformat(text)
    except ValueError:
        return text
    instant = instant_of_naive(naive, "Europe/Zurich").astimezone(UTC)
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")
