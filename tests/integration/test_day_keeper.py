"""Days that are over, kept by a whole backend before their files are made."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from support.export_settings import SETTINGS
from support.shelf import Shelf
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from backend import Backend, Settings
from backend.adapters import day_keeper, plain_series
from backend.core.days import day_bounds, day_grid
from backend.core.formats.ise_timeseries_csv import Layout, Row, read
from backend.core.intervals import Status
from simulators.clock import VirtualClock

FIRST = date(2025, 6, 4)
DAY, QUARTER = timedelta(days=1), timedelta(minutes=15)
BEFORE = datetime(2025, 6, 3, 12, tzinfo=UTC)


class Site:
    """A backend on a virtual clock, and a charger that reports on every quarter hour."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "backend.sqlite"
        self.clock = VirtualClock(BEFORE)
        self.shelf = Shelf()
        settings = Settings.from_toml(f'{SETTINGS}at = "00:30"\n', {}, folder=folder)
        self.backend = Backend(settings, self.clock, drop=self.shelf)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the backend."""
        await self.backend.start()
        try:
            yield
        finally:
            await self.backend.stop()

    async def report(self, instants: Iterable[datetime]) -> None:
        """Have the charger say its register of some instants, 100 Wh more each quarter hour."""
        address = f"{self.backend.address}/WB-1"
        subprotocols = [Subprotocol("ocpp1.6")]
        values = [
            {
                "timestamp": at.isoformat(),
                "sampledValue": [{"value": str((at - BEFORE) // QUARTER * 100), "unit": "Wh"}],
            }
            for at in instants
        ]
        async with connect(
            address, subprotocols=subprotocols, compression=None, proxy=None
        ) as line:
            payload = {"connectorId": 1, "meterValue": values}
            await line.send(json.dumps([2, "1", "MeterValues", payload]))
            assert [3, "1", {}] == json.loads(await line.recv())
        while (await self.backend.station_view("WB-1")).connected:
            pass

    def kept(self) -> list[tuple[int, bool]]:
        """Give the days that are kept, counted from the first, and whether they are plain."""
        query = "SELECT start_at, registers FROM plain_day ORDER BY start_at"
        with closing(sqlite3.connect(self.database)) as connection:
            rows = connection.execute(query).fetchall()
        first = day_bounds(FIRST)[0].timestamp()
        return [(round((at / 1e6 - first) / 86_400), plain is not None) for at, plain in rows]

    def rows_of(self, day: date) -> list[Row]:
        """Read the newest file of a day."""
        found = [
            read(content, Layout())
            for name, content in sorted(self.shelf.files.items())
            if f"_{day:%Y%m%d}" in name
        ]
        return found[-1]


async def _three_days(site: Site, *, without: int = -1) -> None:
    """Let the charger report three days, each in its evening, but for one quarter hour."""
    for number in range(3):
        day = FIRST + number * DAY
        grid = day_grid(day, 15)
        await site.clock.advance_to(grid[-1] + timedelta(seconds=5))
        await site.report(at for place, at in enumerate(grid) if (number, place) != (1, without))
    await site.clock.advance_to(grid[-1] + timedelta(hours=1))


def test_days_are_kept_before_their_files(tmp_path: Path) -> None:
    """Three minutes after midnight the day is kept; its file and its registers are right."""

    async def run() -> None:
        site = Site(tmp_path)
        async with site.running():
            await _three_days(site)
            rows = site.rows_of(FIRST + DAY)
        # The day before the first was never told: it is known not to be plain.
        assert [(-1, False), (0, True), (1, True), (2, True)] == site.kept()[-4:]
        assert {Decimal("0.100")} == {row.energy_kwh for row in rows}
        assert {Status.TRUE} == {row.status for row in rows}
        assert 96 == len(rows)

    asyncio.run(run())


def test_a_late_value_takes_its_day_away(tmp_path: Path) -> None:
    """What was kept as not plain is looked at again when what lacked has come."""

    async def run() -> None:
        site = Site(tmp_path)
        async with site.running():
            await _three_days(site, without=48)
            assert [(0, True), (1, False), (2, True)] == site.kept()[-3:]
            estimated = [row for row in site.rows_of(FIRST + DAY) if row.status != Status.TRUE]
            assert 2 == len(estimated)

            await site.report([day_grid(FIRST + DAY, 15)[48]])
            assert [(0, True), (2, True)] == site.kept()[-2:]
            await site.clock.advance_to(site.clock.now() + timedelta(hours=1))
            told = site.rows_of(FIRST + DAY)
            assert {Status.TRUE} == {row.status for row in told}
            await site.clock.advance_to(day_bounds(FIRST + 3 * DAY)[1] + timedelta(minutes=5))
            assert (1, True) not in site.kept()

    asyncio.run(run())


def test_files_come_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where days cannot be kept, files are the same, and the log says so."""

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("no")

    async def run() -> dict[str, bytes]:
        site = Site(tmp_path)
        async with site.running():
            await _three_days(site)
        return site.shelf.files

    files = asyncio.run(run())
    (tmp_path / "backend.sqlite").unlink()
    monkeypatch.setattr(plain_series, "keep_days", refuse)
    assert files == asyncio.run(run())
    assert "days that are over cannot be kept" in caplog.text


def test_old_days_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the latest ones lie there; the rows they come from stay."""
    monkeypatch.setattr(day_keeper, "KEPT_DAYS", 2)

    async def run() -> None:
        site = Site(tmp_path)
        async with site.running():
            await _three_days(site)
            assert [(1, True), (2, True)] == site.kept()

    asyncio.run(run())
