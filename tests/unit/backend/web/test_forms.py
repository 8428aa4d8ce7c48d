"""Forms made of schemas, and payloads made of forms."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.adapters.ocpp_schemas import COMMANDS, checked, schema_for_callers
from backend.errors import CommandError
from backend.web.forms import (
    Field,
    Group,
    Part,
    Rows,
    form_of,
    payload_of,
    proposals,
    with_one_more,
)

PROFILE = "csChargingProfiles"
SCHEDULE = f"{PROFILE}.chargingSchedule"
PERIODS = f"{SCHEDULE}.chargingSchedulePeriod"

FILLED = {
    "connectorId": " 1 ",
    f"{PROFILE}.chargingProfileId": "7",
    f"{PROFILE}.stackLevel": "0",
    f"{PROFILE}.chargingProfilePurpose": "TxDefaultProfile",
    f"{PROFILE}.chargingProfileKind": "Absolute",
    f"{PROFILE}.validFrom": "2025-07-01T12:00",
    f"{PROFILE}.validTo": "2025-07-02T12:00:00+02:00",
    f"{SCHEDULE}.chargingRateUnit": "A",
    f"{SCHEDULE}.duration": "",
    f"{PERIODS}.0.startPeriod": "0",
    f"{PERIODS}.0.limit": "16,5",
    f"{PERIODS}.0.numberPhases": "",
    f"{PERIODS}.4.startPeriod": "900",
    f"{PERIODS}.4.limit": "8",
    f"{PERIODS}.5.startPeriod": "",
    f"{PERIODS}.5.limit": "",
}


def fields_in(parts: tuple[Part, ...]) -> list[Field]:
    """Give all fields of a form."""
    found: list[Field] = []
    for part in parts:
        if isinstance(part, Field):
            found.append(part)
        elif isinstance(part, Group):
            found += fields_in(part.parts)
        else:
            for row in part.rows:
                found += fields_in(row)
    return found


def payload(action: str, **values: str) -> dict[str, Any]:
    """Make the payload of a command of flat fields."""
    return payload_of(schema_for_callers(action), values)


class TestPayloads:
    """What is filled in becomes a payload."""

    def test_a_whole_profile(self) -> None:
        """Numbers, choices, local and zoned instants, rows with gaps; what is empty is left out."""
        found = payload_of(schema_for_callers("SetChargingProfile"), FILLED)

        assert {
            "connectorId": 1,
            "csChargingProfiles": {
                "chargingProfileId": 7,
                "stackLevel": 0,
                "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Absolute",
                "validFrom": "2025-07-01T10:00:00Z",
                "validTo": "2025-07-02T12:00:00+02:00",
                "chargingSchedule": {
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [
                        {"startPeriod": 0, "limit": Decimal("16.5")},
                        {"startPeriod": 900, "limit": 8},
                    ],
                },
            },
        } == found
        checked("SetChargingProfile", found)

    def test_lists_and_empty_values(self) -> None:
        """A line is an entry; the value of a key may be empty, an optional list is left out."""
        assert {"key": ["A", "B"]} == payload("GetConfiguration", key=" A \n\nB\n")
        assert {} == payload("GetConfiguration", key="\n")
        assert {"key": "K", "value": ""} == payload("ChangeConfiguration", key="K", value="")
        assert {"value": ""} == payload("ChangeConfiguration", key="", value="")
        assert {} == payload("SendLocalList", listVersion="")

    def test_what_is_no_number_stays(self) -> None:
        """So that the schema names the field."""
        for action, name, text in (
            ("UnlockConnector", "connectorId", "one"),
            ("UnlockConnector", "connectorId", "1.5"),
            ("UnlockConnector", "connectorId", "9" * 11),
            ("ReserveNow", "expiryDate", "tomorrow"),
            ("ReserveNow", "expiryDate", "2025-13-01T00:00"),
        ):
            assert text == payload(action, **{name: text})[name]
        rows = {f"{PERIODS}.0.limit": "much", f"{PERIODS}.1.limit": "NaN"}
        found = payload_of(schema_for_callers("SetChargingProfile"), rows)
        periods = found["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"]
        assert ["much", "NaN"] == [one["limit"] for one in periods]

    def test_an_optional_profile_is_left_out(self) -> None:
        """A remote start without limits has no profile; one with any field has one."""
        assert {"idTag": "A"} == payload("RemoteStartTransaction", idTag="A", connectorId="")
        filled = {"idTag": "A", "chargingProfile.stackLevel": "0"}
        found = payload_of(schema_for_callers("RemoteStartTransaction"), filled)
        assert {"stackLevel": 0} == found["chargingProfile"]

    @given(
        st.sampled_from(list(COMMANDS)), st.dictionaries(st.text(max_size=20), st.text(max_size=20))
    )
    def test_anything_may_be_filled_in(self, action: str, values: dict[str, str]) -> None:
        """A payload comes of it, good or not; and a form that shows it again."""
        schema = schema_for_callers(action)
        names = [one.name for one in fields_in(form_of(action, schema, {}))]
        mixed = values | dict(zip(names, values.values(), strict=False))
        found = payload_of(schema, mixed)
        form_of(action, schema, mixed)
        with contextlib.suppress(CommandError):
            checked(action, found)


class TestForms:
    """What is shown to be filled in."""

    @pytest.mark.parametrize("action", COMMANDS)
    def test_every_field_of_a_command_is_there(self, action: str) -> None:
        """Each has a label in words, and those that are needed say so."""
        schema = schema_for_callers(action)
        parts = form_of(action, schema, {})

        assert set(schema["properties"]) == {one.name for one in parts}
        assert all(one.label[0].isupper() for one in fields_in(parts))
        needed = {one.name for one in parts if isinstance(one, Field | Group) and one.required}
        assert set(schema.get("required", ())) == needed

    def test_kinds(self) -> None:
        """A choice has its words, a number its bounds, a text its length."""
        fields = {one.name: one for one in fields_in(form_of("ReserveNow", SCHEMA, {}))}
        assert ("whole", 0, 2**31 - 1) == (
            fields["connectorId"].kind,
            fields["connectorId"].least,
            fields["connectorId"].most,
        )
        assert ("text", 20) == (fields["idTag"].kind, fields["idTag"].signs)
        assert "instant" == fields["expiryDate"].kind
        assert "empty for a new one" == fields["reservationId"].hint
        (kind,) = fields_in(form_of("Reset", schema_for_callers("Reset"), {"type": "Soft"}))
        assert ("choice", ("Hard", "Soft"), "Soft") == (kind.kind, kind.choices, kind.value)
        (keys,) = fields_in(form_of("GetConfiguration", schema_for_callers("GetConfiguration"), {}))
        assert "lines" == keys.kind

    def test_inside_an_optional_group_nothing_is_needed(self) -> None:
        """Who wants no profile need not fill one in."""
        schema = schema_for_callers("RemoteStartTransaction")
        fields = fields_in(form_of("RemoteStartTransaction", schema, {}))

        assert {"idTag"} == {one.name for one in fields if one.required}

    def test_rows(self) -> None:
        """There are as many as were filled in, or as needed; one more comes behind the last."""
        schema = schema_for_callers("SetChargingProfile")

        def rows(values: dict[str, str]) -> list[str]:
            fields = fields_in(form_of("SetChargingProfile", schema, values))
            return [one.name for one in fields if one.name.endswith("startPeriod")]

        assert [f"{PERIODS}.0.startPeriod"] == rows({})
        more = with_one_more(PERIODS, schema, FILLED)
        assert [f"{PERIODS}.{n}.startPeriod" for n in (0, 4, 5, 6)] == rows(more)
        assert [f"{PERIODS}.1.startPeriod"] == rows(with_one_more(PERIODS, schema, {}))
        cards = schema_for_callers("SendLocalList")
        (_, _, none) = sorted(
            form_of("SendLocalList", cards, {}), key=lambda one: type(one).__name__
        )
        assert isinstance(none, Rows)
        assert () == none.rows
        one = with_one_more("localAuthorizationList", cards, {})
        assert {"localAuthorizationList.0.idTag", "localAuthorizationList.0.idTagInfo"} == set(one)
        assert {} == with_one_more("no.such.place", cards, {})

    def test_what_is_proposed(self) -> None:
        """The only connector, and that a schedule begins at once."""
        profile = schema_for_callers("SetChargingProfile")
        assert {"connectorId": "1", f"{PERIODS}.0.startPeriod": "0"} == proposals(profile, 1)
        assert {f"{PERIODS}.0.startPeriod": "0"} == proposals(profile, 0)
        assert {} == proposals(schema_for_callers("TriggerMessage"), 1)


SCHEMA = schema_for_callers("ReserveNow")
