"""What the command line of a charger that runs alone asks for."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from simulators.charger_inch import Card, Setup
from simulators.charger_inch.alone_io import Wishes
from simulators.charger_inch.habits import ClockAlignedEarly, LockFails
from simulators.command_line import add_charger_options
from simulators.errors import NotAccepted

NEEDED = ("--backend", "ws://127.0.0.1:9000/ocpp/", "--identity", "WB-1")


def wishes(*arguments: str) -> Wishes:
    """Read a command line."""
    parser = argparse.ArgumentParser()
    add_charger_options(parser)
    return Wishes.of(parser.parse_args([*NEEDED, *arguments]))


def test_without_options() -> None:
    """It is what its questionnaire says, and its page is on port 8080 of this machine."""
    asked = wishes()

    assert ("ws://127.0.0.1:9000/ocpp", "WB-1") == (asked.backend, asked.identity)
    assert ("127.0.0.1", 8080, None, ()) == (
        asked.web_host,
        asked.web_port,
        asked.memory,
        asked.cards,
    )
    assert Setup() == asked.setup


def test_with_all_of_them() -> None:
    """Each says what it is called after."""
    asked = wishes(
        *("--web-port", "0", "--web-host", "::1", "--memory", "m.sqlite"),
        *("--card", "77FD2AFA", "--card", "04:A1:B2:C3"),
        *("--configuration", "HeartbeatInterval=60", "--configuration", "StopTxnSampledData="),
        *("--habit", "lock-fails", "--habit", "clock-aligned-early:early_ms=100"),
        *("--fixed-cable", "--big-endian", "--serial", "S1", "--register-wh", "1500"),
    )

    assert ("::1", 0, Path("m.sqlite")) == (asked.web_host, asked.web_port, asked.memory)
    assert (Card(bytes.fromhex("77FD2AFA")), Card(bytes.fromhex("04A1B2C3"))) == asked.cards
    assert asked.setup == Setup(
        serial="S1",
        register_wh=1_500,
        fixed_cable=True,
        big_endian_cards=True,
        configuration={"HeartbeatInterval": "60", "StopTxnSampledData": ""},
        quirks=(LockFails(), ClockAlignedEarly(100)),
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--backend", "http://a"), "write it as ws://HOST:PORT/PATH"),
        (("--identity", ""), "identity '': give 1 to 48 signs"),
        (("--card", "12"), "card '12': write its number"),
        (("--habit", "lamp"), "habit 'lamp': there is no such habit or fault; "),
        (("--serial", "S" * 26), "give 1 to 25 signs, as OCPP has them at most"),
        (("--serial", ""), "--serial '': give 1 to 25 signs"),
        (("--register-wh", "-1"), "--register-wh -1: a meter begins at 0"),
        (("--configuration", "Lamp"), "--configuration 'Lamp': write it as KEY=VALUE"),
        (("--configuration", "Lamp=1"), "there is no such key"),
        (("--configuration", "HeartbeatInterval=0"), "it takes a whole number from 1 to"),
    ],
)
def test_what_is_refused(arguments: tuple[str, ...], sentence: str) -> None:
    """Each refusal is one sentence that says what would be taken."""
    with pytest.raises(NotAccepted) as caught:
        wishes(*arguments)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
