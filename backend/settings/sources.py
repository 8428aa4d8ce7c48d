"""Stations, meters and cards as what they have in common: energies."""

from __future__ import annotations

from backend.settings.cards import CardSettings
from backend.settings.meters import MeterSettings
from backend.settings.stations import StationSettings

SourceSettings = StationSettings | MeterSettings | CardSettings
"""What the energies of a metering point can come from."""


def kind_of(source: SourceSettings) -> str:
    """Give the name of a source's table."""
    if isinstance(source, StationSettings):
        return "station"
    return "meter" if isinstance(source, MeterSettings) else "card"
