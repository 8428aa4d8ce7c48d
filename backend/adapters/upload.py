"""
A file to a utility's server, whole or not at all, over whatever road.

The order of steps is the promise: temporary name in the same folder, upload, size check, hash
where the server offers one, rename without overwriting, look again. A file so appears under its
final name only when it is complete, and a try that broke anywhere is mended by the next one:

* What an earlier try left behind (``.<name>.part``, or as the destination says) is removed first.
* The answer of the rename is the point where a delivery can be lost or doubled: the file
  stands there, and we do not know. So the final name is looked at before anything is
  uploaded and again when the rename fails: the same bytes mean that an earlier try had
  succeeded; other bytes are never overwritten.
* A file that is gone right after its rename was taken away by the receiver: delivered.

Where a server forbids renaming, the destination says ``direct``: then a file that stands there
with fewer bytes, and these the same as ours, is what a try has left that broke.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import socket
from abc import ABC, abstractmethod
from collections.abc import Collection, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn, Protocol, TypeVar

from backend.adapters.lines import NoFurtherLine, Way
from backend.errors import (
    DeliveryError,
    Denied,
    Incomplete,
    LineBroken,
    LoginRefused,
    NameTaken,
    RenameRefused,
    TooSlow,
    Unreachable,
)
from backend.ports import Arrival, Clock, Destination, Step

LOGIN_LIMIT_S = 30.0
"""
How long connection and login may take together, in real seconds; never more than half of what
the whole delivery may take, so that "no answer" and "too slow" are told apart.
"""
REASON_LIMIT = 120
"""How much of a server's own words is quoted, in characters."""
STEPS = ("connect", "log in", "folder", "write", "list", "rename", "remove")
"""The steps of a connection test, in their order."""
T = TypeVar("T")

PROBE_NAME = "isebench-connection-test"
PROBE = b"isebench tests the connection\n"


class Session(Protocol):
    """
    A login at a server, in the folder of its destination; names are those in this folder.

    Every method raises a `DeliveryError` of the kind that fits where it cannot do its work. They
    are called within `Connection.carry`, and may wait there as their road waits.
    """

    async def enter(self) -> None:
        """Make sure of the folder, once; `FolderMissing` where there is none."""

    async def size_of(self, name: str) -> int | None:
        """Give the size of a file in bytes; None where there is none."""

    async def write(self, name: str, content: bytes) -> None:
        """Write a file; one that stands there is replaced."""

    async def sha256_of(self, name: str) -> str | None:
        """Give what the server says that the file's SHA-256 is; None where it offers none."""

    async def rename(self, name: str, to: str) -> None:
        """Give a file another name; a file that stands there is not replaced."""

    async def remove(self, name: str) -> None:
        """Remove a file, if there is one."""

    async def holds(self, name: str, content: bytes) -> bool:
        """Tell whether a file begins with these bytes; True where it may not be read."""

    async def names(self) -> Collection[str]:
        """List the folder."""


class Connection(Protocol):
    """A line to a server."""

    @property
    def reached(self) -> str:
        """What was reached, in plain words."""

    @property
    def welcome(self) -> str:
        """What the login is good for, in plain words."""

    @property
    def is_sound(self) -> bool:
        """Whether a further delivery may go over it."""

    async def session(self) -> Session:
        """Log in, where that is not done yet, and give the session."""

    async def carry(self, work: Coroutine[Any, Any, T]) -> T:
        """Have something done over its session, by the loop or by a thread of its own."""

    async def close(self) -> None:
        """Take leave, and give everything back."""

    async def abort(self) -> None:
        """Give everything back at once; whoever uses the line finds it broken."""


class Courier(ABC):
    """
    Takes files along one road; fills the port `backend.ports.Drop`.

    Parameters:
        clock: held while a delivery is under way.
        login_limit_s: how long connection and login may take, in real seconds.
        idle: how long a line stays open after a delivery; nothing for not at all.
    """

    def __init__(
        self,
        clock: Clock,
        login_limit_s: float = LOGIN_LIMIT_S,
        idle: timedelta = timedelta(0),
    ) -> None:
        self._clock = clock
        self._login_limit_s = login_limit_s
        self._idle = idle
        self._ways: dict[Destination, Way] = {}

    async def deliver(self, destination: Destination, name: str, content: bytes) -> Arrival:
        """
        Put ``content`` under ``name`` into the destination's folder, whole or not at all.

        Raises:
            DeliveryError: One of its kinds, by cause; nothing stands under the final name,
                or the very file does.
            ValueError: If ``name`` is no plain file name.
        """
        if "/" in name or name.startswith(".") or not name.isprintable() or not name:
            raise ValueError(f"{name!r} is no plain file name")
        with self._clock.hold(f"delivery of {name} to {destination.name}"):
            while True:
                with contextlib.suppress(NoFurtherLine):
                    return await self._deliver(destination, name, content)

    async def rest(self) -> None:
        """Close the lines that nobody uses."""
        for destination, way in list(self._ways.items()):
            await way.rest()
            self._forget(destination, way)

    async def test(self, destination: Destination) -> Sequence[Step]:
        """
        Try all that a delivery needs, step by step, with a file that no importer looks at.

        Returns:
            Every step; behind the first that failed none was tried.
        """
        done: dict[str, str] = {}
        failed: str | None = None
        with self._clock.hold(f"test of {destination.name}"):
            try:
                async with asyncio.timeout(destination.time_limit_s):
                    await self._try_out(destination, done)
            except TimeoutError:
                failed = str(_too_slow(destination, "the test"))
            except LoginRefused as error:
                done.setdefault("connect", self._reached(destination))
                failed = str(error)
            except DeliveryError as error:
                failed = str(error)
        # Copied, as a thread that was given up may still be at its last step.
        steps = [Step(name, True, words) for name, words in dict(done).items()]
        rest = [name for name in STEPS if name not in done]
        if failed is not None:
            steps.append(Step(rest.pop(0), False, failed))
        return [*steps, *(Step(name, None) for name in rest)]

    @property
    @abstractmethod
    def _is_shared(self) -> bool:
        """Whether one line carries many deliveries at once."""

    @abstractmethod
    async def _connect(self, destination: Destination, limit_s: float) -> Connection:
        """Connect, within a time."""

    @abstractmethod
    def _reached(self, destination: Destination) -> str:
        """Say what was reached by a line whose login was refused."""

    async def _deliver(self, destination: Destination, name: str, content: bytes) -> Arrival:
        way = self._way_to(destination)
        arrival: Arrival | None = None

        async def upload(session: Session) -> Arrival:
            nonlocal arrival
            arrival = await Upload(session, destination, name, content).run()
            return arrival

        try:
            async with way.place():
                try:
                    async with asyncio.timeout(destination.time_limit_s):
                        return await way.carry(upload)
                except TimeoutError:
                    # A goodbye that is not answered takes nothing away from what has arrived.
                    if arrival is not None:
                        return arrival
                    raise _too_slow(destination, f"the delivery of {name}") from None
        finally:
            self._forget(destination, way)

    def _way_to(self, destination: Destination) -> Way:
        if destination not in self._ways:
            limit_s, most = self._limit_s(destination), destination.at_once
            self._ways[destination] = Way(
                self._clock,
                lambda: self._connect(destination, limit_s),
                most,
                most if self._is_shared else 1,
                self._idle,
            )
        return self._ways[destination]

    def _forget(self, destination: Destination, way: Way) -> None:
        if way.is_unused and self._ways.get(destination) is way:
            del self._ways[destination]

    async def _try_out(self, destination: Destination, done: dict[str, str]) -> None:
        """Add each step that is done, with what to say of it."""
        connection = await self._connect(destination, self._limit_s(destination))
        try:
            done["connect"] = connection.reached
            session = await connection.session()
            done["log in"] = connection.welcome
            await connection.carry(Probe(session, destination, PROBE_NAME, PROBE).try_out(done))
        except BaseException:
            await connection.abort()
            raise
        await connection.close()

    def _limit_s(self, destination: Destination) -> float:
        return min(self._login_limit_s, destination.time_limit_s / 2)


@dataclass(slots=True)
class Upload:
    """One file on its way over one open session."""

    session: Session
    destination: Destination
    name: str
    content: bytes

    @property
    def temporary(self) -> str:
        """The name under which it grows."""
        return self.destination.temporary.replace("{name}", self.name)

    async def run(self) -> Arrival:
        """Deliver it."""
        await self.session.enter()
        if self.destination.is_direct:
            return await self._run_directly()
        await self._remove_leftover()
        if (size_bytes := await self.session.size_of(self.name)) is not None:
            return await self._compare(size_bytes)
        try:
            await self.session.write(self.temporary, self.content)
            await self._check(self.temporary)
            return await self._rename()
        except LineBroken:
            raise
        except DeliveryError:
            await self._tidy()
            raise

    async def _run_directly(self) -> Arrival:
        size_bytes = await self.session.size_of(self.name)
        if size_bytes is not None:
            begun = self.content[:size_bytes]
            if len(begun) < size_bytes or not await self.session.holds(self.name, begun):
                raise self._name_taken(size_bytes)
            if size_bytes == len(self.content):
                return Arrival(self.name, size_bytes, already_there=True)
        await self.session.write(self.name, self.content)
        await self._check(self.name)
        return Arrival(self.name, len(self.content), already_there=False)

    async def _remove_leftover(self) -> None:
        # Where removing is denied, opening for writing still empties a leftover.
        with contextlib.suppress(Denied):
            await self.session.remove(self.temporary)

    async def _check(self, name: str) -> None:
        """Compare what the server holds with what was sent."""
        size_bytes = await self.session.size_of(name)
        if size_bytes is None:
            raise Incomplete(
                f"the server took all {len(self.content)} bytes of {self.name} and then had no "
                "file: its quota may be used up",
                server(self.destination),
                "ask the utility about quota and upload rules; it is tried again",
            )
        if size_bytes != len(self.content):
            raise Incomplete(
                f"the server holds {size_bytes} of {len(self.content)} bytes of {self.name}",
                server(self.destination),
                "it is tried again; if it stays so, ask the utility about disk and quota",
            )
        sha256 = await self.session.sha256_of(name)
        if sha256 is not None and sha256 != hashlib.sha256(self.content).hexdigest():
            raise Incomplete(
                f"the server holds other bytes than were sent of {self.name}: by its SHA-256, "
                f"{sha256}",
                server(self.destination),
                "it is tried again; if it stays so, ask the utility what changes files on the way",
            )

    async def _rename(self) -> Arrival:
        try:
            await self.session.rename(self.temporary, self.name)
        except LineBroken:
            raise
        except DeliveryError as error:
            return await self._explain_rename(error)
        size_bytes = await self.session.size_of(self.name)
        if size_bytes is not None and size_bytes != len(self.content):
            raise Incomplete(
                f"{self.name} has {size_bytes} instead of {len(self.content)} bytes after its "
                "rename",
                server(self.destination),
                "ask the utility what happens to files in this folder",
            )
        return Arrival(self.name, size_bytes, already_there=False)

    async def _explain_rename(self, error: DeliveryError) -> Arrival:
        if (size_bytes := await self.session.size_of(self.name)) is not None:
            arrival = await self._compare(size_bytes)
            await self._tidy()
            return arrival
        raise RenameRefused(
            f"{self.name} was uploaded but the server refused its final name: {error.what}",
            server(self.destination),
            'ask the utility to allow renaming in this folder, or say upload = "direct"',
        ) from None

    async def _compare(self, size_bytes: int) -> Arrival:
        """Tell whether what stands under the final name is our very file."""
        if size_bytes == len(self.content) and await self.session.holds(self.name, self.content):
            return Arrival(self.name, size_bytes, already_there=True)
        raise self._name_taken(size_bytes)

    def _name_taken(self, size_bytes: int) -> NameTaken:
        return NameTaken(
            f"another file of {size_bytes} bytes stands under {self.name} already (ours has "
            f"{len(self.content)}); it was left as it is",
            server(self.destination),
            "find out whose it is; remove it there or export under a new name",
        )

    async def _tidy(self) -> None:
        """Remove the temporary file if it can be; the next try would do it, too."""
        with contextlib.suppress(DeliveryError):
            await self.session.remove(self.temporary)


class Probe(Upload):
    """A file that is written, listed, renamed and removed, and that no importer looks at."""

    @property
    def renamed(self) -> str:
        """Its other name, which is of the same form."""
        return self.destination.temporary.replace("{name}", f"{self.name}.renamed")

    async def try_out(self, done: dict[str, str]) -> None:
        """Add each step that is done, with what to say of it."""
        await self.session.enter()
        done["folder"] = f"{self.destination.folder!r} is there"
        try:
            await self._remove_leftover()
            await self.session.write(self.temporary, self.content)
            await self._check(self.temporary)
            done["write"] = f"{len(self.content)} bytes were written, and are there"
            done["list"] = await self._listed()
            await self._try_rename(done)
            await self.session.remove(self.renamed)
            done["remove"] = "nothing is left of it"
        except LineBroken:
            raise
        except DeliveryError:
            await self._tidy()
            raise

    async def _listed(self) -> str:
        names = {*await self.session.names()} - {".", ".."}
        if self.temporary in names:
            return f"it is one of {len(names)} names in the folder"
        if not self.temporary.startswith("."):
            raise Incomplete(
                "the file that was just written is not in the list of its folder",
                server(self.destination),
                "ask the utility what its server hides, or takes away",
            )
        # Servers that hide such names are many; that it is there was seen when it was written.
        return f"{len(names)} names; its own begins with a dot, which this server does not show"

    async def _try_rename(self, done: dict[str, str]) -> None:
        if self.destination.is_direct:
            await self.session.remove(self.temporary)
            done["rename"] = "not wanted: files are uploaded under their own names"
            return
        await self.session.remove(self.renamed)
        try:
            await self.session.rename(self.temporary, self.renamed)
        except LineBroken:
            raise
        except DeliveryError as error:
            raise RenameRefused(
                f"the server refuses another name: {error.what}",
                server(self.destination),
                'ask the utility to allow renaming in this folder, or say upload = "direct"',
            ) from None
        done["rename"] = "it has another name now"


def server(destination: Destination) -> str:
    """Name a server in an error."""
    kind = destination.kind.upper()
    return f"{kind} server {destination.name!r} ({destination.host}:{destination.port})"


def unreachable(destination: Destination, what: str) -> NoReturn:
    """Raise that no connection came about."""
    raise Unreachable(
        what,
        server(destination),
        "check host and port of the destination, and whether the way to it is open",
    ) from None


def why_no_connection(destination: Destination, error: OSError) -> str:
    """Say why there is no connection, in plain words."""
    if isinstance(error, socket.gaierror):
        return f"the name {destination.host!r} is not known"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    return f"no connection ({error.strerror or type(error).__name__})"


def printable(words: str) -> str:
    """Give the other side's own words, fit to be shown: one short printable line."""
    return "".join(sign if sign.isprintable() else " " for sign in words)[:REASON_LIMIT]


def _too_slow(destination: Destination, what: str) -> TooSlow:
    return TooSlow(
        f"{what} was not done after {destination.time_limit_s:g} s",
        server(destination),
        "it is tried again; if it stays so, ask the utility about its server",
    )
