"""A run that several processes share; here they are small programs that behave as pytests do."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from harness.catalogue import ListedScenario
from harness.conform import BROKEN, FAILED, INTERRUPTED, NOTHING_RUN, PASSED, USAGE, How
from harness.jobs import run_side_by_side
from harness.outcomes import Outcome, Report, Run, Verdict
from harness.report_folder import write_report
from harness.report_json import read_report
from harness.selection import Asked, Selection

WORKER = """
import json, os, pathlib, signal, sys
folder, descriptor, ready, code, wait = sys.argv[1:6]
fd = int(descriptor)
os.write(fd, (json.dumps({"count": 1}) + "\\n").encode())
for event in json.loads(sys.argv[6]):
    os.write(fd, (json.dumps(event) + "\\n").encode())
if wait == "yes":
    signal.signal(signal.SIGINT, lambda *_: None)
    pathlib.Path(ready).touch()
    signal.pause()
print("the last words", flush=True)
if code == "killed":
    os.kill(os.getpid(), 9)
sys.exit(int(code))
"""


class Session:
    """
    Stands for what the pytests of a run share.

    Parameters:
        root: a folder.
        codes: how the process of each part ends: its exit code, or "killed".
        waits: whether they wait to be interrupted.
        writes: whether they leave a report.
    """

    def __init__(
        self, root: Path, codes: Sequence[str], *, waits: bool = False, writes: bool = True
    ) -> None:
        self.root = root
        self._codes, self._waits, self._writes = codes, waits, writes
        self.parts: list[tuple[int, int]] = []
        scenario = ListedScenario("Lamps", "Lamp", ("ABC-01",), "lamps.feature", 3)
        titles = [f"Lamp {number}" for number in range(1, 5)]
        self.selected = Selection(asked=tuple(Asked(scenario, title) for title in titles))

    def command(
        self, evidence: Path, part: tuple[int, int], *, quiet: bool, more: Sequence[str] = ()
    ) -> list[str]:
        """Give the command of a worker, and write what it leaves."""
        code = self._codes[len(self.parts)]
        self.parts.append(part)
        numbers = range(part[0], 5, part[1])
        events = []
        if self._writes and code != "killed":
            verdicts = tuple(
                Verdict(
                    ("ABC-01",),
                    "Lamps",
                    f"Lamp {number}",
                    Outcome.FAILED if code == "1" else Outcome.PASSED,
                    message="it is dark" if code == "1" else "",
                    number=number,
                )
                for number in numbers
            )
            write_report(evidence, Report(Run("x", seed=1), (), (), verdicts), pages=False)
            events = [
                {"number": one.number, "outcome": one.outcome, "told": one.scenario}
                for one in verdicts
            ]
        wait = "yes" if self._waits else "no"
        ready = str(self.root / f"ready-{part[0]}")
        told = (str(evidence), more[2], ready, code, wait, json.dumps(events))
        return [sys.executable, "-S", "-c", WORKER, *told]


def run(session: Session, out: Path, **more: object) -> int:
    """Run it in two processes, unless told otherwise."""
    out.mkdir(exist_ok=True)
    told: dict[str, object] = {"features": out, "seed": 1, "report": out, "jobs": 2, **more}
    return run_side_by_side(session, How(**told))  # type: ignore[arg-type]


class TestEnd:
    """Exit codes, and what is said at last."""

    @pytest.mark.parametrize(
        ("codes", "expected"),
        [
            (["0", "0"], PASSED),
            (["0", "1"], FAILED),
            (["0", "5"], PASSED),
            (["5", "5"], NOTHING_RUN),
            (["4", "1"], USAGE),
            (["3", "4"], BROKEN),
        ],
    )
    def test_is_as_bad_as_the_worst_process(
        self, tmp_path: Path, codes: list[str], expected: int
    ) -> None:
        """A part without scenarios takes nothing from those with some."""
        assert expected == run(Session(tmp_path, codes), tmp_path / "out")

    def test_failures_are_told_with_their_reason(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """One stream: a line a scenario, then what did not hold, then the counts."""
        run(Session(tmp_path, ["0", "1"]), tmp_path / "out")

        said = capsys.readouterr().out
        lines = said.splitlines()
        assert {"passed: Lamp 1", "failed: Lamp 2", "passed: Lamp 3", "failed: Lamp 4"} == {
            line.partition("] ")[2] for line in lines[:4]
        }
        assert ["[1/4]", "[2/4]", "[3/4]", "[4/4]"] == [line.split()[0] for line in lines[:4]]
        assert ": Lamp 2\nit is dark\n" in said
        assert "2 passed, 2 failed in " in said
        assert "by 2 processes" in said

    def test_a_quiet_run_shows_a_sign_a_scenario(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """As pytest does."""
        run(Session(tmp_path, ["0", "1"]), tmp_path / "out", quiet=True)

        assert "..FF" == "".join(sorted(capsys.readouterr().out.splitlines()[0]))


class TestLoss:
    """A process that dies takes nothing with it."""

    def test_its_scenarios_are_errors(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """In the report, with what it said last; the others are as they were."""
        assert BROKEN == run(Session(tmp_path, ["0", "killed"]), tmp_path / "out")

        verdicts = read_report(tmp_path / "out").verdicts
        assert [
            ("Lamp 1", Outcome.PASSED),
            ("Lamp 2", Outcome.ERROR),
            ("Lamp 3", Outcome.PASSED),
            ("Lamp 4", Outcome.ERROR),
        ] == [(one.scenario, one.outcome) for one in verdicts]
        assert "ended before (exit -9); it said last:\nthe last words" in verdicts[1].message
        assert ("lamps.feature:3", ("ABC-01",)) == (verdicts[1].where, verdicts[1].requirements)
        assert "a process broke (exit -9)" in capsys.readouterr().err

    def test_of_all_leaves_no_report(self, tmp_path: Path) -> None:
        """There is nothing to tell."""
        assert BROKEN == run(Session(tmp_path, ["killed", "killed"]), tmp_path / "out")
        assert not (tmp_path / "out" / "report.json").exists()


class TestParts:
    """Who judges what."""

    @pytest.mark.parametrize(
        ("jobs", "part", "parts"),
        [
            (2, (1, 1), [(1, 2), (2, 2)]),
            (3, (1, 1), [(1, 3), (2, 3), (3, 3)]),
            (9, (1, 1), [(1, 4), (2, 4), (3, 4), (4, 4)]),
            (2, (2, 2), [(2, 4), (4, 4)]),
        ],
    )
    def test_are_shared_out(
        self, tmp_path: Path, jobs: int, part: tuple[int, int], parts: list[tuple[int, int]]
    ) -> None:
        """No more processes than scenarios; a part of a run is shared out again."""
        session = Session(tmp_path, ["0"] * 4)

        run(session, tmp_path / "out", jobs=jobs, part=part)

        assert parts == session.parts


class TestInterrupts:
    """Ctrl-C, and the signal that a CI server sends."""

    @pytest.fixture(autouse=True)
    def _heeds(self) -> Iterator[None]:
        """Heed interrupts, which what a shell starts with "&" does not."""
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
        signal.signal(signal.SIGINT, before)

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_reach_all(self, tmp_path: Path, number: signal.Signals) -> None:
        """Each ends by itself and leaves what it has; the run was interrupted."""
        session = Session(tmp_path, ["2", "2"], waits=True)

        assert INTERRUPTED == interrupted(session, tmp_path, number)
        assert 4 == len(read_report(tmp_path / "out").verdicts)

    def test_leave_not_asked_what_was_not_judged(self, tmp_path: Path) -> None:
        """An interrupt is nobody's fault."""
        session = Session(tmp_path, ["2", "killed"], waits=True)

        assert INTERRUPTED == interrupted(session, tmp_path, signal.SIGINT)
        assert [Outcome.PASSED, Outcome.NOT_ASKED] == [
            one.outcome for one in read_report(tmp_path / "out").verdicts[:2]
        ]


def interrupted(session: Session, folder: Path, number: signal.Signals) -> int:
    """Run it, and send this process a signal when both of its own wait for one."""

    def send() -> None:
        while len(list(folder.glob("ready-*"))) < 2:
            threading.Event().wait(0.02)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=send)
    thread.start()
    code = run(session, folder / "out")
    thread.join()
    return code
