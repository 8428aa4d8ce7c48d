"""
What crossed the wires as a sequence diagram: parties are lines, frames are arrows, time runs down.

The drawing is SVG with neither script nor address in it. Its colours are those of the page that it
stands in (`sequence.css`); alone it brings its own. Arrows that decided are marked, an answer is
dashed, an error is red, and what is left out between two arrows is counted where it was.

Which party stands where follows from the wires: people, then devices and those who ask them, then
the backend, then the utility.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from harness.page_text import day_of, span_of
from harness.recording import BACKEND, LINE_WIRE
from harness.summary import counted
from harness.tables import seen
from simulators.wiretap import Crossing

STYLE = Path(__file__).with_name("sequence.css")
DROP_WIRES = ("sftp", "ftp", "ftps")
TIME_PX, RIGHT_PX, TOP_PX, ROW_PX, FOLD_PX = 84, 70, 52, 26, 22
WIDTH_PX, APART_PX = 920, 150
"""How wide a drawing is, and how far parties stand apart at least; where they are many it grows."""
CHAR_PX, BOLD_PX = 6.3, 7.0
"""How wide a sign of a label is, about; a label that would not fit is cut."""
LONG = timedelta(hours=1)
"""Time that passes between two arrows is told from so much on."""
_HEAD = re.compile(
    r'\s*\[\s*([234])\s*,\s*("(?:[^"\\]|\\.)*"|[^,\s"\]]+)\s*(?:,\s*"((?:[^"\\]|\\.)*)")?'
)
"""How a message over OCPP begins: its kind, its id, and of a call its action."""
_PDU = {1: "coils", 2: "inputs", 3: "holding registers", 4: "input registers"}


class Kind(StrEnum):
    """What a frame is to its reader; the value is its class in the drawing."""

    CALL = "c"
    ANSWER = "a"
    ERROR = "e"


@dataclass(frozen=True, slots=True)
class Said:
    """A frame in a few words: what kind it is, its name, and how it goes on."""

    kind: Kind
    name: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Arrow:
    """
    A frame to be drawn.

    Attributes:
        index: its place among all frames, from 0.
        frame, said: what it is.
        decides: whether a verdict was read from it.
        is_linked: whether the page has it in full.
    """

    index: int
    frame: Crossing
    said: Said
    decides: bool
    is_linked: bool = True


# ------------------------------------------------------------------ frames in words


def said_of(frames: Sequence[Crossing]) -> list[Said]:
    """Give each frame in a few words; an answer bears the name of what it answers."""
    asked = asked_by(frames)
    return [said_in(frame, asked.get(i, "answer")) for i, frame in enumerate(frames)]


def asked_by(frames: Sequence[Crossing]) -> dict[int, str]:
    """
    Give for each answer over OCPP, by its place, the action of the call that it answers.

    Only heads are read: of a day's frames a page shows few.
    """
    asked: dict[tuple[str, str, str], str] = {}
    found: dict[int, str] = {}
    for i, frame in enumerate(frames):
        head = _HEAD.match(frame.text) if frame.wire.startswith("ocpp") else None
        if head is None:
            continue
        id = head[2].strip('"')
        if head[1] != "2":
            if (action := asked.get((frame.receiver, frame.sender, id))) is not None:
                found[i] = action
        elif head[3] is not None:
            asked[frame.sender, frame.receiver, id] = head[3]
    return found


def said_in(frame: Crossing, asked: str) -> Said:
    """Tell a frame in a few words; ``asked`` is the action that it answers, if it is an answer."""
    if frame.wire == LINE_WIRE:
        return Said(Kind.CALL, f"line {frame.text}")
    if frame.wire.startswith("ocpp"):
        return _ocpp(frame, asked)
    if frame.wire in (*DROP_WIRES, "hand"):
        return _done(frame)
    if frame.wire == "modbus":
        return _modbus(frame.text)
    first, _, rest = frame.text.partition(" ")
    if len(first) == 3 and first.isdecimal():  # the status of an answer over HTTP
        return Said(Kind.ANSWER if first < "400" else Kind.ERROR, first, rest)
    if frame.wire in ("rest", "http"):
        path, _, body = rest.partition(" ")
        return Said(Kind.CALL, f"{first} {path}", body)
    if frame.wire == "mqtt":
        return Said(Kind.CALL, first, rest)
    return Said(Kind.CALL, frame.wire, frame.text)


def _ocpp(frame: Crossing, asked: str) -> Said:
    try:
        said = json.loads(frame.text)
        kind = said[0]
        if kind == 2:
            return Said(Kind.CALL, str(said[2]), _compact(said[3]))
        if kind in (3, 4):
            if kind == 4:
                return Said(Kind.ERROR, f"{asked}: {said[2]}", str(said[3]))
            status = _status(said[2])
            return Said(Kind.ANSWER, f"{asked}: {status}" if status else asked, _compact(said[2]))
    except (ValueError, LookupError, TypeError, RecursionError):
        pass
    return Said(Kind.ERROR, "no message of OCPP", frame.text)


def _status(payload: Any) -> str:
    found = payload.get("idTagInfo", payload) if isinstance(payload, dict) else {}
    return str(found.get("status", "")) if isinstance(found, dict) else ""


def _compact(payload: Any) -> str:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")) if payload else ""


def _done(frame: Crossing) -> Said:
    """Tell what a person did, or what was done at the drop, of its line of JSON."""
    try:
        told = json.loads(frame.text)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        return Said(Kind.CALL, frame.wire, frame.text)
    name = str(told.pop("did", told.pop("do", frame.wire))).replace("_", " ")
    path, answer = str(told.pop("to", told.get("path", ""))), str(told.pop("answer", "ok"))
    rest = {key: value for key, value in told.items() if key not in ("path", "user")}
    more = path.rpartition("/")[2] or path or _compact(rest)
    if answer != "ok":
        return Said(Kind.ERROR, f"{name}: {answer}", more)
    return Said(Kind.CALL, name, more)


def _modbus(text: str) -> Said:
    """Tell a frame of Modbus TCP, recorded in hexadecimal digits; its function is byte 8."""
    try:
        function = int(text[14:16], 16)
    except ValueError:
        return Said(Kind.ERROR, "no frame of Modbus", text)
    if function & 0x80:
        return Said(Kind.ERROR, f"Modbus exception {text[16:18]}", text)
    return Said(Kind.CALL, f"Modbus {function} {_PDU.get(function, '')}".rstrip(), text[16:])


# ------------------------------------------------------------------ parties


def parties_of(frames: Sequence[Crossing]) -> dict[str, str]:
    """Give the parties from left to right, each with its part in this; empty where unknown."""
    found: dict[str, tuple[int, str]] = {}
    for frame in frames:
        for name, other, sends in (
            (frame.sender, frame.receiver, True),
            (frame.receiver, frame.sender, False),
        ):
            place = _part(name, other, frame.wire, sends=sends)
            if name not in found or place[0] > found[name][0]:
                found[name] = place
    ordered = sorted(found, key=lambda name: found[name][0])
    return {name: found[name][1] for name in ordered}


def _part(name: str, other: str, wire: str, *, sends: bool) -> tuple[int, str]:
    """Give where a party stands, and what it is; the highest place that it has anywhere counts."""
    if name == BACKEND:
        return 5, ""
    if wire in DROP_WIRES and not sends:
        return 6, "utility"
    if wire == "hand":
        return (0, "person") if sends and name != "bench" else (1, "")
    if other == BACKEND and (wire.startswith("ocpp") or wire == LINE_WIRE):
        return 3, "charger"
    if wire in ("rest", "modbus", "mqtt", "sg-push", "udp") and name.startswith("IS"):
        return 3, "gateway"
    return 2, ""


# ------------------------------------------------------------------ the drawing


class _Drawing:
    """Arrows, one below the other; it remembers day and time, so that only changes are told."""

    def __init__(self, parties: dict[str, str], link: str) -> None:
        self._parties = parties
        self._link = link
        gaps = max(1, len(parties) - 1)
        self._apart = max(APART_PX, (WIDTH_PX - TIME_PX - 2 * RIGHT_PX) // gaps)
        self._x = {
            name: TIME_PX + RIGHT_PX + self._apart * place for place, name in enumerate(parties)
        }
        self.width = TIME_PX + self._apart * gaps + 2 * RIGHT_PX
        self.height = TOP_PX
        self._day = self._time = ""
        self._parts: list[str] = []

    def arrow(self, arrow: Arrow) -> None:
        """Add a frame, with its day and its time where these are others than before."""
        at = arrow.frame.at.astimezone(UTC)
        if (day := day_of(at)) != self._day:
            self._day, self._time = day, ""
            self.height += FOLD_PX
            self._parts.append(_words(8, self.height - 4, f"{at:%A}, {day}", "qd"))
        self.height += ROW_PX
        y, shown = self.height - 8, f"{at:%H:%M:%S}"
        if shown != self._time:
            self._parts.append(_words(24, y + 4, shown, "qt"))
            self._time = shown
        if arrow.decides:
            self._parts.append(_words(8, y + 4, "◆", "qm"))
        self._parts.append(self._line(arrow, y))

    def gap(self, frames: int, passed: timedelta) -> None:
        """Say what is left out, and how much time has passed."""
        told = [counted(frames, "frame")] if frames else []
        told += [f"{span_of(passed.total_seconds())} later"] if passed >= LONG else []
        if not told:
            return
        self.height += FOLD_PX
        y = self.height - 4
        dots = f'<path class="qg" d="M{TIME_PX} {y - 4}H{self.width - 16}"/>'
        middle = (TIME_PX + self.width - 16) // 2
        self._parts.append(dots + _words(middle, y, " · ".join(told), "qf"))

    def _line(self, arrow: Arrow, y: int) -> str:
        start, end = self._x[arrow.frame.sender], self._x[arrow.frame.receiver]
        forth = 1 if end >= start else -1
        if start == end:
            end = start + self._apart // 2 - 8
        tip = end - forth
        kind = f"{arrow.said.kind} d" if arrow.decides else str(arrow.said.kind)
        room = max(abs(end - start), self._apart) - 14
        label = _fitting(arrow.said, int(room / (BOLD_PX if arrow.decides else CHAR_PX)))
        words = _words((start + end) // 2, y - 5, label, "ql")
        drawn = f'<path d="M{start} {y}H{tip}M{tip} {y}l{-7 * forth}-4M{tip} {y}l{-7 * forth} 4"/>'
        if not self._link or not arrow.is_linked:
            return f'<g class="{kind}">{drawn}{words}</g>'
        return f'<a href="#{self._link}{arrow.index + 1}" class="{kind}">{drawn}{words}</a>'

    def text(self) -> str:
        """Give the parties with their lines, and all that was added over them."""
        self.height += 12
        heads = "".join(
            f'<path class="qp" d="M{x} {TOP_PX - 6}V{self.height}"/>'
            + _words(x, 20, _cut(name, min(int(self._apart / 7.6), 2 * RIGHT_PX // 7)), "qh")
            + _words(x, 36, self._parties[name], "qr")
            for name, x in self._x.items()
        )
        return heads + "".join(self._parts)


def sequence_svg(
    arrows: Sequence[Arrow], frames: int, *, name: str, link: str = "", style: str = ""
) -> str:
    """
    Draw frames; nothing where there are none.

    Parameters:
        arrows: the frames to be drawn, in their order.
        frames: how many there are in all.
        name: an id for its title, which no other element of the page has.
        link: what the ids of the frames on the page begin with; empty for no links.
        style: a style sheet of its own.
    """
    if not arrows:
        return ""
    drawing = _Drawing(parties_of([arrow.frame for arrow in arrows]), link)
    before: Arrow | None = None
    for arrow in arrows:
        last = -1 if before is None else before.index
        since = arrow.frame.at if before is None else before.frame.at
        drawing.gap(arrow.index - last - 1, arrow.frame.at - since)
        drawing.arrow(arrow)
        before = arrow
    drawing.gap(frames - arrows[-1].index - 1, timedelta(0))
    drawn = drawing.text()
    width, height = drawing.width, drawing.height
    sheet = f"<style>{style}</style>" if style else ""
    return (
        f'<svg class="sq" role="group" aria-labelledby="{name}t {name}d" viewBox="0 0 {width} '
        f'{height}" width="{width}" height="{height}" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="{name}t">Sequence of frames</title>'
        f'<desc id="{name}d">{_escaped(_described(arrows, frames))}</desc>{sheet}{drawn}</svg>'
    )


def _described(arrows: Sequence[Arrow], frames: int) -> str:
    names = list(parties_of([arrow.frame for arrow in arrows]))
    whom = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    decided = sum(arrow.decides for arrow in arrows)
    marked = f", of which {decided} marked ones decided the verdict" if decided else ""
    return f"{len(arrows)} of {counted(frames, 'frame')} between {whom}, from above{marked}."


def _fitting(said: Said, room: int) -> str:
    """Give the name of a frame, and as much of the rest as there is room for."""
    if len(said.name) + 4 >= room or not said.more:
        return _cut(said.name, room)
    return f"{said.name} {_cut(said.more, room - len(said.name) - 1)}"


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(1, room - 1)] + "…"


def _words(x: int, y: int, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{_escaped(text)}</text>' if text else ""


def _escaped(text: str) -> str:
    return html.escape(seen(text), quote=False)
