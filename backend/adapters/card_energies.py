"""
The energies of RFID cards: from the sessions and registers of all chargers of an account.

As in `backend.adapters.records`, it takes a connection of the store and runs inside the
transaction of its caller; what is decided is decided in `backend.core.card_energy`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy import Connection

from backend.adapters import records
from backend.adapters.cards import Cards
from backend.adapters.known import known_of
from backend.core.card_energy import UNATTRIBUTED, CardSession, nothing, shares, unknown_within
from backend.core.energy import courses_of
from backend.core.intervals import Interval, add_up
from backend.core.sessions import Session
from backend.settings import CardSettings, Settings, StationSettings

Shares = dict[str, list[list[Interval]]]
"""By card: its intervals at each connector where it was in a session."""


class CardEnergies:
    """
    The energies of an account's cards; each charger's are divided once, for all cards.

    Parameters:
        connection: of the store.
        settings: the cards and the chargers.
        account: whose.
        decimals: of kWh.
        until: up to when things are known.
    """

    def __init__(
        self,
        connection: Connection,
        settings: Settings,
        account: str,
        decimals: int,
        until: datetime,
    ) -> None:
        self._connection = connection
        self._stations = [one for one in settings.stations if one.account == account]
        self._cards = Cards(settings)
        self._decimals = decimals
        self._until = until
        self._divided: dict[tuple[datetime, ...], Shares] = {}

    def intervals_of(self, card: CardSettings, grid: tuple[datetime, ...]) -> list[Interval]:
        """Give the intervals of a card: what it took at all chargers."""
        if grid not in self._divided:
            self._divided[grid] = self._divide(grid)
        idle = [nothing(start, end) for start, end in pairwise(grid)]
        found = self._divided[grid].get(card.id_tag, [])
        return [add_up(parts) for parts in zip(idle, *found, strict=True)]

    def _divide(self, grid: tuple[datetime, ...]) -> Shares:
        ids, found = records.station_ids(self._connection), Shares()
        for station in self._stations:
            for shared in self._shares_of(station, ids[station.identity], grid):
                for card, intervals in shared.items():
                    if card != UNATTRIBUTED:
                        found.setdefault(card, []).append(intervals)
        return found

    def _shares_of(
        self, station: StationSettings, number: int, grid: Sequence[datetime]
    ) -> Iterator[dict[str, list[Interval]]]:
        """Divide what each connector of a station has measured."""
        stored = records.sessions_within(self._connection, number, grid[0], grid[-1])
        if not stored:
            return
        known = known_of(self._connection, station, grid, self._until)
        step = grid[1] - grid[0]
        courses = list(courses_of(known, station.profile, step, self._until))
        only = courses[0].connector if len(courses) == 1 else 0
        sessions: dict[int, list[CardSession]] = {}
        for one in stored:
            sessions.setdefault(one.connector or only, []).append(self._owned(station, one))
        for course in courses:
            mine = sessions.pop(course.connector, [])
            way = course.register, grid, mine, course.presence, self._decimals, self._until
            yield shares(*way)
        # Of a connector that is not known, or that has told no register, nothing can be told.
        for rest in sessions.values():
            yield unknown_within(grid, rest, self._until)

    def _owned(self, station: StationSettings, session: Session) -> CardSession:
        card = self._cards.card_of(station, session.id_tag)
        name = UNATTRIBUTED if card is None else card.id_tag
        return CardSession(name, session.started, session.ended or self._until)
