"""``isebench sequence``: a recording as a drawing in a file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness.cli import main
from harness.errors import UsageError
from harness.recording import write_recording
from harness.sequence_file import Wish, draw
from simulators.wiretap import Crossing

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
LOG = """\
2025-06-03 14:15:01.000 INFO (MainThread) [ocpp] WB-7: receive message [2,"6","Heartbeat",{}]
2025-06-03 14:15:01.000 INFO (MainThread) [ocpp] WB-7: send [3,"6",{"currentTime":"x"}]
"""


@pytest.fixture(name="recording")
def _recording(tmp_path: Path) -> Path:
    """Record thirty calls of one charger, and one of another."""
    frames = [
        Crossing(
            START + timedelta(minutes=i), "ocpp1.6", "WB-1", "backend", f'[2,"{i}","A<{i}>",{{}}]'
        )
        for i in range(30)
    ]
    frames.append(Crossing(START, "ocpp1.6", "WB-2", "backend", '[2,"x","Heartbeat",{}]'))
    path = tmp_path / "a day.jsonl"
    write_recording(path, frames, seed=1, start=START)
    return path


def test_a_drawing_stands_alone(recording: Path) -> None:
    """It is XML with its own colours, and asks nothing of any other place."""
    assert 0 == main(["sequence", str(recording)])

    text = recording.with_suffix(".svg").read_text(encoding="utf-8")
    assert ElementTree.fromstring(text).tag.endswith("svg")
    assert "prefers-color-scheme: dark" in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_a_page_has_each_frame_in_full(recording: Path, tmp_path: Path) -> None:
    """An arrow leads to its frame; what is left out is told."""
    page = tmp_path / "day.html"

    told = draw(recording, page, Wish(station="WB-1", most=10))

    text = page.read_text(encoding="utf-8")
    assert f"{page}: 10 frames, 20 left out; --most draws more, --station fewer" == told
    assert 'href="#f30"' in text
    assert '<details id="f30">' in text
    assert "A&lt;29&gt;" in text
    assert "WB-2" not in text


def test_a_log_from_the_field_is_drawn_too(tmp_path: Path) -> None:
    """As `isebench replay` reads it; each side of the line stands where it belongs."""
    (tmp_path / "ha.log").write_text(LOG, encoding="utf-8")

    assert "2 frames" in draw(tmp_path / "ha.log", tmp_path / "o.svg", Wish())
    assert "WB-7" in (tmp_path / "o.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("wish", "out", "told"),
    [
        (Wish(), "o.png", "ends with .svg or .html"),
        (Wish(most=0), "o.svg", "--most 0: name a number from 1 to 2000"),
        (Wish(station="WB-9"), "o.svg", 'nothing of "WB-9" in it; there are WB-1, backend, WB-2'),
        (Wish(), "no/such/o.svg", "cannot be written"),
    ],
)
def test_what_cannot_be_drawn_is_told(
    recording: Path, tmp_path: Path, wish: Wish, out: str, told: str
) -> None:
    """What is wrong, and what to do."""
    with pytest.raises(UsageError, match=told):
        draw(recording, tmp_path / out, wish)


def test_an_empty_recording_is_told(tmp_path: Path) -> None:
    """There is nothing to draw."""
    write_recording(tmp_path / "e.jsonl", [], seed=1, start=START)

    with pytest.raises(UsageError, match="nothing crossed the wires"):
        draw(tmp_path / "e.jsonl", tmp_path / "o.svg", Wish())


def test_a_zone_that_is_none_is_told(tmp_path: Path) -> None:
    """It matters to logs only."""
    (tmp_path / "ha.log").write_text(LOG, encoding="utf-8")

    with pytest.raises(UsageError, match="--zone Mars: is no time zone"):
        draw(tmp_path / "ha.log", tmp_path / "o.svg", Wish(zone="Mars"))
