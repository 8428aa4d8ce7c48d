"""
`isebench scenario`: a recording becomes a scenario.

The recording is put before the bundled backend once, on a bench (`harness.rerun`). What the utility
then holds, and how chargers were answered, is written down as sentences; the frames stand beside
the feature in a recording that a sentence names. From then on the scenario says whether the
backend still does so.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from harness import value_rows
from harness.bench import UTILITY, Bench
from harness.catalogue import BUNDLED_FEATURES, load_requirements
from harness.errors import UsageError
from harness.local_time import zone_of
from harness.minimise import SEED, as_recorded, stepped_target
from harness.recording import crossings_of, read_file, read_frames, recording_text
from harness.rerun import INTERVAL_MINUTES, Rerun, put_before

ANSWERS = ("call", "answer", "times")
REQUIREMENT = "HAR-04"
_UNSAYABLE = re.compile(r'["|\\\x00-\x1f]')

Tell = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Wishes:
    """
    What the command line asks for.

    Attributes:
        recording: a recording, a field log, or a packet capture.
        out: the feature; None for one beside the recording. Its frames go beside it.
        requirement: the id of the requirement that the scenario is to be of.
        zone: the zone of logs that write local time.
        target: the file of a backend that is not ours; None for the bundled one.
    """

    recording: Path
    out: Path | None = None
    requirement: str = REQUIREMENT
    zone: str = "Europe/Zurich"
    target: Path | None = None


def scenario(wishes: Wishes, tell: Tell) -> int:
    """
    Write a feature of a recording, and its frames beside it.

    Raises:
        UsageError: If one of the files is there already, the recording cannot be read or spans
            too many days, there is no such requirement, or a charger is called as no sentence can
            say.
    """
    source = wishes.recording
    feature = wishes.out or source.with_suffix(".feature")
    frames = feature.with_name(f"{feature.stem}.frames.jsonl")
    for path in (feature, frames):
        if path.exists():
            raise UsageError(f"{path} is there already; name another file with -o")
    if feature.suffix != ".feature":
        raise UsageError(f"{feature}: a feature's name ends with .feature")
    if wishes.requirement not in {row.id for row in load_requirements(BUNDLED_FEATURES)}:
        raise UsageError(f'"{wishes.requirement}" is no requirement; `isebench list` shows them')
    target = stepped_target(wishes.target)
    log = put_before(as_recorded(read_file(source, zone_of(wishes.zone))))
    for identity in (*log.identities, frames.name):
        if _UNSAYABLE.search(identity):
            raise UsageError(f"{identity!r} cannot stand in a sentence; rename it in the recording")
    origin = {
        "by": "isebench scenario",
        "of": source.name,
        "sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
    }
    text = recording_text(
        crossings_of(log), seed=None, start=min(one.at for one in log.frames), origin=origin
    )
    with tempfile.TemporaryDirectory(prefix="isebench-scenario-") as folder:
        bench = Bench(SEED, Path(folder), target)
        try:
            # Read as the scenario will read it.
            rerun = Rerun(bench, read_frames(text))
            rerun.play()
            told = feature_text(rerun, source.name, frames.name, wishes.requirement)
        finally:
            bench.close()
    feature.parent.mkdir(parents=True, exist_ok=True)
    frames.write_text(text, encoding="ascii")
    feature.write_text(told, encoding="utf-8")
    tell(f"feature     {feature}")
    tell(f"frames      {frames}")
    tell(f"run it with: isebench conform --features {feature.parent}")
    return 0


def feature_text(rerun: Rerun, source: str, frames: str, requirement: str) -> str:
    """Give the feature of a run: what was replayed, and what came of it."""
    days, target = rerun.days, rerun.bench.target
    backend = "the bundled backend" if target is None else target.name
    span = _day(days[0]) if len(days) == 1 else f"{_day(days[0])} to {_day(days[-1])}"
    lines = [
        "@recording",
        f"Feature: The recording {source}",
        f"  Written by `isebench scenario`: what {backend} made of it. Where a change is meant",
        "  to alter that, have it written again, and read what is different.",
        "",
        f"  @{requirement}",
        f"  Scenario: What was recorded from {span} comes to the same values"
        if len(days) > 1
        else f"  Scenario: What was recorded on {span} comes to the same values",
        f'    Given the recording "{frames}"',
        "    When the recording is replayed",
    ]
    keyword = "Then"
    for identity in rerun.identities:
        for day in days:
            lines.append(
                f'    {keyword} {UTILITY} holds these values of "{identity}" on {_day(day)}'
            )
            lines += table(
                value_rows.HEADINGS,
                value_rows.rows(day, INTERVAL_MINUTES, rerun.held(identity, day)),
            )
            keyword = "And"
        lines.append(f'    And the calls of "{identity}" are answered so')
        lines += table(
            ANSWERS,
            [(*key, str(count)) for key, count in rerun.answers(identity).items()],
        )
    return "\n".join(lines) + "\n"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Give the lines of a table of Gherkin."""
    told = [tuple(headings), *(tuple(_cell(one) for one in row) for row in rows)]
    widths = [max(len(row[place]) for row in told) for place in range(len(headings))]
    return [
        "      | "
        + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        + " |"
        for row in told
    ]


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", "\\n")


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
