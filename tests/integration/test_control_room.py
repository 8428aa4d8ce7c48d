"""The bench's own broker, and who stands at the other end of a gateway's links."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import aiomqtt
import pytest

from harness.broker import Broker, Packets, matches
from harness.control_room import PROTOCOLS, ControlRoom, PushReceiver
from harness.errors import UsageError
from simulators.clock import VirtualClock

START = datetime(2026, 6, 1, tzinfo=UTC)
HELD = ("the broker has a message for somebody",)


def run(work: Callable[[VirtualClock], Awaitable[None]]) -> None:
    """Do something within a limit."""

    async def main() -> None:
        async with asyncio.timeout(20):
            await work(VirtualClock(START))

    asyncio.run(main())


@pytest.mark.parametrize(
    ("topic", "wanted", "expected"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/+", True),
        ("a/b", "#", True),
        ("a/b", "a/b/#", True),
        ("a/b", "a/#", True),
        ("a/b", "a", False),
        ("a/b", "a/b/c/#", False),
        ("a/b/c", "a/+", False),
        ("a/b", "+", False),
    ],
)
def test_a_subscription_is_for_topics(topic: str, wanted: str, expected: bool) -> None:
    """Wildcards are those of MQTT 3.1.1 §4.7."""
    assert expected == matches(topic, wanted)


def test_packets_are_cut_wherever_bytes_come() -> None:
    """Also a length of several bytes that comes in pieces."""
    long = b"\x30" + bytes([0xC8, 0x01]) + b"x" * 200
    packets = Packets()

    found = [packets.feed(one) for one in (b"\xc0", b"\x00" + long[:2], long[2:100], long[100:])]

    assert [[], [(0xC0, b"")], [], [(0x30, b"x" * 200)]] == found


def test_the_clock_is_held_until_everybody_has_a_message() -> None:
    """From its arrival on, until all who subscribed with QoS 1 have acknowledged."""

    async def work(clock: VirtualClock) -> None:
        broker = Broker(clock)
        await broker.start()
        here = aiomqtt.Client("127.0.0.1", broker.port)
        there = aiomqtt.Client("127.0.0.1", broker.port)
        async with here as first, there as second:
            await first.subscribe("a/#", qos=1)
            await second.subscribe("a/+", qos=0)
            await second.publish("b", "for nobody", qos=1)
            assert () == clock.held_by
            await second.publish("a/b", "for both", qos=1)
            assert HELD == clock.held_by
            await clock.settle()
            for client in (first, second):
                message = await anext(client.messages)
                assert ("a/b", b"for both") == (message.topic.value, message.payload)
        await broker.stop()
        await broker.stop()
        assert () == clock.held_by

    run(work)


def test_who_goes_without_acknowledging_is_not_waited_for() -> None:
    """A line that ends lets go of what it has not acknowledged."""

    async def work(clock: VirtualClock) -> None:
        broker = Broker(clock)
        await broker.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
        writer.write(bytes.fromhex("100d00044d5154540402003c000173"))  # CONNECT as "s"
        assert bytes.fromhex("20020000") == await reader.readexactly(4)
        writer.write(bytes.fromhex("820600010001" + "23" + "01"))  # SUBSCRIBE "#" with QoS 1
        assert bytes.fromhex("9003000101") == await reader.readexactly(5)
        async with aiomqtt.Client("127.0.0.1", broker.port) as other:
            await other.publish("a", "x", qos=1)
            assert 0x32 == (await reader.readexactly(1))[0] & 0xF2
            assert HELD == clock.held_by
            writer.close()
            await clock.settle()
        await broker.stop()

    run(work)


@pytest.mark.parametrize("how", PROTOCOLS)
def test_a_control_room_hears_what_is_published(how: str) -> None:
    """Whichever way its broker is reached."""

    async def work(clock: VirtualClock) -> None:
        room = ControlRoom(clock, how)
        await room.start()
        await room.say("a/b", "grüezi")
        await clock.settle()
        assert [("a/b", "grüezi", START)] == [(one.topic, one.text, one.at) for one in room.heard]
        assert "mqtt" == room.link["kind"]
        await room.stop()
        with pytest.raises(UsageError):
            await room.say("a/b", "nobody")

    run(work)


def test_a_broker_can_demand_a_certificate() -> None:
    """Who shows none does not come in."""

    async def work(clock: VirtualClock) -> None:
        room = ControlRoom(clock, "through TLS with a certificate of its own")
        await room.start()
        context = ssl.create_default_context(cadata=room.files["broker.pem"].decode())
        stranger = aiomqtt.Client("127.0.0.1", room.broker.port, tls_context=context, timeout=1)
        with pytest.raises(aiomqtt.MqttError):
            await stranger.__aenter__()
        await room.stop()

    run(work)


def test_a_way_that_there_is_not_is_refused() -> None:
    """The sentence lists the three."""
    with pytest.raises(UsageError, match="plainly, through TLS"):
        ControlRoom(VirtualClock(START), "by pigeon")


def test_a_receiver_acknowledges_but_what_it_loses() -> None:
    """A line breaks in the place of an acknowledgement that is lost."""

    async def work(clock: VirtualClock) -> None:
        receiver = PushReceiver(clock)
        await receiver.start()
        push = b'<push number="7"><device serial="W1"/></push>\n'
        receiver.loses = 1
        answers = []
        port = int(str(receiver.link["port"]))
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(push)
            answers.append(await reader.readline())
            writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await receiver.stop()
        writer.close()
        assert [b"", b'<ack number="7"/>\n'] == answers
        assert ["W1", "W1"] == [one.topic for one in receiver.heard]

    run(work)
