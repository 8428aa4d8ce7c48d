"""The charger as a value: what it says and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from support.inch_desk import ANNA, BEAT, START, Desk, Json

from simulators.charger_inch.authority import CACHE_LIMIT
from simulators.charger_inch.device import Refusal, Result, Setup
from simulators.charger_inch.electric import FJ_PER_WH, Car
from simulators.charger_inch.habits import DEFAULT, StandbyValues
from simulators.charger_inch.metering import next_on_grid
from simulators.charger_inch.status import Status
from simulators.errors import NotPossible


def ready(**configuration: str) -> Desk:
    """Give a booted device that samples nothing unless told to."""
    return Desk(Setup(configuration={"MeterValueSampleInterval": "0"} | configuration)).boot()


def charging(**configuration: str) -> Desk:
    """Give a device on which Anna charges."""
    return ready(**configuration).plug_in().show()


class TestBoot:
    """OCPP 1.6 §4.2."""

    def test_it_says_who_it_is(self) -> None:
        """Vendor, model, serial number and firmware, in that order."""
        desk = Desk(Setup(serial="22390336")).boot()
        assert list(desk.payloads("BootNotification")[0].values()) == [
            "ETREL",
            "INCH",
            "22390336",
            "1.12",
        ]

    def test_accepted_it_tells_both_statuses(self) -> None:
        """Connector 0 and connector 1 are Available."""
        told = Desk().boot().payloads("StatusNotification")
        assert [(one["connectorId"], one["status"]) for one in told] == [
            (0, "Available"),
            (1, "Available"),
        ]

    @pytest.mark.parametrize("verdict", ["Rejected", "Pending"])
    def test_not_accepted_it_is_silent_for_the_interval(self, verdict: str) -> None:
        """The next message is the next BootNotification, ten minutes later."""
        desk = Desk()
        desk.boots = [verdict, verdict, "Accepted"]
        desk.boot().plug_in().until(60)
        assert desk.instants("BootNotification") == [0, 10, 20]
        assert min(desk.instants("StatusNotification")) == 20
        assert desk.statuses == ["Preparing"]

    def test_without_an_interval_it_waits_a_minute(self) -> None:
        """An interval of 0 leaves the choice to the charger."""
        desk = Desk()
        desk.device.line_up(START)
        call = desk.device.next_call(START)
        assert call is not None
        desk.device.answered(call.number, {"status": "Pending", "interval": 0}, START)
        assert desk.device.wake_at == START + timedelta(minutes=1)

    def test_an_interval_of_zero_keeps_the_heartbeat_as_it_was(self) -> None:
        """Accepted with 0, the charger's own interval holds."""
        desk = Desk()
        desk.device.line_up(START)
        call = desk.device.next_call(START)
        assert call is not None
        desk.device.answered(call.number, {"status": "Accepted", "interval": 0}, START)
        assert desk.device.configuration.number("HeartbeatInterval") == 300

    def test_a_boot_that_fails_is_repeated(self) -> None:
        """After a CALLERROR the next one comes in a minute."""
        desk = Desk()
        desk.failing = {"BootNotification"}
        desk.boot()
        desk.failing.clear()
        desk.until(2)
        assert desk.instants("BootNotification") == [0, 1]

    def test_a_line_lost_while_rejected_does_not_shorten_the_silence(self) -> None:
        """The interval goes on without a line; due meanwhile, the boot waits for the line."""
        desk = Desk()
        desk.boots = ["Rejected", "Rejected", "Accepted"]
        desk.boot().line(up=False).line(up=True)
        assert desk.instants("BootNotification") == [0]
        desk.until(10).line(up=False).until(25).line(up=True)
        assert desk.instants("BootNotification") == [0, 10, 25]

    def test_a_pending_charger_can_be_configured_but_not_started(self) -> None:
        """Configuration is answered; a remote start or stop is rejected."""
        desk = Desk()
        desk.boots = ["Pending"]
        desk.boot().plug_in()
        assert desk.ask("ChangeConfiguration", key="ConnectionTimeOut", value="5") == {
            "status": "Accepted"
        }
        assert desk.ask("RemoteStartTransaction", idTag=ANNA) == {"status": "Rejected"}
        assert desk.ask("RemoteStopTransaction", transactionId=1) == {"status": "Rejected"}

    def test_a_rejected_charger_answers_nothing_but_that(self) -> None:
        """Every request is a SecurityError until the boot is accepted."""
        desk = Desk()
        desk.boots = ["Rejected"]
        desk.boot()
        answer = desk.device.called("GetConfiguration", {}, desk.now)
        assert isinstance(answer, Refusal)
        assert answer.code == "SecurityError"

    def test_message_ids_are_short_hex_counters(self) -> None:
        """The tenth CALL is "a"."""
        desk = ready().until(200)
        assert [call.number for _, call in desk.sent[:11]] == [f"{n:x}" for n in range(1, 12)]


class TestHeartbeat:
    """OCPP 1.6 §4.6."""

    def test_it_beats_at_the_interval_of_the_boot(self) -> None:
        """Every ten minutes, whatever else is sent."""
        desk = ready().plug_in().until(35)
        assert desk.instants("Heartbeat") == [10, 20, 30]

    def test_a_changed_interval_counts_from_the_change(self) -> None:
        """ChangeConfiguration plans the next beat anew."""
        desk = ready().until(5)
        desk.ask("ChangeConfiguration", key="HeartbeatInterval", value="60")
        desk.until(7)
        assert desk.instants("Heartbeat") == [6, 7]

    def test_it_does_not_beat_on_a_line_that_is_down(self) -> None:
        """After the line is back the interval begins anew."""
        desk = ready().until(15).line(up=False).until(42).line(up=True).until(55)
        assert desk.instants("Heartbeat") == [10, 52]

    def test_beats_do_not_pile_up(self) -> None:
        """While a CALL is unanswered, one beat waits, not many."""
        desk = ready()
        desk.device.plug_in(Car(), desk.now)
        held = desk.device.next_call(desk.now)
        assert held is not None
        desk.device.tick(START + timedelta(hours=2))
        desk.device.answered(held.number, {}, desk.now)
        desk.answer()
        assert len(desk.instants("Heartbeat")) == 1


class TestStart:
    """Cable first, card first, or from afar."""

    def test_cable_first(self) -> None:
        """Preparing, Authorize, StartTransaction, Charging."""
        desk = charging()
        assert desk.actions == [
            "StatusNotification",
            "Authorize",
            "StartTransaction",
            "StatusNotification",
        ]
        assert desk.statuses == ["Available", "Preparing", "Charging"]
        assert desk.payloads("StartTransaction") == [
            {
                "connectorId": 1,
                "idTag": ANNA,
                "meterStart": 0,
                "timestamp": "2025-06-03T06:00:00.000Z",
            }
        ]

    def test_card_first(self) -> None:
        """The accepted card makes it Preparing; the cable starts."""
        desk = ready().show()
        assert desk.device.shown == "card accepted; plug in"
        desk.until(0.5).plug_in()
        assert desk.statuses == ["Available", "Preparing", "Charging"]
        assert desk.payloads("StartTransaction")[0]["timestamp"] == "2025-06-03T06:00:30.000Z"

    def test_who_does_not_plug_in_in_time_has_to_show_the_card_again(self) -> None:
        """After ConnectionTimeOut the connector is Available and a cable starts nothing."""
        desk = ready(ConnectionTimeOut="120").show().until(3).plug_in()
        assert desk.statuses == ["Available", "Preparing", "Available", "Preparing"]
        assert desk.device.transaction is None

    def test_the_card_shown_again_withdraws(self) -> None:
        """Second presentation of the idTag before the cable is in (§4.9, B1)."""
        desk = ready().show().show()
        assert desk.statuses == ["Available", "Preparing", "Available"]

    def test_a_second_card_takes_the_place_of_the_first(self) -> None:
        """Who is accepted last starts."""
        desk = ready().show(ANNA).show(BEAT).plug_in()
        assert desk.payloads("StartTransaction")[0]["idTag"] == BEAT

    def test_a_refused_card_starts_nothing(self) -> None:
        """The display says why."""
        desk = ready()
        desk.cards[ANNA] = "Blocked"
        desk.plug_in().show()
        assert desk.device.shown == "card refused: Blocked"
        assert desk.payloads("StartTransaction") == []
        assert desk.statuses == ["Available", "Preparing"]

    def test_an_authorize_that_fails_refuses_the_card(self) -> None:
        """A CALLERROR is no acceptance; the next card can be shown."""
        desk = ready()
        desk.failing = {"Authorize"}
        desk.plug_in().show()
        assert desk.device.shown == "card refused: the backend cannot say"
        desk.failing.clear()
        assert desk.show().device.status is Status.CHARGING

    def test_after_a_stop_the_same_cable_serves_the_next_card(self) -> None:
        """Finishing, Preparing, Charging (§4.9, F2)."""
        desk = charging().show(ANNA).show(BEAT)
        assert desk.statuses[-3:] == ["Finishing", "Preparing", "Charging"]
        assert desk.payloads("StartTransaction")[1]["idTag"] == BEAT

    def test_a_full_car_starts_suspended(self) -> None:
        """A car that wants nothing goes from Preparing to SuspendedEV (§4.9, B4)."""
        desk = ready().plug_in(Car(charge_wh=60_000)).show()
        assert desk.statuses[-1] == "SuspendedEV"


class TestRemote:
    """OCPP 1.6 §5.11, §5.12."""

    def test_a_remote_start_needs_no_authorize(self) -> None:
        """With AuthorizeRemoteTxRequests off, the backend's word is enough."""
        desk = ready().plug_in()
        assert desk.ask("RemoteStartTransaction", idTag=ANNA, connectorId=1) == {
            "status": "Accepted"
        }
        assert desk.device.status is Status.CHARGING
        assert desk.payloads("Authorize") == []

    def test_a_remote_start_is_authorised_where_asked_for(self) -> None:
        """With AuthorizeRemoteTxRequests on, the idTag is treated like a card."""
        desk = ready(AuthorizeRemoteTxRequests="true").plug_in()
        desk.cards[ANNA] = "Invalid"
        assert desk.ask("RemoteStartTransaction", idTag=ANNA) == {"status": "Accepted"}
        assert desk.payloads("Authorize") == [{"idTag": ANNA}]
        assert desk.device.transaction is None

    def test_a_remote_start_waits_for_the_cable(self) -> None:
        """Without a car it is Preparing until ConnectionTimeOut."""
        desk = ready()
        desk.ask("RemoteStartTransaction", idTag=ANNA)
        assert desk.until(2).statuses == ["Available", "Preparing", "Available"]

    @pytest.mark.parametrize("connector", [0, 2])
    def test_a_remote_start_elsewhere_is_rejected(self, connector: int) -> None:
        """There is one connector, number 1."""
        answer = ready().ask("RemoteStartTransaction", idTag=ANNA, connectorId=connector)
        assert answer == {"status": "Rejected"}

    def test_a_remote_start_of_a_taken_charger_is_rejected(self) -> None:
        """While somebody charges or an accepted card waits for its cable."""
        assert charging().ask("RemoteStartTransaction", idTag=BEAT) == {"status": "Rejected"}
        assert ready().show().ask("RemoteStartTransaction", idTag=BEAT) == {"status": "Rejected"}

    def test_a_remote_stop_ends_the_transaction_it_names(self) -> None:
        """Reason Remote, without an idTag."""
        desk = charging().until(10)
        assert desk.ask("RemoteStopTransaction", transactionId=1) == {"status": "Accepted"}
        stop = desk.payloads("StopTransaction")[0]
        assert stop["reason"] == "Remote"
        assert "idTag" not in stop

    def test_a_remote_stop_of_another_transaction_is_rejected(self) -> None:
        """The running one goes on."""
        desk = charging()
        assert desk.ask("RemoteStopTransaction", transactionId=9999) == {"status": "Rejected"}
        assert desk.device.status is Status.CHARGING


class TestStop:
    """OCPP 1.6 §4.10."""

    def test_the_same_card_stops(self) -> None:
        """Reason Local with the idTag; the cable stays in: Finishing."""
        desk = charging().until(60).show(ANNA.lower())
        stop = desk.payloads("StopTransaction")[0]
        assert (stop["idTag"], stop["reason"]) == (ANNA.lower(), "Local")
        assert desk.statuses[-1] == "Finishing"
        assert desk.unplug().statuses[-1] == "Available"

    def test_another_card_does_not(self) -> None:
        """The display says so and nothing is sent."""
        desk = charging()
        sent = len(desk.sent)
        desk.show(BEAT)
        assert desk.device.shown == "taken by another card"
        assert len(desk.sent) == sent

    def test_pulling_the_cable_stops(self) -> None:
        """Reason EVDisconnected; Finishing and Available follow each other."""
        desk = charging().until(60).unplug()
        assert desk.payloads("StopTransaction")[0]["reason"] == "EVDisconnected"
        assert desk.statuses[-2:] == ["Finishing", "Available"]

    def test_meter_and_data_agree(self) -> None:
        """MeterStart and meterStop are the begin and the end of transactionData, in Wh."""
        setup = Setup(register_wh=1_000, configuration={"MeterValueSampleInterval": "1500"})
        desk = Desk(setup).boot().plug_in(Car(max_current_a=16)).show()
        desk.until(60).show()
        stop = desk.payloads("StopTransaction")[0]
        assert desk.payloads("StartTransaction")[0]["meterStart"] == 1_000
        assert stop["meterStop"] == 12_040
        told = [
            (value["timestamp"], one["context"], one["measurand"], one["value"])
            for value in stop["transactionData"]
            for one in value["sampledValue"]
        ]
        energy = "Energy.Active.Import.Register"
        assert told == [
            ("2025-06-03T06:00:00.000Z", "Transaction.Begin", energy, "1.000000"),
            ("2025-06-03T06:25:00.000Z", "Sample.Periodic", energy, "5.600000"),
            ("2025-06-03T06:50:00.000Z", "Sample.Periodic", energy, "10.200000"),
            ("2025-06-03T07:00:00.000Z", "Transaction.End", energy, "12.040000"),
        ]

    def test_without_measurands_there_is_no_data(self) -> None:
        """An empty StopTxnSampledData leaves transactionData out."""
        desk = charging(StopTxnSampledData="").show()
        assert "transactionData" not in desk.payloads("StopTransaction")[0]

    def test_the_energy_stops_with_the_transaction(self) -> None:
        """After the stop the register stands."""
        desk = charging().until(60).show()
        stood = desk.device.outlet.register_at(desk.now)
        desk.until(120)
        assert desk.device.outlet.register_at(desk.now) == stood > 0


class TestRefusedStart:
    """StartTransaction.conf that does not say Accepted (OCPP 1.6 §4.8)."""

    def refused(self, stop: str) -> Desk:
        """Start offline with a remembered card that has become invalid, then bring the line up."""
        desk = charging(StopTransactionOnInvalidId=stop).show().unplug().line(up=False)
        desk.cards[ANNA] = "Invalid"
        return desk.until(10).plug_in().show().until(20).line(up=True)

    def test_it_stops_where_configured_so(self) -> None:
        """Reason DeAuthorized, then Finishing."""
        desk = self.refused("true")
        assert desk.payloads("StopTransaction")[1]["reason"] == "DeAuthorized"
        assert desk.device.status is Status.FINISHING

    def test_it_is_suspended_otherwise(self) -> None:
        """SuspendedEVSE, no energy flows, and the card still stops it."""
        desk = self.refused("false")
        assert desk.device.status is Status.SUSPENDED_EVSE
        stood = desk.device.outlet.register_at(desk.now)
        desk.until(300)
        assert desk.device.outlet.register_at(desk.now) == stood
        assert desk.show().device.status is Status.FINISHING

    def test_it_is_not_remembered(self) -> None:
        """Offline, the card does not start again."""
        desk = self.refused("true").unplug().line(up=False).plug_in().show()
        assert desk.device.shown == "card refused: offline"

    def test_a_verdict_on_a_transaction_that_is_over_changes_nothing(self) -> None:
        """The late answer to an old start does not stop the one that runs."""
        desk = charging().show().unplug().line(up=False)
        desk.plug_in().until(5).show().until(10).unplug().plug_in().show()
        desk.cards[ANNA] = "Invalid"
        desk.device.line_up(desk.now)
        while (call := desk.device.next_call(desk.now)) is not None:
            if call.action == "StartTransaction":
                break
            desk.device.answered(call.number, {}, desk.now)
        assert call is not None
        answer = {"transactionId": 7, "idTagInfo": {"status": "Invalid"}}
        desk.device.answered(call.number, answer, desk.now)
        assert desk.device.status is Status.CHARGING


class TestFullCar:
    """A battery that is full."""

    def test_it_is_suspended_by_the_car(self) -> None:
        """At the instant at which the car is full, SuspendedEV; the transaction stays."""
        desk = ready().plug_in(Car(max_current_a=16, charge_wh=56_000)).show().until(300)
        assert desk.statuses[-1] == "SuspendedEV"
        got_fj = desk.device.outlet.register_at(desk.now) - 4_000 * FJ_PER_WH
        assert 0 <= got_fj < 3 * 22_000 * 10**9
        assert desk.device.transaction is not None
        assert desk.show().statuses[-1] == "Finishing"


class TestSampledValues:
    """OCPP 1.6 §4.7, MeterValueSampleInterval."""

    def test_they_come_at_the_interval_from_the_start_on(self) -> None:
        """With context Sample.Periodic and the transactionId."""
        desk = ready(MeterValueSampleInterval="300").until(2).plug_in().show().until(20)
        values = desk.payloads("MeterValues")
        assert desk.instants("MeterValues") == [7, 12, 17]
        assert {value["transactionId"] for value in values} == {1}
        contexts = {
            one["context"] for value in values for one in value["meterValue"][0]["sampledValue"]
        }
        assert contexts == {"Sample.Periodic"}

    def test_they_end_with_the_transaction(self) -> None:
        """In standby nothing is sent (questionnaire: during charging)."""
        desk = charging(MeterValueSampleInterval="300").until(6).show().until(60)
        assert desk.instants("MeterValues") == [5]

    def test_they_hold_what_is_configured(self) -> None:
        """MeterValuesSampledData lists them; an empty list asks for the register all the same."""
        names = "Voltage,Energy.Active.Import.Register"
        desk = charging(MeterValueSampleInterval="300", MeterValuesSampledData=names).until(5)
        desk.ask("ChangeConfiguration", key="MeterValuesSampledData", value="")
        desk.until(10)
        told = [
            [one["measurand"] for one in value["meterValue"][0]["sampledValue"]]
            for value in desk.payloads("MeterValues")
        ]
        energy = "Energy.Active.Import.Register"
        assert told == [["Voltage", "Voltage", "Voltage", energy], [energy]]

    def test_a_changed_interval_counts_from_the_change(self) -> None:
        """And 0 ends them."""
        desk = charging(MeterValueSampleInterval="600").until(3)
        desk.ask("ChangeConfiguration", key="MeterValueSampleInterval", value="60")
        desk.until(5)
        desk.ask("ChangeConfiguration", key="MeterValueSampleInterval", value="0")
        desk.until(60)
        assert desk.instants("MeterValues") == [4, 5]

    def test_a_late_wake_up_changes_no_value(self) -> None:
        """Values carry the instant at which they were due, and the register of that instant."""
        prompt = charging(MeterValueSampleInterval="60").until(10)
        late = charging(MeterValueSampleInterval="60")
        late.now = START + timedelta(minutes=10, milliseconds=7)
        late.device.tick(late.now)
        late.answer()
        assert late.payloads("MeterValues") == prompt.payloads("MeterValues")


class TestAlignedValues:
    """OCPP 1.6 §9.1.5, ClockAlignedDataInterval."""

    def test_they_stand_on_the_grid_of_the_utc_day(self) -> None:
        """Without a transactionId, whenever the transaction began."""
        desk = ready(ClockAlignedDataInterval="900").until(7).plug_in().show().until(50)
        values = desk.payloads("MeterValues")
        assert desk.instants("MeterValues") == [15, 30, 45]
        assert values[0]["meterValue"][0]["timestamp"] == "2025-06-03T06:15:00.000Z"
        assert all("transactionId" not in value for value in values)
        assert values[0]["meterValue"][0]["sampledValue"][0]["context"] == "Sample.Clock"

    def test_in_standby_there_are_none(self) -> None:
        """The questionnaire promises values during charging."""
        assert ready(ClockAlignedDataInterval="900").until(120).payloads("MeterValues") == []

    def test_in_standby_they_can_be_switched_on(self) -> None:
        """The register stands, and is told at every quarter."""
        desk = Desk(
            Setup(configuration={"ClockAlignedDataInterval": "900"}),
            quirks=(*DEFAULT, StandbyValues()),
        ).boot()
        assert desk.until(60).instants("MeterValues") == [15, 30, 45, 60]

    def test_they_can_be_switched_on_while_charging(self) -> None:
        """ChangeConfiguration takes effect at the next point of the grid."""
        desk = charging().until(20)
        desk.ask("ChangeConfiguration", key="ClockAlignedDataInterval", value="900")
        assert desk.until(60).instants("MeterValues") == [30, 45, 60]

    def test_a_stop_on_the_grid_comes_after_the_value(self) -> None:
        """The value of the instant at which the card is shown is still sent."""
        desk = charging(ClockAlignedDataInterval="900")
        desk.now = START + timedelta(minutes=15)
        desk.show()
        assert desk.actions[-3:] == ["MeterValues", "StopTransaction", "StatusNotification"]

    @pytest.mark.parametrize(
        ("hour", "interval_s", "expected"),
        [(0, 900, "00:15"), (23, 900, "23:15"), (23, 50_000, "00:00"), (6, 86_400, "00:00")],
    )
    def test_the_grid_begins_anew_at_midnight(
        self, hour: int, interval_s: int, expected: str
    ) -> None:
        """Also for an interval that does not divide the day."""
        now = datetime(2025, 6, 3, hour, tzinfo=UTC)
        assert f"{next_on_grid(now, interval_s):%H:%M}" == expected


class TestOffline:
    """OCPP 1.6 §3.5 and §3.7."""

    def test_a_session_across_a_cut_line_is_told_in_order(self) -> None:
        """Status first, then the queue, with the times at which it happened."""
        desk = charging(MeterValueSampleInterval="600").until(15).line(up=False).until(35).show()
        sent = len(desk.sent)
        desk.until(50).line(up=True)
        told = [(call.action, call.payload) for _, call in desk.sent[sent:]]
        assert [action for action, _ in told] == [
            "StatusNotification",
            "MeterValues",
            "MeterValues",
            "StopTransaction",
        ]
        assert told[0][1]["timestamp"] == told[3][1]["timestamp"] == "2025-06-03T06:35:00.000Z"
        assert told[1][1]["meterValue"][0]["timestamp"] == "2025-06-03T06:20:00.000Z"

    def test_a_status_that_did_not_change_is_not_told_again(self) -> None:
        """And no BootNotification either (OCPP-J §5.4)."""
        desk = ready()
        sent = len(desk.sent)
        desk.line(up=False).until(5).line(up=True)
        assert len(desk.sent) == sent

    def test_a_card_accepted_before_starts(self) -> None:
        """LocalAuthorizeOffline is on at first."""
        desk = charging().show().unplug().line(up=False).plug_in().show()
        assert desk.device.status is Status.CHARGING

    def test_it_does_not_where_that_is_switched_off(self) -> None:
        """LocalAuthorizeOffline off: nobody starts offline."""
        desk = charging(LocalAuthorizeOffline="false").show().unplug()
        desk.line(up=False).plug_in().show()
        assert desk.device.shown == "card refused: offline"

    def test_an_unknown_card_starts_only_where_allowed(self) -> None:
        """AllowOfflineTxForUnknownId is off at first."""
        assert ready().line(up=False).plug_in().show().device.transaction is None
        desk = ready(AllowOfflineTxForUnknownId="true").line(up=False).plug_in().show()
        assert desk.device.transaction is not None

    def test_a_line_lost_while_a_card_is_checked_is_decided_locally(self) -> None:
        """The person does not wait for a line that is gone."""
        desk = charging().show().unplug().plug_in()
        desk.device.show_card(ANNA, desk.now)
        assert desk.device.next_call(desk.now) is not None
        desk.line(up=False)
        assert desk.device.status is Status.CHARGING

    def test_the_memory_for_cards_is_limited(self) -> None:
        """The card not seen for longest is forgotten."""
        desk = charging().show().unplug()
        for number in range(CACHE_LIMIT):
            desk.show(f"{number:08X}").show(f"{number:08X}")
        desk.line(up=False).plug_in().show(ANNA)
        assert desk.device.shown == "card refused: offline"

    def test_a_full_queue_lets_nobody_start(self) -> None:
        """Starts and stops of three sessions fill a queue of five; then the charger refuses."""
        desk = Desk(
            Setup(
                queue_limit=5,
                configuration={
                    "AllowOfflineTxForUnknownId": "true",
                    "MeterValueSampleInterval": "0",
                },
            )
        ).boot()
        desk.line(up=False)
        for _ in range(3):
            desk.plug_in().show().unplug()
        desk.plug_in().show()
        assert desk.device.shown.startswith("memory full")
        assert desk.device.transaction is None
        desk.unplug().line(up=True)
        assert len(desk.payloads("StopTransaction")) == 3

    def test_an_answer_of_the_old_line_is_ignored(self) -> None:
        """What was asked before the cut is asked again after it."""
        desk = ready().plug_in()
        desk.device.show_card(ANNA, desk.now)
        asked = desk.device.next_call(desk.now)
        assert asked is not None
        desk.line(up=False)
        desk.device.answered(asked.number, {"idTagInfo": {"status": "Accepted"}}, desk.now)
        desk.device.refused(asked.number, desk.now)
        assert desk.device.transaction is None


class TestRetry:
    """OCPP 1.6 §3.7.1."""

    def test_a_refused_start_is_sent_three_times(self) -> None:
        """One and two minutes apart; what follows then says transactionId -1."""
        desk = ready(ClockAlignedDataInterval="0").plug_in()
        desk.failing = {"StartTransaction"}
        desk.show().until(30).show()
        assert desk.instants("StartTransaction") == [0, 1, 3]
        assert desk.payloads("StopTransaction")[0]["transactionId"] == -1

    def test_values_wait_behind_it(self) -> None:
        """Transaction messages never overtake each other."""
        desk = ready(MeterValueSampleInterval="30").plug_in()
        desk.failing = {"StartTransaction"}
        desk.show().until(2)
        assert desk.payloads("MeterValues") == []
        desk.failing.clear()
        desk.until(3)
        assert {value["transactionId"] for value in desk.payloads("MeterValues")} == {1}


class TestRequests:
    """What a backend may ask."""

    @pytest.mark.parametrize(
        ("action", "code"),
        [
            ("GetLocalListVersion", "NotSupported"),
            ("GetCompositeSchedule", "NotSupported"),
            ("BootNotification", "NotSupported"),
            ("GetLog", "NotImplemented"),
            ("", "NotImplemented"),
        ],
    )
    def test_the_rest_is_refused_truthfully(self, action: str, code: str) -> None:
        """NotSupported: known but not done; NotImplemented: not known (OCPP-J §4.2.3)."""
        answer = ready().device.called(action, {}, START)
        assert isinstance(answer, Refusal)
        assert answer.code == code

    def test_the_configuration_is_given(self) -> None:
        """The unknownKey is always a list, as field INCHes send it."""
        answer = ready().ask("GetConfiguration", key=["NumberOfConnectors"])
        assert answer == {
            "configurationKey": [{"key": "NumberOfConnectors", "readonly": True, "value": "1"}],
            "unknownKey": [],
        }

    def test_too_many_keys_are_refused(self) -> None:
        """GetConfigurationMaxKeys is 100."""
        answer = ready().device.called("GetConfiguration", {"key": ["x"] * 101}, START)
        assert isinstance(answer, Refusal)
        assert answer.code == "OccurenceConstraintViolation"

    def test_a_changed_value_is_read_back(self) -> None:
        """OCTT TC_021."""
        desk = ready()
        desk.ask("ChangeConfiguration", key="connectiontimeout", value="30")
        answer = desk.ask("GetConfiguration", key=["ConnectionTimeOut"])
        assert answer["configurationKey"][0]["value"] == "30"

    def test_a_refused_value_plans_nothing(self) -> None:
        """A rejected interval leaves the next value where it was."""
        desk = charging(MeterValueSampleInterval="600").until(3)
        answer = desk.ask("ChangeConfiguration", key="MeterValueSampleInterval", value="-1")
        assert answer == {"status": "Rejected"}
        assert desk.until(10).instants("MeterValues") == [10]


class TestOtherAnswers:
    """Answers that set nothing off."""

    def test_an_answer_that_nobody_waits_for_is_ignored(self) -> None:
        """Only the id of the CALL on its way counts."""
        desk = ready()
        desk.device.plug_in(Car(), desk.now)
        assert desk.device.next_call(desk.now) is not None
        desk.device.answered("zz", {}, desk.now)
        desk.device.refused("zz", desk.now)
        assert desk.device.waits_for_answer

    def test_a_refused_status_is_told_on_the_next_line(self) -> None:
        """What the backend did not take is not taken as told."""
        desk = ready()
        desk.failing = {"StatusNotification"}
        desk.plug_in()
        desk.failing.clear()
        desk.line(up=False).line(up=True)
        assert desk.statuses == ["Available", "Preparing", "Preparing"]

    def test_a_changed_heartbeat_waits_for_the_boot(self) -> None:
        """While pending, the interval is kept but nothing beats."""
        desk = Desk()
        desk.boots = ["Pending", "Accepted"]
        desk.boot()
        desk.ask("ChangeConfiguration", key="HeartbeatInterval", value="60")
        desk.until(9)
        assert desk.instants("Heartbeat") == []


class TestHands:
    """What people cannot do."""

    def test_nobody_plugs_in_twice(self) -> None:
        """The sentence says what to do first."""
        with pytest.raises(NotPossible, match=r"charger WB-1: cannot plug in: .* unplug it first"):
            ready().plug_in().plug_in()

    def test_nobody_unplugs_nothing(self) -> None:
        """There must be a cable."""
        with pytest.raises(NotPossible, match="no car is plugged in"):
            ready().unplug()

    def test_nobody_shows_two_cards_at_once(self) -> None:
        """The backend's word on the first card comes first."""
        desk = ready().plug_in()
        desk.device.show_card(ANNA, desk.now)
        with pytest.raises(NotPossible, match="has not answered for the last card"):
            desk.device.show_card(BEAT, desk.now)

    def test_a_cable_pulled_while_a_card_is_checked_waits_for_the_next(self) -> None:
        """The accepted card then waits for a cable."""
        desk = ready().plug_in()
        desk.device.show_card(ANNA, desk.now)
        desk.unplug()
        assert desk.device.shown == "card accepted; plug in"
        assert desk.plug_in().device.status is Status.CHARGING


class TestTrigger:
    """Messages that the backend asks for (OCPP 1.6 §5.17)."""

    @pytest.mark.parametrize(
        "message", ["DiagnosticsStatusNotification", "FirmwareStatusNotification"]
    )
    def test_idle_is_told_only_when_triggered(self, message: str) -> None:
        """What does nothing says Idle, after the answer."""
        desk = ready()
        answer = desk.device.called("TriggerMessage", {"requestedMessage": message}, desk.now)
        assert answer == Result({"status": "Accepted"})
        assert desk.payloads(message) == []
        assert desk.answer().payloads(message) == [{"status": "Idle"}]

    def test_values_now(self) -> None:
        """Meter values bear the context Trigger, and the transaction that runs."""
        desk = charging().until(5)
        assert desk.ask("TriggerMessage", requestedMessage="MeterValues") == {"status": "Accepted"}
        (told,) = desk.payloads("MeterValues")
        assert told["transactionId"] == 1
        contexts = {sampled["context"] for sampled in told["meterValue"][0]["sampledValue"]}
        assert contexts == {"Trigger"}

    @pytest.mark.parametrize(
        ("where", "connectors"),
        [({}, [0, 1]), ({"connectorId": 0}, [0]), ({"connectorId": 1}, [1])],
    )
    def test_status_of_one_or_all(self, where: Json, connectors: list[int]) -> None:
        """Without a connector both are told."""
        desk = ready()
        before = len(desk.payloads("StatusNotification"))
        desk.ask("TriggerMessage", requestedMessage="StatusNotification", **where)
        told = desk.payloads("StatusNotification")[before:]
        assert [one["connectorId"] for one in told] == connectors

    def test_boot_and_heartbeat(self) -> None:
        """Both can be asked for at any time."""
        desk = ready()
        desk.boots.append("Accepted")
        desk.ask("TriggerMessage", requestedMessage="BootNotification")
        desk.ask("TriggerMessage", requestedMessage="Heartbeat")
        assert len(desk.payloads("BootNotification")) == 2
        assert len(desk.payloads("Heartbeat")) == 1

    def test_a_connector_that_is_not_there(self) -> None:
        """It can tell nothing."""
        answer = ready().ask("TriggerMessage", requestedMessage="Heartbeat", connectorId=2)
        assert answer == {"status": "Rejected"}

    def test_the_vendors_own_words(self) -> None:
        """DataTransfer carries what it was given."""
        desk = ready()
        desk.device.transfer_data("Etrel", "Cluster", "{}", desk.now)
        told = desk.answer().payloads("DataTransfer")
        assert told == [{"vendorId": "Etrel", "messageId": "Cluster", "data": "{}"}]
