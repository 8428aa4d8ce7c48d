"""Forms made of schemas, and payloads made of forms."""

from __future__ import annotations

import contextlib
import re
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
    label_of,
    payload_of,
    proposals,
    told,
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
        form_of(action, schema, mixed)
        with contextlib.suppress(CommandError):
            checked(action, payload_of(schema, mixed))

    def test_a_local_time_that_is_not_one_instant(self) -> None:
        """One that the clock passes over, or passes twice, is refused; the zone makes it clear."""
        for text, words in (
            ("2027-03-28T02:30", "the clock is put forward; write another time"),
            ("2027-10-31T02:30:00", "write 2027-10-31T02:30:00+02:00 or 2027-10-31T02:30:00+01:00"),
            ("0001-01-01T00:00", "out of all reason"),
        ):
            with pytest.raises(CommandError, match=re.escape(words)) as caught:
                payload("ReserveNow", expiryDate=text)
            assert "expiryDate" == caught.value.field
        zoned = {"expiryDate": "2027-10-31T02:30:00+01:00"}
        assert zoned == payload("ReserveNow", **zoned)
        assert {"expiryDate": "2027-10-31T02:00:00Z"} == payload(
            "ReserveNow", expiryDate="2027-10-31T03:00"
        )


class TestWords:
    """What is wrong is told in the words of the form."""

    @pytest.mark.parametrize(
        ("action", "changes", "what", "remedy"),
        [
            (
                "SetChargingProfile",
                {f"{PERIODS}.0.limit": "16.55"},
                "Limit (Charging profile, Schedule, Periods 1) has too many digits",
                "Write a multiple of 0.1.",
            ),
            (
                "ReserveNow",
                {"connectorId": "1", "idTag": "A", "expiryDate": "tomorrow"},
                "Until is no instant",
                "Write local time, 2027-01-01T12:00, or with its zone, 2027-01-01T12:00:00+01:00.",
            ),
            (
                "ReserveNow",
                {"connectorId": "1", "idTag": "A", "expiryDate": "2027-03-28T02:30"},
                "Until: '2027-03-28T02:30' does not exist in Europe/Zurich: "
                "the clock is put forward",
                "Write another time.",
            ),
            (
                "RemoteStopTransaction",
                {"transactionId": "seven"},
                "Number of the session is not a whole number",
                "Write a whole number, with nothing beside it.",
            ),
            ("Reset", {}, "Kind is missing", "Fill it in."),
            (
                "SetChargingProfile",
                {f"{PROFILE}.chargingProfilePurpose": "ChargePointMaxProfile"},
                "Connector must be 0 for a ChargePointMaxProfile",
                "See OCPP 1.6 §3.13.1.",
            ),
        ],
    )
    def test_each_kind(self, action: str, changes: dict[str, str], what: str, remedy: str) -> None:
        """The label of the field, and the form that it must have."""
        values = (FILLED if action == "SetChargingProfile" else {}) | changes
        chosen = {"reservationId": 1} if action == "ReserveNow" else {}

        def send() -> None:
            checked(action, payload_of(schema_for_callers(action), values) | chosen)

        with pytest.raises(CommandError) as caught:
            send()

        assert (what, remedy) == told(caught.value)

    def test_the_whole(self) -> None:
        """An error of no field is told as it is, and a place without a label by its name."""
        assert ("It is odd", "Mend it.") == told(CommandError("It is odd", "a form", "mend it"))
        assert ("", "novelty") == (label_of(""), label_of("novelty"))


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
        assert "as this charger sends it, up to 20 signs" == fields["idTag"].hint
        turned = {one.name: one for one in fields_in(form_of("ReserveNow", SCHEMA, {}, "little"))}
        assert "a card printed 77FD2AFA is FA2AFD77" in turned["idTag"].hint
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
        """The only connector, where it cannot be wrong, and that a schedule begins at once."""
        profile = schema_for_callers("SetChargingProfile")
        assert {f"{PERIODS}.0.startPeriod": "0"} == proposals(profile, 1)
        assert {"connectorId": "1"} == proposals(schema_for_callers("UnlockConnector"), 1)
        assert {f"{PERIODS}.0.startPeriod": "0"} == proposals(profile, 0)
        assert {} == proposals(schema_for_callers("TriggerMessage"), 1)


SCHEMA = schema_for_callers("ReserveNow")
