"""The OpenAPI document of the API, made from its table; the same table gives the same text."""

from __future__ import annotations

import copy
from typing import Any

from backend.adapters.ocpp_schemas import COMMANDS, Command, schema_for_callers
from backend.core.meter_readings import READINGS_MOST
from backend.web.shapes import SHAPES, listed, ref
from backend.web.table import (
    COMMAND,
    LIMIT_DEFAULT,
    LIMIT_MOST,
    MEANINGS,
    OPERATIONS,
    TEXT_MOST,
    Operation,
)

Json = dict[str, Any]

_NAME = {"type": "string", "minLength": 1}
_IN_PATHS: dict[str, Json] = {
    "account": _NAME,
    "identity": _NAME,
    "name": _NAME,
    "day": {"type": "string", "format": "date"},
    "instant": {"type": "string", "format": "date-time"},
}
"""What stands in paths, and its form."""

PROBLEM_TYPE = "application/problem+json"


def document() -> Json:
    """Give the OpenAPI 3.1 document."""
    paths: dict[str, Json] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    for command in COMMANDS.values():
        path = COMMAND.path.replace("{action}", command.action)
        paths[path] = {"post": _command(command)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "isebench backend",
            "version": "1",
            "description": "Chargers, what they said, and commands to them. Instants are ISO 8601.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": copy.deepcopy(dict(SHAPES)),
        },
    }


def _operation(operation: Operation) -> Json:
    gives = ref(operation.gives)
    items = {**listed(ref(operation.takes)), "minItems": 1, "maxItems": READINGS_MOST}
    body = {"required": True, "content": {"application/json": {"schema": items}}}
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": _parameters(operation),
        **({"requestBody": body} if operation.takes else {}),
        "responses": _responses(operation, listed(gives) if operation.many else gives),
    }


def _command(command: Command) -> Json:
    schema = schema_for_callers(command.action)
    return {
        "operationId": f"command{command.action}",
        "summary": f"{command.title} (OCPP 1.6 §{command.section})",
        "parameters": _parameters(COMMAND),
        "requestBody": {
            "required": bool(schema.get("required")),
            "content": {"application/json": {"schema": schema}},
        },
        "responses": _responses(COMMAND, ref(COMMAND.gives)),
    }


def _parameters(operation: Operation) -> list[Json]:
    found: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": dict(schema)}
        for name, schema in _IN_PATHS.items()
        if f"{{{name}}}" in operation.path
    ]
    if operation.limited:
        schema = {"type": "integer", "minimum": 1, "maximum": LIMIT_MOST, "default": LIMIT_DEFAULT}
        found.append({"name": "limit", "in": "query", "schema": schema})
    if operation.searched:
        text = {"type": "string", "maxLength": TEXT_MOST}
        found.append({"name": "text", "in": "query", "schema": text})
        found.append({"name": "day", "in": "query", "schema": dict(_IN_PATHS["day"])})
    return found


def _responses(operation: Operation, schema: Json) -> Json:
    responses: Json = {}
    for status in operation.statuses:
        content = (
            {"application/json": {"schema": schema}}
            if status == 200
            else {PROBLEM_TYPE: {"schema": ref("Problem")}}
        )
        responses[str(status)] = {"description": MEANINGS[status], "content": content}
    return responses
