"""The strict look at commands: nothing invalid leaves, and the error names field and rule."""

from __future__ import annotations

import contextlib
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ocpp.messages import MessageType, get_validator

from backend.adapters.ocpp_schemas import (
    COMMANDS,
    checked,
    deviations_of_answer,
    is_instant,
    is_location,
    schema_for_callers,
    schema_of,
    unusable_field,
)
from backend.core.declaration import BACKEND_MESSAGES
from backend.errors import CommandError

PERIODS = [{"startPeriod": 0, "limit": 16.5}, {"startPeriod": 900, "limit": 8}]
SCHEDULE = {"chargingRateUnit": "A", "chargingSchedulePeriod": PERIODS}
PROFILE: dict[str, Any] = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": SCHEDULE,
}

GOOD: dict[str, dict[str, Any]] = {
    "CancelReservation": {"reservationId": 7},
    "ChangeAvailability": {"connectorId": 0, "type": "Inoperative"},
    "ChangeConfiguration": {"key": "HeartbeatInterval", "value": "900"},
    "ClearCache": {},
    "ClearChargingProfile": {"chargingProfilePurpose": "TxProfile"},
    "DataTransfer": {"vendorId": "Etrel", "messageId": "TxLimit", "data": "{}"},
    "GetCompositeSchedule": {"connectorId": 1, "duration": 60, "chargingRateUnit": "W"},
    "GetConfiguration": {"key": ["HeartbeatInterval"]},
    "GetDiagnostics": {"location": "ftp://host/in", "startTime": "2025-06-03T06:00:00.5+02:00"},
    "GetLocalListVersion": {},
    "RemoteStartTransaction": {"idTag": "A", "connectorId": 1},
    "RemoteStopTransaction": {"transactionId": -1},
    "ReserveNow": {
        "connectorId": 1,
        "expiryDate": "2025-06-03T06:00:00Z",
        "idTag": "A",
        "reservationId": 1,
    },
    "Reset": {"type": "Soft"},
    "SendLocalList": {
        "listVersion": 1,
        "updateType": "Full",
        "localAuthorizationList": [{"idTag": "A", "idTagInfo": {"status": "Accepted"}}],
    },
    "SetChargingProfile": {"connectorId": 0, "csChargingProfiles": PROFILE},
    "TriggerMessage": {"requestedMessage": "Heartbeat"},
    "UnlockConnector": {"connectorId": 1},
    "UpdateFirmware": {"location": "http://host/f.zip", "retrieveDate": "2025-06-03T06:00:00Z"},
}


def profile(**changes: Any) -> dict[str, Any]:
    """Give SetChargingProfile with a profile that is changed."""
    return {"connectorId": 1, "csChargingProfiles": {**PROFILE, **changes}}


def schedule(*starts: int) -> dict[str, Any]:
    """Give SetChargingProfile whose periods start so."""
    periods = [{"startPeriod": start, "limit": 6} for start in starts]
    return profile(chargingSchedule={**SCHEDULE, "chargingSchedulePeriod": periods})


class TestGood:
    """What may be sent."""

    def test_all_commands_of_ocpp_are_known(self) -> None:
        """The nineteen requests of a central system in OCPP 1.6, no more and no less."""
        assert set(BACKEND_MESSAGES) == set(COMMANDS) == set(GOOD)

    @pytest.mark.parametrize("action", COMMANDS)
    def test_good_payloads_are_given_back(self, action: str) -> None:
        """They are as they were, and fit the schema of the ocpp package, too."""
        exact = checked(action, GOOD[action])

        assert exact == json.loads(json.dumps(GOOD[action]), parse_float=Decimal)
        get_validator(MessageType.Call, action, "1.6", Decimal).validate(exact)

    def test_floats_become_what_they_show(self) -> None:
        """A limit of 21.4 is a multiple of 0.1, and 4.11 is not, whatever floats make of it."""
        for limit, is_good in ((21.4, True), (4.11, False), (Decimal("16.1"), True)):
            periods = [{"startPeriod": 0, "limit": limit}]
            payload = profile(chargingSchedule={**SCHEDULE, "chargingSchedulePeriod": periods})
            if is_good:
                checked("SetChargingProfile", payload)
            else:
                with pytest.raises(CommandError, match="has too many digits; write a multiple"):
                    checked("SetChargingProfile", payload)


BAD = [
    ("Teleport", {}, "", "", "is no command of OCPP 1.6"),
    ("Reset", [], "", "type", "the payload is no object"),
    ("Reset", None, "", "type", "the payload is no object"),
    ("Reset", {}, "type", "required", "type is missing"),
    ("Reset", {"type": "Warm"}, "type", "enum", "write one of Hard, Soft"),
    ("Reset", {"type": "Soft", "now": True}, "now", "additionalProperties", "now is no field"),
    ("RemoteStartTransaction", {"idTag": "A" * 21}, "idTag", "maxLength", "20 signs"),
    ("RemoteStartTransaction", {"idTag": ""}, "idTag", "minLength", "is empty"),
    ("RemoteStartTransaction", {"idTag": "A\0B"}, "idTag", "pattern", "cannot be printed"),
    ("RemoteStartTransaction", {"idTag": "A\n"}, "idTag", "pattern", "cannot be printed"),
    ("RemoteStartTransaction", {"idTag": "A", "connectorId": 0}, "connectorId", "minimum", "1 or"),
    ("UnlockConnector", {"connectorId": 2**31}, "connectorId", "maximum", "2147483647 or less"),
    ("RemoteStopTransaction", {"transactionId": True}, "transactionId", "type", "whole number"),
    ("RemoteStopTransaction", {"transactionId": 1.5}, "transactionId", "type", "whole number"),
    ("RemoteStopTransaction", {"transactionId": 10**400}, "transactionId", "maximum", ""),
    ("RemoteStopTransaction", {"transactionId": {1, 2}}, "", "json", "what JSON cannot carry"),
    ("DataTransfer", {"vendorId": "\ud800"}, "", "json", "what JSON cannot carry"),
    ("GetDiagnostics", {"location": "in the cellar"}, "location", "format", "ftp://host/folder"),
    ("GetDiagnostics", {"location": "ftp://[x"}, "location", "format", "ftp://host/folder"),
    (
        "ReserveNow",
        GOOD["ReserveNow"] | {"expiryDate": "2025-06-03T06:00:00"},
        "expiryDate",
        "format",
        "is no instant; write it with its zone",
    ),
    (
        "ReserveNow",
        GOOD["ReserveNow"] | {"expiryDate": "2025-13-03T06:00:00Z"},
        "expiryDate",
        "format",
        "is no instant; write it with its zone",
    ),
    ("SendLocalList", {"listVersion": 0, "updateType": "Full"}, "listVersion", "minimum", "1"),
    (
        "SendLocalList",
        {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [{"idTag": "A"}]},
        "localAuthorizationList[0].idTagInfo",
        "OCPP 1.6 §7.2",
        "a Full list has it everywhere",
    ),
    (
        "SendLocalList",
        {
            "listVersion": 1,
            "updateType": "Differential",
            "localAuthorizationList": [{"idTag": "a"}, {"idTag": "A"}],
        },
        "localAuthorizationList[1].idTag",
        "errata 3.74",
        "is there twice",
    ),
    (
        "SetChargingProfile",
        profile(chargingProfilePurpose="ChargePointMaxProfile"),
        "connectorId",
        "OCPP 1.6 §3.13.1",
        "must be 0",
    ),
    (
        "SetChargingProfile",
        profile(chargingProfilePurpose="TxProfile") | {"connectorId": 0},
        "connectorId",
        "OCPP 1.6 §5.16.2",
        "must be above 0",
    ),
    (
        "SetChargingProfile",
        profile(transactionId=1),
        "csChargingProfiles.transactionId",
        "OCPP 1.6 §7.8",
        "belongs to a TxProfile only",
    ),
    (
        "SetChargingProfile",
        schedule(60),
        "csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].startPeriod",
        "OCPP 1.6 §7.14",
        "must be 0",
    ),
    (
        "SetChargingProfile",
        schedule(0, 60, 60),
        "csChargingProfiles.chargingSchedule.chargingSchedulePeriod",
        "OCPP 1.6 §7.13",
        "in the order of startPeriod",
    ),
    (
        "SetChargingProfile",
        schedule(),
        "csChargingProfiles.chargingSchedule.chargingSchedulePeriod",
        "minItems",
        "is empty",
    ),
    (
        "SetChargingProfile",
        profile(chargingProfileKind="Recurring"),
        "csChargingProfiles.recurrencyKind",
        "OCPP 1.6 §7.8",
        "belongs to a Recurring profile only",
    ),
    (
        "SetChargingProfile",
        profile(
            chargingProfileKind="Relative",
            chargingSchedule={**SCHEDULE, "startSchedule": "2025-06-03T06:00:00Z"},
        ),
        "csChargingProfiles.chargingSchedule.startSchedule",
        "OCPP 1.6 §3.13.4",
        "has no meaning",
    ),
    (
        "RemoteStartTransaction",
        {"idTag": "A", "chargingProfile": PROFILE},
        "chargingProfile.chargingProfilePurpose",
        "enum",
        "is not TxProfile",
    ),
    (
        "RemoteStartTransaction",
        {
            "idTag": "A",
            "chargingProfile": {
                **PROFILE,
                "chargingProfilePurpose": "TxProfile",
                "transactionId": 1,
            },
        },
        "chargingProfile.transactionId",
        "errata 3.41",
        "is not known yet",
    ),
]


class TestBad:
    """What must not be sent."""

    @pytest.mark.parametrize(("action", "payload", "field", "rule", "words"), BAD)
    def test_the_error_names_field_and_rule(
        self, action: str, payload: Any, field: str, rule: str, words: str
    ) -> None:
        """In its data and in its sentence."""
        with pytest.raises(CommandError) as caught:
            checked(action, payload)

        assert (field, rule) == (caught.value.field, caught.value.rule)
        assert words in str(caught.value)

    def test_a_secret_is_not_repeated(self) -> None:
        """A key or password that breaks a rule does not get into the error."""
        secret = "s3cret" * 100
        for action, payload in (
            ("ChangeConfiguration", {"key": "AuthorizationKey", "value": secret}),
            ("GetDiagnostics", {"location": f"ftp://user:{secret} @host"}),
            ("GetDiagnostics", {"location": [secret]}),
        ):
            with pytest.raises(CommandError) as caught:
                checked(action, payload)
            assert "s3cret" not in str(caught.value)

    @given(
        st.sampled_from(list(COMMANDS)),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ),
    )
    def test_anything_is_given_back_or_refused(self, action: str, payload: Any) -> None:
        """Nothing else happens, whatever it is."""
        with contextlib.suppress(CommandError):
            assert isinstance(checked(action, payload), dict)


class TestSchemas:
    """What callers are told."""

    def test_what_is_chosen_may_be_left_out(self) -> None:
        """A reservation's id and all of a local list; the rest is needed as on the wire."""
        assert ["connectorId", "expiryDate", "idTag"] == schema_for_callers("ReserveNow")[
            "required"
        ]
        assert "required" not in schema_for_callers("SendLocalList")
        assert schema_of("Reset") == schema_for_callers("Reset")
        assert "required" in schema_of("SendLocalList")

    @pytest.mark.parametrize("action", COMMANDS)
    def test_schemas_are_plain_json(self, action: str) -> None:
        """They can be written into a document, and every number and text in them is bounded."""
        text = json.dumps(schema_for_callers(action))

        assert '"$schema"' not in text
        assert text.count('"type": "integer"') == text.count('"maximum": 2147483647') + text.count(
            '"maximum": 3}'
        )

    def test_instants_and_locations(self) -> None:
        """The two formats, by example."""
        assert is_instant("2025-06-03T06:00:00.123Z")
        assert not is_instant("2025-06-03")
        assert not is_instant("2025-06-03T25:00:00Z")
        assert is_location("ftp://user:pw@host:21/in")
        assert not is_location("host/in")


class TestAnswers:
    """The lenient look at what a charger answers."""

    def test_a_good_answer(self) -> None:
        """There is nothing to name."""
        assert () == deviations_of_answer("Reset", {"status": "Accepted"})

    def test_each_deviation_is_named(self) -> None:
        """With its place and what is said there."""
        found = deviations_of_answer("Reset", {"status": "Perhaps", "color": "red"})

        assert {"answer-enum", "answer-additionalProperties"} == {one.rule for one in found}
        assert {"status", "payload"} == {one.where for one in found}

    def test_a_key_that_a_charger_tells_is_not_shown(self) -> None:
        """A charger that tells its AuthorizationKey is flagged without it."""
        listed = [{"key": "AuthorizationKey", "value": "s3cret"}]

        (found,) = deviations_of_answer("GetConfiguration", {"configurationKey": listed})

        assert ("answer-required", "not shown") == (found.rule, found.said)

    @pytest.mark.parametrize(
        ("action", "payload", "field"),
        [
            ("ClearCache", {"status": "Perhaps", "color": "red"}, None),
            ("ClearCache", {}, "status"),
            ("ClearCache", {"status": 7}, "status"),
            ("GetConfiguration", {}, None),
            ("GetConfiguration", {"configurationKey": [{"value": 7}], "unknownKey": []}, None),
            ("GetConfiguration", {"configurationKey": "x"}, "configurationKey"),
            ("GetLocalListVersion", {"listVersion": True}, "listVersion"),
            ("GetLocalListVersion", {"listVersion": -1}, None),
            (
                "GetCompositeSchedule",
                {"status": "Accepted", "chargingSchedule": []},
                "chargingSchedule",
            ),
            ("DataTransfer", {"status": "Accepted", "data": {"a": 1}}, None),
            ("GetDiagnostics", {"fileName": 7}, None),
        ],
    )
    def test_what_cannot_be_used(
        self, action: str, payload: dict[str, Any], field: str | None
    ) -> None:
        """A required field that is missing or of another type, and a list that is none."""
        assert field == unusable_field(action, payload)

    def test_what_json_cannot_carry(self) -> None:
        """It is named and harms nothing."""
        (found,) = deviations_of_answer("Reset", {"status": "\ud800"})
        assert "answer-unreadable" == found.rule
        (found,) = deviations_of_answer("GetLocalListVersion", {"listVersion": Decimal("1E+9999")})
        assert "answer-type" == found.rule
