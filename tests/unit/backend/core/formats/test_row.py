"""Energies of intervals as texts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext

import pytest

from backend.core.formats.row import KEYS, NO_NUMBERS, Numbers, Row, energy_text, name_by
from backend.core.intervals import Status
from backend.errors import LayoutError

NOON = datetime(2025, 6, 3, 12, tzinfo=UTC)
ROW = Row("CH1", "1-1:1.29.0", NOON, NOON + timedelta(minutes=15), Decimal("0.25"), Status.TRUE)


@pytest.mark.parametrize(
    ("energy", "decimals", "text"),
    [
        ("0.25", 3, "0.250"),
        ("0.25", 2, "0.25"),
        ("0", 0, "0"),
        ("-0", 1, "0.0"),
        ("2E+3", 1, "2000.0"),
        ("0.0000001", 7, "0.0000001"),
        ("999999999999.999999999999", 12, "999999999999.999999999999"),
    ],
)
def test_an_energy(energy: str, decimals: int, text: str) -> None:
    """It has so many decimals, no exponent and no sign."""
    row = replace(ROW, energy_kwh=Decimal(energy))
    assert text == energy_text(row, decimals, "here")


def test_a_foreign_decimal_context_changes_nothing() -> None:
    """An energy is written whole, whatever somebody set for the whole process."""
    with localcontext() as context:
        context.prec = 3
        row = replace(ROW, energy_kwh=Decimal("1234.567"))
        assert "1234.567" == energy_text(row, 3, "here")


def test_what_is_missing() -> None:
    """It has no text."""
    row = replace(ROW, energy_kwh=None, status=Status.MISSING)
    assert energy_text(row, 3, "here") is None


@pytest.mark.parametrize(
    ("energy", "status", "sentence"),
    [
        (None, Status.TRUE, "energy None does not go with status W; give F no energy"),
        ("0.25", Status.MISSING, "energy 0.25 does not go with status F; give F no energy"),
        ("NaN", Status.TRUE, "NaN kWh is no value of a meter; look at the register"),
        ("-0.001", Status.TRUE, "-0.001 kWh is no value of a meter; look at the register"),
        ("1E+12", Status.TRUE, "1E+12 kWh is no value of a meter; look at the register"),
        (
            "0.0001",
            Status.ESTIMATED,
            "0.0001 kWh has more than 3 decimals; "
            "make the intervals with the decimals of the layout",
        ),
    ],
)
def test_what_is_no_energy(energy: str | None, status: Status, sentence: str) -> None:
    """It says where, what and why."""
    row = replace(ROW, energy_kwh=energy and Decimal(energy), status=status)
    with pytest.raises(LayoutError) as caught:
        energy_text(row, 3, "CH1 noon")
    assert f"CH1 noon: {sentence}" == str(caught.value)


class TestNames:
    """What a meter is called by (document 001)."""

    @pytest.mark.parametrize(
        ("key", "name"),
        [
            ("metering_code", "CH1"),
            ("device_location_id", "Keller"),
            ("factory_no", "38157930"),
            ("internal_no", "TG-7"),
        ],
    )
    def test_a_name(self, key: str, name: str) -> None:
        """Each key is one of its numbers."""
        numbers = Numbers("Keller", "38157930", "TG-7")
        assert key in KEYS
        assert name == name_by(key, "CH1", numbers) == replace(ROW, numbers=numbers).called(key)

    @pytest.mark.parametrize("key", ["device_location_id", "factory_no", "internal_no"])
    def test_a_number_that_it_does_not_have(self, key: str) -> None:
        """The error names meter and key."""
        with pytest.raises(LayoutError) as caught:
            ROW.called(key)
        assert f"meter 'CH1': it has no {key}; give it its {key}" == str(caught.value)

    def test_no_name_at_all(self) -> None:
        """It could be anybody's."""
        with pytest.raises(LayoutError, match=r"^meter '': it has no metering_code; give it"):
            name_by("metering_code", "", NO_NUMBERS)


@pytest.mark.parametrize(("obis", "unit"), [("1-1:5.8.0", "kvarh"), ("8-1:1.0.0", "m3")])
def test_the_unit_of_what_is_none(obis: str, unit: str) -> None:
    """It is that of the code."""
    row = replace(ROW, obis=obis, energy_kwh=Decimal("0.0001"))
    with pytest.raises(LayoutError, match=f"0.0001 {unit} has more than 3 decimals"):
        energy_text(row, 3, "here")
    with pytest.raises(LayoutError, match=f"-1 {unit} is no value of a meter"):
        energy_text(replace(row, energy_kwh=Decimal(-1)), 3, "here")
