"""What stands in a message, as scenarios write it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from harness.errors import UsageError
from harness.fields import build, look_up, meets, names_error, read_conditions

PAYLOAD = {
    "connectorId": 1,
    "status": "Faulted",
    "info": "EV side disconnected",
    "readonly": False,
    "limit": Decimal("6.0"),
    "timestamp": "2025-06-03T02:00:00+02:00",
    "key": [{"key": "A", "value": "60"}],
}


def word(text: str) -> str:
    """Give what two words stand for."""
    return {"now": "2025-06-03T00:00:00Z", "Anna's card": "FA2AFD77"}.get(text, text)


class TestJudging:
    """Conditions on a message."""

    @pytest.mark.parametrize(
        ("conditions", "expected"),
        [
            ("", True),
            ("connectorId=1, status=Faulted", True),
            ("connectorId=1, status=Available", False),
            ("connectorId=2 or 1", True),
            ("connectorId=one", False),
            ("status=Available or Faulted", True),
            ("status!=Available or Faulted", False),
            ("status!=Available", True),
            ("nothing!=Available", True),
            ("info=EV side disconnected, readonly=false", True),
            ("readonly=true", False),
            ("limit=6", True),
            ("timestamp=now", True),
            ("timestamp=2025-06-03T00:00:01Z", False),
            ("timestamp=nonsense", False),
            ("no reservationId, any status", True),
            ("no status", False),
            ("any reservationId", False),
            ("reason=Local or omitted", True),
            ("status=omitted", False),
            ("key[0].key=A, key[0].value=60, no key[1]", True),
            ("key.key=A", False),
            ("status[0]=A", False),
            ("status.x=A", False),
            ("connectorId=7 / status=Faulted", True),
            ("connectorId=7 / any error", False),
        ],
    )
    def test_holds(self, conditions: str, expected: bool) -> None:
        """One set of conditions must hold as a whole."""
        assert expected == meets(PAYLOAD, read_conditions(conditions), word)

    def test_knows_whether_an_error_is_asked_for(self) -> None:
        """A CALLERROR fits only where it is named."""
        assert names_error(read_conditions("listVersion=-1 / error=NotSupported"))
        assert names_error(read_conditions("any error"))
        assert not names_error(read_conditions("status=Rejected"))

    def test_a_comma_may_stand_in_a_value(self) -> None:
        """Only a comma before another condition divides."""
        said = {"a": "Voltage,Current.Import", "b": "1, 2 and 3", "c": 3}

        assert meets(said, read_conditions("a=Voltage,Current.Import, b=1, 2 and 3, c=3"), word)

    def test_what_asks_nothing_is_refused(self) -> None:
        """A word alone is no condition."""
        with pytest.raises(UsageError, match='"status" asks nothing'):
            read_conditions("status")

    def test_a_message_that_is_no_object_holds_nothing(self) -> None:
        """Whatever it is, no field stands in it."""
        assert None is look_up(7, "status")
        assert None is look_up(None, "key[0]")


class TestMaking:
    """Messages made of what a scenario says."""

    def test_types_are_those_of_the_schema(self) -> None:
        """The same digits are a number where one is asked for, and a text where a text is."""
        assert {"connectorId": 1, "type": "Operative"} == build(
            "ChangeAvailability", 2, "connectorId=1, type=Operative", word
        )
        assert {"key": "A", "value": "60"} == build(
            "ChangeConfiguration", 2, "key=A, value=60", word
        )
        assert {"key": ["A", "B"]} == build("GetConfiguration", 2, "key[0]=A, key[1]=B", word)

    def test_reaches_deep(self) -> None:
        """Lists and objects on the way are made, numbers with decimals too, and words are known."""
        fields = (
            "connectorId=1,"
            " csChargingProfiles.chargingSchedule.chargingSchedulePeriod[1].limit=6.5,"
            " csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].limit=-6,"
            " csChargingProfiles.validFrom=now"
        )

        assert {
            "connectorId": 1,
            "csChargingProfiles": {
                "chargingSchedule": {"chargingSchedulePeriod": [{"limit": -6}, {"limit": 6.5}]},
                "validFrom": "2025-06-03T00:00:00Z",
            },
        } == build("SetChargingProfile", 2, fields, word)

    def test_follows_definitions(self) -> None:
        """A schema that refers to a part of itself is followed, and truth is a truth."""
        hashed = "certificateHashData.hashAlgorithm=SHA256"
        readonly = "configurationKey[0].key=A, configurationKey[0].readonly=true"

        assert {"certificateHashData": {"hashAlgorithm": "SHA256"}} == build(
            "DeleteCertificate", 2, hashed, word
        )
        assert {"configurationKey": [{"key": "A", "readonly": True}]} == build(
            "GetConfiguration", 3, readonly, word
        )

    def test_has_what_is_usual(self) -> None:
        """What the scenario does not say is usual, what it says is not, and it can leave out."""
        usual = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}

        assert {"connectorId": 0, "status": "Available"} == build(
            "StatusNotification", 2, "connectorId=0, errorCode=omitted", word, usual
        )
        assert 1 == usual["connectorId"]

    @pytest.mark.parametrize(
        ("action", "fields", "told"),
        [
            ("Rset", "type=Hard", "OCPP 1.6 knows no message Rset"),
            ("Reset", "typ=Hard", "Reset has no field typ in OCPP 1.6"),
            ("Reset", "Hard", '"Hard" says nothing of a field'),
            ("SendLocalList", "localAuthorizationList[0].tag=A", "has no field"),
        ],
    )
    def test_refuses_what_the_standard_has_not(self, action: str, fields: str, told: str) -> None:
        """A slip of the pen is found where it stands, not on the wire."""
        with pytest.raises(UsageError, match=told.replace(".", r"\.").replace("[", r"\[")):
            build(action, 2, fields, word)


def test_a_time_may_be_a_span_of_times() -> None:
    """Two instants with a slash between them mean any from the one to the other."""
    words = {"now": "2025-06-03T08:00:00Z/2025-06-03T08:00:05Z"}
    wanted = read_conditions("timestamp=now")

    def fits(told: str) -> bool:
        return meets({"timestamp": told}, wanted, lambda text: words.get(text, text))

    assert [True, True, False, False] == [
        fits(f"2025-06-03T08:00:{second}Z") for second in ("00", "05", "06", "05.1")
    ]
    assert not fits("a/b")
