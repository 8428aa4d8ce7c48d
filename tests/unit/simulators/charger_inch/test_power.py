"""Power cuts and resets: what is lost, what survives, and what is told afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.inch_desk import ANNA, BEAT, START, Desk

from simulators.charger_inch.device import RESTART_S, Setup
from simulators.charger_inch.habits import RebootRequired, ShortMessageIds
from simulators.charger_inch.memory import Memory
from simulators.errors import NotPossible

BOOT_MIN = RESTART_S / 60


def charging(setup: Setup | None = None, **configuration: str) -> Desk:
    """Give a device on which Anna charges."""
    setup = setup or Setup(configuration={"MeterValueSampleInterval": "0"} | configuration)
    return Desk(setup).boot().plug_in().show()


class TestPowerCut:
    """The mains go and come back."""

    def test_it_boots_and_tells_what_ran(self) -> None:
        """StopTransaction bears the reason PowerLoss, the time of the cut and its register."""
        desk = charging().until(30).power(False)
        wh = desk.device.outlet.register_at(desk.now)
        desk.until(60).power(True).until(65)
        assert desk.instants("BootNotification") == [0, 60 + BOOT_MIN]
        stop = desk.payloads("StopTransaction")[0]
        assert stop["reason"] == "PowerLoss"
        assert stop["timestamp"] == "2025-06-03T06:30:00.000Z"
        assert stop["meterStop"] == round(wh / (3_600 * 10**15))
        assert stop["transactionId"] == 1
        assert "idTag" not in stop
        assert desk.statuses[-1] == "Finishing"
        assert desk.unplug().statuses[-1] == "Available"

    def test_nothing_flows_without_power(self) -> None:
        """The register stands still from the cut on, and after the boot."""
        desk = charging().until(30).power(False)
        before = desk.device.outlet.register_at(desk.now)
        desk.until(60).power(True).until(90)
        assert desk.device.outlet.register_at(desk.now) == before

    def test_the_first_value_survives(self) -> None:
        """Its transactionData is what was read at the begin."""
        desk = charging().until(30).power(False).power(True).until(40)
        data = desk.payloads("StopTransaction")[0]["transactionData"]
        assert [one["sampledValue"][0]["context"] for one in data] == ["Transaction.Begin"]

    def test_the_queue_survives(self) -> None:
        """What was said offline is told after the boot, in its order, with the id of the start."""
        desk = charging(MeterValueSampleInterval="600").line(False).until(35).show()
        sent = len(desk.sent)
        desk.power(False).power(True).line(True).until(40)
        told = [call.action for _, call in desk.sent[sent:]]
        assert told == [
            "BootNotification",
            "StatusNotification",
            "StatusNotification",
            "MeterValues",
            "MeterValues",
            "MeterValues",
            "StopTransaction",
        ]
        assert {one["transactionId"] for one in desk.payloads("MeterValues")} == {1}

    def test_a_start_that_was_never_answered_is_told_again(self) -> None:
        """Its stop learns the id from the late answer."""
        desk = Desk(Setup(configuration={"AllowOfflineTxForUnknownId": "true"})).boot()
        desk.line(False).plug_in().show().until(10).power(False).power(True)
        desk.line(True).until(15)
        assert desk.payloads("StartTransaction")[0]["timestamp"] == "2025-06-03T06:00:00.000Z"
        assert desk.payloads("StopTransaction")[0]["transactionId"] == 1

    def test_failures_are_remembered(self) -> None:
        """A message that was refused twice is given up at the third time, across a cut."""
        desk = charging(TransactionMessageRetryInterval="60").until(1)
        desk.failing = {"StopTransaction"}
        desk.show().until(2.5).power(False).power(True).until(30)
        assert len(desk.payloads("StopTransaction")) == 3
        assert desk.device.outbox.waiting == 0
        assert desk.device.outbox.dropped == 1

    def test_what_was_configured_survives(self) -> None:
        """Keys, service, reservation, cache and list are as they were."""
        desk = Desk().boot().show(BEAT).show(BEAT)
        desk.ask("ChangeConfiguration", key="ConnectionTimeOut", value="77")
        desk.ask("SendLocalList", listVersion=3, updateType="Full", localAuthorizationList=[CARD])
        desk.ask("ChangeAvailability", connectorId=0, type="Inoperative")
        desk.power(False).power(True).until(5)
        assert desk.device.configuration.number("ConnectionTimeOut") == 77
        assert desk.device.authority.version == 3
        assert desk.device.authority.info(ANNA) is not None
        assert desk.device.authority.info(BEAT) is not None
        told = desk.payloads("StatusNotification")[-2:]
        assert [one["status"] for one in told] == ["Unavailable", "Unavailable"]

    def test_a_reservation_survives_and_ends_in_time(self) -> None:
        """It is Reserved after the boot, and expires without one."""
        desk = Desk().boot()
        expires = "2025-06-03T06:20:00Z"
        desk.ask("ReserveNow", connectorId=1, expiryDate=expires, idTag=ANNA, reservationId=1)
        desk.power(False).until(10).power(True).until(15)
        assert desk.statuses[-1] == "Reserved"
        desk.power(False).until(30).power(True).until(35)
        assert desk.statuses[-1] == "Available"

    def test_profiles_survive_but_those_of_a_transaction(self) -> None:
        """A TxDefaultProfile limits the next transaction, too."""
        desk = Desk().boot()
        desk.ask("SetChargingProfile", connectorId=0, csChargingProfiles=PROFILE)
        desk.power(False).power(True).until(5).plug_in().show()
        assert desk.device.outlet.flow_at(desk.now).currents_ma[0] == 10_000

    def test_a_profile_that_was_replaced_does_not_come_back(self) -> None:
        """One that a remote start brought under the same id took its place for good."""
        desk = Desk().boot()
        desk.ask("SetChargingProfile", connectorId=0, csChargingProfiles=PROFILE)
        own = PROFILE | {"chargingProfilePurpose": "TxProfile"}
        desk.ask("RemoteStartTransaction", idTag=ANNA, chargingProfile=own)
        desk.plug_in().show().unplug().power(False).power(True).until(5).plug_in().show()
        assert desk.device.outlet.flow_at(desk.now).currents_ma[0] > 10_000

    def test_message_ids_begin_again_or_not(self) -> None:
        """Short ones do at each boot; others never come twice."""
        for quirks, ids in (((ShortMessageIds(),), ["1", "1"]), ((), ["1-1", "2-1"])):
            desk = Desk(quirks=quirks).boot().power(False).power(True).until(5)
            boots = [call.number for _, call in desk.sent if call.action == "BootNotification"]
            assert boots == ids

    def test_without_power_nobody_can_use_it(self) -> None:
        """Hands are told what to do first."""
        desk = Desk().boot().power(False)
        assert desk.device.shown == ""
        assert not desk.device.has_power
        with pytest.raises(NotPossible, match="restore its power"):
            desk.show()
        with pytest.raises(NotPossible, match="it is off already"):
            desk.power(False)
        desk.power(True)
        assert desk.device.has_power
        with pytest.raises(NotPossible, match="it has power"):
            desk.power(True)

    def test_the_lock_lets_go(self) -> None:
        """A cable is not caught by a dark charger."""
        desk = charging().power(False)
        assert not desk.device.connector.is_locked

    def test_with_back_up_power_it_says_goodbye(self) -> None:
        """The stop and Finishing are told before the line goes."""
        setup = Setup(backup_power=True, configuration={"MeterValueSampleInterval": "0"})
        desk = charging(setup).until(30).power(False)
        assert desk.payloads("StopTransaction")[0]["reason"] == "PowerLoss"
        assert desk.statuses[-1] == "Finishing"
        assert not desk.device.is_running
        sent = len(desk.sent)
        assert len(desk.until(60).sent) == sent
        desk.power(True).until(65)
        assert len(desk.payloads("StopTransaction")) == 1

    def test_back_up_power_does_not_last(self) -> None:
        """After half a minute without an answer the charger is off; the stop is told later."""
        setup = Setup(backup_power=True, configuration={"MeterValueSampleInterval": "0"})
        desk = charging(setup).until(30)
        desk.device.cut_power(desk.now)
        assert desk.device.next_call(desk.now) is not None
        desk.device.tick(desk.now + timedelta(seconds=30))
        assert not desk.device.is_running
        desk.until(40).power(True).until(45)
        assert desk.payloads("StopTransaction")[0]["reason"] == "PowerLoss"


class TestReset:
    """OCPP 1.6 §5.14."""

    @pytest.mark.parametrize("kind", ["Soft", "Hard"])
    def test_it_boots(self, kind: str) -> None:
        """Accepted, then silence, then BootNotification and both statuses."""
        desk = Desk().boot().until(10)
        assert desk.ask("Reset", type=kind) == {"status": "Accepted"}
        desk.until(15)
        assert desk.instants("BootNotification") == [0, 10 + BOOT_MIN]
        assert desk.statuses == ["Available", "Available"]

    def test_a_soft_one_says_first_what_it_ends(self) -> None:
        """StopTransaction and Finishing come before the boot."""
        desk = charging().until(10)
        desk.ask("Reset", type="Soft")
        desk.until(15)
        assert desk.payloads("StopTransaction")[0]["reason"] == "SoftReset"
        actions = [call.action for _, call in desk.sent]
        assert actions.index("StopTransaction") < len(actions) - actions[::-1].index(
            "BootNotification"
        )
        assert desk.statuses[-2:] == ["Finishing", "Preparing"]

    def test_a_hard_one_says_it_afterwards(self) -> None:
        """StopTransaction bears the time of the reset and follows the boot."""
        desk = charging().until(10)
        desk.ask("Reset", type="Hard")
        assert desk.payloads("StopTransaction") == []
        desk.until(15)
        stop = desk.payloads("StopTransaction")[0]
        assert stop["reason"] == "HardReset"
        assert stop["timestamp"] == "2025-06-03T06:10:00.000Z"
        assert desk.statuses[-1] == "Finishing"

    def test_what_needs_a_reboot_holds_after_it(self) -> None:
        """With the habit, measurands are answered RebootRequired and hold after a reset."""
        desk = Desk(quirks=(RebootRequired(),)).boot().plug_in().show()
        change = {"key": "MeterValuesSampledData", "value": "Voltage"}
        assert desk.ask("ChangeConfiguration", **change) == {"status": "RebootRequired"}
        assert len(desk.until(2).payloads("MeterValues")[0]["meterValue"][0]["sampledValue"]) == 10
        desk.ask("Reset", type="Hard")
        desk.until(5).show().until(7)
        measurands = {
            one["measurand"]
            for one in desk.payloads("MeterValues")[-1]["meterValue"][0]["sampledValue"]
        }
        assert measurands == {"Voltage"}


class TestProcess:
    """A memory that outlives the process."""

    def test_another_device_takes_over(self) -> None:
        """Killed without a word: it goes on from what was remembered last."""
        memory = Memory()
        desk = Desk(Setup(register_wh=5_000), memory=memory).boot().plug_in().show().until(12.5)
        kept = Memory(
            (table, key, value)
            for table in ("queue", "transactions", "running", "meter", "boots", "transaction_count")
            for key, value in memory.table(table).items()
        )
        last = desk.payloads("MeterValues")[-1]["meterValue"][0]["sampledValue"][0]["value"]
        heir = Desk(Setup(register_wh=5_000), memory=kept).boot()
        stop = heir.payloads("StopTransaction")[0]
        assert stop["reason"] == "PowerLoss"
        assert stop["timestamp"] == "2025-06-03T06:12:00.000Z"
        assert stop["meterStop"] == round(float(last) * 1_000)
        assert stop["transactionId"] == 1
        heir.plug_in().show()
        assert heir.payloads("StartTransaction")[0]["meterStart"] == stop["meterStop"]
        assert heir.device.transaction is not None
        assert heir.device.transaction.local == 2

    def test_a_new_one_begins_at_the_start(self) -> None:
        """Without a memory the register is the one of the setup."""
        desk = Desk(Setup(register_wh=5_000)).boot()
        assert desk.now == START
        assert desk.device.scene(desk.now).register_wh == 5_000


CARD = {"idTag": ANNA, "idTagInfo": {"status": "Accepted"}}
PROFILE = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10}],
    },
}
