"""The habits of field INCHes on the wire, and what can be broken about one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.faulty_inch import CAR, SETUP, Case, FaultyDesk, ideal_again, idle, session
from support.inch_desk import ANNA

from simulators.charger_inch import firmware, habits
from simulators.charger_inch.habits import ClockValuesWithoutTransaction, ShortMessageIds

ALIGNED = replace(
    SETUP,
    configuration={"ClockAlignedDataInterval": "900", "MeterValueSampleInterval": "0"},
)

KEY = {"key": "MeterValuesSampledData", "value": "Voltage"}


def lists_changed(desk: FaultyDesk) -> None:
    """Ask for other measurands, charge, boot, and charge."""
    desk.ask("ChangeConfiguration", **KEY)
    desk.ask("ChangeConfiguration", key="ConnectionTimeOut", value="30")
    session(desk)
    desk.ask("Reset", type="Soft")
    desk.minutes(1)
    session(desk)


def answers_and_measurands(desk: FaultyDesk) -> tuple[list[str], list[int]]:
    """Give the answers to ChangeConfiguration, and how many values each MeterValues has."""
    answers = [text for text in desk.texts if text.startswith("[3")][:2]
    return answers, [len(one["meterValue"][0]["sampledValue"]) for one in desk.told("MeterValues")]


def triggered(desk: FaultyDesk) -> None:
    """Trigger the status of connector 1."""
    desk.ask("TriggerMessage", requestedMessage="StatusNotification", connectorId=1)


def told_apart(desk: FaultyDesk) -> list[tuple[Any, ...]]:
    """Give info and vendor of each status of connector 1."""
    return [
        (one.get("info"), one.get("vendorId"))
        for one in desk.told("StatusNotification")
        if one["connectorId"] == 1
    ]


def unlocked(desk: FaultyDesk) -> None:
    """Try to charge, and let the backend unlock the connector."""
    desk.plug_in(CAR).show(ANNA)
    desk.ask("UnlockConnector", connectorId=1)


def listed(desk: FaultyDesk) -> None:
    """Send a local list."""
    desk.ask("SendLocalList", listVersion=1, updateType="Full", localAuthorizationList=[])


def updated(desk: FaultyDesk) -> None:
    """Bring new firmware."""
    desk.ask("UpdateFirmware", location="http://host/f.zip", retrieveDate="2025-06-03T06:00:00Z")
    desk.minutes(1)
    (errand,) = desk.device.errands()
    desk.device.errand_done(errand.number, firmware("1.13"), "", desk.now)
    desk.answer().minutes(5)


LABELS = {
    "chargePointVendor": "Etrel",
    "chargePointModel": "G-HB1V5CY20-A14",
    "chargePointSerialNumber": "WB-1",
    "chargeBoxSerialNumber": "WB-1",
    "firmwareVersion": "5.4:5.0.5",
    "meterType": "IntegratedAfe",
    "meterSerialNumber": "",
}

CASES = [
    Case(
        "negative-transaction-ids",
        session,
        lambda desk: (desk.ids("MeterValues"), desk.ids("StopTransaction")),
        ([-1] * 4, [4_711]),
    ),
    Case(
        "reboot-required",
        lists_changed,
        answers_and_measurands,
        (
            ['[3,"s1",{"status":"RebootRequired"}]', '[3,"s1",{"status":"Accepted"}]'],
            [10] * 4 + [3] * 4,
        ),
    ),
    Case("newer-labels", idle, lambda desk: desk.told("BootNotification"), [LABELS]),
    Case("trigger-named", triggered, told_apart, [(None, None), ("TriggerMessage", "Etrel")]),
    Case(
        "standby-values",
        idle,
        lambda desk: [stamp[14:16] for stamp in desk.stamps("MeterValues")],
        ["15", "30", "45", "00"],
        ALIGNED,
    ),
    Case(
        "clock-aligned-early",
        session,
        lambda desk: [stamp[14:23] for stamp in desk.stamps("MeterValues")],
        ["14:59.489", "29:59.489", "44:59.489", "59:59.489"],
        ALIGNED,
    ),
    Case(
        "lock-fails",
        unlocked,
        lambda desk: (
            [one["errorCode"] for one in desk.told("StatusNotification")][-1],
            desk.told("StartTransaction"),
            desk.texts[-1],
        ),
        ("ConnectorLockFailure", [], '[3,"s1",{"status":"UnlockFailed"}]'),
    ),
    Case("list-memory-full", listed, lambda desk: desk.texts[-1], '[3,"s1",{"status":"Failed"}]'),
    Case(
        "installation-fails",
        updated,
        lambda desk: (
            [one["status"] for one in desk.told("FirmwareStatusNotification")],
            desk.device.firmware,
        ),
        (["Downloading", "Downloaded", "Installing", "InstallationFailed"], "1.12"),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_it_shows(case: Case) -> None:
    """On the wire stands what was seen in the field."""
    assert case.expected == case.read(case.lived())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_it_ends(case: Case) -> None:
    """Switched off, the charger says what an ideal one says."""
    said, ideal = ideal_again(case)

    assert ideal == said


def test_two_habits_are_on_by_default() -> None:
    """Short message ids, and clock-aligned values without a transaction."""
    desk = FaultyDesk(setup=ALIGNED).boot()
    session(desk)

    assert (ShortMessageIds(), ClockValuesWithoutTransaction()) == habits.DEFAULT
    assert ["1", "2", "3"] == desk.message_ids("BootNotification", "StatusNotification")[:3]
    assert [None] * 4 == desk.ids("MeterValues")


def test_without_them_the_charger_is_as_ocpp_has_it() -> None:
    """Message ids tell the boot apart, and clock-aligned values name their transaction."""
    desk = FaultyDesk(setup=ALIGNED)
    desk.quirks.on = []
    desk.boot()
    session(desk)

    assert ["1-1", "1-2", "1-3"] == desk.message_ids("BootNotification", "StatusNotification")[:3]
    assert [4_711] * 4 == desk.ids("MeterValues")


def test_message_ids_begin_again_at_a_boot() -> None:
    """The first word after a power cut has the number of the first word before it."""
    desk = FaultyDesk().boot()
    desk.power(on=False).power(on=True).minutes(1)

    assert ["1", "1"] == desk.message_ids("BootNotification")


def test_in_standby_there_is_no_transaction_to_number() -> None:
    """Values without a transaction have no negative number either."""
    desk = FaultyDesk("negative-transaction-ids", "standby-values", setup=ALIGNED).boot()
    idle(desk)

    assert [None] * 4 == desk.ids("MeterValues")
