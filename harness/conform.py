"""`isebench conform`: run scenarios, in a pytest of their own, and tell what came of them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.catalogue import (
    ListedScenario,
    check_foundation,
    load_cases,
    load_requirements,
    load_scenarios,
)
from harness.errors import UsageError
from harness.folders import clear_folder
from harness.targets.errors import TargetRefuses, TargetTrouble
from harness.targets.target_file import read_target

PASSED, FAILED, USAGE, BROKEN, NOTHING_RUN, INTERRUPTED = 0, 1, 2, 3, 4, 130
"""
Exit codes: all passed, something failed, wrong usage, the bench broke, nothing was run, and
somebody pressed Ctrl-C.
"""

MARKER = "isebench-report.txt"
WRITTEN = (
    "cucumber.json",
    "delivered",
    "junit.xml",
    "matrix.md",
    "real-time",
    "recordings",
    "report.html",
)
"""What a run writes into its report's folder."""

# Pytest's 2 is left out: it also is what scenarios that cannot be collected end with.
_FROM_PYTEST = {0: PASSED, 1: FAILED, 4: USAGE, 5: NOTHING_RUN}


@dataclass(frozen=True, slots=True)
class Selection:
    """
    What a run asks for.

    Attributes:
        requirements, cases: ids; a scenario with one of them is in. None of both means all.
        side: only compliance cases of this side; empty for no such limit.
        files: the features that hold what is asked for.
    """

    requirements: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    side: str = ""
    files: tuple[str, ...] = ()

    @property
    def is_all(self) -> bool:
        """Whether everything is asked for."""
        return not (self.requirements or self.cases or self.side)

    @property
    def marks(self) -> str:
        """The expression by which pytest selects; empty for all."""
        named = [f"requirement(id={id!r})" for id in self.requirements]
        named += [f"case(id={id!r})" for id in self.cases]
        parts = [f"({' or '.join(named)})"] if named else []
        if self.side:
            parts.append(f"case(side={self.side!r})")
        return " and ".join(parts)

    def holds(self, scenario: ListedScenario, sides: dict[str, str]) -> bool:
        """Tell whether a scenario is asked for; ``sides`` are those of the cases."""
        named = not (self.requirements or self.cases) or not (
            {*self.requirements, *self.cases}.isdisjoint((*scenario.requirements, *scenario.cases))
        )
        return named and (not self.side or self.side in (sides.get(id) for id in scenario.cases))


def conform(
    ids: Sequence[str],
    *,
    features: Path,
    seed: int,
    report: Path,
    quiet: bool,
    side: str = "",
    part: tuple[int, int] = (1, 1),
    quick: bool = False,
    target: Path | None = None,
) -> int:
    """
    Run the scenarios of some requirements or cases, or all, and write the reports.

    Parameters:
        ids: ids of requirements (``ISE-02``) and of compliance cases (``TC_003_CS``), or their
            beginnings (``ISE``); none means all.
        features: the folder of the features.
        seed: what all chance comes from.
        report: the folder for junit.xml, cucumber.json, report.html, matrix.md, the
            recordings and the delivered files.
        quiet: whether to show less than a line a scenario.
        side: only the compliance cases of this side.
        part: which of how many parts of all that.
        quick: whether to leave out what is tagged as slow.
        target: the file of a backend that is not ours, to be put under test; only what judges a
            backend is run then.

    Returns:
        The exit code, see the constants of this module.

    Raises:
        UsageError: If an id selects nothing, the features cannot be read, or the folder for
            the reports cannot be made.
    """
    selected = select(ids, features, side)
    if target is not None:
        _check_target(target, features)
    clear_folder(report, "--report", MARKER, WRITTEN)
    with tempfile.TemporaryDirectory(prefix="isebench-") as folder:
        root = Path(folder)
        module = root / "test_features.py"
        module.write_text(
            "from pytest_bdd import scenarios\n\n"
            f"scenarios(*{selected.files!r}, features_base_dir={str(features)!r})\n",
            encoding="utf-8",
        )
        # An own configuration, so that none that happens to lie about the user is taken.
        config = root / "pytest.ini"
        config.write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
        command = [
            *(sys.executable, "-P", "-m", "harness.run_pytest", str(module)),
            *("-c", str(config), "--rootdir", str(root)),
            *("-p", "harness.plugin", "-p", "pytest_bdd.plugin", "-p", "no:cacheprovider"),
            *("--import-mode=importlib", "--strict-markers"),
            *("--seed", str(seed), "--features", str(features), "--evidence", str(report)),
            *("--basetemp", str(root / "benches"), "--tb=short", "-rfE"),
            f"--junitxml={report / 'junit.xml'}",
            f"--cucumberjson={report / 'cucumber.json'}",
            "-q" if quiet else "-v",
        ]
        command += ["--part", "/".join(map(str, part)), *(["--quick"] if quick else [])]
        if target is not None:
            command += ["--target", str(target)]
        if not selected.is_all:
            command += ["-m", selected.marks]
        return _run(command, root)


def _check_target(path: Path, features: Path) -> None:
    """
    Refuse a target that cannot be put under test before anything is run.

    Raises:
        UsageError: If its file is wrong, its scope names what there is not, or it does not start.
    """
    target = read_target(path)
    known = {row.id for row in load_requirements(features)} | {case.id for case in load_cases()}
    scope = target.scope
    for name in (*scope.not_applicable, *scope.expected_to_fail):
        is_id = re.fullmatch(r"[A-Z]{2}[A-Z0-9_-]*", name)
        begins = {id for id in known if id.startswith(name.strip().upper())}
        # What is no id is what scenarios ask to be supported, and that begins no id.
        if (is_id and not begins) or (begins and not is_id):
            raise UsageError(
                f"{path}: {name or 'an empty name'} is no requirement and no case, nor the "
                "beginning of one, with two capitals at least; `isebench list` shows them"
            )
    for name in scope.expected_to_fail:
        if (reason := scope.left_out((name,))) is not None:
            raise UsageError(
                f'{path}: {name} is expected to fail, and not applicable ("{reason}"): '
                "take it out of one of the two tables"
            )
    from harness.targets.trying import try_out

    try:
        try_out(target)
    except (TargetTrouble, TargetRefuses) as error:
        raise UsageError(f"{path}: the target cannot be put under test: {error}") from error


def select(ids: Sequence[str], features: Path, side: str = "") -> Selection:
    """
    Give what some words ask for.

    A word that is the id of a case asks for that case alone, else for all whose ids begin so.

    Raises:
        UsageError: If a word selects nothing that has a scenario, or a scenario proves nothing.
    """
    requirements, scenarios, cases = (
        load_requirements(features),
        load_scenarios(features),
        load_cases(),
    )
    check_foundation(requirements, scenarios)
    sides = {case.id: case.side for case in cases}
    there = Selection(side=side)
    possible = [scenario for scenario in scenarios if there.holds(scenario, sides)]
    covered = {id for one in possible for id in (*one.requirements, *one.cases)}
    rows = [row.id for row in requirements if row.id in covered]
    known = [case.id for case in cases if case.id in covered]
    wanted_rows: dict[str, None] = {}
    wanted_cases: dict[str, None] = {}
    for word in ids:
        if side:
            _check_side(word.upper(), side, sides, {row.id for row in requirements} - set(rows))
        found_rows, found_cases = _named(word, rows), _named(word, known)
        if not found_rows and not found_cases:
            raise UsageError(
                f'"{word}" selects no scenario; `isebench list` shows the ids that there are'
            )
        wanted_rows |= dict.fromkeys(found_rows)
        wanted_cases |= dict.fromkeys(found_cases)
    wanted = Selection(tuple(wanted_rows), tuple(wanted_cases), side)
    asked = [scenario for scenario in possible if wanted.holds(scenario, sides)]
    if not asked:
        raise UsageError(f"{features}: no scenario there is a compliance case of the {side} side")
    return Selection(wanted.requirements, wanted.cases, side, _files(asked))


def _check_side(word: str, side: str, sides: Mapping[str, str], elsewhere: Collection[str]) -> None:
    """Refuse a whole id that is there, and has nothing of the side."""
    if sides.get(word, side) != side:
        raise UsageError(f"{word} is a case of the {sides[word]} side, not of the {side} side")
    if word in elsewhere:
        raise UsageError(
            f"{word} has no compliance case of the {side} side; leave --side out to run its "
            "scenarios"
        )


def _named(word: str, ids: Sequence[str]) -> list[str]:
    word = word.upper()
    return [word] if word in ids else [id for id in ids if id.startswith(word)]


def _files(scenarios: Iterable[ListedScenario]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(scenario.path for scenario in scenarios))


def _run(command: list[str], scratch: Path) -> int:
    environment = {
        **os.environ,
        "PYTEST_ADDOPTS": "",
        "PYTEST_PLUGINS": "",
        # Nor any plugin that happens to be installed: they change runs, and make them begin late.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        # What hypothesis remembers between runs must not lie about in the user's folder.
        "HYPOTHESIS_STORAGE_DIRECTORY": str(scratch / "hypothesis"),
    }
    # In a group of its own, so that an interrupt reaches it once, whoever sends it to whom.
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, process_group=0)
    before = signal.signal(signal.SIGTERM, _interrupt)
    interrupted = False
    try:
        while True:
            try:
                code = _FROM_PYTEST.get(process.wait(), BROKEN)
                return INTERRUPTED if interrupted else code
            except KeyboardInterrupt:
                # It ends its scenario and writes what it has.
                interrupted = True
                process.send_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
