"""The strict reader: what OCPP-J 1.6 allows, and what it does not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from harness.ocpp_rules import breaches, is_instant, schema
from simulators.wiretap import Crossing

START = datetime(2025, 6, 3, tzinfo=UTC)
ME, OTHER = "WB-1", "backend"
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


def line(*said: object) -> list[Crossing]:
    """Give the frames of a line: mine as they stand, the other's in a tuple, else its states."""
    crossings = []
    for number, one in enumerate(said):
        mine = not isinstance(one, tuple)
        frame = one if mine else one[0]
        wire = "line" if frame in ("up", "down") else "ocpp1.6"
        text = frame if isinstance(frame, str) else json.dumps(frame)
        way = (ME, OTHER) if mine else (OTHER, ME)
        crossings.append(Crossing(START + timedelta(seconds=number), wire, *way, text))
    return crossings


def whys(*said: object) -> list[str]:
    """Give what is wrong with my frames."""
    return [breach.why for breach in breaches(line(*said), ME)]


def values(**sampled: object) -> dict[str, object]:
    """Give MeterValues with one value."""
    entry = {"timestamp": "2025-06-03T00:00:00Z", "sampledValue": [{"value": "1.5", **sampled}]}
    return {"connectorId": 1, "meterValue": [entry]}


class TestSoundFrames:
    """What healthy devices say."""

    def test_pass(self) -> None:
        """Calls, answers, refusals, empty and missing payloads are allowed."""
        assert [] == whys(
            "up",
            [2, "1", "Heartbeat", {}],
            ([3, "1", {"currentTime": "2025-06-03T00:00:00Z"}],),
            [2, "2", "Heartbeat", None],
            ([4, "2", "InternalError", "", {}],),
            ([2, "a", "ClearCache", {}],),
            [3, "a", {"status": "Accepted"}],
            ([2, "b", "GetCompositeSchedule", {"connectorId": 1, "duration": 60}],),
            [4, "b", "NotSupported", "not built", {}],
            [2, "3", "MeterValues", values(unit="kWh")],
        )

    def test_of_the_other_side_are_not_judged(self) -> None:
        """Whatever the tool sends, only the side under test is looked at."""
        assert [] == whys(("nonsense",), ([2, "1", "Nothing", {}],), ([9],))

    def test_of_other_lines_and_wires_are_not_judged(self) -> None:
        """Frames between others, and what hands do, belong to nobody here."""
        stranger = Crossing(START, "ocpp1.6", "WB-2", OTHER, "nonsense")
        hand = Crossing(START, "hand", ME, ME, "{}")

        assert [] == breaches([stranger, hand], ME)

    def test_may_use_an_id_again_on_a_new_line(self) -> None:
        """After a line broke, ids begin anew, and nothing waits any more."""
        assert [] == whys([2, "1", "Heartbeat", {}], "down", "up", [2, "1", "Heartbeat", {}])


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ("nonsense", "is no JSON array"),
        ('{"a": 1}', "is no JSON array"),
        ("[" * 100_000, "is no JSON array"),
        ([], "is no JSON array"),
        ([True, "1", "Heartbeat", {}], "True is no type of a message"),
        ([5, "1", "Heartbeat", {}], "5 is no type of a message"),
        (["2", "1", "Heartbeat", {}], "'2' is no type of a message"),
        ([2, "1", "Heartbeat"], "has 3 elements, not 4"),
        ([2, 17, "Heartbeat", {}], "the message id is no text of 1 to 36 characters"),
        ([2, "x" * 37, "Heartbeat", {}], "the message id is no text of 1 to 36 characters"),
        ([2, "", "Heartbeat", {}], "the message id is no text of 1 to 36 characters"),
        ([2, "1", ["Heartbeat"], {}], "the action, or the error code, is no text"),
        ([4, "1", "NotSupported", None, {}], "the description is no text, or the details"),
        ([4, "1", "NotSupported", "x" * 256, {}], "the description has more than 255"),
        ([3, "1", {}], "answers the message 1, which is not open"),
        ([2, "1", "Hartbeat", {}], "OCPP 1.6 knows no message Hartbeat"),
        ([2, "1", "../Heartbeat", {}], "OCPP 1.6 knows no message"),
        ([2, "1", "Authorize", {}], "payload: 'idTag' is a required property"),
        ([2, "1", "StatusNotification", STATUS | {"status": "Occupied"}], "status: 'Occupied'"),
        ([2, "1", "StatusNotification", STATUS | {"more": 1}], "payload: Additional properties"),
        ([2, "1", "StatusNotification", STATUS | {"connectorId": 1.0}], "connectorId: Decimal"),
        ([2, "1", "StatusNotification", STATUS | {"timestamp": "now"}], "timestamp: 'now' is not"),
        ([2, "1", "MeterValues", values(value="1,5")], "sampledValue: '1,5' is no number"),
        ([2, "1", "MeterValues", values(value="NaN")], "sampledValue: 'NaN' is no number"),
        ([2, "1", "MeterValues", values(unit="kwh")], "unit: 'kwh' is not one of"),
    ],
)
def test_a_breach_is_named(frame: object, why: str) -> None:
    """What is not allowed has its reason, and the frame that breaks it."""
    (breach,) = breaches(line(frame), ME)

    assert why in breach.why
    assert START == breach.crossing.at


class TestOrder:
    """What is wrong only because of what was said before."""

    def test_an_id_that_was_used(self) -> None:
        """A message id is unique on a line."""
        beat = [2, "1", "Heartbeat", {}]
        answer = ([3, "1", {"currentTime": "2025-06-03T00:00:00Z"}],)

        assert ["the message id 1 was used before on this line"] == whys(beat, answer, beat)

    def test_a_second_question_before_the_answer(self) -> None:
        """One CALL is under way at a time (errata 3.4)."""
        assert ["asks while its message Heartbeat is not answered yet"] == whys(
            [2, "1", "Heartbeat", {}], [2, "2", "Heartbeat", {}]
        )

    def test_crossing_questions_are_allowed(self) -> None:
        """Both sides may ask at the same time."""
        assert [] == whys([2, "1", "Heartbeat", {}], ([2, "1", "ClearCache", {}],))

    def test_an_answer_is_compared_with_what_was_asked(self) -> None:
        """The schema of an answer is that of the question's action, and codes are spelt so."""
        asked = ([2, "a", "ClearCache", {}],)

        assert ["status: 'Unlocked' is not one of ['Accepted', 'Rejected']"] == whys(
            asked, [3, "a", {"status": "Unlocked"}]
        )
        assert ["OCPP-J 1.6 knows no error code FormatViolation"] == whys(
            asked, [4, "a", "FormatViolation", "", {}]
        )
        assert ["OCPP 1.6 knows no message Nothing"] == whys(
            ([2, "a", "Nothing", {}],), [3, "a", {}]
        )


def test_a_signed_value_is_no_number() -> None:
    """Only raw values are read as numbers."""
    signed = values(value="7A0F", format="SignedData")

    assert [] == whys([2, "1", "MeterValues", signed])


def test_a_payload_of_another_shape_has_no_values() -> None:
    """What the schema refuses is not looked into for numbers."""
    for payload in (7, {"meterValue": [7]}, {"meterValue": [{"sampledValue": [7]}]}):
        assert all("is no number" not in why for why in whys([2, "1", "MeterValues", payload]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-06-03T00:00:00Z", True),
        ("2025-06-03T00:00:00.123+02:00", True),
        ("2025-06-03T00:00:00", False),
        ("2025-06-31T00:00:00Z", False),
        ("2025-06-03T24:00:01Z", False),
        ("2025-06-03 00:00:00Z", False),
        ("", False),
        (None, False),
        (7, False),
    ],
)
def test_instants_exist_and_have_a_zone(text: object, expected: bool) -> None:
    """A time is one that a clock can show, with its offset."""
    assert expected == is_instant(text)


def test_schemas_are_those_with_the_errata() -> None:
    """A reason may be left out (errata), and an action that is none has no schema."""
    stop = schema("StopTransaction", 2)

    assert stop is not None
    assert "reason" not in stop["required"]
    assert schema("StopTransaction", 3) is not None
    assert schema("Nothing", 2) is None
