"""From what is stored to the values of a task: which registers, under which codes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection

from backend.adapters import records
from backend.adapters.energies import Chosen, _DayOf, chosen_of, own_register, series_of
from backend.adapters.explanations import day_of, point_of
from backend.adapters.meter_values import course_before, energy_readings, measurands_told
from backend.adapters.records import Told
from backend.adapters.store import Store
from backend.core.days import day_bounds
from backend.core.exports import whole_days
from backend.core.intervals import Interval
from backend.core.meter_readings import read_meter_readings
from backend.core.quantities import ENERGY
from backend.core.registers import Exchange
from backend.settings import Settings

T = TypeVar("T")
DAY = date(2025, 6, 3)
START, END = day_bounds(DAY)
LATER = datetime(2025, 6, 10, tzinfo=UTC)
HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
PARTIES = 'sender = "12X-A"\nreceiver = "12X-B"\n'
EXPORT = "Energy.Active.Export.Register"


def settings_of(form: str = "", task: str = "", meter: str = "", station: str = "") -> Settings:
    """Make settings of a charger, two meters, a folder with tariffs, and a card."""
    return Settings.from_toml(
        f"""
[[account]]
name = "A"
ise = true
[[station]]
account = "A"
identity = "WB-1"
[station.ise]
metering_code = "CH98765012345AAAAAAAAAAAAAAA00001"
{station}
[[meter]]
account = "A"
name = "Keller"
[meter.ise]
metering_code = "CH98765012345AAAAAAAAAAAAAAA00002"
internal_no = "K-1"
{meter}
[[meter]]
account = "A"
name = "Front"
[[folder]]
account = "A"
name = "Haus"
meters = ["Keller"]
[[folder.virtual_tariff]]
number = 1
since = 2025-06-03
hours = ["07:00-20:00"]
[[folder.virtual_tariff]]
number = 3
since = 2025-06-03
hours = ["20:00-07:00"]
[[card]]
account = "A"
id_tag = "FA2AFD77"
[card.ise]
{station.partition("upstream")[0]}
[[format]]
account = "A"
name = "F"
{form}
[[destination]]
account = "A"
name = "D"
host = "sftp.example.ch"
user = "u"
secret = "s"
host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBoNPGpRM3DYYOlSdNBgPZ4iyPzR5NDSrGqXyXnNvVzz"
[[task]]
account = "A"
name = "T"
format = "F"
destination = "D"
{task or 'stations = "all"'}
""",
        {},
    )


KELLER, STATION = 'meters = ["Keller"]', 'stations = "all"'
TARIFFS = 'folders = ["Haus"]\nvalues = "virtual tariffs"'
READINGS, FEED = 'kind = "ise-readings-csv"\n', 'kind = "ise-feed-csv"\n'


@dataclass
class Desk:
    """A database whose writer and reader are asked one thing at a time."""

    loop: asyncio.AbstractEventLoop
    store: Store

    def write(self, do: Callable[[Connection], T]) -> T:
        """Run something in the writer's next transaction."""
        return self.loop.run_until_complete(self.store.write(do))

    def read(self, do: Callable[[Connection], T]) -> T:
        """Run something on the reader's connection."""
        return self.loop.run_until_complete(self.store.read(do))

    def tell(self, source: str, obis: str, *told: tuple[datetime, str], unit: str = "kWh") -> None:
        """Keep readings of a register of a station or a meter."""
        items = [
            {"instant": at.isoformat(), "register": text, "unit": unit, "obis": obis}
            for at, text in told
        ]
        found = read_meter_readings(source, items, LATER)

        def keep(connection: Connection) -> None:
            records.keep_settings(connection, settings_of(), "2025-06-03")
            ids = records.source_ids(connection)
            number = ids.get(source) or ids[f" {source}"]  # as a meter is called
            line = records.begin_connection(connection, number, LATER)
            told = Told(number, line, LATER, "[]", measured=found)
            records.keep_told(connection, [told])
            records.end_connection(connection, line, LATER, "")

        self.write(keep)

    def series(self, settings: Settings, until: datetime = LATER, last: date = DAY) -> Any:
        """Give the series of the task: its source and code, with its intervals."""
        self.write(lambda c: records.keep_settings(c, settings, "2025-06-03"))
        task = settings.task("T")
        return self.read(
            lambda c: [
                ((one.activation.station, one.activation.obis), one.intervals)
                for one in series_of(c, settings, task, whole_days(DAY, last), 3, until)
            ]
        )

    def chosen(self, settings: Settings) -> list[Chosen]:
        """Give what the task has."""
        self.write(lambda c: records.keep_settings(c, settings, "2025-06-03"))
        return self.read(lambda c: chosen_of(c, settings, settings.task("T")))


@pytest.fixture(name="desk")
def _desk(tmp_path: Path) -> Iterator[Desk]:
    loop = asyncio.new_event_loop()
    desk = Desk(loop, Store(tmp_path / "store.sqlite"))
    loop.run_until_complete(desk.store.open())
    desk.write(lambda c: records.keep_settings(c, settings_of(), "2025-06-03"))
    yield desk
    loop.run_until_complete(desk.store.close())
    loop.close()


def shown(intervals: list[Interval]) -> list[str]:
    """Show values, statuses and rules."""
    return [f"{one.energy_kwh} {one.status} {one.rule}" for one in intervals]


def at_noon(intervals: list[Interval]) -> str:
    """Show the interval that begins at noon in UTC."""
    (found,) = [one for one in intervals if one.start == datetime(2025, 6, 3, 12, tzinfo=UTC)]
    return shown([found])[0]


NOON = datetime(2025, 6, 3, 12, tzinfo=UTC)


class TestIdle:
    """A charger whose last reading was days ago."""

    @pytest.mark.parametrize(
        ("away", "wanted"),
        [
            (timedelta(seconds=30), "100.000 W idle-online"),
            (timedelta(minutes=10), "None F offline"),
        ],
    )
    def test_its_register(self, desk: Desk, away: timedelta, wanted: str) -> None:
        """It stands, if the charger was there ever since, whatever day that was."""
        read, broke = NOON - timedelta(days=2), NOON - timedelta(days=1)
        desk.tell("WB-1", "1-1:1.8.0", (read, "100"))

        def connect(connection: Connection) -> None:
            number = records.source_ids(connection)["WB-1"]
            line = records.begin_connection(connection, number, read - QUARTER)
            records.end_connection(connection, line, broke, "")
            records.begin_connection(connection, number, broke + away)

        desk.write(connect)
        ((name, intervals),) = desk.series(settings_of(READINGS, STATION))

        assert ("WB-1", "1-1:1.8.0") == name
        assert [wanted] == shown(intervals)


class TestIntervals:
    """Energies of intervals, of the registers that a meter tells."""

    def tell(self, desk: Desk) -> None:
        """Let the meter tell four registers at noon and a quarter past."""
        later = NOON + QUARTER
        desk.tell("Keller", "1-1:1.8.0", (NOON, "100"), (later, "102.25"))
        desk.tell("Keller", "1-1:5.8.0", (NOON, "20"), (later, "20.5"), unit="kvarh")
        desk.tell("Keller", "1-1:8.8.0", (NOON, "3"), (later, "3"), unit="kvarh")
        desk.tell("Keller", "1-1:2.8.0", (NOON, "7"), (later, "7.125"))

    def test_only_basic_data(self, desk: Desk) -> None:
        """That is the register of its own code, and no other."""
        self.tell(desk)
        ((name, intervals),) = desk.series(settings_of(task=KELLER))
        assert ("Keller", "1-1:1.29.0*255") == name
        assert "2.250 W measured" == at_noon(intervals)

    def test_reactive_energy(self, desk: Desk) -> None:
        """It is added where it was told, each quadrant under its code."""
        self.tell(desk)
        found = desk.series(settings_of("only_basic_data = false\n", KELLER))
        assert [
            (("Keller", "1-1:1.29.0*255"), "2.250 W measured"),
            (("Keller", "1-1:5.29.0*255"), "0.500 W measured"),
            (("Keller", "1-1:8.29.0*255"), "0.000 W measured"),
        ] == [(name, at_noon(intervals)) for name, intervals in found]

    def test_another_register(self, desk: Desk) -> None:
        """The code of a meter says which is meant."""
        self.tell(desk)
        for obis, wanted in (("1-1:2.29.0", "0.125"), ("1-1:5.29.0*255", "0.500")):
            settings = settings_of("", KELLER, f'obis = "{obis}"')
            ((name, intervals),) = desk.series(settings)
            assert ("Keller", obis) == name
            assert f"{wanted} W measured" == at_noon(intervals)
            point = point_of(settings, settings.meter("Keller"))
            assert intervals == desk.read(lambda c, of=point: day_of(c, of, DAY, LATER))

    def test_reactive_energy_is_not_told_twice(self, desk: Desk) -> None:
        """Where its own code is of a quadrant, the others are added."""
        self.tell(desk)
        settings = settings_of("only_basic_data = false\n", KELLER, 'obis = "1-1:5.29.0"')
        assert [("Keller", "1-1:5.29.0"), ("Keller", "1-1:8.29.0")] == [
            name for name, _ in desk.series(settings)
        ]

    @pytest.mark.parametrize("obis", ["1-1:1.29.1", "8-1:1.29.0"])
    def test_codes_without_reactive_energy(self, desk: Desk, obis: str) -> None:
        """Imported energy is never told as reactive energy of a tariff, or of water."""
        self.tell(desk)
        settings = settings_of("only_basic_data = false\n", KELLER, f'obis = "{obis}"')
        assert [("Keller", obis)] == [name for name, _ in desk.series(settings)]

    def test_a_register_that_was_not_told(self, desk: Desk) -> None:
        """Its own code has its place in the file, with nothing known."""
        self.tell(desk)
        ((_, intervals),) = desk.series(settings_of("", KELLER, 'obis = "9-1:1.29.0"'))
        assert {"None F offline"} == set(shown(intervals))

    def test_mscons(self, desk: Desk) -> None:
        """A load profile is of its own code, as everywhere."""
        self.tell(desk)
        form = f'kind = "mscons"\n{PARTIES}'
        ((name, _),) = desk.series(settings_of(form, KELLER))
        assert ("Keller", "1-1:1.29.0*255") == name

    @pytest.mark.parametrize("obis", ["1-1:1.29.0*255", "1-5:1.9.2", "1-1:1.29.1"])
    @pytest.mark.parametrize("form", ["", "only_basic_data = false\n"])
    def test_the_code_of_a_charger_may_bear_a_tariff(
        self, desk: Desk, obis: str, form: str
    ) -> None:
        """It counts imported energy, whatever its code is; so do a card and an explanation."""
        desk.tell("WB-1", "1-1:1.8.0", (NOON, "100"), (NOON + QUARTER, "102.25"))
        settings = settings_of(form, f'{STATION}\ncards = "all"', station=f'obis = "{obis}"')
        found = dict(desk.series(settings))
        assert [("WB-1", obis), ("FA2AFD77", obis)] == list(found)
        assert "2.250 W measured" == at_noon(found["WB-1", obis])
        (station,), (card,) = settings.stations, settings.cards
        assert ENERGY == own_register(station) == own_register(card)
        assert ENERGY == point_of(settings, station).register

    def test_a_meter_in_front_that_counts(self, desk: Desk) -> None:
        """Its register of imported energy is that of the charger."""
        later = NOON + QUARTER
        station = 'obis = "1-1:1.9.1"\nupstream_meter = "Front"\ncounts = "meter"'
        desk.tell("Front", "1-1:1.8.0", (NOON, "1"), (later, "1.5"))
        desk.tell("Front", "1-1:1.8.1", (NOON, "1"), (later, "9"))
        ((name, intervals),) = desk.series(settings_of(station=station))
        assert ("WB-1", "1-1:1.9.1") == name
        assert "0.500 W measured" == at_noon(intervals)

    def test_exchanges_of_other_registers(self, desk: Desk) -> None:
        """What the settings say of the meter's reading is said of imported energy."""
        desk.tell("Keller", "1-1:2.8.0", (NOON - QUARTER, "7"), (NOON, "7.125"))
        desk.tell("Keller", "1-1:2.8.0", (NOON + QUARTER, "0.5"), (NOON + 2 * QUARTER, "0.75"))
        meter = 'obis = "1-1:2.29.0"\n'
        plain = settings_of("", KELLER, meter)
        exchange = Exchange(NOON + timedelta(minutes=5), Decimal(500_000), Decimal(10_000))
        keller = replace(plain.meters[0], exchanges=(exchange,))
        settings = replace(plain, meters=(keller, *plain.meters[1:]))
        ((_, intervals),) = desk.series(settings)
        assert "0.000 E across-exchange" == at_noon(intervals)


class TestReadings:
    """Registers at the ends of days."""

    def test_those_that_were_told(self, desk: Desk) -> None:
        """Each under the code of the format; what nobody told is left out."""
        desk.tell("Keller", "1-1:1.8.0", (START, "100"), (END, "104.25"))
        desk.tell("Keller", "1-1:1.8.1", (START, "60"), (END, "64"))
        desk.tell("Keller", "8-1:1.0.0", (START, "1"), (END, "1.5"), unit="m3")
        obis = "1-0:1.8.0*255;1-0:1.8.1*255;1-0:1.8.2*255;8-0:1.0.0*255;"
        settings = settings_of(f'kind = "csv"\nobis = "{obis}"\n', KELLER)
        assert [
            (("Keller", "1-0:1.8.0*255"), ["104.250 W measured"]),
            (("Keller", "1-0:1.8.1*255"), ["64.000 W measured"]),
            (("Keller", "8-0:1.0.0*255"), ["1.500 W measured"]),
        ] == [(name, shown(found)) for name, found in desk.series(settings)]

    def test_several_days(self, desk: Desk) -> None:
        """Each has its value, as far as it is over."""
        desk.tell("Keller", "1-1:1.8.0", (START, "100"), (END, "104.25"), (LATER, "200"))
        settings = settings_of(READINGS, KELLER)
        found = desk.series(settings, END + 30 * HOUR, DAY + timedelta(days=5))
        assert [day_bounds(DAY), day_bounds(DAY + timedelta(days=1))] == [
            (one.start, one.end) for _, (one,) in found
        ]
        assert ["104.250 W measured"] == shown(found[0][1])
        assert [] == desk.series(settings, END - timedelta(microseconds=1))
        assert 1 == len(desk.series(settings, END))

    def test_a_charger(self, desk: Desk) -> None:
        """It has the register of imported energy, told or not, and no other."""
        settings = settings_of(
            f'{READINGS}obis = ["1-1:1.8.0", "1-1:1.8.2"]\n', station='obis = "1-1:1.9.2"'
        )
        assert [(("WB-1", "1-1:1.8.0"), ["None F not-read"])] == [
            (name, shown(found)) for name, found in desk.series(settings)
        ]
        desk.tell("WB-1", "1-1:1.8.0", (START, "100"), (END, "104.25"))
        assert [(("WB-1", "1-1:1.8.0"), ["104.250 W measured"])] == [
            (name, shown(found)) for name, found in desk.series(settings)
        ]

    def test_no_short_way(self, desk: Desk) -> None:
        """Only energies of intervals of imported energy can be had by it."""
        (chosen,) = desk.chosen(settings_of(READINGS, KELLER))
        assert (None, ENERGY, None) == (chosen.short, chosen.register, chosen.tariff)
        (chosen,) = desk.chosen(settings_of("", KELLER))
        assert chosen.short is not None
        (chosen,) = desk.chosen(settings_of("", KELLER, 'obis = "1-1:2.29.0"'))
        assert (None, EXPORT) == (chosen.short, chosen.register)


class TestFeed:
    """Energies of days."""

    def test_a_meter(self, desk: Desk) -> None:
        """It is what its register rose in the day."""
        desk.tell("Keller", "1-1:1.8.0", (START, "100"), (END, "104.25"))
        desk.tell("Keller", "1-1:2.8.0", (START, "1"), (END, "3"))
        settings = settings_of(f'{FEED}obis = ["1-1:1.9.0", "1-1:2.9.0", "1-1:5.9.0"]\n', KELLER)
        assert [
            (("Keller", "1-1:1.9.0"), ["4.250 W measured"]),
            (("Keller", "1-1:2.9.0"), ["2.000 W measured"]),
        ] == [(name, shown(found)) for name, found in desk.series(settings)]

    @pytest.mark.parametrize(
        ("obis", "codes"), [("1-1:1.9.0", ["1-1:1.9.0"]), ("1-1:2.9.0;1-1:1.9.1", [])]
    )
    def test_a_card(self, desk: Desk, obis: str, codes: list[str]) -> None:
        """It has imported energy alone, of the whole day; without a session that is none."""
        settings = settings_of(f'{FEED}obis = "{obis}"\n', 'cards = "all"')
        found = desk.series(settings)
        assert [("FA2AFD77", one) for one in codes] == [name for name, _ in found]
        for _, intervals in found:
            (whole,) = intervals
            assert (START, END) == (whole.start, whole.end)
            assert ["0.000 W no-session"] == shown(intervals)

    def test_a_card_has_no_register(self, desk: Desk) -> None:
        """Whoever asks for it all the same is told so."""
        settings = settings_of(FEED, 'cards = "all"')
        (chosen,) = desk.chosen(settings)
        with pytest.raises(LookupError, match=r"the card 'FA2AFD77' has no register"):
            desk.read(lambda c: _DayOf(c, settings, chosen, DAY, 3, LATER).reading())


class TestTariffs:
    """Virtual tariffs of a folder's meters."""

    @pytest.fixture(autouse=True)
    def _told(self, desk: Desk) -> None:
        hours = ((0, "100"), (7, "107"), (20, "127"), (24, "130"), (31, "131"), (44, "141"))
        told = [(START + hour * HOUR, text) for hour, text in (*hours, (48, "142"))]
        desk.tell("Keller", "1-1:1.8.0", *told)

    def test_registers(self, desk: Desk) -> None:
        """They go on from day to day."""
        found = desk.series(settings_of(READINGS, TARIFFS), last=DAY + timedelta(days=1))
        assert [
            (("Keller", "1-5:1.8.1"), ["20.000 W measured"]),
            (("Keller", "1-5:1.8.1"), ["30.000 W measured"]),
            (("Keller", "1-5:1.8.3"), ["10.000 W measured"]),
            (("Keller", "1-5:1.8.3"), ["12.000 W measured"]),
        ] == [(name, shown(values)) for name, values in found]

    def test_energies(self, desk: Desk) -> None:
        """They begin anew each day."""
        found = desk.series(settings_of(FEED, TARIFFS), last=DAY + timedelta(days=1))
        assert [
            (("Keller", "1-5:1.9.1"), ["20.000 W measured"]),
            (("Keller", "1-5:1.9.1"), ["10.000 W measured"]),
            (("Keller", "1-5:1.9.3"), ["10.000 W measured"]),
            (("Keller", "1-5:1.9.3"), ["2.000 W measured"]),
        ] == [(name, shown(values)) for name, values in found]

    def test_a_day_before_they_count(self, desk: Desk) -> None:
        """The register stands at 0."""
        settings = settings_of(READINGS, TARIFFS)
        task, before = settings.task("T"), DAY - timedelta(days=1)
        found = desk.read(
            lambda c: list(series_of(c, settings, task, whole_days(before, before), 3, LATER))
        )
        assert [["0.000 W measured"]] * 2 == [shown(one.intervals) for one in found]


def test_readings_of_a_register(desk: Desk) -> None:
    """Those of another register come as if they were of imported energy, and no others."""
    desk.tell("Keller", "1-1:1.8.0", (NOON, "100"))
    desk.tell("Keller", "1-1:7.8.0", (NOON, "3.5"), (NOON + HOUR, "4"), unit="kvarh")

    def look(connection: Connection) -> None:
        number = records.source_ids(connection)[" Keller"]
        assert {ENERGY, "1-1:7.8.0"} == measurands_told(connection, number)
        found = energy_readings(connection, number, START, END, "1-1:7.8.0")
        assert [(ENERGY, Decimal(3500)), (ENERGY, Decimal(4000))] == [
            (one.measurand, one.value) for one in found
        ]
        assert [Decimal(100_000)] == [
            one.value for one in energy_readings(connection, number, START, END)
        ]
        assert [] == energy_readings(connection, number, START, END, EXPORT)

    desk.read(look)


def test_from_when_on_a_register_may_be_another(desk: Desk) -> None:
    """A late reading bridges the time since the one before it, of that register alone."""
    desk.tell("Keller", "1-1:1.8.0", (NOON, "100"), (END, "101"))
    desk.tell("Keller", "1-1:2.8.0", (START, "7"), (LATER - HOUR, "8"))
    desk.tell("Keller", "1-1:5.8.0", (LATER - HOUR, "8"), unit="kvarh")
    since = LATER - 2 * HOUR

    def look(connection: Connection) -> None:
        number = records.source_ids(connection)[" Keller"]

        def begin(*registers: str) -> datetime:
            return course_before(connection, number, since, registers)

        assert since - HOUR == begin(ENERGY) == begin() == begin(ENERGY, "8-1:1.0.0")
        assert START - HOUR == begin(ENERGY, EXPORT)
        assert datetime(1970, 1, 1, tzinfo=UTC) == begin(EXPORT, "1-1:5.8.0")

    desk.read(look)
