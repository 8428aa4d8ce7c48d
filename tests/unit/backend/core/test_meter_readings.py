"""What is sent for a meter over the API."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from backend.core.meter_readings import READINGS_MOST, UNITS, read_meter_readings
from backend.core.readings import MeterValue
from backend.errors import ReadingError

NOW = datetime(2025, 6, 3, 12, 0, tzinfo=UTC)
GOOD = {"instant": "2025-06-03T13:45:00+02:00", "register": "1234.567", "unit": "kWh"}


def read(*items: Any) -> tuple[MeterValue, ...]:
    """Read a request."""
    return read_meter_readings("Keller", list(items), NOW)


LIST = "send a list of 1 to 1000 readings"
REGISTER = 'write it as a text with a decimal point, not below 0: "1234.567"'
OBIS = (
    "the registers that are kept are 1-1:1.8.0, 1-1:1.8.1, 1-1:1.8.2, 1-1:2.8.0, 1-1:2.8.1, "
    "1-1:2.8.2, 1-1:5.8.0, 1-1:6.8.0, 1-1:7.8.0, 1-1:8.8.0, 5-1:1.0.0, 6-1:1.0.0, 8-1:1.0.0, "
    "9-1:1.0.0"
)
INSTANT = "write it with its zone, to the microsecond: 2025-06-03T14:15:00+02:00"
KNOWN = "use instant, register, unit, obis"
SENTENCES = [
    ({}, f"the body is no list; {LIST}", "a list of readings"),
    ([], f"the body has 0 readings; {LIST}", "a list of readings"),
    (
        [GOOD] * (READINGS_MOST + 1),
        f"the body has 1001 readings; {LIST}",
        "a list of readings",
    ),
    (["1"], '[0] is no object; send {"instant": …}', "type"),
    ([{**GOOD, "value": 1}], f"[0].value is not known; {KNOWN}", "known"),
    ([{**GOOD, "x" * 50: 1}], f"[0].{'x' * 40} is not known; {KNOWN}", "known"),
    ([{}], "[0].instant is missing; add it", "required"),
    ([{"instant": GOOD["instant"]}], "[0].register is missing; add it", "required"),
    (
        [GOOD, {"instant": GOOD["instant"], "register": "1"}],
        "[1].unit is missing; add it",
        "required",
    ),
    ([{**GOOD, "obis": "1-1:3.8.0"}], f"[0].obis is none that is kept; {OBIS}", "register"),
    (
        [{**GOOD, "unit": "wh"}],
        '[0].unit is none of the register 1-1:1.8.0; write "Wh" or "kWh"',
        "enum",
    ),
    (
        [{**GOOD, "obis": "9-1:1.0.0"}],
        '[0].unit is none of the register 9-1:1.0.0; write "l" or "m3"',
        "enum",
    ),
    ([{**GOOD, "register": "1."}], f"[0].register is no register; {REGISTER}", "pattern"),
    ([{**GOOD, "instant": "noon"}], f"[0].instant is no instant; {INSTANT}", "pattern"),
    (
        [{**GOOD, "instant": "2025-06-03T25:00:00Z"}],
        f"[0].instant is no instant; {INSTANT}",
        "date-time",
    ),
    (
        [{**GOOD, "instant": "2025-06-04T12:00:00Z"}],
        "[0].instant cannot be; look at the clock; it is 2025-06-03T12:00:00Z here",
        "2000 to now",
    ),
]
"""What is sent, what is said of it, and the rule that it breaks."""


class TestGood:
    """What can be kept."""

    def test_a_reading(self) -> None:
        """The register comes to Wh exactly, and is kept as it was sent."""
        (one,) = read(GOOD)
        (shown,) = one.readings()

        assert datetime(2025, 6, 3, 11, 45, tzinfo=UTC) == shown.instant
        assert (Decimal("1234567"), "Wh") == (shown.value, shown.unit)
        assert ("1234.567", "kWh") == (shown.raw_value, shown.raw_unit)
        assert (1, None, 0) == (shown.connector, shown.transaction, shown.resolution_wh)

    @pytest.mark.parametrize("obis", ["1-1:1.8.0", "1-0:1.8.0*255", "1-1:01.08.0"])
    def test_spellings_of_the_register(self, obis: str) -> None:
        """Codes that mean the same are one."""
        assert read({**GOOD, "obis": obis})

    @pytest.mark.parametrize(
        ("obis", "unit", "measurand", "value", "kept_unit"),
        [
            ("1-1:1.8.0", "kWh", "Energy.Active.Import.Register", "1234567", "Wh"),
            ("1-0:2.8.0*255", "kWh", "Energy.Active.Export.Register", "1234567", "Wh"),
            ("1-1:1.8.1", "Wh", "1-1:1.8.1", "1234.567", "Wh"),
            ("1-1:7.8.0", "kvarh", "1-1:7.8.0", "1234567", "varh"),
            ("1-1:7.8.0", "varh", "1-1:7.8.0", "1234.567", "varh"),
            ("6-0:1.0.0", "kWh", "6-1:1.0.0", "1234567", "Wh"),
            ("9-1:1.0.0", "m3", "9-1:1.0.0", "1234567", "l"),
            ("8-1:1.0.0*255", "l", "8-1:1.0.0", "1234.567", "l"),
        ],
    )
    def test_any_register(
        self, obis: str, unit: str, measurand: str, value: str, kept_unit: str
    ) -> None:
        """Each is kept under its own name, exactly, in a thousandth of the unit of files."""
        (one,) = read({**GOOD, "obis": obis, "unit": unit})
        (shown,) = one.readings()

        assert (measurand, Decimal(value), kept_unit) == (shown.measurand, shown.value, shown.unit)
        assert ("1234.567", unit) == (shown.raw_value, shown.raw_unit)

    def test_units(self) -> None:
        """They are told in the order in which registers come to need them."""
        assert ("Wh", "kWh", "varh", "kvarh", "l", "m3") == UNITS

    def test_many_in_their_order(self) -> None:
        """Each has its place in the request."""
        found = read(*(dict(GOOD, unit="Wh", register=f"{n}") for n in range(3)))

        assert [(0, Decimal(0)), (1, Decimal(1)), (2, Decimal(2))] == [
            (one.position, one.values[0]) for one in found
        ]

    def test_every_digit(self) -> None:
        """Twelve before the point and twelve behind it."""
        (one,) = read({**GOOD, "register": "123456789012.123456789012"})

        assert Decimal("123456789012123.456789012") == one.values[0]

    def test_a_clock_that_is_a_little_ahead(self) -> None:
        """Five minutes are within what clocks do."""
        assert read({**GOOD, "instant": "2025-06-03T12:05:00Z"})

    def test_the_first_instant(self) -> None:
        """From then on clocks are set; what is kept is in UTC."""
        (one,) = read({**GOOD, "instant": "2000-01-01T01:00:00+01:00"})

        assert "2000-01-01T00:00:00+00:00" == one.instant.isoformat()
        assert UTC is one.instant.tzinfo

    def test_as_many_as_there_may_be(self) -> None:
        """The limit itself is within it."""
        assert READINGS_MOST == len(read(*[GOOD] * READINGS_MOST))


class TestRefused:
    """What cannot be kept, and what is said of it."""

    @pytest.mark.parametrize(
        ("change", "field", "what"),
        [
            ({"register": 1234.567}, "[0].register", "is no register"),
            ({"register": "-1"}, "[0].register", "is no register"),
            ({"register": "1,5"}, "[0].register", "is no register"),
            ({"register": "1e3"}, "[0].register", "is no register"),
            ({"register": ""}, "[0].register", "is no register"),
            ({"register": "1\n"}, "[0].register", "is no register"),
            ({"register": "١"}, "[0].register", "is no register"),
            ({"unit": "MWh"}, "[0].unit", "is none of the register 1-1:1.8.0"),
            ({"unit": ["kWh"]}, "[0].unit", "is none of the register 1-1:1.8.0"),
            ({"obis": "1-1:5.8.0"}, "[0].unit", "is none of the register 1-1:5.8.0"),
            ({"obis": "1-1:3.8.0"}, "[0].obis", "is none that is kept"),
            ({"obis": "1-1:1.8.3"}, "[0].obis", "is none that is kept"),
            ({"obis": "1-1:1.9.0"}, "[0].obis", "is none that is kept"),
            ({"obis": "1-1:1.29.0"}, "[0].obis", "is none that is kept"),
            ({"obis": "1-5:1.8.1"}, "[0].obis", "is none that is kept"),
            ({"obis": "1-1:1.8.0*1"}, "[0].obis", "is none that is kept"),
            ({"obis": "energy"}, "[0].obis", "is none that is kept"),
            ({"obis": 180}, "[0].obis", "is none that is kept"),
            ({"obis": "1-2:1.8.0"}, "[0].obis", "is none that is kept"),
            ({"obis": "8-1:1.29.0"}, "[0].obis", "is none that is kept"),
            ({"obis": None}, "[0].obis", "is none that is kept"),
            ({"instant": "2025-06-03T13:45:00"}, "[0].instant", "is no instant"),
            ({"instant": "2025-02-30T13:45:00Z"}, "[0].instant", "is no instant"),
            ({"instant": "0001-01-01T00:00:00+10:00"}, "[0].instant", "is no instant"),
            ({"instant": 1748943900}, "[0].instant", "is no instant"),
            ({"instant": "1999-12-31T23:59:59Z"}, "[0].instant", "cannot be"),
            ({"instant": "2025-06-03T12:05:01Z"}, "[0].instant", "cannot be"),
            ({"value": "1"}, "[0].value", "is not known"),
        ],
    )
    def test_a_field(self, change: dict[str, Any], field: str, what: str) -> None:
        """The item and the field are named."""
        with pytest.raises(ReadingError) as caught:
            read({**GOOD, **change})

        assert field == caught.value.field
        assert f"{field} {what}" == caught.value.what
        assert "meter 'Keller'" == caught.value.where

    @pytest.mark.parametrize(("items", "sentence", "rule"), SENTENCES)
    def test_a_whole_sentence(self, items: object, sentence: str, rule: str) -> None:
        """It says what, where and what to do; programs get the rule."""
        with pytest.raises(ReadingError) as caught:
            read_meter_readings("Keller", items, NOW)

        assert f"meter 'Keller': {sentence}" == str(caught.value)
        assert rule == caught.value.rule
