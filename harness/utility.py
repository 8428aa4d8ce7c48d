"""
The utility as verdicts see it: what arrived at its server, and what its importer believes.

Everything here is read from the drop's files and its own record, none of it from the backend.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import NothingArrived
from harness.outcomes import Place
from simulators.clock import Clock
from simulators.faults import Fault, Faults
from simulators.ftp_server import (
    Collector,
    Drop,
    Event,
    Pickup,
    SftpServer,
    User,
)
from simulators.ftp_server.agreements import agreed_of
from simulators.ftp_server.faults import AtStep
from simulators.ftp_server.timeseries_csv import Stands
from simulators.wiretap import Wiretap

if TYPE_CHECKING:
    from simulators.ftp_server import FtpServer

USER = "isebench"
SECRET = "a password for the bench"
FOLDER = "/einlesen"
KEPT_FOLDERS = ("archive", "error")


@dataclass(frozen=True, slots=True)
class Login:
    """
    What a sender logs in with, and what the server knows of it.

    Attributes:
        secret: the password; empty for none.
        key_file: the path of a private key; None for none.
        passphrase: of the key file; empty for none.
        public_keys: which keys the server lets in, as OpenSSH lines.
        user: the name.
    """

    secret: str = SECRET
    key_file: Path | None = None
    passphrase: str = ""
    public_keys: tuple[str, ...] = ()
    user: str = USER

    def settings(self) -> dict[str, str]:
        """Give what a sender has to set."""
        given = {
            "secret": self.secret,
            "key_file": "" if self.key_file is None else str(self.key_file),
            "key_passphrase": self.passphrase,
        }
        return {key: value for key, value in given.items() if value}


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """A fault of the server, from one instant until just before another."""

    fault: Fault
    start: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class DropServer:
    """
    What server a utility has, and what it tells its senders of it.

    Attributes:
        wire: ``SFTP``, ``FTP``, ``FTPS``, or ``implicit FTPS``.
        knows_epsv: of FTP, whether it answers EPSV.
        told_address: of FTP, what it says its address is, as behind address translation.
        is_issuer_named: of FTPS, whether senders know who signed its certificate, instead of it.
        settings: what else a sender has to set; keys of a destination, None to leave one out.
    """

    wire: str = "SFTP"
    knows_epsv: bool = True
    told_address: str | None = None
    is_issuer_named: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    def made(
        self,
        name: str,
        clock: Clock,
        tap: Wiretap,
        root: Path,
        user: User,
        drop: Drop | None = None,
    ) -> SftpServer | FtpServer:
        """Make it, with its user and its folder, or before a drop; it does not listen yet."""
        users, folders = [user], [FOLDER]
        if self.wire == "SFTP":
            return SftpServer(name, clock, tap, users=users, root=root, drop=drop, folders=folders)
        # Loaded only by who has such a server.
        from simulators.ftp_server.ftp_io import FtpServer

        return FtpServer(
            name,
            clock,
            tap,
            users=users,
            root=root,
            drop=drop,
            folders=folders,
            security=SECURITY[self.wire],
            extended_passive=self.knows_epsv,
            masquerade_address=self.told_address,
        )


SECURITY = {"FTP": "none", "FTPS": "explicit", "implicit FTPS": "implicit"}
"""What the wires of a scenario are to the emulated server."""
DROP_WIRES = ("sftp", "ftp", "ftps")
"""Wires over which files arrive, as the wiretap names them."""


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
    """
    What the utility holds for one interval, or one day, of one metering point.

    Attributes:
        energy_kwh: in the unit of its OBIS code; of a register what it shows at the end.
        place, status_place: where they stand in the file; None where that is not known, or where
            a file has no status.
    """

    start: datetime
    end: datetime
    energy_kwh: Decimal | None
    status: str | None
    file: str
    obis: str = ""
    place: Place | None = field(default=None, compare=False)
    status_place: Place | None = field(default=None, compare=False)


class Utility:
    """
    A utility with a server for files and an importer.

    Parameters:
        name: its name on the bench.
        clock, tap: the scenario's.
        folder: where the server's files may lie.
        layout: the knobs that were agreed with the sender, and differ from the defaults.
        faults: what goes wrong at the server, and when.
        server: what server it has.
        login: what opens its door.
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
        server: DropServer = DropServer(),
        login: Login = Login(),
    ) -> None:
        self.name = name
        self._clock, self._tap, self._login = clock, tap, login
        root = folder / "drop"
        root.mkdir(parents=True, exist_ok=True)
        self._root = root
        self._agreed = server
        self._user = User(login.user, login.secret, public_keys=login.public_keys)
        self._server = server.made(name, clock, tap, root, self._user)
        self._beside: dict[str, tuple[DropServer, SftpServer | FtpServer]] = {}
        encoding = str(layout.get("encoding", "utf-8"))
        self._encoding = "utf-8-sig" if encoding.startswith("utf-8") else encoding
        self._collector = Collector(self._server.drop, agreed_of(layout), folder=FOLDER.strip("/"))
        for planned in faults:
            self._server.faults.schedule(planned.fault, planned.start, planned.until)

    async def start(self, port: int = 0) -> None:
        """Let the server listen."""
        await self._server.start(port)

    async def stop(self) -> None:
        """Stop the server, and those beside it."""
        for _, server in self._beside.values():
            await server.stop()
        await self._server.stop()

    async def open(self, agreed: DropServer, port: int = 0) -> None:
        """Let another server listen, in front of the same files; one of each wire."""
        if agreed.wire in (self._agreed.wire, *self._beside):
            return
        made = agreed.made(
            self.name, self._clock, self._tap, self._root, self._user, self._server.drop
        )
        await made.start(port)
        self._beside[agreed.wire] = (agreed, made)

    @property
    def port(self) -> int:
        """Where the server listens."""
        return self._server.port

    def destination(self, wire: str = "") -> dict[str, Any]:
        """
        Give what a sender has to set for this utility.

        Parameters:
            wire: over which of its servers; the first one where nothing is said.
        """
        agreed, server = self._beside.get(wire, (self._agreed, self._server))
        told = {
            "name": self.name,
            "kind": agreed.wire.split()[-1].lower(),
            "host": "127.0.0.1",
            "port": server.port,
            "user": self._login.user,
            **self._login.settings(),
            "folder": FOLDER,
            **self._known_by(agreed, server),
            **agreed.settings,
        }
        return {key: value for key, value in told.items() if value is not None}

    def _known_by(self, agreed: DropServer, server: SftpServer | FtpServer) -> dict[str, Any]:
        """Give how senders know that it is this server."""
        if isinstance(server, SftpServer):
            return {"host_key": server.host_key_line}
        if not server.certificate_pem:
            return {}
        begins = {"implicit": agreed.wire == "implicit FTPS"}
        if agreed.is_issuer_named:
            issuer = self._root.parent / "issuer.pem"
            issuer.write_text(server.certificate_pem, encoding="ascii")
            return {**begins, "authority_file": str(issuer)}
        der = ssl.PEM_cert_to_DER_cert(server.certificate_pem)
        return {**begins, "certificate_sha256": hashlib.sha256(der).hexdigest()}

    def certificate_pem(self, wire: str) -> str:
        """Give the certificate that one of its servers shows; empty where it shows none."""
        _, server = self._beside.get(wire, (self._agreed, self._server))
        return "" if isinstance(server, SftpServer) else server.certificate_pem

    def collect(self) -> None:
        """Let the importer read what lies there."""
        self._collector.collect()

    @property
    def events(self) -> list[Event]:
        """What anybody did at the drop."""
        return self._server.drop.events

    @property
    def faults(self) -> Faults:
        """What goes wrong at the server, to be switched."""
        return self._server.faults

    @property
    def bitten(self) -> list[AtStep]:
        """The faults at steps of a line that have bitten, each time."""
        return self._server.drop.bitten

    def standing(self) -> dict[str, int]:
        """Give name and size in bytes of all that lies in the folder and is not the importer's."""
        folder = self._root / FOLDER.strip("/")
        return {name: (folder / name).stat().st_size for name in self._standing()}

    def clear(self) -> None:
        """Let the utility's people put aside all that lies in the folder."""
        for name in self._standing():
            path = f"{FOLDER.strip('/')}/{name}"
            self._server.drop.move(path, f"put-aside/{len(self.events)}-{name}")

    def held(self, metering_code: str) -> list[Held]:
        """Give what the importer believes of a metering point, in the order of time."""
        return [
            Held(
                start,
                belief.end,
                belief.energy_kwh,
                belief.status,
                belief.file,
                obis,
                *_places(belief.stands),
            )
            for (code, obis, start), belief in sorted(self._collector.believes().items())
            if code == metering_code
        ]

    def told_by(self, file: str, metering_code: str) -> list[Held]:
        """Give what one file told the importer of a metering point, in the order of time."""
        return [
            Held(
                start,
                belief.end,
                told.energy_kwh,
                told.status,
                file,
                obis,
                *_places(told.stands),
            )
            for (code, obis, start), belief in sorted(self._collector.believes().items())
            for told in belief.history
            if code == metering_code and told.file == file
        ]

    def put(self, name: str, content: bytes) -> None:
        """Have a file stand in the drop folder that no sender has sent."""
        self._server.drop.put(f"{FOLDER.strip('/')}/{name}", content)

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

    @property
    def versions_seen(self) -> int:
        """How many versions of files have stood at the server so far."""
        return len(self._server.drop.history.versions)

    def sizes_shown(self, since: int = 0) -> list[tuple[str, int]]:
        """
        Give each name and size that was ever visible under a final name.

        Parameters:
            since: only what came after so many versions, see `versions_seen`.
        """
        return [
            (name, version.size_bytes)
            for version in self._server.drop.history.versions[since:]
            if version.size_bytes is not None
            and (name := version.path.rpartition("/")[2])
            and version.path == f"{FOLDER.strip('/')}/{name}"
            and _final(name)
        ]

    def shown_at(self, instant: datetime) -> dict[str, int]:
        """Give final names and sizes that a poller would have seen at the end of an instant."""
        standing = self._server.drop.visible_at(instant, FOLDER.strip("/"))
        return {name: size for name, size in standing.items() if _final(name)}

    def visible(self) -> list[str]:
        """Give the final names that a poller would see now."""
        return [name for name in self._standing() if _final(name)]

    def leftovers(self) -> list[str]:
        """Give what lies in the folder and is neither a final file nor the importer's."""
        return [name for name in self._standing() if not _final(name)]

    def _standing(self) -> list[str]:
        folder = self._root / FOLDER.strip("/")
        return sorted(path.name for path in folder.iterdir() if path.name not in KEPT_FOLDERS)


def _places(stands: Stands) -> tuple[Place | None, Place | None]:
    """Give where a value and its status stand, as reports count it."""
    value, status = (Place(stands.line, cell) if cell else None for cell in stands[1:])
    return value, status


def _final(name: str) -> bool:
    return not name.startswith(".") and not name.lower().endswith((".part", ".tmp"))
