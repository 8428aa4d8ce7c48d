"""
What one side of a line has said, and whether that is what a scenario's table asks for.

A message is called as in the standard: ``Reset.req`` for what is asked, ``Reset.conf`` for its
answer. A CALLERROR is a ``.conf``, too, whose only field is ``error``; a row must ask for it.

Rule 1: a table tells the whole of it. Of the messages that it names, as many must have come as it
has rows, in its order; messages that it does not name are left alone.
Rule 2: a row that may be missing is not missed; rows that may change places are taken in any order,
with the row above and with each other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from ocpp.v16.enums import Action  # type: ignore[import-untyped]

from harness.errors import UsageError
from harness.fields import (
    CODE,
    OMITTED,
    Alternatives,
    Word,
    meets,
    names_error,
    read_conditions,
    shape_at,
)
from harness.ocpp_rules import CALL, ERROR, RESULT, schema
from harness.recording import OCPP_WIRE
from simulators.wiretap import Crossing

BE_MISSING, SWAP = "be missing", "swap places"
MAY = ("", BE_MISSING, SWAP, f"{SWAP}, {BE_MISSING}")
"""What a row may do."""
COLUMNS = ("message", "with", "may", "after")
"""What a table tells of a message."""


@dataclass(frozen=True, slots=True)
class Message:
    """
    A message that one side has said.

    Attributes:
        name: ``Reset.req`` or ``Reset.conf``.
        payload: its fields; of a CALLERROR its code under ``error``.
        crossing: where it crossed the wire.
        place: where it stands among all crossings.
    """

    name: str
    payload: Any
    crossing: Crossing
    place: int

    @property
    def is_error(self) -> bool:
        """Whether it is a CALLERROR."""
        return isinstance(self.payload, dict) and set(self.payload) == {CODE}


def messages(crossings: Sequence[Crossing], sender: str) -> list[Message]:
    """Give what one party has said, in order; what is no message is left out."""
    found = []
    asked: dict[tuple[str, str], str] = {}
    for place, crossing in enumerate(crossings):
        frame = _frame(crossing)
        if frame is None:
            continue
        if frame[0] == CALL:
            asked[crossing.sender, str(frame[1])] = str(frame[2])
            name, payload = f"{frame[2]}.req", frame[3]
        else:
            name = f"{asked.get((crossing.receiver, str(frame[1])), 'nothing')}.conf"
            payload = {CODE: frame[2]} if frame[0] == ERROR else frame[2]
        if crossing.sender == sender:
            found.append(Message(name, payload, crossing, place))
    return found


def _frame(crossing: Crossing) -> list[Any] | None:
    if crossing.wire != OCPP_WIRE:
        return None
    try:
        frame = json.loads(crossing.text, parse_float=Decimal)
    except ValueError:
        return None
    if not isinstance(frame, list) or len(frame) < 3 or (frame[0] == CALL and len(frame) < 4):
        return None
    return frame


@dataclass(frozen=True, slots=True)
class Row:
    """
    What a table asks for in one row.

    Attributes:
        name: the message's.
        conditions: what must stand in it.
        text: the conditions as they are written.
        swaps: whether it may change places with the row above.
        missable: whether it may be missing.
        after: how long after the row above, or the beginning, it must have come; None: whenever.
    """

    name: str
    conditions: Alternatives = ((),)
    text: str = ""
    swaps: bool = False
    missable: bool = False
    after: timedelta | None = None

    def fits(self, message: Message, word: Word) -> bool:
        """Tell whether a message is what the row asks for."""
        return (
            message.name == self.name
            and (not message.is_error or names_error(self.conditions))
            and meets(message.payload, self.conditions, word)
        )

    def __str__(self) -> str:
        return f"{self.name} with {self.text}" if self.text else self.name


def read_rows(records: Iterable[dict[str, str]]) -> list[Row]:
    """
    Read a scenario's table: ``message``, and where they are wanted ``with``, ``may``, ``after``.

    Raises:
        UsageError: If a cell says what this module does not know.
    """
    rows = []
    for record in records:
        if unknown := sorted(record.keys() - COLUMNS):
            raise UsageError(f"the table has no column {unknown[0]!r}; it has {', '.join(COLUMNS)}")
        may, after = record.get("may", ""), record.get("after", "")
        if may not in MAY:
            raise UsageError(f'a row may "{BE_MISSING}" or "{SWAP}", not "{may}"')
        name, text = record.get("message", ""), record.get("with", "")
        rows.append(
            Row(
                name,
                read_message(name, text),
                text,
                SWAP in may,
                BE_MISSING in may,
                span(after) if after else None,
            )
        )
    if not rows:
        raise UsageError("the table names no message, so it asks for nothing; add a row")
    return rows


def read_message(name: str, text: str) -> Alternatives:
    """
    Read what is asked of a message by its name.

    What the standard does not have is refused: a message that cannot come would never be missed
    where it must not be there.

    Raises:
        UsageError: If OCPP 1.6 has no such message, or the message no such field.
    """
    action, _, kind = name.partition(".")
    shape = schema(action, _KINDS[kind]) if kind in _KINDS else None
    if shape is None:
        like = get_close_matches(name, _names(), 1)
        hint = f"do you mean {like[0]}?" if like else "write it like Reset.req or Reset.conf"
        raise UsageError(f'"{name}" is no message of OCPP 1.6; {hint}')
    conditions = read_conditions(text)
    for one in (one for each in conditions for one in each):
        if one.path != CODE:
            words = shape_at(shape, one.path, name).get("enum", one.values)
            for value in one.values:
                if value not in (*words, OMITTED):
                    told = ", ".join(words)
                    raise UsageError(
                        f'{one.path} of {name} is never "{value}"; it is one of {told}'
                    )
    return conditions


_KINDS = {"req": CALL, "conf": RESULT}


def _names() -> list[str]:
    return [f"{action}.{kind}" for action in Action for kind in _KINDS]


def span(text: str) -> timedelta:
    """
    Read a span of time: ``90 s``, ``10 min``.

    Raises:
        UsageError: If it is written otherwise.
    """
    number, _, unit = text.partition(" ")
    if not number.isdigit() or unit not in _UNITS:
        raise UsageError(f'"{text}" is no span of time; write it like "90 s" or "10 min"')
    return timedelta(seconds=int(number) * _UNITS[unit])


_UNITS = {"s": 1, "seconds": 1, "min": 60, "minutes": 60, "h": 3600}


def named(said: Iterable[Message], rows: Iterable[Row]) -> list[Message]:
    """Give the messages that a table is about: those that it names."""
    names = {row.name for row in rows}
    return [message for message in said if message.name in names]


def differs(
    said: Sequence[Message],
    rows: Sequence[Row],
    word: Word,
    began: datetime,
    slack: timedelta = timedelta(0),
) -> str | None:
    """
    Compare messages with a table.

    Parameters:
        said: the messages that the table names, in order.
        rows: the table.
        word: what words in the table stand for.
        began: when it began to happen, which is "the row above" of the first.
        slack: how far from its time a row may come.

    Returns:
        A sentence about the first message that is missing or out of place; None if it fits.
    """
    match = _Match(said, rows, word, began, slack)
    return None if match.fits() else match.complaint()


class _Match:
    """The search for a way to read the messages as the rows, which may leave choices."""

    def __init__(
        self,
        said: Sequence[Message],
        rows: Sequence[Row],
        word: Word,
        began: datetime,
        slack: timedelta,
    ) -> None:
        self._said = said
        self._slack = slack
        self._began = began
        self._groups: list[list[Row]] = []
        for row in rows:
            if row.swaps and self._groups:
                self._groups[-1].append(row)
            else:
                self._groups.append([row])
        self._word = word
        self._furthest = 0
        self._wanted: list[Row] = []

    def fits(self) -> bool:
        return self._from(0, 0, self._groups[0] if self._groups else [], None)

    def _from(self, place: int, group: int, left: list[Row], last: Message | None) -> bool:
        """Read on from a message, with the rows that are left of a group of rows."""
        if all(row.missable for row in left) and self._next_group(place, group, last):
            return True
        self._remember(place, left)
        if place == len(self._said):
            return False
        message = self._said[place]
        return any(
            self._takes(row, message, last)
            and self._from(place + 1, group, [one for one in left if one is not row], message)
            for row in left
        )

    def _next_group(self, place: int, group: int, last: Message | None) -> bool:
        if group + 1 < len(self._groups):
            return self._from(place, group + 1, self._groups[group + 1], last)
        self._remember(place, [])
        return place == len(self._said)

    def _takes(self, row: Row, message: Message, last: Message | None) -> bool:
        if not row.fits(message, self._word):
            return False
        since = self._began if last is None else last.crossing.at
        if row.after is None:
            return True
        return abs(message.crossing.at - since - row.after) <= self._slack

    def _remember(self, place: int, wanted: list[Row]) -> None:
        if place > self._furthest:
            self._furthest, self._wanted = place, []
        if place == self._furthest:
            self._wanted += [row for row in wanted if row not in self._wanted]

    def complaint(self) -> str:
        """Tell how far the messages could be read, what came then, and what was asked for."""
        wanted = " or ".join(_asked(row) for row in self._wanted) or "nothing more"
        if self._furthest == len(self._said):
            came = "nothing more came"
        else:
            came = f"{_shown(self._said[self._furthest])} came"
        before = ""
        if self._furthest:
            before = f"after {_shown(self._said[self._furthest - 1])}, "
        return f"{before}{came}; {wanted} was asked for"


def _asked(row: Row) -> str:
    after = "" if row.after is None else f", {row.after.total_seconds():g} s later"
    return f"{row}{after}"


def _shown(message: Message) -> str:
    payload = json.dumps(message.payload, default=str, ensure_ascii=False)
    cut = payload if len(payload) <= 160 else f"{payload[:159]}…"
    return f"{message.name} {cut} at {message.crossing.at:%H:%M:%S}"


def gaps_s(instants: Sequence[Any]) -> set[float]:
    """Give the spans between neighbours, in seconds."""
    return {(after - before).total_seconds() for before, after in pairwise(instants)}
