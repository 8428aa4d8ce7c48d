"""
Try every fault, and write down what caught it: ``python tests/bites/bite.py``.

It runs `tests/integration/test_harness_bites.py`, whole or in part, prints a line for each fault as
it ends and ``caught / seeded`` for backend, charger and gateway, and writes a JSON file after each
fault. So a run that is interrupted has what it found so far, and ``--resume`` goes on from there.
What the file holds: docs/reference/bites.md. Exit codes are those of ``isebench conform``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = "tests/integration/test_harness_bites.py"
FAULTS = "test_a_bug_fails_the_scenarios_of_its_requirement"
REPORT = "bites.json"
VERSION = 1
IN_COPIES = "ISEBENCH_BITE_IN_COPIES"
"""With which the tests try every fault in a copy."""
PROPERTY = "fault"
"""Under which name a test tells what became of its fault."""
READ = ("backend", "simulators", "harness", "features", "tests/bites")
"""What a verdict depends on: a verdict of other code says nothing."""
CAUGHT, BROKEN = "caught", "broken"
ALL_CAUGHT, SURVIVED, USAGE, BENCH_BROKE, NOTHING_RUN, INTERRUPTED = 0, 1, 2, 3, 4, 130
_FROM_PYTEST = {
    pytest.ExitCode.OK: ALL_CAUGHT,
    pytest.ExitCode.TESTS_FAILED: SURVIVED,
    pytest.ExitCode.INTERRUPTED: INTERRUPTED,
    pytest.ExitCode.INTERNAL_ERROR: BENCH_BROKE,
    pytest.ExitCode.USAGE_ERROR: USAGE,
    pytest.ExitCode.NO_TESTS_COLLECTED: NOTHING_RUN,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Try what is asked for; give the exit code."""
    parser = argparse.ArgumentParser(prog="bite.py", description="does the harness bite?")
    parser.add_argument("-k", default="", help="words of the faults to try: -k 'list and version'")
    parser.add_argument("--report", type=Path, default=ROOT / REPORT, help="the JSON file")
    parser.add_argument("--resume", action="store_true", help="keep what is known to be caught")
    parser.add_argument("--copies", action="store_true", help="try each as a patch of a copy")
    asked = parser.parse_args(arguments)
    if asked.copies:
        os.environ[IN_COPIES] = "1"
    if not asked.report.resolve().parent.is_dir():
        parser.error(f"--report {asked.report}: there is no such folder; name one that is there")
    code = fingerprint(ROOT)
    known = _known(asked.report, code) if asked.resume else []
    if asked.resume and not known:
        print(f"{asked.report}: nothing of this code is known; all faults are tried")
    told = Told(asked.report.resolve(), code, known)
    os.chdir(ROOT)
    options = ["-q", "--no-header", "-p", "no:cacheprovider", *(["-k", asked.k] if asked.k else [])]
    ended = pytest.main([*options, TESTS], plugins=[told])
    if told.leaves_out and ended == pytest.ExitCode.NO_TESTS_COLLECTED:
        ended = pytest.ExitCode.OK
    return told.conclude(_FROM_PYTEST[pytest.ExitCode(ended)])


def fingerprint(root: Path) -> str:
    """Give a text that is another one where something is that a verdict depends on."""
    digest = hashlib.sha256()
    for room in READ:
        for path in sorted((root / room).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _known(report: Path, code: str) -> list[dict[str, Any]]:
    """Give the faults that an earlier run of the same code has seen caught."""
    try:
        found = json.loads(report.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    if not isinstance(found, dict) or (found.get("version"), found.get("code")) != (VERSION, code):
        return []
    return [one for one in found["faults"] if one["verdict"] == CAUGHT]


class Told:
    """
    Tells what becomes of faults while they are tried.

    Parameters:
        report: the JSON file.
        code: the fingerprint of what is tried.
        known: faults of which an earlier run has told.

    Attributes:
        leaves_out: how many that were asked for are not tried, as they are known.
    """

    def __init__(self, report: Path, code: str, known: Iterable[dict[str, Any]]) -> None:
        self._report = report
        self._code = code
        self._faults = list(known)
        self._seeded = len(self._faults)
        self._is_whole = True
        self.leaves_out = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave out what is known, of what was asked for."""
        known = {f"{FAULTS}[{one['words']}]" for one in self._faults}
        left_out = [item for item in items if item.name in known]
        self.leaves_out = len(left_out)
        if left_out:
            config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item not in left_out]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count what is going to be tried."""
        self._seeded += sum(FAULTS in item.nodeid for item in session.items)

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Note that not all faults are tried."""
        known = {one["words"] for one in self._faults}
        left_out = [item for item in items if FAULTS in item.nodeid]
        self._is_whole &= all(item.name.partition("[")[2][:-1] in known for item in left_out)

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Leave the signs of pytest out where there is a line of ours."""
        is_told = report.when == "call" and report.passed and FAULTS in report.nodeid
        return (report.outcome, "", "") if is_told else None

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write down what became of a fault, and print its line."""
        if FAULTS not in report.nodeid or report.when != "call":
            return
        found = dict(report.user_properties).get(PROPERTY)
        if not isinstance(found, dict):
            words = report.nodeid.partition("[")[2][:-1]
            found = {"words": words, "side": "", "verdict": BROKEN, "trouble": report.longreprtext}
        self._faults.append(found)
        self._write()
        place = f"{len(self._faults):3}/{self._seeded}"
        line = f"{place} {found['verdict']:8} {found['side']:8} {found['words']}"
        if found["verdict"] == CAUGHT:
            line += f" | {found['requirement']} {found['where']} ({found['seconds']:.1f} s)"
        print(line, flush=True)

    def conclude(self, code: int) -> int:
        """Print the sums and what was not caught; give the exit code."""
        if self._faults:
            self._write()
        for side, (caught, seeded) in self._sums().items():
            print(f"{side or 'broken'}: {caught} / {seeded} caught")
        for one in self._faults:
            if one["verdict"] != CAUGHT:
                print(f"{one['verdict']}: {one['words']}\n  {one['trouble']}")
        if self._faults:
            print(f"{self._report}: what caught each fault")
        if code == NOTHING_RUN:
            print("no fault has these words; docs/explanation/verdicts.md lists them all")
        if code == INTERRUPTED:
            print("interrupted; --resume goes on from here")
        return code

    def _sums(self) -> dict[str, tuple[int, int]]:
        sums: dict[str, tuple[int, int]] = {}
        for one in self._faults:
            caught, seeded = sums.get(one["side"], (0, 0))
            sums[one["side"]] = (caught + (one["verdict"] == CAUGHT), seeded + 1)
        return sums

    def _write(self) -> None:
        sums = self._sums()
        told = {
            "version": VERSION,
            "code": self._code,
            "whole": self._is_whole and len(self._faults) == self._seeded,
            "seeded": {side: seeded for side, (_, seeded) in sums.items()},
            "caught": {side: caught for side, (caught, _) in sums.items()},
            "faults": self._faults,
        }
        partial = self._report.with_name(f"{self._report.name}.part")
        partial.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
        partial.replace(self._report)


if __name__ == "__main__":
    # What stands beside this file is no library of anybody's.
    sys.path[:] = [one for one in sys.path if one != str(Path(__file__).resolve().parent)]
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
