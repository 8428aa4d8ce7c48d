"""
Exports: what is due, the file of each, and its way to the utility.

Rule 1: a step is a row with a unique key, and each looks at the rows to know what is left to
do. So the sweep may be run at any time, any number of times, and after any crash.
Rule 2: the bytes and the name of a file are committed before its delivery begins; every try
sends the same bytes under the same name (DLV-03).
Rule 3: files of a task go in their order; a later one waits for an earlier one (DLV-02).
Rule 4: a delivery that fails is tried again, with pauses that grow to an hour, without end. A
changed host key alone stops its task, until the settings change (DLV-04).
Rule 5: one alarm is set, at the next instant at which there is something to do.

ASSUMED: files are delivered one after the other, also those of different tasks, so that one
order of events exists; a dead server delays the others by its time limit at each try.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from backend.adapters import energies, ledger
from backend.adapters.ledger import Outgoing, TaskState
from backend.adapters.records import STOPPED
from backend.adapters.store import Store
from backend.core import exports
from backend.core.days import local_day_of
from backend.core.exports import file_name
from backend.core.formats.ise_timeseries_csv import Layout
from backend.core.formats.series_csv import write_series
from backend.core.series import Series
from backend.errors import BackendError, DeliveryError, HostKeyChanged, SettingsError
from backend.ports import Alarm, Clock, Drop
from backend.settings import Settings, TaskSettings

_log = logging.getLogger(__name__)

#: Minutes after each failed try; the last one is kept to.
PAUSES_MINUTES = (1, 2, 5, 15, 30, 60)


def pause_after(tries: int) -> timedelta:
    """Say how long to wait after so many failed tries."""
    return timedelta(minutes=PAUSES_MINUTES[min(tries, len(PAUSES_MINUTES)) - 1])


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


class Dispatch:
    """
    Makes and delivers files.

    Parameters:
        settings: the tasks, and what they name.
        store: what the chargers said, and how far the exports are.
        clock: the time.
        drop: the way to the servers.
    """

    def __init__(self, settings: Settings, store: Store, clock: Clock, drop: Drop) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._drop = drop
        self._sweeping = asyncio.Lock()
        self._alarm: Alarm | None = None
        self._stopped = True

    async def start(self) -> None:
        """Sweep as soon as time moves, and from then on whenever something is due."""
        self._stopped = False
        for task in self._settings.tasks:
            if (why := self.why_idle(task)) is not None:
                _log.warning("task %r exports nothing: %s", task.name, why)
        self._ring_at(self._clock.now())

    async def stop(self) -> None:
        """Stop after the delivery that is under way."""
        self._stopped = True
        async with self._sweeping:
            self._cancel()

    def why_idle(self, task: TaskSettings) -> str | None:
        """Say why a task exports nothing (ISE-11, ISE-15); None where it does."""
        if not self._settings.account(task.account).ise:
            return f"the interface is not activated for the account {task.account!r} (ise = true)"
        if not self._settings.activations_of(task):
            return "none of its stations is activated ([station.ise])"
        return None

    async def sweep(self) -> None:
        """Do all that is due now, and set the alarm for what comes next."""
        async with self._sweeping:
            if self._stopped:
                return
            with self._clock.hold("exports are being made and delivered"):
                try:
                    for task in self._settings.tasks:
                        await self._serve(task)
                    await self._set_alarm()
                except Exception:
                    # Whatever it was, say a disk that is full: the next sweep must come.
                    self._cancel()
                    self._ring_at(self._clock.now() + pause_after(1))
                    raise

    async def export(self, name: str, first_day: date, last_day: date) -> None:
        """
        Make the files of a period now, as a new revision, and try to deliver them.

        Raises:
            SettingsError: If there is no such task, it may not export, the days are not in
                order, or none of their intervals has ended yet.
            LayoutError: If what the rows hold cannot be written in the task's layout.
        """
        task = self._settings.task(name)
        where = f"task {name!r}"
        if (why := self.why_idle(task)) is not None:
            raise SettingsError(f"exports nothing: {why}", where, "activate it in the settings")
        if last_day < first_day:
            what = f"ends on {last_day}, before it begins on {first_day}"
            raise SettingsError(what, where, "name the first day first")
        async with self._sweeping:
            with self._clock.hold(f"{name} is being exported now"):
                await self._make(task, first_day, last_day, None)
                await self._deliver(task)
            if not self._stopped:
                await self._set_alarm()

    # ------------------------------------------------------------ what is due

    async def _serve(self, task: TaskSettings) -> None:
        if task.schedule == "daily" and self.why_idle(task) is None:
            await self._make_due(task)
        await self._deliver(task)

    async def _make_due(self, task: TaskSettings) -> None:
        while not self._stopped:
            state = await self._state(task)
            rule = _rule_of(task, self._settings)
            due = exports.due_periods(rule, state.last_day, state.first_day, self._clock.now())
            if not due or task.daily_at is None:
                return
            day = due[0]
            try:
                await self._make(task, day, day, exports.due_at(day, task.daily_at))
            except BackendError as error:
                # The days after it wait, as files go in order; it is tried at the next sweep.
                _log.error("%s of %s cannot be exported: %s", task.name, day, error)
                return

    async def _state(self, task: TaskSettings) -> TaskState:
        now = self._clock.now()
        return await self._store.read(
            lambda connection: ledger.task_state(connection, task.name, local_day_of(now), now)
        )

    # ------------------------------------------------------------ the files of a period

    async def _make(
        self, task: TaskSettings, first_day: date, last_day: date, due_at: datetime | None
    ) -> None:
        now = self._clock.now()
        revision = await self._store.read(
            lambda connection: ledger.next_revision(connection, task.name, first_day, last_day)
        )
        made = await self._store.read(
            lambda connection: self._files(connection, task, first_day, last_day, revision, now)
        )
        if not made:
            what = f"from {first_day} to {last_day} no interval has ended yet"
            raise SettingsError(what, f"task {task.name!r}", "export it later")
        await self._store.write(
            lambda connection: ledger.keep_files(
                connection, task.name, first_day, last_day, revision, now, due_at, made
            )
        )
        for one in made:
            _log.info("%s: %d rows, %d bytes", one.name, one.rows, len(one.content))

    def _files(
        self,
        connection: Connection,
        task: TaskSettings,
        first_day: date,
        last_day: date,
        revision: int,
        now: datetime,
    ) -> list[NewFile]:
        """Make the files of a period; none where no interval of it has ended."""
        layout = self._settings.format_of(task).layout
        found = energies.series_of(
            connection, self._settings, task, first_day, last_day, layout.decimals, now
        )
        # What has not ended has no energy, nor a status that a utility could use.
        series = [ended for one in found if (ended := one.ended_by(now)).energies]
        return [
            _new_file(part, task, layout, of_part, first_day, last_day, now, revision)
            for part, of_part in exports.parts_of(series, layout)
            if of_part
        ]

    # ------------------------------------------------------------ deliveries

    async def _deliver(self, task: TaskSettings) -> None:
        while not self._stopped:
            head = await self._store.read(
                lambda connection: ledger.next_delivery(connection, task.name)
            )
            if head is None or head.state == STOPPED:
                return
            if head.next_try_at is not None and head.next_try_at > self._clock.now():
                return
            if not await self._try(task, head):
                return

    async def _try(self, task: TaskSettings, head: Outgoing) -> bool:
        destination = self._settings.destination_of(task)
        tries = head.tries + 1
        try:
            arrival = await self._drop.deliver(destination, head.name, head.content)
        except DeliveryError as error:
            stops = _stops(error)
            await self._keep_failure(head, tries, error.cause, str(error), stops)
            level = logging.ERROR if stops else logging.WARNING
            then = "the task stops until then" if stops else f"next try in {pause_after(tries)}"
            _log.log(level, "%s, try %d: %s (%s)", head.name, tries, error, then)
            return False
        except Exception as error:
            # A fault of this program must not stop the files for ever, nor pass unseen.
            _log.exception("%s, try %d: the delivery broke", head.name, tries)
            sentence = f"the delivery broke: {type(error).__name__}: {error}"
            await self._keep_failure(head, tries, DeliveryError.cause, sentence, False)
            return False
        server = f"{destination.kind}://{destination.host}:{destination.port}"
        now = self._clock.now()
        await self._store.write(
            lambda connection: ledger.keep_arrival(connection, head, tries, server, arrival, now)
        )
        _log.info("%s is at %s after %d tries", head.name, destination, tries)
        return True

    async def _keep_failure(
        self, head: Outgoing, tries: int, cause: str, sentence: str, stops: bool
    ) -> None:
        again = None if stops else self._clock.now() + pause_after(tries)
        await self._store.write(
            lambda connection: ledger.keep_failure(
                connection, head.delivery_id, tries, cause, sentence, again
            )
        )

    # ------------------------------------------------------------ the alarm

    async def _set_alarm(self) -> None:
        instants = [
            instant
            for task in self._settings.tasks
            for instant in (await self._next_export(task), await self._next_try(task))
            if instant is not None
        ]
        self._cancel()
        if instants:
            self._ring_at(min(instants))

    async def _next_export(self, task: TaskSettings) -> datetime | None:
        if task.schedule != "daily" or self.why_idle(task) is not None:
            return None
        state, now = await self._state(task), self._clock.now()
        last = state.last_day or state.first_day - timedelta(days=1)
        due = exports.next_due(_rule_of(task, self._settings), last, now)
        # What is due and was not made in this sweep cannot be made; that is looked at hourly.
        return due if due > now else now + pause_after(len(PAUSES_MINUTES))

    async def _next_try(self, task: TaskSettings) -> datetime | None:
        head = await self._store.read(
            lambda connection: ledger.next_delivery(connection, task.name)
        )
        return head.next_try_at if head is not None else None

    def _ring_at(self, instant: datetime) -> None:
        self._alarm = self._clock.call_at(instant, self.sweep)

    def _cancel(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None


def _stops(error: DeliveryError) -> bool:
    return isinstance(error, HostKeyChanged)


def _rule_of(task: TaskSettings, settings: Settings) -> exports.Task:
    return exports.Task(
        name=task.name,
        account=task.account,
        format=settings.format_of(task).layout,
        destination=task.destination,
        stations=exports.ALL if task.stations is None else task.stations,
        daily_at=task.daily_at,
    )


def _new_file(
    part: str,
    task: TaskSettings,
    layout: Layout,
    series: Sequence[Series],
    first_day: date,
    last_day: date,
    created: datetime,
    revision: int,
) -> NewFile:
    content = write_series(series, layout)
    return NewFile(
        part=part,
        name=file_name(
            layout.name_pattern, task.name, first_day, last_day, created, revision, part
        ),
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        rows=sum(map(len, series)),
        first=min(one.grid[0] for one in series),
        last=max(one.grid[-1] for one in series),
    )
