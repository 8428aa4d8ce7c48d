"""A site for tests of another project: its loop, its time, and what can stand on it."""

from __future__ import annotations

import asyncio
import ftplib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncssh
import pytest
from pymodbus.client import ModbusTcpClient
from support.inch_site import CentralSystem
from websockets.sync.client import connect

from backend.errors import SettingsError
from harness.errors import Disagreement, HarnessError, NothingArrived, UsageError
from harness.fixtures import Inch, ReferenceBackend, Site
from harness.fixtures.background import Background
from harness.local_time import instant
from simulators.charger_inch import Card
from simulators.errors import NotAccepted, NotPossible, TimeStandsStill

DAY = date(2025, 6, 3)
CODE = "CH98765012345AAAAAAAAAAAAAAA00001"


@pytest.fixture(name="site")
def _site(tmp_path: Path) -> Iterator[Site]:
    """Give a site in virtual time."""
    with Site(tmp_path) as site:
        yield site


@pytest.fixture(name="central")
def _central(site: Site) -> CentralSystem:
    """Start a central system of a few lines in the loop of the site, and stop it before that."""
    central = CentralSystem(("WB-1", "Dorfplatz"))
    site.soon(central.start())

    class Stops:
        async def leave(self) -> None:
            await central.stop()

    site._put(3, Stops())
    return central


@pytest.fixture
def heeding_interrupts() -> Iterator[None]:
    """Heed them, also where a shell has started all this with "&", and so ignores them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class TestLoop:
    """The loop in a thread."""

    @pytest.fixture(name="loop")
    def _loop(self) -> Iterator[Background]:
        loop = Background()
        yield loop
        loop.end()

    def test_work_is_done_in_its_thread(self, loop: Background) -> None:
        """What is given is awaited there, and its result comes back."""

        async def work() -> str:
            return threading.current_thread().name

        assert "isebench" == loop.run(work())
        assert "isebench" == loop.see(lambda: threading.current_thread().name)

    def test_a_caller_with_a_loop_is_told_what_to_write(self, loop: Background) -> None:
        """Its own loop would stand still; in a thread of its own the same is done."""

        async def caller() -> str:
            with pytest.raises(UsageError, match=r"await asyncio\.to_thread\(inch\.plug_in\)"):
                loop.run(asyncio.sleep(0, "never"))
            assert "seen" == loop.see(lambda: "seen")
            return await asyncio.to_thread(loop.run, asyncio.sleep(0, "done"))

        assert "done" == asyncio.run(caller())

    def test_the_loop_itself_may_look(self, loop: Background) -> None:
        """A look within a look is one; work within work would wait for itself, and is refused."""

        async def never() -> None:
            loop.soon(asyncio.sleep(0))

        assert "seen" == loop.see(lambda: loop.see(lambda: "seen"))
        with pytest.raises(UsageError, match="await it there instead"):
            loop.run(never())

    def test_an_error_that_nobody_waits_for_is_told(self, loop: Background) -> None:
        """The next call tells it, once; a line that breaks is no error."""

        def fail(error: Exception) -> None:
            context = {"message": "an alarm failed", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)

        loop.see(lambda: fail(ConnectionResetError("gone")))
        with pytest.raises(HarnessError, match="beside the test: an alarm failed: ZeroDivision"):
            loop.see(lambda: fail(ZeroDivisionError("a mistake")))
        assert 1 == loop.see(lambda: 1)

    def test_ctrl_c_ends_the_work_too(self, loop: Background, heeding_interrupts: None) -> None:
        """Who presses it waits no longer, and what was begun does not go on."""
        cancelled = loop.see(asyncio.Event)

        async def work() -> None:
            os.kill(os.getpid(), signal.SIGINT)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.set()
                raise

        with pytest.raises(KeyboardInterrupt):
            loop.run(work())
        assert loop.run(cancelled.wait())

    def test_what_was_closed_says_so(self) -> None:
        """It can be closed twice, and is of no use then."""
        loop = Background()
        loop.end()
        loop.end()

        with pytest.raises(UsageError, match="this has been closed"):
            loop.run(asyncio.sleep(0))


class TestTime:
    """The time of a site."""

    @pytest.mark.parametrize(
        ("start", "expected"),
        [
            (None, "2025-06-02T22:00"),
            ("2026-03-01", "2026-02-28T23:00"),
            ("2026-03-01 07:15", "2026-03-01T06:15"),
            ("2026-03-01T07:15+00:00", "2026-03-01T07:15"),
            (date(2026, 1, 1), "2025-12-31T23:00"),
            (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00"),
        ],
    )
    def test_begins_when_it_is_said(self, tmp_path: Path, start: Any, expected: str) -> None:
        """A local day, a local time, or an instant."""
        with Site(tmp_path, start=start) as site:
            assert expected == f"{site.now:%Y-%m-%dT%H:%M}"

    @pytest.mark.parametrize(
        ("how", "told"),
        [
            ({"start": "soon"}, "is no instant; write"),
            ({"start": datetime(2026, 1, 1)}, "has no time zone"),  # noqa: DTZ001  that is it
            ({"start": "2026-01-01", "time": "real"}, "the machine says what time it is"),
            ({"time": "slow"}, 'write "virtual" or "real"'),
        ],
    )
    def test_that_cannot_be(self, tmp_path: Path, how: dict[str, Any], told: str) -> None:
        """It is said what can."""
        with pytest.raises(UsageError, match=told):
            Site(tmp_path, **how)

    def test_passes_by_spans_and_to_times(self, site: Site) -> None:
        """A local time is the one that comes next; midnight is one as well."""
        site.let_pass(hours=1, minutes=30)
        assert instant(DAY, "1:30") == site.now
        site.let_pass(until="14:15")
        assert instant(DAY, "14:15") == site.now
        site.let_pass(until="14:15")
        assert instant(date(2025, 6, 4), "14:15") == site.now
        site.let_pass(until="00:00")
        assert instant(date(2025, 6, 5), "0:00") == site.now
        site.let_pass(until=datetime(2025, 6, 5, tzinfo=UTC))
        assert datetime(2025, 6, 5, tzinfo=UTC) == site.now

    @pytest.mark.parametrize(
        ("span", "told"),
        [
            ({}, "say how long, or until when"),
            ({"minutes": 1, "until": "14:15"}, "say how long, or until when"),
            ({"minutes": -1}, "lies behind"),
            ({"until": "noon"}, "is no time of day"),
            ({"until": datetime(2025, 1, 1, tzinfo=UTC)}, "lies behind"),
            ({"until": datetime(2026, 1, 1)}, "has no time zone"),  # noqa: DTZ001  that is it
        ],
    )
    def test_does_not_pass_so(self, site: Site, span: dict[str, Any], told: str) -> None:
        """A span that is none is told."""
        with pytest.raises(UsageError, match=told):
            site.let_pass(**span)

    def test_may_be_the_machines(self, tmp_path: Path) -> None:
        """Then a moment takes a moment."""
        with Site(tmp_path, time="real") as site:
            before = datetime.now(UTC)
            site.let_pass(seconds=0.05)
            assert datetime.now(UTC) - before >= timedelta(seconds=0.05)
            assert site.is_real


class TestSite:
    """What stands on a site."""

    def test_a_name_is_taken_once(self, site: Site) -> None:
        """Devices are told apart by their names."""
        site.inch("WB-1")
        with pytest.raises(UsageError, match='"WB-1" stands here already'):
            site.inch("WB-1")

    def test_nothing_is_left(self, tmp_path: Path) -> None:
        """Threads end, and nobody listens any more, whatever fails meanwhile."""

        class Fails:
            async def leave(self) -> None:
                raise ZeroDivisionError("it fails")

        site = Site(tmp_path)
        ports = [
            site.drop().sftp_address,
            site.smart_gateway().modbus_address,
            ("127.0.0.1", urlsplit(site.reference_backend().address).port or 0),
        ]
        site._put(0, Fails())
        with pytest.raises(ZeroDivisionError):
            site.close()
        site.close()

        assert "isebench" not in {thread.name for thread in threading.enumerate()}
        for address in ports:
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(address).close()

    def test_waits_for_what_can_be_seen(self, site: Site) -> None:
        """What is not seen in time is named."""
        assert 3 == site.wait_for("three", lambda: 3)
        with pytest.raises(NothingArrived, match=r"a wonder has not come within 0\.05 s"):
            site.wait_for("a wonder", lambda: None, limit_s=0.05)

    def test_one_seed_gives_one_recording(self, tmp_path: Path) -> None:
        """A session at the reference backend leaves the same bytes each time."""
        written = []
        for number in (1, 2):
            folder = tmp_path / str(number)
            folder.mkdir()
            with Site(folder) as site:
                inch, backend = site.inch(), site.reference_backend()
                inch.connect(backend.address)
                inch.plug_in()
                inch.show_card()
                inch.let_pass(until="00:31")
                inch.cut_line()
                inch.let_pass(minutes=20)
                inch.restore_line()
                inch.let_pass(until="01:00")
                site.save_recording(folder / "x.jsonl")
            written.append((folder / "x.jsonl").read_bytes())

        assert written[0] == written[1]
        assert len(written[0]) > 10_000


class TestInch:
    """The charger."""

    def test_is_built_as_it_is_said(self, site: Site) -> None:
        """Fields of its setup and habits; what it has not is told with what it has."""
        inch = site.inch("WB-1", register_wh=1_500, habits=["negative-transaction-ids"])

        assert (1_500, "WB-1", "Available", False) == (
            inch.register_wh,
            inch.identity,
            inch.status,
            inch.is_connected,
        )
        with pytest.raises(UsageError, match="an INCH has no lamp; it is built with"):
            site.inch("WB-2", lamp=1)
        with pytest.raises(NotAccepted, match="no such habit"):
            site.inch("WB-3", habits=["lamp"])

    def test_charges_and_is_asked(self, site: Site, central: CentralSystem) -> None:
        """Its calls and those of the backend are told with their answers, in the order of time."""
        inch = site.inch("WB-1")
        inch.connect(central.address)
        inch.plug_in()
        site.soon(central.ask("RemoteStartTransaction", {"idTag": "FA2AFD77", "connectorId": 1}))
        call = inch.wait_until_asked("RemoteStartTransaction")
        inch.let_pass(minutes=10)
        inch.unplug()

        assert {"status": "Accepted"} == call.answered
        assert ["FA2AFD77"] == [one.payload["idTag"] for one in inch.calls("StartTransaction")]
        assert {"BootNotification", "StopTransaction"} <= {one.action for one in inch.calls()}
        assert ["RemoteStartTransaction"] == [one.action for one in inch.asked()]
        assert inch.frames == [one for one in site.recording if one.wire == "ocpp1.6"]
        assert any("boot" in line.lower() for line in inch.journal)
        with pytest.raises(NothingArrived, match="Reset to WB-1 has not come"):
            inch.wait_until_asked("Reset", limit_s=0.05)

    @pytest.mark.parametrize("time", ["virtual", "real"])
    @pytest.mark.parametrize("silent_on", ["BootNotification", "StatusNotification"])
    def test_whose_backend_is_silent_says_so(
        self, tmp_path: Path, time: Any, silent_on: str
    ) -> None:
        """When the patience is used up, it is told who waits, and for what."""
        with Site(tmp_path, time=time, patience_s=0.3) as site:
            central = CentralSystem(("WB-1",))
            site.soon(central.start())
            central.silent_on = silent_on
            inch = site.inch("WB-1")
            with pytest.raises((TimeStandsStill, HarnessError), match=r"WB-1 (waits|for 0\.3 s)"):
                inch.connect(central.address)
            site.soon(central.stop())

    def test_a_card_that_nobody_answers_for(self, tmp_path: Path) -> None:
        """In real time, too, a verb is done only when what it set off is answered."""
        with Site(tmp_path, time="real", patience_s=0.3) as site:
            central = CentralSystem(("WB-1",))
            site.soon(central.start())
            inch = site.inch("WB-1")
            inch.connect(central.address)
            inch.plug_in()
            central.silent_on = "Authorize"
            with pytest.raises(HarnessError, match=r"has not answered WB-1 for 0\.3 s; look into"):
                inch.show_card()
            site.soon(central.stop())

    def test_nobody_answers(self, site: Site) -> None:
        """It is told whom it could not reach, and may go on trying."""
        with pytest.raises(NotPossible, match="nobody answers at ws://127"):
            site.inch("WB-1").connect("ws://127.0.0.1:9")
        patient = site.inch("WB-2")
        patient.connect("ws://127.0.0.1:9", patiently=True)

        assert not patient.is_connected

    def test_cards_are_what_the_backend_sees(self, site: Site, central: CentralSystem) -> None:
        """Whatever the order of its reader is; what cannot be one is told."""
        for name, big_endian in (("WB-1", False), ("Dorfplatz", True)):
            inch = site.inch(name, big_endian_cards=big_endian)
            inch.connect(central.address)
            inch.plug_in()
            inch.show_card("0A0B0C0D")
            assert ["0A0B0C0D"] == [one.payload["idTag"] for one in inch.calls("Authorize")]
            inch.show_card(Card(bytes.fromhex("77FD2AFA")))
        with pytest.raises(NotAccepted, match="8, 14 or 20 hex digits"):
            inch.show_card("lamp")

    def test_breaks_and_is_mended(self, site: Site, central: CentralSystem) -> None:
        """Lines, power, parts, keys and habits; a habit that is not on is told."""
        inch = site.inch("WB-1")
        inch.connect(central.address)
        inch.break_down("GroundFailure")
        assert "Faulted" == inch.status
        inch.mend()
        inch.cut_power()
        assert "" == inch.display
        inch.restore_power()
        inch.let_pass(minutes=5)
        assert inch.is_connected
        assert "Accepted" == inch.configure("HeartbeatInterval", "60")
        assert "60" == inch.configuration["HeartbeatInterval"]
        inch.switch_on("negative-transaction-ids")
        inch.switch_off("negative-transaction-ids")
        with pytest.raises(UsageError, match='"negative-transaction-ids" is not on'):
            inch.switch_off("negative-transaction-ids")
        inch.cut_line()
        assert (0, False) == (inch.queued, inch.is_connected)
        inch.restore_line()
        assert inch.is_connected


class TestSmartGateway:
    """The gateway."""

    def test_answers_where_it_says(self, site: Site) -> None:
        """A plain client of Modbus TCP reads what the meter has counted."""
        gateway = site.smart_gateway()
        gateway.feed("Charger", 6_000)
        gateway.let_pass(minutes=30)

        host, port = gateway.modbus_address
        with ModbusTcpClient(host, port=port) as client:
            answer = client.read_input_registers(0, count=8, device_id=gateway.modbus_unit)
        assert not answer.isError()
        assert 3_000 == gateway.energy_wh("I0006494")
        assert 0 == gateway.energy_wh("I0006494", exported=True)
        assert {"W4124940", "I0006494"} < set(gateway.meters)
        assert "Charger" in gateway.loads
        assert gateway.page_address + "api" == gateway.rest_address
        assert "127.0.0.1" == gateway.discovery_address[0]
        assert {"modbus"} <= {one.wire.partition("-")[0] for one in gateway.requests}

    def test_is_changed(self, site: Site) -> None:
        """Faults, switches and settings; what is not there is told with what is."""
        gateway = site.smart_gateway(faults=["slow-device:address=35,delay_ms=1"])
        gateway.switch_off("slow-device")
        gateway.switch_on("absent-device:address=35")
        gateway.feed("Charger", (1_000, 0, 0))
        gateway.move_switch("BI010001", is_on=False)
        gateway.let_pass(hours=1)
        gateway.press_button(1)

        assert 0 == gateway.energy_wh("I0006494")
        gateway.set_up(gateway.settings)
        for wrong, told in (
            (lambda: gateway.energy_wh("X"), "no meter X stands at IS000122; there are W4124940"),
            (lambda: gateway.move_switch("X", is_on=True), "no switch X stands at IS000122"),
            (lambda: gateway.switch_off("slow-device"), '"slow-device" is not on'),
        ):
            with pytest.raises(UsageError, match=told):
                wrong()
        with pytest.raises(NotAccepted, match="absent-device"):
            gateway.switch_on("lamp")
        with pytest.raises(NotPossible, match="fed from outside"):
            gateway.feed("House", 1)

    def test_without_modbus_says_so(self, site: Site) -> None:
        """Its settings may have that off."""
        off = {"settings": {"features": {"modbus_tcp": False}}, "gateway": {"serial": "IS000001"}}

        with pytest.raises(UsageError, match="Modbus TCP is off"):
            _ = site.smart_gateway(off).modbus_address


class TestDrop:
    """The utility's servers."""

    def test_every_wire_leads_to_the_same_files(self, site: Site) -> None:
        """Plain clients log in with what is told, and check who answers."""
        drop = site.drop(user="ewa", secret="geheim")
        with ftplib.FTP() as ftp:
            ftp.connect(*drop.ftp_address)
            ftp.login(drop.user, drop.secret)
            ftp.cwd(drop.folder)
            ftp.storbinary("STOR plain.csv", _Bytes(b"1"))
        trusted = ssl.create_default_context(cadata=drop.certificate_pem("ftps"))
        trusted.check_hostname = False
        with ftplib.FTP_TLS(context=trusted) as ftps:
            ftps.connect(*drop.ftps_address)
            ftps.login(drop.user, drop.secret)
            ftps.prot_p()
            assert [f"{drop.folder}/plain.csv"] == [
                one if one.startswith("/") else f"{drop.folder}/{one}"
                for one in ftps.nlst(drop.folder)
                if one.endswith(".csv")
            ]
        asyncio.run(_upload(drop.destination("sftp"), ".half.csv.part"))

        assert ["plain.csv"] == [file.name for file in drop.files()]
        assert [".half.csv.part"] == drop.leftovers()
        assert drop.implicit_ftps_address[1] != drop.ftps_address[1]
        assert {"ewa"} == {event.user for event in drop.events if event.user}
        assert drop.host_key.startswith("ssh-")
        with pytest.raises(UsageError, match='wire "gopher" is not known'):
            drop.destination("gopher")

    def test_a_refused_file_is_not_an_empty_one(self, site: Site) -> None:
        """Who asks for its values is told why there are none."""
        drop = site.drop()
        assert [] == drop.values(CODE)
        drop.put("lamp.csv", b"lamp")
        with pytest.raises(Disagreement, match=r"knows nothing of CH9.*refused lamp\.csv: "):
            drop.values(CODE)
        assert ["lamp.csv"] == [one.file for one in drop.pickups()]
        place = drop.place_of("lamp.csv")
        assert place is not None
        assert "error" == place.parent.name

    def test_has_terms(self, site: Site) -> None:
        """What cannot be agreed on is told; there may be several."""
        first, second = site.drop(), site.drop("other", faults=["full-disk"])
        second.switch_off("full-disk")
        second.switch_on("full-disk:free_bytes=5")

        assert first.sftp_address != second.sftp_address
        with pytest.raises(UsageError, match="there is no fault 'lamp'"):
            first.switch_on("lamp")
        with pytest.raises(UsageError, match="the layout of third: "):
            site.drop("third", layout={"lamp": 1})


class _Bytes:
    """A file in memory, for ftplib."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, size: int) -> bytes:
        """Give it all at once, and then nothing."""
        content, self._content = self._content, b""
        return content


async def _upload(told: dict[str, Any], name: str) -> None:
    known = asyncssh.import_known_hosts(f"[{told['host']}]:{told['port']} {told['host_key']}")
    options: dict[str, Any] = {"client_keys": None, "config": None, "known_hosts": known}
    async with (
        asyncssh.connect(
            told["host"],
            told["port"],
            username=told["user"],
            password=told["secret"],
            **options,
        ) as line,
        line.start_sftp_client() as sftp,
        sftp.open(f"{told['folder']}/{name}", "w") as file,
    ):
        await file.write("x")


class TestReferenceBackend:
    """The reference backend."""

    @pytest.fixture(name="charged")
    def _charged(self, site: Site) -> tuple[Inch, ReferenceBackend]:
        inch = site.inch("WB-1")
        backend = site.reference_backend(stations=["WB-0", "WB-1"], cards=["0A0B0C0D"])
        inch.connect(backend.address)
        inch.plug_in()
        inch.show_card("0A0B0C0D")
        inch.let_pass(hours=2)
        return inch, backend

    def test_delivers_what_was_metered(
        self, site: Site, charged: tuple[Inch, ReferenceBackend]
    ) -> None:
        """By hand as well: its files, energies and deliveries agree with the drop."""
        inch, backend = charged
        backend.export()
        code = backend.metering_code("WB-1")
        (file,) = site._drop.files() if site._drop else ()
        energies = backend.energies("WB-1")

        assert CODE[:-1] + "2" == code
        assert {file.name: file.content} == backend.files()
        assert ["delivered"] == [one.state for one in backend.deliveries()]
        assert 22 < sum(float(one.energy_kwh or 0) for one in energies) < 45
        assert "" == backend.web_address
        assert "Charging" == inch.status

    def test_takes_settings(self, site: Site, tmp_path: Path) -> None:
        """As tables or as a file, and not beside what takes their place."""
        tables: dict[str, Any] = {
            "account": [{"name": "EWA"}],
            "station": [{"account": "EWA", "identity": "WB-1"}],
        }
        backend = site.reference_backend(tables)
        site.inch("WB-1").connect(backend.address)
        (tmp_path / "s.toml").write_text('[backend]\nport = 0\ndatabase = "s.sqlite"\n')
        other = site.reference_backend(tmp_path / "s.toml")

        assert backend.address != other.address
        assert site.backend_at(backend.address + "/") is backend
        with pytest.raises(UsageError, match=r"has no \[station.ise\]"):
            backend.metering_code("WB-1")
        with pytest.raises(UsageError, match="the settings say all"):
            site.reference_backend(tables, stations=["WB-2"])
        with pytest.raises(SettingsError, match="is not a key of this table"):
            site.reference_backend({"backend": {"lamp": 1}})

    def test_records_a_charger_of_somebody_elses(self, site: Site) -> None:
        """Its frames and its line stand in the recording, as those of an emulated one do."""
        backend = site.reference_backend()
        speaks: Any = ["ocpp1.6"]
        with connect(f"{backend.address}/Dorfplatz", subprotocols=speaks) as line:
            boot = {"chargePointVendor": "Lamp", "chargePointModel": "1"}
            line.send(json.dumps([2, "1", "BootNotification", boot]))
            assert "Accepted" == json.loads(line.recv())[2]["status"]
        site.wait_for(
            "the end of the line",
            lambda: [one for one in site.tap.crossings if one.text == "down"] or None,
        )

        told = [(one.wire, one.sender, one.text[:22]) for one in site.recording]
        assert ("ocpp1.6", "Dorfplatz", '[2, "1", "BootNotifica') in told
        assert ("line", "Dorfplatz", "up") in told


def test_nothing_is_loaded_before_it_is_asked_for() -> None:
    """The plugin stands on pytest alone until a test wants a device."""
    code = (
        "import sys, harness.fixtures; "
        "print(sorted(sys.modules.keys() & {'backend', 'simulators', 'pytest_bdd', 'asyncssh'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]\n" == done.stdout
