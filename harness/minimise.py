"""`isebench minimise`: the shortest recording that still shows a fault."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from backend.errors import BackendError
from harness.bench import Bench
from harness.errors import HarnessError, UsageError
from harness.keeps import Fault, fault_of
from harness.local_time import zone_of
from harness.recording import (
    FieldLog,
    Form,
    crossings_of,
    read_file,
    read_frames,
    recording_text,
)
from harness.recording_rules import RULES
from harness.rerun import Rerun, put_before
from harness.shrink import Shrinker
from harness.targets.target_file import STEPPED, Target, read_target
from simulators.errors import SimulatorError

SEED = 1
"""Of the benches; nothing of a run is drawn, as nothing of it is emulated."""
STOPPED = 130

Tell = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Wishes:
    """
    What the command line asks for.

    Attributes:
        recording: a recording, a field log, or a packet capture.
        keeps: what is to be shown still, see `harness.keeps`.
        out: the file for the shorter recording; None for one beside it.
        zone: the zone of logs that write local time.
        target: the file of a backend that is not ours; None for the bundled one.
    """

    recording: Path
    keeps: str
    out: Path | None = None
    zone: str = "Europe/Zurich"
    target: Path | None = None


def minimise(wishes: Wishes, tell: Tell) -> int:
    """
    Shorten a recording, as far as it goes or until Ctrl-C, and write it.

    Parameters:
        tell: told lines for a person.

    Returns:
        0 when nothing more can be left out; 130 when it was stopped: what is written then shows the
        fault, and could be shorter.

    Raises:
        UsageError: If the file for it is there already, the text of ``--keeps`` cannot be judged,
            or the recording does not show the fault.
    """
    fault = fault_of(wishes.keeps)
    source = wishes.recording
    out = wishes.out or source.with_name(f"{source.stem}-minimised.jsonl")
    if out.exists():
        raise UsageError(f"{out} is there already; name another file with -o")
    target = stepped_target(wishes.target)
    log = put_before(as_recorded(read_file(source, zone_of(wishes.zone))))
    tell(f"replaying   {len(log.frames)} frames of {source}")
    first = _shown(log, fault, target)
    if isinstance(first, Exception):
        raise UsageError(f"{source}: {first}") from first
    if first is None:
        raise UsageError(
            f"{source} does not show it: replayed before {_named(target)}, {wishes.keeps!r} is "
            "not so"
        )
    tell(f"shown       {first}")
    progress = _Progress(tell)
    shrinker = Shrinker(log, lambda one: isinstance(_shown(one, fault, target), str), progress.show)
    is_stopped = False
    try:
        shrinker.shrink()
    except KeyboardInterrupt:
        is_stopped = True
    progress.end()
    best = shrinker.best
    origin = {
        "by": "isebench minimise",
        "of": source.name,
        "sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
        "keeps": wishes.keeps,
        "before": _named(target),
        "tries": str(shrinker.tries),
        "ended": "stopped before its end" if is_stopped else "nothing more can be left out",
    }
    text = recording_text(
        crossings_of(best), seed=None, start=min(one.at for one in best.frames), origin=origin
    )
    out.write_text(text, encoding="ascii")
    # What was written shows it, and not only what was in memory.
    again = _shown(read_frames(text), fault, target)
    if not isinstance(again, str):
        out.unlink()
        raise HarnessError(
            f"the shorter recording does not show it once it is written ({again or 'it holds'}); "
            "this is a fault of the bench"
        )
    tell(f"still       {again}")
    tell(f"frames      {len(best.frames)} of {len(log.frames)}, {shrinker.tries} replays")
    tell(f"recording   {out}")
    if is_stopped:
        tell("stopped before its end: it could be shorter")
    return STOPPED if is_stopped else 0


def list_rules() -> str:
    """Say which requirements can be judged on a recording, and how."""
    rows = [f"{rule.id}  {rule.how}" for rule in RULES.values()]
    return "\n".join(rows) + "\n"


def as_recorded(log: FieldLog) -> FieldLog:
    """Give a log as it is once it has been written down as a recording."""
    if log.form is Form.RECORDING:
        return log
    text = recording_text(crossings_of(log), seed=None, start=log.frames[0].at)
    return replace(read_frames(text), form=log.form)


def stepped_target(path: Path | None) -> Target | None:
    """
    Read the file of a backend that is not ours, before which recordings are replayed.

    Raises:
        UsageError: If it cannot be read, or its time is not stepped: a recording lies at times of
            its own.
    """
    target = None if path is None else read_target(path)
    if target is not None and target.time != STEPPED:
        raise UsageError(
            f"{path}: its time is {target.time}, and a recording lies at times of its own; only a "
            f"target whose time is {STEPPED} can be given them"
        )
    return target


def _named(target: Target | None) -> str:
    return "the bundled backend" if target is None else target.name


def _shown(
    log: FieldLog, fault: Fault, target: Target | None
) -> str | HarnessError | BackendError | SimulatorError | None:
    """Replay a recording on a bench of its own; say what it shows, or why nobody can tell."""
    with tempfile.TemporaryDirectory(prefix="isebench-minimise-") as folder:
        bench = Bench(SEED, Path(folder), target)
        try:
            rerun = Rerun(bench, log)
            rerun.play()
            return fault.shown(rerun)
        except (HarnessError, BackendError, SimulatorError) as error:
            return error
        finally:
            bench.close()


class _Progress:
    """A line that is written over where somebody looks; else one each time it got shorter."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._is_looked_at = sys.stderr.isatty()
        self._last = ""

    def show(self, text: str) -> None:
        """Show how far it is."""
        if self._is_looked_at:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        elif (left := text.partition("? ")[2]) != self._last:
            self._last = left
            self._tell(f"            {left}")

    def end(self) -> None:
        """Leave the line."""
        if self._is_looked_at:
            sys.stderr.write("\r\x1b[K")
