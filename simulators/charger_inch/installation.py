"""
What is set at the charger itself beside its configuration keys: identity, backend, card order.

Rule 1: it outlives the process, as everything in the memory does.
Rule 2: what was set at the charger goes before what the charger is started with, as long as it is
started with the same as before. Who starts it with something else has decided anew.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from simulators.charger_inch.memory import Json, Memory
from simulators.errors import NotAccepted

TABLE = "installation"

IDENTITY, BACKEND, BIG_ENDIAN_CARDS = "identity", "backend", "big_endian_cards"
"""The keys of the table."""

IDENTITY_LIMIT = 48
"""The longest identity; OCPP-J 1.6 names no limit, later OCPP has this one (ASSUMED)."""

URL_LIMIT = 512
"""The longest address of a backend (ASSUMED)."""


class Installation:
    """What was set at one charger."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def value(self, name: str, given: Json) -> Json:
        """Give what holds where the charger is started with ``given`` (rule 2)."""
        kept = self._memory.get(TABLE, name)
        return kept["is"] if kept is not None and kept["given"] == given else given

    def set(self, name: str, given: Json, value: Json) -> None:
        """Keep what was set at a charger that was started with ``given``."""
        self._memory.put(TABLE, name, {"given": given, "is": value})


def checked_identity(text: str) -> str:
    """
    Give an identity that a charger can have.

    Raises:
        NotAccepted: If it cannot.
    """
    if not 1 <= len(text) <= IDENTITY_LIMIT or not text.isprintable() or text != text.strip():
        raise NotAccepted(
            "identity",
            text,
            f"give 1 to {IDENTITY_LIMIT} signs that can be printed, without spaces at the ends",
        )
    return text


def checked_endpoint(text: str) -> str:
    """
    Give the endpoint of a backend, to which the identity is appended.

    Raises:
        NotAccepted: If no charger can call there.
    """
    try:
        parts = urlsplit(text)
        whole = parts.scheme in ("ws", "wss") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    # An identity cannot be appended to a query; a password would be shown wherever this is.
    if whole and not (parts.query or parts.fragment or parts.username or parts.password):
        plain = text.isascii() and text.isprintable() and " " not in text
        if plain and len(text) <= URL_LIMIT:
            return text.rstrip("/")
    raise NotAccepted(
        "backend address", text, "write it as ws://HOST:PORT/PATH, without the identity"
    )
