"""People drawn from a seed."""

from __future__ import annotations

import random

import pytest

from simulators.people import PEOPLE_LIMIT, draw_people


def test_the_same_seed_gives_the_same_people() -> None:
    """Names and cards are drawn from the seed alone."""
    assert draw_people(random.Random(7), 5) == draw_people(random.Random(7), 5)
    assert draw_people(random.Random(7), 5) != draw_people(random.Random(8), 5)


def test_no_two_share_a_name_or_a_card() -> None:
    """And each card carries its holder's name."""
    people = draw_people(random.Random(1), 200)
    assert len({person.name for person in people}) == 200
    assert len({person.card.uid for person in people}) == 200
    assert all(person.card.holder == person.name for person in people)


@pytest.mark.parametrize("count", [-1, PEOPLE_LIMIT + 1])
def test_the_number_of_people_is_limited(count: int) -> None:
    """The error says how many there may be."""
    with pytest.raises(ValueError, match="draw 0 to 1000 people"):
        draw_people(random.Random(1), count)
