"""
Verdicts, and the two reports that people read: one HTML file, and a Markdown matrix.

The HTML file (`report.html` and `report.js` beside this module are its frame) needs nothing but
itself: no network, no fonts, and, apart from the filter and the indenting, no script. What comes
from outside, frames above all, is escaped, and signs that are not seen but do something (marks
that turn the reading direction, controls) are written out. A content policy in the page lets no
script run but the page's own.

The same input gives the same bytes: times are those of the scenarios, and nothing is asked of
the machine.

Limits: a scenario shows at most `FRAMES_MAX` frames, less in large runs so that a page stays
below `FRAMES_IN_PAGE` (but never below `FRAMES_MIN`); frames that decided a verdict come first,
then those near them. What is left out is counted in its place, what did not decide is folded.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from string import Template
from typing import NamedTuple

from harness.catalogue import SIDES, Case, Requirement
from harness.fault_cells import Cell, CellResult
from harness.recording import BACKEND
from harness.report_cells import html_cells, markdown_cells
from harness.tables import UNSEEN, seen
from simulators.wiretap import Crossing

FRAMES_MAX = 80
FRAMES_MIN = 16
FRAMES_IN_PAGE = 6_000
UNFOLDED_MAX = 24
"""So many frames that decided are seen without unfolding; others stand folded between them."""
FOLD_MIN = 3
"""Up to so many neighbours are not worth a fold."""
FRAME_CHARS_MAX = 8_000
FILE_ROWS_MAX = 120
FILE_CHARS_MAX = 20_000
SNIPPET_CHARS = 220
MESSAGE_CHARS_MAX = 20_000
OPEN_MAX = 10
"""So many scenarios that did not pass stand open when the page is opened."""


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

_BAD = (Outcome.FAILED, Outcome.ERROR)

_CLASSES = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.ERROR: "error",
    Outcome.EXPECTED_FAILURE: "expected",
    Outcome.NOT_APPLICABLE: "na",
    Outcome.NOT_YET_COVERED: "uncovered",
    Outcome.NOT_ASKED: "unasked",
}
_SIGNS = {
    Outcome.PASSED: "✅",
    Outcome.FAILED: "❌",
    Outcome.ERROR: "⚠️",
    Outcome.EXPECTED_FAILURE: "🔶",
    Outcome.NOT_APPLICABLE: "➖",
    Outcome.NOT_YET_COVERED: "🚧",
    Outcome.NOT_ASKED: "⚪",
}
_MEANINGS = {
    Outcome.PASSED: "what the requirement asks for was seen on the wire or in the files",
    Outcome.FAILED: "it was not seen, or something was seen that must not be",
    Outcome.ERROR: "the bench could not do its work; nothing is known, and nothing is excused",
    Outcome.EXPECTED_FAILURE: "declared beforehand with a reason; should it pass, it is red",
    Outcome.NOT_APPLICABLE: "the system under test declares not to do this",
    Outcome.NOT_YET_COVERED: "cannot be shown yet; the reason says what is missing",
    Outcome.NOT_ASKED: "not part of this run",
}


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


@dataclass(frozen=True, slots=True)
class _Row:
    """A requirement with its verdict and the numbers of its scenarios."""

    requirement: Requirement
    outcome: Outcome
    numbers: tuple[int, ...]


def outcome_of(outcomes: Iterable[Outcome]) -> Outcome:
    """Give the verdict of a requirement from those of its scenarios; none is not asked."""
    found = set(outcomes)
    return next((outcome for outcome in WORST_FIRST if outcome in found), Outcome.NOT_ASKED)


def _rows(requirements: Sequence[Requirement], verdicts: Sequence[Verdict]) -> list[_Row]:
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
        _Row(
            requirement,
            outcome_of(verdicts[n - 1].outcome for n in numbers.get(requirement.id, ())),
            tuple(numbers.get(requirement.id, ())),
        )
        for requirement in (*requirements, *strangers)
    ]


def _headline(
    run: Run, rows: Sequence[_Row], verdicts: Sequence[Verdict]
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
        ran = f"{len(verdicts) - left} of {_counted(len(verdicts), 'scenario')}"
        return Outcome.ERROR, f"Interrupted after {ran}; nothing is decided", more
    if bad or bad_scenarios:
        whole = Outcome.FAILED if by_scenario[Outcome.FAILED] else Outcome.ERROR
        sentence = f"{bad} of {_counted(asked, 'requirement')} did not pass"
        return whole, sentence, f"{_counted(bad_scenarios, 'scenario')} to look at. {more}".strip()
    if not by_scenario[Outcome.PASSED]:
        return Outcome.NOT_ASKED, "Nothing was shown: no scenario passed and none failed", more
    passed = by_row[Outcome.PASSED]
    if not asked:
        told = _counted(by_scenario[Outcome.PASSED], "scenario")
        return Outcome.PASSED, f"Passed: {told}, and no requirement as a whole", more
    if passed == asked:
        return Outcome.PASSED, f"Passed: {_counted(passed, 'requirement')} shown", more
    return Outcome.PASSED, f"Passed: {passed} of {_counted(asked, 'requirement')} shown", more


def _is_partly(row: _Row, verdicts: Sequence[Verdict]) -> bool:
    outcomes = {verdicts[number - 1].outcome for number in row.numbers}
    return row.outcome is Outcome.PASSED and Outcome.NOT_APPLICABLE in outcomes


_BESIDE = {
    Outcome.EXPECTED_FAILURE: "declared to fail",
    Outcome.NOT_APPLICABLE: "declared not applicable",
    Outcome.NOT_YET_COVERED: "not yet covered as a whole",
    Outcome.NOT_ASKED: "not asked in this run",
}
_OUT_OF_COUNT = (Outcome.NOT_APPLICABLE, Outcome.NOT_YET_COVERED, Outcome.NOT_ASKED)
_DECLARED = (Outcome.EXPECTED_FAILURE, Outcome.NOT_APPLICABLE, Outcome.NOT_YET_COVERED)


def _counted(number: int, noun: str) -> str:
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
        return f"{self.side}: {_counted(len(self.rows), 'case')}: {', '.join(told)}"


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
        (verdict.outcome, _first_line(verdict.message))
        for verdict in verdicts
        if verdict.outcome in _DECLARED
    )


# ------------------------------------------------------------------ Markdown


def markdown_matrix(
    run: Run,
    requirements: Sequence[Requirement],
    verdicts: Sequence[Verdict],
    cases: Sequence[Case] = (),
) -> str:
    """Give the matrix of requirements and scenarios as Markdown, as a build's summary page."""
    rows = _rows(requirements, verdicts)
    outcome, sentence, more = _headline(run, rows, verdicts)
    lines = [f"# {_md(run.title)}: {_md(run.target)}", ""]
    lines += [f"{_SIGNS[outcome]} **{_md(sentence)}.** {_md(more)}".rstrip(), ""]
    lines += ["| verdict | requirements | scenarios |", "| --- | ---: | ---: |"]
    by_row = Counter(row.outcome for row in rows)
    by_scenario = Counter(verdict.outcome for verdict in verdicts)
    lines += [
        f"| {_SIGNS[kind]} {kind} | {by_row[kind]} | {by_scenario[kind]} |"
        for kind in Outcome
        if by_row[kind] or by_scenario[kind]
    ]
    bad = [v for v in verdicts if v.outcome in _BAD]
    if bad:
        lines += ["", "## What did not pass", ""]
    lines += [
        f"- {_SIGNS[v.outcome]} {_md(', '.join(v.requirements))} – {_md(v.scenario)}: "
        f"{_md(_first_line(v.message))}"
        for v in bad
    ]
    lines += ["", "## Requirements", ""]
    lines += ["| requirement | level | verdict | what must be true | scenarios |"]
    lines += ["| --- | --- | --- | --- | --- |"]
    lines += [_md_row(row, verdicts) for row in rows]
    for side in tally(cases, verdicts):
        lines += _md_cases(side)
    lines += _md_faults(fault_rows(verdicts), verdicts)
    lines += markdown_cells(tried_cells(verdicts), _md)
    return "\n".join(lines) + "\n"


def _md_cases(side: Tally) -> list[str]:
    return [
        "",
        f"## Compliance cases, {_md(side.side)}",
        "",
        f"{_md(side.told())}.",
        "",
        *(
            f"- {_SIGNS[outcome]} {count} {outcome}: {_md(reason)}"
            for (outcome, reason), count in side.reasons.items()
        ),
        "",
        "| case | name | verdict |",
        "| --- | --- | --- |",
        *(
            f"| {_md(row.case.id)} | {_md(row.case.name)} | {_SIGNS[row.outcome]} {row.outcome} |"
            for row in side.rows
        ),
    ]


def _md_faults(rows: Sequence[tuple[str, list[int]]], verdicts: Sequence[Verdict]) -> list[str]:
    if not rows:
        return []
    lines = ["", "## Field faults", "", "| row | what the charger does | verdict |"]
    lines += ["| --- | --- | --- |"]
    for id, numbers in rows:
        shown = [verdicts[number - 1] for number in numbers]
        outcome = outcome_of(verdict.outcome for verdict in shown)
        names = "<br>".join(_md(verdict.scenario) for verdict in shown)
        lines.append(f"| {id} | {names} | {_SIGNS[outcome]} {outcome} |")
    return lines


def _md_row(row: _Row, verdicts: Sequence[Verdict]) -> str:
    scenarios = "<br>".join(
        f"{_SIGNS[verdicts[n - 1].outcome]} {_md(verdicts[n - 1].scenario)}" for n in row.numbers
    )
    wanted = row.requirement
    return (
        f"| {_md(wanted.id)} | {_md(wanted.level)} | {_SIGNS[row.outcome]} {row.outcome} "
        f"| {_md(wanted.text)} | {scenarios or '–'} |"
    )


def _md(text: str) -> str:
    """Escape for a cell of a Markdown table."""
    text = html.escape(" ".join(seen(text.replace("\n", " ")).split()), quote=False)
    return re.sub(r"([\\`*_\[\]|~#])", r"\\\1", text)


def _first_line(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= SNIPPET_CHARS else line[: SNIPPET_CHARS - 1] + "…"


# ------------------------------------------------------------------ HTML: the page


def html_report(
    run: Run,
    requirements: Sequence[Requirement],
    verdicts: Sequence[Verdict],
    cases: Sequence[Case] = (),
) -> str:
    """
    Give the report as one HTML file; write it in UTF-8.

    Parameters:
        run: what was put under test.
        requirements: all that could be asked, in the order of the list.
        verdicts: one a scenario, in the order in which they shall be shown.
        cases: the compliance cases that there are.
    """
    folder = Path(__file__).parent
    frame = Template((folder / "report.html").read_text(encoding="utf-8"))
    script = (folder / "report.js").read_text(encoding="utf-8")
    rows = _rows(requirements, verdicts)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return frame.substitute(
        script_hash=f"sha256-{digest}",
        script=script,
        page_title=_attribute(f"{run.title}: {run.target}"),
        eyebrow=_text(run.title),
        title=_text(run.target),
        headline=_headline_html(run, rows, verdicts),
        bars=_bars(rows, verdicts),
        facts=_facts(run, rows, verdicts),
        not_passed=_not_passed(verdicts),
        tiles=_tiles(rows),
        chips=_chips(verdicts),
        matrix=_matrix(rows, verdicts),
        cases="\n".join(_case_table(side, verdicts) for side in tally(cases, verdicts)),
        faults=_fault_table(fault_rows(verdicts), verdicts),
        cells=html_cells(tried_cells(verdicts)),
        declared=_declared(verdicts),
        evidence_lead=_evidence_lead(verdicts),
        scenarios=_scenarios(verdicts),
        verdict_words=_verdict_words(),
        colophon=_text("Made by isebench. Times are UTC on the scenarios' own clock."),
    )


def _text(text: str) -> str:
    """Escape for the content of an element, with the unseen signs written out."""
    escaped = html.escape(text.replace("\r\n", "\n"), quote=False)
    return UNSEEN.sub(_unseen, escaped)


def _unseen(found: re.Match[str]) -> str:
    sign = found[0]
    return sign if sign in "\n\t" else f'<span class="ctl">&lt;U+{ord(sign):04X}&gt;</span>'


def _attribute(text: str) -> str:
    """Escape for an attribute's value, or a title, where no element can stand."""
    return html.escape(seen(text))


def _mark(outcome: Outcome) -> str:
    return (
        f'<svg class="m o-{_CLASSES[outcome]}" role="img" aria-label="{outcome}">'
        f'<use href="#m-{_CLASSES[outcome]}"/></svg>'
    )


def _headline_html(run: Run, rows: Sequence[_Row], verdicts: Sequence[Verdict]) -> str:
    outcome, sentence, more = _headline(run, rows, verdicts)
    beside = f"<small>{_text(more)}</small>" if more else ""
    return (
        f'<p class="headline o-{_CLASSES[outcome]}">{_mark(outcome)}'
        f"<span>{_text(sentence)}.{beside}</span></p>"
    )


def _bars(rows: Sequence[_Row], verdicts: Sequence[Verdict]) -> str:
    by_row = Counter(row.outcome for row in rows)
    by_scenario = Counter(verdict.outcome for verdict in verdicts)
    return (
        _bar("Requirements", by_row)
        + _bar("Scenarios", by_scenario)
        + _legend(by_scenario | by_row)
    )


def _bar(name: str, counts: Counter[Outcome]) -> str:
    present = [outcome for outcome in Outcome if counts[outcome]]
    told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in present) or "none"
    segments = "".join(
        f'<div class="seg o-{_CLASSES[outcome]}" style="flex:{counts[outcome]}" '
        f'title="{counts[outcome]} {outcome}"><b>{counts[outcome]}</b></div>'
        for outcome in present
    )
    return (
        f'<div class="bar-name"><span>{name}</span><span>{counts.total():,}</span></div>'
        f'<div class="bar" role="img" aria-label="{name}: {told}">{segments}</div>\n'
    )


def _legend(counts: Counter[Outcome]) -> str:
    items = "".join(
        f'<li class="o-{_CLASSES[outcome]}">{_mark(outcome)}<span>{outcome}</span></li>'
        for outcome in Outcome
        if counts[outcome]
    )
    return f'<ul class="legend">{items}</ul>'


def _facts(run: Run, rows: Sequence[_Row], verdicts: Sequence[Verdict]) -> str:
    facts = [("System under test", run.target)]
    if run.issued is not None:
        facts.append(("Issued", f"{_day(run.issued)}, {run.issued.astimezone(UTC):%H:%M} UTC"))
    facts += run.facts
    musts = [row for row in rows if row.requirement.level == "must"]
    shown = sum(row.outcome is Outcome.PASSED for row in musts)
    facts.append(("Binding requirements", f"{shown} of {len(musts)} shown"))
    frames = sum(len(verdict.evidence) for verdict in verdicts)
    files = sum(len(verdict.files) for verdict in verdicts)
    facts.append(("Evidence", f"{_counted(frames, 'frame')}, {_counted(files, 'delivered file')}"))
    spans = [verdict.simulated for verdict in verdicts if verdict.simulated is not None]
    simulated = sum((end - start).total_seconds() for start, end in spans)
    real = sum(verdict.duration_s for verdict in verdicts)
    took = f" in {real:.1f} s" if real else ""
    facts.append(("Time", f"{_span(simulated)} simulated{took}"))
    return "\n".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in facts)


def _day(instant: datetime) -> str:
    instant = instant.astimezone(UTC)
    return f"{instant.day} {instant:%B %Y}"


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or f"{seconds:.0f} s"


def _not_passed(verdicts: Sequence[Verdict]) -> str:
    found = _cards(verdicts, _BAD)
    return f'<h2 id="not-passed">What did not pass</h2>\n{found}' if found else ""


def _declared(verdicts: Sequence[Verdict]) -> str:
    found = _cards(verdicts, _DECLARED)
    lead = '<p class="lead">Said before the run, each with its reason.</p>'
    return f'<h2 id="declared">What was declared beforehand</h2>{lead}\n{found}' if found else ""


def _cards(verdicts: Sequence[Verdict], outcomes: tuple[Outcome, ...]) -> str:
    cards = "\n".join(
        f'<li class="o-{_CLASSES[verdict.outcome]}">{_mark(verdict.outcome)} '
        f'<a href="#s{number}">{_text(verdict.scenario)}</a>'
        f'<span class="tags">{_tags(verdict)}</span>'
        f"<p>{_text(_first_line(verdict.message) or 'no reason was given')}</p></li>"
        for number, verdict in enumerate(verdicts, start=1)
        if verdict.outcome in outcomes
    )
    return f'<ul class="cards">\n{cards}\n</ul>' if cards else ""


def _tags(verdict: Verdict) -> str:
    return " ".join(
        f'<a class="tag" href="#r-{_attribute(name)}">{_text(name)}</a>'
        for name in verdict.requirements
    )


def _tiles(rows: Sequence[_Row]) -> str:
    areas = []
    for area, group in groupby(rows, key=lambda row: row.requirement.id.partition("-")[0]):
        tiles = "".join(
            f'<a class="tile o-{_CLASSES[row.outcome]}" href="#r-{_attribute(row.requirement.id)}" '
            f'title="{_attribute(row.requirement.text)}">{_mark(row.outcome)}'
            f"<span>{_text(row.requirement.id.partition('-')[2] or row.requirement.id)}</span></a>"
            for row in group
        )
        areas.append(
            f'<div class="area"><b>{_text(area)}</b><div class="tiles">{tiles}</div></div>'
        )
    return f'<div class="areas">{"".join(areas)}</div>' if areas else _none("No requirements.")


def _none(sentence: str) -> str:
    return f'<p class="none">{sentence}</p>'


def _chips(verdicts: Sequence[Verdict]) -> str:
    counts = Counter(verdict.outcome for verdict in verdicts)
    return "".join(
        f'<button type="button" class="o-{_CLASSES[outcome]}" data-show="{_CLASSES[outcome]}" '
        f'aria-pressed="false">{_mark(outcome)}<span>{counts[outcome]} {outcome}</span></button>'
        for outcome in Outcome
        if counts[outcome]
    )


def _matrix(rows: Sequence[_Row], verdicts: Sequence[Verdict]) -> str:
    features = list(dict.fromkeys(verdict.feature for verdict in verdicts))
    heads = "".join(
        f'<th class="turn" scope="col"><a href="#f{number}" title="{_attribute(feature)}">'
        f"{_text(feature)}</a></th>"
        for number, feature in enumerate(features, start=1)
    )
    body = "\n".join(_matrix_row(row, features, verdicts) for row in rows)
    return (
        '<div class="wide"><table class="matrix"><thead><tr><th scope="col">Requirement</th>'
        f'<th scope="col">What must be true</th>{heads}</tr></thead>\n<tbody>\n{body}\n'
        "</tbody></table></div>"
    )


def _matrix_row(row: _Row, features: Sequence[str], verdicts: Sequence[Verdict]) -> str:
    wanted = row.requirement
    marks: dict[str, list[str]] = {}
    for number in row.numbers:
        verdict = verdicts[number - 1]
        marks.setdefault(verdict.feature, []).append(
            f'<a href="#s{number}" title="{_attribute(f"{verdict.scenario}: {verdict.outcome}")}">'
            f"{_mark(verdict.outcome)}</a>"
        )
    cells = "".join(f'<td class="c">{"".join(marks.get(name, ()))}</td>' for name in features)
    source = f'<span class="src">{_text(wanted.source)}</span>' if wanted.source else ""
    return (
        f'<tr id="r-{_attribute(wanted.id)}" data-o="{_CLASSES[row.outcome]}"><th scope="row">'
        f"{_mark(row.outcome)}{_text(wanted.id)}"
        f'<span class="tag level">{_text(wanted.level)}</span></th>'
        f'<td class="what">{_text(wanted.text)}{source}</td>{cells}</tr>'
    )


def _case_table(side: Tally, verdicts: Sequence[Verdict]) -> str:
    """Give the compliance cases of a side, each with its verdict and the way to its evidence."""
    why = "".join(
        f'<li class="o-{_CLASSES[outcome]}">{_mark(outcome)}<span>{count} {outcome}: '
        f"{_text(reason)}</span></li>"
        for (outcome, reason), count in side.reasons.items()
    )
    body = "\n".join(_case_row(row, verdicts) for row in side.rows)
    return (
        f'<h2 id="cases-{_attribute(side.side)}">Compliance cases: {_text(side.side)}</h2>\n'
        f'<p class="lead">{_text(side.told())}.</p>\n'
        f'<ul class="legend">{why}</ul>\n'
        '<div class="wide"><table class="matrix"><thead><tr><th scope="col">Case</th>'
        '<th scope="col">Name</th><th scope="col">Verdict</th><th scope="col">Evidence</th></tr>'
        f"</thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def _fault_table(rows: Sequence[tuple[str, list[int]]], verdicts: Sequence[Verdict]) -> str:
    """Give the rows of the catalogue of field faults, each with its verdict and its scenarios."""
    if not rows:
        return ""
    body = "\n".join(
        _fault_row(id, [(number, verdicts[number - 1]) for number in numbers])
        for id, numbers in rows
    )
    return (
        '<h2 id="faults">Field faults</h2>\n'
        '<p class="lead">What chargers in the field have done, by its number in the catalogue, and '
        "what came out at the far end.</p>\n"
        '<div class="wide"><table class="matrix"><thead><tr><th scope="col">Row</th>'
        '<th scope="col">What the charger does</th><th scope="col">Verdict</th></tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _fault_row(id: str, shown: Sequence[tuple[int, Verdict]]) -> str:
    outcome = outcome_of(verdict.outcome for _, verdict in shown)
    names = "<br>".join(
        f'<a href="#s{number}">{_text(verdict.scenario)}</a>' for number, verdict in shown
    )
    return (
        f'<tr data-o="{_CLASSES[outcome]}"><th scope="row">{_mark(outcome)}{_text(id)}</th>'
        f'<td class="what">{names}</td><td>{outcome}</td></tr>'
    )


def _case_row(row: CaseRow, verdicts: Sequence[Verdict]) -> str:
    needs = ", ".join(row.case.needs)
    source = f'<span class="src">needs: {_text(needs)}</span>' if needs else ""
    evidence = "–"
    if row.number:
        told = _counted(len(verdicts[row.number - 1].evidence), "frame")
        evidence = f'<a href="#s{row.number}">{told}</a>'
    return (
        f'<tr data-o="{_CLASSES[row.outcome]}"><th scope="row">{_mark(row.outcome)}'
        f'{_text(row.case.id)}</th><td class="what">{_text(row.case.name)}{source}</td>'
        f"<td>{row.outcome}</td><td>{evidence}</td></tr>"
    )


def _evidence_lead(verdicts: Sequence[Verdict]) -> str:
    decided = '<span class="badge" style="color:var(--decides)">◆ decides</span>'
    if not verdicts:
        return "No scenario was part of this run."
    return (
        "Open a scenario for its steps, what crossed the wires and the files that arrived; "
        f"open a frame for its whole text. {decided} marks what the verdict was read from."
    )


def _verdict_words() -> str:
    return "\n".join(
        f"<li>{_mark(outcome)}<span><b>{outcome}</b>: {_MEANINGS[outcome]}</span></li>"
        for outcome in Outcome
    )


# ------------------------------------------------------------------ HTML: a scenario


def _scenarios(verdicts: Sequence[Verdict]) -> str:
    """Give the scenarios under their features, features in order of first appearance."""
    most = min(FRAMES_MAX, max(FRAMES_MIN, FRAMES_IN_PAGE // max(1, len(verdicts))))
    bad = [n for n, v in enumerate(verdicts, start=1) if v.outcome in _BAD]
    stand_open = set(bad[:OPEN_MAX])
    groups: dict[str, list[tuple[int, Verdict]]] = {}
    for number, verdict in enumerate(verdicts, start=1):
        groups.setdefault(verdict.feature, []).append((number, verdict))
    parts = []
    for place, (feature, members) in enumerate(groups.items(), start=1):
        passed = sum(verdict.outcome is Outcome.PASSED for _, verdict in members)
        told = f"{passed} of {_counted(len(members), 'scenario')} passed"
        body = "\n".join(
            _scenario(number, verdict, most, is_open=number in stand_open)
            for number, verdict in members
        )
        parts.append(
            f'<section class="ft" id="f{place}"><h3>{_text(feature)}<small>{told}</small></h3>\n'
            f"{body}\n</section>"
        )
    return "\n".join(parts)


def _scenario(number: int, verdict: Verdict, most: int, *, is_open: bool) -> str:
    name = _CLASSES[verdict.outcome]
    return (
        f'<details class="sc o-{name}" id="s{number}" data-o="{name}" '
        f'data-f="{_attribute(verdict.feature)}"{" open" if is_open else ""}>'
        f'<summary>{_mark(verdict.outcome)}<span class="name">{_text(verdict.scenario)}</span>'
        f'<span class="tags">{_tags(verdict)}</span></summary>\n<div class="in">'
        f"{_message(verdict)}{_about(verdict)}{_steps(verdict.steps)}"
        f"{_evidence(verdict, most)}{_files(verdict.files)}</div></details>"
    )


def _message(verdict: Verdict) -> str:
    if not verdict.message:
        return ""
    text = _cut(verdict.message, MESSAGE_CHARS_MAX)
    return f'<div class="message o-{_CLASSES[verdict.outcome]}"><pre>{_text(text)}</pre></div>'


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return f"{text[:limit]}\n… {len(text) - limit:,} more characters, not shown"


def _about(verdict: Verdict) -> str:
    facts = []
    if verdict.where:
        facts.append(verdict.where)
    if verdict.seed is not None:
        facts.append(f"seed {verdict.seed}")
    if verdict.simulated is not None:
        start, end = (instant.astimezone(UTC) for instant in verdict.simulated)
        until = "" if start.date() == end.date() else f"{_day(end)}, "
        span = _span((end - start).total_seconds())
        facts.append(f"simulated {_day(start)}, {start:%H:%M} – {until}{end:%H:%M} UTC ({span})")
    facts.append(f"{verdict.duration_s:.2f} s")
    if verdict.recording:
        facts.append(f"recording {verdict.recording}")
    items = "".join(f"<li>{_text(fact)}</li>" for fact in facts)
    return f'<ul class="about">{items}</ul>'


def _steps(steps: Sequence[Step]) -> str:
    items = "".join(
        f'<li class="o-{_CLASSES[step.outcome]}">{_mark(step.outcome)}'
        f'<span class="k">{_text(step.keyword)}</span>'
        f'<span class="tx">{_text(step.text)}</span></li>'
        for step in steps
    )
    return f'<ol class="steps">{items}</ol>' if items else ""


def _evidence(verdict: Verdict, most: int) -> str:
    """Give the frames: those that decided and their neighbours, the others folded or counted."""
    frames = verdict.evidence
    if not frames:
        return ""
    deciding = set(verdict.deciding)
    decides = [frame in deciding for frame in frames]
    told = _counted(len(frames), "frame")
    if any(decides):
        told += f", {sum(decides)} of them decided the verdict"
    lines = _Frames(frames, decides)
    shown = _shown(decides, most)
    plain = _unfolded(decides) & shown
    ways = ["plain" if i in plain else "folded" if i in shown else "" for i in range(len(frames))]
    parts = [
        lines.run(list(run), way) for way, run in groupby(range(len(frames)), ways.__getitem__)
    ]
    return f'<h4>What crossed the wires: {told}</h4><div class="frames">{"".join(parts)}</div>'


def _unfolded(decides: Sequence[bool]) -> set[int]:
    """
    Choose the frames that are seen at once: what decided, and what stands right beside it.

    Where nothing decided: all of a few, the ends of many.
    """
    count = len(decides)
    chosen = [i for i in range(count) if decides[i]]
    if not chosen:
        few = count if count <= UNFOLDED_MAX else UNFOLDED_MAX // 4
        return {*range(few), *range(count - few, count)}
    kept = {*chosen[: UNFOLDED_MAX // 2], *chosen[-(UNFOLDED_MAX // 2) :]}
    return {near for i in kept for near in (i - 1, i, i + 1) if 0 <= near < count}


def _shown(decides: Sequence[bool], most: int) -> set[int]:
    """
    Choose at most ``most`` frames: those that decided, then the nearest to them.

    Where none decided, or more did than can be shown, both ends come before the middle.
    """
    count = len(decides)
    chosen = [i for i in range(count) if decides[i]]
    if len(chosen) >= most:
        half = most // 2
        return {*chosen[: most - half], *chosen[len(chosen) - half :]}
    marks = chosen or [0, count - 1]
    distance = _distances(count, marks)
    return set(sorted(range(count), key=lambda i: (distance[i], i))[:most])


def _distances(count: int, marks: Sequence[int]) -> list[int]:
    """Give each place's distance to the nearest mark, in two walks."""
    distance = [count] * count
    for mark in marks:
        distance[mark] = 0
    for i in range(1, count):
        distance[i] = min(distance[i], distance[i - 1] + 1)
    for i in range(count - 2, -1, -1):
        distance[i] = min(distance[i], distance[i + 1] + 1)
    return distance


class _Frames:
    """
    The frames of one scenario, told line by line, in order.

    It knows the actions of the CALLs, so that an answer can say what it answers, and the sides
    of a line: the device stands left of the backend, so one glance at the arrows shows who spoke.
    """

    def __init__(self, frames: Sequence[Crossing], decides: Sequence[bool]) -> None:
        self._frames = frames
        self._decides = decides
        self._day = ""
        self._left: dict[frozenset[str], str] = {}
        self._said = [_frame_said(frame) for frame in frames]
        for frame, said in zip(frames, self._said, strict=True):
            pair = frozenset((frame.sender, frame.receiver))
            left = frame.receiver if frame.sender == BACKEND and said else frame.sender
            self._left.setdefault(pair, left)

    def run(self, places: Sequence[int], way: str) -> str:
        """Give neighbours that are shown the same way: ``plain``, ``folded``, or not at all."""
        if not way:
            return f'<div class="gap">{_counted(len(places), "frame")} not shown</div>'
        if way == "plain" or len(places) <= FOLD_MIN:
            return "".join(map(self._line, places))
        # What a fold hides must not take away the day above the frames after it.
        day = self._day
        lines = "".join(map(self._line, places))
        self._day = day
        told = _counted(len(places), "frame")
        return f'<details class="fold"><summary class="tri">{told}</summary>{lines}</details>'

    def _line(self, index: int) -> str:
        frame, decides = self._frames[index], self._decides[index]
        at = frame.at.astimezone(UTC)
        day = f"{at:%A}, {_day(at)}"
        head = f'<div class="day">{day}</div>' if day != self._day else ""
        self._day = day
        badge = (
            '<span class="badge">◆<span class="word"> decides</span></span>'
            if decides
            else "<span></span>"
        )
        return (
            f'{head}<details class="f{" decides" if decides else ""}"><summary>'
            f'<span class="t mono">{at:%H:%M:%S}.{at.microsecond // 1000:03d}</span>'
            f"{self._way(frame)}{self._summary(index)}{badge}</summary>"
            f"<pre>{_text(_cut(frame.text, FRAME_CHARS_MAX))}</pre></details>"
        )

    def _way(self, frame: Crossing) -> str:
        left = self._left[frozenset((frame.sender, frame.receiver))]
        goes = frame.sender == left
        right = frame.receiver if goes else frame.sender
        arrow, word = ("→", "to") if goes else ("←", "from")
        return (
            f'<span class="way"><bdi>{_text(left)}</bdi><span class="arrow" role="img" '
            f'aria-label="{word}">{arrow}</span><bdi>{_text(right)}</bdi></span>'
        )

    def _summary(self, index: int) -> str:
        frame, said = self._frames[index], self._said[index]
        more = _payload(frame.text)
        if said is None:
            what, more = frame.wire, frame.text
        elif said[0] == 2:
            what = str(said[2])
        elif said[0] == 3:
            what = self._answer(index, said)
        else:
            what = f"{self._answer(index, said)}: {said[2]}"
        snippet = more if len(more) <= SNIPPET_CHARS else more[: SNIPPET_CHARS - 1] + "…"
        return f'<span class="said mono"><b>{_text(what)}</b> <i>{_text(snippet)}</i></span>'

    def _answer(self, index: int, said: list[object]) -> str:
        frame = self._frames[index]
        for earlier in range(index - 1, -1, -1):
            asked, call = self._frames[earlier], self._said[earlier]
            if (
                call is not None
                and call[0] == 2
                and call[1] == said[1]
                and (asked.sender, asked.receiver) == (frame.receiver, frame.sender)
            ):
                return f"answer to {call[2]}"
        return "answer"


def _frame_said(frame: Crossing) -> list[object] | None:
    """Read an OCPP-J message; None for anything else."""
    if not frame.wire.startswith("ocpp"):
        return None
    try:
        said = json.loads(frame.text)
    except (ValueError, RecursionError):
        return None
    well = isinstance(said, list) and len(said) >= 3 and said[0] in (2, 3, 4)
    return said if well else None


_HEAD = re.compile(
    r'\s*\[\s*[234]\s*,\s*(?:"(?:[^"\\]|\\.)*"|[^,\s"]+)\s*,(?:\s*"(?:[^"\\]|\\.)*"\s*,)?\s*'
)
"""What stands before the payload of a message: its type, its id, its action or error code."""


def _payload(text: str) -> str:
    """Cut a message's payload out of its text, so that its numbers stand as they were sent."""
    head = _HEAD.match(text)
    rest = text[head.end() if head else 0 :].rstrip().removesuffix("]").rstrip()
    return "" if rest == "{}" else rest


# ------------------------------------------------------------------ HTML: delivered files


def _files(files: Sequence[tuple[str, str]]) -> str:
    if not files:
        return ""
    shown = "".join(_file(name, text, is_open=len(files) == 1) for name, text in files)
    return f"<h4>{_counted(len(files), 'delivered file')}</h4>{shown}"


def _file(name: str, text: str, *, is_open: bool) -> str:
    lines = text.splitlines()
    separator = _separator(lines)
    body = (
        _csv_table(lines, separator)
        if separator
        else f"<pre>{_text(_cut(text, FILE_CHARS_MAX))}</pre>"
    )
    return (
        f'<details class="file"{" open" if is_open else ""}><summary class="tri">'
        f'<b class="mono">{_text(name)}</b><small>{_counted(len(lines), "line")}, '
        f"{_counted(len(text), 'character')}</small></summary>{body}</details>"
    )


def _separator(lines: Sequence[str]) -> str | None:
    """Give what separates the cells, where the first lines agree on it."""
    for separator in ";\t,":
        counts = {line.count(separator) for line in lines[:20]}
        if len(counts) == 1 and counts != {0} and len(lines) > 1:
            return separator
    return None


_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")


def _csv_table(lines: Sequence[str], separator: str) -> str:
    """Show the cells as they stand; the first line is the head unless it has numbers."""
    cells = [line.split(separator) for line in lines[: FILE_ROWS_MAX + 1]]
    has_head = not any(_NUMBER.fullmatch(cell) for cell in cells[0])
    head = "".join(f'<th scope="col">{_text(cell)}</th>' for cell in cells[0]) if has_head else ""
    body = "".join(
        "<tr>" + "".join(_csv_cell(cell) for cell in row) + "</tr>"
        for row in (cells[1:] if has_head else cells)
    )
    left = len(lines) - len(cells)
    more = f'<p class="more">{_counted(left, "line")} more, not shown</p>' if left > 0 else ""
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        f"</div>{more}"
    )


def _csv_cell(cell: str) -> str:
    numeric = ' class="n"' if _NUMBER.fullmatch(cell) else ""
    return f"<td{numeric}>{_text(cell)}</td>"
