"""Sentences about the utility's servers themselves, whoever delivers to them."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from pathlib import Path

from pytest_bdd import given, parsers, then, when

from backend import Settings
from backend.adapters.roads import Roads
from backend.errors import DeliveryError
from backend.ports import Destination
from harness.bench import Bench
from harness.drop_alone import Servers
from harness.errors import UsageError
from harness.steps import records
from harness.toml_text import to_toml
from simulators.clock import VirtualClock
from simulators.ftp_server import User
from simulators.wiretap import Wiretap

WIRES = {"SFTP": "sftp", "FTP": "ftp", "FTPS": "ftps", "implicit FTPS": "implicit-ftps"}
NAME = "probe.bin"


@dataclass(slots=True)
class Uploads:
    """
    What came of an upload of each user.

    Attributes:
        users: by name.
        causes: of those that were refused, by user.
        ports: that was chosen, and that was listened on.
    """

    users: dict[str, User] = field(default_factory=dict)
    causes: dict[str, str] = field(default_factory=dict)
    ports: tuple[int, int] = (0, 0)


@given("the utility's servers have the users", target_fixture="uploads")
def servers_have_users(bench: Bench, datatable: list[list[str]]) -> Uploads:
    """Name who may log in; without a quota there is no limit."""
    bench.leave_out_utility()
    rows = records(datatable, "name", "password", "home", "quota")
    users = [
        User(
            row["name"],
            row["password"],
            home=row["home"],
            quota_bytes=int(row["quota"]) if row["quota"] else None,
        )
        for row in rows
    ]
    return Uploads({user.name: user for user in users})


@when(parsers.parse("each of them uploads {size:d} bytes over {wire}, on a port of choice"))
def each_uploads(bench: Bench, uploads: Uploads, size: int, wire: str) -> None:
    """Start the servers of all kinds on one set of files, and deliver over one of them."""
    if wire not in WIRES:
        raise UsageError(f"no server speaks {wire!r}; there are {', '.join(WIRES)}")
    root = bench.folder / "drop"
    root.mkdir(parents=True)
    bench.run(_upload(uploads, VirtualClock(bench.start), root, WIRES[wire], bytes(size)))


async def _upload(
    uploads: Uploads, clock: VirtualClock, root: Path, wire: str, content: bytes
) -> None:
    servers = Servers(clock, Wiretap(clock), users=[*uploads.users.values()], root=root)
    with socket.create_server(("127.0.0.1", 0)) as free:
        chosen = free.getsockname()[1]
    async with servers.listening({wire: chosen}):
        uploads.ports = (chosen, servers.by_wire[wire].port)
        for user in uploads.users.values():
            to = _destination(servers, wire, user)
            try:
                await Roads(clock).deliver(to, NAME, content)
            except DeliveryError as error:
                uploads.causes[user.name] = error.cause


def _destination(servers: Servers, wire: str, user: User) -> Destination:
    told = {"account": "EW", **servers.destination(wire, user)}
    text = to_toml({"account": [{"name": "EW"}], "destination": [told]})
    return Settings.from_toml(text, {}).destinations[0].destination


@then("the server listened on that port")
def listened_there(uploads: Uploads) -> None:
    """Compare the port that was chosen with the one that was used."""
    chosen, used = uploads.ports
    assert used == chosen


@then(parsers.parse('what "{name}" uploaded lies in "{folder}", {size:d} bytes, and nothing else'))
def lies_in(bench: Bench, uploads: Uploads, name: str, folder: str, size: int) -> None:
    """Look into a folder of the drop."""
    assert name not in uploads.causes
    found = (bench.folder / "drop" / folder).iterdir()
    assert [(path.name, path.stat().st_size) for path in found] == [(NAME, size)]


@then(parsers.parse('"{name}" is refused because of "{cause}", and nothing lies in "{folder}"'))
def is_refused(bench: Bench, uploads: Uploads, name: str, cause: str, folder: str) -> None:
    """Compare the cause, and look into a folder of the drop."""
    assert uploads.causes.get(name) == cause
    assert [path.name for path in (bench.folder / "drop" / folder).iterdir()] == []
