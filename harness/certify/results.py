"""
What came of each case, and the journal in which that is kept as it comes.

The journal is JSON Lines: a first line about the run, then one line a case that has ended, on disk
before the next case begins. So a run that was interrupted, by hand or by a power cut, goes on with
the first case that has no line. A line that was cut off in the middle counts for nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from harness.errors import UsageError

FORMAT, VERSION = "isebench-certification-journal", 1
JOURNAL = "journal.jsonl"


class Verdict(StrEnum):
    """What a case ended in."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    NOT_SHOWN = "not shown"
    NOT_APPLICABLE = "not applicable"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, and whether it held: ``passed``, ``failed``, ``not shown`` or ``not asked``."""

    keyword: str
    text: str
    outcome: str


@dataclass(frozen=True, slots=True)
class FrameSeen:
    """A frame that decided a verdict: when, from whom to whom, on which wire, and its text."""

    at: str
    wire: str
    sender: str
    receiver: str
    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """
    What came of a case.

    Attributes:
        id, title: its public id, and its name with it.
        verdict: what it ended in.
        reason: why it was not passed; remarks where it was.
        began, ended: in UTC; empty where it was not run.
        sentences: what was asked, in order.
        frames: what decided it.
        recording: the file with all that crossed; empty for none.
        recording_sha256: its hash.
    """

    id: str
    title: str
    verdict: Verdict
    reason: str = ""
    began: str = ""
    ended: str = ""
    sentences: tuple[Sentence, ...] = ()
    frames: tuple[FrameSeen, ...] = ()
    recording: str = ""
    recording_sha256: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give it as it stands in the journal and in the statement."""
        return asdict(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Result:
        """Read it back; a KeyError, TypeError or ValueError says that it is none."""
        lists = {
            "sentences": tuple(Sentence(**one) for one in told["sentences"]),
            "frames": tuple(FrameSeen(**one) for one in told["frames"]),
            "verdict": Verdict(told["verdict"]),
        }
        return cls(**{**told, **lists})


class Journal:
    """
    The journal of one run.

    Parameters:
        folder: of the reports.
        head: what the run is: the hash of its profile, the version of the bench, its cases.
    """

    def __init__(self, folder: Path, head: Mapping[str, Any]) -> None:
        self._path = folder / JOURNAL
        self._head = {"format": FORMAT, "version": VERSION, **head}
        self.results: dict[str, Result] = {}
        self.began = str(head["began"])
        self.runs = 1

    def open(self) -> None:
        """
        Begin, or go on where an earlier run has stopped.

        Raises:
            UsageError: If the earlier run was another one, or its journal cannot be read.
        """
        if not self._path.exists():
            self._write(self._head, "x")
            return
        head, *lines = self._read()
        self._compare(head)
        self.began, self.runs = str(head["began"]), 2
        for line in lines:
            if "went_on" in line:
                self.runs += 1
                continue
            result = Result.from_json(line)
            # What the bench broke in is tried again; what a person could not do is not.
            if result.verdict is not Verdict.ERROR:
                self._check_recording(result)
                self.results[result.id] = result
        self._write({"went_on": self._head["began"]}, "a")

    def add(self, result: Result) -> None:
        """Keep what came of a case; once this returns, a power cut takes it no more."""
        self.results[result.id] = result
        self._write(result.as_json(), "a")

    def _write(self, line: Mapping[str, Any], mode: str) -> None:
        with self._path.open(mode, encoding="ascii") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> list[dict[str, Any]]:
        text = self._path.read_text(encoding="utf-8", errors="replace")
        *whole, cut = text.split("\n")
        if cut:
            # The power went while it was written: as if it had not been.
            self._path.write_text("\n".join([*whole, ""]), encoding="ascii")
        try:
            lines = [json.loads(line) for line in whole]
            if lines[0]["format"] != FORMAT or lines[0]["version"] != VERSION:
                raise ValueError(f"it is {lines[0]['format']} version {lines[0]['version']}")
            for line in lines[1:]:
                if "went_on" not in line:
                    Result.from_json(line)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise UsageError(
                f"{self._path}: is no journal that this version reads ({error}); "
                "begin with --anew, or choose another folder with --report"
            ) from None
        return lines

    def _compare(self, head: Mapping[str, Any]) -> None:
        for key, what in _SAME:
            if head.get(key) != self._head[key]:
                raise UsageError(
                    f"{self._path}: an earlier run was begun with another {what} "
                    f"({_short(head.get(key))}, now {_short(self._head[key])}); "
                    "put it back to go on, or begin with --anew"
                )

    def _check_recording(self, result: Result) -> None:
        path = self._path.parent / result.recording
        if result.recording and sha256_of(path) != result.recording_sha256:
            raise UsageError(
                f"{path}: is not what {result.id} has recorded; put it back, or begin with --anew"
            )


_SAME = (("profile_sha256", "profile"), ("isebench", "version of isebench"))


def _short(value: object) -> str:
    return str(value)[:16]


def sha256_of(path: Path) -> str:
    """Give the SHA-256 of a file in hex; empty where it is not there."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def counted(results: Sequence[Result]) -> dict[Verdict, int]:
    """Count the verdicts, each of them."""
    return {one: sum(result.verdict is one for result in results) for one in Verdict}
