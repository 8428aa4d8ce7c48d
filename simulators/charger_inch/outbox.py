"""
What waits to be sent, and what may go next.

Rule 1: one CALL at a time (OCPP-J 1.6 §4.1.1, errata 3.4).
Rule 2: StartTransaction, MeterValues and StopTransaction keep their order among themselves and stay
until they are answered; a lost line costs nothing, and a power cut neither (OCPP 1.6 §3.7).
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

from simulators.charger_inch.memory import Memory

OTHERS_LIMIT = 100
"""How many messages that belong to no transaction may wait; then the oldest gives way."""

QUEUE, TRANSACTIONS = "queue", "transactions"
"""The tables of the memory that hold what waits, and the transactions it is about."""


@dataclass(slots=True, eq=False)
class Transaction:
    """
    A transaction as the charger knows it.

    Attributes:
        local: the charger's own number for it, counted from 1 for as long as the charger lives.
        id_tag: who started it.
        started: when.
        meter_start_wh: as in StartTransaction.req, whole Wh.
        parent_id_tag: the group of the card; empty where there is none or it is not known.
        number: the transactionId of StartTransaction.conf; None while it is not known.
    """

    local: int
    id_tag: str
    started: datetime
    meter_start_wh: int
    parent_id_tag: str = ""
    number: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Give what is remembered of it."""
        return {
            "local": self.local,
            "id_tag": self.id_tag,
            "started": self.started.isoformat(),
            "meter_start_wh": self.meter_start_wh,
            "parent_id_tag": self.parent_id_tag,
            "number": self.number,
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Transaction:
        """Make it of what was remembered."""
        return cls(**kept | {"started": datetime.fromisoformat(kept["started"])})


@dataclass(slots=True, eq=False)
class Message:
    """
    A request to the backend, without its message id.

    Attributes:
        transaction: what it is about; its number is filled in when the message is sent.
        order: its place among all messages.
        failures: how often the backend has reported that it failed.
        not_before: it is held back until then.
        is_extra: a fault added it; it goes as it is, and its answer means nothing.
        is_answered: whether it is such that an answer comes.
    """

    action: str
    payload: dict[str, Any]
    transaction: Transaction | None = None
    order: int = 0
    failures: int = 0
    not_before: datetime | None = None
    is_extra: bool = False
    is_answered: bool = True

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
        memory: where transaction messages outlive a power cut.
    """

    limit: int
    memory: Memory = field(default_factory=Memory)
    in_flight: Message | None = None
    retry_at: datetime | None = None
    dropped: int = 0
    _next: deque[Message] = field(default_factory=deque)
    _others: deque[Message] = field(default_factory=deque)
    _transactions: deque[Message] = field(default_factory=deque)
    _count: int = 0
    _line_up_from: int = 0

    def __post_init__(self) -> None:
        """Take up what was remembered."""
        about = {
            key: Transaction.from_json(kept)
            for key, kept in self.memory.table(TRANSACTIONS).items()
        }
        for key, kept in sorted(self.memory.table(QUEUE).items()):
            transaction = about.get(str(kept["transaction"]))
            message = Message(kept["action"], kept["payload"], transaction, int(key))
            message.failures = kept["failures"]
            self._transactions.append(message)
            self._count = self._line_up_from = message.order + 1

    def add(self, message: Message) -> None:
        """Queue a message that belongs to no transaction."""
        if len(self._others) == OTHERS_LIMIT:
            self._others.popleft()
        self._others.append(self._numbered(message))

    def add_next(self, message: Message) -> None:
        """Let a message go right behind the one that is on its way; it is not remembered."""
        self._next.append(message)

    def add_of_transaction(self, message: Message) -> None:
        """Queue a transaction message; in a full queue the oldest MeterValues give way."""
        if len(self._transactions) >= self.limit:
            self._make_room()
        if len(self._transactions) < self.limit or message.action != "MeterValues":
            self._transactions.append(self._numbered(message))
            self._remember(message)
        else:
            self.dropped += 1

    def remember_transaction(self, transaction: Transaction) -> None:
        """Keep what is known of a transaction, for as long as messages about it wait."""
        self.memory.put(TRANSACTIONS, str(transaction.local), transaction.to_json())

    def transaction(self, local: int) -> Transaction | None:
        """Give the transaction of a number, as long as messages about it wait."""
        for message in self._transactions:
            if message.transaction is not None and message.transaction.local == local:
                return message.transaction
        return None

    def forget_transactions(self, running: Transaction | None) -> None:
        """Forget the transactions that neither run nor have messages waiting."""
        wanted = {str(m.transaction.local) for m in self._transactions if m.transaction is not None}
        if running is not None:
            wanted.add(str(running.local))
        for key in self.memory.table(TRANSACTIONS).keys() - wanted:
            self.memory.forget(TRANSACTIONS, key)

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

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits and nothing is on its way."""
        return not (self.in_flight or self._next or self._others or self._transactions)

    @property
    def held_until(self) -> datetime | None:
        """When the transaction message that is first may go; None where it may go now."""
        held = self._transactions[0].not_before if self._transactions else None
        return max(filter(None, (held, self.retry_at)), default=None)

    def take(self, now: datetime, with_transactions: bool) -> Message | None:
        """Give what goes next, and count it as on its way until it is answered."""
        if self.in_flight is not None:
            return None
        if self._next:
            self.in_flight = self._next.popleft()
            return self.in_flight
        other = self._others[0] if self._others else None
        queued = self._next_of_transactions(now) if with_transactions else None
        if queued is not None and (other is None or self._goes_before(queued, other)):
            self.in_flight, self.retry_at = queued, None
        elif other is not None:
            self.in_flight = self._others.popleft()
        return self.in_flight

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
                self._remember(message)
                self.retry_at = now + timedelta(seconds=interval_s * message.failures)
        return message

    def take_back(self) -> None:
        """Take what is on its way as not sent; a transaction message stays where it is."""
        self.in_flight = None

    def pause_until(self, instant: datetime) -> None:
        """Hold what comes from before the line was up until then (a fault)."""
        if self._transactions and self.is_old(self._transactions[0]):
            self.retry_at = instant

    def line_lost(self) -> None:
        """Keep the transaction messages; drop the others, which tell of a moment that is over."""
        self.in_flight = None
        self._others.clear()
        self._next.clear()

    def power_off(self) -> None:
        """Keep what is remembered, and forget the rest."""
        self.line_lost()
        self.retry_at = None

    def line_restored(self) -> None:
        """Remember that all that waits now comes from before (rule 4)."""
        self._line_up_from = self._count
        self.retry_at = None

    def is_old(self, message: Message) -> bool:
        """Tell whether a message comes from before the line was up."""
        return message.order < self._line_up_from

    def _numbered(self, message: Message) -> Message:
        message.order = self._count
        self._count += 1
        return message

    def _remember(self, message: Message) -> None:
        kept = {
            "action": message.action,
            "payload": message.payload,
            "transaction": None if message.transaction is None else message.transaction.local,
            "failures": message.failures,
        }
        self.memory.put(QUEUE, _key(message), kept)

    def _is_queued(self, message: Message) -> bool:
        return bool(self._transactions) and self._transactions[0] is message

    def _forget(self, message: Message | None) -> None:
        if message is not None and self._is_queued(message):
            self._transactions.popleft()
            self.memory.forget(QUEUE, _key(message))
            self.retry_at = None

    def _next_of_transactions(self, now: datetime) -> Message | None:
        held = self.held_until
        if not self._transactions or (held is not None and now < held):
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
            self.memory.forget(QUEUE, _key(self._transactions[place]))
            del self._transactions[place]
            self.dropped += 1


def _key(message: Message) -> str:
    # Padded, so that keys sort as the messages stand.
    return f"{message.order:012d}"
