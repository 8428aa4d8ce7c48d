"""
Corrections: late readings that change what was delivered, delivered again (ISE-20).

Rule 1: what is new since the last look is known by marks (`backend.adapters.told`); of the
stations that bear one, every period that was told and may have changed is made again, and
compared.
Rule 2: what differs goes into a file, as the next revision of its period; periods in their
order. A mark is gone only when all of that is kept, so a crash leaves nothing undone.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from backend.adapters import energies, meter_values, told
from backend.adapters.energies import Chosen
from backend.adapters.files import Correction, Files
from backend.adapters.store import Store
from backend.core.corrections import CHANGED, OFF, changed
from backend.core.days import MINUTES_OF_DAY
from backend.core.exports import Period, periods_within, rows_of
from backend.core.formats.forms import Form, stand_alone
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
        known = await self._store.read(told.marks)
        for name in await self._store.read(told.who_told):
            await self._store.write(functools.partial(told.reopen, task=name, known=known))
        await self._store.write(lambda connection: told.unmark(connection, known))
        return [task for task in tasks if self.are_wanted(task) and await self._look_at(task)]

    async def _look_at(self, task: TaskSettings) -> bool:
        since = await self._store.read(lambda connection: told.reopened(connection, task.name))
        if not since:
            return False
        chosen = await self._store.read(
            lambda connection: energies.chosen_of(connection, self._settings, task)
        )
        of_station: dict[int, list[Chosen]] = {}
        for one in chosen:
            for station_id in one.made_of:
                of_station.setdefault(station_id, []).append(one)
        # Marks of stations that it does not deliver now stay, for when it does so again.
        mine = {one: instant for one, instant in since.items() if one in of_station}
        found = 0
        try:
            for period, those in await self._periods(task, mine, of_station):
                found += await self._correct(task, period, those)
        except BackendError as error:
            _log.error("%s cannot be corrected: %s", task.name, error)
            return found > 0
        await self._store.write(lambda connection: told.settle(connection, task.name, mine))
        return found > 0

    async def _periods(
        self,
        task: TaskSettings,
        since: Mapping[int, datetime],
        of_station: Mapping[int, Sequence[Chosen]],
    ) -> list[tuple[Period, list[Chosen]]]:
        """Give the periods that may have changed, in order, with the sources that make it so."""
        minutes = MINUTES_OF_DAY if task.plan is None else task.plan.minutes
        found: dict[Period, dict[tuple[str, str], Chosen]] = {}
        for station_id, instant in since.items():
            those = {_name_of(one): one for one in of_station[station_id]}
            span = await self._store.read(
                functools.partial(_span, task.name, station_id, instant, those)
            )
            for period in periods_within(*span, minutes) if span else ():
                found.setdefault(period, {}).update(those)
        # By their codes, so that the file does not depend on the order of the marks.
        return [
            (period, [those[name] for name in sorted(those)])
            for period, those in sorted(found.items())
        ]

    async def _correct(self, task: TaskSettings, period: Period, chosen: Sequence[Chosen]) -> bool:
        form = self._settings.format_of(task).form

        def find(connection: Connection) -> list[Correction]:
            series = self._files.series_of(connection, task, period, chosen)
            found = (_new_of(connection, task, period, form, one) for one in series)
            return [one for one in found if one is not None]

        count = await self._files.correct(task, period, find)
        if count:
            _log.info("%s: of %s, %d intervals are delivered again", task.name, period, count)
        return count > 0


def _name_of(one: Chosen) -> tuple[str, str]:
    return one.activation.metering_code, one.activation.obis


def _span(
    task: str,
    station_id: int,
    since: datetime,
    chosen: Mapping[tuple[str, str], Chosen],
    connection: Connection,
) -> tuple[datetime, datetime] | None:
    registers = {one.register for one in chosen.values()}
    course = meter_values.course_before(connection, station_id, since, registers)
    return told.span_told(connection, task, list(chosen), course)


def _new_of(
    connection: Connection, task: TaskSettings, period: Period, form: Form, series: Series
) -> Correction | None:
    """Give what of a series is to be told again; None where all of it holds."""
    activation, intervals = series.activation, series.intervals
    code, obis = activation.metering_code, activation.obis
    step = series.grid[1] - series.grid[0]
    before = told.told_of(connection, task.name, code, obis, period.start, period.end, step)
    new = changed(before, intervals)
    if not new:
        return None
    if task.corrections == CHANGED and stand_alone(rows_of(activation, new), form):
        return Correction(activation, new)
    return Correction(activation, [one for one in intervals if one.start in before])
