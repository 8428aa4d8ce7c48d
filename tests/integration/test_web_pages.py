"""The operator's pages: over plain HTTP, and in a real browser with a real emulated charger."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from support.command_site import SETTINGS, START, TOKEN, WEB, CommandSite, ScriptedCharger

from backend.adapters import station_views
from backend.adapters.ocpp_schemas import COMMANDS
from backend.errors import StoreError
from simulators.charger_inch import ChargerInch
from simulators.wiretap import Wiretap

CHROMIUM = Path("/usr/bin/chromium")
NEEDS_CHROMIUM = pytest.mark.skipif(
    not CHROMIUM.exists(), reason=f"{CHROMIUM} is not there: install chromium"
)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Browser:
    """A browser without a screen: it keeps cookies and sends forms."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.status = 0
        self.text = ""
        self.path = ""
        self.headers: Any = {}

    async def get(self, path: str, **options: Any) -> str:
        """Load a page."""
        return await self._load("GET", path, **options)

    async def post(self, path: str, fields: dict[str, str], **options: Any) -> str:
        """Send a form."""
        return await self._load("POST", path, data=fields, **options)

    async def _load(self, method: str, path: str, **options: Any) -> str:
        async with self._session.request(method, path, **options) as answer:
            self.status, self.text = answer.status, await answer.text()
            self.path, self.headers = answer.url.raw_path, answer.headers
        return self.text

    async def log_in(self) -> str:
        """Log in."""
        return await self.post("/login", {"token": TOKEN})

    @property
    def word(self) -> str:
        """The word that forms of the page carry."""
        found = re.search(r'name="word" value="([^"]+)"', self.text)
        assert found is not None
        return found[1]

    async def send(self, action: str, fields: dict[str, str], station: str = "WB-1") -> str:
        """Fill in the form of a command and send it."""
        path = f"/stations/{station}/commands/{action}"
        await self.get(path)
        return await self.post(path, {"word": self.word, **fields})


Scene = Callable[[CommandSite, ScriptedCharger, Browser], Awaitable[None]]


def play(folder: Path, scene: Scene, text: str = SETTINGS + WEB, *, log_in: bool = True) -> None:
    """Let a scene happen between a browser, a backend and the charger WB-1."""

    async def run() -> None:
        jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name, too
        async with (
            CommandSite(folder, text) as site,
            site.charger() as charger,
            aiohttp.ClientSession(site.backend.web_address, cookie_jar=jar) as session,
        ):
            browser = Browser(session)
            if log_in:
                await browser.log_in()
            await scene(site, charger, browser)

    asyncio.run(run())


CODE = "CH98765012345AAAAAAAAAAAAAAA00001"
UNDELIVERED = """
[[format]]
account = "Stadtwerke"
name = "CSV"
[[destination]]
account = "Stadtwerke"
name = "EDM"
kind = "ftp"
host = "127.0.0.1"
port = 1
user = "ise"
secret = "geheim"
[[task]]
account = "Stadtwerke"
name = "daily"
format = "CSV"
destination = "EDM"
schedule = "now"
"""
"""A task whose server is not there."""


def test_a_delivery_is_stopped_and_let_go(tmp_path: Path) -> None:
    """The page has buttons for the oldest file of each task; what they do is seen at once."""
    activated = SETTINGS.replace('name = "Stadtwerke"', 'name = "Stadtwerke"\nise = true').replace(
        'profile = "etrel_inch"',
        f'profile = "etrel_inch"\n[station.ise]\nmetering_code = "{CODE}"',
    )

    async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
        await site.clock.advance_to(START + timedelta(days=2))
        for days in (0, 1):
            day = START.date() + timedelta(days=days)
            await site.backend.export_now("daily", day, day)
        await browser.log_in()  # as two days have passed
        page = await browser.get("/files")
        assert 1 == page.count("/tasks/daily/hold")  # of two files, the first
        for change, state, then in (("hold", "held", "Go on"), ("release", "waiting", "Stop")):
            page = await browser.post(f"/tasks/daily/{change}", {"word": browser.word})
            assert ("/files", True) == (browser.path, f">{state}</td>" in page)
            assert f">{then}</button>" in page
        word = browser.word
        await browser.post("/tasks/nightly/hold", {"word": word})
        assert 404 == browser.status
        await browser.post("/tasks/daily/hold", {"word": "guessed"})
        assert 403 == browser.status
        assert ["waiting", "waiting"] == [one.state for one in await site.backend.deliveries()]

    play(tmp_path, scene, activated + WEB + UNDELIVERED)


class TestLogin:
    """Who may see the pages."""

    def test_the_way_in_and_out(self, tmp_path: Path) -> None:
        """Everything leads to the login until the token was entered, and again after leaving."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            for path in ("/", "/stations/WB-1", "/stations/WB-1/frames", "/nothing"):
                await browser.get(path)
                assert (200, "/login") == (browser.status, browser.path)
            await browser.post("/login", {"token": "wrong"})
            assert (403, "/login") == (browser.status, browser.path)
            assert "That is not the token" in browser.text
            await browser.log_in()
            assert (200, "/") == (browser.status, browser.path)
            assert "Dorfplatz" in browser.text
            await browser.get("/login")
            assert "/" == browser.path
            await browser.post("/logout", {"word": browser.word})
            assert "/login" == browser.path
            await browser.get("/")
            assert "/login" == browser.path

        play(tmp_path, scene, log_in=False)

    def test_the_cookie(self, tmp_path: Path) -> None:
        """No script can read it, no other site can have it sent, and it ends."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            await browser.post("/login", {"token": TOKEN}, allow_redirects=False)
            cookie = browser.headers["Set-Cookie"]
            assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
            assert "Secure" not in cookie
            assert TOKEN not in cookie
            await browser.get("/")
            assert "/" == browser.path
            await site.clock.advance_to(START + timedelta(hours=13))
            await browser.get("/")
            assert "/login" == browser.path

        play(tmp_path, scene, log_in=False)

    def test_behind_https(self, tmp_path: Path) -> None:
        """Then the cookie is sent over it only."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            await browser.post("/login", {"token": TOKEN}, allow_redirects=False)
            cookie = browser.headers["Set-Cookie"]
            assert cookie.startswith("__Host-isebench=")
            assert "Secure" in cookie.split("; ")

        play(tmp_path, scene, SETTINGS + WEB + "behind_https = true\n", log_in=False)

    def test_many_logins(self, tmp_path: Path) -> None:
        """So many may be logged in; the oldest goes."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            first = browser._session.cookie_jar
            for _ in range(100):
                jar = aiohttp.CookieJar(unsafe=True)
                address = site.backend.web_address
                async with aiohttp.ClientSession(address, cookie_jar=jar) as session:
                    await Browser(session).log_in()
            assert 1 == len(list(first))
            await browser.get("/")
            assert "/login" == browser.path

        play(tmp_path, scene)

    def test_the_token_is_no_cookie_and_the_cookie_no_token(self, tmp_path: Path) -> None:
        """Pages go by the cookie alone, the API by the token alone."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            await browser.get("/api/stations")
            assert 401 == browser.status
            await browser.post("/logout", {"word": (await browser.get("/")) and browser.word})
            await browser.get("/", headers={"Authorization": f"Bearer {TOKEN}"})
            assert "/login" == browser.path

        play(tmp_path, scene)


class TestForgery:
    """No other site can make a logged-in browser send a command."""

    @pytest.mark.parametrize(
        ("fields", "headers"),
        [
            ({}, {}),
            ({"word": "guessed"}, {}),
            ({"word": "\xe4"}, {}),
            (None, {"Sec-Fetch-Site": "cross-site"}),
            (None, {"Sec-Fetch-Site": "same-site"}),
            (None, {"Origin": "https://evil.example"}),
        ],
    )
    def test_forms_from_elsewhere(
        self, tmp_path: Path, fields: dict[str, str] | None, headers: dict[str, str]
    ) -> None:
        """A form without the page's word, or sent from another site, is refused."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            path = "/stations/WB-1/commands/Reset"
            await browser.get(path)
            sent = {"word": browser.word} if fields is None else fields
            await browser.post(path, {**sent, "type": "Hard"}, headers=headers)
            assert 403 == browser.status
            assert [] == charger.asked

        play(tmp_path, scene)

    def test_a_login_from_elsewhere(self, tmp_path: Path) -> None:
        """Nobody can be logged in by another site."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            headers = {"Origin": "https://evil.example"}
            await browser.post("/login", {"token": TOKEN}, headers=headers)
            assert 403 == browser.status

        play(tmp_path, scene, log_in=False)

    def test_headers(self, tmp_path: Path) -> None:
        """Every page says that only its own script may run, and that nobody may frame it."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            for path in ("/", "/nothing", "/static/page.css", "/stations/WB-1"):
                await browser.get(path)
                policy = browser.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "script-src 'self'" in policy
                assert "unsafe-inline" not in policy
                assert "frame-ancestors 'none'" in policy
                assert "no-store" == browser.headers["Cache-Control"]
            assert not re.search(r"<script(?! src=)|\son\w+=|style=|javascript:", browser.text)

        play(tmp_path, scene)


class TestPages:
    """What is shown."""

    def test_stations(self, tmp_path: Path) -> None:
        """Each with status, line, last heard and running session."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            for status in ("Faulted", "Charging"):
                told = {"connectorId": 1, "status": status, "errorCode": "NoError"}
                await charger.call("StatusNotification", told)
                assert status in await browser.get("/")
            start = {
                "connectorId": 1,
                "idTag": "A",
                "meterStart": 7,
                "timestamp": "2025-06-03T06:00:00Z",
            }
            await charger.call("StartTransaction", start)
            text = await browser.get("/")
            for words in (
                "up since 03.06.2025 08:00:00",
                "never connected",
                "A since 03.06.2025 08:00:00",
                f"{site.backend.address}/IDENTITY",
            ):
                assert words in text

        play(tmp_path, scene)

    def test_no_station(self, tmp_path: Path) -> None:
        """Settings without one say so."""

        async def run() -> None:
            async with CommandSite(tmp_path, "[backend]\nport = 0\n" + WEB) as site:
                jar = aiohttp.CookieJar(unsafe=True)
                address = site.backend.web_address
                async with aiohttp.ClientSession(address, cookie_jar=jar) as session:
                    assert "name no charging station yet" in await Browser(session).log_in()

        asyncio.run(run())

    def test_one_station(self, tmp_path: Path) -> None:
        """All that is known of it, its commands, and its last frames."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            assert "It has told no status yet." in await browser.get("/stations/WB-1")
            status = {
                "connectorId": 1,
                "status": "Faulted",
                "errorCode": "OtherError",
                "vendorErrorCode": "E7",
                "info": "<b>&amp;",
            }
            await charger.call("StatusNotification", status)
            await charger.call("StatusNotification", {**status, "connectorId": 0})
            await charger.call("DiagnosticsStatusNotification", {"status": "Uploaded"})
            do = site.backend.commands
            charger.answers["GetConfiguration"] = {"configurationKey": []}
            await do.send_local_list("WB-1")
            await do.reserve_now("WB-1", 1, "B7", START + timedelta(hours=1))
            await do.get_configuration("WB-1", ["HeartbeatInterval"])
            text = await browser.get("/stations/WB-1")
            for words in (
                "{&quot;key&quot;:[&quot;HeartbeatInterval&quot;]}",
                "ETREL INCH",
                "OtherError E7",
                "&lt;b&gt;&amp;amp;",
                "Uploaded since",
                "version 1, 2 cards, known",
                "1: B7 until 03.06.2025 09:00:00",
                "GetLocalListVersion",
                "declined",
                "SendLocalList",
            ):
                assert words in text
            assert "<b>&amp;" not in text
            for action in COMMANDS:
                assert f"/stations/WB-1/commands/{action}" in text
            frames = await browser.get("/stations/WB-1/frames")
            assert frames.startswith("<ol>")
            assert "No frame since" in await browser.get("/stations/WB-2/frames")

        play(tmp_path, scene)

    def test_what_is_not_there(self, tmp_path: Path) -> None:
        """It is told on a page, with its status."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            for path in (
                "/nothing",
                "/stations/WB-9",
                "/stations/WB-1/commands/Teleport",
                "/static/secret.toml",
            ):
                await browser.get(path)
                assert 404 == browser.status
            await browser.post("/", {})
            assert 405 == browser.status

        play(tmp_path, scene)

    def test_when_the_backend_fails(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The page says that, and not why; a database that refuses is told as what it is."""

        def refuse(*_: object) -> None:
            raise StoreError("is full", "disk", "make room")

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            monkeypatch.setattr(station_views, "station", lambda *_: 1 / 0)
            text = await browser.get("/")
            assert 500 == browser.status
            monkeypatch.setattr(station_views, "station", refuse)
            assert "is full" in await browser.get("/")
            assert 503 == browser.status
            assert "its log says why" in text
            assert "ZeroDivision" not in text

        play(tmp_path, scene)


async def an_hour(site: CommandSite, charger: ScriptedCharger) -> None:
    """Let an hour pass in which 4 kWh are charged: 08:00 to 09:00 local time."""
    for at, kwh in ((START, "10"), (START + timedelta(hours=1), "14")):
        await site.clock.advance_to(at)
        value = {"value": kwh, "unit": "kWh"}
        told = {"timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}", "sampledValue": [value]}
        await charger.call("MeterValues", {"connectorId": 1, "meterValue": [told]})


class TestEnergies:
    """Why each interval is what it is."""

    def test_a_day(self, tmp_path: Path) -> None:
        """A row and a bar for each interval, by its status, and the way to its explanation."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            await an_hour(site, charger)
            assert "/stations/WB-1/days/2025-05-27" in await browser.get("/stations/WB-1")
            text = await browser.get("/stations/WB-1/days/2025-06-03")
            assert 96 == text.count("<rect ") == text.count('data-label="Until"')
            assert {"W": 0, "E": 4, "F": 92} == {
                letter: text.count(f'class="bar-{letter}"') for letter in "WEF"
            }
            assert "4.000 kWh, 92 of 96 missing" in text
            assert "from readings further apart than the interval" in text
            assert "/stations/WB-1/days/2025-06-02" in text
            assert '<a href="/stations/WB-1/intervals/2025-06-03T06:15:00Z">08:15</a>' in text
            assert not re.search(r"<script(?! src=)|\son\w+=|style=|javascript:", text)

        play(tmp_path, scene)

    def test_days_on_which_the_clock_is_changed(self, tmp_path: Path) -> None:
        """They have 92 and 100 quarter hours, and each hour its place."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            for day, count in (("2025-03-30", 92), ("2024-10-27", 100)):
                text = await browser.get(f"/stations/WB-1/days/{day}")
                assert count == text.count("<rect ")
                assert ">12:00</text>" in text

        play(tmp_path, scene)

    def test_an_interval(self, tmp_path: Path) -> None:
        """The sentences, and the readings that were looked at."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            await an_hour(site, charger)
            text = await browser.get("/stations/WB-1/intervals/2025-06-03T06:15:00Z")
            assert "Dorfplatz: 08:00 to 08:15 on 03.06.2025" in text
            assert "<li>1.000 kWh, E: the readings around are further apart" in text
            assert '<td data-label="Register">10.000 kWh</td>' in text
            assert 'href="/stations/WB-1/days/2025-06-03"' in text
            text = await browser.get("/stations/WB-2/intervals/2025-06-03T06:15:00Z")
            assert "No reading reaches into it." in text

        play(tmp_path, scene)

    def test_what_is_no_day_and_no_instant(self, tmp_path: Path) -> None:
        """It is told; who is not logged in is told nothing."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            for path, status in (
                ("/stations/WB-1/days/yesterday", 422),
                ("/stations/WB-1/days/0001-01-01", 422),
                ("/stations/WB-9/days/2025-06-03", 404),
                ("/stations/WB-1/intervals/2025-06-03T06:15:00", 422),
                ("/stations/WB-1/intervals/noon", 422),
                ("/stations/WB-1/intervals/2026-06-03T06:15:00Z", 404),
            ):
                await browser.get(path)
                assert status == browser.status, path
            await browser.post("/logout", {"word": (await browser.get("/")) and browser.word})
            for path in ("days/2025-06-03", "intervals/2025-06-03T06:15:00Z"):
                await browser.get(f"/stations/WB-1/{path}")
                assert "/login" == browser.path

        play(tmp_path, scene)


class TestCommands:
    """Sending commands by their forms."""

    @pytest.mark.parametrize("action", COMMANDS)
    def test_every_command_has_a_form(self, tmp_path: Path, action: str) -> None:
        """With a label for each control, and the log of frames below."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            text = await browser.get(f"/stations/WB-1/commands/{action}")
            assert 200 == browser.status
            controls = re.findall(r'<(?:input|select|textarea) id="([^"]+)"', text)
            assert controls == re.findall(r'<label for="([^"]+)"', text)
            assert "Last frames" in text

        play(tmp_path, scene)

    def test_the_answer_is_shown_and_nothing_sent_again(self, tmp_path: Path) -> None:
        """Loading the page with the answer again sends nothing."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            text = await browser.send("Reset", {"type": "Soft"})
            assert '<section class="outcome good"' in text
            assert "<h2>Accepted</h2>" in text
            await browser.get(f"{browser.path}?outcome=1")
            assert "<h2>Accepted</h2>" in browser.text
            for other in ("UnlockConnector?outcome=1", "Reset?outcome=7", "Reset?outcome=x"):
                assert "outcome good" not in await browser.get(f"/stations/WB-1/commands/{other}")
            assert [("Reset", {"type": "Soft"})] == charger.asked

        play(tmp_path, scene)

    def test_answers_in_full(self, tmp_path: Path) -> None:
        """Keys as a table, what the backend chose, and whatever else was said."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            keys = [{"key": "K", "value": "V", "readonly": True}, {"key": "AuthorizationKey"}, 7]
            charger.answers["GetConfiguration"] = {"configurationKey": keys, "unknownKey": ["X"]}
            text = await browser.send("GetConfiguration", {"key": "K\nX"})
            assert "<code>V</code>" in text
            assert "unknownKey" in text
            assert {"key": ["K", "X"]} == charger.asked[-1][1]
            fields = {"connectorId": "1", "idTag": "A", "expiryDate": "2025-06-03T12:00"}
            text = await browser.send("ReserveNow", fields)
            assert "chosen by the backend" in text
            assert "2025-06-03T10:00:00Z" == charger.asked[-1][1]["expiryDate"]

        play(tmp_path, scene)

    def test_what_went_wrong(self, tmp_path: Path) -> None:
        """Each kind in a few words, with the rest below."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            async def headline(action: str, fields: dict[str, str], station: str = "WB-1") -> str:
                found = re.search(r"<h2>(.*?)</h2>", await browser.send(action, fields, station))
                assert found is not None
                return found[1]

            soft = {"type": "Soft"}
            assert "Not connected" == await headline("Reset", soft, "WB-2")
            charger.answers["Reset"] = '[4,"{id}","NotSupported","<no>",{}]'
            assert "Refused: NotSupported" == await headline("Reset", soft)
            assert "&lt;no&gt;" in browser.text
            charger.answers["Reset"] = '[3,"{id}",7]'
            assert "An answer that cannot be used" == await headline("Reset", soft)
            charger.answers["Reset"] = None
            assert "No answer" == await headline("Reset", soft)
            wrong = await headline("UnlockConnector", {"connectorId": "one"})
            assert (422, "Connector is not a whole number") == (browser.status, wrong)
            assert 'data-field="connectorId" data-rule="type"' in browser.text
            assert 'value="one"' in browser.text

        play(tmp_path, scene)

    def test_nothing_is_chosen_for_anybody(self, tmp_path: Path) -> None:
        """Neither a hard restart nor taking out of service stands there from the start."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            for action, name in (("Reset", "type"), ("ChangeAvailability", "type")):
                text = await browser.get(f"/stations/WB-1/commands/{action}")
                assert re.search(rf'<select id="{name}"[^>]* required[^>]*><option value="">', text)
                assert " selected" not in text
            text = await browser.send("Reset", {"type": ""})
            assert "<h2>Kind is missing</h2>" in text
            text = await browser.get("/stations/WB-1/commands/RemoteStartTransaction")
            assert "a card printed 77FD2AFA is FA2AFD77" in text
            assert [] == charger.asked

        play(tmp_path, scene)

    def test_a_time_that_is_not_one_instant(self, tmp_path: Path) -> None:
        """It is refused in a sentence, and nothing is sent."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            fields = {"connectorId": "1", "idTag": "A", "expiryDate": "2027-03-28T02:30"}
            assert "the clock is put forward" in await browser.send("ReserveNow", fields)
            assert 422 == browser.status
            assert [] == charger.asked

        play(tmp_path, scene)

    def test_no_secret_is_written_back(self, tmp_path: Path) -> None:
        """A form that is shown again holds neither a key nor a location with a login."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            secret = "s3cret" * 100
            for action, fields in (
                ("ChangeConfiguration", {"key": "AuthorizationKey", "value": secret}),
                ("GetDiagnostics", {"location": f"ftp://u:{secret}@h/", "retries": "-1"}),
            ):
                await browser.send(action, fields)
                assert 422 == browser.status
                assert "s3cret" not in browser.text

        play(tmp_path, scene)

    def test_one_more_row(self, tmp_path: Path) -> None:
        """The form comes back with what was filled in and one row more; nothing is sent."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            name = "csChargingProfiles.chargingSchedule.chargingSchedulePeriod"
            text = await browser.send(
                "SetChargingProfile", {"more": name, "connectorId": "7", f"{name}.0.limit": "16"}
            )
            assert 'value="7"' in text
            assert 'value="16"' in text
            assert f'id="{name}.1.limit"' in text
            assert [] == charger.asked

        play(tmp_path, scene)

    def test_only_the_last_outcomes_are_kept(self, tmp_path: Path) -> None:
        """The oldest goes."""

        async def scene(site: CommandSite, charger: ScriptedCharger, browser: Browser) -> None:
            for _ in range(21):
                await browser.send("ClearCache", {})
            path = "/stations/WB-1/commands/ClearCache"
            assert "outcome good" not in await browser.get(f"{path}?outcome=1")
            assert "outcome good" in await browser.get(f"{path}?outcome=2")

        play(tmp_path, scene)


async def in_chromium(folder: Path) -> tuple[str, list[str], list[int], str]:
    """Let an operator log in and restart an emulated charger; give what he saw."""
    from playwright.async_api import async_playwright

    problems: list[str] = []
    widths: list[int] = []
    async with CommandSite(folder, SETTINGS + WEB) as site, async_playwright() as driver:
        charger = ChargerInch("WB-1", site.clock, Wiretap(site.clock), random.Random(1))
        await charger.connect(site.backend.address)
        chromium = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await chromium.new_page(viewport={"width": 360, "height": 780})
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))

        async def overflow() -> None:
            widths.append(await page.evaluate("document.documentElement.scrollWidth"))

        await page.goto(site.backend.web_address)
        await page.get_by_label("Token").fill(TOKEN)
        await page.get_by_role("button", name="Log in").click()
        await overflow()
        await page.get_by_role("link", name="Dorfplatz").click()
        await overflow()
        await page.get_by_role("link", name="Restart").click()
        await page.get_by_label("Kind").select_option("Soft")
        await page.get_by_role("button", name="Send to Dorfplatz").click()
        outcome = await page.get_by_role("status").inner_text()
        await overflow()
        before = await page.locator(".frames li").count()
        await site.clock.advance_to(START + timedelta(seconds=30))  # it restarts
        await page.locator(".frames li").nth(before).wait_for()
        newest = await page.locator(".frames li").first.inner_text()
        await chromium.close()
        await charger.close()
    return outcome, problems, widths, newest


@NEEDS_CHROMIUM
def test_an_operator_restarts_a_charger_in_a_browser(tmp_path: Path) -> None:
    """He logs in on a phone, sends Reset, sees Accepted, and the log of frames stays fresh."""
    outcome, problems, widths, newest = asyncio.run(in_chromium(tmp_path))

    assert outcome.startswith("Accepted")
    assert [] == problems
    assert {360} == set(widths)
    assert "03.06.2025 08:00:1" in newest


async def a_day_in_chromium(folder: Path) -> tuple[str, int, list[str], list[int]]:
    """Let an operator look up an interval on a phone; give what he saw."""
    from playwright.async_api import async_playwright

    problems: list[str] = []
    widths: list[int] = []
    async with (
        CommandSite(folder, SETTINGS + WEB) as site,
        site.charger() as charger,
        async_playwright() as driver,
    ):
        await an_hour(site, charger)
        chromium = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await chromium.new_page(viewport={"width": 360, "height": 780})
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        await page.goto(site.backend.web_address)
        await page.get_by_label("Token").fill(TOKEN)
        await page.get_by_role("button", name="Log in").click()
        await page.get_by_role("link", name="Dorfplatz").click()
        await page.get_by_role("link", name="03.06.2025").click()
        widths.append(await page.evaluate("document.documentElement.scrollWidth"))
        box = await page.locator("rect.bar-E").nth(1).bounding_box()
        await page.get_by_role("link", name="08:30", exact=True).click()
        told = await page.locator(".told li").first.inner_text()
        widths.append(await page.evaluate("document.documentElement.scrollWidth"))
        await chromium.close()
    return told, 0 if box is None else int(box["height"]), problems, widths


@NEEDS_CHROMIUM
def test_an_operator_looks_up_an_interval_in_a_browser(tmp_path: Path) -> None:
    """From the station to a day, from its bars to the sentence of one of them."""
    told, height, problems, widths = asyncio.run(a_day_in_chromium(tmp_path))

    assert told.startswith("1.000 kWh, E: the readings around are further apart")
    assert height > 20
    assert [] == problems
    assert {360} == set(widths)
