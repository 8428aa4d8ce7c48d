"""RFID cards, and how the charger writes their number on the wire."""

from __future__ import annotations

from dataclasses import dataclass

# ISO/IEC 14443-3: single, double and triple size. Ten bytes just fit an idTag (CiString20).
_UID_SIZES = (4, 7, 10)


@dataclass(frozen=True, slots=True)
class Card:
    """
    An RFID card.

    Attributes:
        uid: its number, in the order in which it is printed: ``77FD2AFA`` for the card that
            document 003 writes as ``FA2AFD77``.
        holder: the person who carries it.

    Raises:
        ValueError: If the number has not 4, 7 or 10 bytes (ISO/IEC 14443-3).
    """

    uid: bytes
    holder: str = "somebody"

    def __post_init__(self) -> None:
        if len(self.uid) not in _UID_SIZES:
            raise ValueError(
                f"the card of {self.holder} has a number of {len(self.uid)} bytes "
                f"({self.uid.hex()}); a card has 4, 7 or 10"
            )


def id_tag_of(card: Card, *, big_endian: bool = False) -> str:
    """
    Write a card's number as the idTag: upper-case hex without delimiters.

    Document 003, RFID code representation: little-endian as default; big-endian is a setting.
    """
    uid = card.uid if big_endian else card.uid[::-1]
    return uid.hex().upper()
