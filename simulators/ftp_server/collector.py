"""
The collector: the utility's importer, and what IS-E believes after it.

Rule 1: only finished files are seen: no dot files, no ``.part``, no ``.tmp``, no subfolders.
Rule 2: a file is taken whole or not at all. What is not as agreed goes to ``error/`` with its
reason in one sentence beside it; the rest goes to ``archive/``.
Rule 3: for each (code, OBIS, start of the interval) the newest file wins, by the creation
timestamp in its name and never by the order of arrival.
Rule 4: the same value again changes nothing; another value is a revision, and is remembered.
Rule 5: it reads whatever kind of file was agreed (`agreements`); a register belongs to the local
day that ends when it was read, and is held in the place of an energy.

Nothing public says how an IS-E importer is set up; folder names, polling and the fate of
refused files are ASSUMED.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from simulators.clock import Alarm, Clock
from simulators.ftp_server.agreements import Agreed
from simulators.ftp_server.drop import Drop
from simulators.ftp_server.timeseries_csv import (
    NOWHERE,
    Row,
    Series,
    Stands,
    Unreadable,
    plain_obis,
)

FILE_LIMIT_BYTES = 50_000_000
"""Larger files are refused (ASSUMED; another importer of the field has this limit)."""

Key = tuple[str, str, datetime]
"""Metering code, OBIS code, start of the interval in UTC."""


@dataclass(frozen=True, slots=True)
class Told:
    """
    What one file said of one interval.

    Attributes:
        file: its name.
        energy_kwh, status: the value.
        effect: ``new``, ``same``, ``revised``, or ``outdated`` (a newer file had spoken).
        at: when it was collected, aware, in UTC.
        stands: where in the file.
    """

    file: str
    energy_kwh: Decimal | None
    status: str
    effect: str
    at: datetime
    stands: Stands = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Belief:
    """
    What IS-E believes of one interval.

    Attributes:
        end: of the interval, aware, in UTC.
        energy_kwh: None where the value is missing.
        status: W, E or F.
        file: the name of the file that the value came from.
        history: everything that was ever said of it, oldest first.
        stands: where in the file.
    """

    end: datetime
    energy_kwh: Decimal | None
    status: str
    file: str
    history: tuple[Told, ...]
    stands: Stands = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Pickup:
    """
    What became of one file.

    Attributes:
        at: when it was collected, aware, in UTC.
        file: its name.
        reason: why it went to ``error/``; None where it went to ``archive/``.
        new, same, revised, outdated: how many of its values were which.
    """

    at: datetime
    file: str
    reason: str | None
    new: int = 0
    same: int = 0
    revised: int = 0
    outdated: int = 0


@dataclass(slots=True)
class _Held:
    obis: str
    row: Row
    file: str
    order: tuple[str, int, str]
    history: list[Told]


class Polling:
    """A collector that looks again and again; cancel it when the scenario is over."""

    def __init__(
        self, clock: Clock, first: datetime, interval: timedelta, collect: Callable[[], object]
    ) -> None:
        self._clock = clock
        self._interval = interval
        self._collect = collect
        self._next = first
        self._alarm: Alarm = clock.call_at(first, self._ring)

    async def _ring(self) -> None:
        self._collect()
        self._next += self._interval
        self._alarm = self._clock.call_at(self._next, self._ring)

    def cancel(self) -> None:
        """Look no more."""
        self._alarm.cancel()


class Collector:
    """
    The importer of one folder of a drop.

    Parameters:
        drop: where the files arrive.
        layout: what was agreed with the sender.
        folder: below the drop's root.
        name: who moves the files, for the drop's events.

    Attributes:
        pickups: what became of every file so far, oldest first.
    """

    def __init__(
        self,
        drop: Drop,
        layout: Agreed,
        folder: str = "",
        name: str = "collector",
    ) -> None:
        self._drop = drop
        self._layout = layout
        self._folder = folder.strip("/")
        self._name = name
        self._name_form = _name_form(layout.name_pattern)
        self._held: dict[tuple[Series, datetime], _Held] = {}
        self._minutes: dict[Series, int] = {}
        self.pickups: list[Pickup] = []

    def collect(self) -> list[Pickup]:
        """Take what is finished, oldest creation timestamp first, and say what became of it."""
        folder = self._drop.root / self._folder
        names = [
            path.name
            for path in folder.iterdir()
            if path.is_file() and not path.is_symlink() and _is_finished(path.name)
        ]
        taken = [self._take(name) for name in sorted(names, key=self._order)]
        self.pickups += taken
        return taken

    def collect_at_once(self) -> None:
        """From now on take every file in the very moment it gets its name."""
        self._drop.on_finished.append(lambda _: self.collect())

    def poll(self, clock: Clock, first: datetime, interval: timedelta) -> Polling:
        """Collect at ``first`` and then every ``interval`` of the scenario's time."""
        return Polling(clock, first, interval, self.collect)

    def believes(self) -> dict[Key, Belief]:
        """
        Say what IS-E now believes, by metering code, OBIS code and start of the interval.

        The OBIS code is spelled as the file spelled it that the value came from.
        """
        return {
            (series[0], held.obis, start): _belief(held)
            for (series, start), held in sorted(self._held.items(), key=lambda item: item[0])
        }

    def belief(self, code: str, obis: str, start: datetime) -> Belief | None:
        """Say what IS-E believes of one interval; ``*255`` makes no difference."""
        held = self._held.get(((code, plain_obis(obis)), start))
        return None if held is None else _belief(held)

    def _take(self, name: str) -> Pickup:
        try:
            rows = self._read(name)
        except Unreadable as error:
            pickup = Pickup(self._drop.now(), name, str(error))
            kept = self._move(name, "error")
            reason = f"{name} was not imported: {error}.\n"
            self._drop.put(f"{kept}.reason.txt", reason.encode(), who=self._name)
            return pickup
        effects = Counter(self._hear(row, name) for row in rows)
        self._move(name, "archive")
        return Pickup(self._drop.now(), name, None, **effects)

    def _read(self, name: str) -> list[Row]:
        path = self._drop.root / self._folder / name
        if self._name_form.fullmatch(name) is None:
            pattern = self._layout.name_pattern
            raise Unreadable(f"its name does not have the agreed form {pattern}")
        if path.stat().st_size > FILE_LIMIT_BYTES:
            raise Unreadable(f"it is larger than {FILE_LIMIT_BYTES} bytes")
        rows = self._layout.rows_in(path.read_bytes(), self._minutes)
        if self._layout.files == "meter" and len({row.code for row in rows}) > 1:
            raise Unreadable("it tells of more than one meter; one file per meter was agreed")
        return rows

    def _hear(self, row: Row, file: str) -> str:
        self._minutes[row.series] = int((row.end - row.start).total_seconds()) // 60
        order = self._order(file)
        held = self._held.get((row.series, row.start))
        if held is None:
            held = _Held(row.obis, row, file, order, [])
            self._held[row.series, row.start] = held
            effect = "new"
        elif order < held.order:
            effect = "outdated"
        else:
            same = (held.row.energy_kwh, held.row.status) == (row.energy_kwh, row.status)
            effect = "same" if same else "revised"
            held.order = order
            if not same:
                held.obis, held.row, held.file = row.obis, row, file
        at = self._drop.now()
        held.history.append(Told(file, row.energy_kwh, row.status, effect, at, row.stands))
        return effect

    def _order(self, name: str) -> tuple[str, int, str]:
        match = self._name_form.fullmatch(name)
        parts = match.groupdict() if match else {}
        return parts.get("created", ""), int(parts.get("revision", 0)), name

    def _move(self, name: str, kept: str) -> str:
        target = _below(self._folder, kept, name)
        again = 1
        while (self._drop.root / target).exists():
            again += 1
            target = _below(self._folder, kept, f"{name}.{again}")
        self._drop.move(_below(self._folder, name), target, who=self._name)
        return target


def _belief(held: _Held) -> Belief:
    row = held.row
    history = tuple(held.history)
    return Belief(row.end, row.energy_kwh, row.status, held.file, history, row.stands)


def _below(*parts: str) -> str:
    return "/".join(part for part in parts if part)


def _is_finished(name: str) -> bool:
    return not name.startswith(".") and not name.lower().endswith((".part", ".tmp"))


def _name_form(pattern: str) -> re.Pattern[str]:
    """Turn a pattern with ``{…}`` into the form of names; creation and revision give the order."""
    forms = {
        "created": "(?P<created>[0-9]{14})",
        "revision": "(?P<revision>[0-9]{1,9})",
        "from": "[0-9]{8}(?:T[0-9]{4}Z)?",
        "to": "[0-9]{8}(?:T[0-9]{4}Z)?",
    }
    parts = re.split(r"\{(\w+)\}", pattern)
    texts, fields = parts[::2], parts[1::2]
    form = re.escape(texts[0])
    for name, text in zip(fields, texts[1:], strict=True):
        form += forms.pop(name, ".+") + re.escape(text)
    return re.compile(form)
