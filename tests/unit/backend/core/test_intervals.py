"""A register and a grid to the energy of each interval."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.days import day_grid
from backend.core.intervals import (
    RULES,
    Interval,
    Part,
    Presence,
    Status,
    add_up,
    make_intervals,
    parts_of,
    register_before,
    rounded_fraction_kwh,
    rounded_kwh,
    worst_of,
)
from backend.core.registers import Point, Register, Rule

HOUR = timedelta(hours=1)
NOON = datetime(2025, 6, 3, 12, tzinfo=UTC)
ALWAYS = Presence(((NOON - 1000 * HOUR, NOON + 1000 * HOUR),), ())
NEVER = Presence((), ())
FEW = settings(max_examples=120, deadline=None, derandomize=True)


def clock(text: str) -> datetime:
    """Give an instant of 3 June 2025."""
    return datetime.fromisoformat(f"2025-06-03T{text}:00+00:00")


def register(*points: tuple[str, object], breaks: tuple[int, ...] = ()) -> Register:
    """Make a register of times and kilowatt hours."""
    return Register(
        tuple(Point(clock(text), Decimal(str(kwh)) * 1000) for text, kwh in points),
        frozenset(breaks),
    )


def grid(start: str, count: int, minutes: int = 15) -> list[datetime]:
    """Give the boundaries of some intervals."""
    return [clock(start) + timedelta(minutes=minutes) * index for index in range(count + 1)]


def make(
    of: Register,
    boundaries: list[datetime],
    presence: Presence = ALWAYS,
    decimals: int = 3,
    until: datetime = NOON + 1000 * HOUR,
) -> list[Interval]:
    """Make intervals of three decimals, all known."""
    return make_intervals(of, boundaries, presence, decimals, until)


def shown(intervals: list[Interval]) -> list[tuple[str, str, str]]:
    """Show intervals as a utility sees them, with the rule."""
    return [
        ("" if each.energy_kwh is None else str(each.energy_kwh), each.status.value, each.rule)
        for each in intervals
    ]


class TestTheExamples:
    """The figures of the documents."""

    def test_ise_02(self) -> None:
        """1 kWh at 14:00 and 3 kWh at 14:15 are 2 kWh, stamped 14:15."""
        (interval,) = make(register(("14:00", 1), ("14:15", 3)), grid("14:00", 1))
        assert (
            Interval(clock("14:00"), clock("14:15"), Decimal("2.000"), Status.TRUE, "measured")
            == interval
        )

    def test_ise_03(self) -> None:
        """While nothing charges, every interval is there, with a true 0."""
        day = day_grid(date(2025, 6, 3), 15)
        intervals = make(Register(()), list(day))
        assert [("0.000", "W", "idle-online")] * 96 == shown(intervals)

    def test_ise_17(self) -> None:
        """100 at 14:00, 200 at 15:00: four times 25, all estimated."""
        intervals = make(register(("14:00", 100), ("15:00", 200)), grid("13:45", 6))
        assert [
            ("0.000", "W", "idle-online"),
            *[("25.000", "E", "interpolated")] * 4,
            ("0.000", "W", "idle-online"),
        ] == shown(intervals)

    def test_ise_18(self) -> None:
        """Seven decimals of a register neither vanish nor multiply."""
        of = register(("10:00", "733.2551115"), ("12:15", "734.2558885"))
        energies = [each.energy_kwh or Decimal(0) for each in make(of, grid("09:00", 16))]
        assert Decimal("1.001") == sum(energies)
        assert min(energies) == 0


class TestStatus:
    """ISE-16: W from the device, E interpolated, F not known; the worst within counts."""

    def test_offline_without_a_later_register(self) -> None:
        """What is after the last reading is missing once the charger is away."""
        presence = Presence(((clock("09:00"), clock("11:00")),), ())
        of = register(("10:00", 5), ("10:15", 6))
        assert [
            ("1.000", "W", "measured"),
            ("0.000", "W", "idle-online"),
            ("0.000", "W", "idle-online"),
            ("0.000", "W", "idle-online"),
            ("", "F", "offline"),
        ] == shown(make(of, grid("10:00", 5), presence))

    def test_partly_offline(self) -> None:
        """A part of an interval that is not known makes it missing, as its worst part is."""
        presence = Presence(((clock("09:00"), clock("10:20")),), ())
        of = register(("10:00", 5), ("10:15", 6))
        assert ("", "F", "offline") == shown(make(of, grid("10:00", 2), presence))[1]

    def test_a_register_after_the_outage(self) -> None:
        """It makes missing intervals estimated, and the sum exact."""
        presence = Presence(
            ((clock("09:00"), clock("11:05")), (clock("12:55"), clock("14:00"))), ()
        )
        intervals = make(register(("11:00", 5), ("13:00", 7)), grid("11:00", 9), presence)
        assert [("0.250", "E", "interpolated")] * 8 == shown(intervals)[:8]
        assert ("0.000", "W", "idle-online") == shown(intervals)[8]

    def test_offline_and_idle(self) -> None:
        """An unchanged register proves the zero, but the device did not tell it."""
        presence = Presence(
            ((clock("07:00"), clock("09:00")), (clock("12:00"), clock("15:00"))), ()
        )
        intervals = make(register(("08:00", 5), ("14:00", 5)), grid("08:45", 15), presence)
        assert [
            ("0.000", "W", "idle-online"),
            *[("0.000", "E", "idle-proven")] * 12,
            *[("0.000", "W", "idle-online")] * 2,
        ] == shown(intervals)

    def test_a_short_absence_is_none(self) -> None:
        """A connection that was away for less than a minute was not away (ASSUMED)."""
        away = clock("14:05")
        for seconds, status in ((59, "W"), (60, "E")):
            back = away + timedelta(seconds=seconds)
            presence = Presence(((clock("13:00"), away), (back, clock("16:00"))), ())
            intervals = make(register(("13:00", 1), ("16:00", 1)), grid("14:00", 1), presence)
            assert status == intervals[0].status.value

    def test_an_open_session(self) -> None:
        """Its energy has not been told yet; what is not known is not 0."""
        presence = Presence(ALWAYS.online, ((clock("14:05"), NOON + 9 * HOUR),))
        intervals = make(register(("13:00", 1), ("14:15", 2)), grid("14:00", 2), presence)
        assert [("0.200", "E", "interpolated"), ("", "F", "session-open")] == shown(intervals)

    def test_before_the_first_reading(self) -> None:
        """A charger that was there and idle charged nothing; one that was not is not known."""
        of = register(("14:15", 1), ("14:30", 2))
        assert ("0.000", "W", "idle-online") == shown(make(of, grid("14:00", 2)))[0]
        assert ("", "F", "offline") == shown(make(of, grid("14:00", 2), NEVER))[0]

    def test_an_interval_that_has_not_ended(self) -> None:
        """It is missing, whatever is known of it."""
        of = register(("14:00", 1), ("14:15", 2), ("14:30", 3))
        intervals = make(of, grid("14:00", 2), until=clock("14:20"))
        assert [("1.000", "W", "measured"), ("", "F", "future")] == shown(intervals)

    def test_an_interval_that_has_just_ended(self) -> None:
        """At its end it is known."""
        of = register(("14:00", 1), ("14:15", 2))
        assert Status.TRUE is make(of, grid("14:00", 1), until=clock("14:15"))[0].status

    @pytest.mark.parametrize(
        ("at", "rules"),
        [
            ("14:30", ["measured", "unread", "idle-online"]),
            ("14:31", ["measured", "unread", "unread"]),
            ("14:15", ["measured", "idle-online", "idle-online"]),
        ],
    )
    def test_energy_that_cannot_be_read(self, at: str, rules: list[str]) -> None:
        """Who told of it was not silent; the time since the last register is not known."""
        presence = Presence(ALWAYS.online, (), (clock(at),))
        read = register(("14:00", 1), ("14:15", 2))
        intervals = make(read, grid("14:00", 3), presence)
        assert rules == [each.rule for each in intervals]

    def test_energy_that_could_not_be_read_and_was_bridged(self) -> None:
        """A later register tells what it was."""
        presence = Presence(ALWAYS.online, (), (clock("14:30"),))
        read = register(("14:15", 2), ("14:45", 4))
        intervals = make(read, grid("14:15", 2), presence)
        assert [("1.000", "E", "interpolated")] * 2 == shown(intervals)

    def test_energy_that_could_not_be_read_beside_the_first_register(self) -> None:
        """Until the first register is told, what cannot be read is missing."""
        presence = Presence(ALWAYS.online, (), (clock("14:30"),))
        read = register(("14:30", 2), ("14:45", 4))
        intervals = make(read, grid("14:15", 2), presence)
        assert ["unread", "measured"] == [each.rule for each in intervals]

    def test_energy_that_cannot_be_read_behind_the_first_register(self) -> None:
        """It says nothing of the time before that register."""
        presence = Presence(ALWAYS.online, (), (clock("14:31"),))
        read = register(("14:30", 2), ("14:45", 4))
        intervals = make(read, grid("14:15", 2), presence)
        assert ["idle-online", "measured"] == [each.rule for each in intervals]

    def test_a_session_that_has_just_ended(self) -> None:
        """It leaves nothing open in the interval that begins then."""
        presence = Presence(ALWAYS.online, ((clock("13:00"), clock("14:00")),))
        of = register(("13:00", 1), ("13:59", 2))
        assert [("0.000", "W", "idle-online")] == shown(make(of, grid("14:00", 1), presence))

    def test_readings_no_further_apart_than_the_interval(self) -> None:
        """They are measured wherever the boundary lies between them."""
        of = register(("14:07", 1), ("14:22", 4))
        assert [("1.600", "W", "measured"), ("1.400", "W", "measured")] == shown(
            make(of, grid("14:00", 2))
        )

    def test_connections_told_twice(self) -> None:
        """Overlapping and empty spans do no harm."""
        presence = Presence(
            (
                (clock("15:00"), clock("15:00")),
                (clock("13:30"), clock("16:00")),
                (clock("13:00"), clock("14:00")),
                (clock("13:10"), clock("13:20")),
            ),
            (),
        )
        assert ("0.000", "W", "idle-online") == shown(
            make(Register(()), grid("13:15", 8), presence)
        )[7]

    def test_a_connection_that_ended_at_once(self) -> None:
        """It was none, and lengthens no other."""
        soon = clock("14:00") + timedelta(seconds=30)
        online = ((clock("14:00"), clock("14:00")), (soon, clock("16:00")))
        made = make(Register(()), grid("14:00", 2), Presence(online, ()))
        assert ["offline", "idle-online"] == [each.rule for each in made]

    def test_between_two_sessions(self) -> None:
        """Nothing is open, however close they are."""
        sessions = ((clock("14:15"), clock("14:30")), (clock("14:45"), clock("14:50")))
        made = make(Register(()), grid("14:00", 4), replace(ALWAYS, sessions=sessions))
        rules = ["idle-online", "session-open", "idle-online", "session-open"]
        assert rules == [each.rule for each in made]

    def test_the_worst_rule_has_the_worst_status(self) -> None:
        """The order of the rules is the order of the status."""
        order = [status for status, _ in RULES.values()]
        assert order == sorted(order, key=[Status.TRUE, Status.ESTIMATED, Status.MISSING].index)


class TestBreaks:
    """Where the register began anew nothing is counted, and the interval is estimated."""

    def test_a_reset_within_an_interval(self) -> None:
        """What is known of both epochs counts."""
        of = register(("14:00", 5), ("14:05", 6), ("14:10", 7), ("14:15", 8), breaks=(2,))
        assert [("2.000", "E", "across-reset")] == shown(make(of, grid("14:00", 1)))

    def test_a_reset_over_several_intervals(self) -> None:
        """The lift of the new epoch shows in no interval."""
        of = register(("14:00", 5), ("15:00", "6.4"), ("15:15", "6.9"), breaks=(1,))
        assert [
            *[("0.000", "E", "across-reset")] * 4,
            ("0.500", "W", "measured"),
        ] == shown(make(of, grid("14:00", 5)))

    def test_a_reset_beyond_the_grid(self) -> None:
        """It changes nothing within it."""
        of = register(("13:00", 1), ("13:30", 2), ("14:30", 3), ("15:30", 4), breaks=(1, 3))
        assert Decimal("0.250") == make(of, grid("14:00", 2))[0].energy_kwh
        assert Decimal("0.000") == make(of, grid("14:45", 1))[0].energy_kwh

    def test_a_reset_at_one_instant(self) -> None:
        """Two registers of one instant leave no time between them, and nothing to estimate."""
        of = register(("14:00", 5), ("14:05", 6), ("14:05", "6.5"), ("14:15", 8), breaks=(2,))
        assert [("2.500", "W", "measured")] == shown(make(of, grid("14:00", 1)))

    def test_a_late_rise(self) -> None:
        """A register that stood still and rose at once makes its interval estimated."""
        of = Register(
            register(("14:00", 1), ("14:14", 1), ("14:15", 20)).points, doubtful=frozenset({2})
        )
        assert [("19.000", "E", "late-update")] == shown(make(of, grid("14:00", 1)))

    @pytest.mark.parametrize("placed", [1, 2])
    def test_a_rise_by_the_time_of_reception(self, placed: int) -> None:
        """Where the charger's clock was wrong, the energy is known, and its place is not."""
        points = register(("14:00", 1), ("14:14", 2), ("14:15", 3)).points
        of = Register(points, by_reception=frozenset({placed}))
        assert [("2.000", "E", "reception-time")] == shown(make(of, grid("14:00", 1)))

    @pytest.mark.parametrize(("before", "rule"), [(1, "contested"), (3, "measured")])
    def test_a_rise_that_is_contested(self, before: int, rule: str) -> None:
        """The energy counts, and its place is in doubt; where nothing rose, nothing is."""
        points = register(("14:00", before), ("14:14", 3), ("14:15", 3)).points
        made = make(Register(points, contested=frozenset({1})), grid("14:00", 1))
        assert [rule] == [each.rule for each in made]

    def test_a_rise_that_cannot_be(self) -> None:
        """What the register was before and after it is known, not what was charged."""
        points = register(("14:00", 1), ("14:14", 2), ("14:15", 3_000)).points
        of = Register(points, breaks=frozenset({2}), break_rules={2: Rule.JUMP})
        assert [("", "F", "impossible-rise")] == shown(make(of, grid("14:00", 1)))

    def test_a_power_that_contradicts(self) -> None:
        """The register of that time is not believed, and none is invented."""
        of = register(("14:00", 1), ("14:15", 2), ("14:30", 3), ("14:45", 4))
        span = (grid("14:15", 1)[0], grid("14:15", 1)[1])
        made = make(of, grid("14:00", 3), replace(ALWAYS, contradicted=(span,)))
        assert ["measured", "contradicted", "measured"] == [each.rule for each in made]
        assert [None] == [each.energy_kwh for each in made if each.status == "F"]
        spans = ((clock("14:31"), clock("14:40")), (clock("14:02"), clock("14:04")))
        made = make(of, grid("14:00", 3), replace(ALWAYS, contradicted=spans))
        assert ["contradicted", "measured", "contradicted"] == [each.rule for each in made]

    def test_only_beside_the_time_of_reception(self) -> None:
        """What is measured before and after it is in its place."""
        clocks = ("14:00", "14:15", "14:30", "14:45", "15:00")
        points = register(*((text, kwh) for kwh, text in enumerate(clocks))).points
        made = make(Register(points, by_reception=frozenset({2})), grid("14:00", 4))
        rules = ["measured", "reception-time", "reception-time", "measured"]
        assert rules == [each.rule for each in made]

    def test_no_rise_by_the_time_of_reception(self) -> None:
        """Nothing was charged, wherever it was told."""
        points = register(("14:00", 1), ("14:14", 1), ("14:15", 1)).points
        of = Register(points, by_reception=frozenset({1}))
        assert [("0.000", "W", "measured")] == shown(make(of, grid("14:00", 1)))


class TestExchanges:
    """A meter that was exchanged: what the settings say of it counts."""

    POINTS = register(("14:00", 1), ("14:10", 2), ("14:20", 3), ("14:40", 3)).points

    def test_beside_what_the_settings_say(self) -> None:
        """A rise to or from such a register is estimated; where nothing rose, nothing is."""
        made = make(Register(self.POINTS, by_settings=frozenset({2})), grid("14:00", 4, 10))
        assert ["measured", "meter-exchange", "idle-online", "idle-online"] == [
            each.rule for each in made
        ]
        made = make(Register(self.POINTS, by_settings=frozenset({0})), grid("14:00", 2, 10))
        assert ["meter-exchange", "measured"] == [each.rule for each in made]

    def test_across_an_exchange(self) -> None:
        """Where the settings do not say what the old one read, nothing is counted across."""
        of = Register(self.POINTS, breaks=frozenset({1}), break_rules={1: Rule.EXCHANGE})
        assert [("0.000", "E", "across-exchange"), ("1.000", "W", "measured")] == shown(
            make(of, grid("14:00", 2, 10))
        )

    def test_what_is_said_first(self) -> None:
        """Of several doubts about a rise the first that holds is told, in this order."""
        marks = {
            "by_settings": "meter-exchange",
            "doubtful": "late-update",
            "by_reception": "reception-time",
            "contested": "contested",
        }
        names = list(marks)
        for place, name in enumerate(names):
            doubts = dict.fromkeys(names[place:], frozenset({1}))
            of = Register(self.POINTS, **doubts)
            assert marks[name] == make(of, grid("14:00", 1, 10))[0].rule


class TestAddingUp:
    """Several connectors, or parts of an interval, are one."""

    TRUE = Interval(clock("14:00"), clock("14:15"), Decimal("1.250"), Status.TRUE, "measured")
    IDLE = replace(TRUE, energy_kwh=Decimal("0.000"), rule="idle-online")
    GUESS = replace(TRUE, energy_kwh=Decimal("2.500"), status=Status.ESTIMATED, rule="interpolated")
    NONE = replace(TRUE, energy_kwh=None, status=Status.MISSING, rule="offline")

    def test_one_is_itself(self) -> None:
        """Nothing is made anew."""
        assert self.GUESS is add_up([self.GUESS])

    @pytest.mark.parametrize("order", [1, -1])
    def test_the_worst_wins(self, order: int) -> None:
        """Energies add up, with the status and the rule of the worst."""
        whole = add_up([self.TRUE, self.GUESS, self.IDLE][::order])
        assert replace(self.GUESS, energy_kwh=Decimal("3.750")) == whole

    @pytest.mark.parametrize("order", [1, -1])
    def test_a_part_that_is_missing(self, order: int) -> None:
        """Then the whole is, whatever is known of the others."""
        assert self.NONE == add_up([self.TRUE, self.NONE, self.GUESS][::order])

    def test_a_length_of_their_own(self) -> None:
        """Parts of intervals are as well known as the whole."""
        of = register(("14:00", 1), ("14:15", 4), ("14:35", 5))
        made = make_intervals(of, grid("14:00", 6, 5), ALWAYS, 3, NOON + 9 * HOUR, 3 * HOUR / 12)
        assert [*["measured"] * 3, *["interpolated"] * 3] == [each.rule for each in made]


class TestWhatIsExplained:
    """Parts of an interval, and the registers at its boundaries."""

    READ = register(("14:05", 1), ("14:10", 2), ("14:20", 3))

    def test_the_parts_of_an_interval(self) -> None:
        """Before the first register, between two of them, and behind the last."""
        times = [clock(text) for text in ("14:00", "14:05", "14:10", "14:20", "14:30")]
        rules = ["idle-online", "measured", "measured", "session-open"]
        presence = replace(ALWAYS, sessions=((clock("14:25"), clock("14:40")),))
        assert [
            Part(start, end, after, rule)
            for start, end, after, rule in zip(
                times, times[1:], [None, 1, 2, None], rules, strict=False
            )
        ] == parts_of(self.READ, (times[0], times[-1]), presence)

    @pytest.mark.parametrize("within", [("14:05", "14:10"), ("14:06", "14:09")])
    def test_the_only_part(self, within: tuple[str, str]) -> None:
        """Registers at the edges of an interval or beyond them part nothing."""
        span = (clock(within[0]), clock(within[1]))
        rule = "measured" if within[0] == "14:05" else "interpolated"
        assert [Part(*span, 1, rule)] == parts_of(self.READ, span, ALWAYS)

    def test_a_short_absence(self) -> None:
        """It is none here either."""
        here = Presence(((NOON, clock("14:25")), (clock("14:25"), NOON + 9 * HOUR)), ())
        assert ["idle-online"] == [
            one.rule for one in parts_of(self.READ, (clock("14:20"), clock("14:30")), here)
        ]

    @pytest.mark.parametrize(
        ("after", "at", "wh"),
        [
            (0, "14:00", Fraction(1000)),
            (1, "14:05", Fraction(1000)),
            (1, "14:07", Fraction(1400)),
            (2, "14:13", Fraction(2300)),
            (2, "14:11", Fraction(2100)),
            (3, "14:30", Fraction(3000)),
        ],
    )
    def test_a_register_at_an_instant(self, after: int, at: str, wh: Fraction) -> None:
        """It is exact, and level before the first and behind the last."""
        assert wh == register_before(self.READ, after, clock(at))

    def test_a_register_before_a_break(self) -> None:
        """It is level up to the break."""
        of = Register(self.READ.points, frozenset({2}))
        assert Fraction(2000) == register_before(of, 2, clock("14:15"))

    def test_no_register(self) -> None:
        """Where nothing was read, nothing is known."""
        assert None is register_before(Register(()), 0, clock("14:15"))

    def test_thirds(self) -> None:
        """What no decimal number can say is rounded once."""
        assert Decimal("0.333") == rounded_fraction_kwh(Fraction(1000, 3), 3)
        assert Decimal("0.6667") == rounded_fraction_kwh(Fraction(2000, 3), 4)


class TestRounding:
    """Once, half up, on the cumulative register."""

    @pytest.mark.parametrize(
        ("wh", "decimals", "kwh"),
        [("0.5", 3, "0.001"), ("0.4999", 3, "0.000"), ("1500", 0, "2"), ("0.0005", 6, "0.000001")],
    )
    def test_half_up(self, wh: str, decimals: int, kwh: str) -> None:
        """A half of the last digit is a whole one."""
        assert kwh == f"{rounded_kwh(Decimal(wh), decimals):f}"

    def test_a_foreign_decimal_context_changes_nothing(self) -> None:
        """Exactness does not hang on what somebody set for the whole process."""
        of = register(("14:00", "733255.111"), ("14:15", "733258.222"))
        with localcontext() as context:
            context.prec = 2
            assert Decimal("3.111") == make(of, grid("14:00", 1))[0].energy_kwh

    @FEW
    @given(
        st.lists(
            st.tuples(st.integers(1, 5_000_000), st.integers(0, 40_000_000)),
            min_size=1,
            max_size=30,
        ),
        st.integers(0, 6),
        st.sampled_from([1, 5, 10, 15, 30, 60]),
        st.integers(0, 10**9),
    )
    def test_sums_are_exact(
        self, steps: list[tuple[int, int]], decimals: int, minutes: int, first: int
    ) -> None:
        """Any register: the intervals sum to its rounded difference, and none is negative."""
        instant, wh = clock("00:10"), Decimal(first) / 1000
        points = [Point(instant, wh)]
        for milliseconds, milliwatthours in steps:
            instant += timedelta(milliseconds=milliseconds)
            wh += Decimal(milliwatthours) / 1000
            points.append(Point(instant, wh))
        count = (instant - clock("00:00")) // timedelta(minutes=minutes) + 1
        intervals = make(Register(tuple(points)), grid("00:00", count, minutes), ALWAYS, decimals)
        energies = [each.energy_kwh for each in intervals if each.energy_kwh is not None]
        assert count == len(energies)
        assert rounded_kwh(points[-1].wh, decimals) - rounded_kwh(points[0].wh, decimals) == sum(
            energies, Decimal(0)
        )
        assert min(energies) >= 0

    @FEW
    @given(st.lists(st.integers(0, 10**7), min_size=4, max_size=12), st.data())
    def test_sums_are_exact_over_breaks(self, rises: list[int], data: st.DataObject) -> None:
        """Each epoch counts its own rounded difference, wherever the grid cuts it."""
        breaks = data.draw(st.sets(st.integers(1, len(rises) - 1)))
        wh, points = Decimal(0), []
        for index, rise in enumerate(rises):
            wh += Decimal(rise) / 1000
            points.append(Point(clock("10:00") + timedelta(minutes=7) * index, wh))
        intervals = make(Register(tuple(points), frozenset(breaks)), grid("09:45", 10))
        expected = sum(
            (
                rounded_kwh(points[index].wh, 3) - rounded_kwh(points[index - 1].wh, 3)
                for index in range(1, len(points))
                if index not in breaks
            ),
            Decimal(0),
        )
        energies = [each.energy_kwh or Decimal(0) for each in intervals]
        assert expected == sum(energies, Decimal(0))
        assert min(energies) >= 0

    def test_two_days_meet(self) -> None:
        """The last boundary of a day rounds as the first of the next, whatever is known beyond."""
        points = [("21:50", "10.0004"), ("22:10", "10.0016"), ("22:30", "11.0007")]
        whole = make(register(*points), grid("21:45", 4))
        first = make(register(*points[:2]), grid("21:45", 1))
        second = make(register(*points[1:]), grid("22:15", 2))
        assert whole[0].energy_kwh == first[0].energy_kwh
        assert whole[2:] == second

    def test_a_long_series_is_one_walk(self) -> None:
        """A hundred thousand points and four months of quarter hours take a second, not hours."""
        points = tuple(Point(NOON + timedelta(minutes=2) * i, Decimal(i)) for i in range(100_000))
        boundaries = [NOON + timedelta(minutes=15) * i for i in range(13_000)]
        intervals = make(Register(points), boundaries)
        assert Decimal("0.008") == intervals[0].energy_kwh


@FEW
@given(
    st.lists(
        st.tuples(st.integers(0, 120), st.integers(0, 5)), max_size=6, unique_by=lambda p: p[0]
    ),
    st.lists(st.tuples(st.integers(-30, 150), st.integers(-30, 150)), max_size=3),
    st.lists(st.tuples(st.integers(-30, 150), st.integers(-30, 150)), max_size=2),
)
def test_the_worst_part_is_the_interval(
    read: list[tuple[int, int]], online: list[tuple[int, int]], sessions: list[tuple[int, int]]
) -> None:
    """The parts of an interval fill it, and its rule is the worst of theirs."""

    def at(minutes: int) -> datetime:
        return NOON + timedelta(minutes=minutes)

    wh = 0
    points = []
    for minutes, rise in sorted(read):
        wh += rise
        points.append(Point(at(minutes), Decimal(wh)))
    shown_register = Register(tuple(points))
    spans = [tuple((at(a), at(b)) for a, b in pairs) for pairs in (online, sessions)]
    presence = Presence(spans[0], spans[1])
    for interval in make(shown_register, grid("12:00", 8), presence):
        parts = parts_of(shown_register, (interval.start, interval.end), presence)
        assert [interval.start, *(one.end for one in parts)] == [
            *(one.start for one in parts),
            interval.end,
        ]
        assert interval.rule == max((one.rule for one in parts), key=list(RULES).index)


class TestTheWorst:
    """Of several rules one wins, for an interval as for an instant."""

    @pytest.mark.parametrize(
        ("rules", "worst"),
        [
            (["measured"], "measured"),
            (["interpolated", "measured", "idle-online"], "interpolated"),
            (["offline", "not-read", "contradicted"], "not-read"),
            (["future", "not-read"], "future"),
            (list(RULES), "future"),
        ],
    )
    def test_of_some(self, rules: list[str], worst: str) -> None:
        """The later in the table wins, in whatever order they come."""
        assert worst == worst_of(rules) == worst_of(rules[::-1])

    @pytest.mark.parametrize(
        ("wh", "decimals", "text"),
        [
            (Fraction(1, 2), 3, "0.001"),
            (Fraction(49, 100), 3, "0.000"),
            (Fraction(4003, 3), 3, "1.334"),
            (Fraction(1500), 0, "2"),
            (Fraction(1), 6, "0.001000"),
        ],
    )
    def test_an_exact_register(self, wh: Fraction, decimals: int, text: str) -> None:
        """It is rounded half up, to as many decimals as are asked for."""
        assert text == str(rounded_fraction_kwh(wh, decimals))
