"""Tests of the collector: what is picked up, what is believed, what is refused."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from simulators.ftp_server.collector import Collector, Pickup, Told
from simulators.ftp_server.timeseries_csv import Layout
from tests.unit.simulators.ftp_server.conftest import START, Place

CODE = "CH9876501234500000000000000000001"
OBIS = "1-1:1.29.0*255"
FIRST = datetime(2025, 6, 3, 12, 0, tzinfo=UTC)
KEY = (CODE, OBIS, FIRST)


def name(created: str, revision: int = 1) -> str:
    """Make a file name of the default pattern."""
    return f"ISE_Tagesexport_20250603_20250603_202506{created}00_{revision}.csv"


def content(*values: str, status: str = "W", header: bool = True, code: str = CODE) -> bytes:
    """Make a file of quarter hours from 14:00 on."""
    lines = ["Messpunkt;OBIS;Zeitstempel;Wert;Einheit;Status"] if header else []
    for quarter, value in enumerate(values, start=1):
        label = f"03.06.2025 {14 + quarter // 4}:{quarter % 4 * 15:02d}:00"
        lines.append(f"{code};{OBIS};{label};{value};kWh;{status}")
    return "".join(line + "\r\n" for line in lines).encode()


@pytest.fixture
def collector(place: Place) -> Collector:
    """A collector of the folder ``ise/in``."""
    return Collector(place.drop, Layout(), folder="ise/in")


def put(place: Place, file: str, what: bytes) -> None:
    """Place a finished file in the folder."""
    place.drop.put(f"ise/in/{file}", what)


def standing(place: Place, folder: str) -> set[str]:
    """Give the names in a folder below the collected one."""
    return set(place.drop.visible_at(place.clock.now(), f"ise/in{folder}"))


class TestPickup:
    """What is picked up, and where it goes."""

    def test_a_finished_file_is_archived(self, place: Place, collector: Collector) -> None:
        """A good file is read and moved to ``archive/``."""
        put(place, name("040030"), content("1.000", "2.000"))

        assert [Pickup(START, name("040030"), None, new=2)] == collector.collect()
        assert set() == standing(place, "")
        assert {name("040030")} == standing(place, "/archive")

    @pytest.mark.parametrize("hidden", [".{}", ".{}.part", "{}.part", "{}.tmp", "{}.TMP"])
    def test_unfinished_files_are_not_seen(
        self, place: Place, collector: Collector, hidden: str
    ) -> None:
        """Dot files, ``.part`` and ``.tmp`` stay where they are."""
        put(place, hidden.format(name("040030")), content("1.000"))

        assert [] == collector.collect()
        assert {hidden.format(name("040030"))} == standing(place, "")

    def test_subfolders_and_links_are_not_seen(self, place: Place, collector: Collector) -> None:
        """Files in subfolders and links are left alone."""
        put(place, f"Temp/{name('040030')}", content("1.000"))
        (place.drop.root / "ise/in" / name("040100")).symlink_to("/etc/hostname")

        assert [] == collector.collect()

    def test_a_bad_file_goes_to_error_with_its_reason(
        self, place: Place, collector: Collector
    ) -> None:
        """A refused file lies in ``error/`` beside one sentence, and none of it counts."""
        put(place, name("040030"), content("1.000", "x"))
        (pickup,) = collector.collect()

        assert "line 3: the value 'x' is not a number" in (pickup.reason or "")
        assert {name("040030"), f"{name('040030')}.reason.txt"} == standing(place, "/error")
        sentence = (place.drop.root / f"ise/in/error/{name('040030')}.reason.txt").read_text()
        assert sentence == f"{name('040030')} was not imported: {pickup.reason}.\n"
        assert {} == collector.believes()

    def test_a_name_without_its_form_is_refused(self, place: Place, collector: Collector) -> None:
        """A file whose name does not tell when it was made cannot be ordered."""
        put(place, "values.csv", content("1.000"))

        assert "its name does not have the agreed form" in (collector.collect()[0].reason or "")

    def test_a_file_that_is_too_large(
        self, place: Place, collector: Collector, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A file above the limit is refused unread."""
        monkeypatch.setattr("simulators.ftp_server.collector.FILE_LIMIT_BYTES", 10)
        put(place, name("040030"), content("1.000"))

        assert "it is larger than 10 bytes" == collector.collect()[0].reason

    def test_one_file_per_meter(self, place: Place) -> None:
        """Where one file per meter was agreed, two meters in one are refused."""
        collector = Collector(place.drop, Layout(files="meter"), folder="ise/in")
        both = content("1.000") + content("1.000", header=False, code=CODE[:-1] + "2")
        put(place, name("040030"), both)

        assert "more than one meter" in (collector.collect()[0].reason or "")

    def test_the_same_name_again_is_kept_beside(self, place: Place, collector: Collector) -> None:
        """A second file of a name that was archived is archived under a number."""
        for _ in range(3):
            put(place, name("040030"), content("1.000"))
            collector.collect()

        names = {name("040030"), f"{name('040030')}.2", f"{name('040030')}.3"}
        assert names == standing(place, "/archive")
        assert [(1, 0), (0, 1), (0, 1)] == [(one.new, one.same) for one in collector.pickups]

    def test_the_moves_are_in_the_record(self, place: Place, collector: Collector) -> None:
        """What the collector moves is told under its name."""
        put(place, name("040030"), content("1.000"))
        collector.collect()

        assert ("collector", "move") == (
            place.drop.events[-1].user,
            place.drop.events[-1].action,
        )


class TestBelief:
    """The newest file wins."""

    def test_a_value_and_where_it_came_from(self, place: Place, collector: Collector) -> None:
        """IS-E believes the value, its status, and knows the file."""
        put(place, name("040030"), content("1.000", status="E"))
        collector.collect()
        belief = collector.believes()[KEY]

        assert (Decimal("1.000"), "E", name("040030"), FIRST + timedelta(minutes=15)) == (
            belief.energy_kwh,
            belief.status,
            belief.file,
            belief.end,
        )

    def test_a_newer_file_revises(self, place: Place, collector: Collector) -> None:
        """A newer file with another value is a revision; the same value changes nothing."""
        put(place, name("040030"), content("1.000", "2.000"))
        collector.collect()
        put(place, name("050030"), content("1.000", "3.000"))
        (pickup,) = collector.collect()

        assert (1, 1) == (pickup.same, pickup.revised)
        first, second = collector.believes().values()
        assert (name("040030"), name("050030")) == (first.file, second.file)
        assert (
            Told(name("040030"), Decimal("2.000"), "W", "new", START),
            Told(name("050030"), Decimal("3.000"), "W", "revised", START),
        ) == second.history

    def test_an_older_file_that_comes_late_changes_nothing(
        self, place: Place, collector: Collector
    ) -> None:
        """The timestamp in the name decides, not the order of arrival."""
        for created, value in (("050030", "2.000"), ("040030", "1.000")):
            put(place, name(created), content(value))
            collector.collect()

        assert Decimal("2.000") == collector.believes()[KEY].energy_kwh
        assert ["new", "outdated"] == [told.effect for told in collector.believes()[KEY].history]

    def test_a_confirmation_outdates_what_lies_between(
        self, place: Place, collector: Collector
    ) -> None:
        """A value that a newer file confirmed is not undone by one made before that."""
        for created, value in (("040030", "1.000"), ("060030", "1.000"), ("050030", "9.000")):
            put(place, name(created), content(value))
            collector.collect()

        assert Decimal("1.000") == collector.believes()[KEY].energy_kwh

    def test_several_at_once_are_read_oldest_first(
        self, place: Place, collector: Collector
    ) -> None:
        """Files that lie there together are taken in the order of their making."""
        put(place, name("050030"), content("2.000"))
        put(place, name("040030"), content("1.000"))

        files = [pickup.file for pickup in collector.collect()]
        assert [name("040030"), name("050030")] == files
        assert Decimal("2.000") == collector.believes()[KEY].energy_kwh

    def test_revisions_of_one_second_count_as_numbers(
        self, place: Place, collector: Collector
    ) -> None:
        """Of two files made in the same second the higher revision is newer: 10 after 2."""
        put(place, name("040030", 10), content("10.000"))
        put(place, name("040030", 2), content("2.000"))
        collector.collect()

        assert Decimal("10.000") == collector.believes()[KEY].energy_kwh

    def test_a_status_alone_is_a_revision(self, place: Place, collector: Collector) -> None:
        """An estimated value that becomes true is revised although its number stays."""
        put(place, name("040030"), content("1.000", status="E"))
        put(place, name("050030"), content("1.000"))

        assert [0, 1] == [pickup.revised for pickup in collector.collect()]
        assert "W" == collector.believes()[KEY].status

    def test_a_suffix_makes_no_other_value(self, place: Place, collector: Collector) -> None:
        """With or without ``*255`` an OBIS code names the same value."""
        put(place, name("040030"), content("1.000"))
        put(place, name("050030"), content("2.000").replace(b"*255", b""))
        collector.collect()

        assert [(CODE, "1-1:1.29.0", FIRST)] == list(collector.believes())
        belief = collector.belief(CODE, OBIS, FIRST)
        assert belief is not None
        assert Decimal("2.000") == belief.energy_kwh
        assert collector.belief(CODE, "1-1:1.9.0", FIRST) is None

    @pytest.mark.parametrize(
        ("pattern", "file"),
        [
            ("{from}-{task}-{created}", "20250603-a_b-c-20250604003000"),
            ("EW.{created}.{meter}.csv", f"EW.20250604003000.{CODE}.csv"),
        ],
    )
    def test_other_names(self, place: Place, pattern: str, file: str) -> None:
        """The creation time is found wherever the pattern puts it."""
        collector = Collector(place.drop, Layout(name_pattern=pattern), folder="ise/in")
        put(place, file, content("1.000"))

        assert [None] == [pickup.reason for pickup in collector.collect()]

    def test_a_learned_interval_holds(self, place: Place, collector: Collector) -> None:
        """A series that came in hours is read in hours when one value is corrected."""
        hours = content("1.000", "2.000").replace(b"14:15", b"14:00").replace(b"14:30", b"15:00")
        put(place, name("040030"), hours)
        put(place, name("050030"), content("3.000").replace(b"14:15", b"15:00"))
        collector.collect()

        last = collector.believes()[CODE, OBIS, FIRST]
        assert (Decimal("3.000"), FIRST + timedelta(hours=1)) == (last.energy_kwh, last.end)


class TestTime:
    """When it looks."""

    def test_polling_by_the_clock(self, place: Place, collector: Collector) -> None:
        """It looks at its times and not between, until it is told to stop."""
        hour = timedelta(hours=1)

        async def run() -> list[Any]:
            polling = collector.poll(place.clock, START + hour, hour)
            for created in ("040030", "050030", "060030"):
                put(place, name(created), content("1.000"))
                await place.clock.advance_to(place.clock.now() + hour)
                if created == "050030":
                    polling.cancel()
            return [(pickup.file, pickup.at) for pickup in collector.pickups]

        expected = [(name("040030"), START + hour), (name("050030"), START + 2 * hour)]
        assert expected == asyncio.run(run())

    def test_collecting_at_once(self, place: Place, collector: Collector) -> None:
        """A collector that watches takes a file in the moment of its rename."""
        collector.collect_at_once()
        part = f"in/.{name('040030')}.part"
        place.upload(part, content("1.000"))
        assert [] == collector.pickups

        place.session.rename(part, f"in/{name('040030')}")
        assert [name("040030")] == [pickup.file for pickup in collector.pickups]
