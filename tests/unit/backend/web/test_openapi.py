"""The OpenAPI document is made from the table, and says all of it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import pytest
from aiohttp import web

from backend.adapters.ocpp_schemas import COMMANDS, schema_for_callers
from backend.core.meter_readings import READINGS_MOST, read_meter_readings
from backend.errors import ReadingError
from backend.web.api import STATUSES, Api
from backend.web.openapi import document
from backend.web.shapes import SHAPES
from backend.web.table import COMMAND, MEANINGS, OPERATIONS


class TestDocument:
    """What stands in it."""

    def test_every_operation_and_every_command(self) -> None:
        """Each path once; each command with the schema of its payload."""
        paths = document()["paths"]

        assert {one.path for one in OPERATIONS} | {
            COMMAND.path.replace("{action}", action) for action in COMMANDS
        } == set(paths)
        for action in COMMANDS:
            post = paths[COMMAND.path.replace("{action}", action)]["post"]
            content = post["requestBody"]["content"]["application/json"]
            assert schema_for_callers(action) == content["schema"]

    def test_the_body_of_readings(self) -> None:
        """A list of the shape that the table names, with its limit; what is only read has none."""
        paths = document()["paths"]
        body = paths["/api/meters/{name}/readings"]["post"]["requestBody"]
        schema = body["content"]["application/json"]["schema"]

        assert body["required"]
        assert {"$ref": "#/components/schemas/MeterReading"} == schema["items"]
        assert (1, READINGS_MOST) == (schema["minItems"], schema["maxItems"])
        assert "requestBody" not in paths["/api/meters"]["get"]

    @pytest.mark.parametrize(
        ("change", "is_good"),
        [({}, True), ({"register": 5}, False), ({"unit": "W"}, False), ({"instant": "now"}, False)],
    )
    def test_what_is_documented_is_what_is_taken(self, change: Any, is_good: bool) -> None:
        """The schema and the reader agree."""
        item = {"instant": "2025-06-03T12:00:00Z", "register": "5", "unit": "Wh", **change}
        schema = document()["components"]["schemas"]["MeterReading"]

        assert is_good == jsonschema_rs.is_valid(schema, item)
        if is_good:
            assert read_meter_readings("Keller", [item], datetime(2026, 1, 1, tzinfo=UTC))
        else:
            with pytest.raises(ReadingError):
                read_meter_readings("Keller", [item], datetime(2026, 1, 1, tzinfo=UTC))

    def test_names_are_there_once(self) -> None:
        """Programs are generated from them."""
        names = re.findall(r'"operationId": "(\w+)"', json.dumps(document(), default=float))

        assert len(OPERATIONS) + len(COMMANDS) == len(names) == len(set(names))

    def test_all_shapes_that_are_named_exist(self) -> None:
        """And each is used."""
        text = json.dumps(document(), default=float)

        assert set(SHAPES) == set(re.findall(r"#/components/schemas/(\w+)", text))

    def test_every_error_of_the_backend_has_a_status_that_is_documented(self) -> None:
        """Commands can end in each of them."""
        assert set(STATUSES.values()) <= set(COMMAND.statuses)
        assert set(COMMAND.statuses) <= set(MEANINGS)

    def test_it_is_the_same_every_time(self) -> None:
        """And nobody can change it for others."""
        first = document()
        first["components"]["schemas"]["Problem"]["type"] = "spoilt"

        assert "object" == document()["components"]["schemas"]["Problem"]["type"]


def test_every_operation_has_a_handler() -> None:
    """The router knows the table, and a test of a route would fail without one."""
    router = web.Application().router
    Api(None).add_to(router)  # type: ignore[arg-type]

    routes = {(route.method, str(route.resource.canonical)) for route in router.routes()}  # type: ignore[union-attr]
    assert {(one.method, one.path) for one in (*OPERATIONS, COMMAND)} <= routes
