"""
Peers that are not ours: what both sides of this project say is understood elsewhere.

Our charger against a central system made of the npm package `ocpp-rpc`, which validates strictly;
our central system against a charger made of the PyPI package `ocpp`, as its documentation shows it.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from ocpp.v16.enums import Action, AuthorizationStatus, RegistrationStatus
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from backend import Backend, Settings
from simulators.charger_inch import Card, ChargerInch, Setup
from simulators.clock import RealClock
from simulators.wiretap import Wiretap

ROOT = Path(__file__).resolve().parents[2]
PEER = Path(__file__).parent / "peers" / "central_system.js"
ANNA = Card(bytes.fromhex("77FD2AFA"), "Anna")
LIMIT_S = 20


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """Install the npm package into a folder that is kept between runs."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("there is no Node.js here; .ci/run installs it")
    folder = ROOT / ".tox" / "npm"
    modules = folder / "node_modules"
    if not (modules / "ocpp-rpc").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        # One try again, or npm goes on for minutes where it reaches nobody.
        command = ["npm", "install", "--no-audit", "--no-fund", "--fetch-retries=1"]
        done = subprocess.run(
            [*command, "--prefix", str(folder), "ocpp-rpc@2"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"npm cannot install ocpp-rpc here: {done.stderr.strip()[-200:]}")
    return modules


class CentralSystem:
    """The central system of the other package, in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.told: list[dict[str, Any]] = []
        self._process = process
        self._news = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, modules: Path) -> CentralSystem:
        """Start it on a free port."""
        process = await asyncio.create_subprocess_exec(
            "node",
            str(PEER),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "NODE_PATH": str(modules)},
        )
        return cls(process)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.told.append(json.loads(line))
            self._news.set()

    async def until(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for the first thing told that fits."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                self._news.clear()
                for one in self.told:
                    if fits(one):
                        return one
                await self._news.wait()

    async def ask(self, method: str, **params: Any) -> Any:
        """Send a command; gives its result, or the code of the CALLERROR."""
        before = sum(one["event"] == "answer" for one in self.told)
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps({'method': method, 'params': params})}\n".encode())
        await self._process.stdin.drain()
        await self.until(lambda _: sum(o["event"] == "answer" for o in self.told) > before)
        answer = [one for one in self.told if one["event"] == "answer"][before]
        return answer.get("result", answer.get("code"))

    def calls(self, method: str) -> list[dict[str, Any]]:
        """Give what the charger said of one kind."""
        return [
            one["params"] for one in self.told if one.get("method") == method and "params" in one
        ]

    async def stop(self) -> None:
        """End it, and wait for its end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._reader


def profile(limit: float) -> dict[str, Any]:
    """Give a TxDefaultProfile of one limit."""
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
        },
    }


COMMANDS: tuple[tuple[str, dict[str, Any], Any], ...] = (
    ("GetConfiguration", {"key": ["NumberOfConnectors"]}, None),
    ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}, {"status": "Accepted"}),
    ("ClearCache", {}, {"status": "Accepted"}),
    ("DataTransfer", {"vendorId": "Somebody"}, {"status": "UnknownVendorId"}),
    (
        "SendLocalList",
        {
            "listVersion": 1,
            "updateType": "Full",
            "localAuthorizationList": [{"idTag": "A", "idTagInfo": {"status": "Accepted"}}],
        },
        {"status": "Accepted"},
    ),
    ("GetLocalListVersion", {}, "NotSupported"),
    ("GetCompositeSchedule", {"connectorId": 1, "duration": 60}, "NotSupported"),
    (
        "SetChargingProfile",
        {"connectorId": 1, "csChargingProfiles": profile(16.3)},
        {"status": "Accepted"},
    ),
    ("ClearChargingProfile", {"id": 1}, {"status": "Accepted"}),
    ("TriggerMessage", {"requestedMessage": "Heartbeat"}, {"status": "Accepted"}),
    ("ChangeAvailability", {"connectorId": 1, "type": "Operative"}, {"status": "Accepted"}),
    (
        "ReserveNow",
        {
            "connectorId": 1,
            "expiryDate": "2100-01-01T00:00:00Z",
            "idTag": "FA2AFD77",
            "reservationId": 1,
        },
        {"status": "Occupied"},
    ),
    ("CancelReservation", {"reservationId": 1}, {"status": "Rejected"}),
    ("GetDiagnostics", {"location": "ftp://127.0.0.1:1/"}, None),
    (
        "UpdateFirmware",
        {"location": "ftp://127.0.0.1:1/", "retrieveDate": "2100-01-01T00:00:00Z"},
        {},
    ),
)


def test_our_charger_at_their_central_system(node_modules: Path) -> None:
    """A session with values and every command; a strict validator finds nothing."""
    asyncio.run(_charge_at(node_modules))


async def _charge_at(modules: Path) -> None:
    central = await CentralSystem.start(modules)
    clock = RealClock()
    setup = Setup(configuration={"MeterValueSampleInterval": "1"})
    charger = ChargerInch("WB 1/ä", clock, Wiretap(clock), Random(1), setup=setup)
    try:
        port = (await central.until(lambda one: one["event"] == "listening"))["port"]
        await charger.connect(f"ws://127.0.0.1:{port}/ocpp")
        await charger.plug_in()
        await charger.show_card(ANNA)
        await central.until(lambda one: one.get("method") == "MeterValues")
        for method, params, expected in COMMANDS:
            answer = await central.ask(method, **params)
            assert expected in (None, answer), method
        assert await central.ask("RemoteStopTransaction", transactionId=1) == {"status": "Accepted"}
        await central.until(lambda one: one.get("method") == "StopTransaction")
        assert await central.ask("UnlockConnector", connectorId=1) == {"status": "Unlocked"}
        await charger.unplug()
        await charger.report_consumption("ClusterConsumption", powerKw=1.5, chargers=2)
        await central.until(lambda one: one.get("method") == "DataTransfer")
        assert await central.ask("RemoteStartTransaction", idTag="A") == {"status": "Accepted"}
        assert await central.ask("Reset", type="Hard") == {"status": "Accepted"}
        await central.until(lambda one: one["event"] == "closed")
    finally:
        await charger.close()
        await central.stop()
    assert [one for one in central.told if one["event"] == "invalid"] == []
    connected = central.told[1]
    assert (connected["identity"], connected["protocol"]) == ("WB 1/ä", "ocpp1.6")
    start, stop = central.calls("StartTransaction")[0], central.calls("StopTransaction")[0]
    assert stop["transactionId"] == 1
    assert stop["meterStop"] >= start["meterStart"]
    assert "Available" in [one["status"] for one in central.calls("StatusNotification")]


class TheirCharger(ChargePoint):
    """A charger as the package's documentation makes one."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.asked: list[str] = []

    @on(Action.change_configuration)
    def on_change(self, key: str, value: str) -> call_result.ChangeConfiguration:
        """Take any key."""
        self.asked.append(key)
        return call_result.ChangeConfiguration(status="Accepted")

    @on(Action.get_configuration)
    def on_get(self, **_: Any) -> call_result.GetConfiguration:
        """Know none."""
        return call_result.GetConfiguration(configuration_key=[], unknown_key=[])

    @on(Action.reset)
    def on_reset(self, type: str) -> call_result.Reset:
        """Do it later."""
        self.asked.append(type)
        return call_result.Reset(status="Accepted")


SETTINGS = """
[backend]
port = 0
database = "backend.sqlite"
[[account]]
name = "Stadtwerke"
[[station]]
account = "Stadtwerke"
identity = "WB-1"
[[card]]
account = "Stadtwerke"
id_tag = "FA2AFD77"
"""


def test_their_charger_at_our_central_system(tmp_path: Path) -> None:
    """Boot, card, session, values; every answer passes their validator; the energy is there."""
    asyncio.run(_serve(tmp_path))


async def _serve(folder: Path) -> None:
    backend = Backend(Settings.from_toml(SETTINGS, {}, folder=folder), RealClock())
    await backend.start()
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    try:
        async with connect(
            f"{backend.address}/WB-1", subprotocols=[Subprotocol("ocpp1.6")], proxy=None
        ) as line:
            charger = TheirCharger("WB-1", line)
            talking = asyncio.create_task(charger.start())
            number = await _live(charger, at)
            assert await backend.change_configuration("WB-1", "HeartbeatInterval", "60") == (
                "Accepted"
            )
            assert charger.asked == ["HeartbeatInterval"]
            talking.cancel()
        session = (await backend.sessions("WB-1"))[0]
        assert (session.id, session.id_tag, session.reason) == (number, "FA2AFD77", "Local")
        assert session.meter_stop_wh == 3_000
        readings = await backend.readings("WB-1", at, at + timedelta(hours=1))
        assert [str(one.value) for one in readings] == ["1000", "1500.5", "3000"]
        assert await backend.deviations("WB-1") == []
    finally:
        await backend.stop()


async def _live(charger: TheirCharger, at: datetime) -> int:
    """Say what a session is made of; gives the id it got."""
    boot = await charger.call(call.BootNotification("INCH", "ETREL"), suppress=False)
    assert boot.status == RegistrationStatus.accepted
    card = await charger.call(call.Authorize("FA2AFD77"), suppress=False)
    assert card.id_tag_info["status"] == AuthorizationStatus.accepted
    start = await charger.call(
        call.StartTransaction(1, "FA2AFD77", 1_000, at.isoformat()), suppress=False
    )
    sampled = {"value": "1500.5", "unit": "Wh", "measurand": "Energy.Active.Import.Register"}
    value = {
        "timestamp": (at + timedelta(minutes=10)).isoformat(),
        "sampled_value": [sampled],
    }
    await charger.call(call.MeterValues(1, [value], start.transaction_id), suppress=False)
    await charger.call(call.StatusNotification(1, "NoError", "Charging"), suppress=False)
    await charger.call(
        call.StopTransaction(3_000, (at + timedelta(hours=1)).isoformat(), start.transaction_id),
        suppress=False,
    )
    await charger.call(call.Heartbeat(), suppress=False)
    return int(start.transaction_id)
