"""What a case ends in, by what its scenario ended with."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.certify.acts import CannotBeDone
from harness.certify.profile import cases_of_charge_points, load
from harness.certify.results import Journal, Verdict
from harness.certify.run import Run, _explained, _sentences_of, _verdict_of
from harness.certify.site import Site
from harness.certify.terminal import Terminal
from harness.errors import Disagreement, UsageError
from harness.report import Outcome
from harness.verdicts import Trial
from simulators.clock import RealClock


def trial(outcome: Outcome = Outcome.PASSED, message: str = "") -> Trial:
    """Give a trial of a scenario that has ended."""
    made = Trial("a::b", "f", "s", "", "f.feature:1", ("HAR-08",), 1)
    made.outcome, made.message = outcome, message
    made.begin("Given", "a charger under test")
    made.end(Outcome.PASSED)
    made.begin("When", "the power is cut")
    made.end(Outcome.FAILED)
    return made


@pytest.mark.parametrize(
    ("error", "verdict", "reason"),
    [
        (CannotBeDone("no car"), Verdict.NOT_SHOWN, "no car"),
        (Disagreement("nothing came"), Verdict.FAILED, "nothing came"),
        (AssertionError(), Verdict.FAILED, "a sentence of the case did not hold"),
        (UsageError("odd"), Verdict.ERROR, "UsageError: odd"),
        (KeyError("x"), Verdict.ERROR, "KeyError: 'x'"),
        (None, Verdict.PASSED, "a remark"),
    ],
)
def test_the_error_decides(error: Exception | None, verdict: Verdict, reason: str) -> None:
    """What was seen fails; what could not be done does not; all else is the bench's trouble."""
    assert (verdict, reason) == _verdict_of(trial(message="a remark"), error)


def test_what_is_declared_does_not_apply() -> None:
    """A skip bears its reason."""
    with pytest.raises(pytest.skip.Exception) as caught:
        pytest.skip(f"{Outcome.NOT_APPLICABLE}: no list")

    assert (Verdict.NOT_APPLICABLE, "no list") == _verdict_of(trial(), caught.value)


def test_what_did_not_begin_is_no_verdict() -> None:
    """Without a trial, or with one that did not end well, nothing is passed."""
    assert Verdict.ERROR is _verdict_of(None, None)[0]
    assert Verdict.ERROR is _verdict_of(trial(Outcome.ERROR, "torn down badly"), None)[0]


def test_a_sentence_that_could_not_be_done_has_not_failed() -> None:
    """Only in a case that was shown does a sentence fail."""
    assert ["passed", "failed"] == [one.outcome for one in _sentences_of(trial(), Verdict.FAILED)]
    assert ["passed", "not shown"] == [
        one.outcome for one in _sentences_of(trial(), Verdict.NOT_SHOWN)
    ]
    assert () == _sentences_of(None, Verdict.ERROR)


def test_an_error_before_the_case_began_is_itself() -> None:
    """Without a bench that is going no frame explains anything."""
    error = KeyError("x")

    assert error is _explained(error, None)


def test_a_charger_that_never_comes_ends_the_run(tmp_path: Path) -> None:
    """No case begins; it is wrong use, with where the charger was to connect."""
    profile = tmp_path / "p.toml"
    profile.write_text(
        '[charger]\nidentity = "WB-1"\n[listen]\nport = 0\n[limits]\ncome_s = 1\n', "utf-8"
    )
    read, clock = load(profile), RealClock()
    head = {"profile_sha256": "a", "isebench": "0", "began": datetime.now(UTC).isoformat()}
    (tmp_path / "recordings").mkdir()
    site = Site(read, {}, Terminal(clock, io.StringIO(), -1, is_terminal=False), clock)
    run = Run(site, cases_of_charge_points(), Journal(tmp_path, head), tmp_path, 0)
    try:
        assert run.pytest_runtestloop() is True
        run._arrival.close()
    finally:
        site.close()

    told = str(run._never_came)
    assert "has not come within 1 s; let WB-1 connect to ws://127.0.0.1:" in told
    assert "come_s in [limits]" in told
    assert [] == list((tmp_path / "recordings").iterdir())
