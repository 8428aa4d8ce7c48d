"""The utility as verdicts see it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from backend.core.formats.ise_timeseries_csv import Row, write
from backend.core.formats.layout import Layout
from backend.core.intervals import Status
from harness.errors import NothingArrived
from harness.utility import FOLDER, SECRET, USER, Arrived, Held, PlannedFault, Utility
from simulators.clock import VirtualClock
from simulators.ftp_server import User
from simulators.ftp_server.faults import FullDisk
from simulators.ftp_server.session import OpenMode, Session
from simulators.wiretap import Wiretap

START = datetime(2025, 6, 4, 0, 30, tzinfo=UTC)
FIRST = datetime(2025, 6, 2, 22, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
CODE = "CH98765012345AAAAAAAAAAAAAAA00001"
NAME = "ISE_Tagesexport_20250603_20250603_20250604003000_0.csv"
MakeUtility = Callable[..., Utility]


@pytest.fixture(name="make")
def _make(tmp_path: Path) -> MakeUtility:
    """Make a utility with these faults."""

    def make(*faults: PlannedFault, clock: VirtualClock | None = None) -> Utility:
        clock = clock or VirtualClock(START)
        return Utility("EW Seedorf", clock, Wiretap(clock), tmp_path, {}, faults)

    return make


@pytest.fixture(name="utility")
def _utility(make: MakeUtility) -> Utility:
    """Give a utility without faults."""
    return make()


def session(utility: Utility) -> Session:
    """Log in."""
    return Session(utility._server.drop, User(USER, SECRET), "sftp")


def upload(utility: Utility, path: str, content: bytes) -> None:
    """Upload a file under a path."""
    there = session(utility)
    file = there.open(path, OpenMode(write=True, create=True, truncate=True))
    there.write(file, 0, content)
    there.close(file)


def deliver(utility: Utility, name: str, content: bytes) -> None:
    """Upload a file under a temporary name and then give it its own."""
    upload(utility, f"{FOLDER}/{name}.part", content)
    session(utility).rename(f"{FOLDER}/{name}.part", f"{FOLDER}/{name}", replace=True)


def series(code: str, *energies: str) -> bytes:
    """Write a file of one metering point, from the beginning of the day."""
    rows = [
        Row(
            code,
            "1-1:1.29.0",
            FIRST + number * QUARTER,
            FIRST + (number + 1) * QUARTER,
            Decimal(energy),
            Status.TRUE,
        )
        for number, energy in enumerate(energies)
    ]
    return write(rows, Layout())


class TestArrived:
    """What was ever seen under a final name."""

    def test_is_told_in_the_order_of_arrival(self, utility: Utility) -> None:
        """A file arrives when it gets its name, with its bytes and where it was first seen."""
        deliver(utility, "b.csv", b"\xef\xbb\xbfone\r\ntwo\r\n")
        deliver(utility, "a.csv", b"three")
        deliver(utility, "b.csv", b"\xef\xbb\xbfone\r\ntwo\r\n")

        files = utility.arrived()

        assert [
            Arrived("b.csv", "/einlesen/b.csv", b"\xef\xbb\xbfone\r\ntwo\r\n"),
            Arrived("a.csv", "/einlesen/a.csv", b"three"),
        ] == files
        assert "one\r\ntwo\r\n" == files[0].text()
        assert ["one", "two"] == files[0].lines()

    def test_holds_what_the_importer_moved_away(self, utility: Utility) -> None:
        """What was imported or refused still has arrived, with its bytes."""
        deliver(utility, NAME, series(CODE, "1.000"))
        deliver(utility, "broken.csv", b"broken")
        utility.collect()

        assert [(NAME, series(CODE, "1.000")), ("broken.csv", b"broken")] == [
            (file.name, file.content) for file in utility.arrived()
        ]
        assert [] == utility.visible()

    def test_is_empty_where_the_file_has_gone(self, utility: Utility) -> None:
        """A file that somebody took away has arrived, and nothing of it is left."""
        deliver(utility, "a.csv", b"one")
        session(utility).remove(f"{FOLDER}/a.csv")

        assert [Arrived("a.csv", "/einlesen/a.csv", b"")] == utility.arrived()

    @pytest.mark.parametrize("path", ["/a.csv", f"{FOLDER}/.a.csv", f"{FOLDER}/a.csv.PART"])
    def test_holds_no_file_of_another_place_or_of_no_final_name(
        self, utility: Utility, path: str
    ) -> None:
        """What a poller of the folder would not take has not arrived."""
        upload(utility, path, b"one")

        assert [] == utility.arrived()
        assert [] == utility.sizes_shown()


class TestStanding:
    """What lies in the folder."""

    def test_is_final_or_left_over(self, utility: Utility) -> None:
        """A poller sees the final names; the rest was left over."""
        deliver(utility, NAME, series(CODE, "1.000"))
        utility.collect()
        deliver(utility, "a.csv", b"one")
        upload(utility, f"{FOLDER}/b.csv.part", b"tw")

        assert ["a.csv"] == utility.visible()
        assert ["b.csv.part"] == utility.leftovers()

    def test_was_shown_with_each_of_its_sizes(self, utility: Utility) -> None:
        """Whoever writes under the final name shows a file that grows."""
        there = session(utility)
        mode = OpenMode(write=True, create=True, truncate=True)
        file = there.open(f"{FOLDER}/a.csv", mode)
        there.write(file, 0, b"on")
        there.write(file, 2, b"e")
        there.close(file)

        assert [("a.csv", size) for size in (0, 2, 3)] == utility.sizes_shown()
        assert {"open", "write", "close"} == {event.action for event in utility.events}


class TestHeld:
    """What the importer believes."""

    def test_is_told_for_one_metering_point_in_the_order_of_time(self, utility: Utility) -> None:
        """Each interval bears its energy, its status and the file that it came from."""
        deliver(utility, NAME, series(CODE, "1.000", "0.250"))
        other = NAME.replace("Tagesexport", "Anderes")
        deliver(utility, other, series(CODE[:-1] + "2", "7.000"))
        utility.collect()

        assert [
            Held(FIRST, FIRST + QUARTER, Decimal("1.000"), "W", NAME, "1-1:1.29.0"),
            Held(FIRST + QUARTER, FIRST + 2 * QUARTER, Decimal("0.250"), "W", NAME, "1-1:1.29.0"),
        ] == utility.held(CODE)
        assert [] == utility.held("CH0")


class TestServer:
    """The server itself."""

    def test_tells_where_it_listens(self, make: MakeUtility) -> None:
        """What a sender has to set names the port and the key that are there."""

        async def live() -> Utility:
            utility = make()
            await utility.start()
            await utility.stop()
            return utility

        utility = asyncio.run(live())
        destination = utility.destination()

        assert 0 < utility.port == destination["port"]
        assert ("127.0.0.1", USER, SECRET, FOLDER) == tuple(
            destination[key] for key in ("host", "user", "secret", "folder")
        )
        assert destination["host_key"].startswith("ssh-ed25519 ")

    def test_has_its_faults_at_their_times(self, make: MakeUtility) -> None:
        """A planned fault bites from its start until just before its end."""

        async def live() -> list[bool]:
            clock = VirtualClock(START)
            fault = FullDisk()
            utility = make(PlannedFault(fault, START, START + QUARTER), clock=clock)
            seen = []
            for instant in (START, START + QUARTER):
                await clock.advance_to(instant)
                seen.append(fault in utility._server.faults.on)
            return seen

        assert [True, False] == asyncio.run(live())


def test_the_first_file_is_missed_where_none_arrived(utility: Utility) -> None:
    """A sentence about a file says so where there is none, and else gets the first."""
    with pytest.raises(NothingArrived, match="no file arrived at EW Seedorf"):
        utility.first()

    upload(utility, f"{FOLDER}/b.csv", b"first")
    upload(utility, f"{FOLDER}/a.csv", b"second")

    assert "b.csv" == utility.first().name
