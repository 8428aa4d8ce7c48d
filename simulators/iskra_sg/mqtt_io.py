"""
A link over MQTT: commands in, answers and values out (document 004 §4.1.2.2, §4.3, §4.7).

Rule 1: the clock is held while it connects, while a message is under way to the broker until the
broker has acknowledged it, and from the moment that a command is read until it is answered; the
acknowledgement to the broker goes out after the hold is taken.
Rule 2: QoS 1 both ways: 0 would lose what is under way when a line breaks, unseen; 2 would add two
frames a message to prevent repetitions, which measured values and counters stand.
Rule 3: what cannot be published now is not kept: the next values are newer. A gap in the time of
values is seen in their counters; the push in XML keeps and repeats.
Rule 4: a line that ends is opened again at once, and after growing pauses while that fails.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from aiomqtt import Client, Message, MqttError

from simulators.clock import Hold
from simulators.errors import SimulatorError
from simulators.iskra_sg import GatewaySg, commands
from simulators.iskra_sg.commands import Answer
from simulators.iskra_sg.device import Gateway, Place
from simulators.iskra_sg.links_io import LinkWire
from simulators.iskra_sg.settings import Link

WIRE = "mqtt"
QOS = 1
ANSWER_LIMIT_S = 5.0
"""How long, in real time, a broker may take to answer; then what it was to do counts as failed."""
KEEP_ALIVE_S = 60
COMMANDS_LIMIT = 100
"""How many commands may wait for the one that is obeyed; more are lost."""
BROKER = "broker"
AT_ONCE = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
"""Else a message waits for the acknowledgement of the one before: 40 ms with most kernels."""


class MqttLink(LinkWire):
    """A link while it is set to MQTT."""

    kind = "mqtt"

    def __init__(self, gateway: GatewaySg, number: int) -> None:
        super().__init__(gateway, number)
        self._client: Client | None = None
        self._reading: asyncio.Task[None] | None = None
        self._holds: deque[Hold] = deque()

    async def publish(self, subtopic: str, text: str) -> bool:
        """Publish below the publish topic; False where the broker did not get it."""
        client, link = self._client, self.link
        if client is None:
            return False
        topic = f"{self._root(link)}/{link.publish_topic}/{subtopic}"
        with self._gateway.clock.hold(f"{self.name} publishes {topic}"):
            try:
                await client.publish(topic, text, qos=QOS)
            except (MqttError, ValueError):
                return False
        self._gateway.tap.note(WIRE, self._gateway.name, BROKER, f"{topic} {text}")
        return True

    def _root(self, link: Link) -> str:
        return link.root_topic or self._gateway.name

    # ------------------------------------------------------------------ the line

    async def _open(self, link: Link) -> str | None:
        try:
            client = self._new_client(link)
            await client.__aenter__()
        except (MqttError, OSError, ValueError) as error:
            return f"Not connected: {error}"
        try:
            await client.subscribe(f"{self._root(link)}/{link.subscribe_topic}", qos=QOS)
        except (MqttError, ValueError) as error:
            with suppress(MqttError):
                await client.__aexit__(None, None, None)
            return f"Not subscribed: {error}"
        self._client = client
        self._reading = asyncio.ensure_future(self._read(client))
        answer = commands.hello(self._gateway.now.identity)
        await self.publish(answer.subtopic, answer.text)
        return None

    def _new_client(self, link: Link) -> Client:
        context = None
        if link.protocol != "tcp":
            context = tls_context(self._gateway.now.files.certificates, link.protocol == "mutual")
        return Client(
            link.server,
            link.port,
            identifier=f"{self._gateway.name}-{self.number}",
            username=link.username or None,
            password=link.password or None,
            tls_context=context,
            timeout=ANSWER_LIMIT_S,
            keepalive=KEEP_ALIVE_S,
            queue_type=self._inbox(),
            max_queued_incoming_messages=COMMANDS_LIMIT,
            socket_options=AT_ONCE,
        )

    def _inbox(self) -> type[asyncio.Queue[Message]]:
        """Make the kind of queue that holds the clock as long as a command is in it."""
        link = self

        class Inbox(asyncio.Queue[Message]):
            def put_nowait(self, item: Message) -> None:
                super().put_nowait(item)
                link._holds.append(link._gateway.clock.hold(f"{link.name} obeys {item.topic}"))

        return Inbox

    async def _read(self, client: Client) -> None:
        """Obey what comes, until the line ends."""
        try:
            async for message in client.messages:
                await self._take(message)
                if self._holds:
                    self._holds.popleft().release()
        except MqttError:
            pass
        if self._client is client:
            self._client = None
            with self._gateway.clock.hold(f"{self.name} has lost its line"):
                self._release()
                self._open_with = None
                await self.settle()

    def _release(self) -> None:
        while self._holds:
            self._holds.popleft().release()

    async def _close(self) -> None:
        client, self._client = self._client, None
        reading, self._reading = self._reading, None
        if client is not None:
            with suppress(MqttError):
                await client.__aexit__(None, None, None)
        if reading is not None and reading is not asyncio.current_task():
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        self._release()

    # ------------------------------------------------------------------ commands

    async def _take(self, message: Message) -> None:
        payload = message.payload if isinstance(message.payload, bytes) else b""
        said = f"{message.topic} {_as_text(payload)}"
        self._gateway.tap.note(WIRE, BROKER, self._gateway.name, said)
        for answer in await self.obey(payload):
            await self.publish(answer.subtopic, answer.text)

    async def obey(self, payload: bytes) -> list[Answer]:
        """Do what a command says, and give the answers."""
        try:
            command = commands.read(payload)
            if isinstance(command, commands.Plain):
                answer = commands.plain_answer(self._gateway.now, command.name)
                if command.name == "reboot":
                    self._gateway.reboot()
            elif isinstance(command, commands.Look):
                answer = await self._look(command)
            elif isinstance(command, commands.Switch):
                answer = await self._switch(command)
            else:
                answer = await self._ask(command)
        except SimulatorError as why:
            return [commands.error(why)]
        return [] if answer is None else [answer]

    async def _look(self, command: commands.Look) -> Answer:
        place = commands.place_of(self._gateway.now, command)
        if place.device is not None:
            await self._gateway.take_time(place.device)
            place = self._gateway.now.places()[place.index]
        return commands.look(self._gateway.now, command.name, place)

    async def _switch(self, command: commands.Switch) -> Answer:
        place = commands.place_of(self._gateway.now, command)
        bicom = commands.bicom_at(self._gateway.now, place)
        if command.value != "state":
            await self._gateway.switch(bicom, command.value == "on")
        return commands.state(place, bicom)

    async def _ask(self, command: commands.Registers) -> Answer:
        address = commands.address_of(self._gateway.now, command.target)
        answer = await self._gateway.ask(address, commands.request(command))
        return commands.outcome(command, address, answer)

    # ------------------------------------------------------------------ values

    async def _push(self, gateway: Gateway, places: list[Place]) -> None:
        for place in places:
            for answer in commands.pushed(place):
                await self.publish(answer.subtopic, answer.text)


def _as_text(payload: bytes) -> str:
    """Give a payload as the wiretap keeps it: bytes that are no text in hex."""
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return f"hex:{payload.hex()}"


def tls_context(files: list[bytes], is_mutual: bool) -> ssl.SSLContext:
    """
    Make what a secured line is opened with, of the .pem files on the gateway (ASSUMED).

    One that holds a private key is the gateway's own certificate, shown for mutual authentication;
    the others are the authorities that it trusts.

    Raises:
        ValueError: If a certificate that is needed is not there, or cannot be read.
    """
    own = [one for one in files if b"PRIVATE KEY-----" in one]
    trusted = [one for one in files if one not in own]
    if not trusted:
        raise ValueError("no certificate of an authority is on the gateway; add its .pem file")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = _ClosingSocket
    try:
        context.load_verify_locations(cadata=b"\n".join(trusted).decode("ascii"))
        if is_mutual:
            if not own:
                raise ValueError("no .pem file with a certificate and its key is on the gateway")
            # The library takes a certificate from a file only.
            with TemporaryDirectory() as folder:
                path = Path(folder) / "own.pem"
                path.write_bytes(own[0])
                path.chmod(0o600)
                context.load_cert_chain(path)
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise ValueError(f"a .pem file on the gateway cannot be read: {error}") from None
    return context


class _ClosingSocket(ssl.SSLSocket):
    """A socket that is closed when its handshake fails: the library would leave it open."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise
