"""Rows F80 to F92 on the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.faulty_inch import CAR, Case, FaultyDesk, ideal_again, idle, session
from support.inch_desk import ANNA, Json

from simulators.charger_inch.vendor_data import error_named


def boot(desk: FaultyDesk) -> Json:
    """Give the BootNotification."""
    return desk.told("BootNotification")[0]


def id_tags(desk: FaultyDesk) -> list[Any]:
    """Give the idTags of Authorize, StartTransaction and StopTransaction."""
    return [
        payload["idTag"]
        for action in ("Authorize", "StartTransaction", "StopTransaction")
        for payload in desk.told(action)
    ]


def broken(desk: FaultyDesk) -> None:
    """Break down, ask for the status, mend, and break down again."""
    desk.device.break_down(error_named("GroundFailure").told_as("damp", "E7"), desk.now)
    desk.answer()
    desk.ask("TriggerMessage", requestedMessage="StatusNotification", connectorId=1)
    desk.device.mend(desk.now)
    desk.answer()
    desk.device.break_down(error_named("GroundFailure").told_as("damp", "E7"), desk.now)
    desk.answer()


def errors(desk: FaultyDesk) -> list[tuple[Any, ...]]:
    """Give status, error code, vendor's code and info of connector 1 after the boot."""
    return [
        (one["status"], one["errorCode"], one.get("vendorErrorCode"), one.get("info"))
        for one in desk.told("StatusNotification")
        if one["connectorId"] == 1
    ][1:]


def stranger(desk: FaultyDesk) -> None:
    """Charge for a quarter of an hour with a card that the backend does not know."""
    desk.cards[ANNA] = "Invalid"
    desk.plug_in(CAR).show().minutes(15)
    if desk.device.transaction is not None:
        desk.show()
    desk.unplug()


def stranger_offline(desk: FaultyDesk) -> None:
    """Charge offline with a card that has been refused before."""
    desk.cards[ANNA] = "Invalid"
    desk.line(up=False).plug_in(CAR).show().minutes(15)
    desk.line(up=True)


def stops_of_strangers(desk: FaultyDesk) -> list[Any]:
    """Give the order of authorisation, start and stop, and the reason of the stop."""
    reasons = [one["reason"] for one in desk.told("StopTransaction")]
    return [desk.order("Authorize", "StartTransaction", "StopTransaction"), reasons]


def started_remotely(desk: FaultyDesk) -> None:
    """Plug in, and let the backend start for a serial number and then for a card."""
    desk.plug_in(CAR)
    desk.ask("RemoteStartTransaction", idTag="isebench-0001", connectorId=1)
    desk.ask("RemoteStartTransaction", idTag="0" * 20, connectorId=1)


def asked_for_keys(desk: FaultyDesk) -> None:
    """Let the backend read two keys."""
    desk.ask("GetConfiguration", key=["HeartbeatInterval", "MeterValuesSampledData"])


def entries(desk: FaultyDesk) -> list[Any]:
    """Give the values of the answer to GetConfiguration."""
    answer = next(text for text in desk.texts if text.startswith('[3,"s1"'))
    payload = json.loads(answer)[2]
    return [entry["value"] for entry in payload["configurationKey"]]


FAULTED = ("Faulted", "GroundFailure", "E7", "damp")

CASES = [
    Case(
        "invalid-error-code",
        idle,
        lambda desk: {one["errorCode"] for one in desk.told("StatusNotification")},
        {"Error"},
    ),
    Case(
        "error-told-once",
        broken,
        errors,
        [
            FAULTED,
            ("Faulted", "NoError", None, None),
            ("Available", "NoError", None, None),
            FAULTED,
        ],
    ),
    Case(
        "over-long-fields",
        idle,
        lambda desk: boot(desk)["chargePointSerialNumber"],
        "WB-10000000000000000000000",
    ),
    Case("over-long-fields:where=id-tag", session, id_tags, ["FA2AFD770000000000000"] * 3),
    Case(
        "over-long-fields:where=configuration",
        asked_for_keys,
        lambda desk: [len(value) > 500 for value in entries(desk)],
        [False, True],
    ),
    Case("empty-vendor", idle, lambda desk: boot(desk)["chargePointVendor"], ""),
    Case(
        "extra-fields",
        session,
        lambda desk: desk.told("Authorize"),
        [{"idTag": ANNA, "connectorId": 1}],
    ),
    Case("numeric-configuration", asked_for_keys, lambda desk: entries(desk)[0], 600),
    Case("control-bytes-in-id-tag", session, id_tags, ["FA2A\x10\x0eFD77"] * 3),
    Case("separated-id-tag", session, id_tags, [" FA 2A FD 77"] * 3),
    Case("separated-id-tag:form=colons", session, id_tags, ["FA:2A:FD:77"] * 3),
    Case("mangled-uid", session, id_tags, ["FA2AFD2D"] * 3),
    Case("mangled-uid:form=reversed", session, id_tags, ["77FD2AFA"] * 3),
    Case("no-id-tag", session, id_tags, ["", ""]),
    Case("no-id-tag:sent=FREE", session, id_tags, ["FREE", "FREE"]),
    Case("lower-case-id-tag", session, id_tags, ["fa2afd77"] * 3),
    Case(
        "any-card-starts",
        stranger,
        stops_of_strangers,
        [["StartTransaction", "StopTransaction"], ["DeAuthorized"]],
    ),
    Case(
        "any-card-starts",
        stranger_offline,
        stops_of_strangers,
        [["StartTransaction", "StopTransaction"], ["DeAuthorized"]],
    ),
    Case(
        "remote-start-needs-hex",
        started_remotely,
        lambda desk: (
            [text for text in desk.texts if text.startswith("[3")],
            [one["idTag"] for one in desk.told("StartTransaction")],
        ),
        (['[3,"s1",{"status":"Rejected"}]', '[3,"s1",{"status":"Accepted"}]'], ["0" * 20]),
    ),
    Case(
        "remote-start-needs-hex:most=8",
        started_remotely,
        lambda desk: desk.told("StartTransaction"),
        [],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_it_shows(case: Case) -> None:
    """On the wire stands what the row of the catalogue says."""
    assert case.expected == case.read(case.lived())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_it_ends(case: Case) -> None:
    """Switched off, the charger says what an ideal one says."""
    said, ideal = ideal_again(case)

    assert ideal == said


def test_what_is_no_uid_is_not_mangled() -> None:
    """An idTag that a backend made up goes as it is."""
    desk = FaultyDesk("mangled-uid").boot()
    desk.plug_in(CAR)
    desk.ask("RemoteStartTransaction", idTag="isebench")

    assert ["isebench"] == id_tags(desk)


def test_a_long_uid_is_cut_and_gets_a_checksum() -> None:
    """Of seven bytes six are left, and their exclusive or."""
    desk = FaultyDesk("mangled-uid").boot()
    desk.plug_in(CAR).show("04656B82EB2CFF")

    assert ["04656B82EB2C4F"] * 2 == id_tags(desk)
