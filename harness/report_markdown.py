"""The matrix of requirements and scenarios as Markdown, as a build's summary page shows it."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Sequence

from harness.catalogue import Case, Requirement
from harness.outcomes import Outcome, Run, Verdict, outcome_of
from harness.report_cells import markdown_cells
from harness.summary import (
    BAD,
    Row,
    Tally,
    fault_rows,
    first_line,
    headline,
    rows_of,
    tally,
    tried_cells,
)
from harness.tables import seen

_SIGNS = {
    Outcome.PASSED: "✅",
    Outcome.FAILED: "❌",
    Outcome.ERROR: "⚠️",
    Outcome.EXPECTED_FAILURE: "🔶",
    Outcome.NOT_APPLICABLE: "➖",
    Outcome.NOT_YET_COVERED: "🚧",
    Outcome.NOT_ASKED: "⚪",
}


def markdown_matrix(
    run: Run,
    requirements: Sequence[Requirement],
    verdicts: Sequence[Verdict],
    cases: Sequence[Case] = (),
) -> str:
    """Give the matrix of requirements and scenarios as Markdown, as a build's summary page."""
    rows = rows_of(requirements, verdicts)
    outcome, sentence, more = headline(run, rows, verdicts)
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
    bad = [v for v in verdicts if v.outcome in BAD]
    if bad:
        lines += ["", "## What did not pass", ""]
    lines += [
        f"- {_SIGNS[v.outcome]} {_md(', '.join(v.requirements))} – {_md(v.scenario)}: "
        f"{_md(first_line(v.message))}"
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


def _md_row(row: Row, verdicts: Sequence[Verdict]) -> str:
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
