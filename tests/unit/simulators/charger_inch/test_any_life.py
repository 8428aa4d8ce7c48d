"""Any life of a charger: whatever people, backend, line and power do, nothing is lost."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.inch_desk import ANNA, BEAT, START, Desk
from support.unmeasured import unmeasured

from simulators.charger_inch.device import Setup
from simulators.charger_inch.electric import Car
from simulators.charger_inch.maintenance import firmware
from simulators.charger_inch.measurements import whole_wh
from simulators.charger_inch.status import LEGAL, Status
from simulators.charger_inch.vendor_data import error_named
from simulators.errors import NotPossible

CARDS = (ANNA, BEAT, "CAFE0001")
HTTP = "http://127.0.0.1/new.zip"


def profile(limit: int) -> dict[str, Any]:
    """Give a TxDefaultProfile of one limit that comes after ten minutes."""
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [
                {"startPeriod": 0, "limit": 32},
                {"startPeriod": 600, "limit": limit},
            ],
        },
    }


HANDS = st.one_of(
    st.tuples(st.just("plug_in"), st.builds(Car, phases=st.integers(1, 3))),
    st.tuples(st.just("show_card"), st.sampled_from(CARDS)),
    st.tuples(st.sampled_from(["unplug", "unplug_car", "pull_cable", "mend"]), st.none()),
    st.tuples(st.just("break_down"), st.sampled_from(["GroundFailure", "WeakSignal"])),
    st.tuples(st.sampled_from(["cut_power", "restore_power"]), st.none()),
)
ASKED = st.one_of(
    st.tuples(
        st.just("RemoteStartTransaction"), st.fixed_dictionaries({"idTag": st.sampled_from(CARDS)})
    ),
    st.tuples(
        st.just("RemoteStopTransaction"),
        st.fixed_dictionaries({"transactionId": st.integers(1, 4)}),
    ),
    st.tuples(st.just("Reset"), st.fixed_dictionaries({"type": st.sampled_from(["Soft", "Hard"])})),
    st.tuples(st.just("UnlockConnector"), st.just({"connectorId": 1})),
    st.tuples(
        st.just("ChangeAvailability"),
        st.fixed_dictionaries(
            {
                "connectorId": st.integers(0, 1),
                "type": st.sampled_from(["Operative", "Operative", "Inoperative"]),
            }
        ),
    ),
    st.tuples(
        st.just("ReserveNow"),
        st.fixed_dictionaries(
            {
                "connectorId": st.integers(0, 1),
                "expiryDate": st.just("2025-06-03T09:00:00Z"),
                "idTag": st.sampled_from(CARDS),
                "reservationId": st.integers(1, 2),
            }
        ),
    ),
    st.tuples(st.just("CancelReservation"), st.just({"reservationId": 1})),
    st.tuples(
        st.just("ChangeConfiguration"),
        st.sampled_from(
            [
                {"key": "StopTransactionOnEVSideDisconnect", "value": "false"},
                {"key": "UnlockConnectorOnEVSideDisconnect", "value": "false"},
                {"key": "StopTransactionOnInvalidId", "value": "false"},
                {"key": "AllowOfflineTxForUnknownId", "value": "true"},
                {"key": "LocalPreAuthorize", "value": "true"},
                {"key": "MinimumStatusDuration", "value": "40"},
                {"key": "MaxEnergyOnInvalidId", "value": "500"},
            ]
        ),
    ),
    st.tuples(
        st.just("SetChargingProfile"),
        st.builds(
            lambda limit: {"connectorId": 1, "csChargingProfiles": profile(limit)},
            st.sampled_from([0, 6, 16]),
        ),
    ),
    st.tuples(st.just("ClearChargingProfile"), st.just({})),
    st.tuples(
        st.just("UpdateFirmware"),
        st.just({"location": HTTP, "retrieveDate": "2025-06-03T06:00:00Z"}),
    ),
    st.tuples(st.just("ClearCache"), st.just({})),
)
CHARGE = st.tuples(st.just("charge"), st.sampled_from(CARDS))
TIME = st.tuples(st.just("time"), st.sampled_from([0, 5, 60, 700, 3_600]))
ACTS = st.lists(
    st.one_of(
        CHARGE,
        CHARGE,
        CHARGE,
        TIME,
        TIME,
        st.tuples(st.just("hand"), HANDS),
        st.tuples(st.just("hand"), HANDS),
        st.tuples(st.just("asked"), ASKED),
        st.tuples(st.just("asked"), ASKED),
        st.tuples(st.just("line"), st.booleans()),
        st.tuples(st.just("card"), st.sampled_from(["Accepted", "Accepted", "Blocked"])),
    ),
    min_size=10,
    max_size=60,
)


class Life:
    """A charger that lives through acts, and what is noticed on the way."""

    def __init__(self, backup_power: bool) -> None:
        configuration = {"MeterValueSampleInterval": "300", "ClockAlignedDataInterval": "900"}
        self.desk = Desk(Setup(backup_power=backup_power, configuration=configuration)).boot()
        self.desk.files = {HTTP: firmware("2.0")}
        self.desk.groups = {ANNA: "FAMILY", BEAT: "FAMILY"}
        self.broken_off = [0]

    def act(self, kind: str, what: Any) -> None:
        """Do one thing; what the hardware does not let happen does not."""
        with contextlib.suppress(NotPossible):
            getattr(self, f"_{kind}")(what)
        assert self.desk.device.status in Status

    def _charge(self, card: str) -> None:
        for what in (("mend", None), ("plug_in", Car()), ("show_card", card)):
            self.act("hand", what)

    def _hand(self, what: tuple[str, Any]) -> None:
        verb, thing = what
        act = getattr(self.desk.device, verb)
        if verb == "break_down":
            thing = error_named(thing)
        act(*(() if thing is None else (thing,)), self.desk.now)
        if verb == "cut_power":
            self.broken_off.append(len(self.desk.sent))
        self.desk.answer()

    def _asked(self, what: tuple[str, dict[str, Any]]) -> None:
        if self.desk.line_is_whole and self.desk.device.is_running:
            self.desk.device.called(*what, self.desk.now)
            self.desk.answer()

    def _line(self, up: bool) -> None:
        if up is not self.desk.line_is_whole:
            self.broken_off.append(len(self.desk.sent))
            self.desk.line(up)

    def _card(self, verdict: str) -> None:
        self.desk.cards = dict.fromkeys(CARDS, verdict)

    def _time(self, seconds: int) -> None:
        later = self.desk.now + timedelta(seconds=seconds)
        self.desk.until((later - START) / timedelta(minutes=1))

    def come_to_its_end(self) -> None:
        """Give power and line back, mend it, and end what runs."""
        self._time(600)
        if not self.desk.device.has_power:
            self.act("hand", ("restore_power", None))
        self._time(600)
        self.act("line", True)
        self.act("hand", ("mend", None))
        running = self.desk.device.transaction
        if running is not None:
            self.desk.ask("RemoteStopTransaction", transactionId=running.number)
        self._time(600)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


@unmeasured
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACTS, st.booleans())
def test_nothing_is_lost(acts: list[tuple[str, Any]], backup_power: bool) -> None:
    """Each start has its stop, in order, and the register moves only in between."""
    life = Life(backup_power)
    for kind, what in acts:
        life.act(kind, what)
    life.come_to_its_end()
    desk = life.desk

    starts, stops = desk.payloads("StartTransaction"), desk.payloads("StopTransaction")
    assert desk.device.transaction is None
    assert desk.device.outbox.waiting == 0
    assert desk.device.outbox.dropped == 0
    assert len(starts) == len(stops)
    assert [stop["transactionId"] for stop in stops] == list(range(1, len(starts) + 1))
    register = 0
    for start, stop in zip(starts, stops, strict=True):
        assert start["meterStart"] == register
        assert stop["meterStop"] >= register
        assert _instant(start["timestamp"]) <= _instant(stop["timestamp"])
        register = stop["meterStop"]
    assert whole_wh(desk.device.outlet.register_at(desk.now)) == register
    assert desk.device.memory.table("transactions") == {}
    assert desk.device.memory.table("running") == {}

    for payload in desk.payloads("MeterValues"):
        number, at = payload.get("transactionId"), payload["meterValue"][0]["timestamp"]
        if number is not None:
            start, stop = starts[number - 1], stops[number - 1]
            assert _instant(start["timestamp"]) <= _instant(at) <= _instant(stop["timestamp"])


@unmeasured
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACTS, st.booleans())
def test_every_status_follows_the_one_before(
    acts: list[tuple[str, Any]], backup_power: bool
) -> None:
    """What is told on one line without a boot in between is a way through the table."""
    life = Life(backup_power)
    for kind, what in acts:
        life.act(kind, what)
    told: list[Status | None] = []
    for number, (_, call) in enumerate(life.desk.sent):
        if number in life.broken_off or call.action == "BootNotification":
            told.append(None)
        if call.action == "StatusNotification" and call.payload["connectorId"] == 1:
            told.append(Status(call.payload["status"]))
    for old, new in pairwise(told):
        if old is not None and new is not None and old is not new:
            assert (old, new) in LEGAL


@unmeasured
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACTS)
def test_values_agree_with_the_meter(acts: list[tuple[str, Any]]) -> None:
    """In the order of their times, registers never fall, and end where the meter stands."""
    life = Life(backup_power=False)
    for kind, what in acts:
        life.act(kind, what)
    life.come_to_its_end()
    registers = [
        (_instant(value["timestamp"]), round(float(sample["value"]) * 1_000))
        for payload in life.desk.payloads("MeterValues")
        for value in payload["meterValue"]
        for sample in value["sampledValue"]
        if sample["measurand"] == "Energy.Active.Import.Register"
    ]
    registers.sort()
    assert [wh for _, wh in registers] == sorted(wh for _, wh in registers)
    last = life.desk.device.outlet.register_at(life.desk.now)
    assert all(wh <= whole_wh(last) for _, wh in registers)
