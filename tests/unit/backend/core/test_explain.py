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
    names = {"station": "Dorfplatz", "code": "CH1"}
    return explain(known, profile, GRID, index, 3, until, unread=unread, **names)


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

    @pytest.mark.parametrize("rule", RULES)
    @pytest.mark.parametrize("readings", [(), (reading(0, 1), reading(15, 2), reading(30, 0.1))])
    def test_each_headline_is_a_sentence(self, rule: str, readings: tuple[Reading, ...]) -> None:
        """Whatever was read, also nothing, it names energy, status and rule."""
        found = explained(1, *readings)
        status = RULES[rule][0]
        energy = None if status is Status.MISSING else Decimal("0.400")
        interval = replace(found.interval, rule=rule, status=status, energy_kwh=energy)
        first, *more = sentences(replace(found, interval=interval))
        begins = "No energy, F: " if energy is None else f"0.400 kWh, {status}: "
        assert first.startswith(begins)
        assert first.endswith(f". (rule {rule})")
        assert ("Needed: " in "".join(more)) == (status is Status.MISSING)

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
        assert "Dorfplatz, CH1: 12:15 to 12:30 on 03.06.2025" == title(explained(1))


class TestReadings:
    """What was looked at."""

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

    def test_many_readings(self) -> None:
        """The first and the last are named, of the rest the number."""
        found = explained(0, *(reading(each / 4, each / 100) for each in range(61)))
        (part,) = found.connectors
        assert (MOST, 61 - MOST) == (len(part.used), part.more_used)
        assert "And 59 readings between these." in sentences(found)

    def test_many_that_were_set_aside(self) -> None:
        """Likewise."""
        doubled = [reading(5, 2, position=place) for place in range(30)]
        found = explained(0, reading(0, 1), *doubled, reading(15, 3))
        (part,) = found.connectors
        assert (MOST, 29 - MOST) == (len(part.set_aside), part.more_set_aside)
        assert f"And {29 - MOST} more were set aside." in sentences(found)

    def test_phases_are_told_one_by_one(self) -> None:
        """And what they add up to."""
        phases = [reading(15, 1, phase=f"L{n}", position=n) for n in (1, 2, 3)]
        text = told(explained(0, reading(0, 1), *phases))
        assert "Used: L1 1 kWh and L2 1 kWh and L3 1 kWh at 12:15" in text
        assert "; added up to 3.000 kWh." in text

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
        found = explained(0, reading(0, 1), reading(10, 2), by_reception=(at(10),))
        assert "reception-time" == found.interval.rule
        assert "; it stands where it was received." in told(found)

    def test_units(self) -> None:
        """What a person would read otherwise is told as it was read."""
        said = {"raw_value": "2,5", "raw_unit": None}
        text = told(explained(0, reading(0, 1), reading(15, "2.5", **said)))
        assert "Used: 2,5 without a unit, read as 2.500 kWh, at 12:15" in text
        text = told(explained(0, reading(0, 1), reading(15, 2, raw_value="2", raw_unit="Wh")))
        assert "Used: 2 Wh, read as 2.000 kWh, at 12:15" in text

    def test_the_message(self) -> None:
        """Each reading leads to its frame, and to how that was read."""
        first, second = reading(0, 1), reading(15, 2)
        odd = Leniency("value-is-a-number", "meterValue[0].sampledValue[0].value", "2", "read so")
        said = Said(7, at(15), "MeterValues", (odd, odd, replace(odd, said="3")))
        found = with_said(explained(0, first, second), {second: said})
        text = told(found)
        assert "at 12:15 (Sample.Periodic) in frame 7, MeterValues." in text
        assert "in frame 7, 2 times: meterValue[0].sampledValue[0].value said 2, read so." in text
        assert "in frame 7: meterValue[0].sampledValue[0].value said 3, read so." in text
        assert "7" == rows(found)[1][5]

    def test_many_leniencies(self) -> None:
        """So many kinds are told, of the rest the number."""
        one = reading(0, 1)
        odd = tuple(Leniency("unknown-field", "x", str(n), "left aside") for n in range(MOST + 3))
        found = with_said(explained(0, one), {one: Said(1, at(0), "", odd)})
        assert "And 3 more were read leniently." in sentences(found)
        assert "in frame 1." in told(found)


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
        assert Decimal("2.000") == old.interval.energy_kwh
        assert Decimal("1.500") == new.interval.energy_kwh
        assert "stated in the settings" in told(old)
        assert "the settings" == rows(old)[2][3]

    def test_with_one_reading_known(self) -> None:
        """What is known is told, and the readings beside it."""
        series = (reading(0, 1), reading(10, 2), reading(20, 5))
        text = told(explained(0, *series, exchanges=(Exchange(at(12), Decimal(3000)),)))
        assert (
            "Meter exchange: on 03.06.2025 at 12:12, by the settings,"
            " from 3.000 kWh at 12:12 to 5.000 kWh at 12:20, the old one at 3.000 kWh."
        ) in text

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
        assert [Rule.EXCHANGE, Rule.RESET] == [one.rule for one in found.connectors[0].breaks]
        assert "between 12:09 and 12:14, and nothing is counted" in sentences(found)[0]
        (part,) = found.connectors
        bare = replace(part, breaks=(replace(part.breaks[0], exchange=None),))
        text = told(replace(found, connectors=(bare,)))
        assert "E: the register began anew, and nothing is counted across." in text
        assert "Meter exchange: from 101.000 kWh at 12:02 to 3.000 kWh at 12:09." in text

    def test_that_is_planned(self) -> None:
        """An exchange that lies ahead has not happened yet."""
        series = (reading(0, 1), reading(15, 2))
        found = explained(0, *series, exchanges=(Exchange(at(30)),), until=at(16))
        assert () == found.connectors[0].breaks

    def test_a_rollover_that_no_profile_has(self) -> None:
        """Its words do without."""
        turning = replace(INCH, rollovers_wh=(Decimal(100_000),))
        found = explained(0, reading(0, "99.9"), reading(15, "0.2"), profile=turning)
        text = told(replace(found, profile=INCH))
        assert "the register began again at 0, as the model does, and showed 0.200 kWh" not in text
        assert "as the model does at 4294967.296 kWh" in text
        text = told(replace(found, profile=replace(INCH, rollovers_wh=())))
        assert "the register began again at 0, as the model does, and showed 0.200 kWh" in text


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
        ],
    )
    def test_gaps(self, online: tuple[tuple[float, float], ...], sentence: str) -> None:
        """A gap that touches the interval is told, a short one is none."""
        spans = tuple((at(first), at(last)) for first, last in online)
        found = explained(0, presence=Presence(spans, ()))
        assert sentence in told(found)
        assert bool(sentence) == ("offline" in told(found))

    def test_sessions(self) -> None:
        """Those that touch it."""
        spans = ((at(-60), at(0)), (at(5), at(400)))
        found = explained(0, presence=replace(ALWAYS, sessions=spans))
        assert spans[1:] == found.sessions
        assert "session-open" == found.interval.rule
        assert "A session was open from 12:05 to 18:40." in told(found)
        lasting = Known((), replace(ALWAYS, sessions=spans), lasting=at(400))
        still = explain(lasting, INCH, GRID, 0, 3, at(400))
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

    def test_a_contradiction(self) -> None:
        """Power and register are told beside each other."""
        powers = [
            reading(each, 11, measurand=POWER, raw_value="11", unit="W") for each in range(15)
        ]
        found = explained(0, reading(0, 0), reading(15, "0.002"), *powers)
        assert "contradicted" == found.interval.rule
        assert (
            "Contradicted: from 12:00 to 12:14 the power makes at least 2.567 kWh,"
            " and the register rose by 0.002 kWh."
        ) in told(found)


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


def test_kilowatt_hours_have_every_digit() -> None:
    """And three decimals at least."""
    assert ["0.000 kWh", "12.300 kWh", "0.0000001 kWh", "733255.1115551 kWh"] == [
        kwh(Decimal(each)) for each in ("0", "12300", "0.0001", "733255111.5551")
    ]


def test_what_shows_nothing_is_no_row() -> None:
    """What is no register is not among the registers."""
    found = explained(0)
    part = replace(found.connectors[0], used=(Evidence((), None),))
    assert [] == rows(replace(found, connectors=(part,)))
