"""The registers that a meter can have, by any of their codes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backend.core.meter_registers import (
    REACTIVE,
    REGISTERS,
    MeterRegister,
    measurand_of,
    register_of,
    with_quantity,
)
from backend.core.obis import Obis
from backend.core.obis_tables import CSV, FEED, IS_E, MSCONS
from backend.core.quantities import ENERGY

EXPORT = "Energy.Active.Export.Register"


def found(text: str) -> str | None:
    """Give the code of the register that a code stands for."""
    register = register_of(Obis.parse(text))
    return None if register is None else register.code


def test_all_of_them() -> None:
    """They are those of document 002's table for IS-E, each kept under a name of its own."""
    assert list(IS_E) == [one.code for one in REGISTERS]
    assert [one.unit for one in IS_E.values()] == [one.unit for one in REGISTERS]
    assert 14 == len({one.measurand for one in REGISTERS})
    assert [ENERGY, EXPORT] == [one.measurand for one in REGISTERS if "-" not in one.measurand]


@pytest.mark.parametrize(
    ("code", "kept_unit", "factors"),
    [
        ("1-1:1.8.0", "Wh", {"Wh": 1, "kWh": 1000}),
        ("1-1:8.8.0", "varh", {"varh": 1, "kvarh": 1000}),
        ("6-1:1.0.0", "Wh", {"Wh": 1, "kWh": 1000}),
        ("9-1:1.0.0", "l", {"l": 1, "m3": 1000}),
    ],
)
def test_units(code: str, kept_unit: str, factors: dict[str, int]) -> None:
    """What is kept is a thousandth of what files have."""
    register = register_of(Obis.parse(code))
    assert isinstance(register, MeterRegister)
    assert kept_unit == register.kept_unit
    assert {unit: Decimal(factor) for unit, factor in factors.items()} == dict(register.factors)
    assert 1000 == register.factors[register.unit]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1-1:1.8.0", "1-1:1.8.0"),
        ("1-0:1.8.0*255", "1-1:1.8.0"),
        ("01-001:01.08.00", "1-1:1.8.0"),
        ("1.8.0", "1-1:1.8.0"),
        ("1.8", "1-1:1.8.0"),
        ("1-1:1.29.0*255", "1-1:1.8.0"),
        ("1-1:1.9.0", "1-1:1.8.0"),
        ("1-1:1.9.2", "1-1:1.8.2"),
        ("1-5:2.29.1", "1-1:2.8.1"),
        ("1-1:8.29.0", "1-1:8.8.0"),
        ("5-1:1.29.0*255", "5-1:1.0.0"),
        ("6-0:1.0.0*255", "6-1:1.0.0"),
        ("8-1:1.0.0", "8-1:1.0.0"),
        ("9-0:1.29.0", "9-1:1.0.0"),
        # None of a meter: another quantity, kind, tariff, medium or period.
        ("1-1:3.8.0", None),
        ("1-1:1.6.0", None),
        ("1-1:1.0.0", None),
        ("1-1:1.8.3", None),
        ("1-1:5.8.1", None),
        ("7-1:1.0.0", None),
        ("5-1:2.0.0", None),
        ("8-1:5.29.0", None),
        ("8-1:1.8.0", None),
        ("8-1:1.9.0", None),
        ("8-1:1.0.1", None),
        ("1-1:1.8.0*1", None),
        ("1-1:1.8.0*0", None),
    ],
)
def test_every_spelling(text: str, code: str | None) -> None:
    """The same register has several codes; what is of none of them is none."""
    assert code == found(text)
    named = {one.code: one.measurand for one in REGISTERS}
    assert (None if code is None else named[code]) == measurand_of(text)


def test_the_codes_of_all_formats() -> None:
    """Each is of a register that a meter can have."""
    codes = [one.code for table in (IS_E, MSCONS, CSV, FEED) for one in table.values()]
    assert 48 == len(codes)
    assert None not in [found(code) for code in codes]


@pytest.mark.parametrize(
    ("text", "quantity", "code"),
    [
        ("1-1:1.29.0*255", 5, "1-1:5.29.0*255"),
        ("1-1:01.9.0", 8, "1-1:8.9.0"),
        ("1.29.0", 6, "6.29.0"),
        ("1.29", 7, "7.29"),
        ("1-5:1.9.2", 5, "1-5:5.9.2"),
    ],
)
def test_another_quantity(text: str, quantity: int, code: str) -> None:
    """All else is as it was written."""
    assert code == with_quantity(text, quantity)
    assert quantity == Obis.parse(code).quantity


def test_reactive_energy() -> None:
    """It is that of the four quadrants."""
    assert ["1-1:5.8.0", "1-1:6.8.0", "1-1:7.8.0", "1-1:8.8.0"] == [
        found(with_quantity("1-1:1.29.0*255", quantity)) for quantity in REACTIVE
    ]
