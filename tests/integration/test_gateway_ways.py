"""The backend's four ways to a gateway, against the emulated one and against what is none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from support.mosquitto import MOSQUITTO, SECRET, USER, mosquitto

from backend import Settings
from backend.adapters import records, sg_modbus, sg_mqtt, sg_push, sg_rest
from backend.adapters.gateways import MeterKeeper, ReadProfile
from backend.adapters.store import Store
from backend.core.sg_counters import Counter
from backend.core.sg_profile import Quarter
from backend.core.sg_registers import IDENTITY
from backend.errors import (
    GatewayAnswerError,
    GatewayError,
    GatewayRefused,
    GatewayUnreachable,
    SettingsError,
)
from backend.ports import Gateway, GatewayMeter, Mqtt
from harness.broker import Broker
from simulators.clock import RealClock, VirtualClock
from simulators.iskra_sg import GatewaySg
from simulators.iskra_sg.modbus_io import ModbusTcp
from simulators.iskra_sg.mqtt_io import MqttLink
from simulators.iskra_sg.rest_io import RestPort
from simulators.iskra_sg.site import Site
from simulators.wiretap import Wiretap

START = datetime(2026, 1, 10, 12, tzinfo=UTC)
HOUSE = GatewayMeter("A", "Haus", "W4124940", 33)
ROOF = GatewayMeter("A", "Dach", "I0006494", 35)
SITE = {
    "gateway": {"serial": "IS001093"},
    "load": [{"name": "all", "power_w": 3_600}],
    "device": [
        {
            "port": "left-ir",
            "model": "WM3M4C",
            "serial": HOUSE.serial,
            "loads": ["all"],
            "energy_wh": 20_249_500,
        },
        {"port": "rs485", "model": "IE38MD", "serial": ROOF.serial, "address": 35},
    ],
}


def gateway(way: str, port: int, **other: Any) -> Gateway:
    """Give the settings of a gateway on this machine."""
    given = {"time_limit_s": 2.0, **other}
    return Gateway("Keller", way, "IS001093", "127.0.0.1", port, (HOUSE, ROOF), **given)


def energies(counters: Sequence[Counter]) -> dict[str, Decimal]:
    """Give the active energies among counters, by direction."""
    return {one.direction: one.value for one in counters if one.unit == "Wh" and not one.has_tariff}


@dataclass
class Place:
    """The emulated gateway, an hour after its start, and where it answers."""

    gateway: GatewaySg
    modbus: int
    web: int


@asynccontextmanager
async def emulated(**authentication: Any) -> AsyncIterator[Place]:
    """Run the emulated gateway."""
    clock = VirtualClock(START)
    site = {**SITE, "settings": {"authentication": authentication}}
    device = GatewaySg(Site.from_mapping(site), clock, Wiretap(clock))
    modbus, page = ModbusTcp(device, 0), RestPort(device, 0)
    device.wires += [modbus, page]
    await device.start()
    try:
        await clock.advance_to(START + timedelta(hours=1))
        yield Place(device, modbus.port, page.port)
    finally:
        await device.stop()


def run(work: Callable[[], Awaitable[None]]) -> None:
    """Run something to its end."""
    asyncio.run(asyncio.wait_for(work(), 20))


async def failing(work: Awaitable[object], kind: type[GatewayError], told: str) -> None:
    """Await something that must fail, and say so."""
    with pytest.raises(kind, match=told):
        await work


@asynccontextmanager
async def page(
    answer: Callable[[web.Request], Awaitable[web.Response]],
) -> AsyncIterator[int]:
    """Run a web server that answers whatever is asked; gives its port."""
    app = web.Application()
    app.router.add_get("/{any:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


class TestRest:
    """Over REST."""

    def test_counters_and_profile_are_read(self) -> None:
        """Each meter is found by its serial number."""

        async def work() -> None:
            async with emulated() as place:
                to = gateway("rest", place.web)
                counters, text = await sg_rest.read_counters(to, HOUSE)
                assert energies(counters) == {"import": 20_253_100, "export": 0}
                assert "20253100" in text
                roof, _ = await sg_rest.read_counters(to, ROOF)
                assert energies(roof)["import"] == 0
                profile, _ = await sg_rest.read_profile(to, HOUSE)
                quarters = [START + timedelta(minutes=15 * n) for n in range(1, 5)]
                assert [Quarter(end, 900, 0) for end in quarters] == list(profile)

        run(work)

    def test_it_is_told_when_the_counters_are_asked_for(self) -> None:
        """What a reading holds for is the moment between the list of devices and the counters."""

        async def work() -> None:
            async with emulated() as place:
                tap, seen = place.gateway.tap, []
                await sg_rest.read_counters(
                    gateway("rest", place.web),
                    HOUSE,
                    lambda: seen.extend(one.text for one in tap.crossings),
                )
                assert any("api/devices" in text for text in seen)
                assert not any("api/counter" in text for text in seen)
                assert any("api/counter" in one.text for one in tap.crossings)

        run(work)

    def test_the_profile_of_another_way_is_read_from_the_web(self) -> None:
        """A gateway that is read over Modbus names its page for gaps."""

        async def work() -> None:
            async with emulated() as place:
                to = gateway("modbus", 1, web_host="127.0.0.1", web_port=place.web)
                profile, _ = await sg_rest.read_profile(to, HOUSE)
                assert 4 == len(profile)

        run(work)

    def test_a_login_is_sent_where_it_is_asked_for(self) -> None:
        """With user and password the gateway lets us in, without them it does not."""

        async def work() -> None:
            async with emulated(enabled=True) as place:
                to = gateway("rest", place.web)
                await failing(
                    sg_rest.read_counters(to, HOUSE), GatewayRefused, "does not let user '' in"
                )
                counters, _ = await sg_rest.read_counters(
                    replace(to, user="admin", secret="iskra"), HOUSE
                )
                assert energies(counters)["import"] == 20_253_100

        run(work)

    def test_a_meter_that_is_not_there_is_told(self) -> None:
        """Another serial number is not read in its place."""

        async def work() -> None:
            async with emulated() as place:
                other = replace(HOUSE, serial="W0000000")
                await failing(
                    sg_rest.read_counters(gateway("rest", place.web), other),
                    GatewayAnswerError,
                    "lists no meter with the serial number 'W0000000'",
                )

        run(work)

    def test_nobody_there_is_told(self) -> None:
        """A gateway without power is unreachable."""
        run(
            lambda: failing(
                sg_rest.read_counters(gateway("rest", 1), HOUSE),
                GatewayUnreachable,
                "cannot be reached",
            )
        )

    @pytest.mark.parametrize(
        ("answer", "kind", "told"),
        [
            (web.Response(text="<html>"), GatewayAnswerError, "no JSON: '<html>'"),
            (web.Response(status=500), GatewayAnswerError, "is answered with 500"),
            (web.Response(text="x" * 1_000_001), GatewayAnswerError, "more than 1000000 bytes"),
            (None, GatewayUnreachable, "no answer of http://127.0.0.1:[0-9]+ within 1 s"),
        ],
    )
    def test_what_is_no_gateway_is_told(
        self, answer: web.Response | None, kind: type[GatewayError], told: str
    ) -> None:
        """Whatever answers there, it is told what it says."""

        async def work() -> None:
            async def answering(request: web.Request) -> web.Response:
                if answer is None:
                    await asyncio.Event().wait()
                return answer or web.Response()

            async with page(answering) as port:
                to = gateway("rest", port, time_limit_s=1.0)
                await failing(sg_rest.read_counters(to, HOUSE), kind, told)

        run(work)

    def test_an_address_that_redirects_is_not_followed(self) -> None:
        """What answers elsewhere is no gateway, whatever it says."""

        async def answer(request: web.Request) -> web.Response:
            raise web.HTTPFound("http://127.0.0.1:1/")

        async def work() -> None:
            async with page(answer) as port:
                to = gateway("rest", port)
                await failing(
                    sg_rest.read_counters(to, HOUSE), GatewayAnswerError, "is answered with 302"
                )

        run(work)

    def test_an_answer_that_is_nested_without_end_is_told(self) -> None:
        """It is no answer of a gateway, and breaks nothing."""

        async def answer(request: web.Request) -> web.Response:
            return web.Response(text="[" * 100_000)

        async def work() -> None:
            async with page(answer) as port:
                to = gateway("rest", port)
                await failing(sg_rest.read_counters(to, HOUSE), GatewayAnswerError, "is no JSON")

        run(work)

    def test_a_gateway_may_have_an_address_of_ipv6(self) -> None:
        """Its address is put in brackets, as the form of addresses wants it."""
        to = replace(gateway("rest", 1), host="::1")
        told = r"http://\[::1\]:1 cannot be reached \(Cannot connect to host ::1:1"
        run(lambda: failing(sg_rest.read_counters(to, HOUSE), GatewayUnreachable, told))


class TestModbus:
    """Over Modbus TCP."""

    def test_counters_are_read(self) -> None:
        """Meters of two families are read, each in the form of its registers."""

        async def work() -> None:
            async with emulated() as place:
                to = gateway("modbus", place.modbus)
                counters, text = await sg_modbus.read_counters(to, HOUSE)
                assert energies(counters) == {"import": 20_253_100, "export": 0}
                assert json.loads(text)["serial"] == HOUSE.serial
                roof, _ = await sg_modbus.read_counters(to, ROOF)
                assert energies(roof)["import"] == 0

        run(work)

    def test_another_meter_is_not_read(self) -> None:
        """Who answers with another serial number is told, and nothing of it is kept."""

        async def work() -> None:
            async with emulated() as place:
                await failing(
                    sg_modbus.read_counters(
                        gateway("modbus", place.modbus), replace(HOUSE, serial="W1")
                    ),
                    GatewayAnswerError,
                    "under address 33 answers WM3M4C 'W4124940'",
                )

        run(work)

    def test_an_absent_meter_is_told(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """An address at which nobody answers is unreachable; its frames are not logged."""
        monkeypatch.setattr(sg_modbus, "ANSWER_LIMIT_S", 0.2)

        async def work() -> None:
            async with emulated() as place:
                await failing(
                    sg_modbus.read_counters(
                        gateway("modbus", place.modbus), replace(HOUSE, address=77)
                    ),
                    GatewayUnreachable,
                    "address 77 does not answer",
                )

        run(work)
        assert [] == [one for one in caplog.records if "pymodbus" in one.name]

    def test_nobody_there_is_told(self) -> None:
        """A gateway without power is unreachable."""
        run(
            lambda: failing(
                sg_modbus.read_counters(gateway("modbus", 1), HOUSE),
                GatewayUnreachable,
                "nobody answers at 127.0.0.1:1",
            )
        )

    def test_registers_that_are_refused_are_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A device without such registers is told with the exception that it gives."""
        monkeypatch.setattr(sg_modbus, "IDENTITY", replace(IDENTITY, address=60_000))

        async def work() -> None:
            async with emulated() as place:
                await failing(
                    sg_modbus.read_counters(gateway("modbus", place.modbus), HOUSE),
                    GatewayAnswerError,
                    r"registers 60000 to 60012 are refused \(exception 2\)",
                )

        run(work)


@asynccontextmanager
async def answering(
    answer: Callable[[dict[str, Any]], tuple[str, str] | None],
) -> AsyncIterator[int]:
    """Run a broker, and behind it something that answers commands; gives the broker's port."""
    broker = Broker(RealClock())
    await broker.start()

    async def serve() -> None:
        async with aiomqtt.Client("127.0.0.1", broker.port) as client:
            await client.subscribe("IS001093/cmd", qos=1)
            ready.set()
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                # What else is published there is passed over.
                await client.publish("IS001093/publish/status", "no JSON")
                await client.publish("IS001093/publish/status", '{"cmd": "hello"}')
                told = answer(json.loads(message.payload)["data"])
                if told is not None:
                    await client.publish(f"IS001093/publish/{told[0]}", told[1])

    ready = asyncio.Event()
    task = asyncio.create_task(serve())
    try:
        await ready.wait()
        yield broker.port
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await broker.stop()


def registers(command: dict[str, Any], words: Sequence[int], **other: Any) -> tuple[str, str]:
    """Answer modbus_read."""
    told = {
        "cmd": "modbus_read",
        "modbus address": 33,
        "register": command["reg"],
        "number of registers": command["no_regs"],
        "values": [f"0x{word:04X}" for word in words],
        **other,
    }
    return "status", json.dumps(told)


def identity(serial: str) -> list[int]:
    """Give the identity registers of a WM3M4C."""
    text = "WM3M4C".ljust(16) + serial
    return [
        *(int.from_bytes(text[place : place + 2].encode(), "big") for place in range(0, 24, 2)),
        104,
    ]


DEEP = "[" * 60_000
"""What is nested without end."""


class TestMqtt:
    """Over MQTT; the gateway itself is tried in the scenarios."""

    @pytest.mark.parametrize(
        ("answer", "kind", "told"),
        [
            (
                lambda command: registers(command, identity("W0000000")),
                GatewayAnswerError,
                "'W0000000' answers for 'W4124940'",
            ),
            (
                lambda command: ("error", "Error: Left IR Energy meter not responding"),
                GatewayAnswerError,
                "it says 'Error: Left IR Energy meter not responding'",
            ),
            (
                lambda command: registers(command, [1]),
                GatewayAnswerError,
                "has not 13 registers",
            ),
            (
                lambda command: registers(command, [], values=["?"] * 13),
                GatewayAnswerError,
                "has not 13 registers",
            ),
            (
                lambda command: registers(command, identity("W4124940"), **{"modbus address": 34}),
                GatewayUnreachable,
                "no answer to modbus_read of 13 registers from 30001 on",
            ),
            (lambda command: None, GatewayUnreachable, "no answer to modbus_read"),
        ],
        ids=[
            "another meter",
            "an error",
            "too few registers",
            "no registers",
            "another address",
            "silence",
        ],
    )
    def test_what_cannot_be_used_is_told(
        self,
        answer: Callable[[dict[str, Any]], tuple[str, str] | None],
        kind: type[GatewayError],
        told: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Answers of another meter, errors, and silence are told."""
        monkeypatch.setattr(sg_mqtt, "ANSWER_LIMIT_S", 0.3)

        async def work() -> None:
            async with answering(answer) as port:
                to = gateway("mqtt", port, mqtt=Mqtt("IS001093"))
                await failing(sg_mqtt.read_counters(to, HOUSE), kind, told)

        run(work)

    def test_counters_are_read(self) -> None:
        """Each block is asked for by the manual's numbers of registers."""
        asked = []

        def answer(command: dict[str, Any]) -> tuple[str, str]:
            asked.append((command["serial_number"], command["reg"], command["no_regs"]))
            words = [0] * command["no_regs"]
            if command["reg"] == 30_001:
                words = identity("W4124940")
            elif command["reg"] == 30_400:
                words[19] = 1234  # 419: the low word of the first counter
            elif command["reg"] == 40_421:
                words[:2] = [1, 6]
            return registers(command, words)

        async def work() -> None:
            async with answering(answer) as port:
                to = gateway("mqtt", port, mqtt=Mqtt("IS001093"))
                counters, text = await sg_mqtt.read_counters(to, HOUSE)
                assert energies(counters) == {"import": 1234}
                assert json.loads(text)["model"] == "WM3M4C"

        run(work)
        assert asked == [
            ("W4124940", 30_001, 13),
            ("W4124940", 30_400, 64),
            ("W4124940", 40_151, 1),
            ("W4124940", 40_421, 80),
            ("W4124940", 30_001, 13),
        ]

    def test_what_the_broker_has_retained_is_no_answer(self) -> None:
        """Registers of yesterday, and an error of then, are not those that are asked for now."""

        def answer(command: dict[str, Any]) -> tuple[str, str]:
            return registers(command, identity("W0000000"))

        async def work() -> None:
            async with answering(answer) as port:
                asked = {"reg": 30_001, "no_regs": 13}
                _, old = registers(asked, identity("W4124940"))
                async with aiomqtt.Client("127.0.0.1", port) as client:
                    for topic, text in (("error", "Error: old"), ("modbus", old), ("deep", DEEP)):
                        await client.publish(f"IS001093/publish/{topic}", text, 1, retain=True)
                to = gateway("mqtt", port, mqtt=Mqtt("IS001093"))
                await failing(
                    sg_mqtt.read_counters(to, HOUSE),
                    GatewayAnswerError,
                    "'W0000000' answers for 'W4124940'",
                )

        run(work)

    def test_what_is_nested_without_end_is_no_answer(self) -> None:
        """Anybody may publish there; what cannot be read is passed over."""

        async def work() -> None:
            async with answering(lambda command: ("modbus", DEEP)) as port:
                to = gateway("mqtt", port, mqtt=Mqtt("IS001093"))
                await failing(
                    sg_mqtt.read_counters(to, HOUSE), GatewayUnreachable, "no answer to modbus_read"
                )

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sg_mqtt, "ANSWER_LIMIT_S", 0.3)
            run(work)

    def test_a_key_that_cannot_be_used_is_told(self, tmp_path: Path) -> None:
        """A key with a password is told, and nobody is asked for that at the terminal."""
        key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        name = tmp_path / "key.pem"
        name.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(b"geheim"),
            )
        )
        mqtt = Mqtt("IS001093", tls=True, certificate_file=str(name), key_file=str(name))
        run(
            lambda: failing(
                sg_mqtt.read_counters(gateway("mqtt", 1, mqtt=mqtt), HOUSE),
                GatewayRefused,
                "certificate and key cannot be used",
            )
        )

    def test_a_broker_that_is_not_there_is_told(self) -> None:
        """Nobody at the broker's address is told."""
        run(
            lambda: failing(
                sg_mqtt.read_counters(gateway("mqtt", 1, mqtt=Mqtt("IS001093")), HOUSE),
                GatewayUnreachable,
                "the broker at 127.0.0.1:1 cannot be used",
            )
        )

    def test_a_broker_is_needed(self) -> None:
        """To read a gateway over MQTT without a broker is a mistake of the caller."""

        async def work() -> None:
            with pytest.raises(ValueError, match="has no broker"):
                await sg_mqtt.read_counters(gateway("mqtt", 1), HOUSE)

        run(work)


@pytest.mark.skipif(not MOSQUITTO.exists(), reason="mosquitto is not installed")
class TestMosquitto:
    """Over a broker that is not ours, with the emulated gateway behind it."""

    def test_a_meter_is_read_over_mutual_tls(self, tmp_path: Path) -> None:
        """The backend shows its certificate, and knows the broker by who signed its."""

        async def work() -> None:
            with mosquitto(tmp_path) as broker:
                mine = tmp_path / "me.pem"
                mine.write_bytes(broker.certificate("backend"))
                mqtt = Mqtt(
                    "IS001093",
                    tls=True,
                    authority=broker.trusted.decode(),
                    certificate_file=str(mine),
                    key_file=str(mine),
                )
                link = {"kind": "mqtt", "server": "127.0.0.1", "port": broker.ports["tcp"]}
                link |= {"username": USER, "password": SECRET}
                site = Site.from_mapping({**SITE, "settings": {"link_1": link}})
                device = GatewaySg(site, RealClock(), Wiretap(RealClock()))
                device.wires.append(MqttLink(device, 1))
                await device.start()
                try:
                    to = gateway("mqtt", broker.ports["mutual"], mqtt=mqtt)
                    counters, _ = await sg_mqtt.read_counters(to, HOUSE)
                finally:
                    await device.stop()
                assert energies(counters) == {"import": 20_249_500, "export": 0}

        run(work)

    @pytest.mark.parametrize(
        ("listener", "other", "kind", "told"),
        [
            ("tcp", {"secret": "wrong"}, GatewayRefused, "does not let us in"),
            ("secured", {"tls": True}, GatewayUnreachable, "cannot be used"),
        ],
    )
    # paho-mqtt leaves the socket of a handshake that failed to the garbage collector.
    @pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket")
    def test_a_broker_that_does_not_fit_is_told(
        self,
        listener: str,
        other: dict[str, Any],
        kind: type[GatewayError],
        told: str,
        tmp_path: Path,
    ) -> None:
        """A wrong password, and a certificate that nobody vouches for, are told apart."""

        async def work() -> None:
            with mosquitto(tmp_path) as broker:
                mqtt = replace(Mqtt("IS001093", user=USER, secret=SECRET), **other)
                to = gateway("mqtt", broker.ports[listener], mqtt=mqtt)
                await failing(sg_mqtt.read_counters(to, HOUSE), kind, told)

        run(work)


SETTINGS = """
[[account]]
name = "A"
[[gateway]]
account = "A"
name = "Keller"
serial = "IS001093"
way = "push"
port = 0
[[meter]]
account = "A"
name = "Haus"
[meter.gateway]
name = "Keller"
serial = "W4124940"
"""


def push(
    number: int = 1,
    *,
    wh: int = 5,
    serial: str = "W4124940",
    by: str = "IS001093",
    at: str = "12:15",
) -> bytes:
    """Give a push."""
    return (
        f'<push number="{number}" gateway="{by}" time="2026-01-10T{at}:00Z" interval="900">'
        f'<device interface="Left IR" model="WM3M4C" serial="{serial}" address="33"/><counters>'
        f'<counter kind="non_resettable" phase="Total" direction="import" unit="Wh">{wh}</counter>'
        "</counters></push>\n"
    ).encode()


@dataclass
class Receiver:
    """What receives pushes, and what it has kept."""

    port: int
    keeper: MeterKeeper
    pushed: sg_push.PushedGateway
    lines: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    async def line(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect."""
        self.lines.append(await asyncio.open_connection("127.0.0.1", self.port))
        return self.lines[-1]

    async def send(self, *messages: bytes) -> list[bytes]:
        """Send messages over one line, and give what is answered until it ends, or is complete."""
        reader, writer = await self.line()
        writer.write(b"".join(messages))
        await writer.drain()
        return [answer for _ in messages if (answer := await reader.readline())]

    async def kept(self) -> list[tuple[datetime, Decimal | None]]:
        """Give what was kept."""
        day = timedelta(days=1)
        found = await self.keeper.shown(HOUSE, START - day, START + day)
        return [(one.instant, one.import_wh) for one in found]


@asynccontextmanager
async def receiver(tmp_path: Path, profile: ReadProfile | None = None) -> AsyncIterator[Receiver]:
    """Receive pushes, half an hour after the start."""
    settings = Settings.from_toml(SETTINGS, {})
    (to,) = settings.read_gateways()
    clock, store = VirtualClock(START + timedelta(minutes=30)), Store(tmp_path / "push.sqlite")
    await store.open()
    await store.write(lambda c: records.keep_settings(c, settings, "2026-01-10"))
    keeper = MeterKeeper(settings, store, clock)
    pushed = sg_push.PushedGateway(to, profile, keeper, clock)
    await pushed.start()
    place = Receiver(pushed.port, keeper, pushed)
    try:
        yield place
    finally:
        for _, writer in place.lines:
            writer.close()
        await pushed.stop()
        await pushed.stop()
        await store.close()


class TestPush:
    """What gateways push."""

    def test_a_push_is_kept_and_acknowledged(self, tmp_path: Path) -> None:
        """It holds for its own instant; what comes twice is kept once, and acknowledged again."""

        async def work() -> None:
            async with receiver(tmp_path) as place:
                answers = await place.send(push(7), push(7))
                assert answers == [b'<ack number="7"/>\n'] * 2
                quarter = START + timedelta(minutes=15)
                assert [(quarter, Decimal(5))] == await place.kept()
                assert place.keeper.views["Haus"].read_at == quarter

        run(work)

    @pytest.mark.parametrize(
        ("message", "told"),
        [
            (b"<push/>\n", "a message is no push of a device"),
            (push(by="IS000002"), "pushed by 'IS000002', expected is 'IS001093'"),
            (push(serial="W0000000"), "it pushes a meter 'W0000000' that is not in the settings"),
            (push(wh=0).replace(b'"import"', b'"export"').replace(b"Wh", b"varh"), "active energy"),
            (b"x" * 70_000, "a message has no end"),
        ],
    )
    def test_what_cannot_be_kept_is_not_acknowledged(
        self, message: bytes, told: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The line is cut, nothing is kept, and it is told why."""

        async def work() -> None:
            async with receiver(tmp_path) as place:
                assert await place.send(message) == []
                assert await place.send(message) == []
                assert await place.kept() == []
                if "has no end" not in told:
                    assert told in place.keeper.views["Haus"].problem

        run(work)
        assert told in caplog.text

    def test_a_line_that_ends_half_way_is_no_problem(self, tmp_path: Path) -> None:
        """What was not said whole was not said."""

        async def work() -> None:
            async with receiver(tmp_path) as place:
                reader, writer = await place.line()
                writer.write(push()[:-20])
                writer.write_eof()
                assert await reader.read() == b""
                assert await place.kept() == []

        run(work)

    def test_no_more_lines_than_the_limit(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A new line takes the place of the oldest: a gateway comes back and ended none."""
        monkeypatch.setattr(sg_push, "LINES_LIMIT", 1)

        async def work() -> None:
            async with receiver(tmp_path) as place:
                oldest, _ = await place.line()
                assert await place.send(push()) == [b'<ack number="1"/>\n']
                assert await oldest.read() == b""

        run(work)

    def test_gaps_are_filled_behind_the_acknowledgement(self, tmp_path: Path) -> None:
        """A load profile that does not come keeps no message from being acknowledged."""
        asked, ready = [], asyncio.Event()

        async def never(to: Gateway, meter: GatewayMeter) -> tuple[list[Quarter], str]:
            asked.append(meter.name)
            ready.set()
            await asyncio.Event().wait()
            raise AssertionError

        async def work() -> None:
            async with receiver(tmp_path, never) as place:
                first = push(1, at="11:30")
                acknowledged = [f'<ack number="{n}"/>\n'.encode() for n in (1, 2, 3)]
                assert acknowledged == await place.send(first, push(2), push(3, at="12:30"))
                await ready.wait()
                assert asked == ["Haus"]

        run(work)

    def test_a_message_that_is_being_kept_is_kept(self, tmp_path: Path) -> None:
        """The end of the backend waits until it is on disk."""

        async def work() -> None:
            async with receiver(tmp_path) as place:
                keep, is_keeping = place.keeper.keep, asyncio.Event()

                async def slowly(*arguments: Any) -> int:
                    is_keeping.set()
                    await asyncio.sleep(0.1)
                    return await keep(*arguments)

                place.keeper.keep = slowly  # type: ignore[method-assign]
                _, writer = await place.line()
                writer.write(push())
                await is_keeping.wait()
                await place.pushed.stop()
                assert 1 == len(await place.kept())

        run(work)

    def test_an_address_that_is_taken_is_told(self, tmp_path: Path) -> None:
        """Where something else listens already, the backend says so and does not start."""

        async def work() -> None:
            async with receiver(tmp_path) as place:
                (to,) = Settings.from_toml(SETTINGS, {}).read_gateways()
                other = sg_push.PushedGateway(
                    replace(to, port=place.port), None, place.keeper, RealClock()
                )
                with pytest.raises(SettingsError, match="cannot listen on 127"):
                    await other.start()

        run(work)
