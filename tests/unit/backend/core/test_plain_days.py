"""
What is plain and what is odd, line by line.

That the short way gives the energies of the long one is held in
`tests/unit/backend/adapters/test_plain_series.py`, where its rows are.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from backend.core.device_profile import DeviceProfile
from backend.core.plain_days import (
    Course,
    Habit,
    Period,
    Wording,
    edge,
    habit_of,
    tells_register,
    wording,
)
from backend.core.readings import BEGIN, END, ENERGY, Kind

START = datetime(2025, 6, 2, 22, tzinfo=UTC)
START_US = int(START.timestamp()) * 1_000_000
QUARTER = timedelta(minutes=15)
GRID = [START + index * QUARTER for index in range(5)]
#: A rise of 220 kW is believed: 11 kWh in two minutes and the one that clocks may be wrong.
MODEL = DeviceProfile("model", max_power_w=Decimal(22_000))

CLOCK = Kind(ENERGY, None, "Outlet", "Sample.Clock", "Wh", "kWh", Decimal(0))
SAMPLE = CLOCK._replace(context="Sample.Periodic")
STARTED = CLOCK._replace(context=BEGIN, raw_unit="Wh", resolution_wh=Decimal(1))
STOPPED = STARTED._replace(context=END)
OF_A_PHASE = CLOCK._replace(phase="L1", context="Sample.Periodic")
ROUNDED = SAMPLE._replace(resolution_wh=Decimal(10))
VOLTAGE = Kind("Voltage", "L1", "Outlet", "Sample.Clock", "V", "V", Decimal(0))
POWER = Kind("Power.Active.Import", None, "Outlet", "Sample.Clock", "W", "kW", Decimal(0))

WORDINGS = {
    5: wording(1, [CLOCK]),
    6: wording(1, [SAMPLE]),
    7: wording(1, [STARTED]),
    8: wording(1, [STOPPED]),
    9: wording(1, [VOLTAGE]),
    10: wording(1, [POWER]),
    11: wording(1, [OF_A_PHASE]),
    12: wording(2, [SAMPLE]),
    13: wording(1, [ROUNDED]),
    14: wording(1, [SAMPLE, OF_A_PHASE]),
    15: wording(1, [CLOCK, VOLTAGE]),
    16: wording(1, [VOLTAGE, CLOCK]),
    17: wording(1, [CLOCK, POWER]),
    18: wording(1, [SAMPLE, POWER]),
    19: wording(2, [CLOCK]),
}
HABIT = Habit(5, WORDINGS)
#: Two boundaries before the grid, its own five, and two behind it.
TOLD = [
    "1000.000",
    "1000.125",
    "1000.250",
    "1000.250",
    "1500.750",
    "1500.750",
    "1600.000",
    "1600.000",
    "1700.125",
]
PLAIN = Course(3, 4, [1_000_250, 1_500_750, 1_600_000], [1, 3])
KNOWN = 7


def rows(texts: Sequence[str], form: str = '["{}"]') -> list[bytes]:
    """Give rows on the grid."""
    return [form.format(text).encode() for text in texts]


def beside(minutes: float, key: int, text: str, part: int = 0) -> bytes:
    """Give a row of another wording, so many minutes after the beginning of the grid."""
    instant = START_US + int(minutes * 60_000_000)
    return f'!{instant} {part} {key} ["{text}"]'.encode()


def course(
    lines: Sequence[bytes],
    known: int = KNOWN,
    is_all: bool = False,
    habit: Habit = HABIT,
    profile: DeviceProfile = MODEL,
) -> Course | None:
    """Judge rows, of which so many stand in the period or before it."""
    period = Period(GRID, 2, 2)
    here, after = b"\n".join(lines[:known]), b"\n".join(lines[known:])
    return period.course(habit, profile, here, after, is_all)


def with_rows(place: int, *more: bytes, told: Sequence[str] = TOLD) -> list[bytes]:
    """Put rows before that of a place."""
    lines = rows(told)
    return [*lines[:place], *more, *lines[place:]]


class TestWordings:
    """What a station's words mean is seen once."""

    @pytest.mark.parametrize(
        ("kinds", "expected"),
        [
            ([CLOCK], Wording(3, 1, 0, 1, False, True, "Sample.Clock", False)),
            ([VOLTAGE, SAMPLE], Wording(3, 2, 1, 1, False, True, "Sample.Periodic", False)),
            ([VOLTAGE, POWER, STOPPED], Wording(3, 3, 2, 1, True, False, END, True)),
            ([OF_A_PHASE, CLOCK], Wording(3, 2, 1, 2, False, True, "Sample.Clock", False)),
            ([SAMPLE, STARTED], Wording(3, 2, 0, 2, False, True, "Sample.Periodic", False)),
            ([ROUNDED], Wording(3, 1, 0, 1, False, False, "Sample.Periodic", False)),
        ],
    )
    def test_a_wording(self, kinds: list[Kind], expected: Wording) -> None:
        """It says where the total register stands, how exact it is, and what is beside it."""
        assert expected == wording(3, kinds)

    @pytest.mark.parametrize(
        ("kinds", "energies"), [([VOLTAGE], 0), ([VOLTAGE, OF_A_PHASE], 1), ([POWER], 0)]
    )
    def test_a_wording_without_a_register(self, kinds: list[Kind], energies: int) -> None:
        """A register of a phase is none of all phases."""
        told = wording(3, kinds)
        assert (-1, energies) == (told.register, told.energies)

    def test_a_power_of_a_phase(self) -> None:
        """Only the power of all phases is compared with the register."""
        assert not wording(3, [POWER._replace(phase="L1")]).power
        assert not wording(3, [VOLTAGE._replace(phase=None)]).power

    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            (CLOCK, True),
            (OF_A_PHASE, True),
            (OF_A_PHASE._replace(phase="N"), False),
            (VOLTAGE, False),
            (POWER, False),
        ],
    )
    def test_what_may_be_a_register(self, kind: Kind, expected: bool) -> None:
        """An energy of all phases or of one is, wherever it stands."""
        assert expected == tells_register([kind])
        assert expected == tells_register([VOLTAGE, kind])


class TestHabits:
    """A station tells one register, mostly in one way."""

    @pytest.mark.parametrize(
        ("keys", "expected"),
        [
            ([5], 5),
            ([6], 6),
            ([5, 6], 5),
            ([5, 15], 15),
            ([5, 16, 18], 16),
            ([6, 7, 8, 9, 10, 11, 13, 14, 19], 6),
        ],
    )
    def test_a_habit(self, keys: list[int], expected: int) -> None:
        """The values of the clock are it, the latest of them; where there are none, samples."""
        told = {key: WORDINGS[key] for key in keys}
        assert Habit(expected, told) == habit_of(told, [1])

    @pytest.mark.parametrize("key", [7, 8, 9, 10, 11, 12, 13, 14])
    def test_no_habit(self, key: int) -> None:
        """A register that is not exact, of a phase, beside others or of nobody is none."""
        assert None is habit_of({key: WORDINGS[key]}, [1])

    @pytest.mark.parametrize("connectors", [[], [1, 2]])
    def test_no_register_or_several(self, connectors: list[int]) -> None:
        """Both are for the long way."""
        assert None is habit_of(WORDINGS, connectors)

    @pytest.mark.parametrize(
        ("keys", "expected"),
        [
            ([15, 15, 15], 15),
            ([6, 15, 15], 15),
            ([5, 15], None),
            ([9, 15], None),
            ([5, 5], None),
            ([9, 9], None),
            ([7, 7], None),
            ([19, 19], None),
        ],
    )
    def test_another_habit(self, keys: list[int], expected: int | None) -> None:
        """More than half of the rows have another wording, which tells the register as well."""
        lines = b"\n".join(beside(minutes, key, "1") for minutes, key in enumerate(keys))
        found = HABIT.otherwise(lines)
        assert (None if expected is None else Habit(expected, WORDINGS)) == found

    def test_rows_on_the_grid_count_too(self) -> None:
        """Of a day that has two wordings, half is not enough."""
        other = [beside(0, 15, "1"), beside(15, 15, "1")]
        assert None is HABIT.otherwise(b"\n".join([*other, *rows(["1", "1"])]))
        assert Habit(15, WORDINGS) == HABIT.otherwise(b"\n".join([*other, *rows(["1"])]))
        assert None is HABIT.otherwise(b"\n".join(rows(["1", "1"])))


class TestCourses:
    """A course is kept as the registers where it moved."""

    @pytest.mark.parametrize(
        ("places", "decimals", "expected"),
        [
            (0, 3, [499, 0, 1, 999]),
            (0, 4, [4990, 0, 10, 9990]),
            (0, 6, [499_000, 0, 1_000, 999_000]),
            (0, 2, [50, 0, 0, 100]),
            (0, 0, [0, 0, 1, 1]),
            (3, 3, [0, 0, 1, 1]),
            (3, 6, [499, 0, 1, 999]),
            (6, 6, [0, 0, 1, 1]),
        ],
    )
    def test_energies(self, places: int, decimals: int, expected: list[int]) -> None:
        """They are the differences of registers that are rounded half up."""
        told = Course(places, 4, [0, 499, 500, 1499], [0, 2, 3])
        if (places, decimals) in ((0, 0), (3, 3), (6, 6)):
            told = Course(places, 4, [0, 499, 500, 1500], [0, 2, 3])
        assert expected == told.energies(decimals)

    def test_a_register_of_any_size(self) -> None:
        """It is rounded in whole numbers."""
        huge = 10**24 + 499
        assert [2, 0] == Course(0, 2, [huge, huge + 1501], [0]).energies(0)

    def test_a_register_that_stands_still(self) -> None:
        """Its energies are all 0."""
        assert [0, 0, 0] == Course(0, 3, [7], []).energies(3)

    def test_what_does_not_add_up(self) -> None:
        """A course with an interval too many is no course."""
        with pytest.raises(ValueError, match="zip"):
            Course(0, 3, [7, 8], [0, 1]).energies(3)

    @pytest.mark.parametrize(
        "told",
        [
            Course(3, 4, (5,), ()),
            Course(3, 4, (5, 6), (3,)),
            Course(0, 96, (0, 7, 2**63 - 1), (0, 95)),
        ],
    )
    def test_there_and_back(self, told: Course) -> None:
        """What is kept is read again."""
        content = told.packed()
        assert content is not None
        assert told == Course.unpacked(told.places, told.length, content)

    def test_what_is_kept(self) -> None:
        """It is 64-bit numbers, the lowest byte first, so that an old store is read by all."""
        assert struct.pack("<qqq", 5, 600, 2) == Course(3, 4, [5, 600], [2]).packed()

    def test_more_than_64_bits(self) -> None:
        """Such a register is not kept."""
        assert None is Course(3, 4, [5, 2**63], [2]).packed()


class TestPeriods:
    """A period says what is looked at, and for whom it will do."""

    def test_what_is_looked_at(self) -> None:
        """Boundaries are looked at on both sides."""
        period = Period(GRID, 2, 3)
        quarter = 900_000_000
        assert quarter == period.step_us
        assert (START_US, START_US + 4 * quarter) == (period.start_us, period.end_us)
        assert START_US - 2 * quarter == period.first_us
        assert START_US + 7 * quarter == period.last_us

    def test_nothing_beside_it(self) -> None:
        """A day that is kept is looked at alone."""
        period = Period(GRID)
        assert (period.start_us, period.end_us) == (period.first_us, period.last_us)

    def test_its_end(self) -> None:
        """The last interval is looked at with what is behind it."""
        period, end = Period(GRID, 2, 3), Period(GRID, 2, 3).its_end()
        assert GRID[-2:] == end.grid
        assert end.start_us == end.first_us
        assert period.last_us == end.last_us

    @pytest.mark.parametrize(
        ("step", "expected"),
        [(QUARTER, 24), (timedelta(hours=1), 21), (timedelta(minutes=7), 29), (2 * QUARTER, 22)],
    )
    def test_an_edge(self, step: timedelta, expected: int) -> None:
        """So many boundaries hold the readings and the time beyond them."""
        assert expected == edge(step, 20, timedelta(hours=1))

    def test_for_whom_it_is(self) -> None:
        """It is for models that stamp the instant, once it is over."""
        period = Period(GRID)
        assert period.is_for(MODEL, GRID[-1])
        assert not period.is_for(MODEL, GRID[-1] - timedelta(microseconds=1))
        assert not period.is_for(replace(MODEL, aligned_stamp="start"), GRID[-1])

    @pytest.mark.parametrize(
        "grid",
        [
            [one + timedelta(minutes=5) for one in GRID],
            [one + timedelta(microseconds=1) for one in GRID],
            [*GRID[:2], *GRID[3:]],
            [GRID[0], *GRID[2:]],
        ],
    )
    def test_a_grid_that_is_none(self, grid: list[datetime]) -> None:
        """One off the clock, or with a gap, is for the long way."""
        assert not Period(grid).is_for(MODEL, GRID[-1] + QUARTER)

    @pytest.mark.parametrize(
        ("lines", "expected"),
        [
            (None, True),
            ([beside(-1, 6, "1")], True),
            ([beside(-0.5, 6, "1")], True),
            ([beside(-9, 6, "1"), beside(-8, 9, "1"), beside(-7, 6, "1")], True),
            ([beside(0, 6, "1")], False),
            ([beside(-9, 6, "1"), beside(-8, 6, "1"), beside(1, 6, "1")], False),
            ([beside(-9, 6, "1"), beside(1, 6, "1")], False),
            (rows(["1"]), False),
            ([*rows(["1"]), beside(-1, 6, "1")], False),
        ],
    )
    def test_what_was_before_it(self, lines: list[bytes] | None, expected: bool) -> None:
        """Rows on the grid do not say when they were, so they might be of the period."""
        told = None if lines is None else b"\n".join(lines)
        assert expected == Period(GRID).is_before_it(told)


class TestRowsOnTheGrid:
    """A register that is told on each boundary is its own course."""

    @pytest.mark.parametrize("is_all", [False, True])
    def test_a_plain_register(self, is_all: bool) -> None:
        """What it did before the period and after it is not of its course."""
        assert PLAIN == course(rows(TOLD), is_all=is_all)

    def test_the_morning_after(self) -> None:
        """Where all that there is was looked at, behind the period there may be nothing."""
        assert PLAIN == course(rows(TOLD[:KNOWN]), is_all=True)
        assert PLAIN == course(rows(TOLD[:-1]), is_all=True)

    @pytest.mark.parametrize(("count", "known"), [(6, 6), (8, 6), (0, 0)])
    @pytest.mark.parametrize("is_all", [False, True])
    def test_a_boundary_of_it_is_missing(self, count: int, known: int, is_all: bool) -> None:
        """Then something has to be interpolated."""
        assert None is course(rows(TOLD[:count]), known, is_all)

    @pytest.mark.parametrize("is_all", [False, True])
    def test_a_boundary_too_many(self, is_all: bool) -> None:
        """Two values of one instant are for the long way."""
        assert None is course(rows([TOLD[0], *TOLD]), KNOWN + 1, is_all)

    def test_boundaries_behind_it(self) -> None:
        """Where not all was looked at, they must be there, each once."""
        assert None is course(rows(TOLD[:-1]))
        assert None is course(rows(TOLD[:KNOWN]))
        assert None is course(rows([*TOLD, TOLD[-1]]))

    def test_a_boundary_that_is_worded_otherwise(self) -> None:
        """Its row does not count as one on the grid."""
        lines = rows(TOLD)
        lines[3] = beside(15, 6, TOLD[3])
        assert None is course(lines)
        assert None is course(lines, is_all=True)

    def test_a_register_that_stands_still(self) -> None:
        """It needs no arithmetic."""
        assert Course(1, 4, [12345], []) == course(rows(["1234.5"] * 9))

    @pytest.mark.parametrize(
        ("key", "form"), [(15, '["{}","230.5"]'), (16, '["230.5","{}"]'), (17, '["{}","0.5"]')]
    )
    def test_a_register_among_others(self, key: int, form: str) -> None:
        """It is found at its place."""
        assert PLAIN == course(rows(TOLD, form), habit=Habit(key, WORDINGS))

    @pytest.mark.parametrize(
        ("key", "form"),
        [
            (16, '["230.5","{}","0"]'),
            (16, '["{}"]'),
            (16, '["230.5",null]'),
            (15, '[null,"{}"]'),
            (5, "[null]"),
        ],
    )
    def test_a_register_that_is_not_at_its_place(self, key: int, form: str) -> None:
        """A row that is not what was said of it is odd."""
        assert None is course(rows(TOLD, form), habit=Habit(key, WORDINGS))

    @pytest.mark.parametrize("text", ["null", "-5", "1E+3", "1000.2500001", "", "1.", ".5"])
    def test_no_number(self, text: str) -> None:
        """Signs, exponents and more than six decimals are for the long way."""
        assert None is course(rows([*TOLD[:3], text, *TOLD[4:]]))
        assert None is course(rows([text] * 9))

    def test_other_decimals(self) -> None:
        """A register may change how many it shows, also without a rise."""
        told = [*TOLD[:3], "1000.25", "1500.7500", "1500.75", "1600", "1600.0", "1700"]
        expected = [1_000_250_000, 1_000_250_000, 1_500_750_000, 1_500_750_000, 1_600_000_000]
        assert Course(6, 4, expected, [0, 1, 2, 3]) == course(rows(told))

    @pytest.mark.parametrize("place", [0, 1, 4, 6, 8])
    def test_a_fall(self, place: int) -> None:
        """Noise or not, the long way decides."""
        told = [*TOLD[:place], "1700.126", *TOLD[place + 1 :]]
        if place == len(told) - 1:
            told[place] = "1599.999"
        assert None is course(rows(told))

    @pytest.mark.parametrize("place", [1, 4, 6, 8])
    @pytest.mark.parametrize(
        ("before", "most", "more"),
        [
            ("10000.000", "68666.666", "68666.667"),
            ("10000.000000", "68666.666666", "68666.666667"),
            ("0", "58666.666666", "58666.666667"),
            ("10000", "68666", "68667"),
        ],
    )
    def test_a_rise_that_is_too_fast(self, before: str, most: str, more: str, place: int) -> None:
        """Up to ten times its power and a minute more is believed, to the last digit."""
        fast = course(rows([before] * place + [most] * (9 - place)))
        assert fast is not None
        rise = Decimal(most) - Decimal(before) if place in (4, 6) else 0
        assert rise * 10**6 == sum(fast.energies(9))
        assert None is course(rows([before] * place + [more] * (9 - place)))

    def test_a_model_of_unknown_power(self) -> None:
        """It can rise as fast as it says."""
        strong = replace(MODEL, name="strong", max_power_w=Decimal(0))
        lines = with_rows(9, beside(90.1, 6, "9000000"), told=[*TOLD[:6], *["900000.000"] * 3])
        assert None is course(lines)
        assert course(lines, profile=strong) is not None

    @pytest.mark.parametrize(("minutes", "is_plain"), [(1, False), (5, False), (6, True)])
    def test_powers_on_the_grid(self, minutes: int, is_plain: bool) -> None:
        """Where they stand so close that they make an energy, they are compared."""
        grid = [START + index * timedelta(minutes=minutes) for index in range(5)]
        lines = b"\n".join(rows(["1000.5"] * 5, '["{}","0"]'))
        found = Period(grid).course(Habit(17, WORDINGS), MODEL, lines, b"", False)
        assert is_plain == (found is not None)
        without = b"\n".join(rows(["1000.5"] * 5))
        assert Period(grid).course(HABIT, MODEL, without, b"", False) is not None


class TestRowsBesideTheGrid:
    """What lies between its neighbours changes nothing."""

    @pytest.mark.parametrize("is_all", [False, True])
    def test_a_session(self, is_all: bool) -> None:
        """A start, samples and a stop lie in the course."""
        lines = with_rows(
            4,
            beside(16, 7, "1000"),
            beside(17, 6, "1000.5"),
            beside(20, 6, "1200"),
            beside(21, 9, "230"),
            beside(29, 8, "1501"),
        )
        assert PLAIN == course(lines, KNOWN + 5, is_all)

    @pytest.mark.parametrize("row", [beside(16, 9, "230"), beside(16, 12, "5", part=3)])
    def test_what_is_no_register_of_it(self, row: bytes) -> None:
        """Voltages, and what another connector says, are passed over."""
        assert PLAIN == course(with_rows(4, row), KNOWN + 1)

    @pytest.mark.parametrize(
        "row",
        [
            beside(16, 10, "0"),
            beside(16, 6, "1000.5", part=1),
            beside(16, 5, "1000.5"),
            beside(16, 11, "1000.5"),
            beside(16, 13, "1010"),
            beside(16, 6, "-1"),
            beside(16, 6, "1000.4999999"),
            f'!{START_US + 960_000_000} 0 14 ["1000.5","1000.5"]'.encode(),
            f'!{START_US + 960_000_000} 0 18 ["1000.5","0"]'.encode(),
        ],
        ids=[
            "a power",
            "a second value of a message",
            "a late clock",
            "a phase",
            "tens of watt hours",
            "below zero",
            "more digits than are compared",
            "a phase beside a register",
            "a power beside a register",
        ],
    )
    def test_what_is_odd(self, row: bytes) -> None:
        """It is left to the long way."""
        assert None is course(with_rows(4, row), KNOWN + 1)

    @pytest.mark.parametrize(
        ("text", "is_plain"),
        [
            ("1000.249", False),
            ("1000.25", True),
            ("1000.250000", True),
            ("1500.750", True),
            ("1500.751", False),
        ],
    )
    def test_between_its_neighbours(self, text: str, is_plain: bool) -> None:
        """It is neither below the one nor above the other, however many decimals it has."""
        found = course(with_rows(4, beside(22, 6, text)), KNOWN + 1)
        assert is_plain == (found is not None)

    @pytest.mark.parametrize("is_all", [False, True])
    def test_it_falls_between(self, is_all: bool) -> None:
        """Each is looked at with the one before it."""
        lines = with_rows(4, beside(20, 6, "1300"), beside(22, 6, "1200"))
        assert None is course(lines, KNOWN + 2, is_all)

    def test_rows_in_several_intervals(self) -> None:
        """Those of each interval are looked at, and its boundaries."""
        lines = with_rows(6, beside(46, 6, "1550"))
        lines[4:4] = [beside(16, 6, "1200")]
        assert PLAIN == course(lines, KNOWN + 2)
        lines[7:8] = [beside(46, 6, "1601")]
        assert None is course(lines, KNOWN + 2)

    def test_before_the_first_boundary(self) -> None:
        """What stands there has no neighbour on one side."""
        still = ["1000.000"] * 9
        assert None is course(with_rows(0, beside(-30, 6, "1000"), told=still), KNOWN + 1)
        assert course(with_rows(1, beside(-20, 6, "1000"), told=still), KNOWN + 1) is not None

    @pytest.mark.parametrize(
        ("text", "is_plain"), [("11000.000", True), ("11000.000001", False), ("11001", False)]
    )
    @pytest.mark.parametrize("is_all", [False, True])
    def test_faster_than_it_can(self, text: str, is_plain: bool, is_all: bool) -> None:
        """Each is compared with what can be charged in its time and a minute."""
        told = ["0.000"] * 3 + ["20000.000"] * 6
        found = course(with_rows(3, beside(2, 6, text), told=told), KNOWN + 1, is_all)
        assert is_plain == (found is not None)
        # The other way round: what is left comes in the last two minutes.
        told = ["0.000"] * 3 + [text + "000" if len(text) < 10 else text] * 6
        found = course(with_rows(3, beside(13, 6, "0.0"), told=told), KNOWN + 1, is_all)
        assert is_plain == (found is not None)

    @pytest.mark.parametrize("is_all", [False, True])
    def test_behind_the_period(self, is_all: bool) -> None:
        """Where a boundary may be missing, the next one may be any; its instant is not known."""
        told = ["0.000"] * 7 + ["20000.000"] * 2
        at_once = with_rows(7, beside(70, 6, "20000"), told=told)
        later = with_rows(7, beside(62, 6, "0"), told=told)
        last = with_rows(8, beside(77, 6, "20001"), told=[*told[:-1], "40001.000"])
        assert course(at_once, is_all=is_all) is not None
        assert is_all == (course(later, is_all=is_all) is None)
        assert is_all == (course(last, is_all=is_all) is None)

    @pytest.mark.parametrize(("more", "is_plain"), [("3666.666666", True), ("3666.6667", False)])
    def test_a_rise_in_a_time_that_is_not_known(self, more: str, is_plain: bool) -> None:
        """It is compared with what can be charged in a minute, as if there were no time."""
        told = ["0.000"] * 7 + [more]
        found = course(with_rows(7, beside(62, 6, "0"), told=told), is_all=True)
        assert is_plain == (found is not None)

    def test_behind_all_boundaries(self) -> None:
        """What stands there has one neighbour."""
        behind = rows(TOLD[:KNOWN])
        assert PLAIN == course([*behind, beside(61, 6, "1600.5")], is_all=True)
        assert PLAIN == course([*behind, beside(61, 8, "1700")], is_all=True)
        assert PLAIN == course([*behind, beside(61, 8, "1600")], is_all=True)
        assert None is course([*behind, beside(61, 6, "1599.9")], is_all=True)
        assert None is course([*behind, beside(61, 8, "1599")], is_all=True)


class TestWholeWattHours:
    """A register in whole watt hours takes the value of an exact one beside it."""

    @pytest.mark.parametrize(
        ("key", "text", "is_plain"),
        [
            (7, "1000", True),
            (8, "1000", True),
            (7, "1001", True),
            (7, "999", False),
            (8, "1501", True),
            (7, "1501", True),
            (7, "1502", False),
        ],
    )
    def test_within_its_watt_hour(self, key: int, text: str, is_plain: bool) -> None:
        """It may stand up to a watt hour beside the course."""
        found = course(with_rows(4, beside(22, key, text)), KNOWN + 1)
        assert is_plain == (found is not None)

    @pytest.mark.parametrize(("text", "is_plain"), [("999", False), ("1502", False)])
    def test_a_whole_watt_hour_is_too_much(self, text: str, is_plain: bool) -> None:
        """Below that, it is the same register."""
        told = [*TOLD[:2], "1000.000", "1000.000", *["1501.000"] * 5]
        found = course(with_rows(4, beside(22, 7, text), told=told), KNOWN + 1)
        assert is_plain == (found is not None)

    @pytest.mark.parametrize(("keys", "is_plain"), [((7, 8), True), ((8, 7), False)])
    def test_a_start_looks_back_and_a_stop_ahead(
        self, keys: tuple[int, int], is_plain: bool
    ) -> None:
        """Where both neighbours are within the watt hour, as in `registers`."""
        told = [*["1000.500"] * 4, *["1001.400"] * 5]
        more = [beside(20 + index, key, "1001") for index, key in enumerate(keys)]
        found = course(with_rows(4, *more, told=told), KNOWN + 2)
        assert is_plain == (found is not None)

    def test_the_nearest_exact_one(self) -> None:
        """Others in whole watt hours are passed over, on both sides."""
        told = [*["1000.600"] * 4, *["1500.400"] * 5]
        more = [
            beside(16, 7, "1001"),
            beside(17, 7, "1001"),
            beside(18, 7, "1000"),
            beside(20, 6, "1200"),
            beside(26, 8, "1501"),
            beside(27, 8, "1500"),
            beside(28, 8, "1501"),
        ]
        found = course(with_rows(4, *more, told=told), KNOWN + 7)
        assert found is not None

    def test_the_nearest_is_not_within_it(self) -> None:
        """Then it stands for itself."""
        told = [*["1000.000"] * 4, *["1005.000"] * 5]
        more = [beside(16, 6, "1003"), beside(17, 7, "1001")]
        assert None is course(with_rows(4, *more, told=told), KNOWN + 2)
        more = [beside(16, 8, "1004"), beside(17, 6, "1002")]
        assert None is course(with_rows(4, *more, told=told), KNOWN + 2)
