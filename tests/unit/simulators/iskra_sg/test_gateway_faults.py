"""Faults of the gateway, made of a text."""

from __future__ import annotations

import pytest

from simulators.errors import NotAccepted
from simulators.faults import Fault
from simulators.iskra_sg.faults import (
    AbsentDevice,
    NoNetwork,
    SlowDevice,
    WordOrder,
    fault_from_text,
)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("absent-device", AbsentDevice()),
        ("absent-device:address=35", AbsentDevice(35)),
        ("slow-device:address=1,delay_ms=800", SlowDevice(1, 800)),
        ("word-order", WordOrder()),
        ("no-network", NoNetwork()),
    ],
)
def test_a_fault_is_made_of_its_name(text: str, fault: Fault) -> None:
    """With what differs from its defaults."""
    assert fault == fault_from_text(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ghost", "there are absent-device, slow-device"),
        ("absent-device:port=1", "it has address"),
        ("absent-device:address=x", "give 0 to 60000"),
        ("absent-device:address", "give 0 to 60000"),
        ("slow-device:delay_ms=60001", "give 0 to 60000"),
    ],
)
def test_what_is_none_is_refused(text: str, sentence: str) -> None:
    """It says what there is."""
    with pytest.raises(NotAccepted, match=sentence):
        fault_from_text(text)
