"""Lines that are kept, to the emulated servers: one login, and another when a line has died."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.adapters.lines import IDLE
from backend.adapters.roads import Roads
from backend.errors import LineBroken, NameTaken, Unreachable
from backend.ports import Arrival, Destination
from simulators.clock import VirtualClock
from simulators.ftp_server import FtpServer, SftpServer, User
from simulators.ftp_server.faults import CutAtCommand, CutBeforeAnswer, ServerAway
from simulators.wiretap import Wiretap

START = datetime(2025, 6, 4, 0, 30, tzinfo=UTC)
CONTENT = b"Messpunkt;OBIS\r\n" * 2000
WIRES = pytest.mark.parametrize("wire", ["sftp", "ftp", "explicit", "implicit"])


class Way:
    """A server and the roads to it."""

    def __init__(self, server: SftpServer | FtpServer, to: Destination, roads: Roads) -> None:
        self.server, self.to, self.roads = server, to, roads

    async def deliver(self, *names: str) -> list[Arrival | BaseException]:
        """Deliver files beside each other, and give what came of each."""
        work = (self.roads.deliver(self.to, name, CONTENT) for name in names)
        return await asyncio.gather(*work, return_exceptions=True)

    def logins(self) -> int:
        """Count the logins that the server has seen."""
        return [event.action for event in self.server.drop.events].count("login")

    def standing(self) -> set[str]:
        """Give what stands in the folder, whole."""
        found = self.server.drop.visible_at(START, "in")
        assert {len(CONTENT)} >= {*found.values()}
        return {*found}


@asynccontextmanager
async def way_to(wire: str, root: Path, at_once: int = 4) -> AsyncIterator[Way]:
    """Lay a way; in the end no line is open."""
    clock = VirtualClock(START)
    tap = Wiretap(clock)
    told = {"users": [User("ise", "geheim")], "root": root, "folders": ["in"]}
    server: SftpServer | FtpServer = (
        SftpServer("EW", clock, tap, **told)  # type: ignore[arg-type]
        if wire == "sftp"
        else FtpServer("EW", clock, tap, security="none" if wire == "ftp" else wire, **told)  # type: ignore[arg-type]
    )
    async with server:
        kind = wire if wire in ("sftp", "ftp") else "ftps"
        to = Destination(
            "EW", kind, "127.0.0.1", server.port, "ise", "geheim", "in", time_limit_s=20
        )
        to = replace(to, at_once=at_once, is_implicit=wire == "implicit")
        if isinstance(server, SftpServer):
            to = replace(to, host_key=server.host_key_line)
        elif kind == "ftps":
            der = ssl.PEM_cert_to_DER_cert(server.certificate_pem)
            to = replace(to, certificate_sha256=hashlib.sha256(der).hexdigest())
        roads = Roads(clock, IDLE)
        try:
            yield Way(server, to, roads)
        finally:
            await roads.rest()
            await clock.settle()


@WIRES
def test_one_login_for_files_that_follow(wire: str, tmp_path: Path) -> None:
    """Files one after the other need one login; and each is there, whole."""

    async def drive() -> None:
        async with way_to(wire, tmp_path) as way:
            for name in ("a.csv", "b.csv", "c.csv"):
                assert [Arrival(name, len(CONTENT), False)] == await way.deliver(name)
            assert 1 == way.logins()
            assert {"a.csv", "b.csv", "c.csv"} == way.standing()

    asyncio.run(drive())


@WIRES
def test_files_beside_each_other(wire: str, tmp_path: Path) -> None:
    """Many at once arrive, over one line of SFTP, over no more lines of FTP than are allowed."""
    names = [f"{number}.csv" for number in range(12)]

    async def drive() -> None:
        async with way_to(wire, tmp_path) as way:
            await way.deliver("first.csv")
            ends = await way.deliver(*names)
            assert names == [end.name for end in ends if isinstance(end, Arrival)], ends
            assert {"first.csv", *names} == way.standing()
            assert 1 <= way.logins() <= (1 if wire == "sftp" else 4)

    asyncio.run(drive())


@WIRES
@pytest.mark.parametrize("fault", [CutAtCommand, CutBeforeAnswer])
@pytest.mark.parametrize("action", ["open", "rename", "stat"])
def test_a_kept_line_that_breaks(
    wire: str, fault: type[CutAtCommand | CutBeforeAnswer], action: str, tmp_path: Path
) -> None:
    """It is no failed try where the next line holds; the file is there once, and nothing beside."""

    async def drive() -> None:
        async with way_to(wire, tmp_path) as way:
            await way.deliver("a.csv")
            await way.server.faults.switch_on(fault(action))

            async def mend() -> None:
                while way.logins() < 2:  # noqa: ASYNC110 - the record has no event
                    await asyncio.sleep(0)
                await way.server.faults.switch_off(fault)

            mending = asyncio.ensure_future(mend())
            (end,) = await way.deliver("b.csv")
            await mending
            assert isinstance(end, Arrival), end
            assert {"a.csv", "b.csv"} == way.standing()
            assert 2 == way.logins()

    asyncio.run(drive())


@WIRES
def test_a_new_line_that_breaks_is_a_failed_try(wire: str, tmp_path: Path) -> None:
    """What breaks at its first delivery is told, after one login."""

    async def drive() -> None:
        async with way_to(wire, tmp_path) as way:
            await way.server.faults.switch_on(CutAtCommand("open"))
            (end,) = await way.deliver("a.csv")
            assert isinstance(end, LineBroken)
            assert 1 == way.logins()

    asyncio.run(drive())


@WIRES
def test_a_server_that_went_away_and_came_back(wire: str, tmp_path: Path) -> None:
    """The lines that it took with it are replaced; while it is away, that is told."""

    async def drive() -> None:
        async with way_to(wire, tmp_path) as way:
            await way.deliver("a.csv", "b.csv", "c.csv")
            await way.server.faults.switch_on(ServerAway())
            (end,) = await way.deliver("d.csv")
            assert isinstance(end, Unreachable)
            await way.server.faults.switch_off(ServerAway)
            (end,) = await way.deliver("d.csv")
            assert isinstance(end, Arrival)

    asyncio.run(drive())


@WIRES
def test_a_refusal_keeps_the_line(wire: str, tmp_path: Path) -> None:
    """A name that is taken is told, and the next file goes over the same line."""

    async def drive() -> None:
        async with way_to(wire, tmp_path) as way:
            way.server.drop.put("in/b.csv", b"another")
            ends = [await way.deliver(name) for name in ("a.csv", "b.csv", "c.csv")]
            assert isinstance(ends[1][0], NameTaken)
            assert isinstance(ends[2][0], Arrival)
            assert 1 == way.logins()

    asyncio.run(drive())
