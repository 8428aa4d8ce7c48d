"""The connector: cable, lock, cards, reservation, service, faults."""

from __future__ import annotations

import pytest
from support.inch_desk import ANNA, BEAT, Desk

from simulators.charger_inch.device import Setup
from simulators.charger_inch.electric import Car
from simulators.charger_inch.habits import DEFAULT, LockFails, TriggerNamed
from simulators.charger_inch.vendor_data import error_named, vendor_errors
from simulators.errors import NotPossible

CARLA = "CAFE0001"


def ready(setup: Setup | None = None, **configuration: str) -> Desk:
    """Give a booted device that samples nothing unless told to."""
    setup = setup or Setup(configuration={"MeterValueSampleInterval": "0"} | configuration)
    return Desk(setup).boot()


def charging(setup: Setup | None = None, **configuration: str) -> Desk:
    """Give a device on which Anna charges."""
    return ready(setup, **configuration).plug_in().show()


def reserve(
    desk: Desk, *, connector: int = 1, number: int = 7, minutes: int = 30, **more: str
) -> str:
    """Let the backend reserve for Anna; gives the status."""
    expires = f"2025-06-03T06:{minutes:02d}:00Z"
    answer = desk.ask(
        "ReserveNow",
        connectorId=connector,
        expiryDate=expires,
        idTag=ANNA,
        reservationId=number,
        **more,
    )
    return str(answer["status"])


class TestCable:
    """Who takes which end out of what."""

    def test_the_car_end_alone_leaves_the_cable_in(self) -> None:
        """The transaction ends, and the connector is Finishing until the cable is pulled."""
        desk = charging().until(60)
        desk.device.unplug_car(desk.now)
        desk.answer()
        assert desk.payloads("StopTransaction")[0]["reason"] == "EVDisconnected"
        assert desk.statuses[-1] == "Finishing"
        desk.device.pull_cable(desk.now)
        assert desk.answer().statuses[-1] == "Available"

    def test_what_is_to_stay_locked_stays(self) -> None:
        """Without UnlockConnectorOnEVSideDisconnect the cable stays until somebody unlocks it."""
        desk = charging(UnlockConnectorOnEVSideDisconnect="false").until(60).unplug()
        assert desk.statuses[-1] == "Finishing"
        with pytest.raises(NotPossible, match="it is locked; show the card that charged"):
            desk.device.pull_cable(desk.now)
        assert desk.ask("UnlockConnector", connectorId=1) == {"status": "Unlocked"}
        desk.device.pull_cable(desk.now)
        assert desk.answer().statuses[-1] == "Available"

    def test_the_card_that_charged_unlocks(self) -> None:
        """No new transaction begins by that."""
        desk = charging(UnlockConnectorOnEVSideDisconnect="false").unplug().show()
        desk.device.pull_cable(desk.now)
        assert len(desk.payloads("StartTransaction")) == 1
        assert len(desk.payloads("Authorize")) == 1

    def test_a_car_that_leaves_may_come_back(self) -> None:
        """Without StopTransactionOnEVSideDisconnect the transaction goes on (§9.1.27)."""
        desk = charging(StopTransactionOnEVSideDisconnect="false").until(30)
        desk.device.unplug_car(desk.now)
        desk.answer()
        assert desk.last_status["status"] == "SuspendedEV"
        assert desk.last_status["info"] == "EV side disconnected"
        before = desk.device.outlet.register_at(desk.now)
        desk.until(60)
        assert desk.device.outlet.register_at(desk.now) == before
        desk.plug_in()
        assert desk.statuses[-1] == "Charging"
        assert "info" not in desk.last_status
        desk.until(90)
        assert desk.device.outlet.register_at(desk.now) > before
        assert desk.payloads("StopTransaction") == []

    def test_a_locked_cable_cannot_be_pulled_while_charging(self) -> None:
        """A socket holds the cable for a transaction."""
        desk = charging()
        with pytest.raises(NotPossible, match="it is locked"):
            desk.device.pull_cable(desk.now)
        assert desk.payloads("StopTransaction") == []

    def test_a_cable_that_is_not_locked_can_be_pulled_with_the_car(self) -> None:
        """Before a card is shown nothing holds it."""
        desk = ready().plug_in()
        desk.device.pull_cable(desk.now)
        assert desk.answer().statuses[-1] == "Available"

    @pytest.mark.parametrize(
        ("setup", "why"),
        [(Setup(fixed_cable=True), "hangs at the charger"), (Setup(), "none is plugged in")],
    )
    def test_what_is_not_there_cannot_be_pulled(self, setup: Setup, why: str) -> None:
        """Neither a fixed cable nor none."""
        desk = ready(setup)
        with pytest.raises(NotPossible, match=why):
            desk.device.pull_cable(desk.now)

    def test_a_fixed_cable_frees_the_connector_at_the_car(self) -> None:
        """Finishing and Available follow each other; nothing is left in the charger."""
        desk = charging(Setup(fixed_cable=True)).until(5).unplug()
        assert desk.statuses[-2:] == ["Finishing", "Available"]


class TestLock:
    """OCPP 1.6 §5.18."""

    def test_unlocking_ends_a_transaction(self) -> None:
        """With the reason UnlockCommand; the cable can be taken."""
        desk = charging().until(10)
        assert desk.ask("UnlockConnector", connectorId=1) == {"status": "Unlocked"}
        assert desk.payloads("StopTransaction")[0]["reason"] == "UnlockCommand"
        assert desk.statuses[-1] == "Finishing"
        assert desk.unplug().statuses[-1] == "Available"

    @pytest.mark.parametrize(("fixed", "connector"), [(False, 2), (False, 0), (True, 1)])
    def test_what_has_no_lock_is_not_supported(self, fixed: bool, connector: int) -> None:
        """A connector that is not there, and a fixed cable (errata 3.85)."""
        desk = charging(Setup(fixed_cable=fixed))
        assert desk.ask("UnlockConnector", connectorId=connector) == {"status": "NotSupported"}
        assert desk.payloads("StopTransaction") == []

    def test_a_lock_that_fails_says_so(self) -> None:
        """Unlocking fails, and what runs goes on."""
        desk = charging()
        desk.quirks.on.append(LockFails())
        assert desk.ask("UnlockConnector", connectorId=1) == {"status": "UnlockFailed"}
        assert desk.payloads("StopTransaction") == []

    def test_without_lock_no_transaction_begins(self) -> None:
        """The connector is Faulted with ConnectorLockFailure until it is mended."""
        desk = ready()
        desk.quirks.on.append(LockFails())
        desk.plug_in().show()
        assert desk.payloads("StartTransaction") == []
        assert desk.last_status["errorCode"] == "ConnectorLockFailure"
        assert desk.last_status["vendorErrorCode"] == "INCH-001"
        assert desk.statuses[-2:] == ["Preparing", "Faulted"]
        desk.quirks.on.pop()
        desk.device.mend(desk.now)
        assert desk.answer().statuses[-1] == "Preparing"
        assert desk.show().statuses[-1] == "Charging"


class TestGroups:
    """Cards of one parentIdTag."""

    def in_one_group(self, **configuration: str) -> Desk:
        """Give a device on which Anna charges; Beat is of her group."""
        desk = ready(**configuration)
        desk.groups = {ANNA: "FAMILY", BEAT: "family"}
        return desk.plug_in().show()

    def test_another_card_of_the_group_stops(self) -> None:
        """It is asked for, and StopTransaction bears its number."""
        desk = self.in_one_group().show(BEAT)
        assert desk.payloads("Authorize")[-1] == {"idTag": BEAT}
        assert desk.payloads("StopTransaction")[0]["idTag"] == BEAT
        assert desk.payloads("StopTransaction")[0]["reason"] == "Local"

    def test_a_card_of_another_group_does_not(self) -> None:
        """It is asked for in vain."""
        desk = self.in_one_group().show(CARLA)
        assert desk.payloads("Authorize")[-1] == {"idTag": CARLA}
        assert desk.device.shown == "taken by another card"
        assert desk.payloads("StopTransaction") == []

    def test_a_refused_card_of_the_group_does_not(self) -> None:
        """Blocked is blocked."""
        desk = self.in_one_group()
        desk.cards[BEAT] = "Blocked"
        assert desk.show(BEAT).payloads("StopTransaction") == []

    def test_without_a_group_nobody_is_asked(self) -> None:
        """Another card sends no Authorize while a card without group charges."""
        desk = charging().show(BEAT)
        assert len(desk.payloads("Authorize")) == 1

    def test_offline_the_cache_tells_the_group(self) -> None:
        """A card of the group that was seen before stops without a line."""
        desk = ready()
        desk.groups = {ANNA: "FAMILY", BEAT: "FAMILY"}
        desk.show(BEAT).show(BEAT).plug_in().show()
        desk.line(False).show(BEAT)
        assert desk.device.transaction is None
        assert desk.line(True).payloads("StopTransaction")[0]["idTag"] == BEAT

    def test_a_lost_line_leaves_the_question_open(self) -> None:
        """Who asks to stop and gets no answer does not stop."""
        desk = self.in_one_group()
        desk.device.show_card(BEAT, desk.now)
        desk.device.next_call(desk.now)
        desk.line(False)
        assert desk.device.shown == "taken by another card"
        assert desk.device.transaction is not None


class TestReservation:
    """OCPP 1.6 §3.8, §5.1, §5.13."""

    def test_it_is_told_and_used(self) -> None:
        """The card it is for charges, with the reservationId; others are turned away unasked."""
        desk = ready()
        assert reserve(desk) == "Accepted"
        assert desk.statuses[-1] == "Reserved"
        desk.plug_in().show(BEAT)
        assert desk.payloads("Authorize") == []
        assert desk.device.shown == "reserved for somebody else"
        desk.show()
        assert desk.payloads("StartTransaction")[0]["reservationId"] == 7
        assert desk.statuses[-2:] == ["Preparing", "Charging"]
        assert desk.show().unplug().statuses[-1] == "Available"

    def test_it_ends_by_itself(self) -> None:
        """At expiryDate the connector is Available, for everybody."""
        desk = ready()
        reserve(desk)
        desk.until(31)
        assert desk.statuses[-1] == "Available"
        assert desk.instants("StatusNotification")[-1] == 30
        desk.plug_in().show(BEAT)
        assert "reservationId" not in desk.payloads("StartTransaction")[0]

    def test_it_can_be_cancelled_by_its_number(self) -> None:
        """Another number is rejected."""
        desk = ready()
        reserve(desk)
        assert desk.ask("CancelReservation", reservationId=8) == {"status": "Rejected"}
        assert desk.ask("CancelReservation", reservationId=7) == {"status": "Accepted"}
        assert desk.statuses[-1] == "Available"
        assert desk.ask("CancelReservation", reservationId=7) == {"status": "Rejected"}

    def test_of_the_charger_it_keeps_its_only_connector(self) -> None:
        """Connector 0 is reserved, connector 1 says so."""
        desk = ready()
        assert reserve(desk, connector=0) == "Accepted"
        assert desk.last_status["status"] == "Reserved"
        desk.plug_in().show()
        assert desk.payloads("StartTransaction")[0]["reservationId"] == 7

    def test_a_card_of_the_group_may_use_it(self) -> None:
        """The backend is asked which group a card belongs to."""
        desk = ready()
        desk.groups = {BEAT: "FAMILY", CARLA: "OTHERS"}
        assert reserve(desk, parentIdTag="family") == "Accepted"
        desk.show(CARLA)
        assert desk.device.shown == "reserved for somebody else"
        desk.show(BEAT).plug_in()
        assert desk.payloads("StartTransaction")[0]["reservationId"] == 7
        assert desk.payloads("StartTransaction")[0]["idTag"] == BEAT

    def test_a_group_that_is_known_need_not_be_asked(self) -> None:
        """Who is cached in another group is turned away at once."""
        desk = ready()
        desk.groups = {CARLA: "OTHERS"}
        desk.show(CARLA).show(CARLA)
        reserve(desk, parentIdTag="FAMILY")
        desk.show(CARLA)
        assert len(desk.payloads("Authorize")) == 1

    def test_the_same_number_replaces(self) -> None:
        """A new expiry with the same number holds from then on."""
        desk = ready()
        reserve(desk, minutes=10)
        assert reserve(desk, minutes=40) == "Accepted"
        assert desk.until(20).statuses[-1] == "Reserved"
        assert desk.until(41).statuses[-1] == "Available"

    @pytest.mark.parametrize(
        ("state", "verdict"),
        [
            ("reserved", "Occupied"),
            ("plugged", "Occupied"),
            ("charging", "Occupied"),
            ("faulted", "Faulted"),
            ("out of service", "Unavailable"),
        ],
    )
    def test_what_is_not_free_cannot_be_reserved(self, state: str, verdict: str) -> None:
        """For connector 1 and for connector 0 alike."""
        for connector in (0, 1):
            desk = ready()
            if state == "reserved":
                reserve(desk, number=1)
            elif state == "plugged":
                desk.plug_in()
            elif state == "charging":
                desk.plug_in().show()
            elif state == "faulted":
                desk.device.break_down(error_named("GroundFailure"), desk.now)
            else:
                desk.ask("ChangeAvailability", connectorId=1, type="Inoperative")
            assert reserve(desk, connector=connector) == verdict

    def test_what_is_over_or_makes_no_sense_is_rejected(self) -> None:
        """An expiry that has passed or is none, a connector that is not there."""
        desk = ready().until(40)
        assert reserve(desk, minutes=30) == "Rejected"
        assert reserve(desk, connector=2, minutes=50) == "Rejected"
        answer = desk.ask(
            "ReserveNow", connectorId=1, expiryDate="soon", idTag=ANNA, reservationId=1
        )
        assert answer == {"status": "Rejected"}

    def test_a_charger_may_take_none(self) -> None:
        """Set up without reservations, or without those of connector 0."""
        assert reserve(ready(Setup(accepts_reservations=False))) == "Rejected"
        none_of_zero = Setup(configuration={"ReserveConnectorZeroSupported": "false"})
        assert reserve(ready(none_of_zero), connector=0) == "Rejected"
        assert reserve(ready(none_of_zero)) == "Accepted"

    def test_a_remote_start_respects_it(self) -> None:
        """For another card it is rejected, for the card it is for it is not."""
        desk = ready()
        reserve(desk)
        assert desk.ask("RemoteStartTransaction", idTag=BEAT) == {"status": "Rejected"}
        assert desk.ask("RemoteStartTransaction", idTag=ANNA) == {"status": "Accepted"}
        assert desk.plug_in().payloads("StartTransaction")[0]["reservationId"] == 7


class TestService:
    """OCPP 1.6 §5.2."""

    def test_out_of_service_nobody_charges(self) -> None:
        """Unavailable is told; no card is asked for, no remote start accepted."""
        desk = ready()
        assert desk.ask("ChangeAvailability", connectorId=1, type="Inoperative") == {
            "status": "Accepted"
        }
        assert desk.statuses[-1] == "Unavailable"
        desk.plug_in().show()
        assert desk.device.shown == "out of service"
        assert desk.payloads("Authorize") == []
        assert desk.ask("RemoteStartTransaction", idTag=ANNA) == {"status": "Rejected"}
        desk.ask("ChangeAvailability", connectorId=1, type="Operative")
        assert desk.statuses[-2:] == ["Unavailable", "Preparing"]
        assert desk.show().statuses[-1] == "Charging"

    def test_the_charger_takes_its_connector_along(self) -> None:
        """Connector 0: both are Unavailable, both are told, and both come back."""
        desk = ready()
        desk.ask("ChangeAvailability", connectorId=0, type="Inoperative")
        told = [
            (one["connectorId"], one["status"]) for one in desk.payloads("StatusNotification")[2:]
        ]
        assert sorted(told) == [(0, "Unavailable"), (1, "Unavailable")]
        desk.ask("ChangeAvailability", connectorId=0, type="Operative")
        told = [
            (one["connectorId"], one["status"]) for one in desk.payloads("StatusNotification")[4:]
        ]
        assert sorted(told) == [(0, "Available"), (1, "Available")]

    def test_a_transaction_goes_on_first(self) -> None:
        """Scheduled: the connector is Unavailable once the transaction has ended."""
        desk = charging()
        for connector in (0, 1):
            answer = desk.ask("ChangeAvailability", connectorId=connector, type="Inoperative")
            assert answer == {"status": "Scheduled"}
        assert desk.statuses[-1] == "Charging"
        desk.until(10).show()
        assert desk.statuses[-1] == "Unavailable"
        assert desk.payloads("StatusNotification")[-1]["connectorId"] == 0
        assert desk.payloads("StatusNotification")[-1]["status"] == "Unavailable"

    def test_an_accepted_card_is_let_go(self) -> None:
        """Who has shown a card and not plugged in yet must do it again."""
        desk = ready().show()
        desk.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        desk.ask("ChangeAvailability", connectorId=1, type="Operative")
        assert desk.plug_in().payloads("StartTransaction") == []

    def test_a_cable_that_is_left_is_preparing_again(self) -> None:
        """After Finishing and out of service the next status is Preparing, as §4.9 has it."""
        desk = charging().show()
        desk.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        desk.ask("ChangeAvailability", connectorId=1, type="Operative")
        assert desk.statuses[-3:] == ["Finishing", "Unavailable", "Preparing"]

    def test_a_connector_that_is_not_there(self) -> None:
        """It is rejected."""
        answer = ready().ask("ChangeAvailability", connectorId=2, type="Inoperative")
        assert answer == {"status": "Rejected"}

    def test_a_card_that_is_being_checked_comes_too_late(self) -> None:
        """The verdict on a card does not start a connector that has gone out of service."""
        desk = ready().plug_in()
        desk.device.show_card(ANNA, desk.now)
        call = desk.device.next_call(desk.now)
        assert call is not None
        desk.device.called(
            "ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}, desk.now
        )
        desk.device.answered(call.number, {"idTagInfo": {"status": "Accepted"}}, desk.now)
        assert desk.answer().payloads("StartTransaction") == []


class TestFaults:
    """OCPP 1.6 §4.9, INC-11."""

    def test_a_fault_ends_what_runs(self) -> None:
        """StopTransaction with the reason Other, then Faulted with the codes."""
        desk = charging().until(10)
        desk.device.break_down(vendor_errors()["INCH-002"], desk.now)
        desk.answer()
        assert desk.payloads("StopTransaction")[0]["reason"] == "Other"
        assert desk.statuses[-1] == "Faulted"
        told = desk.last_status
        assert told["errorCode"] == "GroundFailure"
        assert told["vendorId"] == "Etrel"
        assert told["vendorErrorCode"] == "INCH-002"
        assert told["info"] == "Residual current device tripped"

    def test_a_faulted_charger_charges_nobody(self) -> None:
        """No Authorize and no StartTransaction; a remote start is rejected."""
        desk = ready()
        desk.device.break_down(error_named("GroundFailure"), desk.now)
        desk.answer().plug_in().show()
        assert desk.device.shown == "out of order"
        assert desk.payloads("Authorize") == []
        assert desk.ask("RemoteStartTransaction", idTag=ANNA) == {"status": "Rejected"}

    def test_a_mended_charger_says_so(self) -> None:
        """The status is what it would be, with NoError."""
        desk = ready()
        desk.device.break_down(error_named("GroundFailure"), desk.now)
        desk.device.mend(desk.now)
        desk.answer()
        assert desk.statuses[-2:] == ["Faulted", "Available"]
        assert desk.last_status["errorCode"] == "NoError"
        sent = len(desk.sent)
        desk.device.mend(desk.now)
        assert len(desk.answer().sent) == sent

    def test_a_small_error_is_told_and_charging_goes_on(self) -> None:
        """WeakSignal leaves the status as it is, and its end is told, too."""
        desk = charging()
        desk.device.break_down(error_named("WeakSignal"), desk.now)
        desk.answer()
        assert desk.last_status["status"] == "Charging"
        assert desk.last_status["errorCode"] == "WeakSignal"
        desk.device.mend(desk.now)
        desk.answer()
        assert desk.last_status["errorCode"] == "NoError"
        assert desk.payloads("StopTransaction") == []

    def test_every_error_of_the_list_fits_its_message(self) -> None:
        """Codes and texts are as long as OCPP lets them be."""
        desk = ready()
        for error in vendor_errors().values():
            desk.device.break_down(error, desk.now)
            desk.answer()
            assert len(desk.last_status["info"]) <= 50
            assert desk.last_status["vendorErrorCode"] == error.vendor_error_code
            desk.device.mend(desk.now)


class TestStatus:
    """What is told and when."""

    def test_what_lasts_too_short_is_not_told(self) -> None:
        """MinimumStatusDuration: a cable that is in for ten seconds is nobody's business."""
        desk = ready(MinimumStatusDuration="60").plug_in().until(0.5).unplug().until(10)
        assert desk.statuses == ["Available"]

    def test_what_lasts_is_told_later_with_its_own_time(self) -> None:
        """After the duration, with the instant at which it began."""
        desk = ready(MinimumStatusDuration="60").until(1).plug_in().until(5)
        assert desk.statuses == ["Available", "Preparing"]
        assert desk.instants("StatusNotification")[-1] == 2
        assert desk.last_status["timestamp"] == "2025-06-03T06:01:00.000Z"

    def test_steps_that_were_too_short_are_filled_in(self) -> None:
        """What is told is always a change that OCPP 1.6 §4.9 knows."""
        desk = ready(MinimumStatusDuration="60").plug_in().show().until(0.5).show().until(5)
        assert desk.statuses == ["Available", "Preparing", "Finishing"]

    def test_a_trigger_may_be_named(self) -> None:
        """With the habit, a triggered status says that it was."""
        desk = Desk(quirks=(*DEFAULT, TriggerNamed())).boot()
        desk.ask("TriggerMessage", requestedMessage="StatusNotification", connectorId=1)
        assert desk.last_status["info"] == "TriggerMessage"
        assert desk.last_status["vendorId"] == "Etrel"

    def test_a_profile_holds_back(self) -> None:
        """A limit of 0 A is SuspendedEVSE, and a full car SuspendedEV."""
        desk = charging()
        profile = {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [
                    {"startPeriod": 0, "limit": 16},
                    {"startPeriod": 600, "limit": 0},
                    {"startPeriod": 1200, "limit": 16},
                ],
            },
        }
        answer = desk.ask("SetChargingProfile", connectorId=1, csChargingProfiles=profile)
        assert answer == {"status": "Accepted"}
        desk.until(15)
        assert desk.statuses[-1] == "SuspendedEVSE"
        assert desk.instants("StatusNotification")[-1] == 10
        assert desk.until(21).statuses[-1] == "Charging"
        assert desk.device.outlet.flow_at(desk.now).currents_ma == (16_000,) * 3
        assert desk.ask("ClearChargingProfile", id=1) == {"status": "Accepted"}
        assert desk.device.outlet.flow_at(desk.now).currents_ma[0] > 16_000


class TestForbidden:
    """A card that the backend refuses after it has begun (OCPP 1.6 §9.1.17)."""

    def test_some_energy_may_flow(self) -> None:
        """MaxEnergyOnInvalidId: SuspendedEVSE once so much has flown, to the Wh."""
        desk = ready(StopTransactionOnInvalidId="false", MaxEnergyOnInvalidId="1000")
        desk.plug_in(Car(max_current_a=16))
        desk.line(False)
        desk.device.configuration.change("AllowOfflineTxForUnknownId", "true")
        desk.cards[ANNA] = "Invalid"
        desk.show().line(True).until(120)
        assert desk.statuses[-1] == "SuspendedEVSE"
        assert desk.payloads("StopTransaction") == []
        begun = desk.payloads("StartTransaction")[0]["meterStart"]
        desk.show()
        assert desk.payloads("StopTransaction")[0]["meterStop"] - begun == 1_000


class TestAtOnce:
    """LocalPreAuthorize (OCPP 1.6 §3.5.3)."""

    def test_a_cached_card_is_not_asked_for_again(self) -> None:
        """The transaction begins without Authorize."""
        desk = ready(LocalPreAuthorize="true").plug_in().show().show().unplug()
        desk.plug_in().show()
        assert len(desk.payloads("Authorize")) == 1
        assert len(desk.payloads("StartTransaction")) == 2

    def test_clearing_the_cache_brings_the_question_back(self) -> None:
        """ClearCache is Accepted, and the card is asked for."""
        desk = ready(LocalPreAuthorize="true").show().show()
        assert desk.ask("ClearCache") == {"status": "Accepted"}
        desk.show()
        assert len(desk.payloads("Authorize")) == 2

    def test_a_remote_start_of_a_cached_card(self) -> None:
        """AuthorizeRemoteTxRequests asks only for cards that are not known."""
        desk = ready(LocalPreAuthorize="true", AuthorizeRemoteTxRequests="true").show().show()
        desk.plug_in()
        assert desk.ask("RemoteStartTransaction", idTag=ANNA) == {"status": "Accepted"}
        assert len(desk.payloads("Authorize")) == 1
        assert len(desk.payloads("StartTransaction")) == 1
