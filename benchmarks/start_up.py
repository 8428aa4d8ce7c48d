"""
How long `isebench --help` takes, as a ratio to starting Python itself in the same run.

The limit is 0.3 s on the machine that runs this; heavy libraries are imported only where they
are used, so a command that prints help must not be much dearer than the interpreter.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

from simulators.clock import stopwatch

RUNS = 15
LIMIT_S = 0.3


def median_s(*arguments: str) -> float:
    """Give the median of the real seconds that a Python process takes."""
    figures = []
    for _ in range(RUNS):
        seconds = stopwatch()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        figures.append(seconds())
    return statistics.median(figures)


def main() -> int:
    """Print the figures; exit 1 above the limit."""
    bare_s = median_s("-c", "pass")
    help_s = median_s("-m", "harness", "--help")
    print(f"python -c pass    {bare_s:.3f} s (median of {RUNS})")
    print(f"isebench --help   {help_s:.3f} s, {help_s / bare_s:.1f} times that, limit {LIMIT_S} s")
    return 0 if help_s < LIMIT_S else 1


if __name__ == "__main__":
    sys.exit(main())
