"""
Exports: what is due, the file of each, and its way to the utility.

Rule 1: a step is a row with a unique key, and each looks at the rows to know what is left to
do. So the sweep may be run at any time, any number of times, and after any crash.
Rule 2: the bytes and the name of a file are committed before its delivery begins; every try
sends the same bytes under the same name (DLV-03).
Rule 3: files of a task go in the order of their periods and revisions; a later one waits until
all of the earlier ones have arrived (DLV-02). Files of one period and revision, one for each
metering point, go beside each other, as many as the destination says; a failure is each file's own.
Rule 4: a delivery that fails is tried again, with pauses that grow to an hour, without end but
an operator's (DLV-02). A changed host key, or pinned certificate, alone stops its task, until
the settings change (DLV-04). What is wrong with the server is met by one file, not by all: the
first goes alone, and after a failure that is not about its file no other begins.
Rule 5: one alarm is set, at the next instant at which there is something to do.
Rule 6: once an hour it is looked whether what was delivered still holds (`Corrections`).

ASSUMED: tasks deliver one after the other, so that one order of events exists; a dead server
delays the others by its time limit at each try.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from backend.adapters import energies, ledger, records
from backend.adapters.corrections import Corrections
from backend.adapters.day_keeper import DayKeeper
from backend.adapters.files import Files
from backend.adapters.ledger import DeliveryView, Outgoing, Waiting
from backend.adapters.records import HELD, STOPPED
from backend.adapters.store import Store
from backend.core import days, exports
from backend.core.exports import Period, Trigger, whole_days
from backend.errors import (
    BackendError,
    CertificateChanged,
    DeliveryError,
    Denied,
    HostKeyChanged,
    Incomplete,
    NameTaken,
    RenameRefused,
    SettingsError,
)
from backend.ports import Alarm, Clock, Drop
from backend.settings import YEARS, Settings, TaskSettings

_log = logging.getLogger(__name__)

#: Minutes after each failed try; the last one is kept to.
PAUSES_MINUTES = (1, 2, 5, 15, 30, 60)
#: What a server answers about the one file; it may well take the others.
_OF_ONE_FILE = (NameTaken, Denied, RenameRefused, Incomplete)
_CAUSES_OF_ONE_FILE = tuple(kind.cause for kind in _OF_ONE_FILE)
#: After how many of these, one after the other, it is not believed any more.
REFUSALS = 3
#: How often it is looked whether a period that has ended has all its values.
COMPLETE_EVERY = timedelta(minutes=1)
#: The minute of each hour at which it is looked for corrections.
CORRECTIONS_MINUTE = 50


def pause_after(tries: int) -> timedelta:
    """Say how long to wait after so many failed tries."""
    return timedelta(minutes=PAUSES_MINUTES[min(tries, len(PAUSES_MINUTES)) - 1])


class Lacking(NamedTuple):
    """The stations whose values a period lacked, and the last that was heard of them then."""

    made_of: frozenset[int]
    heard: int


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
        self._files = Files(settings, store, clock)
        self._corrections = Corrections(settings, store, clock, self._files)
        self._day_keeper = DayKeeper(settings, store, clock)
        self._sweeping = asyncio.Lock()
        self._alarm: Alarm | None = None
        self._stopped = True
        #: When it is next looked for corrections.
        self._look_at = clock.now()
        #: Up to when all periods of a task are made; what lies before is not looked at again.
        self._made_until: dict[str, datetime] = {}
        #: What a task was last found to lack of a period.
        self._lacking: dict[tuple[str, Period], Lacking] = {}

    async def start(self) -> None:
        """Sweep as soon as time moves, and from then on whenever something is due."""
        self._stopped = False
        for task in self._settings.tasks:
            if (why := self.why_idle(task)) is not None:
                _log.warning("task %r exports nothing: %s", task.name, why)
        self._look_at = self._clock.now()
        self._ring_at(self._look_at)

    async def stop(self) -> None:
        """Stop after the deliveries that are under way."""
        self._stopped = True
        async with self._sweeping:
            self._cancel()

    def why_idle(self, task: TaskSettings) -> str | None:
        """Say why a task exports nothing (ISE-11, ISE-15); None where it does."""
        if not self._settings.account(task.account).ise:
            return f"the interface is not activated for the account {task.account!r} (ise = true)"
        if not self._settings.activations_of(task):
            return "none of its sources is activated ([station.ise], [meter.ise], [card.ise])"
        return None

    async def sweep(self) -> None:
        """Do all that is due now, and set the alarm for what comes next."""
        async with self._sweeping:
            if self._stopped:
                return
            with self._clock.hold("exports are being made and delivered"):
                try:
                    await self._keep_days()
                    await self._serve_all()
                    await self._look_for_corrections()
                    await self._set_alarm()
                except Exception:
                    # Whatever it was, say a disk that is full: the next sweep must come.
                    self._cancel()
                    self._ring_at(self._clock.now() + pause_after(1))
                    raise
                finally:
                    await self._drop.rest()

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
        if not (YEARS[0] <= first_day.year and last_day.year <= YEARS[1]):
            what = f"goes from {first_day} to {last_day}"
            raise SettingsError(what, where, f"name days from {YEARS[0]} to {YEARS[1]}")
        async with self._sweeping:
            with self._clock.hold(f"{name} is being exported now"):
                try:
                    await self._files.make(task, whole_days(first_day, last_day), None)
                    await self._deliver(task)
                finally:
                    await self._drop.rest()
            if not self._stopped:
                await self._set_alarm()

    async def hold(self, name: str) -> DeliveryView | None:
        """
        Stop the delivery of a task's oldest file; give it, None where nothing waits.

        Tries that are under way are not broken off; no other begins.

        Raises:
            SettingsError: If there is no such task.
        """
        task = self._settings.task(name)
        return await self._store.write(lambda connection: ledger.hold(connection, task.name))

    async def release(self, name: str) -> DeliveryView | None:
        """
        Let a task's deliveries go on, and try now what is next; None where nothing waits.

        Raises:
            SettingsError: If there is no such task.
        """
        task = self._settings.task(name)
        found = await self._store.write(lambda connection: ledger.release(connection, task.name))
        if found is not None and not self._stopped:
            self._cancel()
            self._ring_at(self._clock.now())
        return found

    async def _keep_days(self) -> None:
        """Keep what makes files fast; they are made without it all the same."""
        tasks = [task for task in self._settings.tasks if self.why_idle(task) is None]
        try:
            await self._day_keeper.keep(tasks)
        except Exception:
            _log.exception("days that are over cannot be kept; their files take longer")

    async def _serve_all(self) -> None:
        """Serve each task; one that breaks keeps no other from its turn."""
        broken: Exception | None = None
        for task in self._settings.tasks:
            try:
                await self._serve(task)
            except Exception as error:
                _log.error("task %r broke: %s: %s", task.name, type(error).__name__, error)
                broken = broken or error
        if broken is not None:
            raise broken

    # ------------------------------------------------------------ what is due

    async def _serve(self, task: TaskSettings) -> None:
        if task.plan is not None and self.why_idle(task) is None:
            await self._make_due(task, task.plan)
        await self._deliver(task)

    async def _make_due(self, task: TaskSettings, plan: exports.Plan) -> None:
        while not self._stopped:
            start, made = await self._made(task, plan)
            due = exports.due_periods(plan, start, made, self._clock.now())
            heard: dict[frozenset[int], int] = {}
            ready = [period for period in due if await self._is_ready(task, plan, period, heard)]
            for period in ready:
                due_at = exports.due_at(plan, period)
                try:
                    await self._files.make(task, period, due_at)
                except BackendError as error:
                    # Those after it wait, as files go in order; it is tried at the next sweep.
                    _log.error("%s of %s cannot be exported: %s", task.name, period, error)
                    return
                # One after the other, so that years of them need not lie here first.
                await self._deliver(task)
                if self._stopped:
                    return
            if len(due) < exports.MAX_DUE or not ready:
                return

    async def _made(
        self, task: TaskSettings, plan: exports.Plan
    ) -> tuple[datetime, Sequence[Period]]:
        """Give from when on there may be something to make, and what is made since then."""
        now = self._clock.now()
        start = self._made_until.get(task.name)
        if start is None or start > now:  # a clock that was set back makes things again
            start = await self._start_of(task, days.local_day_of(now))
        since = start
        made = await self._store.read(
            lambda connection: ledger.made_periods(connection, task.name, since, now)
        )
        self._made_until[task.name] = exports.made_until(plan, start, made)
        return self._made_until[task.name], made

    async def _start_of(self, task: TaskSettings, today: date) -> datetime:
        first = task.start
        if first is None:
            first = await self._store.read(
                lambda connection: ledger.first_day(connection, task.name, today)
            )
        return days.day_bounds(first)[0]

    async def _is_ready(
        self,
        task: TaskSettings,
        plan: exports.Plan,
        period: Period,
        heard: dict[frozenset[int], int],
    ) -> bool:
        """
        Tell whether a period that is due can be made: its trigger may want all values.

        Parameters:
            heard: when stations were last heard, as far as it was asked for in this sweep.
        """
        if plan.trigger is not Trigger.COMPLETE:
            return True
        key = task.name, period
        lacking = self._lacking.get(key)
        if lacking is not None and await self._heard(lacking.made_of, heard) == lacking.heard:
            return False
        found = await self._store.read(lambda connection: self._lacks(connection, task, period))
        if found is None:
            self._lacking.pop(key, None)
            return True
        self._lacking[key] = Lacking(found, await self._heard(found, heard))
        return False

    async def _heard(self, stations: frozenset[int], known: dict[frozenset[int], int]) -> int:
        if stations not in known:
            known[stations] = await self._store.read(
                lambda connection: records.last_heard(connection, stations)
            )
        return known[stations]

    def _lacks(
        self, connection: Connection, task: TaskSettings, period: Period
    ) -> frozenset[int] | None:
        """
        Tell what makes the first series of a task that lacks a value (AEX-14).

        Returns:
            The keys of its stations; None where each meter has all values of the period.
        """
        now, decimals = self._clock.now(), self._settings.format_of(task).form.decimals
        chosen = energies.chosen_of(connection, self._settings, task)
        what = self._settings, task, period, decimals, now, chosen
        # The period has ended, so each source has its series.
        for one, series in zip(chosen, energies.series_of(connection, *what), strict=True):
            if series.lacks_any:
                return one.made_of
        return None

    async def _look_for_corrections(self) -> None:
        now = self._clock.now()
        if now < self._look_at:
            return
        self._look_at = next_look(now)
        for task in await self._corrections.look(
            [task for task in self._settings.tasks if self.why_idle(task) is None]
        ):
            await self._deliver(task)

    # ------------------------------------------------------------ deliveries

    async def _deliver(self, task: TaskSettings) -> None:
        while not self._stopped:
            waiting = await self._store.read(
                lambda connection: ledger.next_deliveries(connection, task.name)
            )
            if not (due := due_of(waiting, self._clock.now())):
                return
            going = Round(due)
            await self._try_all(task, going)
            if going.is_ended:
                return

    async def _try_all(self, task: TaskSettings, going: Round) -> None:
        """Try files, the first alone until one of them has arrived."""
        while going.has_more and not going.is_proven:
            await self._try_next(task, going)

        async def try_on() -> None:
            while going.has_more:
                await self._try_next(task, going)

        count = self._settings.destination_of(task).at_once
        # A store that breaks for one does so for the others; what is on its way has its end.
        ends = await asyncio.gather(*(try_on() for _ in range(count)), return_exceptions=True)
        for end in ends:
            if end is not None:
                raise end

    async def _try_next(self, task: TaskSettings, going: Round) -> None:
        if self._stopped:
            going.end()
            return
        key = going.take().delivery_id
        head = await self._store.read(
            lambda connection: ledger.outgoing(connection, task.name, key)
        )
        if head is None:
            going.end()
        elif (error := await self._try(task, head)) is None:
            going.has_arrived()
        else:
            going.has_failed(error)

    async def _try(self, task: TaskSettings, head: Outgoing) -> Exception | None:
        """Try to deliver a file, and keep what came of it; gives why it has not arrived."""
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
            return error
        except Exception as error:
            # A fault of this program must not stop the files for ever, nor pass unseen.
            _log.exception("%s, try %d: the delivery broke", head.name, tries)
            sentence = f"the delivery broke: {type(error).__name__}: {error}"
            await self._keep_failure(head, tries, DeliveryError.cause, sentence, False)
            return error
        server = f"{destination.kind}://{destination.host}:{destination.port}"
        now = self._clock.now()
        await self._store.write(
            lambda connection: ledger.keep_arrival(connection, head, tries, server, arrival, now)
        )
        _log.info("%s is at %s after %d tries", head.name, destination, tries)
        return None

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
        if any(self._corrections.are_wanted(task) for task in self._settings.tasks):
            instants.append(self._look_at)
        if any(self.why_idle(task) is None for task in self._settings.tasks):
            instants.append(self._day_keeper.next_at)
        self._cancel()
        if instants:
            self._ring_at(min(instants))

    async def _next_export(self, task: TaskSettings) -> datetime | None:
        if task.plan is None or self.why_idle(task) is not None:
            return None
        start, made = await self._made(task, task.plan)
        now = self._clock.now()
        due = exports.next_due(task.plan, start, made, now)
        if due > now:
            return due
        if task.plan.trigger is Trigger.COMPLETE:
            return now + COMPLETE_EVERY
        # What is due and was not made in this sweep cannot be made; that is looked at hourly.
        return now + pause_after(len(PAUSES_MINUTES))

    async def _next_try(self, task: TaskSettings) -> datetime | None:
        waiting = await self._store.read(
            lambda connection: ledger.next_deliveries(connection, task.name)
        )
        return next_try_of(waiting, self._clock.now())

    def _ring_at(self, instant: datetime) -> None:
        self._alarm = self._clock.call_at(instant, self.sweep)

    def _cancel(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None


class Round:
    """
    Files that are tried beside each other, and how it goes.

    Attributes:
        is_proven: whether one of them has arrived.
        is_ended: whether no other begins.
    """

    def __init__(self, files: Sequence[Waiting]) -> None:
        self.is_proven = False
        self.is_ended = False
        self._files = deque(files)
        self._refused = 0

    @property
    def has_more(self) -> bool:
        """Whether there is a file to be tried next."""
        return bool(self._files)

    def take(self) -> Waiting:
        """Give the file that is tried next."""
        return self._files.popleft()

    def has_arrived(self) -> None:
        """Tell that one has arrived."""
        self.is_proven, self._refused = True, 0

    def has_failed(self, error: Exception) -> None:
        """Tell that one has not; no other begins where that is not, or cannot be, about it."""
        self._refused += 1
        if type(error) not in _OF_ONE_FILE or self._refused >= REFUSALS:
            self.end()

    def end(self) -> None:
        """Have no other begin."""
        self.is_ended = True
        self._files.clear()


def due_of(waiting: Sequence[Waiting], now: datetime) -> Sequence[Waiting]:
    """Give what can be tried now of the files of a period and revision."""
    if _is_stopped(waiting) or _keeping_others(waiting, now):
        return []
    return [one for one in waiting if one.next_try_at is None or one.next_try_at <= now]


def next_try_of(waiting: Sequence[Waiting], now: datetime) -> datetime | None:
    """Say when some of the files of a period and revision can be tried that cannot be now."""
    if _is_stopped(waiting):
        return None
    if keeping := _keeping_others(waiting, now):
        return max(keeping)
    times = [one.next_try_at for one in waiting if one.next_try_at and one.next_try_at > now]
    return min(times, default=None)


def _keeping_others(waiting: Sequence[Waiting], now: datetime) -> list[datetime]:
    """Give until when files wait that found the server so that it is no use to try others."""
    return [
        one.next_try_at
        for one in waiting
        if one.next_try_at and one.next_try_at > now and one.cause not in _CAUSES_OF_ONE_FILE
    ]


def _is_stopped(waiting: Sequence[Waiting]) -> bool:
    return any(one.state in (STOPPED, HELD) for one in waiting)


def next_look(now: datetime) -> datetime:
    """Give the next instant at which it is looked for corrections."""
    hour = now.replace(minute=CORRECTIONS_MINUTE, second=0, microsecond=0)
    return hour if hour > now else hour + timedelta(hours=1)


def _stops(error: DeliveryError) -> bool:
    return isinstance(error, CertificateChanged | HostKeyChanged)
