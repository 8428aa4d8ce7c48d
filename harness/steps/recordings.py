"""Sentences about recordings that are put before the backend again."""

from __future__ import annotations

import glob

import pytest
from pytest_bdd import given, parsers, then, when

from harness import value_rows
from harness.bench import Bench
from harness.errors import Disagreement, UsageError
from harness.local_time import read_day
from harness.plugin import features_folder
from harness.recording import read_frames
from harness.rerun import INTERVAL_MINUTES, Rerun
from harness.steps import records


@given(parsers.parse('the recording "{name}"'))
def the_recording(bench: Bench, request: pytest.FixtureRequest, name: str) -> None:
    """Read a recording that stands among the features, or that the scenario has made."""
    folders = (features_folder(request.config), bench.folder)
    found = [path for folder in folders for path in sorted(folder.rglob(glob.escape(name)))]
    if len(found) != 1:
        count = "no file" if not found else f"{len(found)} files"
        raise UsageError(f'{count} "{name}" in {folders[0]}; lay the recording beside its feature')
    bench.rerun = Rerun(bench, read_frames(found[0]))


@when("the recording is replayed")
def recording_is_replayed(bench: Bench) -> None:
    """Let its chargers say everything again, up to the delivery of the last day."""
    _rerun(bench).play()


@then(parsers.parse('EW Seedorf holds these values of "{name}" on {day}'))
def holds_these(bench: Bench, name: str, day: str, datatable: list[list[str]]) -> None:
    """Compare each quarter hour of a day; a row tells of all from one time until another."""
    rerun, local = _rerun(bench), read_day(day)
    held = rerun.held(name, local)
    bench.decide_energy_of(name)
    bench.decide_files([one.file for one in held])
    expected = records(datatable, *value_rows.HEADINGS)
    value_rows.compare(name, local, INTERVAL_MINUTES, held, expected)


@then(parsers.parse('the calls of "{name}" are answered so'))
def are_answered(bench: Bench, name: str, datatable: list[list[str]]) -> None:
    """Count the answers to each action of a charger, by their kind."""
    rerun = _rerun(bench)
    seen = {key: str(count) for key, count in rerun.answers(name).items()}
    rows = records(datatable, "call", "answer", "times")
    wanted = {(row["call"], row["answer"]): row["times"] for row in rows}
    for call, kind in sorted({*seen, *wanted}):
        times, expected = seen.get((call, kind), "0"), wanted.get((call, kind), "0")
        if times != expected:
            calls = [one for one in rerun.calls(name) if one.action == call]
            bench.decide(one.crossing for one in calls[:20])
            bench.decide(one.answer for one in calls[:20])
            raise Disagreement(
                f"{call} of {name} was answered {kind} {times} times, not {expected}"
            )


def _rerun(bench: Bench) -> Rerun:
    if bench.rerun is None:
        raise UsageError('no recording is there; begin with: Given the recording "NAME.jsonl"')
    return bench.rerun
