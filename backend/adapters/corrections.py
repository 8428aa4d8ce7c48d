"""
Corrections: late readings that change what was delivered, delivered again (ISE-20).

Rule 1: what is new since the last look is known by marks (`backend.adapters.told`); of the
stations that bear one, every period that was told and may have changed is made again, and
compared.
Rule 2: what differs goes into a file, as the next revision of its period; periods in their
order. A mark is gone only when all of that is kept, so a crash leaves nothing undone.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from backend.adapters import energies, meter_values, told
from backend.adapters.files import Correction, Files
from backend.adapters.store import Store
from backend.core.corrections import CHANGED, OFF, changed
from backend.core.days import MINUTES_OF_DAY
from backend.core.exports import Period, periods_within, rows_of
from backend.core.formats.ise_timeseries_csv import Layout, stand_alone
from backend.core.series import Series
from backend.errors import BackendError
from backend.ports import Clock
from backend.settings import Settings, TaskSettings

_log = logging.getLogger(__name__)


class Corrections:
    """
    Looks whether what was delivered still holds.

    Parameters:
        settings: the tasks, and what they name.
        store: what the chargers said, and what the utility was told.
        clock: the time.
        files: makes the files.
    """

    def __init__(self, settings: Settings, store: Store, clock: Clock, files: Files) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._files = files

    def are_wanted(self, task: TaskSettings) -> bool:
        """Tell whether a task corrects by itself what it has delivered."""
        return task.corrections != OFF

    async def look(self, tasks: Iterable[TaskSettings]) -> list[TaskSettings]:
        """
        Make a file of everything that is known otherwise than it was told.

        Returns:
            The tasks that have something to deliver.
        """
        wanted = [task for task in tasks if self.are_wanted(task)]

        def take(connection: Connection) -> None:
            told.take_touched(
                connection,
                {
                    task.name: energies.all_made_of(connection, self._settings, task)
                    for task in wanted
                },
            )

        await self._store.write(take)
        return [task for task in wanted if await self._look_at(task)]

    async def _look_at(self, task: TaskSettings) -> bool:
        since = await self._store.read(lambda connection: told.reopened(connection, task.name))
        if not since:
            return False
        found = 0
        try:
            for period, stations in await self._periods(task, since):
                found += await self._correct(task, period, stations)
        except BackendError as error:
            _log.error("%s cannot be corrected: %s", task.name, error)
            return found > 0
        await self._store.write(lambda connection: told.settle(connection, task.name, since))
        return found > 0

    async def _periods(
        self, task: TaskSettings, since: Mapping[int, datetime]
    ) -> list[tuple[Period, set[int]]]:
        """Give the periods that may have changed, in order, with the stations that make it so."""
        minutes = MINUTES_OF_DAY if task.plan is None else task.plan.minutes
        found: dict[Period, set[int]] = {}
        for station_id, instant in since.items():
            span = await self._store.read(
                lambda connection: self._span(connection, task, station_id, instant)  # noqa: B023 - run at once
            )
            for period in periods_within(*span, minutes) if span else ():
                found.setdefault(period, set()).add(station_id)
        return sorted(found.items())

    def _span(
        self, connection: Connection, task: TaskSettings, station_id: int, since: datetime
    ) -> tuple[datetime, datetime] | None:
        codes = energies.codes_of(connection, self._settings, task, station_id)
        course = meter_values.course_before(connection, station_id, since)
        return told.span_told(connection, task.name, codes, course)

    async def _correct(self, task: TaskSettings, period: Period, stations: Collection[int]) -> bool:
        layout = self._settings.format_of(task).layout

        def find(connection: Connection) -> list[Correction]:
            series = self._files.series_of(connection, task, period, stations)
            found = (_new_of(connection, task, period, layout, one) for one in series)
            return [one for one in found if one is not None]

        count = await self._files.correct(task, period, find)
        if count:
            _log.info("%s: of %s, %d intervals are delivered again", task.name, period, count)
        return count > 0


def _new_of(
    connection: Connection, task: TaskSettings, period: Period, layout: Layout, series: Series
) -> Correction | None:
    """Give what of a series is to be told again; None where all of it holds."""
    activation, intervals = series.activation, series.intervals
    code, obis = activation.metering_code, activation.obis
    before = told.told_of(connection, task.name, code, obis, period.start, period.end)
    new = changed(before, intervals)
    if not new:
        return None
    if task.corrections == CHANGED and stand_alone(rows_of(activation, new), layout):
        return Correction(activation, new)
    return Correction(activation, [one for one in intervals if one.start in before])
