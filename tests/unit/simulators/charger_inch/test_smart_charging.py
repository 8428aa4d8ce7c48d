"""Which charging profiles are taken, and what limit they give when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.unmeasured import unmeasured

from simulators.charger_inch.electric import UNLIMITED, Allowance
from simulators.charger_inch.smart_charging import (
    ACCEPTED,
    RATE_MAX,
    REJECTED,
    UNKNOWN,
    Abilities,
    Profiles,
)

Json = dict[str, Any]

NOON = datetime(2025, 6, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)

MAX = "ChargePointMaxProfile"
DEFAULT = "TxDefaultProfile"
TX = "TxProfile"


@dataclass(slots=True)
class Transaction:
    """What profiles know of a transaction."""

    started: datetime
    number: int | None


def at(hours: float) -> datetime:
    """Give an instant some hours after noon."""
    return NOON + timedelta(hours=hours)


def iso(instant: datetime) -> str:
    """Write an instant as a backend does."""
    return instant.isoformat().replace("+00:00", "Z")


def amperes(value: float, phases: int = 3) -> Allowance:
    """Give a limit in A; the values of these tests are exact in binary."""
    return Allowance(current_ma=int(value * 1_000), phases=phases)


def watts(value: int, phases: int = 3) -> Allowance:
    """Give a limit in W."""
    return Allowance(power_nw=value * 10**9, phases=phases)


def running(number: int | None = 7, started: datetime = NOON) -> Transaction:
    """Give a transaction."""
    return Transaction(started, number)


def profile(purpose: str = DEFAULT, *limits: object, **other: object) -> Json:
    """
    Give a profile with limits that change every hour from noon on.

    What is given besides replaces a field of the profile or of its schedule; None removes it.
    """
    schedule: Json = {
        "startSchedule": iso(NOON),
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [
            {"startPeriod": 3_600 * hour, "limit": limit}
            for hour, limit in enumerate(limits or (16,))
        ],
    }
    whole: Json = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
    }
    of_schedule = {"duration", "minChargingRate", *schedule}
    for name, value in other.items():
        part = schedule if name in of_schedule else whole
        part[name] = value
        if value is None:
            del part[name]
    return whole


class Desk:
    """The profiles of a charger, and who installs them at noon."""

    def __init__(self, transaction: Transaction | None = None, **abilities: Any) -> None:
        self.transaction = transaction
        self.profiles = Profiles(Abilities(**abilities))

    def install(self, profile: object, connector: int = 1, now: datetime = NOON) -> str:
        """Install a profile."""
        return self.profiles.install(connector, profile, now, self.transaction)

    def install_all(self, *profiles: Json, connector: int = 1) -> Desk:
        """Install profiles that must be accepted."""
        for one in profiles:
            assert ACCEPTED == self.install(one, connector), self.profiles.refusal
        return self

    def limits(self, *hours: float) -> list[Allowance]:
        """Give what holds some hours after noon."""
        return [self.profiles.limit_at(at(hour), self.transaction) for hour in hours]

    def changes(self, hours: float = 0, most: int = 20) -> list[float]:
        """Give the hours after noon at which something may change, beginning after an hour."""
        found: list[float] = []
        after = at(hours)
        while len(found) < most:
            change = self.profiles.next_change(after, self.transaction)
            if change is None:
                break
            found.append((change - NOON) / HOUR)
            after = change
        return found


class TestTaking:
    """What is accepted and what is not."""

    def test_without_profiles_nothing_is_limited(self) -> None:
        """A charger without profiles charges as if no constraints apply, for good."""
        desk = Desk(running())
        assert [UNLIMITED] == desk.limits(0)
        assert [] == desk.changes()

    @pytest.mark.parametrize(
        ("purpose", "connector", "status"),
        [
            (MAX, 0, ACCEPTED),
            (MAX, 1, REJECTED),
            (DEFAULT, 0, ACCEPTED),
            (DEFAULT, 1, ACCEPTED),
            (DEFAULT, 2, REJECTED),
            (DEFAULT, -1, REJECTED),
            (TX, 0, REJECTED),
            (TX, 1, ACCEPTED),
        ],
    )
    def test_a_purpose_has_its_connectors(self, purpose: str, connector: int, status: str) -> None:
        """ChargePointMaxProfile is for connector 0, TxProfile for 1, TxDefaultProfile for both."""
        assert status == Desk(running()).install(profile(purpose), connector)

    @pytest.mark.parametrize(
        ("transaction", "wanted", "status"),
        [
            (None, None, REJECTED),
            (None, 7, REJECTED),
            (running(7), None, ACCEPTED),
            (running(7), 7, ACCEPTED),
            (running(7), 8, REJECTED),
            (running(None), None, ACCEPTED),
            (running(None), 7, REJECTED),
        ],
    )
    def test_a_tx_profile_needs_its_transaction(
        self, transaction: Transaction | None, wanted: int | None, status: str
    ) -> None:
        """A TxProfile is for the running transaction, or for the one it names and no other."""
        assert status == Desk(transaction).install(profile(TX, transactionId=wanted))

    @pytest.mark.parametrize(
        ("field", "values"),
        [
            ("chargingProfileId", [None, "1", 1.0, True, 2**63]),
            ("stackLevel", [None, -1, 9, "0"]),
            ("chargingProfilePurpose", [None, "TxMaxProfile", 3]),
            ("chargingProfileKind", [None, "Sometimes"]),
            ("chargingRateUnit", [None, "kW", "Amperes"]),
            ("transactionId", [7]),
            ("chargingSchedule", [None, [], "16 A"]),
            ("duration", [-1, 2**31, 1.5, "60"]),
            ("startSchedule", ["", "noon", "2025-06-03", "2025-06-03T12:00:00", 5, "Z" * 41]),
            ("startSchedule", ["0001-01-01T00:00:00+01:00", "2025-02-29T00:00:00Z"]),
            ("validFrom", ["soon", "2025-06-03T12:00:00"]),
            ("validTo", ["9999-99-99T00:00:00Z", 0]),
            ("minChargingRate", [-1, 6.25, "6"]),
            ("chargingSchedulePeriod", [None, [], {}, [1], [{}]]),
        ],
    )
    def test_a_field_that_does_not_fit_is_rejected_and_named(
        self, field: str, values: list[object]
    ) -> None:
        """What is missing, of another type or out of bounds makes the profile unfit."""
        for value in values:
            desk = Desk()
            assert REJECTED == desk.install(profile(**{field: value})), value
            assert [] == desk.profiles.to_json()
            assert desk.profiles.refusal

    @pytest.mark.parametrize(
        "periods",
        [
            [{"startPeriod": 60, "limit": 16}],
            [{"startPeriod": 0, "limit": 16}, {"startPeriod": 0, "limit": 10}],
            [
                {"startPeriod": 0, "limit": 16},
                {"startPeriod": 90, "limit": 8},
                {"startPeriod": 60, "limit": 10},
            ],
            [{"startPeriod": 0}],
            [{"limit": 16}],
            [{"startPeriod": 0, "limit": 16, "numberPhases": 0}],
            [{"startPeriod": 0, "limit": 16, "numberPhases": 4}],
            [{"startPeriod": 0, "limit": 16}, {"startPeriod": 2**31, "limit": 16}],
        ],
    )
    def test_periods_begin_at_0_and_ascend(self, periods: list[Json]) -> None:
        """Periods that do not are rejected, and so are such without limit or with four phases."""
        assert REJECTED == Desk().install(profile(chargingSchedulePeriod=periods))

    @pytest.mark.parametrize("other", [None, "profile", 1, [profile()]])
    def test_what_is_no_object_is_rejected(self, other: object) -> None:
        """Whatever the backend sends, the charger answers."""
        desk = Desk()
        assert REJECTED == desk.install(other)
        assert "is an object" in str(desk.profiles.refusal)

    def test_the_refusal_says_what_was_wrong_until_a_profile_is_accepted(self) -> None:
        """Place, expectation and what came stand in one sentence."""
        desk = Desk()
        desk.install(profile(stackLevel=9))
        assert (
            "chargingProfile: stackLevel is a whole number from 0 to 8, not 9"
            == desk.profiles.refusal
        )
        desk.install(profile())
        assert desk.profiles.refusal is None

    def test_a_number_too_long_to_write_is_rejected_all_the_same(self) -> None:
        """Some Pythons refuse to write it; the refusal is a sentence all the same."""
        desk = Desk()
        assert REJECTED == desk.install(profile(DEFAULT, 10**5_000))
        assert len(str(desk.profiles.refusal)) < 200

    def test_the_unit_must_be_one_of_the_charger(self) -> None:
        """Where only Current is allowed, W is rejected."""
        desk = Desk(units=("A",))
        assert REJECTED == desk.install(profile(chargingRateUnit="W"))
        assert ACCEPTED == desk.install(profile(chargingRateUnit="A"))

    def test_periods_are_limited(self) -> None:
        """ChargingScheduleMaxPeriods fit, one more does not."""
        desk = Desk(periods_max=3)
        assert ACCEPTED == desk.install(profile(DEFAULT, 6, 7, 8))
        assert REJECTED == desk.install(profile(DEFAULT, 6, 7, 8, 9))

    def test_recurring_needs_a_kind_and_a_start(self) -> None:
        """Without recurrencyKind or startSchedule nobody knows when it recurs."""
        recurring = {"chargingProfileKind": "Recurring"}
        assert REJECTED == Desk().install(profile(**recurring))
        assert REJECTED == Desk().install(profile(recurrencyKind="Yearly", **recurring))
        assert REJECTED == Desk().install(
            profile(recurrencyKind="Daily", startSchedule=None, **recurring)
        )
        assert ACCEPTED == Desk().install(profile(recurrencyKind="Daily", **recurring))

    def test_a_profile_that_is_never_valid_is_rejected(self) -> None:
        """ValidTo lies after validFrom."""
        assert REJECTED == Desk().install(profile(validFrom=iso(at(1)), validTo=iso(at(1))))
        assert ACCEPTED == Desk().install(profile(validFrom=iso(at(1)), validTo=iso(at(2))))


class TestNumbers:
    """No tenth is lost."""

    @given(st.integers(0, 10 * RATE_MAX), st.sampled_from(["float", "Decimal", "int"]))
    def test_every_tenth_arrives(self, tenths: int, how: str) -> None:
        """As float, Decimal or int, a limit in tenths of an ampere is that many times 100 mA."""
        text = f"{tenths // 10}.{tenths % 10}"
        limit: object = float(text) if how == "float" else Decimal(text)
        if how == "int":
            tenths, limit = tenths // 10 * 10, tenths // 10
        desk = Desk(running()).install_all(profile(DEFAULT, limit))
        assert [Allowance(current_ma=tenths * 100)] == desk.limits(0)

    @given(st.integers(0, 10 * RATE_MAX))
    def test_every_tenth_arrives_from_json(self, tenths: int) -> None:
        """What json reads as float is the number that stood in the text."""
        limit = json.loads(f"{tenths // 10}.{tenths % 10}")
        desk = Desk(running()).install_all(profile(DEFAULT, limit, chargingRateUnit="W"))
        assert [Allowance(power_nw=tenths * 10**8)] == desk.limits(0)

    @pytest.mark.parametrize(
        "limit",
        [
            8.15,
            0.30000000000000004,
            Decimal("8.15"),
            Decimal("1E-999999"),
            Decimal("1E+999999"),
            Decimal("NaN"),
            Decimal("sNaN"),
            Decimal("Infinity"),
            float("nan"),
            float("inf"),
            -0.1,
            -1,
            Decimal("-6"),
            RATE_MAX + 1,
            10**400,
            True,
            None,
            "16",
            [16],
        ],
    )
    def test_what_is_no_rate_is_rejected(self, limit: object) -> None:
        """Hundredths, negatives, infinities and texts are no limit."""
        assert REJECTED == Desk().install(profile(DEFAULT, limit))

    @pytest.mark.parametrize("limit", [8.0, Decimal("8.00"), Decimal("0.8E+1"), 8])
    def test_a_number_may_be_written_in_many_ways(self, limit: object) -> None:
        """8, 8.0 and 8.00 are the same."""
        assert [amperes(8)] == Desk(running()).install_all(profile(DEFAULT, limit)).limits(0)


class TestReplacing:
    """What gives way to what, and how many fit."""

    def test_the_same_id_replaces(self) -> None:
        """An id is there once, whatever its level and purpose."""
        desk = Desk(running())
        desk.install_all(profile(DEFAULT, 10, stackLevel=3), profile(DEFAULT, 8, stackLevel=0))
        assert [amperes(8)] == desk.limits(0)
        desk.install_all(profile(MAX, 20), connector=0)
        assert [amperes(20)] == desk.limits(0)
        assert 1 == len(desk.profiles.to_json())

    def test_the_same_level_of_a_purpose_replaces(self) -> None:
        """Two profiles of one purpose, level and connector cannot be."""
        desk = Desk(running())
        desk.install_all(
            profile(DEFAULT, 10, chargingProfileId=1), profile(DEFAULT, 8, chargingProfileId=2)
        )
        assert [amperes(8)] == desk.limits(0)
        assert UNKNOWN == desk.profiles.clear({"id": 1})

    def test_a_replacement_for_later_leaves_a_gap(self) -> None:
        """Until its validFrom, charging is as if there were no profile (§3.13.2)."""
        desk = Desk(running()).install_all(
            profile(DEFAULT, 10), profile(DEFAULT, 8, validFrom=iso(at(2)))
        )
        assert [UNLIMITED, amperes(8)] == desk.limits(1, 2)

    def test_profiles_are_limited(self) -> None:
        """MaxChargingProfilesInstalled fit; one more does not, but may replace one."""
        desk = Desk(profiles_max=2).install_all(
            *(profile(stackLevel=n, chargingProfileId=n) for n in range(2))
        )
        assert REJECTED == desk.install(profile(stackLevel=2, chargingProfileId=2))
        assert ACCEPTED == desk.install(profile(stackLevel=1, chargingProfileId=2))
        assert ACCEPTED == desk.install(profile(stackLevel=2, chargingProfileId=2))

    def test_a_rejected_profile_replaces_nothing(self) -> None:
        """What is installed stays when its replacement does not fit."""
        desk = Desk(running()).install_all(profile(DEFAULT, 10))
        assert REJECTED == desk.install(profile(DEFAULT, 8.15))
        assert [amperes(10)] == desk.limits(0)


class TestStacking:
    """Which profile prevails (§3.13.2)."""

    def test_stacked_profiles_give_the_schedule_of_the_compliance_test(self) -> None:
        """OCTT TC_072: the upper profile for its duration, then the lower one where it stands."""
        lower = profile(
            chargingProfileId=1,
            duration=400,
            chargingSchedulePeriod=[
                {"startPeriod": start, "limit": limit}
                for start, limit in ((0, 6), (100, 8), (200, 10))
            ],
            validTo=iso(NOON + timedelta(seconds=401)),
        )
        upper = profile(
            chargingProfileId=2,
            stackLevel=1,
            duration=150,
            chargingSchedulePeriod=[
                {"startPeriod": start, "limit": limit} for start, limit in ((0, 7), (100, 9))
            ],
        )
        desk = Desk(running()).install_all(lower, upper)
        schedule = [(second / 3_600) for second in (0, 99, 100, 149, 150, 199, 200, 399, 400)]
        expected = [amperes(limit) for limit in (7, 7, 9, 9, 8, 8, 10, 10)]
        assert [*expected, UNLIMITED] == desk.limits(*schedule)
        assert [100, 150, 200, 400, 401] == [round(hour * 3_600) for hour in desk.changes()]

    def test_a_profile_without_duration_holds_for_good(self) -> None:
        """It never falls back to a lower level (errata 3.7)."""
        desk = Desk(running()).install_all(
            profile(DEFAULT, 10, chargingProfileId=1),
            profile(DEFAULT, 8, stackLevel=1, chargingProfileId=2),
        )
        assert [amperes(8)] == desk.limits(24 * 3_650)

    def test_a_profile_whose_schedule_has_not_begun_lets_the_lower_one_through(self) -> None:
        """Valid is not enough; a schedule covers an instant or does not."""
        desk = Desk(running()).install_all(
            profile(DEFAULT, 10, chargingProfileId=1),
            profile(DEFAULT, 8, stackLevel=1, chargingProfileId=2, startSchedule=iso(at(2))),
        )
        assert [amperes(10), amperes(8)] == desk.limits(1, 2)
        assert [2] == desk.changes()

    def test_validity_begins_with_valid_from_and_ends_before_valid_to(self) -> None:
        """The first instant belongs to it, the last one does not."""
        desk = Desk(running()).install_all(
            profile(
                DEFAULT, 10, startSchedule=iso(at(-9)), validFrom=iso(at(1)), validTo=iso(at(2))
            )
        )
        limits = [
            desk.profiles.limit_at(instant, desk.transaction)
            for instant in (at(1) - MICROSECOND, at(1), at(2) - MICROSECOND, at(2))
        ]
        assert [UNLIMITED, amperes(10), amperes(10), UNLIMITED] == limits
        assert [1, 2] == desk.changes()

    def test_the_connectors_own_default_hides_the_common_one_of_its_level(self) -> None:
        """For connector 1 it is replaced, also where the new one has a gap, until it is cleared."""
        desk = Desk(running())
        desk.install_all(profile(DEFAULT, 8, chargingProfileId=2, duration=3_600))
        desk.install_all(profile(DEFAULT, 10, chargingProfileId=1), connector=0)
        assert [amperes(8), UNLIMITED] == desk.limits(0, 1)
        desk.profiles.clear({"id": 2})
        assert [amperes(10), amperes(10)] == desk.limits(0, 1)


class TestCombining:
    """How the purposes go together (§3.13.3)."""

    def test_a_tx_profile_overrules_the_default(self) -> None:
        """Also upwards; where it ends the default holds again."""
        desk = Desk(running()).install_all(
            profile(DEFAULT, 10, chargingProfileId=1),
            profile(TX, 16, chargingProfileId=2, duration=3_600),
        )
        assert [amperes(16), amperes(10)] == desk.limits(0, 1)
        assert [1] == desk.changes()

    def test_the_lowest_of_charge_point_and_transaction_holds(self) -> None:
        """The composite is the minimum at each instant."""
        desk = Desk(running()).install_all(profile(DEFAULT, 10, 20, chargingProfileId=1))
        desk.install_all(profile(MAX, 16, chargingProfileId=2), connector=0)
        assert [amperes(10), amperes(16)] == desk.limits(0, 1)

    def test_a_current_and_a_power_hold_both(self) -> None:
        """What is limited in A and in W keeps both limits and the fewer phases."""
        one_phase = [{"startPeriod": 0, "limit": 10, "numberPhases": 1}]
        desk = Desk(running()).install_all(profile(chargingSchedulePeriod=one_phase))
        desk.install_all(
            profile(MAX, 4_200, chargingProfileId=2, chargingRateUnit="W"), connector=0
        )
        both = Allowance(current_ma=10_000, power_nw=4_200 * 10**9, phases=1)
        assert [both] == desk.limits(0)

    def test_without_a_transaction_only_the_charge_point_is_limited(self) -> None:
        """Profiles of transactions wait for one."""
        desk = Desk().install_all(profile(DEFAULT, 10, 12, chargingProfileId=1))
        assert [UNLIMITED] == desk.limits(0)
        assert [] == desk.changes()
        desk.install_all(profile(MAX, 16, 20, chargingProfileId=2), connector=0)
        assert [amperes(16), amperes(20)] == desk.limits(0, 1)
        assert [1] == desk.changes()

    def test_a_new_default_holds_for_a_transaction_that_runs(self) -> None:
        """A transaction goes on with the new or without the removed default (errata 3.8)."""
        desk = Desk(running()).install_all(profile(DEFAULT, 10))
        assert [amperes(10)] == desk.limits(1)
        desk.profiles.clear({})
        assert [UNLIMITED] == desk.limits(1)

    def test_the_minimum_of_the_car_goes_along(self) -> None:
        """MinChargingRate says below which limit nothing is worth offering."""
        desk = Desk(running()).install_all(profile(DEFAULT, 10, minChargingRate=8.1))
        desk.install_all(
            profile(MAX, 9_000, chargingProfileId=2, chargingRateUnit="W", minChargingRate=4_140),
            connector=0,
        )
        both = Allowance(10_000, 9_000 * 10**9, 3, 8_100, 4_140 * 10**9)
        assert [both] == desk.limits(0)


class TestTime:
    """When a schedule runs."""

    def test_a_schedule_keeps_its_last_period(self) -> None:
        """Without a duration for good, with one until it ends; the rest is not executed."""
        desk = Desk(running()).install_all(profile(DEFAULT, 6, 8, 10, duration=5_400))
        assert [UNLIMITED, amperes(6), amperes(8), UNLIMITED] == desk.limits(-0.5, 0, 1.25, 1.5)
        assert [0, 1, 1.5] == desk.changes(-1)

    def test_a_schedule_of_no_duration_covers_nothing(self) -> None:
        """It may be installed, and limits nothing."""
        desk = Desk(running()).install_all(profile(DEFAULT, 6, duration=0))
        assert [UNLIMITED] == desk.limits(0)

    def test_daily_begins_again_after_24_hours(self) -> None:
        """At the same time of the day as startSchedule, in UTC, the clock change included."""
        start = datetime(2025, 10, 25, 22, tzinfo=UTC)
        desk = Desk(running(started=start)).install_all(
            profile(
                DEFAULT,
                6,
                8,
                chargingProfileKind="Recurring",
                recurrencyKind="Daily",
                duration=7_200,
                startSchedule="2025-10-26T00:00:00+02:00",
            )
        )
        limits = [
            desk.profiles.limit_at(start + timedelta(hours=hour), desk.transaction)
            for hour in (-1, 0, 1, 2, 23, 24, 25, 26)
        ]
        day = [amperes(6), amperes(8), UNLIMITED]
        assert [UNLIMITED, *day, UNLIMITED, *day] == limits

    def test_weekly_begins_again_after_7_days(self) -> None:
        """At the same time of the same day of the week."""
        desk = Desk(running()).install_all(
            profile(DEFAULT, 6, 8, chargingProfileKind="Recurring", recurrencyKind="Weekly")
        )
        week = 24 * 7
        assert [amperes(8), amperes(6), amperes(8)] == desk.limits(week - 1, week, week + 1)
        assert [1, week, week + 1, 2 * week] == desk.changes(most=4)

    def test_what_is_longer_than_the_recurrence_is_not_executed(self) -> None:
        """A day's schedule of 30 hours is cut after 24 (§5.16.4)."""
        limits = range(6, 36)
        desk = Desk(running()).install_all(
            profile(
                DEFAULT,
                *limits,
                chargingProfileKind="Recurring",
                recurrencyKind="Daily",
                duration=30 * 3_600,
            )
        )
        assert [amperes(29), amperes(6), amperes(7)] == desk.limits(23, 24, 25)
        assert list(range(1, 50)) == desk.changes(most=49)

    def test_relative_begins_with_the_transaction(self) -> None:
        """Its startSchedule, if any, is not looked at."""
        desk = Desk(running(started=at(2))).install_all(
            profile(DEFAULT, 6, 8, chargingProfileKind="Relative")
        )
        assert [UNLIMITED, amperes(6), amperes(8)] == desk.limits(1, 2, 3)
        assert [2, 3] == desk.changes()

    @pytest.mark.parametrize("purpose", [DEFAULT, TX])
    def test_without_a_start_a_schedule_begins_with_the_transaction(self, purpose: str) -> None:
        """A missing startSchedule is the start of charging (§7.13)."""
        desk = Desk(running(started=at(2))).install_all(profile(purpose, 6, 8, startSchedule=None))
        assert [UNLIMITED, amperes(6), amperes(8)] == desk.limits(1, 2, 3)

    @pytest.mark.parametrize("kind", ["Absolute", "Relative"])
    @pytest.mark.parametrize(("valid_from", "begins"), [(None, 1), (0, 1), (2, 2)])
    def test_without_a_start_the_charge_points_limit_begins_when_it_is_valid(
        self, kind: str, valid_from: int | None, begins: int
    ) -> None:
        """On arrival or at validFrom, whatever is later; no transaction is needed."""
        desk = Desk(running(started=at(-5)))
        valid = None if valid_from is None else iso(at(valid_from))
        limit = profile(MAX, 6, 8, startSchedule=None, chargingProfileKind=kind, validFrom=valid)
        assert ACCEPTED == desk.install(limit, 0, now=at(1))
        expected = [UNLIMITED, amperes(6), amperes(8)]
        assert expected == desk.limits(begins - 1, begins, begins + 1)

    def test_the_end_of_the_calendar_is_no_change(self) -> None:
        """A schedule that outlasts the year 9999 changes no more."""
        late = "9999-12-31T23:00:00Z"
        desk = Desk(running()).install_all(profile(DEFAULT, 6, 8, 10, startSchedule=late))
        begin = datetime(9999, 12, 31, 23, tzinfo=UTC)
        assert begin == desk.profiles.next_change(NOON, desk.transaction)
        assert desk.profiles.next_change(begin, desk.transaction) is None

    def test_a_profile_that_is_over_wakes_nobody(self) -> None:
        """After validTo a daily profile has no changes."""
        desk = Desk(running()).install_all(
            profile(
                DEFAULT,
                6,
                chargingProfileKind="Recurring",
                recurrencyKind="Daily",
                validTo=iso(at(30)),
            )
        )
        assert [24, 30] == desk.changes()


class TestClearing:
    """ClearChargingProfile (§5.5)."""

    @pytest.fixture(name="desk")
    def _desk(self) -> Desk:
        desk = Desk(running())
        desk.install_all(profile(MAX, chargingProfileId=1), connector=0)
        desk.install_all(profile(DEFAULT, chargingProfileId=2), connector=0)
        return desk.install_all(
            profile(DEFAULT, chargingProfileId=3, stackLevel=1), profile(TX, chargingProfileId=4)
        )

    @pytest.mark.parametrize(
        ("criteria", "gone"),
        [
            ({}, {1, 2, 3, 4}),
            ({"id": 3}, {3}),
            ({"id": 3, "connectorId": 0, "stackLevel": 7}, {3}),
            ({"id": 9}, set()),
            ({"connectorId": 0}, {1, 2}),
            ({"connectorId": 1}, {3, 4}),
            ({"connectorId": 2}, set()),
            ({"chargingProfilePurpose": DEFAULT}, {2, 3}),
            ({"stackLevel": 0}, {1, 2, 4}),
            ({"stackLevel": 0, "chargingProfilePurpose": DEFAULT}, {2}),
            ({"connectorId": 1, "stackLevel": 0, "chargingProfilePurpose": DEFAULT}, set()),
        ],
    )
    def test_what_fits_all_that_is_given_goes(
        self, desk: Desk, criteria: Json, gone: set[int]
    ) -> None:
        """An id alone decides; else all criteria must fit; none clears all (errata 3.25, 3.26)."""
        assert (ACCEPTED if gone else UNKNOWN) == desk.profiles.clear(criteria)
        left = {number for number in range(1, 5) if desk.profiles.clear({"id": number}) == ACCEPTED}
        assert {1, 2, 3, 4} - gone == left

    def test_with_nothing_installed_nothing_is_known(self) -> None:
        """Clearing all of nothing is Unknown."""
        assert UNKNOWN == Profiles().clear({})


class TestRemoteStart:
    """A profile that comes with RemoteStartTransaction (§5.16.2)."""

    def test_it_holds_from_the_begin_of_the_transaction(self) -> None:
        """It waits, and then it is a TxProfile as any other."""
        desk = Desk().install_all(profile(DEFAULT, 20, chargingProfileId=1))
        relative = profile(TX, 10, chargingProfileId=2, chargingProfileKind="Relative")
        assert ACCEPTED == desk.profiles.install_with_remote_start(relative, NOON)
        desk.transaction = running(None, started=at(1))
        assert [amperes(20)] == desk.limits(1)
        desk.profiles.begin_transaction(remotely=True)
        assert [amperes(10)] == desk.limits(1)
        desk.transaction.number = 12
        desk.install_all(profile(TX, 8, chargingProfileId=3, transactionId=12))
        assert [amperes(8)] == desk.limits(1)

    def test_its_transaction_id_is_not_looked_at(self) -> None:
        """Errata 3.41: it shall not be set; where it is, it means nothing."""
        desk = Desk()
        named = profile(TX, 10, transactionId=99)
        assert ACCEPTED == desk.profiles.install_with_remote_start(named, NOON)
        desk.profiles.begin_transaction(remotely=True)
        desk.transaction = running(7)
        assert [amperes(10)] == desk.limits(0)

    @pytest.mark.parametrize("purpose", [MAX, DEFAULT])
    def test_it_must_be_a_tx_profile(self, purpose: str) -> None:
        """OCTT TC_060: any other purpose is rejected."""
        desk = Desk()
        assert REJECTED == desk.profiles.install_with_remote_start(profile(purpose), NOON)
        assert desk.profiles.refusal

    def test_a_rejected_one_leaves_the_one_before(self) -> None:
        """What does not fit changes nothing."""
        desk = Desk()
        desk.profiles.install_with_remote_start(profile(TX, 10), NOON)
        assert REJECTED == desk.profiles.install_with_remote_start(profile(DEFAULT, 8), NOON)
        desk.profiles.begin_transaction(remotely=True)
        desk.transaction = running()
        assert [amperes(10)] == desk.limits(0)

    @pytest.mark.parametrize("how", ["withdrawn", "another", "cleared", "same id"])
    def test_it_is_for_no_other_transaction(self, how: str) -> None:
        """Withdrawn, overtaken by another card, cleared or replaced, it never holds."""
        desk = Desk()
        desk.profiles.install_with_remote_start(profile(TX, 10), NOON)
        if how == "withdrawn":
            desk.profiles.withdraw_remote_start()
        elif how == "another":
            desk.profiles.begin_transaction(remotely=False)
        elif how == "cleared":
            assert ACCEPTED == desk.profiles.clear({"chargingProfilePurpose": TX})
        else:
            desk.install_all(profile(DEFAULT, 20))
        desk.profiles.begin_transaction(remotely=True)
        desk.transaction = running()
        assert [amperes(20) if how == "same id" else UNLIMITED] == desk.limits(0)

    def test_it_takes_the_place_of_its_id_only_when_the_transaction_begins(self) -> None:
        """A remote start that comes to nothing costs no profile."""
        desk = Desk().install_all(profile(DEFAULT, 20))
        desk.profiles.install_with_remote_start(profile(TX, 10), NOON)
        assert 1 == len(desk.profiles.to_json())
        desk.profiles.begin_transaction(remotely=True)
        assert [] == desk.profiles.to_json()

    def test_it_counts(self) -> None:
        """With it there are no more than MaxChargingProfilesInstalled."""
        desk = Desk(profiles_max=1)
        assert ACCEPTED == desk.profiles.install_with_remote_start(profile(TX), NOON)
        assert REJECTED == desk.install(profile(chargingProfileId=2))
        desk.profiles.withdraw_remote_start()
        desk.install_all(profile(chargingProfileId=2))
        assert REJECTED == desk.profiles.install_with_remote_start(profile(TX), NOON)

    def test_the_end_of_the_transaction_takes_its_profiles_along(self) -> None:
        """The next transaction begins with the defaults."""
        desk = Desk(running()).install_all(
            profile(DEFAULT, 20, chargingProfileId=1), profile(TX, 10, chargingProfileId=2)
        )
        desk.profiles.end_transaction()
        assert [amperes(20)] == desk.limits(0)
        assert UNKNOWN == desk.profiles.clear({"id": 2})


class TestPowerCut:
    """What is stored and taken up again."""

    def test_what_is_stored_is_small_and_plain(self) -> None:
        """A profile is stored as whole numbers and words, without what it has not."""
        desk = Desk().install_all(profile(DEFAULT, 8.1, duration=60), connector=0)
        assert [
            {
                "number": 1,
                "connector": 0,
                "purpose": DEFAULT,
                "level": 0,
                "unit": "A",
                "periods": [[0, 81, 3]],
                "start": "2025-06-03T12:00:00+00:00",
                "duration_s": 60,
            }
        ] == desk.profiles.to_json()

    def test_a_tx_profile_dies_with_its_transaction(self) -> None:
        """A power cut ends the transaction."""
        assert [] == Desk(running()).install_all(profile(TX)).profiles.to_json()

    def test_the_begin_of_a_charge_points_limit_is_kept(self) -> None:
        """A limit that began on arrival does not begin anew with the power."""
        desk = Desk()
        desk.install(profile(MAX, 6, 8, startSchedule=None), 0, now=NOON)
        again = Profiles.from_json(desk.profiles.to_json())
        assert amperes(8) == again.limit_at(at(1), None)

    @pytest.mark.parametrize(
        ("stored", "why"),
        [
            ({}, "list of at most 16"),
            ([1], "stored profile 0 is an object"),
            ([{"number": 1}], "stored profile 0: connector"),
            ("two", "its id or place was there before"),
            ("tx", "ends with its transaction"),
            ("many", "list of at most 16"),
            ("period", "stored profile 0: period 0: phases"),
            ("start", "needs a startSchedule"),
        ],
    )
    def test_what_was_not_stored_like_that_is_refused(self, stored: object, why: str) -> None:
        """A damaged memory is named, not guessed at."""
        (good,) = Desk().install_all(profile(MAX), connector=0).profiles.to_json()
        damaged = {
            "two": [good, good | {"level": 1}],
            "tx": [good | {"purpose": TX, "connector": 1}],
            "many": [good] * 17,
            "period": [good | {"periods": [[0, 81]]}],
            "start": [{name: value for name, value in good.items() if name != "start"}],
        }
        with pytest.raises(ValueError, match=why):
            Profiles.from_json(damaged.get(stored, stored) if isinstance(stored, str) else stored)


# ---------------------------------------------------------------------- against an oracle


HORIZON = NOON + timedelta(days=30)
"""Up to when the oracle is asked."""
SPELLED = HORIZON + timedelta(days=1)
"""How far it sees: it is asked beside edges, too, also beside the last."""


@dataclass(slots=True)
class Oracle:
    """
    The same, written to be obviously right, and slow.

    It keeps what came and spells every schedule out as intervals up to a horizon.
    """

    kept: list[tuple[int, Json, datetime]] = field(default_factory=list)

    def install(self, connector: int, one: Json, now: datetime) -> None:
        """Keep a profile that was accepted."""

        def gives_way(other: tuple[int, Json, datetime]) -> bool:
            same = ("chargingProfilePurpose", "stackLevel")
            return other[1]["chargingProfileId"] == one["chargingProfileId"] or (
                other[0] == connector and all(other[1][name] == one[name] for name in same)
            )

        self.kept = [other for other in self.kept if not gives_way(other)]
        self.kept.append((connector, one, now))

    def clear(self, criteria: Json) -> int:
        """Remove what fits and tell how many that was."""

        def goes(connector: int, one: Json) -> bool:
            if "id" in criteria:
                return bool(criteria["id"] == one["chargingProfileId"])
            told = {**one, "connectorId": connector}
            return all(told[name] == value for name, value in criteria.items())

        before = len(self.kept)
        self.kept = [entry for entry in self.kept if not goes(entry[0], entry[1])]
        return before - len(self.kept)

    def limit_at(self, instant: datetime, began: datetime | None) -> Allowance:
        """Look through all levels of all purposes."""
        limits = [self._of(MAX, instant, began)]
        if began is not None:
            own = self._of(TX, instant, began)
            limits.append(own if own is not None else self._of(DEFAULT, instant, began))
        found = [limit for limit in limits if limit is not None]
        currents = [one["limit"] for one in found if one["unit"] == "A"]
        powers = [one["limit"] for one in found if one["unit"] == "W"]
        return Allowance(
            int(min(currents) * 1_000) if currents else None,
            int(min(powers) * 10**9) if powers else None,
            min((one["phases"] for one in found), default=3),
            int(max((one["least"] for one in found if one["unit"] == "A"), default=0) * 1_000),
            int(max((one["least"] for one in found if one["unit"] == "W"), default=0) * 10**9),
        )

    def edges(self, began: datetime | None) -> Iterator[datetime]:
        """Give all instants before the horizon at which anything begins or ends."""
        for _, one, now in self.kept:
            edges = [datetime.fromisoformat(one[n]) for n in ("validFrom", "validTo") if n in one]
            for begin, end, _ in self._intervals(one, now, began):
                edges += [begin, end]
            yield from (edge for edge in edges if edge < HORIZON)

    def _of(self, purpose: str, instant: datetime, began: datetime | None) -> Json | None:
        for level in range(8, -1, -1):
            here = [
                entry
                for connector in (1, 0)
                for entry in self.kept
                if entry[0] == connector
                and entry[1]["chargingProfilePurpose"] == purpose
                and entry[1]["stackLevel"] == level
            ]
            for _, one, now in here[:1]:
                if "validFrom" in one and instant < datetime.fromisoformat(one["validFrom"]):
                    continue
                if "validTo" in one and instant >= datetime.fromisoformat(one["validTo"]):
                    continue
                for begin, end, limit in self._intervals(one, now, began):
                    if begin <= instant < end:
                        return limit
        return None

    def _intervals(
        self, one: Json, now: datetime, began: datetime | None
    ) -> Iterator[tuple[datetime, datetime, Json]]:
        schedule = one["chargingSchedule"]
        kind = one["chargingProfileKind"]
        if kind != "Relative" and "startSchedule" in schedule:
            start = datetime.fromisoformat(schedule["startSchedule"])
        elif one["chargingProfilePurpose"] == MAX:
            start = max(now, datetime.fromisoformat(one.get("validFrom", "2000-01-01T00:00:00Z")))
        elif began is not None:
            start = began
        else:
            return
        days = {"Daily": 1, "Weekly": 7}[one["recurrencyKind"]] if kind == "Recurring" else None
        while start < SPELLED:
            end = SPELLED if days is None else start + timedelta(days=days)
            if "duration" in schedule:
                end = min(end, start + timedelta(seconds=schedule["duration"]))
            periods = schedule["chargingSchedulePeriod"]
            for period, following in zip(periods, [*periods[1:], None], strict=True):
                begin = start + timedelta(seconds=period["startPeriod"])
                stop = (
                    end
                    if following is None
                    else min(end, start + timedelta(seconds=following["startPeriod"]))
                )
                if begin < stop:
                    yield (
                        begin,
                        stop,
                        {
                            "unit": schedule["chargingRateUnit"],
                            "limit": period["limit"],
                            "phases": period.get("numberPhases", 3),
                            "least": schedule.get("minChargingRate", 0),
                        },
                    )
            if days is None:
                return
            start += timedelta(days=days)


minutes = st.integers(-4 * 24 * 60, 12 * 24 * 60)
instants = st.builds(
    lambda minute, microsecond: NOON + timedelta(minutes=minute, microseconds=microsecond),
    minutes,
    st.sampled_from([-1, 0, 0, 0, 1, 30_000_000]),
)
rates = st.builds(lambda tenths: Decimal(tenths) / 10, st.integers(0, 400))


@st.composite
def schedules(draw: st.DrawFn, *, needs_start: bool) -> Json:
    """Draw a ChargingSchedule."""
    gaps = draw(st.lists(st.integers(1, 40 * 3_600), max_size=4))
    starts = [sum(gaps[:index]) for index in range(len(gaps) + 1)]
    periods: list[Json] = []
    for start in starts:
        period: Json = {"startPeriod": start, "limit": draw(rates)}
        if draw(st.booleans()):
            period["numberPhases"] = draw(st.integers(1, 3))
        periods.append(period)
    schedule: Json = {
        "chargingRateUnit": draw(st.sampled_from("AW")),
        "chargingSchedulePeriod": periods,
    }
    if needs_start or draw(st.booleans()):
        schedule["startSchedule"] = iso(draw(instants))
    if draw(st.booleans()):
        schedule["duration"] = draw(st.integers(0, 9 * 86_400))
    if draw(st.integers(0, 3)) == 0:
        schedule["minChargingRate"] = draw(rates)
    return schedule


@st.composite
def profiles(draw: st.DrawFn) -> Json:
    """Draw a ChargingProfile that fits."""
    kind = draw(st.sampled_from(["Absolute", "Recurring", "Relative"]))
    one: Json = {
        "chargingProfileId": draw(st.integers(1, 12)),
        "stackLevel": draw(st.integers(0, 3)),
        "chargingProfilePurpose": draw(st.sampled_from([MAX, DEFAULT, DEFAULT, TX])),
        "chargingProfileKind": kind,
        "chargingSchedule": draw(schedules(needs_start=kind == "Recurring")),
    }
    if kind == "Recurring":
        one["recurrencyKind"] = draw(st.sampled_from(["Daily", "Weekly"]))
    valid = sorted(draw(st.sets(instants, min_size=2, max_size=2)))
    for name, instant in zip(("validFrom", "validTo"), valid, strict=True):
        if draw(st.integers(0, 2)) == 0:
            one[name] = iso(instant)
    return one


@st.composite
def criteria(draw: st.DrawFn) -> Json:
    """Draw what ClearChargingProfile asks for."""
    chosen: Json = {
        "id": draw(st.integers(1, 12)),
        "connectorId": draw(st.integers(0, 1)),
        "chargingProfilePurpose": draw(st.sampled_from([MAX, DEFAULT, TX])),
        "stackLevel": draw(st.integers(0, 3)),
    }
    kept = draw(st.sets(st.sampled_from(sorted(chosen))))
    return {name: value for name, value in chosen.items() if name in kept}


installs = st.tuples(st.just("install"), profiles(), st.integers(0, 1), instants)
clears = st.tuples(st.just("clear"), criteria(), st.just(0), instants)
histories = st.lists(st.one_of(installs, installs, installs, clears), max_size=12)
transactions = st.one_of(st.none(), st.builds(lambda began: running(7, began), instants))


def after_history(
    history: list[tuple[str, Json, int, datetime]], transaction: Transaction | None
) -> tuple[Profiles, Oracle]:
    """Give the profiles after a history, and what the oracle made of it."""
    ours, oracle = Profiles(), Oracle()
    for verb, what, connector, now in history:
        if verb == "clear":
            assert (oracle.clear(what) > 0) == (ours.clear(what) == ACCEPTED)
            continue
        purpose = what["chargingProfilePurpose"]
        fits = connector in {MAX: (0,), DEFAULT: (0, 1), TX: (1,)}[purpose]
        fits = fits and (purpose != TX or transaction is not None)
        assert (ACCEPTED if fits else REJECTED) == ours.install(connector, what, now, transaction)
        if fits:
            oracle.install(connector, what, now)
    return ours, oracle


def began(transaction: Transaction | None) -> datetime | None:
    """Give when a transaction began."""
    return None if transaction is None else transaction.started


class TestAgainstAnOracle:
    """Whatever is installed, what holds is what an obviously right table says."""

    @unmeasured
    @given(histories, transactions, st.lists(instants, max_size=5))
    @settings(max_examples=300, deadline=None)
    def test_the_limit_is_that_of_the_oracle(
        self,
        history: list[tuple[str, Json, int, datetime]],
        transaction: Transaction | None,
        asked: list[datetime],
    ) -> None:
        """At any instant, and on, before and after every edge."""
        ours, oracle = after_history(history, transaction)
        edges = sorted(set(oracle.edges(began(transaction))))
        for edge in [*edges[:: len(edges) // 30 + 1], *asked]:
            for instant in (edge - MICROSECOND, edge, edge + MICROSECOND):
                expected = oracle.limit_at(instant, began(transaction))
                assert expected == ours.limit_at(instant, transaction), instant

    @unmeasured
    @given(histories, transactions, instants)
    @settings(max_examples=300, deadline=None)
    def test_nothing_changes_before_the_next_change(
        self,
        history: list[tuple[str, Json, int, datetime]],
        transaction: Transaction | None,
        after: datetime,
    ) -> None:
        """Between two changes the limit is constant, and no change is skipped."""
        ours, oracle = after_history(history, transaction)
        edges = sorted(set(oracle.edges(began(transaction))))
        for _ in range(8):
            change = ours.next_change(after, transaction)
            assert change is None or change > after
            until = min(change or HORIZON, HORIZON)
            limit = oracle.limit_at(after, began(transaction))
            inside = [edge for edge in edges if after < edge < until]
            for instant in [*inside[:: len(inside) // 20 + 1], max(after, until - MICROSECOND)]:
                assert limit == oracle.limit_at(instant, began(transaction)), instant
            if change is None or change >= HORIZON:
                break
            after = change

    @unmeasured
    @given(histories, transactions, st.lists(instants, min_size=1, max_size=5))
    @settings(deadline=None)
    def test_a_power_cut_changes_nothing_but_the_tx_profiles(
        self,
        history: list[tuple[str, Json, int, datetime]],
        transaction: Transaction | None,
        asked: list[datetime],
    ) -> None:
        """What was stored as JSON holds as before, and is stored again as the same."""
        ours, _ = after_history(history, transaction)
        text = json.dumps(ours.to_json())
        again = Profiles.from_json(json.loads(text))
        assert text == json.dumps(again.to_json())
        ours.end_transaction()
        for instant in asked:
            assert ours.limit_at(instant, transaction) == again.limit_at(instant, transaction)
            assert ours.next_change(instant, transaction) == again.next_change(instant, transaction)

    @unmeasured
    @given(histories, transactions, profiles(), instants)
    @settings(deadline=None)
    def test_installing_and_clearing_leaves_what_was_there_but_what_it_replaced(
        self,
        history: list[tuple[str, Json, int, datetime]],
        transaction: Transaction | None,
        one: Json,
        instant: datetime,
    ) -> None:
        """A profile with an id and a level of its own comes and goes without a trace."""
        ours, _ = after_history(history, transaction)
        assume(one["chargingProfilePurpose"] != TX or transaction is not None)
        new = one | {"chargingProfileId": 99, "stackLevel": 8}
        connector = 0 if new["chargingProfilePurpose"] == MAX else 1
        before = ours.to_json(), ours.limit_at(instant, transaction)
        assert ACCEPTED == ours.install(connector, new, NOON, transaction)
        assert ACCEPTED == ours.clear({"id": 99})
        assert before == (ours.to_json(), ours.limit_at(instant, transaction))

    @given(
        st.recursive(
            st.one_of(
                st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.decimals()
            ),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)
            ),
        ),
        st.sampled_from(["whole", *profile(), *profile()["chargingSchedule"], "duration"]),
    )
    def test_whatever_comes_is_answered(self, junk: object, where: str) -> None:
        """No JSON makes the charger fail; what is rejected leaves nothing behind."""
        desk = Desk()
        sent: object = junk
        if where != "whole":
            sent = profile()
            part = sent if where in sent else sent["chargingSchedule"]
            part[where] = junk
        status = desk.install(sent)
        assert (1 if status == ACCEPTED else 0) == len(desk.profiles.to_json())
