"""
Files: what a task tells of a period, as bytes under a name, kept with its delivery.

Rule 1: what the name says of its creation is later than in any name of the task before, whatever
the machine's clock does: the receiver takes the newest file by it.
Rule 2: no two files go to one place under one name.
"""

from __future__ import annotations

import functools
import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from backend.adapters import energies, ledger, meter_differences
from backend.adapters.energies import Series
from backend.adapters.store import Store
from backend.adapters.told import SeriesTold, series_told
from backend.core.exports import Period, file_name, parts_of, rows_of
from backend.core.formats.ise_timeseries_csv import Layout, write
from backend.errors import SettingsError
from backend.ports import Clock
from backend.settings import Settings, TaskSettings

_log = logging.getLogger(__name__)

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is made and not yet kept: the bytes, and what its receipt will say of them."""

    part: str
    name: str
    content: bytes
    sha256: str
    rows: int
    first: datetime | None
    last: datetime | None
    named: datetime
    last_frame_id: int
    told: Sequence[SeriesTold]


@dataclass(frozen=True, slots=True)
class Known:
    """
    What is known of a period.

    Attributes:
        series: of a task, or of some of its stations.
        last_frame_id: of the newest frame that was known then.
    """

    series: Sequence[Series]
    last_frame_id: int


class Files:
    """
    Makes files, and keeps them.

    Parameters:
        settings: the tasks, and what they name.
        store: what the chargers said, and where files are kept.
        clock: the time.
    """

    def __init__(self, settings: Settings, store: Store, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock

    async def known(
        self, task: TaskSettings, period: Period, of_stations: Iterable[int] | None = None
    ) -> Known:
        """Give what is known now of a task's period, or of what some stations are part of."""
        now, decimals = self._clock.now(), self._settings.format_of(task).layout.decimals
        stations = None if of_stations is None else frozenset(of_stations)

        def read(connection: Connection) -> Known:
            found = energies.series_of(
                connection, self._settings, task, period, decimals, now, stations
            )
            return Known(list(found), ledger.last_frame_id(connection))

        return await self._store.read(read)

    async def make(self, task: TaskSettings, period: Period, due_at: datetime | None) -> None:
        """
        Make the files of a period, as its next revision.

        Parameters:
            due_at: when the schedule asked for it; None where a person did.

        Raises:
            SettingsError: If none of its intervals has ended yet.
            LayoutError: If what the rows hold cannot be written in the task's layout.
        """
        known = await self.known(task, period)
        if not known.series:
            what = f"of {period} no interval has ended yet"
            raise SettingsError(what, f"task {task.name!r}", "export it later")
        await self.keep(task, period, known, due_at)

    async def keep(
        self,
        task: TaskSettings,
        period: Period,
        known: Known,
        due_at: datetime | None = None,
        *,
        gaps: bool = False,
    ) -> None:
        """
        Write what is known as the next revision of a period, and keep it for delivery.

        Parameters:
            due_at: when the schedule asked for it; None where it did not.
            gaps: whether intervals may be left out of the series.
        """
        layout = self._settings.format_of(task).layout
        revision = await self._store.read(
            lambda connection: ledger.next_revision(connection, task.name, period)
        )
        rows = [row for each in known.series for row in rows_of(each.activation, each.intervals)]
        parts = parts_of(sorted(rows, key=lambda row: (row.code, row.obis, row.start)), layout)
        names = [
            functools.partial(_name, task, period, layout, revision, part) for part, _ in parts
        ]
        named = await self._store.read(lambda connection: self._named(connection, task, names))
        made = [
            NewFile(
                part=part,
                name=name(named),
                content=(content := write(of_part, layout, gaps=gaps)),
                sha256=hashlib.sha256(content).hexdigest(),
                rows=len(of_part),
                first=min(row.start for row in of_part),
                last=max(row.end for row in of_part),
                named=named,
                last_frame_id=known.last_frame_id,
                told=_told(known.series, part, layout.decimals),
            )
            for name, (part, of_part) in zip(names, parts, strict=True)
        ]
        now = self._clock.now()
        days = period.first_day, period.last_day
        await meter_differences.watch(self._store, self._settings, task, *days, now)
        await self._store.write(
            lambda connection: ledger.keep_files(
                connection, task.name, period, revision, now, due_at, made
            )
        )
        for one in made:
            _log.info("%s: %d rows, %d bytes", one.name, one.rows, len(one.content))

    def _named(
        self, connection: Connection, task: TaskSettings, names: Sequence[Callable[[datetime], str]]
    ) -> datetime:
        """Give the creation that the names of new files tell, by the rules at the top."""
        named = self._clock.now().replace(microsecond=0)
        last = ledger.last_named_at(connection, task.name)
        if last is not None and named <= last:
            named = last + _SECOND
        while ledger.is_taken(connection, task.name, [name(named) for name in names]):
            named += _SECOND
        return named


def _name(
    task: TaskSettings,
    period: Period,
    layout: Layout,
    revision: int,
    part: str,
    named: datetime,
) -> str:
    start: date = period.first_day
    end: date = period.last_day
    if not period.is_whole_days:
        start, end = period.start, period.end
    return file_name(layout.name_pattern, task.name, start, end, named, revision, part)


def _told(series: Iterable[Series], part: str, decimals: int) -> list[SeriesTold]:
    """Give what a file tells: one meter's series, or all where it is the whole task's."""
    return [
        series_told(one.activation.metering_code, one.activation.obis, one.intervals, decimals)
        for one in series
        if part in ("", one.activation.metering_code)
    ]
