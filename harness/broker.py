"""
An MQTT broker for a bench: amqtt's, embedded, on a free port of 127.0.0.1.

Rule 1: the clock is held from the moment that a message has come in until everybody who subscribed
to it has acknowledged it (those with QoS 0: until it is on its way to them), or is gone. Who takes
a message holds the clock before it acknowledges, so virtual time never runs past one.
Rule 2: sockets and TLS are ours, so that a client's certificate can be demanded; packets, sessions
and subscriptions are amqtt's. Only the frames' heads are read here, to know what rule 1 asks.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from dataclasses import dataclass, field

from amqtt.adapters import (  # type: ignore[import-untyped]
    StreamReaderAdapter,
    StreamWriterAdapter,
)
from amqtt.broker import Broker as AmqttBroker  # type: ignore[import-untyped]
from amqtt.contexts import (  # type: ignore[import-untyped]
    BrokerConfig,
    ListenerConfig,
    ListenerType,
)

from simulators.clock import Clock, Hold

PUBLISH, PUBACK = 3, 4
MESSAGE_LIMIT_BYTES = 2**20
LISTENER = "bench"


@dataclass(slots=True)
class Packets:
    """
    Cuts a stream of bytes into MQTT packets (MQTT 3.1.1 §2.2).

    Feeding gives each packet that is whole: its first byte, and what follows its length.
    """

    _bytes: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Take some bytes, and give the packets that are whole by now."""
        self._bytes += data
        found = []
        while (packet := self._next()) is not None:
            found.append(packet)
        return found

    def _next(self) -> tuple[int, bytes] | None:
        length = shift = 0
        for place, byte in enumerate(self._bytes[1:5], 1):
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                begin, end = place + 1, place + 1 + length
                if len(self._bytes) < end:
                    return None
                packet = self._bytes[0], bytes(self._bytes[begin:end])
                del self._bytes[:end]
                return packet
        return None


def matches(topic: str, wanted: str) -> bool:
    """Tell whether a topic is one that a subscription is for (§4.7)."""
    names, patterns = topic.split("/"), wanted.split("/")
    if patterns[-1] == "#":
        patterns.pop()
        names = names[: len(patterns)]
    return len(names) == len(patterns) and all(
        pattern in ("+", name) for name, pattern in zip(names, patterns, strict=True)
    )


class _Reader(StreamReaderAdapter):  # type: ignore[misc]
    """Reads for amqtt, and tells what packets came in."""

    def __init__(self, reader: asyncio.StreamReader, line: _Line) -> None:
        super().__init__(reader)
        self._line = line

    async def read(self, n: int = -1) -> bytes:
        data: bytes = await super().read(n)
        self._line.came_in(data)
        return data


class _Writer(StreamWriterAdapter):  # type: ignore[misc]
    """Writes for amqtt, and tells what packets go out."""

    def __init__(self, writer: asyncio.StreamWriter, line: _Line) -> None:
        super().__init__(writer)
        self._line = line

    def write(self, data: bytes) -> None:
        super().write(data)
        self._line.goes_out(data)


class _Line:
    """A client's line: how many messages it has not got, or not acknowledged, yet."""

    def __init__(self, broker: Broker, port: int) -> None:
        self.port = port
        self.awaited = 0
        self._broker = broker
        self._in, self._out = Packets(), Packets()

    def came_in(self, data: bytes) -> None:
        """Look at what the client has sent."""
        for head, body in self._in.feed(data):
            if head >> 4 == PUBLISH:
                size = int.from_bytes(body[:2], "big")
                self._broker.published(body[2 : 2 + size].decode("utf-8", "replace"))
            elif head >> 4 == PUBACK:
                self._got_one()

    def goes_out(self, data: bytes) -> None:
        """Look at what the client is sent."""
        for head, _ in self._out.feed(data):
            if head >> 4 == PUBLISH and not head & 0x06:
                self._got_one()

    def _got_one(self) -> None:
        # A message that was retained goes out besides, and nobody awaits it.
        self.awaited = max(0, self.awaited - 1)
        self._broker.look()

    def close(self) -> None:
        """Await nothing of it any more."""
        self.awaited = 0
        self._broker.look()


class Broker:
    """
    A broker.

    Parameters:
        clock: what it holds.
        context: with what its lines are secured; it may demand certificates. None: plain TCP.

    Attributes:
        port: where it listens; the same one each time that it is started.
    """

    def __init__(
        self,
        clock: Clock,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.port = 0
        self._clock = clock
        self._context = context
        self._amqtt: AmqttBroker | None = None
        self._server: asyncio.Server | None = None
        self._lines: dict[asyncio.Task[None], _Line] = {}
        self._hold: Hold | None = None

    async def start(self) -> None:
        """Listen."""
        logging.getLogger("amqtt").setLevel(logging.ERROR)
        listener = ListenerConfig(type=ListenerType.EXTERNAL, bind=None)
        named = ListenerConfig(type=ListenerType.EXTERNAL, bind="external")
        config = BrokerConfig(
            listeners={"default": listener, LISTENER: named},
            plugins={"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        )
        self._amqtt = AmqttBroker(config, asyncio.get_running_loop())
        await self._amqtt.start()
        self._server = await asyncio.start_server(
            self._connected, "127.0.0.1", self.port, ssl=self._context, limit=MESSAGE_LIMIT_BYTES
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up on everybody and listen no more."""
        server, self._server = self._server, None
        amqtt, self._amqtt = self._amqtt, None
        if server is None or amqtt is None:
            return
        server.close()
        with self._clock.hold("the broker stops"):
            await amqtt.shutdown()
            for task in tuple(self._lines):
                task.cancel()
            await asyncio.gather(*self._lines, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task, amqtt = asyncio.current_task(), self._amqtt
        if task is None or amqtt is None:
            writer.close()
            return
        line = _Line(self, writer.get_extra_info("peername")[1])
        self._lines[task] = line
        try:
            await amqtt.external_connected(_Reader(reader, line), _Writer(writer, line), LISTENER)
        finally:
            del self._lines[task]
            line.close()
            writer.close()

    def published(self, topic: str) -> None:
        """Know that a message came in, and from whom it is to be acknowledged now."""
        if self._amqtt is None:
            return
        lines = {line.port: line for line in self._lines.values()}
        for wanted, subscribers in self._amqtt.subscriptions.items():
            if matches(topic, wanted):
                for session, _ in subscribers:
                    line = lines.get(session.remote_port or 0)
                    if line is not None:
                        line.awaited += 1
        self.look()

    def look(self) -> None:
        """Hold the clock while somebody has not acknowledged."""
        awaited = any(line.awaited for line in self._lines.values())
        if awaited and self._hold is None:
            self._hold = self._clock.hold("the broker has a message for somebody")
        elif not awaited and self._hold is not None:
            self._hold.release()
            self._hold = None
