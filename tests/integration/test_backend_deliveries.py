"""Files of one period beside each other, from the tables to a drop that does as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.export_settings import SETTINGS

from backend import Backend, Settings
from backend.adapters.dispatch import REFUSALS
from backend.errors import (
    HostKeyChanged,
    NameTaken,
    StoreError,
    Unreachable,
)
from backend.ports import Arrival, Destination
from simulators.clock import VirtualClock

START = datetime(2025, 6, 3, 4, 0, tzinfo=UTC)
DUE = datetime(2025, 6, 3, 22, 30, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
METERS = 9
STATION = """
[[station]]
account = "Stadtwerke"
identity = "M-{number}"
[station.ise]
metering_code = "CH101230123450000000000000009999{number}"
"""


def settings_text(at_once: int) -> str:
    """Give settings of nine meters, with a file a day for each."""
    stations = "".join(STATION.format(number=number) for number in range(METERS - 1))
    text = SETTINGS.replace('name = "ePonet"\n', 'name = "ePonet"\nfiles = "meter"\n')
    text = text.replace('user = "ise"\n', f'user = "ise"\nat_once = {at_once}\n')
    return text.replace("[[format]]", f"{stations}[[format]]", 1) + 'at = "00:30"\n'


class Gate:
    """
    A drop that lets several in at once, and says of each what comes of it.

    Attributes:
        ends: what is raised for the how-many-th try, from 0 on.
        begun: the names that were tried, in order.
        most: how many were under way at once.
        is_open: whether tries end; else they wait.
    """

    def __init__(self) -> None:
        self.ends: dict[int, Exception] = {}
        self.always: dict[str, Exception] = {}
        self.begun: list[str] = []
        self.files: list[str] = []
        self.under_way = self.most = self.rests = 0
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.has_begun = asyncio.Condition()

    async def deliver(self, destination: Destination, name: str, content: bytes) -> Arrival:
        """Wait for the gate, then do as it is told."""
        number = len(self.begun)
        self.begun.append(name)
        async with self.has_begun:
            self.has_begun.notify_all()
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(0.001)
            if number:  # the first goes alone
                await self.is_open.wait()
        finally:
            self.under_way -= 1
        if (error := self.ends.get(number)) is not None:
            raise error
        if (error := self.always.get(code_of(name))) is not None:
            raise error
        self.files.append(name)
        return Arrival(name, len(content), already_there=False)

    async def rest(self) -> None:
        """Count how often nothing was left to do."""
        assert 0 == self.under_way
        self.rests += 1


def code_of(name: str) -> str:
    """Give the number of the file among those of its day."""
    return name.split("_")[-1]


class Site:
    """Backends on one clock, one database and one gate."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = VirtualClock(START)
        self.gate = Gate()

    @asynccontextmanager
    async def backend(self, at_once: int = 4) -> AsyncIterator[Backend]:
        """Run a backend."""
        settings = Settings.from_toml(settings_text(at_once), {}, folder=self.folder)
        backend = Backend(settings, self.clock, drop=self.gate)
        await backend.start()
        try:
            yield backend
        finally:
            await backend.stop()
        assert () == self.clock.held_by

    async def begun(self, count: int) -> None:
        """Wait until so many tries have begun."""
        async with asyncio.timeout(10), self.gate.has_begun:
            await self.gate.has_begun.wait_for(lambda: len(self.gate.begun) >= count)


Scene = Callable[[Site], Awaitable[None]]


@pytest.fixture(name="play")
def _play(tmp_path: Path) -> Callable[[Scene], None]:
    def play(scene: Scene) -> None:
        async def run() -> None:
            await scene(Site(tmp_path))

        asyncio.run(run())

    return play


Play = Callable[[Scene], None]


async def states(backend: Backend) -> list[tuple[str, int, str | None]]:
    """Give state, tries and cause of each delivery, in the order of the files."""
    return [(one.state, one.tries, one.cause) for one in await backend.deliveries()]


def away() -> Unreachable:
    """Give an error as a dead server does."""
    return Unreachable("does not answer", "EDM", "look after it")


def taken() -> NameTaken:
    """Give an error that is about one file."""
    return NameTaken("another file stands there", "EDM", "find out whose it is")


@pytest.mark.parametrize("at_once", [1, 4, 16])
def test_as_many_at_once_as_the_destination_says(play: Play, at_once: int) -> None:
    """The first file goes alone, the others beside each other, up to the setting."""

    async def scene(site: Site) -> None:
        site.gate.is_open.clear()
        async with site.backend(at_once) as backend:
            moving = asyncio.ensure_future(site.clock.advance_to(DUE))
            await site.begun(1 + min(at_once, METERS - 1))
            await asyncio.sleep(0.05)
            site.gate.is_open.set()
            await moving
            assert [("delivered", 1, None)] * METERS == await states(backend)
            assert METERS == len({*site.gate.files}) == len(await backend.receipts())
            assert min(at_once, METERS - 1) == site.gate.most
            assert site.gate.rests

    play(scene)


def test_a_later_period_waits_for_all(play: Play) -> None:
    """One file that does not arrive keeps none of its day, and all of the next."""

    async def scene(site: Site) -> None:
        async with site.backend() as backend:
            await site.clock.advance_to(DUE - MINUTE)
            await backend.sweep()
            site.gate.ends = {3: taken()}
            await site.clock.advance_to(DUE)
            found = await states(backend)
            assert [("waiting", 1, "name taken")] == [one for one in found if one[0] == "waiting"]
            assert METERS == len(found)
            late = site.gate.begun[3]
            site.gate.always = {code_of(late): taken()}
            await site.clock.advance_to(DUE + DAY)
            found = await states(backend)
            assert [("waiting", 0, None)] * METERS == found[METERS:]
            assert METERS - 1 == len(site.gate.files)
            site.gate.always.clear()
            await site.clock.advance_to(DUE + DAY + 2 * timedelta(hours=1))
            assert 2 * METERS == len(site.gate.files)
            assert late == site.gate.files[METERS - 1]

    play(scene)


def test_a_dead_server_is_met_by_one_file(play: Play) -> None:
    """Where the server is away one file is tried, with its pauses, until it is back."""

    async def scene(site: Site) -> None:
        site.gate.ends = dict.fromkeys(range(3), away())
        async with site.backend() as backend:
            await site.clock.advance_to(DUE + 7 * MINUTE)
            assert (3, 1) == (len(site.gate.begun), len({*site.gate.begun}))
            found = await states(backend)
            assert [("waiting", 3, "unreachable")] + [("waiting", 0, None)] * 8 == found
            await site.clock.advance_to(DUE + 8 * MINUTE)
            assert METERS == len(site.gate.files)

    play(scene)


def test_a_server_that_goes_away(play: Play) -> None:
    """Those under way fail, each with its own tries; no other begins, and one alone asks again."""

    async def scene(site: Site) -> None:
        site.gate.ends = dict.fromkeys(range(2, 7), away())
        async with site.backend() as backend:
            await site.clock.advance_to(DUE)
            found = await states(backend)
            assert 1 <= found.count(("waiting", 1, "unreachable")) <= 4
            began = len(site.gate.begun)
            assert began < METERS
            site.gate.ends[began] = away()
            await site.clock.advance_to(DUE + MINUTE)
            assert began + 1 == len(site.gate.begun)
            await site.clock.advance_to(DUE + 3 * MINUTE - timedelta(seconds=1))
            assert began + 1 == len(site.gate.begun)
            site.gate.ends.clear()
            await site.clock.advance_to(DUE + 3 * MINUTE)
            assert METERS == len(site.gate.files)

    play(scene)


def test_a_server_that_refuses_every_file(play: Play) -> None:
    """After three refusals, one after the other, the rest waits for another go."""

    async def scene(site: Site) -> None:
        site.gate.ends = dict.fromkeys(range(100), taken())
        async with site.backend() as backend:
            await site.clock.advance_to(DUE)
            # It is gone through when the files are made, and once more at the sweep's end.
            assert 2 * REFUSALS == len({*site.gate.begun}) == len(site.gate.begun)
            site.gate.ends.clear()
            await site.clock.advance_to(DUE + MINUTE)
            assert METERS == len(site.gate.files)
            assert [("delivered", 2, None)] * 3 == (await states(backend))[:3]

    play(scene)


def test_a_changed_host_key_stops_the_task(play: Play) -> None:
    """No other file begins; the task stands still until an operator lets it go on."""

    async def scene(site: Site) -> None:
        site.gate.ends = {2: HostKeyChanged("another key", "EDM", "ask")}
        async with site.backend() as backend:
            await site.clock.advance_to(DUE)
            began = len(site.gate.begun)
            assert began < METERS
            await site.clock.advance_to(DUE + DAY)
            assert began == len(site.gate.begun)
            await backend.release_delivery("daily")
            await site.clock.advance_to(site.clock.now())
            assert 2 * METERS == len(site.gate.files)

    play(scene)


def test_an_operator_stops_a_task_with_several_under_way(play: Play) -> None:
    """Those under way arrive, no other begins; then all go on."""

    async def scene(site: Site) -> None:
        site.gate.is_open.clear()
        site.gate.ends = {1: away()}
        async with site.backend() as backend:
            moving = asyncio.ensure_future(site.clock.advance_to(DUE))
            await site.begun(5)
            held = await backend.hold_delivery("daily")
            assert held is not None
            site.gate.is_open.set()
            await moving
            assert (5, 4) == (len(site.gate.begun), len(site.gate.files))
            assert ("held", 1, "operator") in await states(backend)
            await site.clock.advance_to(DUE + DAY)
            assert 5 == len(site.gate.begun)
            await backend.release_delivery("daily")
            await site.clock.advance_to(site.clock.now())
            assert 2 * METERS == len(site.gate.files)

    play(scene)


def test_the_end_of_the_backend_waits_for_those_under_way(play: Play) -> None:
    """They end, no other begins, and the next backend delivers the rest, each once."""

    async def scene(site: Site) -> None:
        site.gate.is_open.clear()
        async with site.backend() as backend:
            moving = asyncio.ensure_future(site.clock.advance_to(DUE))
            await site.begun(5)
            stopping = asyncio.ensure_future(backend.stop())
            await asyncio.sleep(0.01)
            assert not stopping.done()
            site.gate.is_open.set()
            await stopping
            await moving
            assert 5 == len(site.gate.begun) == len(site.gate.files)
        async with site.backend():
            await site.clock.advance_to(site.clock.now())
        assert METERS == len({*site.gate.files}) == len(site.gate.begun)

    play(scene)


def test_a_store_that_fails_beside_others(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is on its way has its end, the fault is told, and the next sweep finds the rest."""

    def refuse(*arguments: object) -> None:
        raise StoreError("is full", "disk", "make room")

    async def scene(site: Site) -> None:
        site.gate.is_open.clear()
        async with site.backend():
            moving = asyncio.ensure_future(site.clock.advance_to(DUE))
            await site.begun(3)
            with monkeypatch.context() as patch:
                patch.setattr("backend.adapters.ledger.keep_arrival", refuse)
                site.gate.is_open.set()
                with pytest.raises(StoreError, match="is full"):
                    await moving
            await site.clock.advance_to(DUE + MINUTE)
            assert METERS == len({*site.gate.files})

    play(scene)
