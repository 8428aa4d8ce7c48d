"""Frames as the charger reads and writes them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.charger_inch import ocpp_frames
from simulators.charger_inch.ocpp_frames import CALL, CALL_ERROR, CALL_RESULT, Frame

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ('[2,"1","Reset",{"type":"Soft"}]', Frame(CALL, "1", "Reset", {"type": "Soft"})),
        ('[2,"1","ClearCache",null]', Frame(CALL, "1", "ClearCache", {})),
        ('[2,"1",["Reset"],{}]', Frame(CALL, "1", None, {})),
        ('[3,"1",{"x":21.4}]', Frame(CALL_RESULT, "1", None, {"x": Decimal("21.4")})),
        ('[3,"1",null]', Frame(CALL_RESULT, "1", None, {})),
        ('[4,"1","GenericError","",{}]', Frame(CALL_ERROR, "1", why="GenericError")),
        ('[4,"1","GenericError"]', Frame(CALL_ERROR, "1", why="GenericError")),
    ],
)
def test_a_frame_is_read(text: str, frame: Frame) -> None:
    """A number with a point keeps its digits; null is an empty payload (OCPP-J §4.2.1)."""
    assert ocpp_frames.read(text) == frame


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '[2,"1"]',
        '[2,"1","Reset"]',
        '[2,"1","Reset",{},{}]',
        '[3,"1",{},{}]',
        '[2.0,"1","Reset",{}]',
        '[true,"1","Reset",{}]',
        '["2","1","Reset",{}]',
        '[2,1,"Reset",{}]',
        '[2,"","Reset",{}]',
        '[5,"1","Reset",{}]',
        "[" * 100_000,
        '[2,"1","Reset",' + "[" * 40 + "]" * 40 + "]",
    ],
)
def test_what_is_no_frame_is_none(text: str) -> None:
    """And is left unanswered."""
    assert ocpp_frames.read(text) is None


@given(JSON)
def test_anything_is_read_or_is_none(value: Any) -> None:
    """Whatever JSON comes, nothing is raised; its schema is compared, too."""
    ocpp_frames.read(json.dumps(value))
    frame = ocpp_frames.read(json.dumps([2, "1", "SetChargingProfile", value]))
    if frame is not None:
        ocpp_frames.breach_of_request("SetChargingProfile", frame.payload)


def test_frames_are_written_compactly() -> None:
    """As one line without blanks; a reason is cut to what fits."""
    assert ocpp_frames.call("1", "Heartbeat", {}) == '[2,"1","Heartbeat",{}]'
    assert ocpp_frames.result("1", {"status": "Accepted"}) == '[3,"1",{"status":"Accepted"}]'
    written = json.loads(ocpp_frames.error("1", "GenericError", "x" * 300))
    assert written == [4, "1", "GenericError", "x" * 255, {}]


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("Reset", {"type": 1}, "TypeConstraintViolation"),
        ("Reset", {"type": "Medium"}, "PropertyConstraintViolation"),
        ("Reset", {}, "ProtocolError"),
        ("Reset", [], "TypeConstraintViolation"),
        ("Reset", {"type": "Soft", "cellar": 1}, "FormationViolation"),
        ("ChangeConfiguration", {"key": "x" * 51, "value": ""}, "TypeConstraintViolation"),
        ("UnlockConnector", {"connectorId": 10**30}, None),
    ],
)
def test_a_breach_has_its_code(action: str, payload: Any, code: str | None) -> None:
    """Of OCPP-J §4.2.3 and its errata, with the place."""
    breach = ocpp_frames.breach_of_request(action, payload)
    assert (None if breach is None else breach.code) == code


def test_tenths_are_exact() -> None:
    """21.4 A has one decimal, 4.11 A has two (OCPP 1.6 §7.14)."""
    for limit, fits in ((Decimal("21.4"), True), (Decimal("4.11"), False), (16, True)):
        period = {"startPeriod": 0, "limit": limit}
        schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
        profile = {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": schedule,
        }
        payload = {"connectorId": 1, "csChargingProfiles": profile}
        breach = ocpp_frames.breach_of_request("SetChargingProfile", payload)
        assert (breach is None) is fits


def test_an_answer_is_compared_with_its_own_schema() -> None:
    """A missing field is named with its place."""
    breach = ocpp_frames.breach_of_answer("Authorize", {"idTagInfo": {}})
    assert breach is not None
    assert breach.code == "ProtocolError"
    assert breach.why.startswith("idTagInfo: ")
    assert ocpp_frames.breach_of_answer("Heartbeat", {"currentTime": "x"}) is None
