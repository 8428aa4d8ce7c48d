"""`isebench explain`: why an interval is what it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend import Settings


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be explained."""

    code: str
    instant: str


def explain_text(settings: Settings, wish: Wish, now: datetime) -> str:
    """Nothing yet."""
    return ""
