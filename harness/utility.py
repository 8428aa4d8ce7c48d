"""
The utility as verdicts see it: what arrived at its server, and what its importer believes.

Everything here is read from the drop's files and its own record, none of it from the backend.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from harness.errors import NothingArrived
from simulators.clock import Clock
from simulators.faults import Fault
from simulators.ftp_server import Collector, Event, Layout, Pickup, SftpServer, User
from simulators.ftp_server.mscons import MsconsAgreed
from simulators.wiretap import Wiretap

USER = "isebench"
SECRET = "a password for the bench"
FOLDER = "/einlesen"
KEPT_FOLDERS = ("archive", "error")


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """A fault of the server, from one instant until just before another."""

    fault: Fault
    start: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Arrived:
    """
    A file that was seen under a final name.

    Attributes:
        name: its name.
        path: where it was seen first, as the sender sees it.
        content: its bytes.
        encoding: of its text; "utf-8-sig" reads UTF-8 with and without a mark.
    """

    name: str
    path: str
    content: bytes
    encoding: str = "utf-8-sig"

    def text(self) -> str:
        """Give its content as text."""
        return self.content.decode(self.encoding)

    def lines(self) -> list[str]:
        """Give its lines without their ends."""
        return self.text().splitlines()


@dataclass(frozen=True, slots=True)
class Held:
    """What the utility holds for one interval of one metering point."""

    start: datetime
    end: datetime
    energy_kwh: Decimal | None
    status: str | None
    file: str


class Utility:
    """
    A utility with an SFTP server and an importer.

    Parameters:
        name: its name on the bench.
        clock, tap: the scenario's.
        folder: where the server's files may lie.
        layout: the knobs that were agreed with the sender, and differ from the defaults.
        faults: what goes wrong at the server, and when.
    """

    folder = FOLDER

    def __init__(
        self,
        name: str,
        clock: Clock,
        tap: Wiretap,
        folder: Path,
        layout: Mapping[str, Any],
        faults: Sequence[PlannedFault] = (),
    ) -> None:
        self.name = name
        root = folder / "drop"
        root.mkdir(parents=True, exist_ok=True)
        self._root = root
        self._server = SftpServer(
            name, clock, tap, users=[User(USER, SECRET)], root=root, folders=[FOLDER]
        )
        encoding = str(layout.get("encoding", "utf-8"))
        self._encoding = "utf-8-sig" if encoding.startswith("utf-8") else encoding
        agreed: Layout | MsconsAgreed
        if layout.get("kind") == "mscons":
            agreed = MsconsAgreed.from_mapping(layout)
        else:
            agreed = Layout.from_mapping(layout)
        self._collector = Collector(self._server.drop, agreed, folder=FOLDER.strip("/"))
        for planned in faults:
            self._server.faults.schedule(planned.fault, planned.start, planned.until)

    async def start(self, port: int = 0) -> None:
        """Let the server listen."""
        await self._server.start(port)

    async def stop(self) -> None:
        """Stop the server."""
        await self._server.stop()

    @property
    def port(self) -> int:
        """Where the server listens."""
        return self._server.port

    def destination(self) -> dict[str, Any]:
        """Give what a sender has to set for this utility."""
        return {
            "name": self.name,
            "kind": "sftp",
            "host": "127.0.0.1",
            "port": self._server.port,
            "user": USER,
            "secret": SECRET,
            "folder": FOLDER,
            "host_key": self._server.host_key_line,
        }

    def collect(self) -> None:
        """Let the importer read what lies there."""
        self._collector.collect()

    @property
    def events(self) -> list[Event]:
        """What anybody did at the drop."""
        return self._server.drop.events

    def held(self, metering_code: str) -> list[Held]:
        """Give what the importer believes of a metering point, in the order of time."""
        return [
            Held(start, belief.end, belief.energy_kwh, belief.status, belief.file)
            for (code, _, start), belief in sorted(self._collector.believes().items())
            if code == metering_code
        ]

    def told_by(self, file: str, metering_code: str) -> list[Held]:
        """Give what one file told the importer of a metering point, in the order of time."""
        return [
            Held(start, belief.end, told.energy_kwh, told.status, file)
            for (code, _, start), belief in sorted(self._collector.believes().items())
            for told in belief.history
            if code == metering_code and told.file == file
        ]

    def arrived(self) -> list[Arrived]:
        """
        Give every file that was seen under a final name, in the order of arrival.

        A name that came again after it had been taken away is there twice.
        """
        standing: set[str] = set()
        seen: list[str] = []
        for version in self._server.drop.history.versions:
            folder, _, name = version.path.rpartition("/")
            if folder != FOLDER.strip("/") or not _final(name):
                continue
            if version.size_bytes is None:
                standing.discard(name)
            elif name not in standing:
                standing.add(name)
                seen.append(name)
        return [
            Arrived(
                name,
                f"{FOLDER}/{name}",
                self._content(name, seen[:index].count(name)),
                self._encoding,
            )
            for index, name in enumerate(seen)
        ]

    def arrivals(self) -> list[tuple[str, datetime]]:
        """Give each final name with the instant at which it was seen first, in that order."""
        seen: dict[str, datetime] = {}
        for version in self._server.drop.history.versions:
            folder, _, name = version.path.rpartition("/")
            if folder == FOLDER.strip("/") and _final(name) and version.size_bytes is not None:
                seen.setdefault(name, version.at)
        return list(seen.items())

    def pickups(self) -> list[Pickup]:
        """Give what became of each file at the importer, in the order in which it read them."""
        return list(self._collector.pickups)

    def first(self) -> Arrived:
        """
        Give the file that arrived first.

        Raises:
            NothingArrived: If none did.
        """
        files = self.arrived()
        if not files:
            raise NothingArrived(f"no file arrived at {self.name}")
        return files[0]

    def place_of(self, name: str, earlier: int = 0) -> Path | None:
        """
        Tell where a file that arrived lies now; None where it is gone.

        Parameters:
            name: its name.
            earlier: how many files of that name had arrived before.
        """
        folder = self._root / FOLDER.strip("/")
        kept_name = f"{name}.{earlier + 1}" if earlier else name
        places = (*(folder / kept / kept_name for kept in KEPT_FOLDERS), folder / name)
        return next((place for place in places if place.exists()), None)

    def _content(self, name: str, earlier: int) -> bytes:
        place = self.place_of(name, earlier)
        return b"" if place is None else place.read_bytes()

    def sizes_shown(self) -> list[tuple[str, int]]:
        """Give each name and size that was ever visible under a final name."""
        return [
            (name, version.size_bytes)
            for version in self._server.drop.history.versions
            if version.size_bytes is not None
            and (name := version.path.rpartition("/")[2])
            and version.path == f"{FOLDER.strip('/')}/{name}"
            and _final(name)
        ]

    def visible(self) -> list[str]:
        """Give the final names that a poller would see now."""
        return [name for name in self._standing() if _final(name)]

    def leftovers(self) -> list[str]:
        """Give what lies in the folder and is neither a final file nor the importer's."""
        return [name for name in self._standing() if not _final(name)]

    def _standing(self) -> list[str]:
        folder = self._root / FOLDER.strip("/")
        return sorted(path.name for path in folder.iterdir() if path.name not in KEPT_FOLDERS)


def _final(name: str) -> bool:
    return not name.startswith(".") and not name.lower().endswith((".part", ".tmp"))
