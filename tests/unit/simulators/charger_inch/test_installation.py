"""What is set at the charger itself."""

from __future__ import annotations

import pytest

from simulators.charger_inch.installation import (
    BACKEND,
    IDENTITY,
    Installation,
    checked_endpoint,
    checked_identity,
)
from simulators.charger_inch.memory import Memory
from simulators.errors import NotAccepted


def test_what_was_given_holds_until_something_is_set() -> None:
    """A charger is what it is started as."""
    assert "WB-1" == Installation(Memory()).value(IDENTITY, "WB-1")


def test_what_was_set_goes_before_what_was_given() -> None:
    """Started with the same once more, the charger is as it was set."""
    memory = Memory()
    Installation(memory).set(IDENTITY, "WB-1", "Dorfplatz")

    assert "Dorfplatz" == Installation(memory).value(IDENTITY, "WB-1")
    assert "ws://a" == Installation(memory).value(BACKEND, "ws://a")


def test_who_starts_it_with_something_else_decides_anew() -> None:
    """What was set for another beginning does not hold."""
    memory = Memory()
    Installation(memory).set(IDENTITY, "WB-1", "Dorfplatz")

    assert "WB-2" == Installation(memory).value(IDENTITY, "WB-2")


@pytest.mark.parametrize("identity", ["WB-1", "Züri/7 Ost", "x" * 48])
def test_identities(identity: str) -> None:
    """What can be printed is a name."""
    assert identity == checked_identity(identity)


@pytest.mark.parametrize("identity", ["", " WB", "WB ", "W\nB", "x" * 49])
def test_what_is_no_identity(identity: str) -> None:
    """The sentence says what would be taken."""
    with pytest.raises(NotAccepted, match="give 1 to 48 signs") as caught:
        checked_identity(identity)
    assert "identity" == caught.value.field


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("ws://127.0.0.1:9000/ocpp", "ws://127.0.0.1:9000/ocpp"),
        ("wss://[::1]/a/b/", "wss://[::1]/a/b"),
        ("ws://backend.example", "ws://backend.example"),
    ],
)
def test_endpoints(given: str, taken: str) -> None:
    """What can be called is taken, without a slash at its end."""
    assert taken == checked_endpoint(given)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "backend",
        "http://backend/ocpp",
        "ws:///ocpp",
        "ws://backend:x/",
        "ws://backend:99999/",
        "ws://[::1/",
        "ws://backend/?a=1",
        "ws://backend/#a",
        "ws://anna:secret@backend/",
        "ws://backend/a b",
        "ws://bäckend/",
        f"ws://{'x' * 600}/",
    ],
)
def test_what_is_no_endpoint(given: str) -> None:
    """The sentence shows the form."""
    with pytest.raises(NotAccepted, match="write it as ws://HOST:PORT/PATH"):
        checked_endpoint(given)
