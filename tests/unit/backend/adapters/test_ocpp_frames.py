"""Frames: what is a message, what is not, and what is odd about either."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.adapters import ocpp_frames
from backend.adapters.ocpp_frames import Call, CallError, CallErrorCode, CallResult
from backend.adapters.ocpp_json import configuration_in, identity_of
from backend.errors import FrameError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=20,
)


def rules(frame: ocpp_frames.Frame) -> list[str]:
    """Give the names of what is odd."""
    return [one.rule for one in frame.odd]


class TestReading:
    """OCPP-J 1.6 §4.2."""

    def test_a_call(self) -> None:
        """A request has an id, an action and a payload; nothing about it is odd."""
        frame = ocpp_frames.parse('[2,"19223201","Heartbeat",{}]')

        assert Call("19223201", "Heartbeat", {}) == frame

    def test_a_call_result(self) -> None:
        """An answer has an id and a payload."""
        assert CallResult("1", {"a": 1}) == ocpp_frames.parse('[3,"1",{"a":1}]')

    def test_a_call_error(self) -> None:
        """A refusal has a code, a description and details."""
        frame = ocpp_frames.parse('[4,"1","GenericError","no",{"why":"so"}]')

        assert CallError("1", "GenericError", "no", {"why": "so"}) == frame

    def test_numbers_stay_exact(self) -> None:
        """A number with a point is kept digit by digit."""
        frame = ocpp_frames.parse('[2,"1","MeterValues",{"v":0.10}]')

        assert isinstance(frame, Call)
        assert "0.10" == str(frame.payload["v"])
        assert isinstance(frame.payload["v"], Decimal)

    def test_null_is_an_empty_payload(self) -> None:
        """OCPP-J §4.2.1 allows null for no payload."""
        assert Call("1", "Heartbeat", {}) == ocpp_frames.parse('[2,"1","Heartbeat",null]')

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ('[2,17,"Heartbeat",{}]', ["message-id-is-no-text"]),
            ('[2,null,"Heartbeat",{}]', ["message-id-is-no-text"]),
            (f'[2,"{"x" * 37}","Heartbeat",{{}}]', ["message-id-too-long"]),
            ('[2,"1","Heartbeat"]', ["frame-too-short"]),
            ('[2,"1","Heartbeat",{},0]', ["frame-too-long"]),
            ('[2,"1",{},{}]', ["action-is-no-text"]),
            ('[2,"1"]', ["frame-too-short", "action-is-no-text"]),
            ('[3,"1"]', ["frame-too-short"]),
            ('[4,"1"]', ["frame-too-short"]),
            ('[2,"1","MeterValues",{"v":NaN}]', ["json-constant"]),
            ('[2,"1","MeterValues",{"v":-Infinity}]', ["json-constant"]),
            ('\ufeff[2,"1","Heartbeat",{}]', ["byte-order-mark"]),
        ],
    )
    def test_what_is_odd_is_named(self, text: str, expected: list[str]) -> None:
        """A frame that can be read in spite of a fault is, and the fault is named."""
        assert expected == rules(ocpp_frames.parse(text))

    def test_a_constant_is_read_as_its_name(self) -> None:
        """NaN, which is no JSON, does not cost the rest of its message."""
        frame = ocpp_frames.parse('[2,"1","MeterValues",{"a":NaN,"b":"5"}]')

        assert isinstance(frame, Call)
        assert {"a": "NaN", "b": "5"} == frame.payload

    @pytest.mark.parametrize(
        ("text", "rule"),
        [
            ("", "frame-is-no-json"),
            ("[2,", "frame-is-no-json"),
            ('[2,"1","MeterValues",{"transactionId":,}]', "frame-is-no-json"),
            ("{}", "frame-is-no-array"),
            ("[]", "frame-is-no-array"),
            ("null", "frame-is-no-array"),
            ('["2","1","Heartbeat",{}]', "message-type-unknown"),
            ('[2.0,"1","Heartbeat",{}]', "message-type-unknown"),
            ('[true,"1","Heartbeat",{}]', "message-type-unknown"),
            ('[[2],"1","Heartbeat",{}]', "message-type-unknown"),
            ('[5,"1"]', "message-type-unknown"),
            ("[2]", "frame-too-short"),
            ("[" * 100_000, "frame-is-no-json"),
            ("[" * 40 + "]" * 40, "frame-is-no-json"),
            ('{"a":' * 40 + "1" + "}" * 40, "frame-is-no-json"),
            ("[" + "9" * 10_000 + "]", "message-type-unknown"),
            ("[NaN," + "[" * 100_000, "frame-is-no-json"),
        ],
    )
    def test_what_is_no_message(self, text: str, rule: str) -> None:
        """What cannot be told apart is refused by a rule that has a name."""
        with pytest.raises(FrameError) as refused:
            ocpp_frames.parse(text)

        assert rule == refused.value.where

    def test_a_number_of_any_length_is_a_number(self) -> None:
        """Digits beyond what a machine's integers take are kept, all of them, and named."""
        digits = "9" * 4_401
        frame = ocpp_frames.parse(f'[2,{digits},"Heartbeat",{{"a":{digits}}}]')

        assert isinstance(frame, Call)
        assert Decimal(digits) == frame.message_id == frame.payload["a"]
        assert ["number-of-many-digits", "number-of-many-digits", "message-id-is-no-text"] == (
            rules(frame)
        )
        assert f"[3,{digits},{{}}]" == ocpp_frames.call_result(frame.message_id, {})

    def test_a_number_beyond_all_numbers_is_a_text(self) -> None:
        """An exponent that no number has is read as the text that stands there."""
        number = "1e99999999999999999999"
        frame = ocpp_frames.parse(f'[2,"1","MeterValues",{{"a":{number}}}]')

        assert isinstance(frame, Call)
        assert {"a": number} == frame.payload
        assert ["number-beyond-all"] == rules(frame)

    def test_what_is_odd_again_and_again_is_counted(self) -> None:
        """Twenty of them are listed, of the others the number."""
        frame = ocpp_frames.parse(f'[2,"1","A",[{",".join(["NaN"] * 50)}]]')

        assert ["json-constant"] * 20 + ["more-deviations"] == rules(frame)
        assert "30" == frame.odd[-1].said

    @given(JSON)
    def test_any_json_is_read_or_refused(self, value: object) -> None:
        """Whatever JSON comes, the answer is a frame or a FrameError."""
        try:
            frame = ocpp_frames.parse(json.dumps(value))
        except FrameError:
            return
        assert isinstance(frame, Call | CallResult | CallError)

    @given(st.text())
    def test_any_text_is_read_or_refused(self, text: str) -> None:
        """Whatever text comes, nothing else is raised."""
        with pytest.raises(FrameError):
            ocpp_frames.parse(text + "x")

    @given(JSON, JSON, JSON)
    def test_an_answer_echoes_any_id(self, message_id: object, a: object, p: object) -> None:
        """The id of an answer is the id of its request, whatever that was."""
        text = json.dumps([2, message_id, a, p])
        call = ocpp_frames.parse(text)

        def read(text: str) -> list[object]:
            numbers = {"parse_float": Decimal, "parse_int": Decimal, "parse_constant": str}
            frame: list[object] = json.loads(text, **numbers)
            return frame

        answer = read(ocpp_frames.call_result(call.message_id, {}))
        assert (read(text)[1], type(read(text)[1])) == (answer[1], type(answer[1]))


class TestWriting:
    """Frames are compact JSON."""

    def test_frames(self) -> None:
        """A request, an answer and a refusal, as they go on the wire."""
        code = CallErrorCode.NOT_SUPPORTED

        assert '[2,"1","Reset",{"type":"Soft"}]' == ocpp_frames.call("1", "Reset", {"type": "Soft"})
        assert "[3,17,{}]" == ocpp_frames.call_result(17, {})
        assert '[4,"1","NotSupported","no",{}]' == ocpp_frames.call_error("1", code, "no")

    @pytest.mark.parametrize("number", ["1.50", "1E+5", "1e400", "-0.0", "12345678901234567890.5"])
    def test_an_id_that_is_a_number_goes_back_digit_for_digit(self, number: str) -> None:
        """However many digits it has, and whatever its exponent."""
        frame = ocpp_frames.parse(f'[2,{number},"Heartbeat",{{}}]')
        answer = json.loads(ocpp_frames.call_result(frame.message_id, {}), parse_float=Decimal)

        assert str(Decimal(number)) == str(answer[1])

    def test_a_number_inside_an_id_goes_back_as_json(self) -> None:
        """An id that is a list is echoed as JSON, also where its number is beyond all floats."""
        frame = ocpp_frames.parse('[2,[1.5,1e999],"Heartbeat",{}]')

        assert '[3,[1.5,"1E+999"],{}]' == ocpp_frames.call_result(frame.message_id, {})

    def test_only_numbers_are_stood_in_for(self) -> None:
        """What no frame can hold is a mistake of this program, and raised."""
        with pytest.raises(TypeError, match="nothing that a frame holds"):
            ocpp_frames.call_result({1, 2}, {})


class TestSchemas:
    """The schemas of OCPP 1.6, as the library has them."""

    def test_what_is_right_has_no_violations(self) -> None:
        """A payload of the specification passes."""
        assert () == ocpp_frames.violations("Authorize", {"idTag": "77FD2AFA"})

    def test_violations_are_named(self) -> None:
        """Each difference has its rule, its place and what stood there."""
        payload = {"connectorId": "1", "errorCode": "Error", "status": "Available", "more": 1}
        found = ocpp_frames.violations("StatusNotification", payload)

        places = {one.where: one.rule for one in found}
        assert {
            "payload": "schema-additionalProperties",
            ".connectorId": "schema-type",
            ".errorCode": "schema-enum",
        } == places

    def test_a_payload_of_any_kind(self) -> None:
        """A payload that is no object is one violation."""
        assert ["schema-type"] == [one.rule for one in ocpp_frames.violations("Heartbeat", [1])]


def test_long_texts_are_shortened() -> None:
    """What is shown to a person has 80 characters at most."""
    assert "x" * 80 == ocpp_frames.shown("x" * 80)
    assert "x" * 79 + "…" == ocpp_frames.shown("x" * 81)


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("/ocpp/WB-1", "WB-1"),
        ("/ocpp/WB-1/", "WB-1"),
        ("/ocpp//WB-1", "WB-1"),
        ("/WB-1", "WB-1"),
        ("/ocpp/WB-1//", ""),
        ("/ocpp/WB%201?token=a/b", "WB 1"),
        ("/ocpp/CP%2F1", "CP/1"),
        ("/ocpp/%2525", "%25"),
        ("/ocpp/%FF", "\ufffd"),
        ("/", ""),
    ],
)
def test_identity_of_a_path(path: str, identity: str) -> None:
    """The last segment, percent-decoded once, without one slash at the end or a query."""
    assert identity == identity_of(path)


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        ({}, {}),
        ({"configurationKey": None}, {}),
        ({"configurationKey": {"key": "a", "value": "1"}}, {}),
        ({"configurationKey": [{"key": "a", "readonly": True, "value": "1"}]}, {"a": "1"}),
        ({"configurationKey": [{"key": "a", "value": 60}]}, {"a": "60"}),
        ({"configurationKey": [{"key": "a", "value": True}]}, {"a": "true"}),
        ({"configurationKey": [{"key": "a"}, {"key": 7, "value": "1"}, "x"]}, {}),
        ({"configurationKey": [{"key": "a", "value": ["1"]}]}, {}),
    ],
)
def test_configuration_is_read_leniently(payload: dict[str, object], found: dict[str, str]) -> None:
    """Values that are numbers or flags are taken as text; what is no value is left out."""
    assert found == configuration_in(payload)
