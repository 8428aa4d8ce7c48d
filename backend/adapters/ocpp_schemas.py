"""
What a central system may ask of a charger in OCPP 1.6, as JSON schemas, and a strict look at it.

Rule 1: nothing that breaks its schema leaves the backend; the error names the field and the rule.
Rule 2: the schemas are those of the `ocpp` package, with what OCPP says in words put into them
(`_EDITS`): whoever reads the schema, a form or an API's document, reads all of it that a schema
can say. What no schema can say is in `_RULES`.
Rule 3: an answer is looked at leniently, by `deviations_of_answer`: each deviation is named. Only
what holds nothing that could be told is no answer, by `unusable_field`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import islice, pairwise
from typing import Any
from urllib.parse import urlsplit

from jsonschema_rs import Draft4Validator, ValidationError, ValidationErrorKind

from backend.adapters.ocpp_frames import shown
from backend.core.masking import is_secret_key
from backend.core.readings import Leniency
from backend.errors import CommandError

Json = dict[str, Any]

#: Integers of OCPP 1.6 are those of the SOAP schema: 32 bits.
INTEGER_MAX = 2**31 - 1
#: ASSUMED: no text of a command is longer; DataTransfer's data has no limit in OCPP.
TEXT_MAX = 65_536
#: ASSUMED: so long are instants and locations at most.
_FORMAT_LENGTHS: Mapping[object, int] = {"date-time": 40, "uri": 2_000}
_VIOLATIONS_LIMIT = 20
#: A control character is on no card.
_PRINTABLE = "^[^\\x00-\\x1f\\x7f]*$"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Command:
    """
    A request of a central system.

    Attributes:
        action: its name in OCPP 1.6.
        title: what it does, in a few words.
        section: where OCPP 1.6 describes it.
        group: what it is about, one of `GROUPS`.
        chosen: fields that the backend fills in where they are left out.
        while_pending: whether it may be sent before the charger's boot is accepted (§4.2).
    """

    action: str
    title: str
    section: str
    group: str
    chosen: tuple[str, ...] = ()
    while_pending: bool = True


CHARGING, DEVICE, CARDS, LIMITS = "Charging", "The device", "Cards", "Limits of power"
GROUPS = (CHARGING, DEVICE, CARDS, LIMITS)

COMMANDS: Mapping[str, Command] = {
    one.action: one
    for one in (
        Command("CancelReservation", "End a reservation", "5.1", CHARGING),
        Command("ChangeAvailability", "Take in or out of service", "5.2", CHARGING),
        Command("ChangeConfiguration", "Set a configuration key", "5.3", DEVICE),
        Command("ClearCache", "Forget the cards it remembers", "5.4", CARDS),
        Command("ClearChargingProfile", "Remove charging profiles", "5.5", LIMITS),
        Command("DataTransfer", "Say something in a vendor's words", "5.6", DEVICE),
        Command("GetCompositeSchedule", "Ask for the limits to come", "5.7", LIMITS),
        Command("GetConfiguration", "Read configuration keys", "5.8", DEVICE),
        Command("GetDiagnostics", "Have diagnostics brought", "5.9", DEVICE),
        Command("GetLocalListVersion", "Ask for the local list's version", "5.10", CARDS),
        Command("RemoteStartTransaction", "Start a session", "5.11", CHARGING, while_pending=False),
        Command("RemoteStopTransaction", "Stop a session", "5.12", CHARGING, while_pending=False),
        Command("ReserveNow", "Reserve a connector", "5.13", CHARGING, chosen=("reservationId",)),
        Command("Reset", "Restart", "5.14", DEVICE),
        Command(
            "SendLocalList",
            "Send the list of cards",
            "5.15",
            CARDS,
            chosen=("listVersion", "updateType", "localAuthorizationList"),
        ),
        Command("SetChargingProfile", "Limit the power", "5.16", LIMITS),
        Command("TriggerMessage", "Ask for a message", "5.17", DEVICE),
        Command("UnlockConnector", "Unlock a cable", "5.18", CHARGING),
        Command("UpdateFirmware", "Have new firmware fetched", "5.19", DEVICE),
    )
}
"""All requests of a central system in OCPP 1.6, by name."""

# ---------------------------------------------------------------- the schemas

# What OCPP says in words, by the place of a field: of one action ("ReserveNow.connectorId"), or
# of any ("idTag").
_EDITS: Mapping[str, Json] = {
    "idTag": {"minLength": 1, "pattern": _PRINTABLE},
    "parentIdTag": {"minLength": 1, "pattern": _PRINTABLE},
    "vendorId": {"minLength": 1},
    "key": {"minLength": 1},
    "retries": {"minimum": 0},
    "retryInterval": {"minimum": 0},
    "duration": {"minimum": 0},
    "startPeriod": {"minimum": 0},
    "stackLevel": {"minimum": 0},
    "limit": {"minimum": 0},
    "minChargingRate": {"minimum": 0},
    "numberPhases": {"minimum": 1, "maximum": 3},
    "chargingSchedulePeriod": {"minItems": 1, "maxItems": 1_000},
    "localAuthorizationList": {"maxItems": 100_000},
    "connectorId": {"minimum": 0},
    # §6.33 and §6.51 ask for a connector above 0, §6.47 likewise.
    "RemoteStartTransaction.connectorId": {"minimum": 1},
    "UnlockConnector.connectorId": {"minimum": 1},
    "TriggerMessage.connectorId": {"minimum": 1},
    "listVersion": {"minimum": 1},  # errata 3.52: 0 and -1 are no versions of a list
    "GetConfiguration.key": {"maxItems": 1_000},
    # §5.11: the profile of a remote start is one for its transaction.
    "RemoteStartTransaction.chargingProfilePurpose": {"enum": ["TxProfile"]},
}


@cache
def schema_of(action: str) -> Json:
    """
    Give the JSON schema of a command as the wire must have it; not to be changed.

    Parameters:
        action: one of `COMMANDS`.
    """
    schema = _packaged(action)
    _edit(schema, action, "")
    return {key: value for key, value in schema.items() if key not in ("$schema", "id", "title")}


def _packaged(name: str) -> Json:
    """Read a schema of OCPP 1.6, with its errata, as the `ocpp` package brings it."""
    text = files("ocpp").joinpath("v16", "schemas", f"{name}.json").read_text("utf-8-sig")
    schema: Json = json.loads(text)
    return schema


@cache
def schema_for_callers(action: str) -> Json:
    """Give the JSON schema of a command for callers, who may leave out what is chosen."""
    schema = dict(schema_of(action))
    chosen = COMMANDS[action].chosen
    required = [name for name in schema.get("required", ()) if name not in chosen]
    schema.pop("required", None)
    return schema | ({"required": required} if required else {})


def _edit(schema: Json, action: str, name: str) -> None:
    kind = schema.get("type")
    if kind == "integer":
        schema |= {"minimum": -INTEGER_MAX - 1, "maximum": INTEGER_MAX}
    elif kind == "string":
        # The package has this keyword at texts, where it means nothing.
        schema.pop("additionalProperties", None)
        if "enum" not in schema:
            schema.setdefault("maxLength", _FORMAT_LENGTHS.get(schema.get("format"), TEXT_MAX))
    for place in (name, f"{action}.{name}"):
        edits = _EDITS.get(place, {})
        # "key" is a list in one command and a text in another.
        schema |= {word: value for word, value in edits.items() if _fits(word, kind)}
    for child, below in schema.get("properties", {}).items():
        _edit(below, action, child)
    if "items" in schema:
        _edit(schema["items"], action, "")


def _fits(word: str, kind: object) -> bool:
    return (kind == "array") == word.endswith("Items")


# ---------------------------------------------------------------- the strict look


def is_instant(value: str) -> bool:
    """Tell whether a text is an instant of ISO 8601 with its zone."""
    if _INSTANT.fullmatch(value) is None:
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def is_location(value: str) -> bool:
    """Tell whether a text is a location with a protocol and a host."""
    try:
        parts = urlsplit(value)
        return bool(parts.scheme and parts.hostname) and value.isprintable() and " " not in value
    except ValueError:
        return False


_FORMATS: dict[str, Callable[[str], bool]] = {"date-time": is_instant, "uri": is_location}


def checked(action: str, payload: object) -> Json:
    """
    Give a payload that may be sent: as it is, with numbers with a point as `Decimal`.

    Raises:
        CommandError: If there is no such command, or the payload breaks its schema or a rule of
            OCPP; the first that is found is told. What might be a secret is not shown.
    """
    if action not in COMMANDS:
        near = ", ".join(COMMANDS)
        raise CommandError(
            f"{shown(action)} is no command of OCPP 1.6", "command", f"use one of {near}"
        )
    if not isinstance(payload, Mapping):
        raise CommandError(
            "the payload is no object", f"command {action}", "write {…}", rule="type"
        )
    try:
        exact = _exact_fields(payload)
        for error in _strict(action).iter_errors(exact):
            raise _told(action, error)
    except ValueError as error:  # a number beyond all bounds, half a surrogate pair, no JSON
        problem = "the payload holds what JSON cannot carry"
        raise CommandError(problem, f"command {action}", "write plain JSON", rule="json") from error
    for field, rule, problem in _broken_rules(action, exact):
        raise CommandError(
            f"{field} {problem}", f"command {action}", f"see {rule}", field=field, rule=rule
        )
    return exact


@cache
def _strict(action: str) -> Draft4Validator:
    return Draft4Validator(schema_of(action), formats=_FORMATS, validate_formats=True)


def _exact(value: object) -> object:
    """Turn floats, which a caller in Python may write, into the decimals they show."""
    if isinstance(value, str):
        value.encode("utf-8")  # half a surrogate pair is no text
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, Mapping):
        return _exact_fields(value)
    if isinstance(value, list | tuple):
        return [_exact(one) for one in value]
    return value


def _exact_fields(fields: Mapping[Any, Any]) -> Json:
    return {key: _exact(one) for key, one in fields.items()}


def _told(action: str, error: ValidationError) -> CommandError:
    field, kind = place_of(error.instance_path), error.kind
    rule = str(error.schema_path[-1]) if error.schema_path else ""
    if isinstance(kind, ValidationErrorKind.Required):
        field = f"{field}.{kind.property}".removeprefix(".")
        what, remedy = f"{field} is missing", "add it"
    elif isinstance(kind, ValidationErrorKind.AdditionalProperties):
        field = f"{field}.{shown(kind.unexpected[0])}".removeprefix(".")
        what = f"{field} is no field of it"
        remedy = "take it out; the schema of the command lists its fields"
    else:
        # What was written is not repeated: it may be a key or a password.
        problem, remedy = _in_words(rule, _wanted(action, error))
        what = f"{field or 'the payload'} {problem}"
    return CommandError(what, f"command {action}", remedy, field=field, rule=rule)


def _wanted(action: str, error: ValidationError) -> object:
    """Give what the schema has at the place of an error."""
    wanted: Any = schema_of(action)
    for part in error.schema_path:
        wanted = wanted[part]
    return wanted


_TYPES: Mapping[object, str] = {
    "array": "a list",
    "integer": "a whole number",
    "number": "a number",
    "object": "an object",
    "string": "a text",
}


def _in_words(rule: str, wanted: Any) -> tuple[str, str]:
    """Say what is wrong with a value that breaks a keyword of its schema, and what to write."""
    match rule, wanted:
        case "type", _:
            kind = _TYPES.get(wanted, str(wanted))
            return f"is not {kind}", f"write {kind}"
        case "enum", [one]:
            return f"is not {one}", f"write {one}"
        case "enum", _:
            return "is none of the words for it", f"write one of {', '.join(map(str, wanted))}"
        case "format", "date-time":
            return "is no instant", "write it with its zone: 2027-01-01T12:00:00+01:00"
        case "format", _:
            return "is no location", "write a protocol and a host: ftp://host/folder"
        case "multipleOf", _:
            return "has too many digits", f"write a multiple of {wanted}"
        case "minLength" | "minItems", 1:
            return "is empty", "fill it in"
        case "pattern", _:
            return "holds a sign that cannot be printed", "take it out"
        case "maxLength", _:
            return "is too long", f"write {wanted} signs or fewer"
        case "maxItems", _:
            return "has too many entries", f"write {wanted} or fewer"
        case "minimum", _:
            return "is too small", f"write {wanted} or more"
        case "maximum", _:
            return "is too great", f"write {wanted} or less"
    return f"breaks {rule}", f"it must have {rule} {shown(str(wanted))}"


def place_of(path: Any) -> str:
    """Write the place of a field: ``csChargingProfiles.chargingSchedulePeriod[0].limit``."""
    parts = (f".{part}" if isinstance(part, str) else f"[{part}]" for part in path)
    return "".join(parts).removeprefix(".")


# ---------------------------------------------------------------- what no schema can say

Broken = Iterator[tuple[str, str, str]]


def _broken_rules(action: str, payload: Any) -> Broken:
    if action in _RULES:
        yield from _RULES[action](payload)


def _profile_rules(profile: Json, where: str) -> Broken:
    periods = profile["chargingSchedule"]["chargingSchedulePeriod"]
    place = f"{where}.chargingSchedule.chargingSchedulePeriod"
    starts = [period["startPeriod"] for period in periods]
    if starts[0] != 0:
        yield f"{place}[0].startPeriod", "OCPP 1.6 §7.14", "must be 0: the first one starts it"
    if any(later <= earlier for earlier, later in pairwise(starts)):
        yield place, "OCPP 1.6 §7.13", "must be in the order of startPeriod, each only once"
    kind = profile["chargingProfileKind"]
    if (kind == "Recurring") != ("recurrencyKind" in profile):
        yield f"{where}.recurrencyKind", "OCPP 1.6 §7.8", "belongs to a Recurring profile only"
    if kind == "Relative" and "startSchedule" in profile["chargingSchedule"]:
        place = f"{where}.chargingSchedule.startSchedule"
        yield place, "OCPP 1.6 §3.13.4", "has no meaning in a Relative profile"


def _set_profile(payload: Json) -> Broken:
    profile, where = payload["csChargingProfiles"], "csChargingProfiles"
    purpose, connector = profile["chargingProfilePurpose"], payload["connectorId"]
    if purpose == "ChargePointMaxProfile" and connector != 0:
        yield "connectorId", "OCPP 1.6 §3.13.1", "must be 0 for a ChargePointMaxProfile"
    if purpose == "TxProfile" and connector == 0:
        yield "connectorId", "OCPP 1.6 §5.16.2", "must be above 0 for a TxProfile"
    if purpose != "TxProfile" and "transactionId" in profile:
        yield f"{where}.transactionId", "OCPP 1.6 §7.8", "belongs to a TxProfile only"
    yield from _profile_rules(profile, where)


def _remote_start(payload: Json) -> Broken:
    profile = payload.get("chargingProfile")
    if profile is not None:
        if "transactionId" in profile:
            place = "chargingProfile.transactionId"
            yield place, "errata 3.41", "is not known yet: leave it out"
        yield from _profile_rules(profile, "chargingProfile")


def _local_list(payload: Json) -> Broken:
    entries = payload.get("localAuthorizationList", [])
    seen = set()
    for index, entry in enumerate(entries):
        place = f"localAuthorizationList[{index}]"
        if payload["updateType"] == "Full" and "idTagInfo" not in entry:
            yield f"{place}.idTagInfo", "OCPP 1.6 §7.2", "is missing: a Full list has it everywhere"
        if (tag := entry["idTag"].upper()) in seen:
            yield f"{place}.idTag", "errata 3.74", "is there twice"
        seen.add(tag)


_RULES: Mapping[str, Callable[[Json], Broken]] = {
    "RemoteStartTransaction": _remote_start,
    "SendLocalList": _local_list,
    "SetChargingProfile": _set_profile,
}


# ---------------------------------------------------------------- the lenient look at answers


def deviations_of_answer(action: str, payload: Mapping[str, Any]) -> tuple[Leniency, ...]:
    """
    Compare the payload of an answer with its schema.

    Returns:
        One `Leniency` for each difference, in the order of the schema's keywords.
    """
    try:
        errors = list(islice(_answer(action).iter_errors(payload), _VIOLATIONS_LIMIT))
    except ValueError:  # half a surrogate pair
        return (Leniency("answer-unreadable", "payload", "", "used as far as it can be"),)
    hidden = _holds_secret(payload)
    return tuple(
        Leniency(
            f"answer-{error.schema_path[-1] if error.schema_path else 'schema'}",
            place_of(error.instance_path) or "payload",
            "not shown" if hidden else shown(error.message),
            "used as far as it can be",
        )
        for error in errors
    )


def unusable_field(action: str, payload: Mapping[str, Any]) -> str | None:
    """
    Name the field for which an answer cannot be used; None where it can be.

    That is one that the schema requires and that is missing or of another type, and a list or an
    object that is none. Anything else that deviates can be told as it is: also a word for the
    status that OCPP does not know.
    """
    schema = _answer_schema(action)
    required = schema.get("required", ())
    for name, below in schema.get("properties", {}).items():
        kind = below.get("type")
        if name not in payload:
            if name in required:
                return str(name)
        elif (name in required or kind in ("array", "object")) and not _is(kind, payload[name]):
            return str(name)
    return None


def _is(kind: str, value: object) -> bool:
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, {"array": list, "object": dict, "string": str}[kind])


@cache
def _answer_schema(action: str) -> Json:
    return _packaged(f"{action}Response")


@cache
def _answer(action: str) -> Draft4Validator:
    schema = _answer_schema(action)
    return Draft4Validator(schema, formats=_FORMATS, validate_formats=True)


def _holds_secret(payload: Mapping[str, Any]) -> bool:
    # A charger that tells its AuthorizationKey breaks OCPP, and must not get it into a log.
    listed = payload.get("configurationKey")
    return isinstance(listed, list) and any(
        isinstance(one, dict) and is_secret_key(one.get("key")) for one in listed
    )
