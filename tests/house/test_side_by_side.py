"""What runs the scenarios beside the docs and the bugs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "side_by_side.py"


def run(*words: str) -> tuple[int, list[str]]:
    """Run the script with words; give its code, and the lines that commands have printed."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *words], capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    return done.returncode, sorted(line for line in lines if not line.startswith("---"))


def test_all_are_run() -> None:
    """Side by side, or one after the other; each shows what it has said."""
    assert (0, ["a", "b", "c"]) == run("echo", "a", "+", "echo", "b", "--", "echo", "c")


def test_one_that_fails_is_seen() -> None:
    """What follows it is not begun, and what stands beside it is not hindered."""
    assert (1, ["a", "c"]) == run("echo", "a", "+", "false", "+", "echo", "b", "--", "echo", "c")
