"""The cards of all accounts: how a charger is answered for one, and which ones it is to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.core.id_tags import canonical, find_card, reversed_bytes
from backend.core.local_list import card_info
from backend.settings import CardSettings, Settings, StationSettings

#: What a card is answered with that nobody has named (OCPP 1.6 §7.2).
INVALID = "Invalid"


@dataclass(frozen=True, slots=True)
class CardAnswer:
    """
    What a charger is answered for a card.

    Attributes:
        info: the IdTagInfo (OCPP 1.6 §7.29).
        bytes_reversed: whether the card is known only with its bytes in the other order than
            the model sends them in.
    """

    info: dict[str, str]
    bytes_reversed: bool


class Cards:
    """The cards of all accounts, and what each is answered with."""

    def __init__(self, settings: Settings) -> None:
        self._cards: dict[tuple[str, str], dict[str, CardSettings]] = {}
        for order in ("little", "big"):
            for one in settings.cards:
                known = self._cards.setdefault((one.account, order), {})
                known[_as_sent(one, order)] = one

    def look_up(self, station: StationSettings, id_tag: str, now: datetime) -> CardAnswer:
        """
        Find a card of a station's account.

        A card that is settled as printed is known in the order in which the station's model
        sends (document 003: the INCH sends little-endian); any card is also found with its
        bytes in the other order, and that is told.
        """
        known = self._known(station)
        hit = find_card(id_tag, known)
        if hit is None:
            return CardAnswer({"status": INVALID}, False)
        return CardAnswer(_info(known[hit.key], now), hit.bytes_reversed)

    def card_of(self, station: StationSettings, id_tag: str) -> CardSettings | None:
        """Give the card of a station's account that an idTag means; None where there is none."""
        known = self._known(station)
        hit = find_card(id_tag, known)
        return None if hit is None else known[hit.key]

    def of(self, station: StationSettings, now: datetime) -> dict[str, dict[str, str]]:
        """Give the cards that a station is to know: idTag as it sends it, and IdTagInfo."""
        return {tag: _info(card, now) for tag, card in sorted(self._known(station).items())}

    def _known(self, station: StationSettings) -> dict[str, CardSettings]:
        return self._cards.get((station.account, station.profile.id_tag_order), {})


def _as_sent(card: CardSettings, order: str) -> str:
    if not card.as_printed or order == "big":
        return card.id_tag
    return reversed_bytes(card.id_tag) or card.id_tag


def _info(card: CardSettings, now: datetime) -> dict[str, str]:
    parent = canonical(card.parent_id_tag) if card.parent_id_tag else ""
    return card_info(card.status, parent, card.expires, now)
