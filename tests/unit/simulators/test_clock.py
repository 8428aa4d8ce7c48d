"""Tests of the two clocks of the simulators."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest

from simulators.clock import RealClock, VirtualClock, real_pause
from simulators.errors import TimeStandsStill

START = datetime(2025, 6, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class TestAlarms:
    """Alarms ring in one order."""

    async def ring(self, *delays_s: int) -> list[tuple[int, datetime]]:
        """Set alarms with these delays and give in which order and when they rang."""
        clock, rang = VirtualClock(START), []

        def alarm(number: int) -> None:
            async def wake() -> None:
                rang.append((number, clock.now()))

            clock.call_at(START + delays_s[number] * SECOND, wake)

        for number in range(len(delays_s)):
            alarm(number)
        await clock.advance_to(START + 100 * SECOND)
        return rang

    def test_by_instant(self) -> None:
        """They ring in the order of their instants, each at its own."""
        rang = asyncio.run(self.ring(3, 1, 2))

        assert [(1, START + SECOND), (2, START + 2 * SECOND), (0, START + 3 * SECOND)] == rang

    def test_by_order_of_setting(self) -> None:
        """Within an instant they ring in the order in which they were set."""
        rang = asyncio.run(self.ring(5, 5, 5))

        assert [0, 1, 2] == [number for number, _ in rang]

    def test_past_instants_ring_at_once(self) -> None:
        """An alarm set for the past rings now, and time never runs back."""
        rang = asyncio.run(self.ring(-50))

        assert [(0, START)] == rang

    def test_cancelled(self) -> None:
        """A cancelled alarm does not ring, and may be cancelled again."""

        async def scenario() -> list[str]:
            clock, rang = VirtualClock(START), []

            async def wake() -> None:
                rang.append("rang")

            alarm = clock.call_at(START + SECOND, wake)
            alarm.cancel()
            alarm.cancel()
            await clock.advance_to(START + 2 * SECOND)
            return rang

        assert [] == asyncio.run(scenario())

    def test_target_is_reached_without_alarms(self) -> None:
        """Time reaches its target where nothing happens on the way, and does not run back."""

        async def scenario() -> datetime:
            clock = VirtualClock(START)
            await clock.advance_to(START + SECOND)
            await clock.advance_to(START)
            return clock.now()

        assert START + SECOND == asyncio.run(scenario())

    def test_failure_reaches_the_bench(self) -> None:
        """What an alarm raises is raised where time was moved."""

        async def scenario() -> None:
            clock = VirtualClock(START)

            async def wake() -> None:
                raise ValueError("meter on fire")

            clock.call_at(START, wake)
            await clock.advance_to(START)

        with pytest.raises(ValueError, match="meter on fire"):
            asyncio.run(scenario())


class TestHolds:
    """An instant is left only when nobody holds it."""

    def test_next_alarm_waits_for_a_hold(self) -> None:
        """An alarm rings only after what the last one started has ended."""

        async def scenario() -> list[str]:
            clock, log = VirtualClock(START), []

            async def send() -> None:
                hold = clock.hold("a frame waits for its answer")

                async def answer() -> None:
                    for _ in range(50):
                        await asyncio.sleep(0)
                    log.append(f"answered at {clock.now():%S}")
                    hold.release()

                log.append("sent")
                tasks.append(asyncio.create_task(answer()))

            async def later() -> None:
                log.append(f"later at {clock.now():%S}")

            tasks: list[asyncio.Task[None]] = []
            clock.call_at(START, send)
            clock.call_at(START + SECOND, later)
            await clock.advance_to(START + SECOND)
            return log

        assert ["sent", "answered at 00", "later at 01"] == asyncio.run(scenario())

    def test_hold_handed_on(self) -> None:
        """A hold taken before another is released leaves no gap for time to slip through."""

        async def scenario() -> datetime:
            clock = VirtualClock(START)
            first = clock.hold("first")

            async def hand_on() -> None:
                second = clock.hold("second")
                first.release()
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                seen.append(clock.now())
                second.release()

            seen: list[datetime] = []
            task = asyncio.create_task(hand_on())
            await clock.advance_to(START + SECOND)
            await task
            return seen[0]

        assert START == asyncio.run(scenario())

    def test_forgotten_hold_is_named(self) -> None:
        """A hold that nobody releases stops time with its reason, not in silence."""

        async def scenario() -> None:
            clock = VirtualClock(START, patience_s=0.05)
            clock.hold("WB-1 waits for the answer to MeterValues 7b")
            await clock.advance_to(START + SECOND)

        with pytest.raises(TimeStandsStill, match="WB-1 waits for the answer to MeterValues 7b"):
            asyncio.run(scenario())

    def test_endless_alarm_is_named(self) -> None:
        """An alarm that does not end is named as well."""

        async def scenario() -> None:
            clock = VirtualClock(START, patience_s=0.05)

            async def never_ends() -> None:
                await asyncio.Event().wait()

            clock.call_at(START, never_ends)
            await clock.advance_to(START)

        with pytest.raises(TimeStandsStill) as caught:
            asyncio.run(scenario())
        assert re.search(r"never_ends, which waits at .*test_clock\.py:\d+", str(caught.value))

    def test_second_release(self) -> None:
        """Releasing twice does not release somebody else's hold."""

        async def scenario() -> tuple[str, ...]:
            clock = VirtualClock(START)
            mine = clock.hold("mine")
            clock.hold("yours")
            mine.release()
            mine.release()
            return clock.held_by

        assert ("yours",) == asyncio.run(scenario())

    def test_one_hand_only(self) -> None:
        """Time cannot be moved from within an alarm."""

        async def scenario() -> None:
            clock = VirtualClock(START)

            async def wake() -> None:
                await clock.advance_to(START + SECOND)

            clock.call_at(START, wake)
            await clock.advance_to(START)

        with pytest.raises(RuntimeError, match="one hand only"):
            asyncio.run(scenario())


def test_naive_start() -> None:
    """The virtual clock refuses to start at an instant without zone."""
    with pytest.raises(ValueError, match="aware"):
        VirtualClock(datetime(2025, 6, 3))  # noqa: DTZ001 - the point of the test


class TestRealClock:
    """Real time rings alarms, and holds for nobody."""

    def test_alarm_rings(self) -> None:
        """An alarm in the near future rings; a cancelled one does not."""

        async def scenario() -> list[str]:
            clock, rang, done = RealClock(), [], asyncio.Event()

            async def wake() -> None:
                rang.append("rang")
                done.set()

            async def never() -> None:
                rang.append("never")

            with clock.hold("nothing"):
                clock.call_at(clock.now(), never).cancel()
                clock.call_at(clock.now() + timedelta(milliseconds=5), wake)
                await asyncio.wait_for(done.wait(), 5)
            return rang

        assert ["rang"] == asyncio.run(scenario())

    def test_failing_alarm_is_told(self) -> None:
        """What an alarm raises reaches the loop's handler, as nobody awaits it."""

        async def scenario() -> BaseException:
            clock = RealClock()
            told: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().set_exception_handler(
                lambda _, context: told.set_result(context["exception"])
            )

            async def wake() -> None:
                raise ValueError("meter on fire")

            clock.call_at(clock.now(), wake)
            return await asyncio.wait_for(told, 5)

        assert "meter on fire" == str(asyncio.run(scenario()))


def test_a_real_pause_that_is_interrupted_leaves_nothing_behind() -> None:
    """Else the loop complains of it in the middle of what a person reads."""

    async def live() -> int:
        pause = asyncio.create_task(real_pause(60, asyncio.Event()))
        await asyncio.sleep(0)
        pause.cancel()
        await asyncio.wait([pause])
        await asyncio.sleep(0)
        return len(asyncio.all_tasks())

    assert 1 == asyncio.run(live())
