"""What explanations are made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.adapters.explanations import _action_of, find_point, point_of
from backend.adapters.store import is_served
from backend.settings import Settings

SETTINGS = """
[[account]]
name = "A"
ise = true
[[station]]
account = "A"
identity = "WB-1"
[station.ise]
metering_code = "CH1012301234500000000000000012345"
interval = 5
[[station]]
account = "A"
identity = "WB-2"
[[format]]
account = "A"
name = "F"
decimals = 1
[[destination]]
account = "A"
name = "D"
host = "sftp.example.ch"
user = "ise"
secret = "geheim"
host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBoNPGpRM3DYYOlSdNBgPZ4iyPzR5NDSrGqXyXnNvVzz"
[[task]]
account = "A"
name = "T"
format = "F"
destination = "D"
"""


def test_a_point_is_made_as_its_task_delivers_it() -> None:
    """Its interval is its activation's, its decimals are the task's; else they are usual ones."""
    settings = Settings.from_toml(SETTINGS, {})
    first, second = (point_of(settings, one) for one in settings.stations)

    assert (5, 1, "CH1012301234500000000000000012345") == (
        first.minutes,
        first.decimals,
        first.code,
    )
    assert (15, 3, "") == (second.minutes, second.decimals, second.code)
    assert first == find_point(settings, first.code)


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ('[2,"1","MeterValues",{}]', "MeterValues"),
        ('[3,"1",{}]', ""),
        ("[2]", ""),
        ("7", ""),
        ('[2,"\\x00","MeterValues",{}]', ""),
        ("[" * 100_000, ""),
    ],
)
def test_a_message_is_named_as_far_as_it_names_itself(text: str, action: str) -> None:
    """What cannot be read, also as no database keeps it, has no name."""
    assert action == _action_of(text)


def test_where_no_backend_has_ever_been(tmp_path: Path) -> None:
    """Nobody serves a file beside which no lock lies."""
    assert not is_served(tmp_path / "backend.sqlite")
