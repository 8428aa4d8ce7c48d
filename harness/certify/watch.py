"""
What is known of a charger from case to case, read from the frames as they cross.

From here on a charger is led back to where a case begins: what its connectors say, which of its
transactions and reservations are open, what was set of it, and what its keys were in the beginning.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

AVAILABLE, UNAVAILABLE, RESERVED, FAULTED = "Available", "Unavailable", "Reserved", "Faulted"


class Watch:
    """
    Follows the messages of one line.

    Attributes:
        registration: how its last boot was answered; ``Accepted`` before any, as it is connected.
        statuses: what each connector has told last.
        error: the code of the last fault that one has told.
        transactions: the numbers of those that run.
        numbered: the numbers of all that have ever begun.
        reservations: the numbers of those that were accepted, and not cancelled.
        used: the commands whose traces have to be cleared: a list, profiles, cards, availability.
        changed: the keys that were set since they were last restored.
        keys: what the keys were in the beginning, with whether they can only be read.
        is_silent: whether the charger has said nothing yet on the line that is up.
        changed_event: set with every message.
    """

    def __init__(self) -> None:
        self.registration = "Accepted"
        self.statuses: dict[int, str] = {}
        self.error = ""
        self.transactions: set[int] = set()
        self.numbered: set[int] = set()
        self.reservations: set[int] = set()
        self.used: set[str] = set()
        self.changed: set[str] = set()
        self.keys: dict[str, tuple[str, bool]] = {}
        self.is_silent = True
        self.changed_event = asyncio.Event()
        self._open: dict[tuple[bool, str], tuple[str, Json]] = {}

    def take(self, incoming: bool, text: str) -> None:
        """Take a frame; what is no message is passed over, and so is a field of another type."""
        self.is_silent = self.is_silent and not incoming
        for action, asked, answer in self._message(incoming, text):
            if answer is None:
                self._hear_call(incoming, action, asked)
            else:
                self._hear_answer(action, asked, answer)
        self.changed_event.set()

    def line_changes(self) -> None:
        """Forget what was asked on a line that has ended; a new one is silent at first."""
        self._open.clear()
        self.is_silent = True
        self.changed_event.set()

    def _message(self, incoming: bool, text: str) -> Iterator[tuple[str, Json, Json | None]]:
        try:
            frame = json.loads(text)
        except (ValueError, RecursionError):
            return
        if not isinstance(frame, list) or len(frame) < 3:
            return
        if frame[0] == 2 and len(frame) > 3 and isinstance(frame[3], dict):
            self._open[incoming, str(frame[1])] = (str(frame[2]), frame[3])
            yield str(frame[2]), frame[3], None
        elif frame[0] == 3 and isinstance(frame[2], dict):
            action, asked = self._open.pop((not incoming, str(frame[1])), ("", {}))
            yield action, asked, frame[2]

    def _hear_call(self, incoming: bool, action: str, asked: Json) -> None:
        if action == "StatusNotification" and isinstance(asked.get("connectorId"), int):
            self.statuses[asked["connectorId"]] = str(asked.get("status"))
            if asked.get("status") == FAULTED:
                self.error = str(asked.get("errorCode"))
        elif action in ("Authorize", "StartTransaction"):
            self.used.add("card")
        elif not incoming and action in ("SendLocalList", "SetChargingProfile"):
            self.used.add(action)
        elif not incoming and action == "RemoteStartTransaction" and "chargingProfile" in asked:
            self.used.add("SetChargingProfile")
        elif not incoming and action == "ChangeConfiguration":
            self.changed.add(str(asked.get("key")))

    def _hear_answer(self, action: str, asked: Json, answer: Json) -> None:
        if action == "BootNotification":
            self.registration = str(answer.get("status"))
        elif action == "StartTransaction" and isinstance(answer.get("transactionId"), int):
            self.transactions.add(answer["transactionId"])
            self.numbered.add(answer["transactionId"])
        elif action == "StopTransaction" and isinstance(asked.get("transactionId"), int):
            self.transactions.discard(asked["transactionId"])
        elif action == "ReserveNow" and answer.get("status") == "Accepted":
            self.reservations.add(asked["reservationId"])
        elif action == "CancelReservation":
            self.reservations.discard(asked["reservationId"])
        elif action == "GetConfiguration":
            entries = answer.get("configurationKey")
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, dict) and isinstance(entry.get("key"), str):
                    value = str(entry.get("value", ""))
                    self.keys.setdefault(entry["key"], (value, bool(entry.get("readonly"))))

    def is_free(self) -> bool:
        """Tell whether all that its connectors have said is that they are available."""
        return not self.transactions and set(self.statuses.values()) <= {AVAILABLE}
