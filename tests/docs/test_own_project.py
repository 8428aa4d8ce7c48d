"""
The example project of the docs is a project of its own, and its tests pass there and can fail.

It is copied to somewhere else and run by a pytest of its own, on what is installed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness import fixtures

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs/examples/own-project"
PAGE = ROOT / "docs/how-to/use-from-another-project.md"
LIMIT_S = 110.0

LIES = {
    "own_backend.py": (
        'energy_wh = said["meterStop"] - session["start_wh"]',
        'energy_wh = said["meterStop"] // 2',
    ),
    "own_sender.py": ("await sftp.rename(part, final)", "pass"),
    "own_reader.py": ("raise SilentMeter(serial)", "return 0"),
}
"""In which file of the example, what stands there, and what a liar would write."""
CAUGHT = {
    "test_a_session_is_billed_as_the_meter_counted",
    "test_a_meter_that_has_run_before",
    "test_what_was_charged_without_a_line_is_billed_later",
    "test_two_chargers_at_once",
    "test_a_remote_start_is_billed",
    "test_a_file_arrives_and_is_believed",
    "test_a_full_disk_leaves_nothing_that_looks_like_a_file",
    "test_a_file_of_another_form_is_refused",
    "test_a_silent_meter_is_not_a_meter_at_zero",
}
"""The tests of the example that find the lies."""


def run(project: Path, *options: str) -> tuple[int, dict[str, bool], str]:
    """Run the tests of a project, and give the exit code, which passed, and what was said."""
    # As in an environment of its own: of all that is installed here it would have pytest-bdd alone.
    command = [sys.executable, "-m", "pytest", "-p", "pytest_bdd.plugin", "-p", "no:cacheprovider"]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    done = subprocess.run(
        [*command, "--junitxml=junit.xml", *options],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
        env={**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    report = project / "junit.xml"
    cases = ElementTree.parse(report).iter("testcase") if report.exists() else ()
    passed = {case.attrib["name"]: not len(case) for case in cases}
    return done.returncode, passed, done.stdout + done.stderr


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> Path:
    """Give a copy of the example, away from the checkout."""
    return shutil.copytree(
        EXAMPLE, tmp_path / "own-project", ignore=shutil.ignore_patterns("__pycache__")
    )


def test_the_example_passes(project: Path) -> None:
    """Every test of the example passes, in a project of its own, with warnings as errors."""
    code, passed, said = run(project)

    written = {
        name
        for path in project.glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert 0 == code, said
    assert written < passed.keys()
    assert all(passed.values())


def test_who_lies_does_not_pass(project: Path) -> None:
    """A backend that bills otherwise, and a sender that sends nothing, fail the tests for it."""
    for name, (honest, lie) in LIES.items():
        text = (project / name).read_text(encoding="utf-8")
        assert 1 == text.count(honest), name
        (project / name).write_text(text.replace(honest, lie), encoding="utf-8")
    # The sentences take most of a run's time, and none of these tests needs them.
    conftest = (project / "conftest.py").read_text(encoding="utf-8")
    without = conftest.replace(', "harness.sentences"', "")
    (project / "conftest.py").write_text(without, encoding="utf-8")

    code, passed, said = run(
        project, "test_charging.py", "test_in_one_loop.py", "test_sending.py", "test_reading.py"
    )

    assert 1 == code, said
    assert CAUGHT == {name for name, one in passed.items() if not one}, said
    assert "what crossed the wires last" in said


def test_the_page_shows_the_example() -> None:
    """What the how-to shows stands in the example, sign by sign; what is without pytest runs."""
    page = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    files = [path.read_text(encoding="utf-8") for path in EXAMPLE.glob("*.py")]
    *shown, alone = blocks
    seen: dict[str, str] = {}
    exec(alone + "    status = inch.status\n", seen)

    assert [] == [block for block in shown if not any(block in file for file in files)]
    assert "Available" == seen["status"]


def test_the_example_uses_every_fixture() -> None:
    """Each fixture is asked for by a test of the example; `make_inch` stands for its like."""
    text = "".join(path.read_text(encoding="utf-8") for path in EXAMPLE.glob("test_*.py"))
    asked = {name for name in (*fixtures.MARKS, "make_inch", "bench") if f"{name}: " in text}

    assert {*fixtures.MARKS, "make_inch", "bench"} == asked
