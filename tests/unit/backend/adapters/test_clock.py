"""The machine's clock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.adapters.clock import RealClock


def test_now_is_aware() -> None:
    """The present instant is in UTC."""
    before = datetime.now(UTC)

    assert before <= RealClock().now() <= datetime.now(UTC)
    assert timedelta(0) == RealClock().now().utcoffset()


def test_alarms_ring_in_time() -> None:
    """An alarm rings once its instant has come; one in the past at once; a cancelled one not."""

    async def run() -> None:
        clock, rung = RealClock(), []
        done = asyncio.Event()

        async def late() -> None:
            rung.append("late")
            done.set()

        async def early() -> None:
            rung.append("early")

        now = clock.now()
        clock.call_at(now + timedelta(milliseconds=30), late)
        clock.call_at(now + timedelta(milliseconds=10), late).cancel()
        clock.call_at(now - timedelta(hours=1), early)
        async with asyncio.timeout(5):
            await done.wait()
        assert ["early", "late"] == rung

    asyncio.run(run())


def test_an_alarm_that_fails_is_told_to_the_loop() -> None:
    """Nobody awaits an alarm, so its failure reaches the loop's handler."""

    async def run() -> None:
        told: list[dict[str, Any]] = []
        failed = asyncio.Event()

        def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            told.append(context)
            failed.set()

        async def fail() -> None:
            raise LookupError("in an alarm")

        asyncio.get_running_loop().set_exception_handler(handle)
        clock = RealClock()
        clock.call_at(clock.now(), fail)
        async with asyncio.timeout(5):
            await failed.wait()
        assert isinstance(told[0]["exception"], LookupError)

    asyncio.run(run())


def test_a_hold_keeps_nothing() -> None:
    """Real time waits for nobody; a hold can be released, twice, or used in a with."""
    clock = RealClock()
    hold = clock.hold("work")
    hold.release()
    hold.release()
    with clock.hold("more work") as held:
        assert held is not hold
