"""The gateway's push in XML, over real sockets and in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

from simulators.clock import VirtualClock
from simulators.iskra_sg import GatewaySg
from simulators.iskra_sg.faults import AbsentDevice, NoNetwork
from simulators.iskra_sg.push_io import PushLink
from simulators.iskra_sg.settings import changed
from simulators.iskra_sg.site import Site
from simulators.wiretap import Wiretap

START = datetime(2026, 6, 1, 10, 7, tzinfo=UTC)


class Receiver:
    """
    Somebody who takes pushes.

    Attributes:
        answer: gives what is answered to a number, or None to hang up; b"" is silence.
        lines: what came, with the instant at which it did.
    """

    def __init__(self, clock: VirtualClock) -> None:
        self.port = 0
        self.answer: Callable[[int], bytes | None] = acknowledge
        self.lines: list[tuple[datetime, str]] = []
        self.connections = 0
        self._clock = clock
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def numbers(self) -> list[int]:
        """The numbers of what came."""
        return [int(ET.fromstring(line).get("number", "")) for _, line in self.lines]

    async def open(self) -> None:
        """Listen, always on the same port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Hang up and listen no more."""
        assert self._server is not None
        self._server.close()
        for task in tuple(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        self.connections += 1
        try:
            while line := await reader.readline():
                text = line.decode()
                self.lines.append((self._clock.now(), text))
                answer = self.answer(self.numbers[-1])
                if answer is None:
                    return
                writer.write(answer)
        finally:
            self._serving.discard(task)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def acknowledge(number: int) -> bytes:
    """Acknowledge what came."""
    return f'<ack number="{number}"/>\n'.encode()


class Bench:
    """A gateway that pushes, the receiver, and the clock of both."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START)
        self.receiver = Receiver(self.clock)

    @asynccontextmanager
    async def gateway(self, **link: object) -> AsyncIterator[tuple[GatewaySg, PushLink]]:
        """Run a gateway with two meters that are pushed, each at its interval."""
        push = {"enabled": True, "interval_s": 900}
        site = Site.from_mapping(
            {
                "gateway": {"serial": "IS000122"},
                "settings": {
                    "link_2": {
                        "kind": "tcp",
                        "server": "127.0.0.1",
                        "port": self.receiver.port,
                        **link,
                    }
                },
                "load": [{"name": "house", "power_w": 4_000}],
                "device": [
                    {
                        "port": "left-ir",
                        "model": "WM3M4C",
                        "serial": "W1",
                        "loads": ["house"],
                        "link_2": push,
                    },
                    {
                        "port": "rs485",
                        "model": "IE38MD",
                        "serial": "I1",
                        "address": 35,
                        "link_1": {"enabled": True, "interval_s": 60},
                        "link_2": {**push, "interval_s": 3_600},
                    },
                    {"port": "rs485", "model": "BI432", "serial": "B1", "link_2": push},
                ],
            }
        )
        gateway = GatewaySg(site, self.clock, Wiretap(self.clock))
        wire = PushLink(gateway, 2)
        gateway.wires.append(wire)
        await gateway.start()
        try:
            yield gateway, wire
        finally:
            await gateway.stop()

    async def until(self, clock_time: str) -> None:
        """Let time pass."""
        hour, minute, *second = map(int, clock_time.split(":"))
        await self.clock.advance_to(START.replace(hour=hour, minute=minute, second=sum(second)))


def run(work: Callable[[Bench], Awaitable[None]]) -> None:
    """Do something on a bench with a receiver."""

    async def main() -> None:
        bench = Bench()
        await bench.receiver.open()
        try:
            async with asyncio.timeout(20):
                await work(bench)
        finally:
            await bench.receiver.close()

    asyncio.run(main())


def at(clock_time: str) -> datetime:
    """Give an instant of the day."""
    hour, minute, *second = map(int, clock_time.split(":"))
    return START.replace(hour=hour, minute=minute, second=sum(second))


def test_each_meter_is_pushed_when_its_interval_ends() -> None:
    """At the multiples of its interval, once, with what it counts at that instant."""

    async def work(bench: Bench) -> None:
        async with bench.gateway() as (gateway, wire):
            await bench.until("11:20")
            pushes = [ET.fromstring(line) for _, line in bench.receiver.lines]

            instants = ["10:15", "10:30", "10:45", "11:00", "11:00", "11:15"]
            assert [at(one) for one in instants] == [when for when, _ in bench.receiver.lines]
            assert [f"2026-06-01T{one}:00Z" for one in instants] == [
                push.get("time") for push in pushes
            ]
            assert [1, 2, 3, 4, 5, 6] == bench.receiver.numbers
            assert ["W1", "W1", "W1", "W1", "I1", "W1"] == [
                push[0].get("serial") for push in pushes
            ]
            assert ["533", "1533", "2533"] == [push[2][0].text for push in pushes[:3]]
            assert (0, "Connected") == (len(wire.outbox), gateway.now.link_state(2))

    run(work)


def test_a_lost_acknowledgement_brings_the_message_again() -> None:
    """The same bytes come again after the response time, before any later message."""

    async def work(bench: Bench) -> None:
        lost = iter([None, None])
        bench.receiver.answer = lambda number: next(lost, acknowledge(number))
        async with bench.gateway(response_time_s=20) as (gateway, _):
            await bench.until("10:15")
            assert "Not acknowledged: 1" == gateway.now.link_state(2)
            await bench.until("10:31")

            assert [1, 1, 1, 2] == bench.receiver.numbers
            first, second, third, fourth = bench.receiver.lines
            assert first[1] == second[1] == third[1]
            expected = ["10:15", "10:15:20", "10:16", "10:30"]
            assert [at(one) for one in expected] == [
                when for when, _ in (first, second, third, fourth)
            ]

    run(work)


def test_a_silent_receiver_is_waited_for_and_asked_again() -> None:
    """The response time passes without its acknowledgement; other lines are passed over."""

    async def work(bench: Bench) -> None:
        answers = iter([b'OK\n<ack number="7"/>\n'])
        bench.receiver.answer = lambda number: next(answers, acknowledge(number))
        async with bench.gateway() as (_, wire):
            await bench.until("10:16")

            assert [at("10:15"), at("10:15:10")] == [when for when, _ in bench.receiver.lines]
            assert ([1, 1], 0) == (bench.receiver.numbers, len(wire.outbox))

    run(work)


def test_messages_wait_for_a_receiver_and_come_in_order() -> None:
    """Nothing is lost while nobody answers, and pauses grow."""

    async def work(bench: Bench) -> None:
        await bench.receiver.close()
        async with bench.gateway() as (gateway, wire):
            await bench.until("11:01")
            assert (5, []) == (len(wire.outbox), bench.receiver.lines)
            assert gateway.now.link_state(2).startswith("Not connected: nobody answers")
            await bench.receiver.open()
            await bench.until("11:06")

            assert [1, 2, 3, 4, 5] == bench.receiver.numbers
            assert (0, 1) == (len(wire.outbox), bench.receiver.connections)

    run(work)


def test_without_a_network_messages_are_kept_too() -> None:
    """They go as soon as the network is back."""

    async def work(bench: Bench) -> None:
        async with bench.gateway() as (gateway, wire):
            await gateway.faults.switch_on(NoNetwork())
            await bench.until("10:31")
            assert (2, []) == (len(wire.outbox), bench.receiver.lines)
            await gateway.faults.switch_off(NoNetwork)
            await bench.clock.settle()

            assert [(1, at("10:31")), (2, at("10:31"))] == [
                (number, when)
                for number, (when, _) in zip(
                    bench.receiver.numbers, bench.receiver.lines, strict=True
                )
            ]

    run(work)


def test_an_absent_meter_is_not_pushed() -> None:
    """No value is made up for it, and numbers have no gap."""

    async def work(bench: Bench) -> None:
        async with bench.gateway() as (gateway, _):
            await gateway.faults.switch_on(AbsentDevice(33))
            await bench.until("10:31")
            await gateway.faults.switch_off(AbsentDevice)
            await bench.until("10:46")

            assert [(1, at("10:45"))] == [(1, when) for when, _ in bench.receiver.lines]
            assert [1] == bench.receiver.numbers

    run(work)


def test_settings_and_reboots_keep_what_waits() -> None:
    """Messages go to where the settings say, and numbers go on."""

    async def work(bench: Bench) -> None:
        bench.receiver.answer = lambda number: None
        async with bench.gateway() as (gateway, wire):
            await bench.until("10:16")
            assert 1 == len(wire.outbox)
            bench.receiver.answer = acknowledge
            gateway.reboot()
            await bench.until("10:31")
            assert [1, 2] == bench.receiver.numbers[-2:]
            await gateway.set(changed(gateway.now.settings, {"link_2": {"kind": "disabled"}}))
            await bench.until("10:46")
            assert 2 == bench.receiver.numbers[-1]
            assert "Disabled" == gateway.now.link_state(2)

    run(work)


def test_pushes_follow_the_gateways_own_clock() -> None:
    """A clock that is fast pushes early, and says what it shows, until it is set right."""

    async def work(bench: Bench) -> None:
        async with bench.gateway() as (gateway, _):
            gateway.now.clock.set_to(START + timedelta(minutes=2), START)
            await gateway.set(gateway.now.settings)
            await bench.until("10:14")
            gateway.now.clock.set_to(bench.clock.now(), bench.clock.now())
            await gateway.set(gateway.now.settings)
            await bench.until("10:16")

            actual = [
                (when, ET.fromstring(line).get("time")) for when, line in bench.receiver.lines
            ]
            said = "2026-06-01T10:15:00Z"
            assert [(at("10:13"), said), (at("10:15"), said)] == actual

    run(work)


def test_a_gateway_that_is_switched_off_waits_for_nothing() -> None:
    """Neither for an acknowledgement that does not come, nor for the next attempt."""

    async def work(bench: Bench) -> None:
        bench.receiver.answer = lambda number: b""
        async with bench.gateway() as (_, wire):
            await bench.until("10:15")
        assert (1, ()) == (len(wire.outbox), bench.clock.held_by)
        bench.receiver.answer = lambda number: None
        async with bench.gateway() as (_, wire):
            await bench.until("10:30")
        await bench.until("10:45")
        assert (1, ()) == (len(wire.outbox), bench.clock.held_by)

    run(work)
