"""Sentences about the bench itself: its command, its recordings, its honesty."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pytest_bdd import given, parsers, then, when

from backend.ports import Arrival, Destination
from harness.bare_wire import echo_s
from harness.bench import Bench
from harness.catalogue import (
    BUNDLED_FEATURES,
    load_requirements,
    load_scenarios,
    uncovered,
    unfounded,
)
from harness.errors import Disagreement, NothingArrived
from harness.frames import calls
from harness.recording import OCPP_WIRE, recording_text
from harness.steps.delivery import files_arrive
from harness.steps.export import day_is_exported
from simulators.clock import stopwatch

COMMAND_LIMIT_S = 100.0
"""How long a command of a scenario may take, in real seconds."""

NEVER_ARRIVES = """
Feature: A feature of a user's own
  @ISE-03
  Scenario: A file of a charger that is in none
    Given the charger "Dorfplatz" is in service without IS-E
    When the day is exported
    Then 7 files arrive at EW Seedorf
"""


# ---------------------------------------------------------------------- the command


@given("a feature of a user's own, whose file never arrives")
def own_feature(bench: Bench) -> None:
    """Write a feature that must fail into the folder "mine"."""
    folder = bench.folder / "mine"
    folder.mkdir()
    (folder / "own.feature").write_text(NEVER_ARRIVES, encoding="utf-8")


@given(parsers.parse('the command "{command}" was run'))
@when(parsers.parse('the command "{command}" is run'))
def command_is_run(bench: Bench, command: str) -> None:
    """Run the command line in the bench's folder, as a user would."""
    program, *arguments = shlex.split(command)
    assert program == "isebench"
    bench.finished = subprocess.run(
        [sys.executable, "-P", "-m", "harness", *arguments],
        cwd=bench.folder,
        capture_output=True,
        text=True,
        timeout=COMMAND_LIMIT_S,
        check=False,
    )


@then(parsers.parse("it ends with exit code {code:d}"))
def ends_with(bench: Bench, code: int) -> None:
    """Compare the exit code."""
    assert bench.finished is not None
    assert bench.finished.returncode == code, bench.finished.stdout + bench.finished.stderr


@then(parsers.parse('it says "{words}"'))
def it_says(bench: Bench, words: str) -> None:
    """Look for some words in what the command told."""
    assert bench.finished is not None
    said = bench.finished.stdout + bench.finished.stderr
    assert words in said, said


@then(parsers.parse('"{folder}" holds junit.xml, cucumber.json and report.html'))
def holds_reports(bench: Bench, folder: str) -> None:
    """Read each of the three reports."""
    out = bench.folder / folder
    assert len(list(_junit(out))) > 0
    assert len(_cucumber(out)) > 0
    assert "</html>" in (out / "report.html").read_text(encoding="utf-8")


@then(parsers.parse("the reports tell of the scenarios of {requirement} and of no other"))
def reports_tell_of(bench: Bench, requirement: str) -> None:
    """Compare the scenarios in the reports with those of the features."""
    out = bench.folder / "out"
    names = {
        scenario.name
        for scenario in load_scenarios(BUNDLED_FEATURES)
        if requirement in scenario.requirements
    }
    page = (out / "report.html").read_text(encoding="utf-8")
    assert {element["name"] for element in _cucumber(out)} == names
    assert len(list(_junit(out))) == len(names)
    assert all(name in page for name in names)


@then("the report shows the failed sentence and the frames before it")
def report_shows_failure(bench: Bench) -> None:
    """Look for the sentence and for frames in the page."""
    page = (bench.folder / "out" / "report.html").read_text(encoding="utf-8")
    assert "7 files arrive at EW Seedorf" in page
    assert "0 files arrived, not 7" in page
    assert "BootNotification" in page


@then(
    parsers.parse(
        "the report shows for each verdict of {requirement} the frames and the file that decided it"
    )
)
def report_shows_evidence(bench: Bench, requirement: str) -> None:
    """Look for the deciding frames and files of each scenario in the page."""
    out = bench.folder / "out"
    page = (out / "report.html").read_text(encoding="utf-8")
    delivered = sorted((out / "delivered").glob("*/*.csv"))
    assert len(delivered) == len(list(_junit(out))) > 0
    assert all(path.name in page for path in delivered)
    assert page.count("MeterValues") >= len(delivered)


@then(
    parsers.parse(
        "the reports count {passed:d} passed, {left_out:d} not applicable"
        " and {uncovered:d} not yet covered case"
    )
)
def reports_count(bench: Bench, passed: int, left_out: int, uncovered: int) -> None:
    """Compare the counts in JUnit, in the page, in the matrix and in the terminal's last lines."""
    out = bench.folder / "out"
    wanted = Counter({"passed": passed, "not applicable": left_out, "not yet covered": uncovered})
    skips = [case.find("skipped") for case in _junit(out)]
    told = Counter(
        "passed" if skip is None else skip.attrib["message"].partition(": ")[0] for skip in skips
    )
    assert told == +wanted
    assert bench.finished is not None
    page, matrix = (
        (out / name).read_text(encoding="utf-8") for name in ("report.html", "matrix.md")
    )
    for text in (page, matrix, bench.finished.stdout):
        lines = re.findall(r"(?:charge-point|central-system): \d+ cases: ([^.\n<]*)", text)
        assert lines, "no side is told of"
        counts: Counter[str] = Counter()
        for number, outcome in re.findall(r"(\d+) ([a-z ]+)", " ,".join(dict.fromkeys(lines))):
            counts[outcome.strip()] += int(number)
        del counts["not asked"]
        assert counts == +wanted


def _junit(out: Path) -> list[ElementTree.Element]:
    return list(ElementTree.parse(out / "junit.xml").iter("testcase"))


def _cucumber(out: Path) -> list[dict[str, str]]:
    features = json.loads((out / "cucumber.json").read_text(encoding="utf-8"))
    return [element for feature in features for element in feature["elements"]]


# ---------------------------------------------------------------------- the catalogue


@when("the features are listed")
def features_are_listed(bench: Bench) -> None:
    """Read the requirements and the scenarios."""
    bench.listed = (load_requirements(BUNDLED_FEATURES), load_scenarios(BUNDLED_FEATURES))


@then("every requirement has at least one scenario")
def every_requirement_covered(bench: Bench) -> None:
    """Look for rows without a scenario."""
    requirements, scenarios = bench.listed
    assert requirements
    assert uncovered(requirements, scenarios) == []


@then("every scenario names a requirement that exists")
def every_scenario_founded(bench: Bench) -> None:
    """Look for scenarios without a row."""
    requirements, scenarios = bench.listed
    assert unfounded(requirements, scenarios) == []


# ---------------------------------------------------------------------- recordings


@when("its recording is replayed twice against a new backend")
def recording_is_replayed(bench: Bench) -> None:
    """Let puppets say what was recorded, on two benches of their own."""
    for number in (1, 2):
        replay = bench.twin(f"replay-{number}")
        replay.plan_recording(bench.tap.crossings)
        day_is_exported(replay)


@then("all three gave the same file")
def all_gave_the_same(bench: Bench) -> None:
    """Compare the delivered bytes."""
    files = [[(f.name, f.content) for f in each.utility.arrived()] for each in bench.family()]
    bench.decide_files([name for name, _ in files[0]])
    assert len(files) == 3
    assert len(files[0]) == 1
    assert files[1:] == [files[0]] * 2


@then("the recording holds each call with its answer, both ways, in the order of time")
def recording_is_whole(bench: Bench) -> None:
    """Look for calls without answer, and for times that run back."""
    bench.decide(bench.tap.crossings[:40])
    up = calls(bench.tap.crossings, "Dorfplatz", "backend")
    down = calls(bench.tap.crossings, "backend", "Dorfplatz")
    assert {"StartTransaction", "MeterValues", "StopTransaction"} <= {c.action for c in up}
    assert {"GetConfiguration", "ChangeConfiguration"} <= {c.action for c in down}
    for call in (*up, *down):
        assert call.answer is not None, call.crossing.text
        assert call.answer.at == call.crossing.at, "time passed while a frame was under way"
    assert all(a.at <= b.at for a, b in pairwise(bench.tap.crossings))


@when("the same day is lived twice with one seed")
def lived_twice(bench: Bench) -> None:
    """Live the declared day on two benches, and stop the time that each takes."""
    for number in (1, 2):
        twin = bench.twin(f"life-{number}")
        twin.go()
        seconds = stopwatch()
        twin.advance_to(twin.at("24:00"))
        twin.lived_s = seconds()
        day_is_exported(twin)


@then("both recordings are the same, byte for byte")
def recordings_are_the_same(bench: Bench) -> None:
    """Compare the recordings as they would be written."""
    first, second = (
        recording_text(twin.tap.crossings, seed=twin.seed, start=twin.start)
        for twin in bench.family()[1:]
    )
    assert first == second
    assert len(first) > 10_000


@then("both delivered files are the same, byte for byte")
def files_are_the_same(bench: Bench) -> None:
    """Compare the delivered bytes."""
    first, second = (
        [(f.name, f.content) for f in twin.utility.arrived()] for twin in bench.family()[1:]
    )
    assert len(first) == 1
    assert first == second


@then(parsers.parse("each day cost at most {factor:d} times what its frames cost on a bare wire"))
def cost_at_most(bench: Bench, factor: int) -> None:
    """Compare with the same frames on a websocket that only echoes, here and now."""
    for twin in bench.family()[1:]:
        frames = [c.text for c in twin.tap.crossings if c.wire == OCPP_WIRE]
        bare_s = asyncio.run(echo_s(frames))
        if twin.lived_s > factor * bare_s:
            raise Disagreement(
                f"the day cost {twin.lived_s / bare_s:.0f} times what its frames cost, not {factor}"
            )


# ---------------------------------------------------------------------- honesty


class LyingDrop:
    """A way to the utility that claims success and does nothing."""

    async def deliver(self, destination: Destination, name: str, content: bytes) -> Arrival:
        """Claim that ``content`` has arrived."""
        return Arrival(name, len(content), already_there=False)

    async def rest(self) -> None:
        """Have nothing to give back."""


@given("a backend that says it has delivered and has not")
def lying_backend(bench: Bench) -> None:
    """Give the backend a way to the utility that lies."""
    bench.drop = LyingDrop()


@then(parsers.re(r'the sentence "(?P<count>\d+) files? arrives? at EW Seedorf" fails'))
def sentence_fails(bench: Bench, count: str) -> None:
    """Run the sentence, which must not be content with the backend's word."""
    told = [view.state for view in bench.run(bench.backend.deliveries())]
    assert told == ["delivered"], "the backend does not even claim to have delivered"
    with pytest.raises(NothingArrived, match=re.escape(f"0 files arrived, not {count}")):
        files_arrive(bench, count)
