"""Tests of faults: on, off, by the clock."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from simulators.clock import VirtualClock
from simulators.faults import Fault, Faults
from simulators.ftp_server.faults import (
    DROP_FAULTS,
    CutAfterBytes,
    CutAtCommand,
    CutBeforeAnswer,
    FullDisk,
    NoAnswer,
    Quota,
    RefusedCommand,
    RefusedLogin,
    RefusedRename,
    ServerAway,
    ShortWrite,
    SlowAnswer,
    SlowLine,
    fault_from_text,
)
from simulators.wiretap import Wiretap

START = datetime(2025, 6, 4, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_fault_bites_from_on_to_off() -> None:
    """A fault is active between being switched on and off, and no other kind is."""

    async def seen() -> list[Fault | None]:
        faults = Faults(VirtualClock(START))
        seen: list[Fault | None] = [faults.active(FullDisk)]
        await faults.switch_on(FullDisk(1000))
        seen += [faults.active(FullDisk), faults.active(RefusedLogin)]
        await faults.switch_off(FullDisk(1000))
        return [*seen, faults.active(FullDisk)]

    assert [None, FullDisk(1000), None, None] == asyncio.run(seen())


def test_the_newest_of_a_kind_counts() -> None:
    """Of two faults of a kind the later is active, and both end when the kind is ended."""

    async def seen() -> list[object]:
        faults = Faults(VirtualClock(START))
        await faults.switch_on(CutAfterBytes(10))
        await faults.switch_on(CutAfterBytes(20))
        first = (faults.active(CutAfterBytes), faults.on)
        await faults.switch_off(CutAfterBytes)
        return [*first, faults.on]

    expected = [CutAfterBytes(20), (CutAfterBytes(10), CutAfterBytes(20)), ()]
    assert expected == asyncio.run(seen())


def test_a_fault_that_is_not_on_is_left_alone() -> None:
    """Switching off what is not on changes nothing and tells nobody."""

    async def told() -> int:
        clock = VirtualClock(START)
        tap = Wiretap(clock)
        await Faults(clock, tap, "EW Seedorf").switch_off(RefusedLogin())
        return len(tap.crossings)

    assert 0 == asyncio.run(told())


def test_a_schedule_follows_the_clock() -> None:
    """A scheduled fault is on from its first instant and off at its last."""

    async def seen() -> list[bool]:
        clock = VirtualClock(START)
        faults = Faults(clock)
        faults.schedule(RefusedLogin(), START + HOUR, START + 2 * HOUR)
        seen = []
        for minutes in (59, 60, 119, 120):
            await clock.advance_to(START + timedelta(minutes=minutes))
            seen.append(faults.active(RefusedLogin) is not None)
        return seen

    assert [False, True, True, False] == asyncio.run(seen())


def test_a_schedule_can_be_cancelled() -> None:
    """A cancelled schedule does not come about."""

    async def seen() -> tuple[Fault, ...]:
        clock = VirtualClock(START)
        faults = Faults(clock)
        faults.schedule(RefusedLogin(), START + HOUR, START + 2 * HOUR).cancel()
        await clock.advance_to(START + HOUR)
        return faults.on

    assert () == asyncio.run(seen())


def test_an_empty_schedule_is_refused() -> None:
    """A span that ends where it begins is a mistake of the scenario."""
    with pytest.raises(ValueError, match=r"refused-login .* never is"):
        Faults(VirtualClock(START)).schedule(RefusedLogin(), START, START)


def test_changes_are_told_and_noted() -> None:
    """Every change reaches the listeners and the wiretap, with the fault's settings."""

    async def run() -> tuple[int, list[object]]:
        clock = VirtualClock(START)
        tap = Wiretap(clock)
        faults = Faults(clock, tap, "EW Seedorf")
        changes = 0

        async def listen() -> None:
            nonlocal changes
            changes += 1

        faults.listen(listen)
        await faults.switch_on(FullDisk(5))
        await faults.switch_off(FullDisk)
        return changes, [(one.wire, json.loads(one.text)) for one in tap.crossings]

    changes, notes = asyncio.run(run())
    assert 2 == changes
    on = {"fault": "full-disk", "on": True, "free_bytes": 5}
    assert [("hand", on), ("hand", on | {"on": False})] == notes


def test_every_fault_has_a_name_of_its_own() -> None:
    """Faults are found by their names."""
    assert all(name == kind.name for name, kind in DROP_FAULTS.items())
    assert 20 == len(DROP_FAULTS)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("full-disk", FullDisk()),
        ("full-disk:free_bytes=2000", FullDisk(2000)),
        ("no-answer:action=list", NoAnswer("list")),
        ("refused-rename:with_reason=false", RefusedRename(with_reason=False)),
        ("refused-login:user=ise", RefusedLogin("ise")),
        ("server-away", ServerAway()),
        ("quota:limit_bytes=5", Quota(5)),
        ("refused-command:action=stat,code=451", RefusedCommand("stat", 451)),
        ("cut-at-command:action=open,with_reset=true", CutAtCommand("open", with_reset=True)),
        ("slow-line:bytes_per_s=2000", SlowLine(2000)),
        ("no-answer:action=stat,nth=3", NoAnswer("stat", nth=3)),
        ("slow-answer:action=open,delay_ms=5", SlowAnswer("open", delay_ms=5)),
        ("cut-before-answer", CutBeforeAnswer("rename")),
        ("short-write:kept_bytes=7", ShortWrite(7)),
    ],
)
def test_a_fault_of_a_text(text: str, fault: Fault) -> None:
    """Its name, and what differs from its defaults."""
    assert fault == fault_from_text(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("fire", "there is no fault 'fire'; there are refused-login, full-disk,"),
        ("full-disk:bytes=1", "full-disk has no 'bytes'; it has free_bytes"),
        ("server-away:now=1", "server-away has no 'now'; it has nothing"),
        ("full-disk:free_bytes=-1", "full-disk, free_bytes: '-1' is no whole number of 0 or more"),
        ("refused-rename:with_reason=1", "with_reason: '1' is neither true nor false"),
        ("no-answer", "no-answer needs action: write no-answer:action=…"),
        ("refused-command:action=stat,code=226", "code: 226 is not between 400 and 599"),
        ("slow-line:bytes_per_s=0", "slow-line, bytes_per_s: 0 is not 1 or more"),
    ],
)
def test_a_text_that_is_no_fault(text: str, sentence: str) -> None:
    """It says what there is."""
    with pytest.raises(ValueError, match=re.escape(sentence)):
        fault_from_text(text)
