"""`isebench explain` on a backend's database: while it runs, and after its end."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.command_site import BOOT
from support.export_settings import CODE, SETTINGS
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from backend import Backend, Settings
from backend.adapters import store as store_module
from backend.adapters.explanations import find_point
from backend.adapters.store import is_served, read_once
from backend.errors import SettingsError, StoreError
from backend.ports import Arrival, Destination
from harness.cli import main
from harness.explain import Wish, explain_text
from simulators.clock import VirtualClock

HOUR = timedelta(hours=1)
START = datetime(2025, 6, 3, 4, 0, tzinfo=UTC)  # 06:00 in Zurich
DUE = datetime(2025, 6, 3, 22, 30, tzinfo=UTC)  # 00:30 of the next day


class Shelf:
    """A drop that takes everything."""

    async def deliver(self, destination: Destination, name: str, content: bytes) -> Arrival:
        """Take a file."""
        return Arrival(name, len(content), already_there=False)

    async def rest(self) -> None:
        """Have nothing to give back."""


class Line:
    """A charger's line: it sends, and waits for the answer."""

    def __init__(self, line: Any) -> None:
        self._line = line
        self._number = 0

    async def call(self, action: str, payload: dict[str, Any]) -> None:
        """Send a message and wait for its answer."""
        self._number += 1
        await self._line.send(json.dumps([2, f"c{self._number}", action, payload]))
        await self._line.recv()

    async def register(self, at: datetime, kwh: str) -> None:
        """Tell a register."""
        value = {"value": kwh, "unit": "kWh"}
        stamp = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        told = {"timestamp": stamp, "sampledValue": [value]}
        await self.call("MeterValues", {"connectorId": 1, "meterValue": [told]})


Scene = Callable[["Place", Line], Awaitable[None]]


class Place:
    """A folder with settings, and a backend on a virtual clock."""

    def __init__(self, folder: Path, text: str = SETTINGS) -> None:
        self.folder = folder
        self.file = folder / "settings.toml"
        self.file.write_text(text, encoding="utf-8")
        self.settings = Settings.from_file(self.file, {})
        self.clock = VirtualClock(START)
        self.shelf = Shelf()

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.settings.backend.database

    def play(self, scene: Scene) -> None:
        """Run a backend with one charger on its line."""

        async def run() -> None:
            backend = Backend(self.settings, self.clock, drop=self.shelf)
            await backend.start()
            try:
                names = [Subprotocol("ocpp1.6")]
                async with connect(
                    f"{backend.address}/WB-1", subprotocols=names, compression=None, proxy=None
                ) as socket:
                    line = Line(socket)
                    await line.call("BootNotification", BOOT)
                    await scene(self, line)
            finally:
                await backend.stop()

        asyncio.run(run())

    def files(self) -> set[str]:
        """Name what lies beside the database."""
        return {one.name for one in self.folder.iterdir()}

    def ask(self, instant: str, now: datetime | None = None, name: str = CODE) -> str:
        """Explain an interval."""
        return explain_text(self.settings, Wish(name, instant), now or self.clock.now())


@pytest.fixture(name="place")
def _place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def one_hour(place: Place, line: Line) -> None:
    """Let an hour of charging be told: from 06:00 to 07:00 local time, 4 kWh."""
    await line.register(START, "10")
    await place.clock.advance_to(START + HOUR)
    await line.register(START + HOUR, "14")


class TestReadOnly:
    """Nothing is written, whoever else has the database open."""

    def test_while_the_backend_runs(self, place: Place) -> None:
        """What is committed is seen at once, and the backend goes on."""
        seen: list[str] = []

        async def scene(place: Place, line: Line) -> None:
            await one_hour(place, line)
            assert is_served(place.database)
            before = place.files()
            seen.append(place.ask("2025-06-03 06:30"))
            assert before == place.files()
            await line.register(START + HOUR, "14")

        place.play(scene)
        assert "1.000 kWh, E: the readings around are further apart" in seen[0]

    def test_after_it_has_stopped(self, place: Place) -> None:
        """The file stays byte for byte, and nothing appears beside it."""
        place.play(one_hour)
        before, names = place.database.read_bytes(), place.files()
        assert not is_served(place.database)
        assert "1.000 kWh, E" in place.ask("2025-06-03 06:30")
        assert (before, names) == (place.database.read_bytes(), place.files())

    def test_after_a_crash(self, place: Place) -> None:
        """The log of a backend that was killed is read; its lines ended when they were heard."""
        (place.folder / "copy").mkdir()
        copy = Place(place.folder / "copy")

        async def scene(place: Place, line: Line) -> None:
            await one_hour(place, line)
            for one in place.folder.glob("backend.sqlite*"):
                if not one.name.endswith("-shm"):
                    shutil.copy(one, copy.folder)

        place.play(scene)
        before = copy.database.read_bytes()
        assert copy.database.with_name("backend.sqlite-wal").stat().st_size > 0
        now = START + 3 * HOUR
        assert "1.000 kWh, E" in copy.ask("2025-06-03 06:30", now)
        text = copy.ask("2025-06-03 08:30", now)
        assert "No energy, F: the charger was offline" in text
        assert "The charger was offline from 07:00 on." in text
        assert before == copy.database.read_bytes()

    def test_a_backend_that_starts_meanwhile(self, place: Place) -> None:
        """What was read without a lock is read again where the file was written meanwhile."""
        place.play(one_hour)
        asked = []

        def ask(connection: Any) -> int:
            asked.append(connection)
            if len(asked) == 1:
                with closing(sqlite3.connect(place.database)) as other:
                    other.execute("UPDATE account SET name = 'Other'")
                    other.commit()
            return len(asked)

        assert 2 == read_once(place.database, ask)

    def test_a_file_that_breaks_meanwhile(self, place: Place) -> None:
        """An error of a file that is written meanwhile is none; another is told."""
        from sqlalchemy.exc import OperationalError

        place.play(one_hour)
        asked = []

        def ask(connection: Any) -> int:
            asked.append(connection)
            if len(asked) == 1:
                place.database.touch()
                raise OperationalError("x", None, sqlite3.OperationalError("malformed"))
            return len(asked)

        assert 2 == read_once(place.database, ask)
        with pytest.raises(StoreError, match="no such table"):
            read_once(place.database, lambda c: c.exec_driver_sql("SELECT * FROM lamp"))
        with pytest.raises(StoreError, match="readonly database"):
            read_once(place.database, lambda c: c.exec_driver_sql("DELETE FROM account"))

    def test_what_is_no_database(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        """One that is not there, another file, and one of another version."""
        with pytest.raises(StoreError, match="is not there; name the database of a backend"):
            place.ask("2025-06-03 06:30")
        assert not place.database.exists()
        place.database.write_text("no database " * 100, encoding="utf-8")
        with pytest.raises(StoreError, match="file is not a database"):
            place.ask("2025-06-03 06:30")
        place.database.unlink()
        place.play(one_hour)
        monkeypatch.setattr(store_module.migrations, "HEAD", "9999")
        with pytest.raises(StoreError, match="this program reads '9999'; run the backend"):
            place.ask("2025-06-03 06:30")


class TestAsking:
    """Whom and when one can ask about."""

    def test_by_whichever_name(self, place: Place) -> None:
        """The metering code or the identity; stations without a code have quarter hours, too."""
        place.play(one_hour)
        assert CODE in place.ask("2025-06-03 06:30", name="WB-1")
        text = place.ask("2025-06-03 06:30", name="WB-2")
        assert text.startswith("WB-2: 06:15 to 06:30 on 03.06.2025")
        assert "Not delivered yet." in text

    def test_within_an_interval(self, place: Place) -> None:
        """An instant within finds it; midnight is the end of the day before."""
        place.play(one_hour)
        whole = place.ask("2025-06-03 06:30")
        assert whole == place.ask("2025-06-03T06:15:01")
        assert whole == place.ask("2025-06-03T04:20:00Z")
        assert "23:45 to 24:00 on 02.06.2025" in place.ask("2025-06-03 00:00")
        assert "23:45 to 24:00 on 02.06.2025" in place.ask("2025-06-02 24:00")

    @pytest.mark.parametrize(
        ("instant", "sentence"),
        [
            ("noon", "'noon' is no time; write 2026-03-25 14:15"),
            ("2025-13-03 06:30", "is no time"),
            ("2025-03-30 02:30", "does not exist: the clock is put forward over it"),
            ("2024-10-27 02:30", "write 2024-10-27T02:30:00.02:00 or 2024-10-27T02:30:00.01:00"),
            ("2025-06-03 09:00", "2025-06-03T09:00:00.02:00 lies ahead: known is up to"),
        ],
    )
    def test_no_such_time(self, place: Place, instant: str, sentence: str) -> None:
        """It is told what is wrong and what to write."""
        place.play(one_hour)
        with pytest.raises(SettingsError, match=sentence):
            place.ask(instant)

    def test_no_such_point(self, place: Place) -> None:
        """Names that are near are named, or all of them."""
        place.play(one_hour)
        with pytest.raises(SettingsError, match=f"is none of the settings; near is {CODE}"):
            place.ask("2025-06-03 06:30", name=CODE[:-1])
        with pytest.raises(SettingsError, match="near is WB-"):
            place.ask("2025-06-03 06:30", name="WB-3")
        with pytest.raises(SettingsError, match=f"known are {CODE}, WB-1, WB-2"):
            place.ask("2025-06-03 06:30", name="?")
        with pytest.raises(SettingsError, match="known are none"):
            find_point(Settings(), "?")

    def test_a_code_of_two_stations(self, place: Place) -> None:
        """One has to say which, by its identity."""
        second = f'identity = "WB-2"\n[station.ise]\nmetering_code = "{CODE}"\nobis = "1-1:1.9.0"\n'
        text = SETTINGS.replace('identity = "WB-2"\n', second)
        with pytest.raises(SettingsError, match="several stations; name one of them: 'WB-1', 'WB"):
            find_point(Settings.from_toml(text, {}), CODE)

    def test_a_station_that_is_new(self, place: Place) -> None:
        """The backend has to have seen it once."""
        place.play(one_hour)
        new = '[[station]]\naccount = "Stadtwerke"\nidentity = "WB-9"\n'
        place.settings = Settings.from_toml(SETTINGS + new, {}, folder=place.folder)
        with pytest.raises(SettingsError, match="is not in the database yet; start the backend"):
            place.ask("2025-06-03 06:30", name="WB-9")


class TestDelivered:
    """What the files say."""

    def test_a_correction(self, place: Place) -> None:
        """What was delivered, what is due, and what it was corrected to."""
        told: list[str] = []

        async def run() -> None:
            backend = Backend(place.settings, place.clock, drop=place.shelf)
            await backend.start()
            try:
                await place.clock.advance_to(DUE + HOUR)
                told.append(place.ask("2025-06-03 06:30"))
                names = [Subprotocol("ocpp1.6")]
                address = f"{backend.address}/WB-1"
                async with connect(
                    address, subprotocols=names, compression=None, proxy=None
                ) as line:
                    await Line(line).register(START, "10")
                    await Line(line).register(START + HOUR, "14")
                told.append(place.ask("2025-06-03 06:30"))
                day = datetime(2025, 6, 3, tzinfo=UTC).date()
                await backend.export_now("daily", day, day)
                told.append(place.ask("2025-06-03 06:30"))
                told.append(place.ask("2025-06-02 06:30"))
            finally:
                await backend.stop()

        asyncio.run(run())
        assert ["A correction is due" in one for one in told] == [False, True, False, False]
        assert "Delivered as no energy, F (rule offline) in " in told[0]
        assert "Delivered as no energy, F (rule offline) in " in told[2]
        assert "Corrected to 1.000 kWh, E (rule interpolated) in " in told[2]
        assert "Not delivered yet." in told[3]


class TestCommand:
    """The command itself."""

    def test_on_the_command_line(self, place: Place, capsys: pytest.CaptureFixture[str]) -> None:
        """Sentences, then the readings as a table; with --json the same to a program."""
        place.play(one_hour)
        command = ["explain", CODE, "2025-06-03 06:30", "--settings", str(place.file)]
        assert 0 == main(command)
        said = capsys.readouterr().out
        assert "WB-1, CH1012301234500000000000000012345: 06:15 to 06:30 on 03.06.2025" in said
        assert "measured" in said
        assert 0 == main([*command, "--json"])
        found = json.loads(capsys.readouterr().out)
        assert ("1.000", "E", "interpolated") == (
            found["interval"]["energy_kwh"],
            found["interval"]["status"],
            found["interval"]["rule"],
        )
        used = found["connectors"][0]["used"]
        assert ["MeterValues"] * 2 == [one["frames"][0]["action"] for one in used]
        assert "11000" == found["connectors"][0]["register_at_start"]["wh_exactly"]

    def test_what_goes_wrong(self, place: Place, capsys: pytest.CaptureFixture[str]) -> None:
        """One sentence, and code 2."""
        assert 2 == main(["explain", CODE, "2025-06-03 06:30", "--settings", str(place.file)])
        assert capsys.readouterr().err.startswith("isebench explain: ")
        assert 2 == main(["explain", CODE, "x", "--settings", str(place.folder / "none.toml")])
