"""What a charger said, as readings."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.device_profile import GENERIC, DeviceProfile, load_profile
from backend.core.leniency import MAX_LENIENCIES, RULES
from backend.core.readings import (
    BEGIN,
    END,
    ENERGY,
    Reading,
    Reception,
    read_meter_values,
    read_start,
    read_stop,
    with_connector,
)

INCH = load_profile("etrel_inch")
RECEIVED = datetime(2025, 6, 3, 12, 15, 1, tzinfo=UTC)
AT = "2025-06-03T12:15:00Z"
START = {"connectorId": 1, "idTag": "FA2AFD77", "meterStart": 733255, "timestamp": AT}
STOP = {"transactionId": 7, "meterStop": 740000, "timestamp": AT}
FEW = settings(max_examples=150, deadline=None, derandomize=True)


def meter_values(*samples: Any, timestamp: Any = AT, **fields: Any) -> dict[str, Any]:
    """Make a MeterValues payload with one sample."""
    values = [{"timestamp": timestamp, "sampledValue": list(samples)}]
    return {"connectorId": 1, "meterValue": values, **fields}


def read(*samples: Any, profile: DeviceProfile = GENERIC, **fields: Any) -> Reception:
    """Read a MeterValues with these sampled values."""
    return read_meter_values(meter_values(*samples, **fields), profile, RECEIVED)


def one(reception: Reception) -> Reading:
    """Give the only reading."""
    (reading,) = reception.readings
    return reading


def rules(reception: Reception) -> list[str]:
    """Give the rules of the deviations, in their order."""
    return [each.rule for each in reception.leniencies]


def deviations(reception: Reception) -> list[tuple[str, str, str]]:
    """Give the deviations, in their order: rule, place, and what stood there."""
    return [(each.rule, each.where, each.said) for each in reception.leniencies]


class TestAProperMessage:
    """What the INCH sends is read without any deviation."""

    def test_a_sample_of_the_inch(self) -> None:
        """Each value comes out in its base unit, exactly, with its phase and its place."""
        reception = read(
            {
                "value": "733.255884",
                "unit": "kWh",
                "context": "Sample.Clock",
                "measurand": ENERGY,
                "format": "Raw",
                "location": "Outlet",
            },
            {"value": "15.936", "unit": "A", "measurand": "Current.Import", "phase": "L2"},
            {"value": "3.712", "unit": "kW", "measurand": "Power.Active.Import", "phase": "L3"},
            {"value": "49.96", "measurand": "Frequency"},
            {"value": "0.99", "measurand": "Power.Factor"},
            {"value": "233.24", "unit": "V", "measurand": "Voltage", "phase": "L1-N"},
            profile=INCH,
            transactionId=7,
        )
        assert [] == rules(reception)
        assert (
            Reading(
                connector=1,
                instant=datetime(2025, 6, 3, 12, 15, tzinfo=UTC),
                measurand=ENERGY,
                phase=None,
                location="Outlet",
                context="Sample.Clock",
                value=Decimal("733255.884"),
                unit="Wh",
                raw_value="733.255884",
                raw_unit="kWh",
                transaction=7,
                resolution_wh=Decimal(0),
                position=0,
            )
            == (reception.readings[0])
        )
        assert [
            ("L2", Decimal("15.936"), "A"),
            ("L3", Decimal(3712), "W"),
            (None, Decimal("49.96"), "Hertz"),
            (None, Decimal("0.99"), ""),
            ("L1", Decimal("233.24"), "V"),
        ] == [(each.phase, each.value, each.unit) for each in reception.readings[1:]]
        assert list(range(6)) == [each.position for each in reception.readings]

    def test_defaults(self) -> None:
        """A bare value is the energy register in Wh at the outlet, sampled periodically."""
        reading = one(read({"value": "12345"}))
        assert (ENERGY, "Wh", "Outlet", "Sample.Periodic", Decimal(12345), None) == (
            reading.measurand,
            reading.unit,
            reading.location,
            reading.context,
            reading.value,
            reading.raw_unit,
        )

    def test_several_samples_keep_their_order(self) -> None:
        """Positions run on through all samples of a message."""
        payload = {
            "connectorId": 1,
            "meterValue": [
                {"timestamp": AT, "sampledValue": [{"value": "1"}, {"value": "2"}]},
                {"timestamp": AT, "sampledValue": [{"value": "3"}]},
                {"timestamp": AT, "sampledValue": [{"value": "4"}]},
            ],
        }
        reception = read_meter_values(payload, GENERIC, RECEIVED)
        assert [(place, Decimal(place + 1)) for place in range(4)] == [
            (each.position, each.value) for each in reception.readings
        ]

    def test_values_of_unequal_number(self) -> None:
        """What was not kept whole is not told by half."""
        (kept,) = read({"value": "1", "unit": "Wh"}).meter_values
        with pytest.raises(ValueError, match="longer"):
            list(kept._replace(raw_values=("1", "2")).readings())


class TestNumbers:
    """A number is read exactly, or it is missing; never something in between."""

    @pytest.mark.parametrize(
        ("said", "value", "rule"),
        [
            ("12.3", "12.3", None),
            ("+1", "1", None),
            (".5", "0.5", None),
            ("5.", "5", None),
            ("-0", "0", None),
            ("1E3", "1000", None),
            ("999999999999999", "999999999999999", None),
            ("1.000000000125", "1.000000000125", None),
            ("0" * 63 + "7", "7", None),
            (3000, "3000", "value-is-a-number"),
            (12.3, "12.3", "value-is-a-number"),
            (Decimal("0.10"), "0.1", "value-is-a-number"),
            (" 9.6 ", "9.6", "value-has-blanks"),
            ("0.0000000000001", "0", "value-too-fine"),
            ("1e-9999", "0", "value-too-fine"),
        ],
    )
    def test_a_number(self, said: object, value: str, rule: str | None) -> None:
        """It is read to the last digit, and how it deviated is named."""
        reception = read({"value": said, "unit": "Wh"})
        assert Decimal(value) == one(reception).value
        assert ([] if rule is None else [rule]) == rules(reception)
        assert "E" not in str(one(reception).value)

    @pytest.mark.parametrize(
        ("said", "rule"),
        [
            ("", "value-is-no-number"),
            ("NaN", "value-is-no-number"),
            ("1,5", "value-is-no-number"),
            ("1.5.0", "value-is-no-number"),
            ("١٢", "value-is-no-number"),
            ("1_000", "value-is-no-number"),
            ("0x10", "value-is-no-number"),
            ("9" * 65, "value-is-no-number"),
            ("1e99999", "value-is-no-number"),
            ("1e9999", "value-too-large"),
            ("1000000000000000", "value-too-large"),
            (None, "value-missing"),
            (True, "value-is-no-number"),
            ({}, "value-is-no-number"),
            ([1], "value-is-no-number"),
        ],
    )
    def test_no_number(self, said: object, rule: str) -> None:
        """What is none, or none a meter could show, is kept as it stood and has no value."""
        reception = read({"value": said, "unit": "Wh"})
        assert one(reception).value is None
        assert [rule] == rules(reception)

    @pytest.mark.parametrize(
        "said", [float("nan"), float("inf"), pytest.param(10**5000, id="huge"), 10**70, 1e300]
    )
    def test_numbers_beyond_all_reason(self, said: float) -> None:
        """Huge integers and floats that are no numbers do no harm."""
        reception = read({"value": said, "unit": "Wh"})
        assert one(reception).value is None
        assert rules(reception)[0] == "value-is-a-number"
        assert len(reception.leniencies[0].said) <= 80

    def test_a_decimal_comma_is_read_where_the_profile_says_so(self) -> None:
        """Elsewhere it might part thousands."""
        profile = DeviceProfile("comma", decimal_comma=True)
        reception = read({"value": "1,5", "unit": "kWh"}, profile=profile)
        assert Decimal(1500) == one(reception).value
        assert ["value-decimal-comma"] == rules(reception)

    def test_a_float_is_not_calculated_with(self) -> None:
        """0.1 kWh are 100 Wh and not a hair more."""
        assert Decimal(100) == one(read({"value": 0.1, "unit": "kWh"})).value

    @FEW
    @given(st.decimals(min_value=0, max_value=10**9, places=6, allow_nan=False))
    def test_kilowatt_hours_become_watt_hours_exactly(self, kwh: Decimal) -> None:
        """Every figure of the register survives."""
        assert kwh * 1000 == one(read({"value": str(kwh), "unit": "kWh"})).value

    def test_signed_data_is_never_a_number(self) -> None:
        """It stays verbatim, even if it looks like one (OCPP 1.6 §7.46)."""
        reception = read({"value": " 12 ", "format": "SignedData"})
        assert (None, " 12 ", "Wh", []) == (
            one(reception).value,
            one(reception).raw_value,
            one(reception).unit,
            rules(reception),
        )

    def test_an_unknown_format_is_read_as_raw(self) -> None:
        """Only SignedData is kept from being read."""
        reception = read({"value": "1", "unit": "Wh", "format": "Roh"})
        assert Decimal(1) == one(reception).value
        assert ["unknown-format"] == rules(reception)


class TestUnits:
    """A unit is believed if it can be the measurand's."""

    @pytest.mark.parametrize(
        ("measurand", "unit", "value", "base", "rule"),
        [
            (ENERGY, "KWH", "2000", "Wh", "unit-spelling"),
            (ENERGY, " Wh", "2", "Wh", "unit-spelling"),
            (ENERGY, "", "2", "Wh", "unit-missing"),
            (ENERGY, "W", None, "Wh", "unit-unknown"),
            (ENERGY, "MWh", None, "Wh", "unit-unknown"),
            (ENERGY, 7, None, "Wh", "unit-unknown"),
            ("Power.Active.Import", None, "2", "W", "unit-missing"),
            ("Power.Active.Import", "kVA", "2000", "VA", None),
            ("Power.Offered", "A", "2", "A", None),
            ("Power.Reactive.Import", "kvar", "2000", "var", None),
            ("Energy.Reactive.Import.Register", "kvarh", "2000", "varh", None),
            ("Frequency", "Hz", "2", "Hertz", "frequency-unit"),
            ("Frequency", None, "2", "Hertz", None),
            ("Frequency", "V", None, "Hertz", "unit-unknown"),
            ("Temperature", "K", "2", "K", None),
            ("Temperature", "Celcius", "2", "Celsius", None),
            ("Power.Factor", "cos", "2", "", "unit-needless"),
            ("SoC", "Percent", "2", "Percent", None),
        ],
    )
    def test_a_unit(
        self, measurand: str, unit: object, value: str | None, base: str, rule: str | None
    ) -> None:
        """The value comes in the base unit, or not at all."""
        sample = {"value": "2", "measurand": measurand, "unit": unit}
        reception = read({name: said for name, said in sample.items() if said is not None})
        reading = one(reception)
        assert (None if value is None else Decimal(value), base) == (reading.value, reading.unit)
        assert ([] if rule is None else [rule]) == rules(reception)

    @pytest.mark.parametrize(
        ("unit", "value", "base"),
        [("kWh", 2000, "Wh"), ("furlong", 2, "furlong"), (None, 2, "")],
    )
    def test_a_measurand_nobody_knows(self, unit: str | None, value: int, base: str) -> None:
        """It keeps its name and its unit."""
        reception = read({"value": "2", "measurand": "Wind", "unit": unit})
        reading = one(reception)
        assert ("Wind", Decimal(value), base) == (reading.measurand, reading.value, reading.unit)
        assert ["unknown-measurand"] == rules(reception)

    def test_a_model_known_to_label_wrongly(self) -> None:
        """The profile's unit holds, and every label that differs is named."""
        profile = DeviceProfile("liar", energy_unit_always="kWh")
        reception = read(
            {"value": "361", "unit": "Wh"}, {"value": "362", "unit": "kWh"}, profile=profile
        )
        assert [361000, 362000] == [each.value for each in reception.readings]
        assert [("unit-corrected", "meterValue[0].sampledValue[0].unit")] == [
            (each.rule, each.where) for each in reception.leniencies
        ]

    def test_a_missing_unit_may_be_the_profiles(self) -> None:
        """Where a model is known to mean kWh by nothing."""
        profile = DeviceProfile("kilo", default_energy_unit="kWh")
        assert Decimal(2000) == one(read({"value": "2"}, profile=profile)).value


class TestWords:
    """Phase, location and context are kept, known or not."""

    @pytest.mark.parametrize(
        ("field", "said", "kept", "rule"),
        [
            ("phase", "L1-N", "L1", "phase-to-neutral"),
            ("phase", "L2-N", "L2", "phase-to-neutral"),
            ("phase", "L3-N", "L3", "phase-to-neutral"),
            ("phase", "L1-L2", "L1-L2", None),
            ("phase", "N", "N", None),
            ("phase", "R", "R", "unknown-phase"),
            ("phase", 1, None, "phase-unusable"),
            ("location", "Inlet", "Inlet", None),
            ("location", "Cellar", "Cellar", "unknown-location"),
            ("location", "", "Outlet", "location-unusable"),
            ("context", "Trigger", "Trigger", None),
            ("context", "Sample.Clocked", "Sample.Clocked", "unknown-context"),
            ("context", [], "Sample.Periodic", "context-unusable"),
            ("measurand", {}, ENERGY, "measurand-unusable"),
        ],
    )
    def test_a_word(self, field: str, said: object, kept: str | None, rule: str | None) -> None:
        """An unknown one is kept as it was sent; what is no word falls to the default."""
        reception = read({"value": "1", "unit": "Wh", field: said})
        assert kept == getattr(one(reception), field)
        assert ([] if rule is None else [rule]) == rules(reception)


SAMPLE = {"value": "1", "unit": "Wh"}
PLACE = "meterValue[0].sampledValue[0]"


class TestPlaces:
    """Each deviation is named with its place, and with what stood there."""

    @pytest.mark.parametrize(
        ("sample", "expected"),
        [
            ({"phase": "R"}, ("unknown-phase", f"{PLACE}.phase", "R")),
            ({"phase": "L1-N"}, ("phase-to-neutral", f"{PLACE}.phase", "L1-N")),
            ({"location": "Cellar"}, ("unknown-location", f"{PLACE}.location", "Cellar")),
            ({"context": "Now"}, ("unknown-context", f"{PLACE}.context", "Now")),
            ({"measurand": {}}, ("measurand-unusable", f"{PLACE}.measurand", "an object of 0")),
            ({"format": "Roh"}, ("unknown-format", f"{PLACE}.format", "Roh")),
            ({"format": 1}, ("format-unusable", f"{PLACE}.format", "1")),
            ({"value": "x"}, ("value-is-no-number", f"{PLACE}.value", "x")),
            ({"value": None}, ("value-missing", f"{PLACE}.value", "null")),
            ({"unit": "WH"}, ("unit-spelling", f"{PLACE}.unit", "WH")),
            ({"mood": "good"}, ("unknown-field", f"{PLACE}.mood", "good")),
        ],
    )
    def test_in_a_sample(self, sample: dict[str, Any], expected: tuple[str, str, str]) -> None:
        """The field of the sample."""
        assert [expected] == deviations(read({**SAMPLE, **sample}))

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"connectorId": None}, ("connector-missing", "connectorId", "null")),
            ({"connectorId": "A"}, ("connector-unusable", "connectorId", "A")),
            ({"connectorId": 1001}, ("connector-unusable", "connectorId", "1001")),
            ({"connectorId": "2"}, ("connector-not-a-number", "connectorId", "2")),
            ({"transactionId": "x"}, ("transaction-unusable", "transactionId", "x")),
            ({"transactionId": "4"}, ("transaction-not-a-number", "transactionId", "4")),
            (
                {"transactionId": 2**63},
                ("transaction-unusable", "transactionId", "9223372036854775808"),
            ),
            ({"cellar": True}, ("unknown-field", "cellar", "true")),
            ({"timestamp": None}, ("timestamp-missing", "meterValue[0].timestamp", "null")),
        ],
    )
    def test_in_a_message(self, fields: dict[str, Any], expected: tuple[str, str, str]) -> None:
        """The field of the message, or of the values of an instant."""
        assert [expected] == deviations(read(SAMPLE, **fields))

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (None, ("meter-value-missing", "meterValue", "null")),
            ({}, ("meter-value-not-a-list", "meterValue", "an object of 0")),
            ([7], ("meter-value-not-an-object", "meterValue[0]", "7")),
            (
                [{"timestamp": AT}],
                ("sampled-value-missing", "meterValue[0].sampledValue", "null"),
            ),
            (
                [{"timestamp": AT, "sampledValue": {"value": "1", "unit": "Wh"}}],
                ("sampled-value-not-a-list", "meterValue[0].sampledValue", "an object of 2"),
            ),
            (
                [{"timestamp": AT, "sampledValue": [SAMPLE, 7]}],
                ("sampled-value-not-an-object", "meterValue[0].sampledValue[1]", "7"),
            ),
            (
                [{"timestamp": AT, "sampledValue": [SAMPLE], "mood": 1}],
                ("unknown-field", "meterValue[0].mood", "1"),
            ),
        ],
    )
    def test_in_a_list(self, value: object, expected: tuple[str, str, str]) -> None:
        """The list, or the place in it."""
        payload = {"connectorId": 1, "meterValue": value}
        assert expected == deviations(read_meter_values(payload, GENERIC, RECEIVED))[0]

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"idTag": None}, ("id-tag-missing", "idTag", "null")),
            ({"idTag": 77}, ("id-tag-not-a-text", "idTag", "77")),
            ({"idTag": "F" * 21}, ("id-tag-too-long", "idTag", "F" * 21)),
            ({"meterStart": None}, ("value-missing", "meterStart", "null")),
            ({"meterStart": True}, ("value-is-no-number", "meterStart", "true")),
            ({"meterStart": "7"}, ("value-is-a-text", "meterStart", "7")),
            ({"meterStart": float("nan")}, ("value-is-no-number", "meterStart", "nan")),
            ({"meterStart": -1}, ("register-negative", "meterStart", "-1")),
            ({"timestamp": None}, ("timestamp-missing", "timestamp", "null")),
            ({"connectorId": None}, ("connector-missing", "connectorId", "null")),
            ({"reservationId": "x"}, ("transaction-unusable", "reservationId", "x")),
            ({"cellar": 1}, ("unknown-field", "cellar", "1")),
        ],
    )
    def test_in_a_start(self, fields: dict[str, Any], expected: tuple[str, str, str]) -> None:
        """The field of a StartTransaction."""
        report = read_start({**START, **fields}, GENERIC, RECEIVED)
        assert [expected] == deviations(report.reception)

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"idTag": 77}, ("id-tag-not-a-text", "idTag", "77")),
            ({"meterStop": None}, ("value-missing", "meterStop", "null")),
            ({"timestamp": None}, ("timestamp-missing", "timestamp", "null")),
            ({"transactionId": "x"}, ("transaction-unusable", "transactionId", "x")),
            ({"reason": "Tired"}, ("unknown-reason", "reason", "Tired")),
            ({"reason": 7}, ("reason-unusable", "reason", "7")),
            ({"cellar": 1}, ("unknown-field", "cellar", "1")),
            ({"transactionData": [7]}, ("meter-value-not-an-object", "transactionData[0]", "7")),
        ],
    )
    def test_in_a_stop(self, fields: dict[str, Any], expected: tuple[str, str, str]) -> None:
        """The field of a StopTransaction."""
        report = read_stop({**STOP, **fields}, GENERIC, RECEIVED)
        assert [expected] == deviations(report.reception)

    def test_a_register_that_is_a_word(self) -> None:
        """It is told twice: that it stands in quotes, and that it is no number."""
        report = read_start({**START, "meterStart": "x"}, GENERIC, RECEIVED)
        assert [
            ("value-is-a-text", "meterStart", "x"),
            ("value-is-no-number", "meterStart", "x"),
        ] == deviations(report.reception)

    def test_a_stop_without_an_id(self) -> None:
        """It is named, though the field is not there."""
        report = read_stop({"meterStop": 1, "timestamp": AT}, GENERIC, RECEIVED)
        assert [("transaction-unusable", "transactionId", "null")] == deviations(report.reception)

    def test_what_is_no_message(self) -> None:
        """It has no place."""
        expected = ("not-an-object", "", "a list of 1")
        for reception in (
            read_meter_values([7], GENERIC, RECEIVED),
            read_start([7], GENERIC, RECEIVED).reception,
            read_stop([7], GENERIC, RECEIVED).reception,
        ):
            assert expected == deviations(reception)[0]

    def test_the_voltage_of_a_phase_is_to_neutral(self) -> None:
        """That deviates from nothing."""
        sample = {"value": "230", "unit": "V", "measurand": "Voltage", "phase": "L1-N"}
        reception = read(sample)
        assert ("L1", []) == (one(reception).phase, deviations(reception))

    def test_what_stood_there(self) -> None:
        """Value and unit are kept verbatim; nothing is an empty text, and no unit none."""
        found = read({"value": 3000, "unit": " Wh"}, {"unit": 7}).readings
        assert [("3000", " Wh"), ("", "7")] == [(each.raw_value, each.raw_unit) for each in found]
        assert ("1", None) == (one(read({"value": "1"})).raw_value, one(read({})).raw_unit)


class TestStructure:
    """What is usable in a message of the wrong shape is used."""

    def test_objects_for_lists(self) -> None:
        """An object where a list belongs is a list of one."""
        payload = {
            "connectorId": 1,
            "meterValue": {"timestamp": AT, "sampledValue": {"value": "3000", "unit": "Wh"}},
        }
        reception = read_meter_values(payload, GENERIC, RECEIVED)
        assert Decimal(3000) == one(reception).value
        assert ["meter-value-not-a-list", "sampled-value-not-a-list"] == rules(reception)

    @pytest.mark.parametrize(
        ("payload", "expected"),
        [
            ([], ["not-an-object", "connector-missing", "meter-value-missing"]),
            ({"connectorId": 1}, ["meter-value-missing"]),
            ({"connectorId": 1, "meterValue": "x"}, ["meter-value-not-a-list"]),
            ({"connectorId": 1, "meterValue": [7]}, ["meter-value-not-an-object"]),
            ({"connectorId": 1, "meterValue": []}, []),
        ],
    )
    def test_nothing_usable(self, payload: object, expected: list[str]) -> None:
        """There are no readings, and why is named."""
        reception = read_meter_values(payload, GENERIC, RECEIVED)
        assert () == reception.readings
        assert expected == rules(reception)[: len(expected)]

    def test_a_field_too_many(self) -> None:
        """It is left aside and named with its place, at every depth."""
        reception = read({"value": "1", "unit": "Wh", "mood": "good"}, cellar=True)
        assert Decimal(1) == one(reception).value
        assert [("cellar", "true"), ("meterValue[0].sampledValue[0].mood", "good")] == [
            (each.where, each.said) for each in reception.leniencies
        ]

    def test_a_value_that_is_no_object(self) -> None:
        """It is left aside; the ones beside it count."""
        reception = read("7", {"value": "1", "unit": "Wh"})
        assert (Decimal(1), 0) == (one(reception).value, one(reception).position)
        assert ["sampled-value-not-an-object"] == rules(reception)

    def test_thousands_of_deviations_are_counted(self) -> None:
        """A message that deviates everywhere does not fill the store."""
        reception = read(*({"value": 1, "unit": "Wh"} for _ in range(MAX_LENIENCIES + 50)))
        assert MAX_LENIENCIES + 50 == len(reception.readings)
        assert MAX_LENIENCIES + 1 == len(reception.leniencies)
        assert ("more-deviations", "50") == (
            reception.leniencies[-1].rule,
            reception.leniencies[-1].said,
        )

    def test_halves_of_surrogate_pairs_can_be_stored(self) -> None:
        """JSON can carry them, no database can."""
        reception = read({"value": "\ud800", "measurand": "x\udfff"})
        assert "\\ud800" == one(reception).raw_value
        for text in (one(reception).measurand, *(each.said for each in reception.leniencies)):
            assert text.encode("utf-8")


class TestConnectorAndTransaction:
    """Ids are taken as they can be; a wrong transaction is evidence and no more."""

    @pytest.mark.parametrize(
        ("said", "inch", "generic", "rule"),
        [
            (0, 0, 0, None),
            (1000, 1, 1000, None),
            (2, 1, 2, None),
            ("2", 1, 2, "connector-not-a-number"),
            (" +2.0 ", 1, 2, "connector-not-a-number"),
            (1.0, 1, 1, "connector-not-a-number"),
            (None, 1, 0, "connector-missing"),
            (-1, 1, 0, "connector-unusable"),
            (1001, 1, 0, "connector-unusable"),
            ("A", 1, 0, "connector-unusable"),
            (True, 1, 0, "connector-unusable"),
            pytest.param(10**5000, 1, 0, "connector-unusable", id="huge"),
        ],
    )
    def test_connector(self, said: object, inch: int, generic: int, rule: str | None) -> None:
        """Where it cannot be, it is the only one of the model, else the whole station."""
        sample = {"value": "1", "unit": "Wh"}
        assert inch == one(read(sample, profile=INCH, connectorId=said)).connector
        reception = read(sample, connectorId=said)
        assert generic == one(reception).connector
        assert ([] if rule is None else [rule]) == rules(reception)

    def test_a_connector_that_the_model_has_not(self) -> None:
        """Its register is the only one of the model, or its energy would count twice."""
        reception = read({"value": "1", "unit": "Wh"}, profile=INCH, connectorId=2)
        assert 1 == one(reception).connector
        assert ["connector-unusable"] == rules(reception)

    @pytest.mark.parametrize(
        ("said", "kept", "rule"),
        [
            (0, 0, None),
            (-16, -16, None),
            (2**63 - 1, 2**63 - 1, None),
            (2**63, None, "transaction-unusable"),
            (-(2**63) + 1, -(2**63) + 1, None),
            (-(2**63), None, "transaction-unusable"),
            ("4711", 4711, "transaction-not-a-number"),
            (4711.0, 4711, "transaction-not-a-number"),
            (4711.5, None, "transaction-unusable"),
            ("none", None, "transaction-unusable"),
            (None, None, None),
        ],
    )
    def test_transaction(self, said: object, kept: int | None, rule: str | None) -> None:
        """Any integer of 64 bits is kept as it was sent."""
        reception = read({"value": "1", "unit": "Wh"}, transactionId=said)
        assert kept == one(reception).transaction
        assert ([] if rule is None else [rule]) == rules(reception)


class TestTimestamps:
    """Every spelling of an instant is read; no energy is lost for a bad clock."""

    @pytest.mark.parametrize(
        ("said", "expected", "rule"),
        [
            ("2025-06-03T12:15:00Z", "12:15:00", None),
            ("2025-06-03T12:14:59.489Z", "12:14:59.489", None),
            ("2025-06-03T12:14:59.4891234567890123Z", "12:14:59.489123", None),
            ("2025-06-03T22:15:00.000+10:00", "12:15:00", None),
            ("2025-06-03T07:45:00-0430", "12:15:00", None),
            ("2025-06-03T14:15:00+02", "12:15:00", None),
            ("2025-06-03T12:15Z", "12:15:00", None),
            ("2025-06-03T12:15:00,5Z", "12:15:00.500", None),
            ("2025-06-03 12:15:00Z", "12:15:00", "timestamp-spelling"),
            (" 2025-06-03T12:15:00Z ", "12:15:00", "timestamp-spelling"),
            ("2025-06-03T12:14:60Z", "12:15:00", "timestamp-spelling"),
            ("2025-06-03T12:15:00", "12:15:00", "timestamp-without-zone"),
        ],
    )
    def test_an_instant(self, said: str, expected: str, rule: str | None) -> None:
        """It becomes the same instant in UTC."""
        reception = read({"value": "1", "unit": "Wh"}, timestamp=said)
        assert datetime.fromisoformat(f"2025-06-03T{expected}+00:00") == one(reception).instant
        assert ([] if rule is None else [rule]) == rules(reception)

    def test_midnight_as_24_hours(self) -> None:
        """ISO 8601 has it; it is the first instant of the next day."""
        reception = read({"value": "1", "unit": "Wh"}, timestamp="2025-06-02T24:00:00Z")
        assert datetime(2025, 6, 3, tzinfo=UTC) == one(reception).instant

    @pytest.mark.parametrize(
        ("said", "rule"),
        [
            (None, "timestamp-missing"),
            (1748952900, "timestamp-unreadable"),
            ("", "timestamp-unreadable"),
            ("03.06.2025 12:15", "timestamp-unreadable"),
            ("2025-02-30T12:15:00Z", "timestamp-unreadable"),
            ("2025-06-03T24:00:01Z", "timestamp-unreadable"),
            ("2025-06-03T12:60:00Z", "timestamp-unreadable"),
            ("2025-06-03T12:15:61Z", "timestamp-unreadable"),
            ("0001-01-01T00:00:00+10:00", "timestamp-unreadable"),
            ("0000-00-00T00:00:00Z", "timestamp-unreadable"),
            ("9999-12-31T23:59:60Z", "timestamp-unreadable"),
            ("1970-01-01T00:00:12Z", "timestamp-before-all-chargers"),
            ("2025-06-05T12:15:00Z", "timestamp-ahead"),
            ("2025-06-03T14:15:00Z", "timestamp-ahead"),
            ("2025-06-03T12:20:01.000001Z", "timestamp-ahead"),
        ],
    )
    def test_no_instant(self, said: object, rule: str) -> None:
        """The instant of reception stands in, and the energy is kept."""
        reception = read({"value": "1", "unit": "Wh"}, timestamp=said)
        assert (RECEIVED, Decimal(1)) == (one(reception).instant, one(reception).value)
        assert rule in rules(reception)

    def test_a_clock_five_minutes_ahead_is_believed(self) -> None:
        """Clocks are not better than that."""
        reception = read({"value": "1", "unit": "Wh"}, timestamp="2025-06-03T12:20:01Z")
        assert datetime(2025, 6, 3, 12, 20, 1, tzinfo=UTC) == one(reception).instant
        assert [] == rules(reception)

    @pytest.mark.parametrize(("received", "hour"), [("00:31", 0), ("01:31", 1), ("09:00", 1)])
    def test_a_local_time_that_exists_twice(self, received: str, hour: int) -> None:
        """It is the later one that can have been, by the time of reception."""
        message = {
            "connectorId": 1,
            "meterValue": [
                {"timestamp": "2025-10-26T02:30:00", "sampledValue": [{"value": "1"}]},
            ],
        }
        profile = DeviceProfile("local", zone_of_naive_times="Europe/Zurich")
        reception = read_meter_values(
            message, profile, datetime.fromisoformat(f"2025-10-26T{received}:00+00:00")
        )
        (found,) = reception.meter_values
        assert datetime(2025, 10, 26, hour, 30, tzinfo=UTC) == found.instant

    def test_a_time_without_zone_is_one_of_the_profiles_zone(self) -> None:
        """A model that sends local time is read in local time."""
        profile = DeviceProfile("local", zone_of_naive_times="Europe/Zurich")
        reception = read(
            {"value": "1", "unit": "Wh"}, profile=profile, timestamp="2025-06-03T14:15:00"
        )
        assert datetime(2025, 6, 3, 12, 15, tzinfo=UTC) == one(reception).instant

    def test_reception_is_told_in_utc(self) -> None:
        """Whatever zone the caller's clock has."""
        received = RECEIVED.astimezone(tz=None)
        reception = read_meter_values(meter_values({"value": "1"}, timestamp=0), GENERIC, received)
        assert timedelta(0) == one(reception).instant.utcoffset()


class TestStart:
    """A StartTransaction is a report and a reading of the register."""

    def test_a_start(self) -> None:
        """Its meterStart is a register reading of whole watt hours."""
        report = read_start(START, INCH, RECEIVED)
        assert (1, "FA2AFD77", Decimal(733255), None) == (
            report.connector,
            report.id_tag,
            report.meter_start_wh,
            report.reservation,
        )
        expected = Reading(
            connector=1,
            instant=datetime(2025, 6, 3, 12, 15, tzinfo=UTC),
            measurand=ENERGY,
            phase=None,
            location="Outlet",
            context=BEGIN,
            value=Decimal(733255),
            unit="Wh",
            raw_value="733255",
            raw_unit=None,
            transaction=None,
            resolution_wh=Decimal(1),
            position=0,
        )
        assert expected == one(report.reception)
        assert expected.instant == report.instant
        assert [] == rules(report.reception)

    @pytest.mark.parametrize(
        ("said", "value", "rule"),
        [
            ("733255", 733255, "value-is-a-text"),
            (0, 0, None),
            (12.0, 12, None),
            (Decimal("12.0"), 12, None),
            (-1, None, "register-negative"),
            (None, None, "value-missing"),
            ([], None, "value-is-no-number"),
            (True, None, "value-is-no-number"),
            ("x", None, "value-is-a-text"),
            pytest.param(10**5000, None, "value-is-no-number", id="huge"),
        ],
    )
    def test_a_meter_start(self, said: object, value: int | None, rule: str | None) -> None:
        """What is no register is none, and makes no reading."""
        report = read_start({**START, "meterStart": said}, INCH, RECEIVED)
        assert value == report.meter_start_wh
        assert (value is not None) == bool(report.reception.readings)
        assert ([] if rule is None else [rule]) == rules(report.reception)[:1]

    @pytest.mark.parametrize(
        ("said", "kept", "rule"),
        [
            (" f6:ca ", " f6:ca ", None),
            (None, "", "id-tag-missing"),
            (77, "77", "id-tag-not-a-text"),
            ("0123456789ABCDEF0123", "0123456789ABCDEF0123", None),
            ("0123456789ABCDEF01234", "0123456789ABCDEF01234", "id-tag-too-long"),
        ],
    )
    def test_an_id_tag(self, said: object, kept: str, rule: str | None) -> None:
        """It is kept as it was sent."""
        report = read_start({**START, "idTag": said}, INCH, RECEIVED)
        assert kept == report.id_tag
        assert ([] if rule is None else [rule]) == rules(report.reception)

    def test_a_reservation(self) -> None:
        """Its id is kept."""
        report = read_start({**START, "reservationId": 5}, INCH, RECEIVED)
        assert 5 == report.reservation


class TestStop:
    """A StopTransaction is a report and readings, of a connector that it does not name."""

    def test_a_stop(self) -> None:
        """Without a reason it was stopped locally, without an idTag by nobody in particular."""
        report = read_stop(STOP, INCH, RECEIVED)
        assert (7, None, Decimal(740000), "Local") == (
            report.transaction,
            report.id_tag,
            report.meter_stop_wh,
            report.reason,
        )
        assert (0, END, 7, 0, "740000") == (
            one(report.reception).connector,
            one(report.reception).context,
            one(report.reception).transaction,
            one(report.reception).position,
            one(report.reception).raw_value,
        )
        assert datetime(2025, 6, 3, 12, 15, tzinfo=UTC) == report.instant
        assert report.instant == one(report.reception).instant
        assert [] == rules(report.reception)

    def test_who_stopped_it_and_why(self) -> None:
        """As it was sent."""
        report = read_stop({**STOP, "idTag": " FA2A", "reason": "Remote"}, INCH, RECEIVED)
        assert (" FA2A", "Remote") == (report.id_tag, report.reason)
        assert [] == rules(report.reception)

    def test_transaction_data(self) -> None:
        """Its samples stand behind meterStop, with their own times and places."""
        data = [{"timestamp": "2025-06-03T12:00:00Z", "sampledValue": [{"value": "1"}] * 2}] * 2
        report = read_stop({**STOP, "transactionData": data}, INCH, RECEIVED)
        assert [0, 1, 2, 3, 4] == [each.position for each in report.reception.readings]
        assert datetime(2025, 6, 3, 12, tzinfo=UTC) == report.reception.readings[2].instant
        assert {(0, 7)} == {
            (each.connector, each.transaction) for each in report.reception.readings
        }

    @pytest.mark.parametrize("data", [None, []])
    def test_no_transaction_data(self, data: object) -> None:
        """An empty list of it is nothing odd."""
        report = read_stop({**STOP, "transactionData": data}, INCH, RECEIVED)
        assert [] == rules(report.reception)

    def test_transaction_data_counts_even_without_a_meter_stop(self) -> None:
        """Energy that is only told there is told."""
        data = [{"timestamp": AT, "sampledValue": [{"value": "9", "unit": "Wh"}]}]
        payload = {"transactionId": -1, "meterStop": -1, "timestamp": AT, "transactionData": data}
        report = read_stop(payload, INCH, RECEIVED)
        assert (None, -1) == (report.meter_stop_wh, report.transaction)
        assert (Decimal(9), 0) == (one(report.reception).value, one(report.reception).position)

    def test_oddities(self) -> None:
        """A reason nobody knows is kept; an id that is missing is named."""
        report = read_stop({"meterStop": 1, "timestamp": AT, "reason": "Tired"}, INCH, RECEIVED)
        assert (None, "Tired") == (report.transaction, report.reason)
        assert ["transaction-unusable", "unknown-reason"] == rules(report.reception)

    def test_the_session_tells_the_connector(self) -> None:
        """The same reading, of the connector that was meant."""
        reading = one(read_stop(STOP, INCH, RECEIVED).reception)
        assert 2 == with_connector(reading, 2).connector
        assert reading == with_connector(with_connector(reading, 2), 0)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        ["NaN", "1e400", "-1", "2025-06-03T12:00:00", AT, "L1", "kWh", ENERGY, "\ud800"]
    )
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=10,
)


def objects(*names: str, **inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Make objects with some of these fields, holding anything."""
    optional = {name: inner.get(name, ANY_JSON) | ANY_JSON for name in (*names, *inner)}
    return st.fixed_dictionaries({}, optional=optional)


SAMPLES = objects("value", "unit", "measurand", "phase", "location", "context", "format")
METER_VALUES = st.lists(
    objects("timestamp", sampledValue=st.lists(SAMPLES, max_size=3)), max_size=3
)


class TestTotality:
    """Whatever JSON a charger sends, something comes back."""

    @FEW
    @given(ANY_JSON | objects("connectorId", "transactionId", meterValue=METER_VALUES))
    def test_meter_values(self, payload: Any) -> None:
        """Readings are storable, exact and in UTC; deviations are known by name."""
        self.check(read_meter_values(payload, INCH, RECEIVED))

    @FEW
    @given(ANY_JSON | objects("connectorId", "idTag", "meterStart", "timestamp", "reservationId"))
    def test_start(self, payload: Any) -> None:
        """So it is with a StartTransaction."""
        report = read_start(payload, INCH, RECEIVED)
        assert report.id_tag.encode("utf-8") is not None
        self.check(report.reception)

    @FEW
    @given(
        ANY_JSON
        | objects(
            "transactionId",
            "idTag",
            "meterStop",
            "reason",
            "timestamp",
            transactionData=METER_VALUES,
        )
    )
    def test_stop(self, payload: Any) -> None:
        """And with a StopTransaction."""
        report = read_stop(payload, INCH, RECEIVED)
        assert report.reason.encode("utf-8")
        self.check(report.reception)

    def check(self, reception: Reception) -> None:
        """See that what came out can be stored and explained."""
        for reading in reception.readings:
            assert reading.instant.utcoffset() == timedelta(0)
            assert reading.value is None or reading.value.is_finite()
            for text in (reading.raw_value, reading.raw_unit or "", reading.measurand):
                text.encode("utf-8")
        for leniency in reception.leniencies:
            assert leniency.meaning == RULES[leniency.rule]
            assert len(leniency.said) <= 80
            json.dumps([leniency.where, leniency.said]).encode("utf-8")

    def test_nesting_without_end(self) -> None:
        """A deep list is not walked down."""
        deep: list[Any] = []
        for _ in range(50_000):
            deep = [deep]
        assert () == read_meter_values(deep, INCH, RECEIVED).readings
        assert () == read(deep, connectorId=deep).readings
