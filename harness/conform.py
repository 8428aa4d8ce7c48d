"""`isebench conform`: run scenarios, in a pytest of their own, and tell what came of them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from harness.catalogue import check_foundation, load_requirements, load_scenarios
from harness.errors import UsageError
from harness.folders import clear_folder

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


def conform(ids: Sequence[str], *, features: Path, seed: int, report: Path, quiet: bool) -> int:
    """
    Run the scenarios of some requirements, or all, and write the reports.

    Parameters:
        ids: requirement ids (``ISE-02``) or their beginnings (``ISE``); none means all.
        features: the folder of the features.
        seed: what all chance comes from.
        report: the folder for junit.xml, cucumber.json, report.html, matrix.md, the
            recordings and the delivered files.
        quiet: whether to show less than a line a scenario.

    Returns:
        The exit code, see the constants of this module.

    Raises:
        UsageError: If an id selects nothing, the features cannot be read, or the folder for
            the reports cannot be made.
    """
    selected = select(ids, features)
    clear_folder(report, "--report", MARKER, WRITTEN)
    with tempfile.TemporaryDirectory(prefix="isebench-") as folder:
        root = Path(folder)
        module = root / "test_features.py"
        module.write_text(
            "from pytest_bdd import scenarios\n\n"
            f"scenarios({str(features)!r}, features_base_dir={str(features)!r})\n",
            encoding="utf-8",
        )
        # An own configuration, so that none that happens to lie about the user is taken.
        config = root / "pytest.ini"
        config.write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
        command = [
            *(sys.executable, "-P", "-m", "pytest", str(module)),
            *("-c", str(config), "--rootdir", str(root), "-p", "harness.plugin"),
            *("-p", "no:cacheprovider", "--import-mode=importlib", "--strict-markers"),
            *("--seed", str(seed), "--features", str(features), "--evidence", str(report)),
            *("--basetemp", str(root / "benches"), "--tb=short", "-ra"),
            f"--junitxml={report / 'junit.xml'}",
            f"--cucumberjson={report / 'cucumber.json'}",
            "-q" if quiet else "-v",
        ]
        if ids:
            command += ["-m", " or ".join(f"requirement(id={id!r})" for id in selected)]
        return _run(command, root)


def select(ids: Sequence[str], features: Path) -> list[str]:
    """
    Give the requirement ids that some words select.

    Raises:
        UsageError: If a word selects nothing that has a scenario, or a scenario proves nothing.
    """
    requirements, scenarios = load_requirements(features), load_scenarios(features)
    check_foundation(requirements, scenarios)
    known = [row.id for row in requirements]
    covered = {id for scenario in scenarios for id in scenario.requirements}
    selected: list[str] = []
    for word in ids:
        found = [id for id in known if id.startswith(word.upper()) and id in covered]
        if not found:
            raise UsageError(
                f'"{word}" selects no scenario; `isebench list` shows the ids that there are'
            )
        selected += [id for id in found if id not in selected]
    return selected


def _run(command: list[str], scratch: Path) -> int:
    environment = {
        **os.environ,
        "PYTEST_ADDOPTS": "",
        "PYTEST_PLUGINS": "",
        # What hypothesis remembers between runs must not lie about in the user's folder.
        "HYPOTHESIS_STORAGE_DIRECTORY": str(scratch / "hypothesis"),
    }
    process = subprocess.Popen(command, env=environment)
    try:
        return _FROM_PYTEST.get(process.wait(), BROKEN)
    except KeyboardInterrupt:
        # The child got the same signal; it ends its scenario and writes what it has.
        process.wait()
        return INTERRUPTED
