"""The gateway's Modbus TCP, before clients that are not ours: pyiskra, pymodbus and mbpoll."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyiskra.adapters import Modbus  # type: ignore[import-untyped]
from pyiskra.devices import Device as IskraDevice  # type: ignore[import-untyped]
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusIOException

from harness import modbus_master
from harness.errors import UsageError
from simulators.clock import VirtualClock, stopwatch
from simulators.errors import NotPossible
from simulators.iskra_sg import GatewaySg
from simulators.iskra_sg.bicoms import Bicom
from simulators.iskra_sg.faults import AbsentDevice, SlowDevice, WordOrder
from simulators.iskra_sg.meters import Meter
from simulators.iskra_sg.modbus_io import CONNECTIONS_LIMIT, ModbusTcp
from simulators.iskra_sg.models import MODELS, Family
from simulators.iskra_sg.site import DevicePlan, Site
from simulators.wiretap import Wiretap

START = datetime(2026, 1, 10, 23, tzinfo=UTC)
HOUSE = {"name": "house", "power_w": [1_000, -2_000, 4_003], "reactive_var": [-400, 0, 300]}
ADDRESSES = {name: 40 + number for number, name in enumerate(MODELS) if name != "IR Bicom"}
HEADER = "000100000006"


def site_with(*models: str, left: str = "WM3M4C") -> Site:
    """Give a gateway with a meter at its left IR port, and these devices on its bus."""
    devices = [("left-ir", left, "W4124940", 33)]
    devices += [("rs485", name, f"X{ADDRESSES[name]}", ADDRESSES[name]) for name in models]
    return Site.from_mapping(
        {
            "load": [HOUSE],
            "device": [
                {
                    "port": port,
                    "model": model,
                    "serial": serial,
                    "address": address,
                    "loads": ["house"] if MODELS[model].is_meter else [],
                    "description": f"the {model}",
                    "energy_wh": 20_249_500,
                    "exponent": 1,
                }
                for port, model, serial, address in devices
            ],
        }
    )


class Running:
    """A gateway that listens, an hour after it was switched on."""

    def __init__(self, site: Site) -> None:
        self.clock = VirtualClock(START, patience_s=10)
        self.tap = Wiretap(self.clock)
        self.gateway = GatewaySg(site, self.clock, self.tap)
        self.modbus = ModbusTcp(self.gateway, 0)
        self.gateway.wires.append(self.modbus)

    def device(self, address: int) -> Any:
        """Give who is at an address."""
        found = self.gateway.now.addressed(address)
        assert found is not None
        return found

    async def change(self, **features: Any) -> None:
        """Change some of the features in the settings."""
        old = self.gateway.now.settings
        await self.gateway.set(replace(old, features=replace(old.features, **features)))


@contextlib.asynccontextmanager
async def running(site: Site) -> AsyncIterator[Running]:
    """Run a gateway."""
    bench = Running(site)
    await bench.gateway.start()
    try:
        await bench.clock.advance_to(START + timedelta(hours=1))
        yield bench
    finally:
        await bench.gateway.stop()
        assert () == bench.clock.held_by


@contextlib.asynccontextmanager
async def master(bench: Running, timeout_s: float = 5) -> AsyncIterator[AsyncModbusTcpClient]:
    """Connect pymodbus."""
    client = AsyncModbusTcpClient("127.0.0.1", port=bench.modbus.port, timeout=timeout_s, retries=0)
    assert await client.connect()
    try:
        yield client
    finally:
        client.close()


def run(site: Site, test: Callable[[Running], Awaitable[None]]) -> None:
    """Run a test before a gateway."""

    async def all_of_it() -> None:
        async with running(site) as bench:
            await asyncio.wait_for(test(bench), 30)

    asyncio.run(all_of_it())


async def raw(bench: Running, data: bytes, answer_bytes: int) -> bytes:
    """Send bytes over a connection of their own, and give what comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.modbus.port)
    try:
        writer.write(data)
        return await asyncio.wait_for(reader.readexactly(answer_bytes), 5)
    except asyncio.IncompleteReadError as error:
        return error.partial
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until something is so."""
    for _ in range(100_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never is")


# ---------------------------------------------------------------- pyiskra

METERS = [name for name, model in MODELS.items() if model.is_meter and name != "WM3-6"]


async def client_of(bench: Running, address: int) -> Any:
    """Have pyiskra create the device at an address, over Modbus."""
    return await IskraDevice.create_device(Modbus("tcp", "127.0.0.1", address, bench.modbus.port))


def measured_by(client: Any) -> list[Any]:
    """Give what pyiskra has measured, in the core's thousandths and the order of `measured`."""
    shown = client.measurements
    total = shown.total
    values: list[Any] = [shown.frequency.value * 1000, shown.temperature.value * 100]
    for one in (*shown.phases, total):
        powers = (one.active_power, one.reactive_power, one.apparent_power)
        values += [power.value * 1000 for power in powers]
        values += [one.power_factor.value * 10_000, one.power_angle.value * 100]
    for phase in shown.phases:
        values += [phase.voltage.value * 1000, phase.current.value * 1000]
        values += [phase.thd_voltage.value * 100, phase.thd_current.value * 100]
    return values


def measured(meter: Meter) -> list[Any]:
    """Give what the core measures."""
    shown = meter.measurements()
    values = [shown.frequency_mhz, shown.temperature_cdeg]
    for powers in (*(phase.powers for phase in shown.phases), shown.total):
        values += [powers.active_mw, powers.reactive_mvar, powers.apparent_mva]
        values += [powers.factor_e4, powers.angle_cdeg]
    for phase in shown.phases:
        values += [phase.voltage_mv, phase.current_ma]
        values += [phase.thd_voltage_e2, phase.thd_current_e2]
    return values


def test_pyiskra_reads_every_meter() -> None:
    """Pyiskra creates each meter over Modbus, and reads what the core measures and counts."""

    async def test(bench: Running) -> None:
        for name in METERS:
            meter = bench.device(ADDRESSES[name])
            client = await client_of(bench, meter.address)
            await client.init()
            assert (name, meter.serial, f"the {name}") == (
                client.model,
                client.serial,
                client.description.rstrip(),
            )
            # pyiskra rounds floats to thousandths, power factors among them.
            fault = 5.1 if meter.model.family is Family.MC else 0.6
            assert measured(meter) == pytest.approx(measured_by(client), abs=fault)
            for ours, theirs in (
                (meter.non_resettable, client.counters.non_resettable),
                (meter.resettable, client.counters.resettable),
            ):
                counters = [one for one in ours if one.is_enabled]
                assert len(ours) == len(theirs)
                assert [(one.shown, one.unit.value, one.direction.value) for one in counters] == [
                    (one.value, one.units, one.direction) for one in theirs[: len(counters)]
                ]
                assert {"unknown"} >= {one.counter_type.value for one in theirs[len(counters) :]}
            assert 0 < (meter.non_resettable or meter.resettable)[0].shown

    run(site_with(*METERS), test)


def test_pyiskra_and_the_counters_of_a_wm3() -> None:
    """
    Of a WM3-6 pyiskra reads the measurements; on the counters it stumbles by itself.

    It asks for settings up to register 456, and then wants 461, whoever has answered.
    """

    async def test(bench: Running) -> None:
        client = await client_of(bench, 33)
        with pytest.raises(Exception, match="desired address out of range"):
            await client.init()
        assert measured(bench.device(33)) == pytest.approx(measured_by(client), abs=0.6)

    run(site_with(left="WM3-6"), test)


# ---------------------------------------------------------------- pymodbus


def test_reads_and_writes() -> None:
    """Pymodbus reads the gateway and a meter, writes a text, and moves a switch."""
    told: list[bool] = []

    async def listener() -> None:
        told.append(True)

    async def test(bench: Running) -> None:
        bench.gateway.listen(listener)
        bicom: Bicom = bench.device(ADDRESSES["BI432"])
        async with master(bench) as client:
            words = (await client.read_input_registers(1, count=8, device_id=34)).registers
            assert "SG-E1" == client.convert_from_registers(words, client.DATATYPE.STRING).strip()
            words = client.convert_to_registers("Cellar" + " " * 34, client.DATATYPE.STRING)
            assert not (await client.write_registers(121, words, device_id=33)).isError()
            assert not (await client.write_register(201, 1, device_id=bicom.address)).isError()
            wrong = await client.write_register(151, 2, device_id=33)
            coils = await client.read_coils(0, count=1, device_id=33)
        assert (2, 1) == (wrong.exception_code, coils.exception_code)
        assert ("Cellar", True) == (bench.device(33).location, bicom.is_on)

    run(site_with("BI432"), test)
    assert [True, True] == told


def test_an_absent_device_does_not_answer() -> None:
    """Who is not there lets a master wait, who then asks the next one over the same connection."""

    async def test(bench: Running) -> None:
        await bench.gateway.faults.switch_on(AbsentDevice(address=ADDRESSES["IE38MD"]))
        async with master(bench, timeout_s=0.2) as client:
            for address in (99, ADDRESSES["IE38MD"]):
                with pytest.raises(ModbusIOException, match="No response"):
                    await client.read_input_registers(1, count=1, device_id=address)
            assert client.connected or await client.connect()
            assert not (await client.read_input_registers(1, count=1, device_id=33)).isError()

    run(site_with("IE38MD"), test)


def test_two_masters_and_a_slow_device() -> None:
    """On a line there is one request at a time; the other line and the gateway go on meanwhile."""
    delay_s = 0.25

    async def test(bench: Running) -> None:
        address = ADDRESSES["IE38MD"]
        await bench.gateway.faults.switch_on(SlowDevice(address, int(delay_s * 1000)))
        async with master(bench) as first, master(bench) as second:
            seconds = stopwatch()
            slow = [
                asyncio.ensure_future(one.read_input_registers(1, count=8, device_id=address))
                for one in (first, second)
            ]
            async with master(bench) as third:
                for other in (33, 34):
                    assert not (
                        await third.read_input_registers(1, count=8, device_id=other)
                    ).isError()
            assert 1 <= len(bench.clock.held_by) <= 2
            assert not all(one.done() for one in slow)
            answers = await asyncio.gather(*slow)
            assert seconds() >= 2 * delay_s
        assert answers[0].registers == answers[1].registers

    run(site_with("IE38MD"), test)


def test_a_device_that_goes_while_it_is_slow() -> None:
    """Who has gone by the time of the answer gives none."""

    async def test(bench: Running) -> None:
        await bench.gateway.faults.switch_on(SlowDevice(0, 150))
        async with master(bench, timeout_s=0.4) as client:
            asked = asyncio.ensure_future(client.read_input_registers(1, count=8, device_id=33))
            await until(lambda: bool(bench.clock.held_by))
            await bench.gateway.faults.switch_on(AbsentDevice(33))
            with pytest.raises(ModbusIOException, match="No response"):
                await asked

    run(site_with(), test)


def test_the_other_word_order() -> None:
    """By a fault a meter has its low word first."""

    async def test(bench: Running) -> None:
        async with master(bench) as client:
            right = (await client.read_input_registers(105, count=2, device_id=33)).registers
            await bench.gateway.faults.switch_on(WordOrder())
            wrong = (await client.read_input_registers(105, count=2, device_id=33)).registers
        assert [0xFD00, 0xC350] == right == wrong[::-1]

    run(site_with(), test)


# ---------------------------------------------------------------- the master of scenarios


def test_the_master_of_scenarios() -> None:
    """It tells who answers and who does not, moves the switch, and reads a meter."""
    site = site_with("IE38MD")
    switch = DevicePlan("right-ir", "IR Bicom", "B1", 0, is_on=True)

    async def test(bench: Running) -> None:
        port, address = bench.modbus.port, ADDRESSES["IE38MD"]
        assert ["SG-E1", "WM3M4C", "IE38MD", None] == [
            await modbus_master.asked(port, one) for one in (34, 33, address, 99)
        ]
        read = await modbus_master.read(port, address)
        assert modbus_master.Reading(3.003, 230.0, 4.683, 20_252.5) == read
        await modbus_master.moved(port, is_on=False)
        right = bench.gateway.now.bench.right
        assert right is not None
        assert not right.is_on
        await bench.gateway.faults.switch_on(AbsentDevice(0))
        with pytest.raises(UsageError, match="the switch cannot be moved"):
            await modbus_master.moved(port, is_on=True)

    run(replace(site, devices=(*site.devices, switch)), test)


# ---------------------------------------------------------------- mbpoll


async def mbpoll(bench: Running, *arguments: str) -> str:
    """Ask with mbpoll, once, and give what it prints."""
    fixed = ("-m", "tcp", "-p", str(bench.modbus.port), "-0", "-B", "-1", "-q")
    process = await asyncio.create_subprocess_exec(
        "mbpoll",
        *fixed,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert 0 == process.returncode, output
    return output.decode()


@pytest.mark.skipif(shutil.which("mbpoll") is None, reason="mbpoll is missing; .ci/run installs it")
def test_mbpoll() -> None:
    """Mbpoll reads a float and a whole number of 32 bits, and writes a register."""

    async def test(bench: Running) -> None:
        impact, bicom = ADDRESSES["IE38MD"], ADDRESSES["BI432"]
        floats = await mbpoll(bench, "-a", str(impact), "-t", "3:float", "-r", "2752", "127.0.0.1")
        whole = await mbpoll(bench, "-a", "33", "-t", "3:int", "-r", "418", "127.0.0.1")
        written = await mbpoll(bench, "-a", str(bicom), "-t", "4", "-r", "201", "127.0.0.1", "1")
        shown = re.findall(r"^\[(\d+)\]:\s+(\S+)", floats + whole, re.MULTILINE)
        assert 20_252_500 == bench.device(impact).non_resettable[0].shown
        assert [("2752", "2.02525e+07"), ("418", "2025250")] == shown
        assert "Written 1 references." in written
        assert bench.device(bicom).is_on

    run(site_with("IE38MD", "BI432"), test)


# ---------------------------------------------------------------- frames, lines, settings


def test_what_crossed_the_wire_is_noted() -> None:
    """Each frame is noted as it was, with who sent it; a request of several in one packet too."""

    async def test(bench: Running) -> None:
        first, second = HEADER + "210400690002", HEADER + "630400010001"
        answer = await raw(bench, bytes.fromhex(first + second + first), 26)

        noted = [(one.sender, one.text) for one in bench.tap.crossings]
        assert ("master 1", first) == noted[0]
        assert (bench.gateway.name, answer.hex()[:26]) == noted[1]
        assert [first, second, first] == [text for sender, text in noted if sender == "master 1"]
        assert {"modbus"} == {one.wire for one in bench.tap.crossings}
        assert 2 == len([one for one in noted if one[0] == bench.gateway.name])

    run(site_with(), test)


def test_a_frame_in_pieces() -> None:
    """A frame that comes byte by byte is answered; half a frame holds nothing."""

    async def test(bench: Running) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", bench.modbus.port)
        for byte in bytes.fromhex(HEADER + "210400690002"):
            assert () == bench.clock.held_by
            writer.write(bytes((byte,)))
            await writer.drain()
            await asyncio.sleep(0)
        assert "000100000007210404fd00c350" == (await reader.readexactly(13)).hex()
        writer.close()

    run(site_with(), test)


@pytest.mark.parametrize(
    "frame",
    ["000100010006210400690002", "00010000000121", "0001000000FF21" + "00" * 254],
    ids=["another protocol", "too short", "too long"],
)
def test_what_is_no_frame_cuts_the_line(frame: str) -> None:
    """What is no frame ends the connection, and nobody else's."""

    async def test(bench: Running) -> None:
        async with master(bench) as client:
            assert b"" == await raw(bench, bytes.fromhex(frame), 1)
            assert not (await client.read_input_registers(1, count=1, device_id=33)).isError()

    run(site_with(), test)


def test_any_bytes() -> None:
    """Whatever somebody sends, the gateway goes on, and its clock is not held."""

    async def test(bench: Running) -> None:
        frames = st.one_of(
            st.binary(max_size=300),
            st.binary(min_size=1, max_size=60).map(
                lambda pdu: b"\0\1\0\0" + (len(pdu) + 1).to_bytes(2, "big") + b"\x21" + pdu
            ),
        )
        loop = asyncio.get_running_loop()

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(frames)
        def send(data: bytes) -> None:
            with socket.create_connection(("127.0.0.1", bench.modbus.port), timeout=5) as line:
                line.sendall(data)
                line.shutdown(socket.SHUT_WR)
                while line.recv(1 << 16):
                    pass

        await loop.run_in_executor(None, send)
        async with master(bench) as client:
            assert not (await client.read_input_registers(1, count=1, device_id=33)).isError()

    run(site_with(), test)


def test_no_more_connections_than_the_limit() -> None:
    """Who comes when all connections are in use is hung up on; one that ends makes room."""

    async def test(bench: Running) -> None:
        request = bytes.fromhex(HEADER + "210400690002")
        lines = [
            await asyncio.open_connection("127.0.0.1", bench.modbus.port)
            for _ in range(CONNECTIONS_LIMIT)
        ]
        for reader, writer in lines:
            writer.write(request)
            await reader.readexactly(13)
        with contextlib.suppress(ConnectionResetError):
            assert b"" == await raw(bench, request, 1)
        lines[0][1].close()
        await lines[0][1].wait_closed()
        await until(lambda: len(bench.modbus._lines) < CONNECTIONS_LIMIT)
        assert 13 == len(await raw(bench, request, 13))
        for _, writer in lines:
            writer.close()

    run(site_with(), test)


def test_settings() -> None:
    """Modbus TCP is switched off and on; open lines are cut, and others let be by other changes."""

    async def test(bench: Running) -> None:
        port = bench.modbus.port
        async with master(bench) as client:
            await bench.change(udp_discovery=False)
            assert not (await client.read_input_registers(1, count=1, device_id=33)).isError()
            assert port == bench.modbus.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(bytes.fromhex(HEADER + "210400690002"))
        await reader.readexactly(13)
        await bench.change(modbus_tcp=False)
        with contextlib.suppress(ConnectionResetError):
            assert b"" == await reader.read()
        writer.close()
        assert 0 == bench.modbus.port
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        await bench.change(modbus_tcp=True)
        assert 13 == len(await raw(bench, bytes.fromhex(HEADER + "210400690002"), 13))

    run(site_with(), test)


def test_the_port_of_the_settings() -> None:
    """Without a port of the bench's it listens on that of the settings; a taken one is named."""

    async def test() -> None:
        clock = VirtualClock(START)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            site = site_with()
            gateway = GatewaySg(site, clock, Wiretap(clock))
            modbus = ModbusTcp(gateway)
            gateway.wires.append(modbus)
            features = replace(gateway.now.settings.features, modbus_port=port)
            gateway.now.settings = replace(gateway.now.settings, features=features)
            with pytest.raises(NotPossible, match=f"listen for Modbus TCP on 127.0.0.1:{port}"):
                await gateway.start()
            assert 0 == modbus.port
        await gateway.start()
        assert port == modbus.port
        await gateway.stop()

    asyncio.run(test())
