"""
What crossed the wire, in one file; and the frames in the logs that others write in the field.

Our own recording is JSON Lines: a header line (format, version, seed, start, and where it comes
from another file its origin), then one line a crossing, in the order in which they happened. Keys
stand in one fixed order and the file is pure ASCII, so identical crossings give identical bytes,
no sign that an editor takes for a line break stands inside a line, and marks that turn the reading
direction are seen. docs/reference/recording-format.md tells of it.

`read_frames` also reads the OCPP-J frames out of packet captures (`harness.capture`) and out of
logs that were not made for it. Three ways of writing logs are known, each with whatever stands
before it (syslog, docker, a second time column, terminal colours):

* Home Assistant with mobilityhouse/ocpp: ``… INFO (MainThread) [ocpp] WB: receive message […]``
* the same library under Python's own logging: ``… INFO:ocpp:WB: send […]``
* evcc at TRACE: ``TRACE 2026/01/31 08:00:00 recv WB: […]``, or ``received JSON message from``

Rule 1: a line that is not understood is counted and named, never fatal.
Rule 2: the order of the lines is the order of what happened; times are read along it. So an
hour that a local clock shows twice is told apart by order, and a log with its newest line first
is turned round as a whole, not sorted.

ASSUMED: a frame in a field log that is not whole JSON was cut by the log, not by the charger;
it is skipped. In our own recordings every frame is kept as it was.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Literal

from harness.errors import UsageError
from harness.local_time import ZURICH
from harness.unsaid import without_secrets
from simulators.wiretap import LINE_WIRE as LINE_WIRE
from simulators.wiretap import Crossing, Wiretap

FORMAT = "isebench-recording"
VERSION = 2
"""1 had no ``origin``, nothing behind ``up`` and ``down``, and no wires in hex of OCPP."""
VERSIONS_READ = (1, 2)
BACKEND = "backend"
"""What the system under test is called on the bench."""
OCPP_WIRE = "ocpp1.6"
BINARY = "+hex"
"""What stands behind the name of a wire whose texts are bytes in hex: ``ocpp1.6+hex``."""

FILE_BYTES_MAX = 256 * 1024 * 1024
"""A log above this is refused: it would not fit into a developer's memory with its frames."""
LINE_CHARS_MAX = 64 * 1024 * 1024
"""A longer line is skipped; a StopTransaction with thousands of values stays below it."""
SKIPPED_KEPT_MAX = 1_000
"""So many skipped lines are shown; all of them are counted."""
SKIPPED_CHARS_MAX = 120
CLOCK_JITTER = timedelta(seconds=2)
"""Lines of several threads may be this much out of order without the hour having been put back."""
ZONE_DOUBT = timedelta(minutes=10)
"""A backend's own time further than this from the log's stamp means another zone. ASSUMED."""

CAPTURE_MAGIC = frozenset(
    bytes.fromhex(one) for one in ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "0a0d0d0a")
)
"""How pcap files begin, of either byte order and with nanoseconds too, and pcapng files."""

CHARGER_ACTIONS = frozenset(
    {
        "Authorize",
        "BootNotification",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "MeterValues",
        "StartTransaction",
        "StatusNotification",
        "StopTransaction",
    }
)
"""The CALLs that only a charger makes (OCPP 1.6 §4); DataTransfer goes both ways."""

Direction = Literal["in", "out"]


class RecordingError(UsageError):
    """
    A recording or a log cannot be read.

    Parameters:
        what: what is wrong with it.
        where: the file, and the line where there is one.
        remedy: what to do about it.
    """

    def __init__(self, what: str, where: str, remedy: str) -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.remedy}"


class NoFrames(RecordingError):
    """The log holds no OCPP-J frame in a form that is known."""


class TooLarge(RecordingError):
    """The file is above the limit."""


class NotARecording(RecordingError):
    """The file is no recording of this bench, or not one that this version reads."""


class Form(StrEnum):
    """Who wrote the log."""

    RECORDING = "isebench recording"
    HOME_ASSISTANT = "Home Assistant log"
    PYTHON = "Python log"
    EVCC = "evcc log"
    CAPTURE = "packet capture"


@dataclass(frozen=True, slots=True)
class Recording:
    """
    A recording of this bench.

    Attributes:
        seed: what the run's chance was drawn from; None where nothing was seeded.
        start: the first instant of the run, in UTC.
        crossings: what crossed, in order.
        origin: what it was made of and how, by name: ``by``, ``of``, ``sha256``, …; empty where it
            was written down as it crossed.
    """

    seed: int | None
    start: datetime
    crossings: tuple[Crossing, ...]
    origin: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Frame:
    """
    One OCPP-J frame of a log.

    Attributes:
        at: when it was logged, in UTC.
        identity: the charger, as the log names it.
        direction: ``in`` towards the backend, ``out`` from it.
        text: the frame, verbatim.
        line: the number of its line in the file, from 1.
    """

    at: datetime
    identity: str
    direction: Direction
    text: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class LineChange:
    """
    A charger's line went up or down; only our own recordings tell.

    Attributes:
        at: when, in UTC.
        identity: the charger.
        up: whether it is up from then on.
        line: the number of its line in the file, from 1.
    """

    at: datetime
    identity: str
    up: bool
    line: int = 0


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that gave no frame: its number from 1, why, and how it begins."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class FieldLog:
    """
    The frames of a log, oldest first.

    Attributes:
        form: who wrote it; where lines of several forms stand, the most frequent.
        frames: the frames, in the order in which they happened.
        changes: when chargers' lines went up and down, as far as the log tells.
        skipped: the lines that gave none, the first `SKIPPED_KEPT_MAX`.
        counts: how many lines were skipped for each reason, all of them.
        newest_first: whether the file had to be turned round.
        written_by: which side of the wire logged: a charger's log says ``send`` of its CALLs.
        notes: what a reader should know about the times.
    """

    form: Form
    frames: tuple[Frame, ...]
    changes: tuple[LineChange, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    newest_first: bool = False
    written_by: Literal["backend", "charger"] = "backend"
    notes: tuple[str, ...] = ()

    @property
    def identities(self) -> tuple[str, ...]:
        """The chargers of the log, in order of appearance."""
        return tuple(dict.fromkeys(frame.identity for frame in self.frames))


# ------------------------------------------------------------------ our own recordings


def instant_text(instant: datetime) -> str:
    """Write an instant as recordings and reports do: UTC, six decimals, ``Z``."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def header_line(seed: int | None, start: datetime, origin: Mapping[str, str] | None = None) -> str:
    """Give the first line of a recording, with its line end."""
    header: dict[str, object] = {"format": FORMAT, "version": VERSION, "seed": seed}
    header["start"] = instant_text(start)
    if origin:
        header["origin"] = dict(origin)
    return json.dumps(header) + "\n"


def crossing_line(crossing: Crossing) -> str:
    """Give the line of one crossing, without secrets, with its line end."""
    line = {
        "at": instant_text(crossing.at),
        "wire": crossing.wire,
        "from": crossing.sender,
        "to": crossing.receiver,
        "text": without_secrets(crossing.wire, crossing.text),
    }
    return json.dumps(line) + "\n"


def recording_text(
    crossings: Iterable[Crossing],
    *,
    seed: int | None,
    start: datetime,
    origin: Mapping[str, str] | None = None,
) -> str:
    """Give a whole recording; the same crossings, seed, start and origin give the same text."""
    return header_line(seed, start, origin) + "".join(map(crossing_line, crossings))


def write_recording(
    path: Path,
    crossings: Iterable[Crossing],
    *,
    seed: int | None,
    start: datetime,
    origin: Mapping[str, str] | None = None,
) -> None:
    """Write a recording to ``path``, over what stands there."""
    text = recording_text(crossings, seed=seed, start=start, origin=origin)
    path.write_bytes(text.encode("ascii"))


@contextlib.contextmanager
def recorded(
    path: Path, tap: Wiretap, start: datetime, origin: Mapping[str, str] | None = None
) -> Iterator[None]:
    """
    Write down what crosses a wiretap, at its moment; where nothing crosses, no file is left.

    Parameters:
        path: a file that is not there yet.
        start: the first instant of the run.
        origin: what the header tells of where this comes from.

    Raises:
        UsageError: If the file is there, or cannot be made.
    """
    try:
        file = path.open("x", encoding="ascii")
    except FileExistsError:
        raise UsageError(f"{path} is there already; name another file for the recording") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be made ({error.strerror}); name another file") from error
    count = 0

    def write(crossing: Crossing) -> None:
        nonlocal count
        count += 1
        # A run may end by a power cut, too: what has crossed stands in the file.
        file.write(crossing_line(crossing))
        file.flush()

    file.write(header_line(None, start, origin))
    tap.listen(write)
    try:
        yield
    finally:
        tap.unlisten(write)
        file.close()
        if count == 0:
            path.unlink()


def read_recording(source: Path | str) -> Recording:
    """
    Read a recording of this bench back, strictly.

    Parameters:
        source: a `Path` is read; a `str` is the recording itself.

    Raises:
        NotARecording: If a line is not as this version writes it.
        TooLarge: If the file is above `FILE_BYTES_MAX`.
    """
    text, where = _load(source)
    lines = text.split("\n")
    seed, start, origin = _read_header(lines[0], where)
    crossings = [
        _read_crossing(line, f"{where}, line {number}")
        for number, line in enumerate(lines[1:], start=2)
        if line.strip()
    ]
    return Recording(seed, start, tuple(crossings), origin)


def _read_header(line: str, where: str) -> tuple[int | None, datetime, dict[str, str]]:
    try:
        header = json.loads(line)
        form, version = header["format"], header["version"]
        seed, start = header["seed"], _instant(header["start"])
        origin = {str(key): str(value) for key, value in header.get("origin", {}).items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NotARecording(
            "the first line is no header of a recording",
            f"{where}, line 1",
            'give a file that `isebench` recorded: it begins with {"format": "isebench-recording"',
        ) from None
    if form != FORMAT or version not in VERSIONS_READ:
        raise NotARecording(
            f"this is {form!r} version {version!r}",
            f"{where}, line 1",
            f"this bench reads {FORMAT!r} version {' and '.join(map(str, VERSIONS_READ))}",
        )
    if not (seed is None or isinstance(seed, int)):
        raise NotARecording(
            f"the seed is {seed!r}", f"{where}, line 1", "it is a whole number, or null"
        )
    return seed, start, origin


def _read_crossing(line: str, where: str) -> Crossing:
    try:
        said = json.loads(line)
        parts = [said[key] for key in ("wire", "from", "to", "text")]
        if not all(isinstance(part, str) for part in parts):
            raise TypeError
        return Crossing(_instant(said["at"]), *parts)
    except (ValueError, KeyError, TypeError):
        raise NotARecording(
            "this line is no crossing", where, "a run that was cut off may end so: remove the line"
        ) from None


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.utcoffset() is None:
        raise ValueError("an instant without a zone")
    return instant.astimezone(UTC)


# ------------------------------------------------------------------ any log with frames


def read_frames(source: Path | str, zone: tzinfo = ZURICH) -> FieldLog:
    """
    Read the OCPP-J frames out of a log, oldest first.

    Parameters:
        source: a `Path` is read; a `str` is the log itself. A packet capture is always a `Path`.
        zone: where the log was written, for stamps that name no zone.

    Raises:
        NoFrames: If there is none in a form that is known.
        TooLarge: If the file is above `FILE_BYTES_MAX`.
    """
    if isinstance(source, Path) and is_capture(source):
        return _captured_frames(source)
    text, where = _load(source)
    lines = text.split("\n")
    skips = _Skips()
    if _is_recording(lines[0]):
        _read_header(lines[0], where)
        log = _own_frames(lines, skips)
    else:
        log = _field_frames(lines, skips, zone)
    if log is None:
        raise _no_frames(lines, where, skips)
    return replace(log, skipped=tuple(skips.kept), counts=tuple(skips.counts.items()))


def read_file(path: Path, zone: tzinfo = ZURICH) -> FieldLog:
    """
    Read the OCPP-J frames of a file that somebody named.

    Raises:
        UsageError: If it cannot be read, or as `read_frames` says.
    """
    try:
        return read_frames(path, zone)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from error


def is_capture(path: Path) -> bool:
    """Tell whether a file begins as packet captures do, those of tcpdump and of Wireshark."""
    with path.open("rb") as file:
        return file.read(4) in CAPTURE_MAGIC


def _captured_frames(path: Path) -> FieldLog:
    # Loaded only by who has a capture.
    from harness.captured_frames import frames_of_capture

    size = path.stat().st_size
    if size > FILE_BYTES_MAX:
        raise TooLarge(
            f"{size:,} bytes",
            str(path),
            f"the limit is {FILE_BYTES_MAX:,}: keep the port in question alone, with "
            "`tcpdump -r FILE -w SMALLER tcp port 9000` say",
        )
    return frames_of_capture(path)


class _Skips:
    """The lines left out: all counted, the first kept."""

    def __init__(self) -> None:
        self.kept: list[Skipped] = []
        self.counts: Counter[str] = Counter()

    def add(self, number: int, reason: str, line: str) -> None:
        self.counts[reason] += 1
        if len(self.kept) < SKIPPED_KEPT_MAX:
            self.kept.append(Skipped(number, reason, _short(line)))


def _is_recording(line: str) -> bool:
    return line.startswith("{") and FORMAT in line


def _own_frames(lines: Sequence[str], skips: _Skips) -> FieldLog | None:
    frames: list[Frame] = []
    changes: list[LineChange] = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        try:
            crossing = _read_crossing(line, "")
        except NotARecording as error:
            skips.add(number, error.what, line)
            continue
        if crossing.wire == OCPP_WIRE:
            frames.append(_frame_of(crossing, number))
        elif crossing.wire == LINE_WIRE:
            up = crossing.text.split(" ", 1)[0] == "up"
            changes.append(LineChange(crossing.at, crossing.sender, up, number))
        else:
            skips.add(number, f"no OCPP frame: {crossing.wire}", line)
    return FieldLog(Form.RECORDING, tuple(frames), tuple(changes)) if frames else None


def crossings_of(log: FieldLog) -> list[Crossing]:
    """
    Give the frames and the line changes of a log as what crossed, in the order of its lines.

    Written down they are a recording that is replayed as the log is.
    """
    told = [
        (
            frame.line,
            Crossing(
                frame.at,
                OCPP_WIRE,
                *(
                    (frame.identity, BACKEND)
                    if frame.direction == "in"
                    else (BACKEND, frame.identity)
                ),
                frame.text,
            ),
        )
        for frame in log.frames
    ]
    if not log.changes:
        return [crossing for _, crossing in told]
    told += [
        (one.line, Crossing(one.at, LINE_WIRE, one.identity, BACKEND, "up" if one.up else "down"))
        for one in log.changes
    ]
    return [crossing for _, crossing in sorted(told, key=lambda each: each[0])]


def _frame_of(crossing: Crossing, number: int) -> Frame:
    if crossing.receiver == BACKEND:
        return Frame(crossing.at, crossing.sender, "in", crossing.text, number)
    return Frame(crossing.at, crossing.receiver, "out", crossing.text, number)


@dataclass(frozen=True, slots=True)
class _Sighting:
    """A frame as its line shows it: the stamp not yet placed in time, the side not yet known."""

    line: int
    form: Form
    stamp: datetime
    identity: str
    received: bool
    text: str


def _field_frames(lines: Sequence[str], skips: _Skips, zone: tzinfo) -> FieldLog | None:
    seen = list(_sightings(lines, skips))
    if not seen:
        return None
    turned = _is_newest_first(seen, zone)
    if turned:
        seen.reverse()
    by_charger = _is_charger_side(seen)
    frames = tuple(
        Frame(
            at, one.identity, "in" if one.received is not by_charger else "out", one.text, one.line
        )
        for one, at in zip(seen, _place([one.stamp for one in seen], zone), strict=True)
    )
    return FieldLog(
        form=Counter(one.form for one in seen).most_common(1)[0][0],
        frames=frames,
        newest_first=turned,
        written_by="charger" if by_charger else "backend",
        notes=_zone_notes(frames, zone),
    )


_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_STAMP = re.compile(
    r"(\d{4})[-/](\d\d)[-/](\d\d)[ T](\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:?\d\d)?"
)
_EVCC = re.compile(
    r"(?:TRACE|DEBUG) (?P<head>[\d/]{10} [\d:]{8}(?:[.,]\d+)?) "
    r"(?P<said>received JSON message from|recv|sent JSON message to|sent|send) "
    r"(?P<identity>.+?): ?(?P<frame>\[.*)$"
)
_HOME_ASSISTANT = re.compile(
    r"^(?P<head>.*?) \([^()]*\) \[[\w.]+\] (?P<identity>.+?): "
    r"(?P<said>receive message|send) (?P<frame>\[.*)$"
)
_PYTHON = re.compile(
    r"^(?P<head>.*?)(?P<identity>[^\s:]+): (?P<said>receive message|send) (?P<frame>\[.*)$"
)
_FORMS = ((Form.EVCC, _EVCC), (Form.HOME_ASSISTANT, _HOME_ASSISTANT), (Form.PYTHON, _PYTHON))
_WORDS = (" message", " recv ", " sent ", " send ")
"""One of these stands in every line with a frame; the cheap look before the patterns."""


def _sightings(lines: Sequence[str], skips: _Skips) -> Iterable[_Sighting]:
    for number, raw in enumerate(lines, start=1):
        line = raw if "\x1b" not in raw else _COLOUR.sub("", raw)
        line = line.rstrip()
        if not line:
            continue
        seen = _sighting(number, line)
        if isinstance(seen, str):
            skips.add(number, seen, line)
        else:
            yield seen


def _sighting(number: int, line: str) -> _Sighting | str:
    """Read one line: what it shows, or the reason why it is skipped."""
    if len(line) > LINE_CHARS_MAX:
        return f"longer than {LINE_CHARS_MAX:,} characters"
    if not any(word in line for word in _WORDS):
        return "no frame"
    for form, pattern in _FORMS:
        found = pattern.search(line)
        if found is None:
            continue
        fault = _frame_fault(found["frame"])
        if fault is not None:
            return fault
        stamp = _stamp(found["head"])
        if stamp is None:
            return "a frame without a time that can be read"
        received = found["said"].startswith("rec")
        return _Sighting(number, form, stamp, found["identity"], received, found["frame"])
    return "no frame"


def _frame_fault(text: str) -> str | None:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return "a frame that is not whole JSON"
    if not isinstance(said, list) or len(said) < 3 or said[0] not in (2, 3, 4):
        return "JSON, but no OCPP-J message"
    return None


def _stamp(head: str) -> datetime | None:
    """Read the last stamp of ``head``: those before it come from who collected the log."""
    found = list(_STAMP.finditer(head))
    if not found:
        return None
    year, month, day, time, fraction, offset = found[-1].groups()
    # Nanoseconds and the like are cut, not rounded: an instant never moves into the next one.
    digits = (fraction or "0")[:6].ljust(6, "0")
    try:
        return datetime.fromisoformat(f"{year}-{month}-{day}T{time}.{digits}{offset or ''}")
    except ValueError:
        return None


def _is_newest_first(seen: Sequence[_Sighting], zone: tzinfo) -> bool:
    """Tell by the stamps; where they do not say, by answers that stand before their CALLs."""
    rough = [one.stamp.replace(tzinfo=one.stamp.tzinfo or zone).astimezone(UTC) for one in seen]
    falls = sum(later < earlier for earlier, later in pairwise(rough))
    rises = sum(later > earlier for earlier, later in pairwise(rough))
    if falls != rises:
        return falls > rises
    return _answers_before_calls(seen)


def _answers_before_calls(seen: Sequence[_Sighting]) -> bool:
    met: set[tuple[str, str, bool]] = set()
    score = 0
    for one in seen:
        kind, message_id, *_ = json.loads(one.text)
        # The partner of a CALL goes the other way and is no CALL.
        partner = (one.identity, repr(message_id), kind != 2)
        if partner in met:
            score += 1 if kind == 2 else -1
        met.add((one.identity, repr(message_id), kind == 2))
    return score > 0


def _is_charger_side(seen: Iterable[_Sighting]) -> bool:
    """Tell whether a charger wrote the log: then it *sends* what only chargers ask."""
    score = 0
    for one in seen:
        said = json.loads(one.text)
        if said[0] == 2 and isinstance(said[2], str) and said[2] in CHARGER_ACTIONS:
            score += -1 if one.received else 1
    return score > 0


def _place(stamps: Sequence[datetime], zone: tzinfo) -> list[datetime]:
    """
    Give each stamp its instant in UTC, along their order.

    A local time that comes twice in the year is taken for the first time until the stamps go
    back by more than `CLOCK_JITTER`; one that never comes (March) is read with the offset
    before the change.
    """
    placed: list[datetime] = []
    for stamp in stamps:
        if stamp.tzinfo is not None:
            placed.append(stamp.astimezone(UTC))
            continue
        first = stamp.replace(tzinfo=zone, fold=0).astimezone(UTC)
        second = stamp.replace(tzinfo=zone, fold=1).astimezone(UTC)
        went_back = bool(placed) and first < placed[-1] - CLOCK_JITTER
        placed.append(second if went_back and second > first else first)
    return placed


def _zone_notes(frames: Iterable[Frame], zone: tzinfo) -> tuple[str, ...]:
    """Compare the log's stamps with the time that the backend gives its chargers in UTC."""
    for frame in frames:
        said = _current_time(frame) if frame.direction == "out" else None
        if said is None:
            continue
        if abs(said - frame.at) <= ZONE_DOUBT:
            return ()
        return (
            f"line {frame.line}: the backend tells its charger {said:%H:%M} UTC, but the log's "
            f"stamp, read in {zone}, is {frame.at:%H:%M} UTC: name the zone the log was "
            f"written in",
        )
    return ()


def _current_time(frame: Frame) -> datetime | None:
    """Give the time in an answer to BootNotification or Heartbeat (OCPP 1.6 §5.4, §5.6)."""
    said = json.loads(frame.text)
    try:
        return _instant(said[2]["currentTime"]) if said[0] == 3 else None
    except (KeyError, TypeError, ValueError):
        return None


# ------------------------------------------------------------------ files


_BOMS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


def _load(source: Path | str) -> tuple[str, str]:
    """Give the text of a log and what to call it."""
    if isinstance(source, str):
        if len(source) > FILE_BYTES_MAX:
            raise _too_large("this text", len(source))
        return source, "this text"
    size = source.stat().st_size
    if size > FILE_BYTES_MAX:
        raise _too_large(str(source), size)
    content = source.read_bytes()
    encoding = next((name for bom, name in _BOMS if content.startswith(bom)), "utf-8")
    # Broken bytes cost their sign, not the log.
    return content.decode(encoding, errors="replace"), str(source)


def _too_large(where: str, size: int) -> TooLarge:
    return TooLarge(
        f"{size:,} bytes",
        where,
        f"the limit is {FILE_BYTES_MAX:,}: cut out the hours in question, a frame is one line",
    )


def _no_frames(lines: Sequence[str], where: str, skips: _Skips) -> NoFrames:
    first = [_short(line) for line in lines if line.strip()][:3]
    shown = "".join(f"\n    {line!r}" for line in first) or " nothing"
    reasons = ", ".join(f"{count} × {reason}" for reason, count in skips.counts.items())
    return NoFrames(
        f"no OCPP frame in a form that is known ({reasons or 'empty'})",
        where,
        "known are recordings of isebench, packet captures (pcap, pcapng), Home Assistant and "
        "Python logs of mobilityhouse/ocpp "
        "(`… [ocpp] WB: receive message [2,…]`, with a time in front) and evcc at TRACE "
        f"(`TRACE 2026/01/31 08:00:00 recv WB: [2,…]`). It begins with:{shown}",
    )


def _short(line: str) -> str:
    line = line.strip()
    return line if len(line) <= SKIPPED_CHARS_MAX else line[: SKIPPED_CHARS_MAX - 1] + "…"
