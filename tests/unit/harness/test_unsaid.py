"""What no recording tells."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from harness.recording import crossing_line
from harness.unsaid import without_secrets
from simulators.wiretap import Crossing


@pytest.mark.parametrize(
    ("wire", "text"),
    [
        ("ocpp1.6", '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"hunter2"}]'),
        (
            "ocpp1.6",
            '[3,"1",{"configurationKey":[{"key":"authorizationkey","readonly":false,'
            '"value":"hunter2"}]}]',
        ),
        ("ocpp1.6", '[2,"1","GetDiagnostics",{"location":"ftp://x:hunter2@there/"}]'),
        ("rest", 'PUT /api/settings {"link": {"username": "x", "password" : "hunter2"}}'),
        ("rest", '200 {"wifi_password":"hunter2\\"hunter2"}'),
        ("mqtt", 'root/cmd {"broker_password":"hunter2'),
        ("http", 'POST /x {"key_passphrase": "hunter2", "TOKEN":"hunter2", "secret":"hunter2"}'),
    ],
)
def test_secrets_are_not_written_down(wire: str, text: str) -> None:
    """The secret is gone, and the rest is there."""
    line = crossing_line(Crossing(datetime(2025, 6, 3, tzinfo=UTC), wire, "a", "b", text))

    assert "hunter2" not in line
    assert "***" in json.loads(line)["text"]


@pytest.mark.parametrize(
    ("wire", "text"),
    [
        ("ocpp1.6", '[2, "1","ChangeConfiguration",{"key":"HeartbeatInterval","value":"60"}]'),
        ("ocpp1.6", "noise ä \\u0041"),
        ("modbus", "000100000006010300000002"),
        ("rest", 'GET /api/x {"passwords_kept": 3}'),
        ("sftp", '{"user":"isebench","do":"login","answer":"ok"}'),
    ],
)
def test_what_holds_none_stays_sign_for_sign(wire: str, text: str) -> None:
    """Nothing is written otherwise that holds nothing to hide."""
    assert text == without_secrets(wire, text)
