"""
The description of the REST API, from which its routes come as well (document 004 §4.2).

Rule 1: a row of `OPERATIONS` is an operation; `document` makes OpenAPI of them. What the manual's
table does not name, and every body that no public client shows, is marked ASSUMED.
Rule 2: the schema of the settings is made from `settings`, so that it cannot lag behind.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from simulators.iskra_sg.settings import Settings

Schema = dict[str, Any]


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": [*properties]}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _optional(schema: Schema, *required: str) -> Schema:
    """Take an object's fields for optional, but for some; others than its own are refused."""
    return {**schema, "required": list(required), "additionalProperties": False}


def _whole(least: int, most: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


def _choice(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


def _text(limit: int) -> Schema:
    return {"type": "string", "maxLength": limit}


TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
MAYBE: Schema = {"type": ["integer", "null"]}
PROBLEM: Schema = {
    "type": "object",
    "properties": {
        "error": TEXT,
        "field": {**TEXT, "description": "The path of what was given and is not taken."},
    },
    "required": ["error"],
}


def _texts(names: str) -> Schema:
    """Describe texts, by their names with blanks between."""
    return dict.fromkeys(names.split(), TEXT)


_POWERS = _texts("P Q S PF PA")
MEASUREMENTS = _object(
    measurements=_object(
        Phases=_list(_object(U=TEXT, I=TEXT, **_POWERS, THDUp=TEXT, THDI=TEXT)),
        Total=_object(**_POWERS),
        Frequency=TEXT,
        Temperature=TEXT,
    )
)
_COUNTER = _object(name=TEXT, value=WHOLE, unit=TEXT, direction=TEXT)
COUNTERS = _object(counters=_object(non_resettable=_list(_COUNTER), resettable=_list(_COUNTER)))
STATUS = _object(
    device=_object(
        **_texts("model_type serial_number description location sw_ver hw_ver fs_ver"),
        **_texts("flash_size eeprom"),
    ),
    status=_object(
        **_texts("connection_mode connection wifi_ssid wifi_signal ip_address mac_address"),
        **_texts("app_status upgrade_status link_1_status link_2_status settings_crc"),
        **_texts("free_memory error_flags"),
    ),
    other=_object(
        active_tariff=WHOLE, temperature=TEXT, pulse_counter=TEXT, uptime=TEXT, local_time=TEXT
    ),
)
DEVICE = _object(
    interface=TEXT,
    model=TEXT,
    serial=TEXT,
    description=TEXT,
    location=TEXT,
    sw_ver={"type": ["number", "string"]},
    address=WHOLE,
)
BICOM = _object(
    id=WHOLE,
    interface=TEXT,
    model=TEXT,
    serial=TEXT,
    address=WHOLE,
    state=_choice("on", "off", "unknown"),
)
_LINE = {"baud_rate": WHOLE, "parity": _choice("none", "odd", "even"), "stop_bits": _whole(1, 2)}
FOUND = _object(model=TEXT, serial=TEXT, address=WHOLE, **_LINE)
RECORDER = _object(
    id=WHOLE,
    enabled=FLAG,
    interface=_choice("Modbus", "Pulse Counter"),
    address=MAYBE,
    counter=TEXT,
    unit=TEXT,
    now=MAYBE,
)
_PERIOD = _object(begin=TEXT, value=MAYBE, consumption=MAYBE, complete=FLAG)
HISTORY = _object(
    **RECORDER["properties"], daily=_list(_PERIOD), monthly=_list(_PERIOD), yearly=_list(_PERIOD)
)
_FOUR: Schema = {**_list(WHOLE), "minItems": 4, "maxItems": 4}
PROFILE = _object(
    id=WHOLE,
    interface=TEXT,
    model=TEXT,
    serial=TEXT,
    answers=FLAG,
    period_min={"const": 15},
    unit={"const": "Wh"},
    values=_list(
        _object(
            end={"type": "string", "format": "date-time"},
            source=_choice("meter", "gateway"),
            **{"import": _FOUR, "export": _FOUR},
        )
    ),
)
_AUTOMATION = _object(
    description=TEXT,
    enabled=FLAG,
    mode=_choice("on_change", "continuous"),
    condition={"type": ["object", "null"]},
    on_true=_list({"type": "object"}),
    on_false=_list({"type": "object"}),
)
AUTOMATION = _object(
    enabled=FLAG,
    automations=_list(
        _object(
            **_AUTOMATION["properties"],
            live=_object(
                state={"type": ["boolean", "null"]},
                executed={"enum": ["on_true", "on_false", None]},
                condition={"type": ["object", "null"]},
            ),
        )
    ),
)
FILES = _object(files=_list(_object(name=TEXT, type=TEXT, size=WHOLE)))


def settings_schema(part: Any) -> Schema:
    """Describe settings, or a part of them, by what they hold."""
    if is_dataclass(part):
        return _object(
            **{one.name: settings_schema(getattr(part, one.name)) for one in fields(part)}
        )
    if isinstance(part, tuple):
        return _list(settings_schema(part[0]) if part else {})
    return FLAG if isinstance(part, bool) else WHOLE if isinstance(part, int) else TEXT


def _partly(schema: Schema) -> Schema:
    """Describe what changes settings: any part of them, and nothing else."""
    if schema.get("type") == "object":
        properties = {name: _partly(one) for name, one in schema["properties"].items()}
        return _optional(_object(**properties))
    if schema.get("type") == "array":
        return {**schema, "items": _partly(schema["items"])}
    return schema


def _with_recorders() -> Settings:
    from simulators.iskra_sg.device import Identity  # the number of recorders is the device's

    return Identity().defaults()


@dataclass(frozen=True, slots=True)
class Operation:
    """
    An operation of the API.

    Attributes:
        name: what its handler is called by.
        answer: the schema of a 200; None for CSV.
        takes: the schema of its body; None for none.
        refuses: with which codes it answers else, besides 403.
        is_manuals: whether the manual's table has it.
    """

    name: str
    method: str
    path: str
    told: str
    answer: Schema | None
    takes: Schema | None = None
    refuses: tuple[int, ...] = ()
    is_manuals: bool = True
    parameters: tuple[Schema, ...] = ()


_SETTINGS = settings_schema(_with_recorders())
_ID = {"name": "id", "in": "path", "required": True, "schema": _whole(0, 16)}
_RECORDER_ID = {"name": "id", "in": "path", "required": True, "schema": _whole(1, 8)}
_NAME = {"name": "name", "in": "path", "required": True, "schema": TEXT}
_SCOPE = {"name": "scope", "in": "query", "schema": _choice("daily", "monthly", "yearly")}
_PLACE = {"id": _whole(0, 17)}
_BODY = (400, 413, 415)

OPERATIONS = (
    Operation(
        "login",
        "post",
        "/api/auth",
        "Log in. Sets the cookie Authorization=Basic base64(username:password). Body and answer "
        "are ASSUMED.",
        _object(authenticated={"const": True}),
        _optional(_object(username=_text(100), password=_text(100)), "username", "password"),
        _BODY,
    ),
    Operation(
        "logout",
        "post",
        "/api/logout",
        "Log out: the cookie is taken back; ASSUMED.",
        _object(authenticated={"const": False}),
        _optional(_object()),
        _BODY,
        is_manuals=False,
    ),
    Operation(
        "status",
        "get",
        "/api",
        "Status information. All but model_type, serial_number, description, location and sw_ver "
        "is ASSUMED.",
        STATUS,
    ),
    Operation(
        "blink",
        "get",
        "/api/blink",
        "Blink the LED for some 30 seconds; the answer is ASSUMED.",
        _object(blinks_s=WHOLE),
    ),
    Operation(
        "settings",
        "get",
        "/api/settings",
        "Get settings. All names are ASSUMED. A password that is set is shown as ********.",
        _object(settings=_SETTINGS),
    ),
    Operation(
        "set",
        "post",
        "/api/settings",
        "Change settings: any part of them; ******** leaves a password as it is. A list replaces "
        "as many as it has. ASSUMED.",
        _object(settings=_SETTINGS),
        _partly(_SETTINGS),
        (*_BODY, 409),
    ),
    Operation(
        "networks",
        "get",
        "/api/wifi/scan-networks",
        "List of available Wi-Fi networks; ASSUMED.",
        _object(networks=_list(_object(ssid=TEXT, signal_dbm=WHOLE, secured=FLAG))),
    ),
    Operation(
        "devices",
        "get",
        "/api/devices",
        "List of connected devices: all 18 places. Address is ASSUMED.",
        _object(devices=_list(DEVICE)),
    ),
    Operation(
        "describe",
        "post",
        "/api/device",
        "Write a description or a location into a device; id counts all 18 places from 0. ASSUMED.",
        _object(device=DEVICE),
        _optional(_object(**_PLACE, description=_text(40), location=_text(40)), "id"),
        (*_BODY, 404, 409),
        is_manuals=False,
    ),
    *(
        Operation(
            name,
            "get",
            f"/api/{name}{plural}/{{id}}",
            f"{told} id counts all places but right IR from 0: 0 is left IR, n is RS485 n.",
            answer,
            refuses=(404, 409),
            is_manuals=bool(plural),
            parameters=(_ID,),
        )
        for name, told, answer in (
            ("measurement", "What a meter measures now, as texts with units.", MEASUREMENTS),
            ("counter", "What a meter has counted; phase, tariffs, enabled are ASSUMED.", COUNTERS),
        )
        for plural in ("s", "")
    ),
    Operation(
        "bicoms",
        "get",
        "/api/bicoms",
        "List of connected Bicom devices and their states; ASSUMED. id counts all 18 places.",
        _object(bicoms=_list(BICOM)),
    ),
    Operation(
        "bicom",
        "post",
        "/api/bicom",
        "Bicom control; ASSUMED.",
        _object(bicom=BICOM),
        _optional(_object(**_PLACE, val=_choice("on", "off", "toggle")), "id", "val"),
        (*_BODY, 404, 409),
    ),
    Operation(
        "scan",
        "get",
        "/api/rs485/scan-devices",
        "Scan for available RS485 devices: those with the gateway's line settings that are not in "
        "use yet. ASSUMED.",
        _object(devices=_list(FOUND)),
    ),
    Operation(
        "parameters",
        "post",
        "/api/rs485/set-parameters",
        "Give a scanned device another address and other communication parameters; ASSUMED.",
        _object(device=_object(serial=TEXT, address=WHOLE, **_LINE)),
        _optional(
            _object(
                serial=_text(8),
                address=_whole(0, 247),
                baud_rate=WHOLE,
                parity=_choice("none", "odd", "even"),
                stop_bits=_whole(1, 2),
            ),
            "serial",
        ),
        (*_BODY, 409),
    ),
    Operation(
        "add",
        "post",
        "/api/rs485/add-devices",
        "Add scanned devices to the settings: those named, or all. ASSUMED.",
        _object(settings=_SETTINGS),
        _optional(_object(serials={**_list(TEXT), "maxItems": 32})),
        (*_BODY, 409),
        is_manuals=False,
    ),
    Operation(
        "recorders",
        "get",
        "/api/recorders",
        "List of set recorders; ASSUMED.",
        _object(recorders=_list(RECORDER)),
    ),
    Operation(
        "recorder",
        "get",
        "/api/recorder/{id}",
        "Recorder data: what the counter showed at the midnight with which a period begins, and "
        "the difference to the next one. ASSUMED.",
        _object(recorder=HISTORY),
        refuses=(404,),
        parameters=(_RECORDER_ID,),
    ),
    Operation(
        "recorder_csv",
        "get",
        "/api/recorder/{id}/csv",
        "The same as CSV; ASSUMED.",
        None,
        refuses=(400, 404),
        is_manuals=False,
        parameters=(_RECORDER_ID, _SCOPE),
    ),
    Operation(
        "clear_recorder",
        "post",
        "/api/recorder/{id}/clear",
        "Empty a recorder (§4.1.2.5); ASSUMED.",
        _object(recorder=HISTORY),
        _optional(_object()),
        (*_BODY, 404),
        is_manuals=False,
        parameters=(_RECORDER_ID,),
    ),
    *(
        Operation(
            "load_profile",
            "get",
            path,
            "Load profile data, oldest first: Wh in total and of L1 to L3 for the quarter hour "
            "that ends at end, as the meter's clock showed it; from the meter, or from the "
            "gateway's load recorder. ASSUMED.",
            _object(load_profile=PROFILE),
            refuses=(404,),
            parameters=(_ID,),
        )
        for path in ("/api/load_profile/{id}", "/api/load_profile{id}")
    ),
    Operation(
        "clear_load_recorder",
        "post",
        "/api/load_profile/{id}/clear",
        "Empty the gateway's load recorder of a meter (§4.1.2.3); ASSUMED.",
        _object(load_profile=PROFILE),
        _optional(_object()),
        (*_BODY, 404),
        is_manuals=False,
        parameters=(_ID,),
    ),
    Operation(
        "automation",
        "get",
        "/api/automation",
        "The automations as automation.json has them; live is what each block and each input was "
        "when it was evaluated last, and which of the actions were executed last. ASSUMED.",
        AUTOMATION,
        is_manuals=False,
    ),
    Operation(
        "set_automation",
        "post",
        "/api/automation",
        "Have other automations, all of them; the device sheet describes them. ASSUMED.",
        AUTOMATION,
        _optional(_object(automations=_list(_optional(_AUTOMATION))), "automations"),
        (*_BODY, 409),
        is_manuals=False,
    ),
    Operation("files", "get", "/api/files", "The file manager; ASSUMED.", FILES, is_manuals=False),
    Operation(
        "add_file",
        "post",
        "/api/files",
        "Add a file; ASSUMED.",
        FILES,
        _optional(_object(name=_text(64), content=_text(256 * 1024)), "name", "content"),
        (*_BODY, 409),
        is_manuals=False,
    ),
    Operation(
        "file",
        "get",
        "/api/files/{name}",
        "A file's text; ASSUMED.",
        _object(name=TEXT, content=TEXT),
        refuses=(404,),
        is_manuals=False,
        parameters=(_NAME,),
    ),
    Operation(
        "delete_file",
        "delete",
        "/api/files/{name}",
        "Delete a file; ASSUMED.",
        FILES,
        refuses=(404, 409),
        is_manuals=False,
        parameters=(_NAME,),
    ),
    Operation(
        "upgrade",
        "post",
        "/api/upgrade",
        "Start an upgrade; ASSUMED. Its progress is upgrade_status of /api.",
        _object(upgrade_status=TEXT),
        _optional(_object(url=_text(500)), "url"),
        (*_BODY, 409),
        is_manuals=False,
    ),
    Operation(
        "set_time",
        "post",
        "/api/time",
        "Set the gateway's own clock to an instant in UTC; ASSUMED.",
        _object(local_time=TEXT),
        _optional(_object(utc={"type": "string", "format": "date-time"}), "utc"),
        _BODY,
        is_manuals=False,
    ),
)
"""Every operation, in the order of the manual's table, others beside what they belong to."""

REASONS = {
    400: "The request has not the right form",
    403: "Nobody is logged in",
    404: "There is no such thing",
    409: "It cannot be done now, or what is enabled there does not answer",
    413: "The body is too long",
    415: "The body is no JSON",
}


def document() -> Schema:
    """Give the OpenAPI document."""
    paths: dict[str, Schema] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method] = _described(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Smart gateway (simulated)",
            "version": "2.09",
            "description": "The REST API of the manual, §4.2, as the simulator serves it. ASSUMED "
            "marks what no public source shows.",
        },
        "paths": paths,
        "components": {
            "schemas": {"Problem": PROBLEM},
            "securitySchemes": {
                "login": {"type": "apiKey", "in": "cookie", "name": "Authorization"},
            },
        },
    }


def _described(one: Operation) -> Schema:
    content = (
        {"text/csv": {"schema": TEXT}}
        if one.answer is None
        else {"application/json": {"schema": one.answer}}
    )
    problem = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses: Schema = {"200": {"description": "Done", "content": content}}
    for code in sorted({403, *one.refuses}):
        responses[str(code)] = {"description": REASONS[code], "content": problem}
    told: Schema = {
        "operationId": f"{one.method} {one.path}",
        "summary": one.told,
        "tags": ["manual §4.2" if one.is_manuals else "ASSUMED"],
        "responses": responses,
    }
    if one.name != "login":
        told["security"] = [{}, {"login": []}]
    if one.parameters:
        told["parameters"] = list(one.parameters)
    if one.takes is not None:
        body = {"application/json": {"schema": one.takes}}
        told["requestBody"] = {"content": body, "required": bool(one.takes["required"])}
    return told
