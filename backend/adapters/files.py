"""
Files: what a task tells of a period, as bytes under a name, kept with its delivery.

Rule 1: what the name says of its creation is later than in the name of any file made before, of
whatever task, whatever the machine's clock does: the receiver takes the newest by it, and knows
metering points, not tasks. So no two files of one place have one name either.
Rule 2: what is read, and what it is made of, is read in one transaction.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from backend.adapters import energies, ledger, meter_differences
from backend.adapters.energies import Chosen
from backend.adapters.store import Store
from backend.adapters.told import SeriesTold, intervals_told, series_told
from backend.core.days import day_bounds
from backend.core.exports import Activation, Period, file_name, parts_of, rows_of
from backend.core.formats.forms import Form, codes_of, write_some, write_whole
from backend.core.formats.mscons import Envelope
from backend.core.intervals import Interval
from backend.core.series import Series
from backend.errors import SettingsError
from backend.ports import Clock
from backend.settings import Settings, TaskSettings

_log = logging.getLogger(__name__)

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Content:
    """
    What goes into a file, as bytes, and what its receipt will say of them.

    Attributes:
        part: the metering code, where each has a file of its own; else empty.
        first, last: from the start of its first interval to the end of its last.
        told: what it tells, series by series.
    """

    part: str
    content: bytes
    rows: int
    first: datetime
    last: datetime
    told: Sequence[SeriesTold]


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is made and not yet kept."""

    part: str
    name: str
    content: bytes
    sha256: str
    rows: int
    first: datetime
    last: datetime
    named: datetime
    last_frame_id: int
    told: Sequence[SeriesTold]


@dataclass(frozen=True, slots=True)
class Made:
    """
    What was made of a period.

    Attributes:
        contents: of each file.
        last_frame_id: the newest frame that was known then.
        named: the creation that their names tell.
    """

    contents: Sequence[Content]
    last_frame_id: int
    named: datetime


@dataclass(frozen=True, slots=True)
class Correction:
    """What is told again of a series: some of its intervals, in order of time."""

    activation: Activation
    intervals: Sequence[Interval]

    @property
    def code(self) -> str:
        """The metering code."""
        return self.activation.metering_code


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

    def series_of(
        self,
        connection: Connection,
        task: TaskSettings,
        period: Period,
        chosen: Sequence[Chosen] | None = None,
    ) -> list[Series]:
        """Give what is known now of a task's period, or of some of its sources."""
        decimals = self._settings.format_of(task).form.decimals
        what = self._settings, task, period, decimals, self._clock.now(), chosen
        return list(energies.series_of(connection, *what))

    async def make(self, task: TaskSettings, period: Period, due_at: datetime | None) -> None:
        """
        Make the files of a period, as its next revision.

        Parameters:
            due_at: when the schedule asked for it; None where a person did.

        Raises:
            SettingsError: If none of its intervals has ended yet, or none of its sources has told
                what the format has.
            LayoutError: If what the rows hold cannot be written in the task's layout.
        """
        form = self._settings.format_of(task).form

        def make(connection: Connection) -> Made:
            chosen = energies.chosen_of(connection, self._settings, task)
            if not chosen:
                what = f"none of its sources has told any of {', '.join(codes_of(form))}"
                remedy = "turn the knob 'obis' of its format, or wait until one does"
                raise SettingsError(what, f"task {task.name!r}", remedy)
            series = self.series_of(connection, task, period, chosen)
            named = self._named(connection)
            parts = parts_of(series, form.files) if series else []
            contents = [
                _whole(part, each, form, _envelope(named, number))
                for number, (part, each) in enumerate(parts, start=1)
            ]
            return Made(contents, ledger.last_frame_id(connection), named)

        made = await self._store.read(make)
        if not made.contents:
            what = f"of {period} no interval has ended yet"
            raise SettingsError(what, f"task {task.name!r}", "export it later")
        await self._keep(task, period, made, due_at)

    async def correct(
        self,
        task: TaskSettings,
        period: Period,
        find: Callable[[Connection], Sequence[Correction]],
    ) -> int:
        """
        Make files of what is known otherwise than it was told, as the next revision.

        Parameters:
            find: gives it.

        Returns:
            How many intervals are told again.
        """
        form = self._settings.format_of(task).form

        def make(connection: Connection) -> Made:
            named, found = self._named(connection), parts_of(find(connection), form.files)
            contents = [
                _parts(part, each, form, _envelope(named, number))
                for number, (part, each) in enumerate(found, start=1)
                if each
            ]
            return Made(contents, ledger.last_frame_id(connection), named)

        made = await self._store.read(make)
        if made.contents:
            await self._keep(task, period, made, None)
        return sum(one.rows for one in made.contents)

    async def _keep(
        self, task: TaskSettings, period: Period, made: Made, due_at: datetime | None
    ) -> None:
        form, now = self._settings.format_of(task).form, self._clock.now()
        revision = await self._store.read(
            lambda connection: ledger.next_revision(connection, task.name, period)
        )
        files = [
            NewFile(
                part=one.part,
                name=_name(task, period, form, revision, one.part, made.named),
                content=one.content,
                sha256=hashlib.sha256(one.content).hexdigest(),
                rows=one.rows,
                first=one.first,
                last=one.last,
                named=made.named,
                last_frame_id=made.last_frame_id,
                told=one.told,
            )
            for one in made.contents
        ]
        if period.end == day_bounds(period.last_day)[1]:  # a day is compared when it is whole
            codes = {told.code for one in made.contents for told in one.told}
            await meter_differences.watch(self._store, self._settings, task, period, codes, now)
        await self._store.write(
            lambda connection: ledger.keep_files(
                connection, task.name, period, revision, now, due_at, files
            )
        )
        for one in files:
            _log.info("%s: %d rows, %d bytes", one.name, one.rows, len(one.content))

    def _named(self, connection: Connection) -> datetime:
        """Give the creation that the names of new files tell, by rule 1."""
        now = self._clock.now().replace(microsecond=0)
        last = ledger.last_named_at(connection)
        return now if last is None or last < now else last + _SECOND


def _envelope(named: datetime, number: int) -> Envelope:
    """Give what tells a file from all others: names rise, and those of one name are counted."""
    return Envelope(named, f"{int(named.timestamp()):010d}{number:04d}")


def _whole(part: str, series: Sequence[Series], form: Form, envelope: Envelope) -> Content:
    """Make a file of whole series."""
    return Content(
        part=part,
        content=write_whole(series, form, envelope),
        rows=sum(map(len, series)),
        first=min(one.grid[0] for one in series),
        last=max(one.grid[-1] for one in series),
        told=[series_told(one) for one in series],
    )


def _parts(part: str, corrections: Sequence[Correction], form: Form, envelope: Envelope) -> Content:
    """Make a file of some intervals."""
    rows = [row for one in corrections for row in rows_of(one.activation, one.intervals)]
    return Content(
        part=part,
        content=write_some(rows, form, envelope),
        rows=len(rows),
        first=min(row.start for row in rows),
        last=max(row.end for row in rows),
        told=[intervals_told(one.activation, one.intervals, form.decimals) for one in corrections],
    )


def _name(
    task: TaskSettings,
    period: Period,
    form: Form,
    revision: int,
    part: str,
    named: datetime,
) -> str:
    start: date = period.first_day
    end: date = period.last_day
    if not period.is_whole_days:
        start, end = period.start, period.end
    return file_name(form.name_pattern, task.name, start, end, named, revision, part)
