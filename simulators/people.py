"""The people on the bench: drawn from a seed, each with a card of their own."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from simulators.charger_inch import Card

PEOPLE_LIMIT = 1_000
"""The most people that are drawn at once; beyond that the names of a region run out."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who charges: a name as people in German-speaking Switzerland have, and a card."""

    name: str
    card: Card


def draw_people(rng: Random, count: int) -> list[Person]:
    """
    Draw people; no two share a name or a card.

    Parameters:
        rng: what they are drawn from; the same seed gives the same people.
        count: how many, up to `PEOPLE_LIMIT`.

    Raises:
        ValueError: If there are to be fewer than none or more than `PEOPLE_LIMIT`.
    """
    if not 0 <= count <= PEOPLE_LIMIT:
        raise ValueError(f"draw 0 to {PEOPLE_LIMIT} people, not {count}")
    # Names take a while to load; who draws nobody does not wait for them.
    from faker import Faker

    names = Faker("de_CH")
    names.seed_instance(rng.randrange(2**32))
    drawn = [names.unique.name() for _ in range(count)]
    uids: dict[bytes, None] = {}
    while len(uids) < count:
        uids[rng.randbytes(4)] = None
    return [Person(name, Card(uid, name)) for name, uid in zip(drawn, uids, strict=True)]
