"""Why an interval is what it is: what was looked at, and how it is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.cross_check import POWER
from backend.core.device_profile import load_profile
from backend.core.energy import Known, energies_by_connector, summed
from backend.core.explain import (
    MOST,
    Boundary,
    Delivered,
    Evidence,
    Explanation,
    Said,
    explain,
    index_of,
    with_said,
)
from backend.core.intervals import RULES, Presence, Status
from backend.core.leniency import Leniency
from backend.core.readings import BEGIN, END, ENERGY, Reading
from backend.core.registers import Exchange, Rule
from backend.core.sentences import (
    BREAKS,
    HEADLINES,
    NEEDED,
    SET_ASIDE,
    kwh,
    rows,
    sentences,
    title,
)

INCH = load_profile("etrel_inch")
NOON = datetime(2025, 6, 3, 10, tzinfo=UTC)
"""Noon in Zurich."""
QUARTER = timedelta(minutes=15)
GRID = tuple(NOON + QUARTER * index for index in range(5))
ALWAYS = Presence(((NOON - QUARTER * 400, NOON + QUARTER * 400),), ())
NAMES = {"station": "Dorfplatz", "code": "CH1"}
FEW = settings(max_examples=100, deadline=None, derandomize=True)


def at(minutes: float) -> datetime:
    """Give the instant some minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def reading(minutes: float, value_kwh: object, **fields: Any) -> Reading:
    """Make a reading of the register of connector 1."""
    exact = None if value_kwh is None else Decimal(str(value_kwh)) * 1000
    told = {
        "connector": 1,
        "instant": at(minutes),
        "measurand": ENERGY,
        "phase": None,
        "location": "Outlet",
        "context": "Sample.Periodic",
        "value": exact,
        "unit": "Wh",
        "raw_value": str(value_kwh),
        "raw_unit": "kWh",
        "transaction": None,
        "resolution_wh": Decimal(0),
        "position": 0,
        **fields,
    }
    return Reading(**told)


def start(minutes: float, wh: int, context: str = BEGIN) -> Reading:
    """Make a meterStart or a meterStop."""
    coarse = {"raw_value": str(wh), "raw_unit": None, "resolution_wh": Decimal(1)}
    return reading(minutes, Decimal(wh) / 1000, context=context, **coarse)


def explained(
    index: int,
    *readings: Reading,
    presence: Presence = ALWAYS,
    exchanges: tuple[Exchange, ...] = (),
    by_reception: tuple[datetime, ...] = (),
    until: datetime = NOON + QUARTER * 400,
    profile: Any = INCH,
    unread: tuple[Reading, ...] = (),
) -> Explanation:
    """Explain an interval of the hour after noon."""
    known = Known(readings, presence, by_reception, exchanges)
    return explain(known, profile, GRID, index, 3, until, unread=unread, **NAMES)


WORDS = {
    "no-session": "the card was in no session",
    "idle-online": "the charger was online and reported nothing, so nothing was charged",
    "measured": "the readings around are not further apart than the interval",
    "idle-proven": (
        "the register was the same before and after an outage;"
        " so nothing was charged then, though the charger did not say so at the time"
    ),
    "interpolated": (
        "the readings around are further apart than the interval;"
        " the energy between them is spread evenly over the time"
    ),
    "divided": "a session began or ended between two readings, and its share is estimated",
    "reception-time": "the charger's clock was wrong, so a reading stands where it was received",
    "contested": "the register told two courses, and the higher one counts",
    "late-update": (
        "the register stood still and then rose at once, faster than the model can charge;"
        " the energy is known, but not when it was charged"
    ),
    "meter-exchange": "the meter was exchanged, and its readings then are the settings'",
    "across-exchange": (
        "the meter was exchanged, and its readings then are not known: nothing is counted across"
    ),
    "across-reset": "the register began anew, and nothing is counted across",
    "session-open": "a session is open and its next reading has not come",
    "unread": "the charger told of energy in a way that cannot be used",
    "impossible-rise": "the register rose faster than the model can charge, which is 22 kW",
    "contradicted": (
        "the power says a hundred times more than the register,"
        " so one of the two has the wrong unit"
    ),
    "offline": "the charger was offline and no later reading bridges the gap",
    "not-read": "the register has not been read yet",
    "future": "the interval has not ended yet",
}
"""What the first sentence says of each rule where nothing was read."""
TWO = "3.000 kWh at 12:20 and 1.000 kWh at 12:25"
WORDS_OF_A_PART = {
    **{
        rule: f"from 12:20 to 12:25 {WORDS[rule]}".replace(";", f", {TWO};")
        for rule in ("idle-proven", "interpolated", "session-open", "unread", "offline")
    },
    "late-update": WORDS["late-update"].replace(";", f", {TWO};"),
    "across-reset": (
        "the register began anew between 12:20 and 12:25, and nothing is counted across"
    ),
}
"""What it says where the rule is of a part between two readings."""


def told(found: Explanation) -> str:
    """Give the sentences as one text."""
    return "\n".join(sentences(found))


class TestWhole:
    """Every rule is told."""

    def test_each_rule_has_its_words(self) -> None:
        """No interval, no reading and no break is without its reason."""
        assert RULES.keys() == HEADLINES.keys()
        missing = {rule for rule, (status, _) in RULES.items() if status is Status.MISSING}
        assert missing == NEEDED.keys()
        assert set(Rule) == SET_ASIDE.keys() | BREAKS.keys()
        assert set() == SET_ASIDE.keys() & BREAKS.keys()

    @pytest.mark.parametrize(
        ("readings", "words"),
        [((), WORDS), ((reading(0, 1), reading(20, 3), reading(25, 1)), WORDS | WORDS_OF_A_PART)],
    )
    def test_each_headline(self, readings: tuple[Reading, ...], words: dict[str, str]) -> None:
        """Whatever was read, also nothing, it names energy, status and rule."""
        found = explained(1, *readings)
        firsts, needed = {}, {}
        for rule, (status, _) in RULES.items():
            energy = None if status is Status.MISSING else Decimal("0.400")
            interval = replace(found.interval, rule=rule, status=status, energy_kwh=energy)
            firsts[rule], *more = sentences(replace(found, interval=interval))
            needed[rule] = [each for each in more if each.startswith("Needed")]

        for rule, (status, _) in RULES.items():
            begins = "No energy, F" if status is Status.MISSING else f"0.400 kWh, {status}"
            assert f"{begins}: {words[rule]}. (rule {rule})" == firsts[rule]
            assert ([f"Needed: {NEEDED[rule]}."] if rule in NEEDED else []) == needed[rule]

    def test_all_of_it(self) -> None:
        """What matters most comes first, and every sentence says what, when and where."""
        begin = start(2, 1000)
        peak = reading(6, 90)
        odd = reading(5, None, raw_value="ftp://me:secret@there")
        read = (
            reading(-5, "0.9998"),
            begin,
            reading(5, "1.2"),
            peak,
            *(reading(8, "1.3", position=place) for place in range(2)),
            reading(12, "-1"),
            reading(14, 0),
            reading(20, "0.5"),
            *(reading(minutes, each, connector=2) for minutes, each in ((0, 1), (40, 2))),
        )
        there = Presence(((at(-60), at(1)), (at(3), at(60))), ((at(2), at(9)),), unread=(at(5),))
        leniency = Leniency("value-is-no-number", "a.value", "x", "read as no value")
        said = {
            begin: Said(7, at(2), "StartTransaction"),
            peak: Said(8, at(6), ""),
            odd: Said(9, at(5), "MeterValues", (leniency,)),
        }
        found = with_said(explained(0, *read, presence=there, unread=(odd,)), said)

        assert [
            "0.758 kWh, E: the register began anew between 12:08 and 12:14,"
            " and nothing is counted across. (rule across-reset)",
            "Connector 1: 0.383 kWh, E (rule across-reset).",
            "Connector 2: 0.375 kWh, E (rule interpolated).",
            "The charger was offline from 12:01 to 12:03.",
            "A session was open from 12:02 to 12:09.",
            "The register of connector 1 was 1.000 kWh at 12:00 and 0.083 kWh at 12:15.",
            "Reset: the register fell from 1.300 kWh at 12:08 to 0.000 kWh at 12:14.",
            "Used: 0.9998 kWh at 11:55 (Sample.Periodic).",
            "Used: 1000 Wh at 12:02 (Transaction.Begin) in frame 7, StartTransaction;"
            " taken as 0.9998 kWh, as a finer reading beside it says.",
            "Used: 0.5 kWh at 12:20 (Sample.Periodic).",
            "And 3 readings between these.",
            "Set aside: 90 kWh at 12:06 (Sample.Periodic) in frame 8, as a peak that the model"
            " cannot have charged: the readings after it go on from before. (rule spike)",
            "Set aside: 1.3 kWh at 12:08 (Sample.Periodic),"
            " as the same was said of this instant already. (rule duplicate)",
            "Set aside: -1 kWh at 12:12 (Sample.Periodic),"
            " as a register counts from 0. (rule negative)",
            "The register of connector 2 was 1.000 kWh at 12:00 and 1.375 kWh at 12:15.",
            "Used: 1 kWh at 12:00 (Sample.Periodic).",
            "Used: 2 kWh at 12:40 (Sample.Periodic).",
            "Could not be used: ftp://***@there kWh at 12:05 (Sample.Periodic)"
            " in frame 9, MeterValues.",
            "Read leniently in frame 9: a.value said x, read as no value. (value-is-no-number)",
            "Not delivered yet.",
        ] == sentences(found)
        assert [
            ("11:55", "1", "0.9998 kWh", "0.9998 kWh", "Sample.Periodic", "", "used"),
            ("12:02", "1", "0.9998 kWh", "1000", "Transaction.Begin", "7", "used"),
            ("12:05", "1", "1.200 kWh", "1.2 kWh", "Sample.Periodic", "", "used"),
            ("12:06", "1", "90.000 kWh", "90 kWh", "Sample.Periodic", "8", "spike"),
            ("12:08", "1", "1.300 kWh", "1.3 kWh", "Sample.Periodic", "", "used"),
            ("12:08", "1", "1.300 kWh", "1.3 kWh", "Sample.Periodic", "", "duplicate"),
            ("12:12", "1", "-1.000 kWh", "-1 kWh", "Sample.Periodic", "", "negative"),
            ("12:14", "1", "0.000 kWh", "0 kWh", "Sample.Periodic", "", "used"),
            ("12:20", "1", "0.500 kWh", "0.5 kWh", "Sample.Periodic", "", "used"),
            ("12:00", "2", "1.000 kWh", "1 kWh", "Sample.Periodic", "", "used"),
            ("12:40", "2", "2.000 kWh", "2 kWh", "Sample.Periodic", "", "used"),
        ] == rows(found)

    @FEW
    @given(
        st.lists(
            st.builds(
                reading,
                st.integers(-30, 90),
                st.integers(0, 30) | st.sampled_from(["0.5", "7.25", 5000]),
                context=st.sampled_from(["Sample.Clock", "Sample.Periodic", BEGIN, END]),
                connector=st.integers(1, 2),
            ),
            max_size=10,
        ),
        st.lists(st.builds(Exchange, st.builds(at, st.integers(-10, 70))), max_size=2),
    )
    def test_what_is_explained_is_what_is_made(
        self, readings: list[Reading], exchanges: list[Exchange]
    ) -> None:
        """Each interval is that of the files, and its sentences can be told."""
        once = list({each.at: each for each in exchanges}.values())
        known = Known(readings, ALWAYS, (), once)
        made = summed(energies_by_connector(known, INCH, GRID, 3, NOON + QUARTER * 400))
        for index, interval in enumerate(made):
            found = explained(index, *readings, exchanges=tuple(once))
            assert interval == found.interval
            assert sentences(found)
            assert len(rows(found)) == sum(len(p.used) + len(p.set_aside) for p in found.connectors)
            for part in found.connectors:
                if part.breaks or part.start.kwh is None or part.end.kwh is None:
                    continue
                if part.interval.energy_kwh is not None:
                    assert part.end.kwh - part.start.kwh == part.interval.energy_kwh

    def test_a_rule_of_a_part(self) -> None:
        """It is told of which part, as the rest is something else."""
        there = Presence(((at(-60), at(8)), (at(50), at(60))), ())
        readings = (reading(0, 1), reading(5, 2), reading(55, 2))
        found = explained(0, *readings, presence=there)
        assert ("1.000", "idle-proven") == (str(found.interval.energy_kwh), found.interval.rule)
        assert sentences(found)[0].startswith(
            "1.000 kWh, E: from 12:05 to 12:15 the register was the same before and after an outage"
        )
        found = explained(0, *readings[:2], presence=Presence(((at(-60), at(8)),), ()))
        assert "No energy, F: from 12:05 to 12:15 the charger was offline and no later" in told(
            found
        )

    def test_an_interval_is_named_by_its_end(self) -> None:
        """An instant within it finds it, too."""
        assert [0, 0, 1] == [index_of(GRID, at(each)) for each in (1, 15, 16)]
        found = explained(1)
        assert "Dorfplatz, CH1: 12:15 to 12:30 on 03.06.2025" == title(found)
        assert "Dorfplatz: 12:15 to 12:30 on 03.06.2025" == title(replace(found, code=""))


class TestReadings:
    """What was looked at."""

    def test_nothing(self) -> None:
        """Where nothing was read no register is told, and no end of it."""
        found = explained(0)
        (part,) = found.connectors
        assert (Boundary(at(0), None, None), Boundary(at(15), None, None)) == (part.start, part.end)
        assert [
            "0.000 kWh, W: the charger was online and reported nothing, so nothing was charged."
            " (rule idle-online)",
            "Not delivered yet.",
        ] == sentences(found)

    def test_the_readings_around(self) -> None:
        """From the last one before to the first one after, and what lies between."""
        told_at = (-20, -10, 10, 40, 50)
        found = explained(0, *(reading(each, (each + 30) / 10) for each in told_at))
        part = found.connectors[0]
        assert [at(-10), at(10), at(40)] == [one.shown.instant for one in part.used if one.shown]
        assert (Fraction(3000), Fraction(4500)) == (part.start.wh, part.end.wh)

    def test_an_exact_third(self) -> None:
        """A boundary that no decimal hits is a fraction, and is told rounded."""
        found = explained(0, reading(-15, 0), reading(30, 1))
        assert Fraction(1000, 3) == found.connectors[0].start.wh
        assert "The register was 0.333 kWh at 12:00 and 0.667 kWh at 12:15." in told(found)

    @pytest.mark.parametrize(
        ("decimals", "sentence"),
        [
            (1, "The register was 0.333 kWh at 12:00 and 0.667 kWh at 12:15."),
            (6, "The register was 0.333333 kWh at 12:00 and 0.666667 kWh at 12:15."),
        ],
    )
    def test_decimals(self, decimals: int, sentence: str) -> None:
        """As many as the file has, and three at least."""
        known = Known((reading(-15, 0), reading(30, 1)), ALWAYS)
        found = explain(known, INCH, GRID, 0, decimals, at(6000), **NAMES)
        assert sentence in sentences(found)

    @pytest.mark.parametrize(
        ("points", "aside", "found"),
        [
            ((-5, 10), (-8, -5, -3, 12, 15, 16), [-5, -3, 12, 15]),
            ((5, 20), (-1, 0, 2, 20, 21), [0, 2, 20]),
            ((), (-1, 0, 15, 16), [0, 15]),
        ],
    )
    def test_what_was_set_aside_around(
        self, points: tuple[int, ...], aside: tuple[int, ...], found: list[int]
    ) -> None:
        """All of the interval, and all between the readings that are used."""
        good = (reading(each, 1) for each in points)
        bad = (reading(each, -1, context="Trigger") for each in aside)
        (part,) = explained(0, *good, *bad).connectors
        assert [at(each) for each in found] == [
            one.shown.instant for one in part.set_aside if one.shown
        ]

    @pytest.mark.parametrize(("middle", "span"), [(4, "12:04 to 12:15"), (10, "12:00 to 12:10")])
    def test_the_longest_part(self, middle: int, span: str) -> None:
        """Of two parts of one rule the longer one is told."""
        found = explained(0, reading(-20, 1), reading(middle, 2), reading(30, 3))
        assert (
            f"E: from {span} the readings around are further apart than the interval,"
        ) in sentences(found)[0]

    def test_the_register_stood(self) -> None:
        """One height is told once in the first sentence."""
        assert [
            "0.000 kWh, W: the register stood at 1.000 kWh. (rule measured)",
            "The register was 1.000 kWh at 12:00 and 1.000 kWh at 12:15.",
            "Used: 1 kWh at 12:00 (Sample.Periodic).",
            "Used: 1 kWh at 12:15 (Sample.Periodic).",
            "And 1 reading between these.",
            "Not delivered yet.",
        ] == sentences(explained(0, reading(0, 1), reading(5, 1), reading(15, 1)))

    def test_the_register_rose(self) -> None:
        """Both ends are told, with their times."""
        assert [
            "1.500 kWh, W: the register rose from 1.000 kWh at 12:00 to 2.500 kWh at 12:15."
            " (rule measured)",
            "The register was 1.000 kWh at 12:00 and 2.500 kWh at 12:15.",
            "Used: 1 kWh at 12:00 (Sample.Periodic).",
            "Used: 2.5 kWh at 12:15 (Sample.Periodic).",
            "And 2 readings between these.",
            "Not delivered yet.",
        ] == sentences(
            explained(0, reading(0, 1), reading(5, 1), reading(10, 2), reading(15, "2.5"))
        )

    def test_many_readings(self) -> None:
        """The first and the last are named, of the rest the number."""
        found = explained(0, *(reading(each / 4, each / 100) for each in range(61)))
        (part,) = found.connectors
        assert (MOST, 61 - MOST) == (len(part.used), part.more_used)
        assert "And 59 readings between these." in sentences(found)

    @pytest.mark.parametrize(
        ("more", "sentence"),
        [
            (0, []),
            (1, ["And 1 more was set aside."]),
            (2, ["And 2 more were set aside."]),
        ],
    )
    def test_many_that_were_set_aside(self, more: int, sentence: list[str]) -> None:
        """Likewise."""
        doubled = [reading(5, 2, position=place) for place in range(MOST + 1 + more)]
        found = explained(0, reading(0, 1), *doubled, reading(15, 3))
        (part,) = found.connectors
        assert (MOST, more) == (len(part.set_aside), part.more_set_aside)
        assert sentence == [each for each in sentences(found) if each.startswith("And")][1:]

    def test_phases_are_told_one_by_one(self) -> None:
        """And what they add up to."""
        phases = [reading(15, 1, phase=f"L{n}", position=n) for n in (1, 2, 3)]
        text = told(explained(0, reading(0, 1), *phases))
        assert "Used: L1 1 kWh and L2 1 kWh and L3 1 kWh at 12:15" in text
        assert "; added up to 3.000 kWh." in text

    def test_two_values_of_one_instant(self) -> None:
        """Each is told as it was said, also where two messages told them."""
        odd = reading(5, None, raw_value="-")
        found = explained(0, reading(0, 1), odd, reading(5, 2), reading(5, 3), reading(15, 4))
        assert [("12:05", "3 kWh", "used"), ("12:05", "2 kWh", str(Rule.OTHER_VALUE))] == [
            (row[0], row[3], row[6]) for row in rows(found)[1:3]
        ]

    def test_the_larger_value_of_a_phase(self) -> None:
        """It is the one that was added up, and of the outlet."""
        phases = [
            reading(15, each, phase=f"L{n}", position=n, location=location)
            for location, values in (("Inlet", (5, 5, 5)), ("Outlet", (1, 3, 1)))
            for n, each in enumerate(values, 1)
        ]
        again = [
            reading(15, each, phase=f"L{n}", position=n, raw_unit=unit)
            for n, each, unit in ((1, 2, None), (1, 2, "kWh"), (2, 2, "kWh"))
        ]
        neutral = reading(15, 1, phase="N", position=4)
        found = explained(0, reading(0, 1), *phases, *again, neutral)
        assert (
            "Used: L1 2 kWh and L2 3 kWh and L3 1 kWh at 12:15 (Sample.Periodic);"
            " added up to 6.000 kWh."
        ) in sentences(found)

    def test_what_else_is_set_aside(self) -> None:
        """Phases are told one by one there, too, and of what is stated where it was."""
        phases = [reading(10, -1, phase=f"L{n}", position=n) for n in (1, 2, 3)]
        stated = (Exchange(at(12), Decimal(500)),)
        found = explained(0, reading(0, 1), *phases, reading(11, 2), exchanges=stated)
        assert [
            "Set aside: L1 -1 kWh and L2 -1 kWh and L3 -1 kWh at 12:10 (Sample.Periodic),"
            " as a register counts from 0. (rule negative)",
            "Set aside: 0.500 kWh at 12:12, stated in the settings,"
            " as the readings contradict what is stated. (rule settings-contradicted)",
        ] == [each for each in sentences(found) if each.startswith("Set")]

    def test_what_is_no_register_is_not_used(self) -> None:
        """Neither a power, nor another connector, nor another context of the same instant."""
        others = (
            reading(15, 11, measurand=POWER, raw_value="11", raw_unit="W"),
            reading(15, 11, measurand=POWER, raw_value="11", raw_unit="W", position=1),
            reading(15, 7, connector=2),
            reading(15, "1.9", context="Trigger"),
        )
        (part, _) = explained(0, reading(0, 1), *others, reading(15, 2)).connectors
        told = [[one.raw_value for one in each.readings] for each in part.used]
        assert (1, [["1"], ["2"]]) == (part.connector, told)

    def test_a_coarse_reading(self) -> None:
        """MeterStart counts whole watt hours, and takes the value of a finer one beside it."""
        text = told(explained(0, start(0, 1000), reading(0, "1.0004"), start(15, 1001, END)))
        assert "Set aside: 1000 Wh at 12:00 (Transaction.Begin), as a finer reading" in text
        assert (
            "Used: 1001 Wh at 12:15 (Transaction.End); taken as 1.0004 kWh,"
            " as a finer reading beside it says."
        ) in text

    def test_what_was_moved(self) -> None:
        """Onto the grid, or to where it was received."""
        moved = replace(INCH, aligned_tolerance_s=Decimal(2))
        late = reading(15, 2)._replace(instant=at(15) + timedelta(seconds=1))
        found = explained(0, reading(0, 1), late._replace(context="Sample.Clock"), profile=moved)
        assert "at 12:15:01 (Sample.Clock); put on the grid at 12:15." in told(found)
        phases = (each._replace(phase=f"L{n}") for n, each in enumerate((late, late), 1))
        clock = (each._replace(context="Sample.Clock") for each in phases)
        found = explained(0, reading(0, 1), *clock, profile=moved)
        assert "; added up to 4.000 kWh; put on the grid at 12:15." in told(found)
        found = explained(0, reading(0, 1), reading(10, 2), by_reception=(at(10),))
        assert "reception-time" == found.interval.rule
        assert "; it stands where it was received." in told(found)

    @pytest.mark.parametrize(
        ("one", "words"),
        [
            (reading(15, 2), "2 kWh"),
            (reading(15, 2, raw_value="2000.0", raw_unit="Wh"), "2000.0 Wh"),
            (reading(15, 2, raw_value="0.002", raw_unit="MWh"), "0.002 MWh"),
            (reading(15, 2, raw_unit="Wh"), "2 Wh, read as 2.000 kWh,"),
            (reading(15, 2, raw_unit="kwh"), "2 kwh, read as 2.000 kWh,"),
            (reading(15, 2, raw_unit=None), "2 without a unit, read as 2.000 kWh,"),
            (reading(15, 2, raw_unit=None, context=END), "2 without a unit, read as 2.000 kWh,"),
            (reading(15, 2, raw_unit="kWh", context=END, resolution_wh=Decimal(1)), "2 kWh"),
            (start(15, 2000), "2000 Wh"),
            (start(15, 2000, END), "2000 Wh"),
            (reading(15, 2, raw_value="2,0"), "2,0 kWh, read as 2.000 kWh,"),
        ],
    )
    def test_units(self, one: Reading, words: str) -> None:
        """What a person would read otherwise is told as it was read."""
        assert f"Used: {words} at 12:15 ({one.context})." in sentences(
            explained(0, reading(0, 1), one)
        )

    def test_the_message(self) -> None:
        """Each reading leads to its frame, and to how that was read."""
        first, second = reading(0, 1), reading(15, 2)
        odd = Leniency("value-is-a-number", "meterValue[0].sampledValue[0].value", "2", "read so")
        said = Said(7, at(15), "MeterValues", (odd, odd, replace(odd, said="3")))
        found = with_said(explained(0, first, second), {second: said})
        text = told(found)
        assert ("Used: 2 kWh at 12:15 (Sample.Periodic) in frame 7, MeterValues.") in sentences(
            found
        )
        assert "in frame 7, 2 times: meterValue[0].sampledValue[0].value said 2, read so." in text
        assert "in frame 7: meterValue[0].sampledValue[0].value said 3, read so." in text
        assert ["", "7"] == [row[5] for row in rows(found)]

    def test_a_row_of_several(self) -> None:
        """What was added up stands in one row, with all its frames."""
        phases = [reading(0, 1, phase=f"L{n}", position=n) for n in (1, 2, 3)]
        frames = {each: Said(max(5, 3 + each.position), at(0), "") for each in phases}
        added = with_said(explained(0, *phases), frames)
        assert [("1 kWh + 1 kWh + 1 kWh", "5, 6")] == [(row[3], row[5]) for row in rows(added)]

    def test_the_messages_of_all(self) -> None:
        """Whatever was looked at leads to its frame, also beside a break, and what is unread."""
        odd = reading(5, None)
        read = (reading(0, 3), reading(1, 3, position=1), reading(9, 1), reading(9, 1, position=1))
        there = replace(ALWAYS, unread=(at(5),))
        found = explained(0, *read, presence=there, unread=(odd,))
        said = {one: Said(place, at(15), "MeterValues") for place, one in enumerate((*read, odd))}
        (part,) = with_said(found, said).connectors
        (begun,) = part.breaks
        shown = with_said(found, said)
        assert [[0], [1], [2]] == [[each.frame for each in one.said] for one in part.used]
        assert [[3]] == [[each.frame for each in one.said] for one in part.set_aside]
        assert ([1], [2]) == (
            [each.frame for each in begun.before.said],
            [each.frame for each in begun.after.said],
        )
        assert [[4]] == [[each.frame for each in one.said] for one in shown.unread]
        assert [0, 1, 2, 3, 1, 2, 4] == [one.said[0].frame for one in shown.evidence]
        assert [[], [], []] == [list(one.said) for one in with_said(found, {}).connectors[0].used]

    @pytest.mark.parametrize(
        ("more", "sentence"),
        [
            (0, []),
            (1, ["And 1 more was read leniently."]),
            (3, ["And 3 more were read leniently."]),
        ],
    )
    def test_many_leniencies(self, more: int, sentence: list[str]) -> None:
        """So many kinds are told, of the rest the number."""
        one = reading(0, 1)
        kinds = range(MOST + more)
        odd = tuple(Leniency("unknown-field", "x", str(n), "left aside") for n in kinds)
        found = sentences(with_said(explained(0, one), {one: Said(1, at(0), "", odd)}))
        assert "Used: 1 kWh at 12:00 (Sample.Periodic) in frame 1." in found
        assert [
            f"Read leniently in frame 1: x said {n}, left aside. (unknown-field)"
            for n in range(MOST)
        ] + sentence == [each for each in found if "lenient" in each]


class TestBreaks:
    """Where a register began anew."""

    def test_at_the_boundary(self) -> None:
        """The interval that ends there has the old meter, the one that begins there the new."""
        stated = (Exchange(at(15), Decimal(3000), Decimal(500)),)
        series = (reading(0, 1), reading(14, 2), reading(30, 2))
        old, new = (explained(index, *series, exchanges=stated) for index in (0, 1))
        assert (Decimal("3.000"), Decimal("0.500")) == (
            old.connectors[0].end.kwh,
            new.connectors[0].start.kwh,
        )
        assert [Rule.EXCHANGE] == [one.rule for one in old.connectors[0].breaks]
        assert () == new.connectors[0].breaks
        used = [
            [one.shown.instant for one in each.connectors[0].used if one.shown]
            for each in (old, new)
        ]
        assert [[at(0), at(14), at(15), at(15)], [at(15), at(30)]] == used
        assert Decimal("2.000") == old.interval.energy_kwh
        assert Decimal("1.500") == new.interval.energy_kwh
        assert "Used: 3.000 kWh at 12:15, stated in the settings." in sentences(old)
        assert "the settings" == rows(old)[2][3]

    def test_with_one_reading_known(self) -> None:
        """What is known is told, and the readings beside it."""
        series = (reading(0, 1), reading(10, 2), reading(20, 5))
        text = told(explained(0, *series, exchanges=(Exchange(at(12), Decimal(3000)),)))
        assert (
            "Meter exchange: on 03.06.2025 at 12:12, by the settings,"
            " from 3.000 kWh at 12:12 to 5.000 kWh at 12:20, the old one at 3.000 kWh."
        ) in text

    @pytest.mark.parametrize(
        ("stated", "words"),
        [
            ((), "from 2.000 kWh at 12:10 to 5.000 kWh at 12:20"),
            ((2500,), "from 2.500 kWh at 12:12 to 5.000 kWh at 12:20, the old one at 2.500 kWh"),
            (
                (None, 4500),
                "from 2.000 kWh at 12:10 to 4.500 kWh at 12:12, the new one at 4.500 kWh",
            ),
            ((2500, 4500), "the old one at 2.500 kWh and the new one at 4.500 kWh"),
        ],
    )
    def test_what_is_stated(self, stated: tuple[int | None, ...], words: str) -> None:
        """What is known of both meters is told, else what was read beside the exchange."""
        series = (reading(0, 1), reading(10, 2), reading(20, 5))
        heights = (None if each is None else Decimal(each) for each in stated)
        others = (Exchange(at(11), connector=2), Exchange(at(-500)))
        found = explained(0, *series, exchanges=(*others, Exchange(at(12), *heights)))
        assert f"Meter exchange: on 03.06.2025 at 12:12, by the settings, {words}." in sentences(
            found
        )

    def test_of_another_connector(self) -> None:
        """An exchange at one connector is none at the other."""
        series = (
            reading(0, 1),
            reading(15, 2),
            reading(0, 1, connector=2),
            reading(15, 2, connector=2),
        )
        found = explained(0, *series, exchanges=(Exchange(at(5), connector=2),))
        assert [2, 1] == [part.connector for part in found.connectors]
        assert "across-exchange" == found.interval.rule
        text = told(found)
        assert "Connector 1: 1.000 kWh, W (rule measured)." in text
        assert "The register of connector 2 was" in text

    def test_beside_a_reset(self) -> None:
        """The sentence is of the reset, whatever else there was."""
        series = (reading(0, 100), reading(2, 101), reading(9, 3), reading(14, 1), reading(15, 1.5))
        found = explained(0, *series, exchanges=(Exchange(at(5)),))
        assert [(Rule.EXCHANGE, Exchange(at(5))), (Rule.RESET, None)] == [
            (one.rule, one.exchange) for one in found.connectors[0].breaks
        ]
        assert "between 12:09 and 12:14, and nothing is counted" in sentences(found)[0]
        (part,) = found.connectors
        bare = replace(part, breaks=(replace(part.breaks[0], exchange=None),))
        text = told(replace(found, connectors=(bare,)))
        assert "E: the register began anew, and nothing is counted across." in text
        assert "Meter exchange: from 101.000 kWh at 12:02 to 3.000 kWh at 12:09." in text

    @pytest.mark.parametrize(("index", "count"), [(0, 0), (1, 1), (2, 0)])
    def test_of_another_interval(self, index: int, count: int) -> None:
        """It is told where it is, and not where it only begins or ends."""
        series = (reading(0, 1), reading(15, 3), reading(30, 1), reading(45, 2))
        (part,) = explained(index, *series).connectors
        assert count == len(part.breaks)

    def test_after_the_first_reading(self) -> None:
        """Each end shows what the meter showed."""
        (part,) = explained(0, reading(5, 3), reading(9, 1)).connectors
        assert (Decimal("3.000"), Decimal("1.000")) == (part.start.kwh, part.end.kwh)

    def test_that_is_planned(self) -> None:
        """An exchange that lies ahead has not happened yet."""
        series = (reading(0, 1), reading(15, 2))
        found = explained(0, *series, exchanges=(Exchange(at(30)),), until=at(16))
        assert () == found.connectors[0].breaks

    @pytest.mark.parametrize(
        ("turns", "at_kwh"),
        [
            ((200_000, 100_000, 50_000), " at 100.000 kWh"),
            ((99_900,), " at 99.900 kWh"),
            ((), ""),
        ],
    )
    def test_a_rollover(self, turns: tuple[int, ...], at_kwh: str) -> None:
        """It was at the next height at which the model may turn; without one, words do without."""
        turning = replace(INCH, rollovers_wh=(Decimal(100_000),))
        found = explained(0, reading(0, "99.9"), reading(15, "0.2"), profile=turning)
        turned = replace(INCH, rollovers_wh=tuple(map(Decimal, turns)))
        assert (
            "Rollover: behind 99.900 kWh at 12:00 the register began again at 0,"
            f" as the model does{at_kwh}, and showed 0.200 kWh at 12:15."
        ) in sentences(replace(found, profile=turned))


class TestPresence:
    """When the charger was connected."""

    @pytest.mark.parametrize(
        ("online", "sentence"),
        [
            ((), "The charger was offline all the time."),
            (((-60, 5),), "The charger was offline from 12:05 on."),
            (((5, 60),), "The charger was offline before 12:05."),
            (((-60, 5), (10, 60)), "The charger was offline from 12:05 to 12:10."),
            (((-60, 5), (5.5, 60)), ""),
            (((-60, 20), (30, 60)), ""),
            (((-60, 5), (6, 60)), "The charger was offline from 12:05 to 12:06."),
            (((-60, 12), (-50, 5), (14, 60)), "The charger was offline from 12:12 to 12:14."),
            (((-60, 5), (7, 7), (10, 60)), "The charger was offline from 12:05 to 12:10."),
            (((-60, -5), (0, 60)), ""),
            (((0, 60),), ""),
            (((-60, 15), (20, 60)), ""),
            (((-60, 15),), ""),
        ],
    )
    def test_gaps(self, online: tuple[tuple[float, float], ...], sentence: str) -> None:
        """A gap that touches the interval is told, a short one is none."""
        spans = tuple((at(first), at(last)) for first, last in online)
        found = explained(0, presence=Presence(spans, ()))
        assert sentence in told(found)
        assert bool(sentence) == ("offline" in told(found))

    def test_online_up_to_now(self) -> None:
        """What is not known yet is no outage."""
        there = Presence(((at(-60), at(10)),), ())
        assert () == explained(0, presence=there, until=at(10)).offline

    def test_sessions(self) -> None:
        """Those that touch it."""
        spans = ((at(-60), at(0)), (at(5), at(400)), (at(15), at(20)))
        found = explained(0, presence=replace(ALWAYS, sessions=spans))
        assert spans[1:2] == found.sessions
        assert "session-open" == found.interval.rule
        assert "A session was open from 12:05 to 18:40." in told(found)
        lasting = Known((), replace(ALWAYS, sessions=spans), lasting=at(400))
        still = explain(lasting, INCH, GRID, 0, 3, at(400), **NAMES)
        assert "A session was open from 12:05 on." in told(still)

    def test_what_could_not_be_used(self) -> None:
        """It is told as it was said."""
        odd = reading(5, None, raw_value="T0NNRg==", raw_unit=None)
        power = reading(5, 11, measurand=POWER, raw_value="11.0", raw_unit="kW")
        found = explained(0, presence=replace(ALWAYS, unread=(at(5), at(-5))), unread=(odd, power))
        assert "unread" == found.interval.rule
        assert (
            "Could not be used: T0NNRg== without a unit and Power.Active.Import 11.0 kW"
            " at 12:05 (Sample.Periodic)."
        ) in told(found)
        nothing = explained(0, presence=replace(ALWAYS, unread=(at(5),)))
        assert () == nothing.unread

    def test_from_when_on_what_could_not_be_used_is_told(self) -> None:
        """What was said at the start is of the interval before; there is a limit."""
        odd = tuple(reading(each, None) for each in range(MOST + 5))
        there = replace(ALWAYS, unread=tuple(at(each) for each in range(MOST + 5)))
        found = explained(0, presence=there, unread=odd)
        assert [(one,) for one in odd[1 : MOST + 1]] == [one.readings for one in found.unread]

    def test_a_contradiction(self) -> None:
        """Power and register are told beside each other."""
        powers = [
            reading(each, 11, measurand=POWER, raw_value="11", unit="W") for each in range(15)
        ]
        found = explained(0, reading(0, 0), reading(15, "0.002"), *powers)
        assert "contradicted" == found.interval.rule
        assert (at(0), at(15)) == found.connectors[0].decided
        assert (
            "Contradicted: from 12:00 to 12:14 the power makes at least 2.567 kWh,"
            " and the register rose by 0.002 kWh."
        ) in told(found)

    @pytest.mark.parametrize(("index", "count"), [(0, 0), (1, 1), (2, 0)])
    def test_a_contradiction_of_another_interval(self, index: int, count: int) -> None:
        """It is told where it is, and not where it only begins or ends."""
        powers = [reading(15 + each, 11, measurand=POWER) for each in range(16)]
        found = explained(index, reading(15, 0), reading(30, "0.002"), *powers)
        (part,) = found.connectors
        assert count == len(part.contradictions)


class TestDelivered:
    """What files say of it."""

    @staticmethod
    def file(number: int, energy: str | None, status: str, **fields: Any) -> Delivered:
        """Make what a file says."""
        exact = None if energy is None else Decimal(energy)
        made = Delivered(
            f"f{number}.csv", number, at(number), exact, status, "offline", at(number + 1)
        )
        return replace(made, **fields)

    def test_corrections(self) -> None:
        """The first, the same again, another, and what is due."""
        found = explained(0, reading(0, 1), reading(15, 2))
        files = (
            self.file(1, None, "F"),
            self.file(2, None, "F", rule="unread"),
            self.file(3, "0.400", "E", rule="interpolated", arrived_at=None),
        )
        assert [
            "Delivered as no energy, F (rule offline) in f1.csv, made on 03.06.2025 at 12:01,"
            " arrived on 03.06.2025 at 12:02.",
            "Delivered again as no energy, F (rule unread) in f2.csv, made on 03.06.2025 at 12:02,"
            " arrived on 03.06.2025 at 12:03.",
            "Corrected to 0.400 kWh, E (rule interpolated) in f3.csv, made on 03.06.2025 at 12:03,"
            " not yet arrived.",
            "A correction is due: what is known now is not what was delivered last.",
        ] == sentences(replace(found, delivered=files))[-4:]

    def test_nothing_is_due(self) -> None:
        """What was delivered last is what is known, or nothing was."""
        found = explained(0, reading(0, 1), reading(15, 2))
        assert not found.needs_correction
        assert "Not delivered yet." in sentences(found)
        found = replace(found, delivered=(self.file(1, "1.000", "W"),))
        assert not found.needs_correction

    def test_many_files(self) -> None:
        """The last ones are told."""
        files = tuple(self.file(number, "1.000", "W") for number in range(MOST + 5))
        text = told(replace(explained(0), delivered=files))
        assert f"Delivered in {MOST + 5} files; these are the last {MOST}." in text
        assert "f4.csv" not in text
        assert "Delivered as 1.000 kWh, W (rule offline) in f5.csv" in text
        text = told(replace(explained(0), delivered=files[:MOST]))
        assert "f0.csv" in text
        assert "these are the last" not in text


def test_kilowatt_hours_have_every_digit() -> None:
    """And three decimals at least."""
    assert ["0.000 kWh", "12.300 kWh", "0.0000001 kWh", "733255.1115551 kWh"] == [
        kwh(Decimal(each)) for each in ("0", "12300.000", "0.0001", "733255111.5551")
    ]
    assert "1000.000 kWh" == kwh(Decimal("1E+6"))
    digits = "1234567890" * 4
    assert f"{digits}.100 kWh" == kwh(Decimal(f"{digits}100"))


def test_what_shows_nothing_is_no_row() -> None:
    """What is no register is not among the registers."""
    found = explained(0)
    part = replace(found.connectors[0], used=(Evidence((), None),))
    assert [] == rows(replace(found, connectors=(part,)))
