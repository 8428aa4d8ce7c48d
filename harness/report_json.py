"""
`report.json`: what a run says, for programs; and the way back.

Its form is `report.schema.json` beside this module, told in words in docs/reference/report-json.md.
What crossed the wires and the files that arrived are not in it: they lie beside it, and it has
their names and hashes. With them a report is read back whole (`read_report`), so reports can be
merged and compared.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from harness.catalogue import Case, Requirement
from harness.errors import UsageError
from harness.fault_cells import CellResult, all_cells
from harness.outcomes import JudgedCell, Outcome, Place, Report, Run, Step, Verdict
from harness.recording import instant_text, read_recording
from harness.summary import headline, rows_of

NAME = "report.json"
FORMAT = "isebench-report"
VERSION = 1
SCHEMA = Path(__file__).with_name("report.schema.json")


# ------------------------------------------------------------------ writing


def report_json(report: Report, folder: Path) -> str:
    """
    Give the text of report.json.

    Parameters:
        report: what it tells.
        folder: where the recordings and the delivered files lie already.
    """
    verdicts = report.verdicts
    rows = rows_of(report.requirements, verdicts)
    outcome, sentence, _ = headline(report.run, rows, verdicts)
    numbers = {id: number for number, one in enumerate(verdicts, start=1) for id in one.cases}
    told = {
        "format": FORMAT,
        "version": VERSION,
        "run": _run(report.run),
        "outcome": outcome,
        "sentence": sentence,
        "counts": {
            "requirements": _counts(row.outcome for row in rows),
            "scenarios": _counts(verdict.outcome for verdict in verdicts),
        },
        "requirements": [
            {**asdict(row.requirement), "outcome": row.outcome, "scenarios": list(row.numbers)}
            for row in rows
        ],
        "cases": [_case(case, numbers.get(case.id, 0), verdicts) for case in report.cases],
        "scenarios": [_scenario(verdict, folder) for verdict in verdicts],
    }
    return json.dumps(told, indent=1) + "\n"


def _counts(outcomes: Iterable[Outcome]) -> dict[str, int]:
    counted = Counter(outcomes)
    return {outcome.value: counted[outcome] for outcome in Outcome}


def _run(run: Run) -> dict[str, Any]:
    return {
        "target": run.target,
        "title": run.title,
        "issued": None if run.issued is None else instant_text(run.issued),
        "seed": run.seed,
        "versions": dict(run.versions),
        "selection": run.selection,
        "asked": run.asked,
        "facts": dict(run.facts),
        "interrupted": run.interrupted,
    }


def _case(case: Case, number: int, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    outcome = verdicts[number - 1].outcome if number else Outcome.NOT_ASKED
    return {
        "id": case.id,
        "side": case.side,
        "name": case.name,
        "needs": list(case.needs),
        "outcome": outcome,
        "scenario": number or None,
    }


def _scenario(verdict: Verdict, folder: Path) -> dict[str, Any]:
    span = verdict.simulated
    return {
        "number": verdict.number,
        "feature": verdict.feature,
        "scenario": verdict.scenario,
        "outcome": verdict.outcome,
        "message": verdict.message,
        "requirements": list(verdict.requirements),
        "cases": list(verdict.cases),
        "faults": list(verdict.faults),
        "where": verdict.where,
        "test": verdict.test,
        "slug": verdict.slug,
        "seed": verdict.seed,
        "simulated": None if span is None else [instant_text(instant) for instant in span],
        "duration_s": verdict.duration_s,
        "checks": [step._asdict() for step in verdict.steps],
        "recording": _recording(verdict, folder),
        "files": _files(verdict, folder),
        "fault_cells": [_cell(one) for one in verdict.cells],
    }


def _recording(verdict: Verdict, folder: Path) -> dict[str, Any] | None:
    if not verdict.recording or not (folder / verdict.recording).exists():
        return None
    deciding = set(verdict.deciding)
    return {
        "path": verdict.recording,
        "sha256": hash_of(folder / verdict.recording),
        "frames": len(verdict.evidence),
        "deciding": [i for i, one in enumerate(verdict.evidence, start=1) if one in deciding],
    }


def _files(verdict: Verdict, folder: Path) -> list[dict[str, Any]]:
    names = [name for name, _ in verdict.files]
    judged: dict[str, list[JudgedCell]] = {}
    for one in verdict.judged:
        judged.setdefault(one.file, []).append(one)
    return [
        {
            "name": name,
            "path": path,
            "sha256": hash_of(folder / path),
            "bytes": (folder / path).stat().st_size,
            "decides": name in verdict.deciding_files,
            "judged": [_judged(one) for one in judged.pop(name, ())],
        }
        for name, path in zip(names, delivered_paths(verdict.slug, names), strict=True)
    ]


def _judged(one: JudgedCell) -> dict[str, Any]:
    return {
        "line": one.place.line,
        "cell": one.place.cell,
        "seen": one.seen,
        "expected": one.expected,
        "right": one.is_right,
    }


def _cell(result: CellResult) -> dict[str, Any]:
    cell = result.cell
    return {
        "wire": cell.wire,
        "step": cell.step,
        "fault": cell.fault,
        "told": result.told,
        "bit": result.bit,
        "expected": result.expected,
        "found": result.found,
        "shown": sorted(result.shown),
        "is_right": result.is_right,
        "not_tried": result.not_tried,
        "trouble": result.trouble,
    }


def delivered_paths(slug: str, names: Sequence[str]) -> list[str]:
    """Give where a scenario's files lie in a report; a name that came again bears a number."""
    return [
        f"delivered/{slug}/{name}"
        + (f".{earlier + 1}" if (earlier := names[:i].count(name)) else "")
        for i, name in enumerate(names)
    ]


def hash_of(path: Path) -> str:
    """Give the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


# ------------------------------------------------------------------ reading


def load_report(folder: Path) -> dict[str, Any]:
    """
    Read and check report.json of a folder.

    Raises:
        UsageError: If there is none, or it is not as the schema has it.
    """
    path = folder / NAME
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror}); name the folder of a report, as "
            "`isebench conform --report` has written it"
        ) from None
    except ValueError as error:
        raise UsageError(f"{path}: is no JSON ({error})") from None
    _check(path, told)
    return told


def _check(path: Path, told: object) -> None:
    # Slow to import, and who only writes reports does not need it.
    from jsonschema_rs import ValidationError

    version = told.get("version") if isinstance(told, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise UsageError(f"{path}: has version {version}; this isebench reads {VERSION}, update it")
    try:
        _validator().validate(told)
    except ValidationError as error:
        place = "/".join(map(str, error.instance_path)) or "the whole"
        raise UsageError(f"{path}: {place} is not as a report has it: {error.message}") from None


@cache
def _validator() -> Any:
    from jsonschema_rs import Draft202012Validator

    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def read_report(folder: Path, *, evidence: bool = True) -> Report:
    """
    Read a report back.

    Parameters:
        folder: where `isebench conform` wrote it.
        evidence: whether to read what crossed the wires and what arrived, too.

    Raises:
        UsageError: If it is no report, or what lies beside it is not what it was made of.
    """
    told = load_report(folder)
    verdicts = [_verdict_in(one) for one in told["scenarios"]]
    if evidence:
        verdicts = [
            _with_evidence(verdict, one, folder)
            for verdict, one in zip(verdicts, told["scenarios"], strict=True)
        ]
    rows = [
        Requirement(one["id"], one["level"], one["source"], one["text"])
        for one in told["requirements"]
        if one["level"] != "unknown"
    ]
    cases = [
        Case(one["id"], one["side"], one["name"], tuple(one["needs"])) for one in told["cases"]
    ]
    return Report(_run_in(told["run"]), tuple(rows), tuple(cases), tuple(verdicts))


def _run_in(run: dict[str, Any]) -> Run:
    issued = run["issued"]
    return Run(
        target=run["target"],
        title=run["title"],
        issued=None if issued is None else datetime.fromisoformat(issued),
        seed=run["seed"],
        versions=tuple(run["versions"].items()),
        selection=run["selection"],
        asked=run["asked"],
        facts=tuple(run["facts"].items()),
        interrupted=run["interrupted"],
    )


def _verdict_in(one: dict[str, Any]) -> Verdict:
    span = one["simulated"]
    files = one["files"]
    return Verdict(
        requirements=tuple(one["requirements"]),
        feature=one["feature"],
        scenario=one["scenario"],
        outcome=Outcome(one["outcome"]),
        seed=one["seed"],
        steps=tuple(
            Step(step["keyword"], step["text"], Outcome(step["outcome"])) for step in one["checks"]
        ),
        message=one["message"],
        duration_s=one["duration_s"],
        simulated=span and (datetime.fromisoformat(span[0]), datetime.fromisoformat(span[1])),
        where=one["where"],
        recording=one["recording"]["path"] if one["recording"] else "",
        cases=tuple(one["cases"]),
        faults=tuple(one["faults"]),
        cells=tuple(map(_cell_in, one["fault_cells"])),
        judged=tuple(
            JudgedCell(
                file["name"], Place(cell["line"], cell["cell"]), cell["seen"], cell["expected"]
            )
            for file in files
            for cell in file["judged"]
        ),
        deciding_files=tuple(dict.fromkeys(file["name"] for file in files if file["decides"])),
        test=one["test"],
        slug=one["slug"],
        number=one["number"],
    )


def _cell_in(one: dict[str, Any]) -> CellResult:
    key = (one["wire"], one["step"], one["fault"])
    cell = next((c for c in all_cells() if (c.wire, c.step, c.fault) == key), None)
    if cell is None:
        raise UsageError(f"the fault matrix has no cell {', '.join(key)}; it is of another version")
    return CellResult(
        cell,
        told=one["told"],
        bit=one["bit"],
        expected=one["expected"],
        found=one["found"],
        shown=set(one["shown"]),
        is_right=one["is_right"],
        not_tried=one["not_tried"],
    )


def _with_evidence(verdict: Verdict, one: dict[str, Any], folder: Path) -> Verdict:
    files = tuple(
        (file["name"], proven(folder, file).decode("utf-8", "replace")) for file in one["files"]
    )
    if not one["recording"]:
        return replace(verdict, files=files)
    proven(folder, one["recording"])
    crossings = read_recording(folder / one["recording"]["path"]).crossings
    deciding = [crossings[number - 1] for number in one["recording"]["deciding"]]
    return replace(verdict, files=files, evidence=crossings, deciding=tuple(deciding))


def proven(folder: Path, told: dict[str, Any]) -> bytes:
    """Give the bytes of what lies beside a report, if they are those that it was made of."""
    path: Path = folder / told["path"]
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{folder / NAME}: names {told['path']}, which is not in its folder")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror}); the report needs it"
        ) from None
    if hashlib.sha256(content).hexdigest() != told["sha256"]:
        raise UsageError(f"{path}: is not what {NAME} was made of (its hash is another)")
    return content
