"""Files and receipts on the operator's page and over the API (DLV-08)."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from support.command_site import START, TOKEN, WEB, CommandSite
from support.export_settings import SETTINGS
from support.shelf import Shelf

from backend import app
from backend.adapters.ledger import Receipt
from backend.errors import Unreachable
from backend.web import pages

TEXT = f'{SETTINGS}at = "00:30"\n{WEB}'
NAME = "ISE_daily_20250603_20250603_20250603223000_1.csv"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


class Visitor:
    """Somebody who may come in."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def enter(self) -> None:
        """Log in; it lasts for hours of the clock."""
        async with self._session.post("/login", data={"token": TOKEN}):
            pass

    async def get(self, path: str, **options: Any) -> tuple[int, str, str]:
        """Give status, type and text."""
        async with self._session.get(path, **options) as answer:
            return answer.status, answer.content_type, await answer.text()

    async def json(self, path: str) -> tuple[int, Any]:
        """Give status and JSON of the API."""
        status, _, text = await self.get(path, headers=BEARER)
        return status, json.loads(text)


Scene = Callable[[CommandSite, Shelf, Visitor], Awaitable[None]]


@pytest.fixture(name="play")
def _play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Scene], None]:
    shelf = Shelf()
    monkeypatch.setattr(app, "Roads", lambda *_: shelf)

    def play(scene: Scene) -> None:
        async def run() -> None:
            jar = aiohttp.CookieJar(unsafe=True)
            async with (
                CommandSite(tmp_path, TEXT) as site,
                aiohttp.ClientSession(site.backend.web_address, cookie_jar=jar) as session,
            ):
                await scene(site, shelf, Visitor(session))

        asyncio.run(run())

    return play


def test_a_file_on_its_way_and_there(play: Callable[[Scene], None]) -> None:
    """Why it has not arrived is told, and then its receipt; its bytes can be fetched."""

    async def scene(site: CommandSite, shelf: Shelf, visitor: Visitor) -> None:
        shelf.failing = [Unreachable("nothing listens there", "EDM", "start it")]
        await site.clock.advance_to(START + timedelta(hours=16, minutes=30, seconds=5))
        await visitor.enter()
        status, _, page = await visitor.get("/files")
        assert 200 == status
        assert "nothing listens there" in page
        assert "Nothing of the kind has arrived." in page
        await site.clock.advance_to(START + timedelta(hours=20))
        _, _, page = await visitor.get("/files")
        assert "Every file has arrived." in page
        assert f'<a href="/files/{NAME}">{NAME}</a>' in page
        assert ">03.06.2025</td>" in page
        status, kind, content = await visitor.get(f"/files/{NAME}")
        assert (200, "application/octet-stream") == (status, kind)
        assert shelf.files[NAME] == content.encode()
        status, _, page = await visitor.get("/files/nothing.csv")
        assert 404 == status

    play(scene)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 2),
        ("text=20250604_", 1),
        ("text=SFTP.EXAMPLE", 2),
        ("text=%25", 0),
        ("day=2025-06-03", 1),
        ("day=2025-06-02", 0),
        ("text=daily&day=2025-06-04", 1),
    ],
)
def test_receipts_are_searched(play: Callable[[Scene], None], query: str, count: int) -> None:
    """By a part of name, server or hash, and by a day that the file tells of."""

    async def scene(site: CommandSite, shelf: Shelf, visitor: Visitor) -> None:
        await site.clock.advance_to(START + timedelta(days=1, hours=20))
        assert 2 == len(shelf.files)
        await visitor.enter()
        status, found = await visitor.json(f"/api/receipts?{query}")
        assert (200, count) == (status, len(found))
        _, kind, text = await visitor.get(f"/receipts.csv?{query}")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert ("text/csv", count) == (kind, len(rows))
        for one, row in zip(found, rows, strict=True):
            content = shelf.files[one["name"]]
            assert hashlib.sha256(content).hexdigest() == one["sha256"] == row["sha256"]
            assert (len(content), 96, 1) == (one["size"], one["rows"], one["tries"])
        _, _, page = await visitor.get(f"/files?{query}")
        assert count == page.count("/files/ISE_")

    play(scene)


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        ("2025-06-02T22:00", "2025-06-03T22:00", "03.06.2025"),
        ("2025-10-25T22:00", "2025-10-26T23:00", "26.10.2025"),
        ("2025-06-02T22:00", "2025-06-05T22:00", "03.06.2025 – 05.06.2025"),
        ("2025-06-02T22:15", "2025-06-02T22:30", "03.06.2025 00:15 – 03.06.2025 00:30"),
        (None, None, ""),
    ],
)
def test_what_a_file_tells_of(first: str | None, last: str | None, told: str) -> None:
    """Days where they are whole, else times."""
    start, end = (
        None if one is None else datetime.fromisoformat(f"{one}+00:00") for one in (first, last)
    )
    receipt = Receipt("", "", "", 0, None, 0, start, end, START, START, 1, already_there=False)
    assert told == pages._span(receipt)


@pytest.mark.parametrize("query", ["day=gestern", f"text={'x' * 201}", "limit=0", "who=me"])
def test_what_cannot_be_searched(play: Callable[[Scene], None], query: str) -> None:
    """It is refused, with the parameter."""

    async def scene(site: CommandSite, shelf: Shelf, visitor: Visitor) -> None:
        status, problem = await visitor.json(f"/api/receipts?{query}")
        assert (422, query.split("=")[0]) == (status, problem["field"])

    play(scene)
