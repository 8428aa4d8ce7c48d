"""The central system on a real socket, against clients that send what they like."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ocpp.v16.enums import Action
from sqlalchemy import select
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from backend import Backend, Settings
from backend.adapters import records, tables
from backend.adapters.meter_values import Keeper
from backend.core.sessions import SessionState
from backend.errors import DeviceError, SettingsError, StoreError
from simulators.clock import VirtualClock

START = datetime(2025, 6, 3, 6, 0, tzinfo=UTC)
LIMIT_S = 10

SETTINGS = """
[backend]
port = 0
database = "backend.sqlite"
frame_limit_bytes = 20_000
answer_limit_s = 1
[[account]]
name = "Stadtwerke"
[[station]]
account = "Stadtwerke"
identity = "WB-1"
profile = "etrel_inch"
[station.configuration]
ClockAlignedDataInterval = "900"
MeterValueSampleInterval = "60"
[[station]]
account = "Stadtwerke"
identity = "Säule 2/3"
[[card]]
account = "Stadtwerke"
id_tag = "77FD2AFA"
[[card]]
account = "Stadtwerke"
id_tag = "04AABBCC"
status = "Blocked"
"""

BOOT = {"chargePointVendor": "ETREL", "chargePointModel": "INCH"}


def sample(wh: int | str, at: datetime = START, **fields: object) -> dict[str, Any]:
    """Give the payload of a MeterValues with one register."""
    stamp = at.isoformat().replace("+00:00", "Z")
    values = [{"timestamp": stamp, "sampledValue": [{"value": str(wh), "unit": "Wh"}]}]
    return {"connectorId": 1, "meterValue": values, **fields}


def start_of(meter_wh: int = 100, at: datetime = START, tag: str = "77FD2AFA") -> dict[str, Any]:
    """Give the payload of a StartTransaction."""
    stamp = at.isoformat().replace("+00:00", "Z")
    return {"connectorId": 1, "idTag": tag, "meterStart": meter_wh, "timestamp": stamp}


def stop_of(transaction: int, meter_wh: int, at: datetime) -> dict[str, Any]:
    """Give the payload of a StopTransaction."""
    stamp = at.isoformat().replace("+00:00", "Z")
    return {"transactionId": transaction, "meterStop": meter_wh, "timestamp": stamp}


class Client:
    """A charger's end of a line, without manners."""

    def __init__(self, line: ClientConnection) -> None:
        self.line = line
        self._last = 0

    async def send(self, text: str | bytes) -> None:
        """Send anything."""
        await self.line.send(text)

    async def receive(self) -> Any:
        """Give the next frame."""
        async with asyncio.timeout(LIMIT_S):
            return json.loads(await self.line.recv())

    async def call(self, action: str, payload: object) -> Any:
        """Send a request and give its answer."""
        self._last += 1
        await self.send(json.dumps([2, f"{self._last:x}", action, payload]))
        answer = await self.receive()
        assert f"{self._last:x}" == answer[1]
        return answer


class Site:
    """A backend on a virtual clock, and what a test needs around it."""

    def __init__(self, folder: Path, text: str = SETTINGS) -> None:
        self.clock = VirtualClock(START, patience_s=LIMIT_S)
        self.told: list[tuple[str, bool]] = []
        self._news = asyncio.Event()
        self.settings = Settings.from_toml(text, {}, folder=folder)
        self.backend = Backend(self.settings, self.clock, self._tell)

    def _tell(self, identity: str, up: bool) -> None:
        self.told.append((identity, up))
        self._news.set()

    async def until_told(self, *told: tuple[str, bool]) -> None:
        """Wait until these connections and ends have been kept, in this order."""
        async with asyncio.timeout(LIMIT_S):
            while self.told != list(told):
                self._news.clear()
                await self._news.wait()

    @asynccontextmanager
    async def client(self, path: str = "WB-1", **options: Any) -> AsyncIterator[Client]:
        """Connect."""
        options.setdefault("subprotocols", [Subprotocol("ocpp1.6")])
        address = f"{self.backend.address}/{path}"
        async with connect(address, compression=None, proxy=None, **options) as line:
            yield Client(line)

    async def rules(self, identity: str = "WB-1") -> list[str]:
        """Give the names of the deviations so far."""
        return [one.leniency.rule for one in await self.backend.deviations(identity)]

    async def values(self, identity: str = "WB-1") -> list[Decimal | None]:
        """Give the values of the readings so far."""
        day = timedelta(days=1)
        readings = await self.backend.readings(identity, START - day, START + day)
        return [one.value for one in readings]


Scene = Callable[[Site], Awaitable[None]]


@pytest.fixture(name="play")
def _play(tmp_path: Path) -> Callable[[Scene], None]:
    def play(scene: Scene) -> None:
        async def run() -> None:
            site = Site(tmp_path)
            await site.backend.start()
            try:
                await scene(site)
                await site.clock.settle()
            finally:
                await site.backend.stop()
            assert () == site.clock.held_by
            # Nothing is left running: neither tasks nor threads.
            assert {asyncio.current_task()} == asyncio.all_tasks()
            assert not [one for one in threading.enumerate() if "isebench" in one.name]

        asyncio.run(run())

    return play


Play = Callable[[Scene], None]


class TestAnswers:
    """What each message of a charger is answered with."""

    def test_boot_is_accepted_with_the_time(self, play: Play) -> None:
        """BootNotification is accepted, with the clock's time and the heartbeat interval."""

        async def scene(site: Site) -> None:
            async with site.client() as charger:
                answer = await charger.call("BootNotification", BOOT)

                time = "2025-06-03T06:00:00.000Z"
                expected = {"status": "Accepted", "currentTime": time, "interval": 900}
                assert [3, "1", expected] == answer

        play(scene)

    def test_a_session_is_kept(self, play: Play) -> None:
        """Start, MeterValues and Stop make a session with its readings."""

        async def scene(site: Site) -> None:
            later = START + timedelta(minutes=15)
            async with site.client() as charger:
                answer = await charger.call("StartTransaction", start_of(100))
                number = answer[2]["transactionId"]
                assert {"status": "Accepted"} == answer[2]["idTagInfo"]
                await site.clock.advance_to(later)
                values = sample("100.5", START + timedelta(minutes=1), transactionId=number)
                assert [3, "2", {}] == await charger.call("MeterValues", values)
                assert [3, "3", {}] == await charger.call(
                    "StopTransaction", stop_of(number, 300, later)
                )

            (session,) = await site.backend.sessions("WB-1")
            assert (number, SessionState.ENDED) == (session.id, session.state)
            assert (Decimal(100), Decimal(300)) == (session.meter_start_wh, session.meter_stop_wh)
            readings = await site.backend.readings("WB-1", START, later)
            assert [Decimal(100), Decimal("100.5"), Decimal(300)] == [r.value for r in readings]
            assert {1} == {one.connector for one in readings}

        play(scene)

    def test_cards(self, play: Play) -> None:
        """A card is known in any spelling and byte order; unknown ones are invalid."""

        async def scene(site: Site) -> None:
            async with site.client() as charger:
                found = [
                    (await charger.call("Authorize", {"idTag": tag}))[2]["idTagInfo"]["status"]
                    for tag in ("77FD2AFA", "77:fd:2a:fa", "FA2AFD77", "04aabbcc", "DEADBEEF")
                ]
            assert ["Accepted", "Accepted", "Accepted", "Blocked", "Invalid"] == found
            assert ["id-tag-reversed"] == await site.rules()

        play(scene)

    def test_the_rest(self, play: Play) -> None:
        """Heartbeat, notifications and DataTransfer get the answers of OCPP 1.6."""

        async def scene(site: Site) -> None:
            status = {"connectorId": 1, "errorCode": "NoError", "status": "Preparing"}
            async with site.client() as charger:
                time = {"currentTime": "2025-06-03T06:00:00.000Z"}
                assert [3, "1", time] == await charger.call("Heartbeat", {})
                assert [3, "2", {}] == await charger.call("StatusNotification", status)
                assert [3, "3", {}] == await charger.call(
                    "FirmwareStatusNotification", {"status": "Idle"}
                )
                unknown = {"status": "UnknownVendorId"}
                assert [3, "4", unknown] == await charger.call(
                    "DataTransfer", {"vendorId": "Etrel"}
                )
            assert [] == await site.rules()

        play(scene)

    def test_a_free_connector_ends_its_session(self, play: Play) -> None:
        """A connector that becomes Available without a Stop closes its session."""

        async def scene(site: Site) -> None:
            status = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
            async with site.client() as charger:
                await charger.call("StartTransaction", start_of())
                await charger.call("StatusNotification", status)

            (session,) = await site.backend.sessions("WB-1")
            assert SessionState.MISSING_STOP == session.state
            assert ["free-without-stop"] == await site.rules()

        play(scene)


class TestDurability:
    """An answer means: it is on disk."""

    def test_no_answer_before_the_commit(self, play: Play) -> None:
        """While the writer is busy nothing is confirmed; after its commit everything is."""

        async def scene(site: Site) -> None:
            store = site.backend._store
            free = threading.Event()
            async with site.client() as charger:
                busy = asyncio.ensure_future(store.write(lambda connection: free.wait(LIMIT_S)))
                await charger.send(json.dumps([2, "1", "MeterValues", sample(5)]))
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.2):
                        await charger.line.recv()
                assert [] == await site.values()
                free.set()
                assert [3, "1", {}] == await charger.receive()
                assert [Decimal(5)] == await site.values()
                await busy

        play(scene)

    def test_a_store_that_fails_confirms_nothing(
        self, play: Play, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where the store refuses, the line is closed without answer, and later all is well."""

        def refuse(*arguments: object) -> None:
            raise StoreError("is full", "disk", "make room")

        async def scene(site: Site) -> None:
            with monkeypatch.context() as patch:
                async with site.client() as charger:
                    patch.setattr(Keeper, "keep", refuse)
                    await charger.send(json.dumps([2, "1", "MeterValues", sample(5)]))
                    with pytest.raises(ConnectionClosed) as closed:
                        await charger.receive()
                    assert closed.value.rcvd is not None
                    assert 1011 == closed.value.rcvd.code
            async with site.client() as charger:
                assert [3, "1", {}] == await charger.call("MeterValues", sample(5))
            assert [Decimal(5)] == await site.values()

        play(scene)

    def test_a_fault_of_the_backend_costs_no_reading(
        self, play: Play, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """MeterValues that the backend fails to read are confirmed and kept as their frame."""

        def fail(*arguments: object) -> None:
            raise ZeroDivisionError

        async def scene(site: Site) -> None:
            with monkeypatch.context() as patch:
                patch.setattr("backend.adapters.ocpp_answers.read_plain", fail)
                patch.setattr("backend.adapters.ocpp_answers.read_start", fail)
                async with site.client() as charger:
                    assert [3, "1", {}] == await charger.call("MeterValues", sample(5))
                    answer = await charger.call("StartTransaction", start_of())
                    assert [4, "2", "InternalError"] == answer[:3]
            assert ["internal-error", "internal-error"] == await site.rules()

        play(scene)
        assert "MeterValues cannot be read" in caplog.text


class TestRepetition:
    """What comes again changes nothing."""

    @pytest.mark.parametrize("blanks", [0, 5_000])
    def test_the_same_message_gets_the_same_answer(self, play: Play, blanks: int) -> None:
        """Word for word the same request within a connection is answered as before."""

        async def scene(site: Site) -> None:
            text = json.dumps([2, "7", "StartTransaction", start_of()]) + " " * blanks
            async with site.client() as charger:
                await charger.send(text)
                first = await charger.receive()
                await charger.send(text)
                assert first == await charger.receive()
            assert 1 == len(await site.backend.sessions("WB-1"))
            assert ["message-repeated"] == await site.rules()

        play(scene)

    def test_a_message_id_for_another_message(self, play: Play) -> None:
        """An id that is used again within a connection is named; the message counts (F75)."""

        async def scene(site: Site) -> None:
            async with site.client() as charger:
                for wh in (5, 6):
                    await charger.send(json.dumps([2, "7", "MeterValues", sample(wh)]))
                    assert [3, "7", {}] == await charger.receive()
            async with site.client() as charger:
                await charger.send(json.dumps([2, "7", "MeterValues", sample(7)]))
                assert [3, "7", {}] == await charger.receive()
            assert ["message-id-reused"] == await site.rules()
            assert [Decimal(5), Decimal(6), Decimal(7)] == await site.values()

        play(scene)

    def test_the_same_start_gets_the_same_number(self, play: Play) -> None:
        """The same StartTransaction in a new message, or connection, has the same id."""

        async def scene(site: Site) -> None:
            async with site.client() as charger:
                first = await charger.call("StartTransaction", start_of())
                second = await charger.call("StartTransaction", start_of())
            async with site.client() as charger:
                third = await charger.call("StartTransaction", start_of())
            assert first[2] == second[2] == third[2]
            assert 1 == len(await site.backend.sessions("WB-1"))
            assert [Decimal(100)] == await site.values()

        play(scene)

    def test_the_same_reading_is_stored_once(self, play: Play) -> None:
        """A retransmitted reading is one; another value at its instant is another one."""

        async def scene(site: Site) -> None:
            async with site.client() as charger:
                for wh in (5, 5, 6):
                    await charger.call("MeterValues", sample(wh))
            assert [Decimal(5), Decimal(6)] == await site.values()

        play(scene)


NASTY = {
    "": "frame-is-no-json",
    "hello": "frame-is-no-json",
    '[2,"1","Heartbeat",{}': "frame-is-no-json",
    '{"a":1}': "frame-is-no-array",
    "[]": "frame-is-no-array",
    "7": "frame-is-no-array",
    '["2","1","Heartbeat",{}]': "message-type-unknown",
    '[2.0,"1","Heartbeat",{}]': "message-type-unknown",
    '[true,"1","Heartbeat",{}]': "message-type-unknown",
    '[9,"1",{}]': "message-type-unknown",
    "[2]": "frame-too-short",
    '[3,"no such call",{}]': "answer-to-nothing",
    '[4,"no such call","GenericError","",{}]': "answer-to-nothing",
    "[" * 15_000: "frame-is-no-json",
    "[" * 500 + "]" * 500: "frame-is-no-json",
    "[" + "9" * 5_000 + "]": "message-type-unknown",
}


class TestBadFrames:
    """What is no message never ends a connection, and never passes unseen."""

    def test_silence(self, play: Play) -> None:
        """Frames that are no OCPP-J are counted and kept, not answered; the line stays."""

        async def scene(site: Site) -> None:
            async with site.client() as charger:
                for frame in NASTY:
                    await charger.send(frame)
                time = {"currentTime": "2025-06-03T06:00:00.000Z"}
                assert [3, "1", time] == await charger.call("Heartbeat", {})
            assert list(NASTY.values()) == await site.rules()

        play(scene)

    @pytest.mark.parametrize(
        ("frame", "code"),
        [
            ('[2,"1","Teleport",{}]', "NotImplemented"),
            ('[2,"1","../../../secret",{}]', "NotImplemented"),
            ('[2,"1","Reset",{"type":"Soft"}]', "NotSupported"),
            ('[2,"1",["a"],{}]', "FormationViolation"),
            ('[2,"1"]', "FormationViolation"),
            ('[2,"1","BootNotification",[]]', "FormationViolation"),
            ('[2,"1","StatusNotification","x"]', "FormationViolation"),
            ('[2,"1","Authorize",{}]', "ProtocolError"),
            ('[2,"1","Authorize",{"idTag":7}]', "TypeConstraintViolation"),
            ('[2,"1","DataTransfer",{}]', "ProtocolError"),
        ],
    )
    def test_refusals(self, play: Play, frame: str, code: str) -> None:
        """What cannot be answered is refused with the code of OCPP-J §4.2.3, and named."""

        async def scene(site: Site) -> None:
            async with site.client() as charger:
                await charger.send(frame)
                answer = await charger.receive()
                assert [4, "1", code] == answer[:3]
                assert {} == answer[4]
            assert await site.rules()

        play(scene)

    @pytest.mark.parametrize(
        ("frame", "answer"),
        [
            ('[2,17,"MeterValues",{}]', [3, 17, {}]),
            ('[2,null,"MeterValues",null]', [3, None, {}]),
            ('[2,"1","MeterValues"]', [3, "1", {}]),
            ('[2,"1","MeterValues",{},"more"]', [3, "1", {}]),
            ('[2,"1","MeterValues",[1,{"a":NaN}]]', [3, "1", {}]),
            ('[2,{"a":[1.5]},"StopTransaction","x"]', [3, {"a": [1.5]}, {}]),
            ('[2,"1","StopTransaction",{"idTag":"\\ud800\\u0000"}]', None),
            ('[2,"1","StartTransaction",[[[]]]]', None),
            ('\ufeff[2,"1","MeterValues",{}]', [3, "1", {}]),
        ],
    )
    def test_what_is_billed_is_always_confirmed(
        self, play: Play, frame: str, answer: list[Any] | None
    ) -> None:
        """Start, Stop and MeterValues get a .conf whatever they hold, with the id they had."""

        async def scene(site: Site) -> None:
            async with site.client() as charger:
                await charger.send(frame)
                got = await charger.receive()
                assert 3 == got[0]
                assert answer is None or answer == got
            assert await site.rules()

        play(scene)

    @pytest.mark.parametrize(
        ("frame", "rule"),
        [
            ('[2,"1","MeterValues",{"connectorId":1,"meterValue":[]}]', None),
            (f'[2,"{"9" * 37}","MeterValues",{{"connectorId":1,"meterValue":[]}}]', "too-long"),
            (f'[2,"{"9" * 36}","MeterValues",{{"connectorId":1,"meterValue":[]}}]', None),
            ('[2,1.0,"MeterValues",{"connectorId":1,"meterValue":[]}]', "is-no-text"),
        ],
    )
    def test_message_ids(self, play: Play, frame: str, rule: str | None) -> None:
        """An id that is no text, or longer than 36 signs, is echoed and named."""

        async def scene(site: Site) -> None:
            async with site.client() as charger:
                await charger.send(frame)
                assert json.loads(frame)[1] == (await charger.receive())[1]
            named = [one for one in await site.rules() if one.startswith("message-id")]
            assert ([] if rule is None else [f"message-id-{rule}"]) == named

        play(scene)

    def test_binary(self, play: Play) -> None:
        """A frame in a binary message is read as text and named."""

        async def scene(site: Site) -> None:
            async with site.client() as charger:
                await charger.send(b'[2,"1","Heartbeat",{}]')
                assert 3 == (await charger.receive())[0]
            assert ["frame-is-binary"] == await site.rules()

        play(scene)

    def test_deviating_fields_are_accepted(self, play: Play) -> None:
        """Fields that a schema forbids are named; the message counts all the same."""

        async def scene(site: Site) -> None:
            boot = {**BOOT, "chargePointSerialNumber": "x" * 30, "color": "red"}
            async with site.client() as charger:
                answer = await charger.call("BootNotification", boot)
                assert "Accepted" == answer[2]["status"]
            assert {"schema-maxLength", "schema-additionalProperties"} == set(await site.rules())

        play(scene)

    def test_a_frame_over_the_limit_ends_the_line(self, play: Play) -> None:
        """A frame that is longer than the setting ends its connection with code 1009."""

        async def scene(site: Site) -> None:
            async with site.client() as charger:
                await charger.send(" " * 20_001)
                with pytest.raises(ConnectionClosed) as closed:
                    await charger.receive()
                assert closed.value.rcvd is not None
                assert 1009 == closed.value.rcvd.code
            await site.until_told(("WB-1", True), ("WB-1", False))
            assert ["frame-over-limit"] == await site.rules()

        play(scene)


class TestConnections:
    """Who may connect, and which connection counts."""

    @pytest.mark.parametrize("path", ["WB-2", "", "wb-1", "WB-1%20", "WB-1/x", "WB%252D1"])
    def test_unknown_identities_get_404(self, play: Play, path: str) -> None:
        """An identity that no setting names is told so before the WebSocket begins."""

        async def scene(site: Site) -> None:
            with pytest.raises(InvalidStatus) as refused:
                async with site.client(path):
                    pass
            response = refused.value.response
            assert 404 == response.status_code
            assert b"No charging station is called" in (response.body or b"")

        play(scene)

    @pytest.mark.parametrize(
        "path", ["WB-1", "WB-1/", "/WB-1", "WB%2D1", "WB-1?x=1", "S%C3%A4ule%202%2F3"]
    )
    def test_identities_are_decoded_once(self, play: Play, path: str) -> None:
        """The last segment counts, percent-decoded, with one slash at the end or none."""

        async def scene(site: Site) -> None:
            async with site.client(path) as charger:
                assert 3 == (await charger.call("Heartbeat", {}))[0]

        play(scene)

    @pytest.mark.parametrize("offered", [None, ["ocpp2.0.1"], ["ocpp0.1"]])
    def test_the_sub_protocol_must_be_offered(self, play: Play, offered: list[str] | None) -> None:
        """Without ocpp1.6 the handshake is completed without it, then the line is closed."""

        async def scene(site: Site) -> None:
            names = [Subprotocol(one) for one in offered] if offered else None
            async with site.client(subprotocols=names) as charger:
                assert charger.line.subprotocol is None
                with pytest.raises(ConnectionClosed) as closed:
                    await charger.receive()
                assert closed.value.rcvd is not None
                assert 1002 == closed.value.rcvd.code
            assert [] == site.told

        play(scene)

    def test_one_of_several_sub_protocols_is_chosen(self, play: Play) -> None:
        """Of several sub-protocols ocpp1.6 is chosen."""

        async def scene(site: Site) -> None:
            names = [Subprotocol("ocpp0.1"), Subprotocol("ocpp1.6")]
            async with site.client(subprotocols=names) as charger:
                assert "ocpp1.6" == charger.line.subprotocol
                assert 3 == (await charger.call("Heartbeat", {}))[0]

        play(scene)

    def test_the_newest_connection_counts(self, play: Play) -> None:
        """A second connection of an identity ends the first, and each is kept."""

        async def scene(site: Site) -> None:
            async with site.client() as old:
                await old.call("Heartbeat", {})
                async with site.client() as new:
                    await new.call("Heartbeat", {})
                    with pytest.raises(ConnectionClosed) as closed:
                        await old.receive()
                    assert closed.value.rcvd is not None
                    assert 1008 == closed.value.rcvd.code
                    why = "replaced by a newer connection under the same identity"
                    assert why == closed.value.rcvd.reason
                    assert 3 == (await new.call("Heartbeat", {}))[0]
                    assert [("WB-1", True), ("WB-1", False), ("WB-1", True)] == site.told
            await site.until_told(("WB-1", True), ("WB-1", False), ("WB-1", True), ("WB-1", False))

        play(scene)

    def test_a_broken_line_is_kept_as_ended(self, play: Play) -> None:
        """A line that breaks without goodbye is ended, and the next one begins."""

        async def scene(site: Site) -> None:
            async with site.client() as charger:
                await charger.call("Heartbeat", {})
                charger.line.transport.abort()
                await site.until_told(("WB-1", True), ("WB-1", False))
            async with site.client() as charger:
                await charger.call("Heartbeat", {})

        play(scene)

    def test_a_port_that_is_taken(self, tmp_path: Path, play: Play) -> None:
        """A port that another program has is told with what to write."""

        async def scene(site: Site) -> None:
            port = site.backend.address.rpartition(":")[2].removesuffix("/ocpp")
            text = SETTINGS.replace("port = 0", f"port = {port}").replace("backend.", "other.")
            other = Site(tmp_path, text)
            with pytest.raises(SettingsError, match=r"cannot be listened on .*port"):
                await other.backend.start()

        play(scene)


class TestCommands:
    """What the backend asks of a charger."""

    def test_commands_reach_the_charger(self, play: Play) -> None:
        """A command is sent as its message, and its answer is given back."""

        async def scene(site: Site) -> None:
            async with site.client() as charger:
                await charger.call("Heartbeat", {})
                asked = asyncio.ensure_future(site.backend.remote_start("WB-1", "77FD2AFA"))
                call = await charger.receive()
                payload = {"connectorId": 1, "idTag": "77FD2AFA"}
                assert [2, "1", "RemoteStartTransaction", payload] == call
                await charger.send('[3,"1",{"status":"Accepted"}]')
                assert "Accepted" == await asked
                asked = asyncio.ensure_future(site.backend.remote_stop("WB-1", 7))
                assert {"transactionId": 7} == (await charger.receive())[3]
                await charger.send('[3,"2",{"status":"Rejected"}]')
                assert "Rejected" == await asked

        play(scene)

    def test_calls_may_cross(self, play: Play) -> None:
        """A charger may ask while it is asked; both get their answers."""

        async def scene(site: Site) -> None:
            async with site.client() as charger:
                await charger.call("Heartbeat", {})
                asked = asyncio.ensure_future(site.backend.get_configuration("WB-1", ["Key"]))
                await charger.receive()
                assert 3 == (await charger.call("MeterValues", sample(5)))[0]
                await charger.send('[3,"1",{"configurationKey":[{"key":"Key","value":60}]}]')
                assert {"Key": "60"} == await asked

        play(scene)

    def test_one_command_at_a_time(self, play: Play) -> None:
        """A second command waits until the first is answered (OCPP-J errata 3.4)."""

        async def scene(site: Site) -> None:
            async with site.client() as charger:
                await charger.call("Heartbeat", {})
                first = asyncio.ensure_future(site.backend.remote_stop("WB-1", 1))
                second = asyncio.ensure_future(site.backend.remote_stop("WB-1", 2))
                assert 1 == (await charger.receive())[3]["transactionId"]
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await charger.line.recv()
                await charger.send('[3,"1",{"status":"Accepted"}]')
                assert 2 == (await charger.receive())[3]["transactionId"]
                await charger.send('[3,"2",{"status":"Accepted"}]')
                assert ["Accepted", "Accepted"] == [await first, await second]

        play(scene)

    @pytest.mark.parametrize(
        ("action", "payload", "secret"),
        [
            (Action.change_configuration, {"key": "AuthorizationKey", "value": "0a1b2c"}, "0a1b2c"),
            (Action.get_diagnostics, {"location": "ftp://u:p%40ss@host/x"}, "p%40ss"),
            (Action.update_firmware, {"location": "https://u:p%40ss@host/x"}, "p@ss"),
        ],
    )
    @pytest.mark.parametrize(
        "reply", ['[4,"1","GenericError","SECRET is not taken",{"a":"SECRET"}]', '[3,"1","SECRET"]']
    )
    def test_a_secret_is_in_no_log_no_error_and_no_table(
        self,
        play: Play,
        caplog: pytest.LogCaptureFixture,
        action: Action,
        payload: dict[str, Any],
        secret: str,
        reply: str,
    ) -> None:
        """Whatever is logged, and whatever the charger repeats of what it was told."""
        caplog.set_level(logging.DEBUG)

        async def scene(site: Site) -> None:
            async with site.client() as charger:
                await charger.call("Heartbeat", {})
                turn = await site.backend._central.turn("WB-1")
                asked = asyncio.ensure_future(turn.call(action, payload))
                assert payload == (await charger.receive())[3]
                await charger.send(reply.replace("SECRET", secret))
                with pytest.raises(DeviceError, match=r"\*\*\*") as refused:
                    await asked
                assert secret not in str(refused.value)
            rows = await site.backend._store.read(
                lambda connection: [
                    *connection.execute(select(tables.frame.c.text)).scalars(),
                    *connection.execute(select(tables.command.c.answer)).scalars(),
                ]
            )
            assert any("***" in row for row in rows)
            assert not [row for row in rows if secret in row]

        play(scene)
        ours = [one for one in caplog.records if one.name.startswith(("backend", "sqlalchemy"))]
        assert ours
        assert not [one for one in ours if secret in one.getMessage()]

    @pytest.mark.parametrize("level", [logging.WARNING, logging.INFO])
    def test_the_library_logs_what_others_may(
        self, play: Play, caplog: pytest.LogCaptureFixture, level: int
    ) -> None:
        """It tells of connections where the program's log does, and not where that is quiet."""
        caplog.set_level(level)

        async def scene(site: Site) -> None:
            async with site.client():
                pass

        play(scene)
        told = [one for one in caplog.records if one.name.startswith("backend")]
        assert bool(told) == (level == logging.INFO)

    def test_what_goes_wrong_is_told(self, play: Play) -> None:
        """No connection, a refusal, a bad answer, silence and a lost line each say so."""

        async def scene(site: Site) -> None:
            ask = site.backend.remote_stop
            with pytest.raises(DeviceError, match="is not connected"):
                await ask("WB-1", 1)
            async with site.client() as charger:
                await charger.call("Heartbeat", {})
                for answer, words in (
                    ('[4,"1","InternalError","hot",{}]', "refuses .* with InternalError: hot"),
                    ('[3,"2",[]]', r"answers .* an object"),
                    ('[3,"3",{}]', "without a status"),
                ):
                    asked = asyncio.ensure_future(ask("WB-1", 1))
                    await charger.receive()
                    await charger.send(answer)
                    with pytest.raises(DeviceError, match=words):
                        await asked
                with pytest.raises(DeviceError, match=r"has not answered .* for 1 s"):
                    await ask("WB-1", 1)
                asked = asyncio.ensure_future(ask("WB-1", 1))
                await charger.receive()
                await charger.receive()
            with pytest.raises(DeviceError, match="went away"):
                await asked

        play(scene)

    def test_too_many_commands(self, play: Play) -> None:
        """So many commands may wait for one charger; one more is refused at once."""

        async def scene(site: Site) -> None:
            async with site.client() as charger:
                await charger.call("Heartbeat", {})
                asked = [
                    asyncio.ensure_future(site.backend.remote_stop("WB-1", n)) for n in range(16)
                ]
                await charger.receive()
                with pytest.raises(DeviceError, match="has 16 commands waiting"):
                    await site.backend.remote_stop("WB-1", 99)
            results = await asyncio.gather(*asked, return_exceptions=True)
            assert all(isinstance(one, DeviceError) for one in results)

        play(scene)


class TestConfiguration:
    """After a start the backend sets the keys that its settings name."""

    def test_only_what_differs_is_set(self, play: Play) -> None:
        """The keys are read first; the one that differs is changed, once a start."""

        async def scene(site: Site) -> None:
            async with site.client() as charger:
                await charger.call("BootNotification", BOOT)
                time = asyncio.ensure_future(site.clock.advance_to(START + timedelta(seconds=5)))
                keys = ["ClockAlignedDataInterval", "MeterValueSampleInterval"]
                assert [2, "1", "GetConfiguration", {"key": keys}] == await charger.receive()
                found = [{"key": keys[0], "value": "0"}, {"key": keys[1], "value": "60"}]
                await charger.send(json.dumps([3, "1", {"configurationKey": found}]))
                change = {"key": keys[0], "value": "900"}
                assert [2, "2", "ChangeConfiguration", change] == await charger.receive()
                await charger.send('[3,"2",{"status":"Rejected"}]')
                await time
            assert ["configuration-refused"] == await site.rules()
            async with site.client() as charger:
                await charger.call("Heartbeat", {})
                await site.clock.advance_to(START + timedelta(minutes=1))
                assert 3 == (await charger.call("Heartbeat", {}))[0]

        play(scene)

    def test_a_lost_line_is_made_up_for(self, play: Play) -> None:
        """A line lost in between is no end: the next connection asks again."""

        async def scene(site: Site) -> None:
            async with site.client() as charger:
                await charger.call("BootNotification", BOOT)
                time = asyncio.ensure_future(site.clock.advance_to(START + timedelta(seconds=5)))
                await charger.receive()
            await time
            async with site.client() as charger:
                await charger.call("Heartbeat", {})
                time = asyncio.ensure_future(site.clock.advance_to(START + timedelta(seconds=9)))
                assert "GetConfiguration" == (await charger.receive())[2]
                await charger.send('[4,"2","NotSupported","",{}]')
                await time
            assert ["configuration-failed", "configuration-failed"] == await site.rules()

        play(scene)


def test_dangling_connections_end_when_last_heard(tmp_path: Path) -> None:
    """A connection that a crash left open ends at the instant it was last heard."""

    async def run() -> None:
        first = Site(tmp_path)
        await first.backend._store.open()
        store = first.backend._store
        heard = START + timedelta(minutes=3)

        def crash(connection: Any) -> None:
            records.keep_settings(connection, first.settings, "2025-06-03")
            number = records.begin_connection(connection, 1, START)
            records.keep_told(connection, [records.Told(1, number, heard, "[]")])

        await store.write(crash)
        await store.close()
        second = Site(tmp_path)
        await second.backend.start()
        end = START + timedelta(hours=1)
        spans = await second.backend._store.read(
            lambda connection: records.online_spans(connection, 1, START, end, end)
        )
        await second.backend.stop()
        assert ((START, heard),) == spans

    asyncio.run(run())


class TestBystanders:
    """Who knocks without speaking WebSocket, and who looks on."""

    def test_who_speaks_no_websocket_is_one_line_in_the_log(
        self, play: Play, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A port scan leaves a warning, and no traceback."""

        async def scene(site: Site) -> None:
            port = int(site.backend.address.rsplit(":", 1)[1].split("/")[0])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
            async with asyncio.timeout(LIMIT_S):
                await reader.read()
            writer.close()
            await writer.wait_closed()

        play(scene)
        (record,) = [one for one in caplog.records if "handshake failed" in one.getMessage()]
        assert "WARNING" == record.levelname
        assert record.exc_info is None

    def test_every_frame_is_shown(self, tmp_path: Path) -> None:
        """In both directions, as it crossed the wire, with whose it is."""

        async def scene() -> None:
            site = Site(tmp_path)
            seen: list[tuple[str, bool, str]] = []
            site.backend = Backend(
                site.settings, site.clock, on_frame=lambda *frame: seen.append(frame)
            )
            await site.backend.start()
            async with site.client() as client:
                await client.send("no frame")
                await client.call("Authorize", {"idTag": "77FD2AFA"})
            await site.backend.stop()
            assert [
                ("WB-1", True, "no frame"),
                ("WB-1", True, '[2, "1", "Authorize", {"idTag": "77FD2AFA"}]'),
                ("WB-1", False, '[3,"1",{"idTagInfo":{"status":"Accepted"}}]'),
            ] == seen

        asyncio.run(scene())
