"""What crossed the wires, and who is told of it."""

from __future__ import annotations

from datetime import UTC, datetime

from simulators.clock import VirtualClock
from simulators.wiretap import Crossing, Wiretap

START = datetime(2025, 6, 3, tzinfo=UTC)


def test_crossings_are_kept_in_their_order_with_their_time() -> None:
    """What is noted bears the clock's instant."""
    tap = Wiretap(VirtualClock(START))
    tap.note("ocpp1.6", "WB-1", "backend", "a")
    tap.note("ocpp1.6", "backend", "WB-1", "b")

    assert [
        Crossing(START, "ocpp1.6", "WB-1", "backend", "a"),
        Crossing(START, "ocpp1.6", "backend", "WB-1", "b"),
    ] == tap.crossings


def test_who_listens_is_told_until_it_stops() -> None:
    """A listener hears what crosses from then on, at its very moment."""
    tap, heard = Wiretap(VirtualClock(START)), []

    def listen(crossing: Crossing) -> None:
        heard.append(crossing.text)

    tap.note("hand", "Anna", "WB-1", "before")
    tap.listen(listen)
    tap.note("hand", "Anna", "WB-1", "while")
    tap.unlisten(listen)
    tap.note("hand", "Anna", "WB-1", "after")

    assert ["while"] == heard
