"""What a vendor declares of a model."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from backend.core.declaration import (
    BACKEND_MESSAGES,
    CHARGER_MESSAGES,
    TRANSPORTS,
    ConnectorDeclared,
    Declaration,
    MeasurementDeclared,
    MessageDeclared,
)
from backend.core.device_profile import load_profile

A_TABLE = "a table with " + ", ".join(each.name for each in fields(Declaration))
A_CONNECTOR = "a table with evse, connector, current, plug, power_kw, phases"
A_ROW_OF = "a table whose rows have all of "
A_MESSAGE = 'a table whose messages are a table: Authorize = ["1.6J"]'


class TestTheInch:
    """The declaration of the INCH (document 003)."""

    def test_both_transports_do_the_same(self) -> None:
        """What is supported over JSON is supported over SOAP, and over OCPP 1.5 nothing is."""
        declared = load_profile("etrel_inch").declared

        assert CHARGER_MESSAGES == declared.sends("1.6J") == declared.sends("1.6S")
        assert declared.answers("1.6J") == declared.answers("1.6S")
        assert 17 == len(declared.answers("1.6J"))
        assert () == declared.sends("1.5S") == declared.answers("1.5S")

    def test_what_is_not_asked_is_not_answered(self) -> None:
        """GetLocalListVersion is declared as not supported; of GetCompositeSchedule nothing is."""
        declared = load_profile("etrel_inch").declared

        assert declared.supports("GetLocalListVersion", "1.6J") is False
        assert declared.supports("GetCompositeSchedule", "1.6J") is None
        assert ("GetLocalListVersion",) == declared.refuses("1.6J")
        assert "GetCompositeSchedule" in BACKEND_MESSAGES

    def test_the_connector(self) -> None:
        """One, of 22 kW on three phases."""
        (connector,) = load_profile("etrel_inch").declared.connectors

        assert ConnectorDeclared(1, 1, "AC", "Type 2", 22, 3) == connector

    def test_units_on_the_wire(self) -> None:
        """A frequency is promised in hertz and sent without unit; the others as promised."""
        units = {
            one.measurand: one.units_on_the_wire
            for one in load_profile("etrel_inch").declared.measurements
        }

        assert ("",) == units["Frequency"]
        assert ("kWh",) == units["Energy.Active.Import.Register"]
        assert "Hz" == load_profile("etrel_inch").measurands["Frequency"]


class TestReading:
    """A declaration is checked key by key."""

    def test_nothing_is_a_declaration(self) -> None:
        """Of the generic model nothing is declared."""
        assert Declaration() == Declaration.from_mapping({}) == load_profile("generic").declared

    def test_tables(self) -> None:
        """Rows and lists are read, with the defaults of what is left out."""
        declared = Declaration.from_mapping(
            {
                "measurements": [{"measurand": "Voltage", "phases": ["L1"]}],
                "messages": {"Reset": []},
                "endpoints": {"1.6S": "TCP 80"},
            }
        )

        assert (MeasurementDeclared("Voltage", ("L1",)),) == declared.measurements
        assert (MessageDeclared("Reset", ()),) == declared.messages
        assert (("1.6S", "TCP 80"),) == declared.endpoints

    def test_what_a_row_needs(self) -> None:
        """Of a measurement its measurand is enough; of a connector all but its phases."""
        connector = {"evse": 1, "connector": 2, "current": "DC", "plug": "CCS", "power_kw": 50}
        declared = Declaration.from_mapping(
            {"measurements": [{"measurand": "Voltage"}], "connectors": [connector]}
        )

        assert (MeasurementDeclared("Voltage"),) == declared.measurements
        assert (ConnectorDeclared(1, 2, "DC", "CCS", 50, 0),) == declared.connectors

    def test_a_message_over_all_transports(self) -> None:
        """It is supported over each that there is."""
        declared = Declaration.from_mapping({"messages": {"Reset": list(TRANSPORTS)}})

        assert (MessageDeclared("Reset", TRANSPORTS),) == declared.messages

    @pytest.mark.parametrize(
        ("mapping", "complaint"),
        [
            ([], A_TABLE),
            ({"color": "red"}, A_TABLE + "; 'color' is none of them"),
            ({"vendor": 1}, "a table whose texts stand in quotes"),
            ({"diagnostics_protocols": "ftp"}, "a table whose lists hold texts in quotes"),
            ({"endpoints": "x"}, "a table whose tables hold texts in quotes"),
            ({"endpoints": {"1.6S": 80}}, "a table whose texts stand in quotes"),
            ({"messages": []}, A_MESSAGE),
            (
                {"messages": {"Teleport": []}},
                "a table whose messages are of OCPP 1.6; 'Teleport' is none",
            ),
            ({"messages": {"Reset": ["1.7"]}}, "a table whose transports are of 1.5S, 1.6S, 1.6J"),
            ({"connectors": {}}, "a table whose rows are tables"),
            ({"connectors": [1]}, A_CONNECTOR),
            ({"connectors": [{"color": 1}]}, A_CONNECTOR + "; 'color' is none of them"),
            ({"connectors": [{"evse": 1}]}, A_ROW_OF + "evse, connector, current, plug, power_kw"),
            ({"measurements": [{"unit": "V"}]}, A_ROW_OF + "measurand"),
            ({"connectors": [{"evse": "1"}]}, "a table whose evse are each of type int"),
            ({"connectors": [{"evse": True}]}, "a table whose evse are each of type int"),
            ({"measurements": [{"phases": "L1"}]}, "a table whose phases are each of type list"),
            (
                {"measurements": [{"measurand": "Voltage", "phases": [1]}]},
                "a table whose texts stand in quotes",
            ),
        ],
    )
    def test_what_is_wrong(self, mapping: Any, complaint: str) -> None:
        """The error says what must stand there."""
        with pytest.raises((TypeError, ValueError)) as caught:
            Declaration.from_mapping(mapping)
        assert complaint == str(caught.value)
