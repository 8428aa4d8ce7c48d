"""
A link over plain TCP: the push in XML; what is sent and answered stands in `push`.

Rule 1: one message is under way at a time, over a line that is opened for what waits and closed
when nothing waits any more.
Rule 2: after a message the acknowledgement is awaited for the push response time, in the clock's
time. Virtual time must not run past an answer that is on its way: the clock is held until it has
come, or the line has ended, or, for a receiver that is silent, for `SILENCE_S` of real time.
Rule 3: whatever fails, the first message waiting is the next that is sent, over a new line.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from simulators.clock import Alarm, real_pause
from simulators.iskra_sg import GatewaySg
from simulators.iskra_sg.device import Gateway, Place
from simulators.iskra_sg.links_io import LinkWire
from simulators.iskra_sg.meters import Meter
from simulators.iskra_sg.push import ANSWER_LIMIT_BYTES, Outbox, Reading, acknowledged
from simulators.iskra_sg.push_times import pause, push_of
from simulators.iskra_sg.settings import Link

WIRE = "sg-push"
RECEIVER = "receiver"
OPEN_LIMIT_S = 5.0
"""How long, in real time, a receiver may take to take a line."""
SILENCE_S = 0.5


class PushLink(LinkWire):
    """
    A link while it is set to the push in XML.

    Attributes:
        outbox: what waits; it outlives reboots.
    """

    kind = "tcp"

    def __init__(self, gateway: GatewaySg, number: int) -> None:
        super().__init__(gateway, number)
        self.outbox = Outbox()
        self._delivering: asyncio.Task[None] | None = None
        self._again: Alarm | None = None
        self._attempts = 0

    async def _open(self, link: Link) -> str | None:
        self._attempts = 0
        self._deliver_soon()
        return None

    async def _close(self) -> None:
        if self._again is not None:
            self._again.cancel()
            self._again = None
        delivering, self._delivering = self._delivering, None
        if delivering is not None:
            delivering.cancel()
            await asyncio.gather(delivering, return_exceptions=True)

    async def _push(self, gateway: Gateway, places: list[Place]) -> None:
        shown = gateway.clock.shows(gateway.at)
        for place in places:
            if isinstance(place.device, Meter):
                interval_s = push_of(gateway.settings.slots[place.index], self.number).interval_s
                serial = gateway.identity.serial
                self.outbox.add(Reading(serial, place.interface, shown, interval_s, place.device))
        if self._open_with is not None:
            self._deliver_soon()

    # ------------------------------------------------------------------ delivering

    def _deliver_soon(self) -> None:
        if len(self.outbox) and self._delivering is None and self._again is None:
            delivery = _Delivery(self._gateway, self.link, self.name, self.outbox)
            self._delivering = asyncio.ensure_future(self._deliver(delivery))

    async def _deliver(self, delivery: _Delivery) -> None:
        """Send what waits, or leave an alarm for the next attempt."""
        try:
            why_not = await delivery.run()
            self._delivering = None
            self._attempts = 0 if delivery.acknowledged else self._attempts
            if why_not is None:
                self._say("Connected")
                return
            self._attempts += 1
            self._say(why_not)
            first = timedelta(seconds=self.link.response_time_s)
            instant = delivery.sent_at + pause(self._attempts, first)
            self._again = self._gateway.clock.call_at(instant, self._deliver_again)
        finally:
            delivery.hold.release()

    async def _deliver_again(self) -> None:
        self._again = None
        self._deliver_soon()


class _Delivery:
    """One line to the receiver, and what goes over it."""

    def __init__(self, gateway: GatewaySg, link: Link, name: str, outbox: Outbox) -> None:
        self._gateway = gateway
        self._clock = gateway.clock
        self._link = link
        self._name = name
        self._outbox = outbox
        self.hold = self._clock.hold(f"{name} pushes to {link.server}:{link.port}")
        self.sent_at = self._clock.now()
        self.acknowledged = 0

    async def run(self) -> str | None:
        """Send all that waits; give why it ended before, or None."""
        where = f"{self._link.server}:{self._link.port}"
        try:
            async with asyncio.timeout(OPEN_LIMIT_S):
                reader, writer = await asyncio.open_connection(
                    self._link.server, self._link.port, limit=ANSWER_LIMIT_BYTES
                )
        except (OSError, TimeoutError) as error:
            return f"Not connected: nobody answers at {where} ({error or type(error).__name__})"
        try:
            while (first := self._outbox.first) is not None:
                self.sent_at = self._clock.now()
                writer.write(f"{first.line}\n".encode())
                self._gateway.tap.note(WIRE, self._gateway.name, RECEIVER, first.line)
                await writer.drain()
                if not await self._is_acknowledged(reader, first.number):
                    return f"Not acknowledged: {first.number}"
                self.acknowledged += 1
        except OSError as error:
            return f"Not connected: the line broke ({error})"
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        return None

    async def _is_acknowledged(self, reader: asyncio.StreamReader, number: int) -> bool:
        ended = asyncio.Event()
        is_silent = False

        def end() -> None:
            # At once, or time would go on before this task does.
            if is_silent and not ended.is_set():
                self.hold = self._clock.hold(f"{self._name} pushes again")
            ended.set()

        async def expire() -> None:
            end()

        response_time = timedelta(seconds=self._link.response_time_s)
        alarm = self._clock.call_at(self.sent_at + response_time, expire)
        reading = asyncio.ensure_future(self._read(reader, number))
        reading.add_done_callback(lambda _: end())
        try:
            await real_pause(SILENCE_S, ended)
            if not ended.is_set():
                is_silent = True
                self.hold.release()
                await ended.wait()
            return reading.done() and reading.result()
        finally:
            alarm.cancel()
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(self, reader: asyncio.StreamReader, number: int) -> bool:
        """Read lines until the acknowledgement comes; false where the line ends before."""
        with suppress(OSError, ValueError):
            while line := await reader.readline():
                text = line.decode("utf-8", "replace").rstrip("\r\n")
                self._gateway.tap.note(WIRE, RECEIVER, self._gateway.name, text)
                if acknowledged(text) == number:
                    return self._outbox.acknowledge(number)
        return False
