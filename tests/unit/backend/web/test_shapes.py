"""What the API gives, as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import jsonschema_rs

from backend.adapters.gateways import GatewayView
from backend.adapters.ledger import DeliveryView
from backend.adapters.meter_differences import DifferenceView
from backend.adapters.meters import MeterView
from backend.core.device_profile import load_profile
from backend.core.exports import Activation
from backend.settings import GatewayPlace, MeterSettings
from backend.web import shapes
from backend.web.openapi import document

AT = datetime(2025, 6, 3, 6, 0, tzinfo=UTC)


def fits(name: str, value: Any) -> bool:
    """Tell whether a value is of a shape."""
    components = {"components": document()["components"]}
    schema = {**components, "$ref": f"#/components/schemas/{name}"}
    return jsonschema_rs.Draft202012Validator(schema).is_valid(value)


def test_a_delivery() -> None:
    """One that waits for its next try, and one that has arrived."""
    waits = DeliveryView("T", "f.csv", 1, "waiting", 2, "login", "no", AT, None, "ab", 7)
    there = DeliveryView("T", "f.csv", 1, "delivered", 2, None, None, None, AT, "ab", 7)

    for one in (waits, there):
        assert fits("Delivery", shapes.delivery(one))
    assert "2025-06-03T06:00:00.000Z" == shapes.delivery(waits)["next_try_at"]


def test_a_meter_and_a_difference() -> None:
    """One that has said nothing yet, one that has, and a day that is settled by now."""
    silent = MeterSettings("A", "Keller", None)
    activation = Activation("Dach", f"CH{31 * '0'}", "1-1:1.9.0")
    told = MeterSettings("A", "Dach", activation)
    day = DifferenceView(
        *("2025-06-03", "Keller", "meter", Decimal(1), Decimal("2.50"), 3, 93),
        *(Decimal(3), Decimal("0.5"), AT, AT),
    )

    assert fits("Meter", shapes.meter(silent, MeterView(None, None, None), None))
    assert fits("Meter", shapes.meter(told, MeterView(AT, Decimal("1E+3"), AT), None))
    assert "1000" == shapes.meter(told, MeterView(AT, Decimal("1E+3"), AT), None)["last_wh"]
    assert fits("Difference", shapes.difference(day))
    assert "2.50" == shapes.difference(day)["meter_kwh"]


def test_a_meter_at_a_gateway() -> None:
    """It tells at which gateway it is read, and what is wrong with that."""
    read = MeterSettings("A", "Haus", None, place=GatewayPlace("Keller", "W4124940", 33))
    view = GatewayView(AT, "nobody answers", "no load profile")

    found = shapes.meter(read, MeterView(None, None, None), view)

    assert fits("Meter", found)
    assert ("Keller", "nobody answers", "no load profile") == (
        found["gateway"],
        found["problem"],
        found["gap_problem"],
    )


def test_a_profile() -> None:
    """Bundled models have the shape that is documented."""
    assert fits("Profile", shapes.profile(load_profile("etrel_inch")))
    assert fits("Profile", shapes.profile(load_profile("generic")))


def test_a_shape_has_all_and_nothing_else() -> None:
    """What is missing or too much does not fit."""
    upkeep = shapes.UPKEEP

    assert jsonschema_rs.is_valid(upkeep, {"status": "Idle", "since": "2025-06-03T06:00:00Z"})
    assert not jsonschema_rs.is_valid(upkeep, {"status": "Idle"})
    assert not jsonschema_rs.is_valid(upkeep, {"status": "Idle", "since": "", "more": 1})
