"""
Who stands at the other end of a smart gateway's links: a control room at a broker, and a receiver.

Both note what they hear themselves; verdicts are read from that, and never from what the gateway
says of itself.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree as ET

import aiomqtt
import trustme

from harness.broker import Broker
from harness.errors import UsageError
from simulators.clock import Clock

HOST = "127.0.0.1"
PLAINLY, THROUGH_TLS = "plainly", "through TLS"
WITH_CERTIFICATE = "through TLS with a certificate of its own"
PROTOCOLS = {PLAINLY: "tcp", THROUGH_TLS: "secured", WITH_CERTIFICATE: "mutual"}
"""How scenarios name the three protocols of a link, and the settings."""
LINE_LIMIT_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Heard:
    """
    A message that somebody heard.

    Attributes:
        at: when it came.
        topic: under what it came; of a push the meter's serial number.
        text: what it says.
    """

    at: datetime
    topic: str
    text: str


class ControlRoom:
    """
    A broker, and who listens there to everything.

    Parameters:
        how: one of `PROTOCOLS`.

    Attributes:
        files: what must be on the gateway for it to be let in, by file name.
        heard: every message, in the order in which they came.
    """

    def __init__(self, clock: Clock, how: str) -> None:
        if how not in PROTOCOLS:
            raise UsageError(f"a link goes {', '.join(PROTOCOLS)}; not {how!r}")
        self.files: dict[str, bytes] = {}
        self.heard: list[Heard] = []
        self._clock = clock
        self._protocol = PROTOCOLS[how]
        self._inside: ssl.SSLContext | None = None
        self.broker = Broker(clock, self._secured())
        self._client: aiomqtt.Client | None = None

    def _secured(self) -> ssl.SSLContext | None:
        if self._protocol == "tcp":
            return None
        authority = trustme.CA()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(HOST).configure_cert(context)
        self.files["broker.pem"] = authority.cert_pem.bytes()
        self._inside = ssl.create_default_context()
        authority.configure_trust(self._inside)
        if self._protocol == "mutual":
            context.verify_mode = ssl.CERT_REQUIRED
            authority.configure_trust(context)
            own = authority.issue_cert("gateway")
            self.files["gateway.pem"] = own.private_key_and_cert_chain_pem.bytes()
            authority.issue_cert("control-room").configure_cert(self._inside)
        return context

    @property
    def link(self) -> dict[str, object]:
        """How a gateway's link is set to it."""
        address = {"server": HOST, "port": self.broker.port}
        return {"kind": "mqtt", "protocol": self._protocol, **address}

    async def start(self) -> None:
        """Start the broker, and listen."""
        await self.broker.start()
        self._client = aiomqtt.Client(
            HOST,
            self.broker.port,
            identifier="control-room",
            tls_context=self._inside,
            queue_type=self._ear(),
        )
        await self._client.__aenter__()
        await self._client.subscribe("#", qos=1)

    def _ear(self) -> type[asyncio.Queue[aiomqtt.Message]]:
        """Make what hears a message before it is acknowledged, so that no Then is too early."""
        room = self

        class Ear(asyncio.Queue[aiomqtt.Message]):
            def put_nowait(self, item: aiomqtt.Message) -> None:
                payload = item.payload if isinstance(item.payload, bytes) else b""
                text = payload.decode("utf-8", "replace")
                room.heard.append(Heard(room._clock.now(), item.topic.value, text))

        return Ear

    async def say(self, topic: str, text: str) -> None:
        """Publish a command."""
        if self._client is None:
            raise UsageError("the control room is not there; say that the link goes to one")
        await self._client.publish(topic, text, qos=1)

    async def stop(self) -> None:
        """Leave, and stop the broker."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(aiomqtt.MqttError):
                await client.__aexit__(None, None, None)
        await self.broker.stop()


class PushReceiver:
    """
    Who takes pushes in XML, and acknowledges them.

    Attributes:
        heard: every message that came, also those whose acknowledgement was lost.
        loses: how many acknowledgements are lost from now on: the line breaks in their place.
    """

    def __init__(self, clock: Clock) -> None:
        self.heard: list[Heard] = []
        self.loses = 0
        self._clock = clock
        self._port = 0
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def link(self) -> dict[str, object]:
        """How a gateway's link is set to it."""
        return {"kind": "tcp", "server": HOST, "port": self._port}

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(
            self._serve, HOST, self._port, limit=LINE_LIMIT_BYTES
        )
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up and listen no more."""
        if self._server is not None:
            self._server.close()
            for task in tuple(self._serving):
                task.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._take(reader, writer))
        self._serving.add(task)
        try:
            await asyncio.gather(task, return_exceptions=True)
        finally:
            self._serving.discard(task)
            writer.close()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            push = ET.fromstring(line)
            device = push.find("device")
            serial = "" if device is None else device.get("serial", "")
            self.heard.append(Heard(self._clock.now(), serial, line.decode()))
            if self.loses:
                self.loses -= 1
                return
            writer.write(f'<ack number="{push.get("number")}"/>\n'.encode())
            await writer.drain()
