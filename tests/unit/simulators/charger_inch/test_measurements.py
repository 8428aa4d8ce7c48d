"""What is reported of the meter, in which unit and with how many digits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.charger_inch.electric import FJ_PER_WH, Allowance, Car, Limit, Outlet, Supply
from simulators.charger_inch.measurements import (
    KNOWN_MEASURANDS,
    MEASURANDS,
    decimal_text,
    kwh_text,
    meter_value,
    rounded,
    stamp,
    whole_wh,
)

NOON = datetime(2025, 6, 3, 12, tzinfo=UTC)


def test_the_measurands_have_the_units_of_the_questionnaire() -> None:
    """Energy in kWh with six decimals, power in kW, and no unit with the frequency."""
    outlet = Outlet(Supply((233_240, 230_000, 229_990), 49_960, 990), Limit(), 733 * FJ_PER_WH)
    outlet.plug(Car(phases=2, max_current_a=16))
    outlet.switch_on(NOON)
    value = meter_value(outlet, NOON + timedelta(hours=1), MEASURANDS, "Sample.Clock")
    assert value["timestamp"] == "2025-06-03T13:00:00.000Z"
    told = [
        (one["measurand"], one.get("phase"), one["value"], one.get("unit"))
        for one in value["sampledValue"]
    ]
    assert told == [
        ("Energy.Active.Import.Register", None, "8.070722", "kWh"),
        ("Current.Import", "L1", "16.000", "A"),
        ("Current.Import", "L2", "16.000", "A"),
        ("Current.Import", "L3", "0.000", "A"),
        ("Power.Active.Import", None, "7.338", "kW"),
        ("Voltage", "L1", "233.24", "V"),
        ("Voltage", "L2", "230.00", "V"),
        ("Voltage", "L3", "229.99", "V"),
        ("Frequency", None, "49.96", None),
        ("Power.Factor", None, "0.990", None),
    ]
    assert {one["context"] for one in value["sampledValue"]} == {"Sample.Clock"}


def test_two_more_measurands_can_be_asked_for() -> None:
    """Current.Offered is one current for all phases, Temperature that of the body."""
    outlet = Outlet(Supply(body_decicelsius=-5), Limit())
    outlet.plug(Car(max_current_a=16))
    outlet.switch_on(NOON)
    outlet.limit_to(NOON, Allowance(current_ma=20_100))
    value = meter_value(outlet, NOON, ("Current.Offered", "Temperature"), "Sample.Periodic")
    periodic = {"context": "Sample.Periodic"}
    assert [
        {"value": "20.100", **periodic, "measurand": "Current.Offered", "unit": "A"},
        {
            "value": "-0.5",
            **periodic,
            "measurand": "Temperature",
            "location": "Body",
            "unit": "Celsius",
        },
    ] == value["sampledValue"]


def test_they_are_not_sent_unless_asked_for() -> None:
    """The list of the questionnaire stays what it is."""
    assert 6 == len(MEASURANDS)
    assert (*MEASURANDS, "Current.Offered", "Temperature") == KNOWN_MEASURANDS


@given(st.integers(0, 10**16))
def test_a_register_on_the_wire_is_off_by_less_than_a_milliwatt_hour(milliwatt_hours: int) -> None:
    """Whole mWh go on the wire as they are."""
    assert Decimal(kwh_text(milliwatt_hours * FJ_PER_WH // 1_000)) * 10**6 == milliwatt_hours


@pytest.mark.parametrize(
    ("value", "divisor", "expected"), [(4, 10, 0), (5, 10, 1), (14, 10, 1), (15, 10, 2)]
)
def test_rounding_goes_to_the_nearest(value: int, divisor: int, expected: int) -> None:
    """Halves go up."""
    assert rounded(value, divisor) == expected


def test_whole_watt_hours_are_rounded_to_nearest() -> None:
    """MeterStart and meterStop are the nearest Wh."""
    assert whole_wh(FJ_PER_WH * 3 // 2) == 2
    assert whole_wh(FJ_PER_WH * 3 // 2 - 1) == 1


def test_decimals_keep_their_zeros() -> None:
    """No digit is lost behind or before the point."""
    assert decimal_text(50, 6) == "0.000050"
    assert decimal_text(1_000_000, 6) == "1.000000"
    assert decimal_text(-25, 1) == "-2.5"


def test_instants_are_utc_with_milliseconds() -> None:
    """The form is that of the field."""
    assert stamp(NOON + timedelta(microseconds=489_999)) == "2025-06-03T12:00:00.489Z"
