"""`isebench minimise`: from a file to a shorter one."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from backend.core import intervals
from harness import minimise as module
from harness import scenario
from harness.errors import HarnessError, UsageError
from harness.minimise import Wishes, minimise
from harness.recording import FieldLog, crossings_of, read_frames, read_recording, write_recording


@pytest.fixture(name="source")
def _source(new_log: Any, tmp_path: Path) -> Path:
    """Give a recording of a few registers among other things."""
    log = new_log().ask(0, "Heartbeat", {}, {})
    for minutes, kwh in ((15, "1.0006"), (30, "2.0001")):
        log.ask(minutes, "MeterValues", log.meter(minutes, kwh), {})
    log.ask(46, "Heartbeat", {}, {})
    read = log.read()
    path = tmp_path / "day.jsonl"
    write_recording(path, crossings_of(read), seed=None, start=read.frames[0].at)
    return path


def test_what_is_not_needed_is_left_out(new_log: Any, tmp_path: Path) -> None:
    """The one exchange that is asked for is left, and the header tells of what it was made."""
    at = "2026-03-02T07:15:00Z"
    meter = {"connectorId": 1, "meterValue": [{"timestamp": at, "sampledValue": [{"value": "1"}]}]}
    log = new_log().ask(0, "Heartbeat", {}, {}).ask(15, "MeterValues", meter, {})
    log.line(16, "send", [2, "b", "Reset", {"type": "Soft"}])
    source = tmp_path / "charger.log"
    source.write_text("\n".join(log._lines), encoding="utf-8")
    told: list[str] = []

    assert 0 == minimise(Wishes(source, "MeterValues is answered confirmed"), told.append)
    out = tmp_path / "charger-minimised.jsonl"
    recording = read_recording(out)
    assert [recording.start] * 2 == [one.at for one in read_frames(out).frames]
    assert ("charger.log", "MeterValues is answered confirmed") == (
        recording.origin["of"],
        recording.origin["keeps"],
    )
    assert "nothing more can be left out" == recording.origin["ended"]
    assert f"recording   {out}" == told[-1]
    assert any(line.startswith("frames      2 of 4, ") for line in told)


@pytest.mark.slow
def test_a_fault_of_the_backend_in_the_fewest_frames(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two registers are enough to show that digits are cut off; the header tells of what."""
    monkeypatch.setattr(intervals, "_rounded", lambda wh, decimals: int(wh * 10**decimals // 1000))
    told: list[str] = []
    out = tmp_path / "short.jsonl"

    assert 0 == minimise(Wishes(source, "ISE-18 fails", out), told.append)
    recording, log = read_recording(out), read_frames(out)
    assert 2 == sum("MeterValues" in one.text for one in log.frames) == len(log.frames) / 2
    assert {
        "by": "isebench minimise",
        "of": "day.jsonl",
        "sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
        "keeps": "ISE-18 fails",
        "before": "the bundled backend",
        "tries": recording.origin["tries"],
        "ended": "nothing more can be left out",
    } == recording.origin
    assert told[1].startswith("shown       the energies of WB-Linde sum to 1.000 kWh, not to 0.999")
    assert f"recording   {out}" == told[-1]
    assert any(line.startswith("frames      4 of 8, ") for line in told)
    monkeypatch.undo()
    with pytest.raises(UsageError, match="does not show it"):
        minimise(Wishes(out, "ISE-18 fails", tmp_path / "x"), told.append)


def test_stopped_it_writes_the_shortest_so_far(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the middle loses nothing; the header says that it was stopped."""
    shown, tries = module._shown, 0

    def stops(log: FieldLog, fault: object, target: object) -> object:
        nonlocal tries
        tries += 1
        if tries == 6:
            raise KeyboardInterrupt
        return shown(log, fault, target)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_shown", stops)
    told: list[str] = []
    out = tmp_path / "short.jsonl"

    assert 130 == minimise(Wishes(source, '"WB-Linde" 08:30 is W', out), told.append)
    assert 0 < len(read_frames(out).frames) < 8
    assert "stopped before its end" == read_recording(out).origin["ended"]
    assert "it could be shorter" in told[-1]


@pytest.mark.parametrize(
    ("keeps", "said"),
    [
        ("ISE-18 fails", "does not show it: replayed before the bundled backend"),
        ('"X" 08:30 is W', 'no charger "X" is in the recording, but "WB-Linde"'),
        ("AEX-19 fails", "cannot be judged from a recording alone"),
    ],
)
def test_what_is_not_shown_is_refused(source: Path, tmp_path: Path, keeps: str, said: str) -> None:
    """Nothing is written."""
    with pytest.raises(UsageError, match=said):
        minimise(Wishes(source, keeps), print)
    assert [source] == [path for path in tmp_path.iterdir() if path.is_file()]


def test_a_file_that_is_there_is_left_alone(source: Path) -> None:
    """The name beside the recording is taken: it says so before anything is tried."""
    beside = source.with_name("day-minimised.jsonl")
    beside.write_text("mine")
    with pytest.raises(UsageError, match="is there already; name another file with -o"):
        minimise(Wishes(source, "ISE-18 fails"), print)
    assert "mine" == beside.read_text()


def test_a_recording_that_does_not_show_it_once_written_is_not_kept(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written is judged again, as it stands in the file."""
    answers = iter(["shown"])
    monkeypatch.setattr(module, "_shown", lambda log, fault, target: next(answers, None))
    with pytest.raises(HarnessError, match="a fault of the bench"):
        minimise(Wishes(source, "ISE-18 fails", tmp_path / "x.jsonl"), print)
    assert not (tmp_path / "x.jsonl").exists()


def test_progress_where_somebody_looks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal one line is written over; elsewhere one line each time it got shorter."""
    told: list[str] = []
    progress = module._Progress(told.append)
    for text in ("a: 1 of 2? 9 frames so far", "a: 2 of 2? 9 frames so far", "b: 1 of 2? 5 frames"):
        progress.show(text)
    progress.end()
    assert ["            9 frames so far", "            5 frames"] == told

    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    progress = module._Progress(told.append)
    progress.show("a: 1 of 2? 9 frames so far")
    progress.end()
    assert "\r\x1b[Ka: 1 of 2? 9 frames so far\r\x1b[K" == capsys.readouterr().err
    assert 2 == len(told)


def test_a_target_whose_time_is_its_own_is_refused(source: Path, tmp_path: Path) -> None:
    """Nobody can give it the times of a recording."""
    target = tmp_path / "target.toml"
    target.write_text('name = "Theirs"\nstart = ["x"]\n[time]\nkind = "machine"\n')
    with pytest.raises(UsageError, match="its time is machine, and a recording lies at times of"):
        minimise(Wishes(source, "ISE-18 fails", target=target), print)


@pytest.mark.slow
def test_a_backend_elsewhere_shows_the_same(source: Path, tmp_path: Path) -> None:
    """The bundled backend in a process of its own, as a target, comes to the same feature."""
    target = Path(__file__).parents[3] / "docs" / "examples" / "targets" / "bundled" / "target.toml"
    for name, where in (("here", None), ("there", target)):
        scenario.scenario(
            scenario.Wishes(source, tmp_path / f"{name}.feature", target=where), lambda line: None
        )
    here, there = (
        (tmp_path / f"{name}.feature").read_text(encoding="utf-8").partition("replayed")[2]
        for name in ("here", "there")
    )

    assert "1.250" in here or "0.999" in here
    assert here == there
