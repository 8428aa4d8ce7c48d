"""`isebench test-connection`: whether files would arrive at the destinations of some settings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from backend import Settings
from backend.adapters.clock import RealClock
from backend.adapters.roads import Roads
from backend.ports import Step
from backend.settings import DestinationSettings
from harness.errors import UsageError
from harness.tables import Cell, Ink, Paper, table


class Tested(NamedTuple):
    """What came of the test of a destination."""

    destination: DestinationSettings
    steps: Sequence[Step]

    @property
    def is_done(self) -> bool:
        """Whether each step was done."""
        return all(step.is_done for step in self.steps)


def chosen(settings: Settings, names: Sequence[str]) -> list[DestinationSettings]:
    """
    Give the destinations of some names, or all.

    Raises:
        UsageError: If there is none, or none of a name.
    """
    known = {one.name for one in settings.destinations}
    if not known:
        raise UsageError("the settings name no [[destination]]; add one")
    if unknown := [name for name in names if name not in known]:
        there = ", ".join(map(repr, sorted(known)))
        raise UsageError(f"the settings have no destination {unknown[0]!r}; there is {there}")
    return [one for one in settings.destinations if not names or one.name in names]


def connection_tests(settings_file: Path, names: Sequence[str]) -> Iterator[Tested]:
    """
    Test one destination after the other, and give what came of each.

    Raises:
        UsageError: As `chosen` says.
        SettingsError: If the settings cannot be read.
    """
    drop = Roads(RealClock())
    for one in chosen(Settings.from_file(settings_file), names):
        yield Tested(one, asyncio.run(drop.test(one.destination)))


def text_of(tested: Tested, paper: Paper) -> str:
    """Show what came of a test."""
    to = tested.destination.destination
    head = f"{tested.destination.account}, {to.name}: {to.kind}://{to.user}@{to.host}:{to.port}\n"
    rows = [_row(step) for step in tested.steps]
    return head + table(("step", "result", "why"), rows, paper=paper, wrap=True) + "\n"


def _row(step: Step) -> tuple[Cell, Cell, Cell]:
    if step.is_done is None:
        return Cell(step.name, Ink.FAINT), Cell("not tried", Ink.FAINT), Cell("")
    if step.is_done:
        return Cell(step.name), Cell("done", Ink.GOOD), Cell(step.words)
    return Cell(step.name, Ink.BAD), Cell("failed", Ink.BAD), Cell(step.words)
