"""
Cards: what an idTag is looked up by.

Chargers write the UID of one card in many ways: with blanks, colons, lower case, control
bytes, and with its bytes in either order (document 003: little-endian "FA2AFD77", for a
card that is printed 77FD2AFA). Rule 1: the raw idTag is kept by whoever has it; here are
only the forms to look it up by. Rule 2: the bytes are never turned round in silence: the
order it came in is looked up first, and a hit in the other order says so. Rule 3: a card is
never found by the beginning of its UID; two cards may share it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

_DELIMITERS = str.maketrans("", "", " :-._")
_HEX = frozenset("0123456789ABCDEF")
_MIN_UID_BYTES = 4


@dataclass(frozen=True, slots=True)
class CardHit:
    """
    A card that was found.

    Attributes:
        key: the form it is known under, as given to `find_card`.
        bytes_reversed: it came with its bytes in the other order than it is known with.
    """

    key: str
    bytes_reversed: bool


def canonical(raw: str) -> str:
    """
    Give the form under which an idTag is looked up.

    Control and format characters and blanks around it go. What then is hexadecimal with or
    without delimiters becomes upper-case hex without them; anything else is compared in
    upper case only (OCPP 1.6 errata 3.74: an idTag is compared without case).
    """
    text = "".join(each for each in raw if unicodedata.category(each)[0] != "C").strip()
    compact = text.translate(_DELIMITERS).upper()
    return compact if compact and _HEX.issuperset(compact) else text.upper()


def reversed_bytes(tag: str) -> str | None:
    """
    Give a canonical idTag with its bytes in the other order.

    Returns:
        None where it is no UID of at least four whole bytes.
    """
    if len(tag) < 2 * _MIN_UID_BYTES or len(tag) % 2 or not _HEX.issuperset(tag):
        return None
    return "".join(tag[index : index + 2] for index in range(len(tag) - 2, -1, -2))


def find_card(raw: str, known: Collection[str]) -> CardHit | None:
    """
    Look an idTag up, as it came first, then with its bytes in the other order.

    Parameters:
        raw: the idTag as sent.
        known: canonical idTags.
    """
    tag = canonical(raw)
    if not tag:
        return None
    if tag in known:
        return CardHit(tag, bytes_reversed=False)
    other = reversed_bytes(tag)
    if other is not None and other in known:
        return CardHit(other, bytes_reversed=True)
    return None
