"""`isebench scenario`: a recording as a feature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_bdd.feature import get_features

from harness.errors import UsageError
from harness.recording import crossings_of, read_frames, read_recording, write_recording
from harness.scenario import Wishes, scenario, table


def written(log: Any, path: Path) -> Path:
    """Write a log down as a recording."""
    read = log.read()
    write_recording(path, crossings_of(read), seed=None, start=read.frames[0].at)
    return path


def test_says_what_came_of_the_recording(new_log: Any, tmp_path: Path) -> None:
    """Each value, each kind of answer; the frames stand beside it, and are of the recording."""
    source = written(new_log.session(), tmp_path / "wallbox.jsonl")
    told: list[str] = []

    assert 0 == scenario(Wishes(source), told.append)
    text = (tmp_path / "wallbox.feature").read_text(encoding="utf-8")
    _, _, body = text.partition("\n\n")
    assert (
        body
        == """\
  @HAR-04
  Scenario: What was recorded on 2 March 2026 comes to the same values
    Given the recording "wallbox.frames.jsonl"
    When the recording is replayed
    Then EW Seedorf holds these values of "WB-Linde" on 2 March 2026
      | from  | until | kWh   | status |
      | 00:00 | 08:00 | –     | F      |
      | 08:00 | 08:15 | 0.000 | W      |
      | 08:15 | 08:30 | 1.250 | W      |
      | 08:30 | 08:45 | 0.750 | W      |
      | 08:45 | 24:00 | –     | F      |
    And the calls of "WB-Linde" are answered so
      | call             | answer   | times |
      | BootNotification | Accepted | 1     |
      | Authorize        | Accepted | 1     |
      | StartTransaction | Accepted | 1     |
      | MeterValues      | confirmed | 1     |
      | StopTransaction  | Accepted | 1     |
""".replace("| answer   |", "| answer    |").replace("| Accepted |", "| Accepted  |")
    )
    (feature,) = get_features([str(tmp_path)])
    assert 1 == len(feature.scenarios)
    assert "wallbox.jsonl" == read_recording(tmp_path / "wallbox.frames.jsonl").origin["of"]
    assert 10 == len(read_frames(tmp_path / "wallbox.frames.jsonl").frames)
    assert f"run it with: isebench conform --features {tmp_path}" == told[-1]


def test_several_days_and_chargers(new_log: Any, tmp_path: Path) -> None:
    """Each day of each charger has a table of its own, and the title tells the span."""
    log, other = new_log.session(), new_log("WB 2")
    other.ask(24 * 60, "Heartbeat", {}, {})
    log._lines += other._lines
    source = written(log, tmp_path / "two.jsonl")
    scenario(Wishes(source, tmp_path / "deep" / "x.feature", "ISE-18"), print)
    text = (tmp_path / "deep" / "x.feature").read_text(encoding="utf-8")

    assert "What was recorded from 2 March 2026 to 3 March 2026 comes" in text
    assert "  @ISE-18\n" in text
    assert 4 == text.count("holds these values of")
    assert 1 == text.count("    Then ")


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"out": Path("x.txt")}, "ends with .feature"),
        ({"requirement": "HAR-99"}, '"HAR-99" is no requirement'),
        ({"zone": "Mars"}, "there is no time zone"),
    ],
)
def test_refuses(new_log: Any, tmp_path: Path, wishes: dict[str, Any], said: str) -> None:
    """What cannot be is told before anything is written."""
    source = written(new_log.session(), tmp_path / "a.jsonl")
    with pytest.raises(UsageError, match=said):
        scenario(Wishes(source, **wishes), print)
    assert [source] == list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.feature", "a.frames.jsonl"])
def test_leaves_alone_what_is_there(new_log: Any, tmp_path: Path, name: str) -> None:
    """Neither of the two files is written over."""
    source = written(new_log.session(), tmp_path / "a.jsonl")
    (tmp_path / name).write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        scenario(Wishes(source), print)
    assert "mine" == (tmp_path / name).read_text()


def test_refuses_a_name_that_no_sentence_can_say(new_log: Any, tmp_path: Path) -> None:
    """A charger called with quotes would end its sentence."""
    source = written(new_log('WB"1').ask(0, "Heartbeat", {}, {}), tmp_path / "a.jsonl")
    with pytest.raises(UsageError, match="cannot stand in a sentence"):
        scenario(Wishes(source), print)


def test_cells_are_escaped() -> None:
    """What parts cells in Gherkin is written so that it does not."""
    assert ["      | a     |", "      | x\\|\\\\ |"] == table(("a",), [("x|\\",)])
