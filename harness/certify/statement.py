"""
The statement: what was declared of a charger, what was shown, and what was not, as plain data.

It is made of the profile, the results and the recordings alone, and says on what each word of it
rests: the frames that decided, and the hashes of all files. `document.py` makes it readable.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from harness.catalogue import Case
from harness.certify.profile import Profile, cases_of_charge_points
from harness.certify.results import Journal, Result, Verdict, counted, sha256_of
from harness.declared import compare, frames_in
from harness.recording import instant_text, read_recording
from simulators.wiretap import Crossing

RECORDINGS = "recordings"
ARRIVALS = f"{RECORDINGS}/arrival-*.jsonl"
"""What crossed before the first case of each run, the charger's boot above all."""
FORMAT, VERSION = "isebench-certification-statement", 1
NAME = "statement.json"
PASSED, FAILED, ERROR, INCOMPLETE = "passed", "failed", "error", "incomplete"

Json = dict[str, Any]

NOT_SELECTED = "it was not asked for: [cases] in the profile names others"
NOT_REACHED = "the run was stopped before it"
NAMES = (
    ("vendor", "chargePointVendor"),
    ("model", "chargePointModel"),
    ("serial", "chargePointSerialNumber"),
    ("firmware", "firmwareVersion"),
)
"""What the profile and BootNotification.req (OCPP 1.6 §6.3) call the same."""


def all_results(profile: Profile, journal: Journal) -> list[Result]:
    """Give what came of every case of a charge point; those that were not run bear their reason."""
    found = []
    for case in cases_of_charge_points():
        result = journal.results.get(case.id)
        if result is None:
            result = Result(case.id, case.title, *_why_not_run(profile, case))
        found.append(result)
    return found


def _why_not_run(profile: Profile, case: Case) -> tuple[Verdict, str]:
    why = profile.left_out(case)
    if why is not None and not profile.is_beyond(case):
        return Verdict.NOT_APPLICABLE, why
    if not profile.is_selected(case):
        return Verdict.NOT_ASKED, NOT_SELECTED
    return Verdict.NOT_ASKED, NOT_REACHED if why is None else why


def statement_of(
    profile: Profile, journal: Journal, version: str, folder: Path, now: datetime
) -> Json:
    """
    Give the statement; it says nothing yet of the files that are made of it.

    Parameters:
        profile: what was declared.
        journal: what came of the cases.
        version: of isebench.
        folder: of the reports, with the recordings.
        now: when it is issued.
    """
    results = all_results(profile, journal)
    arrivals = sorted(path.relative_to(folder).as_posix() for path in folder.glob(ARRIVALS))
    recordings = [*arrivals, *(result.recording for result in results if result.recording)]
    crossings = [one for name in recordings for one in read_recording(folder / name).crossings]
    heard = _heard(crossings, profile.charger.identity)
    left_out = _left_out(profile, results)
    frames = frames_in(crossings, profile.charger.identity)
    return {
        "format": FORMAT,
        "version": VERSION,
        "isebench": version,
        "issued": instant_text(now),
        "began": journal.began,
        "ended": max((result.ended for result in results), default=""),
        "runs": journal.runs,
        "profile": {
            "file": profile.path.name,
            "sha256": profile.sha256,
            "tables": json.loads(json.dumps(profile.tables, default=str)),
        },
        "charger": _plain(asdict(profile.charger)),
        "told": heard,
        "operator": dict(profile.operator),
        "limits": asdict(profile.limits),
        "outcome": outcome_of(results),
        "headline": _headline(results),
        "is_whole": not left_out,
        "left_out": left_out,
        "counts": {str(verdict): count for verdict, count in counted(results).items()},
        "differences": _differences(profile, heard),
        "declared": [_plain(asdict(row)) for row in compare(profile.declared, frames)],
        "cases": [result.as_json() for result in results],
        "files": {name: sha256_of(folder / name) for name in recordings},
    }


def outcome_of(results: Sequence[Result]) -> str:
    """Give the outcome of a whole run."""
    found = {result.verdict for result in results}
    if Verdict.ERROR in found:
        return ERROR
    if Verdict.FAILED in found:
        return FAILED
    is_stopped = any(map(_is_unreached, results))
    if is_stopped or Verdict.NOT_SHOWN in found or Verdict.PASSED not in found:
        return INCOMPLETE
    return PASSED


def _headline(results: Sequence[Result]) -> str:
    counts = counted(results)
    asked = sum(counts[one] for one in (Verdict.PASSED, Verdict.FAILED, Verdict.ERROR))
    asked += counts[Verdict.NOT_SHOWN]
    passed = counts[Verdict.PASSED]
    noun = "case that was" if asked == 1 else "cases that were"
    words = f"{passed} of {asked} {noun} asked passed"
    beside = [
        f"{counts[verdict]} {words}"
        for verdict, words in (
            (Verdict.FAILED, "failed"),
            (Verdict.ERROR, "ended in an error of the bench"),
            (Verdict.NOT_SHOWN, "could not be shown"),
        )
        if counts[verdict]
    ]
    return f"{words}; {', '.join(beside)}" if beside else words


def _left_out(profile: Profile, results: Sequence[Result]) -> list[str]:
    """Say what a whole certification would have, and this one has not."""
    beyond = [
        result
        for result in results
        if result.verdict is Verdict.NOT_ASKED and result.reason not in (NOT_SELECTED, NOT_REACHED)
    ]
    counts = counted(results)
    found = (
        ("not asked for", sum(result.reason == NOT_SELECTED for result in results)),
        ("not reached, as the run ended before", sum(map(_is_unreached, results))),
        ("not to be shown by this bench yet", len(beyond)),
        ("left out by the profile's scope", sum(map(profile.is_scoped, cases_of_charge_points()))),
        ("not shown, as something could not be done", counts[Verdict.NOT_SHOWN]),
        ("ended in an error of the bench", counts[Verdict.ERROR]),
    )
    return [f"{count} {'case' if count == 1 else 'cases'} {what}" for what, count in found if count]


def _is_unreached(result: Result) -> bool:
    return result.reason == NOT_REACHED


def _heard(crossings: Iterable[Crossing], identity: str) -> dict[str, str]:
    """Give what the charger said of itself in its last BootNotification.req."""
    heard: dict[str, str] = {}
    for one in crossings:
        if one.sender != identity or '"BootNotification"' not in one.text:
            continue
        try:
            frame = json.loads(one.text)
            heard = {name: str(frame[3][key]) for name, key in NAMES if key in frame[3]}
        except (ValueError, LookupError, TypeError):
            continue
    return heard


def _differences(profile: Profile, heard: Mapping[str, str]) -> list[str]:
    """Say where the charger calls itself otherwise than its profile does."""
    found = []
    for name, _ in NAMES:
        told, declared = heard.get(name), getattr(profile.charger, name)
        if told is not None and declared and told.casefold() != declared.casefold():
            found.append(f"the profile names the {name} {declared!r}, the charger says {told!r}")
    return found


def _plain(table: Mapping[str, Any]) -> Json:
    return {key: str(one) if isinstance(one, Decimal) else one for key, one in table.items()}


def canonical(statement: Mapping[str, Any]) -> bytes:
    """
    Give the bytes of a statement: keys in order, no blanks, ASCII, one line end.

    The same statement gives the same bytes; a signature is over these.
    """
    text = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode("ascii") + b"\n"
