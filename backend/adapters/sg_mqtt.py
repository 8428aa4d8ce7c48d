"""
A meter's counters over MQTT: asked of a smart gateway by its commands (document 004 §4.7.9.1).

The commands name a meter by its serial number, so that no other can answer in its place, and what
is read are its own registers, as over Modbus. What a gateway publishes of its own accord tells of a
place and not of a meter, and not when it was measured: nothing is billed of it.

An answer comes under ``<root>/<publish>``, as does every other; the right one repeats what was
asked. Errors are plain text and name no question: whichever comes while something is asked ends it.
What the broker has retained was said before anything was asked, and answers nothing.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any

import aiomqtt

from backend.core.sg_counters import Counter
from backend.core.sg_registers import HOLDING, IDENTITY, Block, evidence_of, identity_of, layout_of
from backend.errors import GatewayAnswerError, GatewayRefused, GatewayUnreachable
from backend.ports import Gateway, GatewayMeter, Mqtt

QOS = 1
ANSWER_LIMIT_S = 5.0
"""How long the answer to a command may take, in real seconds."""
MESSAGE_LIMIT_BYTES = 65_536
#: Else the second message waits for the acknowledgement of the first: 40 ms with most kernels.
_AT_ONCE = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
_REFUSED_CODES = (4, 5, 134, 135)
"""Bad user name or password, not authorised: of MQTT 3.1.1 §3.2.2.3, and as aiomqtt tells them."""


async def read_counters(
    gateway: Gateway, meter: GatewayMeter, asking: Callable[[], None] = lambda: None
) -> tuple[list[Counter], str]:
    """
    Read a meter's counters.

    Parameters:
        asking: called when the counters themselves are asked for.

    Returns:
        The counters, and what was read, as JSON, for evidence.

    Raises:
        GatewayError: If it cannot be read.
        ValueError: If the gateway has no broker.
    """
    if (mqtt := gateway.mqtt) is None:
        raise ValueError(f"{gateway.where()} has no broker")
    try:
        async with _client(gateway, mqtt) as client:
            await client.subscribe(f"{mqtt.root}/{mqtt.publish}/#", qos=QOS)
            return await _read(_Line(client, gateway, mqtt, meter), asking)
    except aiomqtt.MqttError as error:
        raise _explained(error, gateway) from None


def _client(gateway: Gateway, mqtt: Mqtt) -> aiomqtt.Client:
    return aiomqtt.Client(
        gateway.host,
        gateway.port,
        username=mqtt.user or None,
        password=mqtt.secret or None,
        timeout=gateway.time_limit_s,
        tls_context=_context(gateway, mqtt) if mqtt.tls else None,
        max_queued_incoming_messages=1_000,
        socket_options=_AT_ONCE,
    )


def _context(gateway: Gateway, mqtt: Mqtt) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=mqtt.authority or None)
    if mqtt.certificate_file:
        try:
            # With a word for its password OpenSSL does not ask for one at the terminal.
            context.load_cert_chain(mqtt.certificate_file, mqtt.key_file, password="")
        except OSError as error:  # an SSLError is one
            raise GatewayRefused(
                f"certificate and key cannot be used ({error})",
                gateway.where(),
                "look at certificate_file and key_file: PEM, and the key without a password",
            ) from None
    return context


class _Line:
    """A line to the broker, over which one meter is asked."""

    def __init__(
        self, client: aiomqtt.Client, gateway: Gateway, mqtt: Mqtt, meter: GatewayMeter
    ) -> None:
        self.meter = meter
        self.where = gateway.where(meter)
        self._client = client
        self._mqtt = mqtt

    async def words(self, block: Block) -> Sequence[int]:
        """Read a block of registers."""
        # As the manual writes them: 40156 is holding register 156, 30107 input register 107.
        register = block.address + (40_000 if block.function == HOLDING else 30_000)
        command = {
            "cmd": "modbus_read",
            "serial_number": self.meter.serial,
            "reg": register,
            "no_regs": block.count,
        }
        text = json.dumps({"data": command})
        await self._client.publish(f"{self._mqtt.root}/{self._mqtt.subscribe}", text, qos=QOS)
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                async for message in self._client.messages:
                    answer = self._answer(message, register, block.count)
                    if answer is not None:
                        return answer
        except TimeoutError:
            pass
        raise GatewayUnreachable(
            f"no answer to modbus_read of {block.count} registers from {register} on",
            self.where,
            "look whether the gateway reaches the broker, and at its topics; it is tried again",
        )

    def _answer(self, message: aiomqtt.Message, register: int, count: int) -> Sequence[int] | None:
        """Read what was published; None where it answers something else."""
        payload = message.payload
        if message.retain:
            return None
        if not isinstance(payload, bytes | bytearray) or len(payload) > MESSAGE_LIMIT_BYTES:
            return None
        if message.topic.value.endswith("/error"):
            text = payload.decode("utf-8", "replace")[:120]
            raise GatewayAnswerError(f"it says {text!r}", self.where, "it is tried again")
        try:
            told = json.loads(payload)
        except (ValueError, RecursionError):  # the latter where it is nested without end
            return None
        if not isinstance(told, dict) or told.get("cmd") != "modbus_read":
            return None
        asked = told.get("register"), told.get("number of registers")
        if asked != (register, count) or told.get("modbus address") != self.meter.address:
            return None
        return _words(told.get("values"), count, self.where)


def _words(values: Any, count: int, where: str) -> Sequence[int]:
    try:
        words = [int(one, 16) for one in values]
    except (TypeError, ValueError):
        words = []
    if len(words) != count or not all(0 <= word <= 0xFFFF for word in words):
        raise GatewayAnswerError(
            f"the answer to modbus_read has not {count} registers as 0x0000 to 0xFFFF",
            where,
            "look at the gateway's software version; it is tried again",
        )
    return words


async def _read(line: _Line, asking: Callable[[], None]) -> tuple[list[Counter], str]:
    model, serial = await _identity(line)
    layout = layout_of(model, line.where)
    asking()
    # The values are in the first block; the others say what they are.
    words = {block: await line.words(block) for block in layout.blocks}
    # An answer bears an address and no serial number, and another client may have asked for the
    # same registers of a meter with that address: then its identity comes as well.
    await _identity(line)
    return layout.counters(words, line.where), evidence_of(model, serial, words)


async def _identity(line: _Line) -> tuple[str, str]:
    """Ask who answers, which must be the meter."""
    model, serial = identity_of(await line.words(IDENTITY))
    if serial != line.meter.serial:
        raise GatewayAnswerError(
            f"{model} {serial!r} answers for {line.meter.serial!r}",
            line.where,
            "look at the gateway; nothing of it was kept",
        )
    return model, serial


def _explained(error: aiomqtt.MqttError, gateway: Gateway) -> GatewayUnreachable | GatewayRefused:
    code = getattr(getattr(error, "rc", None), "value", getattr(error, "rc", None))
    at = f"{gateway.host}:{gateway.port}"
    if code in _REFUSED_CODES:
        return GatewayRefused(
            f"the broker at {at} does not let us in ({error})",
            gateway.where(),
            "correct broker_user and broker_password",
        )
    return GatewayUnreachable(
        f"the broker at {at} cannot be used ({error})",
        gateway.where(),
        "look at its address and at TLS; it is tried again",
    )
