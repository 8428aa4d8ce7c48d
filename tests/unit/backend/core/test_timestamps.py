"""Timestamps: any spelling that means an instant, and what to do where none does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backend.core.device_profile import GENERIC, DeviceProfile
from backend.core.leniency import Message
from backend.core.timestamps import plain_instant, read_instant

RECEIVED = datetime(2025, 6, 3, 12, 15, 1, tzinfo=UTC)
SWISS = DeviceProfile("local", zone_of_naive_times="Europe/Zurich")
MISSING, UNREADABLE = "timestamp-missing", "timestamp-unreadable"
SPELLING, NO_ZONE = "timestamp-spelling", "timestamp-without-zone"
TOO_EARLY, AHEAD = "timestamp-before-all-chargers", "timestamp-ahead"


def read(
    said: object, profile: DeviceProfile = GENERIC, received: datetime = RECEIVED
) -> tuple[str, list[tuple[str, str, str]]]:
    """Read a timestamp; give the instant, and rule, place and words of each deviation."""
    message = Message(profile, received)
    instant = read_instant(message, said, "a[0].timestamp")
    assert UTC is instant.tzinfo
    return f"{instant:%Y-%m-%d %H:%M:%S.%f}".removesuffix(".000000"), [
        (one.rule, one.where, one.said) for one in message.leniencies
    ]


class TestReading:
    """An instant is read from whatever means one."""

    @pytest.mark.parametrize(
        ("said", "instant"),
        [
            ("2025-06-03T12:14:59Z", "2025-06-03 12:14:59"),
            ("2025-06-03t12:14:59z", "2025-06-03 12:14:59"),
            ("2025-06-03T12:14Z", "2025-06-03 12:14:00"),
            ("2025-06-03T11:59:59Z", "2025-06-03 11:59:59"),
            ("2025-06-03T12:14:59.5Z", "2025-06-03 12:14:59.500000"),
            ("2025-06-03T12:14:59,05Z", "2025-06-03 12:14:59.050000"),
            ("2025-06-03T12:14:59.1234569Z", "2025-06-03 12:14:59.123456"),
            ("2025-06-03T14:14:59+02:00", "2025-06-03 12:14:59"),
            ("2025-06-03T14:44:59+0230", "2025-06-03 12:14:59"),
            ("2025-06-03T07:44:59-04:30", "2025-06-03 12:14:59"),
            ("2025-06-03T07:14:59-05", "2025-06-03 12:14:59"),
            ("2009-01-01T00:00:00Z", "2009-01-01 00:00:00"),
            ("2025-06-03T12:20:01Z", "2025-06-03 12:20:01"),
        ],
    )
    def test_what_is_nothing_odd(self, said: str, instant: str) -> None:
        """Whatever ISO 8601 allows is read to the microsecond, from 2009 to five minutes ahead."""
        assert (instant, []) == read(said)

    @pytest.mark.parametrize(
        ("said", "instant", "rules"),
        [
            ("2025-06-03 12:14:59Z", "2025-06-03 12:14:59", [SPELLING]),
            ("2025-06-03T12:14:59 Z", "2025-06-03 12:14:59", [SPELLING]),
            ("2025-06-03T12:14:59Z\n", "2025-06-03 12:14:59", [SPELLING]),
            ("2025-06-02T24:00:00Z", "2025-06-03 00:00:00", [SPELLING]),
            ("2025-06-02T23:59:60.25Z", "2025-06-03 00:00:00.250000", [SPELLING]),
            ("2025-06-03T12:14:59", "2025-06-03 12:14:59", [NO_ZONE]),
            ("2025-06-02T24:00", "2025-06-03 00:00:00", [NO_ZONE, SPELLING]),
        ],
    )
    def test_what_is_odd(self, said: str, instant: str, rules: list[str]) -> None:
        """It is read, and how it deviates is noted, with its place and its words."""
        assert (instant, [(rule, "a[0].timestamp", said) for rule in rules]) == read(said)

    @pytest.mark.parametrize(
        ("said", "rule", "shown"),
        [
            (None, MISSING, "null"),
            (1748952900, UNREADABLE, "1748952900"),
            ("noon", UNREADABLE, "noon"),
            ("2025-02-29T12:00:00Z", UNREADABLE, "2025-02-29T12:00:00Z"),
            ("2025-06-02T24:00:01Z", UNREADABLE, "2025-06-02T24:00:01Z"),
            ("2025-06-02T11:60:00Z", UNREADABLE, "2025-06-02T11:60:00Z"),
            ("2025-06-02T11:59:61Z", UNREADABLE, "2025-06-02T11:59:61Z"),
            ("9999-12-31T24:00:00Z", UNREADABLE, "9999-12-31T24:00:00Z"),
            ("0001-01-01T00:00:00+00:01", UNREADABLE, "0001-01-01T00:00:00+00:01"),
            ("2008-12-31T23:59:59.999999Z", TOO_EARLY, "2008-12-31T23:59:59.999999Z"),
            ("2025-06-03T12:20:01.000001Z", AHEAD, "2025-06-03T12:20:01.000001Z"),
        ],
    )
    def test_what_is_none(self, said: object, rule: str, shown: str) -> None:
        """The instant of reception stands in, and the deviation says why."""
        assert ("2025-06-03 12:15:01", [(rule, "a[0].timestamp", shown)]) == read(said)

    def test_blanks_around_a_time_without_zone(self) -> None:
        """What is without zone is shown without them."""
        assert (
            "2025-06-03 12:14:59",
            [
                (NO_ZONE, "a[0].timestamp", "2025-06-03T12:14:59"),
                (SPELLING, "a[0].timestamp", " 2025-06-03T12:14:59"),
            ],
        ) == read(" 2025-06-03T12:14:59")


class TestTheProfilesZone:
    """A time without zone."""

    def test_it_is_one_of_the_profiles_zone(self) -> None:
        """So a model that sends local times is understood."""
        said = "2025-06-03T14:14:59"

        assert ("2025-06-03 12:14:59", [(NO_ZONE, "a[0].timestamp", said)]) == read(said, SWISS)

    @pytest.mark.parametrize(("late", "hour"), [(timedelta(0), 1), (timedelta(microseconds=-1), 0)])
    def test_of_two_instants_the_later_that_can_have_been(self, late: timedelta, hour: int) -> None:
        """It can have been if it is no more than five minutes after its reception."""
        received = datetime(2025, 10, 26, 1, 25, tzinfo=UTC) + late

        assert f"2025-10-26 0{hour}:30:00" == read("2025-10-26T02:30:00", SWISS, received)[0]


class TestPlain:
    """The short way reads what is nothing odd, and gives nothing for anything else."""

    @pytest.mark.parametrize(
        "said",
        [
            "2025-06-03T12:14:59Z",
            "2025-06-03T12:14:59.489Z",
            "2009-01-01T00:00:00Z",
            "2025-06-03T12:20:01Z",
        ],
    )
    def test_an_instant(self, said: str) -> None:
        """It is the one that the careful reader gives."""
        assert read_instant(Message(GENERIC, RECEIVED), said, "") == plain_instant(said, RECEIVED)
        assert [] == read(said)[1]

    @pytest.mark.parametrize(
        "said",
        [
            "",
            "2025-06-03T12:14:59",
            "2025-06-03T12:14:59+00:00",
            "2025-06-03T24:00:00Z",
            "2025-06-03T12:14:60Z",
            "2025-02-29T12:00:00Z",
            "2008-12-31T23:59:59.999999Z",
            "2025-06-03T12:20:01.000001Z",
        ],
    )
    def test_none(self, said: str) -> None:
        """Another spelling, an instant that is none, and one that cannot be."""
        assert plain_instant(said, RECEIVED) is None
