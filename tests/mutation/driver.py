"""
``mutmut run`` for `share.py`: only what is undecided, and the likeliest tests first.

mutmut has no setting for either; all that reaches into it stands here. Seen in 3.8.1:

* A mutant whose module is named is tried whether or not it is decided (`_run`).
* What forks from a server runs a mutant's tests in the order of a set. The runner that forks by
  itself sorts them (`ForkRunner.submit`), but Hypothesis does not bear that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mutmut import __main__ as mutmut
from mutmut.configuration import ProcessIsolation, config
from mutmut.runners.harness import PytestRunner
from mutmut.state import state
from mutmut.workers.isolation import ForkServerRunner
from share import in_order

_collect = mutmut.collect_source_file_mutation_data


class Runner(ForkServerRunner):
    """Runs a mutant's tests in the order of `in_order`."""

    def submit(
        self, mutant_name: str, tests: list[str], cpu_time_limit: int, estimated_time: float
    ) -> None:
        """Hand a mutant over to the server."""
        ordered = in_order(mutant_name, tests, state().duration_by_test)
        super().submit(mutant_name, ordered, cpu_time_limit, estimated_time)


def runner(max_workers: int = 1) -> Runner:
    """Make a runner as `get_mutant_runner` does."""
    if config().process_isolation != ProcessIsolation.FORKSERVER:
        raise SystemExit("driver.py knows one way: set process_isolation = 'forkserver'")
    return Runner(max_workers, PytestRunner, {}, config().debug, config().max_forkserver_restarts)


def undecided(*, mutant_names: Sequence[str]) -> tuple[list[Any], dict[str, Any]]:
    """Give the mutants that are named and have no result, and the data of all files."""
    mutants, files = _collect(mutant_names=list(mutant_names))
    return [(file, name, result) for file, name, result in mutants if result is None], files


if __name__ == "__main__":
    mutmut.get_mutant_runner = runner
    mutmut.collect_source_file_mutation_data = undecided
    mutmut.cli()
