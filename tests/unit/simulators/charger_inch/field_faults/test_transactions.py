"""Rows F01 to F22 on the wire."""

from __future__ import annotations

import pytest
from support.faulty_inch import (
    CAR,
    SETUP,
    Case,
    FaultyDesk,
    across_a_power_cut,
    ideal_again,
    offline_session,
    session,
)
from support.inch_desk import ANNA

STARTS_AND_STOPS = ("StartTransaction", "StopTransaction")


def stops(desk: FaultyDesk) -> list[tuple[object, ...]]:
    """Give the transactionId, meterStop and reason of each StopTransaction."""
    told = desk.told("StopTransaction")
    return [(one["transactionId"], one["meterStop"], one.get("reason")) for one in told]


def starts(desk: FaultyDesk) -> list[tuple[object, ...]]:
    """Give the meterStart and time of each StartTransaction."""
    return [(one["meterStart"], one["timestamp"][11:19]) for one in desk.told("StartTransaction")]


def refused(desk: FaultyDesk) -> None:
    """Charge offline with a card that the backend refuses later."""
    desk.cards[ANNA] = "ConcurrentTx"
    desk.line(up=False).plug_in(CAR).show()
    desk.minutes(10).line(up=True)


def stop_refused(desk: FaultyDesk) -> None:
    """Charge, and let the backend refuse the end five minutes long."""
    desk.plug_in(CAR).show().minutes(60)
    desk.failing = {"StopTransaction"}
    desk.show().minutes(5)
    desk.failing = set()
    desk.minutes(1)


def limited(desk: FaultyDesk) -> None:
    """Limit a transaction to 6 A by a TxProfile with its transactionId."""
    desk.plug_in(CAR).show()
    desk.ask(
        "SetChargingProfile",
        connectorId=1,
        csChargingProfiles={
            "chargingProfileId": 1,
            "transactionId": 4_711,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6}],
            },
        },
    )
    desk.minutes(15)


def answers_and_power(desk: FaultyDesk) -> tuple[str, str]:
    """Give the answer to SetChargingProfile, and the power after it."""
    answer = next(text for text in desk.texts if text.startswith('[3,"s1"'))
    return answer, desk.values("Power.Active.Import")[-1]["value"]


def in_transaction(desk: FaultyDesk) -> list[object]:
    """Give the transactionIds of MeterValues and StopTransaction."""
    return [desk.ids("MeterValues"), desk.ids("StopTransaction")]


def statuses_and_start(desk: FaultyDesk) -> list[object]:
    """Give what was told until the start, with the seconds at which it was."""
    return [
        (call.payload.get("status", call.action), at.second)
        for at, call in desk.sent
        if call.action == "StartTransaction" or call.payload.get("connectorId") == 1
    ][:3]


ACCEPTED = '[3,"s1",{"status":"Accepted"}]'

CASES = [
    Case("transaction-id-zero", session, in_transaction, [[0] * 4, [4_711]]),
    Case("transaction-id-zero:sent_id=815", session, in_transaction, [[815] * 4, [4_711]]),
    Case(
        "start-given-up",
        session,
        lambda desk: (starts(desk), desk.ids("MeterValues"), stops(desk)),
        ([(1_000, "06:00:00")], [-1] * 4, [(-1, 12_040, "Local")]),
    ),
    Case("stop-with-zero", session, in_transaction, [[4_711] * 4, [0]]),
    Case(
        "stop-without-start",
        session,
        lambda desk: (starts(desk), *in_transaction(desk)),
        ([], [None] * 4, [900_001]),
    ),
    Case(
        "stray-stop",
        session,
        lambda desk: (desk.order(*STARTS_AND_STOPS), stops(desk)),
        (
            ["StartTransaction", "StopTransaction", "StopTransaction"],
            [(9_999, 1_000, "Local"), (4_711, 12_040, "Local")],
        ),
    ),
    Case("transaction-id-offset", session, in_transaction, [[4_831] * 4, [4_711]]),
    Case(
        "transaction-id-huge",
        session,
        lambda desk: (desk.ids("MeterValues"), desk.stamps("MeterValues")[0]),
        ([9_223_372_036_854_775_807] * 4, "2025-06-03T06:13:25.000Z"),
    ),
    Case(
        "start-repeated",
        session,
        lambda desk: (
            starts(desk),
            len(set(desk.message_ids("StartTransaction"))),
            desk.ids("StopTransaction"),
        ),
        ([(1_000, "06:00:00")] * 2, 2, [4_711]),
    ),
    Case(
        "start-anew",
        session,
        lambda desk: (starts(desk), stops(desk)),
        ([(1_000, "06:00:00"), (1_031, "06:00:10")], [(4_711, 12_040, "Local")]),
    ),
    Case("stop-never-sent", session, stops, []),
    Case(
        "stop-twice",
        session,
        stops,
        [(4_711, 12_028, "Local"), (4_711, 12_040, "Local")],
    ),
    Case(
        "offline-start-lost",
        offline_session,
        lambda desk: (starts(desk), stops(desk)),
        ([], [(-1, 12_040, "Local")]),
    ),
    Case(
        "refused-start-forgotten",
        refused,
        stops,
        [(-1, 2_840, "DeAuthorized"), (0, 2_840, "DeAuthorized")],
    ),
    Case(
        "start-instead-of-stop",
        session,
        lambda desk: (starts(desk), stops(desk)),
        ([(1_000, "06:00:00"), (12_040, "07:00:00")], []),
    ),
    Case(
        "charging-before-start",
        session,
        statuses_and_start,
        [("Available", 0), ("Charging", 0), ("StartTransaction", 5)],
    ),
    Case(
        "stop-without-id-tag",
        session,
        lambda desk: ["idTag" in one for one in desk.told("StopTransaction")],
        [False],
    ),
    Case(
        "boots-on-refused-stop",
        stop_refused,
        lambda desk: (
            desk.order("BootNotification", "StopTransaction")[:6],
            {*desk.message_ids("BootNotification")},
            len(desk.order("StopTransaction")),
        ),
        (
            [
                "BootNotification",
                "StopTransaction",
                "BootNotification",
                "StopTransaction",
                "BootNotification",
                "StopTransaction",
            ],
            {"1"},
            32,
        ),
    ),
    Case(
        "wrong-reason-on-power-loss",
        across_a_power_cut,
        stops,
        [(4_711, 6_520, "Local")],
    ),
    Case(
        "wrong-reason-on-power-loss:reason=none",
        across_a_power_cut,
        stops,
        [(4_711, 6_520, None)],
    ),
    Case(
        "resumes-after-boot",
        across_a_power_cut,
        lambda desk: (starts(desk), {*desk.ids("MeterValues")}, stops(desk)),
        ([(1_000, "06:00:00")], {4_711}, [(4_711, 12_009, "Local")]),
    ),
    Case(
        "resumes-after-boot:as-new=true",
        across_a_power_cut,
        lambda desk: (starts(desk), desk.ids("MeterValues"), stops(desk)),
        (
            [(1_000, "06:00:00"), (0, "06:35:10")],
            [4_711, 4_711, 4_746],
            [(4_746, 12_009, "Local")],
        ),
    ),
    Case(
        "stale-transaction-ids",
        session,
        lambda desk: (starts(desk), *in_transaction(desk)),
        ([], [4_701] * 4, [4_701]),
    ),
    Case("profile-ignored", limited, answers_and_power, (ACCEPTED, "11.040")),
    Case("profile-ignored:which=with-id", limited, answers_and_power, (ACCEPTED, "11.040")),
    Case("profile-ignored:which=without-id", limited, answers_and_power, (ACCEPTED, "4.140")),
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


def test_an_answer_is_lost_once_a_transaction() -> None:
    """The StartTransaction that is sent again is answered; the next transaction loses its own."""
    desk = FaultyDesk("start-repeated", setup=SETUP).boot()
    session(desk)
    session(desk)

    assert 4 == len(desk.told("StartTransaction"))
    assert [4_711, 4_771] == desk.ids("StopTransaction")
