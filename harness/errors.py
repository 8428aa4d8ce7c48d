"""
What can go wrong on the bench.

* `HarnessError`
    * `UsageError`: the command line or a scenario asks for what does not exist; exit code 2
    * `Disagreement`: what was seen is not what the scenario says
    * `NothingArrived`: a verdict needs a file, a row or a frame that is not there
"""

from __future__ import annotations


class HarnessError(Exception):
    """Something is wrong on the bench; the text is one sentence for a person."""


class UsageError(HarnessError):
    """What was asked for does not exist or cannot be read."""


class Disagreement(HarnessError, AssertionError):
    """What was seen is not what the scenario says; to a scenario that is a failure."""


class NothingArrived(HarnessError, AssertionError):
    """A verdict needs what did not arrive; to a scenario that is a failure."""
