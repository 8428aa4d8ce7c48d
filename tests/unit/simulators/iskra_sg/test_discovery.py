"""The reply to a scan of the network."""

from __future__ import annotations

from datetime import UTC, datetime

from simulators.clock import VirtualClock
from simulators.faults import Faults
from simulators.iskra_sg.device import Gateway
from simulators.iskra_sg.discovery import REQUEST, answer
from simulators.iskra_sg.site import Site

START = datetime(2026, 6, 1, 6, 0, tzinfo=UTC)


def gateway(**settings: object) -> Gateway:
    """Build a gateway."""
    data = {"gateway": {"serial": "IS001093", "software": "1.0.0"}, "settings": settings}
    return Site.from_mapping(data).build(START, Faults(VirtualClock(START)))


def test_each_field_is_where_clients_look() -> None:
    """Every offset of the reply, and zeros between."""
    reply = answer(REQUEST + b"more", gateway(modbus_address=40), "10.96.2.121")

    assert reply is not None
    assert bytes.fromhex("0000001B 0A600279") == reply[:8]
    assert bytes(12) == reply[8:20]
    assert bytes.fromhex("F008D1000001 2711") == reply[20:28]
    assert b"SG-E1".ljust(15, b"\0") == reply[28:43]
    assert b"IS001093" == reply[43:51]
    assert (100).to_bytes(2) + b"\0D" == reply[51:55]
    assert b"Description".ljust(40, b"\0") + b"Location".ljust(40, b"\0") == reply[55:135]
    assert (0, 40, 204) == (reply[135], reply[136], len(reply))
    assert bytes(67) == reply[137:]


def test_a_long_text_is_cut_between_two_signs() -> None:
    """40 signs with umlauts are more than 40 bytes."""
    reply = answer(REQUEST, gateway(description="x" + "ü" * 39), "10.0.0.1")

    assert reply is not None
    assert ("x" + "ü" * 19).encode() + b"\0" == reply[55:95]


def test_it_answers_scans_only_and_only_where_it_may() -> None:
    """Anything else, and switched off: nothing."""
    assert answer(b"", gateway(), "10.0.0.1") is None
    assert answer(b"\0\0\0\x1b", gateway(), "10.0.0.1") is None
    assert answer(REQUEST, gateway(features={"udp_discovery": False}), "10.0.0.1") is None
