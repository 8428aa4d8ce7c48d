"""
What crossed the wires, on the page: frames that decided first, then those near them.

What is left out is counted in its place, what did not decide is folded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping, Sequence
from datetime import UTC
from itertools import groupby

from harness.outcomes import Verdict
from harness.page_text import cut, day_of, escaped
from harness.recording import BACKEND
from harness.sequence import Arrow, asked_by, said_in, sequence_svg
from harness.summary import SNIPPET_CHARS, counted
from simulators.wiretap import Crossing

UNFOLDED_MAX = 24
"""So many frames that decided are seen without unfolding; others stand folded between them."""
FOLD_MIN = 3
"""Up to so many neighbours are not worth a fold."""
FRAME_CHARS_MAX, FRAME_CHARS_FEW = 8_000, 1_200
FRAMES_FEW = 24
"""Where so few frames of a scenario are shown, as in large runs, each is cut sooner."""
ROUTINE = "Heartbeat"
ARROWS_MIN, ARROWS_MAX = 10, 28
"""So many frames are drawn at least, in large runs, and at most."""


def evidence_of(verdict: Verdict, most: int, number: int) -> str:
    """
    Give the frames as a drawing, and below it one by one.

    Of these, those that decided and their neighbours are seen, others folded or counted.

    Parameters:
        verdict: whose frames.
        most: how many are shown at most.
        number: of the scenario on the page.
    """
    frames = verdict.evidence
    if not frames:
        return ""
    deciding = set(verdict.deciding)
    decides = [frame in deciding for frame in frames] if deciding else [False] * len(frames)
    told = counted(len(frames), "frame")
    if any(decides):
        told += f", {sum(decides)} of them decided the verdict"
    asked = asked_by(frames)
    drawn = _drawn(decides, frames, asked, max(ARROWS_MIN, min(ARROWS_MAX, most // 2)))
    shown = chosen(decides, most)
    chars = FRAME_CHARS_MAX if most > FRAMES_FEW else FRAME_CHARS_FEW
    lines = _Frames(frames, decides, asked, f"s{number}-", drawn, chars)
    plain = _unfolded(decides) & shown
    ways = ["plain" if i in plain else "folded" if i in shown else "" for i in range(len(frames))]
    parts = [
        lines.run(list(run), way) for way, run in groupby(range(len(frames)), ways.__getitem__)
    ]
    arrows = [
        Arrow(i, frames[i], said_in(frames[i], asked.get(i, "answer")), decides[i], i in shown)
        for i in sorted(drawn)
    ]
    drawing = sequence_svg(arrows, len(frames), name=f"q{number}", link=f"s{number}-")
    return (
        f'<h4>What crossed the wires: {told}</h4><div class="seq">{drawing}</div>'
        '<details class="listed"><summary class="tri">The frames, one by one</summary>'
        f'<div class="frames">{"".join(parts)}</div></details>'
    )


def _drawn(
    decides: Sequence[bool], frames: Sequence[Crossing], asked: Mapping[int, str], most: int
) -> set[int]:
    """Choose the frames that are drawn; where none decided, what is said all day comes last."""
    if any(decides) or len(frames) <= most:
        return chosen(decides, most)
    told = [
        i
        for i, frame in enumerate(frames)
        if asked.get(i) != ROUTINE and f'"{ROUTINE}"' not in frame.text[:80]
    ]
    if len(told) < most:
        return chosen(decides, most)
    return {told[i] for i in chosen([False] * len(told), most)}


def _unfolded(decides: Sequence[bool]) -> set[int]:
    """
    Choose the frames that are seen at once: what decided, and what stands right beside it.

    Where nothing decided: all of a few, the ends of many.
    """
    count = len(decides)
    chosen = [i for i in range(count) if decides[i]]
    if not chosen:
        few = count if count <= UNFOLDED_MAX else UNFOLDED_MAX // 4
        return {*range(few), *range(count - few, count)}
    kept = {*chosen[: UNFOLDED_MAX // 2], *chosen[-(UNFOLDED_MAX // 2) :]}
    return {near for i in kept for near in (i - 1, i, i + 1) if 0 <= near < count}


def chosen(decides: Sequence[bool], most: int) -> set[int]:
    """
    Choose at most ``most`` frames: those that decided, then the nearest to them.

    Where none decided, or more did than can be shown, both ends come before the middle.
    """
    count = len(decides)
    chosen = [i for i in range(count) if decides[i]]
    if len(chosen) >= most:
        half = most // 2
        return {*chosen[: most - half], *chosen[len(chosen) - half :]}
    marks = chosen or [0, count - 1]
    distance = _distances(count, marks)
    return set(sorted(range(count), key=lambda i: (distance[i], i))[:most])


def _distances(count: int, marks: Sequence[int]) -> list[int]:
    """Give each place's distance to the nearest mark, in two walks."""
    distance = [count] * count
    for mark in marks:
        distance[mark] = 0
    for i in range(1, count):
        distance[i] = min(distance[i], distance[i - 1] + 1)
    for i in range(count - 2, -1, -1):
        distance[i] = min(distance[i], distance[i + 1] + 1)
    return distance


class _Frames:
    """
    The frames of one scenario, told line by line, in order.

    It knows the actions of the CALLs, so that an answer can say what it answers, and the sides
    of a line: the device stands left of the backend, so one glance at the arrows shows who spoke.
    """

    def __init__(
        self,
        frames: Sequence[Crossing],
        decides: Sequence[bool],
        asked: Mapping[int, str],
        prefix: str,
        drawn: Container[int],
        chars: int,
    ) -> None:
        self._prefix = prefix
        self._chars = chars
        self._drawn = drawn
        self._frames = frames
        self._decides = decides
        self._day = ""
        self._left: dict[frozenset[str], str] = {}
        self._asked = asked
        for frame in frames:
            pair = frozenset((frame.sender, frame.receiver))
            is_said = frame.sender == BACKEND and frame.wire.startswith("ocpp")
            self._left.setdefault(pair, frame.receiver if is_said else frame.sender)

    def run(self, places: Sequence[int], way: str) -> str:
        """Give neighbours that are shown the same way: ``plain``, ``folded``, or not at all."""
        if not way:
            return f'<div class="gap">{counted(len(places), "frame")} not shown</div>'
        if way == "plain" or len(places) <= FOLD_MIN:
            return "".join(map(self._line, places))
        # What a fold hides must not take away the day above the frames after it.
        day = self._day
        lines = "".join(map(self._line, places))
        self._day = day
        told = counted(len(places), "frame")
        return f'<details class="fold"><summary class="tri">{told}</summary>{lines}</details>'

    def _line(self, index: int) -> str:
        frame, decides = self._frames[index], self._decides[index]
        at = frame.at.astimezone(UTC)
        day = f"{at:%A}, {day_of(at)}"
        head = f'<div class="day">{day}</div>' if day != self._day else ""
        self._day = day
        name = f' id="{self._prefix}{index + 1}"' if index in self._drawn else ""
        badge = (
            '<span class="badge">◆<span class="word"> decides</span></span>'
            if decides
            else "<span></span>"
        )
        return (
            f'{head}<details class="f{" decides" if decides else ""}"{name}><summary>'
            f'<span class="t mono">{at:%H:%M:%S}.{at.microsecond // 1000:03d}</span>'
            f"{self._way(frame)}{self._summary(index)}{badge}</summary>"
            f"<pre>{escaped(cut(frame.text, self._chars))}</pre></details>"
        )

    def _way(self, frame: Crossing) -> str:
        left = self._left[frozenset((frame.sender, frame.receiver))]
        goes = frame.sender == left
        right = frame.receiver if goes else frame.sender
        arrow, word = ("→", "to") if goes else ("←", "from")
        return (
            f'<span class="way"><bdi>{escaped(left)}</bdi><span class="arrow" role="img" '
            f'aria-label="{word}">{arrow}</span><bdi>{escaped(right)}</bdi></span>'
        )

    def _summary(self, index: int) -> str:
        frame = self._frames[index]
        said = _frame_said(frame)
        more = _payload(frame.text)
        if said is None:
            what, more = frame.wire, frame.text
        elif said[0] == 2:
            what = str(said[2])
        elif said[0] == 3:
            what = self._answer(index)
        else:
            what = f"{self._answer(index)}: {said[2]}"
        snippet = more if len(more) <= SNIPPET_CHARS else more[: SNIPPET_CHARS - 1] + "…"
        return f'<span class="said mono"><b>{escaped(what)}</b> <i>{escaped(snippet)}</i></span>'

    def _answer(self, index: int) -> str:
        action = self._asked.get(index)
        return "answer" if action is None else f"answer to {action}"


def _frame_said(frame: Crossing) -> list[object] | None:
    """Read an OCPP-J message; None for anything else."""
    if not frame.wire.startswith("ocpp"):
        return None
    try:
        said = json.loads(frame.text)
    except (ValueError, RecursionError):
        return None
    well = isinstance(said, list) and len(said) >= 3 and said[0] in (2, 3, 4)
    return said if well else None


_HEAD = re.compile(
    r'\s*\[\s*[234]\s*,\s*(?:"(?:[^"\\]|\\.)*"|[^,\s"]+)\s*,(?:\s*"(?:[^"\\]|\\.)*"\s*,)?\s*'
)
"""What stands before the payload of a message: its type, its id, its action or error code."""


def _payload(text: str) -> str:
    """Cut a message's payload out of its text, so that its numbers stand as they were sent."""
    head = _HEAD.match(text)
    rest = text[head.end() if head else 0 :].rstrip().removesuffix("]").rstrip()
    return "" if rest == "{}" else rest
