"""
What a scenario declares of sources of energies, and how the backend's settings say it.

Those are groups of stations, folders of meters, meters, cards, and what the task takes of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from simulators.charger_inch import Card, id_tag_of

KINDS = {
    "station": "stations",
    "station group": "groups",
    "meter": "meters",
    "folder": "folders",
    "card": "cards",
}
"""How scenarios name what a task takes, and the settings its key."""


@dataclass(slots=True)
class Meter:
    """
    A meter as a scenario declares it.

    Attributes:
        metering_code, obis, interval_minutes: its activation for IS-E.
        in_front_of: the charger that it measures, if any.
        factor: what it counts of what that charger counts.
        silent_after: from when on it sends nothing more.
        counts: whether it, and not the charger behind it, is in the files.
        is_read: whether the backend reads it at a gateway; else it sends.
    """

    name: str
    metering_code: str
    obis: str = "1-1:1.29.0*255"
    interval_minutes: int = 15
    in_front_of: str = ""
    factor: Fraction = Fraction(1)
    silent_after: datetime | None = None
    counts: bool = False
    is_read: bool = False


@dataclass(slots=True)
class CardSource:
    """
    A person's card as a source.

    Attributes:
        person: who carries it.
        metering_code: what it is called in files: its number, where no name is set.
        name: the name that is set; empty for none.
    """

    person: str
    metering_code: str
    name: str = ""
    interval_minutes: int = 15


@dataclass(slots=True)
class Sources:
    """
    All of it, and how the backend's settings say it.

    Attributes:
        tariffs: the virtual tariffs of folders, as the settings have them.
        takes_tariffs: whether the task takes those, and not what was measured.
    """

    owner: str
    meters: dict[str, Meter] = field(default_factory=dict)
    cards: dict[str, CardSource] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    folders: dict[str, list[str]] = field(default_factory=dict)
    taken: dict[str, list[str]] = field(default_factory=dict)
    tariffs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    takes_tariffs: bool = False

    def declare_meter(self, name: str) -> Meter:
        """Give a meter, made where there is none of that name yet."""
        code = f"CH98765012345ZZZZZZZZZZZZZZZ{len(self.meters) + 1:05d}"
        return self.meters.setdefault(name, Meter(name, code))

    def take(self, kind: str, name: str) -> None:
        """Let the task take something."""
        self.taken.setdefault(KINDS[kind], []).append(name)

    def add_to(self, settings: dict[str, Any], cards: Iterable[Card]) -> None:
        """Write it into the backend's settings; where nothing is declared they stay as they are."""
        account = {"account": self.owner}
        settings["group"] = [
            {**account, "name": name, "stations": held} for name, held in self.groups.items()
        ]
        settings["folder"] = [
            {
                **account,
                "name": name,
                "meters": held,
                **({"virtual_tariff": self.tariffs[name]} if name in self.tariffs else {}),
            }
            for name, held in self.folders.items()
        ]
        settings["meter"] = [
            {**account, "name": one.name, "ise": _activation(one)} for one in self.meters.values()
        ]
        for table, card in zip(settings["card"], cards, strict=True):
            if card.holder in self.cards:
                name = self.cards[card.holder].name
                table["ise"] = {"metering_code": name} if name else {}
        for one in self.meters.values():
            _put_in_front(one, settings)
        if any(not one.is_read or one.in_front_of for one in self.meters.values()):
            # Who neither sends readings nor looks for differences does not wait for the
            # library that speaks HTTP.
            from harness.console import TOKEN

            settings.setdefault("web", {"port": 0, "token": TOKEN})
        if self.taken:
            (task,) = settings["task"]
            del task["stations"]
            task.update(self.taken)
            if self.takes_tariffs:
                task["values"] = "virtual tariffs"


def _activation(one: Meter) -> dict[str, Any]:
    return {
        "metering_code": one.metering_code,
        "obis": one.obis,
        "interval": one.interval_minutes,
    }


def _put_in_front(meter: Meter, settings: dict[str, Any]) -> None:
    for station in settings["station"]:
        if station["identity"] == meter.in_front_of:
            station["ise"]["upstream_meter"] = meter.name
            if meter.counts:
                station["ise"]["counts"] = "meter"


def card_source(person: str, card: Card, name: str = "") -> CardSource:
    """Make a person's card a source, by its number or by a name."""
    return CardSource(person, name or id_tag_of(card), name)
