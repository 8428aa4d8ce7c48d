"""``isebench conform``: scenarios in a pytest of their own, with reports of what came of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

import harness
from harness import conform
from harness.cli import main

FEATURE = """
Feature: A feature of a user's own

  @ISE-03
  Scenario: A day in which nobody charges
    Given the charger "Dorfplatz" is in service
    When the day is exported
    Then EW Seedorf holds 96 values for "Dorfplatz"

  @ISE-02
  Scenario: A layout that no utility reads
    Given the charger "Dorfplatz" is in service
    And the layout sets lamp to 1
    When the day is exported
    Then 1 file arrives at EW Seedorf

  @ISE-02
  Scenario Outline: Signs
    Given the layout sets separator to <sign>
    And the charger "Dorfplatz" is in service
    When the clock reaches 0:01
    Then nobody knows this sentence

    Examples:
      | sign |
      | ;    |
      | \\|  |
"""


@pytest.fixture(name="features")
def _features(tmp_path: Path) -> Path:
    """Give a folder with the feature above."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "own.feature").write_text(FEATURE, encoding="utf-8")
    return folder


def test_a_run_of_all_goes_on_after_failures(
    features: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A bench that does not come up fails its scenario only, and each trial has its files."""
    out = tmp_path / "deep" / "out"

    code = main(["conform", "--features", str(features), "--report", str(out), "--seed", "5"])

    assert 1 == code
    assert f"reports: {out / 'report.html'}" in capfd.readouterr().out
    cases = list(ElementTree.parse(out / "junit.xml").iter("testcase"))
    assert [False, True, True, True] == [case.find("failure") is not None for case in cases]
    assert 1 == len(json.loads((out / "cucumber.json").read_text(encoding="utf-8")))
    assert [
        "test-a-day-in-which-nobody-charges.jsonl",
        "test-signs-2.jsonl",
        "test-signs.jsonl",
    ] == sorted(path.name for path in (out / "recordings").iterdir())
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "no such knob" in page
    assert "nobody knows this sentence" in page


def test_a_requirement_selects_its_scenarios(
    features: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Only what is asked runs, and a run that passes ends with 0."""
    out = tmp_path / "out"

    code = main(["conform", "ise-03", "--features", str(features), "--report", str(out), "--quiet"])

    assert 0 == code, capfd.readouterr().out
    assert ["test_a_day_in_which_nobody_charges"] == [
        case.get("name") for case in ElementTree.parse(out / "junit.xml").iter("testcase")
    ]


def test_a_case_is_asked_for_by_its_name(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A whole id is that case alone; what is not shown fails nothing, and has its reason."""
    out = tmp_path / "out"

    code = main(["conform", "TC_003_CS", "TC_085_CS", "--report", str(out), "--quiet"])

    said = capfd.readouterr().out
    assert 0 == code, said
    names = [case.get("name") for case in ElementTree.parse(out / "junit.xml").iter("testcase")]
    assert ["test_tc_003_cs_regular_charging_session__plugin_first"] == names[:1]
    assert 2 == len(names)
    (skipped,) = ElementTree.parse(out / "junit.xml").iter("skipped")
    assert skipped.attrib["message"].startswith("not yet covered: security profiles")
    assert "charge-point: 102 cases: 1 passed, 1 not yet covered, 100 not asked" in said
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Compliance cases: charge-point" in page
    assert "Compliance cases: central-system" not in page


def test_a_side_is_asked_for(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A side limits what ids ask for, and alone asks for all its cases."""
    out = tmp_path / "out"

    code = main(["conform", "TC_073", "--side", "central-system", "--report", str(out), "--quiet"])

    assert 0 == code
    assert "central-system: 75 cases: 1 not yet covered, 74 not asked" in capfd.readouterr().out


@pytest.mark.parametrize("report", ["report.html", "cucumber.json"])
def test_a_report_that_cannot_be_written_is_a_broken_bench(
    features: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    report: str,
) -> None:
    """Where a report's place is taken meanwhile, nothing is said to have failed."""
    out = tmp_path / "out"
    monkeypatch.setattr(conform, "clear_folder", lambda *_: (out / report).mkdir(parents=True))

    code = main(["conform", "ISE-03", "--features", str(features), "--report", str(out)])

    assert 3 == code
    assert "a report could not be written" in capfd.readouterr().err


def conforming(features: Path, folder: Path) -> subprocess.Popen[str]:
    """Begin to run features in a folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "harness", "conform", "--features", str(features)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # What a shell starts with "&" ignores interrupts, and hands that on to all it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it(features: Path, tmp_path: Path, number: signal.Signals) -> None:
    """Sent to the command alone, it ends the scenarios too; there are reports of what was run."""
    process = conforming(features, tmp_path)
    assert process.stdout is not None
    for line in process.stdout:
        if "collected" in line:
            process.send_signal(number)
            break
    said, trouble = process.communicate(timeout=30)

    assert 130 == process.returncode, said + trouble
    assert "reports: " in said


@pytest.mark.parametrize("after_s", [0.2, 0.5, 0.8, 1.1])
def test_an_early_interrupt_is_no_fault(features: Path, tmp_path: Path, after_s: float) -> None:
    """While it comes up, an interrupt to its group, as Ctrl-C is, ends it without a traceback."""
    process = conforming(features, tmp_path)
    time.sleep(after_s)
    os.killpg(process.pid, signal.SIGINT)
    said, trouble = process.communicate(timeout=30)

    # On a busy machine Python itself may not be up by then, and nobody can mend what it says.
    if "Traceback" in trouble and str(Path(harness.__file__).parent) not in trouble:
        return
    assert process.returncode in (130, -signal.SIGINT)
    assert "Traceback" not in said + trouble
