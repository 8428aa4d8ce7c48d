"""Recorded frames, read for verdicts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from harness.errors import NothingArrived
from harness.frames import (
    Call,
    Count,
    calls,
    calls_of,
    count_at,
    counted_kwh,
    counts,
    instant_of,
    rounded_kwh,
    samples,
)
from simulators.wiretap import Crossing

START = datetime(2025, 6, 3, 12, 0, tzinfo=UTC)


def at(minutes: int) -> datetime:
    """Give an instant some minutes after the start."""
    return START + timedelta(minutes=minutes)


def up(frame: object, minutes: int = 0, wire: str = "ocpp1.6") -> Crossing:
    """Give a frame, or a text, from the charger to the backend."""
    text = frame if isinstance(frame, str) else json.dumps(frame)
    return Crossing(at(minutes), wire, "WB-1", "backend", text)


def down(frame: object, minutes: int = 0) -> Crossing:
    """Give a frame from the backend to the charger."""
    return Crossing(at(minutes), "ocpp1.6", "backend", "WB-1", json.dumps(frame))


def entry(minutes: int, *sampled: dict[str, str]) -> dict[str, object]:
    """Give one meterValue."""
    return {"timestamp": f"{at(minutes):%Y-%m-%dT%H:%M:%SZ}", "sampledValue": list(sampled)}


def meter_values(minutes: int, *sampled: dict[str, str]) -> Crossing:
    """Give a MeterValues frame with one meterValue."""
    payload = {"connectorId": 1, "transactionId": 7, "meterValue": [entry(minutes, *sampled)]}
    return up([2, f"m{minutes}", "MeterValues", payload], minutes)


class TestCalls:
    """Calls and their answers."""

    def test_have_the_answers_that_came(self) -> None:
        """Each call is paired with the answer to its id, whatever came between."""
        crossings = [
            up([2, "1", "Heartbeat", {}]),
            up([2, "2", "StatusNotification", {"connectorId": 0}]),
            down([2, "1", "Reset", {}]),
            down([4, "2", "InternalError", "", {}]),
            up([3, "1", {"status": "Rejected"}]),
            down([3, "1", {"currentTime": "now"}]),
            up([2, "3", "Heartbeat", {}]),
        ]

        sent = calls_of(crossings, "WB-1")
        received = calls(crossings, "backend", "WB-1")

        assert [
            Call(crossings[0], "1", "Heartbeat", {}, crossings[5]),
            Call(crossings[1], "2", "StatusNotification", {"connectorId": 0}, crossings[3]),
            Call(crossings[6], "3", "Heartbeat", {}, None),
        ] == sent
        assert [True, False, False] == [call.confirmed for call in sent]
        assert [Call(crossings[2], "1", "Reset", {}, crossings[4])] == received

    def test_with_one_id_are_answered_in_turn(self) -> None:
        """An id that is used again after its answer begins anew."""
        first, second = up([2, "1", "Heartbeat", {}]), up([2, "1", "Heartbeat", {}], 5)
        answers = down([3, "1", {}]), down([3, "1", {}], 5)

        found = calls_of([first, answers[0], second, answers[1]], "WB-1")

        assert [answers[0], answers[1]] == [call.answer for call in found]

    @pytest.mark.parametrize(
        "crossing",
        [
            up("[2,", 0),
            up("{}", 0),
            up([2, "1"], 0),
            up([2, "1", "Heartbeat"], 0),
            up([2, "1", 5, {}], 0),
            up([3, "1", {}], 0),
            down([3, "nobody asked", {}]),
            down([2, "1", "Reset", {}]),
            up([2, "1", "Heartbeat", {}], wire="sftp"),
        ],
    )
    def test_are_not_what_is_no_call_of_the_charger(self, crossing: Crossing) -> None:
        """Broken frames, other wires and the other direction are passed over."""
        assert [] == calls_of([crossing], "WB-1")


class TestSamples:
    """Sampled values."""

    def test_bear_the_defaults_of_the_protocol(self) -> None:
        """What a charger leaves out is what OCPP 1.6 says it then is."""
        full = {
            "value": "3",
            "measurand": "Power.Active.Import",
            "phase": "L1",
            "unit": "W",
            "context": "Sample.Clock",
        }
        crossing = meter_values(15, {"value": "100"}, full)

        bare, other = samples([up([2, "1", "Heartbeat", {}]), crossing], "WB-1")

        assert ("Energy.Active.Import.Register", "", "", "Sample.Periodic", "100") == (
            bare.measurand,
            bare.phase,
            bare.unit,
            bare.context,
            bare.value,
        )
        assert (at(15), 7, crossing) == (bare.at, bare.transaction, bare.crossing)
        assert ("Power.Active.Import", "L1", "W", "Sample.Clock", "3") == (
            other.measurand,
            other.phase,
            other.unit,
            other.context,
            other.value,
        )


class TestCounts:
    """What a meter showed."""

    def test_are_the_registers_in_the_order_of_time(self) -> None:
        """Registers of MeterValues and of transactionData count, in Wh; nothing else does."""
        power = {"value": "11000", "measurand": "Power.Active.Import", "unit": "W"}
        phase = {"value": "9", "phase": "L1"}
        register = {"value": "1.5", "unit": "kWh"}
        stop = up(
            [
                *(2, "s", "StopTransaction"),
                {"meterStop": 2001, "transactionData": [entry(20, power, {"value": "2000"})]},
            ],
            40,
        )
        plain_stop = up([2, "t", "StopTransaction", {"meterStop": 2001}], 50)
        late = meter_values(30, {"value": "2000.5", "unit": "Wh"})
        early = meter_values(15, power, phase, register)

        assert [
            Count(at(15), Decimal("1500"), early),
            Count(at(20), Decimal("2000"), stop),
            Count(at(30), Decimal("2000.5"), late),
        ] == counts([late, early, stop, plain_stop], "WB-1")

    def test_up_to_a_boundary(self) -> None:
        """The newest count at or before a boundary holds there; before the first none does."""
        counted = counts([meter_values(m, {"value": str(m)}) for m in (10, 20)], "WB-1")

        assert [None, 10, 10, 20, 20] == [
            count.wh if (count := count_at(counted, at(m))) else None for m in (9, 10, 19, 20, 99)
        ]

    def test_between_two_instants(self) -> None:
        """What was counted is the difference of the rounded registers."""
        registers = {10: "0.4", 20: "0.6", 30: "1600.4"}
        counted = counts([meter_values(m, {"value": v}) for m, v in registers.items()], "WB-1")

        assert Decimal("0.001") == counted_kwh(counted, at(10), at(20))
        assert Decimal("1.599") == counted_kwh(counted, at(20), at(30))
        assert Decimal("1.600") == counted_kwh(counted, at(0), at(99))
        assert Decimal(0) == counted_kwh(counted, at(0), at(5))
        assert Decimal("1.6") == counted_kwh(counted, at(10), at(30), 1)

    def test_of_a_charger_that_said_nothing(self) -> None:
        """Without a register there is no truth, and no verdict."""
        with pytest.raises(NothingArrived, match="said nothing of its meter"):
            counted_kwh([], at(0), at(15))


def test_registers_are_rounded_half_up() -> None:
    """Half a step goes up, also below an even digit."""
    assert ["0.000", "0.001", "0.003"] == [
        str(rounded_kwh(Decimal(w))) for w in ("0.4", ".5", "2.5")
    ]


def test_timestamps_are_read_with_their_zone() -> None:
    """An offset is turned into UTC."""
    assert START == instant_of("2025-06-03T14:00:00+02:00")
