"""Numbers and units: what stands in a message, exactly, in one base unit each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Context, Decimal, localcontext

import pytest

from backend.core.device_profile import GENERIC, DeviceProfile
from backend.core.leniency import Message
from backend.core.quantities import (
    ENERGY,
    in_base_unit,
    is_plain_number,
    read_number,
    read_value,
    times,
)

COMMA = DeviceProfile("comma", decimal_comma=True)
KILO = DeviceProfile("kilo", default_energy_unit="kWh")
LIAR = DeviceProfile("liar", energy_unit_always="kWh")
POWER, REACTIVE = "Power.Active.Import", "Energy.Reactive.Import.Register"
EXACT_AT_THE_LIMIT = "999999999999999.123456789012"


@pytest.fixture(autouse=True)
def coarse() -> Iterator[None]:
    """Have the thread calculate with three figures, which must not matter."""
    with localcontext(Context(prec=3)):
        yield


def a_message(profile: DeviceProfile = GENERIC) -> Message:
    """Make a message in which nothing is noted yet."""
    return Message(profile, datetime(2025, 6, 3, 12, 15, tzinfo=UTC))


def noted(message: Message) -> list[tuple[str, str, str]]:
    """Give rule, place and what stood there, of each deviation."""
    return [(one.rule, one.where, one.said) for one in message.leniencies]


class TestNumbers:
    """A text is read as a number, or named."""

    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("1.50", "1.50"),
            ("+5.", "5"),
            ("-.5", "-0.5"),
            ("1E3", "1000"),
            ("15e-1", "1.5"),
            ("0.000", "0"),
            ("-0", "0"),
            ("0e9999", "0"),
            ("0e-9999", "0"),
            ("0" * 63 + "7", "7"),
            (EXACT_AT_THE_LIMIT, EXACT_AT_THE_LIMIT),
            ("9.99e14", "999000000000000"),
        ],
    )
    def test_a_number(self, text: str, number: str) -> None:
        """To the digit, without exponent; nothing is 0 without decimals."""
        message = a_message()

        assert number == str(read_number(message, text, "a"))
        assert [] == noted(message)

    @pytest.mark.parametrize(
        ("text", "number", "rule"),
        [
            (" 9.6", "9.6", "value-has-blanks"),
            ("1.0000000000005", "1.000000000000", "value-too-fine"),
            ("1.0000000000006", "1.000000000001", "value-too-fine"),
            ("999999999999999.9999999999999", "1000000000000000.000000000000", "value-too-fine"),
            ("1e-13", "0", "value-too-fine"),
            ("9" * 65, "None", "value-is-no-number"),
            ("1,5", "None", "value-is-no-number"),
            ("", "None", "value-is-no-number"),
            ("1e15", "None", "value-too-large"),
            ("-1000000000000000", "None", "value-too-large"),
        ],
    )
    def test_what_is_odd(self, text: str, number: str, rule: str) -> None:
        """It is read, or not at all; the deviation has its place and its text."""
        message = a_message()

        assert number == str(read_number(message, text, "a"))
        assert [(rule, "a", text)] == noted(message)

    @pytest.mark.parametrize(
        ("text", "number", "rules"),
        [
            ("-1,5", "-1.5", ["value-decimal-comma"]),
            (" 1,5", "1.5", ["value-has-blanks", "value-decimal-comma"]),
            ("1.5", "1.5", []),
            ("1,5,0", "None", ["value-is-no-number"]),
            (",5", "None", ["value-is-no-number"]),
        ],
    )
    def test_a_decimal_comma(self, text: str, number: str, rules: list[str]) -> None:
        """It is read where the profile says so, between figures and once."""
        message = a_message(COMMA)

        assert number == str(read_number(message, text, "a"))
        assert [(rule, "a", text) for rule in rules] == noted(message)

    @pytest.mark.parametrize(
        ("text", "is_plain"),
        [
            ("-733.255884", True),
            (EXACT_AT_THE_LIMIT, True),
            ("1.", False),
            ("+1", False),
            ("1e3", False),
            ("9" * 16, False),
            ("0." + "1" * 13, False),
        ],
    )
    def test_what_is_plain(self, text: str, is_plain: bool) -> None:
        """It is read as it stands."""
        assert is_plain == bool(is_plain_number(text))

    def test_a_product(self) -> None:
        """It is exact; nothing is 0 without decimals."""
        assert "733255.884000" == str(times(Decimal("733.255884"), Decimal(1000)))
        assert "0" == str(times(Decimal("0.000"), Decimal(1000)))


class TestValues:
    """OCPP wants a value to be a text."""

    @pytest.mark.parametrize(
        ("said", "number", "notes"),
        [
            ("1.50", "1.50", []),
            (" 1.50", "1.50", [("value-has-blanks", "a", " 1.50")]),
            (3000, "3000", [("value-is-a-number", "a", "3000")]),
            (0.1, "0.1", [("value-is-a-number", "a", "0.1")]),
            (Decimal("0.10"), "0.10", [("value-is-a-number", "a", "0.10")]),
            (None, "None", [("value-missing", "a", "null")]),
            (True, "None", [("value-is-no-number", "a", "true")]),
            ([1], "None", [("value-is-no-number", "a", "a list of 1")]),
            (
                float("nan"),
                "None",
                [("value-is-a-number", "a", "nan"), ("value-is-no-number", "a", "nan")],
            ),
        ],
    )
    def test_a_value(self, said: object, number: str, notes: list[tuple[str, str, str]]) -> None:
        """A number is read as if it were in quotes; what is none is named."""
        message = a_message()

        assert number == str(read_value(message, said, "a"))
        assert notes == noted(message)


class TestUnits:
    """A value comes in the base unit of its measurand, or not at all."""

    @pytest.mark.parametrize(
        ("measurand", "unit", "value", "base"),
        [
            (ENERGY, "Wh", "2.5", "Wh"),
            (ENERGY, "kWh", "2500.0", "Wh"),
            (POWER, "kW", "2500.0", "W"),
            (POWER, "VA", "2.5", "VA"),
            ("Power.Offered", "A", "2.5", "A"),
            ("Temperature", "Celcius", "2.5", "Celsius"),
            ("Temperature", "Fahrenheit", "2.5", "Fahrenheit"),
            ("Frequency", None, "2.5", "Hertz"),
            ("Frequency", " ", "2.5", "Hertz"),
            ("Power.Factor", None, "2.5", ""),
            ("RPM", "", "2.5", ""),
            ("Wind", "kWh", "2500.0", "Wh"),
            ("Wind", " knots ", "2.5", "knots"),
            ("Wind", "x" * 81, "2.5", "x" * 79 + "…"),
            ("Wind", None, "2.5", ""),
        ],
    )
    def test_a_unit(self, measurand: str, unit: object, value: str, base: str) -> None:
        """One that can be the measurand's, or none where there is none."""
        message = a_message()

        found = in_base_unit(message, unit, "a", measurand, Decimal("2.5"))

        assert (base, value) == (found[0], str(found[1]))
        assert [] == noted(message)

    @pytest.mark.parametrize(
        ("measurand", "unit", "value", "base", "rules"),
        [
            (ENERGY, None, "2.5", "Wh", ["unit-missing"]),
            (ENERGY, " ", "2.5", "Wh", ["unit-missing"]),
            (REACTIVE, None, "2.5", "varh", ["unit-missing"]),
            (ENERGY, " KWH", "2500.0", "Wh", ["unit-spelling"]),
            (ENERGY, "kw", "None", "Wh", ["unit-spelling", "unit-unknown"]),
            (ENERGY, "furlong", "None", "Wh", ["unit-unknown"]),
            (ENERGY, "VA", "None", "Wh", ["unit-unknown"]),
            (POWER, "A", "None", "W", ["unit-unknown"]),
            (POWER, 7, "None", "W", ["unit-unknown"]),
            ("Frequency", "Hz", "2.5", "Hertz", ["frequency-unit"]),
            ("Frequency", "hz", "2.5", "Hertz", ["unit-spelling", "frequency-unit"]),
            ("Frequency", "V", "None", "Hertz", ["unit-unknown"]),
            ("Frequency", "ticks", "None", "Hertz", ["unit-unknown"]),
            ("Power.Factor", "cos", "2.5", "", ["unit-needless"]),
            ("Power.Factor", "kW", "2.5", "", ["unit-needless"]),
            ("Wind", 7, "None", "", ["unit-unknown"]),
        ],
    )
    def test_what_is_odd(
        self, measurand: str, unit: object, value: str, base: str, rules: list[str]
    ) -> None:
        """The unit that is missing, resembles one, is needless or cannot be is noted."""
        message = a_message()

        found = in_base_unit(message, unit, "a", measurand, Decimal("2.5"))

        assert (base, value) == (found[0], str(found[1]))
        shown = "null" if unit is None else str(unit)
        assert [(rule, "a", shown) for rule in rules] == noted(message)

    @pytest.mark.parametrize(
        ("profile", "measurand", "unit", "value", "rules"),
        [
            (KILO, ENERGY, None, "2500.0", ["unit-missing"]),
            (KILO, ENERGY, "Wh", "2.5", []),
            (KILO, REACTIVE, None, "2.5", ["unit-missing"]),
            (LIAR, ENERGY, "Wh", "2500.0", ["unit-corrected"]),
            (LIAR, ENERGY, None, "2500.0", ["unit-corrected"]),
            (LIAR, ENERGY, "kWh", "2500.0", []),
            (LIAR, POWER, "W", "2.5", []),
        ],
    )
    def test_what_the_profile_knows(
        self, profile: DeviceProfile, measurand: str, unit: str | None, value: str, rules: list[str]
    ) -> None:
        """The unit that a model means by none, and the one that it means by any."""
        message = a_message(profile)

        found = in_base_unit(message, unit, "a", measurand, Decimal("2.5"))

        assert value == str(found[1])
        assert [(rule, "a", unit or "null") for rule in rules] == noted(message)

    @pytest.mark.parametrize(("measurand", "base"), [(ENERGY, "Wh"), ("Wind", "")])
    def test_no_value(self, measurand: str, base: str) -> None:
        """Its unit is the base unit, whatever was said."""
        message = a_message()

        assert (base, None) == in_base_unit(message, "furlong", "a", measurand, None)
        assert [] == noted(message)
