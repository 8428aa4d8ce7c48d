"""Rows F64 to F79: how the line would be opened, and what goes over it."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from support.faulty_inch import CAR, Case, FaultyDesk, ideal_again, idle, session

from simulators.charger_inch.quirks import Dial

IDEAL = Dial("ws://backend:9000/ocpp/WB%2F1%20a", ("ocpp1.6",))


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("no-subprotocol", Dial(IDEAL.url, ())),
        ("no-subprotocol:bare-path=true", Dial("ws://backend:9000/", ())),
        ("other-version-first", Dial(IDEAL.url, ("ocpp2.0.1", "ocpp1.6"))),
        (
            "other-version-first:offers=ocpp2.1,only=true",
            Dial(IDEAL.url, ("ocpp2.1",)),
        ),
        ("no-upgrade", Dial(IDEAL.url, ("ocpp1.6",), connection="keep-alive")),
        (
            "identity-encoded",
            Dial("ws://backend:9000/ocpp/%57%42%2F%31%20%61", ("ocpp1.6",)),
        ),
        ("odd-slashes", Dial("ws://backend:9000/ocpp/WB%2F1%20a/", ("ocpp1.6",))),
        ("odd-slashes:form=double", Dial("ws://backend:9000/ocpp//WB%2F1%20a", ("ocpp1.6",))),
        ("odd-slashes:form=missing", Dial("ws://backend:9000/ocppWB%2F1%20a", ("ocpp1.6",))),
        ("compresses-unasked", Dial(IDEAL.url, ("ocpp1.6",), compresses=True)),
    ],
)
def test_it_dials(fault: str, expected: Dial) -> None:
    """The line is opened as the row of the catalogue says, and ideally when that is off again."""
    desk = FaultyDesk(fault)
    dialled = desk.device.dial(IDEAL, desk.now)
    desk.switch_off()

    assert expected == dialled
    assert IDEAL == desk.device.dial(IDEAL, desk.now)


def lengths(desk: FaultyDesk) -> tuple[list[int], list[bool]]:
    """Give how long the data of each DataTransfer is, and whether the stop is 500 kB at least."""
    stops = [text for text in desk.texts if '"StopTransaction"' in text]
    data = [len(one["data"]) for one in desk.told("DataTransfer")]
    return data, [500_000 <= len(text) <= 800_000 for text in stops]


def triggered_boot(desk: FaultyDesk) -> None:
    """Let the backend trigger a BootNotification, and wait a minute."""
    desk.ask("TriggerMessage", requestedMessage="BootNotification")
    desk.minutes(1)


def pending(desk: FaultyDesk) -> None:
    """Charge while the boot is Pending."""
    desk.boots = ["Pending"] * 50
    desk.power(on=False).power(on=True).minutes(1)
    session(desk)


def across_a_lost_line(desk: FaultyDesk) -> None:
    """Let the line break, and wait for an hour."""
    desk.is_up = False
    desk.device.line_down(desk.now)
    desk.minutes(60)


def repeated(desk: FaultyDesk) -> list[tuple[Any, ...]]:
    """Give message id and payload of each transaction message that is like the one before."""
    frames = [json.loads(text) for text in desk.texts if '"MeterValues"' in text]
    return [before[1] == after[1] for before, after in pairwise(frames) if before[3] == after[3]]


CASES = [
    Case("huge-frames:data-bytes=16384", session, lengths, ([16_384] * 6, [True])),
    Case("huge-frames:data-bytes=0,stop-bytes=0", session, lengths, ([], [False])),
    Case(
        "many-calls-at-once",
        idle,
        lambda desk: (len(desk.told("Heartbeat")), len(set(desk.message_ids("Heartbeat")))),
        (606, 606),
    ),
    Case("same-id-twice", session, repeated, [True, True]),
    Case(
        "odd-message-ids",
        session,
        lambda desk: desk.message_ids("BootNotification", "StatusNotification"),
        [1, 2, 3, 4, 7, 19, 20],
    ),
    Case(
        "odd-message-ids:form=long",
        idle,
        lambda desk: {len(one) for one in desk.message_ids("BootNotification", "Heartbeat")},
        {40},
    ),
    Case(
        "odd-message-ids:form=wrong-in-answer",
        triggered_boot,
        lambda desk: [text for text in desk.texts if text.startswith("[3")],
        ['[3,"not-s1",{"status":"Accepted"}]', '[3,"s1",{"status":"Accepted"}]'],
    ),
    Case(
        "never-boots",
        session,
        lambda desk: (
            desk.told("BootNotification"),
            desk.order("Heartbeat", "StatusNotification", "Authorize")[:2],
            len(desk.told("StopTransaction")),
        ),
        ([], ["Heartbeat", "StatusNotification"], 1),
    ),
    Case(
        "reboots-on-trigger",
        triggered_boot,
        lambda desk: (
            desk.message_ids("BootNotification"),
            [at.second for at, call in desk.sent if call.action == "BootNotification"],
        ),
        (["1", "1"], [0, 10]),
    ),
    Case(
        "talks-while-pending",
        pending,
        lambda desk: desk.order("StartTransaction", "MeterValues", "StopTransaction"),
        ["StartTransaction", *["MeterValues"] * 4, "StopTransaction"],
    ),
    Case(
        "never-reconnects",
        across_a_lost_line,
        lambda desk: (desk.is_up, desk.told("Heartbeat")),
        (False, []),
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


def test_pending_is_silence_without_the_fault() -> None:
    """An ideal charger says nothing of a session before its boot is accepted (OCPP 1.6 §4.2)."""
    desk = FaultyDesk().boot()
    pending(desk)

    assert [] == desk.order("StartTransaction", "MeterValues", "StopTransaction")


def test_a_charger_that_never_reconnects_does_after_a_boot() -> None:
    """Whoever cuts its power has it back on the line."""
    desk = FaultyDesk("never-reconnects").boot()
    across_a_lost_line(desk)
    desk.power(on=False).power(on=True).minutes(1)

    assert desk.is_up


def test_a_restored_line_of_a_charger_that_never_boots_is_ordinary() -> None:
    """It takes its boot for accepted until it loses its power."""
    desk = FaultyDesk("never-boots").boot()
    desk.line(up=False).minutes(5)
    desk.plug_in(CAR).line(up=True)

    assert [] == desk.told("BootNotification")
    assert "Preparing" == desk.told("StatusNotification")[-1]["status"]
