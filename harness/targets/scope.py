"""
What becomes of a verdict by what its target has declared beforehand.

What it declares not to do, or does not offer, is not applicable; what it declares to fail and fails
is an expected failure, and what it declares to fail and passes is a failure: the declaration is
wrong then. Where the bench or the target itself broke down nothing is excused.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from backend.errors import BackendError
from harness.report import Outcome
from harness.targets.errors import NotOffered
from harness.targets.target_file import Scope
from simulators.errors import NotPossible

JUDGED = (AssertionError, BackendError, NotPossible)
"""What a target has done wrong: other than asked for, refused, or a line that it would not keep."""


def judge_by_scope(
    report: pytest.TestReport,
    excinfo: pytest.ExceptionInfo[BaseException] | None,
    scope: Scope,
    ids: Iterable[str],
) -> None:
    """Change pytest's word on a scenario that bears some ids to what the scope makes of it."""
    if excinfo is not None and excinfo.errisinstance(NotOffered):
        _skip(report, f"{Outcome.NOT_APPLICABLE}: {excinfo.value}")
        return
    reason = scope.known_to_fail(ids)
    if reason is None or report.when != "call":
        return
    if report.passed:
        report.outcome = "failed"
        report.longrepr = f'it passes, and the target declares it to fail ("{reason}"); take it out'
    elif report.failed and excinfo is not None and excinfo.errisinstance(JUDGED):
        _skip(report, f"{Outcome.EXPECTED_FAILURE}: {reason}")


def _skip(report: pytest.TestReport, why: str) -> None:
    path, line, _ = report.location
    report.outcome = "skipped"
    report.longrepr = (path, line or 0, f"Skipped: {why}")
