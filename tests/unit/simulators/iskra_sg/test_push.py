"""The push in XML: what a message says, and what waits."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from simulators.iskra_sg.loads import Fed, Flow
from simulators.iskra_sg.local_clock import LocalClock
from simulators.iskra_sg.meters import Meter
from simulators.iskra_sg.models import MODELS
from simulators.iskra_sg.push import Outbox, Reading, acknowledged, message

AT = datetime(2026, 6, 1, 10, 15, tzinfo=UTC)


def reading(model: str = "IE38MD") -> Reading:
    """Make a reading of a meter."""
    flow = Flow.of_watts([1_196, -899, 824], [-407, 0, 633])
    meter = Meter(MODELS[model], "I0006494", 35, LocalClock(AT), AT, [Fed(flow)])
    meter.begin_at(20_249_500)
    return Reading("IS000122", "RS485 1", AT, 900, meter)


def test_a_message_says_who_when_and_what() -> None:
    """Gateway, meter, instant and interval stand in it, in one line."""
    line = message(17, reading())
    push = ET.fromstring(line)

    assert "\n" not in line
    assert {
        "number": "17",
        "gateway": "IS000122",
        "time": "2026-06-01T10:15:00Z",
        "interval": "900",
    } == push.attrib
    assert ["device", "values", "counters"] == [one.tag for one in push]
    assert {
        "interface": "RS485 1",
        "model": "IE38MD",
        "serial": "I0006494",
        "address": "35",
    } == push[0].attrib


def test_a_message_has_every_value_with_its_unit() -> None:
    """What REST shows stands in the push, with the unit of its own."""
    values = {
        (one.get("quantity"), one.get("phase")): (one.text, one.get("unit"))
        for one in ET.fromstring(message(1, reading()))[1]
    }

    assert 3 * 9 + 5 + 2 == len(values)
    assert ("1196.0", "W") == values["P", "L1"]
    assert ("-899.0", "W") == values["P", "L2"]
    assert ("0.9467", "Cap") == values["PF", "L1"]
    assert ("-18.79", "°") == values["PA", "L1"]
    assert ("0.00", "%") == values["THDI", "L3"]
    assert ("50.00", "Hz") == values["Frequency", "Total"]
    assert ("30.0", "°C") == values["Temperature", "Total"]


def test_a_message_has_every_counter_that_counts() -> None:
    """Disabled counters are left out."""
    counters = list(ET.fromstring(message(1, reading()))[2])

    assert 4 + 12 == len(counters)
    assert "20249500" == counters[0].text
    assert {
        "kind": "non_resettable",
        "name": "Counter 1",
        "phase": "Total",
        "direction": "import",
        "unit": "Wh",
        "tariffs": "1 2 3 4 5 6",
    } == counters[0].attrib


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ('<ack number="17"/>', 17),
        ('<ack number="17" at="noon"></ack>', 17),
        ("<ack/>", None),
        ('<ack number="-1"/>', None),
        ('<ack number="٣"/>', None),
        ('<ack number="1234567890123"/>', None),
        ('<push number="17"/>', None),
        ("OK", None),
        ("", None),
    ],
)
def test_an_acknowledgement_is_read(line: str, number: int | None) -> None:
    """Only an acknowledgement with a number is one."""
    assert number == acknowledged(line)


def test_messages_wait_until_they_are_acknowledged() -> None:
    """The oldest goes first, the same bytes again, until its own number comes back."""
    outbox = Outbox()
    outbox.add(reading())
    outbox.add(reading("WM3M4C"))
    first = outbox.first

    assert not outbox.acknowledge(2)
    assert first is outbox.first
    assert outbox.acknowledge(1)
    assert outbox.first is not None
    assert (2, 1) == (outbox.first.number, len(outbox))
    assert outbox.acknowledge(2)
    assert outbox.first is None
    assert not outbox.acknowledge(2)


def test_too_many_messages_drop_the_oldest() -> None:
    """What a link cannot keep is counted, and the numbers show the gap."""
    outbox = Outbox(limit=2)
    for _ in range(3):
        outbox.add(reading())

    assert outbox.first is not None
    assert (2, 2, 1) == (outbox.first.number, len(outbox), outbox.dropped)
