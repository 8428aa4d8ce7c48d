"""What waits, what goes next and what gives way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from simulators.charger_inch.outbox import OTHERS_LIMIT, Message, Outbox, Transaction

NOW = datetime(2025, 6, 3, 12, tzinfo=UTC)


def values(number: int) -> Message:
    """Give a MeterValues that can be told from others."""
    return Message("MeterValues", {"number": number})


def drain(outbox: Outbox) -> list[str]:
    """Let everything be sent and answered; tell the actions or numbers in order."""
    gone = []
    while (message := outbox.take(NOW, with_transactions=True)) is not None:
        gone.append(str(message.payload.get("number", message.action)))
        outbox.answered()
    return gone


class TestOrder:
    """OCPP 1.6 §3.7."""

    def test_one_call_at_a_time(self) -> None:
        """Nothing goes while an answer is due."""
        outbox = Outbox(10)
        outbox.add(Message("Heartbeat", {}))
        outbox.add(Message("Authorize", {}))
        assert outbox.take(NOW, with_transactions=True) is not None
        assert outbox.take(NOW, with_transactions=True) is None

    def test_on_a_good_line_all_go_in_the_order_of_coming_about(self) -> None:
        """A status that came after a start goes after it."""
        outbox = Outbox(10)
        outbox.add(Message("Authorize", {}))
        outbox.add_of_transaction(Message("StartTransaction", {}))
        outbox.add(Message("StatusNotification", {}))
        outbox.add_of_transaction(values(1))
        assert drain(outbox) == ["Authorize", "StartTransaction", "StatusNotification", "1"]

    def test_what_waited_for_the_line_is_overtaken_by_the_others(self) -> None:
        """Old transaction messages stay ahead of new ones, not of a status."""
        outbox = Outbox(10)
        outbox.add_of_transaction(values(1))
        outbox.line_restored()
        outbox.add_of_transaction(values(2))
        outbox.add(Message("StatusNotification", {}))
        assert drain(outbox) == ["StatusNotification", "1", "2"]

    def test_before_the_boot_is_accepted_transactions_wait(self) -> None:
        """Only the boot itself may go."""
        outbox = Outbox(10)
        outbox.add_of_transaction(values(1))
        assert outbox.take(NOW, with_transactions=False) is None

    def test_a_lost_line_keeps_what_was_on_its_way(self) -> None:
        """A transaction message goes again; what else waits is dropped."""
        outbox = Outbox(10)
        outbox.add_of_transaction(values(1))
        outbox.take(NOW, with_transactions=True)
        outbox.add(Message("Heartbeat", {}))
        outbox.line_lost()
        assert drain(outbox) == ["1"]

    def test_a_lost_line_drops_another_message_on_its_way(self) -> None:
        """An Authorize on its way is lost with the line."""
        outbox = Outbox(10)
        outbox.add(Message("Authorize", {}))
        outbox.take(NOW, with_transactions=True)
        outbox.line_lost()
        assert drain(outbox) == []


class TestRetry:
    """OCPP 1.6 §3.7.1."""

    def fail(self, outbox: Outbox, now: datetime) -> None:
        """Let the next message be refused, with three attempts a minute apart."""
        assert outbox.take(now, with_transactions=True) is not None
        outbox.failed(now, attempts=3, interval_s=60)

    def test_the_pause_grows_with_each_transmission(self) -> None:
        """One minute after the first, two after the second; then it is dropped."""
        outbox = Outbox(10)
        outbox.add_of_transaction(values(1))
        self.fail(outbox, NOW)
        assert outbox.retry_at == NOW + timedelta(seconds=60)
        assert outbox.take(NOW + timedelta(seconds=59), with_transactions=True) is None
        self.fail(outbox, NOW + timedelta(seconds=60))
        assert outbox.retry_at == NOW + timedelta(seconds=180)
        self.fail(outbox, NOW + timedelta(seconds=180))
        assert (outbox.waiting, outbox.dropped, outbox.retry_at) == (0, 1, None)

    def test_others_pass_while_a_message_waits_for_its_next_attempt(self) -> None:
        """A heartbeat goes; a later value does not overtake the one that failed."""
        outbox = Outbox(10)
        outbox.add_of_transaction(values(1))
        outbox.add_of_transaction(values(2))
        self.fail(outbox, NOW)
        outbox.add(Message("Heartbeat", {}))
        assert drain(outbox) == ["Heartbeat"]

    def test_a_failed_message_of_no_transaction_is_not_repeated(self) -> None:
        """A refused heartbeat is gone."""
        outbox = Outbox(10)
        outbox.add(Message("Heartbeat", {}))
        self.fail(outbox, NOW)
        assert drain(outbox) == []
        assert outbox.retry_at is None

    def test_a_new_line_is_a_new_attempt_at_once(self) -> None:
        """The pause does not outlive the line."""
        outbox = Outbox(10)
        outbox.add_of_transaction(values(1))
        self.fail(outbox, NOW)
        outbox.line_restored()
        assert drain(outbox) == ["1"]


class TestLimit:
    """A full queue."""

    def test_the_oldest_values_give_way(self) -> None:
        """Starts and stops stay; the newest values come in."""
        outbox = Outbox(3)
        outbox.add_of_transaction(Message("StartTransaction", {}))
        for number in range(1, 5):
            outbox.add_of_transaction(values(number))
        assert outbox.dropped == 2
        assert drain(outbox) == ["StartTransaction", "3", "4"]

    def test_what_is_on_its_way_does_not_give_way(self) -> None:
        """The values being sent stay until they are answered."""
        outbox = Outbox(2)
        outbox.add_of_transaction(values(1))
        outbox.take(NOW, with_transactions=True)
        outbox.add_of_transaction(values(2))
        outbox.add_of_transaction(values(3))
        outbox.answered()
        assert drain(outbox) == ["3"]

    def test_values_that_wait_for_an_attempt_give_way_with_their_pause(self) -> None:
        """What comes after them need not wait."""
        outbox = Outbox(1)
        outbox.add_of_transaction(values(1))
        outbox.take(NOW, with_transactions=True)
        outbox.failed(NOW, attempts=3, interval_s=60)
        outbox.add_of_transaction(values(2))
        assert drain(outbox) == ["2"]

    def test_a_queue_of_starts_and_stops_takes_a_stop_but_no_values(self) -> None:
        """The stop of a told start always fits; values then do not, nor does a start."""
        outbox = Outbox(1)
        outbox.add_of_transaction(Message("StartTransaction", {}))
        assert not outbox.has_room
        outbox.add_of_transaction(values(1))
        outbox.add_of_transaction(Message("StopTransaction", {}))
        assert drain(outbox) == ["StartTransaction", "StopTransaction"]

    def test_values_make_room_for_a_transaction(self) -> None:
        """A full queue that holds values has room."""
        outbox = Outbox(1)
        outbox.add_of_transaction(values(1))
        assert outbox.has_room

    def test_others_are_limited_too(self) -> None:
        """Beyond a hundred the oldest is dropped."""
        outbox = Outbox(1)
        for number in range(OTHERS_LIMIT + 1):
            outbox.add(Message("StatusNotification", {"number": number}))
        assert drain(outbox)[0] == "1"


class TestTransactionId:
    """OCPP 1.6 errata 3.18."""

    def test_it_is_filled_in_when_the_message_goes(self) -> None:
        """What was learnt while it waited is in it, at its place."""
        transaction = Transaction(1, "A", NOW, 0)
        message = Message("StopTransaction", {"transactionId": None, "reason": "x"}, transaction)
        assert message.payload_to_send() == {"transactionId": -1, "reason": "x"}
        transaction.number = 4711
        assert list(message.payload_to_send().items()) == [
            ("transactionId", 4711),
            ("reason", "x"),
        ]

    def test_a_message_without_the_field_gets_none(self) -> None:
        """StartTransaction has no id."""
        message = Message("StartTransaction", {"idTag": "A"}, Transaction("A", NOW, 0, 1))
        assert message.payload_to_send() == {"idTag": "A"}
