"""RFID cards: ``[[card]]``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.core.exports import Activation
from backend.core.id_tags import canonical, reversed_bytes
from backend.settings.activation import read_card_activation
from backend.settings.section import Section, instant_of

#: What a card may be answered with (OCPP 1.6 §7.2); ``ConcurrentTx`` is a moment, no setting.
CARD_STATUSES = ("Accepted", "Blocked", "Expired", "Invalid")


@dataclass(frozen=True, slots=True)
class CardSettings:
    """
    An RFID card.

    Attributes:
        id_tag: its number, in canonical form.
        status: what it is answered with.
        parent_id_tag: its group, in canonical form; empty where it has none.
        expires: from when on it is Expired; None: never.
        as_printed: whether ``id_tag`` is its UID as printed, and not as chargers send it.
        activation: what its consumption is called in files (ISE-21); without it, it is in none.
    """

    account: str
    id_tag: str
    status: str
    parent_id_tag: str = ""
    expires: datetime | None = None
    as_printed: bool = False
    activation: Activation | None = None


def read_card(section: Section) -> CardSettings:
    """Read a card."""
    card = CardSettings(
        account=section.text("account"),
        id_tag=_tag(section, "id_tag", section.text("id_tag")),
        status=section.choice("status", CARD_STATUSES, "Accepted"),
        parent_id_tag=_parent(section),
        expires=_expires(section),
        as_printed=section.choice("written", ("sent", "printed"), "sent") == "printed",
        activation=read_card_activation(section),
    )
    if card.as_printed and reversed_bytes(card.id_tag) is None:
        raise section.error(
            "id_tag",
            f"is {card.id_tag!r}, which is no UID",
            'write 8, 14 or 20 hexadecimal digits as they are printed, or written = "sent"',
        )
    return card


def _parent(section: Section) -> str:
    said = section.text("parent_id_tag", "")
    return _tag(section, "parent_id_tag", said) if said else ""


def _tag(section: Section, key: str, said: str) -> str:
    if not said.isprintable():
        raise section.error(
            key, f"is {said!r}, with a sign that cannot be printed", "type it, without that sign"
        )
    tag = canonical(said)
    if not tag or len(tag) > 20:
        raise section.error(key, f"is {said!r}", "write 1 to 20 signs, as the card shows")
    return tag


def _expires(section: Section) -> datetime | None:
    """Read until when a card holds; TOML has a form for instants."""
    value = section.take("expires")
    if value is None:
        return None
    instant = instant_of(value)
    if instant is None:
        raise section.error(
            "expires", f"is {value!r}", "write an instant with its zone: 2027-01-01T00:00:00+01:00"
        )
    return instant
