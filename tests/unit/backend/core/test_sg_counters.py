"""What a smart gateway tells of counters, to meter values."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from backend.core.sg_counters import EXPORT, IMPORT, counters_of, index_of, meter_value
from backend.errors import GatewayAnswerError

AT = datetime(2026, 1, 10, 12, tzinfo=UTC)
HERE = "gateway 'Keller', meter 'Haus' (W4124940)"


def row(value: object, unit: object = "Wh", direction: object = "import") -> dict[str, Any]:
    """Give a counter as the gateway tells it."""
    return {"name": "Counter 1", "value": value, "unit": unit, "direction": direction}


def body(*fixed: object, resettable: object = ()) -> dict[str, Any]:
    """Give the body of an answer about counters."""
    return {"counters": {"non_resettable": list(fixed), "resettable": resettable}}


def registers(told: object) -> dict[str, Decimal | None]:
    """Read a body, and give the registers in it."""
    value = meter_value(counters_of(told, HERE), AT, HERE)
    assert value.instant == AT
    return dict(zip((kind.measurand for kind in value.kinds), value.values, strict=True))


def test_import_and_export_are_read() -> None:
    """Active energy is read in both directions."""
    told = body(row(20249500), row(12, direction="export"), row(700, "varh"))
    assert registers(told) == {IMPORT: Decimal(20249500), EXPORT: Decimal(12)}


@pytest.mark.parametrize(
    ("value", "unit", "wh"),
    [
        (5, "Wh", "5"),
        (Decimal("20.2495"), "MWh", "20249500"),
        ("1.5", "kWh", "1500"),
        (Decimal("0.001"), "GWh", "1000000"),
    ],
)
def test_units_may_have_a_prefix(value: object, unit: str, wh: str) -> None:
    """A value in kWh, MWh or GWh, a number or a text, is kept exactly in Wh."""
    assert registers(body(row(value, unit))) == {IMPORT: Decimal(wh)}


def test_the_counter_that_nobody_sets_back_counts() -> None:
    """A resettable counter is read only where there is no other of its direction."""
    told = body(row(100), resettable=[row(5), row(7, direction="export")])
    assert registers(told) == {IMPORT: Decimal(100), EXPORT: Decimal(7)}


def test_a_counter_of_all_tariffs_is_a_register() -> None:
    """A counter that counts at any tariff is read."""
    assert registers(body({**row(5), "tariffs": [1, 2, 3, 4, 5, 6]})) == {IMPORT: Decimal(5)}


def test_counters_of_a_tariff_are_not_read() -> None:
    """A counter of one tariff is no register, and a body of such alone has none."""
    told = body(resettable=[{**row(5), "tariffs": [1]}])
    with pytest.raises(GatewayAnswerError, match="none of the counters counts active energy"):
        registers(told)


@pytest.mark.parametrize(
    "disabled",
    [row("Disabled"), row(0, unit=""), {**row(5), "enabled": False}, {**row(5), "phase": "L1"}],
)
def test_disabled_counters_are_passed_over(disabled: object) -> None:
    """A counter that is off, or of one phase, says nothing of the register."""
    assert registers(body(disabled, row(3))) == {IMPORT: Decimal(3)}


def test_the_value_is_kept_verbatim() -> None:
    """What the gateway wrote stays beside the number."""
    value = meter_value(counters_of(body(row("1.50", "kWh")), HERE), AT, HERE)
    assert value.raw_values == ("1.50",)


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ([], "no object 'counters'"),
        ({"counters": 5}, "no object 'counters'"),
        (body(resettable=5), "'counters.resettable' is no list"),
        (body(resettable=[row(1)] * 65), "'counters.resettable' is no list"),
        (body(5), r"'counters.non_resettable\[0\]' is no object"),
        (body(row(1, "kW")), "has the unit 'kW'"),
        (body(row(1, "xWh")), "has the unit 'xWh'"),
        (body(row(1, 5)), "has the unit 5"),
        (body(row(1, direction="both")), "the direction 'both'"),
        (body(row(-1)), "has the value -1"),
        (body(row("NaN")), "has the value 'NaN'"),
        (body(row(None), resettable=[row(3)]), "has the value None"),
        (body({"unit": "Wh", "direction": "import"}), "has the value None"),
        (body(row(Decimal("1E+999999999"), "kWh")), r"has the value Decimal\('1E\+999999999'\)"),
        (body(row(Decimal("1E-999999999"))), "has the value Decimal"),
        (body(row(Decimal("1." + "3" * 60))), "has the value Decimal"),
        (body(row("9" * 60)), "has the value '9{39};"),
        (body(row("much")), "has the value 'much'"),
        (body(row(value=True)), "has the value True"),
        (body(row([])), "has the value"),
        (body(row(10**15)), "has the value 1000000000000000"),
        (body(row(1, "varh")), "none of the counters counts active energy"),
    ],
)
def test_what_cannot_be_used_is_told(told: object, what: str) -> None:
    """A body that cannot be used is refused whole, with the place in it."""
    with pytest.raises(GatewayAnswerError, match=what) as raised:
        registers(told)
    assert raised.value.where == HERE


DEVICES = {
    "devices": [
        {"interface": "Left IR", "serial": "W1"},
        {"interface": "Right IR", "serial": "B1"},
        {"interface": "RS485 1", "serial": ""},
        {"interface": "RS485 2", "serial": "I2"},
        "nothing",
    ]
}


@pytest.mark.parametrize(("serial", "index"), [("W1", 0), ("I2", 2)])
def test_meters_are_counted_without_right_ir(serial: str, index: int) -> None:
    """The id of a meter is its place in the list, the right IR port left out."""
    assert index == index_of(DEVICES, serial, HERE)


def test_only_who_is_there_is_counted() -> None:
    """A serial number is found though it is padded, and not where its meter has been before."""
    before = {"interface": "RS485 1", "model": "Not Detected", "serial": "I2"}
    now = {"interface": "RS485 2", "model": "IE38MD", "serial": "I2 "}
    assert 1 == index_of({"devices": [before, now]}, "I2", HERE)
    with pytest.raises(GatewayAnswerError, match="lists 2 meters with the serial number 'I2'"):
        index_of({"devices": [now, now]}, "I2", HERE)


@pytest.mark.parametrize(
    ("devices", "what"),
    [
        (DEVICES, "no meter with the serial number 'X'; it lists W1, I2"),
        ({"devices": []}, "it lists none"),
        ({}, "no list 'devices'"),
        (5, "no list 'devices'"),
    ],
)
def test_a_meter_that_is_not_listed_is_told(devices: object, what: str) -> None:
    """Who is not listed is not read, and it is told who is."""
    with pytest.raises(GatewayAnswerError, match=what):
        index_of(devices, "X", HERE)
