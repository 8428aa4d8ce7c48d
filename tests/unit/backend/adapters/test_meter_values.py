"""Meter values in rows, and readings out of them: each once, digit for digit."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from backend.adapters import meter_values, records
from backend.adapters.meter_values import Keeper, energy_readings, readings, unread_instants
from backend.adapters.records import Told
from backend.adapters.store import Store
from backend.core.leniency import Leniency
from backend.core.readings import ENERGY, Kind, MeterValue, Reading
from backend.settings import Settings

T = TypeVar("T")
START = datetime(2025, 6, 3, 6, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SETTINGS = """
[[account]]
name = "A"
[[station]]
account = "A"
identity = "WB-1"
[[station]]
account = "A"
identity = "WB-2"
"""


def kind(measurand: str = ENERGY, phase: str | None = None, **fields: Any) -> Kind:
    """Make a kind of value, in Wh at the outlet unless said otherwise."""
    told = {
        "location": "Outlet",
        "context": "Sample.Periodic",
        "unit": "Wh",
        "raw_unit": "Wh",
        "resolution_wh": Decimal(0),
        **fields,
    }
    return Kind(measurand=measurand, phase=phase, **told)


VOLTAGE = kind("Voltage", unit="V", raw_unit="V")


def told(
    *values: tuple[Kind, str],
    minute: int = 0,
    connector: int = 1,
    position: int = 0,
    transaction: int | None = None,
) -> MeterValue:
    """Make a meter value of kinds and their values as texts; what is no number has none."""

    def number(text: str) -> Decimal | None:
        return Decimal(text) if text.lstrip("-")[:1].isdigit() else None

    return MeterValue(
        connector=connector,
        instant=START + minute * MINUTE,
        transaction=transaction,
        position=position,
        kinds=tuple(one for one, _ in values),
        values=tuple(number(text) for _, text in values),
        raw_values=tuple(text for _, text in values),
    )


@dataclass
class Desk:
    """A database with two stations, whose writer and reader are asked one thing at a time."""

    path: Path
    loop: asyncio.AbstractEventLoop
    store: Store

    def write(self, do: Callable[[Connection], T]) -> T:
        """Run something in the writer's next transaction."""
        return self.loop.run_until_complete(self.store.write(do))

    def read(self, do: Callable[[Connection], T]) -> T:
        """Run something on the reader's connection."""
        return self.loop.run_until_complete(self.store.read(do))

    def keep(self, *measured: MeterValue, station: int = 1) -> int:
        """Keep a frame with meter values; gives its key."""
        frame = Told(station, station, START, "[]", measured=measured)
        return self.write(lambda connection: records.keep_told(connection, [frame]))[0]

    def readings(self, station: int = 1) -> list[Reading]:
        """Give all readings of a station."""
        return self.read(
            lambda connection: readings(connection, station, START - 9 * DAY, START + 9 * DAY)
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Look into the file as another program would."""
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(name="desk")
def _desk(tmp_path: Path) -> Iterator[Desk]:
    loop = asyncio.new_event_loop()
    path = tmp_path / "store.sqlite"
    store = Store(path)
    loop.run_until_complete(store.open())
    desk = Desk(path, loop, store)
    (tmp_path / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    known = Settings.from_file(tmp_path / "settings.toml")
    desk.write(lambda connection: records.keep_settings(connection, known, "2025-06-03"))
    for station in (1, 2):
        desk.write(lambda connection, of=station: records.begin_connection(connection, of, START))
    yield desk
    loop.run_until_complete(desk.store.close())
    loop.close()


def values_of(found: Sequence[Reading]) -> list[str]:
    """Give the values as they were said."""
    return [one.raw_value for one in found]


class TestKeeping:
    """What is kept comes back, and nothing is kept twice."""

    def test_what_comes_back_is_what_was_kept(self, desk: Desk) -> None:
        """Every field of every value, digit for digit, in the order of the message."""
        one = told(
            (kind(raw_unit="kWh"), "733255.8840"),
            (kind("Voltage", "L1", unit="V", raw_unit=None, context="Trigger"), "233.24"),
            (kind("SoC", unit="Percent", resolution_wh=Decimal(1)), "NaN"),
            transaction=2**62,
        )
        desk.keep(one, told((kind(), "5"), minute=1, position=3))

        found = desk.readings()

        expected = [*one.readings(), *told((kind(), "5"), minute=1, position=3).readings()]
        assert expected == found
        assert [str(one.value) for one in expected] == [str(one.value) for one in found]

    @pytest.mark.parametrize("text", ["", '"', "\\", "\n", "é", "x" * 5_000, "null", "[1]"])
    def test_any_text_comes_back(self, desk: Desk, text: str) -> None:
        """What stood there is evidence, whatever it is."""
        desk.keep(told((kind(raw_unit=text), text), (VOLTAGE, "1")))

        assert [text, "1"] == values_of(desk.readings())
        assert text == desk.readings()[0].raw_unit

    def test_what_no_database_keeps_is_kept_as_its_escape(self, desk: Desk) -> None:
        """NUL, in a value as in a word."""
        desk.keep(told((kind("a\x00"), "b\x00")))

        (found,) = desk.readings()

        assert ("a\\x00", "b\\x00") == (found.measurand, found.raw_value)

    def test_kinds_are_kept_once(self, desk: Desk) -> None:
        """Messages worded alike share a row that says what their values are, of a station."""
        for minute in range(3):
            desk.keep(told((kind(), str(minute)), (VOLTAGE, "230"), minute=minute))
        desk.keep(told((kind(), "1")), station=2)
        desk.keep(told((kind(), "1")), station=2)

        assert [(1,), (2,)] == desk.rows("SELECT station_id FROM value_kinds ORDER BY id")

    def test_kinds_are_found_again(self, desk: Desk) -> None:
        """A store that is opened anew has forgotten the keys, and finds them."""
        desk.keep(told((kind(), "1")))
        desk.loop.run_until_complete(desk.store.close())
        desk.store = Store(desk.path)
        desk.loop.run_until_complete(desk.store.open())
        desk.keep(told((kind(), "2"), minute=1))

        assert [(1,)] == desk.rows("SELECT count(*) FROM value_kinds")
        assert ["1", "2"] == values_of(desk.readings())

    def test_what_is_remembered_has_a_limit(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Beyond it, and of texts that are long, keys are looked up in the table."""
        monkeypatch.setattr(meter_values, "_REMEMBERED", 1)
        for minute, unit in enumerate(("x" * 5_000, "a", "b", "a", "b", "x" * 5_000)):
            desk.keep(told((kind(raw_unit=unit), "1"), minute=minute))

        assert [(3,)] == desk.rows("SELECT count(*) FROM value_kinds")
        assert 6 == len(desk.readings())

    def test_a_later_part_that_is_taken_is_a_mistake(self, desk: Desk) -> None:
        """It is raised, not passed over, and nothing of the frame is kept."""
        desk.keep(told((kind(), "1")))
        with closing(sqlite3.connect(desk.path)) as connection:
            connection.execute("UPDATE meter_value SET part = 1")
            connection.execute(
                "INSERT INTO meter_value SELECT station_id, instant, 3, value_kinds_id, frame_id,"
                " position, NULL, raw_values, exact_values FROM meter_value"
            )
            connection.execute("UPDATE meter_value SET part = 0 WHERE part = 1")
            connection.execute("UPDATE meter_value SET part = 2 WHERE part = 3")
            connection.commit()

        with pytest.raises(RuntimeError, match="station 1 has part 2 at 2025-06-03"):
            desk.keep(told((kind(), "2")))
        assert [(1,)] == desk.rows("SELECT count(*) FROM frame")


class TestEachOnce:
    """A reading is the same as another by station, instant, what it is of, and its value."""

    def test_the_same_message_again(self, desk: Desk) -> None:
        """All of it is there already."""
        one = told((kind(), "1"), (VOLTAGE, "230"))
        first = desk.keep(one)
        desk.keep(one)

        assert ["1", "230"] == values_of(desk.readings())
        assert [(first, 0)] == desk.rows("SELECT frame_id, part FROM meter_value")

    def test_twice_in_one_message(self, desk: Desk) -> None:
        """The second one is left out; another value of the same kind is another reading."""
        desk.keep(told((kind(), "1"), (VOLTAGE, "230"), (kind(), "1"), (kind(), "2")))

        assert [("1", 0), ("230", 1), ("2", 3)] == [
            (one.raw_value, one.position) for one in desk.readings()
        ]

    def test_twice_at_one_instant_of_one_message(self, desk: Desk) -> None:
        """Two meter values of a message at one instant are told apart value by value."""
        desk.keep(
            told((kind(), "1"), (VOLTAGE, "230")),
            told((kind(), "1"), (VOLTAGE, "231"), position=2),
        )

        assert ["1", "230", "231"] == values_of(desk.readings())

    def test_some_of_it_in_another_grouping(self, desk: Desk) -> None:
        """A later message adds what the earlier ones did not say, and nothing else."""
        desk.keep(told((kind(), "1"), (VOLTAGE, "230")))
        desk.keep(told((VOLTAGE, "229"), (kind(), "1"), (kind(phase="L1"), "1"), (VOLTAGE, "228")))
        desk.keep(told((kind(), "2")))
        desk.keep(told((kind(), "2"), (VOLTAGE, "228")))

        assert ["1", "230", "229", "1", "228", "2"] == values_of(desk.readings())
        assert [0, 1, 0, 2, 3, 0] == [one.position for one in desk.readings()]
        assert [(0,), (1,), (2,), (3,)] == desk.rows("SELECT part FROM meter_value ORDER BY part")

    @pytest.mark.parametrize(
        "other",
        [
            told((kind(phase="L1"), "1")),
            told((kind(location="Inlet"), "1")),
            told((kind(context="Trigger"), "1")),
            told((kind(raw_unit=None), "1")),
            told((kind("Voltage"), "1")),
            told((kind(), "1.0")),
            told((kind(), "1"), connector=2),
            told((kind(), "1"), minute=1),
        ],
    )
    def test_what_differs_in_anything_else_is_another_one(
        self, desk: Desk, other: MeterValue
    ) -> None:
        """In phase, location, context, unit as said, measurand, spelling, connector or time."""
        desk.keep(told((kind(), "1")))
        desk.keep(other)

        assert 2 == len(desk.readings())

    def test_of_another_station(self, desk: Desk) -> None:
        """Stations share nothing."""
        desk.keep(told((kind(), "1")))
        desk.keep(told((kind(), "1")), station=2)

        assert ["1"] == values_of(desk.readings(1)) == values_of(desk.readings(2))

    def test_the_transaction_makes_no_difference(self, desk: Desk) -> None:
        """Chargers send wrong ones; the first message that told of a value counts."""
        desk.keep(told((kind(), "1"), transaction=7))
        desk.keep(told((kind(), "1"), transaction=8))

        assert [7] == [one.transaction for one in desk.readings()]

    @settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        st.lists(
            st.lists(
                st.tuples(
                    st.integers(0, 2),
                    st.lists(
                        st.tuples(
                            st.sampled_from([kind(), VOLTAGE, kind(phase="L1")]),
                            st.sampled_from(["1", "2", "NaN"]),
                        ),
                        min_size=1,
                        max_size=4,
                    ),
                ),
                max_size=3,
            ),
            max_size=5,
        ),
        st.integers(0, 10**6),
    )
    def test_whatever_comes(self, desk: Desk, frames: list[Any], day: int) -> None:
        """What is there in the end is each reading as it was told first, in that order."""
        expected: dict[tuple[Any, ...], tuple[int, int, Reading]] = {}
        for number, frame in enumerate(frames):
            measured, position = [], 0
            for minute, values in frame:
                # Each example has a day of its own.
                one = told(*values, minute=minute + day * 1_440, position=position)
                measured.append(one)
                position += len(values)
                for reading in one.readings():
                    key = (reading.instant, reading.measurand, reading.phase, reading.raw_value)
                    expected.setdefault(key, (number, reading.position, reading))
            desk.keep(*measured)

        start = START + day * DAY
        found = desk.read(lambda connection: readings(connection, 1, start, start + 3 * MINUTE))

        ranked = sorted(expected.values(), key=lambda one: (one[2].instant, *one[:2]))
        assert [reading for _, _, reading in ranked] == found
        desk.write(lambda connection: connection.exec_driver_sql("DELETE FROM meter_value"))


class TestTelling:
    """A frame and all that was read in it."""

    def test_what_was_told_together(self, desk: Desk) -> None:
        """Frames in their order, when each connection was heard, and what was odd."""
        odd = Leniency("unit-missing", "x", "null", "guessed")
        later = START + MINUTE
        told_of = [
            Told(1, 1, START, "[1]", "MeterValues", (odd, odd), (told((kind(), "1")),)),
            Told(2, 2, later, "[\x00]"),
        ]
        frames = desk.write(lambda connection: records.keep_told(connection, told_of))

        assert [1, 2] == frames
        assert [(1, 1, 1, "[1]"), (2, 2, 2, "[\\x00]")] == desk.rows(
            "SELECT id, station_id, connection_id, text FROM frame"
        )
        assert [(60_000_000,)] == desk.rows("SELECT max(heard_at) - min(heard_at) FROM connection")
        found = desk.read(lambda connection: records.deviations(connection, 1))
        assert [(START, "MeterValues", odd)] * 2 == [
            (one.received, one.action, one.leniency) for one in found
        ]

    def test_people_see_readings_one_by_one(self, desk: Desk) -> None:
        """The view `reading` has the columns of a reading, and a row for each."""
        desk.keep(
            told(
                (kind(raw_unit="kWh"), "1.50"),
                (kind("Voltage", "L1", unit="V", raw_unit=None), "NaN"),
                transaction=7,
                position=4,
            )
        )

        at = int(START.timestamp()) * 1_000_000
        where = (1, 1, at, 1, at)
        energy = (ENERGY, None, "Outlet", "Sample.Periodic", "1.50", "Wh", "1.50", "kWh", "7", "0")
        voltage = ("Voltage", "L1", "Outlet", "Sample.Periodic", None, "V", "NaN", None, "7", "0")
        assert [(*where, *energy, 4), (*where, *voltage, 5)] == desk.rows(
            "SELECT * FROM reading ORDER BY position"
        )


class TestEnergy:
    """What intervals are made of."""

    def energy(self, desk: Desk, first: int, last: int) -> list[tuple[int, int]]:
        """Give connector and minute of the readings that a period in minutes is made of."""
        start, end = START + first * MINUTE, START + last * MINUTE
        found = desk.read(lambda connection: energy_readings(connection, 1, start, end))
        return [(one.connector, (one.instant - START) // MINUTE) for one in found]

    def test_some_on_either_side_are_taken_along(self, desk: Desk) -> None:
        """Twenty readings before and after the period, and those an hour beyond."""
        for minute in range(0, 100 * 60, 60):
            desk.keep(told((kind(), str(minute)), (VOLTAGE, "230"), minute=minute))

        found = self.energy(desk, 50 * 60, 52 * 60)

        assert [(1, hour * 60) for hour in range(50 - 20, 52 + 20 + 1)] == found

    def test_what_is_no_register_is_no_edge(self, desk: Desk) -> None:
        """Values that are none or negative, neutral phases and the whole station are left out."""
        desk.keep(told((kind(), "1")))
        unusable = [(kind(), "NaN"), (kind(), "-1"), (kind(phase="N"), "5"), (VOLTAGE, "230")]
        for minute in range(1, 60):
            desk.keep(told(*unusable, minute=minute))
            desk.keep(told((kind(), "5"), minute=minute, connector=0))

        assert [(1, 0)] == self.energy(desk, 59, 60)

    def test_each_connector_has_its_own(self, desk: Desk) -> None:
        """A connector that was silent in the period is there with what it told around it."""
        desk.keep(told((kind(), "1"), minute=0, connector=2))
        for minute in range(100, 130):
            desk.keep(told((kind(), str(minute)), minute=minute, connector=1))
        desk.keep(told((kind(phase="L1"), "2"), minute=600, connector=2))

        found = self.energy(desk, 110, 120)

        assert [(1, minute) for minute in range(100, 130)] == [one for one in found if one[0] == 1]
        assert [(2, 0), (2, 600)] == [one for one in found if one[0] == 2]

    def test_a_charger_that_finds_ever_new_words(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """However many kinds of values there are, what counts is found among them."""
        monkeypatch.setattr(meter_values, "_ASKED_FOR", 3)
        for minute in range(10):
            desk.keep(told((kind(raw_unit=f"Wh {minute}"), "1"), minute=minute))
            desk.keep(told((kind("Voltage", raw_unit=f"V {minute}"), "1"), minute=minute))
            desk.keep(told((kind(raw_unit=f"Wh {minute}"), "1"), minute=minute, connector=2))

        assert [(of, minute) for of in (1, 2) for minute in range(10)] == self.energy(desk, 4, 6)

    def test_nothing_is_made_of_nothing(self, desk: Desk) -> None:
        """A station that has told of no energy has none."""
        desk.keep(told((VOLTAGE, "230")))

        assert [] == self.energy(desk, 0, 60)

    def test_instants_without_a_usable_register(self, desk: Desk) -> None:
        """Energy that cannot be read, power that flows and an interval's energy tell of some."""
        power, interval = kind("Power.Active.Import", unit="W"), kind(ENERGY[:-8] + "Interval")
        for minute, values in enumerate(
            [
                [(kind(), "1"), (power, "5")],
                [(kind(), "NaN")],
                [(kind(), "-1")],
                [(power, "5")],
                [(power, "0")],
                [(power, "NaN")],
                [(interval, "3")],
                [(VOLTAGE, "230")],
            ]
        ):
            desk.keep(told(*values, minute=minute))
        desk.keep(told((kind(), "7"), minute=8, connector=0))

        found = desk.read(
            lambda connection: unread_instants(connection, 1, START, START + 60 * MINUTE)
        )

        assert [1, 2, 3, 6, 8] == [(instant - START) // MINUTE for instant in found]

    def test_how_much_is_read_does_not_grow_with_history(self, desk: Desk) -> None:
        """However long a station has told of energy, a day's readings need only those around."""
        for minute in range(400):
            desk.keep(told((kind(), str(minute)), minute=minute * 15))
        fetched: list[MeterValue] = []
        original = meter_values._meter_value

        def counted(*arguments: Any) -> MeterValue:
            fetched.append(original(*arguments))
            return fetched[-1]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(meter_values, "_meter_value", counted)
            found = self.energy(desk, 300 * 15, 304 * 15)

        assert len(found) == 20 + 3 + 20 + 8
        assert len(fetched) <= len(found) + 2 * 20 + 2


def test_a_keeper_is_for_any_message(desk: Desk) -> None:
    """Also where its frame was kept before, as with a Stop whose connector is found first."""
    frame = desk.keep()
    one = told((kind(), "1"))
    desk.write(lambda connection: Keeper(connection).keep(1, frame, [one]))

    assert list(one.readings()) == desk.readings()
