"""Sentences about recordings that are put before the backend again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest
from pytest_bdd import given, parsers, then, when
from pytest_bdd.scenario import scenario_wrapper_template_registry

from harness import value_rows
from harness.bench import DEFAULT_DAY, Bench
from harness.errors import Disagreement, UsageError
from harness.frames import calls
from harness.local_time import instant, read_day
from harness.recording import BACKEND, OCPP_WIRE, Recording, read_frames, read_recording
from harness.replay_away import Away, Pace, replay_away
from harness.rerun import INTERVAL_MINUTES, Rerun
from harness.steps import records
from simulators.wiretap import LINE_WIRE, Crossing

RECORDER_FILE = "between.jsonl"
AWAY_FILE = "away.jsonl"
LAST_RECORDED = "9:00"
"""When a recorder of an example is stopped: what comes later tells nothing new."""
_ENERGY = re.compile(r"(?<=\| )0*[1-9]\d*\.\d{3}(?= \| W)")


# ---------------------------------------------------------------------- recorders


@given("a recorder stands between the chargers and the backend")
def recorder_stands_between(bench: Bench) -> None:
    """Let chargers connect to a recorder that passes on what they say."""
    bench.recorder_file = bench.folder / RECORDER_FILE


@given(
    parsers.parse('a recorder\'s "{file}" of {person} charging at "{name}" from {start} to {end}')
)
def recorders_file(bench: Bench, file: str, person: str, name: str, start: str, end: str) -> None:
    """Live the morning of a day on a bench of its own, with a recorder in between."""
    other = bench.twin(file.partition(".")[0])
    other.declare_day(DEFAULT_DAY)
    other.declare_station(name)
    other.plan_session(name, person, *(instant(DEFAULT_DAY, time) for time in (start, end)))
    other.recorder_file = bench.folder / file
    other.advance_to(other.at(LAST_RECORDED))


@then(
    parsers.parse('the recorder has written down what "{name}" said and was told, frame by frame')
)
def has_written_down(bench: Bench, name: str) -> None:
    """Hold the recorder's file against the frames at the charger's own socket."""
    recording = read_recording(bench.folder / RECORDER_FILE)
    bench.decide(bench.tap.crossings[:40])
    seen = [
        (one.at, one.sender, one.receiver, one.text)
        for one in bench.tap.crossings
        if one.wire == OCPP_WIRE and name in (one.sender, one.receiver)
    ]
    written = [
        (one.at, one.sender, one.receiver, one.text)
        for one in recording.crossings
        if one.wire == OCPP_WIRE
    ]
    assert len(seen) > 100
    assert seen == written
    assert _states(bench.tap.crossings) == _states(recording.crossings) == ["up", "down", "up"]


def _states(crossings: Iterable[Crossing]) -> list[str]:
    return [one.text.split(" ")[0] for one in crossings if one.wire == LINE_WIRE]


# ---------------------------------------------------------------------- replays


@given(parsers.parse('the recording "{name}"'))
def the_recording(bench: Bench, request: pytest.FixtureRequest, name: str) -> None:
    """Read a recording that lies beside its feature, or that the scenario has made."""
    beside = Path(scenario_wrapper_template_registry[request.function].feature.filename).parent
    found = [path for folder in (beside, bench.folder) if (path := folder / name).is_file()]
    if not found:
        raise UsageError(f'no file "{name}" is in {beside}; lay the recording beside its feature')
    bench.rerun = Rerun(bench, read_frames(found[0]))


@when("the recording is replayed")
def recording_is_replayed(bench: Bench) -> None:
    """Let its chargers say everything again, up to the delivery of the last day."""
    _rerun(bench).play()


@when(parsers.parse('"{file}" is replayed to another backend, as fast as it answers'))
def is_replayed_away(bench: Bench, file: str) -> None:
    """Let its chargers say everything to a backend of a bench of its own, in real time."""
    log = read_frames(bench.folder / file)
    other = bench.twin("another")
    for identity in log.identities:
        other.declare_station(identity).is_elsewhere = True
    other.go()
    away = Away(other.backend.address, Pace(None), record=bench.folder / AWAY_FILE)
    other.run(replay_away(log, away))


@then(parsers.parse('the other backend was told each call of "{file}", word for word'))
def was_told_each_call(bench: Bench, file: str) -> None:
    """Hold what crossed to the other backend against what was recorded."""
    (name,) = read_frames(bench.folder / file).identities
    recorded, told = (
        _calls(read_recording(bench.folder / each), name) for each in (file, AWAY_FILE)
    )
    assert len(recorded) > 50
    assert recorded == told


def _calls(recording: Recording, name: str) -> list[object]:
    """Give each call, but for the id of a transaction, which is the backend's own."""
    return [
        re.sub(r'"transactionId": ?\d+', "", call.crossing.text)
        for call in calls(recording.crossings, name, BACKEND)
    ]


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


# ---------------------------------------------------------------------- scenarios of recordings


@given(parsers.parse('the first energy in "{file}" was {kwh} kWh less then'))
def was_less_then(bench: Bench, file: str, kwh: str) -> None:
    """Change what a feature says of the first quarter hour with an energy."""
    path = bench.folder / file
    text = path.read_text(encoding="utf-8")
    altered = _ENERGY.sub(lambda found: f"{Decimal(found[0]) - Decimal(kwh)}", text, count=1)
    assert altered != text, "no energy stands there"
    path.write_text(altered, encoding="utf-8")


@then("it names the quarter hour, what arrived and what was expected")
def names_the_quarter_hour(bench: Bench) -> None:
    """Look for the sentence of the failure."""
    assert bench.finished is not None
    said = bench.finished.stdout
    assert re.search(r"until \d\d:\d\d on [\d-]+: [\d.]+ kWh W arrived, [\d.]+ kWh W was", said), (
        said
    )


# ---------------------------------------------------------------------- shorter recordings


@then(parsers.parse('"{file}" holds at most {count:d} frames'))
def holds_at_most(bench: Bench, file: str, count: int) -> None:
    """Count the frames of a recording."""
    recording = read_recording(bench.folder / file)
    assert 0 < len(recording.crossings) <= count
    assert recording.origin["by"] == "isebench minimise"


@then(parsers.parse('"{file}" comes to {kwh} kWh of "{name}" until {time}'))
def comes_to(bench: Bench, file: str, kwh: str, name: str, time: str) -> None:
    """Replay a recording on a bench of its own, and read what arrives."""
    rerun = Rerun(bench.twin("short"), read_frames(bench.folder / file))
    rerun.play()
    end = instant(rerun.days[0], time)
    assert [Decimal(kwh)] == [one.energy_kwh for one in rerun.held(name) if one.end == end]


def _rerun(bench: Bench) -> Rerun:
    if bench.rerun is None:
        raise UsageError('no recording is there; begin with: Given the recording "NAME.jsonl"')
    return bench.rerun
