"""
The OCPP-J frames of a packet capture: from WebSockets that were opened in clear while it ran.

What crossed in TLS cannot be read, nor what of a line crossed before the capture began: which
charger that was stood in its request. Both are counted and named, with what helps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

from harness.capture import Address, NoCapture, Reasons, segments
from harness.overheard import Closed, Control, Message, Opened, Overheard, Refused, Unreadable
from harness.recording import (
    OCPP_WIRE,
    Direction,
    FieldLog,
    Form,
    Frame,
    LineChange,
    NoFrames,
    NotARecording,
    Skipped,
)
from harness.tcp_streams import Heard, Stream, streams

TLS = "a line in TLS, which cannot be read"
LATE = "a line that was open before the capture began"
REMEDIES = {
    TLS: "put `isebench record` between the charger and its backend, or capture where the TLS has "
    "ended",
    LATE: "begin the capture first, then let the charger connect",
}


def frames_of_capture(path: Path) -> FieldLog:
    """
    Read the OCPP-J frames out of a capture.

    Parameters:
        path: a pcap or a pcapng file. It is read whole.

    Raises:
        NoFrames: If there is none that can be read.
        NotARecording: If it is damaged from its beginning on.
    """
    reader = _Reader()
    try:
        for heard in streams(segments(path.read_bytes(), reader.reasons)):
            reader.take(heard)
    except NoCapture as error:
        raise NotARecording(
            f"the capture cannot be read: {error}", str(path), "save it again with Wireshark"
        ) from None
    reader.tell_gaps()
    reasons = reader.reasons
    if not reader.frames:
        told = ", ".join(f"{count} × {reason}" for reason, count in reasons.counts.items())
        helps = [remedy for reason, remedy in REMEDIES.items() if reasons.counts[reason]]
        raise NoFrames(
            f"no OCPP frame that can be read ({told or 'no packet'})",
            str(path),
            "; ".join(helps) or "capture the line between the charger and its backend",
        )
    skipped = [Skipped(number, reason, what) for reason, (number, what) in reasons.first.items()]
    return FieldLog(
        form=Form.CAPTURE,
        frames=tuple(reader.frames),
        changes=tuple(reader.changes),
        skipped=tuple(skipped),
        counts=tuple(reasons.counts.items()),
        notes=tuple(
            f"{reason}: {remedy}" for reason, remedy in REMEDIES.items() if reasons.counts[reason]
        ),
    )


@dataclass(slots=True)
class _Line:
    """What is known of a connection: who is the charger on it, and which."""

    charger: Address
    overheard: Overheard = field(default_factory=Overheard)
    opened: Opened | None = None
    is_down: bool = False


class _Reader:
    """Takes what was heard, connection by connection, and keeps the frames."""

    def __init__(self) -> None:
        self.reasons = Reasons()
        self.frames: list[Frame] = []
        self.changes: list[LineChange] = []
        self._lines: dict[Stream, _Line | None] = {}

    def take(self, heard: Heard) -> None:
        """Take the next bytes of a connection, or its end."""
        if heard.stream not in self._lines and heard.data:
            self._lines[heard.stream] = self._line_of(heard)
        line = self._lines.get(heard.stream)
        if line is None:
            return
        if heard.is_end:
            self._down(line, heard)
            return
        is_charger = heard.source == line.charger
        for event in line.overheard.heard(heard.data, from_charger=is_charger):
            if isinstance(event, Opened):
                line.opened = event
                self.changes.append(LineChange(heard.at, event.identity, True, heard.number))
            elif isinstance(event, Message):
                self._message(line, event, heard)
            elif isinstance(event, Closed):
                self._down(line, heard)
            elif isinstance(event, Refused):
                reason = f"a charger that was not let in ({event.status} {event.reason})"
                self._leave_out(reason, heard)
            elif isinstance(event, Unreadable):
                self._leave_out(event.why, heard)
            elif not isinstance(event, Control):
                assert_never(event)

    def tell_gaps(self) -> None:
        """Count the lines of which bytes are missing, when the capture is over."""
        for stream, line in self._lines.items():
            for end, count in stream.missing_bytes.items() if line is not None else ():
                reason = "a line of which bytes are missing; behind them it is not read"
                self.reasons.add(0, reason, f"{count} bytes that {end[0]}:{end[1]} sent")

    def _line_of(self, heard: Heard) -> _Line | None:
        """Tell from a connection's first bytes what it is; None for what cannot be read."""
        opener = heard.stream.ends[0] if heard.stream.is_whole else heard.source
        if heard.data[:2] == b"\x16\x03" or (
            not heard.stream.is_whole and heard.data[:2] == b"\x17\x03"
        ):
            self._leave_out(TLS, heard)
        elif heard.data.startswith((b"GET ", b"HTTP/") if heard.stream.is_whole else b"GET "):
            # An answer may be captured before the request, where several queues are read.
            return _Line(opener)
        elif not heard.stream.is_whole:
            self._leave_out(LATE, heard)
        else:
            self._leave_out("a line that is no WebSocket", heard)
        return None

    def _message(self, line: _Line, message: Message, heard: Heard) -> None:
        opened = line.opened
        if opened is None:
            return
        if opened.subprotocol not in (OCPP_WIRE, None):
            self._leave_out(f"a message of {opened.subprotocol}", heard)
        elif isinstance(message.content, bytes):
            self._leave_out("a message that is no text", heard)
        else:
            direction: Direction = "in" if message.from_charger else "out"
            self.frames.append(
                Frame(heard.at, opened.identity, direction, message.content, heard.number)
            )

    def _down(self, line: _Line, heard: Heard) -> None:
        if line.opened is not None and not line.is_down:
            line.is_down = True
            change = LineChange(heard.at, line.opened.identity, False, heard.number)
            self.changes.append(change)

    def _leave_out(self, reason: str, heard: Heard) -> None:
        one, other = (f"{host}:{port}" for host, port in heard.stream.ends)
        self.reasons.add(heard.number, reason, f"{one} and {other}")
