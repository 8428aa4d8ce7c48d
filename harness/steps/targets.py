"""Sentences about backends that are not ours, as `isebench conform --target` puts them to test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from pytest_bdd import given, parsers, then, when

from harness.bench import Bench
from harness.errors import Disagreement
from harness.steps.harness import COMMAND_LIMIT_S
from harness.toml_text import to_toml

FILE = "target.toml"
START = (sys.executable, "-P", "-m", "harness.targets.bundled", "{settings}", "--start", "{start}")
NAME = "the bundled backend, elsewhere"
OWN = """
Feature: A feature of a user's own
  Background:
    Given the charger "Dorfplatz" is in service without IS-E

  @ISE-03
  Scenario: One that the target does not do
    When the clock reaches 0:01
    Then 7 files arrive at EW Seedorf

  @ISE-16
  Scenario: One that the target is known to fail
    When the clock reaches 0:01
    Then 7 files arrive at EW Seedorf

  @ISE-16
  Scenario: One that it passes all the same
    When the clock reaches 0:01
    Then 0 files arrive at EW Seedorf

  @ISE-17
  Scenario: One that nothing is said of
    When the clock reaches 0:01
    Then 7 files arrive at EW Seedorf
"""


@given("a target file that starts the bundled backend in a process of its own")
def target_file(bench: Bench) -> None:
    """Describe the bundled backend as if it were foreign."""
    bench.described = {"name": NAME, "start": list(START), "time": {"kind": "stepped"}}
    _write(bench)


@given("a feature of a user's own, of which three days deliver nothing")
def own_feature_of_days(bench: Bench) -> None:
    """Write four scenarios into the folder "mine"; the third passes."""
    folder = bench.folder / "mine"
    folder.mkdir()
    (folder / "own.feature").write_text(OWN, encoding="utf-8")


@given(parsers.parse('the target declares {id} not applicable, as "{reason}"'))
def declares_not_applicable(bench: Bench, id: str, reason: str) -> None:
    """Name what the target does not do."""
    bench.described["not_applicable"] = {id: reason}
    _write(bench)


@given(parsers.parse('the target declares {id} to fail, as "{reason}"'))
def declares_to_fail(bench: Bench, id: str, reason: str) -> None:
    """Name what the target is known to do wrong."""
    bench.described["expected_to_fail"] = {id: reason}
    _write(bench)


@given(parsers.parse('the target is started by a command that ends at once, saying "{words}"'))
def ends_at_once(bench: Bench, words: str) -> None:
    """Start something that says why it cannot run."""
    bench.described["start"] = [sys.executable, "-c", f"raise SystemExit({words!r})"]
    _write(bench)


@given(parsers.parse("the target lives {factor:d} times as fast as the machine"))
def lives_faster(bench: Bench, factor: int) -> None:
    """Let its time run, instead of being moved."""
    scaled = ("--clock", "scaled", "--factor", "{factor}")
    bench.described["start"] = [*START, *scaled]
    bench.described["time"] = {"kind": "scaled", "factor": factor}
    _write(bench)


def _write(bench: Bench) -> None:
    # What stands outside of tables comes first.
    plain = {key: value for key, value in bench.described.items() if not isinstance(value, dict)}
    tables = {key: value for key, value in bench.described.items() if isinstance(value, dict)}
    head = "".join(f"{key} = {json.dumps(value)}\n" for key, value in plain.items())
    (bench.folder / FILE).write_text(f"{head}\n{to_toml(tables)}", encoding="utf-8")


@when("ISE-03 and TC_010_CSMS are run with the target and without")
def run_with_and_without(bench: Bench) -> None:
    """Run the same scenarios twice."""
    asked = ("conform", "ISE-03", "TC_010_CSMS", "--quiet")
    bench.runs = [
        subprocess.run(
            [sys.executable, "-P", "-m", "harness", *asked, "--report", report, *target],
            cwd=bench.folder,
            capture_output=True,
            text=True,
            timeout=COMMAND_LIMIT_S,
            check=False,
        )
        for report, target in (("with", ("--target", FILE)), ("without", ()))
    ]


@then("both runs end with exit code 0")
def both_end_with_0(bench: Bench) -> None:
    """Compare the exit codes."""
    for run in bench.runs:
        assert run.returncode == 0, run.stdout + run.stderr


@then("both give the same verdicts")
def same_verdicts(bench: Bench) -> None:
    """Compare each scenario's outcome in the two reports."""
    with_it, without = (_verdicts(bench.folder / name) for name in ("with", "without"))
    assert without
    assert with_it == without


@then("both leave the same files, byte for byte")
def same_files(bench: Bench) -> None:
    """Compare what was delivered in the two runs."""
    with_it, without = (_delivered(bench.folder / name) for name in ("with", "without"))
    assert without
    assert with_it == without


@then(parsers.parse('it says "{words}"'))
def it_says(bench: Bench, words: str) -> None:
    """Look for words in what the command has printed."""
    assert bench.finished is not None
    told = bench.finished.stdout + bench.finished.stderr
    if words not in told:
        raise Disagreement(f'it does not say "{words}" but:\n{told}')


@then(parsers.parse('the report is about "{name}"'))
def report_is_about(bench: Bench, name: str) -> None:
    """Look for the target's name in the matrix and on the page."""
    for report in ("matrix.md", "report.html"):
        assert name in (bench.folder / "out" / report).read_text(encoding="utf-8")


def _verdicts(report: Path) -> dict[str, list[str]]:
    features: list[dict[str, Any]] = json.loads(
        (report / "cucumber.json").read_text(encoding="utf-8")
    )
    return {
        one["id"]: [step["result"]["status"] for step in one["steps"]]
        for feature in features
        for one in feature["elements"]
    }


def _delivered(report: Path) -> dict[str, bytes]:
    folder = report / "delivered"
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
