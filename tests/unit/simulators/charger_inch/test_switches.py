"""Habits and faults by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from simulators.charger_inch import habits, switches
from simulators.charger_inch.habits import ClockAlignedEarly, LockFails
from simulators.errors import NotAccepted
from simulators.faults import Fault


def test_all_are_listed_by_name() -> None:
    """Habits and faults stand in the order of their file; the bases are no switches."""
    listed = switches.all_switches()

    assert listed["lock-fails"] is LockFails
    assert {one.name for one in habits.DEFAULT} <= listed.keys()
    assert "fault" not in listed


@pytest.mark.parametrize(
    ("text", "switch"),
    [
        ("lock-fails", LockFails()),
        ("clock-aligned-early", ClockAlignedEarly()),
        ("clock-aligned-early:early_ms=100", ClockAlignedEarly(100)),
        ("clock-aligned-early: early_ms = 100", ClockAlignedEarly(100)),
    ],
)
def test_reading_from_text(text: str, switch: Fault) -> None:
    """A name, and settings after a colon."""
    assert switch == switches.switch_from_text(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("lamp", "habit 'lamp': use one of short-message-ids, "),
        ("lock-fails:a=1", "setting of lock-fails 'a': it has no settings"),
        ("clock-aligned-early:a=1", "setting of clock-aligned-early 'a': it has early_ms"),
        ("clock-aligned-early:early_ms", "write it as SETTING=VALUE"),
        ("clock-aligned-early:early_ms=x", "early_ms of clock-aligned-early 'x': give a whole"),
    ],
)
def test_what_is_refused(text: str, sentence: str) -> None:
    """The sentence says what there is."""
    with pytest.raises(NotAccepted) as caught:
        switches.switch_from_text(text)
    assert sentence in str(caught.value)


@dataclass(frozen=True, slots=True)
class Late(Fault):
    """Comes late."""

    name: ClassVar[str] = "late"

    where: str = "home"
    by_s: int = 1

    def __post_init__(self) -> None:
        """Refuse to be early."""
        if self.by_s < 0:
            raise ValueError("late is 0 s or more")


def test_a_fault_judges_its_settings_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts stay texts, and what the fault does not take is refused in its words."""
    monkeypatch.setattr(switches, "all_switches", lambda: {"late": Late})

    assert Late("7", 2) == switches.switch_named("late", {"where": 7, "by_s": "2"})
    with pytest.raises(NotAccepted, match="late is 0 s or more"):
        switches.switch_named("late", {"by_s": -1})
