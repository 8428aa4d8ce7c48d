"""
The reservation of the connector, or of the whole charger, which has only that one.

OCPP 1.6 §3.8, §5.2 and §5.13. A reservation of connector 0 keeps any connector free; with one
connector both kinds keep the same one, so there is never more than one reservation. It outlives a
power cut.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from simulators.charger_inch.memory import Memory

TABLE, KEY = "reservation", "the one"


@dataclass(frozen=True, slots=True)
class Reservation:
    """
    For whom the connector is kept.

    Attributes:
        number: the backend's reservationId.
        connector: 0 or 1, as it was asked for.
        id_tag: the card it is kept for.
        parent_id_tag: the group of cards it is kept for as well; empty where there is none.
        expires: when it ends by itself.
    """

    number: int
    connector: int
    id_tag: str
    parent_id_tag: str
    expires: datetime

    def is_for(self, id_tag: str, parent_id_tag: str = "") -> bool:
        """Tell whether a card may use it; compared without case (errata 3.74)."""
        if self.id_tag.upper() == id_tag.upper():
            return True
        group = self.parent_id_tag.upper()
        return group != "" and group == parent_id_tag.upper()


class Reservations:
    """The one reservation that a charger with one connector can hold."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        kept = memory.get(TABLE, KEY)
        self.current: Reservation | None = None if kept is None else _from_json(kept)

    def make(self, reservation: Reservation) -> None:
        """Keep the connector for somebody; the same number once more replaces the first."""
        self.current = reservation
        kept = asdict(reservation) | {"expires": reservation.expires.isoformat()}
        self._memory.put(TABLE, KEY, kept)

    def end(self) -> Reservation | None:
        """End the reservation, because it was used, has expired or was cancelled."""
        ended, self.current = self.current, None
        self._memory.forget(TABLE, KEY)
        return ended


def _from_json(kept: dict[str, Any]) -> Reservation:
    return Reservation(**kept | {"expires": datetime.fromisoformat(kept["expires"])})
