"""Tests of what becomes of a verdict by what its target declares."""

from __future__ import annotations

from types import TracebackType
from typing import Literal

import pytest

from harness.errors import Disagreement
from harness.targets.errors import NotOffered, TargetTrouble
from harness.targets.scope import judge_by_scope
from harness.targets.target_file import Scope
from simulators.errors import NotPossible

SCOPE = Scope(expected_to_fail={"ISE-16": "issue 12"})


def judged(
    error: Exception | None,
    ids: tuple[str, ...] = ("ISE-16",),
    when: Literal["setup", "call", "teardown"] = "call",
) -> tuple[str, str]:
    """Give outcome and words of a report after the scope was looked at."""
    report = pytest.TestReport(
        nodeid="a::b",
        location=("a.py", 1, "b"),
        keywords={},
        outcome="passed" if error is None else "failed",
        longrepr=None if error is None else str(error),
        when=when,
    )
    excinfo = None
    if error is not None:
        found: tuple[type[Exception], Exception, TracebackType] = _raised(error)
        excinfo = pytest.ExceptionInfo.from_exc_info(found)
    judge_by_scope(report, excinfo, SCOPE, ids)
    words = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return report.outcome, words


def _raised(error: Exception) -> tuple[type[Exception], Exception, TracebackType]:
    with pytest.raises(type(error)) as raised:
        raise error
    return type(error), error, raised.tb


def test_what_is_not_offered_is_not_applicable() -> None:
    """Wherever it turns out."""
    assert ("skipped", "Skipped: not applicable: no page") == judged(NotOffered("no page"))
    assert "skipped" == judged(NotOffered("no page"), (), "setup")[0]


def test_what_fails_as_declared_is_expected() -> None:
    """With the reason that was declared."""
    assert ("skipped", "Skipped: expected failure: issue 12") == judged(Disagreement("no"))


def test_what_fails_otherwise_is_a_failure() -> None:
    """Its own words stay."""
    assert ("failed", "no") == judged(Disagreement("no"), ("ISE-02",))


def test_what_passes_although_declared_to_fail_is_red() -> None:
    """It says what to do."""
    outcome, words = judged(None)
    assert "failed" == outcome
    assert 'declares it to fail ("issue 12"); take it out' in words


@pytest.mark.parametrize("error", [TargetTrouble("it has ended"), KeyError("x"), TimeoutError()])
def test_what_breaks_down_is_never_excused(error: Exception) -> None:
    """Neither a target nor the bench; nothing is known then."""
    assert ("failed", str(error)) == judged(error)


def test_what_a_charger_is_refused_is_the_targets_doing() -> None:
    """It may have been declared."""
    assert "skipped" == judged(NotPossible("connect", "Dorfplatz", "it was refused"))[0]


def test_what_comes_before_and_after_is_not_excused() -> None:
    """Only the scenario itself was declared."""
    assert "failed" == judged(Disagreement("no"), when="teardown")[0]
    assert "passed" == judged(None, when="setup")[0]
