"""Rows F53 to F63 on the wire."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support.faulty_inch import (
    CAR,
    SETUP,
    Case,
    FaultyDesk,
    ideal_again,
    offline_session,
    session,
)

ALIGNED = replace(
    SETUP,
    configuration={"ClockAlignedDataInterval": "900", "MeterValueSampleInterval": "0"},
)


def first_stamps(desk: FaultyDesk) -> tuple[str, str, str]:
    """Give the times of the start, of the first values and of the stop."""
    return (
        desk.stamps("StartTransaction")[0],
        desk.stamps("MeterValues")[0],
        desk.stamps("StopTransaction")[0],
    )


def before_the_first_boot(desk: FaultyDesk) -> None:
    """Lose the power and the line, charge for an hour without a line, and then connect."""
    desk.power(on=False).line(up=False).minutes(5)
    desk.power(on=True).minutes(1)
    session(desk)
    desk.minutes(1).line(up=True).minutes(5)


def queued_sendings(desk: FaultyDesk) -> list[tuple[str, float]]:
    """Give what waited for the line, and how long after its return it was sent, in s."""
    back = datetime(2025, 6, 3, 7, 10, tzinfo=UTC)
    return [
        (call.action, (at - back).total_seconds())
        for at, call in desk.sent
        if at >= back and call.action in ("StartTransaction", "MeterValues", "StopTransaction")
    ]


def across_a_lost_line(desk: FaultyDesk) -> None:
    """Lose the line for ten minutes while somebody charges."""
    desk.plug_in(CAR).show()
    desk.minutes(10).line(up=False).minutes(10).line(up=True)


def last_status(desk: FaultyDesk) -> tuple[int, str, str]:
    """Give how many statuses of connector 1 were told, and the last one with its time."""
    told = [one for one in desk.told("StatusNotification") if one["connectorId"] == 1]
    return len(told), told[-1]["status"], told[-1]["timestamp"]


def outside(desk: FaultyDesk) -> list[tuple[str, str]]:
    """Give the times and registers of what follows the stop."""
    return [
        (entry["timestamp"], entry["sampledValue"][0]["value"])
        for entry in desk.told("MeterValues")[-1]["meterValue"]
    ]


CASES = [
    Case(
        "local-time-without-zone",
        session,
        first_stamps,
        ("2025-06-03T08:00:00", "2025-06-03T08:15:00", "2025-06-03T09:00:00"),
    ),
    Case(
        "local-time-without-zone:offset-minutes=-90",
        session,
        first_stamps,
        ("2025-06-03T04:30:00", "2025-06-03T04:45:00", "2025-06-03T05:30:00"),
    ),
    Case(
        "local-time-as-utc",
        session,
        first_stamps,
        ("2025-06-03T08:00:00.000Z", "2025-06-03T08:15:00.000Z", "2025-06-03T09:00:00.000Z"),
    ),
    Case(
        "offset-times",
        session,
        first_stamps,
        (
            "2025-06-03T16:00:00.000+10:00",
            "2025-06-03T16:15:00.000+10:00",
            "2025-06-03T17:00:00.000+10:00",
        ),
    ),
    Case(
        "offset-times:offset-minutes=-210",
        session,
        first_stamps,
        (
            "2025-06-03T02:30:00.000-03:30",
            "2025-06-03T02:45:00.000-03:30",
            "2025-06-03T03:30:00.000-03:30",
        ),
    ),
    Case(
        "clock-not-set",
        before_the_first_boot,
        first_stamps,
        ("1970-01-01T00:00:50.000Z", "1970-01-01T00:15:50.000Z", "1970-01-01T01:00:50.000Z"),
    ),
    Case(
        "clock-not-set:year=2000",
        session,
        first_stamps,
        ("2025-06-03T06:00:00.000Z", "2025-06-03T06:15:00.000Z", "2025-06-03T07:00:00.000Z"),
    ),
    Case(
        "clock-aligned-early",
        session,
        lambda desk: desk.stamps("MeterValues")[0],
        "2025-06-03T06:14:59.489Z",
        ALIGNED,
    ),
    Case(
        "clock-aligned-early:early-ms=-30000",
        session,
        lambda desk: desk.stamps("MeterValues"),
        [f"2025-06-03T06:{minute}:30.000Z" for minute in ("00", "15", "30", "45")],
        ALIGNED,
    ),
    Case(
        "slow-replay",
        offline_session,
        lambda desk: (
            queued_sendings(desk),
            {len(one) for one in desk.message_ids("MeterValues")},
            len(set(desk.message_ids("MeterValues"))),
        ),
        (
            [
                ("StartTransaction", 0),
                *(("MeterValues", second) for second in (1, 2, 3, 4)),
                ("StopTransaction", 5),
            ],
            {36},
            4,
        ),
    ),
    Case(
        "old-values-replayed",
        session,
        lambda desk: (
            desk.order("BootNotification", "MeterValues")[:2],
            desk.told("MeterValues")[0]["transactionId"],
            desk.stamps("MeterValues")[0],
            desk.values("Energy.Active.Import.Register")[0]["value"],
        ),
        (["BootNotification", "MeterValues"], 23, "2024-06-03T06:00:00.000Z", "0.000000"),
    ),
    Case(
        "entries-of-one-time",
        session,
        lambda desk: desk.stamps("MeterValues")[:2],
        ["2025-06-03T06:15:00.000Z"] * 2,
    ),
    Case(
        "entries-of-one-time:apart-ms=20",
        session,
        lambda desk: desk.stamps("MeterValues")[:2],
        ["2025-06-03T06:15:00.000Z", "2025-06-03T06:15:00.020Z"],
    ),
    Case(
        "values-outside-transaction",
        session,
        outside,
        [
            ("2025-06-03T05:59:00.000Z", "1.100000"),
            ("2025-06-03T07:01:00.000Z", "11.940000"),
        ],
    ),
    Case(
        "status-of-the-past",
        across_a_lost_line,
        last_status,
        (4, "Charging", "2025-06-03T06:00:00.000Z"),
    ),
    Case(
        "local-time-over-clock-change",
        session,
        first_stamps,
        ("2025-06-03T08:00:00", "2025-06-03T08:15:00", "2025-06-03T09:00:00"),
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


@pytest.mark.parametrize(
    ("begin", "expected"),
    [
        (datetime(2025, 3, 30, 0, 45, tzinfo=UTC), ["01:45", "03:00", "03:15"]),
        (datetime(2025, 10, 26, 0, 45, tzinfo=UTC), ["02:45", "02:00", "02:15"]),
        (datetime(2026, 10, 25, 0, 45, tzinfo=UTC), ["02:45", "02:00", "02:15"]),
    ],
)
def test_an_hour_is_left_out_and_one_comes_twice(begin: datetime, expected: list[str]) -> None:
    """On the last Sundays of March and October, at 01:00 UTC."""
    desk = FaultyDesk("local-time-over-clock-change", now=begin).boot()
    desk.plug_in(CAR).show()
    told = [desk.stamps("StartTransaction")[0]]
    desk.minutes(30)
    told += desk.stamps("MeterValues")

    assert expected == [stamp[11:16] for stamp in told]


def test_what_was_read_in_a_former_life_keeps_its_time() -> None:
    """A clock that is not set concerns only what happened since the power came back."""
    desk = FaultyDesk("clock-not-set").boot()
    desk.plug_in(CAR).show().minutes(20)
    desk.line(up=False).minutes(20).power(on=False).minutes(5).power(on=True).minutes(5)
    desk.line(up=True)

    assert ["2025-06-03T06:40:00.000Z"] == desk.stamps("StopTransaction")


def test_a_stamp_that_is_none_is_left_alone() -> None:
    """Local time without a zone cannot be moved to another one by a second fault."""
    desk = FaultyDesk("local-time-without-zone", "offset-times", "entries-of-one-time").boot()
    session(desk)

    assert {19} == {len(stamp) for stamp in desk.stamps("MeterValues")}


def test_the_replay_ends_where_the_queue_does() -> None:
    """What comes about after the line is back is not held."""
    desk = FaultyDesk("slow-replay").boot()
    desk.line(up=False)
    session(desk)
    desk.line(up=True).minutes(1)
    desk.plug_in(CAR).show()

    assert desk.sent[-1][0] - desk.now == timedelta(0)
    assert "StartTransaction" in [call.action for at, call in desk.sent if at == desk.now]
