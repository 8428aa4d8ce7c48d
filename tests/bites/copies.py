"""
A fault as a patch: the rooms are copied, the files of the copy changed, and a pytest run there.

It takes some seconds for each; `trial` does the same to the code that runs in this process.
Where the backend of the scenarios is a process of its own, only this way reaches it.
`python -m bites.copies ID`, with the copy in PYTHONPATH, is the run in it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bites import trial
from bites.mutant import Mutant

import backend
import harness
import simulators
from harness.catalogue import BUNDLED_FEATURES

TESTS = Path(__file__).resolve().parents[1]
IN_COPIES = "ISEBENCH_BITE_IN_COPIES"
"""The environment variable with which every fault is tried in a copy."""
LIMIT_S = 300
"""How long a run in a copy may take, in real seconds; what hangs has not been caught."""


def tried_in_a_copy(mutant: Mutant, folder: Path) -> trial.Found:
    """
    Change a copy and say what its scenarios have found.

    Parameters:
        folder: an empty one; the copy stays in it.

    Raises:
        AssertionError: If the run in the copy came to no word.
    """
    for room in (backend, simulators, harness):
        here = Path(str(room.__file__)).parent
        # With what is compiled: it holds for the files that are not changed.
        shutil.copytree(here, folder / here.name)
    shutil.copytree(BUNDLED_FEATURES, folder / BUNDLED_FEATURES.name)
    mutant.patch(folder)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(folder), str(TESTS)]),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }
    done = subprocess.run(
        [sys.executable, "-P", "-m", "bites.copies", mutant.id],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    last = done.stdout.rstrip().rpartition("\n")[2]
    assert last.startswith("{"), f"{done.returncode}: {done.stdout}\n{done.stderr}"
    return trial.Found(**json.loads(last))


def _in_the_copy(id: str, folder: Path) -> None:
    """Run the scenarios that are about a fault of which this copy is made; tell it in JSON."""
    from bites.faults import MUTANTS
    from support.inner_pytest import OPTIONS

    for room in (backend, simulators, harness):
        where = Path(str(room.__file__))
        assert where.is_relative_to(folder), f"{where} is not in the copy {folder}"
    (mutant,) = (one for one in MUTANTS if one.id == id)
    (folder / "test_features.py").write_text(trial.module_of([mutant]), encoding="utf-8")
    (folder / "pytest.ini").write_text(trial.INI, encoding="utf-8")
    bite = trial.Bite([mutant])
    options = (*OPTIONS, *trial.OPTIONS, "--basetemp", str(folder / "tmp"), "test_features.py")
    pytest.main([*options], plugins=[bite])
    print(json.dumps(trial.judged(mutant, bite).as_json()))


if __name__ == "__main__":
    _in_the_copy(sys.argv[1], Path.cwd().resolve())
