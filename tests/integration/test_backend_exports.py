"""Exports of a whole backend on a virtual clock, with a drop that does as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from support.export_settings import CODE, KEY
from support.export_settings import SETTINGS as EXPORT_SETTINGS
from support.shelf import Shelf
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from backend import Backend, Settings
from backend.adapters import files, ledger
from backend.core.formats.ise_timeseries_csv import Layout, Row, read
from backend.core.intervals import Status
from backend.errors import (
    HostKeyChanged,
    LayoutError,
    LoginRefused,
    SettingsError,
    StoreError,
    Unreachable,
)
from simulators.clock import VirtualClock

START = datetime(2025, 6, 3, 4, 0, tzinfo=UTC)  # 06:00 in Zurich
DUE = datetime(2025, 6, 3, 22, 30, tzinfo=UTC)  # 00:30 of the next day
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SETTINGS = f'{EXPORT_SETTINGS}at = "00:30"\n'


class Site:
    """Backends one after the other on one clock, one database and one drop."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = VirtualClock(START)
        self.shelf = Shelf()

    @asynccontextmanager
    async def backend(self, *changes: tuple[str, str]) -> AsyncIterator[Backend]:
        """Run a backend with the settings above, changed."""
        text = SETTINGS
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        settings = Settings.from_toml(text, {}, folder=self.folder)
        backend = Backend(settings, self.clock, drop=self.shelf)
        await backend.start()
        try:
            yield backend
        finally:
            await backend.stop()
        assert () == self.clock.held_by

    async def until(self, instant: datetime) -> None:
        """Let time pass."""
        await self.clock.advance_to(instant)

    def rows(self, name: str) -> list[Row]:
        """Read a file that has arrived."""
        return read(self.shelf.files[name], Layout())


async def report(
    backend: Backend, *registers: tuple[datetime, int], identity: str = "WB-1"
) -> None:
    """Connect as a charger and report registers in Wh."""
    address = f"{backend.address}/{identity}"
    subprotocols = [Subprotocol("ocpp1.6")]
    async with connect(address, subprotocols=subprotocols, compression=None, proxy=None) as line:
        for number, (at, wh) in enumerate(registers):
            sample = {"value": str(wh), "unit": "Wh"}
            value = {"timestamp": at.isoformat(), "sampledValue": [sample]}
            payload = {"connectorId": 1, "meterValue": [value]}
            await line.send(json.dumps([2, str(number), "MeterValues", payload]))
            assert [3, str(number), {}] == json.loads(await line.recv())
    # Time must not pass before the backend knows that the line is gone.
    while (await backend.station_view(identity)).connected:
        pass


Scene = Callable[[Site], Awaitable[None]]


@pytest.fixture(name="play")
def _play(tmp_path: Path) -> Callable[[Scene], None]:
    def play(scene: Scene) -> None:
        async def run() -> None:
            await scene(Site(tmp_path))

        asyncio.run(run())

    return play


Play = Callable[[Scene], None]


class TestDaily:
    """The file of a day is made and delivered when it is due."""

    def test_a_day_is_delivered(self, play: Play) -> None:
        """At the task's time the day before goes out whole, with a receipt; not before."""

        async def scene(site: Site) -> None:
            async with site.backend() as backend:
                at = datetime(2025, 6, 3, 12, 0, tzinfo=UTC)
                await site.until(at + timedelta(minutes=15))
                await report(backend, (at, 1000), (at + timedelta(minutes=15), 3000))
                await site.until(DUE - timedelta(seconds=1))
                assert {} == site.shelf.files
                await site.until(DUE)
                (name,) = site.shelf.files
                assert "ISE_daily_20250603_20250603_20250603223000_1.csv" == name
                rows = site.rows(name)
                assert 96 == len(rows)
                assert {CODE} == {row.code for row in rows}
                energies = {row.end: row.energy_kwh for row in rows if row.status == Status.TRUE}
                assert {at + timedelta(minutes=15): Decimal("2.000")} == energies
                (view,) = await backend.deliveries()
                assert ("delivered", 1, DUE) == (view.state, view.tries, view.delivered_at)
                (receipt,) = await backend.receipts()
                assert (name, 96, view.sha256) == (receipt.name, receipt.rows, receipt.sha256)
                assert "sftp://sftp.example.ch:22" == receipt.server
                day = datetime(2025, 6, 2, 22, 0, tzinfo=UTC)
                assert (day, day + DAY) == (receipt.first, receipt.last)

        play(scene)

    def test_each_day_once(self, play: Play) -> None:
        """Every day goes out once, however often it is swept and the backend starts again."""

        async def scene(site: Site) -> None:
            for day in range(3):
                async with site.backend() as backend:
                    await site.until(DUE + day * DAY)
                    await backend.sweep()
                    await backend.sweep()
            assert 3 == len(site.shelf.tries) == len(site.shelf.files)

        play(scene)

    def test_after_an_outage_every_day_follows(self, play: Play) -> None:
        """A backend that was away catches up day by day, in order."""

        async def scene(site: Site) -> None:
            async with site.backend():
                pass
            await site.until(DUE + 3 * DAY + timedelta(hours=5))
            async with site.backend():
                await site.until(site.clock.now())
            days = [name.split("_")[2] for name in site.shelf.files]
            assert ["20250603", "20250604", "20250605", "20250606"] == days

        play(scene)

    def test_boundaries_are_known_from_beyond_the_day(self, play: Play) -> None:
        """Readings before and after a day count for its first and last interval."""

        async def scene(site: Site) -> None:
            midnight = datetime(2025, 6, 3, 22, 0, tzinfo=UTC)
            async with site.backend() as backend:
                half = timedelta(minutes=7, seconds=30)
                instants = (
                    midnight - 3 * half,
                    midnight - half,
                    midnight + half,
                    midnight + 3 * half,
                )
                await site.until(instants[-1])
                await report(backend, *zip(instants, (1000, 3000, 5000, 7000), strict=True))
                await site.until(DUE + DAY)
            first, second = map(site.rows, site.shelf.files)
            assert (Decimal("2.000"), Status.TRUE) == (first[-1].energy_kwh, first[-1].status)
            assert (Decimal("2.000"), Status.TRUE) == (second[0].energy_kwh, second[0].status)

        play(scene)

    def test_a_station_of_two_connectors_is_their_sum(self, play: Play) -> None:
        """The energies of a station's connectors are added up; the worst status wins."""

        async def scene(site: Site) -> None:
            async with site.backend() as backend:
                at = datetime(2025, 6, 3, 12, 0, tzinfo=UTC)
                later = at + timedelta(minutes=15)
                await site.until(later)
                async with connect(
                    f"{backend.address}/WB-1", subprotocols=[Subprotocol("ocpp1.6")], proxy=None
                ) as line:
                    for connector in (1, 2):
                        values = [
                            {"timestamp": at.isoformat(), "sampledValue": [{"value": "1000"}]},
                            {"timestamp": later.isoformat(), "sampledValue": [{"value": "3000"}]},
                        ]
                        payload = {"connectorId": connector, "meterValue": values}
                        await line.send(json.dumps([2, str(connector), "MeterValues", payload]))
                        await line.recv()
                (interval,) = await backend.intervals("WB-1", at, later)
                assert (Decimal("4.000"), Status.TRUE) == (interval.energy_kwh, interval.status)
                assert [] == await backend.intervals("WB-1", at, at)

        play(scene)


class TestActivation:
    """Who is in a file, and who exports at all."""

    def test_an_account_that_is_not_activated(
        self, play: Play, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Without ise = true nothing is exported, and it is said; afterwards it begins."""

        async def scene(site: Site) -> None:
            async with site.backend(("ise = true", "ise = false")) as backend:
                await site.until(DUE + DAY)
                with pytest.raises(SettingsError, match="not activated for the account"):
                    await backend.export_now("daily", date(2025, 6, 3), date(2025, 6, 3))
                assert [] == await backend.deliveries()
            async with site.backend():
                await site.until(DUE + 2 * DAY)
            assert ["20250605"] == [name.split("_")[2] for name in site.shelf.files]

        play(scene)
        assert "task 'daily' exports nothing" in caplog.text

    def test_stations_that_are_not_activated(self, play: Play) -> None:
        """A task none of whose stations is activated exports nothing."""

        async def scene(site: Site) -> None:
            change = ('destination = "EDM"', 'destination = "EDM"\nstations = ["WB-2"]')
            async with site.backend(change) as backend:
                await report(backend, (START, 5), identity="WB-2")
                await site.until(DUE)
                with pytest.raises(SettingsError, match="none of its sources is activated"):
                    await backend.export_now("daily", date(2025, 6, 3), date(2025, 6, 3))
            assert {} == site.shelf.files

        play(scene)


class TestNow:
    """Exports that a person asks for."""

    def test_a_period_is_exported_now(self, play: Play) -> None:
        """Several days go out in one file, each time as a new revision."""

        async def scene(site: Site) -> None:
            async with site.backend(('at = "00:30"', 'schedule = "now"')) as one:
                await site.until(START + 3 * DAY)
                for _ in range(2):
                    await one.export_now("daily", date(2025, 6, 3), date(2025, 6, 4))
                    await site.until(site.clock.now() + timedelta(seconds=1))
                assert [1, 2] == [view.revision for view in await one.deliveries()]
            first, second = site.shelf.files
            assert first != second
            assert 192 == len(site.rows(first)) == len(site.rows(second))

        play(scene)

    def test_a_day_that_was_asked_for_is_still_due(self, play: Play) -> None:
        """A day exported by hand goes out again when it is due, as its next revision."""

        async def scene(site: Site) -> None:
            async with site.backend() as backend:
                await site.until(START)
                await backend.export_now("daily", date(2025, 6, 3), date(2025, 6, 3))
                await site.until(DUE)
            assert ["1.csv", "2.csv"] == [name.split("_")[-1] for name in site.shelf.files]

        play(scene)

    def test_wrong_wishes(self, play: Play) -> None:
        """A task that is not there and days in the wrong order are told."""

        async def scene(site: Site) -> None:
            async with site.backend() as backend:
                with pytest.raises(SettingsError, match="is no task"):
                    await backend.export_now("weekly", date(2025, 6, 3), date(2025, 6, 3))
                with pytest.raises(SettingsError, match="before it begins"):
                    await backend.export_now("daily", date(2025, 6, 4), date(2025, 6, 3))
                with pytest.raises(SettingsError, match="is no station"):
                    await backend.sessions("WB-3")

        play(scene)


def unreachable() -> Unreachable:
    """Give an error as a dead server does."""
    return Unreachable("does not answer", "sftp.example.ch", "look after it")


class TestCorrections:
    """What is known otherwise than it was told goes out again."""

    AT = datetime(2025, 6, 3, 12, 0, tzinfo=UTC)

    async def late(self, site: Site, backend: Backend) -> None:
        """Deliver a day, then tell of it what was not known."""
        await site.until(self.AT + HOUR)
        await report(backend, (self.AT, 1000), (self.AT + HOUR, 5000))
        await site.until(DUE + HOUR)
        await report(backend, (self.AT + HOUR / 2, 4000))

    def energies(self, site: Site, name: str) -> dict[datetime, tuple[Decimal | None, str]]:
        """Read a correction, whose rows do not tell how long their intervals are."""
        rows = read(site.shelf.files[name], Layout(), 15)
        return {row.end: (row.energy_kwh, row.status) for row in rows}

    def test_a_late_reading(self, play: Play) -> None:
        """Within the hour it is delivered as the next revision, and only what changed."""

        async def scene(site: Site) -> None:
            async with site.backend() as backend:
                await self.late(site, backend)
                await site.until(DUE + timedelta(hours=2))
            first, second = site.shelf.files
            assert "ISE_daily_20250603_20250603_20250603235000_2.csv" == second
            assert first < second
            quarter = timedelta(minutes=15)
            assert {
                self.AT + quarter: (Decimal("1.500"), "E"),
                self.AT + 2 * quarter: (Decimal("1.500"), "E"),
                self.AT + 3 * quarter: (Decimal("0.500"), "E"),
                self.AT + 4 * quarter: (Decimal("0.500"), "E"),
            } == self.energies(site, second)

        play(scene)

    def test_a_backend_that_ends_in_between(self, play: Play) -> None:
        """What was late is corrected by the next one, once."""

        async def scene(site: Site) -> None:
            async with site.backend() as backend:
                await self.late(site, backend)
            for _ in range(2):
                async with site.backend():
                    await site.until(site.clock.now() + timedelta(hours=2))
            assert 2 == len(site.shelf.files)

        play(scene)

    def test_a_correction_that_cannot_be_kept(
        self, play: Play, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Nothing is forgotten: it is made at the next look."""

        def refuse(*arguments: object, **options: object) -> bytes:
            raise LayoutError("cannot be written", "row 1", "choose another separator")

        async def scene(site: Site) -> None:
            async with site.backend() as backend:
                await self.late(site, backend)
                with monkeypatch.context() as patch:
                    patch.setattr(files, "write_some", refuse)
                    await site.until(DUE + timedelta(hours=2))
                assert 1 == len(site.shelf.files)
                await site.until(DUE + timedelta(hours=3))
            assert 2 == len(site.shelf.files)

        play(scene)
        assert "daily cannot be corrected: row 1: cannot be written" in caplog.text

    @pytest.mark.parametrize(("extent", "rows"), [("changed", 4), ("series", 96), ("off", None)])
    def test_how_much_is_told(self, play: Play, extent: str, rows: int | None) -> None:
        """The changed intervals, the day of the charger, or nothing."""

        async def scene(site: Site) -> None:
            change = ('at = "00:30"', f'at = "00:30"\ncorrections = "{extent}"')
            async with site.backend(change) as backend:
                await self.late(site, backend)
                await site.until(DUE + timedelta(hours=3))
            told = [len(read(each, Layout(), 15)) for each in site.shelf.files.values()]
            assert told[1:] == ([] if rows is None else [rows])

        play(scene)

    def test_what_a_person_asked_for_is_not_told_again(self, play: Play) -> None:
        """The utility holds it already, from the file that was asked for."""

        async def scene(site: Site) -> None:
            async with site.backend() as backend:
                await self.late(site, backend)
                await backend.export_now("daily", date(2025, 6, 2), date(2025, 6, 3))
                await site.until(DUE + timedelta(hours=3))
            assert 2 == len(site.shelf.files)

        play(scene)

    @pytest.mark.parametrize(
        "change",
        [
            ('at = "00:30"', 'at = "00:30"\ncorrections = "off"'),
            ("ise = true", "ise = false"),
        ],
        ids=["off", "not activated"],
    )
    def test_what_came_while_nobody_looked(self, play: Play, change: tuple[str, str]) -> None:
        """It is corrected as soon as the task looks again."""

        async def scene(site: Site) -> None:
            async with site.backend():
                await site.until(DUE)
            async with site.backend(change) as backend:
                await self.late(site, backend)
                await site.until(DUE + 3 * HOUR)
                assert 1 == len(site.shelf.files)
            async with site.backend():
                await site.until(DUE + 4 * HOUR)
            assert 2 == len(site.shelf.files)

        play(scene)

    def test_another_interval(self, play: Play) -> None:
        """What was told in quarters is not compared with hours: that would count it twice."""

        async def scene(site: Site) -> None:
            async with site.backend() as backend:
                await self.late(site, backend)
            code = f'metering_code = "{CODE}"'
            async with site.backend((code, f"{code}\ninterval = 60")):
                await site.until(DUE + 3 * HOUR)
            assert 1 == len(site.shelf.files)

        play(scene)

    def test_a_day_that_only_a_person_asked_for(self, play: Play) -> None:
        """It is corrected as well, by itself, and only as far as it was told."""

        async def scene(site: Site) -> None:
            async with site.backend(('at = "00:30"', 'at = "23:30"')) as backend:
                await site.until(self.AT)
                await report(backend, (self.AT - HOUR, 1000), (self.AT, 2000))
                await backend.export_now("daily", date(2025, 6, 3), date(2025, 6, 3))
                await site.until(self.AT + HOUR)
                await report(backend, (self.AT - HOUR / 2, 2000), (self.AT + HOUR, 9000))
                await site.until(self.AT + 2 * HOUR)
            _, second = site.shelf.files
            quarters = [self.AT - HOUR + n * timedelta(minutes=15) for n in (1, 2, 3, 4)]
            energies = [Decimal(each) for each in ("0.500", "0.500", "0.000", "0.000")]
            told = self.energies(site, second)
            assert quarters == list(told)
            assert energies == [energy for energy, _ in told.values()]

        play(scene)


class TestNames:
    """The receiver takes the newest file by its name."""

    def test_days_of_one_second_have_names_of_their_own(self, play: Play) -> None:
        """Also where the pattern of names does not tell the day."""

        async def scene(site: Site) -> None:
            changes = (
                ('name = "ePonet"', 'name = "ePonet"\nname_pattern = "{created}.csv"'),
                ('at = "00:30"', 'at = "00:30"\nstart = 2025-05-30'),
            )
            async with site.backend(*changes):
                await site.until(DUE)
            names = list(site.shelf.files)
            assert 5 == len(set(names))
            assert sorted(names) == names

        play(scene)

    def test_two_tasks_of_one_second_do_not_share_a_name(self, play: Play) -> None:
        """The second one's is a second later."""

        async def scene(site: Site) -> None:
            task = SETTINGS[SETTINGS.index("[[task]]") :]
            changes = (
                ('name = "ePonet"', 'name = "ePonet"\nname_pattern = "{created}.csv"'),
                (task, task + task.replace('name = "daily"', 'name = "again"')),
            )
            async with site.backend(*changes):
                await site.until(DUE)
            assert ["20250603223000.csv", "20250603223001.csv"] == list(site.shelf.files)

        play(scene)

    def test_they_rise_over_all_tasks(self, play: Play) -> None:
        """The receiver knows metering points, not tasks."""

        async def scene(site: Site) -> None:
            task = SETTINGS[SETTINGS.index("[[task]]") :]
            by_hand = task.replace('name = "daily"', 'name = "hand"').replace(
                'at = "00:30"', 'schedule = "now"'
            )
            early = task.replace('at = "00:30"', 'at = "00:30"\nstart = 2025-05-20')
            async with site.backend((task, early + by_hand)) as backend:
                await site.until(DUE)
                await backend.export_now("hand", date(2025, 6, 3), date(2025, 6, 3))
            created = [name.split("_")[4] for name in site.shelf.files]
            assert 16 == len(created)
            assert sorted(set(created)) == created

        play(scene)

    def test_a_clock_that_is_set_back(self, play: Play) -> None:
        """What is made then still bears a later name than what was made before."""

        async def scene(site: Site) -> None:
            async with site.backend() as backend:
                await site.until(DUE)
                site.clock = VirtualClock(DUE - HOUR)
            async with site.backend() as backend:
                await backend.export_now("daily", date(2025, 6, 2), date(2025, 6, 3))
            first, second = site.shelf.files
            assert first.split("_")[4] < second.split("_")[4]

        play(scene)


class TestFailures:
    """A delivery that fails is tried again, with the same bytes under the same name."""

    def test_pauses_grow(self, play: Play) -> None:
        """Tries follow after 1, 2, 5, 15, 30, 60 and again 60 minutes, without end."""

        async def scene(site: Site) -> None:
            site.shelf.failing = [unreachable() for _ in range(8)]
            minutes = (0, 1, 2, 5, 15, 30, 60, 60, 60)
            async with site.backend() as backend:
                at = DUE
                for tries, pause in enumerate(minutes, 1):
                    at += timedelta(minutes=pause)
                    await site.until(at - timedelta(seconds=1))
                    assert tries - 1 == len(site.shelf.tries)
                    await site.until(at)
                    assert tries == len(site.shelf.tries)
                (view,) = await backend.deliveries()
                assert ("delivered", 9, None) == (view.state, view.tries, view.error)
            assert 1 == len(set(site.shelf.tries))

        play(scene)

    def test_the_status_tells_the_cause(self, play: Play) -> None:
        """While it waits, a delivery shows its cause, its sentence and its next try."""

        async def scene(site: Site) -> None:
            site.shelf.failing = [unreachable()]
            async with site.backend() as backend:
                await site.until(DUE)
                (view,) = await backend.deliveries()
                assert ("waiting", 1, "unreachable") == (view.state, view.tries, view.cause)
                assert "sftp.example.ch: does not answer; look after it" == view.error
                assert DUE + timedelta(minutes=1) == view.next_try_at
                assert [] == await backend.receipts()

        play(scene)

    def test_later_files_wait_for_earlier_ones(self, play: Play) -> None:
        """Files of a task go in order, also where the first takes days to arrive."""

        async def scene(site: Site) -> None:
            site.shelf.failing = [unreachable() for _ in range(30)]
            async with site.backend() as backend:
                await site.until(DUE + DAY + timedelta(hours=1))
                assert 1 == len({name for name, _ in site.shelf.tries})
                assert ["waiting", "waiting"] == [v.state for v in await backend.deliveries()]
                await site.until(DUE + 2 * DAY)
            days = [name.split("_")[2] for name in site.shelf.files]
            assert ["20250603", "20250604", "20250605"] == days

        play(scene)

    def test_a_restart_keeps_name_and_bytes(self, play: Play) -> None:
        """What was made before a restart is sent after it, unchanged, when its time comes."""

        async def scene(site: Site) -> None:
            site.shelf.failing = [unreachable()]
            async with site.backend() as backend:
                await site.until(DUE)
                await report(backend, (START, 1000))
            async with site.backend():
                await site.until(DUE + timedelta(seconds=59))
                assert 1 == len(site.shelf.tries)
                await site.until(DUE + timedelta(minutes=1))
            assert 2 == len(site.shelf.tries)
            assert 1 == len(set(site.shelf.tries)) == len(site.shelf.files)

        play(scene)

    def test_a_changed_host_key_stops_the_task(self, play: Play) -> None:
        """Another host key stops its task, over restarts, until the settings have it."""

        async def scene(site: Site) -> None:
            site.shelf.failing = [HostKeyChanged("shows another key", "EDM", "ask the utility")]
            for _ in range(2):
                async with site.backend() as backend:
                    await site.until(DUE + DAY)
                    state = [view.state for view in await backend.deliveries()]
                    assert ["stopped", "waiting"] == state
                    assert 1 == len(site.shelf.tries)
            async with site.backend((KEY, KEY.replace("Bo", "Bp"))):
                await site.until(site.clock.now())
            assert 2 == len(site.shelf.files)

        play(scene)

    def test_what_an_operator_holds_stays_held(self, play: Play) -> None:
        """A held file, and those behind it, wait over restarts and changed settings."""

        async def scene(site: Site) -> None:
            site.shelf.failing = [unreachable()]
            async with site.backend() as backend:
                assert await backend.hold_delivery("daily") is None
                await site.until(DUE)
                held = await backend.hold_delivery("daily")
                assert held is not None
                assert ("held", "operator", 1) == (held.state, held.cause, held.tries)
            async with site.backend((KEY, KEY.replace("Bo", "Bp"))) as backend:
                await site.until(DUE + DAY)
                state = [view.state for view in await backend.deliveries()]
                assert ["held", "waiting"] == state
                assert 1 == len(site.shelf.tries)
                released = await backend.release_delivery("daily")
                assert released is not None
                assert ("waiting", None) == (released.state, released.cause)
                await site.until(site.clock.now())
                assert 2 == len(site.shelf.files)
                assert await backend.release_delivery("daily") is None
                with pytest.raises(SettingsError, match="'nightly': is no task"):
                    await backend.hold_delivery("nightly")

        play(scene)

    def test_a_held_file_follows_its_task_and_stays_held(self, play: Play) -> None:
        """A new destination does not set a file going that an operator has stopped."""

        async def scene(site: Site) -> None:
            site.shelf.failing = [unreachable()]
            async with site.backend() as backend:
                await site.until(DUE)
                await backend.hold_delivery("daily")
            other = (
                'name = "EDM"\nhost = "sftp.example.ch"',
                'name = "New"\nhost = "new.example.ch"',
            )
            async with site.backend(other, ('destination = "EDM"', 'destination = "New"')) as b:
                await site.until(site.clock.now() + timedelta(hours=2))
                assert ["sftp.example.ch"] == site.shelf.hosts
                await b.release_delivery("daily")
                await site.until(site.clock.now())
            assert ["sftp.example.ch", "new.example.ch"] == site.shelf.hosts

        play(scene)

    def test_an_operator_stops_what_is_being_tried(self, play: Play) -> None:
        """A try that is under way ends, and the file is held all the same."""

        async def scene(site: Site) -> None:
            async with site.backend() as backend:

                async def stopped_meanwhile(*_: object) -> object:
                    await backend.hold_delivery("daily")
                    raise unreachable()

                deliver, site.shelf.deliver = site.shelf.deliver, stopped_meanwhile  # type: ignore[method-assign]
                await site.until(DUE)
                (held,) = await backend.deliveries()
                assert ("held", "operator", 1) == (held.state, held.cause, held.tries)
                site.shelf.deliver = deliver  # type: ignore[method-assign]
                await backend.release_delivery("daily")
                await site.until(site.clock.now())
                assert 1 == len(site.shelf.files)

        play(scene)

    def test_a_new_password_is_tried_at_once(self, play: Play) -> None:
        """After a restart a refused login is tried at once: passwords are not compared."""

        async def scene(site: Site) -> None:
            site.shelf.failing = [LoginRefused("refuses", "EDM", "look") for _ in range(6)]
            async with site.backend():
                await site.until(DUE + timedelta(hours=1))
            assert {} == site.shelf.files
            async with site.backend():
                await site.until(site.clock.now())
            assert 1 == len(site.shelf.files)

        play(scene)

    def test_files_follow_their_task(self, play: Play) -> None:
        """What has not arrived goes to the task's new destination."""

        async def scene(site: Site) -> None:
            site.shelf.failing = [unreachable()]
            async with site.backend():
                await site.until(DUE)
            other = (
                'name = "EDM"\nhost = "sftp.example.ch"',
                'name = "New"\nhost = "new.example.ch"',
            )
            async with site.backend(other, ('destination = "EDM"', 'destination = "New"')):
                await site.until(site.clock.now())
            assert ["sftp.example.ch", "new.example.ch"] == site.shelf.hosts

        play(scene)

    def test_a_fault_of_the_program_is_no_end(
        self, play: Play, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A drop that breaks in another way is logged, told, and tried again."""

        async def scene(site: Site) -> None:
            site.shelf.failing = [ZeroDivisionError("in the drop")]
            async with site.backend() as backend:
                await site.until(DUE)
                (view,) = await backend.deliveries()
                assert "the delivery broke: ZeroDivisionError: in the drop" == view.error
                await site.until(DUE + timedelta(minutes=1))
            assert 1 == len(site.shelf.files)

        play(scene)
        assert "the delivery broke" in caplog.text

    def test_a_file_that_cannot_be_made_is_looked_at_again(
        self, play: Play, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Where a layout cannot hold a day it is told, and tried every hour; no day is skipped."""

        def refuse(*arguments: object, **options: object) -> bytes:
            raise LayoutError("cannot be written", "row 1", "choose another separator")

        async def scene(site: Site) -> None:
            async with site.backend():
                with monkeypatch.context() as patch:
                    patch.setattr(files, "write_whole", refuse)
                    await site.until(DUE + timedelta(minutes=90))
                assert {} == site.shelf.files
                await site.until(DUE + timedelta(hours=3))
            assert 1 == len(site.shelf.files)

        play(scene)
        assert "daily of 2025-06-03 cannot be exported: row 1: cannot be written" in caplog.text

    def test_a_store_that_fails_is_swept_again(
        self, play: Play, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A sweep that breaks is told, and the next one comes a minute later."""

        def refuse(*arguments: object) -> None:
            raise StoreError("is full", "disk", "make room")

        async def scene(site: Site) -> None:
            async with site.backend():
                with monkeypatch.context() as patch:
                    patch.setattr(ledger, "keep_files", refuse)
                    patch.setattr(ledger, "next_deliveries", refuse)
                    with pytest.raises(StoreError, match="is full"):
                        await site.until(DUE)
                await site.until(DUE + timedelta(minutes=1))
            assert 1 == len(site.shelf.files)

        play(scene)

    def test_secrets_are_in_no_log_and_no_table(
        self, play: Play, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The password of a destination is neither stored nor logged."""
        caplog.set_level("DEBUG")

        async def scene(site: Site) -> None:
            site.shelf.failing = [unreachable()]
            async with site.backend():
                await site.until(DUE + DAY)

        play(scene)
        assert "geheim" not in caplog.text
        assert all(b"geheim" not in path.read_bytes() for path in tmp_path.iterdir())


class TestAnUnfinishedDay:
    """A day that is still going on has no rows for what has not ended."""

    def test_only_what_has_ended(self, play: Play) -> None:
        """The rows go up to the last quarter hour that is over."""

        async def scene(site: Site) -> None:
            async with site.backend() as backend:
                await site.until(datetime(2025, 6, 3, 12, 7, tzinfo=UTC))
                await backend.export_now("daily", date(2025, 6, 3), date(2025, 6, 3))
                (name,) = site.shelf.files
                assert datetime(2025, 6, 3, 12, 0, tzinfo=UTC) == site.rows(name)[-1].end

        play(scene)

    def test_nothing_has_ended(self, play: Play) -> None:
        """A period that has not begun cannot be exported, and that is said."""

        async def scene(site: Site) -> None:
            async with site.backend() as backend:
                with pytest.raises(SettingsError, match="no interval has ended yet; export it"):
                    await backend.export_now("daily", date(2025, 6, 4), date(2025, 6, 5))
                assert [] == await backend.deliveries()

        play(scene)


class TestTheEdgesOfADay:
    """A day's registers are known at its edges, whatever else was said there."""

    def two_days(self, play: Play, *between: tuple[datetime, int]) -> Decimal:
        """Export two days with 7 kWh from noon to noon; give what was delivered."""
        energies: list[Decimal] = []

        async def scene(site: Site) -> None:
            async with site.backend() as backend:
                await site.until(DUE + DAY)
                site.shelf.files.clear()
                noon = datetime(2025, 6, 3, 10, 0, tzinfo=UTC)
                await report(backend, (noon, 700_000_000), *between, (noon + DAY, 700_007_000))
                for day in (date(2025, 6, 3), date(2025, 6, 4)):
                    await backend.export_now("daily", day, day)
                for name in site.shelf.files:
                    energies.extend(row.energy_kwh or Decimal(0) for row in site.rows(name))

        play(scene)
        return sum(energies, Decimal(0))

    @pytest.mark.parametrize("wh", [-1, 0])
    @pytest.mark.parametrize("hours", [-1, 1])
    def test_a_false_value_at_midnight(self, play: Play, wh: int, hours: int) -> None:
        """It is no edge, so neither day loses or gains."""
        midnight = datetime(2025, 6, 3, 22, 0, tzinfo=UTC)
        nearby = (midnight + timedelta(hours=hours), wh)

        assert Decimal("7.000") == self.two_days(play, nearby)
