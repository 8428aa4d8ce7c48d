"""Readings to one register that never falls."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.device_profile import GENERIC, DeviceProfile, load_profile
from backend.core.readings import BEGIN, END, ENERGY, Reading
from backend.core.registers import (
    Exchange,
    Register,
    RegisterReading,
    Rule,
    build_register,
    connectors_of,
    register_readings,
)

INCH = load_profile("etrel_inch")
NOON = datetime(2025, 6, 3, 12, tzinfo=UTC)
FEW = settings(max_examples=120, deadline=None, derandomize=True)


def at(
    minutes: float, wh: object, context: str = "Sample.Periodic", **more: Any
) -> RegisterReading:
    """Make a register reading some minutes past noon; meterStart and meterStop are coarse."""
    coarse = Decimal(1) if context in (BEGIN, END) else Decimal(0)
    instant = NOON + timedelta(minutes=minutes)
    fields = {"resolution_wh": coarse, "context": context, "order": 0, **more}
    return RegisterReading(instant=instant, wh=Decimal(str(wh)), **fields)


def build(*readings: RegisterReading, profile: DeviceProfile = INCH) -> Register:
    """Build the register of an INCH, which charges with at most 22 kW."""
    return build_register(readings, profile)


def wh(register: Register) -> list[Decimal]:
    """Give the cumulative register of each point."""
    return [point.wh for point in register.points]


def why(register: Register) -> list[tuple[object, str]]:
    """Give what was set aside, and by which rule."""
    return [(each.reading.wh, each.rule) for each in register.discarded]


def energy(register: Register) -> Decimal:
    """Add up what was counted: every rise within an epoch."""
    values = wh(register)
    return sum(
        (
            values[index] - values[index - 1]
            for index in range(1, len(values))
            if index not in register.breaks
        ),
        Decimal(0),
    )


class TestOrder:
    """The result depends on the readings, not on how they came."""

    def test_sorted_by_time(self) -> None:
        """Late readings take their place."""
        register = build(at(15, 300), at(0, 100), at(5, 200))
        assert [100, 200, 300] == wh(register)
        assert sorted(point.instant for point in register.points) == [
            point.instant for point in register.points
        ]

    def test_duplicates_count_once(self) -> None:
        """A message sent again changes nothing."""
        register = build(at(0, 100), at(5, 200), at(5, 200))
        assert [100, 200] == wh(register)
        assert [(200, Rule.DUPLICATE)] == why(register)

    def test_nothing(self) -> None:
        """No readings make an empty register."""
        assert Register(()) == replace(build(), break_rules=Register(()).break_rules)

    @FEW
    @given(
        st.lists(
            st.builds(
                at,
                st.integers(0, 40),
                st.integers(0, 3000) | st.sampled_from(["100.5", "0.25"]),
                st.sampled_from(["Sample.Periodic", "Sample.Clock", BEGIN, END, "Other", "x"]),
            ),
            max_size=12,
        ),
        st.randoms(use_true_random=False),
    )
    def test_any_order_gives_the_same_register(
        self, readings: list[RegisterReading], random: Any
    ) -> None:
        """Whatever was sent, shuffled and repeated, the points are the same and never fall."""
        shuffled = readings + [each for each in readings if random.random() < 0.5]
        random.shuffle(shuffled)
        first, second = build(*readings), build(*shuffled)
        assert first.points == second.points
        assert (first.breaks, first.doubtful) == (second.breaks, second.doubtful)
        assert set(first.discarded) == {
            each for each in second.discarded if each in first.discarded
        }
        assert wh(first) == sorted(wh(first))
        instants = [point.instant for point in first.points]
        assert instants == sorted(instants)
        # Two values of one instant stand only where the register begins anew.
        assert [] == [
            index
            for index in range(1, len(instants))
            if instants[index - 1] == instants[index] and index not in first.breaks
        ]

    def test_a_foreign_decimal_context_changes_nothing(self) -> None:
        """Exactness does not hang on what somebody set for the whole process."""
        readings = (at(0, "733255111.5000001"), at(5, "733255111.5000002"))
        with localcontext() as context:
            context.prec = 3
            assert [Decimal("733255111.5000001"), Decimal("733255111.5000002")] == wh(
                build(*readings)
            )


class TestOneInstant:
    """Of several readings of one instant one counts."""

    def test_the_finer_wins(self) -> None:
        """A sampled value beats the whole watt hours of meterStart."""
        register = build(at(0, 100, BEGIN), at(0, "100.7"))
        assert [Decimal("100.7")] == wh(register)
        assert [(100, Rule.FINER)] == why(register)

    def test_the_better_context_wins(self) -> None:
        """A begin that is told once more in a later sample is not the register of that time."""
        register = build(
            at(0, 163000),
            at(5, 157440, "Transaction.Begin", resolution_wh=Decimal(0)),
            at(5, 163630),
        )
        assert [163000, 163630] == wh(register)
        assert [(157440, Rule.OTHER_VALUE)] == why(register)

    @pytest.mark.parametrize(("lower", "higher"), [("200", "210"), ("200.2", "200.9")])
    def test_the_higher_wins_among_equals(self, lower: str, higher: str) -> None:
        """A register only rises, so the higher is the later."""
        assert [100, Decimal(higher)] == wh(build(at(0, 100), at(5, lower), at(5, higher)))

    def test_a_higher_one_wins_over_a_better_context(self) -> None:
        """A register that sticks in what it says at the quarter hour is not the register."""
        register = build(at(0, 0), at(15, 0, "Sample.Clock"), at(15, 5_500), at(30, 5_500))
        assert [0, 5_500, 5_500] == wh(register)
        assert [(0, Rule.OTHER_VALUE)] == why(register)

    def test_one_that_was_not_moved_wins(self) -> None:
        """A reading exactly on the boundary beats one that was put there."""
        snapped = at(15, 102, "Sample.Clock", stamped=NOON + timedelta(minutes=15, seconds=-1))
        assert [103] == wh(build(snapped, at(15, 103)))

    def test_of_two_that_were_moved_the_earlier_is_shown(self) -> None:
        """Whichever came first, the same one is kept."""
        early, late = (
            at(15, 102, "Sample.Clock", stamped=NOON + timedelta(minutes=15, seconds=-off))
            for off in (2, 1)
        )
        assert [((early,), (late,))] * 2 == [
            (register.shown, tuple(each.reading for each in register.discarded))
            for register in (build(early, late), build(late, early))
        ]


class TestARestartAtAnInstant:
    """A register that begins anew with a session shows two values at one instant."""

    def test_with_a_start(self) -> None:
        """All of the session counts, also its first minute."""
        register = build(
            at(-15, 11_000), at(0, 11_000, "Sample.Clock"), at(0, 0, BEGIN), at(1, 366), at(2, 733)
        )

        assert [Rule.RESET] == list(register.break_rules.values())
        assert Decimal(733) == energy(register)
        assert () == register.discarded

    def test_with_a_start_and_one_reading_more(self) -> None:
        """That reading is enough to see that the register goes on from the start."""
        register = build(at(-15, 11_000), at(0, 11_000), at(0, 0, BEGIN), at(1, 366))

        assert 366 == energy(register)

    def test_with_a_start_before_anything_flows(self) -> None:
        """The register stays at zero for a while; it began anew where the session did."""
        register = build(
            at(-15, 11_000), at(0, 11_000, "Sample.Clock"), at(0, 0, BEGIN), at(1, 0), at(2, 366)
        )

        assert {2} == register.breaks
        assert () == register.discarded

    def test_not_where_it_comes_back_to_the_height(self) -> None:
        """A meterStart of zero beside a register that stays where it is made nothing."""
        register = build(at(-15, 11_000), at(0, 11_000), at(0, 0, BEGIN), at(600, 11_000))

        assert 0 == energy(register)
        assert frozenset() == register.breaks

    @pytest.mark.parametrize("shown", [10_366, 10_733])
    def test_with_a_stop(self, shown: int) -> None:
        """All of the session counts, also its last minute."""
        register = build(
            at(-2, 10_000), at(-1, shown), at(0, 0, "Sample.Clock"), at(0, 10_733, END), at(15, 0)
        )

        assert [Rule.RESET] == list(register.break_rules.values())
        assert Decimal(733) == energy(register)
        assert () == register.discarded

    @pytest.mark.parametrize(
        ("start", "after"),
        [(0, 11_366), (0, 11_000), (11_000, 11_366), (400, 366), (10_999, 10_999)],
    )
    def test_not_where_the_register_goes_on(self, start: int, after: int) -> None:
        """A meterStart that the register does not follow is set aside, as at any instant."""
        register = build(at(-15, 11_000), at(0, 11_000), at(0, start, BEGIN), at(1, after))

        assert start in [each.reading.wh for each in register.discarded]
        assert 3 == len(register.points)

    @pytest.mark.parametrize(
        ("before", "stop", "shown"),
        [
            (10_000, 10_366, 10_366),
            (10_000, 9_000, 0),
            (0, 500, 100),
            (100, 500, 100),
            (10.5, 11, 10),
        ],
    )
    def test_not_where_it_did_not_fall(self, before: float, stop: int, shown: int) -> None:
        """A meterStop that the register did not rise to is set aside."""
        register = build(at(-1, before), at(0, shown), at(0, stop, END), at(1, shown))

        assert stop in [each.reading.wh for each in register.discarded]

    @pytest.mark.parametrize(
        ("telling", "counted", "aside"),
        [
            ((at(0, 10_733, END), at(0, 10_500, END)), 733, 10_500),
            ((at(0, 0, BEGIN), at(0, 5, BEGIN), at(1, 366)), 366 + 361, 0),
        ],
    )
    def test_with_two_of_a_kind(
        self, telling: tuple[RegisterReading, ...], counted: int, aside: int
    ) -> None:
        """The higher one counts, and the other is set aside."""
        shown = 0 if len(telling) == 2 else 10_366
        register = build(at(-2, 10_000), at(-1, 10_366), at(0, shown, "Sample.Clock"), *telling)

        assert counted == energy(register)
        assert [Rule.RESET] == list(register.break_rules.values())
        assert [(aside, Rule.FINER)] == why(register)

    def test_with_a_stop_behind_one_reading_alone(self) -> None:
        """The reading just before it tells that the register rose to the stop, none before that."""
        register = build(at(-60, 0), at(-1, 10_366), at(0, 0), at(0, 10_733, END), at(15, 0))

        assert 10_733 == energy(register)
        assert () == register.discarded

    def test_without_neighbours(self) -> None:
        """What stands alone tells of no fall."""
        register = build(at(0, 11_000), at(0, 0, BEGIN), at(0, 12_000, END))

        assert [Decimal(11_000)] == wh(register)

    def test_with_nothing_before_a_stop(self) -> None:
        """What comes later does not tell that the register rose to it."""
        register = build(at(0, 0), at(0, 10_733, END), at(15, 5_000))

        assert [0, 5_000] == wh(register)


class TestCoarseReadings:
    """meterStart and meterStop are whole watt hours and follow finer neighbours."""

    def test_a_start_shows_what_stood_before(self) -> None:
        """No energy appears in the idle time before a session."""
        register = build(at(0, "100.884"), at(60, 101, BEGIN), at(61, 400))
        assert [Decimal("100.884"), Decimal("100.884"), 400] == wh(register)
        assert wh(register) == [one.wh for one in register.shown]

    def test_a_start_between_two_that_fit(self) -> None:
        """What was idle until then goes on until then."""
        register = build(at(0, "100.2"), at(60, 100, BEGIN), at(61, "100.9"))
        assert [Decimal("100.2"), Decimal("100.2"), Decimal("100.9")] == wh(register)

    def test_a_stop_shows_what_stands_after(self) -> None:
        """No energy appears in the idle time behind a session, and none is taken back."""
        register = build(at(0, "739.2"), at(1, 740, END), at(15, "740.7"), at(30, "740.7"))
        assert [Decimal("739.2"), *[Decimal("740.7")] * 3] == wh(register)

    def test_a_stop_and_a_start_between_two_samples(self) -> None:
        """The idle time between two sessions stays level though both are coarse."""
        register = build(at(0, "740.2"), at(1, 740, END), at(300, 740, BEGIN), at(301, "740.9"))
        assert [Decimal("740.2"), *[Decimal("740.9")] * 3] == wh(register)

    def test_a_false_value_is_no_neighbour(self) -> None:
        """What is set aside stands between no two readings."""
        register = build(at(0, "829169.7"), at(60, 829_169, BEGIN), at(61, 0), at(62, "829169.7"))
        assert [Decimal("829169.7")] * 3 == wh(register)
        register = build(at(0, 829_169, BEGIN), at(1, 0), at(48, "829169.7"))
        assert [Decimal("829169.7")] * 2 == wh(register)

    def test_another_epoch_is_no_neighbour(self) -> None:
        """Where the register begins anew, what it showed before tells nothing of it."""
        register = build(at(0, "0.4"), at(60, 9_000), at(120, 0, BEGIN), at(180, 5_000))
        assert 9_000 - Decimal("0.4") + 5_000 == energy(register)

    def test_another_meter_is_no_neighbour(self) -> None:
        """It may stand where the old one stood, and its first watt hours are its own."""
        readings = (at(0, "100.4"), at(30, 100, BEGIN), at(60, 105))
        assert 5 == energy(build_register(readings, INCH, [exchanged(20)]))

    def test_a_neighbour_behind_a_restart(self) -> None:
        """The first exact value of the new epoch tells what the start was."""
        register = build(at(0, 9_000), at(60, 0, BEGIN), at(180, "0.5"))
        assert [9_000, Decimal("9000.5"), Decimal("9000.5")] == wh(register)

    def test_without_a_neighbour_it_stays(self) -> None:
        """Coarse readings alone are what they are."""
        assert [100, 5000] == wh(build(at(0, 100, BEGIN), at(60, 5000, END)))

    def test_a_whole_watt_hour_away_is_another_value(self) -> None:
        """The range is open: v - 1 and v + 1 do not belong to it."""
        assert [100, 101, 500] == wh(build(at(0, 100), at(5, 101, BEGIN), at(6, 500)))


class TestSmallFalls:
    """A fall within the register's own step is no fall."""

    def test_one_watt_hour_is_held(self) -> None:
        """A meterStop one below the meterStart is no negative energy and no reset."""
        register = build(at(0, 1000, BEGIN), at(10, 999, END), at(20, 1000, BEGIN))
        assert [1000, 1000, 1000] == wh(register)
        assert frozenset() == register.breaks

    def test_two_watt_hours_of_coarse_readings_are_held(self) -> None:
        """Each of them may be a watt hour off, in the other direction."""
        assert frozenset() == build(at(0, 1000, BEGIN), at(10, 998, END)).breaks
        assert {1} == build(at(0, 1000, BEGIN), at(10, 997, END)).breaks

    def test_it_is_held_against_the_height_not_against_the_last_word(self) -> None:
        """A register cannot creep down in small steps."""
        register = build(at(0, 100), at(1, "99.2"), at(2, "98.4"), at(3, "98.5"))
        assert {2} == register.breaks

    def test_a_reading_moved_in_time_may_seem_to_fall(self) -> None:
        """Two seconds of 22 kW are twelve watt hours."""
        early = at(15, 1000, "Sample.Clock", stamped=NOON + timedelta(minutes=15, seconds=-2))
        register = build(at(0, 0), at(14.99, 1015), early, at(16, 1300))
        assert [0, 1015, 1015, 1300] == wh(register)
        assert frozenset() == register.breaks

    def test_a_reading_moved_in_time_may_not_seem_to_fall_far(self) -> None:
        """A hundred watt hours are more than the tolerance can hide."""
        early = at(15, 1000, "Sample.Clock", stamped=NOON + timedelta(minutes=15, seconds=-2))
        assert {2} == build(at(0, 0), at(14.99, 1100), early).breaks

    def test_what_was_held_last_does_not_say_how_far_is_noise(self) -> None:
        """It is the height that was moved in time, and each reading below it is held."""
        late = at(15, 1012, "Sample.Clock", stamped=NOON + timedelta(minutes=15, seconds=2))
        register = build(at(0, 0), late, at(15.01, 1003), at(15.02, 1007), at(16, 1300))
        assert [0, 1012, 1012, 1012, 1300] == wh(register)

    def test_two_whole_watt_hours_may_seem_to_fall_two(self) -> None:
        """Each is a watt hour away from the register at most; nothing began anew between them."""
        readings = (at(0, "350.5"), at(1, 351, END), at(300, 351, BEGIN), at(360, "351.6"))
        register = build(*readings)
        assert frozenset() == register.breaks
        assert Decimal("1.1") == energy(register)

    def test_a_coarse_step_is_no_haste(self) -> None:
        """A model of whole kilowatt hours shows one within seconds, and was not too fast."""
        profile = DeviceProfile(
            "thousands", max_power_w=Decimal(150_000), register_step_wh=Decimal(1_000)
        )
        register = build(
            at(0, 9_127, END), at(231, 0, BEGIN), at(579.5, 8_000), at(580, 10_000), profile=profile
        )
        assert {1} == register.breaks
        assert 10_000 == energy(register)


class TestNoise:
    """What chargers do to a register changes no energy."""

    @FEW
    @given(
        st.lists(
            st.tuples(
                st.integers(1, 15),
                st.integers(0, 22_000),
                st.sampled_from(["", "", "", "zero", "zeros", "peak", "start", "stop", "again"]),
            ),
            min_size=1,
            max_size=25,
        )
    )
    def test_the_energy_is_what_was_charged(self, steps: list[tuple[int, int, str]]) -> None:
        """Zeros, peaks, coarse and doubled readings between true ones are seen through."""
        minute, true = 0, Decimal("40000.123")
        readings = [at(0, true)]
        for minutes, power_w, noise in steps:
            if noise == "peak":
                readings.append(at(minute + 0.1, 90_000_000))
            if noise.startswith("zero"):
                readings += [at(minute + 0.1 * each, 0) for each in range(1, len(noise) - 2)]
            if noise in ("start", "stop"):
                context = BEGIN if noise == "start" else END
                readings.append(at(minute + 0.1, int(true), context))
            minute += minutes
            true += Decimal(power_w * minutes) / 60
            readings += [at(minute, true)] * (2 if noise == "again" else 1)
        register = build(*readings)
        assert true - readings[0].wh == energy(register)
        assert frozenset() == register.breaks


class TestPeaksAndDips:
    """What leaves the course faster than the charger can, and returns to it, is set aside."""

    def test_a_register_that_shows_zero_for_a_moment(self) -> None:
        """16 MWh, 0, 16 MWh: the 0 is discarded, and nothing is lost."""
        register = build(at(0, 16_000_000), at(1, 0), at(2, 0), at(3, 16_000_210))
        assert [16_000_000, 16_000_210] == wh(register)
        assert [(0, Rule.DIP)] * 2 == why(register)

    def test_it_is_back_from_the_last_zero(self) -> None:
        """Half an hour at zero is no time in which the charger could have charged anew."""
        register = build(at(0, 15_000), at(1, 0), at(30, 0), at(31, 15_000))
        assert [15_000, 15_000] == wh(register)

    @pytest.mark.parametrize("stale", [925, 1850, 100])
    def test_an_old_value_shown_once(self, stale: int) -> None:
        """However slowly the car charges, the energy since then counts once."""
        register = build(
            at(0, 0), at(15, 925), at(30, 1850), at(45, 2775), at(60, stale), at(75, 4625)
        )
        assert 4625 == energy(register)
        assert [(stale, Rule.DIP)] == why(register)

    def test_what_stands_beside_an_old_value_is_contested(self) -> None:
        """It may be the higher one that is wrong: the rises to it and from it are in doubt."""
        register = build(at(0, 0), at(15, 500), at(28, 733), at(30, 500), at(31, 866), at(32, 1232))
        assert [(500, Rule.DIP)] == why(register)
        assert {2, 3} == register.contested

    def test_what_does_not_rise_is_not_contested(self) -> None:
        """Behind an old value the register stands where it stood, and then goes on as ever."""
        register = build(at(0, 0), at(15, 500), at(28, 733), at(30, 500), at(31, 733), at(32, 999))
        assert {2, 3} == register.contested

    def test_several_old_values(self) -> None:
        """Each is set aside, and so stays what was set aside before."""
        told = at(0, 0), at(15, 500), at(28, 733), at(30, 500), at(31, 866), at(33, 600)
        assert [(500, Rule.DIP), (600, Rule.DIP)] == why(build(*told, at(34, 1_100)))

    def test_what_is_too_fast_is_not_contested(self) -> None:
        """Nobody can doubt which of the two is wrong."""
        register = build(at(0, 10), at(1, 16_000), at(2, 5_000), at(3, 16_010))
        assert frozenset() == register.contested

    def test_a_register_that_begins_anew_and_grows_past_its_old_height(self) -> None:
        """It began low, so it is no old value; what it counted anew counts."""
        register = build(at(0, 0), at(15, 925), at(30, 0), at(45, 925), at(60, 1850))
        assert frozenset({2}) == register.breaks
        assert 925 + 1850 == energy(register)

    def test_a_peak(self) -> None:
        """One value far too high is discarded."""
        register = build(at(0, 1000), at(1, 1300), at(2, 9_999_999), at(3, 9_999_999), at(4, 2000))
        assert [1000, 1300, 2000] == wh(register)
        assert [(9_999_999, Rule.SPIKE)] * 2 == why(register)

    def test_an_idle_register_goes_on_exactly_where_it_was(self) -> None:
        """So most peaks and dips end: while nothing charges."""
        dip = build(at(0, 16_000_000), at(1, 0), at(2, 16_000_000))
        peak = build(at(0, 16_000_000), at(1, 99_000_000), at(2, 16_000_000))
        assert [16_000_000] * 2 == wh(dip) == wh(peak)
        assert [(0, Rule.DIP)] == why(dip)
        assert [(99_000_000, Rule.SPIKE)] == why(peak)

    def test_a_register_of_the_session_among_lifetime_values(self) -> None:
        """Start and Stop tell the lifetime, samples the session: never subtract across them."""
        register = build(
            at(0, 4_076_400, BEGIN),
            at(1, 104),
            at(2, 228),
            at(60, 12_000),
            at(61, 4_088_500, END),
        )
        assert [4_076_400, 4_088_500] == wh(register)
        assert [Rule.DIP] * 3 == [rule for _, rule in why(register)]

    def test_a_slow_way_back_is_no_dip(self) -> None:
        """A register that restarts with each session passes its old height by charging."""
        readings = [
            at(0, 0),
            at(30, 10_000),
            at(60, 0),
            at(90, 9_900),
            at(91, 10_200),
            at(99, 12_000),
        ]
        register = build(*readings)
        assert {2} == register.breaks
        assert 22_000 == energy(register)

    def test_a_slow_way_up_is_no_peak(self) -> None:
        """A reset to a height it once had is still a reset."""
        register = build(at(0, 100), at(60, 20_000), at(61, 200), at(62, 300))
        assert {2} == register.breaks
        assert 20_000 == energy(register)

    def test_a_fall_to_zero_is_a_restart(self) -> None:
        """A session told only at its end, on a register that restarts, keeps its energy."""
        register = build(at(0, 0), at(179, 0), at(180, 20_000), at(300, 0), at(360, 9_000))
        assert 29_000 == energy(register)
        assert {3: Rule.RESET} == register.break_rules

    @pytest.mark.parametrize("back", ["740.2", "739.9", "739.2"])
    def test_a_dip_ends_within_the_step(self, back: str) -> None:
        """The old course is one that lies within the register's step of it."""
        register = build(at(0, "700740.2"), at(1, 0), at(2, f"700{back}"), at(3, "700741"))
        assert [(0, Rule.DIP)] == why(register)
        assert Decimal("0.8") == energy(register)

    @pytest.mark.parametrize("back", ["740.2", "739.9", "739.2"])
    def test_a_peak_ends_within_the_step(self, back: str) -> None:
        """So does a peak, and nothing begins anew."""
        register = build(at(0, "700740.2"), at(1, 9_000_000), at(2, f"700{back}"), at(3, "700741"))
        assert [(9_000_000, Rule.SPIKE)] == why(register)
        assert frozenset() == register.breaks
        assert Decimal("0.8") == energy(register)

    def test_a_peak_of_a_model_of_coarse_steps(self) -> None:
        """Its register goes on within a step of where it was, and that step is a large one."""
        profile = DeviceProfile(
            "thousands", max_power_w=Decimal(150_000), register_step_wh=Decimal(1_000)
        )
        told = at(0, 700_500), at(1, 9_000_000), at(2, 700_000), at(3, 701_000)
        register = build(*told, profile=profile)
        assert [(9_000_000, Rule.SPIKE)] == why(register)
        assert 500 == energy(register)

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (at(0, 1_002, END), at(2, 1_000, BEGIN)),
            (
                at(0, 1_015),
                at(15, 1_000, "Sample.Clock", stamped=NOON + timedelta(minutes=15, seconds=-2)),
            ),
        ],
    )
    def test_a_peak_ends_within_the_noise(
        self, before: RegisterReading, after: RegisterReading
    ) -> None:
        """Coarse readings and moved ones may stand further below the old course than the step."""
        tolerance_s = Decimal(0 if after.stamped is None else 2)
        profile = replace(INCH, aligned_tolerance_s=tolerance_s)
        register = build(before, at(1, 9_000_000), after, profile=profile)
        assert [(9_000_000, Rule.SPIKE)] == why(register)
        assert 0 == energy(register)

    def test_a_peak_behind_a_restart(self) -> None:
        """It is not the old course, so what was counted anew is no dip."""
        register = build(
            at(0, 479_241),
            at(300, 0, BEGIN),
            at(400, 10_329),
            at(401, 1_777_335_738),
            at(900, 10_343),
        )
        assert {1: Rule.RESET} == register.break_rules
        assert [(1_777_335_738, Rule.SPIKE)] == why(register)
        assert 10_343 == energy(register)

    def test_peaks_of_several_heights_behind_a_restart(self) -> None:
        """None of them is the old course, and the restart counts."""
        peaks = at(401, 90_000_000), at(402, 80_000_000), at(403, 85_000_000)
        register = build(
            at(0, 479_241), at(300, 0, BEGIN), at(400, 10_329), *peaks, at(900, 10_343)
        )
        assert {1: Rule.RESET} == register.break_rules
        assert 10_343 == energy(register)

    def test_a_dip_and_a_peak_behind_a_restart(self) -> None:
        """From where it began anew there was time to charge to the old height once more."""
        register = build(
            at(0, 90_000), at(60, 20_000), at(199, 0), at(200, 90_000_000), at(201, 90_500)
        )
        assert {1: Rule.RESET} == register.break_rules
        assert 70_500 == energy(register)

    def test_a_dip_and_a_peak_before_the_old_course(self) -> None:
        """Both are set aside, and the register goes on."""
        register = build(at(0, 479_241), at(1, 0), at(2, 90_000_000), at(3, 479_300))
        assert [479_241, 479_300] == wh(register)
        assert [(0, Rule.DIP), (90_000_000, Rule.DIP)] == why(register)

    def test_peaks_of_several_heights_behind_a_dip(self) -> None:
        """One peak that is lower than another is no old course yet."""
        register = build(
            at(0, 479_241), at(1, 0), at(2, 90_000_000), at(3, 80_000_000), at(4, 479_300)
        )
        assert [479_241, 479_300] == wh(register)

    def test_a_dip_before_a_jump(self) -> None:
        """A height that stays is what the dip came back to, however it was reached."""
        register = build(at(0, 1_000), at(1, 0), at(2, 9_000_000), at(60, 9_000_100))
        assert [(0, Rule.DIP)] == why(register)
        assert {1: Rule.JUMP} == register.break_rules

    def test_a_dip_while_the_register_sticks(self) -> None:
        """What comes up at once and stays is the old course, not a peak."""
        register = build(at(0, 479_241), at(60, 0), at(61, 499_241), at(62, 499_300))
        assert [(0, Rule.DIP)] == why(register)
        assert 20_059 == energy(register)

    def test_a_restart_that_was_moved_to_the_grid(self) -> None:
        """What a reading shows two seconds after a restart is as low as the restart."""
        moved = NOON + timedelta(minutes=60, seconds=2)
        register = build(
            at(-60, 0, BEGIN),
            at(0, 5_000),
            at(60, 12, "Sample.Clock", stamped=moved),
            at(75, 5_400),
        )
        assert {2: Rule.RESET} == register.break_rules
        assert 5_000 + 5_388 == energy(register)

    @pytest.mark.parametrize(("low", "rules"), [("1", [Rule.JUMP, Rule.RESET]), ("1.001", [])])
    def test_a_fall_to_nearly_zero_is_a_restart(self, low: str, rules: list[Rule]) -> None:
        """Within the register's step of zero nobody can tell a peak's end from a restart."""
        register = build(at(0, low), at(1, 9_000_000), at(2, low))
        assert rules == list(register.break_rules.values())

    def test_without_a_known_power_nothing_is_too_fast(self) -> None:
        """Then every fall is a new epoch."""
        profile = DeviceProfile("unknown", max_power_w=Decimal(0))
        register = build(at(0, 1000), at(1, 0), at(2, 9_999_999), profile=profile)
        assert {1} == register.breaks
        assert 9_999_999 == energy(register)


class TestEpochs:
    """Where the register begins anew, no energy is counted from before to after."""

    def test_a_reset(self) -> None:
        """Both epochs count, the fall does not."""
        register = build(at(0, 163_000), at(30, 163_630), at(60, 0), at(90, 500))
        assert {2: Rule.RESET} == register.break_rules
        assert 1130 == energy(register)
        assert wh(register) == sorted(wh(register))

    def test_an_epoch_rounds_as_the_register_shows(self) -> None:
        """It is lifted by whole kilowatt hours, so it is the same whenever a period begins."""
        register = build(at(0, "163000.7"), at(60, "0.25"), at(90, "500.25"))
        assert Decimal("164000.25") == register.points[1].wh
        assert Decimal("0.25") == register.points[1].wh % 1000

    def test_a_rollover(self) -> None:
        """A register of 32 bits goes on at zero, and the energy over it counts."""
        register = build(at(0, 4_294_967_290), at(15, 12), at(30, 5_012), profile=GENERIC)
        assert [4_294_967_290, 4_294_967_308, 4_294_972_308] == wh(register)
        assert frozenset() == register.breaks

    def test_a_rollover_between_two_close_readings(self) -> None:
        """A minute of a clock is forgiven, as everywhere."""
        register = build(at(0, 4_294_967_290), at(0.5, 3_000), profile=GENERIC)
        assert frozenset() == register.breaks

    def test_a_register_beyond_the_rollover(self) -> None:
        """It does not roll over there, so its fall is a reset."""
        profile = DeviceProfile("small", rollovers_wh=(Decimal(10_000_000),))
        assert {1} == build(at(0, 50_000_000), at(15, 12), profile=profile).breaks

    def test_a_full_turn_to_where_it_was(self) -> None:
        """A register that shows more than its modulus turns over to the same height."""
        profile = DeviceProfile("small", rollovers_wh=(Decimal(10_000_000),))
        register = build(at(0, 10_000_005), at(15, 5), profile=profile)
        assert [10_000_005] * 2 == wh(register)
        assert {1} == register.rollovers

    def test_a_fall_far_from_the_rollover_is_a_reset(self) -> None:
        """A full turn would have taken more than the charger can."""
        register = build(at(0, 1_000_000), at(15, 12), profile=GENERIC)
        assert {1} == register.breaks

    def test_a_reset_after_a_rollover(self) -> None:
        """The new epoch shows what the register shows."""
        register = build(
            at(0, 4_294_967_290), at(15, 130_000), at(30, 100), at(45, 200), profile=GENERIC
        )
        assert {2} == register.breaks
        assert 130_006 + 100 == energy(register)

    def test_a_rise_beyond_all_reason(self) -> None:
        """An exchanged meter that shows more than the old one is no energy."""
        register = build(at(0, 1000), at(60, 5_000_000), at(90, 5_000_500))
        assert {1: Rule.JUMP} == register.break_rules
        assert 500 == energy(register)

    def test_a_rise_at_the_edge_of_reason(self) -> None:
        """Ten times its power for the time between and a minute: so much is believed."""
        register = build(at(0, 0), at(59, 220_000), at(118, 440_001))
        assert {2: Rule.JUMP} == register.break_rules

    def test_a_register_that_is_only_told_at_the_end(self) -> None:
        """It stood still for hours and rises at once: the energy counts, its time is doubtful."""
        register = build(at(0, 1000), at(60, 1000), at(180, 1000), at(180.2, 21_000))
        assert frozenset() == register.breaks
        assert {3} == register.doubtful

    def test_standing_still_is_over_with_the_first_rise(self) -> None:
        """What then rises beyond all reason did not charge during the hours before."""
        register = build(at(0, 1000), at(179, 1000), at(180, 2000), at(180.2, 21_000))
        assert {3: Rule.JUMP} == register.break_rules

    def test_a_jump_over_a_reset_counts_from_there(self) -> None:
        """Behind a break a rise is judged by what follows."""
        register = build(at(0, 5000), at(1, 2), at(2, 300))
        assert {1} == register.breaks
        assert not register.doubtful

    def test_a_negative_register_is_none(self) -> None:
        """A register counts from zero."""
        assert [(-1, Rule.NEGATIVE)] == why(build(at(0, -1), at(1, 5)))


def reading(value: object, **fields: Any) -> Reading:
    """Make a reading of connector 1 at noon."""
    return Reading(
        **{
            "connector": 1,
            "instant": NOON,
            "measurand": ENERGY,
            "phase": None,
            "location": "Outlet",
            "context": "Sample.Periodic",
            "value": None if value is None else Decimal(str(value)),
            "unit": "Wh",
            "raw_value": str(value),
            "raw_unit": "Wh",
            "transaction": None,
            "resolution_wh": Decimal(0),
            "position": 0,
            **fields,
        }
    )


def picked(*readings: Reading, profile: DeviceProfile = INCH, **fields: Any) -> list[Decimal]:
    """Give the register values that are picked."""
    return [each.wh for each in register_readings(readings, profile, 900, **fields)]


class TestPicking:
    """What of all readings is the register."""

    def test_only_the_register_of_the_connector(self) -> None:
        """Neither powers, nor intervals, nor signed data, nor the whole station."""
        readings = (
            reading(1),
            reading(2, connector=0),
            reading(3, connector=2),
            reading(4, measurand="Energy.Active.Import.Interval"),
            reading(None),
        )
        assert [1] == picked(*readings)
        assert [3] == picked(*readings, connector=2)
        assert (1, 2) == connectors_of(readings)

    def test_phases_are_summed_without_a_total(self) -> None:
        """Three phases make one register, exactly."""
        phases = [reading(f"{value}.000000000001", phase=f"L{value}") for value in (1, 2, 3)]
        assert [Decimal("6.000000000003")] == picked(*phases)

    def test_the_total_wins(self) -> None:
        """Total and phases together do not double."""
        assert [6] == picked(reading(6), reading(1, phase="L1"), reading(2, phase="L2"))

    @pytest.mark.parametrize("first", [2, 3])
    def test_a_phase_said_twice_counts_once(self, first: int) -> None:
        """A message sent again does not double a phase; the larger value is the later one."""
        twice = reading(first, phase="L1"), reading(5 - first, phase="L1")
        assert [5] == picked(*twice, reading(2, phase="L2"))

    def test_the_sum_of_phases_is_a_reading_like_any(self) -> None:
        """It stands where its first phase stands, with the context and as exact as sampled."""
        phases = [
            reading(value, phase=f"L{value}", context="Trigger", position=9 - value)
            for value in (1, 2, 3)
        ]
        (found,) = register_readings(phases, INCH, 900)
        assert RegisterReading(NOON, Decimal(6), Decimal(0), "Trigger", 6) == found

    def test_a_start_stays_coarse(self) -> None:
        """How coarse a value is stays with it."""
        (found,) = register_readings(
            [reading(7, context=BEGIN, resolution_wh=Decimal(1))], INCH, 900
        )
        assert RegisterReading(NOON, Decimal(7), Decimal(1), BEGIN, 0) == found

    def test_neutral_is_no_phase_of_energy(self) -> None:
        """A sample of nothing but N is no register."""
        assert [] == picked(reading(2, phase="N"))

    def test_the_outlet_wins(self) -> None:
        """Values of the inlet beside it are of another meter; alone they count."""
        assert [2] == picked(reading(2), reading(3, location="Inlet"))
        assert [3] == picked(reading(3, location="Inlet"))

    def test_two_samples_of_one_instant_stay_two(self) -> None:
        """A begin and a periodic value in one message are told apart by their context."""
        readings = register_readings(
            (reading(163_630), reading(157_440, context=BEGIN, position=1)), INCH, 900
        )
        assert [("Sample.Periodic", 0), (BEGIN, 1)] == [
            (each.context, each.order) for each in readings
        ]


class TestTheGrid:
    """Clock-aligned readings are put on the grid, within the profile's tolerance."""

    @pytest.mark.parametrize(
        ("stamped", "expected"),
        [("11:59:59.489", "12:00:00"), ("12:00:02", "12:00:00"), ("12:15:00", "12:15:00")],
    )
    def test_close_to_it(self, stamped: str, expected: str) -> None:
        """The INCH stamps them half a second early; the original is kept."""
        said = datetime.fromisoformat(f"2025-06-03T{stamped}+00:00")
        (found,) = register_readings([reading(1, instant=said, context="Sample.Clock")], INCH, 900)
        assert datetime.fromisoformat(f"2025-06-03T{expected}+00:00") == found.instant
        assert (None if said == found.instant else said) == found.stamped

    @pytest.mark.parametrize(
        ("context", "seconds"),
        [("Sample.Clock", 3), ("Sample.Clock", 2.000001), ("Sample.Periodic", 1), (BEGIN, 1)],
    )
    def test_others_stay(self, context: str, seconds: float) -> None:
        """Too far away, or not clock-aligned."""
        said = NOON + timedelta(seconds=seconds)
        (found,) = register_readings([reading(1, instant=said, context=context)], INCH, 900)
        assert (said, None) == (found.instant, found.stamped)

    def test_a_tenth_of_the_interval_at_most(self) -> None:
        """A wide tolerance does not move a reading over half an interval."""
        profile = DeviceProfile("wide", aligned_tolerance_s=Decimal(600))
        readings = [
            reading(1, instant=NOON + timedelta(seconds=s), context="Sample.Clock")
            for s in (90, 91)
        ]
        found = register_readings(readings, profile, 900)
        assert [NOON, NOON + timedelta(seconds=91)] == [each.instant for each in found]

    def test_not_where_it_was_received(self) -> None:
        """Where the instant of reception stands in, no grid is meant; the point says so."""
        instant = NOON + timedelta(seconds=1)
        found = register_readings(
            [reading(1, instant=instant, context="Sample.Clock")], INCH, 900, 1, {instant}
        )
        assert [(instant, None, True)] == [
            (each.instant, each.stamped, each.by_reception) for each in found
        ]
        assert frozenset({0}) == build(*found).by_reception

    def test_models_that_stamp_the_start(self) -> None:
        """OCPP 1.6 §9.1.5 lets them; the register is that of the interval's end."""
        profile = DeviceProfile("start", aligned_stamp="start")
        (found,) = register_readings([reading(1, context="Sample.Clock")], profile, 900)
        assert (NOON + timedelta(minutes=15), NOON) == (found.instant, found.stamped)

    def test_a_session_that_begins_anew_just_before_it(self) -> None:
        """A clock-aligned value is not moved behind the start that came after it."""
        second = timedelta(seconds=1)
        said = [
            reading(3_380, instant=NOON - timedelta(minutes=15), context="Sample.Clock"),
            reading(3_380, instant=NOON - 2 * second, context="Sample.Clock"),
            reading(3_380, instant=NOON - 9 * second, context=END, resolution_wh=Decimal(1)),
            reading(0, instant=NOON - second, context=BEGIN, resolution_wh=Decimal(1)),
            reading(3_770, instant=NOON + timedelta(minutes=16), context="Sample.Periodic"),
        ]
        for order in permutations(said):
            found = register_readings(order, INCH, 900)
            assert [-900, -9, -2, -1, 960] == [(one.instant - NOON) // second for one in found]
            register = build(*found)
            assert {3: Rule.RESET} == dict(register.break_rules)
            assert Decimal(3_770) == register.points[4].wh - register.points[3].wh

    @pytest.mark.parametrize(
        ("seconds", "other", "context", "is_moved"),
        [
            (-2, 4_999, BEGIN, True),  # within the register's step
            (-2, "4998.999", BEGIN, False),
            (-2, 5_001, BEGIN, True),
            (2, 5_001, END, True),
            (2, "5001.001", END, False),
            (2, 4_000, END, True),
            (-2, 0, "Sample.Periodic", True),  # a moment of zero tells of no restart
        ],
    )
    def test_what_lies_between(
        self, seconds: int, other: object, context: str, is_moved: bool
    ) -> None:
        """Only a start or a stop that would contradict it keeps a value where it was said."""
        at, between = (NOON + timedelta(seconds=part) for part in (seconds, seconds / 2))
        found = register_readings(
            [
                reading(5_000, instant=at, context="Sample.Clock"),
                reading(other, instant=between, context=context),
            ],
            INCH,
            900,
        )
        (aligned,) = (one for one in found if one.context == "Sample.Clock")
        assert ((NOON, at) if is_moved else (at, None)) == (aligned.instant, aligned.stamped)

    @pytest.mark.parametrize("context", ["Sample.Clock", "Sample.Periodic", BEGIN, END])
    @pytest.mark.parametrize("seconds", [-60, -2, 0, 60])
    def test_what_does_not_lie_between(self, seconds: int, context: str) -> None:
        """What is further away is nothing to it, and what is at either end lies on it."""
        at = NOON - timedelta(seconds=2)
        other = NOON + timedelta(seconds=seconds)
        found = register_readings(
            [
                reading(5_000, instant=at, context="Sample.Clock"),
                reading(1, instant=other, context=context),
            ],
            INCH,
            900,
        )
        assert NOON in {one.instant for one in found if one.wh == 5_000}


def exchanged(
    minutes: float, old: object = None, new: object = None, connector: int = 1
) -> Exchange:
    """Make what an operator states of an exchange some minutes past noon."""
    first, second = (None if one is None else Decimal(str(one)) for one in (old, new))
    return Exchange(NOON + timedelta(minutes=minutes), first, second, connector)


class TestExchange:
    """An operator states that the meter was exchanged."""

    def test_both_readings_lose_nothing(self) -> None:
        """What the old one counted to its end and the new one from its start is counted."""
        readings = (at(0, 100_000), at(15, 102_000), at(30, 1_000), at(45, 2_000))
        register = build_register(readings, INCH, [exchanged(20, 103_000, 500)])
        assert 2_000 + 1_000 + 500 + 1_000 == energy(register)
        assert {3: Rule.EXCHANGE} == register.break_rules
        assert {2, 3} == register.by_settings
        assert ["100000", "102000", "103000", "500", "1000", "2000"] == [
            str(one.wh) for one in register.shown
        ]

    def test_a_higher_new_register(self) -> None:
        """Nothing is counted across, though the rise alone could be energy."""
        readings = (at(0, 100_000), at(15, 102_000), at(30, 105_000), at(45, 106_000))
        assert 6_000 == energy(build(*readings))
        register = build_register(readings, INCH, [exchanged(20)])
        assert 3_000 == energy(register)
        assert {2: Rule.EXCHANGE} == register.break_rules

    def test_behind_an_exchange_the_register_rounds_as_it_shows(self) -> None:
        """It is lifted by whole kilowatt hours, up or down."""
        for new in ("12345.6", "987654.3"):
            register = build_register((at(0, "55555.5"), at(30, new)), INCH, [exchanged(20)])
            assert Decimal(new) % 1000 == register.points[1].wh % 1000
            assert register.points[1].wh >= register.points[0].wh

    def test_a_reading_of_that_instant_is_the_new_meters(self) -> None:
        """And what the settings state stands in its place."""
        readings = (at(0, 100), at(20, 7), at(30, 9))
        register = build_register(readings, INCH, [exchanged(20, 150, 5)])
        assert [100, 150, 5, 9] == [one.wh for one in register.shown]
        assert [(7, Rule.OTHER_VALUE)] == why(register)

    @pytest.mark.parametrize(
        ("old", "new", "expected"),
        [(90, None, [(90, Rule.NOT_STATED)]), (None, 9, [(9, Rule.NOT_STATED)])],
    )
    def test_what_the_readings_contradict(
        self, old: object, new: object, expected: list[object]
    ) -> None:
        """An end below what was read, or a start above it, is set aside, and nothing else."""
        readings = (at(0, 100), at(30, 5), at(45, 6))
        register = build_register(readings, INCH, [exchanged(20, old, new)])
        assert expected == why(register)
        assert [100, 5, 6] == [one.wh for one in register.shown]

    def test_within_the_step_it_is_no_contradiction(self) -> None:
        """What is stated in whole watt hours may be a little beside what was read."""
        readings = (at(0, "100.4"), at(30, "5.3"))
        register = build_register(readings, INCH, [exchanged(20, 100, 6)])
        assert [] == why(register)
        assert 0 == energy(register)

    @pytest.mark.parametrize(
        ("old", "new", "counts"),
        [(99, None, True), ("98.9", None, False), (None, 6, True), (None, "6.1", False)],
    )
    def test_a_step_is_no_contradiction(self, old: object, new: object, counts: bool) -> None:
        """What is stated may be as far beside what was read as noise is, and no further."""
        register = build_register((at(0, 100), at(30, 5)), INCH, [exchanged(20, old, new)])
        assert counts == ([] == why(register))
        assert 0 == energy(register)

    def test_what_is_stated_is_exact(self) -> None:
        """Half a watt hour beside what was read is half a watt hour."""
        register = build_register((at(0, "100.4"), at(30, 5)), INCH, [exchanged(20, "100.9")])
        assert Decimal("0.5") == energy(register)

    def test_what_is_set_aside_stands_in_order(self) -> None:
        """What is stated stands before readings of its instant that the protocol does not name."""
        readings = (at(0, 100), at(20, 4, "Odd"), at(20, "4.5", "Odd"), at(30, 5))
        register = build_register(readings, INCH, [exchanged(20, None, 50)])
        assert [Rule.NOT_STATED, Rule.OTHER_VALUE] == [rule for _, rule in why(register)]

    def test_both_ends_of_a_meter_that_the_readings_contradict(self) -> None:
        """Its start and its end are set aside."""
        stated = [exchanged(20, None, 60), exchanged(40, 40)]
        register = build_register((at(0, 100), at(30, 50), at(60, 2)), INCH, stated)
        assert [(60, Rule.NOT_STATED), (40, Rule.NOT_STATED)] == why(register)

    def test_a_meter_that_was_never_read(self) -> None:
        """What the settings state of it is all that is counted."""
        stated = [exchanged(20, None, 5), exchanged(40, 9)]
        register = build_register((at(0, 100), at(60, 2)), INCH, stated)
        assert [100, 5, 9, 2] == [one.wh for one in register.shown]
        assert {1, 3} == register.breaks
        assert 4 == energy(register)

    def test_an_exchange_before_and_after_all_readings(self) -> None:
        """There is no epoch to break, and what is stated bridges as a reading does."""
        register = build_register((at(0, 100), at(15, 200)), INCH, [exchanged(-60, 5, 50)])
        assert frozenset({1}) == register.breaks
        assert 150 == energy(register)
        register = build_register((at(0, 100),), INCH, [exchanged(60, 300)])
        assert (200, frozenset()) == (energy(register), register.breaks)
        register = build_register((at(0, 100),), INCH, [exchanged(60), exchanged(-60)])
        assert (0, frozenset()) == (energy(register), register.breaks)

    def test_a_spike_does_not_reach_across(self) -> None:
        """Each meter is followed by itself: a lower new one makes no peak of the old one."""
        readings = (at(0, 100_000), at(1, 150_000), at(2, 100_010))
        assert [(150_000, Rule.SPIKE)] == why(build(*readings))
        assert [] == why(build_register(readings, INCH, [exchanged(1.5)]))

    def test_a_rollover_of_the_old_meter_ends_with_it(self) -> None:
        """The new one counts from where it stands."""
        profile = replace(INCH, rollovers_wh=(Decimal(100_000),))
        readings = (at(0, 99_900), at(15, 100), at(30, 50), at(45, 60))
        register = build_register(readings, profile, [exchanged(20, 150, 40)])
        assert 200 + 50 + 10 + 10 == energy(register)
        assert {1} == register.rollovers

    @FEW
    @given(
        st.lists(st.builds(at, st.integers(0, 59), st.integers(0, 3000)), max_size=8),
        st.lists(st.builds(at, st.integers(60, 120), st.integers(0, 3000)), max_size=8),
        st.none() | st.integers(0, 3000),
        st.none() | st.integers(0, 3000),
        st.randoms(use_true_random=False),
    )
    def test_two_meters_are_the_sum_of_each(
        self,
        old: list[RegisterReading],
        new: list[RegisterReading],
        old_end: int | None,
        new_start: int | None,
        random: Any,
    ) -> None:
        """Whatever they read and in whatever order it came, nothing else is counted."""
        stated = exchanged(60, old_end, new_start)
        shuffled = [*old, *new]
        random.shuffle(shuffled)
        whole = build_register(shuffled, INCH, [stated])
        first = build_register(old, INCH, [replace(stated, new_start_wh=None)])
        second = build_register(new, INCH, [replace(stated, old_end_wh=None)])
        if all(index not in whole.doubtful for index in range(len(whole.points))):
            assert energy(first) + energy(second) == energy(whole)
        assert wh(whole) == sorted(wh(whole))
        assert len(whole.points) == len(whole.shown) == len(first.points) + len(second.points)


class TestLimits:
    """What is just believed, and what is just not."""

    @pytest.mark.parametrize(("height", "rules"), [("551", [Rule.RESET]), ("551.001", [])])
    def test_the_way_back_from_a_dip(self, height: str, rules: list[Rule]) -> None:
        """One and a half times the power for the time, and the register's step, is plausible."""
        register = build(at(0, height), at(1, 0), at(2, height))
        assert rules == list(register.break_rules.values())

    @pytest.mark.parametrize(("peak", "rules"), [("1551", [Rule.RESET]), ("1551.001", [])])
    def test_the_way_up_to_a_peak(self, peak: str, rules: list[Rule]) -> None:
        """So it is on the way up."""
        register = build(at(0, 1000), at(1, peak), at(2, 1000))
        assert rules == list(register.break_rules.values())

    @pytest.mark.parametrize(("before", "breaks"), [("1020", set()), ("1020.00001", {2})])
    def test_the_noise_of_what_was_moved(self, before: str, breaks: set[int]) -> None:
        """Two seconds of one and a half times 24 kW are twenty watt hours."""
        profile = DeviceProfile("24", max_power_w=Decimal(24_000))
        moved = at(15, 1000, "Sample.Clock", stamped=NOON + timedelta(minutes=15, seconds=-2))
        assert breaks == build(at(0, 0), at(14.99, before), moved, profile=profile).breaks

    @pytest.mark.parametrize(("fall", "breaks"), [("1", set()), ("1.001", {1})])
    def test_the_step(self, fall: str, breaks: set[int]) -> None:
        """A fall of one step is held."""
        low = 100_000 - Decimal(fall)
        assert breaks == build(at(0, 100_000), at(60, low), at(120, low)).breaks

    @pytest.mark.parametrize(("shown", "rule"), [("98.999", Rule.RESET), ("99", Rule.DIP)])
    def test_what_was_shown_before(self, shown: str, rule: Rule) -> None:
        """What is known begins somewhere; its first value had been shown, within a step."""
        register = build(at(0, 100), at(30, 5_000), at(60, shown), at(200, 5_100))
        assert [rule] == [*register.break_rules.values(), *(each for _, each in why(register))]

    @pytest.mark.parametrize(("shown", "rule"), [("2", Rule.RESET), ("2.001", Rule.DIP)])
    def test_what_is_nearly_zero(self, shown: str, rule: Rule) -> None:
        """A step and its noise above zero is where a register begins anew, shown before or not."""
        register = build(at(0, 3), at(30, 5_000), at(60, shown), at(200, 5_100))
        assert [rule] == [*register.break_rules.values(), *(each for _, each in why(register))]

    @pytest.mark.parametrize(("shown", "rule"), [("101", Rule.RESET), ("101.001", Rule.DIP)])
    def test_what_the_epoch_had_passed(self, shown: str, rule: Rule) -> None:
        """Within a step of where an epoch began, a value is that of a new one."""
        known = at(0, 9_000), at(30, 100), at(60, 5_000)
        register = build(*known, at(90, shown), at(240, 5_100))
        told = [*register.break_rules.values(), *(each for _, each in why(register))]
        assert [Rule.RESET, rule] == told

    def test_a_value_that_sticks_is_counted_once(self) -> None:
        """It equals the first that is known; what was charged meanwhile is not charged again."""
        register = build(at(0, 100), at(30, 100), at(50, 5_000), at(60, 100), at(120, 5_000))
        assert Decimal(4_900) == register.points[-1].wh - register.points[0].wh
        assert {} == register.break_rules

    @pytest.mark.parametrize(("shown", "rules"), [("12704", []), ("12704.001", [Rule.RESET])])
    def test_what_rolls_over(self, shown: str, rules: list[Rule]) -> None:
        """One and a half times the power for the time and a minute."""
        register = build(at(0, 4_294_960_000), at(1, shown), at(2, 12_800), profile=GENERIC)
        assert rules == list(register.break_rules.values())

    @pytest.mark.parametrize(("shown", "doubtful"), [("221000", {2}), ("221000.001", set())])
    def test_what_only_came_late(self, shown: str, doubtful: set[int]) -> None:
        """Ten times the power for the time that it stood still and a minute."""
        register = build(at(0, 1000), at(58, 1000), at(59, shown))
        assert doubtful == register.doubtful
        assert ({2} - doubtful) == register.breaks

    def test_a_new_epoch_that_needs_no_lift(self) -> None:
        """Where whole kilowatt hours were lost, it is lifted by those."""
        register = build(at(0, 5_000), at(60, 0), at(120, 300))
        assert [5_000, 5_000, 5_300] == wh(register)

    @pytest.mark.parametrize(
        ("better", "worse"),
        [
            ("Sample.Clock", "Sample.Periodic"),
            ("Sample.Periodic", "Trigger"),
            ("Trigger", "Interruption.Begin"),
            ("Interruption.Begin", "Interruption.End"),
            ("Interruption.End", END),
            (END, "Other"),
            ("Other", BEGIN),
            (BEGIN, "X"),
        ],
    )
    def test_the_better_context(self, better: str, worse: str) -> None:
        """Of two readings of an instant that a step parts, that of the better context counts."""
        exact = {"resolution_wh": Decimal(0)}
        register = build(at(5, "200.1", better, **exact), at(5, "200.9", worse, **exact))
        assert [Decimal("200.1")] == wh(register)
        assert [(Decimal("200.9"), Rule.OTHER_VALUE)] == why(register)

    @pytest.mark.parametrize(("higher", "counts"), [("201", "200"), ("201.001", "201.001")])
    def test_a_step_is_not_higher(self, higher: str, counts: str) -> None:
        """Beyond the step the higher one counts, whatever its context."""
        register = build(at(5, 200), at(5, higher, "Other"))
        assert [Decimal(counts)] == wh(register)

    def test_a_run_of_peaks_behind_a_dip(self) -> None:
        """Thirty peaks do not hide that the register began anew before them."""
        peaks = [at(60 + index, 90_000_000) for index in range(30)]
        register = build(at(0, 400_000), at(30, 0), at(59, 500), *peaks, at(200, 600))
        assert {1: Rule.RESET} == register.break_rules
        assert 600 == energy(register)

    def test_a_dip_between_peaks(self) -> None:
        """Behind the peaks the register is where it was, and all of it is set aside."""
        register = build(
            at(0, 400_000), at(1, 0), at(2, 90_000_000), at(3, 10), at(4, 400_050), at(5, 400_100)
        )
        assert [400_000, 400_050, 400_100] == wh(register)
        assert frozenset() == register.breaks

    def test_a_fall_behind_what_was_held(self) -> None:
        """What was held may be moved in time; the height was not, and it says what is noise."""
        held = at(15, 99_990, "Sample.Clock", stamped=NOON + timedelta(minutes=15, seconds=2))
        register = build(at(0, 95_000), at(14.9, 100_000), held, at(16, 99_998), at(17, 100_500))
        assert [95_000, 100_000, 100_000, 100_500] == wh(register)
        assert [(99_998, Rule.DIP)] == why(register)

    @pytest.mark.parametrize(
        "values",
        [
            [10**6 + index if index % 2 else 10**9 for index in range(4_000)],
            [10**6 + index if index % 2 else 0 for index in range(4_000)],
            [10**7 - index * 500 for index in range(4_000)],
            [10**6 - index % 2 * 2 for index in range(4_000)],
            [(10**6 + index, 0, 10**9, 5)[index % 4] for index in range(4_000)],
        ],
    )
    def test_no_register_is_long_to_read(self, values: list[int]) -> None:
        """However often it rises and falls, the work grows with the readings alone."""
        work = len(values) * 400
        readings = [at(index / 2, value) for index, value in enumerate(values)]
        calls = 0

        def count(frame: Any, event: str, argument: Any) -> None:
            nonlocal calls
            calls += event == "call"

        sys.setprofile(count)
        try:
            build(*readings)
        finally:
            sys.setprofile(None)
        assert calls < work
