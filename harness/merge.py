"""
Several reports made into one, as if one process had judged all of it.

`isebench conform --jobs` makes one of those of its processes, `isebench merge` one of those of
several machines, each with its ``--part``. What people read is made anew from what `report.json`
and the evidence beside it say.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from harness.errors import UsageError
from harness.folders import clear_folder
from harness.junit import CUCUMBER, JUNIT, merge_cucumber, merge_junit
from harness.outcomes import Report, Verdict
from harness.report_folder import EVIDENCE, MARKER, WRITTEN, write_report
from harness.report_json import read_report


def merge(folders: Sequence[Path], out: Path) -> Report:
    """
    Make one report of those of several folders, and leave these as they are.

    Parameters:
        folders: where parts of one run were written.
        out: the folder for the one; what an earlier run left there is replaced.

    Raises:
        UsageError: If one is no report, they are not parts of one run, or ``out`` is among them.
    """
    if out.resolve() in {folder.resolve() for folder in folders}:
        raise UsageError(f"{out}: is one of the reports to merge; name another folder")
    reports = [read_report(folder) for folder in folders]
    _must_be_parts(reports, folders)
    clear_folder(out, "--report", MARKER, WRITTEN)
    return put_together(reports, folders, out, copy=shutil.copyfile)


def put_together(
    reports: Sequence[Report],
    folders: Sequence[Path],
    out: Path,
    *,
    copy: Callable[[Path, Path], object] = shutil.move,
    more: Iterable[Verdict] = (),
) -> Report:
    """
    Write the one report.

    Parameters:
        reports: what each folder tells.
        folders: where the evidence lies.
        out: the folder for all of it, empty.
        copy: how a file gets there.
        more: verdicts on what is in none of them.
    """
    for folder in folders:
        _take_evidence(folder, out, copy)
    verdicts = sorted(
        (*(verdict for report in reports for verdict in report.verdicts), *more),
        key=lambda verdict: verdict.number,
    )
    order = {verdict.test: verdict.number for verdict in verdicts}
    for name, made in ((JUNIT, merge_junit), (CUCUMBER, merge_cucumber)):
        if paths := [folder / name for folder in folders if (folder / name).exists()]:
            made(paths, out / name, order)
    first = reports[0]
    run = replace(first.run, interrupted=any(report.run.interrupted for report in reports))
    whole = replace(first, run=run, verdicts=tuple(verdicts))
    write_report(out, whole)
    return whole


def _take_evidence(folder: Path, out: Path, copy: Callable[[Path, Path], object]) -> None:
    for name in EVIDENCE:
        for path in sorted((folder / name).rglob("*")):
            if path.is_file():
                target = out / path.relative_to(folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                copy(path, target)


def _must_be_parts(reports: Sequence[Report], folders: Sequence[Path]) -> None:
    first = reports[0]
    for report, folder in zip(reports[1:], folders[1:], strict=True):
        for what, one, other in (
            ("system under test", first.run.target, report.run.target),
            ("seed", first.run.seed, report.run.seed),
            ("version of isebench", _version(first), _version(report)),
            ("selection", first.run.selection or "all", report.run.selection or "all"),
        ):
            if one != other:
                raise UsageError(
                    f"{folder} and {folders[0]} are not parts of one run: their {what} differs "
                    f"({other}, {one})"
                )
        if (first.requirements, first.cases) != (report.requirements, report.cases):
            raise UsageError(
                f"{folder} and {folders[0]} are not parts of one run: their lists of requirements "
                "or cases differ"
            )
    counts = Counter(verdict.number for report in reports for verdict in report.verdicts)
    if twice := [number for number, count in counts.items() if count > 1]:
        name = next(v.scenario for r in reports for v in r.verdicts if v.number == twice[0])
        raise UsageError(
            f'the reports overlap: "{name}" is in more than one; merge parts that were made with '
            "--part 1/2, --part 2/2 and so on"
        )
    if missing := first.run.asked - len(counts):
        raise UsageError(
            f"{missing} of the {first.run.asked} scenarios of the run are in none of the reports; "
            "name those of all its parts"
        )


def _version(report: Report) -> str:
    return dict(report.run.versions).get("isebench", "unknown")
