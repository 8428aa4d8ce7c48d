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

from harness.catalogue import Case, Requirement
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


class Place(NamedTuple):
    """
    Where something stands in a delivered file; all from 1.

    Attributes:
        line: of CSV the line; of MSCONS the number of the segment, UNA not counted; of XML the
            number of the element in the order of the document, the root is 1.
        cell: of CSV the number of the cell in its line; else 1.
    """

    line: int
    cell: int = 1


@dataclass(frozen=True, slots=True)
class JudgedCell:
    """
    A cell of a delivered file that a sentence looked at.

    Attributes:
        file: the name of the file.
        place: where the cell stands in it.
        seen: what stands there, as it was understood.
        expected: what was expected to.
    """

    file: str
    place: Place
    seen: str
    expected: str

    @property
    def is_right(self) -> bool:
        """Whether the two agree."""
        return self.seen == self.expected


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
        judged: the cells of ``files`` that its sentences looked at.
        deciding_files: the names of those of ``files`` that decided the verdict.
        test: pytest's name of it, which junit.xml and cucumber.json have as well.
        slug: a name for its files in a report's folder, the same in every run.
        number: its place among all that was asked for, from 1; 0 where nobody counts.
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
    judged: tuple[JudgedCell, ...] = ()
    deciding_files: tuple[str, ...] = ()
    test: str = ""
    slug: str = ""
    number: int = 0

    def told(self) -> str:
        """Say in a few lines what did not hold, and how to see it again."""
        step = next((step for step in self.steps if step.outcome is not Outcome.PASSED), None)
        sentence = f"{step.keyword} {step.text}\n" if step is not None else ""
        return f"{self.where}: {self.scenario}\n{sentence}{self.message}\nseed {self.seed}"


@dataclass(frozen=True, slots=True)
class Run:
    """
    What a report is about.

    Attributes:
        target: the system under test, as its owner calls it.
        title: what kind of report this is.
        issued: when, in UTC; None leaves it out.
        seed: what its chance was drawn from; None leaves it out.
        versions: of what ran it, by name.
        selection: what was asked for, in the words of the command line; empty for all.
        asked: how many scenarios were asked for, in all parts of the run; 0 where nobody counts.
        facts: further lines for the head.
        interrupted: whether somebody stopped the run before its end.
    """

    target: str
    title: str = "Conformance report"
    issued: datetime | None = None
    seed: int | None = None
    versions: tuple[tuple[str, str], ...] = ()
    selection: str = ""
    asked: int = 0
    facts: tuple[tuple[str, str], ...] = ()
    interrupted: bool = False

    def told(self) -> list[tuple[str, str]]:
        """Give the lines for the head of a report."""
        lines = [] if self.seed is None else [("Seed", str(self.seed))]
        lines += self.versions
        lines += [("Selection", self.selection)] if self.selection else []
        return [*lines, *self.facts]


@dataclass(frozen=True, slots=True)
class Report:
    """
    All that a report tells, whatever its form.

    Attributes:
        run: what it is about.
        requirements: all that could be asked for, in the order of the list.
        cases: the compliance cases that there are.
        verdicts: one a scenario, in the order in which they are shown.
    """

    run: Run
    requirements: tuple[Requirement, ...]
    cases: tuple[Case, ...]
    verdicts: tuple[Verdict, ...]


def outcome_of(outcomes: Iterable[Outcome]) -> Outcome:
    """Give the verdict of a requirement from those of its scenarios; none is not asked."""
    found = set(outcomes)
    return next((outcome for outcome in WORST_FIRST if outcome in found), Outcome.NOT_ASKED)
