"""What the vendor keeps to himself, as data."""

from __future__ import annotations

from typing import Any

import pytest
from support.inch_desk import Desk

from simulators.charger_inch import vendor_data
from simulators.charger_inch.vendor_data import ERROR_CODES, VendorError, VendorMessage


def test_the_vendors_errors_are_errors_of_ocpp() -> None:
    """Each has a ChargePointErrorCode, and fits the fields it goes into."""
    for code, error in vendor_data.vendor_errors().items():
        assert error.vendor_error_code == code
        assert error.error_code in ERROR_CODES
        assert 0 < len(error.title) <= vendor_data.TEXT_LIMIT


def test_every_error_of_ocpp_can_be_had() -> None:
    """With the vendor's code where there is one, else without."""
    assert vendor_data.error_named("WeakSignal").vendor_error_code == "INCH-011"
    assert vendor_data.error_named("NoSuchError") == VendorError("NoSuchError")


def test_an_error_may_be_told_otherwise() -> None:
    """Another text or code; None leaves what stands there."""
    error = vendor_data.error_named("WeakSignal")
    assert error.told_as(None, None) == error
    told = error.told_as("in the cellar", "")
    assert (told.title, told.vendor_error_code) == ("in the cellar", "")


@pytest.mark.parametrize(
    ("data", "taken"),
    [
        ({"connectorId": 1, "chargingMode": "Fast"}, True),
        ({"connectorId": 1, "chargingMode": "Fast", "departureTime": "2025-06-03T06:00:00Z"}, True),
        ({"connectorId": 1, "chargingMode": "Slow"}, False),
        ({"connectorId": True, "chargingMode": "Fast"}, False),
        ({"connectorId": 1}, False),
        ({"connectorId": 1, "chargingMode": "Fast", "cellar": 1}, False),
        ({"connectorId": 1, "chargingMode": "Fast", "departureTime": "soon"}, False),
        ({"connectorId": 1, "chargingMode": 1}, False),
        ([1], False),
        (None, False),
    ],
)
def test_a_message_takes_its_fields(data: Any, taken: bool) -> None:
    """All that it must have, each of its type, and no other."""
    assert vendor_data.messages_from_backend()["SetChargingMode"].takes(data) is taken


def test_numbers_may_be_whole_or_not() -> None:
    """But a flag is no number."""
    message = VendorMessage("M", {"rate": "number"})
    assert message.takes({"rate": 1})
    assert message.takes({"rate": 1.5})
    assert not message.takes({"rate": True})


@pytest.mark.parametrize(
    ("vendor", "message_id", "data", "status"),
    [
        ("Etrel", "SetChargingMode", '{"connectorId":1,"chargingMode":"Smart"}', "Accepted"),
        ("etrel", "SetChargingMode", '{"connectorId":1,"chargingMode":"Smart"}', "Accepted"),
        ("Etrel", "SetChargingMode", '{"connectorId":1}', "Rejected"),
        ("Etrel", "SetChargingMode", "{", "Rejected"),
        ("Etrel", "SetChargingMode", "[" * 100_000, "Rejected"),
        ("Etrel", "CreditCardTransactionBillingData", None, "Accepted"),
        ("Etrel", "MakeCoffee", None, "UnknownMessageId"),
        ("Etrel", None, None, "UnknownMessageId"),
        ("Somebody", "SetChargingMode", None, "UnknownVendorId"),
    ],
)
def test_a_backend_is_answered(
    vendor: str, message_id: str | None, data: str | None, status: str
) -> None:
    """As OCPP 1.6 §5.6 has it."""
    payload = {"vendorId": vendor}
    if message_id is not None:
        payload["messageId"] = message_id
    if data is not None:
        payload["data"] = data
    assert Desk().boot().ask("DataTransfer", **payload) == {"status": status}


def test_the_charger_may_say_anything() -> None:
    """What is left out is not in the message."""
    desk = Desk().boot()
    desk.device.transfer_data("Etrel", "ClusterConsumption", "{}", desk.now)
    desk.device.transfer_data("Etrel", None, None, desk.now)
    desk.answer()
    assert desk.payloads("DataTransfer") == [
        {"vendorId": "Etrel", "messageId": "ClusterConsumption", "data": "{}"},
        {"vendorId": "Etrel"},
    ]
