"""
`isebench conform`: run scenarios, in pytests of their own, and tell what came of them.

One process judges them, or several side by side (`harness.jobs`), each a part of them.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.catalogue import load_cases, load_requirements
from harness.errors import UsageError
from harness.folders import clear_folder
from harness.junit import CUCUMBER, JUNIT, set_groups
from harness.report_folder import MARKER, WRITTEN
from harness.selection import Selection, Wish, select
from harness.targets.errors import TargetRefuses, TargetTrouble
from harness.targets.target_file import read_target

PASSED, FAILED, USAGE, BROKEN, NOTHING_RUN, INTERRUPTED = 0, 1, 2, 3, 4, 130
"""
Exit codes: all passed, something failed, wrong usage, the bench broke, nothing was run, and
somebody pressed Ctrl-C.
"""

# Pytest's 2 is left out: it also is what scenarios that cannot be collected end with.
_FROM_PYTEST = {0: PASSED, 1: FAILED, 4: USAGE, 5: NOTHING_RUN}
JOBS_MAX = 64


@dataclass(frozen=True, slots=True)
class How:
    """
    How a run is done.

    Attributes:
        features: the folder of the features.
        seed: what all chance comes from.
        report: the folder for the reports, the recordings and the delivered files.
        quiet: whether to show less than a line a scenario.
        part: which of how many parts of what is asked for.
        jobs: how many processes share it.
        target: the file of a backend that is not ours, to be put under test.
    """

    features: Path
    seed: int
    report: Path
    quiet: bool = False
    part: tuple[int, int] = (1, 1)
    jobs: int = 1
    target: Path | None = None


def conform(wish: Wish, how: How) -> int:
    """
    Run what is asked for, and write the reports.

    Returns:
        The exit code, see the constants of this module.

    Raises:
        UsageError: If an id or a tag selects nothing, the features cannot be read, or the folder
            for the reports cannot be made.
    """
    selected = select(wish, how.features)
    if how.target is not None:
        _check_target(how.target, how)
    clear_folder(how.report, "--report", MARKER, WRITTEN)
    with tempfile.TemporaryDirectory(prefix="isebench-") as folder:
        session = Session(Path(folder), selected, wish.told(), how)
        if how.jobs > 1:
            # Merging is not loaded by who has nothing to merge.
            from harness.jobs import run_side_by_side

            return run_side_by_side(session, how)
        command = session.command(how.report, how.part, quiet=how.quiet)
        code = _run(command, session.root)
        if (how.report / JUNIT).is_file():
            set_groups(how.report / JUNIT)
        return code


def _check_target(path: Path, how: How) -> None:
    """
    Refuse a target that cannot be put under test before anything is run.

    Raises:
        UsageError: If its file is wrong, its scope names what there is not, it does not start, or
            it stands once and several processes would use it.
    """
    target = read_target(path)
    if how.jobs > 1 and not target.start:
        raise UsageError(
            f"{path}: the target stands there once, and {how.jobs} processes would use it at a "
            "time; leave --jobs out, or describe how it is started"
        )
    known = {row.id for row in load_requirements(how.features)} | {one.id for one in load_cases()}
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


class Session:
    """
    What the pytests of a run share: a module of scenarios, a configuration, and what is asked for.

    Parameters:
        root: an empty folder for it.
        selected: which scenarios are asked for.
        told: what was asked for, in words.
        how: how they are run.
    """

    def __init__(self, root: Path, selected: Selection, told: str, how: How) -> None:
        self.root = root
        self.selected = selected
        self._told = told
        self._how = how
        (root / "test_features.py").write_text(
            "from pytest_bdd import scenarios\n\n"
            f"scenarios(*{selected.files!r}, features_base_dir={str(how.features)!r})\n",
            encoding="utf-8",
        )
        # An own configuration, so that none that happens to lie about the user is taken.
        (root / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
        if not selected.is_all:
            asked = json.dumps([one.key for one in selected.asked])
            (root / "asked.json").write_text(asked, encoding="utf-8")

    def command(
        self, evidence: Path, part: tuple[int, int], *, quiet: bool, more: Sequence[str] = ()
    ) -> list[str]:
        """Give the command of a pytest that judges a part, and writes its reports into a folder."""
        root, how = self.root, self._how
        first, count = part
        command = [
            *(sys.executable, "-P", "-m", "harness.run_pytest", str(root / "test_features.py")),
            *("-c", str(root / "pytest.ini"), "--rootdir", str(root)),
            *("-p", "harness.plugin", "-p", "pytest_bdd.plugin", "-p", "no:cacheprovider"),
            *("--import-mode=importlib", "--strict-markers"),
            *("--seed", str(how.seed), "--features", str(how.features)),
            *("--evidence", str(evidence), "--part", f"{first}/{count}"),
            *("--basetemp", str(root / f"benches-{first}"), "--tb=short", "-rfE"),
            f"--junitxml={evidence / JUNIT}",
            f"--cucumberjson={evidence / CUCUMBER}",
            f"--selection={self._told}",
            "-q" if quiet else "-v",
        ]
        if how.target is not None:
            command += ["--target", str(how.target)]
        if not self.selected.is_all:
            command += ["--asked", str(root / "asked.json")]
        return [*command, *more]


def environment_of(scratch: Path) -> dict[str, str]:
    """Give the environment for a pytest that nothing about the user may change."""
    return {
        **os.environ,
        "PYTEST_ADDOPTS": "",
        "PYTEST_PLUGINS": "",
        # Nor any plugin that happens to be installed: they change runs, and make them begin late.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        # What hypothesis remembers between runs must not lie about in the user's folder.
        "HYPOTHESIS_STORAGE_DIRECTORY": str(scratch / "hypothesis"),
    }


def code_of(returned: int) -> int:
    """Tell what the end of a pytest means."""
    return _FROM_PYTEST.get(returned, BROKEN)


def _run(command: list[str], scratch: Path) -> int:
    # In a group of its own, so that an interrupt reaches it once, whoever sends it to whom.
    process = subprocess.Popen(
        command, env=environment_of(scratch), stdin=subprocess.DEVNULL, process_group=0
    )
    before = signal.signal(signal.SIGTERM, interrupt)
    interrupted = False
    try:
        while True:
            try:
                code = code_of(process.wait())
                return INTERRUPTED if interrupted else code
            except KeyboardInterrupt:
                # It ends its scenario and writes what it has.
                interrupted = True
                process.send_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGTERM, before)


def interrupt(number: int, frame: object) -> None:
    """Take a signal to end as Ctrl-C."""
    raise KeyboardInterrupt
