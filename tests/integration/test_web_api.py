"""The API over real HTTP, with chargers on real sockets."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema_rs
import pytest
from support.command_site import (
    BOOT,
    SETTINGS,
    START,
    TOKEN,
    WEB,
    CommandSite,
    ScriptedCharger,
)
from support.export_settings import KEY

from backend.adapters import station_views
from backend.errors import SettingsError, StoreError
from backend.web.openapi import document

BEARER = {"Authorization": f"Bearer {TOKEN}"}
SLASHED = SETTINGS.replace('identity = "WB-2"', 'identity = "Säule 2/3"')


def fits(name: str, value: Any) -> bool:
    """Tell whether a value is of a shape of the document."""
    components = {"components": document()["components"]}
    schema = {**components, "$ref": f"#/components/schemas/{name}"}
    return jsonschema_rs.Draft202012Validator(schema).is_valid(value)


DESTINATION = f"""
[[destination]]
account = "Stadtwerke"
name = "EDM"
host = "127.0.0.1"
port = 1
user = "ise"
secret = "geheim"
host_key = "{KEY}"
"""
ACTIVATED = SETTINGS.replace('name = "Stadtwerke"', 'name = "Stadtwerke"\nise = true').replace(
    'profile = "etrel_inch"',
    'profile = "etrel_inch"\n[station.ise]\nmetering_code = "CH98765012345AAAAAAAAAAAAAAA00001"',
)
TASK = """
[[format]]
account = "Stadtwerke"
name = "CSV"
[[task]]
account = "Stadtwerke"
name = "daily"
format = "CSV"
destination = "EDM"
schedule = "now"
"""


class Api:
    """Asks the API."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(self, path: str, **options: Any) -> tuple[int, Any]:
        """Give status and JSON."""
        return await self.ask("GET", path, **options)

    async def command(self, action: str, payload: Any, station: str = "WB-1") -> tuple[int, Any]:
        """Send a command."""
        return await self.ask("POST", f"/api/stations/{station}/commands/{action}", json=payload)

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Give status and JSON of any request."""
        async with self._session.request(method, path, **options) as response:
            if response.status >= 400:
                assert "application/problem+json" == response.content_type
            assert "nosniff" == response.headers["X-Content-Type-Options"]
            return response.status, json.loads(await response.text())


Scene = Callable[[CommandSite, ScriptedCharger, Api], Awaitable[None]]


def play(folder: Path, scene: Scene, text: str = SETTINGS, **options: Any) -> None:
    """Let a scene happen between the API, a backend and the charger WB-1."""
    headers = options.pop("headers", BEARER)

    async def run() -> None:
        async with (
            CommandSite(folder, text + WEB) as site,
            site.charger() as charger,
            aiohttp.ClientSession(site.backend.web_address, headers=headers) as session,
        ):
            await scene(site, charger, Api(session))

    asyncio.run(run())


class TestReading:
    """What can be read."""

    def test_stations(self, tmp_path: Path) -> None:
        """All of them in short, and one in full."""

        async def scene(site: CommandSite, charger: ScriptedCharger, api: Api) -> None:
            status = {"connectorId": 1, "status": "Faulted", "errorCode": "OtherError"}
            await charger.call("StatusNotification", status)
            await charger.call("FirmwareStatusNotification", {"status": "Idle"})
            start = {
                "connectorId": 1,
                "idTag": "A",
                "meterStart": 7,
                "timestamp": "2025-06-03T06:00:00Z",
            }
            await charger.call("StartTransaction", start)
            await site.backend.commands.reserve_now("WB-1", 1, "A", START + timedelta(hours=1))
            code, found = await api.get("/api/stations")
            assert 200 == code
            assert [("WB-1", True, "Faulted"), ("WB-2", False, "")] == [
                (one["identity"], one["connected"], one["status"]) for one in found
            ]
            code, one = await api.get("/api/stations/WB-1")
            assert "2025-06-03T06:00:00.000Z" == one["since"]
            assert ("Accepted", BOOT) == (one["registration"], one["boot"])
            assert ("OtherError", "7") == (
                one["connectors"][0]["error"],
                one["session"]["meter_start_wh"],
            )
            assert ("Idle", None) == (one["firmware"]["status"], one["diagnostics"])
            assert 1 == one["reservations"][0]["id"]

        play(tmp_path, scene)

    def test_an_identity_with_a_slash(self, tmp_path: Path) -> None:
        """It is percent-encoded in the path, as in a charger's address."""

        async def scene(site: CommandSite, charger: ScriptedCharger, api: Api) -> None:
            code, one = await api.get("/api/stations/S%C3%A4ule%202%2F3")
            assert (200, "Säule 2/3") == (code, one["identity"])

        play(tmp_path, scene, SLASHED)

    def test_what_lately_happened(self, tmp_path: Path) -> None:
        """Sessions, deviations, frames, commands: the newest first, as many as asked for."""

        async def scene(site: CommandSite, charger: ScriptedCharger, api: Api) -> None:
            for number in range(3):
                stamp = f"2025-06-03T06:0{number}:00Z"
                start = {"connectorId": 1, "idTag": "A", "meterStart": number, "timestamp": stamp}
                await charger.call("StartTransaction", start)
            await charger.call("Heartbeat", {"color": "red"})
            await api.command("GetDiagnostics", {"location": "ftp://u:pw@host/"})
            _, found = await api.get("/api/stations/WB-1/sessions?limit=2")
            assert [3, 2] == [one["id"] for one in found]
            _, found = await api.get("/api/stations/WB-1/deviations?limit=1")
            assert 1 == len(found)
            _, found = await api.get("/api/stations/WB-1/frames?limit=2")
            assert [True, False] == [one["incoming"] for one in found]
            assert "ftp://***@host/" in found[1]["text"]
            _, found = await api.get("/api/stations/WB-1/sent")
            assert [("GetDiagnostics", "answered")] == [
                (one["action"], one["outcome"]) for one in found
            ]
            assert "pw" not in json.dumps(found)

        play(tmp_path, scene)

    def test_commands_models_and_deliveries(self, tmp_path: Path) -> None:
        """Which commands there are for a model, which models there are, and what was delivered."""

        async def scene(site: CommandSite, charger: ScriptedCharger, api: Api) -> None:
            _, found = await api.get("/api/stations/WB-1/commands")
            supported = {one["action"]: one["supported"] for one in found}
            assert (19, True, False) == (
                len(found),
                supported["Reset"],
                supported["GetLocalListVersion"],
            )
            _, found = await api.get("/api/stations/WB-2/commands")
            assert {None} == {one["supported"] for one in found}
            _, found = await api.get("/api/profiles")
            assert ["etrel_inch", "generic"] == [one["name"] for one in found]
            _, one = await api.get("/api/profiles/etrel_inch")
            assert ("little", "kWh") == (
                one["id_tag_order"],
                one["measurands"]["Energy.Active.Import.Register"],
            )
            assert (200, []) == await api.get("/api/deliveries")

        play(tmp_path, scene)

    def test_a_connection_is_tested(self, tmp_path: Path) -> None:
        """Which step fails, and why; those behind it were not tried."""

        async def scene(site: CommandSite, charger: ScriptedCharger, api: Api) -> None:
            path = "/api/accounts/Stadtwerke/destinations"
            code, found = await api.ask("POST", f"{path}/EDM/test")
            assert 200 == code
            assert all(fits("ConnectionStep", one) for one in found)
            assert [("connect", False), ("log in", None)] == [
                (one["step"], one["done"]) for one in found[:2]
            ]
            assert "nothing listens there" in found[0]["words"]
            code, problem = await api.ask("POST", f"{path}/EVU/test")
            assert (404, "not-found") == (code, problem["kind"])

        play(tmp_path, scene, SETTINGS + DESTINATION)

    def test_a_delivery_is_stopped_and_let_go(self, tmp_path: Path) -> None:
        """The oldest file of a task is held, and tried again when it is released."""

        async def scene(site: CommandSite, charger: ScriptedCharger, api: Api) -> None:
            code, problem = await api.ask("POST", "/api/tasks/nightly/hold")
            assert (404, "not-found") == (code, problem["kind"])
            code, problem = await api.ask("POST", "/api/tasks/daily/hold")
            assert "all that were made have arrived" in problem["detail"]
            await site.clock.advance_to(START + timedelta(days=1))
            await site.backend.export_now("daily", START.date(), START.date())
            for change, state in (("hold", "held"), ("release", "waiting")):
                code, found = await api.ask("POST", f"/api/tasks/daily/{change}")
                assert (200, state) == (code, found["state"])
                assert fits("Delivery", found)

        play(tmp_path, scene, ACTIVATED + DESTINATION + TASK)

    def test_a_day_and_an_interval(self, tmp_path: Path) -> None:
        """Energies with their rule, and why one of them is what it is."""

        async def scene(site: CommandSite, charger: ScriptedCharger, api: Api) -> None:
            for hours, wh in ((0, "10000"), (1, "14000")):
                at = START + timedelta(hours=hours)
                await site.clock.advance_to(at)
                told = {"timestamp": at.isoformat(), "sampledValue": [{"value": wh}]}
                await charger.call("MeterValues", {"connectorId": 1, "meterValue": [told]})
            code, found = await api.get("/api/stations/WB-1/days/2025-06-03")
            assert (200, 96, "4.000") == (code, len(found["intervals"]), found["energy_kwh"])
            one = found["intervals"][32]
            assert ("1.000", "E", "interpolated") == (one["energy_kwh"], one["status"], one["rule"])
            code, found = await api.get(f"/api/stations/WB-1/intervals/{one['end']}")
            assert (200, one) == (code, found["interval"])
            assert fits("Explanation", found)
            assert found["sentences"][0].startswith("1.000 kWh, E: the readings around")
            part = found["connectors"][0]
            assert ["10000", "11000"] == [
                part[name]["wh_exactly"] for name in ("register_at_start", "register_at_end")
            ]
            assert "14000" == part["used"][1]["said"][0]["value"]
            assert "unit-missing" == part["used"][1]["frames"][0]["leniencies"][0]["rule"]
            for path in ("days/2025-6-3", "days/1969-12-31", "intervals/2025-06-03T06:15:00"):
                code, found = await api.get(f"/api/stations/WB-1/{path}")
                assert (422, "invalid") == (code, found["kind"])
            code, found = await api.get("/api/stations/WB-1/intervals/2030-01-01T00:00:00Z")
            assert 404 == code
            assert "lies ahead" in found["detail"]

        play(tmp_path, scene)

    def test_the_document(self, tmp_path: Path) -> None:
        """It is OpenAPI 3.1 and needs no token."""

        async def scene(site: CommandSite, charger: ScriptedCharger, api: Api) -> None:
            code, found = await api.get("/api/openapi.json")
            assert (200, "3.1.0") == (code, found["openapi"])

        play(tmp_path, scene, headers={})


class TestCommands:
    """Commands, and what is answered."""

    def test_the_answer(self, tmp_path: Path) -> None:
        """The charger's answer, and what the backend has chosen."""

        async def scene(site: CommandSite, charger: ScriptedCharger, api: Api) -> None:
            good = {"station": "WB-1", "action": "Reset", "answer": {"status": "Accepted"}}
            assert (200, good | {"chosen": {}}) == await api.command("Reset", {"type": "Soft"})
            payload = {"connectorId": 1, "idTag": "A", "expiryDate": "2025-06-03T08:00:00Z"}
            code, found = await api.command("ReserveNow", payload)
            assert (200, {"reservationId": 1}) == (code, found["chosen"])
            path = "/api/stations/WB-1/commands/ClearCache"
            code, found = await api.ask("POST", path)  # no body is an empty payload
            assert (200, {"status": "Accepted"}) == (code, found["answer"])
            charger.answers["GetConfiguration"] = {
                "configurationKey": [{"key": "AuthorizationKey", "readonly": False, "value": "s3"}]
            }
            code, found = await api.command("GetConfiguration", {})
            assert "***" == found["answer"]["configurationKey"][0]["value"]

        play(tmp_path, scene)

    def test_limits_are_sent_as_they_were_written(self, tmp_path: Path) -> None:
        """A decimal stays one: 16.1 is not made a float that is no multiple of 0.1."""

        async def scene(site: CommandSite, charger: ScriptedCharger, api: Api) -> None:
            period = {"startPeriod": 0, "limit": 16.1}
            schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
            profile = {
                "chargingProfileId": 1,
                "stackLevel": 0,
                "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Relative",
                "chargingSchedule": schedule,
            }
            payload = {"connectorId": 1, "csChargingProfiles": profile}
            assert 200 == (await api.command("SetChargingProfile", payload))[0]
            assert payload == charger.payloads("SetChargingProfile")[0]
            _, found = await api.get("/api/stations/WB-1")
            assert profile == found["charging_profiles"][0]["profile"]

        play(tmp_path, scene)

    def test_problems(self, tmp_path: Path) -> None:
        """Each kind has its status, a word for programs, and a sentence."""

        async def scene(site: CommandSite, charger: ScriptedCharger, api: Api) -> None:
            async def told(action: str, payload: Any, station: str = "WB-1") -> tuple[Any, ...]:
                code, problem = await api.command(action, payload, station)
                assert code == problem["status"]
                assert problem["detail"]
                return (code, problem["kind"], problem.get("field"), problem.get("code"))

            soft = {"type": "Soft"}
            assert (404, "not-found", None, None) == await told("Reset", soft, "WB-9")
            assert (404, "not-found", None, None) == await told("Authorize", {})
            assert (409, "not-connected", None, None) == await told("Reset", soft, "WB-2")
            assert (422, "invalid", "type", None) == await told("Reset", {"type": "Warm"})
            assert (422, "invalid", "", None) == await told("Reset", [])
            assert (422, "invalid", "now", None) == await told("Reset", soft | {"now": True})
            over = {"connectorId": 1, "idTag": "A", "expiryDate": "2025-06-03T06:00:00Z"}
            assert (422, "invalid", "expiryDate", None) == await told("ReserveNow", over)
            charger.answers["Reset"] = '[4,"{id}","NotSupported","no",{}]'
            assert (502, "refused", None, "NotSupported") == await told("Reset", soft)
            charger.answers["Reset"] = '[3,"{id}",7]'
            assert (502, "bad-answer", None, None) == await told("Reset", soft)
            charger.answers["GetConfiguration"] = {"configurationKey": "x"}
            assert (502, "bad-answer", None, None) == await told("GetConfiguration", {})
            charger.answers["ClearCache"] = {"status": "Perhaps"}
            code, answer = await api.command("ClearCache", {})
            assert (200, {"status": "Perhaps"}) == (code, answer["answer"])
            charger.answers["Reset"] = None
            assert (504, "no-answer", None, None) == await told("Reset", soft)

        play(tmp_path, scene)

    def test_a_pending_charger(self, tmp_path: Path) -> None:
        """What must not be sent yet is a conflict."""

        async def scene(site: CommandSite, charger: ScriptedCharger, api: Api) -> None:
            code, problem = await api.command("RemoteStopTransaction", {"transactionId": 1})
            assert (409, "not-allowed") == (code, problem["kind"])

        pending = SETTINGS.replace('name = "Dorfplatz"', 'registration = "pending"')
        play(tmp_path, scene, pending)

    def test_a_client_that_gives_up(self, tmp_path: Path) -> None:
        """Its command is not sent any more if it still waits behind another one."""

        async def scene(site: CommandSite, charger: ScriptedCharger, api: Api) -> None:
            charger.answers["Reset"] = None
            first = asyncio.ensure_future(api.command("Reset", {"type": "Hard"}))
            await charger.heard(1)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await api.command("RemoteStartTransaction", {"connectorId": 1, "idTag": "A"})
            assert 504 == (await first)[0]
            assert 200 == (await api.command("ClearCache", {}))[0]
            assert ["Reset", "ClearCache"] == [action for action, _ in charger.asked]

        play(tmp_path, scene)

    def test_bodies_and_parameters(self, tmp_path: Path) -> None:
        """What is no JSON, too much, or of another kind is told apart; unknown parameters, too."""

        async def scene(site: CommandSite, charger: ScriptedCharger, api: Api) -> None:
            path = "/api/stations/WB-1/commands/Reset"
            plain = {"Content-Type": "application/json"}
            for body in (b"{", b'{"type": NaN}', b"\xff", b"[" * 100_000):
                code, _ = await api.ask("POST", path, data=body, headers=plain)
                assert 400 == code
            code, _ = await api.ask(
                "POST", path, data=b"type=Soft", headers={"Content-Type": "x/y"}
            )
            assert 415 == code
            code, problem = await api.ask(
                "POST", path, data=io.BytesIO(b" " * (5 * 2**20)), headers=plain
            )
            assert (413, "content-too-large") == (code, problem["kind"])
            code, _ = await api.ask("DELETE", path)
            assert 405 == code
            for query in ("limit=0", "limit=1001", "limit=x", "limit=-1", "limit=1&color=red"):
                code, problem = await api.get(f"/api/stations/WB-1/frames?{query}")
                assert (422, "invalid") == (code, problem["kind"])
            assert 422 == (await api.get("/api/stations?color=red"))[0]
            assert 404 == (await api.get("/api/profiles/none"))[0]
            assert 404 == (await api.get("/api/nothing"))[0]
            assert [] == charger.asked

        play(tmp_path, scene)

    def test_a_store_that_refuses(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is told as such; any other failure tells nothing but that."""

        async def scene(site: CommandSite, charger: ScriptedCharger, api: Api) -> None:
            def refuse(*_: object) -> None:
                raise StoreError("is full", "disk", "make room")

            monkeypatch.setattr(station_views, "station", refuse)
            assert 503 == (await api.get("/api/stations"))[0]
            monkeypatch.setattr(station_views, "station", lambda *_: 1 / 0)
            code, problem = await api.get("/api/stations")
            assert (500, "failure") == (code, problem["kind"])
            assert "ZeroDivision" not in json.dumps(problem)

        play(tmp_path, scene)


class TestWhoMayAsk:
    """The token of the settings, as a bearer token, and nothing else."""

    @pytest.mark.parametrize(
        "header",
        [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \xe4"],
    )
    def test_others_may_not(self, tmp_path: Path, header: str | None) -> None:
        """Whatever they ask for, and whether it exists or not."""

        async def scene(site: CommandSite, charger: ScriptedCharger, api: Api) -> None:
            for path in ("/api/stations", "/api/nothing"):
                code, problem = await api.get(path)
                assert (401, "unauthorized") == (code, problem["kind"])
            assert 401 == (await api.command("Reset", {"type": "Soft"}))[0]
            assert [] == charger.asked

        play(tmp_path, scene, headers={} if header is None else {"Authorization": header})

    def test_the_scheme_is_compared_without_case(self, tmp_path: Path) -> None:
        """RFC 9110 §11.1."""

        async def scene(site: CommandSite, charger: ScriptedCharger, api: Api) -> None:
            assert 200 == (await api.get("/api/stations"))[0]

        play(tmp_path, scene, headers={"Authorization": f"bearer {TOKEN}"})


class TestServer:
    """Where it listens."""

    def test_off_unless_wanted(self, tmp_path: Path) -> None:
        """Without [web] there is no address, and no frame is kept."""

        async def run() -> None:
            async with CommandSite(tmp_path) as site, site.charger():
                assert "" == site.backend.web_address
                assert [] == site.backend.last_frames("WB-1", 9)

        asyncio.run(run())

    def test_a_port_that_is_taken(self, tmp_path: Path) -> None:
        """It is told with its table, and nothing is left running."""

        async def run() -> None:
            async with CommandSite(tmp_path, SETTINGS + WEB) as site:
                port = site.backend.web_address.rpartition(":")[2]
                other = SETTINGS.replace("backend.sqlite", "other.sqlite") + WEB.replace(
                    "port = 0", f"port = {port}"
                )
                with pytest.raises(SettingsError, match=r"\[web\], .*cannot be listened on"):
                    await CommandSite(tmp_path, other).backend.start()
            assert {asyncio.current_task()} == asyncio.all_tasks()

        asyncio.run(run())

    def test_ipv6(self, tmp_path: Path) -> None:
        """An address of IPv6 stands in brackets."""

        async def run() -> None:
            text = SETTINGS + WEB.replace("port = 0", 'host = "::1"\nport = 0')
            try:
                async with CommandSite(tmp_path, text) as site:
                    assert site.backend.web_address.startswith("http://[::1]:")
            except SettingsError as error:
                pytest.skip(f"this machine has no IPv6: {error}")

        asyncio.run(run())
