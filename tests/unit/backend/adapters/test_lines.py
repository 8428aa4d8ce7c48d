"""Lines that stay open: used again, replaced, limited and closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

import pytest

from backend.adapters.lines import IDLE, LIFETIME
from backend.adapters.upload import Connection, Courier, Session
from backend.errors import (
    DeliveryError,
    HostKeyChanged,
    LineBroken,
    LoginRefused,
    NameTaken,
    TooSlow,
    Unreachable,
)
from backend.ports import Arrival, Destination
from simulators.clock import VirtualClock

T = TypeVar("T")
START = datetime(2025, 6, 4, 0, 30, tzinfo=UTC)
TO = Destination("EDM", "sftp", "sftp.example.ch", 22, "ise", "geheim", "in", time_limit_s=5)


def broken(what: str = "the line broke") -> LineBroken:
    """Give an error as a dead line does."""
    return LineBroken(what, "EDM", "it is tried again")


class Place:
    """
    A server that takes files, and counts lines.

    Attributes:
        most: how many lines it takes at once.
        lines: all that were ever opened.
        failing: what uploads raise, one after the other.
        refusing: what new lines raise, one after the other.
        gate: uploads wait for it.
    """

    def __init__(self) -> None:
        self.most = 99
        self.lines: list[FakeLine] = []
        self.failing: list[BaseException] = []
        self.refusing: list[DeliveryError] = []
        self.files: dict[str, bytes] = {}
        self.under_way = self.most_under_way = 0
        self.gate = asyncio.Event()
        self.gate.set()

    @property
    def open_lines(self) -> int:
        """How many lines are open now."""
        return sum(line.is_open for line in self.lines)


class FakeLine:
    """A line to it, and its session."""

    def __init__(self, place: Place, destination: Destination) -> None:
        self.place = place
        self.destination = destination
        self.is_open = self.is_sound = True
        self.is_dead = False
        self.ended = asyncio.Event()
        self.reached = self.welcome = ""

    async def session(self) -> Session:
        """Give itself."""
        return cast("Session", self)

    async def carry(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it."""
        return await work

    async def close(self) -> None:
        """Take leave."""
        self.is_open = False

    async def abort(self) -> None:
        """End it, and what goes over it."""
        self.is_open = self.is_sound = False
        self.ended.set()

    # What an upload asks; it is `write` that waits and fails.

    async def enter(self) -> None:
        """Be there."""
        if self.is_dead:
            raise broken()

    async def size_of(self, name: str) -> int | None:
        """Tell what stands there."""
        content = self.place.files.get(name)
        return None if content is None else len(content)

    async def write(self, name: str, content: bytes) -> None:
        """Wait for the gate or the end of the line, and write or fail."""
        place = self.place
        place.under_way += 1
        place.most_under_way = max(place.most_under_way, place.under_way)
        try:
            waiting = [asyncio.ensure_future(one.wait()) for one in (place.gate, self.ended)]
            try:
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in waiting:
                    one.cancel()
            if self.ended.is_set():
                raise broken("the line was cut")
            if place.failing:
                raise place.failing.pop(0)
        finally:
            place.under_way -= 1
        place.files[name] = content

    async def sha256_of(self, name: str) -> str | None:
        """Offer none."""
        return None

    async def rename(self, name: str, to: str) -> None:
        """Give it its name."""
        self.place.files[to] = self.place.files.pop(name)

    async def remove(self, name: str) -> None:
        """Remove it."""
        self.place.files.pop(name, None)

    async def holds(self, name: str, content: bytes) -> bool:
        """Compare."""
        return self.place.files[name] == content


class FakeCourier(Courier):
    """Goes there."""

    def __init__(self, place: Place, clock: VirtualClock, *, shared: bool, idle: timedelta) -> None:
        super().__init__(clock, idle=idle)
        self._place = place
        self._shared = shared

    @property
    def _is_shared(self) -> bool:
        return self._shared

    async def _connect(self, destination: Destination, limit_s: float) -> Connection:
        await asyncio.sleep(0)
        if self._place.refusing:
            raise self._place.refusing.pop(0)
        if self._place.open_lines >= self._place.most:
            raise Unreachable("the server takes nobody now (421 too many)", "EDM", "wait")
        line = FakeLine(self._place, destination)
        self._place.lines.append(line)
        return cast("Connection", line)

    def _reached(self, destination: Destination) -> str:
        return ""


class Scene:
    """A courier on its way to a place."""

    def __init__(self, *, shared: bool, at_once: int, idle: timedelta) -> None:
        self.place = Place()
        self.clock = VirtualClock(START)
        self.courier = FakeCourier(self.place, self.clock, shared=shared, idle=idle)
        self.to = replace(TO, at_once=at_once)

    async def deliver(self, *names: str) -> list[Arrival | BaseException]:
        """Deliver files beside each other; give what came of each."""
        work = (self.courier.deliver(self.to, name, b"1") for name in names)
        return await asyncio.gather(*work, return_exceptions=True)


def arrived(ends: list[Arrival | BaseException]) -> list[str]:
    """Give the names of what has arrived; all of it must have."""
    assert [] == [end for end in ends if isinstance(end, BaseException)]
    return [end.name for end in ends if isinstance(end, Arrival)]


def play(
    scene: Callable[[Scene], Awaitable[None]],
    *,
    shared: bool = False,
    at_once: int = 4,
    idle: timedelta = IDLE,
) -> None:
    """Play a scene; in the end nothing is open, and nobody holds the clock."""

    async def run() -> None:
        on = Scene(shared=shared, at_once=at_once, idle=idle)
        await scene(on)
        await on.courier.rest()
        assert 0 == on.place.open_lines
        assert () == on.clock.held_by
        assert {} == on.courier._ways

    asyncio.run(run())


BOTH = pytest.mark.parametrize("shared", [True, False], ids=["shared", "one each"])


class TestKept:
    """A line is used again, and closed when nobody uses it."""

    @BOTH
    def test_one_after_the_other(self, shared: bool) -> None:
        """Files that follow each other go over one line."""

        async def scene(on: Scene) -> None:
            for name in "abc":
                assert [name] == arrived(await on.deliver(name))
            assert 1 == len(on.place.lines)

        play(scene, shared=shared)

    def test_not_kept(self) -> None:
        """A courier that keeps none closes each when its delivery is done."""

        async def scene(on: Scene) -> None:
            await on.deliver("a")
            assert 0 == on.place.open_lines
            await on.deliver("b")
            assert 2 == len(on.place.lines)

        play(scene, idle=timedelta(0))

    def test_other_settings(self) -> None:
        """Any other setting is another line."""

        async def scene(on: Scene) -> None:
            await on.deliver("a")
            on.to = replace(on.to, secret="neu")
            await on.deliver("b")
            assert ["geheim", "neu"] == [line.destination.secret for line in on.place.lines]

        play(scene)

    def test_idle(self) -> None:
        """A line that nobody has used for half a minute is closed; one that is used is not."""

        async def scene(on: Scene) -> None:
            await on.deliver("a")
            await on.clock.advance_to(START + IDLE / 2)
            await on.deliver("b")
            await on.clock.advance_to(START + IDLE)
            assert 1 == on.place.open_lines
            await on.clock.advance_to(START + 2 * IDLE)
            assert (0, 1) == (on.place.open_lines, len(on.place.lines))

        play(scene)

    def test_old(self) -> None:
        """A line that is old is closed, and another opened."""

        async def scene(on: Scene) -> None:
            for number in range(3):
                await on.deliver(f"{number}")
                await on.clock.advance_to(on.clock.now() + LIFETIME / 2)
            assert (1, 2) == (on.place.open_lines, len(on.place.lines))

        play(scene, idle=LIFETIME)

    def test_one_that_is_not_sound(self) -> None:
        """A line on which an answer may be outstanding is not used again."""

        async def scene(on: Scene) -> None:
            await on.deliver("a")
            on.place.lines[0].is_sound = False
            await on.deliver("b")
            assert [False, True] == [line.is_open for line in on.place.lines]

        play(scene)

    @BOTH
    def test_a_refused_file(self, shared: bool) -> None:
        """What is wrong with one file is not wrong with its line."""

        async def scene(on: Scene) -> None:
            on.place.files["b"] = b"other"
            ends = [await on.deliver(name) for name in "abc"]
            assert isinstance(ends[1][0], NameTaken)
            assert 1 == len(on.place.lines)

        play(scene, shared=shared)


class TestBroken:
    """A kept line may have died; that is nobody's failed try."""

    @BOTH
    def test_a_dead_line_is_replaced(self, shared: bool) -> None:
        """A delivery over a line that has died begins again over a new one, and arrives."""

        async def scene(on: Scene) -> None:
            await on.deliver("a")
            on.place.lines[0].is_dead = True
            assert ["b"] == arrived(await on.deliver("b"))
            assert [False, True] == [line.is_open for line in on.place.lines]

        play(scene, shared=shared)

    def test_all_lines_have_died(self) -> None:
        """Where a server has restarted all lines are dead, and none of them is tried again."""

        async def scene(on: Scene) -> None:
            await on.deliver("a", "b", "c")
            assert 3 == len(on.place.lines)
            for line in on.place.lines:
                line.is_dead = True
            assert ["d"] == arrived(await on.deliver("d"))
            assert 4 == len(on.place.lines)

        play(scene)

    def test_several_on_one_that_dies(self) -> None:
        """All that go over a shared line that dies begin again, over one new line."""

        async def scene(on: Scene) -> None:
            await on.deliver("a")
            on.place.lines[0].is_dead = True
            assert ["b", "c", "d"] == arrived(await on.deliver("b", "c", "d"))
            assert 2 == len(on.place.lines)

        play(scene, shared=True)

    @BOTH
    def test_a_new_line_that_breaks(self, shared: bool) -> None:
        """A line that was new fails its delivery: it is tried later, as it always was."""

        async def scene(on: Scene) -> None:
            on.place.failing = [broken()]
            (end,) = await on.deliver("a")
            assert isinstance(end, LineBroken)
            assert 1 == len(on.place.lines)

        play(scene, shared=shared)

    def test_the_new_one_breaks_as_well(self) -> None:
        """A delivery begins again once only."""

        async def scene(on: Scene) -> None:
            await on.deliver("a")
            on.place.failing = [broken(), broken()]
            (end,) = await on.deliver("b")
            assert isinstance(end, LineBroken)
            assert 2 == len(on.place.lines)

        play(scene)

    def test_one_that_takes_too_long(self) -> None:
        """It takes its line with it; the others on that line begin again and arrive."""

        async def scene(on: Scene) -> None:
            await on.deliver("a")
            on.place.gate.clear()
            slow = replace(on.to, time_limit_s=0.05)
            way = on.courier._way_to(on.to)
            on.courier._ways[slow] = way
            late = asyncio.ensure_future(on.courier.deliver(slow, "late", b"1"))
            others = asyncio.ensure_future(on.deliver("b", "c"))
            with pytest.raises(TooSlow):
                await late
            on.place.gate.set()
            assert ["b", "c"] == arrived(await others)
            assert [False, True] == [line.is_open for line in on.place.lines]

        play(scene, shared=True)


class TestLimits:
    """Where a server takes few, fewer must do."""

    def test_as_many_as_are_wanted(self) -> None:
        """No more are under way than the destination says."""

        async def scene(on: Scene) -> None:
            on.place.gate.clear()
            going = asyncio.ensure_future(on.deliver(*"abcdefgh"))
            await asyncio.sleep(0.05)
            on.place.gate.set()
            assert list("abcdefgh") == arrived(await going)
            assert (4, 4) == (on.place.most_under_way, len(on.place.lines))

        play(scene)

    def test_many_on_one_line(self) -> None:
        """Where a line carries many, one is opened."""

        async def scene(on: Scene) -> None:
            assert list("abcdefgh") == arrived(await on.deliver(*"abcdefgh"))
            assert (4, 1) == (on.place.most_under_way, len(on.place.lines))

        play(scene, shared=True)

    @pytest.mark.parametrize("most", [1, 2])
    def test_a_server_that_takes_few_lines(self, most: int) -> None:
        """Its refusal of a further line fails nothing: files wait for those that are open."""

        async def scene(on: Scene) -> None:
            on.place.most = most
            assert list("abcdefgh") == arrived(await on.deliver(*"abcdefgh"))
            assert most == len(on.place.lines)

        play(scene)

    def test_to_wait_takes_no_time(self) -> None:
        """Files that wait for a line do not run out of their own time."""

        async def scene(on: Scene) -> None:
            on.place.most = 1
            on.to = replace(on.to, time_limit_s=0.3)
            on.place.gate.clear()
            going = asyncio.ensure_future(on.deliver(*"abc"))
            for _ in range(3):
                await asyncio.sleep(0.2)
                on.place.gate.set()
                await asyncio.sleep(0)
                on.place.gate.clear()
            on.place.gate.set()
            assert list("abc") == arrived(await going)
            assert 1 == len(on.place.lines)

        play(scene, at_once=3)

    def test_a_server_that_takes_nobody(self) -> None:
        """Where no line is open its refusal is told."""

        async def scene(on: Scene) -> None:
            on.place.refusing = [LoginRefused("refused", "EDM", "look")]
            (end,) = await on.deliver("a")
            assert isinstance(end, LoginRefused)

        play(scene)

    def test_a_changed_host_key_is_told_at_once(self) -> None:
        """Another key at a further line is no limit of lines."""

        async def scene(on: Scene) -> None:
            await on.deliver("a")
            on.place.refusing = [HostKeyChanged("another key", "EDM", "ask")]
            ends = await on.deliver("b", "c")
            assert [False, True] == [isinstance(end, HostKeyChanged) for end in ends]

        play(scene)

    def test_a_fault_of_the_program(self) -> None:
        """It takes its line with it, and is told."""

        async def scene(on: Scene) -> None:
            on.place.failing = [ZeroDivisionError("in the road")]
            (end,) = await on.deliver("a")
            assert isinstance(end, ZeroDivisionError)
            assert 0 == on.place.open_lines

        play(scene)
