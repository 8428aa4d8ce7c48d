"""The operator's page of meters."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import aiohttp
from support.command_site import START, TOKEN, WEB, CommandSite

SETTINGS = """
[backend]
port = 0
database = "backend.sqlite"
[[account]]
name = "Stadtwerke"
[[station]]
account = "Stadtwerke"
identity = "WB-1"
[[gateway]]
account = "Stadtwerke"
name = "Technikraum"
serial = "IS001093"
way = "rest"
host = "127.0.0.1"
port = 1
[[meter]]
account = "Stadtwerke"
name = "Dach <Süd>"
[[meter]]
account = "Stadtwerke"
name = "Haus"
[meter.gateway]
name = "Technikraum"
serial = "W4124940"
"""


def test_meters_are_listed_with_what_is_wrong(tmp_path: Path) -> None:
    """Where each is read, what it showed last and when, and why it cannot be read."""

    async def run() -> str:
        jar = aiohttp.CookieJar(unsafe=True)
        async with (
            CommandSite(tmp_path, SETTINGS + WEB) as site,
            aiohttp.ClientSession(site.backend.web_address, cookie_jar=jar) as session,
        ):
            told = [{"instant": f"{START:%Y-%m-%dT%H:%M:%SZ}", "register": "12.5", "unit": "kWh"}]
            await site.backend.keep_readings("Dach <Süd>", told, "[]")
            await site.clock.advance_to(START + timedelta(minutes=1))
            async with session.post("/login", data={"token": TOKEN}):
                pass
            async with session.get("/meters") as answer:
                assert 200 == answer.status
                return await answer.text()

    page = asyncio.run(run())
    sent, read = re.findall(r"<tr>(.+?)</tr>", page.partition("<tbody>")[2], re.DOTALL)
    for cell in ("Dach &lt;Süd&gt;", "the API", "12.5 kWh", f"{START:%d.%m.%Y} 08:00:00"):
        assert f">{cell}<" in sent
    assert ">Technikraum, W4124940<" in read
    assert "http://127.0.0.1:1 cannot be reached" in read
    assert 1 == page.count('class="bad"')
