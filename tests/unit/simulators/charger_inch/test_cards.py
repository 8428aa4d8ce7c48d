"""How a card's number is written."""

from __future__ import annotations

import pytest

from simulators.charger_inch.cards import Card, id_tag_of

CARD = Card(bytes.fromhex("77FD2AFA"))


def test_little_endian_is_the_default_of_the_questionnaire() -> None:
    """The card 77FD2AFA is FA2AFD77 on the wire."""
    assert id_tag_of(CARD, big_endian=False) == "FA2AFD77"


def test_big_endian_is_the_order_of_the_card() -> None:
    """With the switch, the number is written as printed."""
    assert id_tag_of(CARD, big_endian=True) == "77FD2AFA"


@pytest.mark.parametrize("size", [4, 7, 10])
def test_a_number_of_each_size_fits_an_id_tag(size: int) -> None:
    """Ten bytes are the 20 characters of an idTag."""
    assert len(id_tag_of(Card(bytes(size)), big_endian=False)) <= 20


def test_a_number_of_another_size_is_refused() -> None:
    """ISO/IEC 14443-3 knows 4, 7 and 10 bytes."""
    with pytest.raises(ValueError, match="Anna has a number of 5 bytes"):
        Card(bytes(5), "Anna")
