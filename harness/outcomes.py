"""
What a run says of the system under test: outcomes, verdicts, and the run they belong to.

Values without form: how they are shown is told in `harness.report`, `harness.report_markdown` and
`harness.report_json`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from harness.fault_cells import CellResult
from simulators.wiretap import Crossing


class Outcome(StrEnum):
    """
    What a scenario ended in.

    * passed, failed: what was asked for was seen, or was not;
    * error: the bench itself could not do its work, so nothing is known;
    * expected failure: declared beforehand, with a reason; one that passes counts as failed;
    * not applicable: the system under test declares not to do this;
    * not yet covered: this project cannot show it yet, for a reason that is told;
    * not asked: the scenario was not part of this run.
    """

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    EXPECTED_FAILURE = "expected failure"
    NOT_APPLICABLE = "not applicable"
    NOT_YET_COVERED = "not yet covered"
    NOT_ASKED = "not asked"


WORST_FIRST = (
    Outcome.FAILED,
    Outcome.ERROR,
    Outcome.EXPECTED_FAILURE,
    Outcome.NOT_ASKED,
    Outcome.NOT_YET_COVERED,
    Outcome.PASSED,
    Outcome.NOT_APPLICABLE,
)
"""A requirement has the first of these that one of its scenarios has."""


class Step(NamedTuple):
    """A step of a scenario: its keyword ("Given"), its text, and what it ended in."""

    keyword: str
    text: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What a scenario ended in, and what shows it.

    Attributes:
        requirements: the ids of what it proves.
        feature, scenario: its place and its title.
        outcome: the verdict.
        seed: what its chance was drawn from.
        steps: its steps, in order.
        evidence: all that crossed the wires.
        deciding: those of ``evidence`` that decided the verdict.
        files: the files that arrived, by name, as text.
        message: why it is not passed; for declared outcomes, the reason; where it is passed,
            what is worth a remark.
        duration_s: real seconds that it took.
        simulated: the first and the last instant on the scenario's clock.
        where: its feature file and line.
        recording: where the whole of ``evidence`` is kept, if anywhere.
        cases: the id of the compliance case that it is, if it is one.
        faults: the rows of the catalogue of field faults that it shows.
        cells: what came of the cells of the fault matrix that it tried.
    """

    requirements: tuple[str, ...]
    feature: str
    scenario: str
    outcome: Outcome
    seed: int | None = None
    steps: tuple[Step, ...] = ()
    evidence: tuple[Crossing, ...] = ()
    deciding: tuple[Crossing, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    message: str = ""
    duration_s: float = 0.0
    simulated: tuple[datetime, datetime] | None = None
    where: str = ""
    recording: str = ""
    cases: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    cells: tuple[CellResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """
    What a report is about.

    Attributes:
        target: the system under test, as its owner calls it.
        title: what kind of report this is.
        issued: when, in UTC; None leaves it out.
        facts: further lines for the head: versions, seed, selection.
        interrupted: whether somebody stopped the run before its end.
    """

    target: str
    title: str = "Conformance report"
    issued: datetime | None = None
    facts: tuple[tuple[str, str], ...] = ()
    interrupted: bool = False


def outcome_of(outcomes: Iterable[Outcome]) -> Outcome:
    """Give the verdict of a requirement from those of its scenarios; none is not asked."""
    found = set(outcomes)
    return next((outcome for outcome in WORST_FIRST if outcome in found), Outcome.NOT_ASKED)
