"""`isebench sequence`: a recording, or a log from the field, as a drawing in a file."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from string import Template
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from harness.errors import UsageError
from harness.recording import (
    BACKEND,
    LINE_WIRE,
    OCPP_WIRE,
    FieldLog,
    NotARecording,
    read_frames,
    read_recording,
)
from harness.report_frames import FRAME_CHARS_MAX, chosen
from harness.sequence import STYLE, Arrow, said_of, sequence_svg
from harness.summary import counted
from harness.tables import seen
from simulators.wiretap import Crossing

FORMS = (".svg", ".html")
MOST = 2_000
"""So many frames are drawn at most, whatever is asked for: browsers become slow beyond."""
COLOURS = Path(__file__).with_name("sequence_alone.css")
PAGE = Path(__file__).with_name("sequence.html")


@dataclass(frozen=True, slots=True)
class Wish:
    """
    What is to be drawn.

    Attributes:
        station: only frames that this party sent or received; None for all.
        most: how many frames at most; of more, both ends are drawn.
        zone: the time zone of logs that write local time.
    """

    station: str | None = None
    most: int = 400
    zone: str = "Europe/Zurich"


def draw(source: Path, out: Path, wish: Wish) -> str:
    """
    Draw a recording into a file, and say what was done.

    Raises:
        UsageError: If it cannot be read or written, or holds nothing of what is asked for.
    """
    if out.suffix not in FORMS:
        raise UsageError(f"{out}: name a file that ends with {' or '.join(FORMS)}")
    if not 1 <= wish.most <= MOST:
        raise UsageError(f"--most {wish.most}: name a number from 1 to {MOST}")
    frames = _frames(source, wish)
    shown = sorted(chosen([False] * len(frames), wish.most))
    said = said_of(frames)
    arrows = [Arrow(i, frames[i], said[i], decides=False) for i in shown]
    style = "".join(sheet.read_text(encoding="utf-8") for sheet in (COLOURS, STYLE))
    if out.suffix == ".svg":
        text = sequence_svg(arrows, len(frames), name="q", style=style) + "\n"
    else:
        text = Template(PAGE.read_text(encoding="utf-8")).substitute(
            title=_escaped(source.name),
            style=style,
            drawing=sequence_svg(arrows, len(frames), name="q", link="f"),
            frames="\n".join(map(_frame, arrows)),
        )
    try:
        out.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(f"{out}: cannot be written ({error.strerror}); name another") from None
    left = len(frames) - len(arrows)
    told = f", {left:,} left out; --most draws more, --station fewer" if left else ""
    return f"{out}: {counted(len(arrows), 'frame')}{told}"


def _frames(source: Path, wish: Wish) -> Sequence[Crossing]:
    try:
        frames: Sequence[Crossing] = read_recording(source).crossings
    except NotARecording:
        frames = _crossings(read_frames(source, _zone(wish.zone)))
    except OSError as error:
        raise UsageError(f"{source}: cannot be read ({error.strerror}); name a recording") from None
    if wish.station is None:
        if not frames:
            raise UsageError(f"{source}: nothing crossed the wires in this recording")
        return frames
    found = [one for one in frames if wish.station in (one.sender, one.receiver)]
    if not found:
        parties = ", ".join(
            dict.fromkeys(name for one in frames for name in (one.sender, one.receiver))
        )
        raise UsageError(
            f'{source}: nothing of "{wish.station}" in it; there are {parties or "no frames"}'
        )
    return found


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise UsageError(f"--zone {name}: is no time zone; write Europe/Zurich, or UTC") from None


def _crossings(log: FieldLog) -> list[Crossing]:
    """Give the frames of a log as if they had been recorded, with the changes of lines."""
    numbered = [
        (
            frame.line,
            Crossing(frame.at, OCPP_WIRE, frame.identity, BACKEND, frame.text)
            if frame.direction == "in"
            else Crossing(frame.at, OCPP_WIRE, BACKEND, frame.identity, frame.text),
        )
        for frame in log.frames
    ]
    if not log.newest_first:
        numbered += [
            (
                one.line,
                Crossing(one.at, LINE_WIRE, one.identity, BACKEND, "up" if one.up else "down"),
            )
            for one in log.changes
        ]
        numbered.sort(key=lambda pair: pair[0])
    return [crossing for _, crossing in numbered]


def _frame(arrow: Arrow) -> str:
    frame, said = arrow.frame, arrow.said
    text = frame.text[:FRAME_CHARS_MAX]
    left = len(frame.text) - len(text)
    more = f"\n… {left:,} more characters, not shown" if left else ""
    at = frame.at.astimezone(UTC)
    return (
        f'<details id="f{arrow.index + 1}"><summary>{at:%Y-%m-%d %H:%M:%S} '
        f"{_escaped(frame.sender)} → {_escaped(frame.receiver)} <b>{_escaped(said.name)}</b>"
        f"</summary><pre>{_escaped(text)}{more}</pre></details>"
    )


def _escaped(text: str) -> str:
    return html.escape("\n".join(seen(line) for line in text.split("\n")))
