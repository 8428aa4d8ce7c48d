"""
`isebench compare`: what is otherwise than in an earlier run.

Scenarios are the same where feature and title are. A run is *worse* than an earlier one where
something fails that did not fail there, where what was shown there is now declared not to be
done, or where it was interrupted, as nothing is known then of what it left out. What one run did
not ask for is told, and makes nothing worse: a run of a part can be held against one of all.

Delivered files are compared cell by cell, where both runs had one seed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from harness.outcomes import Outcome
from harness.report_json import load_report, proven
from harness.summary import BAD, DECLARED, counted, first_line

DIFFERENCES_MAX = 200
"""So many cells of a file that differ are told; all are counted."""
ALIGNED_LINES_MAX = 5_000
"""Up to so many lines, what was put in or left out is found; else each is held against its like."""

_SEGMENT = re.compile(r"(?:[^?']|\?.)*'", re.DOTALL)


class Change(StrEnum):
    """What became of a scenario since an earlier run; the order is that in which it is told."""

    NEWLY_FAILED = "newly failed"
    FAILS_ANEW = "new, and failed"
    DECLARED = "passed before, now declared not to"
    STILL_FAILED = "still failed"
    NEWLY_PASSED = "newly passed"
    NEW = "new"
    NOT_ASKED = "not asked any more"
    GONE = "gone"
    OTHER = "otherwise than before"
    SAME = "as before"


WORSE = (Change.NEWLY_FAILED, Change.FAILS_ANEW, Change.DECLARED)


class Changed(NamedTuple):
    """
    A scenario in two runs.

    Attributes:
        change: what became of it.
        feature, scenario: which it is.
        requirements: the ids of what it proves.
        before, now: its outcomes; None where a run does not have it.
        message: the first line of why it is not passed now.
    """

    change: Change
    feature: str
    scenario: str
    requirements: tuple[str, ...]
    before: Outcome | None
    now: Outcome | None
    message: str


class CellChange(NamedTuple):
    """A cell that differs: where it stands now, or stood, and its texts; cell 0 is a whole line."""

    line: int
    cell: int
    before: str | None
    now: str | None


@dataclass(frozen=True, slots=True)
class FileChange:
    """
    A delivered file that differs.

    Attributes:
        scenario: the one that it was delivered in.
        name: its name.
        count: how many cells differ; 0 where it is there in one run only.
        cells: the first of them.
        only: ``before`` or ``now``, where it is there in one run only; else empty.
    """

    scenario: str
    name: str
    count: int = 0
    cells: tuple[CellChange, ...] = ()
    only: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    Two runs held side by side.

    Attributes:
        before, now: the folders of their reports.
        notes: what to bear in mind: other seeds, other versions, an interrupt.
        scenarios: each that either has, in the order of the later run.
        requirements: those whose verdict is another: id, before, now.
        files: delivered files that differ.
        is_worse: see the head of this module.
    """

    before: str
    now: str
    notes: tuple[str, ...]
    scenarios: tuple[Changed, ...]
    requirements: tuple[tuple[str, str, str], ...]
    files: tuple[FileChange, ...]
    is_worse: bool

    def sentence(self) -> str:
        """Say in one line what came of it."""
        told = [
            f"{count} {change}"
            for change in Change
            if change is not Change.SAME and (count := len(self.of(change)))
        ]
        same = len(self.of(Change.SAME))
        verdict = "Worse than before" if self.is_worse else "No worse than before"
        more = [*told, f"{counted(same, 'scenario')} as before"]
        if self.files:
            more.append(f"{counted(len(self.files), 'delivered file')} otherwise")
        return f"{verdict}: {', '.join(more)}"

    def of(self, change: Change) -> list[Changed]:
        """Give the scenarios of one kind of change."""
        return [one for one in self.scenarios if one.change is change]


# ------------------------------------------------------------------ comparing


def compare(before: Path, now: Path) -> Comparison:
    """
    Hold two reports side by side.

    Parameters:
        before, now: their folders.

    Raises:
        UsageError: If one is no report, or what lies beside it is not what it was made of.
    """
    then, later = load_report(before), load_report(now)
    old, new = _by_key(then), _by_key(later)
    scenarios = [_changed(old.get(key), one) for key, one in new.items()]
    scenarios += [_changed(one, None) for key, one in old.items() if key not in new]
    notes = list(_notes(then, later))
    files: list[FileChange] = []
    if then["run"]["seed"] == later["run"]["seed"]:
        for key, one in new.items():
            if key in old and Outcome.NOT_ASKED not in (old[key]["outcome"], one["outcome"]):
                files += _files(old[key], one, before, now)
    worse = any(one.change in WORSE for one in scenarios) or later["run"]["interrupted"]
    return Comparison(
        str(before),
        str(now),
        tuple(notes),
        tuple(scenarios),
        tuple(_requirements(then, later)),
        tuple(files),
        worse,
    )


def _by_key(report: Mapping[str, Any]) -> dict[tuple[str, str, int], dict[str, Any]]:
    """Give the scenarios by feature and title; those of one title are told apart by their order."""
    found: dict[tuple[str, str, int], dict[str, Any]] = {}
    for one in report["scenarios"]:
        number = 0
        while (key := (one["feature"], one["scenario"], number)) in found:
            number += 1
        found[key] = one
    return found


def _changed(old: dict[str, Any] | None, new: dict[str, Any] | None) -> Changed:
    told = new or old or {}
    before = None if old is None else Outcome(old["outcome"])
    now = None if new is None else Outcome(new["outcome"])
    return Changed(
        _change(before, now),
        told["feature"],
        told["scenario"],
        tuple(told["requirements"]),
        before,
        now,
        first_line(told["message"]) if now in (*BAD, *DECLARED) else "",
    )


def _change(before: Outcome | None, now: Outcome | None) -> Change:
    """Give what became of a scenario; one that was not asked for is as good as none."""
    was_there = before not in (None, Outcome.NOT_ASKED)
    if now is None:
        return Change.GONE
    if now is Outcome.NOT_ASKED:
        return Change.NOT_ASKED if was_there else Change.SAME
    if now in BAD:
        if not was_there:
            return Change.FAILS_ANEW
        return Change.STILL_FAILED if before in BAD else Change.NEWLY_FAILED
    if not was_there:
        return Change.NEW
    if before is now:
        return Change.SAME
    if now is Outcome.PASSED:
        return Change.NEWLY_PASSED
    if before is Outcome.PASSED and now in DECLARED:
        return Change.DECLARED
    return Change.OTHER


def _notes(then: Mapping[str, Any], later: Mapping[str, Any]) -> Iterator[str]:
    before, now = then["run"], later["run"]
    if before["seed"] != now["seed"]:
        yield (
            f"the seeds differ ({before['seed']}, now {now['seed']}), so delivered files are not "
            "compared"
        )
    for what, old, new in (
        ("systems under test", before["target"], now["target"]),
        ("selections", before["selection"] or "all", now["selection"] or "all"),
        ("versions", _versions(before), _versions(now)),
    ):
        if old != new:
            yield f"the {what} differ ({old}; now {new})"
    if before["interrupted"]:
        yield "the earlier run was interrupted"
    if now["interrupted"]:
        yield "this run was interrupted, so it cannot be said to be no worse"


def _versions(run: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {version}" for name, version in run["versions"].items())


def _requirements(
    then: Mapping[str, Any], later: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    old = {row["id"]: row["outcome"] for row in then["requirements"]}
    for row in later["requirements"]:
        before = old.get(row["id"], "not there")
        if before != row["outcome"] and Outcome.NOT_ASKED not in (before, row["outcome"]):
            yield row["id"], before, row["outcome"]


# ------------------------------------------------------------------ delivered files


def _files(
    old: Mapping[str, Any], new: Mapping[str, Any], before: Path, now: Path
) -> Iterator[FileChange]:
    known = {file["path"].rpartition("/")[2]: file for file in old["files"]}
    title = new["scenario"]
    for file in new["files"]:
        name = file["path"].rpartition("/")[2]
        earlier = known.pop(name, None)
        if earlier is None:
            yield FileChange(title, name, only="now")
        elif earlier["sha256"] != file["sha256"]:
            texts = (proven(folder, one) for folder, one in ((before, earlier), (now, file)))
            cells = list(_cells(*(text.decode("utf-8", "replace") for text in texts)))
            yield FileChange(title, name, len(cells), tuple(cells[:DIFFERENCES_MAX]))
    for name in known:
        yield FileChange(title, name, only="before")


def _cells(before: str, now: str) -> Iterator[CellChange]:
    """Give the cells that differ, line by line; texts that differ have at least one."""
    old, new = _lines(before), _lines(now)
    if old == new:
        yield CellChange(0, 0, "other line ends or signs that are not seen", "")
        return
    for first, last, begin, end in _blocks(old, new):
        for place in range(max(last - first, end - begin)):
            i, j = first + place, begin + place
            was = old[i] if i < last else None
            line = new[j] if j < end else None
            yield from _of_line(was, line, (j if line is not None else i) + 1)


def _blocks(
    old: Sequence[tuple[str, ...]], new: Sequence[tuple[str, ...]]
) -> Iterator[tuple[int, int, int, int]]:
    """Give the spans of lines that differ."""
    if len(old) == len(new) or max(len(old), len(new)) > ALIGNED_LINES_MAX:
        yield 0, len(old), 0, len(new)
        return
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, first, last, begin, end in matcher.get_opcodes():
        if kind != "equal":
            yield first, last, begin, end


def _of_line(
    was: tuple[str, ...] | None, line: tuple[str, ...] | None, number: int
) -> Iterator[CellChange]:
    if was is None or line is None or len(was) != len(line):
        before, now = (None if one is None else ";".join(one) for one in (was, line))
        yield CellChange(number, 0, before, now)
        return
    for cell, (before, now) in enumerate(zip(was, line, strict=True), start=1):
        if before != now:
            yield CellChange(number, cell, before, now)


def _lines(text: str) -> list[tuple[str, ...]]:
    """Part a file into lines and cells: of MSCONS segments, of XML elements, else lines."""
    head = text.lstrip("\ufeff\r\n ")[:3]
    if head in ("UNA", "UNB"):
        return [(segment.strip(),) for segment in _SEGMENT.findall(text)]
    if head.startswith("<"):
        return [(part,) for part in re.findall(r"<[^>]*>|[^<]+", text) if part.strip()]
    return [tuple(line.split(";")) for line in text.splitlines()]


# ------------------------------------------------------------------ telling


def text_of(found: Comparison) -> str:
    """Tell a comparison to a person."""
    lines = [f"{found.sentence()}."]
    lines += [f"note: {note}" for note in found.notes]
    for change in Change:
        if change is not Change.SAME and (those := found.of(change)):
            lines += ["", f"{change} ({len(those)})"]
            lines += [f"  {_told(one)}" for one in those]
    if found.requirements:
        lines += ["", f"requirements whose verdict is another ({len(found.requirements)})"]
        lines += [f"  {id}: {before}, now {now}" for id, before, now in found.requirements]
    for file in found.files:
        lines += ["", *_told_of_file(file)]
    return "\n".join(lines) + "\n"


def _told(one: Changed) -> str:
    ids = " ".join(one.requirements)
    outcomes = f" [{one.before or 'not there'}, now {one.now or 'not there'}]"
    why = f": {one.message}" if one.message else ""
    return f"{ids}: {one.scenario}{outcomes}{why}"


def _told_of_file(file: FileChange) -> Iterator[str]:
    if file.only:
        yield f"{file.name}, of {file.scenario}: there only {file.only}"
        return
    yield f"{file.name}, of {file.scenario}: {counted(file.count, 'cell')} otherwise"
    yield from (f"  {place_of(cell)}: {words_of(cell)}" for cell in file.cells)
    if left := file.count - len(file.cells):
        yield f"  and {counted(left, 'cell')} more"


def place_of(cell: CellChange) -> str:
    """Say where a cell stands."""
    if not cell.line:
        return "the whole"
    return f"line {cell.line}, cell {cell.cell}" if cell.cell else f"line {cell.line}"


def words_of(cell: CellChange) -> str:
    """Say what stood in a cell and what stands there now."""
    if cell.before is None:
        return f"new: {cell.now}"
    return f"gone: {cell.before}" if cell.now is None else f"{cell.before}, now {cell.now}"


def json_of(found: Comparison) -> str:
    """Tell a comparison to a program; its form is told in docs/reference/report-json.md."""
    told = {
        "format": "isebench-comparison",
        "version": 1,
        "before": found.before,
        "now": found.now,
        "is_worse": found.is_worse,
        "sentence": found.sentence(),
        "notes": list(found.notes),
        "scenarios": [one._asdict() for one in found.scenarios if one.change is not Change.SAME],
        "requirements": [
            {"id": id, "before": before, "now": now} for id, before, now in found.requirements
        ],
        "files": [
            {**asdict(file), "cells": [cell._asdict() for cell in file.cells]}
            for file in found.files
        ],
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"
