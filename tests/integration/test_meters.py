"""Meters over real HTTP, cards and differences out of a real store."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from support.command_site import START, TOKEN, WEB, CommandSite

from backend import Settings
from backend.adapters import energies, meter_differences, meters
from backend.adapters.explanations import explanation_of, find_point
from backend.adapters.meter_differences import watch
from backend.core.exports import whole_days
from backend.core.intervals import Interval
from backend.core.meter_readings import READINGS_MOST
from backend.core.sentences import sentences, title
from backend.errors import SettingsError
from backend.web.api import READINGS_BYTES_MAX

DAY = date(2025, 6, 3)
"""Its first instant is 2025-06-02T22:00Z; a site's clock begins at 06:00Z."""
SETTINGS = """
[backend]
port = 0
database = "backend.sqlite"
[[account]]
name = "Stadtwerke"
ise = true
[[station]]
account = "Stadtwerke"
identity = "WB-1"
[station.ise]
metering_code = "CH98765012345AAAAAAAAAAAAAAA00001"
upstream_meter = "Keller"
[[station]]
account = "Stadtwerke"
identity = "Keller"
[[meter]]
account = "Stadtwerke"
name = "Keller"
[meter.ise]
metering_code = "CH98765012345AAAAAAAAAAAAAAA00002"
[[meter]]
account = "Stadtwerke"
name = "Dach/Süd"
[[card]]
account = "Stadtwerke"
id_tag = "77FD2AFA"
[card.ise]
[[card]]
account = "Stadtwerke"
id_tag = "04AABBCC"
[card.ise]
[[format]]
account = "Stadtwerke"
name = "F"
[[destination]]
account = "Stadtwerke"
name = "D"
host = "127.0.0.1"
user = "u"
secret = "s"
host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBoNPGpRM3DYYOlSdNBgPZ4iyPzR5NDSrGqXyXnNvVzz"
[[task]]
account = "Stadtwerke"
name = "T"
stations = "all"
meters = "all"
cards = "all"
format = "F"
destination = "D"
schedule = "now"
"""
PATH = "/api/meters/Keller/readings"


def reading(time: str, register: str, unit: str = "kWh") -> dict[str, str]:
    """Give a reading of 3 June in UTC."""
    return {"instant": f"2025-06-03T{time}:00Z", "register": register, "unit": unit}


class Api:
    """Asks the API."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Give status and JSON."""
        async with self._session.request(method, path, **options) as response:
            return response.status, json.loads(await response.text())

    async def send(self, *readings: Any, path: str = PATH) -> tuple[int, Any]:
        """Send readings."""
        return await self.ask("POST", path, json=list(readings))


Scene = Callable[[CommandSite, Api], Awaitable[None]]


def play(folder: Path, scene: Scene, text: str = SETTINGS) -> None:
    """Let a scene happen between the API and a backend."""

    async def run() -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with (
            CommandSite(folder, text + WEB) as site,
            aiohttp.ClientSession(site.backend.web_address, headers=headers) as session,
        ):
            await scene(site, Api(session))

    asyncio.run(run())


async def series(site: CommandSite) -> dict[str, list[Interval]]:
    """Give the intervals of the task's sources, by name, of what has ended."""
    settings, now = site.settings, site.clock.now()
    task = settings.task("T")
    found = await site.backend._store.read(
        lambda c: list(energies.series_of(c, settings, task, whole_days(DAY, DAY), 3, now))
    )
    return {
        one.activation.station: [each for each in one.intervals if each.end <= now] for one in found
    }


def shown(intervals: list[Interval], *times: str) -> list[str]:
    """Show the intervals that end at some times in UTC."""
    told = {f"{one.end:%H:%M}": f"{one.energy_kwh} {one.status} {one.rule}" for one in intervals}
    return [told[time] for time in times]


class TestRegisters:
    """What formats have of the registers that a meter tells."""

    def test_one_that_nobody_tells(self, tmp_path: Path) -> None:
        """The error says which codes were looked for."""
        text = SETTINGS.replace('name = "F"', 'name = "F"\nkind = "csv"\nobis = "1-0:2.8.0"')
        text = text.replace('stations = "all"\nmeters = "all"\ncards = "all"', 'meters = "all"')

        async def scene(site: CommandSite, api: Api) -> None:
            assert (200, {"meter": "Keller", "received": 1, "new": 1}) == await api.send(
                reading("04:00", "100")
            )
            with pytest.raises(SettingsError) as caught:
                await site.backend.export_now("T", date(2025, 6, 2), date(2025, 6, 2))
            assert (
                "task 'T': none of its sources has told any of 1-0:2.8.0; turn the knob 'obis' of "
                "its format, or wait until one does"
            ) == str(caught.value)

        play(tmp_path, scene, text)


class TestReadings:
    """What is brought over the API."""

    def test_they_are_kept_once(self, tmp_path: Path) -> None:
        """And the same again is fine; another value of an instant is kept beside it."""

        async def scene(site: CommandSite, api: Api) -> None:
            told = reading("04:00", "100"), reading("04:15", "101500", "Wh")
            assert (200, {"meter": "Keller", "received": 2, "new": 2}) == await api.send(*told)
            assert (200, {"meter": "Keller", "received": 2, "new": 0}) == await api.send(*told)
            again = reading("04:15", "101.7"), reading("04:15", "101.7"), reading("04:30", "101.7")
            assert (200, {"meter": "Keller", "received": 3, "new": 2}) == await api.send(*again)

            found = (await series(site))["Keller"]
            # Of two values of one instant the higher one counts, as with chargers.
            assert ["1.700 W measured", "0.000 W measured"] == shown(found, "04:15", "04:30")

        play(tmp_path, scene)

    def test_they_are_on_disk_and_not_of_the_charger_of_that_name(self, tmp_path: Path) -> None:
        """Another backend on the same database has them, and a station "Keller" has none."""

        async def scene(site: CommandSite, api: Api) -> None:
            await api.send(reading("04:00", "100"), reading("04:15", "101"))
            assert [] == await site.backend.readings("Keller", START - timedelta(days=1), START)

        async def after(site: CommandSite, api: Api) -> None:
            assert ["1.000 W measured"] == shown((await series(site))["Keller"], "04:15")

        play(tmp_path, scene)
        play(tmp_path, after)

    def test_what_no_two_readings_bridge_is_missing(self, tmp_path: Path) -> None:
        """A meter has no connection that would say that it was there."""

        async def scene(site: CommandSite, api: Api) -> None:
            await api.send(reading("04:00", "1"), reading("05:00", "1"), reading("05:30", "2"))

            found = (await series(site))["Keller"]
            assert [
                "None F offline",
                "0.000 E idle-proven",
                "0.500 E interpolated",
                "None F offline",
            ] == shown(found, "04:00", "04:15", "05:15", "05:45")

        play(tmp_path, scene)

    def test_nothing_of_a_refused_request_is_kept(self, tmp_path: Path) -> None:
        """Which item it was and why is told, for people and for programs."""

        async def scene(site: CommandSite, api: Api) -> None:
            code, problem = await api.send(reading("04:00", "1"), reading("04:15", "1,5"))

            assert (422, "invalid", "[1].register") == (code, problem["kind"], problem["field"])
            assert problem["detail"].startswith("meter 'Keller': [1].register is no register; ")
            assert (None, None) == await last(api)

        play(tmp_path, scene)

    def test_limits(self, tmp_path: Path) -> None:
        """Too many, too large, no JSON, no list, of another type, of no meter, with parameters."""

        async def scene(site: CommandSite, api: Api) -> None:
            json_type = {"Content-Type": "application/json"}
            many = [reading("04:00", "1")] * (READINGS_MOST + 1)
            blank = b" " * READINGS_BYTES_MAX + b"[]"
            codes = [
                (await api.send(*many))[0],
                (await api.ask("POST", PATH, data=blank, headers=json_type))[0],
                (await api.ask("POST", PATH, data=b"[", headers=json_type))[0],
                (await api.ask("POST", PATH, data=b"[\xff]", headers=json_type))[0],
                (await api.ask("POST", PATH, headers=json_type))[0],
                (await api.ask("POST", PATH, json={}))[0],
                (await api.ask("POST", PATH, data=b"[]"))[0],
                (await api.send(path="/api/meters/WB-1/readings"))[0],
                (await api.send(path=f"{PATH}?now=1"))[0],
                (await api.ask("POST", PATH, json=[], headers={"Authorization": "Bearer x"}))[0],
            ]
            assert [422, 413, 400, 400, 400, 422, 415, 404, 422, 401] == codes

        play(tmp_path, scene)

    def test_how_meters_stand(self, tmp_path: Path) -> None:
        """Each with its newest reading; a name with a slash is percent-encoded."""

        async def scene(site: CommandSite, api: Api) -> None:
            path = "/api/meters/Dach%2FS%C3%BCd/readings"
            assert 200 == (await api.send(reading("05:00", "7.25"), path=path))[0]
            assert 200 == (await api.send(reading("04:45", "7"), path=path))[0]

            code, (keller, roof) = await api.ask("GET", "/api/meters")

            assert 200 == code
            assert ("Keller", None, None) == (
                keller["name"],
                keller["last_wh"],
                keller["last_heard"],
            )
            assert "2025-06-03T06:00:00.000Z" == roof["last_heard"]
            assert ("2025-06-03T05:00:00.000Z", "7250.00") == (
                roof["last_instant"],
                roof["last_wh"],
            )
            assert ("CH98765012345AAAAAAAAAAAAAAA00002", None) == (
                keller["metering_code"],
                roof["metering_code"],
            )

        play(tmp_path, scene)

    def test_a_database_that_refuses(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing is confirmed, and nothing is kept."""

        async def scene(site: CommandSite, api: Api) -> None:
            with monkeypatch.context() as patch:
                patch.setattr(meters.records, "end_connection", lambda *_: 1 / 0)
                assert 500 == (await api.send(reading("04:00", "1")))[0]
            assert (None, None) == await last(api)
            assert 1 == (await api.send(reading("04:00", "1")))[1]["new"]

        play(tmp_path, scene)


async def page(site: CommandSite, station: str) -> str:
    """Give the page of a station."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(site.backend.web_address, cookie_jar=jar) as session:
        await (await session.post("/login", data={"token": TOKEN})).text()
        return await (await session.get(f"/stations/{station}")).text()


async def last(api: Api) -> tuple[Any, Any]:
    """Give the newest reading of the meter, and when it was heard."""
    _, (keller, _) = await api.ask("GET", "/api/meters")
    return keller["last_instant"], keller["last_heard"]


class TestCards:
    """The energies of cards, out of what chargers said."""

    def test_sessions_of_known_and_unknown_connectors(self, tmp_path: Path) -> None:
        """A Stop that nobody knows ends no other session; what it took cannot be told."""

        async def scene(site: CommandSite, api: Api) -> None:
            async with site.charger() as charger:
                start = {
                    "connectorId": 1,
                    "idTag": "77fd2afa",
                    "meterStart": 1000,
                    "timestamp": "2025-06-03T04:00:00Z",
                }
                await charger.call("StartTransaction", start)
                orphan = {
                    "transactionId": 4711,
                    "idTag": "04AABBCC",
                    "meterStop": 1500,
                    "timestamp": "2025-06-03T04:30:00Z",
                    "transactionData": [
                        {
                            "timestamp": "2025-06-03T04:20:00Z",
                            "sampledValue": [{"value": "1400", "context": "Transaction.Begin"}],
                        }
                    ],
                }
                for connector, wh in ((1, "2000"), (2, "9000")):
                    values = {
                        "connectorId": connector,
                        "meterValue": [
                            {
                                "timestamp": "2025-06-03T04:15:00Z",
                                "sampledValue": [{"value": wh}],
                            }
                        ],
                    }
                    await charger.call("MeterValues", values)
                await charger.call("StopTransaction", orphan)

                found = await series(site)

            assert "1.000 W measured" == shown(found["77FD2AFA"], "04:15")[0]
            assert ["0.000 W no-session", "None F unread", "0.000 W no-session"] == shown(
                found["04AABBCC"], "04:15", "04:30", "04:45"
            )

        generic = SETTINGS.replace('identity = "WB-1"', 'identity = "WB-1"\nprofile = "generic"')
        play(tmp_path, scene, generic)


class TestDifferences:
    """A charger and the meter in front of it."""

    async def charge(self, site: CommandSite, api: Api, *kwh: str) -> None:
        """Let the meter count, and the charger 1 kWh."""
        async with site.charger() as charger:
            for time, wh in (("04:00", "1000"), ("04:15", "2000")):
                sampled = [{"value": wh, "measurand": "Energy.Active.Import.Register"}]
                value = {"timestamp": f"2025-06-03T{time}:00Z", "sampledValue": sampled}
                await charger.call("MeterValues", {"connectorId": 1, "meterValue": [value]})
        await api.send(*(reading(f"04:{15 * n:02}", each) for n, each in enumerate(kwh)))

    async def watch(self, site: CommandSite, days: int = 0) -> None:
        """Compare, as an export does."""
        store, settings, now = site.backend._store, site.settings, site.clock.now()
        period = whole_days(DAY, DAY + timedelta(days=days))
        code = "CH98765012345AAAAAAAAAAAAAAA00001"
        await watch(store, settings, settings.task("T"), period, {code}, now)

    def test_it_is_kept_once_and_settled_by_what_comes_late(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is said in the log when it is found, not each time that the day is exported."""
        caplog.set_level(logging.WARNING, meter_differences.__name__)

        async def scene(site: CommandSite, api: Api) -> None:
            path = "/api/stations/WB-1/differences"
            await self.charge(site, api, "10", "12")
            for _ in range(2):
                await self.watch(site)
            code, (one,) = await api.ask("GET", path)
            assert 200 == code
            assert ("1.000", "2.000", 1) == (one["charger_kwh"], one["meter_kwh"], one["compared"])
            assert ("charger", "3", "0.5") == (
                one["counts"],
                one["limit_percent"],
                one["limit_kwh"],
            )
            assert 1 == len(caplog.records)
            assert "WB-1" in caplog.text
            assert "1.000 kWh and the meter 'Keller' in front of it 2.000 kWh" in caplog.text

            async with site.charger() as charger:
                sampled = [{"value": "3000", "measurand": "Energy.Active.Import.Register"}]
                value = {"timestamp": "2025-06-03T04:15:00Z", "sampledValue": sampled}
                await charger.call("MeterValues", {"connectorId": 1, "meterValue": [value]})
            await self.watch(site)
            _, (one,) = await api.ask("GET", path)
            assert ("2.000", "2.000") == (one["charger_kwh"], one["meter_kwh"])
            assert one["settled_at"] is not None
            assert 1 == len(caplog.records)

            await api.send(reading("04:15", "14"))
            await self.watch(site)
            _, (one,) = await api.ask("GET", path)
            assert ("4.000", None) == (one["meter_kwh"], one["settled_at"])
            assert 2 == len(caplog.records)

        play(tmp_path, scene)

    def test_the_page_shows_it(self, tmp_path: Path) -> None:
        """Both sums, and whether they agree by now; a station without such a meter has no word."""

        async def scene(site: CommandSite, api: Api) -> None:
            assert "They have not differed beyond the limits." in await page(site, "WB-1")
            await self.charge(site, api, "10", "12")
            await self.watch(site)
            told = await page(site, "WB-1")
            assert "Keller stands in front of it; the charger counts." in told
            for cell in ("2025-06-03", "1.000 kWh", "2.000 kWh", "31 of 32", "differ"):
                assert f">{cell}</td>" in told
            assert "Meter in front" not in await page(site, "Keller")

        play(tmp_path, scene)

    def test_days_without_an_ended_interval_are_not_compared(self, tmp_path: Path) -> None:
        """Nor is anything kept where both agree."""

        async def scene(site: CommandSite, api: Api) -> None:
            await self.charge(site, api, "10", "11")
            await self.watch(site, days=3)
            assert (200, []) == await api.ask("GET", "/api/stations/WB-1/differences")
            assert 404 == (await api.ask("GET", "/api/stations/X/differences"))[0]

        play(tmp_path, scene)

    def test_a_fault_of_the_comparison_stops_no_file(
        self,
        tmp_path: Path,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """It is in the log, with the task."""
        monkeypatch.setattr(meter_differences, "compare", lambda *_: 1 / 0)

        async def scene(site: CommandSite, api: Api) -> None:
            await self.charge(site, api, "10", "12")
            await self.watch(site)
            assert "task 'T': its chargers could not be held against their meters" in caplog.text

        play(tmp_path, scene)

    def test_the_meter_counts_where_that_is_set(self, tmp_path: Path) -> None:
        """Under the charger's metering code; its own series is another one."""
        text = SETTINGS.replace(
            'upstream_meter = "Keller"', 'upstream_meter = "Keller"\ncounts = "meter"'
        )

        async def scene(site: CommandSite, api: Api) -> None:
            await self.charge(site, api, "10", "12.5")
            found = await series(site)
            assert ["2.500 W measured"] == shown(found["WB-1"], "04:15")
            assert Decimal("2.500") == sum(one.energy_kwh or 0 for one in found["Keller"])

        play(tmp_path, scene, text)


class TestExplained:
    """Why an interval of a meter is what it is."""

    async def told(self, site: CommandSite, name: str) -> str:
        """Explain the quarter hour that ends at 06:15 local time."""
        point, now = find_point(site.settings, name), site.clock.now()
        instant = START.replace(hour=4, minute=15)
        found = await site.backend._store.read(lambda c: explanation_of(c, point, instant, now))
        return "\n".join([title(found), *sentences(found)])

    def test_a_meter(self, tmp_path: Path) -> None:
        """By its code, or by its name."""

        async def scene(site: CommandSite, api: Api) -> None:
            await api.send(reading("04:00", "1"), reading("04:15", "3.5"))
            for name in ("CH98765012345AAAAAAAAAAAAAAA00002", "Dach/Süd"):
                told = await self.told(site, name)
                assert ("2.500 kWh, W" in told) == (name != "Dach/Süd")

        play(tmp_path, scene)

    def test_a_charger_whose_meter_in_front_counts(self, tmp_path: Path) -> None:
        """It is explained by what is billed."""
        text = SETTINGS.replace(
            'upstream_meter = "Keller"', 'upstream_meter = "Keller"\ncounts = "meter"'
        )

        async def scene(site: CommandSite, api: Api) -> None:
            await TestDifferences().charge(site, api, "10", "12.5")
            assert "2.500 kWh, W" in await self.told(site, "CH98765012345AAAAAAAAAAAAAAA00001")

        play(tmp_path, scene, text)

    def test_a_card(self, tmp_path: Path) -> None:
        """It says whom to ask about instead."""

        async def scene(site: CommandSite, api: Api) -> None:
            with pytest.raises(SettingsError, match="is that of a card; ask for the chargers"):
                await self.told(site, "77FD2AFA")

        play(tmp_path, scene)

    def test_what_nobody_has_stored_yet(self, tmp_path: Path) -> None:
        """A meter that is new to the database is told."""

        async def scene(site: CommandSite, api: Api) -> None:
            await api.send(reading("04:00", "1"))
            new = SETTINGS + '[[meter]]\naccount = "Stadtwerke"\nname = "Neu"\n'
            point, now = find_point(Settings.from_toml(new), "Neu"), site.clock.now()
            with pytest.raises(SettingsError, match="meter 'Neu': is not in the database yet"):
                await site.backend._store.read(lambda c: explanation_of(c, point, START, now))

        play(tmp_path, scene)


def test_a_meter_that_the_settings_no_longer_name(tmp_path: Path) -> None:
    """What it said stays; its row is not active, and a charger of its name is another one."""

    async def scene(site: CommandSite, api: Api) -> None:
        await api.send(reading("04:00", "1"))

    async def after(site: CommandSite, api: Api) -> None:
        assert (404, None) == ((await api.send(reading("04:15", "2")))[0], None)
        names = "SELECT identity, kind, active FROM station ORDER BY identity"
        rows = await site.backend._store.read(lambda c: c.exec_driver_sql(names).fetchall())
        assert [(" Keller", "meter", 0), ("Keller", "station", 1), ("WB-1", "station", 1)] == [
            tuple(row) for row in rows if "Dach" not in row[0]
        ]

    play(tmp_path, scene)
    head, _, tail = SETTINGS.partition('[[meter]]\naccount = "Stadtwerke"\nname = "Keller"')
    rest = tail.partition("[[meter]]")[2]
    text = (head + "[[meter]]" + rest).replace('upstream_meter = "Keller"\n', "")
    assert Settings.from_toml(text, {})
    play(tmp_path, after, text)
