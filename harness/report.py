"""
The report that people read: one HTML file.

It (`report.html` and `report.js` beside this module are its frame) needs nothing but itself: no
network, no fonts, and, apart from the filter and the indenting, no script. What comes from
outside, frames above all, is escaped. A content policy in the page lets no script run but the
page's own.

The same input gives the same bytes: times are those of the scenarios, and nothing is asked of
the machine.

Limits: a scenario shows at most `FRAMES_MAX` frames, less in large runs so that a page stays
below `FRAMES_IN_PAGE` (but never below `FRAMES_MIN`); frames that decided a verdict come first,
then those near them. What is left out is counted in its place, what did not decide is folded.
Drawings have fewer, and files of large runs fewer lines. All of it lies beside the page.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import UTC
from itertools import groupby
from pathlib import Path
from string import Template

from harness.catalogue import Case, Requirement
from harness.outcomes import Outcome, Run, Step, Verdict, outcome_of
from harness.page_text import CLASSES, attribute, cut, day_of, escaped, mark, span_of
from harness.report_cells import html_cells
from harness.report_files import files_of, rows_shown
from harness.report_frames import evidence_of
from harness.sequence import STYLE
from harness.summary import (
    BAD,
    DECLARED,
    CaseRow,
    Row,
    Tally,
    counted,
    fault_rows,
    first_line,
    headline,
    rows_of,
    tally,
    tried_cells,
)

__all__ = ["Outcome", "Run", "Step", "Verdict", "html_report"]

FRAMES_MAX = 80
FRAMES_MIN = 10
FRAMES_IN_PAGE = 6_000
MESSAGE_CHARS_MAX = 20_000
OPEN_MAX = 10
"""So many scenarios that did not pass stand open when the page is opened."""

_MEANINGS = {
    Outcome.PASSED: "what the requirement asks for was seen on the wire or in the files",
    Outcome.FAILED: "it was not seen, or something was seen that must not be",
    Outcome.ERROR: "the bench could not do its work; nothing is known, and nothing is excused",
    Outcome.EXPECTED_FAILURE: "declared beforehand with a reason; should it pass, it is red",
    Outcome.NOT_APPLICABLE: "the system under test declares not to do this",
    Outcome.NOT_YET_COVERED: "cannot be shown yet; the reason says what is missing",
    Outcome.NOT_ASKED: "not part of this run",
}


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
    rows = rows_of(requirements, verdicts)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return frame.substitute(
        style=page_style(),
        symbols=(folder / "report_symbols.svg").read_text(encoding="utf-8"),
        script_hash=f"sha256-{digest}",
        script=script,
        page_title=attribute(f"{run.title}: {run.target}"),
        eyebrow=escaped(run.title),
        title=escaped(run.target),
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
        colophon=escaped("Made by isebench. Times are UTC on the scenarios' own clock."),
    )


def page_style() -> str:
    """Give the style sheet of the report's pages."""
    whole = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    return whole + STYLE.read_text(encoding="utf-8")


def _headline_html(run: Run, rows: Sequence[Row], verdicts: Sequence[Verdict]) -> str:
    outcome, sentence, more = headline(run, rows, verdicts)
    beside = f"<small>{escaped(more)}</small>" if more else ""
    return (
        f'<p class="headline o-{CLASSES[outcome]}">{mark(outcome)}'
        f"<span>{escaped(sentence)}.{beside}</span></p>"
    )


def _bars(rows: Sequence[Row], verdicts: Sequence[Verdict]) -> str:
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
        f'<div class="seg o-{CLASSES[outcome]}" style="flex:{counts[outcome]}" '
        f'title="{counts[outcome]} {outcome}"><b>{counts[outcome]}</b></div>'
        for outcome in present
    )
    return (
        f'<div class="bar-name"><span>{name}</span><span>{counts.total():,}</span></div>'
        f'<div class="bar" role="img" aria-label="{name}: {told}">{segments}</div>\n'
    )


def _legend(counts: Counter[Outcome]) -> str:
    items = "".join(
        f'<li class="o-{CLASSES[outcome]}">{mark(outcome)}<span>{outcome}</span></li>'
        for outcome in Outcome
        if counts[outcome]
    )
    return f'<ul class="legend">{items}</ul>'


def _facts(run: Run, rows: Sequence[Row], verdicts: Sequence[Verdict]) -> str:
    facts = [("System under test", run.target)]
    if run.issued is not None:
        facts.append(("Issued", f"{day_of(run.issued)}, {run.issued.astimezone(UTC):%H:%M} UTC"))
    facts += run.told()
    musts = [row for row in rows if row.requirement.level == "must"]
    shown = sum(row.outcome is Outcome.PASSED for row in musts)
    facts.append(("Binding requirements", f"{shown} of {len(musts)} shown"))
    frames = sum(len(verdict.evidence) for verdict in verdicts)
    files = sum(len(verdict.files) for verdict in verdicts)
    facts.append(("Evidence", f"{counted(frames, 'frame')}, {counted(files, 'delivered file')}"))
    spans = [verdict.simulated for verdict in verdicts if verdict.simulated is not None]
    simulated = sum((end - start).total_seconds() for start, end in spans)
    real = sum(verdict.duration_s for verdict in verdicts)
    took = f" in {real:.1f} s" if real else ""
    facts.append(("Time", f"{span_of(simulated)} simulated{took}"))
    return "\n".join(f"<dt>{escaped(name)}</dt><dd>{escaped(value)}</dd>" for name, value in facts)


def _not_passed(verdicts: Sequence[Verdict]) -> str:
    found = _cards(verdicts, BAD)
    return f'<h2 id="not-passed">What did not pass</h2>\n{found}' if found else ""


def _declared(verdicts: Sequence[Verdict]) -> str:
    found = _cards(verdicts, DECLARED)
    lead = '<p class="lead">Said before the run, each with its reason.</p>'
    return f'<h2 id="declared">What was declared beforehand</h2>{lead}\n{found}' if found else ""


def _cards(verdicts: Sequence[Verdict], outcomes: tuple[Outcome, ...]) -> str:
    cards = "\n".join(
        f'<li class="o-{CLASSES[verdict.outcome]}">{mark(verdict.outcome)} '
        f'<a href="#s{number}">{escaped(verdict.scenario)}</a>'
        f'<span class="tags">{_tags(verdict)}</span>'
        f"<p>{escaped(first_line(verdict.message) or 'no reason was given')}</p></li>"
        for number, verdict in enumerate(verdicts, start=1)
        if verdict.outcome in outcomes
    )
    return f'<ul class="cards">\n{cards}\n</ul>' if cards else ""


def _tags(verdict: Verdict) -> str:
    return " ".join(
        f'<a class="tag" href="#r-{attribute(name)}">{escaped(name)}</a>'
        for name in verdict.requirements
    )


def _tiles(rows: Sequence[Row]) -> str:
    areas = []
    for area, group in groupby(rows, key=lambda row: row.requirement.id.partition("-")[0]):
        tiles = "".join(
            f'<a class="tile o-{CLASSES[row.outcome]}" href="#r-{attribute(row.requirement.id)}" '
            f'title="{attribute(row.requirement.text)}">{mark(row.outcome)}'
            f"<span>{escaped(_number_of(row.requirement))}</span></a>"
            for row in group
        )
        areas.append(
            f'<div class="area"><b>{escaped(area)}</b><div class="tiles">{tiles}</div></div>'
        )
    return f'<div class="areas">{"".join(areas)}</div>' if areas else _none("No requirements.")


def _number_of(requirement: Requirement) -> str:
    return requirement.id.partition("-")[2] or requirement.id


def _none(sentence: str) -> str:
    return f'<p class="none">{sentence}</p>'


def _chips(verdicts: Sequence[Verdict]) -> str:
    counts = Counter(verdict.outcome for verdict in verdicts)
    return "".join(
        f'<button type="button" class="o-{CLASSES[outcome]}" data-show="{CLASSES[outcome]}" '
        f'aria-pressed="false">{mark(outcome)}<span>{counts[outcome]} {outcome}</span></button>'
        for outcome in Outcome
        if counts[outcome]
    )


def _matrix(rows: Sequence[Row], verdicts: Sequence[Verdict]) -> str:
    features = list(dict.fromkeys(verdict.feature for verdict in verdicts))
    heads = "".join(
        f'<th class="turn" scope="col"><a href="#f{number}" title="{attribute(feature)}">'
        f"{escaped(feature)}</a></th>"
        for number, feature in enumerate(features, start=1)
    )
    body = "\n".join(_matrix_row(row, features, verdicts) for row in rows)
    return (
        '<div class="wide"><table class="matrix"><thead><tr><th scope="col">Requirement</th>'
        f'<th scope="col">What must be true</th>{heads}</tr></thead>\n<tbody>\n{body}\n'
        "</tbody></table></div>"
    )


def _matrix_row(row: Row, features: Sequence[str], verdicts: Sequence[Verdict]) -> str:
    wanted = row.requirement
    marks: dict[str, list[str]] = {}
    for number in row.numbers:
        verdict = verdicts[number - 1]
        marks.setdefault(verdict.feature, []).append(
            f'<a href="#s{number}" title="{attribute(f"{verdict.scenario}: {verdict.outcome}")}">'
            f"{mark(verdict.outcome)}</a>"
        )
    cells = "".join(f'<td class="c">{"".join(marks.get(name, ()))}</td>' for name in features)
    source = f'<span class="src">{escaped(wanted.source)}</span>' if wanted.source else ""
    return (
        f'<tr id="r-{attribute(wanted.id)}" data-o="{CLASSES[row.outcome]}"><th scope="row">'
        f"{mark(row.outcome)}{escaped(wanted.id)}"
        f'<span class="tag level">{escaped(wanted.level)}</span></th>'
        f'<td class="what">{escaped(wanted.text)}{source}</td>{cells}</tr>'
    )


def _case_table(side: Tally, verdicts: Sequence[Verdict]) -> str:
    """Give the compliance cases of a side, each with its verdict and the way to its evidence."""
    why = "".join(
        f'<li class="o-{CLASSES[outcome]}">{mark(outcome)}<span>{count} {outcome}: '
        f"{escaped(reason)}</span></li>"
        for (outcome, reason), count in side.reasons.items()
    )
    body = "\n".join(_case_row(row, verdicts) for row in side.rows)
    return (
        f'<h2 id="cases-{attribute(side.side)}">Compliance cases: {escaped(side.side)}</h2>\n'
        f'<p class="lead">{escaped(side.told())}.</p>\n'
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
        f'<a href="#s{number}">{escaped(verdict.scenario)}</a>' for number, verdict in shown
    )
    return (
        f'<tr data-o="{CLASSES[outcome]}"><th scope="row">{mark(outcome)}{escaped(id)}</th>'
        f'<td class="what">{names}</td><td>{outcome}</td></tr>'
    )


def _case_row(row: CaseRow, verdicts: Sequence[Verdict]) -> str:
    needs = ", ".join(row.case.needs)
    source = f'<span class="src">needs: {escaped(needs)}</span>' if needs else ""
    evidence = "–"
    if row.number:
        told = counted(len(verdicts[row.number - 1].evidence), "frame")
        evidence = f'<a href="#s{row.number}">{told}</a>'
    return (
        f'<tr data-o="{CLASSES[row.outcome]}"><th scope="row">{mark(row.outcome)}'
        f'{escaped(row.case.id)}</th><td class="what">{escaped(row.case.name)}{source}</td>'
        f"<td>{row.outcome}</td><td>{evidence}</td></tr>"
    )


def _evidence_lead(verdicts: Sequence[Verdict]) -> str:
    decided = '<span class="badge" style="color:var(--decides)">◆ decides</span>'
    if not verdicts:
        return "No scenario was part of this run."
    return (
        "Open a scenario for its steps, what crossed the wires and the files that arrived; an "
        f"arrow leads to its frame in full. {decided} marks what the verdict was read from."
    )


def _verdict_words() -> str:
    return "\n".join(
        f"<li>{mark(outcome)}<span><b>{outcome}</b>: {_MEANINGS[outcome]}</span></li>"
        for outcome in Outcome
    )


# ------------------------------------------------------------------ HTML: a scenario


def _scenarios(verdicts: Sequence[Verdict]) -> str:
    """Give the scenarios under their features, features in order of first appearance."""
    most = min(FRAMES_MAX, max(FRAMES_MIN, FRAMES_IN_PAGE // max(1, len(verdicts))))
    rows = rows_shown(sum(len(verdict.files) for verdict in verdicts))
    bad = [n for n, v in enumerate(verdicts, start=1) if v.outcome in BAD]
    stand_open = set(bad[:OPEN_MAX])
    groups: dict[str, list[tuple[int, Verdict]]] = {}
    for number, verdict in enumerate(verdicts, start=1):
        groups.setdefault(verdict.feature, []).append((number, verdict))
    parts = []
    for place, (feature, members) in enumerate(groups.items(), start=1):
        passed = sum(verdict.outcome is Outcome.PASSED for _, verdict in members)
        told = f"{passed} of {counted(len(members), 'scenario')} passed"
        body = "\n".join(
            _scenario(number, verdict, most, rows, is_open=number in stand_open)
            for number, verdict in members
        )
        parts.append(
            f'<section class="ft" id="f{place}"><h3>{escaped(feature)}<small>{told}</small></h3>\n'
            f"{body}\n</section>"
        )
    return "\n".join(parts)


def _scenario(number: int, verdict: Verdict, most: int, rows: int, *, is_open: bool) -> str:
    name = CLASSES[verdict.outcome]
    return (
        f'<details class="sc o-{name}" id="s{number}" data-o="{name}" '
        f'data-f="{attribute(verdict.feature)}"{" open" if is_open else ""}>'
        f'<summary>{mark(verdict.outcome)}<span class="name">{escaped(verdict.scenario)}</span>'
        f'<span class="tags">{_tags(verdict)}</span></summary>\n<div class="in">'
        f"{_message(verdict)}{_about(verdict)}{_steps(verdict.steps)}"
        f"{evidence_of(verdict, most, number)}{files_of(verdict, rows)}</div></details>"
    )


def _message(verdict: Verdict) -> str:
    if not verdict.message:
        return ""
    text = cut(verdict.message, MESSAGE_CHARS_MAX)
    return f'<div class="message o-{CLASSES[verdict.outcome]}"><pre>{escaped(text)}</pre></div>'


def _about(verdict: Verdict) -> str:
    facts = []
    if verdict.where:
        facts.append(verdict.where)
    if verdict.seed is not None:
        facts.append(f"seed {verdict.seed}")
    if verdict.simulated is not None:
        start, end = (instant.astimezone(UTC) for instant in verdict.simulated)
        until = "" if start.date() == end.date() else f"{day_of(end)}, "
        span = span_of((end - start).total_seconds())
        facts.append(f"simulated {day_of(start)}, {start:%H:%M} – {until}{end:%H:%M} UTC ({span})")
    facts.append(f"{verdict.duration_s:.2f} s")
    if verdict.recording:
        facts.append(f"recording {verdict.recording}")
    items = "".join(f"<li>{escaped(fact)}</li>" for fact in facts)
    return f'<ul class="about">{items}</ul>'


def _steps(steps: Sequence[Step]) -> str:
    items = "".join(
        f'<li class="o-{CLASSES[step.outcome]}">{mark(step.outcome)}'
        f'<span class="k">{escaped(step.keyword)}</span>'
        f'<span class="tx">{escaped(step.text)}</span></li>'
        for step in steps
    )
    return f'<ol class="steps">{items}</ol>' if items else ""
