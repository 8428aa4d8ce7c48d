"""The gateway's links over MQTT, with a Mosquitto as the broker and its own clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.mosquitto import KINDS, MOSQUITTO, SECRET, USER, Heard, Mosquitto, mosquitto

from simulators.clock import Clock, RealClock, VirtualClock
from simulators.iskra_sg import GatewaySg
from simulators.iskra_sg.faults import NoNetwork
from simulators.iskra_sg.links import add_links
from simulators.iskra_sg.mqtt_io import MqttLink, tls_context
from simulators.iskra_sg.settings import changed
from simulators.iskra_sg.site import Site
from simulators.wiretap import Wiretap

if not MOSQUITTO.exists():
    pytest.skip("mosquitto is not installed", allow_module_level=True)

ROOT = "IS000122"
WAIT_S = 10


@pytest.fixture(name="broker", scope="module")
def broker_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """Run a broker for all tests here."""
    with mosquitto(tmp_path_factory.mktemp("mosquitto")) as broker:
        yield broker


def link(broker: Mosquitto, kind: str = "tcp", **others: object) -> dict[str, object]:
    """Give the settings of a link to the broker."""
    return {
        "kind": "mqtt",
        "server": "127.0.0.1",
        "port": broker.ports[kind],
        "protocol": kind,
        "username": USER,
        "password": SECRET,
        **others,
    }


def site(**settings: object) -> Site:
    """Plan a gateway with a meter on IR, a meter and a switch on RS485."""
    return Site.from_mapping(
        {
            "gateway": {"serial": ROOT},
            "settings": settings,
            "load": [{"name": "house", "power_w": [1_196, 0, 0]}],
            "device": [
                {"port": "left-ir", "model": "WM3M4C", "serial": "W1", "loads": ["house"]},
                {"port": "right-ir", "model": "IR Bicom", "serial": "B0"},
                {
                    "port": "rs485",
                    "model": "IE38MD",
                    "serial": "I0006494",
                    "address": 35,
                    "energy_wh": 20_249_500,
                },
                {"port": "rs485", "model": "BI432", "serial": "B1", "address": 32},
            ],
        }
    )


@asynccontextmanager
async def running(
    planned: Site, *files: tuple[str, bytes], clock: Clock | None = None
) -> AsyncIterator[GatewaySg]:
    """Run a gateway with both links."""
    clock = clock or RealClock()
    gateway = GatewaySg(planned, clock, Wiretap(clock))
    add_links(gateway)
    for name, content in files:
        gateway.now.files.add(name, content)
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop()


def run(work: Callable[[], Awaitable[None]]) -> None:
    """Do something within a limit."""

    async def main() -> None:
        async with asyncio.timeout(30):
            await work()

    asyncio.run(main())


async def state(gateway: GatewaySg, number: int, beginning: str) -> str:
    """Wait until a link is at something."""
    async with asyncio.timeout(WAIT_S):
        while True:
            if (now := gateway.now.link_state(number)).startswith(beginning):
                return now
            await asyncio.sleep(0.01)


async def ask(broker: Mosquitto, heard: Heard, **command: object) -> tuple[str, str]:
    """Publish a command, and give the answer."""
    text = json.dumps({"data": command})
    await broker.say(f"{ROOT}/cmd", text)
    assert (f"{ROOT}/cmd", text) == await heard.next()
    return await heard.next()


def test_every_command_is_answered(broker: Mosquitto) -> None:
    """Each command of the manual, over a broker and by clients that are not ours."""

    async def work() -> None:
        async with broker.heard() as heard, running(site(link_1=link(broker))) as gateway:
            assert f"{ROOT}/publish/status" == (await heard.next())[0]  # hello

            async def answer(**command: object) -> tuple[str, Any]:
                topic, text = await ask(broker, heard, **command)
                return topic.removeprefix(f"{ROOT}/publish/"), json.loads(text)

            assert (
                "status",
                {
                    "hello": "hello world",
                    "serial number": ROOT,
                    "model_type": "SG-E1",
                    "sw_ver": "2.09",
                    "hw_ver": 4,
                },
            ) == await answer(cmd="hello")
            topic, body = await answer(cmd="get_settings")
            assert ("status", "cmd") == (topic, body["settings"]["link_1"]["subscribe_topic"])
            assert SECRET not in json.dumps(body)
            topic, body = await answer(cmd="measurements", addr=0)
            assert ("measurements/ir", "1196.0 W") == (topic, body["measurements"]["Total"]["P"])
            topic, body = await answer(cmd="counters", addr=35)
            counter = body["counters"]["non_resettable"][0]
            assert ("counters/rs485/1", 20_249_500) == (topic, counter["value"])
            topic, body = await answer(cmd="bicom", addr=32, val="on")
            assert ("bicom/rs485/2", "on") == (topic, body["bicom"]["state"])
            topic, body = await answer(cmd="bicom", addr=0, val="state")
            assert ("bicom/ir", "off") == (topic, body["bicom"]["state"])
            topic, body = await answer(cmd="detect_485_devices")
            serials = [one["serial"] for one in body["devices"]]
            assert ("status", ["I0006494", "B1"]) == (topic, serials)
            await _registers(answer)
            assert (
                f"{ROOT}/publish/error",
                "Error: Modbus device 99 not responding",
            ) == await ask(
                broker, heard, cmd="modbus_read", modbus_address=99, reg=40_101, no_regs=1
            )
            await broker.say(f"{ROOT}/cmd", "reboot!")
            await heard.next()
            assert (await heard.next())[1].startswith("Error: command")
            assert "Connected" == gateway.now.link_state(1)

    run(work)


async def _registers(answer: Callable[..., Awaitable[tuple[str, Any]]]) -> None:
    """Read and write registers, by address and by serial number."""
    write = {"reg": 40_101, "values": [72, 105]}
    topic, body = await answer(cmd="modbus_write_multi", serial_number="I0006494", **write)
    assert "modbus" == topic
    assert {
        "cmd": "modbus_write_multi",
        "modbus address": 35,
        "serial number": "I0006494",
        "register": 40_101,
        "number of registers": 1,
        "values": ["0x4869"],
        "result": "ok",
    } == body
    topic, body = await answer(
        cmd="modbus_write_single", modbus_address=35, reg=40_102, value=8_224
    )
    assert ("modbus", "ok") == (topic, body["result"])
    topic, body = await answer(cmd="modbus_read", modbus_address=35, reg=40_101, no_regs=2)
    assert {
        "cmd": "modbus_read",
        "modbus address": 35,
        "register": 40_101,
        "number of registers": 2,
        "values": ["0x4869", "0x2020"],
    } == body


def test_devices_are_published_at_their_intervals(broker: Mosquitto) -> None:
    """Each device goes over its own link, under the topics that are set."""
    every_second = {"enabled": True, "interval_s": 1}

    async def work() -> None:
        planned = site(
            link_1=link(broker, root_topic="house", publish_topic="out"), link_2=link(broker)
        )
        async with broker.heard() as heard, running(planned) as gateway:
            await gateway.set(
                changed(
                    gateway.now.settings,
                    {
                        "left_ir": {"link_1": every_second},
                        "rs485": [{"link_2": every_second}],
                    },
                )
            )
            expected = {
                "house/out/status",
                f"{ROOT}/publish/status",
                "house/out/measurements/ir",
                "house/out/counters/ir",
                f"{ROOT}/publish/measurements/rs485/1",
                f"{ROOT}/publish/counters/rs485/1",
            }
            topics = set()
            while topics != expected:
                topics.add((await heard.next())[0])
                assert topics <= expected

    run(work)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_secured_link_is_checked_from_both_sides(broker: Mosquitto, kind: str) -> None:
    """It connects with the right certificates, and says why not without them."""

    async def work() -> None:
        trusted = ("broker.pem", broker.trusted)
        own = ("gateway.pem", broker.certificate("sg"))
        stranger = ("other.pem", Mosquitto(Path(), {}, type(broker.authority)()).trusted)
        planned = site(link_1=link(broker, kind))
        async with broker.heard() as heard, running(planned, trusted, own) as gateway:
            assert "Connected" == gateway.now.link_state(1)
            assert f"{ROOT}/publish/status" == (await heard.next())[0]
        async with running(planned, stranger, own) as gateway:
            assert "certificate verify failed" in await state(gateway, 1, "Not connected")
        async with running(planned) as gateway:
            assert "add its .pem file" in await state(gateway, 1, "Not connected")
        if kind == "mutual":
            async with running(planned, trusted) as gateway:
                assert "no .pem file" in await state(gateway, 1, "Not connected")

    run(work)


def test_a_wrong_password_is_told(broker: Mosquitto) -> None:
    """The link says that the broker does not let it in, and tries again."""

    async def work() -> None:
        async with running(site(link_1=link(broker, password="wrong"))) as gateway:
            assert "orized" in await state(gateway, 1, "Not connected")
            right = {"link_1": {"password": SECRET}}
            await gateway.set(changed(gateway.now.settings, right))
            assert "Connected" == await state(gateway, 1, "Connected")

    run(work)


def test_without_a_network_a_link_waits(broker: Mosquitto) -> None:
    """It closes its line, and opens it again when the network is back."""

    async def work() -> None:
        async with broker.heard() as heard, running(site(link_1=link(broker))) as gateway:
            await heard.next()
            await gateway.faults.switch_on(NoNetwork())
            assert "No network" == gateway.now.link_state(1)
            await gateway.faults.switch_off(NoNetwork)
            assert "Connected" == gateway.now.link_state(1)
            assert f"{ROOT}/publish/status" == (await heard.next())[0]

    run(work)


def test_a_reboot_by_command_says_hello_again(broker: Mosquitto) -> None:
    """The gateway goes away and comes back."""
    clock = VirtualClock(datetime(2026, 6, 1, 10, tzinfo=UTC))

    async def work() -> None:
        planned = site(link_1=link(broker))
        async with broker.heard() as heard, running(planned, clock=clock) as gateway:
            await heard.next()
            obeyed = asyncio.Event()
            gateway.tap.listen(lambda _: obeyed.set())
            command = '{"data": {"cmd": "reboot"}}'
            await broker.say(f"{ROOT}/cmd", command)
            assert (f"{ROOT}/cmd", command) == await heard.next()
            await obeyed.wait()
            await clock.advance_to(clock.now() + timedelta(minutes=1))
            assert "hello world" in (await heard.next())[1]
            assert gateway.now.is_running

    run(work)


def test_a_broker_that_ends_is_looked_for_again(tmp_path: Path) -> None:
    """The line is opened again once a broker is back at the address."""

    async def work() -> None:
        with mosquitto(tmp_path) as broker:
            async with running(site(link_1=link(broker))) as gateway:
                broker.end()
                await state(gateway, 1, "Not connected")
                wire = gateway.wires[0]
                assert isinstance(wire, MqttLink)
                assert not await wire.publish("status", "nobody hears it")
                broker.begin()
                assert "Connected" == await state(gateway, 1, "Connected")

    run(work)


@pytest.mark.parametrize(
    ("answers", "expected"), [(1, "Not subscribed"), (2, "Connected"), (3, "Connected")]
)
def test_a_broker_that_falls_silent_stops_nothing(
    answers: int, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it does not acknowledge within a limit counts as not done."""
    monkeypatch.setattr("simulators.iskra_sg.mqtt_io.ANSWER_LIMIT_S", 0.1)
    packets = (bytes.fromhex("20020000"), bytes.fromhex("9003000101"), bytes.fromhex("40020002"))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for packet in packets[:answers]:
            await reader.read(1_000)
            writer.write(packet)
        while await reader.read(1_000):
            pass
        writer.close()

    async def work() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            silent = {"kind": "mqtt", "server": "127.0.0.1", "port": port}
            async with running(site(link_1=silent)) as gateway:
                assert (await state(gateway, 1, expected)).startswith(expected)
                told = [one.text for one in gateway.tap.crossings if one.sender == ROOT]
                assert (answers == 3) == bool(told)

    run(work)


def test_a_file_that_is_no_certificate_is_told() -> None:
    """The link says what is wrong, and the gateway goes on."""
    with pytest.raises(ValueError, match="cannot be read"):
        tls_context([b"-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n"], False)
