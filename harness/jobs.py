"""
A run shared by several processes: each judges a part, and one report is made of theirs.

What they say while they run is one stream: a line a scenario, as it ends. The report is the same,
byte by byte, as that of one process, but for the real time that things took. Should a process die,
its scenarios are errors in the report; none is lost.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from harness.conform import (
    BROKEN,
    FAILED,
    INTERRUPTED,
    NOTHING_RUN,
    PASSED,
    USAGE,
    How,
    Session,
    code_of,
    environment_of,
)
from harness.merge import put_together
from harness.outcomes import Outcome, Report, Verdict
from harness.report_json import NAME, read_report
from harness.selection import Asked
from harness.summary import BAD, reasons, tally
from simulators.clock import stopwatch

OUTPUT_CHARS_MAX = 4_000
"""So much is shown of what a process that broke has said last."""
_SIGNS = {Outcome.PASSED: ".", Outcome.FAILED: "F", Outcome.ERROR: "E"}
_WORST_FIRST = (INTERRUPTED, BROKEN, USAGE, FAILED, PASSED, NOTHING_RUN)
"""A run has the first of these codes that one of its processes ended with."""


@dataclass(slots=True)
class _Part:
    """
    One process and what it judges.

    Attributes:
        process: the pytest.
        folder: where it writes its report.
        said: the file of its output.
        events: what it tells of its progress.
        numbers: the scenarios that are its own, by their number in the run.
        rest: of its events, what is no whole line yet.
    """

    process: subprocess.Popen[bytes]
    folder: Path
    said: Path
    events: IO[bytes]
    numbers: range
    rest: bytes = b""

    def output(self) -> str:
        """Give the end of what it has said."""
        return self.said.read_text(encoding="utf-8", errors="replace")[-OUTPUT_CHARS_MAX:]


def run_side_by_side(session: Session, how: How) -> int:
    """Run what is asked for in several processes, write one report, and give the exit code."""
    seconds = stopwatch()
    run = _Run(session, how)
    with run.signals_passed_on():
        run.start()
        run.watch()
    parts, interrupted = run.parts, run.interrupted
    codes = {code_of(part.process.returncode) for part in parts}
    if interrupted:
        codes.add(INTERRUPTED)
    for part in parts:
        if code_of(part.process.returncode) in (BROKEN, USAGE) and not interrupted:
            _write(sys.stderr, f"a process broke (exit {part.process.returncode}); it said last:\n")
            _write(sys.stderr, f"{part.output()}\n")
    report = _merged(session, how, parts, interrupted=interrupted)
    if report is not None:
        _sum_up(report, len(parts), seconds())
    return next(code for code in _WORST_FIRST if code in codes)


class _Run:
    """
    The processes of a run, and what they tell as one stream.

    Parameters:
        session: what they share.
        how: how they are run.

    Attributes:
        parts: the processes.
        interrupted: whether somebody wants them to end.
    """

    def __init__(self, session: Session, how: How) -> None:
        self._session = session
        self._how = how
        self._done = 0
        self.parts: list[_Part] = []
        self.interrupted = False

    @contextlib.contextmanager
    def signals_passed_on(self) -> Iterator[None]:
        """
        Pass an interrupt on, and a signal to end as one; each process ends by itself then.

        A handler that raises nothing leaves no moment in which a process could be forgotten.
        """
        heeded = [signal.SIGTERM]
        # Who ignores interrupts, as what a shell starts with "&" does, goes on ignoring them.
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            heeded.append(signal.SIGINT)
        before = {number: signal.signal(number, self._pass_on) for number in heeded}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            for part in self.parts:
                part.events.close()

    def _pass_on(self, number: int, frame: object) -> None:
        self.interrupted = True
        for part in self.parts:
            if part.process.returncode is None:
                part.process.send_signal(signal.SIGINT)

    def start(self) -> None:
        """Begin as many processes as are asked for, and no more than there are scenarios."""
        how = self._how
        first, count = how.part
        mine = range(first, len(self._session.selected.asked) + 1, count)
        jobs = min(how.jobs, len(mine)) or 1
        for job in range(jobs):
            if self.interrupted:
                return
            part = _started(
                self._session, job, (first + job * count, count * jobs), mine[job::jobs]
            )
            self.parts.append(part)
            if self.interrupted:  # while it was started
                part.process.send_signal(signal.SIGINT)

    def watch(self) -> None:
        """Show what the processes tell, until all have ended."""
        with selectors.DefaultSelector() as selector:
            for part in self.parts:
                selector.register(part.events, selectors.EVENT_READ, part)
            while selector.get_map():
                for key, _ in selector.select():
                    self._hear(selector, key.data)
        for part in self.parts:
            part.process.wait()
        if self._how.quiet and self._done:
            _write(sys.stdout, "\n")

    def _hear(self, selector: selectors.BaseSelector, part: _Part) -> None:
        heard = os.read(part.events.fileno(), 65_536)
        if not heard:
            selector.unregister(part.events)
            return
        *lines, part.rest = (part.rest + heard).split(b"\n")
        for line in lines:
            event = json.loads(line)
            if "outcome" in event:
                self._show(Outcome(event["outcome"]), event["told"])

    def _show(self, outcome: Outcome, title: str) -> None:
        self._done += 1
        total = sum(len(part.numbers) for part in self.parts)
        if self._how.quiet:
            _write(sys.stdout, _SIGNS.get(outcome, "s"))
            return
        width = len(str(total))
        _write(sys.stdout, f"[{self._done:{width}}/{total}] {outcome}: {title}\n")


def _started(session: Session, job: int, part: tuple[int, int], numbers: range) -> _Part:
    folder = session.root / f"part-{job + 1}"
    folder.mkdir()
    said = session.root / f"said-{job + 1}.txt"
    read, write = os.pipe()
    more = ("--no-pages", "--tell", str(write))
    command = session.command(folder, part, quiet=True, more=more)
    with said.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=environment_of(session.root / folder.name),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(write,),
            process_group=0,
        )
    os.close(write)
    return _Part(process, folder, said, os.fdopen(read, "rb", buffering=0), numbers)


def _merged(
    session: Session, how: How, parts: Sequence[_Part], *, interrupted: bool
) -> Report | None:
    """Make one report of what the parts have written; None where none has written any."""
    written = [part for part in parts if (part.folder / NAME).exists()]
    if not written:
        return None
    reports = [read_report(part.folder) for part in written]
    known = {verdict.number for report in reports for verdict in report.verdicts}
    lost = [
        _lost(session.selected.asked[number - 1], number, part, interrupted=interrupted)
        for part in parts
        for number in part.numbers
        if number not in known
    ]
    return put_together(reports, [part.folder for part in written], how.report, more=lost)


def _lost(asked: Asked, number: int, part: _Part, *, interrupted: bool) -> Verdict:
    scenario = asked.scenario
    ended = f"the process that was to judge this ended before (exit {part.process.returncode})"
    return Verdict(
        requirements=scenario.requirements,
        feature=scenario.feature,
        scenario=asked.title,
        outcome=Outcome.NOT_ASKED if interrupted else Outcome.ERROR,
        message="" if interrupted else f"{ended}; it said last:\n{part.output()}",
        where=f"{scenario.file}:{scenario.line}",
        cases=scenario.cases,
        number=number,
    )


def _sum_up(report: Report, jobs: int, seconds: float) -> None:
    verdicts = report.verdicts
    for verdict in verdicts:
        if verdict.outcome in BAD:
            _write(sys.stdout, f"\n{verdict.told()}\n")
    counts = Counter(verdict.outcome for verdict in verdicts)
    told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    lines = [f"{told} in {seconds:.1f} s, by {jobs} processes"]
    lines += [side.told() for side in tally(report.cases, verdicts)]
    lines += [f"{n} {outcome}: {reason}" for (outcome, reason), n in reasons(verdicts).items()]
    _write(sys.stdout, "\n" + "\n".join(lines) + "\n")


def _write(stream: IO[str], text: str) -> None:
    stream.write(text)
    stream.flush()
