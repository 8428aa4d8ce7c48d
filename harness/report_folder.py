"""
The folder of a report: the forms in which it is told, beside the evidence that it was made of.

The same verdicts and evidence give the same bytes, whether one process has judged them or several.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from harness.outcomes import Report
from harness.report import html_report
from harness.report_json import NAME, report_json
from harness.report_markdown import markdown_matrix
from harness.summary import first_line, rows_of
from harness.tables import seen

MARKER = "isebench-report.txt"
WRITTEN = (
    "cucumber.json",
    "delivered",
    "junit.xml",
    "matrix.csv",
    "matrix.md",
    "real-time",
    "recordings",
    "report.html",
    "report.json",
)
"""What a run writes into its report's folder."""
EVIDENCE = ("delivered", "real-time", "recordings")
COLUMNS = (
    "requirement",
    "level",
    "requirement verdict",
    "feature",
    "scenario",
    "verdict",
    "reason",
    "where",
    "evidence",
    "recording",
)
"""The head of matrix.csv."""


def write_report(folder: Path, report: Report, *, pages: bool = True) -> None:
    """
    Write a report into a folder in which its evidence lies.

    Parameters:
        folder: where to.
        report: what it tells.
        pages: whether to write what people read, too; report.json is enough to make it of.
    """
    _write(folder / NAME, report_json(report, folder))
    if not pages:
        return
    told = (report.run, report.requirements, report.verdicts, report.cases)
    _write(folder / "report.html", html_report(*told))
    _write(folder / "matrix.md", markdown_matrix(*told))
    _write(folder / "matrix.csv", csv_matrix(report))


def csv_matrix(report: Report) -> str:
    """
    Give the matrix as CSV (RFC 4180): a row for each scenario of each requirement.

    A requirement without a scenario in this run has one row, whose scenario is empty.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows_of(report.requirements, report.verdicts):
        wanted = (row.requirement.id, row.requirement.level, row.outcome)
        if not row.numbers:
            writer.writerow([*wanted, *[""] * (len(COLUMNS) - len(wanted))])
        for number in row.numbers:
            verdict = report.verdicts[number - 1]
            cells = (verdict.feature, verdict.scenario, verdict.outcome)
            reason = first_line(verdict.message)
            evidence = (verdict.where, f"report.html#s{number}", verdict.recording)
            writer.writerow([*wanted, *map(_harmless, (*cells, reason, *evidence))])
    return out.getvalue()


def _harmless(text: str) -> str:
    """Write out what is not seen, and keep a spreadsheet from taking a text for a formula."""
    text = seen(text)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _write(path: Path, text: str) -> None:
    # Line ends are those of the text, wherever it is written.
    path.write_bytes(text.encode("utf-8", "backslashreplace"))
