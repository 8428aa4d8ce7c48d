"""The push of a smart gateway in XML."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.sg_push import AHEAD, COUNTERS_LIMIT, read_push
from backend.errors import GatewayAnswerError

AT = datetime(2026, 6, 1, 10, 15, tzinfo=UTC)
HERE = "gateway 'Keller'"
COUNTER = (
    '<counter kind="non_resettable" name="Counter 1" phase="Total" direction="import" unit="Wh" '
    'tariffs="1 2 3 4 5 6">20249500</counter>'
)


def message(
    counters: str = COUNTER, number: str = "17", time: str = "2026-06-01T10:15:00Z"
) -> bytes:
    """Give a push in one line."""
    return (
        f'<push number="{number}" gateway="IS000122" time="{time}" interval="900">'
        '<device interface="RS485 1" model="IE38MD" serial="I0006494" address="35"/>'
        f'<values><value quantity="P" phase="Total" unit="W">1.5</value></values>'
        f"<counters>{counters}</counters></push>\n"
    ).encode()


def test_a_push_is_read() -> None:
    """Number, sender, meter, instant and counters are read, and its number is acknowledged."""
    push = read_push(message(), HERE)
    assert (push.number, push.gateway, push.serial) == (17, "IS000122", "I0006494")
    assert push.instant == AT
    (counter,) = push.counters
    assert (counter.unit, counter.direction, counter.value) == ("Wh", "import", Decimal(20249500))
    assert not counter.is_resettable
    assert not counter.has_tariff
    assert push.acknowledgement == b'<ack number="17"/>\n'


def test_counters_of_phases_are_passed_over() -> None:
    """Only totals are registers."""
    phase = COUNTER.replace('"Total"', '"L1"')
    assert len(read_push(message(COUNTER + phase), HERE).counters) == 1


@pytest.mark.parametrize(
    ("tariffs", "has"), [("", False), ("1", True), ("1 2", True), ("1 2 3 4 5", False)]
)
def test_a_counter_of_some_tariffs_is_marked(tariffs: str, has: bool) -> None:
    """A counter that counts at any tariff is a register, one of some of them is not."""
    (counter,) = read_push(message(COUNTER.replace("1 2 3 4 5 6", tariffs)), HERE).counters
    assert has is counter.has_tariff


@pytest.mark.parametrize(
    ("received", "held"),
    [
        (AT, AT),
        (AT + timedelta(hours=5), AT),
        (AT - AHEAD, AT),
        (AT - AHEAD - timedelta(seconds=1), AT - AHEAD - timedelta(seconds=1)),
    ],
)
def test_a_push_holds_for_its_own_instant(received: datetime, held: datetime) -> None:
    """One that comes late holds for then; one of a clock that is ahead for when it came."""
    assert held == read_push(message(), HERE).held_at(received)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b"x" * 65_537, "more than 65536 bytes"),
        (b"<push", "no XML"),
        (b"\xff\n", "no XML"),
        (b"<ack number='1'/>\n", "no push of a device"),
        (b"<push number='1'/>\n", "no push of a device"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><push/>\n", "has a declaration"),
        (b"<?xml version='1.0'?><push/>\n", "has a declaration"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><push/>".encode("utf-16"), "has a declaration"),
        (message(number=""), "has the number ''"),
        (message(number="-1"), "has the number '-1'"),
        (message(number="1" * 19), "has the number"),
        (message(time="now"), "has the time 'now'"),
        (message(time="2026-13-01T10:15:00Z"), "has the time '2026-13"),
        (message(COUNTER * (COUNTERS_LIMIT + 1)), "more than 64 counters"),
        (message(COUNTER.replace('"Wh"', '"kWh"')), "has the unit 'kWh'"),
        (message(COUNTER.replace('"import"', '"in"')), "the direction 'in'"),
        (message(COUNTER.replace("20249500", "-1")), "has the value '-1'"),
        (message(COUNTER.replace("20249500", "")), "has the value ''"),
        (message(COUNTER.replace("20249500", "9" * 18)), "has the value"),
    ],
)
def test_what_is_no_push_is_told(line: bytes, what: str) -> None:
    """A line that is no push is refused, with what is wrong about it."""
    with pytest.raises(GatewayAnswerError, match=what):
        read_push(line, HERE)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_comes_is_read_or_refused(line: bytes) -> None:
    """No line breaks the reader otherwise."""
    with pytest.raises(GatewayAnswerError):
        read_push(line, HERE)
