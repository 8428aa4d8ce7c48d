"""Reading and rewriting payloads that another fault may have spoilt already."""

from __future__ import annotations

import pytest

from simulators.charger_inch.field_faults.payloads import (
    Json,
    instant_in,
    meter_values,
    mwh_of,
    register_of,
    with_mwh,
    with_registers,
    with_stamps,
)
from simulators.charger_inch.quirks import Request


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ({"value": "733.255884", "unit": "kWh"}, 733_255_884),
        ({"value": "12345"}, 12_345_000),
        ({"value": "12044.1", "unit": "Wh"}, 12_044_100),
        ({"value": "-1.5", "unit": "kWh"}, -1_500_000),
        ({"value": "1,5", "unit": "kWh"}, None),
        ({"value": "NaN", "unit": "kWh"}, None),
        ({"value": "1", "unit": "kvarh"}, None),
        ({"value": "1", "phase": "L1"}, None),
        ({"value": "OCMF|{}|{}", "format": "SignedData"}, None),
        ({"value": "230", "measurand": "Voltage"}, None),
        ({}, None),
    ],
)
def test_a_register_is_read_where_there_is_one(sample: Json, expected: int | None) -> None:
    """Plain registers in Wh and kWh; everything else is none."""
    assert expected == mwh_of(sample)


def test_a_register_keeps_its_unit() -> None:
    """What is written has the digits that its unit leaves to a mWh."""
    assert {"value": "0.001000", "unit": "kWh"} == with_mwh({"value": "1", "unit": "kWh"}, 1_000)
    assert {"value": "-1.500"} == with_mwh({"value": "1"}, -1_500)


def test_a_payload_is_never_changed_in_place() -> None:
    """The request that was there before is as it was."""
    entry = {"timestamp": "2025-06-03T06:00:00Z", "sampledValue": [{"value": "1"}]}
    before = meter_values(entry, transaction=7)

    after = with_stamps(with_registers(before, lambda mwh: 2 * mwh), lambda instant: "now")

    assert {"timestamp": "2025-06-03T06:00:00Z", "sampledValue": [{"value": "1"}]} == entry
    assert {
        "connectorId": 1,
        "transactionId": 7,
        "meterValue": [{"timestamp": "now", "sampledValue": [{"value": "2.000"}]}],
    } == after.payload


def test_an_object_for_the_list_is_read_as_well() -> None:
    """A meterValue without its brackets stays without them."""
    entry = {"timestamp": "2025-06-03T06:00:00Z", "sampledValue": [{"value": "1"}]}
    bare = Request("MeterValues", {"meterValue": entry})

    after = with_stamps(with_registers(bare, lambda mwh: 0), lambda instant: "now")

    assert 1_000 == register_of(bare)
    assert {"timestamp": "now", "sampledValue": [{"value": "0.000"}]} == after.payload["meterValue"]


@pytest.mark.parametrize("text", [None, 5, "soon", "2025-06-03T06:00:00"])
def test_what_is_no_aware_instant_is_none(text: object) -> None:
    """Neither is a local time without a zone."""
    assert instant_in(text) is None
