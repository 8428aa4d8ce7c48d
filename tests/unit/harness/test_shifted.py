"""Logs moved in time, and begun later."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from harness.errors import UsageError
from harness.local_time import ZURICH
from harness.recording import FieldLog, Form, Frame, LineChange
from harness.shifted import begun_at, instant_from, moved, since

FIRST = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
"""The first frame of the log of a session; 08:00 in Zurich."""


def frame(text: str) -> FieldLog:
    """Give a log of one frame."""
    return FieldLog(Form.RECORDING, (Frame(FIRST, "A", "in", text, 1),))


class TestMoved:
    """Everything that bears a time is moved by as much; how it is written stays."""

    @pytest.mark.parametrize(
        ("stamp", "then"),
        [
            ("2026-03-02T07:00:00Z", "2026-03-03T08:00:01Z"),
            ("2026-03-02T07:00:00.123456789Z", "2026-03-03T08:00:01.123456789Z"),
            ("2026-03-02T08:00:00+01:00", "2026-03-03T09:00:01+01:00"),
            ("2026-03-02 08:00:00", "2026-03-03 09:00:01"),
            ("2026-03-02T23:59:59z", "2026-03-04T01:00:00z"),
            ("2026-02-30T07:00:00Z", "2026-02-30T07:00:00Z"),
            ("2026-03-02", "2026-03-02"),
            ("at 2026-03-02T07:00:00Z", "at 2026-03-02T07:00:00Z"),
        ],
    )
    def test_stamps(self, stamp: str, then: str) -> None:
        """An instant is moved in the form that it has; what is none stays."""
        log = moved(
            frame(f'[2,"1","X",{{"timestamp" : "{stamp}","n":1.50}}]'),
            timedelta(days=1, hours=1, seconds=1),
        )

        assert f'[2,"1","X",{{"timestamp" : "{then}","n":1.50}}]' == log.frames[0].text
        assert FIRST + timedelta(days=1, hours=1, seconds=1) == log.frames[0].at

    def test_says_what_was_altered(self, new_log: Any) -> None:
        """The notes count what was altered, by name."""
        log = moved(new_log.session().read(), timedelta(days=-30))

        assert any("3 × timestamp" in note and "-30 days" in note for note in log.notes)
        assert not any("quarter" in note for note in log.notes)

    def test_says_that_quarter_hours_are_lost(self) -> None:
        """A shift that moves registers off the grid is told."""
        assert any("quarter" in note for note in moved(frame("x"), timedelta(minutes=7)).notes)
        assert "no timestamp" in moved(frame("x"), timedelta(0)).notes[0]

    def test_refuses_a_year_that_there_is_not(self) -> None:
        """A time beyond the calendar is no crash."""
        with pytest.raises(UsageError, match="--start: a time"):
            moved(frame("x"), timedelta(days=3_000_000))


class TestBegunAt:
    """Where the first frame is to lie."""

    @pytest.mark.parametrize(
        ("start", "first"),
        [
            ("2026-03-05T07:00:00Z", datetime(2026, 3, 5, 7, tzinfo=UTC)),
            ("2026-03-05 08:00", datetime(2026, 3, 5, 7, tzinfo=UTC)),
            ("2026-03-05", datetime(2026, 3, 5, 7, tzinfo=UTC)),
            ("2025-06-03", datetime(2025, 6, 3, 6, tzinfo=UTC)),
        ],
    )
    def test_an_instant_or_a_day(self, new_log: Any, start: str, first: datetime) -> None:
        """A day keeps the local time of day, also where another offset holds."""
        log = begun_at(new_log.session().read(), start, ZURICH)

        assert first == log.frames[0].at

    def test_a_fraction_stays(self) -> None:
        """The shift is a whole number of seconds, so fractions stay as they were."""
        log = frame('{"timestamp":"2026-03-02T07:00:00Z"}')
        log = replace(log, frames=(replace(log.frames[0], at=FIRST.replace(microsecond=250_000)),))
        there = begun_at(log, "2026-03-03T07:00:00Z", ZURICH).frames[0]

        assert 250_000 == there.at.microsecond
        assert '{"timestamp":"2026-03-03T06:59:59Z"}' == there.text

    @pytest.mark.parametrize("start", ["tomorrow", "2026-02-30", "2026-13-01T00:00"])
    def test_refuses_what_is_none(self, start: str) -> None:
        """It says what can be written."""
        with pytest.raises(UsageError, match="--start"):
            begun_at(frame("x"), start, ZURICH)


class TestSince:
    """What was before an instant is left out."""

    def test_frames_and_changes(self, new_log: Any) -> None:
        """What is left out is counted in a note."""
        log = new_log.session().read()
        changes = (LineChange(FIRST, "A", True, 0), log_end(log))
        log = since(replace(log, changes=changes), FIRST + timedelta(minutes=15))

        assert "StartTransaction" in log.frames[0].text
        assert changes[1:] == log.changes
        assert "4 frames before 2026-03-02 07:15:00 UTC are left out" == log.notes[-1]

    def test_nothing_before(self, new_log: Any) -> None:
        """Where nothing is left out, nothing is said."""
        log = new_log.session().read()

        assert log == since(log, FIRST)

    def test_refuses_to_leave_nothing(self, new_log: Any) -> None:
        """The last frame's time is named."""
        with pytest.raises(UsageError, match="the last is of 2026-03-02 07:45:00"):
            since(new_log.session().read(), instant_from("2027-01-01 00:00", "--from", ZURICH))


def log_end(log: FieldLog) -> LineChange:
    """Give the end of the line at the end of a log."""
    return LineChange(log.frames[-1].at, "A", False, 99)
