"""Configuration keys: access, type and range."""

from __future__ import annotations

import pytest

from simulators.charger_inch.configuration import KEYS, Configuration


@pytest.mark.parametrize(
    ("name", "value", "verdict"),
    [
        ("MeterValueSampleInterval", "300", "Accepted"),
        ("MeterValueSampleInterval", "0", "Accepted"),
        ("MeterValueSampleInterval", "-1", "Rejected"),
        ("MeterValueSampleInterval", "86401", "Rejected"),
        ("MeterValueSampleInterval", "1.5", "Rejected"),
        ("MeterValueSampleInterval", "٣", "Rejected"),
        ("MeterValueSampleInterval", "9" * 400, "Rejected"),
        ("ConnectionTimeOut", "0", "Rejected"),
        ("StopTransactionOnInvalidId", "false", "Accepted"),
        ("StopTransactionOnInvalidId", "no", "Rejected"),
        ("MeterValuesSampledData", "Voltage,Current.Import", "Accepted"),
        ("MeterValuesSampledData", "", "Accepted"),
        ("MeterValuesSampledData", "Voltage,SoC", "Rejected"),
        ("NumberOfConnectors", "2", "Rejected"),
        ("LightIntensity", "50", "Accepted"),
        ("LightIntensity", "101", "Rejected"),
        ("AuthorizationKey", "AA", "NotSupported"),
    ],
)
def test_each_key_takes_its_type_and_range(name: str, value: str, verdict: str) -> None:
    """The status of ChangeConfiguration.conf tells what became of the value."""
    assert Configuration({}).change(name, value) == verdict


def test_a_refused_value_changes_nothing() -> None:
    """One unknown measurand leaves the whole list as it was (errata 3.13)."""
    configuration = Configuration({"MeterValuesSampledData": "Voltage"})
    configuration.change("MeterValuesSampledData", "Current.Import,SoC")
    assert configuration.measurands("MeterValuesSampledData") == ("Voltage",)


def test_names_are_compared_without_regard_to_case() -> None:
    """A key is a CiString50."""
    configuration = Configuration({})
    assert configuration.change("metervaluesampleinterval", "0060") == "Accepted"
    assert configuration.text("MeterValueSampleInterval") == "60"


def test_all_keys_are_given_where_none_is_asked_for() -> None:
    """Each entry tells its access; nothing is unknown."""
    entries, unknown = Configuration({}).entries([])
    assert {"key": "NumberOfConnectors", "readonly": True, "value": "1"} in entries
    assert [entry["key"] for entry in entries] == [key.name for key in KEYS]
    assert unknown == []


def test_unknown_keys_are_named_as_asked() -> None:
    """Known keys are given, the others listed."""
    entries, unknown = Configuration({}).entries(["connectiontimeout", "Cellar"])
    assert entries == [{"key": "ConnectionTimeOut", "readonly": False, "value": "60"}]
    assert unknown == ["Cellar"]


@pytest.mark.parametrize(
    ("name", "value"), [("Cellar", "1"), ("ConnectionTimeOut", "x"), ("NumberOfConnectors", "2")]
)
def test_a_setup_with_a_wrong_value_is_refused(name: str, value: str) -> None:
    """The error names key and value."""
    with pytest.raises(ValueError, match=f"{name} does not take '{value}'"):
        Configuration({name: value})
