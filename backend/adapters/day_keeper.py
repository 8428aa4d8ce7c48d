"""
Keeps the days that are over as whole numbers, so that their files are made fast.

What it keeps can be made again at any time (`backend.adapters.plain_days`); where it has kept
nothing, or fails, files are made of the rows themselves, and are the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import partial
from itertools import product

from backend.adapters import energies, plain_days, plain_series
from backend.adapters.plain_series import Wanted
from backend.adapters.store import Store
from backend.core.days import MINUTES_OF_DAY, day_bounds, day_grid, local_day_of
from backend.ports import Clock
from backend.settings import Settings, TaskSettings

#: So long after midnight: what was measured then has come, and no file has been begun.
AFTER = timedelta(minutes=3)
#: The days before today that are kept where they are not yet; a file needs the day before its own.
DAYS = 2
#: So many days lie here; older ones are rarely asked for.
KEPT_DAYS = 60
#: Stations whose day is kept in one transaction, so that no message waits long for it.
_AT_ONCE = 100
_DAY = timedelta(days=1)


class DayKeeper:
    """
    Keeps days, once a day.

    Parameters:
        settings: whose days.
        store: what the chargers said.
        clock: the time.

    Attributes:
        next_at: when there is something to keep.
    """

    def __init__(self, settings: Settings, store: Store, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self.next_at = clock.now()

    async def keep(self, tasks: Iterable[TaskSettings]) -> None:
        """Keep what is over of the stations of some tasks, if it is time."""
        now = self._clock.now()
        if now < self.next_at:
            return
        today = local_day_of(now)
        self.next_at = day_bounds(today)[1] + AFTER
        for task in tasks:
            if task.plan is None or task.plan.minutes == MINUTES_OF_DAY:
                await self._keep(task, today, now)
        oldest, _ = day_bounds(today - KEPT_DAYS * _DAY)
        await self._store.write(partial(plain_days.thin, before=oldest))

    async def _keep(self, task: TaskSettings, today: date, now: datetime) -> None:
        wanted = await self._store.read(
            lambda connection: _wanted(energies.chosen_of(connection, self._settings, task))
        )
        for back, (minutes, stations) in product(range(DAYS, 0, -1), wanted.items()):
            grid = day_grid(today - back * _DAY, minutes)
            for first in range(0, len(stations), _AT_ONCE):
                some = stations[first : first + _AT_ONCE]
                await self._store.write(
                    partial(plain_series.keep_days, wanted=some, grid=grid, until=now)
                )


def _wanted(chosen: Iterable[energies.Chosen]) -> dict[int, list[Wanted]]:
    """Give what measures, by the length of its intervals in minutes."""
    found: dict[int, dict[int, Wanted]] = {}
    for one in chosen:
        if one.short is not None:
            of_length = found.setdefault(one.activation.interval_minutes, {})
            of_length[one.short.station_id] = one.short
    return {minutes: list(those.values()) for minutes, those in found.items()}
