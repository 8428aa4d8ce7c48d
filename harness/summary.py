"""
What follows from verdicts: the outcome of each requirement, of each side and of the whole run.

Every report (HTML, Markdown, CSV, JSON) shows these values, so that none can say something else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harness.catalogue import SIDES, Case, Requirement
from harness.fault_cells import Cell, CellResult
from harness.outcomes import Outcome, Report, Run, Verdict, outcome_of

SNIPPET_CHARS = 220
BAD = (Outcome.FAILED, Outcome.ERROR)


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement with its verdict and the numbers of its scenarios."""

    requirement: Requirement
    outcome: Outcome
    numbers: tuple[int, ...]


def rows_of(requirements: Sequence[Requirement], verdicts: Sequence[Verdict]) -> list[Row]:
    """Give each requirement with its verdict; those that only a scenario names come last."""
    numbers: dict[str, list[int]] = {}
    for number, verdict in enumerate(verdicts, start=1):
        for name in dict.fromkeys(verdict.requirements):
            numbers.setdefault(name, []).append(number)
    known = {row.id for row in requirements}
    strangers = [
        Requirement(
            name,
            "unknown",
            "",
            "A scenario names this, but the list of requirements does not have it.",
        )
        for name in numbers
        if name not in known
    ]
    return [
        Row(
            requirement,
            outcome_of(verdicts[n - 1].outcome for n in numbers.get(requirement.id, ())),
            tuple(numbers.get(requirement.id, ())),
        )
        for requirement in (*requirements, *strangers)
    ]


def whole_of(report: Report) -> tuple[Outcome, str]:
    """Give the outcome of a whole run, and its sentence."""
    rows = rows_of(report.requirements, report.verdicts)
    outcome, sentence, _ = headline(report.run, rows, report.verdicts)
    return outcome, sentence


def headline(
    run: Run, rows: Sequence[Row], verdicts: Sequence[Verdict]
) -> tuple[Outcome, str, str]:
    """Give the whole run's outcome, its sentence, and what should be said beside it."""
    by_row = Counter(row.outcome for row in rows)
    by_scenario = Counter(verdict.outcome for verdict in verdicts)
    bad = by_row[Outcome.FAILED] + by_row[Outcome.ERROR]
    bad_scenarios = by_scenario[Outcome.FAILED] + by_scenario[Outcome.ERROR]
    asked = sum(by_row.values()) - sum(by_row[outcome] for outcome in _OUT_OF_COUNT)
    beside = [f"{by_row[outcome]} {told}" for outcome, told in _BESIDE.items() if by_row[outcome]]
    partly = sum(_is_partly(row, verdicts) for row in rows)
    if partly:
        beside.append(f"{partly} only in part, as some scenarios are declared not applicable")
    more = (", ".join(beside) + ".") if beside else ""
    if run.interrupted and not bad_scenarios:
        left = by_scenario[Outcome.NOT_ASKED]
        ran = f"{len(verdicts) - left} of {counted(len(verdicts), 'scenario')}"
        return Outcome.ERROR, f"Interrupted after {ran}; nothing is decided", more
    if bad or bad_scenarios:
        whole = Outcome.FAILED if by_scenario[Outcome.FAILED] else Outcome.ERROR
        sentence = f"{bad} of {counted(asked, 'requirement')} did not pass"
        return whole, sentence, f"{counted(bad_scenarios, 'scenario')} to look at. {more}".strip()
    if not by_scenario[Outcome.PASSED]:
        return Outcome.NOT_ASKED, "Nothing was shown: no scenario passed and none failed", more
    passed = by_row[Outcome.PASSED]
    if not asked:
        told = counted(by_scenario[Outcome.PASSED], "scenario")
        return Outcome.PASSED, f"Passed: {told}, and no requirement as a whole", more
    if passed == asked:
        return Outcome.PASSED, f"Passed: {counted(passed, 'requirement')} shown", more
    return Outcome.PASSED, f"Passed: {passed} of {counted(asked, 'requirement')} shown", more


def _is_partly(row: Row, verdicts: Sequence[Verdict]) -> bool:
    outcomes = {verdicts[number - 1].outcome for number in row.numbers}
    return row.outcome is Outcome.PASSED and Outcome.NOT_APPLICABLE in outcomes


_BESIDE = {
    Outcome.EXPECTED_FAILURE: "declared to fail",
    Outcome.NOT_APPLICABLE: "declared not applicable",
    Outcome.NOT_YET_COVERED: "not yet covered as a whole",
    Outcome.NOT_ASKED: "not asked in this run",
}
_OUT_OF_COUNT = (Outcome.NOT_APPLICABLE, Outcome.NOT_YET_COVERED, Outcome.NOT_ASKED)
DECLARED = (Outcome.EXPECTED_FAILURE, Outcome.NOT_APPLICABLE, Outcome.NOT_YET_COVERED)


def counted(number: int, noun: str) -> str:
    """Give a number with its noun: ``1 frame``, ``2,000 frames``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


# ------------------------------------------------------------------ compliance cases


class CaseRow(NamedTuple):
    """A compliance case: what it ended in, and the number of its scenario; 0 for none."""

    case: Case
    outcome: Outcome
    number: int


@dataclass(frozen=True, slots=True)
class Tally:
    """
    The compliance cases of one side.

    Attributes:
        side: which, one of `catalogue.SIDES`.
        rows: all cases of the side, asked or not, in the order of their ids.
        reasons: how often each outcome that was declared was given which reason.
    """

    side: str
    rows: tuple[CaseRow, ...]
    reasons: Counter[tuple[Outcome, str]]

    def told(self) -> str:
        """Count the verdicts in one line."""
        counts = Counter(row.outcome for row in self.rows)
        told = [f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome]]
        return f"{self.side}: {counted(len(self.rows), 'case')}: {', '.join(told)}"


def tally(cases: Sequence[Case], verdicts: Sequence[Verdict]) -> list[Tally]:
    """Give the sides of which at least one case was part of the run, with all their cases."""
    numbers = {id: number for number, one in enumerate(verdicts, start=1) for id in one.cases}
    tallies = []
    for side in SIDES:
        rows = []
        for case in cases:
            if case.side == side:
                number = numbers.get(case.id, 0)
                outcome = verdicts[number - 1].outcome if number else Outcome.NOT_ASKED
                rows.append(CaseRow(case, outcome, number))
        if any(row.number for row in rows):
            found = [verdicts[row.number - 1] for row in rows if row.number]
            tallies.append(Tally(side, tuple(rows), reasons(found)))
    return tallies


def fault_rows(verdicts: Sequence[Verdict]) -> list[tuple[str, list[int]]]:
    """Give each row of the catalogue of field faults with the numbers of its scenarios."""
    rows: dict[str, list[int]] = {}
    for number, verdict in enumerate(verdicts, start=1):
        for id in verdict.faults:
            rows.setdefault(id, []).append(number)
    return sorted(rows.items())


def tried_cells(verdicts: Sequence[Verdict]) -> dict[Cell, tuple[int, CellResult]]:
    """Give what came of each cell of the fault matrix, and the number of its scenario."""
    return {
        result.cell: (number, result)
        for number, verdict in enumerate(verdicts, start=1)
        for result in verdict.cells
    }


def reasons(verdicts: Iterable[Verdict]) -> Counter[tuple[Outcome, str]]:
    """Count what was declared, by its outcome and its reason."""
    return Counter(
        (verdict.outcome, first_line(verdict.message))
        for verdict in verdicts
        if verdict.outcome in DECLARED
    )


def first_line(text: str) -> str:
    """Give the first line that says something, shortened."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= SNIPPET_CHARS else line[: SNIPPET_CHARS - 1] + "…"
