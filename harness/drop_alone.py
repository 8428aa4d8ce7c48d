"""
`isebench drop`: the utility's servers alone, in real time, until stopped.

One set of files, users and faults, served over SFTP, FTP, FTPS and implicit FTPS at once. Whoever
writes a sender of his own points it here, has things go wrong, and reads what his program did.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import secrets
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.folders import make_folder
from harness.local_time import ZURICH
from harness.recording import recorded
from harness.toml_text import to_toml
from simulators.clock import Clock, RealClock
from simulators.faults import Fault, Faults
from simulators.ftp_server import FtpServer, SftpServer, User
from simulators.ftp_server.drop import Drop
from simulators.ftp_server.faults import DROP_FAULTS, fault_from_text
from simulators.wiretap import Crossing, Wiretap

NAME = "drop"
WIRES = ("sftp", "ftp", "ftps", "implicit-ftps")
"""What it may speak, each on a port of its own."""
_SECURITY = {"ftp": "none", "ftps": "explicit", "implicit-ftps": "implicit"}
_COMMANDS = "on FAULT, off FAULT, faults"

Tell = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Wishes:
    """
    What the command line asks for.

    Attributes:
        out: the folder for the files; what is there stays.
        users: who may log in; one with a drawn password where nobody is named.
        ports: of each wire of `WIRES`; 0 takes a free one. None named: all, on free ports.
        folders: to be made in the home of each user.
        faults: what is wrong from the start.
        record: a file for what crosses.
        quota_bytes: how much each user may keep; None for no limit.
    """

    out: Path
    users: Sequence[User] = ()
    ports: Mapping[str, int] = field(default_factory=dict)
    folders: Sequence[str] = ()
    faults: Sequence[Fault] = ()
    record: Path | None = None
    quota_bytes: int | None = None


class Servers:
    """
    Servers of some wires in front of one drop.

    Parameters:
        users: who may log in.
        root: where the files lie.
        wires: some of `WIRES`.
        folders: to be made, below the root.

    Attributes:
        drop: the files, and what happened to them.
        by_wire: the servers.
    """

    def __init__(
        self,
        clock: Clock,
        tap: Wiretap,
        *,
        users: Sequence[User],
        root: Path,
        wires: Sequence[str] = WIRES,
        folders: Sequence[str] = (),
    ) -> None:
        faults = Faults(clock, tap, NAME)
        self.drop = Drop(NAME, root, users, clock, tap, faults, folders)
        self.by_wire: dict[str, SftpServer | FtpServer] = {
            wire: SftpServer(NAME, clock, tap, drop=self.drop)
            if wire == "sftp"
            else FtpServer(NAME, clock, tap, drop=self.drop, security=_SECURITY[wire])
            for wire in wires
        }

    @contextlib.asynccontextmanager
    async def listening(self, ports: Mapping[str, int]) -> AsyncIterator[None]:
        """
        Let them listen for a while; a wire without a port takes a free one.

        Raises:
            UsageError: If a port cannot be listened on.
        """
        async with contextlib.AsyncExitStack() as leaving:
            for wire, server in self.by_wire.items():
                port = ports.get(wire, 0)
                try:
                    await server.start(port)
                except (OSError, OverflowError) as error:
                    raise UsageError(
                        f"127.0.0.1:{port} cannot be listened on ({error}); choose another --{wire}"
                    ) from error
                leaving.push_async_callback(server.stop)
            yield

    def destination(self, wire: str, user: User, folder: str = ".") -> dict[str, Any]:
        """Give what the settings of a sender say of one of the servers."""
        server = self.by_wire[wire]
        told: dict[str, Any] = {
            "name": f"{wire} drop",
            "kind": "ftps" if wire == "implicit-ftps" else wire,
            "host": "127.0.0.1",
            "port": server.port,
            "user": user.name,
            "secret": user.password,
            "folder": folder,
        }
        if isinstance(server, SftpServer):
            return {**told, "host_key": server.host_key_line}
        if server.certificate_pem:
            der = ssl.PEM_cert_to_DER_cert(server.certificate_pem)
            told["certificate_sha256"] = hashlib.sha256(der).hexdigest()
            told["implicit"] = wire == "implicit-ftps"
        return told


def drop(wishes: Wishes) -> int:
    """
    Serve files until SIGINT or SIGTERM.

    Returns:
        0 when it was stopped.

    Raises:
        UsageError: If the folder cannot be made, or a port cannot be listened on.
    """
    make_folder(wishes.out, "--out")
    asyncio.run(_serve(wishes, partial(print, flush=True)))
    return 0


def user_from_text(text: str) -> User:
    """
    Read a user of the command line: ``NAME:PASSWORD``, and ``NAME:PASSWORD:HOME``.

    Raises:
        UsageError: If a part of it is missing.
    """
    name, _, rest = text.partition(":")
    password, _, home = rest.partition(":")
    if not name or not password:
        raise UsageError(f"--user {name!r}: write NAME:PASSWORD, or NAME:PASSWORD:HOME")
    if home and (home.startswith(("/", ".")) or ".." in home):
        raise UsageError(f"--user {name!r}: its home {home!r} is none below the drop; write a name")
    return User(name, password, home=home)


def faults_from_texts(texts: Sequence[str]) -> list[Fault]:
    """
    Read faults of the command line.

    Raises:
        UsageError: If there is no such fault.
    """
    try:
        return [fault_from_text(text) for text in texts]
    except ValueError as error:
        raise UsageError(f"--fault: {error}") from error


async def _serve(wishes: Wishes, tell: Tell) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    clock = RealClock()
    tap = Wiretap(clock, keeps=False)
    named = wishes.users or (User("isebench", secrets.token_urlsafe(12)),)
    users = [replace(user, quota_bytes=wishes.quota_bytes) for user in named]
    folders = [f"{user.home}/{folder}".strip("/") for user in users for folder in wishes.folders]
    wires = [wire for wire in WIRES if wire in wishes.ports] or WIRES
    servers = Servers(clock, tap, users=users, root=wishes.out, wires=wires, folders=folders)
    record = wishes.record
    recording = contextlib.nullcontext() if record is None else recorded(record, tap, clock.now())
    with recording:
        async with servers.listening(wishes.ports):
            for fault in wishes.faults:
                await servers.drop.faults.switch_on(fault)
            for line in _addresses(servers, users[0], wishes):
                tell(line)
            tap.listen(lambda crossing: _tell_crossing(crossing, tell))
            async with _asked(servers.drop.faults, tell):
                await stopped.wait()
    tell(f"\nstopped; what arrived lies in {wishes.out}")


def _addresses(servers: Servers, user: User, wishes: Wishes) -> list[str]:
    folder = wishes.folders[0] if wishes.folders else "."
    lines = ["# what a sender has to be told"]
    for wire in servers.by_wire:
        told = {"destination": [{"account": "ACCOUNT", **servers.destination(wire, user, folder)}]}
        lines.append(to_toml(told).rstrip("\n"))
        lines.append("")
    lines.append(f"files      {wishes.out}")
    if wishes.record is not None:
        lines.append(f"recording  {wishes.record}")
    on = ", ".join(fault.name for fault in servers.drop.faults.on) or "none"
    lines.append(f"faults     {on}; to change them type {_COMMANDS}")
    lines.append("Ctrl-C stops it.")
    return lines


def _tell_crossing(crossing: Crossing, tell: Tell) -> None:
    """Tell one line of what somebody did; blocks of a file are not worth one."""
    if crossing.wire not in ("sftp", "ftp", "ftps"):
        return
    said = json.loads(crossing.text)
    if said["do"] in ("write", "read"):
        return
    at = crossing.at.astimezone(ZURICH)
    size = f"{said['size']:,} bytes" if "size" in said else ""
    to = f"-> {said['to']}" if "to" in said else ""
    what = " ".join(part for part in (said["do"], said.get("path"), to, size) if part)
    tell(f"{at:%H:%M:%S}  {crossing.wire:4}  {said['user']:10}  {what}: {said['answer']}")


# ---------------------------------------------------------------- while it runs


@contextlib.asynccontextmanager
async def _asked(faults: Faults, tell: Tell) -> AsyncIterator[None]:
    """Do what is typed, where somebody can type."""
    reader = asyncio.StreamReader()
    try:
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
    except (OSError, ValueError):  # a file, or closed
        yield
        return
    typing = asyncio.ensure_future(_do_lines(reader, faults, tell))
    try:
        yield
    finally:
        typing.cancel()
        transport.close()


async def _do_lines(reader: asyncio.StreamReader, faults: Faults, tell: Tell) -> None:
    while line := await reader.readline():
        tell(await change(faults, line.decode("utf-8", "replace").strip()))


async def change(faults: Faults, line: str) -> str:
    """
    Do one line of what is typed.

    Parameters:
        line: ``on FAULT``, ``off FAULT`` or ``faults``.

    Returns:
        What came of it.
    """
    verb, _, text = line.partition(" ")
    try:
        if verb == "on":
            await faults.switch_on(fault_from_text(text.strip()))
        elif verb == "off":
            await faults.switch_off(DROP_FAULTS[text.partition(":")[0].strip()])
        elif verb == "faults":
            return "there are " + ", ".join(DROP_FAULTS)
        else:
            return f"{line[:40]!r} is not understood; type {_COMMANDS}"
    except KeyError:
        return f"there is no fault {text!r}; there are {', '.join(DROP_FAULTS)}"
    except ValueError as error:
        return str(error)
    return "on: " + (", ".join(fault.name for fault in faults.on) or "none")
