"""
What became of each scenario, with what decided it.

A `Trial` follows one scenario while pytest runs it; when the scenario has ended it takes the
frames and files from the bench and becomes a `report.Verdict`.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from harness.bench import Bench
from harness.catalogue import load_cases, load_requirements
from harness.fault_cells import CellResult
from harness.outcomes import JudgedCell, Outcome, Report, Run, Step, Verdict
from harness.recording import write_recording
from harness.report_folder import write_report
from harness.report_json import delivered_paths
from harness.target import NAME
from harness.targets.target_file import Target
from simulators.wiretap import Crossing

SLUG_CHARS_MAX = 150
"""How long the name of a file of evidence may be; file systems end at 255 bytes."""


@dataclass(slots=True)
class Trial:
    """
    One run of one scenario.

    Attributes:
        node: pytest's name for it.
        feature, scenario, example: its titles, and its row of the examples.
        where: its feature file and line.
        requirements: the ids of what it proves.
        cases: the id of the compliance case that it is, if it is one.
        faults: the rows of the catalogue of field faults that it shows.
        seed: what its chance is drawn from.
        steps: keyword, sentence and outcome, in order.
        outcome: ``not asked`` until pytest has concluded.
        slug: a name for its files: letters, digits and hyphens, the same in every run.
        number: its place among all that was asked for, from 1.
    """

    node: str
    feature: str
    scenario: str
    example: str
    where: str
    requirements: tuple[str, ...]
    seed: int
    cases: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    steps: list[Step] = field(default_factory=list)
    outcome: Outcome = Outcome.NOT_ASKED
    message: str = ""
    duration_s: float = 0.0
    bench: Bench | None = None
    simulated: tuple[datetime, datetime] | None = None
    recording: tuple[Crossing, ...] = ()
    deciding: tuple[Crossing, ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()
    cells: tuple[CellResult, ...] = ()
    in_real_time: bool = False
    judged: tuple[JudgedCell, ...] = ()
    deciding_files: tuple[str, ...] = ()
    slug: str = ""
    number: int = 0

    def __post_init__(self) -> None:
        """Make the name for its files of pytest's name for the test, where it has none yet."""
        self.slug = self.slug or slug_of(self.node)

    @property
    def ids(self) -> tuple[str, ...]:
        """What it is known by where something is declared of it."""
        return (*self.requirements, *self.cases)

    @property
    def title(self) -> str:
        """The scenario's name with its example."""
        return f"{self.scenario} [{self.example}]" if self.example else self.scenario

    @property
    def recording_name(self) -> str:
        """Where its recording goes; those of real processes bear the machine's time."""
        return f"{'real-time' if self.in_real_time else 'recordings'}/{self.slug}.jsonl"

    def begin(self, keyword: str, sentence: str) -> None:
        """Note that a step has begun."""
        self.steps.append(Step(keyword, sentence, Outcome.NOT_ASKED))

    def end(self, outcome: Outcome) -> None:
        """Note how the step ended."""
        self.steps[-1] = self.steps[-1]._replace(outcome=outcome)

    def conclude(self, when: str, outcome: str, message: str, duration_s: float) -> None:
        """
        Take pytest's word on a phase of the test.

        Parameters:
            when: ``setup``, ``call`` or ``teardown``.
            outcome: ``passed``, ``failed`` or ``skipped``.
            message: the reason of what was skipped, the traceback of what failed.
            duration_s: how long the phase took, in real seconds.
        """
        self.duration_s += duration_s
        if when == "call":
            self.outcome = _OUTCOMES[outcome]
            self._gather()
        elif outcome == "failed":
            self.outcome = Outcome.ERROR
        if outcome == "skipped":
            self.message, self.outcome = _declared(message)
        elif outcome != "passed":
            self.message = "\n".join(filter(None, (self.message, _essence(message))))

    def told(self) -> str:
        """Say in a few lines what did not hold, and how to see it again."""
        return self.verdict().told()

    def _gather(self) -> None:
        bench, self.bench = self.bench, None
        if bench is None or not bench.going:
            return
        self.simulated = (bench.start, bench.clock.now())
        self.recording = tuple(bench.tap.crossings)
        self.in_real_time = bench.in_real_time
        self.deciding = tuple(bench.deciding)
        self.cells = tuple(bench.cells)
        # Of a matrix, whose files are all the same, those that decided are enough.
        self.files = tuple(
            (file.name, file.content)
            for file in bench.arrived()
            if not bench.cells or file.name in bench.deciding_files
        )
        self.judged = tuple(bench.judged)
        self.deciding_files = tuple(bench.deciding_files)
        self.message = "\n".join(bench.remarks)

    def verdict(self) -> Verdict:
        """Give what the report shows."""
        return Verdict(
            requirements=self.requirements,
            cases=self.cases,
            faults=self.faults,
            cells=self.cells,
            feature=self.feature,
            scenario=self.title,
            outcome=self.outcome,
            seed=self.seed,
            steps=tuple(self.steps),
            evidence=self.recording,
            deciding=self.deciding,
            files=tuple((name, content.decode("utf-8", "replace")) for name, content in self.files),
            message=self.message,
            duration_s=self.duration_s,
            simulated=self.simulated,
            where=self.where,
            recording=self.recording_name if self.recording else "",
            judged=self.judged,
            deciding_files=self.deciding_files,
            test=self.node.partition("::")[2],
            slug=self.slug,
            number=self.number,
        )


def properties_of(trial: Trial, target: str) -> list[tuple[str, object]]:
    """Give what junit.xml has of a trial of a system under test, besides its outcome."""
    return [
        *(("requirement", id) for id in trial.requirements),
        *(("case", id) for id in trial.cases),
        ("seed", str(trial.seed)),
        ("target", target),
        ("where", trial.where),
    ]


def slug_of(node: str) -> str:
    """Give a name for files of pytest's name for a test: letters, digits and hyphens."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", node.partition("::")[2])
    return name.strip("-").lower()[:SLUG_CHARS_MAX]


def slugs_of(nodes: Iterable[str]) -> list[str]:
    """Give names for the files of tests; those that would be the same bear a number."""
    taken: set[str] = set()
    slugs = []
    for node in nodes:
        name, number = slug_of(node), 1
        slug = name
        while slug in taken:
            number += 1
            slug = f"{name}-{number}"
        taken.add(slug)
        slugs.append(slug)
    return slugs


_OUTCOMES = {
    "passed": Outcome.PASSED,
    "failed": Outcome.FAILED,
    "skipped": Outcome.NOT_APPLICABLE,
}


def _declared(reason: str) -> tuple[str, Outcome]:
    """Tell from the words before a reason what was declared; without any: not applicable."""
    for outcome in (Outcome.NOT_YET_COVERED, Outcome.NOT_APPLICABLE, Outcome.EXPECTED_FAILURE):
        if reason.startswith(f"{outcome}: "):
            return reason.removeprefix(f"{outcome}: "), outcome
    return reason, Outcome.NOT_APPLICABLE


_KIND = re.compile(
    r"^(?:AssertionError|(?:harness|simulators|backend|pytest_bdd)(?:\.\w+)*"
    r"\.(?:errors|exceptions)\.\w+): "
)


def _essence(message: str) -> str:
    """Give the lines in which pytest says what went wrong, or the last of all."""
    errors = [
        _KIND.sub("", line[1:].strip()) for line in message.splitlines() if line.startswith("E ")
    ]
    return "\n".join(errors) or "\n".join(message.splitlines()[-12:])


class Trials:
    """
    All trials of a run, and what is written of them.

    Attributes:
        seed: what their chance is drawn from.
        asked: how many were asked for, in all parts of the run.
        target: the name of the system under test.
    """

    def __init__(self, seed: int, features: Path, target: Target | None = None) -> None:
        self.seed = seed
        self.asked = 0
        self.target = NAME if target is None else target.name
        self._target = target
        self._features = features
        self._trials: list[Trial] = []

    def add(self, trial: Trial) -> None:
        """Take a trial that begins."""
        self._trials.append(trial)

    def verdicts(self) -> list[Verdict]:
        """Give what became of each, in the order in which they began."""
        return [trial.verdict() for trial in self._trials]

    def write(
        self, folder: Path, *, interrupted: bool = False, selection: str = "", pages: bool = True
    ) -> None:
        """
        Write the report, and each trial's recording and delivered files, into ``folder``.

        Parameters:
            folder: made where it is missing.
            interrupted: whether somebody stopped the run before its end.
            selection: what was asked for, in words; empty for all.
            pages: whether to write what people read, too.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for trial in self._trials:
            self._write_evidence(folder, trial)
        target = self._target
        run = Run(
            target=self.target,
            facts=() if target is None else target.facts(),
            seed=self.seed,
            versions=(("isebench", version("isebench")), ("Python", platform.python_version())),
            selection=selection,
            asked=self.asked,
            interrupted=interrupted,
        )
        requirements, cases = load_requirements(self._features), load_cases()
        report = Report(run, tuple(requirements), tuple(cases), tuple(self.verdicts()))
        write_report(folder, report, pages=pages)

    def _write_evidence(self, folder: Path, trial: Trial) -> None:
        if trial.recording and trial.simulated:
            path = folder / trial.recording_name
            path.parent.mkdir(exist_ok=True)
            write_recording(path, trial.recording, seed=self.seed, start=trial.simulated[0])
        paths = delivered_paths(trial.slug, [name for name, _ in trial.files])
        for name, (_, content) in zip(paths, trial.files, strict=True):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
