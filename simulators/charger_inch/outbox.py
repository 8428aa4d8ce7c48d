"""
What waits to be sent, and what may go next.

Rule 1: one CALL at a time (OCPP-J 1.6 §4.1.1, errata 3.4).
Rule 2: StartTransaction, MeterValues and StopTransaction keep their order among themselves and stay
until they are answered; a lost line costs nothing (OCPP 1.6 §3.7).
Rule 3: what is reported as failed is sent again after TransactionMessageRetryInterval × the number
of transmissions so far, at most TransactionMessageAttempts times; then it is dropped (§3.7.1).
Rule 4: all go in the order in which they came about, except that the others do not wait behind
transaction messages that come from before the line was up, or that wait for their next attempt.
Rule 5: the queue is limited. When it is full the oldest MeterValues give way, never a
StartTransaction or a StopTransaction; what begins a transaction asks for room first (ASSUMED).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

OTHERS_LIMIT = 100
"""How many messages that belong to no transaction may wait; then the oldest gives way."""


@dataclass(slots=True, eq=False)
class Transaction:
    """
    A transaction as the charger knows it.

    Attributes:
        id_tag: who started it.
        started: when.
        meter_start_wh: as in StartTransaction.req, whole Wh.
        number: the transactionId of StartTransaction.conf; None while it is not known.
    """

    id_tag: str
    started: datetime
    meter_start_wh: int
    number: int | None = None


@dataclass(slots=True, eq=False)
class Message:
    """A request to the backend, without its message id; failures are those it reported."""

    action: str
    payload: dict[str, Any]
    transaction: Transaction | None = None
    order: int = 0
    failures: int = 0

    def payload_to_send(self) -> dict[str, Any]:
        """
        Fill in the transactionId, which may have been learnt since the message was queued.

        OCPP 1.6 errata 3.18: -1 where StartTransaction was never answered.
        """
        if "transactionId" not in self.payload or self.transaction is None:
            return self.payload
        number = self.transaction.number
        return self.payload | {"transactionId": -1 if number is None else number}


@dataclass(slots=True)
class Outbox:
    """
    The messages of one charger that wait.

    Parameters:
        limit: how many transaction messages may wait.
    """

    limit: int
    in_flight: Message | None = None
    retry_at: datetime | None = None
    dropped: int = 0
    _others: deque[Message] = field(default_factory=deque)
    _transactions: deque[Message] = field(default_factory=deque)
    _count: int = 0
    _line_up_from: int = 0

    def add(self, message: Message) -> None:
        """Queue a message that belongs to no transaction."""
        if len(self._others) == OTHERS_LIMIT:
            self._others.popleft()
        self._others.append(self._numbered(message))

    def add_of_transaction(self, message: Message) -> None:
        """Queue a transaction message; in a full queue the oldest MeterValues give way."""
        if len(self._transactions) >= self.limit:
            self._make_room()
        if len(self._transactions) < self.limit or message.action != "MeterValues":
            self._transactions.append(self._numbered(message))
        else:
            self.dropped += 1

    def waits(self, action: str) -> bool:
        """Tell whether such a message is on its way or waits to be."""
        flying = self.in_flight is not None and self.in_flight.action == action
        return flying or any(message.action == action for message in self._others)

    @property
    def has_room(self) -> bool:
        """Tell whether a new transaction could be told of."""
        return len(self._transactions) < self.limit or self._oldest_values() is not None

    @property
    def waiting(self) -> int:
        """How many transaction messages are not answered yet."""
        return len(self._transactions)

    def take(self, now: datetime, with_transactions: bool) -> Message | None:
        """Give what goes next, and count it as on its way until it is answered."""
        if self.in_flight is None:
            other = self._others[0] if self._others else None
            queued = self._next_of_transactions(now) if with_transactions else None
            if queued is not None and (other is None or self._goes_before(queued, other)):
                self.in_flight, self.retry_at = queued, None
            elif other is not None:
                self.in_flight = self._others.popleft()
            return self.in_flight
        return None

    def answered(self) -> Message | None:
        """Take what is on its way out for good."""
        message, self.in_flight = self.in_flight, None
        self._forget(message)
        return message

    def failed(self, now: datetime, attempts: int, interval_s: int) -> Message | None:
        """Take what the backend reported as failed; a transaction message stays, by rule 3."""
        message, self.in_flight = self.in_flight, None
        if message is not None and self._is_queued(message):
            message.failures += 1
            if message.failures >= attempts:
                self._forget(message)
                self.dropped += 1
            else:
                self.retry_at = now + timedelta(seconds=interval_s * message.failures)
        return message

    def line_lost(self) -> None:
        """Keep the transaction messages; drop the others, which tell of a moment that is over."""
        self.in_flight = None
        self._others.clear()

    def line_restored(self) -> None:
        """Remember that all that waits now comes from before (rule 4)."""
        self._line_up_from = self._count
        self.retry_at = None

    def _numbered(self, message: Message) -> Message:
        message.order = self._count
        self._count += 1
        return message

    def _is_queued(self, message: Message) -> bool:
        return bool(self._transactions) and self._transactions[0] is message

    def _forget(self, message: Message | None) -> None:
        if message is not None and self._is_queued(message):
            self._transactions.popleft()
            self.retry_at = None

    def _next_of_transactions(self, now: datetime) -> Message | None:
        if not self._transactions or (self.retry_at is not None and now < self.retry_at):
            return None
        return self._transactions[0]

    def _goes_before(self, queued: Message, other: Message) -> bool:
        return self._line_up_from <= queued.order < other.order

    def _oldest_values(self) -> int | None:
        for place, message in enumerate(self._transactions):
            if message.action == "MeterValues" and message is not self.in_flight:
                return place
        return None

    def _make_room(self) -> None:
        place = self._oldest_values()
        if place is not None:
            if place == 0:
                self.retry_at = None
            del self._transactions[place]
            self.dropped += 1
