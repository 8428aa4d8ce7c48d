"""What is declared of a model, held against frames."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from backend.core.declaration import Declaration
from backend.core.device_profile import DeviceProfile
from harness.declared import Finding, Kind, compare, frames_in, shown_in
from harness.recording import Frame
from simulators.wiretap import Crossing

AT = datetime(2025, 6, 3, tzinfo=UTC)
PROFILE = DeviceProfile(
    "x",
    refuses_besides=("GetCompositeSchedule",),
    keys=("HeartbeatInterval", "ResetRetries"),
    declared=Declaration.from_mapping(
        {
            "messages": {
                "Heartbeat": ["1.6J"],
                "Authorize": ["1.6J"],
                "Reset": ["1.6J"],
                "ClearCache": ["1.6J"],
                "UnlockConnector": ["1.6J"],
                "GetLocalListVersion": [],
            },
            "measurements": [
                {"measurand": "Voltage", "phases": ["L1", "L2"], "unit": "V"},
                {"measurand": "Frequency", "unit": "Hz", "wire_units": [""]},
            ],
        }
    ),
)


def sent(*message: Any) -> Frame:
    """Give a frame of the charger."""
    return Frame(AT, "A", "in", json.dumps(list(message)))


def asked(number: str, action: str) -> Frame:
    """Give a request of the backend."""
    return Frame(AT, "A", "out", json.dumps([2, number, action, {}]))


def found(frames: list[Frame], kind: Kind) -> dict[str, tuple[Finding, int]]:
    """Give the rows of a kind."""
    rows = compare(PROFILE, frames)
    return {row.name: (row.finding, row.count) for row in rows if row.kind is kind}


class TestMessages:
    """Who sent what, and who answered."""

    def test_what_a_charger_sends(self) -> None:
        """Shown, not shown, and shown though nobody declared it."""
        frames = [sent(2, "1", "Heartbeat", {}), sent(2, "2", "Heartbeat", {})]
        frames += [sent(2, "3", "LogStatusNotification", {}), sent(2, "4", ["odd"], {})]

        assert {
            "Heartbeat": (Finding.SHOWN, 2),
            "Authorize": (Finding.NOT_SHOWN, 0),
            "LogStatusNotification": (Finding.UNDECLARED, 1),
            "['odd']": (Finding.UNDECLARED, 1),
        } == found(frames, Kind.SENDS)

    def test_what_a_charger_answers(self) -> None:
        """A refusal as declared, one that contradicts, and an answer that nobody declared."""
        frames = [
            *(asked("1", "Reset"), sent(3, "1", {"status": "Accepted"})),
            *(asked("2", "ClearCache"), sent(4, "2", "NotSupported", "", {})),
            *(asked("3", "GetLocalListVersion"), sent(4, "3", "NotImplemented", "", {})),
            *(asked("4", "DataTransfer"), sent(3, "4", {"status": "Accepted"})),
            *(asked("5", "UnlockConnector"), sent(4, "5", "InternalError", "", {})),
        ]

        assert {
            "Reset": (Finding.SHOWN, 1),
            "ClearCache": (Finding.CONTRADICTED, 1),
            "UnlockConnector": (Finding.NOT_SHOWN, 0),
            "DataTransfer": (Finding.UNDECLARED, 1),
            "GetLocalListVersion (refused)": (Finding.REFUSED, 1),
            "GetCompositeSchedule (refused)": (Finding.NOT_SHOWN, 0),
        } == found(frames, Kind.ANSWERS)

    def test_what_is_declared_as_refused_and_is_done(self) -> None:
        """It is shown though it was not declared, and not listed as refused."""
        frames = [asked("1", "GetLocalListVersion"), sent(3, "1", {"listVersion": 1})]
        rows = found(frames, Kind.ANSWERS)

        assert (Finding.UNDECLARED, 1) == rows["GetLocalListVersion"]
        assert "GetLocalListVersion (refused)" not in rows

    def test_answers_belong_to_their_own_charger(self) -> None:
        """An id of one charger's request means nothing at another's."""
        other = Frame(AT, "B", "in", '[3,"1",{}]')

        assert {} == shown_in([asked("1", "Reset"), other, sent(3, "9", {})]).answered

    def test_answers_of_the_backend_show_nothing(self) -> None:
        """What is declared is declared of the charger."""
        out = Frame(AT, "A", "out", '[3,"1",{"configurationKey":[{"key":"K"}]}]')

        assert shown_in([]) == shown_in([out])


class TestMeasuring:
    """Measurands, phases and units."""

    def test_phases_and_units(self) -> None:
        """Each phase for itself; no unit is a unit, too; both messages count."""
        values = [
            {"value": "230", "measurand": "Voltage", "phase": "L1", "unit": "V"},
            {"value": "230", "measurand": "Voltage", "phase": "L3", "unit": "V"},
            {"value": "50", "measurand": "Frequency"},
        ]
        meter = {"meterValue": [{"sampledValue": values}]}
        stop = {"transactionData": [{"sampledValue": [{"value": "7", "unit": "kWh"}]}]}
        frames = [sent(2, "1", "MeterValues", meter), sent(2, "2", "StopTransaction", stop)]

        assert {
            "Voltage L1": (Finding.SHOWN, 1),
            "Voltage L2": (Finding.NOT_SHOWN, 0),
            "Frequency": (Finding.SHOWN, 1),
            "Voltage L3": (Finding.UNDECLARED, 1),
            "Energy.Active.Import.Register": (Finding.UNDECLARED, 1),
        } == found(frames, Kind.MEASURES)
        assert {
            "Voltage in V": (Finding.SHOWN, 2),
            "Frequency without unit": (Finding.SHOWN, 1),
            "Energy.Active.Import.Register in kWh": (Finding.UNDECLARED, 1),
        } == found(frames, Kind.UNIT)


def test_keys() -> None:
    """Those that a charger names."""
    keys = {"configurationKey": [{"key": "HeartbeatInterval"}, {"key": "Mine"}, {"key": 7}, 7]}

    assert {
        "HeartbeatInterval": (Finding.SHOWN, 1),
        "ResetRetries": (Finding.NOT_SHOWN, 0),
        "Mine": (Finding.UNDECLARED, 1),
    } == found([asked("1", "GetConfiguration"), sent(3, "1", keys)], Kind.KEY)


def test_what_is_no_message_is_passed_over() -> None:
    """Logs hold all sorts of things."""
    texts = ("", "{}", "[1,2,3]", "[2]", "[" * 10_000, '[2,"1","MeterValues",{"meterValue":[7]}]')
    frames = [Frame(AT, "A", "in", text) for text in texts]
    frames += [sent(2, "1", "MeterValues"), sent(2, "1", "MeterValues", [])]

    assert {"MeterValues": 3} == shown_in(frames).sent


def test_frames_of_a_bench() -> None:
    """Those between one charger and the backend, with their direction."""
    crossings = [
        Crossing(AT, "ocpp1.6", "A", "backend", "[1]"),
        Crossing(AT, "ocpp1.6", "backend", "A", "[2]"),
        Crossing(AT, "ocpp1.6", "B", "backend", "[3]"),
        Crossing(AT, "hand", "A", "backend", "[4]"),
    ]

    assert [("in", "[1]"), ("out", "[2]")] == [
        (one.direction, one.text) for one in frames_in(crossings, "A")
    ]
