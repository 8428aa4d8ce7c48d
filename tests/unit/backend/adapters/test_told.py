"""What the utility was told, and what of it may no longer hold."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from backend.adapters import records, tables, told
from backend.adapters.store import Store
from backend.adapters.told import SeriesTold, intervals_told, series_told
from backend.core.corrections import Told
from backend.core.exports import Activation
from backend.core.intervals import RULES, Interval, Status
from backend.core.readings import Reception, StartReport, StopReport
from backend.core.series import Series
from backend.settings import Settings

Ask = Callable[[Callable[[Connection], Any]], Any]

START = datetime(2025, 6, 3, 6, 0, tzinfo=UTC)
POINT = Activation("WB-1", "C", "1.9")
HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2hJ4s0Qb0V2rZQZ3k1v7Yk9s0oZl2c1w9Xq8m3T5dE"
SETTINGS = f"""
[[account]]
name = "A"
ise = true
[[station]]
account = "A"
identity = "WB-1"
[station.ise]
metering_code = "CH98765012345AAAAAAAAAAAAAAA00001"
[[station]]
account = "A"
identity = "WB-2"
[[format]]
account = "A"
name = "F"
[[destination]]
account = "A"
name = "D"
host = "sftp.example.ch"
user = "ise"
secret = "geheim"
host_key = "{KEY}"
[[task]]
account = "A"
name = "daily"
format = "F"
destination = "D"
"""


@pytest.fixture(name="ask")
def _ask(tmp_path: Path) -> Iterator[Ask]:
    """Give a way to write into a database with two stations, a task and three files."""
    loop = asyncio.new_event_loop()
    store = Store(tmp_path / "store.sqlite")
    loop.run_until_complete(store.open())
    settings = Settings.from_toml(SETTINGS, {})

    def fill(connection: Connection) -> None:
        records.keep_settings(connection, settings, "2025-06-03")
        for station in (1, 2):
            records.begin_connection(connection, station, START)
        told.unmark(connection, told.marks(connection))
        export = {"task_id": 1, "start_at": START, "end_at": START + 24 * HOUR}
        connection.execute(insert(tables.expected_export).values(export))
        for revision in (1, 2, 3):
            file = {"expected_export_id": 1, "revision": revision, "part": "", "name": "f"}
            file |= {"content": b"", "sha256": "", "size": 0, "rows": 0, "created_at": START}
            connection.execute(insert(tables.file).values(file))

    loop.run_until_complete(store.write(fill))
    yield lambda do: loop.run_until_complete(store.write(do))
    loop.run_until_complete(store.close())
    loop.close()


def interval(number: int, energy: str | None, rule: str) -> Interval:
    """Make a quarter hour, by its number from the start."""
    start = START + number * QUARTER
    kwh = None if energy is None else Decimal(energy)
    return Interval(start, start + QUARTER, kwh, RULES[rule][0], rule)


def tell(ask: Ask, file_id: int, *intervals: Interval) -> None:
    """Keep that a file told of the series C, 1.9."""
    one = intervals_told(POINT, intervals, 3)
    ask(lambda connection: told.keep_series(connection, 1, file_id, [one]))


def told_of(ask: Ask) -> dict[datetime, Told]:
    """Give what was told of the first two hours."""
    return ask(lambda c: told.told_of(c, "daily", "C", "1.9", START, START + 2 * HOUR, QUARTER))


class TestSeries:
    """What a file tells of a series."""

    def test_runs_of_rules_and_whole_steps(self) -> None:
        """Energies are whole numbers, rules stand in runs."""
        intervals = [
            interval(0, "0.100", "measured"),
            interval(1, "0.250", "measured"),
            interval(2, None, "offline"),
        ]
        grid = [START + number * QUARTER for number in range(4)]
        whole = Series.of(POINT, grid, intervals, 3)
        assert (
            series_told(whole)
            == intervals_told(POINT, intervals, 3)
            == SeriesTold(
                code="C",
                obis="1.9",
                start=START,
                end=START + 3 * QUARTER,
                step=QUARTER,
                decimals=3,
                energies=[100, 250, None],
                rules=[("measured", "W", 2), ("offline", "F", 1)],
            )
        )

    def test_one_rule_for_all(self) -> None:
        """It stands there once."""
        series = Series(
            POINT, [START + number * QUARTER for number in range(3)], 3, [0, 7], "measured"
        )
        told = series_told(series)
        assert ([0, 7], [("measured", "W", 2)]) == (told.energies, told.rules)

    def test_what_is_left_out_is_not_told(self) -> None:
        """It is neither missing nor 0."""
        intervals = [interval(0, "1", "measured"), interval(3, "2", "measured")]
        one = intervals_told(POINT, intervals, 0)
        assert [1, None, None, 2] == one.energies
        assert [("measured", "W", 1), ("", "", 2), ("measured", "W", 1)] == one.rules

    def test_it_comes_back(self, ask: Ask) -> None:
        """Digit for digit, with status and rule."""
        tell(ask, 1, interval(0, "0.100", "measured"), interval(1, None, "offline"))
        assert {
            START: Told(Decimal("0.100"), Status.TRUE, "measured"),
            START + QUARTER: Told(None, Status.MISSING, "offline"),
        } == told_of(ask)

    def test_the_newest_file_counts(self, ask: Ask) -> None:
        """Of what a later file leaves out, the earlier one still does."""
        tell(ask, 1, *(interval(number, None, "offline") for number in range(4)))
        tell(ask, 3, interval(1, "0.300", "interpolated"), interval(3, "0.300", "interpolated"))
        tell(ask, 2, interval(1, "0.200", "interpolated"), interval(2, "0.200", "interpolated"))
        energies = [one.energy_kwh for one in told_of(ask).values()]
        assert [None, Decimal("0.300"), Decimal("0.200"), Decimal("0.300")] == energies

    def test_another_length_does_not_compare(self, ask: Ask) -> None:
        """An hour is not changed by what was told of its first quarter."""
        tell(ask, 1, interval(0, "0.001", "measured"))
        hourly = ask(lambda c: told.told_of(c, "daily", "C", "1.9", START, START + HOUR, HOUR))
        assert {} == hourly

    @pytest.mark.parametrize("obis", ["1-1:1.9.0*255", "1-1:1.9.0"])
    def test_however_it_is_spelled(self, ask: Ask, obis: str) -> None:
        """An OBIS code with and without its suffix is one series."""
        point = Activation("WB-1", "C", "1-1:1.9.0")
        one = intervals_told(point, [interval(0, "0.001", "measured")], 3)
        ask(lambda connection: told.keep_series(connection, 1, 1, [one]))
        span = START, START + HOUR, QUARTER
        assert [START] == list(ask(lambda c: told.told_of(c, "daily", "C", obis, *span)))
        codes = [("C", obis)]
        assert (START, START + QUARTER) == ask(
            lambda connection: told.span_told(connection, "daily", codes, START)
        )

    def test_weeks_are_kept_day_by_day(self, ask: Ask) -> None:
        """So that a day is found without what was told long ago."""
        tell(ask, 1, *(interval(number, f"0.{number:03}", "measured") for number in range(300)))
        rows = ask(lambda connection: connection.execute(select(tables.told)).fetchall())
        assert [64, 96, 96, 44] == [len(json.loads(row.energies)) for row in rows]
        last = START + 299 * QUARTER
        found = ask(lambda c: told.told_of(c, "daily", "C", "1.9", last, last + QUARTER, QUARTER))
        assert {last: Told(Decimal("0.299"), Status.TRUE, "measured")} == found

    def test_other_times_and_other_series_are_not_meant(self, ask: Ask) -> None:
        """Only what was asked for."""
        tell(ask, 1, *(interval(number, "0.001", "measured") for number in range(-4, 12)))
        assert 8 == len(told_of(ask))
        assert {} == ask(
            lambda c: told.told_of(c, "daily", "D", "1.9", START, START + HOUR, QUARTER)
        )


class TestSpan:
    """From when to when anything was told that may have changed."""

    def span(self, ask: Ask, since: datetime) -> object:
        """Ask for the series C, 1.9."""
        codes = [("C", "1.9"), ("D", "1.9")]
        return ask(lambda connection: told.span_told(connection, "daily", codes, since))

    def test_from_the_first_to_the_last(self, ask: Ask) -> None:
        """Over all files."""
        tell(ask, 1, interval(0, "1", "measured"))
        tell(ask, 2, interval(20, "1", "measured"))
        assert (START, START + 21 * QUARTER) == self.span(ask, START - HOUR)
        since = START + 18 * QUARTER
        assert (START + 20 * QUARTER, START + 21 * QUARTER) == self.span(ask, since)

    def test_nothing_that_late(self, ask: Ask) -> None:
        """What was told is over."""
        tell(ask, 1, interval(0, "1", "measured"))
        assert self.span(ask, START + QUARTER) is None


class TestMarks:
    """What is new of a station leaves a mark."""

    def marks(self, ask: Ask) -> object:
        """Give all marks."""

        def read(connection: Connection) -> dict[int, datetime]:
            rows = connection.execute(select(tables.touched))
            return {row.station_id: row.since for row in rows}

        return ask(read)

    def take(self, ask: Ask) -> object:
        """Hand the marks on to the task; give what it is to look at."""
        known = ask(told.marks)
        ask(lambda connection: told.reopen(connection, "daily", known))
        ask(lambda connection: told.unmark(connection, known))
        return ask(lambda connection: told.reopened(connection, "daily"))

    def test_the_earliest_counts(self, ask: Ask) -> None:
        """Whatever the order."""
        for hours in (3, 1, 2):
            at = START + hours * HOUR
            ask(lambda connection, at=at: told.touch(connection, 1, at))
        assert {1: START + HOUR} == self.marks(ask)

    def test_a_mark_is_taken_once(self, ask: Ask) -> None:
        """It stays with the task until that has looked."""
        ask(lambda connection: told.touch(connection, 1, START))
        assert {1: START} == self.take(ask)
        assert {} == self.marks(ask)
        assert {1: START} == self.take(ask)
        ask(lambda connection: told.settle(connection, "daily", [1]))
        assert {} == self.take(ask)

    def test_after_it_was_taken_there_are_new_ones(self, ask: Ask) -> None:
        """Also later ones, and the earliest counts for the task."""
        ask(lambda connection: told.touch(connection, 1, START))
        self.take(ask)
        ask(lambda connection: told.touch(connection, 1, START + HOUR))
        assert {1: START} == self.take(ask)
        ask(lambda connection: told.touch(connection, 1, START - HOUR))
        assert {1: START - HOUR} == self.take(ask)

    def test_what_is_taken_back_leaves_none(self, ask: Ask) -> None:
        """And does not keep the next one from leaving it."""

        def fail(connection: Connection) -> None:
            told.touch(connection, 1, START)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            ask(fail)
        assert {} == self.marks(ask)
        ask(lambda connection: told.touch(connection, 1, START))
        assert {1: START} == self.marks(ask)

    def test_one_that_became_earlier_meanwhile_stays(self, ask: Ask) -> None:
        """What came between is not forgotten."""
        ask(lambda connection: told.touch(connection, 1, START))
        known = ask(told.marks)
        ask(lambda connection: told.touch(connection, 1, START - HOUR))
        ask(lambda connection: told.unmark(connection, known))
        assert {1: START - HOUR} == self.marks(ask)

    def test_they_are_for_every_task_that_has_told_anything(self, ask: Ask) -> None:
        """Also where it delivers nothing now."""
        assert [] == ask(told.who_told)
        tell(ask, 1, interval(0, "1", "measured"))
        assert ["daily"] == ask(told.who_told)

    def test_a_session_leaves_one(self, ask: Ask) -> None:
        """From its start on, when it begins and when it ends."""
        empty = Reception((), ())
        start = StartReport(1, "CARD", START, Decimal(0), None, empty)
        ask(lambda connection: records.keep_start(connection, 1, start))
        assert {1: START} == self.marks(ask)
        self.take(ask)
        stop = StopReport(1, "CARD", START + HOUR, Decimal(0), "Local", empty)
        ask(lambda connection: records.keep_stop(connection, 1, stop, 1))
        assert {1: START} == self.marks(ask)

    def test_a_connection_leaves_one(self, ask: Ask) -> None:
        """For it may have been away for a moment only, which counts as nothing."""
        ask(lambda connection: records.begin_connection(connection, 1, START))
        assert {1: START - timedelta(minutes=1)} == self.marks(ask)

    def test_a_connection_that_a_crash_cut_leaves_one(self, ask: Ask) -> None:
        """Its end was not where it seemed."""
        ask(records.close_dangling)
        assert {1: START, 2: START} == self.marks(ask)
