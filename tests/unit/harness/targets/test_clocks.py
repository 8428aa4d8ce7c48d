"""Tests of the clocks of a bench whose backend has one of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from harness.targets.clocks import LinkedClock, ScaledClock
from harness.targets.control import ControlRefused
from harness.targets.errors import TargetTrouble
from simulators.clock import VirtualClock
from simulators.errors import TimeStandsStill

START = datetime(2025, 6, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


class Theirs:
    """A backend's end of the protocol, with a clock of its own."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START)
        self.asked: list[dict[str, Any]] = []
        self.connected: list[str] | None = None

    async def ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Answer as a target does."""
        assert path == "clock"
        self.asked.append(body)
        await asyncio.sleep(0)
        if "to" in body:
            await self.clock.advance_to(datetime.fromisoformat(body["to"]))
        else:
            await self.clock.settle()
        after = self.clock.soonest()
        told: dict[str, Any] = {
            "now": self.clock.now().isoformat(),
            "next": None if after is None else after.isoformat(),
        }
        return told if self.connected is None else {**told, "connected": self.connected}


def linked(
    test: Callable[[LinkedClock, Theirs], Coroutine[Any, Any, None]],
    shown: Callable[[Sequence[str]], None] = lambda connected: None,
) -> None:
    """Run a test with a clock that is bound to another."""

    async def run() -> None:
        theirs = Theirs()
        clock = LinkedClock(START, lambda: 0, shown)
        await clock.link(theirs.ask)
        await test(clock, theirs)

    asyncio.run(run())


def test_what_is_due_on_either_side_happens_in_order() -> None:
    """The sooner first; of one instant the backend's first; each sees both clocks there."""
    seen: list[tuple[str, datetime, datetime]] = []

    async def test(clock: LinkedClock, theirs: Theirs) -> None:
        def note(word: str) -> Callable[[], Coroutine[Any, Any, None]]:
            async def wake() -> None:
                seen.append((word, clock.now(), theirs.clock.now()))

            return wake

        clock.call_at(START + 2 * MINUTE, note("ours"))
        theirs.clock.call_at(START + MINUTE, note("theirs"))
        theirs.clock.call_at(START + 2 * MINUTE, note("theirs again"))
        await clock.settle()
        await clock.advance_to(START + 3 * MINUTE)

    linked(test)

    assert seen == [
        ("theirs", START + MINUTE, START + MINUTE),
        ("theirs again", START + 2 * MINUTE, START + 2 * MINUTE),
        ("ours", START + 2 * MINUTE, START + 2 * MINUTE),
    ]


def test_what_the_backend_sets_on_the_way_rings_too() -> None:
    """An alarm that it sets at an alarm is seen by the bench."""
    rang: list[datetime] = []

    async def test(clock: LinkedClock, theirs: Theirs) -> None:
        async def again() -> None:
            rang.append(theirs.clock.now())
            if len(rang) < 3:
                theirs.clock.call_at(theirs.clock.now() + MINUTE, again)

        theirs.clock.call_at(START + MINUTE, again)
        await clock.settle()
        await clock.advance_to(START + 10 * MINUTE)
        assert theirs.clock.now() == clock.now() == START + 10 * MINUTE

    linked(test)

    assert rang == [START + number * MINUTE for number in (1, 2, 3)]


def test_an_instant_is_not_left_while_the_backend_is_busy() -> None:
    """What it holds its clock for ends before time moves."""
    ended: list[datetime] = []

    async def test(clock: LinkedClock, theirs: Theirs) -> None:
        async def work() -> None:
            hold = theirs.clock.hold("a delivery")

            async def deliver() -> None:
                await asyncio.sleep(0.02)
                ended.append(theirs.clock.now())
                hold.release()

            task = asyncio.ensure_future(deliver())
            task.add_done_callback(lambda _: None)

        theirs.clock.call_at(START + MINUTE, work)
        await clock.settle()
        await clock.advance_to(START + 2 * MINUTE)

    linked(test)

    assert ended == [START + MINUTE]


def test_who_is_connected_is_told() -> None:
    """Where the backend says it, and as often."""
    shown: list[Sequence[str]] = []

    async def test(clock: LinkedClock, theirs: Theirs) -> None:
        theirs.connected = ["Dorfplatz"]
        await clock.settle()

    linked(test, shown.append)

    assert shown == [["Dorfplatz"]]


def test_a_hold_that_nobody_releases_is_named() -> None:
    """As on any clock of a bench."""

    async def test(clock: LinkedClock, theirs: Theirs) -> None:
        clock._patience_s = 0.05
        clock.hold("an answer that never comes")
        with pytest.raises(TimeStandsStill, match="an answer that never comes"):
            await clock.settle()

    linked(test)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, "see the protocol"),
        ({"now": "yesterday"}, "see the protocol"),
        ({"now": "2025-06-03T00:00:00"}, "see the protocol"),
        ({"now": "2025-06-03T00:00:30+00:00"}, "was moved to 2025-06-03 00:01:00"),
    ],
)
def test_a_backend_that_breaks_the_protocol_is_named(told: dict[str, Any], words: str) -> None:
    """What it said, and what it was asked."""

    async def test(clock: LinkedClock, theirs: Theirs) -> None:
        async def ask(path: str, body: dict[str, Any]) -> dict[str, Any]:
            return told if "to" in body else {"now": START.isoformat()}

        await clock.link(ask)
        with pytest.raises(TargetTrouble, match=words):
            await clock.advance_to(START + MINUTE)

    linked(test)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"next": START.isoformat()}, "says each time that the next is due at 2025-06-03 00:00"),
        ({"connected": 5}, "connected is 5, which is no list of texts"),
        ({"connected": [{}]}, "which is no list of texts"),
    ],
)
def test_a_backend_that_leads_nowhere_is_named(told: dict[str, Any], words: str) -> None:
    """What is due at an instant for ever would keep the bench there for ever."""

    async def test(clock: LinkedClock, theirs: Theirs) -> None:
        async def ask(path: str, body: dict[str, Any]) -> dict[str, Any]:
            return {"now": body.get("to", START.isoformat()), **told}

        async def lead() -> None:
            await clock.link(ask)
            await clock.advance_to(START + MINUTE)

        with pytest.raises(TargetTrouble, match=words):
            await lead()

    linked(test)


def test_a_backend_whose_clock_will_not_be_moved_is_named() -> None:
    """Its reason is told."""

    async def test(clock: LinkedClock, theirs: Theirs) -> None:
        async def ask(path: str, body: dict[str, Any]) -> dict[str, Any]:
            raise ControlRefused("it is Sunday")

        with pytest.raises(TargetTrouble, match="will not be moved: it is Sunday"):
            await clock.link(ask)

    linked(test)


def test_without_a_backend_it_is_a_clock_like_any_other() -> None:
    """Before it is bound, and after."""

    async def test(clock: LinkedClock, theirs: Theirs) -> None:
        clock.unlink()
        asked = len(theirs.asked)
        await clock.advance_to(START + MINUTE)
        assert clock.now() == START + MINUTE
        assert len(theirs.asked) == asked

    linked(test)


def test_scaled_time_stands_until_it_begins() -> None:
    """Then it reaches what is asked for, and rings what is due on the way."""
    rang: list[datetime] = []

    async def run() -> None:
        clock = ScaledClock(START, 36_000)

        async def wake() -> None:
            rang.append(clock.now())

        assert clock.now() == START
        clock.call_at(START + 10 * MINUTE, wake)
        clock.begin()
        await clock.advance_to(START + 20 * MINUTE)
        assert clock.now() >= START + 20 * MINUTE

    asyncio.run(run())

    assert len(rang) == 1
    assert rang[0] >= START + 10 * MINUTE
